/* The tree as plain text. */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "digest/wrap.h"
#include "summaries/rendition.h"
#include "summaries/rendition_parts.h"

enum { LEAST_ROOM = 16, TEXT_BYTES = 256 * 1024 };

/* ---- lines ---- */

size_t rendition_room(const struct rendition_writer *writer)
{
    return writer->width - writer->rest.size;
}

static bool is_full(const struct rendition_writer *writer)
{
    return writer->out->failed || writer->out->size > writer->end;
}

void rendition_write_line(struct rendition_writer *writer, struct view line)
{
    struct buffer *out = writer->out;

    buffer_add_view(out, buffer_view(&writer->first));
    buffer_add_view(out, line);
    while (out->size && out->data[out->size - 1] == ' ')
        buffer_cut(out, out->size - 1);
    buffer_add_char(out, '\n');
    buffer_clear(&writer->first);
    buffer_add_view(&writer->first, buffer_view(&writer->rest));
}

static void see_line(void *user, struct view line)
{
    if (!is_full(user))
        rendition_write_line(user, line);
}

void rendition_write_wrapped(struct rendition_writer *writer, struct view text)
{
    struct view line;

    while (view_next_line(&text, &line))
        wrap_each_line(line, rendition_room(writer), see_line, writer);
}

size_t rendition_indent(struct rendition_writer *writer, struct view marker, bool is_repeated)
{
    size_t indent = writer->rest.size;

    if (rendition_room(writer) < marker.size + LEAST_ROOM) {
        if (!is_repeated)
            rendition_write_line(writer, marker);
        return indent;
    }
    buffer_add_view(&writer->first, marker);
    for (size_t i = 0; i < marker.size; i++)
        buffer_add_char(&writer->rest, is_repeated ? marker.data[i] : ' ');
    return indent;
}

void rendition_outdent(struct rendition_writer *writer, size_t indent)
{
    buffer_cut(&writer->first, indent);
    buffer_cut(&writer->rest, indent);
}

/* ---- within blocks ---- */

static bool is_own_text(const struct rendition_link *link)
{
    struct view address = link->address, scheme = VIEW("://");
    size_t start = view_find(address, scheme, 0) + scheme.size;

    return view_equal(link->text, address) ||
           view_equal(link->text, view_slice(address, start, address.size));
}

static void add_address(struct buffer *out, const struct rendition_link *link)
{
    if (link && link->address.size && !is_own_text(link))
        buffer_printf(out, " <%.*s>", VIEW_ARGUMENTS(link->address));
}

void rendition_add_runs(struct buffer *out, const struct rendition_run *run)
{
    for (; run; run = run->next) {
        const char *mark = run->marks & RENDITION_STRUCK && run->text.size ? "~~" : "";

        buffer_add_string(out, run->is_break ? "\n" : mark);
        buffer_add_view(out, run->text);
        buffer_add_string(out, run->is_break ? "" : mark);
        if (!run->next || run->next->link != run->link)
            add_address(out, run->link);
    }
}

/* ---- blocks ---- */

static void write_blocks(struct rendition_writer *writer, const struct rendition_block *block,
                         bool is_tight);

static void write_runs(struct rendition_writer *writer, const struct rendition_block *block)
{
    struct buffer text;

    buffer_init(&text, TEXT_BYTES);
    rendition_add_runs(&text, block->first_run);
    rendition_write_wrapped(writer, buffer_view(&text));
    buffer_free(&text);
}

/* As much of a line of code as fits, cut at a blank. */
static struct view code_part(struct view line, size_t room)
{
    size_t at = 0, used = 0, cut = 0;

    while (at < line.size) {
        int32_t codepoint;
        size_t size = utf8_decode(line, at, &codepoint);

        used += utf8_width(view_slice(line, at, at + size));
        if (used > room && cut)
            return view_slice(line, 0, cut);
        if (line.data[at] == ' ' && at && line.data[at - 1] != ' ' &&
            view_trim(view_slice(line, 0, at)).size)
            cut = at;
        at += size;
    }
    return line;
}

static void write_code_line(struct rendition_writer *writer, struct view line)
{
    size_t blanks = 0, indent;
    char indentation[16] = "               ";

    while (blanks < line.size && line.data[blanks] == ' ')
        blanks++;
    blanks = blanks < sizeof(indentation) - 1 ? blanks : sizeof(indentation) - 1;
    line = view_trim(line);
    indent = rendition_indent(writer, (struct view){indentation, blanks}, true);
    do {
        struct view part = code_part(line, rendition_room(writer));

        rendition_write_line(writer, part);
        line = view_trim(view_slice(line, part.size, line.size));
    } while (line.size && !is_full(writer));
    rendition_outdent(writer, indent);
}

