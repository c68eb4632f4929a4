/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/basic_challenge.h"

bool sp_basic_is_offered(const struct sp_cfg_web_app_security *security)
{
    struct sp_str basic = SP_STR("BASIC");
    return sp_str_caseless_eq(security->override_method, basic) || security->allow_fail_over_to_basic_auth ||
           sp_str_caseless_eq(security->fail_over_method, basic);
}

static struct sp_str shown_realm(const struct sp_cfg_web_app_security *security, struct sp_str realm)
{
    if (security->basic_authentication_realm.len)
        return security->basic_authentication_realm;
    return security->display_authentication_realm ? realm : SP_STR("defaultRealm");
}

/* A quoted-string of RFC 9110; what has no place in one is left out. */
void sp_basic_challenge_init(struct sp_basic_challenge *challenge,
                             const struct sp_cfg_web_app_security *security, struct sp_str realm)
{
    struct sp_str shown = shown_realm(security, realm);
    char *at = stpcpy(challenge->text, "Basic realm=\"");
    for (size_t i = 0; i < shown.len && i < SP_BASIC_REALM_MAX; i++) {
        unsigned char c = (unsigned char)shown.ptr[i];
        if (c < 0x20 || c == 0x7f)
            continue;
        if (c == '"' || c == '\\')
            *at++ = '\\';
        *at++ = (char)c;
    }
    stpcpy(at, "\", charset=\"UTF-8\"");
}

void sp_basic_challenge_put(const struct sp_basic_challenge *challenge, struct sp_challenge *ret_challenge)
{
    ret_challenge->status = 401;
    sp_challenge_add(ret_challenge, "WWW-Authenticate", sp_str_of(challenge->text));
}
