#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "unit/data.h"

static void writing_is_atomic_and_private(void **state)
{
    char *folder = data_temporary_folder(), *path = file_join(folder, "a/b/profile.json");
    char *parent = file_folder_of(path);
    struct error error = {0};
    struct buffer bytes;
    struct stat status;

    (void)state;
    buffer_init(&bytes, 100);
    assert_int_equal(file_write_atomic(path, VIEW("x"), 0600, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_int_equal(file_make_folder(parent, 0700, &error), 0);
    assert_int_equal(file_make_folder(parent, 0700, &error), 0);
    assert_int_equal(file_create_atomic(path, VIEW("one"), 0600, &error), 0);
    assert_int_equal(file_create_atomic(path, VIEW("two"), 0600, &error), -1);
    assert_int_equal(error.kind, ERROR_CONFLICT);
    assert_int_equal(file_write_atomic(path, VIEW("three"), 0640, &error), 0);
    assert_int_equal(file_read(path, &bytes, &error), 0);
    assert_string_equal(buffer_string(&bytes), "three");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0640);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(parent), 0); /* no temporary file was left */
    buffer_free(&bytes);
    free(path);
    free(parent);
    data_remove_folder(&folder);
}

static void a_folder_has_its_mode_whatever_the_umask(void **state)
{
    char *folder = data_temporary_folder(), *path = file_join(folder, "a/b");
    mode_t umask_before = umask(077);
    struct error error = {0};
    struct stat status;

    (void)state;
    assert_int_equal(file_make_folder(path, 0755, &error), 0);
    umask(umask_before);
    for (size_t end = strlen(path); end > strlen(folder); path[end -= 2] = '\0') {
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0755);
    }
    free(path);
    data_remove_folder(&folder);
}

static void only_leftovers_go(void **state)
{
    static const struct {
        const char *name;
        bool goes;
    } cases[] = {{".paperboy-a1B2c3", true},   {".paperboy-a1B2c", false}, {".paperboy-a1B2c34", false},
                 {".paperboy-a1B2.3", false},  {"paperboy-a1B2c3", false}, {"index.html", false},
                 {".paperboyrc-a1B2", false}};
    char *folder = data_temporary_folder(), *link = file_join(folder, ".paperboy-link00");
    struct error error = {0};
    struct stat status;

    (void)state;
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
            char *path = file_join(folder, cases[i].name);

            assert_int_equal(file_write_atomic(path, VIEW("x"), 0600, &error), 0);
            assert_int_equal(stat(path, &status), 0);
            /* First none is old enough. */
            file_drop_leftovers(folder, status.st_mtim.tv_sec + round);
            assert_int_equal(file_exists(path), round == 0 || !cases[i].goes);
            free(path);
        }
    assert_int_equal(symlink("index.html", link), 0);
    file_drop_leftovers(folder, INT64_MAX);
    assert_true(file_exists(link));
    free(link);
    data_remove_folder(&folder);
}

static void reading_has_a_cap(void **state)
{
    char *folder = data_temporary_folder(), *path = file_join(folder, "big");
    struct error error = {0};
    struct buffer bytes;

    (void)state;
    buffer_init(&bytes, 3);
    assert_int_equal(file_read(path, &bytes, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_int_equal(file_write_atomic(path, VIEW("four"), 0600, &error), 0);
    assert_int_equal(file_read(path, &bytes, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    assert_non_null(strstr(error.text, "larger than 3 bytes"));
    buffer_free(&bytes);
    free(path);
    data_remove_folder(&folder);
}

static void paths_are_joined(void **state)
{
    static const struct {
        const char *folder, *name, *want;
    } cases[] = {{"a", "b", "a/b"}, {"a/", "b", "a/b"},   {"a", "/b", "/b"},
                 {"", "b", "b"},    {NULL, "b/c", "b/c"}, {"/", "b", "/b"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path = file_join(cases[i].folder, cases[i].name);

        assert_string_equal(path, cases[i].want);
        free(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writing_is_atomic_and_private),
        cmocka_unit_test(a_folder_has_its_mode_whatever_the_umask),
        cmocka_unit_test(only_leftovers_go),
        cmocka_unit_test(reading_has_a_cap),
        cmocka_unit_test(paths_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
