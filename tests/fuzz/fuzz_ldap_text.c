/* SPDX-License-Identifier: Apache-2.0
 * Names and filters of LDAP: what is normalised stays as it is, and a value never leaves its place in a
 * filter.
 */
#include <stdlib.h>

#include "registry/ldap_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char first[4 * SP_LDAP_DN_MAX], second[4 * SP_LDAP_DN_MAX], filter[4 * SP_LDAP_FILTER_MAX];
    struct sp_str text = sp_str_from(data, size), value;
    struct sp_buf once = sp_buf_over(first, sizeof first), twice = sp_buf_over(second, sizeof second);
    if (sp_ldap_dn_normalise(text, &once) == SP_OK && once.len <= SP_LDAP_DN_MAX) {
        require(sp_ldap_dn_normalise(sp_buf_str(&once), &twice) == SP_OK);
        require(sp_str_eq(sp_buf_str(&once), sp_buf_str(&twice)));
        require(sp_ldap_dn_within(sp_buf_str(&once), sp_buf_str(&twice)));
    }
    struct sp_arena arena;
    sp_arena_init(&arena, 100000);
    require(sp_ldap_dn_first(text, SP_STR("cn"), &arena, &value) == SP_OK);
    sp_arena_finish(&arena);

    struct sp_buf filled = sp_buf_over(filter, sizeof filter);
    struct sp_error err = SP_ERROR_INIT;
    if (sp_ldap_filter_fill(SP_STR("(&(uid=%v)(x=y))"), text, &filled) == SP_OK &&
        filled.len <= SP_LDAP_FILTER_MAX / 2)
        require(sp_ldap_filter_check(sp_buf_str(&filled), &err) == SP_OK);
    (void)!sp_ldap_filter_check(text, &err);
    sp_ldap_filter_attribute(text);
    struct sp_ldap_map maps[SP_LDAP_MAPS_MAX];
    size_t count = 0;
    (void)!sp_ldap_map_read(text, "map", maps, &count, &err);
    return 0;
}
