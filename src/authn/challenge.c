/* SPDX-License-Identifier: Apache-2.0
 * What authentication says to the client, and the names of the schemes.
 */
#include "authn/authn.h"

bool sp_challenge_add(struct sp_challenge *challenge, const char *name, struct sp_str value)
{
    if (challenge->header_count == SP_CHALLENGE_HEADERS_MAX || !value.ptr)
        return false;
    challenge->headers[challenge->header_count++] = (struct sp_http_header){sp_str_of(name), value};
    return true;
}

struct sp_str sp_challenge_header(const struct sp_challenge *challenge, const char *name)
{
    for (size_t i = 0; i < challenge->header_count; i++)
        if (sp_str_caseless_eq(challenge->headers[i].name, sp_str_of(name)))
            return challenge->headers[i].value;
    return (struct sp_str){NULL, 0};
}

const char *sp_authn_scheme_name(enum sp_authn_scheme scheme)
{
    static const char *const names[] = {
        [SP_AUTHN_NONE] = "none",
        [SP_AUTHN_BASIC] = "basic",
        [SP_AUTHN_CERTIFICATE] = "certificate",
        [SP_AUTHN_JWT] = "jwt",
        [SP_AUTHN_INTROSPECTION] = "introspection",
        [SP_AUTHN_OIDC] = "oidc",
        [SP_AUTHN_LTPA] = "ltpa",
        [SP_AUTHN_SAML] = "saml",
    };
    return names[scheme];
}

const char *sp_authn_strength_name(enum sp_authn_strength strength)
{
    static const char *const names[] = {
        [SP_STRENGTH_NONE] = "none",
        [SP_STRENGTH_BEARER] = "bearer",
        [SP_STRENGTH_PASSWORD] = "password",
        [SP_STRENGTH_POSSESSION] = "possession",
    };
    return names[strength];
}
