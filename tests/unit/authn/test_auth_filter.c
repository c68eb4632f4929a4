/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "authn/auth_filter.h"

/* One condition of a kind, and a request. */
struct row {
    const char *subject, *what, *value;
    enum sp_cfg_match match;
    const char *headers; /* "Name: value\n" each; NULL: none */
    const char *target;  /* NULL: "/" */
    const char *peer;    /* NULL: "192.0.2.1" */
    bool accepted;
};

#define EQ SP_CFG_EQUALS
#define HAS SP_CFG_CONTAINS
#define NOT SP_CFG_NOT_CONTAIN
#define LESS SP_CFG_LESS_THAN
#define MORE SP_CFG_GREATER_THAN

static const struct row rows[] = {
    /* URLs: text against text, the query counts, no wildcards. */
    {"requestUrl", "/phoneBook/*", NULL, EQ, NULL, "/phoneBook/1", NULL, false},
    {"requestUrl", "/phoneBook/", NULL, HAS, NULL, "/phoneBook/1", NULL, true},
    {"requestUrl", "https://gw.test/phoneBook/1", NULL, EQ, NULL, "/phoneBook/1", NULL, true},
    {"requestUrl", "/a|/b", NULL, HAS, NULL, "/x/b?y", NULL, true},
    {"requestUrl", "/a|/b", NULL, HAS, NULL, "/x/c?y", NULL, false},
    {"requestUrl", "/a|/b", NULL, EQ, NULL, "/a", NULL, false},
    {"requestUrl", "/admin", NULL, NOT, NULL, "/api?x=/admin", NULL, false},
    {"requestUrl", "/admin", NULL, NOT, NULL, "/api", NULL, true},
    {"requestUrl", "/Admin", NULL, HAS, NULL, "/admin", NULL, false},
    {"requestUrl", " /a ", NULL, HAS, NULL, "/a", NULL, true},
    {"requestUrl", "||", NULL, HAS, NULL, "/|", NULL, false},
    {"requestUrl", "||", NULL, NOT, NULL, "/", NULL, false},
    {"requestUrl", "", NULL, HAS, NULL, "/", NULL, false},
    {"requestUrl", "", NULL, NOT, NULL, "/", NULL, false},
    /* Escapes evade nothing. */
    {"requestUrl", "/admin", NULL, HAS, NULL, "/%61dmin", NULL, true},
    {"requestUrl", "/admin", NULL, NOT, NULL, "/%61dmin", NULL, false},
    {"requestUrl", "/%61dmin", NULL, HAS, NULL, "/%61dmin", NULL, true},
    {"requestUrl", "/admin?%", NULL, HAS, NULL, "/%61dmin?%zz", NULL, true},
    /* No header of the client's stands in for what is compared. */
    {"requestUrl", "/b", NULL, HAS, "request-url: https://x/b\n", "/a", NULL, false},
    {"remoteAddress", "10.0.0.1", NULL, EQ, "remote-address: 10.0.0.1\nX-Forwarded-For: 10.0.0.1\n", NULL,
     NULL, false},
    {"webApp", "zosconnect", NULL, HAS, "webApp: other\n", NULL, NULL, true},
    {"webApp", "com.ibm.zosconnect", NULL, EQ, NULL, NULL, NULL, true},
    {"webApp", "other", NULL, NOT, NULL, NULL, NULL, true},
    {"webApp", "zosconnect", NULL, NOT, NULL, NULL, NULL, false},
    {"webApp", "zosconnect", NULL, EQ, NULL, NULL, NULL, false},
    {"webApp", "other|com.ibm", NULL, HAS, NULL, NULL, NULL, true},
    {"webApp", "COM.IBM.ZOSCONNECT", NULL, HAS, NULL, NULL, NULL, false},
    {"webApp", "", NULL, HAS, NULL, NULL, NULL, false},
    {"webApp", "", NULL, NOT, NULL, NULL, NULL, false},
    /* Addresses. */
    {"remoteAddress", "192.0.2.*", NULL, EQ, NULL, NULL, NULL, true},
    {"remoteAddress", "127.0.0.1|192.0.2.*", NULL, HAS, NULL, NULL, NULL, true},
    {"remoteAddress", "127.0.0.1|192.0.2.*", NULL, EQ, NULL, NULL, NULL, false},
    {"remoteAddress", "127.0.0.1|192.0.2.*", NULL, NOT, NULL, NULL, NULL, false},
    {"remoteAddress", "127.0.0.1|10.0.2.*", NULL, NOT, NULL, NULL, NULL, true},
    {"remoteAddress", "192.0.2.[5-9]", NULL, LESS, NULL, NULL, NULL, true},
    {"remoteAddress", "192.0.2.[1-9]", NULL, LESS, NULL, NULL, NULL, false},
    {"remoteAddress", "192.0.1.*", NULL, MORE, NULL, NULL, NULL, true},
    {"remoteAddress", "192.0.2.1", NULL, MORE, NULL, NULL, NULL, false},
    {"remoteAddress", "2001:db8:*:*:*:*:*:*", NULL, HAS, NULL, NULL, "2001:db8::7", true},
    {"remoteAddress", "192.0.2.1", NULL, HAS, NULL, NULL, "::ffff:192.0.2.1", true},
    {"remoteAddress", "10.*", NULL, NOT, NULL, NULL, NULL, false},
    {"remoteAddress", "gateway.test", NULL, NOT, NULL, NULL, NULL, false},
    {"remoteAddress", "192.0.2.1", NULL, HAS, NULL, NULL, "unix:", false},
    {"remoteAddress", "192.0.2.1", NULL, NOT, NULL, NULL, "unix:", false},
    {"remoteAddress", "192.0.2.1", NULL, LESS, NULL, NULL, NULL, false},
    {"remoteAddress", "192.0.2.2", NULL, LESS, NULL, NULL, NULL, true},
    {"remoteAddress", "192.0.2.0", NULL, MORE, NULL, NULL, NULL, true},
    {"remoteAddress", "192.168.[7-13].*", NULL, EQ, NULL, NULL, "192.168.7.0", true},
    {"remoteAddress", "192.168.[7-13].*", NULL, EQ, NULL, NULL, "192.168.13.255", true},
    {"remoteAddress", "192.168.[7-13].*", NULL, EQ, NULL, NULL, "192.168.14.0", false},
    {"remoteAddress", "192.168.[7-13].*", NULL, EQ, NULL, NULL, "192.168.6.255", false},
    {"remoteAddress", "10.*.*.*", NULL, HAS, NULL, NULL, "10.255.255.255", true},
    {"remoteAddress", "10.*.*.*", NULL, HAS, NULL, NULL, "11.0.0.0", false},
    {"remoteAddress", "10.*.1.*", NULL, NOT, NULL, NULL, NULL, false},
    {"remoteAddress", "*", NULL, HAS, NULL, NULL, NULL, false},
    {"remoteAddress", "::192.0.2.1", NULL, EQ, NULL, NULL, NULL, true},
    {"remoteAddress", "2001:db8::1", NULL, EQ, NULL, NULL, "2001:db8:0:0:0:0:0:1", true},
    {"remoteAddress", "2001:db8::1", NULL, MORE, NULL, NULL, "2001:db8::2", true},
    {"remoteAddress", "", NULL, HAS, NULL, NULL, NULL, false},
    {"remoteAddress", "", NULL, NOT, NULL, NULL, NULL, false},
    /* Host: the text of the header. */
    {"host", "api.test", NULL, EQ, "Host: api.test\n", NULL, NULL, true},
    {"host", "api.test", NULL, EQ, "Host: api.test:9443\n", NULL, NULL, false},
    {"host", "api.test", NULL, HAS, "Host: api.test:9443\n", NULL, NULL, true},
    {"host", "other", NULL, NOT, "Host: api.test\n", NULL, NULL, true},
    {"host", "other|api", NULL, NOT, "Host: api.test\n", NULL, NULL, false},
    {"host", "other|api", NULL, HAS, "Host: api.test\n", NULL, NULL, true},
    {"host", "other|api.test", NULL, EQ, "Host: api.test\n", NULL, NULL, false},
    {"host", "API.test", NULL, HAS, "Host: api.test\n", NULL, NULL, false},
    {"host", "", NULL, HAS, "Host: api.test\n", NULL, NULL, false},
    {"host", "", NULL, NOT, "Host: api.test\n", NULL, NULL, false},
    {"host", "gw", NULL, HAS, "NoHost: 1\n", NULL, NULL, false},
    {"host", "gw.test", NULL, EQ, "NoHost: 1\n", NULL, NULL, false},
    {"host", "gw", NULL, NOT, "NoHost: 1\n", NULL, NULL, true},
    /* User-Agent. */
    {"userAgent", "curl|wget", NULL, NOT, NULL, NULL, NULL, true},
    {"userAgent", "curl|wget", NULL, NOT, "User-Agent: Mozilla\n", NULL, NULL, true},
    {"userAgent", "curl|wget", NULL, NOT, "User-Agent: Mozilla\nUser-Agent: wget\n", NULL, NULL, false},
    {"userAgent", "curl|wget", NULL, HAS, "user-agent: curl/8\n", NULL, NULL, true},
    {"userAgent", "curl|wget", NULL, HAS, NULL, NULL, NULL, false},
    {"userAgent", "curl", NULL, EQ, "User-Agent: curl/8\n", NULL, NULL, false},
    {"userAgent", "curl/8", NULL, EQ, "User-Agent: curl/8\n", NULL, NULL, true},
    {"userAgent", "curl/8|wget", NULL, EQ, "User-Agent: curl/8\n", NULL, NULL, false},
    {"userAgent", "curl", NULL, EQ, NULL, NULL, NULL, false},
    {"userAgent", "curl", NULL, NOT, "User-Agent: curl/8\n", NULL, NULL, false},
    {"userAgent", "Curl", NULL, HAS, "User-Agent: curl/8\n", NULL, NULL, false},
    {"userAgent", "", NULL, HAS, "User-Agent: curl/8\n", NULL, NULL, false},
    /* Cookies: names only. */
    {"cookie", "LtpaToken2", NULL, EQ, "Cookie: a=1; LtpaToken2=x\n", NULL, NULL, true},
    {"cookie", "LtpaToken2", NULL, EQ, "Cookie: a=LtpaToken2\n", NULL, NULL, false},
    {"cookie", "LtpaToken2", NULL, HAS, "Cookie: a=LtpaToken2; b=3\n", NULL, NULL, false},
    {"cookie", "Ltpa|JWT", NULL, HAS, "Cookie: a=1\nCookie: JWT=3\n", NULL, NULL, true},
    {"cookie", "LtpaToken2", NULL, NOT, "Cookie: a=LtpaToken2\n", NULL, NULL, true},
    {"cookie", "LtpaToken2", NULL, NOT, "Cookie: LtpaToken2=1\n", NULL, NULL, false},
    {"cookie", "LtpaToken2", NULL, NOT, NULL, NULL, NULL, false},
    {"cookie", "LtpaToken2", NULL, HAS, "Cookie: ;;=\n", NULL, NULL, false},
    {"cookie", "LtpaToken2", NULL, HAS, NULL, NULL, NULL, false},
    {"cookie", "LtpaToken2", NULL, EQ, NULL, NULL, NULL, false},
    {"cookie", "LtpaToken2|JWT", NULL, EQ, "Cookie: JWT=1\n", NULL, NULL, false},
    {"cookie", "LtpaToken2|JWT", NULL, NOT, "Cookie: a=1; JWT=3\n", NULL, NULL, false},
    {"cookie", "ltpatoken2", NULL, HAS, "Cookie: LtpaToken2=1\n", NULL, NULL, false},
    {"cookie", "", NULL, NOT, "Cookie: a=1\n", NULL, NULL, false},
    /* Header fields. */
    {"requestHeader", "x-gw", "prod", EQ, "X-GW: prod\n", NULL, NULL, true},
    {"requestHeader", "x-gw", "prod", EQ, "X-GW: production\n", NULL, NULL, false},
    {"requestHeader", "x-gw", "prod", HAS, "X-GW: production\n", NULL, NULL, true},
    {"requestHeader", "x-gw", "prod", EQ, NULL, NULL, NULL, false},
    {"requestHeader", "x-gw", "prod", NOT, NULL, NULL, NULL, true},
    {"requestHeader", "x-gw", "prod", NOT, "X-GW: test\nX-GW: prod\n", NULL, NULL, false},
    {"requestHeader", "x-gw", "prod", HAS, "X-GW: test\nX-GW: prod\n", NULL, NULL, false},
    {"requestHeader", "x-gw", NULL, HAS, "X-GW: \n", NULL, NULL, true},
    {"requestHeader", "x-gw", NULL, EQ, NULL, NULL, NULL, false},
    {"requestHeader", "x-gw", NULL, NOT, NULL, NULL, NULL, true},
    {"requestHeader", "x-gw", NULL, EQ, "X-Gw: any\n", NULL, NULL, true},
    {"requestHeader", "x-gw", NULL, HAS, NULL, NULL, NULL, false},
    {"requestHeader", "x-gw", "a|b", EQ, "X-Gw: a|b\n", NULL, NULL, true},
    {"requestHeader", "x-gw", "a|b", EQ, "X-Gw: a\n", NULL, NULL, false},
    {"requestHeader", "x-gw", "a|b", HAS, "X-Gw: xbx\n", NULL, NULL, true},
    {"requestHeader", "x-gw", "a|b", NOT, "X-Gw: xbx\n", NULL, NULL, false},
    {"requestHeader", "x-gw", "PROD", EQ, "X-Gw: prod\n", NULL, NULL, false},
    {"requestHeader", " x-gw ", " prod ", EQ, "X-Gw: prod\n", NULL, NULL, true},
    {"requestHeader", "x-gw", "*", EQ, "X-Gw: prod\n", NULL, NULL, false},
    {"requestHeader", "x-gw", NULL, NOT, "X-GW: 1\n", NULL, NULL, false},
    {"requestHeader", "Authorization", "Basic", NOT, "Authorization: Basic x\n", NULL, NULL, false},
    {"requestHeader", "Authorization", "Basic", NOT, "Authorization: Bearer x\n", NULL, NULL, true},
    {"requestHeader", "", "x", NOT, NULL, NULL, NULL, false},
};

