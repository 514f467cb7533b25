#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/document.h"
#include "unit/data.h"

static const char *const KNOWN[] = {"name", "count", "share", "kind", "on", "list", "inner", NULL};
static const char *const KINDS[] = {"small", "large", NULL};

struct outcome {
    const char *name;
    long count;
    double share;
    int kind;
    bool on;
};

static int read_all(struct place place, struct outcome *outcome, struct error *error)
{
    struct place list, inner;
    const char *text;

    if (place_check_keys(place, KNOWN, error) < 0 ||
        place_take_optional_string(place, "name", 8, &outcome->name, error) < 0 ||
        place_take_integer(place, "count", 1, 9, &outcome->count, error) < 0 ||
        place_take_number(place, "share", 0, 1, &outcome->share, error) < 0 ||
        place_take_choice(place, "kind", KINDS, &outcome->kind, error) < 0 ||
        place_take_boolean(place, "on", &outcome->on, error) < 0 ||
        place_take_object(place, "inner", KNOWN, &inner, error) < 0 ||
        place_take_array(place, "list", 3, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < json_array_size(list.value); i++)
        if (place_as_string(place_at_index(list, i), 4, &text, error) < 0)
            return -1;
    return inner.value ? read_all(inner, outcome, error) : 0;
}

/* "" means that the document is good. */
static void complaints_name_line_and_key(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"{\"name\": \"x\", \"count\": 3, \"share\": 1, \"kind\": \"large\", \"on\": true}", ""},
        {"{}", ""},
        {"{\"name\": null}", ""},
        {"", "f.json:1:1: '[' or '{' expected near end of file"},
        {"[1]", "f.json:1: must be a JSON object in braces"},
        {"{\n\"name\": \"a\",\n\"name\": \"b\"}", "f.json:3: name: stands twice"},
        {"{\"on\": [\"a,\\\"{\", {\"b\": [1, {\"c\": 1, \"d\": {}, \"c\": 2}]}],\n\"count\": }",
         "f.json:1: on[1].b[1].c: stands twice"},
        {"{\n \"nmae\": 1}", "f.json:2: nmae: unknown key; did you mean \"name\"?"},
        {"{\"zzzzzz\": 1}", "f.json:1: zzzzzz: unknown key; allowed are \"name\", \"count\", "
                            "\"share\", \"kind\", \"on\", \"list\", \"inner\""},
        {"\xEF\xBB\xBF{}", ""},
        {"{\n\n\"name\": 5}", "f.json:3: name: must be a string, not a number"},
        {"{\"name\": \"\"}", "f.json:1: name: must not be empty"},
        {"{\"name\": \"123456789\"}", "f.json:1: name: is 9 bytes long; at most 8 are allowed"},
        {"{\"name\": \"a\\nb\"}", "f.json:1: name: has a control character in it"},
        {"{\"count\": 1.0}", "f.json:1: count: must be a whole number from 1 to 9"},
        {"{\"count\": 10}", "f.json:1: count: is 10; a whole number from 1 to 9 is allowed"},
        {"{\"share\": 2}", "f.json:1: share: is 2; a number from 0 to 1 is allowed"},
        {"{\"share\": \"2\"}", "f.json:1: share: must be a number from 0 to 1, not a string"},
        {"{\"kind\": \"huge\"}", "f.json:1: kind: must be one of \"small\", \"large\""},
        {"{\"on\": 1}", "f.json:1: on: must be true or false, not a number"},
        {"{\"list\": {}}", "f.json:1: list: must be an array, not an object"},
        {"{\"list\": [\"a\",\n\"b\",\n7]}", "f.json:3: list[2]: must be a string, not a number"},
        {"{\"list\": [[\"a\",{\"k\":[1,2]}],\n7]}", "f.json:1: list[0]: must be a string, not an array"},
        {"{\"list\": [1,2,3,4]}", "f.json:1: list: has 4 entries; at most 3 are allowed"},
        {"{\"inner\": 1}", "f.json:1: inner: must be an object, not a number"},
        {"{\"name\":\"{\\\"count\\\"\",\n\"inner\": {\"on\": true,\n\"count\": 0}}",
         "f.json:3: inner.count: is 0; a whole number from 1 to 9 is allowed"},
        {"{\"list\":[\"}\",\"]\\\"\"],\n\"\\u0063ount\":\n0}",
         "f.json:2: count: is 0; a whole number from 1 to 9 is allowed"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view text = data_exact(cases[i].text);
        struct document document = {0};
        struct outcome outcome = {0};
        struct error error = {0};
        int result = document_parse("f.json", text, &document, &error);

        if (result == 0)
            result = read_all(document_root(&document), &outcome, &error);
        assert_string_equal(error.text, cases[i].want);
        assert_int_equal(result, cases[i].want[0] ? -1 : 0);
        document_free(&document);
        data_free(text);
    }
}

static void absent_keys_keep_the_default(void **state)
{
    struct document document;
    struct outcome outcome = {"kept", 5, 0.5, 1, true};

    (void)state;
    assert_int_equal(document_parse("f", VIEW("{\"on\": false}"), &document, NULL), 0);
    assert_int_equal(read_all(document_root(&document), &outcome, NULL), 0);
    assert_string_equal(outcome.name, "kept");
    assert_int_equal(outcome.count, 5);
    assert_int_equal(outcome.kind, 1);
    assert_false(outcome.on);
    document_free(&document);
}

static void near_names_are_found(void **state)
{
    (void)state;
    assert_string_equal(nearest_name("cuont", KNOWN), "count");
    assert_null(nearest_name("entirely", KNOWN));
    assert_string_equal(nearest_name("onn", KNOWN), "on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(complaints_name_line_and_key),
        cmocka_unit_test(absent_keys_keep_the_default),
        cmocka_unit_test(near_names_are_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
