/* SPDX-License-Identifier: Apache-2.0
 * ADDGROUP, ALTGROUP, DELGROUP: IBM "RACF Command Language Reference".
 */
#include "saf/cmd_leftover.h"
#include "saf/command_authority.h"

enum code {
    UNSUPPORTED = -1,
    SUPGROUP,
    OWNER,
    DATA,
    NODATA,
    TERMUACC,
    NOTERMUACC,
    OMVS,
    UNIVERSAL,
    NOOMVS,
};

static const struct sp_keyword keywords[] = {
    {"SUPGROUP", SUPGROUP, SP_LIST},
    {"OWNER", OWNER, SP_LIST},
    {"DATA", DATA, SP_LIST},
    {"NODATA", NODATA, SP_NO_LIST},
    {"TERMUACC", TERMUACC, SP_NO_LIST},
    {"NOTERMUACC", NOTERMUACC, SP_NO_LIST},
    {"OMVS", OMVS, SP_LIST},
    {"CSDATA", UNSUPPORTED, SP_LIST},
    {"DFP", UNSUPPORTED, SP_LIST},
    {"MODEL", UNSUPPORTED, SP_LIST},
    {"NOMODEL", UNSUPPORTED, SP_NO_LIST},
    {"OVM", UNSUPPORTED, SP_LIST},
    {"TME", UNSUPPORTED, SP_LIST},
    /* ADDGROUP has all but the last, ALTGROUP all but the one before it */
    {"UNIVERSAL", UNIVERSAL, SP_NO_LIST},
    {"NOOMVS", NOOMVS, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0], LEVELS_MAX = 64, DATA_MAX = 255 };

struct change {
    bool altering;
    struct sp_str superior, owner, data; /* ptr NULL: not given */
    bool others;                         /* something else than SUPGROUP is given */
    bool set_term_uacc, no_term_uacc, universal;
    bool no_omvs, set_gid, auto_gid, shared_gid;
    int64_t gid;
};

static int take_omvs(struct sp_run *run, struct change *c, const struct sp_saf_operand *operand)
{
    enum { GID, AUTOGID, SHARED };
    static const struct sp_keyword words[] = {
        {"GID", GID, SP_LIST}, {"AUTOGID", AUTOGID, SP_NO_LIST}, {"SHARED", SHARED, SP_NO_LIST}};
    for (const struct sp_saf_operand *o = operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 3, o, &word);
        if (rc)
            return rc;
        c->set_gid |= word->code == GID;
        c->auto_gid |= word->code == AUTOGID;
        c->shared_gid |= word->code == SHARED;
        if (word->code == GID && !sp_single_number(run, o, 0, 2147483647, &c->gid))
            return SP_RC_SEVERE;
    }
    return c->set_gid && c->auto_gid
               ? sp_say(run, SP_RC_SEVERE, "IKJ56712I", "GID and AUTOGID exclude each other")
               : SP_RC_OK;
}

static int take_name(struct sp_run *run, const struct sp_saf_operand *o, const char *what,
                     struct sp_str *ret_name)
{
    *ret_name = sp_single_id(run, o, what);
    return ret_name->ptr ? SP_RC_OK : SP_RC_SEVERE;
}

static int take_keyword(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    int rc;
    c->others |= code != SUPGROUP;
    switch (code) {
    case SUPGROUP:
        rc = take_name(run, o, "GROUP", &c->superior);
        return rc ? rc : sp_check_group(run, c->superior);
    case OWNER:
        rc = take_name(run, o, "OWNER", &c->owner);
        return rc ? rc : sp_check_owner(run, c->owner);
    case DATA:
        return sp_take_text(run, o, DATA_MAX, &c->data);
    case NODATA:
        c->data = SP_STR("");
        return SP_RC_OK;
    case TERMUACC:
    case NOTERMUACC:
        c->set_term_uacc = true;
        c->no_term_uacc = code == NOTERMUACC;
        return SP_RC_OK;
    case UNIVERSAL:
        c->universal = true;
        return SP_RC_OK;
    default:
        if (!sp_is_special(run))
            return sp_say(run, SP_RC_ERROR, "ICH20021I",
                          "NOT AUTHORIZED: the OMVS segment wants the SPECIAL attribute");
        c->no_omvs |= code == NOOMVS;
        return code == OMVS ? take_omvs(run, c, o) : SP_RC_OK;
    }
}

