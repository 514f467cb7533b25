#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/file.h"
#include "unit/data.h"
#include "unit/store_suite.h"

struct place {
    char *folder;
    char url[600];
};

static struct store *open_again(void *user)
{
    const struct place *place = user;
    struct error error = {0};
    struct store *store = NULL;

    MUST(store_open(place->url, NULL, &store, &error), error);
    return store;
}

static struct store *open_empty(void *user)
{
    struct place *place = user;

    if (place->folder)
        data_remove_folder(&place->folder);
    place->folder = data_temporary_folder();
    snprintf(place->url, sizeof(place->url), "sqlite:%s/store.db", place->folder);
    return open_again(place);
}

int main(void)
{
    struct place place = {0};
    const struct store_opener opener = {open_empty, open_again, &place};
    int failed = store_suite_run(&opener);

    if (place.folder)
        data_remove_folder(&place.folder);
    return failed;
}
