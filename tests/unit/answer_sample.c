#include "unit/answer_sample.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define CONFIRM "paperboy+confirm-ciaabho7fslu7xj4h5nhfvrdulr5lai@example.org"
#define UNSUBSCRIBE "paperboy+unsubscribe-ciaabho7fslu7xj4h5nhfvrdulr5lai@example.org"

static const char PROFILE[] =
    "{\"email\": \"ada@example.org\", \"name\": \"Ada\", \"categories\": [\"cs.LG\", \"cs.DC\"],"
    "\"keywords\": [\"LLM\", \"kv cache\", {\"term\": \"quantization\", \"weight\": 3}],"
    "\"exclude_keywords\": [\"survey\"], \"authors\": {\"follow\": [\"Emmy Noether\"]},"
    "\"interests\": \"How to serve large models on small machines, and what it costs.\","
    "\"max_papers\": 20, \"schedule\": {\"every\": \"weekdays\", \"at\": \"07:30\","
    "\"zone\": \"Europe/Paris\"}}";

static struct answer_sample *new_sample(enum answer_kind kind)
{
    struct answer_sample *sample = memory_new(1, sizeof(*sample));
    struct error error = {0};

    sample->arena = arena_new();
    sample->references[0] = VIEW("one@there.example");
    sample->references[1] = VIEW("two@there.example");
    if (profile_read("ada", view_of(PROFILE), &sample->before, &error) < 0 ||
        profile_read("ada", view_of(PROFILE), &sample->after, &error) < 0)
        abort();
    sample->answer = (struct answer){
        .kind = kind,
        .to = "ada@example.org",
        .inbox = "paperboy@example.org",
        .sender_name = "Paperboy",
        .sender_address = "digest@example.org",
        .list_name = "The Morning Paper",
        .list_id = "digest.example.org",
        .owner = "owner@example.org",
        .now_utc = 1771304400,
        .message_id = VIEW("txpszf2p3wxlf6odswrucoz7z3k4onrv@example.org"),
        .references = sample->references,
        .reference_count = 2,
    };
    return sample;
}

void answer_sample_free(struct answer_sample **sample)
{
    profile_free(&(*sample)->before);
    profile_free(&(*sample)->after);
    arena_free(&(*sample)->arena);
    free(*sample);
    *sample = NULL;
}

static void read_lines(struct answer_sample *sample, const char *lines)
{
    const struct mail_command_sources sources = {.body = view_of(lines)};

    mail_commands_read(&sources, sample->arena, &sample->commands);
    sample->answer.commands = &sample->commands;
}

static struct answer_sample *request(enum answer_kind kind)
{
    struct answer_sample *sample = new_sample(kind);

    sample->answer.confirm = "mailto:" CONFIRM "?subject=confirm";
    sample->answer.confirm_address = CONFIRM;
    return sample;
}

static struct answer_sample *subscribe(void)
{
    static const char *const titles[ANSWER_PAPERS] = {
        "Four Bits Are Enough: KV-Cache Quantization for Prompts of a Million Tokens",
        "A Compiler & Its <Critics>", "Serving Models at the Edge", "Drafts That Are Kept",
        "Überraschend schnelle Transformer für sehr lange Eingaben in natürlicher Sprache"};
    static const char *const ids[ANSWER_PAPERS] = {"2602.13531", "2602.13532", "2602.13533",
                                                   "2602.13534", "2602.13535"};
    struct answer_sample *sample = request(ANSWER_CONFIRM_SUBSCRIBE);

    for (size_t i = 0; i < ANSWER_PAPERS; i++) {
        sample->papers[i] = (struct paper){.id = view_of(ids[i]), .version = 1,
                                           .title = view_of(titles[i])};
        sample->ranked[i] = (struct answer_paper){&sample->papers[i], 50};
    }
    sample->answer.papers = sample->ranked;
    sample->answer.paper_count = ANSWER_PAPERS;
    sample->answer.edition = (struct date){2026, 2, 17};
    sample->answer.days = 5;
    sample->answer.papers_per_day = 12.4;
    /* What the caller must not have shown. */
    read_lines(sample, "subscribe Evil Name\nkeywords: evil, https://evil.example/");
    return sample;
}

static struct answer_sample *change_request(void)
{
    struct answer_sample *sample = request(ANSWER_CONFIRM_CHANGE);

