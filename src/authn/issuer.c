/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/issuer.h"

#include <openssl/ssl.h>
#include <stdlib.h>

#include "authn/jwk_source.h"
#include "authn/refresh.h"
#include "base/clock.h"
#include "crypto/jwe.h"
#include "crypto/key_store.h"
#include "registry/client_tls.h"
#include "registry/key_source.h"
#include "text/json.h"

#define DISCOVERY_PAUSE_US 1000000
#define FETCH_TIMEOUT ((int64_t)10000000)
#define DOCUMENT_MAX (256u << 10)
#define ARENA_MAX ((size_t)2 << 20)
#define CONNECTIONS 50u

struct sp_issuer {
    struct sp_loop *loop;
    const struct sp_cfg_oidc *client;
    const struct sp_cfg_ssl *ssl; /* NULL: there is none */
    struct sp_http_client *http;  /* NULL: nothing is fetched */
    struct sp_client_auth auth;
    bool has_auth;
    struct evp_pkey_st *decryption_key; /* NULL: none */
    struct sp_jwk_set *fixed;           /* NULL: keys are fetched */
    struct sp_jwk_source *source;       /* NULL: keys are not fetched, or their URL is not known yet */
    struct sp_refresh *discovery;       /* NULL: none */
    struct sp_issuer_endpoints *endpoints;
    bool started, closed;
};

/* ---- URLs ---- */

bool sp_issuer_takes_url(const struct sp_cfg_oidc *client, struct sp_str url)
{
    return sp_str_starts(url, SP_STR("https://")) ||
           (!client->https_required && sp_str_starts(url, SP_STR("http://")));
}

static enum sp_status check_url(const struct sp_cfg_oidc *client, const char *name, struct sp_str url,
                                struct sp_error *err)
{
    if (!url.len || sp_issuer_takes_url(client, url))
        return SP_OK;
    return sp_error_set(err, SP_EINVAL, "CWWKS1703E",
                        "%s=\"%.*s\" is not an https URL, and httpsRequired is not \"false\"", name,
                        SP_STR_ARG(url));
}

static enum sp_status check_urls(const struct sp_cfg_oidc *client, struct sp_error *err)
{
    enum sp_status status = check_url(client, "jwkEndpointUrl", client->jwk_url, err);
    if (status == SP_OK)
        status = check_url(client, "validationEndpointUrl", client->validation_url, err);
    if (status == SP_OK)
        status = check_url(client, "tokenEndpointUrl", client->token_endpoint_url, err);
    if (status == SP_OK)
        status = check_url(client, "discoveryEndpointUrl", client->discovery_url, err);
    if (status == SP_OK)
        status = check_url(client, "authorizationEndpointUrl", client->login.authorization_url, err);
    return status == SP_OK ? check_url(client, "userInfoEndpointUrl", client->login.user_info_url, err)
                           : status;
}

/* Host names that the ssl element excepts. */
static bool any_host_name(const struct sp_issuer *issuer, struct sp_str url)
{
    if (!issuer->client->verify_hostname)
        return true;
    size_t from = sp_str_starts(url, SP_STR("https://")) ? 8 : 7, len = 0;
    struct sp_str rest = sp_str_slice(url, from, url.len);
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != ':' && rest.ptr[len] != '?')
        len++;
    struct sp_str host = sp_str_slice(rest, 0, len);
    return issuer->ssl && sp_client_tls_any_name(issuer->ssl, host);
}

/* ---- endpoints ---- */

struct sp_issuer_endpoints *sp_issuer_endpoints_new(const struct sp_cfg_oidc *client)
{
    struct sp_issuer_endpoints *endpoints = calloc(1, sizeof *endpoints);
    if (!endpoints)
        return NULL;
    sp_arena_init(&endpoints->arena, ARENA_MAX);
    endpoints->references = 1;
    endpoints->issuers = client->issuers;
    endpoints->token_url = client->token_endpoint_url;
    endpoints->authorization_url = client->login.authorization_url;
    endpoints->jwks_url = client->jwk_url;
    endpoints->validation_url = client->validation_url;
    endpoints->user_info_url = client->login.user_info_url;
    return endpoints;
}

