/* Recipients and what is said of them in texts that mail servers write for people. No
 * server's layout is known here: an address names a recipient by where it stands in its
 * line, and what is said until the next one is said of it. */
#include <stdlib.h>
#include <string.h>

#include "inbox/bounce_parts.h"
#include "base/ascii.h"
#include "subscribers/address.h"

/* What a report needs is short; what is longer was made to keep somebody busy. */
enum { LINES_MAX = 2000, LINE_BYTES = 1000, LINE_ADDRESSES = 10, AROUND_BYTES = 16 * 1024 };

/* ---- addresses in a line ---- */

static bool is_address_byte(char character)
{
    return ascii_is_alphanumeric(character) ||
           (character && strchr(".!#$%&'*+-/=?^_`{|}~@", character));
}

struct found {
    struct view before; /* of its line, without what encloses the address */
    struct view address;
    struct view behind;
};

static struct view without_end(struct view text, const char *characters)
{
    while (text.size && strchr(characters, text.data[text.size - 1]))
        text = view_slice(text, 0, text.size - 1);
    return text;
}

static struct view without_begin(struct view text, const char *characters)
{
    while (text.size && strchr(characters, text.data[0]))
        text = view_slice(text, 1, text.size);
    return text;
}

/* The first address at or behind `from`. */
static bool find_address(struct view line, size_t from, struct found *ret_found)
{
    for (size_t at = view_find_char(line, '@', from); at < line.size;
         at = view_find_char(line, '@', at + 1)) {
        size_t begin = at, end = at;
        struct view address;

        while (begin > from && is_address_byte(line.data[begin - 1]))
            begin--;
        while (end < line.size && is_address_byte(line.data[end]))
            end++;
        address = without_begin(without_end(view_slice(line, begin, end), ".'/=*`-"), "'*`/=");
        /* "mailto:" is cut off by its colon; "rfc822=a@b" is no address as a whole. */
        if (address_check(address, NULL) < 0)
            continue;
        ret_found->address = address;
        ret_found->before = without_end(view_slice(line, 0, (size_t)(address.data - line.data)),
                                        "<\"'([ \t*");
        ret_found->behind = without_begin(view_slice(line, end, line.size), ">\"')]");
        return true;
    }
    return false;
}

/* ---- what a line's address is ---- */

/* Before an address that is no recipient's. */
static const char *const OTHERS[] = {
    "from", "sender", "by", "postmaster", "contact", "assistance", "questions", "reply",
    "return-path", "message-id", "send mail to", "send email to", "e-mail to", "email us",
    "hello", "hi", "dear", "authenticated", "identifier", "reporting", "mailto", "on behalf of",
    "abuse", "helpdesk", "administrator", "references", "in-reply-to", "errors-to", "said",
    "refer to", "expanded", "generated", "http", "subject", "envelope", "via", "id", "with",
    NULL,
};

static bool ends_with_word(struct view text, const char *word)
{
    size_t size = strlen(word);

    text = without_end(text, " \t:;,=<(\"'>");
    return text.size >= size &&
           view_equal_nocase(view_slice(text, text.size - size, text.size), view_of(word)) &&
           (text.size == size || !is_address_byte(text.data[text.size - size - 1]));
}

/* In a sentence that offers help. */
static const char *const HELP[] = {"contact", "assistance", "question", "please ", "support",
                                   "write to", "for help", "more information", NULL};

static bool is_other(struct view before)
{
    if (bounce_has_any(before, HELP))
        return true;
    for (size_t i = 0; OTHERS[i]; i++)
        if (ends_with_word(before, OTHERS[i]))
            return true;
    return false;
}

/* Before a recipient's address in a sentence or a label. */
static const char *const LABELS[] = {
    "to", "recipient", "recipient address", "address", "for", "user", "mailbox", "account",
    "email", "e-mail", "mail", "rcpt", "an", "à", "a", "para", "aan", "recipients", "attempts",
    "message to", "unknown", "group", "rfc822", NULL,
};

static bool is_label(struct view before)
{
    for (size_t i = 0; LABELS[i]; i++)
        if (ends_with_word(before, LABELS[i]))
            return true;
    return false;
}

