#include "delivery/reason.h"

#include <string.h>

#include "base/ascii.h"
#include "delivery/reason_table.h"

static const char *const names[REASON_COUNT] = {
    [REASON_UNDEFINED] = "undefined",
    [REASON_AUTHFAILURE] = "authfailure",
    [REASON_BADREPUTATION] = "badreputation",
    [REASON_BLOCKED] = "blocked",
    [REASON_CONTENTERROR] = "contenterror",
    [REASON_EXCEEDLIMIT] = "exceedlimit",
    [REASON_EXPIRED] = "expired",
    [REASON_FAILEDSTARTTLS] = "failedstarttls",
    [REASON_FILTERED] = "filtered",
    [REASON_HASMOVED] = "hasmoved",
    [REASON_HOSTUNKNOWN] = "hostunknown",
    [REASON_MAILBOXFULL] = "mailboxfull",
    [REASON_MAILERERROR] = "mailererror",
    [REASON_MESGTOOBIG] = "mesgtoobig",
    [REASON_NETWORKERROR] = "networkerror",
    [REASON_NORELAYING] = "norelaying",
    [REASON_NOTACCEPT] = "notaccept",
    [REASON_NOTCOMPLIANTRFC] = "notcompliantrfc",
    [REASON_ONHOLD] = "onhold",
    [REASON_POLICYVIOLATION] = "policyviolation",
    [REASON_REJECTED] = "rejected",
    [REASON_REQUIREPTR] = "requireptr",
    [REASON_SECURITYERROR] = "securityerror",
    [REASON_SPAMDETECTED] = "spamdetected",
    [REASON_SPEEDING] = "speeding",
    [REASON_SUPPRESSED] = "suppressed",
    [REASON_SUSPEND] = "suspend",
    [REASON_SYNTAXERROR] = "syntaxerror",
    [REASON_SYSTEMERROR] = "systemerror",
    [REASON_SYSTEMFULL] = "systemfull",
    [REASON_TOOMANYCONN] = "toomanyconn",
    [REASON_USERUNKNOWN] = "userunknown",
    [REASON_VIRUSDETECTED] = "virusdetected",
    [REASON_DELIVERED] = "delivered",
    [REASON_FEEDBACK] = "feedback",
};

const char *reason_name(enum bounce_reason reason)
{
    return names[reason];
}

bool reason_parse(struct view name, enum bounce_reason *ret_reason)
{
    for (int i = 0; i < REASON_COUNT; i++) {
        if (view_equal_string(name, names[i])) {
            *ret_reason = (enum bounce_reason)i;
            return true;
        }
    }
    return false;
}

bool reason_means_dead(enum bounce_reason reason)
{
    return reason == REASON_USERUNKNOWN || reason == REASON_HOSTUNKNOWN ||
           reason == REASON_HASMOVED;
}

/* ---- phrases ---- */

/* The text in lower case, with single blanks, without mail addresses, which may
 * spell anything ("spam@example.org"). */
struct folded {
    char data[REASON_TEXT_BYTES];
    size_t size;
};

