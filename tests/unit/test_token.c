#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "mail/base32.h"
#include "mail/mime.h"
#include "mail/token.h"
#include "mail/token_key.h"
#include "unit/data.h"

enum { DAY = 86400, NOW = 1771304400 }; /* 2026-02-17T05:00:00Z */

static const unsigned char SECRET[TOKEN_SECRET_BYTES] = "0123456789abcdef0123456789abcde";

static void make_subscriber(const char *address, struct token_subscriber *ret_subscriber)
{
    struct token_key key;
    struct view exact = data_exact(address);

    token_key_derive(SECRET, &key);
    token_subscriber_init(&key, exact, ret_subscriber);
    data_free(exact);
}

static void test_base32(void **state)
{
    static const struct {
        const char *bytes, *text;
    } tests[] = {
        /* RFC 4648 10, in lower case without padding */
        {"", ""},       {"f", "my"},         {"fo", "mzxq"},
        {"foo", "mzxw6"}, {"foob", "mzxw6yq"}, {"fooba", "mzxw6ytb"},
        {"foobar", "mzxw6ytboi"},
    };
    static const char *const bad[] = {"mzxw6ytbo", "mzxw6ytbo=", "mzxw6ytboi=", "mzxw6ytbo1",
                                      "mzxw6ytboj", "mzxw6ytb i", ""};
    unsigned char bytes[16];
    char text[32];

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        size_t size = strlen(tests[i].bytes);
        struct view exact = data_exact(tests[i].text);

        base32_encode((const unsigned char *)tests[i].bytes, size, text);
        assert_string_equal(tests[i].text, text);
        assert_true(base32_decode(exact, bytes, size));
        assert_memory_equal(tests[i].bytes, bytes, size);
        data_free(exact);
    }
    assert_true(base32_decode(VIEW("MzXW6YTBOI"), bytes, 6));
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(base32_decode(view_of(bad[i]), bytes, 6));
}

/* Worked out by another program from the layout in mail/token.h. A change here
 * makes every link that was ever mailed void. */
static void test_golden(void **state)
{
    struct token_subscriber ada;
    struct token_key key;
    char text[TOKEN_TEXT_BYTES], id[MESSAGE_ID_TEXT_BYTES], forgotten[FORGOTTEN_TEXT_BYTES];

    (void)state;
    token_key_derive(SECRET, &key);
    make_subscriber("ada@example.org", &ada);
    token_make(&ada, TOKEN_UNSUBSCRIBE, VIEW(""), 0, text);
    assert_string_equal("ciaabho7fslu7xj4h5nhfvrdulr5lai", text);
    token_make(&ada, TOKEN_LIKE, VIEW("2602.13531"), NOW + 60 * DAY, text);
    assert_string_equal("cniffho7fslu7xl26bb674tp5ja46ai", text);
    message_id_make(&ada, VIEW("digest"), VIEW("2026-02-17"), id);
    assert_string_equal("txpszf2p3wxlf6odswrucoz7z3k4onrv", id);
    forgotten_hash_make(&key, VIEW("ada@example.org"), forgotten);
    assert_string_equal("ikb44caowrkipcur636ptimymy", forgotten);
    assert_string_equal("ecb260540953a66750080d7723778d0e", key.fingerprint);
}

