/* SPDX-License-Identifier: Apache-2.0 */
#include "saf/cmd_leftover.h"

enum { SAID_MAX = 50 };

struct leftovers {
    struct sp_run *run;
    struct sp_str id;
    size_t count;
};

static void found(struct leftovers *l, const char *how, struct sp_str class, struct sp_str name)
{
    if (l->count++ < SAID_MAX)
        sp_say(l->run, SP_RC_WARNING, "SAF0010I", "%.*s is left behind as %s %.*s %.*s", SP_STR_ARG(l->id),
               how, SP_STR_ARG(class), SP_STR_ARG(name));
}

static enum sp_status look_at_access(void *arg, const void *value)
{
    const struct sp_saf_access_entry *entry = value;
    found(arg, "an entry of the access list of", entry->class, entry->profile);
    return SP_OK;
}

static enum sp_status look_at_profile(void *arg, const void *value)
{
    struct leftovers *l = arg;
    const struct sp_saf_profile *profile = value;
    if (sp_str_eq(profile->owner, l->id))
        found(l, "the owner of", profile->class, profile->name);
    if (sp_str_eq(profile->notify, l->id))
        found(l, "NOTIFY of", profile->class, profile->name);
    if (sp_str_eq(profile->st_user, l->id) || sp_str_eq(profile->st_group, l->id))
        found(l, "STDATA of", profile->class, profile->name);
    return SP_OK;
}

static enum sp_status look_at_user(void *arg, const void *value)
{
    struct leftovers *l = arg;
    const struct sp_saf_user *user = value;
    if (sp_str_eq(user->owner, l->id))
        found(l, "the owner of", SP_STR("USER"), user->id);
    return SP_OK;
}

static enum sp_status look_at_group(void *arg, const void *value)
{
    struct leftovers *l = arg;
    const struct sp_saf_group *group = value;
    if (sp_str_eq(group->owner, l->id))
        found(l, "the owner of", SP_STR("GROUP"), group->id);
    return SP_OK;
}

int sp_report_leftovers(struct sp_run *run, struct sp_str id)
{
    struct sp_str any = SP_STR("");
    struct leftovers l = {.run = run, .id = id};
    enum sp_status status = sp_saf_each_access(run->db, any, any, id, look_at_access, &l, &run->err);
    if (!status)
        status = sp_saf_each_profile(run->db, any, look_at_profile, &l, &run->err);
    if (!status)
        status = sp_saf_each_user(run->db, look_at_user, &l, &run->err);
    if (!status)
        status = sp_saf_each_group(run->db, look_at_group, &l, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (l.count > SAID_MAX)
        sp_say(run, SP_RC_WARNING, "SAF0010I", "and in %zu more places", l.count - SAID_MAX);
    return l.count ? SP_RC_WARNING : SP_RC_OK;
}
