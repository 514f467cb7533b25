/* A template and its context: the text before the first line of "%%" is the
 * template, the rest is JSON. Each is also every partial. */
#include <stdint.h>
#include <stdlib.h>

#include "mail/mustache.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct mustache *find_itself(void *user, struct view name)
{
    return name.size % 2 ? user : NULL;
}

static int see_name(void *user, enum mustache_name_kind kind, struct view name, size_t line)
{
    size_t *bytes = user;

    *bytes += name.size + (size_t)kind + line;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view input = {(const char *)data, size};
    size_t split = view_find(input, VIEW("\n%%\n"), 0), bytes = 0;
    struct view text = view_slice(input, 0, split);
    struct view json = view_slice(input, split + 4, size);
    struct mustache *mustache = NULL;
    struct mustache_partials partials = {find_itself, NULL};
    struct error error = {0};
    struct buffer out;
    json_t *context = json_loadb(json.data ? json.data : "", json.size, JSON_DECODE_ANY, NULL);

    buffer_init(&out, 64 * 1024);
    if (mustache_compile("fuzz", text, &mustache, &error) == 0) {
        partials.user = mustache;
        mustache_each_name(mustache, see_name, &bytes);
        if (mustache_render(mustache, context, &partials, &out, &error) < 0 && !error.text[0])
            abort();
    } else if (!error.text[0]) {
        abort();
    }
    mustache_free(&mustache);
    buffer_free(&out);
    json_decref(context);
    return 0;
}
