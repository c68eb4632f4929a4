/* SPDX-License-Identifier: Apache-2.0 */
#include "region/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sp_status failed(const char *verb, const char *path, struct sp_error *err)
{
    int errnum = errno;
    enum sp_status status = errnum == ENOENT ? SP_ENOTFOUND : SP_EIO;
    return sp_error_errno(err, status, errnum, "cannot %s %s", verb, path);
}

static enum sp_status read_all(int fd, const char *path, size_t most, struct sp_arena *arena,
                               struct sp_str *ret_bytes, struct sp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return failed("read", path, err);
    if (!S_ISREG(st.st_mode))
        return sp_error_set(err, SP_EIO, NULL, "%s is not a file", path);
    if ((uint64_t)st.st_size > most)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s has %lld bytes, at most %zu are read", path,
                            (long long)st.st_size, most);
    size_t size = (size_t)st.st_size, len = 0;
    char *bytes = sp_arena_alloc(arena, size + 1);
    if (!bytes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read %s", path);
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failed("read", path, err);
        if (n == 0)
            break;
        len += (size_t)n;
    }
    bytes[len] = '\0';
    *ret_bytes = (struct sp_str){bytes, len};
    return SP_OK;
}

enum sp_status sp_file_read(const char *path, size_t most, struct sp_arena *arena, struct sp_str *ret_bytes,
                            struct sp_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return failed("read", path, err);
    enum sp_status status = read_all(fd, path, most, arena, ret_bytes, err);
    close(fd);
    return status;
}

enum sp_status sp_file_write(const char *path, struct sp_str bytes, struct sp_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return failed("write", path, err);
    while (bytes.len) {
        ssize_t n = write(fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            enum sp_status status = failed("write", path, err);
            close(fd);
            return status;
        }
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    if (close(fd) != 0)
        return failed("write", path, err);
    return SP_OK;
}
