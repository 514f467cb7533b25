#include "digest/message.h"

#include <string.h>

#include "base/utf8.h"
#include "mail/token.h"

static const char HEX[] = "0123456789ABCDEF";

static bool is_plain(char c, const char *plain)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr(plain, c));
}

static void add_percent_encoded(struct buffer *out, struct view text, const char *plain)
{
    size_t end = 0;

    for (size_t at = 0; at < text.size; at = end) {
        unsigned char byte = (unsigned char)text.data[at];
        const char escape[] = {'%', HEX[byte >> 4], HEX[byte & 15]};

        while (end < text.size && is_plain(text.data[end], plain))
            end++;
        if (end > at)
            buffer_add_view(out, view_slice(text, at, end));
        else
            buffer_add(out, escape, sizeof(escape)), end++;
    }
}

void digest_add_mailto(struct buffer *out, struct view address, struct view subject)
{
    buffer_add_string(out, "mailto:");
    add_percent_encoded(out, address, "-._~@+");
    if (subject.size) {
        buffer_add_string(out, "?subject=");
        add_percent_encoded(out, subject, "-._~");
    }
}

/* The one who answers for the list. */
static struct view owner_of(const struct digest_message *message)
{
    return message->list.owner.size ? message->list.owner : message->from.address;
}

/* `url` if it is set, and a mail to `address` if that is; at least one of them. */
static int add_way(struct buffer *out, const char *name, struct view url, struct view address,
                   struct view subject, struct error *error)
{
    struct buffer mailto;
    struct view ways[2];
    size_t count = 0;
    int result;

    buffer_init(&mailto, 4096);
    if (url.size)
        ways[count++] = url;
    if (address.size) {
        digest_add_mailto(&mailto, address, subject);
        ways[count++] = buffer_view(&mailto);
    }
    result = mime_add_uris(out, name, ways, count, error);
    buffer_free(&mailto);
    return result;
}

/* RFC 2369 3.2 and RFC 8058: who leaves by mail and who by one click. */
static int add_unsubscribe(struct buffer *out, const struct digest_message *message,
                           struct error *error)
{
    struct view ways[2];
    size_t count = 0;

    if (message->unsubscribe_url.size)
        ways[count++] = message->unsubscribe_url;
    if (message->unsubscribe_mailto.size)
        ways[count++] = message->unsubscribe_mailto;
    if (!count)
        return add_way(out, "List-Unsubscribe", (struct view){NULL, 0}, owner_of(message),
                       VIEW("unsubscribe"), error);
    if (mime_add_uris(out, "List-Unsubscribe", ways, count, error) < 0)
        return -1;
    if (view_starts_with_nocase(message->unsubscribe_url, VIEW("https://")))
        mime_add_text(out, "List-Unsubscribe-Post", VIEW("List-Unsubscribe=One-Click"));
    return 0;
}

static int add_list_fields(struct buffer *out, const struct digest_message *message,
                           struct error *error)
{
    struct view none = {NULL, 0};
    struct view help = message->inbox.size ? message->inbox : owner_of(message);

    if (!mime_address_is_valid(owner_of(message)))
        return error_set(error, ERROR_INPUT, "List-Owner: not a mail address: \"%.*s\"",
                         VIEW_ARGUMENTS(utf8_prefix(owner_of(message), 100)));
    if (mime_add_list_id(out, "List-Id", message->list.name, message->list.id, error) < 0 ||
        add_unsubscribe(out, message, error) < 0)
        return -1;
    if ((message->subscribe_url.size || message->inbox.size) &&
        add_way(out, "List-Subscribe", message->subscribe_url, message->inbox, VIEW("subscribe"),
                error) < 0)
        return -1;
    if (add_way(out, "List-Help", message->help_url, help, VIEW("help"), error) < 0 ||
        add_way(out, "List-Owner", none, owner_of(message), none, error) < 0)
        return -1;
    if (message->archive_url.size &&
        mime_add_uris(out, "List-Archive", &message->archive_url, 1, error) < 0)
        return -1;
    mime_add_text(out, "List-Post", VIEW("NO"));
    return 0;
}

static int add_header(struct buffer *out, const struct digest_message *message,
                      struct error *error)
{
    struct mime_mailbox reply_to = {.address = message->inbox};

    if (mime_add_mailboxes(out, "From", &message->from, 1, error) < 0 ||
        mime_add_mailboxes(out, "To", &message->to, 1, error) < 0)
        return -1;
    if (message->inbox.size && mime_add_mailboxes(out, "Reply-To", &reply_to, 1, error) < 0)
        return -1;
    mime_add_text(out, "Subject", message->subject);
    mime_add_date(out, "Date", message->date_utc);
    if (mime_add_ids(out, "Message-ID", &message->message_id, 1, error) < 0 ||
        add_list_fields(out, message, error) < 0)
        return -1;
    mime_add_text(out, "Precedence", VIEW("bulk"));
    mime_add_text(out, "Auto-Submitted", VIEW("auto-generated"));
    mime_add_text(out, "X-Mailer", VIEW("paperboy " PAPERBOY_VERSION));
    return 0;
}

static void add_texts(struct buffer *out, const struct digest_message *message)
{
    struct mime_part parts[2];
    size_t count = 0;

    if (message->text.size)
        parts[count++] = (struct mime_part){
            .type = "text/plain", .text = message->text, .is_encoded = message->is_encoded};
    if (message->html.size)
        parts[count++] = (struct mime_part){
            .type = "text/html", .text = message->html, .is_encoded = message->is_encoded};
    mime_add_body(out, "alternative", parts, count, message->message_id);
}

int digest_message_write(const struct digest_message *message, struct buffer *out,
                         struct error *error)
{
    size_t start = out->size;

    if (!message->text.size && !message->html.size)
        return error_set(error, ERROR_INPUT, "the digest has neither text nor HTML");
    if (add_header(out, message, error) < 0) {
        buffer_cut(out, start);
        return -1;
    }
    add_texts(out, message);
    if (out->failed) {
        buffer_cut(out, start);
        return error_set(error, ERROR_INPUT, "the message is larger than %zu bytes", out->max);
    }
    return 0;
}

int digest_envelope_sender(struct view inbox, struct view sender, const char *token,
                           struct buffer *ret_address, struct error *error)
{
    if (token && inbox.size)
        return token_add_address(ret_address, inbox, TOKEN_BOUNCE, token, error);
    if (!mime_address_is_valid(sender))
        return error_set(error, ERROR_CONFIGURATION, "sender.address: not a mail address: \"%.*s\"",
                         VIEW_ARGUMENTS(utf8_prefix(sender, 100)));
    buffer_add_view(ret_address, sender);
    return 0;
}
