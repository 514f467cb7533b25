/* paperboy preview: one subscriber's digest, made and not sent. */
#include <string.h>
#include <sysexits.h>

#include "commands/command.h"
#include "commands/compose.h"
#include "commands/edition_source.h"
#include "commands/profiles.h"

enum preview_part { PREVIEW_TEXT, PREVIEW_HTML, PREVIEW_MESSAGE };

static struct view part_of(const struct composer *composer, enum preview_part part)
{
    switch (part) {
    case PREVIEW_TEXT:
        return buffer_view(&composer->output.text);
    case PREVIEW_HTML:
        return buffer_view(&composer->output.html);
    case PREVIEW_MESSAGE:
        break;
    }
    return buffer_view(&composer->message);
}

static int make(struct composer *composer, struct profile *profile, const struct input *input,
                enum preview_part part, size_t *ret_papers, struct error *error)
{
    struct ranking_index *index = NULL;
    struct summaries_kept *summaries = NULL;
    const struct rarity *rarity = NULL;
    struct date date =
        date_is_set(input->date) ? input->date : site_arxiv_date(composer->site, site_now());
    char slot[DATE_TEXT_BYTES];
    struct compose_request request = {
        .profile = profile,
        .editions = &input->date,
        .edition_count = date_is_set(input->date),
        .date = date,
        .slot = slot,
        .now_utc = site_now(),
    };
    struct ranking ranking;
    int result;

    /* The store is open when the papers are the store's. */
    if (composer->site->store && archive_take(&composer->own.archive, input->date, site_now(),
                                              &rarity, error) < 0)
        return -1;
    index = ranking_index_new_among(&input->papers, rarity);
    request.index = index;
    if (composer->site->store) {
        summaries = summaries_kept_new(&input->papers);
        request.summaries = summaries;
        request.papers_serial = 1; /* the only list that there is */
    }
    date_format(date, slot);
    if (part != PREVIEW_MESSAGE)
        profile->format = FORMAT_BOTH;
    result = composer_render(composer, &request, &ranking, error);
    if (result == 0)
        *ret_papers = ranking.count;
    if (result == 0 && ranking.count && part == PREVIEW_MESSAGE)
        result = composer_write(composer, &request, error);
    summaries_kept_free(&summaries);
    ranking_index_free(&index);
    archive_give_back(&composer->own.archive, rarity);
    return result;
}

static int preview(struct site *site, const struct options *options, enum preview_part part)
{
    const struct strings *sources = options_list(options, "--papers");
    struct profile profile = {0};
    struct input input = {0};
    struct composer composer;
    struct error error;
    size_t papers = 0;
    int status;

    composer_init(&composer, site);
    if (profiles_find(site, options->words.items[0], &profile, &error) < 0 ||
        edition_source_read(site, sources, (struct date){0}, &input, &error) < 0 ||
        site_open_key_unkept(site, &error) < 0) {
        status = command_fail(site->log, &error);
        goto out;
    }
    if (make(&composer, &profile, &input, part, &papers, &error) < 0) {
        status = command_fail(site->log, &error);
    } else if (!papers) {
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "none of the %zu papers fits the profile of %s: there would be no digest",
                 input.papers.count, profile.email);
        status = EX_OK;
    } else {
        digest_decode(&composer.output);
        status = command_print(site->log, options_value(options, "--out"),
                               part_of(&composer, part));
    }
out:
    input_free(&input);
    profile_free(&profile);
    composer_free(&composer);
    return status;
}

static int run(struct log *log, const struct options *options)
{
    enum preview_part part = PREVIEW_TEXT;
    struct site site = {0};
    struct error error;
    int status;

    if (options_given(options, "--html") + options_given(options, "--text") +
            options_given(options, "--eml") >
        1) {
        error_set(&error, ERROR_INPUT, "--html, --text and --eml exclude each other");
        return command_fail_usage(log, &error);
    }
    if (options_given(options, "--html"))
        part = PREVIEW_HTML;
    else if (options_given(options, "--eml"))
        part = PREVIEW_MESSAGE;
    if (site_open(&site, log, options->config, options_list(options, "--papers")->count > 0,
                  &error) < 0 ||
        site_open_templates(&site, &error) < 0)
        status = command_fail(log, &error);
    else
        status = preview(&site, options, part);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--html", OPTION_FLAG},   {"--text", OPTION_FLAG},
                                        {"--eml", OPTION_FLAG},    {"--papers", OPTION_LIST},
                                        {"--out", OPTION_VALUE},   {NULL, 0}};

const struct command command_preview = {
    .name = "preview",
    .summary = "make one subscriber's digest and print it",
    .help = "Usage: paperboy preview PROFILE [--text | --html | --eml] [--papers FILE|URL...]\n"
            "                        [--out FILE]\n"
            "Makes the digest of PROFILE, a profile's file or a subscriber's address, from\n"
            "the latest stored edition. Nothing is sent or noted as shown.\n\n"
            "  --text              the plain text (default)\n"
            "  --html              the HTML\n"
            "  --eml               the whole message\n"
            "  --papers FILE...    from these papers; then no configuration is needed\n"
            "  --out FILE          write there instead of to standard output\n",
    .options = OPTIONS,
    .min_words = 1,
    .max_words = 1,
    .run = run,
};
