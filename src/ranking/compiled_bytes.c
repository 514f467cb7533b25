/* Compiled profiles as bytes: a head, then the arrays one after the other, each
 * value by itself so that nothing has to be aligned. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/compile.h"

enum { FORMAT = 1 };

struct head {
    uint64_t checksum; /* of all behind it */
    uint64_t key;
    struct compiled_rules rules;
    uint32_t format;
    uint32_t term_count;
    uint32_t pattern_count;
    uint32_t slot_count;
    uint32_t category_count;
    uint32_t unused;
};

/* A term is its weight and three bytes; then its text and its patterns. */
enum {
    ROLE_SHIFT = 4, FIELD_SHIFT = 2, FIELD_MASK = 3, IS_AUTHOR = 2, IS_LONG = 1, /* first */
    COUNT_MASK = 15, SLOTS_SHIFT = 4, PATTERNS_MAX = 4, /* second: which patterns have slots */
    SHORT_TEXT = 255 /* third: the size, when it is not long */
};

static uint64_t checksum_of(struct view bytes)
{
    uint64_t sum = bytes.size, word;

    for (; bytes.size >= sizeof(word); bytes = view_slice(bytes, sizeof(word), bytes.size)) {
        memcpy(&word, bytes.data, sizeof(word));
        sum = (sum ^ word) * 0x9E3779B97F4A7C15u;
        sum ^= sum >> 29;
    }
    word = 0;
    if (bytes.size)
        memcpy(&word, bytes.data, bytes.size);
    return words_pair(sum, word);
}

static void pack_slots(struct buffer *bytes, const struct compiled_slot *slots, uint32_t count)
{
    buffer_add_char(bytes, (char)count);
    for (uint32_t i = 0; i < count; i++) {
        buffer_add(bytes, &slots[i].term, sizeof(slots[i].term));
        buffer_add_char(bytes, (char)slots[i].is_exact);
    }
}

static void pack_term(struct buffer *bytes, const struct compiled_profile *compiled,
                      const struct compiled_term *term)
{
    const struct pattern *patterns = compiled->patterns + term->first_pattern;
    /* A weight above 0 stays above 0, since shares are of a sum. */
    float weight = term->weight > 0 ? fmaxf((float)term->weight, FLT_MIN) : 0;
    uint16_t size = (uint16_t)(term->text.size < UINT16_MAX ? term->text.size : UINT16_MAX);
    unsigned first = (unsigned)term->role << ROLE_SHIFT | (unsigned)term->field << FIELD_SHIFT;
    unsigned second = term->pattern_count;

    if (term->is_author)
        first |= IS_AUTHOR;
    if (size > SHORT_TEXT)
        first |= IS_LONG;
    for (uint32_t i = 0; i < term->pattern_count; i++)
        if (patterns[i].slot_count)
            second |= 1u << (SLOTS_SHIFT + i);
    buffer_add(bytes, &weight, sizeof(weight));
    buffer_add_char(bytes, (char)first);
    buffer_add_char(bytes, (char)second);
    buffer_add(bytes, &size, size > SHORT_TEXT ? 2 : 1); /* little-endian */
    buffer_add(bytes, term->text.data, size);
    for (uint32_t i = 0; i < term->pattern_count; i++) {
        buffer_add(bytes, &patterns[i].term, sizeof(patterns[i].term));
        if (patterns[i].slot_count)
            pack_slots(bytes, compiled->slots + patterns[i].first_slot, patterns[i].slot_count);
    }
}

void compiled_pack(const struct compiled_profile *compiled, uint64_t key, struct buffer *ret_bytes)
{
    struct head head = {.key = key, .rules = compiled->rules, .format = FORMAT,
                        .term_count = (uint32_t)compiled->term_count,
                        .pattern_count = (uint32_t)compiled->pattern_count,
                        .slot_count = (uint32_t)compiled->slot_count,
                        .category_count = (uint32_t)compiled->category_count};

    buffer_clear(ret_bytes);
    buffer_add(ret_bytes, &head, sizeof(head));
    if (compiled->category_count)
        buffer_add(ret_bytes, compiled->categories,
                   compiled->category_count * sizeof(*compiled->categories));
    for (size_t i = 0; i < compiled->term_count; i++)
        pack_term(ret_bytes, compiled, &compiled->terms[i]);
    if (ret_bytes->failed)
        return;
    head.checksum = checksum_of(view_slice(buffer_view(ret_bytes), sizeof(head.checksum),
                                           ret_bytes->size));
    memcpy(ret_bytes->data, &head.checksum, sizeof(head.checksum));
}

/* ---- back ---- */

static bool take(struct view *rest, void *ret_value, size_t size)
{
    if (rest->size < size)
        return false;
    memcpy(ret_value, rest->data, size);
    rest->data += size;
    rest->size -= size;
    return true;
}

