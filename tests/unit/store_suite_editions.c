#include "unit/store_suite_parts.h"

#include <string.h>

#include "store/editions.h"
#include "store/prune.h"

static const struct date tuesday = {2026, 2, 17};
static const struct date wednesday = {2026, 2, 18};

/* "2602.00001v2 new cs.LG,cs.DC", one a line, makes papers whose other texts
 * follow from the id and version. */
static void add_papers(struct papers *papers, const char *lines)
{
    struct view rest = view_of(lines), line;

    while (view_next_line(&rest, &line)) {
        struct view id, type, listed, category, categories[8];
        struct view author = VIEW("Ana Müller");
        struct paper paper = {.authors = &author, .author_count = 1, .categories = categories};
        struct buffer title;

        view_next_part(&line, ' ', &id);
        view_next_part(&line, ' ', &type);
        listed = line;
        while (view_next_part(&listed, ',', &category))
            categories[paper.category_count++] = category;
        buffer_init(&title, 1000);
        buffer_printf(&title, "Title of %.*s with $\\alpha$", VIEW_ARGUMENTS(id));
        paper.source_title = buffer_view(&title);
        paper.source_abstract = VIEW("An abstract.");
        paper.version = id.data[id.size - 1] - '0';
        paper.id = view_slice(id, 0, id.size - 2);
        assert_true(announce_type_parse(type, &paper.announce_type));
        paper.date = tuesday;
        papers_add(papers, &paper, NULL);
        buffer_free(&title);
    }
}

static size_t put(struct store *store, struct date date, int64_t now_utc, const char *lines)
{
    static const struct edition_category categories[] = {
        {"cs.LG", 2, 3, EDITION_LATE}, {"cs.DC", 1, -1, EDITION_COMPLETE}};
    struct edition edition = {.date = date, .fetched_utc = now_utc, .state = EDITION_LATE,
                              .note = "cs.LG late", .categories = categories, .category_count = 2};
    struct papers papers;
    struct error error = {0};
    size_t added = 99;

    papers_init(&papers);
    add_papers(&papers, lines);
    MUST(store_put_edition(store, &edition, &papers, &added, &error), error);
    papers_free(&papers);
    return added;
}

/* The papers as add_papers reads them. */
static void check_papers(const struct papers *papers, const char *want)
{
    struct buffer text;

    buffer_init(&text, 1 << 16);
    for (size_t i = 0; i < papers->count; i++) {
        const struct paper *paper = &papers->items[i];

        buffer_printf(&text, "%.*sv%d %s ", VIEW_ARGUMENTS(paper->id), paper->version,
                      announce_type_name(paper->announce_type));
        for (size_t k = 0; k < paper->category_count; k++)
            buffer_printf(&text, "%s%.*s", k ? "," : "", VIEW_ARGUMENTS(paper->categories[k]));
        buffer_add_char(&text, '\n');
    }
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
}

static void check_edition(struct store *store, struct date date, const char *want)
{
    struct papers papers;
    struct error error = {0};

    papers_init(&papers);
    MUST(store_load_edition(store, date, &papers, &error), error);
    check_papers(&papers, want);
    for (size_t i = 0; i < papers.count; i++)
        assert_int_equal(date_compare(papers.items[i].date, date), 0);
    papers_free(&papers);
}

static void editions_come_back_in_feed_order(void **state)
{
    struct store *store = suite_open(state);
    struct papers papers;
    struct error error = {0};

    assert_int_equal(put(store, tuesday, 1000,
                         "2602.00009v1 new cs.LG,stat.ML\n2602.00001v1 cross cs.DC\n"
                         "hep-th/9901001v3 replace hep-th\n"),
                     3);
    check_edition(store, tuesday,
                  "2602.00009v1 new cs.LG,stat.ML\n2602.00001v1 cross cs.DC\n"
                  "hep-th/9901001v3 replace hep-th\n");
    papers_init(&papers);
    MUST(store_load_edition(store, tuesday, &papers, &error), error);
    assert_true(view_equal_string(papers.items[0].source_title,
                                  "Title of 2602.00009v1 with $\\alpha$"));
    assert_true(view_equal_string(papers.items[0].title, "Title of 2602.00009v1 with α"));
    assert_true(view_equal_string(papers.items[0].authors[0], "Ana Müller"));
    papers_free(&papers);
    store_close(&store);
}

