/* SPDX-License-Identifier: Apache-2.0
 * cmd_racdcert.h: what the functions of RACDCERT share. Private to the room.
 */
#ifndef SP_SAF_CMD_RACDCERT_H
#define SP_SAF_CMD_RACDCERT_H

#include "saf/certificate_make.h"
#include "saf/certificate_package.h"
#include "saf/command_authority.h"

enum sp_racdcert_function {
    SP_RACDCERT_ADD,
    SP_RACDCERT_ADDRING,
    SP_RACDCERT_ALTER,
    SP_RACDCERT_ALTMAP,
    SP_RACDCERT_CHECKCERT,
    SP_RACDCERT_CONNECT,
    SP_RACDCERT_DELETE,
    SP_RACDCERT_DELMAP,
    SP_RACDCERT_DELRING,
    SP_RACDCERT_EXPORT,
    SP_RACDCERT_GENCERT,
    SP_RACDCERT_GENREQ,
    SP_RACDCERT_LIST,
    SP_RACDCERT_LISTCHAIN,
    SP_RACDCERT_LISTMAP,
    SP_RACDCERT_LISTRING,
    SP_RACDCERT_MAP,
    SP_RACDCERT_REMOVE,
    SP_RACDCERT_FUNCTIONS,
};

/* Whose something is. */
struct sp_cert_owner {
    enum sp_saf_cert_owner kind;
    struct sp_str id; /* user id; empty for CERTAUTH and SITE */
};

/* Which certificate is meant, of an owner: ptr NULL where nothing is said. */
struct sp_cert_choice {
    struct sp_str label, serial, issuer;
};

/* The command as it was given; what was not given is ptr NULL or 0. */
struct sp_racdcert {
    enum sp_racdcert_function function;
    const struct sp_saf_operand *operand; /* of the function */
    struct sp_cert_owner owner;           /* the issuer of the command when none is named */
    bool multiple;                        /* MULTIID */
    struct sp_cert_choice choice;         /* in the function's parentheses */
    struct sp_str with_label, new_label, password, sdn_filter, idn_filter, criteria, new_criteria;
    const struct sp_saf_operand *dsn, *sign_with;
    bool has_trust;
    enum sp_saf_trust trust;
    int format; /* enum sp_package_format; -1 */
    struct sp_subject subject;
    bool has_subject;
    int64_t size;
    enum sp_key_kind key_kind;
    int64_t not_before, not_after; /* INT64_MIN: not given */
    unsigned usage;
    struct sp_alt_name alt_names[SP_ALT_NAMES_MAX];
    size_t alt_name_count;
};

int sp_racdcert_add(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_checkcert(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_gencert(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_genreq(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_export(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_list(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_listchain(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_alter(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_delete(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_addring(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_delring(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_listring(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_connect(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_remove(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_map(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_listmap(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_altmap(struct sp_run *run, const struct sp_racdcert *r);
int sp_racdcert_delmap(struct sp_run *run, const struct sp_racdcert *r);

/* ---- authority and owners ---- */

/* SPECIAL, or this access to IRR.DIGTCERT.<function> in class FACILITY. SP_RC_OK or a message. */
int sp_racdcert_may(struct sp_run *run, const char *function, enum sp_saf_access access);
/* What an owner's things want: READ one's own, UPDATE another user's, CONTROL those of CERTAUTH and SITE. */
enum sp_saf_access sp_racdcert_level(struct sp_run *run, const struct sp_cert_owner *owner);
/* "user FRED", "CERTAUTH", "SITE"; in the arena. */
struct sp_str sp_racdcert_owner_text(struct sp_run *run, const struct sp_cert_owner *owner);

/* ---- certificates ---- */

/* "LABEL('x')", "SERIALNUMBER(01) ISSUERSDN('...')" out of an operand's list; other words are left to
 * `other`, which returns a code (NULL: refused). */
int sp_racdcert_take_choice(struct sp_run *run, const struct sp_saf_operand *list,
                            struct sp_cert_choice *ret_choice);
/* A label: 1 to 32 characters without blanks at the ends. SP_RC_OK or a message. */
int sp_racdcert_take_label(struct sp_run *run, const struct sp_saf_operand *o, struct sp_str *ret_label);
/* The certificate of an owner that a choice names, or his only one when it names none. The private key comes
 * when asked for. SP_RC_OK or a message. */
int sp_racdcert_find(struct sp_run *run, const struct sp_cert_owner *owner,
                     const struct sp_cert_choice *choice, bool with_key,
                     struct sp_saf_certificate *ret_certificate);
/* The certificate of anybody that issued this one: its subject is the issuer and its key fits the signature.
 * False when there is none, or it issued itself. */
bool sp_racdcert_find_issuer(struct sp_run *run, struct sp_str der, struct sp_saf_certificate *ret_issuer);
/* LABEL00000001 and so on: the next that the owner has not. */
struct sp_str sp_racdcert_free_label(struct sp_run *run, const struct sp_cert_owner *owner);

/* A certificate that is to be there. */
struct sp_racdcert_entry {
    struct sp_cert_owner owner;
    struct sp_str label; /* ptr NULL: one is made up */
    struct sp_str der, key;
    bool has_trust;
    enum sp_saf_trust trust;
};
/* Put it into the database: as a new one, or in the place of one of the same owner with the same key, which
 * keeps its label, private key and rings. `*ret_label` (may be NULL). SP_RC_OK, SP_RC_WARNING or a refusal.
 */
int sp_racdcert_store(struct sp_run *run, const struct sp_racdcert_entry *entry, struct sp_str *ret_label);

/* ---- data sets ---- */

/* The contents of the one data set that an operand names, in the arena. SP_RC_OK or a message. */
int sp_racdcert_read(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str *ret_contents);
int sp_racdcert_write(struct sp_run *run, const struct sp_saf_operand *list, struct sp_str contents);

/* ---- listing ---- */

/* A certificate's fields as lines; `certificate` NULL: one that is not in the database. */
int sp_racdcert_describe(struct sp_run *run, const struct sp_saf_certificate *certificate, struct sp_str der);

#endif
