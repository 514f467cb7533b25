/* Interests from the index against the same rules spelled out: BM25 over words and
 * pairs, feedback from the best papers, and a part of what the nearest papers
 * have. Random papers and interests of made-up words. */
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
#include "unit/ranked.h"

enum { ROUNDS = 40, PAPERS_MAX = 60, WORDS_MAX = 200, WISHES_MAX = 120 };

static uint64_t random_state;

static size_t random_below(size_t limit)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(random_state >> 33) % limit;
}

/* Low numbers are common, as in any language; one word in six tells nothing. */
static void add_random_words(struct buffer *text, size_t count)
{
    static const char *const stops[] = {"the", "of", "with", "about"};

    for (size_t i = 0; i < count; i++) {
        size_t number = random_below(1 + random_below(120));

        if (random_below(6) == 0)
            buffer_printf(text, "%s%s", i ? " " : "", stops[random_below(4)]);
        else
            buffer_printf(text, "%s%c%c%c%s", i ? " " : "", "bdfgklmnprtvz"[number % 13],
                          "aeiou"[number / 13 % 5], "bdfgklmnprtvz"[number / 65 + number % 7],
                          random_below(4) ? "" : "s");
    }
}

static void random_papers(struct buffer *text)
{
    size_t count = 1 + random_below(PAPERS_MAX);

    for (size_t i = 0; i < count; i++) {
        buffer_printf(text, "%zu|", i);
        add_random_words(text, random_below(8));
        buffer_add_char(text, '|');
        add_random_words(text, random_below(90));
        buffer_add_char(text, '\n');
    }
}

/* ---- the rules, spelled out ---- */

struct told {
    uint64_t stem;
    float weight;
    float strength;
    size_t arrival;
};

struct paper_words {
    struct word_list fields[2]; /* title, abstract */
    double base;
    struct told told[2 * WORDS_MAX];
    size_t told_count;
    float length;
};

struct text_words {
    struct paper_words *papers;
    size_t count;
    double average;
};

struct reference {
    struct word_splitter *splitter;
    struct text_words papers;
    struct text_words known; /* for rarity: the archive, or the same */
    bool has_archive;
    uint64_t arrivals[4 * WORDS_MAX];
    size_t arrival_count;
};

struct wish {
    struct view text;
    uint64_t first;
    uint64_t second; /* 0: a word, not a pair */
    double weight;
};

static void split_papers(struct word_splitter *splitter, const struct papers *papers,
                         struct text_words *ret)
{
    double sum = 0;

    ret->papers = calloc(papers->count + 1, sizeof(*ret->papers));
    ret->count = papers->count;
    for (size_t i = 0; i < papers->count; i++) {
        struct paper_words *paper = &ret->papers[i];

        word_list_init(&paper->fields[0]);
        word_list_init(&paper->fields[1]);
        words_split(splitter, papers->items[i].title, &paper->fields[0]);
        words_split(splitter, papers->items[i].abstract, &paper->fields[1]);
        sum += WEIGHT_TITLE * (double)paper->fields[0].count + (double)paper->fields[1].count;
    }
    ret->average = fmax(1, sum / fmax(1, (double)papers->count));
}

static void free_words(struct text_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        word_list_free(&words->papers[i].fields[0]);
        word_list_free(&words->papers[i].fields[1]);
    }
    free(words->papers);
}

static double times_of(const struct paper_words *paper, uint64_t first, uint64_t second)
{
    double times = 0;

    for (int field = 0; field < 2; field++)
        for (size_t i = 0; i < paper->fields[field].count; i++) {
            const struct word *word = &paper->fields[field].items[i];
            bool is_last = i + 1 == paper->fields[field].count;

            if (word->stem == first && (!second || (!is_last && word[1].stem == second)))
                times += field == 0 ? WEIGHT_TITLE : 1;
        }
    return times;
}

static double fit_of(const struct paper_words *paper, uint64_t first, uint64_t second)
{
    double times = times_of(paper, first, second);

    double steps = floor(times / (times + paper->base) * WEIGHT_FIT_STEPS + 0.5);

    return times > 0 ? (double)(float)(fmax(1, steps) / WEIGHT_FIT_STEPS) : 0;
}

