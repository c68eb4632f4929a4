/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT ADD and CHECKCERT, and how a certificate gets into the database.
 */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/clock.h"
#include "saf/cmd_racdcert.h"

/* ---- trust ---- */

static int64_t now(void)
{
    return sp_clock_realtime_us() / 1000000;
}

/* TRUST, unless it is past its time, or its issuer is here and not trusted, or somebody asks for less. */
static int choose_trust(struct sp_run *run, const struct sp_racdcert_entry *entry,
                        const struct sp_certificate_facts *facts, enum sp_saf_trust *ret_trust)
{
    struct sp_saf_certificate issuer;
    *ret_trust = entry->has_trust ? entry->trust : SP_SAF_TRUST;
    if (*ret_trust == SP_SAF_NOTRUST)
        return SP_RC_OK;
    if (facts->not_after < now()) {
        *ret_trust = SP_SAF_NOTRUST;
        return sp_say(run, SP_RC_WARNING, "IRRD113I",
                      "The certificate has an incorrect date range: it ended %.*s. It is NOTRUST",
                      SP_STR_ARG(sp_certificate_time_text(facts->not_after, run->arena)));
    }
    if (facts->self_signed)
        return SP_RC_OK;
    if (!sp_racdcert_find_issuer(run, entry->der, &issuer))
        return run->failed ? SP_RC_SEVERE
                           : sp_say(run, SP_RC_OK, "IRRD119I",
                                    "The issuer of the certificate is not defined here: %.*s",
                                    SP_STR_ARG(facts->issuer));
    if (issuer.trust == SP_SAF_NOTRUST && !entry->has_trust) {
        *ret_trust = SP_SAF_NOTRUST;
        return sp_say(run, SP_RC_WARNING, "SAF0102W",
                      "The issuer of the certificate is NOTRUST, and so is it");
    }
    return SP_RC_OK;
}

/* ---- what is there already ---- */

struct twin_walk {
    struct sp_run *run;
    const struct sp_racdcert_entry *entry;
    struct sp_str profile; /* of the new certificate */
    X509 *x509;
    bool same_certificate, same_key; /* as another's or the owner's; as one of the owner's */
    struct sp_saf_certificate twin;
};

static bool is_of_owner(const struct sp_saf_certificate *certificate, const struct sp_cert_owner *owner)
{
    return certificate->owner_kind == owner->kind && sp_str_eq(certificate->owner, owner->id);
}

static enum sp_status look_at_certificate(void *arg, const void *value)
{
    struct twin_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    struct sp_certificate_facts facts;
    struct sp_arena arena;
    sp_arena_init(&arena, 1 << 20);
    bool same = sp_certificate_facts_read(certificate->der, &arena, &facts, NULL) == SP_OK &&
                sp_str_eq(facts.profile, walk->profile);
    sp_arena_finish(&arena);
    X509 *x509 = same || !is_of_owner(certificate, &walk->entry->owner)
                     ? NULL
                     : sp_certificate_parse(certificate->der);
    bool same_key = x509 && X509_get0_pubkey(x509) && X509_get0_pubkey(walk->x509) &&
                    EVP_PKEY_eq(X509_get0_pubkey(x509), X509_get0_pubkey(walk->x509)) == 1;
    X509_free(x509);
    ERR_clear_error();
    if (same || same_key) {
        walk->same_certificate = same;
        walk->same_key = same_key;
        walk->twin = *certificate;
        walk->twin.owner = sp_arena_str(walk->run->arena, certificate->owner);
        walk->twin.label = sp_arena_str(walk->run->arena, certificate->label);
        walk->twin.der = sp_arena_str(walk->run->arena, certificate->der);
    }
    return same ? SP_ECANCELED : SP_OK;
}

