#include "ranking/compile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "papers/tex.h"
#include "ranking/compounds.h"
#include "ranking/keyword_memo.h"
#include "ranking/names.h"
#include "ranking/variants.h"
#include "ranking/weights.h"

struct compiler {
    const struct ranking_index *index;
    struct keyword_memo *memo; /* NULL: none */
    struct word_splitter *splitter;
    struct compiled_profile *compiled;
    struct word_list words;
    struct term_table seen; /* what was added, so that nothing counts twice */
};

static struct compiled_term *begin_term(struct compiled_profile *compiled, enum compiled_role role,
                                        struct view text, double weight)
{
    struct compiled_term *term;

    compiled->terms = memory_grow(compiled->terms, &compiled->term_capacity,
                                  compiled->term_count + 1, sizeof(*compiled->terms));
    term = &compiled->terms[compiled->term_count++];
    *term = (struct compiled_term){.role = role, .text = text, .weight = weight,
                                   .first_pattern = (uint32_t)compiled->pattern_count};
    return term;
}

static void add_pattern(struct compiled_profile *compiled, struct pattern pattern)
{
    compiled->patterns = memory_grow(compiled->patterns, &compiled->pattern_capacity,
                                     compiled->pattern_count + 1, sizeof(*compiled->patterns));
    compiled->patterns[compiled->pattern_count++] = pattern;
    compiled->terms[compiled->term_count - 1].pattern_count++;
}

void compiled_add(struct compiled_profile *compiled, enum compiled_role role, struct view text,
                  double weight, uint64_t term)
{
    begin_term(compiled, role, text, weight);
    add_pattern(compiled, (struct pattern){.term = term});
}

/* True the first time that this is asked for. */
static bool is_new(struct compiler *compiler, uint64_t signature)
{
    uint32_t before = compiler->seen.count;

    term_table_add(&compiler->seen, signature);
    return compiler->seen.count > before;
}

/* ---- keywords ---- */

/* The rarest term, by the archive, that every place of the phrase has: its pairs, and its
 * acronyms, which no pair keeps whole. */
static uint64_t leading_term(const struct ranking_index *index, const struct compiled_slot *slots,
                             size_t count)
{
    uint64_t best = 0;
    double best_rarity = -HUGE_VAL;

    for (size_t i = 0; i < count; i++) {
        uint64_t term = slots[i].term;
        double rarity;

        if (!slots[i].is_exact && i + 1 < count && !slots[i + 1].is_exact)
            term = words_pair(term, slots[i + 1].term);
        rarity = index_rarity(index, term);
        if (rarity > best_rarity) {
            best_rarity = rarity;
            best = term;
        }
    }
    return best;
}

/* What is only looked for in texts (compile_reason) has no bound, so that whatever was found
 * in the archive is found again. */
static bool is_full(const struct compiler *compiler)
{
    const struct compiled_profile *compiled = compiler->compiled;

    return compiler->index &&
           compiled->terms[compiled->term_count - 1].pattern_count == COMPILED_PATTERNS_MAX;
}

static void add_phrase(struct compiler *compiler, const struct compiled_slot *slots, size_t count)
{
    struct compiled_profile *compiled = compiler->compiled;
    struct pattern pattern = {.first_slot = (uint32_t)compiled->slot_count};

    if (is_full(compiler))
        return;
    if (count == 1) {
        pattern.term = slots[0].term;
    } else if (count == 2 && !slots[0].is_exact && !slots[1].is_exact) {
        pattern.term = words_pair(slots[0].term, slots[1].term);
    } else {
        pattern.term = leading_term(compiler->index, slots, count);
        pattern.slot_count = (uint32_t)count;
        compiled->slots = memory_grow(compiled->slots, &compiled->slot_capacity,
                                      compiled->slot_count + count, sizeof(*compiled->slots));
        memcpy(compiled->slots + compiled->slot_count, slots, count * sizeof(*slots));
        compiled->slot_count += count;
    }
    add_pattern(compiled, pattern);
}

/* An acronym asks for the word as it is, so that IDS is no ID; the plural of
 * one, for the acronym. */
static uint64_t acronym_term(const struct word *word)
{
    if (!word->is_acronym || !word->exact)
        return 0;
    if (word->exact_singular && (word->has_plural_s || !words_has_vowel(word->folded)))
        return word->exact_singular;
    return word->exact;
}

/* What asks for the word as it is; 0 when its stem does. */
static uint64_t whole_term(const struct word *word)
{
    return words_is_crowded(word->folded) ? word->exact : acronym_term(word);
}

