/* Compiled profiles as bytes: a head, the categories, then one array each for the
 * terms' keys, flags and text sizes, then what few terms have and their texts.
 * Nothing has to be aligned. Small, since a worker may hold a million. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/compile.h"

enum { FORMAT = 2, LONG_TEXT = 255 };

/* Weights are floats; one above 0 stays so far above 0 that its product with any
 * fit is no denormal, since shares are of a sum. */
#define LEAST_WEIGHT 1e-30f

struct head {
    uint64_t checksum; /* of all behind it */
    uint64_t key;
    struct compiled_rules rules;
    uint32_t term_count;
    uint32_t pattern_count;
    uint32_t slot_count;
    uint16_t category_count;
    uint16_t format;
};

/* A term's flags: its role, its kind (a keyword_field or KIND_AUTHOR), and what
 * its details begin with. */
enum {
    ROLE_SHIFT = 4, KIND_SHIFT = 2, KIND_MASK = 3, KIND_AUTHOR = 3,
    HAS_WEIGHT = 2,  /* a float; else it is 1 */
    HAS_PATTERNS = 1 /* behind the text, the first one's term left out (key_of); else
                        its key is its only one */
};

enum { LANES = 4, MIX_BYTES = LANES * sizeof(uint64_t) };

static inline void mix(uint64_t *sums, const char *bytes)
{
    static const uint64_t odd[LANES] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu,
                                        0x165667B19E3779F9u, 0xD6E8FEB86659FD93u};
    uint64_t words[LANES];

    memcpy(words, bytes, sizeof(words));
    for (int i = 0; i < LANES; i++) {
        uint64_t mixed = (sums[i] ^ words[i]) * odd[i];

        sums[i] = mixed << 29 | mixed >> 35;
    }
}

/* Four words at a time. Each step is one-to-one, so no single changed word goes
 * unnoticed. */
static uint64_t checksum_of(struct view bytes)
{
    uint64_t sums[LANES] = {bytes.size, 1, 2, 3};
    char rest[MIX_BYTES] = {0};
    size_t at = 0;

    for (; at + MIX_BYTES <= bytes.size; at += MIX_BYTES)
        mix(sums, bytes.data + at);
    if (at < bytes.size) {
        memcpy(rest, bytes.data + at, bytes.size - at);
        mix(sums, rest);
    }
    return words_pair(words_pair(sums[0], sums[1]), words_pair(sums[2], sums[3]));
}

static inline bool is_simple(const struct compiled_term *term, const struct pattern *patterns)
{
    return term->pattern_count == 1 && !patterns[0].slot_count && !term->is_author &&
           term->field == KEYWORD_ANYWHERE;
}

static struct view text_of(const struct compiled_term *term)
{
    return view_slice(term->text, 0, UINT16_MAX);
}

/* Of all that a term asks for but its first pattern's own term. */
static uint64_t rest_of(const struct compiled_profile *compiled, const struct compiled_term *term)
{
    uint64_t rest = term->is_author ? words_hash(KIND_AUTHOR, text_of(term))
                                    : (uint64_t)term->field + 1;

    for (uint32_t i = 0; i < term->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[term->first_pattern + i];

        rest = words_pair(rest, words_pair(i ? pattern->term : 0, pattern->slot_count));
        for (uint32_t j = 0; j < pattern->slot_count; j++) {
            const struct compiled_slot *slot = &compiled->slots[pattern->first_slot + j];

            rest = words_pair(rest, words_pair(slot->term, slot->is_exact));
        }
    }
    return rest;
}

/* The same for all terms that ask for the same, whatever their role and weight.
 * With the rest it gives the first pattern's term back, which takes no bytes. */
static uint64_t key_of(const struct compiled_profile *compiled, const struct compiled_term *term)
{
    const struct pattern *patterns = compiled->patterns + term->first_pattern;

    return is_simple(term, patterns) ? patterns[0].term
                                     : patterns[0].term ^ rest_of(compiled, term);
}

