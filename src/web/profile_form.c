#include "web/profile_form.h"

#include "base/utf8.h"
#include "papers/taxonomy.h"

enum {
    TEXT_BYTES = 256 * 1024,
    LINE_BYTES = 4000,    /* of the lines that are written: below COMMAND_LINE_BYTES */
    FIELD_BYTES = 8000,   /* more than any field may have, so that what is cut is refused */
    ITEM_BYTES = 1000,    /* likewise an item of a list */
    TICKED_MAX = 256
};

static const char *const DAYS[] = {"monday", "tuesday", "wednesday", "thursday", "friday",
                                   "saturday", "sunday", "day", "weekdays"};

/* ---- what was typed ---- */

void profile_form_read(struct web_fields fields, struct arena *arena, struct profile_form *ret_form)
{
    struct view *ticked = arena_alloc(arena, TICKED_MAX, sizeof(*ticked));

    *ret_form = (struct profile_form){
        .name = view_trim(web_fields_find(fields, "name")),
        .keywords = view_trim(web_fields_find(fields, "keywords")),
        .authors = view_trim(web_fields_find(fields, "authors")),
        .interests = view_trim(web_fields_find(fields, "interests")),
        .categories = view_trim(web_fields_find(fields, "categories")),
        .ticked = ticked,
        .max = view_trim(web_fields_find(fields, "max")),
        .every = view_trim(web_fields_find(fields, "every")),
        .at = view_trim(web_fields_find(fields, "at")),
        .zone = view_trim(web_fields_find(fields, "zone")),
    };
    for (size_t i = 0; i < fields.count && ret_form->ticked_count < TICKED_MAX; i++)
        if (view_equal_string(fields.items[i].name, "category") && fields.items[i].value.size)
            ticked[ret_form->ticked_count++] = fields.items[i].value;
}

/* ---- what a profile has ---- */

static struct view kept(struct arena *arena, struct buffer *text)
{
    struct view result = arena_copy(arena, buffer_view(text));

    buffer_clear(text);
    return result;
}

/* On a line of its own, in quotes when it has what separates items. */
static void add_term(struct buffer *text, const char *before, const char *term)
{
    const char *quote = strpbrk(term, ",;") ? "\"" : "";

    buffer_printf(text, "%s%s%s%s%s", text->size ? "\n" : "", before, quote, term, quote);
}

static void add_strings(struct buffer *text, const char *before, const struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        add_term(text, before, strings->items[i]);
}

static void add_keywords(struct buffer *text, const struct keywords *keywords)
{
    for (size_t i = 0; i < keywords->count; i++) {
        const struct keyword *keyword = &keywords->items[i];

        add_term(text, "", keyword->term);
        if (keyword->weight > 1 || keyword->weight < 1)
            buffer_printf(text, "^%.6g", keyword->weight);
    }
}

static void sort_categories(const struct strings *categories, struct arena *arena,
                            struct buffer *text, struct profile_form *form)
{
    struct view *ticked = arena_alloc(arena, categories->count + 1, sizeof(*ticked));

    form->ticked = ticked;
    for (size_t i = 0; i < categories->count; i++) {
        struct view name = view_of(categories->items[i]);

        if (taxonomy_has(name))
            ticked[form->ticked_count++] = arena_copy(arena, name);
        else
            buffer_printf(text, "%s%s", text->size ? " " : "", categories->items[i]);
    }
    form->categories = kept(arena, text);
}

void profile_form_of(const struct profile *profile, struct arena *arena,
                     struct profile_form *ret_form)
{
    struct buffer text;

    *ret_form = (struct profile_form){
        .name = arena_copy(arena, view_of(profile->name)),
        .interests = arena_copy(arena, view_of(profile->interests)),
        .every = view_of(DAYS[profile->schedule.every]),
        .zone = arena_copy(arena, view_of(profile->schedule.zone)),
    };
    buffer_init(&text, TEXT_BYTES);
    add_keywords(&text, &profile->keywords);
    add_strings(&text, "-", &profile->exclude_keywords);
    ret_form->keywords = kept(arena, &text);
    add_strings(&text, "", &profile->follow_authors);
    add_strings(&text, "-", &profile->exclude_authors);
    ret_form->authors = kept(arena, &text);
    buffer_printf(&text, "%ld", profile->max_papers);
    ret_form->max = kept(arena, &text);
    if (profile->schedule.at_minutes >= 0)
        buffer_printf(&text, "%02d:%02d", profile->schedule.at_minutes / 60,
                      profile->schedule.at_minutes % 60);
    ret_form->at = kept(arena, &text);
    sort_categories(&profile->categories, arena, &text, ret_form);
    buffer_free(&text);
}

/* ---- items of a text ---- */

struct item {
    bool is_excluded;
    struct view term;   /* without quotes */
    struct view weight; /* "^3"; empty: none said */
};

