#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "papers/oai.h"
#include "unit/data.h"
#include "unit/loopback.h"

/* ---- a server's pages ---- */

enum { PAGES = 8 };

static const char OPENING[] =
    "<?xml version='1.0' encoding='UTF-8'?>\n<OAI-PMH "
    "xmlns=\"http://www.openarchives.org/OAI/2.0/\"><responseDate>2026-02-20T12:00:00Z</responseDate>"
    "<request verb=\"ListRecords\">http://localhost/oai</request>";

static void add_header(struct buffer *answer, const char *status, size_t body_bytes)
{
    buffer_printf(answer, "HTTP/1.1 %s\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n",
                  status, body_bytes);
}

static void add_record(struct buffer *body, const char *id)
{
    buffer_printf(body,
                  "<record><header><identifier>oai:arXiv.org:%s</identifier>"
                  "<datestamp>2026-02-18</datestamp><setSpec>cs:cs:LG</setSpec></header><metadata>"
                  "<arXivRaw xmlns=\"http://arxiv.org/OAI/arXivRaw/\"><id>%s</id>"
                  "<version version=\"v1\"><date>Fri, 13 Feb 2026 22:55:07 GMT</date></version>"
                  "<version version=\"v2\"><date>Mon, 16 Feb 2026 02:45:30 GMT</date></version>"
                  "<title>About %s</title><authors>A. Bee and C. Dee</authors>"
                  "<categories>cs.LG math.OC</categories><abstract>Text.</abstract></arXivRaw>"
                  "</metadata></record>", id, id, id);
}

/* `ids` with blanks between, "-" before one that was deleted; `token` NULL: none. */
static void make_page(struct buffer *answer, const char *ids, const char *token)
{
    struct view rest = view_of(ids), id;
    struct buffer body;
    char text[64];

    buffer_init(&body, 100000);
    buffer_printf(&body, "%s<ListRecords>", OPENING);
    while (view_next_part(&rest, ' ', &id)) {
        snprintf(text, sizeof text, "%.*s", VIEW_ARGUMENTS(id));
        if (text[0] == '-')
            buffer_printf(&body,
                          "<record><header status=\"deleted\"><identifier>oai:arXiv.org:%s"
                          "</identifier><datestamp>2026-02-18</datestamp></header></record>",
                          text + 1);
        else
            add_record(&body, text);
    }
    if (token)
        buffer_printf(&body, "<resumptionToken cursor=\"0\">%s</resumptionToken>", token);
    buffer_add_string(&body, "</ListRecords></OAI-PMH>\n");
    buffer_init(answer, 200000);
    add_header(answer, "200 OK", body.size);
    buffer_add_view(answer, buffer_view(&body));
    buffer_free(&body);
}

static void make_error(struct buffer *answer, const char *status, const char *code,
                       const char *words)
{
    struct buffer body;

    buffer_init(&body, 10000);
    buffer_printf(&body, "%s<error code=\"%s\">%s</error></OAI-PMH>", OPENING, code, words);
    buffer_init(answer, 20000);
    add_header(answer, status, body.size);
    buffer_add_view(answer, buffer_view(&body));
    buffer_free(&body);
}

static void make_text(struct buffer *answer, const char *text)
{
    buffer_init(answer, 20000);
    buffer_add_string(answer, text);
}

/* ---- a client, and a pace that notes what it is told ---- */

struct world {
    struct loopback *server;
    struct loopback_answer answers[PAGES];
    struct buffer texts[PAGES];
    size_t count;
    struct oai_settings settings;
    struct polite_pace pace;
    struct oai_client *client;
    char url[256];
    int turns, failures;
    long retry_after_seconds;
    struct buffer seen; /* ids, one "|" after each page */
    int64_t first_utc, last_utc;
    struct oai_report report;
    struct error error;
};

static int wait_turn(void *user, struct error *error)
{
    struct world *world = user;

    if (world->retry_after_seconds > 30)
        return error_set(error, ERROR_TEMPORARY, "left alone");
    world->turns++;
    return 0;
}

static void done(void *user, const struct polite_outcome *outcome)
{
    struct world *world = user;

    world->failures += outcome->result == POLITE_FAILED;
    if (outcome->result == POLITE_FAILED)
        world->retry_after_seconds = outcome->retry_after_seconds;
}

