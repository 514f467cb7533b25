/* Tokens: short proofs that a link, an address or a Message-ID was made by this
 * installation for one subscriber. Nothing here is stored: a token is checked
 * by making it again. Pure; the key comes from token_key.h.
 *
 * A token is 19 bytes in 31 characters of base32 (RFC 4648, lower case, no
 * padding), so that INBOX+unsubscribe-TOKEN has at most 64 octets when INBOX
 * has at most 20:
 *
 *     1  version (high 4 bits, now 1) and purpose (low 4 bits)
 *     2  the first day on which it is void, days since 1970, big endian; 0: never
 *     6  the subscriber's tag: a keyed hash of the address, to look them up by
 *    10  MAC over all of the above, the subscriber and the scope
 *
 * The address and the scope are not in it. Who receives a token reads it, finds
 * the subscribers with its tag (almost always one; a second one fails the MAC)
 * and verifies it against the scope that the mail or request claims. Scopes:
 * the paper's id for like and dislike; the pending request's id for confirm;
 * empty for the others. A bounce token needs none: its day is the day of
 * sending plus the lifetime.
 *
 * All hashes are keyed: the subscriber's tag and secret are BLAKE2b of the
 * ASCII-lowercased address, the MAC is SipHash-2-4-128 under that secret, cut
 * to 80 bits: a digest has some sixty tokens, and this makes one in a tenth of
 * a microsecond. A guess can only be tried by mailing it or asking for it. */
#ifndef MAIL_TOKEN_H
#define MAIL_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* The numbers are in tokens already sent: never change one. */
enum token_purpose {
    TOKEN_CONFIRM = 1,
    TOKEN_UNSUBSCRIBE = 2,
    TOKEN_LIKE = 3,
    TOKEN_DISLIKE = 4,
    TOKEN_PAUSE = 5,
    TOKEN_BOUNCE = 6,
    TOKEN_FEED = 7,
    TOKEN_PAGE = 8
};

enum {
    TOKEN_SECRET_BYTES = 32,      /* the key file's */
    TOKEN_MAC_BYTES = 10,
    TOKEN_TEXT_BYTES = 32,     /* 31 characters and NUL */
    MESSAGE_ID_TEXT_BYTES = 33,
    FORGOTTEN_TEXT_BYTES = 27,
    TOKEN_FINGERPRINT_BYTES = 33 /* 32 hexadecimal digits and NUL */
};

/* What is derived from the installation's secret. */
struct token_key {
    unsigned char subscriber[32];
    unsigned char forgotten[32];
    char fingerprint[TOKEN_FINGERPRINT_BYTES]; /* says which key it is, and nothing of it */
};

void token_key_derive(const unsigned char secret[TOKEN_SECRET_BYTES], struct token_key *ret_key);

/* One subscriber's part of the key; made once, for all their tokens. */
struct token_subscriber {
    uint64_t tag; /* below 2^48 */
    unsigned char scope_secret[16];
    unsigned char mac_secret[16];
};

/* ASCII case of `address` does not matter. */
void token_subscriber_init(const struct token_key *key, struct view address,
                           struct token_subscriber *ret_subscriber);

/* `expires_utc` is rounded up to the end of its day in UTC; 0: never. */
void token_make(const struct token_subscriber *subscriber, enum token_purpose purpose,
                struct view scope, int64_t expires_utc, char ret_text[TOKEN_TEXT_BYTES]);

/* What a token says, not yet believed. */
struct token {
    enum token_purpose purpose;
    int64_t expires_utc; /* 0: never */
    uint64_t tag;
    unsigned char mac[TOKEN_MAC_BYTES];
};

enum token_verdict { TOKEN_VALID, TOKEN_EXPIRED, TOKEN_FORGED };

/* Upper case is taken too: mail systems change it. Exactly one text stands for
 * a token otherwise. */
int token_read(struct view text, struct token *ret_token, struct error *error);
/* Expired is said only of a token that was genuine. The caller still compares
 * token->purpose with what is asked for. Constant time. */
enum token_verdict token_verify(const struct token_subscriber *subscriber,
                                const struct token *token, struct view scope, int64_t now_utc);

const char *token_purpose_name(enum token_purpose purpose); /* "unsubscribe" */
bool token_purpose_parse(struct view name, enum token_purpose *ret_purpose);
/* How long a token made at `now_utc` lives: what to give token_make. */
int64_t token_purpose_expires(enum token_purpose purpose, int64_t now_utc);

/* Whether an inbox's address leaves room for the longest purpose and a token; why not
 * is kind input, without its name. */
int token_check_inbox(struct view inbox, struct error *error);
/* Appends LOCAL+PURPOSE-TOKEN@DOMAIN of the inbox's address; a configuration
 * error when the local part gets longer than 64 octets. */
int token_add_address(struct buffer *out, struct view inbox, enum token_purpose purpose,
                      const char *token, struct error *error);
/* The token in such an address; false when there is none, when it is not this
 * inbox's, or when its word is another purpose than its token's. */
bool token_read_address(struct view address, struct view inbox, struct token *ret_token);

/* The left side of a delivery's Message-ID: 32 characters that follow from
 * (kind, subscriber, slot) alone, so that a repeat is recognised, and that
 * nobody else can make. It begins with the subscriber's tag. */
void message_id_make(const struct token_subscriber *subscriber, struct view kind, struct view slot,
                     char ret_text[MESSAGE_ID_TEXT_BYTES]);
/* The tag of such a left side, to find whom to check it for; false when it is none. */
bool message_id_read_tag(struct view left, uint64_t *ret_tag);
/* Constant time. */
bool message_id_verify(const struct token_subscriber *subscriber, struct view kind,
                       struct view slot, struct view left);

/* What is kept of an erased address, so that it is not mailed again unasked. */
void forgotten_hash_make(const struct token_key *key, struct view address,
                         char ret_text[FORGOTTEN_TEXT_BYTES]);

#endif
