/* SPDX-License-Identifier: Apache-2.0
 * rehearsal.h: reading what is deployed before there are workers.
 *
 * The process that makes the workers reads all archives and compiles their mappings into a library, which the
 * workers inherit: they start at once, and have the memory together. What cannot be used there is found, and
 * told, by the workers.
 */
#ifndef SP_GATEWAY_REHEARSAL_H
#define SP_GATEWAY_REHEARSAL_H

#include "gateway/file_set.h"
#include "gateway/library.h"

/* Afterwards the library has what these files need, pinned, and nothing else; `*library` NULL: it is made.
 * What it has of the same archives is not read again. Nothing may be borrowed from it in this process.
 * Without memory workers read more by themselves. */
void sp_rehearse(const struct sp_config *config, struct sp_file_set *files, struct sp_library **library);

#endif
