/* SPDX-License-Identifier: Apache-2.0
 *
 * The provider: key management. A key is imported once, by a pointer, and never exported: what asks for its
 * public half gets that of the certificate.
 */
#include "crypto/pkcs11_key.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/params.h>
#include <openssl/provider.h>

#include "crypto/pkcs11_provider.h"

#define PROVIDER "sallyport-pkcs11"
#define PROPERTIES "provider=" PROVIDER
#define PARAM_KEY "sallyport-key"
enum reason {
    REFUSED = 1, /* it was asked, and did not do it */
    AWAY,
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OSSL_LIB_CTX *context;
static int error_library;

/* ---- failures ---- */

void sp_pkcs11_raise(const struct sp_error *err)
{
    ERR_raise_data(error_library, err->status == SP_EIO ? REFUSED : AWAY, "%s", err->text);
}

bool sp_pkcs11_key_failure(char *ret_text, size_t size)
{
    const char *data = NULL;
    int flags = 0;
    unsigned long code = ERR_peek_error_all(NULL, NULL, NULL, &data, &flags);
    if (!error_library || ERR_GET_LIB(code) != error_library || !data || !(flags & ERR_TXT_STRING))
        return false;
    snprintf(ret_text, size, "%s", data);
    return true;
}

bool sp_pkcs11_key_is_away(struct sp_error *err)
{
    char text[SP_ERROR_TEXT_MAX];
    if (!sp_pkcs11_key_failure(text, sizeof text) || ERR_GET_REASON(ERR_peek_error()) != AWAY)
        return false;
    sp_error_set(err, SP_EUNAVAIL, NULL, "%s", text);
    return true;
}

/* ---- key management ---- */

static void *data_new(void *provider)
{
    return calloc(1, sizeof(struct sp_pkcs11_key_data));
}

static void data_free(void *arg)
{
    struct sp_pkcs11_key_data *data = arg;
    if (data)
        sp_pkcs11_key_release(data->key);
    free(data);
}

static int data_has(const void *arg, int selection)
{
    const struct sp_pkcs11_key_data *data = arg;
    return data && data->key;
}

static int data_match(const void *arg1, const void *arg2, int selection)
{
    const struct sp_pkcs11_key_data *one = arg1, *other = arg2;
    return one->key && other->key && EVP_PKEY_eq(one->key->public_key, other->key->public_key) == 1;
}

static int data_import(void *arg, int selection, const OSSL_PARAM *params)
{
    struct sp_pkcs11_key_data *data = arg;
    const OSSL_PARAM *param = OSSL_PARAM_locate_const(params, PARAM_KEY);
    const void *key = NULL;
    size_t len = 0;
    if (!param || data->key || !OSSL_PARAM_get_octet_ptr(param, &key, &len) || !key)
        return 0;
    data->key = sp_pkcs11_key_hold((struct sp_pkcs11_key *)(uintptr_t)key);
    return 1;
}

static const OSSL_PARAM *data_import_types(int selection)
{
    static const OSSL_PARAM types[] = {OSSL_PARAM_octet_ptr(PARAM_KEY, NULL, 0), OSSL_PARAM_END};
    return types;
}

/* Another provider that asks for the private half must not take the public one for it. */
static int data_export(void *arg, int selection, OSSL_CALLBACK *take, void *take_arg)
{
    const struct sp_pkcs11_key_data *data = arg;
    OSSL_PARAM *params = NULL;
    if (!data->key || (selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) ||
        EVP_PKEY_todata(data->key->public_key, EVP_PKEY_PUBLIC_KEY, &params) != 1)
        return 0;
    int taken = take(params, take_arg);
    OSSL_PARAM_free(params);
    return taken;
}

static const OSSL_PARAM *export_types(int selection)
{
    static const OSSL_PARAM none[] = {OSSL_PARAM_END};
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_END,
    };
    return selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY ? none : types;
}

static int data_get_params(void *arg, OSSL_PARAM params[])
{
    const struct sp_pkcs11_key_data *data = arg;
    return data->key ? EVP_PKEY_get_params(data->key->public_key, params) : 0;
}

static const OSSL_PARAM *gettable(void *provider)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_X, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_EC_PUB_Y, NULL, 0),
        OSSL_PARAM_END,
    };
    return types;
}

static const char *ec_operation(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

#define FUNCTION(id, function)           \
    {                                    \
        (id), (void (*)(void))(function) \
    }
#define KEY_FUNCTIONS                                                                             \
    FUNCTION(OSSL_FUNC_KEYMGMT_NEW, data_new), FUNCTION(OSSL_FUNC_KEYMGMT_FREE, data_free),       \
        FUNCTION(OSSL_FUNC_KEYMGMT_HAS, data_has), FUNCTION(OSSL_FUNC_KEYMGMT_MATCH, data_match), \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT, data_import),                                          \
        FUNCTION(OSSL_FUNC_KEYMGMT_IMPORT_TYPES, data_import_types),                              \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT, data_export),                                          \
        FUNCTION(OSSL_FUNC_KEYMGMT_EXPORT_TYPES, export_types),                                   \
        FUNCTION(OSSL_FUNC_KEYMGMT_GET_PARAMS, data_get_params),                                  \
        FUNCTION(OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, gettable)

