#include "base/resolver.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { WAIT_SECONDS = 2, TRIES = 2, SERVER_BYTES = 64 };

struct resolver {
    struct __res_state state;
    unsigned char answer[RESOLVER_ANSWER_BYTES];
};

static const int TYPES[] = {[RESOLVER_TXT] = ns_t_txt,
                            [RESOLVER_MX] = ns_t_mx,
                            [RESOLVER_A] = ns_t_a,
                            [RESOLVER_AAAA] = ns_t_aaaa};

/* ---- reading ---- */

/* RFC 7208 3.3: the strings of one record are joined without anything between. */
static bool read_text(const ns_rr *record, struct arena *arena, struct resolver_record *item)
{
    const unsigned char *data = ns_rr_rdata(*record);
    size_t left = ns_rr_rdlen(*record);
    struct buffer text;
    bool is_whole = true;

    buffer_init(&text, RESOLVER_ANSWER_BYTES);
    while (left && is_whole) {
        size_t size = data[0];

        is_whole = size < left;
        if (is_whole) {
            buffer_add(&text, data + 1, size);
            data += size + 1;
            left -= size + 1;
        }
    }
    item->text = arena_copy(arena, buffer_view(&text));
    buffer_free(&text);
    return is_whole;
}

static bool read_host(const ns_msg *message, const ns_rr *record, struct arena *arena,
                      struct resolver_record *item)
{
    const unsigned char *data = ns_rr_rdata(*record);
    char host[NS_MAXDNAME];

    if (ns_rr_rdlen(*record) < 3 ||
        dn_expand(ns_msg_base(*message), ns_msg_end(*message), data + 2, host, sizeof(host)) < 0)
        return false;
    item->preference = ns_get16(data);
    item->text = arena_copy(arena, view_of(strcmp(host, ".") == 0 ? "" : host));
    return true;
}

static bool read_address(const ns_rr *record, int family, struct arena *arena,
                         struct resolver_record *item)
{
    char text[INET6_ADDRSTRLEN];
    size_t size = family == AF_INET ? 4 : 16;

    if (ns_rr_rdlen(*record) != size ||
        !inet_ntop(family, ns_rr_rdata(*record), text, sizeof(text)))
        return false;
    item->text = arena_copy(arena, view_of(text));
    return true;
}

static bool read_record(const ns_msg *message, const ns_rr *record, enum resolver_type type,
                        struct arena *arena, struct resolver_record *item)
{
    switch (type) {
    case RESOLVER_TXT:
        return read_text(record, arena, item);
    case RESOLVER_MX:
        return read_host(message, record, arena, item);
    case RESOLVER_A:
        return read_address(record, AF_INET, arena, item);
    case RESOLVER_AAAA:
        return read_address(record, AF_INET6, arena, item);
    }
    return false;
}

int resolver_read_answer(struct view bytes, enum resolver_type type, struct arena *arena,
                         struct resolver_answer *ret_answer, struct error *error)
{
    struct resolver_answer answer = {.has_name = true};
    ns_msg message;
    int count;

    if (bytes.size > RESOLVER_ANSWER_BYTES ||
        ns_initparse((const unsigned char *)bytes.data, (int)bytes.size, &message) < 0)
        return error_set(error, ERROR_TEMPORARY, "DNS: the reply cannot be read");
    if (ns_msg_getflag(message, ns_f_rcode) == ns_r_nxdomain)
        answer.has_name = false;
    else if (ns_msg_getflag(message, ns_f_rcode) != ns_r_noerror)
        return error_set(error, ERROR_TEMPORARY, "DNS: the name server gives no answer (code %d)",
                         ns_msg_getflag(message, ns_f_rcode));
    count = ns_msg_count(message, ns_s_an);
    if (count > RESOLVER_RECORDS)
        count = RESOLVER_RECORDS;
    answer.items = arena_alloc(arena, (size_t)count, sizeof(answer.items[0]));
    for (int i = 0; i < count; i++) {
        ns_rr record;

        if (ns_parserr(&message, ns_s_an, i, &record) < 0)
            return error_set(error, ERROR_TEMPORARY, "DNS: the reply cannot be read");
        /* A CNAME on the way is not what was asked for. */
        if ((int)ns_rr_type(record) != TYPES[type] || ns_rr_class(record) != ns_c_in)
            continue;
        if (!read_record(&message, &record, type, arena, &answer.items[answer.count]))
            return error_set(error, ERROR_TEMPORARY, "DNS: a record of the reply cannot be read");
        answer.count++;
    }
    *ret_answer = answer;
    return 0;
}

