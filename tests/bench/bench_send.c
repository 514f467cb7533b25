/* Sends COUNT messages of BYTES bytes to a relay through the worker, the journal
 * and the store included, and prints how long it took as JSON:
 *   bench_send STORE URL COUNT BYTES CONNECTIONS THREADS
 * The messages are personalised digests made in advance: one text, another
 * recipient in each. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "delivery/worker.h"

enum { LINE = 76, THREADS_MAX = 64, DAY = 86400 };

struct bench {
    const char *store_url;
    const char *url;
    long count;
    size_t bytes;
    int connections;
    int threads;
    char *text;
};

struct hand {
    const struct bench *bench;
    pthread_t thread;
    int number;
    char name[40];
    struct buffer message;
    struct worker_summary summary;
    size_t opened;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_send: %s\n", what);
    exit(1);
}

static int64_t now(void *user)
{
    (void)user;
    return (int64_t)time(NULL);
}

static uint32_t draw(void *user)
{
    (void)user;
    return 0;
}

static char *make_text(size_t bytes)
{
    char *text = malloc(bytes + LINE + 3);
    size_t at = 0;

    if (!text)
        die("no memory");
    while (at < bytes) {
        for (size_t i = 0; i < LINE; i++)
            text[at + i] = (char)('a' + (at + i * 7) % 26);
        memcpy(text + at + LINE, "\r\n", 2);
        at += LINE + 2;
        if (bytes - at < LINE + 2)
            break;
    }
    text[at] = '\0';
    return text;
}

static int compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                   struct error *error)
{
    static const struct edition_shown edition = {{2026, 2, 17}, 400};
    struct hand *hand = user;

    (void)error;
    buffer_clear(&hand->message);
    buffer_printf(&hand->message, "From: digest@example.org\r\nTo: %s\r\nSubject: papers\r\n\r\n",
                  delivery->subscriber);
    buffer_add_string(&hand->message, hand->bench->text);
    ret_composed->message = (struct message){"digest@example.org", delivery->subscriber,
                                             buffer_view(&hand->message)};
    ret_composed->editions = &edition;
    ret_composed->edition_count = 1;
    ret_composed->shown = VIEW("thirty papers, as they are kept with a delivery: about 60 bytes");
    return 0;
}

static void fill(const struct bench *bench)
{
    struct store *store = NULL;
    struct error error;
    char address[40];

    if (store_open(bench->store_url, NULL, &store, &error) < 0 || store_begin(store, &error) < 0)
        die(error.text);
    for (long i = 0; i < bench->count; i++) {
        struct delivery_request request = {
            .kind = DELIVERY_DIGEST, .subscriber = address, .slot = "2026-02-17",
            .created_utc = now(NULL), .not_before_utc = now(NULL), .expires_utc = now(NULL) + DAY};

        snprintf(address, sizeof(address), "reader%ld@example.test", i);
        if (outbox_add(store, &request, NULL, &error) < 0)
            die(error.text);
    }
    if (store_commit(store, &error) < 0)
        die(error.text);
    store_close(&store);
}

static void *work(void *user)
{
    struct hand *hand = user;
    const struct bench *bench = hand->bench;
    const struct engine_relay_options relay = {
        .name = "sink", .transport = {.url = bench->url, .now = now}};
    const struct engine_options engine_options = {
        .relays = &relay, .relay_count = 1, .connections = bench->connections / bench->threads};
    const struct worker_options options = {
        .name = hand->name, .batch = 500, .compose = compose, .now = now, .random = draw,
        .user = hand};
    struct engine *engine = NULL;
    struct store *store = NULL;
    struct error error;

    if (store_open(bench->store_url, NULL, &store, &error) < 0 ||
        engine_open(&engine_options, &engine, &error) < 0 ||
        worker_run(store, engine, &options, &hand->summary, &error) < 0)
        die(error.text);
    engine_close(&engine);
    store_close(&store);
    return NULL;
}

static double seconds(clockid_t clock)
{
    struct timespec time;

    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void run(const struct bench *bench)
{
    struct hand hands[THREADS_MAX] = {{0}};
    double start = seconds(CLOCK_MONOTONIC), cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct rusage usage;
    int64_t sent = 0;

    for (int i = 0; i < bench->threads; i++) {
        hands[i].bench = bench;
        snprintf(hands[i].name, sizeof(hands[i].name), "bench:%d", i);
        buffer_init(&hands[i].message, (size_t)1 << 26);
        pthread_create(&hands[i].thread, NULL, work, &hands[i]);
    }
    for (int i = 0; i < bench->threads; i++) {
        pthread_join(hands[i].thread, NULL);
        buffer_free(&hands[i].message);
        sent += hands[i].summary.sent;
    }
    start = seconds(CLOCK_MONOTONIC) - start;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    getrusage(RUSAGE_SELF, &usage);
    if (sent != bench->count)
        die("not all were sent");
    printf("{\"s\": %.4f, \"cpu_s\": %.4f, \"resident_kib\": %ld}\n", start, cpu, usage.ru_maxrss);
}

int main(int argc, char **argv)
{
    struct bench bench;

    if (argc != 7)
        die("STORE URL COUNT BYTES CONNECTIONS THREADS");
    bench = (struct bench){argv[1], argv[2], strtol(argv[3], NULL, 10),
                           (size_t)strtol(argv[4], NULL, 10), (int)strtol(argv[5], NULL, 10),
                           (int)strtol(argv[6], NULL, 10), NULL};
    if (bench.threads < 1 || bench.threads > THREADS_MAX || bench.connections < bench.threads)
        die("1 to 64 threads, and as many connections at least");
    signal(SIGPIPE, SIG_IGN);
    bench.text = make_text(bench.bytes);
    fill(&bench);
    run(&bench);
    free(bench.text);
    return 0;
}
