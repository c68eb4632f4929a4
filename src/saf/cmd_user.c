/* SPDX-License-Identifier: Apache-2.0
 * ADDUSER and ALTUSER: IBM "RACF Command Language Reference".
 */
#include "base/secret.h"
#include "saf/cmd_revoke.h"
#include "saf/command_authority.h"
#include "saf/password_history.h"
#include "saf/password_rule.h"
#include "saf/verifier.h"

enum code {
    UNSUPPORTED = -1,
    DFLTGRP,
    OWNER,
    NAME,
    PASSWORD,
    NOPASSWORD,
    PHRASE,
    NOPHRASE,
    AUTHORITY,
    UACC,
    DATA,
    NODATA,
    WHEN,
    OMVS,
    NOOMVS,
    RESUME,
    REVOKE,
    NORESUME,
    NOREVOKE,
    EXPIRED,
    NOEXPIRED,
    GROUP,
    FLAG_BASE = 1000, /* code - FLAG_BASE is the flag to set */
    NOFLAG_BASE = 100000,
};

#define FLAG(name, flag)                            \
    {name, FLAG_BASE + (flag), SP_NO_LIST},         \
    {                                               \
        "NO" name, NOFLAG_BASE + (flag), SP_NO_LIST \
    }

static const struct sp_keyword keywords[] = {
    {"DFLTGRP", DFLTGRP, SP_LIST},
    {"OWNER", OWNER, SP_LIST},
    {"NAME", NAME, SP_LIST},
    {"PASSWORD", PASSWORD, SP_LIST},
    {"NOPASSWORD", NOPASSWORD, SP_NO_LIST},
    {"PHRASE", PHRASE, SP_LIST},
    {"NOPHRASE", NOPHRASE, SP_NO_LIST},
    {"AUTHORITY", AUTHORITY, SP_LIST},
    {"UACC", UACC, SP_LIST},
    {"DATA", DATA, SP_LIST},
    {"NODATA", NODATA, SP_NO_LIST},
    {"WHEN", WHEN, SP_LIST},
    {"OMVS", OMVS, SP_LIST},
    {"NOOMVS", NOOMVS, SP_NO_LIST},
    FLAG("SPECIAL", SP_SAF_SPECIAL),
    FLAG("OPERATIONS", SP_SAF_OPERATIONS),
    FLAG("AUDITOR", SP_SAF_AUDITOR),
    FLAG("ROAUDIT", SP_SAF_ROAUDIT),
    FLAG("RESTRICTED", SP_SAF_RESTRICTED),
    FLAG("UAUDIT", SP_SAF_UAUDIT),
    FLAG("ADSP", SP_SAF_ADSP),
    FLAG("GRPACC", SP_SAF_GRPACC),
    FLAG("OIDCARD", SP_SAF_OIDCARD),
    {"CATEGORY", UNSUPPORTED, SP_LIST},
    {"ADDCATEGORY", UNSUPPORTED, SP_LIST},
    {"DELCATEGORY", UNSUPPORTED, SP_LIST},
    {"CICS", UNSUPPORTED, SP_LIST},
    {"NOCICS", UNSUPPORTED, SP_NO_LIST},
    {"CLAUTH", UNSUPPORTED, SP_LIST},
    {"NOCLAUTH", UNSUPPORTED, SP_LIST},
    {"CSDATA", UNSUPPORTED, SP_LIST},
    {"DCE", UNSUPPORTED, SP_LIST},
    {"DFP", UNSUPPORTED, SP_LIST},
    {"EIM", UNSUPPORTED, SP_LIST},
    {"KERB", UNSUPPORTED, SP_LIST},
    {"LANGUAGE", UNSUPPORTED, SP_LIST},
    {"LNOTES", UNSUPPORTED, SP_LIST},
    {"MFA", UNSUPPORTED, SP_LIST},
    {"MODEL", UNSUPPORTED, SP_LIST},
    {"NDS", UNSUPPORTED, SP_LIST},
    {"NETVIEW", UNSUPPORTED, SP_LIST},
    {"OPERPARM", UNSUPPORTED, SP_LIST},
    {"OVM", UNSUPPORTED, SP_LIST},
    {"PROXY", UNSUPPORTED, SP_LIST},
    {"SECLABEL", UNSUPPORTED, SP_LIST},
    {"SECLEVEL", UNSUPPORTED, SP_LIST},
    {"TSO", UNSUPPORTED, SP_LIST},
    {"WORKATTR", UNSUPPORTED, SP_LIST},
    /* ALTUSER alone, from here on */
    {"RESUME", RESUME, SP_MAY_LIST},
    {"REVOKE", REVOKE, SP_MAY_LIST},
    {"NORESUME", NORESUME, SP_NO_LIST},
    {"NOREVOKE", NOREVOKE, SP_NO_LIST},
    {"EXPIRED", EXPIRED, SP_NO_LIST},
    {"NOEXPIRED", NOEXPIRED, SP_NO_LIST},
    {"GROUP", GROUP, SP_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], ALTUSER_ONLY = 7 };

