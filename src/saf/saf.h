/* SPDX-License-Identifier: Apache-2.0
 * saf.h: asking the security database.
 *
 * A process opens one struct sp_saf. Decisions are made on an immutable image of the whole database in
 * memory, which follows the database within 100 ms of a commit; making one is pure computation, safe on the
 * loop's thread. What must hash a password or write to the database is called by io_offload.
 */
#ifndef SP_SAF_SAF_H
#define SP_SAF_SAF_H

#include "base/arena.h"
#include "saf/model.h"

struct sp_saf;
struct sp_saf_image;

struct sp_saf_settings {
    const char *path;     /* of the database */
    const char *key_path; /* NULL: path + ".key" */
};

enum sp_status sp_saf_open(const struct sp_saf_settings *settings, struct sp_saf **ret_saf,
                           struct sp_error *err) SP_MUST_CHECK;
void sp_saf_close(struct sp_saf *saf);
/* The newest image, with a reference for the caller. A thread of its own looks at the database's version
 * every 50 ms and builds; a caller gets the old image until the new one is whole. Any thread. */
const struct sp_saf_image *sp_saf_image(struct sp_saf *saf);
void sp_saf_image_release(const struct sp_saf_image *image);
uint64_t sp_saf_image_version(const struct sp_saf_image *image);

/* Where a request comes from, for the record. Each may be empty. */
struct sp_saf_origin {
    struct sp_str address;               /* of the peer, as text */
    struct sp_str dist_name, dist_realm; /* the identity that was mapped to the user */
    struct sp_str correlator;            /* of the request, as other records have it */
};

/* ---- RACROUTE REQUEST=AUTH ---- */

struct sp_saf_auth {
    struct sp_str class, resource;
    struct sp_str user;  /* empty: nobody is known; only UACC counts */
    struct sp_str group; /* current connect group, for NOGRPLIST; empty: the default group */
    enum sp_saf_access wanted;
    struct sp_str when_kind, when_name; /* condition that holds: "TERMINAL" and its name, ...; empty: none */
    bool trusted;                       /* a started task with TRUSTED or PRIVILEGED: granted */
    const struct sp_saf_origin *origin; /* NULL: not known */
};

struct sp_saf_decision {
    bool granted;
    unsigned saf_rc, racf_rc,
        racf_reason;       /* section "return codes" of docs/saf.md: 0/0/0, 4/0/0, 4/4/0, 8/8/0 */
    struct sp_str profile; /* that decided, empty when none covers; view of the image */
    struct sp_str by;      /* "USER FRED", "GROUP SYS1", "ID(*)", "UACC", "OPERATIONS", ... in the arena */
    enum sp_saf_access allowed; /* highest access the profile allows this user */
    bool warning;               /* granted only because of WARNING */
    bool audit;                 /* profile, class or user ask for a record of this decision */
};

/* Order as documented in docs/saf.md. A resource that nothing protects is not granted: 4/4/0; the caller
 * decides. */
void sp_saf_decide(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                   struct sp_arena *arena, struct sp_saf_decision *ret_decision);
/* The message an administrator searches for, several lines: ICH408I USER(..) GROUP(..) NAME(..) / resource
 * CL(..) / ... */
struct sp_str sp_saf_ich408i(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                             const struct sp_saf_decision *decision, struct sp_arena *arena);

/* The same on one line, for a log. */
struct sp_str sp_saf_ich408i_line(const struct sp_saf_image *image, const struct sp_saf_auth *request,
                                  const struct sp_saf_decision *decision, struct sp_arena *arena);

/* ---- who is who ---- */

/* The user as the image has it (views of the image), or NULL. */
const struct sp_saf_user *sp_saf_find_user(const struct sp_saf_image *image, struct sp_str id);
/* A number that is another one when another password or phrase is stored for the user; 0: not defined. It
 * says nothing about them. */
uint64_t sp_saf_password_mark(const struct sp_saf_image *image, struct sp_str user);
const struct sp_saf_group *sp_saf_find_group(const struct sp_saf_image *image, struct sp_str id);
/* Groups the user is connected to and not revoked in, today; views of the image. */
size_t sp_saf_groups_of(const struct sp_saf_image *image, struct sp_str user,
                        const struct sp_str **ret_groups);
/* The user as whom a started task runs: STDATA(USER) of the profile in class STARTED that covers
 * procedure.job, with =MEMBER the procedure's own name. A view of the image or of `procedure`; ptr NULL when
 * nothing names one. */
struct sp_str sp_saf_started_user(const struct sp_saf_image *image, struct sp_str procedure,
                                  struct sp_str job);
/* RACMAP look-up with RDN stripping: a user id (view of the image), or ptr NULL. `*ret_filter` (may be NULL):
 * which decided. */
struct sp_str sp_saf_map_identity(const struct sp_saf_image *image, struct sp_str name,
                                  struct sp_str registry, const struct sp_saf_identity_filter **ret_filter);
/* A distinguished name as RACMAP stores it: attribute types in upper case, no blanks around '=' and ',',
 * values as they are; other names trimmed only. Returns the length, 0 when `size` is too small (never longer
 * than `name`). */
