/* SPDX-License-Identifier: Apache-2.0
 * saml_send.h: our messages on their way to the identity provider, by the browser: HTTP-Redirect, which has
 * them in a URL, and HTTP-POST, a page with a form that sends itself (SAML bindings 3.4 and 3.5).
 */
#ifndef SP_AUTHN_SAML_SEND_H
#define SP_AUTHN_SAML_SEND_H

#include "authn/authn.h"
#include "authn/saml_sign.h"

/* Where a provider takes messages of a kind. */
struct sp_saml_endpoint {
    struct sp_str url; /* may have a query; empty: nowhere */
    bool is_post;      /* by HTTP-POST; otherwise by HTTP-Redirect */
};

struct sp_saml_sending {
    struct sp_saml_endpoint to;
    const char *field; /* "SAMLRequest", "SAMLResponse" */
    struct sp_str document;
    struct sp_str relay_state;    /* empty: none */
    struct sp_saml_signer signer; /* key NULL: not signed */
};

/* The URL with the document deflated, and signed; in the arena. SP_EUNSUPPORTED for a key that is neither RSA
 * nor EC, SP_EINTERNAL when it cannot sign, SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_redirect_url(const struct sp_saml_sending *sending, struct sp_arena *arena,
                                    struct sp_str *ret_url, struct sp_error *err) SP_MUST_CHECK;
/* The page with the form, its document signed; in the arena. Errors as above. */
enum sp_status sp_saml_post_page(const struct sp_saml_sending *sending, struct sp_arena *arena,
                                 struct sp_str *ret_page, struct sp_error *err) SP_MUST_CHECK;
/* One of both, as the answer to the browser: 302, or 200 with the page. When it fails the challenge has no
 * status. */
enum sp_status sp_saml_send(const struct sp_saml_sending *sending, struct sp_arena *arena,
                            struct sp_challenge *challenge, struct sp_error *err) SP_MUST_CHECK;

#endif
