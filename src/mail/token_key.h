/* The installation's secret, `key_file` of the configuration: 32 bytes as one
 * line of 64 hexadecimal digits, mode 0600, the same on every machine. */
#ifndef MAIL_TOKEN_KEY_H
#define MAIL_TOKEN_KEY_H

#include "base/error.h"
#include "mail/token.h"

/* Reads the key, or makes the file from `fresh`, which the caller has just
 * drawn (randombytes_buf). Of two processes that make it at once one wins and
 * both get its key. A file that others may read, or that holds anything else,
 * is a configuration error. */
int token_key_open(const char *path, const unsigned char fresh[TOKEN_SECRET_BYTES],
                   struct token_key *ret_key, struct error *error);

/* Only reads it; kind missing when there is none yet. */
int token_key_read(const char *path, struct token_key *ret_key, struct error *error);

#endif
