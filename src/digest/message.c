#include "digest/message.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "mail/token.h"

enum { REFERENCES_MAX = 20, REFERENCE_BYTES = 2000 };

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

static int add_from(struct buffer *out, const struct digest_message *message, struct error *error)
{
    return mime_add_mailboxes(out, "From", &message->from, 1, error);
}

static int add_reply_to(struct buffer *out, const struct digest_message *message,
                        struct error *error)
{
    struct mime_mailbox reply_to = {
        .address = message->reply_to.size ? message->reply_to : message->inbox};

    return reply_to.address.size ? mime_add_mailboxes(out, "Reply-To", &reply_to, 1, error) : 0;
}

static int add_subject(struct buffer *out, const struct digest_message *message,
                       struct error *error)
{
    (void)error;
    mime_add_text(out, "Subject", message->subject);
    return 0;
}

static int add_date(struct buffer *out, const struct digest_message *message, struct error *error)
{
    (void)error;
    mime_add_date(out, "Date", message->date_utc);
    return 0;
}

static int add_list_id(struct buffer *out, const struct digest_message *message,
                       struct error *error)
{
    if (!mime_address_is_valid(owner_of(message)))
        return error_set(error, ERROR_INPUT, "List-Owner: not a mail address: \"%.*s\"",
                         VIEW_ARGUMENTS(utf8_prefix(owner_of(message), 100)));
    return mime_add_list_id(out, "List-Id", message->list.name, message->list.id, error);
}

static void add_marks(struct buffer *out, const struct digest_message *message)
{
    if (!message->is_answer)
        mime_add_text(out, "Precedence", VIEW("bulk"));
    mime_add_text(out, "Auto-Submitted",
                  message->is_answer ? VIEW("auto-replied") : VIEW("auto-generated"));
    if (message->is_answer)
        mime_add_text(out, "X-Auto-Response-Suppress", VIEW("All")); /* Exchange's */
    mime_add_text(out, "X-Mailer", VIEW("paperboy " PAPERBOY_VERSION));
}

static int add_ways(struct buffer *out, const struct digest_message *message, struct error *error)
{
    struct view none = {NULL, 0};
    struct view help = message->inbox.size ? message->inbox : owner_of(message);

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
    add_marks(out, message);
    return 0;
}

/* ---- fields that are the same as before ---- */

enum group { GROUP_FROM, GROUP_REPLY_TO, GROUP_SUBJECT, GROUP_DATE, GROUP_LIST_ID, GROUP_WAYS,
             GROUPS };

enum { GROUP_VIEWS = 6, MEMO_BYTES = 1 << 20 };

#define VIEW_AT(member) (offsetof(struct digest_message, member) + 1)

/* What writes them, and what they are made of: 1 behind where that view is; of the
 * date, nothing but the date. */
static const struct {
    int (*write)(struct buffer *out, const struct digest_message *message, struct error *error);
    size_t views[GROUP_VIEWS];
} groups[GROUPS] = {
    [GROUP_FROM] = {add_from, {VIEW_AT(from.name), VIEW_AT(from.address)}},
    [GROUP_REPLY_TO] = {add_reply_to, {VIEW_AT(inbox)}},
    [GROUP_SUBJECT] = {add_subject, {VIEW_AT(subject)}},
    [GROUP_DATE] = {add_date, {0}},
    [GROUP_LIST_ID] = {add_list_id, {VIEW_AT(list.name), VIEW_AT(list.id), VIEW_AT(list.owner),
                                     VIEW_AT(from.address)}},
    [GROUP_WAYS] = {add_ways, {VIEW_AT(subscribe_url), VIEW_AT(inbox), VIEW_AT(help_url),
                               VIEW_AT(list.owner), VIEW_AT(from.address), VIEW_AT(archive_url)}},
};

struct message_memo {
    struct buffer key; /* room */
    struct {
        bool is_made;
        struct buffer key;
        struct buffer fields;
    } groups[GROUPS];
};

struct message_memo *message_memo_new(void)
{
    struct message_memo *memo = memory_new(1, sizeof(*memo));

    buffer_init(&memo->key, MEMO_BYTES);
    for (size_t group = 0; group < GROUPS; group++) {
        buffer_init(&memo->groups[group].key, MEMO_BYTES);
        buffer_init(&memo->groups[group].fields, MEMO_BYTES);
    }
    return memo;
}

void message_memo_free(struct message_memo **memo)
{
    if (!*memo)
        return;
    buffer_free(&(*memo)->key);
    for (size_t group = 0; group < GROUPS; group++) {
        buffer_free(&(*memo)->groups[group].key);
        buffer_free(&(*memo)->groups[group].fields);
    }
    free(*memo);
    *memo = NULL;
}