void sp_issuer_endpoints_release(const struct sp_issuer_endpoints *held)
{
    struct sp_issuer_endpoints *endpoints = (struct sp_issuer_endpoints *)(uintptr_t)held;
    if (!endpoints || --endpoints->references)
        return;
    sp_arena_finish(&endpoints->arena);
    free(endpoints);
}

/* What the configuration does not say. */
static enum sp_status take_url(const struct sp_cfg_oidc *client, const struct sp_json_value *document,
                               const char *name, struct sp_str *url, struct sp_error *err)
{
    struct sp_str text = sp_json_member_text(document, sp_str_of(name));
    if (url->len || !text.len)
        return SP_OK;
    if (!sp_issuer_takes_url(client, text))
        return sp_error_set(err, SP_EPROTO, NULL, "%.*s: its %s is not an https URL",
                            SP_STR_ARG(client->discovery_url), name);
    *url = text;
    return SP_OK;
}

/* The document speaks for the issuer at whose URL it is (RFC 8414 section 3.3), or where an issuer is
 * configured, that one counts. */
static enum sp_status take_issuer(const struct sp_cfg_oidc *client, const struct sp_json_value *document,
                                  struct sp_issuer_endpoints *endpoints, struct sp_error *err)
{
    static const char *const places[] = {"/.well-known/openid-configuration",
                                         "/.well-known/oauth-authorization-server"};
    struct sp_str url = client->discovery_url;
    endpoints->issuer = sp_json_member_text(document, SP_STR("issuer"));
    if (endpoints->issuers.count)
        return SP_OK;
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        struct sp_str place = sp_str_of(places[i]), base = endpoints->issuer;
        if (sp_str_ends(base, SP_STR("/")))
            base = sp_str_slice(base, 0, base.len - 1);
        if (base.len && sp_str_starts(url, base) && sp_str_eq(sp_str_slice(url, base.len, url.len), place)) {
            endpoints->issuers = (struct sp_str_list){&endpoints->issuer, 1};
            return SP_OK;
        }
    }
    return sp_error_set(err, SP_EPROTO, NULL,
                        "%.*s: it says that it is of issuer '%.*s', which does not fit its URL; set "
                        "issuerIdentifier if that is right",
                        SP_STR_ARG(url), (int)(endpoints->issuer.len > 200 ? 200 : endpoints->issuer.len),
                        endpoints->issuer.ptr ? endpoints->issuer.ptr : "");
}

/* Those that are not known yet. */
static enum sp_status take_urls(const struct sp_cfg_oidc *client, const struct sp_json_value *document,
                                struct sp_issuer_endpoints *endpoints, struct sp_error *err)
{
    bool userinfo = sp_str_caseless_eq(client->validation_method, SP_STR("userinfo"));
    const struct {
        const char *name;
        struct sp_str *url;
    } wanted[] = {{"token_endpoint", &endpoints->token_url},
                  {"authorization_endpoint", &endpoints->authorization_url},
                  {"jwks_uri", &endpoints->jwks_url},
                  {userinfo ? "userinfo_endpoint" : "introspection_endpoint", &endpoints->validation_url},
                  {"userinfo_endpoint", &endpoints->user_info_url},
                  {"end_session_endpoint", &endpoints->end_session_url}};
    const struct sp_json_value *names =
        sp_json_member(document, SP_STR("authorization_response_iss_parameter_supported"));
    endpoints->names_itself |= names && names->kind == SP_JSON_IS_TRUE;
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < sizeof wanted / sizeof *wanted; i++)
        status = take_url(client, document, wanted[i].name, wanted[i].url, err);
    return status;
}

