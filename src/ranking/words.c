#include "ranking/words.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "ranking/fold.h"
#include "ranking/word_terms.h"

/* The word being read. Positions are in the source text. */
struct scan {
    struct view text;
    struct word_list *list;
    bool in_word;
    bool in_cjk;
    size_t letters;
    size_t capitals;
    size_t digits;
    bool last_was_capital;
    bool before_last_was_capital;
    enum fold_kind last_kind;
    size_t cjk_run;    /* characters of this run so far */
    size_t hyphen_end; /* behind a hyphen that directly follows a word; 0 for none */
};

void word_list_init(struct word_list *list)
{
    memset(list, 0, sizeof(*list));
    buffer_init(&list->folded, SIZE_MAX / 4);
}

void word_list_free(struct word_list *list)
{
    free(list->items);
    buffer_free(&list->folded);
    word_list_init(list);
}

static struct word *last_word(struct scan *scan)
{
    return &scan->list->items[scan->list->count - 1];
}

static struct word *begin_word(struct scan *scan, size_t at)
{
    struct word_list *list = scan->list;
    struct word *word;

    list->items = memory_grow(list->items, &list->capacity, list->count + 1, sizeof(*list->items));
    word = &list->items[list->count];
    memset(word, 0, sizeof(*word));
    word->text.data = scan->text.data + at;
    word->folded_at = list->folded.size;
    word->after_hyphen = list->count > 0 && scan->hyphen_end == at && at > 0;
    list->count++;
    scan->letters = scan->capitals = scan->digits = 0;
    scan->last_was_capital = scan->before_last_was_capital = false;
    scan->hyphen_end = 0;
    return word;
}

static void end_letters(struct scan *scan)
{
    struct word *word = last_word(scan);
    size_t letters = scan->letters;

    word->folded.size = scan->list->folded.size - word->folded_at;
    word->is_number = scan->letters == 0;
    if (scan->digits == 0) {
        word->is_upper = scan->capitals == letters;
        word->has_plural_s = !scan->last_was_capital && scan->before_last_was_capital &&
                             scan->capitals >= 2 &&
                             scan->list->folded.data[scan->list->folded.size - 1] == 's';
        if (word->has_plural_s)
            letters--;
        word->is_acronym = letters >= 2 && letters < WORDS_ACRONYM_BYTES && scan->capitals >= 2;
    }
    scan->in_word = false;
}

/* A run of n characters is n - 1 pairs; every character is found alone, too. */
static void end_cjk(struct scan *scan)
{
    struct word *word = last_word(scan);
    struct view last = view_slice(buffer_view(&scan->list->folded), word->folded_at,
                                  scan->list->folded.size);

    word->is_cjk = true;
    word->folded.size = last.size;
    if (scan->cjk_run > 1) {
        scan->list->count--;
        last_word(scan)->exact_singular = words_hash(WORD_KIND_STEM, last);
    }
    scan->in_cjk = false;
}

static void end_word(struct scan *scan)
{
    if (scan->in_word)
        end_letters(scan);
    if (scan->in_cjk)
        end_cjk(scan);
}

static void extend(struct word *word, struct scan *scan, size_t end)
{
    word->text.size = (size_t)(scan->text.data + end - word->text.data);
}

static void add_letter(struct scan *scan, size_t at, const struct fold *fold, size_t index)
{
    if (scan->in_cjk)
        end_word(scan);
    if (!scan->in_word) {
        begin_word(scan, at);
        scan->in_word = true;
    }
    utf8_add(&scan->list->folded, fold->characters[index].codepoint);
    extend(last_word(scan), scan, at + fold->bytes);
    scan->last_kind = fold->characters[index].kind;
    if (scan->last_kind == FOLD_DIGIT) {
        scan->digits++;
    } else if (index == 0) {
        scan->letters++;
        scan->capitals += fold->is_upper;
        scan->before_last_was_capital = scan->last_was_capital;
        scan->last_was_capital = fold->is_upper;
    }
}

static void add_cjk(struct scan *scan, size_t at, const struct fold *fold, size_t index)
{
    struct word *word, *before;

    if (scan->in_word)
        end_word(scan);
    if (!scan->in_cjk)
        scan->cjk_run = 0;
    scan->in_cjk = true;
    if (fold->characters[index].kind == FOLD_CJK || scan->cjk_run == 0) {
        if (scan->cjk_run > 0) { /* the character before is complete: name it */
            word = last_word(scan);
            word->exact = words_hash(WORD_KIND_STEM,
                                     view_slice(buffer_view(&scan->list->folded),
                                                word->folded_at, scan->list->folded.size));
            word->is_cjk = true;
        }
        begin_word(scan, at);
        scan->cjk_run++;
    }
    utf8_add(&scan->list->folded, fold->characters[index].codepoint);
    word = last_word(scan);
    extend(word, scan, at + fold->bytes);
    if (scan->cjk_run > 1) {
        before = word - 1;
        before->folded.size = scan->list->folded.size - before->folded_at;
        extend(before, scan, at + fold->bytes);
    }
}

