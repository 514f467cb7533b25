/* Commands as anybody may write them, on a profile: whatever they make of it can be
 * written and read again as the same; and what is found in a mail comes out of the
 * confined child as it went in. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "inbox/change.h"
#include "inbox/finding.h"
#include "inbox/mail_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char PROFILE[] =
    "{\"email\": \"a@example.org\", \"name\": \"Ada\", \"categories\": [\"cs.LG\"],"
    " \"keywords\": [\"LLM\", {\"term\": \"kv cache\", \"weight\": 3}, {\"term\": \"graphs\", \"field\": \"title\"}],"
    " \"exclude_keywords\": [\"survey\"], \"authors\": {\"follow\": [\"Emmy Noether\"], \"exclude\": [\"A\"]},"
    " \"liked\": [\"2602.13531\"], \"disliked\": [\"2602.13532\"], \"paused_until\": \"2026-12-24\","
    " \"schedule\": {\"every\": \"monday\", \"at\": \"07:30\", \"zone\": \"Europe/Paris\"}}";

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

static void check_profile(const struct profile *profile)
{
    struct buffer first, second;
    struct profile again;
    struct error error;

    buffer_init(&first, PROFILE_FILE_BYTES);
    buffer_init(&second, PROFILE_FILE_BYTES);
    profile_write(profile, &first);
    must(!first.failed && profile_read("written", buffer_view(&first), &again, &error) == 0);
    profile_write(&again, &second);
    must(view_equal(buffer_view(&first), buffer_view(&second)));
    profile_free(&again);
    buffer_free(&first);
    buffer_free(&second);
}

static void check_notes(const struct change_notes *notes)
{
    for (size_t i = 0; i < notes->count; i++) {
        const struct change_note *note = &notes->items[i];

        must(note->command != NULL);
        must((note->outcome == CHANGE_OTHER) == !note->word);
        for (size_t j = 0; note->values[j].name; j++)
            must(j < CHANGE_VALUES);
    }
}

static void check_change(const struct mail_commands *commands, bool is_new, struct arena *arena)
{
    const struct change_context context = {.today = {2026, 2, 17}, .is_new = is_new};
    struct change_notes notes;
    struct profile profile;
    struct error error;

    must(profile_read("p", VIEW(PROFILE), &profile, &error) == 0);
    change_apply(commands, &context, &profile, arena, &notes);
    check_notes(&notes);
    check_profile(&profile);
    profile_free(&profile);
}

/* As the child hands it over, when its texts are UTF-8. */
static void check_finding(const struct mail_commands *commands, struct arena *arena)
{
    struct finding finding = {.kind = FINDING_COMMAND, .commands = *commands}, again;
    struct buffer first, second;
    struct error error;

    buffer_init(&first, FINDING_BYTES);
    buffer_init(&second, FINDING_BYTES);
    finding_write(&finding, &first);
    if (!first.failed) {
        must(finding_read(buffer_view(&first), arena, &again, &error) == 0);
        finding_write(&again, &second);
        must(view_equal(buffer_view(&first), buffer_view(&second)));
    }
    buffer_free(&first);
    buffer_free(&second);
}

static bool is_text(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!text.data[i] || ((unsigned char)text.data[i] < ' ' && !strchr("\t\r\n", text.data[i])))
            return false;
    return utf8_is_valid(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view rest = {(const char *)data, size};
    struct mail_command_sources sources = {0};
    struct mail_commands commands;
    struct arena *arena = arena_new();

    /* The address's word and the subject, a line each. */
    view_next_line(&rest, &sources.plus);
    view_next_line(&rest, &sources.subject);
    sources.body = mail_text_own(rest, arena);
    must(!sources.body.size || (sources.body.data >= rest.data && sources.body.size <= rest.size));
    mail_commands_read(&sources, arena, &commands);
    must(commands.count <= COMMANDS_MAX);
    for (size_t i = 0; i < commands.count; i++)
        must(commands.items[i].argument_count <= COMMAND_ARGUMENTS_MAX);
    check_change(&commands, false, arena);
    check_change(&commands, true, arena);
    if (is_text((struct view){(const char *)data, size}))
        check_finding(&commands, arena);
    arena_free(&arena);
    return 0;
}
