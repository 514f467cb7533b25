#include "unit/any_digest.h"

static uint32_t seed = 20260217;

size_t any_pick(size_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static struct view any_text(struct arena *arena, size_t most)
{
    static const char *const words[] = {"kv", "cache", ".", "From", "F", "=", "a.b", "\xC3\xA9t\xC3\xA9",
                                        "\xF0\x9F\xA6\x89", "\xE6\xBC\xA2\xE5\xAD\x97", "<b>&\"'", "LLM",
                                        "quantization", "x", ".From", "e\xCC\x81", "\t", ""};
    struct buffer text;
    struct view copy;

    buffer_init(&text, 1 << 16);
    for (size_t i = 0, count = any_pick(most + 1); i < count; i++) {
        buffer_add_string(&text, words[any_pick(sizeof(words) / sizeof(words[0]))]);
        if (any_pick(8))
            buffer_add_char(&text, ' ');
    }
    copy = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return copy;
}

static void add_any_summary(struct digest_sample *sample, size_t paper)
{
    struct digest_summary *summary = arena_alloc(sample->arena, 1, sizeof(*summary));
    struct view lines[2];

    for (size_t i = 0; i < 2; i++)
        lines[i] = any_text(sample->arena, 40);
    summary->tldr = any_text(sample->arena, 20);
    summary->html = any_text(sample->arena, any_pick(3) ? 60 : 600);
    summary->page_html = lines[0];
    summary->text = arena_copy(sample->arena, lines[any_pick(2)]);
    summary->model = any_text(sample->arena, 2);
    sample->summaries[paper] = any_pick(3) ? summary : NULL;
}

void any_fill(struct digest_sample *sample)
{
    struct view terms[70];
    size_t kinds = 1 + any_pick(70);

    for (size_t i = 0; i < kinds; i++)
        terms[i] = any_text(sample->arena, 1 + any_pick(4));
    digest_sample_fill_many(sample, 40, 100);
    for (size_t i = 0; i < sample->ranking.count; i++) {
        struct reason *reasons = arena_alloc(sample->arena, 12, sizeof(*reasons));

        sample->papers[i].title = any_text(sample->arena, any_pick(3) ? 12 : 60);
        sample->papers[i].abstract = any_text(sample->arena, any_pick(3) ? 60 : 400);
        for (size_t reason = 0; reason < 12; reason++)
            reasons[reason] = (struct reason){terms[any_pick(kinds)],
                                              (enum reason_field)any_pick(REASON_PREFERENCE + 1),
                                              (double)any_pick(100) / 10};
        sample->ranked[i].reasons = reasons;
        sample->ranked[i].reason_count = any_pick(13);
        add_any_summary(sample, i);
    }
}
