/* Summaries of a list of papers: read and rendered once for all threads and languages, again
 * only for what is new, and not at all when nobody wants them. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/process.h"
#include "commands/prompts.h"
#include "commands/summaries_kept.h"
#include "store/query.h"
#include "store/summaries.h"
#include "unit/data.h"
#include "unit/ranked.h"

enum { THREADS = 4 };

struct world {
    char *folder;
    struct site site;
    struct log log;
    struct papers papers;
    struct summaries_kept *kept;
    struct profile profile;
    struct arena *arena;
    struct error error;
};

#define MUST(call) \
    do { \
        if ((call) < 0) \
            fail_msg("%s: %s", #call, world->error.text); \
    } while (0)

static void write_prompt(struct world *world, const char *name, const char *text)
{
    char *path = file_join(world->folder, name);

    MUST(file_write_atomic(path, view_of(text), 0600, &world->error));
    free(path);
}

static void open_store(struct world *world, struct site *site)
{
    char url[600];

    snprintf(url, sizeof(url), "sqlite:%s/a.db", world->folder);
    MUST(store_open(url, NULL, &site->store, &world->error));
}

static int set_up(void **state)
{
    struct world *world = memory_new(1, sizeof(*world));

    world->folder = data_temporary_folder();
    world->arena = arena_new();
    profile_init(&world->profile);
    log_init(&world->log, "test");
    world->site.log = &world->log;
    open_store(world, &world->site);
    world->site.configuration.summaries.enabled = true;
    world->site.configuration.summaries.model = memory_copy_string("qwen-long");
    world->site.configuration.templates = world->folder;
    write_prompt(world, "summary.en.txt", "Please.\n");
    write_prompt(world, "summary.zh.txt", "Qing.\n");
    world->site.prompts = prompts_new(&world->site);
    ranked_papers("1.1|one|a\n1.2|two|b\n1.3|three|c\n", &world->papers);
    world->kept = summaries_kept_new(&world->papers);
    *state = world;
    return 0;
}

static int tear_down(void **state)
{
    struct world *world = *state;

    summaries_kept_free(&world->kept);
    papers_free(&world->papers);
    prompts_free(&world->site.prompts);
    store_close(&world->site.store);
    free(world->site.configuration.summaries.model);
    profile_free(&world->profile);
    arena_free(&world->arena);
    data_remove_folder(&world->folder);
    free(world);
    return 0;
}

static void put(struct world *world, size_t paper, const char *language, const char *tldr,
                const char *markdown, int64_t now_utc)
{
    const struct summary_row row = {.state = SUMMARY_GOOD, .tldr = tldr, .markdown = markdown};
    const struct prompt *prompt;
    char holder[PROCESS_NAME_BYTES];
    struct summary_key key = {.paper_id = arena_string(world->arena,
                                                       world->papers.items[paper].id),
                              .version = world->papers.items[paper].version,
                              .model = "qwen-long"};
    bool is_ours;

    process_name(holder);
    MUST(prompts_find(&world->site, language, &prompt, &world->error));
    key.language = prompt->language;
    key.prompt = prompt->hash;
    MUST(summaries_forget(world->site.store, &key, &world->error));
    MUST(summaries_claim(world->site.store, &key, (struct date){0}, holder, now_utc, 60, &is_ours,
                         &world->error));
    assert_true(is_ours);
    MUST(summaries_finish(world->site.store, &key, holder, &row, now_utc, &world->error));
}

static const struct digest_summary *const *get(struct world *world, const char *language,
                                               int64_t change)
{
    free(world->profile.language);
    world->profile.language = memory_copy_string(language);
    return summaries_kept_get(world->kept, &world->site, &world->profile, change);
}

static bool holds(struct view text, const char *what)
{
    return view_find(text, view_of(what), 0) < text.size;
}

static void those_of_the_language(void **state)
{
    struct world *world = *state;
    const struct digest_summary *const *shown, *const *other;

    put(world, 1, "zh", "一句话", "# 标题\n\n正文 **KV**\n", 100);
    shown = get(world, "zh", 1);
    assert_non_null(shown);
    assert_null(shown[0]);
    assert_null(shown[2]);
    assert_true(view_equal_string(shown[1]->tldr, "一句话"));
    assert_true(view_equal_string(shown[1]->model, "qwen-long"));
    assert_true(holds(shown[1]->html, "标题"));
    assert_true(holds(shown[1]->page_html, "标题"));
    assert_false(holds(shown[1]->page_html, "style="));
    assert_true(holds(shown[1]->text, "标题"));
    assert_ptr_equal(get(world, "zh-Hans", 1), shown); /* the same prompt */
    assert_null(get(world, "de", 1));                  /* asks in English */
    put(world, 0, "en", "", "In English\n", 101);
    other = get(world, "de", 2);
    assert_non_null(other);
    assert_non_null(other[0]);
    assert_int_equal(other[0]->tldr.size, 0);
    assert_ptr_equal(get(world, "fr", 2), other);
    assert_ptr_equal(get(world, "zh", 2), shown); /* nothing is new in it */
}

