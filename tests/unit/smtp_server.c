#include "unit/smtp_server.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"

enum { CONNECTIONS_MAX = 256, TAKEN_MAX = 4096, RULES_MAX = 16 };

struct smtp_server {
    struct smtp_server_options options;
    int used[RULES_MAX];
    int listener;
    int port;
    gnutls_certificate_credentials_t credentials;
    pthread_t acceptor;
    sem_t is_up; /* the acceptor */
    pthread_mutex_t lock;
    pthread_t threads[CONNECTIONS_MAX];
    int sockets[CONNECTIONS_MAX];
    int connections;
    struct smtp_taken taken[TAKEN_MAX];
    size_t taken_count;
    struct buffer heard;
};

struct session {
    struct smtp_server *server;
    int number;
    int socket;
    gnutls_session_t tls; /* NULL: in the clear */
    struct buffer input;
    char sender[600];
    char recipient[600];
    bool has_sender, has_recipient; /* of the transaction that is open */
    bool over;
};

static ssize_t receive(struct session *session, char *bytes, size_t size)
{
    if (session->tls)
        return gnutls_record_recv(session->tls, bytes, size);
    return recv(session->socket, bytes, size, 0);
}

static void send_all(struct session *session, const char *bytes, size_t size)
{
    while (size && !session->over) {
        ssize_t sent = session->tls ? gnutls_record_send(session->tls, bytes, size)
                                    : send(session->socket, bytes, size, MSG_NOSIGNAL);

        if (sent <= 0)
            session->over = true;
        else
            bytes += sent, size -= (size_t)sent;
    }
}

static bool read_more(struct session *session)
{
    char chunk[16384];
    ssize_t got = receive(session, chunk, sizeof(chunk));

    if (got <= 0) {
        session->over = true;
        return false;
    }
    buffer_add(&session->input, chunk, (size_t)got);
    return true;
}

static void consume(struct session *session, size_t size)
{
    memmove(session->input.data, session->input.data + size, session->input.size - size);
    buffer_cut(&session->input, session->input.size - size);
}

static bool read_line(struct session *session, char line[2048])
{
    for (;;) {
        char *end = session->input.size ? memchr(session->input.data, '\n', session->input.size)
                                        : NULL;

        if (end) {
            size_t size = (size_t)(end - session->input.data);

            snprintf(line, 2048, "%.*s", (int)size, session->input.data);
            line[strcspn(line, "\r")] = '\0';
            consume(session, size + 1);
            return true;
        }
        if (!read_more(session))
            return false;
    }
}

/* The reply that the script has for this stage, or NULL. */
static const char *find_rule(struct session *session, const char *stage)
{
    struct smtp_server *server = session->server;
    const char *reply = NULL;

    pthread_mutex_lock(&server->lock);
    for (size_t i = 0; i < server->options.rule_count && !reply; i++) {
        const struct smtp_rule *rule = &server->options.rules[i];
        int use;

        if (strcmp(rule->stage, stage) != 0 ||
            (rule->address && !strstr(session->recipient, rule->address)))
            continue;
        use = server->used[i]++;
        if (use >= rule->skip && (!rule->times || use < rule->skip + rule->times))
            reply = rule->reply;
    }
    pthread_mutex_unlock(&server->lock);
    return reply;
}

static bool ends_in(const char *text, const char *ending)
{
    return view_ends_with(view_of(text), view_of(ending));
}

static void wait_until_gone(struct session *session)
{
    while (read_more(session))
        buffer_clear(&session->input);
}

static void play(struct session *session, const char *reply)
{
    size_t size = strlen(reply);

    if (ends_in(reply, SMTP_DROP))
        size -= strlen(SMTP_DROP);
    else if (ends_in(reply, SMTP_SILENCE))
        size -= strlen(SMTP_SILENCE);
    send_all(session, reply, size);
    if (ends_in(reply, SMTP_SILENCE))
        wait_until_gone(session);
    if (ends_in(reply, SMTP_DROP))
        session->over = true;
}

/* Says the script's reply or the usual one; true for the usual one. */
static bool say(struct session *session, const char *stage, const char *usual)
{
    const char *scripted = find_rule(session, stage);

    play(session, scripted ? scripted : usual);
    return !scripted;
}

static void start_tls(struct session *session)
{
    int result;

    gnutls_init(&session->tls, GNUTLS_SERVER);
    gnutls_set_default_priority(session->tls);
    gnutls_credentials_set(session->tls, GNUTLS_CRD_CERTIFICATE, session->server->credentials);
    gnutls_transport_set_int(session->tls, session->socket);
    do
        result = gnutls_handshake(session->tls);
    while (result < 0 && !gnutls_error_is_fatal(result));
    if (result < 0)
        session->over = true;
}

