/* What the files that change a profile share. Private to src/inbox. */
#ifndef INBOX_CHANGE_PARTS_H
#define INBOX_CHANGE_PARTS_H

#include "base/utf8.h"
#include "inbox/change.h"
#include "subscribers/profile_edit.h"

struct changing {
    const struct mail_command *command; /* the one at work */
    const struct change_context *context;
    struct profile *profile;
    struct arena *arena;
    struct change_notes *notes;
    size_t room;
    unsigned replaced; /* 1 << command each: what a second line of the mail adds to */
};

struct change_note *change_add(struct changing *changing, enum change_outcome outcome,
                               const char *word);
/* With one value; `name` NULL: none. */
void change_tell(struct changing *changing, enum change_outcome outcome, const char *word,
                 const char *name, struct view text);
void change_tell_number(struct changing *changing, enum change_outcome outcome, const char *word,
                        const char *name, long number);

/* The words for an entry that was changed, and for one that was so already. */
struct change_words {
    const char *done, *same;
};
void change_tell_edit(struct changing *changing, enum edit_result result,
                      const struct change_words *words, struct view item);

bool change_next_item(struct changing *changing, size_t *at, struct view *ret_item);
/* Whether this is the mail's first command of its name: then it replaces what was there. */
bool change_is_first(struct changing *changing);
bool change_says_none(const struct changing *changing);

/* change_schedule.c */
void change_set_daily(struct changing *changing);
void change_set_weekly(struct changing *changing);
void change_set_time(struct changing *changing);
void change_pause(struct changing *changing);
void change_resume(struct changing *changing);

/* change_papers.c */
void change_like(struct changing *changing);
void change_dislike(struct changing *changing);

#endif