size_t sp_saf_normalise_dn(struct sp_str name, char *ret_text, size_t size);
/* Certificate (DER) to user id: registered certificate, then filters in the documented six steps. `*ret_how`
 * says which step; in the arena. SP_ENOTFOUND, SP_ESYNTAX. */
enum sp_status sp_saf_map_certificate(const struct sp_saf_image *image, struct sp_str der, struct sp_str appl,
                                      struct sp_arena *arena, struct sp_str *ret_user, struct sp_str *ret_how,
                                      struct sp_error *err) SP_MUST_CHECK;

/* ---- RACROUTE REQUEST=VERIFY: blocks (password hash, write of counters) ---- */

enum sp_saf_verify_outcome {
    SP_SAF_VERIFIED,
    SP_SAF_UNKNOWN_USER,   /* 8/4 */
    SP_SAF_WRONG_PASSWORD, /* 8/8 */
    SP_SAF_EXPIRED,        /* 8/12 */
    SP_SAF_NEW_INVALID,    /* 8/16 */
    SP_SAF_NOT_IN_GROUP,   /* 8/20 */
    SP_SAF_USER_REVOKED,   /* 8/28 */
    SP_SAF_GROUP_REVOKED,  /* 8/36 */
    SP_SAF_DAY_TIME,       /* 8/48 */
    SP_SAF_NO_APPL,        /* 8/52 */
    SP_SAF_TICKET_INVALID, /* counts as a wrong password; kept apart for the log only */
};

struct sp_saf_verify {
    struct sp_str user, password; /* password, phrase or PassTicket */
    struct sp_str new_password;   /* empty: none */
    struct sp_str appl, group;    /* empty: not checked */
    bool without_password; /* the identity is already established (certificate, RACMAP): status checks only */
    const struct sp_saf_origin *origin; /* NULL: not known */
};

struct sp_saf_verified {
    enum sp_saf_verify_outcome outcome;
    unsigned saf_rc, racf_rc, racf_reason;
    bool by_passticket;
    int ticket_age;      /* seconds, when by_passticket */
    bool now_revoked;    /* this failure revoked the user */
    int expires_in;      /* days, when SETROPTS PASSWORD(WARNING) has the user told; else -1 */
    struct sp_str group; /* current connect group; in the arena */
};

/* What VERIFY asks of a user whose identity is established, on the image alone: defined, not revoked, may log
 * on today, and has access to the application (`appl` empty: not asked). Writes nothing; safe on the loop's
 * thread. */
enum sp_saf_verify_outcome sp_saf_check_user(const struct sp_saf_image *image, struct sp_str user,
                                             struct sp_str appl, struct sp_arena *arena);
/* Return codes of an outcome, everything else as for a logon that wrote nothing. */
struct sp_saf_verified sp_saf_verified_of(enum sp_saf_verify_outcome outcome);

/* SP_OK with the outcome, or why none could be had (SP_EUNAVAIL, SP_EIO). */
enum sp_status sp_saf_verify_blocking(struct sp_saf *saf, const struct sp_saf_verify *request,
                                      struct sp_arena *arena, struct sp_saf_verified *ret_verified,
                                      struct sp_error *err) SP_MUST_CHECK;
/* The message an administrator searches for when somebody could not come in, on one line. */
struct sp_str sp_saf_ich408i_verify(const struct sp_saf_image *image, struct sp_str user,
                                    const struct sp_saf_verified *verified, struct sp_arena *arena);
/* Generate a PassTicket for `appl` and `user` on behalf of `caller`, who needs UPDATE on IRRPTAUTH.appl.user
 * in PTKTDATA. SP_EDENIED 8/8/16, SP_ENOTFOUND 8/16/28. */
enum sp_status sp_saf_passticket_blocking(struct sp_saf *saf, struct sp_str caller, struct sp_str user,
                                          struct sp_str appl, char ret_ticket[SP_PASSTICKET_LEN + 1],
                                          struct sp_error *err) SP_MUST_CHECK;

/* ---- key rings: blocks (reads and decrypts keys) ---- */

struct sp_saf_ring_content {
    const struct sp_saf_certificate
        *certificates;                       /* with private keys where `caller` may use them; wipe them */
    const struct sp_saf_ring_entry *entries; /* same index */
    size_t count;
};

/* A ring's certificates as `caller` may see them, in the order in which they were connected, without those
 * that are NOTRUST. `owner` empty: the caller; *AUTH* and *SITE* with ring "*" are the virtual rings of all
 * certificates of authorities and of the site, a user with ring "*" that of his own. A private key comes with
 * a certificate connected as PERSONAL that the caller owns, or may use (docs/saf.md, "Key rings").
 * SP_ENOTFOUND (8/8/84), SP_EDENIED, SP_EUNAVAIL. */
enum sp_status sp_saf_ring_blocking(struct sp_saf *saf, struct sp_str caller, struct sp_str owner,
                                    struct sp_str ring, struct sp_arena *arena,
                                    struct sp_saf_ring_content *ret_content,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Overwrite the private keys. Accepts NULL. */
void sp_saf_ring_wipe(struct sp_saf_ring_content *content);

#endif
