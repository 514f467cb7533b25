#include "commands/calendar.h"
#include "datadir.inc" /* made by the Makefile: PAPERBOY_DATADIR */

#include <stdlib.h>

#include "base/file.h"
#include "base/memory.h"

static char *find_in(const char *folder)
{
    char *file;

    if (!folder)
        return NULL;
    file = file_join(folder, CALENDAR_FILE);
    if (file_exists(file))
        return file;
    free(file);
    return NULL;
}

static char *find_table(const struct site *site)
{
    char *templates = site_templates_folder(site), *file;

    file = find_in(site->configuration.folder);
    if (!file)
        file = find_in(templates);
    if (!file)
        file = find_in(PAPERBOY_DATADIR "/templates");
    free(templates);
    return file;
}

int calendar_read(struct site *site, struct holiday_table *ret_holidays, struct error *error)
{
    char *file = find_table(site);
    struct buffer text;
    int result;

    *ret_holidays = (struct holiday_table){0};
    if (!file)
        return 0;
    buffer_init(&text, HOLIDAYS_BYTES);
    result = file_read(file, &text, error);
    if (result == 0)
        result = holidays_parse(file, buffer_view(&text), ret_holidays, error);
    buffer_free(&text);
    free(file);
    return result;
}
