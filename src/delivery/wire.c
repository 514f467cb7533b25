#include "delivery/wire.h"

bool wire_is_safe_address(const char *address)
{
    size_t size = address ? strlen(address) : 0;

    if (size < 3 || size >= WIRE_ADDRESS_BYTES || !strchr(address, '@'))
        return false;
    for (size_t i = 0; i < size; i++)
        if (address[i] <= ' ' || address[i] >= 0x7F || strchr("<>()\\\",;:", address[i]))
            return false;
    return true;
}

static const char *find_line_fault(struct view line)
{
    if (line.size == 0 || line.data[line.size - 1] != '\r')
        return "has a line feed without carriage return";
    if (line.size - 1 > 998)
        return "has a line of more than 998 bytes";
    if (memchr(line.data, '\r', line.size - 1))
        return "has a carriage return without line feed";
    return NULL;
}

/* `wire` NULL: only looked at. */
static const char *go_through(struct view bytes, struct buffer *wire)
{
    size_t at = 0, from = 0;

    if (bytes.size == 0)
        return "is empty";
    if (memchr(bytes.data, '\0', bytes.size))
        return "holds a NUL byte";
    while (at < bytes.size) {
        const char *line = bytes.data + at;
        const char *end = memchr(line, '\n', bytes.size - at);
        const char *fault;

        if (!end)
            return "does not end in a line break";
        fault = find_line_fault((struct view){line, (size_t)(end - line)});
        if (fault)
            return fault;
        if (wire && line[0] == '.') {
            buffer_add_view(wire, view_slice(bytes, from, at));
            buffer_add_char(wire, '.');
            from = at;
        }
        at += (size_t)(end - line) + 1;
    }
    if (wire) {
        buffer_add_view(wire, view_slice(bytes, from, at));
        buffer_add(wire, ".\r\n", 3);
        if (wire->failed)
            return "is too large";
    }
    return NULL;
}

const char *wire_find_fault(struct view bytes)
{
    return go_through(bytes, NULL);
}

const char *wire_add(struct view bytes, struct buffer *ret_wire)
{
    buffer_reserve(ret_wire, bytes.size + 64);
    return go_through(bytes, ret_wire);
}
