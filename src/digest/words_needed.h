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
    NULL};

/* … and those of answers to mails (inbox/answer*.c). */
static const char *const words_needed_answers[] = {
    /* what commands did (inbox/change*.c) */
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
    "confirm_subject_subscribe", "confirm_subject_change", "confirm_subject_address",
    "confirm_subject_forget", "confirm_subscribe", "confirm_change", "confirm_change_page",
    "confirm_address_old",
    "confirm_address_new", "confirm_forget", "confirm_forgets", "confirm_yes_subscribe",
    "confirm_yes_change", "confirm_yes_address", "confirm_yes_forget", "confirm_how", "confirm_how_page", "confirm_how_either",
    "confirm_otherwise", "preview_per_day", "preview_rare", "preview_none", "preview_top",
    "preview_top_undated", "answer_subject", "answer_subject_help", "answer_changed",
    "answer_changed_partly", "answer_unchanged", "answer_shown", "answer_not_understood",
    "answer_stranger_not_understood", "answer_help", "answer_help_stranger", "answer_help_note",
    "answer_nearest", "answer_more", "answer_cut", "answer_undo_hint", "answer_page",
    "answer_page_hint", "answer_subscribed",
    "answer_subscribed_already", "answer_unsubscribed", "answer_undone",
    "answer_nothing_to_undo", "answer_changed_since", "answer_no_address",
    "answer_address_taken", "answer_asked_already", "answer_address_asked",
    "answer_address_changed", "answer_forget_asked", "answer_no_feed", "answer_feed",
    "answer_no_digest", "answer_preview", "answer_resend", "answer_export", "row_added",
    "row_removed", "row_was", "row_more", "row_none", "row_all_categories", "row_address",
    "row_keywords", "row_required", "row_bonus", "row_excluded", "row_categories",
    "row_authors", "row_authors_preferred", "row_authors_excluded", "row_interests",
    "row_liked", "row_disliked", "row_max", "row_schedule", "row_paused", "row_each_day",
    "row_weekdays", "row_each_week", "row_schedule_at", "row_schedule_soon", "help_subscribe",
    "help_keywords", "help_categories", "help_authors", "help_interests", "help_add",
    "help_remove", "help_mute", "help_max", "help_daily", "help_weekly", "help_at",
    "help_pause", "help_resume", "help_like", "help_dislike", "help_show", "help_preview",
    "help_resend", "help_undo", "help_address", "help_feed", "help_export", "help_forget",
    "help_unsubscribe", "help_help",
    /* summaries (digest/context_summary.c, web/publication_text.c) */
    "summary_short", "summary_long", "summary_note",
    /* what is published (commands/publish*.c, web/publication*.c) */
    "web_edition", "published_about", "published_about_all", "published_keywords",
    "published_no_keywords", "web_none_chosen",
    NULL};

/* … and those of pages for people (commands/serve_*.c). */
static const char *const words_needed_people[] = {
    "web_address_wrong", "web_asked", "web_asked_title", "web_at_wrong", "web_busy",
    "web_category_taken", "web_confirm_change", "web_confirm_half", "web_confirm_not",
    "web_confirm_title", "web_conflict", "web_day_wrong", "web_done_title", "web_feed_for",
    "web_feed_for_you", "web_feed_title", "web_first", "web_first_at", "web_first_day",
    "web_first_day_at", "web_forgotten", "web_form_old", "web_form_soon", "web_full",
    "web_full_title", "web_leave_title",
    "web_left", "web_left_already", "web_left_title", "web_link_sent", "web_link_title",
    "web_max_wrong", "web_needs_items", "web_no_page", "web_no_page_title", "web_no_way", "web_no_way_title",
    "web_old_confirm", "web_old_page", "web_old_title", "web_other_site", "web_other_site_title",
    "web_paused_until", "web_preview_empty", "web_preview_missing", "web_preview_title",
    "web_subscribe", "web_ticked", "web_unknown", "web_unknown_title", "web_used",
    "web_used_title", "web_weeks_wrong", "web_zone_wrong",
    NULL};

#endif
