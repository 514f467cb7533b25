/* The words that digests are made with in C; en.json must have each. Words that
 * only templates name are theirs to add. Private to words.c. */
#ifndef DIGEST_WORDS_NEEDED_H
#define DIGEST_WORDS_NEEDED_H

#include <stddef.h>

static const char *const words_needed[] = {
    "direction", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
    "monday_short", "tuesday_short", "wednesday_short", "thursday_short", "friday_short",
    "saturday_short", "sunday_short", "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december", "january_short",
    "february_short", "march_short", "april_short", "may_short", "june_short", "july_short",
    "august_short", "september_short", "october_short", "november_short", "december_short",
    "date_long", "date_medium", "date_short", "subject", "count_papers", "count_papers_for",
    "count_of", "subject_nothing", "nothing_announced", "mark_late", "mark_update", "announced", "announced_range", "state_complete", "state_late", "state_stale",
    "state_empty", "state_failed", "type_new", "type_cross", "type_replace", "type_replace_cross",
    "authors_more", "no_title", "reasons_more", "field_title", "field_abstract", "field_author",
    "field_interests", "field_liked", "field_preference", "more_papers", "profile_keywords",
    "profile_keywords_in", "profile_plain", "profile_plain_all", "profile_other", "comma",
    "and", "list_more", "why", "reply_hint", "sent_to",
    /* what commands did (inbox/change.c) */
    "change_keyword_added", "change_keyword_same", "change_keywords_none",
    "change_weight_invalid", "change_muted", "change_muted_same", "change_category_added",
    "change_category_same", "change_category_unknown", "change_categories_all",
    "change_author_added", "change_author_same", "change_author_excluded",
    "change_author_excluded_same", "change_authors_none", "change_interests_set",
    "change_interests_same", "change_interests_none", "change_removed", "change_not_there",
    "change_max_set", "change_max_same", "change_max_invalid", "change_daily",
    "change_daily_same", "change_weekly", "change_weekly_same", "change_day_unknown",
    "change_at_set", "change_at_none", "change_at_invalid", "change_zone_unknown",
    "change_paused", "change_pause_invalid", "change_pause_past", "change_resumed",
    "change_resumed_same", "change_liked", "change_liked_same", "change_disliked",
    "change_disliked_same", "change_no_paper", "change_item_invalid", "change_list_full",
    "change_needs_items",
    NULL};

#endif
