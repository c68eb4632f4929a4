/* SPDX-License-Identifier: Apache-2.0
 * What the server of an issuer says. The first byte tells of what: D discovery, A about a token that was
 * asked about, U of its userinfo endpoint, E an error.
 */
#include <stdlib.h>

#include "authn/introspect.h"

#define NOW_US ((int64_t)1800000000 * 1000000)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct sp_str issuers[] = {SP_STR_INIT("https://issuer.example.com")};

static void discover(struct sp_str text, bool any_issuer, bool mutual_tls)
{
    struct sp_cfg_oidc client = {
        .discovery_url = SP_STR_INIT("https://issuer.example.com/.well-known/openid-configuration"),
        .https_required = true,
        .token_endpoint_auth_method = mutual_tls ? SP_STR("tls_client_auth") : SP_STR(""),
    };
    if (any_issuer)
        client.issuers = (struct sp_str_list){issuers, 1};
    struct sp_error err = SP_ERROR_INIT;
    struct sp_issuer_endpoints *endpoints = sp_issuer_endpoints_new(&client);
    if (!endpoints)
        abort();
    enum sp_status status = sp_issuer_read_discovery(&client, text, endpoints, &err);
    if (status != SP_OK && !err.text[0])
        abort();
    const struct sp_str urls[] = {endpoints->token_url,     endpoints->authorization_url,
                                  endpoints->jwks_url,      endpoints->validation_url,
                                  endpoints->user_info_url, endpoints->end_session_url};
    for (size_t i = 0; status == SP_OK && i < sizeof urls / sizeof *urls; i++)
        if (urls[i].len && !sp_str_starts(urls[i], SP_STR("https://")))
            abort();
    if (status == SP_OK && !sp_str_starts(endpoints->issuers.items[0], issuers[0]))
        abort();
    sp_issuer_endpoints_release(endpoints);
}

static void answer(struct sp_str text, bool userinfo, unsigned code)
{
    const struct sp_cfg_oidc client = {.issuers = {issuers, 1},
                                       .clock_skew_us = 300000000,
                                       .user_identity = SP_STR_INIT("sub"),
                                       .group_identifier = SP_STR_INIT("groups"),
                                       .realm_identifier = SP_STR_INIT("realm"),
                                       .validation_method =
                                           userinfo ? SP_STR("userinfo") : SP_STR("introspect")};
    const struct sp_issuer_endpoints endpoints = {
        .issuers = {issuers, 1}, .validation_url = SP_STR_INIT("https://issuer.example.com/ask")};
    const struct sp_fetch_response response = {.status = code, .body = text};
    struct sp_token_result result;
    struct sp_error err = SP_ERROR_INIT;
    struct sp_arena arena;
    bool inactive = false;
    sp_arena_init(&arena, (size_t)4 << 20);
    enum sp_status status =
        sp_introspect_read(&client, &endpoints, &response, NOW_US, &arena, &result, &inactive, &err);
    if (status == SP_OK ? inactive || code != 200 || !result.subject.name.len : !err.text[0])
        abort();
    sp_arena_finish(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    struct sp_str text = sp_str_from(data + 1, size - 1);
    if (data[0] == 'D') {
        discover(text, false, false);
        discover(text, true, true);
    } else if (data[0] == 'E') {
        answer(text, false, 400);
        answer(text, true, 401);
    } else {
        answer(text, data[0] == 'U', 200);
    }
    return 0;
}
