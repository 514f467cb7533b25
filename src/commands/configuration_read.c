/* The format of paperboy.json as data: one row per key. Reading walks the rows;
 * what rows cannot say stands in check_configuration. */
#include "commands/configuration.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/document.h"
#include "base/file.h"
#include "base/memory.h"
#include "mail/token.h"
#include "subscribers/address.h"

enum key_kind {
    KEY_TEXT,
    KEY_ADDRESS,
    KEY_PATH,     /* made relative to the file's folder */
    KEY_WEB,      /* http:// or https:// */
    KEY_INTEGER,
    KEY_NUMBER,
    KEY_BOOLEAN,
    KEY_STRINGS,
    KEY_TLS,
    KEY_UNCERTAIN, /* "resend" or "hold" */
    KEY_ENVELOPE,  /* "verp" or "fixed" */
    KEY_SOURCE     /* "pdf", "text" or "abstract" */
};

struct key {
    const char *name;
    enum key_kind kind;
    size_t offset; /* in the struct that the section fills */
    double min, max;
};

#define AT(member) offsetof(struct configuration, member)
#define RELAY_AT(member) offsetof(struct configuration_relay, member)

static const struct key SENDER[] = {{"name", KEY_TEXT, AT(sender.name), 0, 0},
                                    {"address", KEY_ADDRESS, AT(sender.address), 0, 0},
                                    {NULL, 0, 0, 0, 0}};
static const struct key LIST[] = {{"name", KEY_TEXT, AT(list.name), 0, 0},
                                  {"id", KEY_TEXT, AT(list.id), 0, 0},
                                  {"owner", KEY_ADDRESS, AT(list.owner), 0, 0},
                                  {NULL, 0, 0, 0, 0}};
static const struct key RELAY[] = {{"url", KEY_TEXT, RELAY_AT(url), 0, 0},
                                   {"username", KEY_TEXT, RELAY_AT(username), 0, 0},
                                   {"password_file", KEY_PATH, RELAY_AT(password_file), 0, 0},
                                   {"tls", KEY_TLS, RELAY_AT(tls), 0, 0},
                                   {"ca_file", KEY_PATH, RELAY_AT(ca_file), 0, 0},
                                   {"weight", KEY_INTEGER, RELAY_AT(weight), 1, 1000},
                                   {NULL, 0, 0, 0, 0}};
static const struct key DELIVERY[] = {
    {"connections", KEY_INTEGER, AT(delivery.connections), 1, 1024},
    {"per_second", KEY_NUMBER, AT(delivery.per_second), 0, 1e6},
    {"per_hour", KEY_INTEGER, AT(delivery.per_hour), 0, 1000000000},
    {"per_domain", KEY_INTEGER, AT(delivery.per_domain), 0, 1000000000},
    {"domain_connections", KEY_INTEGER, AT(delivery.domain_connections), 0, 1024},
    {"expire_hours", KEY_INTEGER, AT(delivery.expire_hours), 1, 240},
    {"uncertain", KEY_UNCERTAIN, AT(delivery.hold_uncertain), 0, 0},
    {"envelope", KEY_ENVELOPE, AT(delivery.fixed_envelope), 0, 0},
    {NULL, 0, 0, 0, 0}};
static const struct key INBOX[] = {{"url", KEY_TEXT, AT(inbox.url), 0, 0},
                                   {"username", KEY_TEXT, AT(inbox.username), 0, 0},
                                   {"password_file", KEY_PATH, AT(inbox.password_file), 0, 0},
                                   {"token_command", KEY_TEXT, AT(inbox.token_command), 0, 0},
                                   {"ca_file", KEY_PATH, AT(inbox.ca_file), 0, 0},
                                   {"address", KEY_ADDRESS, AT(inbox.address), 0, 0},
                                   {"authserv_id", KEY_TEXT, AT(inbox.authserv_id), 0, 0},
                                   {"processed", KEY_TEXT, AT(inbox.processed), 0, 0},
                                   {"failed", KEY_TEXT, AT(inbox.failed), 0, 0},
                                   {"allow", KEY_STRINGS, AT(inbox.allow), 0, 0},
                                   {"answers_per_hour", KEY_INTEGER, AT(inbox.answers_per_hour), 0, 1000000},
                                   {NULL, 0, 0, 0, 0}};
