/* SPDX-License-Identifier: Apache-2.0
 * What the records of general resources become.
 */
#include "base/secret.h"
#include "saf/generic.h"
#include "saf/irrdbu00_int.h"
#include "saf/saf.h"

static bool class_wanted(const struct sp_unload_run *run, struct sp_str class)
{
    for (size_t i = 0; i < run->import->class_count; i++)
        if (sp_str_eq(run->import->classes[i], class))
            return true;
    return run->import->class_count == 0;
}

/* Class and name, in the same columns in all records of general resources. False with `*ret_status` when the
 * line is done. */
static bool resource(struct sp_unload_run *run, struct sp_str *ret_class, struct sp_str *ret_name,
                     enum sp_status *ret_status)
{
    *ret_status = SP_EINVAL;
    *ret_name = sp_unload_text(run, SP_GRBD_NAME);
    if (!sp_unload_id(run, SP_GRBD_CLASS_NAME, ret_class))
        return false;
    if (!ret_name->len)
        return sp_unload_bad(run, SP_GRBD_NAME, "is empty");
    run->left_out = !class_wanted(run, *ret_class);
    if (run->left_out)
        *ret_status = SP_OK;
    return !run->left_out;
}
#define SAME_PLACE(prefix)                                                  \
    _Static_assert((int)SP_##prefix##_NAME == SP_GRBD_NAME &&               \
                       (int)SP_##prefix##_CLASS_NAME == SP_GRBD_CLASS_NAME, \
                   "name and class come first")
SAME_PLACE(GRMEM);
SAME_PLACE(GRACC);
SAME_PLACE(GRCACC);
SAME_PLACE(GRFLTR);
SAME_PLACE(GRDMAP);
SAME_PLACE(GRSIGN);
SAME_PLACE(GRST);
SAME_PLACE(KEYR);

/* "owner.ring" */
static bool ring_of(struct sp_str profile, struct sp_saf_ring *ret_ring)
{
    size_t dot = sp_str_find(profile, '.');
    ret_ring->owner = sp_str_slice(profile, 0, dot);
    ret_ring->name = sp_str_slice(profile, dot + 1, profile.len);
    return sp_saf_id_ok(ret_ring->owner) && ret_ring->name.len;
}

/* Profiles that are kept in another form. */
static bool take_internal(struct sp_unload_run *run, struct sp_str class, struct sp_str name,
                          enum sp_status *ret_status)
{
    struct sp_saf_ring ring;
    *ret_status = SP_OK;
    if (sp_str_is(class, "DIGTRING")) {
        *ret_status =
            ring_of(name, &ring)
                ? sp_saf_put_ring(run->db, &ring, run->err)
                : (sp_unload_bad(run, SP_GRBD_NAME, "is no owner and ring, joined by a period"), SP_EINVAL);
        return true;
    }
    run->elsewhere =
        sp_str_is(class, "DIGTCERT") || sp_str_is(class, "DIGTNMAP") || sp_str_is(class, "IDIDMAP");
    if (sp_str_is(class, "DIGTCERT"))
        run->report->certificates++;
    return run->elsewhere;
}

static bool audit(struct sp_unload_run *run, int level, int successes, int failures,
                  struct sp_saf_audit *ret_audit)
{
    struct sp_str text = sp_unload_text(run, level);
    bool all = sp_str_is(text, "ALL");
    *ret_audit = (struct sp_saf_audit){.successes = all || sp_str_starts(text, SP_STR("SUCC")),
                                       .failures = all || sp_str_starts(text, SP_STR("FAIL"))};
    if (text.len && !ret_audit->successes && !ret_audit->failures && !sp_str_is(text, "NONE"))
        return sp_unload_bad(run, level, "is none of ALL, SUCCESS, FAIL and NONE");
    return sp_unload_level(run, successes, &ret_audit->successes_from) &&
           sp_unload_level(run, failures, &ret_audit->failures_from);
}

static enum sp_status note_class(struct sp_unload_run *run, struct sp_str class)
{
    if (sp_hash_get(&run->classes, class))
        return SP_OK;
    struct sp_str kept = sp_arena_str(&run->arena, class);
    return kept.ptr ? sp_hash_put(&run->classes, kept, run) : sp_unload_no_memory(run);
}

