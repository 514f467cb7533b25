/* Strings as the whole program passes them: a borrowed view (pointer, length)
 * and a growing buffer that names its maximum when it is made. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Borrowed bytes, not NUL-terminated. An empty view may have data NULL. */
struct view {
    const char *data;
    size_t size;
};

#define VIEW(literal) ((struct view){(literal), sizeof(literal) - 1})
/* For printf's "%.*s"; at most INT_MAX bytes are shown. */
#define VIEW_ARGUMENTS(view) view_printf_size(view), (view).data ? (view).data : ""

/* Parsers call these few for every word: a call would cost more than they do. */
static inline struct view view_of(const char *text) /* NULL gives an empty view */
{
    return (struct view){text, text ? strlen(text) : 0};
}

static inline struct view view_slice(struct view view, size_t start, size_t end) /* clamped */
{
    if (end > view.size)
        end = view.size;
    if (start > end)
        start = end;
    if (!view.data)
        return view;
    return (struct view){view.data + start, end - start};
}

static inline bool view_equal(struct view a, struct view b)
{
    return a.size == b.size &&
           (a.size == 0 || (a.data[0] == b.data[0] && memcmp(a.data, b.data, a.size) == 0));
}

static inline bool view_equal_string(struct view a, const char *b)
{
    return (!a.size || !b || a.data[0] == b[0]) && view_equal(a, view_of(b));
}

int view_printf_size(struct view view);
bool view_equal_nocase(struct view a, struct view b); /* ASCII letters only */
int view_compare(struct view a, struct view b);       /* memcmp order, then length */
bool view_starts_with(struct view view, struct view prefix);
bool view_starts_with_nocase(struct view view, struct view prefix);
bool view_ends_with(struct view view, struct view suffix);
static inline bool view_is_blank(char c) /* ASCII white space */
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline struct view view_trim(struct view view) /* ASCII white space at both ends */
{
    while (view.size && view_is_blank(view.data[0])) {
        view.data++;
        view.size--;
    }
    while (view.size && view_is_blank(view.data[view.size - 1]))
        view.size--;
    return view;
}

/* Offset of the first `needle` at or after `from`; view.size when there is none. */
size_t view_find(struct view view, struct view needle, size_t from);
static inline size_t view_find_char(struct view view, char needle, size_t from)
{
    const char *hit = from < view.size ? memchr(view.data + from, needle, view.size - from) : NULL;

    return hit ? (size_t)(hit - view.data) : view.size;
}
/* Bytes to look for, whatever their order: {.has = {['<'] = 1, ['&'] = 1}}. */
struct byte_set {
    unsigned char has[256];
};
size_t view_find_any(struct view view, const struct byte_set *set, size_t from);
/* Takes the part of `*rest` before the next `separator` (or all of it) into
 * `*ret_part` and moves `*rest` behind it; false once nothing is left. */
bool view_next_part(struct view *rest, char separator, struct view *ret_part);
/* A line without its LF or CRLF; false at the end. */
bool view_next_line(struct view *rest, struct view *ret_line);
/* Whole decimal number, digits only; false on anything else or overflow. */
bool view_to_long(struct view view, long *ret_value);
char *view_copy_string(struct view view); /* for free(3) */

/* Growing bytes, always NUL-terminated behind `size`. Past `max` nothing more
 * is added and `failed` stays set: append freely, check once at the end. */
struct buffer {
    char *data;
    size_t size;
    size_t capacity;
    size_t max;
    bool failed;
};

void buffer_init(struct buffer *buffer, size_t max_bytes);
void buffer_free(struct buffer *buffer);  /* leaves an empty buffer with its maximum */
/* Room for `bytes` more at once, when the size is known; the maximum stands. */
void buffer_reserve(struct buffer *buffer, size_t bytes);
void buffer_clear(struct buffer *buffer); /* keeps the memory, forgets `failed` */
void buffer_add(struct buffer *buffer, const void *data, size_t size);
void buffer_add_view(struct buffer *buffer, struct view view);
void buffer_add_string(struct buffer *buffer, const char *text);
void buffer_add_char(struct buffer *buffer, char character);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments);
void buffer_cut(struct buffer *buffer, size_t size); /* shortens to `size` */
struct view buffer_view(const struct buffer *buffer);
const char *buffer_string(const struct buffer *buffer); /* "" when empty, never NULL */
/* The bytes, for free(3); the buffer is empty afterwards. */
char *buffer_steal(struct buffer *buffer);

#endif
