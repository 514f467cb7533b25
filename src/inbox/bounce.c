#include "inbox/bounce.h"

#include <string.h>

#include "inbox/bounce_parts.h"
#include "subscribers/address.h"

static const char *const ACTIONS[] = {"failed", "delayed", "delivered", "relayed", "expanded"};

const char *bounce_action_name(enum bounce_action action)
{
    return ACTIONS[action];
}

/* ---- notes ---- */

struct bounce_note *bounce_note_of(const struct bounce_notes *notes, struct view address)
{
    for (size_t i = 0; i < notes->count && address.size; i++)
        if (view_equal(notes->items[i].address, address))
            return &notes->items[i];
    return NULL;
}

struct bounce_note *bounce_note_add(struct bounce_notes *notes, struct view address)
{
    struct bounce_note *note;

    if (notes->count == BOUNCE_RECIPIENTS)
        return NULL;
    note = &notes->items[notes->count++];
    *note = (struct bounce_note){.address = address};
    return note;
}

static struct bounce_notes notes_new(struct arena *arena)
{
    return (struct bounce_notes){
        arena_alloc(arena, BOUNCE_RECIPIENTS, sizeof(struct bounce_note)), 0};
}

/* ---- what it is ---- */

struct reading {
    const struct mail *mail;
    struct arena *arena;
    struct bounce_text text;
    struct view subject;
    struct view addressee;
    bool is_daemon; /* a mail server's by its sender */
};

static bool sender_is_daemon(const struct mail *mail, struct arena *arena)
{
    const struct mail_field *path = mail_find(&mail->fields, "Return-Path");
    const struct mail_field *from = mail_find(&mail->fields, "From");
    static const char *const NAMES[] = {"mail delivery", "mailer-daemon", "mailer daemon",
                                        "mail deliver system", "system administrator",
                                        "mail administrator", "postmaster", "mail system", NULL};
    struct mail_address address[2];
    struct view local;

    if (path && view_equal_string(view_trim(path->value), "<>"))
        return true;
    if (!from || mail_addresses(from->value, arena, address, 2) != 1)
        return !from || view_find(from->value, VIEW("<>"), 0) < from->value.size ||
               bounce_has_any(from->text, NAMES);
    local = view_slice(address[0].address, 0, view_find_char(address[0].address, '@', 0));
    return bounce_is_daemon(local) || bounce_has_any(address[0].name, NAMES);
}

/* Somebody's answer to a report, or a report that somebody sends on. */
static bool is_passed_on(struct view subject)
{
    static const char *const BEGINS[] = {"re:", "fwd:", "fw:", "aw:", "wg:", "tr:", "rv:", NULL};

    subject = view_trim(subject);
    for (size_t i = 0; BEGINS[i]; i++)
        if (view_starts_with_nocase(subject, view_of(BEGINS[i])))
            return true;
    return false;
}

static bool is_status_part(const struct mail_part *part)
{
    return !part->depth && (view_equal_string(part->type, "message/delivery-status") ||
                            view_equal_string(part->type, "message/global-delivery-status"));
}

/* ---- who is named ---- */

/* Of the report: the part made for it, or fields where a text has them. */
static void take_fields(const struct reading *reading, struct bounce_notes *notes)
{
    const struct mail *mail = reading->mail;

    for (size_t i = 0; i < mail->part_count; i++)
        if (is_status_part(&mail->parts[i]))
            bounce_fields_read(mail->parts[i].body, reading->arena, notes);
    for (size_t i = 0; i < mail->part_count && !notes->count; i++)
        if (!mail->parts[i].depth && !mail->parts[i].fields.count)
            bounce_fields_read(mail->parts[i].body, reading->arena, notes);
}

/* Exim, Google and others name them in a field of the mail. */
static void take_failed_field(const struct reading *reading, struct bounce_notes *notes)
{
    struct mail_address found[MAIL_ADDRESSES];
    size_t count = mail_addresses(mail_value(&reading->mail->fields, "X-Failed-Recipients"),
                                  reading->arena, found, MAIL_ADDRESSES);

    for (size_t i = 0; i < count; i++)
        if (!bounce_note_of(notes, found[i].address))
            bounce_note_add(notes, found[i].address);
}

