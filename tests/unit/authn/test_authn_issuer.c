/* SPDX-License-Identifier: Apache-2.0
 * Tokens whose keys, or whose meaning, must be fetched from their issuer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "authn/jwk_source.h"
#include "issuer_server.h"
#include "token_request.h"

static struct issuer_server server;
static struct sp_jwk_set *keys[2];

static int make_keys(void **state)
{
    for (int i = 0; i < 2; i++) {
        EVP_PKEY *pkey = EVP_EC_gen("P-256");
        if (sp_jwk_set_from_pkey(pkey, NULL, false, &keys[i], NULL) != SP_OK)
            return -1;
        EVP_PKEY_free(pkey);
    }
    return 0;
}

static int drop_keys(void **state)
{
    for (int i = 0; i < 2; i++)
        sp_jwk_set_release(keys[i]);
    return 0;
}

static int set_up(void **state)
{
    struct token_fixture *f = token_fixture_new();
    *state = f;
    server = (struct issuer_server){0};
    return f && issuer_server_start(&server, f->loop) ? 0 : -1;
}

static int tear_down(void **state)
{
    struct token_fixture *f = *state;
    issuer_server_stop(&server);
    token_fixture_free(f);
    return 0;
}

static void start(struct token_fixture *f)
{
    if (token_fixture_start(f) != SP_OK)
        fail_msg("%s", f->err.text);
}

/* A published set: key `i` of kid "k<i>", for each bit of `which`. */
static const char *published(struct token_fixture *f, unsigned which)
{
    struct sp_buf buf;
    sp_buf_init(&buf, 8192);
    sp_buf_printf(&buf, "{\"keys\":[");
    for (unsigned i = 0; i < 2; i++) {
        if (!(which & 1u << i))
            continue;
        sp_buf_printf(&buf, "%s", sp_str_ends(sp_buf_str(&buf), SP_STR("}")) ? "," : "");
        assert_int_equal(sp_jwk_write(&keys[i]->keys[0], &buf), SP_OK);
        buf.len--; /* the brace */
        sp_buf_printf(&buf, ",\"kid\":\"k%u\",\"alg\":\"ES256\"}", i);
    }
    sp_buf_printf(&buf, "]}");
    const char *text = sp_arena_cstr(&f->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return text;
}

static struct sp_str es256(struct token_fixture *f, int key, const char *kid, struct sp_str claims)
{
    struct sp_buf buf;
    char header[64];
    snprintf(header, sizeof header, "\"kid\":\"%s\"", kid);
    sp_buf_init(&buf, 16384);
    assert_int_equal(
        sp_jws_sign(SP_JWA_ES256, &keys[key]->keys[0], sp_str_of(kid ? header : ""), claims, &buf, NULL),
        SP_OK);
    struct sp_str token = sp_arena_str(&f->arena, sp_buf_str(&buf));
    sp_buf_finish(&buf);
    return token;
}

static enum sp_status send(struct token_fixture *f, int key, const char *kid, const char *more)
{
    return token_fixture_bearer(f, es256(f, key, kid, good_claims(f, more)));
}

static void wait_ms(struct token_fixture *f, int milliseconds)
{
    int64_t until = sp_clock_monotonic_us() + milliseconds * 1000;
    while (sp_clock_monotonic_us() < until)
        sp_loop_run_once(f->loop, 10);
}

static void use_jwks(struct token_fixture *f)
{
    f->client.signature_algorithm = SP_STR("ES256");
    f->client.jwk_url = issuer_server_url(&server, "/keys", &f->arena);
    server.pages[ISSUER_KEYS].body = published(f, 1);
}

/* ---- keys ---- */

static void keys_are_there_before_the_first_token(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_client_id = SP_STR("reader");
    f->client.jwk_client_secret = SP_STR("pw");
    start(f);
    wait_ms(f, 200);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 1);
    assert_non_null(strstr(server.last, "Authorization: Basic cmVhZGVyOnB3"));
    for (int i = 0; i < 5; i++)
        assert_int_equal(send(f, 0, "k0", ",\"x\":1"), SP_OK);
    assert_true(sp_str_is(f->principal.name, "anna"));
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 1);
}

