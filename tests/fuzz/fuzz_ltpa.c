/* SPDX-License-Identifier: Apache-2.0
 * LTPA: a keys file (first byte 'k'), a token as it comes ('t'), or the user data and what follows of a token
 * that is signed and encrypted as it should be (anything else).
 */
#include <stdlib.h>

#include "crypto/ltpa_int.h"
#include "text/base64.h"

static struct sp_str forge(const struct sp_ltpa_keys *keys, struct sp_str plain, struct sp_buf *text)
{
    unsigned char digest[20], signature[SP_LTPA_MODULUS_BYTES];
    size_t len = sizeof signature;
    struct sp_str userdata = sp_str_slice(plain, 0, sp_str_find(plain, '%'));
    struct sp_buf whole, sealed;
    sp_buf_init(&whole, 1 << 20);
    sp_buf_init(&sealed, 1 << 20);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok =
        EVP_Digest(userdata.ptr, userdata.len, digest, NULL, EVP_sha1(), NULL) == 1 &&
        EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, keys->rsa) == 1 &&
        EVP_DigestSign(context, signature, &len, digest, sizeof digest) == 1 &&
        sp_buf_append_str(&whole, plain) == SP_OK && sp_buf_append_byte(&whole, '%') == SP_OK &&
        sp_base64_encode(SP_BASE64, sp_str_from(signature, len), &whole) == SP_OK &&
        sp_ltpa_cipher(EVP_aes_128_cbc(), keys->shared, keys->shared, true, sp_buf_str(&whole), &sealed) &&
        sp_base64_encode(SP_BASE64, sp_buf_str(&sealed), text) == SP_OK;
    EVP_MD_CTX_free(context);
    sp_buf_finish(&whole);
    sp_buf_finish(&sealed);
    return ok ? sp_buf_str(text) : SP_STR("");
}

/* What was read is written the same way again. */
static void check_again(const struct sp_ltpa_keys *keys, const struct sp_ltpa_token *token,
                        struct sp_arena *arena)
{
    struct sp_buf text;
    struct sp_ltpa_token again;
    sp_buf_init(&text, 1 << 20);
    if (sp_ltpa_token_write(keys, token, &text, NULL) == SP_OK &&
        (sp_ltpa_token_read(keys, sp_buf_str(&text), token->expires_ms - 1, 0, arena, &again, NULL) !=
             SP_OK ||
         !sp_str_eq(again.user, token->user) || again.attribute_count != token->attribute_count))
        abort();
    sp_buf_finish(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sp_ltpa_keys *keys;
    if (!keys && sp_ltpa_keys_make(SP_STR("R"), &keys, NULL) != SP_OK)
        abort();
    if (size < 1)
        return 0;
    struct sp_str input = sp_str_from(data + 1, size - 1);
    struct sp_arena arena;
    struct sp_ltpa_token token;
    struct sp_ltpa_keys *read = NULL;
    struct sp_buf text;
    sp_arena_init(&arena, 1 << 20);
    sp_buf_init(&text, 1 << 21);
    if (data[0] == 'k' && sp_ltpa_keys_read(input, SP_STR("WebAS"), &read, NULL) == SP_OK)
        sp_ltpa_keys_free(read);
    else if (data[0] == 't' && sp_ltpa_token_read(keys, input, 0, 3000, &arena, &token, NULL) == SP_OK)
        abort();
    else if (sp_ltpa_token_read(keys, forge(keys, input, &text), INT64_MIN, -1, &arena, &token, NULL) ==
                 SP_OK &&
             token.expires_ms > INT64_MIN)
        check_again(keys, &token, &arena);
    sp_buf_finish(&text);
    sp_arena_finish(&arena);
    return 0;
}
