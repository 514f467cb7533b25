#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/zone.h"
#include "unit/data.h"

static struct zone *must_load(const char *name)
{
    struct zone *zone = NULL;
    struct error error = {0};

    if (zone_load(name, &zone, &error) < 0)
        fail_msg("%s", error.text);
    return zone;
}

static int64_t instant(const char *text)
{
    int64_t utc;

    assert_true(time_parse_rfc3339(view_of(text), &utc, NULL));
    return utc;
}

/* As Python's zoneinfo has them, with tzdata 2025b. */
static void clocks_at_instants(void **state)
{
    static const struct {
        const char *zone;
        const char *utc;
        int offset;
        struct date date;
        int minutes;
    } cases[] = {
        {"Europe/Paris", "1975-07-01T12:00:00Z", 3600, {1975, 7, 1}, 780},
        {"Europe/Paris", "2026-03-29T00:59:59Z", 3600, {2026, 3, 29}, 119},
        {"Europe/Paris", "2026-03-29T01:00:00Z", 7200, {2026, 3, 29}, 180},
        {"Europe/Paris", "2026-10-25T00:59:59Z", 7200, {2026, 10, 25}, 179},
        {"Europe/Paris", "2026-10-25T01:00:00Z", 3600, {2026, 10, 25}, 120},
        {"Europe/Paris", "2060-07-01T00:00:00Z", 7200, {2060, 7, 1}, 120},
        {"Europe/Paris", "2060-12-31T23:30:00Z", 3600, {2061, 1, 1}, 30},
        {"America/New_York", "1985-04-28T07:00:00Z", -14400, {1985, 4, 28}, 180},
        {"America/New_York", "2006-03-20T12:00:00Z", -18000, {2006, 3, 20}, 420},
        {"America/New_York", "2026-03-08T06:59:59Z", -18000, {2026, 3, 8}, 119},
        {"America/New_York", "2026-03-08T07:00:00Z", -14400, {2026, 3, 8}, 180},
        {"America/New_York", "2026-11-01T06:00:00Z", -18000, {2026, 11, 1}, 60},
        {"America/New_York", "2058-07-04T03:59:59Z", -14400, {2058, 7, 3}, 1439},
        {"America/New_York", "2059-11-02T05:59:59Z", -14400, {2059, 11, 2}, 119},
        {"America/New_York", "2059-11-02T06:00:00Z", -18000, {2059, 11, 2}, 60},
        {"Australia/Lord_Howe", "1984-06-01T00:00:00Z", 37800, {1984, 6, 1}, 630},
        {"Australia/Lord_Howe", "2026-04-04T14:59:59Z", 39600, {2026, 4, 5}, 119},
        {"Australia/Lord_Howe", "2026-04-04T15:00:00Z", 37800, {2026, 4, 5}, 90},
        {"Australia/Lord_Howe", "2026-10-03T15:29:59Z", 37800, {2026, 10, 4}, 119},
        {"Australia/Lord_Howe", "2026-10-03T15:30:00Z", 39600, {2026, 10, 4}, 150},
        {"Australia/Lord_Howe", "2055-01-01T00:00:00Z", 39600, {2055, 1, 1}, 660},
        {"Asia/Kathmandu", "1985-12-31T18:29:59Z", 19800, {1985, 12, 31}, 1439},
        {"Asia/Kathmandu", "1985-12-31T18:30:00Z", 20700, {1986, 1, 1}, 15},
        {"Asia/Kathmandu", "2026-01-01T18:15:00Z", 20700, {2026, 1, 2}, 0},
        {"Asia/Kathmandu", "2060-06-01T00:00:00Z", 20700, {2060, 6, 1}, 345},
        {"America/Sao_Paulo", "2018-11-04T02:59:59Z", -10800, {2018, 11, 3}, 1439},
        {"America/Sao_Paulo", "2018-11-04T03:00:00Z", -7200, {2018, 11, 4}, 60},
        {"America/Sao_Paulo", "2019-02-17T01:59:59Z", -7200, {2019, 2, 16}, 1439},
        {"America/Sao_Paulo", "2019-02-17T02:00:00Z", -10800, {2019, 2, 16}, 1380},
        {"America/Sao_Paulo", "2026-12-01T03:00:00Z", -10800, {2026, 12, 1}, 0},
        {"Africa/Casablanca", "2010-05-02T00:00:00Z", 3600, {2010, 5, 2}, 60},
        {"Africa/Casablanca", "2017-05-28T12:00:00Z", 0, {2017, 5, 28}, 720},
        {"Africa/Casablanca", "2018-12-01T00:00:00Z", 3600, {2018, 12, 1}, 60},
        {"Africa/Casablanca", "2024-03-15T12:00:00Z", 0, {2024, 3, 15}, 720},
        {"Africa/Casablanca", "2024-05-01T12:00:00Z", 3600, {2024, 5, 1}, 780},
        {"Europe/Dublin", "2026-03-29T00:59:59Z", 0, {2026, 3, 29}, 59},
        {"Europe/Dublin", "2026-03-29T01:00:00Z", 3600, {2026, 3, 29}, 120},
        {"Europe/Dublin", "2026-10-25T01:00:00Z", 0, {2026, 10, 25}, 60},
        {"Europe/Dublin", "2060-07-01T00:00:00Z", 3600, {2060, 7, 1}, 60},
        {"Europe/Dublin", "2060-12-01T00:00:00Z", 0, {2060, 12, 1}, 0},
        {"Pacific/Apia", "2011-12-30T09:59:59Z", -36000, {2011, 12, 29}, 1439},
        {"Pacific/Apia", "2011-12-30T10:00:00Z", 50400, {2011, 12, 31}, 0},
        {"Pacific/Apia", "2026-06-01T00:00:00Z", 46800, {2026, 6, 1}, 780},
        {"UTC", "1969-12-31T23:59:59Z", 0, {1969, 12, 31}, 1439},
        {"UTC", "2026-02-17T05:00:00Z", 0, {2026, 2, 17}, 300},
    };
    struct zone_cache cache = {NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct zone *zone;
        struct date date;
        int minutes;

        assert_int_equal(zone_cache_get(&cache, cases[i].zone, &zone, NULL), 0);
        date = zone_date_at(zone, instant(cases[i].utc), &minutes);
        if (zone_offset_at(zone, instant(cases[i].utc)) != cases[i].offset ||
            date_compare(date, cases[i].date) != 0 || minutes != cases[i].minutes)
            fail_msg("%s %s: %d, %d-%d-%d, %d", cases[i].zone, cases[i].utc,
                     zone_offset_at(zone, instant(cases[i].utc)), date.year, date.month, date.day,
                     minutes);
    }
    zone_cache_free(&cache);
}

