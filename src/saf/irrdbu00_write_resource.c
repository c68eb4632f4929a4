/* SPDX-License-Identifier: Apache-2.0
 * The records of general resources, and of what RACF keeps in the classes DIGTCERT, DIGTNMAP, DIGTRING and
 * IDIDMAP.
 */
#include <stdio.h>

#include "base/secret.h"
#include "saf/irrdbu00_export.h"

#define DAY 86400

/* ---- profiles ---- */

static void put_audit(struct sp_export *e, const struct sp_saf_audit *audit, int level, int successes,
                      int failures)
{
    sp_export_text(e, level,
                   audit->successes && audit->failures ? SP_STR("ALL")
                   : audit->successes                  ? SP_STR("SUCCESS")
                   : audit->failures                   ? SP_STR("FAIL")
                                                       : SP_STR("NONE"));
    if (audit->successes)
        sp_export_level(e, successes,
                        audit->successes_from > SP_SAF_READ ? audit->successes_from : SP_SAF_READ);
    if (audit->failures)
        sp_export_level(e, failures, audit->failures_from > SP_SAF_READ ? audit->failures_from : SP_SAF_READ);
}

static enum sp_status write_member(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_member *member = value;
    sp_unload_begin(&e->out, SP_RECORD_GRMEM);
    sp_export_text(e, SP_GRMEM_NAME, member->profile);
    sp_export_text(e, SP_GRMEM_CLASS_NAME, member->class);
    sp_export_text(e, SP_GRMEM_MEMBER, member->member);
    sp_export_level(e, SP_GRMEM_GLOBAL_ACC, member->global_access);
    return sp_export_end(e);
}

static enum sp_status write_access(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_access_entry *entry = value;
    if (entry->when_kind.len) {
        bool criteria = sp_str_is(entry->when_kind, "CRITERIA");
        sp_unload_begin(&e->out, SP_RECORD_GRCACC);
        sp_export_text(e, SP_GRCACC_NAME, entry->profile);
        sp_export_text(e, SP_GRCACC_CLASS_NAME, entry->class);
        sp_export_text(e, SP_GRCACC_CATYPE, entry->when_kind);
        sp_export_text(e, criteria ? SP_GRCACC_CACRITERIA : SP_GRCACC_CANAME, entry->when_name);
        sp_export_text(e, SP_GRCACC_AUTH_ID, entry->id);
        sp_export_level(e, SP_GRCACC_ACCESS, entry->access);
    } else {
        sp_unload_begin(&e->out, SP_RECORD_GRACC);
        sp_export_text(e, SP_GRACC_NAME, entry->profile);
        sp_export_text(e, SP_GRACC_CLASS_NAME, entry->class);
        sp_export_text(e, SP_GRACC_AUTH_ID, entry->id);
        sp_export_level(e, SP_GRACC_ACCESS, entry->access);
    }
    return sp_export_end(e);
}

static enum sp_status write_signon(struct sp_export *e, struct sp_str profile)
{
    struct sp_saf_passticket_profile entry;
    enum sp_status status = sp_saf_get_passticket(e->db, profile, &e->row_arena, &entry, e->err);
    if (status)
        return status == SP_ENOTFOUND ? SP_OK : status;
    sp_secret_wipe(&entry.key.bytes, sizeof entry.key.bytes);
    bool legacy = entry.key.kind == SP_PASSTICKET_LEGACY;
    sp_unload_begin(&e->out, SP_RECORD_GRSIGN);
    sp_export_text(e, SP_GRSIGN_NAME, profile);
    sp_export_text(e, SP_GRSIGN_CLASS_NAME, SP_STR("PTKTDATA"));
    sp_export_text(e, SP_GRSIGN_PROTECTION,
                   entry.key_label.len ? SP_STR("KEYLABEL") : SP_STR("KEYENCRYPTED"));
    sp_export_text(e, SP_GRSIGN_KEY_LABEL, entry.key_label);
    sp_export_text(e, SP_GRSIGN_TYPE,
                   legacy                                  ? SP_STR("")
                   : entry.key.kind == SP_PASSTICKET_MIXED ? SP_STR("MIXED")
                                                           : SP_STR("UPPER"));
    sp_unload_put_number(&e->out, SP_GRSIGN_TIMEOUT, entry.timeout);
    sp_unload_put_yes(&e->out, SP_GRSIGN_REPLAY, entry.replay_allowed);
    return sp_export_end(e);
}

