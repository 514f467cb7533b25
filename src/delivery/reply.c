#include "delivery/reply.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "delivery/reason.h"

const char *smtp_stage_name(enum smtp_stage stage)
{
    static const char *const names[] = {
        [STAGE_CONNECT] = "connect", [STAGE_EHLO] = "ehlo", [STAGE_TLS] = "tls",
        [STAGE_AUTH] = "auth",       [STAGE_MAIL] = "mail", [STAGE_RCPT] = "rcpt",
        [STAGE_DATA] = "data",       [STAGE_BODY] = "body", [STAGE_END_OF_DATA] = "end-of-data",
        [STAGE_QUIT] = "quit",
    };

    return names[stage];
}

enum smtp_stage smtp_stage_of_command(struct view line, enum smtp_stage before)
{
    static const struct {
        const char *verb;
        enum smtp_stage stage;
    } commands[] = {
        {"EHLO ", STAGE_EHLO},      {"HELO ", STAGE_EHLO},    {"STARTTLS", STAGE_TLS},
        {"AUTH ", STAGE_AUTH},      {"MAIL FROM:", STAGE_MAIL}, {"RCPT TO:", STAGE_RCPT},
        {"DATA", STAGE_DATA},       {"QUIT", STAGE_QUIT},     {"NOOP", STAGE_MAIL},
    };

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        struct view verb = view_of(commands[i].verb);

        if (!view_starts_with_nocase(line, verb))
            continue;
        /* In AUTH a line is Base64, which may happen to spell a command that has
         * neither blank nor colon. */
        if (before == STAGE_AUTH && view_find_char(verb, ' ', 0) == verb.size &&
            commands[i].stage != STAGE_MAIL)
            return before;
        return commands[i].stage;
    }
    return before;
}

static bool is_digit(char character)
{
    return character >= '0' && character <= '9';
}

/* RFC 3463 2: one to three digits, and a part behind the first has no sign. */
static size_t count_digits(struct view text, size_t from)
{
    size_t at = from;

    while (at < text.size && at - from < 4 && is_digit(text.data[at]))
        at++;
    return at - from;
}

void reply_find_enhanced(int code, struct view text, char ret_enhanced[12])
{
    size_t subject, detail, size;

    ret_enhanced[0] = '\0';
    if (text.size < 5 || text.data[0] != '0' + code / 100 || text.data[1] != '.')
        return;
    subject = count_digits(text, 2);
    if (subject < 1 || subject > 3 || 2 + subject >= text.size || text.data[2 + subject] != '.')
        return;
    detail = count_digits(text, 3 + subject);
    size = 3 + subject + detail;
    if (detail < 1 || detail > 3 || (size < text.size && text.data[size] != ' '))
        return;
    snprintf(ret_enhanced, 12, "%.*s", (int)size, text.data);
}

void reply_add_line(char *text, size_t text_bytes, struct view line)
{
    size_t used = strlen(text);
    struct buffer clean;
    struct view fits;

    buffer_init(&clean, 8192);
    utf8_add_clean(&clean, view_trim(view_slice(line, 0, 2048)));
    for (size_t i = 0; i < clean.size; i++)
        if (clean.data[i] == '\n' || clean.data[i] == '\t')
            clean.data[i] = ' ';
    fits = buffer_view(&clean);
    if (fits.size && used + 2 < text_bytes) {
        if (used)
            text[used++] = ' ';
        fits = utf8_prefix(fits, text_bytes - 1 - used);
        memcpy(text + used, fits.data, fits.size);
        text[used + fits.size] = '\0';
    }
    buffer_free(&clean);
}

static int code_of_line(struct view line)
{
    long code = 0;

    if (line.size < 3 || !view_to_long(view_slice(line, 0, 3), &code) || code < 200 || code > 599)
        return 0;
    if (line.size > 3 && line.data[3] != ' ' && line.data[3] != '-' && line.data[3] != '\r')
        return 0;
    return (int)code;
}

enum smtp_reply_line smtp_reply_add_line(struct smtp_reply *reply, struct view line,
                                         bool keep_text)
{
    int code = code_of_line(line);
    struct view text = view_slice(line, 4, line.size);

    if (reply->code)
        *reply = (struct smtp_reply){0};
    if (code == 0) {
        reply_add_line(reply->text, sizeof(reply->text), line);
        return REPLY_IS_NONE;
    }
    if (!reply->partial_code)
        reply_find_enhanced(code, view_trim(text), reply->enhanced);
    reply->partial_code = code;
    if (keep_text)
        reply_add_line(reply->text, sizeof(reply->text), text);
    if (line.size > 3 && line.data[3] == '-')
        return REPLY_GOES_ON;
    reply->code = code;
    return REPLY_WHOLE;
}

void smtp_reply_write(const struct smtp_reply *reply, char *text, size_t text_bytes)
{
    struct view fits = utf8_prefix(view_of(reply->text), text_bytes - sizeof("550 "));

    snprintf(text, text_bytes, "%d%s%.*s", reply->code, fits.size ? " " : "",
             VIEW_ARGUMENTS(fits));
}

static bool contains_nocase(struct view text, const char *phrase)
{
    struct view wanted = view_of(phrase);

    for (size_t at = 0; at + wanted.size <= text.size; at++)
        if (view_equal_nocase(view_slice(text, at, at + wanted.size), wanted))
            return true;
    return false;
}

/* What a relay says at RCPT to a client that it does not serve at all, in the
 * words of Postfix, Exim, Sendmail, Exchange and hosted relays. */
