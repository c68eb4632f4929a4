/* SPDX-License-Identifier: Apache-2.0
 * file.h: whole files.
 */
#ifndef SP_REGION_FILE_H
#define SP_REGION_FILE_H

#include "base/arena.h"

/* The contents, in the arena, with a NUL behind. SP_ENOTFOUND, SP_EIO, SP_ELIMIT beyond `most` bytes. */
enum sp_status sp_file_read(const char *path, size_t most, struct sp_arena *arena, struct sp_str *ret_bytes,
                            struct sp_error *err) SP_MUST_CHECK;
/* Made anew; what was there is lost. SP_EIO. */
enum sp_status sp_file_write(const char *path, struct sp_str bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
