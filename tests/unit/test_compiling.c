/* Profiles compiled and kept: what is odd is made anew, and one that does not compile is the
 * trouble of its own digest alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/compose.h"
#include "ranking/compile.h"
#include "store/editions.h"
#include "store/subscribers.h"
#include "unit/data.h"
#include "unit/ranked.h"

enum { NOW_UTC = 1782820800, SMALL_BYTES = 64 };

static const char ADA[] = "ada@example.test";

struct world {
    char *folder;
    struct site site;
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct arena *arena;
    struct compiling compiling;
    struct profile profile;
    struct folder_version version;
    struct error error;
};

#define MUST(call) \
    do { \
        if ((call) < 0) \
            fail_msg("%s: %s", #call, world->error.text); \
    } while (0)

static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));
    const char *seen[] = {ADA};
    struct edition edition = {.date = {2026, 6, 1}, .fetched_utc = NOW_UTC};
    char url[600];

    assert_non_null(world);
    world->folder = data_temporary_folder();
    snprintf(url, sizeof(url), "sqlite:%s/a.db", world->folder);
    MUST(store_open(url, NULL, &world->site.store, &world->error));
    MUST(zone_load("America/New_York", &world->site.arxiv_zone, &world->error));
    world->site.configuration.retention.papers_days = 400;
    world->site.configuration.subscribers = world->folder;
    ranked_papers("1|sparse nets|x\n2|dense nets|kv cache\n3|y|z", &world->papers);
    MUST(store_put_edition(world->site.store, &edition, &world->papers, NULL, &world->error));
    MUST(store_begin(world->site.store, &world->error));
    MUST(subscriber_see_many(world->site.store, seen, 1, NOW_UTC, edition.date, &world->error));
    MUST(store_commit(world->site.store, &world->error));
    world->index = ranking_index_new(&world->papers, NULL);
    world->ranker = ranker_new(world->index);
    world->arena = arena_new();
    compiling_init(&world->compiling, &world->site);
    ranked_profile("'keywords': ['nets', 'kv cache']", &world->profile);
    free(world->profile.email);
    world->profile.email = memory_copy_string(ADA);
    folder_version_of(VIEW("{}"), &world->version);
    return world;
}

static void world_free(struct world *world)
{
    compiling_free(&world->compiling);
    profile_free(&world->profile);
    arena_free(&world->arena);
    ranker_free(&world->ranker);
    ranking_index_free(&world->index);
    papers_free(&world->papers);
    store_close(&world->site.store);
    zone_free(&world->site.arxiv_zone);
    data_remove_folder(&world->folder);
    free(world);
}

static int rank(struct world *world, struct ranking *ret_ranking)
{
    return compiling_rank(&world->compiling, world->ranker, &world->profile, &world->version, 0,
                          NULL, world->arena, ret_ranking, &world->error);
}

static void get_kept(struct world *world, struct buffer *ret_bytes)
{
    bool found;

    buffer_clear(ret_bytes);
    compiling_keep(&world->compiling);
    MUST(derived_get(world->site.store, COMPILING_KIND, ADA, ret_bytes, &found, &world->error));
    assert_int_equal(found, ret_bytes->size > 0);
}

/* With the right checksum and key, and a role that there is not. */
static void keep_odd(struct world *world, uint64_t key)
{
    struct pattern pattern = {.term = 1};
    struct compiled_term term = {.role = ROLE_EXCLUDE + 1, .text = VIEW("net"), .weight = 1,
                                 .pattern_count = 1};
    struct compiled_profile compiled = {.terms = &term, .term_count = 1, .patterns = &pattern,
                                        .pattern_count = 1};
    struct buffer bytes;

    buffer_init(&bytes, 1 << 16);
    compiled_pack(&compiled, key, &bytes);
    assert_true(ranking_compiled_key(buffer_view(&bytes)) == key);
    MUST(derived_put_of_subscriber(world->site.store, ADA, buffer_view(&bytes), NOW_UTC,
                                   &world->error));
    buffer_free(&bytes);
}

static void what_is_odd_is_compiled_anew(void **state)
{
    struct world *world = world_new();
    struct buffer kept, again;
    struct ranking ranking;

    (void)state;
    buffer_init(&kept, 1 << 20);
    buffer_init(&again, 1 << 20);
    MUST(rank(world, &ranking));
    assert_int_equal(ranking.count, 2);
    get_kept(world, &kept);
    assert_true(kept.size > 0);
    keep_odd(world, ranking_compiled_key(buffer_view(&kept)));
    get_kept(world, &again);
    assert_false(view_equal(buffer_view(&kept), buffer_view(&again)));
    MUST(rank(world, &ranking));
    assert_int_equal(ranking.count, 2);
    get_kept(world, &again);
    assert_true(view_equal(buffer_view(&kept), buffer_view(&again)));
    buffer_free(&kept);
    buffer_free(&again);
    world_free(world);
}

/* Nothing is kept of it, and the next one is ranked. */
static void what_does_not_compile_is_named(void **state)
{
    struct world *world = world_new();
    struct ranking ranking = {0};
    struct buffer kept;

    (void)state;
    buffer_init(&kept, 1 << 20);
    world->compiling.bytes.max = SMALL_BYTES;
    assert_int_equal(rank(world, &ranking), -1);
    assert_true(world->compiling.is_refused);
    assert_non_null(strstr(world->error.text, ADA));
    assert_null(strchr(world->error.text, '\n'));
    get_kept(world, &kept);
    assert_int_equal(kept.size, 0);
    world->compiling.bytes.max = COMPILING_BYTES_MAX;
    MUST(rank(world, &ranking));
    assert_false(world->compiling.is_refused);
    assert_int_equal(ranking.count, 2);
    buffer_free(&kept);
    world_free(world);
}

/* The worker goes on to the next delivery, and asks again later. */
static void its_digest_is_deferred(void **state)
{
    struct world *world = world_new();
    const struct edition_shown taken[] = {{{2026, 6, 1}, 3}};
    struct delivery delivery = {.id = 1, .kind = DELIVERY_DIGEST, .slot = "2026-06-01",
                                .subscriber = (char *)(uintptr_t)ADA, .edition_count = 1,
                                .editions = taken};
    struct composed composed = {0};
    struct composer composer;
    char path[600];

    (void)state;
    snprintf(path, sizeof(path), "%s/%s.json", world->folder, ADA);
    MUST(file_write_atomic(path, VIEW("{\"email\": \"ada@example.test\", "
                                      "\"keywords\": [\"nets\", \"kv cache\"]}"),
                           0600, &world->error));
    composer_init(&composer, &world->site);
    composer.compiling.bytes.max = SMALL_BYTES;
    MUST(composer_compose(&composer, &delivery, &composed, &world->error));
    assert_int_equal(composed.verdict, COMPOSE_DEFER);
    assert_non_null(strstr(composed.reason, ADA));
    composer_free(&composer);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_odd_is_compiled_anew),
        cmocka_unit_test(what_does_not_compile_is_named),
        cmocka_unit_test(its_digest_is_deferred),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
