/* `scoring: relevance`: which papers are listed, in what order and why. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "unit/data.h"
#include "unit/ranked.h"

#define AUTHORS_PAPERS                                                                            \
    "1|net|x|Ann Doe;J\xC3\xBCrgen M\xC3\xBCller\n2|net net|net|Bob Roe\n3|other|y|M\xC3\xBCller, J"

static const struct {
    const char *name;
    const char *papers;
    const char *profile;
    const char *want;
} cases[] = {
    {"what nothing hits is not listed", "1|a|b\n2|net|b", "'keywords': ['net']", "2:net"},
    {"the title counts more", "1|a|net\n2|net|a", "'keywords': ['net']", "2:net 1:net"},
    {"ties in feed order", "3|net|\n1|net|\n2|net|", "'keywords': ['net']", "3:net 1:net 2:net"},
    {"two keywords beat one", "1|net|x\n2|net|gpu", "'keywords': ['gpu', 'net']", "2:net,gpu 1:net"},
    {"the subscriber's weight", "1|gpu|\n2|net|", "'keywords': ['gpu', {'term': 'net', 'weight': 3}]",
     "2:net 1:gpu"},
    {"rare before common", "1|net|\n2|net|\n3|gpu|\n4|net|", "'keywords': ['gpu', 'net']",
     "3:gpu 1:net 2:net 4:net"},
    {"title only", "1|a|net\n2|net|a", "'keywords': [{'term': 'net', 'field': 'title'}]", "2:net"},
    {"abstract only", "1|net|b\n2|b|net\n3|net|net",
     "'keywords': [{'term': 'net', 'field': 'abstract'}]", "2:net 3:net"},
    {"a phrase does not run from title to abstract", "1|deep|learning\n2|deep learning|x",
     "'keywords': ['deep learning']", "2:deep learning"},
    {"one keyword in two spellings is one", "1|KV-cache|x", "'keywords': ['kv cache', 'KV-cache', 'KV caches']",
     "1:kv cache"},
    {"one word that others write as two", "1|a data set|\n2|data-sets|\n3|datasets|\n4|data in sets|",
     "'keywords': ['dataset']", "3:dataset 2:dataset 1:dataset"},
    {"two words that others write as one", "1|multiagent systems|\n2|multi agent system|\n3|agent systems|",
     "'keywords': ['multi agent systems']", "1:multi agent systems 2:multi agent systems"},
    {"one in a phrase that others write as two", "1|a big data set|\n2|big datasets|\n3|big data|",
     "'keywords': ['big dataset']", "2:big dataset 1:big dataset"},
    {"function words make no compound", "1|galaxies in formation|\n2|information|",
     "'keywords': ['information']", "2:information"},
    {"joined and parted are one keyword", "1|KV cache|\n2|kvcache|",
     "'keywords': ['kvcache', 'KV cache']", "2:kvcache 1:kvcache"},
    {"all required ones", "1|net gpu|\n2|net|\n3|net gpu tpu|",
     "'keywords': ['net'], 'required_keywords': ['gpu', 'TPU']", "3:TPU,gpu,net"},
    {"required twice is once", "1|net|", "'required_keywords': ['net', 'Nets']", "1:net"},
    {"bonus raises and does not list", "1|net|\n2|net|fast\n3|fast|",
     "'keywords': ['net'], 'bonus_keywords': ['fast']", "2:net,fast 1:net"},
    {"bonus alone lists", "1|net|\n2|fast|", "'bonus_keywords': ['fast']", "2:fast"},
    {"excluded words, not substrings", "1|net|survey\n2|net|surveyor\n3|net|Surveys",
     "'keywords': ['net'], 'exclude_keywords': ['survey']", "2:net"},
    {"excluded phrase", "1|net|case study\n2|net|study of a case",
     "'keywords': ['net'], 'exclude_keywords': ['case study']", "2:net"},
    {"followed: on top without a hit", AUTHORS_PAPERS,
     "'keywords': ['net'], 'authors': {'follow': ['M\xC3\xBCller, J']}",
     "1:M\xC3\xBCller, J,net 3:M\xC3\xBCller, J 2:net"},
    {"followed whatever min_score", AUTHORS_PAPERS,
     "'keywords': ['net'], 'min_score': 90, 'authors': {'follow': ['J. Muller']}",
     "1:J. Muller,net 3:J. Muller"},
    {"followed, but excluded", AUTHORS_PAPERS,
     "'keywords': ['net'], 'exclude_keywords': ['x'], 'authors': {'follow': ['J. Muller']}",
     "3:J. Muller 2:net"},
    {"preferred raises", "1|net|x|A. Doe\n2|net|x|B. Roe\n3|x|y|B. Roe",
     "'keywords': ['net'], 'authors': {'prefer': ['Bob Roe']}", "2:net,Bob Roe 1:net"},
    {"excluded author", AUTHORS_PAPERS,
     "'keywords': ['net', 'other'], 'authors': {'exclude': ['Muller, J.']}", "2:net"},
    {"umlauts spelled out on either side",
     "1|a||J\xC3\xBCrgen M\xC3\xBCller\n2|b||J. Mueller\n3|c||Juergen Mu\xCC\x88ller\n"
     "4|d||J. M\\\"uller\n5|e||J. Muller\n6|f||K. Mueller",
     "'authors': {'follow': ['J\xC3\xBCrgen M\xC3\xBCller']}",
     "1:J\xC3\xBCrgen M\xC3\xBCller 2:J\xC3\xBCrgen M\xC3\xBCller 3:J\xC3\xBCrgen M\xC3\xBCller "
     "4:J\xC3\xBCrgen M\xC3\xBCller 5:J\xC3\xBCrgen M\xC3\xBCller"},
    {"letters are not put together to umlauts",
     "1|a||J\xC3\xBCrgen M\xC3\xBCller\n2|b||J. Mueller\n3|c||J. Muller\n4|d||J. J\xC3\xB8rgensen\n"
     "5|e||Y. Xu",
     "'authors': {'follow': ['Juergen Mueller', 'Joergensen', 'Y. Xue']}",
     "1:Juergen Mueller 2:Juergen Mueller 4:Joergensen"},
    {"categories, any of the paper's", "1|net||| cs.LG\n2|net|||math.ST,cs.LG\n3|net|||cs.DC\n4|net|",
     "'keywords': ['net'], 'categories': ['cs.LG']", "2:net"},
    {"an archive is all its categories", "1|net|||cs.LG\n2|net|||math.ST\n3|net|||csx.A\n4|net|||hep-th",
     "'keywords': ['net'], 'categories': ['cs', 'hep-th']", "1:net 4:net"},
    {"announce types", "1|net||||new\n2|net||||cross\n3|net||||replace\n4|net||||replace-cross",
     "'keywords': ['net'], 'announce_types': ['cross', 'replace']", "2:net 3:net"},
    {"abstract length in characters", "1|net|\xC3\xA9\xC3\xA9\xC3\xA9\n2|net|eeee\n3|net|eeeeee",
     "'keywords': ['net'], 'abstract': {'min_length': 4, 'max_length': 5}", "2:net"},
    {"plain: feed order", "2|b|\n1|a|\n3|c||||replace", "", "2 1"},
    {"plain keeps its rules", "2|b||A. Doe\n1|a|\n3|survey|\n4|d|||cs.LG",
     "'exclude_keywords': ['survey'], 'min_score': 50, 'authors': {'exclude': ['A. Doe']}", "1 4"},
    {"interests without their small words", "1|the of|about\n2|pruning|the\n3|sparse pruning|x",
     "'interests': 'I am interested in papers about sparse pruning'",
     "3:sparse,pruning,sparse pruning 2:pruning"},
    {"interests of signs", "1|the of|about", "'interests': '?! ... \xCC\x81 ,'", ""},
    {"interests in two scripts", "1|\xE5\xA4\xA7GPT\xE6\xA8\xA1\xE5\x9E\x8B|\n2|x|nets",
     "'interests': 'GPT\xE6\xA8\xA1\xE5\x9E\x8B nets'",
     "1:GPT,\xE6\xA8\xA1\xE5\x9E\x8B,GPT\xE6\xA8\xA1\xE5\x9E\x8B 2:nets"},
    {"interests that no paper has", "1|sparse nets|\n2|oceans|", "'interests': 'galaxies'", ""},
    {"interests of nothing", "1|the of|about", "'interests': 'about the papers'", ""},
    {"a keyword counts more than a word of the interests", "1|gpu|x\n2|net|x",
     "'keywords': ['net'], 'interests': 'gpu'", "2:net 1:gpu"},
    {"a keyword of a stop word is a word", "1|the art|\n2|other|", "'keywords': ['the']", "1:the"},
    {"liked papers are known and lead to others", "1|pruning sparse nets|\n2|oceans|\n3|sparse pruning|",
     "'liked': ['1']", "3:pruning,sparse"},
    {"liked papers that are not there", "1|net|", "'keywords': ['net'], 'liked': ['7']", "1:net"},
    {"disliked papers are known and lower others",
     "1|net oceans|\n2|net waves|\n3|net trees|\n4|oceans waves|",
     "'keywords': ['net'], 'disliked': ['4']", "3:net 1:net 2:net"},
    {"scripts side by side", "1|\xD0\x9D\xD0\x9B\xD0\x9F and NLP|\n2|nlp|\n3|x|",
     "'keywords': ['\xD0\xBD\xD0\xBB\xD0\xBF', 'NLP']", "1:\xD0\xBD\xD0\xBB\xD0\xBF,NLP 2:NLP"},
    {"no papers", "", "'keywords': ['net']", ""},
};

static void test_lists(void **state)
{
    struct buffer got;

    (void)state;
    buffer_init(&got, 4096);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buffer_clear(&got);
        ranked_list(cases[i].papers, NULL, cases[i].profile, 0, &got);
        if (strcmp(buffer_string(&got), cases[i].want) != 0)
            fail_msg("%s: got \"%s\", want \"%s\"", cases[i].name, buffer_string(&got),
                     cases[i].want);
    }
    buffer_free(&got);
}

/* The score of the first paper. */
static double score_of(const char *papers_text, const char *archive_text, const char *json)
{
    struct papers papers, archive = {0};
    struct profile profile;
    struct ranking_index *index;
    struct ranking ranking;
    struct arena *arena = arena_new();
    double score = 0;

    ranked_papers(papers_text, &papers);
    if (archive_text)
        ranked_papers(archive_text, &archive);
    ranked_profile(json, &profile);
    index = ranking_index_new(&papers, archive_text ? &archive : NULL);
    ranking_make(index, &profile, 0, NULL, arena, &ranking);
    if (ranking.count)
        score = ranking.items[0].score;
    ranking_index_free(&index);
    profile_free(&profile);
    papers_free(&papers);
    if (archive_text)
        papers_free(&archive);
    arena_free(&arena);
    return score;
}

