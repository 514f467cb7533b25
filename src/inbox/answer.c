#include "inbox/answer.h"

#include <string.h>

#include "base/utf8.h"
#include "digest/message.h"
#include "inbox/answer_parts.h"

/* ---- what the files share ---- */

void answer_set_room(struct answering *answering, json_t *object, const char *key, size_t width)
{
    struct buffer lines;

    buffer_init(&lines, CONTEXT_BYTES);
    buffer_printf(&lines, "%s_lines", key);
    context_set_lines(object, buffer_string(&lines), buffer_view(answering->room), width);
    context_set_buffer(object, key, answering->room);
    buffer_free(&lines);
}

void answer_set_text(struct answering *answering, const char *key, const char *word, long count,
                     const struct word_value *values)
{
    words_add(answering->words, word, count, values, answering->room);
    answer_set_room(answering, answering->root, key, TEXT_WIDTH);
}

/* Characters that would turn the text around them are left out, too (Unicode UAX 9). */
static bool is_turning(int32_t codepoint)
{
    return (codepoint >= 0x202A && codepoint <= 0x202E) ||
           (codepoint >= 0x2066 && codepoint <= 0x2069) || codepoint == 0x200E ||
           codepoint == 0x200F || codepoint == 0x061C;
}

void answer_add_clean(struct buffer *out, struct view text, size_t max_characters)
{
    struct buffer clean;
    size_t count = 0, at = 0;

    buffer_init(&clean, CONTEXT_BYTES);
    utf8_add_clean(&clean, text);
    while (at < clean.size && count < max_characters) {
        int32_t codepoint;
        size_t size = utf8_decode(buffer_view(&clean), at, &codepoint);

        if (codepoint == '\n' || codepoint == '\t')
            buffer_add_char(out, ' ');
        else if (!is_turning(codepoint))
            buffer_add(out, clean.data + at, size);
        at += size;
        count++;
    }
    if (at < clean.size)
        buffer_add_string(out, "…");
    buffer_free(&clean);
}

void answer_set_list(struct answering *answering, const char *key, json_t *items)
{
    struct buffer has;

    buffer_init(&has, CONTEXT_BYTES);
    buffer_printf(&has, "has_%s", key);
    context_mark_ends(items);
    json_object_set_new(answering->root, buffer_string(&has),
                        json_boolean(json_array_size(items) > 0));
    json_object_set_new(answering->root, key, items);
    buffer_free(&has);
}

/* ---- the context ---- */

static void set_head(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    json_t *sender = json_object(), *date = json_object(), *subscriber = json_object();

    context_set_language(answering->root, answering->words, answering->room);
    context_set_string(answering->root, "list_name", answer->list_name);
    context_set_string(sender, "name", answer->sender_name);
    context_set_string(sender, "address", answer->sender_address);
    json_object_set_new(answering->root, "sender", sender);
    context_set_date(date, answering->words, time_to_date(answer->now_utc, NULL),
                     answering->room);
    json_object_set_new(answering->root, "date", date);
    context_set_string(subscriber, "address", answer->to);
    if (!answer_is_request(answer))
        context_set_string(subscriber, "name", answer->to_name);
    json_object_set_new(answering->root, "subscriber", subscriber);
}

/* The way out, when it is somebody of the list. */
static const char *leaves_by(const struct answer *answer)
{
    return answer->unsubscribe_url ? answer->unsubscribe_url : answer->unsubscribe;
}

/* The same keys as a digest's, for the same partials. */
static void set_footer(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    const struct word_value values[] = {{"address", view_of(answer->to)},
                                        {"sender", view_of(answer->list_name)},
                                        {NULL, {NULL, 0}}};
    json_t *root = answering->root;

    context_set_string(root, "owner", answer->owner);
    context_set_mailto(root, "owner_link", answer->owner, NULL, answering->room);
    context_set_string(root, "inbox", answer->inbox);
    context_set_mailto(root, "help_link", answer->inbox, "help", answering->room);
    if (answer->after && leaves_by(answer)) {
        context_set_mailto(root, "profile_link", answer->inbox, "show", answering->room);
        context_set_string(root, "unsubscribe_link", leaves_by(answer));
    }
    answer_set_text(answering, "sent_to", "sent_to", -1, values);
}

static bool says(const struct answer *answer, const char *word)
{
    if (answer->state && strcmp(answer->state, word) == 0)
        return true;
    for (size_t i = 0; answer->notes && i < answer->notes->count; i++)
        if (answer->notes->items[i].word && strcmp(answer->notes->items[i].word, word) == 0)
            return true;
    return false;
}

/* A profile that went to another address, or back to what it was, is not undone. */
static bool can_be_undone(const struct answer *answer)
{
    return answer_is_changed(answer) && !says(answer, "answer_undone") &&
           strcmp(answer->before->email, answer->after->email) == 0;
}