static int take(void *user, const struct papers *papers, struct error *error)
{
    struct world *world = user;

    (void)error;
    for (size_t i = 0; i < papers->count; i++) {
        buffer_printf(&world->seen, "%.*sv%d ", VIEW_ARGUMENTS(papers->items[i].id),
                      papers->items[i].version);
        world->first_utc = papers->items[i].first_submitted_utc;
        world->last_utc = papers->items[i].submitted_utc;
    }
    buffer_add_char(&world->seen, '|');
    return 0;
}

/* Answers what the test has put into `texts`. */
static int list_from(struct world *world, size_t count)
{
    for (size_t i = 0; i < count; i++)
        world->answers[i].bytes = buffer_view(&world->texts[i]);
    world->count = count;
    world->server = loopback_start(world->answers, count);
    loopback_url(world->server, "/oai", world->url);
    world->settings.oai = world->url;
    world->settings.contact = "owner@example.org";
    world->pace = (struct polite_pace){wait_turn, done, world};
    world->settings.pace = &world->pace;
    world->client = oai_client_new(&world->settings, &world->error);
    assert_non_null(world->client);
    buffer_init(&world->seen, 1 << 20);
    return oai_list_records(world->client, "cs:cs:LG", (struct date){2026, 2, 17}, take, world,
                            &world->report, &world->error);
}

static void world_free(struct world *world)
{
    oai_client_free(&world->client);
    loopback_stop(&world->server);
    buffer_free(&world->seen);
    for (size_t i = 0; i < world->count; i++)
        buffer_free(&world->texts[i]);
}

static void check_asked(struct world *world, size_t index, const char *query)
{
    char line[512];

    snprintf(line, sizeof line, "GET /oai?verb=ListRecords&%s HTTP/1.1\r\n", query);
    if (!strstr(loopback_request(world->server, index), line))
        fail_msg("request %zu lacks %s: %s", index, line, loopback_request(world->server, index));
}

/* ---- tests ---- */

static void test_pages(void **state)
{
    struct world world = {0};

    (void)state;
    make_page(&world.texts[0], "2602.00001 -2602.00002 2602.00003", "6511|1 &amp;b/c+d");
    make_page(&world.texts[1], "2602.00004", NULL);
    if (list_from(&world, 2) < 0)
        fail_msg("%s", world.error.text);
    assert_string_equal(buffer_string(&world.seen), "2602.00001v2 2602.00003v2 |2602.00004v2 |");
    assert_int_equal(world.report.pages, 2);
    assert_int_equal(world.report.records, 3);
    assert_int_equal(world.report.deleted, 1);
    assert_int_equal(world.report.skipped, 0);
    assert_true(world.report.complete);
    assert_int_equal(world.first_utc, time_from_date((struct date){2026, 2, 13}, 22, 55, 7));
    assert_int_equal(world.last_utc, time_from_date((struct date){2026, 2, 16}, 2, 45, 30));
    check_asked(&world, 0, "metadataPrefix=arXivRaw&set=cs%3Acs%3ALG&from=2026-02-17");
    check_asked(&world, 1, "resumptionToken=6511%7C1%20%26b%2Fc%2Bd");
    assert_non_null(strstr(loopback_request(world.server, 0), "(+mailto:owner@example.org)"));
    assert_int_equal(world.turns, 2);
    assert_int_equal(loopback_connections(world.server), 1);
    world_free(&world);
}

static void test_nothing(void **state)
{
    static const char *const statuses[] = {"200 OK", "404 Not Found", "422 Unprocessable"};

    (void)state;
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        struct world world = {0};

        make_error(&world.texts[0], statuses[i], "noRecordsMatch", "nothing in that time");
        if (list_from(&world, 1) < 0)
            fail_msg("%s: %s", statuses[i], world.error.text);
        assert_true(world.report.complete);
        assert_int_equal(world.report.pages, 1);
        assert_int_equal(world.report.records, 0);
        assert_string_equal(buffer_string(&world.seen), "");
        world_free(&world);
    }
}

