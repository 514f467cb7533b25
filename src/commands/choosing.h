/* Which papers of some editions a subscriber may be shown: every paper once,
 * what came late after all, and replacements of liked papers as updates. Pure:
 * composing gives what the store knows. */
#ifndef COMMANDS_CHOOSING_H
#define COMMANDS_CHOOSING_H

#include "papers/paper.h"
#include "ranking/ranking.h"
#include "store/outbox.h"
#include "subscribers/profile.h"

/* One edition among the papers: the index of each of its papers, in its order. */
struct choosing_edition {
    const size_t *members;
    size_t count;
    size_t from; /* so many of them an earlier digest has dealt with; 0: it is new */
    bool is_late; /* it comes after a later one was shown */
};

struct choosing {
    const struct profile *profile;
    const struct papers *papers;
    const struct choosing_edition *editions;
    size_t edition_count;
    /* What other digests have shown of late. */
    const struct shown_paper *shown;
    size_t shown_count;
    /* The list of an earlier attempt: these and no others. Empty: none. */
    struct view keep;
};

enum paper_mark { MARK_NONE, MARK_LATE, MARK_UPDATE };

/* One byte per paper. An update is skipped by the ranking and added to it. */
struct choice {
    unsigned char *skip;
    unsigned char *marks; /* enum paper_mark */
};

/* In `arena`. Damaged bytes in `keep` are kind input. */
int choosing_make(const struct choosing *choosing, struct arena *arena, struct choice *ret_choice,
                  struct error *error);

/* `ranking` with the updates behind it. */
void choosing_add_updates(const struct papers *papers, const struct choice *choice,
                          struct arena *arena, struct ranking *ranking);

#endif
