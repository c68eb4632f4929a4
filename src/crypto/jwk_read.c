/* SPDX-License-Identifier: Apache-2.0
 * From JSON and PEM to keys.
 */
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>

#include "crypto/jwk_internal.h"
#include "text/base64.h"
#include "text/json.h"

#define MEMBER_BYTES_MAX (SP_JWK_RSA_BITS_MAX / 8u + 8u)
#define TREE_BYTES_MAX ((size_t)4 << 20)

static const struct sp_json_limits limits = {
    .depth = 8, .string_bytes = 65536, .number_bytes = 64, .members = 64};

/* ---- members ---- */

/* Unlike text that is not there, text of another type is a mistake. */
static bool has_text(const struct sp_json_value *object, const char *name, struct sp_str *ret_text)
{
    const struct sp_json_value *member = sp_json_member(object, sp_str_of(name));
    if (!member)
        return true;
    *ret_text = member->text;
    return member->kind == SP_JSON_IS_STRING;
}

/* base64url of a member; 0 bytes when it is not there or is broken. */
static size_t bytes_of(const struct sp_json_value *object, const char *name, unsigned char *room, size_t size)
{
    struct sp_buf bytes = sp_buf_over(room, size);
    struct sp_str text = sp_json_member_text(object, sp_str_of(name));
    return text.ptr && sp_base64_decode(SP_BASE64_URL, text, &bytes) == SP_OK ? bytes.len : 0;
}

static const char *wrong_with_operations(const struct sp_json_value *object)
{
    const struct sp_json_value *operations = sp_json_member(object, SP_STR("key_ops"));
    bool verifies = false;
    if (!operations)
        return NULL;
    if (operations->kind != SP_JSON_IS_ARRAY)
        return "key_ops is no array";
    for (const struct sp_json_value *one = operations->first; one; one = one->next) {
        if (one->kind != SP_JSON_IS_STRING)
            return "key_ops has something else than strings";
        for (const struct sp_json_value *other = one->next; other; other = other->next)
            if (sp_str_eq(one->text, other->text))
                return "key_ops has something twice";
        verifies = verifies || sp_str_is(one->text, "verify");
    }
    return verifies ? NULL : "key_ops does not allow to verify";
}

/* What does not depend on the type of the key. */
static const char *read_about(const struct sp_json_value *object, struct sp_jwk *about)
{
    struct sp_str use = {0}, alg = {0};
    if (!has_text(object, "kid", &about->kid) || !has_text(object, "x5t", &about->x5t) ||
        !has_text(object, "x5t#S256", &about->x5t_s256) || !has_text(object, "use", &use) ||
        !has_text(object, "alg", &alg))
        return "kid, x5t, use or alg is no string";
    if (about->kid.len > SP_JWK_KID_MAX || about->x5t.len > SP_JWK_KID_MAX ||
        about->x5t_s256.len > SP_JWK_KID_MAX)
        return "kid or x5t is longer than 256 bytes";
    if (use.ptr && !sp_str_is(use, "sig"))
        return "use is not sig";
    if (alg.ptr && !(about->alg = sp_jwa_from(alg)))
        return "alg is none that is known";
    return wrong_with_operations(object);
}

/* ---- one key ---- */

static EVP_PKEY *build(const char *type, OSSL_PARAM_BLD *builder)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    if (!parameters || !context || EVP_PKEY_fromdata_init(context) != 1 ||
        EVP_PKEY_fromdata(context, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(parameters);
    return pkey;
}

static EVP_PKEY *read_rsa(const struct sp_json_value *object)
{
    unsigned char n[MEMBER_BYTES_MAX], e[MEMBER_BYTES_MAX];
    size_t n_len = bytes_of(object, "n", n, sizeof n), e_len = bytes_of(object, "e", e, sizeof e);
    if (!n_len || !e_len)
        return NULL;
    EVP_PKEY *pkey = NULL;
    BIGNUM *modulus = BN_bin2bn(n, (int)n_len, NULL), *exponent = BN_bin2bn(e, (int)e_len, NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    if (modulus && exponent && builder &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) == 1 &&
        OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent) == 1)
        pkey = build("RSA", builder);
    OSSL_PARAM_BLD_free(builder);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

/* The point is on the curve, or OpenSSL does not take it. */
static EVP_PKEY *read_ec(const struct sp_json_value *object)
{
    static const struct {
        const char *name, *group;
        size_t width;
    } curves[] = {{"P-256", "prime256v1", 32}, {"P-384", "secp384r1", 48}, {"P-521", "secp521r1", 66}};
    unsigned char point[1 + 2 * 66];
    struct sp_str name = sp_json_member_text(object, SP_STR("crv"));
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        size_t width = curves[i].width;
        if (!sp_str_is(name, curves[i].name))
            continue;
        point[0] = 4; /* uncompressed */
        if (bytes_of(object, "x", point + 1, width) != width ||
            bytes_of(object, "y", point + 1 + width, width) != width)
            return NULL;
        EVP_PKEY *pkey = NULL;
        OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
        if (builder &&
            OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curves[i].group, 0) == 1 &&
            OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width) == 1)
            pkey = build("EC", builder);
        OSSL_PARAM_BLD_free(builder);
        return pkey;
    }
    return NULL;
}

