#include "inbox/answer.h"

#include "mail/mime.h"
#include "papers/paper.h"

/* Provisional: the templates' place. */
int answer_write(const struct templates *templates, const struct answer *answer,
                 struct buffer *out, struct error *error)
{
    const struct words *words = templates_words(templates, "en");
    const struct mime_mailbox from = {view_of(answer->sender_name), view_of(answer->sender_address)};
    const struct mime_mailbox to = {.address = view_of(answer->to)};
    const struct view id = answer->message_id;
    struct buffer text;
    struct mime_part part = {.type = "text/plain"};

    buffer_init(&text, 1 << 20);
    buffer_printf(&text, "kind %d state %s confirm %s\n", answer->kind, answer->state ? answer->state : "-", answer->confirm ? answer->confirm : "-");
    for (size_t i = 0; answer->notes && i < answer->notes->count; i++)
        if (answer->notes->items[i].word) {
            words_add(words, answer->notes->items[i].word, -1, answer->notes->items[i].values, &text);
            buffer_add_char(&text, '\n');
        }
    for (size_t i = 0; i < answer->paper_count; i++)
        buffer_printf(&text, "%.1f %.*s\n", answer->papers[i].score, VIEW_ARGUMENTS(answer->papers[i].paper->title));
    if (answer->after)
        profile_write(answer->after, &text);
    part.text = buffer_view(&text);
    if (mime_add_mailboxes(out, "From", &from, 1, error) < 0 || mime_add_mailboxes(out, "To", &to, 1, error) < 0)
        return -1;
    mime_add_text(out, "Subject", VIEW("answer"));
    mime_add_date(out, "Date", answer->now_utc);
    if (mime_add_ids(out, "Message-ID", &id, 1, error) < 0)
        return -1;
    mime_add_text(out, "Auto-Submitted", VIEW("auto-replied"));
    mime_add_body(out, "mixed", &part, 1, id);
    buffer_free(&text);
    return 0;
}
