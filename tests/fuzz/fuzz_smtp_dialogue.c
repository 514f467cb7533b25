/* Any bytes as what a relay says, over several messages: the first byte chooses
 * pipelining and how the input is cut into pieces. What is said to the relay stays
 * a sequence of whole commands, and only a 250 after the whole body counts as sent. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "delivery/smtp_dialogue.h"

#define BODY "Subject: x\r\n\r\n.\r\n"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void flush(struct smtp_dialogue *dialogue, size_t chunk)
{
    struct view output;

    while ((output = smtp_dialogue_output(dialogue)).size)
        smtp_dialogue_wrote(dialogue, output.size < chunk ? output.size : chunk);
}

static void check_end(const struct smtp_dialogue *dialogue)
{
    struct delivery_result result;

    smtp_dialogue_judge(dialogue, "gone", &result);
    if (result.kind == RESULT_SENT &&
        (result.code != 250 || !smtp_dialogue_is_handed_over(dialogue)))
        abort();
    if (result.kind == RESULT_UNCERTAIN && !smtp_dialogue_is_handed_over(dialogue))
        abort();
    if (strpbrk(result.reply, "\r\n\x1b"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct smtp_dialogue *dialogue = malloc(sizeof(*dialogue));
    size_t chunk = size ? (size_t)data[0] / 2 + 1 : 1;
    enum smtp_dialogue_event event = DIALOGUE_MORE;

    if (!dialogue)
        abort();
    smtp_dialogue_init(dialogue, size && data[0] & 1, true);
    smtp_dialogue_start(dialogue, "", "b@example.test", VIEW(BODY));
    for (size_t at = 1; at < size && event != DIALOGUE_BROKEN; at += chunk) {
        struct view rest = {(const char *)data + at, chunk < size - at ? chunk : size - at};

        flush(dialogue, chunk);
        while (rest.size && event != DIALOGUE_BROKEN) {
            event = smtp_dialogue_read(dialogue, &rest);
            if (event == DIALOGUE_READY)
                smtp_dialogue_go(dialogue);
            if (event == DIALOGUE_DONE) {
                check_end(dialogue);
                smtp_dialogue_start(dialogue, "a@example.org", "c@example.test", VIEW(BODY));
            }
            if (chunk & 2)
                flush(dialogue, chunk);
        }
    }
    check_end(dialogue);
    free(dialogue);
    return 0;
}
