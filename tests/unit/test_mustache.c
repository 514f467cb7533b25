/* The official specification's own files, and a table of what they leave out:
 * values, white space of arguments, limits, and every error's text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "mail/mustache.h"
#include "unit/data.h"

enum { PARTIALS = 16 };

struct partial_set {
    struct {
        const char *name;
        struct mustache *mustache;
    } items[PARTIALS];
    size_t count;
};

static const struct mustache *find_partial(void *user, struct view name)
{
    struct partial_set *set = user;

    for (size_t i = 0; i < set->count; i++)
        if (view_equal_string(name, set->items[i].name))
            return set->items[i].mustache;
    return NULL;
}

static int compile_text(const char *name, const char *text, struct mustache **ret_mustache,
                        struct error *error)
{
    struct view exact = data_exact(text);
    int result = mustache_compile(name, exact, ret_mustache, error);

    data_free(exact);
    return result;
}

/* The output, or "ERROR: text"; for free(3). */
static char *run(const char *text, const json_t *context, const json_t *partials, size_t max)
{
    struct mustache *mustache = NULL;
    struct partial_set set = {.count = 0};
    struct mustache_partials finder = {find_partial, &set};
    struct error error = {0};
    struct buffer out;
    const char *name;
    json_t *value;

    buffer_init(&out, max);
    json_object_foreach((json_t *)partials, name, value) {
        assert_true(set.count < PARTIALS);
        set.items[set.count].name = name;
        if (compile_text(name, json_string_value(value), &set.items[set.count].mustache, &error) <
            0)
            goto failed;
        set.count++;
    }
    if (compile_text("t", text, &mustache, &error) < 0 ||
        mustache_render(mustache, context, &finder, &out, &error) < 0)
        goto failed;
    goto out;
failed:
    assert_int_equal(error.kind, ERROR_INPUT);
    buffer_free(&out);
    buffer_init(&out, 4096);
    buffer_printf(&out, "ERROR: %s", error.text);
out:
    for (size_t i = 0; i < set.count; i++)
        mustache_free(&set.items[i].mustache);
    mustache_free(&mustache);
    return buffer_steal(&out);
}

static size_t run_specification(const char *name, size_t *failures)
{
    char path[512], file[128];
    struct view bytes;
    json_error_t json_error;
    json_t *root, *test;
    size_t i, count;

    snprintf(file, sizeof(file), "mustache-spec/%s.json", name);
    if (!data_path(file, path))
        return 0;
    bytes = data_read(path);
    root = json_loadb(bytes.data, bytes.size, 0, &json_error);
    assert_non_null(root);
    count = json_array_size(json_object_get(root, "tests"));
    json_array_foreach(json_object_get(root, "tests"), i, test) {
        const char *want = json_string_value(json_object_get(test, "expected"));
        char *got = run(json_string_value(json_object_get(test, "template")),
                        json_object_get(test, "data"), json_object_get(test, "partials"), 1 << 20);

        if (strcmp(got, want) != 0) {
            (*failures)++;
            fprintf(stderr, "%s: %s\n  want: %s\n  got:  %s\n", name,
                    json_string_value(json_object_get(test, "name")), want, got);
        }
        free(got);
    }
    json_decref(root);
    data_free(bytes);
    return count;
}

static void test_specification(void **state)
{
    static const struct {
        const char *name;
        size_t count;
    } modules[] = {{"comments", 12},  {"delimiters", 14},     {"interpolation", 42},
                   {"inverted", 22},  {"partials", 12},       {"sections", 34},
                   {"~inheritance", 27}, {"~dynamic-names", 21}};
    size_t failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
        size_t count = run_specification(modules[i].name, &failures);

        if (count)
            assert_true(count >= modules[i].count);
    }
    assert_int_equal(failures, 0);
}

