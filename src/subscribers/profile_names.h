/* The words of a profile's keys, in the order of their enums, and the defaults,
 * shared by reading and writing. Private to src/subscribers. */
#ifndef SUBSCRIBERS_PROFILE_NAMES_H
#define SUBSCRIBERS_PROFILE_NAMES_H

enum {
    PROFILE_MAX_PAPERS_DEFAULT = 30,
    PROFILE_ANNOUNCE_DEFAULT = 1 << 0 | 1 << 1, /* new and cross */
    PROFILE_ANNOUNCE_TYPES = 4
};

/* All NULL-terminated. */
extern const char *const profile_every_names[];
extern const char *const profile_scoring_names[];
extern const char *const profile_format_names[];
/* In the order of enum announce_type (papers/paper.h), which is no lower layer. */
extern const char *const profile_announce_names[];
extern const char *const profile_field_names[]; /* enum keyword_field */

#endif
