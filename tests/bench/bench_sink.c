/* bench_sink ROUND_TRIP_MS: an SMTP server that throws all mail away and is so far off.
 * It listens on a port of loopback, which it prints, and answers each command so much
 * later than it came, whatever it owes to others meanwhile; the greeting after two
 * round trips, as over a wire, where TCP's own handshake takes the first. SIGTERM ends
 * it; then it prints how many messages came, and how many bytes. What a wire would add
 * is left out: bytes are not slowed down, and TCP's window is loopback's. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { FILES_MAX = 4096, LINE_BYTES = 1024, READ_BYTES = 256 * 1024, EVENTS = 256, END_BYTES = 5 };

struct connection {
    int file; /* -1: none */
    uint32_t generation; /* answers to an earlier connection of the same number are dropped */
    bool in_body;
    char line[LINE_BYTES];
    size_t line_bytes;
    size_t end_matched; /* bytes of "\r\n.\r\n" */
};

struct answer {
    int64_t due_us;
    int file;
    uint32_t generation;
    const char *text;
};

/* All of a line wait equally long, so that the first to come is the first to go. */
struct line {
    struct answer *items;
    size_t first, count, capacity; /* a ring */
};

struct sink {
    int listener;
    int epoll;
    int64_t round_trip_us;
    struct connection connections[FILES_MAX];
    struct line greetings;
    struct line answers;
    long messages;
    long long bytes;
};

static volatile sig_atomic_t stopped;

static void on_term(int signal)
{
    (void)signal;
    stopped = 1;
}

static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void die(const char *what)
{
    perror(what);
    exit(1);
}

/* ---- what waits ---- */

static void grow(struct line *line)
{
    size_t capacity = line->capacity ? line->capacity * 2 : 1024;
    struct answer *items = malloc(capacity * sizeof(items[0]));

    if (!items)
        die("bench_sink");
    for (size_t i = 0; i < line->count; i++)
        items[i] = line->items[(line->first + i) % line->capacity];
    free(line->items);
    *line = (struct line){items, 0, line->count, capacity};
}

static void answer(struct line *line, const struct connection *connection, int64_t due_us,
                   const char *text)
{
    if (line->count == line->capacity)
        grow(line);
    line->items[(line->first + line->count++) % line->capacity] =
        (struct answer){due_us, connection->file, connection->generation, text};
}

static void hang_up(struct sink *sink, struct connection *connection)
{
    (void)sink;
    close(connection->file);
    connection->file = -1;
    connection->generation++;
}

/* Some bytes of answers always fit into a socket's buffer. */
static void send_due(struct sink *sink, struct line *line, int64_t now)
{
    while (line->count && line->items[line->first].due_us <= now) {
        const struct answer *due = &line->items[line->first];
        struct connection *connection = &sink->connections[due->file];

        line->first = (line->first + 1) % line->capacity;
        line->count--;
        if (connection->file < 0 || connection->generation != due->generation)
            continue;
        if (send(connection->file, due->text, strlen(due->text), MSG_NOSIGNAL) < 0 ||
            strncmp(due->text, "221", 3) == 0)
            hang_up(sink, connection);
    }
}

static int find_wait_ms(const struct sink *sink, int64_t now)
{
    int64_t due = INT64_MAX;

    if (sink->greetings.count)
        due = sink->greetings.items[sink->greetings.first].due_us;
    if (sink->answers.count && sink->answers.items[sink->answers.first].due_us < due)
        due = sink->answers.items[sink->answers.first].due_us;
    if (due == INT64_MAX)
        return -1;
    return due <= now ? 0 : (int)((due - now + 999) / 1000);
}

/* ---- what is said ---- */

static const char *find_answer(struct connection *connection)
{
    static const struct {
        const char *command;
        const char *text;
    } answers[] = {
        {"EHLO", "250-sink.test\r\n250-PIPELINING\r\n250 8BITMIME\r\n"},
        {"HELO", "250 sink.test\r\n"},
        {"MAIL", "250 2.1.0 Ok\r\n"},
        {"RCPT", "250 2.1.5 Ok\r\n"},
        {"DATA", "354 End data with <CR><LF>.<CR><LF>\r\n"},
        {"RSET", "250 2.0.0 Ok\r\n"},
        {"NOOP", "250 2.0.0 Ok\r\n"},
        {"QUIT", "221 2.0.0 Bye\r\n"},
    };

    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
        if (strncasecmp(connection->line, answers[i].command, 4) == 0)
            return answers[i].text;
    return "502 5.5.2 Unknown\r\n";
}

static void hear_line(struct sink *sink, struct connection *connection, int64_t now)
{
    const char *text;

    connection->line[connection->line_bytes] = '\0';
    text = find_answer(connection);
    connection->line_bytes = 0;
    /* The body may be empty: its end is then the line itself. */
    if (text[0] == '3') {
        connection->in_body = true;
        connection->end_matched = 2;
    }
    answer(&sink->answers, connection, now + sink->round_trip_us, text);
}

