#include "ranking/fold.h"

#include <utf8proc.h>

#include "base/utf8.h"

struct range {
    int32_t first;
    int32_t last;
};

static bool in_ranges(int32_t codepoint, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codepoint >= ranges[i].first && codepoint <= ranges[i].last)
            return true;
    return false;
}

/* Marks that a reader may leave out. Vowel signs of Indic scripts are marks
 * too, but part of the word. */
static bool is_accent(int32_t codepoint)
{
    static const struct range ranges[] = {
        {0x0300, 0x036F}, {0x0591, 0x05BD}, {0x05BF, 0x05BF}, {0x05C1, 0x05C2},
        {0x05C4, 0x05C5}, {0x05C7, 0x05C7}, {0x0640, 0x0640}, {0x064B, 0x0652},
        {0x0670, 0x0670}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x20D0, 0x20FF},
        {0xFE20, 0xFE2F},
    };

    return in_ranges(codepoint, ranges, sizeof(ranges) / sizeof(ranges[0]));
}

/* Ranges of decomposed text: Hangul comes as jamo here. */
static bool is_cjk(int32_t codepoint)
{
    static const struct range ranges[] = {
        {0x1100, 0x115F}, {0x3005, 0x3007}, {0x3021, 0x3029}, {0x3040, 0x30FF},
        {0x31F0, 0x31FF}, {0x3400, 0x4DBF}, {0x4E00, 0x9FFF}, {0xA960, 0xA97F},
        {0x20000, 0x3FFFF},
    };

    return in_ranges(codepoint, ranges, sizeof(ranges) / sizeof(ranges[0]));
}

static bool is_cjk_mark(int32_t codepoint)
{
    return codepoint == 0x3099 || codepoint == 0x309A ||
           (codepoint >= 0x1160 && codepoint <= 0x11FF) ||
           (codepoint >= 0xD7B0 && codepoint <= 0xD7FF);
}

static enum fold_kind kind_of(int32_t codepoint)
{
    if (codepoint == 0x02BC) /* an apostrophe, though Unicode calls it a letter */
        return FOLD_SEPARATOR;
    if (is_accent(codepoint))
        return FOLD_NOTHING;
    if (is_cjk_mark(codepoint))
        return FOLD_CJK_MARK;
    switch (utf8proc_category(codepoint)) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
        return is_cjk(codepoint) ? FOLD_CJK : FOLD_LETTER;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
        return is_cjk(codepoint) ? FOLD_CJK : FOLD_DIGIT;
    case UTF8PROC_CATEGORY_CF: /* soft hyphen, joiners */
        return FOLD_NOTHING;
    default:
        return FOLD_SEPARATOR;
    }
}

static void add(struct fold *fold, int32_t codepoint, enum fold_kind kind)
{
    if (kind == FOLD_NOTHING || fold->count == FOLD_CHARACTERS)
        return;
    fold->characters[fold->count].codepoint = codepoint;
    fold->characters[fold->count].kind = kind;
    fold->count++;
}

/* Letters with a stroke and the like have no decomposition in Unicode, but
 * people type them without: Søgaard, Łukasz, Đorđe. */
static bool add_plain_letters(struct fold *fold, int32_t codepoint)
{
    static const struct {
        int32_t codepoint;
        char plain[3];
    } table[] = {
        {0xE6, "ae"}, {0xF0, "d"},  {0xF8, "o"},   {0xFE, "th"}, {0x111, "d"}, {0x127, "h"},
        {0x131, "i"}, {0x142, "l"}, {0x153, "oe"}, {0x167, "t"}, {0x180, "b"}, {0x268, "i"},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (table[i].codepoint != codepoint)
            continue;
        for (const char *letter = table[i].plain; *letter; letter++)
            add(fold, *letter, FOLD_LETTER);
        return true;
    }
    return false;
}

static void fold_unicode(struct fold *fold)
{
    utf8proc_int32_t decomposed[FOLD_CHARACTERS];
    utf8proc_ssize_t count =
        utf8proc_decompose_char(fold->source, decomposed, FOLD_CHARACTERS,
                                UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD |
                                    UTF8PROC_IGNORE,
                                NULL);
    utf8proc_category_t category = utf8proc_category(fold->source);

    fold->is_upper = category == UTF8PROC_CATEGORY_LU || category == UTF8PROC_CATEGORY_LT;
    for (utf8proc_ssize_t i = 0; i < count && i < FOLD_CHARACTERS; i++)
        if (!add_plain_letters(fold, decomposed[i]))
            add(fold, decomposed[i], kind_of(decomposed[i]));
}

void fold_at(struct view text, size_t at, struct fold *ret_fold)
{
    unsigned char byte = (unsigned char)text.data[at];

    ret_fold->count = 0;
    ret_fold->is_upper = false;
    if (byte >= 0x80) {
        ret_fold->bytes = utf8_decode(text, at, &ret_fold->source);
        fold_unicode(ret_fold);
        return;
    }
    ret_fold->source = byte;
    ret_fold->bytes = 1;
    if (byte >= 'a' && byte <= 'z') {
        add(ret_fold, byte, FOLD_LETTER);
    } else if (byte >= 'A' && byte <= 'Z') {
        ret_fold->is_upper = true;
        add(ret_fold, byte + ('a' - 'A'), FOLD_LETTER);
    } else {
        add(ret_fold, byte, byte >= '0' && byte <= '9' ? FOLD_DIGIT : FOLD_SEPARATOR);
    }
}

void fold_add(struct buffer *buffer, struct view text)
{
    struct fold fold;
    bool gap = false;
    size_t start = buffer->size;

    for (size_t at = 0; at < text.size; at += fold.bytes) {
        fold_at(text, at, &fold);
        for (size_t i = 0; i < fold.count; i++) {
            if (fold.characters[i].kind == FOLD_SEPARATOR) {
                gap = buffer->size > start;
                continue;
            }
            if (gap)
                buffer_add_char(buffer, ' ');
            gap = false;
            utf8_add(buffer, fold.characters[i].codepoint);
        }
    }
}
