#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "papers/feed_parser.h"

enum { TAG_BYTES = 16 * 1024 }; /* none of arXiv's is longer than 1 KB */

/* What libxml2 hands back to each callback. */
struct reader {
    struct feed_parser *parser;
    struct feed_lean lean;
    xmlEntity entity; /* the last one of HTML's that was met */
    char character[8];
};

void feed_fail(struct feed_parser *parser, enum error_kind kind, const char *format, ...)
{
    char text[ERROR_TEXT_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (feed_has_papers(parser)) {
        parser->report->items++;
        feed_item_skip(parser, "%s", text);
        return;
    }
    parser->failed = true;
    error_set(parser->error, kind, "%s", text);
}

struct view feed_attribute(struct feed_attributes attributes, const char *name)
{
    for (int i = 0; i < attributes.count; i++) {
        const unsigned char **attribute = attributes.values + 5 * i;

        if (strcmp((const char *)attribute[0], name) == 0)
            return (struct view){(const char *)attribute[3], (size_t)(attribute[4] - attribute[3])};
    }
    return (struct view){NULL, 0};
}

/* By its address; by the usual prefix where the address is not declared. */
static enum feed_space find_space(const char *prefix, const char *address)
{
    static const char *const mains[] = {
        "http://www.w3.org/2005/Atom", "http://purl.org/rss/1.0/",
        "http://www.openarchives.org/OAI/2.0/", "http://arxiv.org/OAI/arXiv/",
        "http://arxiv.org/OAI/arXivRaw/"};

    if (!address && !prefix)
        return SPACE_MAIN;
    if (!address)
        return strcmp(prefix, "dc") == 0 ? SPACE_DC
               : strcmp(prefix, "arxiv") == 0 ? SPACE_ARXIV : SPACE_OTHER;
    if (strcmp(address, "http://purl.org/dc/elements/1.1/") == 0)
        return SPACE_DC;
    if (strcmp(address, "http://arxiv.org/schemas/atom") == 0)
        return SPACE_ARXIV;
    for (size_t i = 0; i < sizeof(mains) / sizeof(mains[0]); i++) {
        if (strcmp(address, mains[i]) == 0)
            return SPACE_MAIN;
    }
    return prefix ? SPACE_OTHER : SPACE_MAIN;
}

static const struct feed_element *look_up(const struct feed_family *family, struct feed_tag tag,
                                          int level)
{
    const struct feed_element *element = family->elements;

    for (; element->name; element++) {
        if (element->level == level && element->name[0] == tag.name[0] &&
            strcmp(element->name, tag.name) == 0 &&
            element->space == find_space(tag.prefix, tag.address))
            return element;
    }
    return NULL;
}

/* A feed has a dozen different elements and ten thousands of them, so each is
 * looked up by its strings once, and by their addresses afterwards. */
static const struct feed_element *find_element(struct feed_parser *parser, struct feed_tag tag)
{
    int level = parser->item_depth ? parser->depth - parser->item_depth : LEVEL_FEED;
    size_t place = ((uintptr_t)tag.name + (uintptr_t)level) % FEED_ELEMENTS_SEEN;
    struct feed_element_seen *seen = &parser->elements_seen[place];

    if (seen->tag.name != tag.name || seen->tag.prefix != tag.prefix ||
        seen->tag.address != tag.address || seen->level != level)
        *seen = (struct feed_element_seen){tag, level, look_up(parser->family, tag, level)};
    return seen->element;
}

static struct view text_so_far(const struct feed_parser *parser)
{
    return parser->whole_text.size ? parser->whole_text : buffer_view(&parser->text);
}

static void start_element(void *user, const xmlChar *name, const xmlChar *prefix,
                          const xmlChar *address, int namespace_count, const xmlChar **namespaces,
                          int attribute_count, int defaulted_count, const xmlChar **attributes)
{
    struct feed_parser *parser = ((struct reader *)user)->parser;
    const struct feed_element *element;

    (void)namespace_count, (void)namespaces, (void)defaulted_count;
    if (parser->failed)
        return;
    parser->depth++;
    element = find_element(parser, (struct feed_tag){(const char *)name, (const char *)prefix,
                                                     (const char *)address});
    if (!element)
        return;
    if (parser->text_depth && view_trim(text_so_far(parser)).size)
        return; /* markup inside a text */
    parser->text_depth = 0;
    if (element->meaning == MEANS_ITEM) {
        feed_item_begin(parser);
        parser->item_depth = parser->depth;
    }
    if (parser->family->open)
        parser->family->open(parser, element->meaning,
                             (struct feed_attributes){attributes, attribute_count});
    if (element->has_text || element->meaning == MEANS_PERSON) {
        buffer_clear(&parser->text);
        parser->whole_text = (struct view){NULL, 0};
        parser->text_depth = element->has_text ? parser->depth : 0;
        parser->text_meaning = element->meaning;
    }
}

static void end_element(void *user, const xmlChar *name, const xmlChar *prefix,
                        const xmlChar *address)
{
    struct feed_parser *parser = ((struct reader *)user)->parser;

    if (parser->failed)
        return;
    if (parser->text_depth == parser->depth) {
        parser->text_depth = 0;
        parser->family->close(parser, parser->text_meaning, text_so_far(parser));
    } else if (parser->item_depth && parser->item_depth == parser->depth) {
        parser->item_depth = 0;
        if (parser->family->finish)
            parser->family->finish(parser);
        if (!parser->failed)
            feed_item_end(parser);
        parser->items_done++;
    } else if (parser->item_depth && !parser->text_depth) {
        const struct feed_element *element =
            find_element(parser, (struct feed_tag){(const char *)name, (const char *)prefix,
                                                   (const char *)address});

        if (element && element->meaning == MEANS_PERSON)
            parser->family->close(parser, MEANS_PERSON, (struct view){NULL, 0});
    }
    parser->depth--;
}

static void take_characters(void *user, const xmlChar *characters, int size)
{
    struct reader *reader = user;
    struct feed_parser *parser = reader->parser;
    struct view read = {(const char *)characters, (size_t)size};
    struct view text = feed_lean_text(&reader->lean, read);

    if (!parser->text_depth || parser->failed)
        return;
    if (text.data != read.data && !text_so_far(parser).size) {
        parser->whole_text = text;
        return;
    }
    if (parser->whole_text.size) {
        buffer_add_view(&parser->text, parser->whole_text);
        parser->whole_text = (struct view){NULL, 0};
    }
    buffer_add_view(&parser->text, text);
}

/* HTML's entities, which XML does not know ("&eacute;", "&nbsp;"). Any other
 * one is an error; the document cannot declare entities of its own. */
static xmlEntityPtr get_entity(void *user, const xmlChar *name)
{
    struct reader *reader = user;
    struct view reference;
    char text[16];
    int32_t codepoint;

    snprintf(text, sizeof(text), "&%.12s;", (const char *)name);
    reference = view_of(text);
    if (feed_text_reference(reference, 0, &codepoint) != strlen((const char *)name) + 2)
        return NULL;
    memset(reader->character, 0, sizeof(reader->character));
    utf8_encode(codepoint, reader->character);
    reader->entity = (xmlEntity){
        .type = XML_ENTITY_DECL,
        .name = name,
        .content = (xmlChar *)reader->character,
        .etype = XML_INTERNAL_PREDEFINED_ENTITY,
    };
    return &reader->entity;
}

static void ignore_error(void *user, xmlErrorPtr error)
{
    (void)user, (void)error;
}

/* libxml2 asks for a few KB at a time: its memory stays in the processor's cache,
 * which a copy of the whole document would sweep clean. */
static int hand_over(void *user, char *to, int room)
{
    return (int)feed_lean_read(&((struct reader *)user)->lean, to, (size_t)room);
}

bool feed_xml_read(struct feed_parser *parser, struct view piece)
{
    struct reader reader;
    xmlParserCtxtPtr context;
    bool well_formed;

    if (!piece.size || piece.size > INT_MAX)
        return false;
    reader.parser = parser;
    feed_lean_init(&reader.lean, piece);
    context = xmlCreateIOParserCtxt(NULL, NULL, hand_over, NULL, &reader, XML_CHAR_ENCODING_NONE);
    if (!context)
        return false;
    memset(context->sax, 0, sizeof(*context->sax));
    context->sax->initialized = XML_SAX2_MAGIC;
    context->sax->startElementNs = start_element;
    context->sax->endElementNs = end_element;
    context->sax->characters = take_characters;
    context->sax->ignorableWhitespace = take_characters;
    context->sax->cdataBlock = take_characters;
    context->sax->getEntity = get_entity;
    context->sax->serror = ignore_error;
    context->userData = &reader;
    xmlCtxtUseOptions(context, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    parser->depth = parser->item_depth = parser->text_depth = 0;
    parser->whole_text = (struct view){NULL, 0};
    memset(parser->elements_seen, 0, sizeof(parser->elements_seen));
    xmlParseDocument(context);
    well_formed = context->wellFormed;
    xmlFreeParserCtxt(context);
    return well_formed;
}

/* Where the comment or processing instruction at `at` ends; 0 when it is
 * neither, text.size when it does not end. */
static size_t skip_remark(struct view text, size_t at)
{
    struct view rest = view_slice(text, at, text.size);
    bool is_comment = view_starts_with(rest, VIEW("<!--"));
    size_t end;

    if (!is_comment && !view_starts_with(rest, VIEW("<?")))
        return 0;
    end = view_find(rest, is_comment ? VIEW("-->") : VIEW("?>"), is_comment ? 4 : 2);
    return end == rest.size ? text.size : at + end + (is_comment ? 3 : 2);
}

/* A document type declaration may name an external subset, which is never
 * read; what it declares itself is refused. Gives its end. */
static int skip_doctype(struct feed_parser *parser, struct view text, size_t *at)
{
    struct view name = view_trim(view_slice(text, *at + 9, *at + 64));
    char quote = '\0';

    if (view_starts_with_nocase(name, VIEW("html")))
        return error_set(parser->error, ERROR_INPUT, "an HTML page and no feed");
    for (; *at < text.size; ++*at) {
        char c = text.data[*at];

        if (quote)
            quote = c == quote ? '\0' : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '[')
            return error_set(parser->error, ERROR_INPUT,
                             "the document type declares entities or elements of its own, "
                             "which no feed needs: refused");
        else if (c == '>')
            break;
    }
    ++*at;
    return 0;
}

/* Moves `*document` to its root's start tag. */
static int skip_prolog(struct feed_parser *parser, struct view *document)
{
    struct view text = *document;
    size_t at = 0, end;

    for (;;) {
        while (at < text.size && strchr(" \t\r\n", text.data[at]))
            at++;
        if ((end = skip_remark(text, at)) > 0) {
            at = end;
        } else if (view_starts_with_nocase(view_slice(text, at, text.size), VIEW("<!doctype"))) {
            if (skip_doctype(parser, text, &at) < 0)
                return -1;
        } else {
            break;
        }
    }
    if (at >= text.size)
        return error_set(parser->error, ERROR_INPUT, "XML that ends before its first element");
    if (text.data[at] != '<')
        return error_set(parser->error, ERROR_INPUT, "not XML: \"%.*s\"",
                         VIEW_ARGUMENTS(utf8_prefix(view_slice(text, at, text.size), 40)));
    *document = view_slice(text, at, text.size);
    return 0;
}

static struct view root_name(struct view document)
{
    size_t end = 1, colon;
    struct view name;

    while (end < document.size && !strchr(" \t\r\n/>", document.data[end]))
        end++;
    name = view_slice(document, 1, end);
    colon = view_find_char(name, ':', 0);
    return colon < name.size ? view_slice(name, colon + 1, name.size) : name;
}

static int choose_family(struct feed_parser *parser, struct view document)
{
    static const struct feed_family *const families[] = {&feed_family_rss, &feed_family_rdf,
                                                         &feed_family_atom, &feed_family_oai};
    struct view name = root_name(document);

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        if (view_equal_string(name, families[i]->root)) {
            parser->family = families[i];
            parser->report->format = families[i]->format;
            return 0;
        }
    }
    if (view_equal_nocase(name, VIEW("html")) || view_equal_nocase(name, VIEW("head")) ||
        view_equal_nocase(name, VIEW("body")))
        return error_set(parser->error, ERROR_INPUT, "an HTML page and no feed");
    return error_set(parser->error, ERROR_INPUT,
                     "XML but no feed: the first element is <%.*s>, not rss, rdf:RDF, feed or "
                     "OAI-PMH",
                     VIEW_ARGUMENTS(utf8_prefix(name, 40)));
}