/* Whom the returned mail was sent to, when the report does not say who of them failed. */
static void take_returned(const struct reading *reading, struct bounce_notes *notes)
{
    const struct mail *mail = reading->mail;
    struct mail_address found[2];
    struct mail_fields quoted;
    struct view to = {0}, rest = reading->text.quoted, line;

    for (size_t i = 0; i < mail->part_count && !to.size; i++)
        if (!mail->parts[i].depth)
            to = mail_value(&mail->parts[i].fields, "To");
    if (!to.size) {
        if (bounce_is_quote_head(view_slice(rest, 0, view_find_char(rest, '\n', 0))))
            view_next_line(&rest, &line);
        while (rest.size && rest.data[0] == '\n')
            view_next_line(&rest, &line);
        mail_read_fields(rest, reading->arena, &quoted, NULL);
        to = mail_value(&quoted, "To");
    }
    if (mail_addresses(to, reading->arena, found, 2) == 1)
        bounce_note_add(notes, found[0].address);
    else
        bounce_note_add(notes, VIEW(""));
    notes->items[notes->count - 1].around = reading->text.own;
}

static void take_words(const struct reading *reading, struct bounce_notes *notes)
{
    bounce_dialogue_read(reading->text.own, reading->arena, notes);
    if (!notes->count)
        bounce_words_read(reading->text.own, reading->addressee, reading->arena, notes);
    if (!notes->count && bounce_says_failure(reading->text.own))
        take_returned(reading, notes);
}

/* What the text says of one whom fields name. */
static void add_words(struct bounce_note *note, const struct bounce_notes *words, struct view own,
                      bool is_only)
{
    const struct bounce_note *word = bounce_note_of(words, note->address);

    if (!word && words->count == 1 && is_only)
        word = &words->items[0];
    if (!note->address.size && word)
        note->address = word->address;
    if (!note->text.size && !note->comment.size && word)
        note->text = word->text;
    if (is_only)
        note->around = own;
    else if (word)
        note->around = word->around;
    note->stage = bounce_stage_of(note->text);
    if (!note->stage)
        note->stage = word && word->stage ? word->stage : bounce_stage_of(own);
}

/* Of the report, else of the field, else of the words; what the words say is added. */
static struct bounce_notes take_all(const struct reading *reading)
{
    struct bounce_notes notes = notes_new(reading->arena), words = notes_new(reading->arena);
    struct bounce_notes failed = notes_new(reading->arena);

    take_fields(reading, &notes);
    take_words(reading, &words);
    if (!notes.count)
        take_failed_field(reading, &notes);
    else if (notes.count == 1 && !notes.items[0].address.size)
        take_failed_field(reading, &failed);
    if (failed.count == 1)
        notes.items[0].address = failed.items[0].address;
    if (!notes.count)
        return words;
    for (size_t i = 0; i < notes.count; i++)
        add_words(&notes.items[i], &words, reading->text.own, notes.count == 1);
    return notes;
}

/* ---- what it returns ---- */

static void add_ids(struct bounce *bounce, struct view value)
{
    struct view ids[BOUNCE_IDS];
    size_t count = mail_ids(value, ids, BOUNCE_IDS);

    for (size_t i = 0; i < count; i++) {
        size_t known = 0;

        while (known < bounce->returned_id_count &&
               !view_equal(bounce->returned_ids[known], ids[i]))
            known++;
        if (known == bounce->returned_id_count && known < BOUNCE_IDS)
            bounce->returned_ids[bounce->returned_id_count++] = ids[i];
    }
}

/* At the begin of a line, perhaps indented, the value there or in the next one. */
static void add_ids_of_text(struct bounce *bounce, struct view text, bool is_report)
{
    struct view line, next;

    while (view_next_line(&text, &line)) {
        struct view ahead = text, name;
        size_t colon;

        line = view_trim(line);
        colon = view_find_char(line, ':', 0);
        name = view_trim(view_slice(line, 0, colon));
        if (colon == line.size ||
            !(view_equal_nocase(name, VIEW("Message-ID")) ||
              (is_report && view_equal_nocase(name, VIEW("X-Original-Message-ID")))))
            continue;
        if (view_find_char(line, '<', colon) == line.size && view_next_line(&ahead, &next))
            line = next;
        add_ids(bounce, line);
    }
}

/* Somebody's own mail may quote one of ours with all of its fields, and speak of failures. */
static bool is_by_a_server(const struct reading *reading)
{
    const struct mail *mail = reading->mail;

    for (size_t i = 0; i < mail->part_count; i++)
        if (is_status_part(&mail->parts[i]))
            return true;
    return reading->is_daemon || view_equal_string(mail->report_type, "delivery-status") ||
           view_equal_string(mail->report_type, "utf-8-delivery-status");
}

