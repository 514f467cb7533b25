#include "delivery/smtp_session.h"

#include <stdio.h>
#include <string.h>

void smtp_session_start(struct smtp_session *session, const struct message *message,
                        const struct transport_hooks *hooks)
{
    static const struct transport_hooks no_hooks = {0};

    *session = (struct smtp_session){
        .message = message,
        .hooks = hooks ? hooks : &no_hooks,
        .rest = message ? message->bytes : (struct view){0},
    };
}

static void forget_reply(struct smtp_session *session)
{
    session->code = 0;
    session->partial_code = 0;
    session->enhanced[0] = '\0';
    session->reply[0] = '\0';
}

static void note_command(struct smtp_session *session, struct view line)
{
    enum smtp_stage stage = smtp_stage_of_command(line, session->stage);

    session->quitting = stage == STAGE_QUIT;
    if (session->quitting)
        return;
    if (stage >= STAGE_MAIL)
        session->was_used = true;
    if (view_starts_with_nocase(line, VIEW("NOOP")))
        session->is_open = true;
    session->stage = stage;
    forget_reply(session);
}

static int code_of_line(struct view line)
{
    long code = 0;

    if (line.size < 3 || !view_to_long(view_slice(line, 0, 3), &code) || code < 200 || code > 599)
        return 0;
    if (line.size > 3 && line.data[3] != ' ' && line.data[3] != '-' && line.data[3] != '\r' &&
        line.data[3] != '\n')
        return 0;
    return (int)code;
}

static void note_reply_line(struct smtp_session *session, struct view line)
{
    int code = code_of_line(line);
    struct view text = view_slice(line, 4, line.size);

    if (code == 0) {
        reply_add_line(session->reply, sizeof(session->reply), line);
        return;
    }
    /* A reply after a whole one is unasked for; the last one counts. */
    if (session->code)
        forget_reply(session);
    if (!session->partial_code)
        reply_find_enhanced(code, view_trim(text), session->enhanced);
    session->partial_code = code;
    reply_add_line(session->reply, sizeof(session->reply), text);
    if (line.size > 3 && line.data[3] == '-')
        return;
    session->code = code;
    session->partial_code = 0;
    session->closing = session->closing || code == 421;
}

static size_t take_reply(char *data, size_t size, size_t count, void *user)
{
    struct view rest = {data, size * count}, line;

    while (view_next_line(&rest, &line))
        if (!((struct smtp_session *)user)->quitting)
            note_reply_line(user, line);
    return size * count;
}

static int watch(CURL *handle, curl_infotype type, char *data, size_t size, void *user)
{
    (void)handle;
    if (type == CURLINFO_HEADER_OUT)
        note_command(user, (struct view){data, size});
    return 0;
}

static size_t give_bytes(char *into, size_t size, size_t count, void *user)
{
    struct smtp_session *session = user;
    size_t room = size * count;

    if (!session->begun) {
        session->begun = true;
        session->stage = STAGE_BODY;
        forget_reply(session);
        if (session->hooks->begin && session->hooks->begin(session->hooks->user) != 0) {
            session->refused = true;
            return CURL_READFUNC_ABORT;
        }
    }
    if (room > session->rest.size)
        room = session->rest.size;
    if (room)
        memcpy(into, session->rest.data, room);
    session->rest = view_slice(session->rest, room, session->rest.size);
    if (session->rest.size == 0) {
        session->handed_over = true;
        session->stage = STAGE_END_OF_DATA;
    }
    return room;
}

static int tick(void *user, curl_off_t download_total, curl_off_t downloaded,
                curl_off_t upload_total, curl_off_t uploaded)
{
    const struct smtp_session *session = user;

    (void)download_total, (void)downloaded, (void)upload_total, (void)uploaded;
    if (session->hooks->tick)
        session->hooks->tick(session->hooks->user);
    return 0;
}

void smtp_session_attach(struct smtp_session *session, CURL *handle)
{
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, session->curl_text);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_reply);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, session);
    /* Only the debug function sees which command a reply belongs to. */
    curl_easy_setopt(handle, CURLOPT_VERBOSE, 1L);
    curl_easy_setopt(handle, CURLOPT_DEBUGFUNCTION, watch);
    curl_easy_setopt(handle, CURLOPT_DEBUGDATA, session);
    curl_easy_setopt(handle, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(handle, CURLOPT_READDATA, session);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, tick);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, session);
}

