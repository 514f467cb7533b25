/* paperboy subscriber export: all profiles, or what there is about one person. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "commands/profile_source.h"
#include "commands/subscriber.h"
#include "store/person.h"
#include "store/shown.h"

enum { PERSON_BYTES = 256 * 1024 * 1024 };

struct exporting {
    struct site *site;
    const char *out; /* a folder; NULL: lines on standard output */
    bool force;
    size_t count, unchanged, refused, broken;
    struct error error;
    bool failed;
};

/* ---- all: a line each ---- */

/* JSON that was read and found good, without the blanks between its parts. */
static void print_line(struct view text)
{
    bool in_string = false, is_escaped = false;

    if (view_starts_with(text, VIEW("\xEF\xBB\xBF")))
        text = view_slice(text, 3, text.size);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        if (!in_string && strchr(" \t\r\n", c))
            continue;
        putchar(c);
        if (c == '"' && !is_escaped)
            in_string = !in_string;
        is_escaped = in_string && c == '\\' && !is_escaped;
    }
    putchar('\n');
}

/* ---- all: a file each ---- */

/* Of a broken profile the bytes all the same: a person will want to mend them. */
static int write_file(struct exporting *exporting, const char *name, struct view text,
                      struct error *error)
{
    char *path = file_join(exporting->out, name);
    struct buffer old;
    int result = 0;

    buffer_init(&old, PROFILE_FILE_BYTES);
    if (!file_exists(path)) {
        result = file_create_atomic(path, text, 0600, error);
        exporting->count += result == 0;
    } else if (file_read(path, &old, NULL) == 0 && view_equal(buffer_view(&old), text)) {
        exporting->unchanged++;
    } else if (exporting->force) {
        result = file_write_atomic(path, text, 0600, error);
        exporting->count += result == 0;
    } else {
        log_line(exporting->site->log, LOG_LEVEL_ERROR,
                 "%s: is there already and is another; --force replaces it", path);
        exporting->refused++;
    }
    buffer_free(&old);
    free(path);
    return result;
}

static int export_file(struct exporting *exporting, const struct profile_walk *walk, size_t index,
                       struct view text, struct error *error)
{
    char *name = NULL;
    int result;

    if (walk->source.folder)
        return write_file(exporting, walk->names[index], text, error);
    if (folder_name_of(walk->names[index], &name, error) < 0)
        return -1;
    result = write_file(exporting, name, text, error);
    free(name);
    return result;
}

static int export_one(struct exporting *exporting, const struct profile_walk *walk, size_t index,
                      struct buffer *scratch, struct error *error)
{
    struct error problem;
    struct profile profile;
    struct view text;
    bool is_good;

    if (profile_walk_read(walk, index, scratch, &text, &problem) < 0) {
        log_line(exporting->site->log, LOG_LEVEL_ERROR, "%s", problem.text);
        exporting->broken++;
        return 0;
    }
    is_good = profile_walk_parse(walk, index, text, &profile, NULL, &problem) == 0;
    if (is_good) {
        profile_free(&profile);
    } else {
        log_line(exporting->site->log, LOG_LEVEL_ERROR, "%s", problem.text);
        exporting->broken++;
    }
    if (exporting->out)
        return export_file(exporting, walk, index, text, error);
    if (is_good) {
        print_line(text);
        exporting->count++;
    }
    return 0;
}

static int export_walk(struct exporting *exporting, const struct profile_source *source,
                       struct error *error)
{
    struct profile_walk walk;
    struct buffer scratch;
    int result = 0, more;

    if (profile_walk_start(source, &walk, error) < 0)
        return -1;
    buffer_init(&scratch, PROFILE_FILE_BYTES);
    while (result == 0 && (more = profile_walk_next(&walk, error)) != 0) {
        result = more < 0 ? -1 : 0;
        for (size_t i = 0; i < walk.count && result == 0; i++)
            result = export_one(exporting, &walk, i, &scratch, error);
    }
    buffer_free(&scratch);
    profile_walk_end(&walk);
    return result;
}

static int export_all(struct site *site, const struct options *options)
{
    struct exporting exporting = {.site = site,
                                  .out = options_value(options, "--out"),
                                  .force = options_given(options, "--force")};
    struct profile_source source;
    struct error error;

    if (profile_source_open(site, &source, &error) < 0 ||
        (exporting.out && file_make_folder(exporting.out, 0700, &error) < 0) ||
        export_walk(&exporting, &source, &error) < 0)
        return command_fail(site->log, &error);
    if (!exporting.out && (fflush(stdout) != 0 || ferror(stdout))) {
        log_line(site->log, LOG_LEVEL_ERROR, "cannot write to standard output");
        return EX_IOERR;
    }
    if (exporting.out)
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "%zu exported to %s, %zu unchanged, %zu refused, %zu broken", exporting.count,
                 exporting.out, exporting.unchanged, exporting.refused, exporting.broken);
    return exporting.broken ? EX_DATAERR : exporting.refused ? EX_CANTCREAT : EX_OK;
}

/* ---- one person ---- */

static json_t *text_or_null(struct view text)
{
    return text.data ? json_stringn(text.data, text.size) : json_null();
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
    json_object_set_new(object, "editions", editions_to_json(delivery->editions));
    (void)shown_read(delivery->shown, add_paper, papers, &damaged); /* what is before it */
    json_object_set_new(object, "papers", papers);
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

static int describe(struct site *site, const char *address, json_t *person, struct error *error)
{
    struct profile_source source;
    bool any = false;

    json_object_set_new(person, "address", json_string(address));
    if (site_open_store(site, error) < 0 || profile_source_open(site, &source, error) < 0 ||
        add_profile(&source, address, person, &any, error) < 0 ||
        add_stored(site->store, address, person, &any, error) < 0)
        return -1;
    return any ? 0 : error_set(error, ERROR_MISSING, "nothing is known of %s", address);
}

int subscriber_describe(struct site *site, const char *address, struct buffer *ret_json,
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

static int export_person(struct site *site, const struct options *options, const char *word)
{
    char *address = NULL;
    struct buffer out;
    struct error error;
    int status;

    buffer_init(&out, PERSON_BYTES);
    if (subscriber_read_address(word, &address, &error) < 0 ||
        subscriber_describe(site, address, &out, &error) < 0)
        status = command_fail(site->log, &error);
    else
        status = command_print(site->log, options_value(options, "--out"), buffer_view(&out));
    buffer_free(&out);
    free(address);
    return status;
}

int subscriber_export(struct site *site, const struct options *options, char **words, size_t count)
{
    struct error error;

    if (count)
        return export_person(site, options, words[0]);
    if (!options_given(options, "--json") || !options_given(options, "--out"))
        return export_all(site, options);
    error_set(&error, ERROR_INPUT, "--json writes lines to standard output and --out a file for each "
                                   "profile; choose one");
    return command_fail_usage(site->log, &error);
}
