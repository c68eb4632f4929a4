/* SPDX-License-Identifier: Apache-2.0
 * principal.h: from what a provider asserts to who the request is by.
 */
#ifndef SP_AUTHN_PRINCIPAL_H
#define SP_AUTHN_PRINCIPAL_H

#include "authn/kind.h"

/* In a fiber: looks the user up where the assertion wants it, and maps him to a SAF user id. SP_EDENIED: he
 * may not come in, err->id says why (SP_REGISTRY_NO_APPL: he may go on as the guest); SP_ENOTFOUND: the
 * registry does not know him; SP_EUNAVAIL. */
enum sp_status io_principal_make(const struct sp_authn_attempt *attempt,
                                 const struct sp_authn_provider *provider,
                                 const struct sp_assertion *assertion, struct sp_principal *ret_principal,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
