/* The library of a process: one shelf for all who read the same editions, also when they
 * ask at once, and no more of the others than are kept. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commands/library.h"
#include "store/editions.h"
#include "unit/data.h"
#include "unit/ranked.h"

enum { DAYS = 10, THREADS = 4, TURNS = 60 };

struct world {
    char *folder;
    struct site site;
    struct library library;
    struct error error;
};

#define MUST(call) \
    do { \
        if ((call) < 0) \
            fail_msg("%s: %s", #call, world->error.text); \
    } while (0)

static struct date day(int number)
{
    return (struct date){2026, 6, number + 1};
}

static void open_site(struct world *world, struct site *site)
{
    char url[600];

    *site = (struct site){0};
    snprintf(url, sizeof(url), "sqlite:%s/a.db", world->folder);
    MUST(store_open(url, NULL, &site->store, &world->error));
    MUST(zone_load("America/New_York", &site->arxiv_zone, &world->error));
    site->configuration.retention.papers_days = 400;
}

static void close_site(struct site *site)
{
    store_close(&site->store);
    zone_free(&site->arxiv_zone);
}

/* Each day has a paper more than the one before. */
static struct world *world_new(void)
{
    struct world *world = calloc(1, sizeof(*world));

    assert_non_null(world);
    world->folder = data_temporary_folder();
    open_site(world, &world->site);
    library_init(&world->library);
    for (int i = 0; i < DAYS; i++) {
        struct edition edition = {.date = day(i), .fetched_utc = 1782820800};
        struct papers papers;
        struct buffer lines;

        buffer_init(&lines, 1 << 16);
        for (int j = 0; j <= i; j++)
            buffer_printf(&lines, "%d.%d|title w%d|abstract\n", i, j, j);
        ranked_papers(buffer_string(&lines), &papers);
        MUST(store_put_edition(world->site.store, &edition, &papers, NULL, &world->error));
        papers_free(&papers);
        buffer_free(&lines);
    }
    return world;
}

static void world_free(struct world *world)
{
    library_free(&world->library);
    close_site(&world->site);
    data_remove_folder(&world->folder);
    free(world);
}

static const struct shelf *get(struct world *world, struct library_reader *reader, int number)
{
    const struct date date = day(number);
    const struct shelf *shelf = NULL;

    MUST(library_get(reader, &date, 1, &shelf, &world->error));
    assert_int_equal(shelf->papers.count, (size_t)number + 1);
    assert_ptr_equal(ranker_index(reader->ranker), shelf->index);
    return shelf;
}

static size_t count_shelves(const struct library *library)
{
    size_t count = 0;

    for (const struct shelf *shelf = library->shelves; shelf; shelf = shelf->next)
        count++;
    return count;
}

static void readers_share_a_shelf(void **state)
{
    struct world *world = world_new();
    struct library_reader one = {&world->library, &world->site, NULL, NULL}, two = one;
    const struct shelf *shelf;

    (void)state;
    shelf = get(world, &one, 3);
    assert_ptr_equal(get(world, &two, 3), shelf);
    assert_ptr_not_equal(one.ranker, two.ranker);
    assert_int_equal(world->library.fillings, 1);
    library_leave(&one);
    library_leave(&two);
    assert_ptr_equal(get(world, &one, 3), shelf);
    assert_int_equal(world->library.fillings, 1);
    assert_int_equal(shelf->ranker_count, 1);
    library_leave(&one);
    world_free(world);
}

/* One that is read stays, however many others are asked for meanwhile. */
static void few_are_kept(void **state)
{
    struct world *world = world_new();
    struct library_reader stays = {&world->library, &world->site, NULL, NULL}, goes = stays;
    const struct shelf *shelf;

    (void)state;
    shelf = get(world, &stays, 0);
    for (int i = 1; i < DAYS; i++)
        get(world, &goes, i);
    assert_ptr_equal(get(world, &stays, 0), shelf);
    assert_int_equal(world->library.fillings, DAYS);
    library_leave(&goes);
    assert_int_equal(count_shelves(&world->library), LIBRARY_SHELVES + 1);
    library_leave(&stays);
    assert_int_equal(count_shelves(&world->library), LIBRARY_SHELVES);
    world_free(world);
}

static void what_is_missing_fails_for_itself(void **state)
{
    struct world *world = world_new();
    struct library_reader reader = {&world->library, &world->site, NULL, NULL};
    const struct date missing = {2025, 1, 1};
    const struct shelf *shelf;
    struct error error;

    (void)state;
    get(world, &reader, 1);
    assert_int_equal(library_get(&reader, &missing, 1, &shelf, &error), -1);
    assert_int_equal(error.kind, ERROR_MISSING);
    get(world, &reader, 1);
    assert_int_equal(count_shelves(&world->library), 1);
    library_leave(&reader);
    world_free(world);
}

struct visitor {
    struct world *world;
    int number;
    pthread_t thread;
    int wrong;
};

static void *visit(void *user)
{
    struct visitor *visitor = user;
    struct site site;
    struct library_reader reader = {&visitor->world->library, &site, NULL, NULL};

    open_site(visitor->world, &site);
    for (int i = 0; i < TURNS; i++) {
        int number = (i / 3 * (visitor->number + 1)) % DAYS;
        const struct date date = day(number);
        const struct shelf *shelf;
        struct error error;

        visitor->wrong += library_get(&reader, &date, 1, &shelf, &error) < 0 ||
                          shelf->papers.count != (size_t)number + 1 ||
                          ranker_index(reader.ranker) != shelf->index;
    }
    library_leave(&reader);
    close_site(&site);
    return NULL;
}

static void threads_come_and_go(void **state)
{
    struct world *world = world_new();
    struct visitor visitors[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++) {
        visitors[i] = (struct visitor){.world = world, .number = i};
        assert_int_equal(pthread_create(&visitors[i].thread, NULL, visit, &visitors[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(visitors[i].thread, NULL);
        assert_int_equal(visitors[i].wrong, 0);
    }
    assert_true(count_shelves(&world->library) <= LIBRARY_SHELVES);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_share_a_shelf),
        cmocka_unit_test(few_are_kept),
        cmocka_unit_test(what_is_missing_fails_for_itself),
        cmocka_unit_test(threads_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
