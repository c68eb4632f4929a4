/* SPDX-License-Identifier: Apache-2.0
 * Whether the elements for tokens and assertions can be used, told before a worker finds out.
 */
#include "authn/certificate_status.h"
#include "authn/issuer.h"
#include "authn/kind.h"
#include "authn/message.h"
#include "authn/saml_config.h"
#include "authn/saml_sso.h"
#include "config/problem.h"

static enum sp_status check_element(const struct sp_config *config, const struct sp_cfg_oidc *client,
                                    struct sp_issuer **ret_issuer, struct sp_error *err)
{
    enum sp_status status = sp_token_check_element(client, err);
    if (status == SP_OK && sp_oidc_logs_in(client))
        status = sp_oidc_check(client, err);
    if (status != SP_OK)
        return status;
    status = sp_issuer_new(NULL, config, client, ret_issuer, err);
    if (status != SP_OK)
        sp_error_prefix(err, "openidConnectClient %.*s", SP_STR_ARG(client->id));
    return status;
}

/* It starts, and may be meant so; but what comes of it surprises. */
static void warn(const struct sp_config *config, const struct sp_cfg_oidc *client,
                 const struct sp_issuer *issuer, struct sp_problems *problems)
{
    bool asks = client->validation_url.len || client->discovery_url.len;
    bool logs_in = sp_oidc_logs_in(client), tokens = client->propagation != SP_CFG_PROPAGATION_NONE;
    bool only_asks = sp_str_caseless_eq(client->remote_validation, SP_STR("require"));
    struct sp_str id = client->id;
    if (!sp_issuer_has_keys(issuer) && (logs_in || (tokens && !only_asks)))
        sp_config_problem(
            config, client, SP_MSG_CLIENT_NO_KEYS, problems,
            "openidConnectClient %.*s: nothing says by which key tokens are signed with %.*s, so that "
            "no JWT is accepted%s: set jwkEndpointUrl or discoveryEndpointUrl, or trustStoreRef and "
            "trustAliasName, or for HS algorithms a sharedKey or clientSecret as long as the hash",
            SP_STR_ARG(id), SP_STR_ARG(client->signature_algorithm),
            asks && tokens ? " (other tokens are asked about)" : "");
    if (tokens && asks && !client->client_id.len &&
        sp_str_caseless_eq(client->validation_method, SP_STR("introspect")) &&
        (client->validation_url.len || only_asks))
        sp_config_problem(
            config, client, SP_MSG_CLIENT_NO_ID, problems,
            "openidConnectClient %.*s: without clientId the issuer is not asked about tokens, because "
            "it would not know who asks",
            SP_STR_ARG(id));
}

static void tell(const struct sp_config *config, const void *element, const struct sp_error *why,
                 struct sp_problems *problems)
{
    sp_config_problem(config, element, SP_MSG_CLIENT_UNUSABLE, problems, "%s%s%s%s%s%s", why->id,
                      why->id[0] ? ": " : "", why->text, why->file[0] ? " (" : "", why->file,
                      why->file[0] ? ")" : "");
}

/* ---- one filter of two elements ---- */

struct user {
    const void *element;
    const char *kind;
    struct sp_str id;
    const struct sp_cfg_auth_filters *filters;
    bool tokens, logs_in;
};

static const struct sp_cfg_auth_filter *common_filter(const struct user *a, const struct user *b)
{
    for (size_t i = 0; i < a->filters->count; i++)
        for (size_t k = 0; k < b->filters->count; k++)
            if (a->filters->items[i] == b->filters->items[k])
                return a->filters->items[i];
    return NULL;
}

static void compare(const struct sp_config *config, const struct user *first, const struct user *second,
                    struct sp_problems *problems)
{
    const struct sp_cfg_auth_filter *filter = common_filter(first, second);
    bool rivals = (first->tokens && second->tokens) || (first->logs_in && second->logs_in);
    if (filter && rivals)
        sp_config_problem(
            config, second->element, SP_MSG_FILTERS_RIVAL, problems,
            "%s[%.*s]: authFilter[%.*s] is that of %s[%.*s] too, which comes first in server.xml "
            "and is asked where it has an answer: give each a filter of its own",
            second->kind, SP_STR_ARG(second->id), SP_STR_ARG(filter->id), first->kind, SP_STR_ARG(first->id));
}

static struct user client_of(const struct sp_cfg_oidc *client)
{
    return (struct user){client,
                         "openidConnectClient",
                         client->id,
                         &client->auth_filters,
                         client->propagation != SP_CFG_PROPAGATION_NONE,
                         sp_oidc_logs_in(client)};
}

static struct user saml_of(const struct sp_cfg_saml *saml)
{
    bool logs_in = sp_saml_logs_in(saml);
    return (struct user){saml, "samlWebSso20", saml->id, &saml->auth_filters, !logs_in, logs_in};
}

static void find_rivals(const struct sp_config *config, struct sp_problems *problems)
{
    for (size_t i = 1; i < config->oidc_client_count; i++)
        for (size_t k = 0; k < i; k++) {
            struct user first = client_of(&config->oidc_clients[k]);
            struct user second = client_of(&config->oidc_clients[i]);
            compare(config, &first, &second, problems);
        }
    for (size_t i = 1; i < config->saml_count; i++)
        for (size_t k = 0; k < i && config->saml[i].enabled; k++) {
            struct user first = saml_of(&config->saml[k]), second = saml_of(&config->saml[i]);
            if (config->saml[k].enabled)
                compare(config, &first, &second, problems);
        }
}

enum sp_status sp_authn_check(const struct sp_config *config, struct sp_problems *problems,
                              struct sp_error *err)
{
    enum sp_status first = sp_saml_config_problems(config, problems, err);
    for (size_t i = 0; i < config->oidc_client_count; i++) {
        struct sp_issuer *issuer = NULL;
        struct sp_error why = SP_ERROR_INIT;
        enum sp_status status = check_element(config, &config->oidc_clients[i], &issuer, &why);
        if (status == SP_OK)
            warn(config, &config->oidc_clients[i], issuer, problems);
        else
            tell(config, &config->oidc_clients[i], &why, problems);
        if (status != SP_OK && first == SP_OK)
            first = sp_error_set(err, SP_EINVAL, SP_MSG_CLIENT_UNUSABLE, "%s", why.text);
        sp_issuer_free(issuer);
    }
    find_rivals(config, problems);
    for (size_t i = 0; i < config->ssl_count; i++) {
        struct sp_error why = SP_ERROR_INIT;
        if (sp_certificate_status_check(&config->ssl[i], &why) == SP_OK)
            continue;
        sp_config_problem(config, &config->ssl[i], why.id, problems, "%s", why.text);
        if (first == SP_OK)
            first = sp_error_set(err, SP_EINVAL, why.id, "%s", why.text);
    }
    return first;
}
