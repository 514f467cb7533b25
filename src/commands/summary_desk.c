#include "commands/summary_desk.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timer.h"
#include "commands/summary_uploads.h"
#include "summaries/answer.h"
#include "summaries/pdf_text.h"
#include "summaries/question.h"

static const double TEMPERATURE = 0.3;

enum { TEXT_BYTES = 4 * 1024 * 1024, SPARE_SECONDS = 60 };

/* ---- opening ---- */

int summary_office_open(struct site *site, struct summary_office *ret_office,
                        struct error *error)
{
    struct summary_office office = {.site = site};
    const char *file = site->configuration.summaries.api_key_file;

    if (file && configuration_read_secret(file, &office.api_key, error) < 0)
        return error_add(error, "summaries.api_key_file");
    *ret_office = office;
    pthread_mutex_init(&ret_office->downloading, NULL);
    pthread_mutex_init(&ret_office->writing, NULL);
    return 0;
}

void summary_office_close(struct summary_office *office)
{
    if (!office->site)
        return;
    if (office->api_key)
        sodium_memzero(office->api_key, strlen(office->api_key));
    free(office->api_key);
    pthread_mutex_destroy(&office->downloading);
    pthread_mutex_destroy(&office->writing);
    *office = (struct summary_office){0};
}

int summary_desk_open(struct summary_office *office, size_t number, bool shares_store,
                      struct summary_desk *ret_desk, struct error *error)
{
    struct summary_desk *desk = ret_desk;
    const struct configuration *configuration = &office->site->configuration;
    const struct endpoint_settings settings = {
        .base_url = configuration->summaries.base_url,
        .model = configuration->summaries.model,
        .api_key = office->api_key,
        .ca_file = configuration->summaries.ca_file,
        .deadline_ms = office->deadline_ms,
        .timer = timer_system(),
        .is_stopping = office->is_stopping,
    };
    char name[PROCESS_NAME_BYTES];

    *desk = (struct summary_desk){.office = office, .site = *office->site};
    process_name(name);
    snprintf(desk->holder, sizeof(desk->holder), "%s/%zu", name, number);
    desk->arena = arena_new();
    buffer_init(&desk->pdf, ASKING_PDF_BYTES);
    buffer_init(&desk->text, TEXT_BYTES);
    if (!shares_store) {
        desk->site.store = NULL;
        if (site_open_store(&desk->site, error) < 0)
            return -1;
    }
    desk->endpoint = endpoint_new(&settings, error);
    return desk->endpoint ? 0 : -1;
}

void summary_desk_close(struct summary_desk *desk)
{
    if (!desk->office)
        return;
    endpoint_answer_free(&desk->answer);
    endpoint_free(&desk->endpoint);
    asking_pdf_close(&desk->asking);
    if (desk->site.store != desk->office->site->store)
        store_close(&desk->site.store);
    buffer_free(&desk->pdf);
    buffer_free(&desk->text);
    arena_free(&desk->arena);
    *desk = (struct summary_desk){0};
}

struct summary_key summary_key_of(const struct site *site, const char *paper_id, int version,
                                  const struct prompt *prompt)
{
    return (struct summary_key){.paper_id = paper_id,
                                .version = version,
                                .model = site->configuration.summaries.model,
                                .language = prompt->language,
                                .prompt = prompt->hash};
}

/* ---- the store ---- */

static int claim(struct summary_desk *desk, const struct summary_key *key, struct date edition,
                 bool *ret_is_ours, struct error *error)
{
    int result;

    pthread_mutex_lock(&desk->office->writing);
    result = summaries_claim(desk->site.store, key, edition, desk->holder, site_now(),
                             desk->office->lease_seconds + SPARE_SECONDS, ret_is_ours, error);
    pthread_mutex_unlock(&desk->office->writing);
    return result;
}

/* A claim that another took over in the meantime is theirs to end. */
static int finish(struct summary_desk *desk, const struct summary_key *key,
                  const struct summary_row *row, struct error *error)
{
    int result;

    pthread_mutex_lock(&desk->office->writing);
    result = summaries_finish(desk->site.store, key, desk->holder, row, site_now(), error);
    pthread_mutex_unlock(&desk->office->writing);
    return result < 0 && error->kind == ERROR_CONFLICT ? 0 : result;
}

static int give_back(struct summary_desk *desk, const struct summary_key *key,
                     struct error *error)
{
    int result;

    pthread_mutex_lock(&desk->office->writing);
    result = summaries_release(desk->site.store, key, desk->holder, error);
    pthread_mutex_unlock(&desk->office->writing);
    return result;
}

/* ---- what the model reads ---- */

struct reading {
    const struct paper *paper;
    bool is_read;     /* by us: what fails then is the endpoint's */
    bool is_uploaded;
    char file[ENDPOINT_ID_BYTES];
    struct view material;
};

