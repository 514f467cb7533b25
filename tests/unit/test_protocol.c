#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "summaries/protocol.h"
#include "unit/data.h"

#define KEY "sk-0123456789abcdef"

static void test_question(void **state)
{
    const struct endpoint_message messages[] = {{"system", VIEW("fileid://file-1")},
                                                {"user", VIEW("\"T\"\n\xe6\x91\x98\xe8\xa6\x81\0.")}};
    const struct endpoint_message broken = {"user", VIEW("a\xff")};
    struct endpoint_question question = {messages, 2, 0.3, 0};
    struct error error = {0};
    struct buffer out;

    (void)state;
    buffer_init(&out, 1000);
    assert_int_equal(protocol_write_question("qwen-long", &question, &out, &error), 0);
    assert_string_equal(buffer_string(&out),
                        "{\"model\":\"qwen-long\",\"messages\":[{\"role\":\"system\",\"content\":\"fileid://file-1\"},"
                        "{\"role\":\"user\",\"content\":\"\\\"T\\\"\\n\xe6\x91\x98\xe8\xa6\x81\\u0000.\"}],"
                        "\"temperature\":0.3,\"stream\":false}");
    buffer_clear(&out);
    question.max_tokens = 2000;
    question.temperature = 0;
    assert_int_equal(protocol_write_question("m", &question, &out, &error), 0);
    assert_non_null(strstr(buffer_string(&out), "\"temperature\":0.0,\"max_tokens\":2000,\"stream\":false}"));

    question = (struct endpoint_question){&broken, 1, 0.3, 0};
    assert_int_equal(protocol_write_question("m", &question, &out, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    buffer_free(&out);
    buffer_init(&out, 20);
    question = (struct endpoint_question){messages, 2, 0.3, 0};
    assert_int_equal(protocol_write_question("m", &question, &out, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    buffer_free(&out);
}

static void test_answers(void **state)
{
    static const struct {
        const char *body, *content, *finish_reason, *model;
        bool is_refusal;
        long prompt_tokens, completion_tokens;
    } cases[] = {
        {"{\"id\":\"c1\",\"object\":\"chat.completion\",\"model\":\"qwen-long\",\"choices\":[{\"index\":0,"
         "\"message\":{\"role\":\"assistant\",\"content\":\"# A\\n\\u6458\"},\"finish_reason\":\"stop\"}],"
         "\"usage\":{\"prompt_tokens\":1200,\"completion_tokens\":34,\"total_tokens\":1234}}",
         "# A\n\xe6\x91\x98", "stop", "qwen-long", false, 1200, 34},
        {"{\"choices\":[{\"message\":{\"content\":\"half\"},\"finish_reason\":\"length\"}],"
         "\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":8}}", "half", "length", "", false, 7, 8},
        {"{\"choices\":[{\"message\":{\"content\":null,\"refusal\":\"I can't\"},\"finish_reason\":\"stop\"}]}",
         "", "stop", "", true, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":\"x\",\"refusal\":null}}]}", "x", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":\"x\",\"refusal\":\" \"}}]}", "x", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{}}]}", "", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":42}}]}", "", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"text\":\"b\"},"
         "7,{\"type\":\"text\",\"text\":\"c\"}]}}]}", "ac", "", "", false, 0, 0},
        {"{\"model\":\"a\\u001bb\",\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":\"st\\nop\"}]}",
         "x", "", "", false, 0, 0},
        {"{\"model\":[],\"choices\":[{\"message\":{\"content\":\"x\"},\"finish_reason\":"
         "\"0123456789012345678901234567890123456789\"}],\"usage\":{\"prompt_tokens\":-5,\"completion_tokens\":99999999999}}",
         "x", "", "", false, 0, 1000000000},
        {"{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":{\"prompt_tokens\":\"5\",\"completion_tokens\":5.5}}",
         "x", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":\"x\"}}],\"usage\":[]} \n", "x", "", "", false, 0, 0},
        {"{\"choices\":[{\"message\":{\"content\":\"a\xff" "b\"}}]}", "a\xef\xbf\xbd" "b", "", "", false, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view body = data_exact(cases[i].body);
        struct endpoint_answer answer;
        struct error error = {0};

        if (protocol_read_answer(body, "application/json", KEY, &answer, &error) < 0)
            fail_msg("%s: %s", cases[i].body, error.text);
        assert_string_equal(buffer_string(&answer.content), cases[i].content);
        assert_string_equal(answer.finish_reason, cases[i].finish_reason);
        assert_string_equal(answer.model, cases[i].model);
        assert_true(answer.is_refusal == cases[i].is_refusal);
        assert_int_equal(answer.prompt_tokens, cases[i].prompt_tokens);
        assert_int_equal(answer.completion_tokens, cases[i].completion_tokens);
        endpoint_answer_free(&answer);
        data_free(body);
    }
}

