/* paperboy summarize: the summary of one paper, asked for by hand. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/timer.h"
#include "commands/command.h"
#include "commands/summary_desk.h"
#include "commands/summary_uploads.h"
#include "papers/paper_id.h"
#include "store/editions.h"

enum { LOCALE_MAX = 35 };

struct summarize {
    struct log *log;
    const struct options *options;
    struct site site;
    struct papers papers; /* the one */
    struct arena *arena;
    const struct prompt *prompt;
    struct summary_key key;
    struct summary_row row;    /* what is kept */
    struct summary_row before; /* with --again: the good one that there was */
};

static int find_paper(struct summarize *summarize, struct error *error)
{
    struct view word = view_trim(view_of(summarize->options->words.items[0]));
    struct view id = paper_id_read(word);
    bool found = false;

    if (!id.size)
        id = word; /* papers of one's own may be called anything */

    if (!paper_id_is_valid(id))
        return error_set(error, ERROR_INPUT, "%s is no paper's ID, as 2602.13531 is one",
                         summarize->options->words.items[0]);
    if (store_find_paper(summarize->site.store, id, &summarize->papers, &found, error) < 0)
        return -1;
    if (!found)
        return error_set(error, ERROR_MISSING,
                         "%.*s is in no stored edition; fetch one that has it (paperboy fetch)",
                         VIEW_ARGUMENTS(id));
    return 0;
}

static int check_enabled(const struct summarize *summarize, struct error *error)
{
    if (summarize->site.configuration.summaries.enabled)
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "%s: AI summaries are off; set summaries.enabled to true, with base_url and model beside it",
                     summarize->site.configuration.file);
}

static int find_kept(struct summarize *summarize, bool *ret_found, struct error *error)
{
    return summaries_get(summarize->site.store, &summarize->key, summarize->arena, &summarize->row,
                         ret_found, error);
}

/* What has been refused or has failed too often is asked about again by hand. */
static int make_way(struct summarize *summarize, bool *ret_is_there, struct error *error)
{
    bool again = options_given(summarize->options, "--again");

    summarize->row = (struct summary_row){.state = SUMMARY_ASKING};
    if (find_kept(summarize, ret_is_there, error) < 0)
        return -1;
    *ret_is_there = *ret_is_there && summarize->row.state == SUMMARY_GOOD && !again;
    if (*ret_is_there)
        return 0;
    if (summarize->row.state == SUMMARY_GOOD)
        summarize->before = summarize->row;
    return summaries_forget(summarize->site.store, &summarize->key, error);
}

/* A new answer that did not come leaves the one before. */
static int put_back(struct summarize *summarize, struct summary_desk *desk, struct error *error)
{
    struct summary_row row = summarize->before;
    bool is_ours;

    row.prompt_tokens = row.completion_tokens = 0; /* they are counted */
    if (summaries_forget(desk->site.store, &summarize->key, error) < 0 ||
        summaries_claim(desk->site.store, &summarize->key, (struct date){0}, desk->holder,
                        site_now(), 1, &is_ours, error) < 0)
        return -1;
    return is_ours ? summaries_finish(desk->site.store, &summarize->key, desk->holder, &row,
                                      site_now(), error)
                   : 0;
}

static int ask(struct summarize *summarize, struct error *error)
{
    struct summary_office office = {0};
    struct summary_desk desk = {0};
    struct summary_outcome outcome;
    bool found = false;
    int result = summary_office_open(&summarize->site, &office, error);

    office.is_stopping = site_is_stopping;
    office.lease_seconds = summarize->site.configuration.summaries.deadline_seconds;
    office.deadline_ms = timer_steady_ms() + office.lease_seconds * 1000;
    if (result == 0)
        result = summary_desk_open(&office, 0, true, &desk, error);
    if (result == 0)
        result = summary_uploads_tidy(&summarize->site, desk.endpoint, error);
    if (result == 0) {
        log_progress(summarize->log, "asking %s", summarize->key.model);
        result = summary_desk_work(&desk, &summarize->papers.items[0], &summarize->prompt, 1,
                                   (struct date){0}, &outcome, error);
        log_progress_end(summarize->log);
        if (result == 0 && outcome.end != SUMMARY_END_MADE && summarize->before.markdown)
            result = put_back(summarize, &desk, error);
    }
    summary_desk_close(&desk);
    summary_office_close(&office);
    if (result < 0)
        return -1;
    if (outcome.end == SUMMARY_END_MADE || outcome.end == SUMMARY_END_KEPT) {
        if (find_kept(summarize, &found, error) < 0)
            return -1;
        if (!found || summarize->row.state != SUMMARY_GOOD)
            return error_set(error, ERROR_TEMPORARY, "another process is asking for it just now");
        return 0;
    }
    if (outcome.end == SUMMARY_END_LEFT)
        return error_set(error, ERROR_TEMPORARY, "was stopped");
    *error = outcome.why;
    if (error->kind == ERROR_INPUT || error->kind == ERROR_PERMANENT)
        error->kind = ERROR_PERMANENT; /* the model's side: no word of ours was wrong */
    return error_add(error, "no summary of %s", summarize->key.paper_id);
}

