/* Scores and reasons from the index against the same rules spelled out paper by
 * paper and keyword by keyword, on random papers and profiles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ranking/weights.h"
#include "ranking/words.h"
#include "unit/data.h"
#include "unit/ranked.h"

enum { ROUNDS = 150, PAPERS_MAX = 240, FEW_PAPERS = 40, MANY_EVERY = 15, SPELLING_MAX = 16, SPELLINGS = 8, REASONS_MAX = 256, CROWD = 20, CROWD_MORE = 130, CROWD_EVERY = 24 };

static const char *const vocabulary[] = {
    "net",   "nets",  "KV",     "cache",   "caching", "KV-cache", "LLM",         "LLMs",
    "IDS",   "ID",    "sparse", "pruning", "the",     "of",       "fine-tuning", "finetuned",
    "GPT-4", "GPT4",  "4",      "MoE",     "layers",  "training", "pre-training", "data",
    "sets",  "dataset", "multi", "agents", "multiagent", "KNet",  "K-Net",       "K",
};

enum { VOCABULARY = sizeof(vocabulary) / sizeof(vocabulary[0]) };

static uint64_t random_state;

static size_t random_below(size_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % limit;
}

static void add_random_words(struct buffer *text, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buffer_printf(text, "%s%s", i ? " " : "", vocabulary[random_below(VOCABULARY)]);
}

/* Mostly few, since they are compared one by one. */
static void random_papers(struct buffer *text, bool many)
{
    size_t count = 1 + random_below(many ? PAPERS_MAX : FEW_PAPERS);

    for (size_t i = 0; i < count; i++) {
        buffer_printf(text, "%zu|", i);
        add_random_words(text, random_below(6));
        buffer_add_char(text, '|');
        add_random_words(text, random_below(30));
        buffer_add_char(text, '\n');
    }
}

static void add_random_keywords(struct buffer *json, const char *key, size_t count)
{
    static const char *const fields[] = {"any", "title", "abstract"};
    static const char *const weights[] = {"1", "1", "1", "2", "2", "3", "0.25", "0.001", "1e-9", "40"};

    buffer_printf(json, ", '%s': [", key);
    for (size_t i = 0; i < count; i++) {
        size_t field = random_below(4);

        buffer_printf(json, "%s{'term': '", i ? ", " : "");
        add_random_words(json, 1 + random_below(3));
        buffer_printf(json, "', 'weight': %s", weights[random_below(sizeof(weights) / sizeof(*weights))]);
        if (field == 1 || field == 2)
            buffer_printf(json, ", 'field': '%s'", fields[field]);
        buffer_add_char(json, '}');
    }
    buffer_add_char(json, ']');
}

static void random_profile(struct buffer *json)
{
    buffer_add_string(json, "'max_papers': 500");
    /* Now and then so many that sums leave what levels can tell apart. */
    add_random_keywords(json, "keywords",
                        random_below(CROWD_EVERY) ? 1 + random_below(6)
                                                  : CROWD + random_below(CROWD_MORE));
    add_random_keywords(json, "required_keywords", random_below(6) == 0);
    add_random_keywords(json, "bonus_keywords", random_below(3));
    if (random_below(4) == 0) {
        buffer_add_string(json, ", 'exclude_keywords': ['");
        add_random_words(json, 1 + random_below(2));
        buffer_add_string(json, "']");
    }
}

/* ---- the rules, spelled out ---- */

struct paper_words {
    struct word_list title;
    struct word_list abstract;
    double length;
};

struct spelling {
    uint64_t terms[SPELLING_MAX];
    bool whole[SPELLING_MAX]; /* an acronym */
    size_t count;
};

struct wanted {
    const char *text;
    double weight;
    enum keyword_field field;
    struct spelling spellings[SPELLINGS];
    size_t count;
    double rarity;
};

struct reference {
    struct word_splitter *splitter;
    struct paper_words papers[PAPERS_MAX];
    size_t paper_count;
    struct paper_words archive[PAPERS_MAX];
    size_t archive_count; /* 0: the papers themselves */
    double average;
};

static double split_papers(struct word_splitter *splitter, const struct papers *papers,
                           struct paper_words *ret_words)
{
    double sum = 0;