/* What a score means does not depend on what else the profile asks for. */
static void test_scores_keep_their_meaning(void **state)
{
    const char *papers = "1|net|some words here\n2|other|more words there";
    double alone = score_of(papers, NULL, "'keywords': ['net']");
    double among = score_of(papers, NULL,
                            "'keywords': ['gpu', 'net', 'kernel fusion', 'tpu', 'prefill']");
    double heavy = score_of(papers, NULL, "'keywords': [{'term': 'net', 'weight': 100}]");

    (void)state;
    assert_true(alone > 20 && alone < 60);
    assert_true(fabs(alone - among) < 1e-9);
    assert_true(heavy > 95 && heavy <= 100);
}

/* One hit of many words is no more than one of few: feedback has no say in it. */
static void test_long_interests_score_less(void **state)
{
    const char *papers = "1|w1|x\n2|w2|x\n3|w3|x\n4|other|x";
    struct buffer json;
    double shorter, longer;

    (void)state;
    buffer_init(&json, 8192);
    shorter = score_of(papers, NULL, "'interests': 'w1 w2 w3'");
    buffer_add_string(&json, "'interests': '");
    for (int i = 1; i < 600; i++)
        buffer_printf(&json, "w%d ", i);
    buffer_add_string(&json, "'");
    longer = score_of(papers, NULL, buffer_string(&json));
    assert_true(longer > 1 && longer < shorter && shorter < 50);
    buffer_free(&json);
}

