#include "mail/token.h"

#include <assert.h>
#include <sodium.h>
#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "mail/base32.h"

enum {
    VERSION = 1,
    DAY_SECONDS = 86400,
    TAG_BYTES = 6,
    HEAD_BYTES = 1 + 2 + TAG_BYTES, /* all but the MAC */
    BODY_BYTES = HEAD_BYTES + TOKEN_MAC_BYTES,
    HASH_BYTES = crypto_shorthash_siphashx24_BYTES,
    ID_MAC_BYTES = 14,
    ID_BYTES = TAG_BYTES + ID_MAC_BYTES,
    FORGOTTEN_BYTES = 16
};

_Static_assert(BASE32_TEXT_BYTES(BODY_BYTES) == TOKEN_TEXT_BYTES, "token text");
_Static_assert(BASE32_TEXT_BYTES(ID_BYTES) == MESSAGE_ID_TEXT_BYTES, "message id text");
_Static_assert(BASE32_TEXT_BYTES(FORGOTTEN_BYTES) == FORGOTTEN_TEXT_BYTES, "forgotten text");
_Static_assert((int)TOKEN_MAC_BYTES <= (int)HASH_BYTES, "the MAC is a part of the hash");

/* What a MAC is over begins with one of these, so that none passes as another. */
enum domain { DOMAIN_TOKEN = 1, DOMAIN_MESSAGE_ID = 2 };

static const struct {
    const char *name;
    int days; /* 0: never expires */
} PURPOSES[] = {
    [TOKEN_CONFIRM] = {"confirm", 7}, [TOKEN_UNSUBSCRIBE] = {"unsubscribe", 0},
    [TOKEN_LIKE] = {"like", 60},      [TOKEN_DISLIKE] = {"dislike", 60},
    [TOKEN_PAUSE] = {"pause", 60},    [TOKEN_BOUNCE] = {"bounce", 30},
    [TOKEN_FEED] = {"feed", 0},       [TOKEN_PAGE] = {"page", 7},
};
enum { PURPOSE_COUNT = sizeof(PURPOSES) / sizeof(PURPOSES[0]) };

static bool is_purpose(unsigned purpose)
{
    return purpose >= TOKEN_CONFIRM && purpose < PURPOSE_COUNT;
}

const char *token_purpose_name(enum token_purpose purpose)
{
    assert(is_purpose(purpose));
    return PURPOSES[purpose].name;
}

bool token_purpose_parse(struct view name, enum token_purpose *ret_purpose)
{
    for (unsigned purpose = TOKEN_CONFIRM; purpose < PURPOSE_COUNT; purpose++) {
        if (view_equal_nocase(name, view_of(PURPOSES[purpose].name))) {
            *ret_purpose = (enum token_purpose)purpose;
            return true;
        }
    }
    return false;
}

int64_t token_purpose_expires(enum token_purpose purpose, int64_t now_utc)
{
    assert(is_purpose(purpose));
    return PURPOSES[purpose].days ? now_utc + (int64_t)PURPOSES[purpose].days * DAY_SECONDS : 0;
}

void token_key_derive(const unsigned char secret[TOKEN_SECRET_BYTES], struct token_key *ret_key)
{
    unsigned char fingerprint[TOKEN_FINGERPRINT_BYTES / 2];

    _Static_assert(TOKEN_SECRET_BYTES == crypto_kdf_KEYBYTES, "key size");
    crypto_kdf_derive_from_key(ret_key->subscriber, sizeof(ret_key->subscriber), 1, "paperboy",
                               secret);
    crypto_kdf_derive_from_key(ret_key->forgotten, sizeof(ret_key->forgotten), 2, "paperboy",
                               secret);
    crypto_kdf_derive_from_key(fingerprint, sizeof(fingerprint), 3, "paperboy", secret);
    sodium_bin2hex(ret_key->fingerprint, sizeof(ret_key->fingerprint), fingerprint,
                   sizeof(fingerprint));
}

/* Keyed BLAKE2b of the address in lower case. */
static void hash_address(const unsigned char key[32], struct view address, unsigned char *ret_hash,
                         size_t size)
{
    crypto_generichash_state state;
    unsigned char lower[128];

    crypto_generichash_init(&state, key, 32, size);
    for (size_t at = 0, used; at < address.size; at += used) {
        for (used = 0; used < sizeof(lower) && at + used < address.size; used++)
            lower[used] = (unsigned char)ascii_lower(address.data[at + used]);
        crypto_generichash_update(&state, lower, used);
    }
    crypto_generichash_final(&state, ret_hash, size);
}

static void put_big_endian(unsigned char *bytes, size_t size, uint64_t value)
{
    for (size_t i = size; i-- > 0; value >>= 8)
        bytes[i] = (unsigned char)value;
}

static uint64_t get_big_endian(const unsigned char *bytes, size_t size)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[i];
    return value;
}

void token_subscriber_init(const struct token_key *key, struct view address,
                           struct token_subscriber *ret_subscriber)
{
    struct token_subscriber *subscriber = ret_subscriber;
    unsigned char hash[TAG_BYTES + sizeof(subscriber->scope_secret) +
                       sizeof(subscriber->mac_secret)];

    hash_address(key->subscriber, address, hash, sizeof(hash));
    subscriber->tag = get_big_endian(hash, TAG_BYTES);
    memcpy(subscriber->scope_secret, hash + TAG_BYTES, sizeof(subscriber->scope_secret));
    memcpy(subscriber->mac_secret, hash + TAG_BYTES + sizeof(subscriber->scope_secret),
           sizeof(subscriber->mac_secret));
    sodium_memzero(hash, sizeof(hash));
}

/* Any text as 16 bytes, so that what the MAC is over has a fixed size and no
 * two pairs of texts run into the same bytes. */
