/* SPDX-License-Identifier: Apache-2.0
 * What the functions of RACDCERT share: authority, finding a certificate, labels, data sets.
 */
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/secret.h"
#include "saf/cmd_racdcert.h"
#include "saf/data_set.h"
#include "text/utf8.h"

/* ---- authority and owners ---- */

int sp_racdcert_may(struct sp_run *run, const char *function, enum sp_saf_access access)
{
    char resource[64];
    snprintf(resource, sizeof resource, "IRR.DIGTCERT.%s", function);
    return sp_may_use_facility(run, resource, access)
               ? SP_RC_OK
               : sp_say(run, SP_RC_ERROR, "IRRD101I",
                        "NOT AUTHORIZED: SPECIAL or %s access to %s in class FACILITY is needed",
                        sp_saf_access_name(access), resource);
}

enum sp_saf_access sp_racdcert_level(struct sp_run *run, const struct sp_cert_owner *owner)
{
    if (owner->kind != SP_SAF_CERT_PERSONAL)
        return SP_SAF_CONTROL;
    return sp_str_eq(owner->id, run->issuer.id) ? SP_SAF_READ : SP_SAF_UPDATE;
}

struct sp_str sp_racdcert_owner_text(struct sp_run *run, const struct sp_cert_owner *owner)
{
    if (owner->kind == SP_SAF_CERT_PERSONAL)
        return sp_arena_printf(run->arena, "user %.*s", SP_STR_ARG(owner->id));
    return owner->kind == SP_SAF_CERT_AUTH ? SP_STR("CERTAUTH") : SP_STR("SITE");
}

/* ---- labels ---- */

int sp_racdcert_take_label(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_label)
{
    int rc = sp_take_text(run, o, SP_SAF_LABEL_MAX, ret_label);
    if (rc)
        return rc;
    *ret_label = sp_str_trim(*ret_label);
    bool ok = ret_label->len > 0 && sp_utf8_check(*ret_label) == ret_label->len;
    for (size_t i = 0; ok && i < ret_label->len; i++)
        ok = (unsigned char)ret_label->ptr[i] >= ' ' && ret_label->ptr[i] != 0x7f;
    return ok ? SP_RC_OK
              : sp_say(run, SP_RC_SEVERE, "IKJ56703I", "INVALID LABEL: 1 to %u characters", SP_SAF_LABEL_MAX);
}

static bool is_of(const struct sp_saf_certificate *certificate, const struct sp_cert_owner *owner)
{
    return certificate->owner_kind == owner->kind && sp_str_eq(certificate->owner, owner->id);
}

struct number_walk {
    const struct sp_cert_owner *owner;
    uint64_t highest;
};

static enum sp_status look_at_number(void *arg, const void *value)
{
    struct number_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    uint64_t number;
    if (is_of(certificate, walk->owner) && certificate->label.len == 13 &&
        sp_str_starts(certificate->label, SP_STR("LABEL")) &&
        sp_str_to_u64(sp_str_slice(certificate->label, 5, 13), &number) == SP_OK && number > walk->highest)
        walk->highest = number;
    return SP_OK;
}

struct sp_str sp_racdcert_free_label(struct sp_run *run, const struct sp_cert_owner *owner)
{
    struct number_walk walk = {.owner = owner};
    enum sp_status status = sp_saf_each_certificate(run->db, false, look_at_number, &walk, &run->err);
    if (status)
        sp_run_failed(run, status);
    return sp_arena_printf(run->arena, "LABEL%08llu", (unsigned long long)walk.highest + 1);
}

/* ---- finding ---- */

int sp_racdcert_take_choice(struct sp_run *run, const struct sp_saf_operand *list,
                            struct sp_cert_choice *ret_choice)
{
    enum { LABEL, SERIALNUMBER, ISSUERSDN };
    static const struct sp_keyword words[] = {{"LABEL", LABEL, SP_LIST},
                                              {"SERIALNUMBER", SERIALNUMBER, SP_LIST},
                                              {"ISSUERSDN", ISSUERSDN, SP_LIST}};
    for (const struct sp_saf_operand *o = list->first; o; o = o->next) {
        const struct sp_keyword *word;
        int rc = sp_keyword_of(run, words, sizeof words / sizeof words[0], o, &word);
        if (!rc && word->code == LABEL)
            rc = sp_racdcert_take_label(run, o, &ret_choice->label);
        else if (!rc)
            rc = sp_take_text(run, o, 1024,
                              word->code == ISSUERSDN ? &ret_choice->issuer : &ret_choice->serial);
        if (rc)
            return rc;
    }
    return SP_RC_OK;
}

struct find_walk {
    struct sp_run *run;
    const struct sp_cert_owner *owner;
    const struct sp_cert_choice *choice;
    struct sp_str label; /* of the last that fits */
    size_t count;
};

/* "0A" and "a" are the same number. */
static bool same_number(struct sp_str a, struct sp_str b)
{
    while (a.len && a.ptr[0] == '0')
        a = sp_str_slice(a, 1, a.len);
    while (b.len && b.ptr[0] == '0')
        b = sp_str_slice(b, 1, b.len);
    return sp_str_caseless_eq(a, b);
}

