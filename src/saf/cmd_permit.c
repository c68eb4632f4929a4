/* SPDX-License-Identifier: Apache-2.0
 * PERMIT: IBM "RACF Command Language Reference".
 */
#include "saf/cmd_profile.h"
#include "saf/command_authority.h"

enum code {
    UNSUPPORTED = -1,
    CLASS,
    ID,
    ACCESS,
    DELETE,
    RESET,
    FROM,
    FCLASS,
    GENERIC,
    WHEN,
};

static const struct sp_keyword keywords[] = {
    {"CLASS", CLASS, SP_LIST},
    {"ID", ID, SP_LIST},
    {"ACCESS", ACCESS, SP_LIST},
    {"DELETE", DELETE, SP_NO_LIST},
    {"RESET", RESET, SP_MAY_LIST},
    {"FROM", FROM, SP_LIST},
    {"FCLASS", FCLASS, SP_LIST},
    {"WHEN", WHEN, SP_LIST},
    /* Names are generic or not here, whatever the command says. */
    {"GENERIC", GENERIC, SP_NO_LIST},
    {"FGENERIC", GENERIC, SP_NO_LIST},
    {"FVOLUME", UNSUPPORTED, SP_LIST},
    {"UNIT", UNSUPPORTED, SP_LIST},
    {"VOLUME", UNSUPPORTED, SP_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

/* What conditions may be about. */
static const struct sp_keyword conditions[] = {
    {"APPCPORT", 0, SP_LIST},         {"CONSOLE", 0, SP_LIST},
    {"JESINPUT", 0, SP_LIST},         {"PROGRAM", 0, SP_LIST},
    {"SERVAUTH", 0, SP_LIST},         {"SYSID", 0, SP_LIST},
    {"TERMINAL", 0, SP_LIST},         {"CRITERIA", UNSUPPORTED, SP_LIST},
    {"SYSTEM", UNSUPPORTED, SP_LIST},
};
enum { CONDITIONS = sizeof conditions / sizeof conditions[0] };

enum reset { RESET_NOTHING, RESET_ALL, RESET_STANDARD, RESET_WHEN };

struct change {
    const struct sp_saf_class_info *info, *from_class;
    const struct sp_saf_operand *ids, *when; /* names; conditions */
    struct sp_str from;
    bool delete;
    enum sp_saf_access access;
    enum reset reset;
    struct sp_saf_profile profile;
};

/* ---- reading operands ---- */

static int take_class(struct sp_run *run, const struct sp_saf_operand *o,
                      const struct sp_saf_class_info **ret_info)
{
    struct sp_str text = sp_single(run, o);
    return text.ptr ? sp_class_named(run, text, ret_info) : SP_RC_SEVERE;
}

static int take_reset(struct sp_run *run, const struct sp_saf_operand *o, enum reset *ret_reset)
{
    static const char *const names[] = {"ALL", "STANDARD", "WHEN"};
    struct sp_str text = SP_STR("ALL");
    size_t index;
    if (o->has_list)
        text = sp_single(run, o);
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 3, text, &index, NULL))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID RESET VALUE, %.*s: ALL, STANDARD or WHEN",
                      SP_STR_ARG(text));
    *ret_reset = (enum reset)(RESET_ALL + index);
    return SP_RC_OK;
}

static int take_ids(struct sp_run *run, const struct sp_saf_operand *o, struct change *c)
{
    if (!o->first)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING ID VALUE");
    c->ids = o->first;
    return SP_RC_OK;
}

static int take_conditions(struct sp_run *run, const struct sp_saf_operand *o, struct change *c)
{
    if (!o->first)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING WHEN VALUE");
    for (const struct sp_saf_operand *kind = o->first; kind; kind = kind->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, conditions, CONDITIONS, kind, &keyword);
        if (rc)
            return rc;
        if (!kind->first)
            return sp_say(run, SP_RC_SEVERE, "ICH06018I", "WHEN(%s) names nothing", keyword->name);
    }
    c->when = o->first;
    return SP_RC_OK;
}

