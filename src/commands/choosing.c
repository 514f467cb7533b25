#include "commands/choosing.h"

#include <string.h>

#include "store/shown.h"

/* Of each paper: whether and in which version it was shown. */
enum { NOT_SHOWN = -1 };

static int *find_shown(const struct choosing *choosing, struct arena *arena)
{
    const struct papers *papers = choosing->papers;
    int *versions = arena_alloc(arena, papers->count, sizeof(versions[0]));

    for (size_t i = 0; i < papers->count; i++)
        versions[i] = NOT_SHOWN;
    for (size_t i = 0; i < choosing->shown_count; i++) {
        size_t index = papers_find(papers, choosing->shown[i].id);

        if (index < papers->count && choosing->shown[i].version > versions[index])
            versions[index] = choosing->shown[i].version;
    }
    return versions;
}

/* Those that a new edition lists, and those that came behind what was dealt with. */
static void allow_unseen(const struct choosing *choosing, struct choice *choice)
{
    memset(choice->skip, 1, choosing->papers->count);
    for (size_t i = 0; i < choosing->edition_count; i++) {
        const struct choosing_edition *edition = &choosing->editions[i];

        for (size_t k = edition->from; k < edition->count; k++) {
            size_t paper = edition->members[k];

            if (!edition->from && !edition->is_late)
                choice->marks[paper] = MARK_NONE;
            else if (choice->skip[paper])
                choice->marks[paper] = MARK_LATE;
            choice->skip[paper] = 0;
        }
    }
}

static bool is_liked(const struct profile *profile, struct view id)
{
    for (size_t i = 0; i < profile->liked.count; i++)
        if (view_equal_string(id, profile->liked.items[i]))
            return true;
    return false;
}

static bool is_update(const struct profile *profile, const struct paper *paper, int shown_version)
{
    bool is_replacement = paper->announce_type == ANNOUNCE_REPLACE ||
                          paper->announce_type == ANNOUNCE_REPLACE_CROSS;

    if (!profile->updates || !is_liked(profile, paper->id))
        return false;
    if (shown_version == NOT_SHOWN)
        return is_replacement;
    return paper->version > shown_version;
}

struct keeping {
    const struct papers *papers;
    unsigned char *kept;
};

static void keep_paper(void *user, struct view id, int version)
{
    struct keeping *keeping = user;
    size_t index = papers_find(keeping->papers, id);

    (void)version;
    if (index < keeping->papers->count)
        keeping->kept[index] = 1;
}

int choosing_make(const struct choosing *choosing, struct arena *arena, struct choice *ret_choice,
                  struct error *error)
{
    size_t count = choosing->papers->count;
    struct choice choice = {arena_alloc(arena, count, 1), arena_alloc(arena, count, 1)};
    struct keeping keeping = {choosing->papers, arena_alloc(arena, count, 1)};
    int *shown;

    if (shown_read(choosing->keep, keep_paper, &keeping, error) < 0)
        return -1;
    allow_unseen(choosing, &choice);
    shown = find_shown(choosing, arena);
    for (size_t i = 0; i < count; i++) {
        if (choosing->keep.size)
            choice.skip[i] = !keeping.kept[i];
        if (choice.skip[i])
            continue;
        if (is_update(choosing->profile, &choosing->papers->items[i], shown[i])) {
            choice.marks[i] = MARK_UPDATE;
            choice.skip[i] = 1;
        } else if (shown[i] != NOT_SHOWN && !choosing->keep.size) {
            choice.skip[i] = 1;
        }
    }
    *ret_choice = choice;
    return 0;
}

void choosing_add_updates(const struct papers *papers, const struct choice *choice,
                          struct arena *arena, struct ranking *ranking)
{
    struct ranked_paper *items;
    size_t count = ranking->count, updates = 0;

    if (!memchr(choice->marks, MARK_UPDATE, papers->count))
        return;
    for (size_t i = 0; i < papers->count; i++)
        updates += choice->marks[i] == MARK_UPDATE;
    items = arena_alloc(arena, count + updates, sizeof(items[0]));
    if (count)
        memcpy(items, ranking->items, count * sizeof(items[0]));
    for (size_t i = 0; i < papers->count; i++)
        if (choice->marks[i] == MARK_UPDATE)
            items[count++] = (struct ranked_paper){.paper = &papers->items[i]};
    *ranking = (struct ranking){items, count};
}
