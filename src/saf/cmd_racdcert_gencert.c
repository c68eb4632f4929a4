/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT GENCERT, GENREQ and EXPORT.
 */
#include "base/clock.h"
#include "saf/cmd_racdcert.h"

enum { DAY = 86400, RSA_BITS = 2048, RSA_BITS_WEAK = 2048, NISTECC_BITS = 256, CHAIN_MAX = 16 };

/* ---- what is to be made ---- */

static int find_signer(struct sp_run *run, const struct sp_racdcert *r, struct sp_saf_certificate *ret_signer)
{
    enum { CERTAUTH, SITE, LABEL };
    static const struct sp_keyword words[] = {
        {"CERTAUTH", CERTAUTH, SP_NO_LIST}, {"SITE", SITE, SP_NO_LIST}, {"LABEL", LABEL, SP_LIST}};
    struct sp_cert_owner owner = r->owner;
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    for (const struct sp_saf_operand *o = r->sign_with->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, 3, o, &word);
        if (!rc && word->code == LABEL)
            rc = sp_racdcert_take_label(run, o, &choice.label);
        else if (!rc)
            owner =
                (struct sp_cert_owner){word->code == SITE ? SP_SAF_CERT_SITE : SP_SAF_CERT_AUTH, SP_STR("")};
        if (rc)
            return rc;
    }
    if (!choice.label.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING LABEL of SIGNWITH");
    int rc = sp_racdcert_may(run, "GENCERT", sp_racdcert_level(run, &owner));
    if (!rc)
        rc = sp_racdcert_find(run, &owner, &choice, true, ret_signer);
    if (!rc && !ret_signer->private_key.len)
        return sp_say(run, SP_RC_ERROR, "SAF0110E", "'%.*s' of %.*s has no private key to sign with",
                      SP_STR_ARG(choice.label), SP_STR_ARG(sp_racdcert_owner_text(run, &owner)));
    return rc;
}

/* From today, or the given day, for a year. */
static int choose_validity(struct sp_run *run, const struct sp_racdcert *r, struct sp_certificate_plan *plan)
{
    int64_t today = sp_clock_realtime_us() / 1000000 / DAY * DAY;
    plan->not_before = r->not_before != INT64_MIN ? r->not_before : today;
    plan->not_after = r->not_after != INT64_MIN ? r->not_after : plan->not_before + (int64_t)365 * DAY - 1;
    if (plan->not_after > plan->not_before)
        return SP_RC_OK;
    return sp_say(run, SP_RC_ERROR, "SAF0111E", "The certificate would end %.*s, before it begins %.*s",
                  SP_STR_ARG(sp_certificate_time_text(plan->not_after, run->arena)),
                  SP_STR_ARG(sp_certificate_time_text(plan->not_before, run->arena)));
}

/* Without SUBJECTSDN a user's certificate bears his name. */
static int choose_subject(struct sp_run *run, const struct sp_racdcert *r, struct sp_subject *own,
                          struct sp_certificate_plan *plan)
{
    struct sp_saf_user user;
    if (r->has_subject) {
        plan->subject = &r->subject;
        if (r->subject.country.len && r->subject.country.len != 2)
            return sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID C, %.*s: the two letters of a country",
                          SP_STR_ARG(r->subject.country));
        return SP_RC_OK;
    }
    if (plan->request.len)
        return SP_RC_OK;
    if (r->owner.kind != SP_SAF_CERT_PERSONAL)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING SUBJECTSDN");
    enum sp_status status = sp_saf_get_user(run->db, r->owner.id, run->arena, &user, &run->err);
    if (status)
        return sp_run_failed(run, status);
    own->common_name = user.name.len ? user.name : user.id;
    plan->subject = own;
    return SP_RC_OK;
}

static int make_key(struct sp_run *run, const struct sp_racdcert *r, struct sp_certificate_plan *plan)
{
    struct sp_error why = SP_ERROR_INIT;
    bool rsa = r->key_kind == SP_KEY_RSA;
    unsigned bits = r->size ? (unsigned)r->size : rsa ? RSA_BITS : NISTECC_BITS;
    if (sp_key_make(r->key_kind, bits, run->arena, &plan->key, &why))
        return sp_say(run, SP_RC_ERROR, "SAF0112E", "%s", why.text);
    return rsa && bits < RSA_BITS_WEAK
               ? sp_say(run, SP_RC_WARNING, "SAF0113W",
                        "An RSA key of %u bits is too weak for TLS here: 2048 and more are accepted", bits)
               : SP_RC_OK;
}

