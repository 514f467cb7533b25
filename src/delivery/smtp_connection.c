#include "delivery/smtp_connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/memory.h"
#include "delivery/smtp_dialogue.h"

enum { TURN_MS = 50, READ_BYTES = 17 * 1024, QUIT_MS = 2000, WHY_BYTES = 200 };

struct smtp_connection {
    const struct smtp_relay *relay;
    CURL *handle;
    CURLM *multi; /* of this connection alone: libcurl looks a connection up among all of one */
    int epoll;
    uint32_t id;
    int socket; /* -1 while opening */
    bool wants_write;
    enum smtp_connection_state state;
    int64_t now_ms;
    int64_t timer_ms;    /* libcurl's; -1: none */
    int64_t alive_ms;    /* the last sign of life, ours or the relay's */
    int64_t started_ms;  /* opening, or the message */
    bool is_late;

    /* While opening. */
    enum smtp_stage stage;
    struct smtp_reply reply;
    bool pipelining, has_size;
    bool timed_out;
    CURLcode code;
    char curl_text[CURL_ERROR_SIZE];

    bool is_begun;
    char why[WHY_BYTES]; /* why it was lost */
    struct smtp_dialogue dialogue;
};

static uint64_t epoll_key(const struct smtp_connection *connection, int socket)
{
    return (uint64_t)connection->id << 32 | (uint32_t)socket;
}

static void watch_socket(struct smtp_connection *connection, int socket, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.u64 = epoll_key(connection, socket)};

    if (epoll_ctl(connection->epoll, EPOLL_CTL_ADD, socket, &event) < 0 && errno == EEXIST)
        epoll_ctl(connection->epoll, EPOLL_CTL_MOD, socket, &event);
}

/* ---- opening, by libcurl ---- */

static int on_socket(CURL *handle, curl_socket_t socket, int what, void *user, void *of_socket)
{
    struct smtp_connection *connection = user;

    (void)handle, (void)of_socket;
    if (what == CURL_POLL_REMOVE)
        epoll_ctl(connection->epoll, EPOLL_CTL_DEL, socket, NULL);
    else
        watch_socket(connection, socket,
                     (what & CURL_POLL_IN ? (uint32_t)EPOLLIN : 0) |
                         (what & CURL_POLL_OUT ? (uint32_t)EPOLLOUT : 0));
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct smtp_connection *connection = user;

    (void)multi;
    connection->timer_ms = timeout_ms < 0 ? -1 : connection->now_ms + timeout_ms;
    return 0;
}

static void note_capability(struct smtp_connection *connection, struct view text)
{
    struct view word = view_slice(text, 0, view_find_char(text, ' ', 0));

    if (view_equal_nocase(word, VIEW("PIPELINING")))
        connection->pipelining = true;
    if (view_equal_nocase(word, VIEW("SIZE")))
        connection->has_size = true;
}

static size_t on_reply(char *data, size_t size, size_t count, void *user)
{
    struct smtp_connection *connection = user;
    struct view rest = {data, size * count}, line;

    connection->alive_ms = connection->now_ms;
    while (view_next_line(&rest, &line)) {
        smtp_reply_add_line(&connection->reply, line, true);
        if (connection->stage == STAGE_EHLO && view_starts_with(line, VIEW("250")))
            note_capability(connection, view_trim(view_slice(line, 4, line.size)));
    }
    return size * count;
}

/* Only the debug function sees which command a reply belongs to. */
static int on_command(CURL *handle, curl_infotype type, char *data, size_t size, void *user)
{
    struct smtp_connection *connection = user;

    (void)handle;
    if (type != CURLINFO_HEADER_OUT)
        return 0;
    connection->stage = smtp_stage_of_command((struct view){data, size}, connection->stage);
    if (connection->stage == STAGE_EHLO)
        connection->pipelining = connection->has_size = false;
    connection->reply = (struct smtp_reply){0};
    connection->alive_ms = connection->now_ms;
    return 0;
}

