/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/jks.h"

#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/buf.h"
#include "base/secret.h"
#include "text/utf8.h"

#define MAGIC 0xfeedfeedu
#define SHA1 20u
#define PASSWORD_MAX 4096u
#define TAG_KEY 1u
#define TAG_TRUSTED 2u
/* Mixed into the store's digest, after the password. */
#define WHITENER "Mighty Aphrodite"
/* Sun's masking of a private key. */
#define MASK_OID "1.3.6.1.4.1.42.2.17.1.1"

struct reader {
    const unsigned char *at, *end;
    unsigned version;
    struct sp_str password; /* UTF-16, big-endian */
    const struct sp_jks_sink *sink;
    struct sp_error *err;
};

bool sp_jks_is(struct sp_str bytes)
{
    return bytes.len >= 4 && sp_get_u32((const unsigned char *)bytes.ptr) == MAGIC;
}

static enum sp_status broken(const struct reader *reader)
{
    return sp_error_set(reader->err, SP_ESYNTAX, NULL, "the JKS store is cut or damaged");
}

/* ---- digests ---- */

static bool digest(struct sp_str first, struct sp_str second, struct sp_str third, unsigned char ret[SHA1])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool ok = context && EVP_DigestInit_ex(context, EVP_sha1(), NULL) == 1 &&
              EVP_DigestUpdate(context, first.ptr, first.len) == 1 &&
              EVP_DigestUpdate(context, second.ptr, second.len) == 1 &&
              EVP_DigestUpdate(context, third.ptr, third.len) == 1 &&
              EVP_DigestFinal_ex(context, ret, NULL) == 1;
    EVP_MD_CTX_free(context);
    return ok;
}

static enum sp_status widen(struct sp_str utf8, struct sp_buf *buf)
{
    for (size_t at = 0; at < utf8.len;) {
        int32_t c = sp_utf8_next(utf8, &at);
        if (c < 0)
            return SP_EINVAL;
        if (c > 0xffff) {
            sp_buf_append_u16(buf, (uint16_t)(0xd800 + ((c - 0x10000) >> 10)));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        sp_buf_append_u16(buf, (uint16_t)c);
    }
    return buf->failed ? SP_ELIMIT : SP_OK;
}

/* Salt, masked key, and a digest of password and key that tells whether the password was right. */
static bool unmask(const struct reader *reader, struct sp_str masked, unsigned char *ret_key)
{
    if (masked.len < 2 * SHA1)
        return false;
    size_t len = masked.len - 2 * SHA1;
    const unsigned char *from = (const unsigned char *)masked.ptr + SHA1;
    const struct sp_str none = {NULL, 0};
    unsigned char stream[SHA1], check[SHA1];
    memcpy(stream, masked.ptr, SHA1);
    for (size_t i = 0; i < len; i++) {
        if (i % SHA1 == 0 && !digest(reader->password, sp_str_from(stream, SHA1), none, stream))
            return false;
        ret_key[i] = from[i] ^ stream[i % SHA1];
    }
    bool ok = digest(reader->password, sp_str_from(ret_key, len), none, check) &&
              sp_secret_eq(sp_str_from(check, SHA1), sp_str_from(from + len, SHA1));
    sp_secret_wipe(stream, sizeof stream);
    return ok;
}

/* ---- entries ---- */

static bool take(struct reader *reader, size_t len, struct sp_str *ret)
{
    if ((size_t)(reader->end - reader->at) < len)
        return false;
    *ret = sp_str_from(reader->at, len);
    reader->at += len;
    return true;
}

static bool take_u32(struct reader *reader, uint32_t *ret)
{
    struct sp_str bytes;
    if (!take(reader, 4, &bytes))
        return false;
    *ret = sp_get_u32((const unsigned char *)bytes.ptr);
    return true;
}

/* Two bytes of length and a text. */
static bool take_text(struct reader *reader, struct sp_str *ret)
{
    struct sp_str bytes;
    return take(reader, 2, &bytes) && take(reader, sp_get_u16((const unsigned char *)bytes.ptr), ret);
}

static enum sp_status read_certificate(struct reader *reader, struct sp_str alias, bool trusted)
{
    uint32_t len = 0;
    struct sp_str type = SP_STR("X.509"), der;
    if ((reader->version > 1 && !take_text(reader, &type)) || !take_u32(reader, &len) ||
        !take(reader, len, &der))
        return broken(reader);
    return sp_str_is(type, "X.509") ? reader->sink->certificate(reader->sink->arg, alias, der, trusted)
                                    : SP_OK;
}

static enum sp_status open_key(struct reader *reader, struct sp_str alias, const X509_SIG *wrapped)
{
    const X509_ALGOR *algorithm;
    const ASN1_OCTET_STRING *octets;
    const ASN1_OBJECT *oid;
    char name[64];
    X509_SIG_get0(wrapped, &algorithm, &octets);
    X509_ALGOR_get0(&oid, NULL, NULL, algorithm);
    OBJ_obj2txt(name, sizeof name, oid, 1);
    if (strcmp(name, MASK_OID) != 0)
        return sp_error_set(reader->err, SP_EUNSUPPORTED, NULL,
                            "the private key '%.*s' is protected in a way that "
                            "is not JKS's",
                            SP_STR_ARG(alias));
    struct sp_str masked = sp_str_from(ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets));
    unsigned char *key = malloc(masked.len + 1);
    if (!key)
        return SP_ENOMEM;
    struct sp_str plain = {NULL, 0};
    if (unmask(reader, masked, key))
        plain = sp_str_from(key, masked.len - 2 * SHA1);
    enum sp_status status = reader->sink->key(reader->sink->arg, alias, plain);
    sp_secret_wipe(key, masked.len);
    free(key);
    return status;
}

