/* The table of steps, and what templates/README.md says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "digest/late.h"
#include "unit/data.h"

static bool is_late(struct view name)
{
    for (size_t key = 0; key < LATE_KEYS; key++)
        if (view_equal_string(name, late_entries[key].name) &&
            (late_entries[key].scope == SCOPE_DIGEST || late_entries[key].scope == SCOPE_PAPER))
            return true;
    return view_equal(name, VIEW("subscriber"));
}

static size_t check_row(struct view line)
{
    struct view names, step;
    size_t checked = 0;

    if (!view_starts_with(line, VIEW("| `")) || !view_next_part(&line, '|', &names) ||
        !view_next_part(&line, '|', &names) || !view_next_part(&line, '|', &step))
        return 0;
    step = view_trim(step);
    if (!view_equal(step, VIEW("edition")) && !view_equal(step, VIEW("paper")) &&
        !view_equal(step, VIEW("subscriber")))
        return 0;
    for (size_t at = 0; (at = view_find_char(names, '`', at)) < names.size; checked++) {
        size_t end = view_find_char(names, '`', at + 1);
        struct view name = view_slice(names, at + 1, end);

        if (is_late(name) != view_equal(step, VIEW("subscriber")))
            fail_msg("templates/README.md: the step of %.*s", VIEW_ARGUMENTS(name));
        at = end + 1;
    }
    return checked;
}

static void test_steps(void **state)
{
    struct view readme = data_read("templates/README.md"), rest = readme, line;
    size_t checked = 0;

    (void)state;
    while (view_next_line(&rest, &line))
        checked += check_row(line);
    assert_true(checked > 70);
    data_free(readme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
