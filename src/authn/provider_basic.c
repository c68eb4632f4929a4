/* SPDX-License-Identifier: Apache-2.0
 * Name and password, checked by the registry.
 */
#include <stdlib.h>

#include "authn/basic.h"
#include "authn/basic_challenge.h"
#include "authn/kind.h"

struct basic {
    struct sp_authn_provider provider;
    struct sp_basic_challenge challenge;
};

static enum sp_offer offers(const struct sp_authn_provider *self, struct sp_authn_attempt *attempt)
{
    return sp_basic_is(attempt->authorization) || sp_str_caseless_eq(attempt->authorization, SP_STR("Basic"))
               ? SP_OFFER_CREDENTIAL
               : SP_OFFER_NONE;
}

static enum sp_status io_check(struct sp_authn_provider *self, struct sp_authn_attempt *attempt,
                               struct sp_assertion *ret_assertion, struct sp_challenge *ret_challenge,
                               struct sp_error *err)
{
    const struct basic *basic = (const struct basic *)self;
    struct sp_assertion assertion = {.kind = SP_ASSERT_REGISTRY,
                                     .scheme = SP_AUTHN_BASIC,
                                     .strength = SP_STRENGTH_PASSWORD,
                                     .gives_sso = true};
    struct sp_basic_credentials credentials;
    enum sp_status status = sp_basic_read(attempt->authorization, &credentials, err);
    if (status == SP_OK)
        status = io_registry_verify(attempt->parts->registry, credentials.name, credentials.password,
                                    attempt->arena, &assertion.user, err);
    else
        status = SP_EDENIED;
    sp_basic_wipe(&credentials);
    if (status == SP_OK) {
        assertion.name = assertion.user.name;
        assertion.realm = sp_registry_realm(attempt->parts->registry);
        *ret_assertion = assertion;
    } else if (status == SP_EDENIED) {
        sp_basic_challenge_put(&basic->challenge, ret_challenge);
    } else {
        ret_challenge->status = 503;
    }
    return status;
}

static void basic_free(struct sp_authn_provider *self)
{
    free(self);
}

static const struct sp_authn_provider_kind kind = {
    .name = "basic",
    .offers = offers,
    .io_check = io_check,
    .free = basic_free,
};

enum sp_status sp_authn_make_basic(const struct sp_authn_parts *parts, struct sp_authn_table *table,
                                   struct sp_error *err)
{
    if (!sp_basic_is_offered(&parts->config->web_app_security))
        return SP_OK;
    struct basic *self = calloc(1, sizeof *self);
    if (!self)
        return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
    self->provider = (struct sp_authn_provider){
        .kind = &kind, .stage = SP_STAGE_METHOD, .header = SP_STR_INIT("Authorization")};
    sp_basic_challenge_init(&self->challenge, &parts->config->web_app_security,
                            sp_registry_realm(parts->registry));
    return sp_authn_table_add(table, &self->provider, NULL, err);
}
