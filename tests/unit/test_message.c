#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "digest/message.h"
#include "unit/data.h"
#include "unit/mail.h"

#define TOKEN "ciaabho7fslu7xj4h5nhfvrdulr5lai"
#define URL "https://papers.example.org/unsubscribe/" TOKEN
#define MAILTO "mailto:paperboy+unsubscribe-" TOKEN "@example.org?subject=unsubscribe"

static struct digest_message full_message(void)
{
    return (struct digest_message){
        .from = {VIEW("Paperboy"), VIEW("digest@example.org")},
        .to = {VIEW("Ad\xC3\xA9 Lovelace"), VIEW("ada@example.org")},
        .subject = VIEW("30 papers: \xE2\x80\x9CSpeculative decoding\xE2\x80\x9D and 29 more"),
        .date_utc = 1771304400,
        .message_id = VIEW("txpszf2p3wxlf6odswrucoz7z3k4onrv@example.org"),
        .text = VIEW("Hello.\n"),
        .html = VIEW("<p>Hello.</p>\n"),
        .list = {VIEW("Paper Boy"), VIEW("digest.example.org"), VIEW("owner@example.org")},
        .inbox = VIEW("paperboy@example.org"),
        .unsubscribe_mailto = VIEW(MAILTO),
        .unsubscribe_url = VIEW(URL),
        .archive_url = VIEW("https://papers.example.org/"),
    };
}

static void test_whole(void **state)
{
    static const char want[] =
        "From: Paperboy <digest@example.org>\r\n"
        "To: =?UTF-8?Q?Ad=C3=A9_Lovelace?= <ada@example.org>\r\n"
        "Reply-To: paperboy@example.org\r\n"
        "Subject: 30 papers: =?UTF-8?B?4oCcU3BlY3VsYXRpdmUgZGVjb2RpbmfigJ0=?= and 29\r\n more\r\n"
        "Date: Tue, 17 Feb 2026 05:00:00 +0000\r\n"
        "Message-ID: <txpszf2p3wxlf6odswrucoz7z3k4onrv@example.org>\r\n"
        "List-Id: Paper Boy <digest.example.org>\r\n"
        "List-Unsubscribe: <" URL ">,\r\n"
        " <" MAILTO ">\r\n"
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        "List-Subscribe: <mailto:paperboy@example.org?subject=subscribe>\r\n"
        "List-Help: <mailto:paperboy@example.org?subject=help>\r\n"
        "List-Owner: <mailto:owner@example.org>\r\n"
        "List-Archive: <https://papers.example.org/>\r\n"
        "List-Post: NO\r\n"
        "Precedence: bulk\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "X-Mailer: paperboy " PAPERBOY_VERSION "\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_f225e7e978c37d297e3ed01e\"\r\n"
        "\r\n"
        "--=_f225e7e978c37d297e3ed01e\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "Hello.\r\n"
        "\r\n"
        "--=_f225e7e978c37d297e3ed01e\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 7bit\r\n"
        "\r\n"
        "<p>Hello.</p>\r\n"
        "\r\n"
        "--=_f225e7e978c37d297e3ed01e--\r\n";
    struct digest_message message = full_message();
    struct error error = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, DIGEST_MESSAGE_BYTES);
    if (digest_message_write(&message, &out, &error) < 0)
        fail_msg("%s", error.text);
    assert_string_equal(want, buffer_string(&out));
    buffer_free(&out);
}

