/* Instants are seconds since 1970 in UTC (`int64_t …_utc`); dates are civil
 * days. Nothing here asks what time it is: the caller passes it in. Zones are
 * in base/zone.h. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

struct date {
    int year;
    int month; /* 1-12 */
    int day;   /* 1-31 */
};

enum { DATE_TEXT_BYTES = 16, TIME_TEXT_BYTES = 40 };

/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back. */
int64_t date_to_days(struct date date);
struct date date_from_days(int64_t days);
int date_weekday(struct date date); /* 0 is Monday */
int date_compare(struct date a, struct date b);
bool date_is_set(struct date date); /* a zeroed date means none */
/* "2026-02-17", nothing else; years 1900 to 9999. */
bool date_parse(struct view text, struct date *ret_date);
void date_format(struct date date, char ret_text[DATE_TEXT_BYTES]);

int64_t time_from_date(struct date date, int hour, int minute, int second);
/* The UTC date of an instant and, when `ret_seconds` is not NULL, the seconds
 * into that day. */
struct date time_to_date(int64_t utc, int *ret_seconds);
/* RFC 3339, fractions dropped: "2026-02-17T05:00:00Z", "…+01:00". When
 * `ret_date` is not NULL it gets the date as written, in the text's own offset. */
bool time_parse_rfc3339(struct view text, int64_t *ret_utc, struct date *ret_date);
void time_format_rfc3339(int64_t utc, char ret_text[TIME_TEXT_BYTES]);
/* RFC 5322 3.3, as RSS's pubDate uses it: "Tue, 17 Feb 2026 00:00:00 -0500". */
bool time_parse_rfc5322(struct view text, int64_t *ret_utc, struct date *ret_date);
void time_format_rfc5322(int64_t utc, char ret_text[TIME_TEXT_BYTES]); /* in +0000 */

#endif