static void test_errors(void **state)
{
    static const struct {
        const char *status, *code, *words; /* words NULL: `code` is the whole answer */
        enum error_kind kind;
        int turns;
        const char *says[2];
    } cases[] = {
        {"200 OK", "badArgument", "from is not a date", ERROR_PERMANENT, 1,
         {"badArgument", "from is not a date"}},
        {"400 Bad Request", "badArgument", "no such set", ERROR_PERMANENT, 1,
         {"badArgument", "no such set"}},
        {"200 OK", "cannotDisseminateFormat", "which?", ERROR_PERMANENT, 1,
         {"cannotDisseminateFormat", "which?"}},
        {NULL, "HTTP/1.1 404 None\r\nContent-Length: 5\r\n\r\nsorry", NULL, ERROR_PERMANENT, 1,
         {"HTTP status 404"}},
        {NULL, "HTTP/1.1 200 OK\r\nContent-Length: 27\r\n\r\n<html><body>Busy</body></ht",
         NULL, ERROR_TEMPORARY, 3, {"not OAI-PMH"}},
        {NULL, "HTTP/1.1 200 OK\r\nContent-Length: 41\r\n\r\n"
               "<rss version=\"2.0\"><channel></channel></rss>", NULL, ERROR_TEMPORARY, 3,
         {"not OAI-PMH"}},
        {NULL, "HTTP/1.1 503 Busy\r\nRetry-After: 7200\r\nContent-Length: 0\r\n\r\n", NULL,
         ERROR_TEMPORARY, 1, {"503", "wait 7200 seconds"}},
        {NULL, "HTTP/1.1 302 Go\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n",
         NULL, ERROR_PERMANENT, 1, {"another host"}},
        {NULL, "", NULL, ERROR_TEMPORARY, 3, {"http://127.0.0.1"}},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world world = {0};

        for (size_t k = 0; k < POLITE_TRIES; k++) {
            world.answers[k].close = true;
            if (cases[i].words)
                make_error(&world.texts[k], cases[i].status, cases[i].code, cases[i].words);
            else
                make_text(&world.texts[k], cases[i].code);
        }
        assert_int_equal(list_from(&world, POLITE_TRIES), -1);
        if (world.error.kind != cases[i].kind || world.turns != cases[i].turns)
            fail_msg("case %zu: kind %d, %d turns: %s", i, (int)world.error.kind, world.turns,
                     world.error.text);
        for (size_t k = 0; k < 2 && cases[i].says[k]; k++)
            if (!strstr(world.error.text, cases[i].says[k]))
                fail_msg("case %zu lacks \"%s\": %s", i, cases[i].says[k], world.error.text);
        assert_false(world.report.complete);
        world_free(&world);
    }
}

/* OAI-PMH's flow control: 503 in the middle of a list, and the same page again. */
static void test_flow_control(void **state)
{
    struct world world = {0};

    (void)state;
    make_page(&world.texts[0], "2602.00001", "t1");
    make_text(&world.texts[1],
              "HTTP/1.1 503 Busy\r\nRetry-After: 10\r\nContent-Length: 0\r\n\r\n");
    make_page(&world.texts[2], "2602.00002", "");
    if (list_from(&world, 3) < 0)
        fail_msg("%s", world.error.text);
    assert_string_equal(buffer_string(&world.seen), "2602.00001v2 |2602.00002v2 |");
    assert_true(world.report.complete);
    assert_int_equal(world.failures, 1);
    assert_int_equal(world.retry_after_seconds, 10);
    check_asked(&world, 1, "resumptionToken=t1");
    check_asked(&world, 2, "resumptionToken=t1");
    world_free(&world);
}

static void test_expired_token(void **state)
{
    struct world world = {0}, twice = {0};

    (void)state;
    make_page(&world.texts[0], "2602.00001", "t1");
    make_error(&world.texts[1], "200 OK", "badResumptionToken", "expired");
    make_page(&world.texts[2], "2602.00001 2602.00002", "t2");
    make_page(&world.texts[3], "2602.00003", NULL);
    if (list_from(&world, 4) < 0)
        fail_msg("%s", world.error.text);
    assert_string_equal(buffer_string(&world.seen),
                        "2602.00001v2 |2602.00001v2 2602.00002v2 |2602.00003v2 |");
    assert_int_equal(world.report.restarts, 1);
    assert_true(world.report.complete);
    assert_int_equal(world.failures, 0);
    check_asked(&world, 2, "metadataPrefix=arXivRaw&set=cs%3Acs%3ALG&from=2026-02-17");
    world_free(&world);

    make_page(&twice.texts[0], "2602.00001", "t1");
    make_error(&twice.texts[1], "400 Bad Request", "badResumptionToken", "expired");
    make_page(&twice.texts[2], "2602.00001", "t2");
    make_error(&twice.texts[3], "200 OK", "badResumptionToken", "expired again");
    assert_int_equal(list_from(&twice, 4), -1);
    assert_int_equal(twice.error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(twice.error.text, "expired again"));
    assert_int_equal(twice.report.restarts, 1);
    world_free(&twice);
}

