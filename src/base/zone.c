#include "base/zone.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/document.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/zone_rule.h"

enum {
    FILE_BYTES = 1024 * 1024,
    HEADER_BYTES = 44,
    TYPE_BYTES = 6,
    /* RFC 8536 3.2 expects offsets from -25 to 26 hours. */
    OFFSET_MAX = 26 * 3600,
    NAMES_MAX = 4096
};

static const char DEFAULT_FOLDER[] = "/usr/share/zoneinfo";

struct zone {
    int64_t *changes; /* ascending */
    int *offsets;     /* from changes[i] on */
    size_t count;
    int first_offset; /* before changes[0] */
    bool has_rule;    /* holds from the last change on */
    struct zone_rule rule;
};

/* ---- one TZif file ---- */

struct block {
    size_t change_count;
    size_t type_count;
    size_t character_count;
    size_t leap_count;
    size_t indicator_count;
    size_t time_bytes;
    const unsigned char *data;
};

static uint64_t read_number(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

static size_t block_bytes(const struct block *block)
{
    return block->change_count * (block->time_bytes + 1) + block->type_count * TYPE_BYTES +
           block->character_count + block->leap_count * (block->time_bytes + 4) +
           block->indicator_count;
}

/* A header and its data at the front of `*rest`, which moves behind them. */
static bool take_block(struct view *rest, size_t time_bytes, struct block *ret_block)
{
    const unsigned char *bytes = (const unsigned char *)rest->data;
    struct block block = {.time_bytes = time_bytes};

    if (rest->size < HEADER_BYTES || memcmp(bytes, "TZif", 4) != 0)
        return false;
    block.indicator_count =
        (size_t)read_number(bytes + 20, 4) + (size_t)read_number(bytes + 24, 4);
    block.leap_count = (size_t)read_number(bytes + 28, 4);
    block.change_count = (size_t)read_number(bytes + 32, 4);
    block.type_count = (size_t)read_number(bytes + 36, 4);
    block.character_count = (size_t)read_number(bytes + 40, 4);
    block.data = bytes + HEADER_BYTES;
    if (block_bytes(&block) > rest->size - HEADER_BYTES)
        return false;
    *rest = view_slice(*rest, HEADER_BYTES + block_bytes(&block), rest->size);
    *ret_block = block;
    return true;
}

static bool read_types(const struct block *block, int offsets[256])
{
    const unsigned char *types = block->data + block->change_count * (block->time_bytes + 1);

    if (block->type_count < 1 || block->type_count > 256)
        return false;
    for (size_t i = 0; i < block->type_count; i++) {
        offsets[i] = (int)(int32_t)read_number(types + i * TYPE_BYTES, 4);
        if (offsets[i] < -OFFSET_MAX || offsets[i] > OFFSET_MAX)
            return false;
    }
    return true;
}

static bool read_changes(const struct block *block, struct zone *zone)
{
    const unsigned char *indices = block->data + block->change_count * block->time_bytes;
    int offsets[256];

    if (!read_types(block, offsets))
        return false;
    zone->first_offset = offsets[0];
    zone->changes = memory_new(block->change_count, sizeof(*zone->changes));
    zone->offsets = memory_new(block->change_count, sizeof(*zone->offsets));
    for (size_t i = 0; i < block->change_count; i++) {
        uint64_t raw = read_number(block->data + i * block->time_bytes, block->time_bytes);

        zone->changes[i] = block->time_bytes == 4 ? (int64_t)(int32_t)raw : (int64_t)raw;
        if (indices[i] >= block->type_count || (i && zone->changes[i] <= zone->changes[i - 1]))
            return false;
        zone->offsets[i] = offsets[indices[i]];
    }
    zone->count = block->change_count;
    return true;
}

/* Behind the 64-bit block: LF, the rule or nothing, LF. */
static bool read_footer(struct view rest, struct zone *zone)
{
    size_t end = view_find_char(rest, '\n', 1);

    if (!rest.size || rest.data[0] != '\n' || end == rest.size)
        return false;
    zone->has_rule = end > 1;
    return end == 1 || zone_rule_parse(view_slice(rest, 1, end), &zone->rule);
}

static bool parse(struct view rest, struct zone *zone, const char **ret_why)
{
    struct block block;
    char version = rest.size > 4 ? rest.data[4] : '\0';

    *ret_why = "is not a time zone file or is damaged";
    if (!take_block(&rest, 4, &block))
        return false;
    if (version >= '2' && !take_block(&rest, 8, &block))
        return false;
    if (block.leap_count) {
        *ret_why = "counts leap seconds, which no mail clock does; leave out its \"right/\"";
        return false;
    }
    return read_changes(&block, zone) && (version < '2' || read_footer(rest, zone));
}

int zone_parse(const char *name, struct view bytes, struct zone **ret_zone, struct error *error)
{
    struct zone *zone = memory_new(1, sizeof(*zone));
    const char *why;

    if (!parse(bytes, zone, &why)) {
        zone_free(&zone);
        return error_set(error, ERROR_INPUT, "time zone \"%s\" %s", name, why);
    }
    *ret_zone = zone;
    return 0;
}

void zone_free(struct zone **zone)
{
    if (!*zone)
        return;
    free((*zone)->changes);
    free((*zone)->offsets);
    free(*zone);
    *zone = NULL;
}

/* ---- finding the file ---- */

bool zone_name_is_valid(struct view name)
{
    bool part_begins = true;

    if (name.size > ZONE_NAME_BYTES)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        char c = name.data[i];

        if (c == '/' && part_begins)
            return false;
        if (!ascii_is_letter(c) && !(c && strchr("0123456789_+-/", c)))
            return false;
        part_begins = c == '/';
    }
    return !part_begins;
}

