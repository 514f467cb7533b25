/* bench_plan FOLDER PROFILES HISTORY: makes an installation in the new folder FOLDER with so
 * many profiles, made up, once as files and once in the store, and editions and digests of
 * HISTORY earlier days; then plans, and prints lines of JSON with the seconds of each
 * step, and the microseconds that a delivery's editions take. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "commands/plan.h"
#include "commands/wanted.h"
#include "store/outbox.h"
#include "store/shown.h"

enum { DAY_SECONDS = 86400, PAPERS = 1500, WORDS = 5000, BATCH = 1000 };

struct bench {
    struct site site;
    struct log log;
    size_t profiles;
    long history;
    char *folder;
    int64_t now_utc;
};

static void must(int result, const struct error *error)
{
    if (result >= 0)
        return;
    fprintf(stderr, "bench_plan: %s\n", error->text);
    exit(1);
}

/* CLOCK_MONOTONIC, or what all threads together have used of a processor. */
static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void add_address(struct buffer *text, size_t number)
{
    buffer_printf(text, "reader%06zu@example.org", number);
}

/* As people write them: a dozen keywords, three categories, a time of day. */
static void add_profile(struct buffer *text, size_t number)
{
    static const char *const zones[] = {"Europe/Paris", "America/New_York", "Asia/Tokyo", "UTC"};
    static const char *const categories[] = {"cs.LG", "cs.DC", "cs.CL", "cs.OS", "stat.ML", "cs.AI"};
    size_t random = number;

    buffer_add_string(text, "{\n  \"email\": \"");
    add_address(text, number);
    buffer_printf(text, "\",\n  \"name\": \"Reader %zu\",\n  \"categories\": [\"%s\", \"%s\"],\n"
                  "  \"keywords\": [", number, categories[number % 6], categories[(number + 2) % 6]);
    for (size_t i = 0; i < 12; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        buffer_printf(text, "%s\"word%zu\"", i ? ", " : "", (random >> 33) % WORDS);
    }
    buffer_printf(text, "],\n  \"exclude_keywords\": [\"survey\"],\n"
                  "  \"schedule\": {\"at\": \"00:%02zu\", \"zone\": \"%s\"}\n}\n",
                  number % 60, zones[number % 4]);
}

/* Files not synced, unlike an owner's: they are thrown away. */
static void make_profiles(struct bench *bench)
{
    struct profile_source store = {.store = bench->site.store};
    struct buffer text, name;
    struct error error;

    must(file_make_folder(bench->site.configuration.subscribers, 0700, &error), &error);
    buffer_init(&text, 1 << 16);
    buffer_init(&name, 1 << 12);
    for (size_t i = 0; i < bench->profiles; i++) {
        FILE *file;

        if (i % BATCH == 0)
            must(store_begin(bench->site.store, &error), &error);
        buffer_clear(&text);
        buffer_clear(&name);
        add_profile(&text, i);
        buffer_printf(&name, "%s/reader%06zu@example.org.json", bench->site.configuration.subscribers, i);
        file = fopen(buffer_string(&name), "we");
        if (!file || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0)
            exit(1);
        buffer_clear(&name);
        add_address(&name, i);
        must(profile_source_create_text(&store, buffer_string(&name), buffer_view(&text), &error), &error);
        if (i % BATCH == BATCH - 1 || i + 1 == bench->profiles)
            must(store_commit(bench->site.store, &error), &error);
    }
    buffer_free(&text);
    buffer_free(&name);
}

static struct date day_before(const struct bench *bench, long days)
{
    return date_from_days(date_to_days(site_arxiv_date(&bench->site, bench->now_utc)) - days);
}

static void make_edition(struct bench *bench, long days)
{
    struct edition edition = {.date = day_before(bench, days), .fetched_utc = bench->now_utc,
                              .state = EDITION_COMPLETE};
    struct papers papers;
    struct buffer id;
    struct error error;

    papers_init(&papers);
    buffer_init(&id, 64);
    for (int i = 0; i < PAPERS; i++) {
        struct view category = VIEW("cs.LG");
        struct paper paper = {.version = 1, .title = VIEW("A title"), .abstract = VIEW("Words."),
                              .source_title = VIEW("A title"), .source_abstract = VIEW("Words."),
                              .categories = &category, .category_count = 1};

        buffer_clear(&id);
        buffer_printf(&id, "26%02ld.%05d", days + 1, i);
        paper.id = buffer_view(&id);
        papers_add(&papers, &paper, NULL);
    }
    must(store_put_edition(bench->site.store, &edition, &papers, NULL, &error), &error);
    buffer_free(&id);
    papers_free(&papers);
}

/* Works off what is queued as if each had been sent. */
static void send_all(struct bench *bench, struct date date)
{
    struct edition_shown shown = {date, PAPERS};
    struct delivery_batch batch;
    struct error error;
    bool any = true;

    while (any) {
        must(store_begin(bench->site.store, &error), &error);
        must(outbox_claim(bench->site.store, "bench", bench->now_utc, 300, BATCH, &batch, &error),
             &error);
        any = batch.count > 0;
        for (size_t i = 0; i < batch.count; i++) {
            batch.items[i].editions = &shown;
            batch.items[i].edition_count = 1;
            batch.items[i].shown = VIEW("\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1\2\1");
            must(outbox_begin(bench->site.store, &batch.items[i], &error), &error);
            must(outbox_finish(bench->site.store, &batch.items[i],
                               &(struct delivery_outcome){.state = DELIVERY_SENT,
                                                          .now_utc = bench->now_utc},
                               &error), &error);
        }
        must(store_commit(bench->site.store, &error), &error);
        delivery_batch_free(&batch);
    }
}