static void test_nul_in_an_answer(void **state)
{
    struct view body = data_exact("{\"choices\":[{\"message\":{\"content\":\"a\\u0000b\"}}]}");
    struct endpoint_answer answer;

    (void)state;
    assert_int_equal(protocol_read_answer(body, "", NULL, &answer, NULL), 0);
    assert_true(view_equal(buffer_view(&answer.content), VIEW("a\0b")));
    endpoint_answer_free(&answer);
    data_free(body);
}

static void test_no_answers(void **state)
{
    static const struct {
        const char *body, *content_type, *why;
        long tokens;
    } cases[] = {
        {"", "application/json", "not JSON", 0},
        {"<html><body>Welcome</body></html>", "text/html", "a web page and not JSON; mend summaries.base_url", 0},
        {"{\"choices\":[{\"message\":{\"content\":\"cut", "application/json", "not JSON", 0},
        {"[]", "application/json", "JSON without choices", 0},
        {"null", "application/json", "not JSON", 0},
        {"{}", "application/json", "JSON without choices", 0},
        {"{\"choices\":[]}", "application/json", "JSON without choices", 0},
        {"{\"choices\":{\"message\":{}}}", "application/json", "JSON without choices", 0},
        {"{\"choices\":[{\"text\":\"old\"}],\"usage\":{\"prompt_tokens\":3}}", "application/json",
         "a choice without message", 3},
        {"{\"choices\":[{\"message\":\"text\"}]}", "application/json", "a choice without message", 0},
        {"{\"error\":{\"message\":\"upstream\\r\\n \\u001b[2Jfailed\",\"code\":502}}", "application/json",
         "JSON without choices (\"upstream [2Jfailed\")", 0},
        {"{\"error\":\"model is loading\"}", "application/json", "(\"model is loading\")", 0},
        {"{\"detail\":\"key " KEY " and 6789abcdef\"}", "application/json", "(\"key *** and ***\")", 0},
        {"data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\ndata: [DONE]\n\n", "application/json", "an event stream", 0},
        {"{\"choices\":1}", "text/event-stream; charset=utf-8", "an event stream", 0},
        {"{\"choices\":[{\"message\":{\"content\":\"my key: " KEY "!\"}}],\"usage\":{\"prompt_tokens\":9}}",
         "application/json", "holds the API key", 9},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view body = data_exact(cases[i].body);
        struct endpoint_answer answer;
        struct error error = {0};

        assert_int_equal(protocol_read_answer(body, cases[i].content_type, KEY, &answer, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        if (!strstr(error.text, cases[i].why))
            fail_msg("%s: %s", cases[i].body, error.text);
        assert_null(strstr(error.text, "6789abcdef"));
        assert_int_equal(answer.prompt_tokens, cases[i].tokens);
        assert_int_equal(answer.content.size, 0);
        assert_null(answer.content.data);
        data_free(body);
    }
}

static void test_files(void **state)
{
    static const struct {
        const char *body, *id, *why; /* why NULL: good */
        enum error_kind kind;
    } cases[] = {
        {"{\"id\":\"file-fe-abc_1.2\",\"object\":\"file\",\"status\":\"processed\"}", "file-fe-abc_1.2", NULL, ERROR_NONE},
        {"{\"id\":\"f\"}", "f", NULL, ERROR_NONE},
        {"{\"id\":\"f\",\"status\":\"error\"}", "f", "cannot read this file", ERROR_PERMANENT},
        {"{\"id\":\"../../v1/models\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":\"..\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":\"a\\r\\nX: y\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":\"a\\u0000b\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":\"a?b\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":\"\"}", "", "without a usable id", ERROR_INPUT},
        {"{\"id\":17}", "", "without a usable id", ERROR_INPUT},
        {"{\"message\":\"no room\"}", "", "without a usable id (\"no room\")", ERROR_INPUT},
        {"OK", "", "not JSON (\"OK\")", ERROR_INPUT},
    };
    char longest[400], id[ENDPOINT_ID_BYTES];
    struct error error = {0};

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view body = data_exact(cases[i].body);

        error = (struct error){0};
        assert_int_equal(protocol_read_file(body, KEY, id, &error), cases[i].why ? -1 : 0);
        assert_string_equal(id, cases[i].id);
        assert_int_equal(error.kind, cases[i].kind);
        if (cases[i].why && !strstr(error.text, cases[i].why))
            fail_msg("%s: %s", cases[i].body, error.text);
        data_free(body);
    }
    for (int size = ENDPOINT_ID_BYTES - 1; size <= ENDPOINT_ID_BYTES; size++) {
        snprintf(longest, sizeof longest, "{\"id\":\"%0*d\"}", size, 7);
        assert_int_equal(protocol_read_file(view_of(longest), NULL, id, &error), size < ENDPOINT_ID_BYTES ? 0 : -1);
    }
}

static void test_complaints(void **state)
{
    static const struct {
        long status;
        const char *body;
        bool is_file;
        enum error_kind kind;
        const char *text;
    } cases[] = {
        {400, "{\"error\":{\"message\":\"the input is too long\",\"code\":\"context_length_exceeded\"}}", false,
         ERROR_PERMANENT, "HTTP status 400 (\"the input is too long\")"},
        {400, "{\"error\":{\"code\":\"data_inspection_failed\",\"message\":\"Input data may contain inappropriate content.\"}}",
         false, ERROR_PERMANENT, "inappropriate"},
        {400, "{\"error\":{\"code\":\"invalid_parameter_error\",\"message\":\"File [id:file-fe-1] parsing in progress, please try again later.\"}}",
         false, ERROR_TEMPORARY, "parsing in progress"},
        {400, "{\"error\":{\"code\":\"Arrearage\",\"message\":\"Access denied, please make sure your account is in good standing.\"}}",
         false, ERROR_CONFIGURATION, "summaries.api_key_file has no credit"},
        {400, "{\"error\":{\"message\":\"Unsupported parameter\",\"param\":\"max_tokens\"}}", false,
         ERROR_CONFIGURATION, "mend summaries.model"},
        {400, "{\"error\":{\"message\":\"model_not_found is a phrase of a paper\",\"param\":\"messages\"}}", false,
         ERROR_PERMANENT, "status 400 (\""},
        {400, "{\"error\":{\"message\":\"This model only support stream mode, please enable the stream parameter\"}}", false,
         ERROR_CONFIGURATION, "as a stream only"},
        {401, "{\"error\":{\"message\":\"Incorrect API key provided: " KEY ".\"}}", false, ERROR_CONFIGURATION,
         "HTTP status 401; mend summaries.api_key_file: its key is refused (\"Incorrect API key provided: ***.\")"},
        {401, "", true, ERROR_CONFIGURATION, "summaries.api_key_file"},
        {402, "{\"error\":{\"message\":\"Insufficient Balance\"}}", false, ERROR_CONFIGURATION, "no credit"},
        {403, "{\"code\":\"Model.AccessDenied\",\"message\":\"denied\"}", false, ERROR_CONFIGURATION, "summaries.model"},
        {404, "<!DOCTYPE html><title>404</title>", false, ERROR_CONFIGURATION,
         "HTTP status 404; mend summaries.base_url or summaries.model"},
        {404, "{\"detail\":\"Not Found\"}", true, ERROR_CONFIGURATION, "summaries.source"},
        {405, "", false, ERROR_CONFIGURATION, "summaries.base_url"},
        {301, "", false, ERROR_CONFIGURATION, "summaries.base_url"},
        {307, "", true, ERROR_CONFIGURATION, "summaries.base_url"},
        {408, "", false, ERROR_TEMPORARY, "408"},
        {409, "", false, ERROR_TEMPORARY, "409"},
        {413, "", true, ERROR_PERMANENT, "413"},
        {422, "{\"detail\":[{\"msg\":\"x\"}]}", false, ERROR_PERMANENT, "422"},
        {429, "{\"error\":{\"message\":\"slow down\",\"code\":\"rate_limit_exceeded\"}}", false, ERROR_TEMPORARY, "slow down"},
        {429, "{\"error\":{\"message\":\"You exceeded your current quota\",\"type\":\"insufficient_quota\"}}", false,
         ERROR_CONFIGURATION, "no credit"},
        {500, "{\"error\":{\"type\":\"insufficient_quota\"}}", false, ERROR_TEMPORARY, "500"},
        {503, "busy\x1b]0;title\x07 \xff\r\nnow", false, ERROR_TEMPORARY, "(\"busy]0;title \xef\xbf\xbd now\")"},
        {202, "", false, ERROR_TEMPORARY, "202"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view body = data_exact(cases[i].body);
        struct error error = {0};

        assert_int_equal(protocol_complain("POST http://h/v1/x", cases[i].status, body, cases[i].is_file, KEY, &error), -1);
        if (error.kind != cases[i].kind || !strstr(error.text, cases[i].text))
            fail_msg("%ld %s: kind %d, %s", cases[i].status, cases[i].body, (int)error.kind, error.text);
        assert_null(strstr(error.text, KEY));
        assert_true(utf8_is_valid(view_of(error.text)));
        data_free(body);
    }
}

static void test_complaint_without_key(void **state)
{
    static const char *const bodies[] = {"", "{\"error\":{\"code\":\"invalid_api_key\",\"message\":\"none\"}}"};

    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        struct view body = data_exact(bodies[i]);
        struct error error = {0};

        assert_int_equal(protocol_complain("POST u", 401, body, false, NULL, &error), -1);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        assert_non_null(strstr(error.text, "mend summaries.api_key_file: a key is asked for"));
        data_free(body);
    }
}

/* However long and odd what is said is, and wherever the key stands in it. */
static void test_quotes_are_bounded(void **state)
{
    struct buffer body;

    (void)state;
    buffer_init(&body, 1 << 20);
    for (size_t lead = 0; lead < 1100; lead += 13) {
        struct error error = {0};

        buffer_clear(&body);
        buffer_add_string(&body, "{\"message\":\"");
        for (size_t i = 0; i < lead; i++)
            buffer_add_char(&body, 'z');
        for (size_t i = 0; i < 500; i++)
            buffer_add_string(&body, KEY "\xe6\x91\x98");
        buffer_add_string(&body, "\"}");
        protocol_complain("POST u", 400, buffer_view(&body), false, KEY, &error);
        assert_true(strlen(error.text) < 2 * PROTOCOL_QUOTE_BYTES);
        assert_true(utf8_is_valid(view_of(error.text)));
        assert_null(strstr(error.text, "sk-01234"));
    }
    buffer_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_question),
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_nul_in_an_answer),
        cmocka_unit_test(test_no_answers),
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_complaints),
        cmocka_unit_test(test_complaint_without_key),
        cmocka_unit_test(test_quotes_are_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
