/* A model behind an OpenAI-compatible endpoint: a file uploaded for it, a
 * question asked, the upload deleted. For commands/summarizing and whoever asks
 * by hand. Blocking; what fails for the moment is tried again within the
 * deadline, and nothing outlasts the deadline or a wish to stop by more than a
 * second. It never judges whether an answer is good to show, never streams,
 * never follows a redirect, and its API key is sent to base_url's host alone and
 * stands in no message: what a server says is quoted without it, on one clean
 * line of bounded length. */
#ifndef SUMMARIES_ENDPOINT_H
#define SUMMARIES_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/timer.h"

enum {
    ENDPOINT_ANSWER_MS = 300 * 1000,
    ENDPOINT_ANSWER_BYTES = 1024 * 1024,  /* of the JSON around an answer */
    ENDPOINT_ID_BYTES = 128,
    ENDPOINT_TRIES = 4,
    ENDPOINT_PATIENCE_SECONDS = 120,      /* a Retry-After beyond it is not waited for */
    ENDPOINT_TIDY_MS = 1000               /* kept back before the deadline to delete what is uploaded */
};

struct endpoint_settings {
    const char *base_url;      /* "https://host/v1"; a slash at its end or not */
    const char *model;
    const char *api_key;       /* NULL: none is sent */
    const char *ca_file;       /* authorities of base_url's certificate; NULL: the system's */
    long answer_ms;            /* how long one answer may take; 0: ENDPOINT_ANSWER_MS */
    int64_t deadline_ms;       /* by timer.now_ms: nothing is begun or waited for beyond it; 0: none */
    struct timer timer;
    bool (*is_stopping)(void); /* NULL: never; asked while it waits */
    uint32_t (*random)(void);  /* spreads what is tried again; NULL: libsodium's */
};

struct endpoint;

/* NULL with kind configuration for a base_url, model or key that cannot be: the line says
 * which. A key goes over plain http to this machine only. An endpoint is one thread's, and the
 * first one is made before other threads start; the settings are copied, their strings
 * borrowed. */
struct endpoint *endpoint_new(const struct endpoint_settings *settings, struct error *error);
void endpoint_free(struct endpoint **endpoint); /* NULL is fine; leaves NULL */

/* What the calls below fail with:
 * - temporary: the network, 408, 409, 425, 429, 5xx and a file that is still being read,
 *   after ENDPOINT_TRIES tries with Retry-After or growing waits between them; an answer
 *   slower than answer_ms, which is not asked for again; the deadline; a wish to stop;
 * - configuration: 401, 402, 403, 404, 405, a redirect, an account without credit, a
 *   parameter that this model does not take, a bad URL, a refused certificate. The line
 *   names the key of paperboy.json to mend. The next call would fail alike;
 * - permanent: another 4xx. This question will never be answered;
 * - input: an answer that is not what the protocol says: not JSON, without choices, an
 *   event stream although none was asked for, larger than its cap, or one with the API key. */

/* POST /files, purpose file-extract, as multipart/form-data. `name` is the file's, with an
 * ending that tells its type. `ret_id` is made of letters, digits and "._-". */
int endpoint_upload(struct endpoint *endpoint, struct view file, const char *name,
                    char ret_id[ENDPOINT_ID_BYTES], struct error *error);
/* DELETE /files/ID; a file that is not there is a success. Works for up to ENDPOINT_TIDY_MS
 * also when stopping. */
int endpoint_delete(struct endpoint *endpoint, const char *id, struct error *error);

struct endpoint_message {
    const char *role; /* "system", "user" */
    struct view content; /* valid UTF-8 */
};

struct endpoint_question {
    const struct endpoint_message *messages;
    size_t count;
    double temperature;
    long max_tokens; /* 0: not said */
};

/* As the model gave it, unjudged. */
struct endpoint_answer {
    struct buffer content;  /* valid UTF-8, may hold NUL; empty when there is none */
    char finish_reason[32]; /* "stop", "length", "content_filter" …; "" when not told */
    char model[128];        /* that answered; the one asked for when not told */
    bool is_refusal;        /* the model itself said no */
    int64_t prompt_tokens, completion_tokens; /* 0 when not told */
};

/* POST /chat/completions with stream false. On failure `ret_answer` holds only the tokens
 * that an answer of no use has cost, else zeros. It is zeroed by the caller before its first
 * use, and may be used again. */
int endpoint_ask(struct endpoint *endpoint, const struct endpoint_question *question,
                 struct endpoint_answer *ret_answer, struct error *error);
void endpoint_answer_free(struct endpoint_answer *answer); /* leaves it zeroed */

#endif