static void write_code(struct rendition_writer *writer, const struct rendition_block *block)
{
    size_t indent = rendition_indent(writer, VIEW("    "), true);

    for (const struct rendition_run *run = block->first_run; run; run = run->next) {
        struct view rest = run->text, line;

        while (view_next_line(&rest, &line) && !is_full(writer))
            write_code_line(writer, line);
    }
    rendition_outdent(writer, indent);
}

static void write_item(struct rendition_writer *writer, const struct rendition_block *item,
                       struct view marker, bool is_tight)
{
    size_t indent = rendition_indent(writer, marker, false);
    size_t before = writer->out->size;

    write_blocks(writer, item->first, is_tight);
    if (writer->out->size == before && writer->rest.size > indent)
        rendition_write_line(writer, VIEW(""));
    rendition_outdent(writer, indent);
}

static void write_list(struct rendition_writer *writer, const struct rendition_block *list)
{
    unsigned number = list->number;
    char marker[24];

    for (const struct rendition_block *item = list->first; item && !is_full(writer);
         item = item->next, number++) {
        if (item != list->first && !list->is_tight)
            rendition_write_line(writer, VIEW(""));
        if (list->kind == RENDITION_NUMBERED)
            snprintf(marker, sizeof(marker), "%u. ", number);
        else
            snprintf(marker, sizeof(marker), "- ");
        write_item(writer, item, view_of(marker), list->is_tight);
    }
}

static void write_quote(struct rendition_writer *writer, const struct rendition_block *quote)
{
    size_t indent = rendition_indent(writer, VIEW("> "), true);

    write_blocks(writer, quote->first, false);
    rendition_outdent(writer, indent);
}

static void write_block(struct rendition_writer *writer, const struct rendition_block *block)
{
    switch (block->kind) {
    case RENDITION_QUOTE: write_quote(writer, block); break;
    case RENDITION_LIST:
    case RENDITION_NUMBERED: write_list(writer, block); break;
    case RENDITION_TABLE: rendition_write_table(writer, block); break;
    case RENDITION_CODE: write_code(writer, block); break;
    case RENDITION_RULE: rendition_write_line(writer, VIEW("* * *")); break;
    default: write_runs(writer, block); break;
    }
}

static void write_blocks(struct rendition_writer *writer, const struct rendition_block *block,
                         bool is_tight)
{
    const struct rendition_block *before = NULL;

    for (; block && !is_full(writer); before = block, block = block->next) {
        bool joins = is_tight && block->kind != RENDITION_TABLE && block->kind != RENDITION_CODE;

        if (before && !joins && before->kind != RENDITION_HEADING)
            rendition_write_line(writer, VIEW(""));
        write_block(writer, block);
    }
}

void rendition_add_text(struct buffer *out, struct view markdown, size_t width)
{
    struct arena *arena = arena_new();
    struct rendition_writer writer = {
        .out = out,
        .width = width < RENDITION_LEAST_WIDTH ? RENDITION_LEAST_WIDTH : width,
        .end = out->size + RENDITION_OUT_BYTES / 2};

    buffer_init(&writer.first, writer.width);
    buffer_init(&writer.rest, writer.width);
    write_blocks(&writer, rendition_read(markdown, arena)->first, false);
    buffer_free(&writer.first);
    buffer_free(&writer.rest);
    arena_free(&arena);
}

/* ---- one line ---- */

static void add_words(struct buffer *out, const struct rendition_block *block)
{
    if (block->first_run && out->size && out->data[out->size - 1] != ' ')
        buffer_add_char(out, ' ');
    for (const struct rendition_run *run = block->first_run; run; run = run->next) {
        for (size_t i = 0; i < run->text.size; i++)
            buffer_add_char(out, run->text.data[i] == '\n' ? ' ' : run->text.data[i]);
        if (run->is_break)
            buffer_add_char(out, ' ');
    }
    for (const struct rendition_block *child = block->first; child; child = child->next)
        add_words(out, child);
}

void rendition_add_line(struct buffer *out, struct view markdown)
{
    struct arena *arena = arena_new();
    struct buffer line;

    buffer_init(&line, RENDITION_OUT_BYTES);
    add_words(&line, rendition_read(markdown, arena));
    buffer_add_view(out, view_trim(buffer_view(&line)));
    buffer_free(&line);
    arena_free(&arena);
}
