#include <dirent.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "delivery/transport.h"
#include "unit/data.h"

static int64_t fixed_clock(void *user)
{
    (void)user;
    return 1771311600;
}

static struct transport *open_maildir(const char *folder)
{
    char url[600];
    struct transport_options options = {.url = url, .now = fixed_clock};
    struct transport *transport = NULL;
    struct error error = {0};

    snprintf(url, sizeof(url), "maildir:%s", folder);
    if (transport_open(&options, &transport, &error) < 0)
        fail_msg("%s", error.text);
    return transport;
}

/* The only file of a folder below `folder`; "" when there is none. */
static int count_files(const char *folder, const char *below, char ret_last[700])
{
    char *path = file_join(folder, below);
    DIR *directory = opendir(path);
    struct dirent *entry;
    int count = 0;

    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(ret_last, 700, "%s/%s", path, entry->d_name);
        count++;
    }
    closedir(directory);
    free(path);
    return count;
}

static void messages_are_as_maildir_readers_expect(void **state)
{
    static const struct {
        const char *sender;
        const char *bytes;
        const char *want;
    } cases[] = {
        {"news+t@example.org", "Subject: x\r\n\r\nHello.\r\n",
         "Return-Path: <news+t@example.org>\nDelivered-To: ada@example.test\n"
         "Subject: x\n\nHello.\n"},
        {"", "A: b\r\n\r\n.\r\n..\r\nFrom here\r\n\r\n",
         "Return-Path: <>\nDelivered-To: ada@example.test\nA: b\n\n.\n..\nFrom here\n\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *folder = data_temporary_folder();
        struct transport *transport = open_maildir(folder);
        struct view bytes = data_exact(cases[i].bytes), got;
        const struct message message = {cases[i].sender, "ada@example.test", bytes};
        struct delivery_result result;
        struct error error = {0};
        struct stat status;
        char path[700];

        assert_int_equal(transport_send(transport, &message, NULL, &result, &error), 0);
        assert_int_equal(result.kind, RESULT_SENT);
        assert_string_equal(result.stage, "maildir");
        assert_int_equal(count_files(folder, "new", path), 1);
        got = data_read(path);
        assert_true(view_equal_string(got, cases[i].want));
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 07777, 0600);
        assert_int_equal(count_files(folder, "tmp", path), 0);
        assert_int_equal(count_files(folder, "cur", path), 0);
        transport_close(&transport);
        data_free(bytes);
        data_free(got);
        data_remove_folder(&folder);
    }
}

static void names_are_unique(void **state)
{
    enum { CHILDREN = 4, MESSAGES = 50 };
    char *folder = data_temporary_folder();
    char path[700];

    (void)state;
    for (int i = 0; i < CHILDREN; i++) {
        if (fork() == 0) {
            const struct message message = {"a@b.test", "c@d.test", VIEW("A: b\r\n\r\n")};
            struct transport *transport = open_maildir(folder);
            struct delivery_result result;

            for (int k = 0; k < MESSAGES; k++)
                if (transport_send(transport, &message, NULL, &result, NULL) < 0 ||
                    result.kind != RESULT_SENT)
                    _exit(1);
            _exit(0);
        }
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    assert_int_equal(count_files(folder, "new", path), CHILDREN * MESSAGES);
    assert_null(strchr(strrchr(path, '/'), ':'));
    data_remove_folder(&folder);
}

struct seen {
    const char *folder;
    int refuse;
    int in_new;
    int in_tmp;
};

static int look(void *user)
{
    struct seen *seen = user;
    char path[700];

    seen->in_new = count_files(seen->folder, "new", path);
    seen->in_tmp = count_files(seen->folder, "tmp", path);
    return seen->refuse;
}

static void begin_is_called_before_it_appears(void **state)
{
    const struct message message = {"a@b.test", "c@d.test", VIEW("A: b\r\n\r\n")};
    char *folder = data_temporary_folder();
    struct transport *transport = open_maildir(folder);
    struct seen seen = {.folder = folder};
    const struct transport_hooks hooks = {.begin = look, .user = &seen};
    struct delivery_result result;
    char path[700];

    (void)state;
    assert_int_equal(transport_send(transport, &message, &hooks, &result, NULL), 0);
    assert_int_equal(seen.in_new, 0);
    assert_int_equal(seen.in_tmp, 1);
    seen.refuse = -1;
    assert_int_equal(transport_send(transport, &message, &hooks, &result, NULL), 0);
    assert_int_equal(result.kind, RESULT_STOPPED);
    assert_int_equal(count_files(folder, "new", path), 1);
    assert_int_equal(count_files(folder, "tmp", path), 0);
    transport_close(&transport);
    data_remove_folder(&folder);
}

/* In a child with a limit on the size of files: as a full disk. */
static void a_full_disk_leaves_no_half_message(void **state)
{
    char *folder = data_temporary_folder();
    char path[700];
    pid_t child = fork();
    int status;

    (void)state;
    if (child == 0) {
        const struct rlimit limit = {1000, 1000};
        struct transport *transport = open_maildir(folder);
        struct delivery_result result;
        struct error error = {0};
        struct buffer bytes;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &limit);
        buffer_init(&bytes, 1 << 20);
        while (bytes.size < 5000)
            buffer_add_string(&bytes, "line\r\n");
        if (transport_send(transport, &(struct message){"a@b.test", "c@d.test",
                                                        buffer_view(&bytes)},
                           NULL, &result, &error) != -1)
            _exit(1);
        _exit(result.kind == RESULT_RELAY_DOWN && error.kind == ERROR_TEMPORARY &&
                      strstr(error.text, folder)
                  ? 0
                  : 2);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(count_files(folder, "new", path), 0);
    assert_int_equal(count_files(folder, "tmp", path), 0);
    data_remove_folder(&folder);
}

static void a_folder_that_cannot_be_is_told(void **state)
{
    char *folder = data_temporary_folder();
    char *file = file_join(folder, "file"), *inside = file_join(folder, "file/outbox");
    struct transport *transport = NULL;
    struct transport_options options = {.now = fixed_clock};
    struct error error = {0};
    char url[700];

    (void)state;
    assert_int_equal(file_write_atomic(file, VIEW("x"), 0600, &error), 0);
    snprintf(url, sizeof(url), "maildir:%s", inside);
    options.url = url;
    assert_int_equal(transport_open(&options, &transport, &error), -1);
    assert_non_null(strstr(error.text, inside));
    snprintf(url, sizeof(url), "maildir:%s/out", folder);
    assert_int_equal(transport_open(&options, &transport, &error), 0);
    assert_int_equal(transport_check(transport, &error), 0);
    transport_close(&transport);
    free(file);
    free(inside);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_as_maildir_readers_expect),
        cmocka_unit_test(names_are_unique),
        cmocka_unit_test(begin_is_called_before_it_appears),
        cmocka_unit_test(a_full_disk_leaves_no_half_message),
        cmocka_unit_test(a_folder_that_cannot_be_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
