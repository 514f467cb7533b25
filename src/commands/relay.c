#include "commands/relay.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static int64_t now(void *user)
{
    (void)user;
    return site_now();
}

static enum transport_tls tls_of(enum configuration_tls tls)
{
    static const enum transport_tls kinds[] = {
        [TLS_DEFAULT] = TRANSPORT_TLS_DEFAULT,
        [TLS_REQUIRED] = TRANSPORT_TLS_REQUIRED,
        [TLS_OPTIONAL] = TRANSPORT_TLS_OPTIONAL,
        [TLS_OFF] = TRANSPORT_TLS_OFF,
    };

    return kinds[tls];
}

int relay_open(const struct configuration_relay *relay, const char *name,
               const struct relay_patience *patience, struct transport **ret_transport,
               struct error *error)
{
    struct transport_options options = {
        .url = relay->url,
        .username = relay->username,
        .tls = tls_of(relay->tls),
        .ca_file = relay->ca_file,
        .now = now,
    };
    char *password = NULL;
    int result;

    if (patience) {
        options.connect_timeout_ms = patience->connect_ms;
        options.reply_timeout_ms = patience->reply_ms;
        options.total_timeout_ms = patience->total_ms;
    }
    if (relay->password_file &&
        configuration_read_secret(relay->password_file, &password, error) < 0)
        return error_add(error, "%s.password_file", name);
    options.password = password;
    result = transport_open(&options, ret_transport, error);
    if (password)
        sodium_memzero(password, strlen(password));
    free(password);
    return result;
}