static const OSSL_DISPATCH rsa_keys[] = {KEY_FUNCTIONS, {0, NULL}};
static const OSSL_DISPATCH ec_keys[] = {
    KEY_FUNCTIONS, FUNCTION(OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, ec_operation), {0, NULL}};

/* ---- the provider ---- */

static const OSSL_ALGORITHM *query(void *provider, int operation, int *ret_no_cache)
{
    static const OSSL_ALGORITHM keys[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, rsa_keys, "RSA keys in a PKCS#11 token"},
        {"EC:id-ecPublicKey:1.2.840.10045.2.1", PROPERTIES, ec_keys, "EC keys in a PKCS#11 token"},
        {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM signatures[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, sp_pkcs11_rsa_signature, "RSA in a token"},
        {"ECDSA", PROPERTIES, sp_pkcs11_ec_signature, "ECDSA in a token"},
        {NULL, NULL, NULL, NULL}};
    static const OSSL_ALGORITHM ciphers[] = {
        {"RSA:rsaEncryption:1.2.840.113549.1.1.1", PROPERTIES, sp_pkcs11_rsa_cipher, "RSA in a token"},
        {NULL, NULL, NULL, NULL}};
    *ret_no_cache = 0;
    return operation == OSSL_OP_KEYMGMT       ? keys
           : operation == OSSL_OP_SIGNATURE   ? signatures
           : operation == OSSL_OP_ASYM_CIPHER ? ciphers
                                              : NULL;
}

static int start_provider(const OSSL_CORE_HANDLE *handle, const OSSL_DISPATCH *core,
                          const OSSL_DISPATCH **ret_functions, void **ret_provider)
{
    static const OSSL_DISPATCH functions[] = {FUNCTION(OSSL_FUNC_PROVIDER_QUERY_OPERATION, query), {0, NULL}};
    *ret_functions = functions;
    *ret_provider = (void *)(uintptr_t)handle;
    return 1;
}

static void start(void)
{
    static ERR_STRING_DATA texts[] = {{0, "PKCS#11 token"},
                                      {ERR_PACK(0, 0, REFUSED), "the token did not do it"},
                                      {ERR_PACK(0, 0, AWAY), "the token cannot be used"},
                                      {0, NULL}};
    error_library = ERR_get_next_error_library();
    ERR_load_strings(error_library, texts);
    OSSL_LIB_CTX *made = OSSL_LIB_CTX_new();
    if (made && OSSL_PROVIDER_add_builtin(made, PROVIDER, start_provider) == 1 &&
        OSSL_PROVIDER_load(made, PROVIDER))
        context = made;
    else
        OSSL_LIB_CTX_free(made);
}

/* ---- keys ---- */

static struct sp_pkcs11_key *make(struct sp_pkcs11_token *token, const struct sp_pkcs11_key_name *name,
                                  EVP_PKEY *certified)
{
    struct sp_pkcs11_key *key = calloc(1, sizeof *key);
    if (!key)
        return NULL;
    key->references = 1;
    key->token = sp_pkcs11_token_hold(token);
    EVP_PKEY_up_ref(certified);
    key->public_key = certified;
    key->is_ec = EVP_PKEY_is_a(certified, "EC");
    key->pin_each_time = name->pin_each_time;
    memcpy(key->id, name->id, name->id_len);
    key->id_len = name->id_len;
    snprintf(key->label, sizeof key->label, "%.*s", SP_STR_ARG(name->label));
    return key;
}

enum sp_status sp_pkcs11_key_new(struct sp_pkcs11_token *token, const struct sp_pkcs11_key_name *name,
                                 EVP_PKEY *certified, EVP_PKEY **ret_key, struct sp_error *err)
{
    const char *type = EVP_PKEY_is_a(certified, "RSA") ? "RSA" : EVP_PKEY_is_a(certified, "EC") ? "EC" : NULL;
    if (!type || name->id_len > SP_PKCS11_ID_MAX || name->label.len > SP_PKCS11_NAME_MAX)
        return sp_error_set(err, SP_EUNSUPPORTED, NULL,
                            "the key '%.*s' of the token is neither RSA nor EC, or has too long a name",
                            SP_STR_ARG(name->label));
    pthread_once(&once, start);
    struct sp_pkcs11_key *key = make(token, name, certified);
    EVP_PKEY_CTX *making = context && key ? EVP_PKEY_CTX_new_from_name(context, type, PROPERTIES) : NULL;
    void *pointer = key;
    OSSL_PARAM params[] = {OSSL_PARAM_construct_octet_ptr(PARAM_KEY, &pointer, sizeof *key),
                           OSSL_PARAM_construct_end()};
    EVP_PKEY *made = NULL;
    bool done = making && EVP_PKEY_fromdata_init(making) == 1 &&
                EVP_PKEY_fromdata(making, &made, EVP_PKEY_KEYPAIR, params) == 1;
    EVP_PKEY_CTX_free(making);
    sp_pkcs11_key_release(key);
    if (!done)
        return sp_error_set(err, key ? SP_EINTERNAL : SP_ENOMEM, NULL,
                            "OpenSSL does not take the key of the token");
    *ret_key = made;
    return SP_OK;
}

bool sp_pkcs11_key_is(const EVP_PKEY *key)
{
    const OSSL_PROVIDER *provider = EVP_PKEY_get0_provider(key);
    return provider && strcmp(OSSL_PROVIDER_get0_name(provider), PROVIDER) == 0;
}
