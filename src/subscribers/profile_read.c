#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/ascii.h"
#include "base/memory.h"
#include "base/zone.h"
#include "subscribers/address.h"
#include "subscribers/profile.h"
#include "subscribers/profile_names.h"
#include "subscribers/profile_list.h"

static const char *const KEYS[] = {
    "email", "name", "categories", "keywords", "required_keywords", "bonus_keywords",
    "exclude_keywords", "interests", "authors", "abstract", "announce_types", "liked", "disliked",
    "max_papers", "min_score", "scoring", "schedule", "paused_until", "language", "format",
    "summaries", "holiday_note", "updates", NULL};
static const char *const AUTHORS_KEYS[] = {"follow", "prefer", "exclude", NULL};
static const char *const ABSTRACT_KEYS[] = {"min_length", "max_length", NULL};
static const char *const SCHEDULE_KEYS[] = {"every", "at", "zone", NULL};

/* ---- single values ---- */

static int read_announce_types(struct place root, unsigned *ret_types, struct error *error)
{
    unsigned types = 0;
    struct place array;

    if (place_take_array(root, "announce_types", PROFILE_ANNOUNCE_TYPES, &array, error) < 0)
        return -1;
    if (!array.value)
        return 0;
    if (!json_array_size(array.value))
        return place_error(array, error, "must not be empty; without this key it is \"new\", "
                                         "\"cross\"");
    for (size_t i = 0; i < json_array_size(array.value); i++) {
        int type = 0;

        if (place_as_choice(place_at_index(array, i), profile_announce_names, &type, error) < 0)
            return -1;
        types |= 1u << type;
    }
    *ret_types = types;
    return 0;
}

static int read_email(struct place root, char **ret_email, struct error *error)
{
    struct place at = place_at_key(root, "email");
    struct error why = {0};
    const char *email;

    if (!at.value)
        return place_error(at, error, "is missing; a profile needs its subscriber's address");
    if (!json_is_string(at.value))
        return place_error(at, error, "must be a string with the subscriber's mail address");
    email = json_string_value(at.value);
    if (address_check(view_of(email), &why) < 0)
        return place_error(at, error, "%s", why.text);
    *ret_email = address_canonical(view_of(email));
    return 0;
}

/* A text that may be left empty, which says nothing. */
static int take_optional(struct place at, size_t max_bytes, char **ret_text, struct error *error)
{
    if (!at.value ||
        (json_is_string(at.value) && !profile_trim(view_of(json_string_value(at.value))).size))
        return 0;
    return profile_take_text(at, max_bytes, false, ret_text, error);
}

static int read_optional_text(struct place root, const char *key, size_t max_bytes,
                              char **ret_text, struct error *error)
{
    return take_optional(place_at_key(root, key), max_bytes, ret_text, error);
}

/* In a text of sentences a line may end. */
static int read_interests(struct place root, char **ret_text, struct error *error)
{
    struct place at = place_at_key(root, "interests");
    char *copy;
    int result;

    if (!json_is_string(at.value))
        return read_optional_text(root, "interests", PROFILE_INTERESTS_BYTES, ret_text, error);
    copy = memory_copy_string(json_string_value(at.value));
    for (char *c = copy; *c; c++)
        if (strchr("\n\r\t", *c))
            *c = ' ';
    at.value = json_string(copy);
    result = take_optional(at, PROFILE_INTERESTS_BYTES, ret_text, error);
    json_decref(at.value);
    free(copy);
    return result;
}

static bool is_language(const char *text)
{
    struct view rest = view_of(text), part;
    size_t parts = 0;

    for (; view_next_part(&rest, '-', &part); parts++) {
        if (parts > 3 || part.size < 2 || part.size > (parts ? 8 : 3))
            return false;
        for (size_t i = 0; i < part.size; i++) {
            char c = part.data[i];
            bool is_lower = c >= 'a' && c <= 'z';

            if (!is_lower && (!parts || !(ascii_is_upper(c) || ascii_is_digit(c))))
                return false;
        }
    }
    return parts > 0;
}

