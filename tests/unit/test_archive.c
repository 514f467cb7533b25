/* The archive's snapshots and compiled profiles in a real store: counted in steps
 * as at once, the same for all who ask, made again from what is odd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "commands/archive.h"
#include "commands/compiling.h"
#include "store/derived.h"
#include "store/subscribers.h"
#include "store/editions.h"
#include "unit/data.h"
#include "unit/ranked.h"

enum { NOW = 1782820800 /* 2026-06-30 12:00 UTC */ };

#define MUST(call) \
    do { \
        if ((call) < 0) \
            fail_msg("%s: %s", #call, world->error.text); \
    } while (0)

struct archive_world {
    char *folder;
    struct site site;
    struct archive archive;
    struct error error;
};

static struct archive_world *world_new(void)
{
    struct archive_world *world = calloc(1, sizeof(*world));
    char url[600];

    assert_non_null(world);
    world->folder = data_temporary_folder();
    snprintf(url, sizeof(url), "sqlite:%s/a.db", world->folder);
    MUST(store_open(url, NULL, &world->site.store, &world->error));
    MUST(zone_load("America/New_York", &world->site.arxiv_zone, &world->error));
    world->site.configuration.retention.papers_days = 400;
    world->archive.site = &world->site;
    return world;
}

static void world_free(struct archive_world *world)
{
    archive_free(&world->archive);
    store_close(&world->site.store);
    zone_free(&world->site.arxiv_zone);
    data_remove_folder(&world->folder);
    free(world);
}

/* `count` papers from `first` on, of words that come back every few papers. */
static void put(struct archive_world *world, const char *date_text, int first, int count)
{
    struct edition edition = {.fetched_utc = NOW + first};
    struct papers papers;
    struct buffer lines;

    assert_true(date_parse(view_of(date_text), &edition.date));
    buffer_init(&lines, 1 << 22);
    for (int i = first; i < first + count; i++)
        buffer_printf(&lines, "%d|title w%d|abstract of x%d and y%d\n", i, i % 7, i % 50, i);
    ranked_papers(buffer_string(&lines), &papers);
    MUST(store_put_edition(world->site.store, &edition, &papers, NULL, &world->error));
    papers_free(&papers);
    buffer_free(&lines);
}

static struct date date_of(const char *text)
{
    struct date date;

    assert_true(date_parse(view_of(text), &date));
    return date;
}

static const struct rarity *take(struct archive_world *world, const char *date)
{
    const struct rarity *rarity = NULL;

    MUST(archive_take(&world->archive, date_of(date), NOW, &rarity, &world->error));
    assert_non_null(rarity);
    return rarity;
}

/* As another process would have it, which has nothing in memory. */
static uint64_t key_elsewhere(struct archive_world *world, const char *date)
{
    struct archive other = {.site = &world->site};
    const struct rarity *rarity;
    uint64_t key;

    MUST(archive_take(&other, date_of(date), NOW, &rarity, &world->error));
    key = rarity->key;
    archive_free(&other);
    return key;
}

static void months_sum_to_the_whole(void **state)
{
    struct archive_world *steps = world_new(), *once = world_new();
    const struct rarity *rarity;

    (void)state;
    put(steps, "2026-05-28", 0, 40);
    assert_int_equal(take(steps, "2026-05-28")->paper_count, 40);
    put(steps, "2026-06-01", 40, 60);
    assert_int_equal(take(steps, "2026-06-01")->paper_count, 100);
    put(steps, "2026-06-02", 100, 30);
    put(steps, "2026-06-02", 130, 20); /* late ones */
    put(steps, "2026-05-28", 100, 5);  /* listed twice, counted once, or so */
    rarity = take(steps, "2026-06-02");
    assert_in_range(rarity->paper_count, 150, 155);

    put(once, "2026-05-28", 0, 40);
    put(once, "2026-06-01", 40, 60);
    put(once, "2026-06-02", 100, 50);
    rarity = take(once, "2026-06-02");
    assert_int_equal(rarity->paper_count, 150);
    world_free(steps);

    steps = world_new();
    put(steps, "2026-05-28", 0, 40);
    take(steps, "2026-05-28");
    put(steps, "2026-06-01", 40, 60);
    take(steps, "2026-06-01");
    put(steps, "2026-06-02", 100, 50);
    assert_true(take(steps, "2026-06-02")->key == rarity->key);
    world_free(steps);
    world_free(once);
}

static void an_edition_keeps_its_snapshot(void **state)
{
    struct archive_world *world = world_new();
    uint64_t first, second;

    (void)state;
    put(world, "2026-06-01", 0, 100);
    first = take(world, "2026-06-01")->key;
    put(world, "2026-06-01", 100, 50); /* late ones: a retry does not see them */
    assert_true(key_elsewhere(world, "2026-06-01") == first);
    put(world, "2026-06-02", 200, 100);
    second = take(world, "2026-06-02")->key;
    assert_true(second != first);
    assert_true(key_elsewhere(world, "2026-06-02") == second);
    assert_true(key_elsewhere(world, "2026-06-01") == first);
    /* A few papers more are no reason for a new one, for many profiles to compile. */
    put(world, "2026-06-03", 300, 10);
    assert_true(key_elsewhere(world, "2026-06-03") == second);
    put(world, "2026-06-04", 310, 10);
    assert_true(key_elsewhere(world, "2026-06-04") != second);
    /* Days before all snapshots take one that there is. */
    put(world, "2026-05-04", 400, 1);
    assert_true(key_elsewhere(world, "2026-05-04") == key_elsewhere(world, "2026-06-04"));
    world_free(world);
}

static void wrong_dates_do_not_stop_it(void **state)
{
    struct archive_world *world = world_new();

    (void)state;
    put(world, "2099-01-01", 0, 10);
    assert_int_equal(take(world, "2099-01-01")->paper_count, 10);
    put(world, "2026-07-01", 10, 100);
    assert_int_equal(take(world, "2026-07-01")->paper_count, 100);
    world_free(world);
}

static void old_months_go(void **state)
{
    struct archive_world *world = world_new();
    struct error error;
    bool found;
    char name[DERIVED_NAME_BYTES + 1];

    (void)state;
    world->site.configuration.retention.papers_days = 60;
    put(world, "2026-01-05", 0, 100);
    assert_int_equal(take(world, "2026-01-05")->paper_count, 100);
    put(world, "2026-06-05", 100, 20);
    assert_int_equal(take(world, "2026-06-05")->paper_count, 20);
    assert_int_equal(derived_find_last(world->site.store, "archive-month", "2026-05", name, &found,
                                       &error), 0);
    assert_false(found);
    world_free(world);
}

static void spoil(struct archive_world *world, const char *kind, const char *name)
{
    struct buffer bytes;
    bool found = false;

    buffer_init(&bytes, 1 << 24);
    MUST(derived_get(world->site.store, kind, name, &bytes, &found, &world->error));
    assert_true(found);
    bytes.data[bytes.size / 2] ^= 0x10;
    MUST(derived_put(world->site.store, kind, name, buffer_view(&bytes), NOW, &world->error));
    buffer_free(&bytes);
}

static void odd_bytes_are_made_again(void **state)
{
    struct archive_world *world = world_new();
    struct rarity rarity;
    struct buffer bytes;
    uint64_t key;
    bool found;

    (void)state;
    put(world, "2026-06-01", 0, 100);
    key = key_elsewhere(world, "2026-06-01");
    spoil(world, "archive", "2026-06-01");
    assert_true(key_elsewhere(world, "2026-06-01") == key);
    /* Mended, not only worked around. */
    buffer_init(&bytes, 1 << 24);
    MUST(derived_get(world->site.store, "archive", "2026-06-01", &bytes, &found, &world->error));
    assert_int_equal(rarity_unpack(buffer_view(&bytes), &rarity, NULL), 0);
    assert_true(rarity.key == key);
    rarity_free(&rarity);
    buffer_free(&bytes);
    spoil(world, "archive", "2026-06-01");
    spoil(world, "archive-month", "2026-06");
    assert_true(key_elsewhere(world, "2026-06-01") == key);
    /* What was mended holds every edition that is in it. */
    MUST(derived_drop(world->site.store, "archive-month", "2026-06", &world->error));
    assert_true(key_elsewhere(world, "2026-06-01") == key);
    world_free(world);
}

static void a_dry_run_writes_nothing(void **state)
{
    struct archive_world *world = world_new(), *real = world_new();
    struct papers papers;
    char name[DERIVED_NAME_BYTES + 1];
    bool found = true;
    uint64_t dry;

    (void)state;
    put(world, "2026-06-01", 0, 10);
    put(real, "2026-06-01", 0, 10);
    put(real, "2026-06-02", 10, 2);
    ranked_papers("10|title w3|abstract of x10 and y10\n11|title w4|abstract of x11 and y11\n"
                  "1|title w1|abstract of x1 and y1",
                  &papers);
    world->archive.unstored = &papers;
    world->archive.unstored_date = date_of("2026-06-02");
    dry = take(world, "2026-06-02")->key;
    assert_true(dry == take(real, "2026-06-02")->key);
    for (int i = 0; i < 3; i++) {
        static const char *const kinds[] = {"archive", "archive-of", "archive-month"};

        MUST(derived_find_last(world->site.store, kinds[i], "9", name, &found, &world->error));
        assert_false(found);
    }
    papers_free(&papers);
    world_free(world);
    world_free(real);
}

/* ---- compiled profiles ---- */

struct setting {
    struct archive_world *world;
    struct papers papers;
    struct ranking_index *index;
    struct ranker *ranker;
    struct arena *arena;
    struct compiling compiling;
    struct folder_version version; /* of the profile that is ranked */
};

static void setting_open(struct setting *setting)
{
    struct archive_world *world = world_new();
    struct subscriber_seen seen;

    *setting = (struct setting){.world = world};
    MUST(subscriber_see(world->site.store, "ada@example.org", NOW, date_of("2026-06-01"), &seen,
                        &world->error));
    put(world, "2026-06-01", 0, 100);
    put(world, "2026-06-02", 100, 50);
    papers_init(&setting->papers);
    MUST(store_load_edition(world->site.store, date_of("2026-06-02"), &setting->papers,
                            &world->error));
    setting->index = ranking_index_new_among(&setting->papers, take(world, "2026-06-02"));
    setting->ranker = ranker_new(setting->index);
    setting->arena = arena_new();
    compiling_init(&setting->compiling, &world->site);
}

static void setting_close(struct setting *setting)
{
    compiling_free(&setting->compiling);
    ranker_free(&setting->ranker);
    ranking_index_free(&setting->index);
    papers_free(&setting->papers);
    arena_free(&setting->arena);
    world_free(setting->world);
}

static struct ranking rank(struct setting *setting, const struct profile *profile, bool keeps)
{
    struct archive_world *world = setting->world;
    struct ranking ranking;

    MUST(compiling_rank(&setting->compiling, setting->ranker, profile,
                        keeps ? &setting->version : NULL, 0, NULL, setting->arena,
                        &ranking, &world->error));
    compiling_keep(&setting->compiling);
    return ranking;
}

static void check_same(const struct ranking *got, const struct ranking *want)
{
    assert_int_equal(got->count, want->count);
    for (size_t i = 0; i < want->count; i++) {
        assert_ptr_equal(got->items[i].paper, want->items[i].paper);
        assert_memory_equal(&got->items[i].score, &want->items[i].score, sizeof(double));
        assert_int_equal(got->items[i].reason_count, want->items[i].reason_count);
        for (size_t j = 0; j < want->items[i].reason_count; j++)
            assert_true(view_equal(got->items[i].reasons[j].term, want->items[i].reasons[j].term));
    }
}

static void kept_bytes_change_no_result(void **state)
{
    static const char *const texts[] = {
        "'keywords': ['w3', 'x7']", "'interests': 'abstract of x9', 'liked': ['3', '7', '12']",
        "'liked': ['3'], 'disliked': ['8']", "'keywords': ['w3'], 'scoring': 'substring'", ""};
    struct setting setting;

    (void)state;
    setting_open(&setting);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct archive_world *world = setting.world;
        struct ranking fresh, made, kept, odd, other;
        struct profile profile;
        bool found;
        struct buffer bytes;

        ranked_profile(texts[i], &profile);
        setting.version.hash[0] = (unsigned char)i;
        fresh = rank(&setting, &profile, false);
        assert_true(fresh.count > 0);
        made = rank(&setting, &profile, true);
        check_same(&made, &fresh);
        kept = rank(&setting, &profile, true);
        check_same(&kept, &fresh);
        if (profile.scoring == SCORING_RELEVANCE) {
            spoil(world, COMPILING_KIND, "ada@example.org");
            odd = rank(&setting, &profile, true);
            check_same(&odd, &fresh);
            /* Sound bytes, made of something else or by another version: another key. */
            buffer_init(&bytes, 1 << 20);
            assert_int_equal(ranking_compile(setting.index, &(struct profile){.max_papers = 1}, 7,
                                             &bytes), 0);
            MUST(derived_put(world->site.store, COMPILING_KIND, "ada@example.org",
                             buffer_view(&bytes), NOW, &world->error));
            other = rank(&setting, &profile, true);
            check_same(&other, &fresh);
            buffer_clear(&bytes);
            MUST(derived_get(world->site.store, COMPILING_KIND, "ada@example.org", &bytes, &found,
                             &world->error));
            assert_true(found && ranking_compiled_key(buffer_view(&bytes)) != 7);
            buffer_free(&bytes);
        }
        profile_free(&profile);
    }
    setting_close(&setting);
}