static int find_twin(struct sp_run *run, struct twin_walk *walk)
{
    enum sp_status status = sp_saf_each_certificate(run->db, false, look_at_certificate, walk, &run->err);
    return status && status != SP_ECANCELED ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- storing ---- */

static int check_label(struct sp_run *run, const struct sp_racdcert_entry *entry, struct sp_str *ret_label)
{
    struct sp_saf_certificate there;
    *ret_label = entry->label.ptr ? entry->label : sp_racdcert_free_label(run, &entry->owner);
    enum sp_status status = sp_saf_get_certificate(run->db, entry->owner.kind, entry->owner.id, *ret_label,
                                                   false, run->arena, &there, &run->err);
    if (!status)
        return sp_say(run, SP_RC_ERROR, "IRRD111I", "The label '%.*s' is already in use by %.*s",
                      SP_STR_ARG(*ret_label), SP_STR_ARG(sp_racdcert_owner_text(run, &entry->owner)));
    return status == SP_ENOTFOUND ? SP_RC_OK : sp_run_failed(run, status);
}

static int put(struct sp_run *run, const struct sp_saf_certificate *certificate)
{
    enum sp_status status = sp_saf_put_certificate(run->db, certificate, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* The same certificate again: only to bring its private key. */
static int store_same(struct sp_run *run, const struct sp_racdcert_entry *entry, struct twin_walk *walk,
                      struct sp_str *ret_label)
{
    struct sp_saf_certificate twin = walk->twin;
    if (!is_of_owner(&twin, &entry->owner) || !sp_str_eq(twin.der, entry->der) || !entry->key.len ||
        twin.has_private_key) {
        struct sp_cert_owner owner = {twin.owner_kind, twin.owner};
        return sp_say(
            run, SP_RC_ERROR, "IRRD109I",
            "The certificate cannot be added. Profile %.*s is already defined: label '%.*s' of %.*s",
            SP_STR_ARG(walk->profile), SP_STR_ARG(twin.label),
            SP_STR_ARG(sp_racdcert_owner_text(run, &owner)));
    }
    twin.private_key = entry->key;
    if (entry->has_trust)
        twin.trust = entry->trust;
    *ret_label = twin.label;
    return put(run, &twin);
}

/* A new certificate for a key that is here: the old one's label, private key and rings go on with it. */
static int store_renewal(struct sp_run *run, const struct sp_racdcert_entry *entry, struct twin_walk *walk,
                         enum sp_saf_trust trust, struct sp_str *ret_label)
{
    struct sp_saf_certificate old;
    enum sp_status status = sp_saf_get_certificate(run->db, entry->owner.kind, entry->owner.id,
                                                   walk->twin.label, true, run->arena, &old, &run->err);
    if (status)
        return sp_run_failed(run, status);
    old.der = entry->der;
    old.trust = trust;
    if (entry->key.len)
        old.private_key = entry->key;
    *ret_label = old.label;
    int rc = put(run, &old);
    if (rc)
        return rc;
    return sp_say(run, SP_RC_OK, "SAF0103I",
                  "The certificate takes the place of '%.*s', which had the same key; label%s and rings stay",
                  SP_STR_ARG(old.label), old.private_key.len ? ", private key" : "");
}

int sp_racdcert_store(struct sp_run *run, const struct sp_racdcert_entry *entry, struct sp_str *ret_label)
{
    struct sp_certificate_facts facts;
    struct sp_error why = SP_ERROR_INIT;
    struct twin_walk walk = {.run = run, .entry = entry};
    struct sp_str label = {NULL, 0};
    enum sp_saf_trust trust;
    if (sp_certificate_facts_read(entry->der, run->arena, &facts, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "%s", why.text);
    walk.profile = facts.profile;
    walk.x509 = sp_certificate_parse(entry->der);
    int rc = find_twin(run, &walk);
    X509_free(walk.x509);
    if (!rc && walk.same_certificate)
        rc = store_same(run, entry, &walk, &label);
    if (rc || walk.same_certificate) {
        if (!rc && ret_label)
            *ret_label = label;
        return rc;
    }
    int warning = choose_trust(run, entry, &facts, &trust);
    if (warning >= SP_RC_ERROR)
        return warning;
    if (walk.same_key) {
        rc = store_renewal(run, entry, &walk, trust, &label);
    } else {
        rc = check_label(run, entry, &label);
        struct sp_saf_certificate certificate = {.owner_kind = entry->owner.kind,
                                                 .owner = entry->owner.id,
                                                 .label = label,
                                                 .trust = trust,
                                                 .der = entry->der,
                                                 .private_key = entry->key};
        if (!rc)
            rc = put(run, &certificate);
    }
    if (!rc && ret_label)
        *ret_label = label;
    return rc ? rc : warning;
}

/* ---- ADD ---- */

static int read_package(struct sp_run *run, const struct sp_racdcert *r,
                        struct sp_certificate_package **ret_package)
{
    struct sp_str bytes;
    struct sp_error why = SP_ERROR_INIT;
    struct sp_certificate_package *package = sp_arena_alloc(run->arena, sizeof *package);
    if (!package)
        return sp_run_failed(run, SP_ENOMEM);
    *ret_package = package;
    int rc = sp_racdcert_read(run, r->operand, &bytes);
    if (rc)
        return rc;
    if (sp_certificate_package_read(bytes, r->password, run->arena, package, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "The data set holds no certificate that can be read: %s",
                      why.text);
    return SP_RC_OK;
}

/* The issuers that came along become CERTAUTH, when they are not here and the user may add such. */
static int add_issuers(struct sp_run *run, const struct sp_certificate_package *package)
{
    struct sp_cert_owner authority = {SP_SAF_CERT_AUTH, SP_STR("")};
    int worst = SP_RC_OK;
    if (package->count > 1 && !sp_may_use_facility(run, "IRR.DIGTCERT.ADD", SP_SAF_CONTROL))
        return sp_say(
            run, SP_RC_WARNING, "SAF0104W",
            "The %zu other certificates in the data set are not added: that wants CONTROL access to "
            "IRR.DIGTCERT.ADD",
            package->count - 1);
    for (size_t i = package->count; i-- > 1;) {
        struct sp_racdcert_entry entry = {.owner = authority, .der = package->certificates[i]};
        struct sp_certificate_facts facts;
        struct sp_str label;
        struct twin_walk walk = {.run = run, .entry = &entry};
        if (sp_certificate_facts_read(entry.der, run->arena, &facts, NULL))
            continue;
        walk.profile = facts.profile;
        walk.x509 = sp_certificate_parse(entry.der);
        int rc = find_twin(run, &walk);
        X509_free(walk.x509);
        if (rc)
            return rc;
        if (walk.same_certificate)
            continue;
        rc = sp_racdcert_store(run, &entry, &label);
        if (rc < SP_RC_ERROR)
            sp_say(run, SP_RC_OK, "SAF0105I", "CERTAUTH certificate of %.*s added with label '%.*s'",
                   SP_STR_ARG(facts.subject), SP_STR_ARG(label));
        worst = rc > worst ? rc : worst;
    }
    return worst;
}

int sp_racdcert_add(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_certificate_package *package = NULL;
    int rc = sp_racdcert_may(run, "ADD", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = read_package(run, r, &package);
    if (!rc)
        rc = add_issuers(run, package);
    if (rc >= SP_RC_ERROR)
        return rc;
    struct sp_racdcert_entry entry = {.owner = r->owner,
                                      .label = r->with_label,
                                      .der = package->certificates[0],
                                      .key = package->key,
                                      .has_trust = r->has_trust,
                                      .trust = r->trust};
    struct sp_str label;
    int added = sp_racdcert_store(run, &entry, &label);
    if (added < SP_RC_ERROR && !r->with_label.ptr)
        sp_say(run, SP_RC_OK, "SAF0106I", "The certificate is added with label '%.*s'", SP_STR_ARG(label));
    return added > rc ? added : rc;
}

/* ---- CHECKCERT ---- */

int sp_racdcert_checkcert(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_certificate_package *package = NULL;
    int rc = sp_racdcert_may(run, "CHECKCERT", SP_SAF_READ);
    if (!rc)
        rc = read_package(run, r, &package);
    for (size_t i = 0; !rc && i < package->count; i++) {
        struct sp_racdcert_entry entry = {.der = package->certificates[i]};
        struct sp_certificate_facts facts;
        struct twin_walk walk = {.run = run, .entry = &entry};
        struct sp_error why = SP_ERROR_INIT;
        if (sp_certificate_facts_read(entry.der, run->arena, &facts, &why))
            return sp_say(run, SP_RC_ERROR, "IRRD104I", "%s", why.text);
        walk.profile = facts.profile;
        walk.x509 = sp_certificate_parse(entry.der);
        rc = find_twin(run, &walk);
        X509_free(walk.x509);
        if (rc)
            return rc;
        struct sp_cert_owner owner = {walk.twin.owner_kind, walk.twin.owner};
        if (walk.same_certificate)
            sp_list(run, "Digital certificate information for %.*s:",
                    SP_STR_ARG(sp_racdcert_owner_text(run, &owner)));
        else
            sp_list(run, "Certificate %zu of the data set is not defined here:", i + 1);
        rc = sp_racdcert_describe(run, walk.same_certificate ? &walk.twin : NULL, entry.der);
    }
    return rc;
}