static int read_language(struct place root, char **language, struct error *error)
{
    struct place at = place_at_key(root, "language");
    char *text;

    if (!at.value)
        return 0;
    if (profile_take_text(at, PROFILE_LANGUAGE_BYTES, false, &text, error) < 0)
        return -1;
    free(*language);
    *language = text;
    if (!is_language(text))
        return place_error(at, error, "must be a language tag such as \"en\", \"fr\" or \"zh-CN\"");
    return 0;
}

static int read_paused_until(struct place root, struct date *ret_date, struct error *error)
{
    struct place at = place_at_key(root, "paused_until");
    bool good = false;

    if (!at.value || json_is_null(at.value))
        return 0;
    if (json_is_string(at.value)) {
        struct view text = profile_trim(view_of(json_string_value(at.value)));
        int64_t utc;

        /* The time's parser passes over tabs and line ends, this key does not. */
        good = view_equal(view_trim(text), text) &&
               (date_parse(text, ret_date) || time_parse_rfc3339(text, &utc, ret_date));
    }
    if (!good)
        return place_error(at, error, "must be a date such as \"2026-03-01\", a time such as "
                                      "\"2026-03-01T00:00:00Z\", or null");
    return 0;
}

/* ---- objects ---- */

static int read_authors(struct place root, struct profile *profile, struct error *error)
{
    const struct profile_list_rule rule = {PROFILE_AUTHORS, PROFILE_NAME_BYTES, false, LIST_OF_TEXTS};
    struct place authors;

    if (place_take_object(root, "authors", AUTHORS_KEYS, &authors, error) < 0)
        return -1;
    if (!authors.value)
        return 0;
    if (profile_take_list(authors, "follow", rule, &profile->follow_authors, error) < 0 ||
        profile_take_list(authors, "prefer", rule, &profile->prefer_authors, error) < 0 ||
        profile_take_list(authors, "exclude", rule, &profile->exclude_authors, error) < 0)
        return -1;
    return 0;
}

static int read_abstract(struct place root, struct profile *profile, struct error *error)
{
    long *min = &profile->abstract_min_length, *max = &profile->abstract_max_length;
    struct place abstract;

    if (place_take_object(root, "abstract", ABSTRACT_KEYS, &abstract, error) < 0)
        return -1;
    if (!abstract.value)
        return 0;
    if (place_take_integer(abstract, "min_length", 0, PROFILE_ABSTRACT_MAX, min, error) < 0 ||
        place_take_integer(abstract, "max_length", 0, PROFILE_ABSTRACT_MAX, max, error) < 0)
        return -1;
    if (*max && *min > *max)
        return place_error(place_at_key(abstract, "max_length"), error,
                           "is %ld, below min_length, %ld; 0 means no limit", *max, *min);
    return 0;
}

static int read_at(struct place schedule, int *ret_minutes, struct error *error)
{
    struct place at = place_at_key(schedule, "at");
    long hour, minute;

    if (!at.value || json_is_null(at.value))
        return 0;
    if (json_is_string(at.value)) {
        struct view text = profile_trim(view_of(json_string_value(at.value)));

        if (text.size == 5 && text.data[2] == ':' &&
            view_to_long(view_slice(text, 0, 2), &hour) && hour <= 23 &&
            view_to_long(view_slice(text, 3, 5), &minute) && minute <= 59) {
            *ret_minutes = (int)(hour * 60 + minute);
            return 0;
        }
    }
    return place_error(at, error, "must be a time of day from \"00:00\" to \"23:59\", or null");
}

static int read_schedule(struct place root, struct profile *profile, struct error *error)
{
    int every = (int)profile->schedule.every;
    struct place schedule, zone;

    if (place_take_object(root, "schedule", SCHEDULE_KEYS, &schedule, error) < 0)
        return -1;
    if (!schedule.value)
        return 0;
    if (place_take_choice(schedule, "every", profile_every_names, &every, error) < 0 ||
        read_at(schedule, &profile->schedule.at_minutes, error) < 0)
        return -1;
    profile->schedule.every = (enum schedule_every)every;
    zone = place_at_key(schedule, "zone");
    if (!zone.value)
        return 0;
    if (profile_take_text(zone, ZONE_NAME_BYTES, false, &profile->schedule.zone, error) < 0)
        return -1;
    if (!zone_name_is_valid(view_of(profile->schedule.zone)))
        return place_error(zone, error,
                           "\"%s\" is no time zone; an IANA name such as \"Europe/Paris\" is wanted",
                           profile->schedule.zone);
    return 0;
}

