/* SPDX-License-Identifier: Apache-2.0
 * Key rings as R_datalib gives them: who may see a ring, and whose private keys he may use. The rules are in
 * docs/saf.md, "Key rings".
 */
#include "saf/ring.h"

#include "base/secret.h"
#include "saf/audit_event.h"
#include "saf/generic.h"
#include "saf/handle.h"

#define RING_CERTIFICATES_MAX 4096u
#define VIRTUAL "*"

/* ---- locations ---- */

#define SCHEME SP_STR("safkeyring")

bool sp_saf_is_ring_location(struct sp_str location)
{
    location = sp_str_trim(location);
    return sp_str_caseless_eq(sp_str_slice(location, 0, SCHEME.len), SCHEME) &&
           sp_str_find(location, ':') < location.len;
}

static enum sp_status bad_location(struct sp_error *err, struct sp_str location, const char *what)
{
    return sp_error_set(err, SP_ESYNTAX, NULL,
                        "the key ring location '%.*s' %s: write safkeyring://OWNER/RING, or "
                        "safkeyring:///RING for a ring of the user who runs the server",
                        SP_STR_ARG(location), what);
}

static bool take_owner(struct sp_str text, char ret_owner[9])
{
    if (text.len > SP_SAF_ID_MAX)
        return false;
    for (size_t i = 0; i < text.len; i++)
        ret_owner[i] = sp_upper(text.ptr[i]);
    ret_owner[text.len] = '\0';
    struct sp_str owner = sp_str_of(ret_owner);
    return sp_saf_id_ok(owner) || sp_str_is(owner, "*AUTH*") || sp_str_is(owner, "*SITE*");
}

static bool printable(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] <= ' ' || text.ptr[i] == 0x7f)
            return false;
    return true;
}

enum sp_status sp_saf_ring_location_parse(struct sp_str location, struct sp_saf_ring_location *ret_location,
                                          struct sp_error *err)
{
    struct sp_saf_ring_location found = {.owner = ""};
    struct sp_str rest = sp_str_trim(location);
    struct sp_str scheme = sp_str_slice(rest, 0, sp_str_find(rest, ':'));
    if (!sp_str_caseless_eq(scheme, SCHEME)) {
        if (sp_saf_is_ring_location(rest))
            return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                                "'%.*s:' names keys in cryptographic hardware, which are not read here; "
                                "safkeyring: reads rings of the security database",
                                SP_STR_ARG(scheme));
        return bad_location(err, location, "does not begin with safkeyring:");
    }
    rest = sp_str_slice(rest, scheme.len + 1, rest.len);
    size_t slashes = 0;
    while (slashes < rest.len && rest.ptr[slashes] == '/')
        slashes++;
    if (slashes < 2 || slashes > 4)
        return bad_location(err, location, "does not have two to four slashes behind the colon");
    rest = sp_str_slice(rest, slashes, rest.len);
    size_t slash = sp_str_find(rest, '/');
    if (slash == rest.len && slashes == 2)
        return bad_location(err, location, "names no ring");
    if (slash < rest.len && !take_owner(sp_str_slice(rest, 0, slash), found.owner))
        return bad_location(err, location, "has an owner that is no user id");
    found.ring = slash < rest.len ? sp_str_slice(rest, slash + 1, rest.len) : rest;
    if (!found.ring.len || found.ring.len > SP_SAF_RING_NAME_MAX || !printable(found.ring) ||
        sp_str_find(found.ring, '/') < found.ring.len)
        return bad_location(err, location,
                            "has no ring name of 1 to 237 characters without blanks and slashes");
    *ret_location = found;
    return SP_OK;
}

/* ---- authority ---- */

struct reading {
    struct sp_saf_db *db;
    const struct sp_saf_image *image;
    struct sp_str caller, owner, ring;
    enum sp_saf_cert_owner kind; /* of the owner of a virtual ring */
    struct sp_arena *arena;
    struct sp_str resource; /* in RDATALIB; ptr NULL: no profile there covers the ring */
    struct sp_saf_certificate *certificates;
    struct sp_saf_ring_entry *entries;
    size_t count;
    struct sp_error *err;
};

enum answer { NOT_PROTECTED, REFUSED, GRANTED };

static enum answer ask(struct reading *r, const char *class, struct sp_str resource,
                       enum sp_saf_access wanted, bool recorded)
{
    struct sp_saf_auth request = {
        .class = sp_str_of(class), .resource = resource, .user = r->caller, .wanted = wanted};
    struct sp_saf_decision decision;
    sp_saf_decide(r->image, &request, r->arena, &decision);
    if (recorded)
        sp_saf_audit_access(r->image, &request, &decision);
    if (decision.granted)
        return GRANTED;
    return decision.saf_rc == 4 ? NOT_PROTECTED : REFUSED;
}

