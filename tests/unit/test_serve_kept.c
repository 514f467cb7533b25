#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>

#include "commands/serve_kept.h"

static struct web_content *content_of(size_t bytes, char byte)
{
    struct buffer body;

    buffer_init(&body, 1 << 20);
    for (size_t i = 0; i < bytes; i++)
        buffer_add_char(&body, (char)(byte + (char)(i * 7919 % 61))); /* hardly smaller by gzip */
    return web_content_new(&body, "text/plain", "public", 0);
}

static void keep(struct serve_kept *kept, struct view path, int64_t version, int64_t now_ms,
                 struct web_content *content)
{
    struct web_content *found = NULL;

    assert_false(serve_kept_enter(kept, path, version, now_ms, &found));
    serve_kept_leave(kept, path, version, now_ms, content);
    web_content_free(&content);
}

/* What a request gets from memory: its first byte, or 0. */
static char first_byte(struct serve_kept *kept, struct view path, int64_t now_ms)
{
    struct web_content *content = serve_kept_find(kept, path, now_ms);
    char byte = content ? web_content_bytes(content).data[0] : '\0';

    web_content_free(&content);
    return byte;
}

static void test_one_looks_and_others_get_the_old(void **state)
{
    struct serve_kept *kept = serve_kept_new(10, 1 << 20);
    struct web_content *found = NULL, *next = content_of(9, 'b');

    (void)state;
    assert_int_equal(first_byte(kept, VIEW("/"), 0), 0);
    keep(kept, VIEW("/"), 1, 1000, content_of(9, 'a'));
    assert_int_equal(first_byte(kept, VIEW("/"), 1000), 'a');
    assert_int_equal(first_byte(kept, VIEW("/"), 999 + KEPT_LOOK_MS), 'a');
    /* The first one after that goes and looks, the next ones do not wait for it. */
    assert_int_equal(first_byte(kept, VIEW("/"), 1000 + KEPT_LOOK_MS), 0);
    assert_int_equal(first_byte(kept, VIEW("/"), 1000 + KEPT_LOOK_MS), 'a');
    /* Nothing has changed. */
    assert_true(serve_kept_enter(kept, VIEW("/"), 1, 5000, &found));
    web_content_free(&found);
    assert_int_equal(first_byte(kept, VIEW("/"), 6000), 'a');
    /* It has: this one makes it, others get what there is, also at a desk. */
    assert_false(serve_kept_enter(kept, VIEW("/"), 2, 9000, &found));
    assert_true(serve_kept_enter(kept, VIEW("/"), 2, 9000, &found));
    assert_int_equal(web_content_bytes(found).data[0], 'a');
    web_content_free(&found);
    serve_kept_leave(kept, VIEW("/"), 2, 9000, next);
    assert_int_equal(first_byte(kept, VIEW("/"), 9001), 'b');
    /* What could not be made anew stays, and is tried again. */
    assert_false(serve_kept_enter(kept, VIEW("/"), 3, 20000, &found));
    serve_kept_leave(kept, VIEW("/"), 3, 20000, NULL);
    assert_int_equal(first_byte(kept, VIEW("/"), 20001), 'b');
    assert_false(serve_kept_enter(kept, VIEW("/"), 3, 30000, &found));
    serve_kept_leave(kept, VIEW("/"), 3, 30000, next);
    web_content_free(&next);
    serve_kept_free(&kept);
    assert_null(kept);
    serve_kept_free(&kept);
}

static void test_bounded(void **state)
{
    struct serve_kept *kept = serve_kept_new(10, 20000);
    struct web_content *found = NULL;
    char path[32];

    (void)state;
    serve_kept_put(kept, "/fixed", content_of(3000, 'f'));
    for (int i = 0; i < 100; i++) {
        int size = snprintf(path, sizeof(path), "/%d", i);

        keep(kept, (struct view){path, (size_t)size}, 1, i * 10, content_of(10, 'a'));
        assert_int_equal(first_byte(kept, VIEW("/0"), i * 10), 'a'); /* in use, so it stays */
    }
    assert_int_equal(serve_kept_count(kept).items, 10);
    assert_int_equal(first_byte(kept, VIEW("/99"), 1000), 'a');
    assert_int_equal(first_byte(kept, VIEW("/98"), 1000), 'a');
    assert_int_equal(first_byte(kept, VIEW("/50"), 1000), 0);
    keep(kept, VIEW("/large"), 1, 2000, content_of(16000, 'l'));
    assert_true(serve_kept_count(kept).bytes <= 20000 + 16000);
    assert_int_equal(first_byte(kept, VIEW("/fixed"), INT64_MAX), 'f');
    /* What does not exist leaves nothing behind. */
    for (int i = 0; i < 1000; i++) {
        int size = snprintf(path, sizeof(path), "/nothing/%d", i);
        struct view view = {path, (size_t)size};

        assert_false(serve_kept_enter(kept, view, 1, 3000, &found));
        serve_kept_leave(kept, view, 1, 3000, NULL);
    }
    assert_true(serve_kept_count(kept).items <= 10);
    serve_kept_free(&kept);
}

struct crowd {
    struct serve_kept *kept;
    int made;
    pthread_mutex_t lock;
};

static void *ask(void *user)
{
    struct crowd *crowd = user;
    struct web_content *content = NULL;

    if (!serve_kept_enter(crowd->kept, VIEW("/"), 7, 0, &content)) {
        pthread_mutex_lock(&crowd->lock);
        crowd->made++;
        pthread_mutex_unlock(&crowd->lock);
        content = content_of(5000, 'a');
        serve_kept_leave(crowd->kept, VIEW("/"), 7, 0, content);
    }
    web_content_free(&content);
    return NULL;
}

static void test_many_at_once(void **state)
{
    enum { THREADS = 16 };
    struct crowd crowd = {.kept = serve_kept_new(10, 1 << 20)};
    pthread_t threads[THREADS];

    (void)state;
    pthread_mutex_init(&crowd.lock, NULL);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &crowd), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(crowd.made, 1);
    pthread_mutex_destroy(&crowd.lock);
    serve_kept_free(&crowd.kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_looks_and_others_get_the_old),
                                       cmocka_unit_test(test_bounded),
                                       cmocka_unit_test(test_many_at_once)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
