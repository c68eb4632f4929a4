/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config.h"
#include "memory_files.h"

static struct memory_files tree;
static struct sp_problems problems;
static struct sp_config *config;
static struct sp_error err;
static const char *environment[] = {"PORT=7000", "UPPER_CASE=yes", NULL};

static int begin(void **state)
{
    memory_files_init(&tree);
    sp_problems_init(&problems);
    config = NULL;
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    sp_config_free(config);
    sp_problems_finish(&problems);
    return 0;
}

static void file(const char *path, const char *text)
{
    memory_files_add(&tree, sp_str_of(path), sp_str_of(text));
}

static enum sp_status load_with(const struct sp_cfg_property *variables, size_t count)
{
    struct sp_config_options options = {.config_dir = "/u/servers/s1",
                                        .files = &tree.interface,
                                        .environment = environment,
                                        .variables = variables,
                                        .variable_count = count};
    return sp_config_load(&options, &problems, &config, &err);
}

static void load(const char *text)
{
    file("/u/servers/s1/server.xml", text);
    if (load_with(NULL, 0) != SP_OK)
        fail_msg("%s:%u: %s %s", err.file, err.line, err.id, err.text);
}

static void refused(const char *text, const char *id)
{
    file("/u/servers/s1/server.xml", text);
    assert_int_equal(load_with(NULL, 0), SP_EINVAL);
    assert_null(config);
    assert_string_equal(err.id, id);
}

static const struct sp_problem *problem(const char *id)
{
    const struct sp_problem *p = problems.first;
    while (p && strcmp(p->id, id) != 0)
        p = p->next;
    return p;
}

static void an_empty_server_has_the_defaults(void **state)
{
    load("<server/>");
    assert_true(sp_str_is(config->server_name, "s1"));
    assert_true(sp_str_is(config->config_dir, "/u/servers/s1/"));
    assert_int_equal(config->endpoint_count, 1);
    const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[0];
    assert_true(sp_str_is(endpoint->id, "defaultHttpEndpoint"));
    assert_true(sp_str_is(endpoint->host, "localhost"));
    assert_int_equal(endpoint->http_port, 9080);
    assert_int_equal(endpoint->https_port, -1); /* there is no key store */
    assert_null(problems.first);                /* nobody asked for HTTPS */
    assert_non_null(endpoint->http_options);
    assert_int_equal(endpoint->http_options->persist_timeout_us, 30000000);
    assert_int_equal(endpoint->http_options->max_keep_alive_requests, -1);
    assert_null(config->default_ssl);
    assert_true(config->manager.require_auth);
    assert_true(config->manager.require_secure);
    assert_true(sp_str_is(config->apis.location, "/u/servers/s1/resources/zosconnect/apis"));
    assert_false(config->web_app_security.allow_fail_over_to_basic_auth);
}