static bool is_over(const struct summary_desk *desk)
{
    const struct summary_office *office = desk->office;

    return (office->is_stopping && office->is_stopping()) ||
           (office->deadline_ms && timer_steady_ms() >= office->deadline_ms);
}

static int download(struct summary_desk *desk, const struct paper *paper, struct error *error)
{
    int result = 0;

    pthread_mutex_lock(&desk->office->downloading);
    if (is_over(desk))
        result = error_set(error, ERROR_TEMPORARY, "no time was left for its PDF");
    if (result == 0 && !desk->asking) {
        desk->asking = asking_pdf_open(&desk->site, error);
        if (!desk->asking)
            result = -1;
    }
    if (result == 0) {
        asking_pdf_limit(desk->asking, desk->office->deadline_ms, desk->office->is_stopping);
        result = asking_pdf_get(desk->asking, paper, &desk->pdf, error);
    }
    pthread_mutex_unlock(&desk->office->downloading);
    return result < 0 ? error_add(error, "its PDF") : 0;
}

static int64_t claimed_until(const struct summary_desk *desk)
{
    return site_now() + desk->office->lease_seconds + SPARE_SECONDS;
}

/* Whether it is noted decides only on who deletes it after a crash. */
static void note_upload(struct summary_desk *desk, const char *file, bool is_there)
{
    struct error error;
    int result;

    pthread_mutex_lock(&desk->office->writing);
    result = is_there ? summary_uploads_note(&desk->site, file, desk->holder, claimed_until(desk),
                                             &error)
                      : summary_uploads_drop(&desk->site, file, &error);
    pthread_mutex_unlock(&desk->office->writing);
    if (result < 0)
        log_line(desk->site.log, LOG_LEVEL_WARNING, "summaries: %s", error.text);
}

static int upload(struct summary_desk *desk, struct reading *reading, struct error *error)
{
    const struct paper *paper = reading->paper;
    char name[128];

    snprintf(name, sizeof(name), "%.*sv%d.pdf", VIEW_ARGUMENTS(view_slice(paper->id, 0, 100)),
             paper->version > 0 ? paper->version : 1);
    for (char *at = name; *at; at++) /* "hep-th/9901001" */
        if (*at == '/')
            *at = '-';
    if (endpoint_upload(desk->endpoint, buffer_view(&desk->pdf), name, reading->file, error) < 0)
        return -1;
    reading->is_uploaded = true;
    note_upload(desk, reading->file, true);
    return 0;
}

static int extract(struct summary_desk *desk, struct reading *reading, struct error *error)
{
    struct pdf_text_limits limits = PDF_TEXT_LIMITS;
    int64_t left = desk->office->deadline_ms - timer_steady_ms();

    limits.is_stopping = desk->office->is_stopping;
    if (desk->office->deadline_ms && left < limits.wall_ms)
        limits.wall_ms = left > 1 ? (long)left : 1;
    buffer_clear(&desk->text);
    if (pdf_text_read(buffer_view(&desk->pdf), &limits, &desk->text, error) < 0)
        return -1;
    reading->material = buffer_view(&desk->text);
    return 0;
}

static int get_material(struct summary_desk *desk, struct reading *reading, struct error *error)
{
    const char *source = desk->site.configuration.summaries.source;

    if (strcmp(source, "abstract") == 0) {
        reading->material = view_trim(reading->paper->abstract);
        return reading->material.size ? 0 : error_set(error, ERROR_INPUT, "it has no abstract");
    }
    if (download(desk, reading->paper, error) < 0)
        return -1;
    if (strcmp(source, "text") == 0)
        return extract(desk, reading, error);
    reading->is_read = true;
    return upload(desk, reading, error);
}

/* A file that stays with the provider costs nobody a digest; a later process deletes it. */
static void tidy(struct summary_desk *desk, const struct reading *reading)
{
    struct error error;

    if (!reading->is_uploaded)
        return;
    if (endpoint_delete(desk->endpoint, reading->file, &error) == 0)
        note_upload(desk, reading->file, false);
    else
        log_line(desk->site.log, LOG_LEVEL_WARNING,
                 "summaries: the uploaded PDF of %.*s stays at the endpoint: %s",
                 VIEW_ARGUMENTS(reading->paper->id), error.text);
}

/* ---- asking ---- */

/* What a failure means for this paper, and for the next. */
static void judge_failure(struct summary_outcome *outcome, bool is_endpoint)
{
    outcome->end = outcome->why.kind == ERROR_PERMANENT ? SUMMARY_END_UNSHOWN : SUMMARY_END_FAILED;
    if (!is_endpoint && outcome->why.kind == ERROR_INPUT) /* this PDF will be no better */
        outcome->end = SUMMARY_END_UNSHOWN;
    outcome->is_endpoint_away = is_endpoint && outcome->why.kind == ERROR_TEMPORARY;
    outcome->is_misconfigured = outcome->why.kind == ERROR_CONFIGURATION;
}

