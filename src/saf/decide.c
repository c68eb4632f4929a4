/* SPDX-License-Identifier: Apache-2.0
 * RACROUTE REQUEST=AUTH: the steps are in the order of docs/saf.md, "How a decision is made".
 */
#include <stdio.h>

#include "saf/audit_queue.h"
#include "saf/class_table.h"
#include "saf/generic.h"
#include "saf/image.h"

/* What the steps know and find out. */
struct decision {
    const struct sp_saf_image *image;
    const struct sp_saf_auth *request;
    const struct sp_saf_image_user *user; /* NULL: not defined */
    const struct sp_saf_image_class *class;
    const struct sp_saf_image_profile *profile;
    enum sp_saf_access allowed;
    const char *kind; /* "USER", "GROUP", ...; with `who` behind it */
    struct sp_str who;
    bool explicit_entry; /* the user or a group of his is in the standard access list */
};

static bool restricted(const struct decision *d)
{
    return d->user && d->user->user.flags & SP_SAF_RESTRICTED;
}

static void answer(const struct decision *d, bool granted, unsigned saf_rc, unsigned racf_rc, unsigned reason,
                   struct sp_saf_decision *ret)
{
    *ret = (struct sp_saf_decision){
        .granted = granted,
        .saf_rc = saf_rc,
        .racf_rc = racf_rc,
        .racf_reason = reason,
        .profile = d->profile ? d->profile->name : SP_STR(""),
        .allowed = d->allowed,
    };
}

static void name_deciding_entry(const struct decision *d, struct sp_arena *arena, struct sp_saf_decision *ret)
{
    ret->by =
        d->who.len ? sp_arena_printf(arena, "%s %.*s", d->kind, SP_STR_ARG(d->who)) : sp_str_of(d->kind);
    if (!ret->by.ptr)
        ret->by = sp_str_of(d->kind);
}

/* Class GLOBAL can only grant, and not to RESTRICTED users. */
static bool global_table_grants(struct decision *d)
{
    if (restricted(d) || !d->class->settings.global_checking)
        return false;
    for (size_t i = 0; i < d->class->global_count; i++) {
        const struct sp_saf_member *member = &d->class->global[i];
        if (member->global_access >= d->request->wanted &&
            sp_generic_covers(member->member, d->request->resource)) {
            d->allowed = member->global_access;
            d->kind = "GLOBAL";
            d->who = member->member;
            return true;
        }
    }
    return false;
}

