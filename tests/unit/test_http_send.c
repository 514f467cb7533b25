#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/http.h"
#include "base/timer.h"
#include "unit/data.h"
#include "unit/loopback.h"

#define OK_ANSWER VIEW("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")

/* One thing sent, and what came of it. */
struct sent {
    struct http_response response;
    struct error error;
    int result;
    char request[8192];
    size_t requests;
};

static void send_it(const struct loopback_answer *answers, size_t count, struct http_request request,
                    const struct http_sending *sending, struct sent *ret_sent)
{
    struct loopback *server = loopback_start(answers, count);
    struct http_client *client = http_client_new(NULL);
    char url[256];

    memset(ret_sent, 0, sizeof *ret_sent);
    loopback_url(server, "/v1/things", url);
    request.url = url;
    ret_sent->result = http_client_send(client, &request, sending, &ret_sent->response, &ret_sent->error);
    snprintf(ret_sent->request, sizeof ret_sent->request, "%s", loopback_request(server, 0));
    ret_sent->requests = loopback_requests(server);
    http_client_free(&client);
    loopback_stop(&server);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

static void test_body(void **state)
{
    static const char *const headers[] = {"Accept: application/json", "X-Other: two", NULL};
    const struct loopback_answer answer = {.bytes = OK_ANSWER};
    struct view body = data_exact("{\"a\":1}");
    struct sent sent;

    (void)state;
    send_it(&answer, 1, (struct http_request){.bearer = "secret-word", .headers = headers},
            &(struct http_sending){.body = body, .content_type = "application/json"}, &sent);
    assert_int_equal(sent.result, 0);
    assert_int_equal(sent.response.status, 200);
    assert_string_equal(buffer_string(&sent.response.body), "{}");
    assert_string_equal(sent.response.content_type, "application/json");
    assert_has(sent.request, "POST /v1/things HTTP/1.1\r\n");
    assert_has(sent.request, "\r\nAuthorization: Bearer secret-word\r\n");
    assert_has(sent.request, "\r\nContent-Type: application/json\r\n");
    assert_has(sent.request, "\r\nAccept: application/json\r\n");
    assert_has(sent.request, "\r\nX-Other: two\r\n");
    assert_has(sent.request, "\r\nContent-Length: 7\r\n");
    assert_has(sent.request, "\r\n\r\n{\"a\":1}");
    assert_null(strstr(sent.request, "urlencoded"));
    http_response_free(&sent.response);
    data_free(body);

    send_it(&answer, 1, (struct http_request){0}, &(struct http_sending){.content_type = "text/plain"}, &sent);
    assert_int_equal(sent.result, 0);
    assert_has(sent.request, "\r\nContent-Length: 0\r\n");
    assert_null(strstr(sent.request, "Authorization"));
    http_response_free(&sent.response);
}

static void test_form(void **state)
{
    const struct loopback_answer answer = {.bytes = OK_ANSWER};
    struct view file = data_exact_view(VIEW("%PDF-1.7\0 \r\n--bytes"));
    const struct http_part parts[] = {
        {.name = "purpose", .content = VIEW("file-extract")},
        {.name = "file", .file_name = "a \"b\"\r\nX: y.pdf", .content = file},
        {.name = "empty", .content = {NULL, 0}},
    };
    struct sent sent;

    (void)state;
    send_it(&answer, 1, (struct http_request){.bearer = "secret-word"},
            &(struct http_sending){.parts = parts, .part_count = 3}, &sent);
    if (sent.result < 0)
        fail_msg("%s", sent.error.text);
    assert_has(sent.request, "POST /v1/things HTTP/1.1\r\n");
    assert_has(sent.request, "\r\nContent-Type: multipart/form-data; boundary=");
    assert_has(sent.request, "\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nfile-extract\r\n--");
    assert_has(sent.request, "\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a %22b%22%0D%0AX: y.pdf\"\r\n"
                             "Content-Type: application/pdf\r\n\r\n%PDF-1.7? \r\n--bytes\r\n--");
    assert_has(sent.request, "name=\"empty\"\r\n\r\n\r\n--");
    assert_null(strstr(sent.request, "\nX: y"));
    http_response_free(&sent.response);
    data_free(file);
}

static void test_delete(void **state)
{
    const struct loopback_answer answer = {.bytes = VIEW("HTTP/1.1 204 No Content\r\n\r\n")};
    struct sent sent;

    (void)state;
    send_it(&answer, 1, (struct http_request){0}, &(struct http_sending){.method = HTTP_DELETE}, &sent);
    assert_int_equal(sent.result, 0);
    assert_int_equal(sent.response.status, 204);
    assert_has(sent.request, "DELETE /v1/things HTTP/1.1\r\n");
    http_response_free(&sent.response);
}

static void test_no_redirect_is_followed(void **state)
{
    static const long statuses[] = {301, 302, 303, 307, 308};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        char bytes[256];
        struct loopback_answer answers[2] = {{.bytes = {bytes, 0}}, {.bytes = OK_ANSWER}};
        struct sent sent;

        snprintf(bytes, sizeof bytes, "HTTP/1.1 %ld There\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n",
                 statuses[i]);
        answers[0].bytes = view_of(bytes);
        send_it(answers, 2, (struct http_request){.bearer = "secret-word"},
                &(struct http_sending){.body = VIEW("x"), .content_type = "text/plain"}, &sent);
        assert_int_equal(sent.result, 0);
        assert_int_equal(sent.response.status, statuses[i]);
        assert_int_equal(sent.requests, 1);
        http_response_free(&sent.response);
    }
}