/* Kinds of operands by who may use them: users NAME and DFLTGRP for themselves, auditors UAUDIT. */
enum { OWN_OPERAND = 1, AUDIT_OPERAND = 2, OTHER_OPERAND = 4 };

/* What a command asks for, applied to each user it names. */
struct change {
    bool altering;
    unsigned operands;
    struct sp_str default_group, owner, name, data;
    bool set_name, set_data;
    unsigned flags_on, flags_off;
    struct sp_str password, phrase; /* in clear */
    bool no_password, no_phrase;
    bool expired, no_expired;
    bool set_authority, set_uacc;
    enum sp_saf_authority authority;
    enum sp_saf_access uacc;
    struct sp_revocation revocation;
    bool set_omvs, no_omvs, auto_uid, shared_uid, set_uid;
    int64_t uid;
    struct sp_str home, program;
    bool set_when;
    unsigned days;
    int from, to;
    struct sp_str group; /* of AUTHORITY and UACC */
};

static int not_authorized(struct sp_run *run, const struct change *c, const char *what)
{
    return sp_say(run, SP_RC_ERROR, c->altering ? "ICH21005I" : "ICH01001I", "NOT AUTHORIZED: %s", what);
}

static int take_flag(struct sp_run *run, struct change *c, unsigned flag, bool on)
{
    if (!sp_is_special(run) && flag & (SP_SAF_SPECIAL | SP_SAF_OPERATIONS | SP_SAF_AUDITOR | SP_SAF_ROAUDIT))
        return not_authorized(
            run, c, "only a user with SPECIAL gives or takes SPECIAL, OPERATIONS, AUDITOR and ROAUDIT");
    if (flag == SP_SAF_UAUDIT && !sp_is_auditor(run))
        return not_authorized(run, c, "UAUDIT and NOUAUDIT want the AUDITOR attribute");
    *(on ? &c->flags_on : &c->flags_off) |= flag;
    *(on ? &c->flags_off : &c->flags_on) &= ~flag;
    return SP_RC_OK;
}

static int take_omvs(struct sp_run *run, struct change *c, const struct sp_saf_operand *operand)
{
    enum { UID, AUTOUID, SHARED, HOME, PROGRAM };
    static const struct sp_keyword words[] = {{"UID", UID, SP_LIST},
                                              {"AUTOUID", AUTOUID, SP_NO_LIST},
                                              {"SHARED", SHARED, SP_NO_LIST},
                                              {"HOME", HOME, SP_LIST},
                                              {"PROGRAM", PROGRAM, SP_LIST}};
    if (!sp_is_special(run))
        return not_authorized(run, c, "the OMVS segment wants the SPECIAL attribute");
    c->set_omvs = true;
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
        if (rc)
            return rc;
        struct sp_str *text = word->code == HOME ? &c->home : word->code == PROGRAM ? &c->program : NULL;
        if (word->code == UID) {
            c->set_uid = true;
            if (!sp_single_number(run, o, 0, 2147483647, &c->uid))
                return SP_RC_SEVERE;
        } else if (text) {
            *text = sp_single(run, o);
            if (!text->ptr)
                return SP_RC_SEVERE;
        } else if (word->code == AUTOUID) {
            c->auto_uid = true;
        } else {
            c->shared_uid = true;
        }
    }
    return c->auto_uid && c->set_uid
               ? sp_say(run, SP_RC_SEVERE, "IKJ56712I", "UID and AUTOUID exclude each other")
               : SP_RC_OK;
}

