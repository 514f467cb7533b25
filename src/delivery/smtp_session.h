/* Watches one message through libcurl: which command was last sent, what the
 * relay answered to it, which bytes have gone out; and says from that what
 * became of the message. For the sources of this folder only.
 *
 * libcurl's own response code is not asked: after a lost connection it is still
 * the one of an earlier reply. */
#ifndef DELIVERY_SMTP_SESSION_H
#define DELIVERY_SMTP_SESSION_H

#include <curl/curl.h>
#include <stdbool.h>

#include "delivery/reply.h"
#include "delivery/transport.h"

struct smtp_session {
    const struct message *message;
    const struct transport_hooks *hooks;
    struct view rest; /* of the message, not yet handed to libcurl */
    bool begun;       /* the relay has asked for the message (354) */
    bool handed_over; /* all of it: from here on it may have arrived */
    bool refused;     /* by hooks->begin */
    bool was_used;    /* a command of this message went out */
    bool is_open;     /* NOOP went out: connected, secured and logged in */

    enum smtp_stage stage;
    int code;          /* of the whole reply to the last command; 0: none yet */
    char enhanced[12];
    char reply[512];
    int partial_code;  /* of a reply of several lines that has not ended */
    bool closing;      /* 421: the relay ends the connection */
    bool quitting;     /* an older connection is being put away: not our replies */
    char curl_text[CURL_ERROR_SIZE];
};

/* `message` and `hooks` may be NULL for a check. */
void smtp_session_start(struct smtp_session *session, const struct message *message,
                        const struct transport_hooks *hooks);
/* Sets the callbacks on a handle; the session must outlive its transfer. */
void smtp_session_attach(struct smtp_session *session, CURL *handle);

/* Whether the connection, and not this message, was at fault, so that a new
 * connection may be tried at once. */
bool smtp_session_lost_connection(const struct smtp_session *session, CURLcode code);

/* As transport_send: 0 and `result`, or -1 when the relay does not work. */
int smtp_session_judge(const struct smtp_session *session, CURLcode code, const char *relay,
                       struct delivery_result *result, struct error *error);

#endif
