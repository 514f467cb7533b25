#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/gzip.h"
#include "unit/data.h"
#include "web/content.h"

enum { MODIFIED = 1771286400 }; /* Tue, 17 Feb 2026 00:00:00 GMT */

static struct web_content *content_of(const char *text, int64_t modified_utc)
{
    struct buffer body;

    buffer_init(&body, 1 << 20);
    buffer_add_string(&body, text);
    return web_content_new(&body, "text/plain", "public", modified_utc);
}

static void test_bytes_and_tags(void **state)
{
    char text[5000];
    struct web_content *content, *same, *other;
    struct buffer plain;
    struct error error;
    enum gzip_end end;

    (void)state;
    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    content = content_of(text, 0);
    same = content_of(text, MODIFIED);
    other = content_of("b", 0);
    assert_true(view_equal_string(web_content_bytes(content), text));
    assert_true(web_content_gzip(content).size && web_content_gzip(content).size < sizeof(text));
    buffer_init(&plain, 1 << 20);
    assert_int_equal(gzip_inflate(web_content_gzip(content), &plain, &end, &error), 0);
    assert_string_equal(buffer_string(&plain), text);
    buffer_free(&plain);
    assert_int_equal(web_content_gzip(other).size, 0); /* it would be larger */
    assert_string_equal(web_content_etag(content, false), web_content_etag(same, false));
    assert_string_not_equal(web_content_etag(content, false), web_content_etag(content, true));
    assert_string_not_equal(web_content_etag(content, false), web_content_etag(other, false));
    assert_int_equal(web_content_etag(content, true)[0], '"');
    web_content_free(&content);
    web_content_free(&same);
    web_content_free(&other);
    assert_null(content);
    web_content_free(&content);
}

static void test_known(void **state)
{
    static const struct {
        const char *none_match; /* %: the tag */
        const char *since;
        bool is_known;
    } samples[] = {
        {"", "", false},
        {"%", "", true},
        {"W/%", "", true},
        {"\"a\", %", "", true},
        {"\"a\",W/\"b\" ,  W/% ", "", true},
        {"*", "", true},
        {"\"a\"", "", false},
        {"\"a\"", "Tue, 17 Feb 2026 00:00:00 GMT", false},
        {"", "Tue, 17 Feb 2026 00:00:00 GMT", true},
        {"", "Wed, 18 Feb 2026 00:00:00 GMT", true},
        {"", "Mon, 16 Feb 2026 23:59:59 GMT", false},
        {"", "nonsense", false},
        {",", "", false},
        {"W/", "", false},
        {"\"", "", false},
    };
    struct web_content *content = content_of("text", MODIFIED);

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct buffer list;
        struct view exact, since = data_exact(samples[i].since);

        buffer_init(&list, 1000);
        for (const char *c = samples[i].none_match; *c; c++)
            if (*c == '%')
                buffer_add_string(&list, web_content_etag(content, i % 2));
            else
                buffer_add_char(&list, *c);
        exact = data_exact_view(buffer_view(&list));
        assert_int_equal(web_content_is_known(content, exact, since), samples[i].is_known);
        data_free(exact);
        data_free(since);
        buffer_free(&list);
    }
    web_content_free(&content);
    content = content_of("text", 0);
    assert_false(web_content_is_known(content, (struct view){0},
                                      VIEW("Tue, 17 Feb 2026 00:00:00 GMT")));
    web_content_free(&content);
}

static void note_release(void *prepared)
{
    ++*(int *)prepared;
}

static void test_prepared(void **state)
{
    struct web_content *content = content_of("text", 0), *held = web_content_hold(content);
    int first = 0, second = 0, packed = 0;

    (void)state;
    assert_null(web_content_prepared(content, false));
    assert_ptr_equal(web_content_keep_prepared(content, false, &first, note_release), &first);
    assert_ptr_equal(web_content_keep_prepared(content, false, &second, note_release), &first);
    assert_ptr_equal(web_content_keep_prepared(content, true, &packed, note_release), &packed);
    assert_int_equal(second, 1);
    web_content_free(&content);
    assert_int_equal(first, 0); /* one still sends it */
    web_content_free(&held);
    assert_int_equal(first, 1);
    assert_int_equal(packed, 1);
}

static void test_dates(void **state)
{
    static const struct {
        int64_t utc;
        const char *want;
    } samples[] = {
        {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
        {MODIFIED, "Tue, 17 Feb 2026 00:00:00 GMT"},
        {951827696, "Tue, 29 Feb 2000 12:34:56 GMT"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char text[TIME_TEXT_BYTES];

        web_date_format(samples[i].utc, text);
        assert_string_equal(text, samples[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bytes_and_tags), cmocka_unit_test(test_known),
        cmocka_unit_test(test_prepared), cmocka_unit_test(test_dates)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
