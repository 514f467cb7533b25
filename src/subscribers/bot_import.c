#include "subscribers/bot_import.h"

#include <stdlib.h>
#include <string.h>

#include "base/document.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "subscribers/address.h"
#include "subscribers/profile_list.h"
#include "subscribers/profile_names.h"

/* The bot's own default, which is not paperboy's. */
enum { BOT_MAX_PAPERS = 50 };

/* What its rules give: 2 for a required keyword, 0.5 for a word of quality. */
static const double REQUIRED_WEIGHT = 2, QUALITY_WEIGHT = 0.5;

struct import {
    struct place root; /* of the file being read */
    struct profile *profile;
    struct bot_notices *notices;
    bool has_max_papers;
};

/* ---- notices ---- */

/* Keys come from a file: cut to size and made one printable line. */
static void notice(struct import *import, const char *path, const char *key, const char *text)
{
    struct bot_notices *notices = import->notices;
    struct buffer line;

    buffer_init(&line, ERROR_TEXT_BYTES);
    buffer_printf(&line, "%s%s", path, *path ? "." : "");
    utf8_add_clean(&line, utf8_prefix(view_of(key), 200));
    buffer_printf(&line, ": %s", text);
    for (size_t i = 0; i < line.size; i++)
        if (line.data[i] == '\n' || line.data[i] == '\t')
            line.data[i] = ' ';
    notices->items = memory_grow(notices->items, &notices->capacity, notices->count + 1,
                                 sizeof(*notices->items));
    notices->items[notices->count++] = buffer_steal(&line);
}

void bot_notices_free(struct bot_notices *notices)
{
    for (size_t i = 0; i < notices->count; i++)
        free(notices->items[i]);
    free(notices->items);
    *notices = (struct bot_notices){NULL, 0, 0};
}

/* What is said of a key that stays behind. */
struct remark {
    const char *key;
    const char *text;
};

static const char *find_remark(const struct remark remarks[], const char *key)
{
    for (; remarks->key; remarks++)
        if (strcmp(remarks->key, key) == 0)
            return remarks->text;
    return "not known to paperboy; dropped";
}

/* ---- lists that are added to lists ---- */

static int too_many(struct place at, size_t count, struct error *error)
{
    return place_error(at, error, "makes %zu entries together with other keys; at most %d are "
                                  "allowed", count, PROFILE_KEYWORDS);
}

static int add_keywords(struct place parent, const char *key, double weight,
                        enum keyword_field field, struct keywords *keywords, struct error *error)
{
    struct keywords more = {NULL, 0};
    int result = profile_take_keywords(parent, key, true, &more, error);
    size_t capacity = keywords->count, total = keywords->count + more.count;

    if (result == 0 && total > PROFILE_KEYWORDS)
        result = too_many(place_at_key(parent, key), total, error);
    if (result == 0 && more.count)
        keywords->items =
            memory_grow(keywords->items, &capacity, total, sizeof(*keywords->items));
    for (size_t i = 0; i < more.count; i++) {
        more.items[i].weight = weight;
        more.items[i].field = field;
        if (result == 0)
            keywords->items[keywords->count++] = more.items[i];
        else
            free(more.items[i].term);
    }
    free(more.items);
    return result;
}

static int add_strings(struct place parent, const char *key, struct profile_list_rule rule,
                       struct strings *strings, struct error *error)
{
    struct strings more = {NULL, 0};
    int result = profile_take_list(parent, key, rule, &more, error);
    size_t capacity = strings->count, total = strings->count + more.count;

    if (result == 0 && total > rule.max_count)
        result = too_many(place_at_key(parent, key), total, error);
    if (result == 0 && more.count)
        strings->items = memory_grow(strings->items, &capacity, total, sizeof(*strings->items));
    for (size_t i = 0; i < more.count; i++) {
        if (result == 0)
            strings->items[strings->count++] = more.items[i];
        else
            free(more.items[i]);
    }
    free(more.items);
    return result;
}

static const struct profile_list_rule EXCLUDED = {PROFILE_KEYWORDS, PROFILE_KEYWORD_BYTES, true,
                                                  LIST_OF_TEXTS};
static const struct profile_list_rule AUTHORS = {PROFILE_AUTHORS, PROFILE_NAME_BYTES, false,
                                                 LIST_OF_TEXTS};

