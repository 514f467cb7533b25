/* What a profile is: one subscriber's document, as read from
 * subscribers/ADDRESS.json. Reading and writing it are in profile_read.c and
 * profile_write.c; files and folders in folder.h. Pure memory. */
#ifndef SUBSCRIBERS_PROFILE_H
#define SUBSCRIBERS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"

enum {
    PROFILE_KEYWORDS = 1000,      /* per list */
    PROFILE_KEYWORD_BYTES = 200,
    PROFILE_WEIGHT_MAX = 100,     /* above 0 */
    PROFILE_INTERESTS_BYTES = 4000,
    PROFILE_PAPERS_MAX = 500,
    PROFILE_LIKED = 5000,         /* liked, and disliked */
    PROFILE_CATEGORIES = 200,
    PROFILE_CATEGORY_BYTES = 32,
    PROFILE_AUTHORS = 1000,       /* follow, prefer, and exclude */
    PROFILE_NAME_BYTES = 200,     /* the subscriber's, and an author's */
    PROFILE_PAPER_ID_BYTES = 255,
    PROFILE_ABSTRACT_MAX = 100000,
    PROFILE_LANGUAGE_BYTES = 35,
    PROFILE_FILE_BYTES = 2 * 1024 * 1024
};

enum keyword_field { KEYWORD_ANYWHERE, KEYWORD_TITLE, KEYWORD_ABSTRACT };
enum profile_scoring { SCORING_RELEVANCE, SCORING_SUBSTRING };
enum profile_format { FORMAT_BOTH, FORMAT_HTML, FORMAT_TEXT };

/* `every` of a schedule: a single weekday, or one of the two sets. */
enum schedule_every {
    EVERY_MONDAY, EVERY_TUESDAY, EVERY_WEDNESDAY, EVERY_THURSDAY, EVERY_FRIDAY,
    EVERY_SATURDAY, EVERY_SUNDAY, EVERY_DAY, EVERY_WEEKDAYS
};

struct keyword {
    char *term;
    double weight; /* 1 unless given */
    enum keyword_field field;
};

struct keywords {
    struct keyword *items;
    size_t count;
};

struct strings {
    char **items;
    size_t count;
};

/* Owned, all of it. Absent strings are NULL. */
struct profile {
    char *email; /* ASCII-lowercased: the subscriber's identity */
    char *name;
    struct strings categories; /* none means all */
    struct keywords keywords;
    struct keywords required_keywords;
    struct keywords bonus_keywords;
    struct strings exclude_keywords;
    char *interests;
    struct strings follow_authors;
    struct strings prefer_authors;
    struct strings exclude_authors;
    long abstract_min_length; /* characters; 0: no rule */
    long abstract_max_length;
    unsigned announce_types; /* bit 1 << enum announce_type of papers/paper.h */
    struct strings liked; /* paper ids */
    struct strings disliked;
    long max_papers;
    double min_score;
    enum profile_scoring scoring;
    struct {
        enum schedule_every every;
        int at_minutes; /* after local midnight; -1: as soon as the edition is there */
        char *zone;     /* IANA name; NULL means UTC */
    } schedule;
    struct date paused_until; /* zero: not paused; the first day that has mail again */
    char *language;           /* "en" */
    enum profile_format format;
    bool summaries;
    bool holiday_note;
    bool updates;
};

/* Every default but the address, which stays NULL. */
void profile_init(struct profile *profile);
void profile_free(struct profile *profile); /* leaves it zeroed; zeroed is fine */

/* Reads one document strictly. Texts lose blanks at both ends and entries that
 * stand twice in a list (in ASCII-any case) stay once; but with scoring
 * "substring" terms stay as written, as the bot takes them. `name` is the file
 * (or "FILE:LINE" of a JSON Lines file) in messages: "NAME:LINE: KEY: what is
 * wrong", for a line of a file without a second LINE. On failure
 * `ret_profile` is untouched. */
int profile_read(const char *name, struct view text, struct profile *ret_profile,
                 struct error *error);
/* The document as a person would write it: keys in DESIGN order, defaults left
 * out, two spaces of indent, a newline at the end. */
void profile_write(const struct profile *profile, struct buffer *ret_text);

/* What reading leaves open because it depends on the machine: whether the zone is
 * known here. folder.h does it; a command that reads a profile itself must. `name`
 * and `text` are those that profile_read had, for the message; an empty text gives
 * one without line. */
int profile_check_zone(const struct profile *profile, const char *name, struct view text,
                       struct error *error);

/* Nothing that could rank a paper: neither keywords, interests, liked papers
 * nor followed authors. Such a profile gets its categories in feed order. */
bool profile_is_plain(const struct profile *profile);

#endif
