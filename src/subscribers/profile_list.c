#include "subscribers/profile_list.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utf8proc.h>

#include "base/ascii.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "subscribers/profile_names.h"

static const char *const KEYWORD_KEYS[] = {"term", "weight", "field", NULL};

/* White space of all scripts, and what is invisible like it. */
static bool is_blank(int32_t c)
{
    return c == ' ' || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 ||
           c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000 || c == 0xFEFF;
}

struct view profile_trim(struct view text)
{
    size_t first = text.size, end = 0;
    int32_t c;

    for (size_t at = 0, next; at < text.size; at = next) {
        next = at + utf8_decode(text, at, &c);
        if (is_blank(c))
            continue;
        if (first == text.size)
            first = at;
        end = next;
    }
    return view_slice(text, first, end);
}

/* U+0080 to U+009F; place_as_string has refused the ASCII ones. */
static bool has_control(struct view text)
{
    for (size_t i = 0; i + 1 < text.size; i++)
        if ((unsigned char)text.data[i] == 0xC2 && (unsigned char)text.data[i + 1] < 0xA0)
            return true;
    return false;
}

bool profile_has_word(struct view text)
{
    utf8proc_uint8_t *plain = NULL;
    utf8proc_ssize_t size;
    struct view rest;
    bool found = false;

    for (size_t i = 0; i < text.size; i++)
        if (isalnum((unsigned char)text.data[i]) && !(text.data[i] & 0x80))
            return true;
    size = utf8proc_map((const utf8proc_uint8_t *)text.data, (utf8proc_ssize_t)text.size, &plain,
                        UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT);
    rest = (struct view){(const char *)plain, size > 0 ? (size_t)size : 0};
    for (size_t at = 0; at < rest.size && !found;) {
        utf8proc_int32_t c;
        utf8proc_category_t category;

        at += utf8_decode(rest, at, &c);
        category = utf8proc_category(c);
        found = (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO) ||
                (category >= UTF8PROC_CATEGORY_ND && category <= UTF8PROC_CATEGORY_NO);
    }
    free(plain);
    return found;
}

int profile_take_text(struct place at, size_t max_bytes, bool as_written, char **ret_text,
                      struct error *error)
{
    const char *string;
    struct view text;

    if (place_as_string(at, max_bytes, &string, error) < 0)
        return -1;
    text = profile_trim(view_of(string));
    if (!text.size)
        return place_error(at, error, "must not be blank");
    if (has_control(text))
        return place_error(at, error, "has a control character in it");
    *ret_text = view_copy_string(as_written ? view_of(string) : text);
    return 0;
}

/* ---- doubled entries ---- */

/* Which texts a list holds already, ASCII letters in any case. */
struct seen {
    struct seen_slot {
        const char *text;
        int kind;
        size_t number;
    } *slots;
    size_t capacity;
};

/* Ids of papers are opaque: `a` is not `A`. */
enum { KIND_EXACT = -1 };

static void seen_init(struct seen *seen, size_t most)
{
    seen->capacity = 8;
    while (seen->capacity < 2 * most)
        seen->capacity *= 2;
    seen->slots = memory_new(seen->capacity, sizeof(*seen->slots));
}

/* FNV-1a over the ASCII-lowercased bytes. */
static size_t hash_of(const char *text, int kind)
{
    uint64_t hash = 0xcbf29ce484222325u ^ (unsigned)kind;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        hash ^= c >= 'A' && c <= 'Z' ? c | 0x20u : c;
        hash *= 0x100000001b3u;
    }
    return (size_t)(hash ^ hash >> 32);
}

static bool is_same(const char *a, const char *b, int kind)
{
    return (kind == KIND_EXACT ? strcmp(a, b) : strcasecmp(a, b)) == 0;
}

/* The number under which (text, kind) is in there; else keeps it, borrowed, as `number`. */
static size_t seen_add(struct seen *seen, const char *text, int kind, size_t number)
{
    size_t at = hash_of(text, kind) & (seen->capacity - 1);

    for (; seen->slots[at].text; at = (at + 1) & (seen->capacity - 1))
        if (seen->slots[at].kind == kind && is_same(seen->slots[at].text, text, kind))
            return seen->slots[at].number;
    seen->slots[at] = (struct seen_slot){text, kind, number};
    return number;
}

static void seen_free(struct seen *seen)
{
    free(seen->slots);
}

/* ---- keywords ---- */

/* Read as written any text can be found; a word is of letters and digits. */
static int take_term(struct place at, bool as_written, char **ret_term, struct error *error)
{
    if (profile_take_text(at, PROFILE_KEYWORD_BYTES, as_written, ret_term, error) < 0)
        return -1;
    if (as_written || profile_has_word(view_of(*ret_term)))
        return 0;
    return place_error(at, error, "has no letter or digit to match");
}

/* The larger weight counts. */
static void add_keyword(struct keywords *keywords, struct seen *seen, struct keyword keyword)
{
    size_t number = seen_add(seen, keyword.term, (int)keyword.field, keywords->count);

    if (number == keywords->count) {
        keywords->items[keywords->count++] = keyword;
        return;
    }
    if (keyword.weight > keywords->items[number].weight)
        keywords->items[number].weight = keyword.weight;
    free(keyword.term);
}

static int read_keyword(struct place at, bool as_written, struct keyword *keyword,
                        struct error *error)
{
    struct place weight = place_at_key(at, "weight");
    int field;