    for (size_t i = 0; i < papers->count; i++) {
        word_list_init(&ret_words[i].title);
        word_list_init(&ret_words[i].abstract);
        words_split(splitter, papers->items[i].title, &ret_words[i].title);
        words_split(splitter, papers->items[i].abstract, &ret_words[i].abstract);
        ret_words[i].length = WEIGHT_TITLE * (double)ret_words[i].title.count +
                              (double)ret_words[i].abstract.count;
        sum += ret_words[i].length;
    }
    return fmax(1, sum / fmax(1, (double)papers->count));
}

static void free_papers(struct paper_words *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        word_list_free(&words[i].title);
        word_list_free(&words[i].abstract);
    }
}

static bool stands_at(const struct spelling *spelling, const struct word_list *words, size_t at)
{
    for (size_t i = 0; i < spelling->count; i++) {
        const struct word *word = at < words->count ? &words->items[at] : NULL;
        uint64_t term = spelling->terms[i];

        if (!word)
            return false;
        if (spelling->whole[i] ? word->exact == term || word->exact_singular == term
                               : word->stem == term)
            at++;
        else if (!spelling->whole[i] && word->joined == term)
            at += word->joined_count;
        else
            return false;
    }
    return true;
}

static double times_in(const struct spelling *spelling, const struct word_list *words)
{
    double times = 0;

    for (size_t at = 0; at < words->count; at++)
        times += stands_at(spelling, words, at);
    return times;
}

static double papers_with(const struct reference *reference, const struct spelling *spelling)
{
    const struct paper_words *papers =
        reference->archive_count ? reference->archive : reference->papers;
    size_t count = reference->archive_count ? reference->archive_count : reference->paper_count;
    double with = 0;

    for (size_t i = 0; i < count; i++)
        with += times_in(spelling, &papers[i].title) > 0 ||
                times_in(spelling, &papers[i].abstract) > 0;
    return reference->archive_count ? fmax(1, with) : with;
}

static double rarity_of_count(const struct reference *reference, double with)
{
    double count = (double)(reference->archive_count ? reference->archive_count
                                                     : reference->paper_count);

    return log((count + WEIGHT_RARITY_PRIOR_PAPERS) / (with + 1)) / log(WEIGHT_RARITY_SCALE);
}

/* Longer phrases are as rare as that part of them which the fewest papers of the
 * archive have: a pair, or a word next to an acronym. */
static double rarity_of(const struct reference *reference, const struct spelling *spelling)
{
    struct spelling best = {0};
    double fewest = HUGE_VAL;

    if (spelling->count == 1 ||
        (spelling->count == 2 && !spelling->whole[0] && !spelling->whole[1]))
        return rarity_of_count(reference, papers_with(reference, spelling));
    for (size_t i = 0; i < spelling->count; i++) {
        struct spelling part = {.terms = {spelling->terms[i]}, .whole = {spelling->whole[i]},
                                .count = 1};

        if (!spelling->whole[i] && i + 1 < spelling->count && !spelling->whole[i + 1]) {
            part.terms[1] = spelling->terms[i + 1];
            part.count = 2;
        }
        if (papers_with(reference, &part) < fewest) {
            fewest = papers_with(reference, &part);
            best = part;
        }
    }
    return rarity_of_count(reference, papers_with(reference, &best));
}

static void add_spelling(struct spelling *spelling, uint64_t term, bool whole)
{
    assert_true(spelling->count < SPELLING_MAX);
    spelling->terms[spelling->count] = term;
    spelling->whole[spelling->count++] = whole;
}

static void add_word(struct spelling *spelling, const struct word *word, bool alone)
{
    bool vowel = words_has_vowel(word->folded);
    bool whole = word->is_acronym && (alone || vowel);
    bool singular = word->exact_singular && (word->has_plural_s || !vowel);

    add_spelling(spelling, !whole ? word->stem : singular ? word->exact_singular : word->exact,
                 whole);
}

/* As one word of the archive or as two, if it is known to have them. */
static double known(const struct reference *reference, const struct spelling *spelling)
{
    double with = papers_with(reference, spelling);

    return reference->archive_count && with <= 1 ? 0 : with;
}

