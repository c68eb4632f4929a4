/* SPDX-License-Identifier: Apache-2.0
 * cors.h: which web pages of other origins may call, by the <cors> elements (Fetch standard, CORS protocol).
 *
 * The element with the longest domain that the request's path begins with counts, segment by segment. Paths
 * without an element get no header, and browsers then refuse. A page's preflight is answered here, before
 * authentication, for browsers send no credentials with it; it never reaches a program.
 *
 * allowedOrigins="*" is answered with "*", and then without leave to send cookies or client certificates,
 * whatever allowCredentials says: otherwise every page in the world could use those of our users.
 */
#ifndef SP_GATEWAY_CORS_H
#define SP_GATEWAY_CORS_H

#include "config/config.h"
#include "gateway/target.h"
#include "io/port.h"

struct sp_cors; /* immutable */

#define SP_CORS_HEADERS_MAX 6u

/* Lives in the arena; the configuration must outlive it. SP_EINVAL names the element whose domain is no path.
 */
enum sp_status sp_cors_new(const struct sp_config *config, struct sp_arena *arena,
                           const struct sp_cors **ret_cors, struct sp_error *err) SP_MUST_CHECK;

/* What counts for a request; NULL: nothing, or it does not come from a web page. A page names itself once. */
const struct sp_cfg_cors *sp_cors_find(const struct sp_cors *cors, const struct sp_path *path,
                                       const struct sp_http_request *request);
bool sp_cors_is_preflight(const struct sp_http_request *request);
/* Whether a preflight's origin, method and headers are all allowed. */
bool sp_cors_allows(const struct sp_cfg_cors *rule, const struct sp_http_request *request);
/* Headers of the answer to a request, or to a preflight that is allowed. Values are the configuration's, the
 * request's, or in the arena. Returns their number. */
size_t sp_cors_headers(const struct sp_cfg_cors *rule, const struct sp_http_request *request, bool preflight,
                       struct sp_arena *arena, struct sp_http_header ret_headers[SP_CORS_HEADERS_MAX]);

#endif
