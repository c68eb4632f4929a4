/* SPDX-License-Identifier: Apache-2.0
 * login_cache.h: logins that were verified a short while ago.
 *
 * Verifying a hashed password is slow on purpose; a client that sends it with every request must not pay, nor
 * make others pay, each time. Kept is a keyed digest of name and password (two SipHash-2-4 under keys of the
 * process), never the password, and only of logins that succeeded. A changed password stays valid until its
 * entry ends. Fixed size: the oldest entry of a set goes first.
 */
#ifndef SP_REGISTRY_LOGIN_CACHE_H
#define SP_REGISTRY_LOGIN_CACHE_H

#include "base/str.h"

#define SP_LOGIN_CACHE_SETS 256u /* a power of two */
#define SP_LOGIN_CACHE_WAYS 4u

struct sp_login_cache {
    unsigned char keys[2][16];
    int64_t lifetime_us;
    struct sp_login_cache_entry {
        uint64_t digest[2];
        int64_t until_us; /* monotonic; 0: free */
    } sets[SP_LOGIN_CACHE_SETS][SP_LOGIN_CACHE_WAYS];
};

/* Draws the keys. */
void sp_login_cache_init(struct sp_login_cache *cache, int64_t lifetime_us);
/* `now_us` is monotonic. */
bool sp_login_cache_knows(const struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                          int64_t now_us);
void sp_login_cache_add(struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                        int64_t now_us);

#endif
