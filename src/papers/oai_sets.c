/* arXiv's archives and the groups that OAI-PMH's sets put them in. */
#include <stdio.h>

#include "papers/arxiv.h"
#include "papers/oai.h"

static const struct {
    const char *archive;
    const char *group;
} ARCHIVES[] = {
    {"cs", "cs"},
    {"econ", "econ"},
    {"eess", "eess"},
    {"math", "math"},
    {"q-bio", "q-bio"},
    {"q-fin", "q-fin"},
    {"stat", "stat"},
    {"astro-ph", "physics"},
    {"cond-mat", "physics"},
    {"gr-qc", "physics"},
    {"hep-ex", "physics"},
    {"hep-lat", "physics"},
    {"hep-ph", "physics"},
    {"hep-th", "physics"},
    {"math-ph", "physics"},
    {"nlin", "physics"},
    {"nucl-ex", "physics"},
    {"nucl-th", "physics"},
    {"physics", "physics"},
    {"quant-ph", "physics"},
};

int oai_find_set(struct view category, char ret_set[OAI_SET_BYTES], struct error *error)
{
    size_t dot = view_find_char(category, '.', 0);
    struct view archive = view_slice(category, 0, dot);
    struct view subject = view_slice(category, dot + 1, category.size);

    if (arxiv_check_category(category, error) < 0)
        return -1;
    for (size_t i = 0; i < sizeof ARCHIVES / sizeof ARCHIVES[0]; i++) {
        const char *group = ARCHIVES[i].group;

        if (!view_equal_string(archive, ARCHIVES[i].archive))
            continue;
        if (subject.size)
            snprintf(ret_set, OAI_SET_BYTES, "%s:%s:%.*s", group, ARCHIVES[i].archive,
                     VIEW_ARGUMENTS(subject));
        else if (view_equal_string(archive, group) && !view_equal_string(archive, "physics"))
            snprintf(ret_set, OAI_SET_BYTES, "%s", group);
        else
            snprintf(ret_set, OAI_SET_BYTES, "%s:%s", group, ARCHIVES[i].archive);
        return 0;
    }
    return error_set(error, ERROR_INPUT, "%.*s: OAI-PMH has no set for an archive \"%.*s\"",
                     VIEW_ARGUMENTS(category), VIEW_ARGUMENTS(archive));
}