static enum sp_status look_at_certificate(void *arg, const void *value)
{
    struct find_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    struct sp_certificate_facts facts;
    if (!is_of(certificate, walk->owner))
        return SP_OK;
    if (walk->choice->serial.ptr || walk->choice->issuer.ptr) {
        struct sp_arena arena;
        sp_arena_init(&arena, 1 << 20);
        bool fits = sp_certificate_facts_read(certificate->der, &arena, &facts, NULL) == SP_OK &&
                    (!walk->choice->serial.ptr || same_number(facts.serial, walk->choice->serial)) &&
                    (!walk->choice->issuer.ptr || sp_str_eq(facts.issuer, walk->choice->issuer));
        sp_arena_finish(&arena);
        if (!fits)
            return SP_OK;
    }
    walk->count++;
    walk->label = sp_arena_str(walk->run->arena, certificate->label);
    return SP_OK;
}

int sp_racdcert_find(struct sp_run *run, const struct sp_cert_owner *owner,
                     const struct sp_cert_choice *choice, bool with_key,
                     struct sp_saf_certificate *ret_certificate)
{
    struct find_walk walk = {.run = run, .owner = owner, .choice = choice, .label = choice->label};
    struct sp_str whose = sp_racdcert_owner_text(run, owner);
    enum sp_status status = SP_OK;
    if (!choice->label.ptr) {
        status = sp_saf_each_certificate(run->db, false, look_at_certificate, &walk, &run->err);
        if (!status && walk.count > 1)
            return sp_say(run, SP_RC_ERROR, "SAF0100E",
                          "%.*s has %zu certificates that could be meant: LABEL says which",
                          SP_STR_ARG(whose), walk.count);
        if (!status && !walk.count)
            return sp_say(run, SP_RC_ERROR, "IRRD107I", "No matching certificate was found for %.*s",
                          SP_STR_ARG(whose));
    }
    if (!status)
        status = sp_saf_get_certificate(run->db, owner->kind, owner->id, walk.label, with_key, run->arena,
                                        ret_certificate, &run->err);
    if (status == SP_ENOTFOUND)
        return sp_say(run, SP_RC_ERROR, "IRRD107I",
                      "No matching certificate was found for %.*s: label '%.*s'", SP_STR_ARG(whose),
                      SP_STR_ARG(walk.label));
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

struct issuer_walk {
    struct sp_run *run;
    X509 *x509;
    struct sp_saf_certificate found;
    bool is_found;
};

static enum sp_status look_at_issuer(void *arg, const void *value)
{
    struct issuer_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    X509 *candidate = sp_certificate_parse(certificate->der);
    if (candidate && X509_check_issued(candidate, walk->x509) == X509_V_OK &&
        X509_verify(walk->x509, X509_get0_pubkey(candidate)) == 1) {
        struct sp_arena *arena = walk->run->arena;
        walk->is_found = true;
        walk->found = *certificate;
        walk->found.owner = sp_arena_str(arena, certificate->owner);
        walk->found.label = sp_arena_str(arena, certificate->label);
        walk->found.der = sp_arena_str(arena, certificate->der);
    }
    X509_free(candidate);
    ERR_clear_error();
    return walk->is_found ? SP_ECANCELED : SP_OK;
}

bool sp_racdcert_find_issuer(struct sp_run *run, struct sp_str der, struct sp_saf_certificate *ret_issuer)
{
    struct issuer_walk walk = {.run = run, .x509 = sp_certificate_parse(der)};
    if (!walk.x509 || X509_check_issued(walk.x509, walk.x509) == X509_V_OK) {
        X509_free(walk.x509);
        return false;
    }
    enum sp_status status = sp_saf_each_certificate(run->db, false, look_at_issuer, &walk, &run->err);
    X509_free(walk.x509);
    if (status && status != SP_ECANCELED)
        sp_run_failed(run, status);
    if (walk.is_found)
        *ret_issuer = walk.found;
    return walk.is_found;
}

/* ---- data sets ---- */

/* A name in quotes is whole; without them the issuer's id comes before it. */
static int data_set_name(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str *ret_name)
{
    struct sp_str text = sp_single(run, list);
    if (!text.ptr)
        return SP_RC_SEVERE;
    *ret_name = list->first->quoted || run->issuer_is_owner
                    ? text
                    : sp_arena_printf(run->arena, "%.*s.%.*s", SP_STR_ARG(run->issuer.id), SP_STR_ARG(text));
    return SP_RC_OK;
}

int sp_racdcert_read(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str *ret_contents)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_buf buf;
    struct sp_str name;
    int rc = data_set_name(run, list, &name);
    if (rc)
        return rc;
    sp_buf_init(&buf, SP_PACKAGE_BYTES_MAX);
    enum sp_status status = sp_data_set_read(run->session->data_sets, name, &buf, &why);
    *ret_contents = sp_arena_str(run->arena, sp_buf_str(&buf));
    sp_buf_wipe(&buf);
    return status ? sp_say(run, SP_RC_ERROR, "IRRD103I", "%s", why.text) : SP_RC_OK;
}

int sp_racdcert_write(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str contents)
{
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str name;
    int rc = data_set_name(run, list, &name);
    if (rc)
        return rc;
    enum sp_status status = sp_data_set_write(run->session->data_sets, name, contents, &why);
    return status ? sp_say(run, SP_RC_ERROR, "SAF0101E", "%s", why.text) : SP_RC_OK;
}
