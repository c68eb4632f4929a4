/* SPDX-License-Identifier: Apache-2.0
 * claims.h: what a credential says of its holder, for whoever wants to know more than name, realm and groups:
 * mapping, interceptors, audit. They are kept as text and parsed when somebody asks, once in a request, so
 * that a token that was seen before costs no more than before, and says the same.
 */
#ifndef SP_AUTHN_CLAIMS_H
#define SP_AUTHN_CLAIMS_H

#include "authn/authn.h"

struct sp_claims;

/* `json`: an object, as it was signed or sent; empty: there are none, and neither is an object of ours. Both
 * it and the arena live as long as the request. NULL: none, or no memory. */
struct sp_claims *sp_claims_new(struct sp_str json, struct sp_arena *arena);

/* The object; NULL: there are none (of a principal that is not authenticated too), or no memory. */
const struct sp_json_value *sp_principal_claims(const struct sp_principal *principal);
/* One claim; NULL: there is none of that name, which counts as it is written. */
const struct sp_json_value *sp_principal_claim(const struct sp_principal *principal, struct sp_str name);
/* The same as text: of a string its value, of everything else its JSON. Lives as long as the request; ptr
 * NULL: there is none. */
struct sp_str sp_principal_claim_text(const struct sp_principal *principal, struct sp_str name);
/* Those of `names` that are there, as a JSON object that is at most `most` bytes long: claims for which there
 * is no room are left out. Empty when there are none. */
struct sp_str sp_principal_claims_named(const struct sp_principal *principal, const struct sp_str_list *names,
                                        size_t most, struct sp_arena *arena);
/* Whether the token was given that scope. */
bool sp_principal_has_scope(const struct sp_principal *principal, struct sp_str scope);

#endif