/* What is kept is what is ranked with: bytes under the right key are believed. */
static void kept_bytes_are_used(void **state)
{
    struct setting setting;
    struct archive_world *world;
    struct profile profile, other;
    struct buffer bytes;
    bool found;
    uint64_t key;
    struct ranking ranking;

    (void)state;
    setting_open(&setting);
    world = setting.world;
    buffer_init(&bytes, 1 << 20);
    ranked_profile("'keywords': ['w3']", &profile);
    ranked_profile("'keywords': ['w4'], 'max_papers': 1", &other);
    rank(&setting, &profile, true);
    MUST(derived_get(world->site.store, COMPILING_KIND, profile.email, &bytes, &found,
                     &world->error));
    key = ranking_compiled_key(buffer_view(&bytes));
    assert_int_equal(ranking_compile(setting.index, &other, key, &bytes), 0);
    MUST(derived_put(world->site.store, COMPILING_KIND, profile.email, buffer_view(&bytes), NOW,
                     &world->error));
    ranking = rank(&setting, &profile, true);
    assert_int_equal(ranking.count, 1);
    assert_true(view_equal(ranking.items[0].reasons[0].term, VIEW("w4")));
    buffer_free(&bytes);
    profile_free(&profile);
    profile_free(&other);
    setting_close(&setting);
}

