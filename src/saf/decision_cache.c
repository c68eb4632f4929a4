/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/decision_cache.h"

#include <stdlib.h>

#include "base/hash.h"
#include "saf/audit_event.h"
#include "saf/image.h"

/* Longer requests and answers are not cached. */
enum { KEY_MAX = 384, BY_MAX = 64, ARENA_MAX = 16384 };

struct sp_saf_decision_slot {
    uint64_t generation, hash;
    struct sp_saf_decision decision; /* `by` points into this slot */
    uint16_t key_len;
    char by[BY_MAX];
    char key[KEY_MAX];
};

enum sp_status sp_saf_decision_cache_init(struct sp_saf_decision_cache *cache, size_t slots,
                                          struct sp_error *err)
{
    size_t count = 1;
    while (count < slots && count < (size_t)1 << 24)
        count *= 2;
    *cache = (struct sp_saf_decision_cache){.count = count, .generation = 1};
    cache->slots = calloc(count, sizeof *cache->slots);
    if (!cache->slots)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a cache of %zu decisions", count);
    sp_arena_init(&cache->arena, ARENA_MAX);
    return SP_OK;
}

void sp_saf_decision_cache_finish(struct sp_saf_decision_cache *cache)
{
    if (!cache)
        return;
    free(cache->slots);
    sp_saf_image_release(cache->image);
    sp_arena_finish(&cache->arena);
    *cache = (struct sp_saf_decision_cache){.slots = NULL};
}

static bool add_part(char *key, size_t *len, struct sp_str part)
{
    if (*len + part.len + 1 > KEY_MAX)
        return false;
    if (part.len)
        memcpy(key + *len, part.ptr, part.len);
    *len += part.len;
    key[(*len)++] = '\0';
    return true;
}

/* Everything that a decision depends on; 0 when it is too long. Names hold no NUL. */
static size_t make_key(const struct sp_saf_auth *request, char *key)
{
    size_t len = 0;
    key[len++] = (char)request->wanted;
    key[len++] = (char)request->trusted;
    return add_part(key, &len, request->class) && add_part(key, &len, request->resource) &&
                   add_part(key, &len, request->user) && add_part(key, &len, request->group) &&
                   add_part(key, &len, request->when_kind) && add_part(key, &len, request->when_name)
               ? len
               : 0;
}

static void follow_image(struct sp_saf_decision_cache *cache, const struct sp_saf_image *image)
{
    if (cache->image == image)
        return;
    struct sp_saf_image *counted = (struct sp_saf_image *)(uintptr_t)image;
    atomic_fetch_add(&counted->references, 1);
    sp_saf_image_release(cache->image);
    cache->image = image;
    cache->generation++;
}

static void keep(struct sp_saf_decision_slot *slot, uint64_t generation, uint64_t hash, const char *key,
                 size_t key_len, const struct sp_saf_decision *decision)
{
    if (decision->by.len > BY_MAX)
        return;
    slot->generation = generation;
    slot->hash = hash;
    slot->key_len = (uint16_t)key_len;
    memcpy(slot->key, key, key_len);
    slot->decision = *decision;
    if (decision->by.len)
        memcpy(slot->by, decision->by.ptr, decision->by.len);
    slot->decision.by.ptr = slot->by;
}

void sp_saf_decide_cached(struct sp_saf_decision_cache *cache, const struct sp_saf_image *image,
                          const struct sp_saf_auth *request, struct sp_saf_decision *ret_decision)
{
    char key[KEY_MAX];
    size_t len = make_key(request, key);
    follow_image(cache, image);
    sp_arena_reset(&cache->arena);
    if (!len) {
        cache->misses++;
        sp_saf_decide(image, request, &cache->arena, ret_decision);
        return;
    }
    uint64_t hash = sp_hash_bytes(key, len);
    struct sp_saf_decision_slot *slot = &cache->slots[hash & (cache->count - 1)];
    if (slot->generation == cache->generation && slot->hash == hash && slot->key_len == len &&
        memcmp(slot->key, key, len) == 0) {
        cache->hits++;
        *ret_decision = slot->decision;
        return;
    }
    cache->misses++;
    sp_saf_decide(image, request, &cache->arena, ret_decision);
    keep(slot, cache->generation, hash, key, len, ret_decision);
}

void sp_saf_authorize(struct sp_saf_decision_cache *cache, const struct sp_saf_image *image,
                      const struct sp_saf_auth *request, struct sp_saf_decision *ret_decision)
{
    sp_saf_decide_cached(cache, image, request, ret_decision);
    sp_saf_audit_access(image, request, ret_decision);
}
