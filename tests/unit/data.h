/* What unit tests share: the folder of real samples, fixtures, and inputs on
 * the heap at their exact size, so that an overread shows under ASan. */
#ifndef TESTS_UNIT_DATA_H
#define TESTS_UNIT_DATA_H

#include <stdbool.h>

#include "base/bytes.h"

/* "../shared/data/NAME", or $PAPERBOY_DATA/NAME. False, and a line on standard
 * error that names the test, when the samples are not on this machine. */
bool data_path(const char *name, char ret_path[512]);

/* A file's bytes without a closing NUL; fails the test when it cannot be read.
 * Free with data_free. */
struct view data_read(const char *path);
/* `text` on the heap at exactly its size. */
struct view data_exact(const char *text);
struct view data_exact_view(struct view text);
void data_free(struct view bytes);

/* A new empty folder under $TMPDIR, and its removal with all in it. */
char *data_temporary_folder(void);
void data_remove_folder(char **folder);

#endif
