/* What is left of a template once all that is known early was evaluated: encoded
 * text, and what depends on marks (late.h). Made once per edition, and per paper
 * for the bodies of `papers` and `more_papers`; run for each digest. Private to
 * src/digest. */
#ifndef DIGEST_PROGRAM_H
#define DIGEST_PROGRAM_H

#include "base/error.h"
#include "digest/late.h"
#include "digest/pen.h"

enum op_code {
    OP_PIECE,              /* encoded text of the template */
    OP_SLOT,               /* encoded text of the paper: its slot is in `end` */
    OP_ESCAPED, OP_RAW,    /* a key's text */
    OP_IF_TRUE, OP_IF_FALSE, OP_IF_THERE, OP_IF_ABSENT, /* else goes on at `end` */
    OP_EACH,               /* up to `end`, for each item of a list */
    OP_EITHER,             /* the same in two bodies without tests: up to `second` for the
                              items of which `test` is true, from there to `end` for others */
    OP_PAPERS              /* each paper's own body, whose number is in `end` */
};

struct op {
    uint8_t code; /* enum op_code */
    uint8_t key;  /* enum late_key */
    uint32_t end; /* or, of OP_PAPERS, the loop; of OP_SLOT, the slot */
    union {
        struct piece piece;
        struct {
            uint32_t second;
            uint8_t test; /* enum late_key */
        } either;
    };
};

struct program {
    struct op *ops;
    size_t count;
    size_t capacity;
    /* Where the bodies of `papers` and `more_papers` begin, one behind the other,
     * and where the last ends: a paper's program has nothing else. */
    uint32_t *loops;
    size_t loop_count;
    size_t loop_capacity;
};

/* What a program takes from one paper; other papers have the same program. */
struct slots {
    struct piece *items;
    size_t count;
    size_t capacity;
    struct buffer pool;
};

void program_init(struct program *program);
void program_free(struct program *program); /* zeroed is fine */
size_t program_bytes(const struct program *program); /* of memory */
bool program_equal(const struct program *a, const struct program *b);
void slots_init(struct slots *slots);
void slots_free(struct slots *slots); /* zeroed is fine */

/* `context` has marks. With `own` the program is that of the paper in the marks'
 * items, `own` being what the context has of it, and `slots` is filled; else it is
 * that of the rest, and both are NULL. What is the template's goes to `pieces`.
 * Fails where only plain evaluation will do, and says why. */
int program_make(const struct mustache *mustache, const json_t *context,
                 const struct mustache_partials *partials, const struct late_marks *marks,
                 const json_t *own, struct pieces *pieces, struct program *program,
                 struct slots *slots, struct error *error);

#endif
