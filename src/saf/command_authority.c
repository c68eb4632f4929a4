/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/command_authority.h"

#include "saf/generic.h"

enum { LEVELS_MAX = 64 }; /* of groups above each other */

bool sp_is_special(const struct sp_run *run)
{
    return run->issuer_is_owner || run->issuer.flags & SP_SAF_SPECIAL;
}

bool sp_is_auditor(const struct sp_run *run)
{
    return run->issuer_is_owner || run->issuer.flags & SP_SAF_AUDITOR;
}

bool sp_may_read_audit(const struct sp_run *run)
{
    return sp_is_auditor(run) || run->issuer.flags & SP_SAF_ROAUDIT;
}

/* ---- groups ---- */

static bool issuer_connect(struct sp_run *run, struct sp_str group, struct sp_saf_connect *ret_connect)
{
    enum sp_status status =
        sp_saf_get_connect(run->db, run->issuer.id, group, run->arena, ret_connect, &run->err);
    if (status && status != SP_ENOTFOUND)
        sp_run_failed(run, status);
    return !status && !sp_saf_is_revoked(ret_connect->flags, ret_connect->revoke_date,
                                         ret_connect->resume_date, run->today);
}

/* A group attribute reaches from a group down to those that it owns. */
static bool has_group_attribute(struct sp_run *run, struct sp_str group, unsigned flags)
{
    for (int level = 0; level < LEVELS_MAX && group.len; level++) {
        struct sp_saf_connect connect;
        struct sp_saf_group entry;
        if (issuer_connect(run, group, &connect) && connect.flags & flags)
            return true;
        if (sp_saf_get_group(run->db, group, run->arena, &entry, NULL) || sp_str_eq(entry.owner, group))
            return false;
        group = entry.owner;
    }
    return false;
}

static bool is_in_scope(struct sp_run *run, struct sp_str owner, unsigned flags)
{
    struct sp_saf_user user;
    if (has_group_attribute(run, owner, flags))
        return true;
    return !sp_saf_get_user(run->db, owner, run->arena, &user, NULL) &&
           has_group_attribute(run, user.owner, flags);
}

bool sp_may_administer(struct sp_run *run, struct sp_str owner)
{
    return sp_is_special(run) || sp_str_eq(owner, run->issuer.id) || is_in_scope(run, owner, SP_SAF_SPECIAL);
}

bool sp_may_list(struct sp_run *run, struct sp_str owner)
{
    return sp_may_read_audit(run) || sp_may_administer(run, owner) || is_in_scope(run, owner, SP_SAF_AUDITOR);
}

enum sp_saf_authority sp_greatest_authority(struct sp_run *run, struct sp_str group)
{
    struct sp_saf_connect connect;
    struct sp_saf_group entry;
    if (sp_is_special(run) || has_group_attribute(run, group, SP_SAF_SPECIAL))
        return SP_SAF_JOIN;
    if (!sp_saf_get_group(run->db, group, run->arena, &entry, NULL) && sp_may_administer(run, entry.owner))
        return SP_SAF_JOIN;
    return issuer_connect(run, group, &connect) ? connect.authority : SP_SAF_USE;
}

bool sp_has_group_authority(struct sp_run *run, struct sp_str group, enum sp_saf_authority authority)
{
    return sp_greatest_authority(run, group) >= authority;
}

/* ---- profiles ---- */

struct entry_walk {
    struct sp_run *run;
    bool own, by_group, everybody; /* an entry of that kind is there */
    enum sp_saf_access own_access, group_access, everybody_access;
};

static enum sp_status look_at_entry(void *arg, const void *value)
{
    struct entry_walk *walk = arg;
    const struct sp_saf_access_entry *entry = value;
    struct sp_saf_connect connect;
    if (entry->when_kind.len)
        return SP_OK;
    if (sp_str_eq(entry->id, walk->run->issuer.id)) {
        walk->own = true;
        walk->own_access = entry->access;
    } else if (sp_str_is(entry->id, "*")) {
        walk->everybody = true;
        walk->everybody_access = entry->access;
    } else if ((walk->run->options.grplist || sp_str_eq(entry->id, walk->run->issuer.default_group)) &&
               issuer_connect(walk->run, entry->id, &connect)) {
        walk->by_group = true;
        if (entry->access > walk->group_access)
            walk->group_access = entry->access;
    }
    return SP_OK;
}

enum sp_saf_access sp_issuer_access(struct sp_run *run, const struct sp_saf_profile *profile)
{
    struct entry_walk walk = {.run = run};
    enum sp_status status = sp_saf_each_access(run->db, profile->class, profile->name, SP_STR(""),
                                               look_at_entry, &walk, &run->err);
    if (status)
        sp_run_failed(run, status);
    if (walk.own)
        return walk.own_access;
    if (walk.by_group)
        return walk.group_access;
    if (run->issuer.flags & SP_SAF_RESTRICTED)
        return SP_SAF_NONE;
    return walk.everybody ? walk.everybody_access : profile->uacc;
}

bool sp_may_change_profile(struct sp_run *run, const struct sp_saf_profile *profile)
{
    return sp_may_administer(run, profile->owner) ||
           (!profile->generic && sp_issuer_access(run, profile) >= SP_SAF_ALTER);
}

struct cover_walk {
    struct sp_str resource, best;
    struct sp_arena *arena;
};

static enum sp_status look_at_profile(void *arg, const void *value)
{
    struct cover_walk *walk = arg;
    const struct sp_saf_profile *profile = value;
    if (!profile->generic || !sp_generic_covers(profile->name, walk->resource))
        return SP_OK;
    if (!walk->best.ptr || sp_generic_order(profile->name, walk->best) < 0)
        walk->best = sp_arena_str(walk->arena, profile->name);
    return SP_OK;
}

bool sp_covering_generic(struct sp_run *run, struct sp_str class, struct sp_str resource,
                         struct sp_saf_profile *ret_profile)
{
    struct sp_saf_class settings;
    struct cover_walk walk = {.resource = resource, .arena = run->arena};
    if (sp_class_settings(run, class, &settings) || !settings.generic)
        return false;
    enum sp_status status = sp_saf_each_profile(run->db, class, look_at_profile, &walk, &run->err);
    if (!status && walk.best.ptr)
        status = sp_saf_get_profile(run->db, class, walk.best, run->arena, ret_profile, &run->err);
    if (status)
        sp_run_failed(run, status);
    return !status && walk.best.ptr;
}

bool sp_covering_profile(struct sp_run *run, struct sp_str class, struct sp_str resource,
                         struct sp_saf_profile *ret_profile)
{
    enum sp_status status = sp_saf_get_profile(run->db, class, resource, run->arena, ret_profile, &run->err);
    if (status && status != SP_ENOTFOUND)
        sp_run_failed(run, status);
    return !status || (status == SP_ENOTFOUND && sp_covering_generic(run, class, resource, ret_profile));
}

bool sp_may_use_facility(struct sp_run *run, const char *resource, enum sp_saf_access access)
{
    struct sp_str class = SP_STR("FACILITY");
    struct sp_saf_class settings;
    struct sp_saf_profile profile;
    if (sp_is_special(run))
        return true;
    return sp_class_settings(run, class, &settings) == SP_RC_OK && settings.active &&
           sp_covering_profile(run, class, sp_str_of(resource), &profile) &&
           sp_issuer_access(run, &profile) >= access;
}
