/* SPDX-License-Identifier: Apache-2.0
 * fuzz_certificates.c: any bytes as a data set of certificates: what is read can be described, and written
 * again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "saf/certificate_make.h"
#include "saf/certificate_package.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void describe(const struct sp_certificate_package *package, struct sp_arena *arena)
{
    for (size_t i = 0; i < package->count; i++) {
        struct sp_certificate_facts facts;
        struct sp_error err = SP_ERROR_INIT;
        if (sp_certificate_facts_read(package->certificates[i], arena, &facts, &err) == SP_OK &&
            (!facts.profile.len || facts.serial.len < 2))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str bytes = sp_str_from(data, size), request;
    struct sp_certificate_package package, again;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    struct sp_buf buf;
    sp_arena_init(&arena, 64 << 20);
    sp_buf_init(&buf, 8 << 20);
    if (sp_certificate_package_read(bytes, SP_STR("secret"), &arena, &package, &err) == SP_OK) {
        if (!package.count)
            abort();
        describe(&package, &arena);
        if (sp_certificate_package_write(&package, SP_PKCS7B64, SP_STR(""), SP_STR(""), &buf, &err) ||
            sp_certificate_package_read(sp_buf_str(&buf), SP_STR(""), &arena, &again, &err) ||
            again.count != package.count)
            abort();
    } else if (!err.text[0]) {
        abort();
    }
    if (sp_request_read(bytes, &arena, &request, &err) == SP_OK && !request.len)
        abort();
    sp_buf_wipe(&buf);
    sp_arena_wipe(&arena);
    return 0;
}