static int take_days(struct sp_run *run, struct change *c, const struct sp_saf_operand *list)
{
    static const char *const names[] = {"SUNDAY", "MONDAY",   "TUESDAY", "WEDNESDAY", "THURSDAY",
                                        "FRIDAY", "SATURDAY", "ANYDAY",  "WEEKDAYS"};
    c->days = 0;
    for (const struct sp_saf_operand *o = list->first; o; o = o->next) {
        size_t day;
        struct sp_error why = SP_ERROR_INIT;
        if (sp_saf_keyword_find(names, sizeof names / sizeof names[0], o->text, &day, &why))
            return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID DAY, %s", why.text);
        c->days |= day == 7 ? 0x7fu : day == 8 ? 0x3eu : 1u << day;
    }
    return c->days ? SP_RC_OK : sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING DAYS VALUE");
}

/* hhmm:hhmm or ANYTIME */
static int take_time(struct sp_run *run, struct change *c, const struct sp_saf_operand *list)
{
    struct sp_str text = sp_single(run, list), from, rest = text;
    uint64_t a, b;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_str_caseless_eq(text, SP_STR("ANYTIME"))) {
        c->from = c->to = -1;
        return SP_RC_OK;
    }
    if (!sp_str_split(&rest, ':', &from) || !rest.ptr || from.len != 4 || rest.len != 4 ||
        sp_str_to_u64(from, &a) || sp_str_to_u64(rest, &b) || a / 100 > 23 || a % 100 > 59 || b / 100 > 24 ||
        b % 100 > 59 || b > 2400)
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID TIME, %.*s: hhmm:hhmm or ANYTIME",
                      SP_STR_ARG(text));
    c->from = (int)(a / 100 * 60 + a % 100);
    c->to = (int)(b / 100 * 60 + b % 100) % 1440;
    return SP_RC_OK;
}

static int take_when(struct sp_run *run, struct change *c, const struct sp_saf_operand *operand)
{
    static const struct sp_keyword words[] = {{"DAYS", 0, SP_LIST}, {"TIME", 1, SP_LIST}};
    c->set_when = true;
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 2, o, &word);
        if (!rc)
            rc = word->code == 0 ? take_days(run, c, o) : take_time(run, c, o);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

static int take_group_operand(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    struct sp_str *slot = code == DFLTGRP ? &c->default_group : code == OWNER ? &c->owner : &c->group;
    *slot = sp_single_id(run, o, code == OWNER ? "OWNER" : "GROUP");
    if (!slot->ptr)
        return SP_RC_SEVERE;
    if (code == OWNER)
        return sp_check_owner(run, *slot);
    return sp_check_group(run, *slot);
}

static int take_level(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    *(code == UACC ? &c->set_uacc : &c->set_authority) = true;
    return code == UACC ? sp_take_access(run, o, &c->uacc) : sp_take_authority(run, o, &c->authority);
}

static int take_secret(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    bool is_phrase = code == PHRASE || code == NOPHRASE, none = code == NOPASSWORD || code == NOPHRASE;
    struct sp_str text = {NULL, 0};
    if (!none) {
        text = sp_single(run, o);
        if (!text.ptr)
            return SP_RC_SEVERE;
    }
    *(is_phrase ? &c->phrase : &c->password) = text;
    *(is_phrase ? &c->no_phrase : &c->no_password) = none;
    return SP_RC_OK;
}

static unsigned kind_of(int code)
{
    if (code == NAME || code == DFLTGRP)
        return OWN_OPERAND;
    return code == FLAG_BASE + SP_SAF_UAUDIT || code == NOFLAG_BASE + SP_SAF_UAUDIT ? AUDIT_OPERAND
                                                                                    : OTHER_OPERAND;
}

static int take_keyword(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    c->operands |= kind_of(code);
    switch (code) {
    case DFLTGRP:
    case OWNER:
    case GROUP:
        return take_group_operand(run, c, code, o);
    case NAME:
        c->set_name = true;
        return sp_take_text(run, o, 20, &c->name);
    case DATA:
        c->set_data = true;
        return sp_take_text(run, o, 255, &c->data);
    case NODATA:
        c->set_data = true;
        c->data = SP_STR("");
        return SP_RC_OK;
    case PASSWORD:
    case PHRASE:
    case NOPASSWORD:
    case NOPHRASE:
        return take_secret(run, c, code, o);
    case AUTHORITY:
    case UACC:
        return take_level(run, c, code, o);
    case WHEN:
        return take_when(run, c, o);
    case OMVS:
        return take_omvs(run, c, o);
    case NOOMVS:
        c->no_omvs = true;
        return sp_is_special(run) ? SP_RC_OK
                                  : not_authorized(run, c, "the OMVS segment wants the SPECIAL attribute");
    case RESUME:
    case REVOKE:
        return sp_take_revocation(run, o, code == REVOKE, &c->revocation);
    case NORESUME:
        c->revocation.clear_resume = true;
        return SP_RC_OK;
    case NOREVOKE:
        c->revocation.clear_revoke = true;
        return SP_RC_OK;
    case EXPIRED:
    case NOEXPIRED:
        *(code == EXPIRED ? &c->expired : &c->no_expired) = true;
        return SP_RC_OK;
    default:
        return code >= NOFLAG_BASE ? take_flag(run, c, (unsigned)(code - NOFLAG_BASE), false)
                                   : take_flag(run, c, (unsigned)(code - FLAG_BASE), true);
    }
}

