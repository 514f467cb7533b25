#include "commands/serve_sender.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/memory.h"
#include "commands/working.h"

struct waiting {
    struct waiting *prev, *next;
    char *address;
};

struct serve_sender {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wakes;
    struct waiting *list; /* in the order in which they came, each address once */
    size_t count;
    bool is_stopping;
    struct site site; /* with a store of its own */
};

static void send_to(struct serve_sender *sender, const char *address)
{
    const struct working_options options = {.only = address, .threads = 1};
    struct worker_summary summary;
    struct error error;

    if (working_send_due(&sender->site, &options, &summary, &error) < 0)
        log_line(sender->site.log, LOG_LEVEL_WARNING, "a mail waits: %s", error.text);
}

static void *work(void *user)
{
    struct serve_sender *sender = user;

    pthread_mutex_lock(&sender->lock);
    while (!sender->is_stopping) {
        struct waiting *first = sender->list;

        if (!first) {
            pthread_cond_wait(&sender->wakes, &sender->lock);
            continue;
        }
        DL_DELETE(sender->list, first);
        sender->count--;
        pthread_mutex_unlock(&sender->lock);
        send_to(sender, first->address);
        free(first->address);
        free(first);
        pthread_mutex_lock(&sender->lock);
    }
    pthread_mutex_unlock(&sender->lock);
    return NULL;
}

int serve_sender_start(struct site *site, struct serve_sender **ret_sender, struct error *error)
{
    struct serve_sender *sender = memory_new(1, sizeof(*sender));

    sender->site = *site;
    sender->site.store = NULL;
    if (site_open_store(&sender->site, error) < 0) {
        free(sender);
        return -1;
    }
    pthread_mutex_init(&sender->lock, NULL);
    pthread_cond_init(&sender->wakes, NULL);
    if (pthread_create(&sender->thread, NULL, work, sender) != 0) {
        store_close(&sender->site.store);
        free(sender);
        return error_set(error, ERROR_TEMPORARY, "no thread for sending");
    }
    *ret_sender = sender;
    return 0;
}

void serve_sender_add(struct serve_sender *sender, const char *address)
{
    struct waiting *item;

    pthread_mutex_lock(&sender->lock);
    DL_FOREACH (sender->list, item)
        if (strcmp(item->address, address) == 0)
            break;
    if (!item && sender->count < SERVE_SENDER_WAITING) {
        item = memory_new(1, sizeof(*item));
        item->address = memory_copy_string(address);
        DL_APPEND(sender->list, item);
        sender->count++;
        pthread_cond_signal(&sender->wakes);
    }
    pthread_mutex_unlock(&sender->lock);
}

void serve_sender_stop(struct serve_sender **sender)
{
    struct waiting *item, *next;

    if (!*sender)
        return;
    pthread_mutex_lock(&(*sender)->lock);
    (*sender)->is_stopping = true;
    pthread_cond_signal(&(*sender)->wakes);
    pthread_mutex_unlock(&(*sender)->lock);
    pthread_join((*sender)->thread, NULL);
    DL_FOREACH_SAFE ((*sender)->list, item, next) {
        free(item->address);
        free(item);
    }
    store_close(&(*sender)->site.store);
    pthread_cond_destroy(&(*sender)->wakes);
    pthread_mutex_destroy(&(*sender)->lock);
    free(*sender);
    *sender = NULL;
}
