#include "commands/summary_uploads.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/process.h"
#include "store/derived.h"

static const char KIND[] = "uploads"; /* by the file's id: "UNTIL HOLDER BASE_URL" */

enum {
    NOTE_BYTES = 4096,
    HOLDER_BYTES = PROCESS_NAME_BYTES + 64,
    MONTH_SECONDS = 30 * 86400,
    MOST = 100 /* at a time */
};

int summary_uploads_note(struct site *site, const char *file, const char *holder,
                         int64_t until_utc, struct error *error)
{
    struct buffer note;
    int result;

    buffer_init(&note, NOTE_BYTES);
    buffer_printf(&note, "%" PRId64 " %s %s", until_utc, holder,
                  site->configuration.summaries.base_url);
    result = derived_put(site->store, KIND, file, buffer_view(&note), site_now(), error);
    buffer_free(&note);
    return result;
}

int summary_uploads_drop(struct site *site, const char *file, struct error *error)
{
    return derived_drop(site->store, KIND, file, error);
}

_Static_assert(HOLDER_BYTES == 192, "is_left reads one byte less");

/* At this endpoint, and nobody's any longer. */
static bool is_left(const struct site *site, const char *note)
{
    char holder[HOLDER_BYTES];
    int64_t until_utc;
    int used = 0;

    if (sscanf(note, "%" SCNd64 " %191s %n", &until_utc, holder, &used) < 2 || !used)
        return false;
    return view_equal_string(view_of(note + used), site->configuration.summaries.base_url) &&
           (site_now() >= until_utc || process_is_gone(holder));
}

static int tidy_one(struct site *site, struct endpoint *endpoint, const char *file,
                    bool *ret_goes_on, struct error *error)
{
    struct error problem;
    struct buffer note;
    bool found = false, is_ours;

    buffer_init(&note, NOTE_BYTES);
    if (derived_get(site->store, KIND, file, &note, &found, error) < 0) {
        buffer_free(&note);
        return -1;
    }
    is_ours = found && is_left(site, buffer_string(&note));
    buffer_free(&note);
    if (!is_ours)
        return 0;
    if (endpoint_delete(endpoint, file, &problem) == 0)
        return summary_uploads_drop(site, file, error);
    log_line(site->log, LOG_LEVEL_WARNING, "summaries: an uploaded PDF stays at the endpoint: %s",
             problem.text);
    *ret_goes_on = false;
    return 0;
}

int summary_uploads_tidy(struct site *site, struct endpoint *endpoint, struct error *error)
{
    char file[DERIVED_NAME_BYTES + 1] = "";
    bool found = true, goes_on = true;

    if (derived_prune(site->store, KIND, site_now() - MONTH_SECONDS, error) < 0)
        return -1;
    for (int i = 0; i < MOST && goes_on && !site_is_stopping(); i++) {
        if (derived_find_next(site->store, KIND, file, file, &found, error) < 0)
            return -1;
        if (!found)
            break;
        if (tidy_one(site, endpoint, file, &goes_on, error) < 0)
            return -1;
    }
    return 0;
}