/* True once the closing dot is there; it may come alone. */
static bool read_message(struct session *session)
{
    size_t from = 0;

    for (;;) {
        struct view input = buffer_view(&session->input);

        if (view_starts_with(input, VIEW(".\r\n")))
            return true;
        from = view_find(input, VIEW("\r\n.\r\n"), from > 5 ? from - 5 : 0);
        if (from < input.size)
            return true;
        if (!read_more(session))
            return false;
    }
}

/* RFC 5321 4.5.2; takes the message and the closing dot from the input. */
static void undouble_dots(struct session *session, struct buffer *bytes)
{
    struct view input = buffer_view(&session->input);
    size_t at = 0;

    while (!view_starts_with(view_slice(input, at, input.size), VIEW(".\r\n"))) {
        size_t end = view_find(input, VIEW("\r\n"), at) + 2;

        buffer_add_view(bytes, view_slice(input, input.data[at] == '.' ? at + 1 : at, end));
        at = end;
    }
    consume(session, at + 3);
}

static void take_message(struct session *session)
{
    struct smtp_server *server = session->server;
    struct smtp_taken *taken;
    struct buffer bytes;

    if (!read_message(session))
        return;
    buffer_init(&bytes, (size_t)64 << 20);
    undouble_dots(session, &bytes);
    session->has_sender = session->has_recipient = false;
    pthread_mutex_lock(&server->lock);
    if (server->taken_count == TAKEN_MAX)
        abort();
    taken = &server->taken[server->taken_count++];
    taken->sender = memory_copy_string(session->sender);
    taken->recipient = memory_copy_string(session->recipient);
    taken->bytes.size = bytes.size;
    taken->bytes.data = buffer_steal(&bytes);
    taken->connection = session->number;
    pthread_mutex_unlock(&server->lock);
    taken->answered = say(session, "end", "250 2.0.0 taken\r\n");
}

static void take_login(struct session *session, const char *line)
{
    const char *given = strrchr(line, ' '), *scripted = find_rule(session, "auth");
    char answer[2048];

    if (scripted) {
        play(session, scripted);
        return;
    }
    if (strcmp(line, "AUTH PLAIN") == 0) {
        send_all(session, "334 \r\n", 6);
        if (!read_line(session, answer))
            return;
        given = answer;
    } else {
        given = given ? given + 1 : "";
    }
    if (session->server->options.login && strcmp(given, session->server->options.login) == 0)
        send_all(session, "235 2.7.0 in\r\n", 14);
    else
        send_all(session, "535 5.7.8 wrong password\r\n", 26);
}

static void say_ehlo(struct session *session)
{
    const struct smtp_server_options *options = &session->server->options;
    struct buffer reply;

    buffer_init(&reply, 1000);
    buffer_add_string(&reply, "250-localhost\r\n250-SIZE 50000000\r\n");
    if (options->certificate && !session->tls)
        buffer_add_string(&reply, "250-STARTTLS\r\n");
    if (options->login)
        buffer_add_string(&reply, "250-AUTH PLAIN\r\n");
    if (options->pipelining)
        buffer_add_string(&reply, "250-PIPELINING\r\n");
    buffer_add_string(&reply, "250 ENHANCEDSTATUSCODES\r\n");
    say(session, "ehlo", reply.data);
    buffer_free(&reply);
}

static void copy_path(char path[600], const char *line)
{
    const char *start = strchr(line, '<');
    const char *end = start ? strchr(start, '>') : NULL;

    if (end)
        snprintf(path, 600, "%.*s", (int)(end - start - 1), start + 1);
}

static void refuse_data(struct session *session)
{
    struct buffer nothing;

    if (session->server->options.pipelining != SMTP_EMPTY_BODY || !session->has_sender) {
        play(session, "554 5.5.1 no valid recipients\r\n");
        return;
    }
    play(session, "354 go on\r\n");
    if (!read_message(session))
        return;
    buffer_init(&nothing, (size_t)64 << 20);
    undouble_dots(session, &nothing);
    if (nothing.size)
        abort(); /* a message for nobody */
    buffer_free(&nothing);
    session->has_sender = false;
    play(session, "554 5.5.1 no valid recipients\r\n");
}

static void obey(struct session *session, const char *line)
{
    if (strncmp(line, "EHLO", 4) == 0 || strncmp(line, "HELO", 4) == 0) {
        say_ehlo(session);
    } else if (strcmp(line, "STARTTLS") == 0) {
        if (say(session, "starttls", "220 go\r\n"))
            start_tls(session);
    } else if (strncmp(line, "AUTH", 4) == 0) {
        take_login(session, line);
    } else if (strncmp(line, "MAIL", 4) == 0) {
        copy_path(session->sender, line);
        if (session->has_sender)
            play(session, "503 5.5.1 a transaction is open\r\n");
        else
            session->has_sender = say(session, "mail", "250 2.1.0 ok\r\n");
    } else if (strncmp(line, "RCPT", 4) == 0) {
        copy_path(session->recipient, line);
        if (!session->has_sender)
            play(session, "503 5.5.1 no sender\r\n");
        else
            session->has_recipient = say(session, "rcpt", "250 2.1.5 ok\r\n");
    } else if (strcmp(line, "RSET") == 0) {
        session->has_sender = session->has_recipient = false;
        play(session, "250 2.0.0 ok\r\n");
    } else if (strcmp(line, "DATA") == 0) {
        if (!session->has_recipient)
            refuse_data(session);
        else if (say(session, "data", "354 go on\r\n") && say(session, "body", ""))
            take_message(session);
    } else if (strcmp(line, "QUIT") == 0) {
        send_all(session, "221 bye\r\n", 9);
        session->over = true;
    } else {
        send_all(session, "250 2.0.0 ok\r\n", 14);
    }
}

