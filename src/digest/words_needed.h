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
    "and", "list_more", "why", "reply_hint", "sent_to", NULL};

#endif
