/* What a model is asked for, a text in each language that digests are read in: the file
 * that summaries.prompt_file names, for all of them, else the summary.LANG.txt of `templates`,
 * which may hold nothing else, and of the shipped templates. Read once, with the templates;
 * then shared by threads. */
#ifndef COMMANDS_PROMPTS_H
#define COMMANDS_PROMPTS_H

#include "base/bytes.h"
#include "base/error.h"

struct site;

enum { PROMPT_BYTES = 64 * 1024, PROMPT_HASH_BYTES = 17, PROMPTS_MAX = 100 };

struct prompt {
    char language[36];            /* BCP 47; "und" of summaries.prompt_file */
    struct view text;             /* UTF-8, not empty, without blanks around it */
    char *owned;                  /* its memory; NULL: the file is bad, which `problem` says */
    struct error problem;
    char hash[PROMPT_HASH_BYTES]; /* of the text, in hex: another prompt makes other summaries */
};

struct prompts;

/* Never NULL: what is wrong with them stops no digest, and prompts_find says it. */
struct prompts *prompts_new(const struct site *site);
void prompts_free(struct prompts **prompts); /* NULL is fine; leaves NULL */

/* Their languages, as "en, zh", for people to read. */
void prompts_list(const struct prompts *prompts, struct buffer *out);

/* The prompt for readers of this language: that of the whole tag, then of its first part,
 * then the English one; borrowed from the site. Kind configuration when there is none, or its
 * file is bad: then another language's would be no help. */
int prompts_find(const struct site *site, const char *language, const struct prompt **ret_prompt,
                 struct error *error);

/* What is wrong with the bad ones, one after the other: `*at` begins with 0; false: no more. */
bool prompts_next_problem(const struct prompts *prompts, size_t *at, struct error *ret_problem);

#endif