static struct sp_cfg_conditions *place(struct sp_cfg_auth_filter *config, const char *subject)
{
    struct {
        const char *name;
        struct sp_cfg_conditions *conditions;
    } places[] = {
        {"webApp", &config->web_app},
        {"requestUrl", &config->request_url},
        {"host", &config->host},
        {"remoteAddress", &config->remote_address},
        {"cookie", &config->cookie},
        {"requestHeader", &config->request_header},
        {"userAgent", &config->user_agent},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (strcmp(places[i].name, subject) == 0)
            return places[i].conditions;
    abort();
}

static size_t read_headers(const char *text, struct sp_http_header *headers)
{
    struct sp_str rest = sp_str_of(text), line;
    size_t count = 0;
    while (text && sp_str_split(&rest, '\n', &line)) {
        size_t colon = sp_str_find(line, ':');
        if (line.len)
            headers[count++] = (struct sp_http_header){sp_str_slice(line, 0, colon),
                                                       sp_str_slice(line, colon + 2, line.len)};
    }
    return count;
}

static bool one_accepts(const struct sp_cfg_auth_filter *const *configs, size_t count, const struct row *row,
                        char *fault, size_t size)
{
    const struct sp_cfg_auth_filters config = {configs, count};
    struct sp_http_header headers[8];
    struct sp_arena arena;
    struct sp_auth_filter *filter = NULL;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_init(&arena, 65536);
    struct sp_http_request request = {
        .headers = headers,
        .header_count = read_headers(row->headers, headers),
        .target = sp_str_of(row->target ? row->target : "/"),
        .host = SP_STR_INIT("gw.test"),
        .peer_address = sp_str_of(row->peer ? row->peer : "192.0.2.1"),
        .tls = true,
    };
    if (sp_http_header_count(&request, "Host"))
        request.host = sp_http_header_get(&request, "Host");
    if (sp_http_header_count(&request, "NoHost"))
        request.host = SP_STR("");
    struct sp_authn_attempt attempt = {.request = &request, .arena = &arena};
    assert_int_equal(sp_auth_filters_new(&config, &filter, &err), SP_OK);
    bool accepted = sp_auth_filters_accept(filter, &attempt);
    snprintf(fault, size, "%.*s", SP_STR_ARG(sp_auth_filter_fault(filter, &attempt)));
    sp_auth_filters_free(filter);
    sp_arena_finish(&arena);
    return accepted;
}

static bool accepts(const struct sp_cfg_auth_filter *config, const struct row *row, char *fault, size_t size)
{
    return one_accepts(&config, 1, row, fault, size);
}

static void each_condition_decides_as_documented(void **state)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct row *row = &rows[i];
        struct sp_cfg_condition condition = {sp_str_of(row->what), sp_str_of(row->value), row->match};
        struct sp_cfg_auth_filter config = {.id = SP_STR_INIT("f")};
        char fault[256];
        *place(&config, row->subject) = (struct sp_cfg_conditions){&condition, 1};
        if (accepts(&config, row, fault, sizeof fault) != row->accepted)
            fail_msg("row %zu: %s %s: %s", i, row->subject, row->what, fault);
        assert_int_equal(fault[0] == 0, row->accepted);
    }
}

