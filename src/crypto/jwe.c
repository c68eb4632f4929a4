/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jwe.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>

#include "base/secret.h"
#include "crypto/pkcs11_key.h"
#include "text/base64.h"
#include "text/json.h"

#define PARTS 5u
#define CEK_MAX 64u
#define SHARED_MAX 66u /* of P-521 */
#define PARTY_MAX 512u /* of apu, apv */
#define TAG_MAX 32u

static const struct sp_json_limits header_limits = {
    .depth = 16, .string_bytes = SP_JWE_HEADER_MAX, .number_bytes = 64, .members = 64};

/* ---- algorithms (RFC 7518 sections 4 and 5) ---- */

enum management { RSA_OAEP, ECDH };

static const struct algorithm {
    const char *name;
    enum management management;
    const char *digest; /* of OAEP */
    size_t wrap_bytes;  /* of the key that wraps; 0: what is agreed on is the content's key itself */
    const char *wrap;
} algorithms[] = {
    {"RSA-OAEP", RSA_OAEP, "SHA1", 0, NULL},
    {"RSA-OAEP-256", RSA_OAEP, "SHA256", 0, NULL},
    {"ECDH-ES", ECDH, NULL, 0, NULL},
    {"ECDH-ES+A128KW", ECDH, NULL, 16, "AES-128-WRAP"},
    {"ECDH-ES+A192KW", ECDH, NULL, 24, "AES-192-WRAP"},
    {"ECDH-ES+A256KW", ECDH, NULL, 32, "AES-256-WRAP"},
};

static const struct encryption {
    const char *name, *cipher;
    size_t key_bytes; /* of the content's key; of CBC the half of it authenticates */
    size_t iv_bytes, tag_bytes;
    const char *digest; /* NULL: GCM */
} encryptions[] = {
    {"A128GCM", "AES-128-GCM", 16, 12, 16, NULL},
    {"A192GCM", "AES-192-GCM", 24, 12, 16, NULL},
    {"A256GCM", "AES-256-GCM", 32, 12, 16, NULL},
    {"A128CBC-HS256", "AES-128-CBC", 32, 16, 16, "SHA256"},
    {"A192CBC-HS384", "AES-192-CBC", 48, 16, 24, "SHA384"},
    {"A256CBC-HS512", "AES-256-CBC", 64, 16, 32, "SHA512"},
};

static const struct algorithm *algorithm_of(struct sp_str name)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (sp_str_is(name, algorithms[i].name))
            return &algorithms[i];
    return NULL;
}

static const struct encryption *encryption_of(struct sp_str name)
{
    for (size_t i = 0; i < sizeof encryptions / sizeof *encryptions; i++)
        if (sp_str_is(name, encryptions[i].name))
            return &encryptions[i];
    return NULL;
}

/* ---- form ---- */

static enum sp_status wrong(struct sp_error *err, const char *what)
{
    return sp_error_set(err, SP_ESYNTAX, NULL, "the token is no JWE: %s", what);
}

static bool cut(struct sp_str text, struct sp_str parts[PARTS])
{
    size_t count = 0;
    struct sp_str part;
    while (sp_str_split(&text, '.', &part)) {
        if (count == PARTS)
            return false;
        parts[count++] = part;
    }
    return count == PARTS;
}

bool sp_jwe_is_like(struct sp_str text)
{
    struct sp_str parts[PARTS];
    unsigned char first[3];
    struct sp_buf bytes = sp_buf_over(first, sizeof first);
    if (!cut(text, parts) || parts[0].len < 4 ||
        sp_base64_decode(SP_BASE64_URL, sp_str_slice(parts[0], 0, 4), &bytes) != SP_OK)
        return false;
    struct sp_str begin = sp_str_trim(sp_buf_str(&bytes));
    return begin.len && begin.ptr[0] == '{';
}

