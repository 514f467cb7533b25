#include "delivery/smtp_dialogue.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void smtp_dialogue_init(struct smtp_dialogue *dialogue, bool pipelining, bool has_size)
{
    *dialogue = (struct smtp_dialogue){.pipelining = pipelining, .has_size = has_size};
}

/* ---- what is said ---- */

__attribute__((format(printf, 3, 4)))
static void say(struct smtp_dialogue *dialogue, enum smtp_expected expected, const char *format, ...)
{
    size_t room = sizeof(dialogue->commands) - dialogue->command_bytes;
    va_list arguments;

    va_start(arguments, format);
    dialogue->command_bytes +=
        (size_t)vsnprintf(dialogue->commands + dialogue->command_bytes, room, format, arguments);
    va_end(arguments);
    dialogue->expected[dialogue->expected_count++] = expected;
}

static void say_mail(struct smtp_dialogue *dialogue)
{
    char size[40] = "";

    if (dialogue->has_size)
        snprintf(size, sizeof(size), " SIZE=%zu", dialogue->body.size);
    say(dialogue, EXPECT_MAIL, "MAIL FROM:<%.*s>%s\r\n", VIEW_ARGUMENTS(dialogue->sender), size);
}

static void say_rcpt(struct smtp_dialogue *dialogue)
{
    say(dialogue, EXPECT_RCPT, "RCPT TO:<%.*s>\r\n", VIEW_ARGUMENTS(dialogue->recipient));
}

static void say_data(struct smtp_dialogue *dialogue)
{
    say(dialogue, EXPECT_DATA, "DATA\r\n");
}

void smtp_dialogue_start(struct smtp_dialogue *dialogue, const char *sender,
                         const char *recipient, struct view wire)
{
    dialogue->sender = view_of(sender);
    dialogue->recipient = view_of(recipient);
    dialogue->body = wire;
    dialogue->body_written = 0;
    dialogue->command_bytes = dialogue->command_written = 0;
    dialogue->expected_count = 0;
    dialogue->body_goes = dialogue->was_refused = dialogue->is_ending_empty = false;
    dialogue->has_fate = false;
    dialogue->fate = dialogue->reply = (struct smtp_reply){0};
    if (dialogue->needs_reset)
        say(dialogue, EXPECT_RSET, "RSET\r\n");
    dialogue->needs_reset = false;
    if (dialogue->pipelining || !dialogue->expected_count)
        say_mail(dialogue);
    if (dialogue->pipelining) {
        say_rcpt(dialogue);
        say_data(dialogue);
    }
}

void smtp_dialogue_go(struct smtp_dialogue *dialogue)
{
    dialogue->body_goes = true;
    dialogue->expected[dialogue->expected_count++] = EXPECT_END;
}

void smtp_dialogue_quit(struct smtp_dialogue *dialogue)
{
    dialogue->command_bytes = dialogue->command_written = 0;
    say(dialogue, EXPECT_NOTHING_MORE, "QUIT\r\n");
}

struct view smtp_dialogue_output(const struct smtp_dialogue *dialogue)
{
    struct view commands = {dialogue->commands + dialogue->command_written,
                            dialogue->command_bytes - dialogue->command_written};

    if (commands.size || !dialogue->body_goes)
        return commands;
    return view_slice(dialogue->body, dialogue->body_written, dialogue->body.size);
}

void smtp_dialogue_wrote(struct smtp_dialogue *dialogue, size_t bytes)
{
    if (dialogue->command_written == dialogue->command_bytes) {
        dialogue->body_written += bytes;
        return;
    }
    dialogue->command_written += bytes;
    if (dialogue->command_written == dialogue->command_bytes)
        dialogue->command_bytes = dialogue->command_written = 0;
}

/* ---- what is heard ---- */

static enum smtp_stage stage_of(enum smtp_expected expected)
{
    static const enum smtp_stage stages[] = {
        [EXPECT_RSET] = STAGE_MAIL, [EXPECT_MAIL] = STAGE_MAIL,       [EXPECT_RCPT] = STAGE_RCPT,
        [EXPECT_DATA] = STAGE_DATA, [EXPECT_END] = STAGE_END_OF_DATA, [EXPECT_NOTHING_MORE] = STAGE_QUIT,
    };

    return stages[expected];
}

enum smtp_stage smtp_dialogue_stage(const struct smtp_dialogue *dialogue)
{
    if (dialogue->body_goes && !smtp_dialogue_is_handed_over(dialogue))
        return STAGE_BODY;
    if (dialogue->expected_count)
        return stage_of(dialogue->expected[0]);
    return dialogue->body_goes ? STAGE_END_OF_DATA : STAGE_DATA;
}

