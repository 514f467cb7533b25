#include "store/shown.h"

#include <stdio.h>
#include <string.h>

/* A paper is two or three variable-length integers (7 bits a byte, low first):
 *   new identifiers, "2602.13531": zigzag(number - previous number) * 2, version
 *   any other:                     length * 2 + 1, the bytes, version
 * where number counts YYMM, the five- or four-digit form, and the digits. */

enum { NUMBERS_PER_FORM = 100000 };

static void add_varint(struct buffer *bytes, uint64_t value)
{
    while (value >= 0x80) {
        buffer_add_char(bytes, (char)(value | 0x80));
        value >>= 7;
    }
    buffer_add_char(bytes, (char)value);
}

static bool read_varint(struct view *rest, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (size_t i = 0; i < rest->size && i < 9; i++) {
        unsigned char byte = (unsigned char)rest->data[i];

        value |= (uint64_t)(byte & 0x7F) << (7 * i);
        if (byte < 0x80) {
            *rest = view_slice(*rest, i + 1, rest->size);
            *ret_value = value;
            return true;
        }
    }
    return false;
}

static bool parse_digits(struct view digits, int64_t *ret_number)
{
    int64_t number = 0;

    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return false;
        number = number * 10 + (digits.data[i] - '0');
    }
    *ret_number = number;
    return true;
}

/* "YYMM.NNNN" and "YYMM.NNNNN"; false for any other identifier. */
static bool number_of_id(struct view id, int64_t *ret_number)
{
    int64_t month, serial;

    if ((id.size != 9 && id.size != 10) || id.data[4] != '.' ||
        !parse_digits(view_slice(id, 0, 4), &month) ||
        !parse_digits(view_slice(id, 5, id.size), &serial))
        return false;
    *ret_number = (month * 2 + (id.size == 10)) * NUMBERS_PER_FORM + serial;
    return true;
}

static bool id_of_number(int64_t number, char ret_id[16])
{
    int64_t form = number / NUMBERS_PER_FORM;
    int month = (int)(form / 2), serial = (int)(number % NUMBERS_PER_FORM);

    if (number < 0 || form / 2 > 9999 || (form % 2 == 0 && serial > 9999))
        return false;
    snprintf(ret_id, 16, form % 2 ? "%04d.%05d" : "%04d.%04d", month, serial);
    return true;
}

void shown_add(struct buffer *bytes, struct view id, int version, int64_t *previous)
{
    int64_t number;

    if (number_of_id(id, &number)) {
        int64_t delta = number - *previous;
        uint64_t zigzag = delta < 0 ? (uint64_t)(-delta) * 2 - 1 : (uint64_t)delta * 2;

        add_varint(bytes, zigzag * 2);
        *previous = number;
    } else {
        add_varint(bytes, (uint64_t)id.size * 2 + 1);
        buffer_add_view(bytes, id);
    }
    add_varint(bytes, version > 0 ? (uint64_t)version : 0);
}

/* One identifier; `text` is room for a numbered one. */
static bool read_id(struct view *rest, int64_t *previous, char text[16], struct view *ret_id)
{
    uint64_t head, zigzag;

    if (!read_varint(rest, &head))
        return false;
    if (head & 1) {
        if (head / 2 > rest->size)
            return false;
        *ret_id = view_slice(*rest, 0, (size_t)(head / 2));
        *rest = view_slice(*rest, (size_t)(head / 2), rest->size);
        return true;
    }
    zigzag = head / 2;
    /* Bounds the sum; a true distance is far smaller. */
    if (zigzag > (uint64_t)1 << 40)
        return false;
    *previous += zigzag & 1 ? -(int64_t)((zigzag + 1) / 2) : (int64_t)(zigzag / 2);
    if (!id_of_number(*previous, text))
        return false;
    *ret_id = view_of(text);
    return true;
}

int shown_read(struct view bytes, void (*each)(void *user, struct view id, int version),
               void *user, struct error *error)
{
    int64_t previous = 0;

    while (bytes.size) {
        char text[16];
        struct view id;
        uint64_t version;

        if (!read_id(&bytes, &previous, text, &id) || !read_varint(&bytes, &version) ||
            version > 1000000)
            return error_set(error, ERROR_INPUT, "list of shown papers: damaged %zu bytes from its end",
                             bytes.size);
        each(user, id, (int)version);
    }
    return 0;
}

void edition_shown_format(const struct edition_shown *edition, char ret_text[EDITION_SHOWN_BYTES])
{
    char date[DATE_TEXT_BYTES];

    date_format(edition->date, date);
    if (edition->papers == SIZE_MAX)
        snprintf(ret_text, EDITION_SHOWN_BYTES, "%s", date);
    else
        snprintf(ret_text, EDITION_SHOWN_BYTES, "%s:%zu", date, edition->papers);
}

bool edition_shown_parse(struct view text, struct edition_shown *ret_edition)
{
    struct edition_shown edition = {.papers = SIZE_MAX};
    struct view date;
    long papers;

    view_next_part(&text, ':', &date);
    if (!date_parse(date, &edition.date))
        return false;
    if (view_to_long(text, &papers))
        edition.papers = (size_t)papers;
    *ret_edition = edition;
    return true;
}

size_t editions_shown_read(struct view text, struct edition_shown ret_editions[OUTBOX_EDITIONS_MAX])
{
    struct view part;
    size_t count = 0;

    while (count < OUTBOX_EDITIONS_MAX && view_next_part(&text, ' ', &part))
        if (edition_shown_parse(part, &ret_editions[count]))
            count++;
    return count;
}
