/* SPDX-License-Identifier: Apache-2.0
 * What a browser brings of a SAML identity provider, and its metadata. The first byte says what the others
 * are: R a response, Q the query of a logout, P the field of one by form, F a form, M metadata. The key below
 * is of this file alone.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_assertion.h"
#include "authn/saml_encryption.h"
#include "authn/saml_form.h"
#include "authn/saml_idp.h"
#include "authn/saml_logout_read.h"
#include "authn/saml_response.h"
#include "authn/saml_token.h"
#include "text/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1800000000000000) /* 2027-01-15 */

static const char certificate[] =
    "MIICsjCCAZqgAwIBAgIBATANBgkqhkiG9w0BAQsFADARMQ8wDQYDVQQDDAZjb3JwdXMwIBcNMjAw"
    "MTAxMDAwMDAwWhgPMjExOTAxMDEwMDAwMDBaMBExDzANBgNVBAMMBmNvcnB1czCCASIwDQYJKoZI"
    "hvcNAQEBBQADggEPADCCAQoCggEBALn8bb6D7YOSGvmJ2nBYWr4QCA31CxGdxYEcximwhbSOzHnt"
    "rRqctn1+gFniLYqcvBf200HrHy1vDTH73QpeyJz4ahz+w4rhUImZufMbQq7NX9lRb4fD/CA/DxlP"
    "uvn03GCyOiag8LcP2dpeRXP6SLU4MbyKJK7JV29aHqdLnUwooLlYq9Qtpiq/iTRLKMDb4Jb6HQ5M"
    "pwINyyL56j6x9+lP9O+3mysW4Sc/g91HodwI4fc8eKlBEjy0QN5tDrnS7sREH1Vvd2a+QyTuZbf9"
    "7aIc3hf5l7f/mRl79XbspHqPT+c1kxEu0B5wicqL3uiVCkbeglxMSzoUhcV464cp9NECAwEAAaMT"
    "MBEwDwYDVR0TAQH/BAUwAwEB/zANBgkqhkiG9w0BAQsFAAOCAQEAtwyB5NBPJC03D8SbDcHu3+dm"
    "1yWUYv+05mtSJP31wnSgPrvH+zeev+U5ka5ZGr7v/MWBHhAgKmn8k7c67rfjhZ8fvcRmcJkzeTk9"
    "Ujqt15ESCXOgrKEt1E9WDoojGyu2Q6p2WpAFX2ZYE7qk4RuLJri5SgRoGH/o/D9VDqrUz2at1Ekz"
    "V8Y5fMclxzTSi6JdqRrz+yQv/KNb+d/LilOnnTmEjiI/9etFiAl0WaOIqk911Q0jWiHOlvYccBcK"
    "FR6bOKJPwyB3ihssdw0hCkkfMqdhFNlJ65vIx6Nw72McPy2uA0nvNLAzA1doNNAdUZxaacDZjnVV"
    "srAxKnwrdI1rBw==";

static const char private_key[] =
    "MIIEowIBAAKCAQEAufxtvoPtg5Ia+YnacFhavhAIDfULEZ3FgRzGKbCFtI7Mee2tGpy2fX6AWeIt"
    "ipy8F/bTQesfLW8NMfvdCl7InPhqHP7DiuFQiZm58xtCrs1f2VFvh8P8ID8PGU+6+fTcYLI6JqDw"
    "tw/Z2l5Fc/pItTgxvIokrslXb1oep0udTCiguVir1C2mKr+JNEsowNvglvodDkynAg3LIvnqPrH3"
    "6U/077ebKxbhJz+D3Ueh3Ajh9zx4qUESPLRA3m0OudLuxEQfVW93Zr5DJO5lt/3tohzeF/mXt/+Z"
    "GXv1duykeo9P5zWTES7QHnCJyove6JUKRt6CXExLOhSFxXjrhyn00QIDAQABAoIBABsZUbA5rsjF"
    "6BJF6MMHzKj20wWdl7BIabenRqRaaRDm4Zo+bEN9ZAWjAfaWwwX4Ulu3hg6LwK4xCR4oUYuqRdbB"
    "R0zUPg+lRsPV10c5yJyJphaXDAYfI0Rbi8qnWFoFOHsKXPi16Hzz3U05ASul4yQsfOq4wiGJiqjZ"
    "26+Kj+/Bl+Y6LN67VexMCAlvvlTR8QDacJ5m+5b7Ck+EeAK61pXq8ovQ9yD4NJbsjUNBXdl3jYiY"
    "yqC+eHniT+3dxRUwp9QTbR9TrP/iY5O+HXkW9IoeCgc7u3BmSjUuYGfwV8vRywC5tkb0zi2EZWnQ"
    "BcyyxebHNqdaCAJ3FLmS/nh2k7ECgYEA7Is1/d8PL3agKguaIVUs1QzeA6C+wkWhO9OgKySYOihL"
    "JFR4gFS07VgFPMmI80NTQpFVBMcpZp3/4onRuJWiOIfBd12gbJzOTzy1CwEQVz6rrua4il6oZs5l"
    "zkyi1oxOJHGlW81QZP5ITy1oiQzwjrYPzN/wmiY84zpAIorsCeUCgYEAyUilzNgUSRWaA6x9q0M/"
    "k96FC1Sh64vo1sSek/zUPl0dJSROw0fbRnw5EPRqOwbpLS/0nCLVci9z2BDXasI1xz2TbuzE0bJ+"
    "6cvsARzztbnwhgvqXD6ehOgC42kAYaT4Mz8s41yOyrfaucphTTTEcyjdk46fpJ/xtw/hd3kyoH0C"
    "gYEAsm8NCnXiQZ6NkUnxOaXDzO8I5tmyLGBUEQpBr2nKf0x36m7h+4RqewPD56fra/3kZ7mz1Yfb"
    "PjJ/nUbzcfdGSLh3g3CYHHZo1rLnquZhij6XSbd3i8F97RdTCr0atRdftvQXldmaBKUgrMGHMqMV"
    "L8I8xwJCwDWKBqqhSK1dAtUCgYBgjjbq0uS4QmKFTKNkGnhPKLlNvCWIZq8lB2DCwM/XsrcecBJQ"
    "XxHy9/gwB+9FrYUBpjWDCLq3ccfyZ/HORqehkgo9ddrcdPGomaf2yLqn/DBDPUgJRAiq3Nk12dLT"
    "BF4Dx1RzJJ1i5VtJMKoIbT2nuHzCIfK29/rtw/J2a287yQKBgEr2SncIvIG1BknP0pijY4CAWBc4"
    "ScCJvZGZJUduRKDHUy4zXL8jFWzALP+C/eo68w2vqfqkaO15yerahh+1VSLxB1N3j+VQ5gHTL8eh"
    "6L8WDf/IzFRpG8BfnPN04UoDxs7R0+ugD0v6rLV/U07Fjrjp3M5glQtE4fK9qb8mNq1z";

