/* Profiles as compiled bytes: the same ranking, and nothing from damaged ones. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ranking/ranker.h"
#include "unit/data.h"
#include "unit/ranked.h"

static const char papers_text[] =
    "1|sparse nets|kv-cache pruning of LLMs|A. Doe|cs.LG\n2|KV cache|net pruning net||cs.DC\n"
    "3|survey of nets|kv cache\n4|oceans|waves and nets|B. Roe|cs.LG|cross\n5|fine-tuning data|x";

static const char *const profiles[] = {
    "'keywords': ['kv cache', {'term': 'net', 'weight': 3, 'field': 'title'}, 'LLM']",
    "'keywords': ['nets'], 'exclude_keywords': ['survey'], 'categories': ['cs']",
    "'interests': 'pruning of sparse nets', 'authors': {'follow': ['Roe, B']}",
    "'liked': ['1'], 'disliked': ['4'], 'required_keywords': ['kv cache'], 'min_score': 1",
    "'keywords': ['fine-tuning data of pre-training'], 'bonus_keywords': ['x'], 'max_papers': 1",
    "'keywords': [{'term': 'nets', 'weight': 1e-300}]",
    "",
};

static void check_same(const struct ranking *got, const struct ranking *want)
{
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < want->count; i++) {
        assert_ptr_equal(got->items[i].paper, want->items[i].paper);
        assert_memory_equal(&got->items[i].score, &want->items[i].score, sizeof(double));
        assert_int_equal(got->items[i].reason_count, want->items[i].reason_count);
        for (size_t j = 0; j < want->items[i].reason_count; j++) {
            const struct reason *a = &got->items[i].reasons[j], *b = &want->items[i].reasons[j];

            assert_true(view_equal(a->term, b->term) && a->field == b->field);
            assert_memory_equal(&a->score, &b->score, sizeof(double));
        }
    }
}

/* One ranker for all profiles, forwards and backwards. */
static void test_same_as_ranking_make(void **state)
{
    enum { COUNT = sizeof(profiles) / sizeof(profiles[0]) };
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct arena *arena = arena_new();
    struct buffer bytes;

    (void)state;
    ranked_papers(papers_text, &papers);
    index = ranking_index_new(&papers, NULL);
    ranker = ranker_new(index);
    buffer_init(&bytes, 1 << 20);
    for (size_t i = 0; i < 2 * COUNT; i++) {
        struct profile profile;
        struct ranking got, want;
        struct view exact;

        ranked_profile(profiles[i < COUNT ? i : 2 * COUNT - 1 - i], &profile);
        assert_int_equal(ranking_compile(index, &profile, 7, &bytes), 0);
        exact = data_exact_view(buffer_view(&bytes));
        assert_int_equal(ranking_compiled_key(exact), 7);
        assert_int_equal(ranking_make_compiled(ranker, exact, 0, NULL, arena, &got), 0);
        ranking_make(index, &profile, 0, NULL, arena, &want);
        check_same(&got, &want);
        for (size_t j = 0; j < got.count && got.items[j].reason_count; j++)
            ranked_check_reasons(&got.items[j]);
        data_free(exact);
        profile_free(&profile);
    }
    buffer_free(&bytes);
    ranker_free(&ranker);
    assert_null(ranker);
    ranking_index_free(&index);
    papers_free(&papers);
    arena_free(&arena);
}

static void test_odd_bytes(void **state)
{
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct arena *arena = arena_new();
    struct profile profile;
    struct ranking ranking;
    struct buffer bytes;

    (void)state;
    ranked_papers(papers_text, &papers);
    index = ranking_index_new(&papers, NULL);
    ranker = ranker_new(index);
    buffer_init(&bytes, 1 << 20);
    ranked_profile(profiles[0], &profile);
    assert_int_equal(ranking_compile(index, &profile, 7, &bytes), 0);
    for (size_t i = 0; i < bytes.size; i++) {
        struct view cut = data_exact_view(view_slice(buffer_view(&bytes), 0, i));

        assert_int_equal(ranking_make_compiled(ranker, cut, 0, NULL, arena, &ranking), -1);
        data_free(cut);
        bytes.data[i] ^= 0x40;
        assert_int_equal(
            ranking_make_compiled(ranker, buffer_view(&bytes), 0, NULL, arena, &ranking), -1);
        assert_int_equal(ranking_compiled_key(buffer_view(&bytes)), 0);
        bytes.data[i] ^= 0x40;
    }
    profile_free(&profile);
    ranked_profile("'keywords': ['net'], 'scoring': 'substring'", &profile);
    assert_int_equal(ranking_compile(index, &profile, 7, &bytes), -1);
    assert_true(ranking_key(index, VIEW("{}")) != ranking_key(index, VIEW("{ }")));
    profile_free(&profile);
    buffer_free(&bytes);
    ranker_free(&ranker);
    ranking_index_free(&index);
    papers_free(&papers);
    arena_free(&arena);
}