static void test_every_purpose(void **state)
{
    struct token_subscriber ada;
    struct token token;
    char text[TOKEN_TEXT_BYTES];

    (void)state;
    make_subscriber("ada@example.org", &ada);
    for (int purpose = TOKEN_CONFIRM; purpose <= TOKEN_PAGE; purpose++) {
        int64_t expires = token_purpose_expires((enum token_purpose)purpose, NOW);
        enum token_purpose parsed;
        struct view exact;

        assert_true(token_purpose_parse(view_of(token_purpose_name((enum token_purpose)purpose)),
                                        &parsed));
        assert_int_equal(purpose, parsed);
        token_make(&ada, (enum token_purpose)purpose, VIEW("scope"), expires, text);
        assert_int_equal(TOKEN_TEXT_BYTES - 1, strlen(text));
        exact = data_exact(text);
        assert_int_equal(0, token_read(exact, &token, NULL));
        data_free(exact);
        assert_int_equal(purpose, token.purpose);
        assert_true(token.tag == ada.tag);
        assert_int_equal(TOKEN_VALID, token_verify(&ada, &token, VIEW("scope"), NOW));
        if (expires)
            assert_int_equal(TOKEN_VALID, token_verify(&ada, &token, VIEW("scope"), expires - 1));
    }
}

static void test_expiry(void **state)
{
    static const struct {
        const char *name;
        int64_t expires, now;
        enum token_verdict want;
    } tests[] = {
        {"never", 0, INT64_C(1) << 40, TOKEN_VALID},
        {"at the instant", NOW, NOW, TOKEN_VALID}, /* to the end of the day */
        {"end of the day", NOW, NOW / DAY * DAY + DAY - 1, TOKEN_VALID},
        {"next day", NOW, NOW / DAY * DAY + DAY, TOKEN_EXPIRED},
        {"midnight is not rounded", 20000 * DAY, 20000 * DAY, TOKEN_EXPIRED},
        {"a second before midnight", 20000 * DAY, 20000 * DAY - 1, TOKEN_VALID},
        {"in the past is not never", -5, NOW, TOKEN_EXPIRED},
        {"farther than it can tell", INT64_MAX, NOW, TOKEN_VALID},
    };
    struct token_subscriber ada;

    (void)state;
    make_subscriber("ada@example.org", &ada);
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        char text[TOKEN_TEXT_BYTES];
        struct token token;

        token_make(&ada, TOKEN_LIKE, VIEW("p"), tests[i].expires, text);
        assert_int_equal(0, token_read(view_of(text), &token, NULL));
        if (token_verify(&ada, &token, VIEW("p"), tests[i].now) != tests[i].want)
            fail_msg("%s", tests[i].name);
        /* An expired token of somebody else is forged, not expired. */
        assert_int_equal(TOKEN_FORGED, token_verify(&ada, &token, VIEW("q"), tests[i].now));
    }
}

/* No bit of a token can be changed, nor what it was made for. */
static void test_forgery(void **state)
{
    static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
    struct token_subscriber ada, eve;
    struct token token;
    char text[TOKEN_TEXT_BYTES], changed[TOKEN_TEXT_BYTES];

    (void)state;
    make_subscriber("ada@example.org", &ada);
    make_subscriber("eve@example.org", &eve);
    assert_true(ada.tag != eve.tag && ada.tag < UINT64_C(1) << 48);
    token_make(&ada, TOKEN_LIKE, VIEW("2602.13531"), NOW + DAY, text);
    for (size_t i = 0; text[i]; i++) {
        for (const char *digit = digits; *digit; digit++) {
            memcpy(changed, text, sizeof(text));
            changed[i] = *digit;
            if (changed[i] != text[i] && token_read(view_of(changed), &token, NULL) == 0)
                assert_int_equal(TOKEN_FORGED,
                                 token_verify(&ada, &token, VIEW("2602.13531"), NOW));
        }
    }
    assert_int_equal(0, token_read(view_of(text), &token, NULL));
    assert_int_equal(TOKEN_VALID, token_verify(&ada, &token, VIEW("2602.13531"), NOW));
    assert_int_equal(TOKEN_FORGED, token_verify(&eve, &token, VIEW("2602.13531"), NOW));
    assert_int_equal(TOKEN_FORGED, token_verify(&ada, &token, VIEW("2602.1353"), NOW));
    assert_int_equal(TOKEN_FORGED, token_verify(&ada, &token, VIEW(""), NOW));
    token.purpose = TOKEN_UNSUBSCRIBE;
    assert_int_equal(TOKEN_FORGED, token_verify(&ada, &token, VIEW("2602.13531"), NOW));
}

