#include "commands/compose.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/plan.h"
#include "digest/message.h"
#include "mail/token.h"
#include "store/editions.h"
#include "store/outbox.h"
#include "store/shown.h"
#include "subscribers/folder.h"

enum { SHOWN_DAYS = 60, DAY_SECONDS = 86400, LINK_BYTES = 4096, ENVELOPE_BYTES = 1024 };

void composer_init(struct composer *composer, struct site *site)
{
    *composer = (struct composer){.site = site, .arena = arena_new()};
    composer->library.store = site->store;
    digest_output_init(&composer->output);
    buffer_init(&composer->message, DIGEST_MESSAGE_BYTES);
    buffer_init(&composer->envelope, ENVELOPE_BYTES);
    buffer_init(&composer->shown, SHOWN_BYTES_MAX);
}

void composer_free(struct composer *composer)
{
    library_free(&composer->library);
    zone_cache_free(&composer->zones);
    arena_free(&composer->arena);
    digest_output_free(&composer->output);
    buffer_free(&composer->message);
    buffer_free(&composer->envelope);
    buffer_free(&composer->shown);
    free(composer->recipient);
}

/* ---- what the digest says ---- */

static enum category_state note_state(enum edition_state state)
{
    static const enum category_state states[EDITION_STATES] = {
        [EDITION_COMPLETE] = CATEGORY_COMPLETE, [EDITION_LATE] = CATEGORY_LATE,
        [EDITION_STALE] = CATEGORY_STALE,       [EDITION_EMPTY] = CATEGORY_EMPTY,
        [EDITION_FAILED] = CATEGORY_FAILED,
    };

    return states[state];
}

/* Only the categories that this subscriber reads; nothing when all is complete. */
static bool is_read(const struct profile *profile, const char *category)
{
    for (size_t i = 0; i < profile->categories.count; i++)
        if (strcmp(profile->categories.items[i], category) == 0)
            return true;
    return profile->categories.count == 0;
}

static void fill_notes(struct composer *composer, const struct profile *profile,
                       const struct edition *edition, struct digest_edition *digest_edition)
{
    struct digest_note *notes =
        arena_alloc(composer->arena, edition->category_count, sizeof(notes[0]));

    for (size_t i = 0; i < edition->category_count; i++) {
        const struct edition_category *category = &edition->categories[i];

        if (!is_read(profile, category->name))
            continue;
        notes[digest_edition->note_count].category =
            arena_string(composer->arena, view_of(category->name));
        notes[digest_edition->note_count++].state = note_state(category->state);
    }
    digest_edition->notes = notes;
}

/* What the store says of the editions; those it does not have keep their date only. */
static int describe_editions(struct composer *composer, const struct compose_request *request,
                             struct digest_edition **ret_editions, struct error *error)
{
    struct digest_edition *editions =
        arena_alloc(composer->arena, request->edition_count, sizeof(editions[0]));
    struct edition_list list = {0};

    for (size_t i = 0; i < request->edition_count; i++)
        editions[i].date = request->editions[i];
    *ret_editions = editions;
    if (!composer->site->store || !request->edition_count)
        return 0;
    if (store_list_editions(composer->site->store, request->editions[0], 10000, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < request->edition_count; i++)
        for (size_t j = 0; j < list.count; j++)
            if (date_compare(editions[i].date, list.items[j].date) == 0) {
                editions[i].estimated = list.items[j].estimated;
                editions[i].paper_count = list.items[j].paper_count;
                fill_notes(composer, request->profile, &list.items[j], &editions[i]);
            }
    edition_list_free(&list);
    return 0;
}

/* With an inbox the token acts whatever the From; without one a person reads it. */
static const char *unsubscribe_mailto(struct composer *composer,
                                      const struct compose_request *request, struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    const char *to = configuration->list.owner;
    struct token_subscriber subscriber;
    struct buffer address, link;
    char token[TOKEN_TEXT_BYTES];
    const char *result = NULL;

    buffer_init(&address, ENVELOPE_BYTES);
    buffer_init(&link, LINK_BYTES);
    if (configuration->inbox.address && composer->site->has_key) {
        token_subscriber_init(&composer->site->key, view_of(request->profile->email), &subscriber);
        token_make(&subscriber, TOKEN_UNSUBSCRIBE, (struct view){0},
                   token_purpose_expires(TOKEN_UNSUBSCRIBE, request->now_utc), token);
        if (token_add_address(&address, view_of(configuration->inbox.address), TOKEN_UNSUBSCRIBE,
                              token, error) < 0)
            goto out;
        to = buffer_string(&address);
    }
    digest_add_mailto(&link, view_of(to ? to : "owner@localhost"), VIEW("unsubscribe"));
    result = arena_string(composer->arena, buffer_view(&link));
out:
    buffer_free(&address);
    buffer_free(&link);
    return result;
}

int composer_render(struct composer *composer, const struct compose_request *request,
                    struct ranking *ret_ranking, struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    struct digest_edition *editions;
    struct digest digest = {
        .profile = request->profile,
        .ranking = ret_ranking,
        .edition_count = request->edition_count,
        .date = request->date,
        .sender_name = configuration->sender.name,
        .sender_address = configuration->sender.address,
        .list_name = configuration->list.name,
        .owner = configuration->list.owner,
        .inbox = configuration->inbox.address,
        .is_preview = composer->is_preview,
    };

    ranking_make(request->index, request->profile, request->top, request->skip, composer->arena,
                 ret_ranking);
    if (!ret_ranking->count)
        return 0;
    if (describe_editions(composer, request, &editions, error) < 0)
        return -1;
    digest.editions = editions;
    digest.unsubscribe_mailto = unsubscribe_mailto(composer, request, error);
    if (!digest.unsubscribe_mailto)
        return -1;
    return digest_make(composer->site->templates, &digest, &composer->output, error);
}

/* ---- the message around it ---- */

static struct view sender_address(const struct composer *composer)
{
    const char *address = composer->site->configuration.sender.address;

