/* One installation as the commands see it: its configuration, and the parts of
 * it that are opened when a command needs them. Also the clock, the one random
 * source and the log: what the folders below are never given directly. */
#ifndef COMMANDS_SITE_H
#define COMMANDS_SITE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"
#include "base/zone.h"
#include "commands/configuration.h"
#include "digest/templates.h"
#include "mail/token_key.h"
#include "store/store.h"

struct site {
    struct log *log;
    bool has_configuration;
    struct configuration configuration;
    struct store *store;              /* NULL until site_open_store */
    struct templates *templates; /* NULL until site_open_templates */
    struct prompts *prompts;     /* likewise, and NULL without summaries.enabled */
    bool has_key;
    struct token_key key;
    struct zone *arxiv_zone; /* America/New_York */
};

/* Reads the configuration. With `optional` and no file named or found, the
 * defaults hold. */
int site_open(struct site *site, struct log *log, const char *config, bool optional,
              struct error *error);
/* The part of it that needs no configuration, for `check`, which reads that its
 * own way. */
int site_start(struct site *site, struct log *log, struct error *error);
void site_close(struct site *site); /* zeroed is fine */

/* Each opens its part once. */
int site_open_store(struct site *site, struct error *error);
int site_open_templates(struct site *site, struct error *error);
/* The key, site_key.c. At its first use makes the file and writes its fingerprint into
 * the store. From then on that store takes no other key: kind configuration, also when
 * the file is gone; by another one nobody who was erased would be recognised. */
int site_open_key(struct site *site, struct error *error);
/* The same for what makes no mail: nothing is made or written, and without a key yet one
 * that nobody keeps serves. Compared only when the store is open. */
int site_open_key_unkept(struct site *site, struct error *error);
/* Only reads it; kind missing when there is none yet, and none is missed. */
int site_read_key(const struct site *site, struct token_key *ret_key, struct error *error);
/* Where the templates are read from; for free(3). */
char *site_templates_folder(const struct site *site);
/* Those that came with the program, from which a copy is completed; for free(3). */
char *site_shipped_templates(void);
/* Appends a file of the first of these that has it. */
int site_read_template_file(const struct site *site, const char *name, struct buffer *ret_bytes,
                            struct error *error);
/* Refuses a configuration without a sender: nothing can be mailed. */
int site_need_sender(const struct site *site, struct error *error);

int64_t site_now(void);
uint32_t site_random(void);
/* The date in New York: what arXiv calls today. */
struct date site_arxiv_date(const struct site *site, int64_t utc);

/* Set by SIGTERM and SIGINT once site_catch_signals was called. */
void site_catch_signals(void);
/* They end the program again: for work that may be cut off anywhere. */
void site_release_signals(void);
const volatile sig_atomic_t *site_stop_flag(void);
bool site_is_stopping(void);

#endif
