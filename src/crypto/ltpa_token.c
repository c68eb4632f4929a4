/* SPDX-License-Identifier: Apache-2.0
 * LTPA2 tokens. In names and values a backslash goes before '%', '$', ':', '|' and backslash; '$' separates
 * attributes, ':' name and value, '|' values (those of "u" are never several).
 */
#include <openssl/err.h>
#include <openssl/sha.h>

#include "base/secret.h"
#include "crypto/ltpa_int.h"
#include "text/base64.h"

#define PLAIN_MAX SP_LTPA_TOKEN_MAX
#define BLOCK 16u
#define USER SP_STR("u")
#define EXPIRE SP_STR("expire")

/* ---- signature: SHA1withRSA over the SHA-1 of the user data ---- */

static void digest_of(struct sp_str userdata, unsigned char ret_digest[SHA_DIGEST_LENGTH])
{
    SHA1((const unsigned char *)userdata.ptr, userdata.len, ret_digest);
}

static bool verify(const struct sp_ltpa_keys *keys, struct sp_str userdata, struct sp_str signature)
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    digest_of(userdata, digest);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context && EVP_DigestVerifyInit(context, NULL, EVP_sha1(), NULL, keys->rsa) == 1 &&
                EVP_DigestVerify(context, (const unsigned char *)signature.ptr, signature.len, digest,
                                 sizeof digest) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

static bool sign(const struct sp_ltpa_keys *keys, struct sp_str userdata,
                 unsigned char ret_signature[SP_LTPA_MODULUS_BYTES])
{
    unsigned char digest[SHA_DIGEST_LENGTH];
    size_t len = SP_LTPA_MODULUS_BYTES;
    digest_of(userdata, digest);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestSignInit(context, NULL, EVP_sha1(), NULL, keys->rsa) == 1 &&
              EVP_DigestSign(context, ret_signature, &len, digest, sizeof digest) == 1;
    EVP_MD_CTX_free(context);
    return ok && len == SP_LTPA_MODULUS_BYTES;
}

/* ---- writing ---- */

static bool is_special(char c)
{
    return c == '%' || c == '$' || c == ':' || c == '|' || c == '\\';
}

static void put_escaped(struct sp_buf *buf, struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_special(text.ptr[i]))
            (void)sp_buf_append_byte(buf, '\\');
        (void)sp_buf_append_byte(buf, (unsigned char)text.ptr[i]);
    }
}

static void put_attribute(struct sp_buf *buf, const struct sp_ltpa_attribute *attribute)
{
    if (buf->len)
        (void)sp_buf_append_byte(buf, '$');
    put_escaped(buf, attribute->name);
    for (size_t i = 0; i < attribute->count; i++) {
        (void)sp_buf_append_byte(buf, i ? '|' : ':');
        put_escaped(buf, attribute->values[i]);
    }
}

/* The next name behind `after` (ptr NULL: the first); NULL at the end. */
static const struct sp_ltpa_attribute *next_by_name(const struct sp_ltpa_attribute *all, size_t count,
                                                    struct sp_str after)
{
    const struct sp_ltpa_attribute *best = NULL;
    for (size_t i = 0; i < count; i++)
        if ((!after.ptr || sp_str_cmp(all[i].name, after) > 0) &&
            (!best || sp_str_cmp(all[i].name, best->name) < 0))
            best = &all[i];
    return best;
}

static enum sp_status put_userdata(struct sp_buf *buf, const struct sp_ltpa_token *token, const char *expires,
                                   struct sp_error *err)
{
    struct sp_ltpa_attribute all[SP_LTPA_ATTRIBUTES_MAX];
    const struct sp_str expire_value = sp_str_of(expires);
    if (token->attribute_count > SP_LTPA_ATTRIBUTES_MAX - 2)
        return sp_error_set(err, SP_ELIMIT, NULL, "an LTPA token has up to %u attributes",
                            SP_LTPA_ATTRIBUTES_MAX);
    for (size_t i = 0; i < token->attribute_count; i++) {
        all[i] = token->attributes[i];
        if (!all[i].name.len || !all[i].count)
            return sp_error_set(err, SP_EINVAL, NULL,
                                "an attribute of an LTPA token has no name or no value");
    }
    size_t count = token->attribute_count;
    all[count++] = (struct sp_ltpa_attribute){USER, &token->user, 1};
    all[count++] = (struct sp_ltpa_attribute){EXPIRE, &expire_value, 1};
    size_t put = 0;
    struct sp_str name = {NULL, 0};
    for (const struct sp_ltpa_attribute *a; (a = next_by_name(all, count, name)); put++) {
        put_attribute(buf, a);
        name = a->name;
    }
    if (put < count)
        return sp_error_set(err, SP_EINVAL, NULL, "an attribute of an LTPA token is there twice");
    return buf->failed ? sp_error_set(err, SP_ELIMIT, NULL, "an LTPA token gets too long") : SP_OK;
}

