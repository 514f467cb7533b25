#include "summaries/pdf_text.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utf8proc.h>

#include "base/timer.h"
#include "base/utf8.h"

#define PROGRAM "pdftotext"

const struct pdf_text_limits PDF_TEXT_LIMITS = {
    .memory_bytes = (size_t)512 * 1024 * 1024,
    .cpu_seconds = 30,
    .wall_ms = 60 * 1000,
    .output_bytes = 4 * 1024 * 1024,
};

enum {
    MAGIC_WITHIN_BYTES = 1024, /* as PDF readers take it */
    PATH_BYTES = 4096,
    READ_BYTES = 64 * 1024,
    LOOK_MS = 50,
    NAP_MS = 2,
    EXIT_UNCONFINED = 125, /* as env(1) has them */
    EXIT_NOT_STARTED = 126
};

/* One run of the program. */
struct run {
    const struct pdf_text_limits *limits;
    char program[PATH_BYTES];
    pid_t parent, child;
    int input, output, nothing; /* what it gets as its standard descriptors */
    int64_t end_ms;
};

/* ---- the child: between fork and exec only what is safe in signal handlers, as other
 * threads may have held any lock ---- */

static bool limit(__rlimit_resource_t what, rlim_t soft, rlim_t hard)
{
    const struct rlimit both = {soft, hard};

    return setrlimit(what, &both) == 0;
}

/* At the soft limit of the processor's time SIGXCPU says what it was. */
static bool limit_all(const struct pdf_text_limits *limits)
{
    rlim_t seconds = (rlim_t)limits->cpu_seconds;

    return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_FSIZE, 0, 0) && limit(RLIMIT_NPROC, 0, 0) &&
           limit(RLIMIT_NOFILE, 64, 64) && limit(RLIMIT_CPU, seconds, seconds + 1) &&
           limit(RLIMIT_AS, (rlim_t)limits->memory_bytes, (rlim_t)limits->memory_bytes);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void close_others(void)
{
    if (close_range(STDERR_FILENO + 1, ~0u, 0) == 0)
        return;
    /* A kernel before 5.9; ours are closed by exec anyway. */
    for (int fd = STDERR_FILENO + 1; fd < READ_BYTES; fd++)
        close(fd);
}

static int become_program(const struct run *run)
{
    char *const arguments[] = {(char[]){PROGRAM}, (char[]){"-enc"}, (char[]){"UTF-8"},
                               (char[]){"-q"},    (char[]){"-"},    (char[]){"-"}, NULL};
    char *const environment[] = {(char[]){"PATH=/usr/local/bin:/usr/bin:/bin"},
                                 (char[]){"LC_ALL=C.UTF-8"}, NULL};

    setpgid(0, 0);
    reset_signals();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (getppid() != run->parent || dup2(run->input, STDIN_FILENO) < 0 ||
        dup2(run->output, STDOUT_FILENO) < 0 || dup2(run->nothing, STDERR_FILENO) < 0 ||
        chdir("/") < 0)
        return EXIT_NOT_STARTED;
    close_others();
    if (!limit_all(run->limits))
        return EXIT_UNCONFINED;
    execve(run->program, arguments, environment);
    return EXIT_NOT_STARTED;
}

/* ---- its start ---- */

/* Absolute folders only: what stands in the working directory is not run. */
static int find_program(char ret_path[PATH_BYTES], struct error *error)
{
    const char *path = getenv("PATH");
    struct view rest = view_of(path ? path : "/usr/local/bin:/usr/bin:/bin"), folder;
    struct buffer name;
    bool is_found = false;

    buffer_init(&name, PATH_BYTES - 1);
    while (!is_found && view_next_part(&rest, ':', &folder)) {
        struct stat status;

        buffer_clear(&name);
        buffer_add_view(&name, folder);
        buffer_add_string(&name, "/" PROGRAM);
        is_found = view_starts_with(folder, VIEW("/")) && !name.failed &&
                   stat(buffer_string(&name), &status) == 0 && S_ISREG(status.st_mode) &&
                   access(buffer_string(&name), X_OK) == 0;
    }
    if (is_found)
        memcpy(ret_path, buffer_string(&name), name.size + 1);
    buffer_free(&name);
    return is_found ? 0
                    : error_set(error, ERROR_CONFIGURATION,
                                "summaries.source \"text\" needs the program " PROGRAM
                                ", which is not in PATH; Debian's package poppler-utils has it");
}

