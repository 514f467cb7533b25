/* What the store has about one person, for showing it to them. Nothing is changed. */
#ifndef STORE_PERSON_H
#define STORE_PERSON_H

#include "store/outbox.h"
#include "store/subscribers.h"

int person_find_seen(struct store *store, const char *address, struct subscriber_seen *ret_seen,
                     bool *ret_found, struct error *error);
/* As suppression_list_all, of this address. */
int person_list_suppressions(struct store *store, const char *address,
                             struct suppression_list *ret_list, struct error *error);

/* Strings may be NULL where the row says nothing; all live for the call. */
struct person_delivery {
    struct view kind, slot, state;
    int64_t created_utc, not_before_utc, expires_utc, changed_utc; /* changed: 0, never tried */
    int attempts;
    struct view stage, enhanced, reply, reason;
    struct view editions; /* as edition_shown_parse takes each, with blanks between */
    struct view shown;    /* see shown.h */
    struct view envelope_sender, message; /* of one whose bytes are kept */
};
typedef void person_delivery_visit(void *user, const struct person_delivery *delivery);
/* In the order in which they were added. */
int person_each_delivery(struct store *store, const char *address, person_delivery_visit *visit,
                         void *user, struct error *error);

/* Refusals that may mean a dead address. */
struct person_refusals {
    int64_t count;
    int64_t last_utc;
    int64_t suppressed_utc; /* 0: not for them */
};
int person_find_refusals(struct store *store, const char *address,
                         struct person_refusals *ret_refusals, bool *ret_found,
                         struct error *error);
/* What is kept of their profile, worked out (DERIVED_OF_SUBSCRIBER); appended to `ret_bytes`. */
int person_find_derived(struct store *store, const char *address, struct buffer *ret_bytes,
                        int64_t *ret_made_utc, bool *ret_found, struct error *error);

/* What the inbox has of them, each list's name once at least: requests that wait for a
 * confirmation ("pending"), their profile before its last changes ("history"), mails that
 * came back ("bounces"), other addresses ("moves"), a change that is being written
 * ("changing"). Views live for the call. */
enum { PERSON_CELLS_MAX = 9 };
struct person_cell {
    const char *name;
    char kind; /* 't': text, 'i': integer, 'u': UTC time, 0: none */
    struct view text;
    int64_t integer;
};
struct person_row {
    size_t count; /* 0: the list begins */
    struct person_cell cells[PERSON_CELLS_MAX];
};
typedef void person_row_visit(void *user, const char *list, const struct person_row *row);
int person_each_row(struct store *store, const char *address, person_row_visit *visit, void *user,
                    struct error *error);

#endif
