/* A template rendered in two steps says what it says in one: the first byte tells
 * which values of a small context are known late, the rest is the template. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/mustache.h"

enum { LATE = 5, STEPS = 20000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* {"t": text, "e": "", "n": 3, "b": true, "l": [{"t": …, "i": …, "o": …}, …], "p": "q"}; o is
 * absent from the second item, and means something further out. */
static const char NAMES[LATE] = {'t', 'e', 'n', 'l', 'o'};

enum step_kind { STEP_TEXT, STEP_WRITE, STEP_OPEN, STEP_CLOSE };

struct step {
    enum step_kind kind;
    int mark;
    bool is_escaped;
    enum mustache_late_test test;
    size_t start, end; /* of the text */
};

struct run {
    struct mustache_mark marks[LATE + 2];
    json_t *values[LATE + 2];
    struct buffer text;   /* all that was rendered */
    struct buffer room;   /* since the last call */
    struct step *steps;
    size_t count;
    size_t depth;
    struct buffer out;
};

enum { MARK_ITEM_TEXT = LATE, MARK_ITEM_OTHER };

static const struct mustache_mark *find(void *user, const json_t *value)
{
    struct run *run = user;

    for (size_t i = 0; i < LATE + 2; i++)
        if (run->values[i] == value)
            return &run->marks[i];
    return NULL;
}

static int add(struct run *run, struct step step)
{
    size_t start = run->text.size;

    if (run->count + 2 > STEPS || run->room.failed || run->text.failed)
        return -1;
    if (run->room.size) {
        buffer_add_view(&run->text, buffer_view(&run->room));
        run->steps[run->count++] =
            (struct step){.kind = STEP_TEXT, .start = start, .end = run->text.size};
        buffer_clear(&run->room);
    }
    run->steps[run->count++] = step;
    return 0;
}

static int write_mark(void *user, const struct mustache_mark *mark, bool is_escaped)
{
    return add(user, (struct step){
                         .kind = STEP_WRITE, .mark = mark->number, .is_escaped = is_escaped});
}

static int open_mark(void *user, enum mustache_late_test test, const struct mustache_mark *mark)
{
    ((struct run *)user)->depth++;
    return add(user, (struct step){.kind = STEP_OPEN, .mark = mark->number, .test = test});
}

static int close_mark(void *user)
{
    if (!((struct run *)user)->depth--)
        abort();
    return add(user, (struct step){.kind = STEP_CLOSE});
}

/* ---- the second step ---- */

static const char *text_of(int mark, size_t item)
{
    static const char *const texts[LATE] = {"a<b>", "", "3", "", "outer"};

    if (mark == MARK_ITEM_TEXT)
        return item ? "two & more" : "one";
    if (mark == MARK_ITEM_OTHER)
        return item ? NULL : "inner";
    return texts[mark];
}

static bool is_passed(const struct step *step, size_t item)
{
    const char *text = text_of(step->mark, item);
    bool is_there = text != NULL, is_true = text && *text;

    if (step->mark == 3)
        is_true = true;
    switch (step->test) {
    case MUSTACHE_IF_TRUE:
        return !is_true;
    case MUSTACHE_IF_FALSE:
        return is_true;
    case MUSTACHE_IF_THERE:
        return !is_there;
    case MUSTACHE_IF_ABSENT:
        return is_there;
    default:
        return false;
    }
}

static size_t close_of(const struct run *run, size_t open)
{
    size_t depth = 0;

    for (size_t at = open;; at++) {
        depth += run->steps[at].kind == STEP_OPEN;
        if (run->steps[at].kind == STEP_CLOSE && --depth == 0)
            return at;
    }
}

static void add_escaped(struct buffer *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '<')
            buffer_add_string(out, "&lt;");
        else if (*text == '>')
            buffer_add_string(out, "&gt;");
        else if (*text == '&')
            buffer_add_string(out, "&amp;");
        else
            buffer_add_char(out, *text);
    }
}

