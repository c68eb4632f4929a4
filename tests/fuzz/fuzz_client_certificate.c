/* SPDX-License-Identifier: Apache-2.0
 * fuzz_client_certificate.c: any bytes as the certificate of a connection: it names a user who is there, or
 * it names nobody.
 */
#include <stdint.h>
#include <stdlib.h>

#include "registry/certificate_name.h"
#include "registry/registry.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct sp_registry *make_registry(void)
{
    static const struct sp_cfg_user users[] = {{SP_STR_INIT("fred"), SP_STR_INIT("x")}};
    static struct sp_cfg_basic_registry basic = {.realm = SP_STR_INIT("r"),
                                                 .certificate_map_mode = SP_STR_INIT("PRINCIPAL_CN"),
                                                 .users = users,
                                                 .user_count = 1};
    static struct sp_config config = {.basic_registry = &basic};
    struct sp_registry *registry = NULL;
    if (sp_registry_new(&config, NULL, NULL, &registry, NULL) != SP_OK)
        abort();
    return registry;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct sp_registry *registry;
    struct sp_str der = sp_str_from(data, size);
    struct sp_certificate_names names;
    struct sp_registry_user user;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    if (!registry)
        registry = make_registry();
    sp_arena_init(&arena, 4 << 20);
    if (io_registry_find_certificate(registry, der, &arena, &user, &err) == SP_OK &&
        !sp_str_is(user.name, "fred"))
        abort();
    if (sp_certificate_names_read(der, &arena, &names, &err) == SP_OK) {
        if (names.subject.len > SP_CERTIFICATE_NAME_MAX || !names.serial.len)
            abort();
        sp_certificate_names_finish(&names);
    }
    sp_arena_finish(&arena);
    return 0;
}