enum sp_status sp_issuer_read_discovery(const struct sp_cfg_oidc *client, struct sp_str text,
                                        struct sp_issuer_endpoints *endpoints, struct sp_error *err)
{
    static const struct sp_json_limits limits = {
        .depth = 16, .string_bytes = 8192, .number_bytes = 64, .members = 500};
    struct sp_json_value *document;
    struct sp_str copy = sp_arena_str(&endpoints->arena, text);
    enum sp_status status = copy.ptr ? sp_json_parse(copy, &endpoints->arena, &limits, &document, err)
                                     : sp_error_set(err, SP_ENOMEM, NULL, "no memory for discovery");
    if (status == SP_OK && document->kind != SP_JSON_IS_OBJECT)
        status = sp_error_set(err, SP_EPROTO, NULL, "the document is no JSON object");
    if (status != SP_OK) {
        sp_error_prefix(err, "%.*s", SP_STR_ARG(client->discovery_url));
        return status;
    }
    status = take_issuer(client, document, endpoints, err);
    /* RFC 8705 section 5: where our certificate is asked for. */
    if (status == SP_OK && sp_str_caseless_eq(client->token_endpoint_auth_method, SP_STR("tls_client_auth")))
        status = take_urls(client, sp_json_member(document, SP_STR("mtls_endpoint_aliases")), endpoints, err);
    return status == SP_OK ? take_urls(client, document, endpoints, err) : status;
}

/* ---- keys ---- */

static enum sp_status make_source(struct sp_issuer *issuer, struct sp_str url, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = issuer->client;
    struct sp_jwk_source_options options = {.client = issuer->http,
                                            .url = url,
                                            .user = client->jwk_client_id,
                                            .password = client->jwk_client_secret,
                                            .any_host_name = any_host_name(issuer, url),
                                            .weak_rsa = client->weak_rsa_keys,
                                            .refetch_us = client->jwk_refetch_us,
                                            .max_stale_us = client->jwk_max_stale_us};
    return sp_jwk_source_new(issuer->loop, &options, &issuer->source, err);
}

static enum sp_status take_certificate(struct sp_issuer *issuer, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = issuer->client;
    struct sp_key_store *store;
    struct x509_st *certificate;
    enum sp_status status = sp_key_source_open(client->trust_store, &store, err);
    if (status != SP_OK)
        return status;
    status = sp_key_store_certificate(store, client->trust_alias, &certificate, err);
    if (status == SP_OK)
        status = sp_jwk_set_from_pkey(X509_get0_pubkey(certificate), certificate, client->weak_rsa_keys,
                                      &issuer->fixed, err);
    if (status != SP_OK)
        sp_error_prefix(err, "trustStoreRef, trustAliasName=\"%.*s\"", SP_STR_ARG(client->trust_alias));
    sp_key_store_free(store);
    return status;
}

static enum sp_status take_json_key(struct sp_issuer *issuer, struct sp_error *err)
{
    struct sp_jwk_rules rules = {.weak_rsa = issuer->client->weak_rsa_keys};
    enum sp_status status = sp_jwk_set_parse(issuer->client->json_web_key, &rules, &issuer->fixed, err);
    if (status == SP_OK && !issuer->fixed->count)
        status = sp_error_set(err, SP_EINVAL, NULL, "no key in it can be used: %s", issuer->fixed->why);
    if (status != SP_OK)
        sp_error_prefix(err, "jsonWebKey");
    return status;
}

/* The private key that tokens are encrypted to. */
static enum sp_status take_decryption_key(struct sp_issuer *issuer, struct sp_error *err)
{
    struct sp_str alias = issuer->client->decryption_alias;
    struct sp_key_store *store = NULL;
    const struct sp_key_entry *entry;
    enum sp_status status =
        issuer->ssl ? sp_key_source_open(issuer->ssl->key_store, &store, err)
                    : sp_error_set(err, SP_EINVAL, NULL, "name an ssl element (sslRef) with a keyStoreRef");
    if (status == SP_OK)
        status = sp_key_store_entry(store, alias, &entry, err);
    if (status == SP_OK)
        status = sp_jwe_check_key(entry->key, err);
    if (status == SP_OK && EVP_PKEY_up_ref(entry->key) == 1)
        issuer->decryption_key = entry->key;
    if (status != SP_OK)
        sp_error_prefix(err, "keyManagementKeyAlias=\"%.*s\"", SP_STR_ARG(alias));
    sp_key_store_free(store);
    return status;
}

