/* SPDX-License-Identifier: Apache-2.0
 * login_cache.h: logins that were verified a short while ago.
 *
 * Verifying a hashed password is slow on purpose; a client that sends it with every request must not pay, nor
 * make others pay, each time. Kept is a keyed digest of name and password (two SipHash-2-4 under keys of the
 * process), never the password, and only of passwords that were right. A changed password stays valid until
 * its entry ends, unless the name says which password is meant. Takes its memory when it is made: the oldest
 * entry of a set goes first.
 */
#ifndef SP_REGISTRY_LOGIN_CACHE_H
#define SP_REGISTRY_LOGIN_CACHE_H

#include "base/error.h"
#include "base/str.h"

#define SP_LOGIN_CACHE_WAYS 4u
#define SP_LOGIN_CACHE_MAX 1048576u /* entries; more are not remembered */

struct sp_login_cache {
    unsigned char keys[2][16];
    int64_t lifetime_us;
    size_t set_count; /* a power of two */
    struct sp_login_cache_entry {
        uint64_t digest[2];
        int64_t until_us; /* monotonic; 0: free */
    } (*sets)[SP_LOGIN_CACHE_WAYS];
};

/* Draws the keys. `entries`: room for at least so many, as far as SP_LOGIN_CACHE_MAX goes. SP_ENOMEM. */
enum sp_status sp_login_cache_init(struct sp_login_cache *cache, int64_t lifetime_us, int64_t entries,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Accepts one that is all zeros. */
void sp_login_cache_finish(struct sp_login_cache *cache);
/* `now_us` is monotonic. */
bool sp_login_cache_knows(const struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                          int64_t now_us);
void sp_login_cache_add(struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                        int64_t now_us);

/* How often sp_login_cache_knows said yes and no in this process. */
void sp_login_cache_counts(uint64_t *ret_hits, uint64_t *ret_misses);

#endif
