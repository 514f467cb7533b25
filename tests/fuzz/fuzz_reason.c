/* Any bytes as what a mail server said: the first byte chooses the stage. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "delivery/reason.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const stages[] = {NULL, "", "connect", "mail", "rcpt", "end-of-data"};
    struct view text = {(const char *)data, size};
    struct reason_reply reply;
    enum bounce_reason reason, again;

    if (!size)
        return 0;
    reply = reason_read_text(view_slice(text, 1, size));
    reply.stage = stages[data[0] % (sizeof(stages) / sizeof(stages[0]))];
    reason = reason_of_reply(&reply);
    if (reply.enhanced.size > 11 || (reply.code && (reply.code < 400 || reply.code > 599)) ||
        (unsigned)reason >= REASON_COUNT ||
        !reason_parse(view_of(reason_name(reason)), &again) || again != reason)
        abort();
    reason_patience_of(&reply);
    return 0;
}
