#include "commands/asking_pdf.h"

#include <stdlib.h>

#include "base/memory.h"
#include "commands/asking.h"
#include "digest/context_text.h"

enum { URL_BYTES = 4096 };

struct asking_pdf {
    struct pace_keeper keeper;
    struct polite_pace pace;
    struct polite *polite;
    const char *base;
    int64_t deadline_ms; /* by timer_steady_ms; 0: none */
    bool (*is_stopping)(void);
};

static bool is_over(void *user)
{
    const struct asking_pdf *asking = user;

    return (asking->deadline_ms && timer_steady_ms() >= asking->deadline_ms) ||
           (asking->is_stopping && asking->is_stopping());
}

struct asking_pdf *asking_pdf_open(struct site *site, struct error *error)
{
    const struct configuration *configuration = &site->configuration;
    struct asking_pdf *asking = memory_new(1, sizeof(*asking));
    struct polite_settings settings = {
        .url = configuration->arxiv.pdf,
        .contact = configuration->arxiv.contact,
        .interval_ms = configuration->arxiv.interval_ms,
        .max_bytes = ASKING_PDF_BYTES,
        .timer = timer_system(),
        .pace = &asking->pace,
    };

    asking_init_pace(site, "pdf", &asking->keeper, &asking->pace);
    asking->keeper.is_over = is_over;
    asking->keeper.over_user = asking;
    asking->base = configuration->arxiv.pdf;
    asking->polite = polite_new(&settings, error);
    if (!asking->polite)
        asking_pdf_close(&asking);
    return asking;
}

void asking_pdf_close(struct asking_pdf **asking)
{
    if (!*asking)
        return;
    polite_free(&(*asking)->polite);
    free(*asking);
    *asking = NULL;
}

void asking_pdf_limit(struct asking_pdf *asking, int64_t deadline_ms, bool (*is_stopping)(void))
{
    asking->deadline_ms = deadline_ms;
    asking->is_stopping = is_stopping;
}

static long find_deadline_ms(void *user)
{
    const struct asking_pdf *asking = user;
    int64_t left = asking->deadline_ms - timer_steady_ms();

    if (!asking->deadline_ms || left > HTTP_DEADLINE_MS)
        return HTTP_DEADLINE_MS;
    return left > 0 ? (long)left : 1;
}

/* ---- what is asked for ---- */

/* No "." or "..", which would lead elsewhere. */
static bool is_path(struct view id)
{
    struct view part;

    while (view_next_part(&id, '/', &part))
        if (!part.size || view_equal_string(part, ".") || view_equal_string(part, ".."))
            return false;
    return true;
}

static int make_url(const struct asking_pdf *asking, const struct paper *paper,
                    struct buffer *url, struct error *error)
{
    buffer_add_string(url, asking->base);
    if (!view_ends_with(buffer_view(url), VIEW("/")))
        buffer_add_char(url, '/');
    context_add_encoded(url, paper->id, "/");
    if (paper->version > 0)
        buffer_printf(url, "v%d", paper->version);
    if (!is_path(paper->id) || url->failed)
        return error_set(error, ERROR_INPUT, "%.*s is no id that arXiv gives",
                         VIEW_ARGUMENTS(paper->id));
    return 0;
}

/* ---- what came ---- */

/* A PDF that is too large, or a page in its place, is no sign of bad health. */
static int judge(void *user, const struct http_response *response, struct error *error)
{
    struct view body = buffer_view(&response->body);

    (void)user;
    if (response->truncated && body.size >= ASKING_PDF_BYTES)
        return error_set(error, ERROR_INPUT, "%s: larger than %d MB", response->url,
                         ASKING_PDF_BYTES / 1024 / 1024);
    if (response->truncated)
        return error_set(error, ERROR_TEMPORARY, "%s: %s", response->url, response->why);
    if (!view_starts_with(body, VIEW("%PDF-")))
        return error_set(error, ERROR_INPUT, "%s: no PDF, but %s", response->url,
                         response->content_type[0] ? response->content_type : "something else");
    return 0;
}

static int get(struct asking_pdf *asking, const char *url, struct buffer *pdf, struct error *error)
{
    const struct polite_request request = {
        .url = url,
        .judge = judge,
        .find_deadline_ms = find_deadline_ms,
        .user = asking,
    };
    const struct http_response *response;

    if (polite_get(asking->polite, &request, &response, error) < 0)
        return -1;
    buffer_clear(pdf);
    buffer_add_view(pdf, buffer_view(&response->body));
    return pdf->failed ? error_set(error, ERROR_INPUT, "%s: larger than %zu bytes", url, pdf->max)
                       : 0;
}

int asking_pdf_get(struct asking_pdf *asking, const struct paper *paper, struct buffer *ret_pdf,
                   struct error *error)
{
    struct buffer url;
    int result;

    buffer_init(&url, URL_BYTES);
    result = make_url(asking, paper, &url, error);
    if (result == 0)
        result = get(asking, buffer_string(&url), ret_pdf, error);
    buffer_free(&url);
    return result;
}
