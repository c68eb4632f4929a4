/* SPDX-License-Identifier: Apache-2.0
 * RDEFINE, RALTER, RDELETE: IBM "RACF Command Language Reference".
 */
#include "saf/cmd_profile.h"
#include "saf/command_authority.h"
#include "saf/generic.h"

enum code {
    UNSUPPORTED = -1,
    OWNER,
    UACC,
    LEVEL,
    DATA,
    NODATA,
    APPLDATA,
    NOAPPLDATA,
    AUDIT,
    GLOBALAUDIT,
    NOTIFY,
    NONOTIFY,
    WARNING,
    NOWARNING,
    ADDMEM,
    DELMEM,
    STDATA,
    NOSTDATA,
    SSIGNON,
    NOSSIGNON,
    FROM,
    FCLASS,
    FGENERIC,
};

static const struct sp_keyword keywords[] = {
    {"OWNER", OWNER, SP_LIST},
    {"UACC", UACC, SP_LIST},
    {"LEVEL", LEVEL, SP_LIST},
    {"DATA", DATA, SP_LIST},
    {"APPLDATA", APPLDATA, SP_LIST},
    {"AUDIT", AUDIT, SP_LIST},
    {"NOTIFY", NOTIFY, SP_MAY_LIST},
    {"WARNING", WARNING, SP_NO_LIST},
    {"ADDMEM", ADDMEM, SP_LIST},
    {"STDATA", STDATA, SP_LIST},
    {"SSIGNON", SSIGNON, SP_LIST},
    {"ADDCATEGORY", UNSUPPORTED, SP_LIST},
    {"CATEGORY", UNSUPPORTED, SP_LIST},
    {"CDTINFO", UNSUPPORTED, SP_LIST},
    {"CFDEF", UNSUPPORTED, SP_LIST},
    {"CSDATA", UNSUPPORTED, SP_LIST},
    {"DLFDATA", UNSUPPORTED, SP_LIST},
    {"EIM", UNSUPPORTED, SP_LIST},
    {"ICSF", UNSUPPORTED, SP_LIST},
    {"ICTX", UNSUPPORTED, SP_LIST},
    {"IDTPARMS", UNSUPPORTED, SP_LIST},
    {"JES", UNSUPPORTED, SP_LIST},
    {"KERB", UNSUPPORTED, SP_LIST},
    {"MFA", UNSUPPORTED, SP_LIST},
    {"MFPOLICY", UNSUPPORTED, SP_LIST},
    {"PROXY", UNSUPPORTED, SP_LIST},
    {"SECLABEL", UNSUPPORTED, SP_LIST},
    {"SECLEVEL", UNSUPPORTED, SP_LIST},
    {"SESSION", UNSUPPORTED, SP_LIST},
    {"SIGVER", UNSUPPORTED, SP_LIST},
    {"SINGLEDSN", UNSUPPORTED, SP_NO_LIST},
    {"SVFMR", UNSUPPORTED, SP_LIST},
    {"TIMEZONE", UNSUPPORTED, SP_LIST},
    {"TME", UNSUPPORTED, SP_LIST},
    {"TVTOC", UNSUPPORTED, SP_NO_LIST},
    {"WHEN", UNSUPPORTED, SP_LIST},
    /* of RDEFINE alone */
    {"FROM", FROM, SP_LIST},
    {"FCLASS", FCLASS, SP_LIST},
    {"FGENERIC", FGENERIC, SP_NO_LIST},
    {"FVOLUME", UNSUPPORTED, SP_LIST},
    /* of RALTER alone */
    {"NODATA", NODATA, SP_NO_LIST},
    {"NOAPPLDATA", NOAPPLDATA, SP_NO_LIST},
    {"GLOBALAUDIT", GLOBALAUDIT, SP_LIST},
    {"NONOTIFY", NONOTIFY, SP_NO_LIST},
    {"NOWARNING", NOWARNING, SP_NO_LIST},
    {"DELMEM", DELMEM, SP_LIST},
    {"NOSTDATA", NOSTDATA, SP_NO_LIST},
    {"NOSSIGNON", NOSSIGNON, SP_NO_LIST},
    {"DELCATEGORY", UNSUPPORTED, SP_MAY_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], RDEFINE_ONLY = 4, RALTER_ONLY = 9, TEXT_MAX = 255 };