static void the_basic_security_of_every_lab_is_read(void **state)
{
    load("<server description='lab'>"
         "<featureManager><feature>zosconnect:zosConnect-2.0</feature><feature>appSecurity-2.0</feature>"
         "</featureManager>"
         "<webAppSecurity allowFailOverToBasicAuth='true'/>"
         "<keyStore id='defaultKeyStore' password='{xor}Lz4sLCgwLTs='/>"
         "<basicRegistry id='basic' realm='zosConnect'>"
         "<user name='Fred' "
         "password='{hash}ATAAAAAIc2FsdDEyMzRAAAAAICuE9ojq8u4A4EmrpW4ilKPYPym2YNvvoggiqreKI0ix'/>"
         "<user name='Ann' password='{xor}EzY9Oi0rJg=='/>"
         "<group name='gmadmin'><member name='Fred'/><member name='Ann'/></group>"
         "</basicRegistry>"
         "<authorization-roles id='zos.connect.access.roles'><security-role name='zosConnectAccess'>"
         "<user name='Fred'/><group name='gmadmin' access-id='group:r/gmadmin'/><special-subject "
         "type='all_authenticated_users'/>"
         "</security-role></authorization-roles>"
         "<zosconnect_zosConnectManager requireSecure='false' globalInterceptorsRef='list' "
         "globalInvokeGroup='GMINVOKE, gmadmin' globalAdminGroup='${GROUPS}'/>"
         "<zosconnect_authorizationInterceptor id='auth' sequence='2'/>"
         "<zosconnect_auditInterceptor id='audit' apiProviderSmfVersion='2'/>"
         "<zosconnect_zosConnectInterceptors id='list' interceptorRef='audit,auth'/>"
         "<zosconnect_zosConnectAPIs location='' updateTrigger='polled'>"
         "<zosConnectAPI name='a' requireAuth='false' runGlobalInterceptorsRef='FALSE' invokeGroup='X'/>"
         "</zosconnect_zosConnectAPIs>"
         "<zosconnect_services><service id='s' name='inq'><property name='transid' value='TR01'/></service>"
         "</zosconnect_services>"
         "<zosconnect_cicsIpicConnection id='cics' host='h' port='1490' authDataRef='cred' "
         "transidUsage='eib_and_mirror'/>"
         "<zosconnect_authData id='cred' user='u1' password='{xor}CDo9Hgw='/>"
         "<variable name='GROUPS' value='A,B'/>"
         "</server>");
    assert_int_equal(config->features.count, 2);
    assert_true(sp_str_is(config->features.items[1], "appSecurity-2.0"));
    assert_true(config->web_app_security.allow_fail_over_to_basic_auth);
    const struct sp_cfg_basic_registry *registry = config->basic_registry;
    assert_true(sp_str_is(registry->realm, "zosConnect"));
    assert_int_equal(registry->user_count, 2);
    assert_true(sp_str_starts(registry->users[0].password, SP_STR("{hash}ATAA")));
    assert_true(sp_str_is(registry->users[1].password, "Liberty"));
    assert_int_equal(registry->groups[0].members.count, 2);
    assert_true(sp_str_is(registry->groups[0].members.items[1], "Ann"));
    assert_non_null(config->roles);
    const struct sp_cfg_security_role *role = &config->roles->roles[0];
    assert_true(sp_str_is(role->name, "zosConnectAccess"));
    assert_true(sp_str_is(role->users[0].name, "Fred") && !role->users[0].access_id.len);
    assert_true(sp_str_is(role->groups[0].access_id, "group:r/gmadmin"));
    assert_true(role->all_authenticated && !role->everyone);
    assert_false(config->manager.require_secure);
    assert_int_equal(config->manager.groups.invoke.count, 2);
    assert_true(sp_str_is(config->manager.groups.invoke.items[1], "gmadmin"));
    assert_int_equal(config->manager.groups.admin.count, 2);
    const struct sp_cfg_interceptor_list *list = config->manager.global_interceptors;
    assert_int_equal(list->count, 2);
    assert_int_equal(list->items[0]->kind, SP_CFG_AUDIT);
    assert_int_equal(list->items[0]->provider_smf_version, 2);
    assert_false(list->items[0]->has_sequence);
    assert_int_equal(list->items[1]->kind, SP_CFG_AUTHORIZATION);
    assert_true(list->items[1]->has_sequence && list->items[1]->sequence == 2);
    const struct sp_cfg_item *api = sp_config_item(&config->apis, SP_STR("a"));
    assert_int_equal(api->require_auth, SP_FALSE);
    assert_int_equal(api->require_secure, SP_UNSET);
    assert_false(api->run_global_interceptors);
    assert_null(sp_config_item(&config->apis, SP_STR("A")));
    assert_int_equal(config->apis.update_trigger, SP_CFG_POLLED);
    const struct sp_cfg_item *service = sp_config_item(&config->services, SP_STR("inq"));
    assert_true(service->run_global_interceptors);
    assert_true(sp_str_is(service->properties[0].value, "TR01"));
    const struct sp_cfg_cics_connection *cics = &config->cics_connections[0];
    assert_int_equal(cics->port, 1490);
    assert_true(cics->transid_is_mirror);
    assert_true(sp_str_is(cics->user, "u1") && sp_str_is(cics->password, "WebAS"));
    assert_int_equal(cics->connection_timeout_us, 30000000);
    const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[0];
    assert_int_equal(endpoint->https_port, 9443);
    assert_ptr_equal(endpoint->ssl_options->ssl, config->default_ssl);
    assert_true(sp_str_is(config->default_ssl->key_store->password, "password"));
    assert_ptr_equal(config->default_ssl->trust_store, config->default_ssl->key_store);
    assert_true(
        sp_str_is(config->default_ssl->key_store->location, "/u/servers/s1/resources/security/key.p12"));
}

static void variables_have_their_precedence(void **state)
{
    file("/u/servers/s1/bootstrap.properties", "b = boot\nx.y=boot\nz: boot\n");
    file("/u/servers/s1/server.env", "ENVFILE=\"from file\"\nPORT=1\n");
    file("/u/servers/s1/server.xml",
         "<server><variable name='x.y' value='xml'/><variable name='x.y' defaultValue='default'/>"
         "<variable name='d' defaultValue='default'/><variable name='nested' value='${x.y}-${b}'/>"
         "<basicRegistry realm='${cmd} ${x.y} ${z} ${ENVFILE} ${env.PORT} ${upper.case} ${d} ${nested} "
         "${id} ${nobody} ${PORT+1} ${wlp.server.name} ${server.config.dir}' id='me'/>"
         "</server>");
    struct sp_cfg_property variables[] = {{SP_STR("cmd"), SP_STR("line")}, {SP_STR("z"), SP_STR("line")}};
    assert_int_equal(load_with(variables, 2), SP_OK);
    assert_string_equal(
        config->basic_registry->realm.ptr,
        "line xml line from file 7000 yes default xml-boot me ${nobody} 7001 s1 /u/servers/s1/");
    assert_non_null(strstr(problem("SALC0022W")->text.ptr, "${nobody}"));
}

