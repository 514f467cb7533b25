#include "ranking/match.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/names.h"

void matcher_init(struct matcher *matcher, const struct ranking_index *index,
                  const struct compiled_profile *compiled)
{
    memset(matcher, 0, sizeof(*matcher));
    matcher->index = index;
    matcher->compiled = compiled;
}

void matcher_free(struct matcher *matcher)
{
    free(matcher->phrase);
    free(matcher->merged);
    free(matcher->spare);
    memset(matcher, 0, sizeof(*matcher));
}

static struct posting *room_in(const struct matcher *matcher, struct posting **scratch)
{
    if (!*scratch)
        *scratch = memory_new(matcher->index->papers->count + 1, sizeof(**scratch));
    return *scratch;
}

/* ---- phrases ---- */

static size_t slot_length(const struct compiled_slot *slot, const struct spot *spot)
{
    uint32_t term = (uint32_t)slot->term;

    if (slot->is_exact)
        return spot->exact == term || spot->exact_singular == term;
    if (spot->stem == term)
        return 1;
    return spot->joined == term ? spot->joined_count : 0;
}

static bool phrase_at(const struct compiled_slot *slots, size_t slot_count,
                      const struct spot *spots, size_t spot_count)
{
    size_t at = 0;

    for (size_t i = 0; i < slot_count; i++) {
        size_t length = at < spot_count ? slot_length(&slots[i], &spots[at]) : 0;

        if (!length)
            return false;
        at += length;
    }
    return true;
}

static uint16_t count_phrase(const struct compiled_slot *slots, size_t slot_count,
                             const struct spot *spots, size_t spot_count)
{
    uint16_t times = 0;

    for (size_t at = 0; at < spot_count && times < UINT16_MAX; at++)
        times = (uint16_t)(times + phrase_at(slots, slot_count, spots + at, spot_count - at));
    return times;
}

static struct postings match_phrase(struct matcher *matcher, const struct pattern *pattern)
{
    const struct ranking_index *index = matcher->index;
    const struct compiled_slot *slots = matcher->compiled->slots + pattern->first_slot;
    struct postings candidates = index_find(index, pattern->term), result = {0};
    struct posting *kept = room_in(matcher, &matcher->phrase);

    for (size_t i = 0; i < candidates.count; i++) {
        uint32_t paper = candidates.items[i].paper;
        const struct indexed_paper *about = &index->about[paper];
        const struct spot *spots = index->spots + about->first_spot;
        struct posting hit = {.paper = paper};

        hit.title = count_phrase(slots, pattern->slot_count, spots, about->title_spots);
        hit.abstract = count_phrase(slots, pattern->slot_count, spots + about->title_spots,
                                    about->spots - about->title_spots);
        if (!hit.title && !hit.abstract)
            continue;
        hit.steps = index_steps(index, paper, hit.title, hit.abstract);
        kept[result.count++] = hit;
    }
    result.items = kept;
    return result;
}

static struct postings match_pattern(struct matcher *matcher, const struct pattern *pattern)
{
    if (pattern->slot_count)
        return match_phrase(matcher, pattern);
    return index_find(matcher->index, pattern->term);
}

/* ---- several spellings ---- */

static struct posting better_of(const struct posting *a, const struct posting *b)
{
    struct posting best = a->steps >= b->steps ? *a : *b;

    best.title = a->title > b->title ? a->title : b->title;
    best.abstract = a->abstract > b->abstract ? a->abstract : b->abstract;
    return best;
}

static struct postings merge(struct posting *room, struct postings a, struct postings b)
{
    struct postings result = {room, 0};
    size_t i = 0, j = 0;

    while (i < a.count || j < b.count) {
        if (j == b.count || (i < a.count && a.items[i].paper < b.items[j].paper))
            room[result.count++] = a.items[i++];
        else if (i == a.count || b.items[j].paper < a.items[i].paper)
            room[result.count++] = b.items[j++];
        else
            room[result.count++] = better_of(&a.items[i++], &b.items[j++]);
    }
    return result;
}

/* Most terms have one spelling that occurs at all: that is the answer as it stands. */
static struct postings match_patterns(struct matcher *matcher, const struct compiled_term *term)
{
    const struct pattern *patterns = matcher->compiled->patterns + term->first_pattern;
    struct postings all = {0};
    uint32_t with_candidates = 0, only = 0;

    if (term->pattern_count == 1)
        return match_pattern(matcher, &patterns[0]);
    for (uint32_t i = 0; i < term->pattern_count; i++) {
        if (!index_find(matcher->index, patterns[i].term).count)
            continue;
        with_candidates++;
        only = i;
    }
    if (with_candidates == 1)
        return match_pattern(matcher, &patterns[only]);
    for (uint32_t i = 0; with_candidates && i < term->pattern_count; i++) {
        struct posting *free_room = room_in(matcher, &matcher->spare);

        all = merge(free_room, all, match_pattern(matcher, &patterns[i]));
        matcher->spare = matcher->merged;
        matcher->merged = free_room;
    }
    return all;
}

/* ---- fields and authors ---- */

static struct postings keep_field(struct matcher *matcher, struct postings all,
                                  enum keyword_field field)
{
    struct posting *room = room_in(matcher, &matcher->spare);
    struct postings result = {room, 0};

    for (size_t i = 0; i < all.count; i++) {
        struct posting hit = all.items[i];

        if (field == KEYWORD_TITLE)
            hit.abstract = 0;
        else
            hit.title = 0;
        if (!hit.title && !hit.abstract)
            continue;
        hit.steps = index_steps(matcher->index, hit.paper, hit.title, hit.abstract);
        room[result.count++] = hit;
    }
    return result;
}

/* Both ways to write an author: Müller, Mueller. */
struct wanted {
    struct name plain;
    struct name spelled;
    bool has_spelled;
};

/* Mueller is Müller, but Xue is not Xu: letters are spelled out, never put together. */
static bool has_author(const struct paper *paper, const struct wanted *wanted)
{
    struct name author, spelled;

    for (size_t i = 0; i < paper->author_count; i++) {
        name_parse(paper->authors[i], &author);
        if (name_matches(&wanted->plain, &author) ||
            (wanted->has_spelled && name_matches(&wanted->spelled, &author)) ||
            (name_parse_spelled(paper->authors[i], &spelled) &&
             name_matches(&wanted->spelled, &spelled)))
            return true;
    }
    return false;
}

/* An author counts the same wherever in the list they stand. */
static struct postings keep_author(struct matcher *matcher, struct postings all,
                                   struct view author)
{
    struct posting *room = room_in(matcher, &matcher->spare);
    struct postings result = {room, 0};
    struct wanted wanted;

    name_parse(author, &wanted.plain);
    wanted.has_spelled = name_parse_spelled(author, &wanted.spelled);
    if (!wanted.has_spelled)
        name_parse(author, &wanted.spelled);
    for (size_t i = 0; i < all.count; i++) {
        if (!has_author(&matcher->index->papers->items[all.items[i].paper], &wanted))
            continue;
        room[result.count] = all.items[i];
        room[result.count++].steps = WEIGHT_FIT_STEPS;
    }
    return result;
}

struct postings match_term(struct matcher *matcher, const struct compiled_term *term)
{
    struct postings all = match_patterns(matcher, term);

    if (term->is_author)
        return keep_author(matcher, all, term->text);
    if (term->field != KEYWORD_ANYWHERE)
        return keep_field(matcher, all, term->field);
    return all;
}
