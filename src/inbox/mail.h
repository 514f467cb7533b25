/* A mail as it was received, taken apart: its header fields, and its parts decoded
 * to UTF-8 (RFC 5322, 2045-2047, 2231). Structure, transfer encodings, encoded
 * words and character sets are libetpan's work, which hostile mails crash or keep
 * busy: only a process that may die calls this (cell.h). Pure otherwise.
 *
 * It is made for mails as they are and not as they should be: LF, CR and CRLF, an
 * mbox "From " line in front, fields of 8-bit characters, parts without end. What
 * cannot be read as what it says is read as plain text. */
#ifndef INBOX_MAIL_H
#define INBOX_MAIL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"

enum {
    MAIL_BYTES = 512 * 1024, /* what is looked at of a mail; the rest is as if it were not there */
    MAIL_FIELDS = 2000,
    MAIL_PARTS = 500,
    MAIL_DEPTH = 20, /* of mails inside of mails */
    MAIL_ADDRESSES = 100 /* of one field */
};

struct mail_field {
    struct view name;  /* as written */
    struct view value; /* unfolded, as written; UTF-8, what is none read as Latin-1 */
    struct view text;  /* the same with encoded words decoded */
};
struct mail_fields {
    struct mail_field *items;
    size_t count;
};

/* A part that has no parts, or the head of a mail inside. */
struct mail_part {
    struct view type; /* "text/plain", in lower case */
    struct view file_name;
    bool is_attachment; /* it says so */
    unsigned depth;     /* in how many mails it is: 0 in the one that came */
    /* Of message/rfc822 and text/rfc822-headers: the fields of the mail that it is; its
     * parts follow, one deeper. */
    struct mail_fields fields;
    /* Without its transfer encoding. Of text/ and message/ parts UTF-8 with LF line ends,
     * without control characters; of the others empty. Of message/rfc822 empty, too: its
     * parts follow. */
    struct view body;
};

/* Everything lives in the arena. */
struct mail {
    struct mail_fields fields;
    struct mail_part *parts; /* in the order of the mail */
    size_t part_count;
    struct view type;        /* of the whole: "multipart/report" */
    struct view report_type; /* its parameter, in lower case: "delivery-status"; empty: none */
    bool is_cut;             /* there was more than is looked at */
};

struct mail_address {
    struct view name;    /* decoded; empty: none */
    struct view address; /* canonical (subscribers/address.h) and valid */
};

/* Converters of character sets come from files, which a cell does not see: while this is
 * kept, those of mail_charset.c's table are loaded. */
struct mail_charsets;
struct mail_charsets *mail_charsets_load(void);
void mail_charsets_free(struct mail_charsets **charsets); /* NULL is fine; leaves NULL */

void mail_read(struct view bytes, struct arena *arena, struct mail *ret_mail);

/* The fields of a text as it stands in a mail, up to its first empty line: of parts like
 * message/delivery-status, and of headers that somebody quotes. `ret_rest` is what
 * follows; NULL: not wanted. */
void mail_read_fields(struct view text, struct arena *arena, struct mail_fields *ret_fields,
                      struct view *ret_rest);

/* The first field of that name, in any case; NULL: none. */
const struct mail_field *mail_find(const struct mail_fields *fields, const char *name);
/* Its value; empty when there is none. */
struct view mail_value(const struct mail_fields *fields, const char *name);
size_t mail_count(const struct mail_fields *fields, const char *name);

/* The addresses of a field's value (RFC 5322 3.4, groups opened), those that are no
 * usable ones left out. How many; `max` at most. */
size_t mail_addresses(struct view value, struct arena *arena, struct mail_address *ret_addresses,
                      size_t max);

/* Of a From: false unless all of the value was read, and it names one address that can be
 * used, and no other. */
bool mail_one_address(struct view value, struct arena *arena, struct mail_address *ret_address);

/* The Message-IDs of a value as left@right, without their brackets, those left out that
 * would not be safe in a field of ours. How many; `max` at most, the first ones. */
size_t mail_ids(struct view value, struct view *ret_ids, size_t max);

/* One parameter of a structured value, as in `message/x; charset="y"`; empty: none. */
struct view mail_parameter(struct view value, const char *name);

#endif