static void late_papers_are_appended_and_marked(void **state)
{
    struct store *store = suite_open(state);
    struct papers papers;
    struct error error = {0};
    int64_t late_utc = -1;

    MUST(store_find_last_late(store, tuesday, &late_utc, &error), error);
    assert_int_equal(late_utc, 0);
    put(store, tuesday, 1000, "2602.00002v1 new cs.LG\n2602.00001v1 cross cs.DC\n");
    MUST(store_find_last_late(store, tuesday, &late_utc, &error), error);
    assert_int_equal(late_utc, 0);
    assert_int_equal(put(store, tuesday, 2000,
                         "2602.00003v1 new cs.DC\n2602.00001v2 new cs.LG,cs.DC\n"),
                     1);
    check_edition(store, tuesday,
                  "2602.00002v1 new cs.LG\n2602.00001v2 new cs.DC,cs.LG\n"
                  "2602.00003v1 new cs.DC\n");
    papers_init(&papers);
    MUST(store_load_late_papers(store, tuesday, 1000, &papers, &error), error);
    check_papers(&papers, "2602.00003v1 new cs.DC\n");
    papers_free(&papers);
    assert_int_equal(put(store, tuesday, 3000, "2602.00003v1 new cs.DC\n"), 0);
    MUST(store_find_last_late(store, tuesday, &late_utc, &error), error);
    assert_int_equal(late_utc, 2000);
    store_close(&store);
}

static void a_paper_of_two_days_keeps_what_each_said(void **state)
{
    struct store *store = suite_open(state);
    struct papers papers;
    struct error error = {0};
    bool found = false;

    put(store, tuesday, 1000, "2602.00001v1 new cs.LG\n");
    put(store, wednesday, 2000, "2602.00001v2 replace cs.LG,cs.DC\n");
    check_edition(store, tuesday, "2602.00001v1 new cs.LG,cs.DC\n");
    check_edition(store, wednesday, "2602.00001v2 replace cs.LG,cs.DC\n");
    /* An older version that is announced late does not bring its texts back. */
    put(store, wednesday, 3000, "2602.00001v1 replace-cross cs.AI\n");
    check_edition(store, wednesday, "2602.00001v2 replace cs.LG,cs.DC,cs.AI\n");
    papers_init(&papers);
    MUST(store_find_paper(store, VIEW("2602.00001"), &papers, &found, &error), error);
    assert_true(found);
    assert_true(view_equal_string(papers.items[0].source_title,
                                  "Title of 2602.00001v2 with $\\alpha$"));
    MUST(store_find_paper(store, VIEW("2602.00002"), &papers, &found, &error), error);
    assert_false(found);
    assert_int_equal(papers.count, 1);
    papers_free(&papers);
    store_close(&store);
}

static void what_all_days_said_of_a_paper(void **state)
{
    struct store *store = suite_open(state);
    struct listing listing;
    struct error error = {0};
    bool found = true;

    put(store, tuesday, 1000, "2602.00001v2 replace cs.LG\n");
    MUST(store_find_listing(store, VIEW("2602.00002"), &listing, &found, &error), error);
    assert_false(found);
    MUST(store_find_listing(store, VIEW("2602.00001"), &listing, &found, &error), error);
    assert_true(found);
    assert_int_equal(listing.type, ANNOUNCE_REPLACE);
    assert_int_equal(listing.version, 2);
    put(store, wednesday, 2000, "2602.00001v1 cross cs.LG\n");
    MUST(store_find_listing(store, VIEW("2602.00001"), &listing, &found, &error), error);
    assert_int_equal(listing.type, ANNOUNCE_CROSS);
    assert_int_equal(listing.version, 2);
    store_close(&store);
}

