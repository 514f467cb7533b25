#include "web/server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timer.h"
#include "web/form.h"
#include "web/framing.h"
#include "web/server_type.h"

enum {
    MOST_CONNECTIONS = 4096,
    OTHER_DESCRIPTORS = 128, /* store, templates, profiles, one for each daemon's own use */
    CONNECTION_BYTES = 24 * 1024, /* a request's header and what of its body is read at once */
    TARGET_BYTES = 8 * 1024,
    THREADS = 4,
    STOP_STEP_MS = 20
};

/* Older ones are not to be used any more (RFC 8996); GnuTLS still would. */
static const char TLS_VERSIONS[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";

/* ---- connections ---- */

static void peer_name(const struct sockaddr *address, char ret_name[WEB_CLIENT_BYTES])
{
    socklen_t size = address->sa_family == AF_INET    ? sizeof(struct sockaddr_in)
                     : address->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                      : 0;

    if (address->sa_family == AF_UNIX)
        snprintf(ret_name, WEB_CLIENT_BYTES, WEB_CLIENT_LOCAL);
    else if (!size || getnameinfo(address, size, ret_name, WEB_CLIENT_BYTES, NULL, 0,
                                  NI_NUMERICHOST) != 0)
        snprintf(ret_name, WEB_CLIENT_BYTES, "unknown");
}

static void connection_peer(struct MHD_Connection *connection, char ret_name[WEB_CLIENT_BYTES])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);

    if (info && info->client_addr)
        peer_name(info->client_addr, ret_name);
    else
        snprintf(ret_name, WEB_CLIENT_BYTES, "unknown");
}

/* What a connection has from its begin to its end. The library tells of the end of no
 * request whose target it could not keep, so the exchange is remembered here, too. */
struct line {
    struct guard_connection *guarded;
    struct exchange *exchange; /* that has not been completed */
};

static void free_exchange(struct exchange **exchange)
{
    struct exchange *old = *exchange;

    *exchange = NULL;
    if (!old)
        return;
    web_answer_free(&old->answer);
    buffer_free(&old->body);
    arena_free(&old->arena);
    free(old->target);
    free(old);
}

static void begin_connection(struct web_server *server, struct MHD_Connection *connection,
                             struct line **ret_line)
{
    struct guard_connection *guarded;
    char peer[WEB_CLIENT_BYTES], group[WEB_CLIENT_BYTES];
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    bool is_proxy;

    if (!info)
        return;
    connection_peer(connection, peer);
    is_proxy = web_networks_have(server->options.trusted, peer);
    web_client_group(peer, group);
    guarded = guard_begin(server->guard, info->connect_fd, is_proxy ? NULL : group,
                          timer_steady_ms());
    if (!guarded) {
        shutdown(info->connect_fd, SHUT_RDWR);
        return;
    }
    *ret_line = memory_new(1, sizeof(**ret_line));
    (*ret_line)->guarded = guarded;
}

static void on_connection(void *user, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct web_server *server = user;
    struct line *line = *context;

    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        begin_connection(server, connection, &line);
        *context = line;
    } else if (line) {
        guard_end(server->guard, &line->guarded);
        free_exchange(&line->exchange);
        free(line);
        *context = NULL;
    }
}

/* NULL: it was refused. */
static struct line *line_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

    return info && info->socket_context ? info->socket_context : NULL;
}

/* ---- requests ---- */

/* The target as it was sent: the library would decode it its own way. */
static void *on_target(void *user, const char *target, struct MHD_Connection *connection)
{
    struct line *line = line_of(connection);
    struct exchange *exchange;

    (void)user;
    if (!line)
        return NULL;
    free_exchange(&line->exchange);
    line->exchange = exchange = memory_new(1, sizeof(*exchange));
    exchange->connection = connection;
    exchange->target = memory_copy_string(target);
    exchange->arena = arena_new();
    buffer_init(&exchange->body, WEB_BODY_BYTES);
    web_answer_init(&exchange->answer);
    return exchange;
}

static void on_completed(void *user, struct MHD_Connection *connection, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct web_server *server = user;
    struct exchange *exchange = *context;
    struct line *line = line_of(connection);

    (void)code;
    *context = NULL;
    if (!exchange || !line)
        return;
    if (exchange->state != EXCHANGE_ANSWERED)
        atomic_fetch_add(&server->by_class[0], 1);
    if (exchange->state != EXCHANGE_NEW)
        guard_waits(server->guard, line->guarded, timer_steady_ms());
    free_exchange(&line->exchange);
}