static void test_read_refuses(void **state)
{
    static const char *const bad[] = {
        "", "x", "ceaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1", "2602.13531",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* version 0 */
        "7777777777777777777777777777777", "caaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* purpose 0 */
        "d4aaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* purpose 15 */
    };

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct view exact = data_exact(bad[i]);
        struct token token = {.tag = 7};
        struct error error = {0};

        assert_int_equal(-1, token_read(exact, &token, &error));
        assert_int_equal(ERROR_INPUT, error.kind);
        assert_true(token.tag == 7);
        data_free(exact);
    }
}

static void test_address_case(void **state)
{
    struct token_subscriber lower, upper;
    struct token token;
    char text[TOKEN_TEXT_BYTES];

    (void)state;
    make_subscriber("ada.of.a.rather.long.name.that.needs.more.than.one.block.of.the.hash.function."
                    "and.so.on.and.on.and.on.and.on.and.on.and.on@example.org",
                    &lower);
    make_subscriber("Ada.of.a.rather.long.name.that.needs.more.than.one.block.of.the.hash.function."
                    "and.so.on.and.on.and.on.and.on.and.on.and.on@EXAMPLE.org",
                    &upper);
    token_make(&lower, TOKEN_PAUSE, VIEW(""), 0, text);
    for (char *at = text; *at; at++)
        if (*at >= 'a' && *at <= 'z')
            *at = (char)(*at - 'a' + 'A');
    assert_int_equal(0, token_read(view_of(text), &token, NULL));
    assert_int_equal(TOKEN_VALID, token_verify(&upper, &token, VIEW(""), NOW));
}

static void test_token_address(void **state)
{
    static const char inbox[] = "twenty.octets.before@example.org";
    struct token_subscriber ada;
    struct token token;
    struct error error = {0};
    char text[TOKEN_TEXT_BYTES];
    struct buffer out;

    (void)state;
    make_subscriber("ada@example.org", &ada);
    buffer_init(&out, 1000);
    for (int purpose = TOKEN_CONFIRM; purpose <= TOKEN_PAGE; purpose++) {
        struct view exact;

        token_make(&ada, (enum token_purpose)purpose, VIEW(""), 0, text);
        buffer_clear(&out);
        assert_int_equal(0, token_add_address(&out, view_of(inbox), (enum token_purpose)purpose,
                                              text, &error));
        assert_true(view_find_char(buffer_view(&out), '@', 0) <= MIME_LOCAL_PART_BYTES);
        assert_true(mime_address_is_valid(buffer_view(&out)));
        exact = data_exact_view(buffer_view(&out));
        assert_true(token_read_address(exact, VIEW("Twenty.Octets.Before@Example.org"), &token));
        assert_int_equal(purpose, token.purpose);
        assert_int_equal(TOKEN_VALID, token_verify(&ada, &token, VIEW(""), NOW));
        data_free(exact);
    }
    token_make(&ada, TOKEN_UNSUBSCRIBE, VIEW(""), 0, text);
    buffer_clear(&out);
    assert_int_equal(-1, token_add_address(&out, VIEW("twentyone.octets.befo@example.org"),
                                           TOKEN_UNSUBSCRIBE, text, &error));
    assert_int_equal(ERROR_CONFIGURATION, error.kind);
    assert_string_equal("inbox.address: \"twentyone.octets.befo@example.org\" is too long: before "
                        "the @ it may have 20 characters, so that \"+unsubscribe-\" and a token "
                        "fit behind them",
                        error.text);
    assert_int_equal(-1, token_add_address(&out, VIEW("a\r\nb@example.org"), TOKEN_LIKE, text,
                                           &error));
    assert_int_equal(0, out.size);
    buffer_free(&out);
}