/* Where the item ends that begins at `from`: at a line's end, or a comma outside of quotes. */
static size_t item_end(struct view text, size_t from)
{
    bool is_quoted = false;
    size_t at = from;

    for (; at < text.size && text.data[at] != '\n'; at++) {
        if (text.data[at] == '"')
            is_quoted = !is_quoted;
        else if ((text.data[at] == ',' || text.data[at] == ';') && !is_quoted)
            break;
    }
    return at;
}

static bool is_number(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!strchr("0123456789.", text.data[i]) || !text.data[i])
            return false;
    return text.size > 0;
}

/* Without quotes anywhere, since the line that is written has its own, and on one line. */
static struct view unquoted(struct view text, struct arena *arena)
{
    char *bytes = arena_alloc(arena, text.size + 1, 1);
    size_t size = 0;

    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] != '"')
            bytes[size++] = text.data[i] == '\n' ? ' ' : text.data[i];
    return utf8_prefix(view_trim((struct view){bytes, size}), ITEM_BYTES);
}

static bool next_item(struct view text, size_t *at, struct arena *arena, struct item *ret_item)
{
    while (*at < text.size) {
        size_t end = item_end(text, *at), caret;
        struct view whole = view_trim(view_slice(text, *at, end));

        *at = end + 1;
        *ret_item = (struct item){.is_excluded = whole.size > 1 && whole.data[0] == '-'};
        if (ret_item->is_excluded)
            whole = view_trim(view_slice(whole, 1, whole.size));
        for (caret = whole.size; caret && whole.data[caret - 1] != '^'; caret--)
            continue;
        if (caret && is_number(view_slice(whole, caret, whole.size))) {
            ret_item->weight = view_slice(whole, caret - 1, whole.size);
            whole = view_trim(view_slice(whole, 0, caret - 1));
        }
        ret_item->term = unquoted(whole, arena);
        if (ret_item->term.size)
            return true;
    }
    return false;
}

static bool has_item(struct view text, const struct item *wanted, bool any_weight,
                     struct arena *arena)
{
    struct item item;

    for (size_t at = 0; next_item(text, &at, arena, &item);)
        if (item.is_excluded == wanted->is_excluded && view_equal_nocase(item.term, wanted->term) &&
            (any_weight || view_equal(item.weight, wanted->weight)))
            return true;
    return false;
}

/* ---- lines ---- */

/* Several lines when one would get too long: of a list the second adds to the first. */
struct line {
    struct buffer *out;
    const char *command;
    size_t start;
    bool is_open;
};

static void line_add(struct line *line, const struct item *item)
{
    if (line->is_open && line->out->size - line->start > LINE_BYTES) {
        buffer_add_char(line->out, '\n');
        line->is_open = false;
    }
    if (!line->is_open)
        line->start = line->out->size;
    buffer_add_string(line->out, line->is_open ? ", " : line->command);
    buffer_printf(line->out, "%s\"%.*s\"%.*s", item->is_excluded ? "-" : "",
                  VIEW_ARGUMENTS(item->term), VIEW_ARGUMENTS(item->weight));
    line->is_open = true;
}

static void line_end(struct line *line)
{
    if (line->is_open)
        buffer_add_char(line->out, '\n');
    line->is_open = false;
}

static void add_removals(struct buffer *out, struct view was, struct view is, bool also_plain,
                         struct arena *arena)
{
    struct line line = {.out = out, .command = "remove "};
    struct item item;

    for (size_t at = 0; next_item(was, &at, arena, &item);) {
        const struct item plain = {.term = item.term};

        if ((item.is_excluded || also_plain) && !has_item(is, &item, true, arena))
            line_add(&line, &plain);
    }
    line_end(&line);
}

static void add_new_items(struct buffer *out, const char *command, struct view was, struct view is,
                          struct arena *arena)
{
    struct line line = {.out = out, .command = command};
    struct item item;

    for (size_t at = 0; next_item(is, &at, arena, &item);) {
        if (has_item(was, &item, false, arena))
            continue;
        if (!item.weight.size && !item.is_excluded && was.size)
            item.weight = VIEW("^1"); /* it may have had another one */
        line_add(&line, &item);
    }
    line_end(&line);
}

/* What a text says in one line. */
static void add_text(struct buffer *out, const char *command, struct view text)
{
    buffer_add_string(out, command);
    text = utf8_prefix(text, FIELD_BYTES);
    for (size_t i = 0; i < text.size; i++) {
        char c = text.data[i];

        buffer_add_char(out, c == '\n' || c == '\t' || c == '\r' ? ' ' : c);
    }
    buffer_add_char(out, '\n');
}

static void add_authors(struct buffer *out, struct view was, struct view is, struct arena *arena)
{
    struct line line = {.out = out, .command = "authors: "};
    struct item item;

    if (view_equal(was, is))
        return;
    add_removals(out, was, is, false, arena);
    for (size_t at = 0; next_item(is, &at, arena, &item);) {
        item.weight = (struct view){0};
        line_add(&line, &item);
    }
    if (!line.is_open && was.size)
        buffer_add_string(out, "authors: none\n");
    line_end(&line);
}