static struct view header(const struct exchange *exchange, const char *name)
{
    return view_of(MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, name));
}

/* A header may come several times; all its values in their order. */
struct joining {
    const char *name;
    struct buffer text;
};

static enum MHD_Result join(void *user, enum MHD_ValueKind kind, const char *name,
                            const char *value)
{
    struct joining *joining = user;

    (void)kind;
    if (value && view_equal_nocase(view_of(name), view_of(joining->name))) {
        if (joining->text.size)
            buffer_add_char(&joining->text, ',');
        buffer_add_string(&joining->text, value);
    }
    return MHD_YES;
}

static void find_client(const struct web_server *server, struct exchange *exchange)
{
    struct joining forwarded = {.name = "X-Forwarded-For"};
    char peer[WEB_CLIENT_BYTES];
    bool is_proxy;

    connection_peer(exchange->connection, peer);
    is_proxy = web_networks_have(server->options.trusted, peer);
    buffer_init(&forwarded.text, CONNECTION_BYTES);
    if (is_proxy)
        MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, join, &forwarded);
    web_client_find(server->options.trusted, peer, buffer_view(&forwarded.text),
                    exchange->client);
    buffer_free(&forwarded.text);
    web_client_group(exchange->client, exchange->group);
    exchange->request.client = exchange->client;
    exchange->request.is_secure =
        server->options.certificate != NULL ||
        (is_proxy && view_equal_nocase(header(exchange, "X-Forwarded-Proto"), VIEW("https")));
}

/* "gzip;q=0" refuses it (RFC 9110 12.5.3). */
static bool takes_gzip(struct view accepted)
{
    struct view item;

    while (view_next_part(&accepted, ',', &item)) {
        size_t end = view_find_char(item, ';', 0);
        struct view weight = view_trim(view_slice(item, end + 1, item.size));

        if (!view_equal_nocase(view_trim(view_slice(item, 0, end)), VIEW("gzip")))
            continue;
        return !(view_starts_with_nocase(weight, VIEW("q=0")) &&
                 view_find_any(weight, &(struct byte_set){.has = {['1'] = 1, ['2'] = 1, ['3'] = 1,
                                                                  ['4'] = 1, ['5'] = 1, ['6'] = 1,
                                                                  ['7'] = 1, ['8'] = 1, ['9'] = 1}},
                               0) == weight.size);
    }
    return false;
}

static enum MHD_Result see_header(void *user, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    (void)kind;
    web_framing_see(user, view_of(name), view_of(value));
    return MHD_YES;
}

static unsigned judge_framing(const struct exchange *exchange, const char *version)
{
    struct web_framing framing = {0};

    MHD_get_connection_values(exchange->connection, MHD_HEADER_KIND, see_header, &framing);
    return web_framing_judge(&framing, version);
}

static enum web_method method_of(const char *name)
{
    return strcmp(name, "GET") == 0    ? WEB_GET
           : strcmp(name, "HEAD") == 0 ? WEB_HEAD
           : strcmp(name, "POST") == 0 ? WEB_POST
                                       : WEB_OTHER;
}

/* All but the form. False: it is no request that we would answer. */
static bool read_head(const struct web_server *server, struct exchange *exchange,
                      const char *method)
{
    struct web_request *request = &exchange->request;
    struct view authority, path;
    struct view target = web_framing_origin_form(view_of(exchange->target), &authority);
    size_t question = view_find_char(target, '?', 0);

    request->method = method_of(method);
    request->arena = exchange->arena;
    request->now_utc = server->options.now();
    request->host = authority.size ? authority : header(exchange, "Host");
    request->origin = header(exchange, "Origin");
    request->fetch_site = header(exchange, "Sec-Fetch-Site");
    request->if_none_match = header(exchange, "If-None-Match");
    request->if_modified_since = header(exchange, "If-Modified-Since");
    request->takes_gzip = takes_gzip(header(exchange, "Accept-Encoding"));
    find_client(server, exchange);
    request->query = web_form_read(view_slice(target, question + 1, target.size),
                                   exchange->arena);
    path = view_slice(target, 0, question);
    if (authority.size && !path.size)
        path = VIEW("/");
    return web_path_read(path, exchange->arena, &request->path);
}

