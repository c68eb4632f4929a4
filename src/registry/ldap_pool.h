/* SPDX-License-Identifier: Apache-2.0
 * ldap_pool.h: connections to the servers of a directory, and which of them answers.
 *
 * The servers are tried in their order. One that could not be reached, or did not answer, is left alone for a
 * second (longer when finding out took longer, at most 30 seconds); when all are left alone the caller is
 * told at once. With returnToPrimaryServer the first is tried again after its interval. Any thread; blocks.
 */
#ifndef SP_REGISTRY_LDAP_POOL_H
#define SP_REGISTRY_LDAP_POOL_H

#include "registry/ldap_connection.h"

struct sp_ldap_pool;

/* What a connection is for: those that search stay bound as bindDN, the others as whoever logged in last. */
enum sp_ldap_use { SP_LDAP_FOR_SEARCH, SP_LDAP_FOR_LOGIN, SP_LDAP_USES };

/* A connection in use. */
struct sp_ldap_lease {
    struct sp_ldap_connection *connection;
    enum sp_ldap_use use;
    unsigned server;
    bool fresh; /* made for this use, not kept from an earlier one */
};

/* `settings` must outlive it. NULL without memory. */
struct sp_ldap_pool *sp_ldap_pool_new(const struct sp_ldap_settings *settings);
void sp_ldap_pool_free(struct sp_ldap_pool *pool);
/* A connection, bound as bindDN when it is for searching. SP_EUNAVAIL with what each server said last. */
enum sp_status sp_ldap_pool_take(struct sp_ldap_pool *pool, enum sp_ldap_use use, int64_t deadline_us,
                                 struct sp_ldap_lease *ret_lease, struct sp_error *err) SP_MUST_CHECK;
/* Open initialSize connections for searching, as far as the servers let it, and keep what preferredSize
 * keeps.
 */
void sp_ldap_pool_warm(struct sp_ldap_pool *pool, int64_t deadline_us);
/* Give it back after work that ended with `outcome`: it is kept unless SP_ECLOSED or SP_ETIMEDOUT says that
 * it is broken. A time-out also has the server left alone. */
void sp_ldap_pool_give(struct sp_ldap_pool *pool, struct sp_ldap_lease *lease, enum sp_status outcome);

#endif
