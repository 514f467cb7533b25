/* Markdown of a language model as HTML and as plain text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "summaries/rendition.h"
#include "unit/data.h"
#include "unit/golden.h"
#include "unit/rendition_check.h"

enum { WIDTH = 40 };

static void check(const char *name, const char *form, const struct buffer *got, const char *want)
{
    if (strcmp(buffer_string(got), want) != 0)
        fail_msg("%s, %s\n  want: %s\n  got:  %s", name, form, want, buffer_string(got));
}

/* All that holds for anything. */
static void check_rules(const char *name, struct view markdown, size_t width)
{
    struct view exact = data_exact_view(markdown);
    const char *why[3];
    struct buffer out;

    buffer_init(&out, RENDITION_OUT_BYTES);
    rendition_add_html(&out, exact);
    why[0] = out.failed ? "too long" : rendition_check_html(buffer_view(&out), true);
    buffer_clear(&out);
    rendition_add_page_html(&out, exact);
    why[1] = out.failed ? "too long" : rendition_check_html(buffer_view(&out), false);
    buffer_clear(&out);
    rendition_add_text(&out, exact, width);
    why[2] = out.failed ? "too long" : rendition_check_text(buffer_view(&out), width);
    for (size_t i = 0; i < 3; i++)
        if (why[i])
            fail_msg("%s: %s: %s", name, i < 2 ? "HTML" : "text", why[i]);
    buffer_free(&out);
    data_free(exact);
}

static const struct {
    const char *name, *markdown;
    const char *html; /* without styles */
    const char *text;
} blocks[] = {
    {"empty", "", "", ""},
    {"blank", " \n\n", "", ""},
    {"a paragraph", "one\ntwo", "<p>one two</p>\n", "one two\n"},
    {"two", "one\n\ntwo", "<p>one</p>\n<p>two</p>\n", "one\n\ntwo\n"},
    {"the highest heading is h4", "## a\n### b\n#### c\n##### d",
     "<h4>a</h4>\n<h5>b</h5>\n<h6>c</h6>\n<h6>d</h6>\n", "a\nb\nc\nd\n"},
    {"a heading and its text", "a\n\n# b\n\nc", "<p>a</p>\n<h4>b</h4>\n<p>c</p>\n", "a\n\nb\nc\n"},
    {"a tight list", "- a\n- b\n  - c\n", "<ul>\n<li>a</li>\n<li>b<ul>\n<li>c</li>\n</ul>\n</li>\n</ul>\n",
     "- a\n- b\n  - c\n"},
    {"a loose list", "1. a\n\n   b\n2. c\n",
     "<ol>\n<li><p>a</p>\n<p>b</p>\n</li>\n<li><p>c</p>\n</li>\n</ol>\n", "1. a\n\n   b\n\n2. c\n"},
    {"a list that goes on", "7. a\n8. b", "<ol start=\"7\">\n<li>a</li>\n<li>b</li>\n</ol>\n",
     "7. a\n8. b\n"},
    {"numbers of two digits", "9. a\n10. b", "<ol start=\"9\">\n<li>a</li>\n<li>b</li>\n</ol>\n",
     "9. a\n10. b\n"},
    {"hanging indent", "- one two three four five six seven eight nine",
     "<ul>\n<li>one two three four five six seven eight nine</li>\n</ul>\n",
     "- one two three four five six seven\n  eight nine\n"},
    {"an empty item", "- \n- a", "<ul>\n<li></li>\n<li>a</li>\n</ul>\n", "-\n- a\n"},
    {"a list in an item that is nothing else", "- - a", "<ul>\n<li><ul>\n<li>a</li>\n</ul>\n</li>\n</ul>\n",
     "- - a\n"},
    {"a quote", "> a\n>\n> - b", "<blockquote>\n<p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</blockquote>\n",
     "> a\n>\n> - b\n"},
    {"a quote in an item", "- > a", "<ul>\n<li><blockquote>\n<p>a</p>\n</blockquote>\n</li>\n</ul>\n",
     "- > a\n"},
    {"code", "```c\nif (a < b)\n\tc  =  1;\n\n```\nd",
     "<pre><code>if (a &lt; b)\n    c  =  1;\n\n</code></pre>\n<p>d</p>\n",
     "    if (a < b)\n        c  =  1;\n\n\nd\n"},
    {"code that is too wide", "~~~\n  one two three four five six seven eight\n~~~",
     "<pre><code>  one two three four five six seven eight\n</code></pre>\n",
     "      one two three four five six seven\n      eight\n"},
    {"an open fence", "```\na", "<pre><code>a\n</code></pre>\n", "    a\n"},
    {"four blanks are no code", "a\n\n    b", "<p>a</p>\n<p>b</p>\n", "a\n\nb\n"},
    {"rules only between texts", "---\na\n\n---\n\nb\n\n---\n\n***\n\n# c\n\nd\n\n---",
     "<p>a</p>\n<hr>\n<p>b</p>\n<h4>c</h4>\n<p>d</p>\n", "a\n\n* * *\n\nb\n\nc\nd\n"},
    {"a table", "| a | b | c |\n|---|:-:|--:|\n| aaaa | x | 1 |\n| 大模型 | yyy | 100 |",
     "<table><thead>\n<tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>\n"
     "<tr><td>aaaa</td><td>x</td><td>1</td></tr>\n"
     "<tr><td>大模型</td><td>yyy</td><td>100</td></tr></tbody></table>\n",
     "a        b     c\n------  ---  ---\naaaa     x     1\n大模型  yyy  100\n"},
    {"a wide table of two columns",
     "| Data | What |\n|-|-|\n| one: | long words that will surely not fit here |\n| 数据 | b<br>c |\n| | |",
     "<table><thead>\n<tr><th>Data</th><th>What</th></tr></thead><tbody>\n"
     "<tr><td>one:</td><td>long words that will surely not fit here</td></tr>\n"
     "<tr><td>数据</td><td>b<br>c</td></tr>\n<tr><td></td><td></td></tr></tbody></table>\n",
     "Data: What\n- one: long words that will surely not\n  fit here\n- 数据：b c\n"},
    {"a wide table of three", "| a | b | c |\n|-|-|-|\n| one two three four five | six seven eight nine | |",
     "<table><thead>\n<tr><th>a</th><th>b</th><th>c</th></tr></thead><tbody>\n"
     "<tr><td>one two three four five</td><td>six seven eight nine</td><td></td></tr></tbody></table>\n",
     "- a: one two three four five\n  b: six seven eight nine\n"},
    {"a table of a head", "| a |\n|-|", "<table><thead>\n<tr><th>a</th></tr></thead></table>\n", "a\n"},
    {"an emphasis that never closes ends with its block", "*[a](*)\n\ne\n\n```\nf\n```\n\n- g",
     "<p><em>a</em></p>\n<p>e</p>\n<pre><code>f\n</code></pre>\n<ul>\n<li>g</li>\n</ul>\n",
     "a\n\ne\n\n    f\n\n- g\n"},
};

