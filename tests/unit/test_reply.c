#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/reply.h"
#include "delivery/retry.h"
#include "unit/data.h"

static void enhanced_codes_stand_first_and_fit(void **state)
{
    static const struct {
        int code;
        const char *text;
        const char *want;
    } cases[] = {
        {250, "2.0.0 Ok: queued as 4", "2.0.0"},
        {550, "5.1.1 <a@b.example>: unknown", "5.1.1"},
        {421, "4.7.28 too fast", "4.7.28"},
        {550, "5.100.999", "5.100.999"},
        {550, "4.1.1 another class", ""},
        {550, "5.1.1.1 an address", ""},
        {550, "5.1 half", ""},
        {550, "5.1000.1 too long", ""},
        {550, "5..1", ""},
        {550, "5.1.", ""},
        {550, "5.1.1x", ""},
        {550, "No such user 5.1.1", ""},
        {550, "", ""},
        {0, "5.1.1 x", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        char enhanced[12] = "unset";

        reply_find_enhanced(cases[i].code, text, enhanced);
        if (strcmp(enhanced, cases[i].want) != 0)
            fail_msg("%d %s: \"%s\"", cases[i].code, cases[i].text, enhanced);
        data_free(text);
    }
}

static void replies_are_one_clean_line(void **state)
{
    static const struct {
        const char *lines[4];
        const char *want;
    } cases[] = {
        {{"first", "second "}, "first second"},
        {{"", "  ", "x"}, "x"},
        {{"tab\there", "bell\a"}, "tab here bell"},
        {{"caf\xc3\xa9 \xff"}, "caf\xc3\xa9 \xef\xbf\xbd"},
        {{"0123456789012345", "6789"}, "0123456789012345 67"},
        {{"01234567890123456\xc3\xa9"}, "01234567890123456\xc3\xa9"},
        {{"012345678901234567\xc3\xa9"}, "012345678901234567"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[20] = "";

        for (size_t k = 0; k < 4 && cases[i].lines[k]; k++) {
            struct view line = data_exact(cases[i].lines[k]);

            reply_add_line(text, sizeof(text), line);
            data_free(line);
        }
        if (strcmp(text, cases[i].want) != 0)
            fail_msg("\"%s\", wanted \"%s\"", text, cases[i].want);
    }
}

static void commands_open_stages(void **state)
{
    static const struct {
        const char *line;
        enum smtp_stage before;
        enum smtp_stage want;
    } cases[] = {
        {"EHLO host\r\n", STAGE_CONNECT, STAGE_EHLO},
        {"HELO host\r\n", STAGE_EHLO, STAGE_EHLO},
        {"STARTTLS\r\n", STAGE_EHLO, STAGE_TLS},
        {"AUTH PLAIN\r\n", STAGE_EHLO, STAGE_AUTH},
        {"AHVzZXIAcGFzcw==\r\n", STAGE_AUTH, STAGE_AUTH},
        {"DATA\r\n", STAGE_AUTH, STAGE_AUTH},
        {"DATAquit\r\n", STAGE_AUTH, STAGE_AUTH},
        {"MAIL FROM:<a@b.example>\r\n", STAGE_AUTH, STAGE_MAIL},
        {"RCPT TO:<a@b.example>\r\n", STAGE_MAIL, STAGE_RCPT},
        {"DATA\r\n", STAGE_RCPT, STAGE_DATA},
        {"QUIT\r\n", STAGE_RCPT, STAGE_QUIT},
        {"", STAGE_RCPT, STAGE_RCPT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view line = data_exact(cases[i].line);

        if (smtp_stage_of_command(line, cases[i].before) != cases[i].want)
            fail_msg("%s", cases[i].line);
        data_free(line);
    }
}

static void replies_concern_the_right_party(void **state)
{
    static const struct {
        enum smtp_stage stage;
        int code;
        const char *enhanced;
        const char *text;
        enum delivery_result_kind want;
        bool suspect;
    } cases[] = {
        {STAGE_CONNECT, 554, "", "no service", RESULT_RELAY_DOWN, false},
        {STAGE_CONNECT, 421, "", "busy", RESULT_RELAY_DOWN, false},
        {STAGE_AUTH, 535, "5.7.8", "bad password", RESULT_RELAY_DOWN, false},
        {STAGE_MAIL, 451, "4.3.0", "", RESULT_DEFERRED, true},
        {STAGE_MAIL, 550, "5.1.8", "sender refused", RESULT_DEFERRED, true},
        {STAGE_MAIL, 530, "5.7.0", "authentication required", RESULT_RELAY_DOWN, false},
        {STAGE_MAIL, 552, "5.3.4", "too large", RESULT_FAILED, false},
        {STAGE_MAIL, 552, "", "too large", RESULT_FAILED, false},
        {STAGE_MAIL, 552, "5.2.2", "quota", RESULT_DEFERRED, true},
        {STAGE_RCPT, 450, "4.2.0", "greylisted", RESULT_DEFERRED, false},
        {STAGE_RCPT, 421, "4.7.0", "closing", RESULT_DEFERRED, true},
        {STAGE_RCPT, 421, "4.7.28", "unusual rate", RESULT_DEFERRED, false},
        {STAGE_MAIL, 451, "4.7.1", "greylisted", RESULT_DEFERRED, false},
        {STAGE_MAIL, 450, "4.7.1", "too much mail from you", RESULT_DEFERRED, false},
        {STAGE_DATA, 550, "5.7.1", "greylisted", RESULT_DEFERRED, true},
        {STAGE_RCPT, 550, "5.1.1", "unknown", RESULT_FAILED, false},
        {STAGE_RCPT, 554, "5.7.1", "<a@b.example>: Relay access denied", RESULT_DEFERRED, true},
        {STAGE_RCPT, 550, "5.7.1", "policy", RESULT_FAILED, false},
        {STAGE_RCPT, 503, "", "bad sequence", RESULT_DEFERRED, true},
        {STAGE_RCPT, 0, "", "", RESULT_DEFERRED, true},
        {STAGE_RCPT, 250, "", "", RESULT_DEFERRED, true},
        {STAGE_DATA, 554, "5.7.1", "blocked using a list", RESULT_DEFERRED, true},
        {STAGE_DATA, 554, "", "no valid recipients", RESULT_DEFERRED, true},
        {STAGE_DATA, 502, "5.5.1", "not implemented", RESULT_DEFERRED, true},
        {STAGE_DATA, 451, "", "", RESULT_DEFERRED, false},
        {STAGE_BODY, 552, "5.3.4", "too large", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.7.1", "spam", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "", "message rejected as spam", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 550, "5.7.1", "this message is likely unsolicited mail", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.7.1", "virus found", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "", "no such user here", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.7.1", "spam; client host blocked using zen.example.net",
         RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.1.8", "sender refused as spam", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 451, "4.7.1", "spam", RESULT_DEFERRED, false},
        {STAGE_MAIL, 554, "5.7.1", "spam", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.7.26", "not authenticated by SPF or DKIM", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "", "blocked", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 554, "", "transaction failed", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 554, "5.3.0", "queue file write error", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.1.8", "sender's domain unknown", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.0.0", "rejected", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.1.1", "unknown user", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 550, "5.1.10", "no such recipient", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.2.2", "over quota", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.3.4", "too large", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 554, "5.6.0", "content refused", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 550, "5.7.2", "members only", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 550, "5.7.20", "no passing DKIM signature", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.7.13", "account disabled", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 552, "", "too large", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 552, "5.7.0", "an attachment is forbidden", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 553, "", "no such mailbox", RESULT_FAILED, false},
        {STAGE_END_OF_DATA, 451, "4.3.2", "", RESULT_DEFERRED, false},
        {STAGE_END_OF_DATA, 421, "", "", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 999, "", "", RESULT_DEFERRED, true},
        /* Our own account's, in words that are said of a recipient's as well. */
        {STAGE_END_OF_DATA, 554, "5.7.1", "Your account has been suspended", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.7.1", "The sending account is disabled", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "", "sending quota exceeded for this account", RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.7.0", "policy violation: too many messages from your account",
         RESULT_DEFERRED, true},
        {STAGE_END_OF_DATA, 550, "5.2.1", "the account is disabled", RESULT_FAILED, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct reply_meaning meaning = reply_classify(cases[i].stage, cases[i].code,
                                                      cases[i].enhanced, cases[i].text);

        if (meaning.kind != cases[i].want || meaning.suspect_relay != cases[i].suspect)
            fail_msg("%s %d: %d %d", smtp_stage_name(cases[i].stage), cases[i].code, meaning.kind,
                     meaning.suspect_relay);
    }
}

static void retries_wait_longer_and_longer(void **state)
{
    static const struct {
        int attempts;
        int64_t seconds;
    } cases[] = {{0, 300}, {1, 300}, {2, 900}, {3, 1800}, {4, 3600}, {5, 3600}, {1000, 3600}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t tenth = cases[i].seconds / 10, least = INT64_MAX, most = 0;

        for (uint32_t random = 0; random < 10000; random++) {
            int64_t wait = retry_after(1000000, cases[i].attempts, random) - 1000000;

            least = wait < least ? wait : least;
            most = wait > most ? wait : most;
        }
        assert_int_equal(least, cases[i].seconds - tenth);
        assert_int_equal(most, cases[i].seconds + tenth);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(enhanced_codes_stand_first_and_fit),
        cmocka_unit_test(replies_are_one_clean_line),
        cmocka_unit_test(commands_open_stages),
        cmocka_unit_test(replies_concern_the_right_party),
        cmocka_unit_test(retries_wait_longer_and_longer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
