/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "registry/ldap_settings.h"

static struct sp_cfg_ldap_registry plain(void)
{
    return (struct sp_cfg_ldap_registry){
        .id = SP_STR_INIT("l"),
        .realm = SP_STR_INIT("Realm"),
        .host = SP_STR_INIT("directory.example.org"),
        .port = 389,
        .base_dn = SP_STR_INIT("DC=Example, dc=org"),
        .ldap_type = SP_STR_INIT("Custom"),
        .bind_mechanism = SP_STR_INIT("simple"),
        .certificate_map_mode = SP_STR_INIT("EXACT_DN"),
        .referral = SP_STR_INIT("ignore"),
        .deref_aliases = SP_STR_INIT("always"),
    };
}

static enum sp_status init(struct sp_ldap_settings *settings, const struct sp_cfg_ldap_registry *config,
                           struct sp_error *err)
{
    *err = (struct sp_error)SP_ERROR_INIT;
    return sp_ldap_settings_init(settings, config, NULL, err);
}

static void the_type_tells_the_searches(void **state)
{
    const struct {
        const char *type, *user_filter, *any_group, *user_id, *member, *membership;
    } cases[] = {
        {"custom", "(&(uid=%v)(objectclass=ePerson))",
         "(&(cn=*)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)(objectclass=groupOfURLs)))",
         "uid", "member", "ibm-allGroups"},
        {"IBM Tivoli Directory Server", "(&(uid=%v)(objectclass=ePerson))",
         "(&(cn=*)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)(objectclass=groupOfURLs)))",
         "uid", "member", "ibm-allGroups"},
        {"Microsoft Active Directory", "(&(sAMAccountName=%v)(objectcategory=user))",
         "(&(cn=*)(objectcategory=group))", "sAMAccountName", NULL, "memberOf"},
        {"IBM Lotus Domino", "(&(uid=%v)(objectclass=Person))", "(&(cn=*)(objectclass=dominoGroup))", "uid",
         "member", NULL},
        {"Novell eDirectory", "(&(cn=%v)(objectclass=Person))", "(&(cn=*)(objectclass=groupOfNames))", "cn",
         "member", NULL},
        {"Sun Java System Directory Server", "(&(uid=%v)(objectclass=inetOrgPerson))",
         "(&(cn=*)(objectclass=ldapsubentry))", "uid", NULL, "nsRole"},
        {"netscape directory server", "(&(uid=%v)(objectclass=inetOrgPerson))",
         "(&(cn=*)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)))", "uid", "member", NULL},
        {"IBM SecureWay Directory Server", "(&(uid=%v)(objectclass=ePerson))",
         "(&(cn=*)(|(objectclass=groupOfNames)(objectclass=groupOfUniqueNames)))", "uid", "member", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_cfg_ldap_registry config = plain();
        struct sp_ldap_settings s;
        struct sp_error err;
        config.ldap_type = sp_str_of(cases[i].type);
        assert_int_equal(init(&s, &config, &err), SP_OK);
        assert_true(sp_str_is(s.user_filter, cases[i].user_filter));
        assert_true(sp_str_is(s.any_group_filter, cases[i].any_group));
        assert_true(sp_str_is(s.user_ids[0].attribute, cases[i].user_id));
        assert_true(sp_str_is(s.group_ids[0].attribute, "cn"));
        assert_int_equal(s.member_count > 0, cases[i].member != NULL);
        if (cases[i].member)
            assert_true(sp_str_is(s.members[0].attribute, cases[i].member));
        assert_int_equal(s.membership_count, cases[i].membership != NULL);
        if (cases[i].membership)
            assert_string_equal(s.memberships[0].attribute, cases[i].membership);
        sp_ldap_settings_finish(&s);
    }
}

static void written_filters_take_the_place_of_those_of_the_type(void **state)
{
    const struct sp_cfg_ldap_filters filters = {
        .user_filter = SP_STR_INIT("(&(mail=%v)(objectclass=person))"),
        .group_filter = SP_STR_INIT("(&(ou=%v)(objectclass=team))"),
        .user_id_map = SP_STR_INIT("person:mail"),
        .group_id_map = SP_STR_INIT("team:ou"),
        .group_member_id_map = SP_STR_INIT("team:worker;memberOf:x"),
    };
    struct sp_cfg_ldap_registry config = plain();
    struct sp_ldap_settings s;
    struct sp_error err;
    config.filters = &filters;
    assert_int_equal(init(&s, &config, &err), SP_OK);
    assert_true(sp_str_is(s.user_filter, "(&(mail=%v)(objectclass=person))"));
    assert_true(sp_str_is(s.any_user_filter, "(&(mail=*)(objectclass=person))"));
    assert_true(sp_str_is(s.any_group_filter, "(&(ou=*)(objectclass=team))"));
    assert_true(sp_str_is(s.user_ids[0].object_class, "person"));
    assert_true(sp_str_is(s.group_ids[0].attribute, "ou"));
    assert_int_equal(s.member_count, 1);
    assert_true(sp_str_is(s.members[0].object_class, "team") && sp_str_is(s.members[0].attribute, "worker"));
    assert_int_equal(s.membership_count, 1);
    size_t count = 0;
    while (s.attributes[count])
        count++;
    assert_int_equal(count, 4); /* objectClass, mail, ou, memberOf */
    sp_ldap_settings_finish(&s);
}

static void login_properties_widen_the_search(void **state)
{
    const struct sp_str names[] = {SP_STR_INIT("mail"), SP_STR_INIT("employeeNumber")};
    struct sp_cfg_ldap_registry config = plain();
    struct sp_ldap_settings s;
    struct sp_error err;
    config.login_properties = (struct sp_str_list){names, 2};
    assert_int_equal(init(&s, &config, &err), SP_OK);
    assert_true(sp_str_is(s.user_filter, "(|(&(uid=%v)(objectclass=ePerson))(&(mail=%v)(objectclass=ePerson))"
                                         "(&(employeeNumber=%v)(objectclass=ePerson)))"));
    assert_int_equal(s.login_attribute_count, 3);
    sp_ldap_settings_finish(&s);
}

static void numbers_and_switches_are_taken_over(void **state)
{
    struct sp_cfg_ldap_registry config = plain();
    struct sp_ldap_settings s;
    struct sp_error err;
    config.search_timeout_us = 1000001;
    config.connect_timeout_us = 2000000;
    config.read_timeout_us = 3000000;
    config.deref_aliases = SP_STR("never");
    config.referral = SP_STR("FOLLOW");
    config.recursive_search = true;
    config.reuse_connection = config.pool.enabled = true;
    config.pool.preferred_size = 5;
    config.pool.max_size = 7;
    config.pool.timeout_us = 8;
    config.pool.wait_time_us = 9;
    config.cache.attributes = (struct sp_cfg_ldap_cache){true, 10, 11, 12};
    config.cache.searches = (struct sp_cfg_ldap_cache){true, 13, 14, 15};
    config.return_to_primary = true;
    config.primary_query_interval_us = 16;
    assert_int_equal(init(&s, &config, &err), SP_OK);
    assert_true(sp_str_is(s.realm, "Realm") && sp_str_is(s.base_key, "dc=example,dc=org"));
    assert_string_equal(s.servers[0].host, "directory.example.org");
    assert_int_equal(s.servers[0].port, 389);
    assert_true(s.search_timeout_us == 1000001 && s.connect_timeout_us == 2000000 &&
                s.read_timeout_us == 3000000);
    assert_true(!s.dereference && s.follow_referrals && s.recursive && s.pooled && s.return_to_primary);
    assert_true(s.preferred_connections == 5 && s.max_connections == 7 && s.idle_timeout_us == 8 &&
                s.wait_us == 9 && s.primary_interval_us == 16);
    assert_true(s.attributes_cache.size == 10 && s.searches_cache.size_limit == 14);
    sp_ldap_settings_finish(&s);
    /* A time-out of none would be for ever. */
    config = plain();
    assert_int_equal(init(&s, &config, &err), SP_OK);
    assert_true(s.search_timeout_us == 600000000 && s.connect_timeout_us == 600000000);
    assert_false(s.pooled);
    sp_ldap_settings_finish(&s);
}

static void group_properties_take_the_place_of_the_map(void **state)
{
    const struct sp_cfg_ldap_member members[] = {
        {SP_STR_INIT("member"), SP_STR_INIT("team"), SP_STR_INIT("nested"), SP_STR_INIT("UID=Dummy")}};
    const struct sp_cfg_ldap_member memberships[] = {
        {.name = SP_STR_INIT("isMemberOf"), .scope = SP_STR_INIT("all")},
        {.name = SP_STR_INIT("directGroup"), .scope = SP_STR_INIT("direct")}};
    struct sp_cfg_ldap_registry config = plain();
    struct sp_ldap_settings s;
    struct sp_error err;
    config.members = members;
    config.member_count = 1;
    config.memberships = memberships;
    config.membership_count = 2;
    assert_int_equal(init(&s, &config, &err), SP_OK);
    assert_int_equal(s.member_count, 1);
    assert_true(s.members_whole && sp_str_is(s.members[0].object_class, "team"));
    assert_true(sp_str_is(s.dummy_member, "uid=dummy"));
    assert_true(s.membership_count == 2 && s.memberships[0].whole && !s.memberships[1].whole);
    sp_ldap_settings_finish(&s);
}

static void what_cannot_work_is_refused(void **state)
{
    const struct sp_str bad_property[] = {SP_STR_INIT("a)(b=c")};
    const struct sp_cfg_ldap_filters without_name = {.user_filter = SP_STR_INIT("(objectclass=person)")};
    const struct sp_cfg_ldap_filters open_filter = {.user_filter = SP_STR_INIT("(&(uid=%v)")};
    const struct sp_cfg_ldap_filters bad_map = {.user_id_map = SP_STR_INIT("uid")};
    const struct sp_str elsewhere[] = {SP_STR_INIT("ou=people,dc=other")};
    const struct sp_cfg_ldap_entity entity = {.name = SP_STR_INIT("PersonAccount"),
                                              .search_bases = {elsewhere, 1}};
    struct sp_cfg_ldap_registry cases[16];
    size_t n = 0;
    for (size_t i = 0; i < 16; i++)
        cases[i] = plain();
    cases[n++].bind_dn = SP_STR("cn=searcher"); /* without a password: an unauthenticated bind */
    cases[n++].bind_mechanism = SP_STR("GSSAPI");
    cases[n++].base_dn = SP_STR("nonsense");
    cases[n++].host = SP_STR(" ");
    cases[n++].port = 65536;
    cases[n++].ssl_enabled = true; /* and no ssl element */
    cases[n++].filters = &without_name;
    cases[n++].filters = &open_filter;
    cases[n++].filters = &bad_map;
    cases[n++].login_properties = (struct sp_str_list){bad_property, 1};
    cases[n].entities = &entity;
    cases[n++].entity_count = 1;
    const char *filters[] = {"uid=fred", "uid=${Nonsense}", "(uid=${SubjectCN}", ""};
    for (size_t i = 0; i < 4; i++) {
        cases[n].certificate_map_mode = SP_STR("CERTIFICATE_FILTER");
        cases[n++].certificate_filter = sp_str_of(filters[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct sp_ldap_settings s;
        struct sp_error err;
        if (init(&s, &cases[i], &err) == SP_OK)
            fail_msg("case %zu is accepted", i);
        assert_non_null(strstr(err.text, "ldapRegistry[l]: "));
    }
}

/* ---- certificates ---- */

static struct sp_str make_certificate(const char *cn)
{
    X509 *certificate = X509_new();
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8, (const unsigned char *)"Flint", -1, -1, 0);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const unsigned char *)cn, -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 17);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return sp_str_from(der, (size_t)len);
}

