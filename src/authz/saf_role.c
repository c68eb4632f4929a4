/* SPDX-License-Identifier: Apache-2.0 */
#include "authz/authz.h"

#define RESOURCE "zos.connect.access.roles"

static bool wants_message(const struct sp_config *config)
{
    struct sp_str log = config->saf_authorizations[0].rac_route_log;
    return sp_str_is(log, "ASIS") || sp_str_is(log, "NOSTAT");
}

enum sp_status sp_authz_role_by_saf(const struct sp_config *config, struct sp_saf_link *saf,
                                    const struct sp_principal *principal, struct sp_arena *arena,
                                    struct sp_str *ret_message, struct sp_error *err)
{
    *ret_message = SP_STR("");
    struct sp_str prefix = config->saf_credentials.profile_prefix;
    struct sp_saf_decision decision;
    const struct sp_saf_auth auth = {
        .class = SP_STR("EJBROLE"),
        .resource = sp_arena_printf(arena, "%.*s." RESOURCE "." SP_AUTHZ_ROLE, SP_STR_ARG(prefix)),
        .user = principal->saf_user,
        .wanted = SP_SAF_READ,
    };
    if (!auth.resource.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a decision");
    enum sp_status status =
        sp_saf_link_authorize(saf, &auth, arena, &decision, wants_message(config) ? ret_message : NULL, err);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL,
                            "the security database, which safAuthorization asks, is not available");
    if (decision.granted && principal->authenticated)
        return SP_OK;
    if (decision.granted)
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "a request without identity is not let in, though user %.*s holds role " SP_AUTHZ_ROLE,
            SP_STR_ARG(principal->saf_user));
    return sp_error_set(err, SP_EDENIED, decision.saf_rc == 4 ? "CWWKS2911E" : "CWWKS2910W",
                        "user %.*s does not hold role " SP_AUTHZ_ROLE
                        ": READ to %.*s in class EJBROLE is refused (SAF %u, RACF %u, reason %u%s)",
                        SP_STR_ARG(principal->saf_user.len ? principal->saf_user : SP_STR("without id")),
                        SP_STR_ARG(auth.resource), decision.saf_rc, decision.racf_rc, decision.racf_reason,
                        decision.saf_rc == 4 ? ": no profile protects it, or the class is not active" : "");
}
