/* What the keys of late.h are for one digest, but for lists. Says the same as context.c. */
#include <math.h>
#include <stdio.h>

#include "digest/assembly.h"
#include "digest/context.h"

static const struct reason *current_reason(const struct assembly *assembly)
{
    return &assembly->ranked->reasons[assembly->places[SCOPE_REASON].at];
}

static bool is_first(const struct assembly *assembly, enum late_scope scope)
{
    return assembly->places[scope].at == 0;
}

static bool is_last(const struct assembly *assembly, enum late_scope scope)
{
    return assembly->places[scope].at + 1 == assembly->places[scope].count;
}

/* ---- numbers ---- */

struct view number_text(unsigned long long number, char room[MUSTACHE_NUMBER_BYTES])
{
    char *end = room + MUSTACHE_NUMBER_BYTES, *at = end;

    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number);
    return (struct view){at, (size_t)(end - at)};
}

/* As round(3) has it. */
static unsigned long long tenths_of(double score)
{
    double times = score * 10;
    unsigned long long whole;

    if (!(times >= 0.5))
        return 0;
    whole = (unsigned long long)times;
    return whole + (times - (double)whole >= 0.5);
}

/* A score has one decimal: what is shown is the number of tenths with a point. */
struct view score_text(double score, char room[MUSTACHE_NUMBER_BYTES])
{
    unsigned long long number;
    struct view text;

    if (!(score < 1e12)) {
        double shown = context_score(score);

        return (struct view){room, shown > 0 ? mustache_format_real(shown, room) : 0};
    }
    number = tenths_of(score);
    if (!number)
        return (struct view){NULL, 0};
    if (number % 10 == 0)
        return number_text(number / 10, room);
    text = number_text(number / 10, room);
    /* The digits move by two, to make room behind them. */
    memmove(room, text.data, text.size);
    room[text.size] = '.';
    room[text.size + 1] = (char)('0' + number % 10);
    return (struct view){room, text.size + 2};
}

/* As "%3zu.". */
struct view rank_column(struct assembly *assembly)
{
    struct view text = number_text(assembly->rank + 1, assembly->number);
    char *at = assembly->number;
    size_t blanks = text.size < 3 ? 3 - text.size : 0;

    memmove(at + blanks, text.data, text.size);
    memset(at, ' ', blanks);
    at[blanks + text.size] = '.';
    return (struct view){at, blanks + text.size + 1};
}

/* ---- texts of the whole digest ---- */

static struct view unsubscribe_link(struct assembly *assembly)
{
    const struct digest *digest = assembly->digest;

    if (digest->unsubscribe_url || digest->unsubscribe_mailto)
        return view_of(digest->unsubscribe_url ? digest->unsubscribe_url
                                               : digest->unsubscribe_mailto);
    context_add_unsubscribe_link(digest, assembly->room);
    return buffer_view(assembly->room);
}

static void add_summary(struct assembly *assembly)
{
    struct view count_line = sheet_count_line(assembly->sheet, assembly->digest);

    if (!assembly->digest->ranking->count) {
        context_add_summary(assembly->digest, assembly->sheet->words, assembly->room);
        return;
    }
    if (count_line.size)
        buffer_add_view(assembly->room, count_line);
    else
        context_add_count_line(assembly->digest, assembly->sheet->words, assembly->room);
    buffer_add_view(assembly->room, assembly->sheet->summary_rest);
}

/* In the room, or elsewhere for as long as the digest lasts. */
static struct view make_text(struct assembly *assembly, enum late_key key)
{
    const struct digest *digest = assembly->digest;
    const struct words *words = assembly->sheet->words;
    struct buffer *room = assembly->room;
    struct view text;

    switch (key) {
    case LATE_SUBJECT:
        text = sheet_subject(assembly->sheet, digest);
        if (text.size)
            return text;
        context_add_subject(digest, words, room);
        break;
    case LATE_COUNT_LINE:
        text = sheet_count_line(assembly->sheet, digest);
        if (text.size)
            return text;
        context_add_count_line(digest, words, room);
        break;
    case LATE_PREHEADER:
        context_add_preheader(digest, room);
        break;
    case LATE_SUMMARY:
        add_summary(assembly);
        break;
    case LATE_EDITION_NOTE:
        context_add_edition_note(digest, words, room);
        break;
    case LATE_PROFILE_LINE:
        context_add_profile_line(digest->profile, words, room);
        break;
    case LATE_REPLY_HINT:
        context_add_reply_hint(digest, words, room);
        break;
    case LATE_SENT_TO:
        context_add_sent_to(digest, words, room);
        break;
    case LATE_UNSUBSCRIBE_LINK:
        return unsubscribe_link(assembly);
    case LATE_UNSUBSCRIBE_URL:
        return view_of(digest->unsubscribe_url);
    case LATE_UNSUBSCRIBE_MAILTO:
        return view_of(digest->unsubscribe_mailto);
    case LATE_MORE_LINE:
        if (assembly->full < digest->ranking->count)
            words_add(words, "more_papers", (long)(digest->ranking->count - assembly->full), NULL,
                      room);
        break;
    default:
        break;
    }
    return buffer_view(room);
}

/* Made once for both parts, but for what the division changes. */
struct view value_digest_text(struct assembly *assembly, enum late_key key)
{
    struct view text;

    if (assembly->has_text[key])
        return assembly->texts[key];
    text = make_text(assembly, key);
    if (text.size && text.data == assembly->room->data)
        text = arena_copy(assembly->arena, text);
    buffer_clear(assembly->room);
    if (key != LATE_MORE_LINE) {
        assembly->texts[key] = text;
        assembly->has_text[key] = true;
    }
    return text;
}

/* ---- by key ---- */

