/* SPDX-License-Identifier: Apache-2.0
 * What the records of groups and users become.
 */
#include <stdlib.h>

#include "saf/irrdbu00_int.h"
#include "saf/verifier.h"

#define CONNECTS_MAX ((size_t)1 << 24)

/* ---- groups ---- */

enum sp_status sp_unload_take_group(struct sp_unload_run *run)
{
    struct sp_saf_group group = {.gid = -1,
                                 .data = sp_unload_text(run, SP_GPBD_INSTALL_DATA),
                                 .universal = sp_unload_yes(run, SP_GPBD_UNIVERSAL),
                                 .no_term_uacc = sp_unload_yes(run, SP_GPBD_NOTERMUACC)};
    if (!sp_unload_id(run, SP_GPBD_NAME, &group.id) ||
        !sp_unload_id_or_nothing(run, SP_GPBD_SUPGRP_ID, &group.superior) ||
        !sp_unload_id_or_nothing(run, SP_GPBD_OWNER_ID, &group.owner) ||
        !sp_unload_date(run, SP_GPBD_CREATE_DATE, &group.created))
        return SP_EINVAL;
    return sp_saf_put_group(run->db, &group, run->err);
}

enum sp_status sp_unload_take_group_omvs(struct sp_unload_run *run)
{
    struct sp_saf_group group;
    struct sp_str name;
    int64_t gid;
    if (!sp_unload_id(run, SP_GPOMVS_NAME, &name) || !sp_unload_number(run, SP_GPOMVS_GID, 2147483647, &gid))
        return SP_EINVAL;
    enum sp_status status = sp_saf_get_group(run->db, name, &run->line_arena, &group, run->err);
    if (status == SP_ENOTFOUND)
        return sp_unload_stored(run, SP_EEXISTS, "group");
    if (status || !sp_unload_text(run, SP_GPOMVS_GID).len)
        return status;
    group.gid = gid;
    return sp_saf_put_group(run->db, &group, run->err);
}

/* ---- connections ---- */

static enum sp_status find_connect(struct sp_unload_run *run, struct sp_str user, struct sp_str group,
                                   struct sp_unload_connect **ret_connect)
{
    char key[16];
    memset(key, ' ', sizeof key);
    memcpy(key, user.ptr, user.len);
    memcpy(key + 8, group.ptr, group.len);
    *ret_connect = sp_hash_get(&run->connects, sp_str_from(key, sizeof key));
    if (*ret_connect)
        return SP_OK;
    if (run->connects.count == run->order_room) {
        size_t room = run->order_room ? 2 * run->order_room : 1024;
        struct sp_unload_connect **more =
            room <= CONNECTS_MAX ? realloc(run->order, room * sizeof(struct sp_unload_connect *)) : NULL;
        if (!more)
            return sp_error_set(run->err, SP_ELIMIT, NULL, "the unload has too many connections");
        run->order = more;
        run->order_room = room;
    }
    struct sp_unload_connect *connect = sp_arena_calloc(&run->arena, 1, sizeof *connect);
    struct sp_str kept = sp_arena_str(&run->arena, sp_str_from(key, sizeof key));
    if (!connect || !kept.ptr)
        return sp_error_set(run->err, SP_ELIMIT, NULL, "the unload has too many connections");
    memcpy(connect->user, user.ptr, user.len);
    memcpy(connect->group, group.ptr, group.len);
    memcpy(connect->owner, group.ptr, group.len);
    connect->created = connect->revoke_date = connect->resume_date = SP_SAF_NO_DATE;
    connect->line = run->line.number;
    run->order[run->connects.count] = connect;
    *ret_connect = connect;
    return sp_hash_add(&run->connects, kept, connect);
}

enum sp_status sp_unload_take_member(struct sp_unload_run *run)
{
    static const char *const names[] = {"USE", "CREATE", "CONNECT", "JOIN"};
    struct sp_str user, group, authority = sp_unload_text(run, SP_GPMEM_AUTH);
    int level = authority.len ? -1 : 0;
    if (!sp_unload_id(run, SP_GPMEM_NAME, &group) || !sp_unload_id(run, SP_GPMEM_MEMBER_ID, &user))
        return SP_EINVAL;
    for (int i = 0; i < 4; i++)
        if (sp_str_is(authority, names[i]))
            level = i;
    if (level < 0)
        return sp_unload_bad(run, SP_GPMEM_AUTH, "is no authority in a group"), SP_EINVAL;
    struct sp_unload_connect *connect;
    enum sp_status status = find_connect(run, user, group, &connect);
    if (!status)
        connect->authority = (enum sp_saf_authority)level;
    return status;
}

