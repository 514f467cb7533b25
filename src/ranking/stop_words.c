#include <stdlib.h>
#include <string.h>

#include "ranking/words.h"

/* Sorted, for bsearch: function words, left-overs of split contractions (don,
 * t), and the words of asking. */
static const char *const stop_words[] = {
    "a", "about", "above", "after", "again", "against", "all", "also", "am", "among", "an", "and",
    "any", "anything", "are", "article", "articles", "as", "at", "be", "because", "been",
    "before", "being", "below", "between", "both", "but", "by", "can", "cannot", "concerning",
    "could", "d", "dealing", "deals", "did", "do", "does", "doing", "don", "down", "during",
    "e", "each", "especially", "etc", "few", "find", "for", "from", "further", "g", "give",
    "had", "has", "have", "having", "he", "her", "here", "hers", "him", "his", "how", "i",
    "if", "in", "including", "interest", "interested", "interesting", "interests", "into", "is",
    "it", "its", "just", "like", "ll", "looking", "m", "mainly", "may", "me", "might", "more",
    "most", "must", "my", "no", "nor", "not", "now", "of", "off", "on", "once", "only", "or",
    "other", "our", "out", "over", "own", "paper", "papers", "particular", "particularly",
    "please", "publication", "publications", "re", "read", "regarding", "related", "relating",
    "relevant", "s", "same", "see", "shall", "she", "should", "so", "some", "something", "such",
    "t", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
    "those", "through", "to", "too", "topic", "topics", "under", "until", "up", "upon", "us",
    "ve", "very", "via", "want", "was", "we", "were", "what", "when", "where", "whether", "which",
    "while", "who", "whom", "whose", "why", "will", "with", "within", "without", "would", "you",
    "your",
};

static int compare_word(const void *key, const void *element)
{
    const struct view *folded = key;

    return view_compare(*folded, view_of(*(const char *const *)element));
}

bool words_is_stop(struct view folded)
{
    return bsearch(&folded, stop_words, sizeof(stop_words) / sizeof(stop_words[0]),
                   sizeof(stop_words[0]), compare_word) != NULL;
}