static int set_up(struct smtp_connection *connection, struct error *error)
{
    connection->handle = smtp_relay_handle(connection->relay);
    connection->multi = curl_multi_init();
    if (!connection->handle || !connection->multi)
        return error_set(error, ERROR_BUG, "relay %s: libcurl cannot be set up",
                         connection->relay->name);
    curl_easy_setopt(connection->handle, CURLOPT_ERRORBUFFER, connection->curl_text);
    curl_easy_setopt(connection->handle, CURLOPT_HEADERFUNCTION, on_reply);
    curl_easy_setopt(connection->handle, CURLOPT_HEADERDATA, connection);
    curl_easy_setopt(connection->handle, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(connection->handle, CURLOPT_DEBUGFUNCTION, on_command);
    curl_easy_setopt(connection->handle, CURLOPT_DEBUGDATA, connection);
    curl_multi_setopt(connection->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(connection->multi, CURLMOPT_SOCKETDATA, connection);
    curl_multi_setopt(connection->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(connection->multi, CURLMOPT_TIMERDATA, connection);
    if (curl_multi_add_handle(connection->multi, connection->handle) != CURLM_OK)
        return error_set(error, ERROR_BUG, "relay %s: libcurl cannot start",
                         connection->relay->name);
    return 0;
}

int smtp_connection_open(const struct smtp_relay *relay, int epoll, uint32_t id, int64_t now_ms,
                         struct smtp_connection **ret_connection, struct error *error)
{
    struct smtp_connection *connection = memory_new(1, sizeof(*connection));

    connection->relay = relay;
    connection->epoll = epoll;
    connection->id = id;
    connection->socket = -1;
    connection->now_ms = connection->alive_ms = connection->started_ms = now_ms;
    connection->timer_ms = now_ms;
    if (set_up(connection, error) < 0) {
        smtp_connection_close(&connection);
        return -1;
    }
    *ret_connection = connection;
    return 0;
}

/* The handle stays in its multi: curl_easy_send and _recv find the connection by it.
 * A connection that was only to be opened libcurl ends without a word. */
void smtp_connection_close(struct smtp_connection **connection)
{
    if (!*connection)
        return;
    if ((*connection)->multi && (*connection)->handle)
        curl_multi_remove_handle((*connection)->multi, (*connection)->handle);
    curl_easy_cleanup((*connection)->handle);
    curl_multi_cleanup((*connection)->multi);
    free(*connection);
    *connection = NULL;
}

static void refuse(struct smtp_connection *connection, CURLcode code)
{
    connection->code = code;
    connection->state = SMTP_REFUSED;
}

static void take_over(struct smtp_connection *connection)
{
    curl_socket_t socket = CURL_SOCKET_BAD;

    curl_easy_setopt(connection->handle, CURLOPT_VERBOSE, 0L);
    if (curl_easy_getinfo(connection->handle, CURLINFO_ACTIVESOCKET, &socket) != CURLE_OK ||
        socket == CURL_SOCKET_BAD) {
        refuse(connection, CURLE_RECV_ERROR);
        return;
    }
    connection->socket = socket;
    connection->timer_ms = -1;
    smtp_dialogue_init(&connection->dialogue, connection->pipelining, connection->has_size);
    watch_socket(connection, connection->socket, EPOLLIN);
    connection->state = SMTP_IDLE;
}

static void drive_opening(struct smtp_connection *connection, int socket, int events)
{
    CURLMsg *message;
    int running, left;

    connection->timer_ms = -1;
    curl_multi_socket_action(connection->multi, socket, events, &running);
    while (connection->state == SMTP_OPENING &&
           (message = curl_multi_info_read(connection->multi, &left)) != NULL) {
        if (message->msg != CURLMSG_DONE)
            continue;
        if (message->data.result == CURLE_OK)
            take_over(connection);
        else
            refuse(connection, message->data.result);
    }
}

/* ---- speaking ---- */

static void lose(struct smtp_connection *connection, const char *why)
{
    bool is_quiet = !smtp_dialogue_is_busy(&connection->dialogue) ||
                    connection->dialogue.has_fate;

    snprintf(connection->why, sizeof(connection->why), "%s", why);
    if (connection->state == SMTP_ANSWERED || connection->state == SMTP_LOST)
        connection->dialogue.closing = true;
    else if (connection->dialogue.has_fate && smtp_dialogue_is_busy(&connection->dialogue)) {
        /* It was refused, and only the rest of the replies is missing. */
        connection->dialogue.closing = true;
        connection->state = SMTP_ANSWERED;
    } else {
        connection->state = is_quiet ? SMTP_CLOSED : SMTP_LOST;
    }
}

static void want_write(struct smtp_connection *connection, bool wants)
{
    if (connection->wants_write == wants)
        return;
    connection->wants_write = wants;
    watch_socket(connection, connection->socket,
                 wants ? (uint32_t)EPOLLIN | (uint32_t)EPOLLOUT : (uint32_t)EPOLLIN);
}

static void write_out(struct smtp_connection *connection)
{
    struct view output;

    while ((output = smtp_dialogue_output(&connection->dialogue)).size) {
        size_t sent = 0;
        CURLcode code = curl_easy_send(connection->handle, output.data, output.size, &sent);

        if (code == CURLE_AGAIN) {
            want_write(connection, true);
            return;
        }
        if (code != CURLE_OK) {
            /* What the relay said last may be waiting: reading ends it. */
            want_write(connection, false);
            return;
        }
        connection->alive_ms = connection->now_ms;
        smtp_dialogue_wrote(&connection->dialogue, sent);
    }
    want_write(connection, false);
}

void smtp_connection_go(struct smtp_connection *connection, int64_t now_ms)
{
    connection->now_ms = connection->alive_ms = now_ms;
    connection->state = SMTP_BUSY;
    connection->is_begun = true;
    smtp_dialogue_go(&connection->dialogue);
    write_out(connection);
}

static void note_event(struct smtp_connection *connection, enum smtp_dialogue_event event)
{
    switch (event) {
    case DIALOGUE_MORE:
        break;
    case DIALOGUE_READY:
        if (connection->is_begun)
            smtp_connection_go(connection, connection->now_ms);
        else
            connection->state = SMTP_READY;
        break;
    case DIALOGUE_DONE:
        connection->state = SMTP_ANSWERED;
        break;
    case DIALOGUE_BROKEN:
        lose(connection, connection->dialogue.reply.code == 421
                             ? "the relay has ended the connection"
                             : "the relay said what is no answer");
        break;
    }
}

static bool is_gone(const struct smtp_connection *connection)
{
    return connection->state == SMTP_LOST || connection->state == SMTP_CLOSED ||
           (connection->state == SMTP_ANSWERED && connection->dialogue.closing);
}

static void read_in(struct smtp_connection *connection)
{
    char bytes[READ_BYTES];

    while (!is_gone(connection)) {
        size_t got = 0;
        CURLcode code = curl_easy_recv(connection->handle, bytes, sizeof(bytes), &got);
        struct view rest = {bytes, got};

        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || got == 0) {
            lose(connection, "the connection was lost");
            return;
        }
        connection->alive_ms = connection->now_ms;
        while (rest.size && !is_gone(connection))
            note_event(connection, smtp_dialogue_read(&connection->dialogue, &rest));
        /* A whole TLS record fits; of what comes later epoll tells. */
        if (got < sizeof(bytes))
            return;
    }
}

void smtp_connection_handle(struct smtp_connection *connection, int socket, uint32_t events,
                            int64_t now_ms)
{
    connection->now_ms = now_ms;
    if (connection->state == SMTP_OPENING) {
        drive_opening(connection, socket,
                      (events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                          (events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                          (events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0));
        return;
    }
    if (socket != connection->socket)
        return;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_in(connection);
    if (!is_gone(connection))
        write_out(connection);
}

void smtp_connection_start(struct smtp_connection *connection, const char *sender,
                           const char *recipient, struct view wire, bool is_begun,
                           int64_t now_ms)
{
    connection->now_ms = connection->alive_ms = connection->started_ms = now_ms;
    connection->is_begun = is_begun;
    connection->is_late = false;
    connection->state = SMTP_BUSY;
    smtp_dialogue_start(&connection->dialogue, sender, recipient, wire);
    write_out(connection);
}

void smtp_connection_quit(struct smtp_connection *connection, int64_t now_ms)
{
    connection->now_ms = connection->alive_ms = connection->started_ms = now_ms;
    connection->state = SMTP_BUSY;
    smtp_dialogue_quit(&connection->dialogue);
    write_out(connection);
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the relay has been silent for too long. */
static int64_t silence_ms(const struct smtp_connection *connection)
{
    const struct smtp_relay *relay = connection->relay;
    enum smtp_stage stage = connection->state == SMTP_OPENING
                                ? connection->stage
                                : smtp_dialogue_stage(&connection->dialogue);

    if (connection->state == SMTP_OPENING && connection->stage == STAGE_CONNECT)
        return connection->alive_ms +
               earlier(relay->connect_timeout_ms, smtp_relay_patience_ms(relay, stage));
    if (stage == STAGE_QUIT)
        return connection->alive_ms + QUIT_MS;
    return earlier(connection->alive_ms + smtp_relay_patience_ms(relay, stage),
                   connection->started_ms + relay->total_timeout_ms);
}

int64_t smtp_connection_deadline_ms(const struct smtp_connection *connection)
{
    int64_t deadline = INT64_MAX;

    if (connection->state == SMTP_OPENING || connection->state == SMTP_BUSY)
        deadline = silence_ms(connection);
    if (connection->state == SMTP_OPENING)
        deadline = earlier(deadline, connection->now_ms + TURN_MS);
    return connection->timer_ms >= 0 ? earlier(deadline, connection->timer_ms) : deadline;
}

static void say_late(struct smtp_connection *connection)
{
    char why[WHY_BYTES];

    snprintf(why, sizeof(why), "no answer within %lld seconds",
             (long long)((connection->now_ms - connection->alive_ms + 500) / 1000));
    connection->is_late = true;
    lose(connection, why);
}

void smtp_connection_tick(struct smtp_connection *connection, int64_t now_ms)
{
    connection->now_ms = now_ms;
    if (connection->state == SMTP_OPENING) {
        drive_opening(connection, CURL_SOCKET_TIMEOUT, 0);
        if (connection->state == SMTP_OPENING && now_ms >= silence_ms(connection)) {
            connection->timed_out = true;
            refuse(connection, CURLE_OPERATION_TIMEDOUT);
        }
    } else if (connection->state == SMTP_BUSY && now_ms >= silence_ms(connection)) {
        say_late(connection);
    }
}

enum smtp_connection_state smtp_connection_state(const struct smtp_connection *connection)
{
    return connection->state;
}

/* ---- what came of it ---- */

static int judge(const struct smtp_connection *connection, struct delivery_result *result,
                 struct error *error)
{
    smtp_dialogue_judge(&connection->dialogue, connection->why, result);
    if (result->kind != RESULT_RELAY_DOWN)
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "relay %s: wants a login (delivery.username, delivery.password_file): %s",
                     connection->relay->name, result->reply);
}

int smtp_connection_take_result(struct smtp_connection *connection,
                                struct delivery_result *ret_result, struct error *error)
{
    int result = judge(connection, ret_result, error);

    connection->state = connection->dialogue.closing ? SMTP_CLOSED : SMTP_IDLE;
    return result;
}

int smtp_connection_take_loss(const struct smtp_connection *connection,
                              struct delivery_result *ret_result, bool *ret_again,
                              struct error *error)
{
    *ret_again = !connection->is_late && !smtp_dialogue_is_handed_over(&connection->dialogue);
    return judge(connection, ret_result, error);
}

static bool is_tls_failure(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_ENGINE_INITFAILED:
        return true;
    default:
        return false;
    }
}

struct refusal {
    enum error_kind kind;
    const char *stage;
    const char *what;
    const char *why;
};

/* libcurl calls it a login that was denied. */
static bool offers_no_login(const struct smtp_connection *connection)
{
    return connection->code == CURLE_LOGIN_DENIED && connection->stage != STAGE_AUTH &&
           !smtp_reply_refuses(connection->reply.code);
}

static struct refusal find_refusal(const struct smtp_connection *connection, const char *said)
{
    bool refused = smtp_reply_refuses(connection->reply.code);
    const char *words = connection->timed_out       ? "no answer in time"
                        : connection->curl_text[0] ? connection->curl_text
                                                   : curl_easy_strerror(connection->code);
    struct refusal refusal = {
        refused && connection->reply.code >= 500 ? ERROR_CONFIGURATION : ERROR_TEMPORARY,
        smtp_stage_name(connection->stage),
        connection->stage == STAGE_CONNECT ? "cannot connect" : "session refused",
        refused ? said : words};

    if (is_tls_failure(connection->code)) {
        refusal = (struct refusal){ERROR_CONFIGURATION, "tls",
                                   "no trusted TLS connection (delivery.tls, delivery.ca_file)",
                                   words};
    } else if (offers_no_login(connection)) {
        refusal = (struct refusal){ERROR_CONFIGURATION, "auth", "offers no login",
                                   "its EHLO names no AUTH that can be used here; leave out "
                                   "delivery.username and delivery.password_file, or name the "
                                   "port that takes logins (587 or 465)"};
    } else if (connection->code == CURLE_LOGIN_DENIED) {
        refusal.kind = refused && connection->reply.code < 500 ? ERROR_TEMPORARY
                                                               : ERROR_CONFIGURATION;
        refusal.stage = "auth";
        refusal.what = "login refused (delivery.username, delivery.password_file)";
    } else if (connection->stage == STAGE_AUTH && refused) {
        refusal.what = "login refused";
    }
    return refusal;
}

int smtp_connection_failure(const struct smtp_connection *connection,
                            struct delivery_result *ret_result, struct error *error)
{
    struct delivery_result result = {.kind = RESULT_RELAY_DOWN, .code = connection->reply.code};
    struct refusal refusal;

    if (result.code)
        smtp_reply_write(&connection->reply, result.reply, sizeof(result.reply));
    snprintf(result.enhanced, sizeof(result.enhanced), "%s", connection->reply.enhanced);
    refusal = find_refusal(connection, result.reply);
    snprintf(result.stage, sizeof(result.stage), "%s", refusal.stage);
    error_set(error, refusal.kind, "relay %s: %s: %s", connection->relay->name, refusal.what,
              refusal.why);
    *ret_result = result;
    return -1;
}
