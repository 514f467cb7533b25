/* What a domain publishes about who may send in its name: SPF (RFC 7208) and
 * DMARC (RFC 7489) records read as a receiver reads them. `check` looks the
 * texts up and says what the owner must mend. Pure: no DNS is asked here. */
#ifndef DELIVERY_SENDER_POLICY_H
#define DELIVERY_SENDER_POLICY_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/error.h"

enum {
    SENDER_POLICY_BYTES = 4096, /* a longer record is refused */
    SPF_LOOKUPS_MAX = 10        /* RFC 7208 4.6.4: more is an error for receivers */
};

/* What becomes of a host that nothing in the record matches. */
enum spf_rest {
    SPF_REST_NEUTRAL, /* "?all", or neither "all" nor "redirect" */
    SPF_REST_PASS,    /* "+all": everybody may send */
    SPF_REST_SOFTFAIL,
    SPF_REST_FAIL,
    SPF_REST_REDIRECT /* another domain's record says it */
};

struct spf_record {
    enum spf_rest rest;
    /* Terms of this record that make a receiver ask DNS, not counting what the
     * included records add. */
    unsigned lookups;
    bool uses_ptr; /* RFC 7208 5.5: should not be used */
};

/* Whether a TXT text is an SPF record at all (RFC 7208 4.5). */
bool spf_is_record(struct view text);
/* Kind input: what is wrong with it, in words for the domain's owner. */
int spf_parse(struct view text, struct spf_record *ret_record, struct error *error);

enum dmarc_policy { DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

struct dmarc_record {
    enum dmarc_policy policy;
    enum dmarc_policy subdomain_policy; /* `policy` unless "sp" is given */
    bool strict_dkim;                   /* adkim=s */
    bool strict_spf;                    /* aspf=s */
    long percent;                       /* pct, 100 unless given */
    bool has_reports;                   /* rua */
};

bool dmarc_is_record(struct view text);
int dmarc_parse(struct view text, struct dmarc_record *ret_record, struct error *error);
const char *dmarc_policy_name(enum dmarc_policy policy);

/* Whether `a` is `b` or lies below it, in any case and with or without a final
 * dot. */
bool domain_is_within(struct view a, struct view b);

#endif
