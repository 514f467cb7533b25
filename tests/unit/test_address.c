#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "subscribers/address.h"
#include "unit/data.h"

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN
#define LABEL_63 SIXTY "abc"

static int check(const char *address, struct error *error)
{
    struct view exact = data_exact(address);
    int result = address_check(exact, error);

    data_free(exact);
    return result;
}

static void good_addresses(void **state)
{
    static const char *const cases[] = {
        "ada@example.org", "Ada.Lovelace@Example.ORG", "a@b.c", "ada+papers@sub.example.org",
        "o'neil@example.org", "!#$%&'*+-/=?^_`{|}~@example.org", "1@2.example",
        "x@xn--bcher-kva.example", "root@localhost", "root@LocalHost", "a-@b-c.example",
        SIXTY "abcd@example.org", "a@" LABEL_63 ".org", "a@1.2.3.4x",
        /* 254 in all: 2 + 3 * 64 + 60 */
        "a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." SIXTY};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};

        if (check(cases[i], &error) < 0)
            fail_msg("%s", error.text);
    }
}

static void bad_addresses_say_why(void **state)
{
    static const struct {
        const char *address;
        const char *want;
    } cases[] = {
        {"", "it is empty"},
        {"ada", "it has no \"@\""},
        {"../../x", "it has no \"@\""},
        {"ada@", "there is no domain behind"},
        {"@example.org", "there is nothing before"},
        {"a@b@example.org", "more than one \"@\""},
        {"a@b\r\nRCPT", "a line break or another control"},
        {"a@b.org\n", "a line break or another control"},
        {"a\tb@b.org", "a line break or another control"},
        {"a\x7F@b.org", "a line break or another control"},
        {" a@b.org", "a blank"},
        {"a@b.org ", "a blank"},
        {"<a@b.org>", "bare address"},
        {"Ada <a@b.org>", "bare address"},
        {"\"a b\"@b.org", "quoted local parts"},
        {"\"ab\"@b.org", "quoted local parts"},
        {"a\\b@b.org", "quoted local parts"},
        {"a(x)@b.org", "comments"},
        {"a@b.org,c@d.org", "one address"},
        {"a@b.org;", "one address"},
        {"\xC3\xA4@b.org", "SMTPUTF8 is not supported"},
        {"a@b\xC3\xBC" "cher.org", "xn-- form"},
        {"a\xFF@b.org", "SMTPUTF8 is not supported"},
        {"a:b@b.org", "character in it that mail does not allow"},
        {"a[b@b.org", "character in it that mail does not allow"},
        {".a@b.org", "begins or ends with a dot"},
        {"a.@b.org", "begins or ends with a dot"},
        {"a..b@b.org", "two dots in a row"},
        {"x/../y@b.org", "two dots in a row"},
        {SIXTY "abcde@b.org", "longer than 64"},
        {"a@b", "no dot"},
        {"a@b.", "begins or ends with a dot"},
        {"a@.b.org", "begins or ends with a dot"},
        {"a@b..org", "begins or ends with a dot or has two"},
        {"a@-b.org", "hyphen"},
        {"a@b-.org", "hyphen"},
        {"a@b_c.org", "letters, digits, hyphens and dots"},
        {"a@b/c.org", "letters, digits, hyphens and dots"},
        {"a@[192.0.2.1]", "address literals"},
        {"a@192.0.2.1", "end in a number"},
        {"a@b.7", "end in a number"},
        {"a@" LABEL_63 "d.org", "longer than 63"},
        {"a@" LABEL_63 "." LABEL_63 "." LABEL_63 "." SIXTY "a", "longer than 254"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error error = {0};

        assert_int_equal(check(cases[i].address, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        assert_non_null(strstr(error.text, " is no usable mail address: "));
        if (!strstr(error.text, cases[i].want))
            fail_msg("%s: %s", cases[i].want, error.text);
        assert_true(utf8_is_valid(view_of(error.text)));
        assert_int_equal(check(cases[i].address, NULL), -1);
    }
}

static void canonical_is_lower_case(void **state)
{
    char *got = address_canonical(VIEW("Ada.L\xC3\x84@Example.ORG"));

    (void)state;
    assert_string_equal(got, "ada.l\xC3\x84@example.org");
    free(got);
}

static void domains(void **state)
{
    (void)state;
    assert_true(view_equal_string(address_domain(VIEW("a@b.org")), "b.org"));
    assert_int_equal(address_domain(VIEW("ab")).size, 0);
    assert_int_equal(address_domain(VIEW("a@")).size, 0);
}

static void file_names(void **state)
{
    static const struct {
        const char *address;
        const char *want;
    } cases[] = {
        {"ada@example.org", "ada@example.org.json"},
        {"ada_l+x-y.z@example.org", "ada_l+x-y.z@example.org.json"},
        {"o'neil@example.org", "o%27neil@example.org.json"},
        {"a/b@example.org", "a%2Fb@example.org.json"},
        {"a%2fb@example.org", "a%252fb@example.org.json"},
        {"{|}~@example.org", "%7B%7C%7D%7E@example.org.json"},
        {"-@example.org", "-@example.org.json"},
    };
    struct buffer name, address;

    (void)state;
    buffer_init(&name, 1024);
    buffer_init(&address, 1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view exact = data_exact(cases[i].want);

        buffer_clear(&name);
        buffer_clear(&address);
        address_file_name(view_of(cases[i].address), &name);
        assert_string_equal(buffer_string(&name), cases[i].want);
        assert_true(address_from_file_name(exact, &address));
        assert_string_equal(buffer_string(&address), cases[i].address);
        data_free(exact);
    }
    buffer_clear(&name);
    address_file_name(VIEW("../\xC3\xA4/A"), &name);
    assert_string_equal(buffer_string(&name), "%2E.%2F%C3%A4%2F%41.json");
    buffer_free(&name);
    buffer_free(&address);
}

static void other_names_are_no_address(void **state)
{
    static const char *const cases[] = {
        "", ".json", "ada.json", "profile.schema.json", "ada@example.org", "ada@example.org.JSON",
        "Ada@example.org.json", "%41da@example.org.json", "o'neil@example.org.json",
        "o%2Dneil@example.org.json", "a%2fb@example.org.json", "a%2@example.org.json",
        "a@example.org%.json", "a@example.org%2.json", "a%@example.org.json", "a%00@example.org.json",
        ".a@example.org.json", "%2Ea@example.org.json", "a b@example.org.json",
        "a@" SIXTY SIXTY SIXTY SIXTY SIXTY ".org.json"};
    struct buffer address;

    (void)state;
    buffer_init(&address, 1024);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view exact = data_exact(cases[i]);

        if (address_from_file_name(exact, &address))
            fail_msg("%s was taken", cases[i]);
        assert_int_equal(address.size, 0);
        data_free(exact);
    }
    buffer_free(&address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),          cmocka_unit_test(bad_addresses_say_why),
        cmocka_unit_test(canonical_is_lower_case), cmocka_unit_test(domains),
        cmocka_unit_test(file_names),              cmocka_unit_test(other_names_are_no_address),
    };

    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
