#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/data.h"
#include "web/route.h"

struct row {
    struct web_route route;
    int more;
};

static void test_table(void **state)
{
    static const struct row table[] = {
        {{"/", false}, 1}, {{"/rss", false}, 2}, {{"/rss/*", false}, 3}, {{"/form/*", true}, 4},
        {{NULL, false}, 0}};
    static const struct {
        const char *path;
        enum web_method method;
        enum web_found found;
        size_t index;
        const char *rest;
    } samples[] = {
        {"/", WEB_GET, WEB_FOUND, 0, ""},
        {"/", WEB_HEAD, WEB_FOUND, 0, ""},
        {"/", WEB_POST, WEB_WRONG_METHOD, 0, ""},
        {"/", WEB_OTHER, WEB_WRONG_METHOD, 0, ""},
        {"/rss", WEB_GET, WEB_FOUND, 1, ""},
        {"/rss/", WEB_GET, WEB_FOUND, 1, ""},
        {"/rss/cs.LG", WEB_GET, WEB_FOUND, 2, "cs.LG"},
        {"/rss/cs.LG/", WEB_GET, WEB_FOUND, 2, "cs.LG"},
        {"/rss/*", WEB_GET, WEB_FOUND, 2, "*"},
        {"/rss/a/b", WEB_GET, WEB_NOT_FOUND, 0, ""},
        {"/rss//", WEB_GET, WEB_NOT_FOUND, 0, ""},
        {"//", WEB_GET, WEB_FOUND, 0, ""},
        {"/form/x", WEB_POST, WEB_FOUND, 3, "x"},
        {"/form/x", WEB_OTHER, WEB_WRONG_METHOD, 3, "x"},
        {"/form", WEB_POST, WEB_NOT_FOUND, 0, ""},
        {"/RSS", WEB_GET, WEB_NOT_FOUND, 0, ""},
        {"/rs", WEB_GET, WEB_NOT_FOUND, 0, ""},
        {"/rssx", WEB_GET, WEB_NOT_FOUND, 0, ""},
        {"", WEB_GET, WEB_NOT_FOUND, 0, ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view path = data_exact(samples[i].path), rest = {0};
        size_t index = 0;

        assert_int_equal(web_route_find(&table[0].route, sizeof(table[0]), samples[i].method, path,
                                        &index, &rest),
                         samples[i].found);
        if (samples[i].found != WEB_NOT_FOUND) {
            assert_int_equal(index, samples[i].index);
            assert_true(view_equal_string(rest, samples[i].rest));
        }
        data_free(path);
    }
    assert_string_equal(web_route_methods(&table[0].route), "GET, HEAD");
    assert_string_equal(web_route_methods(&table[3].route), "GET, HEAD, POST");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_table)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
