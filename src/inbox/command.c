#include "inbox/command.h"

#include <string.h>

#include "base/ascii.h"
#include "base/document.h"
#include "base/memory.h"

/* ---- names ---- */

static const char *const NAMES[COMMAND_NAMES] = {
    [COMMAND_SUBSCRIBE] = "subscribe", [COMMAND_UNSUBSCRIBE] = "unsubscribe",
    [COMMAND_CONFIRM] = "confirm", [COMMAND_KEYWORDS] = "keywords", [COMMAND_ADD] = "add",
    [COMMAND_REMOVE] = "remove", [COMMAND_MUTE] = "mute", [COMMAND_CATEGORIES] = "categories",
    [COMMAND_AUTHORS] = "authors", [COMMAND_INTERESTS] = "interests", [COMMAND_MAX] = "max",
    [COMMAND_DAILY] = "daily", [COMMAND_WEEKLY] = "weekly", [COMMAND_AT] = "at",
    [COMMAND_PAUSE] = "pause", [COMMAND_RESUME] = "resume", [COMMAND_LIKE] = "like",
    [COMMAND_DISLIKE] = "dislike", [COMMAND_UNDO] = "undo", [COMMAND_SHOW] = "show",
    [COMMAND_PREVIEW] = "preview", [COMMAND_RESEND] = "resend", [COMMAND_ADDRESS] = "address",
    [COMMAND_FEED] = "feed", [COMMAND_EXPORT] = "export", [COMMAND_FORGET] = "forget",
    [COMMAND_HELP] = "help", [COMMAND_UNKNOWN] = "unknown",
};

/* Words that mean the same, LISTSERV's, Mailman's and arXiv's among them. */
static const struct {
    const char *word;
    enum mail_command_name name;
} OTHERS[] = {
    {"leave", COMMAND_UNSUBSCRIBE}, {"cancel", COMMAND_UNSUBSCRIBE},
    {"signoff", COMMAND_UNSUBSCRIBE}, {"stop", COMMAND_UNSUBSCRIBE},
    {"del", COMMAND_REMOVE}, {"delete", COMMAND_REMOVE}, {"keyword", COMMAND_ADD},
    {"category", COMMAND_CATEGORIES}, {"author", COMMAND_AUTHORS},
    {"interest", COMMAND_INTERESTS}, {"?", COMMAND_HELP},
};

/* What a command takes: a line with fewer or more words was probably not meant as one. */
static const struct {
    size_t min, max;
    enum { ANY, ID, SELF, LEAVE } kind;
} TAKES[COMMAND_UNKNOWN] = {
    [COMMAND_SUBSCRIBE] = {0, 12, ANY}, [COMMAND_UNSUBSCRIBE] = {0, 8, LEAVE},
    [COMMAND_CONFIRM] = {0, 1, ANY}, [COMMAND_KEYWORDS] = {0, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_ADD] = {1, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_REMOVE] = {1, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_MUTE] = {1, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_CATEGORIES] = {0, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_AUTHORS] = {0, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_INTERESTS] = {0, COMMAND_ARGUMENTS_MAX, ANY},
    [COMMAND_MAX] = {0, 3, ANY}, [COMMAND_DAILY] = {0, 3, ANY}, [COMMAND_WEEKLY] = {0, 5, ANY},
    [COMMAND_AT] = {0, 3, ANY}, [COMMAND_PAUSE] = {0, 4, ANY}, [COMMAND_RESUME] = {0, 2, ANY},
    [COMMAND_LIKE] = {1, 50, ID}, [COMMAND_DISLIKE] = {1, 50, ID}, [COMMAND_UNDO] = {0, 2, ANY},
    [COMMAND_SHOW] = {0, 3, ANY}, [COMMAND_PREVIEW] = {0, 2, ANY}, [COMMAND_RESEND] = {0, 2, ANY},
    [COMMAND_ADDRESS] = {0, 3, ANY}, [COMMAND_FEED] = {0, 2, ANY}, [COMMAND_EXPORT] = {0, 2, ANY},
    [COMMAND_FORGET] = {0, 1, SELF}, [COMMAND_HELP] = {0, 1, ANY},
};

const char *mail_command_name(enum mail_command_name name)
{
    return NAMES[name];
}

bool mail_command_name_parse(struct view word, enum mail_command_name *ret_name)
{
    for (size_t i = 0; i < COMMAND_NAMES; i++)
        if (view_equal_string(word, NAMES[i])) {
            *ret_name = (enum mail_command_name)i;
            return true;
        }
    return false;
}