static void make_key(const struct digest_message *message, enum group group, struct buffer *key)
{
    const size_t *views = groups[group].views;

    buffer_clear(key);
    if (!views[0])
        buffer_add(key, &message->date_utc, sizeof(message->date_utc));
    for (size_t i = 0; i < GROUP_VIEWS && views[i]; i++) {
        struct view view;

        memcpy(&view, (const char *)message + views[i] - 1, sizeof(view));
        buffer_add(key, &view.size, sizeof(view.size));
        buffer_add_view(key, view);
    }
}

static int add_group(struct buffer *out, const struct digest_message *message, enum group group,
                     struct error *error)
{
    struct message_memo *memo = message->memo;
    size_t start = out->size;

    if (!memo || message->is_answer)
        return groups[group].write(out, message, error);
    make_key(message, group, &memo->key);
    if (memo->groups[group].is_made &&
        view_equal(buffer_view(&memo->key), buffer_view(&memo->groups[group].key))) {
        buffer_add_view(out, buffer_view(&memo->groups[group].fields));
        return 0;
    }
    memo->groups[group].is_made = false;
    if (groups[group].write(out, message, error) < 0)
        return -1;
    buffer_clear(&memo->groups[group].key);
    buffer_clear(&memo->groups[group].fields);
    buffer_add_view(&memo->groups[group].key, buffer_view(&memo->key));
    buffer_add_view(&memo->groups[group].fields, view_slice(buffer_view(out), start, out->size));
    memo->groups[group].is_made = !out->failed && !memo->key.failed &&
                                  !memo->groups[group].key.failed &&
                                  !memo->groups[group].fields.failed;
    return 0;
}

/* In-Reply-To and References: other programs' ids, of which some are malformed. */
static int add_references(struct buffer *out, const struct digest_message *message,
                          struct error *error)
{
    struct view ids[REFERENCES_MAX];
    size_t count = 0, first = message->reference_count > REFERENCES_MAX
                                  ? message->reference_count - REFERENCES_MAX
                                  : 0;
    struct buffer scratch;

    buffer_init(&scratch, REFERENCE_BYTES);
    for (size_t i = first; i < message->reference_count; i++) {
        buffer_clear(&scratch);
        if (mime_add_ids(&scratch, "References", &message->references[i], 1, NULL) == 0 &&
            !scratch.failed)
            ids[count++] = message->references[i];
    }
    buffer_free(&scratch);
    if (!count)
        return 0;
    if (mime_add_ids(out, "In-Reply-To", &ids[count - 1], 1, error) < 0)
        return -1;
    return mime_add_ids(out, "References", ids, count, error);
}

static int add_header(struct buffer *out, const struct digest_message *message,
                      struct error *error)
{
    if (add_group(out, message, GROUP_FROM, error) < 0 ||
        mime_add_mailboxes(out, "To", &message->to, 1, error) < 0 ||
        add_group(out, message, GROUP_REPLY_TO, error) < 0 ||
        add_group(out, message, GROUP_SUBJECT, error) < 0 ||
        add_group(out, message, GROUP_DATE, error) < 0 ||
        mime_add_ids(out, "Message-ID", &message->message_id, 1, error) < 0 ||
        add_references(out, message, error) < 0)
        return -1;
    if (message->is_to_stranger) {
        add_marks(out, message);
        return 0;
    }
    if (add_group(out, message, GROUP_LIST_ID, error) < 0 ||
        add_unsubscribe(out, message, error) < 0)
        return -1;
    return add_group(out, message, GROUP_WAYS, error);
}

static void add_texts(struct buffer *out, const struct digest_message *message)
{
    struct mime_part parts[2], whole[2];
    size_t count = 0;

    if (message->text.size)
        parts[count++] = (struct mime_part){
            .type = "text/plain", .text = message->text, .is_encoded = message->is_encoded};
    if (message->html.size)
        parts[count++] = (struct mime_part){
            .type = "text/html", .text = message->html, .is_encoded = message->is_encoded};
    if (!message->attachment.type) {
        mime_add_body(out, "alternative", parts, count, message->message_id);
        return;
    }
    whole[0] = count == 1 ? parts[0]
                          : (struct mime_part){.type = "multipart/alternative", .parts = parts,
                                               .part_count = count};
    whole[1] = message->attachment;
    mime_add_body(out, "mixed", whole, 2, message->message_id);
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
