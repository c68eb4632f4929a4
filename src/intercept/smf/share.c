/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/share.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "intercept/smf/event.h"

#define PROGRAM "sallyport-smf-writer"
#define AGAIN_US 300000 /* a writer that was started has so long to be there */
/* In the writer. */
#define RING_FD 3
#define PROGRAM_FD 4
#define LEAST_FD 10 /* here, so that the two above are free */

/* ---------------------------------------------------------------- the program */

static int open_program(const char *path)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd >= 0 && access(path, X_OK) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int open_beside(const char *object)
{
    char path[PATH_MAX];
    static const char *const places[] = {"", "../intercept/"}; /* installed; built */
    const char *slash = strrchr(object, '/');
    int fd = -1;
    for (size_t i = 0; slash && fd < 0 && i < sizeof places / sizeof places[0]; i++) {
        snprintf(path, sizeof path, "%.*s%s" PROGRAM, (int)(slash + 1 - object), object, places[i]);
        fd = open_program(path);
    }
    return fd;
}

static enum sp_status find_program(int *ret_fd, struct sp_error *err)
{
    static const int here;
    Dl_info info;
    const char *told = getenv(SP_SMF_WRITER_VARIABLE);
    int fd = told ? open_program(told) : -1;
    if (!told && dladdr(&here, &info) && info.dli_fname)
        fd = open_beside(info.dli_fname);
    if (fd < 0 && !told)
        fd = open_program(SP_LIB_DIR "/" PROGRAM);
    if (fd < 0)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "%s, which writes audit records, is not there",
                            told ? told : SP_LIB_DIR "/" PROGRAM);
    *ret_fd = fd;
    return SP_OK;
}

/* ---------------------------------------------------------------- the share */

static enum sp_status move_up(int *fd, struct sp_error *err)
{
    int higher = fcntl(*fd, F_DUPFD_CLOEXEC, LEAST_FD);
    if (higher < 0)
        return sp_error_errno(err, SP_ELIMIT, errno, "no descriptor for audit records");
    close(*fd);
    *fd = higher;
    return SP_OK;
}

enum sp_status sp_smf_share_open(unsigned slots, struct sp_smf_share *ret_share, struct sp_error *err)
{
    struct sp_smf_share share = SP_SMF_SHARE_INIT;
    enum sp_status status = find_program(&share.program_fd, err);
    if (status == SP_OK)
        status = sp_smf_ring_create(slots, SP_SMF_EVENT_BYTES, &share.ring_fd, err);
    if (status == SP_OK)
        status = move_up(&share.ring_fd, err);
    if (status == SP_OK)
        status = move_up(&share.program_fd, err);
    if (status == SP_OK)
        *ret_share = share;
    else
        sp_smf_share_close(&share);
    return status;
}

void sp_smf_share_close(struct sp_smf_share *share)
{
    if (share->program_fd >= 0)
        close(share->program_fd);
    if (share->ring_fd >= 0)
        close(share->ring_fd);
    share->program_fd = share->ring_fd = -1;
}

enum sp_status sp_smf_share_join(struct sp_smf_share *share, struct sp_error *err)
{
    if (share->users) {
        share->users++;
        return SP_OK;
    }
    enum sp_status status = sp_smf_ring_map(share->ring_fd, &share->ring, err);
    if (status != SP_OK)
        return status;
    status = sp_smf_ring_attach(&share->ring, err);
    if (status != SP_OK) {
        sp_smf_ring_unmap(&share->ring);
        return status;
    }
    atomic_store(&sp_smf_shared(&share->ring)->reserved[share->ring.producer], 0);
    share->users = 1;
    return SP_OK;
}

void sp_smf_share_leave(struct sp_smf_share *share)
{
    if (share->users && --share->users == 0)
        sp_smf_ring_unmap(&share->ring);
}

/* ---------------------------------------------------------------- the writer */

static int prepare(posix_spawn_file_actions_t *files, posix_spawnattr_t *attributes,
                   const struct sp_smf_share *share)
{
    sigset_t none;
    sigemptyset(&none);
    int failed = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDWR, 0);
    failed |= posix_spawn_file_actions_adddup2(files, 0, 1);
    failed |= posix_spawn_file_actions_adddup2(files, share->ring_fd, RING_FD);
    failed |= posix_spawn_file_actions_adddup2(files, share->program_fd, PROGRAM_FD);
    failed |= posix_spawn_file_actions_addclosefrom_np(files, PROGRAM_FD + 1);
    failed |= posix_spawnattr_setsigmask(attributes, &none);
    return failed | posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSID);
}

static enum sp_status spawn(const struct sp_smf_share *share, struct sp_error *err)
{
    char path[32], number[16];
    char *const arguments[] = {(char *)PROGRAM, number, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    pid_t child;
    snprintf(path, sizeof path, "/proc/self/fd/%d", PROGRAM_FD);
    snprintf(number, sizeof number, "%d", RING_FD);
    if (posix_spawn_file_actions_init(&files) != 0)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to start the writer of audit records");
    posix_spawnattr_init(&attributes);
    int failed = prepare(&files, &attributes, share);
    if (!failed)
        failed = posix_spawn(&child, path, &files, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    return failed ? sp_error_errno(err, SP_EIO, failed, "cannot start the writer of audit records") : SP_OK;
}

enum sp_status sp_smf_share_start_writer(struct sp_smf_share *share, struct sp_error *err)
{
    struct sp_smf_shared *shared = sp_smf_shared(&share->ring);
    int64_t now = sp_clock_monotonic_us(), before = atomic_load(&shared->spawned_us);
    if (sp_smf_ring_has_consumer(&share->ring) || (before && now - before < AGAIN_US) ||
        !atomic_compare_exchange_strong(&shared->spawned_us, &before, now))
        return SP_OK;
    return spawn(share, err);
}