/* Up to the end of the body; how many bytes were taken. */
static size_t take_body(struct sink *sink, struct connection *connection, const char *data,
                        size_t size, int64_t now)
{
    static const char end[] = "\r\n.\r\n";
    size_t i = 0;

    while (i < size) {
        if (connection->end_matched == 0) {
            const char *next = memchr(data + i, '\r', size - i);

            if (!next)
                break;
            i = (size_t)(next - data);
        }
        if (data[i] == end[connection->end_matched])
            connection->end_matched++;
        else
            connection->end_matched = data[i] == '\r';
        i++;
        if (connection->end_matched == END_BYTES) {
            connection->in_body = false;
            sink->messages++;
            answer(&sink->answers, connection, now + sink->round_trip_us, "250 2.0.0 Ok\r\n");
            break;
        }
        if (connection->end_matched == 1 && i == size)
            break;
    }
    return connection->in_body ? size : i;
}

static void hear(struct sink *sink, struct connection *connection, const char *data, size_t size,
                 int64_t now)
{
    sink->bytes += (long long)size;
    for (size_t i = 0; i < size;) {
        if (connection->in_body) {
            i += take_body(sink, connection, data + i, size - i, now);
            continue;
        }
        if (connection->line_bytes + 1 < LINE_BYTES)
            connection->line[connection->line_bytes++] = data[i];
        if (data[i++] == '\n')
            hear_line(sink, connection, now);
    }
}

static void read_from(struct sink *sink, struct connection *connection, int64_t now)
{
    static char bytes[READ_BYTES];
    ssize_t got = recv(connection->file, bytes, sizeof(bytes), MSG_DONTWAIT);

    if (got > 0)
        hear(sink, connection, bytes, (size_t)got, now);
    else if (got == 0 || (errno != EAGAIN && errno != EINTR))
        hang_up(sink, connection);
}

static void welcome(struct sink *sink, int64_t now)
{
    int file = accept4(sink->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = file};
    struct connection *connection;

    if (file < 0)
        return;
    if (file >= FILES_MAX) {
        close(file);
        return;
    }
    setsockopt(file, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    connection = &sink->connections[file];
    *connection = (struct connection){.file = file, .generation = connection->generation + 1};
    epoll_ctl(sink->epoll, EPOLL_CTL_ADD, file, &event);
    answer(&sink->greetings, connection, now + 2 * sink->round_trip_us, "220 sink.test ESMTP\r\n");
}

/* ---- the server ---- */

static void listen_on_loopback(struct sink *sink)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    struct epoll_event event = {.events = EPOLLIN};

    sink->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    sink->epoll = epoll_create1(EPOLL_CLOEXEC);
    event.data.fd = sink->listener;
    if (sink->listener < 0 || sink->epoll < 0 ||
        bind(sink->listener, (struct sockaddr *)&address, size) < 0 ||
        listen(sink->listener, 1024) < 0 ||
        getsockname(sink->listener, (struct sockaddr *)&address, &size) < 0 ||
        epoll_ctl(sink->epoll, EPOLL_CTL_ADD, sink->listener, &event) < 0)
        die("bench_sink");
    printf("%d\n", (int)ntohs(address.sin_port));
    fflush(stdout);
}

static void serve(struct sink *sink)
{
    struct epoll_event events[EVENTS];

    while (!stopped) {
        int count = epoll_wait(sink->epoll, events, EVENTS, find_wait_ms(sink, now_us()));
        int64_t now = now_us();

        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == sink->listener)
                welcome(sink, now);
            else if (sink->connections[events[i].data.fd].file >= 0)
                read_from(sink, &sink->connections[events[i].data.fd], now);
        }
        now = now_us();
        send_due(sink, &sink->greetings, now);
        send_due(sink, &sink->answers, now);
    }
    printf("{\"messages\": %ld, \"bytes\": %lld}\n", sink->messages, sink->bytes);
}

int main(int argc, char **argv)
{
    static struct sink sink;
    struct rlimit files = {FILES_MAX, FILES_MAX};

    if (argc != 2) {
        fprintf(stderr, "usage: bench_sink ROUND_TRIP_MS\n");
        return 64;
    }
    sink.round_trip_us = strtol(argv[1], NULL, 10) * 1000;
    for (int i = 0; i < FILES_MAX; i++)
        sink.connections[i].file = -1;
    setrlimit(RLIMIT_NOFILE, &files);
    sigaction(SIGTERM, &(struct sigaction){.sa_handler = on_term}, NULL);
    listen_on_loopback(&sink);
    serve(&sink);
    return 0;
}
