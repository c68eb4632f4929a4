/* SPDX-License-Identifier: Apache-2.0
 * segment_hash.h: a quick hash of a path's segment.
 *
 * For tables whose entries are what is deployed: what clients ask for adds none, so nobody gains by choosing
 * segments that collide.
 */
#ifndef SP_GATEWAY_SEGMENT_HASH_H
#define SP_GATEWAY_SEGMENT_HASH_H

#include "base/str.h"

#define SP_SEGMENT_HASH_SEED UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t sp_hash_fold(uint64_t hash, uint64_t word)
{
    __uint128_t product = (__uint128_t)(hash ^ word) * UINT64_C(0xd6e8feb86659fd93);
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Of a segment behind those whose hash is `before`. */
static inline uint64_t sp_segment_hash(uint64_t before, struct sp_str segment)
{
    uint64_t hash = sp_hash_fold(before, segment.len + 1), word;
    size_t at = 0;
    for (; at + 8 <= segment.len; at += 8) {
        memcpy(&word, segment.ptr + at, 8);
        hash = sp_hash_fold(hash, word);
    }
    for (word = 0; at < segment.len; at++)
        word = word << 8 | (unsigned char)segment.ptr[at];
    return sp_hash_fold(hash, word ^ SP_SEGMENT_HASH_SEED);
}

#endif