static bool find_name(struct view word, enum mail_command_name *ret_name)
{
    for (size_t i = 0; i < COMMAND_UNKNOWN; i++)
        if (view_equal_nocase(word, view_of(NAMES[i]))) {
            *ret_name = (enum mail_command_name)i;
            return true;
        }
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++)
        if (view_equal_nocase(word, view_of(OTHERS[i].word))) {
            *ret_name = OTHERS[i].name;
            return true;
        }
    return false;
}

static const char *nearest_command(struct arena *arena, struct view word)
{
    const char *known[COMMAND_UNKNOWN + sizeof(OTHERS) / sizeof(*OTHERS) + 1] = {0}, *found;
    char *lower = arena_string(arena, view_slice(word, 0, 40));
    enum mail_command_name name;
    size_t count = 0;

    for (char *at = lower; *at; at++)
        *at = ascii_lower(*at);
    for (size_t i = 0; i < COMMAND_UNKNOWN; i++)
        known[count++] = NAMES[i];
    for (size_t i = 0; i < sizeof(OTHERS) / sizeof(*OTHERS); i++)
        known[count++] = OTHERS[i].word;
    found = nearest_name(lower, known);
    return found && find_name(view_of(found), &name) ? NAMES[name] : NULL;
}

/* ---- one line ---- */

static bool is_space(char character)
{
    return character == ' ' || character == '\t';
}

/* The quotes that mail programs make of '"', each with its end. */
static const struct {
    const char *open, *close;
} QUOTES[] = {
    {"\"", "\""}, {"\xE2\x80\x9C", "\xE2\x80\x9D"}, {"\xE2\x80\x9E", "\xE2\x80\x9C"},
    {"\xE2\x80\x9D", "\xE2\x80\x9D"}, {"\xC2\xAB", "\xC2\xBB"},
};

/* The inside of a quotation that begins at `at`; false when it has no end. */
static bool read_quotation(struct view text, size_t at, struct view *ret_inside, size_t *ret_end)
{
    struct view here = view_slice(text, at, text.size);

    for (size_t i = 0; i < sizeof(QUOTES) / sizeof(*QUOTES); i++) {
        struct view open = view_of(QUOTES[i].open), close = view_of(QUOTES[i].close);
        size_t end;

        if (!view_starts_with(here, open))
            continue;
        end = view_find(here, close, open.size);
        if (end == here.size && close.size > 1) /* the other end is often a plain one */
            end = view_find(here, close = VIEW("\""), open.size);
        if (end == here.size)
            return false;
        *ret_inside = view_slice(here, open.size, end);
        *ret_end = at + end + close.size;
        return true;
    }
    return false;
}

static bool is_comma(struct view text, size_t at, size_t *ret_size)
{
    *ret_size = 1;
    if (text.data[at] == ',' || text.data[at] == ';')
        return true;
    *ret_size = 3; /* the wide ones of East Asia */
    return view_starts_with(view_slice(text, at, text.size), VIEW("\xEF\xBC\x8C")) ||
           view_starts_with(view_slice(text, at, text.size), VIEW("\xE3\x80\x81"));
}

struct splitting {
    struct arena *arena;
    struct view *words;
    bool *begins;
    size_t count;
    bool begins_next;
    bool is_cut;
};

static void add_word(struct splitting *splitting, struct view word, bool begins, bool ends)
{
    if (splitting->count == COMMAND_ARGUMENTS_MAX) {
        splitting->is_cut = true;
        return;
    }
    splitting->words[splitting->count] = word;
    splitting->begins[splitting->count++] = begins || splitting->begins_next;
    splitting->begins_next = ends;
}

/* `"speculative decoding"^3`, `-"a survey"`: a quotation with what is glued to it. */
static size_t take_quoted(struct splitting *splitting, struct view text, size_t at)
{
    size_t minus = text.data[at] == '-', end, tail, size;
    struct view inside, parts[3];
    struct buffer word;

    if (!read_quotation(text, at + minus, &inside, &end))
        return at;
    tail = end;
    while (tail < text.size && !is_space(text.data[tail]) && !is_comma(text, tail, &size))
        tail++;
    parts[0] = view_slice(text, at, at + minus);
    parts[1] = view_trim(inside);
    parts[2] = view_slice(text, end, tail);
    buffer_init(&word, COMMAND_LINE_BYTES);
    for (size_t i = 0; i < 3; i++)
        buffer_add_view(&word, parts[i]);
    add_word(splitting, arena_copy(splitting->arena, buffer_view(&word)), true, true);
    buffer_free(&word);
    return tail;
}

