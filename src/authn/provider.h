/* SPDX-License-Identifier: Apache-2.0
 * provider.h: the providers of a configuration, and which of them a request is for.
 */
#ifndef SP_AUTHN_PROVIDER_H
#define SP_AUTHN_PROVIDER_H

#include "authn/kind.h"
#include "base/hash.h"

/* Those of one kind and one stage: at most one of them checks a request. */
struct sp_authn_group {
    size_t first, count; /* in `providers` */
};

struct sp_authn_table {
    struct sp_authn_provider **providers; /* by stage, then kind, then place in the configuration */
    size_t count, capacity;
    struct sp_authn_group *groups;
    size_t group_count;
    struct sp_hash paths; /* -> struct sp_authn_provider */
    bool several_headers; /* credentials can be in different header fields */
    bool cookies;         /* credentials can be in cookies */
};

/* All providers that the configuration asks for. On failure the table is finished. */
enum sp_status sp_authn_table_init(const struct sp_authn_parts *parts, struct sp_authn_table *ret_table,
                                   struct sp_error *err) SP_MUST_CHECK;
/* Accepts a table that is all zeros. */
void sp_authn_table_finish(struct sp_authn_table *table);

/* The provider of the group that the request is for, or NULL: the first whose filter accepts the request;
 * without one, among those that have no filter, the first that finds a credential and knows its issuer, else
 * the first that finds one, else the first that demands one. A demand counts where an identity is required.
 */
struct sp_authn_provider *sp_authn_table_choose(const struct sp_authn_table *table,
                                                const struct sp_authn_group *group,
                                                struct sp_authn_attempt *attempt);

/* Another one of the group, behind `chosen` (may be NULL), whose filter accepts the request too and that
 * would have an answer; NULL when there is none. */
const struct sp_authn_provider *sp_authn_table_rival(const struct sp_authn_table *table,
                                                     const struct sp_authn_group *group,
                                                     const struct sp_authn_provider *chosen,
                                                     struct sp_authn_attempt *attempt);

/* Whether the request carries credentials in several header fields (of which one would count and the others
 * would not); `ret_first`, `ret_second` are two of them. */
bool sp_authn_table_is_contradictory(const struct sp_authn_table *table, struct sp_authn_attempt *attempt,
                                     struct sp_str *ret_first, struct sp_str *ret_second);

/* The name of a cookie that carries a credential and is there more than once; ptr NULL: none is. */
struct sp_str sp_authn_table_repeated_cookie(const struct sp_authn_table *table,
                                             const struct sp_http_request *request);

#endif