static void editions_are_listed_newest_first(void **state)
{
    static const struct edition_category later = {"cs.LG", 3, 3, EDITION_COMPLETE};
    struct edition merged = {.date = wednesday, .estimated = true, .fetched_utc = 3000,
                             .state = EDITION_COMPLETE, .categories = &later,
                             .category_count = 1};
    struct store *store = suite_open(state);
    struct edition_list list;
    struct papers none = {0};
    struct error error = {0};

    put(store, wednesday, 1000, "2602.00001v1 new cs.LG\n2602.00002v1 new cs.LG\n");
    put(store, tuesday, 1000, "2602.00001v1 new cs.LG\n");
    MUST(store_put_edition(store, &merged, &none, NULL, &error), error);
    MUST(store_list_editions(store, (struct date){0}, SIZE_MAX, &list, &error), error);
    assert_int_equal(list.count, 2);
    assert_int_equal(date_compare(list.items[0].date, wednesday), 0);
    assert_int_equal(list.items[0].paper_count, 2);
    assert_int_equal(list.items[0].state, EDITION_COMPLETE);
    assert_int_equal(list.items[0].fetched_utc, 3000);
    assert_true(list.items[0].estimated);
    assert_null(list.items[0].note);
    assert_int_equal(list.items[0].category_count, 2);
    assert_string_equal(list.items[0].categories[0].name, "cs.DC");
    assert_int_equal(list.items[0].categories[0].known, -1);
    assert_int_equal(list.items[0].categories[1].state, EDITION_COMPLETE);
    assert_int_equal(list.items[1].categories[1].state, EDITION_LATE);
    assert_int_equal(list.items[1].categories[1].known, 3);
    assert_string_equal(list.items[1].note, "cs.LG late");
    edition_list_free(&list);
    MUST(store_list_editions(store, wednesday, 5, &list, &error), error);
    assert_int_equal(list.count, 1);
    edition_list_free(&list);
    MUST(store_list_editions(store, (struct date){0}, 1, &list, &error), error);
    assert_int_equal(list.count, 1);
    edition_list_free(&list);
    edition_list_free(&list);
    store_close(&store);
}

static void an_edition_that_fails_leaves_nothing(void **state)
{
    static const struct edition_category bad = {NULL, 1, 1, EDITION_COMPLETE};
    struct edition edition = {.date = tuesday, .fetched_utc = 1, .categories = &bad,
                              .category_count = 1};
    struct store *store = suite_open(state);
    struct edition_list list;
    struct papers papers;
    struct error error = {0};

    papers_init(&papers);
    add_papers(&papers, "2602.00001v1 new cs.LG\n");
    assert_int_equal(store_put_edition(store, &edition, &papers, NULL, &error), -1);
    papers_free(&papers);
    MUST(store_list_editions(store, (struct date){0}, 9, &list, &error), error);
    assert_int_equal(list.count, 0);
    edition_list_free(&list);
    store_close(&store);
}

static void what_came_before_is_seen(void **state)
{
    static const struct {
        const char *paper;
        struct date date;
        bool want;
    } cases[] = {
        {"2602.00001v1 new cs.LG", {2026, 2, 18}, true},
        {"2602.00001v1 new cs.LG", {2026, 2, 17}, false}, /* not earlier */
        {"2602.00001v2 replace cs.LG", {2026, 2, 18}, false},
        {"2602.00001v1 cross cs.LG", {2026, 2, 18}, false},
        {"2602.00001v1 new cs.LG,cs.AI", {2026, 2, 18}, false},
        {"2602.00009v1 new cs.LG", {2026, 2, 18}, false},
    };
    struct store *store = suite_open(state);
    struct error error = {0};

    put(store, tuesday, 1000, "2602.00001v1 new cs.LG,cs.DC\n2602.00002v3 replace cs.DC\n");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsigned char seen[1] = {7};
        struct papers papers;

        papers_init(&papers);
        add_papers(&papers, cases[i].paper);
        MUST(store_find_seen(store, &papers, cases[i].date, seen, &error), error);
        assert_int_equal(seen[0], cases[i].want);
        papers_free(&papers);
    }
    store_close(&store);
}