static double rarity_of(const struct reference *reference, uint64_t first, uint64_t second)
{
    double with = 0, count = (double)reference->known.count;

    for (size_t i = 0; i < reference->known.count; i++)
        with += times_of(&reference->known.papers[i], first, second) > 0;
    if (reference->has_archive)
        with = fmin(count, fmax(1, with));
    return log((count + WEIGHT_RARITY_PRIOR_PAPERS) / (with + 1)) / log(WEIGHT_RARITY_SCALE);
}

static size_t arrival_of(struct reference *reference, uint64_t stem)
{
    for (size_t i = 0; i < reference->arrival_count; i++)
        if (reference->arrivals[i] == stem)
            return i;
    assert_true(reference->arrival_count < sizeof(reference->arrivals) / sizeof(uint64_t));
    reference->arrivals[reference->arrival_count] = stem;
    return reference->arrival_count++;
}

static int compare_told(const void *a, const void *b)
{
    const struct told *left = a, *right = b;

    if (left->strength > right->strength || left->strength < right->strength)
        return left->strength < right->strength ? 1 : -1;
    return (left->arrival > right->arrival) - (left->arrival < right->arrival);
}

static void tell_word(struct reference *reference, struct paper_words *paper,
                      const struct word *word)
{
    size_t arrival = arrival_of(reference, word->stem);
    float rarity;
    struct told *told = &paper->told[paper->told_count];

    for (size_t i = 0; i < paper->told_count; i++)
        if (paper->told[i].stem == word->stem)
            return;
    if (words_is_stop(word->folded))
        return;
    rarity = (float)rarity_of(reference, word->stem, 0);
    told->stem = word->stem;
    told->arrival = arrival;
    told->weight = rarity * (float)fit_of(paper, word->stem, 0);
    told->strength = told->weight * rarity;
    paper->told_count += rarity > 0;
}

static void tell(struct reference *reference, struct paper_words *paper)
{
    float sum = 0;

    paper->base = WEIGHT_TITLE * (double)paper->fields[0].count + (double)paper->fields[1].count;
    paper->base = (double)(float)(WEIGHT_K1 * (1 - WEIGHT_B + WEIGHT_B * paper->base /
                                                                  reference->known.average));
    for (int field = 0; field < 2; field++)
        for (size_t i = 0; i < paper->fields[field].count; i++)
            tell_word(reference, paper, &paper->fields[field].items[i]);
    if (paper->told_count)
        qsort(paper->told, paper->told_count, sizeof(*paper->told), compare_told);
    if (paper->told_count > WEIGHT_LIKENESS_WORDS)
        paper->told_count = WEIGHT_LIKENESS_WORDS;
    for (size_t i = 0; i < paper->told_count; i++)
        sum += paper->told[i].weight * paper->told[i].weight;
    paper->length = sqrtf(sum);
}

static float alike(const struct paper_words *paper, const struct paper_words *other)
{
    float sum = 0;

    for (size_t i = 0; i < paper->told_count; i++)
        for (size_t j = 0; j < other->told_count; j++)
            if (paper->told[i].stem == other->told[j].stem)
                sum += paper->told[i].weight / paper->length *
                       (other->told[j].weight / other->length);
    return sum;
}

static void add_wish(struct wish *wishes, size_t *count, struct wish wish, bool again)
{
    for (size_t i = 0; i < *count; i++) {
        if (wishes[i].first != wish.first || wishes[i].second != wish.second)
            continue;
        wishes[i].weight += again ? wish.weight : 0;
        return;
    }
    assert_true(*count < WISHES_MAX);
    wishes[(*count)++] = wish;
}

static int compare_weights(const void *a, const void *b)
{
    const double *left = a, *right = b;

    return (*left < *right) - (*left > *right);
}

static size_t read_wishes(const struct reference *reference, const struct word_list *words,
                          struct wish *ret_wishes)
{
    double weights[WISHES_MAX], sum = 0;
    size_t count = 0;