static void includes_and_drop_ins_come_in_their_order(void **state)
{
    file("/u/servers/s1/configDropins/defaults/a.xml",
         "<server><basicRegistry id='r' realm='defaults'/></server>");
    file("/u/servers/s1/configDropins/overrides/Z.XML",
         "<server><httpEndpoint id='defaultHttpEndpoint' httpPort='3'/></server>");
    file("/u/servers/s1/configDropins/overrides/b.xml",
         "<server><httpEndpoint id='defaultHttpEndpoint' httpPort='2'/></server>");
    file("/u/servers/s1/more/inc.xml", "<server><featureManager><feature>b</feature></featureManager>"
                                       "<include location='../more/inc.xml'/></server>");
    load("<server><featureManager><feature>a</feature></featureManager>"
         "<include location='${server.config.dir}/more/inc.xml'/><include location='gone.xml' "
         "optional='true'/>"
         "<featureManager><feature>c</feature></featureManager>"
         "<httpEndpoint id='defaultHttpEndpoint' httpPort='1'/></server>");
    assert_int_equal(config->features.count, 3);
    assert_true(sp_str_is(config->features.items[1], "b"));
    assert_true(sp_str_is(config->basic_registry->realm, "defaults"));
    assert_int_equal(config->endpoints[0].http_port, 3);
    assert_non_null(problem("SALC0012W"));
    assert_non_null(problem("SALC0016I"));
}

static void what_is_unknown_is_told_with_the_nearest_name(void **state)
{
    load("<server>\n  <zosconnect_authorizationIntercepter id='x'/>\n<httpEndpoint id='e' "
         "htpPort='1'/></server>");
    const struct sp_problem *p = problem("SALC0030W");
    assert_non_null(strstr(p->text.ptr, "did you mean <zosconnect_authorizationInterceptor>?"));
    assert_int_equal(p->line, 2);
    assert_int_equal(p->column, 3);
    assert_true(sp_str_is(p->file, "/u/servers/s1/server.xml"));
    assert_non_null(strstr(problem("SALC0031W")->text.ptr, "did you mean httpPort?"));
}

static void bad_values_take_the_default_or_stop_the_server(void **state)
{
    load("<server><httpOptions readTimeout='soon' limitNumHeaders='49' keepAliveEnabled='yes'/></server>");
    assert_int_equal(config->http_options[0].read_timeout_us, 60000000);
    assert_int_equal(config->http_options[0].limit_num_headers, 500);
    assert_true(config->http_options[0].keep_alive_enabled);
    assert_int_equal(problems.warnings, 3);
    end(state);
    begin(state);
    refused("<server><zosconnect_zosConnectManager requireAuth='yes'/></server>", "SALC0041E");
    assert_string_equal(err.file, "/u/servers/s1/server.xml");
    end(state);
    begin(state);
    refused("<server><zosconnect_zosConnectManager globalInterceptorsRef='gone'/></server>", "SALC0051E");
    end(state);
    begin(state);
    refused("<server><ssl id='s' keyStoreRef='gone'/></server>", "SALC0043E");
    end(state);
    begin(state);
    refused("<server><httpEndpoint id='e' httpPort='9080' host='*'/></server>", "SALC0080E");
    end(state);
    begin(state);
    refused("<server>", "SALC0002E");
    end(state);
    begin(state);
    assert_int_equal(load_with(NULL, 0), SP_EINVAL);
    assert_string_equal(err.id, "SALC0001E");
}

static void nested_elements_stand_for_references(void **state)
{
    load("<server><httpEndpoint id='defaultHttpEndpoint'><httpOptions readTimeout='5s'/>"
         "<sslOptions><ssl><keyStore id='k' location='/k.p12' password='{aes}AGTpzRDW//VE3Jshg1fd89rxw/"
         "JMjHfFM9UdYdVNIUt2'/></ssl></sslOptions></httpEndpoint></server>");
    const struct sp_cfg_http_endpoint *endpoint = &config->endpoints[0];
    assert_int_equal(endpoint->http_options->read_timeout_us, 5000000);
    assert_int_equal(endpoint->https_port, 9443);
    assert_true(sp_str_is(endpoint->ssl_options->ssl->key_store->location, "/k.p12"));
    assert_true(sp_str_is(endpoint->ssl_options->ssl->key_store->password, "WebAS"));
}

static void on_error_fail_stops_at_what_else_is_a_warning(void **state)
{
    refused("<server><config onError='FAIL'/><nothing/></server>", "SALC0030W");
    assert_non_null(problem("SALC0099E"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_server_has_the_defaults, begin, end),
        cmocka_unit_test_setup_teardown(the_basic_security_of_every_lab_is_read, begin, end),
        cmocka_unit_test_setup_teardown(variables_have_their_precedence, begin, end),
        cmocka_unit_test_setup_teardown(includes_and_drop_ins_come_in_their_order, begin, end),
        cmocka_unit_test_setup_teardown(what_is_unknown_is_told_with_the_nearest_name, begin, end),
        cmocka_unit_test_setup_teardown(bad_values_take_the_default_or_stop_the_server, begin, end),
        cmocka_unit_test_setup_teardown(nested_elements_stand_for_references, begin, end),
        cmocka_unit_test_setup_teardown(on_error_fail_stops_at_what_else_is_a_warning, begin, end),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
