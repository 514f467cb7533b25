#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "papers/completeness.h"
#include "unit/data.h"

static const char *const names[EDITION_STATES] = {"complete", "late", "stale", "empty", "failed"};

/* "+cs.LG,cs.AI -cs.DC": a paper a word, '-' for one seen before. */
static size_t add_papers(struct papers *papers, const char *text, unsigned char *seen)
{
    struct view rest = view_of(text), word, category, categories[8];
    size_t count = 0;

    while (view_next_part(&rest, ' ', &word)) {
        struct paper paper = {.categories = categories};
        struct buffer id;

        if (!word.size)
            continue;
        seen[count] = word.data[0] == '-';
        word = view_slice(word, 1, word.size);
        while (view_next_part(&word, ',', &category))
            categories[paper.category_count++] = category;
        buffer_init(&id, 64);
        buffer_printf(&id, "2602.%05zu", ++count);
        paper.id = buffer_view(&id);
        papers_add(papers, &paper, NULL);
        buffer_free(&id);
    }
    return count;
}

/* "cs.LG:whole:0 cs.AI:cut:1": category, answer, request. */
static size_t add_categories(const char *text, struct completeness_category *categories,
                             char room[8][32])
{
    struct view rest = view_of(text), word, part;
    size_t count = 0;

    while (view_next_part(&rest, ' ', &word)) {
        struct completeness_category *category = &categories[count];

        view_next_part(&word, ':', &part);
        memcpy(room[count], part.data, part.size);
        room[count][part.size] = '\0';
        *category = (struct completeness_category){.name = room[count]};
        view_next_part(&word, ':', &part);
        category->answer = view_equal(part, VIEW("cut"))      ? ANSWER_CUT
                           : view_equal(part, VIEW("failed")) ? ANSWER_FAILED
                           : view_equal(part, VIEW("same"))   ? ANSWER_UNCHANGED
                                                              : ANSWER_WHOLE;
        view_next_part(&word, ':', &part);
        category->request = (size_t)(part.data[0] - '0');
        count++;
    }
    return count;
}