static void finish(struct run *run, size_t from, size_t to, size_t item)
{
    for (size_t at = from; at < to && !run->out.failed; at++) {
        const struct step *step = &run->steps[at];
        const char *text;

        switch (step->kind) {
        case STEP_TEXT:
            buffer_add_view(&run->out, view_slice(buffer_view(&run->text), step->start, step->end));
            break;
        case STEP_WRITE:
            text = text_of(step->mark, item);
            if (text && step->is_escaped)
                add_escaped(&run->out, text);
            else if (text)
                buffer_add_string(&run->out, text);
            break;
        case STEP_OPEN:
            if (step->test == MUSTACHE_EACH) {
                finish(run, at + 1, close_of(run, at), 0);
                finish(run, at + 1, close_of(run, at), 1);
                at = close_of(run, at);
            } else if (is_passed(step, item)) {
                at = close_of(run, at);
            }
            break;
        case STEP_CLOSE:
            break;
        }
    }
}

/* A list inside itself has an outer item, which this simple second step forgets. */
static bool is_nested(const struct run *run)
{
    size_t depth = 0, lists[STEPS / 100];

    for (size_t at = 0; at < run->count; at++) {
        if (run->steps[at].kind == STEP_OPEN) {
            if (depth == sizeof(lists) / sizeof(lists[0]))
                return true;
            lists[depth] = run->steps[at].test == MUSTACHE_EACH ? 1 : 0;
            for (size_t i = 0; lists[depth] && i < depth; i++)
                if (lists[i])
                    return true;
            depth++;
        } else if (run->steps[at].kind == STEP_CLOSE) {
            depth--;
        }
    }
    return false;
}

static json_t *known(void)
{
    return json_pack("{s:s, s:s, s:i, s:b, s:[{s:s, s:s, s:i}, {s:s, s:i}], s:s, s:s}", "t",
                     "a<b>", "e", "", "n", 3, "b", 1, "l", "t", "one", "o", "inner", "i", 1, "t",
                     "two & more", "i", 1, "o", "outer", "p", "q");
}

static void set_marks(struct run *run, json_t *context, uint8_t which)
{
    json_t *item = json_object();

    for (int i = 0; i < LATE + 2; i++) {
        run->values[i] = json_string("mark");
        run->marks[i].number = i;
    }
    json_object_set(item, "t", run->values[MARK_ITEM_TEXT]);
    json_object_set(item, "o", run->values[MARK_ITEM_OTHER]);
    json_object_set_new(item, "i", json_integer(1));
    run->marks[MARK_ITEM_OTHER].may_be_absent = true;
    run->marks[3].item = item;
    for (int i = 0; i < LATE; i++) {
        char name[2] = {NAMES[i], '\0'};

        if (which >> i & 1)
            json_object_set(context, name, run->values[i]);
    }
}

static const struct mustache *find_itself(void *user, struct view name)
{
    return view_equal(name, VIEW("q")) ? user : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = {(const char *)data + 1, size ? size - 1 : 0};
    struct run run = {.count = 0};
    struct mustache_late late = {.find = find, .write = write_mark, .open = open_mark,
                                 .close = close_mark, .user = &run};
    struct mustache_partials partials = {find_itself, NULL};
    struct mustache *mustache = NULL;
    struct error error = {0};
    struct buffer plain;
    json_t *whole = known(), *context = known();

    if (!size)
        text.data = "";
    buffer_init(&plain, 64 * 1024);
    buffer_init(&run.text, 64 * 1024);
    buffer_init(&run.room, 64 * 1024);
    buffer_init(&run.out, 128 * 1024);
    run.steps = calloc(STEPS, sizeof(*run.steps));
    set_marks(&run, context, size ? data[0] : 0);
    if (run.steps && mustache_compile("fuzz", text, &mustache, &error) == 0) {
        partials.user = mustache;
        if (mustache_render_early(mustache, context, &partials, &late, &run.room, &error) == 0 &&
            add(&run, (struct step){.kind = STEP_TEXT}) == 0 && !is_nested(&run)) {
            if (run.depth)
                abort();
            finish(&run, 0, run.count, 0);
            if (mustache_render(mustache, whole, &partials, &plain, &error) == 0 &&
                !view_equal(buffer_view(&plain), buffer_view(&run.out)))
                abort();
        }
    }
    mustache_free(&mustache);
    json_decref(whole);
    json_decref(context);
    json_decref((json_t *)(uintptr_t)run.marks[3].item);
    for (int i = 0; i < LATE + 2; i++)
        json_decref(run.values[i]);
    free(run.steps);
    buffer_free(&plain);
    buffer_free(&run.text);
    buffer_free(&run.room);
    buffer_free(&run.out);
    return 0;
}