    return address ? view_of(address) : VIEW("paperboy@localhost");
}

static int write_envelope(struct composer *composer, const struct token_subscriber *subscriber,
                          int64_t now_utc, struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    char token[TOKEN_TEXT_BYTES];
    bool is_verp = configuration->inbox.address && !configuration->delivery.fixed_envelope;

    token_make(subscriber, TOKEN_BOUNCE, (struct view){0},
               token_purpose_expires(TOKEN_BOUNCE, now_utc), token);
    buffer_clear(&composer->envelope);
    return digest_envelope_sender(view_of(configuration->inbox.address), sender_address(composer),
                                  is_verp ? token : NULL, &composer->envelope, error);
}

int composer_write(struct composer *composer, const struct compose_request *request,
                   struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    struct view sender = sender_address(composer);
    struct token_subscriber subscriber;
    char left[MESSAGE_ID_TEXT_BYTES];
    struct buffer id;
    struct digest_message message = {
        .from = {view_of(configuration->sender.name), sender},
        .to = {view_of(request->profile->name), view_of(request->profile->email)},
        .subject = buffer_view(&composer->output.subject),
        .date_utc = request->now_utc,
        .text = buffer_view(&composer->output.text),
        .html = buffer_view(&composer->output.html),
        .inbox = view_of(configuration->inbox.address),
    };
    int result;

    message.list.name = view_of(configuration->list.name);
    message.list.id = configuration->list.id
                          ? view_of(configuration->list.id)
                          : view_slice(sender, view_find_char(sender, '@', 0) + 1, sender.size);
    message.list.owner = view_of(configuration->list.owner);
    if (configuration->inbox.address) {
        const char *mailto = unsubscribe_mailto(composer, request, error);

        if (!mailto)
            return -1;
        message.unsubscribe_mailto = view_of(mailto);
    }
    token_subscriber_init(&composer->site->key, view_of(request->profile->email), &subscriber);
    message_id_make(&subscriber, view_of(delivery_kind_name(DELIVERY_DIGEST)),
                    view_of(request->slot), left);
    buffer_init(&id, ENVELOPE_BYTES);
    buffer_printf(&id, "%s@%.*s", left,
                  VIEW_ARGUMENTS(view_slice(sender, view_find_char(sender, '@', 0) + 1,
                                            sender.size)));
    message.message_id = buffer_view(&id);
    buffer_clear(&composer->message);
    result = digest_message_write(&message, &composer->message, error);
    buffer_free(&id);
    return result < 0 ? -1 : write_envelope(composer, &subscriber, request->now_utc, error);
}

/* ---- for the worker ---- */

static int set_verdict(struct composed *composed, enum compose_verdict verdict, const char *reason)
{
    struct error text; /* makes it one printable line */

    error_set(&text, ERROR_NONE, "%s", reason);
    composed->verdict = verdict;
    memcpy(composed->reason, text.text, sizeof(composed->reason) - 1);
    composed->reason[sizeof(composed->reason) - 1] = '\0';
    return 0;
}

/* The papers of a first attempt and no others, so that a retry shows the same. */
struct keep {
    const struct papers *papers;
    unsigned char *skip;
};

static void keep_paper(void *user, struct view id, int version)
{
    struct keep *keep = user;
    size_t index = papers_find(keep->papers, id);

    (void)version;
    if (index < keep->papers->count)
        keep->skip[index] = 0;
}

static int make_skip(struct composer *composer, const struct delivery *delivery,
                     const struct papers *papers, unsigned char *skip, struct error *error)
{
    struct shown_paper *shown;
    size_t count;

    if (delivery->shown.size) {
        struct keep keep = {papers, skip};

        memset(skip, 1, papers->count);
        return shown_read(delivery->shown, keep_paper, &keep, error);
    }
    if (outbox_papers_shown(composer->site->store, delivery->subscriber,
                            site_now() - SHOWN_DAYS * DAY_SECONDS, composer->arena, &shown, &count,
                            error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        size_t index = papers_find(papers, shown[i].id);

        if (index < papers->count)
            skip[index] = 1;
    }
    return 0;
}

static int find_editions(struct composer *composer, const struct delivery *delivery,
                         struct compose_request *request, struct error *error)
{
    struct date *dates;

    if (delivery->edition_count) {
        request->editions = delivery->editions;
        request->edition_count = delivery->edition_count;
        return 0;
    }
    if (plan_editions(composer->site, delivery->subscriber, request->date, composer->arena, &dates,
                      &request->edition_count, error) < 0)
        return -1;
    request->editions = dates;
    return 0;
}

static void fill_composed(struct composer *composer, const struct compose_request *request,
                          const struct ranking *ranking, struct composed *composed)
{
    int64_t previous = 0;

    buffer_clear(&composer->shown);
    for (size_t i = 0; i < ranking->count; i++)
        shown_add(&composer->shown, ranking->items[i].paper->id, ranking->items[i].paper->version,
                  &previous);
    free(composer->recipient);
    composer->recipient = memory_copy_string(request->profile->email);
    composed->message = (struct message){buffer_string(&composer->envelope), composer->recipient,
                                         buffer_view(&composer->message)};
    composed->shown = buffer_view(&composer->shown);
    composed->verdict = COMPOSE_MESSAGE;
}

static int compose_for(struct composer *composer, const struct delivery *delivery,
                       const struct profile *profile, struct composed *composed,
                       struct error *error)
{
    struct compose_request request = {
        .profile = profile, .slot = delivery->slot, .now_utc = site_now()};
    const struct shelf *shelf;
    struct ranking ranking;
    unsigned char *skip;

    if (!date_parse(view_of(delivery->slot), &request.date))
        return error_set(error, ERROR_BUG, "a digest's slot is no date: %s", delivery->slot);
    if (find_editions(composer, delivery, &request, error) < 0)
        return -1;
    if (!request.edition_count)
        return set_verdict(composed, COMPOSE_SKIP, "another digest has shown its editions");
    if (library_get(&composer->library, request.editions, request.edition_count, &shelf, error) < 0)
        return -1;
    skip = arena_alloc(composer->arena, shelf->papers.count, 1);
    if (make_skip(composer, delivery, &shelf->papers, skip, error) < 0)
        return -1;
    request.index = shelf->index;
    request.skip = skip;
    composed->editions = request.editions;
    composed->edition_count = request.edition_count;
    if (composer_render(composer, &request, &ranking, error) < 0)
        return -1;
    if (!ranking.count)
        return set_verdict(composed, COMPOSE_SKIP, "no paper fits the profile");
    if (composer_write(composer, &request, error) < 0)
        return -1;
    fill_composed(composer, &request, &ranking, composed);
    return 0;
}

int composer_compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                     struct error *error)
{
    struct composer *composer = user;
    struct profile profile;
    struct error problem;
    int result;

    arena_reset(composer->arena);
    if (folder_load(composer->site->configuration.subscribers, delivery->subscriber, &profile, NULL,
                    &problem) < 0) {
        if (problem.kind == ERROR_MISSING)
            return set_verdict(ret_composed, COMPOSE_SKIP, "the profile was removed");
        /* A person is editing it, perhaps; there is time until it expires. */
        return set_verdict(ret_composed, COMPOSE_DEFER, problem.text);
    }
    result = compose_for(composer, delivery, &profile, ret_composed, error);
    profile_free(&profile);
    return result;
}
