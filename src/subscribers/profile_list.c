#include "subscribers/profile_list.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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
    } *slots;
    size_t capacity;
};

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

/* False when (text, kind) is in there; else keeps it, borrowed. */
static bool seen_add(struct seen *seen, const char *text, int kind)
{
    size_t at = hash_of(text, kind) & (seen->capacity - 1);

    for (; seen->slots[at].text; at = (at + 1) & (seen->capacity - 1))
        if (seen->slots[at].kind == kind && strcasecmp(seen->slots[at].text, text) == 0)
            return false;
    seen->slots[at] = (struct seen_slot){text, kind};
    return true;
}

static void seen_free(struct seen *seen)
{
    free(seen->slots);
}

/* ---- keywords ---- */

static int read_keyword(struct place at, bool as_written, struct keyword *keyword,
                        struct error *error)
{
    struct place weight = place_at_key(at, "weight");
    int field;

    keyword->weight = 1;
    if (json_is_string(at.value))
        return profile_take_text(at, PROFILE_KEYWORD_BYTES, as_written, &keyword->term, error);
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
    return profile_take_text(place_at_key(at, "term"), PROFILE_KEYWORD_BYTES, as_written,
                             &keyword->term, error);
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
            break;
        /* As written means as the bot counts: twice. */
        if (as_written || seen_add(&seen, keyword.term, (int)keyword.field))
            keywords->items[keywords->count++] = keyword;
        else
            free(keyword.term);
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
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z');

        good = is_letter || (!part_begins && strchr(".-0123456789", *c));
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
static int check_paper_id(struct place at, char *text, struct error *error)
{
    size_t size = strlen(text), shorter;

    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return place_error(at, error, "must be a paper's id such as \"2602.13531\": printable "
                                          "ASCII without blanks");
    for (; (shorter = unversioned_size(text, size)) < size; size = shorter)
        text[shorter] = '\0';
    return 0;
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

        result = profile_take_text(at, rule.max_bytes, rule.as_written, &text, error);
        if (result == 0 && rule.kind == LIST_OF_CATEGORIES)
            result = check_category(at, text, error);
        if (result == 0 && rule.kind == LIST_OF_PAPER_IDS)
            result = check_paper_id(at, text, error);
        if (result == 0 && seen_add(&seen, text, 0))
            strings->items[strings->count++] = text;
        else
            free(text);
    }
    seen_free(&seen);
    return result;
}
