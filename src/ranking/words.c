#include "ranking/words.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "ranking/fold.h"

enum { KIND_STEM = 'w', KIND_EXACT = 'x' };

struct word_splitter {
    struct sb_stemmer *stemmer;
};

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

struct word_splitter *word_splitter_new(void)
{
    struct word_splitter *splitter = memory_new(1, sizeof(*splitter));

    splitter->stemmer = sb_stemmer_new("english", NULL);
    if (!splitter->stemmer)
        abort(); /* out of memory: libstemmer always has English */
    return splitter;
}

void word_splitter_free(struct word_splitter **splitter)
{
    if (!*splitter)
        return;
    sb_stemmer_delete((*splitter)->stemmer);
    free(*splitter);
    *splitter = NULL;
}

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

/* FNV-1a, finished as MurmurHash3 does, so that all bits depend on all bytes. */
static uint64_t finish_hash(uint64_t hash)
{
    hash ^= hash >> 33;
    hash *= 0xFF51AFD7ED558CCDu;
    hash ^= hash >> 33;
    hash *= 0xC4CEB9FE1A85EC53u;
    hash ^= hash >> 33;
    return hash ? hash : 1;
}

uint64_t words_hash(char kind, struct view text)
{
    uint64_t hash = (0xCBF29CE484222325u ^ (unsigned char)kind) * 0x100000001B3u;

    for (size_t i = 0; i < text.size; i++)
        hash = (hash ^ (unsigned char)text.data[i]) * 0x100000001B3u;
    return finish_hash(hash);
}

uint64_t words_pair(uint64_t first, uint64_t second)
{
    return finish_hash(first * 0x9E3779B97F4A7C15u + (second << 17 | second >> 47));
}

/* ---- reading words ---- */

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
        last_word(scan)->exact_singular = words_hash(KIND_STEM, last);
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
            word->exact = words_hash(KIND_STEM,
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

/* ---- naming words ---- */

static bool is_plain_letters(struct view folded)
{
    for (size_t i = 0; i < folded.size; i++)
        if (folded.data[i] < 'a' || folded.data[i] > 'z')
            return false;
    return folded.size > 0;
}

static bool ends_in_plural_s(struct view folded)
{
    return folded.size >= 3 && folded.data[folded.size - 1] == 's' &&
           folded.data[folded.size - 2] != 's';
}

bool words_has_vowel(struct view folded)
{
    for (size_t i = 0; i < folded.size; i++)
        if (memchr("aeiouy", folded.data[i], 6))
            return true;
    return false;
}

/* Snowball keeps the s of a word that has no other vowel than the one before
 * it, for the sake of "gas" and "Mrs"; longer ones are plurals of acronyms, by
 * whatever case they are written in: llms, gpus, pdes. */
static bool is_acronym_plural(struct view folded)
{
    size_t last = folded.size - 2;

    if (folded.size < 4 || !ends_in_plural_s(folded))
        return false;
    return !words_has_vowel(view_slice(folded, 0, last));
}

static uint64_t stem_term(struct word_splitter *splitter, struct view folded, bool plural)
{
    const sb_symbol *stem;

    if (plural) {
        folded.size--;
    } else if (ends_in_plural_s(folded) && folded.data[folded.size - 2] >= '0' &&
               folded.data[folded.size - 2] <= '9') { /* H100s, 1990s */
        folded.size--;
    }
    if (folded.size > WORDS_STEM_BYTES || !is_plain_letters(folded))
        return words_hash(KIND_STEM, folded);
    if (is_acronym_plural(folded)) {
        folded.size--;
        return words_hash(KIND_STEM, folded);
    }
    stem = sb_stemmer_stem(splitter->stemmer, (const sb_symbol *)folded.data, (int)folded.size);
    if (!stem)
        abort(); /* out of memory */
    return words_hash(KIND_STEM, (struct view){(const char *)stem,
                                               (size_t)sb_stemmer_length(splitter->stemmer)});
}

static void name_whole(struct word *word)
{
    struct view whole = word->folded;

    if (word->is_cjk || whole.size > WORDS_ACRONYM_BYTES || !is_plain_letters(whole))
        return;
    word->exact = words_hash(KIND_EXACT, whole);
    if ((!word->is_upper && ends_in_plural_s(whole)) || is_acronym_plural(whole)) {
        whole.size--;
        word->exact_singular = words_hash(KIND_EXACT, whole);
    }
}

static bool is_digit_or_dot(char byte)
{
    return (byte >= '0' && byte <= '9') || byte == '.';
}

static void name_parts(struct word_splitter *splitter, struct word *word)
{
    struct view whole = word->folded;
    size_t turn = 0;

    if (word->is_cjk || word->is_number)
        return;
    for (size_t i = 1; i < whole.size; i++) {
        if (is_digit_or_dot(whole.data[i]) == is_digit_or_dot(whole.data[i - 1]))
            continue;
        if (turn)
            return;
        turn = i;
    }
    if (!turn)
        return;
    word->parts[0] = stem_term(splitter, view_slice(whole, 0, turn), false);
    word->parts[1] = stem_term(splitter, view_slice(whole, turn, whole.size), false);
}

uint64_t words_joined(struct word_splitter *splitter, const struct word_list *list, size_t first,
                      size_t count)
{
    const struct word *last = &list->items[first + count - 1];

    return stem_term(splitter,
                     view_slice(buffer_view(&list->folded), list->items[first].folded_at,
                                last->folded_at + last->folded.size),
                     last->has_plural_s);
}

/* Gives the compound that begins at `first`, if one does, its joined term. */
static void name_compound(struct word_splitter *splitter, struct word_list *list, size_t first)
{
    struct word *word = &list->items[first];
    size_t end = first + 1;
    bool only_numbers = word->is_number, has_cjk = word->is_cjk;

    if (word->after_hyphen)
        return;
    for (; end < list->count && list->items[end].after_hyphen; end++) {
        only_numbers = only_numbers && list->items[end].is_number;
        has_cjk = has_cjk || list->items[end].is_cjk;
    }
    if (end - first < 2 || end - first > WORDS_COMPOUND || only_numbers || has_cjk)
        return;
    word->joined_count = (unsigned char)(end - first);
    word->joined = words_joined(splitter, list, first, end - first);
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
    for (size_t i = 0; i < ret_list->count; i++) {
        struct word *word = &ret_list->items[i];

        word->folded.data = ret_list->folded.data + word->folded_at;
        word->stem = stem_term(splitter, word->folded, word->has_plural_s);
        name_whole(word);
        name_parts(splitter, word);
    }
    for (size_t i = 0; i < ret_list->count; i++)
        name_compound(splitter, ret_list, i);
}
