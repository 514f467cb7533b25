/* What the pages share that act for people: each does what a mail would do (inbox_parts.h),
 * and says the same whatever it finds about an address that somebody typed. */
#ifndef COMMANDS_SERVE_PEOPLE_H
#define COMMANDS_SERVE_PEOPLE_H

#include "commands/serve_asker.h"
#include "commands/serve_view.h"

/* ---- the pages, for serve_pages.c ---- */

serve_page serve_unsubscribe;  /* serve_unsubscribe.c */
serve_page serve_subscribe;    /* serve_subscribe.c */
serve_page serve_confirm;      /* serve_confirm.c */
serve_page serve_profile_link; /* serve_profile_link.c */
serve_page serve_profile;      /* serve_profile.c */
serve_page serve_private_feed; /* serve_private_feed.c */

/* ---- serve_people.c ---- */

/* Sets up desk->people for this request, whose finding is from `address` (NULL: from nobody,
 * what a token speaks for) with these commands (NULL: none). */
void people_begin(struct serve_desk *desk, const struct web_request *request,
                  const char *address, const struct mail_commands *commands);
/* Lines as a mail has them; in the request's arena. */
const struct mail_commands *people_read_lines(struct serve_desk *desk, struct view lines);

/* What a page with a form has: serve_context's, and the token that its form carries, when
 * `form` is the name of one. */
json_t *people_context(const struct serve_desk *desk, const struct web_request *request,
                       const char *form, const char *title);
/* A page that says one thing. `link` below the root, or NULL. */
int people_say(struct serve_desk *desk, unsigned status, const char *title, const char *text,
               const char *link, const char *link_text, struct web_answer *answer,
               struct error *error);

/* Why nothing was done, to be said above the form, which is shown again as it was typed. */
struct people_held {
    unsigned status;
    const char *word; /* NULL: nothing holds it */
    long count;       /* of minutes, for the word; -1: none */
};

/* Whether a form comes from a page of ours. False: it was answered, with `*ret_result`. */
bool people_is_ours(struct serve_desk *desk, const struct web_request *request,
                    struct web_answer *answer, int *ret_result, struct error *error);
/* Whether its client has not sent too many to look at; a preview counts like a form. */
bool people_may_look(struct serve_desk *desk, const struct web_request *request,
                     struct web_answer *answer, struct people_held *ret_held);
/* Whether it may do what changes or mails something: the token of this form, the time it
 * took, and of `sends_mail` how many its client had sent. Not for what a signed link lets
 * somebody leave or confirm with: that link says who, and each address has limits of its own. */
bool people_may_act(struct serve_desk *desk, const struct web_request *request, const char *form,
                    bool sends_mail, struct web_answer *answer, struct people_held *ret_held);
/* "held", when something holds it; the page's status. */
unsigned people_set_held(struct serve_desk *desk, const struct people_held *held,
                         json_t *context);
/* Whether a link to a page, or with an inbox a mail address that acts, can be told in a mail;
 * else it was answered. */
bool people_can_mail(struct serve_desk *desk, bool needs_page, struct web_answer *answer,
                     int *ret_result, struct error *error);
/* Only a program fills in the field that nobody sees. */
bool people_is_trapped(const struct web_request *request);

/* The address of a form, canonical, in the arena; NULL and a word of why in the context. */
const char *people_read_address(struct serve_desk *desk, const struct web_request *request,
                                json_t *context);
/* An address as others may see it: "address_masked". */
void people_set_masked(json_t *context, const char *address);

/* Whose valid token of this purpose it is; NULL: nobody's, and it was answered, as an expired
 * one when its own date says so. */
int people_find(struct serve_desk *desk, struct view text, enum token_purpose purpose,
                const char **ret_address, struct web_answer *answer, struct error *error);
/* What is said of a token that is for nothing. */
int people_say_unknown(struct serve_desk *desk, struct view text, enum token_purpose purpose,
                       struct web_answer *answer, struct error *error);

/* Does the deed, and has its mails sent. */
int people_perform(struct serve_desk *desk, struct inbox_deed *deed, struct error *error);
/* What is asked for an address that somebody typed is decided later, and whatever comes of
 * it is not told: the page says `text`. */
int people_ask(struct serve_desk *desk, const struct web_request *request, serve_ask *ask,
               const char *address, const char *lines, const char *text,
               struct web_answer *answer, struct error *error);
/* Asks what a mail of these lines would. */
serve_ask people_ask_lines;

/* ---- serve_subscribe.c ---- */

/* Who left, and comes back by a button behind a signed link: asked by mail, like anybody who
 * writes "subscribe". */
int people_ask_back(struct serve_desk *desk, const struct web_request *request,
                    const char *address, struct web_answer *answer, struct error *error);

/* ---- serve_unsubscribe.c ---- */

/* The page of somebody whom an unsubscribe token is for. `word` says what holds. */
int people_show_left(struct serve_desk *desk, const struct web_request *request,
                     struct view token, const char *address, const char *word,
                     const struct people_held *held, struct web_answer *answer,
                     struct error *error);

/* ---- serve_preview.c ---- */

/* What the newest edition would have brought: the keys of templates/web_preview.mustache. */
int people_set_preview(struct serve_desk *desk, const struct profile *profile, json_t *context,
                       struct error *error);

#endif
