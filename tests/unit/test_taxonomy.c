#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/oai.h"
#include "papers/taxonomy.h"

static void known_ones_are_known(void **state)
{
    static const char *const known[] = {"cs.LG", "cs", "hep-th", "cond-mat.supr-con", "q-fin.TR", "math-ph"};
    static const char *const not[] = {"cs.lg", "cs.", "CS", "cs.NLP", "hep", "", "cs.LGX"};

    (void)state;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (!taxonomy_has(view_of(known[i])))
            fail_msg("%s", known[i]);
    for (size_t i = 0; i < sizeof(not) / sizeof(not[0]); i++)
        if (taxonomy_has(view_of(not[i])))
            fail_msg("%s", not[i]);
}

static void the_nearest_is_found(void **state)
{
    static const struct {
        const char *name, *want; /* "": none */
    } cases[] = {
        {"cs.lg", "cs.LG"}, {"CS.LG", "cs.LG"}, {"cs-LG", "cs.LG"}, {"csLG", "cs.LG"}, {"cs.LGG", "cs.LG"},
        {"cs.IA", "cs.AI"}, {"cs.LC", "cs.CL"}, {"sc.CL", "cs.CL"}, {"hep_th", "hep-th"}, {"astro-ph.PE", "astro-ph.EP"},
        {"cond-mat.superc-con", "cond-mat.supr-con"}, {"stat.LM", "stat.ML"}, {"cs.LG", "cs.LG"},
        {"biology", ""}, {"xx.YY", ""}, {"", ""}, {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = strlen(cases[i].name);
        char *exact = malloc(size ? size : 1); /* without a closing NUL */
        const char *found;

        memcpy(exact, cases[i].name, size);
        found = taxonomy_nearest((struct view){exact, size});
        free(exact);
        if (strcmp(found ? found : "", cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].name, found ? found : "none");
    }
}

/* Every archive that is known can be caught up with. */
static void every_archive_has_a_set(void **state)
{
    static const char *const archives[] = {"astro-ph", "cond-mat", "cs", "econ", "eess", "gr-qc", "hep-ex", "hep-lat",
                                           "hep-ph", "hep-th", "math", "math-ph", "nlin", "nucl-ex", "nucl-th",
                                           "physics", "q-bio", "q-fin", "quant-ph", "stat"};

    (void)state;
    for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++) {
        char set[OAI_SET_BYTES];

        assert_true(taxonomy_has(view_of(archives[i])));
        assert_int_equal(oai_find_set(view_of(archives[i]), set, NULL), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_ones_are_known),
        cmocka_unit_test(the_nearest_is_found),
        cmocka_unit_test(every_archive_has_a_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
