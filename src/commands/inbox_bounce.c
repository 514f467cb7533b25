/* inbox: what a bounce or a complaint means for an address. Believed is only what comes
 * with proof that it is about a mail of ours: the token in the address that it came to, or
 * the Message-ID that nobody else can make, of a digest of the last month; addresses in a
 * mail never are. */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "commands/inbox_parts.h"
#include "store/bounces.h"
#include "store/holds.h"
#include "store/person.h"
#include "store/subscribers.h"
#include "subscribers/address.h"

/* A Message-ID has no day of its own, and stands in every reply to the mail. */
enum { DAY_SECONDS = 86400, EVIDENCE_BYTES = 1200, ID_DAYS = 30 };

/* Which mail of ours came back. */
struct proof {
    const char *address; /* NULL: none */
    int64_t sent_day;
};

/* ---- by the envelope ---- */

/* A bounce token's day is that of sending and its lifetime (mail/token.h), rounded up. */
static int64_t day_of_token(const struct token *token)
{
    int64_t lifetime = token_purpose_expires(TOKEN_BOUNCE, 0);

    return (token->expires_utc - lifetime - 1) / DAY_SECONDS;
}

static int prove_by_address(struct inbox *inbox, struct proof *proof, struct error *error)
{
    const struct finding *finding = inbox->finding;
    struct token token;

    for (size_t i = 0; i < finding->recipient_count && !proof->address; i++) {
        if (!token_read_address(finding->recipients[i], inbox->options.inbox, &token) ||
            token.purpose != TOKEN_BOUNCE)
            continue;
        if (tag_book_find(&inbox->book, inbox->site, &token, (struct view){0}, inbox->now_utc,
                          &proof->address, error) < 0)
            return -1;
        proof->sent_day = day_of_token(&token);
    }
    return 0;
}

/* ---- by the Message-ID ---- */

struct matching {
    struct inbox *inbox;
    struct view left;
    const struct token_subscriber *subscriber;
    int64_t sent_utc;
    bool found;
    struct proof *proof;
    struct error *error;
};

static void match_delivery(void *user, const struct person_delivery *delivery)
{
    struct matching *matching = user;
    int64_t sent_utc = delivery->changed_utc ? delivery->changed_utc : delivery->created_utc;

    if (matching->found ||
        !view_equal_string(delivery->kind, delivery_kind_name(DELIVERY_DIGEST)) ||
        sent_utc / DAY_SECONDS < matching->inbox->now_utc / DAY_SECONDS - ID_DAYS ||
        !message_id_verify(matching->subscriber, delivery->kind, delivery->slot, matching->left))
        return;
    matching->found = true;
    matching->sent_utc = sent_utc;
}

static int match_address(void *user, const char *address,
                         const struct token_subscriber *subscriber)
{
    struct matching *matching = user;

    matching->subscriber = subscriber;
    if (person_each_delivery(matching->inbox->site->store, address, match_delivery, matching,
                             matching->error) < 0)
        return -1;
    if (!matching->found)
        return 0;
    matching->proof->address = arena_string(matching->inbox->arena, view_of(address));
    matching->proof->sent_day = matching->sent_utc / DAY_SECONDS;
    return 1;
}

static int prove_by_id(struct inbox *inbox, struct proof *proof, struct error *error)
{
    const struct bounce *bounce = &inbox->finding->bounce;

    for (size_t i = 0; i < bounce->returned_id_count && !proof->address; i++) {
        struct view id = bounce->returned_ids[i];
        struct matching matching = {.inbox = inbox, .proof = proof, .error = error,
                                    .left = view_slice(id, 0, view_find_char(id, '@', 0))};
        uint64_t tag;

        if (message_id_read_tag(matching.left, &tag) &&
            tag_book_each(&inbox->book, inbox->site, tag, match_address, &matching, error) < 0)
            return -1;
    }
    return 0;
}

/* ---- what it says ---- */

static bool is_policy(enum bounce_reason reason)
{
    switch (reason) {
    case REASON_USERUNKNOWN: case REASON_HOSTUNKNOWN: case REASON_HASMOVED: case REASON_FILTERED:
    case REASON_MAILBOXFULL: case REASON_SUSPEND: case REASON_EXPIRED: case REASON_NETWORKERROR:
    case REASON_SYSTEMFULL: case REASON_SYSTEMERROR: case REASON_MAILERERROR:
    case REASON_EXCEEDLIMIT: case REASON_NOTACCEPT: case REASON_UNDEFINED: return false;
    default: return true;
    }
}

/* The gravest of its recipients': they are all ours by one envelope. */
static const struct bounce_recipient *gravest(const struct bounce *bounce,
                                              enum bounce_kind *ret_kind)
{
    const struct bounce_recipient *found = NULL;

    for (size_t i = 0; i < bounce->recipient_count; i++) {
        const struct bounce_recipient *recipient = &bounce->recipients[i];
        enum bounce_kind kind = RETURNED_SOFT;

        if (recipient->action != BOUNCE_FAILED)
            continue;
        if (recipient->permanent && reason_means_dead(recipient->reason))
            kind = RETURNED_DEAD;
        else if (is_policy(recipient->reason))
            kind = RETURNED_POLICY;
        if (!found || kind < *ret_kind) {
            found = recipient;
            *ret_kind = kind;
        }
    }
    return found;
}