static void a_first_token_waits_for_the_keys(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    server.pages[ISSUER_KEYS].delay_ms = 200;
    start(f);
    assert_int_equal(send(f, 0, "k0", ""), SP_OK);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 1);
}

static void a_new_key_is_fetched_once_an_interval(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_refetch_us = 300000;
    start(f);
    assert_int_equal(send(f, 0, "k0", ""), SP_OK);
    /* Rotation: the first token with the new key finds it. */
    wait_ms(f, 310);
    server.pages[ISSUER_KEYS].body = published(f, 2);
    assert_int_equal(send(f, 1, "k1", ",\"n\":1"), SP_OK);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 2);
    assert_int_equal(send(f, 0, "k0", ",\"n\":2"), SP_EDENIED); /* the old one is gone */
    assert_string_equal(f->err.id, "CWWKS1739E");
    /* Made-up names do not make traffic. */
    for (int i = 0; i < 50; i++) {
        char kid[16];
        snprintf(kid, sizeof kid, "made-up-%d", i);
        assert_int_equal(send(f, 1, kid, ""), SP_EDENIED);
        assert_int_equal(f->challenge.status, 401);
    }
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 2);
    wait_ms(f, 310);
    assert_int_equal(send(f, 1, "made-up", ""), SP_EDENIED);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 3);
}

static void a_key_of_the_same_name_is_replaced(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_refetch_us = 100000;
    start(f);
    assert_int_equal(send(f, 0, "k0", ""), SP_OK);
    struct sp_jwk_set *first = keys[0];
    keys[0] = keys[1]; /* another key under the kid k0 */
    server.pages[ISSUER_KEYS].body = published(f, 1);
    keys[0] = first;
    wait_ms(f, 110);
    assert_int_equal(send(f, 0, "unknown", ""), SP_EDENIED); /* which fetches */
    assert_int_equal(send(f, 1, "k0", ",\"n\":1"), SP_OK);
    assert_int_equal(send(f, 0, "k0", ",\"n\":2"), SP_EDENIED);
}

static void keys_count_for_a_while_when_they_cannot_be_fetched(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_refetch_us = 100000;
    f->client.jwk_max_stale_us = 700000;
    start(f);
    assert_int_equal(send(f, 0, "k0", ""), SP_OK);
    issuer_server_stop(&server);
    wait_ms(f, 110);
    assert_int_equal(send(f, 0, "k0", ",\"n\":1"), SP_OK);
    /* A key that is not known may be a new one: nobody can say, so it is not the token's fault. */
    assert_int_equal(send(f, 1, "k1", ""), SP_EUNAVAIL);
    assert_int_equal(f->challenge.status, 503);
    wait_ms(f, 700);
    assert_int_equal(send(f, 0, "k0", ",\"n\":2"), SP_EUNAVAIL);
    assert_int_equal(f->challenge.status, 503);
    /* It comes back. */
    assert_true(issuer_server_start(&server, f->loop));
    wait_ms(f, 2500);
    assert_int_equal(send(f, 0, "k0", ",\"n\":3"), SP_OK);
}

/* The background tries after 1 s, and then after 2 more. */
static void an_issuer_that_comes_is_used_at_once(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    server.pages[ISSUER_KEYS].status = 503;
    start(f);
    wait_ms(f, 2200);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 2);
    server.pages[ISSUER_KEYS].status = 200;
    assert_int_equal(send(f, 0, "k0", ""), SP_OK);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 3);
}

