/* From what was found of a recipient to what became of the mail. */
#include <string.h>

#include "base/utf8.h"
#include "inbox/bounce_parts.h"

/* ---- the number ---- */

static bool is_unspecific(struct view status)
{
    return view_ends_with(status, VIEW(".0")) || view_ends_with(status, VIEW(".0.0"));
}

/* What the server before last wrote of its own when the other one refused. */
static bool is_a_relays(struct view status)
{
    struct view rest = view_slice(status, 2, status.size);

    return is_unspecific(status) || view_equal_string(rest, "4.7") ||
           view_equal_string(rest, "1.1") || view_equal_string(rest, "5.1") ||
           view_equal_string(rest, "5.2") || view_equal_string(rest, "5.4") ||
           view_equal_string(rest, "5.5") || view_starts_with(rest, VIEW("3."));
}

/* Of the status in a text the first that says something; else the first. A text may hold
 * one of the relay and one of the server behind it. */
static struct view telling_status(struct view text, struct reason_reply *ret_reply)
{
    struct view first, rest = text;

    *ret_reply = reason_read_text(text);
    first = ret_reply->enhanced;
    for (struct view found = first; found.size && is_unspecific(found);) {
        rest = view_slice(rest, (size_t)(found.data + found.size - rest.data), rest.size);
        found = reason_read_text(rest).enhanced;
        if (found.size && !is_unspecific(found) && first.data[0] == found.data[0])
            return found;
    }
    return first;
}

/* The report's own number or the one in what the server said: the latter, unless it says
 * less. Where their classes differ the reply code tells which is meant. */
static struct view better_status(struct view field, struct view told, int code)
{
    if (!field.size || !told.size)
        return field.size ? field : told;
    if (field.data[0] != told.data[0] && code)
        return field.data[0] == '0' + code / 100 ? field : told;
    if (is_unspecific(told))
        return field;
    return is_a_relays(field) ? told : field;
}

/* RFC 3463's number for a reason where the mail has none. */
static const struct {
    enum bounce_reason reason;
    const char *rest;
} NUMBERS[] = {
    {REASON_USERUNKNOWN, "1.1"}, {REASON_HOSTUNKNOWN, "1.2"}, {REASON_HASMOVED, "1.6"},
    {REASON_MAILBOXFULL, "2.2"}, {REASON_SUSPEND, "2.1"}, {REASON_EXCEEDLIMIT, "2.3"},
    {REASON_SYSTEMFULL, "3.1"}, {REASON_MESGTOOBIG, "3.4"}, {REASON_EXPIRED, "4.7"},
};

static struct view made_status(struct arena *arena, char class_digit, enum bounce_reason reason)
{
    const char *rest = "0.0";
    char *status = arena_alloc(arena, 8, 1);

    for (size_t i = 0; i < sizeof(NUMBERS) / sizeof(*NUMBERS); i++)
        if (NUMBERS[i].reason == reason)
            rest = NUMBERS[i].rest;
    status[0] = class_digit;
    status[1] = '.';
    memcpy(status + 2, rest, 3);
    return (struct view){status, 5};
}

/* ---- the reason ---- */

static enum bounce_reason words_of(struct view text, const struct reason_reply *reply)
{
    struct reason_reply asked = *reply;

    asked.text = text;
    return reason_of_words(&asked);
}

static bool is_stage(const struct reason_reply *reply, const char *stage)
{
    return reply->stage && strcmp(reply->stage, stage) == 0;
}

/* Words that leave no doubt of the address: in the reply after whatever command, around it
 * when no command is told. */
static bool is_plain(const struct bounce_note *note, const struct reason_reply *reply,
                     struct view own)
{
    /* Yahoo's, after DATA; from others without a reply's code it is less sure. */
    static const char *const YAHOO[] = {"this user doesn't have a ", NULL};

    if (bounce_says_unknown(note->text) || (reply->code && bounce_has_any(note->text, YAHOO)))
        return true;
    return !reply->stage && (bounce_says_unknown(note->around) || bounce_says_unknown(own));
}

/* Sisimai takes a server's "user unknown" for a filter's when nothing shows that it was
 * said of the address: no command, no number, no words that say it otherwise. So do we, for
 * an address that is called dead is not mailed any more. */
static enum bounce_reason without_doubt(const struct bounce_note *note,
                                        const struct reason_reply *reply, struct view own,
                                        enum bounce_reason reason)
{
    struct view rest = view_slice(reply->enhanced, 2, reply->enhanced.size);
    struct reason_reply at_rcpt = *reply;
    enum bounce_reason comment;

    at_rcpt.stage = "rcpt";
    if (reason == REASON_FILTERED && words_of(note->text, &at_rcpt) != REASON_USERUNKNOWN)
        return reason;
    if (reason != REASON_USERUNKNOWN && reason != REASON_FILTERED)
        return reason;
    if (is_stage(reply, "rcpt") || view_starts_with(rest, VIEW("1.")) ||
        is_plain(note, reply, own))
        return REASON_USERUNKNOWN;
    comment = words_of(note->comment, &at_rcpt);
    return comment == REASON_UNDEFINED || comment == REASON_USERUNKNOWN ? REASON_FILTERED : comment;
}

