#include "commands/compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/loopback.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "commands/compose_links.h"
#include "commands/describing.h"
#include "commands/profile_source.h"
#include "mail/token.h"
#include "store/editions.h"
#include "store/outbox.h"
#include "store/shown.h"
#include "store/subscribers.h"
#include "subscribers/schedule.h"

enum { SHOWN_DAYS = 60, DAY_SECONDS = 86400, LINK_BYTES = 4096, ENVELOPE_BYTES = 1024 };

void composer_init(struct composer *composer, struct site *site)
{
    composer_init_sharing(composer, site, &composer->own);
    library_init(&composer->own);
    composer->own.archive.site = site;
}

void composer_init_sharing(struct composer *composer, struct site *site, struct library *library)
{
    *composer = (struct composer){.site = site, .reader = {library, site, NULL, NULL},
                                   .arena = arena_new()};
    compiling_init(&composer->compiling, site);
    composer->sheets = sheets_new(site->templates);
    digest_output_init(&composer->output);
    composer->memo = message_memo_new();
    buffer_init(&composer->message, DIGEST_MESSAGE_BYTES);
    buffer_init(&composer->envelope, ENVELOPE_BYTES);
    buffer_init(&composer->shown, SHOWN_BYTES_MAX);
}

void composer_free(struct composer *composer)
{
    library_leave(&composer->reader);
    if (composer->reader.library == &composer->own)
        library_free(&composer->own);
    edition_cache_free(&composer->editions);
    compiling_free(&composer->compiling);
    zone_cache_free(&composer->zones);
    arena_free(&composer->arena);
    sheets_free(&composer->sheets);
    digest_output_free(&composer->output);
    message_memo_free(&composer->memo);
    buffer_free(&composer->message);
    buffer_free(&composer->envelope);
    buffer_free(&composer->shown);
    free(composer->recipient);
}

/* ---- what the digest says ---- */

/* One that is too old for the list that is at hand. */
static int describe_old(struct composer *composer, const struct profile *profile,
                        struct digest_edition *described, struct error *error)
{
    struct edition_list list = {0};

    if (store_find_edition(composer->site->store, described->date, &list, error) < 0)
        return -1;
    if (list.count)
        describing_fill(composer->arena, profile, &list.items[0], described);
    edition_list_free(&list);
    return 0;
}

static const struct edition *find_listed(const struct edition_list *list, struct date date)
{
    for (size_t i = 0; i < list->count; i++)
        if (date_compare(list->items[i].date, date) == 0)
            return &list->items[i];
    return NULL;
}

/* What the store says of the editions; those it does not have keep their date only. */
static int describe_editions(struct composer *composer, const struct compose_request *request,
                             struct digest_edition **ret_editions, struct error *error)
{
    struct digest_edition *editions =
        arena_alloc(composer->arena, request->edition_count, sizeof(editions[0]));
    const struct edition_list *list;

    for (size_t i = 0; i < request->edition_count; i++)
        editions[i].date = request->editions[i];
    *ret_editions = editions;
    if (!composer->site->store || !request->edition_count)
        return 0;
    if (edition_cache_get(&composer->editions, composer->site->store, &list, error) < 0)
        return -1;
    for (size_t i = 0; i < request->edition_count; i++) {
        const struct edition *edition = find_listed(list, editions[i].date);

        if (edition)
            describing_fill(composer->arena, request->profile, edition, &editions[i]);
        else if (describe_old(composer, request->profile, &editions[i], error) < 0)
            return -1;
    }
    return 0;
}

static struct view sender_address(const struct composer *composer)
{
    const char *address = composer->site->configuration.sender.address;

    return address ? view_of(address) : VIEW("paperboy@localhost");
}