struct took {
    double s;
    double cpu_s;
    size_t added;
};

static struct took plan(struct bench *bench)
{
    struct plan_options options = {.now_utc = bench->now_utc};
    struct plan_summary summary;
    struct roster roster;
    struct wanted wanted;
    struct error error;
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);

    roster_init(&roster, &bench->site);
    must(wanted_find(&bench->site, &roster, &wanted, &error), &error);
    must(plan_digests(&bench->site, &roster, &options, &summary, &error), &error);
    roster_free(&roster);
    wanted_free(&wanted);
    return (struct took){seconds(CLOCK_MONOTONIC) - start, seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu,
                         summary.added};
}

/* A morning: all are due; all were sent; nothing is. */
static void measure(struct bench *bench, const char *where, long day)
{
    struct took due, again, quiet;
    struct rusage usage;

    make_edition(bench, day);
    due = plan(bench);
    send_all(bench, day_before(bench, day));
    again = plan(bench);
    quiet = plan(bench);
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"where\":\"%s\",\"profiles\":%zu,\"history\":%ld,\"added\":%zu,\"due_s\":%.3f,"
           "\"due_cpu_s\":%.3f,\"none_due_s\":%.3f,\"none_due_cpu_s\":%.3f,\"quiet_s\":%.4f,"
           "\"quiet_cpu_s\":%.4f,\"resident_kib\":%ld}\n",
           where, bench->profiles, bench->history, due.added, due.s, due.cpu_s, again.s, again.cpu_s,
           quiet.s, quiet.cpu_s, usage.ru_maxrss);
    fflush(stdout);
}

/* What a delivery asks the store about editions, and what listing them costs. */
static void measure_taking(struct bench *bench)
{
    enum { TIMES = 1000, LISTINGS = 50 };
    struct edition_cache cache = {0};
    struct arena *arena = arena_new();
    struct edition_list list;
    struct plan_edition *editions;
    struct buffer address;
    struct error error;
    double start, listing;
    size_t count;

    start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int i = 0; i < LISTINGS; i++) {
        must(store_list_editions(bench->site.store, (struct date){0}, EDITION_CACHE_EDITIONS, &list, &error),
             &error);
        edition_list_free(&list);
    }
    listing = (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / LISTINGS;
    buffer_init(&address, 100);
    start = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < TIMES; i++) {
        arena_reset(arena);
        buffer_clear(&address);
        add_address(&address, i % bench->profiles);
        must(plan_editions(&bench->site, &cache, buffer_string(&address), day_before(bench, 0), arena,
                           &editions, &count, &error), &error);
    }
    printf("{\"where\":\"delivery\",\"editions\":%ld,\"listing_us\":%.1f,\"taking_us\":%.1f}\n",
           bench->history + 2, listing * 1e6,
           (seconds(CLOCK_PROCESS_CPUTIME_ID) - start) / TIMES * 1e6);
    buffer_free(&address);
    edition_cache_free(&cache);
    arena_free(&arena);
}

static void name_parts(struct bench *bench)
{
    struct configuration *configuration = &bench->site.configuration;
    struct buffer url;

    configuration_defaults(configuration);
    free(configuration->subscribers);
    free(configuration->store);
    configuration->subscribers = file_join(bench->folder, "subscribers");
    buffer_init(&url, 1 << 12);
    buffer_printf(&url, "sqlite:%s/paperboy.db", bench->folder);
    configuration->store = buffer_steal(&url);
}

int main(int count, char **words)
{
    struct bench bench = {.now_utc = (int64_t)time(NULL)};
    struct error error;

    if (count != 4 || mkdir(words[1], 0700) < 0) {
        fprintf(stderr, "usage: bench_plan NEW-FOLDER PROFILES HISTORY\n");
        return 64;
    }
    bench.folder = words[1];
    bench.profiles = (size_t)strtoul(words[2], NULL, 10);
    bench.history = strtol(words[3], NULL, 10);
    log_init(&bench.log, "bench_plan");
    must(site_start(&bench.site, &bench.log, &error), &error);
    name_parts(&bench);
    must(site_open_store(&bench.site, &error), &error);
    make_profiles(&bench);
    for (long day = bench.history + 1; day > 1; day--) {
        make_edition(&bench, day);
        plan(&bench);
        send_all(&bench, day_before(&bench, day));
    }
    sleep(3); /* a folder that was changed a moment ago is not trusted */
    bench.now_utc = (int64_t)time(NULL);
    measure(&bench, "folder", 1);
    free(bench.site.configuration.subscribers);
    bench.site.configuration.subscribers = strdup(PROFILES_IN_STORE);
    measure(&bench, "store", 0);
    measure_taking(&bench);
    site_close(&bench.site);
    return 0;
}
