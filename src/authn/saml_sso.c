/* SPDX-License-Identifier: Apache-2.0
 * Logins in a browser with a SAML identity provider (samlWebSso20 inboundPropagation="none"): who has no
 * credential is sent there, and keeps what came of it in a cookie.
 */
#include "authn/saml_sso.h"

#include <stdlib.h>

#include "authn/browser.h"
#include "authn/saml_config.h"
#include "authn/saml_subject.h"
#include "io/origin.h"

#define TEXTS_MAX 8192u
#define STATE_LEN 43u
#define STATE_IN_NAME 12u
#define US_PER_S 1000000
#define DAY_US INT64_C(86400000000)

/* ---------------------------------------------------------------- for all files */

bool sp_saml_sso_self(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                      struct sp_saml_self *ret_self)
{
    struct sp_arena *arena = attempt->arena;
    struct sp_str origin = sso->origin;
    if (!origin.len)
        origin = sp_http_origin(attempt->request, attempt->request->tls, 0, arena);
    if (!origin.ptr)
        return false;
    struct sp_saml_self self = {
        .entity_id = sp_arena_printf(arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(sso->base)),
        .acs_url = sp_arena_printf(arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(sso->acs_path)),
        .logout_url = sp_arena_printf(arena, "%.*s%.*s", SP_STR_ARG(origin), SP_STR_ARG(sso->messages_path)),
    };
    *ret_self = self;
    return self.entity_id.ptr && self.acs_url.ptr && self.logout_url.ptr;
}

struct sp_str sp_saml_login_cookie(struct sp_str state, struct sp_arena *arena)
{
    if (state.len != STATE_LEN)
        return (struct sp_str){NULL, 0};
    return sp_arena_printf(arena, "SallyportSamlLogin_%.*s", (int)STATE_IN_NAME, state.ptr);
}

/* The form comes from another site: only SameSite=None, which needs TLS, lets the cookie come along. */
bool sp_saml_sso_set_login_cookie(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                  struct sp_challenge *challenge, struct sp_str name, struct sp_str value,
                                  int64_t max_age_s)
{
    enum sp_same_site site = attempt->request->tls ? SP_SAME_SITE_NONE : SP_SAME_SITE_UNSAID;
    return name.ptr && sp_browser_set_cookie(attempt, challenge, name, sso->acs_path, value, max_age_s, site);
}

enum sp_status sp_saml_sso_secure(const struct sp_saml_sso *sso, const struct sp_authn_attempt *attempt,
                                  struct sp_error *err)
{
    if (attempt->request->tls || !sso->config->login.https_required)
        return SP_OK;
    return sp_error_set(err, SP_EDENIED, NULL,
                        "a login by samlWebSso20 %.*s needs HTTPS (httpsRequired), and the browser came "
                        "without",
                        SP_STR_ARG(sso->config->id));
}

enum sp_status sp_saml_sso_session(const struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                   struct sp_session *ret_session, struct sp_error *err)
{
    struct sp_str sealed = sp_http_cookie_get(attempt->request, sso->session_cookie);
    struct sp_session session;
    if (!sealed.ptr)
        return sp_error_set(err, SP_ENOTFOUND, NULL, "the browser has no session");
    enum sp_status status =
        sp_session_open(sealed, &sso->session_seal, attempt->now_us, attempt->arena, &session, err);
    if (status == SP_OK && (!sp_str_eq(session.provider, sso->config->id) ||
                            sp_session_store_has_ended(sso->parts->sessions, &session, attempt->now_us)))
        status = sp_error_set(err, SP_EDENIED, NULL, "the session was ended");
    if (status == SP_OK)
        *ret_session = session;
    return status;
}

int64_t sp_saml_sso_session_max_us(const struct sp_saml_sso *sso)
{
    int64_t configured_us = sso->config->login.session_us;
    return configured_us > DAY_US ? configured_us : DAY_US;
}

struct sp_saml_signer sp_saml_sso_signer(const struct sp_saml_sso *sso)
{
    const struct sp_saml_settings *settings = sso->settings;
    return (struct sp_saml_signer){.key = sso->config->login.requests_signed ? settings->key : NULL,
                                   .certificate = settings->certificate,
                                   .method = sso->config->signature_method};
}