bool sp_issuer_decrypts(const struct sp_issuer *issuer)
{
    return issuer->decryption_key;
}

enum sp_status sp_issuer_decrypt(const struct sp_issuer *issuer, struct sp_str token, struct sp_arena *arena,
                                 struct sp_str *ret_jws, struct sp_error *err)
{
    struct sp_jwe jwe;
    struct sp_str inside;
    if (!issuer->decryption_key)
        return sp_error_set(
            err, SP_ENOTFOUND, NULL,
            "the token is encrypted, and keyManagementKeyAlias names no key to decrypt it with");
    enum sp_status status = sp_jwe_parse(token, arena, &jwe, err);
    if (status == SP_OK)
        status = sp_jwe_decrypt(&jwe, issuer->decryption_key, arena, &inside, err);
    if (status == SP_OK &&
        ((jwe.cty.len && !sp_str_caseless_eq(jwe.cty, SP_STR("JWT"))) || !sp_jws_is_like(inside)))
        status = sp_error_set(err, SP_EDENIED, NULL, "what is encrypted in the token is no signed JWT");
    if (status == SP_OK)
        *ret_jws = inside;
    return status;
}

/* As in Liberty: a URL before a key store; HS keys are the secret of both. */
static enum sp_status make_keys(struct sp_issuer *issuer, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = issuer->client;
    enum sp_jwa alg = sp_jwa_from(client->signature_algorithm);
    struct sp_str secret = client->shared_key.len ? client->shared_key : client->client_secret;
    if (client->json_web_key.len)
        return take_json_key(issuer, err);
    if (sp_jwa_is_symmetric(alg)) {
        /* A client's secret need not be fit for signatures: then JWTs are refused, CWWKS1739E. */
        if (!secret.len || (!client->shared_key.len && 8 * secret.len < sp_jwa_hash_bits(alg)))
            return SP_OK;
        enum sp_status status = sp_jwk_set_from_secret(secret, &issuer->fixed, err);
        return status == SP_OK ? sp_jwa_check_key(alg, &issuer->fixed->keys[0], false, err) : status;
    }
    if (client->jwk_url.len)
        return issuer->http ? make_source(issuer, client->jwk_url, err) : SP_OK;
    return client->trust_store && client->trust_alias.len ? take_certificate(issuer, err) : SP_OK;
}

enum sp_status io_issuer_find_key(struct sp_issuer *issuer, enum sp_jwa alg, const struct sp_jwk_name *name,
                                  int64_t deadline_us, struct sp_jwk_set **ret_set,
                                  const struct sp_jwk **ret_key, struct sp_error *err)
{
    const struct sp_issuer_endpoints *endpoints;
    enum sp_status status = SP_OK;
    if (issuer->fixed) {
        status = sp_jwk_set_choose(issuer->fixed, alg, name, ret_key, err);
        if (status == SP_OK)
            *ret_set = sp_jwk_set_hold(issuer->fixed);
        return status;
    }
    if (!issuer->source && issuer->discovery) {
        status = io_issuer_endpoints(issuer, deadline_us, &endpoints, err);
        if (status != SP_OK)
            return status;
        sp_issuer_endpoints_release(endpoints);
    }
    if (!issuer->source)
        return sp_error_set(err, SP_ENOTFOUND, NULL,
                            "nothing says where the key is: set jwkEndpointUrl, trustStoreRef and "
                            "trustAliasName, or for HS algorithms a clientSecret as long as the hash");
    return io_jwk_source_find(issuer->source, alg, name, deadline_us, ret_set, ret_key, err);
}

/* ---- discovery ---- */

