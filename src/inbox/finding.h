/* What a mail is and asks for: all that is known of it when it was read, without
 * acting on it. It is what a confined child hands to its parent (as JSON), what
 * `inbox --explain` prints, and what commands act on. Pure. */
#ifndef INBOX_FINDING_H
#define INBOX_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "inbox/bounce.h"
#include "inbox/command.h"
#include "inbox/mail.h"

enum finding_kind {
    FINDING_COMMAND, FINDING_BOUNCE, FINDING_COMPLAINT, FINDING_AUTO_REPLY, FINDING_IGNORED
};

enum { FINDING_BYTES = 4 * 1024 * 1024, FINDING_RECIPIENTS = 50, FINDING_REFERENCES = 20 };

struct finding {
    enum finding_kind kind;
    struct view from;      /* canonical; empty: none that can be used */
    struct view from_name; /* decoded, one line */
    struct view why;       /* of the kind, in words */
    struct view subject;
    struct view message_id;   /* left@right; empty: none */
    struct view *references;  /* likewise, oldest first */
    size_t reference_count;
    int64_t date_utc;         /* 0: none */
    /* Where it came to: first what the mail system noted (Delivered-To, X-Original-To,
     * Envelope-To, …), then To and Cc. */
    struct view *recipients;
    size_t recipient_count;
    size_t noted_count; /* the first so many are the mail system's */
    struct mail_commands commands;
    struct bounce bounce;
    bool is_authentic; /* trust.h */
    struct view authentic_why;
    bool is_answerable; /* manners.h: an answer to it starts no loop */
    struct view unanswerable_why;
    bool is_reply;     /* it answers a mail: In-Reply-To, References or "Re:" */
    bool is_cut;       /* longer than what was read */
};

/* What depends on the installation; zeroed for --explain, which reads a mail as if it were
 * genuine: then nothing is ours and nothing authentic. */
struct finding_options {
    struct view authserv_id;
    struct view inbox; /* the address that takes commands */
    struct view own[4]; /* the sender's, the owner's … addresses; empty ones are none */
};

void finding_make(struct view bytes, const struct finding_options *options, struct arena *arena,
                  struct finding *ret_finding);

/* All of it, and back: strict, for what may come from a child gone astray. */
void finding_write(const struct finding *finding, struct buffer *ret_json);
int finding_read(struct view json, struct arena *arena, struct finding *ret_finding,
                 struct error *error);

/* DESIGN.md's object for `inbox --explain`, one line and its end. */
void finding_explain(const struct finding *finding, struct buffer *ret_json);

const char *finding_kind_name(enum finding_kind kind); /* "auto-reply" */

#endif
