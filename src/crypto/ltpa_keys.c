/* SPDX-License-Identifier: Apache-2.0
 * LTPA keys files. The public part of the RSA key is a modulus of 129 bytes and an exponent of 3; the private
 * part the length of the private exponent and that exponent, the exponent of 3 bytes and the two primes
 * of 65.
 */
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/secret.h"
#include "crypto/ltpa_int.h"
#include "text/base64.h"

#define PREFIX "com.ibm.websphere."
#define PROPERTIES_MAX 200u
#define EXPONENT_BYTES 3u
#define PRIME_BYTES 65u
#define PUBLIC_BYTES (SP_LTPA_MODULUS_BYTES + 1 + EXPONENT_BYTES)
#define SHORT_PRIVATE_BYTES (EXPONENT_BYTES + 2 * PRIME_BYTES)
#define BLOB_MAX 1024u

/* ---- numbers ---- */

enum { N, E, D, P, Q, DP, DQ, QI, NUMBERS };

static void free_numbers(BIGNUM **numbers)
{
    for (size_t i = 0; i < NUMBERS; i++)
        BN_clear_free(numbers[i]);
}

static bool derive(BIGNUM **v, BN_CTX *context)
{
    BIGNUM *p1 = BN_CTX_get(context), *q1 = BN_CTX_get(context), *phi = BN_CTX_get(context);
    const int wanted[] = {N, D, DP, DQ, QI};
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        if (!v[wanted[i]] && !(v[wanted[i]] = BN_new()))
            return false;
    if (!phi || BN_is_zero(v[P]) || BN_is_zero(v[Q]))
        return false;
    if (BN_cmp(v[P], v[Q]) < 0)
        BN_swap(v[P], v[Q]);
    return BN_mul(v[N], v[P], v[Q], context) && BN_sub(p1, v[P], BN_value_one()) &&
           BN_sub(q1, v[Q], BN_value_one()) && BN_mul(phi, p1, q1, context) &&
           BN_mod_inverse(v[D], v[E], phi, context) && BN_mod(v[DP], v[D], p1, context) &&
           BN_mod(v[DQ], v[D], q1, context) && BN_mod_inverse(v[QI], v[Q], v[P], context);
}

static EVP_PKEY *rsa_of(BIGNUM **v)
{
    static const char *const names[NUMBERS] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,           OSSL_PKEY_PARAM_RSA_D,
        OSSL_PKEY_PARAM_RSA_FACTOR1,   OSSL_PKEY_PARAM_RSA_FACTOR2,     OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1};
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    bool ok = builder != NULL;
    for (size_t i = 0; ok && i < NUMBERS; i++)
        ok = OSSL_PARAM_BLD_push_BN(builder, names[i], v[i]) == 1;
    OSSL_PARAM *params = ok ? OSSL_PARAM_BLD_to_param(builder) : NULL;
    EVP_PKEY_CTX *context = params ? EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL) : NULL;
    EVP_PKEY *key = NULL;
    if (context && EVP_PKEY_fromdata_init(context) == 1)
        (void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_KEYPAIR, params);
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return key;
}

/* ---- ciphers ---- */

bool sp_ltpa_cipher(const EVP_CIPHER *cipher, const unsigned char *key, const unsigned char *iv, bool encrypt,
                    struct sp_str bytes, struct sp_buf *buf)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    unsigned char *place = sp_buf_reserve(buf, bytes.len + EVP_MAX_BLOCK_LENGTH);
    int len = 0, rest = 0;
    bool ok = context && place && bytes.len &&
              EVP_CipherInit_ex(context, cipher, NULL, key, iv, encrypt) == 1 &&
              EVP_CipherUpdate(context, place, &len, (const unsigned char *)bytes.ptr, (int)bytes.len) == 1 &&
              EVP_CipherFinal_ex(context, place + len, &rest) == 1;
    EVP_CIPHER_CTX_free(context);
    if (ok)
        buf->len += (size_t)(len + rest);
    return ok;
}

