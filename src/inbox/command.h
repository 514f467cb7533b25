/* What a person asks for in a mail: lines such as `add "speculative decoding"^3` in
 * its subject or body, one command a line. Reading them knows no profile and no
 * store; what a command does to a profile is in change.h. Pure, any bytes.
 *
 * Everything that does not come from this person now is no command: what stands
 * behind a signature's "-- ", quoted lines, what an answering program put in front of
 * them ("On … wrote:", Outlook's separators), forwarded mails. */
#ifndef INBOX_COMMAND_H
#define INBOX_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"

enum mail_command_name {
    COMMAND_SUBSCRIBE, COMMAND_UNSUBSCRIBE, COMMAND_CONFIRM, COMMAND_KEYWORDS, COMMAND_ADD,
    COMMAND_REMOVE, COMMAND_MUTE, COMMAND_CATEGORIES, COMMAND_AUTHORS, COMMAND_INTERESTS,
    COMMAND_MAX, COMMAND_DAILY, COMMAND_WEEKLY, COMMAND_AT, COMMAND_PAUSE, COMMAND_RESUME,
    COMMAND_LIKE, COMMAND_DISLIKE, COMMAND_UNDO, COMMAND_SHOW, COMMAND_PREVIEW, COMMAND_RESEND,
    COMMAND_ADDRESS, COMMAND_FEED, COMMAND_EXPORT, COMMAND_FORGET, COMMAND_HELP, COMMAND_UNKNOWN,
    COMMAND_NAMES
};

enum { COMMANDS_MAX = 200, COMMAND_ARGUMENTS_MAX = 1100, COMMAND_LINE_BYTES = 16 * 1024 };

/* Views are in the arena or borrowed from the text. */
struct mail_command {
    enum mail_command_name name;
    struct view *arguments; /* as written; a quoted phrase is one, without its quotes but with its ^3 */
    size_t argument_count;
    /* By argument: it begins an item of a list. Commas, quotes, a `^3` before and a `-` in
     * front do; so `add speculative decoding, LLM` has two items in three arguments. */
    bool *begins_item;
    struct view rest; /* the line behind the command's word, as written */
    struct view line; /* as written, without blanks around it */
    const char *nearest;    /* of an unknown one: the command that was perhaps meant, or NULL */
};
struct mail_commands {
    struct mail_command *items;
    size_t count;
    bool is_cut; /* there were more than COMMANDS_MAX, or a line was too long */
};

const char *mail_command_name(enum mail_command_name name); /* "subscribe" */
bool mail_command_name_parse(struct view word, enum mail_command_name *ret_name); /* these names only */

/* Where commands stand. Any may be empty. */
struct mail_command_sources {
    struct view plus;    /* what stands behind '+' in the address it came to, without a token */
    struct view subject; /* decoded; one that begins with "Re:" or "Fwd:" says nothing */
    struct view body;    /* as mail_text gives it */
};
/* In this order, each command once: a subject that is repeated in the body, or is the
 * address's word, is one command. An unknown line in the subject alone (a person's "Hello")
 * beside commands in the body is left out; courtesies and greetings are none either. */
void mail_commands_read(const struct mail_command_sources *sources, struct arena *arena,
                   struct mail_commands *ret_list);

#endif
