/* What rank prints: a table for people, or a line of JSON. Written straight into
 * the buffer, since a hundred thousand profiles give two gigabytes of it. */
#include "commands/rank_output.h"

#include "ranking/reason_json.h"

enum { REASONS_SHOWN = 6 };

static void add_json_paper(struct buffer *out, size_t rank, const struct ranked_paper *ranked)
{
    buffer_add_string(out, "{\"rank\":");
    json_add_whole(out, rank);
    buffer_add_string(out, ",\"id\":");
    json_add_string(out, ranked->paper->id);
    buffer_printf(out, ",\"version\":%d,\"score\":", ranked->paper->version);
    json_add_score(out, ranked->score);
    buffer_add_string(out, ",\"title\":");
    json_add_string(out, ranked->paper->title);
    buffer_add_string(out, ",\"reasons\":");
    reason_write_json(ranked->reasons, ranked->reason_count, out);
    buffer_add_char(out, '}');
}

void rank_output_json(struct buffer *out, const char *subscriber, struct date date,
                      const struct ranking *ranking)
{
    char text[DATE_TEXT_BYTES];

    buffer_add_string(out, "{\"subscriber\":");
    json_add_string(out, view_of(subscriber));
    buffer_add_string(out, ",\"edition\":");
    if (date_is_set(date)) {
        date_format(date, text);
        json_add_string(out, view_of(text));
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