/* The key of the file: the password's SHA-1 and four zero bytes. */
static void key_of_password(struct sp_str password, unsigned char ret_key[SP_LTPA_SHARED_BYTES])
{
    memset(ret_key, 0, SP_LTPA_SHARED_BYTES);
    SHA1((const unsigned char *)(password.ptr ? password.ptr : ""), password.len, ret_key);
}

/* ---- the file: Java properties ---- */

struct property {
    char name[64];
    struct sp_str value; /* as written */
};

struct properties {
    struct property items[PROPERTIES_MAX];
    size_t count;
};

/* Without the backslashes before '=', ':', '#', '!', blanks and backslashes. False when it does not fit. */
static bool unescape(struct sp_str text, char *to, size_t size, size_t *ret_len)
{
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '\\' && i + 1 < text.len)
            i++;
        if (len + 1 >= size)
            return false;
        to[len++] = text.ptr[i];
    }
    to[len] = '\0';
    *ret_len = len;
    return true;
}

static enum sp_status take_line(struct properties *p, struct sp_str line, struct sp_error *err)
{
    line = sp_str_trim(line);
    if (!line.len || line.ptr[0] == '#' || line.ptr[0] == '!')
        return SP_OK;
    size_t end = 0, len;
    while (end < line.len && line.ptr[end] != '=' && line.ptr[end] != ':' && line.ptr[end] != ' ')
        end += line.ptr[end] == '\\' ? 2 : 1;
    if (end >= line.len)
        return sp_error_set(err, SP_ESYNTAX, NULL, "a line of the LTPA keys file is no name=value");
    if (p->count == PROPERTIES_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the LTPA keys file has more than %u properties",
                            PROPERTIES_MAX);
    struct property *item = &p->items[p->count];
    if (!unescape(sp_str_slice(line, 0, end), item->name, sizeof item->name, &len))
        return SP_OK; /* a name so long is none of ours */
    item->value = sp_str_trim(sp_str_slice(line, end + 1, line.len));
    p->count++;
    return SP_OK;
}

static enum sp_status split(struct sp_str file, struct properties *p, struct sp_error *err)
{
    if (file.len > SP_LTPA_FILE_MAX)
        return sp_error_set(err, SP_ELIMIT, NULL, "the LTPA keys file is longer than %u bytes",
                            SP_LTPA_FILE_MAX);
    struct sp_str rest = file, line;
    p->count = 0;
    enum sp_status status = SP_OK;
    while (status == SP_OK && sp_str_split(&rest, '\n', &line))
        status = take_line(p, line, err);
    return status;
}

/* The last of that name, as in Java; ptr NULL: there is none. */
static struct sp_str find(const struct properties *p, const char *name)
{
    for (size_t i = p->count; i-- > 0;)
        if (strcmp(p->items[i].name, name) == 0)
            return p->items[i].value;
    return (struct sp_str){NULL, 0};
}

static enum sp_status decode(const struct properties *p, const char *name, struct sp_buf *buf,
                             struct sp_error *err)
{
    char text[2 * BLOB_MAX];
    size_t len;
    struct sp_str value = find(p, name);
    if (!value.len)
        return sp_error_set(err, SP_EINVAL, NULL, "the LTPA keys file has no property %s", name);
    if (!unescape(value, text, sizeof text, &len) ||
        sp_base64_decode(SP_BASE64, sp_str_from(text, len), buf) != SP_OK)
        return sp_error_set(err, SP_ESYNTAX, NULL, "property %s of the LTPA keys file is no base64", name);
    return SP_OK;
}

static enum sp_status open_part(const struct properties *p, const char *name, const unsigned char *key,
                                struct sp_buf *buf, struct sp_error *err)
{
    struct sp_buf sealed;
    sp_buf_init(&sealed, BLOB_MAX);
    enum sp_status status = decode(p, name, &sealed, err);
    if (status == SP_OK && !sp_ltpa_cipher(EVP_des_ede3_ecb(), key, NULL, false, sp_buf_str(&sealed), buf))
        status = sp_error_set(err, SP_EDENIED, NULL,
                              "the password does not open property %s of the LTPA keys file", name);
    sp_buf_finish(&sealed);
    return status;
}

/* ---- reading ---- */

