#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "summaries/endpoint.h"
#include "unit/data.h"
#include "unit/loopback.h"

#define KEY "sk-0123456789abcdef"
#define HEAD(status) "HTTP/1.1 " status "\r\nContent-Type: application/json\r\nConnection: close\r\n"
#define GOOD VIEW(HEAD("200 OK") "\r\n{\"model\":\"m-2\",\"choices\":[{\"message\":{\"content\":\"good\"}," \
                  "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":5,\"completion_tokens\":6}}")
#define FILE_MADE VIEW(HEAD("200 OK") "\r\n{\"id\":\"file-1\",\"status\":\"processed\"}")

/* Time that passes only while it is waited for. */
static int64_t virtual_ms;

static int64_t virtual_now(void *context)
{
    (void)context;
    return virtual_ms;
}

static void virtual_sleep(void *context, int64_t milliseconds)
{
    (void)context;
    assert_in_range(milliseconds, 1, 1000);
    virtual_ms += milliseconds;
}

static const struct timer VIRTUAL = {virtual_now, virtual_sleep, NULL};

static uint32_t no_random(void)
{
    return 0;
}

/* When, by real or virtual time, it is to stop. */
static int64_t stop_real_ms = INT64_MAX, stop_virtual_ms = INT64_MAX;

static bool is_stopping(void)
{
    return timer_steady_ms() >= stop_real_ms || virtual_ms >= stop_virtual_ms;
}

static int set_up(void **state)
{
    (void)state;
    virtual_ms = 1000;
    stop_real_ms = stop_virtual_ms = INT64_MAX;
    return 0;
}

struct asked {
    struct loopback *server;
    struct endpoint *endpoint;
    char base_url[256];
    struct endpoint_answer answer;
    struct error error;
    int result;
};

static void begin(struct asked *asked, const struct loopback_answer *answers, size_t count,
                  struct endpoint_settings settings)
{
    memset(asked, 0, sizeof *asked);
    asked->server = loopback_start(answers, count);
    loopback_url(asked->server, "/v1/", asked->base_url);
    settings.base_url = asked->base_url;
    settings.model = "m-1";
    if (!settings.timer.now_ms)
        settings.timer = VIRTUAL;
    settings.random = no_random;
    settings.is_stopping = is_stopping;
    asked->endpoint = endpoint_new(&settings, &asked->error);
    if (!asked->endpoint)
        fail_msg("%s", asked->error.text);
}

static void ask(struct asked *asked)
{
    const struct endpoint_message messages[] = {{"system", VIEW("fileid://file-1")}, {"user", VIEW("What is new?")}};
    const struct endpoint_question question = {messages, 2, 0.3, 500};

    asked->error = (struct error){0};
    asked->result = endpoint_ask(asked->endpoint, &question, &asked->answer, &asked->error);
}

static void end(struct asked *asked)
{
    endpoint_answer_free(&asked->answer);
    endpoint_free(&asked->endpoint);
    loopback_stop(&asked->server);
}

static void assert_has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no \"%s\" in: %s", part, text);
}

