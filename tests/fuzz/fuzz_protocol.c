/* Any bytes as what a model's endpoint answers: to a question, to an upload, and as a
 * complaint. Whatever it is becomes values in their bounds, or one line without the key. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "summaries/protocol.h"

#define KEY "sk-0123456789"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_error(const struct error *error)
{
    must(error->kind != ERROR_NONE && error->text[0] && strlen(error->text) < 3 * PROTOCOL_QUOTE_BYTES);
    must(utf8_is_valid(view_of(error->text)) && !strpbrk(error->text, "\r\n\t\x1b") && !strstr(error->text, KEY));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const long statuses[] = {202, 301, 400, 401, 404, 429, 500};
    struct view body = {(const char *)data, size};
    struct endpoint_answer answer;
    struct error error = {0};
    char id[ENDPOINT_ID_BYTES];

    if (protocol_read_answer(body, "application/json", KEY, &answer, &error) < 0) {
        must(error.kind == ERROR_INPUT && !answer.content.size);
        check_error(&error);
    }
    must(utf8_is_valid(buffer_view(&answer.content)) && answer.content.size <= ENDPOINT_ANSWER_BYTES);
    must(answer.prompt_tokens >= 0 && answer.completion_tokens >= 0);
    must(strlen(answer.finish_reason) < sizeof answer.finish_reason && strlen(answer.model) < sizeof answer.model);
    endpoint_answer_free(&answer);

    error = (struct error){0};
    if (protocol_read_file(body, KEY, id, &error) == 0)
        must(protocol_is_id(id));
    else
        check_error(&error);
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        must(protocol_complain("POST http://h/v1/files", statuses[i], body, i % 2, KEY, &error) == -1);
        check_error(&error);
    }
    return 0;
}
