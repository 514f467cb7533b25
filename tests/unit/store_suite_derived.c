#include "unit/store_suite_parts.h"

#include <string.h>

#include "store/derived.h"
#include "store/editions.h"
#include "unit/ranked.h"

/* "" when there is none. */
static void check(struct store *store, const char *kind, const char *name, const char *want)
{
    struct buffer bytes;
    struct error error = {0};
    bool found;

    buffer_init(&bytes, 1000);
    MUST(derived_get(store, kind, name, &bytes, &found, &error), error);
    assert_string_equal(buffer_string(&bytes), want);
    assert_int_equal(found, *want != '\0');
    buffer_free(&bytes);
}

static void check_last(struct store *store, const char *kind, const char *up_to, const char *want)
{
    char name[DERIVED_NAME_BYTES + 1] = "";
    struct error error = {0};
    bool found;

    MUST(derived_find_last(store, kind, up_to, name, &found, &error), error);
    assert_string_equal(name, want);
    assert_int_equal(found, *want != '\0');
}

static void check_next(struct store *store, const char *kind, const char *name, const char *want)
{
    char next[DERIVED_NAME_BYTES + 1] = "";
    struct error error = {0};
    bool found;

    MUST(derived_find_next(store, kind, name, next, &found, &error), error);
    assert_string_equal(next, want);
    assert_int_equal(found, *want != '\0');
}

static void put(struct store *store, const char *kind, const char *name, const char *bytes,
                int64_t now_utc)
{
    struct error error = {0};

    MUST(derived_put(store, kind, name, view_of(bytes), now_utc, &error), error);
}

static void derived_bytes_are_kept_by_name(void **state)
{
    struct store *store = suite_open(state);
    struct error error = {0};

    check(store, "a", "x", "");
    put(store, "a", "x", "one", NOW);
    put(store, "a", "x", "two", NOW);
    put(store, "b", "x", "other", NOW);
    check(store, "a", "x", "two");
    MUST(derived_put_first(store, "a", "x", VIEW("three"), NOW, &error), error);
    MUST(derived_put_first(store, "a", "y", VIEW("four"), NOW, &error), error);
    check(store, "a", "x", "two");
    check(store, "a", "y", "four");
    MUST(derived_drop(store, "a", "x", &error), error);
    check(store, "a", "x", "");
    check(store, "b", "x", "other");
    store_close(&store);
}

static void derived_bytes_are_ordered_and_pruned(void **state)
{
    static const char *const names[] = {"2026-01", "2026-02", "2026-03", "2026-04"};
    struct store *store = suite_open(state);
    struct error error = {0};

    check_last(store, "m", "2026-09", "");
    for (size_t i = 0; i < 4; i++)
        put(store, "m", names[i], names[i], NOW + (int64_t)i * DAY);
    put(store, "n", "2026-01", "n", NOW);
    check_last(store, "m", "2026-09", "2026-04");
    check_last(store, "m", "2026-03", "2026-03");
    check_last(store, "m", "2026-02-11", "2026-02");
    check_last(store, "m", "2025-12", "");
    check_next(store, "m", "", "2026-01");
    check_next(store, "m", "2026-01", "2026-02");
    check_next(store, "m", "2026-02-11", "2026-03");
    check_next(store, "m", "2026-04", "");
    MUST(derived_drop_below(store, "m", "2026-02", &error), error);
    check(store, "m", "2026-01", "");
    check(store, "m", "2026-02", "2026-02");
    MUST(derived_keep_last(store, "m", 2, &error), error);
    check(store, "m", "2026-02", "");
    check(store, "m", "2026-03", "2026-03");
    MUST(derived_prune(store, "m", NOW + 3 * DAY, &error), error);
    check(store, "m", "2026-03", "");
    check(store, "m", "2026-04", "2026-04");
    check(store, "n", "2026-01", "n");
    store_close(&store);
}

static void put_edition(struct store *store, struct date date, const char *lines)
{
    struct edition edition = {.date = date, .fetched_utc = NOW};
    struct papers papers;
    struct error error = {0};

    ranked_papers(lines, &papers);
    MUST(store_put_edition(store, &edition, &papers, NULL, &error), error);
    papers_free(&papers);
}

static void check_first_listed(struct store *store, struct date date, size_t from,
                               const char *want)
{
    struct papers papers;
    struct buffer ids;
    struct error error = {0};

    papers_init(&papers);
    buffer_init(&ids, 1000);
    MUST(store_load_first_listed(store, date, from, &papers, &error), error);
    for (size_t i = 0; i < papers.count; i++)
        buffer_printf(&ids, "%s%.*s", i ? " " : "", VIEW_ARGUMENTS(papers.items[i].id));
    assert_string_equal(buffer_string(&ids), want);
    buffer_free(&ids);
    papers_free(&papers);
}

static void each_paper_is_listed_first_once(void **state)
{
    static const struct date monday = {2026, 2, 16}, tuesday = {2026, 2, 17};
    struct store *store = suite_open(state);

    check_first_listed(store, monday, 0, "");
    put_edition(store, monday, "1|a|b\n2|c|d");
    put_edition(store, tuesday, "3|e|f\n1|a|b|||replace\n4|g|h");
    check_first_listed(store, monday, 0, "1 2");
    check_first_listed(store, tuesday, 0, "3 4");
    check_first_listed(store, tuesday, 1, "4");
    check_first_listed(store, tuesday, 3, "");
    put_edition(store, monday, "5|i|j");
    check_first_listed(store, monday, 2, "5");
    store_close(&store);
}

int store_suite_derived_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(derived_bytes_are_kept_by_name),
        cmocka_unit_test(derived_bytes_are_ordered_and_pruned),
        cmocka_unit_test(each_paper_is_listed_first_once),
    };

    return suite_run_tests("derived", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