static bool denies_relaying(const char *text)
{
    static const char *const phrases[] = {
        "relay access denied", "relaying denied", "relay not permitted", "unable to relay",
        "relaying not allowed", "not permitted to relay", "authentication required",
        "authentication is required", "must authenticate", "must be authenticated",
        "not authenticated",
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (contains_nocase(view_of(text), phrases[i]))
            return true;
    return false;
}

/* RFC 4954 6: the relay wants a login, or another one. */
static bool wants_login(int code)
{
    return code == 530 || code == 534 || code == 535 || code == 538;
}

static struct reply_meaning classify_mail(int code, const char *enhanced)
{
    bool too_large = code == 552 || strcmp(enhanced, "5.3.4") == 0;

    if (code >= 500 && code < 600 && too_large && strcmp(enhanced, "5.2.2") != 0)
        return (struct reply_meaning){RESULT_FAILED, false};
    /* The sender is ours and the recipient not yet named: nothing here is the
     * recipient's fault, so that it is kept for when the relay is mended. */
    return (struct reply_meaning){RESULT_DEFERRED, true};
}

/* Whose fault a 5xx is from DATA on, by its enhanced code (RFC 3463 and IANA's
 * registry of them); "5.7." is all that begin so, and the first that fits counts.
 * The recipient had been accepted by then: only what speaks of the mailbox or of
 * this one message is final. The rest speaks of who we are (address on a list of
 * the blocked, sender, policy, a relay set up wrongly) and would be said of
 * everybody's mail. */
static const struct {
    const char *enhanced;
    bool is_final;
} refusals_of_data[] = {
    {"5.1.7", false},  {"5.1.8", false},              /* the sender's address */
    {"5.1.", true},    {"5.2.", true},                /* the recipient's address, the mailbox */
    {"5.3.4", true},   {"5.4.", true},                /* too large; the way to the recipient */
    {"5.6.", true},                                   /* the content */
    {"5.7.2", true},   {"5.7.13", true},              /* a closed list, a disabled account */
    {"5.7.17", true},  {"5.7.18", true},              /* RFC 7293: the mailbox has a new owner */
};

static bool fits_enhanced(const char *enhanced, const char *wanted)
{
    size_t size = strlen(wanted);

    return wanted[size - 1] == '.' ? strncmp(enhanced, wanted, size) == 0
                                   : strcmp(enhanced, wanted) == 0;
}

/* Words of the content, or of the mailbox: this mail to this recipient, whatever number stands
 * before them. Spam filters say 5.7.1 of one message as block lists say it of an address. Not
 * words that are said of our own account as well: that it is suspended, over its quota, or
 * against a policy. A
 * relay that says so of everything meets the hold of domains (store/holds.h), and nobody is
 * suppressed for it. */
static bool speaks_of_this_mail(enum smtp_stage stage, int code, const char *enhanced,
                                const char *text)
{
    const struct reason_reply reply = {.stage = smtp_stage_name(stage),
                                       .code = code,
                                       .enhanced = view_of(enhanced),
                                       .text = view_of(text)};

    switch (reason_of_reply(&reply)) {
    case REASON_SPAMDETECTED:
    case REASON_VIRUSDETECTED:
    case REASON_CONTENTERROR:
    case REASON_MESGTOOBIG:
    case REASON_FILTERED:
    case REASON_USERUNKNOWN:
    case REASON_HASMOVED:
        return true;
    default:
        return false;
    }
}

/* RFC 5321 4.2.3: 551 another address, 552 too large, 553 no such name; 550 and 554 say
 * anything, and the others that our commands were not understood. */
static bool is_final_for_data(enum smtp_stage stage, int code, const char *enhanced,
                              const char *text)
{
    if (code == 552)
        return true;
    for (size_t i = 0; i < sizeof(refusals_of_data) / sizeof(refusals_of_data[0]); i++)
        if (fits_enhanced(enhanced, refusals_of_data[i].enhanced))
            return refusals_of_data[i].is_final;
    return (!enhanced[0] && (code == 551 || code == 553)) ||
           speaks_of_this_mail(stage, code, enhanced, text);
}

/* Greylisting passes by itself, and who is sent too much is left alone (gate.h): that the
 * relay says so again and again is no sign that it is set up wrongly. */
static bool asks_for_patience(enum smtp_stage stage, int code, const char *enhanced,
                              const char *text)
{
    const struct reason_reply reply = {.stage = smtp_stage_name(stage),
                                       .code = code,
                                       .enhanced = view_of(enhanced),
                                       .text = view_of(text)};

    return reason_patience_of(&reply) != PATIENCE_NONE;
}

static struct reply_meaning classify(enum smtp_stage stage, int code, const char *enhanced,
                                     const char *text)
{
    if (stage < STAGE_MAIL || wants_login(code))
        return (struct reply_meaning){RESULT_RELAY_DOWN, false};
    /* 421: the connection is closed, whatever was being said (RFC 5321 3.8). */
    if (code < 400 || code >= 600 || code == 421)
        return (struct reply_meaning){RESULT_DEFERRED, true};
    if (stage == STAGE_MAIL)
        return classify_mail(code, enhanced);
    if (code < 500)
        return (struct reply_meaning){RESULT_DEFERRED, false};
    if (code == 503 || (stage == STAGE_RCPT && denies_relaying(text)))
        return (struct reply_meaning){RESULT_DEFERRED, true};
    if (stage > STAGE_RCPT && !is_final_for_data(stage, code, enhanced, text))
        return (struct reply_meaning){RESULT_DEFERRED, true};
    return (struct reply_meaning){RESULT_FAILED, false};
}

struct reply_meaning reply_classify(enum smtp_stage stage, int code, const char *enhanced,
                                    const char *text)
{
    struct reply_meaning meaning = classify(stage, code, enhanced, text);

    if (meaning.suspect_relay && asks_for_patience(stage, code, enhanced, text))
        meaning.suspect_relay = false;
    return meaning;
}
