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

static int list_all(struct site *site, struct oai_client *client, const struct wanted *wanted,
                    struct date from, oai_take take, void *user,
                    struct completeness_category *ret_categories, struct error *error)
{
    size_t failed = 0;
    bool is_down = false;

    for (size_t i = 0; i < wanted->categories.count; i++) {
        const char *name = wanted->categories.items[i];
        struct oai_report report = {0};
        char set[OAI_SET_BYTES];
        struct error problem;

        ret_categories[i] = (struct completeness_category){
            .name = name, .request = i, .answer = ANSWER_FAILED};
        if (is_down)
            continue; /* its turn comes when it is asked again */
        if (oai_find_set(view_of(name), set, &problem) < 0 ||
            oai_list_records(client, set, from, take, user, &report, &problem) < 0) {
            log_line(site->log, LOG_LEVEL_WARNING, "%s: %s; asked again later", name, problem.text);
            if (!failed++)
                *error = problem;
            is_down = problem.kind == ERROR_TEMPORARY;
        } else {
            ret_categories[i].answer = report.complete ? ANSWER_WHOLE : ANSWER_CUT;
        }
    }
    for (size_t i = 0; i < wanted->categories.count; i++)
        if (ret_categories[i].answer != ANSWER_FAILED)
            return 0;
    return failed ? -1 : 0;
}

int asking_list(struct site *site, const struct wanted *wanted, struct date from, oai_take take,
                void *user, struct completeness_category *ret_categories, struct error *error)
{
    struct pace_keeper keeper;
    struct polite_pace pace;
    struct oai_settings settings = {
        .oai = site->configuration.arxiv.oai,
        .contact = site->configuration.arxiv.contact,
        .interval_ms = site->configuration.arxiv.interval_ms,
        .timer = timer_system(),
        .pace = &pace,
    };
    struct oai_client *client;
    int result;

    pace_keeper_init(&keeper, site->store, "oai", settings.interval_ms, timer_wall(), draw, NULL);
    pace = pace_keeper_pace(&keeper);
    client = oai_client_new(&settings, error);
    if (!client)
        return -1;
    result = list_all(site, client, wanted, from, take, user, ret_categories, error);
    oai_client_free(&client);
    return result;
}
