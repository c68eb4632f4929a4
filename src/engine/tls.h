/* SPDX-License-Identifier: Apache-2.0
 * tls.h: the certificates of a listener, from its key stores into a TLS context.
 *
 * Private keys go from the key store's file into memory and nowhere else: nginx.conf names no key file.
 */
#ifndef SP_ENGINE_TLS_H
#define SP_ENGINE_TLS_H

#include "config/config.h"

struct ssl_ctx_st;

/* What a listener asks its callers for: clientAuthentication, clientAuthenticationSupported. */
enum sp_client_certificate {
    SP_CLIENT_CERTIFICATE_NONE,
    SP_CLIENT_CERTIFICATE_MAY,
    SP_CLIENT_CERTIFICATE_MUST
};

/* Load key, chain and trusted certificates of an endpoint with an httpsPort. Its sessions can be resumed only
 * under the same endpoint, certificate and trusted certificates. Errors name the key store; what is doubtful,
 * such as a certificate that expires soon, goes to `problems`. */
enum sp_status sp_engine_tls_load(const struct sp_config *config, unsigned endpoint,
                                  struct ssl_ctx_st *context, struct sp_problems *problems,
                                  enum sp_client_certificate *ret_client, struct sp_error *err) SP_MUST_CHECK;

/* Load only what certificates of callers are checked against: trusted certificates and revocation lists. */
enum sp_status sp_engine_tls_trust(const struct sp_cfg_ssl *ssl, struct ssl_ctx_st *context,
                                   struct sp_error *err) SP_MUST_CHECK;

#endif
