/* SPDX-License-Identifier: Apache-2.0
 * source_files.h: files beside the sources of `sallyport build`, and what it makes.
 */
#ifndef SP_CLI_SOURCE_FILES_H
#define SP_CLI_SOURCE_FILES_H

#include "base/arena.h"

/* A file that another names, relative to the other's folder (`arg`, a C string ending in '/' or empty): what
 * builders call (artifact/service_build.h). SP_EIO, SP_ELIMIT. */
enum sp_status sp_source_load(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *ret_text,
                              struct sp_error *err) SP_MUST_CHECK;
/* Put a file there whole or not at all. SP_EIO. */
enum sp_status sp_source_write(const char *path, struct sp_str bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