static BIGNUM *number(const unsigned char *bytes, size_t len)
{
    return BN_bin2bn(bytes, (int)len, NULL);
}

/* The exponent and the primes: what else is there follows from them. */
static bool take_private(struct sp_str blob, BIGNUM **v)
{
    const unsigned char *at = (const unsigned char *)blob.ptr;
    size_t len = blob.len;
    if (len > SHORT_PRIVATE_BYTES) {
        size_t skip = len >= 4 ? (size_t)sp_get_u32(at) : len;
        if (skip > len - 4 || len - 4 - skip != SHORT_PRIVATE_BYTES)
            return false;
        at += 4 + skip;
        len -= 4 + skip;
    }
    if (len != SHORT_PRIVATE_BYTES)
        return false;
    v[E] = number(at, EXPONENT_BYTES);
    v[P] = number(at + EXPONENT_BYTES, PRIME_BYTES);
    v[Q] = number(at + EXPONENT_BYTES + PRIME_BYTES, PRIME_BYTES);
    return v[E] && v[P] && v[Q];
}

static bool is_public_part(struct sp_str blob, BIGNUM **v)
{
    if (blob.len != PUBLIC_BYTES)
        return false;
    const unsigned char *at = (const unsigned char *)blob.ptr;
    BIGNUM *n = number(at, SP_LTPA_MODULUS_BYTES + 1),
           *e = number(at + SP_LTPA_MODULUS_BYTES + 1, EXPONENT_BYTES);
    bool same = n && e && BN_cmp(n, v[N]) == 0 && BN_cmp(e, v[E]) == 0;
    BN_free(n);
    BN_free(e);
    return same;
}

/* That the numbers are those of a key: what is signed with it verifies. */
static bool signs(EVP_PKEY *key)
{
    unsigned char signature[SP_LTPA_MODULUS_BYTES];
    size_t len = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_PKEY_get_bits(key) == SP_LTPA_MODULUS_BYTES * 8 &&
              EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, key) == 1 &&
              EVP_DigestSign(context, signature, &len, (const unsigned char *)"test", 4) == 1 &&
              EVP_MD_CTX_reset(context) == 1 &&
              EVP_DigestVerifyInit(context, NULL, EVP_sha1(), NULL, key) == 1 &&
              EVP_DigestVerify(context, signature, len, (const unsigned char *)"test", 4) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static enum sp_status make_rsa(struct sp_str private_part, struct sp_str public_part, EVP_PKEY **ret_key,
                               struct sp_error *err)
{
    BIGNUM *v[NUMBERS] = {NULL};
    BN_CTX *context = BN_CTX_secure_new();
    EVP_PKEY *key = NULL;
    if (context)
        BN_CTX_start(context);
    bool ok =
        context && take_private(private_part, v) && derive(v, context) && is_public_part(public_part, v);
    if (ok)
        key = rsa_of(v);
    if (context)
        BN_CTX_end(context);
    BN_CTX_free(context);
    free_numbers(v);
    if (!key || !signs(key)) {
        EVP_PKEY_free(key);
        return sp_error_set(err, SP_EINVAL, NULL,
                            "the private and the public key of the LTPA keys file do not belong together, or "
                            "are no RSA key of 1024 bits");
    }
    *ret_key = key;
    return SP_OK;
}

static enum sp_status check_version(const struct properties *p, struct sp_error *err)
{
    struct sp_str version = find(p, PREFIX "ltpa.version");
    if (!version.ptr || sp_str_is(version, "1.0"))
        return SP_OK;
    return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                        "the LTPA keys file has version %.*s; only 1.0 is read here (2.0 is made under FIPS "
                        "140-3, and its format is not published)",
                        (int)(version.len > 16 ? 16 : version.len), version.ptr);
}