static bool is_separator(char c)
{
    return view_is_blank(c) || c == ',' || c == ';';
}

/* What is one word; in quotes when it has blanks, so that it is one to whoever reads the line. */
static void add_word(struct buffer *out, const char *before, struct view text,
                     struct arena *arena)
{
    struct view word = unquoted(text, arena);
    bool has_blank = view_find_char(word, ' ', 0) < word.size;

    buffer_printf(out, "%s%s%.*s%s", before, has_blank ? "\"" : "", VIEW_ARGUMENTS(word),
                  has_blank ? "\"" : "");
}

/* "7:30 am" is one, too. */
static struct view time_word(struct view text, struct arena *arena)
{
    struct view end = view_slice(text, text.size < 2 ? 0 : text.size - 2, text.size), time;
    char *bytes;

    if (!view_equal_nocase(end, VIEW("am")) && !view_equal_nocase(end, VIEW("pm")))
        return text;
    time = view_trim(view_slice(text, 0, text.size - 2));
    bytes = arena_alloc(arena, time.size + end.size, 1);
    memcpy(bytes, time.data, time.size);
    memcpy(bytes + time.size, end.data, end.size);
    return (struct view){bytes, time.size + end.size};
}

static void add_categories(struct buffer *out, const struct profile_form *form)
{
    struct view others = utf8_prefix(form->categories, FIELD_BYTES / 4);
    size_t start = out->size;

    buffer_add_string(out, "categories:");
    for (size_t i = 0; i < form->ticked_count; i++)
        if (taxonomy_has(form->ticked[i]))
            buffer_printf(out, " %.*s", VIEW_ARGUMENTS(form->ticked[i]));
    for (size_t i = 0; i < others.size; i++) {
        char c = others.data[i];

        if (i == 0)
            buffer_add_char(out, ' ');
        buffer_add_char(out, is_separator(c) ? ' ' : c == '"' ? '\'' : c);
    }
    if (out->size == start + sizeof("categories:") - 1)
        buffer_add_string(out, " all");
    buffer_add_char(out, '\n');
}

static bool same_categories(const struct profile_form *a, const struct profile_form *b)
{
    if (!view_equal(a->categories, b->categories) || a->ticked_count != b->ticked_count)
        return false;
    for (size_t i = 0; i < a->ticked_count; i++) {
        bool found = false;

        for (size_t j = 0; j < b->ticked_count && !found; j++)
            found = view_equal(a->ticked[i], b->ticked[j]);
        if (!found)
            return false;
    }
    return true;
}

static void add_schedule(struct buffer *out, const struct profile_form *was,
                         const struct profile_form *is, struct arena *arena)
{
    if (is->every.size && !view_equal(was->every, is->every)) {
        if (view_equal_string(is->every, "day"))
            buffer_add_string(out, "daily");
        else
            add_word(out, "weekly ", is->every, arena);
        buffer_add_char(out, '\n');
    }
    if (view_equal(was->at, is->at) && (view_equal(was->zone, is->zone) || !is->at.size))
        return;
    if (!is->at.size) {
        buffer_add_string(out, "at none\n");
        return;
    }
    add_word(out, "at ", time_word(is->at, arena), arena);
    add_word(out, " ", is->zone.size ? is->zone : VIEW("UTC"), arena);
    buffer_add_char(out, '\n');
}

struct view profile_form_lines(const struct profile_form *form, const struct profile *before,
                               bool is_new, struct arena *arena)
{
    struct profile_form was;
    struct buffer out;
    struct view result;

    profile_form_of(before, arena, &was);
    buffer_init(&out, TEXT_BYTES);
    if (is_new) {
        buffer_add_string(&out, "subscribe");
        if (form->name.size)
            buffer_printf(&out, " \"%.*s\"", VIEW_ARGUMENTS(unquoted(form->name, arena)));
        buffer_add_char(&out, '\n');
    }
    add_removals(&out, was.keywords, form->keywords, true, arena);
    add_new_items(&out, is_new ? "keywords: " : "add ", was.keywords, form->keywords, arena);
    if (is_new ? form->ticked_count || form->categories.size : !same_categories(&was, form))
        add_categories(&out, form);
    add_authors(&out, was.authors, form->authors, arena);
    if (!view_equal(was.interests, form->interests))
        add_text(&out, "interests: ", form->interests.size ? form->interests : VIEW("none"));
    if (form->max.size && !view_equal(was.max, form->max)) {
        add_word(&out, "max ", form->max, arena);
        buffer_add_char(&out, '\n');
    }
    add_schedule(&out, &was, form, arena);
    result = arena_copy(arena, buffer_view(&out));
    buffer_free(&out);
    return result;
}