static void an_answer_that_is_no_key_set_is_unavailable(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
    } bad[] = {{404, "{}"}, {200, "<html>"}, {200, "[]"}, {302, ""}, {500, "{\"keys\":[]}"}};
    struct token_fixture *f = *state;
    use_jwks(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        server.pages[ISSUER_KEYS].status = bad[i].status;
        server.pages[ISSUER_KEYS].body = bad[i].body;
        start(f);
        unsigned before = server.pages[ISSUER_KEYS].asked;
        for (int time = 0; time < 3; time++) {
            assert_int_equal(send(f, 0, "k0", ""), SP_EUNAVAIL);
            assert_int_equal(f->challenge.status, 503);
        }
        assert_int_equal(server.pages[ISSUER_KEYS].asked, before + 1);
    }
}

struct finder {
    struct sp_jwk_source *source;
    enum sp_status status;
    bool done;
};

static void find(void *arg)
{
    struct finder *finder = arg;
    struct sp_jwk_set *set;
    const struct sp_jwk *key;
    finder->status = io_jwk_source_find(finder->source, SP_JWA_ES256,
                                        &(struct sp_jwk_name){.kid = SP_STR("k0")}, 0, &set, &key, NULL);
    if (finder->status == SP_OK)
        sp_jwk_set_release(set);
    finder->done = true;
}

static void all_who_wait_share_one_fetch(void **state)
{
    enum { FINDERS = 20 };
    struct token_fixture *f = *state;
    struct sp_http_client *client;
    struct finder finders[FINDERS] = {{0}};
    server.pages[ISSUER_KEYS].body = published(f, 1);
    server.pages[ISSUER_KEYS].delay_ms = 100;
    assert_int_equal(sp_http_client_new(f->loop, &(struct sp_http_client_options){0}, &client, NULL), SP_OK);
    struct sp_jwk_source_options options = {.client = client,
                                            .url = issuer_server_url(&server, "/keys", &f->arena),
                                            .refetch_us = 60000000,
                                            .max_stale_us = 60000000};
    for (int round = 0; round < 2; round++) {
        struct sp_jwk_source *source;
        assert_int_equal(sp_jwk_source_new(f->loop, &options, &source, NULL), SP_OK);
        for (int i = 0; i < FINDERS; i++) {
            finders[i] = (struct finder){.source = source};
            assert_int_equal(sp_fiber_start(f->loop, find, &finders[i], NULL), SP_OK);
        }
        if (round == 1) { /* freed under them */
            wait_ms(f, 20);
            sp_jwk_source_free(source);
        }
        wait_ms(f, 250);
        for (int i = 0; i < FINDERS; i++) {
            assert_true(finders[i].done);
            assert_int_equal(finders[i].status, round == 0 ? SP_OK : SP_ECANCELED);
        }
        if (round == 0)
            sp_jwk_source_free(source);
    }
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 2);
    sp_http_client_free(client);
    wait_ms(f, 20);
}

