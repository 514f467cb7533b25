/* Answers of language models as they come: what is shown of them, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "data.h"
#include "summaries/answer.h"

#define POINT "- a point"

static const struct {
    const char *name, *content, *tldr, *markdown;
} shown[] = {
    {"no sentence", POINT, "", POINT},
    {"a sentence", "TL;DR: It works.\n\n" POINT "\n", "It works.", POINT},
    {"in bold", "**TL;DR:** It *works*.\n\n" POINT, "It works.", POINT},
    {"all of it in bold", "**TL;DR: It works.**\n\n" POINT, "It works.", POINT},
    {"quoted", "> TLDR - It works.\n\n" POINT, "It works.", POINT},
    {"as a heading", "## TL;DR\n\nIt works.\n\n" POINT, "It works.", POINT},
    {"behind a heading", "# Patience\n\nTL;DR: It works.\n\n" POINT, "It works.", "# Patience\n\n\n" POINT},
    {"on two lines", "TL;DR: It\nworks.\n\n" POINT, "It works.", POINT},
    {"with a full-width colon", "TL;DR：有效。\n\n" POINT, "有效。", POINT},
    {"in Chinese", "**一句话总结**：有效。\n\n" POINT, "有效。", POINT},
    {"its name alone", "TL;DRs are short.\n\n" POINT, "", "TL;DRs are short.\n\n" POINT},
    {"too late", "a\n\nb\n\nc\n\nTL;DR: no.\n\n" POINT, "", "a\n\nb\n\nc\n\nTL;DR: no.\n\n" POINT},
    {"markup in it", "TL;DR: <b>It</b> [works](https://a.org) & so on.\n\n" POINT,
     "<b>It</b> works & so on.", POINT},
    {"a thought", "<think>I'm sorry\n```</think>\n\nTL;DR: It works.\n\n" POINT, "It works.", POINT},
    {"its end alone", "so I shall\n</think>\n" POINT, "", POINT},
    {"two thoughts", "<thinking>a</thinking><THOUGHT>b</THOUGHT>" POINT, "", POINT},
    {"a fence around it", "```markdown\nTL;DR: It works.\n\n" POINT "\n```", "It works.", POINT},
    {"without a word", "```\n" POINT "\n```", "", POINT},
    {"code first", "```\na\n```\nb\n```\nc\n```", "", "```\na\n```\nb\n```\nc\n```"},
    {"a fence behind the sentence", "TL;DR: It works.\n\n```md\n" POINT "\n```", "It works.", POINT},
    {"control characters", "\x1B[31m- a\x07 po\xE2\x80\xAEint\xE2\x80\x8B\r\n", "", "[31m- a point"},
    {"one byte that is wrong", "- a \xFF point", "", "- a \xEF\xBF\xBD point"},
    {"said in passing", "The authors say sorry. I cannot is in the text.", "",
     "The authors say sorry. I cannot is in the text."},
};

static void check_shown(const char *name, struct view content, const char *tldr,
                        const char *markdown)
{
    struct arena *arena = arena_new();
    struct summary_answer answer;
    struct error error;

    if (answer_read(content, "stop", false, arena, &answer, &error) < 0)
        fail_msg("%s: %s", name, error.text);
    if (!view_equal_string(answer.tldr, tldr) || !view_equal_string(answer.markdown, markdown))
        fail_msg("%s: \"%.*s\", \"%.*s\"", name, VIEW_ARGUMENTS(answer.tldr),
                 VIEW_ARGUMENTS(answer.markdown));
    arena_free(&arena);
}

static void test_shown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
        struct view content = data_exact(shown[i].content);

        check_shown(shown[i].name, content, shown[i].tldr, shown[i].markdown);
        data_free(content);
    }
}

static const struct {
    const char *name, *content, *reason;
    bool is_refusal;
    const char *why; /* part of it; NULL: it is shown */
    enum error_kind kind;
} unshown[] = {
    {"stop", POINT, "stop", false, NULL, 0},
    {"not said", POINT, "", false, NULL, 0},
    {"NULL", POINT, NULL, false, NULL, 0},
    {"of its own", POINT, "eos", false, NULL, 0},
    {"cut off", POINT, "length", false, "cut off", ERROR_INPUT},
    {"by another name", POINT, "MAX_TOKENS", false, "cut off", ERROR_INPUT},
    {"filtered", POINT, "content_filter", false, "filter", ERROR_INPUT},
    {"a tool", POINT, "tool_calls", false, "tool", ERROR_INPUT},
    {"broken off", POINT, "insufficient_system_resource", false, "broke off", ERROR_TEMPORARY},
    {"an error", POINT, "error", false, "broke off", ERROR_TEMPORARY},
    {"told to be a refusal", POINT, "stop", true, "refused", ERROR_INPUT},
    {"nothing", "", "stop", false, "empty", ERROR_INPUT},
    {"blanks", " \n\t\n", "stop", false, "empty", ERROR_INPUT},
    {"nothing to be seen", "\xE2\x80\x8B\x01\xEF\xBB\xBF", "stop", false, "empty", ERROR_INPUT},
    {"a thought without an end", "<think>Well, " POINT, "stop", false, "empty", ERROR_INPUT},
    {"a thought alone", "<think>x</think>\n", "stop", false, "empty", ERROR_INPUT},
    {"an empty fence", "```markdown\n```", "stop", false, "empty", ERROR_INPUT},
    {"a sentence alone", "TL;DR: It works.", "stop", false, "one sentence", ERROR_INPUT},
    {"a refusal", "I'm sorry, but I can't read it.", "stop", false, "refused", ERROR_INPUT},
    {"with another apostrophe", "I\xE2\x80\x99m sorry.", "stop", false, "refused", ERROR_INPUT},
    {"in Chinese", "很抱歉，我无法读取该文件。", "stop", false, "refused", ERROR_INPUT},
    {"in bold", "**I cannot do that.**", "stop", false, "refused", ERROR_INPUT},
    {"in its sentence", "TL;DR: I cannot open the file.\n\n## Method\n- none", "stop", false, "refused",
     ERROR_INPUT},
    {"in a Chinese one", "TL;DR：抱歉，文件为空。\n\n## 方法\n- 无", "stop", false, "refused", ERROR_INPUT},
    {"no UTF-8", "\xFF\xFE\xFF\xFE\xFF\xFE", "stop", false, "UTF-8", ERROR_INPUT},
};

