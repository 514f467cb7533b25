#include "inbox/finding.h"


#include "base/clock.h"
#include "inbox/mail_text.h"
#include "inbox/manners.h"
#include "inbox/trust.h"
#include "subscribers/address.h"

static const char *const KINDS[] = {"command", "bounce", "complaint", "auto-reply", "ignored"};

const char *finding_kind_name(enum finding_kind kind)
{
    return KINDS[kind];
}

/* ---- from whom, and where to ---- */

static void take_sender(const struct mail *mail, struct arena *arena, struct finding *finding)
{
    struct mail_address from;

    if (mail_count(&mail->fields, "From") != 1 ||
        !mail_one_address(mail_value(&mail->fields, "From"), arena, &from))
        return;
    finding->from = from.address;
    finding->from_name = from.name;
}

/* Where mail systems note the address that a mail was sent to, the surest first. */
static const char *const RECIPIENT_FIELDS[] = {"Delivered-To", "X-Delivered-To", "X-Original-To",
                                               "Envelope-To", "X-Envelope-To", "X-Rcpt-To",
                                               "X-Forwarded-To", "To", "Cc"};

enum { WRITTEN_FIELDS = 2 }; /* To and Cc, at their end */

static void take_recipients(const struct mail *mail, struct arena *arena, struct finding *finding)
{
    const size_t fields = sizeof(RECIPIENT_FIELDS) / sizeof(*RECIPIENT_FIELDS);
    struct mail_address found[FINDING_RECIPIENTS];

    finding->recipients = arena_alloc(arena, FINDING_RECIPIENTS, sizeof(*finding->recipients));
    for (size_t i = 0; i < fields; i++) {
        for (size_t j = 0; j < mail->fields.count; j++) {
            const struct mail_field *field = &mail->fields.items[j];
            size_t count;

            if (!view_equal_nocase(field->name, view_of(RECIPIENT_FIELDS[i])))
                continue;
            count = mail_addresses(field->value, arena, found,
                                   FINDING_RECIPIENTS - finding->recipient_count);
            for (size_t k = 0; k < count; k++)
                finding->recipients[finding->recipient_count++] = found[k].address;
        }
        if (i + 1 == fields - WRITTEN_FIELDS)
            finding->noted_count = finding->recipient_count;
    }
}

/* ---- ids ---- */

enum { REFERENCES_READ = 1000 };

static void take_ids(const struct mail *mail, struct arena *arena, struct finding *finding)
{
    struct view answered = mail_value(&mail->fields, "In-Reply-To");
    struct view thread = mail_value(&mail->fields, "References");
    struct view ids[REFERENCES_READ];
    size_t count = mail_ids(thread.size ? thread : answered, ids, REFERENCES_READ);

    finding->is_reply = thread.size || answered.size;
    finding->references = arena_alloc(arena, FINDING_REFERENCES, sizeof(*finding->references));
    /* The first one is the thread; of the others the last are nearest. */
    for (size_t i = 0; i < count; i++)
        if (i == 0 || i + FINDING_REFERENCES > count)
            finding->references[finding->reference_count++] = ids[i];
    mail_ids(mail_value(&mail->fields, "Message-ID"), &finding->message_id, 1);
}

static void take_subject(const struct mail *mail, struct finding *finding)
{
    const struct mail_field *subject = mail_find(&mail->fields, "Subject");

    if (!subject)
        return;
    finding->subject = subject->text;
    finding->is_reply |= view_starts_with_nocase(subject->text, VIEW("re:"));
}

/* ---- commands ---- */

static bool is_inbox(struct view address, size_t plus, struct view inbox)
{
    struct view local = view_slice(address, 0, plus), domain = address_domain(address);

    return view_equal_nocase(local, view_slice(inbox, 0, view_find_char(inbox, '@', 0))) &&
           view_equal_nocase(domain, address_domain(inbox));
}

/* "subscribe" of paperboy+subscribe@…; a token's word has a '-' behind it and is none. It
 * must be where the mail was sent to and not one of several in a reply to all, into which
 * anybody can put it. */
static struct view plus_word(const struct finding *finding, struct view inbox)
{
    if (finding->is_reply)
        return (struct view){0};
    for (size_t i = 0; i < finding->recipient_count; i++) {
        struct view address = finding->recipients[i];
        size_t at = view_find_char(address, '@', 0), plus = view_find_char(address, '+', 0);
        struct view word = view_slice(address, plus + 1, at);
        enum mail_command_name name;

        if (plus >= at || !word.size || (inbox.size && !is_inbox(address, plus, inbox)) ||
            (i >= finding->noted_count && finding->recipient_count - finding->noted_count > 1))
            continue;
        if (mail_command_name_parse(word, &name) && name != COMMAND_UNKNOWN)
            return word;
    }
    return (struct view){0};
}

static void take_commands(const struct mail *mail, const struct finding_options *options,
                          struct arena *arena, struct finding *finding)
{
    const struct mail_command_sources sources = {
        .plus = plus_word(finding, options->inbox),
        .subject = finding->subject,
        .body = mail_text_own(mail_text_whole(mail, arena), arena),
    };

    mail_commands_read(&sources, arena, &finding->commands);
}

/* ---- all of it ---- */

enum { OWN_MAX = 5 };

static void take_manners(const struct mail *mail, const struct finding_options *options,
                         struct arena *arena, struct finding *finding)
{
    struct view own[OWN_MAX] = {options->inbox, options->own[0], options->own[1], options->own[2],
                                options->own[3]};
    enum manners_kind kind = manners_of(mail, own, OWN_MAX, arena, &finding->unanswerable_why);

    finding->why = finding->unanswerable_why;
    finding->is_answerable = kind == MANNERS_PERSON;
    finding->kind = FINDING_IGNORED;
    if (kind == MANNERS_PERSON)
        finding->kind = FINDING_COMMAND;
    else if (kind == MANNERS_AUTO_REPLY)
        finding->kind = FINDING_AUTO_REPLY;
}

void finding_make(struct view bytes, const struct finding_options *options, struct arena *arena,
                  struct finding *ret_finding)
{
    struct finding finding = {0};
    struct mail mail;

    mail_read(bytes, arena, &mail);
    finding.is_cut = mail.is_cut;
    take_sender(&mail, arena, &finding);
    take_recipients(&mail, arena, &finding);
    take_ids(&mail, arena, &finding);
    take_subject(&mail, &finding);
    time_parse_rfc5322(mail_value(&mail.fields, "Date"), &finding.date_utc, NULL);
    take_manners(&mail, options, arena, &finding);
    if (bounce_read(&mail, arena, &finding.bounce)) {
        finding.kind = finding.bounce.feedback_type.size ? FINDING_COMPLAINT : FINDING_BOUNCE;
        finding.why = finding.kind == FINDING_BOUNCE ? VIEW("a report on a mail's delivery")
                                                     : VIEW("a feedback report");
        finding.is_answerable = false;
    } else if (finding.kind == FINDING_COMMAND) {
        finding.is_authentic = trust_is_authentic(&mail, finding.from, options->authserv_id, arena,
                                                  &finding.authentic_why);
        take_commands(&mail, options, arena, &finding);
    }
    *ret_finding = finding;
}
