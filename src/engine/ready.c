/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/ready.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"

static int ready_fd = -1;
static struct sockaddr_un notify_address;
static socklen_t notify_address_len;

void sp_ready_capture(void)
{
    uint64_t fd = 0;
    const char *text = getenv(SP_READY_FD_VARIABLE);
    ready_fd = -1;
    if (text && sp_str_to_u64(sp_str_of(text), &fd) == SP_OK && fd >= 3 && fd < 1024)
        ready_fd = (int)fd;
    notify_address_len = 0;
    text = getenv("NOTIFY_SOCKET");
    size_t len = text ? strlen(text) : 0;
    /* A path, or '@' and an abstract name. */
    if (len < 2 || len >= sizeof notify_address.sun_path || (text[0] != '/' && text[0] != '@'))
        return;
    notify_address = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(notify_address.sun_path, text, len);
    if (text[0] == '@')
        notify_address.sun_path[0] = '\0';
    notify_address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
}

static void tell_pipe(const char *word, const char *text)
{
    if (ready_fd < 0)
        return;
    /* Nobody reads any more after the first time, for instance at a reload. */
    if (dprintf(ready_fd, "%s%s%s\n", word, text[0] ? " " : "", text) < 0)
        ready_fd = -1;
}

void sp_ready_announce(void)
{
    tell_pipe("ready", "");
    if (notify_address_len == 0)
        return;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    static const char state[] = "READY=1";
    if (sendto(fd, state, sizeof state - 1, MSG_NOSIGNAL, (const struct sockaddr *)&notify_address,
               notify_address_len) < 0)
        notify_address_len = 0;
    close(fd);
}

void sp_ready_failed(const char *text)
{
    tell_pipe("failed", text);
}
