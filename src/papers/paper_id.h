/* The ids of papers as people write them. Pure. */
#ifndef PAPERS_PAPER_ID_H
#define PAPERS_PAPER_ID_H

#include "base/bytes.h"

/* "arXiv:2602.13531v2", "https://arxiv.org/abs/2602.13531": the id alone, without its
 * version, a part of `text`. Empty: it is none of arXiv's, neither today's nor that of
 * before 2007 (hep-th/9901001). */
struct view paper_id_read(struct view text);

#endif