    for (size_t i = 0; i < words->count; i++)
        if (!words_is_stop(words->items[i].folded))
            add_wish(ret_wishes, &count,
                     (struct wish){words->items[i].text, words->items[i].stem, 0,
                                   rarity_of(reference, words->items[i].stem, 0)},
                     true);
    for (size_t i = 0; i < count; i++)
        weights[i] = ret_wishes[i].weight;
    qsort(weights, count, sizeof(*weights), compare_weights);
    for (size_t i = 0; i < count && i < WEIGHT_INTERESTS_TERMS; i++)
        sum += weights[i];
    for (size_t i = 0; i + 1 < words->count; i++) {
        const struct word *a = &words->items[i], *b = a + 1;
        struct view text = {a->text.data, (size_t)(b->text.data + b->text.size - a->text.data)};

        if (!words_is_stop(a->folded) && !words_is_stop(b->folded))
            add_wish(ret_wishes, &count,
                     (struct wish){text, a->stem, b->stem,
                                   WEIGHT_PAIR * rarity_of(reference, a->stem, b->stem)},
                     false);
    }
    for (size_t i = 0; i < count; i++)
        ret_wishes[i].weight *= WEIGHT_INTERESTS / fmax(sum, WEIGHT_INTERESTS_SHORTEST);
    return count;
}

/* The place of the best paper that is not taken yet; count: none has any share. */
static size_t best_left(const double *shares, const bool *taken, size_t count)
{
    size_t best = count;

    for (size_t i = 0; i < count; i++)
        if (shares[i] > 0 && !taken[i] && (best == count || shares[i] > shares[best]))
            best = i;
    return best;
}

static void raise_by_words(const struct reference *reference, double *shares)
{
    double gathered[4 * WORDS_MAX] = {0}, sum = 0, raises[PAPERS_MAX] = {0}, first = 0;
    bool taken[PAPERS_MAX] = {false};
    const struct text_words *papers = &reference->papers;

    for (size_t n = 0; n < WEIGHT_FEEDBACK_PAPERS; n++) {
        size_t best = best_left(shares, taken, papers->count);

        if (best == papers->count)
            break;
        taken[best] = true;
        first = n == 0 ? shares[best] : first;
        for (size_t i = 0; i < papers->papers[best].told_count; i++) {
            const struct told *told = &papers->papers[best].told[i];

            gathered[told->arrival] +=
                exp(WEIGHT_FEEDBACK_TRUST * (shares[best] - first)) * (double)told->strength;
        }
    }
    for (size_t n = 0; n < WEIGHT_FEEDBACK_TERMS; n++) {
        size_t best = 0;

        for (size_t i = 1; i < reference->arrival_count; i++)
            best = gathered[i] > gathered[best] ? i : best;
        if (gathered[best] <= 0)
            break;
        sum += sqrt(gathered[best]);
        for (size_t i = 0; i < papers->count; i++)
            raises[i] += sqrt(gathered[best]) *
                         fit_of(&papers->papers[i], reference->arrivals[best], 0);
        gathered[best] = 0;
    }
    for (size_t i = 0; i < papers->count; i++)
        if (shares[i] > 0)
            shares[i] += WEIGHT_FEEDBACK * first * raises[i] / sum;
}

static void raise_by_neighbours(const struct reference *reference, double *shares)
{
    const struct text_words *papers = &reference->papers;
    double before[PAPERS_MAX];

    memcpy(before, shares, papers->count * sizeof(*before));
    for (size_t i = 0; i < papers->count; i++) {
        bool taken[PAPERS_MAX] = {false};
        double near = 0, sum = 0;

        for (size_t n = 0; n < WEIGHT_NEIGHBOURS; n++) {
            float most = 0;
            size_t nearest = i;

            for (size_t j = 0; j < papers->count; j++) {
                float now = alike(&papers->papers[i], &papers->papers[j]);

                if (j == i || taken[j] || now < (float)WEIGHT_NEIGHBOUR_LEAST || now <= most)
                    continue;
                most = now;
                nearest = j;
            }
            if (nearest == i)
                break;
            taken[nearest] = true;
            near += pow((double)most, 3) * before[nearest];
            sum += pow((double)most, 3);
        }
        if (shares[i] > 0 && sum > 0)
            shares[i] += WEIGHT_NEIGHBOUR_SHARE * near / sum;
        shares[i] /= (1 + WEIGHT_FEEDBACK) * (1 + WEIGHT_NEIGHBOUR_SHARE);
    }
}