static bool take_text(const struct sp_json_value *header, const char *name, struct sp_str *ret_text)
{
    const struct sp_json_value *member = sp_json_member(header, sp_str_of(name));
    if (!member)
        return true;
    *ret_text = member->text;
    return member->kind == SP_JSON_IS_STRING;
}

static enum sp_status read_header(struct sp_str bytes, struct sp_arena *arena, struct sp_jwe *jwe,
                                  struct sp_error *err)
{
    struct sp_json_value *header;
    enum sp_status status = sp_json_parse(bytes, arena, &header_limits, &header, NULL);
    if (status == SP_ENOMEM)
        return sp_error_set(err, status, NULL, "no memory for a token");
    if (status != SP_OK || header->kind != SP_JSON_IS_OBJECT)
        return wrong(err, "its header is not a JSON object within limits, or has a member twice");
    jwe->header = header;
    if (!take_text(header, "alg", &jwe->alg) || !take_text(header, "enc", &jwe->enc) ||
        !take_text(header, "cty", &jwe->cty))
        return wrong(err, "alg, enc or cty of its header is no string");
    if (sp_json_member(header, SP_STR("crit")) || sp_json_member(header, SP_STR("b64")) ||
        sp_json_member(header, SP_STR("zip")))
        return sp_error_set(
            err, SP_EUNSUPPORTED, NULL,
            "the token's header asks for extensions or compression (crit, zip), and none is taken");
    if (!algorithm_of(jwe->alg) || !encryption_of(jwe->enc))
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "the token is encrypted by an algorithm that is not taken: alg is RSA-OAEP, "
                            "RSA-OAEP-256 or ECDH-ES, enc one of AES-GCM or AES-CBC with HMAC");
    struct sp_str prefix = SP_STR("application/");
    if (sp_str_caseless_eq(sp_str_slice(jwe->cty, 0, prefix.len), prefix))
        jwe->cty = sp_str_slice(jwe->cty, prefix.len, jwe->cty.len);
    return SP_OK;
}

static enum sp_status decode(struct sp_str part, struct sp_arena *arena, struct sp_str *ret_bytes,
                             struct sp_error *err)
{
    size_t size = part.len / 4 * 3 + 3;
    unsigned char *room = sp_arena_alloc(arena, size);
    if (!room)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a token");
    struct sp_buf bytes = sp_buf_over(room, size);
    if (sp_base64_decode(SP_BASE64_URL, part, &bytes) != SP_OK)
        return wrong(err, "a part of it is not base64url");
    *ret_bytes = sp_buf_str(&bytes);
    return SP_OK;
}