static bool best_cut(struct reference *reference, const struct word *word,
                     struct spelling *ret_parts)
{
    double most = 0;

    if (word->joined || word->after_hyphen || (word->is_acronym && word->is_upper))
        return false;
    for (size_t at = 1; at < word->folded.size; at++) {
        struct spelling parts = {.terms = {words_head(reference->splitter, word, at),
                                           words_tail(reference->splitter, word, at)},
                                 .count = 2};

        if (parts.terms[0] && parts.terms[1] && known(reference, &parts) > most) {
            most = known(reference, &parts);
            *ret_parts = parts;
        }
    }
    return most > 0;
}

static bool may_join(const struct word *word)
{
    return !word->is_number && !word->joined && !word->after_hyphen &&
           !words_is_stop(word->folded);
}

static void spell_compounds(struct reference *reference, const struct word_list *words,
                            struct wanted *wanted)
{
    struct spelling cut = {0}, joined = {0}, parts;

    for (size_t i = 0; i < words->count; i++) {
        if (best_cut(reference, &words->items[i], &parts)) {
            add_spelling(&cut, parts.terms[0], false);
            add_spelling(&cut, parts.terms[1], false);
        } else {
            add_word(&cut, &words->items[i], false);
        }
    }
    for (size_t i = 0; i < words->count; i++) {
        struct spelling one = {.count = 1};

        if (words->count > 2 && i + 1 < words->count && may_join(&words->items[i]) &&
            may_join(&words->items[i + 1]))
            one.terms[0] = words_joined(reference->splitter, words, i, 2);
        if (one.terms[0] && known(reference, &one) > 0) {
            add_spelling(&joined, one.terms[0], false);
            i++;
        } else {
            add_word(&joined, &words->items[i], false);
        }
    }
    if (cut.count > words->count)
        wanted->spellings[wanted->count++] = cut;
    if (joined.count < words->count)
        wanted->spellings[wanted->count++] = joined;
}

static void spell(struct reference *reference, const char *text, struct wanted *wanted)
{
    struct spelling plain = {0}, joined = {0}, parted = {0}, one = {0};
    struct word_list words;

    word_list_init(&words);
    words_split(reference->splitter, view_of(text), &words);
    wanted->text = text;
    for (size_t i = 0; i < words.count; i++) {
        const struct word *word = &words.items[i];

        add_word(&plain, word, words.count == 1);
        add_spelling(&parted, word->parts[0] ? word->parts[0] : plain.terms[i],
                     !word->parts[0] && plain.whole[i] && words_has_vowel(word->folded));
        if (words.count == 1 && !word->parts[0])
            parted.terms[0] = word->stem;
        if (word->parts[0])
            add_spelling(&parted, word->parts[1], false);
    }
    for (size_t i = 0; i < words.count;) {
        if (words.items[i].joined) {
            add_spelling(&joined, words.items[i].joined, false);
            i += words.items[i].joined_count;
        } else {
            add_word(&joined, &words.items[i++], false);
        }
    }
    wanted->spellings[wanted->count++] = plain;
    if (words.count == 1 && words.items[0].is_acronym && !words.items[0].is_upper &&
        !words.items[0].has_plural_s) {
        add_spelling(&one, words.items[0].stem, false);
        wanted->spellings[wanted->count++] = one;
    }
    if (joined.count < words.count) {
        wanted->spellings[wanted->count++] = joined;
    } else if (words.count == 2 && !words_is_stop(words.items[0].folded) &&
               !words_is_stop(words.items[1].folded) &&
               !(words.items[0].is_number && words.items[1].is_number)) {
        add_spelling(&one, words_joined(reference->splitter, &words, 0, 2), false);
        wanted->spellings[wanted->count++] = one;
    }
    if (parted.count > words.count)
        wanted->spellings[wanted->count++] = parted;
    spell_compounds(reference, &words, wanted);
    wanted->rarity = HUGE_VAL;
    for (size_t i = 0; i < wanted->count; i++)
        wanted->rarity = fmin(wanted->rarity, rarity_of(reference, &wanted->spellings[i]));
    word_list_free(&words);
}

