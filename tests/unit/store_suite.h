/* What every store must do, whatever database is behind it: each backend's test
 * program runs this suite with its own way of opening one. */
#ifndef TESTS_UNIT_STORE_SUITE_H
#define TESTS_UNIT_STORE_SUITE_H

#include "store/store.h"

struct store_opener {
    struct store *(*open_empty)(void *user); /* a new one with nothing in it */
    struct store *(*open_again)(void *user); /* another handle on that one */
    void *user;
};

/* Returns the number of failed tests. */
int store_suite_run(const struct store_opener *opener);

/* For what each backend's program tests of its own: a delivery of another subscriber for
 * each number; how many wait; and that eight processes which open the store at `url`, not
 * made yet, at once and add one each come to one store. */
int store_suite_add(struct store *store, int number, struct error *error);
int64_t store_suite_count_open(struct store *store);
void store_suite_make_at_once(const char *url);

/* For the tests: fails with the error's text. */
void store_suite_must(int result, const struct error *error, const char *file, int line);
#define MUST(call, error) store_suite_must((call), &(error), __FILE__, __LINE__)

#endif