/* Whether it ends in `^3`. */
static bool has_weight(struct view word)
{
    size_t caret = view_find_char(word, '^', 0);

    return caret > 0 && caret + 1 < word.size && word.data[caret + 1] >= '0' &&
           word.data[caret + 1] <= '9';
}

static size_t take_bare(struct splitting *splitting, struct view text, size_t at)
{
    size_t end = at, size;
    struct view word;

    while (end < text.size && !is_space(text.data[end]) && !is_comma(text, end, &size))
        end++;
    word = view_slice(text, at, end);
    add_word(splitting, word, word.size > 1 && word.data[0] == '-', has_weight(word));
    return end;
}

static void split_words(struct splitting *splitting, struct view text)
{
    size_t at = 0, size;

    splitting->begins_next = true;
    while (at < text.size) {
        size_t end;

        if (is_space(text.data[at])) {
            at++;
        } else if (is_comma(text, at, &size)) {
            splitting->begins_next = true;
            at += size;
        } else if ((end = take_quoted(splitting, text, at)) > at) {
            at = end;
        } else {
            at = take_bare(splitting, text, at);
        }
    }
}

/* The first word, and what stands behind it and perhaps a colon. */
static struct view first_word(struct view line, struct view *ret_rest)
{
    size_t end = 0;
    struct view word;

    while (end < line.size && !is_space(line.data[end]) && line.data[end] != ':')
        end++;
    word = view_slice(line, 0, end);
    if (end < line.size && line.data[end] == ':')
        end++;
    else if (view_starts_with(view_trim(view_slice(line, end, line.size)), VIEW(":")))
        end = view_find_char(line, ':', end) + 1;
    *ret_rest = view_trim(view_slice(line, end, line.size));
    /* "unsubscribe!" is a whole sentence. */
    while (!ret_rest->size && word.size > 1 && strchr(".,!;", word.data[word.size - 1]))
        word.size--;
    return word;
}

static bool looks_like_id(struct view word)
{
    for (size_t i = 0; i < word.size; i++)
        if (word.data[i] >= '0' && word.data[i] <= '9')
            return true;
    return false;
}

/* What people write behind a word that ends their subscription; behind anything else,
 * "Stop by my office", it is a sentence. */
static bool is_about_leaving(struct view argument)
{
    static const char *const WORDS[] = {
        "me", "us", "please", "from", "this", "the", "that", "your", "list", "lists", "mailing",
        "newsletter", "newsletters", "email", "emails", "mail", "mails", "digest", "digests",
        "paperboy", "now", "all", "everything", "immediately", "sending", "receiving", "my",
        "subscription", "thanks", "arxiv", "papers", "here", "to", "of", "any", "more"};

    while (argument.size && strchr(".!,", argument.data[argument.size - 1]))
        argument.size--;
    if (view_find_char(argument, '@', 0) < argument.size)
        return true;
    for (size_t i = 0; i < sizeof(WORDS) / sizeof(*WORDS); i++)
        if (view_equal_nocase(argument, view_of(WORDS[i])))
            return true;
    return false;
}

/* The list servers' own words take the name of a list, or of who leaves. */
enum { LIST_WORDS = 3 };

static bool is_leaving(const struct mail_command *command, struct view word)
{
    bool is_plain = view_equal_nocase(word, VIEW("unsubscribe")) ||
                    view_equal_nocase(word, VIEW("signoff"));

    for (size_t i = 0; i < command->argument_count; i++)
        if (!is_about_leaving(command->arguments[i]))
            return is_plain && command->argument_count <= LIST_WORDS;
    return true;
}

static bool is_plausible(const struct mail_command *command, struct view word)
{
    size_t count = command->argument_count;

    if (count < TAKES[command->name].min || count > TAKES[command->name].max)
        return false;
    if (TAKES[command->name].kind == LEAVE)
        return is_leaving(command, word);
    if (TAKES[command->name].kind == SELF)
        return !count || view_equal_nocase(command->arguments[0], VIEW("me"));
    for (size_t i = 0; i < count && TAKES[command->name].kind == ID; i++)
        if (!looks_like_id(command->arguments[i]))
            return false;
    return true;
}