static const struct {
    const char *name, *markdown, *html, *text; /* of the paragraph */
} spans[] = {
    {"marks", "**a** *b* ~~c~~ `d  e` ***f***",
     "<strong>a</strong> <em>b</em> <del>c</del> <code>d e</code> <strong><em>f</em></strong>",
     "a b ~~c~~ d e f"},
    {"hard breaks", "a  \nb\\\nc<br>d<BR/>", "a<br>b<br>c<br>d", "a\nb\nc\nd"},
    {"wide characters are joined", "一\n二 三\nab\n四", "一二 三 ab 四", "一二 三 ab 四"},
    {"bold beside Chinese punctuation", "**重点：**内容，文**“强调”**文",
     "<strong>重点：</strong>内容，文<strong>“强调”</strong>文", "重点：内容，文“强调”文"},
    {"stars that are no marks", "2 ** 3, a*b", "2 ** 3, a*b", "2 ** 3, a*b"},
    {"a link", "[a b](https://example.org/?a=1&b=\"2\")",
     "<a href=\"https://example.org/?a=1&amp;b=%222%22\">a b</a>",
     "a b <https://example.org/?a=1&b=%222%22>"},
    {"links to what they say", "<http://example.org/> https://example.org/a_b. [h.example/](http://h.example/)",
     "<a href=\"http://example.org/\">http://example.org/</a> "
     "<a href=\"https://example.org/a_b\">https://example.org/a_b</a>. "
     "<a href=\"http://h.example/\">h.example/</a>",
     "http://example.org/\nhttps://example.org/a_b. h.example/"},
    {"by reference", "[a][1] [b]\n\n[1]: HTTPS://h.example 'title'\n[b]: javascript:alert(1)",
     "<a href=\"https://h.example\">a</a> b", "a <https://h.example> b"},
    {"blanks stand outside", "a [b](http://h.example/) c\n[d](http://h.example/)\ne",
     "a <a href=\"http://h.example/\">b</a> c <a href=\"http://h.example/\">d</a> e",
     "a b <http://h.example/> c d\n<http://h.example/> e"},
    {"a title is dropped", "[a](http://h.example \"on\"onclick)", "[a](<a href=\"http://h.example\">http://h.example</a> &quot;on&quot;onclick)", NULL},
    {"script", "<script>alert(1)</script><img src=x onerror=alert(1)>",
     "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;",
     "<script>alert(1)</script><img src=x\nonerror=alert(1)>"},
    {"a comment", "a <!-- b --> c", "a &lt;!-- b --&gt; c", "a <!-- b --> c"},
    {"references", "&lt;b&gt; &amp;lt; &copy; &#65;&#x42; &nothing; &#0; a&#x202E;b&#10;c",
     "&lt;b&gt; &amp;lt; © AB &amp;nothing; &amp;#0; ab c", "<b> &lt; © AB &nothing; &#0; ab c"},
    {"javascript", "[a](javascript:alert(1)) [b](JaVaScRiPt:x) [c](java&#115;cript:x) [d](<java script:x>)"
     " [e](&#1;javascript:x) <javascript:x> <vbscript:x> [f](data:text/html,x) [g](javascript&colon;x)",
     "a b c d e javascript:x vbscript:x f g", NULL},
    {"other addresses", "[a](/b) [c](//h.example) [d](mailto:a@b.example) <a@b.example> [e](ftp://h.example)"
     " [f](https:h.example) [g](https:///x) [h](#i) [j](http://u:p@h.example)",
     "a c d a@b.example e f g h j", "a c d a@b.example e f g h j"},
    {"another host's address", "[https://bank.example/](https://evil.example/) [www.a.example](http://a.example/)",
     "https://bank.example/ <a href=\"http://a.example/\">www.a.example</a>", NULL},
    {"a picture", "![a *b*](https://h.example/x.png) ![](x) c", "a <em>b</em> c", "a b c"},
    {"a picture of a link", "[![a](x)](https://h.example/) ![b [c](https://h.example/)](x)",
     "<a href=\"https://h.example/\">a</a> b c", NULL},
    {"formulas", "$x_i^2$, \\(\\frac{1}{2}\\), $\\mathcal{O}(n*m*k)$ and $A^*$ or $B^*$",
     "xᵢ², 1/2, O(n*m*k) and A^* or B^*", "xᵢ², 1/2, O(n*m*k) and A^* or B^*"},
    {"displayed", "a\n$$\nE = mc^2\n$$\nb \\[ x = 1 \\]", "a<br>E = mc²<br>b<br>x = 1",
     "a\nE = mc²\nb\nx = 1"},
    {"prices", "$5 and $10, \\$x\\$, \\[1\\]", "$5 and $10, $x$, [1]", "$5 and $10, $x$, [1]"},
    {"code is no formula", "`$a_1$` and `\\(b\\)<br>`", "<code>$a_1$</code> and <code>\\(b\\)&lt;br&gt;</code>",
     "$a_1$ and \\(b\\)<br>"},
    {"controls", "a\x01" "b\x7F" "c\xC2\x85" "d\xE2\x80\xAE" "e\xE2\x80\x8B" "f\xEF\xBB\xBF" "g", "abcdefg", "abcdefg"},
    {"ill-formed", "a\xFF" "b\xC3", "a\xEF\xBF\xBD" "b\xEF\xBF\xBD", "a\xEF\xBF\xBD" "b\xEF\xBF\xBD"},
    {"header tricks", "a\r\nBcc: b@c.example\r\n.\rd", "a Bcc: b@c.example . d", "a Bcc: b@c.example . d"},
    {"emoji", "👩‍👩‍👧 ⚙️ ✅", "👩‍👩‍👧 ⚙️ ✅", "👩‍👩‍👧 ⚙️ ✅"},
    {"quotes", "\"a\" 'b'", "&quot;a&quot; &#39;b&#39;", "\"a\" 'b'"},
    {"lines are wrapped", "one two three four five six seven eight nine ten",
     "one two three four five six seven eight nine ten",
     "one two three four five six seven eight\nnine ten"},
    {"mustache", "{{{x}}} {{#y}}", "{{{x}}} {{#y}}", "{{{x}}} {{#y}}"},
};