/* ---- the whole ---- */

static int read_terms(struct place root, struct profile *profile, struct error *error)
{
    int scoring = 0;
    bool as_written;

    /* First, because it says how the terms are to be read. */
    if (place_take_choice(root, "scoring", profile_scoring_names, &scoring, error) < 0)
        return -1;
    profile->scoring = (enum profile_scoring)scoring;
    as_written = profile->scoring == SCORING_SUBSTRING;
    if (profile_take_keywords(root, "keywords", as_written, &profile->keywords, error) < 0 ||
        profile_take_keywords(root, "required_keywords", as_written, &profile->required_keywords, error) <
            0 ||
        profile_take_keywords(root, "bonus_keywords", as_written, &profile->bonus_keywords, error) < 0)
        return -1;
    return profile_take_list(
        root, "exclude_keywords",
        (struct profile_list_rule){PROFILE_KEYWORDS, PROFILE_KEYWORD_BYTES, as_written, LIST_OF_TERMS},
        &profile->exclude_keywords, error);
}

static int read_papers(struct place root, struct profile *profile, struct error *error)
{
    const struct profile_list_rule categories = {PROFILE_CATEGORIES, PROFILE_CATEGORY_BYTES, false,
                                         LIST_OF_CATEGORIES};
    const struct profile_list_rule ids = {PROFILE_LIKED, PROFILE_PAPER_ID_BYTES, false, LIST_OF_PAPER_IDS};

    if (profile_take_list(root, "categories", categories, &profile->categories, error) < 0 ||
        read_authors(root, profile, error) < 0 || read_abstract(root, profile, error) < 0 ||
        read_announce_types(root, &profile->announce_types, error) < 0 ||
        profile_take_list(root, "liked", ids, &profile->liked, error) < 0 ||
        profile_take_list(root, "disliked", ids, &profile->disliked, error) < 0 ||
        place_take_integer(root, "max_papers", 1, PROFILE_PAPERS_MAX, &profile->max_papers,
                           error) < 0 ||
        place_take_number(root, "min_score", 0, 100, &profile->min_score, error) < 0)
        return -1;
    return 0;
}

static int read_mail(struct place root, struct profile *profile, struct error *error)
{
    int format = (int)profile->format;

    if (read_schedule(root, profile, error) < 0 ||
        read_paused_until(root, &profile->paused_until, error) < 0 ||
        read_language(root, &profile->language, error) < 0 ||
        place_take_choice(root, "format", profile_format_names, &format, error) < 0 ||
        place_take_boolean(root, "summaries", &profile->summaries, error) < 0 ||
        place_take_boolean(root, "holiday_note", &profile->holiday_note, error) < 0 ||
        place_take_boolean(root, "updates", &profile->updates, error) < 0)
        return -1;
    profile->format = (enum profile_format)format;
    return 0;
}

static int read_document(struct place root, struct profile *profile, struct error *error)
{
    if (place_check_keys(root, KEYS, error) < 0 || read_email(root, &profile->email, error) < 0 ||
        read_optional_text(root, "name", PROFILE_NAME_BYTES, &profile->name, error) < 0 ||
        read_terms(root, profile, error) < 0 ||
        read_interests(root, &profile->interests, error) < 0 ||
        read_papers(root, profile, error) < 0)
        return -1;
    return read_mail(root, profile, error);
}

int profile_read(const char *name, struct view text, struct profile *ret_profile,
                 struct error *error)
{
    struct document document;
    struct profile profile;
    int result;

    if (text.size > PROFILE_FILE_BYTES)
        return error_set(error, ERROR_INPUT, "%s: larger than %d bytes, the most of a profile",
                         name, PROFILE_FILE_BYTES);
    if (document_parse(name, text, &document, error) < 0)
        return -1;
    profile_init(&profile);
    result = read_document(document_root(&document), &profile, error);
    document_free(&document);
    if (result < 0)
        profile_free(&profile);
    else
        *ret_profile = profile;
    return result;
}