static void a_certificate_or_a_key_may_be_configured(void **state)
{
    struct token_fixture *f = *state;
    char path[] = "/tmp/sallyport-trust-XXXXXX";
    X509 *certificate = X509_new();
    EVP_PKEY *pkey = keys[0]->keys[0].pkey;
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                               (const unsigned char *)"issuer", -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
    X509_set_pubkey(certificate, pkey);
    assert_true(X509_sign(certificate, pkey, EVP_sha256()) > 0);
    FILE *file = fdopen(mkstemp(path), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    struct sp_cfg_key_store store = {.location = sp_str_of(path), .file_based = true};
    f->client.signature_algorithm = SP_STR("ES256");
    f->client.trust_store = &store;
    f->client.trust_alias = SP_STR("Issuer");
    start(f);
    assert_int_equal(send(f, 0, "whatever", ""), SP_OK);
    assert_int_equal(send(f, 1, "whatever", ""), SP_EDENIED);
    f->client.trust_alias = SP_STR("nobody");
    assert_int_equal(token_fixture_start(f), SP_ENOTFOUND);
    f->client.trust_store = NULL;
    f->client.json_web_key = sp_str_of(published(f, 2));
    start(f);
    assert_int_equal(send(f, 1, "k1", ",\"n\":1"), SP_OK);
    assert_int_equal(send(f, 0, "k0", ",\"n\":1"), SP_EDENIED);
    f->client.json_web_key = SP_STR("{\"keys\":[]}");
    assert_int_equal(token_fixture_start(f), SP_EINVAL);
    unlink(path);
    X509_free(certificate);
}

/* ---- discovery ---- */

static const char *document(struct token_fixture *f, const char *issuer)
{
    return sp_arena_printf(&f->arena,
                           "{\"issuer\":\"%s\",\"jwks_uri\":\"http://127.0.0.1:%u/keys\","
                           "\"introspection_endpoint\":\"http://127.0.0.1:%u/introspect\",\"x\":[1]}",
                           issuer, server.port, server.port)
        .ptr;
}

static void what_is_not_configured_is_discovered(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_url = (struct sp_str){0};
    f->client.discovery_url = issuer_server_url(&server, "/.well-known/openid-configuration", &f->arena);
    server.pages[ISSUER_DISCOVERY].body = document(f, "https://other.example.com");
    start(f);
    assert_int_equal(send(f, 0, "k0", ""), SP_OK); /* the configured issuer counts */
    /* Without one it is that of the document, whose URL it must be. */
    f->client.issuers = (struct sp_str_list){0};
    start(f);
    assert_int_equal(send(f, 0, "k0", ",\"n\":1"), SP_EUNAVAIL);
    assert_int_equal(f->challenge.status, 503);
    assert_non_null(strstr(f->err.text, "does not fit its URL"));
    struct sp_str own = issuer_server_url(&server, "", &f->arena);
    server.pages[ISSUER_DISCOVERY].body = document(f, own.ptr);
    start(f);
    assert_int_equal(send(f, 0, "k0", ",\"n\":2"), SP_EDENIED); /* its tokens name another issuer */
    assert_string_equal(f->err.id, "CWWKS1781E");
    struct sp_str claims = sp_arena_printf(
        &f->arena, "{\"iss\":\"%s\",\"aud\":\"us\",\"sub\":\"anna\",\"exp\":4000000000}", own.ptr);
    assert_int_equal(token_fixture_bearer(f, es256(f, 0, "k0", claims)), SP_OK);
    assert_true(sp_str_eq(f->principal.realm, own));
}

static void discovery_is_asked_again(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_url = (struct sp_str){0};
    f->client.discovery_url = issuer_server_url(&server, "/.well-known/openid-configuration", &f->arena);
    f->client.discovery_polling_us = 200000;
    server.pages[ISSUER_DISCOVERY].body = document(f, "x");
    start(f);
    wait_ms(f, 700);
    assert_in_range(server.pages[ISSUER_DISCOVERY].asked, 3, 4);
    assert_int_equal(server.pages[ISSUER_KEYS].asked, 1); /* they are where they were */
}

static void weak_rsa_keys_count_where_they_are_allowed(void **state)
{
    struct token_fixture *f = *state;
    struct sp_jwk_set *weak;
    struct sp_buf jwk, token;
    EVP_PKEY *pkey = EVP_RSA_gen(1024);
    sp_buf_init(&jwk, 4096);
    sp_buf_init(&token, 8192);
    assert_int_equal(sp_jwk_set_from_pkey(pkey, NULL, true, &weak, NULL), SP_OK);
    assert_int_equal(sp_jwk_write(&weak->keys[0], &jwk), SP_OK);
    sp_buf_append_byte(&jwk, 0);
    use_jwks(f);
    f->client.signature_algorithm = SP_STR("PS256");
    server.pages[ISSUER_KEYS].body = (const char *)jwk.ptr;
    assert_int_equal(sp_jws_sign(SP_JWA_PS256, &weak->keys[0], SP_STR(""), good_claims(f, ""), &token, NULL),
                     SP_OK);
    for (int allowed = 0; allowed < 2; allowed++) {
        f->client.weak_rsa_keys = allowed;
        start(f);
        assert_int_equal(token_fixture_bearer(f, sp_buf_str(&token)), allowed ? SP_OK : SP_EDENIED);
    }
    sp_jwk_set_release(weak);
    sp_buf_finish(&jwk);
    sp_buf_finish(&token);
    EVP_PKEY_free(pkey);
}

static void a_document_that_is_none_is_unavailable(void **state)
{
    static const char *const bad[] = {"", "[]", "{}", "{\"issuer\":1}", "<html>"};
    struct token_fixture *f = *state;
    use_jwks(f);
    f->client.jwk_url = (struct sp_str){0};
    f->client.issuers = (struct sp_str_list){0};
    f->client.discovery_url = issuer_server_url(&server, "/.well-known/openid-configuration", &f->arena);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        server.pages[ISSUER_DISCOVERY].body = bad[i];
        start(f);
        assert_int_equal(send(f, 0, "k0", ""), SP_EUNAVAIL);
        assert_int_equal(f->challenge.status, 503);
    }
}

