/* SPDX-License-Identifier: Apache-2.0
 * tls.h: the region's side of TLS.
 */
#ifndef SP_REGION_TLS_H
#define SP_REGION_TLS_H

#include "region/definition.h"

struct ssl_ctx_st;

/* TLS 1.2 or later after the definition's tlsCertificate, tlsKey and tlsClientTrust; with the last one,
 * gateways must present a certificate that it has issued. To be freed with SSL_CTX_free. SP_EINVAL naming the
 * file. */
enum sp_status sp_region_tls_new(const struct sp_definition *definition, struct ssl_ctx_st **ret_context,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
