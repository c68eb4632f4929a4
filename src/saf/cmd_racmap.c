/* SPDX-License-Identifier: Apache-2.0
 * RACMAP: IBM "RACF Command Language Reference". The order in which filters are tried is in docs/saf.md.
 */
#include "saf/command_authority.h"
#include "saf/identity_map.h"
#include "saf/saf.h"
#include "text/utf8.h"

enum code { ID, MAP, DELMAP, LISTMAP, QUERY, USERDIDFILTER, REGISTRY, WITHLABEL };

static const struct sp_keyword keywords[] = {
    {"ID", ID, SP_LIST},
    {"MAP", MAP, SP_NO_LIST},
    {"DELMAP", DELMAP, SP_MAY_LIST},
    {"LISTMAP", LISTMAP, SP_MAY_LIST},
    {"QUERY", QUERY, SP_NO_LIST},
    {"USERDIDFILTER", USERDIDFILTER, SP_LIST},
    {"REGISTRY", REGISTRY, SP_LIST},
    {"WITHLABEL", WITHLABEL, SP_LIST},
};
enum { KEYWORDS = sizeof keywords / sizeof keywords[0] };

struct request {
    int function;                            /* MAP, ...; -1: none yet */
    struct sp_str id, name, registry, label; /* ptr NULL: not given */
};

/* ---- reading operands ---- */

static bool is_utf8_text(struct sp_str text)
{
    if (sp_utf8_check(text) != text.len)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
            return false;
    return true;
}

/* "USERDIDFILTER(NAME('...'))". */
static int take_name(struct sp_run *run, const struct sp_saf_operand *o, size_t longest,
                     struct sp_str *ret_name)
{
    static const struct sp_keyword words[] = {{"NAME", 0, SP_LIST}};
    const struct sp_keyword *word;
    if (!o->first || o->first->next)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING %.*s VALUE: NAME('...')", SP_STR_ARG(o->text));
    int rc = sp_keyword_of(run, words, 1, o->first, &word);
    if (!rc)
        rc = sp_take_text(run, o->first, longest, ret_name);
    if (rc)
        return rc;
    *ret_name = sp_str_trim(*ret_name);
    if (!ret_name->len || !is_utf8_text(*ret_name))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID %.*s NAME: 1 to %zu bytes of UTF-8",
                      SP_STR_ARG(o->text), longest);
    return SP_RC_OK;
}

static int take_label(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_label)
{
    int rc = sp_take_text(run, o, SP_SAF_LABEL_MAX, ret_label);
    if (!rc && (!ret_label->len || !is_utf8_text(*ret_label)))
        return sp_say(run, SP_RC_SEVERE, "IKJ56702I", "INVALID LABEL: 1 to %u characters", SP_SAF_LABEL_MAX);
    return rc;
}

static int take_function(struct sp_run *run, const struct sp_saf_operand *o, int code, struct request *r)
{
    static const struct sp_keyword words[] = {{"LABEL", 0, SP_LIST}};
    const struct sp_keyword *word;
    if (r->function >= 0)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "one of MAP, DELMAP, LISTMAP and QUERY at a time");
    r->function = code;
    if (!o->first)
        return SP_RC_OK;
    int rc = sp_keyword_of(run, words, 1, o->first, &word);
    if (rc)
        return rc;
    return o->first->next
               ? sp_say(run, SP_RC_SEVERE, "IKJ56712I", "%.*s takes one LABEL", SP_STR_ARG(o->text))
               : take_label(run, o->first, &r->label);
}

static int read_operands(struct sp_run *run, struct request *r)
{
    for (const struct sp_saf_operand *o = run->command->operands; o; o = o->next) {
        const struct sp_keyword *keyword;
        int rc = sp_keyword_of(run, keywords, KEYWORDS, o, &keyword);
        if (rc)
            return rc;
        if (keyword->code == ID) {
            r->id = sp_single_id(run, o, "USERID");
            rc = r->id.ptr ? SP_RC_OK : SP_RC_SEVERE;
        } else if (keyword->code == USERDIDFILTER) {
            rc = take_name(run, o, SP_SAF_DIST_NAME_MAX, &r->name);
        } else if (keyword->code == REGISTRY) {
            rc = take_name(run, o, SP_SAF_REGISTRY_MAX, &r->registry);
        } else if (keyword->code == WITHLABEL) {
            rc = take_label(run, o, &r->label);
        } else {
            rc = take_function(run, o, keyword->code, r);
        }
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

static int check_request(struct sp_run *run, const struct request *r)
{
    bool names = r->function == MAP || r->function == QUERY;
    if (r->function < 0)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING FUNCTION: MAP, DELMAP, LISTMAP or QUERY");
    if (names && (!r->name.ptr || !r->registry.ptr))
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I",
                      "MISSING USERDIDFILTER(NAME('...')) or REGISTRY(NAME('...'))");
    if (!names && (r->name.ptr || r->registry.ptr))
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "USERDIDFILTER and REGISTRY go with MAP and QUERY");
    if (r->function == QUERY && (r->id.ptr || r->label.ptr))
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "QUERY has no ID and no label");
    return SP_RC_OK;
}

