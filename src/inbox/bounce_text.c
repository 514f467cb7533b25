/* What of a mail is its writer's own, and what is the mail that it returns. */
#include <string.h>

#include "inbox/bounce_parts.h"
#include "inbox/mail_text.h"

/* ---- where a mail is quoted ---- */

/* Fields that only a mail's head has, and no report's text before its diagnosis. */
static const char *const HEAD_FIELDS[] = {"Received", "Return-Path", "DKIM-Signature",
                                          "ARC-Seal", "X-Received", "X-Google-Smtp-Source",
                                          "MIME-Version", "Delivered-To", "X-Originating-IP",
                                          "X-Google-DKIM-Signature", "DomainKey-Signature", NULL};
static const char *const COMMON_FIELDS[] = {"From", "To", "Subject", "Date", "Message-ID",
                                            "Reply-To", "Sender", "Content-Type", "Cc", NULL};
/* Of a report: what has these is no mail. */
static const char *const REPORT_FIELDS[] = {"Reporting-MTA", "Final-Recipient", "Action",
                                            "Diagnostic-Code", "Original-Recipient", NULL};

static bool is_field_of(struct view line, const char *const names[])
{
    size_t colon = view_find_char(line, ':', 0);

    for (size_t i = 0; colon < line.size && names[i]; i++)
        if (view_equal_nocase(view_trim(view_slice(line, 0, colon)), view_of(names[i])))
            return true;
    return false;
}

static bool looks_like_field(struct view line)
{
    size_t colon = view_find_char(line, ':', 0);

    if (!colon || colon == line.size || line.data[0] == ' ' || line.data[0] == '\t')
        return false;
    for (size_t i = 0; i < colon; i++)
        if (line.data[i] <= ' ' || line.data[i] >= 0x7F)
            return false;
    return true;
}

/* A block of fields without an indent, one of them such as only mails have, or three that
 * mails have. */
static bool begins_head(struct view text)
{
    struct view line;
    size_t fields = 0, common = 0;
    bool has_head = false;

    while (fields < 30 && view_next_line(&text, &line) && view_trim(line).size) {
        if (fields && (line.data[0] == ' ' || line.data[0] == '\t'))
            continue;
        if (!looks_like_field(line) || is_field_of(line, REPORT_FIELDS))
            break;
        fields++;
        has_head |= is_field_of(line, HEAD_FIELDS);
        common += is_field_of(line, COMMON_FIELDS);
    }
    return fields >= 2 && (has_head || common >= 3);
}

size_t bounce_quote_begin(struct view text)
{
    struct view rest = text, line;
    bool in_block = false;

    while (true) {
        struct view from = rest;
        bool is_field;

        if (!view_next_line(&rest, &line))
            return text.size;
        is_field = looks_like_field(line);
        /* In the middle of a block its first line has been asked already. */
        if (bounce_is_quote_head(line) ||
            (is_field && (!in_block || is_field_of(line, HEAD_FIELDS)) && begins_head(from)))
            return (size_t)(from.data - text.data);
        in_block = is_field || (in_block && line.size && (line.data[0] == ' ' || line.data[0] == '\t'));
    }
}

/* ---- parts ---- */

static bool is_returned(const struct mail_part *part)
{
    return view_equal_string(part->type, "message/rfc822") ||
           view_equal_string(part->type, "message/global") ||
           view_equal_string(part->type, "text/rfc822-headers") ||
           view_equal_string(part->type, "message/rfc822-headers") ||
           view_equal_string(part->type, "message/global-headers");
}

/* Before the report or the returned mail, whichever comes first. */
static size_t own_count(const struct mail *mail)
{
    bool has_text = false;

    for (size_t i = 0; i < mail->part_count; i++) {
        const struct mail_part *part = &mail->parts[i];

        if (part->depth || is_returned(part) ||
            (has_text && view_starts_with(part->type, VIEW("message/"))))
            return i;
        has_text |= view_starts_with(part->type, VIEW("text/")) && view_trim(part->body).size;
    }
    return mail->part_count;
}

/* A text that begins with fields repeats those of the mail that it is about to speak of. */
static size_t own_end(struct view text)
{
    size_t begin = bounce_quote_begin(text);
    struct view rest = view_slice(text, begin, text.size), line;

    if (view_trim(view_slice(text, 0, begin)).size)
        return begin;
    while (view_next_line(&rest, &line) && view_trim(line).size)
        continue;
    begin = text.size - rest.size;
    return begin + bounce_quote_begin(rest);
}

struct bounce_text bounce_text_of(const struct mail *mail, struct arena *arena)
{
    struct mail head = *mail;
    struct view whole;
    size_t begin;

    head.part_count = own_count(mail);
    whole = mail_text_whole(&head, arena);
    begin = own_end(whole);
    return (struct bounce_text){view_slice(whole, 0, begin),
                                view_slice(whole, begin, whole.size)};
}