/* Without a vowel the stem is as whole as the acronym, and pairs can be looked up. */
static struct compiled_slot slot_of(const struct word *word)
{
    uint64_t whole = words_has_vowel(word->folded) ? whole_term(word) : 0;

    return (struct compiled_slot){whole ? whole : word->stem, whole != 0};
}

/* Word by word. */
static void add_plain_phrase(struct compiler *compiler)
{
    struct compiled_slot slots[COMPOUND_SLOTS];
    const struct word_list *words = &compiler->words;

    for (size_t i = 0; i < words->count; i++)
        slots[i] = slot_of(&words->items[i]);
    add_phrase(compiler, slots, words->count);
}

static void add_single_word(struct compiler *compiler)
{
    const struct word *word = &compiler->words.items[0];
    uint64_t acronym = acronym_term(word), whole = whole_term(word);

    add_pattern(compiler->compiled, (struct pattern){.term = whole ? whole : word->stem});
    /* "WiFi" is also the compound of "Wi-Fi", which has a stem only. */
    if (acronym && !word->is_upper && !word->has_plural_s)
        add_pattern(compiler->compiled, (struct pattern){.term = word->stem});
    /* "vms" asks for "VMs", too, whose stem is that of "VM". */
    if (!whole && word->exact_singular && word->folded.size == 3)
        add_pattern(compiler->compiled, (struct pattern){.term = word->exact});
}

/* "pre-training data" is also "pretraining data". */
static void add_joined_phrase(struct compiler *compiler)
{
    struct compiled_slot slots[COMPOUND_SLOTS];
    const struct word_list *words = &compiler->words;
    size_t count = 0;

    for (size_t i = 0; i < words->count; count++) {
        const struct word *word = &words->items[i];

        slots[count] = word->joined ? (struct compiled_slot){word->joined, false}
                                    : slot_of(word);
        i += word->joined ? word->joined_count : 1;
    }
    if (count < words->count) {
        add_phrase(compiler, slots, count);
    } else if (count == 2 && !words->items[0].is_cjk && !words->items[1].is_cjk &&
               !(words->items[0].is_number && words->items[1].is_number) &&
               !words_is_stop(words->items[0].folded) &&
               !words_is_stop(words->items[1].folded)) {
        slots[0] = (struct compiled_slot){
            words_joined(compiler->splitter, words, 0, 2), false};
        add_phrase(compiler, slots, 1);
    }
}

/* "FP8 training" is also "FP 8 training". */
static void add_parted_phrase(struct compiler *compiler)
{
    struct compiled_slot slots[COMPOUND_SLOTS];
    const struct word_list *words = &compiler->words;
    size_t count = 0;

    if (words->count > COMPOUND_SLOTS / 2)
        return;
    for (size_t i = 0; i < words->count; i++) {
        const struct word *word = &words->items[i];

        if (word->parts[0]) {
            slots[count++] = (struct compiled_slot){word->parts[0], false};
            slots[count++] = (struct compiled_slot){word->parts[1], false};
        } else {
            slots[count++] = slot_of(word);
        }
    }
    if (count > words->count)
        add_phrase(compiler, slots, count);
}

/* ---- what other papers write otherwise ---- */

static void add_compound(void *context, const struct compiled_slot *slots, size_t count)
{
    add_phrase(context, slots, count);
}

static void add_spellings(struct compiler *compiler)
{
    struct compiled_slot slots[COMPOUND_SLOTS];

    for (size_t i = 0; i < compiler->words.count; i++)
        slots[i] = slot_of(&compiler->words.items[i]);
    if (compiler->index)
        compounds_known(compiler->index, compiler->splitter, &compiler->words, slots,
                        add_compound, compiler);
    else
        compounds_any(compiler->splitter, &compiler->words, slots, add_compound, compiler);
    variants_give(compiler->splitter, &compiler->words, slots, add_compound, compiler);
}

/* The same for the same spellings, in whatever order they came. */
static uint64_t signature_of(const struct compiled_profile *compiled,
                             const struct compiled_term *term)
{
    uint64_t signature = words_pair((uint64_t)term->role + 1, (uint64_t)term->field + 1);

    for (uint32_t i = 0; i < term->pattern_count; i++) {
        const struct pattern *pattern = &compiled->patterns[term->first_pattern + i];
        uint64_t spelling = pattern->term;

        for (uint32_t slot = 0; slot < pattern->slot_count; slot++)
            spelling = words_pair(spelling, compiled->slots[pattern->first_slot + slot].term);
        signature += words_pair(spelling, pattern->slot_count);
    }
    return signature;
}

