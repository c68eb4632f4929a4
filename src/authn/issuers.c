/* SPDX-License-Identifier: Apache-2.0 */
#include "authn/issuers.h"

#include <stdlib.h>

struct sp_issuers {
    struct sp_loop *loop;
    const struct sp_config *config;
    struct sp_issuer *of[]; /* each element of the configuration; NULL: nobody has asked */
};

enum sp_status sp_issuers_new(struct sp_loop *loop, const struct sp_config *config,
                              struct sp_issuers **ret_issuers, struct sp_error *err)
{
    struct sp_issuers *issuers =
        calloc(1, sizeof *issuers + config->oidc_client_count * sizeof(struct sp_issuer *));
    if (!issuers)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for the issuers of tokens");
    issuers->loop = loop;
    issuers->config = config;
    *ret_issuers = issuers;
    return SP_OK;
}

enum sp_status sp_issuers_get(struct sp_issuers *issuers, const struct sp_cfg_oidc *client,
                              struct sp_issuer **ret_issuer, struct sp_error *err)
{
    struct sp_issuer **place = &issuers->of[client - issuers->config->oidc_clients];
    enum sp_status status =
        *place ? SP_OK : sp_issuer_new(issuers->loop, issuers->config, client, place, err);
    if (status != SP_OK) {
        sp_error_prefix(err, "openidConnectClient %.*s", SP_STR_ARG(client->id));
        return status;
    }
    *ret_issuer = *place;
    return SP_OK;
}

void sp_issuers_start(struct sp_issuers *issuers)
{
    for (size_t i = 0; i < issuers->config->oidc_client_count; i++)
        if (issuers->of[i])
            sp_issuer_start(issuers->of[i]);
}

const struct sp_cfg_oidc *sp_issuers_waiting(const struct sp_issuers *issuers)
{
    for (size_t i = 0; i < issuers->config->oidc_client_count; i++)
        if (issuers->of[i] && !sp_issuer_is_ready(issuers->of[i]))
            return &issuers->config->oidc_clients[i];
    return NULL;
}

void sp_issuers_free(struct sp_issuers *issuers)
{
    if (!issuers)
        return;
    for (size_t i = 0; i < issuers->config->oidc_client_count; i++)
        sp_issuer_free(issuers->of[i]);
    free(issuers);
}
