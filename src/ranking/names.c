#include "ranking/names.h"

#include <string.h>

#include "base/utf8.h"
#include "papers/tex.h"
#include "ranking/fold.h"
#include "ranking/words.h"

enum { KIND_NAME = 'n', KIND_FAMILY = 'f', NAME_SOURCE_BYTES = 4096 };

static bool is_suffix(struct view token)
{
    static const char *const suffixes[] = {"jr", "sr", "ii", "iii", "iv"};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (view_equal_string(token, suffixes[i]))
            return true;
    return false;
}

/* "van der Waals", "al-Khwarizmi": who writes a given name writes it in front. */
static bool begins_with_particle(struct view text)
{
    static const char *const particles[] = {
        "van", "von", "vom", "de",  "der", "den", "da",  "di",  "du", "la", "le", "del", "della",
        "dos", "das", "do",  "ten", "ter", "te",  "zu",  "zum", "zur", "bin", "ibn", "al", "el",
        "af",  "av"};
    struct view word;
    size_t blank, hyphen;

    text = view_trim(text);
    blank = view_find_char(text, ' ', 0);
    hyphen = view_find_char(text, '-', 0);
    word = view_slice(text, 0, blank < hyphen ? blank : hyphen);
    for (size_t i = 0; i < sizeof(particles) / sizeof(particles[0]); i++)
        if (word.size < text.size && view_equal_string(word, particles[i]))
            return true;
    return false;
}

static bool is_initial(struct view token)
{
    int32_t codepoint;

    return token.size > 0 && utf8_decode(token, 0, &codepoint) == token.size;
}

/* "JK Müller" is "J. K. Müller": no given name does without a vowel. */
static bool is_joined_initials(struct view token)
{
    for (size_t i = 0; i < token.size; i++)
        if (token.data[i] < 'a' || token.data[i] > 'z')
            return false;
    return (token.size == 2 || token.size == 3) && !words_has_vowel(token);
}

static void part_initials(struct name *name)
{
    struct view joined = name->tokens[0];

    if (name->count < 2 || name->count + joined.size - 1 > NAME_TOKENS ||
        !is_joined_initials(joined))
        return;
    memmove(name->tokens + joined.size, name->tokens + 1,
            (name->count - 1) * sizeof(name->tokens[0]));
    for (size_t i = 0; i < joined.size; i++)
        name->tokens[i] = view_slice(joined, i, i + 1);
    name->count += joined.size - 1;
}

/* Splits the folded text at `*rest` into the name's free tokens. */
static void add_tokens(struct name *name, struct view folded)
{
    struct view token;

    while (view_next_part(&folded, ' ', &token)) {
        if (!token.size || is_suffix(token))
            continue;
        if (name->count == NAME_TOKENS)
            name->count--; /* the middle of a very long name */
        name->tokens[name->count++] = token;
    }
}

/* "van der Waals J. D.": the initials go to the front. */
static void move_initials(struct name *name)
{
    struct view tokens[NAME_TOKENS];
    size_t family = name->count;

    while (family > 1 && is_initial(name->tokens[family - 1]))
        family--;
    memcpy(tokens, name->tokens, family * sizeof(tokens[0]));
    memmove(name->tokens, name->tokens + family, (name->count - family) * sizeof(tokens[0]));
    memcpy(name->tokens + name->count - family, tokens, family * sizeof(tokens[0]));
    name->is_family = family == name->count;
}

static void rotate(struct name *name)
{
    struct view first = name->tokens[0];

    memmove(name->tokens, name->tokens + 1, (name->count - 1) * sizeof(first));
    name->tokens[name->count - 1] = first;
}

static bool is_plain(struct view text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == '\\' || text.data[i] == '\'' || (unsigned char)text.data[i] >= 0xC0)
            return false;
    return true;
}

/* Mueller, Joergensen: what those write who have no such key. 0 for any other letter. */
static char second_letter(int32_t codepoint)
{
    switch (codepoint) {
    case 0xC4: /* Ä */
    case 0xE4:
    case 0xD6: /* Ö */
    case 0xF6:
    case 0xDC: /* Ü */
    case 0xFC:
    case 0xD8: /* Ø */
    case 0xF8:
        return 'e';
    case 0xC5: /* Å */
    case 0xE5:
        return 'a';
    default:
        return 0;
    }
}

