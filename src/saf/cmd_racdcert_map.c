/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT MAP, LISTMAP, ALTMAP and DELMAP: filters that map the names in certificates to users. The order in
 * which they are tried is in docs/saf.md.
 */
#include <openssl/x509.h>

#include "saf/cmd_racdcert.h"

enum { BOTH_MAX = 255 };

/* ---- filters ---- */

/* "OU=ATS.O=IBM": begins with a type and '='; types in upper case. */
static int check_filter(struct sp_run *run, const char *name, struct sp_str *filter)
{
    char *text = sp_arena_cstr(run->arena, sp_str_trim(*filter));
    size_t len = text ? strlen(text) : 0;
    bool in_type = true, any = false;
    if (!text)
        return sp_run_failed(run, SP_ENOMEM);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '.') {
            in_type = true;
        } else if (in_type && text[i] == '=') {
            for (size_t k = i; k > 0 && text[k - 1] != '.'; k--)
                text[k - 1] = sp_upper(text[k - 1]);
            any = true;
            in_type = false;
        } else if (!any && !(sp_upper(text[i]) >= 'A' && sp_upper(text[i]) <= 'Z')) {
            break;
        }
    }
    *filter = sp_str_from(text, len);
    return any ? SP_RC_OK
               : sp_say(run, SP_RC_SEVERE, "IKJ56703I",
                        "INVALID %s, %s: names joined by periods, the most specific first, as in "
                        "CN=FRED.OU=ATS.O=IBM",
                        name, text);
}

/* The name in the certificate from where the filter begins, or the whole one. */
static int cut_name(struct sp_run *run, const char *what, const struct sp_dotted_name *name,
                    struct sp_str filter, struct sp_str *ret_filter)
{
    size_t from = 0;
    if (filter.ptr) {
        while (from < name->count &&
               !sp_str_starts(sp_str_from(name->text + name->starts[from], name->len - name->starts[from]),
                              filter))
            from++;
        if (from == name->count)
            return sp_say(run, SP_RC_ERROR, "SAF0130E", "%s '%.*s' does not begin anywhere in '%.*s'", what,
                          SP_STR_ARG(filter), (int)name->len, name->text);
    }
    *ret_filter = name->count ? sp_arena_str(run->arena, sp_str_from(name->text + name->starts[from],
                                                                     name->len - name->starts[from]))
                              : SP_STR("");
    return SP_RC_OK;
}

static int say_partial_issuer(struct sp_run *run)
{
    return sp_say(run, SP_RC_ERROR, "IRRD146I",
                  "With SDNFILTER, IDNFILTER must be the whole name of the issuer: no search looks for a "
                  "subject with a part of an issuer");
}

/* From a model certificate: what is not given is its whole name, when neither is given. */
static int filters_of_model(struct sp_run *run, const struct sp_racdcert *r,
                            struct sp_saf_cert_filter *filter)
{
    struct sp_certificate_package *package = sp_arena_alloc(run->arena, sizeof *package);
    struct sp_dotted_name *names = sp_arena_alloc(run->arena, 2 * sizeof *names);
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str bytes;
    if (!package || !names)
        return sp_run_failed(run, SP_ENOMEM);
    int rc = sp_racdcert_read(run, r->operand, &bytes);
    if (rc)
        return rc;
    if (sp_certificate_package_read(bytes, (struct sp_str){NULL, 0}, run->arena, package, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "The data set holds no certificate that can be read: %s",
                      why.text);
    X509 *x509 = sp_certificate_parse(package->certificates[0]);
    bool ok = x509 && sp_dotted_name_of(X509_get_subject_name(x509), &names[0]) &&
              sp_dotted_name_of(X509_get_issuer_name(x509), &names[1]);
    X509_free(x509);
    if (!ok)
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "The names in the certificate are too long");
    bool both = !r->sdn_filter.ptr && !r->idn_filter.ptr;
    if (r->sdn_filter.ptr || both)
        rc = cut_name(run, "SDNFILTER", &names[0], filter->subject, &filter->subject);
    if (!rc && (r->idn_filter.ptr || both))
        rc = cut_name(run, "IDNFILTER", &names[1], filter->issuer, &filter->issuer);
    if (!rc && r->sdn_filter.ptr && r->idn_filter.ptr && filter->issuer.len != names[1].len)
        rc = say_partial_issuer(run);
    return rc;
}