static const struct key BOUNCES[] = {
    {"hard", KEY_INTEGER, AT(bounces.hard), 1, 1000},
    {"soft", KEY_INTEGER, AT(bounces.soft), 1, 1000},
    {"domain_hold_percent", KEY_NUMBER, AT(bounces.domain_hold_percent), 0, 100},
    {NULL, 0, 0, 0, 0}};
static const struct key ARXIV[] = {{"rss", KEY_WEB, AT(arxiv.rss), 0, 0},
                                   {"oai", KEY_WEB, AT(arxiv.oai), 0, 0},
                                   {"pdf", KEY_WEB, AT(arxiv.pdf), 0, 0},
                                   {"contact", KEY_ADDRESS, AT(arxiv.contact), 0, 0},
                                   {"interval_ms", KEY_INTEGER, AT(arxiv.interval_ms), 0, 3600000},
                                   {"categories", KEY_STRINGS, AT(arxiv.categories), 0, 0},
                                   {NULL, 0, 0, 0, 0}};
static const struct key SUMMARIES[] = {
    {"enabled", KEY_BOOLEAN, AT(summaries.enabled), 0, 0},
    {"base_url", KEY_WEB, AT(summaries.base_url), 0, 0},
    {"model", KEY_TEXT, AT(summaries.model), 0, 0},
    {"api_key_file", KEY_PATH, AT(summaries.api_key_file), 0, 0},
    {"ca_file", KEY_PATH, AT(summaries.ca_file), 0, 0},
    {"prompt_file", KEY_PATH, AT(summaries.prompt_file), 0, 0},
    {"source", KEY_SOURCE, AT(summaries.source), 0, 0},
    {"papers", KEY_INTEGER, AT(summaries.papers), 0, 500},
    {"connections", KEY_INTEGER, AT(summaries.connections), 1, 64},
    {"deadline_seconds", KEY_INTEGER, AT(summaries.deadline_seconds), 1, 86400},
    {"token_budget", KEY_INTEGER, AT(summaries.token_budget), 0, 1e12},
    {"max_tokens", KEY_INTEGER, AT(summaries.max_tokens), 0, 1000000},
    {NULL, 0, 0, 0, 0}};
static const struct key WEB[] = {{"listen", KEY_TEXT, AT(web.listen), 0, 0},
                                 {"base_url", KEY_WEB, AT(web.base_url), 0, 0},
                                 {"trusted_proxies", KEY_STRINGS, AT(web.trusted_proxies), 0, 0},
                                 {"tls_certificate_file", KEY_PATH, AT(web.tls_certificate_file), 0, 0},
                                 {"tls_key_file", KEY_PATH, AT(web.tls_key_file), 0, 0},
                                 {NULL, 0, 0, 0, 0}};
static const struct key PUBLISH[] = {{"folder", KEY_PATH, AT(publish.folder), 0, 0},
                                     {"base_url", KEY_WEB, AT(publish.base_url), 0, 0},
                                     {"profile", KEY_PATH, AT(publish.profile), 0, 0},
                                     {NULL, 0, 0, 0, 0}};
static const struct key RETENTION[] = {
    {"papers_days", KEY_INTEGER, AT(retention.papers_days), 1, 36500},
    {"deliveries_days", KEY_INTEGER, AT(retention.deliveries_days), 1, 36500},
    {NULL, 0, 0, 0, 0}};
static const struct key TOP[] = {{"subscribers", KEY_PATH, AT(subscribers), 0, 0},
                                 {"templates", KEY_PATH, AT(templates), 0, 0},
                                 {"key_file", KEY_PATH, AT(key_file), 0, 0},
                                 {"store", KEY_TEXT, AT(store), 0, 0},
                                 {NULL, 0, 0, 0, 0}};

