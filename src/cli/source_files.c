/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/source_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/archive_files.h"

enum sp_status sp_source_load(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_text,
                              struct sp_error *err)
{
    const char *folder = name.len && name.ptr[0] == '/' ? "" : arg;
    struct sp_str path = sp_arena_printf(arena, "%s%.*s", folder, SP_STR_ARG(name));
    if (!path.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read %.*s", SP_STR_ARG(name));
    return sp_archive_file_read(path, arena, ret_text, err);
}

static enum sp_status write_all(int fd, const char *path, struct sp_str bytes, struct sp_error *err)
{
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    return SP_OK;
}

enum sp_status sp_source_write(const char *path, struct sp_str bytes, struct sp_error *err)
{
    char temporary[4096];
    if (snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= (int)sizeof temporary)
        return sp_error_set(err, SP_ELIMIT, NULL, "the path %.80s... is too long", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
    mode_t mask = umask(0);
    umask(mask);
    enum sp_status status = write_all(fd, path, bytes, err);
    if (status == SP_OK && (fchmod(fd, 0666 & ~mask) != 0 || fsync(fd) != 0))
        status = sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
    if (close(fd) != 0 && status == SP_OK)
        status = sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
    if (status == SP_OK && rename(temporary, path) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "cannot write %s", path);
    if (status != SP_OK)
        unlink(temporary);
    return status;
}
