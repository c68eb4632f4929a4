/* SPDX-License-Identifier: Apache-2.0
 * caches.h: what authentication remembers, together with the other workers.
 *
 * Times in these caches are realtime for what ends with a credential (tokens, replays), monotonic for the
 * rest.
 */
#ifndef SP_AUTHN_CACHES_H
#define SP_AUTHN_CACHES_H

#include "base/shared_cache.h"
#include "config/config.h"

enum sp_authn_cache {
    SP_AUTHN_USERS,    /* what registries answered about credentials that were good; monotonic */
    SP_AUTHN_TOKENS,   /* what was found out about tokens that were good; realtime */
    SP_AUTHN_REPLAYS,  /* what may be used once: jti, assertion ids; claims only; realtime */
    SP_AUTHN_FAILURES, /* logins that failed, for the brake; monotonic */
    SP_AUTHN_CACHES
};

struct sp_authn_caches {
    struct sp_shared_cache *users, *tokens, *replays, *failures;
};

/* A part of the shared memory. */
struct sp_authn_memory {
    void *start; /* aligned to 64 bytes; NULL: memory of its own, for this process */
    size_t bytes;
};

size_t sp_authn_cache_bytes(const struct sp_config *config, enum sp_authn_cache cache);
/* `memory` has a part for each cache; NULL: none has one. SP_ENOMEM, SP_ELIMIT. */
enum sp_status sp_authn_caches_open(const struct sp_config *config, const struct sp_authn_memory *memory,
                                    struct sp_authn_caches **ret_caches, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_authn_caches_close(struct sp_authn_caches *caches);

#endif