/* ---- introspection ---- */

#define ACTIVE \
    "{\"active\":true,\"iss\":\"https://issuer.example.com\",\"iat\":1,\"exp\":4000000000,\"sub\":\"otto\""

static void use_introspection(struct token_fixture *f)
{
    f->client.validation_url = issuer_server_url(&server, "/introspect", &f->arena);
    f->client.client_id = SP_STR("gate way");
    f->client.client_secret = SP_STR("s+c:r&t");
    server.pages[ISSUER_INTROSPECT].body = ACTIVE ",\"scope\":\"a b\"}";
}

static enum sp_status ask(struct token_fixture *f, const char *token)
{
    return token_fixture_bearer(f, sp_str_of(token));
}

static void an_opaque_token_is_asked_about_once(void **state)
{
    struct token_fixture *f = *state;
    use_introspection(f);
    start(f);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(ask(f, "opaque-1"), SP_OK);
        assert_int_equal(f->principal.scheme, SP_AUTHN_INTROSPECTION);
        assert_true(sp_str_is(f->principal.name, "otto"));
        assert_int_equal(f->principal.scopes.count, 2);
    }
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 1);
    assert_non_null(
        strstr(server.last, "\r\n\r\ntoken=opaque-1&token_type_hint=access_token&client_id=gate"));
    assert_non_null(strstr(server.last, "&client_secret=s%2Bc%3Ar%26t"));
    assert_int_equal(ask(f, "opaque-2"), SP_OK);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 2);
    f->client.access_token_cache_enabled = false;
    start(f);
    assert_int_equal(ask(f, "opaque-1"), SP_OK);
    assert_int_equal(ask(f, "opaque-1"), SP_OK);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 4);
}

static void an_answer_is_remembered_no_longer_than_the_token_lives(void **state)
{
    struct token_fixture *f = *state;
    char body[256];
    use_introspection(f);
    f->client.clock_skew_us = 0;
    start(f);
    snprintf(body, sizeof body,
             "{\"active\":true,\"iss\":\"https://issuer.example.com\",\"iat\":1,\"sub\":\"o\",\"exp\":%.3f}",
             (double)sp_clock_realtime_us() / 1e6 + 0.3);
    server.pages[ISSUER_INTROSPECT].body = body;
    assert_int_equal(ask(f, "short"), SP_OK);
    wait_ms(f, 310);
    assert_int_equal(ask(f, "short"), SP_EDENIED);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 2);
    f->client.access_token_cache_timeout_us = 100000;
    server.pages[ISSUER_INTROSPECT].body = ACTIVE "}";
    start(f);
    assert_int_equal(ask(f, "long"), SP_OK);
    wait_ms(f, 110);
    assert_int_equal(ask(f, "long"), SP_OK);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 4);
}

