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

/* One reply, read line by line; zeroed is none. */
struct smtp_reply {
    int code;         /* 0 until it is whole */
    int partial_code; /* of lines that more were to follow */
    char enhanced[12];
    char text[512];   /* its lines in one, without codes */
};
enum smtp_reply_line { REPLY_GOES_ON, REPLY_WHOLE, REPLY_IS_NONE /* not a reply's line */ };
/* After a whole reply a new one begins. `keep_text` false spares its text. */
enum smtp_reply_line smtp_reply_add_line(struct smtp_reply *reply, struct view line,
                                         bool keep_text);
/* Its code and text in one line, cut between characters where that is too long. */
void smtp_reply_write(const struct smtp_reply *reply, char *text, size_t text_bytes);

static inline bool smtp_reply_refuses(int code)
{
    return code >= 400 && code < 600;
}

/* What a reply of 4xx or 5xx at this stage means. Any other code there, and a
 * reply of 0 (none), is RESULT_DEFERRED from MAIL on and RESULT_RELAY_DOWN before. */
struct reply_meaning {
    enum delivery_result_kind kind;
    bool suspect_relay;
};
struct reply_meaning reply_classify(enum smtp_stage stage, int code, const char *enhanced,
                                    const char *text);

#endif
