/* bench_digest TEMPLATES PAPERS ABSTRACT PROFILES RUNS: made-up profiles of 12
 * keywords from the papers' titles, the best 30 papers of each with abstracts cut
 * at ABSTRACT characters (0: whole), made messages with header, HTML and text,
 * encoded. Prints one line of JSON, CPU microseconds a digest: plain evaluation,
 * assembled, and ranked and assembled. With RUNS 0 it prints the context of the
 * first digest, for the alternatives. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "digest/assemble.h"
#include "digest/message.h"
#include "papers/feed.h"
#include "ranking/words.h"

enum { KEYWORDS = 12, TOP = 30, PLAIN = 20, PLAIN_RUNS = 3, RUNS_MAX = 1000 };

struct subscriber {
    struct profile profile;
    struct ranking ranking;
    struct buffer compiled;
    char address[64];
};

struct bench {
    struct templates *templates;
    struct papers papers;
    struct ranking_index *index;
    struct view *words;
    size_t word_count;
    size_t word_capacity;
    struct subscriber *subscribers;
    size_t count;
    struct arena *arena;
    struct digest_output output;
    struct buffer message;
    struct message_memo *memo;
    struct digest_edition edition;
    uint64_t bytes;
};

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void fail(const struct error *error)
{
    fprintf(stderr, "bench_digest: %s\n", error->text);
    exit(66);
}

static void read_papers(struct bench *bench, const char *path, size_t characters)
{
    struct feed_report report;
    struct error error = {0};
    struct buffer text;
    struct papers whole;

    buffer_init(&text, FEED_BYTES);
    papers_init(&whole);
    papers_init(&bench->papers);
    if (file_read(path, &text, &error) < 0 ||
        feed_parse(buffer_view(&text), FEED_BYTES, &whole, &report, &error) < 0)
        fail(&error);
    for (size_t i = 0; i < whole.count; i++) {
        struct paper paper = whole.items[i];
        size_t end = paper.source_abstract.size;

        if (characters && end > characters)
            end = characters;
        while (end && end < paper.source_abstract.size &&
               (paper.source_abstract.data[end] & 0xC0) == 0x80)
            end--;
        paper.source_abstract.size = end;
        papers_add(&bench->papers, &paper, NULL);
    }
    buffer_free(&text);
}

/* Every word of a title, as often as it stands in one: popular words are picked
 * most. */
static void read_words(struct bench *bench)
{
    struct word_splitter *splitter = word_splitter_new();
    struct word_list list;

    word_list_init(&list);
    for (size_t i = 0; i < bench->papers.count; i++) {
        words_split(splitter, bench->papers.items[i].title, &list);
        for (size_t j = 0; j < list.count; j++) {
            if (words_is_stop(list.items[j].folded) || list.items[j].text.size < 4)
                continue;
            bench->words = memory_grow(bench->words, &bench->word_capacity,
                                       bench->word_count + 1, sizeof(*bench->words));
            bench->words[bench->word_count++] = list.items[j].text;
        }
    }
    word_list_free(&list);
    word_splitter_free(&splitter);
}

static void make_subscriber(struct bench *bench, struct subscriber *subscriber, size_t number)
{
    uint64_t state = number;

    profile_init(&subscriber->profile);
    snprintf(subscriber->address, sizeof(subscriber->address), "reader-%zu@example.org", number);
    subscriber->profile.email = memory_copy_string(subscriber->address);
    subscriber->profile.name = memory_copy_string("Ada");
    subscriber->profile.keywords.items =
        memory_new(KEYWORDS, sizeof(*subscriber->profile.keywords.items));
    subscriber->profile.keywords.count = KEYWORDS;
    for (size_t i = 0; i < KEYWORDS; i++) {
        state = words_pair(state + i, number);
        subscriber->profile.keywords.items[i] =
            (struct keyword){view_copy_string(bench->words[state % bench->word_count]), 1,
                             KEYWORD_ANYWHERE};
    }
    buffer_init(&subscriber->compiled, 1 << 20);
    ranking_compile(bench->index, &subscriber->profile, 0, &subscriber->compiled);
    ranking_make(bench->index, &subscriber->profile, TOP, NULL, bench->arena,
                 &subscriber->ranking);
}

static struct digest digest_of(const struct bench *bench, const struct subscriber *subscriber,
                               const struct ranking *ranking)
{
    return (struct digest){.profile = &subscriber->profile,
                           .ranking = ranking,
                           .editions = &bench->edition,
                           .edition_count = 1,
                           .date = bench->edition.date,
                           .sender_name = "Paperboy",
                           .sender_address = "digest@example.org",
                           .owner = "owner@example.org",
                           .inbox = "paperboy@example.org",
                           .unsubscribe_mailto = "mailto:paperboy+unsubscribe-abcdefghijklmnop"
                                                 "@example.org?subject=unsubscribe",
                           .papers = &bench->papers,
                           .papers_serial = 1,
                           .index = bench->index};
}

