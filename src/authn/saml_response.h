/* SPDX-License-Identifier: Apache-2.0
 * saml_response.h: what an identity provider sends by a browser (SAML core 3.3.3, profiles 4.1.4, bindings
 * 3.5): its answer, and the one assertion in it, taken out so that it is checked as any other.
 */
#ifndef SP_AUTHN_SAML_RESPONSE_H
#define SP_AUTHN_SAML_RESPONSE_H

#include "authn/saml_signature.h"

struct evp_pkey_st;

/* base64, with line ends, of SP_SAML_DOCUMENT_MAX bytes */
#define SP_SAML_RESPONSE_MAX (400u << 10)

struct sp_saml_response_rules {
    const struct sp_saml_trust *trust;
    const struct sp_saml_signature_policy *policy;
    struct evp_pkey_st *key;      /* that decrypts; NULL: none */
    struct sp_str destination;    /* our address */
    struct sp_str in_response_to; /* empty: it must not answer anything */
    bool wants_assertion_signed;  /* by itself; otherwise it or the response must be */
};

/* The form field: base64, with line ends or without. Appends the document. SP_ESYNTAX, SP_ELIMIT. */
enum sp_status sp_saml_response_decode(struct sp_str field, struct sp_buf *document,
                                       struct sp_error *err) SP_MUST_CHECK;

/* Check a Response and append its assertion: the bytes that a signature covers. `ret_issuer` is the issuer
 * of the response, empty when it names none; in the arena. Blocks; any thread. SP_ESYNTAX; SP_EDENIED: not
 * for us, not the answer to what we asked, no success (`err` says which status), not signed as it must be;
 * SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_response_open(struct sp_str document, const struct sp_saml_response_rules *rules,
                                     struct sp_arena *arena, struct sp_buf *assertion,
                                     struct sp_str *ret_issuer, struct sp_error *err) SP_MUST_CHECK;

#endif
