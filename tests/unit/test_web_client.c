#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "unit/data.h"
#include "web/client.h"

static void trust(struct web_networks *networks)
{
    struct error error;

    assert_int_equal(web_networks_add(networks, "127.0.0.1", &error), 0);
    assert_int_equal(web_networks_add(networks, "10.0.0.0/8", &error), 0);
    assert_int_equal(web_networks_add(networks, "192.0.2.128/25", &error), 0);
    assert_int_equal(web_networks_add(networks, "2001:db8::/33", &error), 0);
}

static void test_networks(void **state)
{
    static const struct {
        const char *address;
        bool has;
    } samples[] = {
        {"127.0.0.1", true},      {"127.0.0.2", false},      {"10.255.0.1", true},
        {"11.0.0.1", false},      {"192.0.2.127", false},    {"192.0.2.128", true},
        {"192.0.3.128", false},   {"2001:db8::1", true},     {"2001:db8:7fff::1", true},
        {"2001:db8:8000::", false}, {"::ffff:10.1.2.3", true}, {"::ffff:11.1.2.3", false},
        {"", false},              {"unknown", false},        {"10.0.0", false},
        {"::", false},            {"1", false},
    };
    struct web_networks networks = {0};

    (void)state;
    trust(&networks);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++)
        assert_int_equal(web_networks_have(&networks, samples[i].address), samples[i].has);
    web_networks_free(&networks);
}

static void test_everything_and_nothing(void **state)
{
    struct web_networks networks = {0};
    struct error error;

    (void)state;
    assert_false(web_networks_have(&networks, "127.0.0.1"));
    assert_int_equal(web_networks_add(&networks, "0.0.0.0/0", &error), 0);
    assert_true(web_networks_have(&networks, "203.0.113.9"));
    assert_false(web_networks_have(&networks, "2001:db8::1"));
    web_networks_free(&networks);
    assert_int_equal(web_networks_add(&networks, "::/0", &error), 0);
    assert_true(web_networks_have(&networks, "2001:db8::1"));
    assert_false(web_networks_have(&networks, WEB_CLIENT_LOCAL));
    assert_int_equal(web_networks_add(&networks, "unix:", &error), 0);
    assert_true(web_networks_have(&networks, WEB_CLIENT_LOCAL));
    web_networks_free(&networks);
    assert_false(web_networks_have(&networks, WEB_CLIENT_LOCAL));
}

static void test_bad_networks(void **state)
{
    static const char *const samples[] = {"",           "x",          "10.0.0.0/33", "10.0.0.0/-1",
                                          "10.0.0.0/",  "10.0.0.0/8x", "::/129",     "localhost",
                                          "10.0.0.0/8/8", "/8",        "1.2.3.4.5"};

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct web_networks networks = {0};
        struct error error = {0};

        assert_int_equal(web_networks_add(&networks, samples[i], &error), -1);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        assert_int_equal(networks.count, 0);
        web_networks_free(&networks);
    }
}

static void test_finding(void **state)
{
    static const struct {
        const char *peer, *forwarded, *want;
    } samples[] = {
        {"203.0.113.9", "", "203.0.113.9"},
        {"203.0.113.9", "127.0.0.1", "203.0.113.9"},
        {"127.0.0.1", "", "127.0.0.1"},
        {"127.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"127.0.0.1", " 203.0.113.9 ", "203.0.113.9"},
        {"127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"},
        {"127.0.0.1", "203.0.113.9, 10.1.1.1", "203.0.113.9"},
        {"127.0.0.1", "198.51.100.1,203.0.113.9,10.1.1.1,10.2.2.2", "203.0.113.9"},
        {"127.0.0.1", "10.1.1.1, 10.2.2.2", "10.1.1.1"},
        {"127.0.0.1", "evil, 10.1.1.1", "10.1.1.1"},
        {"127.0.0.1", "203.0.113.9, evil", "127.0.0.1"},
        {"127.0.0.1", ",", "127.0.0.1"},
        {"127.0.0.1", ",,,203.0.113.9", "203.0.113.9"},
        {"127.0.0.1", "203.0.113.9:4711", "203.0.113.9"},
        {"127.0.0.1", "[2001:DB8:8000::1]:4711", "2001:db8:8000::1"},
        {"127.0.0.1", "2001:db8:8000:0:0:0:0:1", "2001:db8:8000::1"},
        {"::ffff:127.0.0.1", "203.0.113.9", "203.0.113.9"},
        {"unknown", "203.0.113.9", "unknown"},
        {"127.0.0.1", "999.1.1.1", "127.0.0.1"},
        {"127.0.0.1", "[", "127.0.0.1"},
        {"127.0.0.1", "111111111111111111111111111111111111111111111111111111111111", "127.0.0.1"},
    };
    struct web_networks networks = {0};

    (void)state;
    trust(&networks);
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        struct view forwarded = data_exact(samples[i].forwarded);
        char client[WEB_CLIENT_BYTES];

        web_client_find(&networks, samples[i].peer, forwarded, client);
        assert_string_equal(client, samples[i].want);
        data_free(forwarded);
    }
    web_networks_free(&networks);
}

static void test_groups(void **state)
{
    static const struct {
        const char *client, *want;
    } samples[] = {
        {"203.0.113.9", "203.0.113.9"},
        {"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {"2001:db8:1:2::", "2001:db8:1:2::/64"},
        {"::ffff:203.0.113.9", "::ffff:203.0.113.9"},
        {"unknown", "unknown"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        char group[WEB_CLIENT_BYTES];

        web_client_group(samples[i].client, group);
        assert_string_equal(group, samples[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_networks),     cmocka_unit_test(test_everything_and_nothing),
        cmocka_unit_test(test_bad_networks), cmocka_unit_test(test_finding),
        cmocka_unit_test(test_groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