enum sp_status sp_unload_take_profile(struct sp_unload_run *run)
{
    struct sp_saf_profile profile = {.appl_data = sp_unload_text(run, SP_GRBD_APPL_DATA),
                                     .data = sp_unload_text(run, SP_GRBD_INSTALL_DATA),
                                     .generic = sp_unload_yes(run, SP_GRBD_GENERIC),
                                     .warning = sp_unload_yes(run, SP_GRBD_WARNING)};
    struct sp_error why = SP_ERROR_INIT;
    enum sp_status status;
    int64_t level;
    if (!resource(run, &profile.class, &profile.name, &status))
        return status;
    if (take_internal(run, profile.class, profile.name, &status))
        return status;
    if (!sp_unload_id_or_nothing(run, SP_GRBD_OWNER_ID, &profile.owner) ||
        !sp_unload_id_or_nothing(run, SP_GRBD_NOTIFY_ID, &profile.notify) ||
        !sp_unload_date(run, SP_GRBD_CREATE_DATE, &profile.created) ||
        !sp_unload_date(run, SP_GRBD_LASTCHG_DATE, &profile.changed) ||
        !sp_unload_level(run, SP_GRBD_UACC, &profile.uacc) ||
        !sp_unload_number(run, SP_GRBD_LEVEL, 99, &level) ||
        !audit(run, SP_GRBD_AUDIT_LEVEL, SP_GRBD_AUDIT_OKQUAL, SP_GRBD_AUDIT_FAQUAL, &profile.audit) ||
        !audit(run, SP_GRBD_GAUDIT_LEVEL, SP_GRBD_GAUDIT_OKQUAL, SP_GRBD_GAUDIT_FAQUAL,
               &profile.global_audit))
        return SP_EINVAL;
    if (profile.generic && sp_generic_check(profile.name, &why))
        return sp_unload_refuse(run, run->line.number, "%s", why.text);
    profile.level = (int)level;
    struct sp_saf_profile here;
    status = sp_saf_get_profile(run->db, profile.class, profile.name, &run->line_arena, &here, run->err);
    if (status && status != SP_ENOTFOUND)
        return status;
    if (!status) {
        profile.st_user = here.st_user;
        profile.st_group = here.st_group;
        profile.st_trusted = here.st_trusted;
        profile.st_privileged = here.st_privileged;
        profile.st_trace = here.st_trace;
    }
    status = note_class(run, profile.class);
    return status ? status : sp_saf_put_profile(run->db, &profile, run->err);
}

enum sp_status sp_unload_take_resource_member(struct sp_unload_run *run)
{
    struct sp_saf_member member = {.member = sp_unload_text(run, SP_GRMEM_MEMBER)};
    enum sp_status status;
    if (!resource(run, &member.class, &member.profile, &status))
        return status;
    if (!member.member.len || member.member.len > SP_SAF_NAME_MAX)
        return sp_unload_bad(run, SP_GRMEM_MEMBER, "is no name of 1 to 246 characters"), SP_EINVAL;
    if (!sp_unload_level(run, SP_GRMEM_GLOBAL_ACC, &member.global_access))
        return SP_EINVAL;
    return sp_unload_stored(run, sp_saf_put_member(run->db, &member, run->err), "profile");
}

static bool access_id(struct sp_unload_run *run, int index, struct sp_str *ret_id)
{
    *ret_id = sp_unload_text(run, index);
    return sp_str_is(*ret_id, "*") || sp_str_is(*ret_id, "&RACUID") || sp_str_is(*ret_id, "&RACGRP") ||
           sp_unload_id(run, index, ret_id);
}

enum sp_status sp_unload_take_access(struct sp_unload_run *run)
{
    struct sp_saf_access_entry entry = {.when_kind = SP_STR("")};
    enum sp_status status;
    if (!resource(run, &entry.class, &entry.profile, &status))
        return status;
    if (!access_id(run, SP_GRACC_AUTH_ID, &entry.id) || !sp_unload_level(run, SP_GRACC_ACCESS, &entry.access))
        return SP_EINVAL;
    return sp_unload_stored(run, sp_saf_put_access(run->db, &entry, run->err), "profile");
}

