/* bench_store URL WORKERS ROWS [single]: adds ROWS deliveries to the empty store at URL and
 * has WORKERS threads claim, begin and finish all of them in batches, as workers do, which
 * write down in one transaction what begins and what has ended; with "single" each of these
 * changes is a statement and a transaction of its own, the plain way. Prints a line of JSON:
 * seconds that passed, and of this program's processor time. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "store/outbox.h"

enum { NOW = 1000000, DAY_SECONDS = 86400, BATCH = 100, WORKERS_MAX = 64, TOGETHER = 500 };

struct task {
    const char *url;
    int number;
    bool single;
    size_t done;
    pthread_t thread;
};

static void must(int result, const struct error *error)
{
    if (result >= 0)
        return;
    fprintf(stderr, "bench_store: %s\n", error->text);
    exit(1);
}

static double seconds(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static struct store *open_store(const char *url)
{
    struct store *store = NULL;
    struct error error;

    must(store_open(url, NULL, &store, &error), &error);
    return store;
}

/* ---- adding ---- */

static void add_single(struct store *store, const struct delivery_request *requests, size_t count)
{
    struct error error;

    for (size_t i = 0; i < count; i++)
        must(outbox_add(store, &requests[i], NULL, &error), &error);
}

static void add_many(struct store *store, const struct delivery_request *requests, size_t count)
{
    bool are_new[TOGETHER];
    struct error error;

    must(store_begin(store, &error), &error);
    must(outbox_add_many(store, requests, count, are_new, &error), &error);
    must(store_commit(store, &error), &error);
}

static void add_some(struct store *store, size_t from, size_t to, bool single)
{
    struct delivery_request requests[TOGETHER];
    char addresses[TOGETHER][40];
    size_t count = to - from;

    for (size_t i = 0; i < count; i++) {
        snprintf(addresses[i], sizeof(addresses[i]), "reader%07zu@example.org", from + i);
        requests[i] = (struct delivery_request){
            .kind = DELIVERY_DIGEST, .subscriber = addresses[i], .slot = "2026-02-17",
            .created_utc = NOW, .not_before_utc = NOW, .expires_utc = NOW + DAY_SECONDS};
    }
    if (single)
        add_single(store, requests, count);
    else
        add_many(store, requests, count);
}

static void add_all(const char *url, size_t rows, bool single)
{
    struct store *store = open_store(url);

    for (size_t from = 0; from < rows; from += TOGETHER)
        add_some(store, from, from + TOGETHER < rows ? from + TOGETHER : rows, single);
    store_close(&store);
}

/* ---- working ---- */

static const struct delivery_outcome SENT = {.state = DELIVERY_SENT, .now_utc = NOW + 1,
                                             .stage = "end-of-data", .enhanced = "2.0.0",
                                             .reply = "250 2.0.0 Ok: queued as 4Xyz01"};
static const struct edition_shown EDITIONS[] = {{{2026, 2, 17}, 1500}};

/* A digest of thirty papers, with its editions. */
static void compose(struct delivery *delivery)
{
    static const char shown[90] = {1};

    delivery->editions = EDITIONS;
    delivery->edition_count = 1;
    delivery->shown = (struct view){shown, sizeof(shown)};
}

static void work_single(struct store *store, struct delivery_batch *batch)
{
    struct error error;

    for (size_t i = 0; i < batch->count; i++)
        must(outbox_begin(store, &batch->items[i], &error), &error);
    for (size_t i = 0; i < batch->count; i++)
        must(outbox_finish(store, &batch->items[i], &SENT, &error), &error);
}

/* What a worker writes down at once: that the next batch begins and how the last ended. */
static void write_down(struct store *store, struct delivery_batch *next,
                       struct delivery_batch *last)
{
    struct delivery *begun[BATCH], *ended[BATCH];
    struct delivery_outcome outcomes[BATCH];
    bool lost[BATCH];
    struct error error;

    for (size_t i = 0; i < next->count; i++)
        begun[i] = &next->items[i];
    for (size_t i = 0; i < last->count; i++) {
        ended[i] = &last->items[i];
        outcomes[i] = SENT;
    }
    must(store_begin(store, &error), &error);
    must(outbox_begin_many(store, begun, next->count, lost, &error), &error);
    must(outbox_finish_many(store, ended, outcomes, last->count, lost, &error), &error);
    must(store_commit(store, &error), &error);
}

static void *work(void *user)
{
    struct task *task = user;
    struct store *store = open_store(task->url);
    struct delivery_batch batch, last = {0};
    struct error error;
    char worker[20];
    size_t claimed;

    snprintf(worker, sizeof(worker), "w%d", task->number);
    do {
        must(outbox_claim(store, worker, NOW, OUTBOX_LEASE_SECONDS, BATCH, &batch, &error), &error);
        for (size_t i = 0; i < batch.count; i++)
            compose(&batch.items[i]);
        if (task->single)
            work_single(store, &batch);
        else
            write_down(store, &batch, &last);
        claimed = batch.count;
        task->done += claimed;
        delivery_batch_free(&last);
        last = batch;
    } while (claimed);
    delivery_batch_free(&last);
    store_close(&store);
    return NULL;
}

static size_t work_all(const char *url, int workers, bool single)
{
    struct task tasks[WORKERS_MAX];
    size_t done = 0;

    for (int i = 0; i < workers; i++) {
        tasks[i] = (struct task){.url = url, .number = i, .single = single};
        if (pthread_create(&tasks[i].thread, NULL, work, &tasks[i]) != 0)
            exit(1);
    }
    for (int i = 0; i < workers; i++) {
        pthread_join(tasks[i].thread, NULL);
        done += tasks[i].done;
    }
    return done;
}

int main(int count, char **words)
{
    long workers = 0, rows = 0;
    bool single = count == 5 && strcmp(words[4], "single") == 0;
    double passed[3], used[3];

    if (count < 4 || !view_to_long(view_of(words[2]), &workers) || workers < 1 ||
        workers > WORKERS_MAX || !view_to_long(view_of(words[3]), &rows) || rows < 1) {
        fprintf(stderr, "usage: bench_store URL WORKERS ROWS [single]\n");
        return 64;
    }
    passed[0] = seconds(CLOCK_MONOTONIC), used[0] = seconds(CLOCK_PROCESS_CPUTIME_ID);
    add_all(words[1], (size_t)rows, single);
    passed[1] = seconds(CLOCK_MONOTONIC), used[1] = seconds(CLOCK_PROCESS_CPUTIME_ID);
    if (work_all(words[1], (int)workers, single) != (size_t)rows) {
        fprintf(stderr, "bench_store: not every delivery was worked once\n");
        return 1;
    }
    passed[2] = seconds(CLOCK_MONOTONIC), used[2] = seconds(CLOCK_PROCESS_CPUTIME_ID);
    printf("{\"add_s\": %.6f, \"add_cpu_s\": %.6f, \"work_s\": %.6f, \"work_cpu_s\": %.6f}\n",
           passed[1] - passed[0], used[1] - used[0], passed[2] - passed[1], used[2] - used[1]);
    return 0;
}
