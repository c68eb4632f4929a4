/* SPDX-License-Identifier: Apache-2.0
 * token_request.h: an openidConnectClient, tokens for it, and requests with them, for tests.
 */
#ifndef SP_TESTS_TOKEN_REQUEST_H
#define SP_TESTS_TOKEN_REQUEST_H

#include <stdio.h>
#include <stdlib.h>

#include "authn/authn.h"
#include "base/clock.h"
#include "crypto/jws.h"
#include "io/fiber.h"
#include "io/loop.h"

#define SECRET "0123456789abcdef0123456789abcdef"

struct token_fixture {
    struct sp_loop *loop;
    struct sp_cfg_oidc client;
    struct sp_cfg_basic_registry basic;
    struct sp_config config;
    struct sp_registry *registry;
    struct sp_authn *authn;
    struct sp_arena arena;
    /* the request, and what came of it */
    const char *method, *url_path, *host;
    struct sp_http_header headers[8];
    size_t header_count;
    struct sp_str body, certificate;
    bool not_required;
    struct sp_principal principal;
    struct sp_challenge challenge;
    struct sp_error err;
    enum sp_status status;
};

static inline struct sp_str_list one_text(struct sp_arena *arena, const char *text)
{
    struct sp_str *item = sp_arena_alloc(arena, sizeof *item);
    *item = sp_str_of(text);
    return (struct sp_str_list){item, 1};
}

static inline struct token_fixture *token_fixture_new(void)
{
    struct token_fixture *f = calloc(1, sizeof *f);
    sp_arena_init(&f->arena, (size_t)16 << 20);
    if (sp_loop_new(NULL, &f->loop, NULL) != SP_OK)
        return NULL;
    f->client = (struct sp_cfg_oidc){
        .id = SP_STR_INIT("rs"),
        .propagation = SP_CFG_PROPAGATION_REQUIRED,
        .validation_method = SP_STR_INIT("introspect"),
        .issuers = one_text(&f->arena, "https://issuer.example.com"),
        .audiences = one_text(&f->arena, "us"),
        .signature_algorithm = SP_STR_INIT("HS256"),
        .shared_key = SP_STR_INIT(SECRET),
        .clock_skew_us = 300000000,
        .token_reuse = true,
        .user_identity = SP_STR_INIT("sub"),
        .group_identifier = SP_STR_INIT("groupIds"),
        .realm_identifier = SP_STR_INIT("realmName"),
        .unique_user_identifier = SP_STR_INIT("uniqueSecurityName"),
        .authn_session_disabled = true,
        .access_token_cache_enabled = true,
        .access_token_cache_timeout_us = 300000000,
        .token_endpoint_auth_method = SP_STR_INIT("post"),
        .auth_signing_algorithm = SP_STR_INIT("RS256"),
        .discovery_polling_us = 300000000,
        .remote_validation = SP_STR_INIT("none"),
        .require_exp = true,
        .require_iat = true,
        .dpop = SP_STR_INIT("accepted"),
        .jwk_refetch_us = 60000000,
        .jwk_max_stale_us = 86400000000,
        .verify_hostname = true,
    };
    f->config.oidc_clients = &f->client;
    f->config.oidc_client_count = 1;
    f->config.basic_registry = &f->basic;
    f->config.web_app_security.allow_fail_over_to_basic_auth = true;
    f->basic.realm = SP_STR("basicRealm");
    return f;
}

/* With what the configuration says now. */
static inline enum sp_status token_fixture_start(struct token_fixture *f)
{
    sp_authn_free(f->authn);
    sp_registry_free(f->registry);
    f->authn = NULL;
    f->registry = NULL;
    enum sp_status status = sp_registry_new(&f->config, NULL, NULL, &f->registry, &f->err);
    if (status == SP_OK)
        status = sp_authn_new(
            &(struct sp_authn_parts){.config = &f->config, .registry = f->registry, .loop = f->loop},
            &f->authn, &f->err);
    if (status == SP_OK)
        sp_authn_start(f->authn);
    return status;
}

static inline void token_fixture_free(struct token_fixture *f)
{
    sp_authn_free(f->authn);
    sp_registry_free(f->registry);
    sp_loop_free(f->loop);
    sp_arena_finish(&f->arena);
    free(f);
}

static inline void token_fixture_header(struct token_fixture *f, const char *name, struct sp_str value)
{
    f->headers[f->header_count++] = (struct sp_http_header){sp_str_of(name), value};
}

static inline void token_fixture_run_fiber(void *arg)
{
    struct token_fixture *f = arg;
    struct sp_http_request request = {
        .method = sp_str_of(f->method ? f->method : "GET"),
        .target = sp_str_of(f->url_path ? f->url_path : "/api/one?x=1"),
        .host = sp_str_of(f->host ? f->host : "api.example.com"),
        .path = SP_STR_INIT("/api/one"),
        .tls = true,
        .headers = f->headers,
        .header_count = f->header_count,
        .body = f->body,
        .client_certificate = f->certificate,
    };
    f->status =
        io_authn_run(f->authn, &request, !f->not_required, &f->arena, &f->principal, &f->challenge, &f->err);
    f->header_count = 0;
}

/* One request with the headers given; they are gone afterwards. Waits at most `patience_ms`. */
static inline enum sp_status token_fixture_request(struct token_fixture *f)
{
    struct sp_fiber *fiber = NULL;
    f->principal = (struct sp_principal){0};
    f->challenge = (struct sp_challenge){0};
    f->err = (struct sp_error)SP_ERROR_INIT;
    f->status = SP_EINTERNAL;
    if (sp_fiber_start(f->loop, token_fixture_run_fiber, f, &fiber) != SP_OK)
        return SP_EINTERNAL;
    int64_t until = sp_clock_monotonic_us() + 20000000;
    while (f->header_count && sp_clock_monotonic_us() < until)
        sp_loop_run_once(f->loop, 50);
    return f->status;
}

static inline enum sp_status token_fixture_bearer(struct token_fixture *f, struct sp_str token)
{
    token_fixture_header(f, "Authorization", sp_arena_printf(&f->arena, "Bearer %.*s", SP_STR_ARG(token)));
    return token_fixture_request(f);
}

static inline int64_t token_now(void)
{
    return sp_clock_realtime_us() / 1000000;
}

/* Claims that are good, with `more` behind them: ",\"x\":1". */
static inline struct sp_str good_claims(struct token_fixture *f, const char *more)
{
    return sp_arena_printf(
        &f->arena,
        "{\"iss\":\"https://issuer.example.com\",\"aud\":\"us\",\"sub\":\"anna\",\"iat\":%lld,"
        "\"exp\":%lld%s}",
        (long long)token_now(), (long long)token_now() + 600, more);
}

static inline struct sp_str hs256(struct token_fixture *f, struct sp_str claims)
{
    struct sp_jwk_set *set;
    struct sp_buf buf;
    sp_buf_init(&buf, 1 << 20);
    if (sp_jwk_set_from_secret(SP_STR(SECRET), &set, NULL) != SP_OK ||
        sp_jws_sign(SP_JWA_HS256, &set->keys[0], SP_STR("\"typ\":\"JWT\""), claims, &buf, NULL) != SP_OK)
        abort();
    struct sp_str token = sp_arena_str(&f->arena, sp_buf_str(&buf));
    sp_jwk_set_release(set);
    sp_buf_finish(&buf);
    return token;
}

#endif
