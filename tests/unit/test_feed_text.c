#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/feed_parser.h"
#include "unit/data.h"

struct fixture {
    struct papers papers;
    struct feed_report report;
    struct feed_parser parser;
};

static void start(struct fixture *fixture)
{
    *fixture = (struct fixture){0};
    papers_init(&fixture->papers);
    feed_parser_init(&fixture->parser, &fixture->papers, &fixture->report, NULL);
    feed_item_begin(&fixture->parser);
}

static void stop(struct fixture *fixture)
{
    feed_parser_free(&fixture->parser);
    papers_free(&fixture->papers);
}

static void check_view(struct view got, const char *want)
{
    if (!view_equal_string(got, want))
        fail_msg("got \"%.*s\", want \"%s\"", VIEW_ARGUMENTS(got), want);
}

static void test_line(void **state)
{
    static const struct {
        const char *name, *input, *want;
        size_t replaced;
    } cases[] = {
        {"as it is", "one two", "one two", 0},
        {"ends", " \n\t one two\t \r\n", "one two", 0},
        {"a line break with the blanks around it", "one  \n\t two", "one two", 0},
        {"several line breaks", "one\n\n \n  two\nthree", "one two three", 0},
        {"CRLF and CR", "one\r\ntwo\rthree", "one two three", 0},
        {"inner blanks stay", "one  two \t three", "one  two   three", 0},
        {"line and paragraph separator", "one \xE2\x80\xA8two\xE2\x80\xA9three", "one two three", 0},
        {"their neighbours stay", "\xE2\x80\xA7\xE2\x80\xAA\xE2\x88\x80", "\xE2\x80\xA7\xE2\x80\xAA\xE2\x88\x80", 0},
        {"control characters go", "a\x01 \x7F\xC2\x85z", "a z", 3},
        {"no-break space is no blank", "\xC2\xA0x\xC2\xA0", "\xC2\xA0x\xC2\xA0", 0},
        {"nothing", "", "", 0},
        {"nothing but blanks", " \n ", "", 0},
        {"long runs with one of each",
         "0123456789abcdef\x7F"
         "0123456789abcdef\n0123456789abcdef\xC3\xA9"
         "0123456789",
         "0123456789abcdef0123456789abcdef 0123456789abcdef\xC3\xA9"
         "0123456789",
         1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        struct fixture fixture;

        print_message("%s\n", cases[i].name);
        start(&fixture);
        check_view(feed_text_line(&fixture.parser, input), cases[i].want);
        assert_int_equal(fixture.report.replaced, cases[i].replaced);
        stop(&fixture);
        data_free(input);
    }
}

/* Every byte at every place of a word of eight, against the plain definition. */
static void test_plain_end(void **state)
{
    (void)state;
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 19; at++) {
            char text[20];
            struct view exact;
            bool plain = byte >= ' ' && byte < 0x7F;

            memset(text, 'x', sizeof(text));
            text[at] = (char)byte;
            exact = data_exact_view((struct view){text, sizeof(text)});
            assert_int_equal(feed_text_plain_end(exact, 0), plain ? sizeof(text) : at);
            assert_int_equal(feed_text_plain_end(exact, at + 1), sizeof(text));
            data_free(exact);
        }
    }
}

