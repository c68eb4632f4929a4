/* SPDX-License-Identifier: Apache-2.0
 * saml_logout_read.h: an identity provider's request that its user be logged out, as it comes by
 * HTTP-Redirect or HTTP-POST (SAML core 3.7.1, bindings 3.4.4 and 3.5.4).
 */
#ifndef SP_AUTHN_SAML_LOGOUT_READ_H
#define SP_AUTHN_SAML_LOGOUT_READ_H

#include "authn/saml_idp.h"
#include "authn/saml_signature.h"

#define SP_SAML_SESSION_INDEXES_MAX 32u

struct sp_saml_logout_rules {
    const struct sp_saml_idp *idp;
    const struct sp_saml_trust *trust;
    const struct sp_saml_signature_policy *policy;
    struct evp_pkey_st *key;   /* that decrypts the name; NULL: none */
    struct sp_str destination; /* our address */
    int64_t clock_skew_us, now_us;
};

struct sp_saml_logout_asked {
    struct sp_str id, name_id, relay_state;
    struct sp_str session_indexes[SP_SAML_SESSION_INDEXES_MAX];
    size_t session_index_count; /* 0: all sessions of the user */
    int64_t ends_us;            /* realtime; from when on it is not to be taken any more, skew included */
};

/* Whether the query has a request; otherwise it is an answer, or nothing. */
bool sp_saml_logout_is_request(struct sp_str query);
/* Of HTTP-Redirect. Texts are in the arena. Blocks for some 100 us; any thread. SP_ESYNTAX; SP_EDENIED: not
 * signed by the provider, not for us, not now; SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_logout_read(struct sp_str query, const struct sp_saml_logout_rules *rules,
                                   struct sp_arena *arena, struct sp_saml_logout_asked *ret_asked,
                                   struct sp_error *err) SP_MUST_CHECK;
/* The same of HTTP-POST: `message` is the field of the form, without its percent encoding. */
enum sp_status sp_saml_logout_read_posted(struct sp_str message, const struct sp_saml_logout_rules *rules,
                                          struct sp_arena *arena, struct sp_saml_logout_asked *ret_asked,
                                          struct sp_error *err) SP_MUST_CHECK;
bool sp_saml_logout_names(const struct sp_saml_logout_asked *asked, struct sp_str session_index);

#endif
