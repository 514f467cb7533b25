/* What the files that read bounces share. Private to src/inbox. */
#ifndef INBOX_BOUNCE_PARTS_H
#define INBOX_BOUNCE_PARTS_H

#include "inbox/bounce.h"

/* What stands in a mail about one recipient, before it is judged. Views are borrowed from
 * the mail or in the arena. */
struct bounce_note {
    struct view address;  /* canonical; empty: none that can be used */
    bool has_action;
    enum bounce_action action;
    struct view status;   /* of the report's field, checked; empty: none */
    struct view comment;  /* what the field says behind it */
    struct view text;     /* what a server said */
    struct view around;   /* what else is said of this recipient */
    const char *stage;    /* of the dialogue, as in struct reason_reply; NULL: not known */
    enum bounce_reason reason;   /* when what wrote it told the reason itself; else REASON_UNDEFINED */
};
struct bounce_notes {
    struct bounce_note *items; /* BOUNCE_RECIPIENTS of them */
    size_t count;
};

/* The mail's own words, in their order, and what it quotes of the mail that it is about. */
struct bounce_text {
    struct view own;
    struct view quoted;
};

/* ---- reading ---- */

/* Adds one note for each recipient of fields as RFC 3464 has them, wherever they stand: lines
 * that are none are passed over, and empty ones are not trusted to part recipients. */
void bounce_fields_read(struct view text, struct arena *arena, struct bounce_notes *notes);
/* A name's value among such fields, the first one; empty: none. */
struct view bounce_field(struct view text, const char *name, struct arena *arena);
/* Of "rfc822; <a@b>" the address, canonical; empty: none that can be used. */
struct view bounce_address(struct view value, struct arena *arena);

struct bounce_text bounce_text_of(const struct mail *mail, struct arena *arena);
/* Where a mail is quoted in a text: from there on nothing is the writer's own. */
size_t bounce_quote_begin(struct view text);

/* Adds a note for each recipient that the words name. `addressee` is the one that the mail
 * was sent to: it is no recipient unless no other is named. */
void bounce_words_read(struct view own, struct view addressee, struct arena *arena,
                       struct bounce_notes *notes);
/* The same of what the older sendmails write: their dialogue with the other server. */
void bounce_dialogue_read(struct view own, struct arena *arena, struct bounce_notes *notes);

/* Amazon SES' notifications, which are JSON. `ret_type`: of a complaint. False: it is none. */
bool bounce_json_read(struct view own, struct arena *arena, struct bounce *ret_bounce,
                      struct bounce_notes *notes);

bool bounce_complaint_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce);

/* ---- what words mean ---- */

/* The stage of the dialogue that a text speaks of first; NULL: of none. */
const char *bounce_stage_of(struct view text);
bool bounce_says_failure(struct view text);
bool bounce_says_delay(struct view text);
bool bounce_says_delivery(struct view text);
/* Whether it speaks of an address that is none, and in words that leave no doubt. */
bool bounce_says_unknown(struct view text);
bool bounce_subject_is(struct view subject); /* such as mail servers give their reports */
bool bounce_is_quote_head(struct view line); /* "--- Below this line is a copy …" */
bool bounce_is_daemon(struct view local_part);
/* Whether one of the texts stands in it, in any case; `texts` ends with NULL. */
bool bounce_has_any(struct view text, const char *const texts[]);

/* ---- judging ---- */

void bounce_judge(const struct bounce_note *note, struct view subject, struct view own,
                  struct arena *arena, struct bounce_recipient *ret_recipient);

/* The note of that address, or NULL. */
struct bounce_note *bounce_note_of(const struct bounce_notes *notes, struct view address);
/* One more, or NULL when there are too many. */
struct bounce_note *bounce_note_add(struct bounce_notes *notes, struct view address);

#endif
