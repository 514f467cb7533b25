#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/mail.h"
#include "inbox/mail_text.h"
#include "unit/data.h"

struct reading {
    struct view bytes;
    struct arena *arena;
    struct mail mail;
};

static struct reading read_bytes(struct view text)
{
    struct reading reading = {.bytes = data_exact_view(text), .arena = arena_new()};

    mail_read(reading.bytes, reading.arena, &reading.mail);
    return reading;
}

static struct reading read_text(const char *text)
{
    return read_bytes(view_of(text));
}

static void end(struct reading *reading)
{
    arena_free(&reading->arena);
    data_free(reading->bytes);
}

static void assert_view(struct view view, const char *want)
{
    if (!view_equal_string(view, want))
        fail_msg("\"%.*s\", want \"%s\"", VIEW_ARGUMENTS(view), want);
}

/* ---- fields ---- */

static void fields_are_unfolded_and_decoded(void **state)
{
    static const struct {
        const char *line; /* of a Subject field */
        const char *text;
    } samples[] = {
        {"Subject: plain", "plain"},
        {"subject:no blank", "no blank"},
        {"SUBJECT : old custom", "old custom"},
        {"Subject: one\n two\n\tthree", "one two three"},
        {"Subject: =?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
        {"Subject: =?iso-8859-1?B?R3L832U=?=", "Grüße"},
        {"Subject: =?utf-8?Q?two?=\n =?utf-8?Q?_words?=", "two words"},
        {"Subject: =?ISO-2022-JP?B?GyRCRnxLXBsoQg==?=", "日本"},
        {"Subject: =?unknown-set?Q?a=E9?=", "aé"},
        {"Subject: raw \xC3\xA9", "raw é"},
        {"Subject: raw \xE9 of Latin-1", "raw é of Latin-1"},
        {"Subject: =?iso-8859-1?Q?raw_\xF6_inside?=", "raw ö inside"},
        {"Subject: =?utf-8?Q?unended", "unended"},
        {"Subject: a\tb", "a b"},
        {"Subject:", ""},
    };
    char text[500];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading;
        const struct mail_field *subject;

        snprintf(text, sizeof(text), "From: a@example.org\n%s\nTo: b@example.org\n\nbody\n",
                 samples[i].line);
        reading = read_text(text);
        subject = mail_find(&reading.mail.fields, "Subject");
        assert_non_null(subject);
        assert_view(subject->text, samples[i].text);
        assert_view(mail_value(&reading.mail.fields, "to"), "b@example.org");
        end(&reading);
    }
}

static void lines_that_are_no_fields_are_passed_over(void **state)
{
    struct reading reading = read_text("From x@example.org Mon Feb  2 10:00:00 2026\n"
                                       "no field at all\nA: 1\n: empty name\nB: 2\n"
                                       "  folded\nA: 3\n\nC: body\n");

    (void)state;
    assert_int_equal(reading.mail.fields.count, 3);
    assert_int_equal(mail_count(&reading.mail.fields, "a"), 2);
    assert_view(mail_value(&reading.mail.fields, "A"), "1");
    assert_view(mail_value(&reading.mail.fields, "B"), "2 folded");
    assert_null(mail_find(&reading.mail.fields, "C"));
    assert_view(mail_value(&reading.mail.fields, "C"), "");
    end(&reading);
}

static void any_line_ends_give_the_same(void **state)
{
    static const char *const ENDS[] = {"\n", "\r\n", "\r"};
    static const char *const LINES[] = {"From sender Mon Feb  2", "From: a@example.org",
                                        "Content-Type: multipart/mixed; boundary=b", "", "--b",
                                        "Content-Type: text/plain", "", "one", "two", "--b--", NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(ENDS) / sizeof(ENDS[0]); i++) {
        struct buffer text;
        struct reading reading;

        buffer_init(&text, 1000);
        for (size_t j = 0; LINES[j]; j++)
            buffer_printf(&text, "%s%s", LINES[j], ENDS[i]);
        reading = read_bytes(buffer_view(&text));
        assert_view(mail_value(&reading.mail.fields, "From"), "a@example.org");
        assert_int_equal(reading.mail.part_count, 1);
        assert_view(view_trim(reading.mail.parts[0].body), "one\ntwo");
        end(&reading);
        buffer_free(&text);
    }
}

