#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "unit/relay.h"

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
    {"5xx at DATA", {"data", "554 5.7.1 blocked\r\n", 1, 1, NULL}, RESULT_DEFERRED, 554, "data", 2},
    {"4xx at DATA", {"data", "451 4.3.0 later\r\n", 1, 1, NULL}, RESULT_DEFERRED, 451, "data", 2},
    {"drop at DATA", {"data", SMTP_DROP, 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"250 at DATA", {"data", "250 what?\r\n", 1, 1, NULL}, RESULT_SENT, 250, "end-of-data", 3},
    {"5xx at the end", {"end", "554 5.6.0 spam\r\n", 1, 1, NULL}, RESULT_FAILED, 554, "end-of-data",
     2},
    {"our fault at the end", {"end", "550 5.7.1 blocked\r\n", 1, 1, NULL}, RESULT_DEFERRED, 550,
     "end-of-data", 2},
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

static void one_misfortune(const struct misfortune *misfortune,
                           enum smtp_pipelining pipelining)
{
    struct relay relay = relay_play_as(&misfortune->rule, 1, pipelining);
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
        for (enum smtp_pipelining pipelining = SMTP_PLAIN; pipelining <= SMTP_EMPTY_BODY; pipelining++)
            one_misfortune(&misfortunes[i], pipelining);
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

static int ignore_pipes(void **state)
{
    (void)state;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_misfortune_hits_one_message),
        cmocka_unit_test(a_relay_that_does_not_work_stops_the_work),
        cmocka_unit_test(silence_is_not_waited_for_for_ever),
        cmocka_unit_test(a_huge_reply_is_cut),
        cmocka_unit_test(an_endless_line_ends),
        cmocka_unit_test(an_idle_connection_that_was_closed_is_opened_again),
        cmocka_unit_test(a_connection_that_is_given_up_is_left),
    };

    return cmocka_run_group_tests(tests, ignore_pipes, NULL);
}
