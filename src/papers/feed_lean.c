#include <string.h>

#include "papers/feed_parser.h"

enum { RUN_BYTES = 64 }; /* what is shorter is read as quickly as found */

static bool has_char(struct view document, size_t start, size_t end, char c)
{
    return memchr(document.data + start, c, end - start) != NULL;
}

/* Moves to the next long text between two tags; false when there is none, or
 * when a comment or CDATA section comes first: in those nothing is left out. A
 * `>` in the text may as well be one in an attribute that goes on behind it. */
static bool find_text(struct feed_lean *lean)
{
    struct view document = lean->document;

    while (lean->text_end + 1 < document.size) {
        size_t tag = lean->text_end, next = view_find_char(document, '<', tag + 1), end;

        if (next == document.size || document.data[tag + 1] == '!' ||
            document.data[tag + 1] == '?')
            return false;
        lean->text_end = next;
        if (next - tag <= RUN_BYTES)
            continue;
        end = view_find_char(view_slice(document, 0, next), '>', tag) + 1;
        if (end < next && !has_char(document, end, next, '>')) {
            lean->text_at = end;
            return true;
        }
    }
    return false;
}

/* Moves to the next part of that text that is long enough and has no reference;
 * false behind the last one. XML makes LF of CR, and does not allow U+FFFE. */
static bool find_part(struct feed_lean *lean)
{
    struct view text = view_slice(lean->document, 0, lean->text_end);

    while (lean->text_at < text.size) {
        size_t start = lean->text_at, end = view_find_char(text, '&', start);

        lean->text_at = end < text.size ? view_find_char(text, ';', end) + 1 : end;
        if (end - start >= RUN_BYTES && !has_char(text, start, end, '\r') &&
            !has_char(text, start, end, '\xEF')) {
            lean->run_start = start;
            lean->run_end = end;
            return true;
        }
    }
    return false;
}

/* Whether some reference in between may mean FEED_STAND_IN itself. */
static bool has_stand_in(struct view document, size_t start, size_t end)
{
    struct view between = view_slice(document, 0, end);

    for (size_t at = start; (at = view_find_char(between, '#', at)) < end; at++) {
        int32_t codepoint;

        if (at > 0 && document.data[at - 1] == '&' &&
            (!feed_text_reference(document, at - 1, &codepoint) || codepoint == FEED_STAND_IN))
            return true;
    }
    return false;
}

/* The next part to leave out; none is behind what would make it ambiguous. */
static void find_run(struct feed_lean *lean)
{
    size_t behind = lean->run_end;

    while (!find_part(lean)) {
        if (!find_text(lean)) {
            lean->run_start = lean->run_end = lean->text_at = lean->text_end = lean->document.size;
            return;
        }
    }
    if (has_stand_in(lean->document, behind, lean->run_start))
        lean->run_start = lean->run_end = lean->text_at = lean->text_end = lean->document.size;
}

void feed_lean_init(struct feed_lean *lean, struct view document)
{
    lean->document = document;
    lean->at = lean->run_end = lean->text_at = lean->text_end = 0;
    lean->first = lean->count = 0;
    find_run(lean);
}

size_t feed_lean_read(struct feed_lean *lean, char *to, size_t room)
{
    size_t size = 0;

    while (size < room && lean->at < lean->document.size) {
        struct view part = view_slice(lean->document, lean->at, lean->run_start);

        part = view_slice(part, 0, room - size);
        memcpy(to + size, part.data, part.size);
        size += part.size;
        lean->at += part.size;
        if (size == room || lean->at == lean->document.size)
            break;
        if (lean->count < FEED_RUNS) {
            lean->runs[(lean->first + lean->count++) % FEED_RUNS] =
                view_slice(lean->document, lean->run_start, lean->run_end);
            to[size++] = FEED_STAND_IN;
            lean->at = lean->run_end;
        }
        find_run(lean);
    }
    return size;
}
