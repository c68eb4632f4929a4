/* SPDX-License-Identifier: Apache-2.0
 * ltpa_cookie.h: where the LTPA token travels (webAppSecurity: ssoCookieName and what belongs to it).
 */
#ifndef SP_AUTHN_LTPA_COOKIE_H
#define SP_AUTHN_LTPA_COOKIE_H

#include "config/config.h"
#include "io/port.h"

/* The token as the request carries it, without quotes and percent-encoding; ptr NULL: there is none. In the
 * arena, or a view of the request. */
struct sp_str sp_ltpa_cookie_get(const struct sp_cfg_web_app_security *security,
                                 const struct sp_http_request *request, struct sp_arena *arena);
/* The value of a Set-Cookie header for the token; ptr NULL: this request must not get it (ssoRequiresSSL and
 * no TLS), or there is no memory. */
struct sp_str sp_ltpa_cookie_make(const struct sp_cfg_web_app_security *security,
                                  const struct sp_http_request *request, struct sp_str token,
                                  struct sp_arena *arena);
/* The Domain attribute for a host: the first of ssoDomainNames that it belongs to, else, with
 * ssoUseDomainFromURL, what follows its first dot; empty: the cookie is for this host alone. A view of
 * either.
 */
struct sp_str sp_ltpa_cookie_domain(const struct sp_cfg_web_app_security *security, struct sp_str host);

#endif
