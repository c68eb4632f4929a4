/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/saml_config.h"

#include "authn/message.h"
#include "authn/saml_check.h"
#include "authn/saml_request.h"
#include "authn/saml_subject.h"

/* ---------------------------------------------------------------- texts */

/* Part of URLs and of the names of cookies. */
static bool is_plain(struct sp_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = sp_lower(text.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._", c))))
            return false;
    }
    return text.len > 0;
}

/* A browser is sent there: an absolute URL of http or https, or a path of this server. */
static bool is_page(struct sp_str url)
{
    bool is_path = sp_str_starts(url, SP_STR("/")) && !sp_str_starts(url, SP_STR("//"));
    for (size_t i = 0; i < url.len; i++)
        if (url.ptr[i] <= 0x20 || url.ptr[i] >= 0x7f || strchr("\"<>\\", url.ptr[i]))
            return false;
    return is_path || sp_str_starts(url, SP_STR("https://")) || sp_str_starts(url, SP_STR("http://"));
}

static bool starts(struct sp_str *text, struct sp_str prefix)
{
    if (!sp_str_starts(*text, prefix))
        return false;
    *text = sp_str_slice(*text, prefix.len, text->len);
    return true;
}

/* "https://host:port", "host:port", "host" */
static bool is_address(struct sp_str address, bool https_required)
{
    bool is_plain_http = starts(&address, SP_STR("http://"));
    if (is_plain_http && https_required)
        return false;
    if (!is_plain_http)
        starts(&address, SP_STR("https://"));
    if (sp_str_ends(address, SP_STR("/")))
        address.len--;
    for (size_t i = 0; i < address.len; i++) {
        char c = sp_lower(address.ptr[i]);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c && strchr("-._:[]", c))))
            return false;
    }
    return address.len > 0;
}

static bool names_audience(const struct sp_str_list *audiences)
{
    for (size_t i = 0; i < audiences->count; i++)
        if (sp_str_is(sp_str_trim(audiences->items[i]), "ANY"))
            return false;
    return audiences->count > 0;
}

/* ---------------------------------------------------------------- an element for logins in a browser */

static const char *wrong_page(const struct sp_cfg_saml_login *login)
{
    const struct {
        struct sp_str url;
        const char *wrong;
    } pages[] = {
        {login->login_page_url, "loginPageURL is no URL"},
        {login->error_page_url, "errorPageURL is no URL and no path"},
        {login->target_page_url, "targetPageUrl is no URL and no path"},
        {login->post_logout_url, "postLogoutRedirectUrl is no URL and no path"},
    };
    for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
        if (pages[i].url.len && !is_page(pages[i].url))
            return pages[i].wrong;
    return NULL;
}

enum sp_status sp_saml_config_check(const struct sp_cfg_saml *config, struct sp_error *err)
{
    const struct sp_cfg_saml_login *login = &config->login;
    const char *wrong = wrong_page(login);
    if (!is_plain(config->id))
        wrong = "its id is part of a URL, and must consist of letters, digits, '-', '.' and '_'";
    else if (login->cookie_name.len && !is_plain(login->cookie_name))
        wrong = "spCookieName must consist of letters, digits, '-', '.' and '_'";
    else if (login->host_and_port.len && !is_address(login->host_and_port, login->https_required))
        wrong = "spHostAndPort is not https://host:port (http:// needs httpsRequired=\"false\")";
    else if (!login->host_and_port.len && !names_audience(&config->audiences))
        wrong = "write spHostAndPort, the address that browsers use: without it, and without audiences, an "
                "assertion that was made for another server could be brought here under that server's name";
    else if (!sp_saml_name_format(login).ptr)
        wrong = "nameIDFormat=\"customize\" needs customizeNameIDFormat";
    return wrong ? sp_error_set(err, SP_EINVAL, NULL, "%s", wrong) : SP_OK;
}

/* ---------------------------------------------------------------- all of them */