/* ---- parts ---- */

static void parts_are_decoded(void **state)
{
    static const struct {
        const char *head;
        const char *body;
        const char *want;
    } samples[] = {
        {"", "plain", "plain"},
        {"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable",
         "Gr=FC=DFe=\n and", "Grüße and"},
        {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64", "w6k=", "é"},
        {"Content-Type: text/plain; charset=koi8-r", "\xC4\xC1", "да"},
        {"Content-Type: text/plain; charset=gb2312", "\xC4\xE3", "你"},
        {"Content-Type: text/plain; charset=shift_jis", "\x93\xFA", "日"},
        {"Content-Type: text/plain; charset=us-ascii", "\xC3\xA9", "é"},
        {"Content-Type: text/plain; charset=iso-8859-1", "\xC3\xA9 is UTF-8", "é is UTF-8"},
        {"Content-Type: text/plain; charset=iso-8859-1", "\x93quoted\x94", "“quoted”"},
        {"Content-Type: text/plain; charset=\"no/such\"", "\xE9", "é"},
        {"Content-Type: text/plain; charset=utf-8", "bad \xFF\xFE byte", "bad ÿþ byte"},
        {"Content-Type: broken", "still a text", "still a text"},
        {"Content-Type: text", "still a text", "still a text"},
        {"Content-Type:", "still a text", "still a text"},
        {"Content-Type: text/plain", "no\x01" "control\x1b[0m", "nocontrol[0m"},
    };
    char text[500];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading;

        snprintf(text, sizeof(text), "From: a@example.org\n%s%s\n%s", samples[i].head,
                 samples[i].head[0] ? "\n" : "", samples[i].body);
        reading = read_text(text);
        assert_int_equal(reading.mail.part_count, 1);
        assert_view(reading.mail.parts[0].body, samples[i].want);
        end(&reading);
    }
}

static void describe(const struct mail *mail, struct buffer *text)
{
    for (size_t i = 0; i < mail->part_count; i++)
        buffer_printf(text, "%s%u:%.*s%s", i ? " " : "", mail->parts[i].depth,
                      VIEW_ARGUMENTS(mail->parts[i].type),
                      mail->parts[i].is_attachment ? "!" : "");
}

