#include "mail/base32.h"

#include <string.h>

static const char DIGITS[] = "abcdefghijklmnopqrstuvwxyz234567";

void base32_encode(const unsigned char *bytes, size_t size, char *ret_text)
{
    unsigned bits = 0, count = 0;

    for (size_t i = 0; i < size; i++) {
        bits = (bits << 8 | bytes[i]) & 0xFFF;
        for (count += 8; count >= 5; count -= 5)
            *ret_text++ = DIGITS[bits >> (count - 5) & 31];
    }
    if (count)
        *ret_text++ = DIGITS[bits << (5 - count) & 31];
    *ret_text = '\0';
}

static int digit_value(char c)
{
    if (c >= 'a' && c <= 'z')
        return c - 'a';
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= '2' && c <= '7')
        return c - '2' + 26;
    return -1;
}

bool base32_decode(struct view text, unsigned char *ret_bytes, size_t size)
{
    unsigned bits = 0, count = 0;
    size_t used = 0;

    if (text.size != BASE32_TEXT_BYTES(size) - 1)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        int value = digit_value(text.data[i]);

        if (value < 0)
            return false;
        bits = (bits << 5 | (unsigned)value) & 0xFFF;
        count += 5;
        if (count >= 8) {
            count -= 8;
            ret_bytes[used++] = (unsigned char)(bits >> count);
        }
    }
    return used == size && (bits & ((1u << count) - 1)) == 0;
}
