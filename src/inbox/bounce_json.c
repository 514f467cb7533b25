/* Amazon SES' notifications (Bounce, Complaint, Delivery), as its SNS mails them: an object
 * alone, or as a text in SNS' own object. */
#include <jansson.h>
#include <string.h>

#include "inbox/bounce_parts.h"

static struct view text_of(const json_t *object, const char *key, struct arena *arena)
{
    const json_t *value = json_object_get(object, key);

    return json_is_string(value) ? arena_copy(arena, (struct view){json_string_value(value),
                                                                   json_string_length(value)})
                                 : (struct view){0};
}

/* Lines that were too long for somebody on the way have "!", a line break and a blank in
 * them. */
static struct view unbroken(struct view text, struct arena *arena)
{
    char *out = arena_alloc(arena, text.size + 1, 1);
    size_t size = 0;

    for (size_t i = 0; i < text.size; i++) {
        if (view_starts_with(view_slice(text, i, i + 3), VIEW("!\n ")))
            i += 2;
        else
            out[size++] = text.data[i];
    }
    return (struct view){out, size};
}

static json_t *parse(struct view text)
{
    size_t open = view_find_char(text, '{', 0);

    return open < text.size ? json_loadb(text.data + open, text.size - open,
                                         JSON_DISABLE_EOF_CHECK, NULL)
                            : NULL;
}

/* The notification, to be released. SNS' own has it as a text in "Message". */
static json_t *notification_of(struct view own, struct arena *arena)
{
    json_t *root = parse(unbroken(own, arena)), *inner;

    if (!root || !json_object_get(root, "Message"))
        return root;
    inner = parse(text_of(root, "Message", arena));
    json_decref(root);
    return inner;
}

static void take_failure(const json_t *item, bool is_delay, struct arena *arena,
                         struct bounce_notes *notes)
{
    struct view status = text_of(item, "status", arena);
    struct bounce_note *note =
        bounce_note_add(notes, bounce_address(text_of(item, "emailAddress", arena), arena));

    if (!note)
        return;
    note->has_action = true;
    note->action = is_delay ? BOUNCE_DELAYED : BOUNCE_FAILED;
    if (status.size >= 5 && status.size <= 9 && (status.data[0] == '4' || status.data[0] == '5') &&
        status.data[1] == '.')
        note->status = status;
    note->text = text_of(item, "diagnosticCode", arena);
    if (view_starts_with_nocase(note->text, VIEW("smtp;")))
        note->text = view_trim(view_slice(note->text, 5, note->text.size));
}

static void take_list(const json_t *list, bool is_delay, struct arena *arena,
                      struct bounce_notes *notes)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        take_failure(json_array_get(list, i), is_delay, arena, notes);
}

static void take_delivery(const json_t *delivery, struct arena *arena, struct bounce_notes *notes)
{
    const json_t *list = json_object_get(delivery, "recipients");
    struct view said = text_of(delivery, "smtpResponse", arena);
    size_t status = view_find(said, VIEW(" 2."), 0);

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct view address = json_is_string(item) ? view_of(json_string_value(item)) : VIEW("");
        struct bounce_note *note = bounce_note_add(notes, bounce_address(address, arena));

        if (!note)
            continue;
        note->has_action = true;
        note->action = BOUNCE_DELIVERED;
        note->text = said;
        if (status < said.size)
            note->status = view_slice(said, status + 1, view_find_char(said, ' ', status + 1));
    }
}

static bool take_complaint(const json_t *complaint, struct arena *arena, struct bounce *bounce)
{
    const json_t *list = json_object_get(complaint, "complainedRecipients");

    bounce->feedback_type = text_of(complaint, "complaintFeedbackType", arena);
    if (!bounce->feedback_type.size)
        bounce->feedback_type = VIEW("abuse");
    for (size_t i = 0; i < json_array_size(list) && bounce->recipient_count < BOUNCE_RECIPIENTS; i++)
        bounce->recipients[bounce->recipient_count++] = (struct bounce_recipient){
            .address = bounce_address(text_of(json_array_get(list, i), "emailAddress", arena),
                                      arena),
            .action = BOUNCE_DELIVERED,
            .reason = REASON_FEEDBACK};
    return json_is_object(complaint);
}

/* The mail's own id is among its headers; SES' "messageId" is another. */
static void take_ids(const json_t *mail, struct arena *arena, struct bounce *bounce)
{
    const json_t *headers = json_object_get(mail, "headers");
    struct view id = text_of(json_object_get(mail, "commonHeaders"), "messageId", arena);

    for (size_t i = 0; i < json_array_size(headers) && !id.size; i++) {
        const json_t *header = json_array_get(headers, i);

        if (view_equal_nocase(text_of(header, "name", arena), VIEW("Message-ID")))
            id = text_of(header, "value", arena);
    }
    bounce->returned_id_count = mail_ids(id, bounce->returned_ids, 1);
}

bool bounce_json_read(struct view own, struct arena *arena, struct bounce *ret_bounce,
                      struct bounce_notes *notes)
{
    json_t *root;
    struct view type;
    bool is_one = true;

    own = view_trim(own);
    if (!own.size || own.data[0] != '{')
        return false;
    root = notification_of(own, arena);
    type = text_of(root, "notificationType", arena);
    if (!type.size)
        type = text_of(root, "eventType", arena);
    if (view_equal_string(type, "Bounce")) {
        const json_t *bounce = json_object_get(root, "bounce");

        take_list(json_object_get(bounce, "bouncedRecipients"), false, arena, notes);
    } else if (view_equal_string(type, "DeliveryDelay")) {
        const json_t *delay = json_object_get(root, "deliveryDelay");

        take_list(json_object_get(delay, "delayedRecipients"), true, arena, notes);
    } else if (view_equal_string(type, "Delivery")) {
        take_delivery(json_object_get(root, "delivery"), arena, notes);
    } else {
        is_one = view_equal_string(type, "Complaint") &&
                 take_complaint(json_object_get(root, "complaint"), arena, ret_bounce);
    }
    if (is_one)
        take_ids(json_object_get(root, "mail"), arena, ret_bounce);
    json_decref(root);
    return is_one;
}
