/* What the parts of feed_*.c share: the item being read and how it becomes a
 * paper. Private to them; everybody else calls feed.h. */
#ifndef PAPERS_FEED_PARSER_H
#define PAPERS_FEED_PARSER_H

#include "base/arena.h"
#include "papers/feed.h"

/* What an element means. One list for all formats; a format's table
 * (struct feed_family) says which of its elements are which. */
enum feed_meaning {
    MEANS_NOTHING, /* text that is not used */
    MEANS_FEED_ID,
    MEANS_FEED_DATE,        /* the date of the feed */
    MEANS_FEED_DATE_SPARE,  /* when there is no better one */
    MEANS_ITEM,
    MEANS_ID,
    MEANS_TITLE,
    MEANS_ABSTRACT,
    MEANS_CREATORS,         /* one string of names */
    MEANS_AUTHOR,           /* one name */
    MEANS_PERSON,           /* holds keyname, forenames, suffix */
    MEANS_KEYNAME,
    MEANS_FORENAMES,
    MEANS_SUFFIX,
    MEANS_CATEGORY,
    MEANS_PRIMARY_CATEGORY,
    MEANS_CATEGORIES,       /* one string of them */
    MEANS_ANNOUNCE_TYPE,
    MEANS_DATE,
    MEANS_DATE_SPARE,
    MEANS_VERSION,
    MEANS_VERSION_DATE,
    MEANS_HEADER,
    MEANS_LIST,
    MEANS_ERROR,
    MEANS_TOKEN,
    MEANS_RAW
};

enum feed_space { SPACE_MAIN, SPACE_DC, SPACE_ARXIV, SPACE_OTHER };

enum { LEVEL_FEED = -1, LEVEL_ANY = 0 };

struct feed_element {
    const char *name; /* without prefix */
    enum feed_space space;
    int level; /* LEVEL_FEED: outside items; LEVEL_ANY: in an item; n: n below the item */
    enum feed_meaning meaning;
    bool has_text; /* a leaf: everything up to its end tag is text */
};

struct feed_parser;

/* As libxml2 hands them over. */
struct feed_attributes {
    const unsigned char **values;
    int count;
};

struct feed_family {
    const char *root;
    const char *item;
    enum feed_format format;
    const struct feed_element *elements; /* ends with a NULL name */
    void (*open)(struct feed_parser *parser, enum feed_meaning meaning,
                 struct feed_attributes attributes);
    void (*close)(struct feed_parser *parser, enum feed_meaning meaning, struct view text);
    /* Completes the item just before it becomes a paper; may be NULL. */
    void (*finish)(struct feed_parser *parser);
};

extern const struct feed_family feed_family_rss;  /* feed_rss.c */
extern const struct feed_family feed_family_rdf;
extern const struct feed_family feed_family_atom; /* feed_atom.c */
extern const struct feed_family feed_family_oai;  /* feed_oai.c */

/* The item under way. Views live in the papers' arena, where they stay. */
struct feed_item {
    struct paper paper;
    size_t author_room;
    size_t category_room;
    bool has_announce_type;
    bool has_main_date;
    bool deleted;
    const char *unusable; /* why it cannot be used, when a format knows better */
    struct view primary_category;
    struct view keyname, forenames, suffix;
    int version; /* of OAI-PMH's <version> being read */
};

/* The last date of an item that was read, as it was written. */
struct feed_date_seen {
    char text[40];
    size_t size; /* 0: none yet */
    struct date date;
};

/* What libxml2 calls an element. It interns these strings, so that equal ones
 * have one address while a document is read. */
struct feed_tag {
    const char *name;
    const char *prefix;  /* NULL: none */
    const char *address; /* of its name space; NULL: none */
};

/* Elements that were looked up before, by the addresses of their names. */
struct feed_element_seen {
    struct feed_tag tag; /* its name is NULL: none */
    int level;
    const struct feed_element *element; /* NULL: not one that is wanted */
};

enum { FEED_ELEMENTS_SEEN = 64 };

/* What libxml2 gets instead of a text that it need not read: DEL, which XML
 * allows and clean texts do not hold. */
enum { FEED_STAND_IN = 0x7F, FEED_RUNS = 256 };

/* A document as libxml2 gets to read it (feed_lean.c). */
struct feed_lean {
    struct view document;
    size_t at;                   /* what stands before was handed over or left out */
    size_t text_at, text_end;    /* what is looked at of the text under way */
    size_t run_start, run_end;   /* of the next part to leave out; the end when there is none */
    struct view runs[FEED_RUNS]; /* a ring of those left out that were not met yet */
    size_t first, count;
};

struct feed_parser {
    struct papers *papers;
    struct feed_report *report;
    struct error *error;
    bool failed; /* `error` says why; nothing more is read */
    struct arena *arena; /* of the papers */
    struct feed_item item;
    struct view *authors;    /* room that items share */
    struct view *categories;
    struct date latest; /* JSON: of the papers' own dates */
    struct feed_date_seen date_seen;

    /* feed_xml.c */
    const struct feed_family *family;
    struct buffer text; /* of the element being read */
    struct view whole_text; /* the same, when it came in one piece that stays */
    int depth;
    int item_depth; /* 0: outside */
    int text_depth; /* 0: no text is wanted */
    enum feed_meaning text_meaning;
    size_t items_done;
    bool has_list; /* OAI-PMH: there was a list, or a record */
    bool has_main_feed_date;
    struct buffer error_code; /* OAI-PMH: of the <error> being read */
    struct feed_element_seen elements_seen[FEED_ELEMENTS_SEEN];
};