static void test_reference(void **state)
{
    static const struct {
        const char *input;
        size_t length;
        int32_t codepoint;
    } cases[] = {
        {"&lt;", 4, '<'},         {"&amp;x", 5, '&'},       {"&apos;", 6, '\''},
        {"&#39;", 5, '\''},       {"&#x1D538;", 9, 0x1D538}, {"&#Xe9;", 6, 0xE9},
        {"&eacute;", 8, 0xE9},    {"&thetasym;", 10, 0x3D1}, {"&unheard;", 0, 0},
        {"&lt", 0, 0},            {"&;", 0, 0},             {"&#;", 0, 0},
        {"&#x;", 0, 0},           {"& lt;", 0, 0},          {"&#1;", 0, 0},
        {"&#xD800;", 0, 0},       {"&#xFFFF;", 0, 0},       {"&#1114112;", 0, 0},
        {"&#99999999;", 0, 0},    {"&#12a;", 0, 0},         {"&", 0, 0},
        {"&#", 0, 0},             {"&averyverylongname;", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        int32_t codepoint = 0;

        print_message("%s\n", cases[i].input);
        assert_int_equal(feed_text_reference(input, 0, &codepoint), cases[i].length);
        if (cases[i].length)
            assert_int_equal(codepoint, cases[i].codepoint);
        data_free(input);
    }
}

static void test_html(void **state)
{
    static const struct {
        const char *input, *want;
    } cases[] = {
        {"<p>One\ntwo.</p>\n<p>Three.</p>", "One two. Three."},
        {"a < b, <x>, p<0.05 and x<y", "a < b, <x>, p<0.05 and x<y"},
        {"<a href=\"http://a.example/?x=1&amp;y\">name</a>, <B>bold</B>", "name, bold"},
        {"H<sub>2</sub>O<br/>x<br>y", "H2O x y"},
        {"caf&eacute; &lt;p&gt; &#x27;q&#x27; &amp;lt;", "caf\xC3\xA9 <p> 'q' &lt;"},
        {"<p", "<p"},
        {"<p<", "<p<"},
        {"</", "</"},
        {"<", "<"},
        {"plain & simple", "plain & simple"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        struct fixture fixture;

        print_message("%s\n", cases[i].input);
        start(&fixture);
        check_view(feed_text_line(&fixture.parser, feed_text_from_html(&fixture.parser, input)),
                   cases[i].want);
        stop(&fixture);
        data_free(input);
    }
}

/* Names are given back joined by '|'. */
static void test_authors(void **state)
{
    static const struct {
        const char *input, *want;
    } cases[] = {
        {"A. Bee", "A. Bee"},
        {"A. Bee, C. Dee, E. Eff", "A. Bee|C. Dee|E. Eff"},
        {"A. Bee, C. Dee and E. Eff", "A. Bee|C. Dee|E. Eff"},
        {"A. Bee, C. Dee, and\n  E. Eff", "A. Bee|C. Dee|E. Eff"},
        {"A. Bee and C. Dee and\n E. Eff & G. Hornet", "A. Bee|C. Dee|E. Eff|G. Hornet"},
        {"Sandy Anderson, Brand and Co", "Sandy Anderson|Brand|Co"},
        {"A. Bee (Some Univ.), C. Dee (Other, Univ.) and E. Eff", "A. Bee|C. Dee|E. Eff"},
        {"A. Bee (1 and 2), C. Dee (2) ((1) Hive, Meadow, (2) Wax and Sons (Ltd))",
         "A. Bee|C. Dee"},
        {"A. Bee (MIT) and C. Dee (JAD) Eff", "A. Bee|C. Dee Eff"},
        {"William (Bill) Dee, Xu (Amy) Li (Wax)", "William (Bill) Dee|Xu (Amy) Li"},
        {"A. Bee (Hive, C. Dee", "A. Bee|C. Dee"},
        {"A. Bee (Hive), C. Dee) , E. Eff))", "A. Bee|C. Dee|E. Eff"},
        {"A. Bee (x (y), C. Dee (z", "A. Bee|C. Dee"},
        {"Ada Bee, Jr., C. Dee Sr., E. Eff, III, G. Hornet, Ph.D.",
         "Ada Bee Jr.|C. Dee Sr.|E. Eff III|G. Hornet Ph.D."},
        {"Jr., A. Bee", "Jr.|A. Bee"},
        {"A. Bee, for the Wasp Collaboration", "A. Bee|Wasp Collaboration"},
        {"A. Bee, for the ATLAS and CMS Collaborations", "A. Bee|ATLAS and CMS Collaborations"},
        {"A. Bee on behalf of the Wasp Collaboration", "A. Bee|Wasp Collaboration"},
        {"A. Bee and C. Dee for the Hive Team (164\n authors)", "A. Bee|C. Dee|Hive Team"},
        {"The Wasp Collaboration: A. Bee, et al.", "The Wasp Collaboration|A. Bee"},
        {"Hive Collaboration, the Wax Collaboration", "Hive Collaboration|Wax Collaboration"},
        {"A. Bee,, C. Dee,", "A. Bee|C. Dee"},
        {"A. Bee,  C.   Dee", "A. Bee|C. Dee"},
        {"A. Bee (eds.), et al", "A. Bee"},
        {"J.\\,Bee, {\\L}. Dee, S\\'{a}ndor Eff, \\.{I}. G\\\"uneri",
         "J.\\,Bee|{\\L}. Dee|S\\'{a}ndor Eff|\\.{I}. G\\\"uneri"},
        {"\xE9\xBB\x84\xE8\x9C\x82, \xCE\x9C\xCE\xAD\xCE\xBB\xCE\xB9", "\xE9\xBB\x84\xE8\x9C\x82|\xCE\x9C\xCE\xAD\xCE\xBB\xCE\xB9"},
        {"", ""},
        {" , (1), :", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        struct fixture fixture;
        struct buffer names;

        print_message("%s\n", cases[i].input);
        start(&fixture);
        buffer_init(&names, 1000);
        feed_item_take_creators(&fixture.parser, input);
        for (size_t k = 0; k < fixture.parser.item.paper.author_count; k++) {
            buffer_add_string(&names, k ? "|" : "");
            buffer_add_view(&names, fixture.parser.authors[k]);
        }
        assert_string_equal(buffer_string(&names), cases[i].want);
        buffer_free(&names);
        stop(&fixture);
        data_free(input);
    }
}

static void test_id(void **state)
{
    static const struct {
        const char *input, *want;
        int version;
    } cases[] = {
        {"oai:arXiv.org:2602.13531v2", "2602.13531", 2},
        {"oai:arXiv.org:2602.13531", "2602.13531", 0},
        {" http://arxiv.org/abs/2602.13531v12\n", "2602.13531", 12},
        {"https://arxiv.org/abs/hep-th/9901001v3?context=hep", "hep-th/9901001", 3},
        {"https://arxiv.org/abs/math.GT/0309136#top", "math.GT/0309136", 0},
        {"arXiv:0811.3648v1", "0811.3648", 1},
        {"https://arxiv.org/pdf/2602.13531v2", "", 0},
        {"2602.13531", "", 0},
        {"oai:arXiv.org:", "", 0},
        {"oai:arXiv.org:a b", "", 0},
        {"arXiv:v2", "v2", 0},
        {"arXiv:2602.1v99999999999999999999", "2602.1v99999999999999999999", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        struct fixture fixture;

        print_message("%s\n", cases[i].input);
        start(&fixture);
        assert_int_equal(feed_item_take_arxiv_id(&fixture.parser, input), cases[i].want[0] != 0);
        check_view(fixture.parser.item.paper.id, cases[i].want);
        assert_int_equal(fixture.parser.item.paper.version, cases[i].version);
        stop(&fixture);
        data_free(input);
    }
}

static void test_categories(void **state)
{
    struct fixture fixture;

    (void)state;
    start(&fixture);
    feed_item_take_categories(&fixture.parser,
                              VIEW(" cs.LG, cond-mat.mes-hall;astro-ph\ncs.LG 68T07 I.2.7 x.y.z "));
    assert_int_equal(fixture.parser.item.paper.category_count, 3);
    check_view(fixture.parser.categories[0], "cs.LG");
    check_view(fixture.parser.categories[1], "cond-mat.mes-hall");
    check_view(fixture.parser.categories[2], "astro-ph");
    stop(&fixture);
}

static void test_date(void **state)
{
    static const struct {
        const char *input, *want;
        bool has_instant;
    } cases[] = {
        {"Tue, 17 Feb 2026 00:00:00 -0500", "2026-02-17", true},
        {"2026-02-17T23:30:00-05:00", "2026-02-17", true},
        {"2026-02-17T04:00:19.866337+00:00", "2026-02-17", true},
        {" 2026-02-17\n", "2026-02-17", false},
        {"tomorrow", "", false},
        {"", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view input = data_exact(cases[i].input);
        char text[DATE_TEXT_BYTES];
        struct date date;
        bool has_instant;
        int64_t utc;

        assert_int_equal(feed_text_date(input, &date, &has_instant, &utc), cases[i].want[0] != 0);
        assert_int_equal(has_instant, cases[i].has_instant);
        if (cases[i].want[0]) {
            date_format(date, text);
            assert_string_equal(text, cases[i].want);
        }
        data_free(input);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_line),      cmocka_unit_test(test_plain_end),
        cmocka_unit_test(test_reference), cmocka_unit_test(test_html),
        cmocka_unit_test(test_authors),   cmocka_unit_test(test_id),
        cmocka_unit_test(test_categories), cmocka_unit_test(test_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
