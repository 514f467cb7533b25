/* Questions to DNS through the system's resolver library (libresolv), with short
 * time-outs: for `check`, which can do without an answer. Reads
 * /etc/resolv.conf; asks nothing about this machine's own names. */
#ifndef BASE_RESOLVER_H
#define BASE_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/error.h"

struct resolver;

enum resolver_type { RESOLVER_TXT, RESOLVER_MX, RESOLVER_A, RESOLVER_AAAA };

enum { RESOLVER_ANSWER_BYTES = 65535, RESOLVER_RECORDS = 256 }; /* more are left out */

/* TXT: the record's strings joined. MX: the host, "" for the root (RFC 7505, "no
 * mail here"), and its preference. A, AAAA: the address in text. */
struct resolver_record {
    struct view text;
    unsigned preference;
};

struct resolver_answer {
    struct resolver_record *items; /* in the arena; in the order of the answer */
    size_t count;                  /* 0: the name has no such record */
    bool has_name;                 /* false: there is no such name at all (NXDOMAIN) */
};

/* `server` is "ADDRESS[:PORT]" (IPv4) of the one name server to ask; NULL: those
 * of the system. Kind configuration when it is neither. */
int resolver_open(const char *server, struct resolver **ret_resolver, struct error *error);
void resolver_close(struct resolver **resolver); /* NULL is fine; leaves NULL */

/* Kind temporary when no server answers or none can, within about six seconds for
 * each server. */
int resolver_ask(struct resolver *resolver, const char *name, enum resolver_type type,
                 struct arena *arena, struct resolver_answer *ret_answer, struct error *error);

/* The records of a reply's bytes. Pure; kind temporary for bytes that are none. */
int resolver_read_answer(struct view bytes, enum resolver_type type, struct arena *arena,
                         struct resolver_answer *ret_answer, struct error *error);

#endif
