#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "mail/mime.h"
#include "unit/data.h"

enum { MAX_BYTES = 1 << 20 };

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

static void assert_bytes(const char *name, struct buffer *got, const char *want)
{
    if (got->failed || strcmp(buffer_string(got), want) != 0)
        fail_msg("%s:\ngot  \"%s\"\nwant \"%s\"", name, buffer_string(got), want);
    buffer_free(got);
}

static void test_text(void **state)
{
    static const struct {
        const char *name, *input, *want;
    } tests[] = {
        {"plain", "30 papers for you", "Subject: 30 papers for you\r\n"},
        {"empty", "", "Subject:\r\n"},
        {"blanks at both ends", "  a b \n", "Subject: a b\r\n"},
        {"injection by CRLF", "a\r\nBcc: eve@example.org", "Subject: a Bcc: eve@example.org\r\n"},
        {"injection by LF", "a\nBcc: x\n\nbody", "Subject: a Bcc: =?UTF-8?Q?x__body?=\r\n"},
        {"bare CR", "a\rb", "Subject: a b\r\n"},
        {"tab and control", "a\tb\x01\x7f" "c", "Subject: a bc\r\n"},
        {"C1 control", "a\xC2\x85" "b", "Subject: ab\r\n"},
        {"Q is shorter", "caf\xC3\xA9teria", "Subject: =?UTF-8?Q?caf=C3=A9teria?=\r\n"},
        {"B is shorter", "\xE8\xAE\xBA\xE6\x96\x87", "Subject: =?UTF-8?B?6K665paH?=\r\n"},
        {"only the word that needs it", "the caf\xC3\xA9 of",
         "Subject: the =?UTF-8?B?Y2Fmw6k=?= of\r\n"},
        {"blank between two such words is encoded", "\xC3\xA9 \xC3\xA9 x",
         "Subject: =?UTF-8?B?w6kgw6k=?= x\r\n"},
        {"blanks in a row survive", "a b  c d", "Subject: a =?UTF-8?Q?b__c?= d\r\n"},
        {"looks like an encoded word", "x =?UTF-8?Q?a?=",
         "Subject: x =?UTF-8?B?PT9VVEYtOD9RP2E/PQ==?=\r\n"},
        {"ill-formed", "a\xFF" "b", "Subject: =?UTF-8?B?Ye+/vWI=?=\r\n"},
        {"76 columns", SIXTY " abcdef", "Subject: " SIXTY " abcdef\r\n"},
        {"77 columns", SIXTY " abcdefg", "Subject: " SIXTY "\r\n abcdefg\r\n"},
        {"word of 75", "a " SIXTY TEN "abcde", "Subject: a\r\n " SIXTY TEN "abcde\r\n"},
        {"word of 76 is encoded", "a " SIXTY TEN "abcdef",
         "Subject: a =?UTF-8?Q?" TEN TEN TEN TEN TEN "abc?=\r\n"
         " =?UTF-8?Q?defghij" TEN "abcdef?=\r\n"},
        {"first word too long for its line", SIXTY TEN,
         "Subject: =?UTF-8?Q?" TEN TEN TEN TEN TEN "abcde?=\r\n =?UTF-8?Q?fghij" TEN "?=\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct view input = data_exact(tests[i].input);
        struct buffer out;

        buffer_init(&out, MAX_BYTES);
        mime_add_text(&out, "Subject", input);
        assert_bytes(tests[i].name, &out, tests[i].want);
        data_free(input);
    }
}

static void test_address_is_valid(void **state)
{
    static const struct {
        const char *address;
        bool want;
    } tests[] = {
        {"ada@example.org", true},
        {"a.b+c_d-e=f@example.org", true},
        {"ada@localhost", true},
        {"ada@[127.0.0.1]", true},
        {"ada@[IPv6:2001:db8::1]", true},
        {"", false},
        {"ada", false},
        {"@example.org", false},
        {"ada@", false},
        {"ada@example.org\r\nRCPT TO:<eve@example.org>", false},
        {"ada@example.org\n", false},
        {"a b@example.org", false},
        {"<ada@example.org>", false},
        {"a@b@example.org", false},
        {".ada@example.org", false},
        {"ada.@example.org", false},
        {"a..b@example.org", false},
        {"ada@example..org", false},
        {"ada@example.org.", false},
        {"ada@exa mple.org", false},
        {"ada@example.org,eve@example.org", false},
        {"ad\xC3\xA9@example.org", false},
        {"ada@ex\xC3\xA4mple.org", false},
        {"ada@[]", false},
        {"ada@[127.0.0.1", false},
        {"ada@[127.0.0.1]\r\n", false},
        {"\"a b\"@example.org", false},
        {SIXTY "abcd@example.org", true},
        {SIXTY "abcde@example.org", false},
        {"a@" SIXTY SIXTY SIXTY SIXTY TEN "ab", true},
        {"a@" SIXTY SIXTY SIXTY SIXTY TEN "abc", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct view address = data_exact(tests[i].address);

        if (mime_address_is_valid(address) != tests[i].want)
            fail_msg("%s", tests[i].address);
        data_free(address);
    }
    assert_false(mime_address_is_valid((struct view){"a\0b@example.org", 15}));
    assert_false(mime_address_is_valid((struct view){"a@exampl\0.org", 13}));
}

static void test_mailboxes(void **state)
{
    static const struct {
        const char *name, *phrase, *want;
    } tests[] = {
        {"no name", "", "To: ada@example.org\r\n"},
        {"atoms", "Ada Lovelace", "To: Ada Lovelace <ada@example.org>\r\n"},
        {"a dot is quoted", "J. Doe", "To: \"J. Doe\" <ada@example.org>\r\n"},
        {"quote and backslash", "a\"b\\c", "To: \"a\\\"b\\\\c\" <ada@example.org>\r\n"},
        {"comma and brackets", "x>, <eve@example.org", "To: \"x>, <eve@example.org\" <ada@example.org>\r\n"},
        {"line break", "Ada\r\nBcc: eve@example.org",
         "To: \"Ada Bcc: eve@example.org\" <ada@example.org>\r\n"},
        {"accents", "Ad\xC3\xA9 Lovelace", "To: =?UTF-8?Q?Ad=C3=A9_Lovelace?= <ada@example.org>\r\n"},
        {"encoded look-alike", "=?UTF-8?Q?a?=",
         "To: =?UTF-8?B?PT9VVEYtOD9RP2E/PQ==?= <ada@example.org>\r\n"},
        {"blanks in a row", "a  b", "To: \"a  b\" <ada@example.org>\r\n"},
        {"long atoms are folded", TEN " x " SIXTY, "To: " TEN " x\r\n " SIXTY "\r\n <ada@example.org>\r\n"},
        {"too long to be quoted", SIXTY ".",
         "To: =?UTF-8?Q?" SIXTY "?=\r\n =?UTF-8?Q?=2E?= <ada@example.org>\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct mime_mailbox box = {data_exact(tests[i].phrase), VIEW("ada@example.org")};
        struct buffer out;

        buffer_init(&out, MAX_BYTES);
        assert_int_equal(0, mime_add_mailboxes(&out, "To", &box, 1, NULL));
        assert_bytes(tests[i].name, &out, tests[i].want);
        data_free(box.name);
    }
}

/* A message about bad bytes is itself good text. */
static void test_refused_bytes(void **state)
{
    struct mime_mailbox box = {VIEW(""), VIEW("a\xFF\xC3\n\xC3\xA9@example.org\xF0\x9F")};
    struct error error = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, MAX_BYTES);
    assert_int_equal(-1, mime_add_mailboxes(&out, "To", &box, 1, &error));
    assert_string_equal("To: not a mail address: \"a???\xC3\xA9@example.org??\" (wanted: "
                        "name@domain, plain ASCII)",
                        error.text);
}

static void test_mailbox_list(void **state)
{
    struct mime_mailbox boxes[] = {{VIEW("Ada"), VIEW("ada@example.org")},
                                   {VIEW(""), VIEW(SIXTY "@example.org")},
                                   {VIEW("Eve"), VIEW("eve@example.org\r\nX: y")}};
    struct error error = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, MAX_BYTES);
    assert_int_equal(-1, mime_add_mailboxes(&out, "To", boxes, 3, &error));
    assert_int_equal(ERROR_INPUT, error.kind);
    assert_string_equal("To: not a mail address: \"eve@example.org??X: y\" (wanted: name@domain, "
                        "plain ASCII)",
                        error.text);
    assert_int_equal(0, out.size);
    assert_int_equal(0, mime_add_mailboxes(&out, "To", boxes, 2, &error));
    assert_bytes("two", &out, "To: Ada <ada@example.org>,\r\n " SIXTY "@example.org\r\n");
}

#define LONG_URL "https://papers.example.org/unsubscribe/" SIXTY SIXTY

static void test_uris(void **state)
{
    static const struct {
        const char *name, *uris[3], *want;
    } tests[] = {
        {"one", {"mailto:a@b"}, "List-Unsubscribe: <mailto:a@b>\r\n"},
        {"two on a line", {"https://a/", "mailto:a@b"},
         "List-Unsubscribe: <https://a/>, <mailto:a@b>\r\n"},
        {"folded at the comma only", {LONG_URL, LONG_URL},
         "List-Unsubscribe: <" LONG_URL ">,\r\n <" LONG_URL ">\r\n"},
        {"line break", {"https://a/\r\nBcc: eve@example.org"}, NULL},
        {"blank", {"https://a/b c"}, NULL},
        {"bracket", {"https://a/>,<mailto:eve@example.org"}, NULL},
        {"no scheme", {"www.example.org"}, NULL},
        {"nothing behind the scheme", {"mailto:"}, NULL},
        {"not ASCII", {"https://ex\xC3\xA4mple.org/"}, NULL},
        {"empty", {""}, NULL},
        {"second is bad", {"mailto:a@b", "mailto:a@b\n"}, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct view uris[3];
        size_t count = 0;
        struct error error = {0};
        struct buffer out;
        int result;

        for (; tests[i].uris[count]; count++)
            uris[count] = data_exact(tests[i].uris[count]);
        buffer_init(&out, MAX_BYTES);
        result = mime_add_uris(&out, "List-Unsubscribe", uris, count, &error);
        if ((result == 0) != (tests[i].want != NULL))
            fail_msg("%s: %d %s", tests[i].name, result, error.text);
        assert_int_equal(result == 0 ? ERROR_NONE : ERROR_INPUT, error.kind);
        assert_bytes(tests[i].name, &out, tests[i].want ? tests[i].want : "");
        while (count)
            data_free(uris[--count]);
    }
}

static void test_list_id_and_ids(void **state)
{
    struct view ids[] = {VIEW("a1b2@example.org"), VIEW(SIXTY "@example.org")};
    struct view bad[] = {VIEW("a b@example.org"), VIEW("a@example.org>\r\nX: y"), VIEW("a"),
                         VIEW("")};
    struct buffer out;

    (void)state;
    buffer_init(&out, MAX_BYTES);
    assert_int_equal(0, mime_add_list_id(&out, "List-Id", VIEW("Paper Boy"), VIEW("d.example.org"),
                                         NULL));
    assert_int_equal(0, mime_add_list_id(&out, "List-Id", VIEW(""), VIEW("d.example.org"), NULL));
    assert_int_equal(0, mime_add_ids(&out, "References", ids, 2, NULL));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(-1, mime_add_ids(&out, "Message-ID", &bad[i], 1, NULL));
        if (i != 2)
            assert_int_equal(-1, mime_add_list_id(&out, "List-Id", VIEW("x"), bad[i], NULL));
    }
    mime_add_date(&out, "Date", 1771304400);
    assert_bytes("ids", &out,
                 "List-Id: Paper Boy <d.example.org>\r\n"
                 "List-Id: <d.example.org>\r\n"
                 "References: <a1b2@example.org>\r\n <" SIXTY "@example.org>\r\n"
                 "Date: Tue, 17 Feb 2026 05:00:00 +0000\r\n");
}

static void test_parameters(void **state)
{
    static const struct {
        const char *name, *value, *want;
    } tests[] = {
        {"token", "a.json", "C: attachment; filename=a.json\r\n"},
        {"blank", "a b.json", "C: attachment; filename=\"a b.json\"\r\n"},
        {"quote", "a\"\\b", "C: attachment; filename=\"a\\\"\\\\b\"\r\n"},
        {"empty", "", "C: attachment; filename=\"\"\r\n"},
        {"line break", "a\r\nX: y", "C: attachment; filename=\"a X: y\"\r\n"},
        {"accent", "\xC3\xA9t\xC3\xA9 1.json",
         "C: attachment; filename*=UTF-8''%C3%A9t%C3%A9%201.json\r\n"},
        {"long", SIXTY TEN ".json",
         "C: attachment;\r\n filename*0*=UTF-8''" TEN TEN TEN TEN TEN "ab;\r\n"
         " filename*1*=cdefghij" TEN ".json\r\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct mime_parameter parameter = {"filename", data_exact(tests[i].value)};
        struct buffer out;

        buffer_init(&out, MAX_BYTES);
        mime_add_parameters(&out, "C", "attachment", &parameter, 1);
        assert_bytes(tests[i].name, &out, tests[i].want);
        data_free(parameter.value);
    }
}

/* BLAKE2b-128 of "seed", as coreutils' `printf seed | b2sum -l 128` has it. */
#define BOUNDARY "=_f006f35de25bce4166b61852"

static void test_body(void **state)
{
    struct mime_part plain = {.type = "text/plain", .text = VIEW("Hello.\r\n\nBye.\n")};
    struct mime_part parts[] = {plain, {.type = "text/html", .text = VIEW("<p>\xC3\xA9</p>\n.\n")}};
    struct mime_part open_end = {.type = "text/plain", .text = VIEW("\xC3\xA9 ")};
    struct mime_part encoded = {.type = "text/plain", .text = VIEW("=C3=A9\r\n"), .is_encoded = true};
    struct buffer out;

    (void)state;
    buffer_init(&out, MAX_BYTES);
    mime_add_body(&out, "alternative", &plain, 1, VIEW("seed"));
    assert_bytes("7bit", &out,
                 "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: 7bit\r\n\r\nHello.\r\n\r\nBye.\r\n");
    mime_add_body(&out, "alternative", &open_end, 1, VIEW("seed"));
    assert_bytes("open end", &out,
                 "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9=20\r\n");
    mime_add_body(&out, "alternative", &encoded, 1, VIEW("seed"));
    assert_bytes("encoded before", &out,
                 "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n=C3=A9\r\n");
    mime_add_body(&out, "alternative", parts, 2, VIEW("seed"));
    assert_bytes("alternative", &out,
                 "MIME-Version: 1.0\r\n"
                 "Content-Type: multipart/alternative; boundary=\"" BOUNDARY "\"\r\n"
                 "\r\n--" BOUNDARY "\r\n"
                 "Content-Type: text/plain; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: 7bit\r\n\r\n"
                 "Hello.\r\n\r\nBye.\r\n"
                 "\r\n--" BOUNDARY "\r\n"
                 "Content-Type: text/html; charset=utf-8\r\n"
                 "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                 "<p>=C3=A9</p>\r\n=2E\r\n"
                 "\r\n--" BOUNDARY "--\r\n");
}

static void test_choice_of_7bit(void **state)
{
    static const struct {
        const char *name, *text;
        bool is_7bit;
    } tests[] = {
        {"plain", "a b\n\nc\r\n", true},
        {"no line end", "abc", true},
        {"76 columns", SIXTY TEN "abcdef\n", true},
        {"77 columns", SIXTY TEN "abcdefg\n", false},
        {"a dot", "a\n.\n", false},
        {"From", "a\nFrom b\n", false},
        {"a blank at the end", "a \n", false},
        {"a tab", "a\tb\n", false},
        {"not ASCII", "caf\xC3\xA9\n", false},
        {"a control character", "a\x01\n", false},
        {"a bare CR", "a\rb\n", false},
        {"a bare CR at the end", "a\r", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct mime_part part = {.type = "text/plain", .text = data_exact(tests[i].text)};
        struct buffer out;

        buffer_init(&out, MAX_BYTES);
        mime_add_body(&out, "mixed", &part, 1, VIEW("seed"));
        if ((strstr(buffer_string(&out), "Encoding: 7bit\r\n") != NULL) != tests[i].is_7bit)
            fail_msg("%s: %s", tests[i].name, buffer_string(&out));
        buffer_free(&out);
        data_free(part.text);
    }
}

/* A part that holds the very boundary is encoded, which takes it apart. */
static void test_boundary_in_text(void **state)
{
    struct mime_part parts[] = {{.type = "text/plain", .text = VIEW("a\n")},
                                {.type = "text/plain", .text = VIEW("b\n")}};
    struct buffer out, text;
    struct view boundary;
    size_t at, count = 0;

    (void)state;
    buffer_init(&out, MAX_BYTES);
    buffer_init(&text, MAX_BYTES);
    mime_add_body(&out, "mixed", parts, 2, VIEW("seed"));
    at = view_find(buffer_view(&out), VIEW("=_"), 0);
    boundary = data_exact_view(view_slice(buffer_view(&out), at, at + 26));
    assert_int_equal('"', out.data[at + 26]);
    buffer_printf(&text, "--%.*s--\n", VIEW_ARGUMENTS(boundary));
    parts[0].text = buffer_view(&text);
    buffer_clear(&out);
    mime_add_body(&out, "mixed", parts, 2, VIEW("seed"));
    for (at = 0; (at = view_find(buffer_view(&out), boundary, at)) < out.size; at++)
        count++;
    assert_int_equal(4, count); /* the parameter, two openings, the end */
    data_free(boundary);
    buffer_free(&text);
    buffer_free(&out);
}

static void test_full_buffer(void **state)
{
    struct mime_part part = {.type = "text/plain", .text = VIEW(SIXTY SIXTY)};

    (void)state;
    for (size_t max = 0; max < 200; max++) {
        struct buffer out;

        buffer_init(&out, max);
        mime_add_text(&out, "Subject", VIEW("caf\xC3\xA9 " SIXTY));
        mime_add_body(&out, "mixed", &part, 1, VIEW("seed"));
        assert_true(out.failed);
        assert_true(out.size <= max);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_address_is_valid),
        cmocka_unit_test(test_mailboxes),
        cmocka_unit_test(test_mailbox_list),
        cmocka_unit_test(test_refused_bytes),
        cmocka_unit_test(test_uris),
        cmocka_unit_test(test_list_id_and_ids),
        cmocka_unit_test(test_parameters),
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_choice_of_7bit),
        cmocka_unit_test(test_boundary_in_text),
        cmocka_unit_test(test_full_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