static void instants_of_clocks(void **state)
{
    static const struct {
        const char *zone;
        struct date date;
        int hour;
        int minute;
        const char *want;
    } cases[] = {
        {"Europe/Paris", {2026, 2, 17}, 7, 30, "2026-02-17T06:30:00Z"},
        {"Europe/Paris", {2059, 7, 1}, 7, 30, "2059-07-01T05:30:00Z"},
        /* left out from 02:00 to 03:00 */
        {"Europe/Paris", {2026, 3, 29}, 1, 59, "2026-03-29T00:59:00Z"},
        {"Europe/Paris", {2026, 3, 29}, 2, 0, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", {2026, 3, 29}, 2, 30, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", {2026, 3, 29}, 3, 0, "2026-03-29T01:00:00Z"},
        {"Europe/Paris", {2060, 3, 28}, 2, 30, "2060-03-28T01:00:00Z"},
        /* twice from 02:00 to 03:00 */
        {"Europe/Paris", {2026, 10, 25}, 2, 30, "2026-10-25T00:30:00Z"},
        {"Europe/Paris", {2026, 10, 25}, 3, 0, "2026-10-25T02:00:00Z"},
        {"America/New_York", {2026, 3, 8}, 2, 15, "2026-03-08T07:00:00Z"},
        {"America/New_York", {2026, 11, 1}, 1, 30, "2026-11-01T05:30:00Z"},
        {"America/New_York", {2059, 11, 2}, 1, 30, "2059-11-02T05:30:00Z"},
        /* half an hour, both ways */
        {"Australia/Lord_Howe", {2026, 10, 4}, 2, 10, "2026-10-03T15:30:00Z"},
        {"Australia/Lord_Howe", {2026, 4, 5}, 1, 45, "2026-04-04T14:45:00Z"},
        /* midnight is left out */
        {"America/Sao_Paulo", {2018, 11, 4}, 0, 0, "2018-11-04T03:00:00Z"},
        {"America/Sao_Paulo", {2018, 11, 4}, 0, 59, "2018-11-04T03:00:00Z"},
        {"America/Sao_Paulo", {2019, 2, 16}, 23, 30, "2019-02-17T01:30:00Z"},
        /* winter time is the one that is saved */
        {"Europe/Dublin", {2026, 3, 29}, 1, 30, "2026-03-29T01:00:00Z"},
        {"Europe/Dublin", {2026, 10, 25}, 1, 30, "2026-10-25T00:30:00Z"},
        /* the day that never was */
        {"Pacific/Apia", {2011, 12, 29}, 23, 59, "2011-12-30T09:59:00Z"},
        {"Pacific/Apia", {2011, 12, 30}, 7, 30, "2011-12-30T10:00:00Z"},
        {"Pacific/Apia", {2011, 12, 31}, 7, 30, "2011-12-30T17:30:00Z"},
        {"Asia/Kathmandu", {1986, 1, 1}, 0, 5, "1985-12-31T18:30:00Z"},
        {"Africa/Casablanca", {2024, 4, 14}, 2, 30, "2024-04-14T02:00:00Z"},
        /* the clock leapt from 00:00:00 to 00:44:30 */
        {"Africa/Monrovia", {1972, 1, 7}, 0, 10, "1972-01-07T00:45:00Z"},
        {"UTC", {2026, 2, 17}, 23, 59, "2026-02-17T23:59:00Z"},
    };
    struct zone_cache cache = {NULL};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct zone *zone;
        char got[TIME_TEXT_BYTES];

        assert_int_equal(zone_cache_get(&cache, cases[i].zone, &zone, NULL), 0);
        time_format_rfc3339(
            zone_local_to_utc(zone, cases[i].date, cases[i].hour, cases[i].minute), got);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s %d-%d-%d %02d:%02d: %s, not %s", cases[i].zone, cases[i].date.year,
                     cases[i].date.month, cases[i].date.day, cases[i].hour, cases[i].minute, got,
                     cases[i].want);
    }
    zone_cache_free(&cache);
}