static const struct {
    const char *name;
    const struct key *keys;
} SECTIONS[] = {{"sender", SENDER},       {"list", LIST},       {"inbox", INBOX},
                {"bounces", BOUNCES},     {"arxiv", ARXIV},     {"summaries", SUMMARIES},
                {"web", WEB},             {"publish", PUBLISH}, {"retention", RETENTION}};

static const char *const TLS_NAMES[] = {"required", "optional", "off", NULL};
static const char *const UNCERTAIN_NAMES[] = {"resend", "hold", NULL};
static const char *const ENVELOPE_NAMES[] = {"verp", "fixed", NULL};
static const char *const SOURCE_NAMES[] = {"pdf", "text", "abstract", NULL};

enum { TEXT_BYTES = 4096, STRINGS_MAX = 1000, RELAYS_MAX = 64, FILE_BYTES = 1 << 20 };

/* The folder against which a relative path stands, and where the value goes. */
struct target {
    const char *folder;
    char *base;
    struct error_sink *sink; /* NULL: the first problem ends it */
};

static void set_string(char **slot, const char *value)
{
    free(*slot);
    *slot = memory_copy_string(value);
}

static bool is_web_url(const char *url)
{
    return view_starts_with(view_of(url), VIEW("https://")) ||
           view_starts_with(view_of(url), VIEW("http://"));
}

static int read_text(struct place section, const struct key *key, const struct target *target,
                     char **slot, struct error *error)
{
    const char *text = NULL;
    struct place at = place_at_key(section, key->name);
    struct error why;

    if (place_take_optional_string(section, key->name, TEXT_BYTES, &text, error) < 0)
        return -1;
    if (!text)
        return 0; /* absent, or null: the default stands */
    if (key->kind == KEY_ADDRESS && address_check(view_of(text), &why) < 0)
        return place_error(at, error, "%s", why.text);
    if (key->kind == KEY_WEB && !is_web_url(text))
        return place_error(at, error, "must begin with https:// or http://");
    if (strcmp(key->name, "base_url") == 0 && strpbrk(text, "?# "))
        return place_error(at, error, "must hold no ?, # or blank: more is put behind it");
    if (key->kind == KEY_PATH && strcmp(text, "store:") != 0) {
        free(*slot);
        *slot = file_join(target->folder, text);
        return 0;
    }
    set_string(slot, text);
    return 0;
}

static int read_strings(struct place section, const struct key *key, struct strings *slot,
                        struct error *error)
{
    struct place array;

    if (place_take_array(section, key->name, STRINGS_MAX, &array, error) < 0)
        return -1;
    if (!array.value)
        return 0;
    for (size_t i = 0; i < slot->count; i++)
        free(slot->items[i]);
    free(slot->items);
    *slot = (struct strings){memory_new(json_array_size(array.value), sizeof(char *)), 0};
    for (size_t i = 0; i < json_array_size(array.value); i++) {
        const char *text;

        if (place_as_string(place_at_index(array, i), TEXT_BYTES, &text, error) < 0)
            return -1;
        slot->items[slot->count++] = memory_copy_string(text);
    }
    return 0;
}

/* A choice whose second name sets a flag. */
static int read_flag_choice(struct place section, const struct key *key, const char *const names[],
                            bool *slot, struct error *error)
{
    int index = *slot ? 1 : 0;

    if (place_take_choice(section, key->name, names, &index, error) < 0)
        return -1;
    *slot = index == 1;
    return 0;
}

static int read_key(struct place section, const struct key *key, const struct target *target,
                    struct error *error)
{
    void *slot = target->base + key->offset;
    int index = -1;

