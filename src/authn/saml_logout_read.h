/* SPDX-License-Identifier: Apache-2.0
 * saml_logout_read.h: an identity provider's request that its user be logged out, as it comes by
 * HTTP-Redirect (SAML core 3.7.1, bindings 3.4.4).
 */
#ifndef SP_AUTHN_SAML_LOGOUT_READ_H
#define SP_AUTHN_SAML_LOGOUT_READ_H

#include "authn/saml_idp.h"
#include "authn/saml_trust.h"

#define SP_SAML_SESSION_INDEXES_MAX 32u

struct sp_saml_logout_rules {
    const struct sp_saml_idp *idp;
    const struct sp_saml_trust *trust;
    struct sp_str destination; /* our address */
    bool allows_sha1;
    int64_t clock_skew_us, now_us;
};

struct sp_saml_logout_asked {
    struct sp_str id, name_id, relay_state;
    struct sp_str session_indexes[SP_SAML_SESSION_INDEXES_MAX];
    size_t session_index_count; /* 0: all sessions of the user */
};

/* Whether the query has a request; otherwise it is an answer, or nothing. */
bool sp_saml_logout_is_request(struct sp_str query);
/* Texts are in the arena. SP_ESYNTAX; SP_EDENIED: not signed by the provider, not for us, not now; SP_ELIMIT,
 * SP_ENOMEM. */
enum sp_status sp_saml_logout_read(struct sp_str query, const struct sp_saml_logout_rules *rules,
                                   struct sp_arena *arena, struct sp_saml_logout_asked *ret_asked,
                                   struct sp_error *err) SP_MUST_CHECK;
bool sp_saml_logout_names(const struct sp_saml_logout_asked *asked, struct sp_str session_index);

#endif
