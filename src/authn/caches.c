/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/caches.h"

#include <stdlib.h>

#define ENTRIES_MOST 1048576
#define USER_BYTES 200u
#define TOKEN_BYTES 200u
#define REPLAYS 100000u
#define FAILURES 16384u

static size_t entries_of(const struct sp_config *config)
{
    int64_t most = config->auth_cache.max_size;
    if (most < config->auth_cache.initial_size)
        most = config->auth_cache.initial_size;
    return most < 1 ? 1 : most > ENTRIES_MOST ? ENTRIES_MOST : (size_t)most;
}

static struct sp_shared_cache_size size_of(const struct sp_config *config, enum sp_authn_cache cache)
{
    switch (cache) {
    case SP_AUTHN_USERS:
        return (struct sp_shared_cache_size){entries_of(config), USER_BYTES};
    case SP_AUTHN_TOKENS:
        return (struct sp_shared_cache_size){entries_of(config), TOKEN_BYTES};
    case SP_AUTHN_REPLAYS:
        return (struct sp_shared_cache_size){REPLAYS, 0};
    default:
        return (struct sp_shared_cache_size){FAILURES, 0};
    }
}

static struct sp_shared_cache **place_of(struct sp_authn_caches *caches, enum sp_authn_cache cache)
{
    struct sp_shared_cache **const places[] = {
        [SP_AUTHN_USERS] = &caches->users,
        [SP_AUTHN_TOKENS] = &caches->tokens,
        [SP_AUTHN_REPLAYS] = &caches->replays,
        [SP_AUTHN_FAILURES] = &caches->failures,
    };
    return places[cache];
}

size_t sp_authn_cache_bytes(const struct sp_config *config, enum sp_authn_cache cache)
{
    return sp_shared_cache_bytes(size_of(config, cache));
}

enum sp_status sp_authn_caches_open(const struct sp_config *config, const struct sp_authn_memory *memory,
                                    struct sp_authn_caches **ret_caches, struct sp_error *err)
{
    struct sp_authn_caches *caches = calloc(1, sizeof *caches);
    if (!caches)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for caches of authentication");
    enum sp_status status = SP_OK;
    for (unsigned i = 0; status == SP_OK && i < SP_AUTHN_CACHES; i++)
        status = sp_shared_cache_open(memory ? memory[i].start : NULL, memory ? memory[i].bytes : 0,
                                      size_of(config, i), place_of(caches, i), err);
    if (status != SP_OK) {
        sp_authn_caches_close(caches);
        return status;
    }
    *ret_caches = caches;
    return SP_OK;
}

void sp_authn_caches_close(struct sp_authn_caches *caches)
{
    for (unsigned i = 0; caches && i < SP_AUTHN_CACHES; i++)
        sp_shared_cache_close(*place_of(caches, i));
    free(caches);
}
