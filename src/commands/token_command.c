#include "commands/token_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/timer.h"

extern char **environ;

enum { NAP_MS = 10 };

/* In a process group of its own, so that all of it can be ended. */
static int start(const char *command, int output, pid_t *ret_child)
{
    char *const arguments[] = {(char[]){"sh"}, (char[]){"-c"}, (char *)(size_t)command, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int result;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setpgroup(&attributes, 0);
    result = posix_spawn(ret_child, "/bin/sh", &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* Up to the end of its first line; false: the time is over before that. */
static bool read_line(int input, int64_t end_ms, char *line)
{
    size_t size = 0;

    while (size < TOKEN_COMMAND_BYTES - 1) {
        struct pollfd item = {.fd = input, .events = POLLIN};
        int64_t left = end_ms - timer_steady_ms();
        ssize_t count;

        if (left <= 0)
            return false;
        if (poll(&item, 1, (int)left) <= 0)
            continue;
        count = read(input, line + size, TOKEN_COMMAND_BYTES - 1 - size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            break;
        size += (size_t)count;
        if (memchr(line, '\n', size))
            break;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return true;
}

/* What it leaves behind may run on, and what else it prints is read, so that it can end.
 * False: it has not in time. */
static bool wait_for(pid_t child, int input, int64_t end_ms, int *ret_status)
{
    const struct timespec nap = {0, NAP_MS * 1000000L};
    struct pollfd item = {.fd = input, .events = POLLIN};
    char rest[4096];
    pid_t ended;

    while ((ended = waitpid(child, ret_status, WNOHANG)) == 0 ||
           (ended < 0 && errno == EINTR)) {
        if (timer_steady_ms() >= end_ms)
            return false;
        if (poll(&item, 1, 0) <= 0 || read(input, rest, sizeof(rest)) <= 0)
            nanosleep(&nap, NULL);
    }
    sodium_memzero(rest, sizeof(rest));
    return true;
}

static int say_failed(int status, struct error *error)
{
    if (WIFEXITED(status))
        return error_set(error, ERROR_TEMPORARY, "inbox.token_command ended with status %d",
                         WEXITSTATUS(status));
    return error_set(error, ERROR_TEMPORARY, "inbox.token_command was ended by signal %d",
                     WTERMSIG(status));
}

static int collect(pid_t child, int input, int seconds, char *token, struct error *error)
{
    int64_t end_ms = timer_steady_ms() + (int64_t)seconds * 1000;
    int status = 0;

    if (!read_line(input, end_ms, token) || !wait_for(child, input, end_ms, &status)) {
        kill(-child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            ;
        return error_set(error, ERROR_TEMPORARY,
                         "inbox.token_command was ended: it took longer than %d s", seconds);
    }
    if (status)
        return say_failed(status, error);
    return token[0] ? 0
                    : error_set(error, ERROR_CONFIGURATION,
                                "inbox.token_command printed no token");
}

int token_command_run(const char *command, int seconds, char **ret_token, struct error *error)
{
    char *token;
    int ends[2], result;
    pid_t child;

    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "inbox.token_command");
    result = start(command, ends[1], &child);
    close(ends[1]);
    if (result) {
        close(ends[0]);
        return error_set_errno(error, result, "inbox.token_command");
    }
    token = memory_new(TOKEN_COMMAND_BYTES, 1);
    result = collect(child, ends[0], seconds, token, error);
    close(ends[0]);
    if (result < 0) {
        sodium_memzero(token, TOKEN_COMMAND_BYTES);
        free(token);
        return -1;
    }
    *ret_token = token;
    return 0;
}
