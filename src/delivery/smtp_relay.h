/* One relay: where it is, who we are there, and how long it is waited for. Made
 * once; its connections are smtp_connection.h's. For the sources of this folder
 * only. */
#ifndef DELIVERY_SMTP_RELAY_H
#define DELIVERY_SMTP_RELAY_H

#include <curl/curl.h>
#include <stdint.h>

#include "delivery/reply.h"
#include "delivery/transport.h"

struct smtp_relay {
    char *url;  /* with the EHLO name as its path */
    char *name; /* for messages: the URL as it was given */
    char *username;
    char *password;
    char *ca_file;
    enum transport_tls tls;
    long connect_timeout_ms;
    long reply_timeout_ms; /* 0: by stage, as RFC 5321 4.5.3.2 has it */
    long total_timeout_ms;
};

/* Copies the options; a URL that is none is kind configuration. */
int smtp_relay_new(const struct transport_options *options, struct smtp_relay **ret_relay,
                   struct error *error);
void smtp_relay_free(struct smtp_relay **relay); /* NULL is fine; overwrites the password */

/* A libcurl handle that connects, secures and logs in, and no more; NULL when
 * libcurl cannot. */
CURL *smtp_relay_handle(const struct smtp_relay *relay);

/* How long the next sign of life may take at this stage. */
int64_t smtp_relay_patience_ms(const struct smtp_relay *relay, enum smtp_stage stage);

#endif
