/* The plural rules of CLDR 44 for whole numbers, of the languages that
 * catalogues are likely to be in; any other has "one" for 1 and else "other". */
#include <string.h>

#include "digest/words.h"

#include "base/ascii.h"

enum { LANGUAGE_BYTES = 16 };

enum rule { RULE_ONE, RULE_NONE, RULE_ZERO_ONE, RULE_EAST_SLAVIC, RULE_SOUTH_SLAVIC, RULE_POLISH,
            RULE_CZECH, RULE_ROMANIAN, RULE_LITHUANIAN, RULE_LATVIAN, RULE_SLOVENE, RULE_ARABIC,
            RULE_HEBREW };

static const struct {
    enum rule rule;
    const char *languages; /* each between blanks */
} rules[] = {
    {RULE_NONE, " id ja ko lo ms my th vi zh yue "},
    {RULE_ZERO_ONE, " am as bn fa fr gu hi hy kn pt zu "},
    {RULE_EAST_SLAVIC, " be ru uk "},
    {RULE_SOUTH_SLAVIC, " bs hr sh sr "},
    {RULE_POLISH, " pl "},
    {RULE_CZECH, " cs sk "},
    {RULE_ROMANIAN, " mo ro "},
    {RULE_LITHUANIAN, " lt "},
    {RULE_LATVIAN, " lv "},
    {RULE_SLOVENE, " sl "},
    {RULE_ARABIC, " ar "},
    {RULE_HEBREW, " he iw "},
};

static enum rule rule_of(const char *language)
{
    char name[LANGUAGE_BYTES] = " ";
    size_t size = 1;

    for (; *language && *language != '-' && *language != '_' && size + 2 < sizeof(name); language++)
        name[size++] = ascii_lower(*language);
    name[size] = ' ';
    for (size_t i = 0; size > 1 && i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strstr(rules[i].languages, name))
            return rules[i].rule;
    return RULE_ONE;
}

static bool between(long number, long low, long high)
{
    return number >= low && number <= high;
}

/* "few" of the Slavic languages: 2-4, 22-24, … but not 12-14. */
static bool is_slavic_few(long count)
{
    return between(count % 10, 2, 4) && !between(count % 100, 12, 14);
}

static bool is_slavic_one(long count)
{
    return count % 10 == 1 && count % 100 != 11;
}

static const char *baltic(enum rule rule, long count)
{
    bool teen = between(count % 100, 11, 19);

    if (rule == RULE_LATVIAN)
        return count % 10 == 0 || teen ? "zero" : is_slavic_one(count) ? "one" : "other";
    if (count % 10 == 1 && !teen)
        return "one";
    return between(count % 10, 2, 9) && !teen ? "few" : "other";
}

static const char *arabic(long count)
{
    if (count < 3)
        return count == 0 ? "zero" : count == 1 ? "one" : "two";
    if (between(count % 100, 3, 10))
        return "few";
    return count % 100 >= 11 ? "many" : "other";
}

const char *plural_category(const char *language, long count)
{
    enum rule rule = rule_of(language);

    switch (rule) {
    case RULE_NONE:
        return "other";
    case RULE_ZERO_ONE:
        return count <= 1 ? "one" : "other";
    case RULE_EAST_SLAVIC:
        return is_slavic_one(count) ? "one" : is_slavic_few(count) ? "few" : "many";
    case RULE_SOUTH_SLAVIC:
        return is_slavic_one(count) ? "one" : is_slavic_few(count) ? "few" : "other";
    case RULE_POLISH:
        return count == 1 ? "one" : is_slavic_few(count) ? "few" : "many";
    case RULE_CZECH:
        return count == 1 ? "one" : between(count, 2, 4) ? "few" : "other";
    case RULE_ROMANIAN:
        if (count == 1)
            return "one";
        return count == 0 || between(count % 100, 1, 19) ? "few" : "other";
    case RULE_LITHUANIAN:
    case RULE_LATVIAN:
        return baltic(rule, count);
    case RULE_SLOVENE:
        if (count % 100 == 1)
            return "one";
        return count % 100 == 2 ? "two" : between(count % 100, 3, 4) ? "few" : "other";
    case RULE_ARABIC:
        return arabic(count);
    case RULE_HEBREW:
        return count == 1 ? "one" : count == 2 ? "two" : "other";
    case RULE_ONE:
        break;
    }
    return count == 1 ? "one" : "other";
}
