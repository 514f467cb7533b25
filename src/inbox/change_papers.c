/* like and dislike. */
#include <string.h>

#include "inbox/change_parts.h"

#include "base/ascii.h"

static bool is_digits(struct view text, size_t least, size_t most)
{
    return ascii_is_number(text) && text.size >= least && text.size <= most;
}

static struct view without_version(struct view id)
{
    size_t at = id.size;

    while (at && id.data[at - 1] >= '0' && id.data[at - 1] <= '9')
        at--;
    return at > 1 && at < id.size && id.data[at - 1] == 'v' ? view_slice(id, 0, at - 1) : id;
}

static struct view behind(struct view text, const char *start)
{
    struct view prefix = view_of(start);

    return view_starts_with_nocase(text, prefix) ? view_slice(text, prefix.size, text.size) : text;
}

/* "arXiv:2602.13531v2", "https://arxiv.org/abs/2602.13531": the id alone. Empty: it is
 * none of arXiv's, neither today's nor that of before 2007 (hep-th/9901001). */
static struct view paper_id(struct view text)
{
    size_t slash, dot;

    text = behind(behind(text, "https://"), "http://");
    text = behind(behind(behind(text, "www."), "export."), "arxiv.org/");
    text = behind(behind(behind(text, "abs/"), "pdf/"), "html/");
    text = behind(text, "arxiv:");
    while (text.size && strchr(".,;)>", text.data[text.size - 1]))
        text.size--;
    if (view_ends_with(text, VIEW(".pdf")))
        text.size -= 4;
    text = without_version(text);
    dot = view_find_char(text, '.', 0);
    slash = view_find_char(text, '/', 0);
    if (is_digits(view_slice(text, 0, dot), 4, 4) &&
        is_digits(view_slice(text, dot + 1, text.size), 4, 5))
        return text;
    if (slash > 1 && slash < 20 && is_digits(view_slice(text, slash + 1, text.size), 7, 7))
        return text;
    return (struct view){0};
}

/* The oldest makes room. */
static void add_id(struct strings *strings, struct view id)
{
    if (strings->count >= PROFILE_LIKED)
        strings_remove(strings, view_of(strings->items[0]));
    strings_add(strings, id, PROFILE_LIKED, PROFILE_PAPER_ID_BYTES);
}

static void judge(struct changing *changing, struct strings *to, struct strings *from,
                  const struct change_words *words)
{
    for (size_t i = 0; i < changing->command->argument_count; i++) {
        struct view id = paper_id(changing->command->arguments[i]);

        if (!id.size) {
            change_tell(changing, CHANGE_REFUSED, "change_no_paper", "item",
                        changing->command->arguments[i]);
            continue;
        }
        if (strings_have(to, id)) {
            change_tell(changing, CHANGE_NOTHING, words->same, "item", id);
            continue;
        }
        strings_remove(from, id);
        add_id(to, id);
        change_tell(changing, CHANGE_DONE, words->done, "item", id);
    }
}

void change_like(struct changing *changing)
{
    static const struct change_words WORDS = {"change_liked", "change_liked_same"};

    judge(changing, &changing->profile->liked, &changing->profile->disliked, &WORDS);
}

void change_dislike(struct changing *changing)
{
    static const struct change_words WORDS = {"change_disliked", "change_disliked_same"};

    judge(changing, &changing->profile->disliked, &changing->profile->liked, &WORDS);
}
