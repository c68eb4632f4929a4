/* SPDX-License-Identifier: Apache-2.0
 * auth_filter.h: authFilter, compiled: which requests a provider is for.
 *
 * The algorithm is that of Liberty (docs/authentication.md, "Filters", with what differs): all conditions
 * must hold; a condition that is written wrongly never holds, and a filter without conditions accepts
 * nothing. The configuration tells of both when it is read.
 */
#ifndef SP_AUTHN_AUTH_FILTER_H
#define SP_AUTHN_AUTH_FILTER_H

#include "authn/kind.h"

struct sp_auth_filter;

/* Those of a provider, in their order; NULL for none. The configuration must outlive them. SP_ENOMEM. */
enum sp_status sp_auth_filters_new(const struct sp_cfg_auth_filters *config,
                                   struct sp_auth_filter **ret_filters, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_auth_filters_free(struct sp_auth_filter *filters);
/* Whether one of them accepts the request. */
bool sp_auth_filters_accept(const struct sp_auth_filter *filters, struct sp_authn_attempt *attempt);

/* ---- for people ---- */

/* The one behind it, or NULL. */
const struct sp_auth_filter *sp_auth_filter_next(const struct sp_auth_filter *filter);
struct sp_str sp_auth_filter_id(const struct sp_auth_filter *filter);
/* The first condition that does not hold, as text ("requestUrl contains /a"), in the request's arena; empty
 * when all do. */
struct sp_str sp_auth_filter_fault(const struct sp_auth_filter *filter, struct sp_authn_attempt *attempt);

#endif
