#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data.h"
#include "web/form.h"

enum { SHOWN_BYTES = 1 << 20 };

static void show(struct web_fields fields, struct buffer *out)
{
    buffer_init(out, SHOWN_BYTES);
    for (size_t i = 0; i < fields.count; i++)
        buffer_printf(out, "[%.*s]=[%.*s]", VIEW_ARGUMENTS(fields.items[i].name),
                      VIEW_ARGUMENTS(fields.items[i].value));
}

static void test_fields(void **state)
{
    static const struct {
        const char *text, *want;
    } samples[] = {
        {"", ""},
        {"a=b", "[a]=[b]"},
        {"a=b&c=d", "[a]=[b][c]=[d]"},
        {"&&a=b&", "[a]=[b]"},
        {"a", "[a]=[]"},
        {"=b", "[]=[b]"},
        {"a=b=c", "[a]=[b=c]"},
        {"a=x+y%20z%2B", "[a]=[x y z+]"},
        {"a=%", "[a]=[%]"},
        {"a=%4", "[a]=[%4]"},
        {"a=%zz&b=%4z", "[a]=[%zz][b]=[%4z]"},
        {"a=%C3%A9&%62=c", "[a]=[\xC3\xA9][b]=[c]"},
        {"a=1&a=2", "[a]=[1][a]=[2]"},
        {"List-Unsubscribe=One-Click", "[List-Unsubscribe]=[One-Click]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view text = data_exact(samples[i].text);
        struct arena *arena = arena_new();
        struct buffer shown;

        show(web_form_read(text, arena), &shown);
        assert_string_equal(buffer_string(&shown), samples[i].want);
        buffer_free(&shown);
        arena_free(&arena);
        data_free(text);
    }
}

static void test_what_is_no_text_is_cleaned(void **state)
{
    static const char *const samples[] = {"a=%00b", "a=%01%1F%7F", "a=%FF%FE", "a=%C3", "a=%ED%A0%80",
                                          "%00=%00", "a=%F0%9F%98"};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view text = data_exact(samples[i]);
        struct arena *arena = arena_new();
        struct web_fields fields = web_form_read(text, arena);

        assert_int_equal(fields.count, 1);
        for (size_t j = 0; j < fields.items[0].value.size; j++) {
            unsigned char byte = (unsigned char)fields.items[0].value.data[j];

            assert_true(byte >= ' ' && byte != 0x7F);
        }
        arena_free(&arena);
        data_free(text);
    }
}

static void test_many_fields(void **state)
{
    struct arena *arena = arena_new();
    struct web_fields fields;
    struct buffer text;

    (void)state;
    buffer_init(&text, SHOWN_BYTES);
    for (int i = 0; i < 1000; i++)
        buffer_printf(&text, "f%d=%d&", i, i);
    fields = web_form_read(buffer_view(&text), arena);
    assert_int_equal(fields.count, WEB_FIELDS);
    assert_true(view_equal_string(web_fields_find(fields, "f255"), "255"));
    assert_false(web_fields_has(fields, "f256"));
    assert_int_equal(web_fields_find(fields, "f256").size, 0);
    buffer_free(&text);
    arena_free(&arena);
}

