/* Where reasons stand: by hand, and properties on random papers and profiles. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "ranking/highlight.h"
#include "unit/data.h"
#include "unit/ranked.h"

/* The text with [ ] around what is highlighted. */
static void write_marked(struct view text, const struct highlights *found, struct buffer *out)
{
    size_t at = 0;

    for (size_t i = 0; i < found->count; i++) {
        buffer_add_view(out, view_slice(text, at, found->items[i].start));
        buffer_printf(out, "[%.*s]", VIEW_ARGUMENTS(view_slice(text, found->items[i].start,
                                                               found->items[i].end)));
        at = found->items[i].end;
    }
    buffer_add_view(out, view_slice(text, at, text.size));
}

static void reasons_are_marked(void **state)
{
    static const struct {
        const char *profile, *paper, *want; /* "title|abstract" */
    } cases[] = {
        {"'keywords': ['kernel']", "Kernels of a kernel|No KERNEL's, no kernels'",
         "[Kernels] of a [kernel]|No [KERNEL]'s, no [kernels]'"},
        {"'keywords': ['LLM']", "LLMs and an llm|LLM-based", "[LLMs] and an [llm]|[LLM]-based"},
        {"'keywords': ['RL']", "RL, underlying|", "[RL], underlying|"},
        {"'keywords': ['kv cache']", "KV-cache|The KV caches, a kv  cache. A cache",
         "[KV-cache]|The [KV caches], a [kv  cache]. A cache"},
        {"'keywords': ['fine-tuning']", "finetuning|fine tuning of fine-tuned",
         "[finetuning]|[fine tuning] of [fine-tuned]"},
        {"'keywords': ['retrieval augmented generation']",
         "Retrieval-augmented generation|generation augmented",
         "[Retrieval-augmented generation]|generation augmented"},
        /* Overlapping and touching ones are one. */
        {"'keywords': ['sparse net', 'net pruning', 'prun']", "a sparse net pruning|net",
         "a [sparse net pruning]|net"},
        {"'keywords': ['神经网络']", "关于神经网络的|络", "关于[神经网络]的|络"},
        {"'keywords': ['经']", "神经网|经", "神[经]网|[经]"},
        {"'keywords': ['網']", "神経網 x|", "神経[網] x|"},
        {"'keywords': ['müller', 'strasse']", "Muller in der Straße|MÜLLER",
         "[Muller] in der [Straße]|[MÜLLER]"},
        {"'keywords': ['C++', 'C#']", "C++ and C#|C", "[C++] and [C#]|C"},
        {"'keywords': [{'term': 'net', 'field': 'title'}]", "net|net", "[net]|[net]"},
        {"'interests': 'papers about pruning of sparse nets'", "Sparse nets|are pruned",
         "[Sparse nets]|are [pruned]"},
        {"'authors': {'follow': ['Doe']}", "Doe|Doe", "Doe|Doe"},
        {"'scoring': 'substring', 'keywords': ['rl', 'ÄHN']", "underlying|Ähnlich wie RL",
         "unde[rl]ying|[Ähn]lich wie [RL]"},
        {"'scoring': 'substring', 'keywords': ['aa', 'ab']", "aaab|x aaaa", "[aaab]|x [aaaa]"},
        {"'scoring': 'substring', 'keywords': ['aa', 'rl']", "aaa|ẞẞ rl ẞ", "[aa]a|ẞẞ [rl] ẞ"},
        {"'keywords': ['kernel', 'net']", "kernel kernels|net,nets",
         "[kernel] [kernels]|[net],[nets]"},
        {"'keywords': ['finetuning data sets']", "fine-tuning data sets|fine tuning",
         "[fine-tuning data sets]|fine tuning"},
        {"'keywords': ['datasets']", "A data set|Data-sets, set data, dataset",
         "A [data set]|[Data-sets], set data, [dataset]"},
        {"'keywords': ['big dataset', 'multi agent systems']",
         "big data set multiagent system|multi agent systems",
         "[big data set] [multiagent system]|[multi agent systems]"},
        {"'keywords': ['2d materials']", "2D materials & <b>|x", "[2D materials] & <b>|x"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct highlighter *highlighter = highlighter_new();
        struct highlights title = {0}, abstract = {0};
        struct arena *arena = arena_new();
        struct ranking_index *index;
        struct profile profile;
        struct papers papers;
        struct ranking ranking;
        struct buffer lines, got;

        buffer_init(&lines, 1000);
        buffer_init(&got, 1000);
        buffer_printf(&lines, "1|%s|A. Doe", cases[i].paper);
        ranked_papers(buffer_string(&lines), &papers);
        ranked_profile(cases[i].profile, &profile);
        index = ranking_index_new(&papers, NULL);
        ranking_make(index, &profile, 0, NULL, arena, &ranking);
        assert_int_equal(ranking.count, 1);
        highlighter_find(highlighter, profile.scoring, ranking.items[0].paper,
                         ranking.items[0].reasons, ranking.items[0].reason_count, &title,
                         &abstract);
        write_marked(papers.items[0].title, &title, &got);
        buffer_add_char(&got, '|');
        write_marked(papers.items[0].abstract, &abstract, &got);
        assert_string_equal(buffer_string(&got), cases[i].want);
        highlights_free(&title);
        highlights_free(&abstract);
        highlighter_free(&highlighter);
        ranking_index_free(&index);
        profile_free(&profile);
        papers_free(&papers);
        arena_free(&arena);
        buffer_free(&lines);
        buffer_free(&got);
    }
}

/* ---- properties ---- */

static uint32_t next_random(uint32_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 17;
    *seed ^= *seed << 5;
    return *seed;
}

static const char *const WORDS[] = {
    "kernel", "Kernels", "fine", "tuning", "finetuning", "LLM", "LLMs", "IDS", "id", "MoE", "kv",
    "cache", "KV", "神经", "网络", "神", "한국어", "Straße", "é", "e\xCC\x81", "FP8", "FP", "8",
    "C++", "3.5", "nets", "sparse", "the", "of", "it’s", "state", "art", "ﬁne", "x²", "H100s"};
static const char *const GAPS[] = {" ", "-", " ", ", ", "", "–", " ", "/"};

static void write_text(uint32_t *seed, size_t words, struct buffer *out)
{
    for (size_t i = 0; i < words; i++) {
        if (i)
            buffer_add_string(out, GAPS[next_random(seed) % 8]);
        buffer_add_string(out, WORDS[next_random(seed) % (sizeof(WORDS) / sizeof(WORDS[0]))]);
    }
}

static bool is_boundary(struct view text, size_t at)
{
    return at == text.size || ((unsigned char)text.data[at] & 0xC0) != 0x80;
}

static void check_ranges(struct view text, const struct highlights *found)
{
    size_t before = 0;

    for (size_t i = 0; i < found->count; i++) {
        const struct highlight *range = &found->items[i];

        assert_true(range->start < range->end && range->end <= text.size);
        assert_true(i == 0 || range->start > before);
        assert_true(is_boundary(text, range->start) && is_boundary(text, range->end));
        before = range->end;
    }
}

static bool covers(const struct highlights *all, const struct highlights *one)
{
    for (size_t i = 0, j = 0; i < one->count; i++) {
        while (j < all->count && all->items[j].end < one->items[i].end)
            j++;
        if (j == all->count || all->items[j].start > one->items[i].start)
            return false;
    }
    return true;
}

/* What is marked holds the term: alone, it is found by the same reason. */
static void check_runs(struct highlighter *highlighter, enum profile_scoring scoring,
                       const struct reason *reason, struct view text,
                       const struct highlights *found)
{
    struct highlights title = {0}, abstract = {0};

    for (size_t i = 0; i < found->count; i++) {
        struct paper paper = {.title = view_slice(text, found->items[i].start,
                                                  found->items[i].end)};

        highlighter_find(highlighter, scoring, &paper, reason, 1, &title, &abstract);
        if (!title.count)
            fail_msg("'%.*s' is no '%.*s'", VIEW_ARGUMENTS(paper.title),
                     VIEW_ARGUMENTS(reason->term));
    }
    highlights_free(&title);
    highlights_free(&abstract);
}

static void check_reason(struct highlighter *highlighter, enum profile_scoring scoring,
                         const struct ranked_paper *item, const struct reason *reason,
                         struct highlights *title, struct highlights *abstract)
{
    const struct paper *paper = item->paper;

    highlighter_find(highlighter, scoring, paper, reason, 1, title, abstract);
    if (reason->field == REASON_AUTHOR || reason->field == REASON_PREFERENCE) {
        assert_int_equal(title->count + abstract->count, 0);
        return;
    }
    /* What scored is found, in the field that it scored in. */
    if (!(title->count + abstract->count) || (reason->field == REASON_TITLE && !title->count) ||
        (reason->field == REASON_ABSTRACT && !abstract->count))
        fail_msg("'%.*s' (%s) is not found in '%.*s' and '%.*s'", VIEW_ARGUMENTS(reason->term),
                 reason_field_name(reason->field), VIEW_ARGUMENTS(paper->title),
                 VIEW_ARGUMENTS(paper->abstract));
    check_ranges(paper->title, title);
    check_ranges(paper->abstract, abstract);
    check_runs(highlighter, scoring, reason, paper->title, title);
    check_runs(highlighter, scoring, reason, paper->abstract, abstract);
}

static void check_same(const struct highlights *want, const struct highlights *got)
{
    assert_int_equal(want->count, got->count);
    for (size_t i = 0; i < want->count; i++) {
        assert_int_equal(want->items[i].start, got->items[i].start);
        assert_int_equal(want->items[i].end, got->items[i].end);
    }
}

/* By the index. Also for another paper's reasons, which may stand nowhere in this one. */
static void check_indexed(struct highlighter *highlighter, const struct ranking_index *index,
                          enum profile_scoring scoring, const struct paper *paper,
                          const struct ranked_paper *of)
{
    struct highlights want[2] = {{0}}, got[2] = {{0}};

    highlighter_find(highlighter, scoring, paper, of->reasons, of->reason_count, &want[0],
                     &want[1]);
    highlighter_find_indexed(highlighter, index, scoring, paper, of->reasons, of->reason_count,
                             &got[0], &got[1]);
    check_same(&want[0], &got[0]);
    check_same(&want[1], &got[1]);
    for (int i = 0; i < 2; i++) {
        highlights_free(&want[i]);
        highlights_free(&got[i]);
    }
}

static size_t check_ranking(struct highlighter *highlighter, enum profile_scoring scoring,
                            const struct ranking *ranking)
{
    struct highlights title = {0}, abstract = {0}, one = {0}, other = {0};
    size_t reasons = 0;

    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *item = &ranking->items[i];

        highlighter_find(highlighter, scoring, item->paper, item->reasons, item->reason_count,
                         &title, &abstract);
        check_ranges(item->paper->title, &title);
        check_ranges(item->paper->abstract, &abstract);
        for (size_t j = 0; j < item->reason_count; j++, reasons++) {
            check_reason(highlighter, scoring, item, &item->reasons[j], &one, &other);
            assert_true(covers(&title, &one) && covers(&abstract, &other));
        }
    }
    highlights_free(&title);
    highlights_free(&abstract);
    highlights_free(&one);
    highlights_free(&other);
    return reasons;
}

