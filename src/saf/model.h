/* SPDX-License-Identifier: Apache-2.0
 * model.h: the things a security database knows, with RACF's names.
 *
 * Plain values without behaviour; strings are views whose owner each function names. Dates are days since
 * 1970-01-01 (UTC), SP_SAF_NO_DATE when there is none. User ids, group and class names are 1 to 8 characters
 * of A-Z 0-9 # $ @.
 */
#ifndef SP_SAF_MODEL_H
#define SP_SAF_MODEL_H

#include "saf/passticket.h"

#define SP_SAF_ID_MAX 8u
#define SP_SAF_NO_DATE INT32_MIN
#define SP_SAF_LABEL_MAX 32u
#define SP_SAF_KEY_LABEL_MAX 64u
#define SP_SAF_DIST_NAME_MAX 246u
#define SP_SAF_REGISTRY_MAX 255u

/* Ordered: a higher level includes the lower ones. */
enum sp_saf_access {
    SP_SAF_NONE,
    SP_SAF_EXECUTE,
    SP_SAF_READ,
    SP_SAF_UPDATE,
    SP_SAF_CONTROL,
    SP_SAF_ALTER,
};

enum sp_saf_authority { SP_SAF_USE, SP_SAF_CREATE, SP_SAF_CONNECT, SP_SAF_JOIN };

enum sp_saf_user_flags {
    SP_SAF_SPECIAL = 1u << 0,
    SP_SAF_OPERATIONS = 1u << 1,
    SP_SAF_AUDITOR = 1u << 2,
    SP_SAF_ROAUDIT = 1u << 3,
    SP_SAF_RESTRICTED = 1u << 4,
    SP_SAF_REVOKED = 1u << 5,
    SP_SAF_UAUDIT = 1u << 6,
    SP_SAF_ADSP = 1u << 7,
    SP_SAF_GRPACC = 1u << 8,
    SP_SAF_PASSWORD_EXPIRED = 1u << 9,
    SP_SAF_PHRASE_EXPIRED = 1u << 10,
    SP_SAF_OIDCARD = 1u << 11,
};

/* A stored verifier: never the secret itself. */
struct sp_saf_verifier {
    struct sp_str encoded; /* "scrypt$..." or "pbkdf2$...", see saf/verifier.h; empty: there is none */
    int32_t changed;       /* date */
};

struct sp_saf_user {
    struct sp_str id;
    struct sp_str name; /* PROGRAMMER, up to 20 characters */
    struct sp_str default_group, owner;
    unsigned flags;
    struct sp_saf_verifier password, phrase; /* neither: a protected user */
    int password_interval, phrase_interval;  /* days; 0: that of SETROPTS, -1: never expires */
    int failed_tries;
    int32_t created, last_use_date, revoke_date, resume_date;
    int32_t last_use_time;       /* seconds of the day */
    int64_t uid;                 /* OMVS; -1: no segment */
    struct sp_str home, program; /* OMVS */
    struct sp_str data;          /* installation data, up to 255 */
    unsigned logon_days;         /* bit 0 Sunday .. 6; 0x7f: every day */
    int logon_from, logon_to;    /* minutes of the day; -1: any time */
};

struct sp_saf_history { /* a password or phrase that was replaced */
    struct sp_str user;
    bool is_phrase;
    int64_t changed_us; /* when it was replaced */
    struct sp_str encoded;
};

struct sp_saf_group {
    struct sp_str id;
    struct sp_str superior, owner; /* superior empty: SYS1 alone */
    struct sp_str data;
    int32_t created;
    int64_t gid; /* OMVS; -1 */
    bool universal;
    bool no_term_uacc;
};

struct sp_saf_connect {
    struct sp_str user, group, owner;
    enum sp_saf_authority authority;
    enum sp_saf_access uacc;
    unsigned flags; /* group SPECIAL, OPERATIONS, AUDITOR, REVOKED, ADSP, GRPACC */
    int32_t created, revoke_date, resume_date;
};

/* When access is recorded: a bit for successes and failures, from which level on. */
struct sp_saf_audit {
    bool successes, failures;
    enum sp_saf_access successes_from, failures_from;
};

struct sp_saf_profile {
    struct sp_str class, name;
    bool generic;
    struct sp_str owner, notify, appl_data, data;
    enum sp_saf_access uacc;
    bool warning;
    int level; /* 0..99, of the installation */
    struct sp_saf_audit audit, global_audit;
    int32_t created, changed;
    /* STDATA of class STARTED */
    struct sp_str st_user, st_group;
    bool st_trusted, st_privileged, st_trace;
};

