/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/log_rotate.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/loop.h"

#define LOOK_US 1000000
#define FILES_MAX 4096u
#define SECOND_TRIES 100u /* new names within a second */

/* ---------------------------------------------------------------- the files */

/* "messages_20260131T235959.00.log" */
static bool is_old(const char *name)
{
    static const char form[] = "messages_ddddddddTdddddd.dd.log";
    for (size_t i = 0; i < sizeof form; i++) {
        bool digit = name[i] >= '0' && name[i] <= '9';
        if (form[i] == 'd' ? !digit : name[i] != form[i])
            return false;
    }
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void remove_oldest(const char *directory, char **names, size_t count, size_t keep)
{
    char path[PATH_MAX];
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", directory, names[i]);
        if (i + keep < count)
            unlink(path);
        free(names[i]);
    }
}

static void remove_old(const char *directory, int64_t max_files)
{
    DIR *files = max_files > 0 ? opendir(directory) : NULL;
    char **names = files ? calloc(FILES_MAX, sizeof *names) : NULL;
    size_t count = 0;
    for (struct dirent *entry; names && count < FILES_MAX && (entry = readdir(files));)
        if (is_old(entry->d_name) && (names[count] = strdup(entry->d_name)))
            count++;
    if (files)
        closedir(files);
    if (names)
        remove_oldest(directory, names, count, (size_t)max_files - 1);
    free(names);
}

static bool rename_away(const char *directory, const char *path)
{
    char to[PATH_MAX], when[24];
    time_t now = (time_t)(sp_clock_realtime_us() / 1000000);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(when, sizeof when, "%Y%m%dT%H%M%S", &tm);
    for (unsigned n = 0; n < SECOND_TRIES; n++) {
        snprintf(to, sizeof to, "%s/messages_%s.%02u.log", directory, when, n);
        if (renameat2(AT_FDCWD, path, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
            return true;
    }
    return false;
}

bool sp_log_rotate_once(const char *directory, int64_t max_bytes, int64_t max_files)
{
    char path[PATH_MAX];
    struct stat st;
    snprintf(path, sizeof path, "%s/messages.log", directory);
    if (max_bytes <= 0 || stat(path, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size <= max_bytes ||
        !rename_away(directory, path))
        return false;
    remove_old(directory, max_files);
    return true;
}

/* ---------------------------------------------------------------- telling the master */

static int asked[2] = {-1, -1}; /* across reloads; workers inherit it */

void sp_log_rotate_listen(void)
{
    char room[64];
    if (asked[0] < 0 && pipe2(asked, O_CLOEXEC | O_NONBLOCK) != 0) {
        asked[0] = asked[1] = -1;
        return;
    }
    while (read(asked[0], room, sizeof room) > 0)
        ;
    if (fcntl(asked[0], F_SETOWN, getpid()) == 0 && fcntl(asked[0], F_SETSIG, SIGUSR1) == 0 &&
        fcntl(asked[0], F_SETFL, O_ASYNC | O_NONBLOCK) == 0)
        return;
    close(asked[0]);
    close(asked[1]);
    asked[0] = asked[1] = -1;
}

/* ---------------------------------------------------------------- in the worker */

static struct {
    char directory[PATH_MAX];
    int64_t max_bytes, max_files;
    struct sp_loop *loop;
    struct sp_timer timer;
} watch;

static void look(void *arg)
{
    /* Without the master the renamed file would go on growing. */
    if (asked[1] >= 0 && sp_log_rotate_once(watch.directory, watch.max_bytes, watch.max_files)) {
        ssize_t written = write(asked[1], "o", 1);
        (void)written; /* a full pipe: it has been asked often enough */
    }
    enum sp_status set = sp_timer_set(watch.loop, &watch.timer, sp_clock_monotonic_us() + LOOK_US);
    (void)set; /* without memory for a timer the file grows until the next start */
}

void sp_log_rotate_start(struct sp_loop *loop, const char *directory, int64_t max_bytes, int64_t max_files)
{
    if (max_bytes <= 0)
        return;
    snprintf(watch.directory, sizeof watch.directory, "%s", directory);
    watch.max_bytes = max_bytes;
    watch.max_files = max_files;
    watch.loop = loop;
    watch.timer = (struct sp_timer){.fn = look};
    look(NULL);
}

void sp_log_rotate_stop(void)
{
    sp_timer_clear(&watch.timer);
}