/* The second letter of an umlaut whose dots are a character of their own. */
static char second_of_dots(int32_t before, int32_t codepoint)
{
    int32_t letter = before | 32;

    return codepoint == 0x308 && (letter == 'a' || letter == 'o' || letter == 'u') ? 'e' : 0;
}

static void add_spelled(struct buffer *plain, int32_t before, int32_t codepoint, bool *spelled)
{
    char second = second_letter(codepoint);

    if (!second)
        second = second_of_dots(before, codepoint);
    if (!second)
        return;
    buffer_add_char(plain, second);
    *spelled = true;
}

/* TeX as Unicode, and O'Brien as OBrien: an apostrophe in a name parts nothing. With
 * `spelled` umlauts get their second letter (Müeller, which folds to mueller), and it is
 * set when there are any. */
static struct view made_plain(struct view text, bool *spelled, struct buffer *tex,
                              struct buffer *plain)
{
    int32_t codepoint, before = 0;

    if (is_plain(text))
        return text;
    if (view_find_char(text, '\\', 0) < text.size) {
        tex_to_unicode(utf8_prefix(text, NAME_SOURCE_BYTES), tex);
        text = buffer_view(tex);
    }
    for (size_t at = 0; at < text.size; before = codepoint) {
        at += utf8_decode(text, at, &codepoint);
        if (codepoint == '\'' || codepoint == 0x2019 || codepoint == 0x2018 || codepoint == 0x02BC)
            continue;
        utf8_add(plain, codepoint);
        if (spelled)
            add_spelled(plain, before, codepoint, spelled);
    }
    return buffer_view(plain);
}

bool name_add_spelled(struct buffer *buffer, struct view text)
{
    int32_t codepoint, before = 0;
    bool spelled = false;

    for (size_t at = 0; at < text.size; before = codepoint) {
        at += utf8_decode(text, at, &codepoint);
        utf8_add(buffer, codepoint);
        add_spelled(buffer, before, codepoint, &spelled);
    }
    return spelled;
}

/* Given names in front, the family name behind. */
static void read_tokens(struct view text, struct name *ret_name)
{
    struct buffer folded;
    struct view whole;
    size_t comma = view_find_char(text, ',', 0), end;

    buffer_init(&folded, 64 * 1024);
    if (comma < text.size)
        fold_add(&folded, view_slice(text, comma + 1, text.size));
    end = folded.size;
    buffer_add_char(&folded, ' ');
    fold_add(&folded, view_slice(text, 0, comma));
    whole = utf8_prefix(buffer_view(&folded), NAME_BYTES);
    ret_name->count = 0;
    ret_name->is_family = false;
    if (whole.size)
        memcpy(ret_name->text, whole.data, whole.size);
    whole.data = ret_name->text;
    add_tokens(ret_name, view_slice(whole, 0, end));
    add_tokens(ret_name, view_slice(whole, end, whole.size));
    buffer_free(&folded);
}

static bool is_capital(char byte)
{
    return byte >= 'A' && byte <= 'Z';
}

/* "Müller JK", as medical journals have it: capitals behind a name that is not all
 * capitals. NG is a family. */
static bool has_joined_initials_behind(struct view text, const struct name *name)
{
    struct view last = name->tokens[name->count - 1];
    bool has_small = false;

    text = view_trim(text);
    for (size_t i = 0; i < text.size; i++)
        has_small = has_small || (text.data[i] >= 'a' && text.data[i] <= 'z');
    if (!has_small || !is_joined_initials(last) || view_equal(last, VIEW("ng")) ||
        text.size <= last.size || text.data[text.size - last.size - 1] != ' ')
        return false;
    for (size_t i = text.size - last.size; i < text.size; i++)
        if (!is_capital(text.data[i]))
            return false;
    return true;
}