/* ---------------------------------------------------------------- a request */

/* Who is sent a page instead of what was asked for must be able to show it: a program would take it for the
 * answer, which has status 200 too. */
static bool can_be_asked(const struct sp_saml_sso *sso, const struct sp_http_request *request)
{
    bool is_page = !sso->config->login.login_page_url.len && sso->settings->idp.login.is_post;
    struct sp_str accept = sp_http_header_get(request, "Accept");
    return sp_browser_navigates(request) && (!is_page || sp_http_header_get(request, "Sec-Fetch-Mode").ptr ||
                                             (accept.len && memmem(accept.ptr, accept.len, "text/html", 9)));
}

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    const struct sp_saml_sso *sso = (const struct sp_saml_sso *)self;
    const struct sp_http_request *request = attempt->request;
    if (sp_browser_has_session(attempt, sso->session_cookie))
        return SP_OFFER_CREDENTIAL;
    return !attempt->authorization.ptr && can_be_asked(sso, request) ? SP_OFFER_DEMAND : SP_OFFER_NONE;
}

/* What the provider is asked; the login's cookie goes with it. */
static enum sp_status ask(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                          const struct sp_oidc_login *login, struct sp_challenge *challenge,
                          struct sp_error *err)
{
    const struct sp_cfg_saml_login *config = &sso->config->login;
    const struct sp_saml_settings *settings = sso->settings;
    const struct sp_saml_endpoint *to = &settings->idp.login;
    struct sp_saml_self self;
    struct sp_str id = sp_arena_printf(attempt->arena, "_%.*s", SP_STR_ARG(login->nonce));
    if (!id.ptr || !sp_saml_sso_self(sso, attempt, &self))
        return SP_ENOMEM;
    const struct sp_saml_sending sending = {
        .to = *to,
        .field = "SAMLRequest",
        .document = sp_saml_authn_request(config, &self, id, to->url, attempt->now_us, attempt->arena),
        .relay_state = login->state,
        .signer = sp_saml_sso_signer(sso),
    };
    return sp_saml_send(&sending, attempt->arena, challenge, err);
}

/* Send the browser to the provider, with a login of its own. Where the provider wants to begin by itself,
 * only the page that was asked for is kept. */
static enum sp_status begin(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                            struct sp_challenge *challenge, struct sp_error *err)
{
    const struct sp_cfg_saml_login *config = &sso->config->login;
    bool asks = !config->login_page_url.len;
    struct sp_oidc_login login = {.expires_us = 0};
    struct sp_str target = config->forgets_target ? SP_STR("/") : attempt->request->target;
    struct sp_buf sealed;
    sp_buf_init(&sealed, SP_COOKIE_SEALED_MAX(SP_OIDC_TARGET_MAX + 1024u));
    enum sp_status status = sp_oidc_login_make(
        sso->config->id, target, attempt->now_us + config->request_time_us, attempt->arena, &login);
    if (status == SP_OK)
        status = sp_oidc_login_seal(&login, &sso->login_seal, &sealed, err);
    struct sp_str cookie = asks ? sp_saml_login_cookie(login.state, attempt->arena) : sso->target_cookie;
    if (status == SP_OK && (asks || !config->forgets_target) &&
        !sp_saml_sso_set_login_cookie(sso, attempt, challenge, cookie, sp_buf_str(&sealed),
                                      config->request_time_us / US_PER_S))
        status = SP_ENOMEM;
    sp_buf_finish(&sealed);
    if (status == SP_OK)
        status = asks ? ask(sso, attempt, &login, challenge, err)
                      : sp_browser_send_to(challenge, config->login_page_url, err);
    if (status == SP_OK)
        return SP_OK;
    challenge->status = 503;
    return err->text[0] ? status : sp_error_set(err, status, NULL, "no memory for a login");
}

