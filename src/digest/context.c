/* The step "subscriber", and the whole context put together. */
#include <math.h>

#include "base/utf8.h"
#include "digest/context.h"
#include "digest/message.h"
#include "digest/wrap.h"
#include "ranking/highlight.h"

enum {
    KEYWORDS_SHOWN = 12,
    REASONS_SHOWN = 8,
    PREHEADER_TITLES = 3,
    PREHEADER_CHARACTERS = 150
};

static void add_strings(const struct words *words, const struct strings *strings,
                        struct buffer *out)
{
    struct context_list list = {words, out, strings->count, KEYWORDS_SHOWN, 0};

    for (size_t i = 0; i < strings->count; i++)
        context_add_item(&list, view_of(strings->items[i]));
}

/* One decimal; 0 when nothing is left to show. */
double context_score(double score)
{
    return round(score * 10) / 10;
}

static void set_score(json_t *object, double score)
{
    if (context_score(score) > 0)
        json_object_set_new(object, "score", json_real(context_score(score)));
}

const char *context_field_word(enum reason_field field)
{
    static const char *const names[] = {[REASON_TITLE] = "field_title",
                                        [REASON_ABSTRACT] = "field_abstract",
                                        [REASON_AUTHOR] = "field_author",
                                        [REASON_INTERESTS] = "field_interests",
                                        [REASON_LIKED] = "field_liked",
                                        [REASON_PREFERENCE] = "field_preference"};

    return names[field];
}

static json_t *reason_context(const struct words *words, const struct reason *reason,
                              struct buffer *room)
{
    json_t *object = json_object();

    context_set_view(object, "term", reason->term);
    context_set_string(object, "field", context_field_word(reason->field) + sizeof("field_") - 1);
    words_add(words, context_field_word(reason->field), -1, NULL, room);
    context_set_buffer(object, "field_word", room);
    set_score(object, reason->score);
    json_object_set_new(object, "in_title", json_boolean(reason->field == REASON_TITLE));
    return object;
}

size_t context_reasons_shown(const struct ranked_paper *ranked)
{
    return ranked->reason_count > REASONS_SHOWN + 1 ? REASONS_SHOWN : ranked->reason_count;
}

/* "Here for: LLM (title), kv cache (abstract) + 2 more" */
static void add_reasons_line(const struct words *words, const struct ranked_paper *ranked,
                             struct buffer *out)
{
    size_t shown = context_reasons_shown(ranked);

    words_add(words, "why", -1, NULL, out);
    buffer_add_char(out, ':');
    for (size_t i = 0; i < shown; i++) {
        const struct reason *reason = &ranked->reasons[i];

        buffer_add_string(out, i ? ", " : " ");
        buffer_add_view(out, reason->term);
        if (reason->term.size)
            buffer_add_string(out, " (");
        words_add(words, context_field_word(reason->field), -1, NULL, out);
        if (reason->term.size)
            buffer_add_char(out, ')');
    }
    if (ranked->reason_count > shown) {
        buffer_add_char(out, ' ');
        words_add(words, "reasons_more", (long)(ranked->reason_count - shown), NULL, out);
    }
}

static void set_reasons(json_t *object, const struct words *words,
                        const struct ranked_paper *ranked, struct buffer *room)
{
    size_t shown = context_reasons_shown(ranked);
    json_t *reasons = json_array();

    for (size_t i = 0; i < shown; i++)
        json_array_append_new(reasons, reason_context(words, &ranked->reasons[i], room));
    context_mark_ends(reasons);
    json_object_set_new(object, "has_reasons", json_boolean(shown > 0));
    json_object_set_new(object, "reasons", reasons);
    if (ranked->reason_count > shown) {
        words_add(words, "reasons_more", (long)(ranked->reason_count - shown), NULL, room);
        context_set_buffer(object, "reasons_more", room);
    }
    if (!shown)
        return;
    add_reasons_line(words, ranked, room);
    context_set_lines(object, "reason_lines", buffer_view(room), TEXT_WIDTH - TEXT_INDENT);
    buffer_clear(room);
}