static void a_certificate_fills_its_filter_and_cannot_leave_it(void **state)
{
    const char *cases[][2] = {
        {"uid=${SubjectCN}", "(uid=a\\29\\28uid=\\2a)"},
        {"(&(o=${SubjectO})(serial=${SerialNumber}))", "(&(o=Flint)(serial=17))"},
        {"(seeAlso=${SubjectDN})", "(seeAlso=CN=a\\29\\28uid=\\2a,O=Flint)"},
        {"(x=${IssuerO})", "(x=Flint)"},
        {"(x=${SubjectOU})", NULL},
    };
    struct sp_str der = make_certificate("a)(uid=*");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sp_cfg_ldap_registry config = plain();
        struct sp_ldap_settings s;
        struct sp_error err;
        struct sp_arena arena;
        struct sp_str filter;
        sp_arena_init(&arena, 100000);
        config.certificate_map_mode = SP_STR("CERTIFICATE_FILTER");
        config.certificate_filter = sp_str_of(cases[i][0]);
        assert_int_equal(init(&s, &config, &err), SP_OK);
        enum sp_status status = sp_ldap_certificate_filter(&s, der, &arena, &filter, &err);
        assert_int_equal(status, cases[i][1] ? SP_OK : SP_ENOTFOUND);
        if (status == SP_OK)
            assert_true(sp_str_is(filter, cases[i][1]));
        sp_arena_finish(&arena);
        sp_ldap_settings_finish(&s);
    }
    OPENSSL_free((void *)der.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_type_tells_the_searches),
        cmocka_unit_test(written_filters_take_the_place_of_those_of_the_type),
        cmocka_unit_test(login_properties_widen_the_search),
        cmocka_unit_test(numbers_and_switches_are_taken_over),
        cmocka_unit_test(group_properties_take_the_place_of_the_map),
        cmocka_unit_test(what_cannot_work_is_refused),
        cmocka_unit_test(a_certificate_fills_its_filter_and_cannot_leave_it),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
