/* The profiles that a command is pointed at: one file, JSON Lines, or all of
 * the installation's. */
#ifndef COMMANDS_PROFILES_H
#define COMMANDS_PROFILES_H

#include "commands/profile_source.h"
#include "commands/site.h"

struct profiles_source {
    const char *file;  /* --profile */
    const char *lines; /* --profiles: one document a line */
    /* Neither: all that the configuration means. */
};

/* Calls `visit` for each as folder_each does; a bad one comes as a problem. -1
 * when the source itself cannot be read. */
int profiles_each(struct site *site, const struct profiles_source *source, folder_visit *visit,
                  void *user, struct error *error);

/* The lines of `path` ("-": standard input) that are not empty, in order, each
 * with its name ("FILE:LINE"), both borrowed for the call; what `visit` returns
 * other than 0 ends the walk and is returned. -1 when the file cannot be read. */
typedef int profiles_line_visit(void *user, const char *name, struct view line);
int profiles_each_line(const char *path, profiles_line_visit *visit, void *user,
                       struct error *error);
/* One profile's file ("-": standard input), as profiles_read_text. */
int profiles_read_file(const char *path, struct profile *ret_profile, struct error *error);
/* One profile document with all its rules, the zone's being known among them. May
 * be called by several threads. */
int profiles_read_text(const char *name, struct view text, struct profile *ret_profile,
                       struct error *error);

/* A file ("./ada.json", anything that is there) or a subscriber's address. */
int profiles_find(struct site *site, const char *file_or_address, struct profile *ret_profile,
                  struct error *error);

#endif
