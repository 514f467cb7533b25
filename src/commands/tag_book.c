#include "commands/tag_book.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "store/changes.h"
#include "store/moving.h"
#include "store/pending.h"
#include "store/subscribers.h"
#include "subscribers/address.h"

enum { TOKENS_PER_MAIL = 32, FRESH_SECONDS = 60, NANOSECONDS = 1000000000 };

struct reading {
    struct tag_book *book;
    const struct token_key *key;
};

static int add(void *user, const char *address)
{
    struct reading *reading = user;
    struct tag_book *book = reading->book;
    struct token_subscriber subscriber;

    token_subscriber_init(reading->key, view_of(address), &subscriber);
    book->entries = memory_grow(book->entries, &book->capacity, book->count + 1,
                                sizeof(*book->entries));
    book->entries[book->count++] =
        (struct tag_entry){subscriber.tag, arena_string(book->arena, view_of(address))};
    return 0;
}

/* Files are named by their address; nothing is read of them. */
static int add_profiles(struct reading *reading, const struct profile_source *source,
                        struct error *error)
{
    struct profile_walk walk;
    int more;

    if (profile_walk_start(source, &walk, error) < 0)
        return -1;
    while ((more = profile_walk_next(&walk, error)) > 0)
        for (size_t i = 0; i < walk.count; i++) {
            struct buffer address;

            buffer_init(&address, ADDRESS_BYTES + 1);
            if (!source->folder)
                add(reading, walk.names[i]);
            else if (address_from_file_name(view_of(walk.names[i]), &address))
                add(reading, buffer_string(&address));
            buffer_free(&address);
        }
    profile_walk_end(&walk);
    return more;
}

