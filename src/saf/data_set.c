/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/data_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c && strchr("#$@-_", c));
}

bool sp_data_set_name_ok(struct sp_str name)
{
    size_t member = sp_str_find(name, '(');
    bool ok = name.len > 0 && name.len <= SP_DATA_SET_NAME_MAX;
    if (member < name.len)
        ok = ok && member > 0 && name.len > member + 2 && name.ptr[name.len - 1] == ')';
    for (size_t i = 0; ok && i < name.len; i++) {
        char c = name.ptr[i], before = i ? name.ptr[i - 1] : '.';
        bool bracket = member < name.len && (i == member || i == name.len - 1);
        ok = bracket || is_name_byte(c) || (c == '.' && before != '.' && i < member && i + 1 < name.len);
    }
    return ok;
}

static enum sp_status check_name(const char *directory, struct sp_str name, struct sp_error *err)
{
    if (!directory)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "no directory of data sets is given, so that "
                            "commands cannot name them");
    if (sp_data_set_name_ok(name))
        return SP_OK;
    return sp_error_set(err, SP_EINVAL, NULL,
                        "'%.*s' is no data set: qualifiers of letters, digits, #, $, @, - and _, joined by "
                        "periods, up to 44 characters",
                        SP_STR_ARG(name));
}

static void file_name(struct sp_str name, bool upper, char ret_name[SP_DATA_SET_NAME_MAX + 1])
{
    for (size_t i = 0; i < name.len; i++)
        ret_name[i] = upper ? sp_upper(name.ptr[i]) : name.ptr[i];
    ret_name[name.len] = '\0';
}

static int open_directory(const char *directory, struct sp_error *err)
{
    int at = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (at < 0)
        sp_error_errno(err, SP_EIO, errno, "the directory of data sets %s cannot be opened", directory);
    return at;
}

static enum sp_status read_all(int fd, struct sp_buf *buf)
{
    for (;;) {
        unsigned char piece[4096];
        ssize_t n = read(fd, piece, sizeof piece);
        if (n == 0)
            return SP_OK;
        if (n < 0 && errno != EINTR)
            return SP_EIO;
        if (n > 0 && sp_buf_append(buf, piece, (size_t)n))
            return SP_ELIMIT;
    }
}

enum sp_status sp_data_set_read(const char *directory, struct sp_str name, struct sp_buf *buf,
                                struct sp_error *err)
{
    char file[SP_DATA_SET_NAME_MAX + 1];
    enum sp_status status = check_name(directory, name, err);
    int at = status ? -1 : open_directory(directory, err);
    if (at < 0)
        return status ? status : SP_EIO;
    file_name(name, false, file);
    int fd = openat(at, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        file_name(name, true, file);
        fd = openat(at, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    if (fd < 0)
        status = sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno,
                                "data set %s cannot be opened in %s", file, directory);
    else
        status = read_all(fd, buf);
    if (status == SP_ELIMIT)
        sp_error_set(err, status, NULL, "data set %s is larger than %zu bytes", file, buf->ceiling);
    else if (status && fd >= 0)
        sp_error_errno(err, status, errno, "data set %s cannot be read", file);
    if (fd >= 0)
        close(fd);
    close(at);
    return status;
}

static bool write_all(int fd, struct sp_str contents)
{
    for (size_t done = 0; done < contents.len;) {
        ssize_t n = write(fd, contents.ptr + done, contents.len - done);
        if (n < 0 && errno != EINTR)
            return false;
        done += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0;
}

enum sp_status sp_data_set_write(const char *directory, struct sp_str name, struct sp_str contents,
                                 struct sp_error *err)
{
    char file[SP_DATA_SET_NAME_MAX + 1], temporary[SP_DATA_SET_NAME_MAX + 32];
    enum sp_status status = check_name(directory, name, err);
    int at = status ? -1 : open_directory(directory, err);
    if (at < 0)
        return status ? status : SP_EIO;
    file_name(name, true, file);
    snprintf(temporary, sizeof temporary, ".%s.%d", file, (int)getpid());
    int fd = openat(at, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool ok = fd >= 0 && write_all(fd, contents);
    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    if (ok)
        ok = renameat(at, temporary, at, file) == 0;
    if (!ok) {
        status = sp_error_errno(err, SP_EIO, errno, "data set %s cannot be written in %s", file, directory);
        if (fd >= 0)
            unlinkat(at, temporary, 0);
    }
    close(at);
    return status;
}