struct flag {
    int field;
    unsigned flag;
};

static unsigned flags_of(const struct sp_unload_run *run, const struct flag *flags, size_t count)
{
    unsigned found = 0;
    for (size_t i = 0; i < count; i++)
        if (sp_unload_yes(run, flags[i].field))
            found |= flags[i].flag;
    return found;
}

enum sp_status sp_unload_take_connect(struct sp_unload_run *run)
{
    static const struct flag flags[] = {
        {SP_USCON_GRP_ADSP, SP_SAF_ADSP},       {SP_USCON_GRP_SPECIAL, SP_SAF_SPECIAL},
        {SP_USCON_GRP_OPER, SP_SAF_OPERATIONS}, {SP_USCON_REVOKE, SP_SAF_REVOKED},
        {SP_USCON_GRP_ACC, SP_SAF_GRPACC},      {SP_USCON_GRP_AUDIT, SP_SAF_AUDITOR},
    };
    struct sp_str user, group, owner;
    int32_t created, revoke, resume;
    enum sp_saf_access uacc;
    if (!sp_unload_id(run, SP_USCON_NAME, &user) || !sp_unload_id(run, SP_USCON_GRP_ID, &group) ||
        !sp_unload_id_or_nothing(run, SP_USCON_OWNER_ID, &owner) ||
        !sp_unload_date(run, SP_USCON_CONNECT_DATE, &created) ||
        !sp_unload_date(run, SP_USCON_REVOKE_DATE, &revoke) ||
        !sp_unload_date(run, SP_USCON_RESUME_DATE, &resume) || !sp_unload_level(run, SP_USCON_UACC, &uacc))
        return SP_EINVAL;
    struct sp_unload_connect *connect;
    enum sp_status status = find_connect(run, user, group, &connect);
    if (status)
        return status;
    memset(connect->owner, 0, sizeof connect->owner);
    memcpy(connect->owner, owner.ptr, owner.len);
    connect->uacc = uacc;
    connect->flags = flags_of(run, flags, sizeof flags / sizeof flags[0]);
    connect->created = created;
    connect->revoke_date = revoke;
    connect->resume_date = resume;
    connect->line = run->line.number;
    return SP_OK;
}

static int by_user_and_group(const void *a, const void *b)
{
    const struct sp_unload_connect *x = *(struct sp_unload_connect *const *)a,
                                   *y = *(struct sp_unload_connect *const *)b;
    int order = strcmp(x->user, y->user);
    return order ? order : strcmp(x->group, y->group);
}

enum sp_status sp_unload_put_connects(struct sp_unload_run *run)
{
    size_t count = run->connects.count;
    if (count)
        qsort(run->order, count, sizeof(struct sp_unload_connect *), by_user_and_group);
    for (size_t i = 0; i < count; i++) {
        const struct sp_unload_connect *c = run->order[i];
        struct sp_saf_connect connect = {.user = sp_str_of(c->user),
                                         .group = sp_str_of(c->group),
                                         .owner = sp_str_of(c->owner),
                                         .authority = c->authority,
                                         .uacc = c->uacc,
                                         .flags = c->flags,
                                         .created = c->created,
                                         .revoke_date = c->revoke_date,
                                         .resume_date = c->resume_date};
        enum sp_status status = sp_saf_put_connect(run->db, &connect, run->err);
        if (status == SP_EEXISTS)
            sp_unload_refuse(run, c->line, "user %s or group %s of a connection is not defined", c->user,
                             c->group);
        else if (status)
            return status;
    }
    return SP_OK;
}

/* ---- users ---- */

enum sp_status sp_unload_flush_user(struct sp_unload_run *run)
{
    if (!run->has_user)
        return SP_OK;
    run->has_user = false;
    return sp_saf_put_user(run->db, &run->user, run->err);
}

/* irrcerta, irrsitec and irrmulti are no users: what is theirs belongs to authorities, to the site, to many.
 */
static bool is_anchor(struct sp_str name)
{
    return sp_str_is(name, "irrcerta") || sp_str_is(name, "irrsitec") || sp_str_is(name, "irrmulti");
}

static struct sp_str unknown_secret(struct sp_unload_run *run, struct sp_str algorithm)
{
    return sp_arena_printf(&run->line_arena, SP_VERIFIER_UNLOADED "%.*s", SP_STR_ARG(algorithm));
}

