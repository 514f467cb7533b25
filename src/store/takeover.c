#include "store/takeover.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "store/query.h"

enum { ROWS = 500, COLUMNS_MAX = 24 };

struct table {
    const char *name;
    const char *look;   /* whether there is anything */
    const char *select;
    const char *insert; /* of the same columns */
    const char *kinds;  /* of them, as query_run_many has them */
};

/* KEY is its first columns. */
#define TABLE(NAME, COLUMNS, PLACES, KEY, ORDER, KINDS) \
    {NAME, "SELECT 1 FROM " NAME " LIMIT 1", "SELECT " COLUMNS " FROM " NAME " ORDER BY " ORDER, \
     "INSERT INTO " NAME " (" COLUMNS ") VALUES (" PLACES ") RETURNING " KEY, KINDS}

/* In an order in which what is referred to comes first. A delivery gets a number of the
 * new store's own, in the same order; its message is found by what it is unique by. */
static const struct table TABLES[] = {
    TABLE("facts", "name, value", "$1, $2", "name", "name", "tb"),
    TABLE("papers",
          "id, version, source_title, source_abstract, authors, categories, announce_type, date,"
          " first_seen_utc",
          "$1, $2, $3, $4, $5, $6, $7, $8, $9", "id", "id", "titttttti"),
    TABLE("editions", "date, estimated, first_fetched_utc, fetched_utc, state, note",
          "$1, $2, $3, $4, $5, $6", "date", "date", "tiiitt"),
    TABLE("edition_categories", "edition, category, received, known, state", "$1, $2, $3, $4, $5",
          "edition, category", "edition, category", "ttiit"),
    TABLE("edition_papers", "edition, position, paper, announce_type, version, received_utc",
          "$1, $2, $3, $4, $5, $6", "edition, position", "edition, position", "tittii"),
    TABLE("subscribers", "address, first_seen_utc, first_edition", "$1, $2, $3", "address",
          "address", "tit"),
    TABLE("suppressions", "address, reason, since_utc, evidence", "$1, $2, $3, $4",
          "address, reason", "address, reason", "ttit"),
    TABLE("deliveries",
          "subscriber, kind, slot, state, created_utc, not_before_utc, expires_utc, attempts,"
          " worker, lease_until_utc, changed_utc, stage, enhanced, reply, editions, shown, reason",
          "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17",
          "subscriber, kind, slot", "id", "ttttiiiitiittttbt"),
    TABLE("pace_turns", "service, holder, lease_until_ms, started_ms", "$1, $2, $3, $4", "service",
          "service", "ttii"),
    TABLE("pace_backoffs", "service, endpoint, not_before_ms, failures, changed_ms, reason",
          "$1, $2, $3, $4, $5, $6", "service, endpoint", "service, endpoint", "ttiiit"),
    TABLE("validators", "url, etag, last_modified, kept_utc", "$1, $2, $3, $4", "url", "url",
          "ttti"),
    TABLE("rate_scopes", "scope, next_us, touched_ms", "$1, $2, $3", "scope", "scope", "tii"),
    TABLE("rate_minutes", "scope, minute, taken", "$1, $2, $3", "scope, minute", "scope, minute",
          "tii"),
    TABLE("rate_slots", "scope, holder, slots, lease_until_ms", "$1, $2, $3, $4", "scope, holder",
          "scope, holder", "ttii"),
    TABLE("patience", "relay, domain, not_before_ms, connections, changed_ms, times, reply",
          "$1, $2, $3, $4, $5, $6, $7", "relay, domain", "relay, domain", "ttiiiit"),
    TABLE("domain_runs",
          "domain, first_utc, last_utc, failed, recipients, held_utc, held_until_utc, evidence",
          "$1, $2, $3, $4, $5, $6, $7, $8", "domain", "domain", "tiiiiiit"),
    TABLE("dead_addresses", "address, domain, refusals, last_utc, suppressed_utc",
          "$1, $2, $3, $4, $5", "address", "address", "ttiii"),
    TABLE("profiles", "address, document, version, changed_utc", "$1, $2, $3, $4", "address",
          "address", "ttbi"),
    TABLE("forgotten", "hash, since_utc", "$1, $2", "hash", "hash", "ti"),
    TABLE("changes", "name, number", "$1, $2", "name", "name", "ti"),
    TABLE("handled_mails", "mailbox, validity, uid, hash, folder, handled_utc",
          "$1, $2, $3, $4, $5, $6", "mailbox, validity, uid", "mailbox, validity, uid", "tiitti"),
    TABLE("mail_intents", "hash, address, before, after, document, begun_utc",
          "$1, $2, $3, $4, $5, $6", "hash", "hash", "ttbbti"),
    TABLE("pending",
          "id, kind, address, other, commands, created_utc, expires_utc, confirmed_utc,"
          " other_confirmed_utc, done_utc, vouched",
          "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11", "id", "id", "tttttiiiiii"),
    TABLE("profile_history", "address, number, document, after, changed_utc",
          "$1, $2, $3, $4, $5", "address, number", "address, number", "titbi"),
    TABLE("bounces", "address, sent_day, kind, evidence, noted_utc", "$1, $2, $3, $4, $5",
          "address, sent_day", "address, sent_day", "titti"),
    TABLE("moved_addresses", "address, other, since_utc", "$1, $2, $3", "address", "address",
          "tti"),
    TABLE("inbox_events", "number, noted_utc, text", "$1, $2, $3", "number", "number", "iit"),
    TABLE("summaries",
          "paper, version, model, language, prompt, state, edition, holder, lease_until_utc,"
          " attempts, changed_utc, prompt_tokens, completion_tokens, why, tldr, markdown",
          "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16",
          "paper, version, model, language, prompt", "paper, version, model, language, prompt",
          "tittttttiiiiittt"),
    TABLE("summary_spending", "edition, day, first_utc, prompt_tokens, completion_tokens",
          "$1, $2, $3, $4, $5", "edition, day", "edition, day", "tiiii"),
};

