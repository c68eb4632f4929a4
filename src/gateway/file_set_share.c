/* SPDX-License-Identifier: Apache-2.0
 * Sets on their way between processes: the files with their stamps in one descriptor, the bytes of archives
 * in another, where they are written once.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gateway/file_set_internal.h"

#define MAGIC 0x53504653u                      /* "SPFS" */
#define HEADER 20u                             /* magic, length, digest */
#define RECORD (66u + SP_STORE_CHECKSUM_BYTES) /* see write_record */
#define PAGE 4096u
#define EXACT_MAX 1000u /* archives dropped at once whose neighbours are looked at */

static uint64_t digest(const unsigned char *bytes, size_t len)
{
    static const unsigned char key[16];
    return sp_siphash(key, 1, 3, bytes, len);
}

static bool is_apart(const struct sp_file *file)
{
    return file->checksum[0] != '\0';
}

/* ---------------------------------------------------------------- storing */

static void write_record(struct sp_buf *buf, const struct sp_file *file)
{
    sp_buf_append_byte(buf, (unsigned char)file->kind);
    sp_buf_append_byte(buf, is_apart(file));
    sp_buf_append_u32(buf, file->status);
    sp_buf_append_u32(buf, (uint32_t)file->path.len);
    sp_buf_append_u64(buf, file->content.len);
    sp_buf_append_u64(buf, file->at);
    sp_buf_append_u64(buf, file->stamp.device);
    sp_buf_append_u64(buf, file->stamp.inode);
    sp_buf_append_u64(buf, file->stamp.size);
    sp_buf_append_u64(buf, (uint64_t)file->stamp.modified_ns);
    sp_buf_append_u64(buf, (uint64_t)file->stamp.changed_ns);
    sp_buf_append(buf, file->checksum, SP_STORE_CHECKSUM_BYTES);
    sp_buf_append_str(buf, file->path);
    if (!is_apart(file))
        sp_buf_append_str(buf, file->content);
}

