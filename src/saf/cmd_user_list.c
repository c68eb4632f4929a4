/* SPDX-License-Identifier: Apache-2.0
 * LISTUSER: IBM "RACF Command Language Reference".
 */
#include "base/buf.h"
#include "saf/cmd_list.h"
#include "saf/command_authority.h"

enum code { UNSUPPORTED = -1, OMVS, NORACF };

static const struct sp_keyword keywords[] = {
    {"OMVS", OMVS, SP_NO_LIST},
    {"NORACF", NORACF, SP_NO_LIST},
    {"CICS", UNSUPPORTED, SP_NO_LIST},
    {"CSDATA", UNSUPPORTED, SP_NO_LIST},
    {"DCE", UNSUPPORTED, SP_NO_LIST},
    {"DFP", UNSUPPORTED, SP_NO_LIST},
    {"EIM", UNSUPPORTED, SP_NO_LIST},
    {"KERB", UNSUPPORTED, SP_NO_LIST},
    {"LANGUAGE", UNSUPPORTED, SP_NO_LIST},
    {"LNOTES", UNSUPPORTED, SP_NO_LIST},
    {"MFA", UNSUPPORTED, SP_NO_LIST},
    {"NDS", UNSUPPORTED, SP_NO_LIST},
    {"NETVIEW", UNSUPPORTED, SP_NO_LIST},
    {"OPERPARM", UNSUPPORTED, SP_NO_LIST},
    {"OVM", UNSUPPORTED, SP_NO_LIST},
    {"PROXY", UNSUPPORTED, SP_NO_LIST},
    {"TSO", UNSUPPORTED, SP_NO_LIST},
    {"WORKATTR", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

struct listing {
    struct sp_run *run;
    bool omvs, no_racf;
    bool quiet; /* about users whom the issuer may not list: with "*" they are passed over */
    size_t count;
};

static void list_attributes(struct sp_run *run, const struct sp_saf_user *user)
{
    static const struct sp_flag_name names[] = {
        {SP_SAF_SPECIAL, "SPECIAL"}, {SP_SAF_OPERATIONS, "OPERATIONS"}, {SP_SAF_AUDITOR, "AUDITOR"},
        {SP_SAF_ROAUDIT, "ROAUDIT"}, {SP_SAF_RESTRICTED, "RESTRICTED"}, {SP_SAF_ADSP, "ADSP"},
        {SP_SAF_GRPACC, "GRPACC"},   {SP_SAF_OIDCARD, "OIDCARD"},       {SP_SAF_UAUDIT, "UAUDIT"},
        {SP_SAF_REVOKED, "REVOKED"},
    };
    unsigned flags = user->flags & ~(unsigned)SP_SAF_REVOKED;
    if (sp_saf_is_revoked(user->flags, user->revoke_date, user->resume_date, run->today))
        flags |= SP_SAF_REVOKED;
    if (!sp_may_read_audit(run))
        flags &= ~(unsigned)SP_SAF_UAUDIT;
    struct sp_str text = sp_flags_text(run, names, sizeof names / sizeof names[0], flags);
    bool has_password = user->password.encoded.len, has_phrase = user->phrase.encoded.len;
    const char *more = has_phrase ? " PASSPHRASE" : has_password ? "" : " PROTECTED";
    bool none = sp_str_is(text, "NONE") && *more;
    sp_list(run, " ATTRIBUTES=%.*s%s", SP_STR_ARG(none ? SP_STR("") : text), none ? more + 1 : more);
}

static struct sp_str secret_date(struct sp_run *run, const struct sp_saf_verifier *verifier, bool expired)
{
    if (!verifier->encoded.len)
        return SP_STR("N/A");
    return expired ? SP_STR("00.000") : sp_date_text(run, verifier->changed);
}

static void list_logon_times(struct sp_run *run, const struct sp_saf_user *user)
{
    static const char *const days[] = {"SUNDAY",   "MONDAY", "TUESDAY", "WEDNESDAY",
                                       "THURSDAY", "FRIDAY", "SATURDAY"};
    struct sp_buf text;
    sp_buf_init(&text, 128);
    for (unsigned day = 0; day < 7 && user->logon_days != 0x7f; day++)
        if (user->logon_days & 1u << day)
            sp_buf_printf(&text, "%s%s", text.len ? " " : "", days[day]);
    sp_list(run, " LOGON ALLOWED   (DAYS)                                            (TIME)");
    sp_list(run, " -------------------------------------------------------------------------");
    struct sp_str shown = text.len ? sp_buf_str(&text) : SP_STR("ANYDAY");
    if (user->logon_from < 0)
        sp_list(run, " %-65.*s ANYTIME", SP_STR_ARG(shown));
    else
        sp_list(run, " %-65.*s %02d%02d:%02d%02d", SP_STR_ARG(shown), user->logon_from / 60,
                user->logon_from % 60, user->logon_to / 60, user->logon_to % 60);
    sp_buf_finish(&text);
}

static void list_base(struct sp_run *run, const struct sp_saf_user *user)
{
    bool has_any = user->password.encoded.len || user->phrase.encoded.len;
    int days = user->password_interval ? user->password_interval : run->options.interval;
    struct sp_str interval = has_any && days > 0 ? sp_arena_printf(run->arena, "%3d", days) : SP_STR("N/A");
    sp_list(run, "USER=%.*s  NAME=%.*s  OWNER=%.*s  CREATED=%.*s", SP_STR_ARG(user->id),
            SP_STR_ARG(user->name.len ? user->name : SP_STR("UNKNOWN")), SP_STR_ARG(user->owner),
            SP_STR_ARG(sp_date_text(run, user->created)));
    sp_list(run, " DEFAULT-GROUP=%-8.*s PASSDATE=%.*s PASS-INTERVAL=%.*s PHRASEDATE=%.*s",
            SP_STR_ARG(user->default_group),
            SP_STR_ARG(secret_date(run, &user->password, user->flags & SP_SAF_PASSWORD_EXPIRED)),
            SP_STR_ARG(interval),
            SP_STR_ARG(secret_date(run, &user->phrase, user->flags & SP_SAF_PHRASE_EXPIRED)));
    list_attributes(run, user);
    sp_list(run, " REVOKE DATE=%.*s  RESUME DATE=%.*s", SP_STR_ARG(sp_date_text(run, user->revoke_date)),
            SP_STR_ARG(sp_date_text(run, user->resume_date)));
    if (user->last_use_date == SP_SAF_NO_DATE)
        sp_list(run, " LAST-ACCESS=UNKNOWN");
    else
        sp_list(run, " LAST-ACCESS=%.*s/%02d:%02d:%02d", SP_STR_ARG(sp_date_text(run, user->last_use_date)),
                user->last_use_time / 3600, user->last_use_time / 60 % 60, user->last_use_time % 60);
    if (user->data.len)
        sp_list(run, " INSTALLATION-DATA=%.*s", SP_STR_ARG(user->data));
    else
        sp_list(run, " NO-INSTALLATION-DATA");
    list_logon_times(run, user);
}

static enum sp_status list_connect(void *arg, const void *value)
{
    struct sp_run *run = arg;
    const struct sp_saf_connect *c = value;
    sp_list(run, "  GROUP=%-8.*s  AUTH=%-7s  CONNECT-OWNER=%-8.*s  CONNECT-DATE=%.*s", SP_STR_ARG(c->group),
            sp_saf_authority_name(c->authority), SP_STR_ARG(c->owner),
            SP_STR_ARG(sp_date_text(run, c->created)));
    sp_list(run, "    UACC=%s", sp_saf_access_name(c->uacc));
    sp_list(run, "    CONNECT ATTRIBUTES=%.*s", SP_STR_ARG(sp_connect_flags_text(run, c)));
    sp_list(run, "    REVOKE DATE=%.*s  RESUME DATE=%.*s", SP_STR_ARG(sp_date_text(run, c->revoke_date)),
            SP_STR_ARG(sp_date_text(run, c->resume_date)));
    return SP_OK;
}

static void list_omvs(struct sp_run *run, const struct sp_saf_user *user)
{
    sp_list(run, "OMVS INFORMATION");
    sp_list(run, "----------------");
    if (user->uid < 0 && !user->home.len && !user->program.len) {
        sp_list(run, "NO OMVS INFORMATION");
        return;
    }
    if (user->uid < 0)
        sp_list(run, "UID= NONE");
    else
        sp_list(run, "UID= %010lld", (long long)user->uid);
    if (user->home.len)
        sp_list(run, "HOME= %.*s", SP_STR_ARG(user->home));
    if (user->program.len)
        sp_list(run, "PROGRAM= %.*s", SP_STR_ARG(user->program));
}

static int list_user(struct listing *l, const struct sp_saf_user *user)
{
    struct sp_run *run = l->run;
    if (!sp_str_eq(user->id, run->issuer.id) && !sp_may_list(run, user->owner))
        return l->quiet ? SP_RC_OK
                        : sp_say(run, SP_RC_ERROR, "ICH30002I", "NOT AUTHORIZED to list USER %.*s",
                                 SP_STR_ARG(user->id));
    if (l->count++)
        sp_list(run, "%s", "");
    if (!l->no_racf) {
        list_base(run, user);
        enum sp_status status =
            sp_saf_each_connect(run->db, user->id, SP_STR(""), list_connect, run, &run->err);
        if (status)
            return sp_run_failed(run, status);
    }
    if (l->omvs)
        list_omvs(run, user);
    return SP_RC_OK;
}

static int list_named(struct sp_run *run, void *arg, struct sp_str id)
{
    struct sp_saf_user user;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH30001I", "USER %.*s is not defined", SP_STR_ARG(id));
    return status ? sp_run_failed(run, status) : list_user(arg, &user);
}

static enum sp_status list_next(void *arg, const void *value)
{
    struct listing *l = arg;
    struct sp_scratch scratch;
    sp_scratch_begin(l->run, &scratch);
    (void)list_user(l, value);
    sp_scratch_end(l->run, &scratch);
    return l->run->failed;
}

int sp_cmd_listuser(struct sp_run *run)
{
    struct listing l = {.run = run};
    const struct sp_saf_operand *users = run->command->operands;
    for (const struct sp_saf_operand *o = users ? users->next : NULL; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        *(keyword->code == OMVS ? &l.omvs : &l.no_racf) = true;
    }
    if (l.no_racf && !l.omvs)
        return sp_say(run, SP_RC_WARNING, "ICH30012I", "nothing to list: NORACF without a segment");
    if (!users)
        return list_named(run, &l, run->issuer.id);
    if (!sp_str_is(users->text, "*"))
        return sp_each_name(run, users, "USERID", list_named, &l);
    l.quiet = true;
    enum sp_status status = sp_saf_each_user(run->db, list_next, &l, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return l.count ? SP_RC_OK : sp_say(run, SP_RC_WARNING, "ICH30011I", "no users listed");
}
