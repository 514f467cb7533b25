#include "ranking/word_terms.h"

#include <libstemmer.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "ranking/spelling.h"

/* Stemming is the dearest step, and texts repeat their words: a whole edition
 * remembers the stems that it met, a single profile is not worth the memory. */
enum { CACHE_PLACES = 8192, CACHE_AFTER_WORDS = 4096 };

enum { CUT_LETTERS = 3 }; /* one of two words has as many */

struct cached_stem {
    uint64_t whole; /* hash of the word; 0: free */
    uint64_t stem;
};

struct word_splitter {
    struct sb_stemmer *stemmer;
    size_t stemmed;
    struct cached_stem *cache; /* NULL: not yet worth it */
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
    free((*splitter)->cache);
    free(*splitter);
    *splitter = NULL;
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

static uint64_t snowball_term(struct word_splitter *splitter, struct view folded)
{
    char room[SPELLING_BYTES];
    struct view usual = spelling_usual(folded, room);
    const sb_symbol *stem =
        sb_stemmer_stem(splitter->stemmer, (const sb_symbol *)usual.data, (int)usual.size);

    if (!stem)
        abort(); /* out of memory */
    return words_hash(WORD_KIND_STEM, (struct view){(const char *)stem,
                                               (size_t)sb_stemmer_length(splitter->stemmer)});
}

static uint64_t cached_term(struct word_splitter *splitter, struct view folded)
{
    struct cached_stem *place;
    uint64_t whole;

    if (!splitter->cache) {
        if (++splitter->stemmed < CACHE_AFTER_WORDS)
            return snowball_term(splitter, folded);
        splitter->cache = memory_new(CACHE_PLACES, sizeof(*splitter->cache));
    }
    whole = words_hash(WORD_KIND_EXACT, folded);
    place = &splitter->cache[whole % CACHE_PLACES];
    if (place->whole != whole)
        *place = (struct cached_stem){whole, snowball_term(splitter, folded)};
    return place->stem;
}

static uint64_t stem_term(struct word_splitter *splitter, struct view folded, bool plural)
{
    if (plural) {
        folded.size--;
    } else if (ends_in_plural_s(folded) && folded.data[folded.size - 2] >= '0' &&
               folded.data[folded.size - 2] <= '9') { /* H100s, 1990s */
        folded.size--;
    }
    if (folded.size > WORDS_STEM_BYTES || !is_plain_letters(folded))
        return words_hash(WORD_KIND_STEM, folded);
    if (is_acronym_plural(folded)) {
        folded.size--;
        return words_hash(WORD_KIND_STEM, folded);
    }
    return cached_term(splitter, folded);
}

uint64_t words_stem(struct word_splitter *splitter, struct view folded)
{
    return stem_term(splitter, folded, false);
}

bool words_is_crowded(struct view folded)
{
    static const char *const words[] = {"indices", "vertices", "simplices", "axes"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (view_equal_string(folded, words[i]))
            return true;
    return false;
}

static void name_whole(struct word *word)
{
    struct view whole = word->folded;

    if (word->is_cjk || (whole.size > WORDS_ACRONYM_BYTES && !words_is_crowded(whole)) ||
        !is_plain_letters(whole))
        return;
    word->exact = words_hash(WORD_KIND_EXACT, whole);
    if (whole.size > WORDS_ACRONYM_BYTES)
        return;
    if ((!word->is_upper && ends_in_plural_s(whole)) || is_acronym_plural(whole)) {
        whole.size--;
        word->exact_singular = words_hash(WORD_KIND_EXACT, whole);
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

static bool may_cut(const struct word *word, size_t at)
{
    return at > 0 && at < word->folded.size && word->folded.size <= WORDS_STEM_BYTES &&
           (at >= CUT_LETTERS || word->folded.size - at >= CUT_LETTERS) && !word->is_cjk &&
           is_plain_letters(word->folded);
}

static uint64_t part_term(struct word_splitter *splitter, struct view part, bool plural)
{
    return words_is_stop(part) ? 0 : stem_term(splitter, part, plural);
}

uint64_t words_head(struct word_splitter *splitter, const struct word *word, size_t at)
{
    return may_cut(word, at) ? part_term(splitter, view_slice(word->folded, 0, at), false) : 0;
}

uint64_t words_tail(struct word_splitter *splitter, const struct word *word, size_t at)
{
    return may_cut(word, at) ? part_term(splitter, view_slice(word->folded, at, word->folded.size),
                                         word->has_plural_s)
                             : 0;
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

void word_terms_name(struct word_splitter *splitter, struct word_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct word *word = &list->items[i];

        word->folded.data = list->folded.data + word->folded_at;
        word->stem = stem_term(splitter, word->folded, word->has_plural_s);
        name_whole(word);
        name_parts(splitter, word);
    }
    for (size_t i = 0; i < list->count; i++)
        name_compound(splitter, list, i);
}
