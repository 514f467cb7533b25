#include "web/limits.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/memory.h"

enum { NAME_BYTES = 64 };

/* Instead of tokens, when it is full again: one number that says all (the generic cell
 * rate algorithm of ITU-T I.371). */
struct bucket {
    char name[NAME_BYTES];
    int64_t full_ms;
    UT_hash_handle hh;
};

struct web_limits {
    pthread_mutex_t lock;
    struct bucket *buckets; /* the one that was asked for longest ago first */
    size_t clients;
    int64_t interval_ms, span_ms;
};

struct web_limits *web_limits_new(size_t clients, long burst, int64_t interval_ms)
{
    struct web_limits *limits = memory_new(1, sizeof(*limits));

    pthread_mutex_init(&limits->lock, NULL);
    limits->clients = clients;
    limits->interval_ms = interval_ms;
    limits->span_ms = interval_ms * burst;
    return limits;
}

void web_limits_free(struct web_limits **limits)
{
    struct bucket *bucket, *next;

    if (!*limits)
        return;
    HASH_ITER(hh, (*limits)->buckets, bucket, next)
    {
        HASH_DEL((*limits)->buckets, bucket);
        free(bucket);
    }
    pthread_mutex_destroy(&(*limits)->lock);
    free(*limits);
    *limits = NULL;
}

/* Taken out and put back at the end, which keeps them in order of use. */
static struct bucket *take_out(struct web_limits *limits, const char *name)
{
    struct bucket *bucket;

    HASH_FIND_STR(limits->buckets, name, bucket);
    if (!bucket && HASH_COUNT(limits->buckets) >= limits->clients)
        bucket = limits->buckets;
    if (!bucket)
        return memory_new(1, sizeof(*bucket));
    HASH_DEL(limits->buckets, bucket);
    if (strcmp(bucket->name, name) != 0)
        *bucket = (struct bucket){0};
    return bucket;
}

bool web_limits_take(struct web_limits *limits, const char *client, int64_t now_ms,
                     long *ret_wait_seconds)
{
    char name[NAME_BYTES] = "";
    struct bucket *bucket;
    int64_t full_ms, wait_ms;

    memcpy(name, client, strnlen(client, NAME_BYTES - 1));
    pthread_mutex_lock(&limits->lock);
    bucket = take_out(limits, name);
    memcpy(bucket->name, name, sizeof(name));
    /* A clock that was set back makes nobody wait longer than a whole span. */
    if (bucket->full_ms > now_ms + limits->span_ms)
        bucket->full_ms = now_ms + limits->span_ms;
    full_ms = (bucket->full_ms > now_ms ? bucket->full_ms : now_ms) + limits->interval_ms;
    wait_ms = full_ms - now_ms - limits->span_ms;
    if (wait_ms <= 0)
        bucket->full_ms = full_ms;
    HASH_ADD_STR(limits->buckets, name, bucket);
    pthread_mutex_unlock(&limits->lock);
    if (wait_ms > 0 && ret_wait_seconds)
        *ret_wait_seconds = (long)((wait_ms + 999) / 1000);
    return wait_ms <= 0;
}