/* ---- rows on their way ---- */

struct rows {
    const struct table *table;
    struct arena *arena;
    struct value values[ROWS][COLUMNS_MAX];
    size_t count;
    int64_t total;
};

static struct value keep_value(const struct query *query, int column, char kind,
                               struct arena *arena)
{
    if (query_is_null(query, column))
        return (struct value){.kind = VALUE_NULL};
    if (kind == 'i')
        return (struct value){.kind = VALUE_INTEGER, .integer = query_get_integer(query, column)};
    return (struct value){.kind = kind == 't' ? VALUE_TEXT : VALUE_BLOB,
                          .bytes = arena_copy(arena, query_get_view(query, column))};
}

static void bind_row(struct query *query, size_t index, void *user)
{
    const struct rows *rows = user;

    for (size_t i = 0; rows->table->kinds[i]; i++) {
        const struct value *value = &rows->values[index][i];

        if (value->kind == VALUE_NULL)
            query_null(query);
        else if (value->kind == VALUE_INTEGER)
            query_integer(query, value->integer);
        else if (value->kind == VALUE_TEXT)
            query_view(query, value->bytes);
        else
            query_blob(query, value->bytes);
    }
}

static int put_rows(struct rows *rows, struct store *to, struct error *error)
{
    int64_t changes[ROWS];

    if (query_run_many(to, rows->table->insert, rows->table->kinds, rows->count, bind_row, rows,
                       changes, error) < 0)
        return -1;
    for (size_t i = 0; i < rows->count; i++)
        if (!changes[i])
            return error_set(error, ERROR_CONFLICT, "a row was there already");
    rows->total += (int64_t)rows->count;
    rows->count = 0;
    arena_reset(rows->arena);
    return 0;
}

static int take_table(struct rows *rows, struct store *to, struct store *from,
                      struct error *error)
{
    struct query query;
    int row, result = 0;

    rows->total = 0;
    query_start(&query, from, rows->table->select, error);
    while (result == 0 && (row = query_next(&query)) != 0) {
        struct value *values = rows->values[rows->count];

        if (row < 0) {
            result = -1;
            break;
        }
        for (int i = 0; rows->table->kinds[i]; i++)
            values[i] = keep_value(&query, i, rows->table->kinds[i], rows->arena);
        if (++rows->count == ROWS)
            result = put_rows(rows, to, error);
    }
    query_end(&query);
    if (result == 0)
        result = put_rows(rows, to, error);
    return result < 0 ? error_add(error, "table %s", rows->table->name) : 0;
}