static void test_token_address_refuses(void **state)
{
    static const char *const bad[] = {
        "", "@", "+", "p@example.org", "p+@example.org", "p+like@example.org", "p+like-@example.org",
        "p+like-x@example.org", "q+like-TOKEN@example.org", "p+like-TOKEN@example.com",
        "p+pause-TOKEN@example.org", "p-like-TOKEN@example.org", "pp+like-TOKEN@example.org",
        "p+like-TOKEN", "p+like-TOKEN@example.org ", "p+liked-TOKEN@example.org",
        "p+like-TOKENa@example.org",
    };
    struct token_subscriber ada;
    char text[TOKEN_TEXT_BYTES];

    (void)state;
    make_subscriber("ada@example.org", &ada);
    token_make(&ada, TOKEN_LIKE, VIEW(""), 0, text);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct view pattern = view_of(bad[i]), exact;
        size_t at = view_find(pattern, VIEW("TOKEN"), 0);
        struct buffer address;
        struct token token;

        buffer_init(&address, 1000);
        buffer_add_view(&address, view_slice(pattern, 0, at));
        if (at < pattern.size)
            buffer_printf(&address, "%s%s", text, bad[i] + at + 5);
        exact = data_exact_view(buffer_view(&address));
        if (token_read_address(exact, VIEW("p@example.org"), &token))
            fail_msg("%s", bad[i]);
        data_free(exact);
        buffer_free(&address);
    }
}

static void test_message_id(void **state)
{
    struct token_subscriber ada, eve;
    char text[MESSAGE_ID_TEXT_BYTES], other[MESSAGE_ID_TEXT_BYTES];
    uint64_t tag;

    (void)state;
    make_subscriber("ada@example.org", &ada);
    make_subscriber("eve@example.org", &eve);
    message_id_make(&ada, VIEW("digest"), VIEW("2026-02-17"), text);
    assert_int_equal(MESSAGE_ID_TEXT_BYTES - 1, strlen(text));
    assert_true(message_id_read_tag(view_of(text), &tag) && tag == ada.tag);
    assert_true(message_id_verify(&ada, VIEW("digest"), VIEW("2026-02-17"), view_of(text)));
    assert_false(message_id_verify(&eve, VIEW("digest"), VIEW("2026-02-17"), view_of(text)));
    assert_false(message_id_verify(&ada, VIEW("digest"), VIEW("2026-02-18"), view_of(text)));
    assert_false(message_id_verify(&ada, VIEW("answer"), VIEW("2026-02-17"), view_of(text)));
    assert_false(message_id_verify(&ada, VIEW("digest"), VIEW("2026-02-17"), VIEW("")));
    message_id_make(&ada, VIEW("digest2026-"), VIEW("02-17"), other);
    assert_string_not_equal(text, other);
    assert_false(message_id_read_tag(VIEW("abc"), &tag));
}

static void test_key_file(void **state)
{
    char *folder = data_temporary_folder(), *path = file_join(folder, "paperboy.key");
    unsigned char other[TOKEN_SECRET_BYTES] = "another";
    struct token_key made, read, want;
    struct error error = {0};
    struct stat status;
    struct view text;

    (void)state;
    umask(0);
    if (token_key_open(path, SECRET, &made, &error) < 0)
        fail_msg("%s", error.text);
    assert_int_equal(0, stat(path, &status));
    assert_int_equal(0600, status.st_mode & 07777);
    text = data_read(path);
    assert_int_equal(2 * TOKEN_SECRET_BYTES + 1, text.size);
    data_free(text);
    assert_int_equal(0, token_key_open(path, other, &read, &error));
    token_key_derive(SECRET, &want);
    assert_memory_equal(&want, &made, sizeof(made));
    assert_memory_equal(&want, &read, sizeof(read));
    umask(022);
    free(path);
    data_remove_folder(&folder);
}

#define HEX_60 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ab"

