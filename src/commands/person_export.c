#include "commands/person_export.h"

#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/memory.h"
#include "commands/command.h"
#include "commands/compiling.h"
#include "commands/profile_source.h"
#include "commands/subscriber.h"
#include "store/person.h"
#include "store/shown.h"

enum { PERSON_BYTES = 256 * 1024 * 1024 };

static json_t *text_or_null(struct view text)
{
    return text.data ? json_stringn(text.data, text.size) : json_null();
}

static json_t *base64_of(struct view bytes)
{
    size_t size = sodium_base64_ENCODED_LEN(bytes.size, sodium_base64_VARIANT_ORIGINAL);
    char *text = memory_new(size, 1);
    json_t *json;

    sodium_bin2base64(text, size, (const unsigned char *)bytes.data, bytes.size,
                      sodium_base64_VARIANT_ORIGINAL);
    json = json_string(text);
    free(text);
    return json;
}

static json_t *time_or_null(int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    if (!utc)
        return json_null();
    time_format_rfc3339(utc, text);
    return json_string(text);
}

static json_t *date_or_null(struct date date)
{
    char text[DATE_TEXT_BYTES];

    if (!date_is_set(date))
        return json_null();
    date_format(date, text);
    return json_string(text);
}

static json_t *editions_to_json(struct view editions)
{
    json_t *array = json_array();
    struct edition_shown edition;
    struct view part;

    while (view_next_part(&editions, ' ', &part))
        if (edition_shown_parse(part, &edition))
            json_array_append_new(array, date_or_null(edition.date));
    return array;
}

static void add_paper(void *user, struct view id, int version)
{
    json_t *paper = json_object();

    json_object_set_new(paper, "id", json_stringn(id.data, id.size));
    json_object_set_new(paper, "version", json_integer(version));
    json_array_append_new(user, paper);
}

static void add_delivery(void *user, const struct person_delivery *delivery)
{
    json_t *papers = json_array(), *object = json_object();
    struct error damaged;

    json_object_set_new(object, "kind", text_or_null(delivery->kind));
    json_object_set_new(object, "slot", text_or_null(delivery->slot));
    json_object_set_new(object, "state", text_or_null(delivery->state));
    json_object_set_new(object, "created", time_or_null(delivery->created_utc));
    json_object_set_new(object, "not_before", time_or_null(delivery->not_before_utc));
    json_object_set_new(object, "expires", time_or_null(delivery->expires_utc));
    json_object_set_new(object, "changed", time_or_null(delivery->changed_utc));
    json_object_set_new(object, "attempts", json_integer(delivery->attempts));
    json_object_set_new(object, "stage", text_or_null(delivery->stage));
    json_object_set_new(object, "enhanced", text_or_null(delivery->enhanced));
    json_object_set_new(object, "reply", text_or_null(delivery->reply));
    json_object_set_new(object, "reason", text_or_null(delivery->reason));
    json_object_set_new(object, "editions", editions_to_json(delivery->editions));
    (void)shown_read(delivery->shown, add_paper, papers, &damaged); /* what is before it */
    json_object_set_new(object, "papers", papers);
    if (delivery->message.data) {
        json_object_set_new(object, "envelope_sender", text_or_null(delivery->envelope_sender));
        json_object_set_new(object, "message_base64", base64_of(delivery->message));
    }
    json_array_append_new(user, object);
}

static json_t *suppressions_to_json(const struct suppression_list *list)
{
    json_t *array = json_array();

    for (size_t i = 0; i < list->count; i++) {
        json_t *object = json_object();

        json_object_set_new(object, "reason",
                            json_string(suppression_reason_name(list->items[i].reason)));
        json_object_set_new(object, "since", time_or_null(list->items[i].since_utc));
        json_object_set_new(object, "evidence", text_or_null(view_of(list->items[i].evidence)));
        json_array_append_new(array, object);
    }
    return array;
}

/* The document itself, or its text when it is broken; null without one. */
static int add_profile(const struct profile_source *source, const char *address, json_t *person,
                       bool *any, struct error *error)
{
    struct error problem = {0};
    struct buffer text;
    json_t *document = NULL;
    int result = 0;

    buffer_init(&text, PROFILE_FILE_BYTES);
    if (profile_source_load_text(source, address, &text, &problem) == 0) {
        document = json_loadb(buffer_string(&text), text.size, 0, NULL);
        if (!document)
            document = json_stringn(buffer_string(&text), text.size);
        *any = true;
    } else if (problem.kind != ERROR_MISSING) {
        *error = problem;
        result = -1;
    }
    json_object_set_new(person, "profile", document ? document : json_null());
    buffer_free(&text);
    return result;
}