static enum sp_status read_parts(const struct properties *p, struct sp_str password,
                                 struct sp_ltpa_keys *keys, struct sp_error *err)
{
    unsigned char key[SP_LTPA_SHARED_BYTES];
    struct sp_buf shared, private_part, public_part;
    key_of_password(password, key);
    sp_buf_init(&shared, BLOB_MAX);
    sp_buf_init(&private_part, BLOB_MAX);
    sp_buf_init(&public_part, BLOB_MAX);
    enum sp_status status = open_part(p, PREFIX "ltpa.3DESKey", key, &shared, err);
    if (status == SP_OK && shared.len != SP_LTPA_SHARED_BYTES)
        status = sp_error_set(err, SP_EDENIED, NULL,
                              "the shared key of the LTPA keys file has not %u bytes: the password does not "
                              "open it",
                              SP_LTPA_SHARED_BYTES);
    if (status == SP_OK) {
        memcpy(keys->shared, shared.ptr, SP_LTPA_SHARED_BYTES);
        status = open_part(p, PREFIX "ltpa.PrivateKey", key, &private_part, err);
    }
    if (status == SP_OK)
        status = decode(p, PREFIX "ltpa.PublicKey", &public_part, err);
    if (status == SP_OK)
        status = make_rsa(sp_buf_str(&private_part), sp_buf_str(&public_part), &keys->rsa, err);
    sp_buf_wipe(&shared);
    sp_buf_wipe(&private_part);
    sp_buf_finish(&public_part);
    sp_secret_wipe(key, sizeof key);
    return status;
}

enum sp_status sp_ltpa_keys_read(struct sp_str file, struct sp_str password, struct sp_ltpa_keys **ret_keys,
                                 struct sp_error *err)
{
    struct sp_ltpa_keys *keys = calloc(1, sizeof *keys);
    struct properties *p = calloc(1, sizeof *p);
    enum sp_status status =
        keys && p ? split(file, p, err) : sp_error_set(err, SP_ENOMEM, NULL, "no memory for LTPA keys");
    if (status == SP_OK)
        status = check_version(p, err);
    if (status == SP_OK)
        status = read_parts(p, password, keys, err);
    size_t len;
    if (status == SP_OK && !unescape(find(p, PREFIX "ltpa.Realm"), keys->realm, sizeof keys->realm, &len))
        status = sp_error_set(err, SP_ELIMIT, NULL, "the realm of the LTPA keys file is too long");
    free(p);
    ERR_clear_error();
    if (status != SP_OK) {
        sp_ltpa_keys_free(keys);
        return status;
    }
    *ret_keys = keys;
    return SP_OK;
}

struct sp_str sp_ltpa_keys_realm(const struct sp_ltpa_keys *keys)
{
    return sp_str_of(keys->realm);
}

void sp_ltpa_keys_free(struct sp_ltpa_keys *keys)
{
    if (!keys)
        return;
    EVP_PKEY_free(keys->rsa);
    sp_secret_wipe(keys, sizeof *keys);
    free(keys);
}

/* ---- making and writing ---- */

enum sp_status sp_ltpa_keys_make(struct sp_str realm, struct sp_ltpa_keys **ret_keys, struct sp_error *err)
{
    struct sp_ltpa_keys *keys = calloc(1, sizeof *keys);
    if (!keys || realm.len >= sizeof keys->realm) {
        free(keys);
        return sp_error_set(err, keys ? SP_EINVAL : SP_ENOMEM, NULL,
                            keys ? "the realm of LTPA keys has up to 255 bytes" : "no memory for LTPA keys");
    }
    if (realm.len)
        memcpy(keys->realm, realm.ptr, realm.len);
    sp_secret_random(keys->shared, sizeof keys->shared);
    keys->rsa = EVP_RSA_gen(SP_LTPA_MODULUS_BYTES * 8);
    if (!keys->rsa || !signs(keys->rsa)) {
        sp_ltpa_keys_free(keys);
        return sp_error_set(err, SP_EINTERNAL, NULL, "an RSA key for LTPA cannot be made");
    }
    *ret_keys = keys;
    return SP_OK;
}

static bool append_number(EVP_PKEY *key, const char *name, size_t bytes, struct sp_buf *buf)
{
    BIGNUM *value = NULL;
    unsigned char *place = sp_buf_reserve(buf, bytes);
    bool ok = place && EVP_PKEY_get_bn_param(key, name, &value) == 1 &&
              BN_bn2binpad(value, place, (int)bytes) == (int)bytes;
    BN_clear_free(value);
    if (ok)
        buf->len += bytes;
    return ok;
}

