#include "digest/late.h"

const struct late_entry late_entries[LATE_KEYS] = {
    [LATE_SUBJECT] = {"subject", SCOPE_DIGEST, false, false, 0},
    [LATE_PREHEADER] = {"preheader", SCOPE_DIGEST, false, false, 0},
    [LATE_COUNT] = {"count", SCOPE_DIGEST, false, false, 0},
    [LATE_COUNT_LINE] = {"count_line", SCOPE_DIGEST, false, false, 0},
    [LATE_SUMMARY] = {"summary", SCOPE_DIGEST, false, false, 0},
    [LATE_EDITION_NOTE] = {"edition_note", SCOPE_DIGEST, false, false, 0},
    [LATE_NOTES] = {"notes", SCOPE_DIGEST, false, true, 0},
    [LATE_PROFILE_LINE] = {"profile_line", SCOPE_DIGEST, false, false, 0},
    [LATE_REPLY_HINT] = {"reply_hint", SCOPE_DIGEST, true, false, 0},
    [LATE_SENT_TO] = {"sent_to", SCOPE_DIGEST, false, false, 0},
    [LATE_UNSUBSCRIBE_LINK] = {"unsubscribe_link", SCOPE_DIGEST, true, false, 0},
    [LATE_UNSUBSCRIBE_URL] = {"unsubscribe_url", SCOPE_DIGEST, true, false, 0},
    [LATE_UNSUBSCRIBE_MAILTO] = {"unsubscribe_mailto", SCOPE_DIGEST, true, false, 0},
    [LATE_IS_NOTE] = {"is_note", SCOPE_DIGEST, false, false, 0},
    [LATE_HAS_MORE_PAPERS] = {"has_more_papers", SCOPE_DIGEST, false, false, 0},
    [LATE_MORE_LINE] = {"more_line", SCOPE_DIGEST, true, false, 0},
    [LATE_SUMMARY_LINES] = {"summary_lines", SCOPE_DIGEST, false, false, SCOPE_LINE},
    [LATE_EDITION_NOTE_LINES] = {"edition_note_lines", SCOPE_DIGEST, false, false, SCOPE_LINE},
    [LATE_PROFILE_LINES] = {"profile_lines", SCOPE_DIGEST, false, false, SCOPE_LINE},
    [LATE_REPLY_HINT_LINES] = {"reply_hint_lines", SCOPE_DIGEST, true, false, SCOPE_LINE},
    [LATE_SENT_TO_LINES] = {"sent_to_lines", SCOPE_DIGEST, false, false, SCOPE_LINE},
    [LATE_PAPERS] = {"papers", SCOPE_DIGEST, false, false, SCOPE_PAPER},
    [LATE_MORE_PAPERS] = {"more_papers", SCOPE_DIGEST, false, false, SCOPE_PAPER},
    [LATE_SUBSCRIBER_ADDRESS] = {"address", SCOPE_SUBSCRIBER, false, false, 0},
    [LATE_SUBSCRIBER_NAME] = {"name", SCOPE_SUBSCRIBER, true, false, 0},
    [LATE_SUBSCRIBER_IS_PLAIN] = {"is_plain", SCOPE_SUBSCRIBER, false, false, 0},
    [LATE_SUBSCRIBER_KEYWORDS] = {"keywords", SCOPE_SUBSCRIBER, false, false, SCOPE_KEYWORD},
    [LATE_SUBSCRIBER_CATEGORIES] = {"categories", SCOPE_SUBSCRIBER, false, false,
                                    SCOPE_CATEGORY},
    [LATE_RANK] = {"rank", SCOPE_PAPER, false, false, 0},
    [LATE_RANK_COLUMN] = {"rank_column", SCOPE_PAPER, false, false, 0},
    [LATE_IS_LATE] = {"is_late", SCOPE_PAPER, false, false, 0},
    [LATE_IS_UPDATE] = {"is_update", SCOPE_PAPER, false, false, 0},
    [LATE_MARK] = {"mark", SCOPE_PAPER, true, false, 0},
    [LATE_SCORE] = {"score", SCOPE_PAPER, true, false, 0},
    [LATE_HAS_REASONS] = {"has_reasons", SCOPE_PAPER, false, false, 0},
    [LATE_REASONS] = {"reasons", SCOPE_PAPER, false, false, SCOPE_REASON},
    [LATE_REASONS_MORE] = {"reasons_more", SCOPE_PAPER, true, false, 0},
    [LATE_REASON_LINES] = {"reason_lines", SCOPE_PAPER, true, false, SCOPE_LINE},
    [LATE_TITLE_PARTS] = {"title_parts", SCOPE_PAPER, false, false, SCOPE_PART},
    [LATE_ABSTRACT_PARTS] = {"abstract_parts", SCOPE_PAPER, false, false, SCOPE_PART},
    [LATE_LIKE] = {"like", SCOPE_PAPER, true, false, 0},
    [LATE_DISLIKE] = {"dislike", SCOPE_PAPER, true, false, 0},
    [LATE_PAPER_FIRST] = {"first", SCOPE_PAPER, false, false, 0},
    [LATE_PAPER_LAST] = {"last", SCOPE_PAPER, false, false, 0},
    [LATE_REASON_TERM] = {"term", SCOPE_REASON, false, false, 0},
    [LATE_REASON_FIELD] = {"field", SCOPE_REASON, false, false, 0},
    [LATE_REASON_FIELD_WORD] = {"field_word", SCOPE_REASON, false, false, 0},
    [LATE_REASON_SCORE] = {"score", SCOPE_REASON, true, false, 0},
    [LATE_REASON_IN_TITLE] = {"in_title", SCOPE_REASON, false, false, 0},
    [LATE_REASON_FIRST] = {"first", SCOPE_REASON, false, false, 0},
    [LATE_REASON_LAST] = {"last", SCOPE_REASON, false, false, 0},
    [LATE_PART_TEXT] = {"text", SCOPE_PART, false, false, 0},
    [LATE_PART_IS_HIT] = {"is_hit", SCOPE_PART, false, false, 0},
    [LATE_PART_FIRST] = {"first", SCOPE_PART, false, false, 0},
    [LATE_PART_LAST] = {"last", SCOPE_PART, false, false, 0},
    [LATE_LINE] = {"line", SCOPE_LINE, false, false, 0},
    [LATE_LINE_FIRST] = {"first", SCOPE_LINE, false, false, 0},
    [LATE_LINE_LAST] = {"last", SCOPE_LINE, false, false, 0},
    [LATE_KEYWORD_TERM] = {"term", SCOPE_KEYWORD, false, false, 0},
    [LATE_KEYWORD_WEIGHT] = {"weight", SCOPE_KEYWORD, false, false, 0},
    [LATE_KEYWORD_FIRST] = {"first", SCOPE_KEYWORD, false, false, 0},
    [LATE_KEYWORD_LAST] = {"last", SCOPE_KEYWORD, false, false, 0},
    [LATE_CATEGORY_NAME] = {"name", SCOPE_CATEGORY, false, false, 0},
    [LATE_CATEGORY_FIRST] = {"first", SCOPE_CATEGORY, false, false, 0},
    [LATE_CATEGORY_LAST] = {"last", SCOPE_CATEGORY, false, false, 0},
};

