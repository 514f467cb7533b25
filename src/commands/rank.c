/* paperboy rank: papers in, each profile's ordered list out. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/archive.h"
#include "commands/command.h"
#include "commands/compiling.h"
#include "commands/edition_source.h"
#include "commands/input.h"
#include "commands/profiles.h"
#include "commands/rank_output.h"
#include "commands/wanted.h"
#include "ranking/ranking.h"
#include "ranking/term_table.h"
#include "ranking/words.h"

enum { LINE_BYTES = 64 * 1024 * 1024, BATCH = 128, THREADS_MAX = 16, WHERE_BYTES = 256 };

/* What one thread ranks with, kept from profile to profile. */
struct desk {
    struct ranker *ranker;
    struct arena *arena;
};

/* A profile's line of a file, and what became of it. */
struct job {
    struct buffer name;
    struct buffer text;
    struct buffer out;
    struct error problem;
    bool is_bad;
    uint64_t who; /* hash of the address */
};

struct rank {
    struct log *log;
    const struct ranking_index *index;
    struct compiling compiling; /* for profiles that are ranked one after the other */
    struct date date;
    long top;
    bool as_json;
    bool is_one; /* a profile that was named: its categories are looked at */
    size_t bad;
    bool output_failed;
    struct error error; /* of the store */
    bool failed;
    struct desk desks[THREADS_MAX];
    size_t desk_count;
    struct job jobs[BATCH];
    size_t job_count;
    struct term_table seen; /* addresses, by their hashes */
    size_t doubled;
    char doubled_at[WHERE_BYTES]; /* the first of them */
    atomic_size_t next_job;
};

static void write_out(const struct rank *rank, const struct profile *profile,
                      const struct ranking *ranking, struct buffer *out)
{
    buffer_clear(out);
    if (rank->as_json)
        rank_output_json(out, profile->email, rank->date, ranking);
    else
        rank_output_table(out, profile->email, rank->date, ranking);
}

static void report(struct rank *rank, const struct error *problem)
{
    log_line(rank->log, LOG_LEVEL_ERROR, "%s", problem->text);
    rank->bad++;
}

static int print(struct rank *rank, const struct buffer *out)
{
    if (fwrite(out->data, 1, out->size, stdout) != out->size)
        rank->output_failed = true;
    return rank->output_failed;
}

/* ---- one profile after the other ---- */

static int rank_profile(void *user, const char *name, const struct profile *profile,
                        const struct error *problem)
{
    struct rank *rank = user;
    struct desk *desk = &rank->desks[0];
    struct buffer *out = &rank->jobs[0].out;
    struct ranking ranking;

    (void)name;
    if (problem) {
        report(rank, problem);
        return 0;
    }
    if (rank->is_one)
        wanted_warn(rank->log, &profile->categories);
    arena_reset(desk->arena);
    if (compiling_rank(&rank->compiling, desk->ranker, profile, NULL, (size_t)rank->top, NULL,
                       desk->arena, &ranking, &rank->error) < 0) {
        if (rank->compiling.is_refused) {
            report(rank, &rank->error);
            return 0;
        }
        rank->failed = true;
        return 1;
    }
    write_out(rank, profile, &ranking, out);
    return print(rank, out);
}

/* ---- lines of a file: a batch at a time, by all processors, printed in order ---- */

struct worker {
    pthread_t thread;
    struct rank *rank;
    struct desk *desk;
};

static void do_job(const struct rank *rank, struct desk *desk, struct job *job)
{
    struct profile profile;
    struct ranking ranking;

    job->is_bad = profiles_read_text(buffer_string(&job->name), buffer_view(&job->text), &profile,
                                     &job->problem) < 0;
    if (job->is_bad)
        return;
    arena_reset(desk->arena);
    if (ranker_make(desk->ranker, &profile, (size_t)rank->top, NULL, desk->arena, &ranking) < 0) {
        job->is_bad = true;
        compiling_set_refusal(&profile, &job->problem);
    } else {
        job->who = words_hash('@', view_of(profile.email));
        write_out(rank, &profile, &ranking, &job->out);
    }
    profile_free(&profile);
}

static void *work(void *argument)
{
    struct worker *worker = argument;
    struct rank *rank = worker->rank;
    size_t number;

    while ((number = atomic_fetch_add(&rank->next_job, 1)) < rank->job_count)
        do_job(rank, worker->desk, &rank->jobs[number]);
    return NULL;
}

