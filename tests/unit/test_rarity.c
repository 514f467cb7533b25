/* Counts of an archive: put together in any way they are the same, and damaged
 * bytes give nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ranking/rarity.h"
#include "unit/data.h"
#include "unit/ranked.h"

static const char first_text[] = "1|sparse nets|nets and kernels\n2|Nets|of waves";
static const char second_text[] = "3|waves|and oceans of waves\n4|sparse kernels|";
static const char both_text[] = "1|sparse nets|nets and kernels\n2|Nets|of waves\n"
                                "3|waves|and oceans of waves\n4|sparse kernels|";

static void count(const char *text, struct rarity *rarity)
{
    struct word_splitter *splitter = word_splitter_new();
    struct papers papers;

    ranked_papers(text, &papers);
    rarity_add_papers(rarity, splitter, &papers);
    papers_free(&papers);
    word_splitter_free(&splitter);
}

static size_t papers_with(const struct rarity *rarity, const char *text)
{
    struct word_splitter *splitter = word_splitter_new();
    struct word_list words;
    size_t result;

    word_list_init(&words);
    words_split(splitter, view_of(text), &words);
    result = rarity_papers_with(rarity, words.count > 1 ? words_pair(words.items[0].stem,
                                                                     words.items[1].stem)
                                                        : words.items[0].stem);
    word_list_free(&words);
    word_splitter_free(&splitter);
    return result;
}

static void check_same(const struct rarity *got, const struct rarity *want)
{
    assert_true(got->key == want->key);
    assert_int_equal(got->term_count, want->term_count);
    assert_int_equal(got->paper_count, want->paper_count);
    assert_memory_equal(&got->length, &want->length, sizeof(got->length));
    if (got->term_count) {
        assert_memory_equal(got->terms, want->terms, got->term_count * sizeof(uint64_t));
        assert_memory_equal(got->papers_with, want->papers_with,
                            got->term_count * sizeof(uint32_t));
    }
}

static void papers_are_counted(void **state)
{
    struct rarity rarity = {0};

    (void)state;
    assert_int_equal(papers_with(&rarity, "nets"), 1);
    assert_true(fabs(rarity_average_length(&rarity) - 1) < 1e-9);
    count(both_text, &rarity);
    assert_int_equal(rarity.paper_count, 4);
    assert_int_equal(papers_with(&rarity, "net"), 2);
    assert_int_equal(papers_with(&rarity, "waves"), 2);
    assert_int_equal(papers_with(&rarity, "and"), 2);
    assert_int_equal(papers_with(&rarity, "sparse kernels"), 1);
    assert_int_equal(papers_with(&rarity, "unknown"), 1);
    /* 2 + 1 + 1 + 2 words in titles, 3 + 2 + 4 in abstracts. */
    assert_true(fabs(rarity.length - (3 * 6 + 9)) < 1e-9);
    rarity_free(&rarity);
}

static void parts_sum_to_the_whole(void **state)
{
    struct rarity whole = {0}, sum = {0}, other = {0}, step = {0}, none = {0};

    (void)state;
    count(both_text, &whole);
    count(second_text, &other);
    count(first_text, &sum);
    assert_true(sum.key != whole.key);
    rarity_add(&sum, &other);
    check_same(&sum, &whole);
    rarity_add(&sum, &none);
    check_same(&sum, &whole);
    count(second_text, &step);
    count(first_text, &step);
    check_same(&step, &whole);
    rarity_free(&whole);
    rarity_free(&sum);
    rarity_free(&other);
    rarity_free(&step);
}

static void the_rarest_go_first(void **state)
{
    struct rarity rarity = {0};
    uint64_t key;
    size_t all;

    (void)state;
    count(both_text, &rarity);
    all = rarity.term_count;
    key = rarity.key;
    rarity_trim(&rarity, 1, all);
    assert_int_equal(rarity.term_count, all);
    assert_true(rarity.key == key);
    rarity_trim(&rarity, 1, all - 1);
    assert_true(rarity.term_count > 0 && rarity.term_count < all && rarity.key != key);
    for (size_t i = 0; i < rarity.term_count; i++)
        assert_true(rarity.papers_with[i] >= 2);
    assert_int_equal(papers_with(&rarity, "nets"), 2);
    assert_int_equal(papers_with(&rarity, "oceans"), 1);
    rarity_trim(&rarity, 100, SIZE_MAX);
    assert_int_equal(rarity.term_count, 0);
    assert_int_equal(papers_with(&rarity, "nets"), 1);
    rarity_free(&rarity);
}

