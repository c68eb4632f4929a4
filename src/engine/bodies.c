/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/bodies.h"

#include "base/hash.h"
#include "base/secret.h"

void sp_bodies_init(struct sp_bodies *bodies)
{
    *bodies = (struct sp_bodies){.key = {0}};
    sp_secret_random(bodies->key, sizeof bodies->key);
}

unsigned sp_bodies_account(const struct sp_bodies *bodies, struct sp_str address)
{
    return (unsigned)(sp_siphash(bodies->key, 1, 3, address.ptr, address.len) % SP_BODIES_ACCOUNTS);
}

bool sp_bodies_fit(const struct sp_bodies *bodies, unsigned account, uint64_t more, uint64_t most)
{
    uint64_t has = bodies->bytes[account];
    return has <= most && more <= most - has;
}

bool sp_bodies_take(struct sp_bodies *bodies, unsigned account, uint64_t more, uint64_t most)
{
    if (!sp_bodies_fit(bodies, account, more, most))
        return false;
    bodies->bytes[account] += more;
    return true;
}

void sp_bodies_give(struct sp_bodies *bodies, unsigned account, uint64_t bytes)
{
    bodies->bytes[account] -= bytes;
}
