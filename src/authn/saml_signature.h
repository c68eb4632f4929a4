/* SPDX-License-Identifier: Apache-2.0
 * saml_signature.h: the signature of an assertion or a message (XML Signature, by xmlsec), and what it
 * covers.
 *
 * The answer are the bytes that were digested, so that nobody reads anything that was not signed. Refused
 * before any cryptography: another document element than the one asked for, a document type, another
 * signature (but that of the assertion in a response, of which nothing is said here) or another reference
 * than the one to the document element itself, an ID that is there twice, transforms other than
 * enveloped-signature and exclusive canonicalisation, methods that the policy does not allow.
 */
#ifndef SP_AUTHN_SAML_SIGNATURE_H
#define SP_AUTHN_SAML_SIGNATURE_H

#include "authn/saml_sign.h"
#include "authn/saml_trust.h"
#include "base/buf.h"

enum sp_saml_root { SP_SAML_ASSERTION, SP_SAML_RESPONSE, SP_SAML_LOGOUT_REQUEST, SP_SAML_LOGOUT_RESPONSE };

/* Append what the signature covers. Blocks for some 100 us; any thread. SP_ESYNTAX; SP_EDENIED: not signed,
 * not by anybody trusted, or not what was signed; SP_ELIMIT, SP_ENOMEM. */
enum sp_status sp_saml_signature_check(struct sp_str document, enum sp_saml_root root,
                                       const struct sp_saml_trust *trust,
                                       const struct sp_saml_signature_policy *policy,
                                       struct sp_buf *signed_bytes, struct sp_error *err) SP_MUST_CHECK;

#endif
