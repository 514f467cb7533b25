#include "web/form_token.h"

#include <sodium.h>
#include <string.h>

#include "mail/base32.h"

enum { TIME_BYTES = 5, MAC_BYTES = 10, BYTES = TIME_BYTES + MAC_BYTES, BACK_SECONDS = 60 };

_Static_assert(BASE32_TEXT_BYTES(BYTES) == FORM_TOKEN_BYTES, "the text's size");

/* No address has a blank, so no other hash under this key is of such a text. */
static void sign(const struct token_key *key, struct view page, const unsigned char *time,
                 unsigned char ret_mac[MAC_BYTES])
{
    unsigned char hash[crypto_generichash_BYTES_MIN > MAC_BYTES ? crypto_generichash_BYTES_MIN
                                                                : MAC_BYTES];
    crypto_generichash_state state;

    crypto_generichash_init(&state, key->subscriber, sizeof(key->subscriber), sizeof(hash));
    crypto_generichash_update(&state, (const unsigned char *)"form of a page ", 15);
    crypto_generichash_update(&state, time, TIME_BYTES);
    crypto_generichash_update(&state, (const unsigned char *)page.data, page.size);
    crypto_generichash_final(&state, hash, sizeof(hash));
    memcpy(ret_mac, hash, MAC_BYTES);
}

void form_token_make(const struct token_key *key, struct view page, int64_t now_utc,
                     char ret_text[FORM_TOKEN_BYTES])
{
    unsigned char bytes[BYTES];

    for (int i = 0; i < TIME_BYTES; i++)
        bytes[i] = (unsigned char)((uint64_t)now_utc >> (8 * (TIME_BYTES - 1 - i)));
    sign(key, page, bytes, bytes + TIME_BYTES);
    base32_encode(bytes, sizeof(bytes), ret_text);
}

enum form_verdict form_token_check(const struct token_key *key, struct view page,
                                   struct view text, int64_t now_utc)
{
    unsigned char bytes[BYTES], mac[MAC_BYTES];
    int64_t then = 0;

    if (!base32_decode(text, bytes, sizeof(bytes)))
        return FORM_FORGED;
    sign(key, page, bytes, mac);
    if (sodium_memcmp(mac, bytes + TIME_BYTES, MAC_BYTES) != 0)
        return FORM_FORGED;
    for (int i = 0; i < TIME_BYTES; i++)
        then = then << 8 | bytes[i];
    if (now_utc < then - BACK_SECONDS || now_utc > then + FORM_MAX_SECONDS)
        return FORM_TOO_OLD;
    return now_utc < then + FORM_MIN_SECONDS ? FORM_TOO_SOON : FORM_GOOD;
}