/* The most common of its spellings says how rare it is. */
double compiled_keyword_factor(const struct ranking_index *index,
                               const struct compiled_profile *compiled,
                               const struct compiled_term *term)
{
    double rarity = HUGE_VAL;

    for (uint32_t i = 0; i < term->pattern_count; i++)
        rarity = fmin(rarity,
                      index_rarity(index, compiled->patterns[term->first_pattern + i].term));
    return WEIGHT_KEYWORD_FLOOR + (1 - WEIGHT_KEYWORD_FLOOR) * fmin(1, rarity);
}

/* All spellings of a term that was begun. */
static void spell_keyword(struct compiler *compiler)
{
    if (compiler->words.count == 1)
        add_single_word(compiler);
    else
        add_plain_phrase(compiler);
    add_joined_phrase(compiler);
    add_parted_phrase(compiler);
    add_spellings(compiler);
}

/* `unicode` is the keyword when its TeX is read. */
static void begin_unknown(struct compiler *compiler, enum compiled_role role, struct view text,
                          struct view unicode, double weight)
{
    words_split(compiler->splitter, unicode, &compiler->words);
    if (compiler->words.count && compiler->words.count <= COMPOUND_SLOTS) {
        begin_term(compiler->compiled, role, text, weight);
        spell_keyword(compiler);
    }
}

/* TeX in it is read as that of papers. False when there is no word in it. */
static bool begin_keyword(struct compiler *compiler, enum compiled_role role, struct view text,
                          double weight)
{
    struct compiled_profile *compiled = compiler->compiled;
    const struct known_keyword *known =
        compiler->memo ? keyword_memo_find(compiler->memo, text) : NULL;
    size_t patterns = compiled->pattern_count, slots = compiled->slot_count;
    struct buffer unicode;

    if (known) {
        if (known->pattern_count) {
            begin_term(compiled, role, text, weight);
            keyword_memo_spell(known, compiled);
        }
        return known->pattern_count > 0;
    }
    buffer_init(&unicode, text.size * TEX_GROWTH);
    begin_unknown(compiler, role, text,
                  tex_to_unicode_if_any(text, &unicode) ? buffer_view(&unicode) : text, weight);
    buffer_free(&unicode);
    if (compiler->memo)
        keyword_memo_add(compiler->memo, text, compiled, patterns, slots);
    return compiled->pattern_count > patterns;
}

/* Adds a keyword unless it is there already, in whatever spelling. Returns
 * whether it did; one without any word is left out. */
static bool add_keyword(struct compiler *compiler, enum compiled_role role, struct view text,
                        double weight, enum keyword_field field)
{
    struct compiled_profile *compiled = compiler->compiled;
    size_t patterns = compiled->pattern_count, slots = compiled->slot_count;
    struct compiled_term *term;

    if (!begin_keyword(compiler, role, text, weight))
        return false;
    term = &compiled->terms[compiled->term_count - 1];
    term->field = field;
    if (!is_new(compiler, signature_of(compiled, term))) {
        compiled->term_count--;
        compiled->pattern_count = patterns;
        compiled->slot_count = slots;
        return false;
    }
    return true;
}

static void add_keywords(struct compiler *compiler, enum compiled_role role,
                         const struct keywords *keywords, double weight)
{
    for (size_t i = 0; i < keywords->count; i++) {
        const struct keyword *keyword = &keywords->items[i];
        bool added = add_keyword(compiler, role, view_of(keyword->term), weight * keyword->weight,
                                 keyword->field);

        if (added && role == ROLE_REQUIRED)
            compiler->compiled->rules.required_count++;
    }
}

/* ---- interests ---- */

/* A word of the interests, with all its occurrences. */
struct wish {
    struct view text;
    uint64_t term;
    double weight;
};

static bool is_wished(const struct word *word)
{
    return !words_is_stop(word->folded);
}

static int compare_falling(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left < *right) - (*left > *right);
}

/* What the strongest words weigh together: the most that a paper can reach. */
static double reachable(const struct wish *wishes, size_t count)
{
    double *weights = memory_new(count + 1, sizeof(*weights)), sum = 0;

    for (size_t i = 0; i < count; i++)
        weights[i] = wishes[i].weight;
    qsort(weights, count, sizeof(*weights), compare_falling);
    for (size_t i = 0; i < count && i < WEIGHT_INTERESTS_TERMS; i++)
        sum += weights[i];
    free(weights);
    return fmax(sum, WEIGHT_INTERESTS_SHORTEST);
}

