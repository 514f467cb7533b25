#include "commands/reach.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/compiling.h"
#include "commands/library.h"
#include "commands/plan_known.h"
#include "commands/profile_source.h"
#include "commands/profiles.h"
#include "store/editions.h"
#include "subscribers/schedule.h"

/* The papers that readers of one prompt will see. */
struct tally {
    const struct prompt *prompt;
    size_t *subscribers; /* by paper */
    double *scores;
};

struct tallies {
    struct tally *items;
    size_t count, capacity;
    size_t papers;
};

/* One thread's. */
struct counter {
    struct site site; /* the caller's, with a store of its own but for the first */
    struct library_reader reader;
    struct compiling compiling;
    struct zone_cache zones;
    struct arena *arena;
    struct buffer scratch;
    struct tallies tallies;
    const struct profile_walk *walk;
    const struct plan_known *known;
    const struct shelf *shelf;
    int64_t now_utc;
    bool has_failed;
    struct error error; /* of the store */
    bool is_unasked;    /* somebody's prompt is bad: nothing is asked for them */
    struct error why_unasked;
};

struct count {
    struct site *site;
    struct date edition;
    struct library library;
    struct edition_list list;
    struct plan_known known;
    struct counter counters[PROFILE_WALK_THREADS];
    size_t threads;
};

/* ---- counting ---- */

static struct tally *find_tally(struct tallies *tallies, const struct prompt *prompt)
{
    struct tally *tally;

    for (size_t i = 0; i < tallies->count; i++)
        if (tallies->items[i].prompt == prompt)
            return &tallies->items[i];
    tallies->items = memory_grow(tallies->items, &tallies->capacity, tallies->count + 1,
                                 sizeof(tallies->items[0]));
    tally = &tallies->items[tallies->count++];
    *tally = (struct tally){prompt, memory_new(tallies->papers, sizeof(tally->subscribers[0])),
                            memory_new(tallies->papers, sizeof(tally->scores[0]))};
    return tally;
}

static void free_tallies(struct tallies *tallies)
{
    for (size_t i = 0; i < tallies->count; i++) {
        free(tallies->items[i].subscribers);
        free(tallies->items[i].scores);
    }
    free(tallies->items);
}

static void add_tallies(struct tallies *all, const struct tallies *some)
{
    for (size_t i = 0; i < some->count; i++) {
        struct tally *to = find_tally(all, some->items[i].prompt);

        for (size_t j = 0; j < all->papers; j++) {
            to->subscribers[j] += some->items[i].subscribers[j];
            to->scores[j] += some->items[i].scores[j];
        }
    }
}

static int rank_and_count(struct counter *counter, const struct profile *profile,
                          const struct folder_version *version, struct error *error)
{
    const struct prompt *prompt;
    struct ranking ranking;
    struct tally *tally;

    if (prompts_find(&counter->site, profile->language, &prompt, &counter->why_unasked) < 0) {
        counter->is_unasked = true;
        return 0;
    }
    arena_reset(counter->arena);
    counter->compiling.is_refused = false;
    if (compiling_rank(&counter->compiling, counter->reader.ranker, profile, version, 0, NULL,
                       counter->arena, &ranking, error) < 0)
        return counter->compiling.is_refused ? 0 : -1;
    tally = find_tally(&counter->tallies, prompt);
    for (size_t i = 0; i < ranking.count; i++) {
        size_t paper = (size_t)(ranking.items[i].paper - counter->shelf->papers.items);

        tally->subscribers[paper]++;
        tally->scores[paper] += ranking.items[i].score;
    }
    return 0;
}

/* A profile that cannot be read is told when its digest is planned. */
static int count_one(struct counter *counter, size_t index, struct error *error)
{
    struct folder_version version;
    const struct zone *zone;
    struct profile profile;
    struct error problem;
    struct view text;
    int result = 0;

    if (profile_walk_read(counter->walk, index, &counter->scratch, &text, &problem) < 0 ||
        profile_walk_parse(counter->walk, index, text, &profile, &version, &problem) < 0)
        return 0;
    if (profile.summaries && !plan_known_find(counter->known, profile.email)->is_suppressed &&
        zone_cache_get(&counter->zones, schedule_zone_name(&profile), &zone, &problem) == 0 &&
        !schedule_is_paused(&profile, zone, counter->now_utc))
        result = rank_and_count(counter, &profile, &version, error);
    profile_free(&profile);
    return result;
}