static const char *evidence_of(struct inbox *inbox, const struct bounce_recipient *recipient)
{
    struct buffer text;
    const char *result;

    buffer_init(&text, EVIDENCE_BYTES * 2);
    buffer_printf(&text, "a bounce (%s%s%.*s)", reason_name(recipient->reason),
                  recipient->status.size ? ", " : "", VIEW_ARGUMENTS(recipient->status));
    if (recipient->text.size)
        buffer_printf(&text, ": %.*s",
                      VIEW_ARGUMENTS(utf8_prefix(recipient->text, EVIDENCE_BYTES - 100)));
    result = arena_string(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

static int tell(struct inbox *inbox, const char *address, const char *what, const char *why,
                struct error *error)
{
    struct buffer text;
    int result;

    buffer_init(&text, EVIDENCE_BYTES * 2);
    buffer_printf(&text, "%s %s: %s", address, what, why);
    result = inbox_event_add(inbox->site->store, buffer_string(&text), inbox->now_utc, error);
    buffer_free(&text);
    return result;
}

static int suppress(struct inbox *inbox, const char *address, enum suppression_reason reason,
                    const char *evidence, struct error *error)
{
    return suppression_add(inbox->site->store,
                           &(struct suppression){.address = address,
                                                 .reason = reason,
                                                 .since_utc = inbox->now_utc,
                                                 .evidence = evidence},
                           error);
}

/* Of a domain that fails as a whole nobody is dead. */
static int note_domain(struct inbox *inbox, const char *address, const char *evidence,
                       bool *ret_is_held, struct error *error)
{
    const struct configuration *configuration = &inbox->site->configuration;
    const struct hold_policy policy = {(int)configuration->bounces.hard,
                                       configuration->bounces.domain_hold_percent};
    struct refusal refusal = {
        .address = address,
        .domain = arena_string(inbox->arena, address_domain(view_of(address))),
        .evidence = evidence,
        .now_utc = inbox->now_utc,
    };
    struct refusal_effect effect = {0};

    if (hold_note_refusal(inbox->site->store, &refusal, &policy, &effect, error) < 0)
        return -1;
    *ret_is_held = effect.is_held || effect.held_until_utc > inbox->now_utc;
    return effect.is_held ? tell(inbox, refusal.domain, "is held, too many of its mails fail",
                                 evidence, error)
                          : 0;
}

static int take_failure(struct inbox *inbox, const struct proof *proof,
                        const struct bounce_recipient *recipient, enum bounce_kind kind,
                        struct error *error)
{
    const struct configuration *configuration = &inbox->site->configuration;
    const struct bounce_policy policy = {(int)configuration->bounces.hard,
                                         (int)configuration->bounces.soft};
    struct returned_mail mail = {.address = proof->address, .sent_day = proof->sent_day,
                                 .kind = kind, .evidence = evidence_of(inbox, recipient),
                                 .now_utc = inbox->now_utc};
    struct bounce_standing standing;
    bool is_held = false;

    if (bounce_note(inbox->site->store, &mail, &policy, &standing, error) < 0 ||
        (kind == RETURNED_DEAD &&
         note_domain(inbox, proof->address, mail.evidence, &is_held, error) < 0))
        return -1;
    if (!standing.is_over || is_held || kind == RETURNED_POLICY)
        return 0;
    if (suppress(inbox, proof->address, SUPPRESSION_BOUNCED, mail.evidence, error) < 0)
        return -1;
    return tell(inbox, proof->address, "is not mailed any more", mail.evidence, error);
}

static int take_complaint(struct inbox *inbox, const char *address, struct error *error)
{
    struct view type = inbox->finding->bounce.feedback_type;
    const char *evidence;
    struct buffer text;

    /* Reports on authentication, and the opposite of a complaint. */
    if (view_equal_nocase(type, VIEW("auth-failure")) ||
        view_equal_nocase(type, VIEW("not-spam")) || view_equal_nocase(type, VIEW("dmarc")))
        return 0;
    buffer_init(&text, EVIDENCE_BYTES);
    buffer_printf(&text, "a feedback report (%.*s)", VIEW_ARGUMENTS(view_slice(type, 0, 100)));
    evidence = arena_string(inbox->arena, buffer_view(&text));
    buffer_free(&text);
    if (view_equal_nocase(type, VIEW("opt-out")) ||
        view_equal_nocase(type, VIEW("opt-out-list")))
        return suppress(inbox, address, SUPPRESSION_UNSUBSCRIBED, evidence, error);
    if (suppress(inbox, address, SUPPRESSION_COMPLAINED, evidence, error) < 0)
        return -1;
    return tell(inbox, address, "has complained and is not mailed any more", evidence, error);
}

int inbox_take_bounce(struct inbox *inbox, struct error *error)
{
    struct proof proof = {0};
    const struct bounce_recipient *recipient;
    enum bounce_kind kind = RETURNED_SOFT;

    if (prove_by_address(inbox, &proof, error) < 0 ||
        (!proof.address && prove_by_id(inbox, &proof, error) < 0))
        return -1;
    if (!proof.address) {
        log_line(inbox->site->log, LOG_LEVEL_NOTICE,
                 "a %s without proof that it is about a mail of ours changes nothing",
                 finding_kind_name(inbox->finding->kind));
        return 0;
    }
    if (inbox->finding->kind == FINDING_COMPLAINT) {
        const char *address;

        if (inbox_where(inbox, proof.address, &address, error) < 0)
            return -1;
        return address ? take_complaint(inbox, address, error) : 0;
    }
    recipient = gravest(&inbox->finding->bounce, &kind);
    return recipient ? take_failure(inbox, &proof, recipient, kind, error) : 0;
}
