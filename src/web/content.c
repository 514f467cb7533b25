#include "web/content.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/gzip.h"
#include "base/memory.h"

enum { HASH_BYTES = 16, FORMS = 2 };

struct web_content {
    atomic_size_t references;
    struct buffer bytes, gzip; /* owned */
    const char *type, *cache;
    int64_t modified_utc;
    char etag[FORMS][WEB_ETAG_BYTES];
    _Atomic(void *) prepared[FORMS];
    _Atomic(web_prepared_free *) release;
};

static void write_etag(struct view bytes, bool is_gzip, char ret_text[WEB_ETAG_BYTES])
{
    unsigned char hash[HASH_BYTES];
    size_t size = 0;

    crypto_generichash(hash, sizeof(hash), (const unsigned char *)bytes.data, bytes.size, NULL, 0);
    ret_text[size++] = '"';
    sodium_bin2hex(ret_text + size, WEB_ETAG_BYTES - size, hash, sizeof(hash));
    size += 2 * sizeof(hash);
    if (is_gzip)
        ret_text[size++] = 'z';
    ret_text[size++] = '"';
    ret_text[size] = '\0';
}

struct web_content *web_content_new(struct buffer *body, const char *type, const char *cache,
                                    int64_t modified_utc)
{
    struct web_content *content = memory_new(1, sizeof(*content));

    atomic_init(&content->references, 1);
    content->bytes = *body;
    buffer_init(body, body->max);
    buffer_init(&content->gzip, content->bytes.size);
    gzip_deflate(buffer_view(&content->bytes), &content->gzip);
    content->type = type;
    content->cache = cache;
    content->modified_utc = modified_utc;
    for (int i = 0; i < FORMS; i++)
        write_etag(buffer_view(&content->bytes), i, content->etag[i]);
    return content;
}

struct web_content *web_content_hold(struct web_content *content)
{
    atomic_fetch_add(&content->references, 1);
    return content;
}

void web_content_free(struct web_content **content)
{
    struct web_content *old = *content;

    *content = NULL;
    if (!old || atomic_fetch_sub(&old->references, 1) > 1)
        return;
    for (int i = 0; i < FORMS; i++) {
        void *prepared = atomic_load(&old->prepared[i]);

        if (prepared)
            (*atomic_load(&old->release))(prepared);
    }
    buffer_free(&old->gzip);
    buffer_free(&old->bytes);
    free(old);
}

struct view web_content_bytes(const struct web_content *content)
{
    return buffer_view(&content->bytes);
}

struct view web_content_gzip(const struct web_content *content)
{
    return buffer_view(&content->gzip);
}

const char *web_content_etag(const struct web_content *content, bool is_gzip)
{
    return content->etag[is_gzip];
}

const char *web_content_type(const struct web_content *content)
{
    return content->type;
}

const char *web_content_cache(const struct web_content *content)
{
    return content->cache;
}

int64_t web_content_modified(const struct web_content *content)
{
    return content->modified_utc;
}

void *web_content_prepared(const struct web_content *content, bool is_gzip)
{
    return atomic_load(&content->prepared[is_gzip]);
}

void *web_content_keep_prepared(struct web_content *content, bool is_gzip, void *prepared,
                                web_prepared_free *release)
{
    void *expected = NULL;

    atomic_store(&content->release, release);
    if (atomic_compare_exchange_strong(&content->prepared[is_gzip], &expected, prepared))
        return prepared;
    release(prepared);
    return expected;
}

/* Weakly compared, as RFC 9110 13.1.2 wants it here. */
static bool names_one(const struct web_content *content, struct view list)
{
    struct view item;

    while (view_next_part(&list, ',', &item)) {
        item = view_trim(item);
        if (view_starts_with(item, VIEW("W/")))
            item = view_slice(item, 2, item.size);
        if (view_equal_string(item, "*") || view_equal_string(item, content->etag[0]) ||
            view_equal_string(item, content->etag[1]))
            return true;
    }
    return false;
}

bool web_content_is_known(const struct web_content *content, struct view if_none_match,
                          struct view if_modified_since)
{
    int64_t since;

    if (if_none_match.size)
        return names_one(content, if_none_match);
    return content->modified_utc && time_parse_rfc5322(if_modified_since, &since, NULL) &&
           since >= content->modified_utc;
}

void web_date_format(int64_t utc, char ret_text[TIME_TEXT_BYTES])
{
    static const char ZONE[] = "+0000";
    size_t size;

    time_format_rfc5322(utc, ret_text);
    size = strlen(ret_text);
    /* "Thu, 1 Jan": HTTP's has two digits always. */
    if (size > 6 && size + 1 < TIME_TEXT_BYTES && ret_text[6] == ' ') {
        memmove(ret_text + 6, ret_text + 5, size - 4);
        ret_text[5] = '0';
        size++;
    }
    if (size >= sizeof(ZONE))
        memcpy(ret_text + size - (sizeof(ZONE) - 1), "GMT", sizeof("GMT"));
}
