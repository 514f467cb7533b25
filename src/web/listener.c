#include "web/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/bytes.h"

enum { BACKLOG = 1024, FIRST_INHERITED = 3, HOST_BYTES = 256, PORT_BYTES = 6 };

struct endpoint {
    char host[HOST_BYTES]; /* empty: everywhere */
    char port[PORT_BYTES];
};

static bool copy(struct view text, char *room, size_t bytes)
{
    if (text.size >= bytes)
        return false;
    memcpy(room, text.data, text.size);
    room[text.size] = '\0';
    return true;
}

static int parse(const char *text, struct endpoint *ret_endpoint, struct error *error)
{
    struct view all = view_of(text), host, port;
    size_t colon = all.size;
    long number;

    while (colon && all.data[colon - 1] != ':')
        colon--;
    host = view_slice(all, 0, colon ? colon - 1 : 0);
    port = view_slice(all, colon, all.size);
    if (host.size && host.data[0] == '[' && host.data[host.size - 1] == ']')
        host = view_slice(host, 1, host.size - 1);
    else if (view_find_char(host, ':', 0) < host.size)
        colon = 0;
    if (!colon || !ascii_is_number(port) || !view_to_long(port, &number) || number > 65535 ||
        !copy(host, ret_endpoint->host, sizeof(ret_endpoint->host)) ||
        !copy(port, ret_endpoint->port, sizeof(ret_endpoint->port)))
        return error_set(error, ERROR_CONFIGURATION,
                         "\"%s\" is no address to listen on; those are written as "
                         "127.0.0.1:8025, [::1]:8025 or :8025",
                         text);
    return 0;
}

int listener_check(const char *text, struct error *error)
{
    struct endpoint endpoint;

    return parse(text, &endpoint, error);
}

static int open_one(const struct addrinfo *address)
{
    static const int ON = 1;
    int socket_ = socket(address->ai_family, address->ai_socktype | SOCK_CLOEXEC,
                         address->ai_protocol);
    int problem;

    if (socket_ < 0)
        return -1;
    setsockopt(socket_, SOL_SOCKET, SO_REUSEADDR, &ON, sizeof(ON));
    /* IPv4 has a socket of its own. */
    if (address->ai_family == AF_INET6)
        setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &ON, sizeof(ON));
    if (bind(socket_, address->ai_addr, address->ai_addrlen) == 0 &&
        listen(socket_, BACKLOG) == 0)
        return socket_;
    problem = errno;
    close(socket_);
    errno = problem;
    return -1;
}

int listener_open(const char *text, int ret_sockets[LISTENERS], size_t *ret_count,
                  struct error *error)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct endpoint endpoint;
    struct addrinfo *found = NULL;
    int status, problem = 0;

    *ret_count = 0;
    if (parse(text, &endpoint, error) < 0)
        return -1;
    status = getaddrinfo(*endpoint.host ? endpoint.host : NULL, endpoint.port, &hints, &found);
    if (status != 0)
        return error_set(error, ERROR_CONFIGURATION, "%s: %s", text, gai_strerror(status));
    for (const struct addrinfo *at = found; at && *ret_count < LISTENERS; at = at->ai_next) {
        int socket_ = open_one(at);

        if (socket_ >= 0)
            ret_sockets[(*ret_count)++] = socket_;
        else
            problem = errno;
    }
    freeaddrinfo(found);
    if (*ret_count)
        return 0;
    error_set_errno(error, problem, "cannot listen on %s", text);
    if (error && (problem == EADDRINUSE || problem == EADDRNOTAVAIL))
        error->kind = problem == EADDRINUSE ? ERROR_TEMPORARY : ERROR_CONFIGURATION;
    return -1;
}

static long take_number(const char *name)
{
    const char *text = getenv(name);
    long number = 0;

    if (!text || !view_to_long(view_of(text), &number))
        number = 0;
    unsetenv(name);
    return number;
}

int listener_inherit(int ret_sockets[LISTENERS], size_t *ret_count, struct error *error)
{
    long process = take_number("LISTEN_PID"), count = take_number("LISTEN_FDS");

    *ret_count = 0;
    unsetenv("LISTEN_FDNAMES");
    if (process != (long)getpid())
        return 0;
    for (long i = 0; i < count && i < LISTENERS; i++) {
        int socket_ = FIRST_INHERITED + (int)i, listens = 0;
        socklen_t size = sizeof(listens);

        if (getsockopt(socket_, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0 || !listens)
            return error_set(error, ERROR_CONFIGURATION,
                             "systemd handed over descriptor %d, which does not listen: the "
                             "socket unit needs ListenStream",
                             socket_);
        fcntl(socket_, F_SETFD, FD_CLOEXEC);
        ret_sockets[(*ret_count)++] = socket_;
    }
    return 0;
}

void listener_name(int socket_, bool is_tls, char ret_name[LISTENER_NAME_BYTES])
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);
    char host[INET6_ADDRSTRLEN] = "", port[PORT_BYTES] = "";

    if (getsockname(socket_, (struct sockaddr *)&address, &size) < 0 ||
        getnameinfo((struct sockaddr *)&address, size, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(ret_name, LISTENER_NAME_BYTES, "a local socket");
    else
        snprintf(ret_name, LISTENER_NAME_BYTES, "%s://%s%s%s:%s/", is_tls ? "https" : "http",
                 address.ss_family == AF_INET6 ? "[" : "", host,
                 address.ss_family == AF_INET6 ? "]" : "", port);
}