static enum sp_status write_started(struct sp_export *e, const struct sp_saf_profile *profile)
{
    sp_unload_begin(&e->out, SP_RECORD_GRST);
    sp_export_text(e, SP_GRST_NAME, profile->name);
    sp_export_text(e, SP_GRST_CLASS_NAME, profile->class);
    sp_export_text(e, SP_GRST_USER_ID, profile->st_user);
    sp_export_text(e, SP_GRST_GROUP_ID, profile->st_group);
    sp_unload_put_yes(&e->out, SP_GRST_TRUSTED, profile->st_trusted);
    sp_unload_put_yes(&e->out, SP_GRST_PRIVILEGED, profile->st_privileged);
    sp_unload_put_yes(&e->out, SP_GRST_TRACE, profile->st_trace);
    return sp_export_end(e);
}

static enum sp_status write_basic_profile(struct sp_export *e, const struct sp_saf_profile *profile)
{
    sp_unload_begin(&e->out, SP_RECORD_GRBD);
    sp_export_text(e, SP_GRBD_NAME, profile->name);
    sp_export_text(e, SP_GRBD_CLASS_NAME, profile->class);
    sp_unload_put_yes(&e->out, SP_GRBD_GENERIC, profile->generic);
    sp_unload_put_date(&e->out, SP_GRBD_CREATE_DATE, profile->created);
    sp_export_text(e, SP_GRBD_OWNER_ID, profile->owner);
    sp_unload_put_date(&e->out, SP_GRBD_LASTCHG_DATE, profile->changed);
    sp_export_level(e, SP_GRBD_UACC, profile->uacc);
    put_audit(e, &profile->audit, SP_GRBD_AUDIT_LEVEL, SP_GRBD_AUDIT_OKQUAL, SP_GRBD_AUDIT_FAQUAL);
    sp_unload_put_number(&e->out, SP_GRBD_LEVEL, profile->level);
    put_audit(e, &profile->global_audit, SP_GRBD_GAUDIT_LEVEL, SP_GRBD_GAUDIT_OKQUAL, SP_GRBD_GAUDIT_FAQUAL);
    sp_export_text(e, SP_GRBD_INSTALL_DATA, profile->data);
    sp_unload_put_yes(&e->out, SP_GRBD_WARNING, profile->warning);
    sp_export_text(e, SP_GRBD_NOTIFY_ID, profile->notify);
    sp_export_text(e, SP_GRBD_APPL_DATA, profile->appl_data);
    return sp_export_end(e);
}

static enum sp_status write_profile(void *arg, const void *value)
{
    struct sp_export *e = arg;
    const struct sp_saf_profile *profile = value;
    struct sp_str any = SP_STR("");
    sp_arena_reset(&e->row_arena);
    enum sp_status status = write_basic_profile(e, profile);
    if (!status)
        status = sp_saf_each_member(e->db, profile->class, profile->name, write_member, e, e->err);
    if (!status)
        status = sp_saf_each_access(e->db, profile->class, profile->name, any, write_access, e, e->err);
    if (!status && sp_str_is(profile->class, "PTKTDATA"))
        status = write_signon(e, profile->name);
    if (!status && (profile->st_user.len || profile->st_group.len || profile->st_trusted ||
                    profile->st_privileged || profile->st_trace))
        status = write_started(e, profile);
    return status;
}

enum sp_status sp_export_resources(struct sp_export *e)
{
    return sp_saf_each_profile(e->db, SP_STR(""), write_profile, e, e->err);
}

/* ---- what has classes of its own ---- */

static enum sp_status write_internal_profile(struct sp_export *e, const char *class, struct sp_str name,
                                             struct sp_str owner, const char *uacc, struct sp_str appl_data)
{
    sp_unload_begin(&e->out, SP_RECORD_GRBD);
    sp_export_text(e, SP_GRBD_NAME, name);
    sp_export_text(e, SP_GRBD_CLASS_NAME, sp_str_of(class));
    sp_export_text(e, SP_GRBD_OWNER_ID, owner);
    sp_export_text(e, SP_GRBD_UACC, sp_str_of(uacc));
    sp_export_text(e, SP_GRBD_APPL_DATA, appl_data);
    return sp_export_end(e);
}

static const char *trust_name(enum sp_saf_trust trust)
{
    return trust == SP_SAF_NOTRUST ? "NOTRUST" : trust == SP_SAF_TRUST ? "TRUST" : "HIGHTRST";
}

