/* Any bytes as the counts of an archive, as a store may give them: refused, or whole
 * and the same when packed again. Bytes that are nearly right come from packing some
 * and changing them as the input says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ranking/rarity.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct view bytes)
{
    struct rarity rarity;
    struct buffer again;
    struct view label;

    if (rarity_unpack(bytes, &rarity, &label) < 0)
        return;
    for (size_t i = 0; i < rarity.term_count; i++)
        if (rarity_papers_with(&rarity, rarity.terms[i]) != rarity.papers_with[i])
            abort();
    buffer_init(&again, 1 << 24);
    rarity_pack(&rarity, label, &again);
    if (!view_equal(buffer_view(&again), bytes))
        abort();
    buffer_free(&again);
    rarity_free(&rarity);
}

static void make(struct view text, struct buffer *ret_bytes)
{
    struct word_splitter *splitter = word_splitter_new();
    struct paper paper = {.title = text};
    struct papers papers = {.items = &paper, .count = 1};
    struct rarity rarity = {0};

    rarity_add_papers(&rarity, splitter, &papers);
    rarity_pack(&rarity, view_slice(text, 0, text.size / 2), ret_bytes);
    rarity_free(&rarity);
    word_splitter_free(&splitter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view text = {(const char *)data, size};
    struct buffer bytes;

    check(text);
    buffer_init(&bytes, 1 << 24);
    make(text, &bytes);
    check(buffer_view(&bytes));
    for (size_t i = 0; i + 1 < size && i < 8; i += 2)
        bytes.data[data[i] % bytes.size] ^= (char)data[i + 1];
    check(buffer_view(&bytes));
    check(view_slice(buffer_view(&bytes), 0, size ? data[0] % bytes.size : 0));
    buffer_free(&bytes);
    return 0;
}
