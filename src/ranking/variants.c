#include "ranking/variants.h"

#include <string.h>

#include "base/utf8.h"
#include "ranking/fold.h"
#include "ranking/names.h"
#include "ranking/word_terms.h"

enum { OTHERS = 8, WORD_BYTES = WORDS_STEM_BYTES, OTHER_BYTES = WORD_BYTES + 8 };

/* How others write a word, folded. */
struct others {
    char room[OTHERS][OTHER_BYTES];
    struct view items[OTHERS];
    size_t count;
};

/* Two spellings of one word. */
enum place { WHOLE, START, END };

struct pair {
    enum place place;
    struct view one, other;
    size_t least; /* bytes of the shortest word that this is true of */
};

/* Plurals that no stemmer knows; British and American. What Snowball brings to one
 * stem is not here, nor what spelling.h does in papers, too. */
static const struct pair PAIRS[] = {
#define PAIR(place, one, other, least) \
    {place, {one, sizeof(one) - 1}, {other, sizeof(other) - 1}, least}
    PAIR(END, "matrix", "matrices", 0),
    PAIR(END, "vertex", "vertices", 0),
    PAIR(END, "vortex", "vortices", 0),
    PAIR(END, "simplex", "simplices", 0),
    PAIR(END, "appendix", "appendices", 0),
    PAIR(END, "index", "indices", 0),
    PAIR(END, "helix", "helices", 0),
    PAIR(END, "cortex", "cortices", 0),
    PAIR(WHOLE, "hypothesis", "hypotheses", 0),
    PAIR(END, "synthesis", "syntheses", 0),
    PAIR(END, "analysis", "analyses", 0),
    PAIR(END, "phenomenon", "phenomena", 0),
    PAIR(END, "criterion", "criteria", 0),
    PAIR(END, "automaton", "automata", 0),
    PAIR(END, "spectrum", "spectra", 0),
    PAIR(END, "hedron", "hedra", 0),
    PAIR(END, "nucleus", "nuclei", 0),
    PAIR(END, "stimulus", "stimuli", 0),
    PAIR(END, "bacterium", "bacteria", 0),
    PAIR(END, "formula", "formulae", 0),
    PAIR(END, "supernova", "supernovae", 0),
    PAIR(END, "schema", "schemata", 0),
    PAIR(WHOLE, "radius", "radii", 0),
    PAIR(WHOLE, "modulus", "moduli", 0),
    PAIR(WHOLE, "maximum", "maxima", 0),
    PAIR(WHOLE, "minimum", "minima", 0),
    PAIR(WHOLE, "optimum", "optima", 0),
    PAIR(WHOLE, "extremum", "extrema", 0),
    PAIR(WHOLE, "corpus", "corpora", 0),
    PAIR(WHOLE, "locus", "loci", 0),
    PAIR(WHOLE, "axis", "axes", 0),
    PAIR(WHOLE, "alga", "algae", 0),
    PAIR(WHOLE, "nebula", "nebulae", 0),
    PAIR(WHOLE, "mouse", "mice", 0),
    PAIR(WHOLE, "crisis", "crises", 0),
    PAIR(END, "ise", "ize", 7),
    PAIR(END, "ised", "ized", 7),
    PAIR(END, "ises", "izes", 7),
    PAIR(END, "iser", "izer", 7),
    PAIR(END, "isers", "izers", 7),
    PAIR(END, "ising", "izing", 8),
    PAIR(END, "isable", "izable", 8),
    PAIR(END, "isation", "ization", 0),
    PAIR(END, "isations", "izations", 0),
    PAIR(END, "alyse", "alyze", 0),
    PAIR(END, "alysed", "alyzed", 0),
    PAIR(END, "alyser", "alyzer", 0),
    PAIR(END, "alysers", "alyzers", 0),
    PAIR(END, "alysing", "alyzing", 0),
    PAIR(START, "fibre", "fiber", 0),
    PAIR(WHOLE, "centre", "center", 0),
    PAIR(WHOLE, "centres", "centers", 0),
    PAIR(WHOLE, "centred", "centered", 0),
    PAIR(END, "metre", "meter", 0),
    PAIR(END, "metres", "meters", 0),
    PAIR(START, "artefact", "artifact", 0),
    PAIR(WHOLE, "catalogue", "catalog", 0),
    PAIR(WHOLE, "catalogues", "catalogs", 0),
    PAIR(WHOLE, "dialogue", "dialog", 0),
    PAIR(WHOLE, "dialogues", "dialogs", 0),
    PAIR(WHOLE, "programme", "program", 0),
    PAIR(WHOLE, "programmes", "programs", 0),
    PAIR(WHOLE, "defence", "defense", 0),
    PAIR(WHOLE, "defences", "defenses", 0),
    PAIR(WHOLE, "licence", "license", 0),
    PAIR(WHOLE, "grey", "gray", 0),
    PAIR(START, "aluminium", "aluminum", 0),
    PAIR(START, "sulph", "sulf", 0),
    PAIR(START, "paediatr", "pediatr", 0),
    PAIR(START, "haem", "hem", 6),
    PAIR(START, "leukaem", "leukem", 0),
    PAIR(START, "anaem", "anem", 0),
    PAIR(START, "ischaem", "ischem", 0),
    PAIR(START, "archaeo", "archeo", 0),
    PAIR(START, "oestro", "estro", 0),
    /* Names that are written small, too. */
    PAIR(START, "schroedinger", "schrodinger", 0),
    PAIR(START, "goedel", "godel", 0),
    PAIR(START, "moebius", "mobius", 0),
    PAIR(START, "kaehler", "kahler", 0),
    PAIR(START, "groebner", "grobner", 0),
    PAIR(START, "loewner", "lowner", 0),
    PAIR(START, "kuenneth", "kunneth", 0),
    PAIR(START, "moessbauer", "mossbauer", 0),
    PAIR(START, "grueneisen", "gruneisen", 0),
    PAIR(WHOLE, "mueller", "muller", 0),
#undef PAIR
};

