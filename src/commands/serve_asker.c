#include "commands/serve_asker.h"

#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

#include "base/memory.h"
#include "base/timer.h"

enum { TRIES = 10, PAUSE_MS = 500 };

struct asked {
    struct asked *prev, *next;
    serve_ask *ask;
    char *address, *lines;
    int64_t now_utc;
};

struct serve_asker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wakes;
    struct asked *list; /* in the order in which they came */
    size_t count;
    bool is_stopping;
    struct serve_desk *desk;
    struct arena *arena;
};

static void asked_free(struct asked *asked)
{
    free(asked->address);
    free(asked->lines);
    free(asked);
}

/* Nobody waits for an answer any more, so what fails for a while is tried again. A broken
 * profile is its owner's to mend, and nobody's else to know of. */
static void work_on(struct serve_asker *asker, const struct asked *asked)
{
    const struct web_request request = {.arena = asker->arena, .now_utc = asked->now_utc};
    const struct timer timer = timer_system();
    struct error error;

    for (int i = 0; i < TRIES; i++) {
        arena_reset(asker->arena);
        asker->desk->arena = asker->arena;
        if (asked->ask(asker->desk, &request, asked->address, asked->lines, &error) == 0)
            return;
        if (error.kind != ERROR_TEMPORARY && error.kind != ERROR_CONFLICT)
            break;
        timer.sleep_ms(timer.context, PAUSE_MS);
    }
    log_line(asker->desk->site.log, LOG_LEVEL_WARNING, "a form: %s", error.text);
}

static void *work(void *user)
{
    struct serve_asker *asker = user;

    pthread_mutex_lock(&asker->lock);
    while (asker->list || !asker->is_stopping) {
        struct asked *first = asker->list;

        if (!first) {
            pthread_cond_wait(&asker->wakes, &asker->lock);
            continue;
        }
        DL_DELETE(asker->list, first);
        asker->count--;
        pthread_mutex_unlock(&asker->lock);
        work_on(asker, first);
        asked_free(first);
        pthread_mutex_lock(&asker->lock);
    }
    pthread_mutex_unlock(&asker->lock);
    return NULL;
}

int serve_asker_start(struct serve_desk *desk, struct serve_asker **ret_asker,
                      struct error *error)
{
    struct serve_asker *asker = memory_new(1, sizeof(*asker));

    asker->desk = desk;
    asker->arena = arena_new();
    pthread_mutex_init(&asker->lock, NULL);
    pthread_cond_init(&asker->wakes, NULL);
    if (pthread_create(&asker->thread, NULL, work, asker) != 0) {
        arena_free(&asker->arena);
        pthread_cond_destroy(&asker->wakes);
        pthread_mutex_destroy(&asker->lock);
        free(asker);
        return error_set(error, ERROR_TEMPORARY, "no thread for what forms ask");
    }
    *ret_asker = asker;
    return 0;
}

bool serve_asker_add(struct serve_asker *asker, serve_ask *ask, const char *address,
                     const char *lines, int64_t now_utc)
{
    struct asked *asked = memory_new(1, sizeof(*asked));
    bool fits;

    asked->ask = ask;
    asked->address = memory_copy_string(address);
    asked->lines = memory_copy_string(lines);
    asked->now_utc = now_utc;
    pthread_mutex_lock(&asker->lock);
    fits = asker->count < SERVE_ASKER_WAITING;
    if (fits) {
        DL_APPEND(asker->list, asked);
        asker->count++;
        pthread_cond_signal(&asker->wakes);
    }
    pthread_mutex_unlock(&asker->lock);
    if (!fits)
        asked_free(asked);
    return fits;
}

void serve_asker_stop(struct serve_asker **asker)
{
    if (!*asker)
        return;
    pthread_mutex_lock(&(*asker)->lock);
    (*asker)->is_stopping = true;
    pthread_cond_signal(&(*asker)->wakes);
    pthread_mutex_unlock(&(*asker)->lock);
    pthread_join((*asker)->thread, NULL);
    arena_free(&(*asker)->arena);
    pthread_cond_destroy(&(*asker)->wakes);
    pthread_mutex_destroy(&(*asker)->lock);
    free(*asker);
    *asker = NULL;
}
