#include "store/mail_log.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "store/query.h"

/* ---- dealt with ---- */

static int find(struct query *query, struct arena *arena, const char **ret_folder)
{
    int row = query_next(query);

    if (row > 0)
        *ret_folder = query_get_string(query, 0, arena);
    query_end(query);
    return row < 0 ? -1 : 0;
}

int mail_log_find(struct store *store, const struct mail_place *place, struct arena *arena,
                  const char **ret_folder, struct error *error)
{
    struct query query;

    *ret_folder = NULL;
    query_start(&query, store,
                "SELECT folder FROM handled_mails WHERE mailbox = $1 AND validity = $2 AND uid = $3"
                " AND hash = $4", error);
    query_text(&query, place->mailbox);
    query_integer(&query, place->validity);
    query_integer(&query, place->uid);
    query_text(&query, place->hash);
    if (find(&query, arena, ret_folder) < 0)
        return -1;
    if (*ret_folder)
        return 0;
    query_start(&query, store,
                "SELECT folder FROM handled_mails WHERE hash = $1 AND mailbox = $2"
                " AND validity <> $3 LIMIT 1", error);
    query_text(&query, place->hash);
    query_text(&query, place->mailbox);
    query_integer(&query, place->validity);
    return find(&query, arena, ret_folder);
}

int mail_log_add(struct store *store, const struct mail_place *place, const char *folder,
                 int64_t now_utc, bool *ret_is_new, struct error *error)
{
    struct query query;
    int64_t changes = 0;

    query_start(&query, store,
                "INSERT INTO handled_mails (mailbox, validity, uid, hash, folder, handled_utc)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (mailbox, validity, uid) DO UPDATE"
                " SET hash = excluded.hash, folder = excluded.folder,"
                " handled_utc = excluded.handled_utc"
                " WHERE handled_mails.hash <> excluded.hash", error);
    query_text(&query, place->mailbox);
    query_integer(&query, place->validity);
    query_integer(&query, place->uid);
    query_text(&query, place->hash);
    query_text(&query, folder);
    query_integer(&query, now_utc);
    if (query_run(&query, &changes) < 0)
        return -1;
    *ret_is_new = changes > 0;
    return 0;
}

static int prune(struct store *store, int64_t before_utc, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM handled_mails WHERE handled_utc < $1", error);
    query_integer(&query, before_utc);
    if (query_run(&query, NULL) < 0)
        return -1;
    query_start(&query, store, "DELETE FROM mail_intents WHERE begun_utc < $1", error);
    query_integer(&query, before_utc);
    return query_run(&query, NULL);
}

int mail_log_prune(struct store *store, int64_t before_utc, struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, prune(store, before_utc, error), error);
}

/* ---- intents ---- */

int mail_intent_put(struct store *store, const char *hash, const struct mail_intent *intent,
                    int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO mail_intents (hash, address, before, after, document, begun_utc)"
                " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (hash) DO UPDATE SET"
                " address = excluded.address, before = excluded.before, after = excluded.after,"
                " document = excluded.document, begun_utc = excluded.begun_utc", error);
    query_text(&query, hash);
    query_text(&query, intent->address);
    query_blob(&query, intent->before);
    query_blob(&query, intent->after);
    query_view(&query, intent->document);
    query_integer(&query, now_utc);
    return query_run(&query, NULL);
}

int mail_intent_find(struct store *store, const char *hash, struct arena *arena,
                     struct mail_intent *ret_intent, bool *ret_found, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT address, before, after, document FROM mail_intents WHERE hash = $1", error);
    query_text(&query, hash);
    row = query_next(&query);
    if (row > 0)
        *ret_intent = (struct mail_intent){
            .address = query_get_string(&query, 0, arena),
            .before = arena_copy(arena, query_get_view(&query, 1)),
            .after = arena_copy(arena, query_get_view(&query, 2)),
            .document = arena_copy(arena, query_get_view(&query, 3)),
        };
    query_end(&query);
    *ret_found = row > 0;
    return row < 0 ? -1 : 0;
}

int mail_intent_drop(struct store *store, const char *hash, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM mail_intents WHERE hash = $1", error);
    query_text(&query, hash);
    return query_run(&query, NULL);
}

/* ---- for the owner ---- */

int inbox_event_add(struct store *store, const char *text, int64_t now_utc, struct error *error)
{
    struct query query;

    query_start(&query, store, "INSERT INTO inbox_events (noted_utc, text) VALUES ($1, $2)", error);
    query_integer(&query, now_utc);
    query_text(&query, text);
    return query_run(&query, NULL);
}

static int take_events(struct store *store, struct buffer *ret_lines, size_t *ret_count,
                       struct error *error)
{
    struct query query;
    int64_t last = 0;
    int row;

    *ret_count = 0;
    query_start(&query, store, "SELECT number, noted_utc, text FROM inbox_events ORDER BY number",
                error);
    while ((row = query_next(&query)) > 0) {
        char time[TIME_TEXT_BYTES];

        time_format_rfc3339(query_get_integer(&query, 1), time);
        buffer_printf(ret_lines, "%s  %.*s\n", time, VIEW_ARGUMENTS(query_get_view(&query, 2)));
        last = query_get_integer(&query, 0);
        ++*ret_count;
    }
    query_end(&query);
    if (row < 0)
        return -1;
    query_start(&query, store, "DELETE FROM inbox_events WHERE number <= $1", error);
    query_integer(&query, last);
    return query_run(&query, NULL);
}

int inbox_event_take(struct store *store, struct buffer *ret_lines, size_t *ret_count,
                     struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, take_events(store, ret_lines, ret_count, error), error);
}

static bool is_of_address(struct view text, size_t at)
{
    unsigned char byte = at < text.size ? (unsigned char)text.data[at] : ' ';

    return byte < 0x80 && (isalnum(byte) || byte == '-' || byte == '_' || byte == '+');
}

/* Not within a longer one; a full stop behind it may end a sentence. */
static bool stands_alone(struct view text, size_t from, size_t to)
{
    if (from && (is_of_address(text, from - 1) || text.data[from - 1] == '.'))
        return false;
    return !is_of_address(text, to) &&
           !(to < text.size && text.data[to] == '.' && is_of_address(text, to + 1));
}

static bool names(struct view text, struct view address)
{
    for (size_t i = 0; i + address.size <= text.size; i++)
        if (view_equal_nocase(view_slice(text, i, i + address.size), address) &&
            stands_alone(text, i, i + address.size))
            return true;
    return false;
}

static int forget_events(struct store *store, struct view address, struct error *error)
{
    struct query query;
    int64_t *numbers = NULL;
    size_t count = 0, capacity = 0;
    int row, result;

    query_start(&query, store, "SELECT number, text FROM inbox_events", error);
    while ((row = query_next(&query)) > 0) {
        if (!names(query_get_view(&query, 1), address))
            continue;
        numbers = memory_grow(numbers, &capacity, count + 1, sizeof(*numbers));
        numbers[count++] = query_get_integer(&query, 0);
    }
    query_end(&query);
    result = row;
    for (size_t i = 0; result == 0 && i < count; i++) {
        query_start(&query, store, "DELETE FROM inbox_events WHERE number = $1", error);
        query_integer(&query, numbers[i]);
        result = query_run(&query, NULL);
    }
    free(numbers);
    return result;
}

int inbox_event_forget(struct store *store, const char *address, struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, forget_events(store, view_of(address), error), error);
}
