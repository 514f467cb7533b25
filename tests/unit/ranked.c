#include "unit/ranked.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data.h"

enum { LIST_MAX = 32 };

static size_t split_list(struct view text, char separator, struct view ret_parts[LIST_MAX])
{
    size_t count = 0;
    struct view part;

    while (count < LIST_MAX && view_next_part(&text, separator, &part))
        if (part.size)
            ret_parts[count++] = part;
    return count;
}

static void add_line(struct papers *papers, struct view line)
{
    struct view fields[6] = {{0}}, authors[LIST_MAX], categories[LIST_MAX];
    struct paper paper = {.version = 1};

    for (size_t i = 0; i < 6 && view_next_part(&line, '|', &fields[i]); i++)
        continue;
    paper.id = fields[0];
    paper.source_title = fields[1];
    paper.source_abstract = fields[2];
    paper.authors = authors;
    paper.author_count = split_list(fields[3], ';', authors);
    paper.categories = categories;
    paper.category_count = split_list(fields[4], ',', categories);
    if (fields[5].size)
        assert_true(announce_type_parse(fields[5], &paper.announce_type));
    papers_add(papers, &paper, NULL);
}

void ranked_papers(const char *lines, struct papers *ret_papers)
{
    struct view rest = view_of(lines), line;

    papers_init(ret_papers);
    while (view_next_line(&rest, &line))
        if (line.size)
            add_line(ret_papers, line);
}

void ranked_profile(const char *json, struct profile *ret_profile)
{
    struct error error = {0};
    struct buffer text;
    struct view exact;

    buffer_init(&text, 1024 * 1024);
    buffer_printf(&text, "{\"email\": \"ada@example.org\"%s%s}", *json ? ", " : "", json);
    for (size_t i = 0; *json == '\'' && i < text.size; i++)
        if (text.data[i] == '\'')
            text.data[i] = '"';
    exact = data_exact_view(buffer_view(&text));
    if (profile_read("ada.json", exact, ret_profile, &error) < 0)
        fail_msg("%s", error.text);
    data_free(exact);
    buffer_free(&text);
}

void ranked_check_reasons(const struct ranked_paper *item)
{
    double sum = 0;

    for (size_t i = 0; i < item->reason_count; i++) {
        sum += item->reasons[i].score;
        assert_true(item->reasons[i].score > 0);
        assert_true(i == 0 || item->reasons[i - 1].score >= item->reasons[i].score);
    }
    assert_true(fabs(sum - item->score) < 1e-6);
}

static void write_list(const struct ranking *ranking, struct buffer *ret_text)
{
    for (size_t i = 0; i < ranking->count; i++) {
        const struct ranked_paper *item = &ranking->items[i];

        if (i)
            buffer_add_char(ret_text, ' ');
        buffer_add_view(ret_text, item->paper->id);
        for (size_t j = 0; j < item->reason_count; j++) {
            buffer_add_char(ret_text, j ? ',' : ':');
            buffer_add_view(ret_text, item->reasons[j].term);
        }
        ranked_check_reasons(item);
    }
}

void ranked_list(const char *papers_text, const char *archive_text, const char *json, size_t top,
                 struct buffer *ret_text)
{
    struct papers papers, archive = {0};
    struct ranking_index *index;
    struct arena *arena = arena_new();
    struct ranking ranking;
    struct profile profile;

    ranked_papers(papers_text, &papers);
    if (archive_text)
        ranked_papers(archive_text, &archive);
    ranked_profile(json, &profile);
    index = ranking_index_new(&papers, archive_text ? &archive : NULL);
    ranking_make(index, &profile, top, NULL, arena, &ranking);
    write_list(&ranking, ret_text);
    ranking_index_free(&index);
    profile_free(&profile);
    papers_free(&papers);
    if (archive_text)
        papers_free(&archive);
    arena_free(&arena);
}
