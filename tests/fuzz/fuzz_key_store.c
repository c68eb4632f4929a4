/* SPDX-License-Identifier: Apache-2.0
 * Any bytes as a key store: a store whose parts fit together, or an error with a text.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crypto/key_store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text)
{
    if (!text[0])
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_key_store *store = NULL;
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