/* Whatever keywords the ranker compiled before, in whatever order, and more than it keeps
 * room for at first. */
static void test_same_bytes_from_memory(void **state)
{
    enum { OTHERS = 300 };
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct buffer bytes, remembered, json;

    (void)state;
    ranked_papers(papers_text, &papers);
    index = ranking_index_new(&papers, NULL);
    ranker = ranker_new(index);
    buffer_init(&bytes, 1 << 20);
    buffer_init(&remembered, 1 << 20);
    buffer_init(&json, 1 << 20);
    for (size_t i = 0; i < OTHERS; i++) {
        static const char *const rest[] = {
            "'pre-training data', 'LLMs', 'the of a', 'kv cache of LLMs'",
            "{'term': 'LLMs', 'field': 'title'}, 'sparse nets', 'data sets of multi agent nets'",
            "'kv cache of LLMs', 'LLMs', 'KV-cache', 'FP8 nets', 'pre-training data'",
        };
        struct profile profile;

        buffer_clear(&json);
        buffer_printf(&json, "'keywords': ['word%zu net', %s], 'bonus_keywords': ['nets', 'nets']",
                      i * 7 % OTHERS / 2, rest[i % 3]);
        ranked_profile(buffer_string(&json), &profile);
        assert_int_equal(ranking_compile(index, &profile, i, &bytes), 0);
        assert_int_equal(ranker_compile(ranker, &profile, NULL, i, &remembered), 0);
        assert_int_equal(bytes.size, remembered.size);
        assert_memory_equal(bytes.data, remembered.data, bytes.size);
        profile_free(&profile);
    }
    buffer_free(&bytes);
    buffer_free(&remembered);
    buffer_free(&json);
    ranker_free(&ranker);
    ranking_index_free(&index);
    papers_free(&papers);
}

/* ---- keywords of all shapes ---- */

static size_t random_below(uint64_t *state, size_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*state >> 33) % limit;
}

/* One that others write in many ways has no more patterns than are unpacked. */
static void check_compiles(struct ranking_index *index, struct ranker *ranker, const char *keyword)
{
    struct buffer json, bytes, again;
    struct arena *arena = arena_new();
    struct profile profile;
    struct ranking ranking;

    buffer_init(&json, 1 << 16);
    buffer_init(&bytes, 1 << 20);
    buffer_init(&again, 1 << 20);
    buffer_printf(&json, "\"required_keywords\": [\"%s\", \"net\"]", keyword);
    ranked_profile(buffer_string(&json), &profile);
    assert_int_equal(ranking_compile(index, &profile, 7, &bytes), 0);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(ranker_compile(ranker, &profile, NULL, 7, &again), 0);
        assert_true(view_equal(buffer_view(&again), buffer_view(&bytes)));
    }
    if (ranking_make_compiled(ranker, buffer_view(&bytes), 0, NULL, arena, &ranking) < 0)
        fail_msg("\"%s\" does not come back", keyword);
    profile_free(&profile);
    arena_free(&arena);
    buffer_free(&json);
    buffer_free(&bytes);
    buffer_free(&again);
}

static void test_keywords_of_all_shapes(void **state)
{
    enum { ROUNDS = 3000, KEYWORD_BYTES = 180 };
    static const char *const keywords[] = {
        "optimised analysis of generalised matrices, regularised formulae and their spectra: "
        "criteria",
        "synthesised, analysed, optimised, generalised, regularised, minimised, maximised",
        "M\u00FCller K\u00F6hler Schr\u00F6dinger Gr\u00FCnwald L\u00F6wner G\u00F6ttingen "
        "B\u00E4cklund",
    };
    static const char *const words[] = {
        "optimised", "matrices", "M\u00FCller", "Schroedinger", "grey", "fine-tuning", "FP8",
        "YOLOv8", "LLMs", "WiFi", "vms", "indices", "axes", "\u6DF1\u5EA6", "dataset", "multiagent",
        "kv", "cache", "of", "3.5", "\u00BD", "C++", "$\\\\alpha$", "Uebermaessigkoeln", "a-b-c-d-e",
        "multi", "agent", "data", "sets", "pre-training"};
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct buffer keyword;
    uint64_t seed = 5;

    (void)state;
    ranked_papers("1|data sets of multi agent nets|pre training in YOLO v8 and FP 8|A. Doe\n"
                  "2|datasets|multiagent pretraining of a net||", &papers);
    index = ranking_index_new(&papers, NULL);
    ranker = ranker_new(index);
    buffer_init(&keyword, 1024);
    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        check_compiles(index, ranker, keywords[i]);
    for (size_t i = 0; i < 40; i++)
        buffer_add_string(&keyword, i ? " grey" : "grey");
    check_compiles(index, ranker, buffer_string(&keyword));
    for (size_t i = 0; i < ROUNDS; i++) {
        size_t count = 1 + random_below(&seed, 1 + random_below(&seed, 40));

        buffer_clear(&keyword);
        while (count-- && keyword.size < KEYWORD_BYTES - 20) {
            buffer_add_string(&keyword,
                              words[random_below(&seed, sizeof(words) / sizeof(words[0]))]);
            buffer_add_string(&keyword, random_below(&seed, 5) ? " " : ", ");
        }
        check_compiles(index, ranker, buffer_string(&keyword));
    }
    buffer_free(&keyword);
    ranker_free(&ranker);
    ranking_index_free(&index);
    papers_free(&papers);
}

