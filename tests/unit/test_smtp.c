#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data.h"
#include "unit/relay.h"

static void messages_go_over_one_connection(void **state)
{
    struct relay relay = relay_play(NULL, 0);
    struct delivery_result result;
    struct error error = {0};
    char name[40];

    (void)state;
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof(name), "reader%d@example.test", i);
        relay_must_send(&relay, name);
    }
    assert_int_equal(relay_send(&relay, "last@example.test", &result, &error), 0);
    assert_int_equal(result.code, 250);
    assert_string_equal(result.enhanced, "2.0.0");
    assert_string_equal(result.reply, "250 2.0.0 taken");
    assert_string_equal(result.stage, "end-of-data");
    assert_int_equal(smtp_server_connections(relay.server), 1);
    assert_int_equal(smtp_server_taken_count(relay.server), 21);
    assert_string_equal(smtp_server_taken(relay.server, 7)->recipient, "reader7@example.test");
    assert_string_equal(smtp_server_taken(relay.server, 7)->sender, "news+token@example.org");
    relay_end(&relay);
}

static void the_null_sender_is_two_brackets(void **state)
{
    const struct message message = {"", "ada@example.test", VIEW(RELAY_MESSAGE)};
    struct relay relay = relay_play(NULL, 0);
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    assert_int_equal(transport_send(relay.transport, &message, NULL, &result, &error), 0);
    assert_int_equal(result.kind, RESULT_SENT);
    assert_int_equal(smtp_server_heard(relay.server, "MAIL FROM:<>"), 1);
    relay_end(&relay);
}

/* `size` bytes of lines and then `tail`; every tenth line begins with dots. */
static struct view make_message(size_t size, const char *tail)
{
    enum { LINE = 58 };
    size_t tail_size = strlen(tail), at = 0;
    char *bytes = malloc(size + tail_size);

    assert_non_null(bytes);
    while (at < size) {
        size_t length = size - at < 2 * LINE ? size - at : LINE;

        memset(bytes + at, 'x', length);
        memset(bytes + at, '.', at / LINE % 10 == 0 ? at / LINE % 3 + 1 : 0);
        memcpy(bytes + at + length - 2, "\r\n", 2);
        at += length;
    }
    memcpy(bytes + size, tail, tail_size);
    return (struct view){bytes, size + tail_size};
}

static void check_arrival(struct relay *relay, struct view bytes)
{
    const struct message message = {"a@example.org", "b@example.test", bytes};
    size_t index = smtp_server_taken_count(relay->server);
    struct delivery_result result;
    struct error error = {0};

    if (transport_send(relay->transport, &message, NULL, &result, &error) < 0)
        fail_msg("%s", error.text);
    if (result.kind != RESULT_SENT)
        fail_msg("%zu bytes: %s: %s", bytes.size, result.stage, result.reply);
    if (!view_equal(smtp_server_taken(relay->server, index)->bytes, bytes))
        fail_msg("%zu bytes: arrived otherwise", bytes.size);
}

static void every_size_arrives(enum smtp_pipelining pipelining)
{
    static const size_t sizes[] = {60, 1000, 16383, 16384, 16385, 65534, 65535, 65536, 65537,
                                   65538, 65593, 131071, 131072, 131073, 1000000};
    struct relay relay = relay_play_as(NULL, 0, pipelining);

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct view bytes = make_message(sizes[i], "");

        check_arrival(&relay, bytes);
        free((char *)bytes.data);
    }
    assert_int_equal(smtp_server_connections(relay.server), 1);
    relay_end(&relay);
}

static void every_size_arrives_byte_for_byte(void **state)
{
    (void)state;
    every_size_arrives(SMTP_PLAIN);
    every_size_arrives(SMTP_PIPELINING);
}

