/* What somebody wrote in a mail, of HTML too, and what only stands in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "inbox/mail_text.h"
#include "unit/data.h"

struct sample {
    const char *html, *text, *own;
};

static struct view trimmed(struct view text)
{
    return view_trim(text);
}

static void check(const char *input, struct view got, const char *want)
{
    if (!view_equal_string(trimmed(got), want))
        fail_msg("%s\ngives\n%.*s\nwanted\n%s", input, VIEW_ARGUMENTS(got), want);
}

static void html_is_read_as_lines(void **state)
{
    static const struct sample SAMPLES[] = {
        {"<p>subscribe</p><p>keywords: LLM</p>", "subscribe\nkeywords: LLM", "subscribe\nkeywords: LLM"},
        {"<div dir=\"ltr\">add LLM<br>max 20</div>", "add LLM\nmax 20", "add LLM\nmax 20"},
        {"add <b>speculative</b> decod<i>ing</i>\n  today", "add speculative decoding today",
         "add speculative decoding today"},
        {"add&nbsp;x &lt; y &amp; \xC3\xBC&uuml;", "add x < y & \xC3\xBC\xC3\xBC", "add x < y & \xC3\xBC\xC3\xBC"},
        {"<html><head><title>stop</title><style>p{}</style></head><body>help<script>stop</script></body></html>",
         "help", "help"},
        {"<table><tr><td>add LLM</td></tr><tr><td>add RL</td></tr></table>", "add LLM\nadd RL", "add LLM\nadd RL"},
        {"<ul><li>add LLM</li><li>add RL</li></ul>", "add LLM\nadd RL", "add LLM\nadd RL"},
        {"<a href=\"https://example.org/\">help</a>", "help", "help"},
        {"add LLM<!-- stop -->", "add LLM", "add LLM"},
        {"", "", ""},
        {"<p></p>", "", ""},
        {"add LLM", "add LLM", "add LLM"},
        {"<div>add LLM", "add LLM", "add LLM"},
        {"</div></div>add LLM", "add LLM", "add LLM"},
        /* Quotations and signatures. */
        {"<div>add LLM</div><blockquote type=\"cite\">stop<blockquote>leave</blockquote></blockquote>",
         "add LLM\n> stop\n>> leave", "add LLM"},
        {"<div dir=\"ltr\">add LLM</div><br><div class=\"gmail_quote\"><div class=\"gmail_attr\">On Tue, 17 Feb 2026"
         " at 07:30, Paperboy wrote:</div><blockquote class=\"gmail_quote\">stop</blockquote></div>",
         "add LLM\n> On Tue, 17 Feb 2026 at 07:30, Paperboy wrote:\n>> stop", "add LLM"},
        {"<p>add LLM</p><div class=\"gmail_quote gmail_quote_container\"><p>stop</p></div>", "add LLM\n> stop", "add LLM"},
        {"<p class=\"MsoNormal\">add LLM</p><div id=\"appendonsend\"></div><hr><div id=\"divRplyFwdMsg\"><b>From:</b>"
         " Paperboy<br><b>Sent:</b> Tuesday<br><b>To:</b> Ada</div><div>stop</div>",
         "add LLM\n> From: Paperboy\n> Sent: Tuesday\n> To: Ada\nstop", "add LLM"},
        {"<p class=\"MsoNormal\">add LLM</p><div style=\"border:none;border-top:solid #E1E1E1 1.0pt\"><p><b>From:</b>"
         " Paperboy<br><b>Sent:</b> Tuesday<br><b>To:</b> Ada</p></div><p>stop</p>",
         "add LLM\nFrom: Paperboy\nSent: Tuesday\nTo: Ada\nstop", "add LLM"},
        {"add LLM<div class=\"moz-cite-prefix\">On 17.02.26 07:30, Paperboy wrote:</div><blockquote>stop</blockquote>",
         "add LLM\n> On 17.02.26 07:30, Paperboy wrote:\n> stop", "add LLM"},
        {"<div>add LLM</div><div class=\"yahoo_quoted\">stop</div>", "add LLM\n> stop", "add LLM"},
        {"<div>add LLM</div><div>-- <br>Ada<br>stop</div>", "add LLM\n--\nAda\nstop", "add LLM"},
        {"<div>add LLM</div><div>--&nbsp;</div><div>stop</div>", "add LLM\n--\nstop", "add LLM"},
        {"<div>add LLM</div><div class=\"gmail_signature\">Ada<br>stop</div>", "add LLM\n--\nAda\nstop", "add LLM"},
        {"<div>add LLM</div><div class=\"moz-signature\">Ada<br>stop</div>", "add LLM\n--\nAda\nstop", "add LLM"},
        {"<div>add LLM</div><div id=\"Signature\"><p>stop</p></div>", "add LLM\n--\nstop", "add LLM"},
        /* Gmail wraps the mail's own writing so when it begins with a signature prefix. */
        {"<span class=\"gmail_signature_prefix\">-- </span><br><div class=\"gmail_signature\">stop</div>",
         "--\n--\n--\nstop", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        struct view html = data_exact(SAMPLES[i].html), text;
        struct arena *arena = arena_new();

        text = mail_text_of_html(html, arena);
        check(SAMPLES[i].html, text, SAMPLES[i].text);
        check(SAMPLES[i].html, mail_text_own(text, arena), SAMPLES[i].own);
        arena_free(&arena);
        data_free(html);
    }
}