void feed_parser_init(struct feed_parser *parser, struct papers *papers,
                      struct feed_report *report, struct error *error);
void feed_parser_free(struct feed_parser *parser);

/* feed_item.c: from the parts to a paper. Texts are cleaned here. */
void feed_item_begin(struct feed_parser *parser);
/* "oai:arXiv.org:2602.13531v2", an address with /abs/ in it, "arXiv:2602.13531". */
bool feed_item_take_arxiv_id(struct feed_parser *parser, struct view text);
/* The id alone, with or without version. */
bool feed_item_take_id(struct feed_parser *parser, struct view id);
void feed_item_take_title(struct feed_parser *parser, struct view text);
void feed_item_take_abstract(struct feed_parser *parser, struct view text);
void feed_item_take_author(struct feed_parser *parser, struct view name);
void feed_item_take_creators(struct feed_parser *parser, struct view text);
/* Only what looks like one of arXiv's: the API lists MSC and ACM classes beside them. */
void feed_item_take_category(struct feed_parser *parser, struct view category);
void feed_item_take_any_category(struct feed_parser *parser, struct view category);
void feed_item_take_categories(struct feed_parser *parser, struct view text);
void feed_item_take_announce_type(struct feed_parser *parser, struct view text);
void feed_item_take_date(struct feed_parser *parser, struct view text, bool main);
/* Adds the paper, or counts it as skipped. */
void feed_item_end(struct feed_parser *parser);
/* Counts an item that cannot be used; keeps the first reason. */
void feed_item_skip(struct feed_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Counts a paper that was kept without one of its keys; keeps the first reason. */
void feed_item_repair(struct feed_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Whether this document gave any so far. */
bool feed_has_papers(const struct feed_parser *parser);
void feed_take_date(struct feed_parser *parser, struct view text, bool main);

/* feed_text.c. One clean line in the parser's arena: a line break with the
 * blanks around it is one space, a TAB is a space, ends are trimmed, control
 * characters go and are counted. */
struct view feed_text_line(struct feed_parser *parser, struct view text);
/* Where the run of printable ASCII that begins at `at` ends. */
size_t feed_text_plain_end(struct view text, size_t at);
/* HTML to text: tags away, entities decoded; a `<` that begins no tag of HTML stays. */
struct view feed_text_from_html(struct feed_parser *parser, struct view html);
/* Decodes references that are left after XML's own decoding ("&eacute;", "&#233;"). */
struct view feed_text_decode(struct feed_parser *parser, struct view text);
/* The character that the reference at `at` ("&lt;", "&#x3c;") stands for, and
 * the reference's length; 0 when it is none. */
size_t feed_text_reference(struct view text, size_t at, int32_t *ret_codepoint);
/* RFC 3339, RFC 5322 or a bare date. `ret_utc` may be left alone. */
bool feed_text_date(struct view text, struct date *ret_date, bool *ret_has_instant,
                    int64_t *ret_utc);

/* feed_authors.c: "A. Bee (1), C. Dee, Jr. and E. Eff ((1) Some Univ.)" to
 * names. Calls `take` with each: a part of `text`, or a copy in the parser's arena. */
void feed_authors_split(struct view text, void (*take)(struct feed_parser *, struct view),
                        struct feed_parser *parser);

/* feed_lean.c: libxml2 takes several steps for each byte of a text, and most of a
 * feed are long texts in which nothing has a meaning. So it gets one character
 * instead of each, and reads all else: tags, attributes, references, short texts.
 * `document` begins with a tag, is valid UTF-8 without controls but TAB, LF and CR,
 * and stays where it is. */
void feed_lean_init(struct feed_lean *lean, struct view document);
/* The next bytes, at most `room`; 0 at the end. */
size_t feed_lean_read(struct feed_lean *lean, char *to, size_t room);
/* The text that `text`, read by libxml2, stands for: mostly itself. To be asked
 * for each text in the order of the document. */
static inline struct view feed_lean_text(struct feed_lean *lean, struct view text)
{
    if (text.data[0] != FEED_STAND_IN || !lean->count)
        return text;
    lean->count--;
    return lean->runs[lean->first++ % FEED_RUNS];
}

/* feed_xml.c */
int feed_xml_parse(struct feed_parser *parser, struct view bytes);
/* Reads a piece of XML that holds no document type; false when libxml2 stopped
 * at an error, after handing over what stood before it. */
bool feed_xml_read(struct feed_parser *parser, struct view piece);
struct view feed_attribute(struct feed_attributes attributes, const char *name);
/* The document as a whole is an error. When papers of it were taken already it
 * only counts as one bad item. */
void feed_fail(struct feed_parser *parser, enum error_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Notes the first cut: where and what. */
void feed_truncated(struct feed_parser *parser, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* feed_salvage.c: a document that libxml2 refused, item by item, from the first
 * one on that was not done yet. `document` begins with its root's start tag. */
void feed_salvage(struct feed_parser *parser, struct view document);
/* feed_mend.c: adds `piece` with every `<` and `&` that begins neither tag nor
 * reference, and the `>` of a `]]>` that ends no section, written as a reference. */
void feed_mend(const struct feed_family *family, struct view piece, struct buffer *out,
               size_t *replaced);

/* feed_jsonl.c */
int feed_json_parse(struct feed_parser *parser, struct view bytes);

#endif
