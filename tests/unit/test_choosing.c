#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "commands/choosing.h"
#include "store/shown.h"
#include "unit/data.h"

enum { PAPERS = 6 };

static void add_papers(struct papers *papers, const char *types)
{
    for (size_t i = 0; types[i]; i++) {
        struct buffer id;
        struct paper paper = {.version = types[i] == 'r' ? 2 : 1,
                              .announce_type = types[i] == 'r'   ? ANNOUNCE_REPLACE
                                               : types[i] == 'x' ? ANNOUNCE_CROSS
                                                                 : ANNOUNCE_NEW};

        buffer_init(&id, 64);
        buffer_printf(&id, "2602.0000%zu", i);
        paper.id = buffer_view(&id);
        papers_add(papers, &paper, NULL);
        buffer_free(&id);
    }
}

/* "12": the papers by their numbers, as a delivery keeps them. */
static void add_list(struct buffer *bytes, const char *numbers)
{
    int64_t previous = 0;
    char id[] = "2602.00000";

    for (; *numbers; numbers++) {
        id[9] = *numbers;
        shown_add(bytes, view_of(id), 1, &previous);
    }
}

enum { LATE = 100 };

/* Six papers; the first edition has 0 to 3, the second 3 to 5. */
static void every_paper_is_shown_once(void **state)
{
    static const struct {
        const char *name, *types;
        size_t dealt_with; /* of the first edition; LATE: nothing, but of a later one */
        const char *shown, *liked, *keep;
        bool updates;
        const char *want; /* '-' skipped, 'o' ranked, 'l' late, 'u' update */
    } cases[] = {
        {"two new editions", "nnnnnn", 0, "", "", "", false, "oooooo"},
        {"shown before", "nnnnnn", 0, "03", "", "", false, "-oo-oo"},
        {"as new, cross-listed, replaced", "nxrnnn", 0, "012", "", "", false, "---ooo"},
        {"the first was dealt with", "nnnnnn", 4, "", "", "", false, "---ooo"},
        {"two came late", "nnnnnn", 2, "", "", "", false, "--looo"},
        {"a day behind one that was shown", "nnnnnn", LATE, "", "", "", false, "lllooo"},
        {"one of them was shown", "nnnnnn", 2, "2", "", "", false, "---ooo"},
        {"a liked paper's replacement", "nnrnnr", 0, "2", "2,5", "", true, "oouoou"},
        {"not wanted", "nnrnnr", 0, "2", "2,5", "", false, "oo-ooo"},
        {"the version that was shown", "nnnnnn", 0, "2", "2", "", true, "oo-ooo"},
        {"not liked", "nnrnnr", 0, "2", "", "", true, "oo-ooo"},
        {"a second attempt", "nnnnnn", 2, "", "", "24", false, "--l-o-"},
        {"a second attempt with an update", "nnnnnr", 2, "", "5", "25", true, "--l--u"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static const size_t first[] = {0, 1, 2, 3}, second[] = {3, 4, 5};
        struct choosing_edition editions[] = {
            {.members = first,
             .count = 4,
             .from = cases[i].dealt_with == LATE ? 0 : cases[i].dealt_with,
             .is_late = cases[i].dealt_with == LATE},
            {.members = second, .count = 3}};
        char ids[2][16] = {"2602.00000", "2602.00000"}, *liked[] = {ids[0], ids[1]};
        struct profile profile = {.updates = cases[i].updates, .liked = {liked, 0}};
        struct arena *arena = arena_new();
        struct shown_paper shown[PAPERS];
        char shown_ids[PAPERS][16];
        struct papers papers;
        struct buffer keep;
        struct choice choice;
        struct error error = {0};
        char found[PAPERS + 1] = "";
        struct choosing choosing = {.profile = &profile, .papers = &papers, .editions = editions,
                                    .edition_count = 2, .shown = shown};

        papers_init(&papers);
        add_papers(&papers, cases[i].types);
        for (const char *c = cases[i].liked; *c; c++)
            if (*c != ',')
                ids[profile.liked.count++][9] = *c;
        for (const char *c = cases[i].shown; *c; c++) {
            char *id = shown_ids[choosing.shown_count];

            memcpy(id, "2602.00000", sizeof("2602.00000"));
            id[9] = *c;
            shown[choosing.shown_count++] = (struct shown_paper){view_of(id), 1};
        }
        buffer_init(&keep, 1000);
        add_list(&keep, cases[i].keep);
        choosing.keep = buffer_view(&keep);
        assert_int_equal(choosing_make(&choosing, arena, &choice, &error), 0);
        for (size_t k = 0; k < PAPERS; k++)
            found[k] = choice.marks[k] == MARK_UPDATE                      ? 'u'
                       : choice.skip[k]                                   ? '-'
                       : choice.marks[k] == MARK_LATE                      ? 'l'
                                                                           : 'o';
        if (strcmp(found, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, found);
        buffer_free(&keep);
        papers_free(&papers);
        arena_free(&arena);
    }
}

static void updates_stand_behind_the_ranking(void **state)
{
    unsigned char skip[] = {0, 1, 1}, marks[] = {MARK_NONE, MARK_UPDATE, MARK_NONE};
    struct arena *arena = arena_new();
    struct ranked_paper item;
    struct ranking ranking = {&item, 1};
    struct papers papers;

    (void)state;
    papers_init(&papers);
    add_papers(&papers, "nrn");
    item = (struct ranked_paper){.paper = &papers.items[0], .score = 3};
    choosing_add_updates(&papers, &(struct choice){skip, marks}, arena, &ranking);
    assert_int_equal(ranking.count, 2);
    assert_ptr_equal(ranking.items[0].paper, &papers.items[0]);
    assert_ptr_equal(ranking.items[1].paper, &papers.items[1]);
    papers_free(&papers);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_paper_is_shown_once),
        cmocka_unit_test(updates_stand_behind_the_ranking),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
