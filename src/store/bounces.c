#include "store/bounces.h"

#include <stdlib.h>

#include "base/memory.h"
#include "store/query.h"

enum { DAY_SECONDS = 86400 };

static const char *const KINDS[] = {"dead", "soft", "policy"};

/* How a day's digest fared. */
struct day {
    int64_t day;
    bool is_sent;
    bool is_dead, is_soft, is_policy;
};

static int note(struct store *store, const struct returned_mail *mail, struct error *error)
{
    struct query query;

    query_start(&query, store,
                "INSERT INTO bounces (address, sent_day, kind, evidence, noted_utc)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address, sent_day) DO UPDATE SET"
                " kind = excluded.kind, evidence = excluded.evidence, noted_utc = excluded.noted_utc"
                " WHERE bounces.kind = 'policy' OR (bounces.kind = 'soft' AND excluded.kind = 'dead')",
                error);
    query_text(&query, mail->address);
    query_integer(&query, mail->sent_day);
    query_text(&query, KINDS[mail->kind]);
    query_text(&query, mail->evidence);
    query_integer(&query, mail->now_utc);
    return query_run(&query, NULL);
}

/* ---- the days, newest first ---- */

struct days {
    struct day *items;
    size_t count, capacity;
};

static struct day *day_of(struct days *days, int64_t number)
{
    for (size_t i = 0; i < days->count; i++)
        if (days->items[i].day == number)
            return &days->items[i];
    days->items = memory_grow(days->items, &days->capacity, days->count + 1,
                              sizeof(*days->items));
    days->items[days->count] = (struct day){.day = number};
    return &days->items[days->count++];
}

static int read_sent(struct store *store, const char *address, int64_t now_utc, struct days *days,
                     struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT DISTINCT changed_utc / 86400 FROM deliveries WHERE subscriber = $1"
                " AND kind = 'digest' AND phase = 'sent' AND changed_utc > $2", error);
    query_text(&query, address);
    query_integer(&query, now_utc - (int64_t)BOUNCE_DAYS * DAY_SECONDS);
    while ((row = query_next(&query)) > 0)
        day_of(days, query_get_integer(&query, 0))->is_sent = true;
    query_end(&query);
    return row;
}

static int read_returned(struct store *store, const char *address, int64_t now_utc,
                         struct days *days, struct error *error)
{
    struct query query;
    int row;

    query_start(&query, store,
                "SELECT sent_day, kind FROM bounces WHERE address = $1 AND sent_day > $2", error);
    query_text(&query, address);
    query_integer(&query, now_utc / DAY_SECONDS - BOUNCE_DAYS);
    while ((row = query_next(&query)) > 0) {
        struct day *day = day_of(days, query_get_integer(&query, 0));
        struct view kind = query_get_view(&query, 1);

        day->is_dead = view_equal_string(kind, "dead");
        day->is_soft = view_equal_string(kind, "soft");
        day->is_policy = view_equal_string(kind, "policy");
    }
    query_end(&query);
    return row;
}

static int compare(const void *a, const void *b)
{
    const struct day *left = a, *right = b;

    return left->day < right->day ? 1 : left->day > right->day ? -1 : 0;
}

/* ---- how it stands ---- */

/* What was sent less than a day ago may still come back, and breaks no row. */
static int dead_in_a_row(const struct days *days, int64_t now_utc)
{
    int64_t settled = now_utc / DAY_SECONDS - 1;
    int count = 0;

    for (size_t i = 0; i < days->count; i++) {
        if (days->items[i].is_policy)
            continue;
        if (days->items[i].is_dead)
            count++;
        else if (count || days->items[i].day < settled)
            break;
    }
    return count;
}

static int soft_score(const struct days *days, int64_t now_utc)
{
    int64_t settled = now_utc / DAY_SECONDS - 1;
    int score = 0;

    for (size_t i = days->count; i-- > 0;) {
        const struct day *day = &days->items[i];

        if (day->is_dead || day->is_soft)
            score++;
        else if (day->day < settled && score && !day->is_policy)
            score--;
    }
    return score;
}

static int stand(struct store *store, const struct returned_mail *mail,
                 const struct bounce_policy *policy, struct bounce_standing *ret_standing,
                 struct error *error)
{
    struct days days = {0};
    int result = 0;

    if (note(store, mail, error) < 0 ||
        read_sent(store, mail->address, mail->now_utc, &days, error) < 0 ||
        read_returned(store, mail->address, mail->now_utc, &days, error) < 0)
        result = -1;
    if (result == 0) {
        qsort(days.items, days.count, sizeof(*days.items), compare);
        ret_standing->dead_in_a_row = dead_in_a_row(&days, mail->now_utc);
        ret_standing->soft_score = soft_score(&days, mail->now_utc);
        ret_standing->is_over =
            (policy->hard > 0 && ret_standing->dead_in_a_row >= policy->hard) ||
            (policy->soft > 0 && ret_standing->soft_score >= policy->soft);
    }
    free(days.items);
    return result;
}

int bounce_note(struct store *store, const struct returned_mail *mail,
                const struct bounce_policy *policy, struct bounce_standing *ret_standing,
                struct error *error)
{
    bool mine;

    if (transaction_open(store, &mine, error) < 0)
        return -1;
    return transaction_close(store, mine, stand(store, mail, policy, ret_standing, error), error);
}

int bounce_forget(struct store *store, const char *address, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM bounces WHERE address = $1", error);
    query_text(&query, address);
    return query_run(&query, NULL);
}

int bounce_prune(struct store *store, int64_t before_utc, struct error *error)
{
    struct query query;

    query_start(&query, store, "DELETE FROM bounces WHERE noted_utc < $1", error);
    query_integer(&query, before_utc);
    return query_run(&query, NULL);
}
