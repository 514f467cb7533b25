/* Every bounce, complaint and automatic answer of ../shared/data/bounces against what
 * Sisimai expects of it, and the ordinary mails there and in ../shared/data/mime. Left out
 * where the samples are not on the machine. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "inbox/finding.h"
#include "unit/data.h"

enum { ROWS_MAX = 20 };

struct row {
    struct view file, number, status, code, reason, hard, feedback_type;
};
struct score {
    int rows, kind, hard, class_digit, reason;
};

static enum finding_kind kind_of(const struct row *row)
{
    if (view_equal_string(row->reason, "feedback"))
        return FINDING_COMPLAINT;
    return view_equal_string(row->reason, "vacation") ? FINDING_AUTO_REPLY : FINDING_BOUNCE;
}

static bool has_hard(const struct bounce_recipient *recipient, const struct row *row)
{
    return recipient->permanent == view_equal_string(row->hard, "true");
}

static bool has_class(const struct bounce_recipient *recipient, const struct row *row)
{
    return recipient->status.size && row->status.size &&
           recipient->status.data[0] == row->status.data[0];
}

static bool has_reason(const struct bounce_recipient *recipient, const struct row *row)
{
    return view_equal_string(row->reason, reason_name(recipient->reason));
}

static int likeness(const struct bounce_recipient *recipient, const struct row *row)
{
    return 2 * has_reason(recipient, row) + has_hard(recipient, row) + has_class(recipient, row);
}

/* The addresses are not in the table: of a mail's recipients the likest is taken. */
static const struct bounce_recipient *match(const struct bounce *bounce, const struct row *row,
                                            bool *is_taken)
{
    size_t best = bounce->recipient_count;

    for (size_t i = 0; i < bounce->recipient_count; i++)
        if (!is_taken[i] && (best == bounce->recipient_count ||
                             likeness(&bounce->recipients[i], row) >
                                 likeness(&bounce->recipients[best], row)))
            best = i;
    if (best == bounce->recipient_count)
        return NULL;
    is_taken[best] = true;
    return &bounce->recipients[best];
}

static void tell(const struct row *row, const struct finding *finding,
                 const struct bounce_recipient *recipient)
{
    if (getenv("PAPERBOY_VERBOSE"))
        print_message("%.*s: %s %.*s %s %s, want %.*s %.*s %.*s\n", VIEW_ARGUMENTS(row->file),
                      finding_kind_name(finding->kind),
                      VIEW_ARGUMENTS(recipient ? recipient->status : VIEW("")),
                      recipient && recipient->permanent ? "hard" : "soft",
                      recipient ? reason_name(recipient->reason) : "-", VIEW_ARGUMENTS(row->status),
                      VIEW_ARGUMENTS(row->hard), VIEW_ARGUMENTS(row->reason));
}

static void count_row(const struct finding *finding, const struct row *row, bool *is_taken,
                      struct score *score)
{
    enum finding_kind kind = kind_of(row);
    const struct bounce_recipient *recipient = NULL;
    bool is_kind = finding->kind == kind, hard = is_kind, class_digit = is_kind, reason = is_kind;

    if (kind == FINDING_BOUNCE && is_kind) {
        recipient = match(&finding->bounce, row, is_taken);
        hard = recipient && has_hard(recipient, row);
        class_digit = recipient && has_class(recipient, row);
        reason = recipient && has_reason(recipient, row);
    } else if (kind == FINDING_COMPLAINT && is_kind) {
        reason = view_equal(finding->bounce.feedback_type, row->feedback_type);
    }
    score->rows++;
    score->kind += is_kind;
    score->hard += hard;
    score->class_digit += class_digit;
    score->reason += reason;
    if (!hard || !class_digit || !reason)
        tell(row, finding, recipient);
}

static void count_file(const char *folder, const struct row *rows, size_t count,
                       struct score *score)
{
    struct finding_options options = {0};
    bool is_taken[BOUNCE_RECIPIENTS] = {false};
    struct finding finding;
    char path[1024];
    struct arena *arena;
    struct view bytes;

    if (!count)
        return;
    snprintf(path, sizeof(path), "%s/%.*s", folder, VIEW_ARGUMENTS(rows->file));
    if (access(path, R_OK) != 0)
        return; /* not every mail has a copy with other line ends */
    bytes = data_read(path);
    arena = arena_new();
    finding_make(bytes, &options, arena, &finding);
    for (size_t i = 0; i < count; i++)
        count_row(&finding, &rows[i], is_taken, score);
    arena_free(&arena);
    data_free(bytes);
}