static struct sp_str ring_profile(struct sp_export *e, struct sp_str owner, struct sp_str ring)
{
    return sp_arena_printf(&e->row_arena, "%.*s.%.*s", SP_STR_ARG(owner), SP_STR_ARG(ring));
}

static bool is_of(const struct sp_saf_ring_entry *entry, const struct sp_saf_certificate *certificate)
{
    return entry->owner_kind == certificate->owner_kind && sp_str_eq(entry->owner, certificate->owner) &&
           sp_str_eq(entry->label, certificate->label);
}

static enum sp_status write_references(struct sp_export *e, const struct sp_export_certificate *certificate)
{
    const struct sp_saf_ring_entry *entries = e->entries.ptr;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < e->entries.count && !status; i++) {
        if (!is_of(&entries[i], &certificate->row))
            continue;
        sp_unload_begin(&e->out, SP_RECORD_CERTR);
        sp_export_text(e, SP_CERTR_NAME, certificate->facts.profile);
        sp_export_text(e, SP_CERTR_CLASS_NAME, SP_STR("DIGTCERT"));
        sp_export_text(e, SP_CERTR_RING_NAME, ring_profile(e, entries[i].ring_owner, entries[i].ring));
        status = sp_export_end(e);
    }
    return status;
}

static int seconds_of_day(int64_t seconds)
{
    return (int)((seconds % DAY + DAY) % DAY);
}

static int32_t day_of(int64_t seconds)
{
    return (int32_t)((seconds - seconds_of_day(seconds)) / DAY);
}

static enum sp_status write_certificate_data(struct sp_export *e,
                                             const struct sp_export_certificate *certificate)
{
    const struct sp_certificate_facts *facts = &certificate->facts;
    sp_unload_begin(&e->out, SP_RECORD_GRCERT);
    sp_export_text(e, SP_GRCERT_NAME, facts->profile);
    sp_export_text(e, SP_GRCERT_CLASS_NAME, SP_STR("DIGTCERT"));
    sp_unload_put_date(&e->out, SP_GRCERT_START_DATE, day_of(facts->not_before));
    sp_unload_put_time(&e->out, SP_GRCERT_START_TIME, seconds_of_day(facts->not_before));
    sp_unload_put_date(&e->out, SP_GRCERT_END_DATE, day_of(facts->not_after));
    sp_unload_put_time(&e->out, SP_GRCERT_END_TIME, seconds_of_day(facts->not_after));
    if (certificate->row.has_private_key) {
        bool ecc = sp_str_is(sp_str_of(facts->key_type), "NISTECC");
        sp_export_text(e, SP_GRCERT_KEY_TYPE, ecc ? SP_STR("NISTECC") : SP_STR("PKCSTYPE"));
        sp_unload_put_number(&e->out, SP_GRCERT_KEY_SIZE, facts->key_bits);
    }
    return sp_export_end(e);
}

static enum sp_status write_certificate_names(struct sp_export *e,
                                              const struct sp_export_certificate *certificate)
{
    const struct sp_certificate_facts *facts = &certificate->facts;
    char hex[2 * SP_FINGERPRINT_LEN + 1];
    for (size_t i = 0; i < SP_FINGERPRINT_LEN; i++)
        snprintf(hex + 2 * i, 3, "%02X", facts->fingerprint[i]);
    sp_unload_begin(&e->out, SP_RECORD_CERTN);
    sp_export_text(e, SP_CERTN_NAME, facts->profile);
    sp_export_text(e, SP_CERTN_CLASS_NAME, SP_STR("DIGTCERT"));
    sp_export_text(e, SP_CERTN_ISSUER_DN, facts->issuer);
    sp_export_text(e, SP_CERTN_SUBJECT_DN, facts->subject);
    sp_export_text(e, SP_CERTN_SIG_ALG, facts->signature);
    sp_export_text(e, SP_CERTN_CERT_FGRPRNT, sp_str_of(hex));
    return sp_export_end(e);
}

enum sp_status sp_export_certificates(struct sp_export *e)
{
    const struct sp_export_certificate *all = e->certificates.ptr;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < e->certificates.count && !status; i++) {
        struct sp_str owner = sp_export_anchor(all[i].row.owner_kind, all[i].row.owner);
        sp_arena_reset(&e->row_arena);
        status = write_internal_profile(e, "DIGTCERT", all[i].facts.profile, owner,
                                        trust_name(all[i].row.trust), owner);
        if (!status)
            status = write_certificate_data(e, &all[i]);
        if (!status)
            status = write_references(e, &all[i]);
        if (!status)
            status = write_certificate_names(e, &all[i]);
    }
    return status;
}

