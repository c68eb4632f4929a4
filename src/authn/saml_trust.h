/* SPDX-License-Identifier: Apache-2.0
 * saml_trust.h: whose signature on an assertion counts.
 */
#ifndef SP_AUTHN_SAML_TRUST_H
#define SP_AUTHN_SAML_TRUST_H

#include "config/config.h"

struct evp_pkey_st;
struct x509_st;

struct sp_saml_trust;

/* Of pkixTrustEngine: its trust anchors and certificates, and revocation lists; without one, of the trust
 * store of the server's default ssl element. Reads files. SP_EINVAL when there is nobody to trust, and what
 * reading says. */
enum sp_status sp_saml_trust_new(const struct sp_cfg_saml *config, const struct sp_cfg_ssl *fallback,
                                 struct sp_saml_trust **ret_trust, struct sp_error *err) SP_MUST_CHECK;
/* Of the certificates (DER) that an identity provider's metadata names: these, and none that they issued. */
enum sp_status sp_saml_trust_of(const struct sp_str *certificates, size_t count,
                                struct sp_saml_trust **ret_trust, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_saml_trust_free(struct sp_saml_trust *trust);

/* Whether the certificate (DER) is one of those, or was issued under one of them, is valid now, may sign, and
 * is not revoked. Any thread. SP_EDENIED with the reason. `ret_certificate` is to be freed with X509_free. */
enum sp_status sp_saml_trust_check(const struct sp_saml_trust *trust, struct sp_str der,
                                   struct x509_st **ret_certificate, struct sp_error *err) SP_MUST_CHECK;
/* The only certificate there is, for assertions that say nothing of theirs; NULL when there are several. */
struct x509_st *sp_saml_trust_only(const struct sp_saml_trust *trust);

#endif