static bool is_kept(struct setting *setting, int number)
{
    struct archive_world *world = setting->world;
    struct buffer bytes;
    char address[40];
    bool found;

    snprintf(address, sizeof(address), "r%d@example.org", number);
    buffer_init(&bytes, 1 << 20);
    MUST(derived_get(world->site.store, COMPILING_KIND, address, &bytes, &found, &world->error));
    assert_true(!found || ranking_compiled_key(buffer_view(&bytes)) != 0);
    buffer_free(&bytes);
    return found;
}

/* Not one by one; the last of them when compiling ends. */
static void profiles_are_kept_together(void **state)
{
    enum { PROFILES = COMPILING_UNKEPT + 1 };
    struct setting setting;
    struct ranking ranking;

    (void)state;
    setting_open(&setting);
    for (int i = 0; i < PROFILES; i++) {
        struct archive_world *world = setting.world;
        struct subscriber_seen seen;
        struct profile profile;
        char address[40];

        ranked_profile("'keywords': ['w3']", &profile);
        snprintf(address, sizeof(address), "r%d@example.org", i);
        MUST(subscriber_see(world->site.store, address, NOW, date_of("2026-06-01"), &seen,
                            &world->error));
        free(profile.email);
        profile.email = strdup(address);
        assert_int_equal(is_kept(&setting, 0), i >= COMPILING_UNKEPT);
        MUST(compiling_rank(&setting.compiling, setting.ranker, &profile, &setting.version, 0, NULL,
                            setting.arena, &ranking, &world->error));
        profile_free(&profile);
    }
    assert_true(is_kept(&setting, COMPILING_UNKEPT - 1));
    assert_false(is_kept(&setting, COMPILING_UNKEPT));
    compiling_free(&setting.compiling);
    assert_true(is_kept(&setting, COMPILING_UNKEPT));
    compiling_init(&setting.compiling, &setting.world->site);
    setting_close(&setting);
}