/* What is made wrongly after all is noticed where it is made. */
static void test_too_many_patterns_are_not_packed(void **state)
{
    struct pattern patterns[COMPILED_PATTERNS_MAX + 1] = {{1, 0, 0}};
    struct compiled_term term = {.text = VIEW("net"), .weight = 1};
    struct compiled_profile compiled = {.terms = &term, .term_count = 1, .patterns = patterns};
    struct buffer bytes;

    (void)state;
    buffer_init(&bytes, 1 << 16);
    for (uint32_t count = 1; count <= COMPILED_PATTERNS_MAX + 1; count++) {
        struct compiled_profile got = {0};

        compiled.pattern_count = term.pattern_count = count;
        compiled_pack(&compiled, 7, &bytes);
        assert_int_equal(bytes.failed, count > COMPILED_PATTERNS_MAX);
        assert_int_equal(compiled_unpack(buffer_view(&bytes), &got), bytes.failed ? -1 : 0);
        compiled_free(&got);
    }
    buffer_free(&bytes);
}

/* ---- any number of threads, any order ---- */

enum { MANY = 400, MANY_PAPERS = 300, MANY_KEYWORDS = 12, MANY_WORDS = 60, MANY_TOP = 20 };

struct many {
    struct ranking_index *index;
    struct buffer bytes[MANY];
    struct buffer printed[MANY];
    size_t order[MANY];
    bool has_rows; /* of what was found; else there is no room for any */
};

/* Words from w0, which most papers have, to rare ones. */
static void add_word(struct buffer *text, uint64_t *state)
{
    size_t word = random_below(state, MANY_WORDS);

    buffer_printf(text, "w%zux ", word * word / MANY_WORDS);
}

static void add_papers(struct buffer *text, uint64_t *state)
{
    for (size_t i = 0; i < MANY_PAPERS; i++) {
        buffer_printf(text, "%zu|", i);
        for (size_t j = random_below(state, 5); j > 0; j--)
            add_word(text, state);
        buffer_add_char(text, '|');
        for (size_t j = random_below(state, 30); j > 0; j--)
            add_word(text, state);
        buffer_printf(text, "|Author %c|cs.LG%s\n", (char)('A' + random_below(state, 26)),
                      random_below(state, 4) ? "" : "|cross");
    }
}

static void add_profile(struct buffer *json, uint64_t *state, size_t number)
{
    static const char *const extras[] = {
        "", ", 'exclude_keywords': ['w7x']", ", 'bonus_keywords': ['w2x']",
        ", 'required_keywords': ['w0x']", ", 'authors': {'follow': ['Author B']}",
        ", 'interests': 'w3x w12x w30x'", ", 'liked': ['3'], 'disliked': ['4', '5']",
        ", 'min_score': 40, 'announce_types': ['cross']",
    };

    buffer_printf(json, "'max_papers': %d, 'keywords': [", MANY_TOP);
    for (size_t i = 0; i < MANY_KEYWORDS; i++) {
        buffer_add_string(json, i ? ", {'term': '" : "{'term': '");
        for (size_t j = random_below(state, 2) + 1; j > 0; j--)
            add_word(json, state);
        buffer_printf(json, "', 'weight': %zu%s}", 1 + random_below(state, 3),
                      random_below(state, 5) ? "" : ", 'field': 'title'");
    }
    buffer_printf(json, "]%s", extras[number % (sizeof(extras) / sizeof(extras[0]))]);
}

