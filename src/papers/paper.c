#include "papers/paper.h"

#include "base/memory.h"
#include "base/utf8.h"
#include "papers/tex.h"

#define uthash_malloc(size) memory_new(1, size)
#define uthash_free(memory, size) free(memory)
#include <uthash.h>
/* Room for a day's papers at once, so that an id is compared with few others. */
#undef HASH_INITIAL_NUM_BUCKETS
#undef HASH_INITIAL_NUM_BUCKETS_LOG2
#define HASH_INITIAL_NUM_BUCKETS 1024U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 10U

/* One paper in the hash; lives in the list's arena, side by side with others: a
 * look into the hash passes some of them. */
struct index_entry {
    UT_hash_handle hh;
    size_t item;
};

void papers_init(struct papers *papers)
{
    *papers = (struct papers){.arena = arena_new()};
}

void papers_free(struct papers *papers)
{
    struct index_entry *index = papers->index;

    HASH_CLEAR(hh, index);
    buffer_free(&papers->scratch);
    arena_free(&papers->arena);
    free(papers->items);
    *papers = (struct papers){0};
}

bool paper_id_is_valid(struct view id)
{
    if (!id.size || id.size > PAPER_ID_BYTES || !utf8_is_valid(id))
        return false;
    for (size_t at = 0; at < id.size;) {
        int32_t codepoint;

        at += utf8_decode(id, at, &codepoint);
        if (codepoint < ' ' || (codepoint >= 0x7F && codepoint <= 0x9F))
            return false;
    }
    return true;
}

static unsigned hash_id(struct view id)
{
    unsigned hash;

    HASH_VALUE(id.data, id.size, hash);
    return hash;
}

static size_t index_find(const struct papers *papers, struct view id, unsigned hash)
{
    struct index_entry *index = papers->index, *entry = NULL;

    HASH_FIND_BYHASHVALUE(hh, index, id.data, id.size, hash, entry);
    return entry ? entry->item : papers->count;
}

size_t papers_find(const struct papers *papers, struct view id)
{
    return id.size ? index_find(papers, id, hash_id(id)) : papers->count;
}

enum { ENTRIES_AT_ONCE = 128 };

static void index_add(struct papers *papers, struct view id, unsigned hash, size_t item)
{
    struct index_entry *index = papers->index;
    struct index_entry *entry;

    if (!papers->entry_count) {
        papers->entry_count = ENTRIES_AT_ONCE;
        papers->entries = arena_room(papers->arena, ENTRIES_AT_ONCE, sizeof(*entry));
    }
    entry = (struct index_entry *)papers->entries + --papers->entry_count;
    entry->item = item;
    HASH_ADD_KEYPTR_BYHASHVALUE(hh, index, id.data, id.size, hash, entry);
    papers->index = index;
}

/* `text` made Unicode, in the arena; the same bytes when there is no TeX in it. */
static struct view make_unicode(struct papers *papers, struct view text)
{
    struct buffer *scratch = &papers->scratch;

    buffer_clear(scratch);
    scratch->max = text.size * TEX_GROWTH;
    if (!tex_to_unicode_if_any(text, scratch) || view_equal(buffer_view(scratch), text))
        return text;
    return arena_copy(papers->arena, buffer_view(scratch));
}

/* A paper to be added. */
struct addition {
    const struct paper *paper;
    bool is_kept; /* its texts are in the arena */
};

static struct view keep(struct papers *papers, const struct addition *addition, struct view text)
{
    return addition->is_kept ? text : arena_copy(papers->arena, text);
}

static void copy_texts(struct papers *papers, struct paper *item, const struct addition *addition)
{
    item->source_title = keep(papers, addition, addition->paper->source_title);
    item->source_abstract = keep(papers, addition, addition->paper->source_abstract);
    item->abstract = make_unicode(papers, item->source_abstract);
    item->title = make_unicode(papers, item->source_title);
}

static void copy_authors(struct papers *papers, struct paper *item, const struct addition *addition)
{
    const struct paper *paper = addition->paper;

    item->authors = arena_room(papers->arena, paper->author_count, sizeof(*item->authors));
    item->author_count = paper->author_count;
    for (size_t i = 0; i < paper->author_count; i++) {
        struct view author = keep(papers, addition, paper->authors[i]);

        item->authors[i] = make_unicode(papers, author);
    }
}

