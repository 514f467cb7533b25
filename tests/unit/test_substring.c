/* `scoring: substring`, the Python bot's list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/feed.h"
#include "unit/data.h"
#include "unit/ranked.h"

#define MODE "'scoring': 'substring'"

static const struct {
    const char *name;
    const char *papers;
    const char *profile;
    const char *want;
} cases[] = {
    {"anywhere, inside words too", "1|Underlying|x\n2|Other|y", MODE ", 'keywords': ['RL']", "1:RL"},
    {"the title adds a half", "1|a|net here\n2|net|there", MODE ", 'keywords': ['net']",
     "2:net 1:net"},
    {"across the joint of title and abstract", "1|big|net", MODE ", 'keywords': ['g n']", "1:g n"},
    {"a hit of title alone is 1.5", "1|net x|\n2|a|net x", MODE ", 'keywords': ['net', 'x']",
     "1:net,x 2:net,x"},
    {"the title's first, then the list's order", "1|b|a b c", MODE ", 'keywords': ['a', 'b', 'c']",
     "1:b,a,c"},
    {"ties in feed order", "3|net|\n1|net|\n2|net|", MODE ", 'keywords': ['net']",
     "3:net 1:net 2:net"},
    {"a double keyword counts twice", "1|x|net ann\n2|net|", MODE ", 'keywords': ['ann', 'ANN', 'net']",
     "1:ann,ANN,net 2:net"},
    {"an excluded one anywhere", "1|net|reviewer\n2|net|", MODE
     ", 'keywords': ['net'], 'exclude_keywords': ['Review']", "2:net"},
    {"new only", "1|net||||cross\n2|net||||replace\n3|net|", MODE
     ", 'keywords': ['net'], 'announce_types': ['new', 'cross', 'replace']", "3:net"},
    {"categories", "1|net|||cs.LG,math.ST\n2|net|||hep-th\n3|net|", MODE
     ", 'keywords': ['net'], 'categories': ['math.ST']", "1:net"},
    {"TeX as the source has it", "1|Poincar\\'e|\n2|Poincar\xC3\xA9|", MODE
     ", 'keywords': [\"poincar\xC3\xA9\"]", "2:poincar\xC3\xA9"},
    {"lower case as Python has it", "1|\xC3\x89TALE|", MODE ", 'keywords': ['\xC3\xA9tale']",
     "1:\xC3\xA9tale"},
    {"weights, fields and the rest are not the bot's", "1|a|net|J. Doe\n2|net|\n3|gpu|gpu|J. Doe",
     MODE ", 'keywords': [{'term': 'net', 'weight': 9, 'field': 'abstract'}], "
          "'bonus_keywords': ['a'], 'authors': {'follow': ['J. Doe']}, 'interests': 'gpu'",
     "2:net 1:net"},
    {"min_score", "1|net|\n2|a|net", MODE ", 'keywords': ['net'], 'min_score': 1.2", "1:net"},
    {"no keywords: feed order", "2|b|\n1|a|\n3|survey|\n4|x||||cross", MODE
     ", 'exclude_keywords': ['survey']", "2 1"},
    {"nothing hits", "1|a|b", MODE ", 'keywords': ['net']", ""},
    {"excluded authors and lengths hold", "1|net||A. Doe\n2|net||B. Roe\n3|net|long enough", MODE
     ", 'keywords': ['net'], 'authors': {'exclude': ['Doe, A']}", "2:net 3:net"},
    {"liked papers are known", "1|net|\n2|net|", MODE ", 'keywords': ['net'], 'liked': ['1']",
     "2:net"},
    {"no papers", "", MODE ", 'keywords': ['net']", ""},
};

static void test_lists(void **state)
{
    struct buffer got;

    (void)state;
    buffer_init(&got, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_clear(&got);
        ranked_list(cases[i].papers, NULL, cases[i].profile, 0, &got);
        if (strcmp(buffer_string(&got), cases[i].want) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name, buffer_string(&got),
                     cases[i].want);
    }
    buffer_free(&got);
}

static void test_cut(void **state)
{
    struct buffer got;

    (void)state;
    buffer_init(&got, 4096);
    ranked_list("1|net|\n2|a|net\n3|net|", NULL, MODE ", 'keywords': ['net'], 'max_papers': 2", 0,
                &got);
    assert_string_equal(buffer_string(&got), "1:net 3:net");
    buffer_clear(&got);
    ranked_list("1|net|\n2|a|net\n3|net|", NULL, MODE ", 'keywords': ['net'], 'max_papers': 2", 3,
                &got);
    assert_string_equal(buffer_string(&got), "1:net 3:net 2:net");
    buffer_free(&got);
}

/* The bot's own list of words on a real day, against its rule spelled out. */
static const char bot_profile[] =
    MODE ", 'keywords': ['LLM', 'RL', 'RLHF', 'Inference', 'Training', 'Attention', 'Pipeline', "
         "'MOE', 'Sparse', 'Quantization', 'Speculative', 'Efficient', 'Efficiency', 'Framework', "
         "'Parallel', 'Distributed', 'Kernel', 'Decode', 'Decoding', 'Prefill', 'Throughput', "
         "'Fast', 'Network', 'Hardware', 'Cluster', 'FP8', 'FP4', 'Optimization', 'Scalable', "
         "'Communication'], 'exclude_keywords': ['survey', 'review', 'tutorial']";