struct sp_saf_access_entry {
    struct sp_str class, profile;
    struct sp_str id; /* user, group or "*" */
    enum sp_saf_access access;
    struct sp_str when_kind,
        when_name; /* conditional access list: "PROGRAM", "TERMINAL", ...; empty: standard */
};

struct sp_saf_member { /* ADDMEM of a grouping class */
    struct sp_str class, profile, member;
    enum sp_saf_access global_access; /* class GLOBAL: "NAME/READ" */
};

struct sp_saf_class { /* SETROPTS per class */
    struct sp_str name;
    bool active, raclisted, generic, gencmd;
    bool global_checking;     /* its profile in class GLOBAL counts */
    struct sp_str logoptions; /* ALWAYS, NEVER, SUCCESSES, FAILURES, DEFAULT */
};

struct sp_saf_passticket_profile { /* SSIGNON of a PTKTDATA profile */
    struct sp_str profile;
    struct sp_passticket_key key; /* decrypted; wipe it; length 0: no key is stored under the label */
    struct sp_str key_label;      /* names a struct sp_saf_key; empty: the key is the profile's own */
    int timeout;                  /* seconds; 0: SP_PASSTICKET_WINDOW */
    bool replay_allowed;
};

struct sp_saf_key {       /* a key that profiles name by its label, as they name those of ICSF on z/OS */
    struct sp_str label;  /* 1..64 of A-Z 0-9 # $ @ and periods */
    struct sp_str secret; /* decrypted, 8 or 32..256 bytes; wipe it; empty when it was not asked for */
    int32_t created;
};

enum sp_saf_cert_owner { SP_SAF_CERT_PERSONAL, SP_SAF_CERT_AUTH, SP_SAF_CERT_SITE };
enum sp_saf_trust { SP_SAF_NOTRUST, SP_SAF_TRUST, SP_SAF_HIGHTRUST };

struct sp_saf_certificate {
    enum sp_saf_cert_owner owner_kind;
    struct sp_str owner; /* user id; empty for certauth and site */
    struct sp_str label; /* unique with the owner, up to 32 */
    enum sp_saf_trust trust;
    struct sp_str der;
    struct sp_str private_key; /* PKCS#8 DER, decrypted, a secret; empty: none */
    bool has_private_key;      /* also when private_key was not asked for */
};

struct sp_saf_ring {
    struct sp_str owner, name; /* up to 237 */
};

struct sp_saf_ring_entry {
    struct sp_str ring_owner, ring;
    enum sp_saf_cert_owner owner_kind;
    struct sp_str owner, label;
    enum sp_saf_cert_owner usage; /* PERSONAL, CERTAUTH, SITE */
    bool is_default;
};

struct sp_saf_cert_filter {        /* RACDCERT MAP */
    struct sp_str user;            /* empty with criteria (MULTIID) */
    struct sp_str subject, issuer; /* filters, RDNs joined by periods, most specific first; empty: none */
    struct sp_str label, criteria;
    bool trust;
};

struct sp_saf_identity_filter {                /* RACMAP */
    struct sp_str user, name, registry, label; /* name normalised */
};

struct sp_saf_password_rule {
    int shortest, longest; /* 0: there is no rule of this number */
    char content[9];       /* one letter a position, ' ' any; see saf/password_rule.h */
};

struct sp_saf_options { /* SETROPTS that are not per class */
    bool grplist, mixed_case, special_chars, addcreator, initstats;
    int history, interval, min_change, revoke_after, warning, phrase_interval, inactive;
    struct sp_saf_password_rule rules[8];
    int rule_count;
};

const char *sp_saf_access_name(enum sp_saf_access access);
/* By name or unambiguous prefix, caseless. SP_EINVAL. */
enum sp_status sp_saf_access_named(struct sp_str name, enum sp_saf_access *ret_access) SP_MUST_CHECK;
const char *sp_saf_authority_name(enum sp_saf_authority authority);
/* Whether a user or connection with these is revoked on a day: by the flag or since a date, and not resumed
 * since. */
bool sp_saf_is_revoked(unsigned flags, int32_t revoke_date, int32_t resume_date, int32_t day);
/* 1 to 64 characters of A-Z 0-9 # $ @ and periods, not beginning with a digit or period (upper case already).
 */
bool sp_saf_key_label_ok(struct sp_str label);
/* 1 to 8 characters of A-Z 0-9 # $ @ (upper case already). */
bool sp_saf_id_ok(struct sp_str id);

#endif
