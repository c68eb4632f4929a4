/* SPDX-License-Identifier: Apache-2.0
 * client_tls.h: the client's side of TLS after an ssl element of server.xml.
 */
#ifndef SP_REGISTRY_CLIENT_TLS_H
#define SP_REGISTRY_CLIENT_TLS_H

#include "config/config.h"

struct ssl_ctx_st;

/* Trusts what the trust store trusts and nothing else; presents the key of `clientKeyAlias`, or the first of
 * the key store when it has one. TLS 1.2 or later. To be freed with SSL_CTX_free. Errors name the file. */
enum sp_status sp_client_tls_new(const struct sp_cfg_ssl *ssl, struct ssl_ctx_st **ret_context,
                                 struct sp_error *err) SP_MUST_CHECK;

/* Whether the certificate of that host may bear any name: verifyHostname, skipHostnameVerificationForHosts.
 * The context knows by itself, for connections that say whom they expect by SSL_set1_host and its like; this
 * is for clients that compare names on their own. */
bool sp_client_tls_any_name(const struct sp_cfg_ssl *ssl, struct sp_str host);

#endif