static bool take_slots(struct view *rest, struct compiled_profile *compiled, size_t limit,
                       struct pattern *pattern)
{
    unsigned char count = 0, exact = 0;

    if (!take(rest, &count, 1) || count > limit - compiled->slot_count)
        return false;
    pattern->first_slot = (uint32_t)compiled->slot_count;
    pattern->slot_count = count;
    for (unsigned i = 0; i < count; i++) {
        struct compiled_slot *slot = &compiled->slots[compiled->slot_count++];

        if (!take(rest, &slot->term, sizeof(slot->term)) || !take(rest, &exact, 1))
            return false;
        slot->is_exact = exact != 0;
    }
    return true;
}

static bool take_patterns(struct view *rest, const struct head *head, unsigned second,
                          struct compiled_profile *compiled)
{
    for (unsigned i = 0; i < (second & COUNT_MASK); i++) {
        struct pattern *pattern;

        if (compiled->pattern_count == head->pattern_count)
            return false;
        pattern = &compiled->patterns[compiled->pattern_count++];
        pattern->slot_count = 0;
        if (!take(rest, &pattern->term, sizeof(pattern->term)) ||
            ((second & 1u << (SLOTS_SHIFT + i)) &&
             !take_slots(rest, compiled, head->slot_count, pattern)))
            return false;
    }
    return true;
}

static bool take_term(struct view *rest, const struct head *head,
                      struct compiled_profile *compiled)
{
    struct compiled_term *term = &compiled->terms[compiled->term_count++];
    unsigned char first, second;
    uint16_t size = 0;
    float weight;

    if (!take(rest, &weight, sizeof(weight)) || !take(rest, &first, 1) ||
        !take(rest, &second, 1) || !take(rest, &size, first & IS_LONG ? 2 : 1) ||
        rest->size < size || first >> ROLE_SHIFT > ROLE_EXCLUDE ||
        (first >> FIELD_SHIFT & FIELD_MASK) > KEYWORD_ABSTRACT ||
        (second & COUNT_MASK) > PATTERNS_MAX)
        return false;
    *term = (struct compiled_term){.role = (enum compiled_role)(first >> ROLE_SHIFT),
                                   .field = (enum keyword_field)(first >> FIELD_SHIFT & FIELD_MASK),
                                   .is_author = first & IS_AUTHOR,
                                   .text = {rest->data, size},
                                   .weight = (double)weight,
                                   .first_pattern = (uint32_t)compiled->pattern_count,
                                   .pattern_count = second & COUNT_MASK};
    rest->data += size;
    rest->size -= size;
    return take_patterns(rest, head, second, compiled);
}

static bool take_all(struct view rest, const struct head *head, struct compiled_profile *compiled)
{
    if (!take(&rest, compiled->categories, head->category_count * sizeof(uint64_t)))
        return false;
    compiled->category_count = head->category_count;
    for (uint32_t i = 0; i < head->term_count; i++)
        if (!take_term(&rest, head, compiled))
            return false;
    return rest.size == 0 && compiled->pattern_count == head->pattern_count;
}

static void clear(struct compiled_profile *compiled)
{
    compiled->term_count = compiled->pattern_count = compiled->slot_count = 0;
    compiled->category_count = 0;
    memset(&compiled->rules, 0, sizeof(compiled->rules));
}

static bool take_head(struct view bytes, struct head *ret_head)
{
    struct view rest = bytes;

    return take(&rest, ret_head, sizeof(*ret_head)) && ret_head->format == FORMAT &&
           ret_head->checksum ==
               checksum_of(view_slice(bytes, sizeof(ret_head->checksum), bytes.size));
}

uint64_t compiled_key(struct view bytes)
{
    struct head head;

    return take_head(bytes, &head) ? head.key : 0;
}

int compiled_unpack(struct view bytes, struct compiled_profile *compiled)
{
    struct view rest = view_slice(bytes, sizeof(struct head), bytes.size);
    struct head head;

    clear(compiled);
    /* Each entry takes several bytes, so the counts cannot ask for much. */
    if (!take_head(bytes, &head) || head.term_count > bytes.size || head.pattern_count > bytes.size ||
        head.slot_count > bytes.size || head.category_count > bytes.size)
        return -1;
    compiled->terms = memory_grow(compiled->terms, &compiled->term_capacity, head.term_count,
                                  sizeof(*compiled->terms));
    compiled->patterns = memory_grow(compiled->patterns, &compiled->pattern_capacity,
                                     head.pattern_count, sizeof(*compiled->patterns));
    compiled->slots = memory_grow(compiled->slots, &compiled->slot_capacity, head.slot_count,
                                  sizeof(*compiled->slots));
    compiled->categories = memory_grow(compiled->categories, &compiled->category_capacity,
                                       head.category_count, sizeof(*compiled->categories));
    if (!take_all(rest, &head, compiled)) {
        clear(compiled);
        return -1;
    }
    compiled->rules = head.rules;
    return 0;
}