static void one_edition_is_found(void **state)
{
    struct store *store = suite_open(state);
    struct edition_list list;
    struct error error = {0};

    put(store, tuesday, 1000, "2602.00001v1 new cs.LG\n");
    put(store, wednesday, 2000, "2602.00002v1 new cs.LG\n2602.00003v1 new cs.LG\n");
    MUST(store_find_edition(store, tuesday, &list, &error), error);
    assert_int_equal(list.count, 1);
    assert_int_equal(date_compare(list.items[0].date, tuesday), 0);
    assert_int_equal(list.items[0].paper_count, 1);
    edition_list_free(&list);
    MUST(store_find_edition(store, (struct date){2026, 2, 16}, &list, &error), error);
    assert_int_equal(list.count, 0);
    edition_list_free(&list);
    store_close(&store);
}

static void what_is_old_goes(void **state)
{
    struct store *store = suite_open(state);
    const int64_t monday_utc = time_from_date((struct date){2026, 2, 16}, 0, 0, 0);
    struct delivery_batch batch;
    struct pruned pruned;
    struct error error = {0};
    struct papers papers;
    bool found = true;

    put(store, tuesday, monday_utc, "2602.00001v1 new cs.LG\n2602.00002v1 new cs.LG\n");
    put(store, wednesday, monday_utc + 2 * DAY, "2602.00002v2 replace cs.LG\n");
    suite_add_at(store, DELIVERY_DIGEST, "ada", "sent", NOW);
    suite_add_at(store, DELIVERY_DIGEST, "ada", "waits", NOW + 5 * DAY);
    batch = suite_claim_at(store, "w", NOW, 1);
    suite_finish(store, &batch.items[0], DELIVERY_SENT);
    delivery_batch_free(&batch);

    MUST(store_prune(store, &(struct prune_limits){tuesday, NOW}, &pruned, &error), error);
    assert_int_equal(pruned.editions + pruned.papers + pruned.deliveries, 0);
    MUST(store_prune(store, &(struct prune_limits){wednesday, INT64_MAX}, &pruned, &error), error);
    assert_int_equal(pruned.editions, 1);
    assert_int_equal(pruned.papers, 1); /* the other one has a later edition */
    assert_int_equal(pruned.deliveries, 1);
    suite_check_counts(store, "queued 1");
    check_edition(store, wednesday, "2602.00002v2 replace cs.LG\n");
    papers_init(&papers);
    MUST(store_find_paper(store, VIEW("2602.00001"), &papers, &found, &error), error);
    assert_false(found);
    papers_free(&papers);
    store_close(&store);
}

static void an_edition_that_is_not_there_is_missing(void **state)
{
    struct store *store = suite_open(state);
    struct papers papers;
    struct error error = {0};

    papers_init(&papers);
    assert_int_equal(store_load_edition(store, tuesday, &papers, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    assert_string_equal(error.text, "no edition of 2026-02-17 is stored");
    papers_free(&papers);
    store_close(&store);
}

int store_suite_editions_run(const struct store_opener *opener)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(editions_come_back_in_feed_order),
        cmocka_unit_test(late_papers_are_appended_and_marked),
        cmocka_unit_test(a_paper_of_two_days_keeps_what_each_said),
        cmocka_unit_test(what_all_days_said_of_a_paper),
        cmocka_unit_test(editions_are_listed_newest_first),
        cmocka_unit_test(an_edition_that_fails_leaves_nothing),
        cmocka_unit_test(what_came_before_is_seen),
        cmocka_unit_test(one_edition_is_found),
        cmocka_unit_test(what_is_old_goes),
        cmocka_unit_test(an_edition_that_is_not_there_is_missing),
    };

    return suite_run_tests("editions", tests, sizeof(tests) / sizeof(tests[0]), opener);
}