static void only_true_is_active(void **state)
{
    static const char *const bodies[] = {"{\"active\":false}",    "{}",
                                         "{\"active\":\"true\"}", "{\"active\":1}",
                                         "{\"active\":null}",     "{\"sub\":\"otto\"}"};
    struct token_fixture *f = *state;
    use_introspection(f);
    start(f);
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        char token[16];
        snprintf(token, sizeof token, "token-%zu", i);
        server.pages[ISSUER_INTROSPECT].body = bodies[i];
        for (int time = 0; time < 3; time++) {
            assert_int_equal(ask(f, token), SP_EDENIED);
            assert_int_equal(f->challenge.status, 401);
            assert_true(sp_str_starts(sp_challenge_header(&f->challenge, "WWW-Authenticate"),
                                      SP_STR("Bearer realm=\"oauth\"")));
        }
        assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, i + 1); /* a refusal is remembered, shortly */
    }
}

static void an_active_token_must_be_as_it_must_be(void **state)
{
    static const struct {
        const char *body, *id;
    } bad[] = {
        {"{\"active\":true,\"iss\":\"https://issuer.example.com\",\"iat\":1,\"sub\":\"o\"}", "CWWKS1718E"},
        {"{\"active\":true,\"iss\":\"https://issuer.example.com\",\"exp\":4e9,\"sub\":\"o\"}", "CWWKS1718E"},
        {"{\"active\":true,\"iss\":\"https://issuer.example.com\",\"iat\":1,\"exp\":2,\"sub\":\"o\"}",
         "CWWKS1773E"},
        {"{\"active\":true,\"iss\":\"https://x\",\"iat\":1,\"exp\":4e9,\"sub\":\"o\"}", "CWWKS1781E"},
        {"{\"active\":true,\"iat\":1,\"exp\":4e9,\"sub\":\"o\"}", "CWWKS1781E"},
        {"{\"active\":true,\"iss\":\"https://issuer.example.com\",\"iat\":1,\"exp\":4e9}", "CWWKS1738E"},
        {ACTIVE ",\"nbf\":3999999999}", "CWWKS1780E"},
        {ACTIVE ",\"aud\":\"them\"}", "CWWKS1774E"},
        {ACTIVE ",\"cnf\":{\"kid\":\"x\"}}", "SALA0016W"},
    };
    struct token_fixture *f = *state;
    use_introspection(f);
    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        server.pages[ISSUER_INTROSPECT].body = bad[i].body;
        assert_int_equal(ask(f, "opaque"), SP_EDENIED);
        assert_string_equal(f->err.id, bad[i].id);
        assert_int_equal(f->challenge.status, 401);
    }
    f->client.require_exp = f->client.require_iat = false;
    start(f);
    server.pages[ISSUER_INTROSPECT].body =
        "{\"active\":true,\"iss\":\"https://issuer.example.com\",\"sub\":\"o\"}";
    assert_int_equal(ask(f, "opaque"), SP_OK);
}

static void an_issuer_that_does_not_answer_is_unavailable(void **state)
{
    static const struct {
        unsigned status;
        const char *body, *id;
    } bad[] = {{401, "{\"error\":\"invalid_client\"}", "CWWKS1723E"},
               {400, "{\"error\":\"invalid_request\"}", "CWWKS1725E"},
               {500, "<html>", "CWWKS1725E"},
               {200, "", "CWWKS1725E"},
               {200, "[true]", "CWWKS1725E"},
               {204, "", "CWWKS1725E"}};
    struct token_fixture *f = *state;
    use_introspection(f);
    start(f);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        server.pages[ISSUER_INTROSPECT].status = bad[i].status;
        server.pages[ISSUER_INTROSPECT].body = bad[i].body;
        assert_int_equal(ask(f, "opaque"), SP_EUNAVAIL);
        assert_string_equal(f->err.id, bad[i].id);
        assert_int_equal(f->challenge.status, 503);
        assert_null(strstr(f->err.text, "s+c"));
    }
    issuer_server_stop(&server);
    wait_ms(f, 20);
    assert_int_equal(ask(f, "opaque"), SP_EUNAVAIL);
    assert_int_equal(f->challenge.status, 503);
}

