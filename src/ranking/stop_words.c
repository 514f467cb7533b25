#include <stdlib.h>
#include <string.h>

#include "ranking/words.h"

/* Sorted, for bsearch: function words, left-overs of split contractions (don,
 * t), and the words of asking. */
static const char *const stop_words[] = {
    "a", "about", "above", "according", "across", "actually", "after", "again", "against",
    "all", "almost", "along", "already", "also", "although", "always", "am", "among", "amongst",
    "an", "and", "another", "any", "anybody", "anyone", "anything", "anywhere", "apart", "are",
    "around", "article", "articles", "as", "aside", "at", "available", "away", "be", "became",
    "because", "become", "becomes", "been", "before", "being", "below", "beside", "besides",
    "between", "beyond", "both", "but", "by", "came", "can", "cannot", "certain", "clearly",
    "come", "comes", "concerning", "consider", "considered", "corresponding", "could", "couldn",
    "d", "dealing", "deals", "describe", "described", "describes", "describing", "desire",
    "desired", "despite", "did", "didn", "different", "discuss", "discussed", "discusses",
    "discussing", "discussion", "do", "does", "doesn", "doing", "don", "done", "down", "during",
    "e", "each", "else", "elsewhere", "enough", "entirely", "especially", "etc", "even", "ever",
    "every", "everybody", "everyone", "everything", "everywhere", "exactly", "exist", "exists",
    "far", "few", "find", "for", "found", "from", "further", "g", "gave", "get", "gets",
    "getting", "give", "given", "gives", "giving", "go", "goes", "going", "gone", "got", "had",
    "has", "hasn", "have", "haven", "having", "he", "hence", "her", "here", "hereby", "herein",
    "hers", "herself", "him", "himself", "his", "how", "however", "i", "if", "in", "including",
    "indeed", "instead", "interest", "interested", "interesting", "interests", "into", "is",
    "isn", "it", "its", "itself", "just", "keep", "keeps", "kept", "kind", "kinds", "know",
    "known", "knows", "largely", "latter", "least", "less", "let", "lets", "like", "likely",
    "ll", "look", "looking", "m", "made", "mainly", "make", "makes", "making", "many", "may",
    "maybe", "me", "meanwhile", "mention", "mentioned", "mentions", "merely", "might", "mine",
    "more", "most", "much", "must", "my", "myself", "namely", "nearly", "need", "needed",
    "needs", "neither", "never", "nevertheless", "no", "nobody", "none", "nonetheless", "nor",
    "not", "nothing", "now", "nowhere", "obtain", "obtained", "obtaining", "obviously", "of",
    "off", "often", "oh", "okay", "on", "once", "one", "ones", "only", "or", "other",
    "otherwise", "ought", "our", "ours", "ourselves", "out", "over", "own", "paper", "papers",
    "particular", "particularly", "per", "perhaps", "please", "possible", "presented",
    "presents", "presumably", "probably", "provide", "provided", "provides", "providing",
    "publication", "publications", "quite", "rather", "re", "read", "really", "reasonably",
    "regarding", "regards", "related", "relating", "relevant", "respectively", "s", "said",
    "same", "say", "saying", "says", "see", "seem", "seemed", "seeming", "seems", "seen",
    "several", "shall", "she", "shed", "should", "shouldn", "since", "so", "some", "somebody",
    "somehow", "someone", "something", "sometimes", "somewhat", "soon", "sort", "sorts",
    "still", "such", "sure", "t", "take", "taken", "takes", "taking", "tell", "tends", "than",
    "that", "the", "their", "theirs", "them", "themselves", "then", "there", "thereby",
    "therefore", "therein", "thereof", "these", "they", "thing", "things", "this", "those",
    "though", "through", "thus", "to", "together", "too", "took", "topic", "topics", "toward",
    "towards", "tried", "tries", "truly", "try", "trying", "two", "under", "unless", "unlikely",
    "until", "up", "upon", "us", "use", "used", "useful", "uses", "using", "usually", "various",
    "ve", "very", "via", "want", "wanted", "wants", "was", "wasn", "way", "ways", "we", "well",
    "went", "were", "weren", "what", "whatever", "when", "whenever", "where", "whereas",
    "whereby", "wherein", "wherever", "whether", "which", "whichever", "while", "who",
    "whoever", "whole", "whom", "whose", "why", "will", "willing", "wish", "with", "within",
    "without", "won", "wonder", "would", "wouldn", "written", "wrote", "yes", "yet", "you",
    "your", "yours", "yourself",
};

static int compare_word(const void *key, const void *element)
{
    const struct view *folded = key;
    const char *word = *(const char *const *)element;

    /* Nearly always decided by the first letters: no call is worth it. */
    for (size_t i = 0; i < folded->size; i++)
        if (!word[i] || folded->data[i] != word[i])
            return (unsigned char)folded->data[i] < (unsigned char)word[i] ? -1 : 1;
    return word[folded->size] ? -1 : 0;
}

bool words_is_stop(struct view folded)
{
    return bsearch(&folded, stop_words, sizeof(stop_words) / sizeof(stop_words[0]),
                   sizeof(stop_words[0]), compare_word) != NULL;
}