/* Papers of earlier editions are liked, and those that come later count at once. */
static void liked_papers_are_found_in_the_store(void **state)
{
    struct setting setting;
    struct profile profile;
    struct ranking ranking;

    (void)state;
    setting_open(&setting);
    ranked_profile("'liked': ['unknown', '3', '900']", &profile);
    ranking = rank(&setting, &profile, true);
    assert_true(ranking.count > 0);
    assert_int_equal(ranking.items[0].reasons[0].field, REASON_LIKED);
    for (size_t i = 0; i < ranking.items[0].reason_count; i++)
        assert_false(view_equal(ranking.items[0].reasons[i].term, VIEW("w4")));
    put(setting.world, "2026-05-02", 900, 1); /* w4 */
    ranking = rank(&setting, &profile, true);
    for (size_t i = 0, seen = 0; i <= ranking.count; i++) {
        if (i == ranking.count) {
            assert_true(seen > 0);
            break;
        }
        for (size_t j = 0; j < ranking.items[i].reason_count; j++)
            seen += view_equal(ranking.items[i].reasons[j].term, VIEW("w4"));
    }
    profile_free(&profile);
    setting_close(&setting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(months_sum_to_the_whole),
        cmocka_unit_test(an_edition_keeps_its_snapshot),
        cmocka_unit_test(wrong_dates_do_not_stop_it),
        cmocka_unit_test(old_months_go),
        cmocka_unit_test(odd_bytes_are_made_again),
        cmocka_unit_test(a_dry_run_writes_nothing),
        cmocka_unit_test(kept_bytes_change_no_result),
        cmocka_unit_test(kept_bytes_are_used),
        cmocka_unit_test(profiles_are_kept_together),
        cmocka_unit_test(liked_papers_are_found_in_the_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
