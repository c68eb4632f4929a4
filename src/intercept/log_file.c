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
#define SAME_SECOND_MAX 1000

struct sp_log_file {
    struct sp_arena arena;
    struct sp_log_file_options options;
    const char *path;
    int fd; /* of the thread; -1: none */

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
    file->fd = open(file->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
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

/* "<name>-<stamp>.log", or "<name>-<stamp>.<n>.log" when several fall into one second. */
static bool is_renamed(const struct sp_log_file *file, const char *entry)
{
    struct sp_str name = sp_str_of(entry);
    struct sp_str own = file->options.name;
    return name.len >= own.len + 1 + STAMP_BYTES + 4 && sp_str_starts(name, own) &&
           name.ptr[own.len] == '-' && sp_str_ends(name, SP_STR(".log")) &&
           strspn(name.ptr + own.len + 1, "0123456789-.") >= STAMP_BYTES;
}

/* Oldest first: by stamp, then by the number behind it. */
static int older(const struct dirent **a, const struct dirent **b)
{
    return strverscmp((*a)->d_name, (*b)->d_name);
}

static void drop_oldest(const struct sp_log_file *file)
{
    struct dirent **entries;
    int count = file->options.max_files ? scandir(file->options.directory.ptr, &entries, NULL, older) : -1;
    unsigned kept = 0;
    for (int i = count; i-- > 0; free(entries[i])) {
        char path[PATH_MAX];
        if (!is_renamed(file, entries[i]->d_name) || ++kept <= file->options.max_files)
            continue;
        snprintf(path, sizeof path, "%s/%s", file->options.directory.ptr, entries[i]->d_name);
        unlink(path);
    }
    if (count >= 0)
        free(entries);
}

/* With the file locked. */
static enum sp_status rename_file(struct sp_log_file *file, struct sp_error *err)
{
    char path[PATH_MAX], stamp[STAMP_BYTES + 1];
    stamp_now(stamp);
    for (int n = 1; n < SAME_SECOND_MAX; n++) {
        char number[16] = "";
        if (n > 1)
            snprintf(number, sizeof number, ".%d", n);
        snprintf(path, sizeof path, "%s/%.*s-%s%s.log", file->options.directory.ptr,
                 SP_STR_ARG(file->options.name), stamp, number);
        if (access(path, F_OK) != 0)
            break;
    }
    if (rename(file->path, path) != 0)
        return sp_error_errno(err, SP_EIO, errno, "%s cannot be renamed", file->path);
    close(file->fd);
    file->fd = -1;
    drop_oldest(file);
    return SP_OK;
}

static enum sp_status write_entries(struct sp_log_file *file, struct sp_str bytes, struct sp_error *err)
{
    struct stat now;
    enum sp_status status = lock_file(file, &now, err);
    int64_t most = file->options.max_bytes;
    if (status == SP_OK && most && now.st_size > (off_t)file->options.head.len &&
        now.st_size + (int64_t)bytes.len > most) {
        status = rename_file(file, err);
        if (status == SP_OK)
            status = lock_file(file, &now, err);
    }
    if (status == SP_OK && now.st_size == 0)
        status = write_all(file, file->options.head, err);
    if (status == SP_OK)
        status = write_all(file, bytes, err);
    if (file->fd >= 0)
        flock(file->fd, LOCK_UN);
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
    uint64_t entries = file->waiting;
    file->filling = file->writing;
    file->filling.len = 0;
    file->waiting = 0;
    file->writing = full;
    pthread_mutex_unlock(&file->mutex);
    enum sp_status status = write_entries(file, sp_buf_str(&full), &err);
    pthread_mutex_lock(&file->mutex);
    if (status == SP_OK)
        return;
    file->counts.failures++;
    file->counts.lost += entries;
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
    struct sp_str path = sp_arena_printf(&file->arena, "%.*s/%.*s.log", SP_STR_ARG(options->directory),
                                         SP_STR_ARG(options->name));
    file->path = path.ptr;
    void *first = malloc(memory), *second = malloc(memory);
    file->filling = sp_buf_over(first, memory);
    file->writing = sp_buf_over(second, memory);
    if (first && second && path.ptr && file->options.head.ptr)
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

void sp_log_file_free(struct sp_log_file *file)
{
    if (!file)
        return;
    if (file->started) {
        pthread_mutex_lock(&file->mutex);
        file->stopping = true;
        pthread_mutex_unlock(&file->mutex);
        pthread_cond_signal(&file->wake);
        pthread_join(file->thread, NULL);
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