struct partial_walk {
    struct sp_str issuer;
    bool whole, part; /* the subject of an authority is it; ends with it */
};

static enum sp_status look_at_authority(void *arg, const void *value)
{
    struct partial_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    struct sp_certificate_facts facts;
    struct sp_arena arena;
    if (certificate->owner_kind != SP_SAF_CERT_AUTH)
        return SP_OK;
    sp_arena_init(&arena, 1 << 20);
    if (sp_certificate_facts_read(certificate->der, &arena, &facts, NULL) == SP_OK) {
        walk->whole |= sp_str_eq(facts.subject, walk->issuer);
        walk->part |= facts.subject.len > walk->issuer.len && sp_str_ends(facts.subject, walk->issuer) &&
                      facts.subject.ptr[facts.subject.len - walk->issuer.len - 1] == '.';
    }
    sp_arena_finish(&arena);
    return SP_OK;
}

/* Without a model: an issuer that is known to be only a part of one. */
static int check_issuer(struct sp_run *run, const struct sp_saf_cert_filter *filter)
{
    struct partial_walk walk = {.issuer = filter->issuer};
    if (!filter->subject.len || !filter->issuer.len)
        return SP_RC_OK;
    enum sp_status status = sp_saf_each_certificate(run->db, false, look_at_authority, &walk, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return walk.part && !walk.whole ? say_partial_issuer(run) : SP_RC_OK;
}

/* "APPLID=&APPLID" and the like, in upper case. */
static int check_criteria(struct sp_run *run, struct sp_str *criteria)
{
    *criteria = sp_upper_of(run, *criteria);
    if (!criteria->ptr)
        return SP_RC_SEVERE;
    if (memmem(criteria->ptr, criteria->len, "&SYSID", 6))
        return sp_say(run, SP_RC_ERROR, "SAF0001E", "criteria &SYSID are not supported: &APPLID alone is");
    if (!criteria->len || sp_str_find(*criteria, '=') == criteria->len)
        return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID CRITERIA: APPLID=&APPLID, for example");
    return SP_RC_OK;
}

/* ---- the filters of an owner ---- */

struct filter_walk {
    struct sp_run *run;
    const struct sp_racdcert *r;
    struct sp_str label; /* ptr NULL: any */
    size_t count;
    uint64_t highest;
    bool listing;
    struct sp_saf_cert_filter last; /* in the arena */
};

static bool is_of(const struct sp_racdcert *r, const struct sp_saf_cert_filter *filter)
{
    return r->multiple ? filter->criteria.len > 0
                       : !filter->criteria.len && sp_str_eq(filter->user, r->owner.id);
}

static void list_one(struct sp_run *run, const struct sp_saf_cert_filter *filter)
{
    sp_list(run, "%s", "");
    sp_list(run, "  Label: %.*s", SP_STR_ARG(filter->label));
    sp_list(run, "  Status: %s", filter->trust ? "TRUST" : "NOTRUST");
    if (filter->issuer.len) {
        sp_list(run, "  Issuer's Name Filter:");
        sp_list(run, "       >%.*s<", SP_STR_ARG(filter->issuer));
    }
    if (filter->subject.len) {
        sp_list(run, "  Subject's Name Filter:");
        sp_list(run, "       >%.*s<", SP_STR_ARG(filter->subject));
    }
    if (filter->criteria.len) {
        sp_list(run, "  Criteria:");
        sp_list(run, "       %.*s", SP_STR_ARG(filter->criteria));
    }
}

static enum sp_status look_at_filter(void *arg, const void *value)
{
    struct filter_walk *walk = arg;
    const struct sp_saf_cert_filter *filter = value;
    struct sp_arena *arena = walk->run->arena;
    uint64_t number;
    if (!is_of(walk->r, filter))
        return SP_OK;
    if (filter->label.len == 13 && sp_str_starts(filter->label, SP_STR("LABEL")) &&
        sp_str_to_u64(sp_str_slice(filter->label, 5, 13), &number) == SP_OK && number > walk->highest)
        walk->highest = number;
    if (walk->label.ptr && !sp_str_eq(walk->label, filter->label))
        return SP_OK;
    if (walk->listing && !walk->count)
        sp_list(walk->run, "Mapping information for %s%.*s:", walk->r->multiple ? "MULTIID" : "user ",
                SP_STR_ARG(walk->r->multiple ? SP_STR("") : walk->r->owner.id));
    if (walk->listing)
        list_one(walk->run, filter);
    walk->count++;
    walk->last = *filter;
    struct sp_str *texts[] = {&walk->last.user, &walk->last.subject, &walk->last.issuer, &walk->last.label,
                              &walk->last.criteria};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && !walk->listing; i++)
        *texts[i] = sp_arena_str(arena, *texts[i]);
    return SP_OK;
}

