#include "store/migrations.h"

struct migration {
    int number;
    const char *name;
    const char *const *lines;
};

#include "migrations.inc"

size_t migration_count(void)
{
    return sizeof(migrations) / sizeof(migrations[0]);
}

const char *migration_name(size_t number)
{
    return migrations[number - 1].name;
}

void migration_text(size_t number, struct buffer *ret_sql)
{
    for (const char *const *line = migrations[number - 1].lines; *line; line++)
        buffer_add_string(ret_sql, *line);
}
