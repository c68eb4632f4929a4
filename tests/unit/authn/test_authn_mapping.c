/* SPDX-License-Identifier: Apache-2.0
 * From what a provider asserts to a principal, through the filters of the security database.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "authn/message.h"
#include "authn/principal.h"
#include "saf_database.h"

struct fixture {
    struct sp_config config;
    struct sp_authn_parts parts;
    struct sp_arena arena;
    struct sp_principal principal;
    struct sp_error err;
};

static const struct sp_cfg_user users[] = {{SP_STR_INIT("mary"), SP_STR_INIT("x")},
                                           {SP_STR_INIT("olaf"), SP_STR_INIT("x")},
                                           {SP_STR_INIT("stranger"), SP_STR_INIT("x")}};
static const struct sp_cfg_basic_registry registry = {
    .realm = SP_STR_INIT("zosConnect"), .users = users, .user_count = 3};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct sp_error problem = SP_ERROR_INIT;
    f->config = (struct sp_config){
        .basic_registry = &registry,
        .saf_credentials = {.profile_prefix = SP_STR_INIT("BBGZDFLT"),
                            .unauthenticated_user = SP_STR_INIT("WSGUEST"),
                            .map_distributed_identities = true},
        .saf_database = {.database = saf_database_make()},
    };
    saf_database_run("RACMAP ID(OLAF) MAP USERDIDFILTER(NAME('olaf')) REGISTRY(NAME('zosConnect'))");
    saf_database_run("RACMAP ID(FRED) MAP USERDIDFILTER(NAME('CN=fred,O=bank')) REGISTRY(NAME('ldap.bank'))");
    f->parts.config = &f->config;
    sp_arena_init(&f->arena, 1000000);
    assert_int_equal(sp_saf_link_new(&f->config, &f->parts.saf, &problem, &f->err), SP_OK);
    assert_int_equal(sp_registry_new(&f->config, f->parts.saf, NULL, &f->parts.registry, &f->err), SP_OK);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    sp_registry_free(f->parts.registry);
    sp_saf_link_release(f->parts.saf);
    sp_arena_finish(&f->arena);
    saf_database_remove();
    free(f);
    return 0;
}

static enum sp_status make(struct fixture *f, struct sp_assertion assertion)
{
    const struct sp_authn_attempt attempt = {.parts = &f->parts, .arena = &f->arena};
    const struct sp_authn_provider provider = {.id = SP_STR_INIT("op")};
    f->principal = (struct sp_principal){0};
    sp_error_clear(&f->err);
    return io_principal_make(&attempt, &provider, &assertion, &f->principal, &f->err);
}

static struct sp_assertion claimed(const char *name, const char *realm)
{
    return (struct sp_assertion){.kind = SP_ASSERT_CLAIMED,
                                 .scheme = SP_AUTHN_JWT,
                                 .strength = SP_STRENGTH_BEARER,
                                 .name = sp_str_of(name),
                                 .realm = sp_str_of(realm)};
}

static void a_claimed_identity_is_mapped_by_name_and_realm(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, claimed("mary", "zosConnect")), SP_OK);
    assert_true(sp_str_is(f->principal.saf_user, "MARY"));
    assert_true(sp_str_is(f->principal.name, "mary"));
    assert_true(sp_str_is(f->principal.original_realm, "zosConnect"));
    assert_true(sp_str_is(f->principal.provider, "op"));
    assert_int_equal(f->principal.groups.count, 1);
    assert_true(sp_str_is(f->principal.groups.items[0], "ZCEEUSRS"));
    assert_int_equal(make(f, claimed("mary", "elsewhere")), SP_OK);
    assert_int_equal(f->principal.saf_user.len, 0);
}

static void a_claimed_name_is_no_user_id(void **state)
{
    struct fixture *f = *state;
    f->config.saf_credentials.map_distributed_identities = false;
    assert_int_equal(make(f, claimed("FRED", "https://issuer")), SP_OK);
    assert_int_equal(f->principal.saf_user.len, 0);
}

static void a_distinguished_name_is_what_is_mapped_first(void **state)
{
    struct fixture *f = *state;
    struct sp_assertion assertion = claimed("fred", "ldap.bank");
    assertion.unique_id = SP_STR("cn=fred, o=bank");
    assert_int_equal(make(f, assertion), SP_OK);
    assert_true(sp_str_is(f->principal.saf_user, "FRED"));
    assertion = claimed("mary", "zosConnect");
    assertion.unique_id = SP_STR("cn=nobody,o=bank");
    assert_int_equal(make(f, assertion), SP_OK);
    assert_true(sp_str_is(f->principal.saf_user, "MARY"));
}

static void who_is_not_mapped_goes_where_the_configuration_says(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, claimed("stranger", "zosConnect")), SP_OK);
    assert_true(f->principal.authenticated);
    assert_int_equal(f->principal.saf_user.len, 0);
    f->config.authentication.unmapped_identity = SP_CFG_UNMAPPED_REFUSE;
    assert_int_equal(make(f, claimed("stranger", "zosConnect")), SP_EDENIED);
    assert_string_equal(f->err.id, SP_MSG_NOT_MAPPED);
    assert_non_null(strstr(f->err.text, "RACMAP"));
    f->config.authentication.unmapped_identity = SP_CFG_UNMAPPED_GUEST;
    assert_int_equal(make(f, claimed("stranger", "zosConnect")), SP_EDENIED);
    assert_int_equal(make(f, claimed("mary", "zosConnect")), SP_OK);
}

static void the_registry_gives_what_is_looked_up(void **state)
{
    struct fixture *f = *state;
    struct sp_assertion assertion = claimed("mary", "https://issuer");
    assertion.kind = SP_ASSERT_LOOK_UP;
    assert_int_equal(make(f, assertion), SP_OK);
    assert_true(sp_str_is(f->principal.realm, "zosConnect"));
    assert_true(sp_str_is(f->principal.original_realm, "https://issuer"));
    assert_true(sp_str_is(f->principal.registry, "basic"));
    assert_true(sp_str_is(f->principal.saf_user, "MARY"));
    assertion.name = SP_STR("nobody");
    assert_int_equal(make(f, assertion), SP_ENOTFOUND);
    assert_string_equal(f->err.id, SP_MSG_USER_UNKNOWN);
}

static void who_is_mapped_must_be_let_in_by_the_security_database(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(make(f, claimed("olaf", "zosConnect")), SP_EDENIED);
    assert_string_equal(f->err.id, SP_REGISTRY_NO_APPL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_claimed_identity_is_mapped_by_name_and_realm),
        TEST(a_claimed_name_is_no_user_id),
        TEST(a_distinguished_name_is_what_is_mapped_first),
        TEST(who_is_not_mapped_goes_where_the_configuration_says),
        TEST(the_registry_gives_what_is_looked_up),
        TEST(who_is_mapped_must_be_let_in_by_the_security_database),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_mapping", tests, NULL, NULL);
}
