#include "base/json_text.h"

#include <math.h>

enum { SCORE_DECIMALS = 4, NUMBER_BYTES = 40 };

void json_add_string(struct buffer *out, struct view text)
{
    static const char short_names[][2] = {{'"', '"'},   {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                          {'\n', 'n'}, {'\r', 'r'},   {'\t', 't'}};
    size_t from = 0;

    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        char name = 0;

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buffer_add_view(out, view_slice(text, from, i));
        from = i + 1;
        for (size_t j = 0; j < sizeof(short_names) / sizeof(short_names[0]); j++)
            if (short_names[j][0] == (char)byte)
                name = short_names[j][1];
        if (name) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, name);
        } else {
            buffer_printf(out, "\\u%04X", (unsigned)byte);
        }
    }
    buffer_add_view(out, view_slice(text, from, text.size));
    buffer_add_char(out, '"');
}

void json_add_whole(struct buffer *out, unsigned long long number)
{
    char digits[NUMBER_BYTES];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buffer_add(out, digits + at, sizeof(digits) - at);
}

void json_add_score(struct buffer *out, double score)
{
    unsigned long long parts = (unsigned long long)llround(fmax(0, score) * 1e4);
    unsigned long long rest = parts % 10000;
    char decimals[SCORE_DECIMALS];
    size_t count = SCORE_DECIMALS;

    json_add_whole(out, parts / 10000);
    buffer_add_char(out, '.');
    for (size_t i = SCORE_DECIMALS; i > 0; i--, rest /= 10)
        decimals[i - 1] = (char)('0' + rest % 10);
    while (count > 1 && decimals[count - 1] == '0')
        count--;
    buffer_add(out, decimals, count);
}
