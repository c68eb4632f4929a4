/* SPDX-License-Identifier: Apache-2.0
 * ldap_cache.h: answers of a directory that are remembered for a while.
 *
 * From a key to bytes; the least recently used goes first. Any thread.
 */
#ifndef SP_REGISTRY_LDAP_CACHE_H
#define SP_REGISTRY_LDAP_CACHE_H

#include "base/arena.h"

#define SP_LDAP_CACHE_VALUE_MAX (1u << 20)

struct sp_ldap_cache;

/* `size` entries that live for `lifetime_us`; size 0: it remembers nothing. NULL without memory. */
struct sp_ldap_cache *sp_ldap_cache_new(size_t size, int64_t lifetime_us);
/* Accepts NULL. */
void sp_ldap_cache_free(struct sp_ldap_cache *cache);
/* A copy in the arena; false when it is not known, has ended (`now_us` is monotonic), or there is no memory.
 */
bool sp_ldap_cache_get(struct sp_ldap_cache *cache, struct sp_str key, int64_t now_us, struct sp_arena *arena,
                       struct sp_str *ret_value);
/* Copies both. What is too long, or finds no memory, is not remembered. */
void sp_ldap_cache_put(struct sp_ldap_cache *cache, struct sp_str key, struct sp_str value, int64_t now_us);

#endif
