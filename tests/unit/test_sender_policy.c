#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/resolver.h"
#include "delivery/sender_policy.h"
#include "unit/data.h"

static void spf_records_are_known_by_their_start(void **state)
{
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"v=spf1", true},          {"v=spf1 -all", true}, {"V=SPF1 -all", true},
        {"v=spf10 -all", false},   {"v=spf2 -all", false}, {" v=spf1 -all", false},
        {"spf2.0/pra -all", false}, {"v=spf1-all", false}, {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);

        assert_int_equal(spf_is_record(text), cases[i].want);
        data_free(text);
    }
}

static void spf_records_are_read(void **state)
{
    static const struct {
        const char *text;
        enum spf_rest rest;
        unsigned lookups;
        bool uses_ptr;
    } cases[] = {
        {"v=spf1", SPF_REST_NEUTRAL, 0, false},
        {"v=spf1 -all", SPF_REST_FAIL, 0, false},
        {"v=spf1  a   -all ", SPF_REST_FAIL, 1, false},
        {"v=spf1 ~all", SPF_REST_SOFTFAIL, 0, false},
        {"v=spf1 ?all", SPF_REST_NEUTRAL, 0, false},
        {"v=spf1 +all", SPF_REST_PASS, 0, false},
        {"v=spf1 ALL", SPF_REST_PASS, 0, false},
        {"v=spf1 -all +all", SPF_REST_FAIL, 0, false},
        {"v=spf1 include:_spf.example.net -all", SPF_REST_FAIL, 1, false},
        {"v=spf1 a a:x.example mx mx:y.example a/24 a//64 mx/24//64 a:x.example/32 -all",
         SPF_REST_FAIL, 8, false},
        {"v=spf1 ip4:192.0.2.1 ip4:192.0.2.0/24 ip6:2001:db8::1 ip6:2001:db8::/32 -all",
         SPF_REST_FAIL, 0, false},
        {"v=spf1 exists:%{i}._spf.%{d2} -all", SPF_REST_FAIL, 1, false},
        {"v=spf1 ?ptr -all", SPF_REST_FAIL, 1, true},
        {"v=spf1 redirect=_spf.example.net", SPF_REST_REDIRECT, 1, false},
        {"v=spf1 redirect=_spf.example.net -all", SPF_REST_FAIL, 0, false},
        {"v=spf1 -all a mx", SPF_REST_FAIL, 0, false},
        {"v=spf1 unknown=x exp=why.example -all", SPF_REST_FAIL, 0, false},
        {"v=spf1 a a a a a a a a a a -all", SPF_REST_FAIL, 10, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct spf_record record;
        struct error error;

        if (spf_parse(text, &record, &error) < 0)
            fail_msg("%s: %s", cases[i].text, error.text);
        if (record.rest != cases[i].rest || record.lookups != cases[i].lookups ||
            record.uses_ptr != cases[i].uses_ptr)
            fail_msg("%s: rest %d, lookups %u, ptr %d", cases[i].text, (int)record.rest,
                     record.lookups, record.uses_ptr);
        data_free(text);
    }
}

static void broken_spf_records_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"v=spf1 inlcude:x.example -all", "\"inlcude:x.example\" is no mechanism"},
        {"v=spf1 include -all", "\"include\" has no usable argument"},
        {"v=spf1 include: -all", "include:"},
        {"v=spf1 all:x", "all:x"},
        {"v=spf1 ip4:192.0.2 -all", "ip4:192.0.2"},
        {"v=spf1 ip4:192.0.2.0/33 -all", "/33"},
        {"v=spf1 ip4 -all", "ip4"},
        {"v=spf1 ip6:192.0.2.1 -all", "ip6:192.0.2.1"},
        {"v=spf1 ip6:2001:db8::/129 -all", "/129"},
        {"v=spf1 a/33 -all", "a/33"},
        {"v=spf1 mx//129 -all", "mx//129"},
        {"v=spf1 a: -all", "a:"},
        {"v=spf1 ptr/24 -all", "ptr/24"},
        {"v=spf1 exists:%x.example -all", "exists:%x"},
        {"v=spf1 exists:%{i.example -all", "exists:"},
        {"v=spf1 exists:x% -all", "exists:"},
        {"v=spf1 redirect=a.example redirect=b.example", "given twice"},
        {"v=spf1 redirect=", "names no domain"},
        {"v=spf1 a -all; x", "\"-all;\""},
        {"v=spf1 \xe2\x80\x93" "all", "ASCII"},
        {"v=spf1 a a a a a a a a a a a -all", "needs 11 DNS lookups"},
        {"v=spf1 a a a a a a a a a a redirect=x.example", "needs 11 DNS lookups"},
        {"v=spf10 -all", "does not begin"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct spf_record record = {.lookups = 77};
        struct error error = {0};

        if (spf_parse(text, &record, &error) == 0)
            fail_msg("taken: %s", cases[i].text);
        assert_int_equal(error.kind, ERROR_INPUT);
        if (!strstr(error.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, error.text);
        assert_int_equal(record.lookups, 77);
        data_free(text);
    }
}