static enum bounce_reason numbers_of(const struct reason_reply *reply)
{
    struct reason_reply asked = *reply;
    enum bounce_reason reason;

    asked.text = (struct view){0};
    asked.code = 550;
    reason = reason_of_reply(&asked);
    return reason == REASON_ONHOLD ? REASON_UNDEFINED : reason;
}

static enum bounce_reason code_of(const struct reason_reply *reply)
{
    struct reason_reply asked = {.stage = reply->stage, .code = reply->code};

    return reply->code ? reason_of_reply(&asked) : REASON_UNDEFINED;
}

/* Whether it says more than the address. */
static bool says_anything(struct view text, struct view address)
{
    return view_trim(text).size > address.size + 4;
}

/* What was said to us, then what is said around it, then numbers; the reply's code is the
 * last, which is but one of forty. */
static enum bounce_reason reason_of(const struct bounce_note *note,
                                    const struct reason_reply *reply, struct view subject,
                                    struct view own)
{
    const struct view texts[] = {note->text, note->comment, note->around, own, subject};
    enum bounce_reason reason;

    for (size_t i = 0; i < 3; i++)
        if ((reason = words_of(texts[i], reply)) != REASON_UNDEFINED)
            return reason;
    if ((reason = numbers_of(reply)) != REASON_UNDEFINED)
        return reason;
    for (size_t i = 3; i < 5; i++)
        if ((reason = words_of(texts[i], reply)) != REASON_UNDEFINED)
            return reason;
    if (note->has_action && note->action == BOUNCE_DELAYED)
        return REASON_EXPIRED;
    if ((reason = code_of(reply)) != REASON_UNDEFINED)
        return reason;
    return note->text.size || says_anything(note->around, note->address) ? REASON_ONHOLD
                                                                        : REASON_UNDEFINED;
}

/* ---- all of it ---- */

static struct view one_line(struct view text, struct arena *arena)
{
    struct buffer line;
    struct view result;
    bool is_blank = false;

    buffer_init(&line, text.size + 1);
    text = view_trim(text);
    for (size_t i = 0; i < text.size && line.size < 2 * BOUNCE_TEXT_BYTES; i++) {
        bool is_space = strchr(" \t\r\n", text.data[i]) != NULL;

        if (is_space && is_blank)
            continue;
        buffer_add_char(&line, is_space ? ' ' : text.data[i]);
        is_blank = is_space;
    }
    result = arena_copy(arena, utf8_prefix(buffer_view(&line), BOUNCE_TEXT_BYTES));
    buffer_free(&line);
    return result;
}

static char class_of(const struct bounce_note *note, const struct reason_reply *reply)
{
    static const char *const FOR_NOW[] = {" temporar", " persistent", NULL};

    if (reply->code)
        return (char)('0' + reply->code / 100);
    if (bounce_has_any(note->text.size ? note->text : note->around, FOR_NOW))
        return '4';
    return note->has_action && note->action == BOUNCE_DELAYED ? '4' : '5';
}

static struct view said(const struct bounce_note *note, struct view own)
{
    const struct view texts[] = {note->text, note->comment, note->around, own};
    size_t i = 0;

    while (i < 3 && !texts[i].size)
        i++;
    return texts[i];
}

static void judge_success(const struct bounce_note *note, struct arena *arena,
                          struct bounce_recipient *ret_recipient)
{
    *ret_recipient = (struct bounce_recipient){
        .address = note->address, .action = note->action, .reason = REASON_DELIVERED,
        .status = note->status.size && note->status.data[0] == '2' ? note->status
                                                                   : VIEW("2.0.0"),
        .text = one_line(note->text, arena)};
}

void bounce_judge(const struct bounce_note *note, struct view subject, struct view own,
                  struct arena *arena, struct bounce_recipient *ret_recipient)
{
    struct reason_reply reply;
    struct view told = telling_status(note->text, &reply);
    enum bounce_reason reason = note->reason;
    bool is_end;

    if (note->has_action && note->action >= BOUNCE_DELIVERED) {
        judge_success(note, arena, ret_recipient);
        return;
    }
    reply.stage = note->stage;
    reply.enhanced = better_status(note->status, told, reply.code);
    if (reason == REASON_UNDEFINED)
        reason = reason_of(note, &reply, subject, own);
    reason = without_doubt(note, &reply, own, reason);
    is_end = !note->has_action || note->action == BOUNCE_FAILED;
    *ret_recipient = (struct bounce_recipient){
        .address = note->address,
        .action = is_end ? BOUNCE_FAILED : note->action,
        .status = reply.enhanced.size ? arena_copy(arena, reply.enhanced)
                                      : made_status(arena, class_of(note, &reply), reason),
        .reason = reason,
        .text = one_line(said(note, own), arena)};
    ret_recipient->permanent =
        is_end && (reason_means_dead(reason) ||
                   (reason == REASON_NOTACCEPT && ret_recipient->status.data[0] == '5'));
}