/* Where a GET with a secret is led, and whether the secret goes along. */
static void test_secret_stays_with_its_origin(void **state)
{
    static const char *const hosts[] = {"localhost", NULL};
    static const struct {
        const char *location; /* %d is the own port, or the other one */
        bool other_port, is_kept;
    } cases[] = {
        {"/other", false, true},
        {"http://127.0.0.1:%d/other", false, true},
        {"http://localhost:%d/other", false, false},
        {"http://127.0.0.1:%d/other", true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answers[2] = {{.close = true}, {.bytes = OK_ANSWER}};
        struct loopback *server = loopback_start(answers, 2), *other = loopback_start(answers + 1, 1);
        struct http_client *client = http_client_new(NULL);
        struct http_response response = {0};
        struct error error = {0};
        char location[256], first[512], url[256];
        const char *second;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(location, sizeof location, cases[i].location,
                 loopback_port(cases[i].other_port ? other : server));
#pragma GCC diagnostic pop
        snprintf(first, sizeof first, "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", location);
        answers[0].bytes = view_of(first);
        loopback_url(server, "/first", url);
        if (http_client_get(client, &(struct http_request){.url = url, .redirect_hosts = hosts,
                                                           .bearer = "secret-word", .etag = "\"e\""},
                            &response, &error) < 0)
            fail_msg("%s: %s", location, error.text);
        second = cases[i].other_port ? loopback_request(other, 0) : loopback_request(server, 1);
        assert_has(loopback_request(server, 0), "Authorization: Bearer secret-word\r\n");
        assert_has(second, "GET /other ");
        assert_has(second, "If-None-Match: \"e\"\r\n");
        assert_true((strstr(second, "secret-word") != NULL) == cases[i].is_kept);
        http_response_free(&response);
        http_client_free(&client);
        loopback_stop(&server);
        loopback_stop(&other);
    }
}

static void test_secrets_that_are_not_sent(void **state)
{
    static const struct {
        const char *url, *bearer, *why; /* NULL: it may go */
    } cases[] = {
        {"https://api.example.org/v1", "sk-1234", NULL},
        {"http://127.0.0.1:1/v1", "sk-1234", NULL},
        {"http://localhost/v1", "sk-1234", NULL},
        {"http://[::1]/v1", "sk-1234", NULL},
        {"http://api.example.org/v1", "sk-1234", "https only"},
        {"http://127.0.0.1.example.org/v1", "sk-1234", "https only"},
        {"https://api.example.org/v1", "", "one word"},
        {"https://api.example.org/v1", "sk 1234", "one word"},
        {"https://api.example.org/v1", "sk-1234\n", "one word"},
        {"https://api.example.org/v1", "sk-1234\r\nHost: evil.example", "one word"},
        {"https://api.example.org/v1", "sk-1234\xc3\xa9", "one word"},
        {"ftp://api.example.org/v1", "sk-1234", "http:// and https://"},
    };
    struct http_client *client = http_client_new(NULL);

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0}, sending = {0};
        struct http_response response = {0};
        int result = http_check_bearer(cases[i].url, cases[i].bearer, &error);

        assert_int_equal(result, cases[i].why ? -1 : 0);
        if (!cases[i].why)
            continue;
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        assert_has(error.text, cases[i].why);
        assert_null(strstr(error.text, "1234"));
        assert_int_equal(http_client_send(client, &(struct http_request){.url = cases[i].url, .bearer = cases[i].bearer},
                                          &(struct http_sending){.body = VIEW("x")}, &response, &sending), -1);
        assert_int_equal(sending.kind, ERROR_CONFIGURATION);
        assert_null(strstr(sending.text, "1234"));
    }
    http_client_free(&client);
}

