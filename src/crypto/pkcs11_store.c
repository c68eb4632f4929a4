/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/pkcs11_store.h"

#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "base/arena.h"
#include "crypto/pkcs11_int.h"
#include "crypto/pkcs11_key.h"

#define ARENA_MAX ((size_t)SP_PKCS11_CERTIFICATES_MAX * SP_PKCS11_CERTIFICATE_BYTES_MAX)
#define POINT_MAX 1024

struct found_key {
    struct sp_str id, label;
    struct sp_str modulus; /* of RSA */
    struct sp_str point;   /* of EC, from the public key beside it; empty: there is none */
    bool pin_each_time;
};

struct found_certificate {
    struct sp_str id, label, der;
    bool trusted;
};

struct reading {
    const struct sp_pkcs11_place *place;
    struct sp_arena arena;
    struct found_key keys[SP_KEY_STORE_KEYS_MAX];
    size_t key_count;
    struct found_certificate certificates[SP_PKCS11_CERTIFICATES_MAX];
    size_t certificate_count;
    const char *limit; /* that was reached */
};

/* ---- attributes ---- */

/* An attribute that is not there is empty. */
static struct sp_str attribute(struct reading *reading, const struct sp_pkcs11_session *session,
                               CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type)
{
    CK_ATTRIBUTE wanted = {type, NULL, 0};
    CK_FUNCTION_LIST *functions = session->functions;
    if (functions->C_GetAttributeValue(session->handle, object, &wanted, 1) != CKR_OK || !wanted.ulValueLen ||
        wanted.ulValueLen == (CK_ULONG)-1)
        return SP_STR("");
    if (wanted.ulValueLen > SP_PKCS11_CERTIFICATE_BYTES_MAX) {
        reading->limit = "an attribute of more than 65536 bytes";
        return SP_STR("");
    }
    wanted.pValue = sp_arena_alloc(&reading->arena, wanted.ulValueLen);
    if (!wanted.pValue) {
        reading->limit = "more than 16 MiB of attributes";
        return SP_STR("");
    }
    if (functions->C_GetAttributeValue(session->handle, object, &wanted, 1) != CKR_OK)
        return SP_STR("");
    return sp_str_from(wanted.pValue, wanted.ulValueLen);
}

static bool is_set(struct reading *reading, const struct sp_pkcs11_session *session, CK_OBJECT_HANDLE object,
                   CK_ATTRIBUTE_TYPE type)
{
    struct sp_str value = attribute(reading, session, object, type);
    return value.len == sizeof(CK_BBOOL) && value.ptr[0];
}

static CK_KEY_TYPE key_type(struct reading *reading, const struct sp_pkcs11_session *session,
                            CK_OBJECT_HANDLE object)
{
    CK_KEY_TYPE type = CKK_VENDOR_DEFINED;
    struct sp_str value = attribute(reading, session, object, CKA_KEY_TYPE);
    if (value.len == sizeof type)
        memcpy(&type, value.ptr, sizeof type);
    return type;
}

/* ---- objects ---- */

static bool is_meant(const struct reading *reading, struct sp_str id, struct sp_str label)
{
    const struct sp_pkcs11_place *place = reading->place;
    return (!place->object[0] || sp_str_is(label, place->object)) &&
           (!place->id_len || sp_str_eq(id, sp_str_from(place->id, place->id_len)));
}

static struct sp_str public_point(struct reading *reading, const struct sp_pkcs11_session *session,
                                  struct sp_str id)
{
    CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
    CK_OBJECT_HANDLE object;
    CK_ATTRIBUTE attributes[] = {{CKA_CLASS, &class, sizeof class},
                                 {CKA_ID, (void *)(uintptr_t)id.ptr, id.len}};
    if (!id.len || sp_pkcs11_find(session, attributes, 2, &object) != CKR_OK)
        return SP_STR("");
    return attribute(reading, session, object, CKA_EC_POINT);
}

static void take_key(struct reading *reading, const struct sp_pkcs11_session *session,
                     CK_OBJECT_HANDLE object)
{
    CK_KEY_TYPE type = key_type(reading, session, object);
    struct found_key key = {.id = attribute(reading, session, object, CKA_ID),
                            .label = attribute(reading, session, object, CKA_LABEL)};
    if ((type != CKK_RSA && type != CKK_EC) || !is_meant(reading, key.id, key.label))
        return;
    if (reading->key_count == SP_KEY_STORE_KEYS_MAX) {
        reading->limit = "more than 64 private keys";
        return;
    }
    key.pin_each_time = is_set(reading, session, object, CKA_ALWAYS_AUTHENTICATE);
    if (type == CKK_RSA)
        key.modulus = attribute(reading, session, object, CKA_MODULUS);
    else
        key.point = public_point(reading, session, key.id);
    reading->keys[reading->key_count++] = key;
}

