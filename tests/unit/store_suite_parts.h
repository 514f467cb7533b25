/* What the parts of the store's suite share. Each part is a file of its own that
 * store_suite_run calls. */
#ifndef TESTS_UNIT_STORE_SUITE_PARTS_H
#define TESTS_UNIT_STORE_SUITE_PARTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/outbox.h"
#include "store/subscribers.h"
#include "unit/store_suite.h"

enum { NOW = 1000000, DAY = 86400 };

int store_suite_editions_run(const struct store_opener *opener);
int store_suite_outbox_run(const struct store_opener *opener);
int store_suite_pace_run(const struct store_opener *opener);
int store_suite_profiles_run(const struct store_opener *opener);
int store_suite_derived_run(const struct store_opener *opener);
int store_suite_gate_run(const struct store_opener *opener);
int store_suite_rivals_run(const struct store_opener *opener);
int store_suite_inbox_run(const struct store_opener *opener);
int store_suite_returns_run(const struct store_opener *opener);
int store_suite_summaries_run(const struct store_opener *opener);
int suite_run_tests(const char *name, struct CMUnitTest *tests, size_t count,
                    const struct store_opener *opener);

/* `state` is cmocka's, with the opener in it. */
struct store *suite_open(void **state);
struct store *suite_open_again(void **state);

bool suite_add_at(struct store *store, enum delivery_kind kind, const char *subscriber,
                  const char *slot, int64_t not_before_utc);
bool suite_add(struct store *store, const char *subscriber); /* a digest that is due NOW */
struct delivery_batch suite_claim_at(struct store *store, const char *worker, int64_t now_utc,
                                     size_t max);
struct delivery_batch suite_claim(struct store *store, const char *worker);
/* From claimed to `to`, by way of sending where the table wants it. */
void suite_finish(struct store *store, struct delivery *delivery, enum delivery_state to);
struct outbox_recovered suite_recover(struct store *store, int64_t now_utc,
                                      enum uncertain_policy policy);
void suite_suppress(struct store *store, const char *address, enum suppression_reason reason);

/* "queued 1 sent 2": the counts that are not 0. */
void suite_check_counts(struct store *store, const char *want);
/* The subscribers in their order. */
void suite_check_claimed(const struct delivery_batch *batch, const char *want);
void suite_check_claim(struct store *store, int64_t now_utc, const char *want);

#endif
