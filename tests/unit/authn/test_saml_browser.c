/* SPDX-License-Identifier: Apache-2.0
 * What a login by SAML in a browser reads and writes, without a provider.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "authn/saml_config.h"
#include "authn/saml_form.h"
#include "authn/saml_idp.h"
#include "authn/saml_logout_read.h"
#include "authn/saml_request.h"
#include "authn/saml_response.h"
#include "authn/saml_send.h"
#include "authn/saml_token.h"
#include "text/base64.h"
#include "text/percent.h"
#include "text/xml.h"

/* ---- the form ---- */

static enum sp_status read_form(const char *type, struct sp_str body, struct sp_saml_form *ret_form)
{
    static struct sp_arena arena;
    const struct sp_http_header header = {SP_STR_INIT("Content-Type"), sp_str_of(type)};
    const struct sp_http_request request = {.headers = &header, .header_count = 1, .body = body};
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_finish(&arena);
    sp_arena_init(&arena, (size_t)16 << 20);
    return sp_saml_form_read(&request, false, &arena, ret_form, &err);
}

static void a_form_has_each_field_once(void **state)
{
    const char *form = "application/x-www-form-urlencoded; charset=UTF-8";
    struct sp_saml_form read;
    assert_int_equal(read_form(form, SP_STR("x=1&SAMLResponse=QU%0D%0AJD%2b&RelayState=a+b%2F"), &read),
                     SP_OK);
    assert_true(sp_str_is(read.message, "QUJD+") && sp_str_is(read.relay_state, "a b/"));
    assert_int_equal(read_form(form, SP_STR("SAMLResponse=QQ"), &read), SP_OK);
    assert_int_equal(read.relay_state.len, 0);
    const char *bad[] = {"",
                         "RelayState=x",
                         "SAMLResponse=",
                         "SAMLResponse=a&SAMLResponse=b",
                         "SAMLResponse=%4",
                         "SAMLResponse=a&RelayState=%00",
                         "SAMLResponse=a&RelayState=b&RelayState=c"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_form(form, sp_str_of(bad[i]), &read) != SP_ESYNTAX)
            fail_msg("\"%s\" is accepted", bad[i]);
    assert_int_equal(read_form("application/json", SP_STR("SAMLResponse=QQ"), &read), SP_ESYNTAX);
}

