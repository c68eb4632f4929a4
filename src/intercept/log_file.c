/* SPDX-License-Identifier: Apache-2.0 */
#include "intercept/log_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

#define MEMORY ((size_t)1 << 20)
#define STAMP_BYTES 15u /* YYYYMMDD-HHMMSS */
#define STAMP_DATE_BYTES 8u
#define BEGINNING 4096u /* bytes of a file in which the time of its first entry is */

struct sp_log_file {
    struct sp_arena arena;
    struct sp_log_file_options options;
    const char *path;
    int fd;           /* of the thread; -1: none */
    int64_t begun_us; /* of the file that is open; realtime, 0: not looked yet */

    pthread_mutex_t mutex; /* of all below */
    pthread_cond_t wake;
    pthread_t thread;
    bool started, stopping;
    struct sp_buf filling; /* entries that wait */
    struct sp_buf writing; /* of the thread, while it writes */
    size_t entry_at;       /* where the entry that is being made begins */
    uint64_t waiting;      /* entries in `filling` */
    struct sp_log_file_counts counts;
};

/* ---------------------------------------------------------------- the file */

static enum sp_status make_directories(struct sp_str directory, struct sp_error *err)
{
    char path[PATH_MAX];
    for (size_t i = 1; i <= directory.len && i < sizeof path; i++) {
        if (i < directory.len && directory.ptr[i] != '/')
            continue;
        snprintf(path, sizeof path, "%.*s", (int)i, directory.ptr);
        if (mkdir(path, 0750) != 0 && errno != EEXIST)
            return sp_error_errno(err, SP_EIO, errno, "cannot make directory %s", path);
    }
    return SP_OK;
}