static bool next_row(struct view *rest, struct row *ret_row)
{
    struct view line, *columns = (struct view *)ret_row;

    if (!view_next_line(rest, &line))
        return false;
    for (size_t i = 0; i < sizeof(*ret_row) / sizeof(*columns); i++)
        if (!view_next_part(&line, '\t', &columns[i]))
            columns[i] = VIEW("");
    return true;
}

static struct score count_folder(const char *folder, struct view table)
{
    struct score score = {0};
    struct row rows[ROWS_MAX], row;
    size_t count = 0;

    next_row(&table, &row); /* the heading */
    while (next_row(&table, &row)) {
        if (count && !view_equal(rows[0].file, row.file)) {
            count_file(folder, rows, count, &score);
            count = 0;
        }
        if (count < ROWS_MAX)
            rows[count++] = row;
    }
    count_file(folder, rows, count, &score);
    return score;
}

static void demand(const char *what, int right, int rows, int percent)
{
    print_message("%s: %d of %d, %.1f %%\n", what, right, rows, 100.0 * right / rows);
    if (right * 100 < rows * percent)
        fail_msg("%s: want %d %%", what, percent);
}

static void real_bounces_are_read(void **state)
{
    static const char *const FOLDERS[] = {"bounces", "bounces/crlf", "bounces/cr"};
    static const int ROWS[] = {310, 20, 8};
    struct view table;
    char path[512];

    (void)state;
    if (!data_path("bounces/expected.tsv", path))
        skip();
    table = data_read(path);
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        struct score score;

        assert_true(data_path(FOLDERS[i], path));
        score = count_folder(path, table);
        print_message("%s\n", FOLDERS[i]);
        assert_true(score.rows >= ROWS[i]);
        demand("kind", score.kind, score.rows, 99);
        demand("hard or soft", score.hard, score.rows, 98);
        demand("class", score.class_digit, score.rows, 98);
        demand("reason", score.reason, score.rows, 96);
    }
    data_free(table);
}

/* ---- and what is none ---- */

static enum finding_kind kind_of_file(const char *folder, const char *name)
{
    struct finding_options options = {0};
    struct finding finding;
    struct arena *arena = arena_new();
    struct view bytes;
    char path[1024];
    enum finding_kind kind;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    bytes = data_read(path);
    finding_make(bytes, &options, arena, &finding);
    kind = finding.kind;
    arena_free(&arena);
    data_free(bytes);
    return kind;
}

/* In ../shared/data/mime these are about another mail. */
static bool is_report(const char *name)
{
    static const char *const REPORTS[] = {"mimekit-bounce", "mimekit-delivery-status",
                                          "mimekit-feedback-report", "multi_address_bounce",
                                          "mailcore-132", "mail_malformed_2",
                                          "mimepart_without_content_type", NULL};

    for (size_t i = 0; REPORTS[i]; i++)
        if (strstr(name, REPORTS[i]))
            return true;
    return false;
}

static void other_mails_are_neither(void **state)
{
    static const char *const FOLDERS[] = {"bounces", "mime"};
    char path[512];
    int count = 0;

    (void)state;
    if (!data_path("bounces/expected.tsv", path))
        skip();
    for (size_t i = 0; i < sizeof(FOLDERS) / sizeof(FOLDERS[0]); i++) {
        const struct dirent *entry;
        DIR *folder;

        assert_true(data_path(FOLDERS[i], path));
        folder = opendir(path);
        assert_non_null(folder);
        while ((entry = readdir(folder)) != NULL) {
            bool is_mail = i == 1 ? entry->d_name[0] != '.' : strncmp(entry->d_name, "not-", 4) == 0;
            enum finding_kind kind;

            if (!is_mail)
                continue;
            kind = kind_of_file(path, entry->d_name);
            count++;
            if ((kind == FINDING_BOUNCE || kind == FINDING_COMPLAINT) != is_report(entry->d_name))
                fail_msg("%s: %s", entry->d_name, finding_kind_name(kind));
        }
        closedir(folder);
    }
    assert_true(count >= 70);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_bounces_are_read),
        cmocka_unit_test(other_mails_are_neither),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
