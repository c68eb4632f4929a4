/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/oidc_request.h"

#include "text/percent.h"

#define URL_MAX 8192u
#define PLAIN "plain"
#define NO_CHALLENGE "disabled"

/* What only the protocol may say. */
static const char *const reserved[] = {"response_type", "response_mode",  "client_id",
                                       "redirect_uri",  "scope",          "state",
                                       "nonce",         "code_challenge", "code_challenge_method",
                                       "request",       "request_uri",    "client_secret",
                                       "grant_type",    "code",           "code_verifier"};

static bool is_reserved(struct sp_str name)
{
    for (size_t i = 0; i < sizeof reserved / sizeof reserved[0]; i++)
        if (sp_str_is(name, reserved[i]))
            return true;
    return false;
}

static void append(struct sp_buf *url, struct sp_str name, struct sp_str value)
{
    char text[256];
    if (name.len >= sizeof text) {
        url->failed = true;
        return;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    sp_form_append(url, text, value);
}

static void append_configured(struct sp_buf *url, const struct sp_cfg_oidc_parameter *parameters,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!is_reserved(parameters[i].name))
            append(url, parameters[i].name, parameters[i].value);
}

static enum sp_status append_forwarded(struct sp_buf *url, const struct sp_str_list *names,
                                       struct sp_str query, struct sp_arena *arena, struct sp_error *err)
{
    const struct sp_parameter *parameters;
    size_t count;
    if (!names->count)
        return SP_OK;
    enum sp_status status = sp_form_read(query, "query", arena, &parameters, &count, err);
    if (status != SP_OK)
        return status;
    for (size_t i = 0; i < names->count; i++)
        for (size_t p = 0; p < count; p++)
            if (sp_str_eq(parameters[p].name, names->items[i]) && !is_reserved(parameters[p].name)) {
                append(url, parameters[p].name, parameters[p].value);
                break;
            }
    return SP_OK;
}

/* Without the scope "openid" there is no login, only an authorization. */
static void append_scope(struct sp_buf *url, struct sp_str scope, struct sp_arena *arena)
{
    struct sp_str rest = scope, word;
    bool has = false;
    while (sp_str_split(&rest, ' ', &word))
        has = has || sp_str_is(word, "openid");
    if (!has)
        scope = sp_arena_printf(arena, "openid%s%.*s", scope.len ? " " : "", SP_STR_ARG(scope));
    url->failed = url->failed || !scope.ptr;
    sp_form_append(url, "scope", scope);
}

static void append_challenge(struct sp_buf *url, struct sp_str method, struct sp_str verifier,
                             struct sp_arena *arena)
{
    bool plain = sp_str_is(method, PLAIN);
    if (sp_str_is(method, NO_CHALLENGE))
        return;
    struct sp_str challenge = plain ? verifier : sp_oidc_code_challenge(verifier, arena);
    url->failed = url->failed || !challenge.ptr;
    sp_form_append(url, "code_challenge", challenge);
    sp_form_append(url, "code_challenge_method", plain ? SP_STR(PLAIN) : SP_STR("S256"));
}

static void begin_url(struct sp_buf *url, struct sp_str endpoint)
{
    sp_buf_append_str(url, endpoint);
    if (sp_str_find(endpoint, '?') == endpoint.len)
        sp_buf_append_byte(url, '?');
}

enum sp_status sp_oidc_authorization_url(const struct sp_cfg_oidc *config, struct sp_str endpoint,
                                         const struct sp_oidc_login *login, struct sp_str redirect_uri,
                                         struct sp_str query, struct sp_arena *arena, struct sp_str *ret_url,
                                         struct sp_error *err)
{
    char *memory = sp_arena_alloc(arena, URL_MAX);
    if (!memory)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
    for (size_t i = 0; i < endpoint.len; i++)
        if (endpoint.ptr[i] <= 0x20 || endpoint.ptr[i] >= 0x7f || endpoint.ptr[i] == '#')
            return sp_error_set(err, SP_EINVAL, NULL, "the authorization endpoint is no URL");
    struct sp_buf url = sp_buf_over(memory, URL_MAX);
    begin_url(&url, endpoint);
    sp_form_append(&url, "response_type", SP_STR("code"));
    sp_form_append(&url, "client_id", config->client_id);
    sp_form_append(&url, "redirect_uri", redirect_uri);
    append_scope(&url, config->login.scope, arena);
    sp_form_append(&url, "state", login->state);
    sp_form_append(&url, "nonce", login->nonce);
    append_challenge(&url, config->login.code_challenge_method, login->verifier, arena);
    if (config->login.resource.len)
        sp_form_append(&url, "resource", config->login.resource);
    append_configured(&url, config->login.authz_parameters, config->login.authz_parameter_count);
    enum sp_status status = append_forwarded(&url, &config->login.forwarded, query, arena, err);
    if (status == SP_OK && url.failed)
        status = sp_error_set(err, SP_EINVAL, NULL, "the URL of the login is longer than %u bytes", URL_MAX);
    if (status == SP_OK)
        *ret_url = sp_buf_str(&url);
    return status;
}

struct sp_str sp_oidc_code_form(const struct sp_cfg_oidc *config, const struct sp_oidc_login *login,
                                struct sp_str code, struct sp_str redirect_uri, struct sp_arena *arena)
{
    char *memory = sp_arena_alloc(arena, URL_MAX);
    if (!memory)
        return (struct sp_str){NULL, 0};
    struct sp_buf form = sp_buf_over(memory, URL_MAX);
    sp_form_append(&form, "grant_type", SP_STR("authorization_code"));
    sp_form_append(&form, "code", code);
    sp_form_append(&form, "redirect_uri", redirect_uri);
    if (!sp_str_is(config->login.code_challenge_method, NO_CHALLENGE))
        sp_form_append(&form, "code_verifier", login->verifier);
    if (config->login.resource.len)
        sp_form_append(&form, "resource", config->login.resource);
    append_configured(&form, config->login.token_parameters, config->login.token_parameter_count);
    return form.failed ? (struct sp_str){NULL, 0} : sp_buf_str(&form);
}

struct sp_str sp_oidc_logout_url(const struct sp_cfg_oidc *config, struct sp_str endpoint,
                                 struct sp_str return_uri, struct sp_arena *arena)
{
    char *memory = sp_arena_alloc(arena, URL_MAX);
    if (!memory)
        return (struct sp_str){NULL, 0};
    struct sp_buf url = sp_buf_over(memory, URL_MAX);
    begin_url(&url, endpoint);
    sp_form_append(&url, "client_id", config->client_id);
    sp_form_append(&url, "post_logout_redirect_uri", return_uri);
    return url.failed ? (struct sp_str){NULL, 0} : sp_buf_str(&url);
}
