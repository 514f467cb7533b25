#include "ranking/spelling.h"

#include <string.h>

static bool ends_with(struct view word, const char *end)
{
    size_t size = strlen(end);

    return word.size >= size && memcmp(word.data + word.size - size, end, size) == 0;
}

/* Behaviour, neighbourhood, coloured; four and source stay. */
struct view spelling_usual(struct view word, char room[SPELLING_BYTES])
{
    static const char *const fronts[] = {"behavi", "col",  "neighb", "tum",  "fav",  "flav", "vap",
                                         "harb",   "lab",  "hon",    "rum",  "hum",  "vig",  "rig",
                                         "arm",    "endeav"};
    const char *found = memmem(word.data, word.size, "our", 3);
    size_t at = found ? (size_t)(found - word.data) : 0;

    if (word.size > SPELLING_BYTES)
        return word;
    for (size_t i = 0; at && i < sizeof(fronts) / sizeof(fronts[0]); i++) {
        if (!ends_with(view_slice(word, 0, at), fronts[i]))
            continue;
        memcpy(room, word.data, at + 1);
        memcpy(room + at + 1, word.data + at + 2, word.size - at - 2);
        return (struct view){room, word.size - 1};
    }
    return word;
}
