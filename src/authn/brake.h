/* SPDX-License-Identifier: Apache-2.0
 * brake.h: who fails to log in again and again must wait, before the registry behind locks the user out.
 *
 * Counted for each pair of user name and address, so that nobody can keep a user out from elsewhere.
 */
#ifndef SP_AUTHN_BRAKE_H
#define SP_AUTHN_BRAKE_H

#include "base/shared_cache.h"
#include "config/config.h"

/* The name's case does not count. */
struct sp_cache_key sp_brake_key(const struct sp_shared_cache *failures, struct sp_str name,
                                 struct sp_str address);
/* Microseconds that this pair still has to wait; 0: none. `now_us` is monotonic. */
int64_t sp_brake_wait_us(struct sp_shared_cache *failures, struct sp_cache_key key, int64_t now_us);
/* A login failed: after maxLoginFailures of them within loginFailureWindow the pair waits loginLockTime. */
void sp_brake_failed(struct sp_shared_cache *failures, struct sp_cache_key key,
                     const struct sp_cfg_authentication *rule, int64_t now_us);
/* A login succeeded: what was before does not count. */
void sp_brake_succeeded(struct sp_shared_cache *failures, struct sp_cache_key key);

#endif
