/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/model.h"

static const char *const access_names[] = {"NONE", "EXECUTE", "READ", "UPDATE", "CONTROL", "ALTER"};
static const char *const authority_names[] = {"USE", "CREATE", "CONNECT", "JOIN"};

const char *sp_saf_access_name(enum sp_saf_access access)
{
    return (unsigned)access < sizeof access_names / sizeof access_names[0] ? access_names[access] : "NONE";
}

enum sp_status sp_saf_access_named(struct sp_str name, enum sp_saf_access *ret_access)
{
    for (unsigned i = 0; i < sizeof access_names / sizeof access_names[0]; i++) {
        struct sp_str known = sp_str_of(access_names[i]);
        if (name.len && name.len <= known.len && sp_str_caseless_eq(sp_str_slice(known, 0, name.len), name)) {
            *ret_access = (enum sp_saf_access)i;
            return SP_OK;
        }
    }
    return SP_EINVAL;
}

const char *sp_saf_authority_name(enum sp_saf_authority authority)
{
    return (unsigned)authority < sizeof authority_names / sizeof authority_names[0]
               ? authority_names[authority]
               : "USE";
}

bool sp_saf_is_revoked(unsigned flags, int32_t revoke_date, int32_t resume_date, int32_t day)
{
    bool revoked = flags & SP_SAF_REVOKED;
    if (revoke_date != SP_SAF_NO_DATE && revoke_date <= day)
        revoked = true;
    if (resume_date != SP_SAF_NO_DATE && resume_date <= day &&
        (revoke_date == SP_SAF_NO_DATE || resume_date >= revoke_date))
        revoked = false;
    return revoked;
}

static bool is_id_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '#' || c == '$' || c == '@';
}

bool sp_saf_key_label_ok(struct sp_str label)
{
    if (label.len < 1 || label.len > SP_SAF_KEY_LABEL_MAX || label.ptr[0] == '.' ||
        (label.ptr[0] >= '0' && label.ptr[0] <= '9'))
        return false;
    for (size_t i = 0; i < label.len; i++)
        if (!is_id_char(label.ptr[i]) && label.ptr[i] != '.')
            return false;
    return true;
}

bool sp_saf_id_ok(struct sp_str id)
{
    if (id.len < 1 || id.len > SP_SAF_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++)
        if (!is_id_char(id.ptr[i]))
            return false;
    return true;
}
