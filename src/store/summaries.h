/* Summaries of papers that a model has written, and what they have cost. Each is asked for
 * once: by paper, version, model, language and prompt. Who wants one claims it first, under
 * a lease, and says in the end what became of it. Used by commands; asks nobody itself. */
#ifndef STORE_SUMMARIES_H
#define STORE_SUMMARIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "papers/paper.h"
#include "store/store.h"

enum {
    SUMMARY_ATTEMPTS = 3, /* then a failure stays one */
    SUMMARY_LEASE_MAX_SECONDS = 2 * 86400, /* a longer one was written by a clock that was ahead */
    SUMMARIES_REPORT_DAYS = 30
};

enum summary_state {
    SUMMARY_ASKING,
    SUMMARY_GOOD,
    SUMMARY_REFUSED, /* never shown, never asked again */
    SUMMARY_FAILED   /* may be asked again */
};

struct summary_key {
    const char *paper_id;
    int version;
    const char *model;
    const char *language;
    const char *prompt; /* a hash in hex */
};

struct summary_row {
    enum summary_state state;
    const char *tldr, *markdown; /* of a good one, never NULL; else NULL */
    const char *why;             /* one line, of a refused or failed one; else NULL */
    int64_t prompt_tokens, completion_tokens;
    int64_t changed_utc;
    long attempts;
};

/* Ours: the row is `asking` under our name until the lease ends, and this attempt counts.
 * Not ours: it is good or refused, it failed SUMMARY_ATTEMPTS times, or another's lease runs
 * whose process may live. `holder` is process_name's, with anything behind a '/': nobody
 * else's, another thread's neither. `edition` is whose budget it is of; not set: by hand. */
int summaries_claim(struct store *store, const struct summary_key *key, struct date edition,
                    const char *holder, int64_t now_utc, long lease_seconds, bool *ret_is_ours,
                    struct error *error);

/* How it ended: `row`'s state, texts, and the tokens of this attempt, which are added to
 * those of earlier ones. A good one notes CHANGE_EDITIONS, so that pages and feeds are made
 * anew. Kind conflict when the claim is no longer ours: only the tokens are kept then. */
int summaries_finish(struct store *store, const struct summary_key *key, const char *holder,
                     const struct summary_row *row, int64_t now_utc, struct error *error);
/* Nothing was asked: the claim is given back as if it had not been. Fine when it is lost. */
int summaries_release(struct store *store, const struct summary_key *key, const char *holder,
                      struct error *error);

/* Strings are the arena's. */
int summaries_get(struct store *store, const struct summary_key *key, struct arena *arena,
                  struct summary_row *ret_row, bool *ret_found, struct error *error);
/* Of each of `papers` in its version there the good one, NULL where there is none; an array
 * in the arena, in their order. */
int summaries_load(struct store *store, const struct papers *papers, const char *model,
                   const char *language, const char *prompt, struct arena *arena,
                   struct summary_row ***ret_rows, struct error *error);

/* What was used for an edition, and when the first of it was asked; 0: none was. */
int summaries_spent(struct store *store, struct date edition, int64_t *ret_tokens,
                    int64_t *ret_first_utc, struct error *error);

/* To ask again by hand, also after SUMMARY_ATTEMPTS. One that is just being asked stays, and
 * its attempts count no more. What it has cost stays, too. */
int summaries_forget(struct store *store, const struct summary_key *key, struct error *error);

/* Of the last SUMMARIES_REPORT_DAYS. */
struct summaries_report {
    int64_t good, refused, asking;
    int64_t failed; /* also those that nobody asks any longer, though nobody said so */
    int64_t prompt_tokens, completion_tokens;
    struct summary_failure {
        const char *paper_id; /* NULL: none was refused or failed */
        int version;
        const char *model, *language;
        enum summary_state state;
        const char *why;
        int64_t utc;
    } last_failure;
};
int summaries_report(struct store *store, int64_t now_utc, struct arena *arena,
                     struct summaries_report *ret_report, struct error *error);

#endif
