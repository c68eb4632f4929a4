/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT ADDRING, DELRING, LISTRING, CONNECT and REMOVE.
 */
#include "saf/cmd_racdcert.h"
#include "saf/ring.h"

/* ---- rings ---- */

static int take_ring(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str *ret_ring)
{
    struct sp_str text = sp_single(run, list);
    bool ok = text.len > 0 && text.len <= SP_SAF_RING_NAME_MAX;
    if (!text.ptr)
        return SP_RC_SEVERE;
    for (size_t i = 0; ok && i < text.len; i++)
        ok = (unsigned char)text.ptr[i] > ' ' && text.ptr[i] != 0x7f && !strchr("/*%&,();", text.ptr[i]);
    *ret_ring = text;
    return ok ? SP_RC_OK
              : sp_say(run, SP_RC_SEVERE, "IKJ56703I",
                       "INVALID RING, %.*s: 1 to %u characters without blanks and / * %% & , ; ( )",
                       SP_STR_ARG(text), SP_SAF_RING_NAME_MAX);
}

struct ring_walk {
    struct sp_run *run;
    struct sp_str owner, name; /* name ptr NULL: all of the owner */
    size_t count;
};

static enum sp_status look_at_ring(void *arg, const void *value)
{
    struct ring_walk *walk = arg;
    walk->count += sp_str_eq(((const struct sp_saf_ring *)value)->name, walk->name);
    return SP_OK;
}

static bool ring_exists(struct sp_run *run, struct sp_str owner, struct sp_str name)
{
    struct ring_walk walk = {.run = run, .owner = owner, .name = name};
    enum sp_status status = sp_saf_each_ring(run->db, owner, look_at_ring, &walk, &run->err);
    if (status)
        sp_run_failed(run, status);
    return walk.count > 0;
}

static int no_ring(struct sp_run *run, struct sp_str owner, struct sp_str name)
{
    return run->failed ? SP_RC_SEVERE
                       : sp_say(run, SP_RC_ERROR, "IRRD114I", "Ring %.*s of user %.*s does not exist",
                                SP_STR_ARG(name), SP_STR_ARG(owner));
}