bool smtp_dialogue_is_handed_over(const struct smtp_dialogue *dialogue)
{
    return dialogue->body_goes && dialogue->body_written == dialogue->body.size;
}

bool smtp_dialogue_is_busy(const struct smtp_dialogue *dialogue)
{
    return dialogue->recipient.size > 0;
}

/* The first refusal is what became of the message. */
static void settle(struct smtp_dialogue *dialogue, enum smtp_stage stage)
{
    if (dialogue->has_fate)
        return;
    dialogue->has_fate = true;
    dialogue->fate_stage = stage;
    dialogue->fate = dialogue->reply;
}

static enum smtp_dialogue_event finish(struct smtp_dialogue *dialogue)
{
    dialogue->recipient = (struct view){0};
    return DIALOGUE_DONE;
}

static enum smtp_dialogue_event hear_rset(struct smtp_dialogue *dialogue)
{
    if (dialogue->reply.code / 100 != 2)
        return DIALOGUE_BROKEN;
    if (!dialogue->pipelining)
        say_mail(dialogue);
    return DIALOGUE_MORE;
}

/* MAIL and RCPT. */
static enum smtp_dialogue_event hear_path(struct smtp_dialogue *dialogue, enum smtp_stage stage)
{
    int code = dialogue->reply.code;

    if (code / 100 == 2) {
        if (!dialogue->pipelining && stage == STAGE_MAIL)
            say_rcpt(dialogue);
        else if (!dialogue->pipelining)
            say_data(dialogue);
        return DIALOGUE_MORE;
    }
    if (!smtp_reply_refuses(code))
        return DIALOGUE_BROKEN;
    settle(dialogue, stage);
    dialogue->was_refused = dialogue->was_refused || stage == STAGE_RCPT;
    dialogue->needs_reset = true;
    return dialogue->expected_count ? DIALOGUE_MORE : finish(dialogue);
}

static enum smtp_dialogue_event hear_data(struct smtp_dialogue *dialogue)
{
    int code = dialogue->reply.code;

    if (code == 354 && !dialogue->has_fate)
        return DIALOGUE_READY;
    if (code == 354 && dialogue->was_refused) {
        /* RFC 2920 3.1: asked for a body that has no recipient, give none. */
        dialogue->is_ending_empty = true;
        say(dialogue, EXPECT_END, ".\r\n");
        return DIALOGUE_MORE;
    }
    if (!smtp_reply_refuses(code))
        return DIALOGUE_BROKEN;
    settle(dialogue, STAGE_DATA);
    dialogue->needs_reset = true;
    return finish(dialogue);
}

static enum smtp_dialogue_event hear_end(struct smtp_dialogue *dialogue)
{
    int code = dialogue->reply.code;

    if (dialogue->is_ending_empty) {
        dialogue->needs_reset = false;
        return finish(dialogue);
    }
    if (!smtp_dialogue_is_handed_over(dialogue)) {
        /* Before it has all of it a relay may refuse, and takes the rest no more. */
        if (!smtp_reply_refuses(code))
            return DIALOGUE_BROKEN;
        dialogue->closing = true;
        settle(dialogue, STAGE_BODY);
        return finish(dialogue);
    }
    if (code != 250 && !smtp_reply_refuses(code))
        dialogue->closing = true;
    settle(dialogue, STAGE_END_OF_DATA);
    return finish(dialogue);
}

/* 421 ends the connection, whatever was asked (RFC 5321 3.8). Once the message is
 * handed over it is the answer to it. */
static enum smtp_dialogue_event hear_421(struct smtp_dialogue *dialogue)
{
    dialogue->closing = true;
    if (!smtp_dialogue_is_busy(dialogue) || !smtp_dialogue_is_handed_over(dialogue))
        return DIALOGUE_BROKEN;
    settle(dialogue, STAGE_END_OF_DATA);
    return finish(dialogue);
}

static enum smtp_dialogue_event hear(struct smtp_dialogue *dialogue)
{
    enum smtp_expected expected;

