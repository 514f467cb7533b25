/* One GET at a time from one of arXiv's services, as arXiv asks for it: in its
 * turn, with a contact address, gzipped, redirected only among arXiv's own
 * hosts, asked again when the wait is short and left alone when it is long.
 * Used by papers/arxiv, papers/oai and commands/asking_pdf. Whose turn it is over processes and
 * machines is decided by whoever made struct polite_pace (store/pace_keeper). */
#ifndef PAPERS_POLITE_H
#define PAPERS_POLITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/http.h"
#include "base/timer.h"

enum { POLITE_TRIES = 3 };

enum polite_result {
    POLITE_GOOD,     /* the service answers as it should, if only with a "no" */
    POLITE_FAILED,   /* no answer, 408, 429, 5xx, or something that is not what it serves */
    POLITE_NOT_ASKED /* nothing was learnt */
};

struct polite_outcome {
    enum polite_result result;
    long retry_after_seconds; /* -1: not told */
    const char *why;          /* one line when it failed, else NULL */
};

struct polite_pace {
    /* Comes back when a request may be made; until `done` nobody else makes one.
     * -1, kind temporary and saying until when, if the service is to be left alone
     * for longer than a run should wait; then `done` is not called. */
    int (*wait_turn)(void *user, struct error *error);
    void (*done)(void *user, const struct polite_outcome *outcome);
    void *user;
};

struct polite_settings {
    const char *url;     /* of the service; its host, or all of arXiv's, may be redirected to */
    const char *contact; /* mail address for the User-Agent; NULL or "": none is told */
    long interval_ms;    /* without a pace: from one request's start to the next one's */
    size_t max_bytes;    /* per answer, inflated; 0: HTTP_MAX_BYTES */
    long deadline_ms;    /* per request; 0: HTTP_DEADLINE_MS */
    struct timer timer;  /* without a pace */
    const struct polite_pace *pace; /* NULL: this client's own interval, each request made once */
};

struct polite;

/* A malformed URL, or a contact that is no plain address, is a configuration
 * error. One client is one connection. `settings` is copied, its strings and
 * pace are borrowed. */
struct polite *polite_new(const struct polite_settings *settings, struct error *error);
void polite_free(struct polite **polite); /* NULL is fine; leaves NULL */

struct polite_request {
    const char *url;
    const char *etag;          /* NULL or "": none */
    const char *last_modified; /* likewise */
    /* Whether an answer of status 200 is what was asked for. -1: kind temporary
     * when asking again may help. NULL: any is. */
    int (*judge)(void *user, const struct http_response *response, struct error *error);
    /* How long it may take, asked when its turn has come; NULL: the settings' deadline_ms. */
    long (*find_deadline_ms)(void *user);
    void *user;
};

/* 0 for status 200 that was judged good, and for 304 when there was a
 * validator. -1: kind temporary (network, 408, 429, 5xx, and what `judge` says)
 * after up to POLITE_TRIES tries; permanent for other statuses and refused
 * redirects. `*ret_response` stays until the next call; NULL when there was no
 * answer at all, and set on failure too. */
int polite_get(struct polite *polite, const struct polite_request *request,
               const struct http_response **ret_response, struct error *error);

#endif
