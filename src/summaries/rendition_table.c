/* A table as plain text: aligned columns, or an item per row. */
#include <string.h>

#include "base/utf8.h"
#include "summaries/rendition.h"
#include "summaries/rendition_parts.h"

enum { GAP = 2, TEXT_BYTES = 256 * 1024 };

/* A cell's text on one line. */
static void add_cell(struct buffer *out, const struct rendition_block *cell)
{
    size_t start = out->size;

    rendition_add_runs(out, cell->first_run);
    for (size_t i = start; i < out->size; i++)
        if (out->data[i] == '\n')
            out->data[i] = ' ';
}

static size_t cell_width(const struct rendition_block *cell, struct buffer *scratch)
{
    buffer_clear(scratch);
    add_cell(scratch, cell);
    return utf8_width(buffer_view(scratch));
}

/* The columns' widths; false when they do not fit beside each other. */
static bool measure(const struct rendition_block *table, size_t room,
                    size_t widths[RENDITION_COLUMNS], struct buffer *scratch)
{
    size_t total = 0;

    for (const struct rendition_block *row = table->first; row; row = row->next) {
        size_t column = 0;

        for (const struct rendition_block *cell = row->first; cell; cell = cell->next, column++) {
            size_t width = cell_width(cell, scratch);

            widths[column] = width > widths[column] ? width : widths[column];
        }
    }
    for (size_t i = 0; i < table->columns; i++)
        total += widths[i] + (i ? GAP : 0);
    return total <= room;
}

static void add_blanks(struct buffer *out, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_add_char(out, ' ');
}

static void write_row(struct rendition_writer *writer, const struct rendition_block *row,
                      const size_t *widths, struct buffer *line)
{
    size_t column = 0, end = 0;

    buffer_clear(line);
    for (const struct rendition_block *cell = row->first; cell; cell = cell->next, column++) {
        struct buffer text;
        size_t blanks;

        buffer_init(&text, TEXT_BYTES);
        blanks = widths[column] - cell_width(cell, &text);
        add_blanks(line, end);
        end = cell->align == RENDITION_END      ? 0
              : cell->align == RENDITION_CENTER ? blanks - blanks / 2
                                                : blanks;
        add_blanks(line, blanks - end);
        buffer_add_view(line, buffer_view(&text));
        end += GAP;
        buffer_free(&text);
    }
    rendition_write_line(writer, buffer_view(line));
}

static void write_columns(struct rendition_writer *writer, const struct rendition_block *table,
                          const size_t *widths, struct buffer *line)
{
    for (const struct rendition_block *row = table->first; row; row = row->next) {
        write_row(writer, row, widths, line);
        if (!row->is_head || !row->next)
            continue;
        buffer_clear(line);
        for (size_t i = 0; i < table->columns; i++) {
            add_blanks(line, i ? GAP : 0);
            for (size_t dash = 0; dash < widths[i]; dash++)
                buffer_add_char(line, '-');
        }
        rendition_write_line(writer, buffer_view(line));
    }
}

static bool begins_wide(struct view text)
{
    int32_t codepoint;

    return text.size &&
           utf8_width(view_slice(text, 0, utf8_decode(text, 0, &codepoint))) == 2;
}

static struct view last_character(struct view text)
{
    return view_slice(text, utf8_prefix(text, text.size - 1).size, text.size);
}

/* "a: b", with a wide colon beside wide characters. */
static void write_pair(struct rendition_writer *writer, const struct rendition_block *key,
                       const struct rendition_block *value, struct buffer *line)
{
    struct buffer text;

    buffer_init(&text, TEXT_BYTES);
    if (value)
        add_cell(&text, value);
    buffer_clear(line);
    if (key && key->first_run && (!value || text.size)) {
        add_cell(line, key);
        if (view_ends_with(buffer_view(line), VIEW("：")))
            buffer_cut(line, line->size - strlen("："));
        else if (view_ends_with(buffer_view(line), VIEW(":")))
            buffer_cut(line, line->size - 1);
        buffer_add_string(line, begins_wide(buffer_view(&text)) ||
                                        begins_wide(last_character(buffer_view(line)))
                                    ? "："
                                    : ": ");
    }
    buffer_add_view(line, buffer_view(&text));
    buffer_free(&text);
    rendition_write_wrapped(writer, buffer_view(line));
}

static void write_item(struct rendition_writer *writer, const struct rendition_block *head,
                       const struct rendition_block *row, bool is_pair, struct buffer *line)
{
    size_t indent = rendition_indent(writer, VIEW("- "), false);
    const struct rendition_block *key = head ? head->first : NULL;

    if (is_pair) {
        write_pair(writer, row->first, row->first->next, line);
        rendition_outdent(writer, indent);
        return;
    }
    for (const struct rendition_block *cell = row->first; cell; cell = cell->next) {
        if (cell->first_run)
            write_pair(writer, key, cell, line);
        key = key ? key->next : NULL;
    }
    rendition_outdent(writer, indent);
}

static bool is_empty(const struct rendition_block *row)
{
    for (const struct rendition_block *cell = row->first; cell; cell = cell->next)
        if (cell->first_run)
            return false;
    return true;
}

static void write_items(struct rendition_writer *writer, const struct rendition_block *table,
                        struct buffer *line)
{
    const struct rendition_block *head = NULL;
    bool is_pair = table->columns == 2;

    for (const struct rendition_block *row = table->first; row; row = row->next) {
        if (is_empty(row))
            continue;
        if (!row->is_head) {
            write_item(writer, head, row, is_pair, line);
            continue;
        }
        head = row;
        if (is_pair)
            write_pair(writer, row->first, row->first->next, line);
    }
}

void rendition_write_table(struct rendition_writer *writer, const struct rendition_block *table)
{
    size_t widths[RENDITION_COLUMNS] = {0};
    struct buffer line;

    buffer_init(&line, TEXT_BYTES);
    if (measure(table, rendition_room(writer), widths, &line))
        write_columns(writer, table, widths, &line);
    else
        write_items(writer, table, &line);
    buffer_free(&line);
}