/* A command, or COMMAND_UNKNOWN with all of the line's words. */
static void read_line(struct view line, struct arena *arena, struct mail_command *ret_command,
                      bool *ret_is_cut)
{
    struct splitting splitting = {.arena = arena};
    struct view rest, word = first_word(line, &rest);
    bool is_known = find_name(word, &ret_command->name);
    size_t room = line.size / 2 + 2;

    if (room > COMMAND_ARGUMENTS_MAX)
        room = COMMAND_ARGUMENTS_MAX;
    splitting.words = arena_alloc(arena, room, sizeof(*splitting.words));
    splitting.begins = arena_alloc(arena, room, sizeof(*splitting.begins));
    split_words(&splitting, is_known ? rest : line);
    *ret_command = (struct mail_command){.name = ret_command->name, .arguments = splitting.words,
                                    .argument_count = splitting.count,
                                    .begins_item = splitting.begins, .rest = rest, .line = line};
    *ret_is_cut |= splitting.is_cut;
    if (is_known && is_plausible(ret_command, word))
        return;
    ret_command->nearest = is_known ? NAMES[ret_command->name] : nearest_command(arena, word);
    ret_command->name = COMMAND_UNKNOWN;
    splitting.count = 0;
    split_words(&splitting, line);
    ret_command->argument_count = splitting.count;
    ret_command->rest = line;
}

/* ---- lines ---- */

/* What polite people write around a command. */
static const char *const GREETINGS[] = {"hi", "hello", "hey", "dear", "good morning",
                                        "good evening", "good day", "hallo", "bonjour", "hola",
                                        "greetings", NULL};
static const char *const CLOSINGS[] = {"thanks", "thank you", "thx", "many thanks", "best",
                                       "best wishes", "best regards", "kind regards",
                                       "warm regards", "regards", "cheers", "sincerely",
                                       "yours", "yours sincerely", "merci", "danke",
                                       "viele grüße", "mit freundlichen grüßen", "gracias",
                                       "cordialement", NULL};

static struct view without_end_marks(struct view line)
{
    while (line.size && strchr(".,!;", line.data[line.size - 1]))
        line.size--;
    return line;
}

static bool is_greeting(struct view line)
{
    for (size_t i = 0; GREETINGS[i]; i++) {
        struct view start = view_of(GREETINGS[i]);

        if (view_starts_with_nocase(line, start) && line.size < start.size + 40 &&
            (line.size == start.size || strchr(" ,!.", line.data[start.size])))
            return true;
    }
    return false;
}

static bool is_closing(struct view line)
{
    struct view bare = without_end_marks(line);

    for (size_t i = 0; CLOSINGS[i]; i++)
        if (view_equal_nocase(bare, view_of(CLOSINGS[i])))
            return true;
    return false;
}

static bool takes_text(enum mail_command_name name)
{
    return name == COMMAND_KEYWORDS || name == COMMAND_ADD || name == COMMAND_REMOVE ||
           name == COMMAND_MUTE || name == COMMAND_CATEGORIES || name == COMMAND_AUTHORS ||
           name == COMMAND_INTERESTS;
}

enum { WRAP_COLUMNS = 66 };

/* Mail programs wrap: `line` goes on where the one before, directly above, was full. */
static bool is_continuation(struct view before, struct view line)
{
    size_t word = 0;

    if (is_space(line.data[0]))
        return true;
    while (word < line.size && !is_space(line.data[word]))
        word++;
    return view_ends_with(before, VIEW(",")) || before.size + 1 + word > WRAP_COLUMNS;
}

static struct view joined(struct arena *arena, struct view a, struct view b)
{
    struct buffer text;
    struct view result;

    buffer_init(&text, a.size + b.size + 2);
    buffer_add_view(&text, a);
    buffer_add_char(&text, ' ');
    buffer_add_view(&text, b);
    result = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return result;
}

struct reading {
    struct arena *arena;
    struct mail_commands *list;
    bool is_closed; /* a closing courtesy was read: what is no command behind it is a name */
};

static bool is_same(const struct mail_command *a, const struct mail_command *b)
{
    if (a->name != b->name || a->argument_count != b->argument_count)
        return false;
    for (size_t i = 0; i < a->argument_count; i++)
        if (!view_equal(a->arguments[i], b->arguments[i]))
            return false;
    return true;
}

static struct mail_command *add_command(struct reading *reading, const struct mail_command *command)
{
    struct mail_commands *list = reading->list;

