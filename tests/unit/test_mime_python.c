/* What is written is read back the same by another program: Python's email
 * package, over random texts around every limit of a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "mail/mime.h"
#include "unit/data.h"
#include "unit/mail.h"

enum { MAX_BYTES = 1 << 20 };

#define ADDRESS "a.rather.long.local.part.of.some.sixty.characters.in.all@example.org"

/* One message's texts. */
struct sample {
    struct buffer subject, name, plain, html, file_name;
};

static json_t *sample_want(const struct sample *sample)
{
    return json_pack("{s:{s:o}, s:{s:[[o,s],[s,s]]}, s:[{s:s,s:o},{s:s,s:o,s:o}]}", "fields",
                     "Subject", mail_json_string(buffer_view(&sample->subject)), "mailboxes", "To",
                     mail_json_string(buffer_view(&sample->name)), ADDRESS, "", ADDRESS, "parts",
                     "type", "text/plain", "text", mail_json_string(buffer_view(&sample->plain)),
                     "type", "text/html", "text", mail_json_string(buffer_view(&sample->html)),
                     "file_name", mail_json_string(buffer_view(&sample->file_name)));
}

static void keep_sample(const char *folder, const char *name, const struct sample *sample)
{
    const struct mime_mailbox boxes[] = {{buffer_view(&sample->name), VIEW(ADDRESS)},
                                         {VIEW(""), VIEW(ADDRESS)}};
    const struct mime_part parts[] = {
        {.type = "text/plain", .text = buffer_view(&sample->plain)},
        {.type = "text/html",
         .text = buffer_view(&sample->html),
         .file_name = buffer_view(&sample->file_name)},
    };
    struct buffer out;

    buffer_init(&out, MAX_BYTES);
    mime_add_text(&out, "Subject", buffer_view(&sample->subject));
    assert_int_equal(0, mime_add_mailboxes(&out, "To", boxes, 2, NULL));
    mime_add_body(&out, "mixed", parts, 2, VIEW("seed"));
    mail_keep(folder, name, &out, sample_want(sample));
    buffer_free(&out);
}

static void sample_init(struct sample *sample)
{
    buffer_init(&sample->subject, MAX_BYTES);
    buffer_init(&sample->name, MAX_BYTES);
    buffer_init(&sample->plain, MAX_BYTES);
    buffer_init(&sample->html, MAX_BYTES);
    buffer_init(&sample->file_name, MAX_BYTES);
}

static void sample_free(struct sample *sample)
{
    buffer_free(&sample->subject);
    buffer_free(&sample->name);
    buffer_free(&sample->plain);
    buffer_free(&sample->html);
    buffer_free(&sample->file_name);
}

static void keep_random(const char *folder, struct mail_random *random, size_t length)
{
    struct sample sample;
    char name[64];

    sample_init(&sample);
    mail_random_text(random, length, &sample.subject);
    mail_random_text(random, length, &sample.name);
    mail_random_text(random, length * 4, &sample.plain);
    buffer_add_char(&sample.file_name, 'f');
    mail_random_text(random, length, &sample.html);
    mail_random_text(random, length, &sample.file_name);
    snprintf(name, sizeof(name), "random-%zu-%08x", length, mail_random_below(random, UINT32_MAX));
    keep_sample(folder, name, &sample);
    sample_free(&sample);
}

/* `unit` over and over to `length` bytes in every text. */
static void keep_run(const char *folder, size_t number, const char *unit, size_t length)
{
    struct sample sample;
    char name[64];

    sample_init(&sample);
    while (sample.subject.size < length) {
        buffer_add_string(&sample.subject, unit);
        buffer_add_string(&sample.name, unit);
        buffer_add_string(&sample.plain, unit);
        buffer_add_string(&sample.html, unit);
        buffer_add_string(&sample.file_name, unit);
    }
    snprintf(name, sizeof(name), "run-%zu-%zu", number, length);
    keep_sample(folder, name, &sample);
    sample_free(&sample);
}

static void test_random(void **state)
{
    static const size_t lengths[] = {0, 1, 2, 20, 50, 200, 500};
    struct mail_random random = {0x2545F4914F6CDD1Du};
    char *folder = data_temporary_folder();

    (void)state;
    for (size_t round = 0; round < 60; round++)
        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
            keep_random(folder, &random, lengths[i]);
    mail_check_folder(folder);
    data_remove_folder(&folder);
}

static void test_around_limits(void **state)
{
    static const char *const units[] = {
        "a", "a ", "\xC3\xA9", "\xE8\xAE\xBA", "\xF0\x9F\x93\xB0", "word ", "w\xC3\xB6rd ", "a.b, ",
        "\"\\", "=", "  b",
    };
    static const size_t limits[] = {55, 70, 140, 990};
    char *folder = data_temporary_folder();

    (void)state;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        for (size_t j = 0; j < sizeof(limits) / sizeof(limits[0]); j++)
            for (size_t more = 0; more < 14; more++)
                keep_run(folder, i, units[i], limits[j] + more);
    mail_check_folder(folder);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_around_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
