#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/http.h"
#include "unit/data.h"
#include "unit/loopback.h"

/* One answer, asked for once with `request` (its URL is set here). */
struct got {
    struct http_response response;
    struct error error;
    int result;
    char request[8192];
};

static void get(const struct loopback_answer *answers, size_t count, struct http_request request,
                struct got *ret_got)
{
    struct loopback *server = loopback_start(answers, count);
    struct http_client *client = http_client_new(&ret_got->error);
    char url[256];

    assert_non_null(client);
    memset(&ret_got->response, 0, sizeof ret_got->response);
    loopback_url(server, "/feed", url);
    request.url = url;
    ret_got->error = (struct error){0};
    ret_got->result = http_client_get(client, &request, &ret_got->response, &ret_got->error);
    snprintf(ret_got->request, sizeof ret_got->request, "%s", loopback_request(server, 0));
    http_client_free(&client);
    loopback_stop(&server);
}

static void test_plain(void **state)
{
    const struct loopback_answer answers[] = {{.bytes = VIEW(
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/xml; charset=utf-8\r\n"
        "ETag: \"abc\"\r\nLast-Modified: Tue, 17 Feb 2026 05:00:00 GMT\r\n\r\nhello")}};
    struct got got;

    (void)state;
    get(answers, 1,
        (struct http_request){.user_agent = "paperboy/1 (+mailto:a@b.example)", .etag = "\"old\"",
                              .if_modified_since = "Mon, 16 Feb 2026 05:00:00 GMT"}, &got);
    assert_int_equal(got.result, 0);
    assert_int_equal(got.response.status, 200);
    assert_string_equal(buffer_string(&got.response.body), "hello");
    assert_string_equal(got.response.etag, "\"abc\"");
    assert_string_equal(got.response.last_modified, "Tue, 17 Feb 2026 05:00:00 GMT");
    assert_string_equal(got.response.content_type, "text/xml; charset=utf-8");
    assert_int_equal(got.response.retry_after_seconds, -1);
    assert_false(got.response.truncated);
    assert_non_null(strstr(got.request, "GET /feed HTTP/1.1\r\n"));
    assert_non_null(strstr(got.request, "\r\nUser-Agent: paperboy/1 (+mailto:a@b.example)\r\n"));
    assert_non_null(strstr(got.request, "\r\nAccept-Encoding: gzip\r\n"));
    assert_non_null(strstr(got.request, "\r\nIf-None-Match: \"old\"\r\n"));
    assert_non_null(strstr(got.request, "\r\nIf-Modified-Since: Mon, 16 Feb 2026 05:00:00 GMT\r\n"));
    http_response_free(&got.response);
}