static void count_part(void *part, size_t first, size_t end)
{
    struct counter *counter = part;

    for (size_t i = first; i < end && !counter->has_failed && !site_is_stopping(); i++)
        counter->has_failed = count_one(counter, i, &counter->error) < 0;
}

/* What is published for everybody is seen by somebody, too. */
static int count_published(struct count *count, struct error *error)
{
    const struct configuration *configuration = &count->site->configuration;
    struct profile profile;
    int result;

    if (!configuration->publish.is_wanted)
        return 0;
    if (configuration->publish.profile) {
        if (profiles_read_file(configuration->publish.profile, &profile, error) < 0)
            return error_add(error, "publish.profile");
    } else {
        profile_init(&profile);
        profile.max_papers = PROFILE_PAPERS_MAX;
    }
    result = profile.summaries ? rank_and_count(&count->counters[0], &profile, NULL, error) : 0;
    profile_free(&profile);
    return result;
}

static int count_all(struct count *count, struct error *error)
{
    struct profile_source source;
    struct profile_walk walk;
    size_t done = 0;
    int more;

    if (profile_source_open(count->site, &source, error) < 0 ||
        profile_walk_start(&source, &walk, error) < 0)
        return -1;
    while (!site_is_stopping() && (more = profile_walk_next(&walk, error)) > 0) {
        for (size_t i = 0; i < count->threads; i++)
            count->counters[i].walk = &walk;
        profile_walk_share(&walk, count->threads, count->counters, sizeof(count->counters[0]),
                           count_part);
        done += walk.count;
        log_progress(count->site->log, "%zu profiles ranked for summaries", done);
        for (size_t i = 0; i < count->threads; i++)
            if (count->counters[i].has_failed) {
                *error = count->counters[i].error;
                more = -1;
            }
        if (more < 0)
            break;
    }
    log_progress_end(count->site->log);
    profile_walk_end(&walk);
    if (site_is_stopping())
        return error_set(error, ERROR_TEMPORARY, "was stopped");
    return more < 0 ? -1 : count_published(count, error);
}

/* ---- choosing ---- */

struct candidate_paper {
    size_t paper;
    size_t subscribers;
    double score;
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate_paper *left = a, *right = b;

    if (left->subscribers != right->subscribers)
        return left->subscribers < right->subscribers ? 1 : -1;
    if (left->score < right->score || left->score > right->score)
        return left->score < right->score ? 1 : -1;
    return left->paper < right->paper ? -1 : left->paper > right->paper;
}

static size_t find_candidates(const struct tallies *tallies, struct candidate_paper *candidates)
{
    size_t found = 0;

    for (size_t i = 0; i < tallies->papers; i++) {
        struct candidate_paper candidate = {.paper = i};

        for (size_t j = 0; j < tallies->count; j++) {
            candidate.subscribers += tallies->items[j].subscribers[i];
            candidate.score += tallies->items[j].scores[i];
        }
        if (candidate.subscribers)
            candidates[found++] = candidate;
    }
    if (found)
        qsort(candidates, found, sizeof(candidates[0]), compare_candidates);
    return found;
}

static void set_prompts(const struct tallies *tallies, size_t paper, struct arena *arena,
                        struct reach *reach)
{
    size_t *readers = arena_alloc(arena, tallies->count, sizeof(readers[0]));

    reach->prompts = arena_alloc(arena, tallies->count, sizeof(reach->prompts[0]));
    for (size_t i = 0; i < tallies->count; i++) {
        size_t subscribers = tallies->items[i].subscribers[paper], at = reach->prompt_count;

        if (!subscribers)
            continue;
        for (; at > 0 && readers[at - 1] < subscribers; at--) {
            readers[at] = readers[at - 1];
            reach->prompts[at] = reach->prompts[at - 1];
        }
        readers[at] = subscribers;
        reach->prompts[at] = tallies->items[i].prompt;
        reach->prompt_count++;
    }
}

