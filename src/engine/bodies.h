/* SPDX-License-Identifier: Apache-2.0
 * bodies.h: how much of request bodies each client has in a worker's memory.
 *
 * Without this one client could fill the memory with many long bodies at once; some are read before anybody
 * is asked who sends them (engine/module.h, rule 8). Clients are told apart by address, by a keyed hash: two
 * may share an account, but nobody can choose with whom.
 */
#ifndef SP_ENGINE_BODIES_H
#define SP_ENGINE_BODIES_H

#include "base/str.h"

#define SP_BODIES_ACCOUNTS 16384u

struct sp_bodies {
    unsigned char key[16];
    uint64_t bytes[SP_BODIES_ACCOUNTS];
};

/* Draws the key. */
void sp_bodies_init(struct sp_bodies *bodies);
/* The account of a client. */
unsigned sp_bodies_account(const struct sp_bodies *bodies, struct sp_str address);
/* Take `more` bytes into account unless it would hold more than `most` then. */
bool sp_bodies_take(struct sp_bodies *bodies, unsigned account, uint64_t more, uint64_t most);
/* Whether that could be taken now. */
bool sp_bodies_fit(const struct sp_bodies *bodies, unsigned account, uint64_t more, uint64_t most);
/* What was taken is given back. */
void sp_bodies_give(struct sp_bodies *bodies, unsigned account, uint64_t bytes);

#endif