static void structures_are_flattened(void **state)
{
    static const struct {
        const char *mail;
        const char *want;
    } samples[] = {
        {"A: x\n\nbody", "0:text/plain"},
        {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: "
         "text/html\n\n<p>\n--b--\n", "0:text/plain 0:text/html"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: multipart/alternative; "
         "boundary=c\n\n--c\n\nplain\n--c--\n--b\nContent-Disposition: attachment; filename=x.txt\n\n"
         "x\n--b--\n", "0:text/plain 0:text/plain!"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nA: y\n"
         "Content-Type: multipart/mixed; boundary=c\n\n--c\n\nin\n--c--\n--b\n\nout\n--b--\n",
         "0:message/rfc822 1:text/plain 0:text/plain"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nnever closed\n", "0:text/plain"},
        {"Content-Type: multipart/mixed; boundary=b\n\nno part at all\n", "0:text/plain"},
        {"Content-Type: multipart/mixed\n\n--b\n\nno boundary\n--b--\n", "0:text/plain"},
        {"Content-Type: multipart/report; report-type=\"Delivery-Status\"; boundary=b\n\n--b\n"
         "Content-Type: message/delivery-status\n\nA: b\n--b\nContent-Type: text/rfc822-headers\n\n"
         "A: b\n--b--\n", "0:message/delivery-status 0:text/rfc822-headers"},
        {"Content-Type: image/png\n\nx", "0:image/png"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading = read_text(samples[i].mail);
        struct buffer text;

        buffer_init(&text, 10000);
        describe(&reading.mail, &text);
        assert_string_equal(buffer_string(&text), samples[i].want);
        buffer_free(&text);
        end(&reading);
    }
}

static void reports_tell_their_type(void **state)
{
    struct reading reading = read_text("Content-Type: Multipart/Report; "
                                       "report-type=\"Delivery-Status\"; boundary=b\n\n--b\n\nx\n--b--\n");

    (void)state;
    assert_view(reading.mail.type, "multipart/report");
    assert_view(reading.mail.report_type, "delivery-status");
    end(&reading);
}

static void mails_inside_have_fields(void **state)
{
    struct reading reading =
        read_text("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\n"
                  "Subject: inner\nMessage-ID: <i@x.example>\n\nbody\n--b\nContent-Type: "
                  "text/rfc822-headers\n\nSubject: =?utf-8?Q?=C3=A9?=\n--b--\n");

    (void)state;
    assert_int_equal(reading.mail.part_count, 3);
    assert_view(mail_value(&reading.mail.parts[0].fields, "Message-ID"), "<i@x.example>");
    assert_view(mail_find(&reading.mail.parts[2].fields, "Subject")->text, "é");
    end(&reading);
}

static void file_names_are_decoded(void **state)
{
    static const struct {
        const char *field;
        const char *want;
    } samples[] = {
        {"Content-Disposition: attachment; filename=\"a b.txt\"", "a b.txt"},
        {"Content-Disposition: attachment; filename=\"=?utf-8?Q?=C3=A9.txt?=\"", "é.txt"},
        {"Content-Type: text/plain; name=c.txt", "c.txt"},
    };
    char text[500];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading;

        snprintf(text, sizeof(text), "%s\n\nx\n", samples[i].field);
        reading = read_text(text);
        assert_int_equal(reading.mail.part_count, 1);
        assert_view(reading.mail.parts[0].file_name, samples[i].want);
        end(&reading);
    }
}

static void much_is_cut(void **state)
{
    struct buffer text;
    struct reading reading;

    (void)state;
    buffer_init(&text, 4 * MAIL_BYTES);
    buffer_add_string(&text, "Content-Type: multipart/mixed; boundary=b\n");
    for (int i = 0; i < MAIL_FIELDS + 10; i++)
        buffer_add_string(&text, "A: b\n");
    buffer_add_string(&text, "\n");
    for (int i = 0; i < MAIL_PARTS + 10; i++)
        buffer_add_string(&text, "--b\n\nx\n");
    while (text.size <= MAIL_BYTES)
        buffer_add_string(&text, "and so on\n");
    reading = read_bytes(buffer_view(&text));
    assert_true(reading.mail.is_cut);
    assert_int_equal(reading.mail.fields.count, MAIL_FIELDS);
    assert_true(reading.mail.part_count <= MAIL_PARTS);
    end(&reading);
    buffer_free(&text);
    reading = read_text("");
    assert_false(reading.mail.is_cut);
    assert_int_equal(reading.mail.fields.count, 0);
    assert_int_equal(reading.mail.part_count, 1);
    end(&reading);
}

/* ---- values ---- */

static void addresses_are_taken_out(void **state)
{
    static const struct {
        const char *value;
        const char *want; /* parted by blanks */
    } samples[] = {
        {"a@example.org", "a@example.org"},
        {"Ada <A@Example.org>", "a@example.org"},
        {"\"Lovelace, Ada\" <a@example.org>, b@example.org", "a@example.org b@example.org"},
        {"friends: a@example.org, b@example.org;, c@example.org",
         "a@example.org b@example.org c@example.org"},
        {"undisclosed-recipients:;", ""},
        {"a@example.org (a comment)", "a@example.org"},
        {"not an address", ""},
        {"a@localhost", "a@localhost"},
        {"<>", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view value = data_exact(samples[i].value);
        struct arena *arena = arena_new();
        struct mail_address found[5];
        size_t count = mail_addresses(value, arena, found, 5);
        struct buffer text;

        buffer_init(&text, 1000);
        for (size_t j = 0; j < count; j++)
            buffer_printf(&text, "%s%.*s", j ? " " : "", VIEW_ARGUMENTS(found[j].address));
        assert_string_equal(buffer_string(&text), samples[i].want);
        buffer_free(&text);
        arena_free(&arena);
        data_free(value);
    }
}

static void a_from_names_one_or_nobody(void **state)
{
    static const struct {
        const char *value;
        const char *want; /* empty: nobody */
    } samples[] = {
        {"a@example.org", "a@example.org"},
        {"Ada <A@Example.org>", "a@example.org"},
        {"\"Lovelace, Ada\" <a@example.org>", "a@example.org"},
        {"Ada (at work) <a@example.org> (a comment) ", "a@example.org"},
        {"a@example.org (Ada)", "a@example.org"},
        {"Dr. Ada K. Lovelace <a@example.org>", "a@example.org"},
        {"Ad\xC3\xA4 <a@example.org>", "a@example.org"},
        {"=?utf-8?q?b=40example=2Eorg?= <a@example.org>", "a@example.org"},
        {"a@example.org <A@example.org>", "a@example.org"},
        {"x: a@example.org;", "a@example.org"},
        {"a@example.org (hi) b@example.org", ""},
        {"a@example.org b@example.org", ""},
        {"a@example.org <b@example.org>", "b@example.org"},
        {"<a@example.org> <b@example.org>", ""},
        {"<a@example.org> b@example.org", ""},
        {"Ada, Lovelace <a@example.org>", ""},
        {"a@example.org, b@example.org", ""},
        {"a@example.org, b@[192.0.2.1]", ""},
        {"b@[192.0.2.1], a@example.org", ""},
        {"a@example.org, x: b@[192.0.2.1];", ""},
        {"x: a@example.org, b@[192.0.2.1];", ""},
        {"a@example.org; b@example.org", ""},
        {"a@example.org, <>", ""},
        {"not an address", ""},
        {"<>", ""},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view value = data_exact(samples[i].value);
        struct arena *arena = arena_new();
        struct mail_address found = {0};

        mail_one_address(value, arena, &found);
        if (!view_equal_string(found.address, samples[i].want))
            fail_msg("%s: %.*s", samples[i].value, VIEW_ARGUMENTS(found.address));
        arena_free(&arena);
        data_free(value);
    }
}

/* One byte that is not UTF-8 makes no encoded word to syntax. */
static void values_stay_as_written(void **state)
{
    static const struct {
        const char *written, *want;
    } samples[] = {
        {"a =?utf-8?q?=29=3B?= b", "a =?utf-8?q?=29=3B?= b"},
        {"(\xFF =?utf-8?q?=29=3B?=)", "(\xC3\xBF =?utf-8?q?=29=3B?=)"},
        {"J\xF6rg", "J\xC3\xB6rg"},
        {"\x85\x9F\xA0", "??\xC2\xA0"},
        {"\xC3\xB6", "\xC3\xB6"},
    };
    char text[500];

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading;

        snprintf(text, sizeof(text), "X-Test: %s\n\n", samples[i].written);
        reading = read_text(text);
        assert_view(mail_value(&reading.mail.fields, "X-Test"), samples[i].want);
        end(&reading);
    }
}

static void ids_are_taken_out(void **state)
{
    static const struct {
        const char *value;
        const char *want;
    } samples[] = {
        {"<a@b>", "a@b"}, {"x <a@b>\t<c@d> y", "a@b c@d"}, {"< a@b >", "a@b"}, {"a@b", ""},
        {"<a@b", ""}, {"<ab>", ""}, {"<@b> <a@>", ""}, {"<a b@c>", ""}, {"<a@b>>\n<e@f>", "a@b e@f"},
        {"<1@a> <2@a> <3@a> <4@a>", "1@a 2@a 3@a"}, {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view value = data_exact(samples[i].value), ids[3];
        size_t count = mail_ids(value, ids, 3);
        struct buffer text;

        buffer_init(&text, 1000);
        for (size_t j = 0; j < count; j++)
            buffer_printf(&text, "%s%.*s", j ? " " : "", VIEW_ARGUMENTS(ids[j]));
        assert_string_equal(buffer_string(&text), samples[i].want);
        buffer_free(&text);
        data_free(value);
    }
}

static void parameters_are_found(void **state)
{
    static const struct {
        const char *value;
        const char *want;
    } samples[] = {
        {"text/plain; charset=utf-8", "utf-8"}, {"text/plain; CHARSET = \"utf-8\"; x=y", "utf-8"},
        {"text/plain; x=\"a;charset=b\"; charset=c", "c"}, {"text/plain", ""},
        {"text/plain; charset", ""}, {"charset=utf-8", ""}, {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view value = data_exact(samples[i].value);

        assert_view(mail_parameter(value, "charset"), samples[i].want);
        data_free(value);
    }
}

/* ---- text ---- */

static void plain_text_wins_over_html(void **state)
{
    static const struct {
        const char *mail;
        const char *want;
    } samples[] = {
        {"Content-Type: multipart/alternative; boundary=b\n\n--b\n\nplain\n--b\nContent-Type: "
         "text/html\n\n<p>html\n--b--\n", "plain"},
        {"Content-Type: text/html\n\n<p>one<br>two</p><blockquote>old</blockquote>", "one\ntwo\n> old"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: attachment\n\nno\n"
         "--b\n\nyes\n--b\nContent-Type: message/rfc822\n\nA: b\n\ninside\n--b--\n", "yes"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct reading reading = read_text(samples[i].mail);

        assert_view(view_trim(mail_text_whole(&reading.mail, reading.arena)), samples[i].want);
        end(&reading);
    }
}

/* ---- the real samples ---- */

static void real_mails_are_read(void **state)
{
    static const struct {
        const char *file;
        const char *subject;
    } samples[] = {
        {"mime/zbateson-m2004.txt", "Die Hasen und die Frösche"},
        {"mime/rubymail-invalid_subject_characters.eml",
         "Formação FrenetikPolis: Mega Campanha Final Verão | Cursos de Setembro"},
        {"mime/mimekit-delivery-status.txt", "email delivery error"},
        {"mime/rubymail-japanese_shift_jis.eml", "test"},
    };
    char path[512];

    (void)state;
    if (!data_path(samples[0].file, path))
        skip();
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view bytes;
        struct reading reading;

        assert_true(data_path(samples[i].file, path));
        bytes = data_read(path);
        reading = read_bytes(bytes);
        assert_non_null(mail_find(&reading.mail.fields, "Subject"));
        assert_view(mail_find(&reading.mail.fields, "Subject")->text, samples[i].subject);
        end(&reading);
        data_free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_unfolded_and_decoded),
        cmocka_unit_test(lines_that_are_no_fields_are_passed_over),
        cmocka_unit_test(any_line_ends_give_the_same),
        cmocka_unit_test(parts_are_decoded),
        cmocka_unit_test(structures_are_flattened),
        cmocka_unit_test(reports_tell_their_type),
        cmocka_unit_test(mails_inside_have_fields),
        cmocka_unit_test(file_names_are_decoded),
        cmocka_unit_test(much_is_cut),
        cmocka_unit_test(addresses_are_taken_out),
        cmocka_unit_test(a_from_names_one_or_nobody),
        cmocka_unit_test(values_stay_as_written),
        cmocka_unit_test(ids_are_taken_out),
        cmocka_unit_test(parameters_are_found),
        cmocka_unit_test(plain_text_wins_over_html),
        cmocka_unit_test(real_mails_are_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