static void parse(struct view text, bool *spelled, struct name *ret_name)
{
    struct buffer tex, plain;
    size_t comma;
    bool has_comma;

    buffer_init(&tex, NAME_SOURCE_BYTES * TEX_GROWTH);
    buffer_init(&plain, 64 * 1024);
    text = view_slice(text, 0, view_find_char(text, '(', 0));
    text = made_plain(text, spelled, &tex, &plain);
    read_tokens(text, ret_name);
    if (ret_name->count > 1 && view_equal(ret_name->tokens[0], VIEW("the")))
        memmove(ret_name->tokens, ret_name->tokens + 1,
                --ret_name->count * sizeof(ret_name->tokens[0]));
    comma = view_find_char(text, ',', 0);
    has_comma = comma < text.size;
    ret_name->is_family = ret_name->count > 1 && has_comma &&
                          !view_trim(view_slice(text, comma + 1, text.size)).size;
    /* "Müller J": nobody's family name is one letter. */
    if (!has_comma && ret_name->count > 1 && begins_with_particle(text))
        move_initials(ret_name);
    else if (!has_comma && ret_name->count > 1 && !is_initial(ret_name->tokens[0]) &&
             is_initial(ret_name->tokens[ret_name->count - 1]))
        rotate(ret_name);
    else if (!has_comma && ret_name->count == 2 && has_joined_initials_behind(text, ret_name))
        rotate(ret_name);
    if (!ret_name->is_family)
        part_initials(ret_name);
    buffer_free(&tex);
    buffer_free(&plain);
}

void name_parse(struct view text, struct name *ret_name)
{
    parse(text, NULL, ret_name);
}

bool name_parse_spelled(struct view text, struct name *ret_name)
{
    bool spelled = false;

    if (!is_plain(text)) /* most names are */
        parse(text, &spelled, ret_name);
    return spelled;
}

static bool token_matches(struct view a, struct view b)
{
    if (is_initial(a))
        return view_starts_with(b, a);
    if (is_initial(b))
        return view_starts_with(a, b);
    return view_equal(a, b);
}

/* Every middle name of the shorter list has its match in the longer one, in order. */
static bool middle_matches(const struct name *shorter, const struct name *longer)
{
    size_t at = 1;

    for (size_t i = 1; i + 1 < shorter->count; i++) {
        while (at + 1 < longer->count && !token_matches(shorter->tokens[i], longer->tokens[at]))
            at++;
        if (at + 1 >= longer->count)
            return false;
        at++;
    }
    return true;
}

/* The next byte of the given names, read on over the gaps between them. */
static int next_given(const struct name *name, size_t *token, size_t *at)
{
    while (*token + 1 < name->count && *at == name->tokens[*token].size) {
        (*token)++;
        *at = 0;
    }
    return *token + 1 < name->count ? (unsigned char)name->tokens[*token].data[(*at)++] : -1;
}

/* "Xiao-Ming" is "Xiaoming". */
static bool same_given(const struct name *a, const struct name *b)
{
    size_t a_token = 0, a_at = 0, b_token = 0, b_at = 0;
    int byte;

    do {
        byte = next_given(a, &a_token, &a_at);
        if (byte != next_given(b, &b_token, &b_at))
            return false;
    } while (byte >= 0);
    return true;
}

static bool ends_with(const struct name *author, const struct name *family)
{
    if (author->count < family->count)
        return false;
    for (size_t i = 1; i <= family->count; i++)
        if (!view_equal(author->tokens[author->count - i], family->tokens[family->count - i]))
            return false;
    return true;
}

bool name_matches(const struct name *wanted, const struct name *author)
{
    if (!wanted->count || !author->count ||
        !view_equal(wanted->tokens[wanted->count - 1], author->tokens[author->count - 1]))
        return false;
    if (wanted->count == 1)
        return true;
    if (wanted->is_family)
        return ends_with(author, wanted);
    if (author->count > 1 && same_given(wanted, author))
        return true;
    if (author->count == 1 || !token_matches(wanted->tokens[0], author->tokens[0]))
        return false;
    return wanted->count <= author->count ? middle_matches(wanted, author)
                                          : middle_matches(author, wanted);
}

uint64_t name_family_term(const struct name *name)
{
    return name->count ? words_hash(KIND_FAMILY, name->tokens[name->count - 1]) : 0;
}

uint64_t name_term(const struct name *name)
{
    int32_t codepoint;
    size_t size;

    if (name->count < 2)
        return 0;
    size = utf8_decode(name->tokens[0], 0, &codepoint);
    return words_pair(words_hash(KIND_NAME, view_slice(name->tokens[0], 0, size)),
                      name_family_term(name));
}

uint64_t name_lookup_term(const struct name *wanted)
{
    return wanted->count > 1 && !wanted->is_family ? name_term(wanted) : name_family_term(wanted);
}
