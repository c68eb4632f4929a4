/* SPDX-License-Identifier: Apache-2.0
 * Logins in a browser with an OpenID provider: who has no credential is sent there, and keeps what came of it
 * in a cookie. docs/authentication.md, "Login in a browser".
 */
#include <stdlib.h>

#include "authn/browser.h"
#include "authn/issuers.h"
#include "authn/oidc_claims.h"
#include "authn/oidc_client.h"
#include "authn/oidc_request.h"
#include "base/clock.h"
#include "io/origin.h"

#define TEXTS_MAX 4096u
#define STATE_LEN 43u
#define STATE_IN_NAME 12u
#define US_PER_S 1000000

/* ---------------------------------------------------------------- for both files */

struct sp_str sp_oidc_login_cookie(struct sp_str state, struct sp_arena *arena)
{
    if (state.len != STATE_LEN)
        return (struct sp_str){NULL, 0};
    return sp_arena_printf(arena, "SallyportLogin_%.*s", (int)STATE_IN_NAME, state.ptr);
}

struct sp_str sp_oidc_redirect_uri(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt)
{
    struct sp_str origin = client->config->login.redirect_host_port;
    if (!origin.len)
        origin = sp_http_origin(attempt->request, attempt->request->tls, 0, attempt->arena);
    if (!origin.ptr)
        return origin;
    return sp_arena_printf(attempt->arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(client->outer_path));
}

/* ---------------------------------------------------------------- a request */

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    const struct sp_oidc_client *client = (const struct sp_oidc_client *)self;
    const struct sp_http_request *request = attempt->request;
    if (sp_browser_has_session(attempt, client->session_cookie))
        return SP_OFFER_CREDENTIAL;
    return !attempt->authorization.ptr && sp_browser_navigates(request) ? SP_OFFER_DEMAND : SP_OFFER_NONE;
}

/* Send the browser to the provider, with a login of its own. */
static enum sp_status io_begin(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                               struct sp_challenge *challenge, struct sp_error *err)
{
    const struct sp_issuer_endpoints *endpoints = NULL;
    struct sp_oidc_login login;
    struct sp_str url = {NULL, 0}, uri = sp_oidc_redirect_uri(client, attempt);
    int64_t limit = client->config->login.time_limit_us;
    enum sp_status status =
        io_issuer_endpoints(client->issuer, sp_clock_monotonic_us() + SP_OIDC_PATIENCE_US, &endpoints, err);
    if (status == SP_OK)
        status = uri.ptr ? sp_oidc_login_make(client->config->id, attempt->request->target,
                                              attempt->now_us + limit, attempt->arena, &login)
                         : SP_ENOMEM;
    if (status == SP_OK)
        status = sp_oidc_authorization_url(client->config, endpoints->authorization_url, &login, uri,
                                           attempt->request->query, attempt->arena, &url, err);
    sp_issuer_endpoints_release(endpoints);
    struct sp_buf sealed;
    sp_buf_init(&sealed, SP_COOKIE_SEALED_MAX(SP_OIDC_TARGET_MAX + 1024u));
    if (status == SP_OK)
        status = sp_oidc_login_seal(&login, &client->login_seal, &sealed, err);
    if (status == SP_OK &&
        !sp_browser_set_cookie(attempt, challenge, sp_oidc_login_cookie(login.state, attempt->arena),
                               client->outer_path, sp_buf_str(&sealed), limit / US_PER_S, SP_SAME_SITE_LAX))
        status = sp_error_set(err, SP_ENOMEM, NULL, "no memory for a login");
    sp_buf_finish(&sealed);
    if (status != SP_OK) {
        challenge->status = 503;
        return status;
    }
    return sp_browser_send_to(challenge, url, err);
}

static enum sp_status open_session(const struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                   struct sp_session *ret_session, struct sp_error *err)
{
    struct sp_str sealed = sp_http_cookie_get(attempt->request, client->session_cookie);
    struct sp_session session;
    enum sp_status status =
        sp_session_open(sealed, &client->session_seal, attempt->now_us, attempt->arena, &session, err);
    if (status == SP_OK && (!sp_str_eq(session.provider, client->config->id) ||
                            sp_session_store_has_ended(client->parts->sessions, &session, attempt->now_us)))
        status = sp_error_set(err, SP_EDENIED, NULL, "the session was ended");
    if (status == SP_OK)
        *ret_session = session;
    return status;
}

static enum sp_status io_check(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    struct sp_oidc_client *client = (struct sp_oidc_client *)self;
    struct sp_session session;
    bool has_session = sp_http_cookie_get(attempt->request, client->session_cookie).ptr;
    enum sp_status status = has_session ? open_session(client, attempt, &session, err) : SP_ENOTFOUND;
    if (status == SP_OK) {
        *ret_assertion = session.assertion;
        return SP_OK;
    }
    if (status == SP_ENOMEM)
        ret_challenge->status = 503;
    else if (attempt->required && !attempt->authorization.ptr && sp_browser_navigates(attempt->request))
        return io_begin(client, attempt, ret_challenge, err);
    return status;
}