static struct view part_text(const struct assembly *assembly)
{
    const struct text_part *part = &assembly->part_list->items[assembly->places[SCOPE_PART].at];

    return view_slice(assembly->part_text, part->start.offset, part->end.offset);
}

static const struct keyword *current_keyword(const struct assembly *assembly)
{
    return &assembly->digest->profile->keywords.items[assembly->places[SCOPE_KEYWORD].at];
}

static bool truth_of(struct assembly *assembly, enum late_key key, bool *ret_truth)
{
    const struct digest *digest = assembly->digest;

    switch (key) {
    case LATE_IS_NOTE:
        *ret_truth = !digest->ranking->count;
        return true;
    case LATE_HAS_MORE_PAPERS:
        *ret_truth = assembly->full < digest->ranking->count;
        return true;
    case LATE_SUBSCRIBER_IS_PLAIN:
        *ret_truth = profile_is_plain(digest->profile);
        return true;
    case LATE_IS_LATE:
    case LATE_IS_UPDATE:
    case LATE_HAS_REASONS:
    case LATE_PAPER_FIRST:
    case LATE_PAPER_LAST:
        *ret_truth = assembly->is_true[key];
        return true;
    case LATE_REASON_IN_TITLE:
        *ret_truth = current_reason(assembly)->field == REASON_TITLE;
        return true;
    case LATE_PART_IS_HIT:
        *ret_truth = assembly->part_list->items[assembly->places[SCOPE_PART].at].is_hit;
        return true;
    case LATE_REASON_FIRST:
    case LATE_PART_FIRST:
    case LATE_LINE_FIRST:
    case LATE_KEYWORD_FIRST:
    case LATE_CATEGORY_FIRST:
        *ret_truth = is_first(assembly, late_entries[key].scope);
        return true;
    case LATE_REASON_LAST:
    case LATE_PART_LAST:
    case LATE_LINE_LAST:
    case LATE_KEYWORD_LAST:
    case LATE_CATEGORY_LAST:
        *ret_truth = is_last(assembly, late_entries[key].scope);
        return true;
    default:
        return false;
    }
}

struct view value_text(struct assembly *assembly, enum late_key key)
{
    const struct profile *profile = assembly->digest->profile;
    bool truth;

    switch (key) {
    case LATE_PART_TEXT:
        return part_text(assembly);
    case LATE_REASON_TERM:
        return current_reason(assembly)->term;
    case LATE_REASON_FIELD_WORD:
        return assembly->sheet->field_words[current_reason(assembly)->field].text;
    case LATE_REASON_FIELD:
        return view_of(context_field_word(current_reason(assembly)->field) + sizeof("field_") - 1);
    case LATE_REASON_SCORE:
        return score_text(current_reason(assembly)->score, assembly->number);
    case LATE_LINE:
        return assembly->line_list->items[assembly->places[SCOPE_LINE].at];
    case LATE_RANK:
        return number_text(assembly->rank + 1, assembly->number);
    case LATE_RANK_COLUMN:
        return rank_column(assembly);
    case LATE_SCORE:
        return assembly->score;
    case LATE_MARK:
        return paper_mark(assembly);
    case LATE_REASONS_MORE:
        return paper_reasons_more(assembly);
    case LATE_LIKE:
    case LATE_DISLIKE:
        return paper_link(assembly, key == LATE_LIKE);
    case LATE_COUNT:
        return number_text(assembly->digest->ranking->count, assembly->number);
    case LATE_SUBSCRIBER_ADDRESS:
        return view_of(profile->email);
    case LATE_SUBSCRIBER_NAME:
        return view_of(profile->name);
    case LATE_KEYWORD_TERM:
        return view_of(current_keyword(assembly)->term);
    case LATE_KEYWORD_WEIGHT:
        return (struct view){assembly->number,
                             mustache_format_real(current_keyword(assembly)->weight,
                                                  assembly->number)};
    case LATE_CATEGORY_NAME:
        return view_of(profile->categories.items[assembly->places[SCOPE_CATEGORY].at]);
    default:
        if (truth_of(assembly, key, &truth))
            return truth ? VIEW("true") : VIEW("false");
        return value_digest_text(assembly, key);
    }
}

bool value_is_there(struct assembly *assembly, enum late_key key)
{
    const struct digest *digest = assembly->digest;

    switch (key) {
    case LATE_SUBSCRIBER_NAME:
        return digest->profile->name != NULL;
    case LATE_UNSUBSCRIBE_URL:
        return digest->unsubscribe_url != NULL;
    case LATE_UNSUBSCRIBE_MAILTO:
        return digest->unsubscribe_mailto != NULL;
    case LATE_UNSUBSCRIBE_LINK:
        return digest->unsubscribe_url || digest->unsubscribe_mailto || digest->owner;
    case LATE_REPLY_HINT:
    case LATE_REPLY_HINT_LINES:
        return digest->inbox && digest->ranking->count;
    case LATE_MORE_LINE:
        return assembly->full < digest->ranking->count;
    default:
        if (is_of_paper(key))
            return assembly->is_there[key];
        return value_text(assembly, key).size > 0;
    }
}

bool value_is_true(struct assembly *assembly, enum late_key key)
{
    bool truth;

    if (is_of_paper(key))
        return assembly->is_true[key];
    if (late_entries[key].items)
        return value_list_size(assembly, key) > 0;
    if (key == LATE_COUNT)
        return assembly->digest->ranking->count > 0;
    if (key == LATE_KEYWORD_WEIGHT)
        return fpclassify(current_keyword(assembly)->weight) != FP_ZERO;
    if (truth_of(assembly, key, &truth))
        return truth;
    if (late_entries[key].may_be_absent && !value_is_there(assembly, key))
        return false;
    return value_text(assembly, key).size > 0;
}