enum sp_status sp_jwe_parse(struct sp_str text, struct sp_arena *arena, struct sp_jwe *ret_jwe,
                            struct sp_error *err)
{
    struct sp_str parts[PARTS], header;
    struct sp_jwe jwe = {0};
    struct sp_str *const decoded[PARTS] = {&header, &jwe.encrypted_key, &jwe.iv, &jwe.ciphertext, &jwe.tag};
    enum sp_status status = SP_OK;
    if (text.len > SP_JWE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the token is longer than %u bytes", SP_JWE_MAX);
    if (!cut(text, parts))
        return wrong(err, "it does not have five parts");
    for (size_t i = 0; status == SP_OK && i < PARTS; i++)
        status = decode(parts[i], arena, decoded[i], err);
    if (status == SP_OK && header.len > SP_JWE_HEADER_MAX)
        status = sp_error_set(err, SP_ELIMIT, NULL, "the token's header is longer than %u bytes",
                              SP_JWE_HEADER_MAX);
    if (status == SP_OK)
        status = read_header(header, arena, &jwe, err);
    if (status != SP_OK)
        return status;
    jwe.protected_part = parts[0];
    *ret_jwe = jwe;
    return SP_OK;
}

/* ---- keys ---- */

static bool is_of_known_curve(EVP_PKEY *key)
{
    static const int known[] = {NID_X9_62_prime256v1, NID_secp384r1, NID_secp521r1};
    char name[64];
    size_t len;
    if (!EVP_PKEY_is_a(key, "EC") || EVP_PKEY_get_group_name(key, name, sizeof name, &len) != 1)
        return false;
    int curve = EC_curve_nist2nid(name); /* which of its names it is told by depends on who holds the key */
    if (curve == NID_undef)
        curve = OBJ_txt2nid(name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (curve == known[i])
            return true;
    return false;
}

enum sp_status sp_jwe_check_key(EVP_PKEY *key, struct sp_error *err)
{
    bool rsa = EVP_PKEY_is_a(key, "RSA");
    if (!rsa && !is_of_known_curve(key))
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "tokens are encrypted to an RSA key or one of P-256, P-384, P-521, and it is neither");
    if (!rsa && sp_pkcs11_key_is(key))
        return sp_error_set(
            err, SP_EDENIED, NULL,
            "the key is an EC key in a token, and those sign only; use an RSA key, or a key store "
            "that is a file");
    if (rsa && EVP_PKEY_get_bits(key) < 2048)
        return sp_error_set(err, SP_EDENIED, NULL, "the RSA key has less than 2048 bits");
    return SP_OK;
}

/* ---- RSA-OAEP ---- */

static bool decrypt_rsa(EVP_PKEY *key, const char *digest, struct sp_str encrypted, unsigned char *cek,
                        size_t cek_len)
{
    unsigned char clear[1024];
    size_t len = sizeof clear;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok =
        context && encrypted.len && (size_t)EVP_PKEY_get_size(key) <= sizeof clear &&
        EVP_PKEY_decrypt_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md_name(context, digest, NULL) == 1 &&
        EVP_PKEY_CTX_set_rsa_mgf1_md_name(context, digest, NULL) == 1 &&
        EVP_PKEY_decrypt(context, clear, &len, (const unsigned char *)encrypted.ptr, encrypted.len) == 1 &&
        len == cek_len;
    if (ok)
        memcpy(cek, clear, cek_len);
    sp_secret_wipe(clear, sizeof clear);
    EVP_PKEY_CTX_free(context);
    return ok;
}

/* ---- ECDH-ES ---- */

/* What both sides know, from our private key and the token's public one, which must be a point of our curve
 * (a published JWK is checked to be one of its curve). */
static bool agree(const struct sp_jwe *jwe, EVP_PKEY *key, unsigned char shared[SHARED_MAX], size_t *ret_len)
{
    const struct sp_json_value *epk = sp_json_member(jwe->header, SP_STR("epk"));
    struct sp_jwk_set *set = NULL;
    *ret_len = SHARED_MAX;
    if (!epk || sp_jwk_set_from_json(epk, &set, NULL) != SP_OK)
        return false;
    EVP_PKEY *peer = set->keys[0].pkey;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL);
    bool ok = context && set->keys[0].type == SP_JWK_EC && EVP_PKEY_parameters_eq(key, peer) == 1 &&
              EVP_PKEY_derive_init(context) == 1 && EVP_PKEY_derive_set_peer(context, peer) == 1 &&
              EVP_PKEY_derive(context, shared, ret_len) == 1;
    EVP_PKEY_CTX_free(context);
    sp_jwk_set_release(set);
    return ok;
}

static bool append_party(const struct sp_jwe *jwe, const char *name, struct sp_buf *info)
{
    unsigned char room[PARTY_MAX];
    struct sp_buf party = sp_buf_over(room, sizeof room);
    const struct sp_json_value *member = sp_json_member(jwe->header, sp_str_of(name));
    if (member &&
        (member->kind != SP_JSON_IS_STRING || sp_base64_decode(SP_BASE64_URL, member->text, &party) != SP_OK))
        return false;
    sp_buf_append_u32(info, (uint32_t)party.len);
    sp_buf_append_str(info, sp_buf_str(&party));
    return true;
}