static void many_terms_are_found(void **state)
{
    struct rarity rarity = {0};
    struct buffer lines;

    (void)state;
    buffer_init(&lines, 1 << 24);
    for (int i = 0; i < 3000; i++)
        buffer_printf(&lines, "%d|w%d x%d|\n", i, i, i / 3);
    count(buffer_string(&lines), &rarity);
    for (int i = 0; i < 3000; i++) {
        char word[16];

        snprintf(word, sizeof(word), "x%d", i);
        assert_int_equal(papers_with(&rarity, word), i < 1000 ? 3 : 1);
    }
    rarity_free(&rarity);
    buffer_free(&lines);
}

static void bytes_come_back_or_are_refused(void **state)
{
    struct rarity rarity = {0}, back;
    struct buffer bytes;
    struct view label = {0}, exact;

    (void)state;
    buffer_init(&bytes, 1 << 20);
    rarity_pack(&rarity, VIEW(""), &bytes);
    assert_int_equal(rarity_unpack(buffer_view(&bytes), &back, NULL), 0);
    check_same(&back, &(struct rarity){.key = back.key});
    rarity_free(&back);
    count(both_text, &rarity);
    rarity_pack(&rarity, VIEW("June"), &bytes);
    exact = data_exact_view(buffer_view(&bytes));
    assert_int_equal(rarity_unpack(exact, &back, &label), 0);
    assert_true(view_equal(label, VIEW("June")));
    check_same(&back, &rarity);
    rarity_free(&back);
    data_free(exact);
    for (size_t i = 0; i < bytes.size; i++) {
        struct view cut = data_exact_view(view_slice(buffer_view(&bytes), 0, i));

        assert_int_equal(rarity_unpack(cut, &back, &label), -1);
        data_free(cut);
        bytes.data[i] ^= 0x40;
        assert_int_equal(rarity_unpack(buffer_view(&bytes), &back, &label), -1);
        bytes.data[i] ^= 0x40;
    }
    buffer_free(&bytes);
    rarity_free(&rarity);
}

/* An index with counted rarities ranks as one that counts the same papers itself. */
static void ranks_as_the_papers_do(void **state)
{
    struct papers papers, archive;
    struct ranking_index *plain, *counted;
    struct rarity rarity = {0};
    struct arena *arena = arena_new();
    struct profile profile;
    struct ranking got, want;

    (void)state;
    ranked_papers(first_text, &papers);
    ranked_papers(both_text, &archive);
    count(both_text, &rarity);
    rarity_trim(&rarity, 2, SIZE_MAX);
    plain = ranking_index_new(&papers, &archive);
    counted = ranking_index_new_among(&papers, &rarity);
    ranked_profile("'keywords': ['nets', 'waves'], 'interests': 'sparse kernels'", &profile);
    assert_true(ranking_key(plain, VIEW("x")) == ranking_key(counted, VIEW("x")));
    ranking_make(plain, &profile, 0, NULL, arena, &want);
    ranking_make(counted, &profile, 0, NULL, arena, &got);
    assert_int_equal(got.count, 2);
    assert_int_equal(want.count, 2);
    for (size_t i = 0; i < 2; i++)
        assert_memory_equal(&got.items[i].score, &want.items[i].score, sizeof(double));
    ranking_index_free(&plain);
    ranking_index_free(&counted);
    rarity_free(&rarity);
    profile_free(&profile);
    papers_free(&papers);
    papers_free(&archive);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(papers_are_counted),       cmocka_unit_test(parts_sum_to_the_whole),
        cmocka_unit_test(the_rarest_go_first),      cmocka_unit_test(many_terms_are_found),
        cmocka_unit_test(bytes_come_back_or_are_refused),
        cmocka_unit_test(ranks_as_the_papers_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
