/* check: what a model is asked with. Nothing is asked: that would cost tokens. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/check.h"
#include "commands/prompts.h"
#include "summaries/endpoint.h"
#include "summaries/pdf_text.h"

static void check_endpoint(const struct configuration *configuration, struct findings *findings)
{
    const char *file = configuration->summaries.api_key_file;
    struct endpoint_settings settings = {.base_url = configuration->summaries.base_url,
                                         .model = configuration->summaries.model,
                                         .ca_file = configuration->summaries.ca_file};
    struct endpoint *endpoint;
    struct error problem;
    char *key = NULL;

    if (file && configuration_read_secret(file, &key, &problem) < 0) {
        error_add(&problem, "summaries.api_key_file");
        findings_problem(findings, &problem);
        return;
    }
    if (settings.ca_file && access(settings.ca_file, R_OK) < 0) {
        error_set_errno(&problem, errno, "summaries.ca_file: %s", settings.ca_file);
        problem.kind = ERROR_CONFIGURATION;
        findings_problem(findings, &problem);
    }
    settings.api_key = key;
    endpoint = endpoint_new(&settings, &problem);
    if (endpoint)
        findings_ok(findings, "%s at %s%s; not asked now: paperboy summarize ID does", settings.model,
                    settings.base_url, key ? "" : ", without an API key");
    else
        findings_problem(findings, &problem);
    endpoint_free(&endpoint);
    if (key)
        sodium_memzero(key, strlen(key));
    free(key);
}

static void check_prompt(struct site *site, struct findings *findings)
{
    const struct prompt *prompt;
    struct buffer languages;
    struct error problem;
    size_t at = 0, bad = 0;

    for (; prompts_next_problem(site->prompts, &at, &problem); bad++)
        findings_problem(findings, &problem);
    if (!bad && prompts_find(site, "en", &prompt, &problem) < 0)
        findings_problem(findings, &problem);
    else if (!bad && site->configuration.summaries.prompt_file)
        findings_ok(findings, "%s, for every language", site->configuration.summaries.prompt_file);
    else {
        buffer_init(&languages, ERROR_TEXT_BYTES);
        prompts_list(site->prompts, &languages);
        findings_ok(findings, "prompts in %s", buffer_string(&languages));
        buffer_free(&languages);
    }
}

void check_summaries(struct site *site, struct findings *findings)
{
    const struct configuration *configuration = &site->configuration;
    struct error problem;

    if (!configuration->summaries.enabled || !configuration->summaries.base_url ||
        !configuration->summaries.model)
        return;
    check_endpoint(configuration, findings);
    if (!site->prompts)
        site->prompts = prompts_new(site);
    check_prompt(site, findings);
    if (strcmp(configuration->summaries.source, "text") == 0 && pdf_text_check(&problem) < 0)
        findings_problem(findings, &problem);
}
