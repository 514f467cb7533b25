#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data.h"
#include "web/framing.h"

static void test_judging(void **state)
{
    static const struct {
        const char *headers[4]; /* "name:value" */
        const char *version;
        unsigned want;
    } samples[] = {
        {{"Host:x"}, "HTTP/1.1", 0},
        {{NULL}, "HTTP/1.0", 0},
        {{"Host:x", "Content-Length:4"}, "HTTP/1.1", 0},
        {{"Host:x", "Transfer-Encoding:chunked"}, "HTTP/1.1", 0},
        {{"Host:x", "transfer-encoding: Chunked "}, "HTTP/1.1", 0},
        {{"Host:x", "X-!#$%&'*+-.^_`|~9:"}, "HTTP/1.1", 0},
        {{"Host:x", "host:x"}, "HTTP/1.1", 400},
        {{"Host:x", "Content-Length:4", "Content-Length:4"}, "HTTP/1.1", 400},
        {{"Host:x", "Content-Length:4", "content-length:0"}, "HTTP/1.1", 400},
        {{"Host:x", "Content-Length:4", "Transfer-Encoding:chunked"}, "HTTP/1.1", 400},
        {{"Host:x", "Transfer-Encoding:identity", "Transfer-Encoding:chunked"}, "HTTP/1.1", 400},
        {{"Transfer-Encoding:chunked"}, "HTTP/1.0", 400},
        {{"Host:x", "Content-Length :4"}, "HTTP/1.1", 400},
        {{"Host:x", " Content-Length:4"}, "HTTP/1.1", 400},
        {{"Host:x", "Content\001Length:4"}, "HTTP/1.1", 400},
        {{"Host:x", ":4"}, "HTTP/1.1", 400},
        {{"Host:x", "Transfer-Encoding:gzip, chunked"}, "HTTP/1.1", 501},
        {{"Host:x", "Transfer-Encoding:xchunked"}, "HTTP/1.1", 501},
        {{"Host:x", "Transfer-Encoding:"}, "HTTP/1.1", 501},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct web_framing framing = {0};

        for (size_t j = 0; j < 4 && samples[i].headers[j]; j++) {
            struct view line = data_exact(samples[i].headers[j]);
            size_t colon = view_find_char(line, ':', 0);

            web_framing_see(&framing, view_slice(line, 0, colon),
                            view_slice(line, colon + 1, line.size));
            data_free(line);
        }
        if (web_framing_judge(&framing, samples[i].version) != samples[i].want)
            fail_msg("sample %zu: %u", i, web_framing_judge(&framing, samples[i].version));
    }
}

static void test_targets(void **state)
{
    static const struct {
        const char *target, *authority, *rest;
    } samples[] = {
        {"/", "", "/"},
        {"/rss?a=http://b/c", "", "/rss?a=http://b/c"},
        {"http://a/rss?b", "a", "/rss?b"},
        {"HTTPS://a:8025/rss", "a:8025", "/rss"},
        {"http://a", "a", ""},
        {"http://a?b/c", "a", "?b/c"},
        {"http://", "", ""},
        {"ftp://a/b", "", "ftp://a/b"},
        {"//a/b", "", "//a/b"},
        {"*", "", "*"},
        {"", "", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view target = data_exact(samples[i].target), authority;
        struct view rest = web_framing_origin_form(target, &authority);

        assert_true(view_equal_string(rest, samples[i].rest));
        assert_true(view_equal_string(authority, samples[i].authority));
        data_free(target);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_judging),
        cmocka_unit_test(test_targets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