static void test_archive_decides_rarity(void **state)
{
    const char *papers = "1|net|\n2|gpu|";
    struct buffer got;

    (void)state;
    buffer_init(&got, 256);
    ranked_list(papers, "a|net|\nb|net|\nc|net gpu|", "'keywords': ['net', 'gpu']", 0, &got);
    assert_string_equal(buffer_string(&got), "2:gpu 1:net");
    buffer_clear(&got);
    ranked_list(papers, "a|gpu|\nb|gpu|\nc|net gpu|", "'keywords': ['net', 'gpu']", 0, &got);
    assert_string_equal(buffer_string(&got), "1:net 2:gpu");
    buffer_clear(&got);
    /* A liked paper may have come on an earlier day. */
    ranked_list(papers, "a|gpu kernels|\nb|net|", "'liked': ['a']", 0, &got);
    assert_string_equal(buffer_string(&got), "2:gpu");
    buffer_free(&got);
}

static void test_skip_and_top(void **state)
{
    struct papers papers;
    struct profile profile;
    struct ranking_index *index;
    struct ranking ranking;
    struct arena *arena = arena_new();
    const unsigned char skip[4] = {0, 1, 0, 0};

    (void)state;
    ranked_papers("1|net|\n2|net net|net\n3|net|x\n4|net|y", &papers);
    ranked_profile("'keywords': ['net'], 'max_papers': 2", &profile);
    index = ranking_index_new(&papers, NULL);
    assert_ptr_equal(ranking_index_papers(index), &papers);
    ranking_make(index, &profile, 0, skip, arena, &ranking);
    assert_int_equal(ranking.count, 2);
    assert_ptr_equal(ranking.items[0].paper, &papers.items[0]);
    assert_ptr_equal(ranking.items[1].paper, &papers.items[2]);
    ranking_make(index, &profile, 9, skip, arena, &ranking);
    assert_int_equal(ranking.count, 3);
    ranking_make(index, &profile, 1, NULL, arena, &ranking);
    assert_int_equal(ranking.count, 1);
    assert_string_equal(reason_field_name(ranking.items[0].reasons[0].field), "title");
    ranking_index_free(&index);
    assert_null(index);
    ranking_index_free(&index);
    profile_free(&profile);
    papers_free(&papers);
    arena_free(&arena);
}