static enum sp_status io_fetch_document(struct sp_issuer *issuer, struct sp_issuer_endpoints *endpoints,
                                        struct sp_error *err)
{
    struct sp_fetch_request request = {.url = issuer->client->discovery_url,
                                       .max_response_bytes = DOCUMENT_MAX,
                                       .any_host_name = any_host_name(issuer, issuer->client->discovery_url)};
    struct sp_fetch_response response;
    enum sp_status status = io_http_fetch(issuer->http, &request, sp_clock_monotonic_us() + FETCH_TIMEOUT,
                                          &endpoints->arena, &response, err);
    if (status == SP_OK && response.status != 200)
        status = sp_error_set(err, SP_EUNAVAIL, NULL, "%.*s answers with status %u", SP_STR_ARG(request.url),
                              response.status);
    return status == SP_OK ? sp_issuer_read_discovery(issuer->client, response.body, endpoints, err) : status;
}

/* Keys from where the document says, unless they are configured. */
static enum sp_status follow(struct sp_issuer *issuer, const struct sp_issuer_endpoints *endpoints,
                             struct sp_error *err)
{
    if (issuer->fixed || issuer->client->jwk_url.len || !endpoints->jwks_url.len ||
        sp_jwa_is_symmetric(sp_jwa_from(issuer->client->signature_algorithm)))
        return SP_OK;
    if (issuer->source)
        return sp_jwk_source_move(issuer->source, endpoints->jwks_url);
    enum sp_status status = make_source(issuer, endpoints->jwks_url, err);
    if (status == SP_OK)
        sp_jwk_source_start(issuer->source);
    return status;
}

static enum sp_status io_discover(void *arg, int64_t *ret_lifetime_us, struct sp_error *err)
{
    struct sp_issuer *issuer = arg;
    struct sp_issuer_endpoints *endpoints = sp_issuer_endpoints_new(issuer->client);
    if (!endpoints)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for discovery");
    enum sp_status status = io_fetch_document(issuer, endpoints, err);
    if (status == SP_OK && issuer->closed)
        status = SP_ECANCELED;
    if (status == SP_OK)
        status = follow(issuer, endpoints, err);
    if (status != SP_OK) {
        sp_issuer_endpoints_release(endpoints);
        return status;
    }
    sp_issuer_endpoints_release(issuer->endpoints);
    issuer->endpoints = endpoints;
    *ret_lifetime_us = issuer->client->discovery_polling_us / 4 * 5;
    return SP_OK;
}

enum sp_status io_issuer_endpoints(struct sp_issuer *issuer, int64_t deadline_us,
                                   const struct sp_issuer_endpoints **ret_endpoints, struct sp_error *err)
{
    if (issuer->discovery && !sp_refresh_state(issuer->discovery)->fetched_us) {
        const struct sp_refresh_state *state = sp_refresh_state(issuer->discovery);
        /* Who needs it now does not wait for the pause after many failures to end. */
        bool may = !state->attempted_us || state->busy ||
                   sp_clock_monotonic_us() - state->attempted_us >= DISCOVERY_PAUSE_US;
        enum sp_status status = may ? io_refresh_await(issuer->discovery, deadline_us) : SP_OK;
        if (status == SP_ECANCELED)
            return sp_error_set(err, status, NULL, "the request was given up");
        if (!sp_refresh_state(issuer->discovery)->fetched_us)
            return sp_error_set(err, SP_EUNAVAIL, NULL, "the issuer has not been discovered: %s",
                                status == SP_OK ? sp_refresh_state(issuer->discovery)->problem.text
                                                : "there was no answer in time");
    }
    issuer->endpoints->references++;
    *ret_endpoints = issuer->endpoints;
    return SP_OK;
}

/* ---- life ---- */

static void issuer_drop(void *arg)
{
    struct sp_issuer *issuer = arg;
    sp_jwk_source_free(issuer->source);
    sp_http_client_free(issuer->http);
    sp_jwk_set_release(issuer->fixed);
    sp_issuer_endpoints_release(issuer->endpoints);
    if (issuer->has_auth)
        sp_client_auth_finish(&issuer->auth);
    EVP_PKEY_free(issuer->decryption_key);
    free(issuer);
}

