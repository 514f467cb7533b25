#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commands/token_command.h"

static void a_token_is_the_first_line(void **state)
{
    static const struct {
        const char *command;
        const char *want; /* a token, or an error's text */
        enum error_kind kind;
    } samples[] = {
        {"echo secret", "secret", ERROR_NONE},
        {"printf 'a b\\r\\nmore\\n'", "a b", ERROR_NONE},
        {"printf secret", "secret", ERROR_NONE},
        {"printf se; printf 'cret\\n'", "secret", ERROR_NONE},
        {"sleep 2 & echo secret", "secret", ERROR_NONE},
        {"echo secret; head -c 300000 /dev/zero", "secret", ERROR_NONE},
        {"true", "inbox.token_command printed no token", ERROR_CONFIGURATION},
        {"echo; echo secret", "inbox.token_command printed no token", ERROR_CONFIGURATION},
        {"echo secret; exit 3", "inbox.token_command ended with status 3", ERROR_TEMPORARY},
        {"kill -9 $$", "inbox.token_command was ended by signal 9", ERROR_TEMPORARY},
        {"cat", "inbox.token_command printed no token", ERROR_CONFIGURATION},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct error error = {ERROR_NONE, ""};
        char *token = NULL;
        int result = token_command_run(samples[i].command, 30, &token, &error);

        assert_int_equal(result, samples[i].kind == ERROR_NONE ? 0 : -1);
        assert_int_equal(error.kind, samples[i].kind);
        assert_string_equal(token ? token : error.text, samples[i].want);
        free(token);
    }
}

static void what_takes_too_long_is_ended(void **state)
{
    static const char *const COMMANDS[] = {"sleep 1000", "sleep 1000 | cat", "echo secret; sleep 1000",
                                           "exec >&-; sleep 1000", "printf secret; sleep 1000"};

    (void)state;
    for (size_t i = 0; i < sizeof(COMMANDS) / sizeof(*COMMANDS); i++) {
        struct error error = {ERROR_NONE, ""};
        char *token = NULL;

        assert_int_equal(token_command_run(COMMANDS[i], 1, &token, &error), -1);
        assert_null(token);
        assert_int_equal(error.kind, ERROR_TEMPORARY);
        assert_string_equal(error.text,
                            "inbox.token_command was ended: it took longer than 1 s");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_the_first_line),
        cmocka_unit_test(what_takes_too_long_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
