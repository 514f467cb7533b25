#include "unit/data.h"

#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/memory.h"

bool data_path(const char *name, char ret_path[512])
{
    const char *folder = getenv("PAPERBOY_DATA");

    snprintf(ret_path, 512, "%s/%s", folder ? folder : "../shared/data", name);
    if (access(ret_path, R_OK) == 0)
        return true;
    fprintf(stderr, "left out, the real samples are not here: %s\n", ret_path);
    return false;
}

struct view data_exact_view(struct view text)
{
    char *copy = malloc(text.size ? text.size : 1);

    assert_non_null(copy);
    if (text.size)
        memcpy(copy, text.data, text.size);
    return (struct view){copy, text.size};
}

struct view data_exact(const char *text)
{
    return data_exact_view(view_of(text));
}

struct view data_read(const char *path)
{
    struct error error = {0};
    struct buffer bytes;
    struct view exact;

    buffer_init(&bytes, (size_t)1 << 30);
    if (file_read(path, &bytes, &error) < 0)
        fail_msg("%s", error.text);
    exact = data_exact_view(buffer_view(&bytes));
    buffer_free(&bytes);
    return exact;
}

void data_free(struct view bytes)
{
    free((char *)bytes.data);
}

char *data_temporary_folder(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = file_join(parent ? parent : "/tmp", "paperboy-test-XXXXXX");

    assert_non_null(mkdtemp(folder));
    return folder;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status, (void)type, (void)walk;
    return remove(path);
}

void data_remove_folder(char **folder)
{
    nftw(*folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(*folder);
    *folder = NULL;
}
