/* inbox: what is written back, within limits: nobody is to be flooded through us, and no
 * loop may last. */
#include <stdlib.h>
#include <string.h>

#include "commands/inbox_parts.h"
#include "commands/person_export.h"
#include "digest/message.h"
#include "store/derived.h"
#include "store/rates.h"
#include "subscribers/address.h"

enum {
    SENDER_PER_HOUR = 10,
    DOMAIN_PER_HOUR = 60,
    DAY_SECONDS = 86400,
    CONFIRMATION_SHARE = 2, /* requests to strangers have half of all answers at most */
    SCOPE_BYTES = 320,
    SLOT_HASH_CHARACTERS = 32,
    LINK_BYTES = 4096,
    MESSAGE_BYTES = 16 * 1024 * 1024,
    EXPORT_BYTES = 8 * 1024 * 1024
};

/* ---- limits ---- */

/* Nobody's address is kept for it. */
static const char *tag_of(struct inbox *inbox, const char *address)
{
    struct token_subscriber subscriber;
    char text[24];

    token_subscriber_init(&inbox->site->key, view_of(address), &subscriber);
    snprintf(text, sizeof(text), "%012llx", (unsigned long long)subscriber.tag);
    return arena_string(inbox->arena, view_of(text));
}

/* Big providers are many people. */
static bool is_shared_domain(struct view domain)
{
    static const char *const DOMAINS[] = {"gmail.com", "googlemail.com", "outlook.com",
                                          "hotmail.com", "yahoo.com", "icloud.com", "qq.com",
                                          "163.com", "126.com", "gmx.de", "web.de", "proton.me",
                                          "protonmail.com", "mail.ru", "yandex.ru"};

    for (size_t i = 0; i < sizeof(DOMAINS) / sizeof(*DOMAINS); i++)
        if (view_equal_string(domain, DOMAINS[i]))
            return true;
    return false;
}

struct limit {
    char scope[SCOPE_BYTES];
    int64_t per_hour; /* 0: none */
    int64_t minute;   /* taken in */
};

/* All of them or none: what another limit refuses uses up nothing. */
static int take_all(struct inbox *inbox, struct limit *limits, size_t count, bool *ret_may,
                    struct error *error)
{
    struct store *store = inbox->site->store;
    size_t taken = 0;

    for (; taken < count; taken++) {
        struct rate_grant grant;

        if (!limits[taken].per_hour)
            continue;
        if (rate_take(store, limits[taken].scope, limits[taken].per_hour, 1,
                      inbox->now_utc * 1000, &grant, error) < 0)
            return -1;
        if (!grant.count)
            break;
        limits[taken].minute = grant.minute;
    }
    *ret_may = taken == count;
    for (size_t i = 0; i < taken && !*ret_may; i++)
        if (limits[i].per_hour &&
            rate_give_back(store, limits[i].scope, limits[i].minute, 1, error) < 0)
            return -1;
    return 0;
}

static void set_limit(struct limit *limit, const char *kind, const char *of, int64_t per_hour)
{
    limit->per_hour = per_hour;
    snprintf(limit->scope, sizeof(limit->scope), "%s %s", kind, of);
}

int inbox_may_answer(struct inbox *inbox, const char *address, bool is_confirmation,
                     bool *ret_may, struct error *error)
{
    struct view domain = address_domain(view_of(address));
    int64_t all = inbox->site->configuration.inbox.answers_per_hour;
    int64_t asked = all > CONFIRMATION_SHARE ? all / CONFIRMATION_SHARE : all;
    const char *kind = inbox->is_vouched ? "answer" : "request";
    struct limit limits[4];

    *ret_may = false;
    if (all <= 0)
        return 0;
    set_limit(&limits[0], kind, tag_of(inbox, address), SENDER_PER_HOUR);
    set_limit(&limits[1], kind, arena_string(inbox->arena, domain),
              is_shared_domain(domain) ? 0 : DOMAIN_PER_HOUR);
    set_limit(&limits[2], kind, "confirmations", is_confirmation ? asked : 0);
    /* What nobody vouches for leaves room for the others. */
    set_limit(&limits[3], kind, "all", inbox->is_vouched ? all : asked);
    return take_all(inbox, limits, 4, ret_may, error);
}

int inbox_once_a_day(struct inbox *inbox, const char *kind, const char *address, bool *ret_may,
                     struct error *error)
{
    struct store *store = inbox->site->store;
    const char *tag = tag_of(inbox, address);
    char text[24];
    struct buffer last;
    bool found;
    long then = 0;
    int result;

    *ret_may = false;
    buffer_init(&last, sizeof(text));
    result = derived_get(store, kind, tag, &last, &found, error);
    if (result == 0 && found)
        view_to_long(buffer_view(&last), &then);
    buffer_free(&last);
    if (result < 0 || (then && inbox->now_utc - then < DAY_SECONDS && inbox->now_utc >= then))
        return result;
    *ret_may = true;
    snprintf(text, sizeof(text), "%lld", (long long)inbox->now_utc);
    if (derived_prune(store, kind, inbox->now_utc - DAY_SECONDS, error) < 0)
        return -1;
    return derived_put(store, kind, tag, view_of(text), inbox->now_utc, error);
}

/* ---- answers ---- */

void inbox_start_answer(struct inbox *inbox, enum answer_kind kind, const char *to,
                        struct answer *ret_answer)
{
    const struct configuration *configuration = &inbox->site->configuration;
    const struct finding *finding = inbox->finding;
    bool is_to_sender = view_equal_string(finding->from, to);
    struct view *references = arena_alloc(inbox->arena, finding->reference_count + 1,
                                          sizeof(*references));
    size_t count = 0;