/* Whether a '>' is never TAG_BYTES away, so that no tag can be longer. Only the
 * last one of each window is looked for: a few hundred steps for a whole feed. */
static bool has_short_gaps(struct view document)
{
    size_t at = 0;

    while (at + TAG_BYTES < document.size) {
        const char *last = memrchr(document.data + at, '>', TAG_BYTES);

        if (!last)
            return false;
        at = (size_t)(last - document.data) + 1;
    }
    return true;
}

/* libxml2 compares each attribute of a tag with all the others. */
static int check_tags(struct feed_parser *parser, struct view document)
{
    if (has_short_gaps(document))
        return 0;
    for (size_t at = 0; (at = view_find_char(document, '<', at)) + TAG_BYTES < document.size;
         at++) {
        char next = document.data[at + 1];

        if (next == '!' || next == '?' || next == '/' || next == ' ')
            continue;
        if (!memchr(document.data + at, '>', TAG_BYTES))
            return error_set(parser->error, ERROR_INPUT, "a tag of more than %d bytes", TAG_BYTES);
    }
    return 0;
}

int feed_xml_parse(struct feed_parser *parser, struct view bytes)
{
    if (skip_prolog(parser, &bytes) < 0 || choose_family(parser, bytes) < 0 ||
        check_tags(parser, bytes) < 0)
        return -1;
    if (!feed_xml_read(parser, bytes) && !parser->failed)
        feed_salvage(parser, bytes);
    if (parser->failed)
        return -1;
    if (parser->family == &feed_family_oai && !parser->has_list && !parser->report->items &&
        !parser->report->truncated)
        return error_set(parser->error, ERROR_INPUT, "OAI-PMH, but not a list of records");
    return 0;
}
