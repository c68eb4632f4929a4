/* SPDX-License-Identifier: Apache-2.0
 * An encrypted token of any bytes: parsed or refused with a reason; what is decrypted was encrypted to the
 * key (which the corpus has tokens for).
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>

#include "crypto/jwe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char pem[] = "-----BEGIN PRIVATE KEY-----\n"
                          "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgIt1my3FQawRb6w83\n"
                          "3T01ZJdyY9fNvis/rho8UXK6YtmhRANCAAQ42gSYIQg5vep/5NZIuKzcU/OTynR6\n"
                          "CnT8eOqhDfMy8AXDZaJI/eWvgC8GiixiRB9Zqury0y5L4KD87mAHuAVw\n"
                          "-----END PRIVATE KEY-----\n";

static EVP_PKEY *read_key(void)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
    BIO_free(bio);
    return key ? key : (abort(), NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static EVP_PKEY *key;
    struct sp_str text = sp_str_from(data, size), clear = {0};
    struct sp_arena arena;
    struct sp_jwe jwe;
    struct sp_error err = SP_ERROR_INIT;
    if (!key)
        key = read_key();
    sp_arena_init(&arena, 1 << 20);
    enum sp_status status = sp_jwe_parse(text, &arena, &jwe, &err);
    if (status == SP_OK && (!jwe.alg.ptr || !jwe.enc.ptr || !jwe.header))
        abort();
    if (status == SP_OK)
        status = sp_jwe_decrypt(&jwe, key, &arena, &clear, &err);
    if (status != SP_OK && !err.text[0])
        abort();
    if (status == SP_OK && clear.len > jwe.ciphertext.len)
        abort();
    (void)sp_jwe_is_like(text);
    sp_arena_finish(&arena);
    return 0;
}
