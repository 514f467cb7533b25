#include "commands/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <sysexits.h>

void findings_group(struct findings *findings, const char *group)
{
    findings->group = group;
}

/* Through an error's text: one line, printable, whatever a server said. */
static void print(struct findings *findings, const char *word, const char *format,
                  va_list arguments)
{
    char text[2 * ERROR_TEXT_BYTES];
    struct error line;

    vsnprintf(text, sizeof(text), format, arguments);
    error_set(&line, ERROR_NONE, "%s", text);
    if (findings->group)
        printf("%s\n", findings->group);
    findings->group = NULL;
    printf("  %-8s %s\n", word, line.text);
    fflush(stdout); /* what comes next may wait for a server */
}

void findings_ok(struct findings *findings, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    print(findings, "ok", format, arguments);
    va_end(arguments);
}

void findings_warn(struct findings *findings, const char *format, ...)
{
    va_list arguments;

    findings->warnings++;
    va_start(arguments, format);
    print(findings, "warning", format, arguments);
    va_end(arguments);
}

/* What a person must mend comes before what may mend itself. */
static int weight_of(int status)
{
    switch (status) {
    case EX_OK:
        return 0;
    case EX_TEMPFAIL:
        return 1;
    case EX_UNAVAILABLE:
        return 2;
    default:
        return 3;
    }
}

void findings_fail(struct findings *findings, int status, const char *format, ...)
{
    va_list arguments;

    findings->errors++;
    if (weight_of(status) > weight_of(findings->status))
        findings->status = status;
    va_start(arguments, format);
    print(findings, "error", format, arguments);
    va_end(arguments);
}

void findings_problem(struct findings *findings, const struct error *problem)
{
    findings_fail(findings, problem->kind == ERROR_TEMPORARY ? EX_TEMPFAIL : EX_CONFIG, "%s",
                  problem->text);
}

void findings_server_problem(struct findings *findings, const struct error *problem)
{
    findings_fail(findings, problem->kind == ERROR_TEMPORARY ? EX_UNAVAILABLE : EX_CONFIG, "%s",
                  problem->text);
}

void findings_take(void *user, const struct error *problem)
{
    findings_problem(user, problem);
}
