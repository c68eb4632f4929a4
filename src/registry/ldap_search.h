/* SPDX-License-Identifier: Apache-2.0
 * ldap_search.h: a search of a directory, remembered, and followed where the directory refers.
 */
#ifndef SP_REGISTRY_LDAP_SEARCH_H
#define SP_REGISTRY_LDAP_SEARCH_H

#include "registry/ldap_query.h"

struct sp_ldap_found {
    struct sp_ldap_entry entry;
    const struct sp_ldap_server *server; /* of a referral; NULL: the registry's own */
};

struct sp_ldap_results {
    struct sp_ldap_found *items;
    size_t count;
    bool more;
};

/* In the query's arena. SP_ENOTFOUND: there is no such base; SP_EUNAVAIL. */
enum sp_status sp_ldap_search_run(struct sp_ldap_query *query, const struct sp_ldap_search *search,
                                  struct sp_ldap_results *ret_results) SP_MUST_CHECK;
/* The one spelling of a name, in the arena. SP_EUNAVAIL for what the directory should not have answered. */
enum sp_status sp_ldap_normalise(struct sp_ldap_query *query, struct sp_str dn,
                                 struct sp_str *ret_key) SP_MUST_CHECK;
/* Whether it is a name below the base. */
bool sp_ldap_is_below(struct sp_ldap_query *query, struct sp_str dn, const struct sp_str *base_key);
/* Whether both are one entry of one server. */
bool sp_ldap_same_entry(const struct sp_ldap_found *a, const struct sp_ldap_found *b);

#endif
