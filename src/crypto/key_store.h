/* SPDX-License-Identifier: Apache-2.0
 * key_store.h: certificates and private keys out of a PKCS#12, PEM or JKS file, or of what else keeps them.
 *
 * The file's content decides how it is read: PKCS#12 (RFC 7292, as keytool, openssl and z/OS export it) or
 * PEM (RFC 7468; any order of certificates and keys), or JKS (crypto/jks.h). JCEKS is recognised and refused
 * with the command that converts it. A key of a JKS store that has a password of its own is left out.
 *
 * Each private key with the certificate that belongs to it is an entry; issuers found in the same file make
 * its chain. Trusted are the certificates that are in no entry and in no entry's chain, those that Java
 * marked as trusted, and an entry's own certificate when it issued itself. A chain is not trusted for being
 * there, or every client of a public authority would be.
 */
#ifndef SP_CRYPTO_KEY_STORE_H
#define SP_CRYPTO_KEY_STORE_H

#include "base/str.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct stack_st_X509;
struct x509_st;

#define SP_KEY_STORE_BYTES_MAX (4u << 20)
#define SP_KEY_STORE_CERTIFICATES_MAX 4096
#define SP_KEY_STORE_KEYS_MAX 64

struct sp_key_store;

struct sp_key_entry {
    struct sp_str alias; /* friendlyName of PKCS#12; empty when there is none */
    struct x509_st *certificate;
    struct evp_pkey_st *key;
    struct stack_st_X509 *chain; /* issuers, nearest first, without the certificate itself */
};

/* Read a file. SP_ENOTFOUND, SP_EIO, SP_ELIMIT, SP_EDENIED (the password is wrong, or missing),
 * SP_EUNSUPPORTED (JCEKS, an algorithm that OpenSSL does not have), SP_ESYNTAX. `password` ptr NULL: none.
 * The error names the file. */
enum sp_status sp_key_store_open(const char *path, struct sp_str password, struct sp_key_store **ret_store,
                                 struct sp_error *err) SP_MUST_CHECK;
/* The same of bytes in memory; `name` is for messages. */
enum sp_status sp_key_store_parse(struct sp_str bytes, struct sp_str password, const char *name,
                                  struct sp_key_store **ret_store, struct sp_error *err) SP_MUST_CHECK;
/* A certificate that something else than a file keeps, such as a key ring. */
struct sp_key_store_item {
    struct sp_str certificate; /* DER */
    struct sp_str key;         /* its private key, PKCS#8; a secret. Empty: none */
    struct evp_pkey_st *pkey;  /* instead of `key`: one that is elsewhere, as in a token; held. NULL: none */
    struct sp_str alias;
    bool trusted;
};
/* A store of items: the first with a key is the first entry; trusted are those that say so, and no others.
 * `name` is for messages. SP_ESYNTAX, SP_EINVAL (a key that is of another certificate, no items at all),
 * SP_ELIMIT. */
enum sp_status sp_key_store_make(const struct sp_key_store_item *items, size_t count, const char *name,
                                 struct sp_key_store **ret_store, struct sp_error *err) SP_MUST_CHECK;
/* Wipes the keys. Accepts NULL. */
void sp_key_store_free(struct sp_key_store *store);

size_t sp_key_store_entry_count(const struct sp_key_store *store);
size_t sp_key_store_trusted_count(const struct sp_key_store *store);
struct x509_st *sp_key_store_trusted(const struct sp_key_store *store, size_t index);
/* The entry of that alias (caseless, as in Java); an empty alias is the first entry of the file.
 * SP_ENOTFOUND tells the aliases there are. */
enum sp_status sp_key_store_entry(const struct sp_key_store *store, struct sp_str alias,
                                  const struct sp_key_entry **ret_entry, struct sp_error *err) SP_MUST_CHECK;

/* A certificate by its alias (caseless), of an entry or without a key; in PEM, which has no aliases, by the
 * common name of its subject. The store's. SP_ENOTFOUND. */
enum sp_status sp_key_store_certificate(const struct sp_key_store *store, struct sp_str alias,
                                        struct x509_st **ret_certificate, struct sp_error *err) SP_MUST_CHECK;

/* Calls `fn` with a sentence for every certificate that has expired, will within 30 days of `realtime_us`, or
 * is not valid yet. */
void sp_key_store_warn(const struct sp_key_store *store, int64_t realtime_us,
                       void (*fn)(void *arg, const char *text), void *arg);

/* Present an entry's certificate, chain and key in a TLS context. */
enum sp_status sp_key_store_present(const struct sp_key_store *store, struct sp_str alias,
                                    struct ssl_ctx_st *context, struct sp_error *err) SP_MUST_CHECK;
/* Trust the trusted certificates in a TLS context and, in a server, name them to clients. SP_ENOTFOUND when
 * there are none. */
enum sp_status sp_key_store_trust(const struct sp_key_store *store, struct ssl_ctx_st *context,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
