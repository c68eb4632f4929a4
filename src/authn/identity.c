/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/identity.h"

static bool is_legal(char c)
{
    c = sp_upper(c);
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#' || c == '@' || c == '$';
}

bool sp_saf_user_is_legal(struct sp_str name)
{
    if (name.len == 0 || name.len > SP_SAF_USER_MAX)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_legal(name.ptr[i]))
            return false;
    return true;
}

enum sp_status sp_saf_user_from(struct sp_str name, struct sp_arena *arena, struct sp_str *ret_saf_user)
{
    if (!sp_saf_user_is_legal(name)) {
        *ret_saf_user = SP_STR("");
        return SP_OK;
    }
    char *upper = sp_arena_alloc(arena, name.len);
    if (!upper)
        return SP_ENOMEM;
    for (size_t i = 0; i < name.len; i++)
        upper[i] = sp_upper(name.ptr[i]);
    *ret_saf_user = sp_str_from(upper, name.len);
    return SP_OK;
}

enum sp_status sp_identity_groups(const struct sp_saf_image *image, struct sp_str user,
                                  struct sp_arena *arena, struct sp_str_list *ret_groups)
{
    const struct sp_str *groups;
    size_t count = sp_saf_groups_of(image, user, &groups);
    struct sp_str *copies = sp_arena_calloc(arena, count, sizeof *copies);
    if (!copies)
        return SP_ENOMEM;
    for (size_t i = 0; i < count; i++) {
        copies[i] = sp_arena_str(arena, groups[i]);
        if (!copies[i].ptr)
            return SP_ENOMEM;
    }
    *ret_groups = (struct sp_str_list){copies, count};
    return SP_OK;
}

enum sp_status sp_identity_map(struct sp_saf_link *saf, struct sp_str name, struct sp_str realm,
                               struct sp_str appl, struct sp_arena *arena,
                               struct sp_mapped_identity *ret_identity, struct sp_error *err)
{
    struct sp_mapped_identity identity = {.outcome = SP_SAF_VERIFIED};
    const struct sp_saf_image *image = sp_saf_link_image(saf);
    if (!image)
        return sp_error_set(err, SP_EUNAVAIL, NULL,
                            "the security database is not available, so %.*s is mapped to no user id",
                            SP_STR_ARG(name));
    enum sp_status status = SP_OK;
    struct sp_str user = sp_saf_map_identity(image, name, realm, NULL);
    if (user.len) {
        identity.saf_user = sp_arena_str(arena, user);
        const struct sp_saf_verified verified =
            sp_saf_verified_of(sp_saf_check_user(image, user, appl, arena));
        const struct sp_saf_origin origin = {.dist_name = name, .dist_realm = realm};
        identity.outcome = verified.outcome;
        sp_saf_audit_logon(image, user, appl, &origin, &verified);
        status = identity.saf_user.ptr ? sp_identity_groups(image, user, arena, &identity.groups) : SP_ENOMEM;
    }
    sp_saf_image_release(image);
    if (status != SP_OK)
        return sp_error_set(err, status, NULL, "no memory for a user's groups");
    *ret_identity = identity;
    return SP_OK;
}
