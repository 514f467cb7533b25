#include "inbox/imap_wire.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/loopback.h"
#include "base/memory.h"
#include "base/timer.h"

enum { CONNECT_SECONDS = 30, TIMEOUT_SECONDS = 60, STREAM_BYTES = 16 * 1024, NAP_MS = 500,
       SAID_BYTES = 300 };

struct imap_wire {
    CURL *curl;
    curl_socket_t socket;
    bool is_greeted;
    int64_t deadline_ms;
    size_t bytes_left;
    char kept; /* read while waiting */
    bool has_kept;
    const char *problem;
};

/* ---- reading and writing ---- */

static ssize_t fail(struct imap_wire *wire, const char *problem)
{
    wire->problem = problem;
    return -1;
}

/* False: the deadline is over. */
static bool wait_socket(const struct imap_wire *wire, short events)
{
    struct pollfd item = {.fd = wire->socket, .events = events};
    int64_t left = wire->deadline_ms - timer_steady_ms();

    if (left <= 0)
        return false;
    return poll(&item, 1, (int)left) > 0 || errno == EINTR;
}

static ssize_t wire_read(mailstream_low *low, void *bytes, size_t size)
{
    static const char GREETING[] = "* PREAUTH logged in\r\n";
    struct imap_wire *wire = low->data;
    size_t count = 0;

    if (!wire->is_greeted && size >= sizeof(GREETING) - 1) {
        wire->is_greeted = true;
        memcpy(bytes, GREETING, sizeof(GREETING) - 1);
        return (ssize_t)sizeof(GREETING) - 1;
    }
    if (wire->has_kept && size) {
        wire->has_kept = false;
        *(char *)bytes = wire->kept;
        return 1;
    }
    if (!wire->bytes_left)
        return fail(wire, "it sends more than was asked for");
    if (size > wire->bytes_left)
        size = wire->bytes_left;
    for (;;) {
        CURLcode code = curl_easy_recv(wire->curl, bytes, size, &count);

        if (code == CURLE_OK && count) {
            wire->bytes_left -= count;
            return (ssize_t)count;
        }
        /* libetpan would read a 0 again for ever. */
        if (code != CURLE_AGAIN)
            return fail(wire, "the connection was lost");
        if (!wait_socket(wire, POLLIN))
            return fail(wire, "it does not answer");
    }
}

static ssize_t wire_write(mailstream_low *low, const void *bytes, size_t size)
{
    struct imap_wire *wire = low->data;
    size_t count = 0;

    for (;;) {
        CURLcode code = curl_easy_send(wire->curl, bytes, size, &count);

        if (code == CURLE_OK && count)
            return (ssize_t)count;
        if (code != CURLE_OK && code != CURLE_AGAIN)
            return fail(wire, "the connection was lost");
        if (!wait_socket(wire, POLLOUT))
            return fail(wire, "it does not take what is sent");
    }
}

static int wire_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static int wire_descriptor(mailstream_low *low)
{
    return ((struct imap_wire *)low->data)->socket;
}

static void wire_free(mailstream_low *low)
{
    free(low);
}

static void wire_cancel(mailstream_low *low)
{
    (void)low;
}

static mailstream_low_driver DRIVER = {
    .mailstream_read = wire_read,
    .mailstream_write = wire_write,
    .mailstream_close = wire_close,
    .mailstream_get_fd = wire_descriptor,
    .mailstream_free = wire_free,
    .mailstream_cancel = wire_cancel,
};

mailstream *imap_wire_stream(struct imap_wire *wire)
{
    mailstream_low *low = mailstream_low_new(wire, &DRIVER);
    mailstream *stream = low ? mailstream_new(low, STREAM_BYTES) : NULL;

    if (!stream)
        abort(); /* out of memory, as memory.h has it */
    return stream;
}

void imap_wire_allow(struct imap_wire *wire, int seconds, size_t bytes)
{
    wire->deadline_ms = timer_steady_ms() + (int64_t)seconds * 1000;
    wire->bytes_left = bytes;
    wire->problem = NULL;
}

const char *imap_wire_problem(const struct imap_wire *wire)
{
    return wire->problem;
}

/* One byte tells: what TLS has decrypted already is not seen by poll. */
bool imap_wire_wait(struct imap_wire *wire, int seconds, const volatile sig_atomic_t *stop)
{
    int64_t end = timer_steady_ms() + (int64_t)seconds * 1000;

    while (!wire->has_kept) {
        struct pollfd item = {.fd = wire->socket, .events = POLLIN};
        int64_t left = end - timer_steady_ms();
        size_t count = 0;
        CURLcode code = curl_easy_recv(wire->curl, &wire->kept, 1, &count);

        if (code == CURLE_OK && count) {
            wire->has_kept = true;
            break;
        }
        if (code != CURLE_AGAIN)
            break;
        if (left <= 0 || (stop && *stop))
            return false;
        poll(&item, 1, (int)(left < NAP_MS ? left : NAP_MS));
    }
    return true;
}

/* ---- connecting ---- */

