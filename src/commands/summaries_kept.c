#include "commands/summaries_kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/prompts.h"
#include "digest/context_text.h"
#include "store/summaries.h"
#include "summaries/rendition.h"

/* Rendered, and by what of the store it is known again. */
struct kept_summary {
    struct digest_summary shown;
    int64_t changed_utc;
};

/* Of one prompt. */
struct kept_set {
    char language[sizeof(((struct prompt *)0)->language)];
    char hash[PROMPT_HASH_BYTES];
    int64_t change;
    struct kept_summary **items; /* by paper; NULL: none */
    const struct digest_summary **shown; /* likewise; NULL: there is none */
};

struct summaries_kept {
    pthread_mutex_t lock;
    const struct papers *papers;
    struct arena *arena; /* what was given stays: somebody may read it */
    struct kept_set *sets;
    size_t set_count, set_capacity;
    bool is_problem_told;
};

struct summaries_kept *summaries_kept_new(const struct papers *papers)
{
    struct summaries_kept *kept = memory_new(1, sizeof(*kept));

    pthread_mutex_init(&kept->lock, NULL);
    kept->papers = papers;
    kept->arena = arena_new();
    return kept;
}

void summaries_kept_free(struct summaries_kept **kept)
{
    if (!*kept)
        return;
    for (size_t i = 0; i < (*kept)->set_count; i++)
        free((*kept)->sets[i].items);
    free((*kept)->sets);
    arena_free(&(*kept)->arena);
    pthread_mutex_destroy(&(*kept)->lock);
    free(*kept);
    *kept = NULL;
}

/* ---- reading and rendering ---- */

static bool is_wanted(const struct site *site, const struct profile *profile)
{
    return site->configuration.summaries.enabled && site->configuration.summaries.model &&
           site->prompts && site->store && profile->summaries;
}

static int load(const struct site *site, const struct prompt *prompt,
                const struct papers *papers, struct arena *arena, struct summary_row ***ret_rows,
                struct error *error)
{
    return summaries_load(site->store, papers, site->configuration.summaries.model,
                          prompt->language, prompt->hash, arena, ret_rows, error);
}

static void tell(const struct site *site, const struct error *problem)
{
    log_line(site->log, LOG_LEVEL_WARNING, "there are no summaries: %s", problem->text);
}

static struct view take(struct arena *arena, struct buffer *room)
{
    struct view text = arena_copy(arena, buffer_view(room));

    buffer_clear(room);
    return text;
}

/* As a page shows it; for mail more is rendered. */
static void render(const struct site *site, const struct summary_row *row, bool is_for_mail,
                   struct arena *arena, struct digest_summary *ret_shown)
{
    struct view markdown = view_of(row->markdown);
    struct buffer room;

    buffer_init(&room, RENDITION_OUT_BYTES);
    *ret_shown = (struct digest_summary){
        .tldr = arena_copy(arena, view_of(row->tldr)),
        .model = arena_copy(arena, view_of(site->configuration.summaries.model)),
    };
    rendition_add_page_html(&room, markdown);
    ret_shown->page_html = take(arena, &room);
    if (is_for_mail) {
        rendition_add_html(&room, markdown);
        ret_shown->html = take(arena, &room);
        rendition_add_text(&room, markdown, TEXT_WIDTH - TEXT_INDENT);
        ret_shown->text = take(arena, &room);
    }
    buffer_free(&room);
}

/* ---- a list's ---- */

static struct kept_set *find_set(struct summaries_kept *kept, const struct prompt *prompt)
{
    struct kept_set *set;

    for (size_t i = 0; i < kept->set_count; i++)
        if (strcmp(kept->sets[i].hash, prompt->hash) == 0 &&
            strcmp(kept->sets[i].language, prompt->language) == 0)
            return &kept->sets[i];
    kept->sets = memory_grow(kept->sets, &kept->set_capacity, kept->set_count + 1,
                             sizeof(kept->sets[0]));
    set = &kept->sets[kept->set_count++];
    *set = (struct kept_set){.change = -1};
    memcpy(set->language, prompt->language, sizeof(set->language));
    memcpy(set->hash, prompt->hash, sizeof(set->hash));
    set->items = memory_new(kept->papers->count + 1, sizeof(set->items[0]));
    return set;
}