/* Of a returned mail's own head; of a text only in a bounce. */
static void take_ids(const struct reading *reading, struct bounce *bounce)
{
    const struct mail *mail = reading->mail;

    for (size_t i = 0; i < mail->part_count; i++)
        if (!mail->parts[i].depth)
            add_ids(bounce, mail_value(&mail->parts[i].fields, "Message-ID"));
    if (bounce->feedback_type.size || !is_by_a_server(reading))
        return;
    add_ids_of_text(bounce, reading->text.quoted, false);
    add_ids_of_text(bounce, reading->text.own, false);
    for (size_t i = 0; i < mail->part_count; i++)
        if (is_status_part(&mail->parts[i]))
            add_ids_of_text(bounce, mail->parts[i].body, true);
}

/* ---- all of it ---- */

static bool is_report(const struct reading *reading, const struct bounce_notes *notes)
{
    const struct mail *mail = reading->mail;
    bool is_subject = bounce_subject_is(reading->subject);

    if (is_passed_on(reading->subject) && !reading->is_daemon)
        return false;
    if (view_equal_string(mail->report_type, "delivery-status") ||
        view_equal_string(mail->report_type, "utf-8-delivery-status"))
        return notes->count > 0 || bounce_says_failure(reading->text.own);
    if (mail_find(&mail->fields, "X-Failed-Recipients"))
        return true;
    for (size_t i = 0; i < mail->part_count; i++)
        if (is_status_part(&mail->parts[i]) && notes->count)
            return true;
    if (!reading->is_daemon && !is_subject)
        return false;
    return notes->count && (bounce_says_failure(reading->text.own) ||
                            bounce_says_delay(reading->text.own) ||
                            bounce_says_delivery(reading->text.own) ||
                            (reading->is_daemon && is_subject));
}

/* What a text without a report says of all that it names. */
static void take_action(const struct reading *reading, struct bounce_note *note)
{
    if (note->has_action)
        return;
    note->has_action = true;
    note->action = BOUNCE_FAILED;
    if (bounce_says_delay(reading->text.own) || bounce_says_delay(reading->subject))
        note->action = BOUNCE_DELAYED;
    else if (bounce_says_delivery(reading->text.own))
        note->action = BOUNCE_DELIVERED;
}

static void judge_all(const struct reading *reading, const struct bounce_notes *notes,
                      struct bounce *bounce)
{
    /* Of several what is said of all may be said of another one. */
    struct view own = notes->count == 1 ? reading->text.own : VIEW("");

    for (size_t i = 0; i < notes->count; i++) {
        take_action(reading, &notes->items[i]);
        bounce_judge(&notes->items[i], reading->subject, own, reading->arena,
                     &bounce->recipients[bounce->recipient_count++]);
    }
}

bool bounce_read(const struct mail *mail, struct arena *arena, struct bounce *ret_bounce)
{
    struct reading reading = {.mail = mail, .arena = arena};
    const struct mail_field *subject = mail_find(&mail->fields, "Subject");
    struct bounce bounce = {0};
    struct bounce_notes notes = notes_new(arena);
    struct mail_address to[2];

    reading.text = bounce_text_of(mail, arena);
    reading.subject = subject ? subject->text : VIEW("");
    reading.is_daemon = sender_is_daemon(mail, arena);
    if (mail_addresses(mail_value(&mail->fields, "To"), arena, to, 2))
        reading.addressee = to[0].address;
    bounce.recipients = arena_alloc(arena, BOUNCE_RECIPIENTS, sizeof(*bounce.recipients));
    bounce.returned_ids = arena_alloc(arena, BOUNCE_IDS, sizeof(*bounce.returned_ids));
    if (!bounce_json_read(reading.text.own, arena, &bounce, &notes)) {
        struct bounce complaint;

        if (bounce_complaint_read(mail, arena, &complaint)) {
            complaint.returned_ids = bounce.returned_ids;
            bounce = complaint;
        } else {
            notes = take_all(&reading);
            if (!is_report(&reading, &notes))
                return false;
        }
        take_ids(&reading, &bounce);
    }
    judge_all(&reading, &notes, &bounce);
    *ret_bounce = bounce;
    return true;
}
