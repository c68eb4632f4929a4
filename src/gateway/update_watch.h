/* SPDX-License-Identifier: Apache-2.0
 * update_watch.h: whether files have changed.
 *
 * inotify tells at once; stamps, compared now and then, find what inotify does not see (files on network file
 * systems, directories that did not exist).
 */
#ifndef SP_GATEWAY_UPDATE_WATCH_H
#define SP_GATEWAY_UPDATE_WATCH_H

#include "gateway/file_set.h"
#include "io/loop.h"

struct sp_update_watch_file;

struct sp_update_watch {
    struct sp_loop *loop;
    void (*fn)(void *arg); /* something may have changed */
    void *arg;
    struct sp_arena arena;
    struct sp_update_watch_file *files;
    struct sp_str noted;      /* the directory that inotify was told of last */
    struct sp_watch notified; /* of inotify; fd -1: none */
};

void sp_update_watch_init(struct sp_update_watch *watch, struct sp_loop *loop, void (*fn)(void *arg),
                          void *arg);
void sp_update_watch_finish(struct sp_update_watch *watch);
/* From now on watch the files of both sets (`more` may be NULL) that belong to the domains, and compare with
 * their stamps in `files`, else in `more`. */
void sp_update_watch_set(struct sp_update_watch *watch, const struct sp_file_set *files,
                         const struct sp_file_set *more, unsigned domains);
/* Domains of the files that have changed. In any thread, not while the watch is being set. */
unsigned sp_update_watch_changed(const struct sp_update_watch *watch);

#endif
