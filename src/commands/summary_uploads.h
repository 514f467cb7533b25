/* PDFs that were uploaded for a model and are not deleted yet, so that what a killed process
 * left with the provider goes with the next one. Noted among what is derived: where it is
 * lost, files stay there and nothing else happens. */
#ifndef COMMANDS_SUMMARY_UPLOADS_H
#define COMMANDS_SUMMARY_UPLOADS_H

#include "commands/site.h"
#include "summaries/endpoint.h"

/* `holder` is process_name's, with anything behind a '/'; its own to delete until then. */
int summary_uploads_note(struct site *site, const char *file, const char *holder,
                         int64_t until_utc, struct error *error);
int summary_uploads_drop(struct site *site, const char *file, struct error *error);

/* Deletes what others left at this site's endpoint; up to the first that it does not delete
 * now, which is logged. What is a month old is given up. -1 only when the store fails. */
int summary_uploads_tidy(struct site *site, struct endpoint *endpoint, struct error *error);

#endif
