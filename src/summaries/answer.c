#include "summaries/answer.h"

#include "base/ascii.h"
#include "base/utf8.h"
#include "summaries/clean.h"
#include "summaries/rendition.h"

enum { READ_BYTES = 1024 * 1024, REFUSAL_BYTES = 600 };

/* ---- what stands around it ---- */

static struct view first_line(struct view text)
{
    return view_slice(text, 0, view_find_char(text, '\n', 0));
}

static struct view behind_line(struct view text)
{
    return view_slice(text, view_find_char(text, '\n', 0) + 1, text.size);
}

/* What comes behind the end mark that stands on a line of its own; nothing when there is
 * none. Some endpoints keep the mark that begins it to themselves. */
static struct view behind_bare_end(struct view text, struct view end)
{
    struct view rest = text, line;

    while (view_next_line(&rest, &line))
        if (view_equal_nocase(view_trim(line), end))
            return rest;
    return (struct view){NULL, 0};
}

static size_t find_nocase(struct view text, struct view needle)
{
    size_t at = 0;

    while (at < text.size && !view_starts_with_nocase(view_slice(text, at, text.size), needle))
        at++;
    return at;
}

/* One thought; false when there is none. One without an end is all there is. */
static bool skip_thought(struct view *text)
{
    static const char *const begins[] = {"<think>", "<thinking>", "<thought>"};
    static const char *const ends[] = {"</think>", "</thinking>", "</thought>"};

    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++) {
        struct view end = view_of(ends[i]), rest;

        if (view_starts_with_nocase(*text, view_of(begins[i])))
            rest = view_slice(*text, find_nocase(*text, end) + end.size, text->size);
        else
            rest = behind_bare_end(*text, end);
        if (!rest.data)
            continue;
        *text = view_trim(rest);
        return true;
    }
    return false;
}

/* Without what a reasoning model thought; empty when it did not come to an end. */
static struct view skip_thoughts(struct view text)
{
    enum { MOST = 8 };

    for (int i = 0; i < MOST && skip_thought(&text); i++)
        continue;
    return text;
}

/* "```markdown": how many marks and what is said behind them; 0: no fence. */
static size_t fence_of(struct view line, struct view *ret_info)
{
    size_t count = 0;

    line = view_trim(line);
    while (count < line.size && (line.data[0] == '`' || line.data[0] == '~') &&
           line.data[count] == line.data[0])
        count++;
    *ret_info = view_trim(view_slice(line, count, line.size));
    return count >= 3 ? count : 0;
}

static bool is_markdown(struct view info)
{
    return view_equal_nocase(info, VIEW("markdown")) || view_equal_nocase(info, VIEW("md"));
}

/* Does a fence without a word hold all that follows up to the last line? Not when the next
 * one closes it: then a block of code stands first. */
static bool holds_all(struct view inside)
{
    struct view line, info;

    while (view_next_line(&inside, &line))
        if (fence_of(line, &info))
            return info.size > 0 || !view_trim(inside).size;
    return true;
}

static struct view last_line(struct view text)
{
    size_t start = text.size;

    while (start && text.data[start - 1] != '\n')
        start--;
    return view_slice(text, start, text.size);
}

/* Without the fence of code that is around all of it. */
static struct view skip_fence(struct view text)
{
    struct view info, end_info, inside = behind_line(text), last = last_line(text);
    size_t count = fence_of(first_line(text), &info);

    if (!count || !(is_markdown(info) || (!info.size && holds_all(inside))))
        return text;
    if (inside.size >= last.size && fence_of(last, &end_info) >= count && !end_info.size)
        inside.size -= last.size;
    else if (!is_markdown(info))
        return text;
    return view_trim(inside);
}

/* ---- its one sentence ---- */

static const char *const names[] = {
    "TL;DR", "TL; DR", "TLDR", "一句话总结", "一句话概括", "一句话摘要", "一句话概述",
};

static struct view skip_marks(struct view text, const char *marks)
{
    while (text.size && text.data[0] && strchr(marks, text.data[0]))
        text = view_slice(text, 1, text.size);
    return text;
}

/* What follows "TL;DR:"; false when the line is none. It may be nothing: a heading. */
static bool read_name(struct view line, struct view *ret_rest)
{
    struct view rest = skip_marks(line, " \t#>*_-");
    size_t size = 0;
    bool is_ended;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !size; i++)
        if (view_starts_with_nocase(rest, view_of(names[i])))
            size = strlen(names[i]);
    if (!size)
        return false;
    rest = skip_marks(view_slice(rest, size, rest.size), " *_");
    is_ended = !rest.size;
    if (view_starts_with(rest, VIEW("：")) || view_starts_with(rest, VIEW("—"))) {
        rest = view_slice(rest, 3, rest.size);
        is_ended = true;
    } else if (rest.size && strchr(":-", rest.data[0])) {
        rest = view_slice(rest, 1, rest.size);
        is_ended = true;
    }
    *ret_rest = rest;
    return is_ended;
}

/* Up to the blank line. */
static struct view paragraph_of(struct view text)
{
    struct view rest = text, line;

    while (view_next_line(&rest, &line))
        if (!view_trim(line).size || line.data[0] == '#')
            return view_slice(text, 0, (size_t)(line.data - text.data));
    return text;
}

/* "**TL;DR: a sentence**" leaves marks without partners. */
static struct view without_stray_marks(struct view text)
{
    text = view_trim(text);
    if (view_starts_with(text, VIEW("** ")))
        text = view_trim(view_slice(text, 2, text.size));
    if (view_ends_with(text, VIEW("**")) && view_find(text, VIEW("**"), 0) == text.size - 2)
        text = view_slice(text, 0, text.size - 2);
    return text;
}

