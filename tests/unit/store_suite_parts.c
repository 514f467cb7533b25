#include "unit/store_suite_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/bytes.h"

void store_suite_must(int result, const struct error *error, const char *file, int line)
{
    if (result == 0)
        return;
    print_error("%s\n", error->text);
    _fail(file, line);
}

int store_suite_add(struct store *store, int number, struct error *error)
{
    char name[32];
    struct delivery_request request = {.subscriber = name, .slot = "s", .created_utc = NOW,
                                       .not_before_utc = NOW, .expires_utc = NOW + DAY};

    snprintf(name, sizeof(name), "subscriber%d@example.org", number);
    return outbox_add(store, &request, NULL, error);
}

int64_t store_suite_count_open(struct store *store)
{
    struct error error = {0};
    int64_t open = -1;

    MUST(outbox_count_left(store, NULL, UNCERTAIN_HOLD, NOW, &open, &error), error);
    return open;
}

static void open_and_add(const char *url, int number)
{
    struct store *store = NULL;
    struct error error = {0};

    if (store_open(url, NULL, &store, &error) < 0 || store_suite_add(store, number, &error) < 0) {
        fprintf(stderr, "%s\n", error.text);
        _exit(1);
    }
    store_close(&store);
    _exit(0);
}

void store_suite_make_at_once(const char *url)
{
    enum { CHILDREN = 8 };
    struct store *store = NULL;
    struct error error = {0};
    pid_t children[CHILDREN];

    for (int i = 0; i < CHILDREN; i++) {
        children[i] = fork();
        if (children[i] == 0)
            open_and_add(url, i);
    }
    for (int i = 0; i < CHILDREN; i++) {
        int status;

        assert_int_equal(waitpid(children[i], &status, 0), children[i]);
        assert_int_equal(status, 0);
    }
    MUST(store_open(url, NULL, &store, &error), error);
    assert_int_equal(store_suite_count_open(store), CHILDREN);
    store_close(&store);
}

struct store *suite_open(void **state)
{
    const struct store_opener *opener = *state;

    return opener->open_empty(opener->user);
}

struct store *suite_open_again(void **state)
{
    const struct store_opener *opener = *state;

    return opener->open_again(opener->user);
}

bool suite_add_at(struct store *store, enum delivery_kind kind, const char *subscriber,
                  const char *slot, int64_t not_before_utc)
{
    struct delivery_request request = {.kind = kind, .subscriber = subscriber, .slot = slot,
                                       .created_utc = NOW, .not_before_utc = not_before_utc,
                                       .expires_utc = NOW + DAY};
    struct error error = {0};
    bool is_new = false;

    MUST(outbox_add(store, &request, &is_new, &error), error);
    return is_new;
}

bool suite_add(struct store *store, const char *subscriber)
{
    return suite_add_at(store, DELIVERY_DIGEST, subscriber, "2026-02-17", NOW);
}

struct delivery_batch suite_claim_at(struct store *store, const char *worker, int64_t now_utc,
                                     size_t max)
{
    struct delivery_batch batch;
    struct error error = {0};

    MUST(outbox_claim(store, worker, now_utc, 300, max, &batch, &error), error);
    return batch;
}

struct delivery_batch suite_claim(struct store *store, const char *worker)
{
    return suite_claim_at(store, worker, NOW, 100);
}

void suite_finish(struct store *store, struct delivery *delivery, enum delivery_state to)
{
    struct delivery_outcome outcome = {.state = to, .now_utc = NOW + 1,
                                       .not_before_utc = NOW + 600, .stage = "rcpt",
                                       .enhanced = "4.2.0", .reply = "450 4.2.0 later"};
    struct error error = {0};

    if (delivery->state == DELIVERY_CLAIMED && (to == DELIVERY_SENT || to == DELIVERY_UNCERTAIN))
        MUST(outbox_begin(store, delivery, &error), error);
    MUST(outbox_finish(store, delivery, &outcome, &error), error);
}

struct outbox_recovered suite_recover(struct store *store, int64_t now_utc,
                                      enum uncertain_policy policy)
{
    struct outbox_recovered recovered;
    struct error error = {0};

    MUST(outbox_recover(store, now_utc, policy, &recovered, &error), error);
    return recovered;
}

/* "queued 1 sent 2": the counts that are not 0. */
void suite_check_counts(struct store *store, const char *want)
{
    int64_t counts[DELIVERY_STATES], open = -1, sum = 0;
    struct error error = {0};
    struct buffer text;

    MUST(outbox_count(store, counts, &error), error);
    MUST(outbox_count_left(store, NULL, UNCERTAIN_HOLD, NOW, &open, &error), error);
    buffer_init(&text, 1000);
    for (int i = 0; i < DELIVERY_STATES; i++) {
        if (counts[i])
            buffer_printf(&text, "%s%s %lld", text.size ? " " : "",
                          delivery_state_name((enum delivery_state)i), (long long)counts[i]);
        if (!delivery_state_is_final((enum delivery_state)i) && i != DELIVERY_UNCERTAIN &&
            i != DELIVERY_SKIPPED)
            sum += counts[i];
    }
    assert_string_equal(buffer_string(&text), want);
    assert_int_equal(open, sum);
    buffer_free(&text);
}

void suite_check_claimed(const struct delivery_batch *batch, const char *want)
{
    struct buffer text;

    buffer_init(&text, 1 << 16);
    for (size_t i = 0; i < batch->count; i++)
        buffer_printf(&text, "%s%s", i ? " " : "", batch->items[i].subscriber);
    assert_string_equal(buffer_string(&text), want);
    buffer_free(&text);
}

void suite_check_claim(struct store *store, int64_t now_utc, const char *want)
{
    struct delivery_batch batch = suite_claim_at(store, "w", now_utc, 100);

    suite_check_claimed(&batch, want);
    delivery_batch_free(&batch);
}

void suite_suppress(struct store *store, const char *address, enum suppression_reason reason)
{
    struct suppression suppression = {address, reason, NOW, "because"};
    struct error error = {0};

    MUST(suppression_add(store, &suppression, &error), error);
}

int suite_run_tests(const char *name, struct CMUnitTest *tests, size_t count,
                    const struct store_opener *opener)
{
    for (size_t i = 0; i < count; i++)
        tests[i].initial_state = (void *)(uintptr_t)opener;
    return _cmocka_run_group_tests(name, tests, count, NULL, NULL);
}