/* What stands in the header when this or that is not there. */
static void test_presence(void **state)
{
    enum { NO_INBOX = 1, NO_MAILTO = 2, NO_URL = 4, PLAIN_HTTP = 8, NO_OWNER = 16, NO_HTML = 32,
           NO_TEXT = 64, NO_NAME = 128, SIGN_UP = 256 };
    static const struct {
        const char *name;
        int without;
        const char *want[4], *not_wanted[4];
    } tests[] = {
        {"only https", NO_MAILTO | NO_INBOX,
         {"\r\nList-Unsubscribe: <" URL ">\r\nList-Unsubscribe-Post:",
          "\r\nList-Help: <mailto:owner@example.org?subject=help>\r\n"},
         {"Reply-To", "List-Subscribe", "paperboy@example.org"}},
        {"only mail", NO_URL, {"\r\nList-Unsubscribe: <" MAILTO ">\r\nList-Sub"},
         {"List-Unsubscribe-Post"}},
        {"http is not one click", PLAIN_HTTP, {"List-Unsubscribe: <http://localhost/u>,\r\n <" MAILTO},
         {"List-Unsubscribe-Post"}},
        {"neither", NO_URL | NO_MAILTO | NO_INBOX,
         {"\r\nList-Unsubscribe: <mailto:owner@example.org?subject=unsubscribe>\r\n"},
         {"List-Unsubscribe-Post", "Reply-To"}},
        {"nor an owner", NO_URL | NO_MAILTO | NO_INBOX | NO_OWNER,
         {"\r\nList-Unsubscribe: <mailto:digest@example.org?subject=unsubscribe>\r\n",
          "\r\nList-Owner: <mailto:digest@example.org>\r\n"}, {NULL}},
        {"only text", NO_HTML, {"\r\nContent-Type: text/plain; charset=utf-8\r\n"},
         {"multipart", "html", "--"}},
        {"only HTML", NO_TEXT, {"\r\nContent-Type: text/html; charset=utf-8\r\n"},
         {"multipart", "plain", "--"}},
        {"no name", NO_NAME, {"\r\nTo: ada@example.org\r\n"}, {NULL}},
        {"a sign-up page", SIGN_UP,
         {"\r\nList-Subscribe: <https://papers.example.org/subscribe>,\r\n <mailto:paperboy@"},
         {NULL}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct digest_message message = full_message();
        struct view none = {NULL, 0};
        int without = tests[i].without;
        struct buffer out;

        if (without & NO_INBOX)
            message.inbox = none;
        if (without & NO_MAILTO)
            message.unsubscribe_mailto = none;
        if (without & NO_URL)
            message.unsubscribe_url = none;
        if (without & PLAIN_HTTP)
            message.unsubscribe_url = VIEW("http://localhost/u");
        if (without & NO_OWNER)
            message.list.owner = none;
        if (without & NO_HTML)
            message.html = none;
        if (without & NO_TEXT)
            message.text = none;
        if (without & NO_NAME)
            message.to.name = none;
        if (without & SIGN_UP)
            message.subscribe_url = VIEW("https://papers.example.org/subscribe");
        buffer_init(&out, DIGEST_MESSAGE_BYTES);
        assert_int_equal(0, digest_message_write(&message, &out, NULL));
        for (size_t j = 0; j < 4 && tests[i].want[j]; j++)
            if (!strstr(out.data, tests[i].want[j]))
                fail_msg("%s: no %s in\n%s", tests[i].name, tests[i].want[j], out.data);
        for (size_t j = 0; j < 4 && tests[i].not_wanted[j]; j++)
            if (strstr(out.data, tests[i].not_wanted[j]))
                fail_msg("%s: %s in\n%s", tests[i].name, tests[i].not_wanted[j], out.data);
        buffer_free(&out);
    }
}

/* Every field, one after the other, with a line break and a second header. */
static void test_injection(void **state)
{
    struct view evil = VIEW("a@example.org\r\nBcc: eve@example.org\r\n\r\nbody");
    struct digest_message message = full_message();
    struct view *fields[] = {
        &message.from.name,   &message.from.address,       &message.to.name,
        &message.to.address,  &message.subject,            &message.message_id,
        &message.list.name,   &message.list.id,            &message.list.owner,
        &message.inbox,       &message.unsubscribe_mailto, &message.unsubscribe_url,
        &message.subscribe_url, &message.help_url,         &message.archive_url,
    };
    size_t refused = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        struct view kept = *fields[i];
        struct error error = {0};
        struct buffer out;

        *fields[i] = evil;
        buffer_init(&out, DIGEST_MESSAGE_BYTES);
        buffer_add_string(&out, "before");
        if (digest_message_write(&message, &out, &error) < 0) {
            refused++;
            assert_int_equal(ERROR_INPUT, error.kind);
            assert_string_equal("before", out.data);
        }
        assert_null(strstr(out.data, "\nBcc:"));
        assert_null(strstr(out.data, "\nbody"));
        buffer_free(&out);
        *fields[i] = kept;
    }
    assert_int_equal(11, refused); /* all but the three names and the subject */
}

