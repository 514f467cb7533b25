#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/imap_wire.h"
#include "unit/data.h"

static void this_machine_is_an_address(void **state)
{
    static const struct {
        const char *url;
        bool want;
    } samples[] = {
        {"imap://localhost/INBOX", true},        {"imap://127.0.0.1:143/INBOX", true},
        {"imap://127.1.2.3/", true},             {"imap://[::1]/INBOX", true},
        {"imap://ada@127.0.0.1/", true},         {"imap://127.evil.example/INBOX", false},
        {"imap://127.0.0.1.evil.example", false}, {"imap://localhost.evil.example/", false},
        {"imap://128.0.0.1/", false},            {"imap://127.0.0.1@evil.example/", false},
        {"imap://[::2]/", false},                {"nonsense", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        if (imap_wire_is_loopback(samples[i].url) != samples[i].want)
            fail_msg("%s", samples[i].url);
}

static void some_refusals_pass(void **state)
{
    static const char *const PASS[] = {"UNAVAILABLE", "unavailable", "INUSE", "SERVERBUG"};
    static const char *const LAST[] = {"AUTHENTICATIONFAILED", "NONEXISTENT", "UNAVAILABLE2", ""};

    (void)state;
    for (size_t i = 0; i < sizeof(PASS) / sizeof(*PASS); i++) {
        struct view code = data_exact(PASS[i]);

        assert_true(imap_wire_is_passing(code));
        data_free(code);
    }
    for (size_t i = 0; i < sizeof(LAST) / sizeof(*LAST); i++) {
        struct view code = data_exact(LAST[i]);

        assert_false(imap_wire_is_passing(code));
        data_free(code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(this_machine_is_an_address),
        cmocka_unit_test(some_refusals_pass),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