int pdf_text_check(struct error *error)
{
    char path[PATH_BYTES];

    return find_program(path, error);
}

/* In memory, as the program wants to seek in it. */
static int hold_pdf(struct view pdf, struct error *error)
{
    int file = memfd_create("pdf", MFD_CLOEXEC);

    while (file >= 0 && pdf.size) {
        ssize_t written = write(file, pdf.data, pdf.size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0) {
            close(file);
            file = -1;
        } else {
            pdf = view_slice(pdf, (size_t)written, pdf.size);
        }
    }
    if (file < 0)
        return error_set_errno(error, errno, "memory for a PDF");
    lseek(file, 0, SEEK_SET);
    return file;
}

/* Where dup2 to 0, 1 and 2 does not overwrite it. */
static int move_up(int fd)
{
    int moved;

    if (fd < 0 || fd > STDERR_FILENO)
        return fd;
    moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    close(fd);
    return moved;
}

/* No handler of ours runs in the child. The group is made on both sides, as neither knows
 * who comes first. */
static int fork_program(struct run *run, struct error *error)
{
    sigset_t all, before;
    int error_number;

    run->parent = getpid();
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    run->child = fork();
    error_number = errno;
    if (run->child == 0)
        _exit(become_program(run));
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (run->child < 0)
        return error_set(error, ERROR_TEMPORARY, "no process could be made for " PROGRAM ": %s",
                         strerror(error_number));
    setpgid(run->child, run->child);
    return 0;
}

static int open_descriptors(struct run *run, struct view pdf, int *ret_printed,
                            struct error *error)
{
    int ends[2];

    run->input = hold_pdf(pdf, error);
    if (run->input < 0)
        return -1;
    run->input = move_up(run->input);
    run->nothing = move_up(open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (run->nothing >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
        *ret_printed = move_up(ends[0]);
        run->output = move_up(ends[1]);
    }
    if (run->input < 0 || run->output < 0 || *ret_printed < 0 ||
        fcntl(*ret_printed, F_SETFL, O_NONBLOCK) < 0)
        return error_set_errno(error, errno, "descriptors for " PROGRAM);
    return 0;
}

static void close_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* `*ret_printed` is where to read. */
static int start(struct run *run, struct view pdf, int *ret_printed, struct error *error)
{
    int printed = -1, result;

    run->input = run->output = run->nothing = -1;
    result = open_descriptors(run, pdf, &printed, error);
    if (result == 0)
        result = fork_program(run, error);
    close_open(run->input);
    close_open(run->output);
    close_open(run->nothing);
    if (result < 0)
        close_open(printed);
    else
        *ret_printed = printed;
    return result;
}

/* ---- its end ---- */

enum ending { ENDED_ITSELF, ENDED_FULL, ENDED_LATE, ENDED_STOPPED };

/* It stays a zombie, so that its number, and its group's, are nobody else's. */
static bool has_ended(const struct run *run)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)run->child, &info, WEXITED | WNOHANG | WNOWAIT) < 0
               ? errno == ECHILD
               : info.si_pid == run->child;
}

/* What is there by now; false: it is the end. */
static bool take(int printed, struct buffer *text)
{
    char bytes[READ_BYTES];

    while (text->size < text->max) {
        ssize_t count = read(printed, bytes, sizeof(bytes));

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return errno == EAGAIN;
        if (count == 0)
            return false;
        buffer_add_view(text, view_slice((struct view){bytes, (size_t)count}, 0,
                                         text->max - text->size));
    }
    return true;
}

/* Something that it has started may hold the pipe open for ever: the end is its own end. */
static enum ending follow(const struct run *run, int printed, struct buffer *text)
{
    bool (*is_stopping)(void) = run->limits->is_stopping;
    bool is_open = true;