static const char *zone_folder(void)
{
    const char *folder = getenv("TZDIR");

    return folder && folder[0] ? folder : DEFAULT_FOLDER;
}

/* The names in tzdata.zi: "Z NAME …" and the links, "L TARGET NAME". `names`
 * points into `text`, whose blanks and line ends become NULs. */
static size_t known_names(char *text, const char *names[NAMES_MAX])
{
    size_t count = 0;

    for (char *line = text; line && *line && count < NAMES_MAX - 1;) {
        char *end = strchr(line, '\n'), *name = line + 2;

        if (end)
            *end++ = '\0';
        if (strncmp(line, "L ", 2) == 0 && (name = strchr(name, ' ')))
            names[count++] = name + 1;
        else if (strncmp(line, "Z ", 2) == 0) {
            name[strcspn(name, " ")] = '\0';
            names[count++] = name;
        }
        line = end;
    }
    names[count] = NULL;
    return count;
}

/* "Paris" means "Europe/Paris" before it means a name that looks like it. */
static const char *nearest_zone(const char *word, const char *names[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *slash = strrchr(names[i], '/');

        if (strcasecmp(names[i], word) == 0 || (slash && strcasecmp(slash + 1, word) == 0))
            return names[i];
    }
    return nearest_name(word, names);
}

static int unknown_zone(const char *name, struct error *error)
{
    char *path = file_join(zone_folder(), "tzdata.zi");
    const char **names = memory_new(NAMES_MAX, sizeof(*names));
    const char *nearest = NULL;
    struct buffer text;

    buffer_init(&text, FILE_BYTES);
    if (file_read(path, &text, NULL) == 0 && text.size)
        nearest = nearest_zone(name, names, known_names(text.data, names));
    if (nearest)
        error_set(error, ERROR_INPUT, "unknown time zone \"%s\"; did you mean \"%s\"?", name,
                  nearest);
    else
        error_set(error, ERROR_INPUT,
                  "unknown time zone \"%s\"; an IANA name such as \"Europe/Paris\" is wanted", name);
    buffer_free(&text);
    free(names);
    free(path);
    return -1;
}

static int read_zone_file(const char *path, const char *name, struct zone **ret_zone,
                          struct error *error)
{
    struct buffer bytes;
    int result;

    buffer_init(&bytes, FILE_BYTES);
    result = file_read(path, &bytes, error);
    if (result == 0)
        result = zone_parse(name, buffer_view(&bytes), ret_zone, error);
    buffer_free(&bytes);
    return result;
}