/* From 0 to 1 in this paper; says where. */
static double fit_of(const struct reference *reference, const struct wanted *wanted, size_t paper,
                     enum reason_field *ret_field)
{
    const struct paper_words *words = &reference->papers[paper];
    double best = 0,
           base = (double)(float)(WEIGHT_K1 * (1 - WEIGHT_B + WEIGHT_B * words->length /
                                                                  reference->average));

    *ret_field = REASON_ABSTRACT;
    for (size_t i = 0; i < wanted->count; i++) {
        double title = times_in(&wanted->spellings[i], &words->title);
        double abstract = times_in(&wanted->spellings[i], &words->abstract);
        double times;

        if (wanted->field == KEYWORD_TITLE)
            abstract = 0;
        if (wanted->field == KEYWORD_ABSTRACT)
            title = 0;
        times = WEIGHT_TITLE * title + abstract;
        if (times > 0)
            best = fmax(best, fmax(1, floor(times / (times + base) * WEIGHT_FIT_STEPS + 0.5)) /
                                  WEIGHT_FIT_STEPS);
        if (title > 0)
            *ret_field = REASON_TITLE;
    }
    return best;
}

static bool has_spelling(const struct wanted *wanted, const struct spelling *spelling)
{
    for (size_t i = 0; i < wanted->count; i++)
        if (wanted->spellings[i].count == spelling->count &&
            memcmp(wanted->spellings[i].terms, spelling->terms,
                   spelling->count * sizeof(uint64_t)) == 0)
            return true;
    return false;
}

/* In whatever order. */
static bool same_spellings(const struct wanted *a, const struct wanted *b)
{
    if (a->count != b->count || a->field != b->field)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (!has_spelling(b, &a->spellings[i]))
            return false;
    return true;
}

static struct wanted *spell_all(struct reference *reference, const struct keywords *keywords,
                                size_t *ret_count)
{
    struct wanted *all = calloc(keywords->count + 1, sizeof(*all));

    *ret_count = 0;
    for (size_t i = 0; i < keywords->count; i++) {
        struct wanted *wanted = &all[*ret_count];
        bool known = false;

        memset(wanted, 0, sizeof(*wanted));
        spell(reference, keywords->items[i].term, wanted);
        wanted->field = keywords->items[i].field;
        wanted->weight =
            keywords->items[i].weight *
            (WEIGHT_KEYWORD_FLOOR + (1 - WEIGHT_KEYWORD_FLOOR) * fmin(1, wanted->rarity));
        for (size_t j = 0; j < *ret_count; j++)
            known = known || same_spellings(&all[j], wanted);
        *ret_count += !known;
    }
    return all;
}

struct expected {
    double sum;
    size_t hits;
    size_t required_hits;
    bool excluded;
    struct reason reasons[REASONS_MAX]; /* shares of the sum, in profile order */
    size_t reason_count;
};

static size_t add_hits(const struct reference *reference, const struct wanted *all, size_t count,
                       size_t paper, struct expected *expected)
{
    size_t hits = 0;

    for (size_t i = 0; i < count; i++) {
        enum reason_field field;
        double fit = fit_of(reference, &all[i], paper, &field);

        if (fit <= 0)
            continue;
        hits++;
        expected->sum += all[i].weight * fit;
        expected->reasons[expected->reason_count++] =
            (struct reason){view_of(all[i].text), field, all[i].weight * fit};
    }
    return hits;
}

static void check_paper(const struct ranked_paper *item, const struct expected *expected)
{
    double score = 100 * expected->sum / (1 + expected->sum);

    assert_true(fabs(item->score - score) < 1e-4);
    assert_int_equal(item->reason_count, expected->reason_count);
    ranked_check_reasons(item);
    for (size_t i = 0; i < item->reason_count; i++) {
        bool found = false;

        for (size_t j = 0; j < expected->reason_count; j++)
            found = found || (view_equal(item->reasons[i].term, expected->reasons[j].term) &&
                              item->reasons[i].field == expected->reasons[j].field &&
                              fabs(item->reasons[i].score - score * expected->reasons[j].score /
                                                                expected->sum) < 1e-4);
        assert_true(found);
    }
}

