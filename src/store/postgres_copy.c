#include "store/postgres_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/file.h"

extern char **environ;

enum { COMPLAINT_BYTES = 600, NOT_FOUND_STATUS = 127 };

/* The child's standard error goes into `complaints`. */
static int start(char *const argv[], int complaints, pid_t *ret_child)
{
    posix_spawn_file_actions_t actions;
    int result;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    result = posix_spawnp(ret_child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

/* To its end; what does not fit is read and forgotten. */
static void read_complaints(int from, struct buffer *complaints)
{
    char bytes[512];
    ssize_t got;

    while ((got = read(from, bytes, sizeof(bytes))) > 0 || (got < 0 && errno == EINTR))
        for (ssize_t i = 0; i < got; i++)
            if (complaints->size + 1 < COMPLAINT_BYTES)
                buffer_add_char(complaints, bytes[i] == '\n' ? ' ' : bytes[i]);
}

static int wait_for(pid_t child)
{
    int status = 0;

    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static int dump(const struct postgres_place *place, const char *path, struct error *error)
{
    char file[4200];
    /* The URL holds no password. */
    char *const argv[] = {"pg_dump", "--format=custom", "--no-owner", "--no-privileges",
                          "--no-password", file, "--dbname", place->url, NULL};
    struct buffer complaints;
    int ends[2], problem, status;
    pid_t child;

    snprintf(file, sizeof(file), "--file=%s", path);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set_errno(error, errno, "cannot make a pipe");
    problem = start(argv, ends[1], &child);
    close(ends[1]);
    if (problem) {
        close(ends[0]);
        return error_set(error, ERROR_CONFIGURATION,
                         "store %s: pg_dump cannot be started (%s); install postgresql-client",
                         place->shown, strerror(problem));
    }
    buffer_init(&complaints, COMPLAINT_BYTES);
    read_complaints(ends[0], &complaints);
    close(ends[0]);
    status = wait_for(child);
    if (status != 0)
        error_set(error, WEXITSTATUS(status) == NOT_FOUND_STATUS ? ERROR_CONFIGURATION : ERROR_TEMPORARY,
                  "store %s: pg_dump has failed: %s", place->shown, buffer_string(&complaints));
    buffer_free(&complaints);
    return status == 0 ? 0 : -1;
}

int postgres_copy(const struct postgres_place *place, const char *path, struct error *error)
{
    /* Made here, since pg_dump would make it readable to all. */
    if (file_create_atomic(path, (struct view){NULL, 0}, 0600, error) < 0)
        return -1;
    if (dump(place, path, error) == 0 && file_sync(path, error) == 0)
        return 0;
    unlink(path);
    return -1;
}