enum sp_status sp_unload_take_conditional_access(struct sp_unload_run *run)
{
    struct sp_saf_access_entry entry = {.when_kind = sp_unload_text(run, SP_GRCACC_CATYPE),
                                        .when_name = sp_unload_text(run, SP_GRCACC_CANAME)};
    enum sp_status status;
    if (!resource(run, &entry.class, &entry.profile, &status))
        return status;
    if (sp_str_is(entry.when_kind, "CRITERIA"))
        entry.when_name = sp_unload_text(run, SP_GRCACC_CACRITERIA);
    if (!entry.when_kind.len)
        return sp_unload_bad(run, SP_GRCACC_CATYPE, "is empty"), SP_EINVAL;
    if (!access_id(run, SP_GRCACC_AUTH_ID, &entry.id) ||
        !sp_unload_level(run, SP_GRCACC_ACCESS, &entry.access))
        return SP_EINVAL;
    return sp_unload_stored(run, sp_saf_put_access(run->db, &entry, run->err), "profile");
}

/* The issuer's filter, a cent sign, the subject's. */
enum sp_status sp_unload_take_filter(struct sp_unload_run *run)
{
    static const char cent[] = "\xc2\xa2";
    struct sp_saf_cert_filter filter = {.label = sp_unload_text(run, SP_GRFLTR_LABEL),
                                        .trust =
                                            sp_str_is(sp_unload_text(run, SP_GRFLTR_STATUS), "TRUST") ||
                                            sp_str_is(sp_unload_text(run, SP_GRFLTR_STATUS), "HIGHTRST")};
    struct sp_str class, profile, user = sp_unload_text(run, SP_GRFLTR_USER),
                                  name = sp_unload_text(run, SP_GRFLTR_CREATE_NAME);
    enum sp_status status;
    if (!resource(run, &class, &profile, &status))
        return status;
    const char *at = name.len ? memmem(name.ptr, name.len, cent, 2) : NULL;
    if (!at)
        return sp_unload_refuse(run, run->line.number,
                                "GRFLTR_CREATE_NAME has no cent sign between the filters of issuer and "
                                "subject: define the filter with RACDCERT MAP");
    filter.issuer = sp_str_slice(name, 0, (size_t)(at - name.ptr));
    filter.subject = sp_str_slice(name, filter.issuer.len + 2, name.len);
    if (!filter.issuer.len && !filter.subject.len)
        return sp_unload_bad(run, SP_GRFLTR_CREATE_NAME, "holds no filter"), SP_EINVAL;
    *(sp_saf_id_ok(user) ? &filter.user : &filter.criteria) = user;
    return sp_saf_put_cert_filter(run->db, &filter, run->err);
}

enum sp_status sp_unload_take_identity(struct sp_unload_run *run)
{
    struct sp_saf_identity_filter filter = {.label = sp_unload_text(run, SP_GRDMAP_LABEL),
                                            .registry = sp_unload_text(run, SP_GRDMAP_DIDREG)};
    char normalised[1024];
    struct sp_str class, name;
    enum sp_status status;
    if (!resource(run, &class, &name, &status))
        return status;
    if (!sp_unload_id(run, SP_GRDMAP_USER, &filter.user))
        return SP_EINVAL;
    size_t len = sp_saf_normalise_dn(name, normalised, sizeof normalised);
    filter.name = sp_str_from(normalised, len);
    if (!len || !filter.registry.len)
        return sp_unload_bad(run, SP_GRDMAP_DIDREG, "is the registry of a filter without a name"), SP_EINVAL;
    return sp_saf_put_identity_filter(run->db, &filter, run->err);
}

enum sp_status sp_unload_take_signon(struct sp_unload_run *run)
{
    struct sp_saf_passticket_profile entry, here = {.key = {.len = 0}};
    struct sp_str class, name, type = sp_unload_text(run, SP_GRSIGN_TYPE),
                               label = sp_unload_text(run, SP_GRSIGN_KEY_LABEL);
    enum sp_status status;
    int64_t timeout;
    if (!resource(run, &class, &name, &status))
        return status;
    if (!sp_unload_number(run, SP_GRSIGN_TIMEOUT, 86400, &timeout))
        return SP_EINVAL;
    status = sp_saf_get_passticket(run->db, name, &run->line_arena, &here, run->err);
    if (status && status != SP_ENOTFOUND)
        return status;
    entry = here;
    entry.profile = name;
    if (!here.key.len) {
        run->report->ticket_keys++;
        entry.key.kind = sp_str_is(type, "MIXED")   ? SP_PASSTICKET_MIXED
                         : sp_str_is(type, "UPPER") ? SP_PASSTICKET_UPPER
                                                    : SP_PASSTICKET_LEGACY;
    }
    entry.key_label = label;
    entry.timeout = (int)timeout;
    entry.replay_allowed = sp_unload_yes(run, SP_GRSIGN_REPLAY);
    status = sp_unload_stored(run, sp_saf_put_passticket(run->db, &entry, run->err), "profile");
    sp_secret_wipe(&entry.key, sizeof entry.key);
    sp_secret_wipe(&here.key, sizeof here.key);
    return status;
}

