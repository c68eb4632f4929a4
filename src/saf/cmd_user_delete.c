/* SPDX-License-Identifier: Apache-2.0
 * DELUSER: IBM "RACF Command Language Reference". What belongs to the user goes too: connections, history,
 * rings, certificates, and the filters that map identities and certificates to him.
 */
#include "saf/cmd_leftover.h"
#include "saf/command_authority.h"

/* Rows to delete, noted first: a table is not changed while it is gone through. */
struct row {
    struct row *next;
    struct sp_str first, second;
};

struct collector {
    struct sp_run *run;
    struct sp_str user;
    struct row *rows;
    size_t count;
};

static enum sp_status collect(struct collector *c, struct sp_str first, struct sp_str second)
{
    struct row *row = sp_arena_alloc(c->run->arena, sizeof *row);
    if (!row)
        return sp_error_set(&c->run->err, SP_ENOMEM, NULL, "no memory for a command");
    *row = (struct row){c->rows, sp_arena_str(c->run->arena, first), sp_arena_str(c->run->arena, second)};
    c->rows = row;
    c->count++;
    return SP_OK;
}

static enum sp_status look_at_certificate(void *arg, const void *value)
{
    struct collector *c = arg;
    const struct sp_saf_certificate *certificate = value;
    bool his = certificate->owner_kind == SP_SAF_CERT_PERSONAL && sp_str_eq(certificate->owner, c->user);
    return his ? collect(c, certificate->label, SP_STR("")) : SP_OK;
}

static enum sp_status look_at_ring(void *arg, const void *value)
{
    return collect(arg, ((const struct sp_saf_ring *)value)->name, SP_STR(""));
}

static enum sp_status look_at_identity_filter(void *arg, const void *value)
{
    struct collector *c = arg;
    const struct sp_saf_identity_filter *filter = value;
    return sp_str_eq(filter->user, c->user) ? collect(c, filter->name, filter->registry) : SP_OK;
}

static enum sp_status look_at_cert_filter(void *arg, const void *value)
{
    struct collector *c = arg;
    const struct sp_saf_cert_filter *filter = value;
    return sp_str_eq(filter->user, c->user) ? collect(c, filter->subject, filter->issuer) : SP_OK;
}

static void say_count(struct sp_run *run, struct sp_str user, size_t count, const char *what)
{
    if (count)
        sp_say(run, SP_RC_OK, "SAF0011I", "with USER %.*s: %zu %s deleted", SP_STR_ARG(user), count, what);
}

static enum sp_status drop_certificates(struct sp_run *run, struct sp_str user)
{
    struct collector c = {.run = run, .user = user}, r = c;
    enum sp_status status = sp_saf_each_ring(run->db, user, look_at_ring, &r, &run->err);
    for (struct row *row = r.rows; row && !status; row = row->next) {
        struct sp_saf_ring ring = {user, row->first};
        status = sp_saf_drop_ring(run->db, &ring, &run->err);
    }
    if (!status)
        status = sp_saf_each_certificate(run->db, false, look_at_certificate, &c, &run->err);
    for (struct row *row = c.rows; row && !status; row = row->next)
        status = sp_saf_drop_certificate(run->db, SP_SAF_CERT_PERSONAL, user, row->first, &run->err);
    say_count(run, user, r.count, "key rings");
    say_count(run, user, c.count, "certificates");
    return status;
}

static enum sp_status drop_filters(struct sp_run *run, struct sp_str user)
{
    struct collector c = {.run = run, .user = user}, d = c;
    enum sp_status status = sp_saf_each_cert_filter(run->db, look_at_cert_filter, &c, &run->err);
    for (struct row *row = c.rows; row && !status; row = row->next)
        status = sp_saf_drop_cert_filter(run->db, row->first, row->second, &run->err);
    if (!status)
        status = sp_saf_each_identity_filter(run->db, look_at_identity_filter, &d, &run->err);
    for (struct row *row = d.rows; row && !status; row = row->next)
        status = sp_saf_drop_identity_filter(run->db, row->first, row->second, &run->err);
    say_count(run, user, c.count, "certificate name filters");
    say_count(run, user, d.count, "distributed identity filters");
    return status;
}

static int delete_one(struct sp_run *run, void *arg, struct sp_str id)
{
    struct sp_saf_user user;
    (void)arg;
    enum sp_status status = sp_saf_get_user(run->db, id, run->arena, &user, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "ICH04001I", "USER %.*s is not defined", SP_STR_ARG(id));
    if (status)
        return sp_run_failed(run, status);
    if (sp_str_is(id, "IBMUSER"))
        return sp_say(run, SP_RC_ERROR, "ICH04011I", "USER IBMUSER cannot be deleted");
    if (!sp_may_administer(run, user.owner))
        return sp_say(run, SP_RC_ERROR, "ICH04010I", "NOT AUTHORIZED to delete USER %.*s", SP_STR_ARG(id));
    status = drop_certificates(run, id);
    if (!status)
        status = drop_filters(run, id);
    if (!status)
        status = sp_saf_drop_user(run->db, id, &run->err);
    return status ? sp_run_failed(run, status) : sp_report_leftovers(run, id);
}

int sp_cmd_deluser(struct sp_run *run)
{
    const struct sp_saf_operand *rest, *users = sp_positional(run, "USERID", &rest);
    const struct sp_keyword *none;
    if (!users)
        return SP_RC_SEVERE;
    return rest ? sp_keyword_of(run, NULL, 0, rest, &none)
                : sp_each_name(run, users, "USERID", delete_one, NULL);
}