/* Concat KDF with SHA-256 (RFC 7518 section 4.6.2). */
static bool derive(const struct sp_jwe *jwe, struct sp_str shared, struct sp_str id, size_t bytes,
                   unsigned char *ret_key)
{
    unsigned char room[4 + SHARED_MAX + 2 * PARTY_MAX + 64], hash[64];
    for (uint32_t round = 1; (round - 1) * 32 < bytes; round++) {
        struct sp_buf info = sp_buf_over(room, sizeof room);
        size_t at = (round - 1) * 32, len = bytes - at < 32 ? bytes - at : 32;
        sp_buf_append_u32(&info, round);
        sp_buf_append_str(&info, shared);
        sp_buf_append_u32(&info, (uint32_t)id.len);
        sp_buf_append_str(&info, id);
        if (!append_party(jwe, "apu", &info) || !append_party(jwe, "apv", &info))
            return false;
        sp_buf_append_u32(&info, (uint32_t)bytes * 8);
        if (info.failed || sp_jwa_hash(256, sp_buf_str(&info), hash) != SP_OK)
            return false;
        memcpy(ret_key + at, hash, len);
    }
    sp_secret_wipe(room, sizeof room);
    sp_secret_wipe(hash, sizeof hash);
    return true;
}

static bool unwrap(const char *name, const unsigned char *wrap_key, struct sp_str encrypted,
                   unsigned char *cek, size_t cek_len)
{
    unsigned char clear[CEK_MAX + 8];
    int len = 0;
    if (encrypted.len != cek_len + 8)
        return false;
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    if (context)
        EVP_CIPHER_CTX_set_flags(context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    bool ok = cipher && context && EVP_DecryptInit_ex2(context, cipher, wrap_key, NULL, NULL) == 1 &&
              EVP_DecryptUpdate(context, clear, &len, (const unsigned char *)encrypted.ptr,
                                (int)encrypted.len) == 1 &&
              len == (int)cek_len;
    if (ok)
        memcpy(cek, clear, cek_len);
    sp_secret_wipe(clear, sizeof clear);
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    return ok;
}

static bool decrypt_ecdh(const struct sp_jwe *jwe, const struct algorithm *algorithm, EVP_PKEY *key,
                         unsigned char *cek, size_t cek_len)
{
    unsigned char shared[SHARED_MAX], wrap_key[32];
    size_t len;
    bool ok = agree(jwe, key, shared, &len);
    struct sp_str agreed = sp_str_from(shared, ok ? len : 0);
    if (!ok)
        return false;
    if (algorithm->wrap)
        ok = derive(jwe, agreed, jwe->alg, algorithm->wrap_bytes, wrap_key) &&
             unwrap(algorithm->wrap, wrap_key, jwe->encrypted_key, cek, cek_len);
    else
        ok = !jwe->encrypted_key.len && derive(jwe, agreed, jwe->enc, cek_len, cek);
    sp_secret_wipe(shared, sizeof shared);
    sp_secret_wipe(wrap_key, sizeof wrap_key);
    return ok;
}

/* ---- content ---- */

static bool decrypt_content(const struct sp_jwe *jwe, const struct encryption *encryption,
                            const unsigned char *key, unsigned char *ret_clear, size_t *ret_len)
{
    bool gcm = !encryption->digest;
    int len = 0, last = 0, aad = 0;
    unsigned char tag[TAG_MAX];
    EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, encryption->cipher, NULL);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    memcpy(tag, jwe->tag.ptr, encryption->tag_bytes);
    bool ok = cipher && context &&
              EVP_DecryptInit_ex2(context, cipher, key, (const unsigned char *)jwe->iv.ptr, NULL) == 1;
    if (ok && gcm)
        ok = EVP_DecryptUpdate(context, NULL, &aad, (const unsigned char *)jwe->protected_part.ptr,
                               (int)jwe->protected_part.len) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, (int)encryption->tag_bytes, tag) == 1;
    if (ok && jwe->ciphertext.len)
        ok = EVP_DecryptUpdate(context, ret_clear, &len, (const unsigned char *)jwe->ciphertext.ptr,
                               (int)jwe->ciphertext.len) == 1;
    ok = ok && EVP_DecryptFinal_ex(context, ret_clear + len, &last) == 1;
    EVP_CIPHER_CTX_free(context);
    EVP_CIPHER_free(cipher);
    *ret_len = (size_t)(len + last);
    return ok;
}