static void we_prove_who_asks(void **state)
{
    struct token_fixture *f = *state;
    use_introspection(f);
    f->client.token_endpoint_auth_method = SP_STR("basic");
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_OK);
    /* RFC 6749: the parts are encoded before they are joined: gate%20way:s%2Bc%3Ar%26t */
    assert_non_null(strstr(server.last, "Authorization: Basic Z2F0ZSUyMHdheTpzJTJCYyUzQXIlMjZ0\r\n"));
    assert_null(strstr(server.last, "client_secret"));
    f->client.token_endpoint_auth_method = SP_STR("tls_client_auth");
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_OK);
    assert_non_null(strstr(server.last, "client_id=gate"));
    assert_null(strstr(server.last, "client_secret"));
    f->client.client_id = (struct sp_str){0};
    f->client.token_endpoint_auth_method = SP_STR("post");
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_EUNAVAIL);
    assert_non_null(strstr(f->err.text, "clientId"));
}

/* RFC 8705 section 5 */
static void who_shows_a_certificate_asks_where_it_is_asked_for(void **state)
{
    struct token_fixture *f = *state;
    use_introspection(f);
    f->client.validation_url = (struct sp_str){0};
    f->client.discovery_url = issuer_server_url(&server, "/.well-known/openid-configuration", &f->arena);
    server.pages[ISSUER_DISCOVERY].body =
        sp_arena_printf(
            &f->arena,
            "{\"issuer\":\"https://issuer.example.com\","
            "\"introspection_endpoint\":\"http://127.0.0.1:%u/nowhere\","
            "\"mtls_endpoint_aliases\":{\"introspection_endpoint\":\"http://127.0.0.1:%u/introspect\"}}",
            server.port, server.port)
            .ptr;
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_EUNAVAIL);
    f->client.token_endpoint_auth_method = SP_STR("tls_client_auth");
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_OK);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 1);
}

