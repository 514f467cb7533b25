#include "unit/loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/memory.h"

enum { REQUESTS = 32, REQUEST_BYTES = 8192 };

struct loopback {
    const struct loopback_answer *answers;
    size_t count;
    int listener, connection, wake[2], port;
    pthread_t thread;
    pthread_mutex_t lock; /* of what follows */
    char requests[REQUESTS][REQUEST_BYTES];
    size_t request_bytes; /* of the one that is being received, all of it */
    size_t request_count, connection_count;
};

static void drop_connection(struct loopback *server, bool reset)
{
    struct linger linger = {.l_onoff = 1, .l_linger = 0};

    if (server->connection < 0)
        return;
    if (reset)
        setsockopt(server->connection, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    close(server->connection);
    server->connection = -1;
}

/* Waits for the test's end, or for readable sockets; false at the end. */
static bool wait_for(struct loopback *server, bool *ret_new, bool *ret_bytes)
{
    struct pollfd polled[3] = {{.fd = server->wake[0], .events = POLLIN},
                               {.fd = server->listener, .events = POLLIN},
                               {.fd = server->connection, .events = POLLIN}};

    if (poll(polled, 3, -1) < 0 && errno != EINTR)
        return false;
    *ret_new = polled[1].revents != 0;
    *ret_bytes = polled[2].revents != 0;
    return polled[0].revents == 0;
}

/* False when the test ended or the client left in between. */
static bool send_slowly(struct loopback *server, struct view bytes, long delay_ms)
{
    const struct timespec pause = {0, delay_ms * 1000000};
    size_t step = delay_ms ? 1 : bytes.size;

    for (size_t at = 0; at < bytes.size;) {
        struct pollfd ended = {.fd = server->wake[0], .events = POLLIN};
        size_t left = bytes.size - at;
        ssize_t sent;

        if (delay_ms)
            nanosleep(&pause, NULL);
        if (poll(&ended, 1, 0) > 0)
            return false;
        sent = send(server->connection, bytes.data + at, left < step ? left : step, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

static void answer(struct loopback *server)
{
    const struct loopback_answer *next;
    size_t index;

    pthread_mutex_lock(&server->lock);
    index = server->request_count++;
    pthread_mutex_unlock(&server->lock);
    if (index >= server->count) {
        drop_connection(server, false);
        return;
    }
    next = &server->answers[index];
    if (!send_slowly(server, next->bytes, next->byte_delay_ms) || next->close || next->reset)
        drop_connection(server, next->reset);
}

/* Whether the header is there and as much behind it as its Content-Length says. */
static bool is_request_whole(const char *request, size_t bytes)
{
    const char *end = strstr(request, "\r\n\r\n"), *length = strstr(request, "Content-Length: ");
    size_t body = length && length < end ? strtoul(length + strlen("Content-Length: "), NULL, 10) : 0;

    return end && bytes >= (size_t)(end + 4 - request) + body;
}

/* Takes in what came; answers when it ends a request. */
static void receive(struct loopback *server)
{
    char bytes[4096], *request;
    size_t index, size;
    ssize_t got = recv(server->connection, bytes, sizeof bytes, 0);
    bool is_whole;

    if (got <= 0) {
        drop_connection(server, false);
        return;
    }
    pthread_mutex_lock(&server->lock);
    index = server->request_count < REQUESTS ? server->request_count : REQUESTS - 1;
    request = server->requests[index];
    size = strlen(request);
    for (ssize_t i = 0; i < got && size + 1 < REQUEST_BYTES; i++)
        request[size++] = bytes[i] ? bytes[i] : '?';
    request[size] = '\0';
    server->request_bytes += (size_t)got;
    is_whole = is_request_whole(request, server->request_bytes);
    if (is_whole)
        server->request_bytes = 0;
    pthread_mutex_unlock(&server->lock);
    if (is_whole)
        answer(server);
}

static void *serve(void *context)
{
    struct loopback *server = context;
    bool is_new = false, has_bytes = false;

    while (wait_for(server, &is_new, &has_bytes)) {
        if (has_bytes && server->connection >= 0) {
            receive(server);
        } else if (is_new) {
            drop_connection(server, false);
            server->connection = accept(server->listener, NULL, NULL);
            pthread_mutex_lock(&server->lock);
            server->request_bytes = 0;
            server->connection_count++;
            pthread_mutex_unlock(&server->lock);
        }
    }
    drop_connection(server, false);
    return NULL;
}

struct loopback *loopback_start(const struct loopback_answer *answers, size_t count)
{
    struct loopback *server = memory_new(1, sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    server->answers = answers;
    server->count = count;
    server->connection = -1;
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(server->listener >= 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
    server->port = ntohs(address.sin_port);
    assert_int_equal(pipe(server->wake), 0);
    pthread_mutex_init(&server->lock, NULL);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
    return server;
}

void loopback_stop(struct loopback **server)
{
    struct loopback *old = *server;

    assert_int_equal(write(old->wake[1], "x", 1), 1);
    pthread_join(old->thread, NULL);
    close(old->listener);
    close(old->wake[0]);
    close(old->wake[1]);
    pthread_mutex_destroy(&old->lock);
    free(old);
    *server = NULL;
}

int loopback_port(const struct loopback *server)
{
    return server->port;
}

void loopback_url(const struct loopback *server, const char *path, char ret_url[256])
{
    snprintf(ret_url, 256, "http://127.0.0.1:%d%s", server->port, path);
}

const char *loopback_request(struct loopback *server, size_t index)
{
    const char *request;

    pthread_mutex_lock(&server->lock);
    request = index < server->request_count && index < REQUESTS ? server->requests[index] : "";
    pthread_mutex_unlock(&server->lock);
    return request;
}

size_t loopback_requests(struct loopback *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->request_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}

size_t loopback_connections(struct loopback *server)
{
    size_t count;

    pthread_mutex_lock(&server->lock);
    count = server->connection_count;
    pthread_mutex_unlock(&server->lock);
    return count;
}
