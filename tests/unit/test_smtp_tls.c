/* TLS and logins: an authority of our own, one certificate for 127.0.0.1 and
 * localhost, and one for another host. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "unit/data.h"
#include "unit/relay.h"

static char *folder;

static const char make_certificates[] =
    "set -e; cd \"$1\"; exec 2>/dev/null\n"
    "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=authority\n"
    "make() {\n"
    "  openssl req -newkey rsa:2048 -nodes -keyout $1.key -out $1.csr -subj /CN=$1\n"
    "  echo \"subjectAltName=$2\" > $1.ext\n"
    "  openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile $1.ext -out $1.pem\n"
    "}\n"
    "make here DNS:localhost,IP:127.0.0.1\n"
    "make elsewhere DNS:mail.elsewhere.test\n";

static int set_up_certificates(void **state)
{
    int status = -1;
    pid_t child;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    folder = data_temporary_folder();
    child = fork();
    if (child == 0) {
        execl("/bin/sh", "sh", "-c", make_certificates, "sh", folder, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && status == 0 ? 0 : -1;
}

static int tear_down_certificates(void **state)
{
    (void)state;
    data_remove_folder(&folder);
    return 0;
}

struct tls_case {
    const char *name;
    const char *certificate; /* NULL: STARTTLS is not offered */
    const char *scheme;
    bool trusted;            /* ca_file is given */
    enum transport_tls tls;
    const char *host;
    int result;
    int starttls; /* how often it is said */
};

static void check_tls(const struct tls_case *tls)
{
    char certificate[600], key[600], authority[600];
    struct relay relay = {0};
    struct delivery_result result;
    struct error error = {0};
    int done;

    snprintf(certificate, sizeof(certificate), "%s/%s.pem", folder, tls->certificate);
    snprintf(key, sizeof(key), "%s/%s.key", folder, tls->certificate);
    snprintf(authority, sizeof(authority), "%s/ca.pem", folder);
    relay.server = smtp_server_start(&(struct smtp_server_options){
        .certificate = tls->certificate ? certificate : NULL, .key = key,
        .tls_from_start = strcmp(tls->scheme, "smtps") == 0});
    relay_open(&relay,
               &(struct transport_options){.ca_file = tls->trusted ? authority : NULL,
                                               .tls = tls->tls},
               tls->scheme, tls->host);
    done = relay_send(&relay, "ada@example.test", &result, &error);
    if (done != tls->result)
        fail_msg("%s: %s %s", tls->name, error.text, result.reply);
    if (done < 0 && (error.kind != ERROR_CONFIGURATION || result.kind != RESULT_RELAY_DOWN ||
                     strcmp(result.stage, "tls") != 0))
        fail_msg("%s: %d %s", tls->name, error.kind, error.text);
    assert_int_equal(smtp_server_heard(relay.server, "STARTTLS"), tls->starttls);
    assert_int_equal(smtp_server_heard(relay.server, "MAIL"), done == 0);
    if (done == 0)
        relay_must_send(&relay, "bob@example.test");
    assert_int_equal(smtp_server_connections(relay.server), 1);
    relay_end(&relay);
}

static void tls_is_checked(void **state)
{
    static const struct tls_case cases[] = {
        {"STARTTLS", "here", "smtp", true, TRANSPORT_TLS_REQUIRED, "localhost", 0, 1},
        {"STARTTLS by address", "here", "smtp", true, TRANSPORT_TLS_REQUIRED, "127.0.0.1", 0, 1},
        {"smtps", "here", "smtps", true, TRANSPORT_TLS_REQUIRED, "localhost", 0, 0},
        {"smtps whatever tls says", "here", "smtps", true, TRANSPORT_TLS_OFF, "localhost", 0, 0},
        {"wrong host", "elsewhere", "smtp", true, TRANSPORT_TLS_REQUIRED, "localhost", -1, 1},
        {"wrong host, smtps", "elsewhere", "smtps", true, TRANSPORT_TLS_REQUIRED, "localhost", -1,
         0},
        {"unknown authority", "here", "smtp", false, TRANSPORT_TLS_REQUIRED, "localhost", -1, 1},
        {"unknown authority, smtps", "here", "smtps", false, TRANSPORT_TLS_REQUIRED, "localhost",
         -1, 0},
        {"taken out of EHLO", NULL, "smtp", true, TRANSPORT_TLS_REQUIRED, "localhost", -1, 0},
        {"optional and offered", "here", "smtp", true, TRANSPORT_TLS_OPTIONAL, "localhost", 0, 1},
        {"optional and not offered", NULL, "smtp", true, TRANSPORT_TLS_OPTIONAL, "localhost", 0, 0},
        {"off", "here", "smtp", true, TRANSPORT_TLS_OFF, "localhost", 0, 0},
        {"default on loopback", "here", "smtp", true, TRANSPORT_TLS_DEFAULT, "localhost", 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_tls(&cases[i]);
}

/* "\0news\0secret" in Base64. */
static const char right_login[] = "AG5ld3MAc2VjcmV0";

static void logins_are_checked(void **state)
{
    static const struct {
        const char *name;
        const char *password;
        struct smtp_rule rule;
        enum error_kind want;
    } cases[] = {
        {"right", "secret", {"none", "", 0, 0, NULL}, ERROR_NONE},
        {"wrong", "guess", {"none", "", 0, 0, NULL}, ERROR_CONFIGURATION},
        {"not now", "secret", {"auth", "454 4.7.0 later\r\n", 0, 0, NULL}, ERROR_TEMPORARY},
        {"closing", "secret", {"auth", "421 4.7.0 bye\r\n" SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY},
        {"drop", "secret", {"auth", SMTP_DROP, 0, 0, NULL}, ERROR_TEMPORARY},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct relay relay = {0};
        struct delivery_result result;
        struct error error = {0};
        int done;

        relay.server = smtp_server_start(&(struct smtp_server_options){
            .rules = &cases[i].rule, .rule_count = 1, .login = right_login});
        relay_open(&relay,
                   &(struct transport_options){.username = "news",
                                                   .password = cases[i].password},
                   "smtp", "127.0.0.1");
        done = transport_check(relay.transport, &error);
        if (done != (cases[i].want ? -1 : 0) || error.kind != cases[i].want)
            fail_msg("check, %s: %d %s", cases[i].name, error.kind, error.text);
        done = relay_send(&relay, "ada@example.test", &result, &error);
        if (done != (cases[i].want ? -1 : 0) || error.kind != cases[i].want)
            fail_msg("%s: %d %s", cases[i].name, error.kind, error.text);
        if (done < 0)
            assert_string_equal(result.stage, "auth");
        assert_null(strstr(error.text, cases[i].password));
        relay_end(&relay);
    }
}

static void a_password_is_not_sent_in_the_clear(void **state)
{
    struct relay relay = {0};
    struct delivery_result result;
    struct error error = {0};

    (void)state;
    relay.server = smtp_server_start(&(struct smtp_server_options){.login = right_login});
    relay_open(&relay,
               &(struct transport_options){.username = "news", .password = "secret",
                                               .tls = TRANSPORT_TLS_OPTIONAL},
               "smtp", "127.0.0.1");
    assert_int_equal(relay_send(&relay, "ada@example.test", &result, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
    assert_int_equal(smtp_server_heard(relay.server, "AUTH"), 0);
    relay_end(&relay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tls_is_checked),
        cmocka_unit_test(logins_are_checked),
        cmocka_unit_test(a_password_is_not_sent_in_the_clear),
    };

    return cmocka_run_group_tests(tests, set_up_certificates, tear_down_certificates);
}
