/* The words of mail servers that say what kind of text stands there, as data: where the
 * returned mail begins, how far the dialogue came, whether it is an end or a delay.
 * Lower case; what they say of the reason stands in delivery/reason_table.c. */
#include <string.h>

#include "inbox/bounce_parts.h"

#include "base/ascii.h"

/* ---- where the returned mail begins ---- */

/* In a line of its own, between dashes or with a colon or a full stop behind it. */
static const char *const QUOTE_HEADS[] = {
    "copy of the message", "copy of your message", "copy of the original message",
    "copy of the mail", "original message", "original mail", "message headers follow",
    "message header follows", "original headers", "message headers", "header of the original",
    "headers of the original", "unsent message", "returned message", "returned mail follows",
    "returned content", "undelivered message", "undelivered mail follows", "message text follows",
    "message body follows", "message follows", "text of the message", "text of your message",
    "body of the message", "body of your message", "message contents", "content of the message",
    "original text", "mail content", "original mail headers",
    "message details", "original mail as follows", "rejected message", "failed message", "bounced message",
    "message non-deliverable", "returned data", NULL,
};

static bool is_decoration(char character)
{
    return strchr("-=*_ \t#~+|<>", character) != NULL;
}

static struct view undecorated(struct view line)
{
    while (line.size && is_decoration(line.data[0]))
        line = view_slice(line, 1, line.size);
    while (line.size && is_decoration(line.data[line.size - 1]))
        line = view_slice(line, 0, line.size - 1);
    return line;
}

/* `text` in lower case, as far as it fits. */
static struct view lowered(struct view text, char *room, size_t size)
{
    text = view_slice(text, 0, size);
    for (size_t i = 0; i < text.size; i++)
        room[i] = ascii_lower(text.data[i]);
    return (struct view){room, text.size};
}

enum { LINE_BYTES = 120, FOLLOWS_BYTES = 16 };

bool bounce_is_quote_head(struct view line)
{
    struct view trimmed = view_trim(line), core = undecorated(trimmed);
    char room[LINE_BYTES];
    bool is_decorated, is_ended;

    if (!core.size || trimmed.size > LINE_BYTES)
        return false;
    is_decorated = view_starts_with(trimmed, VIEW("--")) || view_starts_with(trimmed, VIEW("==")) ||
                   view_starts_with(trimmed, VIEW("**"));
    is_ended = core.data[core.size - 1] == ':' || core.data[core.size - 1] == '.';
    core = lowered(core, room, sizeof(room));
    for (size_t i = 0; QUOTE_HEADS[i]; i++) {
        struct view words = view_of(QUOTE_HEADS[i]);
        size_t at = view_find(core, words, 0);

        if (at == core.size)
            continue;
        if (is_decorated)
            return true;
        /* "Original message follows.", not "The original message was received at …" */
        if (is_ended && at + words.size + FOLLOWS_BYTES >= core.size &&
            (core.data[core.size - 1] == ':' || at <= 4))
            return true;
    }
    return false;
}

/* ---- how far it came ---- */

static const struct {
    const char *words;
    const char *stage;
} STAGES[] = {
    {"after rcpt", "rcpt"}, {">>> rcpt to", "rcpt"}, {"our rcpt to", "rcpt"},
    {"to rcpt to", "rcpt"}, {"sent: rcpt to", "rcpt"}, {"--> rcpt to", "rcpt"},
    {"rcpt_to", "rcpt"}, {"rcpt: <", "rcpt"}, {"rcpt command", "rcpt"},
    {"after pipelined rcpt", "rcpt"}, {"does not like recipient", "rcpt"},
    {"rejected recipient", "rcpt"}, {"(state 14)", "rcpt"},
    {"after mail from", "mail"}, {">>> mail from", "mail"}, {"our mail from", "mail"},
    {"to mail from", "mail"}, {"sent: mail from", "mail"}, {"--> mail from", "mail"},
    {"mail_from", "mail"}, {"after pipelined mail", "mail"},
    {"mail from command", "mail"}, {"mail command", "mail"}, {"sender was rejected", "mail"},
    {"rejected mail from", "mail"},
    {"end of data", "end-of-data"}, {"after i sent the message", "end-of-data"},
    {"our final data", "end-of-data"}, {"our data", "end-of-data"}, {"data command", "end-of-data"},
    {">>> data", "end-of-data"}, {"[data]", "end-of-data"}, {"after data", "end-of-data"},
    {"after end-of-data", "end-of-data"}, {"smtp command data", "end-of-data"},
    {"sending the message body", "end-of-data"}, {"message body sent", "end-of-data"},
    {"text command", "end-of-data"}, {"pipelined data", "end-of-data"}, {"(state 15)", "end-of-data"},
    {"(state 17)", "end-of-data"}, {"(state 18)", "end-of-data"}, {"(state 13)", "ehlo"},
    {"initial connection", "connect"}, {"refused to talk to me", "connect"},
    {"initial greeting", "connect"}, {"my name was rejected", "ehlo"}, {"after helo", "ehlo"},
    {"after ehlo", "ehlo"}, {"to helo command", "ehlo"}, {"to ehlo command", "ehlo"},
    {">>> helo", "ehlo"}, {">>> ehlo", "ehlo"},
};

