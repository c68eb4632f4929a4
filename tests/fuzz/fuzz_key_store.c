/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a key store: a store whose parts fit together, or an error with a text.
 */
#include <stdint.h>
#include <stdlib.h>

#include <openssl/evp.h>

#include "crypto/jks.h"
#include "crypto/key_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text)
{
    if (!text[0])
        abort();
}

/* A JKS store ends with a digest, behind which mutations of what stands before it would never come: here it
 * is made right. */
static void try_jks(const uint8_t *data, size_t size)
{
    static const char mixed[] = "\0s\0e\0c\0r\0e\0tMighty Aphrodite";
    struct sp_key_store *store = NULL;
    uint8_t *whole = malloc(size + 20);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!whole || !context)
        abort();
    memcpy(whole, data, size);
    EVP_DigestInit_ex(context, EVP_sha1(), NULL);
    EVP_DigestUpdate(context, mixed, sizeof mixed - 1);
    EVP_DigestUpdate(context, data, size);
    EVP_DigestFinal_ex(context, whole + size, NULL);
    EVP_MD_CTX_free(context);
    if (sp_key_store_parse(sp_str_from(whole, size + 20), SP_STR("secret"), "fuzz", &store, NULL) == SP_OK)
        sp_key_store_free(store);
    free(whole);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_key_store *store = NULL;
    if (sp_jks_is(sp_str_from(data, size)))
        try_jks(data, size);
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status =
        sp_key_store_parse(sp_str_from(data, size), SP_STR("secret"), "fuzz", &store, &err);
    if ((status == SP_OK) != (store != NULL) || (status != SP_OK && err.text[0] == '\0'))
        abort();
    if (!store)
        return 0;
    const struct sp_key_entry *entry = NULL;
    if (sp_key_store_entry_count(store) &&
        (sp_key_store_entry(store, SP_STR(""), &entry, &err) != SP_OK || !entry->certificate || !entry->key))
        abort();
    for (size_t i = 0; i < sp_key_store_trusted_count(store); i++)
        if (!sp_key_store_trusted(store, i))
            abort();
    sp_key_store_warn(store, 1700000000000000, ignore, NULL);
    sp_key_store_free(store);
    return 0;
}