static EVP_PKEY *read_okp(const struct sp_json_value *object)
{
    unsigned char x[33];
    if (!sp_str_is(sp_json_member_text(object, SP_STR("crv")), "Ed25519") ||
        bytes_of(object, "x", x, sizeof x) != 32)
        return NULL;
    return EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, x, 32);
}

static enum sp_status add_secret(struct sp_jwk_set *set, const struct sp_json_value *object,
                                 const struct sp_jwk *about, const struct sp_jwk_rules *rules,
                                 struct sp_error *err)
{
    unsigned char secret[SP_JWK_SECRET_MAX];
    if (rules->published)
        return sp_error_set(err, SP_EDENIED, NULL, "a shared key has been published");
    size_t len = bytes_of(object, "k", secret, sizeof secret);
    enum sp_status status = sp_jwk_set_add_secret(set, sp_str_from(secret, len), about, err);
    OPENSSL_cleanse(secret, sizeof secret);
    return status;
}

static enum sp_status add_public(struct sp_jwk_set *set, const struct sp_json_value *object,
                                 struct sp_str type, const struct sp_jwk *about,
                                 const struct sp_jwk_rules *rules, struct sp_error *err)
{
    EVP_PKEY *pkey = NULL;
    if (sp_json_member(object, SP_STR("d")))
        return sp_error_set(err, SP_EDENIED, NULL, "a private key has been published");
    if (sp_str_is(type, "RSA"))
        pkey = read_rsa(object);
    else if (sp_str_is(type, "EC"))
        pkey = read_ec(object);
    else if (sp_str_is(type, "OKP"))
        pkey = read_okp(object);
    else
        return sp_error_set(err, SP_EDENIED, NULL, "kty is none of RSA, EC, OKP, oct");
    ERR_clear_error();
    if (!pkey)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "its members are no public key of its type, or of an unknown curve");
    return sp_jwk_set_add_pkey(set, pkey, about, rules->weak_rsa, err);
}

/* SP_EDENIED: it cannot be used. */
static enum sp_status add_key(struct sp_jwk_set *set, const struct sp_json_value *object,
                              const struct sp_jwk_rules *rules, struct sp_jwk *about, struct sp_error *err)
{
    if (object->kind != SP_JSON_IS_OBJECT)
        return sp_error_set(err, SP_ESYNTAX, NULL, "a key is no JSON object");
    const char *wrong = read_about(object, about);
    if (wrong)
        return sp_error_set(err, SP_EDENIED, NULL, "%s", wrong);
    struct sp_str type = sp_json_member_text(object, SP_STR("kty"));
    return sp_str_is(type, "oct") ? add_secret(set, object, about, rules, err)
                                  : add_public(set, object, type, about, rules, err);
}

/* ---- sets ---- */

static enum sp_status check_mixture(const struct sp_jwk_set *set, struct sp_error *err)
{
    size_t secrets = 0;
    for (size_t i = 0; i < set->count; i++)
        secrets += set->keys[i].type == SP_JWK_OCT;
    return secrets == 0 || secrets == set->count
               ? SP_OK
               : sp_error_set(err, SP_EINVAL, NULL, "the key set has both shared and public keys");
}

/* Whether another key has the same kid and is for the same: nobody can say which of them a token means, even
 * when one of them is broken. */
static bool has_twin(const struct sp_json_value *first, const struct sp_json_value *object)
{
    static const char *const names[] = {"kid", "kty", "alg", "use"};
    if (!sp_json_member_text(object, SP_STR("kid")).ptr)
        return false;
    for (const struct sp_json_value *other = first; other; other = other->next) {
        bool same = other != object;
        for (size_t i = 0; same && i < sizeof names / sizeof *names; i++)
            same = sp_str_eq(sp_json_member_text(object, sp_str_of(names[i])),
                             sp_json_member_text(other, sp_str_of(names[i])));
        if (same)
            return true;
    }
    return false;
}

static enum sp_status add_keys(struct sp_jwk_set *set, const struct sp_json_value *first,
                               const struct sp_jwk_rules *rules, struct sp_error *err)
{
    for (const struct sp_json_value *object = first; object; object = object->next) {
        struct sp_jwk about = {0};
        struct sp_error why = SP_ERROR_INIT;
        enum sp_status status = has_twin(first, object)
                                    ? sp_error_set(&why, SP_EDENIED, NULL, "several keys have the same kid")
                                    : add_key(set, object, rules, &about, &why);
        if (status == SP_EDENIED)
            sp_jwk_set_leave_out(set, about.kid, why.text);
        else if (status != SP_OK)
            return sp_error_set(err, status, NULL, "%s", why.text);
    }
    return check_mixture(set, err);
}

