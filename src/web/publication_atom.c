/* Atom 1.0, RFC 4287. The feed's author stands in for entries whose papers name none
 * (4.1.1). */
#include "web/publication_text.h"

enum { TEXT_BYTES = 16 * 1024 * 1024 };

static void add_time(struct xml_out *out, const char *name, int64_t utc)
{
    char text[TIME_TEXT_BYTES];

    time_format_rfc3339(utc, text);
    xml_out_element(out, name, view_of(text));
}

static void add_link(struct xml_out *out, const char *relation, const char *type, struct view href)
{
    xml_out_open(out, "link");
    xml_out_attribute(out, "rel", view_of(relation));
    xml_out_attribute(out, "type", view_of(type));
    xml_out_attribute(out, "href", href);
    xml_out_close(out);
}

static void add_person(struct xml_out *out, struct view name)
{
    xml_out_open(out, "author");
    xml_out_element(out, "name", name);
    xml_out_close(out);
}

static void add_head(const struct publication *publication, struct xml_out *out)
{
    xml_out_element(out, "id", view_of(publication->id));
    xml_out_element(out, "title", publication->title);
    xml_out_element(out, "subtitle", publication->about);
    add_time(out, "updated", publication->updated_utc);
    add_person(out, publication->title);
    xml_out_element(out, "generator", VIEW("paperboy"));
    add_link(out, "alternate", "text/html", view_of(publication->link));
    if (publication->self)
        add_link(out, "self", "application/atom+xml", view_of(publication->self));
}

static void add_links(const struct paper *paper, struct buffer *room, struct xml_out *out)
{
    publication_add_link(paper, false, room);
    add_link(out, "alternate", "text/html", buffer_view(room));
    buffer_clear(room);
    publication_add_pdf(paper, room);
    add_link(out, "related", "application/pdf", buffer_view(room));
    buffer_clear(room);
}

static void add_entry(const struct publication *publication, const struct publication_paper *item,
                      struct buffer *room, struct xml_out *out)
{
    const struct paper *paper = item->paper;

    xml_out_open(out, "entry");
    publication_add_link(paper, true, room);
    xml_out_element(out, "id", buffer_view(room));
    buffer_clear(room);
    publication_add_title(publication, paper, room);
    xml_out_element(out, "title", buffer_view(room));
    buffer_clear(room);
    add_time(out, "updated", item->announced_utc);
    add_time(out, "published", item->announced_utc);
    for (size_t i = 0; i < paper->author_count; i++)
        add_person(out, paper->authors[i]);
    for (size_t i = 0; i < paper->category_count; i++) {
        xml_out_open(out, "category");
        xml_out_attribute(out, "term", paper->categories[i]);
        xml_out_close(out);
    }
    add_links(paper, room, out);
    publication_add_html(publication, item, &out->summary_room, room);
    xml_out_open(out, "summary");
    xml_out_attribute(out, "type", VIEW("html"));
    xml_out_text(out, buffer_view(room));
    xml_out_close(out);
    buffer_clear(room);
    xml_out_close(out);
}

int publication_write_atom(const struct publication *publication, struct buffer *ret_bytes,
                           struct error *error)
{
    struct xml_out out;
    struct buffer room;

    buffer_init(&room, TEXT_BYTES);
    xml_out_begin(&out);
    xml_out_open(&out, "feed");
    xml_out_attribute(&out, "xmlns", VIEW("http://www.w3.org/2005/Atom"));
    xml_out_attribute(&out, "xml:lang", view_of(words_language(publication->words)));
    add_head(publication, &out);
    for (size_t i = 0; i < publication->paper_count; i++)
        add_entry(publication, &publication->papers[i], &room, &out);
    xml_out_close(&out);
    out.failed = out.failed || room.failed;
    buffer_free(&room);
    return xml_out_end(&out, ret_bytes, error);
}