/* Whether he had a password or a phrase: then he keeps the one he has here, or gets one that nobody knows. */
static enum sp_status take_secrets(struct sp_unload_run *run, struct sp_saf_user *user)
{
    struct sp_saf_user here;
    struct sp_str kind = sp_unload_text(run, SP_USBD_NOPWD), password = sp_unload_text(run, SP_USBD_PWD_ALG),
                  phrase = sp_unload_text(run, SP_USBD_PHR_ALG);
    bool has_password = (!kind.len || sp_str_is(kind, "NO")) && !sp_str_is(password, "NOPASSWORD");
    bool has_phrase =
        (phrase.len ? !sp_str_is(phrase, "NOPHRASE") : user->phrase.changed != SP_SAF_NO_DATE) ||
        sp_str_is(kind, "PHR");
    enum sp_status status = sp_saf_get_user(run->db, user->id, &run->line_arena, &here, run->err);
    if (status == SP_ENOTFOUND)
        here.password = here.phrase = (struct sp_saf_verifier){SP_STR(""), SP_SAF_NO_DATE};
    else if (status)
        return status;
    if (has_password && user->password.changed == SP_SAF_NO_DATE)
        user->flags |= SP_SAF_PASSWORD_EXPIRED;
    if (has_phrase && user->phrase.changed == SP_SAF_NO_DATE)
        user->flags |= SP_SAF_PHRASE_EXPIRED;
    struct {
        bool has;
        struct sp_saf_verifier *to, *known;
        struct sp_str algorithm;
        unsigned expired;
        uint64_t *count;
    } both[] = {
        {has_password, &user->password, &here.password, password, SP_SAF_PASSWORD_EXPIRED,
         &run->report->passwords},
        {has_phrase, &user->phrase, &here.phrase, phrase, SP_SAF_PHRASE_EXPIRED, &run->report->phrases}};
    for (int i = 0; i < 2; i++) {
        bool is_known = both[i].known->encoded.len &&
                        !sp_str_starts(both[i].known->encoded, SP_STR(SP_VERIFIER_UNLOADED));
        if (both[i].has && is_known) {
            *both[i].to = *both[i].known;
            user->flags = (user->flags & ~both[i].expired) | (here.flags & both[i].expired);
        } else if (both[i].has) {
            both[i].to->encoded = unknown_secret(run, both[i].algorithm);
            ++*both[i].count;
            if (!both[i].to->encoded.ptr)
                return sp_unload_no_memory(run);
        } else {
            *both[i].to = (struct sp_saf_verifier){SP_STR(""), SP_SAF_NO_DATE};
        }
    }
    return SP_OK;
}

static bool take_user_numbers(struct sp_unload_run *run, struct sp_saf_user *user)
{
    int64_t tries, interval, phrase_interval;
    int last_use, from, to;
    if (!sp_unload_number(run, SP_USBD_PWD_INTERVAL, 999, &interval) ||
        !sp_unload_number(run, SP_USBD_REVOKE_CNT, 999, &tries) ||
        !sp_unload_number(run, SP_USBD_PHR_INTERVAL, 99999, &phrase_interval) ||
        !sp_unload_time(run, SP_USBD_LASTJOB_TIME, &last_use) ||
        !sp_unload_time(run, SP_USBD_START_TIME, &from) || !sp_unload_time(run, SP_USBD_END_TIME, &to))
        return false;
    user->password_interval = interval == 255 ? -1 : (int)interval;
    user->phrase_interval = phrase_interval == 65535 ? -1 : (int)phrase_interval;
    user->failed_tries = (int)tries;
    user->last_use_time = last_use < 0 ? 0 : last_use;
    user->logon_from = from < 0 ? -1 : from / 60;
    user->logon_to = to < 0 ? -1 : to / 60;
    return true;
}

static unsigned logon_days(const struct sp_unload_run *run)
{
    unsigned days = 0;
    for (unsigned day = 0; day < 7; day++)
        if (sp_unload_text(run, SP_USBD_ACCESS_SUN + (int)day).len == 0 ||
            sp_unload_yes(run, SP_USBD_ACCESS_SUN + (int)day))
            days |= 1u << day;
    return days;
}
_Static_assert(SP_USBD_ACCESS_SAT == SP_USBD_ACCESS_SUN + 6, "the days are together");

static enum sp_status hold_user(struct sp_unload_run *run, const struct sp_saf_user *user)
{
    sp_arena_reset(&run->user_arena);
    run->user = *user;
    struct sp_str *texts[] = {&run->user.id,    &run->user.name,    &run->user.default_group,
                              &run->user.owner, &run->user.data,    &run->user.password.encoded,
                              &run->user.home,  &run->user.program, &run->user.phrase.encoded};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = sp_arena_str(&run->user_arena, *texts[i]);
        if (!texts[i]->ptr)
            return sp_unload_no_memory(run);
    }
    run->has_user = true;
    return SP_OK;
}