static void test_key_file_refuses(void **state)
{
    static const struct {
        const char *name, *text;
        mode_t mode;
        const char *want; /* part of the message */
    } tests[] = {
        {"group may read", HEX_60 "cdef\n", 0640, "chmod 600"},
        {"world may write", HEX_60 "cdef\n", 0602, "chmod 600"},
        {"empty", "", 0600, "not a key"},
        {"short", HEX_60 "cde\n", 0600, "not a key"},
        {"long", HEX_60 "cdef0\n", 0600, "not a key"},
        {"two lines", HEX_60 "cdef\n\n", 0600, "not a key"},
        {"no digit", HEX_60 "cdeg\n", 0600, "not a key"},
        {"blank", HEX_60 "cd f\n", 0600, "not a key"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        char *folder = data_temporary_folder(), *path = file_join(folder, "paperboy.key");
        struct token_key key;
        struct error error = {0};

        memset(&key, 7, sizeof(key));
        assert_int_equal(0, file_write_atomic(path, view_of(tests[i].text), tests[i].mode, NULL));
        assert_int_equal(-1, token_key_open(path, SECRET, &key, &error));
        assert_int_equal(7, key.subscriber[0]);
        if (error.kind != ERROR_CONFIGURATION || !strstr(error.text, tests[i].want) ||
            !strstr(error.text, path))
            fail_msg("%s: %s", tests[i].name, error.text);
        free(path);
        data_remove_folder(&folder);
    }
}

static void test_key_file_other(void **state)
{
    char *folder = data_temporary_folder(), *missing = file_join(folder, "no/such/key");
    struct token_key key;
    struct error error = {0};

    (void)state;
    assert_int_equal(-1, token_key_open(folder, SECRET, &key, &error));
    assert_int_equal(ERROR_CONFIGURATION, error.kind);
    assert_int_equal(-1, token_key_open(missing, SECRET, &key, &error));
    assert_int_equal(ERROR_MISSING, error.kind);
    free(missing);
    data_remove_folder(&folder);
}

/* Many at once, each with a key of its own: one wins, all have that one. */
static void test_key_file_race(void **state)
{
    enum { RACERS = 8 };
    char *folder = data_temporary_folder(), *path = file_join(folder, "paperboy.key");
    int results[2];
    struct token_key first, key;

    (void)state;
    assert_int_equal(0, pipe(results));
    for (unsigned i = 0; i < RACERS; i++) {
        if (fork() == 0) {
            unsigned char secret[TOKEN_SECRET_BYTES] = {(unsigned char)i};
            bool good = token_key_open(path, secret, &key, NULL) == 0;

            if (!good)
                memset(&key, 0, sizeof(key));
            _exit(write(results[1], &key, sizeof(key)) == sizeof(key) ? 0 : 1);
        }
    }
    close(results[1]);
    for (unsigned i = 0; i < RACERS; i++) {
        assert_int_equal(sizeof(key), read(results[0], &key, sizeof(key)));
        if (i == 0)
            first = key;
        assert_memory_equal(&first, &key, sizeof(key));
    }
    assert_true(first.subscriber[0] || first.subscriber[1] || first.subscriber[2]);
    while (wait(NULL) > 0)
        ;
    close(results[0]);
    free(path);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base32),
        cmocka_unit_test(test_golden),
        cmocka_unit_test(test_every_purpose),
        cmocka_unit_test(test_expiry),
        cmocka_unit_test(test_forgery),
        cmocka_unit_test(test_read_refuses),
        cmocka_unit_test(test_address_case),
        cmocka_unit_test(test_token_address),
        cmocka_unit_test(test_token_address_refuses),
        cmocka_unit_test(test_message_id),
        cmocka_unit_test(test_key_file),
        cmocka_unit_test(test_key_file_refuses),
        cmocka_unit_test(test_key_file_other),
        cmocka_unit_test(test_key_file_race),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