static void take_certificate(struct reading *reading, const struct sp_pkcs11_session *session,
                             CK_OBJECT_HANDLE object)
{
    CK_CERTIFICATE_TYPE type = CKC_VENDOR_DEFINED;
    struct sp_str value = attribute(reading, session, object, CKA_CERTIFICATE_TYPE);
    if (value.len == sizeof type)
        memcpy(&type, value.ptr, sizeof type);
    if (type != CKC_X_509)
        return;
    if (reading->certificate_count == SP_PKCS11_CERTIFICATES_MAX) {
        reading->limit = "more than 256 certificates";
        return;
    }
    reading->certificates[reading->certificate_count++] =
        (struct found_certificate){.id = attribute(reading, session, object, CKA_ID),
                                   .label = attribute(reading, session, object, CKA_LABEL),
                                   .der = attribute(reading, session, object, CKA_VALUE),
                                   .trusted = is_set(reading, session, object, CKA_TRUSTED)};
}

#define OBJECTS_MAX 1024

/* A search is finished before another begins, as reading an object may need one. */
static CK_RV take_all(struct reading *reading, const struct sp_pkcs11_session *session, CK_OBJECT_CLASS class,
                      void (*take)(struct reading *, const struct sp_pkcs11_session *, CK_OBJECT_HANDLE))
{
    CK_OBJECT_HANDLE objects[OBJECTS_MAX];
    CK_ATTRIBUTE wanted = {CKA_CLASS, &class, sizeof class};
    CK_ULONG count = 0;
    CK_FUNCTION_LIST *functions = session->functions;
    CK_RV rv = functions->C_FindObjectsInit(session->handle, &wanted, 1);
    if (rv != CKR_OK)
        return rv;
    rv = functions->C_FindObjects(session->handle, objects, OBJECTS_MAX, &count);
    functions->C_FindObjectsFinal(session->handle);
    if (count == OBJECTS_MAX)
        reading->limit = "more than 1023 objects of a kind";
    for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
        take(reading, session, objects[i]);
    return rv;
}

static CK_RV read_token(const struct sp_pkcs11_session *session, void *arg)
{
    struct reading *reading = arg;
    sp_arena_reset(&reading->arena);
    reading->key_count = reading->certificate_count = 0;
    CK_RV rv = take_all(reading, session, CKO_PRIVATE_KEY, take_key);
    return rv == CKR_OK ? take_all(reading, session, CKO_CERTIFICATE, take_certificate) : rv;
}

/* ---- making the store ---- */

static bool same_modulus(const struct found_key *key, const EVP_PKEY *public_key)
{
    BIGNUM *of_certificate = NULL,
           *of_key = BN_bin2bn((const unsigned char *)key->modulus.ptr, (int)key->modulus.len, NULL);
    bool same = EVP_PKEY_get_bn_param(public_key, OSSL_PKEY_PARAM_RSA_N, &of_certificate) == 1 && of_key &&
                BN_cmp(of_certificate, of_key) == 0;
    BN_free(of_certificate);
    BN_free(of_key);
    return same;
}

/* The token gives the point inside of an OCTET STRING, some without; both end with it. */
static bool same_point(const struct found_key *key, const EVP_PKEY *public_key)
{
    unsigned char point[POINT_MAX];
    size_t len = 0;
    if (EVP_PKEY_get_octet_string_param(public_key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &len) != 1)
        return false;
    return !key->point.len || sp_str_ends(key->point, sp_str_from(point, len));
}

static bool belong(const struct found_key *key, const EVP_PKEY *public_key)
{
    if (key->modulus.len)
        return EVP_PKEY_is_a(public_key, "RSA") && same_modulus(key, public_key);
    return EVP_PKEY_is_a(public_key, "EC") && same_point(key, public_key);
}

static const struct found_certificate *certificate_of(const struct reading *reading,
                                                      const struct found_key *key)
{
    for (size_t i = 0; i < reading->certificate_count; i++) {
        const struct found_certificate *certificate = &reading->certificates[i];
        if (key->id.len ? sp_str_eq(certificate->id, key->id)
                        : key->label.len && sp_str_eq(certificate->label, key->label))
            return certificate;
    }
    return NULL;
}