static bool is_same(const struct kept_summary *item, const struct summary_row *row)
{
    return item ? row && item->changed_utc == row->changed_utc : !row;
}

/* Digests know by the array whether it is the one that they were made for; so there is
 * another one exactly when one of its summaries is. */
static void renew(struct summaries_kept *kept, const struct site *site, struct kept_set *set,
                  struct summary_row *const *rows)
{
    size_t count = kept->papers->count, changed = 0, there = 0;

    for (size_t i = 0; i < count; i++) {
        there += rows[i] != NULL;
        if (is_same(set->items[i], rows[i]))
            continue;
        changed++;
        set->items[i] = NULL;
        if (!rows[i])
            continue;
        set->items[i] = arena_alloc(kept->arena, 1, sizeof(*set->items[i]));
        set->items[i]->changed_utc = rows[i]->changed_utc;
        render(site, rows[i], true, kept->arena, &set->items[i]->shown);
    }
    if (!changed)
        return;
    set->shown = there ? arena_alloc(kept->arena, count, sizeof(set->shown[0])) : NULL;
    for (size_t i = 0; there && i < count; i++)
        set->shown[i] = set->items[i] ? &set->items[i]->shown : NULL;
}

static int bring_up_to_date(struct summaries_kept *kept, const struct site *site,
                            const struct prompt *prompt, struct kept_set *set, int64_t change,
                            struct error *error)
{
    struct arena *arena;
    struct summary_row **rows;
    int result;

    if (set->change >= change)
        return 0;
    arena = arena_new();
    result = load(site, prompt, kept->papers, arena, &rows, error);
    if (result == 0) {
        renew(kept, site, set, rows);
        set->change = change;
    }
    arena_free(&arena);
    return result;
}

const struct digest_summary *const *summaries_kept_get(struct summaries_kept *kept,
                                                       const struct site *site,
                                                       const struct profile *profile,
                                                       int64_t change)
{
    const struct digest_summary *const *shown = NULL;
    const struct prompt *prompt;
    struct error error;
    int result;

    if (!kept->papers->count || !is_wanted(site, profile))
        return NULL;
    pthread_mutex_lock(&kept->lock);
    result = prompts_find(site, profile->language, &prompt, &error);
    if (result == 0) {
        struct kept_set *set = find_set(kept, prompt);

        result = bring_up_to_date(kept, site, prompt, set, change, &error);
        shown = set->shown;
    }
    if (result < 0 && !kept->is_problem_told) {
        kept->is_problem_told = true;
        tell(site, &error);
    }
    pthread_mutex_unlock(&kept->lock);
    return shown;
}

/* ---- for what is published ---- */

const struct stored_summary *const *summaries_find(const struct site *site,
                                                   const struct profile *profile,
                                                   const struct papers *papers,
                                                   struct arena *arena)
{
    const struct stored_summary **found = NULL;
    const struct prompt *prompt;
    struct summary_row **rows;
    struct error error;

    if (!papers->count || !is_wanted(site, profile))
        return NULL;
    if (prompts_find(site, profile->language, &prompt, &error) < 0 ||
        load(site, prompt, papers, arena, &rows, &error) < 0) {
        tell(site, &error);
        return NULL;
    }
    for (size_t i = 0; i < papers->count; i++) {
        struct stored_summary *item;

        if (!rows[i])
            continue;
        if (!found)
            found = arena_alloc(arena, papers->count, sizeof(found[0]));
        item = arena_alloc(arena, 1, sizeof(*item));
        render(site, rows[i], false, arena, &item->shown);
        item->markdown = view_of(rows[i]->markdown);
        found[i] = item;
    }
    return found;
}
