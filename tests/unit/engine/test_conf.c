/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/ciphers.h"
#include "engine/conf.h"

static struct sp_cfg_http_options http_options;
static struct sp_cfg_ssl ssl;
static struct sp_cfg_ssl_options ssl_options;
static struct sp_cfg_http_endpoint endpoints[2];
static struct sp_config config;
static struct sp_engine_conf_options options;
static struct sp_problems problems;
static struct sp_buf text;
static struct sp_error err;

static int begin(void **state)
{
    http_options = (struct sp_cfg_http_options){
        .id = SP_STR_INIT("defaultHttpOptions"),
        .keep_alive_enabled = true,
        .max_keep_alive_requests = -1,
        .persist_timeout_us = 30000000,
        .read_timeout_us = 60000000,
        .write_timeout_us = 60500001,
        .limit_num_headers = 500,
        .limit_field_size = 32768,
        .message_size_limit = -1,
    };
    ssl = (struct sp_cfg_ssl){.id = SP_STR_INIT("defaultSSLConfig"), .security_level = SP_STR_INIT("HIGH")};
    ssl_options = (struct sp_cfg_ssl_options){.ssl = &ssl, .ssl_session_timeout_us = 86400000000};
    for (size_t i = 0; i < 2; i++)
        endpoints[i] = (struct sp_cfg_http_endpoint){
            .id = SP_STR_INIT("one"),
            .enabled = true,
            .host = SP_STR_INIT("*"),
            .http_port = 9080 + (int64_t)i,
            .https_port = -1,
            .http_options = &http_options,
            .ssl_options = &ssl_options,
        };
    config = (struct sp_config){
        .config_dir = SP_STR_INIT("/srv/one/"),
        .output_dir = SP_STR_INIT("/srv/one/"),
        .endpoints = endpoints,
        .endpoint_count = 1,
        .manager = {.async_request_timeout_us = 30000000},
    };
    options = (struct sp_engine_conf_options){
        .module_path = "/lib/module.so",
        .run_dir = "/run/one",
        .log_dir = "/srv/one/logs",
        .workers = 2,
        .connections = 4096,
        .ipv6 = true,
    };
    sp_problems_init(&problems);
    sp_buf_init(&text, SP_ENGINE_CONF_MAX);
    err = (struct sp_error)SP_ERROR_INIT;
    return 0;
}

static int end(void **state)
{
    sp_buf_finish(&text);
    sp_problems_finish(&problems);
    return 0;
}

static enum sp_status generate(void)
{
    sp_buf_reset(&text);
    return sp_engine_conf_write(&config, &options, &problems, &text, &err);
}

static bool has(const char *fragment)
{
    return memmem(text.ptr, text.len, fragment, strlen(fragment)) != NULL;
}

static void must_have(const char *fragment)
{
    if (!has(fragment))
        fail_msg("nothing reads \"%s\" in:\n%.*s", fragment, SP_STR_ARG(sp_buf_str(&text)));
}

static void generate_ok(void)
{
    if (generate() != SP_OK)
        fail_msg("%s", err.text);
}

