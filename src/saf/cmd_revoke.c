/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/cmd_revoke.h"

static int take_date(struct sp_run *run, const struct sp_saf_operand *operand, int32_t *ret_date)
{
    struct sp_str text = sp_single(run, operand);
    if (!text.ptr)
        return SP_RC_SEVERE;
    *ret_date = sp_date_of(run, text);
    if (*ret_date == SP_SAF_NO_DATE)
        return SP_RC_SEVERE;
    return *ret_date > run->today ? SP_RC_OK
                                  : sp_say(run, SP_RC_SEVERE, "IKJ56702I",
                                           "INVALID DATE, %.*s is not in the future", SP_STR_ARG(text));
}

int sp_take_revocation(struct sp_run *run, const struct sp_saf_operand *operand, bool revoke,
                       struct sp_revocation *revocation)
{
    int32_t *date = revoke ? &revocation->revoke_date : &revocation->resume_date;
    *(revoke ? &revocation->revoke : &revocation->resume) = true;
    *date = SP_SAF_NO_DATE;
    return operand->has_list ? take_date(run, operand, date) : SP_RC_OK;
}

bool sp_apply_revocation(const struct sp_run *run, const struct sp_revocation *revocation, unsigned *flags,
                         int32_t *revoke_date, int32_t *resume_date)
{
    bool ignored = false, revoked = sp_saf_is_revoked(*flags, *revoke_date, *resume_date, run->today);
    if (revocation->clear_revoke)
        *revoke_date = SP_SAF_NO_DATE;
    if (revocation->clear_resume)
        *resume_date = SP_SAF_NO_DATE;
    if (revocation->revoke && revocation->revoke_date != SP_SAF_NO_DATE) {
        *revoke_date = revocation->revoke_date;
    } else if (revocation->revoke) {
        ignored = revoked;
        *flags |= SP_SAF_REVOKED;
        *revoke_date = *resume_date = SP_SAF_NO_DATE;
    }
    if (revocation->resume && revocation->resume_date != SP_SAF_NO_DATE) {
        *resume_date = revocation->resume_date;
    } else if (revocation->resume) {
        ignored |= !revoked;
        *flags &= ~(unsigned)SP_SAF_REVOKED;
        *resume_date = SP_SAF_NO_DATE;
        if (*revoke_date != SP_SAF_NO_DATE && *revoke_date <= run->today)
            *revoke_date = SP_SAF_NO_DATE;
    }
    return ignored;
}

int sp_take_authority(struct sp_run *run, const struct sp_saf_operand *operand,
                      enum sp_saf_authority *ret_authority)
{
    static const char *const names[] = {"USE", "CREATE", "CONNECT", "JOIN"};
    struct sp_str text = sp_single(run, operand);
    size_t index;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 4, text, &index, NULL))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID AUTHORITY, %.*s: USE, CREATE, CONNECT or JOIN",
                      SP_STR_ARG(text));
    *ret_authority = (enum sp_saf_authority)index;
    return SP_RC_OK;
}
