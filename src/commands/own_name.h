/* The name that is said in EHLO. RFC 5321, 4.1.1.1, wants a fully qualified one, and
 * relays refuse others (Postfix: reject_non_fqdn_helo_hostname). */
#ifndef COMMANDS_OWN_NAME_H
#define COMMANDS_OWN_NAME_H

enum { OWN_NAME_BYTES = 256 };

/* This machine's name, if it has a dot; else what the resolver calls it; else the domain
 * of `sender`. NULL when none of these is a name: then it is the transport's choice. */
const char *own_name_find(const char *sender, char ret_name[OWN_NAME_BYTES]);

#endif
