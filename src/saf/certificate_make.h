/* SPDX-License-Identifier: Apache-2.0
 * certificate_make.h: making keys, certificates and requests. Private to the room.
 */
#ifndef SP_SAF_CERTIFICATE_MAKE_H
#define SP_SAF_CERTIFICATE_MAKE_H

#include "saf/certificate.h"

enum { SP_SUBJECT_UNITS_MAX = 16, SP_ALT_NAMES_MAX = 32 };

enum sp_key_kind { SP_KEY_RSA, SP_KEY_NISTECC };

/* Empty: the attribute is left out. */
struct sp_subject {
    struct sp_str common_name, title, organisation, locality, state, country;
    struct sp_str units[SP_SUBJECT_UNITS_MAX]; /* the most specific first */
    size_t unit_count;
};

enum sp_alt_kind { SP_ALT_IP, SP_ALT_DOMAIN, SP_ALT_EMAIL, SP_ALT_URI };

struct sp_alt_name {
    enum sp_alt_kind kind;
    struct sp_str value;
};

/* A certificate that is to be made. */
struct sp_certificate_plan {
    const struct sp_subject *subject; /* NULL: that of the request */
    struct sp_str key;                /* PKCS#8 of the subject; a secret. Empty with a request */
    struct sp_str request;            /* PKCS#10, DER; empty: none */
    int64_t not_before, not_after;    /* seconds since 1970 */
    unsigned usage;                   /* enum sp_key_usage; 0: that of the request, or none */
    const struct sp_alt_name *alt_names;
    size_t alt_name_count;    /* 0: those of the request, or none */
    bool authority;           /* basic constraints: a certificate authority */
    struct sp_str signer;     /* DER; empty: self-signed */
    struct sp_str signer_key; /* PKCS#8, a secret */
};

/* A private key, PKCS#8 in the arena (a secret). RSA: 1024 to 4096 bits; NISTECC: 256, 384 or 521. SP_EINVAL.
 */
enum sp_status sp_key_make(enum sp_key_kind kind, unsigned bits, struct sp_arena *arena,
                           struct sp_str *ret_pkcs8, struct sp_error *err) SP_MUST_CHECK;
/* A certificate with a random serial number, DER in the arena. SP_ESYNTAX for a request that cannot be read
 * or whose signature does not fit, SP_EINVAL for a value that cannot be in a certificate. */
enum sp_status sp_certificate_make(const struct sp_certificate_plan *plan, struct sp_arena *arena,
                                   struct sp_str *ret_der, struct sp_error *err) SP_MUST_CHECK;
/* A request (PKCS#10) for the subject, key usage and alternative names of a certificate, signed with its key;
 * DER in the arena. */
enum sp_status sp_request_make(struct sp_str certificate, struct sp_str key, struct sp_arena *arena,
                               struct sp_str *ret_der, struct sp_error *err) SP_MUST_CHECK;

#endif