static void test_kinds(void **state)
{
    static const struct {
        const char *type;
        enum web_form_kind kind;
        const char *boundary;
    } samples[] = {
        {"application/x-www-form-urlencoded", WEB_FORM_URLENCODED, ""},
        {"Application/X-WWW-Form-Urlencoded; charset=UTF-8", WEB_FORM_URLENCODED, ""},
        {"multipart/form-data; boundary=abc", WEB_FORM_MULTIPART, "abc"},
        {"multipart/form-data; charset=x; BOUNDARY=\"a b\"", WEB_FORM_MULTIPART, "a b"},
        {"multipart/form-data; boundary= \"abc", WEB_FORM_MULTIPART, "abc"},
        {"multipart/form-data", WEB_FORM_NONE, NULL},
        {"multipart/form-data;", WEB_FORM_NONE, NULL},
        {"multipart/form-data; boundary=", WEB_FORM_NONE, NULL},
        {"multipart/form-data; boundary", WEB_FORM_NONE, NULL},
        {"multipart/form-data; boundary="
         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         WEB_FORM_NONE, NULL},
        {"multipart/mixed; boundary=abc", WEB_FORM_NONE, NULL},
        {"text/plain", WEB_FORM_NONE, NULL},
        {"application/json", WEB_FORM_NONE, NULL},
        {"", WEB_FORM_NONE, NULL},
        {";;;", WEB_FORM_NONE, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view type = data_exact(samples[i].type), boundary;

        assert_int_equal(web_form_recognise(type, &boundary), samples[i].kind);
        if (samples[i].boundary)
            assert_true(view_equal_string(boundary, samples[i].boundary));
        data_free(type);
    }
}

#define PART(name) "Content-Disposition: form-data; name=\"" name "\"\r\n\r\n"

static void test_multipart(void **state)
{
    static const struct {
        const char *body, *want;
    } samples[] = {
        {"", ""},
        {"--x", ""},
        {"--x--", ""},
        {"--x\r\n" PART("a") "b\r\n--x--\r\n", "[a]=[b]"},
        {"preamble\r\n--x\r\n" PART("a") "b\r\n--x\r\n" PART("c") "d\r\n--x--", "[a]=[b][c]=[d]"},
        {"--x\r\n" PART("List-Unsubscribe") "One-Click\r\n--x--\r\n",
         "[List-Unsubscribe]=[One-Click]"},
        {"--x\r\nContent-Type: text/plain\r\ncontent-disposition: form-data; name=a\r\n\r\nb\r\n--x--",
         "[a]=[b]"},
        {"--x\r\n" PART("a") "\r\n--x--", "[a]=[]"},
        /* Without its end, without a name, without an empty line. */
        {"--x\r\n" PART("a") "b", ""},
        {"--x\r\nContent-Disposition: form-data\r\n\r\nb\r\n--x--", ""},
        {"--x\r\nContent-Disposition: form-data; name=\"a\"", ""},
        {"--x\r\nContent-Disposition: form-data; name=\"a", ""},
        {"no boundary at all", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view body = data_exact(samples[i].body), boundary = data_exact("x");
        struct arena *arena = arena_new();
        struct buffer shown;

        show(web_form_read_multipart(body, boundary, arena), &shown);
        assert_string_equal(buffer_string(&shown), samples[i].want);
        buffer_free(&shown);
        arena_free(&arena);
        data_free(boundary);
        data_free(body);
    }
}

static void test_paths(void **state)
{
    static const struct {
        const char *path, *want; /* NULL: refused */
    } samples[] = {
        {"/", "/"},
        {"/rss/cs.LG", "/rss/cs.LG"},
        {"/a%20b+c", "/a b+c"},
        {"/%C3%A9", "/\xC3\xA9"},
        {"/a//b", "/a//b"},
        {"/...", "/..."},
        {"/%", "/%"},
        {"/%2", "/%2"},
        {"/%252e%252e", "/%2e%2e"},
        {"", NULL},
        {"rss", NULL},
        {"*", NULL},
        {"http://x/", NULL},
        {"/.", NULL},
        {"/..", NULL},
        {"/a/../b", NULL},
        {"/%2e%2E/b", NULL},
        {"/a%2f..%2fb", NULL},
        {"/%00", NULL},
        {"/a%0d%0ab", NULL},
        {"/\x7F", NULL},
        {"/%ff", NULL},
        {"/%c0%ae", NULL},
        {"/%ed%a0%80", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view path = data_exact(samples[i].path), read = {0};
        struct arena *arena = arena_new();

        assert_int_equal(web_path_read(path, arena, &read), samples[i].want != NULL);
        if (samples[i].want)
            assert_true(view_equal_string(read, samples[i].want));
        arena_free(&arena);
        data_free(path);
    }
}

static void test_encoding(void **state)
{
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    web_encode(VIEW("aZ09-._~ /?&=#%\"<\xC3\xA9\n"), &out);
    assert_string_equal(buffer_string(&out), "aZ09-._~%20%2F%3F%26%3D%23%25%22%3C%C3%A9%0A");
    buffer_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields),   cmocka_unit_test(test_what_is_no_text_is_cleaned),
        cmocka_unit_test(test_many_fields), cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_multipart), cmocka_unit_test(test_paths),
        cmocka_unit_test(test_encoding),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
