/* `run` looks every quarter of an hour whether there is something to publish: one read. */
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/file.h"
#include "commands/publish.h"
#include "store/changes.h"
#include "store/editions.h"

#define PUBLISHED_FACT "published"

enum { STATE_BYTES = 8192 };

/* Its name and when it was changed last. */
static void add_file(struct buffer *state, const char *path)
{
    struct stat status = {0};

    if (path)
        (void)stat(path, &status);
    buffer_printf(state, " %" PRId64 ".%ld %s", (int64_t)status.st_mtim.tv_sec,
                  status.st_mtim.tv_nsec, path ? path : "");
}

/* What a publication is made of, in a line: the editions, the program, the folder, and the
 * files that say what it looks like. */
static int make_state(struct site *site, struct buffer *state, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    char *templates = site_templates_folder(site);
    int64_t change;
    int result = store_change_find(site->store, CHANGE_EDITIONS, &change, error);

    if (result == 0) {
        buffer_printf(state, "%" PRId64 " " PAPERBOY_VERSION " %s", change,
                      configuration->publish.folder);
        add_file(state, configuration->publish.profile);
        add_file(state, configuration->file);
        add_file(state, templates);
    }
    free(templates);
    return result;
}

static int find_news(struct site *site, const struct buffer *state, bool *ret_is_new,
                     struct error *error)
{
    struct buffer last;
    bool found = false;
    int result;

    buffer_init(&last, STATE_BYTES);
    result = fact_get(site->store, PUBLISHED_FACT, &last, &found, error);
    if (result == 0)
        *ret_is_new = !found || !view_equal(buffer_view(&last), buffer_view(state)) ||
                      !file_exists(site->configuration.publish.folder);
    buffer_free(&last);
    return result;
}

static int publish_now(struct site *site, const struct buffer *state, struct error *error)
{
    struct published published;

    if (publish_stored(site, site->configuration.publish.folder, (struct date){0}, &published,
                       error) < 0)
        return error->kind == ERROR_MISSING ? 0 : -1; /* no edition yet */
    if (published.written)
        publish_log(site, site->configuration.publish.folder, &published);
    return fact_put(site->store, PUBLISHED_FACT, buffer_view(state), error);
}

int publish_news(struct site *site, struct error *error)
{
    struct buffer state;
    bool is_new = false;
    int result;

    buffer_init(&state, STATE_BYTES);
    result = make_state(site, &state, error);
    if (result == 0)
        result = find_news(site, &state, &is_new, error);
    if (result == 0 && is_new)
        result = publish_now(site, &state, error);
    buffer_free(&state);
    return result < 0 ? error_add(error, "publish") : 0;
}