static enum sp_status bind_key(struct sp_pkcs11_token *token, const struct found_key *key,
                               const struct found_certificate *certificate, EVP_PKEY **ret_key,
                               struct sp_error *err)
{
    const struct sp_pkcs11_key_name name = {.id = (const unsigned char *)key->id.ptr,
                                            .id_len = key->id.len,
                                            .label = key->label.len ? key->label : certificate->label,
                                            .pin_each_time = key->pin_each_time};
    const unsigned char *at = (const unsigned char *)certificate->der.ptr;
    X509 *x509 = d2i_X509(NULL, &at, (long)certificate->der.len);
    enum sp_status status;
    if (!x509 || !X509_get0_pubkey(x509))
        status = sp_error_set(err, SP_ESYNTAX, NULL, "the certificate of the key '%.*s' cannot be read",
                              SP_STR_ARG(name.label));
    else if (!belong(key, X509_get0_pubkey(x509)))
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "the private key '%.*s' is not that of the certificate with the same id",
                              SP_STR_ARG(name.label));
    else
        status = sp_pkcs11_key_new(token, &name, X509_get0_pubkey(x509), ret_key, err);
    X509_free(x509);
    ERR_clear_error();
    return status;
}

static void add_others(const struct reading *reading, const bool *used, struct sp_key_store_item *items,
                       size_t *count)
{
    for (size_t i = 0; i < reading->certificate_count; i++) {
        const struct found_certificate *certificate = &reading->certificates[i];
        if (!used[i])
            items[(*count)++] = (struct sp_key_store_item){.certificate = certificate->der,
                                                           .alias = certificate->label,
                                                           .trusted = certificate->trusted};
    }
}

static enum sp_status nothing(const struct reading *reading, struct sp_error *err)
{
    if (reading->key_count)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "the private key '%.*s' has no certificate in the token: write it there with the "
                            "id of the key (pkcs11-tool --write-object cert.der --type cert --id ...)",
                            SP_STR_ARG(reading->keys[0].label));
    if (reading->place->object[0] || reading->place->id_len)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "the token has no private key%s%s%s that the location names",
                            reading->place->object[0] ? " '" : "", reading->place->object,
                            reading->place->object[0] ? "'" : "");
    return sp_error_set(err, SP_ENOTFOUND, NULL, "the token holds neither private keys nor certificates");
}

static enum sp_status make_store(struct sp_pkcs11_token *token, struct reading *reading,
                                 struct sp_key_store **ret_store, struct sp_error *err)
{
    struct sp_key_store_item items[SP_KEY_STORE_KEYS_MAX + SP_PKCS11_CERTIFICATES_MAX];
    bool used[SP_PKCS11_CERTIFICATES_MAX] = {false};
    size_t count = 0, entries = 0;
    enum sp_status status = SP_OK;
    for (size_t i = 0; i < reading->key_count && status == SP_OK; i++) {
        const struct found_key *key = &reading->keys[i];
        const struct found_certificate *certificate = certificate_of(reading, key);
        EVP_PKEY *pkey = NULL;
        if (!certificate)
            continue;
        status = bind_key(token, key, certificate, &pkey, err);
        if (status != SP_OK)
            break;
        used[certificate - reading->certificates] = true;
        items[count++] = (struct sp_key_store_item){.certificate = certificate->der,
                                                    .pkey = pkey,
                                                    .alias = key->label.len ? key->label : certificate->label,
                                                    .trusted = certificate->trusted};
        entries = count;
    }
    bool wants_key = reading->place->object[0] || reading->place->id_len;
    add_others(reading, used, items, &count);
    if (status == SP_OK && (!count || (!entries && (wants_key || reading->key_count))))
        status = nothing(reading, err);
    if (status == SP_OK)
        status = sp_key_store_make(items, count, reading->place->library, ret_store, err);
    for (size_t i = 0; i < entries; i++)
        EVP_PKEY_free(items[i].pkey);
    return status;
}

static enum sp_status read_store(struct sp_pkcs11_token *token, struct reading *reading,
                                 struct sp_key_store **ret_store, struct sp_error *err)
{
    enum sp_status status = sp_pkcs11_run(token, "read its objects", read_token, reading, err);
    if (status != SP_OK)
        return status;
    if (reading->limit)
        return sp_error_set(err, SP_ELIMIT, NULL, "the token holds %s", reading->limit);
    return make_store(token, reading, ret_store, err);
}

enum sp_status sp_pkcs11_store_open(struct sp_pkcs11_token *token, struct sp_key_store **ret_store,
                                    struct sp_error *err)
{
    char place[512];
    struct reading *reading = calloc(1, sizeof *reading);
    if (!reading)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory to read a token");
    reading->place = sp_pkcs11_token_place(token);
    sp_arena_init(&reading->arena, ARENA_MAX);
    enum sp_status status = read_store(token, reading, ret_store, err);
    if (status != SP_OK && err && !strstr(err->text, reading->place->library)) {
        sp_pkcs11_place_describe(reading->place, place, sizeof place);
        sp_error_prefix(err, "%s", place);
    }
    sp_arena_finish(&reading->arena);
    free(reading);
    return status;
}
