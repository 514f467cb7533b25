#include "summaries/question.h"

#include "base/utf8.h"

enum { MESSAGE_BYTES = QUESTION_TEXT_BYTES * 2 };

static const char OPENING[] = "<paper>\n", CLOSING[] = "\n</paper>\n";

/* "</paper" of its own would end it: nothing in a paper needs those six letters so. */
static void add_material(struct buffer *out, struct view material)
{
    const struct view end = VIEW("</paper");

    while (material.size) {
        size_t at = 0;

        while (at < material.size && !view_starts_with_nocase(view_slice(material, at, material.size), end))
            at++;
        buffer_add_view(out, view_slice(material, 0, at));
        if (at < material.size)
            buffer_add_string(out, "< /paper");
        material = view_slice(material, at + end.size, material.size);
    }
}

size_t question_make(const struct question *question, struct arena *arena,
                     struct endpoint_message ret_messages[QUESTION_MESSAGES])
{
    struct buffer text;
    size_t count = 0;

    buffer_init(&text, MESSAGE_BYTES);
    if (question->file) {
        buffer_printf(&text, "fileid://%s", question->file);
        ret_messages[count++] =
            (struct endpoint_message){"system", arena_copy(arena, buffer_view(&text))};
        buffer_clear(&text);
    }
    buffer_add_view(&text, question->title);
    buffer_add_string(&text, "\n\n");
    buffer_add_view(&text, question->prompt);
    if (!question->file) {
        buffer_add_string(&text, "\n\n");
        buffer_add_string(&text, OPENING);
        add_material(&text, utf8_prefix(question->material, QUESTION_TEXT_BYTES));
        buffer_add_string(&text, CLOSING);
    }
    ret_messages[count++] =
        (struct endpoint_message){"user", arena_copy(arena, buffer_view(&text))};
    buffer_free(&text);
    return count;
}