static void test_secret_in_no_message(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = {NULL, 0}, .reset = true},
        {.bytes = VIEW("220 mail.example ESMTP\r\n"), .close = true},
        {.bytes = VIEW("HTTP/1.1 100 Continue\r\n\r\n"), .close = true},
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct sent sent;

        send_it(&answers[i], 1, (struct http_request){.bearer = "secret-word"},
                &(struct http_sending){.body = VIEW("x")}, &sent);
        assert_int_equal(sent.result, -1);
        assert_int_equal(sent.error.kind, ERROR_TEMPORARY);
        assert_null(strstr(sent.error.text, "secret"));
    }
}

static bool stop_after_half_a_second(void *user)
{
    return timer_steady_ms() - *(int64_t *)user > 500;
}

static void test_stopped(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = {NULL, 0}}, /* silence */
        {.bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nbegun")},
        {.bytes = VIEW("HTTP/1.1 200 OK\r\nContent-Length: 4000\r\n\r\n................................................"),
         .byte_delay_ms = 30},
    };

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        int64_t begun = timer_steady_ms();
        struct sent sent;

        send_it(&answers[i], 1, (struct http_request){.should_stop = stop_after_half_a_second, .user = &begun},
                &(struct http_sending){.body = VIEW("x")}, &sent);
        assert_int_equal(sent.result, -1);
        assert_int_equal(sent.error.kind, ERROR_TEMPORARY);
        assert_has(sent.error.text, ": stopped");
        assert_null(sent.response.body.data);
        assert_in_range(timer_steady_ms() - begun, 500, 3000);
    }
}

static void test_too_large_and_cut(void **state)
{
    static const struct {
        const char *answer;
        bool is_truncated, is_too_large;
    } cases[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n01234", false, false},
        {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n012345", true, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n0123", true, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct loopback_answer answer = {.bytes = view_of(cases[i].answer), .close = true};
        struct sent sent;

        send_it(&answer, 1, (struct http_request){.max_bytes = 5}, &(struct http_sending){.body = VIEW("x")}, &sent);
        assert_int_equal(sent.result, 0);
        assert_true(sent.response.truncated == cases[i].is_truncated);
        assert_true(sent.response.too_large == cases[i].is_too_large);
        http_response_free(&sent.response);
    }
}

/* The same client sends, gets and sends again: nothing of one is left in the other. */
static void test_methods_in_turn(void **state)
{
    const struct loopback_answer answers[] = {{.bytes = OK_ANSWER}, {.bytes = OK_ANSWER}, {.bytes = OK_ANSWER},
                                              {.bytes = OK_ANSWER}};
    const struct http_part part = {.name = "a", .content = VIEW("b")};
    struct loopback *server = loopback_start(answers, 4);
    struct http_client *client = http_client_new(NULL);
    struct http_response response = {0};
    char url[256];

    (void)state;
    loopback_url(server, "/x", url);
    for (int i = 0; i < 4; i++) {
        const struct http_request request = {.url = url, .bearer = i == 0 ? "secret-word" : NULL};
        const struct http_sending sendings[4] = {{.parts = &part, .part_count = 1}, {.body = VIEW("x")},
                                                 {.method = HTTP_POST}, {.method = HTTP_DELETE}};

        assert_int_equal(i == 1 ? http_client_get(client, &request, &response, NULL)
                                : http_client_send(client, &request, &sendings[i], &response, NULL), 0);
    }
    assert_has(loopback_request(server, 0), "POST ");
    assert_has(loopback_request(server, 1), "GET ");
    assert_null(strstr(loopback_request(server, 1), "Content-Length"));
    assert_null(strstr(loopback_request(server, 1), "secret"));
    assert_has(loopback_request(server, 2), "POST ");
    assert_null(strstr(loopback_request(server, 2), "multipart"));
    assert_has(loopback_request(server, 3), "DELETE ");
    assert_int_equal(loopback_connections(server), 1);
    http_response_free(&response);
    http_client_free(&client);
    loopback_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_body),
        cmocka_unit_test(test_form),
        cmocka_unit_test(test_delete),
        cmocka_unit_test(test_no_redirect_is_followed),
        cmocka_unit_test(test_secret_stays_with_its_origin),
        cmocka_unit_test(test_secrets_that_are_not_sent),
        cmocka_unit_test(test_secret_in_no_message),
        cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_too_large_and_cut),
        cmocka_unit_test(test_methods_in_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
