/* Any bytes as a paper and as a profile: cut into words, indexed and ranked.
 * The first line is a keyword, the second an author, the rest title and abstract. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ranking/highlight.h"
#include "ranking/names.h"
#include "ranking/ranking.h"
#include "ranking/words.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_words(struct view text)
{
    struct word_splitter *splitter = word_splitter_new();
    struct word_list words;
    const char *before = text.data;

    word_list_init(&words);
    words_split(splitter, text, &words);
    for (size_t i = 0; i < words.count; i++) {
        const struct word *word = &words.items[i];

        /* Every word lies in the text, they come in order, and each has a term. */
        if (word->text.data < before || word->text.size == 0 ||
            word->text.data + word->text.size > text.data + text.size || !word->stem)
            abort();
        before = word->text.data;
    }
    word_list_free(&words);
    word_splitter_free(&splitter);
}

static void check_ranges(struct view text, const struct highlights *found)
{
    for (size_t i = 0; i < found->count; i++) {
        const struct highlight *range = &found->items[i];

        if (range->start >= range->end || range->end > text.size ||
            (i && range->start <= found->items[i - 1].end) ||
            !utf8_is_valid(view_slice(text, range->start, range->end)))
            abort();
    }
}

/* Every reason that is of a word stands somewhere. */
static void check_highlights(const struct ranking *ranking, enum profile_scoring scoring)
{
    struct highlighter *highlighter = highlighter_new();
    struct highlights title = {0}, abstract = {0};

    for (size_t i = 0; ranking->count && i < ranking->items[0].reason_count; i++) {
        const struct reason *reason = &ranking->items[0].reasons[i];

        highlighter_find(highlighter, scoring, ranking->items[0].paper, reason, 1, &title,
                         &abstract);
        check_ranges(ranking->items[0].paper->title, &title);
        check_ranges(ranking->items[0].paper->abstract, &abstract);
        if (scoring == SCORING_RELEVANCE && reason->field != REASON_AUTHOR &&
            !title.count && !abstract.count)
            abort();
    }
    highlights_free(&title);
    highlights_free(&abstract);
    highlighter_free(&highlighter);
}

static void rank(struct view keyword, struct view author, struct view title, struct view abstract)
{
    struct papers papers;
    struct paper paper = {.id = VIEW("1"), .source_title = title, .source_abstract = abstract,
                          .authors = &author, .author_count = 1};
    char *term = view_copy_string(keyword), *name = view_copy_string(author);
    char *interests = view_copy_string(abstract);
    struct keyword keywords[2] = {{term, 1, KEYWORD_ANYWHERE}, {interests, 1, KEYWORD_TITLE}};
    struct profile profile = {.keywords = {keywords, 2}, .interests = interests,
                              .follow_authors = {&name, 1}, .exclude_keywords = {&term, 1},
                              .announce_types = ~0u, .max_papers = 3};
    struct ranking_index *index;
    struct ranking ranking;
    struct arena *arena = arena_new();

    papers_init(&papers);
    papers_add(&papers, &paper, NULL);
    index = ranking_index_new(&papers, NULL);
    for (int mode = 0; mode < 2; mode++) {
        profile.scoring = mode ? SCORING_SUBSTRING : SCORING_RELEVANCE;
        if (ranking_make(index, &profile, 0, NULL, arena, &ranking) < 0)
            abort();
        profile.exclude_keywords.count = 0;
        if (ranking_make(index, &profile, 0, NULL, arena, &ranking) < 0 || ranking.count > 1)
            abort();
        check_highlights(&ranking, profile.scoring);
    }
    ranking_index_free(&index);
    papers_free(&papers);
    arena_free(&arena);
    free(term);
    free(name);
    free(interests);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = {(const char *)data, size}, rest, keyword = {0}, author = {0}, title = {0};
    struct buffer clean;

    check_words(text);
    buffer_init(&clean, 1 << 20);
    utf8_add_clean(&clean, text);
    rest = buffer_view(&clean);
    view_next_line(&rest, &keyword);
    view_next_line(&rest, &author);
    view_next_line(&rest, &title);
    rank(keyword, author, title, rest);
    buffer_free(&clean);
    return 0;
}
