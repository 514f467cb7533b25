#include "commands/owner_notice.h"

#include <stdio.h>
#include <stdlib.h>

#include "mail/mime.h"
#include "mail/token.h"
#include "store/outbox.h"
#include "subscribers/address.h"

enum { NOTICE_BYTES = 256 * 1024, EXPIRE_SECONDS = 3 * 86400 };

static const char *owner_of(const struct configuration *configuration)
{
    return configuration->list.owner ? configuration->list.owner : configuration->sender.address;
}

/* RFC 3834 5: nobody's machine is to answer it. */
static int write_message(const struct site *site, const char *owner,
                         const struct owner_notice *notice, int64_t now_utc, struct buffer *out,
                         struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    const struct mime_mailbox from = {view_of(configuration->sender.name),
                                      view_of(configuration->sender.address)};
    const struct mime_mailbox to = {.address = view_of(owner_of(configuration))};
    const struct mime_part part = {.type = "text/plain", .text = notice->text};
    struct token_subscriber subscriber;
    char left[MESSAGE_ID_TEXT_BYTES], text[MESSAGE_ID_TEXT_BYTES + MIME_ADDRESS_BYTES + 1];
    struct view id, domain = address_domain(from.address);

    token_subscriber_init(&site->key, view_of(owner), &subscriber);
    message_id_make(&subscriber, view_of(delivery_kind_name(DELIVERY_NOTICE)),
                    view_of(notice->slot), left);
    snprintf(text, sizeof(text), "%s@%.*s", left, VIEW_ARGUMENTS(domain));
    id = view_of(text);
    if (mime_add_mailboxes(out, "From", &from, 1, error) < 0 ||
        mime_add_mailboxes(out, "To", &to, 1, error) < 0)
        return -1;
    mime_add_text(out, "Subject", view_of(notice->subject));
    mime_add_date(out, "Date", now_utc);
    if (mime_add_ids(out, "Message-ID", &id, 1, error) < 0)
        return -1;
    mime_add_text(out, "Auto-Submitted", view_of("auto-generated"));
    mime_add_body(out, "mixed", &part, 1, id);
    return 0;
}

static int add(struct store *store, const char *owner, const struct owner_notice *notice,
               const struct configuration *configuration, int64_t now_utc, struct view message,
               struct error *error)
{
    const struct delivery_request request = {
        .kind = DELIVERY_NOTICE,
        .subscriber = owner,
        .slot = notice->slot,
        .created_utc = now_utc,
        .not_before_utc = now_utc,
        .expires_utc = now_utc + EXPIRE_SECONDS,
        .message = message,
        .envelope_sender = configuration->sender.address,
    };

    return outbox_add(store, &request, NULL, error);
}

int owner_notice_add(struct site *site, struct store *store, const struct owner_notice *notice,
                     int64_t now_utc, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct buffer message;
    char *owner;
    int result;

    if (!configuration->sender.address)
        return 0;
    if (site_open_key(site, error) < 0)
        return -1;
    owner = address_canonical(view_of(owner_of(configuration)));
    buffer_init(&message, NOTICE_BYTES);
    result = write_message(site, owner, notice, now_utc, &message, error);
    if (result == 0 && message.failed)
        result = error_set(error, ERROR_BUG, "a notice to the owner is too long");
    if (result == 0)
        result = add(store, owner, notice, configuration, now_utc, buffer_view(&message), error);
    buffer_free(&message);
    free(owner);
    return result;
}
