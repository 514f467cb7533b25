/* What a form carries so that only a page of ours can have sent it, and a person: the time
 * when the page was made, signed. No cookie and nothing stored, so one page can be sent
 * several times within a day; limits count that. Pure. */
#ifndef WEB_FORM_TOKEN_H
#define WEB_FORM_TOKEN_H

#include <stdint.h>

#include "mail/token.h"

enum {
    FORM_TOKEN_BYTES = 25,     /* 24 characters and NUL */
    FORM_MIN_SECONDS = 1,      /* no browser fills in a form and sends it faster */
    FORM_MAX_SECONDS = 24 * 3600
};

enum form_verdict { FORM_GOOD, FORM_TOO_SOON, FORM_TOO_OLD, FORM_FORGED };

/* `page` says which form it is: a token of another one's is forged. */
void form_token_make(const struct token_key *key, struct view page, int64_t now_utc,
                     char ret_text[FORM_TOKEN_BYTES]);
/* Constant time. A clock that was set back by less than a minute is forgiven. */
enum form_verdict form_token_check(const struct token_key *key, struct view page,
                                   struct view text, int64_t now_utc);

#endif