enum sp_status sp_ltpa_token_write(const struct sp_ltpa_keys *keys, const struct sp_ltpa_token *token,
                                   struct sp_buf *buf, struct sp_error *err)
{
    unsigned char signature[SP_LTPA_MODULUS_BYTES];
    struct sp_buf plain, sealed, number;
    char digits[32];
    if (!token->user.len)
        return sp_error_set(err, SP_EINVAL, NULL, "an LTPA token names a user");
    if (token->expires_ms < 0)
        return sp_error_set(err, SP_EINVAL, NULL, "an LTPA token does not end before 1970");
    number = sp_buf_over(digits, sizeof digits - 1);
    (void)sp_buf_printf(&number, "%lld", (long long)token->expires_ms);
    digits[number.len] = '\0';
    sp_buf_init(&plain, PLAIN_MAX);
    sp_buf_init(&sealed, PLAIN_MAX + BLOCK);
    enum sp_status status = put_userdata(&plain, token, digits, err);
    if (status == SP_OK && !sign(keys, sp_buf_str(&plain), signature))
        status = sp_error_set(err, SP_EINTERNAL, NULL, "an LTPA token cannot be signed");
    if (status == SP_OK) {
        (void)sp_buf_printf(&plain, "%%%s%%", digits);
        bool ok = sp_base64_encode(SP_BASE64, sp_str_from(signature, sizeof signature), &plain) == SP_OK &&
                  sp_ltpa_cipher(EVP_aes_128_cbc(), keys->shared, keys->shared, true, sp_buf_str(&plain),
                                 &sealed) &&
                  sealed.len <= SP_LTPA_TOKEN_MAX / 4 * 3 &&
                  sp_base64_encode(SP_BASE64, sp_buf_str(&sealed), buf) == SP_OK;
        status = ok ? SP_OK : sp_error_set(err, SP_ELIMIT, NULL, "an LTPA token gets too long");
    }
    ERR_clear_error();
    sp_buf_wipe(&plain);
    sp_buf_wipe(&sealed);
    return status;
}

/* ---- reading ---- */

/* Userdata, second expiration (ptr NULL: there is none) and signature; false when it is not so divided. */
static bool divide(struct sp_str plain, struct sp_str ret_fields[3])
{
    size_t cuts[2], count = 0;
    for (size_t i = 0; i < plain.len; i++) {
        if (plain.ptr[i] == '\\')
            i++;
        else if (plain.ptr[i] == '%' && count == 2)
            return false;
        else if (plain.ptr[i] == '%')
            cuts[count++] = i;
    }
    if (count == 0)
        return false;
    ret_fields[0] = sp_str_slice(plain, 0, cuts[0]);
    ret_fields[1] = count == 2 ? sp_str_slice(plain, cuts[0] + 1, cuts[1]) : (struct sp_str){NULL, 0};
    ret_fields[2] = sp_str_slice(plain, cuts[count - 1] + 1, plain.len);
    return true;
}

/* A text up to a separator, unescaped into the arena: a special character without a backslash ends it, and a
 * backslash stands before nothing else. */
static bool take_text(struct sp_str data, size_t *at, struct sp_arena *arena, struct sp_str *ret_text)
{
    size_t end = *at, len = 0;
    while (end < data.len && !(is_special(data.ptr[end]) && data.ptr[end] != '\\')) {
        if (data.ptr[end] == '\\' && (++end >= data.len || !is_special(data.ptr[end])))
            return false;
        end++;
    }
    char *text = sp_arena_alloc(arena, end - *at + 1);
    if (!text)
        return false;
    for (size_t i = *at; i < end; i++) {
        if (data.ptr[i] == '\\')
            i++;
        text[len++] = data.ptr[i];
    }
    *at = end;
    *ret_text = sp_str_from(text, len);
    return true;
}

static bool take_attribute(struct sp_str data, size_t *at, struct sp_arena *arena,
                           struct sp_ltpa_attribute *ret_attribute)
{
    struct sp_str values[SP_LTPA_ATTRIBUTES_MAX];
    size_t count = 0;
    struct sp_ltpa_attribute attribute;
    if (!take_text(data, at, arena, &attribute.name) || !attribute.name.len || *at >= data.len ||
        data.ptr[*at] != ':')
        return false;
    do {
        ++*at;
        if (count == SP_LTPA_ATTRIBUTES_MAX || !take_text(data, at, arena, &values[count++]))
            return false;
    } while (*at < data.len && data.ptr[*at] == '|');
    struct sp_str *copies = sp_arena_calloc(arena, count, sizeof *copies);
    if (!copies)
        return false;
    memcpy(copies, values, count * sizeof *copies);
    attribute.values = copies;
    attribute.count = count;
    *ret_attribute = attribute;
    return *at == data.len || data.ptr[*at] == '$';
}

