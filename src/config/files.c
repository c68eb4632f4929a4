/* SPDX-License-Identifier: Apache-2.0
 * The file system as the reader sees it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/load.h"

static enum sp_status refuse(struct sp_error *err, struct sp_str path, int number)
{
    enum sp_status status = number == ENOENT || number == ENOTDIR ? SP_ENOTFOUND
                            : number == EISDIR                    ? SP_EUNSUPPORTED
                                                                  : SP_EIO;
    return sp_error_errno(err, status, number, "cannot read %.*s", SP_STR_ARG(path));
}

static enum sp_status read_all(int fd, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    for (;;) {
        unsigned char block[65536];
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return refuse(err, path, errno);
        if (n == 0)
            return SP_OK;
        enum sp_status status = sp_buf_append(buf, block, (size_t)n);
        if (status != SP_OK)
            return sp_error_set(err, status, NULL, "%.*s is longer than %zu bytes", SP_STR_ARG(path),
                                buf->ceiling);
    }
}

static enum sp_status read_file(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    char name[4096];
    if (path.len >= sizeof name)
        return refuse(err, path, ENAMETOOLONG);
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    /* O_NONBLOCK: a pipe in the way must not hold the server up. */
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return refuse(err, path, errno);
    struct stat st;
    enum sp_status status = SP_OK;
    if (fstat(fd, &st) != 0)
        status = refuse(err, path, errno);
    else if (S_ISDIR(st.st_mode))
        status = refuse(err, path, EISDIR);
    else if (!S_ISREG(st.st_mode))
        status = sp_error_set(err, SP_EIO, NULL, "%.*s is not a file", SP_STR_ARG(path));
    if (status == SP_OK)
        status = read_all(fd, path, buf, err);
    close(fd);
    return status;
}

static enum sp_status list_directory(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err)
{
    char name[4096];
    if (path.len >= sizeof name)
        return refuse(err, path, ENAMETOOLONG);
    memcpy(name, path.ptr, path.len);
    name[path.len] = '\0';
    DIR *directory = opendir(name);
    if (!directory)
        return refuse(err, path, errno);
    for (struct dirent *entry; (entry = readdir(directory));) {
        struct stat st;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fstatat(dirfd(directory), entry->d_name, &st, 0) != 0)
            continue;
        sp_buf_append_str(buf, sp_str_of(entry->d_name));
        if (S_ISDIR(st.st_mode))
            sp_buf_append_byte(buf, '/');
        sp_buf_append_byte(buf, '\0');
    }
    closedir(directory);
    if (buf->failed)
        return sp_error_set(err, SP_ELIMIT, NULL, "%.*s holds too many files", SP_STR_ARG(path));
    return SP_OK;
}

const struct sp_config_files sp_config_file_system = {
    .read = read_file, .list = list_directory, .on_disk = true};
