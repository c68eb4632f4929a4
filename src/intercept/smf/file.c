/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sp_status write_part(int fd, struct sp_str part)
{
    while (part.len) {
        ssize_t n = write(fd, part.ptr, part.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SP_EIO;
        part = sp_str_slice(part, (size_t)n, part.len);
    }
    return SP_OK;
}

static enum sp_status append_locked(int fd, const char *path, const struct sp_str *parts, size_t count,
                                    struct sp_error *err)
{
    struct stat before;
    if (fstat(fd, &before) != 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot read the size of %s", path);
    for (size_t i = 0; i < count; i++) {
        if (write_part(fd, parts[i]) == SP_OK)
            continue;
        int cause = errno;
        /* A device or a pipe cannot be cut, nor need it be. */
        if (ftruncate(fd, before.st_size) != 0 && S_ISREG(before.st_mode))
            return sp_error_errno(err, SP_EIO, errno, "%s ends in half a block and cannot be cut back", path);
        return sp_error_errno(err, SP_EIO, cause, "cannot write %s", path);
    }
    return SP_OK;
}

enum sp_status sp_smf_file_append(const char *path, const struct sp_str *parts, size_t count,
                                  struct sp_error *err)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot open %s", path);
    int locked;
    do
        locked = flock(fd, LOCK_EX);
    while (locked != 0 && errno == EINTR);
    enum sp_status status = locked == 0 ? append_locked(fd, path, parts, count, err)
                                        : sp_error_errno(err, SP_EIO, errno, "cannot lock %s", path);
    if (close(fd) != 0 && status == SP_OK)
        status = sp_error_errno(err, SP_EIO, errno, "cannot close %s", path);
    return status;
}
