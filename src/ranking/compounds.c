#include "ranking/compounds.h"

#include <string.h>

static bool may_cut(const struct word *word)
{
    return !word->joined && !word->after_hyphen && !(word->is_acronym && word->is_upper);
}

static bool may_join(const struct word *word)
{
    return !word->is_cjk && !word->is_number && !word->joined && !word->after_hyphen &&
           !words_is_stop(word->folded);
}

/* Puts two slots in the place of one, or one in that of two. */
static size_t replace(const struct compiled_slot *slots, size_t count, size_t at, size_t old_count,
                      const uint64_t *terms, size_t new_count, struct compiled_slot *ret_slots)
{
    size_t behind = at + old_count;

    memcpy(ret_slots, slots, at * sizeof(*slots));
    for (size_t i = 0; i < new_count; i++)
        ret_slots[at + i] = (struct compiled_slot){terms[i], false};
    memcpy(ret_slots + at + new_count, slots + behind, (count - behind) * sizeof(*slots));
    return count - old_count + new_count;
}

/* The cut that most papers have. */
static bool find_cut(const struct ranking_index *index, struct word_splitter *splitter,
                     const struct word *word, uint64_t ret_parts[2])
{
    size_t most = 0;

    if (!may_cut(word))
        return false;
    for (size_t at = 1; at < word->folded.size; at++) {
        uint64_t tail = words_tail(splitter, word, at), head;
        size_t papers;

        /* Most tails are no words, and need no look at the head. */
        if (!tail || !index_known(index, tail))
            continue;
        head = words_head(splitter, word, at);
        papers = head ? index_known(index, words_pair(head, tail)) : 0;
        if (papers > most) {
            most = papers;
            ret_parts[0] = head;
            ret_parts[1] = tail;
        }
    }
    return most > 0;
}

static void give_cut(const struct ranking_index *index, struct word_splitter *splitter,
                     const struct word_list *words, const struct compiled_slot *slots,
                     compounds_take *take, void *context)
{
    struct compiled_slot cut[COMPOUND_SLOTS];
    size_t count = 0;

    if (words->count > COMPOUND_SLOTS / 2)
        return;
    for (size_t i = 0; i < words->count; i++) {
        uint64_t parts[2];

        if (find_cut(index, splitter, &words->items[i], parts)) {
            cut[count++] = (struct compiled_slot){parts[0], false};
            cut[count++] = (struct compiled_slot){parts[1], false};
        } else {
            cut[count++] = slots[i];
        }
    }
    if (count > words->count)
        take(context, cut, count);
}

/* The word at `at` and its neighbour as one, or 0. */
static uint64_t join(struct word_splitter *splitter, const struct word_list *words, size_t at)
{
    if (words->count < 3 || at + 1 >= words->count || !may_join(&words->items[at]) ||
        !may_join(&words->items[at + 1]))
        return 0;
    return words_joined(splitter, words, at, 2);
}

static void give_joined(const struct ranking_index *index, struct word_splitter *splitter,
                        const struct word_list *words, const struct compiled_slot *slots,
                        compounds_take *take, void *context)
{
    struct compiled_slot joined[COMPOUND_SLOTS];
    size_t count = 0;

    for (size_t i = 0; i < words->count; i++) {
        uint64_t term = join(splitter, words, i);

        if (term && index_known(index, term)) {
            joined[count++] = (struct compiled_slot){term, false};
            i++;
        } else {
            joined[count++] = slots[i];
        }
    }
    if (count < words->count)
        take(context, joined, count);
}

void compounds_known(const struct ranking_index *index, struct word_splitter *splitter,
                     const struct word_list *words, const struct compiled_slot *slots,
                     compounds_take *take, void *context)
{
    give_cut(index, splitter, words, slots, take, context);
    give_joined(index, splitter, words, slots, take, context);
}

void compounds_any(struct word_splitter *splitter, const struct word_list *words,
                   const struct compiled_slot *slots, compounds_take *take, void *context)
{
    struct compiled_slot other[COMPOUND_SLOTS + 1];

    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];
        uint64_t term = join(splitter, words, i);

        for (size_t at = 1; at < word->folded.size && may_cut(word); at++) {
            const uint64_t parts[2] = {words_head(splitter, word, at),
                                       words_tail(splitter, word, at)};

            if (words->count < COMPOUND_SLOTS && parts[0] && parts[1])
                take(context, other, replace(slots, words->count, i, 1, parts, 2, other));
        }
        if (term)
            take(context, other, replace(slots, words->count, i, 2, &term, 1, other));
    }
}
