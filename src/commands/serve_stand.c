#include "commands/serve_stand.h"

#include "base/file.h"
#include "commands/serve_asker.h"
#include "commands/serve_kept.h"
#include "commands/serve_sender.h"

enum {
    CLIENTS = 20000,
    POSTS_AT_ONCE = 20,
    POSTS_INTERVAL_MS = 3000,
    MAILS_AT_ONCE = 20, /* an office is one client, too */
    MAILS_INTERVAL_MS = 60 * 1000,
    KEPT_ITEMS = 600,
    KEPT_BYTES = 128 * 1024 * 1024
};

static int open_desk(struct stand *stand, struct error *error)
{
    struct serve_desk *desk = &stand->desks[stand->desk_count];

    desk->serving = &stand->serving;
    desk->site = *stand->serving.site;
    desk->site.store = NULL;
    if (site_open_store(&desk->site, error) < 0)
        return -1;
    composer_init_sharing(&desk->composer, &desk->site, &stand->serving.library);
    stand->handlers[stand->desk_count++] = desk;
    if (profile_source_open(&desk->site, &desk->source, error) < 0 ||
        (desk->source.folder && file_make_folder(desk->source.folder, 0700, error) < 0))
        return -1;
    desk->people = (struct inbox){
        .site = &desk->site,
        .source = desk->source,
        .options = {.inbox = view_of(desk->site.configuration.inbox.address)},
        .composer = &desk->composer,
    };
    return 0;
}

static void close_desk(struct serve_desk *desk)
{
    tag_book_free(&desk->people.book);
    composer_free(&desk->composer);
    store_close(&desk->site.store);
}

int stand_open(struct stand *stand, struct site *site, struct error *error)
{
    const struct strings *trusted = &site->configuration.web.trusted_proxies;

    stand->serving.site = site;
    stand->serving.started_utc = site_now();
    stand->serving.base_url = site->configuration.web.base_url;
    stand->serving.posts = web_limits_new(CLIENTS, POSTS_AT_ONCE, POSTS_INTERVAL_MS);
    stand->serving.mails = web_limits_new(CLIENTS, MAILS_AT_ONCE, MAILS_INTERVAL_MS);
    stand->serving.private_feeds = private_feeds_new();
    stand->serving.kept = serve_kept_new(KEPT_ITEMS, KEPT_BYTES);
    state_keeper_init(&stand->state);
    stand->serving.state = &stand->state;
    feeds_keeper_init(&stand->feeds);
    stand->serving.feeds = &stand->feeds;
    library_init(&stand->serving.library);
    buffer_init(&stand->serving.missing, WEB_ANSWER_BYTES);
    for (size_t i = 0; i < trusted->count; i++)
        if (web_networks_add(&stand->serving.trusted, trusted->items[i], error) < 0)
            return error_add(error, "%s: web.trusted_proxies", site->configuration.file);
    if (serve_keep_files(&stand->serving, error) < 0)
        return -1;
    while (stand->desk_count < STAND_DESKS + 1)
        if (open_desk(stand, error) < 0)
            return -1;
    if (serve_make_missing(&stand->desks[0], error) < 0)
        return -1;
    if (serve_sender_start(site, &stand->serving.sender, error) < 0)
        return -1;
    return serve_asker_start(&stand->desks[STAND_DESKS], &stand->serving.asker, error);
}

void stand_close(struct stand *stand)
{
    serve_asker_stop(&stand->serving.asker);
    serve_sender_stop(&stand->serving.sender);
    feeds_keeper_free(&stand->feeds);
    for (size_t i = 0; i < stand->desk_count; i++)
        close_desk(&stand->desks[i]);
    library_free(&stand->serving.library);
    buffer_free(&stand->serving.missing);
    serve_kept_free(&stand->serving.kept);
    state_keeper_free(&stand->state);
    web_limits_free(&stand->serving.posts);
    web_limits_free(&stand->serving.mails);
    private_feeds_free(&stand->serving.private_feeds);
    web_networks_free(&stand->serving.trusted);
}
