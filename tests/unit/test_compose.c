/* What a composer tells the worker of a profile that cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/utf8.h"
#include "commands/compose.h"
#include "unit/data.h"

/* In a folder with such a name (an "x" first moves the cut by one byte) the reason is too long. */
static void compose_in(const char *folder, const char *name)
{
    struct site site = {0};
    struct composer composer;
    struct composed composed = {0};
    struct error error = {0};
    struct delivery delivery = {.kind = DELIVERY_DIGEST, .slot = "2026-02-17"};
    char outer[600], inner[1000], path[1200];

    snprintf(outer, sizeof(outer), "%s/%s", folder, name);
    snprintf(inner, sizeof(inner), "%s/%s", outer, name[0] == 'x' ? name + 1 : name);
    snprintf(path, sizeof(path), "%s/ada@example.test.json", inner);
    assert_int_equal(mkdir(outer, 0700), 0);
    assert_int_equal(mkdir(inner, 0700), 0);
    assert_int_equal(file_write_atomic(path, VIEW("{"), 0600, &error), 0);
    site.configuration.subscribers = inner;
    delivery.subscriber = "ada@example.test";
    composer_init(&composer, &site);
    assert_int_equal(composer_compose(&composer, &delivery, &composed, &error), 0);
    assert_int_equal(composed.verdict, COMPOSE_DEFER);
    assert_in_range(strlen(composed.reason), sizeof(composed.reason) - 4,
                    sizeof(composed.reason) - 1);
    assert_true(utf8_is_valid(view_of(composed.reason)));
    composer_free(&composer);
}

/* PostgreSQL keeps no half of a character. */
static void a_long_reason_is_cut_between_characters(void **state)
{
    char *folder = data_temporary_folder();
    char name[256];

    (void)state;
    for (size_t first = 0; first < 2; first++) {
        memset(name, 'x', first);
        name[first] = '\0';
        for (size_t at = first; at + 2 < 200; at += 2)
            memcpy(name + at, "\xC3\xA4", 3);
        compose_in(folder, name);
    }
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_reason_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
