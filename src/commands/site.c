#include "commands/site.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "commands/prompts.h"
#include "datadir.inc" /* made by the Makefile: PAPERBOY_DATADIR */
#include "subscribers/schedule.h"

/* A signal handler can reach nothing else. */
static volatile sig_atomic_t stopping;

static void note_signal(int signal_number)
{
    (void)signal_number;
    stopping = 1;
}

void site_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

void site_release_signals(void)
{
    struct sigaction action = {.sa_handler = SIG_DFL};

    sigemptyset(&action.sa_mask);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);
}

const volatile sig_atomic_t *site_stop_flag(void)
{
    return &stopping;
}

bool site_is_stopping(void)
{
    return stopping != 0;
}

int64_t site_now(void)
{
    return (int64_t)time(NULL);
}

uint32_t site_random(void)
{
    return randombytes_random();
}

int site_start(struct site *site, struct log *log, struct error *error)
{
    *site = (struct site){.log = log};
    if (sodium_init() < 0)
        return error_set(error, ERROR_TEMPORARY, "the system gives no random numbers");
    if (zone_load(SCHEDULE_ARXIV_ZONE, &site->arxiv_zone, error) < 0) {
        if (error)
            error->kind = ERROR_CONFIGURATION;
        return error_add(error, "arXiv's time zone (package tzdata)");
    }
    return 0;
}

int site_open(struct site *site, struct log *log, const char *config, bool optional,
              struct error *error)
{
    if (site_start(site, log, error) < 0)
        return -1;
    if (optional && !configuration_is_found(config)) {
        configuration_defaults(&site->configuration);
        return 0;
    }
    if (configuration_load(config, &site->configuration, error) < 0)
        return -1;
    site->has_configuration = true;
    return 0;
}

void site_close(struct site *site)
{
    store_close(&site->store);
    templates_free(&site->templates);
    prompts_free(&site->prompts);
    zone_free(&site->arxiv_zone);
    configuration_free(&site->configuration);
    sodium_memzero(&site->key, sizeof(site->key));
    *site = (struct site){0};
}

int site_open_store(struct site *site, struct error *error)
{
    if (site->store)
        return 0;
    return store_open(site->configuration.store, NULL, &site->store, error);
}

static bool has_templates(const char *folder)
{
    char *file = file_join(folder, "digest.html");
    bool found = file_exists(file);

    free(file);
    return found;
}

/* Where the program was built and not installed: build/paperboy and the like. */
static char *templates_beside_program(void)
{
    static const char *const ways[] = {"../templates", "../../templates"};
    char program[4096], *folder, *templates = NULL;
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (size <= 0)
        return NULL;
    program[size] = '\0';
    folder = file_folder_of(program);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && !templates; i++) {
        templates = file_join(folder, ways[i]);
        if (!has_templates(templates)) {
            free(templates);
            templates = NULL;
        }
    }
    free(folder);
    return templates;
}

char *site_shipped_templates(void)
{
    char *folder;

    if (has_templates(PAPERBOY_DATADIR "/templates"))
        return memory_copy_string(PAPERBOY_DATADIR "/templates");
    folder = templates_beside_program();
    return folder ? folder : memory_copy_string(PAPERBOY_DATADIR "/templates");
}

char *site_templates_folder(const struct site *site)
{
    const struct configuration *configuration = &site->configuration;
    char *folder;

    if (configuration->templates)
        return memory_copy_string(configuration->templates);
    if (configuration->folder) {
        folder = file_join(configuration->folder, "templates");
        if (has_templates(folder))
            return folder;
        free(folder);
    }
    return site_shipped_templates();
}

int site_open_templates(struct site *site, struct error *error)
{
    char *folder, *shipped;
    int result;

    if (site->templates)
        return 0;
    folder = site_templates_folder(site);
    shipped = site_shipped_templates();
    result = templates_load(folder, has_templates(shipped) ? shipped : NULL, &site->templates,
                            error);
    free(folder);
    free(shipped);
    if (result == 0 && site->configuration.summaries.enabled)
        site->prompts = prompts_new(site);
    return result < 0 && site->configuration.templates ? error_add(error, "templates") : result;
}

int site_read_template_file(const struct site *site, const char *name, struct buffer *ret_bytes,
                            struct error *error)
{
    char *folder = site_templates_folder(site), *shipped = site_shipped_templates();
    char *own = file_join(folder, name), *other = file_join(shipped, name);
    int result = file_read(file_exists(own) ? own : other, ret_bytes, error);

    free(own);
    free(other);
    free(folder);
    free(shipped);
    return result;
}

int site_need_sender(const struct site *site, struct error *error)
{
    if (site->configuration.sender.address)
        return 0;
    return error_set(error, ERROR_CONFIGURATION,
                     "%s: sender.address is missing; digests need an address that they come from",
                     site->has_configuration ? site->configuration.file : "paperboy.json");
}

struct date site_arxiv_date(const struct site *site, int64_t utc)
{
    return zone_date_at(site->arxiv_zone, utc, NULL);
}