static const struct {
    const char *name;
    const char *template;
    const char *context;
    const char *partials;
    const char *want;
} cases[] = {
    {"escapes", "{{x}} {{{x}}}", "{\"x\":\"<a href='b' c=\\\"d\\\">&\"}", NULL,
     "&lt;a href=&#39;b&#39; c=&quot;d&quot;&gt;&amp; <a href='b' c=\"d\">&"},
    {"integers", "{{a}} {{b}} {{c}}", "{\"a\":-0,\"b\":9223372036854775807,\"c\":3.0}", NULL,
     "0 9223372036854775807 3"},
    {"reals", "{{a}} {{b}} {{c}} {{d}}", "{\"a\":0.1,\"b\":1e300,\"c\":11.5,\"d\":0.30000000000000004}",
     NULL, "0.1 1e+300 11.5 0.30000000000000004"},
    {"zero has no sign", "{{a}} {{b}}{{^a}} none{{/a}}", "{\"a\":-0.0,\"b\":-0.5}", NULL, "0 -0.5 none"},
    {"booleans and null", "{{a}}{{b}}[{{c}}]", "{\"a\":true,\"b\":false,\"c\":null}", NULL,
     "truefalse[]"},
    {"lists and objects are nothing", "[{{a}}{{b}}]", "{\"a\":[1],\"b\":{\"c\":1}}", NULL, "[]"},
    {"falsy", "{{^a}}1{{/a}}{{^b}}2{{/b}}{{^c}}3{{/c}}{{^d}}4{{/d}}{{^e}}5{{/e}}{{#f}}6{{/f}}",
     "{\"a\":0,\"b\":\"\",\"c\":[],\"d\":null,\"e\":0.0,\"f\":{}}", NULL, "123456"},
    {"an inner value hides an outer one", "{{#a}}{{x}}{{/a}}", "{\"x\":1,\"a\":{\"x\":null}}", NULL,
     ""},
    {"dotted names stop where they break", "{{#a}}{{b.c}}{{/a}}",
     "{\"b\":{\"c\":1},\"a\":{\"b\":2}}", NULL, ""},
    {"byte order mark", "\xEF\xBB\xBF{{#a}}\nx\n{{/a}}\n", "{\"a\":1}", NULL, "x\n"},
    {"two tags leave their line", "{{#a}}{{/a}}\nx", "{}", NULL, "\nx"},
    {"empty lines of a partial stay empty", "  {{>p}}\n", "{}", "{\"p\":\"a\\n\\nb\\n\"}",
     "  a\n\n  b\n"},
    {"indentation adds up", "  {{>p}}\n", "{}", "{\"p\":\"a\\n\\t{{>q}}\\n\",\"q\":\"b\\nc\\n\"}",
     "  a\n  \tb\n  \tc\n"},
    {"sections inside an indented partial", "  {{>p}}\n", "{\"l\":[1,2]}",
     "{\"p\":\"{{#l}}\\n{{.}}\\n{{/l}}\\n\"}", "  1\n  2\n"},
    {"CRLF lines of an indented partial", "  {{>p}}\r\n", "{}", "{\"p\":\"a\\r\\n\\r\\nb\\r\\n\"}",
     "  a\r\n\r\n  b\r\n"},
    {"delimiters of several bytes", "{{=<<< >>>=}}<<<x>>><<<{x}>>><<<! y >>>", "{\"x\":\"&\"}", NULL,
     "&amp;&"},
    {"a stray brace", "{ {x} }} {{x}}", "{\"x\":1}", NULL, "{ {x} }} 1"},
    {"the last of two arguments", "{{<p}}{{$a}}1{{/a}}{{$a}}2{{/a}}{{/p}}", "{}",
     "{\"p\":\"{{$a}}0{{/a}}\"}", "2"},
    {"many arguments", "{{<p}}{{$c}}1{{/c}}{{$a}}2{{/a}}{{$d}}3{{/d}}{{$b}}4{{/b}}{{$e}}5{{/e}}{{/p}}",
     "{}",
     "{\"p\":\"{{$a}}{{/a}}{{$b}}{{/b}}{{$c}}{{/c}}{{$d}}{{/d}}{{$e}}{{/e}}{{$f}}0{{/f}}\"}", "241350"},
    {"an argument inside itself", "{{<p}}{{$a}}1{{$a}}2{{/a}}{{/a}}{{/p}}", "{}",
     "{\"p\":\"{{$a}}0{{/a}}\"}", "12"},
    {"a partial passes arguments on", "{{<p}}{{$a}}1{{/a}}{{/p}}", "{}",
     "{\"p\":\"{{>q}}\",\"q\":\"{{$a}}0{{/a}}\"}", "1"},
    {"arguments belong to their caller", "{{<p}}{{$a}}{{$n}}t{{/n}}{{/a}}{{/p}}", "{}",
     "{\"p\":\"{{<q}}{{$n}}p{{/n}}{{/q}}\",\"q\":\"{{$a}}0{{/a}}{{$n}}1{{/n}}\"}", "tp"},
    {"dynamic parent", "{{<*x}}{{$a}}1{{/a}}{{/*x}}|{{< * x }}{{/ *x }}", "{\"x\":\"p\"}",
     "{\"p\":\"{{$a}}0{{/a}}\"}", "1|0"},
    {"short argument for an indented parameter", "{{<p}}{{$a}}x{{/a}}{{/p}}", "{}",
     "{\"p\":\"{{$a}}\\n  default\\n{{/a}}\\n\"}", "  x"},
    {"argument that begins with a section", "{{<p}}\n{{$a}}\n{{#l}}\n{{.}}\n{{/l}}\n{{/a}}\n{{/p}}\n",
     "{\"l\":[1,2]}", "{\"p\":\"-\\n  {{$a}}{{/a}}.\\n\"}", "-\n  1\n  2\n.\n"},
    {"parent in mid-line", "a {{<p}}\n{{$x}}1{{/x}}\n{{/p}} b\n", "{}", "{\"p\":\"{{$x}}0{{/x}}\"}",
     "a 1 b\n"},
    {"a name is not found in text", "{{#a}}{{b}}{{/a}}", "{\"a\":\"text\",\"b\":1}", NULL, "1"},

    {"unclosed section", "x\n{{#a}}\n{{#b}}{{/b}}", "{}", NULL, "ERROR: t:2: {{#a}} is never closed"},
    {"unclosed parent", "{{<*a}}", "{}", NULL, "ERROR: t:1: {{<*a}} is never closed"},
    {"wrong order", "{{#a}}\n{{^b}}\n{{/a}}", "{}", NULL,
     "ERROR: t:3: {{/a}} stands where {{^b}}, opened on line 2, must be closed first"},
    {"stray close", "\r\n\r\n{{/a}}", "{}", NULL, "ERROR: t:3: {{/a}} closes nothing that is open"},
    {"unclosed tag", "a\n{{b", "{}", NULL,
     "ERROR: t:2: this tag, opened by \"{{\", is never closed by \"}}\""},
    {"unclosed triple", "{{{b}}", "{}", NULL,
     "ERROR: t:1: this tag, opened by \"{{\", is never closed by \"}}}\""},
    {"unclosed at the end", "{{", "{}", NULL,
     "ERROR: t:1: this tag, opened by \"{{\", is never closed by \"}}\""},
    {"one delimiter", "{{=x=}}", "{}", NULL,
     "ERROR: t:1: bad delimiters \"x\": two words without \"=\" are wanted, as in {{=<% %>=}}"},
    {"three delimiters", "{{=x y z=}}", "{}", NULL,
     "ERROR: t:1: bad delimiters \"x y z\": two words without \"=\" are wanted, as in {{=<% %>=}}"},
    {"delimiters with =", "{{== ==}}", "{}", NULL,
     "ERROR: t:1: bad delimiters \"= =\": two words without \"=\" are wanted, as in {{=<% %>=}}"},
    {"no name", "{{ }}", "{}", NULL, "ERROR: t:1: a tag without a name"},
    {"no section name", "\n{{# }}", "{}", NULL, "ERROR: t:2: a tag without a name"},
    {"no dynamic name", "{{>*}}", "{}", NULL, "ERROR: t:1: a tag without a name"},
    {"two words", "{{#if x}}", "{}", NULL, "ERROR: t:1: the name \"if x\" holds a blank"},
    {"Latin-1", "a\n\nb\xE9", "{}", NULL, "ERROR: t:3: not UTF-8"},
    {"error in a partial", "{{>p}}", "{}", "{\"p\":\"\\n{{#a}}\"}",
     "ERROR: p:2: {{#a}} is never closed"},
    {"endless recursion", "{{>p}}", "{}", "{\"p\":\"\\n{{>p}}.\"}",
     "ERROR: p:2: partials nest too deep: does one include itself?"},
    {"endless recursion of a parent", "{{<p}}{{/p}}", "{}", "{\"p\":\"{{<p}}{{/p}}\"}",
     "ERROR: p:1: partials nest too deep: does one include itself?"},
    {"output too large", "{{#a}}0123456789{{/a}}", "{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13]}", NULL,
     "ERROR: t:1: the output is larger than 120 bytes"},
};