/* What refusals are counted for, and what is kept of the profile to rank faster. */
static int add_worked_out(struct store *store, const char *address, json_t *person, bool *any,
                          struct error *error)
{
    json_t *refusals = json_null(), *compiled = json_null();
    struct person_refusals found;
    bool is_refused = false, is_compiled = false;
    int64_t made_utc = 0;
    struct buffer bytes;
    int result = 0;

    buffer_init(&bytes, COMPILING_BYTES_MAX);
    if (person_find_refusals(store, address, &found, &is_refused, error) < 0 ||
        person_find_derived(store, address, &bytes, &made_utc, &is_compiled, error) < 0)
        result = -1;
    if (is_refused) {
        refusals = json_object();
        json_object_set_new(refusals, "count", json_integer(found.count));
        json_object_set_new(refusals, "last", time_or_null(found.last_utc));
        json_object_set_new(refusals, "suppressed", time_or_null(found.suppressed_utc));
    }
    if (is_compiled) {
        compiled = json_object();
        json_object_set_new(compiled, "made", time_or_null(made_utc));
        json_object_set_new(compiled, "base64", base64_of(buffer_view(&bytes)));
    }
    json_object_set_new(person, "refusals", refusals);
    json_object_set_new(person, "compiled_profile", compiled);
    *any = *any || is_refused || is_compiled;
    buffer_free(&bytes);
    return result;
}

static int add_stored(struct store *store, const char *address, json_t *person, bool *any,
                      struct error *error)
{
    struct suppression_list suppressions = {0};
    json_t *deliveries = json_array();
    struct subscriber_seen seen = {0};
    bool is_seen;
    int result = 0;

    if (person_find_seen(store, address, &seen, &is_seen, error) < 0 ||
        person_list_suppressions(store, address, &suppressions, error) < 0 ||
        person_each_delivery(store, address, add_delivery, deliveries, error) < 0)
        result = -1;
    *any = *any || seen.first_seen_utc || suppressions.count || json_array_size(deliveries);
    json_object_set_new(person, "first_seen", time_or_null(seen.first_seen_utc));
    json_object_set_new(person, "first_edition", date_or_null(seen.first_edition));
    json_object_set_new(person, "suppressed", suppressions_to_json(&suppressions));
    json_object_set_new(person, "deliveries", deliveries);
    suppression_list_free(&suppressions);
    return result;
}

static json_t *cell_to_json(const struct person_cell *cell)
{
    switch (cell->kind) {
    case 't':
        return text_or_null(cell->text);
    case 'i':
        return json_integer(cell->integer);
    case 'u':
        return time_or_null(cell->integer);
    default:
        return json_null();
    }
}

struct rows {
    json_t *person;
    bool any;
};

static void add_row(void *user, const char *list, const struct person_row *row)
{
    struct rows *rows = user;
    json_t *object;

    if (!row->count) {
        json_object_set_new(rows->person, list, json_array());
        return;
    }
    object = json_object();
    for (size_t i = 0; i < row->count; i++)
        json_object_set_new(object, row->cells[i].name, cell_to_json(&row->cells[i]));
    json_array_append_new(json_object_get(rows->person, list), object);
    rows->any = true;
}

static int add_rows(struct store *store, const char *address, json_t *person, bool *any,
                    struct error *error)
{
    struct rows rows = {.person = person};

    if (person_each_row(store, address, add_row, &rows, error) < 0)
        return -1;
    *any = *any || rows.any;
    return 0;
}

static int describe(struct site *site, const char *address, json_t *person, struct error *error)
{
    struct profile_source source;
    bool any = false;

    json_object_set_new(person, "address", json_string(address));
    if (site_open_store(site, error) < 0 || profile_source_open(site, &source, error) < 0 ||
        add_profile(&source, address, person, &any, error) < 0 ||
        add_stored(site->store, address, person, &any, error) < 0 ||
        add_worked_out(site->store, address, person, &any, error) < 0 ||
        add_rows(site->store, address, person, &any, error) < 0)
        return -1;
    return any ? 0 : error_set(error, ERROR_MISSING, "nothing is known of %s", address);
}

int person_describe(struct site *site, const char *address, struct buffer *ret_json,
                    struct error *error)
{
    json_t *person = json_object();
    int result = describe(site, address, person, error);

    if (result == 0) {
        char *text = json_dumps(person, JSON_INDENT(2));

        buffer_add_string(ret_json, text ? text : "");
        buffer_add_char(ret_json, '\n');
        free(text);
    }
    json_decref(person);
    return result;
}

int person_export(struct site *site, const struct options *options, const char *word)
{
    char *address = NULL;
    struct buffer out;
    struct error error;
    int status;

    buffer_init(&out, PERSON_BYTES);
    if (subscriber_read_address(word, &address, &error) < 0 ||
        person_describe(site, address, &out, &error) < 0)
        status = command_fail(site->log, &error);
    else
        status = command_print(site->log, options_value(options, "--out"), buffer_view(&out));
    buffer_free(&out);
    free(address);
    return status;
}