static void all_conditions_must_hold(void **state)
{
    struct sp_cfg_condition addresses[] = {{SP_STR_INIT("192.0.2.*"), {NULL, 0}, HAS},
                                           {SP_STR_INIT("10.*.*.*"), {NULL, 0}, HAS}};
    struct sp_cfg_condition url = {SP_STR_INIT("/a"), {NULL, 0}, HAS};
    struct sp_cfg_auth_filter config = {.remote_address = {addresses, 1}, .request_url = {&url, 1}};
    const struct row good = {.target = "/a"}, bad = {.target = "/b"};
    char fault[256];
    assert_true(accepts(&config, &good, fault, sizeof fault));
    assert_false(accepts(&config, &bad, fault, sizeof fault));
    assert_string_equal(fault, "requestUrl contains /a");
    config.remote_address.count = 2;
    assert_false(accepts(&config, &good, fault, sizeof fault));
    assert_string_equal(fault, "remoteAddress contains 10.*.*.*");
}

static void of_several_filters_one_must_accept(void **state)
{
    struct sp_cfg_condition a = {SP_STR_INIT("/a"), {NULL, 0}, HAS}, b = {SP_STR_INIT("/b"), {NULL, 0}, HAS};
    const struct sp_cfg_auth_filter first = {.request_url = {&a, 1}}, second = {.request_url = {&b, 1}},
                                    empty = {.id = SP_STR_INIT("f")};
    const struct sp_cfg_auth_filter *const filters[] = {&first, &second, &empty};
    const struct row one = {.target = "/a"}, other = {.target = "/b"}, none = {.target = "/c"};
    char fault[256];
    assert_true(one_accepts(filters, 3, &one, fault, sizeof fault));
    assert_true(one_accepts(filters, 3, &other, fault, sizeof fault));
    assert_string_equal(fault, "requestUrl contains /a"); /* of the first */
    assert_false(one_accepts(filters, 3, &none, fault, sizeof fault));
    assert_false(one_accepts(filters, 1, &other, fault, sizeof fault));
}

static void a_filter_without_conditions_accepts_nothing(void **state)
{
    struct sp_cfg_auth_filter config = {.id = SP_STR_INIT("f")};
    const struct row row = {0};
    char fault[256];
    assert_false(accepts(&config, &row, fault, sizeof fault));
    assert_string_equal(fault, "it has no condition");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_condition_decides_as_documented),
        cmocka_unit_test(all_conditions_must_hold),
        cmocka_unit_test(of_several_filters_one_must_accept),
        cmocka_unit_test(a_filter_without_conditions_accepts_nothing),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests_name("auth_filter", tests, NULL, NULL);
}
