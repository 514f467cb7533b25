#include "unit/digest_sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

struct digest_sample *digest_sample_new(void)
{
    struct digest_sample *sample = memory_new(1, sizeof(*sample));

    sample->arena = arena_new();
    profile_init(&sample->profile);
    sample->profile.email = memory_copy_string("ada@example.org");
    sample->ranking.items = sample->ranked;
    sample->digest = (struct digest){.profile = &sample->profile,
                                     .ranking = &sample->ranking,
                                     .date = {2026, 2, 17},
                                     .sender_name = "Paperboy",
                                     .sender_address = "digest@example.org",
                                     .owner = "owner@example.org"};
    return sample;
}

void digest_sample_free(struct digest_sample **sample)
{
    arena_free(&(*sample)->arena);
    profile_free(&(*sample)->profile);
    free(*sample);
    *sample = NULL;
}

static struct view *split(struct arena *arena, const char *text, char separator, size_t *ret_count)
{
    struct view *items = arena_alloc(arena, SAMPLE_AUTHORS, sizeof(*items)), rest = view_of(text);
    size_t count = 0;

    while (*text && view_next_part(&rest, separator, &items[count]))
        count++;
    *ret_count = count;
    return items;
}

/* Texts are borrowed. Authors are parted by "|", categories by blanks. */
static struct ranked_paper *add_paper(struct digest_sample *sample, const char *id, const char *title,
                                      const char *authors, const char *categories,
                                      const char *abstract)
{
    struct paper *paper = &sample->papers[sample->ranking.count];
    struct ranked_paper *ranked = &sample->ranked[sample->ranking.count++];

    paper->id = view_of(id);
    paper->version = 1;
    paper->title = view_of(title);
    paper->abstract = view_of(abstract);
    paper->authors = split(sample->arena, authors, '|', &paper->author_count);
    paper->categories = split(sample->arena, categories, ' ', &paper->category_count);
    ranked->paper = paper;
    return ranked;
}

static void add_reasons(struct digest_sample *sample, struct ranked_paper *ranked, double score,
                        const struct reason *reasons, size_t count)
{
    struct reason *copy = arena_alloc(sample->arena, count, sizeof(*copy));

    memcpy(copy, reasons, count * sizeof(*copy));
    ranked->score = score;
    ranked->reasons = copy;
    ranked->reason_count = count;
}

static void add_keywords(struct profile *profile, size_t count, const char *const terms[])
{
    profile->keywords.items = memory_new(count, sizeof(*profile->keywords.items));
    for (size_t i = 0; i < count; i++)
        profile->keywords.items[i] = (struct keyword){memory_copy_string(terms[i]), 1, 0};
    profile->keywords.count = count;
}