static enum sp_status io_check(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    struct sp_saml_sso *sso = (struct sp_saml_sso *)self;
    struct sp_session session;
    enum sp_status status = sp_saml_sso_session(sso, attempt, &session, err);
    if (status == SP_OK) {
        *ret_assertion = session.assertion;
        return SP_OK;
    }
    if (status == SP_ENOMEM) {
        ret_challenge->status = 503;
        return status;
    }
    if (!attempt->required || attempt->authorization.ptr || !can_be_asked(sso, attempt->request))
        return status;
    status = sp_saml_sso_secure(sso, attempt, err);
    if (status != SP_OK) {
        ret_challenge->status = 403;
        return status;
    }
    *err = (struct sp_error)SP_ERROR_INIT;
    return begin(sso, attempt, ret_challenge, err);
}

/* ---------------------------------------------------------------- own URLs */

static enum sp_status tell_metadata(struct sp_saml_sso *sso, struct sp_authn_attempt *attempt,
                                    struct sp_challenge *challenge, struct sp_error *err)
{
    struct sp_saml_self self;
    bool with_keys = sso->config->login.includes_certificate;
    enum sp_status status = sp_saml_sso_secure(sso, attempt, err);
    if (status != SP_OK) {
        challenge->status = 403;
        return status;
    }
    challenge->body = sp_saml_sso_self(sso, attempt, &self)
                          ? sp_saml_metadata(sso->config, &self,
                                             with_keys ? sso->settings->certificate : NULL, attempt->arena)
                          : (struct sp_str){NULL, 0};
    if (!challenge->body.ptr)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for metadata");
    challenge->status = 200;
    sp_challenge_add(challenge, "Content-Type", SP_STR("application/samlmetadata+xml"));
    sp_challenge_add(challenge, "Content-Disposition", SP_STR("attachment; filename=\"spMetadata.xml\""));
    sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store"));
    return SP_OK;
}

static enum sp_status refuse_method(struct sp_challenge *challenge, struct sp_str allowed,
                                    struct sp_error *err)
{
    challenge->status = 405;
    sp_challenge_add(challenge, "Allow", allowed);
    sp_challenge_add(challenge, "Cache-Control", SP_STR("no-store"));
    return sp_error_set(err, SP_EDENIED, NULL, "the method is none of this URL");
}

static enum sp_status io_answer(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                                struct sp_challenge *ret_challenge, struct sp_error *err)
{
    struct sp_saml_sso *sso = (struct sp_saml_sso *)self;
    struct sp_str path = attempt->request->path;
    bool is_get = sp_str_is(attempt->request->method, "GET");
    bool is_post = sp_str_is(attempt->request->method, "POST");
    bool is_logout = sp_str_eq(path, sso->logout_path), is_message = sp_str_eq(path, sso->messages_path);
    if (sp_str_eq(path, sso->acs_path))
        return is_post ? io_saml_return(sso, attempt, ret_challenge, err)
                       : refuse_method(ret_challenge, SP_STR("POST"), err);
    if ((is_logout || is_message) && !is_get && !is_post)
        return refuse_method(ret_challenge, SP_STR("GET, POST"), err);
    if (is_logout)
        return sp_saml_log_out(sso, attempt, ret_challenge, err);
    if (is_message)
        return io_saml_logout_message(sso, attempt, ret_challenge, err);
    return is_get ? tell_metadata(sso, attempt, ret_challenge, err)
                  : refuse_method(ret_challenge, SP_STR("GET"), err);
}

/* ---------------------------------------------------------------- making it */

static void sso_free(struct sp_authn_provider *self)
{
    struct sp_saml_sso *sso = (struct sp_saml_sso *)self;
    sp_saml_settings_release(sso->settings);
    sp_cookie_seal_finish(&sso->login_seal);
    sp_cookie_seal_finish(&sso->session_seal);
    sp_arena_finish(&sso->arena);
    free(sso);
}

static const struct sp_authn_provider_kind kind = {
    .name = "samlWebSso20",
    .offers = offers,
    .io_check = io_check,
    .io_answer = io_answer,
    .free = sso_free,
};

