/* What a language model answered, as far as it may be shown: judged, cleaned, its one
 * sentence taken off. It is untrusted: a paper's text may have told the model what to
 * write. Markup stays Markdown here; rendition.h makes it harmless. Pure. */
#ifndef SUMMARIES_ANSWER_H
#define SUMMARIES_ANSWER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

enum {
    ANSWER_BYTES = 24 * 1024, /* of what is shown; about 8,000 Chinese characters */
    ANSWER_TLDR_CHARACTERS = 400
};

struct summary_answer {
    struct view tldr;     /* plain text on one line; empty: there is none */
    struct view markdown; /* never empty; valid UTF-8, lines end in LF */
};

/* Reads an answer into the arena. Taken off or out: what a reasoning model thinks
 * (<think>…</think> at the beginning, also when only its end is there), a fence of code
 * around the whole, control characters and those of format (summaries/clean.h).
 *
 * The one sentence is looked for at the beginning, before or behind a heading: "TL;DR: …",
 * also in bold, as a heading, with a full-width colon, or as 一句话总结. One that is longer
 * than ANSWER_TLDR_CHARACTERS stays a paragraph of the Markdown.
 *
 * -1, kind input and a few words on why, when it is not to be shown: a refusal (told by
 * the endpoint, or a short answer that, or whose sentence, begins as one), empty, cut off or
 * held back by `finish_reason` (NULL or empty: not said), more than ANSWER_BYTES of Markdown,
 * not UTF-8 beyond a few bytes, or a sentence without a summary. Kind temporary when the
 * endpoint says that it broke off. */
int answer_read(struct view content, const char *finish_reason, bool is_refusal,
                struct arena *arena, struct summary_answer *ret_answer, struct error *error);

#endif
