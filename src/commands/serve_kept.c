#include "commands/serve_kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <uthash.h>

#include "base/memory.h"

struct item {
    char *path;                  /* owned */
    struct web_content *content; /* NULL: it is being made for the first time */
    int64_t version;
    int64_t look_ms, used_ms;
    bool is_being_made, is_fixed;
    UT_hash_handle hh;
};

struct serve_kept {
    pthread_mutex_t lock;
    pthread_cond_t made;
    struct item *items;
    size_t most_items, most_bytes;
    struct serve_kept_counts counts;
};

struct serve_kept *serve_kept_new(size_t most_items, size_t most_bytes)
{
    struct serve_kept *kept = memory_new(1, sizeof(*kept));

    pthread_mutex_init(&kept->lock, NULL);
    pthread_cond_init(&kept->made, NULL);
    kept->most_items = most_items;
    kept->most_bytes = most_bytes;
    return kept;
}

static size_t bytes_of(const struct item *item)
{
    return item->content
               ? web_content_bytes(item->content).size + web_content_gzip(item->content).size
               : 0;
}

static void drop(struct serve_kept *kept, struct item *item)
{
    kept->counts.bytes -= bytes_of(item);
    kept->counts.items--;
    HASH_DEL(kept->items, item);
    web_content_free(&item->content);
    free(item->path);
    free(item);
}

void serve_kept_free(struct serve_kept **kept)
{
    if (!*kept)
        return;
    while ((*kept)->items)
        drop(*kept, (*kept)->items);
    pthread_cond_destroy(&(*kept)->made);
    pthread_mutex_destroy(&(*kept)->lock);
    free(*kept);
    *kept = NULL;
}

static struct item *find(const struct serve_kept *kept, struct view path)
{
    struct item *item;

    HASH_FIND(hh, kept->items, path.data, path.size, item);
    return item;
}

static struct item *add(struct serve_kept *kept, struct view path)
{
    struct item *item = memory_new(1, sizeof(*item));

    item->path = view_copy_string(path);
    HASH_ADD_KEYPTR(hh, kept->items, item->path, path.size, item);
    kept->counts.items++;
    return item;
}

static void set_content(struct serve_kept *kept, struct item *item, struct web_content *content)
{
    kept->counts.bytes -= bytes_of(item);
    web_content_free(&item->content);
    item->content = content;
    kept->counts.bytes += bytes_of(item);
}

static void make_room(struct serve_kept *kept, const struct item *except)
{
    while (kept->counts.items > kept->most_items || kept->counts.bytes > kept->most_bytes) {
        struct item *oldest = NULL, *item, *next;

        HASH_ITER(hh, kept->items, item, next)
        {
            if (item != except && !item->is_fixed && !item->is_being_made &&
                (!oldest || item->used_ms < oldest->used_ms))
                oldest = item;
        }
        if (!oldest)
            return;
        drop(kept, oldest);
    }
}

void serve_kept_put(struct serve_kept *kept, const char *path, struct web_content *content)
{
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    item = find(kept, view_of(path));
    if (!item)
        item = add(kept, view_of(path));
    item->is_fixed = true;
    set_content(kept, item, content);
    pthread_mutex_unlock(&kept->lock);
}

struct web_content *serve_kept_find(struct serve_kept *kept, struct view path, int64_t now_ms)
{
    struct web_content *content = NULL;
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    item = find(kept, path);
    if (item && item->content && (item->is_fixed || now_ms < item->look_ms)) {
        content = web_content_hold(item->content);
        item->used_ms = now_ms;
        kept->counts.found++;
    } else if (item) {
        /* This one looks; those who come meanwhile are answered as before. */
        item->look_ms = now_ms + KEPT_LOOK_MS;
    }
    pthread_mutex_unlock(&kept->lock);
    return content;
}

struct web_content *serve_kept_find_old(struct serve_kept *kept, struct view path, int64_t now_ms)
{
    struct web_content *content = NULL;
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    item = find(kept, path);
    if (item && item->content) {
        content = web_content_hold(item->content);
        item->used_ms = now_ms;
    }
    pthread_mutex_unlock(&kept->lock);
    return content;
}

bool serve_kept_enter(struct serve_kept *kept, struct view path, int64_t version, int64_t now_ms,
                      struct web_content **ret_content)
{
    struct item *item;
    bool is_there;

    pthread_mutex_lock(&kept->lock);
    while ((item = find(kept, path)) != NULL && item->is_being_made && !item->content)
        pthread_cond_wait(&kept->made, &kept->lock);
    if (!item)
        item = add(kept, path);
    is_there = item->content && (item->version == version || item->is_being_made ||
                                 item->is_fixed);
    if (is_there) {
        *ret_content = web_content_hold(item->content);
        item->used_ms = now_ms;
        item->look_ms = now_ms + KEPT_LOOK_MS;
    } else {
        item->is_being_made = true;
    }
    pthread_mutex_unlock(&kept->lock);
    return is_there;
}

void serve_kept_leave(struct serve_kept *kept, struct view path, int64_t version, int64_t now_ms,
                      struct web_content *content)
{
    struct item *item;

    pthread_mutex_lock(&kept->lock);
    item = find(kept, path);
    if (item) {
        item->is_being_made = false;
        item->look_ms = now_ms + KEPT_LOOK_MS;
        item->used_ms = now_ms;
        if (content) {
            set_content(kept, item, web_content_hold(content));
            item->version = version;
            kept->counts.made++;
            make_room(kept, item);
        } else if (!item->content) {
            drop(kept, item);
        }
        pthread_cond_broadcast(&kept->made);
    }
    pthread_mutex_unlock(&kept->lock);
}

struct serve_kept_counts serve_kept_count(struct serve_kept *kept)
{
    struct serve_kept_counts counts;

    pthread_mutex_lock(&kept->lock);
    counts = kept->counts;
    pthread_mutex_unlock(&kept->lock);
    return counts;
}
