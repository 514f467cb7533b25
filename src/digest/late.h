/* The keys of the context that are known for one digest only (the step
 * "subscriber" of templates/README.md), as a table. Every other key is known for
 * all who read the same editions ("edition"), but for what is below `paper`
 * ("paper"). Private to src/digest. */
#ifndef DIGEST_LATE_H
#define DIGEST_LATE_H

#include <jansson.h>

#include "mail/mustache.h"

/* Where a key stands: in the context, or in the items of a list. */
enum late_scope {
    SCOPE_DIGEST, SCOPE_SUBSCRIBER, SCOPE_PAPER, SCOPE_REASON, SCOPE_PART, SCOPE_LINE,
    SCOPE_KEYWORD, SCOPE_CATEGORY,
    LATE_SCOPES
};

enum late_key {
    LATE_SUBJECT, LATE_PREHEADER, LATE_COUNT, LATE_COUNT_LINE, LATE_SUMMARY, LATE_EDITION_NOTE,
    LATE_NOTES, LATE_PROFILE_LINE, LATE_REPLY_HINT, LATE_SENT_TO, LATE_UNSUBSCRIBE_LINK,
    LATE_UNSUBSCRIBE_URL, LATE_UNSUBSCRIBE_MAILTO, LATE_IS_NOTE, LATE_HAS_MORE_PAPERS,
    LATE_MORE_LINE, LATE_SUMMARY_LINES, LATE_EDITION_NOTE_LINES, LATE_PROFILE_LINES,
    LATE_REPLY_HINT_LINES, LATE_SENT_TO_LINES, LATE_PAPERS, LATE_MORE_PAPERS,
    LATE_SUBSCRIBER_ADDRESS, LATE_SUBSCRIBER_NAME, LATE_SUBSCRIBER_IS_PLAIN,
    LATE_SUBSCRIBER_KEYWORDS, LATE_SUBSCRIBER_CATEGORIES,
    LATE_RANK, LATE_RANK_COLUMN, LATE_IS_LATE, LATE_IS_UPDATE, LATE_MARK, LATE_SCORE,
    LATE_HAS_REASONS, LATE_REASONS, LATE_REASONS_MORE, LATE_REASON_LINES, LATE_TITLE_PARTS,
    LATE_ABSTRACT_PARTS, LATE_LIKE, LATE_DISLIKE, LATE_PAPER_FIRST, LATE_PAPER_LAST,
    LATE_REASON_TERM, LATE_REASON_FIELD, LATE_REASON_FIELD_WORD, LATE_REASON_SCORE,
    LATE_REASON_IN_TITLE, LATE_REASON_FIRST, LATE_REASON_LAST,
    LATE_PART_TEXT, LATE_PART_IS_HIT, LATE_PART_FIRST, LATE_PART_LAST,
    LATE_LINE, LATE_LINE_FIRST, LATE_LINE_LAST,
    LATE_KEYWORD_TERM, LATE_KEYWORD_WEIGHT, LATE_KEYWORD_FIRST, LATE_KEYWORD_LAST,
    LATE_CATEGORY_NAME, LATE_CATEGORY_FIRST, LATE_CATEGORY_LAST,
    LATE_KEYS
};

struct late_entry {
    const char *name;
    enum late_scope scope;
    bool may_be_absent;
    bool is_plain; /* only plain evaluation can show it */
    enum late_scope items; /* of a list; else 0 */
};

extern const struct late_entry late_entries[LATE_KEYS];

/* The marks that stand for them. One thread's, because contexts count how often
 * they hold a value. */
struct late_marks {
    json_t *values[LATE_KEYS];
    json_t *items[LATE_SCOPES];
    struct mustache_mark marks[LATE_KEYS];
};

void late_marks_init(struct late_marks *marks);
void late_marks_free(struct late_marks *marks);
/* Puts marks in the place of what a context says for one digest. */
void late_marks_set(const struct late_marks *marks, json_t *context);
/* As struct mustache_late wants it. */
const struct mustache_mark *late_marks_find(const struct late_marks *marks, const json_t *value);

#endif
