/* What a child gone astray may hand to its parent as what it found in a mail: refused
 * with one line, or sound, and written as the same again. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/finding.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_sound(const struct finding *finding)
{
    must(finding->kind >= FINDING_COMMAND && finding->kind <= FINDING_IGNORED);
    must(finding->commands.count <= COMMANDS_MAX);
    for (size_t i = 0; i < finding->commands.count; i++) {
        const struct mail_command *command = &finding->commands.items[i];

        must(command->name < COMMAND_NAMES && command->argument_count <= COMMAND_ARGUMENTS_MAX);
        must(command->line.size <= COMMAND_LINE_BYTES && command->rest.size <= COMMAND_LINE_BYTES);
    }
    must(finding->bounce.recipient_count <= BOUNCE_RECIPIENTS);
    must(finding->recipient_count <= FINDING_RECIPIENTS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view json = {(const char *)data, size};
    struct arena *arena = arena_new();
    struct finding finding, again;
    struct buffer first, second, explained;
    struct error error = {0};

    buffer_init(&first, FINDING_BYTES);
    buffer_init(&second, FINDING_BYTES);
    buffer_init(&explained, FINDING_BYTES);
    if (finding_read(json, arena, &finding, &error) < 0) {
        must(error.kind == ERROR_INPUT && error.text[0] && !strchr(error.text, '\n'));
    } else {
        check_sound(&finding);
        finding_write(&finding, &first);
        must(first.failed || finding_read(buffer_view(&first), arena, &again, &error) == 0);
        if (!first.failed) {
            finding_write(&again, &second);
            must(view_equal(buffer_view(&first), buffer_view(&second)));
        }
        finding_explain(&finding, &explained);
        must(explained.failed || explained.data[explained.size - 1] == '\n');
    }
    buffer_free(&first);
    buffer_free(&second);
    buffer_free(&explained);
    arena_free(&arena);
    return 0;
}
