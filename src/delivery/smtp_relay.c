#include "delivery/smtp_relay.h"

#include <stdlib.h>
#include <string.h>

#include "base/loopback.h"
#include "base/memory.h"

static void forget_secret(char **secret)
{
    if (*secret)
        explicit_bzero(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

void smtp_relay_free(struct smtp_relay **relay)
{
    if (!*relay)
        return;
    forget_secret(&(*relay)->password);
    free((*relay)->url);
    free((*relay)->name);
    free((*relay)->username);
    free((*relay)->ca_file);
    free(*relay);
    *relay = NULL;
}

static enum transport_tls choose_tls(const struct transport_options *options, const char *host)
{
    if (options->tls == TRANSPORT_TLS_DEFAULT)
        return host_is_loopback(host) ? TRANSPORT_TLS_OFF : TRANSPORT_TLS_REQUIRED;
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
static int take_url(const struct transport_options *options, CURLU *url, struct smtp_relay *relay,
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
        relay->tls = choose_tls(options, host);
        if (options->ehlo)
            curl_url_set(url, CURLUPART_PATH, options->ehlo, 0);
        if (curl_url_get(url, CURLUPART_URL, &whole, 0) != CURLUE_OK)
            result = refuse_url(options, "cannot be used", error);
        relay->url = memory_copy_string(whole);
    }
    curl_free(host);
    curl_free(user);
    curl_free(whole);
    return result;
}

int smtp_relay_new(const struct transport_options *options, struct smtp_relay **ret_relay,
                   struct error *error)
{
    struct smtp_relay *relay = memory_new(1, sizeof(*relay));
    CURLU *url = curl_url();
    int result = take_url(options, url, relay, error);

    curl_url_cleanup(url);
    relay->name = memory_copy_string(options->url);
    relay->username = memory_copy_string(options->username);
    relay->password = memory_copy_string(options->password);
    relay->ca_file = memory_copy_string(options->ca_file);
    relay->connect_timeout_ms = options->connect_timeout_ms ? options->connect_timeout_ms : 30000;
    relay->reply_timeout_ms = options->reply_timeout_ms;
    relay->total_timeout_ms = options->total_timeout_ms ? options->total_timeout_ms : 20 * 60000;
    if (result < 0) {
        smtp_relay_free(&relay);
        return -1;
    }
    *ret_relay = relay;
    return 0;
}

int64_t smtp_relay_patience_ms(const struct smtp_relay *relay, enum smtp_stage stage)
{
    enum { MINUTE_MS = 60 * 1000 };

    if (relay->reply_timeout_ms)
        return relay->reply_timeout_ms;
    switch (stage) {
    case STAGE_DATA:
        return 2 * MINUTE_MS;
    case STAGE_BODY:
        return 3 * MINUTE_MS;
    case STAGE_END_OF_DATA:
        return 10 * MINUTE_MS;
    default:
        return 5 * MINUTE_MS;
    }
}

static long use_ssl(const struct smtp_relay *relay)
{
    switch (relay->tls) {
    case TRANSPORT_TLS_OFF:
        return CURLUSESSL_NONE;
    case TRANSPORT_TLS_OPTIONAL:
        return CURLUSESSL_TRY;
    default:
        return CURLUSESSL_ALL;
    }
}

CURL *smtp_relay_handle(const struct smtp_relay *relay)
{
    CURL *handle = curl_easy_init();

    if (!handle)
        return NULL;
    curl_easy_setopt(handle, CURLOPT_URL, relay->url);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROXY, ""); /* whatever the environment says */
    curl_easy_setopt(handle, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, relay->connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)((smtp_relay_patience_ms(relay, STAGE_CONNECT) + 999) / 1000));
    curl_easy_setopt(handle, CURLOPT_USE_SSL, use_ssl(relay));
    curl_easy_setopt(handle, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 2L);
    if (relay->ca_file) {
        curl_easy_setopt(handle, CURLOPT_CAINFO, relay->ca_file);
        curl_easy_setopt(handle, CURLOPT_CAPATH, NULL); /* Debian's libcurl has one, too */
    }
    if (relay->username) {
        curl_easy_setopt(handle, CURLOPT_USERNAME, relay->username);
        curl_easy_setopt(handle, CURLOPT_PASSWORD, relay->password ? relay->password : "");
    }
    return handle;
}
