/* SPDX-License-Identifier: Apache-2.0
 * key_source.h: what a keyStore element names: a file, a key ring of the security database, or a token.
 *
 * Whatever uses a private key takes it from here, as the EVP_PKEY of an entry: OpenSSL signs and decrypts
 * with it wherever it is. One that is in a token has no numbers to be written or compared
 * (crypto/pkcs11_key.h), and using it blocks as long as the token takes.
 */
#ifndef SP_REGISTRY_KEY_SOURCE_H
#define SP_REGISTRY_KEY_SOURCE_H

#include "config/config.h"
#include "crypto/key_store.h"

/* Open it. Blocks; a ring reads the whole security database, a token is logged in to. Of a ring, the default
 * certificate is the first entry and labels are aliases; trusted is what is connected as CERTAUTH or SITE.
 * Errors are those of sp_key_store_open, for rings SP_EUNAVAIL (the database), SP_ENOTFOUND (no such ring,
 * nobody as whom to read it), SP_EDENIED (he may not), for tokens those of sp_pkcs11_store_open. */
enum sp_status sp_key_source_open(const struct sp_cfg_key_store *from, struct sp_key_store **ret_store,
                                  struct sp_error *err) SP_MUST_CHECK;

#endif