    for (;;) {
        struct pollfd item = {.fd = printed, .events = POLLIN};
        bool is_over = has_ended(run); /* before what it wrote last is read */
        int64_t left;

        if (is_open)
            is_open = take(printed, text);
        if (text->size >= text->max)
            return ENDED_FULL;
        if (is_over)
            return ENDED_ITSELF;
        if (is_stopping && is_stopping())
            return ENDED_STOPPED;
        left = run->end_ms - timer_steady_ms();
        if (left <= 0)
            return ENDED_LATE;
        if (is_open)
            poll(&item, 1, left < LOOK_MS ? (int)left : LOOK_MS);
        else
            poll(NULL, 0, NAP_MS);
    }
}

/* With all of its group. */
static int end(const struct run *run)
{
    int status = 0;

    kill(-run->child, SIGKILL);
    kill(run->child, SIGKILL);
    while (waitpid(run->child, &status, 0) < 0)
        if (errno != EINTR)
            return 0; /* nobody is told, as when SIGCHLD is ignored */
    return status;
}

static int judge_signal(const struct run *run, int number, struct error *error)
{
    if (number == SIGXCPU)
        return error_set(error, ERROR_INPUT,
                         PROGRAM " took more than %ld s of the processor for it",
                         run->limits->cpu_seconds);
    return error_set(error, ERROR_INPUT,
                     PROGRAM " was ended by signal %d, perhaps for want of memory (%zu MB)", number,
                     run->limits->memory_bytes / 1024 / 1024);
}

static int judge(const struct run *run, enum ending ending, int status, struct error *error)
{
    switch (ending) {
    case ENDED_FULL:
        return 0;
    case ENDED_LATE:
        return error_set(error, ERROR_TEMPORARY, PROGRAM " took longer than %ld s",
                         run->limits->wall_ms / 1000);
    case ENDED_STOPPED:
        return error_set(error, ERROR_TEMPORARY, PROGRAM " was stopped");
    case ENDED_ITSELF:
        break;
    }
    if (WIFSIGNALED(status))
        return judge_signal(run, WTERMSIG(status), error);
    switch (WEXITSTATUS(status)) {
    case 0:
        return 0;
    case EXIT_UNCONFINED:
        return error_set(error, ERROR_CONFIGURATION,
                         PROGRAM " cannot be limited: setrlimit(2) is forbidden here "
                         "(SystemCallFilter= of a unit?)");
    case EXIT_NOT_STARTED:
        return error_set(error, ERROR_CONFIGURATION, "%s cannot be run", run->program);
    default:
        return error_set(error, ERROR_INPUT, PROGRAM " cannot read it (status %d)",
                         WEXITSTATUS(status));
    }
}

/* ---- the whole ---- */

static bool has_words(struct view text)
{
    int32_t codepoint;

    for (size_t at = 0; at < text.size;) {
        utf8proc_category_t category;

        at += utf8_decode(text, at, &codepoint);
        category = utf8proc_category(codepoint);
        if (category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO)
            return true;
    }
    return false;
}

static int print(struct run *run, struct view pdf, struct buffer *text, struct error *error)
{
    int printed, status;
    enum ending ending;

    run->end_ms = timer_steady_ms() + run->limits->wall_ms;
    if (start(run, pdf, &printed, error) < 0)
        return -1;
    ending = follow(run, printed, text);
    status = end(run);
    close(printed);
    return judge(run, ending, status, error);
}

int pdf_text_read(struct view pdf, const struct pdf_text_limits *limits, struct buffer *out,
                  struct error *error)
{
    struct view beginning = view_slice(pdf, 0, MAGIC_WITHIN_BYTES);
    struct run run = {.limits = limits ? limits : &PDF_TEXT_LIMITS};
    size_t before = out->size;
    struct buffer text;
    int result;

    if (view_find(beginning, VIEW("%PDF-"), 0) == beginning.size)
        return error_set(error, ERROR_INPUT, "it is no PDF");
    if (find_program(run.program, error) < 0)
        return -1;
    buffer_init(&text, run.limits->output_bytes);
    result = print(&run, pdf, &text, error);
    if (result == 0) {
        pdf_text_tidy(buffer_view(&text), out);
        if (!has_words(view_slice(buffer_view(out), before, out->size))) {
            buffer_cut(out, before);
            result = error_set(error, ERROR_INPUT, "it has no text: it may be scanned");
        }
    }
    buffer_free(&text);
    return result;
}