/* "https://host:port" of spHostAndPort, which may leave out the scheme. */
static struct sp_str origin_of(struct sp_str host_and_port, struct sp_arena *arena)
{
    bool has_scheme =
        sp_str_starts(host_and_port, SP_STR("https://")) || sp_str_starts(host_and_port, SP_STR("http://"));
    if (sp_str_ends(host_and_port, SP_STR("/")))
        host_and_port.len--;
    return has_scheme || !host_and_port.len
               ? sp_arena_str(arena, host_and_port)
               : sp_arena_printf(arena, "https://%.*s", SP_STR_ARG(host_and_port));
}

static enum sp_status name_all(struct sp_saml_sso *sso, struct sp_error *err)
{
    struct sp_arena *arena = &sso->arena;
    struct sp_str id = sso->config->id, cookie = sso->config->login.cookie_name;
    sso->base = sp_arena_printf(arena, "/ibm/saml20/%.*s", SP_STR_ARG(id));
    sso->acs_path = sp_arena_printf(arena, "%.*s/acs", SP_STR_ARG(sso->base));
    sso->metadata_path = sp_arena_printf(arena, "%.*s/samlmetadata", SP_STR_ARG(sso->base));
    sso->logout_path = sp_arena_printf(arena, "%.*s/logout", SP_STR_ARG(sso->base));
    sso->messages_path = sp_arena_printf(arena, "%.*s/slo", SP_STR_ARG(sso->base));
    sso->target_cookie = sp_arena_printf(arena, "SallyportSamlTarget_%.*s", SP_STR_ARG(id));
    sso->session_cookie = cookie.len ? sp_arena_str(arena, cookie)
                                     : sp_arena_printf(arena, "SallyportSaml_%.*s", SP_STR_ARG(id));
    sso->origin = origin_of(sso->config->login.host_and_port, arena);
    const struct sp_str paths[] = {sso->acs_path, sso->metadata_path, sso->logout_path, sso->messages_path};
    memcpy(sso->paths, paths, sizeof sso->paths);
    sso->provider.path_count = SP_SAML_PATHS;
    return sso->base.ptr && sso->acs_path.ptr && sso->metadata_path.ptr && sso->logout_path.ptr &&
                   sso->messages_path.ptr && sso->target_cookie.ptr && sso->session_cookie.ptr &&
                   sso->origin.ptr
               ? SP_OK
               : sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
}

static enum sp_status fill(struct sp_saml_sso *sso, struct sp_error *err)
{
    const struct sp_authn_parts *parts = sso->parts;
    enum sp_status status = sp_saml_config_check(sso->config, err);
    if (status == SP_OK)
        status = name_all(sso, err);
    if (status == SP_OK)
        status = sp_saml_settings_new(sso->config, parts->config->default_ssl, &sso->settings, err);
    if (status == SP_OK)
        status = sp_session_store_seal(parts->sessions, SP_STR("SAML login"), &sso->login_seal, err);
    if (status == SP_OK)
        status = sp_session_store_seal(parts->sessions, SP_STR("SAML session"), &sso->session_seal, err);
    return status;
}

enum sp_status sp_saml_sso_add(const struct sp_authn_parts *parts, const struct sp_cfg_saml *config,
                               struct sp_authn_table *table, struct sp_error *err)
{
    struct sp_saml_sso *sso = calloc(1, sizeof *sso);
    if (!sso)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    sp_arena_init(&sso->arena, TEXTS_MAX);
    sso->provider = (struct sp_authn_provider){
        .kind = &kind,
        .id = config->id,
        .stage = config->disable_ltpa_cookie ? SP_STAGE_BEFORE_SSO : SP_STAGE_AFTER_SSO,
        .paths = sso->paths,
    };
    sso->parts = parts;
    sso->config = config;
    sso->gives_ltpa = !config->disable_ltpa_cookie && parts->config->ltpa.given &&
                      parts->config->web_app_security.single_signon_enabled &&
                      sp_saml_mapping_of(config) == SP_SAML_MAP_USER;
    enum sp_status status = fill(sso, err);
    if (status != SP_OK) {
        sso_free(&sso->provider);
        return status;
    }
    return sp_authn_table_add(table, &sso->provider, &config->auth_filters, err);
}
