/* A mail read in a confined child (cell.h): what commands use, so that no mail can
 * harm them. */
#ifndef INBOX_READING_H
#define INBOX_READING_H

#include "inbox/finding.h"

/* As finding_make, and the errors of cell_run. mail_charsets_load before. */
int reading_run(struct view bytes, const struct finding_options *options, struct arena *arena,
                struct finding *ret_finding, struct error *error);

#endif
