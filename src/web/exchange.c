#include "web/exchange.h"

struct view web_fields_find(struct web_fields fields, const char *name)
{
    for (size_t i = 0; i < fields.count; i++)
        if (view_equal_string(fields.items[i].name, name))
            return fields.items[i].value;
    return (struct view){0};
}

bool web_fields_has(struct web_fields fields, const char *name)
{
    for (size_t i = 0; i < fields.count; i++)
        if (view_equal_string(fields.items[i].name, name))
            return true;
    return false;
}

void web_answer_init(struct web_answer *answer)
{
    *answer = (struct web_answer){0};
    buffer_init(&answer->body, WEB_ANSWER_BYTES);
}

void web_answer_free(struct web_answer *answer)
{
    buffer_free(&answer->body);
    web_content_free(&answer->content);
}

void web_answer_plain(struct web_answer *answer, unsigned status, const char *text)
{
    buffer_clear(&answer->body);
    web_content_free(&answer->content);
    answer->status = status;
    answer->type = "text/plain; charset=utf-8";
    buffer_printf(&answer->body, "%s\n", text);
}
