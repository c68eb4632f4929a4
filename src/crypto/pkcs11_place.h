/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_place.h: which PKCS#11 token, and which of its keys.
 *
 * Told by a pkcs11: URI (RFC 7512), or by the file that Java's PKCS#11 providers are configured with (name,
 * library, slot, slotListIndex). A PIN is taken from neither: URIs and such files are not kept secret.
 */
#ifndef SP_CRYPTO_PKCS11_PLACE_H
#define SP_CRYPTO_PKCS11_PLACE_H

#include "base/str.h"

#define SP_PKCS11_TEXT_MAX 8192u /* bytes of a URI or of a file */
#define SP_PKCS11_LIBRARY_MAX 1023u
#define SP_PKCS11_NAME_MAX 255u /* of an object's label */
#define SP_PKCS11_ID_MAX 255u

struct sp_pkcs11_place {
    char library[SP_PKCS11_LIBRARY_MAX + 1]; /* absolute path of the shared object */
    /* What the token says of itself; empty: whatever it says. */
    char token[33], manufacturer[33], serial[17], model[17];
    int64_t slot_id;    /* -1: any */
    int64_t slot_index; /* among the slots with a token, from 0; -1: any */
    /* Which objects; empty: all. */
    char object[SP_PKCS11_NAME_MAX + 1];
    unsigned char id[SP_PKCS11_ID_MAX];
    size_t id_len;
};

/* "pkcs11:", in any case. */
bool sp_pkcs11_is_uri(struct sp_str text);
/* SP_ESYNTAX; SP_ELIMIT; SP_EUNSUPPORTED for attributes that are not known, for module-name and for a PIN in
 * the URI; SP_EINVAL without an absolute module-path. */
enum sp_status sp_pkcs11_place_parse_uri(struct sp_str uri, struct sp_pkcs11_place *ret_place,
                                         struct sp_error *err) SP_MUST_CHECK;
/* Lines "name = value"; '#' begins a comment. library is taken, slot, slotListIndex and, as an addition of
 * ours, tokenLabel; other names say how Java is to use the token and are passed over, with what stands in
 * braces behind them. Without slot, slotListIndex and tokenLabel: the first slot, as in Java. Errors as
 * above, with the line. */
enum sp_status sp_pkcs11_place_parse_file(struct sp_str text, const char *name,
                                          struct sp_pkcs11_place *ret_place,
                                          struct sp_error *err) SP_MUST_CHECK;

/* "token 'gateway' of /usr/lib/softhsm/libsofthsm2.so", for messages; cut when too long. */
void sp_pkcs11_place_describe(const struct sp_pkcs11_place *place, char *ret_text, size_t size);

#endif
