/* Feedback reports: RFC 5965 as it is, with the part alone, and what Hotmail sends, which
 * is the mail itself under a subject. */
#include <string.h>

#include "inbox/bounce_parts.h"

enum { COMPLAINT_ADDRESSES = 20 };

static void add_recipient(struct bounce *bounce, struct view address)
{
    for (size_t i = 0; i < bounce->recipient_count; i++)
        if (view_equal(bounce->recipients[i].address, address))
            return;
    if (address.size && bounce->recipient_count < COMPLAINT_ADDRESSES)
        bounce->recipients[bounce->recipient_count++] = (struct bounce_recipient){
            .address = address, .action = BOUNCE_DELIVERED, .reason = REASON_FEEDBACK};
}

static struct view lowered_word(struct view value, struct arena *arena)
{
    size_t end = 0;

    while (end < value.size && end < 40 && value.data[end] > ' ' && value.data[end] != ';' &&
           value.data[end] != '(')
        end++;
    return arena_lower(arena, view_slice(value, 0, end));
}

/* Whom the returned mail was sent to, by the fields that keep it when To is taken out. */
static void take_returned(const struct mail *mail, struct arena *arena, struct bounce *bounce)
{
    static const char *const FIELDS[] = {"X-HmXmrOriginalRecipient", "X-Original-To",
                                         "Delivered-To", "To", NULL};
    struct mail_address found[4];

    for (size_t i = 0; i < mail->part_count; i++) {
        const struct mail_fields *fields = &mail->parts[i].fields;

        if (mail->parts[i].depth || !fields->count)
            continue;
        for (size_t j = 0; FIELDS[j] && !bounce->recipient_count; j++) {
            size_t count = mail_addresses(mail_value(fields, FIELDS[j]), arena, found, 4);

            for (size_t k = 0; k < count; k++)
                add_recipient(bounce, found[k].address);
        }
    }
}

/* Original-Rcpt-To may stand there more than once (RFC 5965 3.2). */
static void take_report(struct view report, struct arena *arena, struct bounce *bounce)
{
    struct mail_fields fields;
    struct view rest = report, line;
    static const char *const NAMES[] = {"Original-Rcpt-To", "Removal-Recipient",
                                        "Original-Recipient", NULL};

    bounce->feedback_type = lowered_word(bounce_field(report, "Feedback-Type", arena), arena);
    while (rest.size) {
        struct view from = rest;

        if (view_next_line(&rest, &line) && !view_trim(line).size)
            continue;
        mail_read_fields(from, arena, &fields, &rest);
        for (size_t i = 0; NAMES[i]; i++)
            for (size_t j = 0; j < fields.count; j++)
                if (view_equal_nocase(fields.items[j].name, view_of(NAMES[i])))
                    add_recipient(bounce, bounce_address(fields.items[j].value, arena));
    }
}

/* The part's type, or a text that is nothing else where the mail says that it has one. */
static bool is_report(const struct mail *mail, const struct mail_part *part, struct arena *arena)
{
    if (part->depth || part->fields.count)
        return false;
    if (view_equal_string(part->type, "message/feedback-report"))
        return true;
    return view_equal_string(mail->report_type, "feedback-report") &&
           bounce_field(part->body, "Feedback-Type", arena).size > 0;
}

static bool has_returned(const struct mail *mail)
{
    for (size_t i = 0; i < mail->part_count; i++)
        if (!mail->parts[i].depth && mail->parts[i].fields.count)
            return true;
    return false;
}

/* "complaint about message from 192.0.2.1": Hotmail's, and others that followed it. */
static bool is_returned_complaint(const struct mail *mail)
{
    static const char *const SUBJECTS[] = {"complaint about message from", "abuse report",
                                           "spam complaint", "email feedback report",
                                           "spam report", NULL};
    const struct mail_field *subject = mail_find(&mail->fields, "Subject");

    return subject && has_returned(mail) && bounce_has_any(subject->text, SUBJECTS) &&
           !view_starts_with_nocase(subject->text, VIEW("re:")) &&
           !view_starts_with_nocase(subject->text, VIEW("fw"));
}

/* What Apple's Mail sends for its user by itself to a List-Unsubscribe address. */
static bool is_opt_out(const struct mail *mail)
{
    const struct mail_field *subject = mail_find(&mail->fields, "Subject");
    struct view submitted = mail_value(&mail->fields, "Auto-Submitted");

    return subject && view_starts_with_nocase(submitted, VIEW("auto-")) &&
           view_equal_nocase(view_trim(subject->text), VIEW("unsubscribe"));
}

bool bounce_complaint_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce)
{
    struct bounce bounce = {0};

    bounce.recipients = arena_alloc(arena, COMPLAINT_ADDRESSES, sizeof(*bounce.recipients));
    for (size_t i = 0; i < mail->part_count && !bounce.feedback_type.size; i++)
        if (is_report(mail, &mail->parts[i], arena)) {
            take_report(mail->parts[i].body, arena, &bounce);
            if (!bounce.feedback_type.size)
                bounce.feedback_type = VIEW("other");
        }
    if (!bounce.feedback_type.size &&
        (view_equal_string(mail->report_type, "feedback-report") || is_returned_complaint(mail)))
        bounce.feedback_type = VIEW("abuse");
    if (!bounce.feedback_type.size && is_opt_out(mail))
        bounce.feedback_type = VIEW("opt-out");
    if (!bounce.feedback_type.size)
        return false;
    if (!bounce.recipient_count)
        take_returned(mail, arena, &bounce);
    *ret_bounce = bounce;
    return true;
}
