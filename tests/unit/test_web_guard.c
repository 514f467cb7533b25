#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "web/guard.h"

struct pair {
    int ours, theirs;
    struct guard_connection *connection;
};

static void open_pair(struct pair *pair)
{
    int sockets[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    *pair = (struct pair){sockets[0], sockets[1], NULL};
}

static void close_pair(struct guard *guard, struct pair *pair)
{
    guard_end(guard, &pair->connection);
    assert_null(pair->connection);
    close(pair->ours);
    close(pair->theirs);
}

/* Whether its other end has been told. */
static bool is_cut(const struct pair *pair)
{
    char byte;

    return recv(pair->theirs, &byte, 1, MSG_DONTWAIT) == 0;
}

static void test_deadlines(void **state)
{
    struct guard *guard = guard_new(100);
    struct pair waits, busy, again;

    (void)state;
    open_pair(&waits);
    open_pair(&busy);
    open_pair(&again);
    waits.connection = guard_begin(guard, waits.ours, "a", 1000);
    busy.connection = guard_begin(guard, busy.ours, "a", 1000);
    again.connection = guard_begin(guard, again.ours, NULL, 1000);
    guard_busy(guard, busy.connection, 2000);
    guard_busy(guard, again.connection, 2000);
    guard_waits(guard, again.connection, 9000);
    assert_int_equal(guard_count(guard).connections, 3);
    assert_int_equal(guard_count(guard).busy, 1);
    guard_tick(guard, 1000 + GUARD_WAIT_MS);
    assert_false(is_cut(&waits));
    guard_tick(guard, 1001 + GUARD_WAIT_MS);
    assert_true(is_cut(&waits));
    assert_false(is_cut(&busy));
    assert_false(is_cut(&again));
    guard_tick(guard, 9001 + GUARD_WAIT_MS);
    assert_true(is_cut(&again));
    guard_tick(guard, 2001 + GUARD_REQUEST_MS);
    assert_true(is_cut(&busy));
    guard_tick(guard, 2001 + 2 * GUARD_REQUEST_MS);
    assert_int_equal(guard_count(guard).cut_off, 3); /* each once */
    close_pair(guard, &waits);
    close_pair(guard, &busy);
    close_pair(guard, &again);
    assert_int_equal(guard_count(guard).connections, 0);
    assert_int_equal(guard_count(guard).busy, 0);
    guard_free(&guard);
    assert_null(guard);
    guard_free(&guard);
}

static void test_connections_of_a_client(void **state)
{
    struct guard *guard = guard_new(1000);
    struct pair pairs[GUARD_PER_CLIENT + 3];

    (void)state;
    for (int i = 0; i < GUARD_PER_CLIENT + 3; i++)
        open_pair(&pairs[i]);
    for (int i = 0; i < GUARD_PER_CLIENT; i++)
        assert_non_null(pairs[i].connection = guard_begin(guard, pairs[i].ours, "a", 0));
    assert_null(guard_begin(guard, pairs[GUARD_PER_CLIENT].ours, "a", 0));
    assert_int_equal(guard_count(guard).refused, 1);
    /* Another client, a proxy, and the same one when one of its own has gone. */
    assert_non_null(pairs[GUARD_PER_CLIENT].connection =
                        guard_begin(guard, pairs[GUARD_PER_CLIENT].ours, "b", 0));
    assert_non_null(pairs[GUARD_PER_CLIENT + 1].connection =
                        guard_begin(guard, pairs[GUARD_PER_CLIENT + 1].ours, NULL, 0));
    guard_end(guard, &pairs[0].connection);
    assert_non_null(pairs[GUARD_PER_CLIENT + 2].connection =
                        guard_begin(guard, pairs[GUARD_PER_CLIENT + 2].ours, "a", 0));
    for (int i = 0; i < GUARD_PER_CLIENT + 3; i++)
        close_pair(guard, &pairs[i]);
    guard_free(&guard);
}

static void test_room_is_made(void **state)
{
    enum { MOST = 16 };
    struct guard *guard = guard_new(MOST);
    struct pair pairs[MOST];
    char name[16];

    (void)state;
    for (int i = 0; i < MOST; i++) {
        snprintf(name, sizeof(name), "%d", i);
        open_pair(&pairs[i]);
        assert_non_null(pairs[i].connection = guard_begin(guard, pairs[i].ours, name, 100 * i));
        if (i == 0)
            guard_busy(guard, pairs[0].connection, 50);
    }
    /* From seven eighths on the one that has waited longest goes, not one with a request. */
    assert_false(is_cut(&pairs[0]));
    assert_true(is_cut(&pairs[1]));
    assert_true(is_cut(&pairs[2]));
    assert_false(is_cut(&pairs[3]));
    for (int i = 0; i < MOST; i++)
        close_pair(guard, &pairs[i]);
    guard_free(&guard);
}

/* All came within a moment and nobody else gets in: nobody's coming makes room. */
static void test_room_is_made_when_all_are_taken(void **state)
{
    enum { MOST = 16 };
    struct guard *guard = guard_new(MOST);
    struct pair pairs[MOST];

    (void)state;
    for (int i = 0; i < MOST; i++) {
        open_pair(&pairs[i]);
        assert_non_null(pairs[i].connection = guard_begin(guard, pairs[i].ours, NULL, i));
    }
    guard_tick(guard, 500);
    assert_int_equal(guard_count(guard).cut_off, 0);
    for (int i = 0; i < 3; i++) {
        guard_tick(guard, 2000); /* no more for those that have not gone yet */
        assert_int_equal(guard_count(guard).cut_off, 3);
    }
    assert_true(is_cut(&pairs[0]));
    assert_true(is_cut(&pairs[2]));
    assert_false(is_cut(&pairs[3]));
    for (int i = 0; i < 3; i++)
        close_pair(guard, &pairs[i]);
    guard_tick(guard, 3000);
    assert_int_equal(guard_count(guard).cut_off, 3);
    for (int i = 3; i < MOST; i++)
        close_pair(guard, &pairs[i]);
    guard_free(&guard);
}

static void test_stopping(void **state)
{
    struct guard *guard = guard_new(100);
    struct pair waits, busy;

    (void)state;
    open_pair(&waits);
    open_pair(&busy);
    waits.connection = guard_begin(guard, waits.ours, "a", 0);
    busy.connection = guard_begin(guard, busy.ours, "a", 0);
    guard_busy(guard, busy.connection, 0);
    assert_int_equal(guard_quiesce(guard), 1);
    assert_true(is_cut(&waits));
    assert_false(is_cut(&busy));
    guard_waits(guard, busy.connection, 0);
    assert_int_equal(guard_quiesce(guard), 0);
    assert_true(is_cut(&busy));
    close(waits.theirs);
    close(busy.theirs);
    guard_free(&guard); /* with connections left */
    close(waits.ours);
    close(busy.ours);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deadlines), cmocka_unit_test(test_connections_of_a_client),
        cmocka_unit_test(test_room_is_made),
        cmocka_unit_test(test_room_is_made_when_all_are_taken), cmocka_unit_test(test_stopping)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