static float weight_of(const struct compiled_term *term)
{
    return term->weight > 0 ? fmaxf((float)term->weight, LEAST_WEIGHT) : 0;
}

static unsigned flags_of(const struct compiled_profile *compiled, const struct compiled_term *term)
{
    unsigned kind = term->is_author ? KIND_AUTHOR : (unsigned)term->field;
    unsigned flags = (unsigned)term->role << ROLE_SHIFT | kind << KIND_SHIFT;
    float weight = weight_of(term);

    if (weight < 1 || weight > 1)
        flags |= HAS_WEIGHT;
    if (!is_simple(term, compiled->patterns + term->first_pattern))
        flags |= HAS_PATTERNS;
    return flags;
}

static void pack_patterns(struct buffer *bytes, const struct compiled_profile *compiled,
                          const struct compiled_term *term)
{
    buffer_add_char(bytes, (char)term->pattern_count);
    for (uint32_t i = 0; i < term->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[term->first_pattern + i];

        if (i)
            buffer_add(bytes, &pattern->term, sizeof(pattern->term));
        buffer_add_char(bytes, (char)pattern->slot_count);
        for (uint32_t j = 0; j < pattern->slot_count; j++) {
            const struct compiled_slot *slot = &compiled->slots[pattern->first_slot + j];

            buffer_add(bytes, &slot->term, sizeof(slot->term));
            buffer_add_char(bytes, (char)slot->is_exact);
        }
    }
}

static void pack_details(struct buffer *bytes, const struct compiled_profile *compiled,
                         const struct compiled_term *term)
{
    unsigned flags = flags_of(compiled, term);
    float weight = weight_of(term);
    uint16_t size = (uint16_t)text_of(term).size;

    if (flags & HAS_WEIGHT)
        buffer_add(bytes, &weight, sizeof(weight));
    if (size >= LONG_TEXT)
        buffer_add(bytes, &size, sizeof(size));
    buffer_add(bytes, term->text.data, size);
    if (flags & HAS_PATTERNS)
        pack_patterns(bytes, compiled, term);
}

static void pack_terms(struct buffer *bytes, const struct compiled_profile *compiled)
{
    for (size_t i = 0; i < compiled->term_count; i++) {
        uint64_t key = key_of(compiled, &compiled->terms[i]);

        buffer_add(bytes, &key, sizeof(key));
    }
    for (size_t i = 0; i < compiled->term_count; i++)
        buffer_add_char(bytes, (char)flags_of(compiled, &compiled->terms[i]));
    for (size_t i = 0; i < compiled->term_count; i++) {
        size_t size = text_of(&compiled->terms[i]).size;

        buffer_add_char(bytes, (char)(size < LONG_TEXT ? size : LONG_TEXT));
    }
    for (size_t i = 0; i < compiled->term_count; i++)
        pack_details(bytes, compiled, &compiled->terms[i]);
}

static bool has_too_many(const struct compiled_profile *compiled)
{
    for (size_t i = 0; i < compiled->term_count; i++)
        if (compiled->terms[i].pattern_count > COMPILED_PATTERNS_MAX)
            return true;
    return false;
}

void compiled_pack(const struct compiled_profile *compiled, uint64_t key, struct buffer *ret_bytes)
{
    struct head head = {.key = key, .rules = compiled->rules, .format = FORMAT,
                        .term_count = (uint32_t)compiled->term_count,
                        .category_count = (uint16_t)compiled->category_count};

    for (size_t i = 0; i < compiled->term_count; i++) {
        const struct compiled_term *term = &compiled->terms[i];

        head.pattern_count += term->pattern_count;
        for (uint32_t j = 0; j < term->pattern_count; j++)
            head.slot_count += compiled->patterns[term->first_pattern + j].slot_count;
    }
    buffer_clear(ret_bytes);
    ret_bytes->failed = has_too_many(compiled);
    buffer_add(ret_bytes, &head, sizeof(head));
    buffer_add(ret_bytes, compiled->categories,
               compiled->category_count * sizeof(*compiled->categories));
    pack_terms(ret_bytes, compiled);
    if (ret_bytes->failed)
        return;
    head.checksum = checksum_of(view_slice(buffer_view(ret_bytes), sizeof(head.checksum),
                                           ret_bytes->size));
    memcpy(ret_bytes->data, &head.checksum, sizeof(head.checksum));
}

