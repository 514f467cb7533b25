/* check: every relay and the inbox, connected, secured and logged in to. Nothing
 * is sent or read. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/check.h"
#include "commands/inbox_login.h"
#include "commands/relay.h"

enum { CONNECT_MS = 10 * 1000, REPLY_MS = 20 * 1000, TOTAL_MS = 60 * 1000, NAME_BYTES = 64 };

static bool is_maildir(const struct configuration_relay *relay)
{
    return view_starts_with(view_of(relay->url), VIEW("maildir:"));
}

bool check_has_relay(const struct site *site)
{
    bool found = !is_maildir(&site->configuration.delivery.relay);

    for (size_t i = 0; i < site->configuration.delivery.relay_count; i++)
        found = found || !is_maildir(&site->configuration.delivery.relays[i]);
    return found;
}

/* ---- relays ---- */

/* The transport would make the folder; here it is only looked at. */
static void check_maildir(const struct configuration_relay *relay, struct findings *findings)
{
    static const char *const parts[] = {".", "tmp", "new"};
    char *at = memory_copy_string(relay->url + strlen("maildir:"));
    bool is_there = file_exists(at), can_write = true;

    while (!file_exists(at) && strcmp(at, "/") != 0 && strcmp(at, ".") != 0) {
        char *parent = file_folder_of(at);

        free(at);
        at = parent;
    }
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        char *path = file_join(at, parts[i]);

        if (i == 0 || (is_there && file_exists(path)))
            can_write = can_write && access(path, W_OK | X_OK) == 0;
        free(path);
    }
    if (!can_write)
        findings_fail(findings, EX_CONFIG, "%s: cannot be written: %s: %s", relay->url, at,
                      strerror(errno));
    else
        findings_ok(findings, "%s can be %s; digests go there and not out by mail", relay->url,
                    is_there ? "written" : "made");
    free(at);
}


static void check_login_keys(const struct configuration_relay *relay, const char *name,
                             struct findings *findings)
{
    if (relay->username && !relay->password_file)
        findings_fail(findings, EX_CONFIG,
                      "%s.username is given and %s.password_file is not: name the file with the "
                      "password",
                      name, name);
    else if (!relay->username && relay->password_file)
        findings_fail(findings, EX_CONFIG,
                      "%s.password_file is given and %s.username is not, so that nobody logs in: "
                      "name the user",
                      name, name);
    if (relay->username && relay->tls == TLS_OFF)
        findings_warn(findings, "%s.tls is off: the password goes to %s in the clear", name,
                      relay->url);
}

static void check_relay(const struct configuration *configuration,
                        const struct configuration_relay *relay, const char *name,
                        struct findings *findings)
{
    static const struct relay_patience patience = {CONNECT_MS, REPLY_MS, TOTAL_MS};
    struct transport *transport = NULL;
    struct error problem;

    if (is_maildir(relay)) {
        /* That of the default gives way to relays. */
        if (relay != &configuration->delivery.relay || !configuration->delivery.relay_count)
            check_maildir(relay, findings);
        return;
    }
    check_login_keys(relay, name, findings);
    if (relay_open(configuration, relay, name, &patience, &transport, &problem) < 0) {
        findings_problem(findings, &problem);
        return;
    }
    if (transport_check(transport, &problem) < 0)
        findings_server_problem(findings, &problem);
    else if (relay->username)
        findings_ok(findings, "%s takes the login of %s", relay->url, relay->username);
    else
        findings_ok(findings, "%s answers, without a login", relay->url);
    transport_close(&transport);
}

/* ---- the inbox ---- */

static void check_inbox(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;
    struct mailbox_options options = {0};
    struct mailbox *mailbox = NULL;
    struct error problem;
    int result;

    if (!configuration->inbox.url)
        return;
    result = inbox_login(site, &options, &problem);
    if (result == 0)
        result = mailbox_open(&options, &mailbox, &problem);
    inbox_login_free(&options);
    mailbox_close(&mailbox);
    if (result == 0)
        findings_ok(findings, "%s takes the login of %s", configuration->inbox.url,
                    configuration->inbox.username);
    else
        findings_server_problem(findings, &problem);
}

void check_logins(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;

    check_relay(configuration, &configuration->delivery.relay, "delivery", findings);
    for (size_t i = 0; i < configuration->delivery.relay_count; i++) {
        char name[NAME_BYTES];

        snprintf(name, sizeof(name), "delivery.relays[%zu]", i);
        check_relay(configuration, &configuration->delivery.relays[i], name, findings);
    }
    check_inbox(site, findings);
}
