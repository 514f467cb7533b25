/* Ranking for one profile with what the store has for it: the papers that it likes
 * and that the edition does not list, and the profile compiled before. Compiled
 * bytes are kept under the subscriber's address with a key of all that they were
 * made of; any other key, and bytes that are odd, are thrown away. It saves what
 * compiling costs: 130 us for 40 keywords, 7 ms with 30 liked papers, where 10 us
 * read it back. */
#ifndef COMMANDS_COMPILING_H
#define COMMANDS_COMPILING_H

#include "commands/site.h"
#include "ranking/ranking.h"
#include "store/derived.h"
#include "subscribers/folder.h"

#define COMPILING_KIND DERIVED_OF_SUBSCRIBER
enum { COMPILING_BYTES_MAX = 64 * 1024 * 1024 };

enum { COMPILING_UNKEPT = 64 }; /* that are written down together */

struct compiling {
    struct site *site; /* borrowed; without a store only the index is asked */
    struct buffer document; /* what the key is made of */
    struct buffer bytes;
    /* What is to be kept: a transaction for each would take longer than compiling. */
    struct unkept {
        char *email;
        size_t end; /* in `unkept_bytes` */
    } unkept[COMPILING_UNKEPT];
    size_t unkept_count;
    bool is_refused; /* the last profile: it does not compile, and others may */
    struct buffer unkept_bytes;
};

void compiling_init(struct compiling *compiling, struct site *site);
/* Writes down what was not yet. No digest waits for a store that cannot be written just
 * now: then it is forgotten, and compiled again another day. */
void compiling_keep(struct compiling *compiling);
void compiling_free(struct compiling *compiling); /* keeps it before */

/* As ranker_make. What is kept and odd is compiled anew. `version` is that of the profile's file, NULL when it has none or
 * nothing is to be kept. */
int compiling_rank(struct compiling *compiling, struct ranker *ranker,
                   const struct profile *profile, const struct folder_version *version,
                   size_t top, const unsigned char *skip, struct arena *arena,
                   struct ranking *ret_ranking, struct error *error);
/* Says that the profile does not compile. Returns -1. */
int compiling_set_refusal(const struct profile *profile, struct error *error);

#endif
