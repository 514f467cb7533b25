#include "base/bytes.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/memory.h"

int view_printf_size(struct view view)
{
    return view.size > INT_MAX ? INT_MAX : (int)view.size;
}

bool view_equal_nocase(struct view a, struct view b)
{
    return a.size == b.size && (a.size == 0 || strncasecmp(a.data, b.data, a.size) == 0);
}

int view_compare(struct view a, struct view b)
{
    size_t shorter = a.size < b.size ? a.size : b.size;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;

    if (order)
        return order;
    return (a.size > b.size) - (a.size < b.size);
}

bool view_starts_with(struct view view, struct view prefix)
{
    return view.size >= prefix.size && view_equal(view_slice(view, 0, prefix.size), prefix);
}

bool view_starts_with_nocase(struct view view, struct view prefix)
{
    return view.size >= prefix.size && view_equal_nocase(view_slice(view, 0, prefix.size), prefix);
}

bool view_ends_with(struct view view, struct view suffix)
{
    return view.size >= suffix.size &&
           view_equal(view_slice(view, view.size - suffix.size, view.size), suffix);
}

/* memmem sets up a table first, which costs more than searching a line for a
 * short needle. */
enum { SHORT_BYTES = 8 };

size_t view_find(struct view view, struct view needle, size_t from)
{
    const char *hit;

    if (from > view.size || view.size - from < needle.size)
        return view.size;
    if (needle.size == 0)
        return from;
    if (needle.size > SHORT_BYTES) {
        hit = memmem(view.data + from, view.size - from, needle.data, needle.size);
        return hit ? (size_t)(hit - view.data) : view.size;
    }
    for (; (from = view_find_char(view, needle.data[0], from)) < view.size; from++) {
        if (view_equal(view_slice(view, from, from + needle.size), needle))
            return from;
    }
    return view.size;
}

/* Four bytes a step: texts are long and what is looked for is rare. */
size_t view_find_any(struct view view, const struct byte_set *set, size_t from)
{
    const unsigned char *bytes = (const unsigned char *)view.data, *has = set->has;
    size_t at = from;

    if (from >= view.size)
        return view.size;
    while (view.size - at >= 4 &&
           !(has[bytes[at]] | has[bytes[at + 1]] | has[bytes[at + 2]] | has[bytes[at + 3]]))
        at += 4;
    while (at < view.size && !has[bytes[at]])
        at++;
    return at;
}

bool view_next_part(struct view *rest, char separator, struct view *ret_part)
{
    size_t end;

    if (!rest->data)
        return false;
    end = view_find_char(*rest, separator, 0);
    *ret_part = view_slice(*rest, 0, end);
    *rest = end < rest->size ? view_slice(*rest, end + 1, rest->size) : (struct view){NULL, 0};
    return true;
}

bool view_next_line(struct view *rest, struct view *ret_line)
{
    if (!rest->size)
        return false;
    if (!view_next_part(rest, '\n', ret_line))
        return false;
    if (ret_line->size && ret_line->data[ret_line->size - 1] == '\r')
        ret_line->size--;
    return true;
}

bool view_to_long(struct view view, long *ret_value)
{
    long value = 0;

    if (!view.size)
        return false;
    for (size_t i = 0; i < view.size; i++) {
        int digit = view.data[i] - '0';

        if (digit < 0 || digit > 9 || value > (LONG_MAX - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

char *view_copy_string(struct view view)
{
    char *copy = memory_new(view.size + 1, 1);

    if (view.size)
        memcpy(copy, view.data, view.size);
    return copy;
}

void buffer_init(struct buffer *buffer, size_t max_bytes)
{
    *buffer = (struct buffer){.max = max_bytes};
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->data);
    buffer_init(buffer, buffer->max);
}

void buffer_clear(struct buffer *buffer)
{
    buffer->size = 0;
    buffer->failed = false;
    if (buffer->data)
        buffer->data[0] = '\0';
}

/* Room for `more` bytes and the NUL; false and `failed` past the maximum. */
static bool make_room(struct buffer *buffer, size_t more)
{
    if (buffer->failed || more > buffer->max || buffer->size > buffer->max - more) {
        buffer->failed = true;
        return false;
    }
    if (buffer->size + more >= buffer->capacity)
        buffer->data =
            memory_grow(buffer->data, &buffer->capacity, buffer->size + more + 1, sizeof(char));
    return true;
}

void buffer_reserve(struct buffer *buffer, size_t bytes)
{
    size_t left = buffer->max - buffer->size;

    if (!buffer->failed)
        make_room(buffer, bytes < left ? bytes : left);
}

void buffer_add(struct buffer *buffer, const void *data, size_t size)
{
    if (!size || !make_room(buffer, size))
        return;
    memcpy(buffer->data + buffer->size, data, size);
    buffer->size += size;
    buffer->data[buffer->size] = '\0';
}

void buffer_add_view(struct buffer *buffer, struct view view)
{
    buffer_add(buffer, view.data, view.size);
}

void buffer_add_string(struct buffer *buffer, const char *text)
{
    buffer_add_view(buffer, view_of(text));
}

void buffer_add_char(struct buffer *buffer, char character)
{
    buffer_add(buffer, &character, 1);
}

void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
{
    va_list again;
    int need;

    va_copy(again, arguments);
    need = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (need < 0) {
        buffer->failed = true;
        return;
    }
    if (!make_room(buffer, (size_t)need))
        return;
    vsnprintf(buffer->data + buffer->size, (size_t)need + 1, format, arguments);
    buffer->size += (size_t)need;
}

void buffer_printf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    buffer_vprintf(buffer, format, arguments);
    va_end(arguments);
}

void buffer_cut(struct buffer *buffer, size_t size)
{
    if (size >= buffer->size)
        return;
    buffer->size = size;
    buffer->data[size] = '\0';
}

struct view buffer_view(const struct buffer *buffer)
{
    return (struct view){buffer->data, buffer->size};
}

const char *buffer_string(const struct buffer *buffer)
{
    return buffer->data ? buffer->data : "";
}

char *buffer_steal(struct buffer *buffer)
{
    char *data = buffer->data ? buffer->data : memory_new(1, 1);

    buffer->data = NULL;
    buffer_init(buffer, buffer->max);
    return data;
}
