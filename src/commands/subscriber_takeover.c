/* paperboy subscriber import of a whole store into the one that is configured. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "commands/subscriber.h"
#include "store/takeover.h"

/* A backup's copy, or the file itself, is named without the scheme, too. */
static bool is_database(const char *path)
{
    static const char head[] = "SQLite format 3"; /* with its NUL */
    char bytes[sizeof(head)] = {0};
    struct stat status;
    FILE *file;
    size_t size;

    /* What a pipe holds is read but once, and not here. */
    if (stat(path, &status) < 0 || !S_ISREG(status.st_mode))
        return false;
    file = fopen(path, "re");
    size = file ? fread(bytes, 1, sizeof(bytes), file) : 0;
    if (file)
        fclose(file);
    return size == sizeof(head) && memcmp(bytes, head, sizeof(head)) == 0;
}

char *subscriber_find_store(const char *word)
{
    static const char *const schemes[] = {"sqlite:", "postgresql://", "postgres://"};
    struct view name = view_of(word);
    struct buffer url;

    buffer_init(&url, 1 << 16);
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (view_starts_with(name, view_of(schemes[i])))
            buffer_add_view(&url, name);
    if (!url.size && is_database(word))
        buffer_printf(&url, "sqlite:%s", word);
    return url.size ? buffer_steal(&url) : NULL;
}

int subscriber_take_over(struct site *site, const char *url)
{
    static const struct store_options existing = {.must_exist = true};
    struct taken_over taken;
    struct store *from = NULL;
    struct error error;
    int status = EX_OK;

    if (site_open_store(site, &error) < 0 || store_open(url, &existing, &from, &error) < 0)
        return command_fail(site->log, &error);
    if (store_take_over(site->store, from, site_now(), &taken, &error) < 0) {
        status = command_fail(site->log, &error);
        if (error.kind == ERROR_CONFLICT)
            status = EX_CANTCREAT;
    } else {
        log_line(site->log, LOG_LEVEL_NOTICE,
                 "taken over: %lld editions with %lld papers, %lld deliveries and what they have "
                 "shown, %lld suppressions, %lld profiles; let nobody work with the old store any more",
                 (long long)taken.editions, (long long)taken.papers, (long long)taken.deliveries,
                 (long long)taken.suppressions, (long long)taken.profiles);
    }
    store_close(&from);
    return status;
}