static void set_mark(json_t *object, const struct words *words, enum digest_mark mark,
                     struct buffer *room)
{
    json_object_set_new(object, "is_late", json_boolean(mark == DIGEST_MARK_LATE));
    json_object_set_new(object, "is_update", json_boolean(mark == DIGEST_MARK_UPDATE));
    if (mark == DIGEST_MARK_NONE)
        return;
    words_add(words, mark == DIGEST_MARK_LATE ? "mark_late" : "mark_update", -1, NULL, room);
    context_set_buffer(object, "mark", room);
}

static json_t *ranked_context(const struct digest *digest, const struct words *words, size_t index,
                              struct highlighter *highlighter, struct buffer *room)
{
    const struct ranked_paper *ranked = &digest->ranking->items[index];
    json_t *object = json_object();

    json_object_set_new(object, "rank", json_integer((json_int_t)index + 1));
    buffer_printf(room, "%3zu.", index + 1);
    context_set_buffer(object, "rank_column", room);
    set_mark(object, words, digest->marks ? digest->marks[index] : DIGEST_MARK_NONE, room);
    set_score(object, ranked->score);
    set_reasons(object, words, ranked, room);
    context_set_parts(object, words, digest, highlighter, ranked, context_reasons_shown(ranked));
    if (digest->links) {
        context_set_string(object, "like", digest->links[index].like);
        context_set_string(object, "dislike", digest->links[index].dislike);
    }
    json_object_set_new(object, "paper", context_paper(digest, words, ranked->paper));
    return object;
}

static void set_papers(json_t *root, const struct digest *digest, const struct words *words,
                       struct buffer *room)
{
    struct highlighter *highlighter = highlighter_new();
    json_t *papers = json_array();

    for (size_t i = 0; i < digest->ranking->count; i++)
        json_array_append_new(papers, ranked_context(digest, words, i, highlighter, room));
    highlighter_free(&highlighter);
    context_mark_ends(papers);
    json_object_set_new(root, "papers", papers);
    json_object_set_new(root, "more_papers", json_array());
    json_object_set_new(root, "has_more_papers", json_false());
}

void context_add_count_line(const struct digest *digest, const struct words *words,
                            struct buffer *out)
{
    const char *name = digest->profile->name;
    struct word_value values[] = {{"name", view_of(name)}, {NULL, {NULL, 0}}};

    words_add(words, name ? "count_papers_for" : "count_papers", (long)digest->ranking->count,
              values, out);
}

void context_add_preheader(const struct digest *digest, struct buffer *out)
{
    size_t start = out->size;
    struct view text, cut;

    for (size_t i = 0; i < digest->ranking->count && i < PREHEADER_TITLES; i++) {
        buffer_add_string(out, out->size > start ? " · " : "");
        buffer_add_view(out, digest->ranking->items[i].paper->title);
    }
    text = view_slice(buffer_view(out), start, out->size);
    cut = wrap_cut(text, PREHEADER_CHARACTERS);
    if (cut.size) /* blanks before it are not in it */
        buffer_cut(out, start + (size_t)(cut.data - text.data) + cut.size);
}

static void set_counts(json_t *root, const struct digest *digest, const struct words *words,
                       struct buffer *room)
{
    size_t count = digest->ranking->count;

    json_object_set_new(root, "count", json_integer((json_int_t)count));
    json_object_set_new(root, "is_note", json_boolean(count == 0));
    context_add_count_line(digest, words, room);
    context_set_buffer(root, "count_line", room);
    context_add_preheader(digest, room);
    context_set_buffer(root, "preheader", room);
}

/* The one line of a note. */
static void add_nothing(const struct digest *digest, const struct words *words, struct buffer *out)
{
    struct buffer date;
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};

    buffer_init(&date, 1024);
    words_add_date(words, "date_long", digest->date, &date);
    values[0].text = buffer_view(&date);
    words_add(words, "nothing_announced", -1, values, out);
    buffer_free(&date);
}

void context_add_summary_rest(const struct digest *digest, const struct words *words,
                              struct buffer *out)
{
    void (*const adds[])(const struct digest *, const struct words *, struct buffer *) = {
        context_add_announced, context_add_edition_line};

