/* bench_rank PAPERS PROFILES THREADS RUNS KIND: compiles made-up profiles of 40
 * keywords (a vocabulary of 5,000 from the papers themselves, Zipf popularity),
 * ranks all of them, top 30 with reasons, and prints one line of JSON. KIND
 * `interests` gives them 25 words of some abstract instead, `mixed` both in turn,
 * and `substring` asks for the Python bot's scoring, which is not compiled. With
 * PROFILES 0 it prints a sample of profiles as JSON Lines for the alternatives;
 * with THREADS 0 it times a plain C substring loop over such profiles. */
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "papers/feed.h"
#include "ranking/ranking.h"
#include "ranking/term_table.h"
#include "ranking/words.h"

enum kind { KIND_KEYWORDS, KIND_INTERESTS, KIND_MIXED, KIND_SUBSTRING };
enum { INTERESTS_WORDS = 25, VOCABULARY = 5000, KEYWORDS = 40, TOP = 30, SAMPLE = 40, RUNS_MAX = 15, THREADS_MAX = 64 };

struct bench {
    struct papers papers;
    struct ranking_index *index;
    char *words[VOCABULARY];
    double cumulated[VOCABULARY];
    struct buffer bytes[THREADS_MAX]; /* compiled profiles, one after the other */
    size_t *ends; /* where each ends among those of its thread */
    size_t byte_count;
    size_t profiles;
    size_t threads;
    enum kind kind;
};

