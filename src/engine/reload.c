/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/reload.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* From the first reading on, across reloads; workers inherit it. */
static int asked[2] = {-1, -1};
static char command[PATH_MAX]; /* of the master's environment, which workers do not have */

bool sp_reload_listen(void)
{
    char room[64];
    bool was_asked = false;
    const char *given = getenv(SP_RELOAD_COMMAND_VARIABLE);
    snprintf(command, sizeof command, "%s", given ? given : "");
    if (asked[0] < 0 && pipe2(asked, O_CLOEXEC | O_NONBLOCK) != 0) {
        asked[0] = asked[1] = -1;
        return false;
    }
    while (read(asked[0], room, sizeof room) > 0)
        was_asked = true;
    bool heard = fcntl(asked[0], F_SETOWN, getpid()) == 0 && fcntl(asked[0], F_SETSIG, SIGHUP) == 0 &&
                 fcntl(asked[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0;
    if (!heard) {
        close(asked[0]);
        close(asked[1]);
        asked[0] = asked[1] = -1;
    }
    return was_asked;
}

bool sp_reload_ask(void)
{
    return command[0] && asked[1] >= 0 && write(asked[1], "r", 1) == 1;
}

void sp_reload_run(const char *config_dir)
{
    if (!command[0] || fork() != 0)
        return;
    /* nginx's master has its signals blocked, and listeners among its descriptors. Its children are reaped.
     */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    const char *argv[] = {command, "server", "reload", config_dir, NULL};
    execv(command, (char **)argv);
    _exit(127);
}

/* ---------------------------------------------------------------- generations */

static int accepting = -1; /* holds the lock of this process's generation */

static int open_accepting(const char *run_dir, int flags)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/" SP_RELOAD_ACCEPTING, run_dir);
    return open(path, flags | O_CLOEXEC | O_NOFOLLOW, 0644);
}

/* The workers of before have the old descriptor; ours is closed, so that the lock is theirs alone. */
static void begin_generation(const char *run_dir, unsigned long generation)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = (off_t)generation, .l_len = 1};
    sp_reload_accepts_no_more();
    accepting = open_accepting(run_dir, O_RDONLY | O_CREAT);
    if (accepting >= 0 && fcntl(accepting, F_OFD_SETLK, &lock) != 0)
        sp_reload_accepts_no_more();
}

void sp_reload_accepts_no_more(void)
{
    if (accepting >= 0)
        close(accepting);
    accepting = -1;
}

bool sp_reload_earlier_accept(const char *run_dir, unsigned long generation)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = (off_t)generation};
    int fd = generation > 0 ? open_accepting(run_dir, O_RDONLY) : -1;
    bool some = fd >= 0 && fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
    if (fd >= 0)
        close(fd);
    return some;
}

void sp_reload_mark(const char *run_dir)
{
    static unsigned long generation;
    char path[PATH_MAX], text[64];
    begin_generation(run_dir, ++generation);
    snprintf(path, sizeof path, "%s/" SP_RELOAD_MARK, run_dir);
    int len = snprintf(text, sizeof text, "%ld %lu\n", (long)getpid(), generation);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    /* Who waits for it would otherwise say that nothing was taken over. */
    if (fd < 0 || write(fd, text, (size_t)len) != len)
        unlink(path);
    if (fd >= 0)
        close(fd);
}