/* ---- GENCERT ---- */

static int prepare(struct sp_run *run, const struct sp_racdcert *r, struct sp_subject *own,
                   struct sp_certificate_plan *plan, struct sp_saf_certificate *signer)
{
    struct sp_str bytes;
    struct sp_error why = SP_ERROR_INIT;
    bool from_request = r->operand->first != NULL;
    int rc = sp_racdcert_may(run, "GENCERT", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = sp_racdcert_may(run, "ADD", sp_racdcert_level(run, &r->owner));
    if (!rc && from_request && !r->sign_with)
        rc = sp_say(run, SP_RC_SEVERE, "IKJ56701I",
                    "MISSING SIGNWITH: a request is signed with a certificate");
    if (!rc && from_request)
        rc = sp_racdcert_read(run, r->operand, &bytes);
    if (!rc && from_request && sp_request_read(bytes, run->arena, &plan->request, &why))
        rc = sp_say(run, SP_RC_ERROR, "SAF0114E", "%s", why.text);
    if (!rc && r->sign_with)
        rc = find_signer(run, r, signer);
    if (!rc)
        rc = choose_validity(run, r, plan);
    return rc ? rc : choose_subject(run, r, own, plan);
}

/* A certificate cannot outlive who vouches for it. */
static int check_signer(struct sp_run *run, const struct sp_saf_certificate *signer,
                        const struct sp_certificate_plan *plan, struct sp_racdcert_entry *entry)
{
    struct sp_certificate_facts facts;
    struct sp_error why = SP_ERROR_INIT;
    if (sp_certificate_facts_read(signer->der, run->arena, &facts, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "%s", why.text);
    if (plan->not_before >= facts.not_before && plan->not_after <= facts.not_after)
        return SP_RC_OK;
    entry->has_trust = true;
    entry->trust = SP_SAF_NOTRUST;
    return sp_say(run, SP_RC_WARNING, "IRRD113I",
                  "The certificate that you are creating has an incorrect date range: that of its signer is "
                  "%.*s to %.*s. It is added with NOTRUST status",
                  SP_STR_ARG(sp_certificate_time_text(facts.not_before, run->arena)),
                  SP_STR_ARG(sp_certificate_time_text(facts.not_after, run->arena)));
}

int sp_racdcert_gencert(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_subject own = {.unit_count = 0};
    struct sp_saf_certificate signer = {.der = {NULL, 0}};
    struct sp_error why = SP_ERROR_INIT;
    struct sp_racdcert_entry entry = {.owner = r->owner, .label = r->with_label};
    struct sp_certificate_plan plan = {.usage = r->usage,
                                       .alt_names = r->alt_names,
                                       .alt_name_count = r->alt_name_count,
                                       .authority =
                                           r->owner.kind == SP_SAF_CERT_AUTH || r->usage & SP_USAGE_CERTSIGN};
    int warning = SP_RC_OK, rc = prepare(run, r, &own, &plan, &signer);
    if (plan.authority)
        plan.usage |= SP_USAGE_CERTSIGN;
    if (!rc && !plan.request.len)
        warning = make_key(run, r, &plan);
    if (!rc && warning < SP_RC_ERROR && signer.der.len)
        rc = check_signer(run, &signer, &plan, &entry);
    if (rc >= SP_RC_ERROR || warning >= SP_RC_ERROR)
        return rc > warning ? rc : warning;
    plan.signer = signer.der;
    plan.signer_key = signer.private_key;
    if (sp_certificate_make(&plan, run->arena, &entry.der, &why))
        return sp_say(run, SP_RC_ERROR, "SAF0115E", "%s", why.text);
    entry.key = plan.key;
    struct sp_str label;
    int stored = sp_racdcert_store(run, &entry, &label);
    if (stored < SP_RC_ERROR && !r->with_label.ptr)
        sp_say(run, SP_RC_OK, "SAF0106I", "The certificate is added with label '%.*s'", SP_STR_ARG(label));
    warning = rc > warning ? rc : warning;
    return stored > warning ? stored : warning;
}

/* ---- GENREQ ---- */

static int choose_with_key(struct sp_run *run, const struct sp_racdcert *r, const char *function,
                           struct sp_saf_certificate *ret_certificate)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    int rc = sp_racdcert_may(run, function, sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    if (!rc && !r->dsn)
        rc = sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING DSN");
    return rc ? rc : sp_racdcert_find(run, &r->owner, &choice, true, ret_certificate);
}

int sp_racdcert_genreq(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_saf_certificate certificate;
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str der;
    struct sp_buf text;
    int rc = choose_with_key(run, r, "GENREQ", &certificate);
    if (rc)
        return rc;
    if (!certificate.private_key.len)
        return sp_say(run, SP_RC_ERROR, "SAF0110E", "'%.*s' has no private key to sign a request with",
                      SP_STR_ARG(certificate.label));
    if (sp_request_make(certificate.der, certificate.private_key, run->arena, &der, &why))
        return sp_say(run, SP_RC_ERROR, "SAF0115E", "%s", why.text);
    sp_buf_init(&text, SP_PACKAGE_BYTES_MAX);
    enum sp_status status = sp_pem_write("NEW CERTIFICATE REQUEST", der, &text);
    rc = status ? sp_run_failed(run, status) : sp_racdcert_write(run, r->dsn, sp_buf_str(&text));
    sp_buf_finish(&text);
    return rc;
}

/* ---- EXPORT ---- */

static int choose_format(struct sp_run *run, const struct sp_racdcert *r, enum sp_package_format *ret_format)
{
    int format = r->format >= 0 ? r->format : r->password.ptr ? SP_PKCS12DER : SP_CERTB64;
    bool pkcs12 = format == SP_PKCS12DER || format == SP_PKCS12B64;
    if (pkcs12 && !r->password.len)
        return sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING PASSWORD: PKCS#12 is protected by one");
    if (!pkcs12 && r->password.ptr)
        return sp_say(run, SP_RC_SEVERE, "IKJ56712I", "PASSWORD goes with the PKCS12 formats");
    *ret_format = (enum sp_package_format)format;
    return SP_RC_OK;
}

/* The certificate and its issuers as far as they are here. */
static void add_chain(struct sp_run *run, struct sp_certificate_package *package, struct sp_str der)
{
    struct sp_saf_certificate issuer;
    package->certificates[package->count++] = der;
    while (package->count < CHAIN_MAX && sp_racdcert_find_issuer(run, der, &issuer)) {
        der = issuer.der;
        package->certificates[package->count++] = der;
    }
}

int sp_racdcert_export(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_certificate_package *package = sp_arena_calloc(run->arena, 1, sizeof *package);
    struct sp_saf_certificate certificate;
    struct sp_error why = SP_ERROR_INIT;
    enum sp_package_format format = SP_CERTB64;
    struct sp_buf bytes;
    if (!package)
        return sp_run_failed(run, SP_ENOMEM);
    int rc = choose_format(run, r, &format);
    if (!rc)
        rc = choose_with_key(run, r, "EXPORT", &certificate);
    if (rc)
        return rc;
    if (r->password.ptr && !certificate.private_key.len)
        return sp_say(run, SP_RC_ERROR, "SAF0110E", "'%.*s' has no private key: PKCS#12 carries one",
                      SP_STR_ARG(certificate.label));
    add_chain(run, package, certificate.der);
    if (r->password.ptr)
        package->key = certificate.private_key;
    sp_buf_init(&bytes, 4 * SP_PACKAGE_BYTES_MAX);
    enum sp_status status =
        sp_certificate_package_write(package, format, r->password, certificate.label, &bytes, &why);
    rc = status ? sp_say(run, SP_RC_ERROR, "SAF0115E", "%s", why.text)
                : sp_racdcert_write(run, r->dsn, sp_buf_str(&bytes));
    sp_buf_wipe(&bytes);
    return run->failed ? SP_RC_SEVERE : rc;
}
