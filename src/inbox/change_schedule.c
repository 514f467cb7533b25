/* daily, weekly, at, pause, resume. */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/zone.h"
#include "inbox/change_parts.h"

static struct view argument(const struct changing *changing, size_t index)
{
    return index < changing->command->argument_count ? changing->command->arguments[index]
                                                     : (struct view){0};
}

/* ---- which days ---- */

static const char *const DAYS[] = {"monday", "tuesday", "wednesday", "thursday",
                                   "friday", "saturday", "sunday"};

/* "Mon", "mondays" and "monday" alike. */
static bool day_of(struct view word, enum schedule_every *ret_day)
{
    for (int i = 0; i < 7; i++) {
        struct view day = view_of(DAYS[i]);

        if (word.size >= 3 && (view_starts_with_nocase(day, word) ||
                               (word.size == day.size + 1 && view_starts_with_nocase(word, day)))) {
            *ret_day = (enum schedule_every)i;
            return true;
        }
    }
    return false;
}

static void set_every(struct changing *changing, enum schedule_every every, const char *word,
                      const char *same)
{
    bool is_same = changing->profile->schedule.every == every;

    changing->profile->schedule.every = every;
    change_tell(changing, is_same ? CHANGE_NOTHING : CHANGE_DONE, is_same ? same : word,
                every <= EVERY_SUNDAY ? "day" : NULL,
                view_of(every <= EVERY_SUNDAY ? DAYS[every] : NULL));
}

/* ---- at what time ---- */

