#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "subscribers/schedule.h"
#include "unit/data.h"

static struct profile profile_with(const char *schedule, const char *paused_until)
{
    char text[256];
    struct profile profile;
    struct error error = {0};

    snprintf(text, sizeof(text),
             "{\"email\": \"a@b.example\", \"schedule\": {%s}, \"paused_until\": %s}", schedule,
             paused_until);
    if (profile_read("f", view_of(text), &profile, &error) < 0)
        fail_msg("%s", error.text);
    return profile;
}

static struct date day(const char *text)
{
    struct date date;

    assert_true(date_parse(view_of(text), &date));
    return date;
}

/* 2026-02-17 is a Tuesday. */
static void slots(void **state)
{
    static const struct {
        const char *schedule;
        const char *paused_until;
        const char *edition;
        const char *want_slot;
        const char *want_due;
    } cases[] = {
        /* as soon as the feed is made */
        {"", "null", "2026-02-17", "2026-02-17", "2026-02-17T05:00:00Z"},
        {"", "null", "2026-07-14", "2026-07-14", "2026-07-14T04:00:00Z"},
        {"\"zone\": \"Asia/Tokyo\"", "null", "2026-02-17", "2026-02-17", "2026-02-17T05:00:00Z"},
        {"\"every\": \"monday\"", "null", "2026-02-17", "2026-02-23", "2026-02-23T05:00:00Z"},
        {"\"every\": \"tuesday\"", "null", "2026-02-17", "2026-02-17", "2026-02-17T05:00:00Z"},
        {"\"every\": \"weekdays\"", "null", "2026-02-21", "2026-02-23", "2026-02-23T05:00:00Z"},
        {"\"every\": \"weekdays\"", "null", "2026-02-20", "2026-02-20", "2026-02-20T05:00:00Z"},
        {"\"every\": \"sunday\"", "null", "2026-02-23", "2026-03-01", "2026-03-01T05:00:00Z"},
        /* at a time of day */
        {"\"at\": \"07:30\"", "null", "2026-02-17", "2026-02-17", "2026-02-17T07:30:00Z"},
        {"\"at\": \"00:00\"", "null", "2026-02-17", "2026-02-17", "2026-02-17T00:00:00Z"},
        {"\"at\": \"07:30\", \"zone\": \"Europe/Paris\"", "null", "2026-02-17", "2026-02-17",
         "2026-02-17T06:30:00Z"},
        {"\"at\": \"07:30\", \"zone\": \"Europe/Paris\"", "null", "2026-07-01", "2026-07-01",
         "2026-07-01T05:30:00Z"},
        {"\"at\": \"08:00\", \"zone\": \"Asia/Kolkata\", \"every\": \"monday\"", "null",
         "2026-02-17", "2026-02-23", "2026-02-23T02:30:00Z"},
        /* left out and doubled hours */
        {"\"at\": \"02:30\", \"zone\": \"Europe/Paris\"", "null", "2026-03-29", "2026-03-29",
         "2026-03-29T01:00:00Z"},
        {"\"at\": \"02:30\", \"zone\": \"Europe/Paris\"", "null", "2026-10-25", "2026-10-25",
         "2026-10-25T00:30:00Z"},
        {"\"at\": \"07:30\", \"zone\": \"Pacific/Apia\"", "null", "2011-12-30", "2011-12-30",
         "2011-12-30T10:00:00Z"},
        /* pauses */
        {"\"at\": \"07:30\"", "\"2026-02-17\"", "2026-02-17", "2026-02-17", "2026-02-17T07:30:00Z"},
        {"\"at\": \"07:30\"", "\"2026-02-20\"", "2026-02-17", "2026-02-20", "2026-02-20T07:30:00Z"},
        {"\"at\": \"07:30\"", "\"2020-01-01\"", "2026-02-17", "2026-02-17", "2026-02-17T07:30:00Z"},
        {"\"every\": \"friday\"", "\"2026-02-21\"", "2026-02-17", "2026-02-27",
         "2026-02-27T05:00:00Z"},
        {"\"every\": \"weekdays\"", "\"2026-02-21\"", "2026-02-17", "2026-02-23",
         "2026-02-23T05:00:00Z"},
    };
    struct zone_cache zones = {NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile = profile_with(cases[i].schedule, cases[i].paused_until);
        const struct zone *zone;
        struct date slot;
        int64_t due_utc;
        char got_slot[DATE_TEXT_BYTES], got_due[TIME_TEXT_BYTES];

        assert_int_equal(zone_cache_get(&zones, schedule_zone_name(&profile), &zone, NULL), 0);
        schedule_slot(&profile, zone, day(cases[i].edition), &slot, &due_utc);
        date_format(slot, got_slot);
        time_format_rfc3339(due_utc, got_due);
        if (strcmp(got_slot, cases[i].want_slot) != 0 || strcmp(got_due, cases[i].want_due) != 0)
            fail_msg("{%s} paused until %s, edition %s: %s %s", cases[i].schedule,
                     cases[i].paused_until, cases[i].edition, got_slot, got_due);
        schedule_slot(&profile, zone, day(cases[i].edition), NULL, NULL);
        profile_free(&profile);
    }
    zone_cache_free(&zones);
}