static void test_upload_ask_delete(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = FILE_MADE, .close = true}, {.bytes = GOOD, .close = true},
        {.bytes = VIEW(HEAD("200 OK") "\r\n{\"id\":\"file-1\",\"deleted\":true}"), .close = true}};
    struct view pdf = data_exact_view(VIEW("%PDF-1.7\n\0%%EOF"));
    char id[ENDPOINT_ID_BYTES];
    struct asked asked;

    (void)state;
    begin(&asked, answers, 3, (struct endpoint_settings){.api_key = KEY});
    assert_int_equal(endpoint_upload(asked.endpoint, pdf, "2602.13531v1.pdf", id, &asked.error), 0);
    assert_string_equal(id, "file-1");
    ask(&asked);
    assert_int_equal(asked.result, 0);
    assert_string_equal(buffer_string(&asked.answer.content), "good");
    assert_string_equal(asked.answer.finish_reason, "stop");
    assert_string_equal(asked.answer.model, "m-2");
    assert_int_equal(asked.answer.prompt_tokens, 5);
    assert_int_equal(asked.answer.completion_tokens, 6);
    assert_int_equal(endpoint_delete(asked.endpoint, id, &asked.error), 0);

    assert_has(loopback_request(asked.server, 0), "POST /v1/files HTTP/1.1\r\n");
    assert_has(loopback_request(asked.server, 0), "name=\"purpose\"\r\n\r\nfile-extract\r\n");
    assert_has(loopback_request(asked.server, 0), "name=\"file\"; filename=\"2602.13531v1.pdf\"\r\n"
                                                  "Content-Type: application/pdf\r\n\r\n%PDF-1.7\n?%%EOF\r\n");
    assert_has(loopback_request(asked.server, 1), "POST /v1/chat/completions HTTP/1.1\r\n");
    assert_has(loopback_request(asked.server, 1), "\r\nContent-Type: application/json\r\n");
    assert_has(loopback_request(asked.server, 1), "\r\nAccept: application/json\r\n");
    assert_has(loopback_request(asked.server, 1),
               "\r\n\r\n{\"model\":\"m-1\",\"messages\":[{\"role\":\"system\",\"content\":\"fileid://file-1\"},"
               "{\"role\":\"user\",\"content\":\"What is new?\"}],\"temperature\":0.3,\"max_tokens\":500,\"stream\":false}");
    assert_has(loopback_request(asked.server, 2), "DELETE /v1/files/file-1 HTTP/1.1\r\n");
    for (size_t i = 0; i < 3; i++)
        assert_has(loopback_request(asked.server, i), "\r\nAuthorization: Bearer " KEY "\r\n");
    data_free(pdf);
    end(&asked);
}

static void test_no_key_no_model_told(void **state)
{
    const struct loopback_answer answer = {
        .bytes = VIEW(HEAD("200 OK") "\r\n{\"choices\":[{\"message\":{\"content\":\"x\"}}]}"), .close = true};
    struct asked asked;

    (void)state;
    begin(&asked, &answer, 1, (struct endpoint_settings){0});
    ask(&asked);
    assert_int_equal(asked.result, 0);
    assert_string_equal(asked.answer.model, "m-1");
    assert_null(strstr(loopback_request(asked.server, 0), "Authorization"));
    end(&asked);
}