/* ---------------------------------------------------------------- own URLs */

static enum sp_status refuse(struct sp_challenge *challenge, unsigned status, struct sp_error *err,
                             const char *reason)
{
    challenge->status = status;
    sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store"));
    return sp_error_set(err, SP_EDENIED, NULL, "%s", reason);
}

/* By a page of this server, or typed by the user; not by another site. */
static enum sp_status io_log_out(struct sp_oidc_client *client, struct sp_authn_attempt *attempt,
                                 struct sp_challenge *challenge, struct sp_error *err)
{
    const struct sp_http_request *request = attempt->request;
    struct sp_str site = sp_http_header_get(request, "Sec-Fetch-Site");
    struct sp_str origin = sp_http_origin(request, request->tls, 0, attempt->arena);
    struct sp_session session;
    if (site.ptr && !sp_str_is(site, "same-origin") && !sp_str_is(site, "none"))
        return refuse(challenge, 403, err, "a page of another site asked for a logout");
    if (open_session(client, attempt, &session, err) == SP_OK &&
        sp_session_store_end(client->parts->sessions, &session, attempt->now_us) != SP_OK) {
        challenge->status = 503;
        return sp_error_set(err, SP_ELIMIT, NULL, "the session cannot be ended now: too many others were");
    }
    const struct sp_issuer_endpoints *endpoints = NULL;
    struct sp_str location = SP_STR("/");
    if (origin.ptr && io_issuer_endpoints(client->issuer, sp_clock_monotonic_us() + SP_OIDC_PATIENCE_US,
                                          &endpoints, err) == SP_OK) {
        struct sp_str back = sp_arena_printf(attempt->arena, "%.*s/", SP_STR_ARG(origin));
        if (endpoints->end_session_url.len && back.ptr)
            location = sp_oidc_logout_url(client->config, endpoints->end_session_url, back, attempt->arena);
        sp_issuer_endpoints_release(endpoints);
    }
    if (!sp_browser_set_cookie(attempt, challenge, client->session_cookie, SP_STR("/"), SP_STR(""), -1,
                               SP_SAME_SITE_LAX))
        return refuse(challenge, 503, err, "no memory for a logout");
    return sp_browser_send_to(challenge, location, err);
}

static enum sp_status io_answer(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                                struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct sp_oidc_client *client = (struct sp_oidc_client *)self;
    bool is_logout = sp_str_eq(attempt->request->path, client->logout_path);
    if (sp_str_eq(attempt->request->path, client->provider_path))
        return io_oidc_backchannel(client, attempt, ret_challenge, err);
    bool is_get = sp_str_is(attempt->request->method, "GET");
    if (!is_get && !(is_logout && sp_str_is(attempt->request->method, "POST"))) {
        sp_challenge_add(ret_challenge, "Allow", is_logout ? SP_STR("GET, POST") : SP_STR("GET"));
        return refuse(ret_challenge, 405, err, "the method is none of this URL");
    }
    return is_logout ? io_log_out(client, attempt, ret_challenge, err)
                     : io_oidc_return(client, attempt, ret_challenge, err);
}

/* ---------------------------------------------------------------- making it */

static void client_free(struct sp_authn_provider *self)
{
    struct sp_oidc_client *client = (struct sp_oidc_client *)self;
    sp_cookie_seal_finish(&client->login_seal);
    sp_cookie_seal_finish(&client->session_seal);
    sp_arena_finish(&client->arena);
    free(client);
}

static const struct sp_authn_provider_kind kind = {
    .name = "openidConnectClient",
    .offers = offers,
    .io_check = io_check,
    .io_answer = io_answer,
    .free = client_free,
};