static void test_cases(void **state)
{
    size_t failures = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        json_t *context = json_loads(cases[i].context, JSON_DECODE_ANY, NULL);
        json_t *partials = json_loads(cases[i].partials ? cases[i].partials : "{}", 0, NULL);
        char *got;

        assert_non_null(context);
        assert_non_null(partials);
        got = run(cases[i].template, context, partials, 120);
        if (strcmp(got, cases[i].want) != 0) {
            failures++;
            fprintf(stderr, "%s\n  want: %s\n  got:  %s\n", cases[i].name, cases[i].want, got);
        }
        free(got);
        json_decref(context);
        json_decref(partials);
    }
    assert_int_equal(failures, 0);
}

/* `count` times `open`, then `count` times `close`. */
static char *nested(const char *open, const char *close, size_t count)
{
    struct buffer text;

    buffer_init(&text, 1 << 24);
    for (size_t i = 0; i < count; i++)
        buffer_add_string(&text, open);
    for (size_t i = 0; i < count; i++)
        buffer_add_string(&text, close);
    assert_false(text.failed);
    return buffer_steal(&text);
}

static void test_limits(void **state)
{
    static const struct {
        const char *open;
        const char *close;
        size_t count;
        const char *want;
    } table[] = {
        {"{{#a}}", "{{/a}}", MUSTACHE_OPEN, ""},
        {"{{#a}}", "{{/a}}", MUSTACHE_OPEN + 1, "ERROR: t:1: more than 1000 sections are open"},
        {"{{$a}}", "{{/a}}", MUSTACHE_OPEN, ""},
        {"{{^b}}{{/b}}", "", 20000, ""}, /* in linear time */
        {"{{$b}}{{/b}}\n\n", "", 20000, NULL},
        {"{{a", "", 300000, NULL},
        {"    \n", "", 300000, NULL},
    };
    json_t *context = json_pack("{s:b}", "a", 1);

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        char *text = nested(table[i].open, table[i].close, table[i].count);
        char *got = run(text, context, NULL, 1 << 24);

        if (table[i].want)
            assert_string_equal(got, table[i].want);
        free(got);
        free(text);
    }
    json_decref(context);
}