static enum sp_status write_all(struct sp_log_file *file, struct sp_str bytes, struct sp_error *err)
{
    while (bytes.len) {
        ssize_t written = write(file->fd, bytes.ptr, bytes.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return sp_error_errno(err, SP_EIO, errno, "%s cannot be written", file->path);
        bytes = sp_str_slice(bytes, (size_t)written, bytes.len);
    }
    return SP_OK;
}

static enum sp_status open_file(struct sp_log_file *file, struct sp_error *err)
{
    file->begun_us = 0;
    file->fd = open(file->path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (file->fd < 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be opened", file->path);
    return SP_OK;
}

/* The file of that name, locked: another worker may have renamed the one that is open. */
static enum sp_status lock_file(struct sp_log_file *file, struct stat *ret_stat, struct sp_error *err)
{
    for (;;) {
        struct stat present;
        if (file->fd < 0 && open_file(file, err) != SP_OK)
            return err->status;
        if (flock(file->fd, LOCK_EX) != 0 || fstat(file->fd, ret_stat) != 0)
            return sp_error_errno(err, SP_EIO, errno, "%s cannot be locked", file->path);
        if (stat(file->path, &present) == 0 && present.st_ino == ret_stat->st_ino &&
            present.st_dev == ret_stat->st_dev)
            return SP_OK;
        close(file->fd); /* unlocks it too */
        file->fd = -1;
    }
}

/* ---------------------------------------------------------------- rotation */

static void stamp_now(char stamp[STAMP_BYTES + 1])
{
    struct tm utc;
    time_t now = (time_t)(sp_clock_realtime_us() / 1000000);
    gmtime_r(&now, &utc);
    strftime(stamp, STAMP_BYTES + 1, "%Y%m%d-%H%M%S", &utc);
}

/* What is behind the name in "<name>-<stamp>.log", and in "<name>-<stamp>.<n>.log" when several fall into one
 * second. */
struct renamed {
    char entry[NAME_MAX + 1];
    char stamp[STAMP_BYTES + 1];
    unsigned number; /* the first one of a second has none, and is 1 */
};

static bool is_stamp(const char *text)
{
    for (size_t i = 0; i < STAMP_BYTES; i++)
        if (i == STAMP_DATE_BYTES ? text[i] != '-' : text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

static bool read_renamed(const struct sp_log_file *file, const char *entry, struct renamed *ret_renamed)
{
    struct sp_str name = sp_str_of(entry), own = file->options.name;
    if (name.len < own.len + 1 + STAMP_BYTES || name.len >= sizeof ret_renamed->entry ||
        !sp_str_starts(name, own) || entry[own.len] != '-' || !is_stamp(entry + own.len + 1))
        return false;
    snprintf(ret_renamed->entry, sizeof ret_renamed->entry, "%s", entry);
    snprintf(ret_renamed->stamp, sizeof ret_renamed->stamp, "%s", entry + own.len + 1);
    const char *rest = entry + own.len + 1 + STAMP_BYTES;
    ret_renamed->number = 1;
    if (strcmp(rest, ".log") == 0)
        return true;
    if (rest[0] != '.' || rest[1] < '1' || rest[1] > '9')
        return false;
    char *end;
    unsigned long number = strtoul(rest + 1, &end, 10);
    ret_renamed->number = (unsigned)number;
    return number > 1 && number < UINT_MAX && strcmp(end, ".log") == 0;
}

static bool is_older(const struct renamed *a, const struct renamed *b)
{
    int order = strcmp(a->stamp, b->stamp);
    return order < 0 || (order == 0 && a->number < b->number);
}

/* What was renamed: how many there are, the oldest one, and the highest number of a stamp (0: it has none).
 */
struct found {
    unsigned count, highest;
    struct renamed oldest;
};

static bool look(const struct sp_log_file *file, const char *stamp, struct found *ret_found)
{
    DIR *directory = opendir(file->options.directory.ptr);
    struct renamed each;
    *ret_found = (struct found){0};
    if (!directory)
        return false;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        if (!read_renamed(file, entry->d_name, &each))
            continue;
        if (ret_found->count++ == 0 || is_older(&each, &ret_found->oldest))
            ret_found->oldest = each;
        if (strcmp(each.stamp, stamp) == 0 && each.number > ret_found->highest)
            ret_found->highest = each.number;
    }
    closedir(directory);
    return true;
}

static void drop_oldest(const struct sp_log_file *file)
{
    struct found found;
    while (file->options.max_files && look(file, "", &found) && found.count > file->options.max_files) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%s/%s", file->options.directory.ptr, found.oldest.entry);
        if (unlink(path) != 0)
            break;
    }
}

/* With the file locked. */
static enum sp_status rename_file(struct sp_log_file *file, struct sp_error *err)
{
    struct found found;
    char path[PATH_MAX], stamp[STAMP_BYTES + 1], number[16] = "";
    stamp_now(stamp);
    if (!look(file, stamp, &found))
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be read", file->options.directory.ptr);
    if (found.highest)
        snprintf(number, sizeof number, ".%u", found.highest + 1);
    snprintf(path, sizeof path, "%s/%.*s-%s%s.log", file->options.directory.ptr,
             SP_STR_ARG(file->options.name), stamp, number);
    if (rename(file->path, path) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be renamed", file->path);
    close(file->fd);
    file->fd = -1;
    drop_oldest(file);
    return SP_OK;
}

/* ---------------------------------------------------------------- entries to the file */

/* How much of the entries fits into `room`: whole entries, the first one at least. */
static size_t whole_entries(const struct sp_log_file *file, struct sp_str bytes, int64_t room)
{
    struct sp_str end = file->options.entry_end;
    size_t fitting = 0;
    if ((int64_t)bytes.len <= room || !end.len)
        return bytes.len;
    while (fitting < bytes.len) {
        const char *at = memmem(bytes.ptr + fitting, bytes.len - fitting, end.ptr, end.len);
        size_t next = at ? (size_t)(at - bytes.ptr) + end.len : bytes.len;
        if (fitting && (int64_t)next > room)
            break;
        fitting = next;
    }
    return fitting;
}

/* All of it or nothing: an entry that the disk does not take whole must not stand there half. */
static enum sp_status append(struct sp_log_file *file, struct sp_str bytes, off_t size, struct sp_error *err)
{
    enum sp_status status = write_all(file, bytes, err);
    if (status != SP_OK && ftruncate(file->fd, size) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be cut back", file->path);
    return status;
}

/* The file tells, not the file system's times: each entry changes those. */
static int64_t begun_us(const struct sp_log_file *file, const struct stat *st, int64_t now_us)
{
    char bytes[BEGINNING];
    ssize_t got = pread(file->fd, bytes, sizeof bytes, 0);
    int64_t us = got > 0 ? file->options.first_entry_us(sp_str_from(bytes, (size_t)got)) : 0;
    if (us <= 0)
        us = (int64_t)st->st_mtim.tv_sec * 1000000;
    return us < now_us ? us : now_us;
}

/* With the file locked. A file that has no entry yet is begun now. */
static bool is_too_old(struct sp_log_file *file, const struct stat *st)
{
    int64_t now_us = sp_clock_realtime_us();
    if (!file->options.max_age_us)
        return false;
    if (st->st_size <= (off_t)file->options.head.len)
        file->begun_us = now_us;
    else if (!file->begun_us)
        file->begun_us = begun_us(file, st, now_us);
    return now_us - file->begun_us >= file->options.max_age_us;
}

/* What fits into one file; `*ret_written` of the bytes. */
static enum sp_status write_some(struct sp_log_file *file, struct sp_str bytes, size_t *ret_written,
                                 struct sp_error *err)
{
    struct stat now;
    struct sp_str head = file->options.head;
    int64_t most = file->options.max_bytes ? file->options.max_bytes : INT64_MAX;
    enum sp_status status = lock_file(file, &now, err);
    size_t some = status == SP_OK ? whole_entries(file, bytes, most - now.st_size) : 0;
    bool old = status == SP_OK && is_too_old(file, &now);
    if (status == SP_OK && now.st_size > (off_t)head.len && (old || (int64_t)some > most - now.st_size)) {
        status = rename_file(file, err);
        if (status == SP_OK)
            status = lock_file(file, &now, err);
    }
    if (status == SP_OK && now.st_size == 0) {
        status = append(file, head, 0, err);
        file->begun_us = sp_clock_realtime_us();
        now.st_size = (off_t)head.len;
    }
    if (status == SP_OK) {
        some = whole_entries(file, bytes, most - now.st_size);
        status = append(file, sp_str_slice(bytes, 0, some), now.st_size, err);
    }
    if (file->fd >= 0)
        flock(file->fd, LOCK_UN);
    if (status == SP_OK)
        *ret_written = some;
    return status;
}

static uint64_t count_entries(const struct sp_log_file *file, struct sp_str bytes)
{
    uint64_t count = 0;
    for (; bytes.len; count++)
        bytes = sp_str_slice(bytes, whole_entries(file, bytes, 0), bytes.len);
    return count;
}

/* `*ret_lost`: entries that were not written. */
static enum sp_status write_entries(struct sp_log_file *file, struct sp_str bytes, uint64_t *ret_lost,
                                    struct sp_error *err)
{
    enum sp_status status = SP_OK;
    size_t written = 0;
    for (; status == SP_OK && bytes.len; bytes = sp_str_slice(bytes, written, bytes.len)) {
        written = 0;
        status = write_some(file, bytes, &written, err);
    }
    *ret_lost = count_entries(file, bytes);
    return status;
}

/* ---------------------------------------------------------------- the thread */

static struct timespec in_future(int64_t delay_us)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += (time_t)(delay_us / 1000000);
    at.tv_nsec += (long)(delay_us % 1000000) * 1000;
    if (at.tv_nsec >= 1000000000) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000;
    }
    return at;
}

/* With the mutex held; gives it away while it writes. */
static void write_waiting(struct sp_log_file *file)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf full = file->filling;
    uint64_t lost = 0;
    file->filling = file->writing;
    file->filling.len = 0;
    file->waiting = 0;
    file->writing = full;
    pthread_mutex_unlock(&file->mutex);
    enum sp_status status = write_entries(file, sp_buf_str(&full), &lost, &err);
    pthread_mutex_lock(&file->mutex);
    if (status == SP_OK)
        return;
    file->counts.failures++;
    file->counts.lost += lost;
    snprintf(file->counts.reason, sizeof file->counts.reason, "%s", err.text);
}

static void *run(void *arg)
{
    struct sp_log_file *file = arg;
    pthread_mutex_lock(&file->mutex);
    while (!file->stopping || file->waiting) {
        while (!file->stopping && !file->waiting)
            pthread_cond_wait(&file->wake, &file->mutex);
        struct timespec until = in_future(file->options.delay_us);
        /* Full enough to be written at once, or the time is over. */
        while (!file->stopping && file->options.delay_us && file->filling.len < file->filling.ceiling / 2 &&
               pthread_cond_timedwait(&file->wake, &file->mutex, &until) != ETIMEDOUT)
            ;
        if (file->waiting)
            write_waiting(file);
    }
    pthread_mutex_unlock(&file->mutex);
    return NULL;
}

/* ---------------------------------------------------------------- entries */

struct sp_buf *sp_log_file_begin(struct sp_log_file *file)
{
    pthread_mutex_lock(&file->mutex);
    file->entry_at = file->filling.len;
    file->filling.failed = false;
    return &file->filling;
}

void sp_log_file_end(struct sp_log_file *file)
{
    bool first = file->waiting == 0;
    if (file->filling.failed) {
        file->filling.len = file->entry_at;
        file->filling.failed = false;
        file->counts.lost++;
    } else {
        file->counts.entries++;
        file->waiting++;
    }
    bool wake = (first && file->waiting) || file->filling.len >= file->filling.ceiling / 2;
    pthread_mutex_unlock(&file->mutex);
    if (wake)
        pthread_cond_signal(&file->wake);
}

void sp_log_file_counts(struct sp_log_file *file, struct sp_log_file_counts *ret_counts)
{
    pthread_mutex_lock(&file->mutex);
    *ret_counts = file->counts;
    pthread_mutex_unlock(&file->mutex);
}

/* ---------------------------------------------------------------- life */

static enum sp_status take_options(struct sp_log_file *file, const struct sp_log_file_options *options,
                                   struct sp_error *err)
{
    size_t memory = options->memory ? options->memory : MEMORY;
    file->options = *options;
    file->options.directory = sp_arena_str(&file->arena, options->directory);
    file->options.name = sp_arena_str(&file->arena, options->name);
    file->options.head = sp_arena_str(&file->arena, options->head);
    file->options.entry_end = sp_arena_str(&file->arena, options->entry_end);
    struct sp_str path = sp_arena_printf(&file->arena, "%.*s/%.*s.log", SP_STR_ARG(options->directory),
                                         SP_STR_ARG(options->name));
    file->path = path.ptr;
    void *first = malloc(memory), *second = malloc(memory);
    file->filling = sp_buf_over(first, memory);
    file->writing = sp_buf_over(second, memory);
    if (first && second && path.ptr && file->options.head.ptr && file->options.entry_end.ptr)
        return SP_OK;
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a log file");
}

static enum sp_status start(struct sp_log_file *file, struct sp_error *err)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&file->mutex, NULL);
    pthread_cond_init(&file->wake, &monotonic);
    pthread_condattr_destroy(&monotonic);
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the thread of the loop */
    int failed = pthread_create(&file->thread, NULL, run, file);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    file->started = !failed;
    return failed ? sp_error_errno(err, SP_ELIMIT, failed, "no thread for a log file") : SP_OK;
}

