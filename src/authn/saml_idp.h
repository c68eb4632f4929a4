/* SPDX-License-Identifier: Apache-2.0
 * saml_idp.h: the identity provider of a login in a browser, out of its metadata (SAML metadata 2.0, sections
 * 2.3, 2.4.2 and 2.4.3).
 */
#ifndef SP_AUTHN_SAML_IDP_H
#define SP_AUTHN_SAML_IDP_H

#include "authn/saml_send.h"

#define SP_SAML_METADATA_MAX ((size_t)4 << 20)

struct sp_saml_idp {
    struct sp_str entity_id;
    /* By HTTP-Redirect when the provider offers that, else by HTTP-POST. */
    struct sp_saml_endpoint login, logout, logout_answer;
    /* By HTTP-POST; empty: it does not offer that. */
    struct sp_saml_endpoint posted_login, posted_logout, posted_answer;
    const struct sp_str *certificates; /* DER, of the keys it signs with */
    size_t certificate_count;
    bool wants_signed; /* requests */
};

/* Use HTTP-POST wherever the provider offers it. */
void sp_saml_idp_prefer_post(struct sp_saml_idp *idp);

/* Exactly one EntityDescriptor with one IDPSSODescriptor. Everything in the arena. `file` is for messages.
 * SP_ESYNTAX, SP_EINVAL (no usable provider in it), SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_idp_read(struct sp_str document, const char *file, struct sp_arena *arena,
                                struct sp_saml_idp *ret_idp, struct sp_error *err) SP_MUST_CHECK;
/* The same of a file; blocks. Also SP_ENOTFOUND, SP_EIO. */
enum sp_status sp_saml_idp_load(struct sp_str path, struct sp_arena *arena, struct sp_saml_idp *ret_idp,
                                struct sp_error *err) SP_MUST_CHECK;

#endif
