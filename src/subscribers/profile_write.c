#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "subscribers/profile.h"
#include "subscribers/profile_names.h"

enum { LINE_COLUMNS = 100, INDENT = 2, SCRATCH_BYTES = 4 * PROFILE_FILE_BYTES };

/* ---- profile -> JSON, defaults left out ---- */

static void put_string(json_t *object, const char *key, const char *value)
{
    if (value)
        json_object_set_new(object, key, json_string(value));
}

static void put_flag(json_t *object, const char *key, bool value, bool normal)
{
    if (value != normal)
        json_object_set_new(object, key, json_boolean(value));
}

static json_t *number_of(double value)
{
    return value == floor(value) ? json_integer((json_int_t)value) : json_real(value);
}

static void put_number(json_t *object, const char *key, double value, double normal)
{
    if (value != normal)
        json_object_set_new(object, key, number_of(value));
}

static void put_if_filled(json_t *object, const char *key, json_t *value)
{
    if (json_object_size(value) || json_array_size(value))
        json_object_set_new(object, key, value);
    else
        json_decref(value);
}

static void put_strings(json_t *object, const char *key, const struct strings *strings)
{
    json_t *array = json_array();

    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(array, json_string(strings->items[i]));
    put_if_filled(object, key, array);
}

static json_t *keyword_value(const struct keyword *keyword)
{
    json_t *object;

    if (keyword->weight == 1 && keyword->field == KEYWORD_ANYWHERE)
        return json_string(keyword->term);
    object = json_object();
    put_string(object, "term", keyword->term);
    put_number(object, "weight", keyword->weight, 1);
    if (keyword->field != KEYWORD_ANYWHERE)
        put_string(object, "field", profile_field_names[keyword->field]);
    return object;
}

static void put_keywords(json_t *object, const char *key, const struct keywords *keywords)
{
    json_t *array = json_array();

    for (size_t i = 0; i < keywords->count; i++)
        json_array_append_new(array, keyword_value(&keywords->items[i]));
    put_if_filled(object, key, array);
}

static void put_rules(json_t *root, const struct profile *profile)
{
    json_t *authors = json_object(), *abstract = json_object();

    put_strings(authors, "follow", &profile->follow_authors);
    put_strings(authors, "prefer", &profile->prefer_authors);
    put_strings(authors, "exclude", &profile->exclude_authors);
    put_if_filled(root, "authors", authors);
    put_number(abstract, "min_length", (double)profile->abstract_min_length, 0);
    put_number(abstract, "max_length", (double)profile->abstract_max_length, 0);
    put_if_filled(root, "abstract", abstract);
}

static void put_announce_types(json_t *root, unsigned types)
{
    json_t *array = json_array();

    for (unsigned i = 0; profile_announce_names[i]; i++)
        if (types & 1u << i)
            json_array_append_new(array, json_string(profile_announce_names[i]));
    if (types == PROFILE_ANNOUNCE_DEFAULT)
        json_decref(array);
    else
        put_if_filled(root, "announce_types", array);
}

static void put_schedule(json_t *root, const struct profile *profile)
{
    json_t *schedule = json_object();

    if (profile->schedule.every != EVERY_DAY)
        put_string(schedule, "every", profile_every_names[profile->schedule.every]);
    if (profile->schedule.at_minutes >= 0)
        json_object_set_new(schedule, "at",
                            json_sprintf("%02d:%02d", profile->schedule.at_minutes / 60,
                                         profile->schedule.at_minutes % 60));
    put_string(schedule, "zone", profile->schedule.zone);
    put_if_filled(root, "schedule", schedule);
}

static void put_mail(json_t *root, const struct profile *profile)
{
    char day[DATE_TEXT_BYTES];

    put_schedule(root, profile);
    if (date_is_set(profile->paused_until)) {
        date_format(profile->paused_until, day);
        put_string(root, "paused_until", day);
    }
    if (profile->language && strcmp(profile->language, "en") != 0)
        put_string(root, "language", profile->language);
    if (profile->format != FORMAT_BOTH)
        put_string(root, "format", profile_format_names[profile->format]);
    put_flag(root, "summaries", profile->summaries, true);
    put_flag(root, "holiday_note", profile->holiday_note, false);
    put_flag(root, "updates", profile->updates, false);
}

