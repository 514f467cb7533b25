/* check: where `serve` listens, whom it believes, and its own TLS. */
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/loopback.h"
#include "commands/check.h"
#include "commands/serve_tls.h"
#include "web/client.h"
#include "web/listener.h"

enum { PEM_BYTES = 1024 * 1024 };

/* Whoever listens there already may be `serve`; and for a port below 1024 the unit may have
 * a right that this user has not. */
static bool check_listen(const struct configuration *configuration, struct findings *findings)
{
    int sockets[LISTENERS];
    struct error problem;
    size_t count = 0;

    if (listener_check(configuration->web.listen, &problem) == 0 &&
        listener_open(configuration->web.listen, sockets, &count, &problem) == 0) {
        while (count)
            close(sockets[--count]);
        return true;
    }
    if (problem.kind == ERROR_TEMPORARY)
        return true;
    if (problem.kind == ERROR_PERMISSION) {
        findings_warn(findings, "%s: web.listen: %s", configuration->file, problem.text);
        return true;
    }
    findings_fail(findings, EX_CONFIG, "%s: web.listen: %s", configuration->file, problem.text);
    return false;
}

static bool check_proxies(const struct configuration *configuration, struct findings *findings)
{
    const struct strings *trusted = &configuration->web.trusted_proxies;
    struct web_networks networks = {0};
    bool is_sound = true;

    for (size_t i = 0; i < trusted->count; i++) {
        struct error problem;

        if (web_networks_add(&networks, trusted->items[i], &problem) == 0)
            continue;
        findings_fail(findings, EX_CONFIG, "%s: web.trusted_proxies: %s", configuration->file,
                      problem.text);
        is_sound = false;
    }
    web_networks_free(&networks);
    return is_sound;
}

static bool check_tls(const struct configuration *configuration, struct findings *findings)
{
    struct buffer certificate, key;
    struct error problem;
    bool is_sound;

    buffer_init(&certificate, PEM_BYTES);
    buffer_init(&key, PEM_BYTES);
    is_sound = serve_tls_read(configuration, &certificate, &key, &problem) == 0;
    if (!is_sound)
        findings_problem(findings, &problem);
    if (key.data)
        explicit_bzero(key.data, key.size);
    buffer_free(&certificate);
    buffer_free(&key);
    return is_sound;
}

/* One-click unsubscribing and links to profiles want it. */
static bool is_secret(const char *base_url)
{
    struct view url = view_of(base_url), host;
    char name[256] = "";

    if (view_starts_with(url, VIEW("https://")))
        return true;
    host = view_slice(url, strlen("http://"), url.size);
    host = view_slice(host, 0, view_find_any(host, &(struct byte_set){.has = {['/'] = 1, [':'] = 1}}, 0));
    if (host.size < sizeof(name))
        memcpy(name, host.data, host.size);
    return host_is_loopback(name);
}

void check_web(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;
    const char *base_url = configuration->web.base_url;
    bool is_sound = check_listen(configuration, findings);

    is_sound = check_proxies(configuration, findings) && is_sound;
    is_sound = check_tls(configuration, findings) && is_sound;
    if (!base_url)
        return;
    if (is_sound)
        findings_ok(findings, "%s, which paperboy serve answers at %s%s", base_url,
                    configuration->web.listen,
                    configuration->web.tls_certificate_file ? " with TLS" : "");
    if (!is_secret(base_url))
        findings_warn(findings,
                      "%s: web.base_url: %s has no https: what people open there can be read on "
                      "its way, and mail programs take no one-click unsubscribing from it",
                      configuration->file, base_url);
}