struct change {
    bool altering;
    struct sp_profile_operands operands;
    struct sp_str owner, data, appl_data, notify; /* ptr NULL: not given */
    bool set_uacc, set_level, set_warning, set_audit, set_global_audit, others;
    enum sp_saf_access uacc;
    int64_t level;
    bool warning;
    struct sp_saf_audit audit, global_audit;
    const struct sp_saf_operand *add_members, *del_members;
    const struct sp_saf_operand *st_data;
    bool no_st_data;
    struct sp_ssignon ssignon;
    struct sp_str from;
    const struct sp_saf_class_info *from_class;
};

/* ---- reading operands ---- */

static int does_not_apply(struct sp_run *run, const struct change *c, const struct sp_saf_operand *o)
{
    return sp_say(run, SP_RC_ERROR, "ICH11004I", "%.*s does not apply to class %s", SP_STR_ARG(o->text),
                  c->operands.info->name);
}

static int take_name(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    if (code == NOTIFY && !o->has_list) {
        c->notify = run->issuer.id;
        return SP_RC_OK;
    }
    struct sp_str name = sp_single_id(run, o, code == OWNER ? "OWNER" : "USERID");
    if (!name.ptr)
        return SP_RC_SEVERE;
    *(code == OWNER ? &c->owner : &c->notify) = name;
    return code == OWNER ? sp_check_owner(run, name) : sp_check_user(run, name);
}

static int take_source(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    if (code == FGENERIC)
        return SP_RC_OK; /* a name is generic or not, here */
    struct sp_str text = sp_single(run, o);
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (code == FCLASS)
        return sp_class_named(run, text, &c->from_class);
    c->from = text;
    return SP_RC_OK;
}

static int take_segment(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    const struct sp_saf_class_info *info = c->operands.info;
    bool fits = code == STDATA || code == NOSTDATA     ? !strcmp(info->name, "STARTED")
                : code == SSIGNON || code == NOSSIGNON ? !strcmp(info->name, "PTKTDATA")
                                                       : info->member || !strcmp(info->name, "GLOBAL");
    if (!fits)
        return does_not_apply(run, c, o);
    if (code == ADDMEM)
        c->add_members = o->first;
    else if (code == DELMEM)
        c->del_members = o->first;
    else if (code == STDATA)
        c->st_data = o;
    else if (code == NOSTDATA)
        c->no_st_data = true;
    else if (code == SSIGNON)
        return sp_take_ssignon(run, o, &c->ssignon);
    else
        c->ssignon = (struct sp_ssignon){.remove = true};
    return SP_RC_OK;
}

static int take_text(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    struct sp_str *slot = code == DATA || code == NODATA ? &c->data : &c->appl_data;
    if (code == DATA || code == APPLDATA)
        return sp_take_text(run, o, TEXT_MAX, slot);
    *slot = SP_STR("");
    return SP_RC_OK;
}

static int take_keyword(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    c->others |= code != GLOBALAUDIT;
    switch (code) {
    case OWNER:
    case NOTIFY:
        return take_name(run, c, code, o);
    case NONOTIFY:
        c->notify = SP_STR("");
        return SP_RC_OK;
    case UACC:
        c->set_uacc = true;
        return sp_take_access(run, o, &c->uacc);
    case LEVEL:
        c->set_level = true;
        return sp_single_number(run, o, 0, 99, &c->level) ? SP_RC_OK : SP_RC_SEVERE;
    case DATA:
    case NODATA:
    case APPLDATA:
    case NOAPPLDATA:
        return take_text(run, c, code, o);
    case AUDIT:
        c->set_audit = true;
        return sp_take_audit(run, o, &c->audit);
    case GLOBALAUDIT:
        c->set_global_audit = true;
        return sp_is_auditor(run) ? sp_take_audit(run, o, &c->global_audit)
                                  : sp_say(run, SP_RC_ERROR, "ICH11103I",
                                           "NOT AUTHORIZED: GLOBALAUDIT wants the AUDITOR attribute");
    case WARNING:
    case NOWARNING:
        c->set_warning = true;
        c->warning = code == WARNING;
        return SP_RC_OK;
    case FROM:
    case FCLASS:
    case FGENERIC:
        return take_source(run, c, code, o);
    default:
        return take_segment(run, c, code, o);
    }
}

