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

/* For the tests: fails with the error's text. */
struct error;
void store_suite_must(int result, const struct error *error, const char *file, int line);
#define MUST(call, error) store_suite_must((call), &(error), __FILE__, __LINE__)

#endif
