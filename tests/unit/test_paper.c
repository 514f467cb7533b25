#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/feed.h"
#include "papers/paper.h"
#include "unit/data.h"

enum { PARTS = 8 };

/* A paper as tests write it down: lists are separated by ';'. */
struct plain_paper {
    const char *id;
    int version;
    const char *title;
    const char *abstract;
    const char *authors;
    const char *categories;
    enum announce_type type;
};

static size_t split(const char *text, struct view parts[PARTS])
{
    struct view rest = view_of(text), part;
    size_t count = 0;

    while (count < PARTS && rest.size && view_next_part(&rest, ';', &part))
        parts[count++] = part;
    return count;
}

/* From exact copies that are gone afterwards, so that a borrowed view shows. */
static bool add(struct papers *papers, const struct plain_paper *plain)
{
    struct view authors[PARTS], categories[PARTS];
    struct view id = data_exact(plain->id), title = data_exact(plain->title);
    struct view abstract = data_exact(plain->abstract);
    struct paper paper = {
        .id = id,
        .version = plain->version,
        .source_title = title,
        .source_abstract = abstract,
        .authors = authors,
        .author_count = split(plain->authors, authors),
        .categories = categories,
        .category_count = split(plain->categories, categories),
        .announce_type = plain->type,
    };
    bool is_new = false;

    papers_add(papers, &paper, &is_new);
    data_free(id);
    data_free(title);
    data_free(abstract);
    return is_new;
}

static void join(const struct view *parts, size_t count, char out[200])
{
    size_t at = 0;

    out[0] = '\0';
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(out + at, 200 - at, "%s%.*s", i ? ";" : "",
                               VIEW_ARGUMENTS(parts[i]));
}

static void check(const struct paper *paper, const struct plain_paper *want)
{
    char text[200];

    assert_true(view_equal_string(paper->id, want->id));
    assert_int_equal(paper->version, want->version);
    assert_true(view_equal_string(paper->source_title, want->title));
    assert_true(view_equal_string(paper->source_abstract, want->abstract));
    join(paper->authors, paper->author_count, text);
    assert_string_equal(text, want->authors);
    join(paper->categories, paper->category_count, text);
    assert_string_equal(text, want->categories);
    assert_int_equal(paper->announce_type, want->type);
}

static void test_merge(void **state)
{
    static const struct {
        const char *name;
        struct plain_paper first, second, want;
    } cases[] = {
        {"categories are united, the primary one stays in front",
         {"1", 1, "T", "A", "B", "cs.LG;cs.AI", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "B", "cs.AI;stat.ML", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "B", "cs.LG;cs.AI;stat.ML", ANNOUNCE_NEW}},
        {"new wins over cross",
         {"1", 1, "T", "A", "", "", ANNOUNCE_CROSS},
         {"1", 1, "T", "A", "", "", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "", "", ANNOUNCE_NEW}},
        {"and stays it",
         {"1", 1, "T", "A", "", "", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "", "", ANNOUNCE_CROSS},
         {"1", 1, "T", "A", "", "", ANNOUNCE_NEW}},
        {"replace wins over replace-cross",
         {"1", 2, "T", "A", "", "", ANNOUNCE_REPLACE_CROSS},
         {"1", 2, "T", "A", "", "", ANNOUNCE_REPLACE},
         {"1", 2, "T", "A", "", "", ANNOUNCE_REPLACE}},
        {"a higher version brings texts and authors",
         {"1", 1, "T", "A", "B", "x", ANNOUNCE_NEW},
         {"1", 3, "T3", "A3", "B;C", "x", ANNOUNCE_REPLACE},
         {"1", 3, "T3", "A3", "B;C", "x", ANNOUNCE_NEW}},
        {"a lower one does not",
         {"1", 3, "T3", "A3", "B", "x", ANNOUNCE_REPLACE},
         {"1", 2, "T", "A", "C", "y", ANNOUNCE_REPLACE},
         {"1", 3, "T3", "A3", "B", "x;y", ANNOUNCE_REPLACE}},
        {"a higher version without authors leaves those that are known",
         {"1", 1, "T", "A", "B", "", ANNOUNCE_NEW},
         {"1", 2, "T2", "", "", "", ANNOUNCE_REPLACE},
         {"1", 2, "T2", "", "B", "", ANNOUNCE_NEW}},
        {"what was missing is filled in",
         {"1", 1, "T", "", "", "", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "B", "", ANNOUNCE_NEW},
         {"1", 1, "T", "A", "B", "", ANNOUNCE_NEW}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct papers papers;

        print_message("%s\n", cases[i].name);
        papers_init(&papers);
        assert_true(add(&papers, &cases[i].first));
        assert_false(add(&papers, &cases[i].second));
        assert_int_equal(papers.count, 1);
        check(&papers.items[0], &cases[i].want);
        papers_free(&papers);
    }
}

/* Order of arrival, and every id found again, for a day's worth and more. */
static void test_many(void **state)
{
    enum { COUNT = 5000 };
    struct papers papers;
    char id[32];

    (void)state;
    papers_init(&papers);
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof(id), "2602.%05d", i * 7 % COUNT);
        assert_true(add(&papers, &(struct plain_paper){id, 1, id, "", "", "cs.LG", ANNOUNCE_NEW}));
    }
    assert_int_equal(papers.count, COUNT);
    for (int i = 0; i < COUNT; i++) {
        snprintf(id, sizeof(id), "2602.%05d", i * 7 % COUNT);
        assert_int_equal(papers_find(&papers, view_of(id)), i);
        assert_true(view_equal_string(papers.items[i].title, id));
    }
    assert_int_equal(papers_find(&papers, VIEW("2602.0000")), COUNT);
    assert_int_equal(papers_find(&papers, (struct view){NULL, 0}), COUNT);
    papers_free(&papers);
    papers_free(&papers);
}

