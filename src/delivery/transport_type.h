/* What a transport is inside. For the sources of this folder only. */
#ifndef DELIVERY_TRANSPORT_TYPE_H
#define DELIVERY_TRANSPORT_TYPE_H

#include "delivery/transport.h"

/* As the functions of transport.h; addresses and message are checked already,
 * `ret_result` is zeroed, and options are filled in. */
struct transport_type {
    int (*open)(const struct transport_options *options, void **ret_state, struct error *error);
    void (*close)(void *state);
    int (*send)(void *state, const struct message *message, const struct transport_hooks *hooks,
                struct delivery_result *result, struct error *error);
    int (*check)(void *state, struct error *error);
};

extern const struct transport_type transport_smtp;
extern const struct transport_type transport_maildir;

#endif
