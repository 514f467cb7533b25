/* Pools of encoded text, which are read some bytes behind their last piece: however full
 * they are, the memory goes on so far. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digest/program.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pool_is_closed),
        cmocka_unit_test(pieces_that_are_shared_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
