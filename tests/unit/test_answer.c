/* Answers and confirmation requests of each kind against golden files, and what holds for
 * all of them: nothing of a stranger's, no line that is read as a command, no loop. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "inbox/answer.h"
#include "unit/answer_sample.h"
#include "unit/data.h"
#include "unit/golden.h"
#include "unit/mail.h"

enum { MESSAGE_BYTES = 1 << 20 };

static struct templates *templates;

static int load_templates(void **state)
{
    struct error error = {0};

    (void)state;
    if (templates_load("templates", NULL, &templates, &error) == 0)
        return 0;
    fprintf(stderr, "%s\n", error.text);
    return -1;
}

static int free_templates(void **state)
{
    (void)state;
    templates_free(&templates);
    return 0;
}

static void render(const struct answer *answer, const char *ending, struct buffer *out)
{
    json_t *context = answer_context(templates, answer);
    struct error error = {0};
    char name[64];

    snprintf(name, sizeof(name), "%s.%s", answer_is_request(answer) ? "confirmation" : "answer",
             ending);
    buffer_init(out, MESSAGE_BYTES);
    if (templates_render(templates, name, context, out, &error) < 0)
        fail_msg("%s", error.text);
    json_decref(context);
}

static void test_goldens(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWER_SAMPLES; i++) {
        struct answer_sample *sample = answer_sample_new(i);
        struct buffer html, text;

        render(&sample->answer, "html", &html);
        render(&sample->answer, "txt", &text);
        golden_check_html(answer_sample_name(i), &html);
        golden_check_text(answer_sample_name(i), &text);
        golden_compare("answer", answer_sample_name(i), "html", &html);
        golden_compare("answer", answer_sample_name(i), "txt", &text);
        buffer_free(&html);
        buffer_free(&text);
        answer_sample_free(&sample);
    }
}

/* A sample's context, with which `render` shows the same. */
static void test_contexts(void **state)
{
    static const size_t kept[] = {0, 5};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct answer_sample *sample = answer_sample_new(kept[i]);
        json_t *context = answer_context(templates, &sample->answer);
        char *text = json_dumps(context, JSON_INDENT(1) | JSON_SORT_KEYS);
        struct buffer out;

        buffer_init(&out, MESSAGE_BYTES);
        buffer_add_string(&out, text);
        buffer_add_char(&out, '\n');
        golden_compare("answer", answer_sample_name(kept[i]), "json", &out);
        buffer_free(&out);
        free(text);
        json_decref(context);
        answer_sample_free(&sample);
    }
}

static void check_documented(const json_t *value, const struct buffer *readme, size_t *missing)
{
    const char *key;
    json_t *inner;
    char wanted[64];

    if (json_is_array(value))
        check_documented(json_array_get(value, 0), readme, missing);
    json_object_foreach((json_t *)value, key, inner) {
        snprintf(wanted, sizeof(wanted), "`%s`", key);
        if (!strstr(buffer_string(readme), wanted)) {
            fprintf(stderr, "templates/README.md does not document %s\n", wanted);
            (*missing)++;
        }
        if (strcmp(key, "words") != 0)
            check_documented(inner, readme, missing);
    }
}

static void test_documented(void **state)
{
    struct view bytes = data_read("templates/README.md");
    struct buffer readme;
    size_t missing = 0;

    (void)state;
    buffer_init(&readme, MESSAGE_BYTES);
    buffer_add_view(&readme, bytes);
    for (size_t i = 0; i < ANSWER_SAMPLES; i++) {
        struct answer_sample *sample = answer_sample_new(i);
        json_t *context = answer_context(templates, &sample->answer);

        check_documented(context, &readme, &missing);
        json_decref(context);
        answer_sample_free(&sample);
    }
    assert_int_equal(missing, 0);
    buffer_free(&readme);
    data_free(bytes);
}

/* ---- what must not happen ---- */

static void write_message(const struct answer *answer, struct buffer *out)
{
    struct error error = {0};

    buffer_init(out, MESSAGE_BYTES);
    if (answer_write(templates, answer, out, &error) < 0)
        fail_msg("%s", error.text);
}

/* Whoever is asked has perhaps written nothing: not a word of who did. */
static void test_requests_say_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWER_SAMPLES; i++) {
        struct answer_sample *sample = answer_sample_new(i);
        struct buffer parts[3];

        sample->answer.subject_of = VIEW("Evil subject");
        sample->answer.to_name = "Evil Name";
        if (answer_is_request(&sample->answer)) {
            render(&sample->answer, "html", &parts[0]);
            render(&sample->answer, "txt", &parts[1]);
            write_message(&sample->answer, &parts[2]);
            for (size_t j = 0; j < 3; j++) {
                if (strstr(buffer_string(&parts[j]), "vil"))
                    fail_msg("%s: %s", answer_sample_name(i), buffer_string(&parts[j]));
                buffer_free(&parts[j]);
            }
        }
        answer_sample_free(&sample);
    }
}