static enum sp_status read_key(struct reader *reader, struct sp_str alias)
{
    uint32_t len = 0, chain = 0;
    struct sp_str der;
    if (!take_u32(reader, &len) || !take(reader, len, &der) || !take_u32(reader, &chain))
        return broken(reader);
    if (chain > SP_JKS_CHAIN_MAX)
        return sp_error_set(reader->err, SP_ELIMIT, NULL, "the chain of '%.*s' has more than %d certificates",
                            SP_STR_ARG(alias), SP_JKS_CHAIN_MAX);
    const unsigned char *at = (const unsigned char *)der.ptr;
    X509_SIG *wrapped = d2i_X509_SIG(NULL, &at, (long)der.len);
    if (!wrapped)
        return broken(reader);
    enum sp_status status = open_key(reader, alias, wrapped);
    X509_SIG_free(wrapped);
    for (uint32_t i = 0; status == SP_OK && i < chain; i++)
        status = read_certificate(reader, alias, false);
    return status;
}

static enum sp_status read_entries(struct reader *reader)
{
    uint32_t count = 0, tag = 0;
    struct sp_str alias, date;
    if (!take_u32(reader, &count))
        return broken(reader);
    if (count > SP_JKS_ENTRIES_MAX)
        return sp_error_set(reader->err, SP_ELIMIT, NULL, "more than %d entries", SP_JKS_ENTRIES_MAX);
    enum sp_status status = SP_OK;
    for (uint32_t i = 0; status == SP_OK && i < count; i++) {
        if (!take_u32(reader, &tag) || !take_text(reader, &alias) || !take(reader, 8, &date))
            return broken(reader);
        if (tag == TAG_KEY)
            status = read_key(reader, alias);
        else if (tag == TAG_TRUSTED)
            status = read_certificate(reader, alias, true);
        else
            status = broken(reader);
    }
    if (status == SP_OK && reader->at != reader->end)
        status = broken(reader);
    return status;
}

static enum sp_status read_store(struct reader *reader, struct sp_str bytes)
{
    static const struct sp_str whitener = SP_STR_INIT(WHITENER);
    unsigned char expected[SHA1];
    uint32_t magic = 0, version = 0;
    struct sp_str contents = sp_str_slice(bytes, 0, bytes.len - SHA1);
    if (!digest(reader->password, whitener, contents, expected))
        return sp_error_set(reader->err, SP_EUNSUPPORTED, NULL, "SHA-1 is not available");
    if (!sp_secret_eq(sp_str_from(expected, SHA1), sp_str_slice(bytes, contents.len, bytes.len)))
        return sp_error_set(reader->err, SP_EDENIED, NULL, "the password is wrong");
    reader->at = (const unsigned char *)contents.ptr;
    reader->end = reader->at + contents.len;
    if (!take_u32(reader, &magic) || magic != MAGIC || !take_u32(reader, &version) || version < 1 ||
        version > 2)
        return broken(reader);
    reader->version = version;
    return read_entries(reader);
}

enum sp_status sp_jks_read(struct sp_str bytes, struct sp_str password, const struct sp_jks_sink *sink,
                           struct sp_error *err)
{
    struct reader reader = {.sink = sink, .err = err};
    struct sp_buf wide;
    if (bytes.len < 12 + SHA1)
        return broken(&reader);
    sp_buf_init(&wide, PASSWORD_MAX);
    enum sp_status status = widen(password, &wide);
    if (status == SP_OK) {
        reader.password = sp_buf_str(&wide);
        status = read_store(&reader, bytes);
    } else {
        sp_error_set(err, status, NULL, "the password is not UTF-8, or too long");
    }
    sp_buf_wipe(&wide);
    return status;
}
