/* SPDX-License-Identifier: Apache-2.0
 * browser.h: what tells a browser from other clients, and what one is told during a login.
 */
#ifndef SP_AUTHN_BROWSER_H
#define SP_AUTHN_BROWSER_H

#include "authn/kind.h"
#include "text/cookie.h"

/* A person looks at the answer: scripts cannot follow to another site, and a body would be lost. */
bool sp_browser_navigates(const struct sp_http_request *request);
/* Whether the request has that cookie of a session, and it counts: not when a page of another site made the
 * browser send a request that changes something. That is noted in the attempt, for whoever tells why. */
bool sp_browser_has_session(struct sp_authn_attempt *attempt, struct sp_str cookie);

/* Add a cookie to what is said to the client: HttpOnly, and Secure over TLS or where ssoRequiresSSL wants it;
 * max_age_s and same_site as in struct sp_set_cookie. False without memory or place. */
bool sp_browser_set_cookie(struct sp_authn_attempt *attempt, struct sp_challenge *challenge,
                           struct sp_str name, struct sp_str path, struct sp_str value, int64_t max_age_s,
                           enum sp_same_site same_site);

/* 302 with "Location" and "Cache-Control". SP_ENOMEM, and then 503. */
enum sp_status sp_browser_send_to(struct sp_challenge *challenge, struct sp_str location,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