static double seconds_of(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds(void)
{
    return seconds_of(CLOCK_MONOTONIC);
}

static uint64_t next_random(uint64_t *state)
{
    *state += 0x9E3779B97F4A7C15u;
    return words_pair(*state, 1);
}

/* ---- the vocabulary: the words of most papers, one in five of them a pair ---- */

struct counted {
    char *text;
    size_t times;
    uint32_t number;
};

static int compare_counted(const void *a, const void *b)
{
    const struct counted *left = a, *right = b;

    if (left->times != right->times)
        return left->times < right->times ? 1 : -1;
    return left->number > right->number ? 1 : -1;
}

static void add_word(struct term_table *table, struct counted **all, size_t *capacity,
                     struct view text, uint64_t term)
{
    uint32_t before = table->count, number = term_table_add(table, term);

    if (table->count > before) {
        *all = memory_grow(*all, capacity, table->count, sizeof(**all));
        (*all)[number] = (struct counted){view_copy_string(text), 0, number};
    }
    (*all)[number].times++;
}

static void make_vocabulary(struct bench *bench)
{
    struct word_splitter *splitter = word_splitter_new();
    struct term_table single = {0}, pairs = {0};
    struct counted *words = NULL, *twos = NULL;
    size_t word_capacity = 0, two_capacity = 0, single_at = 0, pair_at = 0;
    struct word_list list;
    double sum = 0;

    word_list_init(&list);
    for (size_t i = 0; i < bench->papers.count; i++) {
        words_split(splitter, bench->papers.items[i].abstract, &list);
        for (size_t j = 0; j < list.count; j++) {
            const struct word *word = &list.items[j], *next = word + 1;

            if (words_is_stop(word->folded) || word->is_number || word->folded.size < 2)
                continue;
            add_word(&single, &words, &word_capacity, word->text, word->stem);
            if (j + 1 < list.count && !words_is_stop(next->folded) && !next->is_number)
                add_word(&pairs, &twos, &two_capacity,
                         (struct view){word->text.data, (size_t)(next->text.data +
                                                                 next->text.size -
                                                                 word->text.data)},
                         words_pair(word->stem, next->stem));
        }
    }
    qsort(words, single.count, sizeof(*words), compare_counted);
    qsort(twos, pairs.count, sizeof(*twos), compare_counted);
    for (size_t i = 0; i < VOCABULARY; i++) {
        bench->words[i] = i % 5 == 4 ? twos[pair_at++].text : words[single_at++].text;
        sum += 1 / (double)(i + 1);
        bench->cumulated[i] = sum;
    }
    word_list_free(&list);
    word_splitter_free(&splitter);
}

static size_t pick(const struct bench *bench, uint64_t *state)
{
    double wanted = (double)(next_random(state) >> 11) * 0x1p-53 * bench->cumulated[VOCABULARY - 1];
    size_t low = 0, high = VOCABULARY - 1;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (bench->cumulated[middle] < wanted)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Forty different words. */
static void pick_keywords(const struct bench *bench, size_t number, struct keyword *items)
{
    uint64_t state = number * 1000003 + 17;

    for (size_t i = 0; i < KEYWORDS;) {
        char *word = bench->words[pick(bench, &state)];
        bool known = false;

        for (size_t j = 0; j < i; j++)
            known = known || items[j].term == word;
        if (!known)
            items[i++] = (struct keyword){word, 1, KEYWORD_ANYWHERE};
    }
}

/* The first words of some abstract, as a person would tell of their own work. */
static char *pick_interests(const struct bench *bench, size_t number)
{
    uint64_t state = number * 1000033 + 29;
    const struct paper *paper = &bench->papers.items[next_random(&state) % bench->papers.count];
    size_t end = 0;

    for (size_t words = 0; end < paper->abstract.size && words < INTERESTS_WORDS; end++)
        words += paper->abstract.data[end] == ' ';
    return view_copy_string(view_slice(paper->abstract, 0, end));
}

/* What profile_free would free are the keywords' texts: they are set to nothing. */
static void make_profile(const struct bench *bench, size_t number, struct keyword *keywords,
                         struct profile *profile)
{
    bool told = bench->kind == KIND_INTERESTS || (bench->kind == KIND_MIXED && number % 2);

    free(profile->interests);
    profile->interests = told ? pick_interests(bench, number) : NULL;
    profile->keywords = (struct keywords){0};
    if (told)
        return;
    pick_keywords(bench, number, keywords);
    profile->keywords = (struct keywords){keywords, KEYWORDS};
}

/* ---- threads ---- */

struct part {
    struct bench *bench;
    size_t from, to;
    struct buffer *bytes;
    uint64_t sum; /* of what was ranked: the same for any number of threads */
};

static double in_parts(struct bench *bench, void *work(void *), struct part *parts)
{
    pthread_t threads[THREADS_MAX];
    double start = seconds();

    for (size_t i = 0; i < bench->threads; i++) {
        parts[i].bench = bench;
        parts[i].bytes = &bench->bytes[i];
        parts[i].from = bench->profiles * i / bench->threads;
        parts[i].to = bench->profiles * (i + 1) / bench->threads;
        if (pthread_create(&threads[i], NULL, work, &parts[i]) != 0)
            abort();
    }
    for (size_t i = 0; i < bench->threads; i++)
        pthread_join(threads[i], NULL);
    return seconds() - start;
}

static void *compile_part(void *argument)
{
    struct part *part = argument;
    struct ranker *ranker = ranker_new(part->bench->index);
    struct keyword keywords[KEYWORDS];
    struct profile profile;
    struct buffer one;

    profile_init(&profile);
    buffer_init(&one, 1 << 20);
    buffer_init(part->bytes, SIZE_MAX / 4);
    for (size_t i = part->from; i < part->to; i++) {
        make_profile(part->bench, i, keywords, &profile);
        ranker_compile(ranker, &profile, NULL, 0, &one);
        buffer_add_view(part->bytes, buffer_view(&one));
        part->bench->ends[i] = part->bytes->size;
    }
    profile.keywords = (struct keywords){0};
    profile_free(&profile);
    buffer_free(&one);
    ranker_free(&ranker);
    return NULL;
}

static double compile_all(struct bench *bench)
{
    struct part parts[THREADS_MAX] = {0};
    double time;

    bench->ends = memory_new(bench->profiles, sizeof(*bench->ends));
    time = in_parts(bench, compile_part, parts);
    for (size_t i = 0; i < bench->threads; i++)
        bench->byte_count += bench->bytes[i].size;
    malloc_trim(0);
    return time;
}

static uint64_t sum_of(const struct ranking *ranking, size_t number)
{
    uint64_t sum = number;

    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *item = &ranking->items[i];
        uint64_t score;

        memcpy(&score, &item->score, sizeof(score));
        sum = words_pair(sum, words_pair(score, item->reason_count));
    }
    return sum;
}

static void *rank_part(void *argument)
{
    struct part *part = argument;
    struct bench *bench = part->bench;
    struct ranker *ranker = ranker_new(bench->index);
    struct arena *arena = arena_new();

    part->sum = 0;
    for (size_t i = part->from; i < part->to; i++) {
        size_t start = i > part->from ? bench->ends[i - 1] : 0;
        struct view bytes = view_slice(buffer_view(part->bytes), start, bench->ends[i]);
        struct ranking ranking;

        arena_reset(arena);
        if (ranking_make_compiled(ranker, bytes, TOP, NULL, arena, &ranking) < 0)
            abort();
        part->sum += sum_of(&ranking, i);
    }
    ranker_free(&ranker);
    arena_free(&arena);
    return NULL;
}

static void *rank_substring_part(void *argument)
{
    struct part *part = argument;
    struct bench *bench = part->bench;
    struct ranker *ranker = ranker_new(bench->index);
    struct arena *arena = arena_new();
    struct keyword keywords[KEYWORDS];
    struct profile profile;

    profile_init(&profile);
    profile.scoring = SCORING_SUBSTRING;
    part->sum = 0;
    for (size_t i = part->from; i < part->to; i++) {
        struct ranking ranking;

        make_profile(bench, i, keywords, &profile);
        arena_reset(arena);
        ranker_make(ranker, &profile, TOP, NULL, arena, &ranking);
        part->sum += sum_of(&ranking, i);
    }
    profile.keywords = (struct keywords){0};
    profile_free(&profile);
    ranker_free(&ranker);
    arena_free(&arena);
    return NULL;
}

static int compare_times(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left > *right) - (*left < *right);
}

