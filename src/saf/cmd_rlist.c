/* SPDX-License-Identifier: Apache-2.0
 * RLIST: IBM "RACF Command Language Reference".
 */
#include "base/secret.h"
#include "saf/cmd_list.h"
#include "saf/cmd_profile.h"
#include "saf/command_authority.h"
#include "saf/generic.h"

enum code {
    UNSUPPORTED = -1,
    ALL,
    AUTHUSER,
    HISTORY,
    RESGROUP,
    STDATA,
    SSIGNON,
    NORACF,
    NOYOURACC,
    GENERIC,
    NOGENERIC,
};

static const struct sp_keyword keywords[] = {
    {"ALL", ALL, SP_NO_LIST},
    {"AUTHUSER", AUTHUSER, SP_NO_LIST},
    {"HISTORY", HISTORY, SP_NO_LIST},
    {"RESGROUP", RESGROUP, SP_NO_LIST},
    {"STDATA", STDATA, SP_NO_LIST},
    {"SSIGNON", SSIGNON, SP_NO_LIST},
    {"NORACF", NORACF, SP_NO_LIST},
    {"NOYOURACC", NOYOURACC, SP_NO_LIST},
    {"GENERIC", GENERIC, SP_NO_LIST},
    {"NOGENERIC", NOGENERIC, SP_NO_LIST},
    {"CDTINFO", UNSUPPORTED, SP_NO_LIST},
    {"CFDEF", UNSUPPORTED, SP_NO_LIST},
    {"CSDATA", UNSUPPORTED, SP_NO_LIST},
    {"DLFDATA", UNSUPPORTED, SP_NO_LIST},
    {"EIM", UNSUPPORTED, SP_NO_LIST},
    {"ICSF", UNSUPPORTED, SP_NO_LIST},
    {"ICTX", UNSUPPORTED, SP_NO_LIST},
    {"IDTPARMS", UNSUPPORTED, SP_NO_LIST},
    {"JES", UNSUPPORTED, SP_NO_LIST},
    {"KERB", UNSUPPORTED, SP_NO_LIST},
    {"PROXY", UNSUPPORTED, SP_NO_LIST},
    {"SESSION", UNSUPPORTED, SP_NO_LIST},
    {"SIGVER", UNSUPPORTED, SP_NO_LIST},
    {"STATISTICS", UNSUPPORTED, SP_NO_LIST},
    {"SVFMR", UNSUPPORTED, SP_NO_LIST},
    {"TME", UNSUPPORTED, SP_NO_LIST},
    {"TVTOC", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

struct listing {
    struct sp_run *run;
    struct sp_profile_operands operands;
    bool wanted[NOGENERIC + 1]; /* by code */
    bool quiet;                 /* pass over what the issuer may not list */
    size_t count;
};

static void heading(struct sp_run *run, const char *text)
{
    char line[80];
    size_t n = strlen(text) < sizeof line ? strlen(text) : sizeof line - 1;
    memset(line, '-', n);
    line[n] = '\0';
    sp_list(run, "%s", "");
    sp_list(run, "%s", text);
    sp_list(run, "%s", line);
}

/* ---- access lists, members, groups of resources ---- */

struct entries {
    struct sp_run *run;
    bool conditional;
    size_t count;
};

static enum sp_status list_entry(void *arg, const void *value)
{
    struct entries *e = arg;
    const struct sp_saf_access_entry *entry = value;
    if (e->conditional != (entry->when_kind.len > 0))
        return SP_OK;
    e->count++;
    if (e->conditional)
        sp_list(e->run, "%-8.*s  %-7s  %-8.*s  %.*s", SP_STR_ARG(entry->id),
                sp_saf_access_name(entry->access), SP_STR_ARG(entry->when_kind),
                SP_STR_ARG(entry->when_name));
    else
        sp_list(e->run, "%-8.*s  %s", SP_STR_ARG(entry->id), sp_saf_access_name(entry->access));
    return SP_OK;
}

static enum sp_status list_access(struct sp_run *run, const struct sp_saf_profile *p, bool conditional)
{
    struct entries e = {.run = run, .conditional = conditional};
    heading(run, conditional ? "ID        ACCESS   CLASS     ENTITY NAME" : "USER      ACCESS");
    enum sp_status status =
        sp_saf_each_access(run->db, p->class, p->name, SP_STR(""), list_entry, &e, &run->err);
    if (!status && !e.count)
        sp_list(run, "%s", conditional ? "NO CONDITIONAL ENTRIES" : "NO ENTRIES IN THE ACCESS LIST");
    return status;
}

static enum sp_status list_member(void *arg, const void *value)
{
    struct entries *e = arg;
    const struct sp_saf_member *member = value;
    e->count++;
    if (sp_str_is(member->class, "GLOBAL"))
        sp_list(e->run, "%.*s/%s", SP_STR_ARG(member->member), sp_saf_access_name(member->global_access));
    else
        sp_list(e->run, "%.*s", SP_STR_ARG(member->member));
    return SP_OK;
}

static enum sp_status list_members(struct sp_run *run, const struct sp_saf_profile *p)
{
    struct entries e = {.run = run};
    heading(run, "RESOURCES IN GROUP");
    enum sp_status status = sp_saf_each_member(run->db, p->class, p->name, list_member, &e, &run->err);
    if (!status && !e.count)
        sp_list(run, "NO MEMBERS");
    return status;
}

struct groups {
    struct sp_run *run;
    struct sp_str resource;
    size_t count;
};

static enum sp_status list_group(void *arg, const void *value)
{
    struct groups *g = arg;
    const struct sp_saf_member *member = value;
    if (sp_str_eq(member->member, g->resource) || sp_generic_covers(member->member, g->resource)) {
        g->count++;
        sp_list(g->run, "%.*s", SP_STR_ARG(member->profile));
    }
    return SP_OK;
}

static int list_resource_groups(struct listing *l, struct sp_str resource)
{
    struct sp_run *run = l->run;
    struct groups g = {.run = run, .resource = resource};
    const char *grouping = l->operands.info->grouping;
    if (!grouping)
        return sp_say(run, SP_RC_WARNING, "SAF0019W", "RESGROUP: class %s has no grouping class",
                      l->operands.info->name);
    heading(run, "RESOURCE GROUPS");
    enum sp_status status =
        sp_saf_each_member(run->db, sp_str_of(grouping), SP_STR(""), list_group, &g, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!g.count)
        sp_list(run, "NONE");
    return SP_RC_OK;
}

/* ---- segments ---- */

static void list_st_data(struct sp_run *run, const struct sp_saf_profile *p)
{
    heading(run, "STDATA INFORMATION");
    if (!p->st_user.len && !p->st_group.len && !p->st_trusted && !p->st_privileged && !p->st_trace) {
        sp_list(run, "NO STDATA INFORMATION");
        return;
    }
    sp_list(run, "USER= %.*s", SP_STR_ARG(p->st_user));
    sp_list(run, "GROUP= %.*s", SP_STR_ARG(p->st_group));
    sp_list(run, "TRUSTED= %s", p->st_trusted ? "YES" : "NO");
    sp_list(run, "PRIVILEGED= %s", p->st_privileged ? "YES" : "NO");
    sp_list(run, "TRACE= %s", p->st_trace ? "YES" : "NO");
}

/* Never the key. */
static int list_ssignon(struct sp_run *run, const struct sp_saf_profile *p)
{
    struct sp_saf_passticket_profile entry;
    heading(run, "SSIGNON INFORMATION");
    enum sp_status status = sp_saf_get_passticket(run->db, p->name, run->arena, &entry, &run->err);
    if (status == SP_ENOTFOUND) {
        sp_list(run, "NO SSIGNON INFORMATION");
        return SP_RC_OK;
    }
    if (status)
        return sp_run_failed(run, status);
    bool has_key = entry.key.len > 0;
    sp_secret_wipe(entry.key.bytes, sizeof entry.key.bytes);
    if (entry.key_label.len)
        sp_list(run, "KEY LABEL= %.*s%s", SP_STR_ARG(entry.key_label),
                has_key ? "" : " (NO KEY IS STORED UNDER IT)");
    else
        sp_list(run, "KEY= SEALED IN THE DATABASE");
    if (entry.key.kind == SP_PASSTICKET_LEGACY) {
        sp_list(run, "TYPE= LEGACY");
        return SP_RC_OK;
    }
    sp_list(run, "TYPE= %s", entry.key.kind == SP_PASSTICKET_MIXED ? "MIXED" : "UPPER");
    sp_list(run, "TIMEOUT= %d", entry.timeout);
    sp_list(run, "REPLAY= %s", entry.replay_allowed ? "YES" : "NO");
    return SP_RC_OK;
}

/* ---- one profile ---- */

static void list_base(struct listing *l, const struct sp_saf_profile *p, enum sp_saf_access own)
{
    struct sp_run *run = l->run;
    sp_list(run, "CLASS      NAME");
    sp_list(run, "-----      ----");
    sp_list(run, "%-8.*s   %.*s%s", SP_STR_ARG(p->class), SP_STR_ARG(p->name), p->generic ? " (G)" : "");
    sp_list(run, "%s", "");
    sp_list(run, "LEVEL  OWNER     UNIVERSAL ACCESS  YOUR ACCESS  WARNING");
    sp_list(run, "-----  --------  ----------------  -----------  -------");
    sp_list(run, " %02d    %-8.*s  %-16s  %-11s  %s", p->level, SP_STR_ARG(p->owner),
            sp_saf_access_name(p->uacc), l->wanted[NOYOURACC] ? "" : sp_saf_access_name(own),
            p->warning ? "YES" : "NO");
}

static void list_details(struct listing *l, const struct sp_saf_profile *p)
{
    struct sp_run *run = l->run;
    heading(run, "INSTALLATION DATA");
    sp_list(run, "%.*s", SP_STR_ARG(p->data.len ? p->data : SP_STR("NONE")));
    heading(run, "APPLICATION DATA");
    sp_list(run, "%.*s", SP_STR_ARG(p->appl_data.len ? p->appl_data : SP_STR("NONE")));
    heading(run, "AUDITING");
    sp_list(run, "%.*s", SP_STR_ARG(sp_audit_text(run, &p->audit)));
    if (sp_may_read_audit(run)) {
        heading(run, "GLOBALAUDIT");
        sp_list(run, "%.*s", SP_STR_ARG(sp_audit_text(run, &p->global_audit)));
    }
    heading(run, "NOTIFY");
    sp_list(run, "%.*s", SP_STR_ARG(p->notify.len ? p->notify : SP_STR("NO USER TO BE NOTIFIED")));
    if (l->wanted[ALL] || l->wanted[HISTORY]) {
        heading(run, "CREATION DATE  LAST CHANGE DATE");
        sp_list(run, "%.*s         %.*s", SP_STR_ARG(sp_date_text(run, p->created)),
                SP_STR_ARG(sp_date_text(run, p->changed)));
    }
}

static int list_access_lists(struct listing *l, const struct sp_saf_profile *p, enum sp_saf_access own)
{
    struct sp_run *run = l->run;
    if (!l->wanted[ALL] && !l->wanted[AUTHUSER])
        return SP_RC_OK;
    if (!sp_may_list(run, p->owner) && (p->generic || own < SP_SAF_ALTER))
        return sp_say(run, SP_RC_WARNING, "ICH13002I", "NOT AUTHORIZED to list the access list of %.*s",
                      SP_STR_ARG(p->name));
    enum sp_status status = list_access(run, p, false);
    if (!status)
        status = list_access(run, p, true);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int list_segments(struct listing *l, const struct sp_saf_profile *p)
{
    if (sp_str_is(p->class, "STARTED") && (l->wanted[ALL] || l->wanted[STDATA]))
        list_st_data(l->run, p);
    if (sp_str_is(p->class, "PTKTDATA") && (l->wanted[ALL] || l->wanted[SSIGNON]))
        return list_ssignon(l->run, p);
    return SP_RC_OK;
}

static int list_profile(struct listing *l, const struct sp_saf_profile *p)
{
    struct sp_run *run = l->run;
    enum sp_saf_access own = sp_issuer_access(run, p);
    if (own < SP_SAF_READ && !sp_may_list(run, p->owner))
        return l->quiet ? SP_RC_OK
                        : sp_say(run, SP_RC_ERROR, "ICH13002I", "NOT AUTHORIZED to list %.*s",
                                 SP_STR_ARG(p->name));
    if (l->count++)
        sp_list(run, "%s", "");
    int rc = SP_RC_OK;
    if (!l->wanted[NORACF]) {
        list_base(l, p, own);
        bool has_members = l->operands.info->member || sp_str_is(p->class, "GLOBAL");
        enum sp_status status = has_members ? list_members(run, p) : SP_OK;
        if (status)
            return sp_run_failed(run, status);
        list_details(l, p);
        rc = list_access_lists(l, p, own);
    }
    int segments = list_segments(l, p);
    return segments > rc ? segments : rc;
}

static int list_named(struct sp_run *run, void *arg, struct sp_str name)
{
    struct listing *l = arg;
    struct sp_saf_profile p;
    struct sp_str class = sp_str_of(l->operands.info->name);
    int rc = SP_RC_OK, groups = SP_RC_OK;
    bool found = l->wanted[GENERIC] ? sp_covering_generic(run, class, name, &p)
                                    : sp_covering_profile(run, class, name, &p);
    if (found && l->wanted[NOGENERIC] && p.generic && !sp_str_eq(p.name, name))
        found = false;
    if (run->failed)
        return SP_RC_SEVERE;
    if (found)
        rc = list_profile(l, &p);
    else if (!l->wanted[RESGROUP])
        return sp_say(run, SP_RC_ERROR, "ICH13003I", "no profile of class %s covers %.*s",
                      l->operands.info->name, SP_STR_ARG(name));
    if (l->wanted[RESGROUP] && rc < SP_RC_ERROR)
        groups = list_resource_groups(l, name);
    return groups > rc ? groups : rc;
}

static enum sp_status list_next(void *arg, const void *value)
{
    struct listing *l = arg;
    struct sp_scratch scratch;
    sp_scratch_begin(l->run, &scratch);
    (void)list_profile(l, value);
    sp_scratch_end(l->run, &scratch);
    return l->run->failed;
}

int sp_cmd_rlist(struct sp_run *run)
{
    struct listing l = {.run = run};
    int rc = sp_take_profile_operands(run, &l.operands);
    for (const struct sp_saf_operand *o = rc ? NULL : l.operands.rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        l.wanted[keyword->code] = true;
    }
    if (rc)
        return rc;
    if (!sp_str_is(l.operands.names->text, "*"))
        return sp_each_profile_name(run, &l.operands, list_named, &l);
    l.quiet = true;
    enum sp_status status =
        sp_saf_each_profile(run->db, sp_str_of(l.operands.info->name), list_next, &l, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return l.count ? SP_RC_OK : sp_say(run, SP_RC_WARNING, "ICH13004I", "nothing to list");
}