static void test_blocks(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
        struct view markdown = data_exact(blocks[i].markdown);
        struct buffer out;

        buffer_init(&out, RENDITION_OUT_BYTES);
        rendition_add_page_html(&out, markdown);
        check(blocks[i].name, "HTML", &out, blocks[i].html);
        buffer_clear(&out);
        rendition_add_text(&out, markdown, WIDTH);
        check(blocks[i].name, "text", &out, blocks[i].text);
        buffer_free(&out);
        data_free(markdown);
        check_rules(blocks[i].name, view_of(blocks[i].markdown), WIDTH);
    }
}

static void test_spans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        struct view markdown = data_exact(spans[i].markdown);
        struct buffer out, want;

        buffer_init(&out, RENDITION_OUT_BYTES);
        buffer_init(&want, RENDITION_OUT_BYTES);
        rendition_add_page_html(&out, markdown);
        buffer_printf(&want, "<p>%s</p>\n", spans[i].html);
        check(spans[i].name, "HTML", &out, buffer_string(&want));
        if (spans[i].text) {
            buffer_clear(&out);
            buffer_clear(&want);
            rendition_add_text(&out, markdown, WIDTH);
            buffer_printf(&want, "%s\n", spans[i].text);
            check(spans[i].name, "text", &out, buffer_string(&want));
        }
        buffer_free(&out);
        buffer_free(&want);
        data_free(markdown);
        check_rules(spans[i].name, view_of(spans[i].markdown), WIDTH);
    }
}