static void add_pairs(struct compiler *compiler, double scale)
{
    const struct word_list *words = &compiler->words;

    for (size_t i = 0; i + 1 < words->count; i++) {
        const struct word *word = &words->items[i], *next = word + 1;
        uint64_t term = words_pair(word->stem, next->stem);
        struct view text = {word->text.data,
                            (size_t)(next->text.data + next->text.size - word->text.data)};

        if (!is_wished(word) || !is_wished(next) || !is_new(compiler, term))
            continue;
        compiled_add(compiler->compiled, ROLE_INTERESTS, text,
                     scale * WEIGHT_PAIR * index_rarity(compiler->index, term), term);
        /* "fine-tuning" in the interests, "finetuning" in the paper. */
        if (word->joined && word->joined_count == 2)
            add_pattern(compiler->compiled, (struct pattern){.term = word->joined});
    }
}

static void add_interests(struct compiler *compiler, const char *interests)
{
    struct term_table known;
    struct wish *wishes;
    size_t count = 0;
    double scale;

    words_split(compiler->splitter, view_of(interests), &compiler->words);
    wishes = memory_new(compiler->words.count + 1, sizeof(*wishes));
    term_table_init(&known);
    for (size_t i = 0; i < compiler->words.count; i++) {
        const struct word *word = &compiler->words.items[i];
        uint64_t term;
        uint32_t number;

        if (!is_wished(word))
            continue;
        term = acronym_term(word) ? acronym_term(word) : word->stem;
        number = term_table_add(&known, term);
        if (number == count)
            wishes[count++] = (struct wish){word->text, term, 0};
        wishes[number].weight += index_rarity(compiler->index, term);
    }
    scale = WEIGHT_INTERESTS / reachable(wishes, count);
    for (size_t i = 0; i < count; i++)
        compiled_add(compiler->compiled, ROLE_INTERESTS, wishes[i].text,
                     scale * wishes[i].weight, wishes[i].term);
    add_pairs(compiler, scale);
    term_table_free(&known);
    free(wishes);
}

/* ---- authors, and all together ---- */

static void add_authors(struct compiler *compiler, enum compiled_role role,
                        const struct strings *authors, double weight)
{
    struct name name;

    for (size_t i = 0; i < authors->count; i++) {
        uint64_t term;

        name_parse(view_of(authors->items[i]), &name);
        if (!name.count)
            continue;
        term = name_lookup_term(&name);
        compiled_add(compiler->compiled, role, view_of(authors->items[i]), weight, term);
        compiler->compiled->terms[compiler->compiled->term_count - 1].is_author = true;
        if (name_parse_spelled(view_of(authors->items[i]), &name))
            add_pattern(compiler->compiled, (struct pattern){.term = name_lookup_term(&name)});
    }
}

/* Papers that the subscriber knows are kept out as excluded words are. */
static void add_known(struct compiled_profile *compiled, const struct strings *ids)
{
    for (size_t i = 0; i < ids->count; i++)
        compiled_add(compiled, ROLE_EXCLUDE, (struct view){0}, 0,
                     index_id_term(view_of(ids->items[i])));
}

static void add_rules(struct compiled_profile *compiled, const struct profile *profile)
{
    compiled->rules.min_score = profile->min_score;
    compiled->rules.abstract_min_length = (uint32_t)profile->abstract_min_length;
    compiled->rules.abstract_max_length = (uint32_t)profile->abstract_max_length;
    compiled->rules.announce_types = profile->announce_types;
    compiled->rules.max_papers = (uint32_t)profile->max_papers;
    compiled->rules.is_plain = profile_is_plain(profile);
    compiled->rules.bonus_lists = !profile->keywords.count && !profile->required_keywords.count &&
                                  !profile->interests && !profile->liked.count &&
                                  !profile->follow_authors.count;
    compiled->categories = memory_grow(NULL, &compiled->category_capacity,
                                       profile->categories.count, sizeof(uint64_t));
    for (size_t i = 0; i < profile->categories.count; i++)
        compiled->categories[compiled->category_count++] =
            index_category_term(view_of(profile->categories.items[i]));
}

