#include "web/client.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

enum { ADDRESS_BYTES = 16, MAPPED_BITS = 96, GROUP_BITS = 64 };

/* IPv4 as ::ffff:a.b.c.d, so that there is one kind. */
struct web_network {
    unsigned char bytes[ADDRESS_BYTES];
    int bits;
};

static const unsigned char MAPPED[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

static bool parse_address(struct view text, unsigned char ret_bytes[ADDRESS_BYTES], bool *ret_is_v4)
{
    char room[WEB_CLIENT_BYTES];

    text = view_trim(text);
    /* "[2001:db8::1]:4711" and "192.0.2.1:4711": some proxies add the port. */
    if (text.size && text.data[0] == '[')
        text = view_slice(text, 1, view_find_char(text, ']', 0));
    else if (view_find_char(text, ':', 0) > view_find_char(text, '.', 0))
        text = view_slice(text, 0, view_find_char(text, ':', 0));
    if (!text.size || text.size >= sizeof(room))
        return false;
    memcpy(room, text.data, text.size);
    room[text.size] = '\0';
    memcpy(ret_bytes, MAPPED, sizeof(MAPPED));
    if (inet_pton(AF_INET, room, ret_bytes + sizeof(MAPPED)) == 1) {
        *ret_is_v4 = true;
        return true;
    }
    if (inet_pton(AF_INET6, room, ret_bytes) != 1)
        return false;
    *ret_is_v4 = memcmp(ret_bytes, MAPPED, sizeof(MAPPED)) == 0;
    return true;
}

int web_networks_add(struct web_networks *networks, const char *text, struct error *error)
{
    struct view all = view_of(text);
    size_t slash = view_find_char(all, '/', 0);
    struct web_network network;
    long bits = -1;
    bool is_v4;

    if (strcmp(text, WEB_CLIENT_LOCAL) == 0) {
        networks->has_local = true;
        return 0;
    }
    if (!parse_address(view_slice(all, 0, slash), network.bytes, &is_v4) ||
        (slash < all.size && (!view_to_long(view_slice(all, slash + 1, all.size), &bits) ||
                              bits > (is_v4 ? 32 : 128))))
        return error_set(error, ERROR_CONFIGURATION,
                         "\"%s\" is no address and no network; those are written as 127.0.0.1, "
                         "10.0.0.0/8, 2001:db8::/32 or unix:",
                         text);
    network.bits = bits < 0 ? 8 * ADDRESS_BYTES : (int)bits + (is_v4 ? MAPPED_BITS : 0);
    networks->items = memory_resize(networks->items, networks->count + 1, sizeof(network));
    networks->items[networks->count++] = network;
    return 0;
}

static bool is_in(const struct web_network *network, const unsigned char address[ADDRESS_BYTES])
{
    int whole = network->bits / 8, rest = network->bits % 8;

    if (memcmp(network->bytes, address, (size_t)whole) != 0)
        return false;
    return !rest || (network->bytes[whole] ^ address[whole]) >> (8 - rest) == 0;
}

bool web_networks_have(const struct web_networks *networks, const char *address)
{
    unsigned char bytes[ADDRESS_BYTES];
    bool is_v4;

    if (strcmp(address, WEB_CLIENT_LOCAL) == 0)
        return networks->has_local;
    if (!parse_address(view_of(address), bytes, &is_v4))
        return false;
    for (size_t i = 0; i < networks->count; i++)
        if (is_in(&networks->items[i], bytes))
            return true;
    return false;
}

void web_networks_free(struct web_networks *networks)
{
    free(networks->items);
    *networks = (struct web_networks){0};
}

/* As it is written canonically, so that one client has one name. */
static void write_address(const unsigned char bytes[ADDRESS_BYTES], bool is_v4,
                          char ret_text[WEB_CLIENT_BYTES])
{
    if (is_v4)
        inet_ntop(AF_INET, bytes + sizeof(MAPPED), ret_text, WEB_CLIENT_BYTES);
    else
        inet_ntop(AF_INET6, bytes, ret_text, WEB_CLIENT_BYTES);
}

static void copy_text(const char *text, char ret_text[WEB_CLIENT_BYTES])
{
    size_t size = strlen(text) < WEB_CLIENT_BYTES ? strlen(text) : WEB_CLIENT_BYTES - 1;

    memmove(ret_text, text, size);
    ret_text[size] = '\0';
}

void web_client_find(const struct web_networks *trusted, const char *peer, struct view forwarded,
                     char ret_client[WEB_CLIENT_BYTES])
{
    unsigned char bytes[ADDRESS_BYTES];
    bool is_v4;

    copy_text(peer, ret_client);
    if (parse_address(view_of(peer), bytes, &is_v4))
        write_address(bytes, is_v4, ret_client);
    while (forwarded.size && web_networks_have(trusted, ret_client)) {
        size_t begin = forwarded.size;

        while (begin && forwarded.data[begin - 1] != ',')
            begin--;
        if (!parse_address(view_slice(forwarded, begin, forwarded.size), bytes, &is_v4))
            return;
        write_address(bytes, is_v4, ret_client);
        forwarded = view_slice(forwarded, 0, begin ? begin - 1 : 0);
    }
}

void web_client_group(const char *client, char ret_group[WEB_CLIENT_BYTES])
{
    unsigned char bytes[ADDRESS_BYTES];
    size_t size;
    bool is_v4;

    copy_text(client, ret_group);
    if (!parse_address(view_of(client), bytes, &is_v4) || is_v4)
        return;
    memset(bytes + GROUP_BITS / 8, 0, ADDRESS_BYTES - GROUP_BITS / 8);
    write_address(bytes, false, ret_group);
    size = strlen(ret_group);
    if (size + sizeof("/64") <= WEB_CLIENT_BYTES)
        memcpy(ret_group + size, "/64", sizeof("/64"));
}
