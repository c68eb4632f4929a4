/* SPDX-License-Identifier: Apache-2.0
 * explain_client.h: whom the server would take for the client of a request, for `sallyport explain auth`.
 */
#ifndef SP_CLI_EXPLAIN_CLIENT_H
#define SP_CLI_EXPLAIN_CLIENT_H

#include "authn/trace.h"

/* The endpoint is the one that has the request's port, or else the first. As the server does it: what proxies
 * are believed changes the request, and `trace` says so. SP_EINVAL, SP_EDENIED: it is refused with 400. */
enum sp_status sp_explain_client(const struct sp_config *config, struct sp_arena *arena,
                                 struct sp_http_header *headers, struct sp_http_request *request,
                                 struct sp_authn_trace *trace, struct sp_error *err) SP_MUST_CHECK;

#endif