/* With an inbox the token acts whatever the From; without one a person reads it. */
static const char *unsubscribe_mailto(struct composer *composer,
                                      const struct compose_request *request, struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    struct view to = configuration->list.owner ? view_of(configuration->list.owner)
                                               : sender_address(composer);
    struct buffer address, link;
    char token[TOKEN_TEXT_BYTES];
    const char *result = NULL;

    buffer_init(&address, ENVELOPE_BYTES);
    buffer_init(&link, LINK_BYTES);
    if (configuration->inbox.address && composer->site->has_key) {
        token_make(&composer->subscriber, TOKEN_UNSUBSCRIBE, (struct view){0},
                   token_purpose_expires(TOKEN_UNSUBSCRIBE, request->now_utc), token);
        if (token_add_address(&address, view_of(configuration->inbox.address), TOKEN_UNSUBSCRIBE,
                              token, error) < 0)
            goto out;
        to = buffer_view(&address);
    }
    digest_add_mailto(&link, to, VIEW("unsubscribe"));
    result = arena_string(composer->arena, buffer_view(&link));
out:
    buffer_free(&address);
    buffer_free(&link);
    return result;
}

/* One click there (RFC 8058) needs https; plain http is for trying on one's own machine. */
static bool is_offered(const char *base)
{
    struct view url = view_of(base);
    struct view host = view_slice(url, sizeof("http://") - 1, url.size);
    char name[256];

    if (!base || view_starts_with_nocase(url, VIEW("https://")))
        return base != NULL;
    host = view_slice(host, 0, view_find_char(host, '/', 0));
    if (host.size && host.data[0] != '[')
        host = view_slice(host, 0, view_find_char(host, ':', 0));
    else
        host = view_slice(host, 0, view_find_char(host, ']', 0) + 1);
    snprintf(name, sizeof(name), "%.*s", VIEW_ARGUMENTS(host));
    return host_is_loopback(name);
}

static const char *unsubscribe_url(struct composer *composer,
                                   const struct compose_request *request)
{
    const char *base = composer->site->configuration.web.base_url;
    char token[TOKEN_TEXT_BYTES];
    struct buffer url;
    const char *result;

    if (!is_offered(base) || !composer->site->has_key)
        return NULL;
    token_make(&composer->subscriber, TOKEN_UNSUBSCRIBE, (struct view){0},
               token_purpose_expires(TOKEN_UNSUBSCRIBE, request->now_utc), token);
    buffer_init(&url, LINK_BYTES);
    buffer_printf(&url, "%sunsubscribe/%s", base, token);
    result = arena_string(composer->arena, buffer_view(&url));
    buffer_free(&url);
    return result;
}

/* `marks` are by paper, what the digest wants by rank. */
static const enum digest_mark *mark_ranked(struct composer *composer,
                                           const struct compose_request *request,
                                           const struct ranking *ranking)
{
    static const enum digest_mark marks_of[] = {[MARK_NONE] = DIGEST_MARK_NONE,
                                                [MARK_LATE] = DIGEST_MARK_LATE,
                                                [MARK_UPDATE] = DIGEST_MARK_UPDATE};
    const struct paper *first = ranking_index_papers(request->index)->items;
    enum digest_mark *marks = arena_alloc(composer->arena, ranking->count, sizeof(marks[0]));

    for (size_t i = 0; i < ranking->count; i++)
        marks[i] = marks_of[request->choice->marks[ranking->items[i].paper - first]];
    return marks;
}

struct shown_pending {
    struct choosing choosing;
    const unsigned char *is_known; /* by paper */
    struct choice *choice;         /* the request's */
    int64_t except;
};

/* The choice again, now with what other digests have shown. */
static int read_shown(struct composer *composer, const struct compose_request *request,
                      struct shown_pending *pending, struct error *error)
{
    struct shown_paper *shown;

    if (outbox_papers_shown(composer->site->store, request->profile->email, pending->except,
                            request->now_utc - SHOWN_DAYS * DAY_SECONDS, composer->arena, &shown,
                            &pending->choosing.shown_count, error) < 0)
        return -1;
    pending->choosing.shown = shown;
    return choosing_make(&pending->choosing, composer->arena, pending->choice, error);
}

static bool has_known(const struct compose_request *request, const struct ranking *ranking)
{
    const struct paper *first = ranking_index_papers(request->index)->items;

    for (size_t i = 0; i < ranking->count; i++)
        if (request->pending->is_known[ranking->items[i].paper - first])
            return true;
    return false;
}