static void read_form(struct exchange *exchange)
{
    struct web_request *request = &exchange->request;
    struct view boundary, body = buffer_view(&exchange->body);

    switch (web_form_recognise(header(exchange, "Content-Type"), &boundary)) {
    case WEB_FORM_NONE: return;
    case WEB_FORM_URLENCODED: request->form = web_form_read(body, exchange->arena); break;
    case WEB_FORM_MULTIPART:
        request->form = web_form_read_multipart(body, boundary, exchange->arena);
        break;
    }
    request->is_form = true;
}

static enum MHD_Result refuse(struct web_server *server, struct exchange *exchange,
                              unsigned status, const char *text)
{
    web_answer_plain(&exchange->answer, status, text);
    return reply_send(server, exchange);
}

static enum MHD_Result begin_request(struct web_server *server, struct exchange *exchange,
                                     const char *method, const char *version)
{
    unsigned bad_framing;
    struct line *line = line_of(exchange->connection);
    struct view length = header(exchange, "Content-Length");
    long bytes = 0;

    if (!line)
        return MHD_NO;
    exchange->state = EXCHANGE_READING;
    guard_busy(server->guard, line->guarded, timer_steady_ms());
    atomic_fetch_add(&server->requests, 1);
    bad_framing = judge_framing(exchange, version);
    if (bad_framing) {
        exchange->is_last = true;
        return refuse(server, exchange, bad_framing, "where this request ends is not clear");
    }
    if (strlen(exchange->target) > TARGET_BYTES)
        return refuse(server, exchange, MHD_HTTP_URI_TOO_LONG, "this address is too long");
    if (!read_head(server, exchange, method))
        return refuse(server, exchange, MHD_HTTP_BAD_REQUEST, "there is no such address");
    if (exchange->request.method == WEB_OTHER) {
        exchange->answer.allow = "GET, HEAD, POST";
        return refuse(server, exchange, MHD_HTTP_METHOD_NOT_ALLOWED,
                      "only GET, HEAD and POST are answered");
    }
    if (length.size && (!view_to_long(length, &bytes) || bytes > WEB_BODY_BYTES))
        return refuse(server, exchange, MHD_HTTP_CONTENT_TOO_LARGE, "this form is too large");
    return MHD_YES;
}

static enum MHD_Result answer_request(struct web_server *server, struct exchange *exchange)
{
    const struct web_server_options *options = &server->options;

    if (exchange->body.failed)
        return refuse(server, exchange, MHD_HTTP_CONTENT_TOO_LARGE, "this form is too large");
    if (exchange->request.method == WEB_POST)
        read_form(exchange);
    if (options->quick && options->quick(options->user, &exchange->request, &exchange->answer))
        return reply_send(server, exchange);
    exchange->state = EXCHANGE_WORKED;
    if (desks_take(server, exchange))
        return MHD_YES;
    exchange->answer.retry_after_seconds = 5;
    return refuse(server, exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                  "too many are being served; come again in some seconds");
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection,
                                  const char *url, const char *method, const char *version,
                                  const char *data, size_t *data_bytes, void **context)
{
    struct web_server *server = user;
    struct exchange *exchange = *context;

    (void)connection;
    (void)url;
    if (!exchange)
        return MHD_NO; /* refused */
    switch (exchange->state) {
    case EXCHANGE_NEW: return begin_request(server, exchange, method, version);
    case EXCHANGE_READING:
        if (!*data_bytes)
            return answer_request(server, exchange);
        buffer_add(&exchange->body, data, *data_bytes);
        *data_bytes = 0;
        return MHD_YES;
    case EXCHANGE_WORKED: return reply_send(server, exchange);
    case EXCHANGE_ANSWERED: break;
    }
    *data_bytes = 0;
    return MHD_YES;
}

/* ---- the server ---- */

/* As many as there are descriptors for. */
static size_t most_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return 256;
    if (limit.rlim_cur < limit.rlim_max && limit.rlim_cur < MOST_CONNECTIONS * 2) {
        limit.rlim_cur = limit.rlim_max < MOST_CONNECTIONS * 2 ? limit.rlim_max
                                                               : MOST_CONNECTIONS * 2;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
            getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur < 2 * OTHER_DESCRIPTORS)
        return OTHER_DESCRIPTORS / 2;
    return limit.rlim_cur - OTHER_DESCRIPTORS < MOST_CONNECTIONS
               ? limit.rlim_cur - OTHER_DESCRIPTORS
               : MOST_CONNECTIONS;
}

