/* What paperboy writes back: confirmation requests and answers, rendered from the
 * templates confirmation.html/.txt and answer.html/.txt and put into a message
 * (RFC 3834: Auto-Submitted, References; the null sender is the caller's). Pure: the caller
 * brings date and ids. Every key of the context is in templates/README.md.
 *
 * A confirmation request goes to somebody who has perhaps asked for nothing, so nothing in
 * it is a stranger's: no word of theirs, no subject, no link. Of the lines that wait only the
 * names of the commands are shown. An answer goes to the writer whom our mail server knows,
 * or to the owner of a profile, and says back what was written. */
#ifndef INBOX_ANSWER_H
#define INBOX_ANSWER_H

#include "base/bytes.h"
#include "base/error.h"
#include "digest/templates.h"
#include "inbox/change.h"
#include "inbox/finding.h"
#include "subscribers/profile.h"

enum answer_kind {
    ANSWER_CONFIRM_SUBSCRIBE,
    ANSWER_CONFIRM_CHANGE,    /* a change whose sender nobody vouches for */
    ANSWER_CONFIRM_ADDRESS,   /* to either of two addresses */
    ANSWER_CONFIRM_FORGET,
    ANSWER_CHANGED,           /* what was understood, what not, and the profile as it is now */
    ANSWER_HELP               /* the commands; without `after` to a stranger */
};

enum { ANSWER_PAPERS = 5 }; /* of "what it would have brought" */

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
    const char *state;   /* a word of the catalogues for what holds beyond the profile, told
                            first: "answer_subscribed", …; NULL: none */
    /* Of a confirmation request: "mailto:…" with the token, and its address, to which an
     * answer goes; and the page that does the same. One of the ways at least. */
    const char *confirm, *confirm_address, *confirm_url;
    const char *undo, *unsubscribe; /* "mailto:…" */
    const char *unsubscribe_url;
    const char *page;          /* the profile's, for its owner */
    const char *feed;          /* the private feed's address */
    const char *other_address; /* of ANSWER_CONFIRM_ADDRESS: the one it is not sent to */
    bool is_from_page;         /* what is asked came from a page, not in a mail */
    bool is_to_other;          /* … and it is sent to the new one */
    /* What the profile would have brought. */
    const struct answer_paper *papers;
    size_t paper_count;
    struct date edition; /* that they are of; zero: not known */
    double papers_per_day;
    size_t days; /* over how many; 0: it is not known */
    struct view attachment; /* JSON: everything that is kept about the subscriber */
    const char *attachment_name;
};

/* The word for how many papers a day there would have been, and the number for its plural
 * form, -1 without; NULL: it is not known. */
const char *answer_per_day_word(const struct answer *answer, long *ret_count);

/* Whether it is one of the requests. */
bool answer_is_request(const struct answer *answer);

/* The note of a command that is not about the profile's content, for what became of it:
 * "answer_feed", "answer_no_digest", … */
void answer_note(struct change_notes *notes, const struct mail_command *command,
                 const char *word);

/* Appends the whole message; on failure nothing. */
int answer_write(const struct templates *templates, const struct answer *answer,
                 struct buffer *out, struct error *error);
/* The documented context, for tests; for json_decref. */
json_t *answer_context(const struct templates *templates, const struct answer *answer);

#endif
