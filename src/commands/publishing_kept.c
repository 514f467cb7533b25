#include "commands/publishing_kept.h"

#include <sodium.h>

#include "store/derived.h"
#include "subscribers/profile.h"

#define KIND "published-day"

enum {
    KEPT_BYTES = 16 * 1024 * 1024,
    PROFILE_BYTES = 16 * 1024 * 1024,
    NUMBER_BYTES = 8,
    ITEM_BYTES = 3 * NUMBER_BYTES,  /* without its reasons */
    REASON_BYTES = 3 * NUMBER_BYTES /* without its term */
};

/* ---- the key ---- */

static void hash_number(crypto_generichash_state *state, uint64_t number)
{
    crypto_generichash_update(state, (const unsigned char *)&number, sizeof(number));
}

/* With its size, so that no two lists of texts run into the same bytes. */
static void hash_text(crypto_generichash_state *state, struct view text)
{
    hash_number(state, text.size);
    if (text.size)
        crypto_generichash_update(state, (const unsigned char *)text.data, text.size);
}

static void hash_texts(crypto_generichash_state *state, const struct view *texts, size_t count)
{
    hash_number(state, count);
    for (size_t i = 0; i < count; i++)
        hash_text(state, texts[i]);
}

static void hash_paper(crypto_generichash_state *state, const struct paper *paper)
{
    const struct view texts[] = {paper->id, paper->source_title, paper->source_abstract,
                                 paper->title, paper->abstract};

    hash_texts(state, texts, sizeof(texts) / sizeof(texts[0]));
    hash_texts(state, paper->authors, paper->author_count);
    hash_texts(state, paper->categories, paper->category_count);
    hash_number(state, (uint64_t)paper->version);
    hash_number(state, (uint64_t)paper->announce_type);
}

void publishing_kept_key(const struct publishing *publishing, const struct papers *papers,
                         struct published_key *ret_key)
{
    crypto_generichash_state state;
    struct buffer profile;

    buffer_init(&profile, PROFILE_BYTES);
    profile_write(&publishing->profile, &profile);
    crypto_generichash_init(&state, NULL, 0, sizeof(ret_key->bytes));
    hash_number(&state, ranking_version());
    hash_text(&state, buffer_view(&profile));
    buffer_free(&profile);
    hash_number(&state, publishing->category_count);
    for (size_t i = 0; i < publishing->category_count; i++)
        hash_text(&state, publishing->categories[i].name);
    hash_number(&state, papers->count);
    for (size_t i = 0; i < papers->count; i++)
        hash_paper(&state, &papers->items[i]);
    crypto_generichash_final(&state, ret_key->bytes, sizeof(ret_key->bytes));
}

/* ---- numbers ---- */

static void add_number(struct buffer *out, uint64_t number)
{
    for (int i = 0; i < NUMBER_BYTES; i++)
        buffer_add_char(out, (char)(unsigned char)(number >> (8 * i)));
}

static void add_real(struct buffer *out, double real)
{
    uint64_t bits;

    memcpy(&bits, &real, sizeof(bits));
    add_number(out, bits);
}

static bool take_number(struct view *rest, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (rest->size < NUMBER_BYTES)
        return false;
    for (int i = 0; i < NUMBER_BYTES; i++)
        number |= (uint64_t)(unsigned char)rest->data[i] << (8 * i);
    *rest = view_slice(*rest, NUMBER_BYTES, rest->size);
    *ret_number = number;
    return true;
}

static bool take_real(struct view *rest, double *ret_real)
{
    uint64_t bits;

    if (!take_number(rest, &bits))
        return false;
    memcpy(ret_real, &bits, sizeof(*ret_real));
    return true;
}

/* ---- writing ---- */

static void add_item(struct buffer *out, const struct papers *papers,
                     const struct ranked_paper *item)
{
    add_number(out, (uint64_t)(item->paper - papers->items));
    add_real(out, item->score);
    add_number(out, item->reason_count);
    for (size_t i = 0; i < item->reason_count; i++) {
        const struct reason *reason = &item->reasons[i];

        add_number(out, (uint64_t)reason->field);
        add_real(out, reason->score);
        add_number(out, reason->term.size);
        buffer_add_view(out, reason->term);
    }
}

