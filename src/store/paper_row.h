/* A paper as a row of the store, and back. For the sources of this folder only. */
#ifndef STORE_PAPER_ROW_H
#define STORE_PAPER_ROW_H

#include "papers/paper.h"
#include "store/query.h"

/* The columns that paper_row_read expects first, in this order. */
#define PAPER_COLUMNS \
    "p.id, p.source_title, p.source_abstract, p.authors, p.categories"

/* Adds the row's paper to `papers`, with what the edition said of it. */
int paper_row_add(const struct query *query, int version, enum announce_type type,
                  struct date date, struct papers *papers, struct error *error);

/* ["…", "…"]; for free(3). */
char *paper_row_list(const struct view *items, size_t count);

/* 1 and the paper in `ret_papers` as it was last seen, or 0. */
int paper_row_find(struct store *store, struct view id, struct papers *ret_papers,
                   struct error *error);
/* Writes the paper as last seen; the date and time of its first sight stay. */
int paper_row_put(struct store *store, const struct paper *paper, int64_t now_utc,
                  struct error *error);

#endif
