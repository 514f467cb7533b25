/* What a model is told of one paper and asked for. Pure. */
#ifndef SUMMARIES_QUESTION_H
#define SUMMARIES_QUESTION_H

#include "base/arena.h"
#include "summaries/endpoint.h"

enum {
    QUESTION_MESSAGES = 2,
    QUESTION_TEXT_BYTES = 256 * 1024 /* of a paper's text; the rest is left out */
};

struct question {
    struct view title;
    struct view prompt;
    const char *file;     /* uploaded: its id; else NULL */
    struct view material; /* else: the paper's text or abstract */
};

/* Appends nothing anywhere: the messages, in `arena`. With a file "fileid://ID" as system
 * message, as Qwen-Long wants it, then the title and the prompt; else the material between
 * marks that it cannot close. Returns how many of QUESTION_MESSAGES there are. */
size_t question_make(const struct question *question, struct arena *arena,
                     struct endpoint_message ret_messages[QUESTION_MESSAGES]);

#endif