/* "07:30", "7.30", "7h30", "7am", "19". */
static bool time_of(struct view text, int *ret_minutes)
{
    size_t digits = 0, at;
    long hour, minute = 0;
    bool is_pm = text.size > 2 && view_equal_nocase(view_slice(text, text.size - 2, text.size), VIEW("pm"));
    bool is_am = text.size > 2 && view_equal_nocase(view_slice(text, text.size - 2, text.size), VIEW("am"));

    if (is_am || is_pm)
        text.size -= 2;
    while (digits < text.size && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    if (!digits || digits > 2 || !view_to_long(view_slice(text, 0, digits), &hour))
        return false;
    at = digits;
    if (at < text.size && (!strchr(":.hH", text.data[at]) || (text.size - at != 3 && text.size - at != 1)))
        return false;
    if (text.size - at == 1 && !strchr("hH", text.data[at]))
        return false;
    if (text.size - at == 3 && !view_to_long(view_slice(text, at + 1, text.size), &minute))
        return false;
    if ((is_am || is_pm) && (hour < 1 || hour > 12))
        return false;
    if (is_am || is_pm)
        hour = hour % 12 + (is_pm ? 12 : 0);
    *ret_minutes = (int)(hour * 60 + minute);
    return hour < 24 && minute < 60;
}

static bool take_zone(struct changing *changing, struct view zone)
{
    char name[ZONE_NAME_BYTES];

    if (!zone_name_is_valid(zone) || zone.size >= sizeof(name)) {
        change_tell(changing, CHANGE_REFUSED, "change_zone_unknown", "item", zone);
        return false;
    }
    memcpy(name, zone.data, zone.size);
    name[zone.size] = '\0';
    if (changing->context->zone_is_known && !changing->context->zone_is_known(name)) {
        change_tell(changing, CHANGE_REFUSED, "change_zone_unknown", "item", zone);
        return false;
    }
    free(changing->profile->schedule.zone);
    changing->profile->schedule.zone = memory_copy_string(name);
    return true;
}

/* From the argument `from` on: a time, and perhaps a zone. */
static void set_time(struct changing *changing, size_t from)
{
    struct profile *profile = changing->profile;
    struct view time = argument(changing, from), zone = argument(changing, from + 1);
    const char *now;
    char text[16];
    struct change_note *note;
    int minutes;

    if (change_says_none(changing)) {
        profile->schedule.at_minutes = -1;
        change_tell(changing, CHANGE_DONE, "change_at_none", NULL, (struct view){0});
        return;
    }
    /* "7:30 am" */
    if (view_equal_nocase(zone, VIEW("am")) || view_equal_nocase(zone, VIEW("pm"))) {
        char *both = arena_alloc(changing->arena, time.size + 3, 1);

        memcpy(both, time.data, time.size);
        memcpy(both + time.size, zone.data, 2);
        time = (struct view){both, time.size + 2};
        zone = argument(changing, from + 2);
    }
    if (!time_of(time, &minutes)) {
        change_tell(changing, CHANGE_REFUSED, "change_at_invalid", "item", time);
        return;
    }
    if (zone.size && !take_zone(changing, zone))
        return;
    profile->schedule.at_minutes = minutes;
    now = profile->schedule.zone ? profile->schedule.zone : "UTC";
    snprintf(text, sizeof(text), "%02d:%02d", minutes / 60, minutes % 60);
    note = change_add(changing, CHANGE_DONE, "change_at_set");
    note->values[0] = (struct word_value){"time", arena_copy(changing->arena, view_of(text))};
    note->values[1] = (struct word_value){"zone", arena_copy(changing->arena, view_of(now))};
}

void change_set_time(struct changing *changing)
{
    set_time(changing, 0);
}

/* "daily", "daily at 07:30 Europe/Paris", "daily 07:30" */
static void set_time_behind(struct changing *changing, size_t from)
{
    if (view_equal_nocase(argument(changing, from), VIEW("at")))
        from++;
    if (from < changing->command->argument_count)
        set_time(changing, from);
}

void change_set_daily(struct changing *changing)
{
    set_every(changing, EVERY_DAY, "change_daily", "change_daily_same");
    set_time_behind(changing, 0);
}

void change_set_weekly(struct changing *changing)
{
    bool says_on = view_equal_nocase(argument(changing, 0), VIEW("on"));
    struct view word = argument(changing, says_on ? 1 : 0);
    enum schedule_every day = EVERY_MONDAY;

    if (word.size && !day_of(word, &day)) {
        change_tell(changing, CHANGE_REFUSED, "change_day_unknown", "item", word);
        return;
    }
    set_every(changing, day, "change_weekly", "change_weekly_same");
    set_time_behind(changing, word.size ? (says_on ? 2 : 1) : 0);
}

/* ---- pauses ---- */

enum { PAUSE_DAYS_MAX = 3660 };

static bool number_of(struct view word, long *ret_number)
{
    static const char *const NUMBERS[] = {"a", "one", "two", "three", "four", "five", "six"};

    if (view_to_long(word, ret_number))
        return true;
    for (long i = 0; i < 7; i++)
        if (view_equal_nocase(word, view_of(NUMBERS[i]))) {
            *ret_number = i ? i : 1;
            return true;
        }
    return false;
}

/* "2 weeks" from today; the first day that has mail again. */
static bool span_of(const struct changing *changing, size_t from, struct date *ret_date)
{
    static const struct {
        const char *start;
        long days;
    } UNITS[] = {{"day", 1}, {"week", 7}, {"month", 30}, {"year", 365}};
    struct view unit = argument(changing, from + 1);
    long number;

    if (!number_of(argument(changing, from), &number) || number < 1 || number > PAUSE_DAYS_MAX)
        return false;
    for (size_t i = 0; i < sizeof(UNITS) / sizeof(*UNITS); i++)
        if (view_starts_with_nocase(unit, view_of(UNITS[i].start)) &&
            number * UNITS[i].days <= PAUSE_DAYS_MAX) {
            *ret_date = date_from_days(date_to_days(changing->context->today) +
                                       number * UNITS[i].days);
            return true;
        }
    return false;
}

void change_pause(struct changing *changing)
{
    struct view first = argument(changing, 0);
    bool says_until = view_equal_nocase(first, VIEW("until"));
    bool says_for = view_equal_nocase(first, VIEW("for"));
    int64_t today = date_to_days(changing->context->today);
    char text[DATE_TEXT_BYTES];
    struct date until;

    if (!span_of(changing, says_for ? 1 : 0, &until) &&
        !date_parse(argument(changing, says_until ? 1 : 0), &until)) {
        change_tell(changing, CHANGE_REFUSED, "change_pause_invalid", NULL, (struct view){0});
        return;
    }
    date_format(until, text);
    if (date_to_days(until) <= today || date_to_days(until) > today + PAUSE_DAYS_MAX) {
        change_tell(changing, CHANGE_REFUSED, "change_pause_past", "date", view_of(text));
        return;
    }
    changing->profile->paused_until = until;
    change_tell(changing, CHANGE_DONE, "change_paused", "date", view_of(text));
}

void change_resume(struct changing *changing)
{
    bool was_paused = date_is_set(changing->profile->paused_until) &&
                      date_compare(changing->profile->paused_until, changing->context->today) > 0;

    changing->profile->paused_until = (struct date){0};
    change_tell(changing, was_paused ? CHANGE_DONE : CHANGE_NOTHING,
                was_paused ? "change_resumed" : "change_resumed_same", NULL, (struct view){0});
}