static int take_categories(struct import *import, const char *key, struct error *error)
{
    const struct profile_list_rule rule = {PROFILE_CATEGORIES, PROFILE_CATEGORY_BYTES, false,
                                           LIST_OF_CATEGORIES};

    return add_strings(import->root, key, rule, &import->profile->categories, error);
}

static int take_keywords(struct import *import, const char *key, struct error *error)
{
    return add_keywords(import->root, key, 1, KEYWORD_ANYWHERE, &import->profile->keywords, error);
}

static int take_excluded(struct import *import, const char *key, struct error *error)
{
    return add_strings(import->root, key, EXCLUDED, &import->profile->exclude_keywords, error);
}

/* ---- what counts only with the other scoring ---- */

static void notice_if_filled(struct import *import, json_t *object, const char *path,
                             const char *key, const char *text)
{
    if (json_array_size(json_object_get(object, key)))
        notice(import, path, key, text);
}

static const char REQUIRED_NOTICE[] =
    "becomes required_keywords, which only scoring \"relevance\" obeys; there all of them must be "
    "found, where the bot wanted one";
static const char BONUS_NOTICE[] =
    "becomes bonus_keywords, which count only with scoring \"relevance\"";
static const char FOLLOW_NOTICE[] =
    "becomes authors.follow: with scoring \"relevance\" their papers are always listed; those of "
    "others are not left out";
static const char PREFER_NOTICE[] =
    "becomes authors.prefer, which counts only with scoring \"relevance\"";

static int take_required(struct import *import, const char *key, struct error *error)
{
    notice_if_filled(import, import->root.value, "", key, REQUIRED_NOTICE);
    return add_keywords(import->root, key, 1, KEYWORD_ANYWHERE,
                        &import->profile->required_keywords, error);
}

/* ---- numbers ---- */

static int take_max_papers(struct import *import, const char *key, struct error *error)
{
    long count = BOT_MAX_PAPERS;

    if (place_take_integer(import->root, key, 1, 1000000000, &count, error) < 0)
        return -1;
    if (count > PROFILE_PAPERS_MAX) {
        notice(import, "", key, "becomes 500, the most that a digest shows");
        count = PROFILE_PAPERS_MAX;
    }
    import->profile->max_papers = count;
    import->has_max_papers = true;
    return 0;
}

static int take_min_score(struct import *import, const char *key, struct error *error)
{
    (void)error;
    notice(import, "", key, "becomes 0, because the bot never applied it");
    return 0;
}

/* ---- objects ---- */

/* Each member that `known` does not name is remarked upon. */
static int take_object(struct import *import, const char *key, const char *const known[],
                       const struct remark remarks[], struct place *ret_place, struct error *error)
{
    struct place at = place_at_key(import->root, key);
    const char *member;
    json_t *value;

    if (!json_is_object(at.value))
        return place_error(at, error, "must be an object, as the bot has it");
    json_object_foreach(at.value, member, value) {
        bool is_known = false;

        for (size_t i = 0; known[i]; i++)
            is_known |= strcmp(known[i], member) == 0;
        if (!is_known)
            notice(import, key, member, find_remark(remarks, member));
    }
    *ret_place = at;
    return 0;
}

static int take_ai_summary(struct import *import, const char *key, struct error *error)
{
    static const char *const known[] = {"enabled", NULL};
    static const struct remark remarks[] = {
        {"api_key_env", "set summaries.api_key_file in paperboy.json; the key is read from a file"},
        {"base_url", "set summaries.base_url in paperboy.json"},
        {"model", "set summaries.model in paperboy.json"},
        {"prompt_file", "set summaries.prompt_file in paperboy.json"},
        {"max_papers_to_summarize", "set summaries.papers in paperboy.json"},
        {"max_workers", "set summaries.connections in paperboy.json"},
        {NULL, NULL}};
    struct place at;

    if (take_object(import, key, known, remarks, &at, error) < 0 ||
        place_take_boolean(at, "enabled", &import->profile->summaries, error) < 0)
        return -1;
    if (import->profile->summaries)
        notice(import, key, "enabled",
               "the profile asks for summaries; they come once summaries.enabled is true in "
               "paperboy.json");
    return 0;
}

