/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_refresh.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "gateway/update.h"

#define COMMAND "refresh\n"

/* By way of the open directory: a local socket's path is at most 107 bytes long. */
static enum sp_status connect_to(const struct sp_server_place *place, int *ret_fd, struct sp_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int directory = open(place->control_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/" SP_UPDATE_SOCKET, directory);
    bool connected =
        directory >= 0 && fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    int number = errno;
    if (directory >= 0)
        close(directory);
    if (connected) {
        *ret_fd = fd;
        return SP_OK;
    }
    if (fd >= 0)
        close(fd);
    return sp_error_errno(err, SP_EUNAVAIL, number, "the server does not listen for commands in %s",
                          place->control_dir);
}

static enum sp_status read_all(int fd, int64_t end_us, struct sp_buf *to, struct sp_error *err)
{
    char room[4096];
    for (;;) {
        int64_t left = end_us - sp_clock_monotonic_us();
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return sp_error_set(err, SP_ETIMEDOUT, NULL,
                                "the server does not say whether it took the change over");
        if (poll(&poll_fd, 1, (int)(left / 1000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, room, sizeof room);
        if (n == 0)
            return SP_OK;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_errno(err, SP_EIO, errno, "the server's answer");
        if (sp_buf_append(to, room, (size_t)n) != SP_OK)
            return sp_error_set(err, SP_ELIMIT, NULL, "the server's answer is too long");
    }
}

static enum sp_status take_outcome(struct sp_buf *text, enum sp_refresh_outcome *ret_outcome,
                                   struct sp_error *err)
{
    static const char *const names[] = {
        [SP_REFRESH_TAKEN] = "taken\n",
        [SP_REFRESH_UNCHANGED] = "unchanged\n",
        [SP_REFRESH_NEEDS_RELOAD] = "reload\n",
        [SP_REFRESH_REFUSED] = "refused\n",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (sp_str_starts(sp_buf_str(text), sp_str_of(names[i]))) {
            sp_buf_consume(text, strlen(names[i]));
            *ret_outcome = (enum sp_refresh_outcome)i;
            return SP_OK;
        }
    return sp_error_set(err, SP_EPROTO, NULL, "the server ended or was reloaded before it answered");
}

enum sp_status sp_server_refresh(const struct sp_server_place *place, unsigned seconds,
                                 enum sp_refresh_outcome *ret_outcome, struct sp_buf *text,
                                 struct sp_error *err)
{
    int fd = -1;
    enum sp_status status = connect_to(place, &fd, err);
    if (status != SP_OK)
        return status;
    if (send(fd, COMMAND, strlen(COMMAND), MSG_NOSIGNAL) != (ssize_t)strlen(COMMAND))
        status = sp_error_errno(err, SP_EUNAVAIL, errno, "the server takes no command");
    if (status == SP_OK)
        status = read_all(fd, sp_clock_monotonic_us() + (int64_t)seconds * 1000000, text, err);
    close(fd);
    return status == SP_OK ? take_outcome(text, ret_outcome, err) : status;
}