enum sp_status sp_unload_take_started(struct sp_unload_run *run)
{
    struct sp_saf_profile profile;
    struct sp_str class, name, user = sp_unload_text(run, SP_GRST_USER_ID), group;
    enum sp_status status;
    if (!resource(run, &class, &name, &status))
        return status;
    if (!sp_unload_id_or_nothing(run, SP_GRST_GROUP_ID, &group) ||
        (user.len && !sp_str_is(user, "=MEMBER") && !sp_unload_id(run, SP_GRST_USER_ID, &user)))
        return SP_EINVAL;
    status = sp_saf_get_profile(run->db, class, name, &run->line_arena, &profile, run->err);
    if (status)
        return status == SP_ENOTFOUND ? sp_unload_stored(run, SP_EEXISTS, "profile") : status;
    profile.st_user = user;
    profile.st_group = group;
    profile.st_trusted = sp_unload_yes(run, SP_GRST_TRUSTED);
    profile.st_privileged = sp_unload_yes(run, SP_GRST_PRIVILEGED);
    profile.st_trace = sp_unload_yes(run, SP_GRST_TRACE);
    return sp_saf_put_profile(run->db, &profile, run->err);
}

static bool owner_of_certificate(const struct sp_unload_run *run, struct sp_str name,
                                 struct sp_saf_ring_entry *entry)
{
    const struct sp_str *owner = sp_hash_get(&run->certificates, name);
    if (!owner)
        return false;
    entry->owner = SP_STR("");
    if (sp_str_is(*owner, "irrcerta"))
        entry->owner_kind = SP_SAF_CERT_AUTH;
    else if (sp_str_is(*owner, "irrsitec"))
        entry->owner_kind = SP_SAF_CERT_SITE;
    else
        entry->owner = *owner;
    return true;
}

/* A certificate is connected when it is here already; an unload does not hold it. */
enum sp_status sp_unload_take_ring_entry(struct sp_unload_run *run)
{
    struct sp_saf_ring_entry entry = {.label = sp_unload_text(run, SP_KEYR_CERT_LABEL),
                                      .is_default = sp_unload_yes(run, SP_KEYR_CERT_DEFAULT)};
    struct sp_str class, name, usage = sp_unload_text(run, SP_KEYR_CERT_USAGE);
    struct sp_saf_certificate certificate;
    struct sp_saf_ring ring;
    enum sp_status status;
    if (!resource(run, &class, &name, &status))
        return status;
    if (!ring_of(name, &ring))
        return sp_unload_bad(run, SP_KEYR_NAME, "is no owner and ring, joined by a period"), SP_EINVAL;
    entry.ring_owner = ring.owner;
    entry.ring = ring.name;
    entry.usage = sp_str_is(usage, "CERTAUTH") ? SP_SAF_CERT_AUTH
                  : sp_str_is(usage, "SITE")   ? SP_SAF_CERT_SITE
                                               : SP_SAF_CERT_PERSONAL;
    run->left_out = true;
    run->report->waiting_entries++;
    if (!owner_of_certificate(run, sp_unload_text(run, SP_KEYR_CERT_NAME), &entry))
        return SP_OK;
    status = sp_saf_get_certificate(run->db, entry.owner_kind, entry.owner, entry.label, false,
                                    &run->line_arena, &certificate, run->err);
    if (status)
        return status == SP_ENOTFOUND ? SP_OK : status;
    run->left_out = false;
    run->report->waiting_entries--;
    return sp_unload_stored(run, sp_saf_put_ring_entry(run->db, &entry, run->err), "ring");
}