/* ---- back ---- */

static inline bool take(struct view *rest, void *ret_value, size_t size)
{
    if (rest->size < size)
        return false;
    memcpy(ret_value, rest->data, size);
    rest->data += size;
    rest->size -= size;
    return true;
}

static inline struct view take_view(struct view *rest, size_t size)
{
    struct view taken = {rest->data, size};

    rest->data += size;
    rest->size -= size;
    return taken;
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

static bool take_patterns(struct view *rest, const struct head *head,
                          struct compiled_profile *compiled, struct compiled_term *term)
{
    unsigned char count = 0;

    if (!take(rest, &count, 1) || !count || count > COMPILED_PATTERNS_MAX ||
        count > head->pattern_count - compiled->pattern_count)
        return false;
    term->pattern_count = count;
    for (unsigned i = 0; i < count; i++) {
        struct pattern *pattern = &compiled->patterns[compiled->pattern_count++];

        pattern->term = 0;
        if ((i && !take(rest, &pattern->term, sizeof(pattern->term))) ||
            !take_slots(rest, compiled, head->slot_count, pattern))
            return false;
    }
    compiled->patterns[term->first_pattern].term = term->key ^ rest_of(compiled, term);
    return true;
}

static bool take_details(struct view *rest, const struct head *head, unsigned flags, size_t size,
                         struct compiled_profile *compiled, struct compiled_term *term)
{
    float weight = 1;
    uint16_t long_size;

    if ((flags & HAS_WEIGHT) && !take(rest, &weight, sizeof(weight)))
        return false;
    if (size == LONG_TEXT) {
        if (!take(rest, &long_size, sizeof(long_size)))
            return false;
        size = long_size;
    }
    if (rest->size < size)
        return false;
    term->weight = (double)weight;
    term->text = take_view(rest, size);
    term->first_pattern = (uint32_t)compiled->pattern_count;
    if (flags & HAS_PATTERNS)
        return take_patterns(rest, head, compiled, term);
    if (compiled->pattern_count == head->pattern_count)
        return false;
    term->pattern_count = 1;
    compiled->patterns[compiled->pattern_count++] = (struct pattern){.term = term->key};
    return true;
}

static bool take_terms(struct view *rest, const struct head *head,
                       struct compiled_profile *compiled)
{
    size_t count = head->term_count;
    const char *keys, *flags, *sizes;

    if (rest->size / (sizeof(uint64_t) + 2) < count)
        return false;
    keys = take_view(rest, count * sizeof(uint64_t)).data;
    flags = take_view(rest, count).data;
    sizes = take_view(rest, count).data;
    for (size_t i = 0; i < count; i++) {
        struct compiled_term *term = &compiled->terms[i];
        unsigned flag = (unsigned char)flags[i], kind = flag >> KIND_SHIFT & KIND_MASK;

        if (flag >> ROLE_SHIFT > ROLE_EXCLUDE)
            return false;
        memcpy(&term->key, keys + i * sizeof(uint64_t), sizeof(term->key));
        term->role = (enum compiled_role)(flag >> ROLE_SHIFT);
        term->is_author = kind == KIND_AUTHOR;
        term->field = term->is_author ? KEYWORD_ANYWHERE : (enum keyword_field)kind;
        if (!take_details(rest, head, flag, (unsigned char)sizes[i], compiled, term))
            return false;
    }
    compiled->term_count = count;
    return true;
}

static bool take_all(struct view rest, const struct head *head, struct compiled_profile *compiled)
{
    if (!take(&rest, compiled->categories, head->category_count * sizeof(uint64_t)))
        return false;
    compiled->category_count = head->category_count;
    return take_terms(&rest, head, compiled) && rest.size == 0 &&
           compiled->pattern_count == head->pattern_count;
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
