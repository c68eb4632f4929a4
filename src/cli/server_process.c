/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/server_process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/ready.h"

#define TITLE_MAX 16384
#define STEP_MS 20

static ssize_t read_small(const char *path, char *to, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t len = read(fd, to, size - 1);
    close(fd);
    to[len > 0 ? len : 0] = '\0';
    return len;
}

/* nginx shows its arguments in its title. */
static bool is_ours(pid_t pid, const char *conf_path)
{
    char path[64], title[TITLE_MAX];
    snprintf(path, sizeof path, "/proc/%ld/cmdline", (long)pid);
    ssize_t len = read_small(path, title, sizeof title);
    return len > 0 && memmem(title, (size_t)len, conf_path, strlen(conf_path)) != NULL;
}

pid_t sp_server_pid(const struct sp_server_place *place)
{
    char text[32];
    uint64_t pid = 0;
    ssize_t len = read_small(place->pid_path, text, sizeof text);
    if (len <= 0 || sp_str_to_u64(sp_str_trim(sp_str_of(text)), &pid) != SP_OK || pid < 2 || pid > INT_MAX)
        return 0;
    return kill((pid_t)pid, 0) == 0 || errno == EPERM
               ? (is_ours((pid_t)pid, place->conf_path) ? (pid_t)pid : 0)
               : 0;
}

unsigned sp_server_workers(pid_t master)
{
    char path[96], list[TITLE_MAX];
    snprintf(path, sizeof path, "/proc/%ld/task/%ld/children", (long)master, (long)master);
    if (read_small(path, list, sizeof list) <= 0)
        return 0;
    unsigned count = 0;
    struct sp_str rest = sp_str_trim(sp_str_of(list)), part;
    while (sp_str_split(&rest, ' ', &part))
        count += part.len > 0;
    return count;
}

static void pause_a_little(void)
{
    const struct timespec step = {.tv_nsec = STEP_MS * 1000000L};
    nanosleep(&step, NULL);
}

enum sp_status sp_server_wait_end(const struct sp_server_place *place, unsigned seconds)
{
    int64_t end = sp_clock_monotonic_us() + (int64_t)seconds * 1000000;
    while (sp_server_pid(place) != 0) {
        if (sp_clock_monotonic_us() > end)
            return SP_ETIMEDOUT;
        pause_a_little();
    }
    return SP_OK;
}

/* ---- starting ---- */

static void run_detached(const char *output_path, int ready_fd, void (*become)(void *arg), void *arg)
{
    char number[16];
    int output = open(output_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
    int input = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setsid();
    if (output < 0 || input < 0)
        dprintf(ready_fd, "failed %s cannot be written: %s\n", output_path, strerror(errno));
    else {
        dup2(input, 0);
        dup2(output, 1);
        dup2(output, 2);
        snprintf(number, sizeof number, "%d", ready_fd);
        setenv(SP_READY_FD_VARIABLE, number, 1);
        become(arg);
    }
    _exit(1);
}

/* One line from the pipe, without its end. SP_ECLOSED when the other side is gone. */
static enum sp_status read_line(int fd, int64_t end_us, char *to, size_t size)
{
    size_t len = 0;
    for (;;) {
        int64_t left = end_us - sp_clock_monotonic_us();
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        if (left <= 0)
            return SP_ETIMEDOUT;
        if (poll(&poll_fd, 1, (int)(left / 1000) + 1) <= 0)
            continue;
        ssize_t n = read(fd, to + len, size - 1 - len);
        if (n <= 0)
            return SP_ECLOSED;
        len += (size_t)n;
        to[len] = '\0';
        char *newline = strchr(to, '\n');
        if (newline || len == size - 1) {
            if (newline)
                *newline = '\0';
            return SP_OK;
        }
    }
}

static enum sp_status await_ready(int fd, unsigned seconds, struct sp_error *err)
{
    char line[SP_ERROR_TEXT_MAX];
    enum sp_status status =
        read_line(fd, sp_clock_monotonic_us() + (int64_t)seconds * 1000000, line, sizeof line);
    if (status == SP_ETIMEDOUT)
        return sp_error_set(err, status, NULL, "the server was not ready after %u seconds and was stopped",
                            seconds);
    if (status == SP_OK && !strcmp(line, "ready"))
        return SP_OK;
    if (status == SP_OK && sp_str_starts(sp_str_of(line), SP_STR("failed ")))
        return sp_error_set(err, SP_EINVAL, NULL, "%s", line + strlen("failed "));
    return sp_error_set(err, SP_ECLOSED, NULL, "the server ended while it started");
}

enum sp_status sp_server_start(const char *output_path, void (*become)(void *arg), void *arg,
                               unsigned seconds, pid_t *ret_pid, struct sp_error *err)
{
    int ends[2];
    if (pipe(ends) != 0)
        return sp_error_errno(err, SP_EIO, errno, "no pipe can be made");
    pid_t child = fork();
    if (child < 0) {
        close(ends[0]);
        close(ends[1]);
        return sp_error_errno(err, SP_EIO, errno, "no process can be made");
    }
    if (child == 0) {
        close(ends[0]);
        run_detached(output_path, ends[1], become, arg);
    }
    close(ends[1]);
    enum sp_status status = await_ready(ends[0], seconds, err);
    close(ends[0]);
    if (status != SP_OK) {
        kill(child, SIGTERM);
        waitpid(child, NULL, 0);
        return status;
    }
    *ret_pid = child;
    return SP_OK;
}
