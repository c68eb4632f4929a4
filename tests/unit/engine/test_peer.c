/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/message.h"
#include "engine/peer.h"

#define HEADERS_MAX 200u

static struct sp_cfg_remote_ip remote_ip;
static struct sp_cfg_http_endpoint endpoint;
static struct sp_config config;
static struct sp_http_header headers[HEADERS_MAX];
static struct sp_http_request request;
static struct sp_error err;
static struct sp_arena arena;

static void *take(void *arg, size_t size)
{
    return sp_arena_alloc(arg, size);
}

static int begin(void **state)
{
    sp_arena_init(&arena, 1 << 20);
    remote_ip = (struct sp_cfg_remote_ip){.id = SP_STR_INIT("proxies"),
                                          .proxies = SP_STR("10\\.\\d+\\.\\d+\\.\\d+|::1")};
    endpoint = (struct sp_cfg_http_endpoint){.id = SP_STR_INIT("one"), .remote_ip = &remote_ip};
    config = (struct sp_config){.endpoints = &endpoint, .endpoint_count = 1};
    return 0;
}

static int end(void **state)
{
    sp_arena_finish(&arena);
    return 0;
}

/* Headers are written "Name: value\n...". */
static enum sp_status resolve(const char *peer, const char *lines)
{
    struct sp_peer_rules *rules = NULL;
    struct sp_str rest = sp_str_of(lines), line;
    err = (struct sp_error)SP_ERROR_INIT;
    request = (struct sp_http_request){.peer_address = sp_str_of(peer),
                                       .peer_port = 4711,
                                       .host = SP_STR("server:9443"),
                                       .local_port = 9443,
                                       .https_port = 9443,
                                       .headers = headers};
    while (sp_str_split(&rest, '\n', &line)) {
        size_t colon = sp_str_find(line, ':');
        if (line.len)
            headers[request.header_count++] = (struct sp_http_header){
                sp_str_slice(line, 0, colon), sp_str_trim(sp_str_slice(line, colon + 1, line.len))};
    }
    assert_int_equal(sp_peer_rules_new(&config, 0, &rules, &err), SP_OK);
    const struct sp_peer_memory memory = {take, &arena};
    enum sp_status status = sp_peer_resolve(rules, &memory, headers, &request, &err);
    sp_peer_rules_free(rules);
    return status;
}

static bool is(struct sp_str text, const char *expected)
{
    if (!sp_str_is(text, expected))
        print_message("# \"%.*s\" is not \"%s\"\n", SP_STR_ARG(text), expected);
    return sp_str_is(text, expected);
}

/* address NULL: refused */
struct walk_case {
    const char *peer, *headers, *address;
    unsigned port;
};

static void must_walk(const struct walk_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        print_message("# case %zu\n", i);
        enum sp_status status = resolve(cases[i].peer, cases[i].headers);
        assert_int_equal(status, cases[i].address ? SP_OK : SP_EINVAL);
        if (!cases[i].address) {
            assert_string_equal(err.id, SP_MSG_PEER_REFUSED);
            continue;
        }
        assert_true(is(request.peer_address, cases[i].address));
        assert_int_equal(request.peer_port, cases[i].port);
    }
}

