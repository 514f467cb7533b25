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
        cmocka_unit_test(reading_has_a_cap),
        cmocka_unit_test(paths_are_joined),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