static void add_categories(struct profile *profile, size_t count, const char *const names[])
{
    profile->categories.items = memory_new(count, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        profile->categories.items[i] = memory_copy_string(names[i]);
    profile->categories.count = count;
}

static const char *const lorem =
    "Long prompts make the key-value cache the largest tenant of an accelerator's memory. We "
    "store it in four bits, keep the few channels that matter in sixteen, and move the rest to "
    "the host while the next token is being drafted. On three open models between 7 and 70 "
    "billion parameters this raises throughput by 2.3x at equal quality, and the longest prompt "
    "that fits by a factor of five. An analysis of the error shows why: the channels that lose "
    "most are those that attention has stopped looking at. We also give a schedule for the "
    "transfers that never stalls, prove that it is within 4% of the best possible one, and "
    "release the kernels under a free licence.";

/* The ordinary case, with everything that a digest can show. */
void digest_sample_fill_relevance(struct digest_sample *sample)
{
    const struct reason first[] = {{VIEW("kv cache"), REASON_TITLE, 6.5},
                                          {VIEW("quantization"), REASON_TITLE, 3},
                                          {VIEW("throughput"), REASON_ABSTRACT, 1.46}};
    const struct reason second[] = {{VIEW("Grace Hopper"), REASON_AUTHOR, 5},
                                           {VIEW("compilers"), REASON_INTERESTS, 0.02}};
    const struct reason third[] = {{VIEW("2602.00001"), REASON_LIKED, 3}};
    static const char *const keywords[] = {"LLM", "kv cache", "quantization", "throughput"};
    static const char *const categories[] = {"cs.LG", "cs.DC"};
    static const struct digest_note notes[] = {{"cs.LG", CATEGORY_COMPLETE},
                                               {"cs.DC", CATEGORY_LATE},
                                               {"cs.OS", CATEGORY_EMPTY}};
    static const struct digest_edition edition = {{2026, 2, 17}, false, 1284, notes, 3};
    struct ranked_paper *ranked;

    sample->profile.name = memory_copy_string("Ada");
    add_keywords(&sample->profile, 4, keywords);
    add_categories(&sample->profile, 2, categories);
    ranked = add_paper(sample, "2602.13531",
                       "Four Bits Are Enough: KV-Cache Quantization for Prompts of a Million Tokens",
                       "Ada Lovelace|Charles Babbage|Mary Somerville", "cs.LG cs.DC", lorem);
    add_reasons(sample, ranked, 87.26, first, 3);
    ranked = add_paper(sample, "2602.13532", "A Compiler & Its <Critics>",
                       "Grace Hopper|B. Two|C. Three|D. Four|E. Five|F. Six|G. Seven|H. Eight", "cs.PL",
                       "Short, but to the point: \"if (a < b && c > d)\" isn't faster.");
    sample->papers[1].announce_type = ANNOUNCE_CROSS;
    add_reasons(sample, ranked, 42, second, 2);
    ranked = add_paper(sample, "hep-th/9901001", "An Old Friend, Revised", "Emmy Noether",
                       "hep-th math-ph", lorem);
    sample->papers[2].version = 3;
    sample->papers[2].announce_type = ANNOUNCE_REPLACE_CROSS;
    add_reasons(sample, ranked, 0.04, third, 1);
    sample->links[0] = (struct digest_links){"mailto:paperboy+like-abc@example.org",
                                             "mailto:paperboy+dislike-def@example.org"};
    sample->digest.links = sample->links;
    sample->digest.editions = &edition;
    sample->digest.edition_count = 1;
    sample->digest.list_name = "The Morning Paper";
    sample->digest.inbox = "paperboy@example.org";
    sample->digest.unsubscribe_mailto =
        "mailto:paperboy+unsubscribe-xyz@example.org?subject=unsubscribe";
}

/* A profile without wishes: feed order, no scores, and two editions. */
void digest_sample_fill_plain(struct digest_sample *sample)
{
    static const char *const categories[] = {"math.AP"};
    static const struct digest_note notes[] = {{"math.AP", CATEGORY_STALE}};
    static const struct digest_edition editions[] = {{{2026, 2, 16}, true, 0, NULL, 0},
                                                     {{2026, 2, 17}, false, 30, notes, 1}};

    add_categories(&sample->profile, 1, categories);
    add_paper(sample, "2602.10001", "On a Conjecture", "Sofia Kovalevskaya", "math.AP", lorem);
    add_paper(sample, "2602.10002", "On Another", "Sofia Kovalevskaya|Karl Weierstraß", "math.AP",
              "We prove ∂ₜu = Δu + u² on ℝⁿ.");
    sample->digest.editions = editions;
    sample->digest.edition_count = 2;
}

void digest_sample_fill_one(struct digest_sample *sample)
{
    const struct reason reason = {VIEW("tides"), REASON_PREFERENCE, 1};

    sample->profile.interests = memory_copy_string("How the moon moves the sea.");
    add_reasons(sample,
                add_paper(sample, "2602.20001", "Tides", "M. Mareograph", "physics.ao-ph", lorem), 1,
                &reason, 1);
    sample->digest.is_preview = true;
    sample->digest.unsubscribe_url = "https://papers.example.org/u/abc?x=1&y=2";
    sample->digest.unsubscribe_mailto = "mailto:x@example.org";
    sample->digest.abs_base = "https://mirror.example.org/abs/";
}

/* What real feeds hold and templates must survive. */
void digest_sample_fill_awkward(struct digest_sample *sample)
{
    struct reason *reasons = arena_alloc(sample->arena, 40, sizeof(*reasons));
    const char **terms = arena_alloc(sample->arena, 40, sizeof(*terms));
    struct buffer authors, text;
    struct ranked_paper *ranked;

    buffer_init(&authors, 1 << 20);
    buffer_init(&text, 1 << 16);
    for (int i = 0; i < SAMPLE_AUTHORS; i++)
        buffer_printf(&authors, "%sA. N. Author-%d", i ? "|" : "", i + 1);
    for (int i = 0; i < 40; i++) {
        buffer_printf(&text, "term \"%d\" & <co>", i);
        terms[i] = arena_string(sample->arena, buffer_view(&text));
        reasons[i] = (struct reason){view_of(terms[i]), i % 2 ? REASON_ABSTRACT : REASON_TITLE, 1};
        buffer_clear(&text);
    }
    add_keywords(&sample->profile, 40, terms);
    ranked = add_paper(sample, "2602.30001", "Observation of Everything",
                       arena_string(sample->arena, buffer_view(&authors)),
                       "hep-ex astro-ph.CO astro-ph.HE cond-mat.mtrl-sci physics.ins-det "
                       "physics.data-an quant-ph nucl-ex",
                       lorem);
    add_reasons(sample, ranked, 100, reasons, 40);
    add_paper(sample, "2602.30002", "大规模语言模型的键值缓存量化：面向百万词元提示的四比特方法，及其在三个开放模型上的评测与误差分析",
              "王 小明|李 雷", "cs.CL",
              "长提示使键值缓存成为加速器内存的最大占用者。我们以四比特存储它，把少数重要通道保留为十六比特，"
              "并在起草下一个词元时把其余部分移到主机。在三个开放模型上，吞吐量在同等质量下提高到2.3倍。");
    add_paper(sample, "2602.30003", "על דחיסת מטמון מפתחות בארבע סיביות", "מחברת ראשונה|مؤلف ثان", "cs.IR",
              "תקציר קצר בעברית עם מילה English באמצע. نص قصير بالعربية.");
    add_paper(sample, "2602.30004", "", "", "", "");
    for (int i = 0; i < 60; i++)
        buffer_printf(&text, "%svery long title", i ? " " : "");
    add_paper(sample, "odd id/with ?<query>&#\"", arena_string(sample->arena, buffer_view(&text)),
              "One Collaboration Whose Name Goes On and On until It Fills More than Two Hundred "
              "Characters of the Line That It Was Given, Which Is Rude but Allowed, and Then It "
              "Goes On a Little More for Good Measure|Another",
              "cs.XX", "An_unbroken_word_of_many_characters_that_is_wider_than_any_line_of_a_mail_and_has_no_blank.");
    sample->papers[4].version = 12;
    buffer_free(&authors);
    buffer_free(&text);
}


/* As they come from src/summaries: HTML that is harmless, lines that are wrapped. */
#define CONSTANT(text) {text, sizeof(text) - 1}
static const struct digest_summary sample_summaries[] = {
    {CONSTANT("四比特的键值缓存 (KV cache) 足以处理百万词元的提示，而 quality 不变。"),
     CONSTANT("<h4>Contributions</h4>\n<ul>\n<li>Four <b>bits</b> &amp; few channels</li>\n"
          "<li>a=b, <code>x &lt; y</code></li>\n</ul>\n"
          "<table style=\"border-collapse:collapse\"><tr><td style=\"border:1px solid #999\">"
          "throughput</td><td style=\"border:1px solid #999\">2.3</td></tr></table>\n"
          "<p><a href=\"https://example.org/?a=1&amp;b=2\">code</a></p>\n"),
     CONSTANT("<h4>Contributions</h4>\n"),
     CONSTANT("Contributions\n\n- Four bits & few channels\n- a=b, x < y\n\n"
          "throughput  2.3\n\n.code <https://example.org/?a=1&b=2>\n"),
     CONSTANT("qwen-long")},
    {CONSTANT(""), CONSTANT("<p>From here on\n.there is no sentence.</p>\n"),
     CONSTANT(""),
     CONSTANT("From here on\n.there is no sentence.\n"), CONSTANT("<model> & \"co\"")},
    {CONSTANT("Only a sentence, <b>not</b> HTML."), CONSTANT(""), CONSTANT(""), CONSTANT(""), CONSTANT("m")},
};

/* Every fourth has none. */
void digest_sample_fill_summaries(struct digest_sample *sample)
{
    size_t kinds = sizeof(sample_summaries) / sizeof(sample_summaries[0]);

    sample->list.items = sample->papers;
    sample->list.count = SAMPLE_PAPERS;
    for (size_t i = 0; i < SAMPLE_PAPERS; i++)
        sample->summaries[i] = i % (kinds + 1) < kinds ? &sample_summaries[i % (kinds + 1)] : NULL;
    sample->digest.papers = &sample->list;
    sample->digest.summaries = sample->summaries;
}

void digest_sample_fill_many(struct digest_sample *sample, size_t count, size_t characters)
{
    struct buffer abstract;

    buffer_init(&abstract, 1 << 20);
    while (abstract.size < characters)
        buffer_printf(&abstract, "%s ", lorem);
    buffer_cut(&abstract, characters);
    digest_sample_fill_relevance(sample);
    sample->ranking.count = 0;
    for (size_t i = 0; i < count; i++) {
        char id[32];
        struct ranked_paper *ranked;

        snprintf(id, sizeof(id), "2602.%05zu", i + 1);
        ranked = add_paper(sample, arena_string(sample->arena, view_of(id)),
                           "Four Bits Are Enough: KV-Cache Quantization for Long Prompts Everywhere",
                           "Ada Lovelace|Charles Babbage|Mary Somerville|Luigi Menabrea",
                           "cs.LG cs.DC cs.CL", arena_string(sample->arena, buffer_view(&abstract)));
        ranked->score = 90;
        ranked->reasons = sample->ranked[0].reasons;
        ranked->reason_count = 3;
        sample->links[i] = (struct digest_links){
            "mailto:paperboy+like-abcdefghijklmnopqrstuvwxyz234567@example.org",
            "mailto:paperboy+dislike-abcdefghijklmnopqrstuvwxyz234567@example.org"};
    }
    buffer_free(&abstract);
}
