#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "commands/edition_cache.h"
#include "commands/plan.h"
#include "store/forgotten.h"
#include "store/prune.h"
#include "unit/data.h"
#include "unit/store_suite.h"

static void put(struct store *store, int day)
{
    struct edition edition = {.date = {2026, 2, day}, .fetched_utc = 1000};
    struct papers none;
    struct error error = {0};

    papers_init(&none);
    MUST(store_put_edition(store, &edition, &none, NULL, &error), error);
    papers_free(&none);
}

static size_t count_of(struct edition_cache *cache, struct store *store)
{
    const struct edition_list *list;
    struct error error = {0};

    MUST(edition_cache_get(cache, store, &list, &error), error);
    return list->count;
}

/* Whoever puts or prunes one, in this process or another, is seen at the next call. */
static void lists_again_what_others_changed(void **state)
{
    struct edition_cache cache = {0};
    struct store *store, *other;
    const struct edition_list *first, *again;
    struct pruned pruned;
    struct error error = {0};
    char *folder = data_temporary_folder(), url[600];

    (void)state;
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    MUST(store_open(url, NULL, &store, &error), error);
    MUST(store_open(url, NULL, &other, &error), error);
    assert_int_equal(count_of(&cache, store), 0);
    put(other, 10);
    assert_int_equal(count_of(&cache, store), 1);
    put(other, 11);
    MUST(edition_cache_get(&cache, store, &first, &error), error);
    assert_int_equal(first->count, 2);
    assert_int_equal(first->items[0].date.day, 11);
    MUST(edition_cache_get(&cache, store, &again, &error), error);
    assert_ptr_equal(first->items, again->items); /* not listed anew for nothing */
    MUST(store_prune(other, &(struct prune_limits){.editions_before = {2026, 2, 11}}, &pruned, &error),
         error);
    assert_int_equal(count_of(&cache, store), 1);
    edition_cache_free(&cache);
    edition_cache_free(&cache);
    store_close(&other);
    store_close(&store);
    data_remove_folder(&folder);
}

/* A worker that had somebody's delivery in hand when they were erased asks all the same. */
static void asking_for_editions_leaves_no_trace(void **state)
{
    char *folder = data_temporary_folder(), url[600];
    struct edition_cache cache = {0};
    struct arena *arena = arena_new();
    struct plan_edition *editions;
    struct site site = {0};
    struct error error = {0};
    bool stored = true;
    size_t count;

    (void)state;
    snprintf(url, sizeof(url), "sqlite:%s/store.db", folder);
    MUST(store_open(url, NULL, &site.store, &error), error);
    MUST(zone_load("America/New_York", &site.arxiv_zone, &error), error);
    put(site.store, 10);
    MUST(plan_editions(&site, &cache, "ada@example.org", (struct date){2026, 2, 10}, arena,
                       &editions, &count, &error), error);
    MUST(subscriber_is_stored(site.store, "ada@example.org", &stored, &error), error);
    assert_false(stored);
    edition_cache_free(&cache);
    arena_free(&arena);
    store_close(&site.store);
    zone_free(&site.arxiv_zone);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_again_what_others_changed),
        cmocka_unit_test(asking_for_editions_leaves_no_trace),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
