/* A request of any bytes through all that reads it, and then to the pages, which have a
 * small store and the real templates. Its lines: method and target, Content-Type,
 * X-Forwarded-For, If-None-Match; what follows is the body. */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/utf8.h"
#include "commands/serve_kept.h"
#include "commands/serve_stand.h"
#include "papers/feed.h"
#include "store/editions.h"
#include "web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PAPER                                                                             \
    "{\"id\":\"2602.13531\",\"title\":\"<b>T</b> & $x$\",\"abstract\":\"A ]]> \\\"b\\\"\"," \
    "\"authors\":[\"A \\u0041\"],\"categories\":[\"cs.LG\"]}\n"

/* Made once, at the first input, and left to the end. */
static struct world {
    struct site site;
    struct log log;
    struct stand stand;
    char folder[64];
} *world;

static void need(int result, const struct error *error)
{
    if (result == 0)
        return;
    fprintf(stderr, "%s\n", error->text);
    abort();
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

static void remove_world(void)
{
    nftw(world->folder, remove_one, 10, FTW_DEPTH | FTW_PHYS);
}

static void add_edition(struct store *store)
{
    const struct edition_category category = {"cs.LG", 1, 1, EDITION_COMPLETE};
    const struct edition edition = {.date = {2026, 2, 17}, .fetched_utc = 1771300000,
                                    .state = EDITION_COMPLETE, .categories = &category,
                                    .category_count = 1};
    struct feed_report report = {0};
    struct papers papers;
    struct error error = {0};

    papers_init(&papers);
    need(feed_parse(VIEW(PAPER), 1 << 20, &papers, &report, &error), &error);
    need(store_put_edition(store, &edition, &papers, NULL, &error), &error);
    papers_free(&papers);
}

static void write_configuration(const char *file)
{
    char here[1024] = "", text[2048];
    struct error error = {0};

    if (!getcwd(here, sizeof(here)))
        abort();
    snprintf(text, sizeof(text),
             "{\"sender\":{\"name\":\"P\",\"address\":\"p@example.test\"},"
             "\"templates\":\"%s/templates\",\"web\":{\"base_url\":\"http://x.test/\"}}",
             here);
    need(file_write_atomic(file, view_of(text), 0600, &error), &error);
}

static void make_world(void)
{
    const char *temporary = getenv("TMPDIR");
    struct error error = {0};
    char file[96];

    world = calloc(1, sizeof(*world));
    if (!world)
        abort();
    log_init(&world->log, "fuzz");
    snprintf(world->folder, sizeof(world->folder), "%.40s/fuzz-XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(world->folder))
        abort();
    atexit(remove_world);
    snprintf(file, sizeof(file), "%s/paperboy.json", world->folder);
    write_configuration(file);
    need(site_open(&world->site, &world->log, file, false, &error), &error);
    need(site_open_store(&world->site, &error), &error);
    need(site_open_templates(&world->site, &error), &error);
    add_edition(world->site.store);
    need(site_open_key(&world->site, &error), &error);
    need(stand_open(&world->stand, &world->site, &error), &error);
    /* As many as come; nothing is to be kept back. */
    web_limits_free(&world->stand.serving.posts);
    world->stand.serving.posts = web_limits_new(10, 1000, 1);
}

static void check_text(struct view text)
{
    if (!utf8_is_valid(text))
        abort();
    for (size_t i = 0; i < text.size; i++)
        if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
            abort();
}

static void check_fields(struct web_fields fields)
{
    if (fields.count > WEB_FIELDS)
        abort();
    for (size_t i = 0; i < fields.count; i++) {
        check_text(fields.items[i].name);
        check_text(fields.items[i].value);
    }
}

static void read_form(struct web_request *request, struct view type, struct view body)
{
    struct view boundary;

    switch (web_form_recognise(type, &boundary)) {
    case WEB_FORM_NONE: return;
    case WEB_FORM_URLENCODED: request->form = web_form_read(body, request->arena); break;
    case WEB_FORM_MULTIPART:
        request->form = web_form_read_multipart(body, boundary, request->arena);
        break;
    }
    request->is_form = true;
    check_fields(request->form);
}

/* Whether `text` has the folder's name. Compared out of the fuzzer's sight: it hears what memmem looks for,
 * put the name into a form itself, and then found it in the page that shows the form again. */
__attribute__((no_sanitize("coverage"))) static bool tells_the_folder(struct view text)
{
    const char *folder = world->folder;
    size_t matched;

    for (size_t i = 0; i < text.size; i++) {
        for (matched = 0; folder[matched] && i + matched < text.size; matched++)
            if (text.data[i + matched] != folder[matched])
                break;
        if (!folder[matched])
            return true;
    }
    return false;
}

/* What comes back says nothing of the folder that all this is in. */
static void answer(struct web_request *request)
{
    struct web_answer answer;
    struct view bytes;

    web_answer_init(&answer);
    if (!serve_quick(&world->stand.serving, request, &answer))
        serve_work(&world->stand.desks[0], request, &answer);
    bytes = answer.content ? web_content_bytes(answer.content) : buffer_view(&answer.body);
    if (answer.content)
        web_content_is_known(answer.content, request->if_none_match, request->if_none_match);
    if (!bytes.size || answer.status == 500 || !utf8_is_valid(bytes) ||
        tells_the_folder(bytes) || serve_kept_count(world->stand.serving.kept).items > 40)
        abort();
    web_answer_free(&answer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view rest = {(const char *)data, size}, line, target, type, forwarded, match, method;
    char client[WEB_CLIENT_BYTES], group[WEB_CLIENT_BYTES];
    struct web_request request = {0};
    size_t question;

    if (!world)
        make_world();
    if (!view_next_line(&rest, &line))
        return 0;
    view_next_part(&line, ' ', &method);
    target = line;
    type = view_next_line(&rest, &line) ? line : (struct view){0};
    forwarded = view_next_line(&rest, &line) ? line : (struct view){0};
    match = view_next_line(&rest, &line) ? line : (struct view){0};
    question = view_find_char(target, '?', 0);
    web_client_find(&world->stand.serving.trusted, "127.0.0.1", forwarded, client);
    web_client_group(client, group);
    request = (struct web_request){
        .method = view_equal_string(method, "POST")   ? WEB_POST
                  : view_equal_string(method, "HEAD") ? WEB_HEAD
                                                      : WEB_GET,
        .arena = arena_new(), .client = client, .now_utc = 1771400000, .host = VIEW("x.test"),
        .if_none_match = match};
    request.query = web_form_read(view_slice(target, question + 1, target.size), request.arena);
    check_fields(request.query);
    if (web_path_read(view_slice(target, 0, question), request.arena, &request.path)) {
        check_text(request.path);
        if (request.method == WEB_POST)
            read_form(&request, type, rest);
        answer(&request);
    }
    arena_free(&request.arena);
    return 0;
}