static int rank_chosen(struct composer *composer, const struct compose_request *request,
                       struct ranking *ret_ranking, struct error *error)
{
    struct ranker *own = request->ranker ? NULL : ranker_new(request->index);
    int result = compiling_rank(&composer->compiling, own ? own : request->ranker,
                                request->profile, request->version, request->top,
                                request->choice ? request->choice->skip : NULL, composer->arena,
                                ret_ranking, error);

    ranker_free(&own);
    return result;
}

static int rank(struct composer *composer, const struct compose_request *request,
                struct ranking *ret_ranking, struct error *error)
{
    *ret_ranking = (struct ranking){0};
    if (request->is_note)
        return 0;
    if (rank_chosen(composer, request, ret_ranking, error) < 0)
        return -1;
    if (request->pending && has_known(request, ret_ranking)) {
        if (read_shown(composer, request, request->pending, error) < 0 ||
            rank_chosen(composer, request, ret_ranking, error) < 0)
            return -1;
    }
    if (request->choice)
        choosing_add_updates(ranking_index_papers(request->index), request->choice,
                             composer->arena, ret_ranking);
    return 0;
}

/* Once: it costs time and nothing else. */
static void tell_refusal(struct composer *composer)
{
    const char *refusal = sheets_refusal(composer->sheets);

    if (!refusal || composer->is_refusal_told)
        return;
    composer->is_refusal_told = true;
    log_line(composer->site->log, LOG_LEVEL_NOTICE,
             "%s: so digests are evaluated from their start, which takes longer", refusal);
}

/* The list of editions was looked at a moment ago, and with it their number. */
static const struct digest_summary *const *find_summaries(struct composer *composer,
                                                          const struct compose_request *request)
{
    return request->summaries
               ? summaries_kept_get(request->summaries, composer->site, request->profile,
                                    composer->editions.change)
               : NULL;
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

    if (rank(composer, request, ret_ranking, error) < 0)
        return -1;
    if (!ret_ranking->count && !request->is_note)
        return 0;
    if (request->choice)
        digest.marks = mark_ranked(composer, request, ret_ranking);
    if (describe_editions(composer, request, &editions, error) < 0)
        return -1;
    digest.editions = editions;
    if (composer->site->has_key)
        token_subscriber_init(&composer->site->key, view_of(request->profile->email),
                              &composer->subscriber);
    composer->unsubscribe = digest.unsubscribe_mailto =
        unsubscribe_mailto(composer, request, error);
    if (!digest.unsubscribe_mailto)
        return -1;
    composer->unsubscribe_url = digest.unsubscribe_url = unsubscribe_url(composer, request);
    if (configuration->inbox.address && composer->site->has_key && !request->is_note)
        digest.links = compose_links(view_of(configuration->inbox.address), &composer->subscriber,
                                     ret_ranking, request->now_utc, composer->arena);
    if (request->index && request->papers_serial) {
        digest.papers = ranking_index_papers(request->index);
        digest.papers_serial = request->papers_serial;
        digest.index = request->index;
        digest.summaries = find_summaries(composer, request);
    }
    if (digest_assemble(composer->sheets, &digest, &composer->output, error) < 0)
        return -1;
    tell_refusal(composer);
    return 0;
}