static void test_lists_without_end(void **state)
{
    struct world same = {0}, longer = {0};

    (void)state;
    make_page(&same.texts[0], "2602.00001", "t1");
    make_page(&same.texts[1], "2602.00002", "t1");
    assert_int_equal(list_from(&same, 2), -1);
    assert_int_equal(same.error.kind, ERROR_TEMPORARY);
    assert_non_null(strstr(same.error.text, "same resumption token"));
    world_free(&same);

    longer.settings.max_pages = 2;
    make_page(&longer.texts[0], "2602.00001", "t1");
    make_page(&longer.texts[1], "2602.00002", "t2");
    assert_int_equal(list_from(&longer, 2), -1);
    assert_non_null(strstr(longer.error.text, "does not end after 2 pages"));
    world_free(&longer);
}

/* A page that is cut is asked for again; when it stays cut it is used. */
static void test_cut_pages(void **state)
{
    struct world once = {0}, always = {0}, large = {0};

    (void)state;
    make_page(&once.texts[0], "2602.00001 2602.00002", "t1");
    buffer_cut(&once.texts[0], once.texts[0].size - 200);
    once.answers[0].reset = true;
    make_page(&once.texts[1], "2602.00001 2602.00002", NULL);
    if (list_from(&once, 2) < 0)
        fail_msg("%s", once.error.text);
    assert_string_equal(buffer_string(&once.seen), "2602.00001v2 2602.00002v2 |");
    assert_true(once.report.complete);
    world_free(&once);

    for (size_t i = 0; i < POLITE_TRIES; i++) {
        make_page(&always.texts[i], "2602.00001 2602.00002", "t1");
        buffer_cut(&always.texts[i], always.texts[i].size - 200);
        always.answers[i].close = true;
    }
    if (list_from(&always, POLITE_TRIES) < 0)
        fail_msg("%s", always.error.text);
    assert_string_equal(buffer_string(&always.seen), "2602.00001v2 |");
    assert_false(always.report.complete);
    assert_int_equal(always.failures, POLITE_TRIES);
    world_free(&always);

    large.settings.max_bytes = 1200;
    make_page(&large.texts[0], "2602.00001 2602.00002 2602.00003", "t1");
    if (list_from(&large, 1) < 0)
        fail_msg("%s", large.error.text);
    assert_string_equal(buffer_string(&large.seen), "2602.00001v2 |");
    assert_false(large.report.complete);
    assert_int_equal(large.turns, 1);
    world_free(&large);
}

static void test_slow_drip(void **state)
{
    struct world world = {.settings.deadline_ms = 200};

    (void)state;
    for (size_t i = 0; i < POLITE_TRIES; i++) {
        make_page(&world.texts[i], "2602.00001", NULL);
        world.answers[i].byte_delay_ms = 5;
        world.answers[i].close = true;
    }
    assert_int_equal(list_from(&world, POLITE_TRIES), -1);
    assert_int_equal(world.error.kind, ERROR_TEMPORARY);
    world_free(&world);
}

static int refuse(void *user, const struct papers *papers, struct error *error)
{
    (void)user;
    (void)papers;
    return error_set(error, ERROR_CONFLICT, "no more, thanks");
}

