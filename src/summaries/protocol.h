/* The JSON of an OpenAI-compatible endpoint: questions written, answers, files and
 * complaints read. Pure. What comes from the endpoint is not trusted: whatever it
 * says becomes bounded values, and what is quoted of it one clean line without the
 * API key. */
#ifndef SUMMARIES_PROTOCOL_H
#define SUMMARIES_PROTOCOL_H

#include "base/bytes.h"
#include "base/error.h"
#include "summaries/endpoint.h"

enum {
    PROTOCOL_QUESTION_BYTES = 64 * 1024 * 1024,
    PROTOCOL_QUOTE_BYTES = 240, /* of what a server says, in a message */
    PROTOCOL_SECRET_BYTES = 8   /* pieces of the key this long are not quoted */
};

/* The body of POST /chat/completions. Kind input for a content that is not UTF-8. */
int protocol_write_question(const char *model, const struct endpoint_question *question,
                            struct buffer *out, struct error *error);

/* What was answered to it with status 200. Kind input when it is no answer; the tokens it
 * tells of are in `*ret_answer` even so, and nothing else. `*ret_answer` is overwritten: its
 * content is the caller's to free first. `secret`: the API key, or NULL. */
int protocol_read_answer(struct view body, const char *content_type, const char *secret,
                         struct endpoint_answer *ret_answer, struct error *error);

/* What was answered to POST /files. Kind permanent when the endpoint says that it cannot
 * read the file; `ret_id` is "" then or, when it was told, what is to be deleted. */
int protocol_read_file(struct view body, const char *secret, char ret_id[ENDPOINT_ID_BYTES],
                       struct error *error);
/* Letters, digits and "._-", and no dot in front: fit for a URL and for "fileid://". */
bool protocol_is_id(const char *id);

/* What a status other than 200 means, and what to mend; always -1. `what` is the request:
 * "POST https://host/v1/files". */
int protocol_complain(const char *what, long status, struct view body, bool is_file,
                      const char *secret, struct error *error);

#endif
