/* paperboy.json: found, read strictly, every default filled in. The format is
 * fixed; what each key means is in paperboy.json(5). Paths are absolute or
 * relative to the working directory when it returns. */
#ifndef COMMANDS_CONFIGURATION_H
#define COMMANDS_CONFIGURATION_H

#include <stdbool.h>

#include "base/error.h"
#include "subscribers/profile.h"

enum configuration_tls { TLS_DEFAULT, TLS_REQUIRED, TLS_OPTIONAL, TLS_OFF };

/* One relay, or the Maildir. Everything is owned; NULL where not given. */
struct configuration_relay {
    char *url;
    char *username;
    char *password_file;
    enum configuration_tls tls;
    char *ca_file;
    long weight;
};

struct configuration {
    char *file;   /* as given or found; NULL: none was needed */
    char *folder; /* the file's */
    struct {
        char *name;
        char *address; /* NULL: not given, so nothing can be sent */
    } sender;
    struct {
        char *name;
        char *id;
        char *owner;
    } list;
    char *subscribers; /* folder, or "store:" */
    char *templates;   /* NULL: look in the usual places */
    char *key_file;
    char *store; /* URL; a sqlite path is resolved */
    struct {
        struct configuration_relay relay;
        struct configuration_relay *relays;
        size_t relay_count;
        long connections;
        double per_second;
        long per_hour;
        long per_domain;
        long domain_connections;
        long expire_hours;
        bool hold_uncertain;
        bool fixed_envelope;
    } delivery;
    struct {
        char *url;
        char *username;
        char *password_file;
        char *token_command;
        char *ca_file;
        char *address;
        char *authserv_id;
        char *processed;
        char *failed;
        struct strings allow;
        long answers_per_hour;
    } inbox;
    struct {
        long hard;
        long soft;
        double domain_hold_percent;
    } bounces;
    struct {
        char *rss;
        char *oai;
        char *pdf;
        char *contact;
        long interval_ms;
        struct strings categories;
    } arxiv;
    struct {
        bool enabled;
        char *base_url;
        char *model;
        char *api_key_file;
        char *ca_file;
        char *prompt_file;
        char *source;
        long papers;
        long connections;
        long deadline_seconds;
        long token_budget; /* per edition; 0: none */
        long max_tokens;   /* of one answer; 0: not said */
    } summaries;
    struct {
        char *listen;
        char *base_url;
        struct strings trusted_proxies;
        char *tls_certificate_file; /* both or neither */
        char *tls_key_file;
    } web;
    struct {
        char *folder;
        bool is_wanted; /* the folder was named in the file: `run` publishes, too */
        char *base_url; /* where the folder is served; NULL: web.base_url */
        char *profile;
    } publish;
    struct {
        long papers_days;
        long deliveries_days;
    } retention;
};

/* `path` NULL looks for $PAPERBOY_CONFIG, ./paperboy.json and
 * /etc/paperboy/paperboy.json; finding none is an error of kind configuration,
 * as is every other one here. */
int configuration_load(const char *path, struct configuration *ret_configuration,
                       struct error *error);
/* The same, but all that is wrong goes to the sink; -1 when anything did. With
 * `*ret_is_read` the configuration holds what could be taken, defaults elsewhere. */
int configuration_check(const char *path, struct error_sink *sink,
                        struct configuration *ret_configuration, bool *ret_is_read);
/* Whether a file was named or is found. */
bool configuration_is_found(const char *path);
/* What holds without a file: for commands that read papers from --papers. */
void configuration_defaults(struct configuration *configuration);
void configuration_free(struct configuration *configuration); /* zeroed is fine */

/* The first line of a file with a secret, or of the file of the same name in
 * $CREDENTIALS_DIRECTORY when there is one; for free(3). A file that others
 * can read is refused. */
int configuration_read_secret(const char *path, char **ret_secret, struct error *error);
/* The whole file, likewise, appended. */
int configuration_read_secret_file(const char *path, struct buffer *ret_secret,
                                   struct error *error);

#endif