static void refused(enum sp_status status, const char *id, const char *part)
{
    assert_int_equal(generate(), status);
    assert_string_equal(err.id, id);
    if (!strstr(err.text, part))
        fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

/* ---- processes ---- */

static void the_frame_is_that_of_a_foreground_server(void **state)
{
    generate_ok();
    must_have(
        "load_module \"/lib/module.so\";\ndaemon off;\nmaster_process on;\nworker_processes 2;\n"
        "worker_shutdown_timeout 35000ms;\npid \"/run/one/nginx.pid\";\n"
        "error_log \"/srv/one/logs/messages.log\" notice;\nevents {\n    worker_connections 4096;\n}\n");
    must_have("access_log off;\nserver_tokens off;\n");
    must_have("client_body_temp_path \"/run/one/client_body\";\nproxy_temp_path \"/run/one/proxy\";\n"
              "fastcgi_temp_path \"/run/one/fastcgi\";\nuwsgi_temp_path \"/run/one/uwsgi\";\n"
              "scgi_temp_path \"/run/one/scgi\";\n");
    must_have("sallyport_server \"/srv/one/\" \"/srv/one/\" ");
    assert_false(has("user "));
    assert_false(has("stderr"));
}

static void a_user_and_standard_error_are_named_when_asked_for(void **state)
{
    options.user = "sallyport";
    options.group = "daemon";
    options.log_to_stderr = true;
    generate_ok();
    must_have("user \"sallyport\" \"daemon\";\n");
    must_have("error_log stderr notice;\n");
}

static void the_text_depends_on_nothing_else(void **state)
{
    struct sp_buf first;
    generate_ok();
    first = text;
    sp_buf_init(&text, SP_ENGINE_CONF_MAX);
    generate_ok();
    assert_true(sp_str_eq(sp_buf_str(&first), sp_buf_str(&text)));
    sp_buf_finish(&first);
}

static void variables_of_the_command_line_are_handed_on(void **state)
{
    const struct sp_cfg_property variables[] = {{SP_STR("port"), SP_STR("1")},
                                                {SP_STR("a"), SP_STR("x y;\"}")}};
    options.variables = variables;
    options.variable_count = 2;
    generate_ok();
    must_have(" \"port=1\" \"a=x y;\\\"}\";\n");
}

/* ---- listeners ---- */

static void a_star_listens_on_both_families(void **state)
{
    generate_ok();
    must_have("    listen *:9080;\n    listen [::]:9080 ipv6only=on;\n");
    options.ipv6 = false;
    generate_ok();
    must_have("    listen *:9080;\n");
    assert_false(has("[::]"));
}

static void hosts_are_written_as_nginx_takes_them(void **state)
{
    endpoints[0].host = SP_STR("LocalHost");
    generate_ok();
    must_have("    listen 127.0.0.1:9080;\n    listen [::1]:9080;\n");
    options.ipv6 = false;
    generate_ok();
    assert_false(has("[::1]"));
    endpoints[0].host = SP_STR("10.1.2.3");
    generate_ok();
    must_have("    listen 10.1.2.3:9080;\n");
    endpoints[0].host = SP_STR("fe80::1%eth0");
    generate_ok();
    must_have("    listen [fe80::1%eth0]:9080;\n");
    endpoints[0].host = SP_STR("gateway.example.com");
    generate_ok();
    must_have("    listen gateway.example.com:9080;\n");
}

static void a_host_that_is_none_is_refused(void **state)
{
    char longest[257];
    memset(longest, 'a', sizeof longest);
    const struct sp_str wrong[] = {SP_STR("a b"),      SP_STR("a;}"),     SP_STR("a\n"),
                                   SP_STR("\"a\""),    SP_STR(""),        SP_STR("a\0b"),
                                   SP_STR("\xc3\xa4"), SP_STR("unix:/x"), sp_str_from(longest, 256)};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        endpoints[0].host = wrong[i];
        refused(SP_EINVAL, "SALE0001E", "httpEndpoint[one]: host");
    }
    endpoints[0].host = sp_str_from(longest, 255);
    generate_ok();
}

static void closed_ports_and_endpoints_are_left_out(void **state)
{
    config.endpoint_count = 2;
    endpoints[0].enabled = false;
    generate_ok();
    assert_false(has(":9080"));
    must_have("listen *:9081;");
    must_have("sallyport_endpoint 1 0;"); /* the index is that of the configuration */
    endpoints[1].http_port = -1;
    generate_ok();
    assert_false(has("listen"));
}

/* ---- options ---- */

static void http_options_become_limits(void **state)
{
    generate_ok();
    must_have("    keepalive_timeout 30000ms;\n    keepalive_requests 2000000000;\n"
              "    client_header_timeout 60000ms;\n    client_body_timeout 60000ms;\n"
              "    sallyport_body_patience 60000ms;\n    send_timeout 60501ms;\n"
              "    client_max_body_size 16777216;\n    client_body_buffer_size 16777216;\n"
              "    large_client_header_buffers 8 66560;\n    sallyport_max_headers 500;\n"
              "    sallyport_max_field 32768;\n    sallyport_server_header on;\n");
    http_options.keep_alive_enabled = false;
    http_options.max_keep_alive_requests = 100;
    http_options.message_size_limit = 1;
    http_options.remove_server_header = true;
    generate_ok();
    must_have("keepalive_timeout 0ms;\n    keepalive_requests 100;\n");
    must_have("client_max_body_size 1;\n    client_body_buffer_size 1;\n");
    must_have("sallyport_server_header off;\n");
}