static void test_unicode(void **state)
{
    static const struct plain_paper plain = {
        "1", 1, "On Poincar\\'e", "Kra{\\ss} and plain", "S{\\o}ren \\v{S}uppa;A. Bee", "",
        ANNOUNCE_NEW};
    struct papers papers;
    struct paper *paper;

    (void)state;
    papers_init(&papers);
    add(&papers, &plain);
    paper = &papers.items[0];
    assert_true(view_equal(paper->source_title, VIEW("On Poincar\\'e")));
    assert_true(view_equal(paper->title, VIEW("On Poincaré")));
    assert_true(view_equal(paper->source_abstract, VIEW("Kra{\\ss} and plain")));
    assert_true(view_equal(paper->abstract, VIEW("Kraß and plain")));
    assert_true(view_equal(paper->authors[0], VIEW("Søren Šuppa")));
    papers_free(&papers);
}

/* A thousand categories of one paper would make every look at it slow. */
static void test_category_limit(void **state)
{
    struct papers papers;
    char name[16];

    (void)state;
    papers_init(&papers);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof(name), "c%d", i);
        add(&papers, &(struct plain_paper){"1", 1, "T", "", "", name, ANNOUNCE_NEW});
    }
    assert_int_equal(papers.items[0].category_count, PAPER_CATEGORIES);
    assert_true(view_equal(papers.items[0].categories[63], VIEW("c63")));
    papers_free(&papers);
}

static void test_id(void **state)
{
    char longest[PAPER_ID_BYTES + 2];

    (void)state;
    memset(longest, 'x', sizeof(longest));
    assert_true(paper_id_is_valid(VIEW("2602.13531")));
    assert_true(paper_id_is_valid(VIEW("hep-th/9901001")));
    assert_true(paper_id_is_valid((struct view){longest, PAPER_ID_BYTES}));
    assert_false(paper_id_is_valid((struct view){longest, PAPER_ID_BYTES + 1}));
    assert_false(paper_id_is_valid((struct view){NULL, 0}));
    assert_true(paper_id_is_valid(VIEW("a b")));
    assert_true(paper_id_is_valid(VIEW("caf\xC3\xA9")));
    assert_false(paper_id_is_valid(VIEW("a\n")));
    assert_false(paper_id_is_valid(VIEW("\x7F")));
    assert_false(paper_id_is_valid(VIEW("a\xC2\x85")));
    assert_false(paper_id_is_valid(VIEW("caf\xC3")));
}

static void test_announce_types(void **state)
{
    static const char *const names[] = {"new", "cross", "replace", "replace-cross"};
    enum announce_type type;

    (void)state;
    for (int i = 0; i < 4; i++) {
        assert_string_equal(announce_type_name((enum announce_type)i), names[i]);
        assert_true(announce_type_parse(view_of(names[i]), &type));
        assert_int_equal(type, i);
    }
    assert_true(announce_type_parse(VIEW("New"), &type));
    assert_false(announce_type_parse(VIEW("replaced"), &type));
    assert_false(announce_type_parse(VIEW(""), &type));
}

/* What paper_write_jsonl writes is valid, one line, and reads back the same. */
static void test_write(void **state)
{
    static const struct plain_paper plain = {"hep-th/9901001",
                                             2,
                                             "A \"quote\" \\alpha \xF0\x9D\x94\xB8",
                                             "$x<y$ \\& caf\xC3\xA9 \\\"o \xE2\x80\x94",
                                             "A. Bee;\xC3\x89. Sea",
                                             "hep-th;math-ph",
                                             ANNOUNCE_REPLACE_CROSS};
    struct papers papers, again;
    struct feed_report report;
    struct error error = {0};
    struct buffer first, second;

    (void)state;
    buffer_init(&first, 4096);
    buffer_init(&second, 4096);
    papers_init(&papers);
    papers_init(&again);
    add(&papers, &plain);
    papers.items[0].date = (struct date){2026, 2, 17};
    paper_write_jsonl(&papers.items[0], &first);
    assert_string_equal(
        buffer_string(&first),
        "{\"id\":\"hep-th/9901001\",\"version\":2,"
        "\"title\":\"A \\\"quote\\\" \\\\alpha \xF0\x9D\x94\xB8\","
        "\"authors\":[\"A. Bee\",\"\xC3\x89. Sea\"],"
        "\"abstract\":\"$x<y$ \\\\& caf\xC3\xA9 \\\\\\\"o \xE2\x80\x94\","
        "\"categories\":[\"hep-th\",\"math-ph\"],"
        "\"announce_type\":\"replace-cross\",\"date\":\"2026-02-17\"}\n");
    assert_int_equal(feed_parse(buffer_view(&first), FEED_BYTES, &again, &report, &error), 0);
    check(&again.items[0], &plain);
    paper_write_jsonl(&again.items[0], &second);
    assert_string_equal(buffer_string(&second), buffer_string(&first));
    papers_free(&papers);
    papers_free(&again);
    buffer_free(&first);
    buffer_free(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),          cmocka_unit_test(test_many),
        cmocka_unit_test(test_unicode),        cmocka_unit_test(test_category_limit),
        cmocka_unit_test(test_id),             cmocka_unit_test(test_announce_types),
        cmocka_unit_test(test_write),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