static void warn(const struct sp_config *whole, const struct sp_cfg_saml *config,
                 struct sp_problems *problems, const char *id, const char *text)
{
    sp_config_problem(whole, config, id, problems, "samlWebSso20[%.*s]: %s", SP_STR_ARG(config->id), text);
}

static void find_warnings(const struct sp_config *whole, const struct sp_cfg_saml *config,
                          const struct sp_saml_settings *settings, struct sp_problems *problems)
{
    bool has_ltpa = whole->ltpa.given && whole->web_app_security.single_signon_enabled;
    if (!config->disable_ltpa_cookie && (sp_saml_mapping_of(config) != SP_SAML_MAP_USER || !has_ltpa))
        warn(whole, config, problems, SP_MSG_SAML_NO_EFFECT,
             "disableLtpaCookie=\"false\" has no effect: an LTPA cookie is for users of the registry "
             "(mapToUserRegistry=\"User\") of a server with <ltpa>");
    if (sp_saml_logs_in(config) && config->login.tells_provider && !settings->idp.logout.url.len)
        warn(whole, config, problems, SP_MSG_SAML_NO_EFFECT,
             "spLogout=\"true\" tells nobody: idpMetadata has no SingleLogoutService for HTTP-Redirect or "
             "HTTP-POST");
}

/* What works, and should not, or will not when it comes to it. */
static void find_dangers(const struct sp_config *whole, const struct sp_cfg_saml *config,
                         const struct sp_saml_settings *settings, struct sp_problems *problems)
{
    const struct sp_cfg_saml_login *login = &config->login;
    bool logs_in = sp_saml_logs_in(config);
    if (!logs_in && !config->want_assertions_signed)
        warn(whole, config, problems, SP_MSG_SAML_UNSAFE,
             "wantAssertionsSigned=\"false\" lets everybody in under every name: an assertion in a header is "
             "then believed without a signature");
    if (settings->policy.allows_sha1)
        warn(whole, config, problems, SP_MSG_SAML_UNSAFE,
             "signatureMethodAlgorithm takes signatures with SHA-1, which can be forged; have the provider "
             "use "
             "SHA256");
    if (logs_in && !login->requests_signed && settings->idp.wants_signed)
        warn(whole, config, problems, SP_MSG_SAML_UNSAFE,
             "authnRequestsSigned=\"false\", and idpMetadata says that the provider wants signed requests "
             "(WantAuthnRequestsSigned)");
    if (logs_in && login->https_required && sp_str_starts(settings->idp.login.url, SP_STR("http://")))
        warn(whole, config, problems, SP_MSG_SAML_UNSAFE,
             "the provider's SingleSignOnService in idpMetadata is plain HTTP, where passwords and "
             "assertions can "
             "be read on their way");
}

static bool is_usable(const struct sp_config *whole, const struct sp_cfg_saml *config,
                      struct sp_problems *problems)
{
    struct sp_saml_settings *settings = NULL;
    struct sp_error err = SP_ERROR_INIT;
    enum sp_status status = sp_saml_logs_in(config) ? sp_saml_config_check(config, &err) : SP_OK;
    if (status == SP_OK)
        status = sp_saml_settings_new(config, whole->default_ssl, &settings, &err);
    if (status == SP_OK) {
        find_warnings(whole, config, settings, problems);
        find_dangers(whole, config, settings, problems);
    } else
        sp_config_problem(whole, config, SP_MSG_SAML_UNUSABLE, problems, "samlWebSso20[%.*s]: %s",
                          SP_STR_ARG(config->id), err.text);
    sp_saml_settings_release(settings);
    return status == SP_OK;
}

enum sp_status sp_saml_config_problems(const struct sp_config *config, struct sp_problems *problems,
                                       struct sp_error *err)
{
    bool usable = true;
    for (size_t i = 0; i < config->saml_count; i++)
        usable &= !config->saml[i].enabled || is_usable(config, &config->saml[i], problems);
    return usable
               ? SP_OK
               : sp_error_set(err, SP_EINVAL, SP_MSG_SAML_UNUSABLE, "a samlWebSso20 element cannot be used");
}
