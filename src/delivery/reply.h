/* Reads SMTP replies (RFC 5321 4.2, RFC 3463) and says whom they concern. Pure. */
#ifndef DELIVERY_REPLY_H
#define DELIVERY_REPLY_H

#include "base/bytes.h"
#include "delivery/transport.h"

/* In the order of a session. */
enum smtp_stage {
    STAGE_CONNECT, STAGE_EHLO, STAGE_TLS, STAGE_AUTH, STAGE_MAIL, STAGE_RCPT, STAGE_DATA,
    STAGE_BODY, STAGE_END_OF_DATA, STAGE_QUIT
};

const char *smtp_stage_name(enum smtp_stage stage); /* "end-of-data" */

/* The stage that a command line opens; the body is no command: `before` stays. */
enum smtp_stage smtp_stage_of_command(struct view line, enum smtp_stage before);

/* Reads the enhanced status code that stands first in a reply's text, if it is
 * one and its class fits the reply code; "" otherwise. */
void reply_find_enhanced(int code, struct view text, char ret_enhanced[12]);

/* Adds one line of a reply, without its code and in clean text, to the one line
 * kept of it; cut when it is full. */
void reply_add_line(char *text, size_t text_bytes, struct view line);

/* What a reply of 4xx or 5xx at this stage means. Any other code there, and a
 * reply of 0 (none), is RESULT_DEFERRED from MAIL on and RESULT_RELAY_DOWN before. */
struct reply_meaning {
    enum delivery_result_kind kind;
    bool suspect_relay;
};
struct reply_meaning reply_classify(enum smtp_stage stage, int code, const char *enhanced,
                                    const char *text);

#endif
