/* A confined child: what it may do, and what becomes of one that goes astray. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "inbox/cell.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_SANITIZED 1
#endif
#endif
#ifndef IS_SANITIZED
#define IS_SANITIZED 0
#endif

enum { MB = 1024 * 1024 };

static const struct cell_limits TIGHT = {.memory_bytes = 64 * MB, .stack_bytes = MB, .cpu_seconds = 1,
                                         .wall_seconds = 20, .result_bytes = 4 * MB};

static void check(const struct cell_limits *limits, cell_work *work, void *user, const char *want,
                  const char *problem)
{
    struct error error = {0};
    struct buffer result;
    int status;

    buffer_init(&result, 8 * MB);
    buffer_add_string(&result, "before ");
    status = cell_run(limits, work, user, &result, &error);
    if (problem) {
        assert_int_equal(status, -1);
        assert_int_equal(error.kind, ERROR_INPUT);
        if (!strstr(error.text, problem))
            fail_msg("%s; wanted %s", error.text, problem);
        assert_string_equal(buffer_string(&result), "before ");
    } else {
        if (status < 0)
            fail_msg("%s", error.text);
        assert_string_equal(buffer_string(&result) + 7, want);
    }
    buffer_free(&result);
    /* No child is left. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* ---- what is fine ---- */

static int greet(void *user, struct buffer *ret_result)
{
    buffer_printf(ret_result, "hello %s", (const char *)user);
    *(char *)user = 'X'; /* in the child alone */
    return 0;
}

static int say_nothing(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    return 0;
}

static int fill(void *user, struct buffer *ret_result)
{
    for (size_t i = 0; i < *(size_t *)user; i++)
        buffer_add_char(ret_result, 'x');
    return 0;
}

static void results_come_back(void **state)
{
    char name[] = "you";
    size_t most = TIGHT.result_bytes;
    char *want = malloc(most + 1);

    (void)state;
    memset(want, 'x', most);
    want[most] = '\0';
    check(&TIGHT, greet, name, "hello you", NULL);
    assert_string_equal(name, "you");
    check(&TIGHT, say_nothing, NULL, "", NULL);
    check(&TIGHT, fill, &most, want, NULL);
    check(&CELL_LIMITS, greet, name, "hello you", NULL);
    free(want);
}

/* ---- what goes astray ---- */

static int give_up(void *user, struct buffer *ret_result)
{
    (void)user;
    buffer_add_string(ret_result, "half");
    return -1;
}

static int spin(void *user, struct buffer *ret_result)
{
    volatile int turns = 1;

    (void)user, (void)ret_result;
    while (turns)
        turns = turns < 1000 ? turns + 1 : 1;
    return 0;
}

static int sleep_long(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    while (pause() < 0)
        ;
    return 0;
}

/* Its parent sees the end of the result, and the child does not end. */
static int close_and_sleep(void *user, struct buffer *ret_result)
{
    close(3);
    return sleep_long(user, ret_result);
}

static int crash(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    signal(SIGSEGV, SIG_DFL);
    raise(SIGSEGV);
    return 0;
}

static int abort_at_once(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    signal(SIGABRT, SIG_DFL);
    abort();
}

static int leave(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    _exit(77);
}

static int take_memory(void *user, struct buffer *ret_result)
{
    (void)user, (void)ret_result;
    for (size_t i = 0; i < 200; i++) {
        volatile char *block = malloc(MB);

        if (!block)
            abort(); /* as memory.h does */
        for (size_t at = 0; at < MB; at += 4096)
            block[at] = 1;
    }
    return 0;
}

static int deeper(volatile int *count)
{
    volatile char room[4096];

    room[0] = (char)++*count;
    return *count < 1000000 ? deeper(count) + room[0] : 0;
}

static int go_deep(void *user, struct buffer *ret_result)
{
    volatile int count = 0;

    (void)user, (void)ret_result;
    signal(SIGSEGV, SIG_DFL);
    return deeper(&count) > 0 ? 0 : 0;
}

static int write_past(void *user, struct buffer *ret_result)
{
    char bytes[65536] = {0};

    (void)user, (void)ret_result;
    while (write(3, bytes, sizeof(bytes)) > 0)
        ;
    return -1;
}

static void each_end_is_told(void **state)
{
    struct cell_limits hasty = TIGHT;
    size_t too_many = TIGHT.result_bytes + 1;

    (void)state;
    hasty.wall_seconds = 1;
    check(&TIGHT, give_up, NULL, NULL, "it could not be read");
    check(&TIGHT, leave, NULL, NULL, "it could not be read (status 77)");
    check(&TIGHT, spin, NULL, NULL, "took more than 1 s of the processor");
    check(&hasty, sleep_long, NULL, NULL, "took longer than 1 s");
    check(&hasty, close_and_sleep, NULL, NULL, "took longer than 1 s");
    check(&TIGHT, crash, NULL, NULL, "crashed, or went too deep (signal 11)");
    check(&TIGHT, abort_at_once, NULL, NULL, "ended by signal 6");
    check(&TIGHT, fill, &too_many, NULL, "too long");
    check(&TIGHT, write_past, NULL, NULL, "gave too much");
    check(&TIGHT, go_deep, NULL, NULL, "went too deep");
    if (!IS_SANITIZED)
        check(&TIGHT, take_memory, NULL, NULL, "want of memory (64 MB)");
}

/* ---- what is not there ---- */

static int try_all(void *user, struct buffer *ret_result)
{
    const int *files = user;
    pid_t child;

    if (open("/dev/null", O_RDONLY) >= 0)
        buffer_add_string(ret_result, "open ");
    if (open("/tmp/paperboy-cell", O_WRONLY | O_CREAT, 0600) >= 0)
        buffer_add_string(ret_result, "create ");
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0)
        buffer_add_string(ret_result, "socket ");
    if (dup(3) >= 0)
        buffer_add_string(ret_result, "dup ");
    if (write(files[0], "x", 1) > 0)
        buffer_add_string(ret_result, "inherited ");
    if (write(STDOUT_FILENO, "\n", 1) != 1)
        buffer_add_string(ret_result, "stdout ");
    child = fork();
    if (child == 0)
        _exit(0);
    /* root is not limited by RLIMIT_NPROC. */
    if (child > 0)
        buffer_add_string(ret_result, geteuid() == 0 ? "" : "fork ");
    return 0;
}

static void there_are_no_files_and_sockets(void **state)
{
    char place[] = "/tmp/paperboy-test-XXXXXX";
    int file = mkstemp(place), files[] = {fcntl(file, F_DUPFD, 10)};
    char byte;

    (void)state;
    assert_true(files[0] >= 10);
    close(file);
    check(&TIGHT, try_all, files, "", NULL);
    assert_int_equal(pread(files[0], &byte, 1, 0), 0);
    close(files[0]);
    unlink(place);
}

/* The parent has as many as before. */
static void nothing_leaks(void **state)
{
    int before = dup(0), after;

    (void)state;
    close(before);
    for (int i = 0; i < 20; i++)
        check(&TIGHT, i % 2 ? say_nothing : give_up, NULL, "", i % 2 ? NULL : "could not");
    after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_back),
        cmocka_unit_test(each_end_is_told),
        cmocka_unit_test(there_are_no_files_and_sockets),
        cmocka_unit_test(nothing_leaks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