static void print_ranking(const struct ranking *ranking, struct buffer *out)
{
    buffer_clear(out);
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *item = &ranking->items[i];

        buffer_add_view(out, item->paper->id);
        buffer_printf(out, " %a", item->score);
        for (size_t j = 0; j < item->reason_count; j++)
            buffer_printf(out, " %.*s/%d/%a", VIEW_ARGUMENTS(item->reasons[j].term),
                          (int)item->reasons[j].field, item->reasons[j].score);
        buffer_add_char(out, '\n');
    }
}

struct share {
    pthread_t thread;
    struct many *many;
    size_t from, to;
    bool failed;
    size_t rows;
};

static size_t count_rows(const struct found_cache *cache)
{
    size_t count = 0;

    for (size_t i = 0; i < cache->capacity; i++)
        count += cache->places[i].found && cache->places[i].found->row;
    return count;
}

static void *rank_share(void *argument)
{
    struct share *share = argument;
    struct many *many = share->many;
    struct ranker *ranker = ranker_new(many->index);
    struct arena *arena = arena_new();

    if (!many->has_rows)
        ranker->cache.bytes_max = 0;
    for (size_t i = share->from; i < share->to; i++) {
        size_t number = many->order[i];
        struct ranking ranking = {0};

        arena_reset(arena);
        share->failed |= ranking_make_compiled(ranker, buffer_view(&many->bytes[number]), 0, NULL,
                                               arena, &ranking) < 0;
        print_ranking(&ranking, &many->printed[number]);
        share->rows += count_rows(&ranker->cache);
    }
    ranker_free(&ranker);
    arena_free(&arena);
    return NULL;
}

static void rank_many(struct many *many, size_t threads)
{
    struct share shares[4] = {{0}};

    assert_true(threads <= 4);
    for (size_t i = 0; i < threads; i++) {
        shares[i].many = many;
        shares[i].from = MANY * i / threads;
        shares[i].to = MANY * (i + 1) / threads;
        assert_int_equal(pthread_create(&shares[i].thread, NULL, rank_share, &shares[i]), 0);
    }
    for (size_t i = 0; i < threads; i++) {
        assert_int_equal(pthread_join(shares[i].thread, NULL), 0);
        assert_false(shares[i].failed);
        assert_int_equal(shares[i].rows > 0, many->has_rows);
    }
}

/* Bit by bit what each profile gets by itself, with nothing known before. */
static void test_any_threads_and_order(void **state)
{
    static const size_t threads[] = {1, 2, 4, 1};
    struct many *many = calloc(1, sizeof(*many));
    struct buffer text, *alone = calloc(MANY, sizeof(*alone));
    struct arena *arena = arena_new();
    struct papers papers;
    uint64_t seed = 11;

    (void)state;
    buffer_init(&text, 1 << 20);
    add_papers(&text, &seed);
    ranked_papers(buffer_string(&text), &papers);
    many->index = ranking_index_new(&papers, NULL);
    for (size_t i = 0; i < MANY; i++) {
        struct profile profile;
        struct ranking ranking;

        buffer_clear(&text);
        add_profile(&text, &seed, i);
        ranked_profile(buffer_string(&text), &profile);
        buffer_init(&many->bytes[i], 1 << 20);
        buffer_init(&many->printed[i], 1 << 20);
        buffer_init(&alone[i], 1 << 20);
        assert_int_equal(ranking_compile(many->index, &profile, i, &many->bytes[i]), 0);
        ranking_make(many->index, &profile, 0, NULL, arena, &ranking);
        print_ranking(&ranking, &alone[i]);
        many->order[i] = i;
        profile_free(&profile);
    }
    for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
        many->has_rows = i < 3;
        rank_many(many, threads[i]);
        for (size_t j = 0; j < MANY; j++)
            assert_string_equal(buffer_string(&many->printed[j]), buffer_string(&alone[j]));
        for (size_t j = MANY - 1; j > 0; j--) {
            size_t other = random_below(&seed, j + 1), held = many->order[j];

            many->order[j] = many->order[other];
            many->order[other] = held;
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        buffer_free(&many->bytes[i]);
        buffer_free(&many->printed[i]);
        buffer_free(&alone[i]);
    }
    ranking_index_free(&many->index);
    papers_free(&papers);
    buffer_free(&text);
    arena_free(&arena);
    free(alone);
    free(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_ranking_make),
        cmocka_unit_test(test_odd_bytes),
        cmocka_unit_test(test_same_bytes_from_memory),
        cmocka_unit_test(test_keywords_of_all_shapes),
        cmocka_unit_test(test_too_many_patterns_are_not_packed),
        cmocka_unit_test(test_any_threads_and_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
