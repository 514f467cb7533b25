/* What a run needs to know of every profile before it makes anybody's digest: when
 * one is due and which categories are read. All profiles are read once for it, by
 * several threads when they are many; composing reads the one it needs again. Some 150
 * bytes stay of each. */
#ifndef COMMANDS_ROSTER_H
#define COMMANDS_ROSTER_H

#include "commands/profile_source.h"
#include "commands/site.h"

struct roster_entry {
    const char *name;    /* as the walk gives it */
    const char *address; /* NULL: the profile cannot be read */
    const char *problem; /* why; else NULL */
    bool may_pass;       /* it may be read at another time with nothing changed */
    const char *zone;    /* NULL: UTC */
    struct date paused_until;
    enum schedule_every every;
    int at_minutes;
    bool holiday_note;
};

struct roster_category {
    const char *name;
    const char *name_of_profile; /* one that names it */
};

struct roster {
    struct site *site; /* borrowed */
    struct profile_source source;
    bool has_fingerprint;
    struct profile_fingerprint fingerprint;
    bool is_read;
    struct roster_entry *entries; /* in the order of a walk */
    size_t count;
    size_t bad;
    struct roster_category *categories; /* by name, each once */
    size_t category_count;
    struct arena **arenas; /* private */
    size_t arena_count;
};

/* Nothing is read yet. */
void roster_init(struct roster *roster, struct site *site);
void roster_free(struct roster *roster); /* zeroed is fine */

/* Taken once, and before anything is read: what is remembered under it is never newer. */
int roster_fingerprint(struct roster *roster, struct profile_fingerprint *ret_fingerprint,
                       struct error *error);
/* Reads all profiles, once. A bad one is an entry with its problem. */
int roster_read(struct roster *roster, struct error *error);

/* One profile as an entry, and back what schedule.h needs of it. Strings are borrowed. */
void roster_entry_of(const struct profile *profile, const char *name,
                     struct roster_entry *ret_entry);
void roster_entry_schedule(const struct roster_entry *entry, struct profile *ret_profile);

#endif