enum sp_status sp_log_file_open(const struct sp_log_file_options *options, struct sp_log_file **ret_file,
                                struct sp_error *err)
{
    struct sp_log_file *file = calloc(1, sizeof *file);
    if (!file)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a log file");
    file->fd = -1;
    sp_arena_init(&file->arena, (size_t)1 << 20);
    enum sp_status status = take_options(file, options, err);
    if (status == SP_OK)
        status = make_directories(options->directory, err);
    if (status == SP_OK)
        status = open_file(file, err);
    if (status == SP_OK)
        status = start(file, err);
    if (status == SP_OK)
        *ret_file = file;
    else
        sp_log_file_free(file);
    return status;
}

void sp_log_file_stop(struct sp_log_file *file)
{
    if (!file->started || file->stopping)
        return;
    pthread_mutex_lock(&file->mutex);
    file->stopping = true;
    pthread_mutex_unlock(&file->mutex);
    pthread_cond_signal(&file->wake);
    pthread_join(file->thread, NULL);
}

void sp_log_file_free(struct sp_log_file *file)
{
    if (!file)
        return;
    sp_log_file_stop(file);
    if (file->started) {
        pthread_cond_destroy(&file->wake);
        pthread_mutex_destroy(&file->mutex);
    }
    if (file->fd >= 0)
        close(file->fd);
    free(file->filling.ptr);
    free(file->writing.ptr);
    sp_arena_finish(&file->arena);
    free(file);
}
