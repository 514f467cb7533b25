#include "commands/asking.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/validators.h"

static uint32_t draw(void *user)
{
    (void)user;
    return site_random();
}

void asking_init_pace(struct site *site, const char *endpoint, struct pace_keeper *keeper,
                      struct polite_pace *ret_pace)
{
    pace_keeper_init(keeper, site->store, endpoint, site->configuration.arxiv.interval_ms,
                     timer_wall(), draw, NULL);
    *ret_pace = pace_keeper_pace(keeper);
}

static int find_validators(void *user, const char *url, struct arxiv_validators *ret_validators,
                           struct error *error)
{
    struct site *site = user;

    return validators_find(site->store, url, 0, ret_validators, error);
}

int asking_fetch(struct site *site, const struct strings *categories, bool only_news,
                 struct arxiv_result *ret_result, struct error *error)
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
        asking_init_pace(site, "rss", &keeper, &pace);
        settings.pace = &pace;
        settings.find_validators = only_news ? find_validators : NULL;
        settings.user = site;
    }
    client = arxiv_client_new(&settings, error);
    if (!client)
        return -1;
    result = arxiv_fetch(client, (const char *const *)categories->items, categories->count,
                         ret_result, error);
    arxiv_client_free(&client);
    return result;
}

struct asking_list {
    struct site *site;
    struct pace_keeper keeper;
    struct polite_pace pace;
    struct oai_settings settings;
    struct oai_client *client;
};

struct asking_list *asking_list_open(struct site *site, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct asking_list *asking = memory_new(1, sizeof(*asking));

    asking->site = site;
    asking_init_pace(site, "oai", &asking->keeper, &asking->pace);
    asking->settings = (struct oai_settings){
        .oai = configuration->arxiv.oai,
        .contact = configuration->arxiv.contact,
        .interval_ms = configuration->arxiv.interval_ms,
        .timer = timer_system(),
        .pace = &asking->pace,
    };
    asking->client = oai_client_new(&asking->settings, error);
    if (!asking->client)
        asking_list_close(&asking);
    return asking;
}

void asking_list_close(struct asking_list **asking)
{
    if (!*asking)
        return;
    oai_client_free(&(*asking)->client);
    free(*asking);
    *asking = NULL;
}

int asking_list_category(struct asking_list *asking, const char *category, struct date from,
                         oai_take take, void *user, bool *ret_is_whole, struct error *error)
{
    struct oai_report report;
    char set[OAI_SET_BYTES];

    if (oai_find_set(view_of(category), set, error) < 0 ||
        oai_list_records(asking->client, set, from, take, user, &report, error) < 0)
        return -1;
    *ret_is_whole = report.complete;
    return 0;
}
