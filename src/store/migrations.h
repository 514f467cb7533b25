/* The schema's history: the numbered files of src/store/migrations, compiled
 * in. Included by the backends only. */
#ifndef STORE_MIGRATIONS_H
#define STORE_MIGRATIONS_H

#include <stddef.h>

#include "base/bytes.h"

size_t migration_count(void); /* the newest schema's number; they count from 1 */
const char *migration_name(size_t number);
/* Appends its SQL text. */
void migration_text(size_t number, struct buffer *ret_sql);

#endif
