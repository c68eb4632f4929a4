/* SPDX-License-Identifier: Apache-2.0
 * RACDCERT LIST, LISTCHAIN, ALTER and DELETE.
 */
#include "saf/cmd_list.h"
#include "saf/cmd_racdcert.h"

enum { CHAIN_MAX = 16 };

/* ---- one certificate ---- */

struct rings_walk {
    struct sp_run *run;
    const struct sp_saf_certificate *certificate;
    size_t count;
};

static bool is_connected(const struct sp_saf_ring_entry *entry, const struct sp_saf_certificate *certificate)
{
    return entry->owner_kind == certificate->owner_kind && sp_str_eq(entry->owner, certificate->owner) &&
           sp_str_eq(entry->label, certificate->label);
}

static enum sp_status list_ring(void *arg, const void *value)
{
    struct rings_walk *walk = arg;
    const struct sp_saf_ring_entry *entry = value;
    if (!is_connected(entry, walk->certificate))
        return SP_OK;
    if (!walk->count++)
        sp_list(walk->run, "  Ring Associations:");
    sp_list(walk->run, "    Ring Owner: %.*s", SP_STR_ARG(entry->ring_owner));
    sp_list(walk->run, "    Ring:");
    sp_list(walk->run, "      >%.*s<", SP_STR_ARG(entry->ring));
    return SP_OK;
}

static void list_usage(struct sp_run *run, unsigned usage)
{
    static const struct sp_flag_name names[] = {{SP_USAGE_HANDSHAKE, "HANDSHAKE"},
                                                {SP_USAGE_DATAENCRYPT, "DATAENCRYPT"},
                                                {SP_USAGE_DOCSIGN, "DOCSIGN"},
                                                {SP_USAGE_CERTSIGN, "CERTSIGN"},
                                                {SP_USAGE_KEYAGREE, "KEYAGREE"}};
    if (usage)
        sp_list(run, "  Key Usage: %.*s",
                SP_STR_ARG(sp_flags_text(run, names, sizeof names / sizeof names[0], usage)));
}

static void list_facts(struct sp_run *run, const struct sp_certificate_facts *facts)
{
    char hex[2 * SP_FINGERPRINT_LEN + 1];
    sp_list(run, "  Start Date: %.*s", SP_STR_ARG(sp_certificate_time_text(facts->not_before, run->arena)));
    sp_list(run, "  End Date:   %.*s", SP_STR_ARG(sp_certificate_time_text(facts->not_after, run->arena)));
    sp_list(run, "  Serial Number:");
    sp_list(run, "       >%.*s<", SP_STR_ARG(facts->serial));
    sp_list(run, "  Issuer's Name:");
    sp_list(run, "       >%.*s<", SP_STR_ARG(facts->issuer));
    sp_list(run, "  Subject's Name:");
    sp_list(run, "       >%.*s<", SP_STR_ARG(facts->subject));
    if (facts->alt_name_count)
        sp_list(run, "  Subject's AltNames:");
    for (size_t i = 0; i < facts->alt_name_count; i++)
        sp_list(run, "    %.*s", SP_STR_ARG(facts->alt_names[i]));
    sp_list(run, "  Signing Algorithm: %.*s", SP_STR_ARG(facts->signature));
    list_usage(run, facts->usage);
    sp_list(run, "  Key Type: %s", facts->key_type);
    sp_list(run, "  Key Size: %u", facts->key_bits);
    sp_list(run, "  Certificate Fingerprint (SHA256):");
    for (size_t i = 0; i < SP_FINGERPRINT_LEN; i++) {
        static const char digits[] = "0123456789ABCDEF";
        hex[2 * i] = digits[facts->fingerprint[i] >> 4];
        hex[2 * i + 1] = digits[facts->fingerprint[i] & 15];
    }
    hex[2 * SP_FINGERPRINT_LEN] = '\0';
    sp_list(run, "    %s", hex);
}