static bool needs_http(const struct sp_cfg_oidc *client)
{
    return client->jwk_url.len || client->validation_url.len || client->discovery_url.len ||
           client->token_endpoint_url.len;
}

static enum sp_status make_http(struct sp_issuer *issuer, struct sp_error *err)
{
    SSL_CTX *context = NULL;
    enum sp_status status = issuer->ssl ? sp_client_tls_new(issuer->ssl, &context, err) : SP_OK;
    struct sp_http_client_options options = {
        .ssl_ctx = context, .max_connections = CONNECTIONS, .max_connections_per_host = CONNECTIONS};
    if (status == SP_OK && issuer->loop)
        status = sp_http_client_new(issuer->loop, &options, &issuer->http, err);
    SSL_CTX_free(context);
    return status;
}

/* A key store that the server makes when it starts is not there yet when the configuration is checked. */
static bool is_to_come(const struct sp_issuer *issuer)
{
    return !issuer->loop && issuer->ssl &&
           (sp_config_key_store_to_make(issuer->ssl->key_store) ||
            (issuer->ssl->trust_store && sp_config_key_store_to_make(issuer->ssl->trust_store)));
}

static enum sp_status set_up(struct sp_issuer *issuer, struct sp_error *err)
{
    const struct sp_cfg_oidc *client = issuer->client;
    enum sp_status status = check_urls(client, err);
    issuer->endpoints = sp_issuer_endpoints_new(client);
    if (status == SP_OK && !issuer->endpoints)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for an issuer");
    if (status == SP_OK && needs_http(client) && !is_to_come(issuer))
        status = make_http(issuer, err);
    if (status == SP_OK)
        status = make_keys(issuer, err);
    if (status == SP_OK && client->decryption_alias.len && !is_to_come(issuer))
        status = take_decryption_key(issuer, err);
    issuer->has_auth = client->client_id.len > 0 && !is_to_come(issuer);
    if (status == SP_OK && issuer->has_auth)
        status = sp_client_auth_init(&issuer->auth, client, issuer->ssl, err);
    if (status == SP_OK && client->discovery_url.len && issuer->http)
        status = sp_refresh_new(issuer->loop, io_discover, issuer_drop, issuer, &issuer->discovery, err);
    return status;
}

enum sp_status sp_issuer_new(struct sp_loop *loop, const struct sp_config *config,
                             const struct sp_cfg_oidc *client, struct sp_issuer **ret_issuer,
                             struct sp_error *err)
{
    struct sp_issuer *issuer = calloc(1, sizeof *issuer);
    if (!issuer)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for an issuer");
    issuer->loop = loop;
    issuer->client = client;
    issuer->ssl = client->ssl ? client->ssl : config->ssl_default.outbound;
    if (!issuer->ssl)
        issuer->ssl = config->default_ssl;
    enum sp_status status = set_up(issuer, err);
    if (status != SP_OK) {
        issuer_drop(issuer);
        return status;
    }
    *ret_issuer = issuer;
    return SP_OK;
}

bool sp_issuer_is_ready(const struct sp_issuer *issuer)
{
    if (issuer->discovery && !sp_refresh_state(issuer->discovery)->fetched_us)
        return false;
    return issuer->fixed || !issuer->source || sp_jwk_source_has_keys(issuer->source);
}

bool sp_issuer_has_keys(const struct sp_issuer *issuer)
{
    const struct sp_cfg_oidc *client = issuer->client;
    bool elsewhere = client->jwk_url.len || client->discovery_url.len;
    return issuer->fixed || (elsewhere && !sp_jwa_is_symmetric(sp_jwa_from(client->signature_algorithm)));
}

void sp_issuer_start(struct sp_issuer *issuer)
{
    if (issuer->discovery)
        sp_refresh_start(issuer->discovery);
    if (issuer->source)
        sp_jwk_source_start(issuer->source);
}

