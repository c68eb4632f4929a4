/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/guest.h"

#include "authn/identity.h"
#include "config/place.h"

#define MEMORY_MAX 65536u

static void warn(struct sp_problems *problems, const struct sp_config *config, const char *what)
{
    const struct sp_cfg_saf_credentials *credentials = &config->saf_credentials;
    const struct sp_config_place at = sp_config_place_of(config, credentials);
    sp_problem_add(problems, SP_PROBLEM_WARNING, SP_MSG_GUEST_UNUSABLE, at.file, at.line, at.column,
                   "safCredentials unauthenticatedUser=\"%.*s\": %s",
                   SP_STR_ARG(credentials->unauthenticated_user), what);
}

static const char *fault_of(const struct sp_saf_image *image,
                            const struct sp_cfg_saf_credentials *credentials)
{
    struct sp_arena arena;
    sp_arena_init(&arena, MEMORY_MAX);
    enum sp_saf_verify_outcome outcome =
        sp_saf_check_user(image, credentials->unauthenticated_user, credentials->profile_prefix, &arena);
    sp_arena_finish(&arena);
    switch (outcome) {
    case SP_SAF_VERIFIED:
        break;
    case SP_SAF_UNKNOWN_USER:
        return "the security database has no such user, so requests without credentials have no user id "
               "(ADDUSER it, RESTRICTED and NOPASSWORD)";
    case SP_SAF_NO_APPL:
        return "the user may not use the application that profilePrefix names, so requests without "
               "credentials have no user id (PERMIT it READ in class APPL)";
    default:
        return "the user is revoked, so requests without credentials have no user id";
    }
    const struct sp_saf_user *user = sp_saf_find_user(image, credentials->unauthenticated_user);
    return user->flags & SP_SAF_RESTRICTED
               ? NULL
               : "the user is not RESTRICTED: requests without credentials have all that UACC and ID(*) give "
                 "(ALTUSER it RESTRICTED)";
}

void sp_guest_check(const struct sp_config *config, struct sp_saf_link *saf, struct sp_problems *problems)
{
    const struct sp_saf_image *image = sp_saf_link_image(saf);
    if (!image)
        return;
    const char *fault = fault_of(image, &config->saf_credentials);
    if (fault)
        warn(problems, config, fault);
    sp_saf_image_release(image);
}

enum sp_status sp_guest_take(const struct sp_config *config, struct sp_saf_link *saf, struct sp_arena *arena,
                             struct sp_principal *ret_principal)
{
    struct sp_principal principal = {.scheme = SP_AUTHN_NONE};
    const struct sp_cfg_saf_credentials *credentials = &config->saf_credentials;
    const struct sp_saf_image *image = sp_saf_link_image(saf);
    enum sp_status status = SP_OK;
    if (image && sp_saf_check_user(image, credentials->unauthenticated_user, credentials->profile_prefix,
                                   arena) == SP_SAF_VERIFIED) {
        principal.name = principal.saf_user = credentials->unauthenticated_user;
        status = sp_identity_groups(image, principal.saf_user, arena, &principal.groups);
    }
    sp_saf_image_release(image);
    if (status == SP_OK)
        *ret_principal = principal;
    return status;
}
