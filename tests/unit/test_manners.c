#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/manners.h"
#include "unit/data.h"

static enum manners_kind kind_of(const char *text, struct buffer *ret_why)
{
    const struct view own[] = {VIEW("paperboy@example.net"), VIEW(""), VIEW("owner@example.net")};
    struct view bytes = data_exact(text), why = {0};
    struct arena *arena = arena_new();
    enum manners_kind kind;
    struct mail mail;

    mail_read(bytes, arena, &mail);
    kind = manners_of(&mail, own, sizeof(own) / sizeof(own[0]), arena, &why);
    assert_int_equal(manners_of(&mail, own, 3, arena, NULL), kind);
    buffer_clear(ret_why);
    buffer_add_view(ret_why, why);
    arena_free(&arena);
    data_free(bytes);
    return kind;
}

#define FROM "From: Ada <ada@example.org>\n"

static void machines_are_told_from_people(void **state)
{
    static const struct {
        const char *mail;
        enum manners_kind want;
        const char *why;
    } samples[] = {
        {FROM "Subject: subscribe\n\nhi\n", MANNERS_PERSON, "a person's mail"},
        {FROM "Auto-Submitted: no\nPrecedence: first-class\n\n", MANNERS_PERSON, "a person's mail"},
        {FROM "Return-Path: <ada@example.org>\n\n", MANNERS_PERSON, "a person's mail"},
        {FROM "Subject: vacation from mail: pause 2 weeks\n\n", MANNERS_PERSON, "a person's mail"},
        {FROM "X-Autoreply: no\n\n", MANNERS_PERSON, "a person's mail"},
        {FROM "X-Auto-Response-Suppress: DR\n\n", MANNERS_PERSON, "a person's mail"},

        {FROM "Auto-Submitted: auto-replied; owner-email=\"a@b\"\n\n", MANNERS_AUTO_REPLY,
         "Auto-Submitted: auto-replied"},
        {FROM "auto-submitted: Auto-Generated\n\n", MANNERS_AUTO_REPLY,
         "Auto-Submitted: Auto-Generated"},
        {FROM "X-Autorespond: Papers\n\n", MANNERS_AUTO_REPLY, "it has the field: X-Autorespond"},
        {FROM "X-Auto-Response-Suppress: DR, OOF, AutoReply\n\n", MANNERS_AUTO_REPLY,
         "it asks for no automatic answer: X-Auto-Response-Suppress"},
        {FROM "Precedence: auto_reply\n\n", MANNERS_AUTO_REPLY, "Precedence: auto_reply"},
        {FROM "Subject: Out of Office: Papers\n\n", MANNERS_AUTO_REPLY,
         "its subject: Out of Office: Papers"},
        {FROM "Subject: =?utf-8?Q?R=C3=A9ponse_automatique_?= : x\n\n", MANNERS_AUTO_REPLY, NULL},
        {FROM "Subject: 自动回复: Papers\n\n", MANNERS_AUTO_REPLY, "its subject: 自动回复: Papers"},
        {FROM "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n"
         "--b\n\nread\n--b--\n", MANNERS_AUTO_REPLY, "it is a report: disposition-notification"},
        {FROM "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nread\n--b\nContent-Type: "
         "message/disposition-notification\n\nA: b\n--b--\n", MANNERS_AUTO_REPLY,
         "it is a report: message/disposition-notification"},

        {FROM "List-Id: <x.example.org>\n\n", MANNERS_LIST, "it came over a mailing list: List-Id"},
        {FROM "list-unsubscribe: <mailto:x@y>\n\n", MANNERS_LIST,
         "it came over a mailing list: List-Unsubscribe"},
        {FROM "X-BeenThere: x@example.org\n\n", MANNERS_LIST,
         "it came over a mailing list: X-BeenThere"},
        {FROM "Precedence: bulk\n\n", MANNERS_BULK, "Precedence: bulk"},
        {FROM "Precedence: JUNK\n\n", MANNERS_BULK, "Precedence: JUNK"},
        {FROM "Precedence: list\n\n", MANNERS_BULK, "Precedence: list"},

        {"From: Paperboy@Example.net\n\n", MANNERS_OWN, "it is our own: paperboy@example.net"},
        {"From: owner@example.net\nAuto-Submitted: auto-replied\n\n", MANNERS_OWN,
         "it is our own: owner@example.net"},

        {"Return-Path: <>\n" FROM "\n", MANNERS_DAEMON, "its return path is null"},
        {"From: MAILER-DAEMON@example.org\n\n", MANNERS_DAEMON,
         "nobody reads the answers of: mailer-daemon@example.org"},
        {"From: No-Reply <no-reply@example.org>\n\n", MANNERS_DAEMON,
         "nobody reads the answers of: no-reply@example.org"},

        {"Subject: nobody\n\n", MANNERS_NOBODY, "it has no From with one usable address"},
        {"From: a@example.org, b@example.org\n\n", MANNERS_NOBODY,
         "it has no From with one usable address: a@example.org, b@example.org"},
        {FROM "From: b@example.org\n\n", MANNERS_NOBODY, NULL},
        {"From: not an address\n\n", MANNERS_NOBODY,
         "it has no From with one usable address: not an address"},
    };
    struct buffer why;

    (void)state;
    buffer_init(&why, 4096);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        enum manners_kind kind = kind_of(samples[i].mail, &why);

        if (kind != samples[i].want ||
            (samples[i].why && strcmp(buffer_string(&why), samples[i].why) != 0))
            fail_msg("%s%d, want %d: %s", samples[i].mail, kind, samples[i].want,
                     buffer_string(&why));
    }
    buffer_free(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_are_told_from_people),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