static int check_authority(struct sp_run *run, const struct request *r, struct sp_str user)
{
    static const char *const resources[] = {[MAP] = "IRR.IDIDMAP.MAP",
                                            [DELMAP] = "IRR.IDIDMAP.DELMAP",
                                            [LISTMAP] = "IRR.IDIDMAP.LISTMAP",
                                            [QUERY] = "IRR.IDIDMAP.QUERY"};
    bool own = sp_str_eq(user, run->issuer.id);
    enum sp_saf_access wanted =
        r->function == QUERY || (own && r->function == LISTMAP) ? SP_SAF_READ : SP_SAF_UPDATE;
    return sp_may_use_facility(run, resources[r->function], wanted)
               ? SP_RC_OK
               : sp_say(run, SP_RC_ERROR, "SAF0030E",
                        "NOT AUTHORIZED: SPECIAL or %s access to %s in class FACILITY is "
                        "needed",
                        sp_saf_access_name(wanted), resources[r->function]);
}

/* ---- the filters of a user ---- */

struct filters {
    struct sp_run *run;
    struct sp_str user, label; /* label ptr NULL: any */
    size_t count;
    struct sp_saf_identity_filter last; /* in the arena */
};

static enum sp_status note_filter(void *arg, const void *value)
{
    struct filters *f = arg;
    const struct sp_saf_identity_filter *filter = value;
    if (!sp_str_eq(filter->user, f->user) || (f->label.ptr && !sp_str_eq(filter->label, f->label)))
        return SP_OK;
    f->count++;
    f->last = (struct sp_saf_identity_filter){.user = f->user,
                                              .name = sp_arena_str(f->run->arena, filter->name),
                                              .registry = sp_arena_str(f->run->arena, filter->registry),
                                              .label = sp_arena_str(f->run->arena, filter->label)};
    return SP_OK;
}

static enum sp_status list_filter(void *arg, const void *value)
{
    struct filters *f = arg;
    const struct sp_saf_identity_filter *filter = value;
    if (!sp_str_eq(filter->user, f->user) || (f->label.ptr && !sp_str_eq(filter->label, f->label)))
        return SP_OK;
    if (!f->count++)
        sp_list(f->run, "Mapping information for user %.*s:", SP_STR_ARG(f->user));
    sp_list(f->run, "%s", "");
    sp_list(f->run, "  Label: %.*s", SP_STR_ARG(filter->label));
    sp_list(f->run, "  Distributed Identity User Name Filter:");
    sp_list(f->run, "    >%.*s<", SP_STR_ARG(filter->name));
    sp_list(f->run, "  Registry name:");
    sp_list(f->run, "    >%.*s<", SP_STR_ARG(filter->registry));
    return SP_OK;
}

static int no_filter(struct sp_run *run, const struct request *r, struct sp_str user)
{
    if (r->label.ptr)
        return sp_say(run, SP_RC_ERROR, "SAF0031I", "USER %.*s has no filter with label '%.*s'",
                      SP_STR_ARG(user), SP_STR_ARG(r->label));
    return sp_say(run, r->function == LISTMAP ? SP_RC_WARNING : SP_RC_ERROR, "SAF0031I",
                  "USER %.*s has no filters", SP_STR_ARG(user));
}

