/* SMTP through one libcurl handle, whose connection is kept from message to
 * message. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "delivery/smtp_session.h"
#include "delivery/transport_type.h"

struct smtp {
    char *url;   /* with the EHLO name as its path */
    char *relay; /* for messages */
    char *username;
    char *password;
    char *ca_file;
    enum transport_tls tls;
    long connect_timeout_ms;
    long reply_timeout_ms;
    long total_timeout_ms;
    CURL *handle; /* NULL: none is open */
    bool leave_connection; /* the next message takes a new one */
    struct smtp_session session; /* here because closing the handle may still call back */
};

static void forget_secret(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

static void smtp_close(void *closed)
{
    struct smtp *smtp = closed;

    curl_easy_cleanup(smtp->handle);
    forget_secret(&smtp->password);
    free(smtp->url);
    free(smtp->relay);
    free(smtp->username);
    free(smtp->ca_file);
    free(smtp);
}

static bool is_loopback(const char *host)
{
    return strcmp(host, "localhost") == 0 || strncmp(host, "127.", 4) == 0 ||
           strcmp(host, "[::1]") == 0;
}

static enum transport_tls choose_tls(const struct transport_options *options, const char *host)
{
    if (options->tls == TRANSPORT_TLS_DEFAULT)
        return is_loopback(host) ? TRANSPORT_TLS_OFF : TRANSPORT_TLS_REQUIRED;
    /* Else a relay, or whoever sits in between, could ask for the password in
     * the clear by not offering TLS. */
    if (options->tls == TRANSPORT_TLS_OPTIONAL && options->username)
        return TRANSPORT_TLS_REQUIRED;
    return options->tls;
}

static bool is_host_name(const char *name)
{
    return name[0] && strlen(name) <= 255 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") ==
               strlen(name);
}

static int refuse_url(const struct transport_options *options, const char *why, struct error *error)
{
    return error_set(error, ERROR_CONFIGURATION, "delivery.url \"%s\": %s", options->url, why);
}

/* `url` is libcurl's parsed form; what it gives is freed by curl_free. */
static int take_url(const struct transport_options *options, CURLU *url, struct smtp *smtp,
                    struct error *error)
{
    char *host = NULL, *user = NULL, *whole = NULL;
    int result = 0;

    if (curl_url_set(url, CURLUPART_URL, options->url, 0) != CURLUE_OK ||
        curl_url_get(url, CURLUPART_HOST, &host, 0) != CURLUE_OK || !is_host_name(host))
        result = refuse_url(options, "is no URL of the form smtp://HOST:PORT", error);
    else if (curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK)
        result = refuse_url(options, "must hold no login; use delivery.username and password_file",
                            error);
    else if (options->ehlo && !is_host_name(options->ehlo))
        result = error_set(error, ERROR_CONFIGURATION, "\"%s\" is no host name to say in EHLO",
                           options->ehlo);
    if (result == 0) {
        smtp->tls = choose_tls(options, host);
        if (options->ehlo)
            curl_url_set(url, CURLUPART_PATH, options->ehlo, 0);
        if (curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
            result = refuse_url(options, "cannot be used", error);
        smtp->url = memory_copy_string(whole);
    }
    curl_free(host);
    curl_free(user);
    curl_free(whole);
    return result;
}

static int smtp_open(const struct transport_options *options, void **ret_state,
                     struct error *error)
{
    struct smtp *smtp = memory_new(1, sizeof(*smtp));
    CURLU *url = curl_url();
    int result = take_url(options, url, smtp, error);

    curl_url_cleanup(url);
    smtp->relay = memory_copy_string(options->url);
    smtp->username = memory_copy_string(options->username);
    smtp->password = memory_copy_string(options->password);
    smtp->ca_file = memory_copy_string(options->ca_file);
    smtp->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 30000;
    smtp->reply_timeout_ms = options->reply_timeout_ms ? options->reply_timeout_ms : 5 * 60000;
    smtp->total_timeout_ms = options->total_timeout_ms ? options->total_timeout_ms : 20 * 60000;
    if (result < 0) {
        smtp_close(smtp);
        return -1;
    }
    *ret_state = smtp;
    return 0;
}

static long use_ssl(const struct smtp *smtp)
{
    switch (smtp->tls) {
    case TRANSPORT_TLS_OFF:
        return CURLUSESSL_NONE;
    case TRANSPORT_TLS_OPTIONAL:
        return CURLUSESSL_TRY;
    default:
        return CURLUSESSL_ALL;
    }
}

/* A handle with all that is the same for every message; NULL when libcurl
 * cannot do what is asked, such as TLS. */
static CURL *open_handle(const struct smtp *smtp)
{
    CURL *handle = curl_easy_init();

    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_URL, smtp->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, smtp->connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT, (smtp->reply_timeout_ms + 999) / 1000);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, smtp->total_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_USE_SSL, use_ssl(smtp));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (smtp->ca_file)
        curl_easy_setopt(handle, CURLOPT_CAINFO, smtp->ca_file);
    if (smtp->username) {
        curl_easy_setopt(handle, CURLOPT_USERNAME, smtp->username);
        curl_easy_setopt(handle, CURLOPT_PASSWORD, smtp->password ? smtp->password : "");
    }
    return handle;
}

