#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "delivery/smtp_dialogue.h"
#include "unit/data.h"

#define BODY "Subject: x\r\n\r\n..\r\n.\r\n"
#define GROUP "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\nDATA\r\n"

static const char *const event_names[] = {"more", "ready", "done", "broken"};
static const char *const kind_names[] = {
    [RESULT_SENT] = "sent",           [RESULT_DEFERRED] = "deferred",
    [RESULT_FAILED] = "failed",       [RESULT_UNCERTAIN] = "uncertain",
    [RESULT_RELAY_DOWN] = "down",
};

struct talk {
    struct smtp_dialogue dialogue;
    struct buffer said;
    enum smtp_dialogue_event last;
    int ready;
};

/* At most `chunk` bytes at a time, as a socket may take them. */
static void flush(struct talk *talk, size_t chunk)
{
    struct view output;

    while ((output = smtp_dialogue_output(&talk->dialogue)).size) {
        size_t size = output.size < chunk ? output.size : chunk;

        buffer_add(&talk->said, output.data, size);
        smtp_dialogue_wrote(&talk->dialogue, size);
    }
}

/* The server's bytes in pieces of `chunk`, each on the heap at its exact size. */
static void hear(struct talk *talk, const char *server, size_t chunk)
{
    struct view all = view_of(server);

    for (size_t at = 0; at < all.size && talk->last != DIALOGUE_BROKEN; at += chunk) {
        struct view exact = data_exact_view(view_slice(all, at, at + chunk)), rest = exact;

        while (rest.size && talk->last != DIALOGUE_BROKEN) {
            talk->last = smtp_dialogue_read(&talk->dialogue, &rest);
            if (talk->last == DIALOGUE_READY) {
                talk->ready++;
                smtp_dialogue_go(&talk->dialogue);
            }
            flush(talk, chunk);
        }
        data_free(exact);
    }
}

static void start(struct talk *talk, size_t chunk)
{
    talk->last = DIALOGUE_MORE;
    smtp_dialogue_start(&talk->dialogue, "a@example.org", "b@example.test", VIEW(BODY));
    flush(talk, chunk);
}