void late_marks_init(struct late_marks *marks)
{
    for (size_t scope = 0; scope < LATE_SCOPES; scope++)
        marks->items[scope] = json_object();
    for (size_t key = 0; key < LATE_KEYS; key++) {
        const struct late_entry *entry = &late_entries[key];

        marks->values[key] = json_string(entry->name);
        marks->marks[key] =
            (struct mustache_mark){.number = (int)key,
                                   .item = entry->items ? marks->items[entry->items] : NULL,
                                   .may_be_absent = entry->may_be_absent};
        json_object_set(marks->items[entry->scope], entry->name, marks->values[key]);
    }
    json_object_set(marks->items[SCOPE_DIGEST], "subscriber", marks->items[SCOPE_SUBSCRIBER]);
}

void late_marks_free(struct late_marks *marks)
{
    for (size_t scope = 0; scope < LATE_SCOPES; scope++)
        json_decref(marks->items[scope]);
    for (size_t key = 0; key < LATE_KEYS; key++)
        json_decref(marks->values[key]);
}

void late_marks_set(const struct late_marks *marks, json_t *context)
{
    json_object_update(context, marks->items[SCOPE_DIGEST]);
}

const struct mustache_mark *late_marks_find(const struct late_marks *marks, const json_t *value)
{
    for (size_t key = 0; key < LATE_KEYS; key++)
        if (marks->values[key] == value)
            return &marks->marks[key];
    return NULL;
}