    for (size_t i = 0; i < list->count; i++)
        if (is_same(&list->items[i], command))
            return &list->items[i];
    if (list->count == COMMANDS_MAX) {
        list->is_cut = true;
        return NULL;
    }
    list->items[list->count] = *command;
    return &list->items[list->count++];
}

/* "* add LLM", "please add LLM" */
static struct view without_ornament(struct view line)
{
    line = view_trim(line);
    if (view_starts_with(line, VIEW("* ")) || view_starts_with(line, VIEW("\xE2\x80\xA2 ")))
        line = view_trim(view_slice(line, view_find_char(line, ' ', 0), line.size));
    if (view_starts_with_nocase(line, VIEW("please ")))
        line = view_trim(view_slice(line, 7, line.size));
    return line;
}

static struct mail_command *take_line(struct reading *reading, struct view line, struct view above,
                                 struct mail_command *last)
{
    struct view bare = without_ornament(line);
    struct mail_command command = {0};

    if (bare.size > COMMAND_LINE_BYTES) {
        reading->list->is_cut = true;
        return NULL;
    }
    read_line(bare, reading->arena, &command, &reading->list->is_cut);
    if (command.name != COMMAND_UNKNOWN)
        return add_command(reading, &command);
    if (last && above.size && takes_text(last->name) && is_continuation(above, line) &&
        last->line.size + bare.size < COMMAND_LINE_BYTES) {
        read_line(joined(reading->arena, last->line, bare), reading->arena, last,
                  &reading->list->is_cut);
        return last;
    }
    if (is_greeting(bare) || reading->is_closed)
        return NULL;
    if (is_closing(bare)) {
        reading->is_closed = true;
        return NULL;
    }
    add_command(reading, &command);
    return NULL;
}

static void take_body(struct reading *reading, struct view body)
{
    struct view line, above = {0};
    struct mail_command *last = NULL;

    while (view_next_line(&body, &line)) {
        if (!view_trim(line).size)
            last = NULL;
        else
            last = take_line(reading, line, above, last);
        above = view_trim(line).size ? line : (struct view){0};
    }
}

/* "Re:", "AW:", "Fwd:", "回复：": what follows is not the writer's. */
static bool is_of_another(struct view subject)
{
    static const char *const STARTS[] = {"re:", "aw:", "sv:", "antw:", "vs:", "odp:", "ynt:", "re :",
                                         "tr:", "rv:", "fw:", "fwd:", "wg:", "i:", "r:", "re[",
                                         "回复", "答复", "转发", "返信", NULL};

    for (size_t i = 0; STARTS[i]; i++)
        if (view_starts_with_nocase(subject, view_of(STARTS[i])))
            return true;
    return false;
}

static size_t count_known(const struct mail_commands *list, size_t from)
{
    size_t count = 0;

    for (size_t i = from; i < list->count; i++)
        count += list->items[i].name != COMMAND_UNKNOWN;
    return count;
}

static void drop_unknown(struct mail_commands *list, size_t from, size_t to)
{
    size_t kept = from;

    for (size_t i = from; i < list->count; i++)
        if (i >= to || list->items[i].name != COMMAND_UNKNOWN)
            list->items[kept++] = list->items[i];
    list->count = kept;
}

/* A mail program's own words below a subject that it was told to send. */
static bool is_whole(const struct mail_commands *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name == COMMAND_UNSUBSCRIBE || list->items[i].name == COMMAND_CONFIRM)
            return true;
    return false;
}

void mail_commands_read(const struct mail_command_sources *sources, struct arena *arena,
                   struct mail_commands *ret_list)
{
    struct reading reading = {.arena = arena, .list = ret_list};
    struct view subject = view_trim(sources->subject);
    size_t heads;

    *ret_list = (struct mail_commands){arena_alloc(arena, COMMANDS_MAX, sizeof(*ret_list->items)), 0,
                                      false};
    take_line(&reading, sources->plus, (struct view){0}, NULL);
    drop_unknown(ret_list, 0, ret_list->count);
    if (subject.size && !is_of_another(subject))
        take_line(&reading, subject, (struct view){0}, NULL);
    heads = ret_list->count;
    reading.is_closed = false;
    take_body(&reading, sources->body);
    if (count_known(ret_list, heads) || (is_whole(ret_list) && count_known(ret_list, 0)))
        drop_unknown(ret_list, 0, heads);
    if (!count_known(ret_list, heads < ret_list->count ? heads : ret_list->count) &&
        is_whole(ret_list))
        drop_unknown(ret_list, 0, ret_list->count);
}
