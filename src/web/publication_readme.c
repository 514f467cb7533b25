/* README.md in the layout of the Python bot, whose headings and fields are a format that
 * pages and scripts of its users count on. */
#include "base/utf8.h"
#include "web/markdown.h"
#include "web/publication_text.h"

enum { TEXT_BYTES = 16 * 1024 * 1024 };

static void add_word(const struct publication *publication, const char *key, struct buffer *out)
{
    struct buffer word;

    buffer_init(&word, TEXT_BYTES);
    words_add(publication->words, key, -1, NULL, &word);
    markdown_add_text(out, buffer_view(&word));
    buffer_free(&word);
}

static void add_texts(struct buffer *out, const struct view *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buffer_add_string(out, i ? ", " : "");
        markdown_add_text(out, texts[i]);
    }
}

static void add_statistics(const struct publication *publication, struct buffer *out)
{
    int seconds;
    struct date day = time_to_date(publication->updated_utc, &seconds);
    char text[DATE_TEXT_BYTES];

    date_format(day, text);
    buffer_add_string(out, "## 📊 Statistics\n\n");
    buffer_printf(out, "- **Last Updated**: %s %02d:%02d:%02d UTC\n", text, seconds / 3600,
                  seconds / 60 % 60, seconds % 60);
    buffer_printf(out, "- **Total Papers Found**: %zu\n", publication->paper_count);
    buffer_add_string(out, "- **Categories Monitored**: ");
    add_texts(out, publication->categories, publication->category_count);
    buffer_add_string(out, "\n\n");
}

static void add_field(struct buffer *out, const char *name, struct view value)
{
    buffer_printf(out, "**%s**: ", name);
    markdown_add_text(out, value);
    buffer_add_string(out, "  \n");
}

static void add_fields(const struct publication_paper *item, struct buffer *out)
{
    const struct paper *paper = item->paper;
    char date[DATE_TEXT_BYTES];

    buffer_add_string(out, "**Authors**: ");
    add_texts(out, paper->authors, paper->author_count);
    buffer_add_string(out, "  \n");
    add_field(out, "Category",
              paper->category_count ? paper->categories[0] : (struct view){NULL, 0});
    date_format(item->date, date);
    add_field(out, "Published", view_of(date_is_set(item->date) ? date : ""));
    buffer_printf(out, "**Score**: %.1f  \n", item->score);
    add_field(out, "Type", view_of(announce_type_name(paper->announce_type)));
    buffer_add_string(out, "**ArXiv ID**: ");
    markdown_add_text(out, paper->id);
    if (paper->version > 0)
        buffer_printf(out, "v%d", paper->version);
    buffer_add_string(out, "  \n\n");
}

static void add_abstract(const struct paper *paper, struct buffer *out)
{
    size_t end = 0, characters = 0;

    while (end < paper->abstract.size && characters < PUBLICATION_ABSTRACT_CHARACTERS) {
        int32_t codepoint;

        end += utf8_decode(paper->abstract, end, &codepoint);
        characters++;
    }
    buffer_add_string(out, "#### Abstract\n");
    markdown_add_text(out, view_slice(paper->abstract, 0, end));
    if (end < paper->abstract.size)
        buffer_add_string(out, "...");
    buffer_add_string(out, "\n\n");
}

static void add_summary(const struct publication_summary *summary, struct buffer *out)
{
    if (!summary->model.size)
        return;
    buffer_add_string(out, "<details>\n<summary><strong>🤖 AI Summary (by ");
    html_add_text(out, summary->model);
    buffer_add_string(out, ")</strong> - Click to expand</summary>\n\n");
    if (summary->tldr.size) {
        buffer_add_string(out, "**TL;DR**: ");
        markdown_add_text(out, summary->tldr);
        buffer_add_string(out, "\n\n");
    }
    markdown_add_foreign(out, summary->markdown);
    buffer_add_string(out, "\n</details>\n\n");
}

static void add_paper(const struct publication *publication, size_t number,
                      const struct publication_paper *item, struct buffer *room,
                      struct buffer *out)
{
    publication_add_title(publication, item->paper, room);
    buffer_printf(out, "### %zu. [", number);
    markdown_add_text(out, buffer_view(room));
    buffer_clear(room);
    buffer_add_string(out, "](");
    publication_add_link(item->paper, false, out);
    buffer_add_string(out, ")\n\n");
    add_fields(item, out);
    add_abstract(item->paper, out);
    add_summary(&item->summary, out);
    buffer_add_string(out, "---\n\n");
}

static void add_configuration(const struct publication *publication, struct buffer *out)
{
    buffer_add_string(out, "## 🔧 Configuration\n\n");
    if (!publication->keyword_count) {
        add_word(publication, "published_no_keywords", out);
        buffer_add_char(out, '\n');
        return;
    }
    add_word(publication, "published_keywords", out);
    buffer_add_string(out, "\n- ");
    add_texts(out, publication->keywords, publication->keyword_count);
    buffer_add_char(out, '\n');
}

int publication_write_readme(const struct publication *publication, struct buffer *out,
                             struct error *error)
{
    struct buffer room;

    buffer_clear(out);
    buffer_init(&room, TEXT_BYTES);
    buffer_add_string(out, "# ");
    markdown_add_text(out, publication->title);
    buffer_add_string(out, "\n\n");
    markdown_add_text(out, publication->about);
    buffer_add_string(out, "\n\n");
    add_statistics(publication, out);
    if (publication->note.size) {
        markdown_add_text(out, publication->note);
        buffer_add_string(out, "\n\n");
    }
    buffer_add_string(out, "## 📚 Recent Papers\n\n");
    for (size_t i = 0; i < publication->paper_count; i++)
        add_paper(publication, i + 1, &publication->papers[i], &room, out);
    add_configuration(publication, out);
    buffer_free(&room);
    return out->failed ? error_set(error, ERROR_INPUT, "README.md is larger than %zu bytes",
                                   out->max)
                       : 0;
}
