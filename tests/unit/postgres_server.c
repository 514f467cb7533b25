#include "unit/postgres_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef PAPERBOY_POSTGRES
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "base/bytes.h"
#include "base/file.h"
#include "unit/data.h"

struct postgres_server {
    char *folder;
    char programs[200];
    char user[64];
    pid_t process;
    int schemas;
};

/* Debian keeps one folder of programs per version. */
static bool find_programs(struct postgres_server *server)
{
    glob_t found = {0};
    bool is_there = glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0;

    if (is_there) {
        const char *last = found.gl_pathv[found.gl_pathc - 1];

        snprintf(server->programs, sizeof(server->programs), "%.*s",
                 (int)(strlen(last) - strlen("/initdb")), last);
    }
    globfree(&found);
    return is_there;
}

/* Ends with this program. The server refuses to be root's. */
static void become_user(const struct postgres_server *server, const char *log)
{
    int descriptor = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    const struct passwd *user = getpwnam(server->user);

    if (geteuid() == 0 && (!user || setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 ||
                           setuid(user->pw_uid) < 0))
        _exit(126);
    prctl(PR_SET_PDEATHSIG, SIGQUIT);
    dup2(descriptor, STDOUT_FILENO);
    dup2(descriptor, STDERR_FILENO);
    if (chdir("/") < 0)
        _exit(126);
}

static pid_t start_program(const struct postgres_server *server, const char *name,
                           const char *const words[])
{
    char program[300];
    char *log = file_join(server->folder, "log");
    pid_t child = fork();

    snprintf(program, sizeof(program), "%s/%s", server->programs, name);
    if (child == 0) {
        become_user(server, log);
        execv(program, (char *const *)(uintptr_t)words);
        _exit(127);
    }
    free(log);
    return child;
}

static void show_log(const struct postgres_server *server)
{
    char *log = file_join(server->folder, "log");
    struct view text = data_read(log);

    print_error("%.*s\n", VIEW_ARGUMENTS(text));
    data_free(text);
    free(log);
}

static void make_cluster(struct postgres_server *server, const char *data)
{
    const char *const words[] = {"initdb", "-D", data, "-A", "trust", "-E", "UTF8",
                                 "--locale=C.UTF-8", "--no-sync", NULL};
    int status = -1;

    waitpid(start_program(server, "initdb", words), &status, 0);
    if (status != 0)
        show_log(server);
    assert_int_equal(status, 0);
}

static void serve(struct postgres_server *server)
{
    char *data = file_join(server->folder, "data");
    const char *const words[] = {"postgres", "-D", data, "-k", server->folder,
                                 "-c", "listen_addresses=", "-c", "fsync=off",
                                 "-c", "max_connections=40", "-c", "shared_buffers=16MB", NULL};
    char url[600];

    postgres_server_url(server, server->user, "postgres", url);
    server->process = start_program(server, "postgres", words);
    for (int tries = 0; PQping(url) != PQPING_OK; tries++) {
        if (tries > 1500 || waitpid(server->process, NULL, WNOHANG) == server->process) {
            show_log(server);
            fail_msg("PostgreSQL does not start");
        }
        usleep(20000);
    }
    free(data);
}

struct postgres_server *postgres_server_start(void)
{
    const char *servers = getenv("SERVERS");
    struct postgres_server *server;
    const struct passwd *user;
    char *data;

    if (servers && strcmp(servers, "no") == 0) {
        print_message("SERVERS=no leaves PostgreSQL out\n");
        return NULL;
    }
    server = calloc(1, sizeof(*server));
    user = geteuid() == 0 ? getpwnam("postgres") : getpwuid(geteuid());
    if (!find_programs(server) || !user) {
        print_message("left out: PostgreSQL is not installed\n");
        free(server);
        return NULL;
    }
    snprintf(server->user, sizeof(server->user), "%s", user->pw_name);
    server->folder = data_temporary_folder();
    if (geteuid() == 0)
        assert_int_equal(chown(server->folder, user->pw_uid, user->pw_gid), 0);
    data = file_join(server->folder, "data");
    make_cluster(server, data);
    free(data);
    serve(server);
    return server;
}

void postgres_server_stop(struct postgres_server **server)
{
    if (!*server)
        return;
    kill((*server)->process, SIGINT);
    waitpid((*server)->process, NULL, 0);
    data_remove_folder(&(*server)->folder);
    free(*server);
    *server = NULL;
}

void postgres_server_crash(struct postgres_server *server)
{
    kill(server->process, SIGQUIT);
    waitpid(server->process, NULL, 0);
    serve(server);
}

void postgres_server_url(const struct postgres_server *server, const char *user,
                         const char *database, char ret_url[600])
{
    snprintf(ret_url, 600, "postgresql://%s@/%s?host=%s", user, database, server->folder);
}

char *postgres_server_ask(const char *url, const char *sql)
{
    PGconn *link = PQconnectdb(url);
    PGresult *result = PQexec(link, sql);
    ExecStatusType status = PQresultStatus(result);
    char *answer;

    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(link));
    answer = strdup(PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "");
    PQclear(result);
    PQfinish(link);
    return answer;
}

void postgres_server_new_schema(struct postgres_server *server, char ret_url[600])
{
    char url[600], sql[60];

    postgres_server_url(server, server->user, "postgres", url);
    snprintf(sql, sizeof(sql), "CREATE SCHEMA s%d", ++server->schemas);
    postgres_server_run(url, sql);
    snprintf(ret_url, 600, "%.500s&options=-csearch_path%%3Ds%d", url, server->schemas);
}

const char *postgres_server_folder(const struct postgres_server *server)
{
    return server->folder;
}

#else

struct postgres_server *postgres_server_start(void)
{
    print_message("left out: this build is without PostgreSQL\n");
    return NULL;
}

void postgres_server_stop(struct postgres_server **server)
{
    *server = NULL;
}

void postgres_server_crash(struct postgres_server *server)
{
    (void)server;
}

void postgres_server_url(const struct postgres_server *server, const char *user,
                         const char *database, char ret_url[600])
{
    (void)server, (void)user, (void)database, (void)ret_url;
}

char *postgres_server_ask(const char *url, const char *sql)
{
    (void)url, (void)sql;
    return NULL;
}

void postgres_server_new_schema(struct postgres_server *server, char ret_url[600])
{
    (void)server, (void)ret_url;
}

const char *postgres_server_folder(const struct postgres_server *server)
{
    (void)server;
    return NULL;
}

#endif

void postgres_server_run(const char *url, const char *sql)
{
    free(postgres_server_ask(url, sql));
}

void postgres_server_empty(const char *url)
{
    postgres_server_run(url,
                        "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE"
                        " schemaname = current_schema() AND tablename <> 'paperboy_schema' LOOP"
                        " EXECUTE 'DELETE FROM ' || t; END LOOP;"
                        " PERFORM setval('deliveries_id_seq', 1, false); END $$");
}

void postgres_server_await_idle(const char *url)
{
    char *others = NULL;

    for (int tries = 0; !others || strcmp(others, "0") != 0; tries++) {
        if (tries > 1000)
            fail_msg("connections that do not end");
        if (others)
            usleep(10000);
        free(others);
        others = postgres_server_ask(url, "SELECT count(*) FROM pg_stat_activity WHERE"
                                          " application_name = 'paperboy'");
    }
    free(others);
}
