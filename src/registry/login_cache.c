/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/login_cache.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/secret.h"

struct digest {
    uint64_t half[2];
};

/* Of the digests of name and password, so that nothing can move from one into the other. */
static struct digest digest_of(const struct sp_login_cache *cache, struct sp_str name, struct sp_str password)
{
    struct digest digest;
    for (size_t i = 0; i < 2; i++) {
        const uint64_t parts[2] = {sp_siphash(cache->keys[i], 2, 4, name.ptr, name.len),
                                   sp_siphash(cache->keys[1 - i], 2, 4, password.ptr, password.len)};
        digest.half[i] = sp_siphash(cache->keys[i], 2, 4, parts, sizeof parts);
    }
    return digest;
}

enum sp_status sp_login_cache_init(struct sp_login_cache *cache, int64_t lifetime_us, int64_t entries,
                                   struct sp_error *err)
{
    size_t wanted = entries > SP_LOGIN_CACHE_MAX ? SP_LOGIN_CACHE_MAX : entries > 0 ? (size_t)entries : 0;
    *cache = (struct sp_login_cache){.lifetime_us = lifetime_us, .set_count = 1};
    while (cache->set_count * SP_LOGIN_CACHE_WAYS < wanted)
        cache->set_count *= 2;
    cache->sets = calloc(cache->set_count, sizeof *cache->sets);
    if (!cache->sets)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to remember %zu logins", wanted);
    sp_secret_random(cache->keys, sizeof cache->keys);
    return SP_OK;
}

void sp_login_cache_finish(struct sp_login_cache *cache)
{
    free(cache->sets);
    sp_secret_wipe(cache, sizeof *cache);
}

static bool is_same(const struct sp_login_cache_entry *entry, const struct digest *digest)
{
    return entry->digest[0] == digest->half[0] && entry->digest[1] == digest->half[1];
}

static _Atomic uint64_t hits, misses;

void sp_login_cache_counts(uint64_t *ret_hits, uint64_t *ret_misses)
{
    *ret_hits = hits;
    *ret_misses = misses;
}

static bool knows(const struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                  int64_t now_us)
{
    struct digest digest = digest_of(cache, name, password);
    const struct sp_login_cache_entry *set = cache->sets[digest.half[0] & (cache->set_count - 1)];
    for (size_t way = 0; way < SP_LOGIN_CACHE_WAYS; way++)
        if (is_same(&set[way], &digest))
            return set[way].until_us > now_us;
    return false;
}

bool sp_login_cache_knows(const struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                          int64_t now_us)
{
    bool known = knows(cache, name, password, now_us);
    known ? hits++ : misses++;
    return known;
}

void sp_login_cache_add(struct sp_login_cache *cache, struct sp_str name, struct sp_str password,
                        int64_t now_us)
{
    struct digest digest = digest_of(cache, name, password);
    struct sp_login_cache_entry *set = cache->sets[digest.half[0] & (cache->set_count - 1)];
    struct sp_login_cache_entry *place = &set[0];
    for (size_t way = 0; way < SP_LOGIN_CACHE_WAYS; way++) {
        if (is_same(&set[way], &digest)) {
            place = &set[way];
            break;
        }
        if (set[way].until_us < place->until_us)
            place = &set[way];
    }
    *place = (struct sp_login_cache_entry){{digest.half[0], digest.half[1]}, now_us + cache->lifetime_us};
}
