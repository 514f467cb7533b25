/* Commands of mails: what a person may write, and what `inbox --explain` says of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "inbox/command.h"
#include "inbox/mail_text.h"
#include "unit/data.h"

/* "add[LLM|speculative decoding^3] unknown[what](max)": names, arguments, and of an unknown
 * line the nearest command. */
static void show(const struct mail_commands *list, struct buffer *ret_text)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct mail_command *command = &list->items[i];

        buffer_printf(ret_text, "%s%s", i ? " " : "", mail_command_name(command->name));
        for (size_t j = 0; j < command->argument_count; j++)
            buffer_printf(ret_text, "%s%.*s", j ? "|" : "[", VIEW_ARGUMENTS(command->arguments[j]));
        if (command->argument_count)
            buffer_add_char(ret_text, ']');
        if (command->nearest)
            buffer_printf(ret_text, "(%s)", command->nearest);
    }
}

static void check_sources(const char *plus, const char *subject, const char *body, const char *want)
{
    struct view parts[] = {data_exact(plus), data_exact(subject), data_exact(body)};
    struct arena *arena = arena_new();
    struct mail_command_sources sources = {parts[0], parts[1], mail_text_own(parts[2], arena)};
    struct mail_commands list;
    struct buffer text;

    buffer_init(&text, 1 << 20);
    mail_commands_read(&sources, arena, &list);
    show(&list, &text);
    if (strcmp(buffer_string(&text), want) != 0)
        fail_msg("+%s, \"%s\":\n%s\ngives %s\nwanted %s", plus, subject, body, buffer_string(&text), want);
    assert_false(list.is_cut);
    buffer_free(&text);
    arena_free(&arena);
    for (size_t i = 0; i < 3; i++)
        data_free(parts[i]);
}

static void check(const char *body, const char *want)
{
    check_sources("", "", body, want);
}

struct sample {
    const char *body, *want;
};

static void check_all(const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(samples[i].body, samples[i].want);
}
#define CHECK_ALL(samples) check_all(samples, sizeof(samples) / sizeof(*(samples)))

static void every_command_is_read(void **state)
{
    static const struct sample SAMPLES[] = {
        {"subscribe", "subscribe"},
        {"subscribe Ada Lovelace", "subscribe[Ada|Lovelace]"},
        {"unsubscribe", "unsubscribe"},
        {"unsubscribe me from this list please", "unsubscribe[me|from|this|list|please]"},
        {"leave", "unsubscribe"},
        {"cancel", "unsubscribe"},
        {"signoff", "unsubscribe"},
        {"stop", "unsubscribe"},
        {"stop sending me emails", "unsubscribe[sending|me|emails]"},
        {"signoff DIGEST-L", "unsubscribe[DIGEST-L]"},
        {"confirm abcdefgh234567", "confirm[abcdefgh234567]"},
        {"keywords: LLM, kv cache", "keywords[LLM|kv|cache]"},
        {"add LLM", "add[LLM]"},
        {"remove LLM", "remove[LLM]"},
        {"mute survey", "mute[survey]"},
        {"categories cs.LG cs.DC", "categories[cs.LG|cs.DC]"},
        {"authors Ada Lovelace, Emmy Noether", "authors[Ada|Lovelace|Emmy|Noether]"},
        {"interests how models forget", "interests[how|models|forget]"},
        {"max 20", "max[20]"},
        {"daily", "daily"},
        {"weekly monday", "weekly[monday]"},
        {"at 07:30 Europe/Paris", "at[07:30|Europe/Paris]"},
        {"pause 2 weeks", "pause[2|weeks]"},
        {"pause until 2026-12-24", "pause[until|2026-12-24]"},
        {"resume", "resume"},
        {"like 2602.13531", "like[2602.13531]"},
        {"like hep-th/9901001 2602.13531v2", "like[hep-th/9901001|2602.13531v2]"},
        {"dislike 2602.13531", "dislike[2602.13531]"},
        {"undo", "undo"},
        {"show", "show"},
        {"preview", "preview"},
        {"resend", "resend"},
        {"address new@example.org", "address[new@example.org]"},
        {"feed", "feed"},
        {"export", "export"},
        {"forget me", "forget[me]"},
        {"forget", "forget"},
        {"help", "help"},
        {"?", "help"},
        {"del cs.AI", "remove[cs.AI]"},
        {"add cs.AI", "add[cs.AI]"},
    };
    char upper[200];

    (void)state;
    CHECK_ALL(SAMPLES);
    /* Any case of the command's word. */
    for (size_t i = 0; i < sizeof(SAMPLES) / sizeof(SAMPLES[0]); i++) {
        snprintf(upper, sizeof(upper), "%s", SAMPLES[i].body);
        for (char *at = upper; *at >= 'a' && *at <= 'z'; at++)
            *at = (char)(*at - 0x20);
        check(upper, SAMPLES[i].want);
    }
    for (int name = 0; name < COMMAND_NAMES; name++) {
        enum mail_command_name again;

        assert_true(mail_command_name_parse(view_of(mail_command_name((enum mail_command_name)name)), &again));
        assert_int_equal(again, name);
    }
    assert_false(mail_command_name_parse(VIEW("leave"), &(enum mail_command_name){0}));
}