static void test_refused(void **state)
{
    struct digest_message message = full_message();
    struct error error = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_int_equal(-1, digest_message_write(&message, &out, &error));
    assert_string_equal("the message is larger than 1000 bytes", error.text);
    buffer_free(&out);
    message.text = message.html = (struct view){NULL, 0};
    assert_int_equal(-1, digest_message_write(&message, &out, &error));
    assert_string_equal("the digest has neither text nor HTML", error.text);
    assert_int_equal(0, out.size);
}

/* The same seed, the same bytes: a repeated delivery is the same mail. */
/* With a memo a message is what it is without one, whatever came before. */
static void test_memo(void **state)
{
    struct message_memo *memo = message_memo_new();
    struct buffer plain, known;
    struct error error = {0};

    (void)state;
    buffer_init(&plain, DIGEST_MESSAGE_BYTES);
    buffer_init(&known, DIGEST_MESSAGE_BYTES);
    for (unsigned change = 0; change < 2000; change++) {
        struct digest_message message = full_message();
        unsigned bits = change * 2654435761u >> 16;
        int result;

        if (bits & 1)
            message.subject = VIEW("Another");
        if (bits & 2)
            message.from.name = VIEW("Paperbo");
        if (bits & 4)
            message.inbox = VIEW("");
        if (bits & 8)
            message.list.owner = bits & 16 ? VIEW("") : VIEW("no address");
        if (bits & 32)
            message.archive_url = VIEW("");
        if (bits & 64)
            message.help_url = VIEW("https://papers.example.org/help");
        if (bits & 128)
            message.list.name = VIEW("Paper");
        if (bits & 256)
            message.date_utc++;
        if (bits & 512)
            message.subscribe_url = VIEW("https://papers.example.org/");
        buffer_clear(&plain);
        buffer_clear(&known);
        result = digest_message_write(&message, &plain, &error);
        message.memo = memo;
        assert_int_equal(digest_message_write(&message, &known, &error), result);
        assert_string_equal(buffer_string(&plain), buffer_string(&known));
    }
    message_memo_free(&memo);
    buffer_free(&plain);
    buffer_free(&known);
}

static void test_encoded_parts(void **state)
{
    struct digest_message message = full_message(), encoded;
    struct buffer text, html, plain, out;
    size_t column = 0;

    (void)state;
    message.text = VIEW("caf\xC3\xA9\n.\n");
    message.html = VIEW("<p>caf\xC3\xA9</p>\n");
    encoded = message;
    buffer_init(&text, 1000);
    buffer_init(&html, 1000);
    buffer_init(&plain, DIGEST_MESSAGE_BYTES);
    buffer_init(&out, DIGEST_MESSAGE_BYTES);
    mime_add_quoted_printable(&text, message.text, &column);
    mime_add_quoted_printable(&html, message.html, &column);
    encoded.text = buffer_view(&text);
    encoded.html = buffer_view(&html);
    encoded.is_encoded = true;
    assert_int_equal(0, digest_message_write(&message, &plain, NULL));
    assert_int_equal(0, digest_message_write(&encoded, &out, NULL));
    assert_string_equal(plain.data, out.data);
    buffer_free(&text);
    buffer_free(&html);
    buffer_free(&plain);
    buffer_free(&out);
}

