#include "commands/private_feeds.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/memory.h"

struct private_feed {
    struct private_feed *prev, *next;
    char *address;
    struct folder_version version;
    int64_t editions;
    struct web_content *content;
};

struct private_feeds {
    pthread_mutex_t lock;
    struct private_feed *list; /* last asked for first */
    size_t count;
};

struct private_feeds *private_feeds_new(void)
{
    struct private_feeds *feeds = memory_new(1, sizeof(*feeds));

    pthread_mutex_init(&feeds->lock, NULL);
    return feeds;
}

static void drop(struct private_feeds *feeds, struct private_feed *feed)
{
    DL_DELETE(feeds->list, feed);
    feeds->count--;
    web_content_free(&feed->content);
    free(feed->address);
    free(feed);
}

void private_feeds_free(struct private_feeds **feeds)
{
    if (!*feeds)
        return;
    while ((*feeds)->list)
        drop(*feeds, (*feeds)->list);
    pthread_mutex_destroy(&(*feeds)->lock);
    free(*feeds);
    *feeds = NULL;
}

static struct private_feed *find(struct private_feeds *feeds, const char *address)
{
    struct private_feed *feed;

    DL_FOREACH (feeds->list, feed)
        if (strcmp(feed->address, address) == 0)
            return feed;
    return NULL;
}

struct web_content *private_feeds_find(struct private_feeds *feeds, const char *address,
                                       const struct folder_version *version, int64_t editions)
{
    struct web_content *content = NULL;
    struct private_feed *feed;

    pthread_mutex_lock(&feeds->lock);
    feed = find(feeds, address);
    if (feed && feed->editions == editions &&
        memcmp(&feed->version, version, sizeof(*version)) == 0) {
        DL_DELETE(feeds->list, feed);
        DL_PREPEND(feeds->list, feed);
        content = web_content_hold(feed->content);
    }
    pthread_mutex_unlock(&feeds->lock);
    return content;
}

void private_feeds_keep(struct private_feeds *feeds, const char *address,
                        const struct folder_version *version, int64_t editions,
                        struct web_content *content)
{
    struct private_feed *feed;

    pthread_mutex_lock(&feeds->lock);
    feed = find(feeds, address);
    if (!feed && feeds->count == PRIVATE_FEEDS)
        feed = feeds->list->prev;
    if (feed)
        drop(feeds, feed);
    feed = memory_new(1, sizeof(*feed));
    *feed = (struct private_feed){.address = memory_copy_string(address), .version = *version,
                                  .editions = editions, .content = web_content_hold(content)};
    DL_PREPEND(feeds->list, feed);
    feeds->count++;
    pthread_mutex_unlock(&feeds->lock);
}