static int read_operands(struct sp_run *run, struct change *c)
{
    enum { COMMON = KEYWORDS - RDEFINE_ONLY - RALTER_ONLY };
    struct sp_keyword mine[COMMON + RALTER_ONLY];
    size_t own = c->altering ? RALTER_ONLY : RDEFINE_ONLY;
    memcpy(mine, keywords, COMMON * sizeof mine[0]);
    memcpy(mine + COMMON, keywords + COMMON + (c->altering ? RDEFINE_ONLY : 0), own * sizeof mine[0]);
    for (const struct sp_saf_operand *o = c->operands.rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, mine, COMMON + own, o, &keyword);
        if (!rc)
            rc = take_keyword(run, c, keyword->code, o);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

/* ---- STDATA ---- */

static int take_st_name(struct sp_run *run, const struct sp_saf_operand *o, bool is_user,
                        struct sp_str *ret_name)
{
    struct sp_str name = sp_single(run, o);
    if (!name.ptr)
        return SP_RC_SEVERE;
    name = sp_upper_of(run, name);
    *ret_name = name;
    if (sp_str_is(name, "=MEMBER"))
        return SP_RC_OK;
    if (!sp_saf_id_ok(name))
        return sp_say_invalid_id(run, is_user ? "USERID" : "GROUP", name);
    bool there = is_user ? sp_user_exists(run, name) : sp_group_exists(run, name);
    return there ? SP_RC_OK
                 : sp_say(run, SP_RC_WARNING, "SAF0017W", "STDATA names %s %.*s, which is not defined",
                          is_user ? "USER" : "GROUP", SP_STR_ARG(name));
}

static int take_yes_or_no(struct sp_run *run, const struct sp_saf_operand *o, bool *ret_yes)
{
    static const char *const names[] = {"NO", "YES"};
    struct sp_str text = sp_single(run, o);
    size_t index;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 2, text, &index, NULL))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s VALUE, %.*s: YES or NO",
                      SP_STR_ARG(o->text), SP_STR_ARG(text));
    *ret_yes = index == 1;
    return SP_RC_OK;
}

static int apply_st_data(struct sp_run *run, const struct sp_saf_operand *operand, struct sp_saf_profile *p)
{
    enum { USER, GROUP, PRIVILEGED, TRUSTED, TRACE, NOUSER, NOGROUP };
    static const struct sp_keyword words[] = {
        {"USER", USER, SP_LIST},         {"GROUP", GROUP, SP_LIST}, {"PRIVILEGED", PRIVILEGED, SP_LIST},
        {"TRUSTED", TRUSTED, SP_LIST},   {"TRACE", TRACE, SP_LIST}, {"NOUSER", NOUSER, SP_NO_LIST},
        {"NOGROUP", NOGROUP, SP_NO_LIST}};
    int worst = SP_RC_OK;
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
        if (rc)
            return rc;
        bool *flags[] = {
            [PRIVILEGED] = &p->st_privileged, [TRUSTED] = &p->st_trusted, [TRACE] = &p->st_trace};
        if (word->code == USER || word->code == GROUP)
            rc = take_st_name(run, o, word->code == USER, word->code == USER ? &p->st_user : &p->st_group);
        else if (word->code == NOUSER || word->code == NOGROUP)
            *(word->code == NOUSER ? &p->st_user : &p->st_group) = SP_STR("");
        else
            rc = take_yes_or_no(run, o, flags[word->code]);
        if (rc >= SP_RC_ERROR)
            return rc;
        worst = rc > worst ? rc : worst;
    }
    return worst;
}

