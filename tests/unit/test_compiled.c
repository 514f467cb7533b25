/* Profiles as compiled bytes: the same ranking, and nothing from damaged ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_as_ranking_make),
        cmocka_unit_test(test_odd_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