int composer_take(struct composer *composer, const struct plan_edition *editions, size_t count,
                  int64_t except, struct view keep, struct compose_request *request,
                  const struct edition_shown **ret_taken, struct error *error)
{
    struct arena *arena = composer->arena;
    struct date *dates = arena_alloc(arena, count, sizeof(dates[0])),
                *fresh = arena_alloc(arena, count, sizeof(fresh[0]));
    struct edition_shown *taken = arena_alloc(arena, count, sizeof(taken[0]));
    struct choosing_edition *members = arena_alloc(arena, count, sizeof(members[0]));
    struct choice *choice = arena_alloc(arena, 1, sizeof(*choice));
    struct shown_pending *pending = arena_alloc(arena, 1, sizeof(*pending));
    bool is_needed = keep.size || (request->profile->updates && request->profile->liked.count);
    const struct shelf *shelf;

    for (size_t i = 0; i < count; i++) {
        dates[i] = editions[i].date;
        if (editions[i].is_new)
            fresh[request->edition_count++] = editions[i].date;
    }
    request->editions = fresh;
    if (library_get(&composer->reader, dates, count, &shelf, error) < 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        members[i] = shelf->editions[i];
        members[i].from = editions[i].from;
        members[i].is_late = editions[i].is_late;
        taken[i] = (struct edition_shown){dates[i], members[i].count};
    }
    *pending = (struct shown_pending){
        .choosing = {.profile = request->profile, .papers = &shelf->papers, .editions = members,
                     .edition_count = count, .keep = keep},
        .is_known = shelf->is_known,
        .choice = choice,
        .except = except,
    };
    if ((is_needed ? read_shown(composer, request, pending, error)
                   : choosing_make(&pending->choosing, arena, choice, error)) < 0)
        return -1;
    request->pending = is_needed ? NULL : pending;
    request->index = shelf->index;
    request->ranker = composer->reader.ranker;
    request->papers_serial = shelf->serial;
    request->summaries = shelf->summaries;
    request->choice = choice;
    *ret_taken = taken;
    return 0;
}

/* ---- the message around it ---- */

