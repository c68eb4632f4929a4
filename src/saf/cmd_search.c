/* SPDX-License-Identifier: Apache-2.0
 * SEARCH: IBM "RACF Command Language Reference".
 */
#include "saf/cmd_list.h"
#include "saf/command_authority.h"
#include "saf/generic.h"

enum code {
    UNSUPPORTED = -1,
    CLASS,
    FILTER,
    MASK,
    NOMASK,
    GENERIC,
    NOGENERIC,
    WARNING,
    LEVEL,
    USER,
    UID,
    GID,
    IGNORED,
};

static const struct sp_keyword keywords[] = {
    {"CLASS", CLASS, SP_LIST},
    {"FILTER", FILTER, SP_LIST},
    {"MASK", MASK, SP_LIST},
    {"NOMASK", NOMASK, SP_NO_LIST},
    {"GENERIC", GENERIC, SP_NO_LIST},
    {"NOGENERIC", NOGENERIC, SP_NO_LIST},
    {"WARNING", WARNING, SP_NO_LIST},
    {"LEVEL", LEVEL, SP_LIST},
    {"USER", USER, SP_LIST},
    {"UID", UID, SP_LIST},
    {"GID", GID, SP_LIST},
    /* what it does anyway */
    {"ALL", IGNORED, SP_NO_LIST},
    {"LIST", IGNORED, SP_NO_LIST},
    {"AGE", UNSUPPORTED, SP_LIST},
    {"CATEGORY", UNSUPPORTED, SP_LIST},
    {"CLIST", UNSUPPORTED, SP_LIST},
    {"EXPIRES", UNSUPPORTED, SP_LIST},
    {"MODEL", UNSUPPORTED, SP_NO_LIST},
    {"NOLIST", UNSUPPORTED, SP_NO_LIST},
    {"NONVSAM", UNSUPPORTED, SP_NO_LIST},
    {"SECLABEL", UNSUPPORTED, SP_LIST},
    {"SECLEVEL", UNSUPPORTED, SP_LIST},
    {"TAPE", UNSUPPORTED, SP_NO_LIST},
    {"VOLUME", UNSUPPORTED, SP_NO_LIST},
    {"VSAM", UNSUPPORTED, SP_NO_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

enum kind { OF_NOTHING, OF_USERS, OF_GROUPS, OF_PROFILES };

struct search {
    struct sp_run *run;
    enum kind kind;
    const struct sp_saf_class_info *info;
    struct sp_str filter, mask, contained; /* ptr NULL: not given */
    bool generic, no_generic, warning;
    int64_t level, id_number; /* -1: any */
    bool by_user;
    struct sp_saf_user user; /* whose access counts */
    size_t count;
};

/* ---- reading operands ---- */

static int take_class(struct sp_run *run, struct search *s, const struct sp_saf_operand *o)
{
    struct sp_str name = sp_single(run, o);
    if (!name.ptr)
        return SP_RC_SEVERE;
    if (sp_str_caseless_eq(name, SP_STR("USER")) || sp_str_caseless_eq(name, SP_STR("GROUP"))) {
        s->kind = sp_upper(name.ptr[0]) == 'U' ? OF_USERS : OF_GROUPS;
        return SP_RC_OK;
    }
    s->kind = OF_PROFILES;
    int rc = sp_class_named(run, name, &s->info);
    if (!rc && s->info->internal)
        return sp_say(run, SP_RC_ERROR, "SAF0023E", "what class %s holds is listed by RACDCERT and RACMAP",
                      s->info->name);
    return rc;
}

static int take_mask(struct sp_run *run, struct search *s, const struct sp_saf_operand *o)
{
    const struct sp_saf_operand *first = o->first, *second = first ? first->next : NULL;
    if (!first || (second && second->next))
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I",
                      "MISSING MASK VALUE: what names begin with, and what they hold");
    s->mask = sp_str_is(first->text, "*") ? SP_STR("") : first->text;
    if (second)
        s->contained = second->text;
    return SP_RC_OK;
}

static int take_user(struct sp_run *run, struct search *s, const struct sp_saf_operand *o)
{
    struct sp_str id = sp_single_id(run, o, "USERID");
    if (!id.ptr)
        return SP_RC_SEVERE;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &s->user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_check_user(run, id);
    if (status)
        return sp_run_failed(run, status);
    s->by_user = true;
    return sp_str_eq(id, run->issuer.id) || sp_may_list(run, s->user.owner)
               ? SP_RC_OK
               : sp_say(run, SP_RC_ERROR, "ICH31013I", "NOT AUTHORIZED to search for USER %.*s",
                        SP_STR_ARG(id));
}

static int take_number(struct sp_run *run, struct search *s, int code, const struct sp_saf_operand *o)
{
    int64_t *slot = code == LEVEL ? &s->level : &s->id_number;
    if (code != LEVEL)
        s->kind = code == UID ? OF_USERS : OF_GROUPS;
    return sp_single_number(run, o, 0, code == LEVEL ? 99 : 2147483647, slot) ? SP_RC_OK : SP_RC_SEVERE;
}

static int take_keyword(struct sp_run *run, struct search *s, int code, const struct sp_saf_operand *o)
{
    switch (code) {
    case CLASS:
        return take_class(run, s, o);
    case FILTER:
        s->filter = sp_single(run, o);
        return s->filter.ptr ? SP_RC_OK : SP_RC_SEVERE;
    case MASK:
        return take_mask(run, s, o);
    case USER:
        return take_user(run, s, o);
    case LEVEL:
    case UID:
    case GID:
        return take_number(run, s, code, o);
    case GENERIC:
    case NOGENERIC:
        *(code == GENERIC ? &s->generic : &s->no_generic) = true;
        return SP_RC_OK;
    case WARNING:
        s->warning = true;
        return SP_RC_OK;
    default:
        return SP_RC_OK;
    }
}

static struct sp_str fold(const struct search *s, struct sp_str text)
{
    return text.ptr && !(s->info && s->info->mixed_case) ? sp_upper_of(s->run, text) : text;
}

static int read_operands(struct sp_run *run, struct search *s)
{
    struct sp_error why = SP_ERROR_INIT;
    for (const struct sp_saf_operand *o = run->command->operands; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (!rc)
            rc = take_keyword(run, s, keyword->code, o);
        if (rc)
            return rc;
    }
    if (s->kind == OF_NOTHING)
        return sp_say(run, SP_RC_ERROR, "IKJ56702I",
                      "INVALID CLASS NAME, DATASET: there are no data sets here, CLASS is needed");
    if (s->filter.ptr && s->mask.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "FILTER and MASK exclude each other");
    if (s->filter.ptr && sp_generic_check(s->filter, &why))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID FILTER, %s", why.text);
    s->filter = fold(s, s->filter);
    s->mask = fold(s, s->mask);
    s->contained = fold(s, s->contained);
    return SP_RC_OK;
}

/* ---- looking at entries ---- */

static bool name_fits(const struct search *s, struct sp_str name)
{
    if (s->filter.ptr)
        return sp_str_eq(s->filter, name) || sp_generic_covers(s->filter, name);
    if (s->mask.ptr && !sp_str_starts(name, s->mask))
        return false;
    if (!s->contained.ptr)
        return true;
    for (size_t i = s->mask.len; i + s->contained.len <= name.len; i++)
        if (sp_str_eq(sp_str_slice(name, i, i + s->contained.len), s->contained))
            return true;
    return false;
}

static void found(struct search *s, struct sp_str name, bool generic)
{
    s->count++;
    sp_list(s->run, "%.*s%s", SP_STR_ARG(name), generic ? " (G)" : "");
}

static enum sp_status look_at_user(void *arg, const void *value)
{
    struct search *s = arg;
    const struct sp_saf_user *user = value;
    struct sp_scratch scratch;
    if (!name_fits(s, user->id) || (s->id_number >= 0 && user->uid != s->id_number))
        return SP_OK;
    sp_scratch_begin(s->run, &scratch);
    if (sp_str_eq(user->id, s->run->issuer.id) || sp_may_list(s->run, user->owner))
        found(s, user->id, false);
    sp_scratch_end(s->run, &scratch);
    return s->run->failed;
}

static enum sp_status look_at_group(void *arg, const void *value)
{
    struct search *s = arg;
    const struct sp_saf_group *group = value;
    struct sp_scratch scratch;
    if (!name_fits(s, group->id) || (s->id_number >= 0 && group->gid != s->id_number))
        return SP_OK;
    sp_scratch_begin(s->run, &scratch);
    if (sp_may_list(s->run, group->id) || sp_may_list(s->run, group->owner) ||
        sp_has_group_authority(s->run, group->id, SP_SAF_CONNECT))
        found(s, group->id, false);
    sp_scratch_end(s->run, &scratch);
    return s->run->failed;
}

/* May the issuer see it, and may the user who is asked about read it. */
static bool is_visible(struct search *s, const struct sp_saf_profile *p)
{
    struct sp_run other = *s->run;
    if (!sp_may_list(s->run, p->owner) && sp_issuer_access(s->run, p) < SP_SAF_READ)
        return false;
    if (!s->by_user)
        return true;
    other.issuer = s->user;
    other.issuer_is_owner = false;
    bool visible = sp_issuer_access(&other, p) >= SP_SAF_READ;
    if (other.failed)
        s->run->failed = other.failed;
    return visible;
}

static enum sp_status look_at_profile(void *arg, const void *value)
{
    struct search *s = arg;
    const struct sp_saf_profile *p = value;
    struct sp_scratch scratch;
    if ((s->generic && !p->generic) || (s->no_generic && p->generic) || (s->warning && !p->warning) ||
        (s->level >= 0 && p->level != s->level) || !name_fits(s, p->name))
        return SP_OK;
    sp_scratch_begin(s->run, &scratch);
    if (is_visible(s, p))
        found(s, p->name, p->generic);
    sp_scratch_end(s->run, &scratch);
    return s->run->failed;
}

int sp_cmd_search(struct sp_run *run)
{
    struct search s = {.run = run, .level = -1, .id_number = -1};
    int rc = read_operands(run, &s);
    if (rc)
        return rc;
    enum sp_status status = s.kind == OF_USERS    ? sp_saf_each_user(run->db, look_at_user, &s, &run->err)
                            : s.kind == OF_GROUPS ? sp_saf_each_group(run->db, look_at_group, &s, &run->err)
                                                  : sp_saf_each_profile(run->db, sp_str_of(s.info->name),
                                                                        look_at_profile, &s, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return s.count ? SP_RC_OK : sp_say(run, SP_RC_WARNING, "ICH31005I", "no entry fits");
}