/* A program that answers with our text, and marks nothing of it as quoted, asks for
 * nothing: neither confirms it nor changes it anything. */
static void test_no_line_is_a_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < ANSWER_SAMPLES; i++) {
        struct answer_sample *sample = answer_sample_new(i);
        json_t *context = answer_context(templates, &sample->answer);
        struct mail_command_sources sources = {
            .subject = view_of(json_string_value(json_object_get(context, "subject")))};
        struct mail_commands commands;
        struct buffer text;

        render(&sample->answer, "txt", &text);
        sources.body = buffer_view(&text);
        mail_commands_read(&sources, sample->arena, &commands);
        for (size_t j = 0; j < commands.count; j++)
            if (commands.items[j].name != COMMAND_UNKNOWN)
                fail_msg("%s: this is a command: %.*s", answer_sample_name(i),
                         VIEW_ARGUMENTS(commands.items[j].line));
        buffer_free(&text);
        json_decref(context);
        answer_sample_free(&sample);
    }
}

/* Texts of others stay texts: no markup, no header field, nothing that turns what is
 * around it, and never so much that the mail grows out of bounds. */
static void test_hostile_texts(void **state)
{
    static const char hostile[] =
        "add \"<script>alert(1)</script>\", \"a\xE2\x80\xAE" "b\"\n"
        "\x1B[31m <img src=x onerror=y> {{words}} {{{x}}}\n"
        "interests </td></table><h1>mine</h1>\n";
    struct answer_sample *sample = answer_sample_change(hostile);
    struct buffer html, text, message;

    (void)state;
    sample->answer.subject_of = VIEW("Re: x\r\nBcc: all@example.org\r\n\r\n<b>body");
    sample->answer.to_name = "Ada\r\nBcc: all@example.org";
    render(&sample->answer, "html", &html);
    render(&sample->answer, "txt", &text);
    write_message(&sample->answer, &message);
    assert_null(strstr(buffer_string(&html), "<script"));
    assert_null(strstr(buffer_string(&html), "<img"));
    assert_null(strstr(buffer_string(&html), "<h1>mine"));
    assert_non_null(strstr(buffer_string(&html), "&lt;script&gt;"));
    assert_null(strstr(buffer_string(&html), "\xE2\x80\xAE"));
    assert_null(strchr(buffer_string(&text), '\x1B'));
    assert_non_null(strstr(buffer_string(&text), "{{words}} {{{x}}}"));
    assert_null(strstr(buffer_string(&message), "\nBcc:"));
    buffer_free(&html);
    buffer_free(&text);
    buffer_free(&message);
    answer_sample_free(&sample);
}

/* A thousand keywords and 200 lines make an answer that a person reads. */
static void test_long_lists(void **state)
{
    struct answer_sample *sample;
    struct buffer lines, html;

    (void)state;
    buffer_init(&lines, MESSAGE_BYTES);
    for (int i = 0; i < 150; i++)
        buffer_printf(&lines, "add first%d, second%d, third%d, fourth%d, fifth%d, sixth%d\n", i, i,
                      i, i, i, i);
    for (int i = 0; i < 60; i++)
        buffer_printf(&lines, "nonsense number %d\n", i);
    sample = answer_sample_change(buffer_string(&lines));
    sample->commands.is_cut = true;
    render(&sample->answer, "html", &html);
    golden_check_html("long lists", &html);
    if (html.size > 60 * 1000)
        fail_msg("%zu bytes", html.size);
    assert_non_null(strstr(buffer_string(&html), "… and 860 more"));
    assert_non_null(strstr(buffer_string(&html), "and 700 more"));
    assert_non_null(strstr(buffer_string(&html), "the rest was left"));
    buffer_free(&html);
    buffer_free(&lines);
    answer_sample_free(&sample);
}

/* ---- the message ---- */

static void check_field(const struct buffer *message, const char *field, bool is_there)
{
    const char *end = strstr(buffer_string(message), "\r\n\r\n");
    const char *at = strstr(buffer_string(message), field);

    if ((at && at < end) != is_there)
        fail_msg("%s %s in:\n%.*s", field, is_there ? "is not" : "is",
                 (int)(end - buffer_string(message)), buffer_string(message));
}

