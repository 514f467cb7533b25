/* The threads at which requests are worked that cannot be answered from memory. */
#include <string.h>

#include "base/memory.h"
#include "web/server_type.h"

/* `*ret_is_late`: the server is being stopped. */
static struct exchange *wait_for_one(struct web_server *server, struct desk *desk,
                                     bool *ret_is_late)
{
    struct exchange *exchange;

    pthread_mutex_lock(&server->lock);
    desk->group[0] = '\0';
    while (!server->first && !server->is_stopping)
        pthread_cond_wait(&server->arrived, &server->lock);
    *ret_is_late = server->is_stopping;
    exchange = server->first;
    if (exchange) {
        server->first = exchange->next;
        if (!server->first)
            server->last = NULL;
        server->waiting--;
        memcpy(desk->group, exchange->group, sizeof(desk->group));
    }
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

static void *sit(void *user)
{
    struct desk *desk = user;
    struct web_server *server = desk->server;
    struct exchange *exchange;
    bool is_late;

    while ((exchange = wait_for_one(server, desk, &is_late)) != NULL) {
        if (is_late)
            web_answer_plain(&exchange->answer, 503, "this server is being stopped; come again");
        else
            server->options.work(desk->handler, &exchange->request, &exchange->answer);
        MHD_resume_connection(exchange->connection);
    }
    return NULL;
}

void desks_start(struct web_server *server)
{
    server->desks = memory_new(server->options.desk_count, sizeof(*server->desks));
    for (size_t i = 0; i < server->options.desk_count; i++) {
        struct desk *desk = &server->desks[server->desk_count];

        desk->server = server;
        desk->handler = server->options.desks[i];
        if (pthread_create(&desk->thread, NULL, sit, desk) == 0)
            server->desk_count++;
    }
}

/* Nobody's clicks may keep all the others waiting. */
static size_t count_client(const struct web_server *server, const char *group)
{
    size_t count = 0;

    for (const struct exchange *at = server->first; at; at = at->next)
        count += strcmp(at->group, group) == 0;
    for (size_t i = 0; i < server->desk_count; i++)
        count += strcmp(server->desks[i].group, group) == 0;
    return count;
}

bool desks_take(struct web_server *server, struct exchange *exchange)
{
    bool takes;

    pthread_mutex_lock(&server->lock);
    takes = !server->is_stopping && server->waiting < JOBS_WAITING &&
            count_client(server, exchange->group) < JOBS_PER_CLIENT;
    if (takes) {
        MHD_suspend_connection(exchange->connection);
        exchange->next = NULL;
        if (server->last)
            server->last->next = exchange;
        else
            server->first = exchange;
        server->last = exchange;
        server->waiting++;
        pthread_cond_signal(&server->arrived);
    }
    pthread_mutex_unlock(&server->lock);
    if (!takes)
        atomic_fetch_add(&server->turned_away, 1);
    return takes;
}

void desks_stop(struct web_server *server)
{
    pthread_mutex_lock(&server->lock);
    server->is_stopping = true;
    pthread_cond_broadcast(&server->arrived);
    pthread_mutex_unlock(&server->lock);
    for (size_t i = 0; i < server->desk_count; i++)
        pthread_join(server->desks[i].thread, NULL);
    server->desk_count = 0;
}