/* `root` is a set, or a key alone. */
static enum sp_status read_root(const struct sp_json_value *root, const struct sp_jwk_rules *rules,
                                struct sp_jwk_set **ret_set, struct sp_error *err)
{
    const struct sp_json_value *keys = sp_json_member(root, SP_STR("keys"));
    struct sp_jwk_set *set;
    if (root->kind != SP_JSON_IS_OBJECT || (keys && keys->kind != SP_JSON_IS_ARRAY) ||
        (!keys && !sp_json_member(root, SP_STR("kty"))))
        return sp_error_set(err, SP_ESYNTAX, NULL,
                            "neither a key set (an object with an array \"keys\") nor a key");
    struct sp_json_value alone = *root;
    alone.next = NULL;
    size_t count = keys ? keys->count : 1;
    if (count > SP_JWK_KEYS_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the key set has more than %u keys", SP_JWK_KEYS_MAX);
    enum sp_status status = sp_jwk_set_make(count, &set, err);
    if (status != SP_OK)
        return status;
    status = add_keys(set, keys ? keys->first : &alone, rules, err);
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_jwk_set_release(set);
    return status;
}

static enum sp_status parse_json(struct sp_str text, const struct sp_jwk_rules *rules,
                                 struct sp_jwk_set **ret_set, struct sp_error *err)
{
    struct sp_arena arena; /* may hold shared secrets */
    struct sp_json_value *root;
    sp_arena_init(&arena, TREE_BYTES_MAX);
    enum sp_status status = sp_json_parse(text, &arena, &limits, &root, err);
    if (status == SP_OK)
        status = read_root(root, rules, ret_set, err);
    sp_arena_wipe(&arena);
    return status;
}

/* ---- PEM ---- */

/* The next public key, of itself or of a certificate; NULL at the end. `*ret_bad` when there is something
 * that is neither. */
static EVP_PKEY *next_pem(BIO *bio, bool *ret_bad)
{
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long len;
    EVP_PKEY *pkey = NULL;
    if (PEM_read_bio(bio, &name, &header, &bytes, &len) != 1)
        return NULL;
    const unsigned char *at = bytes;
    if (strcmp(name, PEM_STRING_PUBLIC) == 0) {
        pkey = d2i_PUBKEY(NULL, &at, len);
    } else if (strcmp(name, PEM_STRING_X509) == 0) {
        X509 *certificate = d2i_X509(NULL, &at, len);
        pkey = certificate ? X509_get_pubkey(certificate) : NULL;
        X509_free(certificate);
    }
    *ret_bad = !pkey;
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(bytes, (size_t)len);
    return pkey;
}

static enum sp_status add_pems(BIO *bio, const struct sp_jwk_rules *rules, struct sp_jwk_set *set,
                               struct sp_error *err)
{
    for (size_t count = 0;; count++) {
        struct sp_error why = SP_ERROR_INIT;
        bool bad = false;
        EVP_PKEY *pkey = next_pem(bio, &bad);
        if (!pkey && !bad)
            break;
        if (count == SP_JWK_KEYS_MAX) {
            EVP_PKEY_free(pkey);
            return sp_error_set(err, SP_ELIMIT, NULL, "more than %u keys", SP_JWK_KEYS_MAX);
        }
        if (!pkey)
            sp_jwk_set_leave_out(set, (struct sp_str){0},
                                 "PEM that is neither a public key nor a certificate");
        else if (sp_jwk_set_add_pkey(set, pkey, &(struct sp_jwk){0}, rules->weak_rsa, &why) != SP_OK)
            sp_jwk_set_leave_out(set, (struct sp_str){0}, why.text);
    }
    ERR_clear_error();
    set->any_kid = set->count == 1; /* PEM has no names */
    return SP_OK;
}

static enum sp_status parse_pem(struct sp_str text, const struct sp_jwk_rules *rules,
                                struct sp_jwk_set **ret_set, struct sp_error *err)
{
    struct sp_jwk_set *set;
    enum sp_status status = sp_jwk_set_make(SP_JWK_KEYS_MAX, &set, err);
    if (status != SP_OK)
        return status;
    BIO *bio = BIO_new_mem_buf(text.ptr, (int)text.len);
    status = bio ? add_pems(bio, rules, set, err) : sp_error_set(err, SP_ENOMEM, NULL, "no memory for keys");
    BIO_free(bio);
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_jwk_set_release(set);
    return status;
}

enum sp_status sp_jwk_set_parse(struct sp_str text, const struct sp_jwk_rules *rules,
                                struct sp_jwk_set **ret_set, struct sp_error *err)
{
    if (text.len > SP_JWK_TEXT_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the key set is longer than %u bytes", SP_JWK_TEXT_MAX);
    if (sp_str_starts(sp_str_trim(text), SP_STR("-----BEGIN ")))
        return parse_pem(text, rules, ret_set, err);
    return parse_json(text, rules, ret_set, err);
}

enum sp_status sp_jwk_set_from_json(const struct sp_json_value *value, struct sp_jwk_set **ret_set,
                                    struct sp_error *err)
{
    static const struct sp_jwk_rules published = {.published = true};
    struct sp_jwk_set *set;
    struct sp_jwk about = {0};
    enum sp_status status = sp_jwk_set_make(1, &set, err);
    if (status != SP_OK)
        return status;
    status = add_key(set, value, &published, &about, err);
    if (status == SP_OK)
        *ret_set = set;
    else
        sp_jwk_set_release(set);
    return status;
}