static bool has_other(const struct others *others, struct view word)
{
    for (size_t i = 0; i < others->count; i++)
        if (view_equal(others->items[i], word))
            return true;
    return false;
}

static void add_other(struct others *others, struct view head, struct view middle, struct view tail)
{
    struct view *item = &others->items[others->count];
    char *room = others->room[others->count];

    if (others->count == OTHERS || head.size + middle.size + tail.size > OTHER_BYTES)
        return;
    memcpy(room, head.data, head.size);
    memcpy(room + head.size, middle.data, middle.size);
    memcpy(room + head.size + middle.size, tail.data, tail.size);
    *item = (struct view){room, head.size + middle.size + tail.size};
    others->count += !words_is_stop(*item) && !has_other(others, *item);
}

static const struct view NOTHING = {"", 0};

static void add_if_written_so(struct others *others, struct view word, const struct pair *pair,
                              struct view part, struct view instead)
{
    size_t behind = word.size - part.size;

    if (word.size < part.size || word.size < pair->least)
        return;
    if (pair->place == END) {
        if (word.data[word.size - 1] == part.data[part.size - 1] && view_ends_with(word, part))
            add_other(others, view_slice(word, 0, behind), instead, NOTHING);
    } else if (word.data[0] == part.data[0] && (pair->place == START || !behind) &&
               view_starts_with(word, part)) {
        add_other(others, NOTHING, instead, view_slice(word, part.size, word.size));
    }
}

static bool is_consonant(char c)
{
    return c >= 'a' && c <= 'z' && !strchr("aeiou", c);
}

/* Words that begin with a capital letter and have no umlaut for all that. */
static bool has_no_umlaut(struct view word, struct view source)
{
    static const char *const names[] = {"noether", "goethe"};

    if (word.size < 6 || !source.size || source.data[0] < 'A' || source.data[0] > 'Z')
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (view_starts_with(word, view_of(names[i])))
            return true;
    return false;
}

/* Schroedinger as Schrödinger, which folds to schrodinger: in names, since the index has
 * no umlauts left that could tell guests from gusts. Not Value or Queue: the umlaut stands
 * before two letters more, of which the first is a consonant. Nor Guest and Truest. */
static void add_umlauts(struct others *others, struct view word, struct view source)
{
    if (has_no_umlaut(word, source))
        return;
    for (size_t at = 1; at + 3 < word.size; at++) {
        char letter = word.data[at];

        if (word.data[at + 1] == 'e' && strchr("aou", letter) && word.data[at - 1] != 'q' &&
            is_consonant(word.data[at - 1]) && is_consonant(word.data[at + 2]) &&
            !view_starts_with(view_slice(word, at + 2, word.size), VIEW("st")))
            add_other(others, view_slice(word, 0, at + 1), NOTHING,
                      view_slice(word, at + 2, word.size));
    }
}

