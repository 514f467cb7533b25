/* The commands, each with an example, for `help`. */
#include "digest/message.h"
#include "inbox/answer_parts.h"

enum { ABOUT_WIDTH = TEXT_WIDTH - 6 };

static const struct {
    enum mail_command_name name;
    const char *example;
    const char *word;
    bool is_for_strangers;
} HELP[] = {
    {COMMAND_SUBSCRIBE, "subscribe", "help_subscribe", true},
    {COMMAND_KEYWORDS, "keywords: LLM, \"speculative decoding\"^3, -survey", "help_keywords", true},
    {COMMAND_CATEGORIES, "categories: cs.LG cs.DC", "help_categories", true},
    {COMMAND_AUTHORS, "authors: Ada Lovelace, Emmy Noether", "help_authors", true},
    {COMMAND_INTERESTS, "interests: how to serve large models cheaply", "help_interests", true},
    {COMMAND_ADD, "add kv cache, cs.PF", "help_add", false},
    {COMMAND_REMOVE, "remove kv cache", "help_remove", false},
    {COMMAND_MUTE, "mute tutorial", "help_mute", false},
    {COMMAND_MAX, "max 20", "help_max", true},
    {COMMAND_DAILY, "daily", "help_daily", true},
    {COMMAND_WEEKLY, "weekly monday", "help_weekly", true},
    {COMMAND_AT, "at 07:30 Europe/Paris", "help_at", true},
    {COMMAND_PAUSE, "pause 2 weeks", "help_pause", false},
    {COMMAND_RESUME, "resume", "help_resume", false},
    {COMMAND_LIKE, "like 2602.13531", "help_like", false},
    {COMMAND_DISLIKE, "dislike 2602.13531", "help_dislike", false},
    {COMMAND_SHOW, "show", "help_show", false},
    {COMMAND_PREVIEW, "preview", "help_preview", false},
    {COMMAND_RESEND, "resend", "help_resend", false},
    {COMMAND_UNDO, "undo", "help_undo", false},
    {COMMAND_ADDRESS, "address ada@example.org", "help_address", false},
    {COMMAND_FEED, "feed", "help_feed", false},
    {COMMAND_EXPORT, "export", "help_export", false},
    {COMMAND_FORGET, "forget me", "help_forget", false},
    {COMMAND_UNSUBSCRIBE, "unsubscribe", "help_unsubscribe", false},
    {COMMAND_HELP, "help", "help_help", true},
};

enum { HELP_COUNT = sizeof(HELP) / sizeof(*HELP) };

const char *answer_help_word(enum mail_command_name name)
{
    for (size_t i = 0; i < HELP_COUNT; i++)
        if (HELP[i].name == name)
            return HELP[i].word;
    return NULL;
}

/* What is one mail by itself is a link that writes it. */
static bool is_by_itself(enum mail_command_name name)
{
    return name == COMMAND_SUBSCRIBE || name == COMMAND_RESUME || name == COMMAND_SHOW ||
           name == COMMAND_PREVIEW || name == COMMAND_RESEND || name == COMMAND_UNDO ||
           name == COMMAND_FEED || name == COMMAND_EXPORT || name == COMMAND_HELP;
}

static json_t *help_item(struct answering *answering, size_t index)
{
    json_t *item = json_object();

    context_set_string(item, "name", mail_command_name(HELP[index].name));
    context_set_string(item, "example", HELP[index].example);
    if (is_by_itself(HELP[index].name))
        context_set_mailto(item, "link", answering->answer->inbox, HELP[index].example,
                           answering->room);
    words_add(answering->words, HELP[index].word, -1, NULL, answering->room);
    answer_set_room(answering, item, "about", ABOUT_WIDTH);
    return item;
}

static bool is_asked_for(const struct answer *answer)
{
    const struct mail_commands *commands = answer->commands;

    for (size_t i = 0; commands && i < commands->count; i++)
        if (commands->items[i].name == COMMAND_HELP)
            return true;
    return answer->kind == ANSWER_HELP;
}

void answer_set_help(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    const struct word_value values[] = {{"inbox", view_of(answer->inbox)}, {NULL, {NULL, 0}}};
    json_t *items = json_array();

    if (is_asked_for(answer)) {
        for (size_t i = 0; i < HELP_COUNT; i++)
            if (answer->after || HELP[i].is_for_strangers)
                json_array_append_new(items, help_item(answering, i));
        answer_set_text(answering, "help_note", "answer_help_note", -1, values);
    }
    answer_set_list(answering, "commands", items);
}
