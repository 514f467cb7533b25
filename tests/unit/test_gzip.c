#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/gzip.h"
#include "unit/data.h"

enum { WINDOW_BITS_GZIP = 15 + 16 };

static void add_member(struct buffer *out, struct view text)
{
    z_stream stream = {0};
    size_t bound = text.size + 1024;
    unsigned char *packed = malloc(bound);

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, WINDOW_BITS_GZIP, 9, Z_DEFAULT_STRATEGY),
                     Z_OK);
    stream.next_in = (unsigned char *)text.data;
    stream.avail_in = (unsigned)text.size;
    stream.next_out = packed;
    stream.avail_out = (unsigned)bound;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buffer_add(out, packed, bound - stream.avail_out);
    deflateEnd(&stream);
    free(packed);
}

/* Inflates an exact copy of `packed` and compares what comes out. */
static void check(struct view packed, size_t max, const char *want, enum gzip_end want_end)
{
    struct view exact = data_exact_view(packed);
    struct error error = {0};
    enum gzip_end end = GZIP_WHOLE;
    struct buffer out;

    buffer_init(&out, max);
    assert_int_equal(gzip_inflate(exact, &out, &end, &error), 0);
    assert_string_equal(buffer_string(&out), want);
    assert_int_equal(end, want_end);
    buffer_free(&out);
    data_free(exact);
}

static void test_members(void **state)
{
    struct buffer packed;

    (void)state;
    buffer_init(&packed, 1 << 20);
    add_member(&packed, VIEW("one "));
    check(buffer_view(&packed), 100, "one ", GZIP_WHOLE);
    add_member(&packed, VIEW("two"));
    check(buffer_view(&packed), 100, "one two", GZIP_WHOLE);
    buffer_add(&packed, "\0\0\0junk", 7);
    check(buffer_view(&packed), 100, "one two", GZIP_WHOLE);
    check(buffer_view(&packed), 7, "one two", GZIP_WHOLE);
    buffer_clear(&packed);
    add_member(&packed, (struct view){NULL, 0});
    check(buffer_view(&packed), 100, "", GZIP_WHOLE);
    buffer_free(&packed);
}

/* However many bytes are missing, what comes out is a prefix and named cut. */
static void test_cut(void **state)
{
    struct buffer packed, text;

    (void)state;
    buffer_init(&packed, 1 << 20);
    buffer_init(&text, 1 << 20);
    for (unsigned i = 0, x = 1; i < 5000; i++, x = x * 1664525u + 1013904223u)
        buffer_printf(&text, "%u ", x % 977);
    add_member(&packed, buffer_view(&text));
    for (size_t size = 3; size < packed.size; size += 7) {
        struct view exact = data_exact_view(view_slice(buffer_view(&packed), 0, size));
        enum gzip_end end = GZIP_WHOLE;
        struct buffer out;

        buffer_init(&out, 1 << 20);
        assert_int_equal(gzip_inflate(exact, &out, &end, NULL), 0);
        assert_int_equal(end, GZIP_CUT);
        assert_true(view_starts_with(buffer_view(&text), buffer_view(&out)));
        if (size > packed.size / 2)
            assert_true(out.size > text.size / 4);
        buffer_free(&out);
        data_free(exact);
    }
    buffer_free(&packed);
    buffer_free(&text);
}

static void test_damaged(void **state)
{
    struct buffer packed;

    (void)state;
    buffer_init(&packed, 1 << 20);
    add_member(&packed, VIEW("some text"));
    packed.data[packed.size - 6] ^= 1; /* the checksum */
    check(buffer_view(&packed), 100, "some text", GZIP_DAMAGED);
    buffer_free(&packed);
}

static void test_refused(void **state)
{
    struct error error = {0};
    enum gzip_end end = GZIP_DAMAGED;
    struct buffer packed, zeros, out;

    (void)state;
    buffer_init(&packed, 1 << 20);
    buffer_init(&zeros, 4 << 20);
    buffer_init(&out, 1 << 20);
    buffer_add_string(&out, "before");
    assert_int_equal(gzip_inflate(VIEW("plain"), &out, &end, &error), -1);
    assert_string_equal(error.text, "not gzip");
    for (int i = 0; i < 1024; i++) {
        static const char block[4096];

        buffer_add(&zeros, block, sizeof(block));
    }
    add_member(&packed, buffer_view(&zeros));
    assert_true(packed.size < 10000);
    assert_int_equal(gzip_inflate(buffer_view(&packed), &out, &end, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_string_equal(error.text, "gzip: larger than 1048576 bytes when inflated");
    assert_int_equal(out.size, 6);
    assert_string_equal(buffer_string(&out), "before");
    assert_int_equal(end, GZIP_DAMAGED); /* untouched */
    buffer_free(&packed);
    buffer_free(&zeros);
    buffer_free(&out);
}

static void test_recognise(void **state)
{
    (void)state;
    assert_true(gzip_recognise(VIEW("\x1f\x8b\x08")));
    assert_false(gzip_recognise(VIEW("\x1f\x8b")));
    assert_false(gzip_recognise(VIEW("<rss>")));
    assert_false(gzip_recognise((struct view){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members), cmocka_unit_test(test_cut),
        cmocka_unit_test(test_damaged), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_recognise),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