static size_t thread_count(const struct web_server_options *options)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (options->threads)
        return options->threads;
    return processors < 1 ? 1 : processors > THREADS ? THREADS : (size_t)processors;
}

static struct MHD_Daemon *start_daemon(struct web_server *server, int socket_, size_t connections)
{
    const struct web_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME |
                     MHD_USE_ERROR_LOG | (options->certificate ? MHD_USE_TLS : 0);
    size_t threads = thread_count(options);
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_VERSIONS},
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)options->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)options->key},
        {MHD_OPTION_END, 0, NULL},
    };
    struct MHD_OptionItem pool[] = {
        {MHD_OPTION_THREAD_POOL_SIZE, (intptr_t)threads, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    /* The logger comes first, as the library asks for. */
    return MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, server_ignore_line, NULL,
        MHD_OPTION_LISTEN_SOCKET, socket_, MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(GUARD_REQUEST_MS / 1000),
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_URI_LOG_CALLBACK, on_target, server,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, server, MHD_OPTION_ARRAY, threads > 1 ? pool : pool + 1,
        MHD_OPTION_ARRAY, options->certificate ? tls : tls + 3, MHD_OPTION_END);
}

int web_server_start(const struct web_server_options *options, struct web_server **ret_server,
                     struct error *error)
{
    struct web_server *server = memory_new(1, sizeof(*server));
    /* Each socket has its share, and that of one may be taken while others are idle. */
    size_t connections = most_connections() / (options->socket_count ? options->socket_count : 1);

    server->options = *options;
    server->guard = guard_new(connections);
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->arrived, NULL);
    desks_start(server);
    *ret_server = server; /* before any thread may look for it */
    for (size_t i = 0; i < options->socket_count; i++) {
        struct MHD_Daemon *daemon =
            start_daemon(server, options->sockets[i], connections);

        if (!daemon) {
            for (size_t j = i; j < options->socket_count; j++)
                close(options->sockets[j]);
            web_server_stop(ret_server, 0);
            return error_set(error, ERROR_CONFIGURATION, "the web server does not start%s",
                             options->certificate ? ": its certificate and key do not fit, or are "
                                                    "not PEM"
                                                  : "");
        }
        server->daemons[server->daemon_count++] = daemon;
    }
    return 0;
}

void web_server_tick(struct web_server *server)
{
    guard_tick(server->guard, timer_steady_ms());
}

void web_server_stop(struct web_server **server, int64_t wait_ms)
{
    const struct timer timer = timer_system();
    struct web_server *old = *server;
    int64_t end_ms = timer_steady_ms() + wait_ms;

    if (!old)
        return;
    /* The listening sockets come back and are closed: nobody waits in their queue. */
    for (size_t i = 0; i < old->daemon_count; i++) {
        int socket_ = MHD_quiesce_daemon(old->daemons[i]);

        if (socket_ >= 0)
            close(socket_);
    }
    while (guard_quiesce(old->guard) && timer_steady_ms() < end_ms)
        timer.sleep_ms(timer.context, STOP_STEP_MS);
    desks_stop(old);
    for (size_t i = 0; i < old->daemon_count; i++)
        MHD_stop_daemon(old->daemons[i]);
    guard_free(&old->guard);
    pthread_cond_destroy(&old->arrived);
    pthread_mutex_destroy(&old->lock);
    free(old->desks);
    free(old);
    *server = NULL;
}

struct web_server_counts web_server_count(struct web_server *server)
{
    struct web_server_counts counts = {0};

    if (!server)
        return counts;
    counts.guard = guard_count(server->guard);
    counts.requests = atomic_load(&server->requests);
    counts.turned_away = atomic_load(&server->turned_away);
    for (size_t i = 0; i < sizeof(counts.by_class) / sizeof(*counts.by_class); i++)
        counts.by_class[i] = atomic_load(&server->by_class[i]);
    pthread_mutex_lock(&server->lock);
    counts.waiting = server->waiting;
    pthread_mutex_unlock(&server->lock);
    return counts;
}
