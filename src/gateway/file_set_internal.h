/* SPDX-License-Identifier: Apache-2.0
 * file_set_internal.h: what the files of the set share.
 */
#ifndef SP_GATEWAY_FILE_SET_INTERNAL_H
#define SP_GATEWAY_FILE_SET_INTERNAL_H

#include "gateway/file_set.h"

/* A file like `from` at a path; its content, when it is in memory, is copied. NULL when the set is full. */
struct sp_file *sp_file_set_add(struct sp_file_set *set, const struct sp_file *from, struct sp_str path);

#endif