/* The worst that the limits of profile and feed let through. */
static void test_large_input(void **state)
{
    struct buffer papers, profile, got;

    (void)state;
    buffer_init(&papers, 4 << 20);
    buffer_init(&profile, 4 << 20);
    buffer_init(&got, 4 << 20);
    buffer_add_string(&papers, "1|net|");
    while (papers.size < 1 << 20)
        buffer_add_string(&papers, "Lorem ipsum-dolor \xC3\xA9t\xC3\xA9 KV-cache 3.5 ");
    buffer_add_string(&papers, "\n2|net|x");
    buffer_add_string(&profile, "'keywords': [");
    for (int i = 0; i < 1000; i++)
        buffer_printf(&profile, "%s{'term': 'word%d kv cache of net-%d', 'weight': 100}",
                      i ? ", " : "", i, i);
    buffer_add_string(&profile, "], 'bonus_keywords': ['kv cache'], 'interests': 'net'");
    ranked_list(buffer_string(&papers), NULL, buffer_string(&profile), 0, &got);
    assert_string_equal(buffer_string(&got), "1:kv cache,net 2:net");
    buffer_free(&papers);
    buffer_free(&profile);
    buffer_free(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_scores_keep_their_meaning),
        cmocka_unit_test(test_long_interests_score_less),
        cmocka_unit_test(test_archive_decides_rarity),
        cmocka_unit_test(test_skip_and_top),
        cmocka_unit_test(test_large_input),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