static bool holds(struct view text, const char *word)
{
    struct view needle = view_of(word);

    for (size_t i = 0; i + needle.size <= text.size; i++)
        if (view_equal_nocase(view_slice(text, i, i + needle.size), needle))
            return true;
    return false;
}

static double bot_score(const struct paper *paper, const struct profile *profile)
{
    double score = 0;
    bool out = paper->announce_type != ANNOUNCE_NEW;

    for (size_t i = 0; i < profile->exclude_keywords.count; i++)
        out = out || holds(paper->source_title, profile->exclude_keywords.items[i]) ||
              holds(paper->source_abstract, profile->exclude_keywords.items[i]);
    for (size_t i = 0; i < profile->keywords.count; i++) {
        bool in_title = holds(paper->source_title, profile->keywords.items[i].term);

        score += in_title || holds(paper->source_abstract, profile->keywords.items[i].term);
        score += in_title ? 0.5 : 0;
    }
    return out ? 0 : score;
}

static void check_bot_ranking(const struct papers *papers, const struct profile *profile,
                              const struct ranking *ranking)
{
    size_t expected = 0;

    for (size_t i = 0; i < papers->count; i++)
        expected += bot_score(&papers->items[i], profile) > 0;
    assert_int_equal(ranking->count, expected);
    for (size_t i = 0; i < ranking->count; i++) {
        double score = bot_score(ranking->items[i].paper, profile);

        assert_true(ranking->items[i].score >= score && ranking->items[i].score <= score);
        ranked_check_reasons(&ranking->items[i]);
        if (i && ranking->items[i - 1].score <= score) {
            assert_true(ranking->items[i - 1].score >= score);
            assert_true(ranking->items[i - 1].paper < ranking->items[i].paper);
        }
    }
}

/* Texts and words of few letters, so that nearly every string stands somewhere. */
enum { ROUNDS = 60, PAPERS = 50, WORD_MAX = 5, WORDS = 6 };

static void add_letters(struct buffer *text, size_t count, uint64_t *state)
{
    for (; count > 0; count--) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        buffer_add_char(text, "abcABC"[(*state >> 33) % 6]);
    }
}

static size_t random_below(uint64_t *state, size_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*state >> 33) % limit;
}

static void add_random_words(struct buffer *json, const char *key, size_t count, size_t least,
                             uint64_t *state)
{
    buffer_printf(json, ", '%s': [", key);
    for (size_t i = 0; i < count; i++) {
        buffer_add_string(json, i ? ", '" : "'");
        add_letters(json, least + random_below(state, WORD_MAX), state);
        buffer_printf(json, "%.*s'", (int)i, "xxxxxxxx"); /* none is there twice */
    }
    buffer_add_char(json, ']');
}

static void test_random(void **state)
{
    struct arena *arena = arena_new();
    struct buffer text;
    uint64_t random = 5;

    (void)state;
    buffer_init(&text, 1 << 20);
    for (size_t round = 0; round < ROUNDS; round++) {
        struct papers papers;
        struct ranking_index *index;
        struct ranker *ranker;

        buffer_clear(&text);
        for (size_t i = 0; i < PAPERS; i++) {
            buffer_printf(&text, "%zu|", i);
            add_letters(&text, random_below(&random, 12), &random);
            buffer_add_string(&text, random_below(&random, 3) ? "|" : "x|");
            add_letters(&text, random_below(&random, 60), &random);
            buffer_add_string(&text, random_below(&random, 4) ? "\n" : "x|||cross\n");
        }
        ranked_papers(buffer_string(&text), &papers);
        index = ranking_index_new(&papers, NULL);
        ranker = ranker_new(index);
        for (int i = 0; i < 5; i++) {
            struct profile profile;
            struct ranking ranking;

            buffer_clear(&text);
            buffer_add_string(&text, MODE ", 'max_papers': 500");
            add_random_words(&text, "keywords", 1 + random_below(&random, WORDS), 1, &random);
            add_random_words(&text, "exclude_keywords", random_below(&random, 2), 4, &random);
            ranked_profile(buffer_string(&text), &profile);
            ranker_make(ranker, &profile, 0, NULL, arena, &ranking);
            check_bot_ranking(&papers, &profile, &ranking);
            profile_free(&profile);
            arena_reset(arena);
        }
        ranker_free(&ranker);
        ranking_index_free(&index);
        papers_free(&papers);
    }
    buffer_free(&text);
    arena_free(&arena);
}

static void test_real_day(void **state)
{
    char path[512];
    struct papers papers;
    struct profile profile;
    struct feed_report report;
    struct error error = {0};
    struct arena *arena = arena_new();
    struct ranking_index *index;
    struct ranking ranking;
    struct view bytes;

    (void)state;
    if (!data_path("papers/day-2026-06-30.jsonl", path)) {
        arena_free(&arena);
        return;
    }
    bytes = data_read(path);
    papers_init(&papers);
    assert_int_equal(feed_parse(bytes, FEED_BYTES, &papers, &report, &error), 0);
    ranked_profile(bot_profile, &profile);
    index = ranking_index_new(&papers, NULL);
    ranking_make(index, &profile, papers.count, NULL, arena, &ranking);
    assert_true(ranking.count > 500);
    check_bot_ranking(&papers, &profile, &ranking);
    ranking_index_free(&index);
    profile_free(&profile);
    papers_free(&papers);
    arena_free(&arena);
    data_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_real_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
