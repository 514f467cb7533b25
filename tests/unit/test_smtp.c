#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

static void every_size_arrives_byte_for_byte(void **state)
{
    static const size_t sizes[] = {60, 1000, 16383, 16384, 16385, 65534, 65535, 65536, 65537,
                                   65538, 65593, 131071, 131072, 131073, 1000000};
    struct relay relay = relay_play(NULL, 0);

    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct view bytes = make_message(sizes[i], "");

        check_arrival(&relay, bytes);
        free((char *)bytes.data);
    }
    assert_int_equal(smtp_server_connections(relay.server), 1);
    relay_end(&relay);
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
    /* A dotted line at every place around the end of libcurl's buffer. */
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

/* One bad answer at the second message: what becomes of that message, and the
 * first and the third are sent all the same. */
static const struct misfortune {
    const char *name;
    struct smtp_rule rule;
    enum delivery_result_kind want;
    int code;
    const char *stage;
    int taken; /* messages that the relay has in the end */
} misfortunes[] = {
    {"4xx at MAIL", {"mail", "451 4.3.0 later\r\n", 1, 1, NULL}, RESULT_DEFERRED, 451, "mail", 2},
    {"5xx at MAIL", {"mail", "550 5.1.8 you?\r\n", 1, 1, NULL}, RESULT_DEFERRED, 550, "mail", 2},
    {"421 at MAIL", {"mail", "421 4.3.2 bye\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250,
     "end-of-data", 3},
    {"drop at MAIL", {"mail", SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"two drops at MAIL", {"mail", SMTP_DROP, 1, 2, NULL}, RESULT_DEFERRED, 0, "mail", 2},
    {"garbage at MAIL", {"mail", "banana\r\n" SMTP_DROP, 1, 2, NULL}, RESULT_DEFERRED, 0, "mail", 2},
    {"greylisting", {"rcpt", "450 4.2.0 greylisted\r\n", 1, 1, NULL}, RESULT_DEFERRED, 450, "rcpt",
     2},
    {"unknown user", {"rcpt", "550 5.1.1 no such user\r\n", 1, 1, NULL}, RESULT_FAILED, 550, "rcpt",
     2},
    {"no relaying", {"rcpt", "554 5.7.1 Relay access denied\r\n", 1, 1, NULL}, RESULT_DEFERRED, 554,
     "rcpt", 2},
    {"421 at RCPT", {"rcpt", "421 4.7.0 bye\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250,
     "end-of-data", 3},
    {"two 421 at RCPT", {"rcpt", "421 4.7.0 bye\r\n" SMTP_DROP, 1, 2, NULL}, RESULT_DEFERRED, 421,
     "rcpt", 2},
    {"drop at RCPT", {"rcpt", SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"5xx at DATA", {"data", "554 5.7.1 spam\r\n", 1, 1, NULL}, RESULT_FAILED, 554, "data", 2},
    {"4xx at DATA", {"data", "451 4.3.0 later\r\n", 1, 1, NULL}, RESULT_DEFERRED, 451, "data", 2},
    {"drop at DATA", {"data", SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"250 at DATA", {"data", "250 what?\r\n", 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"5xx at the end", {"end", "554 5.6.0 spam\r\n", 1, 1, NULL}, RESULT_FAILED, 554, "end-of-data",
     2},
    {"4xx at the end", {"end", "452 4.3.1 full\r\n", 1, 1, NULL}, RESULT_DEFERRED, 452,
     "end-of-data", 2},
    {"421 at the end", {"end", "421 4.3.2 bye\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_DEFERRED, 421,
     "end-of-data", 2},
    {"421 at the end, kept open", {"end", "421 4.3.2 bye\r\n", 1, 1, NULL}, RESULT_DEFERRED, 421,
     "end-of-data", 2},
    {"drop before the 250", {"end", SMTP_DROP, 1, 1, NULL}, RESULT_UNCERTAIN, 0, "end-of-data", 3},
    {"drop after the 250", {"end", "250 2.0.0 ok\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250,
     "end-of-data", 3},
    {"half a 250", {"end", "250-2.0.0 ok\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_UNCERTAIN, 0,
     "end-of-data", 3},
    {"garbage at the end", {"end", "thanks!\r\n" SMTP_DROP, 1, 1, NULL}, RESULT_UNCERTAIN, 0,
     "end-of-data", 3},
    {"another 2xx at the end", {"end", "251 hm\r\n", 1, 1, NULL}, RESULT_UNCERTAIN, 251,
     "end-of-data", 3},
    {"several lines", {"rcpt", "550-5.1.1 no\r\n550-5.1.1 such\r\n550 5.1.1 user\r\n", 1, 1, NULL},
     RESULT_FAILED, 550, "rcpt", 2},
};

static void one_misfortune(const struct misfortune *misfortune)
{
    struct relay relay = relay_play(&misfortune->rule, 1);
    struct delivery_result result;
    struct error error = {0};
    int not_sent = 0;

    relay_must_send(&relay, "first@example.test");
    if (relay_send(&relay, "second@example.test", &result, &error) < 0)
        fail_msg("%s: stopped: %s", misfortune->name, error.text);
    if (result.kind != misfortune->want || result.code != misfortune->code ||
        strcmp(result.stage, misfortune->stage) != 0)
        fail_msg("%s: kind %d code %d stage %s: %s", misfortune->name, result.kind, result.code,
                 result.stage, result.reply);
    relay_must_send(&relay, "third@example.test");
    smtp_server_stop(relay.server);
    /* A message that was refused at its end was read, too. */
    for (size_t i = 0; i < smtp_server_taken_count(relay.server); i++)
        not_sent += strcmp(smtp_server_taken(relay.server, i)->recipient, "second@example.test") ==
                        0 && (result.kind == RESULT_DEFERRED || result.kind == RESULT_FAILED);
    if ((int)smtp_server_taken_count(relay.server) - not_sent != misfortune->taken)
        fail_msg("%s: %zu taken", misfortune->name, smtp_server_taken_count(relay.server));
    relay_end(&relay);
}

static void a_misfortune_hits_one_message(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(misfortunes) / sizeof(misfortunes[0]); i++)
        one_misfortune(&misfortunes[i]);
}

/* A misfortune before MAIL concerns the relay: work stops, nothing was sent. */
static void a_relay_that_does_not_work_stops_the_work(void **state)
{
    static const struct {
        const char *name;
        struct smtp_rule rule;
        enum error_kind want;
        const char *text;
    } cases[] = {
        {"554 greeting", {"greeting", "554 5.3.2 go away\r\n", 0, 0, NULL}, ERROR_CONFIGURATION,
         "554 5.3.2 go away"},
        {"421 greeting", {"greeting", "421 4.3.2 busy\r\n" SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY,
         "421 4.3.2 busy"},
        {"no greeting", {"greeting", SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY, "cannot connect"},
        {"garbage greeting", {"greeting", "hello there\r\n" SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY,
         "cannot connect"},
        {"drop at EHLO", {"ehlo", SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY, "session refused"},
        {"login wanted", {"mail", "530 5.7.0 Authentication required\r\n", 0, 0, NULL},
         ERROR_CONFIGURATION, "delivery.username"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct relay relay = relay_play(&cases[i].rule, 1);
        struct delivery_result result;
        struct error error = {0};

        assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), -1);
        assert_int_equal(result.kind, RESULT_RELAY_DOWN);
        if (error.kind != cases[i].want || !strstr(error.text, cases[i].text))
            fail_msg("%s: %d %s", cases[i].name, error.kind, error.text);
        assert_int_equal(smtp_server_taken_count(relay.server), 0);
        relay_end(&relay);
    }
}

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void silence_is_not_waited_for_for_ever(void **state)
{
    static const struct {
        const char *stage;
        int result;
        enum delivery_result_kind want;
    } cases[] = {
        {"greeting", -1, RESULT_RELAY_DOWN},
        {"rcpt", 0, RESULT_DEFERRED},
        {"end", 0, RESULT_UNCERTAIN},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct smtp_rule rule = {cases[i].stage, SMTP_SILENCE, 0, 0, NULL};
        struct relay relay = {0};
        struct delivery_result result;
        struct error error = {0};
        double start = seconds();

        relay.server = smtp_server_start(
            &(struct smtp_server_options){.rules = &rule, .rule_count = 1});
        relay_open(&relay, &(struct transport_options){.reply_timeout_ms = 1000}, "smtp",
                       "127.0.0.1");
        assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), cases[i].result);
        assert_int_equal(result.kind, cases[i].want);
        transport_close(&relay.transport);
        if (seconds() - start > 4)
            fail_msg("%s: %.1f s", cases[i].stage, seconds() - start);
        relay_end(&relay);
    }
}

static void a_huge_reply_is_cut(void **state)
{
    struct buffer reply;
    struct smtp_rule rule = {"rcpt", NULL, 0, 1, NULL};
    struct relay relay;
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    buffer_init(&reply, (size_t)1 << 20);
    for (int i = 0; i < 300; i++)
        buffer_printf(&reply, "550-5.1.1 line %d of a long story about no such user \x1b[2J\r\n", i);
    buffer_add_string(&reply, "550 5.1.1 end\r\n");
    rule.reply = buffer_string(&reply);
    relay = relay_play(&rule, 1);
    assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), 0);
    assert_int_equal(result.kind, RESULT_FAILED);
    assert_string_equal(result.enhanced, "5.1.1");
    assert_true(strlen(result.reply) > 400);
    assert_null(strchr(result.reply, '\x1b'));
    relay_must_send(&relay, "bob@example.test");
    relay_end(&relay);
    buffer_free(&reply);
}

static void an_endless_line_ends(void **state)
{
    struct buffer reply;
    struct smtp_rule rule = {"rcpt", NULL, 0, 0, NULL};
    struct relay relay = {0};
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    buffer_init(&reply, (size_t)4 << 20);
    buffer_add_string(&reply, "550 ");
    for (int i = 0; i < 20000; i++)
        buffer_add_string(&reply, "no line break in all these hundreds of thousands of bytes ");
    buffer_add_string(&reply, SMTP_SILENCE);
    rule.reply = buffer_string(&reply);
    relay.server = smtp_server_start(
        &(struct smtp_server_options){.rules = &rule, .rule_count = 1});
    relay_open(&relay, &(struct transport_options){.reply_timeout_ms = 1000}, "smtp",
                   "127.0.0.1");
    assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), 0);
    assert_int_not_equal(result.kind, RESULT_SENT);
    assert_int_not_equal(result.kind, RESULT_UNCERTAIN);
    relay_end(&relay);
    buffer_free(&reply);
}

static void an_idle_connection_that_was_closed_is_opened_again(void **state)
{
    static const struct smtp_rule rule = {"end", "250 2.0.0 ok\r\n421 4.4.2 idle\r\n" SMTP_DROP, 0, 1,
                                          NULL};
    struct relay relay = relay_play(&rule, 1);

    (void)state;
    relay_must_send(&relay, "ada@example.test");
    relay_must_send(&relay, "bob@example.test");
    relay_must_send(&relay, "eve@example.test");
    assert_int_equal(smtp_server_connections(relay.server), 2);
    relay_end(&relay);
}

/* A relay that has said 421 need not answer any more. */
static void a_connection_that_is_given_up_is_left(void **state)
{
    static const struct smtp_rule rules[] = {
        {"end", "421 4.3.2 closing down\r\n", 0, 1, NULL},
        {"end", "250 2.0.0 ok\r\n421 4.3.2 closing down\r\n", 0, 1, NULL},
    };
    struct relay relay = relay_play(rules, 2);
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), 0);
    assert_int_equal(result.kind, RESULT_DEFERRED);
    relay_must_send(&relay, "bob@example.test");
    assert_int_equal(smtp_server_connections(relay.server), 2);
    relay_must_send(&relay, "eve@example.test");
    assert_int_equal(smtp_server_connections(relay.server), 3);
    assert_int_equal(smtp_server_taken_count(relay.server), 3);
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
        cmocka_unit_test(a_misfortune_hits_one_message),
        cmocka_unit_test(a_relay_that_does_not_work_stops_the_work),
        cmocka_unit_test(silence_is_not_waited_for_for_ever),
        cmocka_unit_test(a_huge_reply_is_cut),
        cmocka_unit_test(an_endless_line_ends),
        cmocka_unit_test(an_idle_connection_that_was_closed_is_opened_again),
        cmocka_unit_test(a_connection_that_is_given_up_is_left),
        cmocka_unit_test(begin_is_called_once_data_has_begun),
        cmocka_unit_test(nobody_listens),
        cmocka_unit_test(bad_urls_are_refused),
    };

    return cmocka_run_group_tests(tests, ignore_pipes, NULL);
}