static void choose(const struct count *count, size_t most, struct arena *arena,
                   struct reach **ret_items, size_t *ret_count)
{
    const struct tallies *tallies = &count->counters[0].tallies;
    struct candidate_paper *candidates = memory_new(tallies->papers, sizeof(candidates[0]));
    size_t found = find_candidates(tallies, candidates);

    *ret_count = found < most ? found : most;
    *ret_items = arena_alloc(arena, *ret_count, sizeof(**ret_items));
    for (size_t i = 0; i < *ret_count; i++) {
        struct reach *reach = &(*ret_items)[i];
        size_t paper = candidates[i].paper;

        *reach = (struct reach){
            .id = arena_string(arena, count->counters[0].shelf->papers.items[paper].id),
            .subscribers = candidates[i].subscribers,
            .score = candidates[i].score};
        set_prompts(tallies, paper, arena, reach);
    }
    free(candidates);
}

/* ---- the whole ---- */

/* Each thread writes compiled profiles through a store of its own. */
static int open_counter(struct count *count, size_t number, struct error *error)
{
    struct counter *counter = &count->counters[number];

    counter->site = *count->site;
    counter->known = &count->known;
    counter->now_utc = site_now();
    counter->arena = arena_new();
    buffer_init(&counter->scratch, PROFILE_FILE_BYTES);
    if (number) {
        counter->site.store = NULL;
        if (site_open_store(&counter->site, error) < 0)
            return -1;
    }
    compiling_init(&counter->compiling, &counter->site);
    counter->reader = (struct library_reader){.library = &count->library, .site = &counter->site};
    if (library_get(&counter->reader, &count->edition, 1, &counter->shelf, error) < 0)
        return -1;
    counter->tallies.papers = counter->shelf->papers.count;
    return 0;
}

static void close_counter(struct counter *counter, bool owns_store)
{
    if (!counter->arena)
        return;
    library_leave(&counter->reader);
    if (counter->compiling.site)
        compiling_free(&counter->compiling);
    zone_cache_free(&counter->zones);
    arena_free(&counter->arena);
    buffer_free(&counter->scratch);
    free_tallies(&counter->tallies);
    if (owns_store)
        store_close(&counter->site.store);
}

/* One bad prompt is told; when nobody is left it is the whole's failure. */
static int tell_unasked(const struct count *count, size_t chosen, struct error *error)
{
    for (size_t i = 0; i < count->threads; i++) {
        if (!count->counters[i].is_unasked)
            continue;
        *error = count->counters[i].why_unasked;
        if (!chosen)
            return -1;
        log_line(count->site->log, LOG_LEVEL_ERROR,
                 "summaries: %s; its readers' digests go out without", error->text);
        return 0;
    }
    return 0;
}

int reach_find(struct site *site, struct date edition, size_t most, struct arena *arena,
               struct reach **ret_items, size_t *ret_count, struct error *error)
{
    struct count count = {.site = site, .edition = edition, .threads = profile_walk_threads()};
    int result;

    library_init(&count.library);
    result = store_find_edition(site->store, edition, &count.list, error);
    if (result == 0)
        result = plan_known_load(site->store, &count.list, NULL, &count.known, error);
    for (size_t i = 0; i < count.threads && result == 0; i++)
        result = open_counter(&count, i, error);
    if (result == 0)
        result = count_all(&count, error);
    if (result == 0) {
        for (size_t i = 1; i < count.threads; i++)
            add_tallies(&count.counters[0].tallies, &count.counters[i].tallies);
        choose(&count, most, arena, ret_items, ret_count);
        result = tell_unasked(&count, *ret_count, error);
    }
    for (size_t i = 0; i < count.threads; i++)
        close_counter(&count.counters[i], i > 0);
    plan_known_free(&count.known);
    edition_list_free(&count.list);
    library_free(&count.library);
    return result;
}