void sp_issuer_free(struct sp_issuer *issuer)
{
    if (!issuer)
        return;
    issuer->closed = true;
    /* A fiber that discovers still uses it. */
    if (issuer->discovery)
        sp_refresh_free(issuer->discovery);
    else
        issuer_drop(issuer);
}

/* ---- calls ---- */

static enum sp_status check_call(const struct sp_issuer *issuer, struct sp_str url, struct sp_error *err)
{
    if (!issuer->http)
        return sp_error_set(err, SP_EUNAVAIL, NULL, "nothing can be fetched here");
    return sp_issuer_takes_url(issuer->client, url)
               ? SP_OK
               : sp_error_set(err, SP_EINVAL, "CWWKS1703E", "'%.*s' is not an https URL", SP_STR_ARG(url));
}

/* There was no answer: nothing is said about who asks. */
static enum sp_status unanswered(enum sp_status status, struct sp_str url, struct sp_error *err)
{
    if (status == SP_OK || status == SP_ENOMEM || status == SP_ECANCELED)
        return status;
    sp_error_prefix(err, "%.*s", SP_STR_ARG(url));
    if (err)
        err->status = SP_EUNAVAIL;
    return SP_EUNAVAIL;
}

enum sp_status io_issuer_post(struct sp_issuer *issuer, struct sp_str url, struct sp_str audience,
                              struct sp_buf *form, int64_t deadline_us, struct sp_arena *arena,
                              struct sp_fetch_response *ret_response, struct sp_error *err)
{
    struct sp_str origin = issuer->client->login.request_origin;
    bool for_tokens = origin.len && sp_str_eq(url, issuer->endpoints->token_url);
    const struct sp_http_header headers[] = {
        {SP_STR_INIT("Content-Type"), SP_STR_INIT("application/x-www-form-urlencoded")},
        {SP_STR_INIT("Accept"), SP_STR_INIT("application/json")},
        {SP_STR_INIT("Origin"), origin}};
    struct sp_fetch_request request = {.method = SP_STR_INIT("POST"),
                                       .url = url,
                                       .headers = headers,
                                       .header_count = for_tokens ? 3 : 2,
                                       .max_response_bytes = DOCUMENT_MAX,
                                       .any_host_name = any_host_name(issuer, url)};
    enum sp_status status = check_call(issuer, url, err);
    if (status == SP_OK && !issuer->has_auth)
        status =
            sp_error_set(err, SP_EINVAL, NULL, "clientId is not set: the issuer would not know who asks");
    if (status == SP_OK)
        status =
            sp_client_auth_add(&issuer->auth, audience, sp_clock_realtime_us(), arena, form, &request, err);
    if (status == SP_OK) {
        request.body = sp_buf_str(form);
        status = unanswered(io_http_fetch(issuer->http, &request, deadline_us, arena, ret_response, err), url,
                            err);
    }
    sp_buf_wipe(form);
    return status;
}

enum sp_status io_issuer_get(struct sp_issuer *issuer, struct sp_str url, struct sp_str token,
                             int64_t deadline_us, struct sp_arena *arena,
                             struct sp_fetch_response *ret_response, struct sp_error *err)
{
    struct sp_http_header headers[] = {{SP_STR_INIT("Authorization"), {0}},
                                       {SP_STR_INIT("Accept"), SP_STR_INIT("application/json")}};
    struct sp_fetch_request request = {.url = url,
                                       .headers = headers,
                                       .header_count = 2,
                                       .max_response_bytes = DOCUMENT_MAX,
                                       .any_host_name = any_host_name(issuer, url)};
    enum sp_status status = check_call(issuer, url, err);
    headers[0].value = sp_arena_printf(arena, "Bearer %.*s", SP_STR_ARG(token));
    if (status == SP_OK && !headers[0].value.ptr)
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a request");
    if (status == SP_OK)
        status = unanswered(io_http_fetch(issuer->http, &request, deadline_us, arena, ret_response, err), url,
                            err);
    return status;
}