static void test_one_line(void **state)
{
    static const struct {
        const char *markdown, *want;
    } table[] = {
        {"", ""},
        {"a **b** [c](http://h.example/)\nd  \ne", "a b c d e"},
        {"# a\n\n- b\n- c\n\n| d | e |\n|-|-|\n| f | g |", "a b c d e f g"},
        {"$x_1$ &lt;b>", "x₁ <b>"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct view markdown = data_exact(table[i].markdown);
        struct buffer out;

        buffer_init(&out, 1000);
        rendition_add_line(&out, markdown);
        check(table[i].markdown, "a line", &out, table[i].want);
        buffer_free(&out);
        data_free(markdown);
    }
}

/* Styles are only of properties that mail programs know (tests of the templates have them in
 * their table), and stand where they are said to. */
static void test_styles(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, RENDITION_OUT_BYTES);
    rendition_add_html(&out, VIEW("# a\n\n| b |\n|-|\n\n```\nc\n```\n"));
    check("styles", "HTML", &out,
          "<h4 style=\"margin:18px 0 6px;font-size:17px\">a</h4>\n"
          "<table style=\"border-collapse:collapse;margin:10px 0;word-break:normal\"><thead>\n"
          "<tr><th style=\"border:1px solid #a9a294;padding:3px 7px;text-align:left;"
          "vertical-align:top\">b</th></tr></thead></table>\n"
          "<pre style=\"white-space:pre-wrap;word-wrap:break-word;font-size:13px\"><code>c\n"
          "</code></pre>\n");
    buffer_free(&out);
}

static void add_repeated(struct buffer *out, const char *what, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_add_string(out, what);
}

