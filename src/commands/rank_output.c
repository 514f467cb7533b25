/* What rank prints: a table for people, or a line of JSON. Written straight into
 * the buffer, since a hundred thousand profiles give two gigabytes of it. */
#include <math.h>
#include <stdio.h>

#include "commands/rank_output.h"

enum { REASONS_SHOWN = 6, SCORE_DECIMALS = 4, NUMBER_BYTES = 40 };

static void add_json_string(struct buffer *out, struct view text)
{
    static const char short_names[][2] = {{'"', '"'},   {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                          {'\n', 'n'}, {'\r', 'r'},   {'\t', 't'}};
    size_t from = 0;

    buffer_add_char(out, '"');
    for (size_t i = 0; i < text.size; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        char name = 0;

        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        buffer_add_view(out, view_slice(text, from, i));
        from = i + 1;
        for (size_t j = 0; j < sizeof(short_names) / sizeof(short_names[0]); j++)
            if (short_names[j][0] == (char)byte)
                name = short_names[j][1];
        if (name) {
            buffer_add_char(out, '\\');
            buffer_add_char(out, name);
        } else {
            buffer_printf(out, "\\u%04X", (unsigned)byte);
        }
    }
    buffer_add_view(out, view_slice(text, from, text.size));
    buffer_add_char(out, '"');
}

static void add_whole(struct buffer *out, unsigned long long number)
{
    char digits[NUMBER_BYTES];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    buffer_add(out, digits + at, sizeof(digits) - at);
}

/* Four decimals are more than any score means; as few of them as say it. */
static void add_score(struct buffer *out, double score)
{
    unsigned long long parts = (unsigned long long)llround(fmax(0, score) * 1e4);
    unsigned long long rest = parts % 10000;
    char decimals[SCORE_DECIMALS];
    size_t count = SCORE_DECIMALS;

    add_whole(out, parts / 10000);
    buffer_add_char(out, '.');
    for (size_t i = SCORE_DECIMALS; i > 0; i--, rest /= 10)
        decimals[i - 1] = (char)('0' + rest % 10);
    while (count > 1 && decimals[count - 1] == '0')
        count--;
    buffer_add(out, decimals, count);
}

static void add_json_paper(struct buffer *out, size_t rank, const struct ranked_paper *ranked)
{
    buffer_add_string(out, "{\"rank\":");
    add_whole(out, rank);
    buffer_add_string(out, ",\"id\":");
    add_json_string(out, ranked->paper->id);
    buffer_printf(out, ",\"version\":%d,\"score\":", ranked->paper->version);
    add_score(out, ranked->score);
    buffer_add_string(out, ",\"title\":");
    add_json_string(out, ranked->paper->title);
    buffer_add_string(out, ",\"reasons\":[");
    for (size_t i = 0; i < ranked->reason_count; i++) {
        const struct reason *reason = &ranked->reasons[i];

        buffer_add_string(out, i ? ",{\"term\":" : "{\"term\":");
        add_json_string(out, reason->term);
        buffer_add_string(out, ",\"field\":\"");
        buffer_add_string(out, reason_field_name(reason->field));
        buffer_add_string(out, "\",\"score\":");
        add_score(out, reason->score);
        buffer_add_char(out, '}');
    }
    buffer_add_string(out, "]}");
}

void rank_output_json(struct buffer *out, const char *subscriber, struct date date,
                      const struct ranking *ranking)
{
    char text[DATE_TEXT_BYTES];

    buffer_add_string(out, "{\"subscriber\":");
    add_json_string(out, view_of(subscriber));
    buffer_add_string(out, ",\"edition\":");
    if (date_is_set(date)) {
        date_format(date, text);
        add_json_string(out, view_of(text));
    } else {
        buffer_add_string(out, "null");
    }
    buffer_add_string(out, ",\"papers\":[");
    for (size_t i = 0; i < ranking->count; i++) {
        if (i)
            buffer_add_char(out, ',');
        add_json_paper(out, i + 1, &ranking->items[i]);
    }
    buffer_add_string(out, "]}\n");
}

static void add_reasons(struct buffer *out, const struct ranked_paper *ranked)
{
    for (size_t i = 0; i < ranked->reason_count && i < REASONS_SHOWN; i++) {
        const struct reason *reason = &ranked->reasons[i];

        buffer_printf(out, "%s%.*s (%s %.1f)", i ? ", " : "                              ",
                      VIEW_ARGUMENTS(reason->term), reason_field_name(reason->field),
                      reason->score);
    }
    if (ranked->reason_count > REASONS_SHOWN)
        buffer_printf(out, " and %zu more", ranked->reason_count - REASONS_SHOWN);
    if (ranked->reason_count)
        buffer_add_char(out, '\n');
}

void rank_output_table(struct buffer *out, const char *subscriber, struct date date,
                       const struct ranking *ranking)
{
    char text[DATE_TEXT_BYTES] = "no date";

    if (date_is_set(date))
        date_format(date, text);
    buffer_printf(out, "%s, %s: %zu paper%s\n", subscriber, text, ranking->count,
                  ranking->count == 1 ? "" : "s");
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *ranked = &ranking->items[i];

        buffer_printf(out, "%5zu  %6.1f  %-14.*s  %.*s\n", i + 1, ranked->score,
                      VIEW_ARGUMENTS(ranked->paper->id), VIEW_ARGUMENTS(ranked->paper->title));
        add_reasons(out, ranked);
    }
    buffer_add_char(out, '\n');
}
