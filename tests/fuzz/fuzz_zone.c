/* TZif files with any bytes: read or refused, and then asked for clocks. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct view bytes = {(const char *)data, size};
    struct zone *zone = NULL;
    int minutes;

    if (zone_parse("fuzz", bytes, &zone, NULL) < 0)
        return 0;
    for (int year = 1999; year < 2060; year += 7) {
        const struct date date = {year, 1 + year % 12, 1 + year % 28};
        int64_t utc = zone_local_to_utc(zone, date, year % 24, year % 60);

        zone_date_at(zone, utc, &minutes);
        if (minutes < 0 || minutes >= 24 * 60)
            abort();
    }
    zone_free(&zone);
    return 0;
}
