/* SPDX-License-Identifier: Apache-2.0 */
#include "region/authority.h"

void sp_region_map_identity(const struct sp_saf_image *image, struct sp_region_link *link)
{
    if (link->user.len || !link->dist_name.len)
        return;
    struct sp_str user = sp_saf_map_identity(image, link->dist_name, link->dist_realm, NULL);
    if (user.len)
        link->user = user;
}

static const char *fault_of(enum sp_saf_verify_outcome outcome)
{
    switch (outcome) {
    case SP_SAF_VERIFIED:
        return NULL;
    case SP_SAF_UNKNOWN_USER:
        return "the user is not defined to the security database";
    case SP_SAF_NO_APPL:
        return "the user may not use this region (class APPL)";
    case SP_SAF_DAY_TIME:
        return "the user may not log on at this time";
    default:
        return "the user is revoked";
    }
}

/* What is being checked, for every user that is asked. */
struct check {
    const struct sp_definition *definition;
    const struct sp_saf_image *image;
    const struct sp_task_request *request;
    struct sp_arena *arena;
    struct sp_str *message;
};

static bool may(const struct check *check, struct sp_str user, struct sp_str class, struct sp_str resource)
{
    struct sp_saf_decision decision;
    const struct sp_saf_auth auth = {
        .class = class, .resource = resource, .user = user, .wanted = SP_SAF_READ};
    sp_saf_decide(check->image, &auth, check->arena, &decision);
    if (decision.granted)
        return true;
    *check->message =
        sp_arena_printf(check->arena,
                        "DFHXS1111 %.*s %.*s Security violation by user %.*s at netname %.*s for resource "
                        "%.*s in class %.*s. "
                        "SAF codes are (X'%08X',X'00000000'). ESM codes are (X'%08X',X'%08X').",
                        SP_STR_ARG(check->definition->applid), SP_STR_ARG(check->request->transaction),
                        SP_STR_ARG(user), SP_STR_ARG(check->request->netname), SP_STR_ARG(resource),
                        SP_STR_ARG(class), decision.saf_rc, decision.racf_rc, decision.racf_reason);
    return false;
}

/* The task's user and the link's: both need it. */
static bool both_may(const struct check *check, struct sp_str class, struct sp_str resource)
{
    const struct sp_task_request *request = check->request;
    return may(check, request->user, class, resource) &&
           (!request->link_user.len || sp_str_eq(request->link_user, request->user) ||
            may(check, request->link_user, class, resource));
}

enum sp_region_outcome sp_region_permit(const struct sp_definition *definition,
                                        const struct sp_saf_image *image,
                                        const struct sp_task_request *request, struct sp_arena *arena,
                                        const char **ret_reason, struct sp_str *ret_message)
{
    const struct check check = {definition, image, request, arena, ret_message};
    const char *fault = fault_of(sp_saf_check_user(image, request->user, definition->applid, arena));
    if (fault) {
        *ret_reason = fault;
        *ret_message = sp_arena_printf(arena, "%.*s: user %.*s at netname %.*s is not accepted: %s",
                                       SP_STR_ARG(definition->applid), SP_STR_ARG(request->user),
                                       SP_STR_ARG(request->netname), fault);
        return SP_REGION_SECURITY;
    }
    if (!both_may(&check, SP_STR("TCICSTRN"), request->transaction)) {
        *ret_reason = "no authority to attach the transaction (class TCICSTRN)";
        return SP_REGION_NOT_AUTHORIZED;
    }
    if (definition->resource_security && !both_may(&check, SP_STR("MCICSPPT"), request->program)) {
        *ret_reason = "no authority for the program (class MCICSPPT)";
        return SP_REGION_NOT_AUTHORIZED;
    }
    return SP_REGION_NORMAL;
}
