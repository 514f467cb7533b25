/* Requests that are split, conditional, asked again, and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/arxiv_world.h"
#include "unit/loopback.h"

static const char *const ONE[] = {"cs.LG"};

static void check_paths(struct arxiv_world *world, const char *const *paths)
{
    size_t count = 0;

    for (; paths[count]; count++) {
        char line[256];

        snprintf(line, sizeof line, "GET /rss/%s HTTP/1.1\r\n", paths[count]);
        if (!strstr(loopback_request(world->server, count), line))
            fail_msg("request %zu is not %s: %s", count, paths[count],
                     loopback_request(world->server, count));
    }
    assert_int_equal(loopback_requests(world->server), count);
}

/* A feed of three papers "reaches the limit": halves, then single ones. */
static void test_splits_at_the_limit(void **state)
{
    static const char *const names[] = {"cs.LG", "cs.AI", "cs.CL"};
    static const char *const paths[] = {"cs.LG+cs.AI+cs.CL", "cs.LG+cs.AI", "cs.LG", "cs.AI", "cs.CL",
                                        NULL};
    static const struct {
        int first, count;
    } feeds[] = {{0, 3}, {1, 3}, {2, 3}, {5, 2}, {7, 1}};
    struct buffer texts[5];
    struct loopback_answer answers[5] = {0};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        arxiv_make_long_feed(&texts[i], "ETag: \"x\"\r\n", feeds[i].first, feeds[i].count);
        answers[i].bytes = buffer_view(&texts[i]);
    }
    arxiv_world_make(&world, answers, 5);
    world.settings.categories_per_request = 0;
    world.settings.feed_items = 3;
    if (arxiv_fetch(world.client, names, 3, &result, &error) < 0)
        fail_msg("%s", error.text);
    check_paths(&world, paths);
    assert_int_equal(world.time.sleeps, 4);
    assert_int_equal(result.splits, 2);
    assert_int_equal(result.report_count, 3);
    assert_int_equal(result.failed_count, 0);
    assert_int_equal(result.papers.count, 8);
    assert_true(view_equal_string(result.reports[0].categories, "cs.LG"));
    assert_true(result.reports[0].at_limit);
    assert_string_equal(result.reports[0].validators.etag, "");
    assert_false(result.reports[1].at_limit);
    assert_string_equal(result.reports[1].validators.etag, "\"x\"");
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    for (size_t i = 0; i < 5; i++)
        buffer_free(&texts[i]);
}

