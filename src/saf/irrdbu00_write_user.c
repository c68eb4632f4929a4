/* SPDX-License-Identifier: Apache-2.0
 * The records of groups and users.
 */
#include "saf/irrdbu00_export.h"
#include "saf/verifier.h"

/* ---- groups ---- */

static enum sp_status write_subgroups(struct sp_export *e, struct sp_str superior)
{
    const struct sp_export_subgroup *subgroup;
    enum sp_status status = SP_OK;
    for (size_t n = 0; !status && (subgroup = sp_export_owned(&e->subgroups, superior, n)); n++) {
        sp_unload_begin(&e->out, SP_RECORD_GPSGRP);
        sp_export_text(e, SP_GPSGRP_NAME, superior);
        sp_export_text(e, SP_GPSGRP_SUBGRP_ID, subgroup->id);
        status = sp_export_end(e);
    }
    return status;
}

static enum sp_status write_member(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_connect *connect = value;
    sp_unload_begin(&e->out, SP_RECORD_GPMEM);
    sp_export_text(e, SP_GPMEM_NAME, connect->group);
    sp_export_text(e, SP_GPMEM_MEMBER_ID, connect->user);
    sp_export_text(e, SP_GPMEM_AUTH, sp_str_of(sp_saf_authority_name(connect->authority)));
    return sp_export_end(e);
}

static enum sp_status write_group(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_group *group = value;
    sp_unload_begin(&e->out, SP_RECORD_GPBD);
    sp_export_text(e, SP_GPBD_NAME, group->id);
    sp_export_text(e, SP_GPBD_SUPGRP_ID, group->superior);
    sp_unload_put_date(&e->out, SP_GPBD_CREATE_DATE, group->created);
    sp_export_text(e, SP_GPBD_OWNER_ID, group->owner);
    sp_export_level(e, SP_GPBD_UACC, SP_SAF_NONE);
    sp_unload_put_yes(&e->out, SP_GPBD_NOTERMUACC, group->no_term_uacc);
    sp_export_text(e, SP_GPBD_INSTALL_DATA, group->data);
    sp_unload_put_yes(&e->out, SP_GPBD_UNIVERSAL, group->universal);
    enum sp_status status = sp_export_end(e);
    if (!status)
        status = write_subgroups(e, group->id);
    if (!status)
        status = sp_saf_each_connect(e->db, SP_STR(""), group->id, write_member, e, e->err);
    if (status || group->gid < 0)
        return status;
    sp_unload_begin(&e->out, SP_RECORD_GPOMVS);
    sp_export_text(e, SP_GPOMVS_NAME, group->id);
    sp_unload_put_number(&e->out, SP_GPOMVS_GID, group->gid);
    return sp_export_end(e);
}

enum sp_status sp_export_groups(struct sp_export *e)
{
    return sp_saf_each_group(e->db, write_group, e, e->err);
}

/* ---- users ---- */

struct flag {
    int field;
    unsigned flag;
};

static void put_flags(struct sp_export *e, unsigned flags, const struct flag *fields, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sp_unload_put_yes(&e->out, fields[i].field, flags & fields[i].flag);
}

static enum sp_status write_connect_pair(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_connect *connect = value;
    sp_unload_begin(&e->out, SP_RECORD_USGCON);
    sp_export_text(e, SP_USGCON_NAME, connect->user);
    sp_export_text(e, SP_USGCON_GRP_ID, connect->group);
    return sp_export_end(e);
}

static enum sp_status write_connect(void *arg, const void *value)
{
    static const struct flag flags[] = {
        {SP_USCON_GRP_ADSP, SP_SAF_ADSP},       {SP_USCON_GRP_SPECIAL, SP_SAF_SPECIAL},
        {SP_USCON_GRP_OPER, SP_SAF_OPERATIONS}, {SP_USCON_REVOKE, SP_SAF_REVOKED},
        {SP_USCON_GRP_ACC, SP_SAF_GRPACC},      {SP_USCON_GRP_AUDIT, SP_SAF_AUDITOR},
    };
    struct sp_export *e = arg;
    const struct sp_saf_connect *connect = value;
    sp_unload_begin(&e->out, SP_RECORD_USCON);
    sp_export_text(e, SP_USCON_NAME, connect->user);
    sp_export_text(e, SP_USCON_GRP_ID, connect->group);
    sp_unload_put_date(&e->out, SP_USCON_CONNECT_DATE, connect->created);
    sp_export_text(e, SP_USCON_OWNER_ID, connect->owner);
    sp_export_level(e, SP_USCON_UACC, connect->uacc);
    put_flags(e, connect->flags, flags, sizeof flags / sizeof flags[0]);
    sp_unload_put_date(&e->out, SP_USCON_REVOKE_DATE, connect->revoke_date);
    sp_unload_put_date(&e->out, SP_USCON_RESUME_DATE, connect->resume_date);
    return sp_export_end(e);
}