static void test_unshown(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(unshown) / sizeof(unshown[0]); i++) {
        struct view content = data_exact(unshown[i].content);
        struct arena *arena = arena_new();
        struct summary_answer answer;
        struct error error = {.text = ""};
        int result = answer_read(content, unshown[i].reason, unshown[i].is_refusal, arena, &answer,
                                 &error);

        if (!unshown[i].why != (result == 0) ||
            (unshown[i].why && (!strstr(error.text, unshown[i].why) || error.kind != unshown[i].kind)))
            fail_msg("%s: %d, %s", unshown[i].name, result, error.text);
        arena_free(&arena);
        data_free(content);
    }
}

/* `before`, then the same character so often. */
static struct view repeat(const char *before, char c, size_t times)
{
    size_t size = strlen(before) + times;
    char *text = memory_new(size, 1);

    memcpy(text, before, strlen(before));
    memset(text + strlen(before), c, times);
    return (struct view){text, size};
}

static const struct {
    const char *name, *before;
    char character;
    size_t times;
    const char *why; /* NULL: it is shown */
} sizes[] = {
    {"all that is shown", "", 'x', ANSWER_BYTES, NULL},
    {"a byte more", "", 'x', ANSWER_BYTES + 1, "24577 bytes, more than 24576"},
    {"the sentence is not counted", "TL;DR: It works.\n\n", 'x', ANSWER_BYTES, NULL},
    {"blanks are not counted", POINT, ' ', 500 * 1000, NULL},
    {"beyond what is read", POINT, ' ', 2000 * 1000, "2000009 bytes"},
    {"marks without end", "", '`', 1000 * 1000, "bytes"},
    {"thoughts without end", "<think>", '<', 1000 * 1000, "empty"},
};

static void test_sizes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct view content = repeat(sizes[i].before, sizes[i].character, sizes[i].times);
        struct arena *arena = arena_new();
        struct summary_answer answer;
        struct error error = {.text = ""};
        int result = answer_read(content, "stop", false, arena, &answer, &error);

        if (!sizes[i].why != (result == 0) || (sizes[i].why && !strstr(error.text, sizes[i].why)))
            fail_msg("%s: %d, %s", sizes[i].name, result, error.text);
        arena_free(&arena);
        data_free(content);
    }
}

/* A sentence is one that a list shows: a longer one stays a paragraph. */
static void test_long_sentence(void **state)
{
    static const char name[] = "TL;DR: ";

    (void)state;
    for (size_t extra = 0; extra < 2; extra++) {
        struct view sentence = repeat(name, 'x', ANSWER_TLDR_CHARACTERS + extra);
        struct arena *arena = arena_new();
        struct summary_answer answer;
        struct buffer content;
        struct error error;

        buffer_init(&content, 4096);
        buffer_add_view(&content, sentence);
        buffer_add_string(&content, "\n\n" POINT);
        assert_int_equal(answer_read(buffer_view(&content), "stop", false, arena, &answer, &error), 0);
        assert_int_equal(answer.tldr.size, extra ? 0 : ANSWER_TLDR_CHARACTERS);
        assert_int_equal(view_starts_with(answer.markdown, view_of(name)), extra > 0);
        assert_true(view_ends_with(answer.markdown, VIEW(POINT)));
        buffer_free(&content);
        arena_free(&arena);
        data_free(sentence);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shown),
        cmocka_unit_test(test_unshown),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_long_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
