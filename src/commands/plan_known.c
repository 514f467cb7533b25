#include "commands/plan_known.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/everybody.h"

/* 128 bits under a key that nobody knows: no two addresses meet. */
static void make_key(const struct plan_known *known, struct view address, uint64_t ret_key[2])
{
    crypto_shorthash_siphashx24((unsigned char *)ret_key, (const unsigned char *)address.data,
                                address.size, known->secret);
    ret_key[0] |= 1; /* never that of a free place */
}

static struct known *find_place(const struct plan_known *known, const uint64_t key[2])
{
    size_t at = (size_t)key[1] & (known->capacity - 1);

    while (known->places[at].key[0] &&
           (known->places[at].key[0] != key[0] || known->places[at].key[1] != key[1]))
        at = (at + 1) & (known->capacity - 1);
    return &known->places[at];
}

static void grow(struct plan_known *known)
{
    struct known *old = known->places;
    size_t old_capacity = known->capacity;

    known->capacity = old_capacity ? old_capacity * 2 : 1024;
    known->places = memory_new(known->capacity, sizeof(known->places[0]));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].key[0])
            *find_place(known, old[i].key) = old[i];
    free(old);
}

static struct known *add(struct plan_known *known, struct view address)
{
    struct known *place;
    uint64_t key[2];

    if (known->count * 4 >= known->capacity * 3)
        grow(known);
    make_key(known, address, key);
    place = find_place(known, key);
    if (!place->key[0]) {
        *place = (struct known){.key = {key[0], key[1]},
                                .latest_shown = INT32_MIN,
                                .first_edition = INT32_MIN};
        known->count++;
    }
    return place;
}

const struct known *plan_known_find(const struct plan_known *known, const char *address)
{
    static const struct known nobody = {.latest_shown = INT32_MIN, .first_edition = INT32_MIN};
    const struct known *place;
    uint64_t key[2];

    if (!known->capacity)
        return &nobody;
    make_key(known, view_of(address), key);
    place = find_place(known, key);
    return place->key[0] ? place : &nobody;
}

static void take_suppressed(void *user, struct view address)
{
    add(user, address)->is_suppressed = true;
}

static void take_seen(void *user, struct view address, const struct subscriber_seen *seen)
{
    struct known *place = add(user, address);

    place->is_seen = true;
    if (date_is_set(seen->first_edition))
        place->first_edition = (int32_t)date_to_days(seen->first_edition);
}

static void take_shown(void *user, struct view address, const struct edition_shown *editions,
                       size_t count)
{
    struct plan_known *known = user;
    struct known *place = add(known, address);

    for (size_t i = 0; i < count; i++) {
        int32_t day = (int32_t)date_to_days(editions[i].date);

        if (day > place->latest_shown)
            place->latest_shown = day;
        for (size_t k = 0; k < known->editions->count; k++)
            if (date_compare(known->editions->items[k].date, editions[i].date) == 0)
                place->dealt_with |= (uint64_t)1 << k;
    }
}

int plan_known_load(struct store *store, const struct edition_list *editions, const char *only,
                    struct plan_known *ret_known, struct error *error)
{
    struct plan_known known = {.editions = editions};
    struct date oldest = {9999, 12, 31};

    randombytes_buf(known.secret, sizeof(known.secret));
    if (editions->count)
        oldest = editions->items[editions->count - 1].date;
    if (everybody_each_suppressed(store, only, take_suppressed, &known, error) < 0 ||
        everybody_each_seen(store, only, take_seen, &known, error) < 0 ||
        everybody_each_shown(store, only, oldest, take_shown, &known, error) < 0) {
        plan_known_free(&known);
        return -1;
    }
    *ret_known = known;
    return 0;
}

void plan_known_free(struct plan_known *known)
{
    free(known->places);
    *known = (struct plan_known){0};
}
