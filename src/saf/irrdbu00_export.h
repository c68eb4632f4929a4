/* SPDX-License-Identifier: Apache-2.0
 * irrdbu00_export.h: one export as a database unload. Private to the room.
 */
#ifndef SP_SAF_IRRDBU00_EXPORT_H
#define SP_SAF_IRRDBU00_EXPORT_H

#include "saf/certificate.h"
#include "saf/irrdbu00_int.h"
#include "saf/irrdbu00_record.h"

struct sp_export_certificate {
    struct sp_saf_certificate row; /* without DER and key */
    struct sp_certificate_facts facts;
};

struct sp_export_filter {
    struct sp_saf_cert_filter row;
    struct sp_str profile, create_name; /* in DIGTNMAP; "issuer's filter, cent sign, subject's filter" */
};

struct sp_export_subgroup {
    struct sp_str superior, id;
};

/* Equal items in a row: whose an item is comes first. */
struct sp_export_owned {
    struct sp_str owner;
    size_t index;
};

struct sp_export_list {
    void *ptr;
    size_t count, room, size;
    struct sp_export_owned *by_owner;
};

struct sp_export {
    struct sp_saf_db *db;
    struct sp_unload_out out;
    struct sp_arena arena;     /* of the lists */
    struct sp_arena row_arena; /* until the next user, group or profile */
    struct sp_export_list certificates, subgroups, filters, identities, rings, entries;
    struct sp_error *err;
};

/* The n-th item that `owner` has, or NULL. */
const void *sp_export_owned(const struct sp_export_list *list, struct sp_str owner, size_t n);

/* Finish a record. */
enum sp_status sp_export_end(struct sp_export *e);
void sp_export_text(struct sp_export *e, int field, struct sp_str value);
void sp_export_level(struct sp_export *e, int field, enum sp_saf_access access);

/* The groups, the users, and what is anchored at irrcerta, irrsitec and irrmulti. */
enum sp_status sp_export_groups(struct sp_export *e);
enum sp_status sp_export_users(struct sp_export *e);
/* General resources; then DIGTCERT, DIGTNMAP, DIGTRING and IDIDMAP. */
enum sp_status sp_export_resources(struct sp_export *e);
enum sp_status sp_export_certificates(struct sp_export *e);
enum sp_status sp_export_filters(struct sp_export *e);
enum sp_status sp_export_rings(struct sp_export *e);
enum sp_status sp_export_identities(struct sp_export *e);

/* Whose a certificate or filter is: a user id or an anchor. */
struct sp_str sp_export_anchor(enum sp_saf_cert_owner kind, struct sp_str owner);

#endif