static void the_client_is_the_first_from_the_right_who_is_no_proxy(void **state)
{
    static const struct walk_case cases[] = {
        {"10.0.0.1", "", "10.0.0.1", 4711},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1:81", "192.0.2.1", 81},
        {"10.0.0.1", "x-forwarded-for: 192.0.2.1", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1, 10.0.0.2", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.9, 192.0.2.1, 10.0.0.2", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 10.9.9.9, 192.0.2.1, 10.0.0.2", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 10.0.0.3, 10.0.0.2", "10.0.0.3", 0},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.9\nX-Forwarded-For: 192.0.2.1", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: 2001:db8::1", "2001:db8::1", 0},
        {"10.0.0.1", "X-Forwarded-For: [2001:DB8:0::1]:80", "2001:db8::1", 80},
        {"::1", "X-Forwarded-For: 192.0.2.1, 0:0:0:0:0:0:0:1", "192.0.2.1", 0},
        {"::ffff:10.0.0.1", "X-Forwarded-For: 192.0.2.1, ::ffff:10.0.0.2", "192.0.2.1", 0},
        {"10.0.0.1", "Forwarded: for=192.0.2.1", "192.0.2.1", 0},
        {"10.0.0.1", "Forwarded: for=198.51.100.9, for=\"192.0.2.1:99\", for=10.0.0.2", "192.0.2.1", 99},
        {"10.0.0.1", "Forwarded: for=\"[2001:db8::1]\";by=10.0.0.1", "2001:db8::1", 0},
        {"10.0.0.1", "Forwarded: for=198.51.100.9\nForwarded: for=192.0.2.1", "192.0.2.1", 0},
        /* garbage that the walk does not come to is the client's own matter */
        {"10.0.0.1", "X-Forwarded-For: <script>, 192.0.2.1", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For: , ,192.0.2.1,,", "192.0.2.1", 0},
        {"10.0.0.1", "X-Forwarded-For:", "10.0.0.1", 4711},
    };
    must_walk(cases, sizeof cases / sizeof cases[0]);
}

static void who_is_not_named_leaves_the_last_known_proxy(void **state)
{
    static const struct walk_case cases[] = {
        {"10.0.0.1", "X-Forwarded-For: unknown", "10.0.0.1", 4711},
        {"10.0.0.1", "X-Forwarded-For: 198.51.100.9, unknown, 10.0.0.2", "10.0.0.2", 0},
        {"10.0.0.1", "Forwarded: for=_secret", "10.0.0.1", 4711},
        {"10.0.0.1", "Forwarded: for=198.51.100.9, for=_secret, for=\"10.0.0.2:7\"", "10.0.0.2", 7},
        {"10.0.0.1", "Forwarded: for=198.51.100.9, proto=http, for=10.0.0.2", "10.0.0.2", 0},
        {"10.0.0.1", "Forwarded: proto=https", "10.0.0.1", 4711},
    };
    must_walk(cases, sizeof cases / sizeof cases[0]);
}

