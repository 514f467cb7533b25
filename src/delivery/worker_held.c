/* What a worker holds: batches claimed, deliveries that wait to begin. */
#include <stdlib.h>

#include "base/memory.h"
#include "delivery/worker_type.h"

enum { BATCH = 100 };

static void free_batch(struct work *work, struct work_batch *batch)
{
    struct work_batch **link = &work->batches;

    while (*link != batch)
        link = &(*link)->next;
    *link = batch->next;
    delivery_batch_free(&batch->claimed);
    free(batch->items);
    free(batch);
}

void work_item_over(struct work *work, struct work_item *item)
{
    if (item->is_over)
        return;
    item->is_over = true;
    if (--item->batch->open == 0)
        free_batch(work, item->batch);
}

void work_wait_with(struct work *work, struct work_item *item)
{
    work->waiting = memory_grow(work->waiting, &work->waiting_capacity, work->waiting_count + 1,
                                sizeof(work->waiting[0]));
    work->waiting[work->waiting_count++] = item;
}

void work_take_from_waiting(struct work *work, size_t index)
{
    work->waiting_count--;
    memmove(work->waiting + index, work->waiting + index + 1,
            (work->waiting_count - index) * sizeof(work->waiting[0]));
}

static void add_batch(struct work *work, const struct delivery_batch *claimed)
{
    struct work_batch *batch = memory_new(1, sizeof(*batch));

    batch->claimed = *claimed;
    batch->items = memory_new(claimed->count, sizeof(batch->items[0]));
    batch->open = claimed->count;
    batch->next = work->batches;
    work->batches = batch;
    for (size_t i = 0; i < claimed->count; i++) {
        batch->items[i].delivery = &batch->claimed.items[i];
        batch->items[i].batch = batch;
        work_wait_with(work, &batch->items[i]);
    }
}

int work_recover(struct work *work, int64_t now_utc, struct error *error)
{
    const struct worker_options *options = work->options;
    struct outbox_recovered recovered = {0};

    if (outbox_recover_only(work->store, options->only, now_utc, options->uncertain, &recovered,
                            error) < 0)
        return -1;
    work->summary.expired += recovered.expired;
    if (options->recovered && (recovered.queued || recovered.uncertain || recovered.resent ||
                               recovered.expired))
        options->recovered(options->user, &recovered);
    return 0;
}

int work_claim(struct work *work, struct error *error)
{
    const struct worker_options *options = work->options;
    size_t batch = options->batch ? options->batch : BATCH;
    struct delivery_batch claimed = {0};
    int64_t now_utc = work_now(work);

    /* After a jump of the clock what is ours would be taken for a dead worker's. */
    if ((work->batches && work_renew_if_due(work, error) < 0) ||
        work_recover(work, now_utc, error) < 0 ||
        outbox_claim_only(work->store, options->only, options->name, now_utc,
                          OUTBOX_LEASE_SECONDS, batch, &claimed, error) < 0)
        return -1;
    /* What was held before keeps its older lease. */
    if (!work->batches)
        work->renewed_utc = now_utc;
    work->summary.skipped += (int64_t)claimed.skipped;
    work->is_drained = claimed.count == 0;
    /* A short outbox is claimed in small portions, which tell nothing. */
    work->is_claim_full = claimed.count == batch && batch >= BATCH;
    work->claimed_count += claimed.count;
    if (claimed.count)
        add_batch(work, &claimed);
    else
        delivery_batch_free(&claimed);
    return 0;
}

/* A delivery that another worker has taken over is no longer ours to give back. */
int work_release(struct work *work, struct work_item *item, struct error *error)
{
    struct error problem = {0};
    int result = outbox_release(work->store, item->delivery, &problem);

    work_item_over(work, item);
    if (result == 0 || problem.kind == ERROR_CONFLICT)
        return 0;
    if (error)
        *error = problem;
    return -1;
}

static int release_claimed(struct work *work)
{
    struct error problem;

    for (struct work_batch *batch = work->batches; batch; batch = batch->next)
        for (size_t i = 0; i < batch->claimed.count; i++)
            if (!batch->items[i].is_over && batch->claimed.items[i].state == DELIVERY_CLAIMED &&
                outbox_release(work->store, &batch->claimed.items[i], &problem) < 0 &&
                problem.kind != ERROR_CONFLICT)
                return -1;
    return 0;
}

/* Whatever is still claimed goes back, so that another run need not wait for the lease; a
 * failure here leaves all of it to the lease. A store that is away is not asked for each. */
void work_release_all(struct work *work)
{
    if (work->batches && store_begin(work->store, NULL) == 0) {
        if (release_claimed(work) == 0)
            store_commit(work->store, NULL);
        else
            store_rollback(work->store);
    }
    while (work->batches)
        free_batch(work, work->batches);
    work->waiting_count = 0;
}