static int take_keyword(struct sp_run *run, struct change *c, int code, const struct sp_saf_operand *o)
{
    switch (code) {
    case CLASS:
        return take_class(run, o, &c->info);
    case FCLASS:
        return take_class(run, o, &c->from_class);
    case ID:
        return take_ids(run, o, c);
    case ACCESS:
        c->delete = false;
        return sp_take_access(run, o, &c->access);
    case DELETE:
        c->delete = true;
        return SP_RC_OK;
    case RESET:
        return take_reset(run, o, &c->reset);
    case FROM:
        c->from = sp_single(run, o);
        return c->from.ptr ? SP_RC_OK : SP_RC_SEVERE;
    case WHEN:
        return take_conditions(run, o, c);
    default:
        return SP_RC_OK;
    }
}

static int read_operands(struct sp_run *run, const struct sp_saf_operand *rest, struct change *c)
{
    for (const struct sp_saf_operand *o = rest; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (!rc)
            rc = take_keyword(run, c, keyword->code, o);
        if (rc)
            return rc;
    }
    if (!c->info)
        return sp_say(run, SP_RC_ERROR, "IKJ56702I",
                      "INVALID CLASS NAME, DATASET: there are no data sets here, CLASS is needed");
    if (!c->ids && !c->from.ptr && c->reset == RESET_NOTHING)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING ID, FROM or RESET");
    return SP_RC_OK;
}

static int find_profile(struct sp_run *run, const struct sp_saf_class_info *info, struct sp_str text,
                        struct sp_saf_profile *ret_profile)
{
    struct sp_str name = sp_profile_name(run, info, text);
    if (!name.ptr)
        return SP_RC_ERROR;
    enum sp_status status =
        sp_saf_get_profile(run->db, sp_str_of(info->name), name, run->arena, ret_profile, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH06004I", "profile %.*s is not defined in class %s",
                      SP_STR_ARG(name), info->name);
    if (status)
        return sp_run_failed(run, status);
    return sp_may_change_profile(run, ret_profile)
               ? SP_RC_OK
               : sp_say(run, SP_RC_ERROR, "ICH06006I", "NOT AUTHORIZED to the access list of %.*s",
                        SP_STR_ARG(name));
}

/* ---- removing entries ---- */

/* Entries to drop, noted first: a table is not changed while it is gone through. */
struct doomed {
    struct doomed *next;
    struct sp_saf_access_entry entry;
};

struct dooming {
    struct sp_run *run;
    enum reset reset;
    struct sp_str when_kind; /* ptr NULL: any */
    struct doomed *first;
};

static enum sp_status note_doomed(void *arg, const void *value)
{
    struct dooming *d = arg;
    const struct sp_saf_access_entry *entry = value;
    if ((d->reset == RESET_STANDARD && entry->when_kind.len) ||
        (d->reset == RESET_WHEN && !entry->when_kind.len) ||
        (d->when_kind.ptr && !sp_str_eq(entry->when_kind, d->when_kind)))
        return SP_OK;
    struct doomed *one = sp_arena_alloc(d->run->arena, sizeof *one);
    if (!one)
        return sp_error_set(&d->run->err, SP_ENOMEM, NULL, "no memory for a command");
    *one = (struct doomed){.next = d->first};
    one->entry.class = sp_arena_str(d->run->arena, entry->class);
    one->entry.profile = sp_arena_str(d->run->arena, entry->profile);
    one->entry.id = sp_arena_str(d->run->arena, entry->id);
    one->entry.when_kind = sp_arena_str(d->run->arena, entry->when_kind);
    one->entry.when_name = sp_arena_str(d->run->arena, entry->when_name);
    d->first = one;
    return SP_OK;
}

