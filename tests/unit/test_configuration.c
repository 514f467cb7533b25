#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "commands/configuration.h"
#include "unit/data.h"

struct place_of_test {
    char *folder;
    char *file;
};

static int make_folder(void **state)
{
    struct place_of_test *place = calloc(1, sizeof(*place));

    place->folder = data_temporary_folder();
    place->file = file_join(place->folder, "paperboy.json");
    *state = place;
    return 0;
}

static int remove_folder(void **state)
{
    struct place_of_test *place = *state;

    data_remove_folder(&place->folder);
    free(place->file);
    free(place);
    return 0;
}

static int load(const struct place_of_test *place, const char *text,
                struct configuration *configuration, struct error *error)
{
    assert_int_equal(file_write_atomic(place->file, view_of(text), 0600, error), 0);
    return configuration_load(place->file, configuration, error);
}

static void assert_path(const struct place_of_test *place, const char *path, const char *name)
{
    char *want = file_join(place->folder, name);

    assert_string_equal(path, want);
    free(want);
}

static void defaults_work_beside_the_file(void **state)
{
    const struct place_of_test *place = *state;
    struct configuration c;
    struct error error = {0};

    assert_int_equal(load(place, "{\"sender\": {\"address\": \"digest@example.org\"}}", &c, &error), 0);
    assert_path(place, c.subscribers, "subscribers");
    assert_path(place, c.key_file, "paperboy.key");
    assert_path(place, c.store + strlen("sqlite:"), "paperboy.db");
    assert_path(place, c.delivery.relay.url + strlen("maildir:"), "outbox");
    assert_string_equal(c.list.owner, "digest@example.org");
    assert_string_equal(c.list.id, "example.org");
    assert_string_equal(c.list.name, "Paperboy");
    assert_string_equal(c.arxiv.contact, "digest@example.org");
    assert_int_equal(c.delivery.expire_hours, 24);
    assert_int_equal(c.arxiv.interval_ms, 3000);
    assert_null(c.templates);
    configuration_free(&c);
}

/* Every key of the format, so that none is forgotten in a table. */
static const char EVERYTHING[] =
    "{\"sender\":{\"name\":\"P\",\"address\":\"d@example.org\"},"
    "\"list\":{\"name\":\"L\",\"id\":\"l.example.org\",\"owner\":\"o@example.org\"},"
    "\"subscribers\":\"people\",\"templates\":\"/t\",\"key_file\":\"k\",\"store\":\"sqlite:/s.db\","
    "\"delivery\":{\"url\":\"smtps://h:465\",\"username\":\"u\",\"password_file\":\"p\","
    "\"tls\":\"optional\",\"ca_file\":\"ca\",\"relays\":[{\"url\":\"smtp://r\",\"weight\":3}],"
    "\"connections\":4,\"per_second\":1.5,\"per_hour\":9,\"per_domain\":8,\"domain_connections\":2,\"expire_hours\":48,"
    "\"uncertain\":\"hold\",\"envelope\":\"fixed\"},"
    "\"inbox\":{\"url\":\"imaps://i/INBOX\",\"username\":\"u\",\"password_file\":\"p\","
    "\"token_command\":null,\"ca_file\":null,\"address\":\"p@example.org\",\"authserv_id\":\"mx\","
    "\"processed\":\"P\",\"failed\":\"F\",\"allow\":[\"*\"],\"answers_per_hour\":2},"
    "\"bounces\":{\"hard\":1,\"soft\":2,\"domain_hold_percent\":7.5},"
    "\"arxiv\":{\"rss\":\"http://127.0.0.1/rss/\",\"oai\":\"http://127.0.0.1/oai\","
    "\"pdf\":\"http://127.0.0.1/pdf/\",\"contact\":\"c@example.org\",\"interval_ms\":0,"
    "\"categories\":[\"cs.LG\",\"math\"]},"
    "\"summaries\":{\"enabled\":false,\"base_url\":\"http://127.0.0.1/v1\",\"model\":\"m\","
    "\"api_key_file\":\"a\",\"ca_file\":null,\"prompt_file\":null,\"source\":\"text\",\"papers\":3,"
    "\"connections\":1,\"deadline_seconds\":5,\"token_budget\":6},"
    "\"web\":{\"listen\":\"127.0.0.1:1\",\"base_url\":\"https://w.example.org/\","
    "\"trusted_proxies\":[]},"
    "\"publish\":{\"folder\":\"pub\",\"base_url\":\"https://p.example.org/\",\"profile\":null},"
    "\"retention\":{\"papers_days\":10,\"deliveries_days\":20}}";

