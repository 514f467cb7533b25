/* What is published for everybody, and the forms it is published in: feeds for readers,
 * README.md in the layout that the Python bot's users know, papers.json. Commands build a
 * publication (commands/publishing.h); these writers are pure: the same publication gives
 * the same bytes, no clock, no file. Texts of papers may hold anything that is valid UTF-8:
 * each writer makes them harmless in its own form. */
#ifndef WEB_PUBLICATION_H
#define WEB_PUBLICATION_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/error.h"
#include "digest/words.h"
#include "ranking/ranking.h"

enum {
    PUBLICATION_BYTES = 64 * 1024 * 1024, /* a sensible maximum of `out` */
    PUBLICATION_FEED_DAYS = 30,           /* that a feed reaches back */
    PUBLICATION_FEED_PAPERS = 100,        /* that it holds at most */
    PUBLICATION_ABSTRACT_CHARACTERS = 300, /* of README.md */
    PUBLICATION_SUMMARIES_BYTES = 256 * 1024 /* of a feed's summaries at length: the newest */
};

/* Made by a language model. */
struct publication_summary {
    struct view model;    /* empty: there is none */
    struct view tldr;     /* one sentence of plain text, or empty */
    struct view markdown; /* at length, for README.md */
    struct view html;     /* the same as complete, harmless blocks, for feeds */
};

struct publication_paper {
    const struct paper *paper;
    double score; /* 0: not ranked */
    const struct reason *reasons; /* largest share first */
    size_t reason_count;
    struct date date;      /* of its edition */
    int64_t announced_utc; /* when that came out */
    struct publication_summary summary;
};

/* Everything is borrowed. */
struct publication {
    const struct words *words; /* the language of what we say ourselves */
    struct view title;
    struct view about;    /* one line: what this is */
    const char *link;     /* the page that people read, http(s); never NULL */
    const char *self;     /* this feed's own address; NULL: not known, and not said */
    const char *id;       /* this feed's, for ever (RFC 4287 4.2.6): an http(s) or tag: URI */
    struct date date;     /* of the newest edition */
    int64_t updated_utc;  /* its announcement, or when the last late paper came: not the clock,
                           * so that the same papers give the same bytes */
    struct view note;     /* "cs.AI late: …"; empty: nothing is amiss */
    const struct view *categories; /* that are looked at */
    size_t category_count;
    const struct view *keywords;
    size_t keyword_count;
    const struct publication_paper *papers; /* in the order that is shown */
    size_t paper_count;
};

/* RSS 2.0 with dc:creator and atom:link (rssboard.org/rss-profile). A guid is the address of
 * one version of a paper. Replaces what `out` holds. */
int publication_write_rss(const struct publication *publication, struct buffer *out,
                          struct error *error);
/* Atom 1.0 (RFC 4287). */
int publication_write_atom(const struct publication *publication, struct buffer *out,
                           struct error *error);
/* The bot's README.md: headings, fields and their order are its own, and a program may
 * count on them; only sentences come from the words. */
int publication_write_readme(const struct publication *publication, struct buffer *out,
                             struct error *error);
/* An array with the keys of papers as JSON Lines (papers/feed.h reads it back), and rank,
 * score and reasons as `rank --json` has them. */
int publication_write_json(const struct publication *publication, struct buffer *out,
                           struct error *error);

/* Of this version where the source names one: "https://arxiv.org/abs/2602.13531v1". */
void publication_add_link(const struct paper *paper, bool with_version, struct buffer *out);

#endif