    read_lines(sample, "add https://evil.example/\nadd evil\npause 2 weeks\nevil nonsense");
    sample->answer.before = &sample->before;
    return sample;
}

static struct answer_sample *address(bool is_to_other)
{
    struct answer_sample *sample = request(ANSWER_CONFIRM_ADDRESS);

    sample->answer.to = is_to_other ? "ada@new.example" : "ada@example.org";
    sample->answer.other_address = is_to_other ? "ada@example.org" : "ada@new.example";
    sample->answer.is_to_other = is_to_other;
    return sample;
}

static struct answer_sample *answer(enum answer_kind kind)
{
    struct answer_sample *sample = new_sample(kind);

    sample->answer.before = &sample->before;
    sample->answer.after = &sample->after;
    sample->answer.to_name = sample->after.name;
    sample->answer.notes = &sample->notes;
    sample->answer.undo = "mailto:paperboy@example.org?subject=undo";
    sample->answer.unsubscribe = "mailto:" UNSUBSCRIBE "?subject=unsubscribe";
    return sample;
}

struct answer_sample *answer_sample_change(const char *lines)
{
    const struct change_context context = {.today = {2026, 2, 17}};
    struct answer_sample *sample = answer(ANSWER_CHANGED);

    read_lines(sample, lines);
    change_apply(&sample->commands, &context, &sample->after, sample->arena, &sample->notes);
    sample->answer.subject_of = VIEW("Some changes");
    return sample;
}

static struct answer_sample *change(void)
{
    return answer_sample_change(
        "add \"speculative decoding\"^3, cs.PF\nremove quantization\nmute <b>tutorial</b>\n"
        "max 30\nat 25:00\nweekly friday\nlike 2602.13531\nfrobnicate\nmutte benchmark\nadd LLM");
}

static struct answer_sample *one_change(void)
{
    return answer_sample_change("pause until 2026-03-24");
}

static struct answer_sample *unsubscribed(void)
{
    struct answer_sample *sample = answer_sample_change("unsubscribe");

    sample->answer.state = "answer_unsubscribed";
    return sample;
}

static struct answer_sample *subscribed(void)
{
    struct answer_sample *sample = answer_sample_change("subscribe Ada\nadd decoding");

    sample->answer.before = NULL;
    sample->answer.state = "answer_subscribed";
    sample->answer.subject_of = (struct view){NULL, 0};
    return sample;
}

static struct answer_sample *help(void)
{
    struct answer_sample *sample = answer(ANSWER_HELP);

    read_lines(sample, "help");
    return sample;
}

static struct answer_sample *help_stranger(void)
{
    struct answer_sample *sample = new_sample(ANSWER_HELP);

    read_lines(sample, "What is this, and how do I get it?\nsubscrbe");
    return sample;
}

static struct answer_sample *export(void)
{
    struct answer_sample *sample = answer_sample_change("export\nfeed");

    answer_note(&sample->notes, &sample->commands.items[1], "answer_feed");
    sample->answer.feed = "https://papers.example.org/feed/ciaabho7fslu7xj4h5nhfvrdulr5lai";
    sample->answer.attachment = VIEW("{\"profile\": {\"name\": \"Ad\xC3\xA9\"}}\n");
    sample->answer.attachment_name = "paperboy-export.json";
    return sample;
}

static struct answer_sample *forget(void)
{
    return request(ANSWER_CONFIRM_FORGET);
}

static struct answer_sample *address_old(void)
{
    return address(false);
}

static struct answer_sample *address_new(void)
{
    return address(true);
}

static const struct {
    const char *name;
    struct answer_sample *(*make)(void);
} SAMPLES[ANSWER_SAMPLES] = {
    {"subscribe", subscribe}, {"change-request", change_request}, {"address-old", address_old},
    {"address-new", address_new}, {"forget", forget}, {"change", change},
    {"one-change", one_change}, {"unsubscribed", unsubscribed}, {"subscribed", subscribed},
    {"help", help}, {"help-stranger", help_stranger}, {"export", export},
};

const char *answer_sample_name(size_t index)
{
    return SAMPLES[index].name;
}

struct answer_sample *answer_sample_new(size_t index)
{
    return SAMPLES[index].make();
}