static void check_ranking(struct reference *reference, const struct papers *papers,
                          const struct profile *profile, const struct ranking *ranking)
{
    struct keywords excluded = {calloc(8, sizeof(struct keyword)), profile->exclude_keywords.count};
    size_t keywords, required, bonus, outs, listed = 0;
    struct wanted *all = spell_all(reference, &profile->keywords, &keywords);
    struct wanted *musts = spell_all(reference, &profile->required_keywords, &required);
    struct wanted *extras = spell_all(reference, &profile->bonus_keywords, &bonus);
    struct wanted *bans;

    for (size_t i = 0; i < excluded.count; i++)
        excluded.items[i].term = profile->exclude_keywords.items[i];
    bans = spell_all(reference, &excluded, &outs);
    for (size_t i = 0; i < papers->count; i++) {
        const struct ranked_paper *item = NULL;
        struct expected expected = {0};
        size_t hits = add_hits(reference, all, keywords, i, &expected);
        size_t must_hits = add_hits(reference, musts, required, i, &expected);
        enum reason_field field;
        bool wanted = hits + must_hits > 0 && must_hits == required;

        add_hits(reference, extras, bonus, i, &expected);
        for (size_t j = 0; j < outs; j++)
            wanted = wanted && fit_of(reference, &bans[j], i, &field) <= 0;
        for (size_t j = 0; j < ranking->count; j++)
            if (ranking->items[j].paper == &papers->items[i])
                item = &ranking->items[j];
        assert_true((item != NULL) == wanted);
        listed += wanted;
        if (item)
            check_paper(item, &expected);
    }
    assert_int_equal(ranking->count, listed);
    for (size_t i = 1; i < ranking->count; i++)
        assert_true(ranking->items[i - 1].score > ranking->items[i].score ||
                    (ranking->items[i - 1].score >= ranking->items[i].score &&
                     ranking->items[i - 1].paper < ranking->items[i].paper));
    free(excluded.items);
    free(all);
    free(musts);
    free(extras);
    free(bans);
}

/* A shorter list is the beginning of the longer one. */
static void check_tops(const struct ranking_index *index, const struct profile *profile,
                       const struct ranking *whole, struct arena *arena)
{
    for (size_t top = 1; top < whole->count; top++) {
        struct ranking ranking;

        ranking_make(index, profile, top, NULL, arena, &ranking);
        assert_int_equal(ranking.count, top);
        for (size_t i = 0; i < top; i++)
            assert_ptr_equal(ranking.items[i].paper, whole->items[i].paper);
    }
}

static void run_round(bool with_archive, bool many)
{
    struct reference reference = {.splitter = word_splitter_new()};
    struct papers papers, archive;
    struct buffer text;
    struct ranking_index *index;
    struct ranker *ranker;
    struct arena *arena = arena_new();

    buffer_init(&text, 1 << 20);
    random_papers(&text, many);
    ranked_papers(buffer_string(&text), &papers);
    buffer_clear(&text);
    random_papers(&text, many);
    ranked_papers(buffer_string(&text), &archive);
    index = ranking_index_new(&papers, with_archive ? &archive : NULL);
    ranker = ranker_new(index);
    reference.paper_count = papers.count;
    reference.average = split_papers(reference.splitter, &papers, reference.papers);
    if (with_archive) {
        reference.archive_count = archive.count;
        reference.average = split_papers(reference.splitter, &archive, reference.archive);
    }
    for (int i = 0; i < 4; i++) {
        struct profile profile;
        struct ranking ranking;

        buffer_clear(&text);
        random_profile(&text);
        ranked_profile(buffer_string(&text), &profile);
        /* One ranker for all profiles of the round: it knows some of the terms. */
        ranker_make(ranker, &profile, 0, NULL, arena, &ranking);
        check_ranking(&reference, &papers, &profile, &ranking);
        check_tops(index, &profile, &ranking, arena);
        profile_free(&profile);
        arena_reset(arena);
    }
    free_papers(reference.papers, reference.paper_count);
    free_papers(reference.archive, reference.archive_count);
    word_splitter_free(&reference.splitter);
    ranker_free(&ranker);
    ranking_index_free(&index);
    papers_free(&papers);
    papers_free(&archive);
    buffer_free(&text);
    arena_free(&arena);
}

static void test_index_equals_the_rules(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        random_state = round;
        run_round(round % 2, round % MANY_EVERY == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_index_equals_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
