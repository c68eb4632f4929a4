/* SPDX-License-Identifier: Apache-2.0
 * secret.h: handling bytes that nobody may learn.
 */
#ifndef SP_BASE_SECRET_H
#define SP_BASE_SECRET_H

#include "base/str.h"

/* Compare without telling by time where the first difference is. Only the lengths can be learnt. */
bool sp_secret_eq(struct sp_str a, struct sp_str b);
/* Overwrite; not removed by the optimiser. Accepts NULL with length 0. */
void sp_secret_wipe(void *bytes, size_t len);
/* Fill with bytes from the kernel's random generator. */
void sp_secret_random(void *ret_bytes, size_t len);

#endif
