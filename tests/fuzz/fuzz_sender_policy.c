/* Any bytes as SPF and DMARC records and as a name server's reply. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/resolver.h"
#include "base/utf8.h"
#include "delivery/sender_policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_error(const struct error *error)
{
    if (!error->text[0] || !utf8_is_valid(view_of(error->text)) || strpbrk(error->text, "\r\n\x1b"))
        abort();
}

static void read_records(struct view text)
{
    struct spf_record spf;
    struct dmarc_record dmarc;
    struct error error;

    if (spf_parse(text, &spf, &error) < 0)
        check_error(&error);
    else if (!spf_is_record(text) || spf.lookups > SPF_LOOKUPS_MAX)
        abort();
    if (dmarc_parse(text, &dmarc, &error) < 0)
        check_error(&error);
    else if (!dmarc_is_record(text) || dmarc.percent < 0 || dmarc.percent > 100 ||
             !dmarc_policy_name(dmarc.subdomain_policy))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct view bytes = {(const char *)data, size};
    struct arena *arena = arena_new();

    read_records(bytes);
    for (int type = RESOLVER_TXT; type <= RESOLVER_AAAA; type++) {
        struct resolver_answer answer;
        struct error error;

        if (resolver_read_answer(bytes, (enum resolver_type)type, arena, &answer, &error) < 0) {
            check_error(&error);
            continue;
        }
        if (answer.count > RESOLVER_RECORDS)
            abort();
        for (size_t i = 0; i < answer.count; i++)
            read_records(answer.items[i].text);
    }
    arena_free(&arena);
    return 0;
}
