#include "ranking/reason_json.h"

void reason_write_json(const struct reason *reasons, size_t count, struct buffer *out)
{
    buffer_add_char(out, '[');
    for (size_t i = 0; i < count; i++) {
        buffer_add_string(out, i ? ",{\"term\":" : "{\"term\":");
        json_add_string(out, reasons[i].term);
        buffer_add_string(out, ",\"field\":\"");
        buffer_add_string(out, reason_field_name(reasons[i].field));
        buffer_add_string(out, "\",\"score\":");
        json_add_score(out, reasons[i].score);
        buffer_add_char(out, '}');
    }
    buffer_add_char(out, ']');
}