static void feeds_are_judged(void **state)
{
    static const struct {
        const char *name, *papers, *asked, *want;
    } cases[] = {
        {"a first day", "+cs.LG +cs.AI,cs.LG", "cs.AI:whole:0 cs.LG:whole:0",
         "complete: cs.AI complete 1/1, cs.LG complete 2/2"},
        {"a small category is absent", "+cs.LG", "cs.LG:whole:0 cs.OS:whole:0",
         "complete: cs.LG complete 1/1, cs.OS empty 0/0"},
        {"yesterday's batch", "-cs.LG -cs.AI", "cs.AI:whole:0 cs.LG:whole:0 cs.OS:whole:0",
         "stale: cs.AI stale 0/-1, cs.LG stale 0/-1, cs.OS stale 0/-1"},
        {"one unseen paper shows that it is fresh", "-cs.LG +cs.LG", "cs.LG:whole:0",
         "complete: cs.LG complete 2/2"},
        {"a part is stale", "-cs.AI +cs.LG", "cs.AI:whole:0 cs.LG:whole:0",
         "late: cs.AI stale 0/-1, cs.LG complete 1/1"},
        {"nothing at all", "", "cs.AI:whole:0 cs.LG:whole:0",
         "empty: cs.AI empty 0/0, cs.LG empty 0/0"},
        {"cut", "+cs.LG", "cs.AI:cut:0 cs.LG:cut:0", "late: cs.AI late 0/-1, cs.LG late 1/-1"},
        {"cut and stale", "-cs.LG", "cs.LG:cut:0", "stale: cs.LG stale 0/-1"},
        {"cut before the first paper", "", "cs.LG:cut:0", "late: cs.LG late 0/-1"},
        {"one request failed", "+cs.AI", "cs.AI:whole:0 cs.LG:failed:1",
         "late: cs.AI complete 1/1, cs.LG failed 0/-1"},
        {"all failed", "", "cs.AI:failed:0 cs.LG:failed:1",
         "failed: cs.AI failed 0/-1, cs.LG failed 0/-1"},
        {"one request stale, another not", "+cs.AI -cs.LG",
         "cs.AI:whole:0 cs.LG:whole:1 cs.OS:whole:1",
         "late: cs.AI complete 1/1, cs.LG stale 0/-1, cs.OS stale 0/-1"},
        {"an archive takes its categories", "+cs.AI +csx.A", "cs:whole:0",
         "complete: cs complete 1/1"},
        {"empty here, failed there", "", "cs.AI:whole:0 cs.LG:failed:1",
         "failed: cs.AI empty 0/0, cs.LG failed 0/-1"},
        {"nothing new since yesterday", "", "cs.AI:same:0", "stale: cs.AI stale 0/-1"},
        {"no categories", "+cs.LG", "", "empty:"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct completeness_category categories[8];
        struct papers papers;
        struct buffer text;
        unsigned char seen[16];
        char room[8][32];
        size_t count;

        papers_init(&papers);
        add_papers(&papers, cases[i].papers, seen);
        count = *cases[i].asked ? add_categories(cases[i].asked, categories, room) : 0;
        buffer_init(&text, 4096);
        buffer_printf(&text, "%s:", names[completeness_judge(&papers, seen, categories, count)]);
        for (size_t j = 0; j < count; j++)
            buffer_printf(&text, "%s %s %s %ld/%ld", j ? "," : "", categories[j].name,
                          names[categories[j].state], categories[j].received, categories[j].known);
        if (strcmp(buffer_string(&text), cases[i].want) != 0)
            print_message("%s\n", cases[i].name);
        assert_string_equal(buffer_string(&text), cases[i].want);
        buffer_free(&text);
        papers_free(&papers);
    }
}

static void only_stale_categories_leave_papers_over(void **state)
{
    struct completeness_category categories[] = {
        {.name = "cs.AI", .state = EDITION_STALE}, {.name = "cs.LG", .state = EDITION_COMPLETE}};
    struct view stale[] = {VIEW("cs.AI"), VIEW("cs.CV")}, both[] = {VIEW("cs.AI"), VIEW("cs.LG")},
                other[] = {VIEW("cs.CV")};

    (void)state;
    assert_true(completeness_is_left_over(
        &(struct paper){.categories = stale, .category_count = 2}, categories, 2));
    assert_false(completeness_is_left_over(
        &(struct paper){.categories = both, .category_count = 2}, categories, 2));
    assert_false(completeness_is_left_over(
        &(struct paper){.categories = other, .category_count = 1}, categories, 2));
}

static void what_came_stays(void **state)
{
    static const struct {
        enum edition_state before, now, want;
    } cases[] = {
        {EDITION_COMPLETE, EDITION_FAILED, EDITION_COMPLETE},
        {EDITION_COMPLETE, EDITION_LATE, EDITION_COMPLETE},
        {EDITION_COMPLETE, EDITION_STALE, EDITION_COMPLETE},
        {EDITION_LATE, EDITION_COMPLETE, EDITION_COMPLETE},
        {EDITION_LATE, EDITION_EMPTY, EDITION_LATE},
        {EDITION_EMPTY, EDITION_COMPLETE, EDITION_COMPLETE},
        {EDITION_EMPTY, EDITION_FAILED, EDITION_EMPTY},
        {EDITION_STALE, EDITION_EMPTY, EDITION_EMPTY},
        {EDITION_FAILED, EDITION_STALE, EDITION_STALE},
        {EDITION_FAILED, EDITION_FAILED, EDITION_FAILED},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(completeness_merge(cases[i].before, cases[i].now), cases[i].want);
}

static void arxiv_is_asked_when_it_makes_sense(void **state)
{
    static const struct {
        const char *name;
        const char *date;
        int minutes;
        bool has_edition;
        enum edition_state state;
        int64_t age; /* seconds since it was last asked */
        bool lacks, want;
    } cases[] = {
        {"before the feeds are rebuilt", "2026-02-17", 4, false, 0, 0, false, false},
        {"when they are", "2026-02-17", 5, false, 0, 0, false, true},
        {"late in the evening", "2026-02-17", 1439, false, 0, 0, false, true},
        {"Saturday", "2026-02-21", 600, false, 0, 0, false, false},
        {"Sunday", "2026-02-22", 1439, false, 0, 0, true, false},
        {"Monday", "2026-02-23", 5, false, 0, 0, false, true},
        {"complete", "2026-02-17", 600, true, EDITION_COMPLETE, 86400, false, false},
        {"complete, and somebody asks for more", "2026-02-17", 600, true, EDITION_COMPLETE, 60, true,
         true},
        {"failed a moment ago", "2026-02-17", 600, true, EDITION_FAILED, 60, false, false},
        {"failed at the last run", "2026-02-17", 600, true, EDITION_FAILED, 14 * 60, false, true},
        {"late", "2026-02-17", 100, true, EDITION_LATE, 14 * 60, false, true},
        {"late for hours", "2026-02-17", 120, true, EDITION_LATE, 45 * 60, false, false},
        {"late for hours, later", "2026-02-17", 600, true, EDITION_LATE, 60 * 60, false, true},
        {"stale", "2026-02-17", 600, true, EDITION_STALE, 15 * 60, false, false},
        {"stale for half an hour", "2026-02-17", 600, true, EDITION_STALE, 30 * 60, false, true},
        {"empty", "2026-02-17", 600, true, EDITION_EMPTY, 45 * 60, false, false},
        {"empty for an hour", "2026-02-17", 600, true, EDITION_EMPTY, 60 * 60, false, true},
        {"a holiday, first", "2026-01-19", 5, false, 0, 0, false, true},
        {"a holiday, empty", "2026-01-19", 600, true, EDITION_EMPTY, 3 * 3600, false, false},
        {"a holiday, later", "2026-01-19", 600, true, EDITION_STALE, 4 * 3600, false, true},
        {"a holiday, failed", "2026-01-19", 600, true, EDITION_FAILED, 15 * 60, false, true},
        {"the clock was put back", "2026-02-17", 600, true, EDITION_EMPTY, -60, false, true},
    };
    struct holiday_table holidays = {0};
    struct error error;

    (void)state;
    assert_int_equal(holidays_parse("x", VIEW("2026-01-19"), &holidays, &error), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct completeness_moment moment = {
            .minutes = cases[i].minutes,
            .now_utc = 1000000000,
            .has_edition = cases[i].has_edition,
            .state = cases[i].state,
            .fetched_utc = 1000000000 - cases[i].age,
            .lacks_category = cases[i].lacks,
        };

        assert_true(date_parse(view_of(cases[i].date), &moment.date));
        if (completeness_is_due(&moment, &holidays) != cases[i].want)
            fail_msg("%s", cases[i].name);
    }
    holidays_free(&holidays);
}

static void a_day_is_awaited_while_its_papers_may_come(void **state)
{
    static const struct {
        const char *name;
        const char *date;
        int minutes;
        bool has_edition;
        enum edition_state state;
        bool want;
    } cases[] = {
        {"nothing yet", "2026-02-17", 5, false, 0, true},
        {"nothing yet in the evening", "2026-02-17", 1300, false, 0, true},
        {"a weekend", "2026-02-21", 5, false, 0, false},
        {"a holiday", "2026-01-19", 5, true, EDITION_STALE, false},
        {"stale", "2026-02-17", 600, true, EDITION_STALE, true},
        {"failed", "2026-02-17", 1300, true, EDITION_FAILED, true},
        {"empty in the morning", "2026-02-17", 600, true, EDITION_EMPTY, true},
        {"empty at noon", "2026-02-17", 720, true, EDITION_EMPTY, false},
        {"there", "2026-02-17", 5, true, EDITION_COMPLETE, false},
        {"there in part", "2026-02-17", 5, true, EDITION_LATE, false},
    };
    struct holiday_table holidays = {0};
    struct error error;

    (void)state;
    assert_int_equal(holidays_parse("x", VIEW("2026-01-19"), &holidays, &error), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct completeness_moment moment = {.minutes = cases[i].minutes,
                                             .has_edition = cases[i].has_edition,
                                             .state = cases[i].state};

        assert_true(date_parse(view_of(cases[i].date), &moment.date));
        if (completeness_is_awaited(&moment, &holidays) != cases[i].want)
            fail_msg("%s", cases[i].name);
    }
    holidays_free(&holidays);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feeds_are_judged),
        cmocka_unit_test(only_stale_categories_leave_papers_over),
        cmocka_unit_test(what_came_stays),
        cmocka_unit_test(arxiv_is_asked_when_it_makes_sense),
        cmocka_unit_test(a_day_is_awaited_while_its_papers_may_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
