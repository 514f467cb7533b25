/* What paperboy writes back: confirmation requests and answers, rendered from the
 * templates confirmation.html/.txt and answer.html/.txt and put into a message
 * (RFC 3834: Auto-Submitted, the null sender, References). Pure: the caller brings date and
 * ids. Every key of the context is in templates/README.md. */
#ifndef INBOX_ANSWER_H
#define INBOX_ANSWER_H

#include "base/bytes.h"
#include "base/error.h"
#include "digest/templates.h"
#include "inbox/change.h"
#include "inbox/finding.h"
#include "subscribers/profile.h"

enum answer_kind {
    ANSWER_CONFIRM_SUBSCRIBE, /* to a stranger: no word and no URL of theirs */
    ANSWER_CONFIRM_CHANGE,    /* a change whose sender nobody vouches for */
    ANSWER_CONFIRM_ADDRESS,   /* to either of two addresses */
    ANSWER_CHANGED,           /* what was understood, what not, and the profile as it is now */
    ANSWER_HELP,
    ANSWER_EXPORT             /* with the data as an attachment */
};

/* A paper of "what this profile would have brought". */
struct answer_paper {
    const struct paper *paper;
    double score;
};

/* Borrowed; what is absent is NULL, 0 or empty. */
struct answer {
    enum answer_kind kind;
    const char *to;
    const char *to_name; /* only of a confirmed subscriber */
    const char *inbox;
    const char *sender_name, *sender_address, *list_name, *list_id, *owner;
    const char *language; /* NULL: of the profile, else English */
    int64_t now_utc;
    struct view message_id;
    struct view subject_of; /* of the mail that is answered; empty: our own subject */
    const struct view *references; /* left@right, the answered mail's own last */
    size_t reference_count;
    const struct profile *before; /* NULL: there was none */
    const struct profile *after;  /* NULL: there is none */
    const struct mail_commands *commands;
    const struct change_notes *notes;
    const char *state;   /* a word of the catalogues for what holds beyond the profile:
                            "answer_unsubscribed", "answer_paused", …; NULL: none */
    const char *confirm; /* "mailto:…" with the token; of a confirmation request */
    const char *undo, *unsubscribe; /* "mailto:…" */
    const char *feed;          /* the private feed's address */
    const char *other_address; /* of ANSWER_CONFIRM_ADDRESS: the one it is not sent to */
    /* What the profile would have brought. */
    const struct answer_paper *papers;
    size_t paper_count;
    double papers_per_day;
    size_t days; /* over how many; 0: it is not known */
    struct view attachment; /* of ANSWER_EXPORT, JSON */
    const char *attachment_name;
};

/* Appends the whole message. */
int answer_write(const struct templates *templates, const struct answer *answer,
                 struct buffer *out, struct error *error);
/* The documented context, for `check` and tests; for json_decref. */
json_t *answer_context(const struct templates *templates, const struct answer *answer);

#endif