/* "550", "550 5.1.1": a reply's numbers and nothing else. */
static bool is_numbers(struct view before)
{
    before = view_trim(before);
    if (before.size < 3 || !ascii_is_number(view_slice(before, 0, 3)) ||
        (before.data[0] != '4' && before.data[0] != '5'))
        return false;
    for (size_t i = 3; i < before.size; i++)
        if (!strchr("0123456789.- #", before.data[i]))
            return false;
    return true;
}

enum claim { CLAIM_NONE, CLAIM_WEAK, CLAIM_STRONG };

/* How surely the line's address is a recipient's. */
static enum claim claim_of(const struct found *found)
{
    struct view before = without_begin(view_trim(found->before), "*-<>\"' \t");
    struct view behind = without_begin(found->behind, " \t");

    if (!before.size)
        return CLAIM_STRONG;
    if (is_other(before))
        return CLAIM_NONE;
    if (is_numbers(before))
        return CLAIM_STRONG;
    if (is_label(before) || before.data[before.size - 1] == ':')
        return CLAIM_STRONG;
    /* "Name<mailto:address>", a list's line. */
    return behind.size ? CLAIM_NONE : CLAIM_WEAK;
}

/* Exchange writes a recipient as NAME<mailto:ADDRESS>. */
static bool find_claimed(struct view line, struct found *ret_found, enum claim *ret_claim)
{
    size_t mailto = view_find(line, VIEW("<mailto:"), 0), from = 0;

    if (mailto < line.size && find_address(line, mailto + 8, ret_found)) {
        ret_found->before = VIEW("");
        *ret_claim = CLAIM_STRONG;
        return true;
    }
    for (int i = 0; i < LINE_ADDRESSES && find_address(line, from, ret_found); i++) {
        *ret_claim = claim_of(ret_found);
        if (*ret_claim != CLAIM_NONE)
            return true;
        from = (size_t)(ret_found->address.data + ret_found->address.size - line.data);
    }
    return false;
}

/* ---- lines ---- */

/* A head's fields that a report repeats before it says what happened. */
static const char *const ECHOED[] = {"From", "Subject", "Message-ID", "Reply-To",
                                     "Sender", "Original Sender", "Sender-MTA", "Return-Path",
                                     "Received", "X-Failed-Recipients", "Reporting-MTA",
                                     "Arrival-Date", "MessageName", NULL};

static bool is_echo(struct view line)
{
    size_t colon = view_find_char(line, ':', 0);
    struct view name = view_trim(view_slice(line, 0, colon));

    for (size_t i = 0; colon < line.size && ECHOED[i]; i++)
        if (view_equal_nocase(name, view_of(ECHOED[i])))
            return true;
    return false;
}

/* "To: x" is a recipient's line only when there is no better one. */
static bool is_to(struct view line)
{
    return view_starts_with_nocase(view_trim(line), VIEW("to:"));
}

struct reading {
    struct view addressee;
    struct arena *arena;
    struct bounce_notes *notes;
    struct bounce_note *current;
    struct buffer around; /* of the current one */
    struct buffer text;
    bool in_reply; /* the last line was of a server's reply */
    bool takes_all; /* also weak claims, and the addressee */
};

/* One that is told of twice, as in a list and below it, has all that is said. */
static struct view joined(struct arena *arena, struct view before, const struct buffer *text)
{
    struct buffer both;
    struct view result;

    if (before.size > AROUND_BYTES || !before.size || !text->size)
        return before.size ? before : arena_copy(arena, buffer_view(text));
    buffer_init(&both, before.size + text->size + 1);
    buffer_add_view(&both, before);
    buffer_add_char(&both, ' ');
    buffer_add_view(&both, buffer_view(text));
    result = arena_copy(arena, buffer_view(&both));
    buffer_free(&both);
    return result;
}

static void end_note(struct reading *reading)
{
    struct bounce_note *note = reading->current;

    if (note) {
        note->around = joined(reading->arena, note->around, &reading->around);
        note->text = joined(reading->arena, note->text, &reading->text);
    }
    buffer_clear(&reading->around);
    buffer_clear(&reading->text);
    reading->in_reply = false;
    reading->current = NULL;
}

static void begin_note(struct reading *reading, struct view address)
{
    struct bounce_note *note = bounce_note_of(reading->notes, address);

    if (note && note == reading->current)
        return;
    end_note(reading);
    reading->current = note ? note : bounce_note_add(reading->notes, address);
}