static const struct dialogue_case {
    const char *name;
    bool pipelining;
    const char *server;
    const char *said;
    const char *want; /* event kind code stage enhanced */
    const char *next; /* what the next message begins with */
} cases[] = {
    {"sent, pipelined", true, "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 taken\r\n", GROUP BODY,
     "done sent 250 end-of-data 2.0.0", GROUP},
    {"sent, step by step", false, "250 ok\r\n250 ok\r\n354 go\r\n250 2.0.0 taken\r\n", GROUP BODY,
     "done sent 250 end-of-data 2.0.0", "MAIL FROM:<a@example.org>\r\n"},
    {"several lines each", true,
     "250-a\r\n250-b\r\n250 c\r\n250-\r\n250\r\n354-go\r\n354 on\r\n250-2.0.0 x\r\n250 2.0.0 y\r\n",
     GROUP BODY, "done sent 250 end-of-data 2.0.0", GROUP},
    {"bare line feeds", true, "250 ok\n250 ok\n354 go\n250 taken\n", GROUP BODY,
     "done sent 250 end-of-data ", GROUP},
    {"RCPT refused, DATA refused", true, "250 ok\r\n550 5.1.1 who?\r\n554 5.5.1 nobody\r\n", GROUP,
     "done failed 550 rcpt 5.1.1", "RSET\r\n" GROUP},
    {"RCPT refused, DATA wants a body", true,
     "250 ok\r\n550 5.1.1 who?\r\n354 go\r\n554 5.5.1 nobody\r\n", GROUP ".\r\n",
     "done failed 550 rcpt 5.1.1", GROUP},
    {"RCPT refused, and the empty body is taken", true,
     "250 ok\r\n450 4.2.0 grey\r\n354 go\r\n250 fine\r\n", GROUP ".\r\n",
     "done deferred 450 rcpt 4.2.0", GROUP},
    {"RCPT refused, step by step", false, "250 ok\r\n550 5.1.1 who?\r\n",
     "MAIL FROM:<a@example.org>\r\nRCPT TO:<b@example.test>\r\n", "done failed 550 rcpt 5.1.1",
     "RSET\r\n"},
    {"MAIL refused, the rest out of order", true,
     "451 4.3.0 later\r\n503 5.5.1 mail?\r\n503 5.5.1 rcpt?\r\n", GROUP,
     "done deferred 451 mail 4.3.0", "RSET\r\n" GROUP},
    {"MAIL refused, DATA wants a body all the same", true,
     "451 4.3.0 later\r\n250 ok\r\n354 go\r\n", GROUP, "broken deferred 451 mail 4.3.0", NULL},
    {"DATA refused", true, "250 ok\r\n250 ok\r\n451 4.3.0 later\r\n", GROUP,
     "done deferred 451 data 4.3.0", "RSET\r\n" GROUP},
    {"no 354 but 250", true, "250 ok\r\n250 ok\r\n250 what?\r\n", GROUP, "broken deferred 0 data ",
     NULL},
    {"354 at RCPT", true, "250 ok\r\n354 go\r\n", GROUP, "broken deferred 0 data ", NULL},
    {"refused at the end", true, "250 ok\r\n250 ok\r\n354 go\r\n554 5.6.0 spam\r\n", GROUP BODY,
     "done failed 554 end-of-data 5.6.0", GROUP},
    {"another 2xx at the end", true, "250 ok\r\n250 ok\r\n354 go\r\n251 hm\r\n", GROUP BODY,
     "done uncertain 251 end-of-data ", GROUP},
    {"421 at MAIL", true, "421 4.3.2 bye\r\n", GROUP, "broken deferred 421 mail 4.3.2", NULL},
    {"421 at RCPT", true, "250 ok\r\n421 4.3.2 bye\r\n", GROUP, "broken deferred 421 rcpt 4.3.2",
     NULL},
    {"421 at the end", true, "250 ok\r\n250 ok\r\n354 go\r\n421 4.3.2 bye\r\n", GROUP BODY,
     "done deferred 421 end-of-data 4.3.2", GROUP},
    {"421 while the rest is awaited", true, "250 ok\r\n550 5.1.1 who?\r\n421 bye\r\n", GROUP,
     "broken failed 550 rcpt 5.1.1", NULL},
    {"login wanted", true, "530 5.7.0 Authentication required\r\n503 no\r\n503 no\r\n", GROUP,
     "done down 530 mail 5.7.0", "RSET\r\n" GROUP},
    {"garbage", true, "250 ok\r\nbanana\r\n", GROUP, "broken deferred 0 rcpt ", NULL},
    {"an empty line", true, "\r\n", GROUP, "broken deferred 0 mail ", NULL},
    {"a code out of range", true, "250 ok\r\n650 hm\r\n", GROUP, "broken deferred 0 rcpt ", NULL},
    {"half a reply at the end", true, "250 ok\r\n250 ok\r\n354 go\r\n250-2.0.0 o\r\n", GROUP BODY,
     "more uncertain 0 end-of-data ", NULL},
    {"nothing", true, "", GROUP, "more deferred 0 mail ", NULL},
};

static void describe(const struct talk *talk, char text[200])
{
    struct delivery_result result;

    smtp_dialogue_judge(&talk->dialogue, "gone", &result);
    snprintf(text, 200, "%s %s %d %s %s", event_names[talk->last], kind_names[result.kind],
             result.code, result.stage, result.enhanced);
}

