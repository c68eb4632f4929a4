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