static bool has_category(const struct paper *paper, struct view category)
{
    for (size_t i = 0; i < paper->category_count; i++) {
        if (view_equal(paper->categories[i], category))
            return true;
    }
    return false;
}

/* Those that are there stay in front: the primary category stays the first. */
static void unite_categories(struct papers *papers, struct paper *item,
                             const struct addition *addition)
{
    const struct paper *paper = addition->paper;
    struct view *united;
    size_t room = item->category_count;

    for (size_t i = 0; i < paper->category_count; i++)
        room += !has_category(item, paper->categories[i]);
    if (room == item->category_count)
        return;
    if (room > PAPER_CATEGORIES)
        room = PAPER_CATEGORIES;
    united = arena_alloc(papers->arena, room, sizeof(*united));
    for (size_t i = 0; i < item->category_count; i++)
        united[i] = item->categories[i];
    item->categories = united;
    for (size_t i = 0; i < paper->category_count && item->category_count < room; i++) {
        if (!has_category(item, paper->categories[i]))
            united[item->category_count++] = keep(papers, addition, paper->categories[i]);
    }
}

static size_t append(struct papers *papers, const struct addition *addition, unsigned hash)
{
    const struct paper *paper = addition->paper;
    struct paper *item;

    papers->items =
        memory_grow(papers->items, &papers->capacity, papers->count + 1, sizeof(*papers->items));
    item = &papers->items[papers->count];
    *item = (struct paper){
        .id = keep(papers, addition, paper->id),
        .version = paper->version,
        .announce_type = paper->announce_type,
        .date = paper->date,
        .first_submitted_utc = paper->first_submitted_utc,
        .submitted_utc = paper->submitted_utc,
    };
    copy_texts(papers, item, addition);
    copy_authors(papers, item, addition);
    unite_categories(papers, item, addition);
    index_add(papers, item->id, hash, papers->count);
    return papers->count++;
}

static void merge(struct papers *papers, struct paper *item, const struct addition *addition)
{
    const struct paper *paper = addition->paper;
    bool newer = paper->version > item->version;

    if (newer ? paper->source_title.size + paper->source_abstract.size > 0
              : item->source_abstract.size == 0 && paper->source_abstract.size > 0)
        copy_texts(papers, item, addition);
    if ((newer || !item->author_count) && paper->author_count)
        copy_authors(papers, item, addition);
    if (newer) {
        item->version = paper->version;
        item->submitted_utc = paper->submitted_utc;
    }
    if (!item->first_submitted_utc)
        item->first_submitted_utc = paper->first_submitted_utc;
    unite_categories(papers, item, addition);
    /* The names stand in this order: what is newest to a reader wins. */
    if (paper->announce_type < item->announce_type)
        item->announce_type = paper->announce_type;
    if (!date_is_set(item->date))
        item->date = paper->date;
}

static size_t add(struct papers *papers, const struct addition *addition, bool *ret_is_new)
{
    struct view id = addition->paper->id;
    unsigned hash = hash_id(id);
    size_t found = index_find(papers, id, hash);
    bool is_new = found == papers->count;

    if (is_new)
        found = append(papers, addition, hash);
    else
        merge(papers, &papers->items[found], addition);
    if (ret_is_new)
        *ret_is_new = is_new;
    return found;
}

size_t papers_add(struct papers *papers, const struct paper *paper, bool *ret_is_new)
{
    return add(papers, &(struct addition){.paper = paper}, ret_is_new);
}

size_t papers_take(struct papers *papers, const struct paper *paper)
{
    return add(papers, &(struct addition){.paper = paper, .is_kept = true}, NULL);
}

static const char *const ANNOUNCE_NAMES[] = {"new", "cross", "replace", "replace-cross"};

const char *announce_type_name(enum announce_type type)
{
    return ANNOUNCE_NAMES[type];
}

bool announce_type_parse(struct view name, enum announce_type *ret_type)
{
    for (int type = ANNOUNCE_NEW; type <= ANNOUNCE_REPLACE_CROSS; type++) {
        if (view_equal_nocase(name, view_of(ANNOUNCE_NAMES[type]))) {
            *ret_type = (enum announce_type)type;
            return true;
        }
    }
    return false;
}