    keyword->weight = 1;
    if (json_is_string(at.value))
        return take_term(at, as_written, &keyword->term, error);
    if (!json_is_object(at.value))
        return place_error(at, error, "must be a string or an object with the keys \"term\", "
                                      "\"weight\" and \"field\"");
    if (place_check_keys(at, KEYWORD_KEYS, error) < 0)
        return -1;
    if (!json_object_get(at.value, "term"))
        return place_error(at, error, "has no \"term\"");
    if (weight.value && !json_is_number(weight.value))
        return place_error(weight, error, "must be a number above 0 to %d", PROFILE_WEIGHT_MAX);
    if (weight.value) {
        keyword->weight = json_number_value(weight.value);
        if (!(keyword->weight > 0 && keyword->weight <= PROFILE_WEIGHT_MAX))
            return place_error(weight, error, "is %g; a number above 0 to %d is allowed",
                               keyword->weight, PROFILE_WEIGHT_MAX);
    }
    /* Its first name is the default, which is said by leaving the key out. */
    if (json_object_get(at.value, "field")) {
        if (place_take_choice(at, "field", profile_field_names + 1, &field, error) < 0)
            return -1;
        keyword->field = (enum keyword_field)(field + 1);
    }
    return take_term(place_at_key(at, "term"), as_written, &keyword->term, error);
}

int profile_take_keywords(struct place root, const char *key, bool as_written,
                          struct keywords *keywords, struct error *error)
{
    struct seen seen;
    struct place array;
    size_t count;
    int result = 0;

    if (place_take_array(root, key, PROFILE_KEYWORDS, &array, error) < 0)
        return -1;
    count = json_array_size(array.value);
    if (!count)
        return 0;
    keywords->items = memory_new(count, sizeof(*keywords->items));
    seen_init(&seen, count);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct keyword keyword = {NULL, 1, KEYWORD_ANYWHERE};

        result = read_keyword(place_at_index(array, i), as_written, &keyword, error);
        if (result < 0)
            free(keyword.term);
        else if (as_written) /* as the bot counts: twice */
            keywords->items[keywords->count++] = keyword;
        else
            add_keyword(keywords, &seen, keyword);
    }
    seen_free(&seen);
    return result;
}

/* ---- lists of texts ---- */

/* The archives of arXiv. Their names are all lower case, and so are subject
 * classes but those of two letters: "cond-mat.mes-hall", "cs.LG". */
static const char *const ARCHIVES[] = {
    "astro-ph", "cond-mat", "cs",      "econ", "eess",    "gr-qc",   "hep-ex",
    "hep-lat",  "hep-ph",   "hep-th",  "math", "math-ph", "nlin",    "nucl-ex",
    "nucl-th",  "physics",  "q-bio",   "q-fin", "quant-ph", "stat"};

/* "cs.lg" is written "cs.LG"; what is none of arXiv's stays as it is. */
static void canonical_category(char *text)
{
    size_t archive = strcspn(text, ".");
    bool is_known = false;

    for (size_t i = 0; i < sizeof(ARCHIVES) / sizeof(ARCHIVES[0]); i++)
        is_known |= strlen(ARCHIVES[i]) == archive && strncasecmp(ARCHIVES[i], text, archive) == 0;
    if (!is_known)
        return;
    for (size_t i = 0; text[i]; i++) {
        bool is_upper = i > archive && strlen(text + archive) == strlen(".LG");
        unsigned char c = (unsigned char)text[i];

        text[i] = (char)(is_upper ? toupper(c) : tolower(c));
    }
}

/* "cs.LG", "astro-ph.CO", "hep-th", "math": it becomes part of a feed's address. */
static int check_category(struct place at, char *text, struct error *error)
{
    size_t dots = 0;
    bool part_begins = true, good = true;

    for (const char *c = text; *c && good; c++) {
        good = ascii_is_letter(*c) || (!part_begins && strchr(".-0123456789", *c));
        part_begins = *c == '.';
        dots += part_begins;
    }
    if (!good || part_begins || dots > 1)
        return place_error(at, error, "\"%s\" is no arXiv category such as \"cs.LG\" or \"hep-th\"",
                           text);
    canonical_category(text);
    return 0;
}

/* Length without "v" and digits behind a digit: "2602.13531v2". */
static size_t unversioned_size(const char *id, size_t size)
{
    size_t start = size;

    while (start > 0 && isdigit((unsigned char)id[start - 1]))
        start--;
    if (start == size || start < 2 || id[start - 1] != 'v' || !isdigit((unsigned char)id[start - 2]))
        return size;
    return start - 1;
}

/* Drops the version, since what is liked is the paper; twice when there are two, so
 * that what is written reads the same. */
static void drop_version(char *text)
{
    size_t size = strlen(text), shorter;

    for (; (shorter = unversioned_size(text, size)) < size; size = shorter)
        text[shorter] = '\0';
}

int profile_take_list(struct place parent, const char *key, struct profile_list_rule rule,
                      struct strings *strings, struct error *error)
{
    struct seen seen;
    struct place array;
    size_t count;
    int result = 0;

    if (place_take_array(parent, key, rule.max_count, &array, error) < 0)
        return -1;
    count = json_array_size(array.value);
    if (!count)
        return 0;
    strings->items = memory_new(count, sizeof(*strings->items));
    seen_init(&seen, count);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct place at = place_at_index(array, i);
        char *text = NULL;

        result = rule.kind == LIST_OF_TERMS
                     ? take_term(at, rule.as_written, &text, error)
                     : profile_take_text(at, rule.max_bytes, rule.as_written, &text, error);
        if (result == 0 && rule.kind == LIST_OF_CATEGORIES)
            result = check_category(at, text, error);
        if (result == 0 && rule.kind == LIST_OF_PAPER_IDS)
            drop_version(text);
        if (result == 0 && seen_add(&seen, text, rule.kind == LIST_OF_PAPER_IDS ? KIND_EXACT : 0,
                                    strings->count) == strings->count)
            strings->items[strings->count++] = text;
        else
            free(text);
    }
    seen_free(&seen);
    return result;
}