static int list_map(struct sp_run *run, const struct request *r, struct sp_str user)
{
    struct filters f = {.run = run, .user = user, .label = r->label};
    enum sp_status status = sp_saf_each_identity_filter(run->db, list_filter, &f, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return f.count ? SP_RC_OK : no_filter(run, r, user);
}

static int delete_map(struct sp_run *run, const struct request *r, struct sp_str user)
{
    struct filters f = {.run = run, .user = user, .label = r->label};
    enum sp_status status = sp_saf_each_identity_filter(run->db, note_filter, &f, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!f.count)
        return no_filter(run, r, user);
    if (f.count > 1)
        return sp_say(run, SP_RC_ERROR, "SAF0032E", "USER %.*s has %zu filters: LABEL says which one goes",
                      SP_STR_ARG(user), f.count);
    status = sp_saf_drop_identity_filter(run->db, f.last.name, f.last.registry, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- MAP ---- */

/* The highest number of the user's labels that were made up here. */
static enum sp_status note_number(void *arg, const void *value)
{
    struct filters *f = arg;
    const struct sp_saf_identity_filter *filter = value;
    uint64_t number;
    if (sp_str_eq(filter->user, f->user) && sp_str_starts(filter->label, SP_STR("LABEL")) &&
        filter->label.len == 13 && sp_str_to_u64(sp_str_slice(filter->label, 5, 13), &number) == SP_OK &&
        number > f->count)
        f->count = number;
    return SP_OK;
}

static int choose_label(struct sp_run *run, const struct request *r, struct sp_str user,
                        struct sp_str *ret_label)
{
    struct filters f = {.run = run, .user = user, .label = r->label};
    enum sp_status status =
        sp_saf_each_identity_filter(run->db, r->label.ptr ? note_filter : note_number, &f, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (r->label.ptr && f.count)
        return sp_say(run, SP_RC_ERROR, "SAF0033E", "USER %.*s has a filter with label '%.*s' already",
                      SP_STR_ARG(user), SP_STR_ARG(r->label));
    *ret_label = r->label.ptr ? r->label : sp_arena_printf(run->arena, "LABEL%08zu", f.count + 1);
    return SP_RC_OK;
}

static int map(struct sp_run *run, const struct request *r, struct sp_str user)
{
    char normalised[SP_SAF_DIST_NAME_MAX];
    struct sp_saf_identity_filter there,
        filter = {.user = user,
                  .name =
                      sp_str_from(normalised, sp_saf_normalise_dn(r->name, normalised, sizeof normalised)),
                  .registry = r->registry};
    struct sp_saf_class settings;
    enum sp_status status =
        sp_saf_get_identity_filter(run->db, filter.name, filter.registry, run->arena, &there, &run->err);
    if (!status)
        return sp_say(run, SP_RC_ERROR, "SAF0034E",
                      "that filter maps to USER %.*s already: DELMAP comes first", SP_STR_ARG(there.user));
    if (status != SP_ENOTFOUND)
        return sp_run_failed(run, status);
    int rc = choose_label(run, r, user, &filter.label);
    if (rc)
        return rc;
    status = sp_saf_put_identity_filter(run->db, &filter, &run->err);
    if (status)
        return sp_run_failed(run, status);
    rc = sp_class_settings(run, SP_STR("IDIDMAP"), &settings);
    if (rc || settings.active)
        return rc;
    return sp_say(run, SP_RC_OK, "SAF0035I", "filters are not looked at until SETROPTS CLASSACT(IDIDMAP)");
}

/* ---- QUERY ---- */

struct query {
    struct sp_run *run;
    struct sp_saf_identity_filter found;
};

static const struct sp_saf_identity_filter *look_up(void *arg, struct sp_str name, struct sp_str registry)
{
    struct query *q = arg;
    enum sp_status status =
        sp_saf_get_identity_filter(q->run->db, name, registry, q->run->arena, &q->found, &q->run->err);
    if (status && status != SP_ENOTFOUND)
        sp_run_failed(q->run, status);
    return status ? NULL : &q->found;
}

static int query(struct sp_run *run, const struct request *r)
{
    struct query q = {.run = run};
    const struct sp_saf_identity_filter *found = sp_identity_search(look_up, &q, r->name, r->registry);
    if (run->failed)
        return SP_RC_SEVERE;
    if (!found)
        return sp_say(run, SP_RC_WARNING, "SAF0036I", "no filter applies: the identity has no user");
    sp_list(run, "USER %.*s, by the filter with label %.*s:", SP_STR_ARG(found->user),
            SP_STR_ARG(found->label));
    sp_list(run, "    >%.*s<", SP_STR_ARG(found->name));
    sp_list(run, "    >%.*s<", SP_STR_ARG(found->registry));
    return SP_RC_OK;
}

int sp_cmd_racmap(struct sp_run *run)
{
    struct request r = {.function = -1};
    int rc = read_operands(run, &r);
    if (!rc)
        rc = check_request(run, &r);
    struct sp_str user = r.id.ptr ? r.id : run->issuer.id;
    if (!rc)
        rc = check_authority(run, &r, user);
    if (!rc && r.function != QUERY)
        rc = sp_check_user(run, user);
    if (rc)
        return rc;
    switch (r.function) {
    case MAP:
        return map(run, &r, user);
    case DELMAP:
        return delete_map(run, &r, user);
    case LISTMAP:
        return list_map(run, &r, user);
    default:
        return query(run, &r);
    }
}
