#include "commands/serve_tls.h"

#include "base/file.h"
#include "web/tls.h"

static int check_pem(const char *file, struct view bytes, const char *what, struct error *error)
{
    struct buffer mark;
    bool is_there;

    buffer_init(&mark, 64);
    buffer_printf(&mark, "%s-----", what);
    is_there = view_find(bytes, VIEW("-----BEGIN "), 0) < bytes.size &&
               view_find(bytes, buffer_view(&mark), 0) < bytes.size;
    buffer_free(&mark);
    if (is_there)
        return 0;
    return error_set(error, ERROR_CONFIGURATION, "%s: there is no %s in PEM in it", file, what);
}

int serve_tls_read(const struct configuration *configuration, struct buffer *ret_certificate,
                   struct buffer *ret_key, struct error *error)
{
    const char *certificate = configuration->web.tls_certificate_file;
    const char *key = configuration->web.tls_key_file;

    if (!certificate && !key)
        return 0;
    if (!certificate || !key)
        return error_set(error, ERROR_CONFIGURATION,
                         "%s: web.tls_certificate_file and web.tls_key_file go together: %s is "
                         "missing",
                         configuration->file,
                         certificate ? "web.tls_key_file" : "web.tls_certificate_file");
    if (file_read(certificate, ret_certificate, error) < 0) {
        if (error && error->kind == ERROR_MISSING)
            error->kind = ERROR_CONFIGURATION;
        return error_add(error, "web.tls_certificate_file");
    }
    if (configuration_read_secret_file(key, ret_key, error) < 0)
        return error_add(error, "web.tls_key_file");
    if (check_pem(certificate, buffer_view(ret_certificate), "CERTIFICATE", error) < 0 ||
        check_pem(key, buffer_view(ret_key), "PRIVATE KEY", error) < 0)
        return -1;
    if (web_tls_check(buffer_string(ret_certificate), buffer_string(ret_key), error) < 0)
        return error_add(error, "%s, %s", certificate, key);
    return 0;
}
