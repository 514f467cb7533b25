#include "commands/configuration.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/memory.h"

enum { SECRET_BYTES = 64 * 1024 };

void configuration_defaults(struct configuration *configuration)
{
    *configuration = (struct configuration){0};
    configuration->sender.name = memory_copy_string("Paperboy");
    configuration->subscribers = memory_copy_string("subscribers");
    configuration->key_file = memory_copy_string("paperboy.key");
    configuration->store = memory_copy_string("sqlite:paperboy.db");
    configuration->delivery.relay.url = memory_copy_string("maildir:outbox");
    configuration->delivery.relay.weight = 1;
    configuration->delivery.connections = 16;
    configuration->delivery.expire_hours = 24;
    configuration->inbox.processed = memory_copy_string("Processed");
    configuration->inbox.failed = memory_copy_string("Failed");
    configuration->inbox.answers_per_hour = 200;
    configuration->bounces.hard = 2;
    configuration->bounces.soft = 5;
    configuration->bounces.domain_hold_percent = 5;
    configuration->arxiv.rss = memory_copy_string("https://rss.arxiv.org/rss/");
    configuration->arxiv.oai = memory_copy_string("https://oaipmh.arxiv.org/oai");
    configuration->arxiv.pdf = memory_copy_string("https://arxiv.org/pdf/");
    configuration->arxiv.interval_ms = 3000;
    configuration->summaries.source = memory_copy_string("pdf");
    configuration->summaries.papers = 15;
    configuration->summaries.connections = 3;
    configuration->summaries.deadline_seconds = 900;
    configuration->summaries.max_tokens = 4000;
    configuration->web.listen = memory_copy_string("127.0.0.1:8025");
    configuration->publish.folder = memory_copy_string("public");
    configuration->retention.papers_days = 400;
    configuration->retention.deliveries_days = 90;
}

static void free_strings(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->items[i]);
    free(strings->items);
}

static void free_relay(struct configuration_relay *relay)
{
    free(relay->url);
    free(relay->username);
    free(relay->password_file);
    free(relay->ca_file);
}

void configuration_free(struct configuration *configuration)
{
    char *owned[] = {
        configuration->file,
        configuration->folder,
        configuration->sender.name,
        configuration->sender.address,
        configuration->list.name,
        configuration->list.id,
        configuration->list.owner,
        configuration->subscribers,
        configuration->templates,
        configuration->key_file,
        configuration->store,
        configuration->inbox.url,
        configuration->inbox.username,
        configuration->inbox.password_file,
        configuration->inbox.token_command,
        configuration->inbox.ca_file,
        configuration->inbox.address,
        configuration->inbox.authserv_id,
        configuration->inbox.processed,
        configuration->inbox.failed,
        configuration->arxiv.rss,
        configuration->arxiv.oai,
        configuration->arxiv.pdf,
        configuration->arxiv.contact,
        configuration->summaries.base_url,
        configuration->summaries.model,
        configuration->summaries.api_key_file,
        configuration->summaries.ca_file,
        configuration->summaries.prompt_file,
        configuration->summaries.source,
        configuration->web.listen,
        configuration->web.base_url,
        configuration->web.tls_certificate_file,
        configuration->web.tls_key_file,
        configuration->publish.folder,
        configuration->publish.base_url,
        configuration->publish.profile,
    };

    for (size_t i = 0; i < sizeof(owned) / sizeof(owned[0]); i++)
        free(owned[i]);
    free_strings(&configuration->inbox.allow);
    free_strings(&configuration->arxiv.categories);
    free_strings(&configuration->web.trusted_proxies);
    free_relay(&configuration->delivery.relay);
    for (size_t i = 0; i < configuration->delivery.relay_count; i++)
        free_relay(&configuration->delivery.relays[i]);
    free(configuration->delivery.relays);
    *configuration = (struct configuration){0};
}

/* The file of the same name among systemd's credentials, or `path` itself. */
static char *locate_secret(const char *path)
{
    const char *folder = getenv("CREDENTIALS_DIRECTORY"), *slash = strrchr(path, '/');
    char *candidate;

    if (folder && folder[0]) {
        candidate = file_join(folder, slash ? slash + 1 : path);
        if (file_exists(candidate))
            return candidate;
        free(candidate);
    }
    return memory_copy_string(path);
}

int configuration_read_secret_file(const char *path, struct buffer *ret_secret,
                                   struct error *error)
{
    char *file = locate_secret(path);
    struct stat status;
    int result;

    if (stat(file, &status) == 0 && (status.st_mode & S_IRWXO))
        result = error_set(error, ERROR_CONFIGURATION,
                           "%s: other users can read this secret; mend it with chmod o-rwx %s",
                           file, file);
    else
        result = file_read(file, ret_secret, error);
    if (result < 0 && error && error->kind == ERROR_MISSING)
        error->kind = ERROR_CONFIGURATION;
    free(file);
    return result;
}

int configuration_read_secret(const char *path, char **ret_secret, struct error *error)
{
    struct buffer bytes;
    struct view rest, line = {NULL, 0};
    int result;

    buffer_init(&bytes, SECRET_BYTES);
    result = configuration_read_secret_file(path, &bytes, error);
    rest = buffer_view(&bytes);
    view_next_line(&rest, &line);
    if (result == 0 && !line.size)
        result = error_set(error, ERROR_CONFIGURATION,
                           "%s: its first line is empty; it must hold the secret", path);
    if (result == 0)
        *ret_secret = view_copy_string(line);
    buffer_free(&bytes);
    return result;
}