/* Somebody who left and whose profile is gone may bounce, or come back. */
static int add_suppressed(struct reading *reading, struct store *store, struct error *error)
{
    struct suppression_list list = {0};

    if (suppression_list_all(store, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < list.count; i++)
        add(reading, list.items[i].address);
    suppression_list_free(&list);
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct tag_entry *left = a, *right = b;

    return left->tag < right->tag ? -1 : left->tag > right->tag;
}

/* One changes when a profile is added, the other when somebody asks for something, which
 * other threads and processes may have taken. */
static int find_stamps(struct site *site, const struct profile_source *source,
                       int64_t *ret_profiles, int64_t *ret_pending, struct error *error)
{
    struct stat status;

    if (store_change_find(site->store, CHANGE_PENDING, ret_pending, error) < 0)
        return -1;
    if (!source->folder)
        return store_change_find(source->store, CHANGE_PROFILES, ret_profiles, error);
    *ret_profiles = stat(source->folder, &status) < 0
                        ? 0
                        : (int64_t)status.st_mtim.tv_sec * NANOSECONDS + status.st_mtim.tv_nsec;
    return 0;
}

static int read_all(struct tag_book *book, struct site *site, struct error *error)
{
    struct reading reading = {book, &site->key};
    struct profile_source source;

    tag_book_clear(book);
    book->arena = arena_new();
    book->was_reread = true;
    book->read_utc = site_now();
    /* The stamps first: what is added meanwhile is looked for the next time. */
    if (profile_source_open(site, &source, error) < 0 ||
        find_stamps(site, &source, &book->profiles, &book->pending, error) < 0 ||
        add_profiles(&reading, &source, error) < 0 ||
        add_suppressed(&reading, site->store, error) < 0 ||
        pending_each_address(site->store, site_now(), add, &reading, error) < 0 ||
        moved_each(site->store, add, &reading, error) < 0)
        return -1;
    if (book->count)
        qsort(book->entries, book->count, sizeof(*book->entries), compare);
    book->is_read = true;
    return 0;
}

/* The first with this tag, or behind where it would be. */
static size_t first_of(const struct tag_book *book, uint64_t tag)
{
    size_t low = 0, high = book->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (book->entries[middle].tag < tag)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool has(const struct tag_book *book, uint64_t tag)
{
    size_t at = first_of(book, tag);

    return book->is_read && at < book->count && book->entries[at].tag == tag;
}

/* Reading takes as long as there are profiles: once a mail, and within a minute only when
 * there may be new ones. */
static int is_worth_reading(const struct tag_book *book, struct site *site, bool *ret_is,
                            struct error *error)
{
    struct profile_source source;
    int64_t age = site_now() - book->read_utc, profiles, pending;

    *ret_is = !book->is_read;
    if (book->is_read && !book->was_reread) {
        if (profile_source_open(site, &source, error) < 0 ||
            find_stamps(site, &source, &profiles, &pending, error) < 0)
            return -1;
        *ret_is = age < 0 || age >= FRESH_SECONDS || profiles != book->profiles ||
                  pending != book->pending;
    }
    return 0;
}

static int is_pending(struct store *store, const char *address, struct arena *arena, bool *ret_is,
                      struct error *error)
{
    struct pending *items;
    size_t count;

    if (pending_list(store, address, site_now(), arena, &items, &count, error) < 0)
        return -1;
    *ret_is = count > 0;
    return 0;
}

static int has_moved(struct store *store, const char *address, struct arena *arena, bool *ret_has,
                     struct error *error)
{
    const char *where;

    if (subscriber_where(store, address, arena, &where, error) < 0)
        return -1;
    *ret_has = strcmp(where, address) != 0;
    return 0;
}

int tag_book_knows(struct site *site, const char *address, bool *ret_knows, struct error *error)
{
    struct arena *arena = arena_new();
    struct suppression_found suppression = {0};
    struct profile_source source;
    bool has = false, asked = false, moved = false;
    int result = 0;

    if (profile_source_open(site, &source, error) < 0 ||
        profile_source_has(&source, address, &has, error) < 0 ||
        (!has && (suppression_find(site->store, address, &suppression, error) < 0 ||
                  is_pending(site->store, address, arena, &asked, error) < 0 ||
                  has_moved(site->store, address, arena, &moved, error) < 0)))
        result = -1;
    arena_free(&arena);
    if (result == 0)
        *ret_knows = has || suppression.found || asked || moved;
    return result;
}

int tag_book_each(struct tag_book *book, struct site *site, uint64_t tag, tag_try *try,
                  void *user, struct error *error)
{
    bool is_worth;
    int result = 0;

    if (book->looked_up++ >= TOKENS_PER_MAIL)
        return 0;
    if (!has(book, tag)) {
        if (is_worth_reading(book, site, &is_worth, error) < 0 ||
            (is_worth && read_all(book, site, error) < 0))
            return -1;
    }
    for (size_t i = first_of(book, tag); result == 0 && i < book->count; i++) {
        const char *address = book->entries[i].address;
        struct token_subscriber subscriber;
        bool knows;

        if (book->entries[i].tag != tag)
            break;
        if (tag_book_knows(site, address, &knows, error) < 0)
            return -1;
        if (!knows)
            continue;
        token_subscriber_init(&site->key, view_of(address), &subscriber);
        result = try(user, address, &subscriber);
    }
    return result;
}

struct verifying {
    const struct token *token;
    struct view scope;
    int64_t now_utc;
    const char *address;
};

static int verify(void *user, const char *address, const struct token_subscriber *subscriber)
{
    struct verifying *verifying = user;

    if (token_verify(subscriber, verifying->token, verifying->scope, verifying->now_utc) !=
        TOKEN_VALID)
        return 0;
    verifying->address = address;
    return 1;
}

int tag_book_find(struct tag_book *book, struct site *site, const struct token *token,
                  struct view scope, int64_t now_utc, const char **ret_address,
                  struct error *error)
{
    struct verifying verifying = {token, scope, now_utc, NULL};

    if (tag_book_each(book, site, token->tag, verify, &verifying, error) < 0)
        return -1;
    *ret_address = verifying.address;
    return 0;
}

void tag_book_next_mail(struct tag_book *book)
{
    book->was_reread = false;
    book->looked_up = 0;
}

void tag_book_clear(struct tag_book *book)
{
    arena_free(&book->arena);
    book->count = 0;
    book->is_read = false;
}

void tag_book_free(struct tag_book *book)
{
    tag_book_clear(book);
    free(book->entries);
    *book = (struct tag_book){0};
}
