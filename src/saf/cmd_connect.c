/* SPDX-License-Identifier: Apache-2.0
 * CONNECT and REMOVE: IBM "RACF Command Language Reference".
 */
#include "saf/cmd_revoke.h"
#include "saf/command_authority.h"

enum code {
    UNSUPPORTED = -1,
    GROUP,
    AUTHORITY,
    UACC,
    OWNER,
    RESUME,
    REVOKE,
    NORESUME,
    NOREVOKE,
    FLAG_BASE = 1000, /* code - FLAG_BASE is the flag to set */
    NOFLAG_BASE = 100000,
};

#define FLAG(name, flag)                            \
    {name, FLAG_BASE + (flag), SP_NO_LIST},         \
    {                                               \
        "NO" name, NOFLAG_BASE + (flag), SP_NO_LIST \
    }

static const struct sp_keyword keywords[] = {
    {"GROUP", GROUP, SP_LIST},
    {"AUTHORITY", AUTHORITY, SP_LIST},
    {"UACC", UACC, SP_LIST},
    {"OWNER", OWNER, SP_LIST},
    {"RESUME", RESUME, SP_MAY_LIST},
    {"REVOKE", REVOKE, SP_MAY_LIST},
    {"NORESUME", NORESUME, SP_NO_LIST},
    {"NOREVOKE", NOREVOKE, SP_NO_LIST},
    FLAG("SPECIAL", SP_SAF_SPECIAL),
    FLAG("OPERATIONS", SP_SAF_OPERATIONS),
    FLAG("AUDITOR", SP_SAF_AUDITOR),
    FLAG("ADSP", SP_SAF_ADSP),
    FLAG("GRPACC", SP_SAF_GRPACC),
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

struct change {
    struct sp_str group, owner;
    bool set_authority, set_uacc;
    enum sp_saf_authority authority;
    enum sp_saf_access uacc;
    unsigned flags_on, flags_off;
    struct sp_revocation revocation;
};

static int take_group(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_group)
{
    *ret_group = sp_single_id(run, o, "GROUP");
    return ret_group->ptr ? sp_check_group(run, *ret_group) : SP_RC_SEVERE;
}

static int take_owner(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_owner)
{
    *ret_owner = sp_single_id(run, o, "OWNER");
    return ret_owner->ptr ? sp_check_owner(run, *ret_owner) : SP_RC_SEVERE;
}

static int take_keyword(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    unsigned flag;
    switch (code) {
    case GROUP:
        return take_group(run, o, &c->group);
    case OWNER:
        return take_owner(run, o, &c->owner);
    case AUTHORITY:
        c->set_authority = true;
        return sp_take_authority(run, o, &c->authority);
    case UACC:
        c->set_uacc = true;
        return sp_take_access(run, o, &c->uacc);
    case RESUME:
    case REVOKE:
        return sp_take_revocation(run, o, code == REVOKE, &c->revocation);
    case NORESUME:
        c->revocation.clear_resume = true;
        return SP_RC_OK;
    case NOREVOKE:
        c->revocation.clear_revoke = true;
        return SP_RC_OK;
    default:
        flag = (unsigned)(code >= NOFLAG_BASE ? code - NOFLAG_BASE : code - FLAG_BASE);
        *(code >= NOFLAG_BASE ? &c->flags_off : &c->flags_on) |= flag;
        *(code >= NOFLAG_BASE ? &c->flags_on : &c->flags_off) &= ~flag;
        return SP_RC_OK;
    }
}

static int read_operands(struct sp_run *run, const struct sp_saf_operand *rest, struct change *c)
{
    for (const struct sp_saf_operand *o = rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (!rc)
            rc = take_keyword(run, c, keyword->code, o);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

static int check_authority(struct sp_run *run, const struct change *c)
{
    enum sp_saf_authority own = sp_greatest_authority(run, c->group);
    unsigned flags = c->flags_on | c->flags_off;
    if (own < SP_SAF_CONNECT)
        return sp_say(run, SP_RC_ERROR, "ICH02004I",
                      "NOT AUTHORIZED: CONNECT authority in GROUP %.*s or SPECIAL is needed",
                      SP_STR_ARG(c->group));
    if (c->set_authority && c->authority > own)
        return sp_say(run, SP_RC_ERROR, "ICH02008I",
                      "NOT AUTHORIZED: AUTHORITY(%s) is more than the issuer has in GROUP %.*s",
                      sp_saf_authority_name(c->authority), SP_STR_ARG(c->group));
    if (flags & (SP_SAF_SPECIAL | SP_SAF_OPERATIONS | SP_SAF_AUDITOR) && !sp_may_administer(run, c->group))
        return sp_say(
            run, SP_RC_ERROR, "ICH02007I",
            "NOT AUTHORIZED: group-SPECIAL, OPERATIONS and AUDITOR want SPECIAL or group-SPECIAL in "
            "GROUP %.*s",
            SP_STR_ARG(c->group));
    return SP_RC_OK;
}

static int connect_one(struct sp_run *run, void *arg, struct sp_str id)
{
    const struct change *c = arg;
    struct sp_saf_connect connect = {.user = id,
                                     .group = c->group,
                                     .owner = run->issuer.id,
                                     .created = run->today,
                                     .revoke_date = SP_SAF_NO_DATE,
                                     .resume_date = SP_SAF_NO_DATE};
    if (!sp_user_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "ICH02003I", "USER %.*s is not defined", SP_STR_ARG(id));
    enum sp_status status = sp_saf_get_connect(run->db, id, c->group, run->arena, &connect, &run->err);
    if (status && status != SP_ENOTFOUND)
        return sp_run_failed(run, status);
    if (c->owner.ptr)
        connect.owner = c->owner;
    if (c->set_authority)
        connect.authority = c->authority;
    if (c->set_uacc)
        connect.uacc = c->uacc;
    connect.flags = (connect.flags | c->flags_on) & ~c->flags_off;
    bool revoked = sp_saf_is_revoked(connect.flags, connect.revoke_date, connect.resume_date, run->today);
    bool ignored =
        sp_apply_revocation(run, &c->revocation, &connect.flags, &connect.revoke_date, &connect.resume_date);
    status = sp_saf_put_connect(run->db, &connect, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (ignored)
        return sp_say(run, SP_RC_WARNING, revoked ? "ICH02013I" : "ICH02012I",
                      "the connection of USER %.*s is %s", SP_STR_ARG(id),
                      revoked ? "revoked already" : "not revoked");
    return SP_RC_OK;
}

int sp_cmd_connect(struct sp_run *run)
{
    const struct sp_saf_operand *rest, *users = sp_positional(run, "USERID", &rest);
    struct change c = {.group = run->issuer.default_group};
    if (!users)
        return SP_RC_SEVERE;
    int rc = read_operands(run, rest, &c);
    if (!rc)
        rc = check_authority(run, &c);
    return rc ? rc : sp_each_name(run, users, "USERID", connect_one, &c);
}

/* ---- REMOVE ---- */

static int remove_one(struct sp_run *run, void *arg, struct sp_str id)
{
    const struct change *c = arg;
    struct sp_saf_user user;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_check_user(run, id);
    if (status)
        return sp_run_failed(run, status);
    if (sp_str_eq(user.default_group, c->group))
        return sp_say(run, SP_RC_ERROR, "SAF0005E",
                      "GROUP %.*s is the default group of USER %.*s: ALTUSER with DFLTGRP comes first",
                      SP_STR_ARG(c->group), SP_STR_ARG(id));
    status = sp_saf_drop_connect(run->db, id, c->group, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "SAF0006E", "USER %.*s is not connected to GROUP %.*s",
                      SP_STR_ARG(id), SP_STR_ARG(c->group));
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_cmd_remove(struct sp_run *run)
{
    /* OWNER names who gets the user's group data sets: there are none, so that only the name is checked. */
    static const struct sp_keyword words[] = {{"GROUP", GROUP, SP_LIST}, {"OWNER", OWNER, SP_LIST}};
    const struct sp_saf_operand *rest, *users = sp_positional(run, "USERID", &rest);
    struct change c = {.group = run->issuer.default_group};
    if (!users)
        return SP_RC_SEVERE;
    for (const struct sp_saf_operand *o = rest; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 2, o, &word);
        if (!rc)
            rc = word->code == GROUP ? take_group(run, o, &c.group) : take_owner(run, o, &c.owner);
        if (rc)
            return rc;
    }
    if (!sp_has_group_authority(run, c.group, SP_SAF_CONNECT))
        return sp_say(run, SP_RC_ERROR, "SAF0007E",
                      "NOT AUTHORIZED: CONNECT authority in GROUP %.*s or SPECIAL is needed",
                      SP_STR_ARG(c.group));
    return sp_each_name(run, users, "USERID", remove_one, &c);
}
