/* SPDX-License-Identifier: Apache-2.0 */
#include "store/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/secret.h"

#define PREFIX ".sallyport-"
#define SUFFIX ".new"
#define RANDOM_BYTES 9u
#define ATTEMPTS 16

/* ---------------------------------------------------------------- writing */

static enum sp_status failed(struct sp_error *err, const char *what, const char *path)
{
    return sp_error_errno(err, SP_EIO, errno, "cannot %s %s", what, path);
}

/* The directory and those above it, as far as they are missing. */
static enum sp_status make_directory(const char *directory, struct sp_error *err)
{
    char path[SP_STORE_PATH_MAX];
    size_t len = strlen(directory);
    if (len == 0 || len >= sizeof path)
        return sp_error_set(err, SP_ELIMIT, NULL, "the name of directory %s is too long", directory);
    for (size_t i = 1; i <= len; i++) {
        if (i < len && directory[i] != '/')
            continue;
        memcpy(path, directory, i);
        path[i] = '\0';
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return failed(err, "make directory", path);
    }
    return SP_OK;
}

static enum sp_status open_new(const char *directory, struct sp_store_staged *staged, struct sp_error *err)
{
    unsigned char random[RANDOM_BYTES];
    char name[2 * RANDOM_BYTES + 1];
    for (int n = 0; n < ATTEMPTS; n++) {
        sp_secret_random(random, sizeof random);
        for (size_t i = 0; i < sizeof random; i++)
            snprintf(name + 2 * i, 3, "%02x", random[i]);
        int len = snprintf(staged->path, sizeof staged->path, "%s/" PREFIX "%s" SUFFIX, directory, name);
        if (len < 0 || (size_t)len >= sizeof staged->path)
            return sp_error_set(err, SP_ELIMIT, NULL, "the name of directory %s is too long", directory);
        staged->fd = open(staged->path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (staged->fd >= 0)
            break;
        if (errno != EEXIST)
            return failed(err, "write to", directory);
    }
    if (staged->fd < 0)
        return sp_error_set(err, SP_EIO, NULL, "cannot find a free name in %s", directory);
    /* Nobody else has it: never waits. */
    return flock(staged->fd, LOCK_EX | LOCK_NB) == 0 ? SP_OK : failed(err, "lock", staged->path);
}

static enum sp_status write_all(int fd, struct sp_str bytes, const char *path, struct sp_error *err)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t n = write(fd, bytes.ptr + done, bytes.len - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(err, "write", path);
        done += (size_t)n;
    }
    return fsync(fd) == 0 ? SP_OK : failed(err, "write", path);
}

enum sp_status sp_store_stage(const char *directory, struct sp_str bytes, struct sp_store_staged *ret_staged,
                              struct sp_error *err)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    enum sp_status status = make_directory(directory, err);
    if (status == SP_OK)
        status = open_new(directory, &staged, err);
    if (status == SP_OK)
        status = write_all(staged.fd, bytes, staged.path, err);
    if (status == SP_OK)
        *ret_staged = staged;
    else
        sp_store_unstage(&staged);
    return status;
}

void sp_store_unstage(struct sp_store_staged *staged)
{
    if (staged->fd < 0)
        return;
    /* Only while it is still the file that was made. */
    struct stat mine, there;
    if (fstat(staged->fd, &mine) == 0 && lstat(staged->path, &there) == 0 && mine.st_ino == there.st_ino &&
        mine.st_dev == there.st_dev)
        unlink(staged->path);
    close(staged->fd);
    staged->fd = -1;
}

/* ---------------------------------------------------------------- putting in place */

/* "/a" of "/a/b". */
static enum sp_status directory_of(const char *path, char ret_directory[SP_STORE_PATH_MAX],
                                   struct sp_error *err)
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 0;
    if (!slash || len >= SP_STORE_PATH_MAX)
        return sp_error_set(err, SP_EINVAL, NULL, "%s is no path of a file in a directory", path);
    if (len == 0)
        len = 1;
    memcpy(ret_directory, path, len);
    ret_directory[len] = '\0';
    return SP_OK;
}

static enum sp_status sync_directory_of(const char *path, struct sp_error *err)
{
    char directory[SP_STORE_PATH_MAX];
    enum sp_status status = directory_of(path, directory, err);
    if (status != SP_OK)
        return status;
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return failed(err, "open directory", directory);
    status = fsync(fd) == 0 ? SP_OK : failed(err, "write directory", directory);
    close(fd);
    return status;
}

enum sp_status sp_store_publish(const char *staged_path, const char *path, struct sp_error *err)
{
    if (rename(staged_path, path) != 0)
        return failed(err, "replace", path);
    return sync_directory_of(path, err);
}

enum sp_status sp_store_remove(const char *path, struct sp_error *err)
{
    if (unlink(path) != 0)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, "cannot remove %s", path);
    return sync_directory_of(path, err);
}

enum sp_status sp_store_replace(const char *path, struct sp_str bytes, struct sp_error *err)
{
    struct sp_store_staged staged = SP_STORE_STAGED_INIT;
    char directory[SP_STORE_PATH_MAX];
    enum sp_status status = directory_of(path, directory, err);
    if (status == SP_OK)
        status = sp_store_stage(directory, bytes, &staged, err);
    if (status == SP_OK)
        status = sp_store_publish(staged.path, path, err);
    sp_store_unstage(&staged);
    return status;
}

/* ---------------------------------------------------------------- leftovers */

/* Whoever still needs it has it locked. */
static void remove_leftover(int directory, const char *name)
{
    int fd = openat(directory, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(directory, name, 0);
    close(fd);
}

void sp_store_sweep(const char *directory)
{
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        struct sp_str name = sp_str_of(entry->d_name);
        if (sp_str_starts(name, SP_STR(PREFIX)) && sp_str_ends(name, SP_STR(SUFFIX)))
            remove_leftover(dirfd(dir), entry->d_name);
    }
    closedir(dir);
}

/* ---------------------------------------------------------------- names */

static bool is_plain(struct sp_str name, size_t i)
{
    unsigned char c = (unsigned char)name.ptr[i];
    return c > 0x20 && c != 0x7f && c != '/' && c != '\\' && c != '%' && (c != '.' || i > 0);
}

struct sp_str sp_store_path(struct sp_str directory, enum sp_store_kind kind, struct sp_str name,
                            struct sp_arena *arena)
{
    const char *slash = sp_str_ends(directory, SP_STR("/")) ? "" : "/";
    char *file = sp_arena_alloc(arena, name.len * 3 + 1), *at = file;
    if (!file)
        return (struct sp_str){NULL, 0};
    for (size_t i = 0; i < name.len; i++) {
        if (is_plain(name, i))
            *at++ = name.ptr[i];
        else
            at += snprintf(at, 4, "%%%02X", (unsigned char)name.ptr[i]);
    }
    *at = '\0';
    return sp_arena_printf(arena, "%.*s%s%s%s", SP_STR_ARG(directory), slash, file,
                           sp_store_kind_suffix(kind));
}
