/* What holds for everything that summaries/rendition makes, whatever it is given. In a header
 * of its own since fuzz targets are linked with nothing of the unit tests. */
#ifndef TESTS_UNIT_RENDITION_CHECK_H
#define TESTS_UNIT_RENDITION_CHECK_H

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <stdbool.h>
#include <string.h>

#include "base/bytes.h"
#include "base/utf8.h"
#include "summaries/clean.h"

/* An element, and what it may stand in; blocks stand in "#". */
static const struct {
    const char *name, *parents, *attribute;
} rendition_elements[] = {
    {"p", " # ", ""},
    {"h4", " # ", "style"},
    {"h5", " # ", "style"},
    {"h6", " # ", "style"},
    {"ul", " # ", ""},
    {"ol", " # ", "start"},
    {"li", " ul ol ", ""},
    {"blockquote", " # ", ""},
    {"pre", " # ", "style"},
    {"hr", " # ", ""},
    {"table", " # ", "style"},
    {"thead", " table ", ""},
    {"tbody", " table ", ""},
    {"tr", " thead tbody ", ""},
    {"th", " tr ", "style"},
    {"td", " tr ", "style"},
    {"strong", " p h4 h5 h6 li blockquote th td a strong em del ", ""},
    {"em", " p h4 h5 h6 li blockquote th td a strong em del ", ""},
    {"del", " p h4 h5 h6 li blockquote th td a strong em del ", ""},
    {"code", " p h4 h5 h6 li blockquote th td a strong em del pre ", ""},
    {"br", " p h4 h5 h6 li blockquote th td a ", ""},
    {"a", " p h4 h5 h6 li blockquote th td ", "href"},
};

static inline bool rendition_is_in(const char *parent, const char *parents)
{
    static const char blocks[] = " root li blockquote ";
    struct buffer padded;
    bool is_in;

    buffer_init(&padded, 64);
    buffer_printf(&padded, " %s ", parent);
    is_in = strstr(strcmp(parents, " # ") == 0 ? blocks : parents, buffer_string(&padded));
    buffer_free(&padded);
    return is_in;
}

static inline bool rendition_is_http(const char *href)
{
    size_t start = strncmp(href, "http://", 7) == 0 ? 7 : strncmp(href, "https://", 8) == 0 ? 8 : 0;

    if (!start || !href[start] || strchr("/?#:@", href[start]))
        return false;
    for (const char *c = href; *c; c++)
        if (*c <= ' ' || *c >= 0x7F || strchr("<>\"\\^`{|}", *c))
            return false;
    return !memchr(href + start, '@', strcspn(href + start, "/?#"));
}

static inline const char *rendition_check_node(const xmlNode *node, bool is_styled)
{
    for (; node; node = node->next) {
        const char *name = (const char *)node->name, *why;
        size_t i = 0, count = sizeof(rendition_elements) / sizeof(rendition_elements[0]);

        if (node->type == XML_TEXT_NODE)
            continue;
        if (node->type != XML_ELEMENT_NODE)
            return "something that is neither element nor text";
        while (i < count && strcmp(rendition_elements[i].name, name) != 0)
            i++;
        if (i == count)
            return "an element that is not allowed";
        if (!rendition_is_in((const char *)node->parent->name, rendition_elements[i].parents))
            return "an element where it must not stand";
        for (const xmlAttr *attribute = node->properties; attribute; attribute = attribute->next) {
            const char *value = attribute->children ? (const char *)attribute->children->content : "";

            if (strcmp((const char *)attribute->name, rendition_elements[i].attribute) != 0)
                return "an attribute that is not allowed";
            if (strcmp(name, "a") == 0 && !rendition_is_http(value))
                return "a link to something else";
            if (strcmp(rendition_elements[i].attribute, "style") == 0 &&
                (!is_styled || strstr(value, "url") || strstr(value, "position")))
                return "a style";
        }
        why = rendition_check_node(node->children, is_styled);
        if (why)
            return why;
    }
    return NULL;
}

/* <br> and <hr> are XML's <br/> and <hr/>; text has its '<' escaped. */
static inline void rendition_add_xml(struct buffer *xml, struct view html)
{
    buffer_add_string(xml, "<root>");
    for (size_t at = 0; at < html.size;) {
        struct view tag = view_slice(html, at, at + 4);
        bool is_void = view_equal_string(tag, "<br>") || view_equal_string(tag, "<hr>");

        buffer_add_view(xml, view_slice(html, at, at + (is_void ? 3 : 1)));
        buffer_add_string(xml, is_void ? "/>" : "");
        at += is_void ? 4 : 1;
    }
    buffer_add_string(xml, "</root>");
}

/* NULL: it is well-formed and only what it may be. */
static inline const char *rendition_check_html(struct view html, bool is_styled)
{
    const char *why = "not well-formed";
    struct buffer xml;
    xmlDoc *document;

    buffer_init(&xml, 16 * 1024 * 1024);
    rendition_add_xml(&xml, html);
    document = xmlReadMemory(buffer_string(&xml), (int)xml.size, NULL, "UTF-8",
                             XML_PARSE_NOERROR | XML_PARSE_NOWARNING | XML_PARSE_NONET |
                                 XML_PARSE_HUGE);
    if (document)
        why = rendition_check_node(xmlDocGetRootElement(document)->children, is_styled);
    xmlFreeDoc(document);
    buffer_free(&xml);
    return why;
}

/* Behind quote marks, bullets, numbers and indentation. */
static inline struct view rendition_behind_marks(struct view line)
{
    for (;;) {
        size_t at = 0;

        line = view_trim(line);
        while (at < line.size && line.data[at] >= '0' && line.data[at] <= '9')
            at++;
        if (at && at + 1 < line.size && line.data[at] == '.' && line.data[at + 1] == ' ')
            at += 2;
        else if (line.size > 1 && (line.data[0] == '-' || line.data[0] == '>') &&
                 line.data[1] == ' ')
            at = 2;
        else
            return line;
        line = view_slice(line, at, line.size);
    }
}

static inline bool rendition_has_dropped(struct view text)
{
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        at += utf8_decode(text, at, &codepoint);
        if (clean_drops(codepoint) || codepoint == '\t' || codepoint == '\r')
            return true;
    }
    return false;
}

/* NULL: its lines fit, end in no blank, and hold nothing that acts on a terminal. */
static inline const char *rendition_check_text(struct view text, size_t width)
{
    struct view rest = text, line;

    if (!utf8_is_valid(text))
        return "not UTF-8";
    if (rendition_has_dropped(text))
        return "a control character";
    if (text.size && text.data[text.size - 1] != '\n')
        return "no line feed at the end";
    while (view_next_line(&rest, &line)) {
        struct view words = rendition_behind_marks(line);

        if (line.size && line.data[line.size - 1] == ' ')
            return "a line that ends in a blank";
        if (utf8_width(line) > width && view_find_char(words, ' ', 0) < words.size)
            return "a line that is too wide";
    }
    return NULL;
}

#endif