struct sentence {
    size_t start, end; /* where it stands, its name included */
    struct view text;  /* plain */
};

/* Among the first lines that are not blank. */
static bool find_sentence(struct view text, struct arena *arena, struct sentence *ret_sentence)
{
    enum { LINES = 3 };
    struct view rest = text, line, found = {NULL, 0};
    struct buffer plain;
    size_t lines = 0, start = 0;

    while (!found.data && lines < LINES && view_next_line(&rest, &line)) {
        lines += view_trim(line).size > 0;
        start = (size_t)(line.data - text.data);
        if (!read_name(line, &found))
            found.data = NULL;
    }
    if (!found.data)
        return false;
    if (!view_trim(skip_marks(view_trim(found), "*_")).size) {
        while (rest.size && view_is_blank(rest.data[0]))
            rest = view_slice(rest, 1, rest.size);
        found = rest;
    }
    found = paragraph_of(view_slice(text, (size_t)(found.data - text.data), text.size));
    buffer_init(&plain, READ_BYTES);
    rendition_add_line(&plain, without_stray_marks(found));
    ret_sentence->start = start;
    ret_sentence->end = (size_t)(found.data + found.size - text.data);
    ret_sentence->text = arena_copy(arena, buffer_view(&plain));
    buffer_free(&plain);
    return ret_sentence->text.size && utf8_length(ret_sentence->text) <= ANSWER_TLDR_CHARACTERS;
}

/* ---- whether it is shown ---- */

/* Of a short answer, or the sentence of one. */
static bool begins_as_refusal(struct view text)
{
    static const char *const begins[] = {
        "I'm sorry", "I’m sorry", "I am sorry", "Sorry,", "I cannot", "I can't", "I can’t",
        "I'm unable", "I’m unable", "I am unable", "I apologize", "As an AI",
        "抱歉", "很抱歉", "对不起", "非常抱歉", "我无法", "无法", "作为一个", "作为AI", "作为 AI"};

    text = skip_marks(text, " \t#>*_");
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        if (view_starts_with_nocase(text, view_of(begins[i])))
            return true;
    return false;
}

static int judge_end(const char *reason, bool is_refusal, struct error *error)
{
    static const struct {
        const char *reason;
        enum error_kind kind;
        const char *why;
    } ends[] = {
        {"length", ERROR_INPUT, "the answer was cut off at max_tokens"},
        {"max_tokens", ERROR_INPUT, "the answer was cut off at max_tokens"},
        {"content_filter", ERROR_INPUT, "the endpoint's filter held the answer back"},
        {"sensitive", ERROR_INPUT, "the endpoint's filter held the answer back"},
        {"tool_calls", ERROR_INPUT, "the model called a tool instead of answering"},
        {"function_call", ERROR_INPUT, "the model called a tool instead of answering"},
        {"insufficient_system_resource", ERROR_TEMPORARY, "the endpoint broke off the answer"},
        {"network_error", ERROR_TEMPORARY, "the endpoint broke off the answer"},
        {"abort", ERROR_TEMPORARY, "the endpoint broke off the answer"},
        {"error", ERROR_TEMPORARY, "the endpoint broke off the answer"},
    };

    if (is_refusal)
        return error_set(error, ERROR_INPUT, "the model refused");
    for (size_t i = 0; reason && i < sizeof(ends) / sizeof(ends[0]); i++)
        if (view_equal_nocase(view_of(reason), view_of(ends[i].reason)))
            return error_set(error, ends[i].kind, "%s", ends[i].why);
    return 0;
}

static int read_clean(struct view text, struct arena *arena, struct summary_answer *ret_answer,
                      struct error *error)
{
    struct sentence sentence = {0};
    struct buffer markdown;
    bool is_short;
    int result = -1;

    text = skip_fence(skip_thoughts(view_trim(text)));
    if (!text.size)
        return error_set(error, ERROR_INPUT, "the answer is empty");
    is_short = text.size <= REFUSAL_BYTES;
    if (!find_sentence(text, arena, &sentence))
        sentence = (struct sentence){0};
    if (is_short && (begins_as_refusal(text) || begins_as_refusal(sentence.text)))
        return error_set(error, ERROR_INPUT, "the model refused");
    buffer_init(&markdown, READ_BYTES);
    buffer_add_view(&markdown, view_slice(text, 0, sentence.start));
    buffer_add_view(&markdown, view_slice(text, sentence.end, text.size));
    text = skip_fence(view_trim(buffer_view(&markdown)));
    if (text.size && text.size <= ANSWER_BYTES) {
        ret_answer->tldr = sentence.text;
        ret_answer->markdown = arena_copy(arena, text);
        result = 0;
    } else if (!text.size) {
        error_set(error, ERROR_INPUT, "the answer is one sentence and no summary");
    } else {
        error_set(error, ERROR_INPUT, "the answer has %zu bytes, more than %d", text.size,
                  (int)ANSWER_BYTES);
    }
    buffer_free(&markdown);
    return result;
}

int answer_read(struct view content, const char *finish_reason, bool is_refusal,
                struct arena *arena, struct summary_answer *ret_answer, struct error *error)
{
    struct buffer clean;
    size_t wrong;
    int result;

    if (judge_end(finish_reason, is_refusal, error) < 0)
        return -1;
    if (content.size > READ_BYTES)
        return error_set(error, ERROR_INPUT, "the answer has %zu bytes", content.size);
    buffer_init(&clean, READ_BYTES * 3);
    wrong = clean_add(&clean, content);
    if (wrong > 3 && wrong > content.size / 200)
        result = error_set(error, ERROR_INPUT, "the answer is not UTF-8");
    else
        result = read_clean(buffer_view(&clean), arena, ret_answer, error);
    buffer_free(&clean);
    return result;
}
