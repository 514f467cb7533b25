#include "inbox/cell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/timer.h"

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

const struct cell_limits CELL_LIMITS = {
    .memory_bytes = 256 * 1024 * 1024,
    .stack_bytes = 8 * 1024 * 1024,
    .cpu_seconds = 10,
    .wall_seconds = 30,
    .result_bytes = 8 * 1024 * 1024,
};

enum { RESULT_FD = 3, EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_TOO_LONG = 2, EXIT_UNCONFINED = 3,
       READ_BYTES = 64 * 1024, NAP_MAX_NS = 20000000 };

/* ---- inside ---- */

static bool limit(__rlimit_resource_t what, rlim_t most)
{
    const struct rlimit both = {most, most};

    return setrlimit(what, &both) == 0;
}

/* At the soft limit SIGXCPU says what it was; at the hard one SIGKILL does not. */
static bool limit_cpu(rlim_t seconds)
{
    const struct rlimit both = {seconds, seconds + 1};

    signal(SIGXCPU, SIG_DFL);
    return setrlimit(RLIMIT_CPU, &both) == 0;
}

/* What this process has mapped by now; 0: not known. */
static size_t mapped_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* One descriptor is left, and no other can be made: no file, no socket. AddressSanitizer
 * maps terabytes and reports on standard error. */
static bool confine(const struct cell_limits *limits, int result_fd)
{
    size_t mapped = mapped_bytes();
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    /* A key pressed at the terminal is the parent's to answer. */
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    prctl(PR_SET_DUMPABLE, 0);
    for (int fd = 0; fd < (IS_SANITIZED ? STDERR_FILENO : RESULT_FD) && nothing >= 0; fd++)
        dup2(nothing, fd);
    if (result_fd != RESULT_FD)
        dup2(result_fd, RESULT_FD);
    close_range(RESULT_FD + 1, ~0u, 0);
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
           limit(RLIMIT_NOFILE, 0) && limit_cpu((rlim_t)limits->cpu_seconds) &&
           limit(RLIMIT_STACK, (rlim_t)limits->stack_bytes) &&
           (IS_SANITIZED || !mapped ||
            limit(RLIMIT_AS, (rlim_t)(mapped + limits->memory_bytes)));
}

static bool write_all(struct view bytes)
{
    while (bytes.size) {
        ssize_t written = write(RESULT_FD, bytes.data, bytes.size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes = view_slice(bytes, (size_t)written, bytes.size);
    }
    return true;
}

static int work_inside(const struct cell_limits *limits, cell_work *work, void *user)
{
    struct buffer result;

    buffer_init(&result, limits->result_bytes);
    if (work(user, &result) < 0)
        return EXIT_FAILED;
    if (result.failed)
        return EXIT_TOO_LONG;
    return write_all(buffer_view(&result)) ? EXIT_DONE : EXIT_FAILED;
}

/* ---- outside ---- */

/* Reads to the end; false when the time is over or the result too large. */
static bool read_result(int fd, const struct cell_limits *limits, struct buffer *result)
{
    int64_t end = timer_steady_ms() + (int64_t)limits->wall_seconds * 1000;
    size_t before = result->size;
    char bytes[READ_BYTES];

    for (;;) {
        struct pollfd item = {.fd = fd, .events = POLLIN};
        int64_t left = end - timer_steady_ms();
        ssize_t count;

        if (left <= 0)
            return false;
        if (poll(&item, 1, (int)left) <= 0)
            continue;
        count = read(fd, bytes, sizeof(bytes));
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return count == 0;
        if (result->size - before + (size_t)count > limits->result_bytes)
            return false;
        buffer_add(result, bytes, (size_t)count);
    }
}

/* A child that has closed its end may go on for all that; false: it was killed for that. */
static bool wait_for(pid_t child, int64_t end_ms, int *ret_status)
{
    struct timespec nap = {0, 100000};
    pid_t ended;

    while ((ended = waitpid(child, ret_status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
        if (timer_steady_ms() >= end_ms) {
            kill(child, SIGKILL);
            while (waitpid(child, ret_status, 0) < 0 && errno == EINTR)
                ;
            return false;
        }
        nanosleep(&nap, NULL);
        nap.tv_nsec = nap.tv_nsec < NAP_MAX_NS ? nap.tv_nsec * 2 : NAP_MAX_NS;
    }
    return true;
}

static int say_end(const struct cell_limits *limits, int status, struct error *error)
{
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
        return error_set(error, ERROR_INPUT, "reading it took more than %d s of the processor",
                         limits->cpu_seconds);
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)
        return error_set(error, ERROR_INPUT, "reading it crashed, or went too deep (signal 11)");
    if (WIFSIGNALED(status))
        return error_set(error, ERROR_INPUT,
                         "reading it was ended by signal %d, perhaps for want of memory (%zu MB)",
                         WTERMSIG(status), limits->memory_bytes / 1024 / 1024);
    if (WEXITSTATUS(status) == EXIT_UNCONFINED)
        return error_set(error, ERROR_CONFIGURATION,
                         "the process that reads mails cannot be limited: setrlimit(2) is forbidden "
                         "here (SystemCallFilter= of a unit?)");
    if (WEXITSTATUS(status) == EXIT_TOO_LONG)
        return error_set(error, ERROR_INPUT, "what was read of it is too long");
    return error_set(error, ERROR_INPUT, "it could not be read (status %d)", WEXITSTATUS(status));
}

static int collect(const struct cell_limits *limits, pid_t child, int fd,
                   struct buffer *ret_result, struct error *error)
{
    int64_t end_ms = timer_steady_ms() + (int64_t)limits->wall_seconds * 1000;
    size_t before = ret_result->size;
    bool is_whole = read_result(fd, limits, ret_result);
    int status = 0;

    if (!is_whole)
        kill(child, SIGKILL);
    is_whole &= wait_for(child, end_ms, &status);
    if (is_whole && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE && !ret_result->failed)
        return 0;
    buffer_cut(ret_result, before);
    if (!is_whole)
        return error_set(error, ERROR_INPUT, "reading it took longer than %d s, or gave too much",
                         limits->wall_seconds);
    return say_end(limits, status, error);
}

int cell_run(const struct cell_limits *limits, cell_work *work, void *user,
             struct buffer *ret_result, struct error *error)
{
    int ends[2], result;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "a pipe to the reading process");
    child = fork();
    if (child < 0) {
        result = error_set(error, ERROR_TEMPORARY, "no process could be made to read a mail in");
        close(ends[0]);
        close(ends[1]);
        return result;
    }
    if (!child) {
        _exit(confine(limits, ends[1]) ? work_inside(limits, work, user)
                                       : EXIT_UNCONFINED);
    }
    close(ends[1]);
    result = collect(limits, child, ends[0], ret_result, error);
    close(ends[0]);
    return result;
}
