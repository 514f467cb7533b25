/* ASCII by the byte, whatever the locale: for the grammars of mail, feeds and file
 * names, which know no other letters. Bytes above 0x7F are none of these. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

#include "base/bytes.h"

static inline bool ascii_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool ascii_is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool ascii_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || ascii_is_upper(c);
}

static inline bool ascii_is_alphanumeric(char c)
{
    return ascii_is_letter(c) || ascii_is_digit(c);
}

static inline char ascii_lower(char c)
{
    return ascii_is_upper(c) ? (char)(c | 0x20) : c;
}

static inline int ascii_hex_value(char c) /* in either case; -1 for what is none */
{
    char lower = ascii_lower(c);

    if (ascii_is_digit(c))
        return c - '0';
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static inline bool ascii_is_number(struct view text) /* one digit or more, nothing else */
{
    for (size_t i = 0; i < text.size; i++)
        if (!ascii_is_digit(text.data[i]))
            return false;
    return text.size > 0;
}

#endif
