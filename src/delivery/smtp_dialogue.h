/* SMTP from MAIL to the final dot, message after message, on a connection that
 * is open and secured already: bytes in, bytes out, and what was said of the
 * message. A state machine: no socket, no clock, pure. RFC 5321; with
 * PIPELINING (RFC 2920) MAIL, RCPT and DATA go out together. One recipient a
 * message.
 *
 * Order of use: init; start; then output/wrote and read until READY; go; again
 * until DONE; start for the next. BROKEN at any time: the connection is of no
 * more use. For the sources of this folder only. */
#ifndef DELIVERY_SMTP_DIALOGUE_H
#define DELIVERY_SMTP_DIALOGUE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "delivery/reply.h"

/* A line is cut at the first, a reply that is longer in all breaks the dialogue. */
enum { DIALOGUE_LINE_BYTES = 2048, DIALOGUE_REPLY_BYTES = 1024 * 1024 };

enum smtp_dialogue_event {
    DIALOGUE_MORE,  /* all was read: wait for more */
    DIALOGUE_READY, /* the relay waits for the message: `go`, or leave the connection */
    DIALOGUE_DONE,  /* the message's fate is known and nothing more is to come */
    DIALOGUE_BROKEN /* 421, or what no server may say */
};

enum smtp_expected {
    EXPECT_RSET, EXPECT_MAIL, EXPECT_RCPT, EXPECT_DATA, EXPECT_END, EXPECT_NOTHING_MORE
};

struct smtp_dialogue {
    bool pipelining;
    bool has_size; /* MAIL takes SIZE= (RFC 1870) */

    struct view sender, recipient; /* borrowed until DONE */
    struct view body;              /* as wire_add made it */
    char commands[768];
    size_t command_bytes, command_written;
    size_t body_written;
    bool body_goes;      /* `go` was called */
    enum smtp_expected expected[4]; /* the commands without a reply, in order */
    size_t expected_count;
    bool needs_reset;    /* a transaction was left open */
    bool was_refused;    /* RCPT was: an empty body ends the transaction */
    bool is_ending_empty;
    bool closing;        /* what was asked is answered, but nothing more may be asked */

    char line[DIALOGUE_LINE_BYTES];
    size_t line_bytes;
    size_t reply_bytes;
    struct smtp_reply reply; /* the last one */

    bool has_fate;
    enum smtp_stage fate_stage;
    struct smtp_reply fate;
};

void smtp_dialogue_init(struct smtp_dialogue *dialogue, bool pipelining, bool has_size);

/* Addresses are those that wire.h lets through; "" is the null sender. */
void smtp_dialogue_start(struct smtp_dialogue *dialogue, const char *sender,
                         const char *recipient, struct view wire);
void smtp_dialogue_go(struct smtp_dialogue *dialogue); /* once, after READY */
void smtp_dialogue_quit(struct smtp_dialogue *dialogue); /* between messages only */

/* What is to be written now; empty: nothing. Then how much of it was. */
struct view smtp_dialogue_output(const struct smtp_dialogue *dialogue);
void smtp_dialogue_wrote(struct smtp_dialogue *dialogue, size_t bytes);

/* Takes bytes from the front of `*rest` up to the first event. */
enum smtp_dialogue_event smtp_dialogue_read(struct smtp_dialogue *dialogue, struct view *rest);

/* Where the message stands, for when no reply comes. */
enum smtp_stage smtp_dialogue_stage(const struct smtp_dialogue *dialogue);
/* The final dot was written: from here on it may have arrived. */
bool smtp_dialogue_is_handed_over(const struct smtp_dialogue *dialogue);
/* A message is under way. */
bool smtp_dialogue_is_busy(const struct smtp_dialogue *dialogue);

/* What became of the message, DONE or cut off; `why` is what there is to say when
 * no reply was it. RESULT_RELAY_DOWN: the reply is about us, and not to be had
 * otherwise with any message. */
void smtp_dialogue_judge(const struct smtp_dialogue *dialogue, const char *why,
                         struct delivery_result *ret_result);

#endif
