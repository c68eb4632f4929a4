/* SPDX-License-Identifier: Apache-2.0
 * LISTGRP: IBM "RACF Command Language Reference".
 */
#include "base/buf.h"
#include "saf/cmd_list.h"
#include "saf/command_authority.h"

enum code { UNSUPPORTED = -1, OMVS, NORACF };

static const struct sp_keyword keywords[] = {
    {"OMVS", OMVS, SP_NO_LIST},       {"NORACF", NORACF, SP_NO_LIST},   {"CSDATA", UNSUPPORTED, SP_NO_LIST},
    {"DFP", UNSUPPORTED, SP_NO_LIST}, {"OVM", UNSUPPORTED, SP_NO_LIST}, {"TME", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], LINE_MAX_BYTES = 64 };

struct listing {
    struct sp_run *run;
    bool omvs, no_racf, quiet;
    size_t count;
};

/* Names in lines of some 64 characters. */
struct wrapper {
    struct sp_run *run;
    struct sp_str group;
    struct sp_buf line;
    const char *lead;
};

static void flush(struct wrapper *w)
{
    sp_list(w->run, "    %-12s%.*s", w->lead, SP_STR_ARG(sp_buf_str(&w->line)));
    sp_buf_reset(&w->line);
    w->lead = "";
}

static enum sp_status add_subgroup(void *arg, const void *value)
{
    struct wrapper *w = arg;
    const struct sp_saf_group *group = value;
    if (!sp_str_eq(group->superior, w->group))
        return SP_OK;
    if (w->line.len + group->id.len >= LINE_MAX_BYTES)
        flush(w);
    sp_buf_printf(&w->line, " %.*s", SP_STR_ARG(group->id));
    return SP_OK;
}

static enum sp_status list_subgroups(struct sp_run *run, struct sp_str id)
{
    struct wrapper w = {.run = run, .group = id, .lead = "SUBGROUP(S)="};
    sp_buf_init(&w.line, 256);
    enum sp_status status = sp_saf_each_group(run->db, add_subgroup, &w, &run->err);
    if (!status && w.line.len)
        flush(&w);
    else if (!status && *w.lead)
        sp_list(run, "    NO SUBGROUPS");
    sp_buf_finish(&w.line);
    return status;
}

static enum sp_status list_member(void *arg, const void *value)
{
    struct listing *l = arg;
    struct sp_run *run = l->run;
    struct sp_scratch scratch;
    const struct sp_saf_connect *c = value;
    sp_scratch_begin(run, &scratch);
    if (!l->count++)
        sp_list(run, "    USER(S)=      ACCESS=        UNIVERSAL ACCESS=");
    sp_list(run, "      %-8.*s      %-7s        %s", SP_STR_ARG(c->user), sp_saf_authority_name(c->authority),
            sp_saf_access_name(c->uacc));
    sp_list(run, "         CONNECT ATTRIBUTES=%.*s", SP_STR_ARG(sp_connect_flags_text(run, c)));
    sp_list(run, "         REVOKE DATE=%.*s  RESUME DATE=%.*s", SP_STR_ARG(sp_date_text(run, c->revoke_date)),
            SP_STR_ARG(sp_date_text(run, c->resume_date)));
    sp_scratch_end(run, &scratch);
    return SP_OK;
}

static enum sp_status list_base(struct sp_run *run, const struct sp_saf_group *group)
{
    struct listing members = {.run = run};
    sp_list(run, "INFORMATION FOR GROUP %.*s", SP_STR_ARG(group->id));
    sp_list(run, "    SUPERIOR GROUP=%-8.*s  OWNER=%-8.*s  CREATED=%.*s",
            SP_STR_ARG(group->superior.len ? group->superior : SP_STR("NONE")), SP_STR_ARG(group->owner),
            SP_STR_ARG(sp_date_text(run, group->created)));
    if (group->data.len)
        sp_list(run, "    INSTALLATION DATA=%.*s", SP_STR_ARG(group->data));
    else
        sp_list(run, "    NO INSTALLATION DATA");
    sp_list(run, "    %s%s", group->no_term_uacc ? "NOTERMUACC" : "TERMUACC",
            group->universal ? "  UNIVERSAL" : "");
    enum sp_status status = list_subgroups(run, group->id);
    if (!status)
        status = sp_saf_each_connect(run->db, SP_STR(""), group->id, list_member, &members, &run->err);
    if (!status && !members.count)
        sp_list(run, "    NO USERS");
    return status;
}

static bool may_list(struct sp_run *run, const struct sp_saf_group *group)
{
    return sp_may_list(run, group->id) || sp_may_list(run, group->owner) ||
           sp_has_group_authority(run, group->id, SP_SAF_CONNECT);
}

static int list_group(struct listing *l, const struct sp_saf_group *group)
{
    struct sp_run *run = l->run;
    if (!may_list(run, group))
        return l->quiet ? SP_RC_OK
                        : sp_say(run, SP_RC_ERROR, "ICH32002I", "NOT AUTHORIZED to list GROUP %.*s",
                                 SP_STR_ARG(group->id));
    if (l->count++)
        sp_list(run, "%s", "");
    enum sp_status status = l->no_racf ? SP_OK : list_base(run, group);
    if (status)
        return sp_run_failed(run, status);
    if (l->omvs) {
        sp_list(run, "OMVS INFORMATION");
        sp_list(run, "----------------");
        if (group->gid < 0)
            sp_list(run, "NO OMVS INFORMATION");
        else
            sp_list(run, "GID= %010lld", (long long)group->gid);
    }
    return SP_RC_OK;
}

static int list_named(struct sp_run *run, void *arg, struct sp_str id)
{
    struct sp_saf_group group;
    enum sp_status status = sp_saf_get_group(run->db, id, run->arena, &group, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH51003I", "GROUP %.*s is not defined", SP_STR_ARG(id));
    return status ? sp_run_failed(run, status) : list_group(arg, &group);
}

static enum sp_status list_next(void *arg, const void *value)
{
    struct listing *l = arg;
    struct sp_scratch scratch;
    sp_scratch_begin(l->run, &scratch);
    (void)list_group(l, value);
    sp_scratch_end(l->run, &scratch);
    return l->run->failed;
}

int sp_cmd_listgrp(struct sp_run *run)
{
    struct listing l = {.run = run};
    const struct sp_saf_operand *groups = run->command->operands;
    for (const struct sp_saf_operand *o = groups ? groups->next : NULL; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        *(keyword->code == OMVS ? &l.omvs : &l.no_racf) = true;
    }
    if (l.no_racf && !l.omvs)
        return sp_say(run, SP_RC_WARNING, "ICH32007I", "nothing to list: NORACF without a segment");
    if (!groups)
        return list_named(run, &l, run->issuer.default_group);
    if (!sp_str_is(groups->text, "*"))
        return sp_each_name(run, groups, "GROUP", list_named, &l);
    l.quiet = true;
    enum sp_status status = sp_saf_each_group(run->db, list_next, &l, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return l.count ? SP_RC_OK : sp_say(run, SP_RC_WARNING, "ICH32005I", "no groups listed");
}