static int take_keyword_rules(struct import *import, const char *key, struct error *error)
{
    static const char *const known[] = {"required", "bonus", "excluded", NULL};
    static const struct remark remarks[] = {{NULL, NULL}};
    struct profile *profile = import->profile;
    struct place at;

    if (take_object(import, key, known, remarks, &at, error) < 0)
        return -1;
    notice_if_filled(import, at.value, key, "required", REQUIRED_NOTICE);
    notice_if_filled(import, at.value, key, "bonus", BONUS_NOTICE);
    if (add_keywords(at, "required", REQUIRED_WEIGHT, KEYWORD_ANYWHERE,
                     &profile->required_keywords, error) < 0 ||
        add_keywords(at, "bonus", 1, KEYWORD_ANYWHERE, &profile->bonus_keywords, error) < 0)
        return -1;
    return add_strings(at, "excluded", EXCLUDED, &profile->exclude_keywords, error);
}

static int take_author_rules(struct import *import, const char *key, struct error *error)
{
    static const char *const known[] = {"required", "preferred", "excluded", NULL};
    static const struct remark remarks[] = {{NULL, NULL}};
    struct profile *profile = import->profile;
    struct place at;

    if (take_object(import, key, known, remarks, &at, error) < 0)
        return -1;
    notice_if_filled(import, at.value, key, "required", FOLLOW_NOTICE);
    notice_if_filled(import, at.value, key, "preferred", PREFER_NOTICE);
    if (add_strings(at, "required", AUTHORS, &profile->follow_authors, error) < 0 ||
        add_strings(at, "preferred", AUTHORS, &profile->prefer_authors, error) < 0)
        return -1;
    return add_strings(at, "excluded", AUTHORS, &profile->exclude_authors, error);
}

static int take_content_rules(struct import *import, const char *key, struct error *error)
{
    static const char *const known[] = {"min_abstract_length", "max_abstract_length",
                                        "quality_indicators", NULL};
    static const struct remark remarks[] = {{NULL, NULL}};
    long *min = &import->profile->abstract_min_length, *max = &import->profile->abstract_max_length;
    struct place at;

    if (take_object(import, key, known, remarks, &at, error) < 0 ||
        place_take_integer(at, "min_abstract_length", 0, PROFILE_ABSTRACT_MAX, min, error) < 0 ||
        place_take_integer(at, "max_abstract_length", 0, PROFILE_ABSTRACT_MAX, max, error) < 0)
        return -1;
    if (*max && *min > *max)
        return place_error(place_at_key(at, "max_abstract_length"), error,
                           "is %ld, below min_abstract_length, %ld", *max, *min);
    notice_if_filled(import, at.value, key, "quality_indicators", BONUS_NOTICE);
    return add_keywords(at, "quality_indicators", QUALITY_WEIGHT, KEYWORD_ABSTRACT,
                        &import->profile->bonus_keywords, error);
}

/* ---- keys that stay behind, one notice for each member ---- */

static int leave_behind(struct import *import, const char *key, const char *text)
{
    json_t *object = json_object_get(import->root.value, key), *value;
    const char *member;

    if (!json_object_size(object)) {
        notice(import, "", key, text);
        return 0;
    }
    json_object_foreach(object, member, value)
        notice(import, key, member, text);
    return 0;
}

static int leave_scoring(struct import *import, const char *key, struct error *error)
{
    (void)error;
    return leave_behind(import, key,
                        "not carried over; substring scoring counts 1 for a keyword and 0.5 more "
                        "in the title");
}

static const struct remark LEFT_BEHIND[] = {
    {"days_back", "dropped; a digest takes what was announced since the last one"},
    {"enable_deduplication", "dropped; a paper is always listed once"},
    {"deduplication_methods", "dropped; a paper is always listed once, by its id"},
    {"fetch_ratings", "dropped; it belongs to the bot's conference part, which paperboy has not"},
    {"display_limit", "dropped; it belongs to the bot's conference part, which paperboy has not"},
    {"advanced_filtering", "dropped; the bot describes it but never applied it"},
    {"institution_rules", "dropped; arXiv's feeds name no institutions"},
    {"quality_rules", "dropped; the bot names it but gives it no meaning"},
    {NULL, NULL}};

typedef int key_reader(struct import *import, const char *key, struct error *error);

static const struct {
    const char *key;
    key_reader *read;
} READERS[] = {
    {"categories", take_categories},       {"keywords", take_keywords},
    {"required_keywords", take_required},  {"exclude_keywords", take_excluded},
    {"max_papers", take_max_papers},       {"min_score", take_min_score},
    {"ai_summary", take_ai_summary},       {"keyword_rules", take_keyword_rules},
    {"author_rules", take_author_rules},   {"content_rules", take_content_rules},
    {"scoring", leave_scoring},
};

