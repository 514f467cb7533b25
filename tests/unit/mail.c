#include "unit/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/utf8.h"

uint32_t mail_random_below(struct mail_random *random, uint32_t limit)
{
    random->state ^= random->state << 13; /* Marsaglia's xorshift64 */
    random->state ^= random->state >> 7;
    random->state ^= random->state << 17;
    return (uint32_t)(random->state >> 32) % limit;
}

static int32_t random_codepoint(struct mail_random *random)
{
    static const char awkward[] = "   \t\n\r=?_\"\\<>()@,;:.'%-\x01\x7f";
    static const int32_t limits[][2] = {
        {0x20, 0x5F},       {0x80, 0x20},       {0xA0, 0x200}, {0x4E00, 0x5000},
        {0x1F300, 0x300},   {0x10000, 0x100000}, {0x300, 0x70}, {0xE000, 0x1FFD},
    };
    uint32_t kind = mail_random_below(random, 20), i;

    if (kind < 9)
        return 'a' + (int32_t)mail_random_below(random, 26);
    if (kind < 13)
        return awkward[mail_random_below(random, sizeof(awkward) - 1)];
    i = mail_random_below(random, sizeof(limits) / sizeof(limits[0]));
    return limits[i][0] + (int32_t)mail_random_below(random, (uint32_t)limits[i][1]);
}

void mail_random_text(struct mail_random *random, size_t count, struct buffer *out)
{
    for (size_t i = 0; i < count; i++)
        utf8_add(out, random_codepoint(random));
}

json_t *mail_json_string(struct view text)
{
    json_t *string = json_stringn(text.size ? text.data : "", text.size);

    assert_non_null(string);
    return string;
}

void mail_keep(const char *folder, const char *name, const struct buffer *message, json_t *want)
{
    struct error error = {0};
    struct buffer path;
    char *text = json_dumps(want, JSON_INDENT(1));

    assert_false(message->failed);
    buffer_init(&path, 4096);
    buffer_printf(&path, "%s/%s.eml", folder, name);
    if (file_write_atomic(buffer_string(&path), buffer_view(message), 0644, &error) < 0)
        fail_msg("%s", error.text);
    buffer_clear(&path);
    buffer_printf(&path, "%s/%s.json", folder, name);
    if (file_write_atomic(buffer_string(&path), view_of(text), 0644, &error) < 0)
        fail_msg("%s", error.text);
    buffer_free(&path);
    free(text);
    json_decref(want);
}

void mail_check_folder(const char *folder)
{
    struct buffer command;
    int status;

    if (access("/usr/bin/python3", X_OK) != 0) {
        fputs("left out: no /usr/bin/python3 to read the messages with\n", stderr);
        return;
    }
    buffer_init(&command, 4096);
    buffer_printf(&command, "/usr/bin/python3 tests/e2e/check_mime.py '%s'", folder);
    status = system(buffer_string(&command));
    buffer_free(&command);
    if (status != 0)
        fail_msg("the messages are not read back as they were written");
}
