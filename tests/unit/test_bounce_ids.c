#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/bounce.h"
#include "unit/data.h"

#define HEAD "From: MAILER-DAEMON@mx.example.org\nTo: news@example.net\nSubject: Returned mail\n"
#define REPORT HEAD "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
#define STATUS "--b\nContent-Type: message/delivery-status\n\n"
#define RETURNED "--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <m1@example.net>\n" \
                 "From: news@example.net\nTo: ada@example.org\n--b--\n"
#define FEEDBACK "From: feedback@isp.example\nTo: abuse@example.net\nSubject: FW: Papers\n"
#define RETURNED_MAIL "--b\nContent-Type: message/rfc822\n\nFrom: news@example.net\n" \
                      "To: a@example.org\nMessage-ID: <m1@example.net>\n\nHi\n--b--\n"

/* Whose mail came back, by its Message-ID. */
static void returned_ids_are_found(void **state)
{
    static const struct {
        const char *mail;
        const char *want; /* parted by blanks */
    } samples[] = {
        {REPORT STATUS "X-Original-Message-ID: <m0@example.net>\n\nFinal-Recipient: rfc822; "
         "a@example.org\nAction: failed\n\n" RETURNED, "m1@example.net m0@example.net"},
        {HEAD "\nCannot be delivered:\n<a@example.org>: no\n\n--- Below this line is a copy of the "
         "message.\n\nReceived: x\nMessage-ID:\n <m2@example.net>\nReferences: <r@example.net>\n",
         "m2@example.net"},
        {HEAD "\nThis report relates to a message you sent with the following header fields:\n\n"
         "  Message-id: <m3@example.net>\n  Subject: x\n\nIt cannot be delivered:\n  Recipient "
         "address: a@example.org\n", "m3@example.net"},
        {FEEDBACK "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
         "message/feedback-report\n\nFeedback-Type: abuse\n\n" RETURNED_MAIL, "m1@example.net"},
        /* A name that only ends so, and what somebody has written. */
        {HEAD "\nCannot be delivered:\n<a@example.org>: no\n\nIn-Reply-To-Id: <m4@example.net>\nX-ID: "
         "<m4@example.net>\nX-Original-Message-ID: <m4@example.net>\nReferences: <m4@example.net>\n",
         ""},
        {"From: a@example.org\nSubject: Undelivered Mail Returned to Sender\n\nThe following address "
         "failed:\n<b@example.org>: 550 5.1.1 user unknown\n\nMessage-ID: <m5@example.net>\n", ""},
        {"From: a@example.org\nX-Failed-Recipients: b@example.org\n\n550 5.1.1 user unknown\n\n"
         "Received: x\nMessage-ID: <m6@example.net>\n", ""},
        {FEEDBACK "Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\n"
         "Message-ID: <m7@example.net>\n--b--\n", ""},
        {"From: a@example.org\nSubject: Spam report\nContent-Type: multipart/mixed; boundary=b\n\n"
         "--b\n\nMessage-ID: <m8@example.net>\n" RETURNED_MAIL, "m1@example.net"},
        {HEAD "\nCannot be delivered:\n<a@example.org>: no\n\nMessage-ID: <two words@x> <@x> <a@>\n",
         ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view bytes = data_exact(samples[i].mail);
        struct arena *arena = arena_new();
        struct bounce bounce;
        struct buffer text;
        struct mail mail;

        buffer_init(&text, 1 << 16);
        mail_read(bytes, arena, &mail);
        assert_true(bounce_read(&mail, arena, &bounce));
        for (size_t j = 0; j < bounce.returned_id_count; j++)
            buffer_printf(&text, "%s%.*s", j ? " " : "", VIEW_ARGUMENTS(bounce.returned_ids[j]));
        assert_string_equal(buffer_string(&text), samples[i].want);
        buffer_free(&text);
        arena_free(&arena);
        data_free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(returned_ids_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
