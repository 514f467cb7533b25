#include "ranking/substring.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
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

static bool stands_in(struct view text, struct view needle)
{
    return !needle.size || memmem(text.data, text.size, needle.data, needle.size) != NULL;
}

struct lowered {
    struct view title;
    struct view all;
};

static struct lowered lowered_of(const struct ranking_index *index, size_t paper)
{
    const struct indexed_paper *about = &index->about[paper];
    struct view all = view_slice(buffer_view(&index->lowered), about->lowered_at,
                                 about->lowered_at + about->lowered_size);

    return (struct lowered){view_slice(all, 0, about->lowered_title_size), all};
}

static double keyword_score(struct lowered text, struct view needle)
{
    if (!stands_in(text.all, needle))
        return 0;
    return stands_in(text.title, needle) ? 1.5 : 1;
}

static void leave_out_excluded(const struct ranking_index *index, const struct profile *profile,
                               unsigned char *allowed)
{
    struct needles excluded;
    struct compiled_profile authors;
    struct profile only_authors = {.exclude_authors = profile->exclude_authors};
    struct matcher matcher;

    needles_init(&excluded, profile->exclude_keywords.count);
    for (size_t i = 0; i < profile->exclude_keywords.count; i++)
        add_needle(&excluded, profile->exclude_keywords.items[i]);
    for (size_t i = 0; i < index->papers->count; i++)
        for (size_t j = 0; j < excluded.count && allowed[i]; j++)
            if (stands_in(lowered_of(index, i).all, needle_at(&excluded, j)))
                allowed[i] = 0;
    needles_free(&excluded);

    compile_profile(index, &only_authors, NULL, &authors);
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
                          const struct needles *needles, const unsigned char *allowed,
                          struct selection *selection)
{
    bool is_plain = profile_is_plain(profile);

    for (size_t i = 0; i < index->papers->count; i++) {
        struct lowered text = lowered_of(index, i);
        double sum = 0;

        if (!allowed[i])
            continue;
        for (size_t j = 0; j < needles->count; j++)
            sum += keyword_score(text, needle_at(needles, j));
        if (!is_plain && (sum <= 0 || sum < profile->min_score))
            continue;
        selection_offer(selection, (struct candidate){.sum = sum, .paper = (uint32_t)i});
    }
    selection_sort(selection);
}

static void explain(const struct ranking_index *index, const struct profile *profile,
                    const struct needles *needles, size_t paper, struct arena *arena,
                    struct ranked_paper *item)
{
    struct lowered text = lowered_of(index, paper);
    struct reason *reasons = arena_alloc(arena, needles->count, sizeof(*reasons));

    /* Those of the title first: their share is the larger one. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < needles->count; i++) {
            double score = keyword_score(text, needle_at(needles, i));

            if (score <= 0 || (score > 1) != (pass == 0))
                continue;
            reasons[item->reason_count++] = (struct reason){
                arena_copy(arena, view_of(profile->keywords.items[i].term)),
                pass == 0 ? REASON_TITLE : REASON_ABSTRACT, score};
        }
    }
    item->reasons = reasons;
}

void substring_rank(const struct ranking_index *index, const struct profile *profile, size_t top,
                    const unsigned char *skip, struct arena *arena, struct ranking *ret_ranking)
{
    unsigned char *allowed = select_allowed(index, profile, 1u << ANNOUNCE_NEW, skip);
    struct selection selection = {.room = top};
    struct ranked_paper *items;
    struct needles needles;

    selection.items = memory_new(top + 1, sizeof(*selection.items));
    needles_init(&needles, profile->keywords.count);
    for (size_t i = 0; i < profile->keywords.count; i++)
        add_needle(&needles, profile->keywords.items[i].term);
    leave_out_excluded(index, profile, allowed);
    select_papers(index, profile, &needles, allowed, &selection);
    items = arena_alloc(arena, selection.count, sizeof(*items));
    for (size_t i = 0; i < selection.count; i++) {
        items[i].paper = &index->papers->items[selection.items[i].paper];
        items[i].score = selection.items[i].sum;
        explain(index, profile, &needles, selection.items[i].paper, arena, &items[i]);
    }
    *ret_ranking = (struct ranking){items, selection.count};
    free(selection.items);
    needles_free(&needles);
    free(allowed);
}