static bool append_private(EVP_PKEY *key, struct sp_buf *buf)
{
    return sp_buf_append_u32(buf, SP_LTPA_MODULUS_BYTES + 1) == SP_OK &&
           append_number(key, OSSL_PKEY_PARAM_RSA_D, SP_LTPA_MODULUS_BYTES + 1, buf) &&
           append_number(key, OSSL_PKEY_PARAM_RSA_E, EXPONENT_BYTES, buf) &&
           append_number(key, OSSL_PKEY_PARAM_RSA_FACTOR1, PRIME_BYTES, buf) &&
           append_number(key, OSSL_PKEY_PARAM_RSA_FACTOR2, PRIME_BYTES, buf);
}

static bool append_public(EVP_PKEY *key, struct sp_buf *buf)
{
    return append_number(key, OSSL_PKEY_PARAM_RSA_N, SP_LTPA_MODULUS_BYTES + 1, buf) &&
           append_number(key, OSSL_PKEY_PARAM_RSA_E, EXPONENT_BYTES, buf);
}

/* One property; a value's '=', ':', backslashes and leading '#', '!' get a backslash, as Java writes them. */
static bool put_property(struct sp_buf *buf, const char *name, struct sp_str value)
{
    bool ok = sp_buf_printf(buf, PREFIX "%s=", name) == SP_OK;
    for (size_t i = 0; ok && i < value.len; i++) {
        if (strchr("=:\\#! ", value.ptr[i]) && sp_buf_append_byte(buf, '\\') != SP_OK)
            return false;
        ok = (unsigned char)value.ptr[i] >= ' ' &&
             sp_buf_append_byte(buf, (unsigned char)value.ptr[i]) == SP_OK;
    }
    return ok && sp_buf_append_byte(buf, '\n') == SP_OK;
}

static bool put_bytes(struct sp_buf *buf, const char *name, struct sp_str bytes)
{
    struct sp_buf text;
    sp_buf_init(&text, 2 * BLOB_MAX);
    bool ok =
        sp_base64_encode(SP_BASE64, bytes, &text) == SP_OK && put_property(buf, name, sp_buf_str(&text));
    sp_buf_finish(&text);
    return ok;
}

enum sp_status sp_ltpa_keys_write(const struct sp_ltpa_keys *keys, struct sp_str password, struct sp_str date,
                                  struct sp_str host, struct sp_buf *buf, struct sp_error *err)
{
    unsigned char key[SP_LTPA_SHARED_BYTES];
    struct sp_buf plain, shared, private_part, public_part;
    struct sp_buf *const bufs[] = {&plain, &shared, &private_part, &public_part};
    for (size_t i = 0; i < 4; i++)
        sp_buf_init(bufs[i], BLOB_MAX);
    key_of_password(password, key);
    bool ok = sp_ltpa_cipher(EVP_des_ede3_ecb(), key, NULL, true,
                             sp_str_from(keys->shared, sizeof keys->shared), &shared) &&
              append_private(keys->rsa, &plain) &&
              sp_ltpa_cipher(EVP_des_ede3_ecb(), key, NULL, true, sp_buf_str(&plain), &private_part) &&
              append_public(keys->rsa, &public_part) && put_property(buf, "CreationDate", date) &&
              put_property(buf, "CreationHost", host) && put_property(buf, "ltpa.version", SP_STR("1.0")) &&
              put_property(buf, "ltpa.Realm", sp_str_of(keys->realm)) &&
              put_bytes(buf, "ltpa.3DESKey", sp_buf_str(&shared)) &&
              put_bytes(buf, "ltpa.PrivateKey", sp_buf_str(&private_part)) &&
              put_bytes(buf, "ltpa.PublicKey", sp_buf_str(&public_part));
    for (size_t i = 0; i < 4; i++)
        sp_buf_wipe(bufs[i]);
    sp_secret_wipe(key, sizeof key);
    return ok ? SP_OK : sp_error_set(err, SP_ELIMIT, NULL, "the LTPA keys file cannot be written");
}