/* Both are printed, but who reads the lists by address has to know. */
static void note_seen(struct rank *rank, struct job *job)
{
    uint32_t known = rank->seen.count;

    term_table_add(&rank->seen, job->who);
    if (rank->seen.count == known && rank->doubled++ == 0)
        snprintf(rank->doubled_at, sizeof(rank->doubled_at), "%s", buffer_string(&job->name));
}

/* A thread that cannot be had leaves its work to the others. */
static int finish_batch(struct rank *rank)
{
    struct worker workers[THREADS_MAX];
    size_t started = 0;
    int result = 0;

    atomic_store(&rank->next_job, 0);
    for (size_t i = 0; i < rank->desk_count; i++)
        workers[i] = (struct worker){.rank = rank, .desk = &rank->desks[i]};
    while (started + 1 < rank->desk_count && started + 1 < rank->job_count &&
           pthread_create(&workers[started + 1].thread, NULL, work, &workers[started + 1]) == 0)
        started++;
    work(&workers[0]);
    for (size_t i = 1; i <= started; i++)
        pthread_join(workers[i].thread, NULL);
    for (size_t i = 0; i < rank->job_count && result == 0; i++) {
        if (rank->jobs[i].is_bad)
            report(rank, &rank->jobs[i].problem);
        else
            result = print(rank, &rank->jobs[i].out);
        if (!rank->jobs[i].is_bad)
            note_seen(rank, &rank->jobs[i]);
    }
    rank->job_count = 0;
    return result;
}

static int take_line(void *user, const char *name, struct view line)
{
    struct rank *rank = user;
    struct job *job = &rank->jobs[rank->job_count++];

    buffer_clear(&job->name);
    buffer_add_string(&job->name, name);
    buffer_clear(&job->text);
    buffer_add_view(&job->text, line);
    return rank->job_count == BATCH ? finish_batch(rank) : 0;
}

static int rank_lines(struct rank *rank, const char *path, struct error *error)
{
    int result;

    term_table_init(&rank->seen);
    result = profiles_each_line(path, take_line, rank, error);
    /* What was read before a failure is ranked, too. */
    if (result <= 0 && rank->job_count)
        finish_batch(rank);
    term_table_free(&rank->seen);
    if (rank->doubled)
        log_line(rank->log, LOG_LEVEL_WARNING,
                 "%s: this address stands before; of such lines there %s %zu, all ranked",
                 rank->doubled_at, rank->doubled == 1 ? "is" : "are", rank->doubled);
    return result;
}

/* ---- both ---- */

static void begin(struct rank *rank, bool many)
{
    long processors = many ? sysconf(_SC_NPROCESSORS_ONLN) : 1;

    rank->desk_count = processors < 1 ? 1 : (size_t)processors;
    if (rank->desk_count > THREADS_MAX)
        rank->desk_count = THREADS_MAX;
    for (size_t i = 0; i < rank->desk_count; i++)
        rank->desks[i] = (struct desk){ranker_new(rank->index), arena_new()};
    for (size_t i = 0; i < BATCH; i++) {
        buffer_init(&rank->jobs[i].name, LINE_BYTES);
        buffer_init(&rank->jobs[i].text, SIZE_MAX / 4);
        buffer_init(&rank->jobs[i].out, SIZE_MAX / 4); /* never cut, whatever --top is */
    }
}

static void end(struct rank *rank)
{
    for (size_t i = 0; i < rank->desk_count; i++) {
        ranker_free(&rank->desks[i].ranker);
        arena_free(&rank->desks[i].arena);
    }
    for (size_t i = 0; i < BATCH; i++) {
        buffer_free(&rank->jobs[i].name);
        buffer_free(&rank->jobs[i].text);
        buffer_free(&rank->jobs[i].out);
    }
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
    begin(rank, from_files && source.lines);
    /* The papers that profiles like are asked of the store, which is for one thread. */
    if (from_files && source.lines)
        result = rank_lines(rank, source.lines, error);
    else
        result = profiles_each(site, &source, rank_profile, rank, error);
    if (rank->failed) {
        *error = rank->error;
        result = -1;
    }
    end(rank);
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
    rank.is_one = options_given(options, "--profile");
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