static bool is_word_at(struct view text, size_t at)
{
    struct fold fold;

    if (at >= text.size)
        return false;
    fold_at(text, at, &fold);
    return fold.count > 0 && fold.characters[0].kind != FOLD_SEPARATOR;
}

static bool is_digit_at(struct view text, size_t at)
{
    return at < text.size && text.data[at] >= '0' && text.data[at] <= '9';
}

static bool is_apostrophe(int32_t codepoint)
{
    return codepoint == '\'' || codepoint == 0x2019 || codepoint == 0x02BC;
}

static bool is_hyphen(int32_t codepoint)
{
    return codepoint == '-' || (codepoint >= 0x2010 && codepoint <= 0x2013) || codepoint == 0x2212;
}

/* Takes `size` more bytes of the source, ASCII symbols, into the word. */
static size_t keep_symbols(struct scan *scan, size_t at, size_t size)
{
    buffer_add(&scan->list->folded, scan->text.data + at, size);
    extend(last_word(scan), scan, at + size);
    return size;
}

/* What stands directly behind a word and still says something about it.
 * Returns how many bytes it took; 0: an ordinary separator. */
static size_t take_suffix(struct scan *scan, size_t at, const struct fold *fold)
{
    struct view text = scan->text;
    size_t behind = at + fold->bytes, taken = 0;

    if (fold->source == '.' && scan->last_kind == FOLD_DIGIT && is_digit_at(text, behind))
        return keep_symbols(scan, at, 1);
    if (is_apostrophe(fold->source) && behind < text.size && (text.data[behind] | 32) == 's' &&
        !is_word_at(text, behind + 1)) {
        end_word(scan);
        return fold->bytes + 1;
    }
    if (fold->source == '+' && scan->last_kind == FOLD_LETTER && behind < text.size &&
        text.data[behind] == '+')
        taken = keep_symbols(scan, at, 2);
    else if ((fold->source == '#' || fold->source == '*') && scan->letters == 1 &&
             scan->digits == 0 && !is_word_at(text, behind))
        taken = keep_symbols(scan, at, 1);
    if (taken)
        end_word(scan);
    return taken;
}

/* ".NET", also in "ASP.NET". */
static size_t take_dot_net(struct scan *scan, size_t at)
{
    struct word *word;

    if (!view_starts_with_nocase(view_slice(scan->text, at, scan->text.size), VIEW(".net")) ||
        is_word_at(scan->text, at + 4))
        return 0;
    end_word(scan);
    word = begin_word(scan, at);
    buffer_add_string(&scan->list->folded, ".net");
    word->folded.size = 4;
    extend(word, scan, at + 4);
    return 4;
}

static size_t take_separator(struct scan *scan, size_t at, const struct fold *fold)
{
    size_t taken = scan->in_word ? take_suffix(scan, at, fold) : 0;
    const struct word *word;

    if (!taken && fold->source == '.')
        taken = take_dot_net(scan, at);
    if (taken)
        return taken;
    end_word(scan);
    if (is_hyphen(fold->source) && scan->list->count > 0) {
        word = last_word(scan);
        if (word->text.data + word->text.size == scan->text.data + at)
            scan->hyphen_end = at + fold->bytes;
    }
    return fold->bytes;
}

static void take_characters(struct scan *scan, size_t at, const struct fold *fold)
{
    for (size_t i = 0; i < fold->count; i++) {
        switch (fold->characters[i].kind) {
        case FOLD_LETTER:
        case FOLD_DIGIT:
            add_letter(scan, at, fold, i);
            break;
        case FOLD_CJK:
        case FOLD_CJK_MARK:
            add_cjk(scan, at, fold, i);
            break;
        default:
            end_word(scan);
        }
    }
}

void words_split(struct word_splitter *splitter, struct view text, struct word_list *ret_list)
{
    struct scan scan = {.text = text, .list = ret_list};
    struct fold fold;

    ret_list->count = 0;
    buffer_clear(&ret_list->folded);
    for (size_t at = 0; at < text.size;) {
        fold_at(text, at, &fold);
        if (fold.count == 1 && fold.characters[0].kind == FOLD_SEPARATOR) {
            at += take_separator(&scan, at, &fold);
        } else {
            take_characters(&scan, at, &fold);
            at += fold.bytes;
        }
    }
    end_word(&scan);
    word_terms_name(splitter, ret_list);
}