static int walk_filters(struct sp_run *run, struct filter_walk *walk)
{
    enum sp_status status = sp_saf_each_cert_filter(run->db, look_at_filter, walk, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

static enum sp_saf_access wanted(struct sp_run *run, const struct sp_racdcert *r)
{
    return r->multiple ? SP_SAF_CONTROL : sp_racdcert_level(run, &r->owner);
}

/* The filter that the function's label names, or the only one. */
static int find_filter(struct sp_run *run, const struct sp_racdcert *r, const char *function,
                       struct sp_saf_cert_filter *ret_filter)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct filter_walk walk = {.run = run, .r = r};
    int rc = sp_racdcert_may(run, function, wanted(run, r));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    walk.label = choice.label;
    if (!rc)
        rc = walk_filters(run, &walk);
    if (rc)
        return rc;
    if (walk.count > 1)
        return sp_say(run, SP_RC_ERROR, "SAF0131E", "There are %zu filters: LABEL says which is meant",
                      walk.count);
    if (!walk.count)
        return sp_say(run, SP_RC_ERROR, "SAF0132I", "No matching filter was found");
    *ret_filter = walk.last;
    return SP_RC_OK;
}

static int put(struct sp_run *run, const struct sp_saf_cert_filter *filter)
{
    enum sp_status status = sp_saf_put_cert_filter(run->db, filter, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- MAP ---- */

struct twin_walk {
    const struct sp_saf_cert_filter *filter;
    bool found;
};

static enum sp_status look_at_twin(void *arg, const void *value)
{
    struct twin_walk *walk = arg;
    const struct sp_saf_cert_filter *filter = value;
    walk->found |=
        sp_str_eq(filter->subject, walk->filter->subject) && sp_str_eq(filter->issuer, walk->filter->issuer);
    return SP_OK;
}

static int make_filter(struct sp_run *run, const struct sp_racdcert *r, struct sp_saf_cert_filter *filter)
{
    int rc = SP_RC_OK;
    filter->subject = r->sdn_filter;
    filter->issuer = r->idn_filter;
    if (r->multiple != (r->criteria.ptr != NULL))
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "MULTIID and CRITERIA go together");
    if (filter->subject.ptr)
        rc = check_filter(run, "SDNFILTER", &filter->subject);
    if (!rc && filter->issuer.ptr)
        rc = check_filter(run, "IDNFILTER", &filter->issuer);
    if (!rc && r->criteria.ptr) {
        filter->criteria = r->criteria;
        rc = check_criteria(run, &filter->criteria);
    }
    if (!rc && r->operand->first)
        rc = filters_of_model(run, r, filter);
    else if (!rc)
        rc = check_issuer(run, filter);
    if (!rc && !filter->subject.len && !filter->issuer.len)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING SDNFILTER, IDNFILTER or a model certificate");
    if (!rc && filter->subject.len + filter->issuer.len > BOTH_MAX)
        return sp_say(run, SP_RC_ERROR, "SAF0133E", "The filters have more than %d characters together",
                      BOTH_MAX);
    return rc;
}

int sp_racdcert_map(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_cert_filter filter = {.user = r->multiple ? SP_STR("") : r->owner.id,
                                        .trust = r->has_trust && r->trust == SP_SAF_TRUST};
    struct filter_walk walk = {.run = run, .r = r, .label = r->with_label};
    struct twin_walk twin = {.filter = &filter};
    int rc = sp_racdcert_may(run, "MAP", wanted(run, r));
    if (!rc)
        rc = make_filter(run, r, &filter);
    if (!rc)
        rc = walk_filters(run, &walk);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_each_cert_filter(run->db, look_at_twin, &twin, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (twin.found)
        return sp_say(run, SP_RC_ERROR, "SAF0134E", "There is a filter for these names already");
    if (r->with_label.ptr && walk.count)
        return sp_say(run, SP_RC_ERROR, "IRRD111I", "The label '%.*s' is already in use",
                      SP_STR_ARG(r->with_label));
    filter.label = r->with_label.ptr
                       ? r->with_label
                       : sp_arena_printf(run->arena, "LABEL%08llu", (unsigned long long)walk.highest + 1);
    rc = put(run, &filter);
    if (rc || filter.trust)
        return rc;
    return sp_say(run, SP_RC_OK, "SAF0135I",
                  "The filter '%.*s' is NOTRUST and maps nothing: RACDCERT ALTMAP(LABEL(..)) TRUST",
                  SP_STR_ARG(filter.label));
}

/* ---- LISTMAP, ALTMAP, DELMAP ---- */

int sp_racdcert_listmap(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct filter_walk walk = {.run = run, .r = r, .listing = true};
    int rc = sp_racdcert_may(run, "LISTMAP", wanted(run, r));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    walk.label = choice.label;
    if (!rc)
        rc = walk_filters(run, &walk);
    if (rc || walk.count)
        return rc;
    return sp_say(run, choice.label.ptr ? SP_RC_ERROR : SP_RC_WARNING, "SAF0132I",
                  "No matching filter was found");
}

int sp_racdcert_altmap(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_cert_filter filter;
    struct filter_walk walk = {.run = run, .r = r, .label = r->new_label};
    if (!r->has_trust && !r->new_label.ptr && !r->new_criteria.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING TRUST, NOTRUST, NEWLABEL or NEWCRITERIA");
    if (r->new_criteria.ptr && !r->multiple)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "NEWCRITERIA goes with MULTIID");
    int rc = find_filter(run, r, "ALTMAP", &filter);
    if (!rc && r->new_label.ptr && !sp_str_eq(r->new_label, filter.label)) {
        rc = walk_filters(run, &walk);
        if (!rc && walk.count)
            rc = sp_say(run, SP_RC_ERROR, "IRRD111I", "The label '%.*s' is already in use",
                        SP_STR_ARG(r->new_label));
        filter.label = r->new_label;
    }
    if (!rc && r->new_criteria.ptr) {
        filter.criteria = r->new_criteria;
        rc = check_criteria(run, &filter.criteria);
    }
    if (rc)
        return rc;
    if (r->has_trust)
        filter.trust = r->trust == SP_SAF_TRUST;
    return put(run, &filter);
}

int sp_racdcert_delmap(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_cert_filter filter;
    int rc = find_filter(run, r, "DELMAP", &filter);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_drop_cert_filter(run->db, filter.subject, filter.issuer, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}