static void every_key_is_read(void **state)
{
    const struct place_of_test *place = *state;
    struct configuration c;
    struct error error = {0};

    if (load(place, EVERYTHING, &c, &error) < 0)
        fail_msg("%s", error.text);
    assert_path(place, c.subscribers, "people");
    assert_string_equal(c.templates, "/t");
    assert_string_equal(c.store, "sqlite:/s.db");
    assert_int_equal(c.delivery.relay.tls, TLS_OPTIONAL);
    assert_int_equal(c.delivery.relay_count, 1);
    assert_int_equal(c.delivery.relays[0].weight, 3);
    assert_true(c.delivery.hold_uncertain);
    assert_true(c.delivery.fixed_envelope);
    assert_int_equal(c.delivery.expire_hours, 48);
    assert_string_equal(c.inbox.address, "p@example.org");
    assert_int_equal(c.arxiv.categories.count, 2);
    assert_string_equal(c.arxiv.categories.items[1], "math");
    assert_int_equal(c.arxiv.interval_ms, 0);
    assert_string_equal(c.summaries.source, "text");
    assert_true(c.publish.is_wanted);
    assert_string_equal(c.publish.base_url, "https://p.example.org/");
    assert_int_equal(c.retention.deliveries_days, 20);
    configuration_free(&c);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *text;
        const char *want; /* behind "FILE:" */
    } cases[] = {
        {"{\"sendr\":{}}", "1: sendr: unknown key; did you mean \"sender\"?"},
        {"{\n\"sender\":{\"address\":\"a@b@c\"}}", "2: sender.address: "},
        {"{\"sender\":{\"address\":\"a@b.org\\r\\nRCPT\"}}", "1: sender.address: "},
        {"{\"delivery\":{\"tls\":\"yes\"}}",
         "1: delivery.tls: must be one of \"required\", \"optional\", \"off\""},
        {"{\"delivery\":{\"url\":\"mx.example.org\"}}", "1: delivery.url: must be smtps://"},
        {"{\"delivery\":{\"relays\":[{\"weight\":1}]}}", "1: delivery.relays[0]: has no url"},
        {"{\"delivery\":{\"relays\":[{\"url\":\"smtp://r\"},\n{\"url\":\"maildir:x\"}]}}",
         "2: delivery.relays[1].url: a Maildir takes no mail beside relays; name it as delivery.url"},
        {"{\"delivery\":{\"relays\":[{\"url\":\"smtp://r\"}],\n\"url\":\"maildir:outbox\"}}",
         "2: delivery.url: a Maildir takes no mail beside relays; leave out either"},
        {"{\"delivery\":{\"expire_hours\":0}}", "1: delivery.expire_hours: is 0; "},
        {"{\"inbox\":{\"address\":\"averyveryverylonglocalpart@example.org\"}}",
         "1: inbox.address: \"averyveryverylonglocalpart@example.org\" is too long: at most 20 "},
        {"{\"store\":\"paperboy.db\"}", "1: store: must be sqlite:FILE or postgresql://"},
        {"{\"arxiv\":{\"rss\":\"ftp://x\"}}", "1: arxiv.rss: must begin with https:// or http://"},
        {"{\"web\":{\"base_url\":\"https://x/?a=b\"}}",
         "1: web.base_url: must hold no ?, # or blank: more is put behind it"},
        {"{\"arxiv\":{\"categories\":[\"cs.LG\",\n3]}}", "2: arxiv.categories[1]: must be a string"},
        {"{\"sender\":", "1:"},
    };
    const struct place_of_test *place = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct configuration c;
        struct error error = {0};
        char want[4096];

        assert_int_equal(load(place, cases[i].text, &c, &error), -1);
        assert_int_equal(error.kind, ERROR_CONFIGURATION);
        snprintf(want, sizeof(want), "%s:%s", place->file, cases[i].want);
        if (strncmp(error.text, want, strlen(want)) != 0)
            fail_msg("\"%s\" does not begin with \"%s\"", error.text, want);
    }
}