/* When a half fails, what the whole gave stays. */
static void test_a_half_that_fails(void **state)
{
    static const char *const names[] = {"cs.LG", "cs.AI"};
    struct buffer feed;
    struct loopback_answer answers[2] = {{.close = false}, {.close = true}};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_long_feed(&feed, "", 0, 3);
    answers[0].bytes = buffer_view(&feed);
    arxiv_world_make(&world, answers, 2);
    world.settings.feed_items = 3;
    if (arxiv_fetch(world.client, names, 2, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(result.papers.count, 3);
    assert_int_equal(result.report_count, 2);
    assert_int_equal(result.failed_count, 2);
    assert_int_equal(result.reports[0].error.kind, ERROR_TEMPORARY);
    assert_true(result.reports[0].was_asked);
    assert_false(result.reports[1].was_asked);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

/* One name that arXiv does not know costs the others nothing. */
static void test_splits_when_refused(void **state)
{
    static const char *const names[] = {"cs.LG", "cs.XX", "cs.CL"};
    static const char *const paths[] = {"cs.LG+cs.XX+cs.CL", "cs.LG+cs.XX", "cs.LG", "cs.XX", "cs.CL",
                                        NULL};
    static const char no[] = "HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n";
    struct buffer first, second;
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_long_feed(&first, "", 0, 1);
    arxiv_make_long_feed(&second, "", 5, 2);
    const struct loopback_answer answers[] = {{.bytes = view_of(no)}, {.bytes = view_of(no)},
                                              {.bytes = buffer_view(&first)},
                                              {.bytes = view_of(no)},
                                              {.bytes = buffer_view(&second)}};
    arxiv_world_make(&world, answers, 5);
    world.settings.categories_per_request = 0;
    if (arxiv_fetch(world.client, names, 3, &result, &error) < 0)
        fail_msg("%s", error.text);
    check_paths(&world, paths);
    assert_int_equal(result.papers.count, 3);
    assert_int_equal(result.report_count, 3);
    assert_int_equal(result.failed_count, 1);
    assert_int_equal(result.reports[1].error.kind, ERROR_PERMANENT);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&first);
    buffer_free(&second);
}

static void test_a_server_that_refuses_all(void **state)
{
    const char *names[64];
    char room[64][16];
    struct loopback_answer answers[64] = {0};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    for (size_t i = 0; i < 64; i++) {
        snprintf(room[i], sizeof room[i], "cs.X%zu", i);
        names[i] = room[i];
        answers[i].bytes = VIEW("HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n");
    }
    arxiv_world_make(&world, answers, 64);
    world.settings.categories_per_request = 0;
    assert_int_equal(arxiv_fetch(world.client, names, 64, &result, &error), -1);
    assert_int_equal(error.kind, ERROR_PERMANENT);
    assert_in_range(loopback_requests(world.server), 1, ARXIV_REFUSALS_MAX);
    arxiv_world_free(&world);
}

static int find_kept(void *user, const char *url, struct arxiv_validators *ret_validators,
                     struct error *error)
{
    (void)user;
    (void)error;
    if (strstr(url, "cs.LG"))
        *ret_validators = (struct arxiv_validators){"\"old\"", "Mon, 16 Feb 2026 05:00:00 GMT"};
    return 0;
}

static void test_validators(void **state)
{
    struct buffer feed;
    struct loopback_answer answers[2] = {
        {.bytes = VIEW("HTTP/1.1 304 Not Modified\r\nETag: \"old\"\r\n\r\n")},
        {.close = false}};
    static const char *const names[] = {"cs.LG", "cs.AI"};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_long_feed(&feed, "ETag: \"new\"\r\nLast-Modified: Tue, 17 Feb 2026 05:00:00 GMT\r\n", 0, 1);
    answers[1].bytes = buffer_view(&feed);
    arxiv_world_make(&world, answers, 2);
    world.settings.categories_per_request = 1;
    world.settings.find_validators = find_kept;
    if (arxiv_fetch(world.client, names, 2, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_non_null(strstr(loopback_request(world.server, 0), "\r\nIf-None-Match: \"old\"\r\n"));
    assert_non_null(strstr(loopback_request(world.server, 0),
                           "\r\nIf-Modified-Since: Mon, 16 Feb 2026 05:00:00 GMT\r\n"));
    assert_null(strstr(loopback_request(world.server, 1), "If-"));
    assert_int_equal(result.failed_count, 0);
    assert_true(result.reports[0].unchanged);
    assert_int_equal(result.reports[0].status, 304);
    assert_string_equal(result.reports[0].validators.etag, "");
    assert_false(result.reports[1].unchanged);
    assert_string_equal(result.reports[1].validators.etag, "\"new\"");
    assert_string_equal(result.reports[1].validators.last_modified, "Tue, 17 Feb 2026 05:00:00 GMT");
    assert_int_equal(result.papers.count, 1);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

/* A pace that refuses after so many turns. */
struct pace_double {
    int turns, turns_left, good, failed;
    long told;
};

static int double_wait(void *user, struct error *error)
{
    struct pace_double *pace = user;

    if (!pace->turns_left)
        return error_set(error, ERROR_TEMPORARY, "left alone until noon");
    pace->turns_left--;
    pace->turns++;
    return 0;
}

static void double_done(void *user, const struct polite_outcome *outcome)
{
    struct pace_double *pace = user;

    pace->good += outcome->result == POLITE_GOOD;
    pace->failed += outcome->result == POLITE_FAILED;
    if (outcome->result == POLITE_FAILED) {
        pace->told = outcome->retry_after_seconds;
        assert_non_null(outcome->why);
    }
}

static void test_asks_again_in_its_turn(void **state)
{
    static const struct {
        const char *bad;
        int turns_left, bad_count;
        const char *says; /* NULL: it succeeds in the end */
    } cases[] = {
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 9, 2, NULL},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 9, 1, NULL},
        {"HTTP/1.1 200 OK\r\nContent-Length: 13\r\n\r\n<html></html>", 9, 2, NULL},
        {"", 9, 1, NULL},
        {"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 9, 3, "503"},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n", 1, 1, "429"},
        {"", 0, 1, "left alone until noon"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct pace_double turns = {.turns_left = cases[i].turns_left};
        struct polite_pace pace = {double_wait, double_done, &turns};
        struct loopback_answer answers[4] = {0};
        struct arxiv_result result = {0};
        struct error error = {0};
        struct buffer feed;
        struct arxiv_world world;
        int status;

        arxiv_make_long_feed(&feed, "", 0, 1);
        for (int k = 0; k < 4; k++) {
            answers[k].bytes = k < cases[i].bad_count ? view_of(cases[i].bad) : buffer_view(&feed);
            answers[k].close = true;
        }
        arxiv_world_make(&world, answers, 4);
        world.settings.pace = &pace;
        arxiv_world_renew(&world);
        status = arxiv_fetch(world.client, ONE, 1, &result, &error);
        assert_int_equal(status, cases[i].says ? -1 : 0);
        if (cases[i].says && (!strstr(error.text, cases[i].says) || error.kind != ERROR_TEMPORARY))
            fail_msg("case %zu: %s", i, error.text);
        assert_int_equal(turns.turns, turns.good + turns.failed);
        assert_int_equal(turns.good, !cases[i].says);
        assert_int_equal(loopback_requests(world.server), turns.turns);
        assert_int_equal(world.time.sleeps, 0);
        if (strstr(cases[i].bad, "Retry-After"))
            assert_int_equal(turns.told, 7);
        arxiv_result_free(&result);
        arxiv_world_free(&world);
        buffer_free(&feed);
    }
}

/* What is no feed by its type, but is one. */
static void test_wrong_content_types(void **state)
{
    static const char *const types[] = {"text/html", "application/octet-stream", "text/plain; x",
                                        "nonsense", ""};

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        struct loopback_answer answer = {0};
        struct arxiv_result result = {0};
        struct error error = {0};
        struct buffer feed;
        struct arxiv_world world;
        char field[100];

        snprintf(field, sizeof field, "Content-Type: %s\r\n", types[i]);
        arxiv_make_long_feed(&feed, field, 0, 1);
        answer.bytes = buffer_view(&feed);
        arxiv_world_make(&world, &answer, 1);
        if (arxiv_fetch(world.client, ONE, 1, &result, &error) < 0)
            fail_msg("%s: %s", types[i], error.text);
        assert_int_equal(result.papers.count, 1);
        arxiv_result_free(&result);
        arxiv_world_free(&world);
        buffer_free(&feed);
    }
}

/* A body without an end is cut at the cap, a drip at the deadline: what came
 * before is used. */
static void test_bounds(void **state)
{
    struct buffer feed;
    struct loopback_answer answers[2] = {0};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_long_feed(&feed, "ETag: \"x\"\r\n", 0, 20);
    answers[0].bytes = answers[1].bytes = buffer_view(&feed);
    answers[1].byte_delay_ms = 1;
    arxiv_world_make(&world, answers, 2);
    world.settings.max_bytes = 2000;
    arxiv_world_renew(&world);
    if (arxiv_fetch(world.client, ONE, 1, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_in_range(result.papers.count, 1, 19);
    assert_true(result.reports[0].feed.truncated);
    assert_non_null(strstr(result.reports[0].feed.truncation, "larger than 2000 bytes"));
    assert_string_equal(result.reports[0].validators.etag, "");
    arxiv_result_free(&result);
    world.settings.max_bytes = 0;
    world.settings.deadline_ms = 1500;
    arxiv_world_renew(&world);
    if (arxiv_fetch(world.client, ONE, 1, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_in_range(result.papers.count, 1, 19);
    assert_true(result.reports[0].feed.truncated);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_splits_at_the_limit),
        cmocka_unit_test(test_a_half_that_fails),
        cmocka_unit_test(test_splits_when_refused),
        cmocka_unit_test(test_a_server_that_refuses_all),
        cmocka_unit_test(test_validators),
        cmocka_unit_test(test_asks_again_in_its_turn),
        cmocka_unit_test(test_wrong_content_types),
        cmocka_unit_test(test_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
