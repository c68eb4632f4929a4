/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/archive_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_suffix(struct sp_str name, struct sp_str suffix)
{
    return name.len > suffix.len && name.ptr[0] != '.' &&
           sp_str_caseless_eq(sp_str_slice(name, name.len - suffix.len, name.len), suffix);
}

static int by_name(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static enum sp_status collect(DIR *dir, const char *directory, struct sp_str suffix, struct sp_arena *arena,
                              struct sp_str *paths, size_t *count, struct sp_error *err)
{
    struct sp_str place = sp_str_of(directory);
    const char *slash = sp_str_ends(place, SP_STR("/")) ? "" : "/";
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!has_suffix(sp_str_of(entry->d_name), suffix))
            continue;
        if (*count == SP_ARCHIVES_MAX)
            return sp_error_set(err, SP_ELIMIT, NULL, "more than %u archives in %s", SP_ARCHIVES_MAX,
                                directory);
        paths[*count] = sp_arena_printf(arena, "%s%s%s", directory, slash, entry->d_name);
        if (!paths[*count].ptr)
            return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the archives in %s", directory);
        ++*count;
    }
    return SP_OK;
}

enum sp_status sp_archive_files_list(const char *directory, const char *suffix, struct sp_arena *arena,
                                     const struct sp_str **ret_paths, size_t *ret_count, struct sp_error *err)
{
    DIR *dir = opendir(directory);
    if (!dir)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, "cannot read directory %s",
                              directory);
    struct sp_str *paths = sp_arena_calloc(arena, SP_ARCHIVES_MAX, sizeof *paths);
    size_t count = 0;
    enum sp_status status =
        paths ? collect(dir, directory, sp_str_of(suffix), arena, paths, &count, err)
              : sp_error_set(err, SP_ENOMEM, NULL, "no memory for the archives in %s", directory);
    closedir(dir);
    if (status != SP_OK)
        return status;
    qsort(paths, count, sizeof *paths, by_name);
    *ret_paths = paths;
    *ret_count = count;
    return SP_OK;
}

static enum sp_status read_all(int fd, const char *path, struct sp_arena *arena, struct sp_str *ret_bytes,
                               struct sp_error *err)
{
    struct stat st;
    if (fstat(fd, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
    if (!S_ISREG(st.st_mode))
        return sp_error_set(err, SP_EIO, NULL, "%s is no file", path);
    if (st.st_size > (off_t)SP_ARCHIVE_BYTES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "%s has more than %u bytes", path, SP_ARCHIVE_BYTES_MAX);
    size_t size = (size_t)st.st_size, len = 0;
    char *bytes = sp_arena_alloc(arena, size);
    if (!bytes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the %zu bytes of %s", size, path);
    while (len < size) {
        ssize_t n = read(fd, bytes + len, size - len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return sp_error_errno(err, SP_EIO, errno, "cannot read %s", path);
        if (n == 0)
            return sp_error_set(err, SP_EIO, NULL, "%s became shorter while it was read", path);
        len += (size_t)n;
    }
    *ret_bytes = sp_str_from(bytes, size);
    return SP_OK;
}

enum sp_status sp_archive_file_read(struct sp_str path, struct sp_arena *arena, struct sp_str *ret_bytes,
                                    struct sp_error *err)
{
    const char *name = sp_arena_cstr(arena, path);
    if (!name)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a file's name");
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return sp_error_errno(err, errno == ENOENT ? SP_ENOTFOUND : SP_EIO, errno, "cannot open %s", name);
    enum sp_status status = read_all(fd, name, arena, ret_bytes, err);
    close(fd);
    return status;
}
