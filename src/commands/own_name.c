#include "commands/own_name.h"

#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"

static const char NAME_CHARACTERS[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";

/* What every machine calls itself is nobody's name. */
static bool is_qualified(const char *name)
{
    const char *dot = strchr(name, '.');

    return dot && dot > name && dot[1] && name[strspn(name, NAME_CHARACTERS)] == '\0' &&
           strlen(name) < OWN_NAME_BYTES && !view_starts_with(view_of(name), VIEW("localhost."));
}

static void ask_resolver(const char *host, char ret_name[OWN_NAME_BYTES])
{
    const struct addrinfo hints = {.ai_flags = AI_CANONNAME, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    if (getaddrinfo(host, NULL, &hints, &found) == 0 && found && found->ai_canonname &&
        is_qualified(found->ai_canonname))
        snprintf(ret_name, OWN_NAME_BYTES, "%s", found->ai_canonname);
    if (found)
        freeaddrinfo(found);
}

const char *own_name_find(const char *sender, char ret_name[OWN_NAME_BYTES])
{
    const char *at = sender ? strrchr(sender, '@') : NULL;
    char host[OWN_NAME_BYTES] = "";

    ret_name[0] = '\0';
    if (gethostname(host, sizeof(host) - 1) == 0 && is_qualified(host))
        snprintf(ret_name, OWN_NAME_BYTES, "%s", host);
    else if (host[0])
        ask_resolver(host, ret_name);
    if (!ret_name[0] && at && is_qualified(at + 1))
        snprintf(ret_name, OWN_NAME_BYTES, "%s", at + 1);
    return ret_name[0] ? ret_name : NULL;
}