/* The algorithm of a verifier in upper case, or `none`. */
static struct sp_str algorithm(struct sp_export *e, struct sp_str verifier, const char *none)
{
    struct sp_str unloaded = SP_STR(SP_VERIFIER_UNLOADED);
    if (!verifier.len)
        return sp_str_of(none);
    if (sp_str_starts(verifier, unloaded))
        return sp_str_slice(verifier, unloaded.len, verifier.len);
    char *name = sp_arena_cstr(&e->row_arena, sp_str_slice(verifier, 0, sp_str_find(verifier, '$')));
    for (char *c = name; c && *c; c++)
        *c = sp_upper(*c);
    return sp_str_of(name);
}

static void put_secrets(struct sp_export *e, const struct sp_saf_user *user)
{
    bool password = user->password.encoded.len, phrase = user->phrase.encoded.len;
    if (password && !(user->flags & SP_SAF_PASSWORD_EXPIRED))
        sp_unload_put_date(&e->out, SP_USBD_PWD_DATE, user->password.changed);
    if (phrase && !(user->flags & SP_SAF_PHRASE_EXPIRED))
        sp_unload_put_date(&e->out, SP_USBD_PHR_DATE, user->phrase.changed);
    sp_export_text(e, SP_USBD_NOPWD,
                   password                       ? SP_STR("NO")
                   : phrase                       ? SP_STR("PHR")
                   : user->flags & SP_SAF_OIDCARD ? SP_STR("YES")
                                                  : SP_STR("PRO"));
    sp_export_text(e, SP_USBD_PWD_ALG, algorithm(e, user->password.encoded, "NOPASSWORD"));
    sp_export_text(e, SP_USBD_PHR_ALG, algorithm(e, user->phrase.encoded, "NOPHRASE"));
}

static void put_logon(struct sp_export *e, const struct sp_saf_user *user)
{
    for (int day = 0; day < 7; day++)
        sp_unload_put_yes(&e->out, SP_USBD_ACCESS_SUN + day, user->logon_days & 1u << day);
    if (user->logon_from >= 0)
        sp_unload_put_time(&e->out, SP_USBD_START_TIME, user->logon_from * 60);
    if (user->logon_to >= 0)
        sp_unload_put_time(&e->out, SP_USBD_END_TIME, user->logon_to * 60);
    if (user->last_use_date != SP_SAF_NO_DATE) {
        sp_unload_put_date(&e->out, SP_USBD_LASTJOB_DATE, user->last_use_date);
        sp_unload_put_time(&e->out, SP_USBD_LASTJOB_TIME, user->last_use_time);
    }
}