static json_t *document_of(const struct profile *profile)
{
    json_t *root = json_object();

    put_string(root, "email", profile->email);
    put_string(root, "name", profile->name);
    put_strings(root, "categories", &profile->categories);
    put_keywords(root, "keywords", &profile->keywords);
    put_keywords(root, "required_keywords", &profile->required_keywords);
    put_keywords(root, "bonus_keywords", &profile->bonus_keywords);
    put_strings(root, "exclude_keywords", &profile->exclude_keywords);
    put_string(root, "interests", profile->interests);
    put_rules(root, profile);
    put_announce_types(root, profile->announce_types);
    put_strings(root, "liked", &profile->liked);
    put_strings(root, "disliked", &profile->disliked);
    put_number(root, "max_papers", (double)profile->max_papers, PROFILE_MAX_PAPERS_DEFAULT);
    put_number(root, "min_score", profile->min_score, 0);
    if (profile->scoring != SCORING_RELEVANCE)
        put_string(root, "scoring", profile_scoring_names[profile->scoring]);
    put_mail(root, profile);
    return root;
}

/* ---- JSON -> text, as a person would lay it out ---- */

/* The shortest decimal that reads as the same double. */
static void add_real(struct buffer *text, double value)
{
    char digits[40];

    for (int precision = 1; precision <= 17; precision++) {
        snprintf(digits, sizeof(digits), "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    buffer_add_string(text, digits);
}

static void add_scalar(struct buffer *text, const json_t *value)
{
    char *dumped;

    if (json_is_real(value)) {
        add_real(text, json_real_value(value));
        return;
    }
    dumped = json_dumps(value, JSON_ENCODE_ANY);
    buffer_add_string(text, dumped);
    free(dumped);
}

static void add_key(struct buffer *text, const char *key)
{
    buffer_printf(text, "\"%s\": ", key);
}

static void add_on_one_line(struct buffer *text, json_t *value)
{
    const char *key;
    size_t index, count = 0;
    json_t *member;

    if (json_is_array(value)) {
        buffer_add_char(text, '[');
        json_array_foreach(value, index, member) {
            buffer_add_string(text, index ? ", " : "");
            add_on_one_line(text, member);
        }
        buffer_add_char(text, ']');
    } else if (json_is_object(value)) {
        buffer_add_char(text, '{');
        json_object_foreach(value, key, member) {
            buffer_add_string(text, count++ ? ", " : "");
            add_key(text, key);
            add_on_one_line(text, member);
        }
        buffer_add_char(text, '}');
    } else {
        add_scalar(text, value);
    }
}

static void add_line_start(struct buffer *text, size_t count, size_t indent)
{
    buffer_printf(text, "%s\n%*s", count ? "," : "", (int)indent, "");
}

static void add_value(struct buffer *text, json_t *value, size_t indent, size_t column);

static void add_on_many_lines(struct buffer *text, json_t *value, size_t indent)
{
    const char *key;
    size_t index, count = 0, inner = indent + INDENT;
    json_t *member;

    buffer_add_char(text, json_is_array(value) ? '[' : '{');
    if (json_is_array(value)) {
        json_array_foreach(value, index, member) {
            add_line_start(text, count++, inner);
            add_value(text, member, inner, inner);
        }
    } else {
        json_object_foreach(value, key, member) {
            add_line_start(text, count++, inner);
            add_key(text, key);
            add_value(text, member, inner, inner + strlen(key) + strlen("\"\": "));
        }
    }
    buffer_printf(text, "\n%*s%c", (int)indent, "", json_is_array(value) ? ']' : '}');
}

/* On one line when it fits there from `column` on. */
static void add_value(struct buffer *text, json_t *value, size_t indent, size_t column)
{
    struct buffer line;

    buffer_init(&line, SCRATCH_BYTES);
    add_on_one_line(&line, value);
    if ((json_is_array(value) || json_is_object(value)) && column + line.size >= LINE_COLUMNS)
        add_on_many_lines(text, value, indent);
    else
        buffer_add_view(text, buffer_view(&line));
    buffer_free(&line);
}

void profile_write(const struct profile *profile, struct buffer *ret_text)
{
    json_t *root = document_of(profile);

    add_on_many_lines(ret_text, root, 0);
    buffer_add_char(ret_text, '\n');
    json_decref(root);
}