static int write_envelope(struct composer *composer, int64_t now_utc, struct error *error)
{
    const struct configuration *configuration = &composer->site->configuration;
    char token[TOKEN_TEXT_BYTES];
    bool is_verp = configuration->inbox.address && !configuration->delivery.fixed_envelope;

    token_make(&composer->subscriber, TOKEN_BOUNCE, (struct view){0},
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
    char left[MESSAGE_ID_TEXT_BYTES];
    struct buffer id;
    struct digest_message message = {
        .from = {view_of(configuration->sender.name), sender},
        .to = {view_of(request->profile->name), view_of(request->profile->email)},
        .subject = buffer_view(&composer->output.subject),
        .date_utc = request->now_utc,
        .text = buffer_view(&composer->output.text),
        .html = buffer_view(&composer->output.html),
        .is_encoded = composer->output.is_encoded,
        .inbox = view_of(configuration->inbox.address),
        .memo = composer->memo,
    };
    int result;

    message.list.name = view_of(configuration->list.name);
    message.list.id = configuration->list.id
                          ? view_of(configuration->list.id)
                          : view_slice(sender, view_find_char(sender, '@', 0) + 1, sender.size);
    message.list.owner = view_of(configuration->list.owner);
    if (configuration->inbox.address)
        message.unsubscribe_mailto = view_of(composer->unsubscribe);
    message.unsubscribe_url = view_of(composer->unsubscribe_url);
    message_id_make(&composer->subscriber, view_of(delivery_kind_name(request->is_note ? DELIVERY_NOTICE : DELIVERY_DIGEST)),
                    view_of(request->slot), left);
    buffer_init(&id, ENVELOPE_BYTES);
    buffer_printf(&id, "%s@%.*s", left,
                  VIEW_ARGUMENTS(view_slice(sender, view_find_char(sender, '@', 0) + 1,
                                            sender.size)));
    message.message_id = buffer_view(&id);
    buffer_clear(&composer->message);
    result = digest_message_write(&message, &composer->message, error);
    buffer_free(&id);
    return result < 0 ? -1 : write_envelope(composer, request->now_utc, error);
}

/* ---- for the worker ---- */

static int set_verdict(struct composed *composed, enum compose_verdict verdict, const char *reason)
{
    struct error text; /* makes it one printable line */

    error_set(&text, ERROR_NONE, "%s", reason);
    composed->verdict = verdict;
    snprintf(composed->reason, sizeof(composed->reason), "%.*s",
             VIEW_ARGUMENTS(utf8_prefix(view_of(text.text), sizeof(composed->reason) - 1)));
    return 0;
}

/* A first attempt takes what there is; a later one what the first one took. */
static int find_editions(struct composer *composer, const struct delivery *delivery,
                         struct date slot, struct plan_edition **ret_editions, size_t *ret_count,
                         struct error *error)
{
    if (delivery->edition_count)
        return plan_editions_again(composer->site, delivery, composer->arena, ret_editions,
                                   ret_count, error);
    return plan_editions(composer->site, &composer->editions, delivery->subscriber, slot,
                         composer->arena, ret_editions, ret_count, error);
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

static int compose_digest(struct composer *composer, const struct delivery *delivery,
                          struct compose_request *request, struct composed *composed,
                          struct error *error)
{
    struct plan_edition *editions;
    struct ranking ranking;
    size_t count;

    if (find_editions(composer, delivery, request->date, &editions, &count, error) < 0)
        return -1;
    if (!count)
        return set_verdict(composed, COMPOSE_SKIP, "another digest has shown its editions");
    if (composer_take(composer, editions, count, delivery->id, delivery->shown, request,
                      &composed->editions, error) < 0)
        return -1;
    composed->edition_count = count;
    if (composer_render(composer, request, &ranking, error) < 0)
        return -1;
    if (!ranking.count)
        return set_verdict(composed, COMPOSE_SKIP, "no paper fits the profile");
    if (composer_write(composer, request, error) < 0)
        return -1;
    fill_composed(composer, request, &ranking, composed);
    return 0;
}

/* The outbox stops digests to those who left; a note is a digest to them. */
static int compose_note(struct composer *composer, const struct delivery *delivery,
                        struct compose_request *request, struct composed *composed,
                        struct error *error)
{
    struct suppression_found suppression;
    struct ranking ranking;

    request->is_note = true;
    if (suppression_find(composer->site->store, delivery->subscriber, &suppression, error) < 0)
        return -1;
    if (suppression.found)
        return set_verdict(composed, COMPOSE_SKIP, "suppressed");
    if (!request->profile->holiday_note)
        return set_verdict(composed, COMPOSE_SKIP, "no longer wanted");
    if (composer_render(composer, request, &ranking, error) < 0 ||
        composer_write(composer, request, error) < 0)
        return -1;
    fill_composed(composer, request, &ranking, composed);
    return 0;
}

static int compose_for(struct composer *composer, const struct delivery *delivery,
                       const struct profile *profile, const struct folder_version *version,
                       struct composed *composed, struct error *error)
{
    struct compose_request request = {
        .profile = profile, .version = version, .slot = delivery->slot, .now_utc = site_now()};

    if (!date_parse(view_of(delivery->slot), &request.date))
        return error_set(error, ERROR_BUG, "a digest's slot is no date: %s", delivery->slot);
    if (delivery->kind == DELIVERY_NOTICE)
        return compose_note(composer, delivery, &request, composed, error);
    return compose_digest(composer, delivery, &request, composed, error);
}

/* Paused after the digest was queued; its editions come after the pause. */
static bool is_paused(struct composer *composer, const struct profile *profile)
{
    const struct zone *zone;
    struct error unknown; /* planning reports it */

    return zone_cache_get(&composer->zones, schedule_zone_name(profile), &zone, &unknown) == 0 &&
           schedule_is_paused(profile, zone, site_now());
}

int composer_compose(void *user, const struct delivery *delivery, struct composed *ret_composed,
                     struct error *error)
{
    struct composer *composer = user;
    struct profile_source profiles;
    struct folder_version version;
    struct profile profile;
    struct error problem;
    int result;

    arena_reset(composer->arena);
    composer->compiling.is_refused = false;
    if (profile_source_open(composer->site, &profiles, error) < 0)
        return -1;
    if (profile_source_load(&profiles, delivery->subscriber, &profile, &version, &problem) < 0) {
        if (problem.kind == ERROR_MISSING)
            return set_verdict(ret_composed, COMPOSE_SKIP, "the profile was removed");
        /* A person is editing it, perhaps; there is time until it expires. */
        return set_verdict(ret_composed, COMPOSE_DEFER, problem.text);
    }
    if (is_paused(composer, &profile))
        result = set_verdict(ret_composed, COMPOSE_SKIP, "paused since it was queued");
    else
        result = compose_for(composer, delivery, &profile, &version, ret_composed, error);
    /* It is the one profile's trouble, and a person may mend it. */
    if (result < 0 && composer->compiling.is_refused)
        result = set_verdict(ret_composed, COMPOSE_DEFER, error->text);
    profile_free(&profile);
    return result;
}