/* ---- telling ---- */

static void add_text(const struct summarize *summarize, struct buffer *out)
{
    const struct paper *paper = &summarize->papers.items[0];
    const struct summary_row *row = &summarize->row;

    buffer_printf(out, "# %.*s\n\n", VIEW_ARGUMENTS(paper->title));
    if (row->tldr[0])
        buffer_printf(out, "TL;DR: %s\n\n", row->tldr);
    buffer_add_string(out, row->markdown);
    if (!view_ends_with(buffer_view(out), VIEW("\n")))
        buffer_add_char(out, '\n');
}

static void add_json(const struct summarize *summarize, struct buffer *out)
{
    const struct summary_row *row = &summarize->row;
    char when[TIME_TEXT_BYTES];
    json_t *root;
    char *text;

    time_format_rfc3339(row->changed_utc, when);
    root = json_pack("{ss si ss ss ss ss ss s{sI sI}}", "id", summarize->key.paper_id, "version",
                     summarize->key.version, "language", summarize->key.language, "model",
                     summarize->key.model, "tldr", row->tldr, "markdown", row->markdown, "made",
                     when, "tokens", "prompt", (json_int_t)row->prompt_tokens, "completion",
                     (json_int_t)row->completion_tokens);
    text = json_dumps(root, JSON_COMPACT);
    if (text)
        buffer_printf(out, "%s\n", text);
    free(text);
    json_decref(root);
}

static int print(const struct summarize *summarize)
{
    struct buffer out;
    int status;

    buffer_init(&out, SIZE_MAX);
    if (options_given(summarize->options, "--json"))
        add_json(summarize, &out);
    else
        add_text(summarize, &out);
    status = command_print(summarize->log, NULL, buffer_view(&out));
    buffer_free(&out);
    return status;
}

static int find_prompt(struct summarize *summarize, struct error *error)
{
    const char *language = options_value(summarize->options, "--language");

    if (language && (!language[0] || strlen(language) > LOCALE_MAX))
        return error_set(error, ERROR_INPUT, "--language wants a tag such as en or zh");
    return prompts_find(&summarize->site, language ? language : "en", &summarize->prompt, error);
}

static int make(struct summarize *summarize, const char *config, struct error *error)
{
    bool is_there;

    if (site_open(&summarize->site, summarize->log, config, false, error) < 0 ||
        check_enabled(summarize, error) < 0 || site_open_templates(&summarize->site, error) < 0 ||
        site_open_store(&summarize->site, error) < 0 || find_prompt(summarize, error) < 0 ||
        find_paper(summarize, error) < 0)
        return -1;
    summarize->key = summary_key_of(
        &summarize->site, arena_string(summarize->arena, summarize->papers.items[0].id),
        summarize->papers.items[0].version, summarize->prompt);
    if (make_way(summarize, &is_there, error) < 0)
        return -1;
    return is_there ? 0 : ask(summarize, error);
}

static int run(struct log *log, const struct options *options)
{
    struct summarize summarize = {.log = log, .options = options};
    struct error error;
    int status;

    papers_init(&summarize.papers);
    summarize.arena = arena_new();
    site_catch_signals();
    if (make(&summarize, options->config, &error) < 0)
        status = error.kind == ERROR_INPUT ? command_fail_usage(log, &error)
                                           : command_fail(log, &error);
    else
        status = print(&summarize);
    site_close(&summarize.site);
    papers_free(&summarize.papers);
    arena_free(&summarize.arena);
    return status;
}

static const struct option OPTIONS[] = {{"--again", OPTION_FLAG},
                                        {"--json", OPTION_FLAG},
                                        {"--language", OPTION_VALUE},
                                        {NULL, 0}};

const struct command command_summarize = {
    .name = "summarize",
    .summary = "the summary of one paper, by a language model",
    .help = "Usage: paperboy summarize ID [--language LANG] [--again] [--json]\n"
            "Prints the summary of a paper that a stored edition has, as Markdown. A good one\n"
            "that is kept is not asked for again; else the model of the configuration's\n"
            "section summaries is asked, and the answer is kept for digests and pages. It is\n"
            "written by a machine, and may be wrong.\n\n"
            "  --again             ask again also when a good one is kept\n"
            "  --json              one object: id, version, language, model, tldr, markdown,\n"
            "                      made, tokens\n"
            "  --language LANG     in this language, when there is a prompt for it, else in\n"
            "                      English (en)\n\n"
            "Exit status: 0 done; 66 no stored edition has the paper; 69 the model gave no\n"
            "answer that can be shown; 75 it may later: the network or the model is away;\n"
            "78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