int sp_racdcert_describe(struct sp_run *run, const struct sp_saf_certificate *certificate, struct sp_str der)
{
    static const char *const trusts[] = {"NOTRUST", "TRUST", "HIGHTRUST"};
    struct sp_certificate_facts facts;
    struct sp_error why = SP_ERROR_INIT;
    struct sp_str any = SP_STR("");
    if (sp_certificate_facts_read(der, run->arena, &facts, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "%s", why.text);
    sp_list(run, "%s", "");
    if (certificate) {
        sp_list(run, "  Label: %.*s", SP_STR_ARG(certificate->label));
        sp_list(run, "  Status: %s", trusts[certificate->trust]);
    }
    list_facts(run, &facts);
    if (!certificate)
        return SP_RC_OK;
    struct rings_walk walk = {.run = run, .certificate = certificate};
    sp_list(run, "  Private Key: %s", certificate->has_private_key ? "YES" : "NO");
    enum sp_status status = sp_saf_each_ring_entry(run->db, any, any, list_ring, &walk, &run->err);
    if (!status && !walk.count)
        sp_list(run, "  Ring Associations: *** No rings associated ***");
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

/* ---- LIST ---- */

struct list_walk {
    struct sp_run *run;
    const struct sp_cert_owner *owner;
    size_t count;
    int rc;
};

static enum sp_status list_certificate(void *arg, const void *value)
{
    struct list_walk *walk = arg;
    const struct sp_saf_certificate *certificate = value;
    struct sp_scratch scratch;
    if (certificate->owner_kind != walk->owner->kind || !sp_str_eq(certificate->owner, walk->owner->id))
        return SP_OK;
    if (!walk->count++)
        sp_list(walk->run, "Digital certificate information for %.*s:",
                SP_STR_ARG(sp_racdcert_owner_text(walk->run, walk->owner)));
    sp_scratch_begin(walk->run, &scratch);
    int rc = sp_racdcert_describe(walk->run, certificate, certificate->der);
    sp_scratch_end(walk->run, &scratch);
    walk->rc = rc > walk->rc ? rc : walk->rc;
    return walk->run->failed;
}

static bool says_nothing(const struct sp_cert_choice *choice)
{
    return !choice->label.ptr && !choice->serial.ptr && !choice->issuer.ptr;
}

int sp_racdcert_list(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct sp_saf_certificate certificate;
    struct list_walk walk = {.run = run, .owner = &r->owner};
    int rc = sp_racdcert_may(run, "LIST", sp_racdcert_level(run, &r->owner));
    if (!rc && r->operand)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    if (rc)
        return rc;
    if (says_nothing(&choice)) {
        enum sp_status status = sp_saf_each_certificate(run->db, false, list_certificate, &walk, &run->err);
        if (status)
            return sp_run_failed(run, status);
        return walk.count
                   ? walk.rc
                   : sp_say(run, SP_RC_WARNING, "IRRD105I", "No certificate information was found for %.*s",
                            SP_STR_ARG(sp_racdcert_owner_text(run, &r->owner)));
    }
    rc = sp_racdcert_find(run, &r->owner, &choice, false, &certificate);
    if (rc)
        return rc;
    sp_list(run,
            "Digital certificate information for %.*s:", SP_STR_ARG(sp_racdcert_owner_text(run, &r->owner)));
    return sp_racdcert_describe(run, &certificate, certificate.der);
}

/* ---- LISTCHAIN ---- */

int sp_racdcert_listchain(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct sp_saf_certificate at, issuer;
    struct sp_certificate_facts facts = {.self_signed = false};
    struct sp_error why = SP_ERROR_INIT;
    size_t count = 0;
    bool more = true;
    int rc = sp_racdcert_may(run, "LISTCHAIN", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    if (!rc)
        rc = sp_racdcert_find(run, &r->owner, &choice, false, &at);
    while (!rc && more && count < CHAIN_MAX) {
        struct sp_cert_owner owner = {at.owner_kind, at.owner};
        sp_list(run, "Certificate %zu: Digital certificate information for %.*s:", ++count,
                SP_STR_ARG(sp_racdcert_owner_text(run, &owner)));
        rc = sp_racdcert_describe(run, &at, at.der);
        more = !rc && sp_racdcert_find_issuer(run, at.der, &issuer);
        if (more)
            at = issuer;
    }
    if (rc)
        return rc;
    if (sp_certificate_facts_read(at.der, run->arena, &facts, &why))
        return sp_say(run, SP_RC_ERROR, "IRRD104I", "%s", why.text);
    sp_list(run, "%s", "");
    sp_list(run, "Chain information:");
    sp_list(run, "  Chain contains %zu certificate(s), chain is %s", count,
            facts.self_signed ? "complete" : "incomplete");
    return run->failed ? SP_RC_SEVERE : SP_RC_OK;
}

/* ---- ALTER, DELETE ---- */

struct entries_walk {
    struct sp_run *run;
    const struct sp_saf_certificate *certificate; /* NULL: all of one ring */
    struct sp_saf_ring_entry *entries;
    size_t count, room;
};

/* An entry, for later: a table is not changed while it is gone through. */
static enum sp_status note_entry(void *arg, const void *value)
{
    struct entries_walk *walk = arg;
    const struct sp_saf_ring_entry *entry = value;
    struct sp_arena *arena = walk->run->arena;
    if (walk->certificate && !is_connected(entry, walk->certificate))
        return SP_OK;
    if (walk->count == walk->room) {
        size_t room = walk->room ? 2 * walk->room : 16;
        struct sp_saf_ring_entry *more = sp_arena_calloc(arena, room, sizeof *more);
        if (!more)
            return sp_error_set(&walk->run->err, SP_ENOMEM, NULL, "no memory for a command");
        if (walk->count)
            memcpy(more, walk->entries, walk->count * sizeof *more);
        walk->entries = more;
        walk->room = room;
    }
    struct sp_saf_ring_entry *kept = &walk->entries[walk->count++];
    *kept = *entry;
    kept->ring_owner = sp_arena_str(arena, entry->ring_owner);
    kept->ring = sp_arena_str(arena, entry->ring);
    kept->owner = sp_arena_str(arena, entry->owner);
    kept->label = sp_arena_str(arena, entry->label);
    return SP_OK;
}

/* Rings keep the order in which certificates were connected: all of a ring's entries are made anew. */
static enum sp_status rename_in_ring(struct sp_run *run, const struct sp_saf_ring_entry *where,
                                     const struct sp_saf_certificate *certificate, struct sp_str label)
{
    struct entries_walk walk = {.run = run};
    enum sp_status status =
        sp_saf_each_ring_entry(run->db, where->ring_owner, where->ring, note_entry, &walk, &run->err);
    for (size_t i = 0; i < walk.count && !status; i++)
        status = sp_saf_drop_ring_entry(run->db, &walk.entries[i], &run->err);
    for (size_t i = 0; i < walk.count && !status; i++) {
        if (is_connected(&walk.entries[i], certificate))
            walk.entries[i].label = label;
        status = sp_saf_put_ring_entry(run->db, &walk.entries[i], &run->err);
    }
    return status;
}

static int rename_certificate(struct sp_run *run, struct sp_saf_certificate *certificate, struct sp_str label)
{
    struct sp_saf_certificate old = *certificate;
    struct entries_walk walk = {.run = run, .certificate = &old};
    struct sp_str any = SP_STR("");
    certificate->label = label;
    enum sp_status status = sp_saf_each_ring_entry(run->db, any, any, note_entry, &walk, &run->err);
    if (!status)
        status = sp_saf_put_certificate(run->db, certificate, &run->err);
    for (size_t i = 0; i < walk.count && !status; i++)
        status = rename_in_ring(run, &walk.entries[i], &old, label);
    if (!status)
        status = sp_saf_drop_certificate(run->db, old.owner_kind, old.owner, old.label, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_racdcert_alter(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct sp_saf_certificate certificate, there;
    int rc = sp_racdcert_may(run, "ALTER", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    if (!rc && !r->has_trust && !r->new_label.ptr)
        rc = sp_say(run, SP_RC_SEVERE, "IKJ56701I", "MISSING TRUST, NOTRUST, HIGHTRUST or NEWLABEL");
    if (!rc)
        rc = sp_racdcert_find(run, &r->owner, &choice, true, &certificate);
    if (rc)
        return rc;
    if (r->has_trust)
        certificate.trust = r->trust;
    if (r->new_label.ptr && !sp_str_eq(r->new_label, certificate.label)) {
        enum sp_status status = sp_saf_get_certificate(run->db, r->owner.kind, r->owner.id, r->new_label,
                                                       false, run->arena, &there, &run->err);
        if (!status)
            return sp_say(run, SP_RC_ERROR, "IRRD111I", "The label '%.*s' is already in use by %.*s",
                          SP_STR_ARG(r->new_label), SP_STR_ARG(sp_racdcert_owner_text(run, &r->owner)));
        return status == SP_ENOTFOUND ? rename_certificate(run, &certificate, r->new_label)
                                      : sp_run_failed(run, status);
    }
    enum sp_status status = sp_saf_put_certificate(run->db, &certificate, &run->err);
    return status ? sp_run_failed(run, status) : SP_RC_OK;
}

int sp_racdcert_delete(struct sp_run *run, const struct sp_racdcert *r)
{
    struct sp_cert_choice choice = {.label = {NULL, 0}};
    struct sp_saf_certificate certificate;
    struct entries_walk walk = {.run = run, .certificate = &certificate};
    struct sp_str any = SP_STR("");
    int rc = sp_racdcert_may(run, "DELETE", sp_racdcert_level(run, &r->owner));
    if (!rc)
        rc = sp_racdcert_take_choice(run, r->operand, &choice);
    if (!rc)
        rc = sp_racdcert_find(run, &r->owner, &choice, false, &certificate);
    if (rc)
        return rc;
    enum sp_status status = sp_saf_each_ring_entry(run->db, any, any, note_entry, &walk, &run->err);
    if (!status)
        status = sp_saf_drop_certificate(run->db, certificate.owner_kind, certificate.owner,
                                         certificate.label, &run->err);
    if (status)
        return sp_run_failed(run, status);
    for (size_t i = 0; i < walk.count; i++)
        sp_say(run, SP_RC_OK, "SAF0116I", "The certificate is removed from ring %.*s of %.*s",
               SP_STR_ARG(walk.entries[i].ring), SP_STR_ARG(walk.entries[i].ring_owner));
    return SP_RC_OK;
}