/* Bytes of any kind; deep nesting ends. */
static void broken_html_is_read_as_far_as_it_goes(void **state)
{
    struct arena *arena = arena_new();
    struct buffer html;
    struct view exact, text;

    (void)state;
    buffer_init(&html, 1 << 22);
    buffer_add_string(&html, "<p>add LLM</p>");
    for (int i = 0; i < 20000; i++)
        buffer_add_string(&html, "<div><blockquote>");
    buffer_add_string(&html, "stop");
    exact = data_exact_view(buffer_view(&html));
    text = mail_text_of_html(exact, arena);
    assert_true(view_starts_with(text, VIEW("add LLM")));
    check("deep", mail_text_own(text, arena), "add LLM");
    data_free(exact);
    exact = data_exact_view(VIEW("<p>\0\xFF\xC3</p>< <<p &#0; &#xFFFFFFFF; add"));
    (void)mail_text_of_html(exact, arena);
    data_free(exact);
    buffer_free(&html);
    arena_free(&arena);
}

/* The first plain texts; HTML only when there is none; no attachment, no mail inside. */
static void the_right_part_is_read(void **state)
{
    static const struct {
        const char *mail, *want;
    } cases[] = {
        {"\nadd LLM\n", "add LLM"},
        {"Content-Type: text/html\n\n<p>add LLM</p>", "add LLM"},
        {"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nadd LLM\n--b\n"
         "Content-Type: text/html\n\n<p>stop</p>\n--b--\n", "add LLM"},
        {"Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\n \n--b\n"
         "Content-Type: text/html\n\n<p>add LLM</p>\n--b--\n", "add LLM"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n"
         "Content-Disposition: attachment; filename=x.txt\n\nstop\n--b\nContent-Type: text/plain\n\nadd LLM\n--b--\n",
         "add LLM"},
        {"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\nstop\n--b\n"
         "Content-Type: text/plain\n\nadd LLM\n--b--\n", "add LLM"},
        {"Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nadd G=F6del\n",
         "add G\xC3\xB6" "del"},
        {"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nYWRkIExMTQ==\n", "add LLM"},
    };
    struct mail_charsets *charsets = mail_charsets_load();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view bytes = data_exact(cases[i].mail);
        struct arena *arena = arena_new();
        struct mail mail;

        mail_read(bytes, arena, &mail);
        check(cases[i].mail, mail_text_whole(&mail, arena), cases[i].want);
        arena_free(&arena);
        data_free(bytes);
    }
    mail_charsets_free(&charsets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(html_is_read_as_lines),
        cmocka_unit_test(broken_html_is_read_as_far_as_it_goes),
        cmocka_unit_test(the_right_part_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
