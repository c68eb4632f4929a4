/* SPDX-License-Identifier: Apache-2.0
 * saml_sign.h: the methods of signatures on SAML messages (RFC 6931), and our own signatures: of bytes, as
 * HTTP-Redirect has them (SAML bindings 3.4.4.1), and inside of a document, as HTTP-POST has them (XML
 * Signature, SAML core 5.4).
 */
#ifndef SP_AUTHN_SAML_SIGN_H
#define SP_AUTHN_SAML_SIGN_H

#include "base/arena.h"
#include "base/buf.h"

struct evp_md_st;
struct evp_pkey_st;
struct x509_st;

struct sp_saml_method {
    const char *uri, *digest_uri;
    const struct evp_md_st *(*digest)(void);
    int kind;      /* EVP_PKEY_RSA, EVP_PKEY_EC */
    unsigned bits; /* of the digest */
};

/* What signatures of others must be. */
struct sp_saml_signature_policy {
    bool allows_sha1;
    unsigned bits_min; /* of the method's digest; what signatureMethodAlgorithm names */
};

/* Of signatureMethodAlgorithm: "SHA1", "SHA384", "ECDSAwithSHA512". */
struct sp_saml_signature_policy sp_saml_signature_policy_of(struct sp_str name);
/* NULL: it is not known, or not allowed. */
const struct sp_saml_method *sp_saml_method_find(struct sp_str uri,
                                                 const struct sp_saml_signature_policy *policy);

struct sp_saml_signer {
    struct evp_pkey_st *key;
    struct x509_st *certificate; /* of KeyInfo; NULL: no KeyInfo */
    struct sp_str method;        /* of signatureMethodAlgorithm: its digest counts, the key says the rest */
};

/* The method that it signs with. SP_EUNSUPPORTED for a key that is neither RSA nor EC. */
enum sp_status sp_saml_signer_method(const struct sp_saml_signer *signer,
                                     const struct sp_saml_method **ret_method,
                                     struct sp_error *err) SP_MUST_CHECK;
/* Append the value of a signature, numbers of ECDSA at full length as XML Signature has them. SP_EINTERNAL
 * when the key cannot sign, SP_EUNSUPPORTED. */
enum sp_status sp_saml_sign_bytes(const struct sp_saml_signer *signer, struct sp_str bytes,
                                  struct sp_buf *signature, struct sp_error *err) SP_MUST_CHECK;
/* A message of saml_request.h with a signature behind its Issuer; in the arena. Blocks for some 100 us. As
 * above, and SP_EINVAL for a document without ID or Issuer, SP_ENOMEM. */
enum sp_status sp_saml_sign_document(const struct sp_saml_signer *signer, struct sp_str document,
                                     struct sp_arena *arena, struct sp_str *ret_document,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
