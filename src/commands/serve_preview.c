/* serve: what a profile would bring, as a page shows it. */
#include "commands/serve_people.h"
#include "digest/context.h"

enum { TEXT_BYTES = 4096 };

static void set_title(const struct words *words, struct date date, size_t count, json_t *context)
{
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer day, room;

    buffer_init(&day, TEXT_BYTES);
    buffer_init(&room, TEXT_BYTES);
    words_add_date(words, "date_long", date, &day);
    values[0].text = buffer_view(&day);
    words_add(words, "web_preview_title", (long)count, values, &room);
    context_set_buffer(context, "preview_title", &room);
    buffer_free(&day);
    buffer_free(&room);
}

static void set_per_day(const struct words *words, const struct answer *ahead, json_t *context)
{
    struct buffer room;
    long count;
    const char *word = answer_per_day_word(ahead, &count);

    if (!word)
        return;
    buffer_init(&room, TEXT_BYTES);
    words_add(words, word, count, NULL, &room);
    context_set_buffer(context, "per_day", &room);
    buffer_free(&room);
}

static void set_word(const struct words *words, const char *key, const char *word,
                     json_t *context)
{
    struct buffer room;

    buffer_init(&room, TEXT_BYTES);
    words_add(words, word, -1, NULL, &room);
    context_set_buffer(context, key, &room);
    buffer_free(&room);
}

static int rank(struct serve_desk *desk, const struct profile *profile, struct date date,
                json_t *context, struct error *error)
{
    struct composer *composer = &desk->composer;
    const struct words *words = templates_words(desk->site.templates, NULL);
    const struct digest_edition edition = {.date = date};
    const struct shelf *shelf;
    struct ranking ranking;
    struct digest digest = {.profile = profile, .ranking = &ranking, .editions = &edition,
                            .edition_count = 1, .date = date};
    json_t *all;

    if (library_get(&composer->reader, &date, 1, &shelf, error) < 0 ||
        compiling_rank(&composer->compiling, composer->reader.ranker, profile, NULL, 0, NULL,
                       desk->arena, &ranking, error) < 0)
        return -1;
    digest.papers = &shelf->papers;
    digest.papers_serial = shelf->serial;
    digest.index = shelf->index;
    digest.summaries = summaries_kept_get(shelf->summaries, &desk->site, profile,
                                          composer->editions.change);
    all = digest_context(desk->site.templates, &digest);
    json_object_set(context, "papers", json_object_get(all, "papers"));
    json_decref(all);
    json_object_set_new(context, "has_preview", json_true());
    set_title(words, date, ranking.count, context);
    if (!ranking.count)
        set_word(words, "preview_empty", "web_preview_empty", context);
    return 0;
}


int people_set_preview(struct serve_desk *desk, const struct profile *profile, json_t *context,
                       struct error *error)
{
    const struct words *words = templates_words(desk->site.templates, NULL);
    struct answer ahead = {0};

    if (inbox_look_ahead(&desk->people, profile, &ahead, error) < 0)
        return -1;
    if (!ahead.days) {
        set_word(words, "preview_missing", "web_preview_missing", context);
        return 0;
    }
    set_per_day(words, &ahead, context);
    return rank(desk, profile, ahead.edition, context, error);
}
