/* Sockets that listen: made from web.listen, or handed over by systemd (sd_listen_fds(3)). */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum { LISTENERS = 8, LISTENER_NAME_BYTES = 80 };

/* "127.0.0.1:8025", "[::1]:8025", "localhost:8025", ":8025" (everywhere, both kinds of
 * address). Kind configuration when it is no such thing, permission or temporary when the
 * system refuses. Port 0: any that is free. Sockets are for close(2). */
int listener_open(const char *text, int ret_sockets[LISTENERS], size_t *ret_count,
                  struct error *error);
/* Only whether it is one, for `check`. */
int listener_check(const char *text, struct error *error);
/* What systemd has opened for this process, none of it when there is nothing. Takes
 * LISTEN_PID and LISTEN_FDS out of the environment. */
int listener_inherit(int ret_sockets[LISTENERS], size_t *ret_count, struct error *error);
/* "http://127.0.0.1:8025/" of a socket, as it is bound. */
void listener_name(int socket, bool is_tls, char ret_name[LISTENER_NAME_BYTES]);

#endif