enum { LOOKED_BYTES = 16 * 1024 };

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

/* A blank in the words is any white space in the text: lines are broken anywhere. */
static bool is_at(struct view text, size_t at, const char *words)
{
    for (; *words; words++) {
        if (at == text.size)
            return false;
        if (*words == ' ' && is_blank(text.data[at])) {
            while (at < text.size && is_blank(text.data[at]))
                at++;
        } else if (ascii_lower(text.data[at++]) != *words) {
            return false;
        }
    }
    return true;
}

/* Where the words, in lower case, begin before `limit`; text.size: nowhere. */
static size_t find_words(struct view text, const char *words, size_t limit)
{
    for (size_t i = 0; i < text.size && i < limit; i++)
        if (ascii_lower(text.data[i]) == *words && is_at(text, i, words))
            return i;
    return text.size;
}

const char *bounce_stage_of(struct view text)
{
    struct view looked = view_slice(text, 0, LOOKED_BYTES);
    size_t first = looked.size;
    const char *stage = NULL;

    for (size_t i = 0; i < sizeof(STAGES) / sizeof(*STAGES); i++) {
        size_t at = find_words(looked, STAGES[i].words, first);

        if (at < first) {
            first = at;
            stage = STAGES[i].stage;
        }
    }
    return stage;
}

/* ---- an end, a delay, a success ---- */

bool bounce_has_any(struct view text, const char *const texts[])
{
    struct view looked = view_slice(text, 0, LOOKED_BYTES);

    for (size_t i = 0; texts[i]; i++)
        if (find_words(looked, texts[i], looked.size) < looked.size)
            return true;
    return false;
}

static const char *const DELAYS[] = {
    "has not yet been delivered", "not yet been delivered", "still undelivered",
    "warning message only", "only a temporary failure", "delivery attempts will continue",
    "will keep trying", "will continue to try", "will retry", "will be retried", "is delayed",
    "has been delayed", "been delayed", "delivery is delayed", "delayed for", "delivery delayed",
    "(delay)", "no action is required on your part", "temporary problem delivering",
    "do not need to resend", "delivery incomplete", "could not send message for past",
    "will be attempted again", "wurde verzögert", "noch nicht zugestellt",
    "n'a pas encore été", "задерж", "遅延", NULL,
};
/* These end it, whatever delay is told beside them. */
static const char *const ENDS[] = {
    "permanent error", "failed permanently", "permanent fatal errors", "permanent failure",
    "given up", "giving up on", "not going to try again", "will be deleted from queue",
    "has been in the queue too long", "could not be delivered for", "envelope expired",
    "message expired", "undelivered mail returned", "mail delivery failed: returning", NULL,
};
static const char *const SUCCESSES[] = {
    "successfully delivered", "was delivered to", "has been delivered", "successfully relayed",
    "delivery status notification (success)", "(relay)", "has been successfully",
    "were successfully", "successful mail delivery", "delivered to the following recipient",
    "delivery to the following recipients was successful", NULL,
};
static const char *const FAILURES[] = {
    "could not be delivered", "couldn't be delivered", "cannot be delivered", "can't be delivered",
    "could not deliver", "can not be delivered", "not be delivered", "was not delivered",
    "wasn't delivered", "not delivered to", "unable to deliver", "wasn't able to deliver",
    "was not able to deliver", "were unable to deliver", "delivery failed", "delivery has failed",
    "failed to deliver", "error delivering", "error while attempting to deliver",
    "error occurred while trying to deliver", "error has occurred while attempting", "undeliverable",
    "undelivered", "permanent error", "permanent fatal errors", "failed permanently",
    "delivery errors", "delivery problems", "delivery error", "did not reach",
    "following recipients failed", "recipients failed", "rejected your message",
    "was rejected", "was not relayed", "could not be sent", "not be sent", "returned to sender",
    "transcript of session", "failure reasons", "delivery failure", "delivery status notification",
    "problem delivering", "mailbox exceeds", "following address failed",
    "following addresses had", "following addresses failed", "address(es) failed", "following address",
    "nicht zugestellt", "unzustellbar", "konnte nicht", "n'a pas pu être", "n'a pu être",
    "no se pudo entregar", "no se ha podido entregar", "non è stato possibile", "impossibile recapitare",
    "não pôde ser entregue", "не может быть", "не удалось доставить", "не доставлен",
    "kon niet worden", "nie można dostarczyć", "nie mogła zostać", "送信できませんでした",
    "送信に失敗", "配信できませんでした", "届けることができません", "お届けできません", "配達できません",
    "无法投递", "退信", "投递失败", "傳送失敗", "전송 실패", NULL,
};