static void every_weekday_comes_once_a_week(void **state)
{
    static const char *const names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
    struct zone *utc = NULL;

    (void)state;
    assert_int_equal(zone_load("UTC", &utc, NULL), 0);
    for (int weekday = 0; weekday < 7; weekday++) {
        char schedule[64];
        struct profile profile;

        snprintf(schedule, sizeof(schedule), "\"every\": \"%s\", \"at\": \"12:00\"", names[weekday]);
        profile = profile_with(schedule, "null");
        for (int64_t from = 20000; from < 20021; from++) {
            struct date slot;

            schedule_slot(&profile, utc, date_from_days(from), &slot, NULL);
            assert_int_equal(date_weekday(slot), weekday);
            assert_in_range(date_to_days(slot) - from, 0, 6);
        }
        profile_free(&profile);
    }
    zone_free(&utc);
}

static void pauses_end_with_the_local_day(void **state)
{
    static const struct {
        const char *zone;
        const char *paused_until;
        const char *now;
        bool want;
    } cases[] = {
        {"Europe/Paris", "null", "2026-02-17T00:00:00Z", false},
        {"Europe/Paris", "\"2026-02-18\"", "2026-02-17T22:59:59Z", true},
        {"Europe/Paris", "\"2026-02-18\"", "2026-02-17T23:00:00Z", false},
        {"America/New_York", "\"2026-02-18\"", "2026-02-18T04:59:59Z", true},
        {"America/New_York", "\"2026-02-18\"", "2026-02-18T05:00:00Z", false},
    };
    struct zone_cache zones = {NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile = profile_with("", cases[i].paused_until);
        const struct zone *zone;
        int64_t now_utc;

        assert_true(time_parse_rfc3339(view_of(cases[i].now), &now_utc, NULL));
        assert_int_equal(zone_cache_get(&zones, cases[i].zone, &zone, NULL), 0);
        assert_int_equal(schedule_is_paused(&profile, zone, now_utc), cases[i].want);
        profile_free(&profile);
    }
    zone_cache_free(&zones);
}

static void zones_by_profile(void **state)
{
    static const struct {
        const char *schedule;
        const char *want;
    } cases[] = {
        {"", "America/New_York"},
        {"\"zone\": \"Europe/Paris\"", "America/New_York"},
        {"\"at\": \"07:30\"", "UTC"},
        {"\"at\": \"07:30\", \"zone\": \"Europe/Paris\"", "Europe/Paris"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct profile profile = profile_with(cases[i].schedule, "null");

        assert_string_equal(schedule_zone_name(&profile), cases[i].want);
        profile_free(&profile);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slots),
        cmocka_unit_test(every_weekday_comes_once_a_week),
        cmocka_unit_test(pauses_end_with_the_local_day),
        cmocka_unit_test(zones_by_profile),
    };

    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
