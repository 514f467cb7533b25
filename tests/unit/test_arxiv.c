#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "papers/arxiv.h"
#include "unit/data.h"
#include "unit/arxiv_world.h"
#include "unit/loopback.h"

static const char *const FIVE[] = {"cs.LG", "cs.AI", "cs.LG", "astro-ph.EP", "hep-th", "stat.ML"};

static void test_requests_in_a_row(void **state)
{
    struct buffer feeds[3];
    struct loopback_answer answers[3] = {0};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_feed(&feeds[0], "Tue, 17 Feb 2026 00:00:00 -0500", "2602.90001");
    arxiv_make_feed(&feeds[1], "Wed, 18 Feb 2026 00:00:00 -0500", "2602.90002");
    arxiv_make_feed(&feeds[2], "Tue, 17 Feb 2026 00:00:00 -0500", "2602.90001");
    for (size_t i = 0; i < 3; i++)
        answers[i].bytes = buffer_view(&feeds[i]);
    arxiv_world_make(&world, answers, 3);

    if (arxiv_fetch(world.client, FIVE, 6, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(result.report_count, 3);
    assert_int_equal(result.failed_count, 0);
    assert_true(view_equal_string(result.reports[0].categories, "cs.LG+cs.AI"));
    assert_true(view_equal_string(result.reports[1].categories, "astro-ph.EP+hep-th"));
    assert_true(view_equal_string(result.reports[2].categories, "stat.ML"));
    assert_int_equal(result.reports[0].status, 200);
    assert_int_equal(result.reports[2].feed.items, 1);
    assert_int_equal(result.papers.count, 2);
    assert_true(view_equal_string(result.papers.items[0].title, "Café"));
    assert_int_equal(result.date.day, 18);
    assert_true(result.has_instant);
    assert_int_equal(result.instant_utc, time_from_date((struct date){2026, 2, 18}, 5, 0, 0));

    assert_non_null(strstr(loopback_request(world.server, 0), "GET /rss/cs.LG+cs.AI HTTP/1.1\r\n"));
    assert_non_null(strstr(loopback_request(world.server, 0),
                           "\r\nUser-Agent: paperboy/" PAPERBOY_VERSION " (+mailto:owner@example.org)\r\n"));
    assert_non_null(strstr(loopback_request(world.server, 2), "GET /rss/stat.ML HTTP/1.1\r\n"));
    assert_int_equal(loopback_connections(world.server), 1);
    /* Three requests, two pauses, each what is left of 3 s. */
    assert_int_equal(world.time.sleeps, 2);
    assert_in_range(world.time.slept_ms, 5900, 6000);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    for (size_t i = 0; i < 3; i++)
        buffer_free(&feeds[i]);
}

static void test_nothing_is_not_an_error(void **state)
{
    struct buffer feed;
    struct loopback_answer answer = {0};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_feed(&feed, "Sat, 21 Feb 2026 00:00:00 -0500", NULL);
    answer.bytes = buffer_view(&feed);
    arxiv_world_make(&world, &answer, 1);
    assert_int_equal(arxiv_fetch(world.client, FIVE, 2, &result, &error), 0);
    assert_int_equal(result.papers.count, 0);
    assert_int_equal(result.date.day, 21);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

static void test_errors(void **state)
{
    static const struct {
        const char *answer;
        enum error_kind kind;
        const char *says[3];
    } cases[] = {
        {"HTTP/1.1 429 Too Many\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n", ERROR_TEMPORARY,
         {"429", "wait 60 seconds", "/rss/cs.LG"}},
        {"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", ERROR_TEMPORARY, {"503", "/rss/cs.LG"}},
        {"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", ERROR_TEMPORARY, {"500"}},
        {"HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n", ERROR_PERMANENT, {"404"}},
        {"HTTP/1.1 204 None\r\n\r\n", ERROR_PERMANENT, {"204"}},
        {"HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
         ERROR_PERMANENT, {"another host (elsewhere.example)"}},
        {"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 61\r\n\r\n"
         "<!DOCTYPE html><html><head><title>Sorry</title></head></html>",
         ERROR_TEMPORARY, {"status 200", "not a feed", "HTML"}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ERROR_TEMPORARY, {"status 200", "not a feed"}},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", ERROR_TEMPORARY, {"cut off after 0 bytes"}},
        {"", ERROR_TEMPORARY, {"http://127.0.0.1"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answer = {.bytes = view_of(cases[i].answer), .close = true};
        struct arxiv_result result = {0};
        struct error error = {0};
        struct arxiv_world world;

        arxiv_world_make(&world, &answer, 1);
        assert_int_equal(arxiv_fetch(world.client, FIVE, 1, &result, &error), -1);
        if (error.kind != cases[i].kind)
            fail_msg("case %zu: kind %d: %s", i, (int)error.kind, error.text);
        for (size_t k = 0; k < 3 && cases[i].says[k]; k++)
            if (!strstr(error.text, cases[i].says[k]))
                fail_msg("case %zu lacks \"%s\": %s", i, cases[i].says[k], error.text);
        arxiv_world_free(&world);
    }
}

/* What came before a 503 is used, the requests after it are not made. */
static void test_stops_at_the_first_failure(void **state)
{
    struct buffer feed;
    struct loopback_answer answers[3] = {
        {0}, {.bytes = VIEW("HTTP/1.1 503 Busy\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n")}};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_feed(&feed, "Tue, 17 Feb 2026 00:00:00 -0500", "2602.90001");
    answers[0].bytes = answers[2].bytes = buffer_view(&feed);
    arxiv_world_make(&world, answers, 3);
    assert_int_equal(arxiv_fetch(world.client, FIVE, 6, &result, &error), 0);
    assert_int_equal(result.failed_count, 2);
    assert_int_equal(result.papers.count, 1);
    assert_int_equal(result.reports[0].error.kind, ERROR_NONE);
    assert_int_equal(result.reports[1].error.kind, ERROR_TEMPORARY);
    assert_int_equal(result.reports[1].retry_after_seconds, 30);
    assert_true(result.reports[1].was_asked);
    assert_false(result.reports[2].was_asked);
    assert_non_null(strstr(result.reports[2].error.text, "not asked for, since"));
    assert_int_equal(loopback_requests(world.server), 2);
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

static void test_cut_off_in_an_item(void **state)
{
    struct buffer feed;
    struct loopback_answer answer = {.close = true};
    struct arxiv_result result = {0};
    struct error error = {0};
    struct arxiv_world world;

    (void)state;
    arxiv_make_feed(&feed, "Tue, 17 Feb 2026 00:00:00 -0500", "2602.90001");
    /* The header promises the whole, of which the tail does not come. */
    answer.bytes = view_slice(buffer_view(&feed), 0, feed.size - sizeof "</channel></rss>");
    arxiv_world_make(&world, &answer, 1);
    if (arxiv_fetch(world.client, FIVE, 2, &result, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(result.failed_count, 0);
    assert_int_equal(result.papers.count, 1);
    assert_true(result.reports[0].feed.truncated);
    assert_false(result.reports[0].feed.complete);
    assert_non_null(strstr(result.reports[0].feed.truncation, "cut off after"));
    arxiv_result_free(&result);
    arxiv_world_free(&world);
    buffer_free(&feed);
}

static void test_categories(void **state)
{
    static const char *const good[] = {"cs.LG", "math.AP", "astro-ph.EP", "hep-th", "cond-mat.str-el",
                                       "q-bio.NC", "cs", "physics.acc-ph"};
    static const char *const bad[] = {"", "cs.LG+cs.AI", "cs LG", "../rss", "cs.LG?x=1", "cs/LG", ".cs",
                                      "-x", "9cs", "cs.LG\r\nHost: x", "c\xC3\xA9",
                                      "abcdefghijklmnopqrstuvwxyzabcdefg"};
    struct arxiv_world world;

    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_int_equal(arxiv_check_category(view_of(good[i]), NULL), 0);
    arxiv_world_make(&world, NULL, 0);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *const list[] = {"cs.LG", bad[i]};
        struct view exact = data_exact(bad[i]);
        struct arxiv_result result = {0};
        struct error error = {0};

        assert_int_equal(arxiv_check_category(exact, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_int_equal(arxiv_fetch(world.client, list, 2, &result, &error), -1);
        data_free(exact);
    }
    assert_int_equal(arxiv_fetch(world.client, NULL, 0, &(struct arxiv_result){0}, NULL), -1);
    assert_int_equal(loopback_requests(world.server), 0);
    arxiv_world_free(&world);
}

static void test_settings(void **state)
{
    static const struct {
        const char *rss, *contact, *says; /* NULL: fine */
    } cases[] = {
        {"https://rss.arxiv.org/rss/", "owner@example.org", NULL},
        {"https://rss.arxiv.org/rss/", NULL, NULL},
        {"https://rss.arxiv.org/rss/", "", NULL},
        {"rss.arxiv.org/rss/", NULL, "arxiv.rss"},
        {"ftp://rss.arxiv.org/rss/", NULL, "only http:// and https://"},
        {"https://rss.arxiv.org/rss/", "owner", "arxiv.contact"},
        {"https://rss.arxiv.org/rss/", "a@b.example) evil (", "arxiv.contact"},
        {"https://rss.arxiv.org/rss/", "a@b\r\nX: y", "arxiv.contact"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arxiv_settings settings = {.rss = cases[i].rss, .contact = cases[i].contact};
        struct error error = {0};
        struct arxiv_client *client = arxiv_client_new(&settings, &error);

        assert_int_equal(client == NULL, cases[i].says != NULL);
        if (cases[i].says) {
            assert_int_equal(error.kind, ERROR_CONFIGURATION);
            assert_non_null(strstr(error.text, cases[i].says));
        }
        arxiv_client_free(&client);
    }
}

static bool speaks_of(const struct paper *paper, const char *word)
{
    struct buffer folded;
    bool is_there;

    buffer_init(&folded, 100000);
    utf8_add_folded(&folded, paper->title);
    buffer_add_char(&folded, ' ');
    utf8_add_folded(&folded, paper->abstract);
    is_there = view_find(buffer_view(&folded), view_of(word), 0) < folded.size;
    buffer_free(&folded);
    return is_there;
}

/* The made-up day that the demo falls back on holds what it should. */
static void test_sample_day(void **state)
{
    static const char *const words[] = {"speculative decoding", "kv cache", "quantization", "sobolev",
                                        "exoplanets", "reinforcement learning", "llm inference"};
    struct view bytes = data_read("tests/fixtures/sample-day.xml");
    size_t by_type[4] = {0}, without_author = 0, hits[sizeof words / sizeof words[0]] = {0};
    struct feed_report report;
    struct error error = {0};
    struct papers papers;

    (void)state;
    papers_init(&papers);
    if (feed_parse(bytes, FEED_BYTES, &papers, &report, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(report.items, 68);
    assert_int_equal(papers.count, 67);
    assert_int_equal(report.skipped + report.mended + report.replaced + report.truncated, 0);
    assert_int_equal(date_compare(report.date, (struct date){2026, 2, 17}), 0);
    for (size_t i = 0; i < papers.count; i++) {
        const struct paper *paper = &papers.items[i];

        by_type[paper->announce_type]++;
        without_author += paper->author_count == 0;
        for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
            hits[k] += speaks_of(paper, words[k]);
    }
    assert_int_equal(by_type[ANNOUNCE_NEW], 52);
    assert_int_equal(by_type[ANNOUNCE_CROSS], 6);
    assert_int_equal(by_type[ANNOUNCE_REPLACE], 7);
    assert_int_equal(by_type[ANNOUNCE_REPLACE_CROSS], 2);
    assert_int_equal(without_author, 2);
    for (size_t k = 0; k < sizeof words / sizeof words[0]; k++)
        if (hits[k] < 2)
            fail_msg("\"%s\" is in %zu papers", words[k], hits[k]);
    papers_free(&papers);
    data_free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests_in_a_row),
        cmocka_unit_test(test_nothing_is_not_an_error),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_stops_at_the_first_failure),
        cmocka_unit_test(test_cut_off_in_an_item),
        cmocka_unit_test(test_categories),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_sample_day),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