/* ---- asking ---- */

static int take_server(struct resolver *resolver, const char *server, struct error *error)
{
    struct sockaddr_in *address = &resolver->state.nsaddr_list[0];
    struct view text = view_of(server), host, port;
    char name[SERVER_BYTES] = "";
    size_t colon = view_find_char(text, ':', 0);
    long number = NS_DEFAULTPORT;

    host = view_slice(text, 0, colon);
    port = view_slice(text, colon + 1, text.size);
    if (host.size && host.size < sizeof(name))
        memcpy(name, host.data, host.size);
    *address = (struct sockaddr_in){.sin_family = AF_INET};
    if (inet_pton(AF_INET, name, &address->sin_addr) != 1 ||
        (colon < text.size && (!view_to_long(port, &number) || number < 1 || number > 65535)))
        return error_set(error, ERROR_CONFIGURATION,
                         "\"%s\" is no name server: must be an IPv4 address, with a port behind a "
                         "colon or without", server);
    address->sin_port = htons((uint16_t)number);
    resolver->state.nscount = 1;
    return 0;
}

int resolver_open(const char *server, struct resolver **ret_resolver, struct error *error)
{
    struct resolver *resolver = memory_new(1, sizeof(*resolver));

    if (res_ninit(&resolver->state) < 0) {
        free(resolver);
        return error_set(error, ERROR_CONFIGURATION, "DNS: the system's resolver cannot be set up");
    }
    resolver->state.retrans = WAIT_SECONDS;
    resolver->state.retry = TRIES;
    resolver->state.options |= RES_USE_EDNS0;
    if (server && take_server(resolver, server, error) < 0) {
        resolver_close(&resolver);
        return -1;
    }
    *ret_resolver = resolver;
    return 0;
}

void resolver_close(struct resolver **resolver)
{
    if (!*resolver)
        return;
    res_nclose(&(*resolver)->state);
    free(*resolver);
    *resolver = NULL;
}

/* res_nquery gives -1 for "no such name" and "no such record" too, and tells
 * them apart from trouble by its own error number alone. */
static int explain_failure(const struct resolver *resolver, const char *name,
                           struct resolver_answer *ret_answer, struct error *error)
{
    int code = resolver->state.res_h_errno;

    if (code == HOST_NOT_FOUND || code == NO_DATA) {
        *ret_answer = (struct resolver_answer){.has_name = code == NO_DATA};
        return 0;
    }
    return error_set(error, ERROR_TEMPORARY, "DNS: no answer about %s (%s)", name, hstrerror(code));
}

int resolver_ask(struct resolver *resolver, const char *name, enum resolver_type type,
                 struct arena *arena, struct resolver_answer *ret_answer, struct error *error)
{
    struct view bytes = {(const char *)resolver->answer, 0};
    int size;

    size = res_nquery(&resolver->state, name, ns_c_in, TYPES[type], resolver->answer,
                      sizeof(resolver->answer));
    if (size < 0)
        return explain_failure(resolver, name, ret_answer, error);
    bytes.size = (size_t)size < sizeof(resolver->answer) ? (size_t)size : sizeof(resolver->answer);
    return resolver_read_answer(bytes, type, arena, ret_answer, error);
}