static void check_reasons(const struct paper_words *paper, const struct ranked_paper *item,
                          const struct wish *wishes, size_t count, double share)
{
    size_t hits = 0;

    ranked_check_reasons(item);
    for (size_t i = 0; i < count; i++) {
        double part = wishes[i].weight * fit_of(paper, wishes[i].first, wishes[i].second);
        bool found = part <= 0;

        hits += part > 0;
        for (size_t j = 0; j < item->reason_count; j++)
            found = found || (view_equal(item->reasons[j].term, wishes[i].text) &&
                              fabs(item->reasons[j].score - item->score * part / share) < 1e-4);
        assert_true(found);
    }
    assert_int_equal(item->reason_count, hits);
}

static void check_ranking(struct reference *reference, const struct papers *papers,
                          const struct word_list *words, const struct ranking *ranking)
{
    struct wish wishes[WISHES_MAX];
    size_t count = read_wishes(reference, words, wishes), listed = 0;
    double shares[PAPERS_MAX] = {0}, own[PAPERS_MAX], most = 0;

    for (size_t i = 0; i < papers->count; i++)
        for (size_t j = 0; j < count; j++)
            shares[i] += wishes[j].weight *
                         fit_of(&reference->papers.papers[i], wishes[j].first, wishes[j].second);
    memcpy(own, shares, sizeof(own));
    for (size_t i = 0; i < papers->count; i++)
        most = fmax(most, own[i]);
    raise_by_words(reference, shares);
    raise_by_neighbours(reference, shares);
    for (size_t i = 0; i < papers->count; i++) {
        const struct ranked_paper *item = NULL;

        for (size_t j = 0; j < ranking->count; j++)
            if (ranking->items[j].paper == &papers->items[i])
                item = &ranking->items[j];
        assert_true((item != NULL) == (own[i] > 0));
        listed += own[i] > 0;
        if (!item)
            continue;
        assert_true(fabs(item->score - 100 * shares[i] / (1 + shares[i])) < 1e-3);
        assert_true(shares[i] <= most);
        check_reasons(&reference->papers.papers[i], item, wishes, count, own[i]);
    }
    assert_int_equal(ranking->count, listed);
}

static void run_round(bool with_archive)
{
    struct reference *reference = calloc(1, sizeof(*reference));
    struct papers papers, archive;
    struct buffer text;
    struct ranking_index *index;
    struct arena *arena = arena_new();

    reference->splitter = word_splitter_new();
    reference->has_archive = with_archive;
    buffer_init(&text, 1 << 20);
    random_papers(&text);
    ranked_papers(buffer_string(&text), &papers);
    buffer_clear(&text);
    random_papers(&text);
    ranked_papers(buffer_string(&text), &archive);
    index = ranking_index_new(&papers, with_archive ? &archive : NULL);
    split_papers(reference->splitter, &papers, &reference->papers);
    split_papers(reference->splitter, with_archive ? &archive : &papers, &reference->known);
    for (size_t i = 0; i < reference->known.count; i++)
        reference->known.papers[i].base = 1; /* only whether a word is there matters */
    for (size_t i = 0; i < papers.count; i++)
        tell(reference, &reference->papers.papers[i]);
    for (int i = 0; i < 4; i++) {
        struct profile profile;
        struct ranking ranking;
        struct word_list words;

        buffer_clear(&text);
        buffer_add_string(&text, "'max_papers': 500, 'interests': '");
        add_random_words(&text, 1 + random_below(30));
        buffer_add_char(&text, '\'');
        ranked_profile(buffer_string(&text), &profile);
        ranking_make(index, &profile, 0, NULL, arena, &ranking);
        word_list_init(&words);
        words_split(reference->splitter, view_of(profile.interests), &words);
        check_ranking(reference, &papers, &words, &ranking);
        word_list_free(&words);
        profile_free(&profile);
        arena_reset(arena);
    }
    free_words(&reference->papers);
    free_words(&reference->known);
    word_splitter_free(&reference->splitter);
    free(reference);
    ranking_index_free(&index);
    papers_free(&papers);
    papers_free(&archive);
    buffer_free(&text);
    arena_free(&arena);
}

static void test_interests_equal_the_rules(void **state)
{
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        random_state = round;
        run_round(round % 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interests_equal_the_rules),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