/* Bounded, well-formed, and done at once; what was left out is said. */
static void test_hostile(void **state)
{
    static const struct {
        const char *name, *before, *repeated, *behind;
        size_t count;
        bool is_cut;
    } table[] = {
        {"nested quotes", "", ">", "a", 10000, false},
        {"nested lists", "", "- ", "a", 10000, false},
        {"nested numbers", "", "999999999. ", "a", 2900, false},
        {"10 MB of lines", "", "word word\n", "", 1000000, true},
        {"10 MB in a word", "", "aaaaaaaaaa", "", 1000000, true},
        {"10 MB of NUL and dirt", "", "\xFF\xFE\xC0", "", 3000000, true},
        {"columns", "", "|", "\n|-|\n", 10000, false},
        {"cells", "|a|b|c|d|e|f|g|h|\n|-|-|-|-|-|-|-|-|\n", "|\n", "", 10000, true},
        {"items", "", "- a\n", "", 8000, true},
        {"one address many times", "[a]: http://h.example/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n\n", "[a] ",
         "", 7000, true},
        {"brackets", "", "[", "", 30000, false},
        {"open links", "", "[a](", "", 8000, false},
        {"emphasis", "", "**a*b_", "", 5000, false},
        {"ampersands", "", "\"&'<>", "", 6000, false},
        {"marks", "a", "\xCC\x81", "", 10000, false},
        {"dollars", "", "$", "", 30000, false},
        {"formulas", "", "$x_i$ ", "", 5000, false},
        {"fractions", "$", "\\frac{", "$", 5000, false},
        {"open fences", "", "```\n~~~\n", "", 4000, false},
        {"a table in each quote", "", "> | a |\n> |-|\n\n", "", 2000, true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct buffer markdown, text;

        buffer_init(&markdown, 16 * 1024 * 1024);
        buffer_init(&text, RENDITION_OUT_BYTES);
        buffer_add_string(&markdown, table[i].before);
        add_repeated(&markdown, table[i].repeated, table[i].count);
        buffer_add_string(&markdown, table[i].behind);
        check_rules(table[i].name, buffer_view(&markdown), WIDTH);
        rendition_add_text(&text, buffer_view(&markdown), WIDTH);
        if (view_ends_with(buffer_view(&text), VIEW("…\n")) != table[i].is_cut)
            fail_msg("%s: ends in %s", table[i].name,
                     buffer_string(&text) + (text.size > 60 ? text.size - 60 : 0));
        buffer_free(&text);
        buffer_free(&markdown);
    }
}

/* Any order of what makes Markdown. The sequence is the same every time. */
static void test_random(void **state)
{
    static const char *const pieces[] = {
        "\n", "\n\n", "\n", " ", "  ", "a", "word", "内容", "：", "**", "*", "_", "~~", "`", "```\n", "~~~",
        "# ", "## ", "- ", "* ", "1. ", "10) ", "> ", "    ", "|", "|-|-|\n", "| a | b |\n|---|:-:|\n",
        "[", "]", "(", ")", "](", "![", "[a](http://h.example/)", "[a](javascript:x)", "<http://h.example/>",
        "https://h.example/x", "[a]: http://h.example/\n", "[a]", "<", ">", "<br>", "<script>", "<!--", "-->",
        "&lt;", "&#x202E;", "&", "\"", "'", "$", "$$", "\\(", "\\)", "\\[", "\\]", "\\frac{a}{b}", "x_i^2", "\\",
        "\t", "\r\n", "\x01", "\xE2\x80\xAE", "\xFF", "---\n", "===\n", "👩‍👧", "{{x}}",
        "averyveryverylongwordthatdoesnotfitintoanyline", "mailto:a@b.example", "www.h.example",
    };
    uint32_t random = 12345;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        struct buffer markdown;

        buffer_init(&markdown, 64 * 1024);
        random = random * 1664525u + 1013904223u;
        for (uint32_t left = 1 + (random >> 24) % 60; left; left--) {
            random = random * 1664525u + 1013904223u;
            buffer_add_string(&markdown, pieces[(random >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        check_rules(buffer_string(&markdown), buffer_view(&markdown), round % 2 ? WIDTH : 67);
        buffer_free(&markdown);
    }
}

static void test_golden(void **state)
{
    struct view markdown = data_read("tests/fixtures/summary/answer.md");
    struct buffer out;

    (void)state;
    buffer_init(&out, RENDITION_OUT_BYTES);
    rendition_add_html(&out, markdown);
    golden_compare("summary", "answer", "html", &out);
    buffer_clear(&out);
    rendition_add_text(&out, markdown, 67);
    golden_compare("summary", "answer", "txt", &out);
    golden_check_text("answer", &out);
    buffer_free(&out);
    data_free(markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks),  cmocka_unit_test(test_spans),
        cmocka_unit_test(test_one_line), cmocka_unit_test(test_styles),
        cmocka_unit_test(test_hostile), cmocka_unit_test(test_random),
        cmocka_unit_test(test_golden),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
