/* One thread's way from a paper to its summary in the store: claims it, gets what the model
 * is to read (summaries.source), asks, judges the answer, and writes down what became of it.
 * What goes wrong with one paper is an outcome and no failure. */
#ifndef COMMANDS_SUMMARY_DESK_H
#define COMMANDS_SUMMARY_DESK_H

#include <pthread.h>

#include "base/process.h"
#include "commands/asking_pdf.h"
#include "commands/prompts.h"
#include "commands/site.h"
#include "store/summaries.h"
#include "summaries/endpoint.h"

/* What the desks of a process share. */
struct summary_office {
    struct site *site;
    char *api_key;              /* NULL: none is sent */
    pthread_mutex_t downloading; /* arXiv is asked by one at a time */
    pthread_mutex_t writing;     /* to a store of one writer at a time */
    int64_t deadline_ms;         /* by timer_steady_ms; 0: none */
    long lease_seconds;          /* how long until then: for so long nobody else asks */
    bool (*is_stopping)(void);
    /* Whether tokens are left; NULL: always. Asked before each question. */
    bool (*may_ask)(void *user);
    void *user;
};

enum summary_end {
    SUMMARY_END_MADE,
    SUMMARY_END_KEPT,     /* it was there, or somebody else is at it: nothing was asked */
    SUMMARY_END_UNSHOWN,  /* the answer is none to show, and the question is not put again */
    SUMMARY_END_FAILED,   /* may be tried again */
    SUMMARY_END_LEFT      /* not begun: stopping, no time or no tokens left */
};

struct summary_outcome {
    enum summary_end end;
    int64_t tokens;
    struct error why;        /* unless made or kept */
    bool is_endpoint_away;   /* failed for the moment, and others would, too */
    bool is_misconfigured;   /* others would fail alike: `why` says what to mend */
};

struct summary_desk {
    struct summary_office *office; /* borrowed */
    struct site site;              /* the office's, with a store that is this thread's */
    char holder[PROCESS_NAME_BYTES + 16];
    struct endpoint *endpoint;
    struct asking_pdf *asking;
    struct buffer pdf, text;
    struct arena *arena;
    struct endpoint_answer answer;
};

/* `site` is borrowed and must not change. Kind configuration for a key that cannot be read
 * and an endpoint that cannot be. */
int summary_office_open(struct site *site, struct summary_office *ret_office,
                        struct error *error);
void summary_office_close(struct summary_office *office); /* zeroed is fine */

/* `number` tells desks apart. With `shares_store` it uses the office's store. */
int summary_desk_open(struct summary_office *office, size_t number, bool shares_store,
                      struct summary_desk *ret_desk, struct error *error);
void summary_desk_close(struct summary_desk *desk); /* zeroed is fine */

/* A summary for each of the prompts, of one reading of the paper; an outcome for each. -1
 * only when the store fails. */
int summary_desk_work(struct summary_desk *desk, const struct paper *paper,
                      const struct prompt *const *prompts, size_t count, struct date edition,
                      struct summary_outcome *ret_outcomes, struct error *error);

struct summary_key summary_key_of(const struct site *site, const char *paper_id, int version,
                                  const struct prompt *prompt);

#endif