static void dmarc_records_are_read(void **state)
{
    static const struct {
        const char *text;
        struct dmarc_record want;
    } cases[] = {
        {"v=DMARC1; p=none", {DMARC_NONE, DMARC_NONE, false, false, 100, false}},
        {"v=DMARC1;p=reject;", {DMARC_REJECT, DMARC_REJECT, false, false, 100, false}},
        {"v = DMARC1 ; p = Quarantine ; sp = none",
         {DMARC_QUARANTINE, DMARC_NONE, false, false, 100, false}},
        {"v=DMARC1; p=reject; adkim=s; aspf=s; pct=5; rua=mailto:a@example.org",
         {DMARC_REJECT, DMARC_REJECT, true, true, 5, true}},
        {"v=DMARC1; p=none; rua=mailto:a@example.org!10m, mailto:b@example.org; fo=1; x=y",
         {DMARC_NONE, DMARC_NONE, false, false, 100, true}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        const struct dmarc_record *want = &cases[i].want;
        struct dmarc_record record;
        struct error error;

        if (dmarc_parse(text, &record, &error) < 0)
            fail_msg("%s: %s", cases[i].text, error.text);
        assert_int_equal(record.policy, want->policy);
        assert_int_equal(record.subdomain_policy, want->subdomain_policy);
        assert_int_equal(record.strict_dkim, want->strict_dkim);
        assert_int_equal(record.strict_spf, want->strict_spf);
        assert_int_equal(record.percent, want->percent);
        assert_int_equal(record.has_reports, want->has_reports);
        data_free(text);
    }
}

static void broken_dmarc_records_are_refused(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } cases[] = {
        {"v=DMARC1", "no policy"},
        {"v=DMARC1; sp=none", "no policy"},
        {"v=DMARC1; p=block", "none, quarantine or reject"},
        {"v=DMARC1; p=", "none, quarantine or reject"},
        {"v=DMARC1; p=none; aspf=x", "aspf=x"},
        {"v=DMARC1; p=none; pct=101", "0 to 100"},
        {"v=DMARC1; p=none; pct=-1", "0 to 100"},
        {"v=DMARC1; p=none; rua=a@example.org", "mailto:"},
        {"v=DMARC1; p none", "tag=value"},
        {"v=DMARC2; p=none", "does not begin"},
        {"v=dmarc1; p=none", "does not begin"},
        {"p=none; v=DMARC1", "does not begin"},
        {"v=DMARC1; p=none\x01", "ASCII"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct dmarc_record record;
        struct error error = {0};

        if (dmarc_parse(text, &record, &error) == 0)
            fail_msg("taken: %s", cases[i].text);
        if (!strstr(error.text, cases[i].says))
            fail_msg("%s: %s", cases[i].text, error.text);
        data_free(text);
    }
}

static void domains_lie_within_others(void **state)
{
    (void)state;
    assert_true(domain_is_within(VIEW("example.org"), VIEW("EXAMPLE.org")));
    assert_true(domain_is_within(VIEW("example.org."), VIEW("example.org")));
    assert_true(domain_is_within(VIEW("a.b.example.org"), VIEW("example.org")));
    assert_false(domain_is_within(VIEW("badexample.org"), VIEW("example.org")));
    assert_false(domain_is_within(VIEW("example.org"), VIEW("a.example.org")));
    assert_false(domain_is_within(VIEW("example.org"), VIEW("")));
    assert_false(domain_is_within(VIEW("."), VIEW(".")));
}

/* Header, one question and two answers: a TXT of two strings, and a CNAME. */
static const char REPLY[] = "\0\1\x81\x80\0\1\0\2\0\0\0\0"
                            "\7example\3org\0\0\20\0\1"
                            "\xc0\x0c\0\5\0\1\0\0\0\74\0\2\xc0\x0c"
                            "\xc0\x0c\0\20\0\1\0\0\0\74\0\14\6v=spf1\4 -al";

static void replies_are_read_and_cut_ones_refused(void **state)
{
    struct arena *arena = arena_new();
    size_t size = sizeof(REPLY) - 1;
    struct resolver_answer answer;
    struct error error;

    (void)state;
    assert_int_equal(resolver_read_answer((struct view){REPLY, size}, RESOLVER_TXT, arena, &answer,
                                          &error),
                     0);
    assert_int_equal(answer.count, 1);
    assert_true(view_equal(answer.items[0].text, VIEW("v=spf1 -al")));
    for (size_t cut = 0; cut < size; cut++) {
        char *exact = malloc(cut ? cut : 1);

        memcpy(exact, REPLY, cut);
        assert_int_equal(resolver_read_answer((struct view){exact, cut}, RESOLVER_TXT, arena,
                                              &answer, &error),
                         -1);
        assert_int_equal(error.kind, ERROR_TEMPORARY);
        free(exact);
    }
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spf_records_are_known_by_their_start),
        cmocka_unit_test(spf_records_are_read),
        cmocka_unit_test(broken_spf_records_are_refused),
        cmocka_unit_test(dmarc_records_are_read),
        cmocka_unit_test(broken_dmarc_records_are_refused),
        cmocka_unit_test(domains_lie_within_others),
        cmocka_unit_test(replies_are_read_and_cut_ones_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