/* In the standard access list. */
static const struct sp_saf_image_access *find_entry(const struct sp_saf_image_profile *profile, uint64_t id)
{
    size_t low = 0, high = profile->standard_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        const struct sp_saf_image_access *entry = &profile->access[middle];
        if (entry->id == id)
            return entry;
        if (entry->id < id)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* The group that counts without list-of-groups checking; 0: all do. */
static uint64_t only_group(const struct decision *d)
{
    if (d->image->options.grplist)
        return 0;
    return sp_saf_id_key(d->request->group.len ? d->request->group : d->user->user.default_group);
}

static bool by_groups(struct decision *d)
{
    const struct sp_saf_image_access *best = NULL;
    uint64_t only = only_group(d);
    for (uint32_t i = 0; i < d->user->group_count; i++) {
        uint64_t group = d->user->group_keys[i];
        if (only && group != only)
            continue;
        const struct sp_saf_image_access *entry = find_entry(d->profile, group);
        if (entry && (!best || entry->access > best->access)) {
            best = entry;
            d->who = d->user->groups[i];
        }
    }
    if (!best)
        return false;
    d->allowed = best->access;
    d->kind = "GROUP";
    d->explicit_entry = true;
    return true;
}

/* Standard access list, then ID(*), then UACC: the first that applies decides alone. */
static void by_standard_list(struct decision *d)
{
    if (d->user) {
        const struct sp_saf_image_access *own = find_entry(d->profile, sp_saf_id_key(d->user->user.id));
        if (own) {
            d->allowed = own->access;
            d->kind = "USER";
            d->who = d->user->user.id;
            d->explicit_entry = true;
            return;
        }
        if (by_groups(d))
            return;
        const struct sp_saf_image_access *everybody =
            restricted(d) ? NULL : find_entry(d->profile, sp_saf_id_key(SP_STR("*")));
        if (everybody) {
            d->allowed = everybody->access;
            d->kind = "ID(*)";
            return;
        }
    }
    if (!restricted(d)) {
        d->allowed = d->profile->uacc;
        d->kind = "UACC";
    }
}

static bool has_operations(const struct decision *d)
{
    return d->user && d->user->user.flags & SP_SAF_OPERATIONS && d->class->info &&
           d->class->info->operations && !d->explicit_entry;
}

static bool is_about(const struct decision *d, uint64_t id)
{
    if (id == sp_saf_id_key(d->user->user.id) || (id == sp_saf_id_key(SP_STR("*")) && !restricted(d)))
        return true;
    uint64_t only = only_group(d);
    for (uint32_t i = 0; i < d->user->group_count; i++)
        if (id == d->user->group_keys[i] && (!only || id == only))
            return true;
    return false;
}

/* Conditional entries can raise the access of whom they name, when the condition holds for the request. */
static void by_conditional_list(struct decision *d)
{
    if (!d->user || !d->request->when_kind.len)
        return;
    for (size_t i = d->profile->standard_count; i < d->profile->access_count; i++) {
        const struct sp_saf_image_access *entry = &d->profile->access[i];
        if (entry->access > d->allowed && sp_str_eq(entry->when->kind, d->request->when_kind) &&
            sp_str_eq(entry->when->name, d->request->when_name) && is_about(d, entry->id)) {
            d->allowed = entry->access;
            d->kind = "WHEN";
            d->who = entry->when->name;
        }
    }
}

static bool wants_record(const struct decision *d, bool granted)
{
    if (d->user && d->user->user.flags & SP_SAF_UAUDIT)
        return true;
    struct sp_str log = d->class->settings.logoptions;
    if (sp_str_is(log, "ALWAYS") || sp_str_is(log, granted ? "SUCCESSES" : "FAILURES"))
        return true;
    if (sp_str_is(log, "NEVER") || !d->profile)
        return false;
    const struct sp_saf_audit *own = &d->profile->audit, *global = &d->profile->global_audit;
    if (granted)
        return (own->successes && d->request->wanted >= own->successes_from) ||
               (global->successes && d->request->wanted >= global->successes_from);
    return (own->failures && d->request->wanted >= own->failures_from) ||
           (global->failures && d->request->wanted >= global->failures_from);
}

static void decide_by_profile(struct decision *d, struct sp_arena *arena, struct sp_saf_decision *ret)
{
    d->allowed = SP_SAF_NONE;
    d->kind = "NONE";
    by_standard_list(d);
    if (d->allowed < d->request->wanted && has_operations(d)) {
        d->allowed = SP_SAF_ALTER;
        d->kind = "OPERATIONS";
        d->who = SP_STR("");
    }
    if (d->allowed < d->request->wanted)
        by_conditional_list(d);
    if (d->allowed >= d->request->wanted) {
        answer(d, true, 0, 0, 0, ret);
    } else if (d->profile->warning) {
        answer(d, true, 0, 0, 4, ret);
        ret->warning = true;
    } else {
        answer(d, false, 8, 8, 0, ret);
    }
    name_deciding_entry(d, arena, ret);
    ret->audit = wants_record(d, ret->granted) || ret->warning;
}

void sp_saf_decide(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                   struct sp_arena *arena, struct sp_saf_decision *ret_decision)
{
    struct decision d = {.image = image, .request = request, .kind = "NONE"};
    d.class = sp_saf_image_find_class(image, request->class);
    if (!d.class || !d.class->settings.active) {
        answer(&d, false, 4, 0, 0, ret_decision);
        ret_decision->by = SP_STR("CLASS NOT ACTIVE");
        return;
    }
    d.user = request->user.len ? sp_saf_image_find_user(image, request->user) : NULL;
    if (request->trusted) {
        answer(&d, true, 0, 0, 0, ret_decision);
        ret_decision->by = SP_STR("TRUSTED");
        return;
    }
    if (global_table_grants(&d)) {
        answer(&d, true, 0, 0, 0, ret_decision);
        name_deciding_entry(&d, arena, ret_decision);
        return;
    }
    d.profile = sp_saf_image_find_profile(image, request->class, request->resource, NULL);
    if (!d.profile) {
        unsigned rc = d.class->info ? d.class->info->default_rc : 4;
        answer(&d, false, rc, rc, 0, ret_decision);
        ret_decision->by = SP_STR("NO PROFILE");
        ret_decision->audit = wants_record(&d, false);
        return;
    }
    decide_by_profile(&d, arena, ret_decision);
}

static const char *why_refused(const struct sp_saf_decision *decision)
{
    if (decision->warning)
        return "WARNING: INSUFFICIENT AUTHORITY - TEMPORARY ACCESS ALLOWED";
    if (decision->saf_rc == 4 && decision->racf_rc == 0)
        return "CLASS NOT ACTIVE";
    return decision->profile.len ? "INSUFFICIENT ACCESS AUTHORITY" : "PROFILE NOT FOUND";
}

size_t sp_saf_ich408i_access(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                             const struct sp_saf_decision *decision, const char *line_end, char *ret_text,
                             size_t size)
{
    const struct sp_saf_user *user = sp_saf_find_user(image, request->user);
    struct sp_str group = request->group.len ? request->group : user ? user->default_group : SP_STR("");
    struct sp_str name = user && user->name.len ? user->name : SP_STR("???");
    bool generic = sp_generic_is(decision->profile);
    int len = snprintf(ret_text, size,
                       "ICH408I USER(%-8.*s) GROUP(%-8.*s) NAME(%-20.*s)%s%.*s CL(%-8.*s)%s%s%s%s%.*s%s%s"
                       "ACCESS INTENT(%-7s) ACCESS ALLOWED(%-7s)",
                       SP_STR_ARG(request->user), SP_STR_ARG(group), SP_STR_ARG(name), line_end,
                       SP_STR_ARG(request->resource), SP_STR_ARG(request->class), line_end,
                       why_refused(decision), generic ? line_end : "", generic ? "FROM " : "",
                       SP_STR_ARG(generic ? decision->profile : SP_STR("")), generic ? " (G)" : "", line_end,
                       sp_saf_access_name(request->wanted), sp_saf_access_name(decision->allowed));
    return len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1;
}

static struct sp_str ich408i(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                             const struct sp_saf_decision *decision, const char *line_end,
                             struct sp_arena *arena)
{
    char text[SP_SAF_EVENT_MESSAGE_MAX + 1];
    size_t len = sp_saf_ich408i_access(image, request, decision, line_end, text, sizeof text);
    return sp_arena_str(arena, sp_str_from(text, len));
}

struct sp_str sp_saf_ich408i(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                             const struct sp_saf_decision *decision, struct sp_arena *arena)
{
    return ich408i(image, request, decision, "\n  ", arena);
}

struct sp_str sp_saf_ich408i_line(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                                  const struct sp_saf_decision *decision, struct sp_arena *arena)
{
    return ich408i(image, request, decision, " ", arena);
}
