#include "unit/arxiv_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static int64_t virtual_now(void *context)
{
    struct virtual_time *time = context;

    time->now_ms += 10;
    return time->now_ms;
}

static void virtual_sleep(void *context, int64_t milliseconds)
{
    struct virtual_time *time = context;

    time->now_ms += milliseconds;
    time->slept_ms += milliseconds;
    time->sleeps++;
}

void arxiv_make_feed(struct buffer *answer, const char *date, const char *id)
{
    struct buffer body;

    buffer_init(&body, 10000);
    buffer_printf(&body,
                  "<?xml version='1.0' encoding='UTF-8'?>\n<rss version=\"2.0\" "
                  "xmlns:arxiv=\"http://arxiv.org/schemas/atom\" "
                  "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel><title>t</title>"
                  "<link>http://rss.arxiv.org/rss/cs.LG</link><description>d</description>"
                  "<pubDate>%s</pubDate>", date);
    if (id)
        buffer_printf(&body,
                      "<item><title>Caf\\'e</title><link>https://arxiv.org/abs/%s</link>"
                      "<description>arXiv:%sv1 Announce Type: new \nAbstract: About it.</description>"
                      "<guid isPermaLink=\"false\">oai:arXiv.org:%sv1</guid><category>cs.LG</category>"
                      "<arxiv:announce_type>new</arxiv:announce_type><dc:creator>Ann Lee</dc:creator>"
                      "</item>", id, id, id);
    buffer_add_string(&body, "</channel></rss>\n");
    buffer_init(answer, 20000);
    buffer_printf(answer, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: %zu\r\n\r\n%s",
                  body.size, buffer_string(&body));
    buffer_free(&body);
}

void arxiv_world_make(struct arxiv_world *world, const struct loopback_answer *answers, size_t count)
{
    *world = (struct arxiv_world){.server = loopback_start(answers, count)};
    loopback_url(world->server, "/rss", world->url);
    world->settings = (struct arxiv_settings){
        .rss = world->url, .contact = "owner@example.org", .interval_ms = 3000,
        .categories_per_request = 2,
        .timer = {virtual_now, virtual_sleep, &world->time}};
    arxiv_world_renew(world);
}

void arxiv_world_free(struct arxiv_world *world)
{
    arxiv_client_free(&world->client);
    loopback_stop(&world->server);
}

void arxiv_make_long_feed(struct buffer *answer, const char *fields, int first, int count)
{
    struct buffer body;

    buffer_init(&body, 100000);
    buffer_add_string(&body, "<?xml version='1.0'?><rss version=\"2.0\" "
                             "xmlns:dc=\"http://purl.org/dc/elements/1.1/\"><channel>"
                             "<pubDate>Tue, 17 Feb 2026 00:00:00 -0500</pubDate>");
    for (int i = 0; i < count; i++)
        buffer_printf(&body, "<item><title>T</title><description>arXiv:2602.%05dv1 Announce Type: "
                             "new \nAbstract: A.</description><guid>oai:arXiv.org:2602.%05dv1</guid>"
                             "<category>cs.LG</category><dc:creator>Ann Lee</dc:creator></item>",
                      first + i, first + i);
    buffer_add_string(&body, "</channel></rss>\n");
    buffer_init(answer, 200000);
    buffer_printf(answer, "HTTP/1.1 200 OK\r\n%sContent-Length: %zu\r\n\r\n%s", fields, body.size,
                  buffer_string(&body));
    buffer_free(&body);
}

void arxiv_world_renew(struct arxiv_world *world)
{
    struct error error = {0};

    arxiv_client_free(&world->client);
    world->client = arxiv_client_new(&world->settings, &error);
    if (!world->client)
        fail_msg("%s", error.text);
}
