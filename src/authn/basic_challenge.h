/* SPDX-License-Identifier: Apache-2.0
 * basic_challenge.h: what a client is told that must send name and password (RFC 7617).
 */
#ifndef SP_AUTHN_BASIC_CHALLENGE_H
#define SP_AUTHN_BASIC_CHALLENGE_H

#include "authn/authn.h"

#define SP_BASIC_REALM_MAX 256u

struct sp_basic_challenge {
    char text[2 * SP_BASIC_REALM_MAX + 40]; /* value of WWW-Authenticate */
};

/* Whether the application, which asks for a client certificate, takes names and passwords. */
bool sp_basic_is_offered(const struct sp_cfg_web_app_security *security);
/* Of the realm that the configuration shows. */
void sp_basic_challenge_init(struct sp_basic_challenge *challenge,
                             const struct sp_cfg_web_app_security *security, struct sp_str realm);
/* 401 with it. `challenge` must live as long as the request. */
void sp_basic_challenge_put(const struct sp_basic_challenge *challenge, struct sp_challenge *ret_challenge);

#endif
