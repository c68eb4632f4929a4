/* SPDX-License-Identifier: Apache-2.0
 * api_index.h: the API that a path belongs to.
 *
 * All that requests read of APIs lies in one piece of memory: a table of short entries, then the APIs, each
 * with its base path, its routes and its operations behind it. So a request that nobody made for a while
 * costs few reads of memory, and how many APIs there are makes little difference.
 */
#ifndef SP_GATEWAY_API_INDEX_H
#define SP_GATEWAY_API_INDEX_H

#include "gateway/routes.h"

struct sp_api;
struct sp_operation;

/* How every struct sp_api begins. */
struct sp_api_head {
    const char *base; /* key of the base path, as sp_path_key says */
    uint32_t base_bytes, base_segments;
    const struct sp_routes *routes;
};

struct sp_api_index {
    unsigned char *memory;
    size_t bytes;
    size_t count;
    struct sp_api_slot *slots;
    uint32_t mask;   /* slots - 1 */
    uint64_t depths; /* bit n: there is a base path of n segments; those of more than 63 count as 63 */
    uint32_t deepest;
};

/* Copies the APIs with what their heads and operations lead to; `*apis` lead to the copies afterwards.
 * SP_ENOMEM. No two have the same base path. */
enum sp_status sp_api_index_init(struct sp_api_index *index, struct sp_api **apis,
                                 size_t count) SP_MUST_CHECK;
/* Accepts one that is all zeros. */
void sp_api_index_finish(struct sp_api_index *index);

/* The API with the longest base path that the path begins with, or NULL. */
const struct sp_api *sp_api_index_find(const struct sp_api_index *index, const struct sp_path *path);

#endif
