/* Whom a token is for: tokens carry a keyed tag of six bytes and no address (mail/token.h),
 * so the addresses that we know are tagged and looked up: subscribers', those of pending
 * requests, and old ones of people who moved. Read anew when a tag is not in it, and that
 * could be otherwise now. A mail may name many tokens that nobody made: of each only so
 * many are looked up. */
#ifndef COMMANDS_TAG_BOOK_H
#define COMMANDS_TAG_BOOK_H

#include "commands/profile_source.h"
#include "mail/token.h"

struct tag_entry {
    uint64_t tag;
    const char *address;
};

struct tag_book {
    struct arena *arena;
    struct tag_entry *entries; /* by tag */
    size_t count, capacity;
    bool is_read;
    int64_t read_utc;
    int64_t profiles, pending; /* which ones there were, when they were read */
    bool was_reread;    /* for the mail at work */
    size_t looked_up;   /* for it */
};

/* A mail begins. */
void tag_book_next_mail(struct tag_book *book);

/* A valid token's address, NULL when there is none. `scope` as in token_verify. */
int tag_book_find(struct tag_book *book, struct site *site, const struct token *token,
                  struct view scope, int64_t now_utc, const char **ret_address,
                  struct error *error);
/* Calls `try` for each address with this tag that is still known until it gives other than 0, and returns that. */
typedef int tag_try(void *user, const char *address, const struct token_subscriber *subscriber);
int tag_book_each(struct tag_book *book, struct site *site, uint64_t tag, tag_try *try,
                  void *user, struct error *error);
/* Whether it would hold this address if it were read now: others add and erase, too. */
int tag_book_knows(struct site *site, const char *address, bool *ret_knows, struct error *error);
/* What it holds may have changed. */
void tag_book_clear(struct tag_book *book);
void tag_book_free(struct tag_book *book); /* zeroed is fine */

#endif