static void check(const struct dialogue_case *wanted, size_t chunk)
{
    struct talk talk = {0};
    char got[200];

    buffer_init(&talk.said, 1 << 16);
    smtp_dialogue_init(&talk.dialogue, wanted->pipelining, false);
    start(&talk, chunk);
    hear(&talk, wanted->server, chunk);
    describe(&talk, got);
    if (strcmp(got, wanted->want) != 0)
        fail_msg("%s, by %zu: %s, wanted: %s", wanted->name, chunk, got, wanted->want);
    if (strcmp(buffer_string(&talk.said), wanted->said) != 0)
        fail_msg("%s, by %zu: said %s", wanted->name, chunk, buffer_string(&talk.said));
    if (wanted->next) {
        buffer_clear(&talk.said);
        start(&talk, chunk);
        if (strcmp(buffer_string(&talk.said), wanted->next) != 0)
            fail_msg("%s: next it said %s", wanted->name, buffer_string(&talk.said));
    }
    buffer_free(&talk.said);
}

static void every_dialogue_ends_as_it_must(void **state)
{
    static const size_t chunks[] = {1, 2, 3, 7, 20, 1000};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t j = 0; j < sizeof(chunks) / sizeof(chunks[0]); j++)
            check(&cases[i], chunks[j]);
}

static void a_reset_is_waited_for_and_a_refused_one_ends_the_connection(void **state)
{
    (void)state;
    for (int pipelining = 0; pipelining < 2; pipelining++) {
        struct talk talk = {0};
        char got[200];

        buffer_init(&talk.said, 1 << 16);
        smtp_dialogue_init(&talk.dialogue, pipelining, false);
        start(&talk, 1000);
        hear(&talk, pipelining ? "250 ok\r\n550 no\r\n554 no\r\n" : "250 ok\r\n550 no\r\n", 1000);
        assert_int_equal(talk.last, DIALOGUE_DONE);
        start(&talk, 1000);
        hear(&talk, "250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n250 taken\r\n", 1000);
        describe(&talk, got);
        assert_string_equal(got, "done sent 250 end-of-data ");
        assert_int_equal(talk.ready, 1);
        start(&talk, 1000);
        hear(&talk, pipelining ? "250 ok\r\n550 no\r\n554 no\r\n" : "250 ok\r\n550 no\r\n", 1000);
        start(&talk, 1000);
        hear(&talk, "500 what?\r\n", 1000);
        assert_int_equal(talk.last, DIALOGUE_BROKEN);
        buffer_free(&talk.said);
    }
}

static void what_was_not_asked_breaks_it(void **state)
{
    struct talk talk = {0};

    (void)state;
    buffer_init(&talk.said, 1 << 16);
    smtp_dialogue_init(&talk.dialogue, true, false);
    hear(&talk, "250 hello?\r\n", 1);
    assert_int_equal(talk.last, DIALOGUE_BROKEN);
    buffer_free(&talk.said);
}