static CURLcode perform(struct smtp *smtp, const struct message *message,
                        const struct transport_hooks *hooks)
{
    struct curl_slist *recipients = curl_slist_append(NULL, message->recipient);
    CURLcode code;

    smtp_session_start(&smtp->session, message, hooks);
    smtp_session_attach(&smtp->session, smtp->handle);
    curl_easy_setopt(smtp->handle, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(smtp->handle, CURLOPT_INFILESIZE_LARGE, (curl_off_t)message->bytes.size);
    curl_easy_setopt(smtp->handle, CURLOPT_MAIL_FROM, message->envelope_sender);
    curl_easy_setopt(smtp->handle, CURLOPT_MAIL_RCPT, recipients);
    curl_easy_setopt(smtp->handle, CURLOPT_FRESH_CONNECT, smtp->leave_connection ? 1L : 0L);
    smtp->leave_connection = false;
    code = curl_easy_perform(smtp->handle);
    curl_easy_setopt(smtp->handle, CURLOPT_MAIL_RCPT, NULL);
    curl_slist_free_all(recipients);
    /* After 421 libcurl would use the dead connection once more. */
    smtp->leave_connection = smtp->session.closing || code != CURLE_OK;
    return code;
}

static int smtp_send(void *state, const struct message *message,
                     const struct transport_hooks *hooks, struct delivery_result *result,
                     struct error *error)
{
    struct smtp *smtp = state;
    struct transport_hooks again;
    CURLcode code;
    int done;

    if (!smtp->handle)
        smtp->handle = open_handle(smtp);
    if (!smtp->handle) {
        result->kind = RESULT_RELAY_DOWN;
        return error_set(error, ERROR_BUG, "relay %s: libcurl cannot be set up", smtp->relay);
    }
    code = perform(smtp, message, hooks);
    /* A kept connection may have been closed meanwhile: once more on a new one. A
     * message that had begun to go out has begun: that is said once. */
    again = *hooks;
    if (smtp->session.begun)
        again.begin = NULL;
    if (smtp_session_lost_connection(&smtp->session, code))
        code = perform(smtp, message, &again);
    done = smtp_session_judge(&smtp->session, code, smtp->relay, result, error);
    /* The message and the hooks end with this call, the handle does not. */
    smtp_session_start(&smtp->session, NULL, NULL);
    return done;
}

static int smtp_check(void *state, struct error *error)
{
    const struct smtp *smtp = state;
    struct delivery_result result = {0};
    struct smtp_session session;
    CURL *handle = open_handle(smtp);
    CURLcode code;

    if (!handle)
        return error_set(error, ERROR_BUG, "relay %s: libcurl cannot be set up", smtp->relay);
    smtp_session_start(&session, NULL, NULL);
    smtp_session_attach(&session, handle);
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, "NOOP");
    curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
    code = curl_easy_perform(handle);
    curl_easy_cleanup(handle);
    /* Some relays do not know NOOP; that they say so shows that they work. */
    if (code == CURLE_OK || (session.is_open && session.code >= 500))
        return 0;
    if (smtp_session_judge(&session, code, smtp->relay, &result, error) == 0)
        error_set(error, ERROR_TEMPORARY, "relay %s: %s", smtp->relay, result.reply);
    return -1;
}

const struct transport_type transport_smtp = {
    .open = smtp_open,
    .close = smtp_close,
    .send = smtp_send,
    .check = smtp_check,
};
