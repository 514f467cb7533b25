#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "subscribers/bot_import.h"
#include "unit/data.h"

/* The written profile and the notices, a line each, behind it. */
static char *import(const char *config, const char *rules, const char *address)
{
    struct view config_text = data_exact(config), rules_text = data_exact(rules ? rules : "");
    struct bot_file config_file = {"config.json", config_text};
    struct bot_file rules_file = {"rules.json", rules_text};
    struct bot_notices notices = {NULL, 0, 0};
    struct error error = {0};
    struct profile profile;
    struct buffer out;

    buffer_init(&out, 1 << 20);
    if (bot_import(&config_file, rules ? &rules_file : NULL, address, &profile, &notices, &error) <
        0) {
        assert_int_equal(error.kind, ERROR_INPUT);
        buffer_printf(&out, "error: %s\n", error.text);
    } else {
        profile_write(&profile, &out);
        profile_free(&profile);
        for (size_t i = 0; i < notices.count; i++)
            buffer_printf(&out, "%s\n", notices.items[i]);
    }
    bot_notices_free(&notices);
    bot_notices_free(&notices);
    data_free(config_text);
    data_free(rules_text);
    return buffer_steal(&out);
}

#define HEAD "{\n  \"email\": \"a@example.org\",\n"
#define NEW_ONLY "  \"announce_types\": [\"new\"],\n"
#define SCORING "  \"scoring\": \"substring\",\n"
#define NO_SUMMARIES "  \"summaries\": false\n}\n"
#define FIFTY "  \"max_papers\": 50,\n"
#define FIFTY_NOTICE "max_papers: not given; becomes 50, the bot's own default\n"
#define REQUIRED(key)                                                                             \
    key ": becomes required_keywords, which only scoring \"relevance\" obeys; there all of them "   \
        "must be found, where the bot wanted one\n"
#define ALL_NOTICE "categories: none given; papers of all categories are taken\n"

struct import_case {
    const char *config;
    const char *rules;
    const char *want;
};

static void run_cases(const struct import_case cases[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *got = import(cases[i].config, cases[i].rules, "A@Example.org");

        assert_string_equal(got, cases[i].want);
        free(got);
    }
}

