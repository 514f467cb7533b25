#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"

/* Files of /proc have no size: what comes in one read is all that is needed. */
static bool read_small(const char *path, char *room, size_t room_bytes)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got;

    if (file < 0)
        return false;
    got = read(file, room, room_bytes - 1);
    close(file);
    room[got > 0 ? got : 0] = '\0';
    return got > 0;
}

/* The boot and the process namespace in which process ids mean anything. */
static bool describe_machine(char ret_text[64])
{
    char boot[64];
    struct stat namespace;

    if (!read_small("/proc/sys/kernel/random/boot_id", boot, sizeof boot) ||
        stat("/proc/self/ns/pid", &namespace) < 0)
        return false;
    boot[strcspn(boot, "\n")] = '\0';
    snprintf(ret_text, 64, "%.36s:%llu", boot, (unsigned long long)namespace.st_ino);
    return true;
}

/* Field 22 of proc(5)'s stat, counted behind the name, which may hold anything. */
static bool find_start(long pid, char ret_text[32])
{
    char path[64], bytes[1024];
    struct view rest, part = {0};

    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!read_small(path, bytes, sizeof bytes) || !strrchr(bytes, ')'))
        return false;
    rest = view_of(strrchr(bytes, ')') + 1);
    for (int field = 2; field <= 22; field++)
        if (!view_next_part(&rest, ' ', &part))
            return false;
    snprintf(ret_text, 32, "%.*s", VIEW_ARGUMENTS(part));
    return true;
}

void process_name(char ret_name[PROCESS_NAME_BYTES])
{
    char machine[64], start[32], host[48] = "";

    if (describe_machine(machine) && find_start((long)getpid(), start)) {
        snprintf(ret_name, PROCESS_NAME_BYTES, "%s:%ld:%s", machine, (long)getpid(), start);
        return;
    }
    if (gethostname(host, sizeof host - 1) < 0 || strchr(host, '/'))
        host[0] = '\0';
    snprintf(ret_name, PROCESS_NAME_BYTES, "%s:%ld", host, (long)getpid());
}

bool process_is_gone(const char *name)
{
    struct view rest = view_of(name), pid_text = {0}, start_text = {0};
    char machine[64], start[32];
    size_t size;
    long pid;

    if (!describe_machine(machine))
        return false;
    size = strlen(machine);
    rest = view_slice(rest, 0, view_find_char(rest, '/', 0));
    if (!view_starts_with(rest, view_of(machine)) || rest.size <= size || rest.data[size] != ':')
        return false;
    rest = view_slice(rest, size + 1, rest.size);
    if (!view_next_part(&rest, ':', &pid_text) || !view_next_part(&rest, ':', &start_text) ||
        !view_to_long(pid_text, &pid) || pid <= 0)
        return false;
    if (kill((pid_t)pid, 0) < 0)
        return errno == ESRCH;
    return find_start(pid, start) && !view_equal_string(start_text, start);
}
