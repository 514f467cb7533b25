#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/reason.h"
#include "unit/data.h"

struct sample {
    const char *stage;
    const char *text;
    const char *want;
};

static const char *judge(const struct sample *sample)
{
    struct view text = data_exact(sample->text);
    struct reason_reply reply = reason_read_text(text);
    const char *name;

    reply.stage = sample->stage;
    name = reason_name(reason_of_reply(&reply));
    data_free(text);
    return name;
}

static void replies_have_reasons(void **state)
{
    static const struct sample samples[] = {
        /* Dead, in words and in numbers. */
        {"rcpt", "550 5.1.1 <ada@example.org>: Recipient address rejected: User unknown in "
                 "virtual mailbox table", "userunknown"},
        {"rcpt", "550-5.1.1 The email account that you tried to reach does not exist. Please try "
                 "550 5.1.1 https://support.example.com", "userunknown"},
        {"rcpt", "550 5.1.1 gone", "userunknown"},
        {"rcpt", "550 User unknown", "userunknown"},
        {"rcpt", "550 No such user here", "userunknown"},
        {"rcpt", "550 sorry, no mailbox here by that name (#5.1.1 - chkusr)", "userunknown"},
        {"rcpt", "550 5.1.2 <a@b.example>: Recipient address rejected: Domain not found",
         "hostunknown"},
        {"rcpt", "550 5.1.2 Bad destination", "hostunknown"},
        {"rcpt", "550 5.1.6 recipient no longer on server: ada@example.org", "hasmoved"},
        {"rcpt", "551 User not local; please try <x@y.example>", "hasmoved"},
        {"rcpt", "550 5.4.1 <a@b.example>: Recipient address rejected: Access denied "
                 "[X.protection.outlook.com]", "userunknown"},
        /* Not dead, whatever else the text mentions. */
        {"rcpt", "550 5.7.1 Service unavailable; client [192.0.2.1] blocked using "
                 "zen.spamhaus.org; user unknown", "blocked"},
        {"rcpt", "550 5.1.1 <ada@example.org> - 192.0.2.1 has sent to too many recipients this hour",
         "speeding"},
        {"rcpt", "550 5.7.1 message is likely unsolicited mail; no such user", "spamdetected"},
        {"rcpt", "550 5.1.0 192.0.2.2 is not allowed to send from <x> per its SPF Record",
         "authfailure"},
        {"rcpt", "550 5.7.26 Unauthenticated email", "authfailure"},
        {"rcpt", "550 5.7.26 no", "authfailure"},
        {"rcpt", "554 5.7.1 <a@b.example>: Relay access denied", "norelaying"},
        {"rcpt", "550 Denied by policy", "policyviolation"},
        {"rcpt", "552 5.2.2 The recipient's inbox is out of storage space", "mailboxfull"},
        {"rcpt", "450 4.2.2 x", "mailboxfull"},
        {"rcpt", "550 5.2.1 The email account that you tried to reach is disabled", "suspend"},
        {"rcpt", "550 5.2.1 x", "filtered"},
        {"rcpt", "450 4.2.1 x", "blocked"},
        {"connect", "554 no", "blocked"},
        {"ehlo", "501 Invalid domain", "blocked"},
        {NULL, "550: 5.1.1 <a@b.example>... gone", "userunknown"},
        {"end-of-data", "550 User unknown", "filtered"},
        {"end-of-data", "550 5.1.1 User unknown", "userunknown"},
        {"rcpt", "550 5.7.1 User Unknown", "userunknown"},
        {"rcpt", "553 5.2.1 <a@b.example>... User unknown", "userunknown"},
        {NULL, "550 5.7.1 User Unknown", "filtered"},
        {"mail", "550 5.1.2 Host unknown", "rejected"},
        {"mail", "553 5.1.8 Domain of sender address x does not exist", "rejected"},
        {"end-of-data", "552 5.3.4 Message too large", "mesgtoobig"},
        {"end-of-data", "552 too much", "mesgtoobig"},
        {"rcpt", "450 4.7.1 Access denied. IP name lookup failed [192.0.2.222]", "requireptr"},
        {"rcpt", "421 4.7.28 Gmail has detected an unusual rate of mail", "speeding"},
        {"rcpt", "421 4.7.0 [TSS04] Messages from 192.0.2.25 temporarily deferred due to unexpected "
                 "volume or user complaints", "badreputation"},
        {"connect", "421 4.3.2 too many connections", "toomanyconn"},
        {"rcpt", "450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted", "blocked"},
        {"rcpt", "550 5.0.0 no", "onhold"},
        {"rcpt", "550", "onhold"},
        {"connect", "no answer within 30 seconds", "networkerror"},
        {"connect", "Connection refused", "networkerror"},
        {"", "", "undefined"},
        {NULL, "hello", "undefined"},
        /* What an address spells says nothing. */
        {"rcpt", "550 5.1.1 <spam@blacklist.example>: Recipient address rejected: User unknown",
         "userunknown"},
        {"rcpt", "550 <user.unknown@x.example> not today", "onhold"},
        {"rcpt", "550 5.1.1.1 is no status", "onhold"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        const char *name = judge(&samples[i]);

        if (strcmp(name, samples[i].want) != 0)
            fail_msg("%s: %s, want %s", samples[i].text, name, samples[i].want);
    }
}

static void only_some_refusals_ask_for_patience(void **state)
{
    static const struct {
        const char *text;
        enum reason_patience want;
    } samples[] = {
        {"450 4.2.0 <a@b.example>: Recipient address rejected: Greylisted, see http://x",
         PATIENCE_GREYLISTED},
        {"451 4.7.1 Greylisting in action, please come back later", PATIENCE_GREYLISTED},
        {"550 5.7.1 Greylisted", PATIENCE_NONE},
        {"421 4.7.28 x", PATIENCE_RATE},
        {"421-4.7.28 Gmail has detected an unusual rate of unsolicited mail", PATIENCE_RATE},
        {"421 4.7.32 x", PATIENCE_RATE},
        {"451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited", PATIENCE_RATE},
        {"451 4.7.651 x", PATIENCE_RATE},
        {"421 RP-001 (x) Unfortunately, some messages weren't sent: exceeds limits", PATIENCE_RATE},
        {"421 4.7.0 [TSS04] Messages temporarily deferred", PATIENCE_RATE},
        {"421 4.7.0 [TS03] All messages from 192.0.2.1 will be deferred", PATIENCE_RATE},
        {"452 4.3.2 Connection rate limit exceeded.", PATIENCE_RATE},
        {"450 4.2.1 The user you are trying to contact is receiving mail at a rate that",
         PATIENCE_RATE},
        {"450 4.2.2 mailbox full", PATIENCE_NONE},
        {"451 4.3.0 try again", PATIENCE_NONE},
        {"550 5.7.28 too many", PATIENCE_NONE},
        {"", PATIENCE_NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view text = data_exact(samples[i].text);
        struct reason_reply reply = reason_read_text(text);

        if (reason_patience_of(&reply) != samples[i].want)
            fail_msg("%s", samples[i].text);
        data_free(text);
    }
}

static void names_are_read_back(void **state)
{
    enum bounce_reason reason;

    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_true(reason_parse(view_of(reason_name((enum bounce_reason)i)), &reason));
        assert_int_equal(reason, i);
    }
    assert_false(reason_parse(view_of("userunknow"), &reason));
    assert_true(reason_means_dead(REASON_USERUNKNOWN) && reason_means_dead(REASON_HOSTUNKNOWN) &&
                reason_means_dead(REASON_HASMOVED));
    for (int i = 0; i < REASON_COUNT; i++)
        if (i != REASON_USERUNKNOWN && i != REASON_HOSTUNKNOWN && i != REASON_HASMOVED)
            assert_false(reason_means_dead((enum bounce_reason)i));
}

/* ---- real bounces ---- */

enum { DIAGNOSTICS_MAX = 16 };

/* The Diagnostic-Code fields of a mail, each unfolded onto one line in `text`. */
static size_t find_diagnostics(struct view mail, struct buffer *text,
                               size_t ends[DIAGNOSTICS_MAX])
{
    static const char name[] = "Diagnostic-Code:";
    struct view line;
    bool is_open = false;
    size_t count = 0;

    while (view_next_line(&mail, &line)) {
        bool is_folded = line.size && (line.data[0] == ' ' || line.data[0] == '\t');

        if (is_open && is_folded) {
            buffer_add_view(text, line);
        } else {
            is_open = view_starts_with_nocase(line, view_of(name)) && count < DIAGNOSTICS_MAX;
            if (is_open) {
                buffer_add_view(text, view_slice(line, sizeof(name) - 1, line.size));
                count++;
            }
        }
        if (is_open)
            ends[count - 1] = text->size;
    }
    return count;
}

struct score {
    int rows;
    int right;
    int near; /* right, or "filtered" where the words are "User unknown", which is what
               * Sisimai says from what it knows of some senders of bounces */
    int dead_wrong; /* called dead by us and neither dead nor filtered by Sisimai */
};

static void count_row(struct view text, struct view want, const char *file, struct score *score)
{
    struct view exact = data_exact_view(text);
    struct reason_reply reply = reason_read_text(exact);
    enum bounce_reason reason = reason_of_reply(&reply), wanted = REASON_UNDEFINED;
    bool is_right = view_equal_string(want, reason_name(reason));

    score->rows++;
    reason_parse(want, &wanted);
    score->right += is_right;
    score->near += is_right || (reason == REASON_USERUNKNOWN && wanted == REASON_FILTERED);
    score->dead_wrong += reason_means_dead(reason) && !reason_means_dead(wanted) &&
                         wanted != REASON_FILTERED;
    if (!is_right && getenv("PAPERBOY_VERBOSE"))
        print_message("%s: %s, want %.*s: %.*s\n", file, reason_name(reason),
                      VIEW_ARGUMENTS(want), VIEW_ARGUMENTS(text));
    data_free(exact);
}

/* One file's rows stand together in the table. */
static void count_file(struct view name, const struct view *wants, size_t count,
                       struct score *score)
{
    size_t ends[DIAGNOSTICS_MAX], from = 0;
    char sample[300], path[512];
    struct buffer text;
    struct view mail;

    snprintf(sample, sizeof(sample), "bounces/%.*s", VIEW_ARGUMENTS(name));
    assert_true(data_path(sample, path));
    mail = data_read(path);
    buffer_init(&text, 1 << 20);
    if (find_diagnostics(mail, &text, ends) == count) {
        for (size_t i = 0; i < count; i++) {
            count_row(view_slice(buffer_view(&text), from, ends[i]), wants[i], sample, score);
            from = ends[i];
        }
    }
    buffer_free(&text);
    data_free(mail);
}

static void real_diagnostics_have_sisimais_reasons(void **state)
{
    struct view table, rest, line, file = {0}, wants[64];
    struct score score = {0};
    char path[512];
    size_t count = 0;

    (void)state;
    if (!data_path("bounces/expected.tsv", path))
        skip();
    rest = table = data_read(path);
    view_next_line(&rest, &line); /* the heading */
    while (view_next_line(&rest, &line)) {
        struct view columns[7] = {{0}};

        for (size_t i = 0; i < 7 && view_next_part(&line, '\t', &columns[i]); i++)
            continue;
        if (!view_equal(columns[0], file)) {
            if (count)
                count_file(file, wants, count, &score);
            file = columns[0];
            count = 0;
        }
        if (count < 64)
            wants[count++] = columns[4];
    }
    count_file(file, wants, count, &score);
    data_free(table);
    print_message("%d of %d reasons are Sisimai's, %d with \"filtered\" taken as unknown\n",
                  score.right, score.rows, score.near);
    assert_true(score.rows >= 150);
    assert_true(score.right * 100 >= score.rows * 87);
    assert_true(score.near * 100 >= score.rows * 94);
    /* Nobody is silenced for what is no dead address. The one is "550 Unknown user" of a
     * mobile network, which Sisimai knows for refusing everybody so. */
    assert_true(score.dead_wrong <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(replies_have_reasons),
        cmocka_unit_test(only_some_refusals_ask_for_patience),
        cmocka_unit_test(names_are_read_back),
        cmocka_unit_test(real_diagnostics_have_sisimais_reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