static void what_a_proxy_says_and_cannot_be_read_is_refused(void **state)
{
    static const struct walk_case cases[] = {
        {"10.0.0.1", "X-Forwarded-For: example.com", NULL, 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.256", NULL, 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1 10.0.0.2", NULL, 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1, fe80::1%eth0, 10.0.0.2", NULL, 0},
        {"10.0.0.1", "X-Forwarded-For: 192.0.2.1:99999", NULL, 0},
        {"10.0.0.1", "Forwarded: 192.0.2.1", NULL, 0},
        {"10.0.0.1", "Forwarded: for=192.0.2.1;for=192.0.2.2", NULL, 0},
        {"10.0.0.1", "Forwarded: for=\"192.0.2.1", NULL, 0},
        {"10.0.0.1", "Forwarded: for=example", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Proto: gopher", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Proto:", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Host: a/b", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Host: evil.example@good.example", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Port: 0", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Port: 65536", NULL, 0},
        {"10.0.0.1", "X-Forwarded-Port: +80", NULL, 0},
        {"10.0.0.1", "Forwarded: for=192.0.2.1;proto=ftp", NULL, 0},
        {"10.0.0.1", "Forwarded: for=192.0.2.1;host=\"a b\"", NULL, 0},
    };
    must_walk(cases, sizeof cases / sizeof cases[0]);
}

static void a_chain_of_hundreds_is_refused(void **state)
{
    char lines[8000] = "X-Forwarded-For: 10.0.0.2";
    for (int i = 1; i < 64; i++)
        strcat(lines, ", 10.0.0.2");
    assert_int_equal(resolve("10.0.0.1", lines), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.2"));
    strcat(lines, ", 10.0.0.2");
    assert_int_equal(resolve("10.0.0.1", lines), SP_EINVAL);
    for (int i = 0; i < 500; i++)
        strcat(lines, ", 10.0.0.2");
    assert_int_equal(resolve("10.0.0.1", lines), SP_EINVAL);
    /* and from others changes nothing */
    assert_int_equal(resolve("192.0.2.1", lines), SP_OK);
    assert_true(is(request.peer_address, "192.0.2.1"));
}

static void nothing_from_others_changes_anything(void **state)
{
    static const char everything[] =
        "X-Forwarded-For: 10.0.0.9\nX-Forwarded-Proto: https\nX-Forwarded-Host: evil\n"
        "X-Forwarded-Port: 1\nForwarded: for=10.0.0.9;;;=\n$WSRA: 10.0.0.9\n$WSCC: AAAA\n"
        "$WSIS: true\n$WSSC: https\n$WSSN: evil\n$WSSP: 1\n$WSRU: root\n$WSAT: Basic\n"
        "X-Kept: yes";
    static const char *const peers[] = {"192.0.2.1", "11.0.0.1", "110.0.0.1", "2001:db8::1",
                                        "::2",       "unix:",    ""};
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        assert_int_equal(resolve(peers[i], everything), SP_OK);
        assert_true(is(request.peer_address, peers[i]) && is(request.proxy_address, ""));
        assert_true(is(request.host, "server:9443"));
        assert_int_equal(request.peer_port, 4711);
        assert_int_equal(request.local_port, 9443);
        assert_int_equal(request.https_port, 9443);
        assert_false(request.tls);
        assert_int_equal(request.client_certificate.len, 0);
        assert_int_equal(request.header_count, 1);
        assert_true(is(request.headers[0].name, "X-Kept"));
    }
    /* A proxy of remoteIp is nobody for the private headers. */
    assert_int_equal(resolve("10.0.0.1", "$WSRA: 10.0.0.9\n$WSIS: true\n$WSCC: AAAA"), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.1"));
    assert_false(request.tls);
    assert_int_equal(request.header_count, 0);
}

static void private_headers_are_taken_out_where_nobody_is_believed(void **state)
{
    struct sp_http_header some[] = {{SP_STR("$WSRA"), SP_STR("10.0.0.9")},
                                    {SP_STR("X-Forwarded-For"), SP_STR("10.0.0.9")},
                                    {SP_STR("$wscc"), SP_STR("AAAA")},
                                    {SP_STR("$W"), SP_STR("kept")}};
    struct sp_http_request of = {.headers = some, .header_count = 4};
    struct sp_peer_rules *rules = (struct sp_peer_rules *)&of;
    config.endpoints = &(struct sp_cfg_http_endpoint){.id = SP_STR_INIT("one")};
    assert_false(sp_peer_is_wanted(&config, 0));
    assert_int_equal(sp_peer_rules_new(&config, 0, &rules, &err), SP_OK);
    assert_null(rules);
    sp_peer_strip(some, &of);
    assert_int_equal(of.header_count, 2);
    assert_true(is(some[0].name, "X-Forwarded-For") && is(some[1].name, "$W"));
}

struct origin_case {
    const char *headers, *host;
    bool tls;
    unsigned port, https_port;
};

static void scheme_host_and_port_are_the_clients(void **state)
{
    static const struct origin_case cases[] = {
        {"X-Forwarded-Proto: https", "server:9443", true, 443, 443},
        {"X-Forwarded-Proto: HTTPS", "server:9443", true, 443, 443},
        {"X-Forwarded-Proto: http", "server:9443", false, 80, 443},
        {"X-Forwarded-Host: api.example.com", "api.example.com", false, 9443, 9443},
        {"X-Forwarded-Host: api.example.com:8443", "api.example.com:8443", false, 8443, 9443},
        {"X-Forwarded-Proto: https\nX-Forwarded-Host: api.example.com\nX-Forwarded-Port: 443",
         "api.example.com", true, 443, 443},
        {"X-Forwarded-Proto: https\nX-Forwarded-Host: api.example.com:1\nX-Forwarded-Port: 8443",
         "api.example.com:8443", true, 8443, 443},
        {"X-Forwarded-Port: 80", "server", false, 80, 9443},
        {"X-Forwarded-Host: [2001:db8::1]:7\nX-Forwarded-Port: 8443", "[2001:db8::1]:8443", false, 8443,
         9443},
        {"Forwarded: for=192.0.2.1;proto=https;host=api.example.com", "api.example.com", true, 443, 443},
        /* each proxy tells of who called it: the element of the client counts */
        {"Forwarded: for=192.0.2.1;proto=https;host=a, for=10.0.0.2;proto=http;host=b", "a", true, 443, 443},
        {"Forwarded: for=198.51.100.9;proto=https;host=evil, for=192.0.2.1;proto=http", "server:9443", false,
         80, 443},
        {"X-Forwarded-For: 192.0.2.1, 10.0.0.2\nX-Forwarded-Proto: https, http", "server:9443", true, 443,
         443},
        {"X-Forwarded-For: 198.51.100.9, 192.0.2.1\nX-Forwarded-Proto: https, http", "server:9443", false, 80,
         443},
        {"X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: https, http", "server:9443", false, 9443, 9443},
        {"X-Forwarded-Host: evil\nX-Forwarded-Host: good", "server:9443", false, 9443, 9443},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("# case %zu\n", i);
        assert_int_equal(resolve("10.0.0.1", cases[i].headers), SP_OK);
        assert_true(is(request.host, cases[i].host));
        assert_int_equal(request.tls, cases[i].tls);
        assert_int_equal(request.local_port, cases[i].port);
        assert_int_equal(request.https_port, cases[i].https_port);
        assert_true(is(request.proxy_address, "10.0.0.1"));
    }
}

static void two_families_of_headers_need_a_choice(void **state)
{
    static const char both[] = "X-Forwarded-For: 192.0.2.1\nForwarded: for=10.0.0.9;proto=https";
    assert_int_equal(resolve("10.0.0.1", both), SP_EINVAL);
    assert_non_null(strstr(err.text, "sallyport_header"));
    assert_int_equal(resolve("10.0.0.1", "X-Forwarded-Proto: http\nForwarded: for=10.0.0.9;proto=https"),
                     SP_EINVAL);
    remote_ip.header = SP_CFG_FORWARDED_X;
    assert_int_equal(resolve("10.0.0.1", both), SP_OK);
    assert_true(is(request.peer_address, "192.0.2.1") && !request.tls);
    assert_int_equal(resolve("10.0.0.1", "Forwarded: for=192.0.2.7"), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.1"));
    remote_ip.header = SP_CFG_FORWARDED_RFC;
    assert_int_equal(resolve("10.0.0.1", both), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.9") && request.tls);
    assert_int_equal(resolve("10.0.0.1", "X-Forwarded-For: 192.0.2.7\nX-Forwarded-Proto: https"), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.1") && !request.tls);
}

static void private_headers_are_believed_from_their_origins(void **state)
{
    struct sp_str origins[] = {SP_STR("10.0.0.0/8"), SP_STR("2001:db8::1")},
                  sensitive[] = {SP_STR("10.0.0.7")};
    endpoint.remote_ip = NULL;
    config.dispatcher.origins = (struct sp_str_list){origins, 2};
    config.dispatcher.sensitive_origins = (struct sp_str_list){sensitive, 1};
    static const char all[] =
        "$WSSC: https\n$WSIS: true\n$WSSN: api.example.com\n$WSSP: 8443\n$WSRA: 192.0.2.1";
    assert_int_equal(resolve("10.0.0.7", all), SP_OK);
    assert_true(is(request.peer_address, "192.0.2.1") && is(request.host, "api.example.com:8443") &&
                request.tls);
    assert_int_equal(request.header_count, 0);
    assert_int_equal(resolve("10.0.0.8", all), SP_OK);
    assert_true(is(request.peer_address, "10.0.0.8") && is(request.host, "api.example.com:8443") &&
                request.tls);
    assert_int_equal(resolve("2001:db8:0:0::1", "$WSIS: false"), SP_OK);
    assert_false(request.tls);
    assert_int_equal(resolve("11.0.0.8", all), SP_OK);
    assert_true(is(request.peer_address, "11.0.0.8") && is(request.host, "server:9443") && !request.tls);
    /* refused */
    assert_int_equal(resolve("10.0.0.7", "$WSRA: 192.0.2.1\n$WSRA: 192.0.2.2"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.7", "$WSRA: unknown"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.7", "$WSIS: yes"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.7", "$WSIS: true\n$WSSC: http"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.7", "$WSIS: true\n$WSIS: true"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.8", "$WSRA: x\n$WSRA: y"), SP_OK);
    /* Two headers that name two clients. */
    endpoint.remote_ip = &remote_ip;
    assert_int_equal(resolve("10.0.0.7", "$WSRA: 192.0.2.1\nX-Forwarded-For: 192.0.2.1"), SP_OK);
    assert_int_equal(resolve("10.0.0.7", "$WSRA: 192.0.2.1\nX-Forwarded-For: 192.0.2.2"), SP_EINVAL);
    assert_int_equal(resolve("10.0.0.7", "$WSIS: true\nX-Forwarded-Proto: http"), SP_EINVAL);
}

static void star_and_none_are_all_and_nobody(void **state)
{
    struct sp_str star[] = {SP_STR("*")}, none[] = {SP_STR("none")};
    endpoint.remote_ip = NULL;
    config.dispatcher.origins = (struct sp_str_list){star, 1};
    config.dispatcher.sensitive_origins = (struct sp_str_list){none, 1};
    assert_int_equal(resolve("192.0.2.9", "$WSIS: true\n$WSRA: 192.0.2.1"), SP_OK);
    assert_true(request.tls && is(request.peer_address, "192.0.2.9"));
    config.dispatcher.origins = (struct sp_str_list){none, 1};
    assert_false(sp_peer_is_wanted(&config, 0));
}

static void a_certificate_without_a_trust_store_is_not_accepted(void **state)
{
    struct sp_str sensitive[] = {SP_STR("10.0.0.7")};
    config.dispatcher.sensitive_origins = (struct sp_str_list){sensitive, 1};
    assert_int_equal(resolve("10.0.0.7", "$WSCC: MIIB"), SP_EDENIED);
}

static void what_cannot_be_used_is_told(void **state)
{
    struct sp_str bad[] = {SP_STR("10.0.0.1"), SP_STR("proxy.example.com")};
    remote_ip.proxies = SP_STR("10\\.(0");
    assert_int_equal(sp_peer_check(&config, 0, &err), SP_EINVAL);
    assert_string_equal(err.id, SP_MSG_PEER);
    assert_non_null(strstr(err.text, "remoteIp[proxies]: proxies"));
    remote_ip.proxies = SP_STR("::1");
    config.dispatcher.origins = (struct sp_str_list){bad, 2};
    assert_int_equal(sp_peer_check(&config, 0, &err), SP_EINVAL);
    assert_non_null(strstr(err.text, "proxy.example.com"));
    config.dispatcher.origins.count = 0;
    endpoint.remote_ip = NULL;
    endpoint.proxy_protocol = true;
    assert_int_equal(sp_peer_check(&config, 0, &err), SP_EINVAL);
    assert_non_null(strstr(err.text, "sallyport_proxyProtocol"));
}

static void an_expression_without_end_matches_nobody(void **state)
{
    remote_ip.proxies = SP_STR("(([0-9.]+)+)+x");
    assert_int_equal(resolve("111.111.111.111", "X-Forwarded-For: 192.0.2.1"), SP_OK);
    assert_true(is(request.peer_address, "111.111.111.111"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
        TEST(the_client_is_the_first_from_the_right_who_is_no_proxy),
        TEST(who_is_not_named_leaves_the_last_known_proxy),
        TEST(what_a_proxy_says_and_cannot_be_read_is_refused),
        TEST(a_chain_of_hundreds_is_refused),
        TEST(nothing_from_others_changes_anything),
        TEST(private_headers_are_taken_out_where_nobody_is_believed),
        TEST(scheme_host_and_port_are_the_clients),
        TEST(two_families_of_headers_need_a_choice),
        TEST(private_headers_are_believed_from_their_origins),
        TEST(star_and_none_are_all_and_nobody),
        TEST(a_certificate_without_a_trust_store_is_not_accepted),
        TEST(what_cannot_be_used_is_told),
        TEST(an_expression_without_end_matches_nobody),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
