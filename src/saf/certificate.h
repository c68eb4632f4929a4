/* SPDX-License-Identifier: Apache-2.0
 * certificate.h: what RACF says about a certificate. Private to the room.
 */
#ifndef SP_SAF_CERTIFICATE_H
#define SP_SAF_CERTIFICATE_H

#include "base/arena.h"

struct X509_name_st;
struct evp_pkey_st;
struct x509_st;

enum { SP_DOTTED_MAX = 4096, SP_DOTTED_RDNS_MAX = 64, SP_FINGERPRINT_LEN = 32 };

/* A name as filters and profiles have it: RDNs joined by periods, the most specific first, and where each
 * begins. Values are UTF-8. */
struct sp_dotted_name {
    char text[SP_DOTTED_MAX];
    size_t len;
    size_t starts[SP_DOTTED_RDNS_MAX];
    size_t count;
    bool ambiguous; /* a value holds ".TYPE=" and could pass for several RDNs: not to be matched by filters */
};

/* False when it is too long, or a value holds a zero byte. */
bool sp_dotted_name_of(struct X509_name_st *name, struct sp_dotted_name *ret_name);

/* What RACDCERT KEYUSAGE names. */
enum sp_key_usage {
    SP_USAGE_HANDSHAKE = 1u << 0,
    SP_USAGE_DATAENCRYPT = 1u << 1,
    SP_USAGE_DOCSIGN = 1u << 2,
    SP_USAGE_CERTSIGN = 1u << 3,
    SP_USAGE_KEYAGREE = 1u << 4,
};

struct sp_certificate_facts {
    struct sp_str issuer, subject; /* dotted */
    struct sp_str serial;          /* hexadecimal, upper case, at least two digits */
    struct sp_str profile;         /* serial.issuer with blanks as cent signs, as class DIGTCERT names it */
    int64_t not_before, not_after; /* seconds since 1970 */
    const char *key_type;          /* "RSA", "NISTECC", "BPECC", "DSA", "ED25519", ... */
    unsigned key_bits;
    struct sp_str signature;                       /* "sha256RSA", "sha384ECDSA", ... */
    unsigned char fingerprint[SP_FINGERPRINT_LEN]; /* SHA-256 of the certificate */
    unsigned usage;                                /* enum sp_key_usage; 0 without the extension */
    bool is_authority;                             /* basic constraints say so */
    bool self_signed;                              /* subject and issuer are equal and the signature fits */
    const struct sp_str *alt_names;                /* "DOMAIN: name", "IP: address", "EMAIL: ", "URI: " */
    size_t alt_name_count;
};

/* Everything in the arena. SP_ESYNTAX when the bytes are not one certificate. */
enum sp_status sp_certificate_facts_read(struct sp_str der, struct sp_arena *arena,
                                         struct sp_certificate_facts *ret_facts,
                                         struct sp_error *err) SP_MUST_CHECK;
/* The certificate, to be freed with X509_free; NULL when the bytes are not exactly one. */
struct x509_st *sp_certificate_parse(struct sp_str der);
/* "2030-12-31 23:59:59", UTC. */
struct sp_str sp_certificate_time_text(int64_t seconds, struct sp_arena *arena);

#endif