static enum sp_status write_basic_user(struct sp_export *e, const struct sp_saf_user *user)
{
    static const struct flag flags[] = {
        {SP_USBD_ADSP, SP_SAF_ADSP},       {SP_USBD_SPECIAL, SP_SAF_SPECIAL},
        {SP_USBD_OPER, SP_SAF_OPERATIONS}, {SP_USBD_REVOKE, SP_SAF_REVOKED},
        {SP_USBD_GRPACC, SP_SAF_GRPACC},   {SP_USBD_UAUDIT, SP_SAF_UAUDIT},
        {SP_USBD_AUDITOR, SP_SAF_AUDITOR}, {SP_USBD_ROAUDIT, SP_SAF_ROAUDIT},
        {SP_USBD_OIDCARD, SP_SAF_OIDCARD},
    };
    sp_unload_begin(&e->out, SP_RECORD_USBD);
    sp_export_text(e, SP_USBD_NAME, user->id);
    sp_unload_put_date(&e->out, SP_USBD_CREATE_DATE, user->created);
    sp_export_text(e, SP_USBD_OWNER_ID, user->owner);
    put_flags(e, user->flags, flags, sizeof flags / sizeof flags[0]);
    sp_unload_put_number(&e->out, SP_USBD_PWD_INTERVAL,
                         user->password_interval < 0 ? 255 : user->password_interval);
    sp_unload_put_number(&e->out, SP_USBD_PHR_INTERVAL,
                         user->phrase_interval < 0 ? 65535 : user->phrase_interval);
    sp_export_text(e, SP_USBD_PROGRAMMER, user->name);
    sp_export_text(e, SP_USBD_DEFGRP_ID, user->default_group);
    sp_export_text(e, SP_USBD_INSTALL_DATA, user->data);
    sp_unload_put_number(&e->out, SP_USBD_REVOKE_CNT, user->failed_tries);
    sp_unload_put_date(&e->out, SP_USBD_REVOKE_DATE, user->revoke_date);
    sp_unload_put_date(&e->out, SP_USBD_RESUME_DATE, user->resume_date);
    sp_export_text(e, SP_USBD_ATTRIBS, user->flags & SP_SAF_RESTRICTED ? SP_STR("RSTD") : SP_STR(""));
    put_logon(e, user);
    put_secrets(e, user);
    return sp_export_end(e);
}

/* Certificates and filters of a user or an anchor. */
static enum sp_status write_associations(struct sp_export *e, struct sp_str name)
{
    enum sp_status status = SP_OK;
    const struct sp_export_certificate *certificate;
    for (size_t n = 0; !status && (certificate = sp_export_owned(&e->certificates, name, n)); n++) {
        sp_unload_begin(&e->out, SP_RECORD_USCERT);
        sp_export_text(e, SP_USCERT_NAME, name);
        sp_export_text(e, SP_USCERT_CERT_NAME, certificate->facts.profile);
        sp_export_text(e, SP_USCERT_CERTLABL, certificate->row.label);
        status = sp_export_end(e);
    }
    const struct sp_export_filter *filter;
    for (size_t n = 0; !status && (filter = sp_export_owned(&e->filters, name, n)); n++) {
        sp_unload_begin(&e->out, SP_RECORD_USNMAP);
        sp_export_text(e, SP_USNMAP_NAME, name);
        sp_export_text(e, SP_USNMAP_LABEL, filter->row.label);
        sp_export_text(e, SP_USNMAP_MAP_NAME, filter->profile);
        status = sp_export_end(e);
    }
    const struct sp_saf_identity_filter *identity;
    for (size_t n = 0; !status && (identity = sp_export_owned(&e->identities, name, n)); n++) {
        sp_unload_begin(&e->out, SP_RECORD_USDMAP);
        sp_export_text(e, SP_USDMAP_NAME, name);
        sp_export_text(e, SP_USDMAP_LABEL, identity->label);
        sp_export_text(e, SP_USDMAP_MAP_NAME, identity->name);
        status = sp_export_end(e);
    }
    return status;
}

static enum sp_status write_user(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_user *user = value;
    struct sp_str any = SP_STR("");
    sp_arena_reset(&e->row_arena);
    enum sp_status status = write_basic_user(e, user);
    if (!status)
        status = sp_saf_each_connect(e->db, user->id, any, write_connect_pair, e, e->err);
    if (!status)
        status = sp_saf_each_connect(e->db, user->id, any, write_connect, e, e->err);
    if (!status)
        status = write_associations(e, user->id);
    if (status || (user->uid < 0 && !user->home.len && !user->program.len))
        return status;
    sp_unload_begin(&e->out, SP_RECORD_USOMVS);
    sp_export_text(e, SP_USOMVS_NAME, user->id);
    sp_export_text(e, SP_USOMVS_UID, SP_STR(""));
    if (user->uid >= 0)
        sp_unload_put_number(&e->out, SP_USOMVS_UID, user->uid);
    sp_export_text(e, SP_USOMVS_HOME_PATH, user->home);
    sp_export_text(e, SP_USOMVS_PROGRAM, user->program);
    return sp_export_end(e);
}

enum sp_status sp_export_users(struct sp_export *e)
{
    enum sp_status status = sp_saf_each_user(e->db, write_user, e, e->err);
    if (!status)
        status = write_associations(e, SP_STR("irrcerta"));
    if (!status)
        status = write_associations(e, SP_STR("irrmulti"));
    return status ? status : write_associations(e, SP_STR("irrsitec"));
}