enum sp_status sp_export_filters(struct sp_export *e)
{
    const struct sp_export_filter *all = e->filters.ptr;
    struct sp_str nothing = SP_STR("");
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < e->filters.count && !status; i++) {
        status = write_internal_profile(e, "DIGTNMAP", all[i].profile, nothing, "NONE", nothing);
        if (status)
            break;
        sp_unload_begin(&e->out, SP_RECORD_GRFLTR);
        sp_export_text(e, SP_GRFLTR_NAME, all[i].profile);
        sp_export_text(e, SP_GRFLTR_CLASS_NAME, SP_STR("DIGTNMAP"));
        sp_export_text(e, SP_GRFLTR_LABEL, all[i].row.label);
        sp_export_text(e, SP_GRFLTR_STATUS, all[i].row.trust ? SP_STR("TRUST") : SP_STR("NOTRUST"));
        sp_export_text(e, SP_GRFLTR_USER, all[i].row.criteria.len ? all[i].row.criteria : all[i].row.user);
        sp_export_text(e, SP_GRFLTR_CREATE_NAME, all[i].create_name);
        status = sp_export_end(e);
    }
    return status;
}

static struct sp_str profile_of_entry(const struct sp_export *e, const struct sp_saf_ring_entry *entry)
{
    const struct sp_export_certificate *certificate;
    struct sp_str owner = sp_export_anchor(entry->owner_kind, entry->owner);
    for (size_t n = 0; (certificate = sp_export_owned(&e->certificates, owner, n)); n++)
        if (is_of(entry, &certificate->row))
            return certificate->facts.profile;
    return SP_STR("");
}

static enum sp_status write_ring(struct sp_export *e, const struct sp_saf_ring *ring)
{
    static const char *const usages[] = {"PERSONAL", "CERTAUTH", "SITE"};
    const struct sp_saf_ring_entry *entries = e->entries.ptr;
    struct sp_str name = ring_profile(e, ring->owner, ring->name);
    enum sp_status status = write_internal_profile(e, "DIGTRING", name, ring->owner, "NONE", SP_STR(""));
    for (size_t i = 0; i < e->entries.count && !status; i++) {
        if (!sp_str_eq(entries[i].ring_owner, ring->owner) || !sp_str_eq(entries[i].ring, ring->name))
            continue;
        sp_unload_begin(&e->out, SP_RECORD_KEYR);
        sp_export_text(e, SP_KEYR_NAME, name);
        sp_export_text(e, SP_KEYR_CLASS_NAME, SP_STR("DIGTRING"));
        sp_export_text(e, SP_KEYR_CERT_NAME, profile_of_entry(e, &entries[i]));
        sp_export_text(e, SP_KEYR_CERT_USAGE, sp_str_of(usages[entries[i].usage]));
        sp_unload_put_yes(&e->out, SP_KEYR_CERT_DEFAULT, entries[i].is_default);
        sp_export_text(e, SP_KEYR_CERT_LABEL, entries[i].label);
        status = sp_export_end(e);
    }
    return status;
}

enum sp_status sp_export_rings(struct sp_export *e)
{
    const struct sp_saf_ring *all = e->rings.ptr;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < e->rings.count && !status; i++) {
        sp_arena_reset(&e->row_arena);
        status = write_ring(e, &all[i]);
    }
    return status;
}

enum sp_status sp_export_identities(struct sp_export *e)
{
    const struct sp_saf_identity_filter *all = e->identities.ptr;
    struct sp_str nothing = SP_STR("");
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < e->identities.count && !status; i++) {
        if (i == 0 || !sp_str_eq(all[i].name, all[i - 1].name))
            status = write_internal_profile(e, "IDIDMAP", all[i].name, nothing, "NONE", nothing);
        if (status)
            break;
        sp_unload_begin(&e->out, SP_RECORD_GRDMAP);
        sp_export_text(e, SP_GRDMAP_NAME, all[i].name);
        sp_export_text(e, SP_GRDMAP_CLASS_NAME, SP_STR("IDIDMAP"));
        sp_export_text(e, SP_GRDMAP_LABEL, all[i].label);
        sp_export_text(e, SP_GRDMAP_USER, all[i].user);
        sp_export_text(e, SP_GRDMAP_DIDREG, all[i].registry);
        status = sp_export_end(e);
    }
    return status;
}
