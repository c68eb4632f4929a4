/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/update_watch.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#define MEMORY_MAX (64u * 1024u * 1024u)
#define EVENTS                                                                                           \
    (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | \
     IN_MOVE_SELF)

struct sp_update_watch_file {
    enum sp_file_kind kind;
    struct sp_str path;
    struct sp_file_stamp stamp;
    struct sp_update_watch_file *next;
};

static void take_events(void *arg, uint32_t events)
{
    struct sp_update_watch *watch = arg;
    char room[4096];
    while (read(watch->notified.fd, room, sizeof room) > 0)
        ;
    watch->fn(watch->arg);
}

void sp_update_watch_init(struct sp_update_watch *watch, struct sp_loop *loop, void (*fn)(void *arg),
                          void *arg)
{
    *watch = (struct sp_update_watch){.loop = loop, .fn = fn, .arg = arg, .notified = {.fd = -1}};
    sp_arena_init(&watch->arena, MEMORY_MAX);
}

static void close_inotify(struct sp_update_watch *watch)
{
    if (watch->notified.fd < 0)
        return;
    sp_watch_remove(&watch->notified);
    close(watch->notified.fd);
    watch->notified.fd = -1;
}

void sp_update_watch_finish(struct sp_update_watch *watch)
{
    if (!watch->loop)
        return;
    close_inotify(watch);
    sp_arena_finish(&watch->arena);
}

/* Without inotify (its limits are the machine's) changes are found by their stamps alone. */
static void open_inotify(struct sp_update_watch *watch)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd < 0)
        return;
    watch->notified = (struct sp_watch){.fd = fd, .events = EPOLLIN, .fn = take_events, .arg = watch};
    if (sp_watch_add(watch->loop, &watch->notified) != SP_OK) {
        close(fd);
        watch->notified.fd = -1;
    }
}

/* Files are replaced more often than they are written: their directory is what tells. */
static void notify_of(struct sp_update_watch *watch, struct sp_str path, bool is_directory)
{
    size_t end = path.len;
    while (!is_directory && end > 1 && path.ptr[end - 1] != '/')
        end--;
    struct sp_str directory = sp_str_slice(path, 0, end);
    if (sp_str_eq(directory, watch->noted))
        return; /* as the file before */
    watch->noted = directory;
    char *name = sp_arena_cstr(&watch->arena, directory);
    if (name && watch->notified.fd >= 0)
        (void)!inotify_add_watch(watch->notified.fd, name, EVENTS);
}

static bool knows(const struct sp_hash *known, const struct sp_file *file)
{
    return sp_hash_get(known, file->key) != NULL;
}

static void add_files(struct sp_update_watch *watch, const struct sp_file_set *set,
                      const struct sp_file_set *but, unsigned domains)
{
    for (const struct sp_file *file = set ? set->first : NULL; file; file = file->next) {
        if (!(sp_file_domain(file->kind) & domains) || (but && knows(&but->index, file)))
            continue;
        struct sp_update_watch_file *mine = sp_arena_calloc(&watch->arena, 1, sizeof *mine);
        struct sp_str path = sp_arena_str(&watch->arena, file->path);
        if (!mine || !path.ptr)
            return;
        *mine = (struct sp_update_watch_file){file->kind, path, file->stamp, watch->files};
        watch->files = mine;
        bool is_list = file->kind == SP_FILE_CONFIG_LIST || file->kind == SP_FILE_SERVICE_LIST ||
                       file->kind == SP_FILE_API_LIST || file->kind == SP_FILE_REQUESTER_LIST;
        notify_of(watch, path, is_list);
    }
}

void sp_update_watch_set(struct sp_update_watch *watch, const struct sp_file_set *files,
                         const struct sp_file_set *more, unsigned domains)
{
    close_inotify(watch);
    sp_arena_finish(&watch->arena);
    sp_arena_init(&watch->arena, MEMORY_MAX);
    watch->files = NULL;
    watch->noted = (struct sp_str){NULL, 0};
    if (!domains)
        return;
    open_inotify(watch);
    add_files(watch, files, NULL, domains);
    add_files(watch, more, files, domains);
}

unsigned sp_update_watch_changed(const struct sp_update_watch *watch)
{
    unsigned domains = 0;
    for (const struct sp_update_watch_file *file = watch->files; file; file = file->next) {
        struct sp_file_stamp now = sp_file_stamp_now(file->path);
        if (!sp_file_stamp_equal(&now, &file->stamp))
            domains |= sp_file_domain(file->kind);
    }
    return domains;
}
