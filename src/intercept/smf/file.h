/* SPDX-License-Identifier: Apache-2.0
 * file.h: appending whole blocks to a file that several processes share.
 */
#ifndef SP_INTERCEPT_SMF_FILE_H
#define SP_INTERCEPT_SMF_FILE_H

#include "base/str.h"

/* Append all parts or none of them: under an exclusive lock, and with the file cut back when something goes
 * wrong in between. Makes the file (mode 0640) when there is none. Blocks: for a thread, or at the end.
 * SP_EIO. */
enum sp_status sp_smf_file_append(const char *path, const struct sp_str *parts, size_t count,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