/* The id is part of URLs and of the name of a cookie. */
static bool is_plain(struct sp_str id)
{
    for (size_t i = 0; i < id.len; i++) {
        char c = sp_lower(id.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._", c))))
            return false;
    }
    return id.len > 0;
}

static bool is_path(struct sp_str path)
{
    for (size_t i = 0; i < path.len; i++) {
        char c = sp_lower(path.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._~/", c))))
            return false;
    }
    return sp_str_find(path, ':') == path.len && !sp_str_starts(path, SP_STR("//"));
}

/* "" or "/path". */
static struct sp_str junction_of(const struct sp_cfg_oidc *config, struct sp_arena *arena)
{
    struct sp_str path = config->login.junction_path;
    while (path.len && path.ptr[0] == '/')
        path = sp_str_slice(path, 1, path.len);
    while (path.len && path.ptr[path.len - 1] == '/')
        path = sp_str_slice(path, 0, path.len - 1);
    return path.len ? sp_arena_printf(arena, "/%.*s", SP_STR_ARG(path)) : SP_STR("");
}

enum sp_status sp_oidc_check(const struct sp_cfg_oidc *config, struct sp_error *err)
{
    const struct sp_cfg_oidc_login *login = &config->login;
    const char *wrong = NULL;
    if (!is_plain(config->id))
        wrong = "its id is part of a URL, and must consist of letters, digits, '-', '.' and '_'";
    else if (!config->client_id.len)
        wrong = "a login in a browser needs clientId";
    else if (sp_str_is(login->grant_type, "implicit") ||
             (login->response_type.len && !sp_str_is(login->response_type, "code")))
        wrong = "tokens in URLs can be read by others: only grantType=\"authorization_code\" with "
                "responseType=\"code\" is provided";
    else if (sp_jwa_from(config->signature_algorithm) == SP_JWA_UNKNOWN)
        wrong = "its signatureAlgorithm is not provided";
    else if (login->user_info && !login->user_info_url.len && !config->discovery_url.len)
        wrong = "userInfoEndpointEnabled=\"true\" needs userInfoEndpointUrl or discoveryEndpointUrl";
    else if (!is_path(login->junction_path))
        wrong = "redirectJunctionPath is the path of a proxy, made of letters, digits and -._~/";
    else
        wrong = sp_oidc_order_fault(login);
    return wrong ? sp_error_set(err, SP_EINVAL, NULL, "openidConnectClient %.*s: %s", SP_STR_ARG(config->id),
                                wrong)
                 : SP_OK;
}

static enum sp_status fill(struct sp_oidc_client *client, const struct sp_authn_parts *parts,
                           const struct sp_cfg_oidc *config, struct sp_error *err)
{
    struct sp_str id = config->id, *audience = sp_arena_alloc(&client->arena, sizeof *audience);
    struct sp_str junction = junction_of(config, &client->arena);
    client->redirect_path = sp_arena_printf(&client->arena, "/oidcclient/redirect/%.*s", SP_STR_ARG(id));
    client->outer_path = sp_arena_printf(&client->arena, "%.*s/oidcclient/redirect/%.*s",
                                         SP_STR_ARG(junction), SP_STR_ARG(id));
    client->logout_path = sp_arena_printf(&client->arena, "/oidcclient/logout/%.*s", SP_STR_ARG(id));
    client->provider_path =
        sp_arena_printf(&client->arena, "/oidcclient/backchannel_logout/%.*s", SP_STR_ARG(id));
    client->session_cookie = sp_arena_printf(&client->arena, "SallyportSession_%.*s", SP_STR_ARG(id));
    if (!audience || !client->redirect_path.ptr || !client->outer_path.ptr || !client->provider_path.ptr ||
        !client->logout_path.ptr || !client->session_cookie.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    client->paths[0] = client->redirect_path;
    client->paths[1] = client->logout_path;
    client->paths[2] = client->provider_path;
    *audience = config->client_id;
    client->id_token = *config;
    client->id_token.audiences = (struct sp_str_list){audience, 1};
    enum sp_status status = sp_issuers_get(parts->issuers, config, &client->issuer, err);
    if (status == SP_OK)
        status = sp_session_store_seal(parts->sessions, SP_STR("login"), &client->login_seal, err);
    if (status == SP_OK)
        status = sp_session_store_seal(parts->sessions, SP_STR("session"), &client->session_seal, err);
    return status;
}

static enum sp_status add(const struct sp_authn_parts *parts, const struct sp_cfg_oidc *config,
                          struct sp_authn_table *table, struct sp_error *err)
{
    enum sp_jwa alg = sp_jwa_from(config->signature_algorithm);
    enum sp_status status = sp_oidc_check(config, err);
    if (status != SP_OK)
        return status;
    struct sp_oidc_client *client = calloc(1, sizeof *client);
    if (!client)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    sp_arena_init(&client->arena, TEXTS_MAX);
    client->provider = (struct sp_authn_provider){
        .kind = &kind,
        .id = config->id,
        .stage = config->disable_ltpa_cookie ? SP_STAGE_BEFORE_SSO : SP_STAGE_AFTER_SSO,
        .paths = client->paths,
        .path_count = 3,
    };
    client->parts = parts;
    client->config = config;
    client->alg = alg;
    status = fill(client, parts, config, err);
    client->provider.cookie = client->session_cookie;
    if (status != SP_OK) {
        client_free(&client->provider);
        return status;
    }
    return sp_authn_table_add(table, &client->provider, &config->auth_filters, err);
}

bool sp_oidc_logs_in(const struct sp_cfg_oidc *client)
{
    return client->propagation != SP_CFG_PROPAGATION_REQUIRED && client->client_id.len &&
           (client->login.authorization_url.len || client->discovery_url.len);
}

enum sp_status sp_authn_make_oidc(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                  struct sp_error *err)
{
    enum sp_status status = SP_OK;
    for (size_t i = 0; status == SP_OK && i < parts->config->oidc_client_count; i++) {
        const struct sp_cfg_oidc *config = &parts->config->oidc_clients[i];
        if (parts->sessions && sp_oidc_logs_in(config))
            status = add(parts, config, table, err);
    }
    return status;
}
