#include "commands/describing.h"

#include <string.h>

static enum category_state note_state(enum edition_state state)
{
    static const enum category_state states[EDITION_STATES] = {
        [EDITION_COMPLETE] = CATEGORY_COMPLETE, [EDITION_LATE] = CATEGORY_LATE,
        [EDITION_STALE] = CATEGORY_STALE,       [EDITION_EMPTY] = CATEGORY_EMPTY,
        [EDITION_FAILED] = CATEGORY_FAILED,
    };

    return states[state];
}

static bool is_read(const struct profile *profile, const char *category)
{
    for (size_t i = 0; i < profile->categories.count; i++)
        if (strcmp(profile->categories.items[i], category) == 0)
            return true;
    return profile->categories.count == 0;
}

void describing_fill(struct arena *arena, const struct profile *profile,
                     const struct edition *edition, struct digest_edition *described)
{
    struct digest_note *notes = arena_alloc(arena, edition->category_count, sizeof(notes[0]));
    size_t count = 0;

    for (size_t i = 0; i < edition->category_count; i++) {
        const struct edition_category *category = &edition->categories[i];

        if (!is_read(profile, category->name))
            continue;
        notes[count].category = arena_string(arena, view_of(category->name));
        notes[count++].state = note_state(category->state);
    }
    described->estimated = edition->estimated;
    described->paper_count = edition->paper_count;
    described->notes = notes;
    described->note_count = count;
}
