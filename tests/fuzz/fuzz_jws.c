/* SPDX-License-Identifier: Apache-2.0
 * A token of any bytes: parsed or refused with a reason, and never one that a key of ours has signed.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdlib.h>

#include "crypto/jws.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sp_jwk_set *key_of(enum sp_jwa alg)
{
    struct sp_jwk_set *set = NULL;
    EVP_PKEY *pkey = alg == SP_JWA_ES256   ? EVP_EC_gen("P-256")
                     : alg == SP_JWA_RS256 ? EVP_RSA_gen(2048)
                                           : NULL;
    enum sp_status status =
        pkey ? sp_jwk_set_from_pkey(pkey, NULL, false, &set, NULL)
             : sp_jwk_set_from_secret(SP_STR("0123456789abcdef0123456789abcdef"), &set, NULL);
    EVP_PKEY_free(pkey);
    return status == SP_OK ? set : (abort(), NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum sp_jwa algs[] = {SP_JWA_HS256, SP_JWA_ES256, SP_JWA_RS256};
    static struct sp_jwk_set *keys[3];
    struct sp_str text = sp_str_from(data, size);
    struct sp_arena arena;
    struct sp_jws jws;
    struct sp_error err = SP_ERROR_INIT;
    for (int i = 0; i < 3; i++)
        if (!keys[i])
            keys[i] = key_of(algs[i]);
    sp_arena_init(&arena, 1 << 20);
    enum sp_status status = sp_jws_parse(text, &arena, &jws, &err);
    if (status != SP_OK && !err.text[0])
        abort();
    if (status == SP_OK && (!jws.alg.ptr || !jws.signature.len || !jws.header))
        abort();
    /* The secret's one valid token is not in the corpus. */
    for (int i = 0; status == SP_OK && i < 3; i++)
        if (sp_jws_verify(&jws, algs[i], &keys[i]->keys[0], &err) == SP_OK)
            abort();
    (void)sp_jws_is_like(text);
    sp_arena_finish(&arena);
    return 0;
}
