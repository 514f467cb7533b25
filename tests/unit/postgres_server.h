/* A PostgreSQL server of the test program's own, in a temporary folder, on a Unix
 * socket alone; ended with the program, however that ends. */
#ifndef TESTS_UNIT_POSTGRES_SERVER_H
#define TESTS_UNIT_POSTGRES_SERVER_H

struct postgres_server;

/* NULL, and a line that says why, where PostgreSQL is not installed, was not built
 * in, or SERVERS=no leaves it out. */
struct postgres_server *postgres_server_start(void);
void postgres_server_stop(struct postgres_server **server);
/* At once, without telling anybody, and up again. */
void postgres_server_crash(struct postgres_server *server);

/* A URL with an empty schema of its own, in a database that there is. */
void postgres_server_new_schema(struct postgres_server *server, char ret_url[600]);
/* Runs SQL at a URL; fails the test when that fails. The text of the first value,
 * for free(3); "" for none. */
char *postgres_server_ask(const char *url, const char *sql);
void postgres_server_run(const char *url, const char *sql);
/* The schema's tables without their rows: much quicker than another schema. */
void postgres_server_empty(const char *url);
/* Until no program has a connection to the database of the URL any more: what a killed one had
 * asked for may still be done. */
void postgres_server_await_idle(const char *url);
/* "postgresql://…" for a database that need not be there. */
void postgres_server_url(const struct postgres_server *server, const char *user,
                         const char *database, char ret_url[600]);
/* Its folder, where its user may write. */
const char *postgres_server_folder(const struct postgres_server *server);

#endif