static void write_message(struct bench *bench, const struct digest *digest)
{
    struct digest_message message = {
        .from = {view_of(digest->sender_name), view_of(digest->sender_address)},
        .to = {view_of(digest->profile->name), view_of(digest->profile->email)},
        .subject = buffer_view(&bench->output.subject),
        .date_utc = 1771300000,
        .message_id = VIEW("abcdefghijklmnopqrstuvwxyz@example.org"),
        .text = buffer_view(&bench->output.text),
        .html = buffer_view(&bench->output.html),
        .is_encoded = bench->output.is_encoded,
        .inbox = view_of(digest->inbox),
        .unsubscribe_mailto = view_of(digest->unsubscribe_mailto),
        .memo = bench->memo};
    struct error error = {0};

    message.list.id = VIEW("digest.example.org");
    message.list.owner = view_of(digest->owner);
    buffer_clear(&bench->message);
    if (digest_message_write(&message, &bench->message, &error) < 0)
        fail(&error);
    bench->bytes += bench->message.size;
}

static void make_plain(struct bench *bench, const struct subscriber *subscriber)
{
    struct digest digest = digest_of(bench, subscriber, &subscriber->ranking);
    struct error error = {0};

    if (digest_make(bench->templates, &digest, &bench->output, &error) < 0)
        fail(&error);
    write_message(bench, &digest);
}

static void make_assembled(struct bench *bench, struct sheets *sheets,
                           const struct subscriber *subscriber, const struct ranking *ranking)
{
    struct digest digest = digest_of(bench, subscriber, ranking);
    struct error error = {0};

    if (digest_assemble(sheets, &digest, &bench->output, &error) < 0)
        fail(&error);
    write_message(bench, &digest);
}

static int compare_times(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static double median(double *times, size_t count)
{
    qsort(times, count, sizeof(*times), compare_times);
    return times[count / 2] * 1e6;
}

static void measure(struct bench *bench, size_t runs)
{
    double plain[RUNS_MAX], assembled[RUNS_MAX], ranked[RUNS_MAX], start, first;
    struct sheets *sheets = sheets_new(bench->templates);
    struct ranker *ranker = ranker_new(bench->index);
    struct arena *arena = arena_new();

    start = seconds();
    for (size_t i = 0; i < bench->count; i++)
        make_assembled(bench, sheets, &bench->subscribers[i], &bench->subscribers[i].ranking);
    first = seconds() - start;
    for (size_t run = 0; run < runs; run++) {
        start = seconds();
        for (size_t i = 0; run < PLAIN_RUNS && i < PLAIN; i++)
            make_plain(bench, &bench->subscribers[i % bench->count]);
        if (run < PLAIN_RUNS)
            plain[run] = (seconds() - start) / PLAIN;
        bench->bytes = 0;
        start = seconds();
        for (size_t i = 0; i < bench->count; i++)
            make_assembled(bench, sheets, &bench->subscribers[i], &bench->subscribers[i].ranking);
        assembled[run] = (seconds() - start) / (double)bench->count;
        start = seconds();
        for (size_t i = 0; i < bench->count; i++) {
            struct ranking ranking;

            arena_reset(arena);
            if (ranking_make_compiled(ranker, buffer_view(&bench->subscribers[i].compiled), TOP,
                                      NULL, arena, &ranking) < 0)
                abort();
            make_assembled(bench, sheets, &bench->subscribers[i], &ranking);
        }
        ranked[run] = (seconds() - start) / (double)bench->count;
    }
    printf("{\"profiles\": %zu, \"message_bytes\": %.0f, \"plain_us\": %.1f, "
           "\"assembled_us\": %.2f, \"ranked_us\": %.2f, \"first_us\": %.1f}\n",
           bench->count, (double)bench->bytes / 2 / (double)bench->count, median(plain, runs < PLAIN_RUNS ? runs : PLAIN_RUNS),
           median(assembled, runs), median(ranked, runs), first / (double)bench->count * 1e6);
    sheets_free(&sheets);
    ranker_free(&ranker);
    arena_free(&arena);
}

static void print_context(const struct bench *bench)
{
    struct digest digest =
        digest_of(bench, &bench->subscribers[0], &bench->subscribers[0].ranking);
    json_t *context = digest_context(bench->templates, &digest);

    json_dumpf(context, stdout, JSON_COMPACT);
    json_decref(context);
}

int main(int argc, char **argv)
{
    struct bench bench = {.edition = {.date = {2026, 2, 17}, .paper_count = 1605}};
    struct error error = {0};
    size_t runs;

    if (argc != 6) {
        fprintf(stderr, "usage: bench_digest TEMPLATES PAPERS ABSTRACT PROFILES RUNS\n");
        return 64;
    }
    if (templates_load(argv[1], NULL, &bench.templates, &error) < 0)
        fail(&error);
    read_papers(&bench, argv[2], (size_t)strtoul(argv[3], NULL, 10));
    bench.index = ranking_index_new(&bench.papers, NULL);
    bench.arena = arena_new();
    read_words(&bench);
    digest_output_init(&bench.output);
    bench.memo = message_memo_new();
    buffer_init(&bench.message, DIGEST_MESSAGE_BYTES);
    bench.count = (size_t)strtoul(argv[4], NULL, 10);
    bench.subscribers = memory_new(bench.count + 1, sizeof(*bench.subscribers));
    for (size_t i = 0; i < bench.count; i++)
        make_subscriber(&bench, &bench.subscribers[i], i);
    runs = (size_t)strtoul(argv[5], NULL, 10);
    if (!runs)
        print_context(&bench);
    else
        measure(&bench, runs < RUNS_MAX ? runs : RUNS_MAX);
    return 0;
}