    if (dialogue->reply.code == 421)
        return hear_421(dialogue);
    if (!dialogue->expected_count)
        return DIALOGUE_BROKEN; /* unasked: which reply answers what is not known any more */
    expected = dialogue->expected[0];
    dialogue->expected_count--;
    memmove(dialogue->expected, dialogue->expected + 1,
            dialogue->expected_count * sizeof(dialogue->expected[0]));
    switch (expected) {
    case EXPECT_RSET:
        return hear_rset(dialogue);
    case EXPECT_MAIL:
    case EXPECT_RCPT:
        return hear_path(dialogue, stage_of(expected));
    case EXPECT_DATA:
        return hear_data(dialogue);
    case EXPECT_END:
        return hear_end(dialogue);
    case EXPECT_NOTHING_MORE:
        break;
    }
    return DIALOGUE_BROKEN;
}

/* What no one will ask for is not kept: that a sender or recipient is fine. */
static bool is_worth_keeping(const struct smtp_dialogue *dialogue, struct view line)
{
    return !dialogue->expected_count || dialogue->expected[0] == EXPECT_END || !line.size ||
           line.data[0] >= '4';
}

static enum smtp_dialogue_event hear_line(struct smtp_dialogue *dialogue, struct view line)
{
    switch (smtp_reply_add_line(&dialogue->reply, line, is_worth_keeping(dialogue, line))) {
    case REPLY_GOES_ON:
        return DIALOGUE_MORE;
    case REPLY_WHOLE:
        dialogue->reply_bytes = 0;
        return hear(dialogue);
    case REPLY_IS_NONE:
        break;
    }
    return DIALOGUE_BROKEN;
}

/* Takes the next line from the bytes; what stands behind the first 2,048 bytes of a
 * line is left out. False: it has not ended yet. */
static bool take_line(struct smtp_dialogue *dialogue, struct view *rest, struct view *ret_line)
{
    size_t end = view_find_char(*rest, '\n', 0);
    size_t room = sizeof(dialogue->line) - dialogue->line_bytes;
    size_t kept = end < room ? end : room;

    if (kept)
        memcpy(dialogue->line + dialogue->line_bytes, rest->data, kept);
    dialogue->line_bytes += kept;
    dialogue->reply_bytes += end;
    if (end == rest->size) {
        *rest = (struct view){0};
        return false;
    }
    *rest = view_slice(*rest, end + 1, rest->size);
    *ret_line = (struct view){dialogue->line, dialogue->line_bytes};
    dialogue->line_bytes = 0;
    if (ret_line->size && ret_line->data[ret_line->size - 1] == '\r')
        ret_line->size--;
    return true;
}

enum smtp_dialogue_event smtp_dialogue_read(struct smtp_dialogue *dialogue, struct view *rest)
{
    enum smtp_dialogue_event event = DIALOGUE_MORE;
    struct view line;

    while (event == DIALOGUE_MORE && rest->size) {
        if (take_line(dialogue, rest, &line))
            event = hear_line(dialogue, line);
        if (dialogue->reply_bytes > DIALOGUE_REPLY_BYTES)
            event = DIALOGUE_BROKEN;
    }
    return event;
}

/* ---- what became of it ---- */

static void fill_reply(const struct smtp_reply *reply, const char *why,
                       struct delivery_result *result)
{
    result->code = reply->code;
    snprintf(result->enhanced, sizeof(result->enhanced), "%s", reply->enhanced);
    if (reply->code)
        smtp_reply_write(reply, result->reply, sizeof(result->reply));
    else
        snprintf(result->reply, sizeof(result->reply), "%s", why);
}

void smtp_dialogue_judge(const struct smtp_dialogue *dialogue, const char *why,
                         struct delivery_result *ret_result)
{
    static const struct smtp_reply none = {0};
    bool is_closed = !dialogue->has_fate && dialogue->reply.code == 421;
    const struct smtp_reply *reply = dialogue->has_fate ? &dialogue->fate
                                     : is_closed        ? &dialogue->reply
                                                        : &none;
    enum smtp_stage stage =
        dialogue->has_fate ? dialogue->fate_stage : smtp_dialogue_stage(dialogue);
    struct delivery_result result = {0};
    struct reply_meaning meaning;

    fill_reply(reply, why, &result);
    snprintf(result.stage, sizeof(result.stage), "%s", smtp_stage_name(stage));
    if (stage == STAGE_END_OF_DATA && reply->code == 250) {
        result.kind = RESULT_SENT;
    } else if (stage == STAGE_END_OF_DATA && !smtp_reply_refuses(reply->code)) {
        /* Whatever came, it was neither yes nor no. */
        result.kind = RESULT_UNCERTAIN;
    } else {
        meaning = reply_classify(stage, reply->code, reply->enhanced, reply->text);
        result.kind = meaning.kind;
        result.suspect_relay = meaning.suspect_relay;
    }
    *ret_result = result;
}