/* Twelve partials that each include the next 30 times: 30^12 steps without output. */
static void test_multiplying_partials(void **state)
{
    json_t *partials = json_object();
    char *got;

    (void)state;
    for (int i = 0; i < 12; i++) {
        char name[16], text[512] = "";

        snprintf(name, sizeof(name), "p%d", i);
        for (int j = 0; j < 30; j++)
            snprintf(text + strlen(text), sizeof(text) - strlen(text), "{{>p%d}}", i + 1);
        json_object_set_new(partials, name, json_string(text));
    }
    got = run("{{>p0}}", NULL, partials, 1000);
    assert_non_null(strstr(got, "more work than a template may take"));
    free(got);
    json_decref(partials);
}

static int collect_name(void *user, enum mustache_name_kind kind, struct view name, size_t line)
{
    buffer_printf(user, "%c%.*s:%zu ", "v#>*$"[kind], VIEW_ARGUMENTS(name), line);
    return view_equal_string(name, "stop");
}

static void test_each_name(void **state)
{
    static const struct {
        const char *template;
        const char *want;
        int result;
    } table[] = {
        {"", "", 0},
        {"{{! c }}{{a.b}}\n{{{c}}}{{&d}}{{#e}}{{^f}}{{/f}}\n{{/e}}{{>g}}{{>*h}}",
         "va.b:1 vc:2 vd:2 #e:2 #f:2 >g:3 *h:3 ", 0},
        {"{{<p}}{{$q}}{{r}}{{/q}}{{/p}}", ">p:1 $q:1 vr:1 ", 0},
        {"{{a}}{{stop}}{{b}}", "va:1 vstop:1 ", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct mustache *mustache = NULL;
        struct buffer names;

        buffer_init(&names, 4096);
        assert_int_equal(compile_text("t", table[i].template, &mustache, NULL), 0);
        assert_int_equal(mustache_each_name(mustache, collect_name, &names), table[i].result);
        assert_string_equal(buffer_string(&names), table[i].want);
        assert_string_equal(mustache_name(mustache), "t");
        mustache_free(&mustache);
        buffer_free(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_specification), cmocka_unit_test(test_cases),
        cmocka_unit_test(test_limits),        cmocka_unit_test(test_multiplying_partials),
        cmocka_unit_test(test_each_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
