/* What the files that make answers share: the context in parts. Private to src/inbox. */
#ifndef INBOX_ANSWER_PARTS_H
#define INBOX_ANSWER_PARTS_H

#include "digest/context_text.h"
#include "inbox/answer.h"

struct answering {
    const struct answer *answer;
    const struct words *words;
    json_t *root;
    struct buffer *room; /* empty between calls */
};

/* A word with values, as `key` and `key_lines`. */
void answer_set_text(struct answering *answering, const char *key, const char *word, long count,
                     const struct word_value *values);
/* What `room` holds, as `key` and `key_lines` of `object`; `width` of the latter. */
void answer_set_room(struct answering *answering, json_t *object, const char *key, size_t width);
/* A stranger's text in one line: clean, and cut at about so many characters. */
void answer_add_clean(struct buffer *out, struct view text, size_t max_characters);
/* A list, and `has_KEY`. Takes the reference. */
void answer_set_list(struct answering *answering, const char *key, json_t *items);

/* answer_request.c: what is asked, and what the profile would bring. */
void answer_set_request(struct answering *answering);
/* answer_notes.c: done, refused, unknown, and the summary that leads. */
void answer_set_notes(struct answering *answering);
bool answer_is_changed(const struct answer *answer);
/* answer_profile.c: rows, what was added and removed marked. */
void answer_set_profile(struct answering *answering);
/* answer_help.c: commands, each with an example. */
void answer_set_help(struct answering *answering);
const char *answer_help_word(enum mail_command_name name); /* "help_add" */

#endif