static void test_bad_settings(void **state)
{
    static const struct {
        const char *base_url, *model, *api_key, *why;
    } cases[] = {
        {NULL, "m", NULL, "summaries.base_url"},
        {"", "m", NULL, "summaries.base_url"},
        {"api.example.org/v1", "m", NULL, "summaries.base_url"},
        {"ftp://api.example.org/v1", "m", NULL, "summaries.base_url"},
        {"https://api.example.org/v1?key=1", "m", NULL, "summaries.base_url"},
        {"https://api.example.org/v1/chat/completions", "m", NULL, "before \"/chat/completions\""},
        {"https://api.example.org/v1", "", NULL, "summaries.model"},
        {"https://api.example.org/v1", NULL, NULL, "summaries.model"},
        {"http://api.example.org/v1", "m", KEY, "summaries.api_key_file"},
        {"https://api.example.org/v1", "m", KEY "\nX: y", "summaries.api_key_file"},
        {"https://api.example.org/v1", "m", "", "summaries.api_key_file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error error = {0};

        assert_null(endpoint_new(&(struct endpoint_settings){.base_url = cases[i].base_url, .model = cases[i].model,
                                                             .api_key = cases[i].api_key, .timer = VIRTUAL}, &error));
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        assert_has(error.text, cases[i].why);
        assert_null(strstr(error.text, "0123456789"));
    }
}

/* One answer, or several, and what comes of asking. */
static void test_outcomes(void **state)
{
    static const struct {
        const char *name, *answers[5]; /* past the last one connections are closed */
        int result;
        enum error_kind kind;
        size_t requests;
        long waited_ms; /* virtual, without jitter half of each back-off */
        const char *text;
    } cases[] = {
        {"busy, then good", {HEAD("503 Busy") "\r\n", HEAD("429 Slow") "Retry-After: 7\r\n\r\n", "good"},
         0, ERROR_NONE, 3, 500 + 7000 + 1000, NULL},
        {"cut, then good", {HEAD("200 OK") "Content-Length: 99\r\n\r\n{\"ch", "", "good"},
         0, ERROR_NONE, 3, 500 + 1000, NULL},
        {"still read, then good", {HEAD("400 Bad") "\r\n{\"error\":{\"message\":\"File parsing in progress\"}}", "good"},
         0, ERROR_NONE, 2, 500, NULL},
        {"busy for ever", {HEAD("500 No") "\r\n", HEAD("502 No") "\r\n", HEAD("504 No") "\r\n",
         HEAD("503 No") "\r\n{\"error\":{\"message\":\"key " KEY " tired\"}}", "good"},
         -1, ERROR_TEMPORARY, 4, 500 + 1000 + 2000, "HTTP status 503 (\"key *** tired\")"},
        {"away", {NULL}, -1, ERROR_TEMPORARY, 4, 3500, "http://127.0.0.1"},
        {"away for long", {HEAD("429 Slow") "Retry-After: 121\r\n\r\n", "good"}, -1, ERROR_TEMPORARY, 1, 0,
         "asks to wait 121 seconds"},
        {"no credit", {HEAD("429 No") "\r\n{\"error\":{\"code\":\"insufficient_quota\"}}", "good"},
         -1, ERROR_CONFIGURATION, 1, 0, "credit"},
        {"key refused", {HEAD("401 No") "\r\n{\"error\":{\"message\":\"bad key " KEY "\"}}", "good"},
         -1, ERROR_CONFIGURATION, 1, 0, "summaries.api_key_file"},
        {"elsewhere", {HEAD("302 Found") "Location: http://127.0.0.1:1/\r\n\r\n", "good"},
         -1, ERROR_CONFIGURATION, 1, 0, "summaries.base_url"},
        {"refused", {HEAD("400 Bad") "\r\n{\"error\":{\"message\":\"too long\"}}", "good"},
         -1, ERROR_PERMANENT, 1, 0, "too long"},
        {"not JSON", {HEAD("200 OK") "\r\nWelcome", "good"}, -1, ERROR_INPUT, 1, 0, "not JSON (\"Welcome\")"},
        {"a stream", {HEAD("200 OK") "\r\ndata: {}\n\n", "good"}, -1, ERROR_INPUT, 1, 0, "event stream"},
        {"no choices", {HEAD("200 OK") "\r\n{\"usage\":{\"prompt_tokens\":77}}", "good"},
         -1, ERROR_INPUT, 1, 0, "/v1/chat/completions: JSON without choices"},
        {"no content", {HEAD("204 None") "\r\n", "good"}, -1, ERROR_INPUT, 1, 0, "not JSON"},
        {"not HTTP", {"220 ready\r\n", "good"}, 0, ERROR_NONE, 2, 500, NULL},
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct loopback_answer answers[5] = {0};
        size_t count = 0;
        struct asked asked;

        set_up(state);
        for (; count < 5 && cases[i].answers[count]; count++) {
            bool is_good = strcmp(cases[i].answers[count], "good") == 0;

            answers[count] = (struct loopback_answer){
                .bytes = is_good ? GOOD : view_of(cases[i].answers[count]), .close = true};
        }
        begin(&asked, answers, count, (struct endpoint_settings){.api_key = KEY});
        ask(&asked);
        if (asked.result != cases[i].result || asked.error.kind != cases[i].kind)
            fail_msg("%s: %d, %s", cases[i].name, (int)asked.error.kind, asked.error.text);
        if (loopback_requests(asked.server) != cases[i].requests || virtual_ms - 1000 != cases[i].waited_ms)
            fail_msg("%s: %zu requests, %ld ms", cases[i].name, loopback_requests(asked.server), (long)virtual_ms - 1000);
        if (cases[i].text)
            assert_has(asked.error.text, cases[i].text);
        assert_null(strstr(asked.error.text, KEY));
        assert_int_equal(asked.answer.prompt_tokens,
                         cases[i].result == 0 ? 5 : strcmp(cases[i].name, "no choices") == 0 ? 77 : 0);
        end(&asked);
    }
}

static void test_answer_larger_than_its_cap(void **state)
{
    struct loopback_answer answer = {.close = true};
    struct buffer bytes;
    struct asked asked;

    (void)state;
    buffer_init(&bytes, 4 * ENDPOINT_ANSWER_BYTES);
    buffer_add_string(&bytes, HEAD("200 OK") "\r\n{\"choices\":[{\"message\":{\"content\":\"");
    while (bytes.size < 2 * ENDPOINT_ANSWER_BYTES)
        buffer_add_string(&bytes, "0123456789abcdef");
    buffer_add_string(&bytes, "\"}}]}");
    answer.bytes = buffer_view(&bytes);
    begin(&asked, &answer, 1, (struct endpoint_settings){0});
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_int_equal(asked.error.kind, ERROR_INPUT);
    assert_has(asked.error.text, "larger than 1048576 bytes");
    assert_int_equal(loopback_requests(asked.server), 1);
    end(&asked);
    buffer_free(&bytes);
}

static void test_deadline_before_the_next_try(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = VIEW(HEAD("429 Slow") "Retry-After: 5\r\n\r\n"), .close = true}, {.bytes = GOOD, .close = true}};
    struct asked asked;

    (void)state;
    begin(&asked, answers, 2, (struct endpoint_settings){.deadline_ms = 1000 + 5000});
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_int_equal(asked.error.kind, ERROR_TEMPORARY);
    assert_has(asked.error.text, "HTTP status 429; no time is left to try again");
    assert_int_equal(virtual_ms, 1000);
    virtual_ms = 6000;
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_has(asked.error.text, "no time is left for it");
    assert_int_equal(loopback_requests(asked.server), 1);
    end(&asked);
}