    for (size_t i = 0; i < 2; i++) {
        size_t start = out->size, empty;

        if (i == 1 && !context_edition_differs(digest))
            return;
        buffer_add_string(out, ", ");
        empty = out->size;
        adds[i](digest, words, out);
        if (out->size == empty)
            buffer_cut(out, start);
    }
}

void context_add_summary(const struct digest *digest, const struct words *words,
                         struct buffer *out)
{
    if (!digest->ranking->count) {
        add_nothing(digest, words, out);
        return;
    }
    context_add_count_line(digest, words, out);
    context_add_summary_rest(digest, words, out);
}

static void set_summary(json_t *root, const struct digest *digest, const struct words *words,
                        struct buffer *room)
{
    context_add_summary(digest, words, room);
    context_set_lines(root, "summary_lines", buffer_view(room), TEXT_WIDTH);
    context_set_buffer(root, "summary", room);
}

static const char *profile_word(const struct profile *profile)
{
    if (profile->keywords.count)
        return profile->categories.count ? "profile_keywords_in" : "profile_keywords";
    if (profile_is_plain(profile))
        return profile->categories.count ? "profile_plain" : "profile_plain_all";
    return "profile_other";
}

void context_add_profile_line(const struct profile *profile, const struct words *words,
                              struct buffer *out)
{
    struct buffer keywords, categories;
    struct context_list list = {words, &keywords, profile->keywords.count, KEYWORDS_SHOWN, 0};
    struct word_value values[] = {{"keywords", {NULL, 0}}, {"categories", {NULL, 0}},
                                  {NULL, {NULL, 0}}};

    buffer_init(&keywords, CONTEXT_BYTES);
    buffer_init(&categories, CONTEXT_BYTES);
    for (size_t i = 0; i < profile->keywords.count; i++)
        context_add_item(&list, view_of(profile->keywords.items[i].term));
    add_strings(words, &profile->categories, &categories);
    values[0].text = buffer_view(&keywords);
    values[1].text = buffer_view(&categories);
    words_add(words, profile_word(profile), -1, values, out);
    buffer_free(&keywords);
    buffer_free(&categories);
}

static void set_subscriber(json_t *root, const struct digest *digest, const struct words *words,
                           struct buffer *room)
{
    const struct profile *profile = digest->profile;
    json_t *subscriber = json_object(), *keywords = json_array(), *categories = json_array();

    context_set_string(subscriber, "address", profile->email);
    context_set_string(subscriber, "name", profile->name);
    json_object_set_new(subscriber, "is_plain", json_boolean(profile_is_plain(profile)));
    for (size_t i = 0; i < profile->keywords.count; i++) {
        json_t *keyword = json_object();

        context_set_string(keyword, "term", profile->keywords.items[i].term);
        json_object_set_new(keyword, "weight", json_real(profile->keywords.items[i].weight));
        json_array_append_new(keywords, keyword);
    }
    for (size_t i = 0; i < profile->categories.count; i++) {
        json_t *category = json_object();

        context_set_string(category, "name", profile->categories.items[i]);
        json_array_append_new(categories, category);
    }
    context_mark_ends(keywords);
    context_mark_ends(categories);
    json_object_set_new(subscriber, "keywords", keywords);
    json_object_set_new(subscriber, "categories", categories);
    json_object_set_new(root, "subscriber", subscriber);
    context_add_profile_line(profile, words, room);
    context_set_lines(root, "profile_lines", buffer_view(room), TEXT_WIDTH);
    context_set_buffer(root, "profile_line", room);
}

static const char *list_name(const struct digest *digest)
{
    return digest->list_name ? digest->list_name
           : digest->sender_name ? digest->sender_name
                                 : "Paperboy";
}

/* The way out goes to the web, else to the inbox, else to the owner. */
bool context_add_unsubscribe_link(const struct digest *digest, struct buffer *out)
{
    if (digest->unsubscribe_url)
        buffer_add_string(out, digest->unsubscribe_url);
    else if (digest->unsubscribe_mailto)
        buffer_add_string(out, digest->unsubscribe_mailto);
    else if (digest->owner)
        digest_add_mailto(out, view_of(digest->owner), VIEW("unsubscribe"));
    else
        return false;
    return true;
}

