/* What the writers of feeds share: libxml2's writer with text made fit for XML, and the
 * HTML that a feed reader shows of a paper. */
#ifndef WEB_PUBLICATION_TEXT_H
#define WEB_PUBLICATION_TEXT_H

#include <libxml/xmlwriter.h>
#include <stdbool.h>

#include "web/publication.h"

struct xml_out {
    xmlBufferPtr bytes;
    xmlTextWriterPtr writer;
    struct buffer text; /* of the call under way */
    size_t summary_room; /* for publication_add_html */
    bool failed;        /* sticky; looked at once, at the end */
};

/* A document in UTF-8, indented. */
void xml_out_begin(struct xml_out *out);
/* Moves the document to `ret_bytes`, and frees everything, also on failure. */
int xml_out_end(struct xml_out *out, struct buffer *ret_bytes, struct error *error);

void xml_out_open(struct xml_out *out, const char *name);
void xml_out_close(struct xml_out *out);
/* Of the element that was just opened. */
void xml_out_attribute(struct xml_out *out, const char *name, struct view value);
void xml_out_text(struct xml_out *out, struct view text);
void xml_out_element(struct xml_out *out, const char *name, struct view text);

/* Appends what XML 1.0 (2.2) can hold of a text: ill-formed bytes as U+FFFD, no control
 * characters, no U+FFFE and U+FFFF. */
void xml_add_text(struct buffer *out, struct view text);
/* Appends the text escaped for HTML. */
void html_add_text(struct buffer *out, struct view text);

/* HTML of a paper: its abstract, type, score, why it is there, links, and what a model wrote
 * of it: at length only while that fits into `summary_room`, which gets less. */
void publication_add_html(const struct publication *publication,
                          const struct publication_paper *paper, size_t *summary_room,
                          struct buffer *out);
void publication_add_pdf(const struct paper *paper, struct buffer *out); /* its address */
/* The title, or the words' own for none. */
void publication_add_title(const struct publication *publication, const struct paper *paper,
                           struct buffer *out);

#endif
