#include "web/tls.h"

#include <stddef.h>

#include "web/server_type.h"

static enum MHD_Result refuse(void *user, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *data_bytes, void **context)
{
    (void)user;
    (void)connection;
    (void)url;
    (void)method;
    (void)version;
    (void)data;
    (void)data_bytes;
    (void)context;
    return MHD_NO;
}

void server_ignore_line(void *user, const char *format, va_list arguments)
{
    (void)user;
    (void)format;
    (void)arguments;
}

/* By the one who will use them: a server that listens nowhere. */
int web_tls_check(const char *certificate, const char *key, struct error *error)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_TLS | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0, NULL, NULL, refuse, NULL,
        MHD_OPTION_EXTERNAL_LOGGER, server_ignore_line, NULL, MHD_OPTION_HTTPS_MEM_CERT, certificate,
        MHD_OPTION_HTTPS_MEM_KEY, key, MHD_OPTION_END);

    if (!daemon)
        return error_set(error, ERROR_CONFIGURATION,
                         "the certificate and the key do not fit, or cannot be read as PEM");
    MHD_stop_daemon(daemon);
    return 0;
}