/* owner.ring.LST, its ring cut where a profile name ends. */
static struct sp_str rdatalib_name(const struct reading *r)
{
    bool virtual = sp_str_is(r->ring, VIRTUAL);
    struct sp_str owner = r->kind == SP_SAF_CERT_AUTH   ? SP_STR("CERTIFAUTH")
                          : r->kind == SP_SAF_CERT_SITE ? SP_STR("SITECERTIF")
                                                        : r->owner;
    struct sp_str ring = virtual ? SP_STR("IRR_VIRTUAL_KEYRING") : r->ring;
    ring = sp_str_slice(ring, 0, SP_SAF_NAME_MAX - owner.len - 5);
    return sp_arena_printf(r->arena, "%.*s.%.*s.LST", SP_STR_ARG(owner), SP_STR_ARG(ring));
}

/* A profile in RDATALIB that covers the ring decides alone; the FACILITY class only when there is none. */
static enum sp_status check_caller(struct reading *r)
{
    bool own = sp_str_eq(r->caller, r->owner) || r->kind != SP_SAF_CERT_PERSONAL;
    enum sp_saf_access wanted = own ? SP_SAF_READ : SP_SAF_UPDATE;
    r->resource = rdatalib_name(r);
    if (!r->resource.ptr)
        return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory to read a key ring");
    struct sp_str resource = r->resource;
    enum answer answer = ask(r, "RDATALIB", resource, SP_SAF_READ, false);
    if (answer == NOT_PROTECTED) {
        r->resource.ptr = NULL;
        answer = ask(r, "FACILITY", SP_STR("IRR.DIGTCERT.LISTRING"), wanted, true);
    } else {
        answer = ask(r, "RDATALIB", resource, SP_SAF_READ, true);
    }
    if (answer == GRANTED)
        return SP_OK;
    return sp_error_set(
        r->err, SP_EDENIED, NULL,
        "user %.*s may not read the key ring %.*s/%.*s: %s access to IRR.DIGTCERT.LISTRING in "
        "class FACILITY or READ access to %.*s in class RDATALIB is needed",
        SP_STR_ARG(r->caller), SP_STR_ARG(r->owner), SP_STR_ARG(r->ring), sp_saf_access_name(wanted),
        SP_STR_ARG(resource));
}

static bool may_use_key(struct reading *r, const struct sp_saf_ring_entry *entry)
{
    if (entry->usage != SP_SAF_CERT_PERSONAL)
        return false;
    if (entry->owner_kind == SP_SAF_CERT_PERSONAL) {
        if (sp_str_eq(entry->owner, r->caller))
            return true;
        return r->resource.ptr && ask(r, "RDATALIB", r->resource, SP_SAF_UPDATE, false) == GRANTED;
    }
    const struct sp_saf_user *caller = sp_saf_find_user(r->image, r->caller);
    if (caller && caller->flags & SP_SAF_SPECIAL)
        return true;
    if (r->resource.ptr)
        return ask(r, "RDATALIB", r->resource, SP_SAF_CONTROL, false) == GRANTED;
    return ask(r, "FACILITY", SP_STR("IRR.DIGTCERT.GENCERT"), SP_SAF_CONTROL, false) == GRANTED;
}

/* ---- contents ---- */

static enum sp_status no_memory(struct reading *r)
{
    return sp_error_set(r->err, SP_ELIMIT, NULL, "the key ring %.*s/%.*s holds more than %u certificates",
                        SP_STR_ARG(r->owner), SP_STR_ARG(r->ring), RING_CERTIFICATES_MAX);
}

/* What is in the ring, without the certificates themselves: those are read afterwards, one by one. */
static enum sp_status note(struct reading *r, const struct sp_saf_ring_entry *entry)
{
    if (r->count == RING_CERTIFICATES_MAX)
        return no_memory(r);
    struct sp_saf_ring_entry *kept = &r->entries[r->count];
    *kept = *entry;
    struct sp_str *texts[] = {&kept->ring_owner, &kept->ring, &kept->owner, &kept->label};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        *texts[i] = sp_arena_str(r->arena, *texts[i]);
        if (!texts[i]->ptr)
            return no_memory(r);
    }
    r->count++;
    return SP_OK;
}

static enum sp_status note_entry(void *arg, const void *value)
{
    return note(arg, value);
}