static void test_envelope_sender(void **state)
{
    static const struct {
        const char *name, *inbox, *sender, *token, *want;
    } tests[] = {
        {"verp", "paperboy@example.org", "digest@example.org", TOKEN,
         "paperboy+bounce-" TOKEN "@example.org"},
        {"fixed", "paperboy@example.org", "digest@example.org", NULL, "digest@example.org"},
        {"no inbox", "", "digest@example.org", TOKEN, "digest@example.org"},
        {"bad sender", "", "digest@example.org\r\nRCPT TO:<eve@example.org>", TOKEN, NULL},
        {"bad inbox", "a b@example.org", "digest@example.org", TOKEN, NULL},
        {"inbox too long", "a.local.part.of.twenty.six@example.org", "digest@example.org", TOKEN,
         NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        struct error error = {0};
        struct buffer address;
        int result;

        buffer_init(&address, 1000);
        result = digest_envelope_sender(view_of(tests[i].inbox), view_of(tests[i].sender),
                                        tests[i].token, &address, &error);
        if ((result == 0) != (tests[i].want != NULL))
            fail_msg("%s: %s", tests[i].name, error.text);
        assert_int_equal(result == 0 ? ERROR_NONE : ERROR_CONFIGURATION, error.kind);
        assert_string_equal(tests[i].want ? tests[i].want : "", buffer_string(&address));
        buffer_free(&address);
    }
}

static void test_mailto(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    digest_add_mailto(&out, VIEW("a+b&c=%d@example.org"), VIEW("like 2602.13531 \xC3\xA9?&\r\n"));
    assert_string_equal("mailto:a+b%26c%3D%25d@example.org?subject=like%202602.13531%20%C3%A9%3F"
                        "%26%0D%0A",
                        out.data);
    buffer_clear(&out);
    digest_add_mailto(&out, VIEW("a@example.org"), VIEW(""));
    assert_string_equal("mailto:a@example.org", out.data);
    buffer_free(&out);
}

static json_t *want_of(const struct digest_message *message)
{
    return json_pack("{s:{s:o,s:s,s:s,s:s,s:s}, s:{s:[[o,s]],s:[[s,s]]}, s:{s:[s,s]},"
                     " s:[{s:s,s:o},{s:s,s:o}]}",
                     "fields", "Subject", mail_json_string(message->subject), "Precedence", "bulk",
                     "Date", "Tue, 17 Feb 2026 05:00:00 +0000", "List-Post", "NO",
                     "List-Unsubscribe-Post", "List-Unsubscribe=One-Click", "mailboxes", "To",
                     mail_json_string(message->to.name), "ada@example.org", "From", "Paperboy",
                     "digest@example.org", "uris", "List-Unsubscribe", URL, MAILTO, "parts", "type",
                     "text/plain", "text", mail_json_string(message->text), "type", "text/html",
                     "text", mail_json_string(message->html));
}

/* Thirty papers with all that papers are made of, read back by Python. */
static void test_python(void **state)
{
    static const char *const titles[] = {
        "Speculative decoding with K\xC3\xA4hler caches", "\xE2\x84\x93\xE2\x82\x81 bounds for MoE",
        "\xE8\xAE\xBA\xE6\x96\x87 retrieval \xF0\x9F\x93\xB0", "A plain title = a good title",
    };
    char *folder = data_temporary_folder();
    struct digest_message message = full_message();
    struct buffer text, html, out;

    (void)state;
    buffer_init(&text, DIGEST_MESSAGE_BYTES);
    buffer_init(&html, DIGEST_MESSAGE_BYTES);
    buffer_init(&out, DIGEST_MESSAGE_BYTES);
    for (int i = 0; i < 30; i++) {
        const char *title = titles[i % 4];

        buffer_printf(&text, "%d. %s\n   \n.leading dot\nFrom the abstract: %s \n\n", i, title, title);
        buffer_printf(&html, "<h2><a href=\"https://arxiv.org/abs/2602.%05d\">%s</a></h2><p>%s</p>",
                      i, title, title);
    }
    message.text = buffer_view(&text);
    message.html = buffer_view(&html);
    assert_int_equal(0, digest_message_write(&message, &out, NULL));
    mail_keep(folder, "digest", &out, want_of(&message));
    mail_check_folder(folder);
    data_remove_folder(&folder);
    buffer_free(&text);
    buffer_free(&html);
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),
        cmocka_unit_test(test_presence),
        cmocka_unit_test(test_injection),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_memo), cmocka_unit_test(test_encoded_parts),
        cmocka_unit_test(test_envelope_sender),
        cmocka_unit_test(test_mailto),
        cmocka_unit_test(test_python),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