static void again_only_for_what_is_new(void **state)
{
    struct world *world = *state;
    const struct digest_summary *const *first, *const *second, *const *third;

    assert_null(get(world, "en", 1));
    put(world, 0, "en", "One.", "one\n", 100);
    assert_null(get(world, "en", 1)); /* not asked before something has changed */
    first = get(world, "en", 2);
    assert_non_null(first);
    assert_ptr_equal(get(world, "en", 1), first); /* who has read the number earlier */
    assert_ptr_equal(get(world, "en", 9), first);
    put(world, 2, "en", "Three.", "three\n", 101);
    second = get(world, "en", 10);
    assert_ptr_not_equal(second, first);
    assert_ptr_equal(second[0], first[0]);
    assert_null(first[2]); /* somebody may still read it */
    assert_non_null(second[2]);
    put(world, 0, "en", "Once more.", "once more\n", 102);
    third = get(world, "en", 11);
    assert_true(view_equal_string(first[0]->tldr, "One."));
    assert_true(view_equal_string(third[0]->tldr, "Once more."));
    assert_ptr_equal(third[2], second[2]);
}

static void nobody_asks(void **state)
{
    struct world *world = *state;
    struct store *store = world->site.store;

    put(world, 0, "en", "One.", "one\n", 100);
    world->profile.summaries = false;
    assert_null(get(world, "en", 1));
    assert_null(summaries_find(&world->site, &world->profile, &world->papers, world->arena));
    world->profile.summaries = true;
    world->site.configuration.summaries.enabled = false;
    assert_null(get(world, "en", 1));
    world->site.configuration.summaries.enabled = true;
    world->site.store = NULL; /* papers of a file */
    assert_null(get(world, "en", 1));
    world->site.store = store;
    assert_non_null(get(world, "en", 1));
}

static void rename_table(struct world *world, const char *sql)
{
    struct query query;

    query_start(&query, world->site.store, sql, &world->error);
    MUST(query_run(&query, NULL));
}

/* A digest goes out without. */
static void a_store_that_fails(void **state)
{
    struct world *world = *state;

    put(world, 0, "en", "One.", "one\n", 100);
    rename_table(world, "ALTER TABLE summaries RENAME TO elsewhere");
    assert_null(get(world, "en", 1));
    assert_null(summaries_find(&world->site, &world->profile, &world->papers, world->arena));
    rename_table(world, "ALTER TABLE elsewhere RENAME TO summaries");
    assert_non_null(get(world, "en", 1));
}

static void for_what_is_published(void **state)
{
    struct world *world = *state;
    const struct stored_summary *const *found;

    assert_null(summaries_find(&world->site, &world->profile, &world->papers, world->arena));
    put(world, 2, "en", "Three.", "*three*\n", 100);
    found = summaries_find(&world->site, &world->profile, &world->papers, world->arena);
    assert_non_null(found);
    assert_null(found[0]);
    assert_true(view_equal_string(found[2]->markdown, "*three*\n"));
    assert_true(view_equal_string(found[2]->shown.tldr, "Three."));
    assert_true(holds(found[2]->shown.page_html, "three"));
    assert_int_equal(found[2]->shown.html.size, 0);
}

struct reading {
    struct world *world;
    struct site site;
    const struct digest_summary *const *shown;
};

static void *read_them(void *user)
{
    struct reading *reading = user;

    reading->shown = summaries_kept_get(reading->world->kept, &reading->site,
                                        &reading->world->profile, 1);
    return NULL;
}

static void threads_share_them(void **state)
{
    struct world *world = *state;
    struct reading readings[THREADS];
    pthread_t threads[THREADS];

    put(world, 0, "en", "One.", "one\n", 100);
    for (size_t i = 0; i < THREADS; i++) {
        readings[i] = (struct reading){world, world->site, NULL};
        open_store(world, &readings[i].site);
        assert_int_equal(pthread_create(&threads[i], NULL, read_them, &readings[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_non_null(readings[i].shown);
        assert_ptr_equal(readings[i].shown, readings[0].shown);
        store_close(&readings[i].site.store);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(those_of_the_language), TEST(again_only_for_what_is_new), TEST(nobody_asks),
        TEST(a_store_that_fails),    TEST(for_what_is_published),      TEST(threads_share_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
