#include "commands/relay.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "commands/own_name.h"

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

/* `ret_password` is the options' and for forget(); both are the relay's for as long. */
static int read_options(const struct configuration_relay *relay, const char *name, const char *ehlo,
                        struct transport_options *ret_options, char **ret_password,
                        struct error *error)
{
    *ret_options = (struct transport_options){
        .url = relay->url,
        .username = relay->username,
        .tls = tls_of(relay->tls),
        .ca_file = relay->ca_file,
        .ehlo = ehlo,
        .now = now,
    };
    if (relay->password_file &&
        configuration_read_secret(relay->password_file, ret_password, error) < 0)
        return error_add(error, "%s.password_file", name);
    ret_options->password = *ret_password;
    return 0;
}

static void forget(char *password)
{
    if (password)
        sodium_memzero(password, strlen(password));
    free(password);
}

int relay_open(const struct configuration *configuration, const struct configuration_relay *relay,
               const char *name, const struct relay_patience *patience,
               struct transport **ret_transport, struct error *error)
{
    char own_name[OWN_NAME_BYTES];
    struct transport_options options;
    char *password = NULL;
    int result;

    if (read_options(relay, name, own_name_find(configuration->sender.address, own_name), &options,
                     &password, error) < 0)
        return -1;
    if (patience) {
        options.connect_timeout_ms = patience->connect_ms;
        options.reply_timeout_ms = patience->reply_ms;
        options.total_timeout_ms = patience->total_ms;
    }
    result = transport_open(&options, ret_transport, error);
    forget(password);
    return result;
}

/* What limits are kept under, on any machine: host and port. */
static const char *short_name(const char *url)
{
    const char *host = strstr(url, "://");

    return host ? host + 3 : url;
}

static int read_all(const struct configuration *configuration, const char *ehlo,
                    struct engine_options *engine, struct engine_relay_options *relays,
                    char **passwords, struct error *error)
{
    const struct configuration_relay *first = &configuration->delivery.relay;
    size_t count = configuration->delivery.relay_count;
    bool has_first = !count || strncmp(first->url, "maildir:", strlen("maildir:")) != 0;

    for (size_t i = has_first ? 0 : 1; i <= count; i++) {
        const struct configuration_relay *relay =
            i ? &configuration->delivery.relays[i - 1] : first;
        struct engine_relay_options *options = &relays[engine->relay_count];
        char name[40] = "delivery";

        if (i)
            snprintf(name, sizeof(name), "delivery.relays[%zu]", i - 1);
        if (read_options(relay, name, ehlo, &options->transport, &passwords[engine->relay_count++],
                         error) < 0)
            return -1;
        options->name = short_name(relay->url);
        options->weight = relay->weight;
    }
    return 0;
}

int relay_open_engine(const struct configuration *configuration, int connections,
                      int64_t patience_ms, struct engine **ret_engine, struct error *error)
{
    size_t most = configuration->delivery.relay_count + 1;
    struct engine_relay_options *relays = memory_new(most, sizeof(relays[0]));
    char **passwords = memory_new(most, sizeof(passwords[0]));
    struct engine_options options = {
        .relays = relays, .connections = connections, .patience_ms = patience_ms};
    char own_name[OWN_NAME_BYTES];
    int result = read_all(configuration, own_name_find(configuration->sender.address, own_name), &options, relays, passwords, error);

    if (result == 0)
        result = engine_open(&options, ret_engine, error);
    for (size_t i = 0; i < most; i++)
        forget(passwords[i]);
    free(passwords);
    free(relays);
    return result;
}
