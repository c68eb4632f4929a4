/* SPDX-License-Identifier: Apache-2.0
 * saml_signature.h: the signature of an assertion (XML Signature, by xmlsec), and what it covers.
 *
 * The answer are the bytes that were digested, so that nobody reads anything that was not signed. Refused
 * before any cryptography: a document element that is not Assertion, a document type, another signature or
 * another reference than the one to the assertion itself, an ID that is there twice, transforms other than
 * enveloped-signature and exclusive canonicalisation, methods that the policy does not allow.
 */
#ifndef SP_AUTHN_SAML_SIGNATURE_H
#define SP_AUTHN_SAML_SIGNATURE_H

#include "authn/saml_trust.h"
#include "base/buf.h"

struct sp_saml_signature_policy {
    bool allows_sha1;
};

/* Append what the signature covers. Blocks for some 100 us; any thread. SP_ESYNTAX; SP_EDENIED: not signed,
 * not by anybody trusted, or not what was signed; SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_signature_check(struct sp_str document, const struct sp_saml_trust *trust,
                                       const struct sp_saml_signature_policy *policy,
                                       struct sp_buf *signed_bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