static void names(void **state)
{
    static const struct {
        const char *name;
        const char *want; /* part of the error */
    } cases[] = {
        {"Europe/Pariss", "did you mean \"Europe/Paris\"?"},
        {"paris", "did you mean \"Europe/Paris\"?"},
        {"europe/paris", "did you mean \"Europe/Paris\"?"},
        {"Europe", "unknown time zone \"Europe\""},
        {"Mars/Olympus_Mons", "an IANA name such as"},
        {"", "is no time zone"},
        {"/etc/localtime", "is no time zone"},
        {"../Europe/Paris", "is no time zone"},
        {"Europe/../Europe/Paris", "is no time zone"},
        {"Europe//Paris", "is no time zone"},
        {"Europe/", "is no time zone"},
        {"zone.tab", "is no time zone"},
        {"Europe Paris", "is no time zone"},
        {"right/Europe/Paris", "leap seconds"},
        {"leapseconds", "is not a time zone file"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone *zone = NULL;
        struct error error = {0};

        assert_int_equal(zone_load(cases[i].name, &zone, &error), -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        if (!strstr(error.text, cases[i].want))
            fail_msg("%s: %s", cases[i].name, error.text);
        assert_null(zone);
    }
}

/* $TZDIR as tests and odd machines have it. */
static void folders(void **state)
{
    char *folder = data_temporary_folder();
    struct zone *zone = NULL;
    struct error error = {0};

    (void)state;
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    assert_int_equal(zone_load("Europe/Paris", &zone, &error), -1);
    assert_int_equal(error.kind, ERROR_INPUT);
    data_remove_folder(&folder);
    assert_int_equal(zone_check("Europe/Paris", &error), -1);
    assert_int_equal(error.kind, ERROR_CONFIGURATION);
    assert_non_null(strstr(error.text, "tzdata"));
    assert_int_equal(zone_load("UTC", &zone, &error), 0);
    assert_int_equal(zone_offset_at(zone, 0), 0);
    zone_free(&zone);
    assert_int_equal(unsetenv("TZDIR"), 0);
}

static void header(struct buffer *file, char version, unsigned changes, unsigned types)
{
    const unsigned counts[6] = {0, 0, 0, changes, types, 4};

    buffer_add(file, "TZif", 4);
    buffer_add_char(file, version);
    buffer_add(file, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 15);
    for (size_t i = 0; i < 6; i++) {
        buffer_add(file, "\0\0\0", 3);
        buffer_add_char(file, (char)counts[i]);
    }
}

/* One kind of time, one hour east, and this rule. */
static struct view made_file(struct buffer *file, const char *rule)
{
    buffer_init(file, 4096);
    for (int block = 0; block < 2; block++) {
        header(file, '2', 0, 1);
        buffer_add(file, "\0\0\x0E\x10\0\0" "ABC\0", 10);
    }
    buffer_printf(file, "\n%s\n", rule);
    return data_exact_view(buffer_view(file));
}

static void rules(void **state)
{
    static const struct {
        const char *rule;
        const char *utc;
        int want; /* offset, or -1: not taken */
    } cases[] = {
        {"", "2026-07-01T00:00:00Z", 3600},
        {"XYZ-2", "2026-07-01T00:00:00Z", 7200},
        {"<+0330>-3:30", "2026-07-01T00:00:00Z", 12600},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-07-01T00:00:00Z", -7200},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T00:59:59Z", -10800},
        {"<-03>3<-02>,M3.5.0/-2,M10.5.0/-1", "2026-03-29T01:00:00Z", -7200},
        {"AAA0BBB,J60,J300", "2028-03-01T01:59:59Z", 0},
        {"AAA0BBB,J60,J300", "2028-03-01T02:00:00Z", 3600},
        {"AAA0BBB,59,300", "2028-02-29T02:00:00Z", 3600},
        {"AAA0BBB,59,300", "2027-03-01T01:59:59Z", 0},
        /* summer time all year, RFC 8536 3.3.1 */
        {"XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00Z", -14400},
        {"XXX3EDT4,0/0,J365/23", "2026-12-31T23:59:59Z", -14400},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59Z", 7200},
        {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", 10800},
        {"AB0", "", -1}, {"ABC", "", -1}, {"ABC0DEF", "", -1}, {"ABC0DEF,M3.1.0", "", -1},
        {"ABC0DEF,M13.1.0,M10.5.0", "", -1}, {"ABC0DEF,M3.6.0,M10.5.0", "", -1},
        {"ABC0DEF,M3.1.7,M10.5.0", "", -1}, {"ABC0DEF,J0,J3", "", -1}, {"ABC0DEF,366,3", "", -1},
        {"ABC25", "", -1}, {"<ABC0", "", -1}, {"ABC0:60", "", -1}, {"ABC0DEF,1/168,3", "", -1},
        {"ABC0x", "", -1}, {"ABC0DEF,1,2x", "", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct zone *zone = NULL;
        struct error error = {0};
        struct buffer file;
        struct view bytes = made_file(&file, cases[i].rule);
        int result = zone_parse("made", bytes, &zone, &error);

        if (result != (cases[i].want == -1 ? -1 : 0))
            fail_msg("%s: %s", cases[i].rule, error.text);
        if (result == 0 && zone_offset_at(zone, instant(cases[i].utc)) != cases[i].want)
            fail_msg("%s %s: %d", cases[i].rule, cases[i].utc,
                     zone_offset_at(zone, instant(cases[i].utc)));
        zone_free(&zone);
        data_free(bytes);
        buffer_free(&file);
    }
}

static void changes_must_ascend(void **state)
{
    static const char *const times[] = {"\0\0\0\1\0\0\0\2", "\0\0\0\2\0\0\0\1", "\0\0\0\1\0\0\0\1"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct buffer file;
        struct view bytes;
        struct zone *zone = NULL;

        buffer_init(&file, 4096);
        header(&file, '\0', 2, 1);
        buffer_add(&file, times[i], 8);
        buffer_add(&file, "\0\0" "\0\0\x0E\x10\0\0" "ABC\0", 12);
        bytes = data_exact_view(buffer_view(&file));
        assert_int_equal(zone_parse("made", bytes, &zone, NULL), i == 0 ? 0 : -1);
        zone_free(&zone);
        data_free(bytes);
        buffer_free(&file);
    }
}

static void damaged_files(void **state)
{
    struct buffer path, whole;
    struct error error = {0};
    struct zone *zone = NULL;

    (void)state;
    buffer_init(&path, 4096);
    buffer_init(&whole, 1 << 20);
    buffer_printf(&path, "%s/Europe/Paris", getenv("TZDIR") ? getenv("TZDIR") : "/usr/share/zoneinfo");
    assert_int_equal(file_read(path.data, &whole, NULL), 0);
    for (size_t size = 0; size < whole.size; size++) {
        struct view part = data_exact_view(view_slice(buffer_view(&whole), 0, size));

        assert_int_equal(zone_parse("part", part, &zone, &error), -1);
        data_free(part);
    }
    assert_string_equal(error.text, "time zone \"part\" is not a time zone file or is damaged");
    assert_null(zone);
    /* Any byte may be wrong without more than an error or another zone. */
    for (size_t at = 0; at < whole.size; at += 3) {
        char old = whole.data[at];
        struct view copy;

        whole.data[at] = (char)(old ^ 0x81);
        copy = data_exact_view(buffer_view(&whole));
        if (zone_parse("changed", copy, &zone, &error) == 0) {
            zone_local_to_utc(zone, (struct date){2026, 3, 29}, 2, 30);
            zone_free(&zone);
        }
        data_free(copy);
        whole.data[at] = old;
    }
    buffer_free(&whole);
    buffer_free(&path);
}

static void a_cache_gives_the_same_zone(void **state)
{
    struct zone_cache cache = {NULL};
    const struct zone *first, *second, *utc;
    struct zone *alone = must_load("Europe/Paris");
    struct error error = {0};

    (void)state;
    assert_int_equal(zone_cache_get(&cache, "Europe/Paris", &first, NULL), 0);
    assert_int_equal(zone_cache_get(&cache, NULL, &utc, NULL), 0);
    assert_int_equal(zone_cache_get(&cache, "Europe/Paris", &second, NULL), 0);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, utc);
    assert_int_equal(zone_cache_get(&cache, "Europe/Nowhere", &second, &error), -1);
    assert_ptr_equal(first, second);
    assert_int_equal(zone_offset_at(alone, 0), zone_offset_at(first, 0));
    zone_free(&alone);
    zone_free(&alone);
    zone_cache_free(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clocks_at_instants), cmocka_unit_test(instants_of_clocks),
        cmocka_unit_test(names),              cmocka_unit_test(folders),
        cmocka_unit_test(rules),              cmocka_unit_test(damaged_files),
        cmocka_unit_test(changes_must_ascend),
        cmocka_unit_test(a_cache_gives_the_same_zone),
    };

    return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
