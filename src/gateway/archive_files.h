/* SPDX-License-Identifier: Apache-2.0
 * archive_files.h: the archives in a directory.
 */
#ifndef SP_GATEWAY_ARCHIVE_FILES_H
#define SP_GATEWAY_ARCHIVE_FILES_H

#include "base/arena.h"

#define SP_ARCHIVES_MAX 16384u
#define SP_ARCHIVE_BYTES_MAX (64u * 1024u * 1024u)

/* Paths of the files in `directory` that end in `suffix` (".sar", any case), in order of their names, so that
 * the result does not depend on the file system. SP_ENOTFOUND when there is no such directory, SP_EIO,
 * SP_ELIMIT. */
enum sp_status sp_archive_files_list(const char *directory, const char *suffix, struct sp_arena *arena,
                                     const struct sp_str **ret_paths, size_t *ret_count,
                                     struct sp_error *err) SP_MUST_CHECK;
/* A whole file into the arena. SP_ENOTFOUND, SP_EIO, SP_ELIMIT. */
enum sp_status sp_archive_file_read(struct sp_str path, struct sp_arena *arena, struct sp_str *ret_bytes,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