static bool is_refusal(int code)
{
    return code >= 400 && code < 600;
}

bool smtp_session_lost_connection(const struct smtp_session *session, CURLcode code)
{
    if (code == CURLE_OK || code == CURLE_OPERATION_TIMEDOUT || session->refused ||
        session->handed_over || !session->was_used)
        return false;
    return session->code == 421 || !is_refusal(session->code);
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

static const char *curl_words(const struct smtp_session *session, CURLcode code)
{
    return session->curl_text[0] ? session->curl_text : curl_easy_strerror(code);
}

static int relay_down(struct delivery_result *result, const char *stage, struct error *error,
                      enum error_kind kind, const char *relay, const char *what, const char *why)
{
    result->kind = RESULT_RELAY_DOWN;
    snprintf(result->stage, sizeof(result->stage), "%s", stage);
    return error_set(error, kind, "relay %s: %s: %s", relay, what, why);
}

/* Everything before MAIL: the relay itself cannot be used. */
static int judge_relay(const struct smtp_session *session, CURLcode code, const char *relay,
                       struct delivery_result *result, struct error *error)
{
    bool refused = is_refusal(session->code);
    const char *why = refused ? result->reply : curl_words(session, code);
    enum error_kind kind = refused && session->code >= 500 ? ERROR_CONFIGURATION : ERROR_TEMPORARY;
    const char *stage = smtp_stage_name(session->stage);

    if (is_tls_failure(code))
        return relay_down(result, "tls", error, ERROR_CONFIGURATION, relay,
                          "no trusted TLS connection (delivery.tls, delivery.ca_file)",
                          curl_words(session, code));
    if (code == CURLE_LOGIN_DENIED)
        return relay_down(result, "auth", error,
                          refused && session->code < 500 ? ERROR_TEMPORARY : ERROR_CONFIGURATION,
                          relay, "login refused (delivery.username, delivery.password_file)", why);
    if (session->stage == STAGE_AUTH && refused)
        return relay_down(result, "auth", error, kind, relay, "login refused", why);
    return relay_down(result, stage, error, kind, relay,
                      session->stage == STAGE_CONNECT ? "cannot connect" : "session refused", why);
}

static void fill_reply(const struct smtp_session *session, CURLcode code,
                       struct delivery_result *result)
{
    result->code = session->code;
    snprintf(result->enhanced, sizeof(result->enhanced), "%s", session->enhanced);
    snprintf(result->stage, sizeof(result->stage), "%s", smtp_stage_name(session->stage));
    if (session->code)
        snprintf(result->reply, sizeof(result->reply), "%d%s%.*s", session->code,
                 session->reply[0] ? " " : "", (int)sizeof(result->reply) - 8, session->reply);
    else if (code != CURLE_OK)
        snprintf(result->reply, sizeof(result->reply), "%s", curl_words(session, code));
}

static int apply_meaning(const struct smtp_session *session, const char *relay,
                         struct delivery_result *result, struct error *error)
{
    struct reply_meaning meaning =
        reply_classify(session->stage, session->code, session->enhanced, session->reply);

    result->kind = meaning.kind;
    result->suspect_relay = meaning.suspect_relay;
    if (meaning.kind == RESULT_RELAY_DOWN)
        return error_set(error, ERROR_CONFIGURATION,
                         "relay %s: wants a login (delivery.username, delivery.password_file): %s",
                         relay, result->reply);
    return 0;
}

int smtp_session_judge(const struct smtp_session *session, CURLcode code, const char *relay,
                       struct delivery_result *result, struct error *error)
{
    fill_reply(session, code, result);
    if (session->refused) {
        result->kind = RESULT_STOPPED;
        return 0;
    }
    if (code == CURLE_OK && session->code == 250 && session->stage == STAGE_END_OF_DATA) {
        result->kind = RESULT_SENT;
        return 0;
    }
    if (session->stage < STAGE_MAIL || is_tls_failure(code) || code == CURLE_LOGIN_DENIED)
        return judge_relay(session, code, relay, result, error);
    if (session->handed_over && !is_refusal(session->code)) {
        /* Whatever came, it was neither yes nor no. */
        result->kind = RESULT_UNCERTAIN;
        return 0;
    }
    return apply_meaning(session, relay, result, error);
}