/* Few wait at a time: answers and confirmations. */
static int take_messages(struct store *to, struct store *from, struct error *error)
{
    struct query query, put;
    int row, result = 0;

    query_start(&query, from,
                "SELECT d.subscriber, d.kind, d.slot, m.envelope_sender, m.bytes"
                " FROM delivery_messages m JOIN deliveries d ON d.id = m.delivery"
                " ORDER BY m.delivery", error);
    while ((row = query_next(&query)) > 0 && result == 0) {
        query_start(&put, to,
                    "INSERT INTO delivery_messages (delivery, envelope_sender, bytes)"
                    " VALUES ((SELECT d.id FROM deliveries d WHERE d.subscriber = $1"
                    " AND d.kind = $2 AND d.slot = $3), $4, $5)", error);
        for (int i = 0; i < 4; i++)
            query_view(&put, query_get_view(&query, i));
        query_blob(&put, query_get_view(&query, 4));
        result = query_run(&put, NULL);
    }
    query_end(&query);
    return row < 0 || result < 0 ? error_add(error, "table delivery_messages") : 0;
}

/* ---- the whole ---- */

static int check_empty(struct store *to, struct error *error)
{
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
        struct query query;
        int row;

        query_start(&query, to, TABLES[i].look, error);
        row = query_next(&query);
        query_end(&query);
        if (row < 0)
            return -1;
        if (row > 0)
            return error_set(error, ERROR_CONFLICT,
                             "the configured store is not empty (it has %s); a store is taken over "
                             "whole, into a new one: name one in the configuration",
                             TABLES[i].name);
    }
    return 0;
}

static int check_unheld(struct store *from, int64_t now_utc, struct error *error)
{
    struct query query;
    int64_t held = 0;
    int row;

    query_start(&query, from,
                "SELECT count(*) FROM deliveries WHERE phase = 'held'"
                " AND lease_until_utc > $1", error);
    query_integer(&query, now_utc);
    row = query_next(&query);
    if (row > 0)
        held = query_get_integer(&query, 0);
    query_end(&query);
    if (row < 0)
        return -1;
    if (held)
        return error_set(error, ERROR_TEMPORARY,
                         "a worker holds %lld of the old store's deliveries; stop it, or wait the "
                         "five minutes that a dead one's lease lasts",
                         (long long)held);
    return 0;
}

static void note_total(const struct rows *rows, struct taken_over *taken)
{
    const struct {
        const char *name;
        int64_t *total;
    } counted[] = {
        {"editions", &taken->editions},         {"papers", &taken->papers},
        {"profiles", &taken->profiles},         {"suppressions", &taken->suppressions},
        {"deliveries", &taken->deliveries},
    };

    for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
        if (strcmp(counted[i].name, rows->table->name) == 0)
            *counted[i].total = rows->total;
}

static int take_all(struct store *to, struct store *from, int64_t now_utc,
                    struct taken_over *taken, struct error *error)
{
    struct rows *rows = memory_new(1, sizeof(*rows));
    int result = check_unheld(from, now_utc, error);

    rows->arena = arena_new();
    for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]) && result == 0; i++) {
        rows->table = &TABLES[i];
        result = take_table(rows, to, from, error);
        note_total(rows, taken);
    }
    if (result == 0)
        result = take_messages(to, from, error);
    arena_free(&rows->arena);
    free(rows);
    return result;
}

static int begin_reading(struct store *from, struct error *error)
{
    if (store_begin(from, error) < 0)
        return -1;
    if (!from->backend->freeze || from->backend->freeze(from->connection, error) == 0)
        return 0;
    store_rollback(from);
    return -1;
}

int store_take_over(struct store *to, struct store *from, int64_t now_utc,
                    struct taken_over *ret_taken, struct error *error)
{
    struct taken_over taken = {0};
    int result;

    if (store_begin(to, error) < 0)
        return -1;
    /* Before the other one's transaction: it may be the same file. */
    result = check_empty(to, error);
    if (result == 0)
        result = begin_reading(from, error);
    if (result == 0)
        result = take_all(to, from, now_utc, &taken, error);
    store_rollback(from);
    if (transaction_close(to, true, result, error) < 0)
        return -1;
    *ret_taken = taken;
    return 0;
}
