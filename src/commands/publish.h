/* The folder that a web server or a git repository serves, written by `publish` and, where
 * publish.folder is given, by `run`. */
#ifndef COMMANDS_PUBLISH_H
#define COMMANDS_PUBLISH_H

#include "commands/publishing.h"

struct published {
    struct date date;  /* the newest edition's */
    size_t papers;     /* of it, that are shown */
    size_t written, unchanged; /* files */
};

/* Writes pages before what points to them, each file whole or not at all; one that has the
 * same bytes already is left alone, and so is all that is not ours, but for what a killed
 * writer left. Pages of days that are no longer stored stay, and are linked. Folders and
 * files can be read by everybody, whatever the umask. */
int publish_write(const struct publishing *publishing, const char *folder,
                  struct published *ret_published, struct error *error);
/* The stored editions until `newest` (zero: the latest) into the folder. */
int publish_stored(struct site *site, const char *folder, struct date newest,
                   struct published *ret_published, struct error *error);
/* The same into publish.folder, and says so, when the editions, the profile, the
 * configuration, the folder of templates or the program have changed since that was done
 * last, or the folder is gone. */
int publish_news(struct site *site, struct error *error);
void publish_log(struct site *site, const char *folder, const struct published *published);

#endif
