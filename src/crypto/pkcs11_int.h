/* SPDX-License-Identifier: Apache-2.0
 * pkcs11_int.h: private to the files pkcs11_*.c: calls to a token.
 */
#ifndef SP_CRYPTO_PKCS11_INT_H
#define SP_CRYPTO_PKCS11_INT_H

#include <p11-kit/pkcs11.h>

#include "crypto/pkcs11_token.h"

/* A session that is open and logged in. */
struct sp_pkcs11_session {
    CK_FUNCTION_LIST *functions;
    CK_SESSION_HANDLE handle;
    uint64_t number; /* of the session in this process: handles of objects belong to it */
    struct sp_str pin;
};

typedef CK_RV sp_pkcs11_fn(const struct sp_pkcs11_session *session, void *arg);

/* Run `fn` in the token's session. When it says that session or token are gone, it runs once more in a new
 * session. `what` is for messages: "sign". SP_EUNAVAIL: no token, or it is gone; SP_EDENIED: the PIN;
 * SP_ENOTFOUND: the library, or `fn` said CKR_OBJECT_HANDLE_INVALID; SP_ELIMIT, SP_EUNSUPPORTED (mechanism),
 * SP_EIO for other refusals of the token. */
enum sp_status sp_pkcs11_run(struct sp_pkcs11_token *token, const char *what, sp_pkcs11_fn *fn, void *arg,
                             struct sp_error *err) SP_MUST_CHECK;

/* "CKR_PIN_INCORRECT", or the number. */
const char *sp_pkcs11_rv_name(CK_RV rv, char room[32]);

/* The first object that has these attributes. CKR_OBJECT_HANDLE_INVALID: there is none. */
CK_RV sp_pkcs11_find(const struct sp_pkcs11_session *session, CK_ATTRIBUTE *attributes, CK_ULONG count,
                     CK_OBJECT_HANDLE *ret_object);

#endif
