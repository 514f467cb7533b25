/* What the files of `serve` share: what all threads see, and a desk, which is one thread's.
 * A page is one function; the table in serve_pages.c says which address is which page. */
#ifndef COMMANDS_SERVE_PARTS_H
#define COMMANDS_SERVE_PARTS_H

#include "commands/compose.h"
#include "commands/inbox_parts.h"
#include "commands/private_feeds.h"
#include "commands/profile_source.h"
#include "commands/serve_sender.h"
#include "commands/site.h"
#include "web/exchange.h"
#include "web/limits.h"
#include "web/server.h"

struct feeds_keeper;
struct serve_asker;
struct serve_kept;
struct state_keeper;

/* Shared by all threads; unchanged once the server has started, but for what has a lock of
 * its own. */
struct serving {
    struct site *site;        /* with the key and the templates open; its store is a desk's */
    struct library library;   /* editions indexed once for all desks */
    struct web_networks trusted;
    struct web_limits *posts; /* per client: forms sent */
    struct web_limits *mails; /* per client: forms that have a mail sent to somebody */
    struct serve_sender *sender; /* of those mails */
    struct serve_asker *asker;   /* serve_asker.h */
    struct private_feeds *private_feeds;
    struct web_server *server; /* for its counts */
    int64_t started_utc;
    const char *base_url;     /* ends in '/'; how others reach us */
    struct buffer missing;    /* the page that says that there is none */
    struct serve_kept *kept;    /* serve_kept.h */
    struct state_keeper *state; /* serve_state.h */
    struct feeds_keeper *feeds; /* serve_feeds.h */
};

/* One thread's. */
struct serve_desk {
    struct serving *serving;
    struct site site; /* a copy with a store of its own */
    struct profile_source source;
    struct composer composer; /* sharing the library */
    struct inbox people; /* what acts for people; set up for a request by people_begin */
    struct arena *arena; /* the request's */
};

/* Fills in the answer. `rest` is what of the path a row's '*' stands for, else empty. On
 * failure the error becomes a page of 500, 503 or 404, by its kind, and a line in the log. */
typedef int serve_page(struct serve_desk *desk, const struct web_request *request,
                       struct view rest, struct web_answer *answer, struct error *error);

/* Of a page that is the same for everybody until the editions change: its bytes, which are
 * then kept in memory. The reference is the caller's. */
typedef int serve_make(struct serve_desk *desk, struct view rest, struct web_content **ret_content,
                       struct error *error);
/* What such bytes are made from, as a number: another one when it has changed. */
int serve_version(struct serve_desk *desk, int64_t *ret_version, struct error *error);
/* When that last changed: papers, the owner's profile, or words and templates, which are as
 * old as the server at most. Never later than now (RFC 9110 8.8.2.1). */
int serve_modified(struct serve_desk *desk, int64_t *ret_utc, struct error *error);

/* serve_tell.c */
serve_page page_health, page_metrics, page_config;
/* serve_public.c */
serve_make make_home, make_archive;
/* serve_feeds.c */
serve_make make_rss, make_atom, make_papers, make_day;
/* What never changes while it runs: style, script, icon, robots.txt. */
int serve_keep_files(struct serving *serving, struct error *error);
/* Once, by any desk: what is answered with 404. */
int serve_make_missing(struct serve_desk *desk, struct error *error);

/* serve_pages.c: for the server. `user` is the struct serving, `desk` a struct serve_desk. */
bool serve_quick(void *user, const struct web_request *request, struct web_answer *answer);
void serve_work(void *desk, const struct web_request *request, struct web_answer *answer);

#endif