static int read_key(struct import *import, const char *key, struct error *error)
{
    for (size_t i = 0; i < sizeof(READERS) / sizeof(READERS[0]); i++)
        if (strcmp(READERS[i].key, key) == 0)
            return READERS[i].read(import, key, error);
    return leave_behind(import, key, find_remark(LEFT_BEHIND, key));
}

/* ---- whether it is one ---- */

enum {
    READER_COUNT = sizeof(READERS) / sizeof(READERS[0]),
    LEFT_COUNT = sizeof(LEFT_BEHIND) / sizeof(LEFT_BEHIND[0]) - 1
};

static int check_root(struct place root, bool is_guess, struct error *error)
{
    /* One that was meant to be a profile has a misspelt "email". */
    const char *known[READER_COUNT + LEFT_COUNT + 2] = {"email"};
    bool any = false;
    size_t count = 1;

    for (size_t i = 0; i < READER_COUNT; i++)
        known[count++] = READERS[i].key;
    for (size_t i = 0; i < LEFT_COUNT; i++)
        known[count++] = LEFT_BEHIND[i].key;
    if (json_object_get(root.value, "profile") && json_object_get(root.value, "deliveries"))
        return place_error(root, error, "is what subscriber export ADDRESS says of a person; only "
                                        "what stands under \"profile\" in it can be imported");
    for (size_t i = 1; i < count; i++)
        any = any || json_object_get(root.value, known[i]);
    if (is_guess && place_check_keys(root, known, error) < 0)
        return error_add(error, "neither a profile, which has an \"email\", nor the Python bot's");
    if (!any)
        return place_error(root, error, "neither a profile, which has an \"email\", nor the Python "
                                        "bot's config.json, of whose keys it has none");
    return 0;
}

int bot_import_check(const struct bot_file *config, bool is_guess, struct error *error)
{
    struct document document = {NULL, {NULL, 0}, NULL};
    int result = document_parse(config->name, config->text, &document, error);

    if (result == 0)
        result = check_root(document_root(&document), is_guess, error);
    document_free(&document);
    return result;
}

/* ---- the whole ---- */

/* `before` is the file that was read first, or NULL: its keys stand. */
static int read_file(struct import *import, const struct document *document,
                     const struct document *before, struct error *error)
{
    const char *key;
    json_t *value;

    import->root = document_root(document);
    json_object_foreach(document->root, key, value) {
        if (before && json_object_get(before->root, key))
            notice(import, "", key, "stands in both files; that of the configuration is taken");
        else if (read_key(import, key, error) < 0)
            return -1;
    }
    return 0;
}

static void finish(struct import *import)
{
    if (!import->has_max_papers)
        notice(import, "", "max_papers", "not given; becomes 50, the bot's own default");
    if (!import->profile->categories.count)
        notice(import, "", "categories", "none given; papers of all categories are taken");
}

static int read_files(struct import *import, const struct bot_file *config,
                      const struct bot_file *rules, struct error *error)
{
    struct document first = {NULL, {NULL, 0}, NULL}, second = {NULL, {NULL, 0}, NULL};
    int result = document_parse(config->name, config->text, &first, error);

    if (result == 0 && rules)
        result = document_parse(rules->name, rules->text, &second, error);
    if (result == 0)
        result = read_file(import, &first, NULL, error);
    if (result == 0 && rules)
        result = read_file(import, &second, &first, error);
    document_free(&first);
    document_free(&second);
    return result;
}

int bot_import(const struct bot_file *config, const struct bot_file *rules, const char *address,
               struct profile *ret_profile, struct bot_notices *notices, struct error *error)
{
    struct profile profile;
    struct import import = {.profile = &profile, .notices = notices};

    if (address_check(view_of(address), error) < 0)
        return -1;
    profile_init(&profile);
    profile.email = address_canonical(view_of(address));
    profile.scoring = SCORING_SUBSTRING;
    profile.announce_types = 1u << 0; /* new, as profile_announce_names has it */
    profile.summaries = false;        /* unless ai_summary.enabled */
    profile.max_papers = BOT_MAX_PAPERS;
    if (read_files(&import, config, rules, error) < 0) {
        profile_free(&profile);
        return -1;
    }
    finish(&import);
    *ret_profile = profile;
    return 0;
}