static void ask(struct summary_desk *desk, const struct reading *reading,
                const struct prompt *prompt, struct summary_outcome *outcome,
                struct summary_row *row)
{
    const struct question question = {.title = reading->paper->title,
                                      .prompt = prompt->text,
                                      .file = reading->is_uploaded ? reading->file : NULL,
                                      .material = reading->material};
    struct endpoint_message messages[QUESTION_MESSAGES];
    const struct endpoint_question asked = {
        .messages = messages,
        .count = question_make(&question, desk->arena, messages),
        .temperature = TEMPERATURE,
        .max_tokens = desk->site.configuration.summaries.max_tokens,
    };
    struct summary_answer answer;
    int result = endpoint_ask(desk->endpoint, &asked, &desk->answer, &outcome->why);

    row->prompt_tokens = desk->answer.prompt_tokens;
    row->completion_tokens = desk->answer.completion_tokens;
    outcome->tokens = row->prompt_tokens + row->completion_tokens;
    if (result < 0) {
        judge_failure(outcome, true);
        return;
    }
    if (answer_read(buffer_view(&desk->answer.content), desk->answer.finish_reason,
                    desk->answer.is_refusal, desk->arena, &answer, &outcome->why) < 0) {
        outcome->end = outcome->why.kind == ERROR_TEMPORARY ? SUMMARY_END_FAILED
                                                            : SUMMARY_END_UNSHOWN;
        return;
    }
    outcome->end = SUMMARY_END_MADE;
    row->tldr = arena_string(desk->arena, answer.tldr);
    row->markdown = arena_string(desk->arena, answer.markdown);
}

static void fill_row(const struct summary_outcome *outcome, struct summary_row *row)
{
    row->state = outcome->end == SUMMARY_END_MADE      ? SUMMARY_GOOD
                 : outcome->end == SUMMARY_END_UNSHOWN ? SUMMARY_REFUSED
                                                       : SUMMARY_FAILED;
    if (row->state != SUMMARY_GOOD)
        row->why = outcome->why.text;
}

static bool may_ask(const struct summary_desk *desk)
{
    const struct summary_office *office = desk->office;

    return !is_over(desk) && (!office->may_ask || office->may_ask(office->user));
}

/* Ours, and not begun yet: as if it had not been claimed. */
static int leave(struct summary_desk *desk, const struct summary_key *key,
                 struct summary_outcome *outcome, struct error *error)
{
    outcome->end = SUMMARY_END_LEFT;
    return give_back(desk, key, error);
}

static int work_prompt(struct summary_desk *desk, const struct reading *reading,
                       const struct summary_key *key, const struct prompt *prompt,
                       const struct error *unread, struct summary_outcome *outcome,
                       struct error *error)
{
    struct summary_row row = {0};

    if (!unread && !may_ask(desk))
        return leave(desk, key, outcome, error);
    if (unread) {
        outcome->why = *unread;
        judge_failure(outcome, reading->is_read);
        if (outcome->end == SUMMARY_END_FAILED && is_over(desk))
            return leave(desk, key, outcome, error);
    } else {
        ask(desk, reading, prompt, outcome, &row);
    }
    fill_row(outcome, &row);
    return finish(desk, key, &row, error);
}

int summary_desk_work(struct summary_desk *desk, const struct paper *paper,
                      const struct prompt *const *prompts, size_t count, struct date edition,
                      struct summary_outcome *ret_outcomes, struct error *error)
{
    struct reading reading = {.paper = paper};
    struct error unread;
    const char *id;
    bool *ours, any = false, is_in_vain = false; /* the endpoint takes no question just now */
    int read = 0, result = 0;

    arena_reset(desk->arena);
    id = arena_string(desk->arena, paper->id);
    ours = arena_alloc(desk->arena, count, sizeof(ours[0]));
    for (size_t i = 0; i < count; i++) {
        struct summary_key key = summary_key_of(&desk->site, id, paper->version, prompts[i]);

        ret_outcomes[i] = (struct summary_outcome){.end = SUMMARY_END_LEFT};
        ours[i] = false;
        if (!may_ask(desk))
            continue;
        if (claim(desk, &key, edition, &ours[i], error) < 0)
            return -1;
        if (!ours[i])
            ret_outcomes[i].end = SUMMARY_END_KEPT;
        any |= ours[i];
    }
    buffer_clear(&desk->pdf);
    if (any)
        read = get_material(desk, &reading, &unread);
    for (size_t i = 0; i < count && result == 0; i++) {
        struct summary_key key = summary_key_of(&desk->site, id, paper->version, prompts[i]);

        if (!ours[i])
            continue;
        if (is_in_vain)
            result = leave(desk, &key, &ret_outcomes[i], error);
        else
            result = work_prompt(desk, &reading, &key, prompts[i], read < 0 ? &unread : NULL,
                                 &ret_outcomes[i], error);
        is_in_vain |= ret_outcomes[i].is_misconfigured || ret_outcomes[i].is_endpoint_away;
    }
    tidy(desk, &reading);
    return result;
}