/* ---- members ---- */

/* "NAME/READ" of class GLOBAL; the slash may stand apart when the name was in quotes. */
static int take_global_access(struct sp_run *run, const struct sp_saf_operand **operand, struct sp_str *name,
                              enum sp_saf_access *ret_access)
{
    struct sp_str level = {NULL, 0};
    const struct sp_saf_operand *next = (*operand)->next;
    size_t slash = name->len;
    while (slash > 0 && name->ptr[slash - 1] != '/')
        slash--;
    if (!(*operand)->quoted && slash) {
        level = sp_str_slice(*name, slash, name->len);
        *name = sp_str_slice(*name, 0, slash - 1);
    } else if (next && !next->quoted && next->text.len && next->text.ptr[0] == '/') {
        level = sp_str_slice(next->text, 1, next->text.len);
        *operand = next;
    }
    if (sp_saf_access_named(level, ret_access) == SP_OK)
        return SP_RC_OK;
    return sp_say(run, SP_RC_ERROR, "IKJ56702I",
                  "INVALID MEMBER, %.*s: members of class GLOBAL are NAME/ACCESS", SP_STR_ARG(*name));
}

/* The class that the members are resources of: of GLOBAL it is the one that the profile is named after. */
static int member_class(struct sp_run *run, const struct change *c, const struct sp_saf_profile *p,
                        const struct sp_saf_class_info **ret_info)
{
    if (!c->operands.info->member)
        return sp_class_named(run, p->name, ret_info);
    *ret_info = sp_saf_class_find(sp_str_of(c->operands.info->member));
    return SP_RC_OK;
}

static int change_members(struct sp_run *run, const struct change *c, const struct sp_saf_profile *p,
                          bool add)
{
    const struct sp_saf_class_info *info;
    bool global = !c->operands.info->member;
    int worst = SP_RC_OK;
    const struct sp_saf_operand *o = add ? c->add_members : c->del_members;
    if (!o)
        return SP_RC_OK;
    int rc = member_class(run, c, p, &info);
    for (; o && rc < SP_RC_ERROR; o = o->next) {
        struct sp_str text = o->text;
        struct sp_saf_member member = {.class = p->class, .profile = p->name};
        if (global && add)
            rc = take_global_access(run, &o, &text, &member.global_access);
        if (rc)
            return rc;
        member.member = sp_profile_name(run, info, text);
        if (!member.member.ptr)
            return SP_RC_ERROR;
        enum sp_status status = add ? sp_saf_put_member(run->db, &member, &run->err)
                                    : sp_saf_drop_member(run->db, &member, &run->err);
        if (status == SP_ENOTFOUND)
            worst = sp_say(run, SP_RC_WARNING, "SAF0018W", "%.*s is no member of %.*s",
                           SP_STR_ARG(member.member), SP_STR_ARG(p->name));
        else if (status)
            return sp_run_failed(run, status);
    }
    return rc > worst ? rc : worst;
}

/* ---- applying a change ---- */

static int apply(struct sp_run *run, const struct change *c, struct sp_saf_profile *p)
{
    if (c->owner.ptr)
        p->owner = c->owner;
    if (c->data.ptr)
        p->data = c->data;
    if (c->appl_data.ptr)
        p->appl_data = c->appl_data;
    if (c->notify.ptr)
        p->notify = c->notify;
    if (c->set_uacc)
        p->uacc = c->uacc;
    if (c->set_level)
        p->level = (int)c->level;
    if (c->set_warning)
        p->warning = c->warning;
    if (c->set_audit)
        p->audit = c->audit;
    if (c->set_global_audit)
        p->global_audit = c->global_audit;
    if (c->no_st_data) {
        p->st_user = p->st_group = SP_STR("");
        p->st_privileged = p->st_trusted = p->st_trace = false;
    }
    p->changed = run->today;
    return c->st_data ? apply_st_data(run, c->st_data, p) : SP_RC_OK;
}

static int worse(int a, int b)
{
    return a > b ? a : b;
}