static void null_is_the_default(void **state)
{
    const struct place_of_test *place = *state;
    struct configuration c;
    struct error error = {0};

    if (load(place,
             "{\"subscribers\":null,\"key_file\":null,\"store\":null,\"sender\":{\"name\":null},"
             "\"delivery\":{\"url\":null},\"arxiv\":{\"rss\":null},\"publish\":{\"folder\":null}}",
             &c, &error) < 0)
        fail_msg("%s", error.text);
    assert_path(place, c.subscribers, "subscribers");
    assert_path(place, c.key_file, "paperboy.key");
    assert_path(place, c.store + strlen("sqlite:"), "paperboy.db");
    assert_path(place, c.delivery.relay.url + strlen("maildir:"), "outbox");
    assert_path(place, c.publish.folder, "public");
    assert_false(c.publish.is_wanted);
    assert_string_equal(c.sender.name, "Paperboy");
    assert_string_equal(c.arxiv.rss, "https://rss.arxiv.org/rss/");
    configuration_free(&c);
}

enum { PROBLEMS_BYTES = 1 << 16 };

static void keep_problem(void *user, const struct error *problem)
{
    buffer_printf(user, "%s\n", strstr(problem->text, "paperboy.json:"));
}

static void all_mistakes_are_collected(void **state)
{
    const struct place_of_test *place = *state;
    struct configuration c;
    struct error error = {0};
    struct buffer problems;
    struct error_sink sink = {keep_problem, &problems, 0};
    bool is_read = false;

    buffer_init(&problems, PROBLEMS_BYTES);
    assert_int_equal(load(place,
                          "{\n\"sender\":{\"name\":3,\"address\":\"x\"},\n\"list\":{\"id\":4},\n"
                          "\"foo\":1,\n\"delivery\":{\"url\":\"x\",\"relays\":[{\"tls\":\"no\"},{}]},\n"
                          "\"arxiv\":[],\n\"store\":\"x\",\"retention\":{\"papers_days\":5}\n}",
                          &c, &error),
                     -1);
    assert_int_equal(configuration_check(place->file, &sink, &c, &is_read), -1);
    assert_true(is_read);
    assert_int_equal(sink.count, 10);
    for (size_t i = 0; i < 10; i++) {
        static const char *const says[] = {":4: foo",         ":2: sender.name",
                                           ":2: sender.address", ":3: list.id",
                                           ":6: arxiv",       ":5: delivery.url",
                                           ":5: delivery.relays[0].tls",
                                           "delivery.relays[0]: has no url",
                                           "delivery.relays[1]: has no url",
                                           ":7: store"};

        if (!strstr(buffer_string(&problems), says[i]))
            fail_msg("%s is not among\n%s", says[i], buffer_string(&problems));
    }
    /* What is sound is there. */
    assert_int_equal(c.retention.papers_days, 5);
    configuration_free(&c);

    assert_int_equal(load(place, "{", &c, &error), -1);
    sink.count = 0;
    assert_int_equal(configuration_check(place->file, &sink, &c, &is_read), -1);
    assert_false(is_read);
    assert_int_equal(sink.count, 1);
    assert_int_equal(load(place, "{}", &c, &error), 0);
    configuration_free(&c);
    assert_int_equal(configuration_check(place->file, &sink, &c, &is_read), 0);
    configuration_free(&c);
    buffer_free(&problems);
}

static void a_secret_is_one_line_that_others_cannot_read(void **state)
{
    const struct place_of_test *place = *state;
    char *path = file_join(place->folder, "password"), *secret = NULL;
    struct error error;

    assert_int_equal(configuration_read_secret(path, &secret, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
    assert_int_equal(file_write_atomic(path, VIEW("s3cret \nsecond"), 0600, &error), 0);
    assert_int_equal(configuration_read_secret(path, &secret, &error), 0);
    assert_string_equal(secret, "s3cret ");
    free(secret);
    assert_int_equal(chmod(path, 0604), 0);
    assert_int_equal(configuration_read_secret(path, &secret, &error), -1);
    assert_non_null(strstr(error.text, "chmod o-rwx"));
    assert_int_equal(file_write_atomic(path, VIEW("\n"), 0600, &error), 0);
    assert_int_equal(configuration_read_secret(path, &secret, &error), -1);
    setenv("CREDENTIALS_DIRECTORY", place->folder, 1);
    assert_int_equal(file_write_atomic(path, VIEW("from systemd"), 0600, &error), 0);
    assert_int_equal(configuration_read_secret("/nowhere/password", &secret, &error), 0);
    assert_string_equal(secret, "from systemd");
    unsetenv("CREDENTIALS_DIRECTORY");
    free(secret);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(defaults_work_beside_the_file, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(every_key_is_read, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(mistakes_are_named, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(null_is_the_default, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(all_mistakes_are_collected, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(a_secret_is_one_line_that_others_cannot_read, make_folder,
                                        remove_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