enum sp_status sp_unload_take_user(struct sp_unload_run *run)
{
    static const struct flag flags[] = {
        {SP_USBD_ADSP, SP_SAF_ADSP},       {SP_USBD_SPECIAL, SP_SAF_SPECIAL},
        {SP_USBD_OPER, SP_SAF_OPERATIONS}, {SP_USBD_REVOKE, SP_SAF_REVOKED},
        {SP_USBD_GRPACC, SP_SAF_GRPACC},   {SP_USBD_UAUDIT, SP_SAF_UAUDIT},
        {SP_USBD_AUDITOR, SP_SAF_AUDITOR}, {SP_USBD_ROAUDIT, SP_SAF_ROAUDIT},
        {SP_USBD_OIDCARD, SP_SAF_OIDCARD},
    };
    struct sp_saf_user user = {.name = sp_unload_text(run, SP_USBD_PROGRAMMER),
                               .data = sp_unload_text(run, SP_USBD_INSTALL_DATA),
                               .flags = flags_of(run, flags, sizeof flags / sizeof flags[0]),
                               .uid = -1,
                               .logon_days = logon_days(run)};
    run->elsewhere = is_anchor(sp_unload_text(run, SP_USBD_NAME));
    if (run->elsewhere)
        return SP_OK;
    if (!sp_unload_id(run, SP_USBD_NAME, &user.id) ||
        !sp_unload_id_or_nothing(run, SP_USBD_OWNER_ID, &user.owner) ||
        !sp_unload_id_or_nothing(run, SP_USBD_DEFGRP_ID, &user.default_group) ||
        !sp_unload_date(run, SP_USBD_CREATE_DATE, &user.created) ||
        !sp_unload_date(run, SP_USBD_PWD_DATE, &user.password.changed) ||
        !sp_unload_date(run, SP_USBD_PHR_DATE, &user.phrase.changed) ||
        !sp_unload_date(run, SP_USBD_LASTJOB_DATE, &user.last_use_date) ||
        !sp_unload_date(run, SP_USBD_REVOKE_DATE, &user.revoke_date) ||
        !sp_unload_date(run, SP_USBD_RESUME_DATE, &user.resume_date) || !take_user_numbers(run, &user))
        return SP_EINVAL;
    if (sp_str_starts(sp_unload_text(run, SP_USBD_ATTRIBS), SP_STR("RSTD")))
        user.flags |= SP_SAF_RESTRICTED;
    enum sp_status status = take_secrets(run, &user);
    if (!status)
        status = sp_unload_flush_user(run);
    return status ? status : hold_user(run, &user);
}

enum sp_status sp_unload_take_user_omvs(struct sp_unload_run *run)
{
    struct sp_str name;
    int64_t uid;
    if (!sp_unload_id(run, SP_USOMVS_NAME, &name) || !sp_unload_number(run, SP_USOMVS_UID, 2147483647, &uid))
        return SP_EINVAL;
    if (!run->has_user || !sp_str_eq(run->user.id, name)) {
        struct sp_saf_user user;
        enum sp_status status = sp_unload_flush_user(run);
        if (!status)
            status = sp_saf_get_user(run->db, name, &run->line_arena, &user, run->err);
        if (status)
            return status == SP_ENOTFOUND ? sp_unload_stored(run, SP_EEXISTS, "user") : status;
        status = hold_user(run, &user);
        if (status)
            return status;
    }
    run->user.uid = sp_unload_text(run, SP_USOMVS_UID).len ? uid : -1;
    run->user.home = sp_arena_str(&run->user_arena, sp_unload_text(run, SP_USOMVS_HOME_PATH));
    run->user.program = sp_arena_str(&run->user_arena, sp_unload_text(run, SP_USOMVS_PROGRAM));
    return run->user.home.ptr && run->user.program.ptr ? SP_OK : sp_unload_no_memory(run);
}

/* Whose a certificate is, for the rings that come later. */
enum sp_status sp_unload_take_certificate_name(struct sp_unload_run *run)
{
    struct sp_str name = sp_arena_str(&run->arena, sp_unload_text(run, SP_USCERT_CERT_NAME));
    struct sp_str *owner = sp_arena_alloc(&run->arena, sizeof *owner);
    if (!owner || !name.ptr)
        return sp_unload_no_memory(run);
    *owner = sp_arena_str(&run->arena, sp_unload_text(run, SP_USCERT_NAME));
    return owner->ptr ? sp_hash_put(&run->certificates, name, owner) : sp_unload_no_memory(run);
}
