/* paperboy serve: the web side, until it is stopped. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/timer.h"
#include "commands/command.h"
#include "commands/serve_stand.h"
#include "commands/serve_tls.h"
#include "web/listener.h"

enum { TICK_MS = 250, STOP_MS = 10 * 1000, CERTIFICATE_BYTES = 1024 * 1024 };

/* All that it opens. */
struct server {
    struct stand stand;
    int sockets[LISTENERS];
    size_t socket_count;
    struct buffer certificate, key;
};

static int open_sockets(struct server *server, struct error *error)
{
    const char *text = server->stand.serving.site->configuration.web.listen;

    if (listener_inherit(server->sockets, &server->socket_count, error) < 0)
        return -1;
    return server->socket_count
               ? 0
               : listener_open(text, server->sockets, &server->socket_count, error);
}

static void tell_where(const struct server *server, struct log *log, bool is_tls)
{
    char name[LISTENER_NAME_BYTES];

    for (size_t i = 0; i < server->socket_count; i++) {
        listener_name(server->sockets[i], is_tls, name);
        log_line(log, LOG_LEVEL_NOTICE, "serving %s", name);
    }
}

static int stay(struct server *server, struct log *log, struct error *error)
{
    const struct timer timer = timer_system();
    const struct web_server_options options = {
        .sockets = server->sockets,
        .socket_count = server->socket_count,
        .certificate = server->certificate.size ? buffer_string(&server->certificate) : NULL,
        .key = server->key.size ? buffer_string(&server->key) : NULL,
        .trusted = &server->stand.serving.trusted,
        .quick = serve_quick,
        .work = serve_work,
        .user = &server->stand.serving,
        .desks = server->stand.handlers,
        .desk_count = STAND_DESKS,
        .now = site_now,
    };

    if (web_server_start(&options, &server->stand.serving.server, error) < 0)
        return -1;
    tell_where(server, log, options.certificate != NULL);
    while (!site_is_stopping()) {
        timer.sleep_ms(timer.context, TICK_MS);
        web_server_tick(server->stand.serving.server);
    }
    web_server_stop(&server->stand.serving.server, STOP_MS);
    return 0;
}

static int open_server(struct server *server, struct site *site, struct error *error)
{
    buffer_init(&server->certificate, CERTIFICATE_BYTES);
    buffer_init(&server->key, CERTIFICATE_BYTES);
    if (serve_tls_read(&site->configuration, &server->certificate, &server->key, error) < 0 ||
        stand_open(&server->stand, site, error) < 0)
        return -1;
    return open_sockets(server, error);
}

static void close_server(struct server *server)
{
    stand_close(&server->stand);
    buffer_free(&server->certificate);
    if (server->key.data)
        explicit_bzero(server->key.data, server->key.size);
    buffer_free(&server->key);
}

static int run(struct log *log, const struct options *options)
{
    struct server server = {0};
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
    if (open_server(&server, &site, &error) < 0 || stay(&server, log, &error) < 0)
        status = command_fail(log, &error);
    close_server(&server);
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
