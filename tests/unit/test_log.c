#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"
#include "base/log.h"
#include "unit/data.h"

enum { THREADS = 4, LINES = 400 };

struct writer {
    struct log *log;
    pthread_t thread;
    int number;
};

static void *write_lines(void *user)
{
    const struct writer *writer = user;

    for (int i = 0; i < LINES; i++) {
        log_line(writer->log, LOG_LEVEL_ERROR, "%d says %d%s", writer->number, i, " and so on");
        log_progress(writer->log, "%d is at %d", writer->number, i);
    }
    return NULL;
}

/* A progress line may stand before it, cleared, and nothing else. */
static bool is_whole(struct view line)
{
    static const char prefix[] = "<3>paperboy test: error: ", suffix[] = " and so on";
    struct view rest;
    size_t at;

    while ((at = view_find(line, VIEW("\r\033[K"), 0)) < line.size) {
        rest = view_slice(line, 0, at);
        if (rest.size && !view_starts_with(rest, VIEW("paperboy test: ")))
            return false;
        line = view_slice(line, at + strlen("\r\033[K"), line.size);
    }
    return view_starts_with(line, view_of(prefix)) && view_ends_with(line, view_of(suffix)) &&
           view_find(line, VIEW("error"), strlen(prefix)) == line.size;
}

static void each_line_is_whole(void **state)
{
    struct log log = {.name = "paperboy test", .most = LOG_LEVEL_NOTICE, .is_terminal = true,
                      .in_journal = true};
    char *folder = data_temporary_folder(), *path = file_join(folder, "log");
    struct writer writers[THREADS];
    struct error error = {0};
    struct view rest, line;
    struct buffer text;
    size_t lines = 0;
    int kept;

    (void)state;
    fflush(stderr);
    kept = dup(STDERR_FILENO);
    assert_non_null(freopen(path, "a", stderr));
    setvbuf(stderr, NULL, _IONBF, 0);
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.log = &log, .number = i};
        assert_int_equal(pthread_create(&writers[i].thread, NULL, write_lines, &writers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(writers[i].thread, NULL);
    log_progress_end(&log);
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    close(kept);

    buffer_init(&text, 1 << 20);
    assert_int_equal(file_read(path, &text, &error), 0);
    rest = buffer_view(&text);
    while (view_next_line(&rest, &line)) {
        if (!rest.size && view_ends_with(line, VIEW("\r\033[K")))
            break; /* the last progress line, cleared */
        if (!is_whole(line))
            fail_msg("torn: %.*s", VIEW_ARGUMENTS(line));
        lines++;
    }
    assert_int_equal(lines, THREADS * LINES);
    buffer_free(&text);
    free(path);
    data_remove_folder(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_line_is_whole)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
