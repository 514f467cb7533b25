/* like and dislike. */
#include "inbox/change_parts.h"

#include "papers/paper_id.h"

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
        struct view id = paper_id_read(changing->command->arguments[i]);

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
