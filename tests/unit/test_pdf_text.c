/* The text of PDFs: real ones, and programs in pdftotext's place that do what they can. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/timer.h"
#include "summaries/pdf_text.h"
#include "unit/data.h"

enum { MB = 1024 * 1024, LONG_MS = 30 * 1000 };

static const struct pdf_text_limits LIMITS = {.memory_bytes = 256 * (size_t)MB, .cpu_seconds = 10,
                                              .wall_ms = LONG_MS, .output_bytes = MB};

/* ---- a PDF ---- */

static void begin_object(struct buffer *pdf, size_t *offsets, size_t number)
{
    offsets[number] = pdf->size;
    buffer_printf(pdf, "%zu 0 obj\n", number);
}

/* A page for each string; its lines stand below each other. */
static void make_pdf(struct buffer *pdf, const char *const *pages, size_t count)
{
    size_t *offsets = calloc(4 + 2 * count, sizeof(*offsets)), objects = 4 + 2 * count, xref;

    buffer_init(pdf, 8 * MB);
    buffer_add_string(pdf, "%PDF-1.4\n%\xE2\xE3\xCF\xD3\n");
    begin_object(pdf, offsets, 1);
    buffer_add_string(pdf, "<< /Type /Catalog /Pages 2 0 R >>\nendobj\n");
    begin_object(pdf, offsets, 2);
    buffer_printf(pdf, "<< /Type /Pages /Count %zu /Kids [", count);
    for (size_t i = 0; i < count; i++)
        buffer_printf(pdf, "%zu 0 R ", 4 + 2 * i);
    buffer_add_string(pdf, "] >>\nendobj\n");
    begin_object(pdf, offsets, 3);
    buffer_add_string(pdf, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>\nendobj\n");
    for (size_t i = 0; i < count; i++) {
        struct view rest = view_of(pages[i]), line;
        struct buffer content;

        buffer_init(&content, MB);
        buffer_add_string(&content, "BT /F1 11 Tf 14 TL 72 720 Td\n");
        while (view_next_line(&rest, &line))
            buffer_printf(&content, "(%.*s) Tj T*\n", VIEW_ARGUMENTS(line));
        buffer_add_string(&content, "ET\n");
        begin_object(pdf, offsets, 4 + 2 * i);
        buffer_printf(pdf, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %zu 0 R"
                           " /Resources << /Font << /F1 3 0 R >> >> >>\nendobj\n", 5 + 2 * i);
        begin_object(pdf, offsets, 5 + 2 * i);
        buffer_printf(pdf, "<< /Length %zu >>\nstream\n%s\nendstream\nendobj\n", content.size,
                      buffer_string(&content));
        buffer_free(&content);
    }
    xref = pdf->size;
    buffer_printf(pdf, "xref\n0 %zu\n0000000000 65535 f \n", objects);
    for (size_t i = 1; i < objects; i++)
        buffer_printf(pdf, "%010zu 00000 n \n", offsets[i]);
    buffer_printf(pdf, "trailer\n<< /Size %zu /Root 1 0 R >>\nstartxref\n%zu\n%%%%EOF\n", objects, xref);
    free(offsets);
}

/* ---- what is left behind ---- */

static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t count = 0;

    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

struct got {
    int result;
    struct error error;
    struct buffer text;
};

static struct got read_text(struct view pdf, const struct pdf_text_limits *limits)
{
    struct view exact = data_exact_view(pdf);
    size_t before = count_descriptors();
    struct got got = {0};

    buffer_init(&got.text, 4 * MB);
    buffer_add_string(&got.text, "before ");
    got.result = pdf_text_read(exact, limits, &got.text, &got.error);
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    data_free(exact);
    return got;
}

static void want_text(const char *name, struct got *got, const char *want)
{
    if (got->result < 0)
        fail_msg("%s: %s", name, got->error.text);
    if (strcmp(buffer_string(&got->text) + strlen("before "), want) != 0)
        fail_msg("%s: %s", name, buffer_string(&got->text));
    buffer_free(&got->text);
}

static void want_error(const char *name, struct got *got, enum error_kind kind, const char *want)
{
    if (got->result == 0)
        fail_msg("%s: %s", name, buffer_string(&got->text));
    if (got->error.kind != kind || !strstr(got->error.text, want))
        fail_msg("%s: kind %d, %s; wanted %d, %s", name, got->error.kind, got->error.text, kind, want);
    assert_string_equal(buffer_string(&got->text), "before ");
    buffer_free(&got->text);
}

/* ---- PDFs ---- */

static void a_pdf_is_read(void **state)
{
    static const char *const pages[] = {
        "Attention Is All You Need\nThe dominant sequence trans-\nduction models are complex.",
        "A second page."};
    struct buffer pdf;
    struct got got;

    (void)state;
    make_pdf(&pdf, pages, 2);
    got = read_text(buffer_view(&pdf), NULL);
    want_text("two pages", &got,
              "Attention Is All You Need\nThe dominant sequence transduction models are complex.\n\n"
              "A second page.\n");
    buffer_free(&pdf);
}

static void what_cannot_be_read_is_told(void **state)
{
    static const char *const blank[] = {""}, *const page[] = {"Some text."};
    struct buffer pdf;
    struct got got;

    (void)state;
    got = read_text(VIEW("<!DOCTYPE html><p>Not now"), NULL);
    want_error("a page", &got, ERROR_INPUT, "no PDF");
    got = read_text(VIEW(""), NULL);
    want_error("nothing", &got, ERROR_INPUT, "no PDF");
    got = read_text(VIEW("%PDF-1.4\n and then nothing of the kind"), NULL);
    want_error("junk", &got, ERROR_INPUT, "pdftotext cannot read it (status 1)");
    make_pdf(&pdf, blank, 1);
    got = read_text(buffer_view(&pdf), NULL);
    want_error("a scan", &got, ERROR_INPUT, "no text");
    buffer_free(&pdf);
    make_pdf(&pdf, page, 1);
    got = read_text(view_slice(buffer_view(&pdf), 0, 150), NULL);
    assert_int_equal(got.result, -1);
    assert_int_equal(got.error.kind, ERROR_INPUT);
    buffer_free(&got.text);
    buffer_free(&pdf);
}

/* ---- others in its place ---- */

static const char PDF[] = "%PDF-1.4\nfor whoever looks";

/* A folder with `script` as pdftotext, and PATH set to it. */
static char *place(const char *script, int mode, char **ret_path)
{
    const char *path = getenv("PATH");
    char *folder = data_temporary_folder(), *name = file_join(folder, "pdftotext");
    struct error error = {0};

    *ret_path = path ? strdup(path) : NULL;
    assert_int_equal(file_write_atomic(name, view_of(script), (unsigned)mode, &error), 0);
    assert_int_equal(chmod(name, (mode_t)mode), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    setenv("PATH", folder, 1);
    free(name);
    return folder;
}

static void take_away(char *folder, char *path)
{
    setenv("PATH", path ? path : "", 1);
    data_remove_folder(&folder);
    free(path);
}

static struct got run_script(const char *script, const struct pdf_text_limits *limits,
                             int64_t *ret_took_ms)
{
    char *path, *folder = place(script, 0755, &path);
    int64_t begun = timer_steady_ms();
    struct got got = read_text(VIEW(PDF), limits);

    if (ret_took_ms)
        *ret_took_ms = timer_steady_ms() - begun;
    take_away(folder, path);
    return got;
}

static void programs_that_misbehave_are_ended(void **state)
{
    static const struct {
        const char *name, *script;
        long wall_ms; /* 0: long */
        long cpu_seconds;
        enum error_kind kind;
        const char *want;
    } cases[] = {
        {"hangs", "exec sleep 100", 200, 0, ERROR_TEMPORARY, "took longer than"},
        {"hangs, without an end open", "exec >&- 2>&- <&-; exec sleep 100", 200, 0, ERROR_TEMPORARY,
         "took longer than"},
        {"hangs half way", "echo text; exec sleep 100", 200, 0, ERROR_TEMPORARY, "took longer than"},
        {"does not want to end", "trap '' TERM INT HUP; while :; do :; done", 200, 0, ERROR_TEMPORARY,
         "took longer than"},
        {"stops itself", "kill -STOP $$", 200, 0, ERROR_TEMPORARY, "took longer than"},
        {"reckons for ever", "while :; do :; done", 0, 1, ERROR_INPUT, "more than 1 s of the processor"},
        {"reckons on", "trap '' XCPU; while :; do :; done", 0, 1, ERROR_INPUT, "ended by signal 9"},
        {"eats memory", "exec tail /dev/zero", 0, 0, ERROR_INPUT, "cannot read it (status"},
        {"crashes", "echo text; kill -SEGV $$", 0, 0, ERROR_INPUT, "ended by signal 11"},
        {"ends badly", "echo text; exit 3", 0, 0, ERROR_INPUT, "(status 3)"},
        {"prints nothing", "exit 0", 0, 0, ERROR_INPUT, "no text"},
        {"prints no words", "printf '\\f\\f. 12 \\001\\377\\n'", 0, 0, ERROR_INPUT, "no text"},
        {"writes a file", "cd \"${0%/*}\" && echo x > file && cat file", 0, 0, ERROR_INPUT, "pdftotext"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct pdf_text_limits limits = LIMITS;
        char script[200];
        struct got got;
        int64_t took;

        if (cases[i].wall_ms)
            limits.wall_ms = cases[i].wall_ms;
        if (cases[i].cpu_seconds)
            limits.cpu_seconds = cases[i].cpu_seconds;
        snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", cases[i].script);
        got = run_script(script, &limits, &took);
        want_error(cases[i].name, &got, cases[i].kind, cases[i].want);
        if (took > LONG_MS / 2)
            fail_msg("%s: took %lld ms", cases[i].name, (long long)took);
    }
}

/* What else runs there is not for them to see, and what they leave holds nobody up. */
static void programs_are_alone(void **state)
{
    static const struct {
        const char *name, *script, *want;
    } cases[] = {
        {"is given the PDF", "head -c 8", "%PDF-1.4\n"},
        {"can seek in it", "cat > /dev/null; wc -c < /dev/stdin; echo bytes", "26\nbytes\n"},
        {"is asked for text", "echo \"${0##*/} $*\"", "pdftotext -enc UTF-8 -q - -\n"},
        {"is told no secret", "echo \"secret: $PAPERBOY_TEST_SECRET\"", "secret:\n"},
        {"has no descriptor of ours", "[ -e /proc/$$/fd/57 ] && echo has it || echo has not", "has not\n"},
        {"may complain", "readlink /proc/$$/fd/2; head -c 300000 /dev/zero >&2; echo text",
         "/dev/null\ntext\n"},
        {"has signals as usual", "kill -PIPE $$; echo survived; kill -TERM $$", NULL},
        {"is elsewhere", "pwd; echo here", "/\nhere\n"},
    };
    struct sigaction ignored = {.sa_handler = SIG_IGN}, before;

    (void)state;
    if (geteuid() != 0) {
        skip(); /* a script that may start no other program does none of this */
        return;
    }
    setenv("PAPERBOY_TEST_SECRET", "hunter2", 1);
    assert_int_equal(dup2(STDERR_FILENO, 57), 57);
    sigaction(SIGPIPE, &ignored, &before);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char script[200];
        struct got got;

        snprintf(script, sizeof(script), "#!/bin/sh\n%s\n", cases[i].script);
        got = run_script(script, &LIMITS, NULL);
        if (cases[i].want)
            want_text(cases[i].name, &got, cases[i].want);
        else
            want_error(cases[i].name, &got, ERROR_INPUT, "ended by signal 13");
    }
    sigaction(SIGPIPE, &before, NULL);
    close(57);
    unsetenv("PAPERBOY_TEST_SECRET");
}

static void endless_text_is_cut(void **state)
{
    static const char *const scripts[] = {"#!/bin/sh\nexec yes word\n", "#!/bin/sh\nyes word\n",
                                          "#!/bin/sh\nyes word & exit 0\n"};

    (void)state;
    for (size_t i = 0; i < (geteuid() == 0 ? 3 : 1); i++) {
        struct got got = run_script(scripts[i], &LIMITS, NULL);

        if (got.result < 0 && i < 2)
            fail_msg("%s", got.error.text);
        if (got.result == 0)
            assert_in_range(got.text.size, strlen("before word"), MB + 16);
        if (i < 2)
            assert_in_range(got.text.size, MB - 8, MB + 16);
        buffer_free(&got.text);
    }
}

static bool is_running(long pid)
{
    char path[64], text[300] = "";
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return false;
    if (!fgets(text, sizeof(text), file))
        text[0] = '\0';
    fclose(file);
    return strrchr(text, ')') && strncmp(strrchr(text, ')'), ") Z", 3) != 0;
}

/* A child of its that holds the pipe open is not waited for, and goes with it. */
static void what_it_has_started_goes_with_it(void **state)
{
    struct got got;
    int64_t took;
    char *number;
    long pid;

    (void)state;
    if (geteuid() != 0) {
        skip(); /* it may start none, then */
        return;
    }
    got = run_script("#!/bin/sh\nsleep 100 &\necho child $!\n", &LIMITS, &took);
    assert_int_equal(got.result, 0);
    assert_in_range(took, 0, 10000);
    number = strrchr(got.text.data, ' ');
    assert_non_null(number);
    pid = strtol(number, NULL, 10);
    assert_true(pid > 1);
    for (int i = 0; is_running(pid) && i < 500; i++)
        usleep(10000);
    assert_false(is_running(pid));
    buffer_free(&got.text);
}

static bool is_stopping(void)
{
    return true;
}

static void a_stop_is_heard(void **state)
{
    struct pdf_text_limits limits = LIMITS;
    struct got got;
    int64_t took;

    (void)state;
    limits.is_stopping = is_stopping;
    got = run_script("#!/bin/sh\nexec sleep 100\n", &limits, &took);
    want_error("stopping", &got, ERROR_TEMPORARY, "was stopped");
    assert_in_range(took, 0, 10000);
}

static void a_missing_program_is_told(void **state)
{
    static const struct {
        const char *name, *script;
        int mode;
        const char *path; /* NULL: the folder */
        const char *want;
    } cases[] = {
        {"not to be run", "#!/bin/sh\necho text\n", 0644, NULL, "poppler-utils"},
        {"no such interpreter", "#!/nowhere/sh\n", 0755, NULL, "/pdftotext cannot be run"},
        {"no program at all", "\x7f" "ELF", 0755, NULL, "/pdftotext cannot be run"},
        {"an empty PATH", "#!/bin/sh\necho text\n", 0755, "", "poppler-utils"},
        {"the working directory", "#!/bin/sh\necho text\n", 0755, ".::relative:/nowhere", "poppler-utils"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *path, *folder = place(cases[i].script, cases[i].mode, &path);
        char before[4096];
        struct got got;

        assert_non_null(getcwd(before, sizeof(before)));
        assert_int_equal(chdir(folder), 0);
        if (cases[i].path)
            setenv("PATH", cases[i].path, 1);
        got = read_text(VIEW(PDF), &LIMITS);
        want_error(cases[i].name, &got, ERROR_CONFIGURATION, cases[i].want);
        assert_int_equal(chdir(before), 0);
        take_away(folder, path);
    }
}

/* ---- whoever calls ---- */

static void *read_some(void *user)
{
    struct view *pdf = user;
    int good = 0;

    for (int i = 0; i < 5; i++) {
        struct error error = {0};
        struct buffer text;

        buffer_init(&text, MB);
        if (pdf_text_read(*pdf, NULL, &text, &error) == 0 &&
            strcmp(buffer_string(&text), "Read at once.\n") == 0)
            good++;
        buffer_free(&text);
    }
    return (void *)(intptr_t)good;
}

static void threads_read_at_once(void **state)
{
    static const char *const page[] = {"Read at once."};
    pthread_t threads[4];
    struct buffer pdf;
    struct view view;
    size_t before = count_descriptors();

    (void)state;
    make_pdf(&pdf, page, 1);
    view = buffer_view(&pdf);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_some, &view), 0);
    for (int i = 0; i < 4; i++) {
        void *good;

        pthread_join(threads[i], &good);
        assert_int_equal((intptr_t)good, 5);
    }
    assert_int_equal(count_descriptors(), before);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    buffer_free(&pdf);
}

/* A service without standard descriptors, whose children nobody waits for. */
static void odd_callers_are_served(void **state)
{
    static const char *const page[] = {"Read at once."};
    struct buffer pdf;
    struct view view;
    int status;
    pid_t child;

    (void)state;
    make_pdf(&pdf, page, 1);
    view = buffer_view(&pdf);
    child = fork();
    if (child == 0) {
        close(0);
        close(1);
        close(2);
        signal(SIGCHLD, SIG_IGN);
        _exit((int)(intptr_t)read_some(&view));
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 5);
    buffer_free(&pdf);
}

/* ---- its tidying ---- */

static void printed_text_is_tidied(void **state)
{
    static const struct {
        const char *printed, *want;
    } cases[] = {
        {"", ""},
        {"\n \f\n\f", ""},
        {"one\ntwo", "one\ntwo\n"},
        {"  one \t two  \n\n\n\nthree\f", "one two\n\nthree\n"},
        {"page\f\fpage\f", "page\n\npage\n"},
        {"a\r\nb\rc", "a\nb\nc\n"},
        {"a\x01\x1b[31m\x7f\xc2\x85z", "a[31mz\n"},
        {"bad \xff\xc3 bytes", "bad \xef\xbf\xbd\xef\xbf\xbd bytes\n"},
        {"left\xe2\x80\xaeright\xef\xbb\xbf", "leftright\n"},
        {"wide\xe3\x80\x80\xc2\xa0gap", "wide gap\n"},
        {"trans-\nduction", "transduction\n"},
        {"trans-\n  duction and\nmore", "transduction and\nmore\n"},
        {"soft\xc2\xad\nhyphen", "softhyphen\n"},
        {"hyphen\xe2\x80\x90\nated", "hyphenated\n"},
        {"state-of-\nthe-art", "state-of-the-art\n"},
        {"GPT-\n4 and Jensen-\nShannon", "GPT-4 and Jensen-Shannon\n"},
        {"a dash -\nhere", "a dash -\nhere\n"},
        {"-\nitem", "-\nitem\n"},
        {"3-\nfold", "3-\nfold\n"},
        {"end-\n\nnext", "end-\n\nnext\n"},
        {"end-\fnext", "end-\n\nnext\n"},
        {"last-", "last-\n"},
        {"über-\nätzend", "überätzend\n"},
        {"a-\nb-\nc", "abc\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct view printed = data_exact(cases[i].printed);
        struct buffer out;

        buffer_init(&out, 1000);
        pdf_text_tidy(printed, &out);
        if (strcmp(buffer_string(&out), cases[i].want) != 0)
            fail_msg("\"%s\": \"%s\"", cases[i].printed, buffer_string(&out));
        buffer_free(&out);
        data_free(printed);
    }
}

static void only_what_has_room_is_added(void **state)
{
    static const struct {
        size_t room;
        const char *want;
    } cases[] = {{0, ""}, {1, ""}, {2, "ä"}, {3, "ä"}, {5, "äö"}, {6, "äöü"}, {7, "äöü\n"},
                 {11, "äöü\n"}, {12, "äöü\nline\n"}, {99, "äöü\nline\n"}};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buffer out;

        buffer_init(&out, 2 + cases[i].room);
        buffer_add_string(&out, "> ");
        pdf_text_tidy(VIEW("äöü\nline"), &out);
        assert_false(out.failed);
        assert_string_equal(buffer_string(&out) + 2, cases[i].want);
        buffer_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pdf_is_read),
        cmocka_unit_test(what_cannot_be_read_is_told),
        cmocka_unit_test(programs_that_misbehave_are_ended),
        cmocka_unit_test(programs_are_alone),
        cmocka_unit_test(endless_text_is_cut),
        cmocka_unit_test(what_it_has_started_goes_with_it),
        cmocka_unit_test(a_stop_is_heard),
        cmocka_unit_test(a_missing_program_is_told),
        cmocka_unit_test(threads_read_at_once),
        cmocka_unit_test(odd_callers_are_served),
        cmocka_unit_test(printed_text_is_tidied),
        cmocka_unit_test(only_what_has_room_is_added),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
