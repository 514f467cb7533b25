/* inbox: what a profile would bring, or has brought. */
#include <string.h>

#include "commands/inbox_parts.h"
#include "digest/message.h"
#include "store/person.h"
#include "store/shown.h"

enum { LOOK_BACK_DAYS = 7, LOOK_BACK_EDITIONS = 7, TOP = 5, SLOT_BYTES = 64 };

static struct composer *open_composer(struct inbox *inbox)
{
    if (!inbox->composer) {
        composer_init(&inbox->own_composer, inbox->site);
        inbox->composer = &inbox->own_composer;
    }
    return inbox->composer;
}

/* Editions with papers, newest first. */
static int newest_editions(struct inbox *inbox, struct date ret_dates[LOOK_BACK_EDITIONS],
                           size_t *ret_count, struct error *error)
{
    const struct edition_list *list;
    int64_t oldest = 0;

    *ret_count = 0;
    if (edition_cache_get(&open_composer(inbox)->editions, inbox->site->store, &list, error) < 0)
        return -1;
    for (size_t pass = 0; pass < list->count && *ret_count < LOOK_BACK_EDITIONS; pass++) {
        const struct edition *newest = NULL;

        for (size_t i = 0; i < list->count; i++) {
            const struct edition *edition = &list->items[i];

            if (edition->paper_count &&
                (!*ret_count || date_compare(edition->date, ret_dates[*ret_count - 1]) < 0) &&
                (!newest || date_compare(edition->date, newest->date) > 0))
                newest = edition;
        }
        if (!newest || date_to_days(newest->date) < oldest)
            break;
        if (!*ret_count)
            oldest = date_to_days(newest->date) - LOOK_BACK_DAYS + 1;
        ret_dates[(*ret_count)++] = newest->date;
    }
    return 0;
}

static int rank_edition(struct inbox *inbox, struct date date, const struct profile *profile,
                        struct ranking *ret_ranking, struct error *error)
{
    struct composer *composer = open_composer(inbox);
    const struct shelf *shelf;

    if (library_get(&composer->reader, &date, 1, &shelf, error) < 0)
        return -1;
    return compiling_rank(&composer->compiling, composer->reader.ranker, profile, NULL, 0, NULL,
                          inbox->arena, ret_ranking, error);
}

/* The shelf's papers may go when another is asked for. */
static void keep_top(struct inbox *inbox, const struct ranking *ranking, struct answer *answer)
{
    struct answer_paper *papers = arena_alloc(inbox->arena, TOP, sizeof(*papers));
    size_t count = ranking->count < TOP ? ranking->count : TOP;

    for (size_t i = 0; i < count; i++) {
        const struct paper *from = ranking->items[i].paper;
        struct paper *paper = arena_alloc(inbox->arena, 1, sizeof(*paper));
        struct view *authors = arena_alloc(inbox->arena, from->author_count + 1,
                                           sizeof(*authors));

        *paper = (struct paper){
            .id = arena_copy(inbox->arena, from->id),
            .version = from->version,
            .title = arena_copy(inbox->arena, from->title),
            .author_count = from->author_count,
        };
        for (size_t j = 0; j < from->author_count; j++)
            authors[j] = arena_copy(inbox->arena, from->authors[j]);
        paper->authors = authors;
        papers[i] = (struct answer_paper){paper, ranking->items[i].score};
    }
    answer->papers = papers;
    answer->paper_count = count;
}

int inbox_look_ahead(struct inbox *inbox, const struct profile *profile, struct answer *answer,
                     struct error *error)
{
    struct date dates[LOOK_BACK_EDITIONS];
    size_t count, papers = 0;

    if (newest_editions(inbox, dates, &count, error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct ranking ranking;

        if (rank_edition(inbox, dates[i], profile, &ranking, error) < 0)
            return -1;
        papers += ranking.count;
        if (i == 0)
            keep_top(inbox, &ranking, answer);
        answer->edition = dates[0];
    }
    answer->days = count;
    answer->papers_per_day = count ? (double)papers / (double)count : 0;
    return 0;
}

/* ---- digests as answers ---- */

static int add_message(struct inbox *inbox, struct inbox_deed *deed, const char *slot)
{
    struct composer *composer = inbox->composer;
    struct deed_answer *item = &deed->answers[deed->answer_count];

    if (deed->answer_count == DEED_ANSWERS)
        return 0;
    deed->answer_count++;
    *item = (struct deed_answer){
        .to = deed->address,
        .kind = DELIVERY_ANSWER,
        .slot = slot,
        .envelope_sender = arena_string(inbox->arena, buffer_view(&composer->envelope)),
    };
    buffer_init(&item->message, DIGEST_MESSAGE_BYTES);
    buffer_add_view(&item->message, buffer_view(&composer->message));
    return 0;
}

static int write_digest(struct inbox *inbox, struct inbox_deed *deed,
                        struct compose_request *request, bool is_preview, struct error *error)
{
    struct composer *composer = open_composer(inbox);
    struct ranking ranking;
    int result;

