/* What the files of `inbox` share, and what the pages of `serve` use of them: one mail or
 * form on its way from what it says to what is done. Deciding reads and writes nothing but
 * the deed; doing a deed is one transaction. A form is a finding like a mail's, of kind
 * command, from the address that was typed in; `hash` is then random. */
#ifndef COMMANDS_INBOX_PARTS_H
#define COMMANDS_INBOX_PARTS_H

#include "commands/compose.h"
#include "commands/profile_source.h"
#include "commands/tag_book.h"
#include "inbox/answer.h"
#include "inbox/finding.h"
#include "store/mail_log.h"
#include "store/pending.h"

struct inbox {
    struct site *site;
    struct profile_source source;
    struct tag_book book;
    struct finding_options options;
    struct mail_charsets *charsets;
    struct composer *composer; /* for previews; NULL: our own, made when one is asked for */
    struct composer own_composer;
    int64_t now_utc;
    /* The mail at work. */
    struct arena *arena;
    const struct finding *finding;
    bool is_vouched; /* our mail server vouches for its From, or a token does for it */
    bool is_page;    /* it is no mail, but came from a page of ours */
    bool no_digest; /* one was asked for, and there is none */
    const char *hash;
    struct {
        size_t commands, bounces, complaints, ignored, failed;
    } counts;
    bool was_open;     /* the mailbox, at least once */
    bool found_none;   /* at the last look */
    bool answers_wait; /* they could not be sent at once */
};

/* ---- what is to be done ---- */

enum deed_profile {
    DEED_KEEP,
    DEED_CREATE, /* `after` */
    DEED_SAVE,   /* `after`, where `version` was read */
    DEED_MOVE,   /* `after` under its new address, and the old one removed */
    DEED_ERASE
};

enum { DEED_ANSWERS = 4 };

struct deed_answer {
    const char *to;
    enum delivery_kind kind; /* an answer or a confirmation */
    const char *slot;
    const char *envelope_sender;
    struct buffer message;
};

struct inbox_deed {
    const char *address; /* whose; NULL: nobody's */
    enum deed_profile profile;
    bool has_before, has_after;
    struct profile before, after; /* owned */
    struct folder_version version; /* of before */
    struct view document;          /* of before, as it stands in the file */
    int64_t undone;     /* the entry of the history that `after` is from; 0: none */
    bool unsubscribes;
    bool subscribes;    /* lifts unsubscribed and bounced, and what an erasure left */
    struct view reason; /* of a suppression, in words */
    struct pending asks;       /* with an id: to be added */
    const char *confirms;      /* a pending request's id */
    bool confirms_as_other;
    bool finishes;             /* it is done with this */
    struct deed_answer answers[DEED_ANSWERS];
    size_t answer_count;
    const char *event; /* for the owner; NULL: none */
    /* What became of each command, and a word for what holds beyond the profile, or NULL:
     * what an answer says, for those who show it. In the arena. */
    struct change_notes notes;
    const char *state;
};

void inbox_deed_free(struct inbox_deed *deed);

/* inbox_commands.c: a mail of FINDING_COMMAND, and what a token in its address makes of any
 * other. */
int inbox_decide(struct inbox *inbox, struct inbox_deed *deed, struct error *error);
/* inbox_grant.c: a mail of any other kind whose unsubscribe token is valid, in one of the
 * addresses that it came to. It gets no answer. `*ret_leaves` false: it has none. */
int inbox_decide_leaving(struct inbox *inbox, struct inbox_deed *deed, bool *ret_leaves,
                         struct error *error);
/* An unsubscribe token's address leaves; `reason` in words. Nothing when nothing is known of
 * it any more. */
int inbox_leave(struct inbox *inbox, const char *address, struct view reason,
                struct inbox_deed *deed, struct error *error);
/* inbox_deed.c. Kind conflict when somebody else changed the profile meanwhile: decide
 * again. `place` NULL: it is no mail, and happens once. */
int inbox_perform(struct inbox *inbox, struct inbox_deed *deed, const struct mail_place *place,
                  const char *folder, struct error *error);
/* Files are in no transaction: what is about to be written is noted before. */
int inbox_announce(struct inbox *inbox, const struct inbox_deed *deed, struct error *error);

/* inbox_grant.c: where somebody is now who was at `address`, which is theirs when it has a
 * profile. NULL: nothing is known of them any more, and nothing is to be. In the arena. */
int inbox_where(struct inbox *inbox, const char *address, const char **ret_address,
                struct error *error);

/* inbox_bounce.c: a bounce or a complaint; inside the caller's transaction. */
int inbox_take_bounce(struct inbox *inbox, struct error *error);

/* inbox_answer.c */
/* Whether an answer may go out: limits per sender, domain and hour, those of mails that
 * nobody vouches for apart. Takes from them when it may. */
int inbox_may_answer(struct inbox *inbox, const char *address, bool is_confirmation,
                     bool *ret_may, struct error *error);
/* Whether this is the first of its kind in 24 hours for the address; then it is noted. Mails in
 * which nothing is understood are answered so often, or two machines would talk for ever. */
#define ONCE_HELP "inbox-help"   /* kinds of derived.h */
#define ONCE_LEAVE "inbox-leave"
int inbox_once_a_day(struct inbox *inbox, const char *kind, const char *address, bool *ret_may,
                     struct error *error);
/* Fills in what every answer has. */
void inbox_start_answer(struct inbox *inbox, enum answer_kind kind, const char *to,
                        struct answer *ret_answer);
/* Writes it into the deed. `scope` tells several of one mail apart. */
int inbox_add_answer(struct inbox *inbox, struct inbox_deed *deed, enum delivery_kind kind,
                     struct answer *answer, const char *scope, struct error *error);
/* "mailto:INBOX+PURPOSE-TOKEN@…?subject=…", and the address in it unless NULL, in the
 * arena. Both NULL without an inbox. */
int inbox_token_link(struct inbox *inbox, const char *address, enum token_purpose purpose,
                     struct view scope, const char *subject, const char **ret_link,
                     const char **ret_address, struct error *error);

/* "https://…/PAGE/TOKEN", in the arena; NULL without web.base_url. */
const char *inbox_token_url(struct inbox *inbox, const char *address, enum token_purpose purpose,
                            struct view scope, const char *page);
/* The mail with the link to a profile's page, for its owner. */
int inbox_add_page_link(struct inbox *inbox, struct inbox_deed *deed, struct error *error);

/* Everything that there is about somebody, as an attachment. */
int inbox_set_export(struct inbox *inbox, const char *address, struct answer *answer,
                     struct error *error);

/* inbox_preview.c */
/* What a profile would have brought: fills in papers, papers_per_day and days. Without an
 * edition in the store nothing is known. */
int inbox_look_ahead(struct inbox *inbox, const struct profile *profile, struct answer *answer,
                     struct error *error);
/* The newest edition's digest as a message of the deed's. */
int inbox_add_digest(struct inbox *inbox, struct inbox_deed *deed, const struct profile *profile,
                     bool is_preview, struct error *error);

#endif