static enum sp_status note_certificate(void *arg, const void *value)
{
    struct reading *r = arg;
    const struct sp_saf_certificate *certificate = value;
    struct sp_str owner = r->kind == SP_SAF_CERT_PERSONAL ? r->owner : SP_STR("");
    if (certificate->owner_kind != r->kind || !sp_str_eq(certificate->owner, owner))
        return SP_OK;
    struct sp_saf_ring_entry entry = {.ring_owner = r->owner,
                                      .ring = r->ring,
                                      .owner_kind = r->kind,
                                      .owner = certificate->owner,
                                      .label = certificate->label,
                                      .usage = r->kind};
    return note(r, &entry);
}

static enum sp_status note_ring(void *arg, const void *value)
{
    struct reading *r = arg;
    const struct sp_saf_ring *ring = value;
    return sp_str_eq(ring->name, r->ring) ? SP_EEXISTS : SP_OK;
}

static enum sp_status list_entries(struct reading *r)
{
    r->certificates = sp_arena_calloc(r->arena, RING_CERTIFICATES_MAX, sizeof *r->certificates);
    r->entries = sp_arena_calloc(r->arena, RING_CERTIFICATES_MAX, sizeof *r->entries);
    if (!r->certificates || !r->entries)
        return sp_error_set(r->err, SP_ENOMEM, NULL, "no memory to read a key ring");
    if (sp_str_is(r->ring, VIRTUAL))
        return sp_saf_each_certificate(r->db, false, note_certificate, r, r->err);
    if (r->kind == SP_SAF_CERT_PERSONAL) {
        enum sp_status status = sp_saf_each_ring(r->db, r->owner, note_ring, r, r->err);
        if (status == SP_EEXISTS)
            return sp_saf_each_ring_entry(r->db, r->owner, r->ring, note_entry, r, r->err);
        if (status)
            return status;
    }
    return sp_error_set(r->err, SP_ENOTFOUND, NULL,
                        "there is no key ring %.*s/%.*s (R_datalib return codes 8 8 84): RACDCERT "
                        "ID(%.*s) ADDRING(%.*s) makes one",
                        SP_STR_ARG(r->owner), SP_STR_ARG(r->ring), SP_STR_ARG(r->owner), SP_STR_ARG(r->ring));
}

/* Certificates that are not trusted are in the ring and not given out. */
static enum sp_status read_certificates(struct reading *r)
{
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++) {
        struct sp_saf_certificate *place = &r->certificates[kept];
        const struct sp_saf_ring_entry *entry = &r->entries[i];
        enum sp_status status = sp_saf_get_certificate(r->db, entry->owner_kind, entry->owner, entry->label,
                                                       may_use_key(r, entry), r->arena, place, r->err);
        if (status)
            return status;
        if (place->trust == SP_SAF_NOTRUST) {
            sp_secret_wipe((char *)(uintptr_t)place->private_key.ptr, place->private_key.len);
            memset(place, 0, sizeof *place);
            continue;
        }
        r->entries[kept++] = *entry;
    }
    r->count = kept;
    return SP_OK;
}

void sp_saf_ring_wipe(struct sp_saf_ring_content *content)
{
    for (size_t i = 0; content && i < content->count; i++) {
        struct sp_str key = content->certificates[i].private_key;
        sp_secret_wipe((char *)(uintptr_t)key.ptr, key.len);
    }
}

static enum sp_status read_ring(struct reading *r, struct sp_saf_ring_content *ret_content)
{
    enum sp_status status = check_caller(r);
    if (!status)
        status = sp_saf_db_snapshot_begin(r->db, r->err);
    if (!status)
        status = list_entries(r);
    if (!status)
        status = read_certificates(r);
    sp_saf_db_rollback(r->db);
    struct sp_saf_ring_content content = {r->certificates, r->entries, r->count};
    if (!status)
        *ret_content = content;
    else if (r->certificates)
        sp_saf_ring_wipe(&content);
    return status;
}

enum sp_status sp_saf_ring_blocking(struct sp_saf *saf, struct sp_str caller, struct sp_str owner,
                                    struct sp_str ring, struct sp_arena *arena,
                                    struct sp_saf_ring_content *ret_content, struct sp_error *err)
{
    struct reading r = {.caller = caller, .owner = owner.len ? owner : caller, .ring = ring, .arena = arena};
    r.err = err;
    if (sp_str_is(r.owner, "*AUTH*"))
        r.kind = SP_SAF_CERT_AUTH;
    else if (sp_str_is(r.owner, "*SITE*"))
        r.kind = SP_SAF_CERT_SITE;
    enum sp_status status = sp_saf_borrow_db(saf, &r.db, err);
    if (status)
        return status;
    r.image = sp_saf_image(saf);
    status = read_ring(&r, ret_content);
    sp_saf_image_release(r.image);
    sp_saf_give_back_db(saf, r.db);
    return status;
}