static void test_taker_ends_the_list(void **state)
{
    struct world world = {0};

    (void)state;
    make_page(&world.texts[0], "-2602.00001", NULL);
    if (list_from(&world, 1) < 0) /* nothing to take */
        fail_msg("%s", world.error.text);
    oai_client_free(&world.client);
    loopback_stop(&world.server);
    buffer_free(&world.seen);
    buffer_free(&world.texts[0]);
    make_page(&world.texts[0], "2602.00001", "t1");
    assert_int_equal(list_from(&world, 1), 0 - 1); /* the server closes after one page */
    assert_int_equal(world.report.pages, 1);
    oai_client_free(&world.client);
    loopback_stop(&world.server);
    world.server = loopback_start(world.answers, 1);
    loopback_url(world.server, "/oai", world.url);
    world.client = oai_client_new(&world.settings, &world.error);
    assert_int_equal(oai_list_records(world.client, "cs", (struct date){0}, refuse, NULL,
                                      &world.report, &world.error), -1);
    assert_string_equal(world.error.text, "no more, thanks");
    check_asked(&world, 0, "metadataPrefix=arXivRaw&set=cs");
    world_free(&world);
}

/* arXiv's own pages, gzipped as they came. */
static void test_sample(void **state)
{
    struct world world = {0};
    struct view page;
    char path[512];

    (void)state;
    if (!data_path("arxiv-oai/oai-arXivRaw-page95000-2014.xml.gz", path))
        skip();
    page = data_read(path);
    buffer_init(&world.texts[0], page.size + 1000);
    buffer_printf(&world.texts[0],
                  "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Type: text/html\r\n"
                  "Content-Length: %zu\r\n\r\n", page.size);
    buffer_add_view(&world.texts[0], page);
    make_page(&world.texts[1], "2602.00001", NULL);
    if (list_from(&world, 2) < 0)
        fail_msg("%s", world.error.text);
    assert_int_equal(world.report.pages, 2);
    assert_int_equal(world.report.records + world.report.deleted + world.report.skipped, 1001);
    assert_true(world.report.complete);
    data_free(page);
    world_free(&world);
}

static void test_sets(void **state)
{
    static const struct {
        const char *category, *set; /* NULL: refused */
    } cases[] = {
        {"cs.AI", "cs:cs:AI"}, {"math.AP", "math:math:AP"}, {"cs", "cs"}, {"q-bio", "q-bio"},
        {"q-bio.NC", "q-bio:q-bio:NC"}, {"q-fin.ST", "q-fin:q-fin:ST"}, {"stat.ML", "stat:stat:ML"},
        {"econ.EM", "econ:econ:EM"}, {"eess.IV", "eess:eess:IV"},
        {"astro-ph.EP", "physics:astro-ph:EP"}, {"astro-ph", "physics:astro-ph"},
        {"hep-th", "physics:hep-th"}, {"quant-ph", "physics:quant-ph"},
        {"math-ph", "physics:math-ph"}, {"cond-mat.str-el", "physics:cond-mat:str-el"},
        {"physics.acc-ph", "physics:physics:acc-ph"}, {"physics", "physics:physics"},
        {"nlin.AO", "physics:nlin:AO"}, {"cs.AI&verb=Identify", NULL}, {"", NULL},
        {"biology.X", NULL}, {"c", NULL}, {"css.AI", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct view exact = data_exact(cases[i].category);
        char set[OAI_SET_BYTES] = "untouched";
        struct error error = {0};
        int result = oai_find_set(exact, set, &error);

        assert_int_equal(result, cases[i].set ? 0 : -1);
        assert_string_equal(set, cases[i].set ? cases[i].set : "untouched");
        assert_int_equal(error.kind, cases[i].set ? ERROR_NONE : ERROR_INPUT);
        data_free(exact);
    }
}

static void test_settings(void **state)
{
    struct oai_settings settings = {.oai = "ftp://x/"};
    struct error error = {0};

    (void)state;
    assert_null(oai_client_new(&settings, &error));
    assert_non_null(strstr(error.text, "arxiv.oai"));
    settings = (struct oai_settings){.oai = "https://oaipmh.arxiv.org/oai", .contact = "nobody"};
    assert_null(oai_client_new(&settings, &error));
    assert_non_null(strstr(error.text, "arxiv.contact"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_flow_control),
        cmocka_unit_test(test_expired_token),
        cmocka_unit_test(test_lists_without_end),
        cmocka_unit_test(test_cut_pages),
        cmocka_unit_test(test_slow_drip),
        cmocka_unit_test(test_taker_ends_the_list),
        cmocka_unit_test(test_sample),
        cmocka_unit_test(test_sets),
        cmocka_unit_test(test_settings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
