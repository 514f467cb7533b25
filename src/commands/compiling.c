#include "commands/compiling.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/memory.h"
#include "store/derived.h"
#include "store/editions.h"

enum {
    DOCUMENT_BYTES = 1024,
    UNKEPT_BYTES = 512 * 1024 /* about */
};

void compiling_init(struct compiling *compiling, struct site *site)
{
    *compiling = (struct compiling){.site = site};
    buffer_init(&compiling->document, DOCUMENT_BYTES);
    buffer_init(&compiling->bytes, COMPILING_BYTES_MAX);
    buffer_init(&compiling->unkept_bytes, UNKEPT_BYTES + COMPILING_BYTES_MAX);
}

static int put_unkept(struct compiling *compiling, struct error *error)
{
    struct store *store = compiling->site->store;
    size_t start = 0;

    for (size_t i = 0; i < compiling->unkept_count; i++) {
        const struct unkept *unkept = &compiling->unkept[i];
        struct view bytes = view_slice(buffer_view(&compiling->unkept_bytes), start, unkept->end);

        if (derived_put_of_subscriber(store, unkept->email, bytes, site_now(), error) < 0)
            return -1;
        start = unkept->end;
    }
    return 0;
}

void compiling_keep(struct compiling *compiling)
{
    struct store *store = compiling->site->store;
    struct error error;

    if (compiling->unkept_count && store_begin(store, &error) == 0) {
        if (put_unkept(compiling, &error) < 0)
            store_rollback(store);
        else
            (void)store_commit(store, &error);
    }
    for (size_t i = 0; i < compiling->unkept_count; i++)
        free(compiling->unkept[i].email);
    compiling->unkept_count = 0;
    buffer_clear(&compiling->unkept_bytes);
}

static void keep_later(struct compiling *compiling, const struct profile *profile)
{
    buffer_add_view(&compiling->unkept_bytes, buffer_view(&compiling->bytes));
    compiling->unkept[compiling->unkept_count++] = (struct unkept){
        memory_copy_string(profile->email), compiling->unkept_bytes.size};
    if (compiling->unkept_count == COMPILING_UNKEPT || compiling->unkept_bytes.size >= UNKEPT_BYTES)
        compiling_keep(compiling);
}

void compiling_free(struct compiling *compiling)
{
    compiling_keep(compiling);
    buffer_free(&compiling->unkept_bytes);
    buffer_free(&compiling->document);
    buffer_free(&compiling->bytes);
}

static bool has_liked(const struct profile *profile)
{
    return profile->liked.count || profile->disliked.count;
}

/* The profile's bytes, by their hash; and, since liked papers' texts may change and others be
 * found, when editions were last read. */
static int make_key(struct compiling *compiling, const struct ranking_index *index,
                    const struct profile *profile, const struct folder_version *version,
                    uint64_t *ret_key, struct error *error)
{
    int64_t fetched_utc;

    buffer_clear(&compiling->document);
    buffer_add(&compiling->document, version->hash, sizeof(version->hash));
    if (has_liked(profile)) {
        if (store_last_fetched(compiling->site->store, &fetched_utc, error) < 0)
            return -1;
        buffer_printf(&compiling->document, "%" PRId64, fetched_utc);
    }
    *ret_key = ranking_key(index, buffer_view(&compiling->document));
    return 0;
}

/* The last ones of the list, as many as ranking takes. */
static int load_papers(struct store *store, const struct strings *ids, struct papers *papers,
                       struct error *error)
{
    size_t count = 0;

    for (size_t i = ids->count; i > 0 && count < ranking_liked_max(); i--) {
        bool found = false;

        if (store_find_paper(store, view_of(ids->items[i - 1]), papers, &found, error) < 0)
            return -1;
        count += found;
    }
    return 0;
}

int compiling_set_refusal(const struct profile *profile, struct error *error)
{
    return error_set(error, ERROR_INPUT,
                     "the profile of %s does not compile: give it fewer and shorter keywords; "
                     "if it has few, report it as a bug", profile->email);
}

static int refuse(struct compiling *compiling, const struct profile *profile,
                  struct error *error)
{
    compiling->is_refused = true;
    return compiling_set_refusal(profile, error);
}

static int compile(struct compiling *compiling, struct ranker *ranker,
                   const struct profile *profile, uint64_t key, struct error *error)
{
    struct store *store = compiling->site->store;
    struct papers known;
    int result = 0;

    papers_init(&known);
    if (store && (load_papers(store, &profile->liked, &known, error) < 0 ||
                  load_papers(store, &profile->disliked, &known, error) < 0))
        result = -1;
    else if (ranker_compile(ranker, profile, &known, key, &compiling->bytes) < 0)
        result = refuse(compiling, profile, error);
    papers_free(&known);
    return result;
}

/* Into `bytes`; empty when there are none for this key. */
static int find_kept(struct compiling *compiling, const struct profile *profile, uint64_t key,
                     struct error *error)
{
    bool found;

    buffer_clear(&compiling->bytes);
    if (derived_get(compiling->site->store, COMPILING_KIND, profile->email, &compiling->bytes,
                    &found, error) < 0)
        return -1;
    if (found && ranking_compiled_key(buffer_view(&compiling->bytes)) != key)
        buffer_clear(&compiling->bytes);
    return 0;
}

static int rank_bytes(struct compiling *compiling, struct ranker *ranker, size_t top,
                      const unsigned char *skip, struct arena *arena,
                      struct ranking *ret_ranking)
{
    /* The reasons' words point into the arena's copy. */
    return ranking_make_compiled(ranker, arena_copy(arena, buffer_view(&compiling->bytes)), top,
                                 skip, arena, ret_ranking);
}

/* Only what could be ranked is kept. */
static int rank(struct compiling *compiling, struct ranker *ranker, const struct profile *profile,
                const struct folder_version *version, size_t top, const unsigned char *skip,
                struct arena *arena, struct ranking *ret_ranking, struct error *error)
{
    bool is_kept = version && compiling->site->store;
    uint64_t key = 0;

    if (is_kept && (make_key(compiling, ranker_index(ranker), profile, version, &key, error) < 0 ||
                    find_kept(compiling, profile, key, error) < 0))
        return -1;
    if (is_kept && compiling->bytes.size &&
        rank_bytes(compiling, ranker, top, skip, arena, ret_ranking) == 0)
        return 0;
    if (compile(compiling, ranker, profile, key, error) < 0)
        return -1;
    if (rank_bytes(compiling, ranker, top, skip, arena, ret_ranking) < 0)
        return refuse(compiling, profile, error);
    if (is_kept)
        keep_later(compiling, profile);
    return 0;
}

int compiling_rank(struct compiling *compiling, struct ranker *ranker,
                   const struct profile *profile, const struct folder_version *version,
                   size_t top, const unsigned char *skip, struct arena *arena,
                   struct ranking *ret_ranking, struct error *error)
{
    compiling->is_refused = false;
    if (profile->scoring == SCORING_SUBSTRING)
        return ranker_make(ranker, profile, top, skip, arena, ret_ranking);
    return rank(compiling, ranker, profile, version, top, skip, arena, ret_ranking, error);
}