bool imap_wire_is_loopback(const char *url)
{
    CURLU *parts = curl_url();
    char *host = NULL;
    bool is = false;

    if (parts && curl_url_set(parts, CURLUPART_URL, url, CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK &&
        curl_url_get(parts, CURLUPART_HOST, &host, 0) == CURLUE_OK)
        is = host_is_loopback(host);
    curl_free(host);
    curl_url_cleanup(parts);
    return is;
}

/* What the server said last. */
struct said {
    char line[SAID_BYTES];
};

static size_t take_line(char *bytes, size_t size, size_t count, void *user)
{
    struct said *said = user;
    struct view line = view_trim((struct view){bytes, size * count});

    if (line.size) {
        line = view_slice(line, 0, sizeof(said->line) - 1);
        memcpy(said->line, line.data, line.size);
        said->line[line.size] = '\0';
    }
    return size * count;
}

static size_t ignore_line(char *bytes, size_t size, size_t count, void *user)
{
    (void)bytes;
    (void)user;
    return size * count;
}

/* RFC 5530 3: those that are the server's own trouble. */
bool imap_wire_is_passing(struct view code)
{
    return view_equal_nocase(code, VIEW("UNAVAILABLE")) || view_equal_nocase(code, VIEW("INUSE")) ||
           view_equal_nocase(code, VIEW("SERVERBUG"));
}

/* Of "A002 NO [CODE] text". */
static struct view code_of(struct view line)
{
    size_t open = view_find_char(line, '[', 0);

    return view_slice(line, open + 1, view_find_char(line, ']', open));
}

/* A password that was good is still good, most likely: a server that is ill refuses it. */
static int say_denied(const struct mailbox_options *options, const struct said *said,
                      struct error *error)
{
    if (options->was_open || imap_wire_is_passing(code_of(view_of(said->line))))
        return error_set(error, ERROR_TEMPORARY,
                         "inbox %s: the login of %s is refused for now: \"%s\"", options->url,
                         options->username, said->line);
    return error_set(error, ERROR_CONFIGURATION,
                     "inbox %s: the login of %s is refused; mend inbox.username or inbox.%s",
                     options->url, options->username,
                     options->is_bearer ? "token_command" : "password_file");
}

static int say_refusal(const struct mailbox_options *options, CURLcode code, const char *details,
                       const struct said *said, struct error *error)
{
    const char *url = options->url;

    switch (code) {
    case CURLE_LOGIN_DENIED:
        return say_denied(options, said, error);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
        return error_set(error, ERROR_CONFIGURATION,
                         "inbox %s: no secure connection: %s (inbox.ca_file)", url, details);
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return error_set(error, ERROR_CONFIGURATION,
                         "inbox.url \"%s\": must be imaps://HOST/FOLDER or imap://HOST/FOLDER",
                         url);
    /* Also CURLE_SSL_CONNECT_ERROR: the connection was lost while it was made secure. */
    default:
        return error_set(error, ERROR_TEMPORARY, "inbox %s: %s", url, details);
    }
}

static void set_up(CURL *curl, const struct mailbox_options *options, char *details,
                   struct said *said)
{
    curl_easy_setopt(curl, CURLOPT_URL, options->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_USE_SSL,
                     (long)(imap_wire_is_loopback(options->url) ? CURLUSESSL_TRY : CURLUSESSL_ALL));
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT,
                     (long)(options->timeout_seconds ? options->timeout_seconds
                                                     : TIMEOUT_SECONDS));
    curl_easy_setopt(curl, CURLOPT_USERNAME, options->username);
    curl_easy_setopt(curl, options->is_bearer ? CURLOPT_XOAUTH2_BEARER : CURLOPT_PASSWORD,
                     options->secret);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, details);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, said);
    if (options->ca_file) {
        curl_easy_setopt(curl, CURLOPT_CAINFO, options->ca_file);
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL); /* Debian's libcurl has one, too */
    }
}

int imap_wire_open(const struct mailbox_options *options, struct imap_wire **ret_wire,
                   struct error *error)
{
    struct imap_wire *wire = memory_new(1, sizeof(*wire));
    char details[CURL_ERROR_SIZE] = "";
    struct said said = {""};
    CURLcode code = CURLE_FAILED_INIT;

    wire->curl = curl_easy_init();
    if (wire->curl) {
        set_up(wire->curl, options, details, &said);
        code = curl_easy_perform(wire->curl);
    }
    if (code == CURLE_OK)
        code = curl_easy_getinfo(wire->curl, CURLINFO_ACTIVESOCKET, &wire->socket);
    if (wire->curl) { /* `said` and `details` end here */
        curl_easy_setopt(wire->curl, CURLOPT_HEADERFUNCTION, ignore_line);
        curl_easy_setopt(wire->curl, CURLOPT_ERRORBUFFER, NULL);
    }
    if (code != CURLE_OK) {
        say_refusal(options, code, details[0] ? details : curl_easy_strerror(code), &said,
                    error);
        imap_wire_close(&wire);
        return -1;
    }
    *ret_wire = wire;
    return 0;
}

void imap_wire_close(struct imap_wire **wire)
{
    if (!*wire)
        return;
    /* libcurl would say LOGOUT, which is said, and wait for the answer. */
    if ((*wire)->curl) {
        curl_easy_setopt((*wire)->curl, CURLOPT_TIMEOUT_MS, 1L);
        curl_easy_cleanup((*wire)->curl);
    }
    free(*wire);
    *wire = NULL;
}
