/* SPDX-License-Identifier: Apache-2.0
 * begun.h: when a file of records was begun.
 *
 * The file itself tells: by the time of the first record or line in it. Unlike the times that the file system
 * keeps, that outlives restarts, copies and restored backups.
 */
#ifndef SP_INTERCEPT_SMF_BEGUN_H
#define SP_INTERCEPT_SMF_BEGUN_H

#include "intercept/smf/output.h"

/* Realtime microseconds of the first record (the end of its first request or call, or its event) or of the
 * first line. A file that does not tell: when it was last changed. Never later than now. */
int64_t sp_smf_begun_us(int fd, enum sp_smf_form form);

#endif