void compile_profile(struct keyword_memo *memo, const struct profile *profile,
                     const struct papers *known, struct compiled_profile *ret_compiled)
{
    struct compiler compiler = {.index = memo->index, .memo = memo, .compiled = ret_compiled,
                                .splitter = memo->splitter};

    memset(ret_compiled, 0, sizeof(*ret_compiled));
    word_list_init(&compiler.words);
    add_known(ret_compiled, &profile->liked);
    add_known(ret_compiled, &profile->disliked);
    for (size_t i = 0; i < profile->exclude_keywords.count; i++)
        add_keyword(&compiler, ROLE_EXCLUDE, view_of(profile->exclude_keywords.items[i]), 0,
                    KEYWORD_ANYWHERE);
    add_authors(&compiler, ROLE_EXCLUDE, &profile->exclude_authors, 0);
    add_keywords(&compiler, ROLE_KEYWORD, &profile->keywords, 1);
    add_keywords(&compiler, ROLE_REQUIRED, &profile->required_keywords, 1);
    add_keywords(&compiler, ROLE_BONUS, &profile->bonus_keywords, WEIGHT_BONUS);
    if (profile->interests)
        add_interests(&compiler, profile->interests);
    add_authors(&compiler, ROLE_FOLLOW, &profile->follow_authors, WEIGHT_FOLLOW);
    add_authors(&compiler, ROLE_PREFER, &profile->prefer_authors, WEIGHT_PREFER);
    compile_liked(ret_compiled, compiler.index, compiler.splitter, profile, known);
    add_rules(ret_compiled, profile);
    word_list_free(&compiler.words);
    term_table_free(&compiler.seen);
}

/* A word that ends in the "2" of a "½" is given with the whole of it, which reads as
 * more than that word: any of them will do. */
static bool shares_character(const struct word_list *words)
{
    const struct word *word = words->items;

    return words->count > 1 && !word->is_cjk &&
           word[1].text.data < word->text.data + word->text.size;
}

static void add_each_word(struct compiler *compiler, struct view text)
{
    const struct word_list *words = &compiler->words;

    compiled_add(compiler->compiled, ROLE_INTERESTS, text, 0, words->items[0].stem);
    for (size_t i = 1; i < words->count; i++)
        add_pattern(compiler->compiled, (struct pattern){.term = words->items[i].stem});
}

/* A word of the interests, or the pair of two. */
static void add_wish(struct compiler *compiler, struct view text)
{
    const struct word_list *words = &compiler->words;
    const struct word *word;

    words_split(compiler->splitter, text, &compiler->words);
    if (!words->count)
        return;
    word = &words->items[0];
    if (shares_character(words)) {
        add_each_word(compiler, text);
        return;
    }
    if (words->count == 1) {
        compiled_add(compiler->compiled, ROLE_INTERESTS, text, 0,
                     acronym_term(word) ? acronym_term(word) : word->stem);
        return;
    }
    compiled_add(compiler->compiled, ROLE_INTERESTS, text, 0,
                 words_pair(word->stem, word[1].stem));
    if (word->joined && word->joined_count == 2)
        add_pattern(compiler->compiled, (struct pattern){.term = word->joined});
}

static void add_liked_word(struct compiler *compiler, struct view text)
{
    words_split(compiler->splitter, text, &compiler->words);
    if (shares_character(&compiler->words))
        add_each_word(compiler, text);
    else if (compiler->words.count)
        compiled_add(compiler->compiled, ROLE_LIKED, text, 0, compiler->words.items[0].stem);
}

void compile_reason(struct word_splitter *splitter, enum reason_field field, struct view term,
                    struct compiled_profile *ret_compiled)
{
    struct compiler compiler = {.compiled = ret_compiled, .splitter = splitter};

    memset(ret_compiled, 0, sizeof(*ret_compiled));
    word_list_init(&compiler.words);
    switch (field) {
    case REASON_TITLE:
    case REASON_ABSTRACT:
        add_keyword(&compiler, ROLE_KEYWORD, term, 0, KEYWORD_ANYWHERE);
        break;
    case REASON_INTERESTS:
        add_wish(&compiler, term);
        break;
    case REASON_LIKED:
        add_liked_word(&compiler, term);
        break;
    case REASON_AUTHOR:
    case REASON_PREFERENCE:
        break;
    }
    word_list_free(&compiler.words);
    term_table_free(&compiler.seen);
}

void compiled_free(struct compiled_profile *compiled)
{
    free(compiled->terms);
    free(compiled->patterns);
    free(compiled->slots);
    free(compiled->categories);
    memset(compiled, 0, sizeof(*compiled));
}