static void a_form_has_one_message(void **state)
{
    const struct sp_http_header header = {SP_STR_INIT("Content-Type"),
                                          SP_STR_INIT("application/x-www-form-urlencoded")};
    const struct {
        const char *body;
        enum sp_status response, either;
        bool is_request;
    } cases[] = {
        {"SAMLRequest=QQ", SP_ESYNTAX, SP_OK, true},
        {"SAMLResponse=QQ", SP_OK, SP_OK, false},
        {"SAMLRequest=QQ&SAMLResponse=QQ", SP_OK, SP_ESYNTAX, false},
        {"SAMLRequest=QQ&SAMLRequest=QQ", SP_ESYNTAX, SP_ESYNTAX, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sp_http_request request = {
            .headers = &header, .header_count = 1, .body = sp_str_of(cases[i].body)};
        struct sp_error err = SP_ERROR_INIT;
        struct sp_saml_form form;
        struct sp_arena arena;
        sp_arena_init(&arena, 100000);
        assert_int_equal(sp_saml_form_read(&request, false, &arena, &form, &err), cases[i].response);
        assert_int_equal(sp_saml_form_read(&request, true, &arena, &form, &err), cases[i].either);
        if (cases[i].either == SP_OK)
            assert_int_equal(form.is_request, cases[i].is_request);
        sp_arena_finish(&arena);
    }
}

static void a_response_has_a_limit(void **state)
{
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf document, text;
    const size_t sizes[] = {SP_SAML_DOCUMENT_MAX, SP_SAML_DOCUMENT_MAX + 1};
    for (size_t i = 0; i < 2; i++) {
        char *bytes = calloc(1, sizes[i]);
        sp_buf_init(&text, (size_t)1 << 20);
        sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
        assert_int_equal(sp_base64_encode(SP_BASE64, sp_str_from(bytes, sizes[i]), &text), SP_OK);
        assert_int_equal(sp_saml_response_decode(sp_buf_str(&text), &document, &err), i ? SP_ELIMIT : SP_OK);
        sp_buf_finish(&text);
        sp_buf_finish(&document);
        free(bytes);
    }
    char *text_of_limit = malloc(SP_SAML_RESPONSE_MAX + 1);
    memset(text_of_limit, ' ', SP_SAML_RESPONSE_MAX + 1);
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    assert_int_equal(
        sp_saml_response_decode(sp_str_from(text_of_limit, SP_SAML_RESPONSE_MAX), &document, &err),
        SP_ESYNTAX);
    assert_int_equal(
        sp_saml_response_decode(sp_str_from(text_of_limit, SP_SAML_RESPONSE_MAX + 1), &document, &err),
        SP_ELIMIT);
    sp_buf_finish(&document);
    free(text_of_limit);
}

static void a_relay_state_has_a_limit(void **state)
{
    const char *form = "application/x-www-form-urlencoded";
    struct sp_saml_form read;
    for (size_t over = 0; over < 2; over++) {
        struct sp_buf body;
        sp_buf_init(&body, 65536);
        sp_buf_append_str(&body, SP_STR("SAMLResponse=QQ&RelayState="));
        sp_buf_append_fill(&body, 'a', 3 * SP_SAML_RELAY_STATE_MAX + over);
        assert_int_equal(read_form(form, sp_buf_str(&body), &read), over ? SP_ELIMIT : SP_OK);
        sp_buf_finish(&body);
    }
}

/* ---- the provider's metadata ---- */

#define ROLE_START                                                                        \
    "<IDPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:1.1:protocol " \
    "urn:oasis:names:tc:SAML:2.0:protocol' WantAuthnRequestsSigned='1'>"
#define REDIRECT "Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect' Location='"
#define KEY(use, text)                                                                      \
    "<KeyDescriptor " use "><KeyInfo xmlns='http://www.w3.org/2000/09/xmldsig#'><X509Data>" \
    "<X509Certificate>" text "</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
#define ENTITY(inside)                                                                      \
    "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata' entityID='idp'>" inside \
    "</EntityDescriptor>"
#define LOGIN "<SingleSignOnService " REDIRECT "https://idp/sso'/>"

static enum sp_status read_idp(const char *text, struct sp_saml_idp *ret_idp)
{
    static struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    sp_arena_finish(&arena);
    sp_arena_init(&arena, (size_t)16 << 20);
    return sp_saml_idp_read(sp_str_of(text), "idp.xml", &arena, ret_idp, &err);
}

static void metadata_say_where_to_and_whose_signature(void **state)
{
    struct sp_saml_idp idp;
    assert_int_equal(
        read_idp(
            "<EntitiesDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>" ENTITY("<SPSSODescriptor/>")
                ENTITY(ROLE_START KEY("use='signing'", " QU\nJD ") KEY("", "QUJE") KEY(
                    "use='encryption'",
                    "QUJF") "<SingleSignOnService Binding='urn:x' Location='https://idp/post'/>" LOGIN
                            "<SingleLogoutService " REDIRECT
                            "https://idp/slo' ResponseLocation='https://idp/2'/>"
                            "</IDPSSODescriptor>") "</EntitiesDescriptor>",
            &idp),
        SP_OK);
    assert_true(sp_str_is(idp.entity_id, "idp") && sp_str_is(idp.login.url, "https://idp/sso") &&
                !idp.login.is_post);
    assert_true(sp_str_is(idp.logout.url, "https://idp/slo") &&
                sp_str_is(idp.logout_answer.url, "https://idp/2"));
    assert_true(idp.wants_signed && idp.certificate_count == 2 && sp_str_is(idp.certificates[1], "ABD"));
}

#define POSTED "Binding='urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST' Location='"

static void a_redirect_counts_before_a_form_and_a_form_before_nothing(void **state)
{
    const struct {
        const char *services, *url, *answer;
        bool is_post;
    } cases[] = {
        {"<SingleLogoutService " POSTED "https://idp/1'/>", "https://idp/1", "https://idp/1", true},
        {"<SingleLogoutService " POSTED "https://idp/1' ResponseLocation='https://idp/r'/>", "https://idp/1",
         "https://idp/r", true},
        {"<SingleLogoutService " POSTED
         "https://idp/1' ResponseLocation='https://idp/r'/><SingleLogoutService " REDIRECT "https://idp/2'/>",
         "https://idp/2", "https://idp/2", false},
        {"<SingleLogoutService " REDIRECT "https://idp/2'/><SingleLogoutService " POSTED "https://idp/1'/>",
         "https://idp/2", "https://idp/2", false},
        {"<SingleLogoutService " POSTED "https://idp/1'/><SingleLogoutService " POSTED "https://idp/3'/>",
         "https://idp/1", "https://idp/1", true},
        {"<SingleLogoutService Binding='urn:oasis:names:tc:SAML:2.0:bindings:SOAP' "
         "Location='https://idp/s'/>",
         "", "", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000];
        struct sp_saml_idp idp;
        snprintf(text, sizeof text,
                 ENTITY(ROLE_START "%s<SingleSignOnService " POSTED "https://idp/sso'/></IDPSSODescriptor>"),
                 cases[i].services);
        assert_int_equal(read_idp(text, &idp), SP_OK);
        assert_true(sp_str_is(idp.logout.url, cases[i].url) && idp.logout.is_post == cases[i].is_post);
        assert_true(sp_str_is(idp.logout_answer.url, cases[i].answer) &&
                    idp.logout_answer.is_post == cases[i].is_post);
        assert_true(sp_str_is(idp.login.url, "https://idp/sso") && idp.login.is_post);
        bool has_post = idp.posted_logout.url.len;
        sp_saml_idp_prefer_post(&idp);
        assert_int_equal(idp.logout.is_post && idp.logout_answer.is_post, has_post);
        assert_int_equal(has_post, strstr(cases[i].services, "HTTP-POST") != NULL);
    }
}

static void metadata_that_could_mislead_are_refused(void **state)
{
    const char *bad[] = {
        ENTITY(""),
        ENTITY(ROLE_START LOGIN "</IDPSSODescriptor>" ROLE_START LOGIN "</IDPSSODescriptor>"),
        ENTITY("<IDPSSODescriptor protocolSupportEnumeration='urn:oasis:names:tc:SAML:1.1:protocol'/>"),
        ENTITY(ROLE_START "<SingleSignOnService " REDIRECT "javascript:x'/></IDPSSODescriptor>"),
        ENTITY(ROLE_START "<SingleSignOnService " REDIRECT "https://idp/sso#x'/></IDPSSODescriptor>"),
        ENTITY(ROLE_START "<SingleSignOnService " REDIRECT "https://idp/ x'/></IDPSSODescriptor>"),
        ENTITY(ROLE_START KEY("", "???") LOGIN "</IDPSSODescriptor>"),
        "<EntityDescriptor xmlns='urn:oasis:names:tc:SAML:2.0:metadata'>" ROLE_START LOGIN
        "</IDPSSODescriptor></EntityDescriptor>",
        "<x/>",
    };
    struct sp_saml_idp idp;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (read_idp(bad[i], &idp) != SP_EINVAL)
            fail_msg("%s is accepted", bad[i]);
    assert_int_equal(read_idp("<x", &idp), SP_ESYNTAX);
}

/* ---- what is sent ---- */

static void a_request_escapes_what_stands_in_it(void **state)
{
    const struct sp_str classes[] = {SP_STR_INIT("a<b&c")};
    const struct sp_cfg_saml_login login = {.name_id_format = SP_STR_INIT("customize"),
                                            .custom_name_id_format = SP_STR_INIT("\"'>"),
                                            .context_classes = {classes, 1},
                                            .context_comparison = SP_STR_INIT("exact")};
    const struct sp_saml_self self = {SP_STR_INIT("e&"), SP_STR_INIT("https://sp/acs"), SP_STR_INIT("")};
    struct sp_arena arena;
    sp_arena_init(&arena, 100000);
    struct sp_str xml =
        sp_saml_authn_request(&login, &self, SP_STR("_1"), SP_STR("https://idp/?a=1&b"), 0, &arena);
    struct sp_xml_element *root;
    struct sp_error err = SP_ERROR_INIT;
    assert_int_equal(sp_xml_parse(xml, "request", &arena, &sp_xml_default_limits, &root, &err), SP_OK);
    assert_true(sp_str_is(sp_xml_attribute(root, "Destination"), "https://idp/?a=1&b"));
    assert_true(sp_str_is(sp_xml_attribute(root, "IssueInstant"), "1970-01-01T00:00:00Z"));
    assert_true(sp_str_is(sp_xml_child_text(root, "Issuer"), "e&"));
    assert_true(sp_str_is(sp_xml_attribute(sp_xml_child(root, "NameIDPolicy"), "Format"), "\"'>"));
    assert_true(sp_str_is(
        sp_xml_child_text(sp_xml_child(root, "RequestedAuthnContext"), "AuthnContextClassRef"), "a<b&c"));
    sp_arena_finish(&arena);
}

static void a_redirect_keeps_the_query_of_its_endpoint(void **state)
{
    struct sp_arena arena;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str url;
    struct sp_buf back;
    sp_arena_init(&arena, 100000);
    const struct sp_saml_sending redirect = {.to = {.url = SP_STR_INIT("https://idp/?a=1")},
                                             .field = "SAMLRequest",
                                             .document = SP_STR_INIT("<a>text</a>"),
                                             .relay_state = SP_STR_INIT("x&y")};
    assert_int_equal(sp_saml_redirect_url(&redirect, &arena, &url, &err), SP_OK);
    struct sp_str start = SP_STR("https://idp/?a=1&SAMLRequest="), end = SP_STR("&RelayState=x%26y");
    assert_true(sp_str_starts(url, start) && sp_str_ends(url, end));
    struct sp_str raw = sp_str_slice(url, start.len, url.len - end.len), message;
    char out[500];
    sp_buf_init(&back, SP_SAML_DOCUMENT_MAX);
    assert_int_equal(sp_percent_decode(raw, true, "query", out, &message, &err), SP_OK);
    assert_int_equal(sp_saml_token_decode(message, &back, &err), SP_OK);
    assert_true(sp_str_is(sp_buf_str(&back), "<a>text</a>"));
    sp_buf_finish(&back);
    sp_arena_finish(&arena);
}

static void a_query_is_a_request_or_it_is_none(void **state)
{
    assert_true(sp_saml_logout_is_request(SP_STR("SAMLRequest=x")));
    assert_true(sp_saml_logout_is_request(SP_STR("SAMLRequest=x&SAMLRequest=y")));
    assert_false(sp_saml_logout_is_request(SP_STR("SAMLResponse=x")));
    assert_false(sp_saml_logout_is_request((struct sp_str){NULL, 0}));
}

/* ---- the configuration ---- */

static void an_address_of_ours_must_be_known(void **state)
{
    const struct sp_str any[] = {SP_STR_INIT("ANY")}, ours[] = {SP_STR_INIT("https://us")};
    const struct {
        const char *address;
        const struct sp_str *audience;
        bool https, good;
    } cases[] = {
        {"https://sp.example:9443", any, true, true},
        {"sp.example:9443", any, true, true},
        {"https://[::1]:9443/", any, true, true},
        {"http://sp.example", any, false, true},
        {"http://sp.example", any, true, false},
        {"https://", any, true, false},
        {"https://sp.example/path", any, true, false},
        {"https://a@b", any, true, false},
        {"", any, true, false},
        {"", ours, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct sp_cfg_saml config = {.id = SP_STR_INIT("sp"),
                                           .audiences = {cases[i].audience, 1},
                                           .login = {.host_and_port = sp_str_of(cases[i].address),
                                                     .https_required = cases[i].https,
                                                     .name_id_format = SP_STR_INIT("email")}};
        struct sp_error err = SP_ERROR_INIT;
        if (sp_saml_config_check(&config, &err) != (cases[i].good ? SP_OK : SP_EINVAL))
            fail_msg("\"%s\" is %s", cases[i].address, cases[i].good ? "refused" : "accepted");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_form_has_each_field_once),
        cmocka_unit_test(a_form_has_one_message),
        cmocka_unit_test(a_response_has_a_limit),
        cmocka_unit_test(a_relay_state_has_a_limit),
        cmocka_unit_test(metadata_say_where_to_and_whose_signature),
        cmocka_unit_test(a_redirect_counts_before_a_form_and_a_form_before_nothing),
        cmocka_unit_test(metadata_that_could_mislead_are_refused),
        cmocka_unit_test(a_request_escapes_what_stands_in_it),
        cmocka_unit_test(a_redirect_keeps_the_query_of_its_endpoint),
        cmocka_unit_test(a_query_is_a_request_or_it_is_none),
        cmocka_unit_test(an_address_of_ours_must_be_known),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