/* Schrödinger as Schroedinger. */
static void add_spelled(struct others *others, struct view text)
{
    struct buffer spelled, folded;

    buffer_init(&spelled, 4 * WORD_BYTES);
    buffer_init(&folded, 4 * WORD_BYTES);
    if (text.size <= WORD_BYTES && name_add_spelled(&spelled, text)) {
        fold_add(&folded, buffer_view(&spelled));
        add_other(others, buffer_view(&folded), NOTHING, NOTHING);
    }
    buffer_free(&spelled);
    buffer_free(&folded);
}

static void find_others(const struct word *word, struct others *others)
{
    others->count = 0;
    if (word->is_cjk || word->is_number || word->is_acronym || word->folded.size > WORD_BYTES)
        return;
    for (size_t i = 0; i < sizeof(PAIRS) / sizeof(PAIRS[0]); i++) {
        add_if_written_so(others, word->folded, &PAIRS[i], PAIRS[i].one, PAIRS[i].other);
        add_if_written_so(others, word->folded, &PAIRS[i], PAIRS[i].other, PAIRS[i].one);
    }
    add_umlauts(others, word->folded, word->text);
    add_spelled(others, word->text);
}

/* YOLOv8 as YOLO v8. */
static bool find_release(const struct word *word, size_t *ret_at)
{
    struct view whole = word->folded;
    size_t at = whole.size;

    while (at > 0 && ((whole.data[at - 1] >= '0' && whole.data[at - 1] <= '9') ||
                      whole.data[at - 1] == '.'))
        at--;
    if (word->is_cjk || at == whole.size || at < 3 || whole.data[at - 1] != 'v')
        return false;
    *ret_at = at - 1;
    return true;
}

static void give_releases(struct word_splitter *splitter, const struct word_list *words,
                          const struct compiled_slot *slots, compounds_take *take, void *context)
{
    struct compiled_slot parted[COMPOUND_SLOTS];
    size_t count = 0, at;

    if (words->count > COMPOUND_SLOTS / 2)
        return;
    for (size_t i = 0; i < words->count; i++) {
        struct view whole = words->items[i].folded;

        if (!find_release(&words->items[i], &at)) {
            parted[count++] = slots[i];
            continue;
        }
        parted[count++] = (struct compiled_slot){
            words_stem(splitter, view_slice(whole, 0, at)), false};
        parted[count++] = (struct compiled_slot){
            words_stem(splitter, view_slice(whole, at, whole.size)), false};
    }
    if (count > words->count)
        take(context, parted, count);
}

/* A crowded one is asked for as it is. False when it is the word's own. */
static bool slot_of_other(struct word_splitter *splitter, const struct word *word,
                          struct view other, struct compiled_slot *ret_slot)
{
    if (words_is_crowded(other))
        *ret_slot = (struct compiled_slot){words_hash(WORD_KIND_EXACT, other), true};
    else
        *ret_slot = (struct compiled_slot){words_stem(splitter, other), false};
    return ret_slot->term != word->stem;
}

/* Each word that can be written otherwise, written so. Returns how many there are. */
static size_t change_all(struct word_splitter *splitter, const struct word_list *words,
                         struct compiled_slot *slots)
{
    struct compiled_slot other;
    struct others others;
    size_t changed = 0;

    for (size_t i = 0; i < words->count; i++) {
        find_others(&words->items[i], &others);
        for (size_t k = 0; k < others.count; k++)
            if (slot_of_other(splitter, &words->items[i], others.items[k], &other)) {
                slots[i] = other;
                changed++;
                break;
            }
    }
    return changed;
}

static void give_one_by_one(struct word_splitter *splitter, const struct word_list *words,
                            const struct compiled_slot *slots, compounds_take *take,
                            void *context)
{
    struct compiled_slot other[COMPOUND_SLOTS];
    struct others others;

    memcpy(other, slots, words->count * sizeof(*slots));
    for (size_t i = 0; i < words->count; i++) {
        find_others(&words->items[i], &others);
        for (size_t k = 0; k < others.count; k++)
            if (slot_of_other(splitter, &words->items[i], others.items[k], &other[i]))
                take(context, other, words->count);
        other[i] = slots[i];
    }
}

void variants_give(struct word_splitter *splitter, const struct word_list *words,
                   const struct compiled_slot *slots, compounds_take *take, void *context)
{
    struct compiled_slot all[COMPOUND_SLOTS];
    size_t changed;

    memcpy(all, slots, words->count * sizeof(*slots));
    changed = change_all(splitter, words, all);
    if (changed > 1)
        take(context, all, words->count);
    give_releases(splitter, words, slots, take, context);
    if (changed)
        give_one_by_one(splitter, words, slots, take, context);
}
