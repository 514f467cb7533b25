/* Pools of encoded text, which are read some bytes behind their last piece: however full
 * they are, the memory goes on so far. And texts that are cut anywhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digest/program.h"
#include "mail/mustache.h"

static void a_full_pool_is_closed(void **state)
{
    static const char block[512];

    (void)state;
    for (size_t left = 0; left < 2 * PEN_SLACK_BYTES; left++) {
        struct slots slots;
        size_t size;

        slots_init(&slots);
        size = slots.pool.max - left;
        buffer_reserve(&slots.pool, size);
        while (slots.pool.size + sizeof(block) <= size)
            buffer_add(&slots.pool, block, sizeof(block));
        while (slots.pool.size < size)
            buffer_add_char(&slots.pool, 'x');
        pool_close(&slots.pool);
        assert_false(slots.pool.failed);
        assert_int_equal(slots.pool.size, size + PEN_SLACK_BYTES);
        slots_free(&slots);
    }
}

static void pieces_that_are_shared_go_on(void **state)
{
    enum { MAX_BYTES = 1000 };
    char text[2 * MAX_BYTES];

    (void)state;
    memset(text, 'x', sizeof(text));
    for (size_t size = 1; size < sizeof(text); size++) {
        struct pieces pieces;
        struct piece piece;

        pieces_init(&pieces, MAX_BYTES);
        piece = pieces_add(&pieces, (struct view){text, size});
        if (size + PEN_SLACK_BYTES > MAX_BYTES)
            assert_true(pieces.pool.failed);
        if (size + PEN_SLACK_BYTES < MAX_BYTES - MAX_BYTES / 10)
            assert_false(pieces.pool.failed);
        if (!pieces.pool.failed)
            assert_true(pieces.pool.capacity >= piece.at + piece.size + PEN_SLACK_BYTES);
        pieces_free(&pieces);
    }
}

/* ---- texts that are cut ---- */

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245u + 12345u;
    return *state >> 16;
}

/* Words, and what encoding, escaping and line starts change. */
static void write_random(unsigned *state, size_t units, struct buffer *out)
{
    static const char *const kinds[] = {"a", "word", " ", "  ", ".", "F", "From ", "=", "&", "\"",
                                        "<i>", "\xC3\xA9", "\xE6\xBC\xA2", "\t", "longer-than-most",
                                        ", and "};

    while (units--)
        buffer_add_string(out, kinds[next_random(state) % (sizeof(kinds) / sizeof(kinds[0]))]);
}

static void add_escaped(struct buffer *out, struct view text)
{
    for (size_t at = 0; at < text.size; at++) {
        const char *entity = mustache_entity(text.data[at]);

        if (entity)
            buffer_add_string(out, entity);
        else
            buffer_add_char(out, text.data[at]);
    }
}

static void check_lines(struct view encoded)
{
    struct view line;

    while (view_next_line(&encoded, &line)) {
        assert_true(line.size <= PEN_LINE_BYTES + 1);
        if (line.size) {
            assert_true(line.data[0] != '.' && line.data[0] != 'F');
            assert_true(line.data[line.size - 1] != ' ' && line.data[line.size - 1] != '\t');
        }
    }
}

static size_t next_cut(unsigned *state, struct view text, size_t from)
{
    size_t at = from + 1 + next_random(state) % 60;

    while (at < text.size && (text.data[at] & 0xC0) == 0x80)
        at++;
    return at < text.size ? at : text.size;
}

/* Behind some other text, in parts, some of them written alone. */
static void check_cuts(unsigned *state, const struct mapped *mapped, struct view encoded,
                       struct view text, struct view before)
{
    struct cut from = mapped->start;
    struct buffer out, want, got;
    struct pen pen;

    buffer_init(&out, 1 << 20);
    buffer_init(&want, 1 << 20);
    buffer_init(&got, 1 << 20);
    pen_begin(&pen, &out);
    pen_text(&pen, before, false);
    buffer_add_view(&want, before);
    while (from.offset < text.size) {
        struct cut to = mapped_cut(mapped, text, next_cut(state, text, from.offset));

        if (next_random(state) % 4) {
            pen_slice(&pen, encoded.data + mapped->at, &from, &to);
            add_escaped(&want, view_slice(text, from.offset, to.offset));
        }
        from = to;
    }
    pen_end(&pen);
    check_lines(buffer_view(&out));
    pen_decode(buffer_view(&out), &got);
    assert_int_equal(got.size, want.size);
    assert_memory_equal(buffer_string(&got), buffer_string(&want), want.size);
    buffer_free(&out);
    buffer_free(&want);
    buffer_free(&got);
}

static void a_mapped_text_is_cut_anywhere(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 400; seed++) {
        struct buffer text, before, pool;
        struct mapped mapped;
        unsigned random = seed;

        buffer_init(&text, 1 << 16);
        buffer_init(&before, 1 << 16);
        buffer_init(&pool, 1 << 18);
        write_random(&random, seed % 90, &text);
        mapped_make(&mapped, &pool, buffer_view(&text));
        pool_close(&pool);
        assert_true(mapped.is_mapped);
        assert_int_equal(mapped.end.offset, text.size);
        for (unsigned i = 0; i < 20; i++) {
            buffer_clear(&before);
            write_random(&random, i, &before);
            check_cuts(&random, &mapped, buffer_view(&pool), buffer_view(&text),
                       buffer_view(&before));
        }
        mapped_free(&mapped);
        buffer_free(&text);
        buffer_free(&before);
        buffer_free(&pool);
    }
}

static void some_texts_are_not_mapped(void **state)
{
    static const char *const ends[] = {"\n", "\r", "a\r\nb"};
    struct buffer text, pool;
    struct mapped mapped;

    (void)state;
    buffer_init(&text, 1 << 17);
    buffer_init(&pool, 1 << 20);
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        mapped_make(&mapped, &pool, view_of(ends[i]));
        assert_false(mapped.is_mapped);
        assert_int_equal(mapped.end.offset, strlen(ends[i]));
    }
    while (text.size < UINT16_MAX / 6) /* "&quot;" */
        buffer_add_char(&text, '"');
    mapped_make(&mapped, &pool, buffer_view(&text));
    assert_false(mapped.is_mapped);
    assert_int_equal(mapped.end.offset, text.size);
    assert_int_equal(mapped_cut(&mapped, buffer_view(&text), 7).offset, 7);
    buffer_free(&text);
    buffer_free(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_is_closed),
        cmocka_unit_test(pieces_that_are_shared_go_on),
        cmocka_unit_test(a_mapped_text_is_cut_anywhere),
        cmocka_unit_test(some_texts_are_not_mapped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