/* The file of a name that has been checked; NULL for UTC, which needs none. */
static char *zone_path(const char *name)
{
    return strcmp(name, "UTC") == 0 ? NULL : file_join(zone_folder(), name);
}

int zone_check(const char *name, struct error *error)
{
    struct stat status;
    char *path;
    int result = 0;

    if (!zone_name_is_valid(view_of(name)))
        return error_set(error, ERROR_INPUT,
                         "\"%s\" is no time zone; an IANA name such as \"Europe/Paris\" is wanted",
                         name);
    path = zone_path(name);
    if (path && !(stat(path, &status) == 0 && S_ISREG(status.st_mode))) {
        if (file_exists(zone_folder()))
            result = unknown_zone(name, error);
        else
            result = error_set(error, ERROR_CONFIGURATION,
                               "there are no time zones in %s; install the package tzdata",
                               zone_folder());
    }
    free(path);
    return result;
}

int zone_load(const char *name, struct zone **ret_zone, struct error *error)
{
    char *path;
    int result = 0;

    if (zone_check(name, error) < 0)
        return -1;
    path = zone_path(name);
    if (path)
        result = read_zone_file(path, name, ret_zone, error);
    else
        *ret_zone = memory_new(1, sizeof(**ret_zone));
    free(path);
    return result;
}

/* ---- clocks ---- */

int zone_offset_at(const struct zone *zone, int64_t utc)
{
    size_t low = 0, high = zone->count;

    if (zone->has_rule && (!zone->count || utc >= zone->changes[zone->count - 1]))
        return zone_rule_offset_at(&zone->rule, utc);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (zone->changes[middle] <= utc)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? zone->offsets[low - 1] : zone->first_offset;
}

static bool next_change(const struct zone *zone, int64_t utc, int64_t *ret_utc)
{
    if (zone->count && utc < zone->changes[zone->count - 1]) {
        size_t i = 0;

        while (zone->changes[i] <= utc)
            i++;
        *ret_utc = zone->changes[i];
        return true;
    }
    return zone->has_rule && zone_rule_next_change(&zone->rule, utc, ret_utc);
}

struct date zone_date_at(const struct zone *zone, int64_t utc, int *ret_minutes)
{
    int seconds;
    struct date date = time_to_date(utc + zone_offset_at(zone, utc), &seconds);

    if (ret_minutes)
        *ret_minutes = seconds / 60;
    return date;
}

/* The first instant whose local time is at or after the one asked for: in a gap
 * that is the change itself, in an overlap the earlier of the two. */
int64_t zone_local_to_utc(const struct zone *zone, struct date date, int hour, int minute)
{
    int64_t local = time_from_date(date, hour, minute, 0);
    int64_t from = local - OFFSET_MAX, until, utc;

    for (;;) {
        int offset = zone_offset_at(zone, from);
        bool more = next_change(zone, from, &until);

        utc = local - offset > from ? local - offset : from;
        if (!more || utc < until) {
            int64_t past_minute = (utc + offset - local) % 60;

            return past_minute ? utc + 60 - past_minute : utc;
        }
        from = until;
    }
}

/* ---- zones that were loaded once ---- */

struct zone_cache_entry {
    struct zone_cache_entry *next;
    char *name;
    struct zone *zone;
};

int zone_cache_get(struct zone_cache *cache, const char *name, const struct zone **ret_zone,
                   struct error *error)
{
    struct zone_cache_entry *entry;
    struct zone *zone;

    if (!name)
        name = "UTC";
    for (entry = cache->entries; entry; entry = entry->next)
        if (strcmp(entry->name, name) == 0) {
            *ret_zone = entry->zone;
            return 0;
        }
    if (zone_load(name, &zone, error) < 0)
        return -1;
    entry = memory_new(1, sizeof(*entry));
    entry->name = memory_copy_string(name);
    entry->zone = zone;
    entry->next = cache->entries;
    cache->entries = entry;
    *ret_zone = zone;
    return 0;
}

void zone_cache_free(struct zone_cache *cache)
{
    while (cache->entries) {
        struct zone_cache_entry *entry = cache->entries;

        cache->entries = entry->next;
        zone_free(&entry->zone);
        free(entry->name);
        free(entry);
    }
}