static void options_that_nginx_would_turn_around_are_refused(void **state)
{
    static const struct {
        int64_t *place;
        int64_t wrong, right;
        const char *name;
    } cases[] = {
        {&http_options.read_timeout_us, 0, 1, "readTimeout"},
        {&http_options.write_timeout_us, 0, 1, "writeTimeout"},
        {&http_options.message_size_limit, 0, 1, "MessageSizeLimit"},
        {&http_options.message_size_limit, SP_ENGINE_BODY_MAX + 1LL, SP_ENGINE_BODY_MAX, "MessageSizeLimit"},
        {&http_options.limit_field_size, 49, 50, "limitFieldSize"},
        {&http_options.limit_field_size, 1048577, 1048576, "limitFieldSize"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t kept = *cases[i].place;
        *cases[i].place = cases[i].wrong;
        refused(SP_EINVAL, "SALE0002E", cases[i].name);
        *cases[i].place = cases[i].right;
        generate_ok();
        *cases[i].place = kept;
    }
}

/* ---- values ---- */

static void values_cannot_add_directives(void **state)
{
    config.config_dir = SP_STR("/srv/a\"; daemon on; # \\ $x {}/");
    generate_ok();
    must_have("sallyport_server \"/srv/a\\\"; daemon on; # \\\\ $x {}/\" ");
    config.config_dir = SP_STR("/srv/a\nb/");
    refused(SP_EINVAL, "SALE0005E", "the configuration directory holds a control character");
    char longest[SP_ENGINE_VALUE_MAX + 1];
    memset(longest, 'a', sizeof longest);
    config.config_dir = sp_str_from(longest, SP_ENGINE_VALUE_MAX);
    generate_ok();
    config.config_dir = sp_str_from(longest, SP_ENGINE_VALUE_MAX + 1);
    refused(SP_ELIMIT, "SALE0005E", "longer than 2048 bytes");
}

static void a_text_that_is_too_large_is_refused(void **state)
{
    sp_buf_finish(&text);
    sp_buf_init(&text, 1000);
    refused(SP_ELIMIT, "SALE0005E", "too large");
}

/* ---- TLS ---- */

static void tls_takes_its_key_from_the_module(void **state)
{
    endpoints[0].https_port = 9443;
    generate_ok();
    must_have("    listen *:9443 ssl;\n    listen [::]:9443 ssl ipv6only=on;\n");
    must_have("    ssl_reject_handshake on;\n    sallyport_tls 0 ");
    must_have("    ssl_protocols TLSv1.2 TLSv1.3;\n"
              "    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:");
    must_have("    ssl_prefer_server_ciphers off;\n    ssl_session_timeout 86400s;\n"
              "    ssl_session_cache shared:sallyport_tls_0:1m;\n");
    must_have("        sallyport_endpoint 0 9443;\n");
    assert_false(has("ssl_certificate"));
    assert_false(has("Ciphersuites"));
    endpoints[0].http_port = -1;
    ssl.enforce_cipher_order = true;
    generate_ok();
    assert_false(has(":9080"));
    must_have("ssl_prefer_server_ciphers on;");
}

static void set_list(struct sp_str_list *list, const struct sp_str *items, size_t count)
{
    *list = (struct sp_str_list){.items = items, .count = count};
}

static void sslProtocol_decides_the_versions(void **state)
{
    const struct sp_str both[] = {SP_STR("TLSv1.2"), SP_STR("TLSv1.3")};
    endpoints[0].https_port = 9443;
    set_list(&ssl.protocols, both, 1);
    generate_ok();
    must_have("ssl_protocols TLSv1.2;\n");
    set_list(&ssl.protocols, both + 1, 1);
    generate_ok();
    must_have("ssl_protocols TLSv1.3;\n");
    set_list(&ssl.protocols, both, 2);
    generate_ok();
    must_have("ssl_protocols TLSv1.2 TLSv1.3;\n");
}

static void enabled_ciphers_are_translated(void **state)
{
    const struct sp_str names[] = {
        SP_STR("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"), SP_STR("SSL_RSA_WITH_AES_128_CBC_SHA256"),
        SP_STR("TLS_AES_256_GCM_SHA384"), SP_STR("SSL_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        SP_STR("TLS_CHACHA20_POLY1305_SHA256")};
    endpoints[0].https_port = 9443;
    set_list(&ssl.enabled_ciphers, names, 5);
    generate_ok();
    must_have("    ssl_protocols TLSv1.2 TLSv1.3;\n"
              "    ssl_ciphers ECDHE-RSA-AES256-GCM-SHA384:AES128-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256;\n"
              "    ssl_conf_command Ciphersuites TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256;\n");
    assert_int_equal(problems.warnings, 0);
    /* A version without a cipher is not offered. */
    set_list(&ssl.enabled_ciphers, names, 2);
    generate_ok();
    must_have("    ssl_protocols TLSv1.2;\n");
    set_list(&ssl.enabled_ciphers, names + 2, 1);
    generate_ok();
    must_have("    ssl_protocols TLSv1.3;\n");
    assert_false(has("ssl_ciphers"));
}

static void ciphers_that_do_not_exist_are_left_out(void **state)
{
    char longest[200];
    memset(longest, 'A', sizeof longest);
    const struct sp_str names[] = {SP_STR("TLS_RSA_WITH_AES_128_CBC_SHA_"), SP_STR("x; daemon on"),
                                   SP_STR("SSL_RSA_WITH_RC4_128_MD5"), sp_str_from(longest, sizeof longest),
                                   SP_STR("TLS_AES_128_GCM_SHA256")};
    endpoints[0].https_port = 9443;
    set_list(&ssl.enabled_ciphers, names, 5);
    generate_ok();
    must_have("    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;\n");
    assert_null(problems.first); /* the configuration told them */
    set_list(&ssl.enabled_ciphers, names, 4);
    refused(SP_EINVAL, "SALE0004E", "ssl[defaultSSLConfig]: no cipher");
}

static void ciphers_must_fit_the_protocol(void **state)
{
    const struct sp_str old = SP_STR_INIT("TLS_RSA_WITH_AES_128_GCM_SHA256"), tls13 = SP_STR_INIT("TLSv1.3");
    endpoints[0].https_port = 9443;
    set_list(&ssl.enabled_ciphers, &old, 1);
    set_list(&ssl.protocols, &tls13, 1);
    refused(SP_EINVAL, "SALE0004E", "sslProtocol");
}

static void security_levels_widen_the_list(void **state)
{
    endpoints[0].https_port = 9443;
    generate_ok();
    assert_false(has("AES128-SHA256"));
    ssl.security_level = SP_STR("MEDIUM");
    generate_ok();
    must_have(":AES128-GCM-SHA256:");
    assert_false(has("AES128-SHA:"));
    ssl.security_level = SP_STR("LOW");
    generate_ok();
    must_have(":AES128-SHA:");
}

/* ---- fingerprint ---- */

static void fingerprint(char print[SP_ENGINE_PRINT_LEN + 1])
{
    assert_int_equal(sp_engine_conf_fingerprint(&config, print, &err), SP_OK);
    assert_int_equal(strlen(print), SP_ENGINE_PRINT_LEN);
}

static void the_fingerprint_tells_changed_listeners(void **state)
{
    char first[SP_ENGINE_PRINT_LEN + 1], other[SP_ENGINE_PRINT_LEN + 1];
    fingerprint(first);
    generate_ok();
    must_have(first);
    config.manager.async_request_timeout_us = 1;
    config.output_dir = SP_STR("/elsewhere/");
    fingerprint(other);
    assert_string_equal(first, other);
    endpoints[0].http_port = 9999;
    fingerprint(other);
    assert_string_not_equal(first, other);
    endpoints[0].http_port = 9080;
    http_options.read_timeout_us = 1000000;
    fingerprint(other);
    assert_string_not_equal(first, other);
    endpoints[0].host = SP_STR("a b");
    assert_int_equal(sp_engine_conf_fingerprint(&config, other, &err), SP_EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

/* What the module takes from server.xml at its start: a server that only takes over the rest would go on with
 * the old. */
static void the_fingerprint_tells_changed_trust(void **state)
{
    char print[8][SP_ENGINE_PRINT_LEN + 1];
    static const struct sp_str one[] = {SP_STR_INIT("127.0.0.1")};
    const struct sp_cfg_key_store keys = {
        .id = SP_STR("k"), .location = SP_STR("/k.p12"), .type = SP_STR("PKCS12")};
    struct sp_cfg_remote_ip remote = {.id = SP_STR("r"), .proxies = SP_STR("10\\..*")};
    endpoints[0].https_port = 9443;
    fingerprint(print[0]);
    ssl.client_authentication = true;
    fingerprint(print[1]);
    ssl.trust_store = &keys;
    fingerprint(print[2]);
    ssl.crl = SP_STR("/crl.pem");
    fingerprint(print[3]);
    endpoints[0].remote_ip = &remote;
    fingerprint(print[4]);
    remote.proxies = SP_STR("11\\..*");
    fingerprint(print[5]);
    endpoints[0].proxy_protocol = true;
    fingerprint(print[6]);
    set_list(&config.dispatcher.sensitive_origins, one, 1);
    fingerprint(print[7]);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(print[i], print[j]);
}

static void proxies_are_believed_on_their_endpoint_only(void **state)
{
    struct sp_cfg_remote_ip remote = {.id = SP_STR("r"), .proxies = SP_STR("10\\..*")};
    generate_ok();
    assert_false(has("sallyport_peer"));
    config.endpoint_count = 2;
    endpoints[1].remote_ip = &remote;
    endpoints[1].proxy_protocol = true;
    generate_ok();
    must_have("    listen *:9080;\n");
    must_have("    listen *:9081 proxy_protocol;\n    listen [::]:9081 proxy_protocol ipv6only=on;\n");
    must_have("    sallyport_peer 1 ");
    assert_false(has("sallyport_peer 0 "));
    const struct sp_str star[] = {SP_STR("*")};
    set_list(&config.dispatcher.sensitive_origins, star, 1);
    generate_ok();
    assert_non_null(problems.first);
    assert_string_equal(problems.first->id, "SALE0015W");
    config.dispatcher.sensitive_origins.count = 0;
    remote.proxies = SP_STR("10\\.(");
    refused(SP_EINVAL, "SALE0011E", "remoteIp[r]: proxies");
    endpoints[1].remote_ip = NULL;
    refused(SP_EINVAL, "SALE0011E", "sallyport_proxyProtocol");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_frame_is_that_of_a_foreground_server),
        TEST(a_user_and_standard_error_are_named_when_asked_for),
        TEST(the_text_depends_on_nothing_else),
        TEST(variables_of_the_command_line_are_handed_on),
        TEST(a_star_listens_on_both_families),
        TEST(hosts_are_written_as_nginx_takes_them),
        TEST(a_host_that_is_none_is_refused),
        TEST(closed_ports_and_endpoints_are_left_out),
        TEST(http_options_become_limits),
        TEST(options_that_nginx_would_turn_around_are_refused),
        TEST(values_cannot_add_directives),
        TEST(a_text_that_is_too_large_is_refused),
        TEST(tls_takes_its_key_from_the_module),
        TEST(sslProtocol_decides_the_versions),
        TEST(enabled_ciphers_are_translated),
        TEST(ciphers_that_do_not_exist_are_left_out),
        TEST(ciphers_must_fit_the_protocol),
        TEST(security_levels_widen_the_list),
        TEST(the_fingerprint_tells_changed_listeners),
        TEST(the_fingerprint_tells_changed_trust),
        TEST(proxies_are_believed_on_their_endpoint_only),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