static int read_operands(struct sp_run *run, const struct sp_saf_operand *rest, struct change *c)
{
    for (const struct sp_saf_operand *o = rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc =
            sp_keyword_of(run, keywords, (size_t)(KEYWORDS - (c->altering ? 0 : ALTUSER_ONLY)), o, &keyword);
        if (!rc)
            rc = take_keyword(run, c, keyword->code, o);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

/* ---- applying a change ---- */

static void set_expired(struct sp_saf_user *user, bool is_phrase, bool expired)
{
    unsigned flag = is_phrase ? SP_SAF_PHRASE_EXPIRED : SP_SAF_PASSWORD_EXPIRED;
    user->flags = expired ? user->flags | flag : user->flags & ~flag;
}

static int store_secret(struct sp_run *run, const struct change *c, struct sp_saf_user *user, bool is_phrase)
{
    struct sp_str text = is_phrase ? c->phrase : c->password;
    struct sp_saf_verifier *slot = is_phrase ? &user->phrase : &user->password;
    char folded[SP_SAF_PASSWORD_MAX];
    struct sp_error why = SP_ERROR_INIT;
    struct sp_buf verifier;
    enum sp_status status = SP_OK;
    if (!is_phrase && text.len <= sizeof folded) {
        memcpy(folded, text.ptr, text.len);
        sp_password_fold(&run->options, folded, text.len);
        text.ptr = folded;
    }
    /* Rules hold for what is to last; a temporary password only has to be made of the right characters. */
    if (is_phrase)
        status = sp_phrase_check_new(user->id, text, &why);
    else if (c->no_expired)
        status = sp_password_check_new(&run->options, text, &why);
    else
        status = sp_password_check(&run->options, text, &why);
    if (status)
        return sp_say(run, SP_RC_ERROR, is_phrase && !c->altering ? "ICH01021I" : "SAF0003E",
                      "the new %s is not acceptable: %s", is_phrase ? "phrase" : "password", why.text);
    sp_buf_init(&verifier, 256);
    status = sp_verifier_make(text, &verifier, &run->err);
    sp_secret_wipe(folded, sizeof folded);
    if (!status && c->altering)
        status = sp_password_keep(run->db, &run->options, user, is_phrase, &run->err);
    if (!status) {
        slot->encoded = sp_arena_str(run->arena, sp_buf_str(&verifier));
        slot->changed = run->today;
        set_expired(user, is_phrase, !c->no_expired);
        user->failed_tries = 0;
    }
    sp_buf_wipe(&verifier);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int apply_secrets(struct sp_run *run, const struct change *c, struct sp_saf_user *user)
{
    int rc = SP_RC_OK;
    if (c->no_password) {
        user->password = (struct sp_saf_verifier){SP_STR(""), SP_SAF_NO_DATE};
        set_expired(user, false, false);
    }
    if (c->no_phrase) {
        user->phrase = (struct sp_saf_verifier){SP_STR(""), SP_SAF_NO_DATE};
        set_expired(user, true, false);
    }
    if (c->password.ptr)
        rc = store_secret(run, c, user, false);
    if (!rc && c->phrase.ptr)
        rc = store_secret(run, c, user, true);
    if (!rc && c->no_expired && !c->password.ptr && !c->phrase.ptr)
        rc =
            sp_say(run, SP_RC_WARNING, "ICH21007I", "NOEXPIRED means something with PASSWORD or PHRASE only");
    if (c->expired) {
        set_expired(user, false, user->password.encoded.len > 0);
        set_expired(user, true, user->phrase.encoded.len > 0);
    }
    return rc;
}

static int apply_revocation(struct sp_run *run, const struct change *c, struct sp_saf_user *user)
{
    bool resumed = c->revocation.resume && c->revocation.resume_date == SP_SAF_NO_DATE;
    bool inactive = run->options.inactive > 0 && user->last_use_date != SP_SAF_NO_DATE &&
                    run->today - user->last_use_date > run->options.inactive;
    bool ignored =
        sp_apply_revocation(run, &c->revocation, &user->flags, &user->revoke_date, &user->resume_date);
    if (resumed)
        user->failed_tries = 0;
    /* Revoked because of SETROPTS INACTIVE: the days are counted from now on. */
    if (resumed && inactive)
        user->last_use_date = run->today;
    if (!ignored || (resumed && inactive))
        return SP_RC_OK;
    return sp_say(run, SP_RC_WARNING, resumed ? "ICH21019I" : "ICH21022I", "USER %.*s is %s",
                  SP_STR_ARG(user->id), resumed ? "not revoked" : "revoked already");
}

struct uid_walk {
    struct sp_str self;
    int64_t uid, highest;
    struct sp_str taken_by;
    struct sp_arena *arena;
};

static enum sp_status look_at_uid(void *arg, const void *value)
{
    struct uid_walk *walk = arg;
    const struct sp_saf_user *user = value;
    if (user->uid > walk->highest)
        walk->highest = user->uid;
    if (user->uid == walk->uid && user->uid >= 0 && !sp_str_eq(user->id, walk->self) && !walk->taken_by.len)
        walk->taken_by = sp_arena_str(walk->arena, user->id);
    return SP_OK;
}

static int apply_omvs(struct sp_run *run, const struct change *c, struct sp_saf_user *user)
{
    if (c->no_omvs) {
        user->uid = -1;
        user->home = user->program = SP_STR("");
    }
    if (!c->set_omvs)
        return SP_RC_OK;
    if (c->home.ptr)
        user->home = c->home;
    if (c->program.ptr)
        user->program = c->program;
    if (!c->set_uid && !c->auto_uid)
        return SP_RC_OK;
    struct uid_walk walk = {
        .self = user->id, .uid = c->set_uid ? c->uid : -2, .highest = 999, .arena = run->arena};
    enum sp_status status = sp_saf_each_user(run->db, look_at_uid, &walk, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (walk.taken_by.len && !c->shared_uid)
        return sp_say(run, SP_RC_ERROR, "IRR52174I",
                      "UID %lld belongs to USER %.*s; SHARED lets several users have it", (long long)c->uid,
                      SP_STR_ARG(walk.taken_by));
    user->uid = c->set_uid ? c->uid : walk.highest + 1;
    return SP_RC_OK;
}

static int apply(struct sp_run *run, const struct change *c, struct sp_saf_user *user)
{
    if (c->default_group.ptr)
        user->default_group = c->default_group;
    if (c->owner.ptr)
        user->owner = c->owner;
    if (c->set_name)
        user->name = c->name;
    if (c->set_data)
        user->data = c->data;
    user->flags = (user->flags | c->flags_on) & ~c->flags_off;
    if (c->set_when) {
        user->logon_days = c->days ? c->days : user->logon_days;
        user->logon_from = c->from;
        user->logon_to = c->to;
    }
    int rc = apply_revocation(run, c, user), secrets = apply_secrets(run, c, user);
    if (secrets > rc)
        rc = secrets;
    if (rc >= SP_RC_ERROR)
        return rc;
    int omvs = apply_omvs(run, c, user);
    return omvs > rc ? omvs : rc;
}

static int not_connected(struct sp_run *run, struct sp_str user, struct sp_str group)
{
    return sp_say(run, SP_RC_ERROR, "ICH21004I",
                  "USER %.*s is not connected to GROUP %.*s: CONNECT comes first", SP_STR_ARG(user),
                  SP_STR_ARG(group));
}

static int put_connect(struct sp_run *run, const struct change *c, const struct sp_saf_user *user,
                       struct sp_str group)
{
    struct sp_saf_connect connect = {.user = user->id,
                                     .group = group,
                                     .owner = user->owner,
                                     .created = run->today,
                                     .revoke_date = SP_SAF_NO_DATE,
                                     .resume_date = SP_SAF_NO_DATE};
    enum sp_status status = sp_saf_get_connect(run->db, user->id, group, run->arena, &connect, &run->err);
    if (c->altering && status == SP_ENOTFOUND)
        return not_connected(run, user->id, group);
    if (status && status != SP_ENOTFOUND)
        return sp_run_failed(run, status);
    if (c->set_authority && c->authority > sp_greatest_authority(run, group))
        return sp_say(run, SP_RC_ERROR, "ICH21006I",
                      "NOT AUTHORIZED: AUTHORITY(%s) is more than the issuer has "
                      "in GROUP %.*s",
                      sp_saf_authority_name(c->authority), SP_STR_ARG(group));
    if (c->set_authority)
        connect.authority = c->authority;
    if (c->set_uacc)
        connect.uacc = c->uacc;
    status = sp_saf_put_connect(run->db, &connect, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static struct sp_saf_user new_user(const struct sp_run *run, struct sp_str id)
{
    return (struct sp_saf_user){.id = id,
                                .default_group = run->issuer.default_group,
                                .owner = run->issuer.id,
                                .created = run->today,
                                .last_use_date = SP_SAF_NO_DATE,
                                .revoke_date = SP_SAF_NO_DATE,
                                .resume_date = SP_SAF_NO_DATE,
                                .password = {SP_STR(""), SP_SAF_NO_DATE},
                                .phrase = {SP_STR(""), SP_SAF_NO_DATE},
                                .uid = -1,
                                .logon_days = 0x7f,
                                .logon_from = -1,
                                .logon_to = -1,
                                .name = SP_STR(""),
                                .data = SP_STR("")};
}

static int add_one(struct sp_run *run, const struct change *c, struct sp_str id)
{
    if (sp_user_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "ICH01010I", "USER %.*s is already defined", SP_STR_ARG(id));
    if (sp_group_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "ICH01010I", "%.*s is the name of a group", SP_STR_ARG(id));
    struct sp_saf_user user = new_user(run, id);
    struct sp_str group = c->default_group.ptr ? c->default_group : user.default_group;
    if (!sp_has_group_authority(run, group, SP_SAF_JOIN))
        return sp_say(run, SP_RC_ERROR, "ICH01011I",
                      "NOT AUTHORIZED: JOIN authority in GROUP %.*s or SPECIAL is needed", SP_STR_ARG(group));
    int rc = apply(run, c, &user);
    if (rc >= SP_RC_ERROR)
        return rc;
    enum sp_status status = sp_saf_put_user(run->db, &user, &run->err);
    int connected = status ? sp_run_failed(run, status) : put_connect(run, c, &user, group);
    return connected > rc ? connected : rc;
}

static bool may_alter(struct sp_run *run, const struct change *c, const struct sp_saf_user *user)
{
    unsigned free_ones = sp_str_eq(user->id, run->issuer.id) ? OWN_OPERAND : 0;
    if (sp_is_auditor(run))
        free_ones |= AUDIT_OPERAND;
    return !(c->operands & ~free_ones) || sp_may_administer(run, user->owner);
}

static int alter_one(struct sp_run *run, const struct change *c, struct sp_str id)
{
    struct sp_saf_user user;
    struct sp_saf_connect connect;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH21009I", "USER %.*s is not defined", SP_STR_ARG(id));
    if (status)
        return sp_run_failed(run, status);
    if (!may_alter(run, c, &user))
        return sp_say(run, SP_RC_ERROR, "ICH21010I", "NOT AUTHORIZED to change USER %.*s", SP_STR_ARG(id));
    int rc = apply(run, c, &user);
    if (rc >= SP_RC_ERROR)
        return rc;
    if (c->default_group.ptr &&
        sp_saf_get_connect(run->db, id, c->default_group, run->arena, &connect, NULL) != SP_OK)
        return not_connected(run, id, c->default_group);
    status = sp_saf_put_user(run->db, &user, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!c->set_authority && !c->set_uacc)
        return rc;
    int connected = put_connect(run, c, &user, c->group.len ? c->group : user.default_group);
    return connected > rc ? connected : rc;
}

static int step(struct sp_run *run, void *arg, struct sp_str id)
{
    const struct change *c = arg;
    return c->altering ? alter_one(run, c, id) : add_one(run, c, id);
}

static int run_change(struct sp_run *run, bool altering)
{
    const struct sp_saf_operand *rest, *users = sp_positional(run, "USERID", &rest);
    struct change c = {.altering = altering, .from = -1, .to = -1};
    if (!users)
        return SP_RC_SEVERE;
    int rc = read_operands(run, rest, &c);
    return rc ? rc : sp_each_name(run, users, "USERID", step, &c);
}

int sp_cmd_adduser(struct sp_run *run)
{
    return run_change(run, false);
}

int sp_cmd_altuser(struct sp_run *run)
{
    return run_change(run, true);
}
