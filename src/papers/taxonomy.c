#include "papers/taxonomy.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { NAME_MAX_BYTES = 32, LONG_NAME_BYTES = 9 };

/* https://arxiv.org/category_taxonomy */
static const char *const CATEGORIES[] = {
    "astro-ph", "astro-ph.CO", "astro-ph.EP", "astro-ph.GA", "astro-ph.HE", "astro-ph.IM",
    "astro-ph.SR",
    "cond-mat", "cond-mat.dis-nn", "cond-mat.mes-hall", "cond-mat.mtrl-sci", "cond-mat.other",
    "cond-mat.quant-gas", "cond-mat.soft", "cond-mat.stat-mech", "cond-mat.str-el",
    "cond-mat.supr-con",
    "cs", "cs.AI", "cs.AR", "cs.CC", "cs.CE", "cs.CG", "cs.CL", "cs.CR", "cs.CV", "cs.CY", "cs.DB",
    "cs.DC", "cs.DL", "cs.DM", "cs.DS", "cs.ET", "cs.FL", "cs.GL", "cs.GR", "cs.GT", "cs.HC",
    "cs.IR", "cs.IT", "cs.LG", "cs.LO", "cs.MA", "cs.MM", "cs.MS", "cs.NA", "cs.NE", "cs.NI",
    "cs.OH", "cs.OS", "cs.PF", "cs.PL", "cs.RO", "cs.SC", "cs.SD", "cs.SE", "cs.SI", "cs.SY",
    "econ", "econ.EM", "econ.GN", "econ.TH",
    "eess", "eess.AS", "eess.IV", "eess.SP", "eess.SY",
    "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th",
    "math", "math.AC", "math.AG", "math.AP", "math.AT", "math.CA", "math.CO", "math.CT", "math.CV",
    "math.DG", "math.DS", "math.FA", "math.GM", "math.GN", "math.GR", "math.GT", "math.HO",
    "math.IT", "math.KT", "math.LO", "math.MG", "math.MP", "math.NA", "math.NT", "math.OA",
    "math.OC", "math.PR", "math.QA", "math.RA", "math.RT", "math.SG", "math.SP", "math.ST",
    "math-ph",
    "nlin", "nlin.AO", "nlin.CD", "nlin.CG", "nlin.PS", "nlin.SI",
    "nucl-ex", "nucl-th",
    "physics", "physics.acc-ph", "physics.ao-ph", "physics.app-ph", "physics.atm-clus",
    "physics.atom-ph", "physics.bio-ph", "physics.chem-ph", "physics.class-ph", "physics.comp-ph",
    "physics.data-an", "physics.ed-ph", "physics.flu-dyn", "physics.gen-ph", "physics.geo-ph",
    "physics.hist-ph", "physics.ins-det", "physics.med-ph", "physics.optics", "physics.plasm-ph",
    "physics.pop-ph", "physics.soc-ph", "physics.space-ph",
    "q-bio", "q-bio.BM", "q-bio.CB", "q-bio.GN", "q-bio.MN", "q-bio.NC", "q-bio.OT", "q-bio.PE",
    "q-bio.QM", "q-bio.SC", "q-bio.TO",
    "q-fin", "q-fin.CP", "q-fin.EC", "q-fin.GN", "q-fin.MF", "q-fin.PM", "q-fin.PR", "q-fin.RM",
    "q-fin.ST", "q-fin.TR",
    "quant-ph",
    "stat", "stat.AP", "stat.CO", "stat.ME", "stat.ML", "stat.OT", "stat.TH",
};

enum { COUNT = sizeof CATEGORIES / sizeof CATEGORIES[0] };

size_t taxonomy_count(void)
{
    return COUNT;
}

const char *taxonomy_name(size_t index)
{
    return CATEGORIES[index];
}

bool taxonomy_has(struct view category)
{
    for (size_t i = 0; i < COUNT; i++)
        if (view_equal_string(category, CATEGORIES[i]))
            return true;
    return false;
}

static char fold(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c == '.' || c == '_' || c == '/' || c == ':' || c == ' ' ? '-' : c;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: insertions, deletions and substitutions count 2, and
 * neighbours swapped 1, as the likelier slip. Both at most NAME_MAX_BYTES. */
static size_t distance(struct view a, struct view b)
{
    size_t rows[3][NAME_MAX_BYTES + 1], *before = rows[0], *last = rows[1], *row = rows[2], *free_row;

    for (size_t j = 0; j <= b.size; j++)
        before[j] = last[j] = 2 * j;
    for (size_t i = 1; i <= a.size; i++) {
        row[0] = 2 * i;
        for (size_t j = 1; j <= b.size; j++) {
            char x = fold(a.data[i - 1]), y = fold(b.data[j - 1]);

            row[j] = least(least(last[j], row[j - 1]) + 2, last[j - 1] + (x == y ? 0 : 2));
            if (i > 1 && j > 1 && x == fold(b.data[j - 2]) && fold(a.data[i - 2]) == y)
                row[j] = least(row[j], before[j - 2] + 1);
        }
        free_row = before;
        before = last;
        last = row;
        row = free_row;
    }
    return last[b.size];
}

const char *taxonomy_nearest(struct view category)
{
    size_t best = category.size < LONG_NAME_BYTES ? 3 : 5;
    const char *found = NULL;

    if (!category.size || category.size > NAME_MAX_BYTES)
        return NULL;
    for (size_t i = 0; i < COUNT; i++) {
        size_t far = distance(category, view_of(CATEGORIES[i]));

        if (far < best) {
            best = far;
            found = CATEGORIES[i];
        }
    }
    return found;
}
