/* SPDX-License-Identifier: Apache-2.0
 * saml_encryption.h: assertions, names and attributes that were encrypted for this server (XML
 * Encryption 1.1, by OpenSSL).
 *
 * Taken: content by AES-128, 192 or 256 in GCM or CBC; its key by RSA-OAEP (with SHA-1, 256, 384 or 512). All
 * else is refused before any cryptography: RSA 1.5 and Triple DES, references to data elsewhere, keys agreed
 * upon. What was wrong with a cipher text is never told: one reason for all of it. What comes out was not
 * verified by anything yet.
 */
#ifndef SP_AUTHN_SAML_ENCRYPTION_H
#define SP_AUTHN_SAML_ENCRYPTION_H

#include "authn/saml_tree.h"

#define SP_SAML_PARTS_MAX 32u

struct evp_pkey_st;

/* Decrypt an EncryptedAssertion with the server's RSA key (NULL: there is none), and append the Assertion in
 * it as a document of its own. Blocks for a millisecond; any thread. SP_EDENIED, SP_ELIMIT, SP_ENOMEM,
 * SP_EUNAVAIL (the key is in a token that cannot be used now). */
enum sp_status sp_saml_decrypt(xmlNodePtr encrypted, struct evp_pkey_st *key, struct sp_buf *assertion,
                               struct sp_error *err) SP_MUST_CHECK;

/* Replace each EncryptedID and EncryptedAttribute in a document by what it holds; without any the document
 * stays as it is. To be done with what was verified: a signature covers them encrypted. As above; SP_ELIMIT
 * also for more than SP_SAML_PARTS_MAX. */
enum sp_status sp_saml_decrypt_parts(struct sp_buf *document, struct evp_pkey_st *key,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