/* Drop the entries of a kind, of everybody (`id` empty) or of one. */
static int drop_entries(struct sp_run *run, const struct change *c, enum reset reset, struct sp_str id,
                        struct sp_str when_kind, bool *ret_any)
{
    struct dooming d = {.run = run, .reset = reset, .when_kind = when_kind};
    enum sp_status status =
        sp_saf_each_access(run->db, c->profile.class, c->profile.name, id, note_doomed, &d, &run->err);
    for (struct doomed *one = d.first; one && !status; one = one->next)
        status = sp_saf_drop_access(run->db, &one->entry, &run->err);
    *ret_any = d.first != NULL;
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- one id ---- */

static int put_or_drop(struct sp_run *run, const struct change *c, struct sp_str id, struct sp_str kind,
                       struct sp_str name)
{
    struct sp_saf_access_entry entry = {.class = c->profile.class,
                                        .profile = c->profile.name,
                                        .id = id,
                                        .access = c->access,
                                        .when_kind = kind,
                                        .when_name = name};
    enum sp_status status = c->delete ? sp_saf_drop_access(run->db, &entry, &run->err)
                                      : sp_saf_put_access(run->db, &entry, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_WARNING, kind.len ? "ICH06014I" : "ICH06002I",
                      "%.*s is not in the access list: nothing deleted", SP_STR_ARG(id));
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static int permit_under_conditions(struct sp_run *run, const struct change *c, struct sp_str id)
{
    int worst = SP_RC_OK, rc;
    for (const struct sp_saf_operand *kind = c->when; kind; kind = kind->next) {
        const struct sp_keyword *keyword;
        rc = sp_keyword_of(run, conditions, CONDITIONS, kind, &keyword);
        for (const struct sp_saf_operand *name = kind->first; name && !rc; name = name->next) {
            bool any;
            if (!sp_str_is(name->text, "*"))
                rc = put_or_drop(run, c, id, sp_str_of(keyword->name), sp_upper_of(run, name->text));
            else if (!c->delete)
                rc =
                    sp_say(run, SP_RC_ERROR, "ICH06013I", "WHEN(%s(*)) goes with DELETE only", keyword->name);
            else
                rc = drop_entries(run, c, RESET_WHEN, id, sp_str_of(keyword->name), &any);
            worst = rc > worst ? rc : worst;
            rc = rc < SP_RC_ERROR ? SP_RC_OK : rc;
        }
        if (rc)
            return worst;
    }
    return worst;
}

static int permit_one(struct sp_run *run, const struct change *c, const struct sp_saf_operand *operand)
{
    struct sp_str id = sp_upper_of(run, operand->text);
    bool everybody = sp_str_is(id, "*");
    if (!everybody && (!sp_saf_id_ok(id) || operand->has_list))
        return sp_say_invalid_id(run, "ID", operand->text);
    /* What was left behind by somebody who is gone can be deleted. */
    if (!everybody && !c->delete &&!sp_user_exists(run, id) && !sp_group_exists(run, id))
        return sp_say(run, SP_RC_ERROR, "ICH06007I", "%.*s is neither a user nor a group", SP_STR_ARG(id));
    return c->when ? permit_under_conditions(run, c, id) : put_or_drop(run, c, id, SP_STR(""), SP_STR(""));
}

static int permit_ids(struct sp_run *run, const struct change *c)
{
    int worst = SP_RC_OK;
    for (const struct sp_saf_operand *o = c->ids; o; o = o->next) {
        int rc = permit_one(run, c, o);
        worst = rc > worst ? rc : worst;
    }
    if (c->ids && c->ids->next && worst >= SP_RC_ERROR && !run->failed)
        sp_say(run, worst, "SAF0002I",
               "nothing was changed: a command is carried out for all names or for none");
    return worst;
}

static int copy_list(struct sp_run *run, const struct change *c)
{
    struct sp_saf_profile from;
    int rc = find_profile(run, c->from_class ? c->from_class : c->info, c->from, &from);
    return rc ? rc : sp_copy_access(run, &from, &c->profile);
}

int sp_cmd_permit(struct sp_run *run)
{
    const struct sp_saf_operand *rest, *profile = sp_positional(run, "PROFILE NAME", &rest);
    struct change c = {.access = SP_SAF_READ};
    bool any;
    if (!profile)
        return SP_RC_SEVERE;
    int rc = read_operands(run, rest, &c), done = SP_RC_OK;
    if (!rc)
        rc = find_profile(run, c.info, profile->text, &c.profile);
    if (rc)
        return rc;
    if (c.reset != RESET_NOTHING && c.delete)
        done = sp_say(run, SP_RC_WARNING, "ICH06009I", "RESET is left out: DELETE says what goes");
    else if (c.reset != RESET_NOTHING)
        rc = drop_entries(run, &c, c.reset, SP_STR(""), (struct sp_str){NULL, 0}, &any);
    if (!rc && c.from.ptr)
        rc = copy_list(run, &c);
    if (!rc)
        rc = permit_ids(run, &c);
    return rc > done ? rc : done;
}