static void set_answer(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    json_t *root = answering->root;

    answer_set_notes(answering);
    answer_set_profile(answering);
    answer_set_help(answering);
    if (can_be_undone(answer) && answer->undo) {
        context_set_string(root, "undo_link", answer->undo);
        answer_set_text(answering, "undo_hint", "answer_undo_hint", -1, NULL);
    }
    if (says(answer, "answer_unsubscribed"))
        context_set_mailto(root, "subscribe_link", answer->inbox, "subscribe", answering->room);
    context_set_string(root, "feed", answer->feed);
    context_set_string(root, "page", answer->page);
    if (answer->page)
        answer_set_text(answering, "page_hint", "answer_page_hint", -1, NULL);
    if (answer->attachment.size)
        context_set_string(root, "attachment", answer->attachment_name);
}

static const char *language_of(const struct answer *answer)
{
    const struct profile *profile = answer->after ? answer->after : answer->before;

    return answer->language ? answer->language : profile ? profile->language : NULL;
}

/* With the names that stand for those which are not set. */
static struct answer completed(const struct answer *answer)
{
    struct answer all = *answer;

    if (!all.list_name)
        all.list_name = all.sender_name ? all.sender_name : "Paperboy";
    if (says(answer, "answer_unsubscribed"))
        all.unsubscribe = all.unsubscribe_url = NULL;
    return all;
}

json_t *answer_context(const struct templates *templates, const struct answer *answer)
{
    const struct answer all = completed(answer);
    struct buffer room;
    struct answering answering = {&all, templates_words(templates, language_of(answer)),
                                  json_object(), &room};

    buffer_init(&room, CONTEXT_BYTES);
    set_head(&answering);
    if (answer_is_request(answer))
        answer_set_request(&answering);
    else
        set_answer(&answering);
    set_footer(&answering);
    buffer_free(&room);
    return answering.root;
}

/* ---- the message ---- */

static struct digest_message message_of(const struct answer *answer, const json_t *context)
{
    const char *subject = json_string_value(json_object_get(context, "subject"));
    bool is_request = answer_is_request(answer);

    return (struct digest_message){
        .from = {view_of(answer->sender_name), view_of(answer->sender_address)},
        .to = {is_request ? (struct view){NULL, 0} : view_of(answer->to_name),
               view_of(answer->to)},
        .subject = view_of(subject),
        .date_utc = answer->now_utc,
        .message_id = answer->message_id,
        .list = {view_of(answer->list_name), view_of(answer->list_id), view_of(answer->owner)},
        .inbox = view_of(answer->inbox),
        .unsubscribe_mailto = view_of(answer->unsubscribe),
        .unsubscribe_url = view_of(answer->unsubscribe_url),
        .is_answer = true,
        .is_to_stranger = is_request || !answer->after || !leaves_by(answer),
        .reply_to = view_of(answer->confirm_address),
        .references = answer->references,
        .reference_count = answer->reference_count,
        .attachment = {.type = answer->attachment.size ? "application/json" : NULL,
                       .text = answer->attachment,
                       .file_name = view_of(answer->attachment_name)},
    };
}

/* As the subscriber gets digests, too. */
static enum profile_format format_of(const struct answer *answer)
{
    const struct profile *profile = answer->after ? answer->after : answer->before;

    return profile ? profile->format : FORMAT_BOTH;
}

static int render_parts(const struct templates *templates, const struct answer *answer,
                        const json_t *context, struct buffer *html, struct buffer *text,
                        struct error *error)
{
    bool is_request = answer_is_request(answer);

    if (format_of(answer) != FORMAT_TEXT &&
        templates_render(templates, is_request ? "confirmation.html" : "answer.html", context,
                         html, error) < 0)
        return -1;
    if (format_of(answer) == FORMAT_HTML)
        return 0;
    return templates_render(templates, is_request ? "confirmation.txt" : "answer.txt", context,
                            text, error);
}

int answer_write(const struct templates *templates, const struct answer *answer,
                 struct buffer *out, struct error *error)
{
    const struct answer all = completed(answer);
    json_t *context = answer_context(templates, answer);
    struct digest_message message = message_of(&all, context);
    struct buffer html, text;
    int result;

    buffer_init(&html, CONTEXT_BYTES);
    buffer_init(&text, CONTEXT_BYTES);
    result = render_parts(templates, answer, context, &html, &text, error);
    if (result == 0) {
        message.html = buffer_view(&html);
        message.text = buffer_view(&text);
        result = digest_message_write(&message, out, error);
    }
    json_decref(context);
    buffer_free(&html);
    buffer_free(&text);
    return result;
}
