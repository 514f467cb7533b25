/* From the bytes of a feed or an archive to papers, whatever their format:
 * recognised by content, never by name or media type. Called by fetching and by
 * --feed and --papers. Pure: no file, no network, no clock; a document that
 * declares entities is refused. */
#ifndef PAPERS_FEED_H
#define PAPERS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "papers/paper.h"

enum feed_format {
    FEED_RSS,        /* RSS 2.0 of rss.arxiv.org */
    FEED_RDF,        /* RSS 1.0: arXiv's own until January 2024 */
    FEED_ATOM,       /* Atom of rss.arxiv.org */
    FEED_API,        /* Atom of export.arxiv.org/api/query */
    FEED_OAI,        /* OAI-PMH, metadataPrefix arXiv; also a list without records */
    FEED_OAI_RAW,    /* OAI-PMH, metadataPrefix arXivRaw */
    FEED_JSON_LINES, /* one paper a line */
    FEED_JSON        /* one array of papers, or an object with such an array as "papers" */
};

enum {
    FEED_BYTES = 256 * 1024 * 1024, /* a sensible `max_bytes` */
    FEED_NOTE_BYTES = 256,
    FEED_TOKEN_BYTES = 1024 /* a longer resumption token is an error */
};

struct feed_report {
    enum feed_format format;
    /* The feed's own date (pubDate, updated, dc:date, responseDate) as it is
     * written there, in the text's own offset, and its instant for a caller who
     * wants another zone. JSON Lines have no date of their own: the latest of
     * the papers, and no instant. */
    struct date date; /* zero when there is none */
    bool has_instant;
    int64_t instant_utc;

    size_t items;                      /* seen, the skipped ones and doubles included */
    size_t skipped;                    /* not usable */
    char skip_reason[FEED_NOTE_BYTES]; /* of the first one skipped: where and why */
    size_t repaired; /* JSON: papers kept without an optional key that is not as it should be */
    char repair_reason[FEED_NOTE_BYTES]; /* of the first one: where and why */
    size_t deleted;                    /* OAI-PMH: records that are only a notice of deletion */
    size_t mended;                     /* items kept although their XML was broken: raw <, & or ]]> */
    size_t replaced;                   /* ill-formed bytes and control characters cleaned away */

    bool truncated;
    char truncation[FEED_NOTE_BYTES]; /* one line: where and what */

    /* OAI-PMH gives no announcements: `new` for a first version, else `replace`,
     * and the date on which that version came in. */
    bool estimated;
    /* What to ask for next; "" when the list ends here. */
    char resumption_token[FEED_TOKEN_BYTES];
    /* Nothing is known to be missing: neither cut nor to be resumed. */
    bool complete;
};

/* Adds the papers of `bytes`, gzipped or not, to `papers` in their order. The
 * announce type is `new` and the date the feed's where an item gives none. A
 * string of names is parted at commas and "and", without affiliations in
 * parentheses; "for the X Collaboration" is a name of its own.
 *
 * An empty feed and OAI-PMH's noRecordsMatch are no failure: no papers. A
 * document cut off or broken in places gives its whole items; the report says
 * what was lost. JSON's optional keys cost no paper: a wrong one is left out. Item texts that hold a raw `<`, `&` or `]]>` are kept.
 *
 * Fails with `papers` as it was, kind input: neither XML nor JSON Lines, a
 * document cut off before its first whole paper, an HTML page, XML that is no feed, larger than `max_bytes` (after inflating),
 * entity declarations, JSON Lines without one good line. An error document is
 * kind permanent (a wrong request); OAI-PMH's badResumptionToken is temporary
 * (start the list again). */
int feed_parse(struct view bytes, size_t max_bytes, struct papers *papers,
               struct feed_report *ret_report, struct error *error);

const char *feed_format_name(enum feed_format format); /* "RSS 2.0" */

/* Appends one line of JSON with its line feed, texts and TeX as the source has
 * them, so that feed_parse reads the same paper back. */
void paper_write_jsonl(const struct paper *paper, struct buffer *out);

#endif