/* The profile, then what hangs on it. */
static int store(struct sp_run *run, const struct change *c, const struct sp_saf_profile *p, int rc)
{
    enum sp_status status = sp_saf_put_profile(run->db, p, &run->err);
    if (status)
        return sp_run_failed(run, status);
    rc = worse(rc, change_members(run, c, p, true));
    if (rc < SP_RC_ERROR)
        rc = worse(rc, change_members(run, c, p, false));
    return rc < SP_RC_ERROR ? worse(rc, sp_apply_ssignon(run, &c->ssignon, p)) : rc;
}

/* ---- RDEFINE ---- */

/* SPECIAL, or whoever may change the profile that covers the name today: a more specific one takes from it.
 */
static bool may_define(struct sp_run *run, const struct change *c, struct sp_str name)
{
    struct sp_saf_profile covering;
    return sp_is_special(run) ||
           (sp_covering_profile(run, sp_str_of(c->operands.info->name), name, &covering) &&
            sp_may_administer(run, covering.owner));
}

static int copy_from(struct sp_run *run, const struct change *c, struct sp_saf_profile *p,
                     struct sp_saf_profile *ret_from)
{
    const struct sp_saf_class_info *info = c->from_class ? c->from_class : c->operands.info;
    struct sp_str name = sp_profile_name(run, info, c->from);
    if (!name.ptr)
        return SP_RC_ERROR;
    enum sp_status status =
        sp_saf_get_profile(run->db, sp_str_of(info->name), name, run->arena, ret_from, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH10102I", "FROM profile %.*s is not defined in class %s",
                      SP_STR_ARG(name), info->name);
    if (status)
        return sp_run_failed(run, status);
    if (!sp_may_change_profile(run, ret_from))
        return sp_say(run, SP_RC_ERROR, "ICH10103I", "NOT AUTHORIZED to copy %.*s", SP_STR_ARG(name));
    struct sp_saf_profile copy = *ret_from;
    copy.class = p->class;
    copy.name = p->name;
    copy.generic = p->generic;
    copy.created = p->created;
    copy.global_audit = p->global_audit;
    *p = copy;
    return SP_RC_OK;
}

static int check_new_name(struct sp_run *run, const struct change *c, struct sp_str name, bool *ret_generic)
{
    const struct sp_saf_class_info *info = c->operands.info;
    const struct sp_saf_class_info *named;
    *ret_generic = sp_generic_is(name);
    if (!strcmp(info->name, "GLOBAL") && sp_class_named(run, name, &named))
        return SP_RC_ERROR;
    if (!*ret_generic || c->operands.settings.generic || c->operands.settings.gencmd)
        return SP_RC_OK;
    *ret_generic = false;
    return sp_say(
        run, SP_RC_WARNING, "ICH10321I",
        "%.*s becomes a discrete profile, because class %s has no generic profiles: SETROPTS GENERIC(%s) "
        "comes first, then RDELETE and RDEFINE this one again",
        SP_STR_ARG(name), info->name, info->name);
}

