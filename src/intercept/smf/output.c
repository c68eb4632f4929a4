/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/smf/output.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "intercept/smf/begun.h"
#include "intercept/smf/block.h"

#define WORD 4u
#define TORN_MAX (8u * 1024u * 1024u) /* more than one write has */
#define FLAG_AT 4u                    /* in a record */
#define FLAG 0x5Eu
#define OLD_FILES_MAX 4096u

enum sp_status sp_smf_output_init(struct sp_smf_output *output, struct sp_str path, enum sp_smf_form form,
                                  struct sp_error *err)
{
    *output = (struct sp_smf_output){.form = form, .fd = -1};
    if (!path.len)
        return SP_OK;
    output->path = strndup(path.ptr, path.len);
    return output->path ? SP_OK : sp_error_set(err, SP_ENOMEM, NULL, "no memory for a file name");
}

static void close_file(struct sp_smf_output *output)
{
    if (output->fd >= 0)
        close(output->fd);
    output->fd = -1;
}

void sp_smf_output_finish(struct sp_smf_output *output)
{
    if (!output->path)
        return;
    close_file(output);
    free(output->path);
    output->path = NULL;
}

/* ---------------------------------------------------------------- the end of a file that is found */

static bool read_at(int fd, uint64_t at, unsigned char *to, size_t len)
{
    while (len) {
        ssize_t n = pread(fd, to, len, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        to += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return true;
}

/* Length of the block or record at `at`, or 0: there is none that is whole. */
static size_t unit_at(int fd, enum sp_smf_form form, uint64_t at, uint64_t size)
{
    unsigned char head[WORD + FLAG_AT + 1];
    size_t record = form == SP_SMF_FORM_BLOCKS ? WORD : 0;
    size_t need = record + FLAG_AT + 1;
    if (size - at < need || !read_at(fd, at, head, need))
        return 0;
    size_t length = sp_get_u16(head);
    bool whole = length >= need && length <= SP_SMF_BLOCK_MAX && length <= size - at;
    return whole && sp_get_u16(head + 2) == 0 && head[record + FLAG_AT] == FLAG ? length : 0;
}

static uint64_t end_of_units(int fd, enum sp_smf_form form, uint64_t size)
{
    uint64_t at = 0;
    while (at < size) {
        size_t length = unit_at(fd, form, at, size);
        if (!length)
            break;
        at += length;
    }
    return at;
}

static uint64_t end_of_lines(int fd, uint64_t size)
{
    unsigned char byte;
    uint64_t least = size > TORN_MAX ? size - TORN_MAX : 0;
    for (uint64_t at = size; at > least; at--)
        if (!read_at(fd, at - 1, &byte, 1) || byte == '\n')
            return at;
    return least;
}

/* A file of ours that ends in half a block is cut; anything else is not ours to touch. */
static enum sp_status mend_tail(struct sp_smf_output *output, uint64_t size, struct sp_error *err)
{
    uint64_t good = output->form == SP_SMF_FORM_LINES ? end_of_lines(output->fd, size)
                                                      : end_of_units(output->fd, output->form, size);
    if (good == size)
        return SP_OK;
    if (size - good > TORN_MAX || (good == 0 && size > SP_SMF_BLOCK_MAX)) {
        sp_error_set(err, SP_EPROTO, NULL, "%s holds something else from offset %llu on: move it away",
                     output->path, (unsigned long long)good);
        return SP_EPROTO;
    }
    if (ftruncate(output->fd, (off_t)good) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s ends in half a block and cannot be cut", output->path);
    output->cut += size - good;
    return SP_OK;
}

/* ---------------------------------------------------------------- opening */

static enum sp_status take_file(struct sp_smf_output *output, const struct stat *st, struct sp_error *err)
{
    output->regular = S_ISREG(st->st_mode);
    if (!output->regular)
        return SP_OK;
    if (flock(output->fd, LOCK_EX | LOCK_NB) != 0)
        return sp_error_set(err, SP_EEXISTS, NULL, "another process writes %s", output->path);
    if (st->st_size > 0)
        output->begun_us = sp_smf_begun_us(output->fd, output->form);
    output->dirty = st->st_size > 0; /* who wrote it may have died before the disk had it */
    return mend_tail(output, (uint64_t)st->st_size, err);
}

static enum sp_status open_file(struct sp_smf_output *output, struct sp_error *err)
{
    struct stat st;
    output->fd = open(output->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
    if (output->fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot open %s", output->path);
    enum sp_status status = fstat(output->fd, &st) == 0
                                ? take_file(output, &st, err)
                                : sp_error_errno(err, SP_EIO, errno, "cannot look at %s", output->path);
    if (status != SP_OK)
        close_file(output);
    return status;
}

/* Someone has renamed or removed it. */
static bool is_gone(const struct sp_smf_output *output, const struct stat *open_file)
{
    struct stat st;
    return stat(output->path, &st) != 0 || st.st_ino != open_file->st_ino || st.st_dev != open_file->st_dev;
}

/* ---------------------------------------------------------------- beginning a new one */

/* "<name>.20260131T235959-001" */
static bool is_old_file(const char *name, const char *base)
{
    size_t len = strlen(base);
    if (strncmp(name, base, len) != 0 || name[len] != '.' || strlen(name + len) != 20)
        return false;
    for (const char *c = name + len + 1; *c; c++)
        if ((*c < '0' || *c > '9') && *c != 'T' && *c != '-')
            return false;
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void remove_oldest(const char *dir, char **names, size_t count, size_t keep)
{
    char path[PATH_MAX];
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        if (i + keep < count)
            unlink(path);
        free(names[i]);
    }
}

/* max_files counts the one in use. */
static void remove_old(const struct sp_smf_output *output)
{
    char dir[PATH_MAX];
    snprintf(dir, sizeof dir, "%s", output->path);
    char *slash = strrchr(dir, '/');
    if (!slash || output->max_files <= 0)
        return;
    *slash = 0;
    DIR *files = opendir(dir[0] ? dir : "/");
    char **names = files ? calloc(OLD_FILES_MAX, sizeof *names) : NULL;
    size_t count = 0;
    for (struct dirent *entry; names && count < OLD_FILES_MAX && (entry = readdir(files));)
        if (is_old_file(entry->d_name, slash + 1) && (names[count] = strdup(entry->d_name)))
            count++;
    if (files)
        closedir(files);
    if (names)
        remove_oldest(dir, names, count, (size_t)output->max_files - 1);
    free(names);
}

static enum sp_status rename_away(struct sp_smf_output *output, struct sp_error *err)
{
    char to[PATH_MAX], when[24];
    time_t now = (time_t)(sp_clock_realtime_us() / 1000000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%S", &tm);
    for (unsigned n = 0; n < 1000; n++) {
        if ((size_t)snprintf(to, sizeof to, "%s.%s-%03u", output->path, when, n) >= sizeof to)
            break;
        /* The name is not taken from a file that has it. */
        if (renameat2(AT_FDCWD, output->path, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
            return SP_OK;
        if (errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "cannot rename %s to %s", output->path, to);
    }
    return sp_error_set(err, SP_ELIMIT, NULL, "there is no free name to rename %s to", output->path);
}

static bool is_due(const struct sp_smf_output *output, uint64_t size, size_t bytes)
{
    if (!output->regular || size == 0)
        return false;
    return (output->max_bytes > 0 && size + bytes > (uint64_t)output->max_bytes) ||
           (output->max_age_us > 0 && sp_clock_realtime_us() - output->begun_us >= output->max_age_us);
}

static enum sp_status begin_new(struct sp_smf_output *output, struct sp_error *err)
{
    enum sp_status status = sp_smf_output_sync(output, err);
    if (status == SP_OK)
        status = rename_away(output, err);
    if (status != SP_OK)
        return status;
    close_file(output);
    output->rotations++;
    remove_old(output);
    return open_file(output, err);
}

/* ---------------------------------------------------------------- writing */

enum sp_status sp_smf_output_prepare(struct sp_smf_output *output, size_t bytes,
                                     struct sp_smf_place *ret_place, struct sp_error *err)
{
    struct stat st;
    struct sp_smf_place place = {0};
    enum sp_status status = SP_OK;
    if (!output->path) {
        *ret_place = place;
        return SP_OK;
    }
    if (output->fd >= 0 && (fstat(output->fd, &st) != 0 || is_gone(output, &st))) {
        status = sp_smf_output_sync(output, err);
        close_file(output);
    }
    if (status == SP_OK && output->fd < 0)
        status = open_file(output, err);
    if (status == SP_OK && fstat(output->fd, &st) != 0)
        status = sp_error_errno(err, SP_EIO, errno, "cannot look at %s", output->path);
    if (status == SP_OK && is_due(output, (uint64_t)st.st_size, bytes)) {
        status = begin_new(output, err);
        if (status == SP_OK && fstat(output->fd, &st) != 0)
            status = sp_error_errno(err, SP_EIO, errno, "cannot look at %s", output->path);
    }
    if (status == SP_OK && st.st_size == 0)
        output->begun_us = sp_clock_realtime_us(); /* with what is written now */
    if (status == SP_OK)
        *ret_place = (struct sp_smf_place){st.st_dev, st.st_ino, (uint64_t)st.st_size};
    return status;
}

void sp_smf_output_cut(struct sp_smf_output *output, const struct sp_smf_place *place)
{
    struct stat st;
    if (!output->path || output->fd < 0 || !output->regular)
        return;
    /* What cannot be cut now is cut when the file is opened again. */
    if (fstat(output->fd, &st) != 0 || st.st_ino != place->inode ||
        ftruncate(output->fd, (off_t)place->offset) != 0)
        close_file(output);
}

enum sp_status sp_smf_output_append(struct sp_smf_output *output, struct sp_str bytes, struct sp_error *err)
{
    struct stat st;
    if (!output->path || !bytes.len)
        return SP_OK;
    if (fstat(output->fd, &st) != 0)
        return sp_error_errno(err, SP_EIO, errno, "cannot look at %s", output->path);
    struct sp_smf_place place = {st.st_dev, st.st_ino, (uint64_t)st.st_size};
    output->dirty = true;
    while (bytes.len) {
        ssize_t n = write(output->fd, bytes.ptr, bytes.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            sp_error_errno(err, SP_EIO, n < 0 ? errno : ENOSPC, "cannot write %s", output->path);
            sp_smf_output_cut(output, &place);
            return SP_EIO;
        }
        bytes = sp_str_slice(bytes, (size_t)n, bytes.len);
    }
    return SP_OK;
}

enum sp_status sp_smf_output_sync(struct sp_smf_output *output, struct sp_error *err)
{
    if (!output->path || output->fd < 0 || !output->dirty || !output->regular)
        return SP_OK;
    if (fdatasync(output->fd) != 0)
        return sp_error_errno(err, SP_EIO, errno, "the disk did not take %s", output->path);
    output->dirty = false;
    return SP_OK;
}

/* ---------------------------------------------------------------- after a death */

static int open_if_it_is(const char *path, const struct sp_smf_place *place)
{
    struct stat st;
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && (fstat(fd, &st) != 0 || st.st_dev != place->device || st.st_ino != place->inode)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* It may have been renamed within its directory. */
static int open_by_identity(const char *path, const struct sp_smf_place *place)
{
    char dir[PATH_MAX], other[2 * PATH_MAX];
    int fd = open_if_it_is(path, place);
    snprintf(dir, sizeof dir, "%s", path);
    char *slash = strrchr(dir, '/');
    if (fd >= 0 || !slash)
        return fd;
    slash[1] = 0;
    DIR *files = opendir(dir);
    for (struct dirent *entry; files && fd < 0 && (entry = readdir(files));)
        if (entry->d_ino == place->inode) {
            snprintf(other, sizeof other, "%s%s", dir, entry->d_name);
            fd = open_if_it_is(other, place);
        }
    if (files)
        closedir(files);
    return fd;
}

enum sp_status sp_smf_output_recover(const char *path, const struct sp_smf_place *place, uint64_t length,
                                     bool *ret_done, struct sp_error *err)
{
    struct stat st;
    enum sp_status status = SP_OK;
    if (!path || !path[0] || !length) {
        *ret_done = true;
        return SP_OK;
    }
    int fd = open_by_identity(path, place);
    if (fd < 0 || fstat(fd, &st) != 0) {
        *ret_done = false; /* with the file, what may have been written is gone */
    } else if (!S_ISREG(st.st_mode)) {
        *ret_done = false;
    } else {
        *ret_done = (uint64_t)st.st_size >= place->offset + length;
        if (!*ret_done && (uint64_t)st.st_size > place->offset && ftruncate(fd, (off_t)place->offset) != 0)
            status = sp_error_errno(err, SP_EIO, errno, "%s ends in half a block and cannot be cut", path);
    }
    if (fd >= 0)
        close(fd);
    return status;
}
