/* Any bytes as the lines of a relay's reply and of our own commands. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "delivery/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view rest = {(const char *)data, size}, line;
    enum smtp_stage stage = STAGE_CONNECT;
    char text[512] = "", enhanced[12];

    while (view_next_line(&rest, &line)) {
        int code = line.size ? (unsigned char)line.data[0] * 10 : 0;

        stage = smtp_stage_of_command(line, stage);
        reply_find_enhanced(code, line, enhanced);
        reply_add_line(text, sizeof(text), line);
        if (strlen(enhanced) > 11 || strlen(text) > 511 || !utf8_is_valid(view_of(text)) ||
            strpbrk(text, "\r\n\x1b"))
            abort();
        reply_classify(stage, code, enhanced, text);
    }
    return 0;
}
