#include "digest/context_text.h"

#include <stdio.h>
#include <string.h>

#include "digest/message.h"
#include "digest/wrap.h"

void context_set_view(json_t *object, const char *key, struct view text)
{
    json_object_set_new(object, key, json_stringn(text.data ? text.data : "", text.size));
}

void context_set_string(json_t *object, const char *key, const char *text)
{
    if (text)
        context_set_view(object, key, view_of(text));
}

void context_set_buffer(json_t *object, const char *key, struct buffer *text)
{
    context_set_view(object, key, buffer_view(text));
    buffer_clear(text);
}

void context_mark_ends(json_t *array)
{
    size_t count = json_array_size(array), i;
    json_t *item;

    json_array_foreach(array, i, item) {
        json_object_set_new(item, "first", json_boolean(i == 0));
        json_object_set_new(item, "last", json_boolean(i + 1 == count));
    }
}

/* Nothing but single blanks between its words. */
static bool is_tidy(struct view line)
{
    for (size_t i = 0; i < line.size; i++)
        if ((unsigned char)line.data[i] < ' ' ||
            (line.data[i] == ' ' && (i == 0 || i + 1 == line.size || line.data[i + 1] == ' ')))
            return false;
    return true;
}

static void add_line(void *user, struct view line)
{
    json_t *lines = user, *item = json_object();
    struct buffer text;
    struct view word;

    json_array_append_new(lines, item);
    if (is_tidy(line)) {
        context_set_view(item, "line", line);
        return;
    }
    buffer_init(&text, line.size);
    while (view_next_part(&line, ' ', &word)) {
        word = view_trim(word);
        if (word.size && text.size)
            buffer_add_char(&text, ' ');
        buffer_add_view(&text, word);
    }
    context_set_buffer(item, "line", &text);
    buffer_free(&text);
}

void context_set_lines(json_t *object, const char *key, struct view text, size_t width)
{
    json_t *lines = json_array();

    wrap_each_line(text, width, add_line, lines);
    context_mark_ends(lines);
    json_object_set_new(object, key, lines);
}

void context_add_encoded(struct buffer *out, struct view text, const char *also)
{
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] && (strchr(safe, text.data[i]) || strchr(also, text.data[i])))
            buffer_add_char(out, text.data[i]);
        else
            buffer_printf(out, "%%%02X", (unsigned)(unsigned char)text.data[i]);
    }
}

void context_set_language(json_t *root, const struct words *words, struct buffer *room)
{
    bool is_rtl;

    context_set_string(root, "language", words_language(words));
    words_add(words, "direction", -1, NULL, room);
    is_rtl = view_equal(buffer_view(room), VIEW("rtl"));
    buffer_clear(room);
    context_set_string(root, "direction", is_rtl ? "rtl" : "ltr");
    context_set_string(root, "start", is_rtl ? "right" : "left");
    json_object_set(root, "words", (json_t *)words_fixed(words));
}

void context_set_mailto(json_t *object, const char *key, const char *address, const char *subject,
                        struct buffer *room)
{
    if (!address)
        return;
    digest_add_mailto(room, view_of(address), view_of(subject));
    context_set_buffer(object, key, room);
}

void context_set_date(json_t *object, const struct words *words, struct date date,
                     struct buffer *room)
{
    static const char *const keys[] = {"long", "medium", "short"};
    char iso[DATE_TEXT_BYTES], key[16];

    date_format(date, iso);
    context_set_string(object, "iso", iso);
    for (size_t i = 0; i < 3; i++) {
        snprintf(key, sizeof(key), "date_%s", keys[i]);
        words_add_date(words, key, date, room);
        context_set_buffer(object, keys[i], room);
    }
}

void context_add_item(struct context_list *list, struct view item)
{
    size_t shown = list->count > list->max + 1 ? list->max : list->count;

    if (list->done >= shown) {
        list->done++;
        return;
    }
    if (list->done)
        words_add(list->words, list->done + 1 == list->count ? "and" : "comma", -1, NULL,
                  list->out);
    buffer_add_view(list->out, item);
    list->done++;
    if (list->done < shown || shown == list->count)
        return;
    words_add(list->words, "and", -1, NULL, list->out);
    words_add(list->words, "list_more", (long)(list->count - shown), NULL, list->out);
}

