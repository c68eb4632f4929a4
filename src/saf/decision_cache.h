/* SPDX-License-Identifier: Apache-2.0
 * decision_cache.h: decisions that were made before, for one thread.
 *
 * A decision depends on the request and on the image alone, so that a cached one is the same until there is
 * another image: then the cache begins anew by itself. Direct-mapped: a slot holds the decision that used it
 * last. Takes nothing from the heap after it is made.
 */
#ifndef SP_SAF_DECISION_CACHE_H
#define SP_SAF_DECISION_CACHE_H

#include "saf/saf.h"

struct sp_saf_decision_slot;

struct sp_saf_decision_cache {
    struct sp_saf_decision_slot *slots;
    size_t count;                     /* power of two */
    const struct sp_saf_image *image; /* with a reference */
    uint64_t generation;              /* rises with each image: older slots are empty */
    struct sp_arena arena;            /* of a decision that is not cached */
    uint64_t hits, misses;
};

/* `slots` is rounded up to a power of two; each takes some 600 bytes. SP_ENOMEM. */
enum sp_status sp_saf_decision_cache_init(struct sp_saf_decision_cache *cache, size_t slots,
                                          struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL and one that is all zeros. */
void sp_saf_decision_cache_finish(struct sp_saf_decision_cache *cache);

/* As sp_saf_decide. What the decision points to lasts until the next call. */
void sp_saf_decide_cached(struct sp_saf_decision_cache *cache, const struct sp_saf_image *image,
                          const struct sp_saf_auth *request, struct sp_saf_decision *ret_decision);
/* The same, and the event of it for who records (saf/audit_event.h). For decisions where what nothing
 * protects is refused. */
void sp_saf_authorize(struct sp_saf_decision_cache *cache, const struct sp_saf_image *image,
                      const struct sp_saf_auth *request, struct sp_saf_decision *ret_decision);

#endif