/* RFC 7518 section 5.2.2: the first half of the key authenticates header, vector and ciphertext. */
static bool is_authentic(const struct sp_jwe *jwe, const struct encryption *encryption,
                         const unsigned char *key, struct sp_arena *arena)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    size_t size = jwe->protected_part.len + jwe->iv.len + jwe->ciphertext.len + 8;
    unsigned char *room = sp_arena_alloc(arena, size);
    const EVP_MD *digest = EVP_get_digestbyname(encryption->digest);
    if (!room || !digest)
        return false;
    struct sp_buf all = sp_buf_over(room, size);
    sp_buf_append_str(&all, jwe->protected_part);
    sp_buf_append_str(&all, jwe->iv);
    sp_buf_append_str(&all, jwe->ciphertext);
    sp_buf_append_u64(&all, 8 * (uint64_t)jwe->protected_part.len);
    bool ok = HMAC(digest, key, (int)encryption->key_bytes / 2, all.ptr, all.len, mac, &len) != NULL &&
              sp_secret_eq(sp_str_from(mac, encryption->tag_bytes), jwe->tag);
    sp_secret_wipe(mac, sizeof mac);
    return ok;
}

static bool open_content(const struct sp_jwe *jwe, const struct encryption *encryption,
                         const unsigned char *cek, struct sp_arena *arena, unsigned char *clear,
                         size_t *ret_len)
{
    size_t half = encryption->key_bytes / 2;
    if (jwe->iv.len != encryption->iv_bytes || jwe->tag.len != encryption->tag_bytes)
        return false;
    if (!encryption->digest)
        return decrypt_content(jwe, encryption, cek, clear, ret_len);
    return is_authentic(jwe, encryption, cek, arena) &&
           decrypt_content(jwe, encryption, cek + half, clear, ret_len);
}

enum sp_status sp_jwe_decrypt(const struct sp_jwe *jwe, EVP_PKEY *key, struct sp_arena *arena,
                              struct sp_str *ret_plaintext, struct sp_error *err)
{
    const struct algorithm *algorithm = algorithm_of(jwe->alg);
    const struct encryption *encryption = encryption_of(jwe->enc);
    unsigned char cek[CEK_MAX];
    size_t len = 0;
    unsigned char *clear = sp_arena_alloc(arena, jwe->ciphertext.len + 32);
    if (!clear)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a token");
    bool rsa = EVP_PKEY_is_a(key, "RSA");
    if (!algorithm || !encryption || rsa != (algorithm->management == RSA_OAEP))
        return sp_error_set(err, SP_EDENIED, NULL, "the token is encrypted for a key of another type");
    /* Who cannot unwrap goes on with a key of chance, and fails like the others. */
    sp_secret_random(cek, sizeof cek);
    ERR_clear_error();
    bool ok = rsa ? decrypt_rsa(key, algorithm->digest, jwe->encrypted_key, cek, encryption->key_bytes)
                  : decrypt_ecdh(jwe, algorithm, key, cek, encryption->key_bytes);
    bool away = !ok && sp_pkcs11_key_is_away(err);
    ok &= open_content(jwe, encryption, cek, arena, clear, &len);
    sp_secret_wipe(cek, sizeof cek);
    ERR_clear_error();
    if (away)
        return SP_EUNAVAIL;
    if (!ok)
        return sp_error_set(err, SP_EDENIED, NULL, "the token is not encrypted to our key, or was changed");
    *ret_plaintext = sp_str_from(clear, len);
    return SP_OK;
}
