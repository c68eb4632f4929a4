/* SPDX-License-Identifier: Apache-2.0
 * sink_tls.h: whom sinks of the audit trust, and what they present. For the sinks only.
 */
#ifndef SP_INTERCEPT_SMF_SINK_TLS_H
#define SP_INTERCEPT_SMF_SINK_TLS_H

#include "intercept/smf/shared.h"

struct ssl_ctx_st;

/* TLS 1.2 or later; the authorities of caFile, or the system's; certificateFile and keyFile when there are
 * any. The other side's certificate is verified; its name is for the caller to check. SP_EUNAVAIL with the
 * file that is wrong. Free with SSL_CTX_free. */
enum sp_status sp_smf_sink_tls_new(const struct sp_smf_sink_settings *settings,
                                   struct ssl_ctx_st **ret_context, struct sp_error *err) SP_MUST_CHECK;

#endif
