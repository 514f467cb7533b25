/* Markdown of any kind: the HTML is well-formed, of the allowed elements, and leads only to
 * http(s); lines of plain text fit. What was taken for an answer is shown alike. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "summaries/answer.h"
#include "summaries/rendition.h"
#include "unit/rendition_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(const char *why)
{
    if (!why)
        return;
    fprintf(stderr, "%s\n", why);
    abort();
}

static void show(struct view markdown, size_t width)
{
    struct buffer out;

    buffer_init(&out, RENDITION_OUT_BYTES);
    rendition_add_html(&out, markdown);
    require(out.failed ? "too long" : rendition_check_html(buffer_view(&out), true));
    buffer_clear(&out);
    rendition_add_page_html(&out, markdown);
    require(out.failed ? "too long" : rendition_check_html(buffer_view(&out), false));
    buffer_clear(&out);
    rendition_add_text(&out, markdown, width);
    require(out.failed ? "too long" : rendition_check_text(buffer_view(&out), width));
    buffer_clear(&out);
    rendition_add_line(&out, markdown);
    require(view_find_char(buffer_view(&out), '\n', 0) < out.size ? "a line feed" : NULL);
    buffer_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new();
    struct view content = {(const char *)data, size};
    struct summary_answer answer;

    show(content, size % 2 ? 67 : RENDITION_LEAST_WIDTH);
    if (answer_read(content, NULL, false, arena, &answer, NULL) == 0) {
        require(answer.markdown.size && answer.markdown.size <= ANSWER_BYTES ? NULL : "a size");
        require(rendition_has_dropped(answer.tldr) ? "a control character" : NULL);
        require(utf8_is_valid(answer.markdown) && utf8_is_valid(answer.tldr) ? NULL : "not UTF-8");
        require(utf8_length(answer.tldr) > ANSWER_TLDR_CHARACTERS ? "a long sentence" : NULL);
    }
    arena_free(&arena);
    return 0;
}