static long status_kilobytes(const char *key)
{
    FILE *file = fopen("/proc/self/status", "re");
    char line[256];
    long value = 0;

    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, key, strlen(key)) == 0)
            value = strtol(line + strlen(key), NULL, 10);
    if (file)
        fclose(file);
    return value;
}

static void rank_all(struct bench *bench, size_t runs)
{
    bool compiled = bench->kind != KIND_SUBSTRING;
    double begun = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    double times[RUNS_MAX], processor[RUNS_MAX], compiling = compiled ? compile_all(bench) : 0;
    double compiling_processor = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - begun;
    struct part parts[THREADS_MAX] = {0};
    uint64_t sum = 0;

    for (size_t i = 0; i < runs; i++) {
        double start = seconds_of(CLOCK_PROCESS_CPUTIME_ID);

        times[i] = in_parts(bench, compiled ? rank_part : rank_substring_part, parts);
        processor[i] = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - start;
        sum = 0;
        for (size_t j = 0; j < bench->threads; j++)
            sum += parts[j].sum;
    }
    qsort(times, runs, sizeof(*times), compare_times);
    qsort(processor, runs, sizeof(*processor), compare_times);
    printf("{\"profiles\": %zu, \"threads\": %zu, \"compile_s\": %.3f, \"compile_cpu_s\": %.3f, \"rank_s\": %.4f, \"cpu_s\": %.4f, "
           "\"bytes_per_profile\": %.1f, \"resident_kib\": %ld, \"peak_kib\": %ld, \"sum\": \"%016llx\"}\n",
           bench->profiles, bench->threads, compiling, compiling_processor, times[runs / 2], processor[runs / 2],
           compiled ? (double)bench->byte_count / (double)bench->profiles : 0,
           status_kilobytes("VmRSS:"), status_kilobytes("VmHWM:"), (unsigned long long)sum);
}

static void print_sample(const struct bench *bench)
{
    struct keyword keywords[KEYWORDS];

    for (size_t i = 0; i < SAMPLE; i++) {
        pick_keywords(bench, i, keywords);
        printf("[");
        for (size_t j = 0; j < KEYWORDS; j++)
            printf("%s\"%s\"", j ? ", " : "", keywords[j].term);
        printf("]\n");
    }
}

/* The Python bot's loop in plain C: memmem on lowered texts. */
static void time_plain_loop(const struct bench *bench)
{
    struct keyword keywords[KEYWORDS];
    struct buffer *lowered = memory_new(bench->papers.count, sizeof(*lowered));
    double start, sum = 0;

    for (size_t i = 0; i < bench->papers.count; i++) {
        buffer_init(&lowered[i], 1 << 26);
        utf8_add_lower(&lowered[i], bench->papers.items[i].source_title);
        buffer_add_char(&lowered[i], ' ');
        utf8_add_lower(&lowered[i], bench->papers.items[i].source_abstract);
    }
    start = seconds();
    for (size_t number = 0; number < SAMPLE; number++) {
        pick_keywords(bench, number, keywords);
        for (size_t i = 0; i < bench->papers.count; i++)
            for (size_t j = 0; j < KEYWORDS; j++)
                sum += memmem(lowered[i].data, lowered[i].size, keywords[j].term,
                              strlen(keywords[j].term)) != NULL;
    }
    printf("{\"s_per_profile\": %.9f, \"hits\": %.0f}\n", (seconds() - start) / SAMPLE, sum);
}

static enum kind kind_of(const char *name)
{
    if (strcmp(name, "interests") == 0)
        return KIND_INTERESTS;
    if (strcmp(name, "mixed") == 0)
        return KIND_MIXED;
    return strcmp(name, "substring") == 0 ? KIND_SUBSTRING : KIND_KEYWORDS;
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct feed_report report;
    struct error error = {0};
    struct buffer text;

    if (argc != 6) {
        fprintf(stderr, "usage: bench_rank PAPERS PROFILES THREADS RUNS KIND\n");
        return 64;
    }
    buffer_init(&text, FEED_BYTES);
    papers_init(&bench.papers);
    if (file_read(argv[1], &text, &error) < 0 ||
        feed_parse(buffer_view(&text), FEED_BYTES, &bench.papers, &report, &error) < 0) {
        fprintf(stderr, "bench_rank: %s\n", error.text);
        return 66;
    }
    bench.index = ranking_index_new(&bench.papers, NULL);
    make_vocabulary(&bench);
    bench.profiles = (size_t)strtoul(argv[2], NULL, 10);
    bench.threads = (size_t)strtoul(argv[3], NULL, 10);
    bench.kind = kind_of(argv[5]);
    if (!bench.profiles)
        print_sample(&bench);
    else if (!bench.threads)
        time_plain_loop(&bench);
    else if (bench.threads <= THREADS_MAX && strtoul(argv[4], NULL, 10) <= RUNS_MAX)
        rank_all(&bench, (size_t)strtoul(argv[4], NULL, 10));
    return 0;
}