static bool is_blank(char character)
{
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static bool ends_address(char character)
{
    return is_blank(character) || strchr("<>()[]{}'\",;:", character) != NULL;
}

/* Drops what is kept of the word before an '@', and skips what stands behind it. */
static size_t skip_address(struct view text, size_t at, struct folded *folded)
{
    while (folded->size && !ends_address(folded->data[folded->size - 1]))
        folded->size--;
    while (at < text.size && text.data[at] && !ends_address(text.data[at]))
        at++;
    return at;
}

static void fold(struct view text, struct folded *folded)
{
    size_t at = 0;

    folded->size = 0;
    while (at < text.size && folded->size < sizeof(folded->data)) {
        char character = text.data[at];

        if (character == '@') {
            at = skip_address(text, at, folded);
            continue;
        }
        character = ascii_lower(character);
        if (is_blank(character))
            character = ' ';
        if (character != ' ' || !folded->size || folded->data[folded->size - 1] != ' ')
            folded->data[folded->size++] = character;
        at++;
    }
}

/* Where `part` is found from `from` on; text->size when it is not. */
static size_t find_part(const struct folded *text, size_t from, const char *part, size_t size)
{
    while (from + size <= text->size) {
        const char *first = memchr(text->data + from, part[0], text->size - size - from + 1);

        if (!first)
            break;
        from = (size_t)(first - text->data);
        if (memcmp(first, part, size) == 0)
            return from;
        from++;
    }
    return text->size;
}

static bool has_words(const struct folded *text, const char *words)
{
    size_t from = 0;

    while (*words) {
        const char *star = strchr(words, '*');
        size_t size = star ? (size_t)(star - words) : strlen(words);

        /* A blank before or behind the star is the gap's. */
        while (size && words[0] == ' ' && from) {
            words++;
            size--;
        }
        if (star && size && words[size - 1] == ' ')
            size--;
        if (size) {
            size_t at = find_part(text, from, words, size);

            if (at == text->size)
                return false;
            from = at + size;
        }
        if (!star)
            break;
        words = star + 1;
    }
    return true;
}

static bool has_any(const struct folded *text, const char *const *phrases)
{
    for (size_t i = 0; phrases[i]; i++)
        if (has_words(text, phrases[i]))
            return true;
    return false;
}

static enum bounce_reason by_phrase(const struct folded *text)
{
    for (size_t i = 0; i < reason_phrases_count; i++)
        if (has_any(text, reason_phrases[i].words))
            return reason_phrases[i].reason;
    return REASON_UNDEFINED;
}

/* ---- numbers ---- */

static bool is_status(struct view enhanced)
{
    return enhanced.size >= 5 && (enhanced.data[0] == '4' || enhanced.data[0] == '5') &&
           enhanced.data[1] == '.';
}

static bool has_status(struct view enhanced, const char *wanted)
{
    size_t size = strlen(wanted);
    struct view rest;

    if (!is_status(enhanced))
        return false;
    rest = view_slice(enhanced, strchr(strchr(wanted, '.') + 1, '.') ? 0 : 2, enhanced.size);
    return wanted[size - 1] == '.' ? rest.size > size && memcmp(rest.data, wanted, size) == 0
                                   : view_equal_string(rest, wanted);
}

static enum bounce_reason by_status(struct view enhanced)
{
    for (size_t i = 0; i < reason_status_count; i++)
        if (has_status(enhanced, reason_statuses[i].enhanced))
            return (enum bounce_reason)reason_statuses[i].reason;
    return REASON_UNDEFINED;
}

static bool at_stage(const struct reason_reply *reply, const char *stage)
{
    return reply->stage && strcmp(reply->stage, stage) == 0;
}

/* Before it heard of sender and recipient a server can only mean the machine. */
static bool at_greeting(const struct reason_reply *reply)
{
    return reply->code && (at_stage(reply, "connect") || at_stage(reply, "ehlo"));
}

/* RFC 5321 4.2.3, as far as it says anything. */
static enum bounce_reason by_code(const struct reason_reply *reply)
{
    if (at_greeting(reply))
        return REASON_BLOCKED;
    switch (reply->code) {
    case 551:
        return REASON_HASMOVED;
    case 552:
        return at_stage(reply, "rcpt") ? REASON_MAILBOXFULL : REASON_MESGTOOBIG;
    case 452:
        return REASON_SYSTEMFULL;
    case 500:
    case 501:
    case 502:
    case 503:
    case 504:
        return REASON_SYNTAXERROR;
    case 530:
    case 534:
    case 535:
    case 538:
        return REASON_SECURITYERROR;
    case 521:
    case 556:
        return REASON_NOTACCEPT;
    case 421:
        return REASON_BLOCKED;
    default:
        return reply->code >= 400 && reply->code < 600 ? REASON_ONHOLD : REASON_UNDEFINED;
    }
}

static bool is_digit(struct view text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

static bool is_word_start(struct view text, size_t at)
{
    return at == 0 || strchr(" \t(<[:;'\"#-=", text.data[at - 1]) != NULL;
}

/* The size of an enhanced status code that begins at `at`; 0: there is none. */
static size_t measure_status(struct view text, size_t at)
{
    size_t end = at;

    if (at + 4 >= text.size || (text.data[at] != '4' && text.data[at] != '5'))
        return 0;
    for (int part = 0; part < 3; part++) {
        size_t digits = 0;

        if (part && (end >= text.size || text.data[end++] != '.'))
            return 0;
        while (digits < 4 && is_digit(text, end + digits))
            digits++;
        if (digits < 1 || digits > 3 || (part == 0 && digits != 1))
            return 0;
        end += digits;
    }
    return end < text.size && text.data[end] == '.' && is_digit(text, end + 1) ? 0 : end - at;
}

static bool is_code(struct view text, size_t at)
{
    return (text.data[at] == '4' || text.data[at] == '5') && is_digit(text, at + 1) &&
           text.data[at + 1] <= '7' && is_digit(text, at + 2) &&
           (at + 3 >= text.size || strchr(" -\t\r\n,:;'", text.data[at + 3]));
}

struct reason_reply reason_read_text(struct view text)
{
    struct reason_reply reply = {.text = text};
    struct view looked = view_slice(text, 0, REASON_TEXT_BYTES);

    for (size_t at = 0; at < looked.size; at++) {
        size_t size;

        if (!is_word_start(looked, at))
            continue;
        size = reply.enhanced.size ? 0 : measure_status(looked, at);
        if (size)
            reply.enhanced = view_slice(looked, at, at + size);
        else if (!reply.code && is_code(looked, at))
            reply.code = (looked.data[at] - '0') * 100 + (looked.data[at + 1] - '0') * 10 +
                         (looked.data[at + 2] - '0');
    }
    return reply;
}

/* "User unknown" after the recipient had been accepted is a filter's way to say no, and so
 * it may be under a number that speaks of policy or of a mailbox that is there. At RCPT
 * itself servers mean what they say, whatever number they put before it. */
static bool is_filter(const struct reason_reply *reply)
{
    if (at_stage(reply, "rcpt"))
        return false;
    if (at_stage(reply, "data") || at_stage(reply, "body") || at_stage(reply, "end-of-data"))
        return !has_status(reply->enhanced, "1.");
    return has_status(reply->enhanced, "2.") || has_status(reply->enhanced, "7.");
}

enum bounce_reason reason_of_words(const struct reason_reply *reply)
{
    struct folded text;
    enum bounce_reason reason;

    fold(reply->text, &text);
    reason = by_phrase(&text);
    if (reason_means_dead(reason) && at_stage(reply, "mail"))
        return REASON_REJECTED; /* our sender's domain, as it seems to them */
    if (reason_means_dead(reason) && at_greeting(reply))
        return REASON_BLOCKED; /* our machine's name */
    return reason == REASON_USERUNKNOWN && is_filter(reply) ? REASON_FILTERED : reason;
}

enum bounce_reason reason_of_reply(const struct reason_reply *reply)
{
    enum bounce_reason reason = reason_of_words(reply), status = by_status(reply->enhanced);

    /* The phrases of our own machine's network code (stage "connect") are no server's. */
    if (reason == REASON_UNDEFINED && !reply->code && reply->stage && reply->stage[0])
        return REASON_NETWORKERROR;
    if (reason != REASON_UNDEFINED)
        return reason;
    if (status != REASON_UNDEFINED)
        return reason_means_dead(status) && at_stage(reply, "mail") ? REASON_REJECTED : status;
    return by_code(reply);
}

enum reason_patience reason_patience_of(const struct reason_reply *reply)
{
    struct folded text;

    if (reply->code < 400 || reply->code >= 500)
        return PATIENCE_NONE;
    fold(reply->text, &text);
    if (has_any(&text, reason_greylist_phrases))
        return PATIENCE_GREYLISTED;
    if (has_status(reply->enhanced, "7.28") || has_status(reply->enhanced, "7.32") ||
        has_status(reply->enhanced, "7.650") || has_status(reply->enhanced, "7.651") ||
        has_status(reply->enhanced, "7.652") || has_any(&text, reason_rate_phrases))
        return PATIENCE_RATE;
    return PATIENCE_NONE;
}