    switch (key->kind) {
    case KEY_TEXT:
    case KEY_ADDRESS:
    case KEY_PATH:
    case KEY_WEB:
        return read_text(section, key, target, slot, error);
    case KEY_INTEGER:
        return place_take_integer(section, key->name, (long)key->min, (long)key->max, slot, error);
    case KEY_NUMBER:
        return place_take_number(section, key->name, key->min, key->max, slot, error);
    case KEY_BOOLEAN:
        return place_take_boolean(section, key->name, slot, error);
    case KEY_STRINGS:
        return read_strings(section, key, slot, error);
    case KEY_UNCERTAIN:
        return read_flag_choice(section, key, UNCERTAIN_NAMES, slot, error);
    case KEY_ENVELOPE:
        return read_flag_choice(section, key, ENVELOPE_NAMES, slot, error);
    case KEY_TLS:
        if (place_take_choice(section, key->name, TLS_NAMES, &index, error) < 0)
            return -1;
        if (index >= 0)
            *(enum configuration_tls *)slot = (enum configuration_tls)(TLS_REQUIRED + index);
        return 0;
    case KEY_SOURCE:
        if (place_take_choice(section, key->name, SOURCE_NAMES, &index, error) < 0)
            return -1;
        if (index >= 0)
            set_string(slot, SOURCE_NAMES[index]);
        return 0;
    }
    return error_set(error, ERROR_BUG, "a key of paperboy.json without a reader: %s", key->name);
}

static int read_keys(struct place section, const struct key *keys, const struct target *target,
                     struct error *error)
{
    for (; keys->name; keys++)
        if (read_key(section, keys, target, error) < 0 && error_collect(target->sink, error) < 0)
            return -1;
    return 0;
}

/* The names of up to two tables and some more, for place_check_keys. */
static void collect_names(const struct key *a, const struct key *b, const char *more,
                          const char **names)
{
    size_t count = 0;

    for (; a && a->name; a++)
        names[count++] = a->name;
    for (; b && b->name; b++)
        names[count++] = b->name;
    if (more)
        names[count++] = more;
    names[count] = NULL;
}

static int read_section(struct place root, const char *name, const struct key *keys,
                        const struct target *target, struct error *error)
{
    const char *names[32];
    struct place section;

    collect_names(keys, NULL, NULL, names);
    if (place_take_object(root, name, names, &section, error) < 0)
        return error_collect(target->sink, error);
    return section.value ? read_keys(section, keys, target, error) : 0;
}

static bool is_relay_url(const char *url)
{
    static const char *const schemes[] = {"smtp://", "smtps://", "maildir:"};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (view_starts_with(view_of(url), view_of(schemes[i])) && url[strlen(schemes[i])])
            return true;
    return false;
}

/* "maildir:PATH" with the path resolved; other URLs as they are. */
static void resolve_path_url(char **url, const char *scheme, const char *folder)
{
    size_t length = strlen(scheme);
    struct buffer resolved;
    char *path;

    if (!*url || strncmp(*url, scheme, length) != 0)
        return;
    path = file_join(folder, *url + length);
    buffer_init(&resolved, 1 << 16);
    buffer_printf(&resolved, "%s%s", scheme, path);
    free(path);
    free(*url);
    *url = buffer_steal(&resolved);
}

static int read_relay(struct place place, const struct target *delivery,
                      struct configuration_relay *relay, struct error *error)
{
    struct target target = {delivery->folder, (char *)relay, delivery->sink};

    if (read_keys(place, RELAY, &target, error) < 0)
        return -1;
    if (relay->url && !is_relay_url(relay->url)) {
        place_error(place_at_key(place, "url"), error,
                    "must be smtps://HOST:PORT, smtp://HOST:PORT or maildir:FOLDER");
        return error_collect(target.sink, error);
    }
    resolve_path_url(&relay->url, "maildir:", target.folder);
    return 0;
}

/* A folder that takes everything at once would take nearly everything. */
static int refuse_maildir(struct place place, const char *url, const char *how,
                          const struct target *target, struct error *error)
{
    if (!url || !view_starts_with(view_of(url), VIEW("maildir:")))
        return 0;
    place_error(place_at_key(place, "url"), error, "a Maildir takes no mail beside relays; %s", how);
    return error_collect(target->sink, error);
}

static int read_relays(struct place delivery, const struct target *target,
                       struct configuration *configuration, struct error *error)
{
    const char *names[32];
    struct place relays;