static int read_operands(struct sp_run *run, const struct sp_saf_operand *rest, struct change *c)
{
    struct sp_keyword mine[KEYWORDS - 1];
    memcpy(mine, keywords, sizeof mine);
    if (c->altering)
        mine[KEYWORDS - 2] = keywords[KEYWORDS - 1];
    for (const struct sp_saf_operand *o = rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, mine, KEYWORDS - 1, o, &keyword);
        if (!rc)
            rc = take_keyword(run, c, keyword->code, o);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

/* ---- applying a change ---- */

struct gid_walk {
    struct sp_str self, taken_by;
    int64_t gid, highest;
    struct sp_arena *arena;
};

static enum sp_status look_at_gid(void *arg, const void *value)
{
    struct gid_walk *walk = arg;
    const struct sp_saf_group *group = value;
    if (group->gid > walk->highest)
        walk->highest = group->gid;
    if (group->gid == walk->gid && group->gid >= 0 && !sp_str_eq(group->id, walk->self) &&
        !walk->taken_by.len)
        walk->taken_by = sp_arena_str(walk->arena, group->id);
    return SP_OK;
}

static int apply_gid(struct sp_run *run, const struct change *c, struct sp_saf_group *group)
{
    if (c->no_omvs)
        group->gid = -1;
    if (!c->set_gid && !c->auto_gid)
        return SP_RC_OK;
    struct gid_walk walk = {
        .self = group->id, .gid = c->set_gid ? c->gid : -2, .highest = 999, .arena = run->arena};
    enum sp_status status = sp_saf_each_group(run->db, look_at_gid, &walk, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (walk.taken_by.len && !c->shared_gid)
        return sp_say(run, SP_RC_ERROR, "IRR52174I",
                      "GID %lld belongs to GROUP %.*s; SHARED lets several groups have it", (long long)c->gid,
                      SP_STR_ARG(walk.taken_by));
    group->gid = c->set_gid ? c->gid : walk.highest + 1;
    return SP_RC_OK;
}

/* A group is owned by a user or by its superior group: the tree of owners follows the tree of groups. */
static int check_tree(struct sp_run *run, const struct sp_saf_group *group)
{
    struct sp_saf_group above = {.superior = group->superior};
    if (sp_group_exists(run, group->owner) && !sp_str_eq(group->owner, group->superior))
        return sp_say(run, SP_RC_ERROR, "ICH20020I",
                      "GROUP %.*s can be owned by a user or by its superior group %.*s, not by GROUP %.*s",
                      SP_STR_ARG(group->id), SP_STR_ARG(group->superior), SP_STR_ARG(group->owner));
    for (int level = 0; level < LEVELS_MAX && above.superior.len; level++) {
        if (sp_str_eq(above.superior, group->id))
            return sp_say(run, SP_RC_ERROR, "ICH20006I",
                          "GROUP %.*s is below GROUP %.*s and cannot be its superior",
                          SP_STR_ARG(group->superior), SP_STR_ARG(group->id));
        if (sp_saf_get_group(run->db, above.superior, run->arena, &above, NULL))
            return SP_RC_OK;
    }
    return above.superior.len
               ? sp_say(run, SP_RC_ERROR, "SAF0004E", "groups are nested at most %d deep", LEVELS_MAX)
               : SP_RC_OK;
}

static int store(struct sp_run *run, const struct change *c, struct sp_saf_group *group)
{
    if (c->superior.ptr)
        group->superior = c->superior;
    if (c->owner.ptr)
        group->owner = c->owner;
    if (c->data.ptr)
        group->data = c->data;
    if (c->set_term_uacc)
        group->no_term_uacc = c->no_term_uacc;
    group->universal |= c->universal;
    int rc = check_tree(run, group);
    if (!rc)
        rc = apply_gid(run, c, group);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_put_group(run->db, group, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int add_one(struct sp_run *run, const struct change *c, struct sp_str id)
{
    if (sp_group_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "IKJ56702I", "INVALID GROUP, %.*s: it is already defined",
                      SP_STR_ARG(id));
    if (sp_user_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "IKJ56702I", "INVALID GROUP, %.*s: it is the name of a user",
                      SP_STR_ARG(id));
    struct sp_saf_group group = {.id = id,
                                 .superior = c->superior.ptr ? c->superior : run->issuer.default_group,
                                 .owner = run->issuer.id,
                                 .data = SP_STR(""),
                                 .created = run->today,
                                 .gid = -1};
    if (!sp_has_group_authority(run, group.superior, SP_SAF_JOIN))
        return sp_say(run, SP_RC_ERROR, "ICH20005I",
                      "NOT AUTHORIZED: JOIN authority in GROUP %.*s or SPECIAL is needed",
                      SP_STR_ARG(group.superior));
    return store(run, c, &group);
}

static int alter_one(struct sp_run *run, const struct change *c, struct sp_str id)
{
    struct sp_saf_group group;
    enum sp_status status = sp_saf_get_group(run->db, id, run->arena, &group, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH20019I", "GROUP %.*s is not defined", SP_STR_ARG(id));
    if (status)
        return sp_run_failed(run, status);
    if (c->others && !sp_may_administer(run, group.owner))
        return sp_say(run, SP_RC_ERROR, "ICH20002I", "NOT AUTHORIZED to change GROUP %.*s", SP_STR_ARG(id));
    if (c->superior.ptr && !group.superior.len)
        return sp_say(run, SP_RC_ERROR, "ICH20006I", "GROUP %.*s is the top of the tree", SP_STR_ARG(id));
    if (c->superior.ptr && (!sp_has_group_authority(run, group.superior, SP_SAF_JOIN) ||
                            !sp_has_group_authority(run, c->superior, SP_SAF_JOIN)))
        return sp_say(run, SP_RC_ERROR, "ICH20005I",
                      "NOT AUTHORIZED: JOIN authority in GROUP %.*s and GROUP %.*s or SPECIAL is needed",
                      SP_STR_ARG(group.superior), SP_STR_ARG(c->superior));
    return store(run, c, &group);
}

static int step(struct sp_run *run, void *arg, struct sp_str id)
{
    const struct change *c = arg;
    return c->altering ? alter_one(run, c, id) : add_one(run, c, id);
}

static int run_change(struct sp_run *run, bool altering)
{
    const struct sp_saf_operand *rest, *groups = sp_positional(run, "GROUP", &rest);
    struct change c = {.altering = altering};
    if (!groups)
        return SP_RC_SEVERE;
    int rc = read_operands(run, rest, &c);
    return rc ? rc : sp_each_name(run, groups, "GROUP", step, &c);
}

int sp_cmd_addgroup(struct sp_run *run)
{
    return run_change(run, false);
}

int sp_cmd_altgroup(struct sp_run *run)
{
    return run_change(run, true);
}

/* ---- DELGROUP ---- */

struct use {
    struct sp_str group;
    size_t count;
};

static enum sp_status count_member(void *arg, const void *value)
{
    (void)value;
    ((struct use *)arg)->count++;
    return SP_OK;
}

static enum sp_status count_subgroup(void *arg, const void *value)
{
    struct use *use = arg;
    use->count += sp_str_eq(((const struct sp_saf_group *)value)->superior, use->group);
    return SP_OK;
}

static int delete_one(struct sp_run *run, void *arg, struct sp_str id)
{
    struct sp_saf_group group;
    struct use members = {.group = id}, subgroups = members;
    (void)arg;
    enum sp_status status = sp_saf_get_group(run->db, id, run->arena, &group, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH05001I", "GROUP %.*s is not defined", SP_STR_ARG(id));
    if (!status)
        status = sp_saf_each_connect(run->db, SP_STR(""), id, count_member, &members, &run->err);
    if (!status)
        status = sp_saf_each_group(run->db, count_subgroup, &subgroups, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!sp_may_administer(run, group.owner) &&
        !(group.superior.len && sp_has_group_authority(run, group.superior, SP_SAF_JOIN)))
        return sp_say(run, SP_RC_ERROR, "ICH05005I", "NOT AUTHORIZED to delete GROUP %.*s", SP_STR_ARG(id));
    if (!group.superior.len)
        return sp_say(run, SP_RC_ERROR, "ICH05004I", "GROUP %.*s is the top of the tree and stays",
                      SP_STR_ARG(id));
    if (members.count || subgroups.count)
        return sp_say(run, SP_RC_ERROR, "ICH05004I", "GROUP %.*s still has %zu users and %zu subgroups",
                      SP_STR_ARG(id), members.count, subgroups.count);
    status = sp_saf_drop_group(run->db, id, &run->err);
    return status ? sp_run_failed(run, status) : sp_report_leftovers(run, id);
}

int sp_cmd_delgroup(struct sp_run *run)
{
    const struct sp_saf_operand *rest, *groups = sp_positional(run, "GROUP", &rest);
    const struct sp_keyword *none;
    if (!groups)
        return SP_RC_SEVERE;
    return rest ? sp_keyword_of(run, NULL, 0, rest, &none)
                : sp_each_name(run, groups, "GROUP", delete_one, NULL);
}
