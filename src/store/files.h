/* SPDX-License-Identifier: Apache-2.0
 * files.h: files that are whole, whatever happens while they are written.
 *
 * A new file is written under a name of its own in the directory where it will stand, and forced to the disk;
 * then one rename puts it in its place, and the directory is forced to the disk. Whoever looks, also after
 * the power went, sees the old file or the new one. Blocks: for threads and for the command line.
 */
#ifndef SP_STORE_FILES_H
#define SP_STORE_FILES_H

#include "base/arena.h"
#include "store/kind.h"

#define SP_STORE_PATH_MAX 1024u

/* A file that waits to be put in its place. While it is open, others know that it is not left over. */
struct sp_store_staged {
    int fd; /* -1: none */
    char path[SP_STORE_PATH_MAX];
};
#define SP_STORE_STAGED_INIT \
    {                        \
        .fd = -1             \
    }

/* Write `bytes` under a hidden name into `directory`, which is made when it is not there (its parents too).
 * SP_EIO (also when the disk is full), SP_ELIMIT for a path that is too long. */
enum sp_status sp_store_stage(const char *directory, struct sp_str bytes, struct sp_store_staged *ret_staged,
                              struct sp_error *err) SP_MUST_CHECK;
/* Remove it, unless it was put in its place. Accepts one without a file. */
void sp_store_unstage(struct sp_store_staged *staged);

/* Put a staged file in the place of `path`, whatever stands there, a symbolic link among it. SP_EIO. */
enum sp_status sp_store_publish(const char *staged_path, const char *path,
                                struct sp_error *err) SP_MUST_CHECK;
/* Remove a file for good. SP_ENOTFOUND, SP_EIO. */
enum sp_status sp_store_remove(const char *path, struct sp_error *err) SP_MUST_CHECK;
/* Stage and publish in one. */
enum sp_status sp_store_replace(const char *path, struct sp_str bytes, struct sp_error *err) SP_MUST_CHECK;
/* Remove what interrupted work left over in a directory. */
void sp_store_sweep(const char *directory);

/* The file in which an archive of that name is kept, "<directory>/<name>.aar": bytes of the name that a file
 * had better not have are written as %XX. In the arena; ptr NULL without memory. */
struct sp_str sp_store_path(struct sp_str directory, enum sp_store_kind kind, struct sp_str name,
                            struct sp_arena *arena);

#endif
