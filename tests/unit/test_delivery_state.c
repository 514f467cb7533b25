#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/delivery_state.h"
#include "unit/data.h"

/* Written out by hand, apart from the table in the source. */
static const struct {
    enum delivery_state from;
    const char *to; /* initials: q c s(ending) S(ent) d f e u k(skipped) */
} allowed[] = {
    {DELIVERY_QUEUED, "cek"},  {DELIVERY_CLAIMED, "sqdfk"}, {DELIVERY_SENDING, "Sdfu"},
    {DELIVERY_SENT, ""},       {DELIVERY_DEFERRED, "cek"},  {DELIVERY_FAILED, ""},
    {DELIVERY_EXPIRED, ""},    {DELIVERY_UNCERTAIN, "qSfe"}, {DELIVERY_SKIPPED, "q"},
};

static const char initials[DELIVERY_STATES + 1] = "qcsSdfeuk";

static void the_table_allows_these_changes_and_no_other(void **state)
{
    (void)state;
    assert_int_equal(sizeof(allowed) / sizeof(allowed[0]), DELIVERY_STATES);
    for (int from = 0; from < DELIVERY_STATES; from++) {
        for (int to = 0; to < DELIVERY_STATES; to++) {
            enum delivery_state changed = (enum delivery_state)from;
            struct error error = {0};
            bool may = view_find_char(view_of(allowed[from].to), initials[to], 0) <
                       view_of(allowed[from].to).size;
            int result = delivery_state_change(&changed, (enum delivery_state)to, &error);

            if (result != (may ? 0 : -1))
                fail_msg("%s to %s", delivery_state_name((enum delivery_state)from),
                         delivery_state_name((enum delivery_state)to));
            assert_int_equal(changed, may ? to : from);
            assert_int_equal(error.kind, may ? ERROR_NONE : ERROR_BUG);
        }
        assert_int_equal(delivery_state_is_final((enum delivery_state)from),
                         allowed[from].to[0] == '\0');
    }
}

static void names_read_back(void **state)
{
    struct view unknown = data_exact("sen");
    enum delivery_state found_state = DELIVERY_SENT;
    enum delivery_kind found_kind = DELIVERY_ANSWER;

    (void)state;
    for (int i = 0; i < DELIVERY_STATES; i++) {
        assert_true(delivery_state_parse(view_of(delivery_state_name((enum delivery_state)i)),
                                         &found_state));
        assert_int_equal(found_state, i);
    }
    for (int i = 0; i < DELIVERY_KINDS; i++) {
        assert_true(delivery_kind_parse(view_of(delivery_kind_name((enum delivery_kind)i)),
                                        &found_kind));
        assert_int_equal(found_kind, i);
    }
    found_state = DELIVERY_SENT;
    assert_false(delivery_state_parse(unknown, &found_state));
    assert_int_equal(found_state, DELIVERY_SENT);
    assert_false(delivery_kind_parse(unknown, &found_kind));
    data_free(unknown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_allows_these_changes_and_no_other),
        cmocka_unit_test(names_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