static int add_creator(struct sp_run *run, const struct sp_saf_profile *p)
{
    struct sp_saf_access_entry entry = {.class = p->class,
                                        .profile = p->name,
                                        .id = run->issuer.id,
                                        .access = SP_SAF_ALTER,
                                        .when_kind = SP_STR(""),
                                        .when_name = SP_STR("")};
    if (!run->options.addcreator)
        return SP_RC_OK;
    enum sp_status status = sp_saf_put_access(run->db, &entry, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int define_one(struct sp_run *run, void *arg, struct sp_str name)
{
    const struct change *c = arg;
    struct sp_saf_profile p = {.class = sp_str_of(c->operands.info->name),
                               .name = name,
                               .owner = run->issuer.id,
                               .notify = SP_STR(""),
                               .appl_data = SP_STR(""),
                               .data = SP_STR(""),
                               .audit = {.failures = true, .failures_from = SP_SAF_READ},
                               .created = run->today,
                               .st_user = SP_STR(""),
                               .st_group = SP_STR("")},
                          there, from = p;
    enum sp_status status = sp_saf_get_profile(run->db, p.class, name, run->arena, &there, &run->err);
    if (!status)
        return sp_say(run, SP_RC_ERROR, "ICH10102I", "profile %.*s is already defined in class %s",
                      SP_STR_ARG(name), c->operands.info->name);
    if (status != SP_ENOTFOUND)
        return sp_run_failed(run, status);
    if (!may_define(run, c, name))
        return sp_say(run, SP_RC_ERROR, "ICH10103I", "NOT AUTHORIZED to define %.*s in class %s",
                      SP_STR_ARG(name), c->operands.info->name);
    int rc = check_new_name(run, c, name, &p.generic);
    if (rc < SP_RC_ERROR && c->from.ptr)
        rc = worse(rc, copy_from(run, c, &p, &from));
    if (rc < SP_RC_ERROR)
        rc = worse(rc, apply(run, c, &p));
    if (rc < SP_RC_ERROR)
        rc = store(run, c, &p, rc);
    if (rc < SP_RC_ERROR && c->from.ptr)
        rc = worse(rc, sp_copy_access(run, &from, &p));
    return rc < SP_RC_ERROR ? worse(rc, add_creator(run, &p)) : rc;
}

/* ---- RALTER ---- */

static int alter_one(struct sp_run *run, void *arg, struct sp_str name)
{
    const struct change *c = arg;
    struct sp_saf_profile p;
    enum sp_status status =
        sp_saf_get_profile(run->db, sp_str_of(c->operands.info->name), name, run->arena, &p, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH11102I", "profile %.*s is not defined in class %s",
                      SP_STR_ARG(name), c->operands.info->name);
    if (status)
        return sp_run_failed(run, status);
    bool allowed = c->owner.ptr ? sp_may_administer(run, p.owner) : sp_may_change_profile(run, &p);
    if (c->others && !allowed)
        return sp_say(run, SP_RC_ERROR, "ICH11103I", "NOT AUTHORIZED to change %.*s", SP_STR_ARG(name));
    int rc = apply(run, c, &p);
    return rc < SP_RC_ERROR ? store(run, c, &p, rc) : rc;
}

static int run_change(struct sp_run *run, bool altering)
{
    struct change c = {.altering = altering};
    int rc = sp_take_profile_operands(run, &c.operands);
    if (rc)
        return rc;
    if (c.operands.info->internal)
        return sp_say(run, SP_RC_ERROR, "ICH10202I", "profiles of class %s are made by RACDCERT and RACMAP",
                      c.operands.info->name);
    rc = read_operands(run, &c);
    return rc ? rc : sp_each_profile_name(run, &c.operands, altering ? alter_one : define_one, &c);
}

int sp_cmd_rdefine(struct sp_run *run)
{
    return run_change(run, false);
}

int sp_cmd_ralter(struct sp_run *run)
{
    return run_change(run, true);
}

/* ---- RDELETE ---- */

static int delete_one(struct sp_run *run, void *arg, struct sp_str name)
{
    const struct sp_profile_operands *operands = arg;
    struct sp_str class = sp_str_of(operands->info->name);
    struct sp_saf_profile p;
    enum sp_status status = sp_saf_get_profile(run->db, class, name, run->arena, &p, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH12102I", "profile %.*s is not defined in class %.*s",
                      SP_STR_ARG(name), SP_STR_ARG(class));
    if (status)
        return sp_run_failed(run, status);
    if (!sp_may_change_profile(run, &p))
        return sp_say(run, SP_RC_ERROR, "ICH12103I", "NOT AUTHORIZED to delete %.*s", SP_STR_ARG(name));
    status = sp_saf_drop_profile(run->db, class, name, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_cmd_rdelete(struct sp_run *run)
{
    struct sp_profile_operands operands;
    const struct sp_keyword *none;
    int rc = sp_take_profile_operands(run, &operands);
    if (!rc && operands.rest)
        rc = sp_keyword_of(run, NULL, 0, operands.rest, &none);
    return rc ? rc : sp_each_profile_name(run, &operands, delete_one, &operands);
}