    collect_names(RELAY, NULL, NULL, names);
    if (place_take_array(delivery, "relays", RELAYS_MAX, &relays, error) < 0)
        return error_collect(target->sink, error);
    configuration->delivery.relays =
        memory_new(json_array_size(relays.value), sizeof(struct configuration_relay));
    for (size_t i = 0; i < json_array_size(relays.value); i++) {
        struct place at = place_at_index(relays, i);
        struct configuration_relay *relay = &configuration->delivery.relays[i];

        relay->weight = 1;
        configuration->delivery.relay_count++;
        if (place_check_keys(at, names, error) < 0 ||
            read_relay(at, target, relay, error) < 0 ||
            (!relay->url && place_error(at, error, "has no url") < 0)) {
            if (error_collect(target->sink, error) < 0)
                return -1;
        }
        if (refuse_maildir(at, relay->url, "name it as delivery.url and no relays", target,
                           error) < 0)
            return -1;
    }
    /* That of the default gives way by itself. */
    if (!configuration->delivery.relay_count || !json_object_get(delivery.value, "url"))
        return 0;
    return refuse_maildir(delivery, configuration->delivery.relay.url,
                          "leave out either it or delivery.relays", target, error);
}

static int read_delivery(struct place root, const struct target *target,
                         struct configuration *configuration, struct error *error)
{
    const char *names[32];
    struct place delivery;

    collect_names(RELAY, DELIVERY, "relays", names);
    if (place_take_object(root, "delivery", names, &delivery, error) < 0)
        return error_collect(target->sink, error);
    if (!delivery.value)
        return 0;
    if (read_keys(delivery, DELIVERY, target, error) < 0 ||
        read_relay(delivery, target, &configuration->delivery.relay, error) < 0)
        return -1;
    return read_relays(delivery, target, configuration, error);
}

static int read_store(struct place root, struct configuration *configuration, struct error *error)
{
    struct view url = view_of(configuration->store);

    if (!view_starts_with(url, VIEW("sqlite:")) && !view_starts_with(url, VIEW("postgresql://")) &&
        !view_starts_with(url, VIEW("postgres://")))
        return place_error(place_at_key(root, "store"), error,
                           "must be sqlite:FILE or postgresql://HOST/DATABASE");
    resolve_path_url(&configuration->store, "sqlite:", configuration->folder);
    return 0;
}

/* Its local part is given more in every mail (mail/token.h). */
static int check_inbox(struct place root, const struct configuration *configuration,
                       struct error *error)
{
    struct error why;

    if (!configuration->inbox.address ||
        token_check_inbox(view_of(configuration->inbox.address), &why) == 0)
        return 0;
    return place_error(place_at_key(place_at_key(root, "inbox"), "address"), error, "%s", why.text);
}

/* Without these there is nobody to ask. */
static int check_summaries(struct place root, const struct configuration *configuration,
                           struct error *error)
{
    const char *missing = !configuration->summaries.base_url ? "base_url"
                          : !configuration->summaries.model  ? "model"
                                                             : NULL;

    if (!configuration->summaries.enabled || !missing)
        return 0;
    return place_error(place_at_key(place_at_key(root, "summaries"), "enabled"), error,
                       "needs summaries.%s beside it", missing);
}

static int read_document(const struct document *document, struct error_sink *sink,
                         struct configuration *configuration, struct error *error)
{
    struct place root = document_root(document);
    struct target target = {configuration->folder, (char *)configuration, sink};
    const char *names[32];
    size_t count = 0;

    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++)
        names[count++] = SECTIONS[i].name;
    collect_names(TOP, NULL, "delivery", names + count);
    if (place_check_keys(root, names, error) < 0 && error_collect(sink, error) < 0)
        return -1;
    if (read_keys(root, TOP, &target, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(SECTIONS) / sizeof(SECTIONS[0]); i++)
        if (read_section(root, SECTIONS[i].name, SECTIONS[i].keys, &target, error) < 0)
            return -1;
    if (read_delivery(root, &target, configuration, error) < 0)
        return -1;
    configuration->publish.is_wanted =
        json_is_string(json_object_get(json_object_get(root.value, "publish"), "folder"));
    if (check_inbox(root, configuration, error) < 0 && error_collect(sink, error) < 0)
        return -1;
    if (check_summaries(root, configuration, error) < 0 && error_collect(sink, error) < 0)
        return -1;
    return read_store(root, configuration, error) < 0 ? error_collect(sink, error) : 0;
}

