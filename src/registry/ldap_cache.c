/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/ldap_cache.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/hash.h"

#define SIZE_MAX_ENTRIES 100000u

struct entry {
    struct sp_str key, value; /* in `bytes` */
    int64_t until_us;
    struct entry *newer, *older;
    char bytes[];
};

struct sp_ldap_cache {
    pthread_mutex_t lock;
    struct sp_hash table;
    size_t size;
    int64_t lifetime_us;
    struct entry *newest, *oldest;
};

struct sp_ldap_cache *sp_ldap_cache_new(size_t size, int64_t lifetime_us)
{
    struct sp_ldap_cache *cache = calloc(1, sizeof *cache);
    if (!cache)
        return NULL;
    pthread_mutex_init(&cache->lock, NULL);
    cache->size = size > SIZE_MAX_ENTRIES ? SIZE_MAX_ENTRIES : size;
    cache->lifetime_us = lifetime_us;
    sp_hash_init(&cache->table, SIZE_MAX_ENTRIES);
    return cache;
}

void sp_ldap_cache_free(struct sp_ldap_cache *cache)
{
    if (!cache)
        return;
    for (struct entry *entry = cache->newest, *next; entry; entry = next) {
        next = entry->older;
        free(entry);
    }
    sp_hash_finish(&cache->table);
    pthread_mutex_destroy(&cache->lock);
    free(cache);
}

static void unlink_entry(struct sp_ldap_cache *cache, struct entry *entry)
{
    *(entry->newer ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older ? &entry->older->newer : &cache->oldest) = entry->newer;
}

static void link_newest(struct sp_ldap_cache *cache, struct entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    *(cache->newest ? &cache->newest->newer : &cache->oldest) = entry;
    cache->newest = entry;
}

static void drop(struct sp_ldap_cache *cache, struct entry *entry)
{
    if (!entry)
        return;
    sp_hash_remove(&cache->table, entry->key);
    unlink_entry(cache, entry);
    free(entry);
}

bool sp_ldap_cache_get(struct sp_ldap_cache *cache, struct sp_str key, int64_t now_us, struct sp_arena *arena,
                       struct sp_str *ret_value)
{
    struct sp_str value = {NULL, 0};
    pthread_mutex_lock(&cache->lock);
    struct entry *entry = sp_hash_get(&cache->table, key);
    if (entry && entry->until_us <= now_us) {
        drop(cache, entry);
        entry = NULL;
    }
    if (entry) {
        unlink_entry(cache, entry);
        link_newest(cache, entry);
        value = sp_arena_str(arena, entry->value);
    }
    pthread_mutex_unlock(&cache->lock);
    if (value.ptr)
        *ret_value = value;
    return value.ptr != NULL;
}

void sp_ldap_cache_put(struct sp_ldap_cache *cache, struct sp_str key, struct sp_str value, int64_t now_us)
{
    if (!cache->size || value.len > SP_LDAP_CACHE_VALUE_MAX)
        return;
    struct entry *entry = malloc(sizeof *entry + key.len + value.len);
    if (!entry)
        return;
    memcpy(entry->bytes, key.ptr, key.len);
    if (value.len)
        memcpy(entry->bytes + key.len, value.ptr, value.len);
    entry->key = sp_str_from(entry->bytes, key.len);
    entry->value = sp_str_from(entry->bytes + key.len, value.len);
    entry->until_us = now_us + cache->lifetime_us;
    pthread_mutex_lock(&cache->lock);
    drop(cache, sp_hash_get(&cache->table, key));
    if (cache->table.count >= cache->size)
        drop(cache, cache->oldest);
    if (sp_hash_add(&cache->table, entry->key, entry) == SP_OK)
        link_newest(cache, entry);
    else
        free(entry);
    pthread_mutex_unlock(&cache->lock);
}
