#include "subscribers/profile_edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "subscribers/profile_list.h"

static bool has_control(struct view text)
{
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        unsigned char next = i + 1 < text.size ? (unsigned char)text.data[i + 1] : 0;

        if (byte < ' ' || byte == 0x7F || (byte == 0xC2 && next >= 0x80 && next < 0xA0))
            return true;
    }
    return false;
}

bool profile_text_is_valid(struct view text, size_t max_bytes)
{
    text = profile_trim(text);
    return text.size && text.size <= max_bytes && utf8_is_valid(text) && !has_control(text);
}

bool profile_term_is_valid(struct view term)
{
    return profile_text_is_valid(term, PROFILE_KEYWORD_BYTES) && profile_has_word(term);
}

/* ---- lists of texts ---- */

static size_t find_string(const struct strings *strings, struct view text)
{
    size_t at = 0;

    while (at < strings->count && !view_equal_nocase(view_of(strings->items[at]), text))
        at++;
    return at;
}

bool strings_have(const struct strings *strings, struct view text)
{
    return find_string(strings, profile_trim(text)) < strings->count;
}

enum edit_result strings_add(struct strings *strings, struct view text, size_t max_count,
                             size_t max_bytes)
{
    text = profile_trim(text);
    if (!profile_text_is_valid(text, max_bytes))
        return EDIT_INVALID;
    if (strings_have(strings, text))
        return EDIT_SAME;
    if (strings->count >= max_count)
        return EDIT_FULL;
    strings->items = memory_resize(strings->items, strings->count + 1, sizeof(*strings->items));
    strings->items[strings->count++] = view_copy_string(text);
    return EDIT_DONE;
}

enum edit_result strings_remove(struct strings *strings, struct view text)
{
    size_t at = find_string(strings, profile_trim(text));

    if (at == strings->count)
        return EDIT_SAME;
    free(strings->items[at]);
    memmove(&strings->items[at], &strings->items[at + 1],
            (strings->count - at - 1) * sizeof(*strings->items));
    strings->count--;
    return EDIT_DONE;
}

void strings_clear(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
    *strings = (struct strings){0};
}

/* ---- keywords ---- */

enum edit_result keywords_add(struct keywords *keywords, struct view term, double weight)
{
    struct keyword *found = NULL;

    term = profile_trim(term);
    if (!profile_term_is_valid(term) || !(weight >= 0 && weight <= PROFILE_WEIGHT_MAX))
        return EDIT_INVALID;
    for (size_t i = 0; i < keywords->count; i++)
        if (view_equal_nocase(view_of(keywords->items[i].term), term))
            found = &keywords->items[i];
    if (found) {
        bool is_same = weight <= 0 || (found->weight <= weight && found->weight >= weight);

        found->weight = is_same ? found->weight : weight;
        return is_same ? EDIT_SAME : EDIT_DONE;
    }
    if (keywords->count >= PROFILE_KEYWORDS)
        return EDIT_FULL;
    keywords->items = memory_resize(keywords->items, keywords->count + 1,
                                    sizeof(*keywords->items));
    keywords->items[keywords->count++] =
        (struct keyword){view_copy_string(term), weight > 0 ? weight : 1, KEYWORD_ANYWHERE};
    return EDIT_DONE;
}

enum edit_result keywords_remove(struct keywords *keywords, struct view term)
{
    size_t kept = 0, before = keywords->count;

    term = profile_trim(term);
    for (size_t i = 0; i < before; i++) {
        if (view_equal_nocase(view_of(keywords->items[i].term), term))
            free(keywords->items[i].term);
        else
            keywords->items[kept++] = keywords->items[i];
    }
    keywords->count = kept;
    return kept < before ? EDIT_DONE : EDIT_SAME;
}

void keywords_clear(struct keywords *keywords)
{
    for (size_t i = 0; i < keywords->count; i++)
        free(keywords->items[i].term);
    free(keywords->items);
    *keywords = (struct keywords){0};
}

/* ---- texts, and all of it ---- */

enum edit_result profile_text_set(char **text, struct view new_text, size_t max_bytes)
{
    new_text = profile_trim(new_text);
    if (view_equal(view_of(*text), new_text))
        return EDIT_SAME;
    if (new_text.size && !profile_text_is_valid(new_text, max_bytes))
        return EDIT_INVALID;
    free(*text);
    *text = new_text.size ? view_copy_string(new_text) : NULL;
    return EDIT_DONE;
}

static void copy_strings(struct strings *strings)
{
    char **items = memory_new(strings->count, sizeof(*items));

    for (size_t i = 0; i < strings->count; i++)
        items[i] = memory_copy_string(strings->items[i]);
    strings->items = items;
}

static void copy_keywords(struct keywords *keywords)
{
    struct keyword *items = memory_new(keywords->count, sizeof(*items));

    for (size_t i = 0; i < keywords->count; i++) {
        items[i] = keywords->items[i];
        items[i].term = memory_copy_string(items[i].term);
    }
    keywords->items = items;
}

void profile_copy(const struct profile *profile, struct profile *ret_copy)
{
    struct profile copy = *profile;

    copy.email = memory_copy_string(copy.email);
    copy.name = memory_copy_string(copy.name);
    copy.interests = memory_copy_string(copy.interests);
    copy.language = memory_copy_string(copy.language);
    copy.schedule.zone = memory_copy_string(copy.schedule.zone);
    copy_strings(&copy.categories);
    copy_strings(&copy.exclude_keywords);
    copy_strings(&copy.follow_authors);
    copy_strings(&copy.prefer_authors);
    copy_strings(&copy.exclude_authors);
    copy_strings(&copy.liked);
    copy_strings(&copy.disliked);
    copy_keywords(&copy.keywords);
    copy_keywords(&copy.required_keywords);
    copy_keywords(&copy.bonus_keywords);
    *ret_copy = copy;
}