static void *talk(void *user)
{
    struct session *session = user;
    struct smtp_server *server = session->server;
    char line[2048];

    if (server->options.tls_from_start)
        start_tls(session);
    if (!session->over)
        say(session, "greeting", "220 localhost ready\r\n");
    while (!session->over && read_line(session, line)) {
        pthread_mutex_lock(&server->lock);
        buffer_printf(&server->heard, "%s\n", line);
        pthread_mutex_unlock(&server->lock);
        obey(session, line);
    }
    if (session->tls)
        gnutls_deinit(session->tls);
    shutdown(session->socket, SHUT_RDWR);
    buffer_free(&session->input);
    free(session);
    return NULL;
}

static void *accept_all(void *user)
{
    struct smtp_server *server = user;

    sem_post(&server->is_up);
    for (;;) {
        int accepted = accept(server->listener, NULL, NULL);
        struct session *session;

        if (accepted < 0 || server->connections == CONNECTIONS_MAX)
            return NULL;
        session = memory_new(1, sizeof(*session));
        session->server = server;
        session->socket = accepted;
        buffer_init(&session->input, (size_t)64 << 20);
        pthread_mutex_lock(&server->lock);
        session->number = server->connections;
        server->sockets[server->connections] = accepted;
        pthread_create(&server->threads[server->connections], NULL, talk, session);
        server->connections++;
        pthread_mutex_unlock(&server->lock);
    }
}

struct smtp_server *smtp_server_start(const struct smtp_server_options *options)
{
    struct smtp_server *server = memory_new(1, sizeof(*server));
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);

    server->options = *options;
    pthread_mutex_init(&server->lock, NULL);
    buffer_init(&server->heard, (size_t)16 << 20);
    if (options->certificate) {
        gnutls_certificate_allocate_credentials(&server->credentials);
        if (gnutls_certificate_set_x509_key_file(server->credentials, options->certificate,
                                                 options->key, GNUTLS_X509_FMT_PEM) < 0)
            abort();
    }
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&address, size) < 0 ||
        listen(server->listener, 50) < 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &size) < 0)
        abort();
    server->port = ntohs(address.sin_port);
    sem_init(&server->is_up, 0, 0);
    pthread_create(&server->acceptor, NULL, accept_all, server);
    /* Tests fork: a thread that is being made then may hold a lock that the child would wait
     * for without an end. */
    sem_wait(&server->is_up);
    return server;
}

void smtp_server_stop(struct smtp_server *server)
{
    if (server->listener < 0)
        return;
    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    for (int i = 0; i < server->connections; i++) {
        shutdown(server->sockets[i], SHUT_RDWR);
        pthread_join(server->threads[i], NULL);
        close(server->sockets[i]);
    }
    close(server->listener);
    server->listener = -1;
}

void smtp_server_free(struct smtp_server **server)
{
    if (!*server)
        return;
    smtp_server_stop(*server);
    for (size_t i = 0; i < (*server)->taken_count; i++) {
        free((*server)->taken[i].sender);
        free((*server)->taken[i].recipient);
        free((char *)(*server)->taken[i].bytes.data);
    }
    if ((*server)->credentials)
        gnutls_certificate_free_credentials((*server)->credentials);
    buffer_free(&(*server)->heard);
    pthread_mutex_destroy(&(*server)->lock);
    free(*server);
    *server = NULL;
}

int smtp_server_port(const struct smtp_server *server)
{
    return server->port;
}

int smtp_server_connections(struct smtp_server *server)
{
    int connections;

    pthread_mutex_lock(&server->lock);
    connections = server->connections;
    pthread_mutex_unlock(&server->lock);
    return connections;
}

size_t smtp_server_taken_count(struct smtp_server *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->taken_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

const struct smtp_taken *smtp_server_taken(struct smtp_server *server, size_t index)
{
    return &server->taken[index];
}

int smtp_server_heard(struct smtp_server *server, const char *start)
{
    struct view rest, line;
    int count = 0;

    pthread_mutex_lock(&server->lock);
    rest = buffer_view(&server->heard);
    while (view_next_line(&rest, &line))
        count += view_starts_with(line, view_of(start));
    pthread_mutex_unlock(&server->lock);
    return count;
}