static void configurations(void **state)
{
    static const struct import_case cases[] = {
        {"{\"categories\": [\"cs.AI\", \"cs.LG\"], \"keywords\": [\"LLM\", \"RL \", \"rl \"], "
         "\"exclude_keywords\": [\"survey\"], \"max_papers\": 20}",
         NULL,
         HEAD "  \"categories\": [\"cs.AI\", \"cs.LG\"],\n"
              "  \"keywords\": [\"LLM\", \"RL \", \"rl \"],\n"
              "  \"exclude_keywords\": [\"survey\"],\n" NEW_ONLY
              "  \"max_papers\": 20,\n" SCORING NO_SUMMARIES},
        {"{}", NULL, HEAD NEW_ONLY FIFTY SCORING NO_SUMMARIES FIFTY_NOTICE ALL_NOTICE},
        {"{\"categories\": [\"cs.AI\"], \"days_back\": 7, \"min_score\": 2.5, \"max_papers\": 900, "
         "\"enable_deduplication\": true, \"deduplication_methods\": [\"id\"], "
         "\"fetch_ratings\": true, \"display_limit\": 5, \"colour\": 1, \"a\\nb\": {\"c\": 1}}",
         NULL,
         HEAD "  \"categories\": [\"cs.AI\"],\n" NEW_ONLY "  \"max_papers\": 500,\n" SCORING
              NO_SUMMARIES
              "days_back: dropped; a digest takes what was announced since the last one\n"
              "min_score: becomes 0, because the bot never applied it\n"
              "max_papers: becomes 500, the most that a digest shows\n"
              "enable_deduplication: dropped; a paper is always listed once\n"
              "deduplication_methods: dropped; a paper is always listed once, by its id\n"
              "fetch_ratings: dropped; it belongs to the bot's conference part, which paperboy has "
              "not\n"
              "display_limit: dropped; it belongs to the bot's conference part, which paperboy has "
              "not\n"
              "colour: not known to paperboy; dropped\n"
              "a b.c: not known to paperboy; dropped\n"},
        {"{\"categories\": [\"cs.AI\"], \"max_papers\": 30, \"ai_summary\": {\"enabled\": true, "
         "\"api_key_env\": \"KEY\", \"base_url\": \"u\", \"model\": \"m\", \"prompt_file\": \"p\", "
         "\"max_papers_to_summarize\": 5, \"max_workers\": 2, \"x\": 1}}",
         NULL,
         HEAD "  \"categories\": [\"cs.AI\"],\n" NEW_ONLY "  \"scoring\": \"substring\"\n}\n"
              "ai_summary.api_key_env: set summaries.api_key_file in paperboy.json; the key is "
              "read from a file\n"
              "ai_summary.base_url: set summaries.base_url in paperboy.json\n"
              "ai_summary.model: set summaries.model in paperboy.json\n"
              "ai_summary.prompt_file: set summaries.prompt_file in paperboy.json\n"
              "ai_summary.max_papers_to_summarize: set summaries.papers in paperboy.json\n"
              "ai_summary.max_workers: set summaries.connections in paperboy.json\n"
              "ai_summary.x: not known to paperboy; dropped\n"
              "ai_summary.enabled: the profile asks for summaries; they come once "
              "summaries.enabled is true in paperboy.json\n"},
    };

    (void)state;
    run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void rules_beside_or_inside(void **state)
{
    static const struct import_case cases[] = {
        /* in a file of their own */
        {"{\"categories\": [\"cs.AI\"], \"keywords\": [\"LLM\"], \"exclude_keywords\": [\"survey\"], "
         "\"max_papers\": 30}",
         "{\"keyword_rules\": {\"required\": [\"agent\"], \"bonus\": [\"fast\"], "
         "\"excluded\": [\"draft\"], \"odd\": []}, "
         "\"author_rules\": {\"required\": [\"A One\"], \"preferred\": [\"B Two\"], "
         "\"excluded\": [\"C Three\"]}, "
         "\"content_rules\": {\"min_abstract_length\": 200, \"max_abstract_length\": 1500, "
         "\"quality_indicators\": [\"novel\"]}, "
         "\"scoring\": {\"title_match_weight\": 3.0, \"recency_weight\": 0.5}, "
         "\"institution_rules\": {}, \"keywords\": [\"other\"]}",
         HEAD "  \"categories\": [\"cs.AI\"],\n"
              "  \"keywords\": [\"LLM\"],\n"
              "  \"required_keywords\": [{\"term\": \"agent\", \"weight\": 2}],\n"
              "  \"bonus_keywords\": [\"fast\", {\"term\": \"novel\", \"weight\": 0.5, \"field\": "
              "\"abstract\"}],\n"
              "  \"exclude_keywords\": [\"survey\", \"draft\"],\n"
              "  \"authors\": {\"follow\": [\"A One\"], \"prefer\": [\"B Two\"], \"exclude\": "
              "[\"C Three\"]},\n"
              "  \"abstract\": {\"min_length\": 200, \"max_length\": 1500},\n" NEW_ONLY SCORING
              NO_SUMMARIES
              "keyword_rules.odd: not known to paperboy; dropped\n"
              REQUIRED("keyword_rules.required")
              "keyword_rules.bonus: becomes bonus_keywords, which count only with scoring "
              "\"relevance\"\n"
              "author_rules.required: becomes authors.follow: with scoring \"relevance\" their papers "
              "are always listed; those of others are not left out\n"
              "author_rules.preferred: becomes authors.prefer, which counts only with scoring "
              "\"relevance\"\n"
              "content_rules.quality_indicators: becomes bonus_keywords, which count only with "
              "scoring \"relevance\"\n"
              "scoring.title_match_weight: not carried over; substring scoring counts 1 for a "
              "keyword and 0.5 more in the title\n"
              "scoring.recency_weight: not carried over; substring scoring counts 1 for a "
              "keyword and 0.5 more in the title\n"
              "institution_rules: dropped; arXiv's feeds name no institutions\n"
              "keywords: stands in both files; that of the configuration is taken\n"},
        /* or in the configuration */
        {"{\"categories\": [\"cs.AI\"], \"max_papers\": 30, \"required_keywords\": [\"net\"], "
         "\"keyword_rules\": {\"required\": [\"agent\"]}, "
         "\"advanced_filtering\": {\"case_sensitive\": false}}",
         NULL,
         HEAD "  \"categories\": [\"cs.AI\"],\n"
              "  \"required_keywords\": [\"net\", {\"term\": \"agent\", \"weight\": 2}],\n" NEW_ONLY
                  SCORING NO_SUMMARIES REQUIRED("required_keywords")
              REQUIRED("keyword_rules.required")
              "advanced_filtering.case_sensitive: dropped; the bot describes it but never applied "
              "it\n"},
    };

    (void)state;
    run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void complaints(void **state)
{
    static const struct import_case cases[] = {
        {"{\"keywords\": \"LLM\"}", NULL,
         "error: config.json:1: keywords: must be an array, not a string\n"},
        {"{\"keywords\": [\"LLM\",\n\"\"]}", NULL,
         "error: config.json:2: keywords[1]: must not be empty\n"},
        {"{\"max_papers\": 0}", NULL,
         "error: config.json:1: max_papers: is 0; a whole number from 1 to 1000000000 is allowed\n"},
        {"{\"ai_summary\": true}", NULL,
         "error: config.json:1: ai_summary: must be an object, as the bot has it\n"},
        {"{\"ai_summary\": {\"enabled\": \"yes\"}}", NULL,
         "error: config.json:1: ai_summary.enabled: must be true or false, not a string\n"},
        {"{\"categories\": [\"cs AI\"]}", NULL,
         "error: config.json:1: categories[0]: \"cs AI\" is no arXiv category such as \"cs.LG\" or "
         "\"hep-th\"\n"},
        {"[]", NULL, "error: config.json:1: must be a JSON object in braces\n"},
        {"{}", "{\"content_rules\":\n{\"min_abstract_length\": 5,\n\"max_abstract_length\": 4}}",
         "error: rules.json:3: content_rules.max_abstract_length: is 4, below "
         "min_abstract_length, 5\n"},
        {"{}", "{", "error: rules.json:1:1: string or '}' expected near end of file\n"},
        {"{}", "{\"author_rules\": {\"preferred\": [1]}}",
         "error: rules.json:1: author_rules.preferred[0]: must be a string, not a number\n"},
    };

    (void)state;
    run_cases(cases, sizeof(cases) / sizeof(cases[0]));
}

static void addresses_are_checked(void **state)
{
    static const char *const cases[] = {"", "bot", "a@b\r\nRCPT", "../../x"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *got = import("{}", NULL, cases[i]);

        assert_non_null(strstr(got, "is no usable mail address"));
        free(got);
    }
}

/* Lists that only together are too long. */
static void sums_have_limits(void **state)
{
    static const struct {
        const char *first;
        const char *second;
    } cases[] = {{"exclude_keywords", "excluded"}, {"required_keywords", "required"}};

    (void)state;
    for (size_t c = 0; c < 2; c++) {
        struct buffer config;
        char *got, want[256];

        buffer_init(&config, 1 << 20);
        buffer_printf(&config, "{\"%s\": [\"first\"], \"keyword_rules\": {\"%s\": [",
                      cases[c].first, cases[c].second);
        for (int i = 0; i < PROFILE_KEYWORDS; i++)
            buffer_printf(&config, "%s\"word %d\"", i ? "," : "", i);
        buffer_add_string(&config, "]}}");
        snprintf(want, sizeof(want), "error: config.json:1: keyword_rules.%s: makes 1001 entries "
                                     "together with other keys; at most 1000 are allowed\n",
                 cases[c].second);
        got = import(buffer_string(&config), NULL, "a@example.org");
        assert_string_equal(got, want);
        free(got);
        buffer_free(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(configurations),
        cmocka_unit_test(rules_beside_or_inside),
        cmocka_unit_test(complaints),
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(sums_have_limits),
    };

    return cmocka_run_group_tests_name("bot_import", tests, NULL, NULL);
}
