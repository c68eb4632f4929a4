/* SPDX-License-Identifier: Apache-2.0 */
#include "gateway/api_index.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "gateway/segment_hash.h"
#include "gateway/snapshot.h"

#define LINE 64u
#define HUGE_PAGE ((size_t)2 << 20)
#define AHEAD 14u /* lines of an API that are asked for at once: so many can be under way */

/* Places are counted in lines from the first; 0 is the table itself. */
struct sp_api_slot {
    uint32_t tag;
    uint32_t place; /* 0: free */
};

static size_t lines(size_t bytes)
{
    return (bytes + LINE - 1) / LINE * LINE;
}

/* ---------------------------------------------------------------- making */

static size_t head_bytes(const struct sp_api *api)
{
    return (sizeof *api + api->head.base_bytes + 7) / 8 * 8;
}

static size_t api_bytes(const struct sp_api *api)
{
    return lines(head_bytes(api) + api->head.routes->bytes) +
           lines(api->aar->operation_count * sizeof *api->operations);
}

static struct sp_api *copy_api(const struct sp_api *from, unsigned char *to)
{
    struct sp_api *api = (struct sp_api *)to;
    unsigned char *routes = to + head_bytes(from);
    unsigned char *operations = to + lines(head_bytes(from) + from->head.routes->bytes);
    *api = *from;
    if (from->head.base_bytes)
        memcpy(to + sizeof *api, from->head.base, from->head.base_bytes);
    memcpy(routes, from->head.routes, from->head.routes->bytes);
    if (from->aar->operation_count)
        memcpy(operations, from->operations, from->aar->operation_count * sizeof *from->operations);
    api->head.base = (const char *)to + sizeof *api;
    api->head.routes = (const struct sp_routes *)routes;
    api->operations = (const struct sp_operation *)operations;
    return api;
}

static uint64_t hash_base(const struct sp_api_head *head)
{
    uint64_t hash = SP_SEGMENT_HASH_SEED;
    const char *at = head->base, *end = at + head->base_bytes;
    for (uint32_t i = 0; i < head->base_segments; i++) {
        size_t len = strnlen(at, (size_t)(end - at));
        hash = sp_segment_hash(hash, sp_str_from(at, len));
        at += len < (size_t)(end - at) ? len + 1 : len;
    }
    return hash;
}

static void enter(struct sp_api_index *index, const struct sp_api *api)
{
    uint64_t hash = hash_base(&api->head);
    uint32_t at = (uint32_t)hash & index->mask, depth = api->head.base_segments;
    while (index->slots[at].place)
        at = (at + 1) & index->mask;
    index->slots[at] = (struct sp_api_slot){
        (uint32_t)(hash >> 32), (uint32_t)((size_t)((const unsigned char *)api - index->memory) / LINE)};
    index->depths |= UINT64_C(1) << (depth < 63 ? depth : 63);
    if (depth > index->deepest)
        index->deepest = depth;
}

/* Many pages would not fit into what the processor remembers of them. */
static void *take(size_t bytes)
{
    if (bytes < HUGE_PAGE)
        return aligned_alloc(LINE, bytes);
    void *memory = aligned_alloc(HUGE_PAGE, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
    if (memory)
        (void)!madvise(memory, bytes, MADV_HUGEPAGE); /* small pages do as well */
    return memory;
}

enum sp_status sp_api_index_init(struct sp_api_index *index, struct sp_api **apis, size_t count)
{
    size_t slots = 8, bytes;
    while (slots < 2 * count)
        slots *= 2;
    size_t table = lines(slots * sizeof(struct sp_api_slot));
    bytes = table;
    for (size_t i = 0; i < count; i++)
        bytes += api_bytes(apis[i]);
    *index = (struct sp_api_index){.count = count, .bytes = bytes, .mask = (uint32_t)slots - 1};
    if (bytes / LINE > UINT32_MAX)
        return SP_ENOMEM;
    index->memory = take(bytes);
    if (!index->memory)
        return SP_ENOMEM;
    index->slots = (struct sp_api_slot *)index->memory;
    memset(index->memory, 0, table);
    unsigned char *at = index->memory + table;
    for (size_t i = 0; i < count; i++) {
        size_t size = api_bytes(apis[i]);
        apis[i] = copy_api(apis[i], at);
        enter(index, apis[i]);
        at += size;
    }
    return SP_OK;
}

void sp_api_index_finish(struct sp_api_index *index)
{
    free(index->memory);
    *index = (struct sp_api_index){.memory = NULL};
}

/* ---------------------------------------------------------------- finding */

static const struct sp_api *look_up(const struct sp_api_index *index, uint64_t hash,
                                    const struct sp_path *path, uint32_t segments)
{
    uint32_t tag = (uint32_t)(hash >> 32), at = (uint32_t)hash & index->mask;
    for (; index->slots[at].place; at = (at + 1) & index->mask) {
        if (index->slots[at].tag != tag)
            continue;
        const unsigned char *place = index->memory + (size_t)index->slots[at].place * LINE;
        for (unsigned line = 0; line < AHEAD; line++)
            __builtin_prefetch(place + (size_t)line * LINE);
        const struct sp_api_head *head = (const struct sp_api_head *)place;
        struct sp_str key = sp_path_key(path, segments);
        if (head->base_segments == segments && sp_str_eq(sp_str_from(head->base, head->base_bytes), key))
            return (const struct sp_api *)place;
    }
    return NULL;
}

const struct sp_api *sp_api_index_find(const struct sp_api_index *index, const struct sp_path *path)
{
    uint64_t hashes[SP_PATH_SEGMENTS_MAX + 1]; /* of the first n segments */
    uint32_t deepest = path->count < index->deepest ? (uint32_t)path->count : index->deepest;
    if (!index->count)
        return NULL;
    hashes[0] = SP_SEGMENT_HASH_SEED;
    for (uint32_t n = 0; n < deepest; n++)
        hashes[n + 1] = sp_segment_hash(hashes[n], path->segments[n]);
    for (uint32_t n = deepest + 1; n-- > 0;) {
        const struct sp_api *api = NULL;
        if (index->depths >> (n < 63 ? n : 63) & 1)
            api = look_up(index, hashes[n], path, n);
        if (api)
            return api;
    }
    return NULL;
}
