/* SPDX-License-Identifier: Apache-2.0
 * fuzz_pkcs11_place.c: any text as a pkcs11: URI and as a provider's file: what is read names a library and
 * ends where it should, what is refused says why.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/pkcs11_place.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(enum sp_status status, const struct sp_pkcs11_place *place, const struct sp_error *err)
{
    char text[64];
    if (status != SP_OK) {
        if (!err->text[0])
            abort();
        return;
    }
    if (place->library[0] != '/' || strnlen(place->library, sizeof place->library) == sizeof place->library ||
        strnlen(place->token, sizeof place->token) == sizeof place->token || place->id_len > sizeof place->id)
        abort();
    sp_pkcs11_place_describe(place, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_pkcs11_place place;
    struct sp_error err = SP_ERROR_INIT, err2 = SP_ERROR_INIT;
    struct sp_str text = sp_str_from(data, size);
    judge(sp_pkcs11_place_parse_uri(text, &place, &err), &place, &err);
    judge(sp_pkcs11_place_parse_file(text, "f", &place, &err2), &place, &err2);
    return 0;
}
