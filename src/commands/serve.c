/* paperboy serve: the web side, until it is stopped. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/timer.h"
#include "commands/command.h"
#include "commands/serve_asker.h"
#include "commands/serve_feeds.h"
#include "commands/serve_kept.h"
#include "commands/serve_state.h"
#include "commands/serve_tls.h"
#include "web/listener.h"

enum {
    DESKS = 4,
    TICK_MS = 250,
    STOP_MS = 10 * 1000,
    CERTIFICATE_BYTES = 1024 * 1024,
    CLIENTS = 20000,
    POSTS_AT_ONCE = 20,
    POSTS_INTERVAL_MS = 3000,
    MAILS_AT_ONCE = 20, /* an office is one client, too */
    MAILS_INTERVAL_MS = 60 * 1000,
    KEPT_ITEMS = 600,
    KEPT_BYTES = 128 * 1024 * 1024
};

/* All that it opens. */
struct stand {
    struct serving serving;
    struct state_keeper state;
    struct feeds_keeper feeds;
    struct serve_desk desks[DESKS + 1]; /* the last is the asker's */
    void *handlers[DESKS + 1];
    size_t desk_count;
    int sockets[LISTENERS];
    size_t socket_count;
    struct buffer certificate, key;
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

static int open_sockets(struct stand *stand, struct error *error)
{
    const char *text = stand->serving.site->configuration.web.listen;

    if (listener_inherit(stand->sockets, &stand->socket_count, error) < 0)
        return -1;
    return stand->socket_count
               ? 0
               : listener_open(text, stand->sockets, &stand->socket_count, error);
}

static int open_stand(struct stand *stand, struct site *site, struct error *error)
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
    buffer_init(&stand->certificate, CERTIFICATE_BYTES);
    buffer_init(&stand->key, CERTIFICATE_BYTES);
    for (size_t i = 0; i < trusted->count; i++)
        if (web_networks_add(&stand->serving.trusted, trusted->items[i], error) < 0)
            return error_add(error, "%s: web.trusted_proxies", site->configuration.file);
    if (serve_tls_read(&site->configuration, &stand->certificate, &stand->key, error) < 0 ||
        serve_keep_files(&stand->serving, error) < 0)
        return -1;
    while (stand->desk_count < DESKS + 1)
        if (open_desk(stand, error) < 0)
            return -1;
    if (serve_sender_start(site, &stand->serving.sender, error) < 0 ||
        serve_asker_start(&stand->desks[DESKS], &stand->serving.asker, error) < 0)
        return -1;
    return open_sockets(stand, error);
}

static void close_stand(struct stand *stand)
{
    serve_asker_stop(&stand->serving.asker);
    serve_sender_stop(&stand->serving.sender);
    feeds_keeper_free(&stand->feeds);
    for (size_t i = 0; i < stand->desk_count; i++)
        close_desk(&stand->desks[i]);
    library_free(&stand->serving.library);
    serve_kept_free(&stand->serving.kept);
    state_keeper_free(&stand->state);
    web_limits_free(&stand->serving.posts);
    web_limits_free(&stand->serving.mails);
    private_feeds_free(&stand->serving.private_feeds);
    web_networks_free(&stand->serving.trusted);
    buffer_free(&stand->certificate);
    if (stand->key.data)
        explicit_bzero(stand->key.data, stand->key.size);
    buffer_free(&stand->key);
}

static void tell_where(const struct stand *stand, struct log *log, bool is_tls)
{
    char name[LISTENER_NAME_BYTES];

    for (size_t i = 0; i < stand->socket_count; i++) {
        listener_name(stand->sockets[i], is_tls, name);
        log_line(log, LOG_LEVEL_NOTICE, "serving %s", name);
    }
}

static int stay(struct stand *stand, struct log *log, struct error *error)
{
    const struct timer timer = timer_system();
    const struct web_server_options options = {
        .sockets = stand->sockets,
        .socket_count = stand->socket_count,
        .certificate = stand->certificate.size ? buffer_string(&stand->certificate) : NULL,
        .key = stand->key.size ? buffer_string(&stand->key) : NULL,
        .trusted = &stand->serving.trusted,
        .quick = serve_quick,
        .work = serve_work,
        .user = &stand->serving,
        .desks = stand->handlers,
        .desk_count = DESKS,
        .now = site_now,
    };

    tell_where(stand, log, options.certificate != NULL);
    if (web_server_start(&options, &stand->serving.server, error) < 0)
        return -1;
    while (!site_is_stopping()) {
        timer.sleep_ms(timer.context, TICK_MS);
        web_server_tick(stand->serving.server);
    }
    web_server_stop(&stand->serving.server, STOP_MS);
    return 0;
}

static int run(struct log *log, const struct options *options)
{
    struct stand stand = {0};
    struct site site = {0};
    struct error error;
    int status = EX_OK;

    if (site_open(&site, log, options->config, false, &error) < 0 ||
        site_open_templates(&site, &error) < 0 || site_open_store(&site, &error) < 0 ||
        site_open_key(&site, &error) < 0) {
        status = command_fail(log, &error);
        site_close(&site);
        return status;
    }
    site_catch_signals();
    if (open_stand(&stand, &site, &error) < 0 || stay(&stand, log, &error) < 0)
        status = command_fail(log, &error);
    close_stand(&stand);
    site_close(&site);
    return status;
}

static const struct option OPTIONS[] = {{NULL, 0}};

const struct command command_serve = {
    .name = "serve",
    .summary = "feeds, sign-up, one-click unsubscribe, archive",
    .help = "Usage: paperboy serve\n"
            "Answers HTTP at web.listen, or on the sockets that systemd hands over, until it is\n"
            "stopped: the day's papers as a page and as feeds, the days before, sign-up with a\n"
            "preview, profile pages, one-click unsubscribing, /health and /metrics.\n\n"
            "Exit status: 0 it was stopped; 75 the address is taken or the store cannot be\n"
            "reached; 78 the configuration needs mending.\n",
    .options = OPTIONS,
    .min_words = 0,
    .max_words = 0,
    .run = run,
};