/* Counts the paper in each of its categories that has not enough yet. */
static bool is_wanted(const struct publishing *publishing, const struct paper *paper, size_t max,
                      size_t counts[PUBLISHING_CATEGORIES])
{
    bool wanted = false;

    for (size_t i = 0; i < paper->category_count; i++)
        for (size_t j = 0; j < publishing->category_count; j++)
            if (counts[j] < max &&
                view_equal(publishing->categories[j].name, paper->categories[i])) {
                counts[j]++;
                wanted = true;
            }
    return wanted;
}

/* Between two keys, so that bytes that were cut off are seen. */
static void pack(const struct publishing *publishing, const struct published_key *key,
                 const struct papers *papers, const struct ranking *ranking, struct buffer *out)
{
    size_t counts[PUBLISHING_CATEGORIES] = {0}, max = (size_t)publishing->profile.max_papers;

    buffer_add(out, (const char *)key->bytes, sizeof(key->bytes));
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *item = &ranking->items[i];

        if (is_wanted(publishing, item->paper, max, counts) || i < max)
            add_item(out, papers, item);
    }
    buffer_add(out, (const char *)key->bytes, sizeof(key->bytes));
}

void publishing_kept_put(struct publishing *publishing, struct date date,
                         const struct published_key *key, const struct papers *papers,
                         const struct ranking *ranking)
{
    struct store *store = publishing->site->store;
    char name[DATE_TEXT_BYTES];
    struct buffer bytes;
    struct error unkept;

    date_format(date, name);
    buffer_init(&bytes, KEPT_BYTES);
    pack(publishing, key, papers, ranking, &bytes);
    if (!bytes.failed &&
        derived_put(store, KIND, name, buffer_view(&bytes), site_now(), &unkept) == 0)
        (void)derived_keep_last(store, KIND, PUBLICATION_FEED_DAYS, &unkept);
    buffer_free(&bytes);
}

/* ---- reading ---- */

static bool take_reason(struct arena *arena, struct view *rest, struct reason *ret_reason)
{
    uint64_t field, size;

    if (!take_number(rest, &field) || !take_real(rest, &ret_reason->score) ||
        !take_number(rest, &size) || size > rest->size || field >= REASON_FIELDS)
        return false;
    ret_reason->field = (enum reason_field)field;
    ret_reason->term = arena_copy(arena, view_slice(*rest, 0, size));
    *rest = view_slice(*rest, size, rest->size);
    return true;
}

static bool take_item(struct arena *arena, const struct papers *papers, struct view *rest,
                      struct ranked_paper *ret_item)
{
    uint64_t number, count;
    struct reason *reasons;
    double score;

    if (!take_number(rest, &number) || !take_real(rest, &score) || !take_number(rest, &count) ||
        number >= papers->count || count > rest->size / REASON_BYTES)
        return false;
    reasons = arena_alloc(arena, count, sizeof(*reasons));
    for (size_t i = 0; i < count; i++)
        if (!take_reason(arena, rest, &reasons[i]))
            return false;
    *ret_item = (struct ranked_paper){&papers->items[number], score, reasons, count};
    return true;
}

static bool unpack(struct arena *arena, const struct papers *papers,
                   const struct published_key *key, struct view bytes,
                   struct ranking *ret_ranking)
{
    const struct view mark = {(const char *)key->bytes, sizeof(key->bytes)};
    struct ranked_paper *items;
    struct view rest;
    size_t count = 0;

    if (bytes.size < 2 * mark.size || !view_starts_with(bytes, mark) ||
        !view_ends_with(bytes, mark))
        return false;
    rest = view_slice(bytes, mark.size, bytes.size - mark.size);
    items = arena_alloc(arena, rest.size / ITEM_BYTES, sizeof(*items));
    while (rest.size)
        if (!take_item(arena, papers, &rest, &items[count++]))
            return false;
    *ret_ranking = (struct ranking){items, count};
    return true;
}

int publishing_kept_find(struct publishing *publishing, struct date date,
                         const struct published_key *key, const struct papers *papers,
                         struct ranking *ret_ranking, bool *ret_found, struct error *error)
{
    char name[DATE_TEXT_BYTES];
    struct buffer bytes;
    bool found = false;
    int result;

    date_format(date, name);
    buffer_init(&bytes, KEPT_BYTES);
    result = derived_get(publishing->site->store, KIND, name, &bytes, &found, error);
    if (result == 0)
        *ret_found = found && unpack(publishing->arena, papers, key, buffer_view(&bytes),
                                     ret_ranking);
    buffer_free(&bytes);
    return result;
}