static enum sp_status write_at(int fd, const void *from, size_t len, uint64_t at)
{
    const unsigned char *bytes = from;
    while (len > 0) {
        ssize_t n = pwrite(fd, bytes, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SP_EIO;
        bytes += n;
        len -= (size_t)n;
        at += (uint64_t)n;
    }
    return SP_OK;
}

/* Those that are in memory are new. The first lie side by side; later ones begin at pages, so that what they
 * take can be given back. */
static enum sp_status put_archives(struct sp_file_set *set, int archives_fd)
{
    struct stat st;
    if (fstat(archives_fd, &st) != 0)
        return SP_EIO;
    uint64_t end = (uint64_t)st.st_size;
    uint64_t step = end ? PAGE : 1;
    enum sp_status status = SP_OK;
    for (struct sp_file *file = set->first; file && status == SP_OK; file = file->next) {
        if (!is_apart(file) || !file->content.ptr)
            continue;
        end = (end + step - 1) / step * step;
        status = write_at(archives_fd, file->content.ptr, file->content.len, end);
        file->at = end;
        end += file->content.len;
    }
    return status;
}

enum sp_status sp_file_set_store(struct sp_file_set *set, int fd, int archives_fd, struct sp_error *err)
{
    struct sp_buf buf;
    size_t size = HEADER;
    if (put_archives(set, archives_fd) != SP_OK)
        return sp_error_errno(err, SP_EIO, errno, "the archives cannot be handed on");
    for (const struct sp_file *file = set->first; file; file = file->next)
        size += RECORD + file->path.len + (is_apart(file) ? 0 : file->content.len);
    sp_buf_init(&buf, size);
    sp_buf_reserve(&buf, size); /* so that no copy of a secret stays behind when it grows */
    sp_buf_append_fill(&buf, 0, HEADER);
    for (const struct sp_file *file = set->first; file; file = file->next)
        write_record(&buf, file);
    if (buf.failed) {
        sp_buf_wipe(&buf);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the files of the configuration");
    }
    sp_put_u32(buf.ptr, MAGIC);
    sp_put_u64(buf.ptr + 4, buf.len);
    sp_put_u64(buf.ptr + 12, digest(buf.ptr + HEADER, buf.len - HEADER));
    enum sp_status status = ftruncate(fd, 0) == 0 ? write_at(fd, buf.ptr, buf.len, 0) : SP_EIO;
    sp_buf_wipe(&buf);
    return status == SP_OK ? SP_OK
                           : sp_error_errno(err, SP_EIO, errno, "the configuration cannot be handed on");
}

/* ---------------------------------------------------------------- giving back */

static bool has_it(const struct sp_file_set *set, const struct sp_file *file)
{
    const struct sp_file *other = sp_file_set_find(set, file->kind, file->path);
    return other && is_apart(other) && other->at == file->at;
}

/* The first and the last page may have bytes of others. */
static void spare(const struct sp_file_set *set, uint64_t *from, uint64_t *to)
{
    for (const struct sp_file *file = set->first; file && *from < *to; file = file->next) {
        uint64_t begin = file->at, end = begin + file->content.len;
        if (!is_apart(file) || begin >= *to || end <= *from)
            continue;
        if (begin < *from + PAGE)
            *from += PAGE;
        if (*from < *to && end > *to - PAGE)
            *to -= PAGE;
    }
}

void sp_file_set_drop(const struct sp_file_set *old, const struct sp_file_set *a, const struct sp_file_set *b,
                      int archives_fd)
{
    unsigned dropped = 0;
    for (const struct sp_file *file = old->first; file; file = file->next) {
        if (!is_apart(file) || has_it(a, file) || has_it(b, file))
            continue;
        uint64_t from = file->at / PAGE * PAGE, to = (file->at + file->content.len + PAGE - 1) / PAGE * PAGE;
        if (dropped++ < EXACT_MAX) {
            spare(a, &from, &to);
            spare(b, &from, &to);
        } else {
            from += PAGE;
            to -= to > PAGE ? PAGE : 0;
        }
        if (from < to)
            (void)!fallocate(archives_fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from,
                             (off_t)(to - from));
    }
}

/* ---------------------------------------------------------------- fetching */

static bool read_record(struct sp_file_set *set, const unsigned char **at, const unsigned char *end)
{
    const unsigned char *p = *at;
    if ((size_t)(end - p) < RECORD)
        return false;
    struct sp_file file = {.kind = (enum sp_file_kind)p[0], .status = (enum sp_status)sp_get_u32(p + 2)};
    bool apart = p[1] != 0;
    size_t path_len = sp_get_u32(p + 6);
    uint64_t content_len = sp_get_u64(p + 10), left = (uint64_t)(end - p) - RECORD;
    if (path_len > left || content_len > SP_FILE_SET_MAX || !strchr(SP_FILE_KINDS, p[0]) || !p[0] ||
        (!apart && content_len > left - path_len))
        return false;
    file.at = sp_get_u64(p + 18);
    file.stamp = (struct sp_file_stamp){sp_get_u64(p + 26), sp_get_u64(p + 34), sp_get_u64(p + 42),
                                        (int64_t)sp_get_u64(p + 50), (int64_t)sp_get_u64(p + 58)};
    memcpy(file.checksum, p + 66, SP_STORE_CHECKSUM_BYTES);
    struct sp_str path = sp_str_from(p + RECORD, path_len);
    file.content = sp_str_from(apart ? NULL : p + RECORD + path_len, (size_t)content_len);
    *at = p + RECORD + path_len + (apart ? 0 : content_len);
    return apart == is_apart(&file) && sp_file_set_add(set, &file, path) != NULL;
}

static bool read_at(int fd, void *bytes, size_t size, uint64_t at)
{
    for (size_t have = 0; have < size;) {
        ssize_t n = pread(fd, (unsigned char *)bytes + have, size - have, (off_t)(at + have));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

static bool read_whole(int fd, unsigned char *bytes, size_t size)
{
    return read_at(fd, bytes, size, 0) && sp_get_u32(bytes) == MAGIC && sp_get_u64(bytes + 4) == size &&
           sp_get_u64(bytes + 12) == digest(bytes + HEADER, size - HEADER);
}

enum sp_status sp_file_set_fetch(int fd, int archives_fd, struct sp_file_set **ret_set, struct sp_error *err)
{
    struct stat st;
    struct sp_file_set *set = NULL;
    if (fstat(fd, &st) != 0 || st.st_size < (off_t)HEADER)
        return sp_error_set(err, SP_EPROTO, NULL, "there is no configuration to take over");
    size_t size = (size_t)st.st_size;
    unsigned char *bytes = malloc(size);
    if (!bytes || sp_file_set_new(NULL, 0, &set) != SP_OK) {
        free(bytes);
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the files of the configuration");
    }
    set->archives_fd = archives_fd;
    bool good = read_whole(fd, bytes, size);
    for (const unsigned char *at = bytes + HEADER, *end = bytes + size; good && at < end;)
        good = read_record(set, &at, end);
    explicit_bzero(bytes, size);
    free(bytes);
    if (good) {
        *ret_set = set;
        return SP_OK;
    }
    sp_file_set_free(set);
    return sp_error_set(err, SP_EPROTO, NULL, "the configuration to take over is not whole");
}

enum sp_status sp_file_set_content(struct sp_file_set *set, const struct sp_file *file,
                                   struct sp_arena *arena, struct sp_str *ret_bytes, struct sp_error *err)
{
    char checksum[SP_STORE_CHECKSUM_BYTES + 1] = "";
    if (file->content.ptr || !is_apart(file) || !set) {
        *ret_bytes = file->content;
        return SP_OK;
    }
    size_t size = file->content.len;
    char *bytes = sp_arena_alloc(arena, size + 1);
    if (!bytes)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the %zu bytes of %.*s", size,
                            SP_STR_ARG(file->path));
    if (set->archives_fd >= 0 && read_at(set->archives_fd, bytes, size, file->at))
        sp_store_checksum(sp_str_from(bytes, size), checksum);
    if (strcmp(checksum, file->checksum) != 0) {
        set->broken = true;
        return sp_error_set(err, SP_EPROTO, NULL, "%.*s is not what it was any more", SP_STR_ARG(file->path));
    }
    *ret_bytes = sp_str_from(bytes, size);
    return SP_OK;
}
