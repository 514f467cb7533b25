/* check: what a model is asked with. Nothing is asked: that would cost tokens. */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "commands/check.h"
#include "commands/prompts.h"
#include "summaries/endpoint.h"

static bool is_in_path(const char *program)
{
    const char *folders = getenv("PATH");
    struct view rest = view_of(folders ? folders : "/usr/local/bin:/usr/bin:/bin"), folder;
    struct buffer path;
    bool found = false;

    buffer_init(&path, 1 << 16);
    while (!found && rest.size) {
        view_next_part(&rest, ':', &folder);
        buffer_clear(&path);
        buffer_printf(&path, "%.*s/%s", VIEW_ARGUMENTS(folder), program);
        found = access(buffer_string(&path), X_OK) == 0;
    }
    buffer_free(&path);
    return found;
}

static void check_endpoint(const struct configuration *configuration, struct findings *findings)
{
    const char *file = configuration->summaries.api_key_file;
    struct endpoint_settings settings = {.base_url = configuration->summaries.base_url,
                                         .model = configuration->summaries.model};
    struct endpoint *endpoint;
    struct error problem;
    char *key = NULL;

    if (file && configuration_read_secret(file, &key, &problem) < 0) {
        error_add(&problem, "summaries.api_key_file");
        findings_problem(findings, &problem);
        return;
    }
    settings.api_key = key;
    endpoint = endpoint_new(&settings, &problem);
    if (endpoint)
        findings_ok(findings, "%s at %s%s", settings.model, settings.base_url,
                    key ? "" : ", without an API key");
    else
        findings_problem(findings, &problem);
    endpoint_free(&endpoint);
    free(key);
}

static void check_prompt(struct site *site, struct findings *findings)
{
    const struct prompt *prompt;
    struct error problem;

    if (prompts_find(site, "en", &prompt, &problem) < 0)
        findings_problem(findings, &problem);
    else if (site->configuration.summaries.prompt_file)
        findings_ok(findings, "%s, for every language", site->configuration.summaries.prompt_file);
}

void check_summaries(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;

    if (!configuration->summaries.enabled || !configuration->summaries.base_url ||
        !configuration->summaries.model)
        return;
    check_endpoint(configuration, findings);
    if (!site->prompts)
        site->prompts = prompts_new(site);
    check_prompt(site, findings);
    if (strcmp(configuration->summaries.source, "text") == 0 && !is_in_path("pdftotext"))
        findings_fail(findings, EX_CONFIG,
                      "%s: summaries.source is \"text\", and there is no pdftotext; install "
                      "Debian's poppler-utils", configuration->file);
}