/* What the token says, when it says it as a writer does. */
static bool take_userdata(struct sp_str data, struct sp_arena *arena, struct sp_ltpa_token *ret_token)
{
    struct sp_ltpa_attribute *all = sp_arena_calloc(arena, SP_LTPA_ATTRIBUTES_MAX, sizeof *all);
    struct sp_ltpa_token token = {.attributes = all};
    struct sp_str before = {NULL, 0};
    bool has_expiration = false;
    for (size_t at = 0, count = 0;; at++, count++) {
        struct sp_ltpa_attribute attribute;
        if (!all || count == SP_LTPA_ATTRIBUTES_MAX || !take_attribute(data, &at, arena, &attribute) ||
            (before.ptr && sp_str_cmp(before, attribute.name) >= 0))
            return false;
        before = attribute.name;
        bool is_user = sp_str_eq(attribute.name, USER), is_expire = sp_str_eq(attribute.name, EXPIRE);
        if ((is_user || is_expire) && attribute.count != 1)
            return false;
        if (is_user)
            token.user = attribute.values[0];
        else if (is_expire)
            has_expiration =
                sp_str_to_i64(attribute.values[0], &token.expires_ms) == SP_OK && token.expires_ms >= 0;
        else
            all[token.attribute_count++] = attribute;
        if (at >= data.len)
            break;
    }
    *ret_token = token;
    return token.user.len && has_expiration;
}

static bool expirations_agree(const struct sp_ltpa_token *token, struct sp_str second, int64_t difference_ms)
{
    uint64_t value;
    if (!second.ptr || difference_ms < 0)
        return true;
    if (sp_str_to_u64(second, &value) != SP_OK || value > INT64_MAX || token->expires_ms < 0)
        return false;
    int64_t difference = token->expires_ms - (int64_t)value;
    return difference >= -difference_ms && difference <= difference_ms;
}

static bool decrypt(const struct sp_ltpa_keys *keys, struct sp_str text, struct sp_buf *sealed,
                    struct sp_buf *plain)
{
    return text.len && text.len <= SP_LTPA_TOKEN_MAX && sp_base64_decode(SP_BASE64, text, sealed) == SP_OK &&
           sealed->len % BLOCK == 0 &&
           sp_ltpa_cipher(EVP_aes_128_cbc(), keys->shared, keys->shared, false, sp_buf_str(sealed), plain);
}

enum sp_status sp_ltpa_token_read(const struct sp_ltpa_keys *keys, struct sp_str text, int64_t now_ms,
                                  int64_t difference_ms, struct sp_arena *arena,
                                  struct sp_ltpa_token *ret_token, struct sp_error *err)
{
    unsigned char bytes[SP_LTPA_MODULUS_BYTES + 64];
    struct sp_buf sealed, plain, signature = sp_buf_over(bytes, sizeof bytes);
    struct sp_str fields[3] = {SP_STR(""), SP_STR(""), SP_STR("")};
    struct sp_ltpa_token token = {.user = SP_STR("")};
    sp_buf_init(&sealed, SP_LTPA_TOKEN_MAX);
    sp_buf_init(&plain, PLAIN_MAX + BLOCK);
    bool good = decrypt(keys, text, &sealed, &plain) && divide(sp_buf_str(&plain), fields) &&
                sp_base64_decode(SP_BASE64, fields[2], &signature) == SP_OK;
    /* The signature is looked at in any case: how long a refusal takes does not tell what was wrong. */
    if (!good) {
        signature.len = SP_LTPA_MODULUS_BYTES;
        memset(bytes, 1, sizeof bytes);
    }
    bool verified = verify(keys, fields[0], sp_buf_str(&signature));
    good = good && verified && take_userdata(fields[0], arena, &token) &&
           expirations_agree(&token, fields[1], difference_ms);
    /* What the library noted would be taken for a failure of the connection. */
    ERR_clear_error();
    sp_buf_wipe(&plain);
    sp_buf_finish(&sealed);
    if (!good)
        return sp_error_set(err, SP_EDENIED, NULL,
                            "the LTPA token was not made with the keys of this server, or was changed");
    if (token.expires_ms <= now_ms)
        return sp_error_set(err, SP_ETIMEDOUT, NULL, "the LTPA token of %.*s has expired",
                            SP_STR_ARG(token.user));
    *ret_token = token;
    return SP_OK;
}
