#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"
#include "unit/data.h"

static void parts_include_empty_ones(void **state)
{
    struct view text = data_exact("a,,b,"), rest = text, part;
    const char *want[] = {"a", "", "b", ""};
    size_t count = 0;

    (void)state;
    while (view_next_part(&rest, ',', &part)) {
        assert_true(count < 4);
        assert_true(view_equal_string(part, want[count++]));
    }
    assert_int_equal(count, 4);
    data_free(text);
}

static void lines_end_in_lf_or_crlf(void **state)
{
    struct view text = data_exact("one\r\ntwo\n\nfour"), rest = text, line;
    const char *want[] = {"one", "two", "", "four"};
    size_t count = 0;

    (void)state;
    while (view_next_line(&rest, &line)) {
        assert_true(count < 4);
        assert_true(view_equal_string(line, want[count++]));
    }
    assert_int_equal(count, 4);
    data_free(text);
}

static void searching_stays_inside(void **state)
{
    struct view text = data_exact("abcabc");

    (void)state;
    assert_int_equal(view_find(text, VIEW("bc"), 0), 1);
    assert_int_equal(view_find(text, VIEW("bc"), 2), 4);
    assert_int_equal(view_find(text, VIEW("bcd"), 0), 6);
    assert_int_equal(view_find(text, VIEW("abcabcabc"), 0), 6);
    assert_int_equal(view_find_char(text, 'c', 3), 5);
    assert_int_equal(view_find_char(text, 'x', 0), 6);
    assert_true(view_equal_nocase(text, VIEW("ABCabc")));
    assert_true(view_compare(VIEW("ab"), VIEW("abc")) < 0);
    assert_true(view_compare(VIEW("b"), VIEW("abc")) > 0);
    data_free(text);
}

/* Several bytes a step, so at every place of texts of every length. */
static void sets_of_bytes_are_found_anywhere(void **state)
{
    static const struct byte_set set = {.has = {['<'] = 1, [0xFF] = 1}};

    (void)state;
    for (size_t size = 0; size < 20; size++) {
        for (size_t at = 0; at <= size; at++) {
            char *bytes = malloc(size ? size : 1);
            struct view text = {bytes, size};

            memset(bytes, 'a', size ? size : 1);
            if (at < size)
                bytes[at] = at % 2 ? '<' : '\xFF';
            for (size_t from = 0; from <= size + 1; from++)
                assert_int_equal(view_find_any(text, &set, from), from <= at ? at : size);
            free(bytes);
        }
    }
}

static void room_is_made_within_the_maximum(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 10);
    buffer_reserve(&buffer, 1000);
    assert_false(buffer.failed);
    assert_int_equal(buffer.size, 0);
    buffer_add_string(&buffer, "0123456789");
    assert_string_equal(buffer_string(&buffer), "0123456789");
    buffer_add_char(&buffer, 'x');
    assert_true(buffer.failed);
    buffer_free(&buffer);
}

static void numbers_are_digits_only(void **state)
{
    static const struct {
        const char *text;
        bool good;
        long value;
    } cases[] = {{"0", true, 0},   {"42", true, 42},   {"9223372036854775807", true, INT64_MAX},
                 {"", false, 0},   {"-1", false, 0},   {"9223372036854775808", false, 0},
                 {"1x", false, 0}, {" 1", false, 0}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        long value = -7;

        assert_int_equal(view_to_long(text, &value), cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : -7);
        data_free(text);
    }
}

static void a_buffer_past_its_maximum_fails_for_good(void **state)
{
    struct buffer buffer;

    (void)state;
    buffer_init(&buffer, 5);
    buffer_add_string(&buffer, "abc");
    buffer_printf(&buffer, "%d", 12);
    assert_false(buffer.failed);
    assert_string_equal(buffer_string(&buffer), "abc12");
    buffer_add_char(&buffer, 'x');
    assert_true(buffer.failed);
    buffer_cut(&buffer, 1);
    buffer_add_char(&buffer, 'y');
    assert_string_equal(buffer_string(&buffer), "a");
    buffer_clear(&buffer);
    buffer_add_char(&buffer, 'y');
    assert_string_equal(buffer_string(&buffer), "y");
    buffer_free(&buffer);
    assert_string_equal(buffer_string(&buffer), "");
}

static void an_arena_gives_zeroed_memory_again(void **state)
{
    struct arena *arena = arena_new();
    size_t held;

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t size = 1; size < 200000; size = size * 3 + 1) {
            char *memory = arena_alloc(arena, size, 1);

            assert_int_equal((uintptr_t)memory % sizeof(void *), 0);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(memory[i], 0);
            memset(memory, 'x', size);
        }
        if (round == 0)
            held = arena_bytes(arena);
        arena_reset(arena);
    }
    assert_int_equal(arena_bytes(arena), held);
    assert_string_equal(arena_string(arena, VIEW("text")), "text");
    arena_free(&arena);
    assert_null(arena);
    arena_free(&arena);
}

static void errors_are_one_printable_line(void **state)
{
    struct error error;
    char long_text[3000];

    (void)state;
    assert_int_equal(error_set(&error, ERROR_INPUT, "bad %s", "a\r\nb\x7f"), -1);
    assert_string_equal(error.text, "bad a??b?");
    assert_int_equal(error_add(&error, "file.json:%d", 7), -1);
    assert_string_equal(error.text, "file.json:7: bad a??b?");
    assert_int_equal(error.kind, ERROR_INPUT);
    memset(long_text, 0, sizeof(long_text));
    for (size_t i = 0; i + 2 < sizeof(long_text); i += 2)
        memcpy(long_text + i, "\xc3\xa9", 2);
    error_set(&error, ERROR_INPUT, "x%s", long_text);
    assert_int_equal(strlen(error.text) % 2, 1); /* no half character at the end */
    assert_int_equal(error_set(NULL, ERROR_INPUT, "nobody reads this"), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_include_empty_ones),
        cmocka_unit_test(lines_end_in_lf_or_crlf),
        cmocka_unit_test(searching_stays_inside),
        cmocka_unit_test(sets_of_bytes_are_found_anywhere),
        cmocka_unit_test(room_is_made_within_the_maximum),
        cmocka_unit_test(numbers_are_digits_only),
        cmocka_unit_test(a_buffer_past_its_maximum_fails_for_good),
        cmocka_unit_test(an_arena_gives_zeroed_memory_again),
        cmocka_unit_test(errors_are_one_printable_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
