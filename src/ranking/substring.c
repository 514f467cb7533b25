#include "ranking/substring.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "ranking/keyword_memo.h"
#include "ranking/match.h"
#include "ranking/select.h"

struct needles {
    struct buffer bytes; /* the lowered words, one after the other */
    size_t *ends;
    size_t count;
};

static void add_needle(struct needles *needles, const char *word)
{
    utf8_add_lower(&needles->bytes, view_of(word));
    needles->ends[needles->count++] = needles->bytes.size;
}

static struct view needle_at(const struct needles *needles, size_t number)
{
    return view_slice(buffer_view(&needles->bytes), number ? needles->ends[number - 1] : 0,
                      needles->ends[number]);
}

static void needles_init(struct needles *needles, size_t count)
{
    buffer_init(&needles->bytes, SIZE_MAX / 4);
    needles->ends = memory_new(count + 1, sizeof(*needles->ends));
    needles->count = 0;
}

static void needles_free(struct needles *needles)
{
    buffer_free(&needles->bytes);
    free(needles->ends);
}

static double score_of(uint32_t place)
{
    return place & 1 ? 1.5 : 1;
}

static void leave_out_words(struct grams *grams, const struct strings *words,
                            unsigned char *allowed)
{
    struct needles excluded;

    needles_init(&excluded, words->count);
    for (size_t i = 0; i < words->count; i++)
        add_needle(&excluded, words->items[i]);
    for (size_t i = 0; i < excluded.count; i++) {
        struct gram_hits hits = grams_find(grams, needle_at(&excluded, i));

        for (size_t j = 0; j < hits.count; j++)
            allowed[hits.places[j] >> 1] = 0;
    }
    needles_free(&excluded);
}

static void leave_out_authors(const struct ranking_index *index, const struct profile *profile,
                              unsigned char *allowed)
{
    struct compiled_profile authors;
    struct keyword_memo memo;
    struct profile only_authors = {.exclude_authors = profile->exclude_authors};
    struct matcher matcher;

    if (!profile->exclude_authors.count)
        return;
    keyword_memo_init(&memo, index);
    compile_profile(&memo, &only_authors, NULL, &authors);
    keyword_memo_free(&memo);
    matcher_init(&matcher, index, &authors);
    for (size_t i = 0; i < authors.term_count; i++) {
        struct postings hits = match_term(&matcher, &authors.terms[i]);

        for (size_t j = 0; j < hits.count; j++)
            allowed[hits.items[j].paper] = 0;
    }
    matcher_free(&matcher);
    compiled_free(&authors);
}

static void select_papers(const struct ranking_index *index, const struct profile *profile,
                          const struct gram_hits *hits, const unsigned char *allowed,
                          struct selection *selection)
{
    bool is_plain = profile_is_plain(profile);
    double *sums = memory_new(index->papers->count, sizeof(*sums));

    for (size_t i = 0; i < profile->keywords.count; i++)
        for (size_t j = 0; j < hits[i].count; j++)
            sums[hits[i].places[j] >> 1] += score_of(hits[i].places[j]);
    for (size_t i = 0; i < index->papers->count; i++)
        if (allowed[i] && (is_plain || (sums[i] > 0 && sums[i] >= profile->min_score)))
            selection_offer(selection, (struct candidate){.sum = sums[i], .paper = (uint32_t)i});
    selection_sort(selection);
    free(sums);
}

/* The place of the paper among the hits; false when it is none of them. */
static bool find_place(struct gram_hits hits, uint32_t paper, uint32_t *ret_place)
{
    size_t low = 0, high = hits.count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (hits.places[middle] >> 1 < paper)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == hits.count || hits.places[low] >> 1 != paper)
        return false;
    *ret_place = hits.places[low];
    return true;
}

static void explain(const struct profile *profile, const struct gram_hits *hits, uint32_t paper,
                    struct arena *arena, struct ranked_paper *item)
{
    struct reason *reasons = arena_alloc(arena, profile->keywords.count, sizeof(*reasons));
    uint32_t place;

    /* Those of the title first: their share is the larger one. */
    for (uint32_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < profile->keywords.count; i++)
            if (find_place(hits[i], paper, &place) && (place & 1) != pass)
                reasons[item->reason_count++] = (struct reason){
                    arena_copy(arena, view_of(profile->keywords.items[i].term)),
                    pass == 0 ? REASON_TITLE : REASON_ABSTRACT, score_of(place)};
    item->reasons = reasons;
}

static struct gram_hits *find_keywords(struct grams *grams, const struct keywords *keywords)
{
    struct gram_hits *hits = memory_new(keywords->count, sizeof(*hits));
    struct needles needles;

    needles_init(&needles, keywords->count);
    for (size_t i = 0; i < keywords->count; i++)
        add_needle(&needles, keywords->items[i].term);
    for (size_t i = 0; i < keywords->count; i++)
        hits[i] = grams_find(grams, needle_at(&needles, i));
    needles_free(&needles);
    return hits;
}

void substring_rank(const struct ranking_index *index, struct grams *grams,
                    const struct profile *profile, size_t top, const unsigned char *skip,
                    struct arena *arena, struct ranking *ret_ranking)
{
    unsigned char *allowed = select_allowed(index, profile, 1u << ANNOUNCE_NEW, skip);
    struct selection selection = {.room = top};
    struct ranked_paper *items;
    struct gram_hits *hits;

    grams_begin(grams);
    selection.items = memory_new(top + 1, sizeof(*selection.items));
    hits = find_keywords(grams, &profile->keywords);
    leave_out_words(grams, &profile->exclude_keywords, allowed);
    leave_out_authors(index, profile, allowed);
    select_papers(index, profile, hits, allowed, &selection);
    items = arena_alloc(arena, selection.count, sizeof(*items));
    for (size_t i = 0; i < selection.count; i++) {
        items[i].paper = &index->papers->items[selection.items[i].paper];
        items[i].score = selection.items[i].sum;
        explain(profile, hits, selection.items[i].paper, arena, &items[i]);
    }
    *ret_ranking = (struct ranking){items, selection.count};
    free(selection.items);
    free(hits);
    free(allowed);
}
