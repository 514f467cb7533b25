#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "base/utf8.h"

/* One printable line: no control bytes, nothing that is no UTF-8, and no half
 * of a sequence where the text was cut at the array's end. */
static void make_printable(char *text)
{
    size_t size = strlen(text), length;
    int32_t codepoint;

    if (size == ERROR_TEXT_BYTES - 1) {
        while (size > 0 && ((unsigned char)text[size - 1] & 0xC0) == 0x80)
            size--;
        if (size > 0 && (unsigned char)text[size - 1] >= 0xC0)
            size--;
        text[size] = '\0';
    }
    for (size_t at = 0; at < size; at += length) {
        length = utf8_decode((struct view){text, size}, at, &codepoint);
        if (codepoint < 0x20 || codepoint == 0x7F || (codepoint == 0xFFFD && length == 1))
            text[at] = '?';
    }
}

int error_set(struct error *error, enum error_kind kind, const char *format, ...)
{
    va_list arguments;

    if (!error)
        return -1;
    error->kind = kind;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    make_printable(error->text);
    return -1;
}

int error_add(struct error *error, const char *format, ...)
{
    char old[ERROR_TEXT_BYTES];
    va_list arguments;
    size_t used;

    if (!error)
        return -1;
    memcpy(old, error->text, sizeof(old));
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    used = strlen(error->text);
    snprintf(error->text + used, sizeof(error->text) - used, ": %s", old);
    make_printable(error->text);
    return -1;
}

static enum error_kind kind_of_errno(int error_number)
{
    switch (error_number) {
    case ENOENT:
    case ENOTDIR:
        return ERROR_MISSING;
    case EACCES:
    case EPERM:
    case EROFS:
        return ERROR_PERMISSION;
    case EISDIR:
    case ENAMETOOLONG:
    case ELOOP:
    case EINVAL:
        return ERROR_INPUT;
    default:
        return ERROR_TEMPORARY;
    }
}

int error_set_errno(struct error *error, int error_number, const char *format, ...)
{
    va_list arguments;
    size_t used;

    if (!error)
        return -1;
    error->kind = kind_of_errno(error_number);
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
    used = strlen(error->text);
    snprintf(error->text + used, sizeof(error->text) - used, ": %s", strerror(error_number));
    make_printable(error->text);
    return -1;
}

int error_collect(struct error_sink *sink, const struct error *error)
{
    if (!sink)
        return -1;
    sink->count++;
    sink->take(sink->user, error);
    return 0;
}

int error_exit_status(enum error_kind kind)
{
    switch (kind) {
    case ERROR_NONE:
        return EX_OK;
    case ERROR_TEMPORARY:
    case ERROR_CONFLICT:
        return EX_TEMPFAIL;
    case ERROR_PERMANENT:
        return EX_UNAVAILABLE;
    case ERROR_INPUT:
        return EX_DATAERR;
    case ERROR_MISSING:
        return EX_NOINPUT;
    case ERROR_PERMISSION:
        return EX_NOPERM;
    case ERROR_CONFIGURATION:
        return EX_CONFIG;
    case ERROR_BUG:
        break;
    }
    return EX_SOFTWARE;
}