static void dots_arrive_byte_for_byte(void **state)
{
    static const char *const texts[] = {
        ".\r\n", "..\r\n", ".\r\n.\r\n", "...\r\n..\r\n.\r\n", "x\r\n.\r\n", "x\r\n.\r\ny\r\n",
        "\r\n", "\r\n.\r\n", "\r\n\r\n.\r\n\r\n", ".a\r\n..b\r\n", "a.\r\n.\r\n.b\r\n",
    };
    struct relay relay = relay_play(NULL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct view bytes = data_exact(texts[i]);

        check_arrival(&relay, bytes);
        data_free(bytes);
    }
    /* A dotted line at every place around the end of the buffers that are usual. */
    for (size_t size = 65536 - 70; size < 65536 + 8; size++) {
        struct view bytes = make_message(size, ".\r\n..\r\nend\r\n");

        check_arrival(&relay, bytes);
        free((char *)bytes.data);
    }
    relay_end(&relay);
}

static void bad_addresses_never_reach_the_wire(void **state)
{
    static const char *const addresses[] = {
        "a@b.test\r\nRCPT TO:<c@d.test>", "a@b.test\n", "a b@c.test", "a@b.test> SIZE=1",
        "<a@b.test>", "a\tb@c.test", "a@b.test\x7f", "\xc3\xa4@b.test", "", "a", "\"x\"@b.test",
        "a,b@c.test", "a@b.test;c",
    };
    struct relay relay = relay_play(NULL, 0);
    char long_address[400];

    (void)state;
    memset(long_address, 'a', sizeof(long_address));
    memcpy(long_address + 250, "@b.test", 8);
    for (size_t i = 0; i <= sizeof(addresses) / sizeof(addresses[0]); i++) {
        const char *bad = i < sizeof(addresses) / sizeof(addresses[0]) ? addresses[i]
                                                                       : long_address;
        struct delivery_result result;
        struct error error = {0};
        struct message message = {bad, "ok@example.test", VIEW(RELAY_MESSAGE)};

        assert_int_equal(relay_send(&relay, bad, &result, &error), 0);
        assert_int_equal(result.kind, RESULT_FAILED);
        assert_string_equal(result.stage, "address");
        if (!bad[0])
            continue;
        assert_int_equal(transport_send(relay.transport, &message, NULL, &result, &error), -1);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
    }
    assert_int_equal(smtp_server_connections(relay.server), 0);
    relay_end(&relay);
}

static void bad_messages_never_reach_the_wire(void **state)
{
    static const struct {
        struct view bytes;
        const char *want;
    } cases[] = {
        {{"", 0}, "is empty"},
        {{"a\n.\r\n", 5}, "line feed without carriage return"},
        {{"a\r.\r\n", 5}, "carriage return without line feed"},
        {{"a\r\r\n", 4}, "carriage return without line feed"},
        {{"a", 1}, "does not end in a line break"},
        {{"a\0b\r\n", 5}, "NUL"},
    };
    struct relay relay = relay_play(NULL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view exact = data_exact_view(cases[i].bytes);
        const struct message message = {"a@example.org", "b@example.test", exact};
        struct delivery_result result;
        struct error error = {0};

        assert_int_equal(transport_send(relay.transport, &message, NULL, &result, &error), 0);
        assert_int_equal(result.kind, RESULT_FAILED);
        if (!strstr(result.reply, cases[i].want))
            fail_msg("%s, wanted: %s", result.reply, cases[i].want);
        data_free(exact);
    }
    assert_int_equal(smtp_server_connections(relay.server), 0);
    relay_end(&relay);
}

struct hooked {
    int begun;
    int refuse;
    size_t heard_data;
    struct smtp_server *server;
};

static int note_begin(void *user)
{
    struct hooked *hooked = user;

    hooked->begun++;
    hooked->heard_data = (size_t)smtp_server_heard(hooked->server, "DATA");
    return hooked->refuse ? -1 : 0;
}

