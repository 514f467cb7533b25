/* paperboy rank: papers in, each profile's ordered list out. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/utf8.h"
#include "commands/archive.h"
#include "commands/command.h"
#include "commands/compiling.h"
#include "commands/edition_source.h"
#include "commands/input.h"
#include "commands/profiles.h"
#include "ranking/ranking.h"

struct rank {
    struct log *log;
    const struct ranking_index *index;
    struct compiling compiling;
    struct arena *arena;
    struct buffer out;
    struct date date;
    long top;
    bool as_json;
    size_t bad;
    bool output_failed;
    struct error error; /* of the store */
    bool failed;
};

enum { LINE_BYTES = 64 * 1024 * 1024, REASONS_SHOWN = 6 };

/* Four decimals are more than any score means. */
static json_t *json_score(double score)
{
    return json_real(round(score * 1e4) / 1e4);
}

static json_t *json_view(struct view view)
{
    return json_stringn(view.data ? view.data : "", view.size);
}

static json_t *reasons_to_json(const struct ranked_paper *ranked)
{
    json_t *reasons = json_array();

    for (size_t i = 0; i < ranked->reason_count; i++) {
        const struct reason *reason = &ranked->reasons[i];

        json_array_append_new(reasons, json_pack("{so ss so}", "term", json_view(reason->term),
                                                 "field", reason_field_name(reason->field),
                                                 "score", json_score(reason->score)));
    }
    return reasons;
}

static json_t *ranking_to_json(const struct rank *rank, const struct profile *profile,
                               const struct ranking *ranking)
{
    json_t *papers = json_array();
    char date[DATE_TEXT_BYTES];

    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *ranked = &ranking->items[i];

        json_array_append_new(
            papers, json_pack("{si so si so so so}", "rank", (int)i + 1, "id",
                              json_view(ranked->paper->id), "version", ranked->paper->version,
                              "score", json_score(ranked->score), "title",
                              json_view(ranked->paper->title), "reasons", reasons_to_json(ranked)));
    }
    date_format(rank->date, date);
    return json_pack("{ss so so}", "subscriber", profile->email, "edition",
                     date_is_set(rank->date) ? json_string(date) : json_null(), "papers", papers);
}

static void add_json_line(struct rank *rank, const struct profile *profile,
                          const struct ranking *ranking)
{
    json_t *line = ranking_to_json(rank, profile, ranking);
    char *text = json_dumps(line, JSON_COMPACT | JSON_REAL_PRECISION(15));

    buffer_add_string(&rank->out, text);
    buffer_add_char(&rank->out, '\n');
    free(text);
    json_decref(line);
}

static void add_reasons(struct buffer *out, const struct ranked_paper *ranked)
{
    for (size_t i = 0; i < ranked->reason_count && i < REASONS_SHOWN; i++) {
        const struct reason *reason = &ranked->reasons[i];

        buffer_printf(out, "%s%.*s (%s %.1f)", i ? ", " : "                              ",
                      VIEW_ARGUMENTS(reason->term), reason_field_name(reason->field),
                      reason->score);
    }
    if (ranked->reason_count > REASONS_SHOWN)
        buffer_printf(out, " and %zu more", ranked->reason_count - REASONS_SHOWN);
    if (ranked->reason_count)
        buffer_add_char(out, '\n');
}

static void add_table(struct rank *rank, const struct profile *profile,
                      const struct ranking *ranking)
{
    char date[DATE_TEXT_BYTES] = "no date";

    if (date_is_set(rank->date))
        date_format(rank->date, date);
    buffer_printf(&rank->out, "%s, %s: %zu paper%s\n", profile->email, date, ranking->count,
                  ranking->count == 1 ? "" : "s");
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *ranked = &ranking->items[i];

        buffer_printf(&rank->out, "%5zu  %6.1f  %-14.*s  %.*s\n", i + 1, ranked->score,
                      VIEW_ARGUMENTS(ranked->paper->id), VIEW_ARGUMENTS(ranked->paper->title));
        add_reasons(&rank->out, ranked);
    }
    buffer_add_char(&rank->out, '\n');
}

