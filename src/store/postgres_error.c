#include "store/postgres_error.h"

#include <string.h>

#include "base/bytes.h"

enum { DETAIL_BYTES = 600 };

/* One line of what may be several: the last cause, without libpq's "connection to
 * server … failed:" before it and without a line's "DETAIL:" and "HINT:". */
static void copy_detail(const char *message, char detail[DETAIL_BYTES])
{
    struct view text = view_trim(view_of(message)), line;
    struct buffer out;

    buffer_init(&out, DETAIL_BYTES);
    while (view_next_line(&text, &line)) {
        line = view_trim(line);
        if (out.size + line.size + 2 >= DETAIL_BYTES)
            line = view_slice(line, 0, DETAIL_BYTES - out.size - 2);
        if (line.size && out.size)
            buffer_add_char(&out, ' ');
        buffer_add_view(&out, line);
    }
    memcpy(detail, buffer_string(&out), out.size + 1);
    buffer_free(&out);
}

/* What its code means; the first entry whose code begins like it counts. In `text`
 * the first %s is the store. */
static const struct {
    const char *code;
    enum error_kind kind;
    const char *text;
} meanings[] = {
    {"40001", ERROR_TEMPORARY, "another changed the same at the same time; this change was not made"},
    {"40P01", ERROR_TEMPORARY, "two waited for each other; this change was not made"},
    {"57014", ERROR_TEMPORARY, "the server took too long and gave up; this change was not made"},
    {"53100", ERROR_TEMPORARY, "no space left on the server's disk; this change was not made"},
    {"53", ERROR_TEMPORARY, "the server has no room"},
    {"57P", ERROR_TEMPORARY, "the server shuts down or starts"},
    {"25P03", ERROR_TEMPORARY, "the transaction was idle for too long; this change was not made"},
    {"08", ERROR_TEMPORARY, "the connection was lost"},
    {"58", ERROR_TEMPORARY, "the server cannot read or write; this change was not made"},
    {"25006", ERROR_TEMPORARY, "the server only reads (a standby?); name the one that writes"},
    {"28", ERROR_CONFIGURATION, "the server refuses the login"},
    {"3D000", ERROR_CONFIGURATION, "there is no such database"},
    {"3F000", ERROR_CONFIGURATION, "there is no schema to make tables in"},
    {"42501", ERROR_PERMISSION,
     "no permission; make this user the owner of the database, or grant it CREATE on its schema"},
    {"26000", ERROR_CONFIGURATION,
     "statements were forgotten; connect to the server itself and not through a pooler"},
    {"22021", ERROR_INPUT, "a text holds bytes that it cannot keep"},
    {"XX001", ERROR_CONFIGURATION, "the database is damaged; restore it from a backup"},
    {"XX002", ERROR_CONFIGURATION, "the database is damaged; restore it from a backup"},
};

static int set_locked(struct error *error, const char *shown, int busy_timeout_ms)
{
    return error_set(error, ERROR_TEMPORARY,
                     "store %s: locked by another program for more than %d.%d s; try again later",
                     shown, busy_timeout_ms / 1000, busy_timeout_ms % 1000 / 100);
}

int postgres_error_set(struct error *error, const PGconn *connection, const PGresult *result,
                       const char *shown, int busy_timeout_ms)
{
    const char *code = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = result ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char detail[DETAIL_BYTES];

    copy_detail(primary ? primary : PQerrorMessage(connection), detail);
    if (code && strcmp(code, "55P03") == 0)
        return set_locked(error, shown, busy_timeout_ms);
    for (size_t i = 0; code && i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (view_starts_with(view_of(code), view_of(meanings[i].code)))
            return error_set(error, meanings[i].kind, "store %s: %s (%s)", shown,
                             meanings[i].text, detail);
    if (!code || PQstatus(connection) == CONNECTION_BAD)
        return error_set(error, ERROR_TEMPORARY, "store %s: the connection was lost (%s)", shown,
                         detail[0] ? detail : "nothing came");
    return error_set(error, ERROR_BUG, "store %s: %s (SQLSTATE %s)", shown, detail, code);
}

/* Before anybody is connected libpq gives no code. Words of an English server and
 * of libpq itself; what is in another language still has its own text. */
static const struct {
    const char *part;
    enum error_kind kind;
    const char *advice;
} refusals[] = {
    {"no password supplied", ERROR_CONFIGURATION,
     "put a line HOST:PORT:DATABASE:USER:PASSWORD that fits into ~/.pgpass or the file of "
     "?passfile=FILE, which must be there, be this user's and have mode 0600"},
    {"password authentication failed", ERROR_CONFIGURATION,
     "mend the user's name, or the password in ~/.pgpass or ?passfile=FILE"},
    {"pg_hba.conf", ERROR_CONFIGURATION, "allow it in the server's pg_hba.conf"},
    {"database \"", ERROR_CONFIGURATION, "make it with createdb, or name another"},
    {"role \"", ERROR_CONFIGURATION, "make it with createuser, or name another"},
    {"Peer authentication failed", ERROR_CONFIGURATION,
     "name the user that paperboy runs as, or map it in pg_ident.conf"},
    {"certificate", ERROR_CONFIGURATION, "mend sslmode or sslrootcert"},
    {"SSL", ERROR_CONFIGURATION, "mend sslmode or sslrootcert"},
    {"too many", ERROR_TEMPORARY, "try again later"},
    {"connection slots", ERROR_TEMPORARY, "try again later"},
};

int postgres_error_set_connect(struct error *error, const PGconn *connection, PGPing ping,
                               const char *shown)
{
    char detail[DETAIL_BYTES];

    copy_detail(PQerrorMessage(connection), detail);
    /* It may have come up between being asked and being looked at. */
    if (ping == PQPING_REJECT || strstr(detail, "the database system is"))
        return error_set(error, ERROR_TEMPORARY, "store %s: the server shuts down or starts (%s)",
                         shown, detail);
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        if (strstr(detail, refusals[i].part))
            return error_set(error, refusals[i].kind, "store %s: %s; %s", shown, detail,
                             refusals[i].advice);
    if (ping == PQPING_OK)
        return error_set(error, ERROR_CONFIGURATION, "store %s: the server refuses: %s", shown,
                         detail);
    return error_set(error, ERROR_TEMPORARY, "store %s: cannot be reached: %s", shown, detail);
}