static void set_unsubscribe(json_t *root, const struct digest *digest, struct buffer *room)
{
    context_set_string(root, "unsubscribe_url", digest->unsubscribe_url);
    context_set_string(root, "unsubscribe_mailto", digest->unsubscribe_mailto);
    if (context_add_unsubscribe_link(digest, room))
        context_set_buffer(root, "unsubscribe_link", room);
}

void context_add_sent_to(const struct digest *digest, const struct words *words,
                         struct buffer *out)
{
    const struct word_value values[] = {{"address", view_of(digest->profile->email)},
                                        {"sender", view_of(list_name(digest))},
                                        {NULL, {NULL, 0}}};

    words_add(words, "sent_to", -1, values, out);
}

bool context_add_reply_hint(const struct digest *digest, const struct words *words,
                            struct buffer *out)
{
    struct word_value values[] = {{"id", {NULL, 0}}, {NULL, {NULL, 0}}};

    if (!digest->inbox || !digest->ranking->count)
        return false;
    values[0].text = digest->ranking->items[0].paper->id;
    words_add(words, "reply_hint", -1, values, out);
    return true;
}

static void set_footer(json_t *root, const struct digest *digest, const struct words *words,
                       struct buffer *room)
{
    set_unsubscribe(root, digest, room);
    context_set_string(root, "owner", digest->owner);
    context_set_mailto(root, "owner_link", digest->owner, NULL, room);
    context_add_sent_to(digest, words, room);
    context_set_lines(root, "sent_to_lines", buffer_view(room), TEXT_WIDTH);
    context_set_buffer(root, "sent_to", room);
    if (!digest->inbox)
        return;
    context_set_string(root, "inbox", digest->inbox);
    context_set_mailto(root, "help_link", digest->inbox, "help", room);
    context_set_mailto(root, "profile_link", digest->inbox, "show", room);
    if (!context_add_reply_hint(digest, words, room))
        return;
    context_set_lines(root, "reply_hint_lines", buffer_view(room), TEXT_WIDTH);
    context_set_buffer(root, "reply_hint", room);
}

void context_add_subject(const struct digest *digest, const struct words *words,
                         struct buffer *out)
{
    struct buffer date;
    struct word_value values[] = {{"list", view_of(list_name(digest))}, {"date", {NULL, 0}},
                                  {NULL, {NULL, 0}}};

    buffer_init(&date, 1024);
    words_add_date(words, "date_short", digest->date, &date);
    values[1].text = buffer_view(&date);
    if (digest->ranking->count)
        words_add(words, "subject", (long)digest->ranking->count, values, out);
    else
        words_add(words, "subject_nothing", -1, values, out);
    buffer_free(&date);
}

static void set_head(json_t *root, const struct digest *digest, const struct words *words,
                     struct buffer *room)
{
    json_t *sender = json_object(), *date = json_object();

    context_set_language(root, words, room);
    context_set_string(root, "list_name", list_name(digest));
    context_set_string(sender, "name", digest->sender_name);
    context_set_string(sender, "address", digest->sender_address);
    json_object_set_new(root, "sender", sender);
    json_object_set_new(root, "is_preview", json_boolean(digest->is_preview));
    context_set_date(date, words, digest->date, room);
    json_object_set_new(root, "date", date);
    context_add_subject(digest, words, room);
    context_set_buffer(root, "subject", room);
}

json_t *digest_context(const struct templates *templates, const struct digest *digest)
{
    const struct words *words = templates_words(templates, digest->profile->language);
    json_t *root = json_object();
    struct buffer room;

    buffer_init(&room, CONTEXT_BYTES);
    set_head(root, digest, words, &room);
    context_set_editions(root, digest, words, &room);
    set_counts(root, digest, words, &room);
    set_summary(root, digest, words, &room);
    set_subscriber(root, digest, words, &room);
    set_papers(root, digest, words, &room);
    set_footer(root, digest, words, &room);
    buffer_free(&room);
    return root;
}

void digest_subject(const struct templates *templates, const struct digest *digest,
                    struct buffer *out)
{
    context_add_subject(digest, templates_words(templates, digest->profile->language), out);
}