static size_t check_random(struct highlighter *highlighter, uint32_t seed)
{
    struct arena *arena = arena_new();
    struct ranking_index *index;
    struct papers papers;
    struct profile profile;
    struct ranking ranking;
    struct buffer text;
    size_t reasons;

    buffer_init(&text, 100000);
    for (int i = 0; i < 12; i++) {
        buffer_printf(&text, "%d|", i);
        write_text(&seed, 1 + next_random(&seed) % 6, &text);
        buffer_add_char(&text, '|');
        write_text(&seed, 5 + next_random(&seed) % 30, &text);
        buffer_add_string(&text, "|A. Doe;Ana Roe\n");
    }
    ranked_papers(buffer_string(&text), &papers);
    index = ranking_index_new(&papers, NULL);
    buffer_clear(&text);
    buffer_add_string(&text, "'keywords': [");
    for (int i = 0; i < 6; i++) {
        buffer_printf(&text, "%s'", i ? ", " : "");
        write_text(&seed, 1 + next_random(&seed) % 3, &text);
        buffer_add_char(&text, '\'');
    }
    buffer_add_string(&text, "], 'interests': 'papers about ");
    write_text(&seed, 4, &text);
    buffer_add_string(&text, "', 'liked': ['3', '5'], 'authors': {'follow': ['Roe, A']}");
    if (next_random(&seed) % 4 == 0)
        buffer_add_string(&text, ", 'scoring': 'substring'");
    ranked_profile(buffer_string(&text), &profile);
    ranking_make(index, &profile, 0, NULL, arena, &ranking);
    reasons = check_ranking(highlighter, profile.scoring, &ranking);
    for (size_t i = 0; i < ranking.count; i++)
        for (size_t j = 0; j < ranking.count; j++)
            check_indexed(highlighter, index, profile.scoring, ranking.items[i].paper,
                          &ranking.items[j]);
    ranking_index_free(&index);
    profile_free(&profile);
    papers_free(&papers);
    arena_free(&arena);
    buffer_free(&text);
    return reasons;
}

static void positions_hold_what_they_name(void **state)
{
    struct highlighter *highlighter = highlighter_new();
    size_t reasons = 0;

    (void)state;
    /* One for all: what it keeps of one index is not taken for another's. */
    for (uint32_t i = 1; i <= 300; i++)
        reasons += check_random(highlighter, i * 2654435761u);
    highlighter_free(&highlighter);
    assert_true(reasons > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reasons_are_marked),
        cmocka_unit_test(positions_hold_what_they_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
