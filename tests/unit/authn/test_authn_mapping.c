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

/* How the identity came, what maps it, and what the configuration says of those that nothing maps. */
enum how { CLAIMED, LOOKED_UP, FROM_BASIC, FROM_LDAP };
enum filter { BY_DN, BY_NAME, OTHER_REALM, NOTHING };

static struct sp_assertion identity(enum how how, enum filter filter)
{
    /* Of the database of this test: mary and olaf are mapped in realm zosConnect by name, CN=fred,O=bank in
     * ldap.bank by his distinguished name. */
    const char *names[] = {[BY_DN] = "f", [BY_NAME] = "mary", [OTHER_REALM] = "mary", [NOTHING] = "stranger"};
    struct sp_assertion assertion = claimed(names[filter], filter == BY_DN         ? "ldap.bank"
                                                           : filter == OTHER_REALM ? "elsewhere"
                                                                                   : "zosConnect");
    if (filter == BY_DN)
        assertion.unique_id = SP_STR("CN=fred,O=bank");
    if (how == LOOKED_UP)
        assertion.kind = SP_ASSERT_LOOK_UP;
    if (how == FROM_BASIC || how == FROM_LDAP)
        assertion.kind = SP_ASSERT_REGISTRY;
    assertion.user =
        (struct sp_registry_user){.name = assertion.name,
                                  .unique_id = assertion.unique_id.len ? assertion.unique_id : assertion.name,
                                  .registry = how == FROM_LDAP ? SP_STR("ldap1") : SP_STR("basic")};
    return assertion;
}

/* The registry's realm is zosConnect: what it knows is of that, whatever the credential says. */
static void every_combination_is_mapped_as_documented(void **state)
{
    static const struct {
        enum how how;
        enum filter filter;
        const char *mapped;   /* with mapDistributedIdentities; NULL: nothing does */
        const char *unmapped; /* the user id without it; NULL: none */
    } rows[] = {
        {CLAIMED, BY_DN, "FRED", NULL},          {CLAIMED, BY_NAME, "MARY", NULL},
        {CLAIMED, OTHER_REALM, NULL, NULL},      {CLAIMED, NOTHING, NULL, NULL},
        {LOOKED_UP, BY_NAME, "MARY", "MARY"},    {LOOKED_UP, OTHER_REALM, "MARY", "MARY"},
        {LOOKED_UP, NOTHING, NULL, "STRANGER"},  {FROM_BASIC, BY_NAME, "MARY", "MARY"},
        {FROM_BASIC, NOTHING, NULL, "STRANGER"}, {FROM_LDAP, BY_NAME, "MARY", "MARY"},
        {FROM_LDAP, BY_DN, NULL, "F"}, /* mapped in the realm ldap.bank, and the registry's is another */
        {FROM_LDAP, NOTHING, NULL, "STRANGER"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        for (int unmapped = SP_CFG_UNMAPPED_DISTRIBUTED; unmapped <= SP_CFG_UNMAPPED_GUEST; unmapped++) {
            for (int on = 0; on < 2; on++) {
                f->config.authentication.unmapped_identity = unmapped;
                f->config.saf_credentials.map_distributed_identities = on;
                const char *user = on ? rows[i].mapped : rows[i].unmapped;
                bool refused = on && !user && unmapped != SP_CFG_UNMAPPED_DISTRIBUTED;
                enum sp_status status = make(f, identity(rows[i].how, rows[i].filter));
                if (status != (refused ? SP_EDENIED : SP_OK))
                    fail_msg("row %zu, unmapped %d, mapping %d: %s", i, unmapped, on, f->err.text);
                if (refused)
                    assert_string_equal(f->err.id, SP_MSG_NOT_MAPPED);
                else if (!sp_str_is(f->principal.saf_user, user ? user : ""))
                    fail_msg("row %zu, mapping %d: user id %.*s", i, on, SP_STR_ARG(f->principal.saf_user));
                if (!refused && on && user)
                    assert_true(f->principal.groups.count > 0); /* those of the security database */
            }
        }
    }
}

/* What the principal has of one identity: as sent, as the registry spells it, as it is mapped, and how it was
 * proved. */
static void a_principal_has_the_whole_identity(void **state)
{
    struct fixture *f = *state;
    struct sp_assertion assertion = identity(LOOKED_UP, OTHER_REALM);
    assertion.expires_us = 1234567;
    assertion.scopes = (struct sp_str_list){(const struct sp_str[]){SP_STR_INIT("read")}, 1};
    assertion.claims_json = SP_STR("{\"a\":1}");
    assert_int_equal(make(f, assertion), SP_OK);
    const struct sp_principal *p = &f->principal;
    assert_true(p->authenticated && !p->demoted);
    assert_int_equal(p->scheme, SP_AUTHN_JWT);
    assert_int_equal(p->strength, SP_STRENGTH_BEARER);
    assert_true(sp_str_is(p->original_name, "mary") && sp_str_is(p->original_realm, "elsewhere"));
    assert_true(sp_str_is(p->name, "mary") && sp_str_is(p->realm, "zosConnect"));
    assert_true(sp_str_is(p->unique_id, "mary") && sp_str_is(p->registry, "basic"));
    assert_true(sp_str_is(p->saf_user, "MARY") && sp_str_is(p->provider, "op"));
    assert_true(p->groups.count == 1 && p->scopes.count == 1 && p->claims_json.len == 7);
    assert_int_equal(p->expires_us, 1234567);
    assert_int_equal(make(f, identity(FROM_LDAP, BY_NAME)), SP_OK);
    assert_true(sp_str_is(f->principal.registry, "ldap1"));
    assert_int_equal(make(f, identity(CLAIMED, BY_NAME)), SP_OK);
    assert_int_equal(f->principal.registry.len, 0);
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
        TEST(every_combination_is_mapped_as_documented),
        TEST(a_principal_has_the_whole_identity),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("authn_mapping", tests, NULL, NULL);
}