/* What is derived from other keys when it is not given. */
static void fill_from_others(struct configuration *configuration)
{
    const char *address = configuration->sender.address;

    if (!configuration->list.name)
        configuration->list.name = memory_copy_string(configuration->sender.name);
    if (!address)
        return;
    if (!configuration->list.owner)
        configuration->list.owner = memory_copy_string(address);
    if (!configuration->list.id)
        configuration->list.id = memory_copy_string(strchr(address, '@') + 1);
    if (!configuration->arxiv.contact)
        configuration->arxiv.contact = memory_copy_string(configuration->list.owner);
}

/* Defaults stand relative to the file, as given values do. */
static void resolve_defaults(struct configuration *configuration)
{
    char **paths[] = {&configuration->subscribers, &configuration->key_file,
                      &configuration->publish.folder};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        char *relative = *paths[i];

        *paths[i] = file_join(configuration->folder, relative);
        free(relative);
    }
    resolve_path_url(&configuration->delivery.relay.url, "maildir:", configuration->folder);
}

static char *find_file(const char *path)
{
    const char *from_environment = getenv("PAPERBOY_CONFIG");

    if (path)
        return memory_copy_string(path);
    if (from_environment && from_environment[0])
        return memory_copy_string(from_environment);
    if (file_exists("paperboy.json"))
        return memory_copy_string("paperboy.json");
    if (file_exists("/etc/paperboy/paperboy.json"))
        return memory_copy_string("/etc/paperboy/paperboy.json");
    return NULL;
}

bool configuration_is_found(const char *path)
{
    char *file = find_file(path);
    bool found = file != NULL;

    free(file);
    return found;
}

/* What stands below it is put behind it. */
static void end_with_slash(char **url)
{
    struct buffer text;

    if (!*url || view_ends_with(view_of(*url), VIEW("/")))
        return;
    buffer_init(&text, FILE_BYTES);
    buffer_printf(&text, "%s/", *url);
    free(*url);
    *url = buffer_steal(&text);
}

static int load(const char *path, struct error_sink *sink,
                struct configuration *ret_configuration, struct error *error)
{
    struct configuration configuration;
    struct document document = {0};
    char *file = find_file(path);
    int result;

    if (!file)
        return error_set(error, ERROR_CONFIGURATION,
                         "no paperboy.json here and no /etc/paperboy/paperboy.json; "
                         "name one with --config FILE or PAPERBOY_CONFIG");
    configuration_defaults(&configuration);
    configuration.file = file;
    configuration.folder = file_folder_of(file);
    resolve_defaults(&configuration);
    result = document_read(file, FILE_BYTES, &document, error);
    if (result == 0)
        result = read_document(&document, sink, &configuration, error);
    document_free(&document);
    if (result < 0) {
        if (error->kind != ERROR_PERMISSION && error->kind != ERROR_TEMPORARY)
            error->kind = ERROR_CONFIGURATION;
        configuration_free(&configuration);
        return -1;
    }
    fill_from_others(&configuration);
    end_with_slash(&configuration.web.base_url);
    *ret_configuration = configuration;
    return 0;
}

int configuration_load(const char *path, struct configuration *ret_configuration,
                       struct error *error)
{
    struct error problem;

    return load(path, NULL, ret_configuration, error ? error : &problem);
}

int configuration_check(const char *path, struct error_sink *sink,
                        struct configuration *ret_configuration, bool *ret_is_read)
{
    size_t before = sink->count;
    struct error error;

    *ret_is_read = load(path, sink, ret_configuration, &error) == 0;
    if (!*ret_is_read)
        error_collect(sink, &error);
    return sink->count == before ? 0 : -1;
}
