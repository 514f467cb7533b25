#include "commands/asking.h"

#include "store/pace_keeper.h"

static uint32_t draw(void *user)
{
    (void)user;
    return site_random();
}

int asking_fetch(struct site *site, const struct strings *categories, struct arxiv_result *ret_result,
                 struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct pace_keeper keeper;
    struct polite_pace pace;
    struct arxiv_settings settings = {
        .rss = configuration->arxiv.rss,
        .contact = configuration->arxiv.contact,
        .interval_ms = configuration->arxiv.interval_ms,
        .timer = timer_system(),
    };
    struct arxiv_client *client;
    int result;

    if (site->store) {
        pace_keeper_init(&keeper, site->store, "rss", settings.interval_ms, timer_wall(), draw,
                         NULL);
        pace = pace_keeper_pace(&keeper);
        settings.pace = &pace;
    }
    client = arxiv_client_new(&settings, error);
    if (!client)
        return -1;
    result = arxiv_fetch(client, (const char *const *)categories->items, categories->count,
                         ret_result, error);
    arxiv_client_free(&client);
    return result;
}