static void test_stopping_ends_a_wait(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = VIEW(HEAD("429 Slow") "Retry-After: 60\r\n\r\n"), .close = true}, {.bytes = GOOD, .close = true}};
    struct asked asked;

    (void)state;
    begin(&asked, answers, 2, (struct endpoint_settings){0});
    stop_virtual_ms = 3000;
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_int_equal(asked.error.kind, ERROR_TEMPORARY);
    assert_in_range(virtual_ms, 3000, 3200);
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_has(asked.error.text, "stopped");
    assert_int_equal(loopback_requests(asked.server), 1);
    end(&asked);
}

/* Silence, and a header with silence behind it, by real time. */
static void test_hanging(void **state)
{
    static const char *const answers[] = {"", HEAD("200 OK") "Content-Length: 50\r\n\r\n{\"choices\":"};
    enum { DEADLINE, ANSWER, STOP };

    for (size_t i = 0; i < 2; i++)
        for (int way = DEADLINE; way <= STOP; way++) {
            const struct loopback_answer answer = {.bytes = view_of(answers[i])};
            int64_t begun = timer_steady_ms();
            struct asked asked;

            set_up(state);
            begin(&asked, &answer, 1,
                  (struct endpoint_settings){.timer = timer_system(), .answer_ms = way == ANSWER ? 700 : 0,
                                             .deadline_ms = way == DEADLINE ? begun + 700 : 0});
            stop_real_ms = way == STOP ? begun + 700 : INT64_MAX;
            ask(&asked);
            assert_int_equal(asked.result, -1);
            assert_int_equal(asked.error.kind, ERROR_TEMPORARY);
            assert_in_range(timer_steady_ms() - begun, 650, way == STOP ? 2500 : 1700);
            assert_int_equal(loopback_requests(asked.server), 1); /* what was slow is not asked again */
            end(&asked);
        }
}

