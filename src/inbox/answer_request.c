/* What a confirmation request asks, and what a profile would have brought. */
#include <math.h>

#include "digest/context.h"
#include "inbox/answer_parts.h"

enum { REQUEST_SECONDS = 7 * 86400 };

/* The words of each kind; of a new address's side the lead is another. */
static const struct {
    const char *subject, *lead, *yes, *is;
} REQUESTS[] = {
    [ANSWER_CONFIRM_SUBSCRIBE] = {"confirm_subject_subscribe", "confirm_subscribe",
                                  "confirm_yes_subscribe", "is_subscribe"},
    [ANSWER_CONFIRM_CHANGE] = {"confirm_subject_change", "confirm_change", "confirm_yes_change",
                               "is_change"},
    [ANSWER_CONFIRM_ADDRESS] = {"confirm_subject_address", "confirm_address_old",
                                "confirm_yes_address", "is_address"},
    [ANSWER_CONFIRM_FORGET] = {"confirm_subject_forget", "confirm_forget", "confirm_yes_forget",
                               "is_forget"},
};

bool answer_is_request(const struct answer *answer)
{
    return answer->kind <= ANSWER_CONFIRM_FORGET;
}

static void set_yes(struct answering *answering)
{
    const struct answer *answer = answering->answer;

    bool is_page = answer->confirm_url != NULL;

    context_set_string(answering->root, "confirm_link",
                       is_page ? answer->confirm_url : answer->confirm);
    context_set_string(answering->root, "confirm_address", answer->confirm_address);
    answer_set_text(answering, "yes", REQUESTS[answer->kind].yes, -1, NULL);
    answer_set_text(answering, "how",
                    !is_page          ? "confirm_how"
                    : answer->confirm ? "confirm_how_either"
                                      : "confirm_how_page",
                    -1, NULL);
}

static void set_otherwise(struct answering *answering)
{
    struct date until = time_to_date(answering->answer->now_utc + REQUEST_SECONDS, NULL);
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer date;

    buffer_init(&date, CONTEXT_BYTES);
    words_add_date(answering->words, "date_medium", until, &date);
    values[0].text = buffer_view(&date);
    answer_set_text(answering, "otherwise", "confirm_otherwise", -1, values);
    buffer_free(&date);
}

/* Of the lines that wait only which commands they are. */
static void set_asked(struct answering *answering)
{
    const struct mail_commands *commands = answering->answer->commands;
    bool seen[COMMAND_NAMES] = {false};
    json_t *items = json_array();

    for (size_t i = 0; commands && i < commands->count; i++) {
        enum mail_command_name name = commands->items[i].name;
        const char *word = answer_help_word(name);
        json_t *item;

        if (!word || seen[name])
            continue;
        seen[name] = true;
        item = json_object();
        context_set_string(item, "name", mail_command_name(name));
        words_add(answering->words, word, -1, NULL, answering->room);
        answer_set_room(answering, item, "about", TEXT_WIDTH - 6);
        json_array_append_new(items, item);
    }
    answer_set_list(answering, "asked", items);
}

/* ---- what would have come ---- */

const char *answer_per_day_word(const struct answer *answer, long *ret_count)
{
    long count = lround(answer->papers_per_day);

    *ret_count = count < 1 ? -1 : count;
    if (!answer->days)
        return NULL;
    if (answer->papers_per_day <= 0)
        return "preview_none";
    return count < 1 ? "preview_rare" : "preview_per_day";
}

static void set_per_day(struct answering *answering)
{
    long count;
    const char *word = answer_per_day_word(answering->answer, &count);

    if (word)
        answer_set_text(answering, "per_day", word, count, NULL);
}

static void set_top_line(struct answering *answering, size_t count)
{
    struct word_value values[] = {{"date", {NULL, 0}}, {NULL, {NULL, 0}}};
    struct buffer date;

    buffer_init(&date, CONTEXT_BYTES);
    if (date_is_set(answering->answer->edition))
        words_add_date(answering->words, "date_long", answering->answer->edition, &date);
    values[0].text = buffer_view(&date);
    words_add(answering->words, date.size ? "preview_top" : "preview_top_undated", (long)count,
              values, answering->room);
    answer_set_room(answering, answering->root, "more_line", TEXT_WIDTH);
    buffer_free(&date);
}

/* Under the names that a digest's list of titles has, so that its partial shows them. */
static void set_papers(struct answering *answering)
{
    static const struct digest usual = {0};
    const struct answer *answer = answering->answer;
    size_t count = answer->paper_count < ANSWER_PAPERS ? answer->paper_count : ANSWER_PAPERS;
    json_t *papers = json_array();

    for (size_t i = 0; i < count; i++) {
        json_t *item = json_object();

        json_object_set_new(item, "rank", json_integer((json_int_t)i + 1));
        buffer_printf(answering->room, "%3zu.", i + 1);
        context_set_buffer(item, "rank_column", answering->room);
        json_object_set_new(item, "paper",
                            context_paper(&usual, answering->words, answer->papers[i].paper));
        json_array_append_new(papers, item);
    }
    if (count)
        set_top_line(answering, count);
    answer_set_list(answering, "more_papers", papers);
}

static void set_lead(struct answering *answering)
{
    const struct answer *answer = answering->answer;
    const char *list = answer->list_name ? answer->list_name : answer->sender_name;
    const struct word_value values[] = {{"list", view_of(list)},
                                        {"address", view_of(answer->other_address)},
                                        {NULL, {NULL, 0}}};
    const char *lead = answer->is_to_other ? "confirm_address_new"
                       : answer->is_from_page && answer->kind == ANSWER_CONFIRM_CHANGE
                           ? "confirm_change_page"
                           : REQUESTS[answer->kind].lead;

    answer_set_text(answering, "subject", REQUESTS[answer->kind].subject, -1, values);
    answer_set_text(answering, "summary", lead, -1, values);
    context_set_view(answering->root, "preheader",
                     view_of(json_string_value(json_object_get(answering->root, "summary"))));
    json_object_set_new(answering->root, REQUESTS[answer->kind].is, json_true());
}

void answer_set_request(struct answering *answering)
{
    set_lead(answering);
    set_yes(answering);
    set_otherwise(answering);
    if (answering->answer->kind == ANSWER_CONFIRM_CHANGE)
        set_asked(answering);
    if (answering->answer->kind == ANSWER_CONFIRM_FORGET)
        answer_set_text(answering, "forgets", "confirm_forgets", -1, NULL);
    if (answering->answer->kind != ANSWER_CONFIRM_SUBSCRIBE)
        return;
    set_per_day(answering);
    set_papers(answering);
}