static void test_status_is_told(void **state)
{
    static const struct {
        const char *answer;
        long status, retry_after;
    } cases[] = {
        {"HTTP/1.1 304 Not Modified\r\n\r\n", 304, -1},
        {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", 404, -1},
        {"HTTP/1.1 429 Slow\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n", 429, 120},
        {"HTTP/1.1 503 Later\r\nDate: Tue, 17 Feb 2026 05:00:00 GMT\r\n"
         "Retry-After: Tue, 17 Feb 2026 05:01:30 GMT\r\nContent-Length: 0\r\n\r\n", 503, 90},
        {"HTTP/1.1 503 Later\r\nDate: Tue, 17 Feb 2026 05:00:00 GMT\r\n"
         "Retry-After: Tue, 17 Feb 2026 04:00:00 GMT\r\nContent-Length: 0\r\n\r\n", 503, 0},
        {"HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n", 503, -1},
        {"HTTP/1.1 503 Later\r\nRetry-After: -5\r\nContent-Length: 0\r\n\r\n", 503, -1},
        {"HTTP/1.1 100 Continue\r\nETag: \"x\"\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
         200, -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answer = {.bytes = view_of(cases[i].answer), .close = true};
        struct got got;

        get(&answer, 1, (struct http_request){0}, &got);
        assert_int_equal(got.result, 0);
        assert_int_equal(got.response.status, cases[i].status);
        assert_int_equal(got.response.retry_after_seconds, cases[i].retry_after);
        assert_string_equal(got.response.etag, "");
        http_response_free(&got.response);
    }
}

/* `plain` gzipped behind a header that says so. */
static void make_gzip_answer(struct view plain, struct buffer *ret_answer)
{
    z_stream stream = {0};
    unsigned char *packed;
    size_t room;

    assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    room = deflateBound(&stream, plain.size);
    packed = malloc(room);
    assert_non_null(packed);
    stream.next_in = (unsigned char *)plain.data;
    stream.avail_in = (unsigned)plain.size;
    stream.next_out = packed;
    stream.avail_out = (unsigned)room;
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    buffer_init(ret_answer, room + 1000);
    buffer_printf(ret_answer, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %lu\r\n\r\n",
                  stream.total_out);
    buffer_add(ret_answer, packed, stream.total_out);
    deflateEnd(&stream);
    free(packed);
}

static void test_gzip(void **state)
{
    struct loopback_answer answer = {0};
    struct buffer packed, plain;
    struct got got;

    (void)state;
    buffer_init(&plain, 1 << 20);
    for (int i = 0; i < 20000; i++)
        buffer_printf(&plain, "line %d of a feed\n", i);
    make_gzip_answer(buffer_view(&plain), &packed);

    answer.bytes = buffer_view(&packed);
    get(&answer, 1, (struct http_request){0}, &got);
    assert_int_equal(got.result, 0);
    assert_true(view_equal(buffer_view(&got.response.body), buffer_view(&plain)));
    assert_false(got.response.truncated);
    http_response_free(&got.response);

    /* The cap is on what it becomes, not on what came. */
    assert_true(packed.size < 100000 && plain.size > 100000);
    get(&answer, 1, (struct http_request){.max_bytes = 100000}, &got);
    assert_int_equal(got.result, 0);
    assert_int_equal(got.response.body.size, 100000);
    assert_true(got.response.truncated);
    assert_string_equal(got.response.why, "larger than 100000 bytes");
    http_response_free(&got.response);

    packed.data[packed.size / 2] ^= 0x55;
    packed.data[packed.size / 2 + 1] ^= 0x55;
    get(&answer, 1, (struct http_request){0}, &got);
    assert_int_equal(got.result, 0);
    assert_true(got.response.truncated);
    assert_true(got.response.why[0]);
    http_response_free(&got.response);
    buffer_free(&packed);
    buffer_free(&plain);
}

static void test_cut_off(void **state)
{
    static const struct {
        const char *name, *answer, *body;
        bool reset;
    } cases[] = {
        {"shorter than it says", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n<rss><item/>",
         "<rss><item/>", false},
        {"a chunk is missing", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<rss>\r\n",
         "<rss>", false},
        {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<rss>",
         "<rss>", false},
        {"nothing of it came", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", "", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answer = {.bytes = view_of(cases[i].answer), .close = true};
        struct got got;

        get(&answer, 1, (struct http_request){0}, &got);
        if (got.result < 0)
            fail_msg("%s: %s", cases[i].name, got.error.text);
        assert_int_equal(got.response.status, 200);
        assert_string_equal(buffer_string(&got.response.body), cases[i].body);
        assert_true(got.response.truncated);
        assert_non_null(strstr(got.response.why, "cut off after"));
        http_response_free(&got.response);
    }
}

static void test_too_large(void **state)
{
    const struct loopback_answer answer = {
        .bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"), .close = true};
    struct got got;

    (void)state;
    get(&answer, 1, (struct http_request){.max_bytes = 10}, &got);
    assert_int_equal(got.result, 0);
    assert_false(got.response.truncated);
    http_response_free(&got.response);
    get(&answer, 1, (struct http_request){.max_bytes = 9}, &got);
    assert_int_equal(got.result, 0);
    assert_true(got.response.truncated);
    assert_string_equal(buffer_string(&got.response.body), "012345678");
    http_response_free(&got.response);
}

static void test_drip_meets_deadline(void **state)
{
    const struct loopback_answer answer = {
        .bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nslowly comes the day's long feed"),
        .byte_delay_ms = 10};
    struct timespec start, stop;
    struct got got;

    (void)state;
    clock_gettime(CLOCK_MONOTONIC, &start);
    get(&answer, 1, (struct http_request){.deadline_ms = 600}, &got);
    clock_gettime(CLOCK_MONOTONIC, &stop);
    assert_true(stop.tv_sec - start.tv_sec < 5);
    assert_int_equal(got.result, 0);
    assert_true(got.response.truncated);
    assert_non_null(strstr(got.response.why, "too slow"));
    assert_true(got.response.body.size > 0 && got.response.body.size < 33);
    http_response_free(&got.response);

    /* Before the header's end there is nothing to give. */
    get(&answer, 1, (struct http_request){.deadline_ms = 150}, &got);
    assert_int_equal(got.result, -1);
    assert_int_equal(got.error.kind, ERROR_TEMPORARY);
    assert_null(got.response.body.data);
}

static void test_redirects(void **state)
{
    static const char *const hosts[] = {"localhost", NULL};
    static const struct {
        const char *location; /* %d is the port */
        const char *const *hosts;
        const char *error; /* NULL: followed */
    } cases[] = {
        {"/other", NULL, NULL},
        {"http://127.0.0.1:%d/other", NULL, NULL},
        {"http://localhost:%d/other", hosts, NULL},
        {"http://LOCALHOST:%d/other", hosts, NULL},
        {"http://localhost:%d/other", NULL, "another host (localhost)"},
        {"http://evil.example:%d/other", hosts, "another host (evil.example)"},
        {"http://127.0.0.1.evil.example:%d/x", NULL, "another host"},
        {"file:///etc/passwd", hosts, "only http:// and https://"},
        {"ftp://127.0.0.1:%d/x", hosts, "only http:// and https://"},
        {"http://user:word@127.0.0.1:%d/x", hosts, "user name"},
        {"http://", hosts, "not a URL"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answers[2] = {
            {.close = true},
            {.bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nthere"), .close = true}};
        struct loopback *server = loopback_start(answers, 2);
        struct http_client *client = http_client_new(NULL);
        struct http_response response = {0};
        struct error error = {0};
        char location[256], first[512], url[256];
        int result;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(location, sizeof location, cases[i].location, loopback_port(server));
#pragma GCC diagnostic pop
        snprintf(first, sizeof first, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 4\r\n\r\ngone",
                 location);
        answers[0].bytes = view_of(first);
        loopback_url(server, "/feed", url);
        result = http_client_get(client,
                                 &(struct http_request){.url = url, .redirect_hosts = cases[i].hosts},
                                 &response, &error);
        if (cases[i].error) {
            assert_int_equal(result, -1);
            assert_int_equal(error.kind, ERROR_PERMANENT);
            if (!strstr(error.text, cases[i].error) || !strstr(error.text, url))
                fail_msg("%s: %s", cases[i].location, error.text);
            assert_int_equal(loopback_requests(server), 1);
        } else {
            if (result < 0)
                fail_msg("%s: %s", cases[i].location, error.text);
            assert_string_equal(buffer_string(&response.body), "ther");
            assert_non_null(strstr(response.url, "/other"));
            assert_non_null(strstr(loopback_request(server, 1), "GET /other "));
        }
        http_response_free(&response);
        http_client_free(&client);
        loopback_stop(&server);
    }
}

static void test_never_from_https_to_http(void **state)
{
    static const char *const hosts[] = {"export.arxiv.org", NULL};
    static const struct {
        const char *url, *location;
        bool is_followed;
    } cases[] = {
        {"https://rss.arxiv.org/rss/cs", "https://rss.arxiv.org/rss/cs.LG", true},
        {"https://rss.arxiv.org/rss/cs", "https://export.arxiv.org/rss/cs", true},
        {"https://rss.arxiv.org/rss/cs", "//export.arxiv.org/rss/cs", true},
        {"https://rss.arxiv.org/rss/cs", "?again", true},
        {"http://rss.arxiv.org/rss/cs", "https://rss.arxiv.org/rss/cs", true},
        {"https://rss.arxiv.org/rss/cs", "http://rss.arxiv.org/rss/cs", false},
        {"https://rss.arxiv.org/rss/cs", "http://export.arxiv.org/rss/cs", false},
        {"https://rss.arxiv.org/rss/cs", "HTTP://RSS.ARXIV.ORG/rss/cs", false},
        {"https://rss.arxiv.org/rss/cs", "https://arxiv.org/rss/cs", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};

        if (http_check_redirect(cases[i].url, cases[i].location, hosts, &error) !=
            (cases[i].is_followed ? 0 : -1))
            fail_msg("%s -> %s: %s", cases[i].url, cases[i].location, error.text);
    }
}

static void test_redirected_for_ever(void **state)
{
    struct loopback_answer answers[20];
    struct got got;

    (void)state;
    for (size_t i = 0; i < 20; i++)
        answers[i] = (struct loopback_answer){
            .bytes = VIEW("HTTP/1.1 301 Moved\r\nLocation: /feed\r\nContent-Length: 0\r\n\r\n")};
    get(answers, 20, (struct http_request){0}, &got);
    assert_int_equal(got.result, -1);
    assert_int_equal(got.error.kind, ERROR_PERMANENT);
    assert_non_null(strstr(got.error.text, "too often"));
}

static void test_network_errors(void **state)
{
    const struct loopback_answer answers[] = {{.bytes = {NULL, 0}, .reset = true},
                                                     {.bytes = {NULL, 0}, .close = true},
                                                     {.bytes = VIEW("HTTP/1.1 200 OK\r\nCont"), .close = true},
                                                     {.bytes = VIEW("220 mail.example ESMTP\r\n"), .close = true}};
    struct http_client *client = http_client_new(NULL);
    struct http_response response = {0};
    struct error error = {0};
    char url[256];
    struct loopback *server;

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct got got;

        get(&answers[i], 1, (struct http_request){0}, &got);
        assert_int_equal(got.result, -1);
        assert_int_equal(got.error.kind, ERROR_TEMPORARY);
        assert_non_null(strstr(got.error.text, "http://127.0.0.1:"));
    }
    server = loopback_start(NULL, 0);
    loopback_url(server, "/", url);
    loopback_stop(&server);
    assert_int_equal(http_client_get(client, &(struct http_request){.url = url}, &response, &error), -1);
    assert_int_equal(error.kind, ERROR_TEMPORARY);
    http_client_free(&client);
}

static void test_bad_urls(void **state)
{
    static const char *const urls[] = {"", "rss.arxiv.org/rss", "http://", "ftp://127.0.0.1/x",
                                       "file:///etc/passwd", "http://a b/", "http://u:p@127.0.0.1/",
                                       "http://127.0.0.1:99999/", "HTTP"};
    struct http_client *client = http_client_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct http_response response = {0};
        struct error error = {0};

        if (http_client_get(client, &(struct http_request){.url = urls[i]}, &response, &error) == 0 ||
            error.kind != ERROR_CONFIGURATION)
            fail_msg("\"%s\": %s", urls[i], error.text);
        assert_int_equal(http_check_url(urls[i], &error), -1);
    }
    assert_int_equal(http_check_url("https://rss.arxiv.org/rss/", NULL), 0);
    http_client_free(&client);
}

static void test_connection_and_response_are_used_again(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = VIEW("HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 3\r\n\r\none")},
        {.bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\ntwo")}};
    struct loopback *server = loopback_start(answers, 2);
    struct http_client *client = http_client_new(NULL);
    struct http_response response = {0};
    char url[256];

    (void)state;
    loopback_url(server, "/feed", url);
    for (int i = 0; i < 2; i++)
        assert_int_equal(http_client_get(client, &(struct http_request){.url = url}, &response, NULL), 0);
    assert_string_equal(buffer_string(&response.body), "two");
    assert_string_equal(response.etag, "");
    assert_int_equal(loopback_connections(server), 1);
    http_response_free(&response);
    http_client_free(&client);
    loopback_stop(&server);
}

/* A field that could end its line early when it is sent again is not kept. */
static void test_odd_fields(void **state)
{
    const struct loopback_answer answer = {
        .bytes = VIEW("HTTP/1.1 200 OK\r\nETag: \"a\rX: y\"\r\nContent-Length: 0\r\n\r\n"), .close = true};
    struct got got;

    (void)state;
    get(&answer, 1, (struct http_request){0}, &got);
    if (got.result == 0)
        assert_string_equal(got.response.etag, "");
    http_response_free(&got.response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_status_is_told),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_drip_meets_deadline),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_never_from_https_to_http),
        cmocka_unit_test(test_redirected_for_ever),
        cmocka_unit_test(test_network_errors),
        cmocka_unit_test(test_bad_urls),
        cmocka_unit_test(test_connection_and_response_are_used_again),
        cmocka_unit_test(test_odd_fields),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