static int rank_profile(void *user, const char *name, const struct profile *profile,
                        const struct error *problem)
{
    struct rank *rank = user;
    struct ranking ranking;

    (void)name;
    if (problem) {
        log_line(rank->log, LOG_LEVEL_ERROR, "%s", problem->text);
        rank->bad++;
        return 0;
    }
    arena_reset(rank->arena);
    if (compiling_rank(&rank->compiling, rank->index, profile, NULL, (size_t)rank->top, NULL,
                       rank->arena, &ranking, &rank->error) < 0) {
        rank->failed = true;
        return 1;
    }
    buffer_clear(&rank->out);
    if (rank->as_json)
        add_json_line(rank, profile, &ranking);
    else
        add_table(rank, profile, &ranking);
    if (fwrite(rank->out.data, 1, rank->out.size, stdout) != rank->out.size) {
        rank->output_failed = true;
        return 1;
    }
    return 0;
}

static int rank_all(struct site *site, const struct options *options, struct rank *rank,
                    const struct papers *papers, bool from_files, struct error *error)
{
    struct profiles_source source = {options_value(options, "--profile"),
                                     options_value(options, "--profiles")};
    struct archive archive = {.site = site};
    const struct rarity *rarity = NULL;
    struct ranking_index *index;
    int result;

    if (!from_files && archive_take(&archive, rank->date, site_now(), &rarity, error) < 0)
        return -1;
    index = ranking_index_new_among(papers, rarity);
    rank->index = index;
    compiling_init(&rank->compiling, site);
    rank->arena = arena_new();
    buffer_init(&rank->out, LINE_BYTES);
    result = profiles_each(site, &source, rank_profile, rank, error);
    if (rank->failed) {
        *error = rank->error;
        result = -1;
    }
    buffer_free(&rank->out);
    arena_free(&rank->arena);
    compiling_free(&rank->compiling);
    ranking_index_free(&index);
    archive_free(&archive);
    return result < 0 ? -1 : 0;
}

static int run(struct log *log, const struct options *options)
{
    struct rank rank = {.log = log, .as_json = options_given(options, "--json")};
    const struct strings *sources = options_list(options, "--papers");
    bool has_profiles = options_given(options, "--profile") || options_given(options, "--profiles");
    struct site site = {0};
    struct input input = {0};
    struct error error;
    int status;

    if (options_number(options, "--top", 1, PROFILE_PAPERS_MAX * 100, &rank.top, &error) < 0)
        return command_fail_usage(log, &error);
    if (options_given(options, "--profile") && options_given(options, "--profiles")) {
        error_set(&error, ERROR_INPUT, "--profile and --profiles exclude each other");
        return command_fail_usage(log, &error);
    }
    if (site_open(&site, log, options->config, sources->count && has_profiles, &error) < 0 ||
        edition_source_read(&site, sources, (struct date){0}, &input, &error) < 0) {
        status = command_fail(log, &error);
        goto out;
    }
    rank.date = input.date;
    if (rank_all(&site, options, &rank, &input.papers, sources->count > 0, &error) < 0)
        status = command_fail(log, &error);
    else if (rank.output_failed)
        status = EX_IOERR;
    else
        status = rank.bad ? EX_DATAERR : EX_OK;
out:
    input_free(&input);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{"--papers", OPTION_LIST},   {"--profile", OPTION_VALUE},
                                        {"--profiles", OPTION_VALUE}, {"--top", OPTION_VALUE},
                                        {"--json", OPTION_FLAG},      {NULL, 0}};

const struct command command_rank = {
    .name = "rank",
    .summary = "rank papers for profiles and print why",
    .help = "Usage: paperboy rank [--papers FILE|URL...] [--top N] [--json]\n"
            "                     [--profile FILE | --profiles FILE.jsonl]\n"
            "Ranks the latest stored edition for every subscriber and prints the lists.\n\n"
            "  --papers FILE...       rank these papers (RSS, Atom, OAI-PMH, JSON Lines, also\n"
            "                         gzipped; - is standard input) instead of the store's\n"
            "  --profile FILE         for this one profile\n"
            "  --profiles FILE.jsonl  for these, one profile document a line\n"
            "  --top N                at most N papers, instead of each profile's max_papers\n"
            "  --json                 one line of JSON per profile\n\n"
            "With --papers and --profile or --profiles no configuration is needed.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
