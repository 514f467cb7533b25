/* From a ranking to what the subscriber reads: the subject, the HTML and the
 * plain text of one digest. Called by preview, run and send; the message around
 * them is digest/message.h. Pure: no clock, no file, no network.
 *
 * Order of use: fill a struct digest; digest_make does everything. The steps
 * are public for `preview` and tests: digest_context, digest_fit, digest_render_*.
 * Every key of the context is in templates/README.md. */
#ifndef DIGEST_DIGEST_H
#define DIGEST_DIGEST_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "digest/templates.h"
#include "ranking/ranking.h"
#include "subscribers/profile.h"

enum {
    /* Gmail clips at about 102 KB; the rest is for what relays change. */
    DIGEST_HTML_BYTES = 95 * 1000,
    DIGEST_FULL_PAPERS = 5,             /* shown with abstract however long the digest is */
    DIGEST_EXCERPT_CHARACTERS = 600,    /* the cut abstract */
    DIGEST_AUTHORS = 6,                 /* the short form names at most so many */
    /* Of a summary's HTML, so that the papers that are always whole fit with theirs. */
    DIGEST_SUMMARY_BYTES = 12 * 1000,
    DIGEST_OUTPUT_BYTES = 16 * 1024 * 1024
};

enum category_state {
    CATEGORY_COMPLETE, CATEGORY_LATE, CATEGORY_STALE, CATEGORY_EMPTY, CATEGORY_FAILED
};

/* How one category of an edition stands. */
struct digest_note {
    const char *category;
    enum category_state state;
};

struct digest_edition {
    struct date date;
    bool estimated;     /* made from OAI-PMH */
    size_t paper_count; /* announced that day, in all the categories fetched; 0: not known */
    const struct digest_note *notes;
    size_t note_count;
};

/* Why a paper is here although its day was shown, or although it was. */
enum digest_mark { DIGEST_MARK_NONE, DIGEST_MARK_LATE, DIGEST_MARK_UPDATE };

/* The links of one ranked paper for this subscriber; NULL: not offered. */
struct digest_links {
    const char *like;
    const char *dislike;
};

/* What a language model wrote of a paper, made harmless and ready to be shown. */
struct digest_summary {
    struct view tldr;  /* one sentence of plain text; empty: none */
    struct view html;  /* complete blocks; empty: none */
    struct view page_html; /* the same without `style`, for pages */
    struct view text;  /* lines that fit behind a paper's indentation */
    struct view model; /* who wrote it */
};

/* Everything is borrowed and must live as long as the call. Without a paper it is
 * a note: that arXiv has announced none on `date`. */
struct digest {
    const struct profile *profile;
    const struct ranking *ranking;
    const struct digest_edition *editions; /* oldest first; may be none (--papers) */
    size_t edition_count;
    struct date date; /* the slot's day where the subscriber is */
    const char *sender_name;
    const char *sender_address;
    const char *list_name;  /* heads the digest and its subject; NULL: sender_name */
    const char *owner;      /* an address */
    const char *inbox;      /* the address that takes commands, or NULL */
    const char *unsubscribe_mailto; /* "mailto:…", or NULL */
    const char *unsubscribe_url;    /* "https://…", or NULL */
    const char *abs_base;   /* NULL: https://arxiv.org/abs/ */
    const char *pdf_base;   /* NULL: https://arxiv.org/pdf/ */
    const char *html_base;  /* NULL: https://arxiv.org/html/ */
    const struct digest_links *links; /* one per ranked paper, or NULL */
    const enum digest_mark *marks;    /* likewise */
    bool is_preview;        /* says in the digest that it was not sent */
    /* The list that the ranked papers are in, for digest/assemble.h: what was made of
     * a paper is used again for the same list and number. NULL: it is not. */
    const struct papers *papers;
    uint64_t papers_serial; /* of no other list that had the same address */
    const struct ranking_index *index; /* of `papers`; NULL: words are searched for anew */
    /* By paper of `papers`, NULL where there is none; NULL: none is shown. The same memory
     * for as long as that list. */
    const struct digest_summary *const *summaries;
};

/* The parts that the profile's `format` asks for; the other one stays empty. */
struct digest_output {
    struct buffer subject; /* one line of UTF-8, not encoded */
    struct buffer html;
    struct buffer text;
    bool is_encoded; /* both are quoted-printable (mail/mime.h): assembled */
};

void digest_output_init(struct digest_output *output);
void digest_output_free(struct digest_output *output); /* zeroed is fine */

/* `output` was made by digest_output_init; it is emptied first, so that one is
 * used for many digests. */
int digest_make(const struct templates *templates, const struct digest *digest,
                struct digest_output *output, struct error *error);

/* The documented context, every ranked paper in `papers`; for json_decref. */
json_t *digest_context(const struct templates *templates, const struct digest *digest);
/* Moves papers from the end of `papers` to `more_papers`, which templates list
 * as titles, until the HTML has at most `max_html_bytes`; DIGEST_FULL_PAPERS
 * stay, and nothing is dropped. The plain text keeps the same division. */
int digest_fit(const struct templates *templates, json_t *context, size_t max_html_bytes,
               struct error *error);
void digest_subject(const struct templates *templates, const struct digest *digest,
                    struct buffer *out);
int digest_render_html(const struct templates *templates, const json_t *context,
                       struct buffer *out, struct error *error);
int digest_render_text(const struct templates *templates, const json_t *context,
                       struct buffer *out, struct error *error);

#endif