int sp_racdcert_addring(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_ring ring = {.owner = r->owner.id};
    int rc = sp_racdcert_may(run, "ADDRING", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = take_ring(run, r->operand, &ring.name);
    if (rc)
        return rc;
    if (ring_exists(run, ring.owner, ring.name))
        return sp_say(run, SP_RC_ERROR, "SAF0120E", "Ring %.*s of user %.*s exists already",
                      SP_STR_ARG(ring.name), SP_STR_ARG(ring.owner));
    enum sp_status status = run->failed ? run->failed : sp_saf_put_ring(run->db, &ring, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_racdcert_delring(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_ring ring = {.owner = r->owner.id};
    int rc = sp_racdcert_may(run, "DELRING", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = take_ring(run, r->operand, &ring.name);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_drop_ring(run->db, &ring, &run->err);
    if (status == SP_ENOTFOUND)
        return no_ring(run, ring.owner, ring.name);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- LISTRING ---- */

static enum sp_status list_entry(void *arg, const void *value)
{
    static const char *const usages[] = {"PERSONAL", "CERTAUTH", "SITE"};
    struct ring_walk *walk = arg;
    const struct sp_saf_ring_entry *entry = value;
    struct sp_str owner = entry->owner_kind == SP_SAF_CERT_PERSONAL
                              ? sp_arena_printf(walk->run->arena, "ID(%.*s)", SP_STR_ARG(entry->owner))
                              : sp_str_of(usages[entry->owner_kind]);
    if (!walk->count++) {
        sp_list(walk->run, "  Certificate Label Name             Cert Owner     USAGE      DEFAULT");
        sp_list(walk->run, "  --------------------------------   ------------   --------   -------");
    }
    sp_list(walk->run, "  %-32.*s   %-12.*s   %-8s     %s", SP_STR_ARG(entry->label), SP_STR_ARG(owner),
            usages[entry->usage], entry->is_default ? "YES" : "NO");
    return SP_OK;
}

static enum sp_status list_ring(void *arg, const void *value)
{
    struct ring_walk *walk = arg;
    const struct sp_saf_ring *ring = value;
    struct ring_walk entries = {.run = walk->run};
    if (walk->name.ptr && !sp_str_eq(ring->name, walk->name))
        return SP_OK;
    if (!walk->count++)
        sp_list(walk->run, "Digital ring information for user %.*s:", SP_STR_ARG(walk->owner));
    sp_list(walk->run, "%s", "");
    sp_list(walk->run, "  Ring:");
    sp_list(walk->run, "       >%.*s<", SP_STR_ARG(ring->name));
    enum sp_status status =
        sp_saf_each_ring_entry(walk->run->db, ring->owner, ring->name, list_entry, &entries, &walk->run->err);
    if (!status && !entries.count)
        sp_list(walk->run, "  *** No certificates connected ***");
    return status;
}

int sp_racdcert_listring(struct sp_run *run, const struct sp_racdcert *r)
{
    struct ring_walk walk = {.run = run, .owner = r->owner.id};
    int rc = sp_racdcert_may(run, "LISTRING", sp_racdcert_level(run, &r->owner));
    bool all = r->operand->first && sp_str_is(r->operand->first->text, "*");
    if (!rc && !all)
        rc = take_ring(run, r->operand, &walk.name);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_each_ring(run->db, walk.owner, list_ring, &walk, &run->err);
    if (status)
        return sp_run_failed(run, status);
    if (!walk.count && all)
        return sp_say(run, SP_RC_WARNING, "SAF0121I", "No rings were found for user %.*s",
                      SP_STR_ARG(walk.owner));
    return walk.count ? SP_RC_OK : no_ring(run, walk.owner, walk.name);
}

/* ---- CONNECT, REMOVE ---- */

struct connection {
    struct sp_cert_owner owner;
    struct sp_cert_choice choice;
    struct sp_str ring;
    bool has_usage, is_default;
    enum sp_saf_cert_owner usage;
};

static int take_usage(struct sp_run *run, const struct sp_saf_operand *o, struct connection *c)
{
    static const char *const names[] = {"PERSONAL", "CERTAUTH", "SITE"};
    struct sp_str text = sp_single(run, o);
    struct sp_error why = SP_ERROR_INIT;
    size_t index;
    if (!text.ptr)
        return SP_RC_SEVERE;
    if (sp_saf_keyword_find(names, 3, text, &index, &why))
        return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID USAGE, %s", why.text);
    c->has_usage = true;
    c->usage = (enum sp_saf_cert_owner)index;
    return SP_RC_OK;
}

enum { ID, CERTAUTH, SITE, LABEL, RING, USAGE, DEFAULT };

static int take_word(struct sp_run *run, const struct sp_saf_operand *o, int code, struct connection *c)
{
    switch (code) {
    case ID:
        c->owner = (struct sp_cert_owner){SP_SAF_CERT_PERSONAL, sp_single_id(run, o, "USERID")};
        return c->owner.id.ptr ? SP_RC_OK : SP_RC_SEVERE;
    case CERTAUTH:
    case SITE:
        c->owner = (struct sp_cert_owner){code == SITE ? SP_SAF_CERT_SITE : SP_SAF_CERT_AUTH, SP_STR("")};
        return SP_RC_OK;
    case LABEL:
        return sp_racdcert_take_label(run, o, &c->choice.label);
    case RING:
        return take_ring(run, o, &c->ring);
    case USAGE:
        return take_usage(run, o, c);
    default:
        c->is_default = true;
        return SP_RC_OK;
    }
}

/* "ID(FRED) LABEL('x') RING(r) USAGE(PERSONAL) DEFAULT"; REMOVE knows the first of them. */
static int take_connection(struct sp_run *run, const struct sp_racdcert *r, struct connection *c)
{
    static const struct sp_keyword words[] = {{"ID", ID, SP_LIST},
                                              {"CERTAUTH", CERTAUTH, SP_NO_LIST},
                                              {"SITE", SITE, SP_NO_LIST},
                                              {"LABEL", LABEL, SP_LIST},
                                              {"RING", RING, SP_LIST},
                                              {"USAGE", USAGE, SP_LIST},
                                              {"DEFAULT", DEFAULT, SP_NO_LIST}};
    size_t known = r->function == SP_RACDCERT_CONNECT ? DEFAULT + 1 : USAGE;
    c->owner = r->owner;
    for (const struct sp_saf_operand *o = r->operand->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, known, o, &word);
        if (!rc)
            rc = take_word(run, o, word->code, c);
        if (rc)
            return rc;
    }
    if (!c->choice.label.ptr || !c->ring.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING LABEL or RING");
    return SP_RC_OK;
}

/* READ to connect one's own certificate to one's own ring, UPDATE otherwise; CONTROL to give it another use
 * than its owner has. */
static enum sp_saf_access wanted_to_connect(struct sp_run *run, const struct sp_racdcert *r,
                                            const struct connection *c)
{
    bool own = sp_str_eq(r->owner.id, run->issuer.id) && c->owner.kind == SP_SAF_CERT_PERSONAL &&
               sp_str_eq(c->owner.id, run->issuer.id);
    if (c->usage != c->owner.kind)
        return SP_SAF_CONTROL;
    return own ? SP_SAF_READ : SP_SAF_UPDATE;
}

struct default_walk {
    struct sp_run *run;
    struct sp_saf_ring_entry found; /* in the arena */
};

static enum sp_status note_default(void *arg, const void *value)
{
    struct default_walk *walk = arg;
    const struct sp_saf_ring_entry *entry = value;
    if (entry->is_default) {
        walk->found = *entry;
        walk->found.owner = sp_arena_str(walk->run->arena, entry->owner);
        walk->found.label = sp_arena_str(walk->run->arena, entry->label);
    }
    return SP_OK;
}

/* A ring has one default certificate. */
static enum sp_status clear_default(struct sp_run *run, struct sp_str owner, struct sp_str ring)
{
    struct default_walk walk = {.run = run};
    enum sp_status status = sp_saf_each_ring_entry(run->db, owner, ring, note_default, &walk, &run->err);
    if (status || !walk.found.is_default)
        return status;
    walk.found.ring_owner = owner;
    walk.found.ring = ring;
    walk.found.is_default = false;
    return sp_saf_put_ring_entry(run->db, &walk.found, &run->err);
}

int sp_racdcert_connect(struct sp_run *run, const struct sp_racdcert *r)
{
    struct connection c = {.has_usage = false};
    struct sp_saf_certificate certificate;
    int rc = take_connection(run, r, &c);
    if (rc)
        return rc;
    if (!c.has_usage)
        c.usage = c.owner.kind;
    rc = sp_racdcert_may(run, "CONNECT", wanted_to_connect(run, r, &c));
    if (!rc && !ring_exists(run, r->owner.id, c.ring))
        rc = no_ring(run, r->owner.id, c.ring);
    if (!rc)
        rc = sp_racdcert_find(run, &c.owner, &c.choice, false, &certificate);
    if (rc)
        return rc;
    struct sp_saf_ring_entry entry = {.ring_owner = r->owner.id,
                                      .ring = c.ring,
                                      .owner_kind = c.owner.kind,
                                      .owner = c.owner.id,
                                      .label = certificate.label,
                                      .usage = c.usage,
                                      .is_default = c.is_default};
    enum sp_status status = c.is_default ? clear_default(run, entry.ring_owner, entry.ring) : SP_OK;
    if (!status)
        status = sp_saf_put_ring_entry(run->db, &entry, &run->err);
    if (status)
        return sp_run_failed(run, status);
    return certificate.trust == SP_SAF_NOTRUST
               ? sp_say(run, SP_RC_WARNING, "SAF0122W",
                        "The certificate is NOTRUST: programs that read the ring do not get it")
               : SP_RC_OK;
}

int sp_racdcert_remove(struct sp_run *run, const struct sp_racdcert *r)
{
    struct connection c = {.has_usage = false};
    int rc = take_connection(run, r, &c);
    if (!rc)
        rc = sp_racdcert_may(run, "REMOVE", sp_racdcert_level(run, &r->owner));
    if (!rc && !ring_exists(run, r->owner.id, c.ring))
        rc = no_ring(run, r->owner.id, c.ring);
    if (rc)
        return rc;
    struct sp_saf_ring_entry entry = {.ring_owner = r->owner.id,
                                      .ring = c.ring,
                                      .owner_kind = c.owner.kind,
                                      .owner = c.owner.id,
                                      .label = c.choice.label};
    enum sp_status status = sp_saf_drop_ring_entry(run->db, &entry, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "SAF0123E", "'%.*s' of %.*s is not connected to ring %.*s",
                      SP_STR_ARG(c.choice.label), SP_STR_ARG(sp_racdcert_owner_text(run, &c.owner)),
                      SP_STR_ARG(c.ring));
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}