/* With something uploaded the deadline's end is kept, and enough, for deleting it. */
static void test_time_is_kept_for_deleting(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = FILE_MADE, .close = true}, {.bytes = {NULL, 0}},
        {.bytes = VIEW(HEAD("200 OK") "\r\n{\"deleted\":true}"), .close = true}};
    int64_t begun = timer_steady_ms();
    char id[ENDPOINT_ID_BYTES];
    struct asked asked;

    (void)state;
    begin(&asked, answers, 3, (struct endpoint_settings){.timer = timer_system(), .deadline_ms = begun + 2000});
    assert_int_equal(endpoint_upload(asked.endpoint, VIEW("%PDF-"), "a.pdf", id, &asked.error), 0);
    ask(&asked);
    assert_int_equal(asked.result, -1);
    assert_in_range(timer_steady_ms() - begun, 1300, 1900);
    assert_int_equal(endpoint_delete(asked.endpoint, id, &asked.error), 0);
    assert_has(loopback_request(asked.server, 2), "DELETE /v1/files/file-1 ");
    end(&asked);
}

static void test_deleting_while_stopping(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = VIEW(HEAD("500 No") "\r\n"), .close = true}, /* once and not again */
        {.bytes = VIEW(HEAD("404 Gone") "\r\n{}"), .close = true},
        {.bytes = {NULL, 0}}};
    struct asked asked;
    int64_t begun;

    (void)state;
    begin(&asked, answers, 3, (struct endpoint_settings){.timer = timer_system()});
    stop_real_ms = 0;
    assert_int_equal(endpoint_delete(asked.endpoint, "file-1", &asked.error), -1);
    assert_int_equal(asked.error.kind, ERROR_TEMPORARY);
    assert_int_equal(endpoint_delete(asked.endpoint, "file-1", &asked.error), 0); /* it is gone */
    begun = timer_steady_ms();
    assert_int_equal(endpoint_delete(asked.endpoint, "file-1", &asked.error), -1);
    assert_in_range(timer_steady_ms() - begun, 900, 2500);
    assert_int_equal(loopback_requests(asked.server), 3);
    assert_int_equal(endpoint_delete(asked.endpoint, "../models", &asked.error), -1);
    assert_int_equal(asked.error.kind, ERROR_BUG);
    end(&asked);
}

static void test_uploads_that_fail(void **state)
{
    const struct loopback_answer answers[] = {
        {.bytes = VIEW(HEAD("404 No") "\r\n{\"detail\":\"Not Found\"}"), .close = true},
        {.bytes = VIEW(HEAD("413 No") "\r\n"), .close = true},
        {.bytes = VIEW(HEAD("200 OK") "\r\n{\"id\":\"../x\"}"), .close = true},
        {.bytes = VIEW(HEAD("200 OK") "\r\n{\"id\":\"file-2\",\"status\":\"error\"}"), .close = true},
        {.bytes = VIEW(HEAD("200 OK") "\r\n{}"), .close = true}}; /* to its deletion */
    static const enum error_kind kinds[] = {ERROR_CONFIGURATION, ERROR_PERMANENT, ERROR_INPUT, ERROR_PERMANENT};
    char id[ENDPOINT_ID_BYTES] = "untouched";
    struct asked asked;

    (void)state;
    begin(&asked, answers, 5, (struct endpoint_settings){0});
    for (size_t i = 0; i < 4; i++) {
        asked.error = (struct error){0};
        assert_int_equal(endpoint_upload(asked.endpoint, VIEW("%PDF-"), "a.pdf", id, &asked.error), -1);
        assert_int_equal(asked.error.kind, kinds[i]);
        assert_has(asked.error.text, "/v1/files");
    }
    assert_has(loopback_request(asked.server, 4), "DELETE /v1/files/file-2 ");
    assert_string_equal(id, "untouched");
    end(&asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_upload_ask_delete, set_up),
        cmocka_unit_test_setup(test_no_key_no_model_told, set_up),
        cmocka_unit_test_setup(test_bad_settings, set_up),
        cmocka_unit_test_setup(test_outcomes, set_up),
        cmocka_unit_test_setup(test_answer_larger_than_its_cap, set_up),
        cmocka_unit_test_setup(test_deadline_before_the_next_try, set_up),
        cmocka_unit_test_setup(test_stopping_ends_a_wait, set_up),
        cmocka_unit_test_setup(test_hanging, set_up),
        cmocka_unit_test_setup(test_time_is_kept_for_deleting, set_up),
        cmocka_unit_test_setup(test_deleting_while_stopping, set_up),
        cmocka_unit_test_setup(test_uploads_that_fail, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