    composer->is_preview = is_preview;
    result = composer_render(composer, request, &ranking, error);
    if (result == 0 && ranking.count)
        result = composer_write(composer, request, error);
    composer->is_preview = false;
    if (result < 0 || !ranking.count)
        return result;
    return add_message(inbox, deed, request->slot);
}

static int preview(struct inbox *inbox, struct inbox_deed *deed, const struct profile *profile,
                   struct compose_request *request, struct error *error)
{
    struct date dates[LOOK_BACK_EDITIONS];
    const struct shelf *shelf;
    size_t count;

    (void)profile;
    if (newest_editions(inbox, dates, &count, error) < 0)
        return -1;
    if (!count)
        return 0;
    if (library_get(&inbox->composer->reader, dates, 1, &shelf, error) < 0)
        return -1;
    request->index = shelf->index;
    request->ranker = inbox->composer->reader.ranker;
    request->papers_serial = shelf->serial;
    request->summaries = shelf->summaries;
    request->editions = dates;
    request->edition_count = 1;
    request->date = dates[0];
    return write_digest(inbox, deed, request, true, error);
}

/* ---- the last one again ---- */

struct last_digest {
    struct arena *arena;
    struct view editions, shown, slot;
    bool found;
};

static void keep_last(void *user, const struct person_delivery *delivery)
{
    struct last_digest *last = user;

    if (!view_equal_string(delivery->kind, "digest") ||
        !view_equal_string(delivery->state, "sent") || !delivery->shown.size)
        return;
    last->found = true;
    last->editions = arena_copy(last->arena, delivery->editions);
    last->shown = arena_copy(last->arena, delivery->shown);
    last->slot = arena_copy(last->arena, delivery->slot);
}

static size_t read_editions(struct view text, struct plan_edition *ret_editions, size_t max)
{
    struct view part;
    size_t count = 0;

    while (count < max && view_next_part(&text, ' ', &part)) {
        struct edition_shown shown;

        if (edition_shown_parse(part, &shown))
            ret_editions[count++] = (struct plan_edition){.date = shown.date, .is_new = true};
    }
    return count;
}

static int resend(struct inbox *inbox, struct inbox_deed *deed, struct compose_request *request,
                  struct error *error)
{
    struct plan_edition *editions = arena_alloc(inbox->arena, OUTBOX_EDITIONS_MAX,
                                                sizeof(*editions));
    struct last_digest last = {.arena = inbox->arena};
    const struct edition_shown *taken;
    size_t count;

    open_composer(inbox);
    if (person_each_delivery(inbox->site->store, deed->address, keep_last, &last, error) < 0)
        return -1;
    count = read_editions(last.editions, editions, OUTBOX_EDITIONS_MAX);
    if (!last.found || !count || !date_parse(last.slot, &request->date))
        return 0;
    if (composer_take(inbox->composer, editions, count, 0, last.shown, request, &taken, error) < 0)
        return -1;
    return write_digest(inbox, deed, request, false, error);
}

int inbox_add_digest(struct inbox *inbox, struct inbox_deed *deed, const struct profile *profile,
                     bool is_preview, struct error *error)
{
    char *slot = arena_alloc(inbox->arena, SLOT_BYTES, 1);
    struct compose_request request = {.profile = profile, .slot = slot,
                                      .now_utc = inbox->now_utc};
    size_t before = deed->answer_count;
    int result;

    snprintf(slot, SLOT_BYTES, "%.32s-%s", inbox->hash, is_preview ? "preview" : "resend");
    arena_reset(open_composer(inbox)->arena);
    result = is_preview ? preview(inbox, deed, profile, &request, error)
                        : resend(inbox, deed, &request, error);
    if (result == 0 && deed->answer_count == before)
        inbox->no_digest = true;
    return result;
}