/* A relay may refuse before it has all; what it says then is no yes. */
static void an_early_answer_is_no_acceptance(void **state)
{
    static const struct {
        const char *reply;
        enum smtp_dialogue_event want;
        enum delivery_result_kind kind;
    } early[] = {
        {"250 taken\r\n", DIALOGUE_BROKEN, RESULT_DEFERRED},
        {"552 5.3.4 too large\r\n", DIALOGUE_DONE, RESULT_FAILED},
        {"421 bye\r\n", DIALOGUE_BROKEN, RESULT_DEFERRED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
        struct smtp_dialogue dialogue;
        struct delivery_result result;
        struct view rest = VIEW("250 ok\r\n250 ok\r\n354 go\r\n");

        smtp_dialogue_init(&dialogue, true, false);
        smtp_dialogue_start(&dialogue, "", "b@example.test", VIEW(BODY));
        smtp_dialogue_wrote(&dialogue, smtp_dialogue_output(&dialogue).size);
        assert_int_equal(smtp_dialogue_read(&dialogue, &rest), DIALOGUE_READY);
        smtp_dialogue_go(&dialogue);
        smtp_dialogue_wrote(&dialogue, sizeof(BODY) - 2);
        rest = view_of(early[i].reply);
        assert_int_equal(smtp_dialogue_read(&dialogue, &rest), early[i].want);
        assert_false(smtp_dialogue_is_handed_over(&dialogue));
        smtp_dialogue_judge(&dialogue, "gone", &result);
        assert_int_equal(result.kind, early[i].kind);
        if (early[i].want == DIALOGUE_DONE)
            assert_true(dialogue.closing);
    }
}

static void sizes_are_announced_where_they_are_wanted(void **state)
{
    struct smtp_dialogue dialogue;

    (void)state;
    smtp_dialogue_init(&dialogue, false, true);
    smtp_dialogue_start(&dialogue, "", "b@example.test", VIEW(BODY));
    assert_true(view_equal_string(smtp_dialogue_output(&dialogue), "MAIL FROM:<> SIZE=21\r\n"));
}

static void the_longest_addresses_fit(void **state)
{
    struct smtp_dialogue dialogue;
    char address[255];

    (void)state;
    memset(address, 'a', sizeof(address) - 1);
    memcpy(address + 100, "@", 1);
    address[sizeof(address) - 1] = '\0';
    smtp_dialogue_init(&dialogue, true, true);
    dialogue.needs_reset = true;
    smtp_dialogue_start(&dialogue, address, address, (struct view){BODY, SIZE_MAX});
    assert_true(view_ends_with(smtp_dialogue_output(&dialogue), VIEW("DATA\r\n")));
    assert_int_equal(smtp_dialogue_output(&dialogue).size,
                     strlen("RSET\r\nMAIL FROM:<> SIZE=18446744073709551615\r\n"
                            "RCPT TO:<>\r\nDATA\r\n") + 2 * 254);
}

static void a_reply_without_end_breaks_it(void **state)
{
    static const char *const lines[] = {"250-again and again\r\n", "250 no line break "};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct smtp_dialogue dialogue;
        enum smtp_dialogue_event event = DIALOGUE_MORE;
        size_t heard = 0;

        smtp_dialogue_init(&dialogue, true, false);
        smtp_dialogue_start(&dialogue, "", "b@example.test", VIEW(BODY));
        while (event == DIALOGUE_MORE && heard < (size_t)3 << 20) {
            struct view rest = view_of(lines[i]);

            heard += rest.size;
            event = smtp_dialogue_read(&dialogue, &rest);
        }
        assert_int_equal(event, DIALOGUE_BROKEN);
        assert_in_range(heard, DIALOGUE_REPLY_BYTES, DIALOGUE_REPLY_BYTES + 200000);
    }
}

/* PostgreSQL keeps no half of a character. */
static void a_long_reply_is_cut_between_characters(void **state)
{
    (void)state;
    for (int blanks = 0; blanks < 4; blanks++) {
        struct delivery_result result;
        struct talk talk = {.last = DIALOGUE_MORE};
        struct buffer server;

        buffer_init(&server, 4096);
        buffer_init(&talk.said, 4096);
        smtp_dialogue_init(&talk.dialogue, false, false);
        buffer_printf(&server, "550 %.*s", blanks, "xxxx");
        for (int i = 0; i < 200; i++)
            buffer_add_string(&server, "\xE4\xB8\x8D");
        buffer_add_string(&server, "\r\n");
        start(&talk, 100);
        hear(&talk, buffer_string(&server), 100);
        smtp_dialogue_judge(&talk.dialogue, "", &result);
        assert_int_equal(result.code, 550);
        assert_true(utf8_is_valid(view_of(result.reply)));
        assert_in_range(strlen(result.reply), 500, sizeof(result.reply) - 1);
        buffer_free(&server);
        buffer_free(&talk.said);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_dialogue_ends_as_it_must),
        cmocka_unit_test(a_reset_is_waited_for_and_a_refused_one_ends_the_connection),
        cmocka_unit_test(what_was_not_asked_breaks_it),
        cmocka_unit_test(an_early_answer_is_no_acceptance),
        cmocka_unit_test(sizes_are_announced_where_they_are_wanted),
        cmocka_unit_test(the_longest_addresses_fit),
        cmocka_unit_test(a_reply_without_end_breaks_it),
        cmocka_unit_test(a_long_reply_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