bool bounce_says_failure(struct view text)
{
    return bounce_has_any(text, FAILURES);
}

bool bounce_says_delay(struct view text)
{
    return bounce_has_any(text, DELAYS) && !bounce_has_any(text, ENDS);
}

bool bounce_says_delivery(struct view text)
{
    return bounce_has_any(text, SUCCESSES) && !bounce_has_any(text, FAILURES);
}

/* What a server concludes by itself of an address, or says to RCPT only. */
static const char *const UNKNOWN[] = {
    "address couldn't be found", "address could not be found", "address was not found",
    "address you entered couldn't be found", "address wasn't found", "mailbox doesn't exist",
    "mailbox does not exist at", "name is not recognized", "unknown recipient", "unknown user:",
    "no valid recipients", "delivery userid", "not listed in", "mailbox unavailable",
    "unknown local", "destinataire invalide", "recipient address rejected: access denied",
    "wasn't found at", "error: user not found", "user not listed", ">: user unknown", "name not found",
    "email name is not found", "no such person", "nosuchuser", NULL,
};

bool bounce_says_unknown(struct view text)
{
    return bounce_has_any(text, UNKNOWN);
}

/* ---- who writes reports, and under what subject ---- */

static const char *const SUBJECTS[] = {
    "returned mail", "mail returned", "undeliver", "undelivered", "delivery status",
    "mail delivery", "delivery fail", "failure notice", "failure delivery", "delivery notification",
    "mail failure", "delivery report", "delivery problem", "not delivered", "non delivery",
    "non-delivery", "nondeliverable", "could not be delivered", "couldn't be delivered",
    "could not send message", "mail system error", "mail error", "delivery has failed",
    "message status", "warning: message", "delayed mail", "delivery delayed", "delivery error",
    "mail status", "rejected mail", "returned to sender", "bounce", "failed mail",
    "failed delivery", "postmaster notify", "delivery has been delayed", "delivery was delayed",
    "unzustellbar", "nicht zugestellt", "nicht zustellbar", "non remis", "échec de la remise",
    "no se puede entregar", "no entregado", "devuelto", "mancato recapito", "non recapitabile",
    "não entregue", "não é possível entregar", "onbestelbaar", "niet bezorgd", "недостав", "Недостав",
    "не доставлен", "Не доставлен", "niedostarcz", "配信不能", "配信できません", "エラーメール", "送信エラー",
    "送信できません", "退信", "无法送达", "無法傳遞", "投递失败", "반송", "배달되지", NULL,
};
static const char *const DAEMONS[] = {
    "mailer-daemon", "mailer_daemon", "mailerdaemon", "mail-daemon", "maildaemon", "mail.daemon",
    "postmaster", "poostmaster", "mailadmin", "mail-admin", "mailmaster", "mdaemon", "daemon",
    "mail-delivery", "bounce", "bounces", "bounce-handler", "mailsystem", "mail-system", "smtp",
    "microsoftexchange", "noreply", "no-reply", "do-not-reply", "donotreply", NULL,
};

bool bounce_subject_is(struct view subject)
{
    return bounce_has_any(subject, SUBJECTS);
}

bool bounce_is_daemon(struct view local_part)
{
    for (size_t i = 0; DAEMONS[i]; i++)
        if (view_equal_nocase(local_part, view_of(DAEMONS[i])) ||
            (view_starts_with_nocase(local_part, view_of(DAEMONS[i])) &&
             strchr("-+._0123456789", local_part.data[strlen(DAEMONS[i])])))
            return true;
    return view_starts_with_nocase(local_part, VIEW("microsoftexchange"));
}