static void add_line(struct buffer *text, struct view line)
{
    if (text->size)
        buffer_add_char(text, ' ');
    buffer_add_view(text, view_trim(line));
}

/* Whether a server's reply begins in it. */
static bool has_numbers(struct view line)
{
    struct reason_reply reply = reason_read_text(line);

    return reply.code || reply.enhanced.size;
}

static void take_line(struct reading *reading, struct view line)
{
    struct found found;
    enum claim claim = CLAIM_NONE;
    bool is_weak = is_to(line);

    if (is_echo(line))
        return;
    if (find_claimed(line, &found, &claim) && (reading->takes_all || !is_weak) &&
        (claim == CLAIM_STRONG || reading->takes_all)) {
        struct view address = bounce_address(found.address, reading->arena);

        if (reading->takes_all || !view_equal(address, reading->addressee))
            begin_note(reading, address);
    }
    if (!reading->current)
        return;
    if (!view_trim(line).size) {
        reading->in_reply = false;
        return;
    }
    add_line(&reading->around, line);
    reading->in_reply |= has_numbers(line);
    if (reading->in_reply)
        add_line(&reading->text, line);
}

static void read_lines(struct reading *reading, struct view own)
{
    struct view line;

    for (size_t i = 0; i < LINES_MAX && view_next_line(&own, &line); i++)
        take_line(reading, view_slice(line, 0, LINE_BYTES));
    end_note(reading);
    for (size_t i = 0; i < reading->notes->count; i++)
        reading->notes->items[i].stage = bounce_stage_of(reading->notes->items[i].around);
}

/* A reply that stands before the only recipient. */
static struct view first_reply(struct view own, struct arena *arena)
{
    struct buffer text;
    struct view line, result;

    buffer_init(&text, 4 * MAIL_BYTES);
    for (size_t i = 0; i < LINES_MAX && view_next_line(&own, &line); i++) {
        bool is_blank = !view_trim(line).size;

        if (text.size && is_blank)
            break;
        if (!is_blank && (text.size || has_numbers(line)))
            add_line(&text, view_slice(line, 0, LINE_BYTES));
    }
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

void bounce_words_read(struct view own, struct view addressee, struct arena *arena,
                       struct bounce_notes *notes)
{
    struct reading reading = {.addressee = addressee, .arena = arena, .notes = notes};
    size_t before = notes->count;

    buffer_init(&reading.around, 4 * MAIL_BYTES);
    buffer_init(&reading.text, 4 * MAIL_BYTES);
    read_lines(&reading, own);
    if (notes->count == before) {
        reading.takes_all = true;
        read_lines(&reading, own);
    }
    if (notes->count == before + 1 && !notes->items[before].text.size) {
        notes->items[before].text = first_reply(own, arena);
        if (!notes->items[before].stage)
            notes->items[before].stage = bounce_stage_of(own);
    }
    buffer_free(&reading.around);
    buffer_free(&reading.text);
}

/* ---- a dialogue ---- */

/* ">>> RCPT To:<a@b>", "<<< 550 …", and then the address that it was about with what the
 * writer concludes: "550 <a@b>... User unknown". */
void bounce_dialogue_read(struct view own, struct arena *arena, struct bounce_notes *notes)
{
    struct buffer text;
    struct view line;
    const char *stage = NULL;

    if (view_find(own, VIEW("<<< "), 0) == own.size)
        return;
    buffer_init(&text, 4 * MAIL_BYTES);
    for (size_t i = 0; i < LINES_MAX && view_next_line(&own, &line); i++) {
        struct found found;
        struct bounce_note *note;

        line = view_trim(view_slice(line, 0, LINE_BYTES));
        if (view_starts_with(line, VIEW(">>> "))) {
            buffer_clear(&text);
            stage = bounce_stage_of(line);
        } else if (view_starts_with(line, VIEW("<<< "))) {
            add_line(&text, view_slice(line, 4, line.size));
        } else if (find_address(line, 0, &found) && is_numbers(found.before)) {
            struct view address = bounce_address(found.address, arena);

            add_line(&text, line);
            note = bounce_note_of(notes, address) ? NULL : bounce_note_add(notes, address);
            if (note) {
                note->text = arena_copy(arena, buffer_view(&text));
                note->around = note->text;
                note->stage = stage;
            }
            buffer_clear(&text);
            stage = NULL;
        }
    }
    buffer_free(&text);
}