static void test_header(void **state)
{
    static const struct {
        size_t sample;
        const char *there[6], *absent[6];
    } table[] = {
        {0, {"\r\nReply-To: paperboy+confirm-ciaabho7fslu7xj4h5nhfvrdulr5lai@example.org\r\n",
             "\r\nSubject: The Morning Paper: please confirm your subscription\r\n",
             "From: Paperboy <digest@example.org>\r\nTo: ada@example.org\r\n"},
         {"\r\nList-"}},
        {5, {"\r\nReply-To: paperboy@example.org\r\n", "\r\nSubject: Re: Some changes\r\n",
             "\r\nTo: Ada <ada@example.org>\r\n",
             "\r\nList-Id: The Morning Paper <digest.example.org>\r\n",
             "\r\nList-Unsubscribe: <mailto:paperboy+unsubscribe-"},
         {"List-Unsubscribe-Post"}},
        {7, {"\r\nSubject: Re: Some changes\r\n"}, {"\r\nList-"}},
        {10, {"\r\nSubject: The Morning Paper: what you can write\r\n"}, {"\r\nList-"}},
        {11, {"\r\nContent-Type: multipart/mixed;"}, {"multipart/alternative"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct answer_sample *sample = answer_sample_new(table[i].sample);
        struct buffer message;

        write_message(&sample->answer, &message);
        for (size_t j = 0; j < 6 && table[i].there[j]; j++)
            check_field(&message, table[i].there[j], true);
        for (size_t j = 0; j < 6 && table[i].absent[j]; j++)
            check_field(&message, table[i].absent[j], false);
        check_field(&message, "\r\nAuto-Submitted: auto-replied\r\n", true);
        check_field(&message, "\r\nX-Auto-Response-Suppress: All\r\n", true);
        check_field(&message, "\r\nPrecedence:", false);
        check_field(&message, "\r\nIn-Reply-To: <two@there.example>\r\n", true);
        check_field(&message, "\r\nReferences: <one@there.example> <two@there.example>\r\n", true);
        buffer_free(&message);
        answer_sample_free(&sample);
    }
}

/* Ids of other programs that are none are left out, and nothing is refused for them. */
static void test_odd_references(void **state)
{
    struct answer_sample *sample = answer_sample_new(5);
    const struct view odd[] = {VIEW("no id"), VIEW("a@b\r\nBcc: x@y"), VIEW("good@there.example"),
                               VIEW("<a@b>"), VIEW("")};
    struct buffer message;

    (void)state;
    sample->answer.references = odd;
    sample->answer.reference_count = 5;
    write_message(&sample->answer, &message);
    check_field(&message, "\r\nReferences: <good@there.example>\r\n", true);
    buffer_free(&message);
    answer_sample_free(&sample);
}

/* One part for who wants one, and in the language that the profile names. */
static void test_format(void **state)
{
    struct answer_sample *sample = answer_sample_new(5);
    struct buffer message;

    (void)state;
    sample->after.format = FORMAT_TEXT;
    write_message(&sample->answer, &message);
    check_field(&message, "\r\nContent-Type: text/plain", true);
    assert_null(strstr(buffer_string(&message), "text/html"));
    buffer_free(&message);
    sample->after.format = FORMAT_HTML;
    write_message(&sample->answer, &message);
    check_field(&message, "\r\nContent-Type: text/html", true);
    buffer_free(&message);
    answer_sample_free(&sample);
}

static json_t *part(const struct answer *answer, const char *ending)
{
    struct buffer text;
    json_t *object;

    render(answer, ending, &text);
    object = json_pack("{s:s, s:o}", "type",
                       strcmp(ending, "html") == 0 ? "text/html" : "text/plain", "text",
                       mail_json_string(buffer_view(&text)));
    buffer_free(&text);
    return object;
}

/* Another program reads the same, without a defect. */
static void test_python(void **state)
{
    char *folder = data_temporary_folder();

    (void)state;
    for (size_t i = 0; i < ANSWER_SAMPLES; i++) {
        struct answer_sample *sample = answer_sample_new(i);
        json_t *want, *parts = json_pack("[o, o]", part(&sample->answer, "txt"),
                                         part(&sample->answer, "html"));
        struct buffer message;

        if (sample->answer.attachment.size)
            parts = json_pack("[{s:s, s:o}, {s:s, s:o, s:s}]", "type", "multipart/alternative",
                              "parts", parts, "type", "application/json", "text",
                              mail_json_string(sample->answer.attachment), "file_name",
                              sample->answer.attachment_name);
        want = json_pack("{s:o}", "parts", parts);
        write_message(&sample->answer, &message);
        mail_keep(folder, answer_sample_name(i), &message, want);
        buffer_free(&message);
        answer_sample_free(&sample);
    }
    mail_check_folder(folder);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_goldens),
        cmocka_unit_test(test_contexts),
        cmocka_unit_test(test_documented),
        cmocka_unit_test(test_requests_say_nothing),
        cmocka_unit_test(test_no_line_is_a_command),
        cmocka_unit_test(test_hostile_texts),
        cmocka_unit_test(test_long_lists),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_odd_references),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_python),
    };

    return cmocka_run_group_tests(tests, load_templates, free_templates);
}
