/* SPDX-License-Identifier: Apache-2.0
 * correlator.h: what a request is called in every system it touches (W3C Trace Context, level 1).
 */
#ifndef SP_GATEWAY_CORRELATOR_H
#define SP_GATEWAY_CORRELATOR_H

#include "base/arena.h"
#include "io/port.h"

#define SP_CORRELATOR_BYTES 55u

/* Whether `value` is a traceparent: "vv-<32 hex>-<16 hex>-ff", lower case, ids not all zero; of versions
 * after 00 the first 55 characters count. */
bool sp_traceparent_is_valid(struct sp_str value);

/* The request's own traceparent when it carries one that is valid; otherwise a new one, from the worker's
 * `seed` and the request's number. In the arena; empty when that is exhausted. */
struct sp_str sp_correlator(const struct sp_http_request *request, const unsigned char seed[16],
                            uint64_t request_id, struct sp_arena *arena);

#endif
