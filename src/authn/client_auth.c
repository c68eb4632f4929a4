/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/client_auth.h"

#include <stdio.h>

#include "base/secret.h"
#include "crypto/jws.h"
#include "crypto/key_store.h"
#include "registry/key_source.h"
#include "text/base64.h"
#include "text/json_write.h"
#include "text/percent.h"

#define ASSERTION_SECONDS 60
#define ASSERTION_TYPE SP_STR("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")

static enum sp_status take_key(struct sp_client_auth *auth, const struct sp_cfg_oidc *client,
                               const struct sp_cfg_ssl *ssl, struct sp_error *err)
{
    struct sp_key_store *store;
    const struct sp_key_entry *entry;
    auth->alg = sp_jwa_from(client->auth_signing_algorithm);
    if (auth->alg == SP_JWA_UNKNOWN || sp_jwa_is_symmetric(auth->alg))
        return sp_error_set(err, SP_EINVAL, NULL,
                            "tokenEndpointAuthSigningAlgorithm=\"%.*s\" is no algorithm of a private key",
                            SP_STR_ARG(client->auth_signing_algorithm));
    if (!ssl)
        return sp_error_set(err, SP_EINVAL, NULL,
                            "private_key_jwt needs a key: name an ssl element (sslRef) with a keyStoreRef");
    enum sp_status status = sp_key_source_open(ssl->key_store, &store, err);
    if (status != SP_OK)
        return status;
    status = sp_key_store_entry(store, client->key_alias, &entry, err);
    if (status == SP_OK)
        status = sp_jwk_set_from_pkey(entry->key, entry->certificate, client->weak_rsa_keys, &auth->key, err);
    if (status == SP_OK)
        status = sp_jwa_check_key(auth->alg, &auth->key->keys[0], true, err);
    if (status != SP_OK)
        sp_error_prefix(err, "private_key_jwt with keyAliasName=\"%.*s\"", SP_STR_ARG(client->key_alias));
    sp_key_store_free(store);
    return status;
}

enum sp_status sp_client_auth_init(struct sp_client_auth *auth, const struct sp_cfg_oidc *client,
                                   const struct sp_cfg_ssl *ssl, struct sp_error *err)
{
    struct sp_str method = client->token_endpoint_auth_method;
    *auth = (struct sp_client_auth){.id = client->client_id, .secret = client->client_secret};
    if (sp_str_caseless_eq(method, SP_STR("basic")))
        auth->method = SP_CLIENT_AUTH_BASIC;
    else if (sp_str_caseless_eq(method, SP_STR("private_key_jwt")))
        auth->method = SP_CLIENT_AUTH_PRIVATE_KEY_JWT;
    else if (sp_str_caseless_eq(method, SP_STR("tls_client_auth")))
        auth->method = SP_CLIENT_AUTH_TLS;
    if (!auth->id.len)
        return sp_error_set(err, SP_EINVAL, NULL, "clientId is not set: the issuer would not know who asks");
    return auth->method == SP_CLIENT_AUTH_PRIVATE_KEY_JWT ? take_key(auth, client, ssl, err) : SP_OK;
}

void sp_client_auth_finish(struct sp_client_auth *auth)
{
    sp_jwk_set_release(auth->key);
    *auth = (struct sp_client_auth){0};
}

/* RFC 6749 section 2.3.1: encoded as in a form before Basic. */
static enum sp_status add_basic(const struct sp_client_auth *auth, struct sp_arena *arena,
                                struct sp_fetch_request *request, struct sp_error *err)
{
    struct sp_buf text;
    sp_buf_init(&text, 4096);
    enum sp_status status = sp_percent_encode(auth->id, &text);
    if (status == SP_OK)
        request->user = sp_arena_str(arena, sp_buf_str(&text));
    sp_buf_reset(&text);
    if (status == SP_OK)
        status = sp_percent_encode(auth->secret, &text);
    if (status == SP_OK)
        request->password = sp_arena_str(arena, sp_buf_str(&text));
    sp_buf_wipe(&text);
    if (status == SP_OK && request->user.ptr && request->password.ptr)
        return SP_OK;
    return sp_error_set(err, SP_ELIMIT, NULL, "clientId or clientSecret is too long");
}

/* RFC 7523 section 3 */
static enum sp_status write_claims(const struct sp_client_auth *auth, struct sp_str audience, int64_t now_us,
                                   struct sp_buf *claims)
{
    struct sp_json_writer writer;
    unsigned char random[16];
    char id[24];
    struct sp_buf text = sp_buf_over(id, sizeof id);
    sp_secret_random(random, sizeof random);
    if (sp_base64_encode(SP_BASE64_URL, sp_str_from(random, sizeof random), &text) != SP_OK)
        return SP_EINTERNAL;
    sp_json_writer_init(&writer, claims, 0);
    sp_json_object_begin(&writer);
    sp_json_put_string(&writer, "iss", auth->id);
    sp_json_put_string(&writer, "sub", auth->id);
    sp_json_put_string(&writer, "aud", audience);
    sp_json_put_string(&writer, "jti", sp_buf_str(&text));
    sp_json_put_i64(&writer, "iat", now_us / 1000000);
    sp_json_put_i64(&writer, "exp", now_us / 1000000 + ASSERTION_SECONDS);
    sp_json_object_end(&writer);
    return claims->failed ? SP_ELIMIT : SP_OK;
}

static enum sp_status add_assertion(const struct sp_client_auth *auth, struct sp_str audience, int64_t now_us,
                                    struct sp_buf *form, struct sp_error *err)
{
    struct sp_buf claims, token;
    sp_buf_init(&claims, 8192);
    sp_buf_init(&token, SP_JWS_MAX);
    enum sp_status status = write_claims(auth, audience, now_us, &claims);
    if (status == SP_OK)
        status = sp_jws_sign(auth->alg, &auth->key->keys[0], SP_STR("\"typ\":\"JWT\""), sp_buf_str(&claims),
                             &token, err);
    if (status == SP_OK)
        status = sp_form_append(form, "client_assertion_type", ASSERTION_TYPE);
    if (status == SP_OK)
        status = sp_form_append(form, "client_assertion", sp_buf_str(&token));
    if (status == SP_OK)
        status = sp_form_append(form, "client_id", auth->id);
    sp_buf_finish(&claims);
    sp_buf_finish(&token);
    if (status == SP_OK)
        return SP_OK;
    char why[SP_ERROR_TEXT_MAX];
    snprintf(why, sizeof why, "%s", err->text[0] ? err->text : sp_status_name(status));
    return sp_error_set(err, status, NULL, "the client's assertion cannot be made: %s", why);
}

enum sp_status sp_client_auth_add(const struct sp_client_auth *auth, struct sp_str audience, int64_t now_us,
                                  struct sp_arena *arena, struct sp_buf *form,
                                  struct sp_fetch_request *request, struct sp_error *err)
{
    if (auth->method == SP_CLIENT_AUTH_BASIC)
        return add_basic(auth, arena, request, err);
    if (auth->method == SP_CLIENT_AUTH_PRIVATE_KEY_JWT)
        return add_assertion(auth, audience, now_us, form, err);
    enum sp_status status = sp_form_append(form, "client_id", auth->id);
    if (status == SP_OK && auth->method == SP_CLIENT_AUTH_POST && auth->secret.len)
        status = sp_form_append(form, "client_secret", auth->secret);
    return status == SP_OK ? SP_OK : sp_error_set(err, status, NULL, "clientId or clientSecret is too long");
}