static void words_are_split_as_written(void **state)
{
    static const struct sample SAMPLES[] = {
        {"keywords: LLM, \"speculative decoding\"^3, -survey", "keywords[LLM|speculative decoding^3|-survey]"},
        {"add \xE2\x80\x9Ckv cache\xE2\x80\x9D^2.5", "add[kv cache^2.5]"},
        {"add \xE2\x80\x9Ekv cache\xE2\x80\x9C", "add[kv cache]"},
        {"add \xC2\xABkv cache\xC2\xBB, x", "add[kv cache|x]"},
        {"add \xE2\x80\x9Ckv cache\"", "add[kv cache]"},
        {"add -\"a survey\"", "add[-a survey]"},
        {"add \"no end", "add[\"no|end]"},
        {"add \"\"", "add[]"},
        {"add C++, x^n, GPT-4", "add[C++|x^n|GPT-4]"},
        {"add LLM;RL ; a", "add[LLM|RL|a]"},
        {"add LLM\xEF\xBC\x8CRL\xE3\x80\x81GAN", "add[LLM|RL|GAN]"},
        {"  add   LLM\t RL  ", "add[LLM|RL]"},
        {"keywords : LLM", "keywords[LLM]"},
        {"keywords:LLM", "keywords[LLM]"},
        {"Unsubscribe!", "unsubscribe"},
        {"Stop by my office tomorrow", "unknown[Stop|by|my|office|tomorrow](unsubscribe)"},
        {"Cancel the meeting", "unknown[Cancel|the|meeting](unsubscribe)"},
        {"leave me alone", "unknown[leave|me|alone](unsubscribe)"},
        {"unsubscribe? I never subscribed",
         "unknown[unsubscribe?|I|never|subscribed](unsubscribe)"},
        {"please unsubscribe.", "unsubscribe"},
        {"* add LLM\n\xE2\x80\xA2 add RL", "add[LLM] add[RL]"},
        {"subscribe\r\nkeywords: LLM\r\n", "subscribe keywords[LLM]"},
        {"keywords:", "keywords"},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

/* Which words belong together is told by commas, quotes, weights and minus signs. */
static void items_are_told_apart(void **state)
{
    static const struct {
        const char *line, *want; /* a '1' for each argument that begins an item */
    } cases[] = {
        {"add speculative decoding", "10"},
        {"add speculative decoding, LLM", "101"},
        {"add speculative decoding,LLM training", "1010"},
        {"add \"kv cache\" LLM", "11"},
        {"add kv cache^3 LLM training", "1010"},
        {"add LLM -survey paper", "110"},
        {"add LLM \"kv cache\"", "11"},
        {"add x^n y", "10"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view line = data_exact(cases[i].line);
        struct mail_command_sources sources = {.body = line};
        struct arena *arena = arena_new();
        struct mail_commands list;
        char got[20] = "";

        mail_commands_read(&sources, arena, &list);
        assert_int_equal(list.count, 1);
        for (size_t j = 0; j < list.items[0].argument_count; j++)
            got[j] = list.items[0].begins_item[j] ? '1' : '0';
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s, wanted %s", cases[i].line, got, cases[i].want);
        arena_free(&arena);
        data_free(line);
    }
}

static void long_lines_go_on(void **state)
{
    static const struct sample SAMPLES[] = {
        {"keywords: LLM,\nkv cache", "keywords[LLM|kv|cache]"},
        {"keywords: LLM\n  kv cache", "keywords[LLM|kv|cache]"},
        {"interests: how large language models forget what they were taught\nbefore, and why",
         "interests[how|large|language|models|forget|what|they|were|taught|before|and|why]"},
        /* A line that was not full has ended; an empty line ends, too. */
        {"add LLM\nwhatever", "add[LLM] unknown[whatever]"},
        {"add LLM,\n\nwhatever", "add[LLM] unknown[whatever]"},
        {"max 20,\nwhatever", "max[20] unknown[whatever]"},
        {"keywords: LLM,\nmax 20", "keywords[LLM] max[20]"},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

#define WROTE(line) {"add LLM\n\n" line "\n\nunsubscribe", "add[LLM]"}

/* Nothing that others have written, or that programs add. */
static void only_the_writers_own_counts(void **state)
{
    static const struct sample SAMPLES[] = {
        {"add LLM\n-- \nAda\nunsubscribe", "add[LLM]"},
        {"add LLM\n--\nunsubscribe", "add[LLM]"},
        {"add LLM\n> unsubscribe\n", "add[LLM]"},
        {"> unsubscribe", ""},
        WROTE("On Tue, 17 Feb 2026 at 07:30, Paperboy <digest@example.org> wrote:"),
        WROTE("On Tue, 17 Feb 2026 at 07:30,\nPaperboy <digest@example.org> wrote:"),
        WROTE("On Tue, Feb 17, 2026 at 7:30 AM Paperboy with a rather long name\n<digest@example.org>\nwrote:"),
        WROTE("Am 17.02.26 um 07:30 schrieb Paperboy:"),
        WROTE("Am Di., 17. Feb. 2026 um 07:30 Uhr schrieb Paperboy <\ndigest@example.org>:"),
        WROTE("Le mar. 17 f\xC3\xA9vr. 2026 \xC3\xA0 07:30, Paperboy <d@example.org> a \xC3\xA9" "crit :"),
        WROTE("El mar, 17 feb 2026 a las 7:30, Paperboy (<d@example.org>) escribi\xC3\xB3:"),
        WROTE("Il giorno mar 17 feb 2026 alle ore 07:30 Paperboy <d@example.org> ha scritto:"),
        WROTE("Op di 17 feb 2026 om 07:30 schreef Paperboy <d@example.org>:"),
        WROTE("Em ter., 17 de fev. de 2026 \xC3\xA0s 07:30, Paperboy <d@example.org> escreveu:"),
        WROTE("W dniu 17.02.2026 o 07:30, Paperboy pisze:"),
        WROTE("\xD0\xB2\xD1\x82, 17 \xD1\x84\xD0\xB5\xD0\xB2\xD1\x80. 2026 \xD0\xB3. \xD0\xB2 07:30, Paperboy <d@example.org>"
              " \xD0\xBF\xD0\xB8\xD1\x88\xD0\xB5\xD1\x82:"),
        WROTE("2026\xE5\xB9\xB4" "2\xE6\x9C\x88" "17\xE6\x97\xA5 Paperboy <d@example.org> \xE5\x86\x99\xE9\x81\x93\xEF\xBC\x9A"),
        WROTE("-----Original Message-----"),
        WROTE("________________________________"),
        WROTE("From: Paperboy <d@example.org>\nSent: Tuesday, February 17, 2026 7:30 AM\nTo: Ada\nSubject: x"),
        WROTE("Von: Paperboy <d@example.org>\nGesendet: Dienstag, 17. Februar 2026 07:30\nAn: Ada"),
        WROTE("De : Paperboy\nEnvoy\xC3\xA9 : mardi 17 f\xC3\xA9vrier 2026"),
        WROTE("\xE5\x8F\x91\xE4\xBB\xB6\xE4\xBA\xBA: Paperboy\n\xE6\x94\xB6\xE4\xBB\xB6\xE4\xBA\xBA: Ada"),
        WROTE("---------- Forwarded message ---------"),
        WROTE("Begin forwarded message:"),
        WROTE("Sent from my iPhone"),
        WROTE("Get Outlook for Android"),
        /* Directly below the command, without an empty line. */
        {"add LLM\nOn Tue, 17 Feb 2026 at 07:30, Paperboy <d@example.org> wrote:\nunsubscribe", "add[LLM]"},
        /* What only looks like it. */
        {"add LLM\nadd what they wrote: more", "add[LLM] add[what|they|wrote:|more]"},
        {"interests: what Turing wrote in 1950 on machines", "interests[what|Turing|wrote|in|1950|on|machines]"},
        {"to: nobody\nadd LLM", "unknown[to:|nobody] add[LLM]"},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void courtesies_are_no_commands(void **state)
{
    static const struct sample SAMPLES[] = {
        {"Hi,\n\nsubscribe\n\nThanks,\nAda Lovelace", "subscribe"},
        {"Dear Paperboy,\nplease add LLM\nBest regards\nAda\nUniversity of Somewhere", "add[LLM]"},
        {"Hello!\nhelp\ncheers", "help"},
        {"Hallo,\nadd LLM\nViele Gr\xC3\xBC\xC3\x9F" "e\nAda", "add[LLM]"},
        /* A command behind the closing is one all the same; a name is none. */
        {"thanks\nAda\nmax 20", "max[20]"},
        {"", ""},
        {"\n\n  \n", ""},
        {"hi", ""},
        {"highlight graphs", "unknown[highlight|graphs]"},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void the_subject_and_the_address_speak(void **state)
{
    static const struct {
        const char *plus, *subject, *body, *want;
    } cases[] = {
        {"subscribe", "", "", "subscribe"},
        {"subscribe", "", "keywords: LLM", "subscribe keywords[LLM]"},
        {"subscribe", "subscribe", "subscribe", "subscribe"},
        {"nonsense", "", "", ""},
        {"unsubscribe", "unsubscribe", "This mail was made by a program.", "unsubscribe"},
        {"", "subscribe", "keywords: LLM", "subscribe keywords[LLM]"},
        {"", "Subscribe", "subscribe", "subscribe"},
        {"", "subscribe Ada Lovelace", "subscribe Ada Lovelace", "subscribe[Ada|Lovelace]"},
        {"", "confirm", "", "confirm"},
        {"", "confirm", "Sent by my phone", "confirm"},
        {"", "Hello", "add LLM", "add[LLM]"},
        {"", "Hello there", "", ""},
        {"", "Question", "", "unknown[Question]"},
        {"", "Question", "when is it sent?", "unknown[Question] unknown[when|is|it|sent?]"},
        {"", "Re: subscribe", "", ""},
        {"", "RE: confirm", "who is this", "unknown[who|is|this]"},
        {"", "AW: unsubscribe", "", ""},
        {"", "Fwd: unsubscribe", "", ""},
        {"", "\xE5\x9B\x9E\xE5\xA4\x8D\xEF\xBC\x9A confirm", "", ""},
        {"", "Re: Your papers", "add LLM", "add[LLM]"},
        {"", "resume", "", "resume"},
        {"", "add LLM", "max 20\nnonsense", "add[LLM] max[20] unknown[nonsense]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_sources(cases[i].plus, cases[i].subject, cases[i].body, cases[i].want);
}

static void an_unknown_line_has_its_nearest_command(void **state)
{
    static const struct sample SAMPLES[] = {
        {"subscirbe", "unknown[subscirbe](subscribe)"},
        {"unsubscribed", "unknown[unsubscribed](unsubscribe)"},
        {"pauze 2 weeks", "unknown[pauze|2|weeks](pause)"},
        {"categoris cs.LG", "unknown[categoris|cs.LG](categories)"},
        {"canel", "unknown[canel](unsubscribe)"},
        {"xyzzy", "unknown[xyzzy]"},
        /* Words that begin a sentence. */
        {"like this very much", "unknown[like|this|very|much](like)"},
        {"add", "unknown[add](add)"},
        {"show me what you can do with it", "unknown[show|me|what|you|can|do|with|it](show)"},
        {"forget about it", "unknown[forget|about|it](forget)"},
        {"forget everything", "unknown[forget|everything](forget)"},
        {"confirm that I am here", "unknown[confirm|that|I|am|here](confirm)"},
    };

    (void)state;
    CHECK_ALL(SAMPLES);
}

static void the_same_command_is_one(void **state)
{
    (void)state;
    check("add LLM\nadd LLM\nadd RL\nhelp\nhelp", "add[LLM] add[RL] help");
}

/* ---- limits ---- */

static struct mail_commands read_big(struct arena *arena, const struct buffer *body)
{
    struct view exact = data_exact_view(buffer_view(body));
    struct mail_command_sources sources = {.body = arena_copy(arena, exact)};
    struct mail_commands list;

    mail_commands_read(&sources, arena, &list);
    data_free(exact);
    return list;
}

static void there_are_limits(void **state)
{
    struct arena *arena = arena_new();
    struct mail_commands list;
    struct buffer body;

    (void)state;
    buffer_init(&body, 1 << 20);
    for (int i = 0; i < COMMANDS_MAX; i++)
        buffer_printf(&body, "add word%d\n", i);
    list = read_big(arena, &body);
    assert_int_equal(list.count, COMMANDS_MAX);
    assert_false(list.is_cut);
    buffer_add_string(&body, "add one more\n");
    list = read_big(arena, &body);
    assert_int_equal(list.count, COMMANDS_MAX);
    assert_true(list.is_cut);

    buffer_cut(&body, 0);
    buffer_add_string(&body, "add ");
    for (int i = 0; i < COMMAND_ARGUMENTS_MAX + 10; i++)
        buffer_printf(&body, "w%d ", i);
    list = read_big(arena, &body);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].argument_count, COMMAND_ARGUMENTS_MAX);
    assert_true(list.is_cut);

    buffer_cut(&body, 0);
    buffer_add_string(&body, "max 20\nadd ");
    for (int i = 0; i < COMMAND_LINE_BYTES; i++)
        buffer_add_char(&body, 'x');
    list = read_big(arena, &body);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].name, COMMAND_MAX);
    assert_true(list.is_cut);
    buffer_free(&body);
    arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_read),
        cmocka_unit_test(words_are_split_as_written),
        cmocka_unit_test(items_are_told_apart),
        cmocka_unit_test(long_lines_go_on),
        cmocka_unit_test(only_the_writers_own_counts),
        cmocka_unit_test(courtesies_are_no_commands),
        cmocka_unit_test(the_subject_and_the_address_speak),
        cmocka_unit_test(an_unknown_line_has_its_nearest_command),
        cmocka_unit_test(the_same_command_is_one),
        cmocka_unit_test(there_are_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
