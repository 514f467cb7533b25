#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/trust.h"
#include "unit/data.h"

struct sample {
    const char *fields; /* before From: ada@mail.example.org */
    bool is_authentic;
    const char *why;
};

static void check(const char *fields, struct view from, const char *authserv_id, bool want,
                  const char *want_why)
{
    struct arena *arena = arena_new();
    struct view why, bytes;
    struct mail mail;
    char text[2000];
    bool is_authentic;

    snprintf(text, sizeof(text), "%sFrom: Ada <ada@mail.example.org>\n\nhello\n", fields);
    bytes = data_exact(text);
    mail_read(bytes, arena, &mail);
    is_authentic = trust_is_authentic(&mail, from, view_of(authserv_id), arena, &why);
    if (is_authentic != want || !view_equal_string(why, want_why))
        fail_msg("%s%d, want %d: %.*s", fields, is_authentic, want, VIEW_ARGUMENTS(why));
    arena_free(&arena);
    data_free(bytes);
}

#define OURS "Authentication-Results: mx.example.net"
#define NONE "neither DMARC nor an aligned DKIM or SPF vouches for mail.example.org"
#define NOT_OURS "its first Authentication-Results is not of mx.example.net"

static void our_server_vouches(void **state)
{
    static const struct sample samples[] = {
        {OURS "; dmarc=pass header.from=mail.example.org\n", true, "dmarc=pass"},
        {OURS " 1; dmarc=pass (p=reject; x) header.from=MAIL.example.org\n", true, "dmarc=pass"},
        {OURS ";\n spf=fail smtp.mailfrom=x@evil.example;\n\tdkim=pass header.d=example.org\n", true,
         "an aligned dkim=pass"},
        {OURS "; dkim=pass header.i=@mail.example.org\n", true, "an aligned dkim=pass"},
        {OURS "; dkim = pass header.d = example.org\n", true, "an aligned dkim=pass"},
        {OURS "; dkim=fail header.d=example.org; dkim=pass header.d=other.example.org\n", true,
         "an aligned dkim=pass"},
        {OURS "; spf=pass smtp.mailfrom=bounce@lists.example.org\n", true, "an aligned spf=pass"},
        {"AUTHENTICATION-RESULTS: MX.EXAMPLE.NET; DMARC=PASS header.from=mail.example.org\n", true,
         "dmarc=pass"},
        /* What does not suffice. */
        {"", false, NOT_OURS},
        {OURS "; none\n", false, NONE},
        {OURS "; dmarc=pass header.from=evil.example\n", false, NONE},
        {OURS "; dmarc=fail header.from=mail.example.org\n", false, NONE},
        {OURS "; dkim=pass header.d=evil.example; spf=pass smtp.mailfrom=evil.example\n", false, NONE},
        {OURS "; dkim=pass header.d=org\n", false, NONE},
        {OURS "; dkim=pass header.d=notexample.org\n", false, NONE},
        {OURS "; dkim=pass\n", false, NONE},
        {OURS "; spf=pass smtp.helo=example.org\n", false, NONE},
        {OURS "; spf=softfail smtp.mailfrom=example.org\n", false, NONE},
        {OURS "; x-dmarc=pass header.from=mail.example.org\n", false, NONE},
        /* Somebody else's, and what a sender may bring along. */
        {"Authentication-Results: mx.evil.example; dmarc=pass header.from=mail.example.org\n", false,
         NOT_OURS},
        {"Authentication-Results: evil.example; none\n" OURS
         "; dmarc=pass header.from=mail.example.org\n", false, NOT_OURS},
        {OURS ".evil.example; dmarc=pass header.from=mail.example.org\n", false, NOT_OURS},
        {"Authentication-Results: (mx.example.net; dmarc=pass) evil.example; none\n", false, NOT_OURS},
        {OURS "; spf=fail (x; dmarc=pass header.from=mail.example.org)\n", false, NONE},
        {OURS "; spf=fail (x (y) ; dmarc=pass header.from=mail.example.org)\n", false, NONE},
        {OURS "; spf=fail smtp.mailfrom=\"a; dmarc=pass header.from=mail.example.org\"\n", false, NONE},
        {OURS "; spf=fail reason=\"\\\"; dmarc=pass header.from=mail.example.org\"\n", false, NONE},
        {OURS "; spf=pass (\xFF =?utf-8?q?=29=3B_dmarc=3Dpass_header.from=3Dmail.example.org?= ) "
         "smtp.mailfrom=x@evil.example\n", false, NONE},
        {OURS "; spf=pass (\xFF) smtp.mailfrom=\"x =?utf-8?q?=22=3B_dmarc=3Dpass_header.from=3D"
         "mail.example.org?= \"@evil.example\n", false, NONE},
        {OURS "; spf=pass (\xFF) smtp.mailfrom=x=?utf-8?q?=3B_dmarc=3Dpass_header.from=3D"
         "mail.example.org?=\n", false, NONE},
        {OURS "; spf=fail smtp.mailfrom=a dmarc=pass header.from=mail.example.org\n", false, NONE},
        {OURS "; spf=fail smtp.mailfrom=dkim=pass header.d=example.org\n", false, NONE},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        check(samples[i].fields, VIEW("ada@mail.example.org"), "mx.example.net",
              samples[i].is_authentic, samples[i].why);
}

static void without_an_id_nobody_does(void **state)
{
    (void)state;
    check(OURS "; dmarc=pass header.from=mail.example.org\n", VIEW("ada@mail.example.org"), "", false,
          "inbox.authserv_id is not configured");
    check("Authentication-Results: ; dmarc=pass header.from=mail.example.org\n",
          VIEW("ada@mail.example.org"), "", false, "inbox.authserv_id is not configured");
}

/* From had no one usable address. */
static void nobody_is_vouched_for(void **state)
{
    (void)state;
    check(OURS "; dkim=pass header.d=example.org\n", VIEW(""), "mx.example.net", false, NOT_OURS);
}

/* co.uk is a public suffix: two domains below it have nothing to do with each other. */
static void public_suffixes_align_nobody(void **state)
{
    (void)state;
    check(OURS "; dkim=pass header.d=evil.co.uk\n", VIEW("ada@good.co.uk"), "mx.example.net", false,
          "neither DMARC nor an aligned DKIM or SPF vouches for good.co.uk");
    check(OURS "; dkim=pass header.d=co.uk\n", VIEW("ada@good.co.uk"), "mx.example.net", false,
          "neither DMARC nor an aligned DKIM or SPF vouches for good.co.uk");
    check(OURS "; dkim=pass header.d=good.co.uk\n", VIEW("ada@mx.good.co.uk"), "mx.example.net", true,
          "an aligned dkim=pass");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_server_vouches),
        cmocka_unit_test(without_an_id_nobody_does),
        cmocka_unit_test(nobody_is_vouched_for),
        cmocka_unit_test(public_suffixes_align_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
