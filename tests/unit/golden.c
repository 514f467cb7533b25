#include "unit/golden.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/utf8.h"
#include "unit/data.h"

void golden_compare(const char *folder, const char *name, const char *ending,
                    const struct buffer *got)
{
    struct error error = {0};
    struct view want;
    char path[256];

    snprintf(path, sizeof(path), "tests/fixtures/%s/%s.%s", folder, name, ending);
    if (getenv("UPDATE_GOLDEN")) {
        if (file_write_atomic(path, buffer_view(got), 0644, &error) < 0)
            fail_msg("%s", error.text);
        return;
    }
    want = data_read(path);
    for (size_t at = 0, line = 1; at < want.size || at < got->size; at++) {
        if (at >= want.size || at >= got->size || want.data[at] != got->data[at])
            fail_msg("%s:%zu differs (UPDATE_GOLDEN=1 writes it anew)", path, line);
        line += want.data[at] == '\n';
    }
    data_free(want);
}

void golden_check_text(const char *name, const struct buffer *text)
{
    struct view rest = buffer_view(text), line;

    assert_true(utf8_is_valid(rest));
    while (view_next_line(&rest, &line)) {
        struct view word = view_trim(line);

        if (line.size && (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t'))
            fail_msg("%s: a line ends in a blank: %.*s", name, VIEW_ARGUMENTS(line));
        if (utf8_width(line) <= 72 || view_find(word, VIEW("mailto:"), 0) < word.size ||
            view_find(word, VIEW("https://"), 0) < word.size ||
            view_find_char(word, ' ', 0) == word.size)
            continue;
        fail_msg("%s: too wide: %.*s", name, VIEW_ARGUMENTS(line));
    }
}

void golden_check_html(const char *name, const struct buffer *html)
{
    static const char *const empty[] = {"!DOCTYPE", "meta", "br", NULL};
    struct view text = buffer_view(html), open[64];
    size_t depth = 0;

    assert_true(utf8_is_valid(text));
    for (size_t at = 0; (at = view_find_char(text, '<', at)) < text.size; at++) {
        struct view tag = view_slice(text, at + 1, view_find_char(text, '>', at));
        bool is_end = tag.data[0] == '/', is_empty = false;
        size_t size = is_end ? 1 : 0;

        while (size < tag.size && !isspace((unsigned char)tag.data[size]))
            size++;
        tag = view_slice(tag, is_end ? 1 : 0, size);
        for (size_t i = 0; empty[i]; i++)
            is_empty = is_empty || view_equal_string(tag, empty[i]);
        if (is_empty)
            continue;
        if (!is_end) {
            assert_true(depth < 64);
            open[depth++] = tag;
        } else if (!depth || !view_equal(open[--depth], tag)) {
            fail_msg("%s: </%.*s> closes nothing", name, VIEW_ARGUMENTS(tag));
        }
    }
    assert_int_equal(depth, 0);
    assert_int_equal(view_find(text, VIEW("{{"), 0), text.size);
}
