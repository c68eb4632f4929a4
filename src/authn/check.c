/* SPDX-License-Identifier: Apache-2.0
 * Whether the elements for tokens and assertions can be used, told before a worker finds out.
 */
#include "authn/certificate_status.h"
#include "authn/issuer.h"
#include "authn/kind.h"
#include "authn/message.h"
#include "authn/saml_config.h"
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
static void warn(const struct sp_cfg_oidc *client, const struct sp_issuer *issuer,
                 struct sp_problems *problems)
{
    bool asks = client->validation_url.len || client->discovery_url.len;
    bool logs_in = sp_oidc_logs_in(client), tokens = client->propagation != SP_CFG_PROPAGATION_NONE;
    bool only_asks = sp_str_caseless_eq(client->remote_validation, SP_STR("require"));
    struct sp_str file = SP_STR("server.xml"), id = client->id;
    if (!sp_issuer_has_keys(issuer) && (logs_in || (tokens && !only_asks)))
        sp_problem_add(
            problems, SP_PROBLEM_WARNING, SP_MSG_CLIENT_NO_KEYS, file, 0, 0,
            "openidConnectClient %.*s: nothing says by which key tokens are signed with %.*s, so that "
            "no JWT is accepted%s: set jwkEndpointUrl or discoveryEndpointUrl, or trustStoreRef and "
            "trustAliasName, or for HS algorithms a sharedKey or clientSecret as long as the hash",
            SP_STR_ARG(id), SP_STR_ARG(client->signature_algorithm),
            asks && tokens ? " (other tokens are asked about)" : "");
    if (tokens && asks && !client->client_id.len &&
        sp_str_caseless_eq(client->validation_method, SP_STR("introspect")) &&
        (client->validation_url.len || only_asks))
        sp_problem_add(
            problems, SP_PROBLEM_WARNING, SP_MSG_CLIENT_NO_ID, file, 0, 0,
            "openidConnectClient %.*s: without clientId the issuer is not asked about tokens, because "
            "it would not know who asks",
            SP_STR_ARG(id));
}

static void tell(const struct sp_error *why, struct sp_problems *problems)
{
    sp_problem_add(problems, SP_PROBLEM_ERROR, SP_MSG_CLIENT_UNUSABLE, SP_STR("server.xml"), 0, 0,
                   "%s%s%s%s%s%s", why->id, why->id[0] ? ": " : "", why->text, why->file[0] ? " (" : "",
                   why->file, why->file[0] ? ")" : "");
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
            warn(&config->oidc_clients[i], issuer, problems);
        else
            tell(&why, problems);
        if (status != SP_OK && first == SP_OK)
            first = sp_error_set(err, SP_EINVAL, SP_MSG_CLIENT_UNUSABLE, "%s", why.text);
        sp_issuer_free(issuer);
    }
    struct sp_error why = SP_ERROR_INIT;
    if (sp_certificate_status_check(config, &why) == SP_OK)
        return first;
    sp_problem_add(problems, SP_PROBLEM_ERROR, why.id, SP_STR("server.xml"), 0, 0, "%s", why.text);
    return first == SP_OK ? sp_error_set(err, SP_EINVAL, why.id, "%s", why.text) : first;
}