static void hash_text(const struct token_subscriber *subscriber, struct view text,
                      unsigned char ret_hash[HASH_BYTES])
{
    static const unsigned char nothing[1] = {0};
    const unsigned char *bytes = text.size ? (const unsigned char *)text.data : nothing;

    crypto_shorthash_siphashx24(ret_hash, bytes, text.size, subscriber->scope_secret);
}

static void make_mac(const struct token_subscriber *subscriber,
                     const unsigned char head[HEAD_BYTES], struct view scope,
                     unsigned char ret_mac[HASH_BYTES])
{
    unsigned char input[1 + HEAD_BYTES + HASH_BYTES] = {DOMAIN_TOKEN};

    memcpy(input + 1, head, HEAD_BYTES);
    hash_text(subscriber, scope, input + 1 + HEAD_BYTES);
    crypto_shorthash_siphashx24(ret_mac, input, sizeof(input), subscriber->mac_secret);
}

static void write_head(enum token_purpose purpose, uint64_t day, uint64_t tag,
                       unsigned char ret_head[HEAD_BYTES])
{
    ret_head[0] = (unsigned char)(VERSION << 4 | (int)purpose);
    put_big_endian(ret_head + 1, 2, day);
    put_big_endian(ret_head + 3, TAG_BYTES, tag);
}

/* The first day on which it is void; 0 means never and is for 0 alone. */
static uint64_t expiry_day(int64_t expires_utc)
{
    int64_t day = expires_utc / DAY_SECONDS + (expires_utc % DAY_SECONDS > 0);

    if (expires_utc == 0)
        return 0;
    if (day < 1)
        return 1;
    return day > UINT16_MAX ? UINT16_MAX : (uint64_t)day;
}

void token_make(const struct token_subscriber *subscriber, enum token_purpose purpose,
                struct view scope, int64_t expires_utc, char ret_text[TOKEN_TEXT_BYTES])
{
    unsigned char body[HEAD_BYTES + HASH_BYTES];

    assert(is_purpose(purpose));
    write_head(purpose, expiry_day(expires_utc), subscriber->tag, body);
    make_mac(subscriber, body, scope, body + HEAD_BYTES);
    base32_encode(body, BODY_BYTES, ret_text);
}

int token_read(struct view text, struct token *ret_token, struct error *error)
{
    unsigned char body[BODY_BYTES];

    if (!base32_decode(text, body, sizeof(body)) || body[0] >> 4 != VERSION ||
        !is_purpose(body[0] & 15))
        return error_set(error, ERROR_INPUT, "not a token: \"%.*s\" (copy it whole from the mail)",
                         VIEW_ARGUMENTS(utf8_prefix(text, 100)));
    ret_token->purpose = (enum token_purpose)(body[0] & 15);
    ret_token->expires_utc = (int64_t)get_big_endian(body + 1, 2) * DAY_SECONDS;
    ret_token->tag = get_big_endian(body + 3, TAG_BYTES);
    memcpy(ret_token->mac, body + HEAD_BYTES, TOKEN_MAC_BYTES);
    return 0;
}

enum token_verdict token_verify(const struct token_subscriber *subscriber,
                                const struct token *token, struct view scope, int64_t now_utc)
{
    unsigned char head[HEAD_BYTES], mac[HASH_BYTES];

    write_head(token->purpose, (uint64_t)(token->expires_utc / DAY_SECONDS), subscriber->tag,
               head);
    make_mac(subscriber, head, scope, mac);
    if (sodium_memcmp(mac, token->mac, TOKEN_MAC_BYTES) != 0 || subscriber->tag != token->tag)
        return TOKEN_FORGED;
    if (token->expires_utc && now_utc >= token->expires_utc)
        return TOKEN_EXPIRED;
    return TOKEN_VALID;
}

static void make_id(const struct token_subscriber *subscriber, struct view kind, struct view slot,
                    unsigned char ret_id[TAG_BYTES + HASH_BYTES])
{
    unsigned char input[1 + 2 * HASH_BYTES] = {DOMAIN_MESSAGE_ID};

    hash_text(subscriber, kind, input + 1);
    hash_text(subscriber, slot, input + 1 + HASH_BYTES);
    put_big_endian(ret_id, TAG_BYTES, subscriber->tag);
    crypto_shorthash_siphashx24(ret_id + TAG_BYTES, input, sizeof(input), subscriber->mac_secret);
}

void message_id_make(const struct token_subscriber *subscriber, struct view kind, struct view slot,
                     char ret_text[MESSAGE_ID_TEXT_BYTES])
{
    unsigned char id[TAG_BYTES + HASH_BYTES];

    make_id(subscriber, kind, slot, id);
    base32_encode(id, ID_BYTES, ret_text);
}

bool message_id_read_tag(struct view left, uint64_t *ret_tag)
{
    unsigned char id[ID_BYTES];

    if (!base32_decode(left, id, sizeof(id)))
        return false;
    *ret_tag = get_big_endian(id, TAG_BYTES);
    return true;
}

bool message_id_verify(const struct token_subscriber *subscriber, struct view kind,
                       struct view slot, struct view left)
{
    unsigned char claimed[ID_BYTES], id[TAG_BYTES + HASH_BYTES];

    if (!base32_decode(left, claimed, sizeof(claimed)))
        return false;
    make_id(subscriber, kind, slot, id);
    return sodium_memcmp(id, claimed, sizeof(claimed)) == 0;
}

void forgotten_hash_make(const struct token_key *key, struct view address,
                         char ret_text[FORGOTTEN_TEXT_BYTES])
{
    unsigned char hash[FORGOTTEN_BYTES];

    hash_address(key->forgotten, address, hash, sizeof(hash));
    base32_encode(hash, sizeof(hash), ret_text);
}
