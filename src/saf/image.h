/* SPDX-License-Identifier: Apache-2.0
 * image.h: the whole security database in memory, immutable. Private to the room.
 *
 * Built from one consistent read of the database. Generic profiles are found by their literal prefix, longest
 * first: the first that covers a name is the most specific, whatever the number of profiles.
 */
#ifndef SP_SAF_IMAGE_H
#define SP_SAF_IMAGE_H

#include <stdatomic.h>

#include "base/hash.h"
#include "saf/db.h"
#include "saf/id_table.h"
#include "saf/saf.h"

struct sp_saf_image_user {
    struct sp_saf_user user;
    uint64_t password_mark; /* of the verifiers, which stay in the database */
    /* Groups he is connected to: first `group_count` that are good today, then those that are revoked. */
    const struct sp_str *groups;
    const uint64_t *group_keys; /* the same as numbers */
    uint32_t group_count, connect_count;
};

struct sp_saf_image_condition {
    struct sp_str kind, name;
};

struct sp_saf_image_access {
    uint64_t id;                               /* sp_saf_id_key; that of "*" for everybody */
    const struct sp_saf_image_condition *when; /* NULL: standard access list */
    enum sp_saf_access access;
};

/* What decides for a resource: one profile, or several of a grouping class merged. */
struct sp_saf_image_profile {
    const struct sp_saf_profile *profile; /* the first */
    struct sp_str name;                   /* as matched: the profile's, or the member's */
    enum sp_saf_access uacc;
    bool warning;
    struct sp_saf_audit audit, global_audit;
    /* First `standard_count` entries of the standard access list, by id; then the conditional ones. */
    const struct sp_saf_image_access *access;
    size_t standard_count, access_count;
    struct sp_saf_image_profile *next; /* of the same literal prefix, less specific */
};

struct sp_saf_image_class {
    const struct sp_saf_class_info *info;
    struct sp_saf_class settings;
    struct sp_hash discrete;            /* name -> struct sp_saf_image_profile */
    struct sp_hash generic;             /* literal prefix -> first of a list */
    unsigned char lengths[256 / 8];     /* prefix lengths that occur */
    const struct sp_saf_member *global; /* members of the class's profile in GLOBAL */
    size_t global_count;
};

struct sp_saf_image {
    _Atomic unsigned references;
    struct sp_saf_audit_queue *audit; /* of the handle, with a reference; NULL: nobody records */
    uint64_t version;
    int32_t day; /* for which groups and revocations were worked out */
    struct sp_arena arena;
    struct sp_saf_options options;
    struct sp_saf_id_table users, groups; /* struct sp_saf_image_user, struct sp_saf_group */
    struct sp_saf_id_table classes;       /* struct sp_saf_image_class */
    struct sp_hash identities;            /* "name\0registry" -> struct sp_saf_identity_filter */
    struct sp_hash certificates; /* SHA-256 of the DER -> struct sp_saf_certificate, without private keys */
    struct sp_hash subject_filters, issuer_filters, both_filters; /* filter text -> struct sp_saf_cert_filter;
                                                                     both: "subject\0issuer" */
};

/* Read the database into an image with one reference. `day` is days since 1970. SP_ELIMIT beyond 1 GiB. */
enum sp_status sp_saf_image_build(struct sp_saf_db *db, int32_t day, struct sp_saf_image **ret_image,
                                  struct sp_error *err) SP_MUST_CHECK;

/* The profile that decides, or NULL; `*ret_class` (may be NULL) the class, NULL when it has no settings. */
const struct sp_saf_image_profile *sp_saf_image_find_profile(const struct sp_saf_image *image,
                                                             struct sp_str class, struct sp_str resource,
                                                             const struct sp_saf_image_class **ret_class);
/* The class, active or not; NULL when it has no settings and no profiles. */
const struct sp_saf_image_class *sp_saf_image_find_class(const struct sp_saf_image *image,
                                                         struct sp_str name);
const struct sp_saf_image_user *sp_saf_image_find_user(const struct sp_saf_image *image, struct sp_str id);

#endif
