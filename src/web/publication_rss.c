/* RSS 2.0 as rssboard.org/rss-specification and its profile have it. The text of an item is
 * HTML, escaped once more for XML. */
#include <stdio.h>

#include "web/publication_text.h"

enum { TEXT_BYTES = 16 * 1024 * 1024, TTL_MINUTES = 60 };

static void add_time(struct xml_out *out, const char *name, int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    time_format_rfc5322(utc, text);
    xml_out_element(out, name, view_of(text));
}

/* arXiv announces nothing that is dated on these. */
static void add_skip_days(struct xml_out *out)
{
    xml_out_open(out, "skipDays");
    xml_out_element(out, "day", VIEW("Saturday"));
    xml_out_element(out, "day", VIEW("Sunday"));
    xml_out_close(out);
}

static void add_channel(const struct publication *publication, struct xml_out *out)
{
    char ttl[16];

    xml_out_element(out, "title", publication->title);
    xml_out_element(out, "link", view_of(publication->link));
    xml_out_element(out, "description", publication->about);
    xml_out_element(out, "language", view_of(words_language(publication->words)));
    add_time(out, "pubDate", publication->updated_utc);
    add_time(out, "lastBuildDate", publication->updated_utc);
    xml_out_element(out, "docs", VIEW("https://www.rssboard.org/rss-specification"));
    xml_out_element(out, "generator", VIEW("paperboy"));
    snprintf(ttl, sizeof(ttl), "%d", TTL_MINUTES);
    xml_out_element(out, "ttl", view_of(ttl));
    add_skip_days(out);
    if (!publication->self)
        return;
    xml_out_open(out, "atom:link");
    xml_out_attribute(out, "href", view_of(publication->self));
    xml_out_attribute(out, "rel", VIEW("self"));
    xml_out_attribute(out, "type", VIEW("application/rss+xml"));
    xml_out_close(out);
}

static void add_item(const struct publication *publication, const struct publication_paper *item,
                     struct buffer *room, struct xml_out *out)
{
    const struct paper *paper = item->paper;

    xml_out_open(out, "item");
    publication_add_title(publication, paper, room);
    xml_out_element(out, "title", buffer_view(room));
    buffer_clear(room);
    publication_add_link(paper, false, room);
    xml_out_element(out, "link", buffer_view(room));
    buffer_clear(room);
    publication_add_html(publication, item, &out->summary_room, room);
    xml_out_element(out, "description", buffer_view(room));
    buffer_clear(room);
    for (size_t i = 0; i < paper->author_count; i++)
        xml_out_element(out, "dc:creator", paper->authors[i]);
    for (size_t i = 0; i < paper->category_count; i++)
        xml_out_element(out, "category", paper->categories[i]);
    publication_add_link(paper, true, room);
    xml_out_open(out, "guid");
    xml_out_attribute(out, "isPermaLink", VIEW("true"));
    xml_out_text(out, buffer_view(room));
    xml_out_close(out);
    buffer_clear(room);
    add_time(out, "pubDate", item->announced_utc);
    xml_out_close(out);
}

int publication_write_rss(const struct publication *publication, struct buffer *ret_bytes,
                          struct error *error)
{
    struct xml_out out;
    struct buffer room;

    buffer_init(&room, TEXT_BYTES);
    xml_out_begin(&out);
    xml_out_open(&out, "rss");
    xml_out_attribute(&out, "version", VIEW("2.0"));
    xml_out_attribute(&out, "xmlns:atom", VIEW("http://www.w3.org/2005/Atom"));
    xml_out_attribute(&out, "xmlns:dc", VIEW("http://purl.org/dc/elements/1.1/"));
    xml_out_open(&out, "channel");
    add_channel(publication, &out);
    for (size_t i = 0; i < publication->paper_count; i++)
        add_item(publication, &publication->papers[i], &room, &out);
    xml_out_close(&out);
    xml_out_close(&out);
    out.failed = out.failed || room.failed;
    buffer_free(&room);
    return xml_out_end(&out, ret_bytes, error);
}