static void we_sign_who_asks(void **state)
{
    struct token_fixture *f = *state;
    char path[] = "/tmp/sallyport-key-XXXXXX", *assertion;
    EVP_PKEY *pkey = EVP_EC_gen("P-384");
    X509 *certificate = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_set_pubkey(certificate, pkey);
    assert_true(X509_sign(certificate, pkey, EVP_sha256()) > 0);
    FILE *file = fdopen(mkstemp(path), "w");
    PEM_write_X509(file, certificate);
    PEM_write_PrivateKey(file, pkey, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    struct sp_cfg_key_store store = {.location = sp_str_of(path), .file_based = true};
    struct sp_cfg_ssl ssl = {.key_store = &store, .trust_store = &store};
    use_introspection(f);
    f->client.ssl = &ssl;
    f->client.token_endpoint_auth_method = SP_STR("private_key_jwt");
    f->client.auth_signing_algorithm = SP_STR("RS256");
    assert_int_equal(token_fixture_start(f), SP_EDENIED); /* the key is of another type */
    f->client.auth_signing_algorithm = SP_STR("ES384");
    start(f);
    if (ask(f, "opaque") != SP_OK)
        fail_msg("%s", f->err.text);
    assert_null(strstr(server.last, "client_secret"));
    assert_non_null(
        strstr(server.last,
               "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&"));
    assert_non_null(assertion = strstr(server.last, "client_assertion="));
    assertion += strlen("client_assertion=");
    struct sp_jwk_set *set;
    struct sp_jws jws;
    assert_int_equal(sp_jwk_set_from_pkey(pkey, NULL, false, &set, NULL), SP_OK);
    assert_int_equal(sp_jws_parse(sp_str_from(assertion, strcspn(assertion, "&")), &f->arena, &jws, NULL),
                     SP_OK);
    assert_int_equal(sp_jws_verify(&jws, SP_JWA_ES384, &set->keys[0], NULL), SP_OK);
    assert_true(sp_str_starts(jws.payload,
                              SP_STR("{\"iss\":\"gate way\",\"sub\":\"gate way\",\"aud\":\"http://127.")));
    sp_jwk_set_release(set);
    unlink(path);
    X509_free(certificate);
    EVP_PKEY_free(pkey);
}

static void userinfo_may_be_asked_instead(void **state)
{
    struct token_fixture *f = *state;
    use_introspection(f);
    f->client.validation_method = SP_STR("userinfo");
    f->client.validation_url = issuer_server_url(&server, "/userinfo", &f->arena);
    server.pages[ISSUER_USERINFO].body = "{\"sub\":\"maria\"}";
    start(f);
    assert_int_equal(ask(f, "opaque"), SP_OK);
    assert_true(sp_str_is(f->principal.name, "maria"));
    assert_non_null(strstr(server.last, "Authorization: Bearer opaque\r\n"));
    server.pages[ISSUER_USERINFO].body = "{\"sub\":\"maria\",\"iss\":\"https://x\"}";
    assert_int_equal(ask(f, "opaque-2"), SP_EDENIED);
    server.pages[ISSUER_USERINFO].status = 401;
    assert_int_equal(ask(f, "opaque-3"), SP_EDENIED);
    assert_int_equal(f->challenge.status, 401);
    server.pages[ISSUER_USERINFO].status = 503;
    assert_int_equal(ask(f, "opaque-4"), SP_EUNAVAIL);
}

static void a_jwt_may_be_asked_about_too(void **state)
{
    struct token_fixture *f = *state;
    use_jwks(f);
    use_introspection(f);
    start(f);
    assert_int_equal(send(f, 1, "k0", ""), SP_EDENIED); /* none: what is wrong here is wrong */
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 0);
    f->client.remote_validation = SP_STR("allow");
    start(f);
    assert_int_equal(send(f, 0, "k0", ",\"n\":1"), SP_OK);
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 0);
    assert_int_equal(send(f, 1, "k0", ",\"n\":2"), SP_OK);
    assert_true(sp_str_is(f->principal.name, "otto"));
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 1);
    f->client.remote_validation = SP_STR("require");
    start(f);
    assert_int_equal(send(f, 0, "k0", ",\"n\":3"), SP_OK);
    assert_true(sp_str_is(f->principal.name, "otto"));
    assert_int_equal(server.pages[ISSUER_INTROSPECT].asked, 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(keys_are_there_before_the_first_token),
        TEST(a_first_token_waits_for_the_keys),
        TEST(a_new_key_is_fetched_once_an_interval),
        TEST(a_key_of_the_same_name_is_replaced),
        TEST(keys_count_for_a_while_when_they_cannot_be_fetched),
        TEST(an_issuer_that_comes_is_used_at_once),
        TEST(an_answer_that_is_no_key_set_is_unavailable),
        TEST(all_who_wait_share_one_fetch),
        TEST(a_certificate_or_a_key_may_be_configured),
        TEST(what_is_not_configured_is_discovered),
        TEST(discovery_is_asked_again),
        TEST(weak_rsa_keys_count_where_they_are_allowed),
        TEST(a_document_that_is_none_is_unavailable),
        TEST(an_opaque_token_is_asked_about_once),
        TEST(an_answer_is_remembered_no_longer_than_the_token_lives),
        TEST(only_true_is_active),
        TEST(an_active_token_must_be_as_it_must_be),
        TEST(an_issuer_that_does_not_answer_is_unavailable),
        TEST(we_prove_who_asks),
        TEST(who_shows_a_certificate_asks_where_it_is_asked_for),
        TEST(we_sign_who_asks),
        TEST(userinfo_may_be_asked_instead),
        TEST(a_jwt_may_be_asked_about_too),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, make_keys, drop_keys);
}