static struct sp_saml_trust *trust;
static EVP_PKEY *key;
static struct sp_str der;

static struct sp_str decoded(const char *text)
{
    struct sp_buf bytes;
    sp_buf_init(&bytes, 4096);
    if (sp_base64_decode(SP_BASE64, sp_str_of(text), &bytes) != SP_OK)
        abort();
    return sp_buf_str(&bytes);
}

static void prepare(void)
{
    struct sp_error err = SP_ERROR_INIT;
    if (trust)
        return;
    struct sp_str secret = decoded(private_key);
    const unsigned char *at = (const unsigned char *)secret.ptr;
    der = decoded(certificate);
    key = d2i_PrivateKey(EVP_PKEY_RSA, NULL, &at, (long)secret.len);
    free((void *)(uintptr_t)secret.ptr);
    if (!key || sp_saml_trust_of(&der, 1, &trust, &err) != SP_OK)
        abort();
}

/* What is accepted is signed, and can be read. */
static void open_response(struct sp_str document, struct sp_arena *arena, bool strict)
{
    const struct sp_saml_signature_policy policy = {.bits_min = 256};
    const struct sp_saml_response_rules rules = {.trust = trust,
                                                 .policy = &policy,
                                                 .key = key,
                                                 .destination = SP_STR_INIT("https://sp/acs"),
                                                 .in_response_to = SP_STR_INIT("_q"),
                                                 .wants_assertion_signed = strict};
    const struct sp_saml_rules any = {.clock_skew_us = 0};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_saml_facts facts;
    struct sp_str issuer;
    struct sp_buf assertion;
    sp_buf_init(&assertion, 4 * SP_SAML_DOCUMENT_MAX);
    if (sp_saml_response_open(document, &rules, arena, &assertion, &issuer, &err) == SP_OK &&
        sp_saml_decrypt_parts(&assertion, key, &err) == SP_OK &&
        (!assertion.len ||
         sp_saml_assertion_read(sp_buf_str(&assertion), &any, NOW, arena, &facts, &err) == SP_ESYNTAX))
        abort();
    sp_buf_finish(&assertion);
}

static void read_logout(struct sp_str query, bool is_post, struct sp_arena *arena)
{
    const struct sp_saml_signature_policy policy = {.bits_min = 256};
    const struct sp_saml_idp idp = {
        .entity_id = SP_STR_INIT("https://idp"), .certificates = &der, .certificate_count = 1};
    const struct sp_saml_logout_rules rules = {.idp = &idp,
                                               .trust = trust,
                                               .policy = &policy,
                                               .key = key,
                                               .destination = SP_STR_INIT("https://sp/slo"),
                                               .now_us = NOW};
    struct sp_saml_logout_asked asked;
    struct sp_error err = SP_ERROR_INIT;
    (void)sp_saml_logout_is_request(query);
    enum sp_status status = is_post ? sp_saml_logout_read_posted(query, &rules, arena, &asked, &err)
                                    : sp_saml_logout_read(query, &rules, arena, &asked, &err);
    if (status == SP_OK && (!asked.id.len || !asked.name_id.len))
        abort();
}

static void read_form(struct sp_str body, struct sp_arena *arena)
{
    const struct sp_http_header type = {SP_STR_INIT("Content-Type"),
                                        SP_STR_INIT("application/x-www-form-urlencoded")};
    const struct sp_http_request request = {.headers = &type, .header_count = 1, .body = body};
    struct sp_saml_form form;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_buf document;
    sp_buf_init(&document, SP_SAML_DOCUMENT_MAX);
    if (sp_saml_form_read(&request, true, arena, &form, &err) == SP_OK &&
        sp_saml_response_decode(form.message, &document, &err) == SP_OK)
        open_response(sp_buf_str(&document), arena, true);
    sp_buf_finish(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_arena arena;
    struct sp_saml_idp idp;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_str rest = sp_str_from(data + (size > 0), size - (size > 0));
    prepare();
    sp_arena_init(&arena, (size_t)32 << 20);
    switch (size ? data[0] : 0) {
    case 'R':
        open_response(rest, &arena, true);
        open_response(rest, &arena, false);
        break;
    case 'Q':
        read_logout(rest, false, &arena);
        break;
    case 'P':
        read_logout(rest, true, &arena);
        break;
    case 'F':
        read_form(rest, &arena);
        break;
    default:
        if (sp_saml_idp_read(rest, "metadata", &arena, &idp, &err) == SP_OK && !idp.entity_id.len)
            abort();
    }
    sp_arena_finish(&arena);
    return 0;
}
