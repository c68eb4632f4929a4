/* SPDX-License-Identifier: Apache-2.0
 * The client certificate of the connection: the engine has verified chain, validity and purpose, the registry
 * says whose it is.
 */
#include <stdio.h>
#include <stdlib.h>

#include "authn/basic_challenge.h"
#include "authn/kind.h"
#include "authn/message.h"
#include "authn/remembered.h"

struct certificate {
    struct sp_authn_provider provider;
    bool fails_over; /* to name and password */
};

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    return attempt->request->client_certificate.len ? SP_OFFER_CREDENTIAL : SP_OFFER_NONE;
}

static enum sp_status io_find(const struct sp_authn_attempt *attempt, struct sp_registry_user *ret_user,
                              struct sp_error *err)
{
    const struct sp_authn_parts *parts = attempt->parts;
    struct sp_str der = attempt->request->client_certificate;
    struct sp_cache_key key;
    if (parts->caches) {
        key = sp_remembered_key(parts, "certificate", der, SP_STR(""));
        if (sp_remembered_user(parts, key, attempt->arena, ret_user))
            return SP_OK;
    }
    enum sp_status status = io_registry_find_certificate(parts->registry, der, attempt->arena, ret_user, err);
    if (status == SP_OK && parts->caches)
        sp_remember_user(parts, key, 0, ret_user);
    return status;
}

/* Without an id of the registry's own. */
static void name_error(struct sp_error *err, enum sp_status status)
{
    if (!err->id[0])
        snprintf(err->id, sizeof err->id, "%s",
                 status == SP_ENOTFOUND  ? SP_MSG_CERTIFICATE_UNKNOWN
                 : status == SP_EUNAVAIL ? SP_MSG_AUTHORITY_UNAVAILABLE
                                         : SP_MSG_CERTIFICATE_REFUSED);
}

static enum sp_status io_check(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    const struct certificate *certificate = (const struct certificate *)self;
    struct sp_assertion assertion = {.kind = SP_ASSERT_REGISTRY,
                                     .scheme = SP_AUTHN_CERTIFICATE,
                                     .strength = SP_STRENGTH_POSSESSION,
                                     .gives_sso = true};
    enum sp_status status = io_find(attempt, &assertion.user, err);
    if (status == SP_OK) {
        assertion.name = assertion.user.name;
        assertion.realm = sp_registry_realm(attempt->parts->registry);
        *ret_assertion = assertion;
        return SP_OK;
    }
    name_error(err, status);
    bool unavailable = status == SP_EUNAVAIL || status == SP_ENOMEM || status == SP_ECANCELED;
    if (unavailable)
        ret_challenge->status = 503;
    else if (!certificate->fails_over)
        ret_challenge->status = 403;
    return status;
}

static void certificate_free(struct sp_authn_provider *self)
{
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "certificate",
    .offers = offers,
    .io_check = io_check,
    .free = certificate_free,
};

enum sp_status sp_authn_make_certificate(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                         struct sp_error *err)
{
    const struct sp_cfg_web_app_security *security = &parts->config->web_app_security;
    if (security->override_method.len &&
        !sp_str_caseless_eq(security->override_method, SP_STR("CLIENT_CERT")))
        return SP_OK;
    struct certificate *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    self->provider = (struct sp_authn_provider){.kind = &kind, .stage = SP_STAGE_METHOD};
    self->fails_over = sp_basic_is_offered(security);
    return sp_authn_table_add(table, &self->provider, NULL, err);
}