    /* A stranger's words go to nobody but the writer whom our mail server knows. */
    if (is_to_sender && finding->is_authentic) {
        for (size_t i = 0; i < finding->reference_count; i++)
            references[count++] = finding->references[i];
        if (finding->message_id.size)
            references[count++] = finding->message_id;
    }
    *ret_answer = (struct answer){
        .kind = kind,
        .to = to,
        .inbox = configuration->inbox.address,
        .sender_name = configuration->sender.name,
        .sender_address = configuration->sender.address,
        .list_name = configuration->list.name,
        .list_id = configuration->list.id,
        .owner = configuration->list.owner,
        .is_from_page = inbox->is_page,
        .now_utc = inbox->now_utc,
        .subject_of = is_to_sender && finding->is_authentic ? finding->subject : (struct view){0},
        .references = references,
        .reference_count = count,
    };
}

int inbox_token_link(struct inbox *inbox, const char *address, enum token_purpose purpose,
                     struct view scope, const char *subject, const char **ret_link,
                     const char **ret_address, struct error *error)
{
    struct token_subscriber subscriber;
    struct buffer to, link;
    char token[TOKEN_TEXT_BYTES];
    int result;

    *ret_link = NULL;
    if (ret_address)
        *ret_address = NULL;
    if (!inbox->options.inbox.size)
        return 0;
    token_subscriber_init(&inbox->site->key, view_of(address), &subscriber);
    token_make(&subscriber, purpose, scope, token_purpose_expires(purpose, inbox->now_utc), token);
    buffer_init(&to, LINK_BYTES);
    buffer_init(&link, LINK_BYTES);
    result = token_add_address(&to, inbox->options.inbox, purpose, token, error);
    if (result == 0) {
        digest_add_mailto(&link, buffer_view(&to), view_of(subject));
        *ret_link = arena_string(inbox->arena, buffer_view(&link));
        if (ret_address)
            *ret_address = arena_string(inbox->arena, buffer_view(&to));
    }
    buffer_free(&to);
    buffer_free(&link);
    return result;
}

const char *inbox_token_url(struct inbox *inbox, const char *address, enum token_purpose purpose,
                            struct view scope, const char *page)
{
    const char *base = inbox->site->configuration.web.base_url;
    struct token_subscriber subscriber;
    char token[TOKEN_TEXT_BYTES];
    struct buffer url;
    const char *result;

    if (!base)
        return NULL;
    token_subscriber_init(&inbox->site->key, view_of(address), &subscriber);
    token_make(&subscriber, purpose, scope, token_purpose_expires(purpose, inbox->now_utc), token);
    buffer_init(&url, LINK_BYTES);
    buffer_printf(&url, "%s%s/%s", base, page, token);
    result = arena_string(inbox->arena, buffer_view(&url));
    buffer_free(&url);
    return result;
}

static const char *slot_of(struct inbox *inbox, const char *scope)
{
    struct buffer text;
    const char *slot;

    buffer_init(&text, SCOPE_BYTES);
    buffer_printf(&text, "%.*s-%s", SLOT_HASH_CHARACTERS, inbox->hash, scope);
    slot = arena_string(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    return slot;
}

static struct view message_id_of(struct inbox *inbox, enum delivery_kind kind, const char *to,
                                 const char *slot, struct view sender)
{
    struct token_subscriber subscriber;
    char left[MESSAGE_ID_TEXT_BYTES];
    struct buffer id;
    struct view result;

    token_subscriber_init(&inbox->site->key, view_of(to), &subscriber);
    message_id_make(&subscriber, view_of(delivery_kind_name(kind)), view_of(slot), left);
    buffer_init(&id, SCOPE_BYTES);
    buffer_printf(&id, "%s@%.*s", left, VIEW_ARGUMENTS(address_domain(sender)));
    result = arena_copy(inbox->arena, buffer_view(&id));
    buffer_free(&id);
    return result;
}

int inbox_add_answer(struct inbox *inbox, struct inbox_deed *deed, enum delivery_kind kind,
                     struct answer *answer, const char *scope, struct error *error)
{
    struct deed_answer *item = &deed->answers[deed->answer_count];

    if (deed->answer_count == DEED_ANSWERS)
        return 0;
    *item = (struct deed_answer){.to = answer->to, .kind = kind, .slot = slot_of(inbox, scope)};
    /* The null sender, so that nothing answers an answer (RFC 3834 3.1.1); some relays refuse
     * it. */
    item->envelope_sender =
        inbox->site->configuration.delivery.fixed_envelope ? answer->sender_address : "";
    answer->message_id = message_id_of(inbox, kind, answer->to, item->slot,
                                       view_of(answer->sender_address));
    buffer_init(&item->message, MESSAGE_BYTES);
    deed->answer_count++;
    return answer_write(inbox->site->templates, answer, &item->message, error);
}

int inbox_set_export(struct inbox *inbox, const char *address, struct answer *answer,
                     struct error *error)
{
    struct buffer json;
    int result;

    buffer_init(&json, EXPORT_BYTES);
    result = person_describe(inbox->site, address, &json, error);
    if (result == 0) {
        answer->attachment = arena_copy(inbox->arena, buffer_view(&json));
        answer->attachment_name = "paperboy-export.json";
    }
    buffer_free(&json);
    return result;
}
