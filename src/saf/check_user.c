/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/check_user.h"

#include "base/clock.h"
#include "saf/handle.h"

bool sp_saf_day_and_time_fit(const struct sp_saf_user *user, int64_t now)
{
    int minute = (int)(now % 86400 / 60);
    int weekday = (int)((now / 86400 + 4) % 7); /* 1970-01-01 was a Thursday; 0 is Sunday */
    if (user->logon_days && !(user->logon_days & 1u << weekday))
        return false;
    if (user->logon_from < 0 || user->logon_from == user->logon_to)
        return true;
    if (user->logon_from < user->logon_to)
        return minute >= user->logon_from && minute < user->logon_to;
    return minute >= user->logon_from || minute < user->logon_to; /* over midnight */
}

bool sp_saf_may_use_appl(const struct sp_saf_image *image, struct sp_str user, struct sp_str group,
                         struct sp_str appl, struct sp_arena *arena)
{
    if (!appl.len)
        return true;
    struct sp_saf_auth auth = {
        .class = SP_STR("APPL"), .resource = appl, .user = user, .group = group, .wanted = SP_SAF_READ};
    struct sp_saf_decision decision;
    sp_saf_decide(image, &auth, arena, &decision);
    return decision.granted || decision.saf_rc == 4;
}

enum sp_saf_verify_outcome sp_saf_check_user(const struct sp_saf_image *image, struct sp_str id,
                                             struct sp_str appl, struct sp_arena *arena)
{
    const struct sp_saf_image_user *node = sp_saf_image_find_user(image, id);
    if (!node)
        return SP_SAF_UNKNOWN_USER;
    const struct sp_saf_user *user = &node->user;
    int32_t today = sp_saf_today();
    bool unused = image->options.inactive > 0 && user->last_use_date != SP_SAF_NO_DATE &&
                  today - user->last_use_date > image->options.inactive;
    if (unused || sp_saf_is_revoked(user->flags, user->revoke_date, user->resume_date, today))
        return SP_SAF_USER_REVOKED;
    if (!sp_saf_day_and_time_fit(user, sp_clock_realtime_us() / 1000000))
        return SP_SAF_DAY_TIME;
    return sp_saf_may_use_appl(image, id, user->default_group, appl, arena) ? SP_SAF_VERIFIED
                                                                            : SP_SAF_NO_APPL;
}

struct sp_str sp_saf_ich408i_verify(const struct sp_saf_image *image, struct sp_str id,
                                    const struct sp_saf_verified *verified, struct sp_arena *arena)
{
    static const char *const whys[] = {
        [SP_SAF_VERIFIED] = "ACCEPTED",
        [SP_SAF_UNKNOWN_USER] = "USER IS NOT DEFINED",
        [SP_SAF_WRONG_PASSWORD] = "INVALID PASSWORD",
        [SP_SAF_EXPIRED] = "PASSWORD HAS EXPIRED",
        [SP_SAF_NEW_INVALID] = "NEW PASSWORD IS NOT VALID",
        [SP_SAF_NOT_IN_GROUP] = "NOT CONNECTED TO THE GROUP",
        [SP_SAF_USER_REVOKED] = "USER ACCESS IS REVOKED",
        [SP_SAF_GROUP_REVOKED] = "GROUP ACCESS IS REVOKED",
        [SP_SAF_DAY_TIME] = "NOT AUTHORIZED ON THIS DAY OR AT THIS TIME",
        [SP_SAF_NO_APPL] = "NOT AUTHORIZED TO APPLICATION",
        [SP_SAF_TICKET_INVALID] = "PASSTICKET WAS USED BEFORE",
    };
    const struct sp_saf_user *user = sp_saf_find_user(image, id);
    return sp_arena_printf(
        arena, "ICH408I USER(%-8.*s) GROUP(%-8.*s) NAME(%-20.*s) LOGON/JOB INITIATION - %s%s", SP_STR_ARG(id),
        SP_STR_ARG(user ? user->default_group : SP_STR("")),
        SP_STR_ARG(user && user->name.len ? user->name : SP_STR("???")), whys[verified->outcome],
        verified->now_revoked ? " EXCESSIVE PASSWORDS: USER IS REVOKED NOW" : "");
}
