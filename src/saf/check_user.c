/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/check_user.h"

#include <stdio.h>

#include "base/clock.h"
#include "saf/audit_queue.h"
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

struct sp_saf_verified sp_saf_verified_of(enum sp_saf_verify_outcome what)
{
    static const struct {
        unsigned saf, racf, reason;
    } codes[] = {
        [SP_SAF_VERIFIED] = {0, 0, 0},       [SP_SAF_UNKNOWN_USER] = {8, 4, 0},
        [SP_SAF_WRONG_PASSWORD] = {8, 8, 0}, [SP_SAF_EXPIRED] = {8, 12, 0},
        [SP_SAF_NEW_INVALID] = {8, 16, 0},   [SP_SAF_NOT_IN_GROUP] = {8, 20, 0},
        [SP_SAF_USER_REVOKED] = {8, 28, 0},  [SP_SAF_GROUP_REVOKED] = {8, 36, 0},
        [SP_SAF_DAY_TIME] = {8, 48, 4},      [SP_SAF_NO_APPL] = {8, 52, 0},
        [SP_SAF_TICKET_INVALID] = {8, 8, 0},
    };
    return (struct sp_saf_verified){.outcome = what,
                                    .saf_rc = codes[what].saf,
                                    .racf_rc = codes[what].racf,
                                    .racf_reason = codes[what].reason,
                                    .expires_in = -1};
}

size_t sp_saf_ich408i_logon(const struct sp_saf_image *image, struct sp_str id,
                            const struct sp_saf_verified *verified, char *ret_text, size_t size)
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
    int len = snprintf(
        ret_text, size, "ICH408I USER(%-8.*s) GROUP(%-8.*s) NAME(%-20.*s) LOGON/JOB INITIATION - %s%s",
        SP_STR_ARG(id), SP_STR_ARG(user ? user->default_group : SP_STR("")),
        SP_STR_ARG(user && user->name.len ? user->name : SP_STR("???")), whys[verified->outcome],
        verified->now_revoked ? " EXCESSIVE PASSWORDS: USER IS REVOKED NOW" : "");
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

struct sp_str sp_saf_ich408i_verify(const struct sp_saf_image *image, struct sp_str id,
                                    const struct sp_saf_verified *verified, struct sp_arena *arena)
{
    char text[SP_SAF_EVENT_MESSAGE_MAX + 1];
    return sp_arena_str(arena,
                        sp_str_from(text, sp_saf_ich408i_logon(image, id, verified, text, sizeof text)));
}