static void begin_is_called_once_data_has_begun(void **state)
{
    static const struct smtp_rule refuse = {"rcpt", "550 no\r\n", 0, 0, "bad@"};
    const struct message good = {"a@example.org", "good@example.test", VIEW(RELAY_MESSAGE)};
    const struct message bad = {"a@example.org", "bad@example.test", VIEW(RELAY_MESSAGE)};
    struct relay relay = relay_play(&refuse, 1);
    struct hooked hooked = {.server = relay.server};
    const struct transport_hooks hooks = {.begin = note_begin, .user = &hooked};
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    assert_int_equal(transport_send(relay.transport, &bad, &hooks, &result, &error), 0);
    assert_int_equal(hooked.begun, 0);
    assert_int_equal(transport_send(relay.transport, &good, &hooks, &result, &error), 0);
    assert_int_equal(result.kind, RESULT_SENT);
    assert_int_equal(hooked.begun, 1);
    assert_int_equal(hooked.heard_data, 1);
    hooked.refuse = 1;
    assert_int_equal(transport_send(relay.transport, &good, &hooks, &result, &error), 0);
    assert_int_equal(result.kind, RESULT_STOPPED);
    assert_int_equal(hooked.begun, 2);
    relay_must_send(&relay, "good@example.test");
    smtp_server_stop(relay.server);
    assert_int_equal(smtp_server_taken_count(relay.server), 2);
    relay_end(&relay);
}

/* More than what the buffers between here and the relay hold. */
static void begin_is_called_once_for_a_message_that_goes_out_twice(void **state)
{
    static const struct smtp_rule rule = {"body", SMTP_DROP, 0, 1, NULL};
    struct view bytes = make_message((size_t)6 << 20, "");
    const struct message message = {"a@example.org", "b@example.test", bytes};
    struct smtp_server_options script = {.rules = &rule, .rule_count = 1};
    struct relay relay = {.server = smtp_server_start(&script)};
    struct hooked hooked = {.server = relay.server};
    const struct transport_hooks hooks = {.begin = note_begin, .user = &hooked};
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    /* Longer than the tests' server, sanitized, takes to read that much. */
    relay_open(&relay, &(struct transport_options){.reply_timeout_ms = 60000}, "smtp", "127.0.0.1");
    assert_int_equal(transport_send(relay.transport, &message, &hooks, &result, &error), 0);
    assert_int_equal(result.kind, RESULT_SENT);
    assert_int_equal(hooked.begun, 1);
    assert_int_equal(smtp_server_connections(relay.server), 2);
    assert_int_equal(smtp_server_taken_count(relay.server), 1);
    relay_end(&relay);
    free((char *)bytes.data);
}

static void nobody_listens(void **state)
{
    struct transport *transport = NULL;
    struct relay relay = relay_play(NULL, 0);
    struct delivery_result result;
    struct error error = {0};
    char url[100];

    (void)state;
    snprintf(url, sizeof(url), "smtp://127.0.0.1:%d", smtp_server_port(relay.server));
    transport = relay.transport;
    smtp_server_stop(relay.server);
    assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(error.text, url));
    assert_int_equal(transport_check(transport, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    relay_end(&relay);
}

static void bad_urls_are_refused(void **state)
{
    static const struct {
        struct transport_options options;
        const char *want;
    } cases[] = {
        {{.url = "ftp://example.org"}, "must be smtp://HOST"},
        {{.url = "smtp://"}, "is no URL"},
        {{.url = "smtp://a b"}, "is no URL"},
        {{.url = "smtp://user:secret@example.org"}, "must hold no login"},
        {{.url = "smtp://example.org:99999"}, "is no URL"},
        {{.url = "smtp://example.org", .ehlo = "a\r\nMAIL"}, "is no host name"},
        {{.url = "maildir:"}, "names no folder"},
        {{.url = NULL}, "must be smtp://HOST"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct transport *transport = NULL;
        struct error error = {0};

        assert_int_equal(transport_open(&cases[i].options, &transport, &error), -1);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        if (!strstr(error.text, cases[i].want))
            fail_msg("%s, wanted: %s", error.text, cases[i].want);
    }
}

static int ignore_pipes(void **state)
{
    (void)state;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_go_over_one_connection),
        cmocka_unit_test(the_null_sender_is_two_brackets),
        cmocka_unit_test(every_size_arrives_byte_for_byte),
        cmocka_unit_test(dots_arrive_byte_for_byte),
        cmocka_unit_test(bad_addresses_never_reach_the_wire),
        cmocka_unit_test(bad_messages_never_reach_the_wire),
        cmocka_unit_test(begin_is_called_once_data_has_begun),
        cmocka_unit_test(begin_is_called_once_for_a_message_that_goes_out_twice),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(bad_urls_are_refused),
    };

    return cmocka_run_group_tests(tests, ignore_pipes, NULL);
}
