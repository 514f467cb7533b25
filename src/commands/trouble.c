#include "commands/trouble.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/bytes.h"

#define TROUBLE_FACT "sending trouble"

enum { FACT_BYTES = ERROR_TEXT_BYTES + 64 };

int trouble_find(struct site *site, struct trouble *ret_trouble, struct error *error)
{
    struct trouble trouble = {0};
    struct buffer text;
    bool found = false;
    int result, used = 0;

    buffer_init(&text, FACT_BYTES);
    result = fact_get(site->store, TROUBLE_FACT, &text, &found, error);
    if (result == 0 && found &&
        sscanf(buffer_string(&text), "%" SCNd64 " %" SCNd64 " %n", &trouble.when_utc,
               &trouble.until_utc, &used) == 2)
        snprintf(trouble.text, sizeof(trouble.text), "%s", buffer_string(&text) + used);
    buffer_free(&text);
    if (result == 0)
        *ret_trouble = trouble;
    return result;
}

int trouble_keep(struct site *site, const struct trouble *trouble, struct error *error)
{
    struct trouble before;
    struct buffer text;
    int result;

    if (trouble_find(site, &before, error) < 0)
        return -1;
    if (!trouble->text[0] && !before.text[0])
        return 0;
    buffer_init(&text, FACT_BYTES);
    if (trouble->text[0])
        buffer_printf(&text, "%" PRId64 " %" PRId64 " %s", trouble->when_utc, trouble->until_utc,
                      trouble->text);
    result = fact_put(site->store, TROUBLE_FACT, buffer_view(&text), error);
    buffer_free(&text);
    return result;
}
