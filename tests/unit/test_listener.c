#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/listener.h"

static void test_addresses(void **state)
{
    static const struct {
        const char *text;
        bool is_good;
    } samples[] = {
        {"127.0.0.1:8025", true}, {"[::1]:8025", true}, {"localhost:0", true}, {":8025", true},
        {"papers.example.org:80", true}, {"127.0.0.1:65535", true},
        {"", false}, {"127.0.0.1", false}, {"127.0.0.1:", false}, {"127.0.0.1:x", false},
        {"127.0.0.1:-1", false}, {"127.0.0.1:65536", false}, {"127.0.0.1:99999999999999999999", false},
        {"::1:8025", false}, {"[::1]", false}, {"http://127.0.0.1:80", false}, {":", false},
        {"127.0.0.1:80/", false}, {"127.0.0.1: 80", false}, {"8025", false}, {"[::1:8025", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct error error = {0};

        assert_int_equal(listener_check(samples[i].text, &error), samples[i].is_good ? 0 : -1);
        if (!samples[i].is_good)
            assert_int_equal(error.kind, ERROR_CONFIGURATION);
    }
}

static void test_long_hosts(void **state)
{
    char text[2000];
    struct error error;

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text + sizeof(text) - 4, ":80", 4);
    assert_int_equal(listener_check(text, &error), -1);
}

static void test_opening(void **state)
{
    int sockets[LISTENERS], more[LISTENERS];
    char name[LISTENER_NAME_BYTES], taken[64];
    size_t count, more_count;
    struct error error;
    unsigned port;

    (void)state;
    assert_int_equal(listener_open("127.0.0.1:0", sockets, &count, &error), 0);
    assert_int_equal(count, 1);
    listener_name(sockets[0], false, name);
    assert_int_equal(sscanf(name, "http://127.0.0.1:%u/", &port), 1);
    assert_true(port > 0);
    listener_name(sockets[0], true, name);
    assert_int_equal(strncmp(name, "https://", 8), 0);
    snprintf(taken, sizeof(taken), "127.0.0.1:%u", port);
    assert_int_equal(listener_open(taken, more, &more_count, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_int_equal(more_count, 0);
    close(sockets[0]);
    assert_int_equal(listener_open(taken, more, &more_count, &error), 0);
    close(more[0]);
    assert_int_equal(listener_open("host.invalid:80", more, &more_count, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
    listener_name(-1, false, name);
    assert_string_equal(name, "a local socket");
}

static void test_inheriting(void **state)
{
    static const struct {
        const char *process, *count;
    } samples[] = {{NULL, NULL}, {"1", "1"}, {"x", "1"}, {"", ""}, {NULL, "3"}, {"1", NULL}};
    int sockets[LISTENERS];
    char own[24];
    size_t count;
    struct error error;

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        unsetenv("LISTEN_PID");
        unsetenv("LISTEN_FDS");
        if (samples[i].process)
            setenv("LISTEN_PID", samples[i].process, 1);
        if (samples[i].count)
            setenv("LISTEN_FDS", samples[i].count, 1);
        assert_int_equal(listener_inherit(sockets, &count, &error), 0);
        assert_int_equal(count, 0);
        assert_null(getenv("LISTEN_PID"));
        assert_null(getenv("LISTEN_FDS"));
    }
    /* One that does not listen, or is not open at all. */
    snprintf(own, sizeof(own), "%ld", (long)getpid());
    setenv("LISTEN_PID", own, 1);
    setenv("LISTEN_FDS", "7", 1);
    assert_int_equal(listener_inherit(sockets, &count, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_long_hosts),
        cmocka_unit_test(test_opening), cmocka_unit_test(test_inheriting)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
