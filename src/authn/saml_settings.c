/* SPDX-License-Identifier: Apache-2.0
 * What a samlWebSso20 element says, with the files that it names.
 */
#include <stdlib.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "authn/saml_check.h"
#include "registry/key_source.h"

#define SETTINGS_MEMORY_MAX ((size_t)32 << 20) /* idpMetadata and its tree */
#define PROPAGATION_REQUIRED 0u                /* "required", the first of the attribute's values */
#define USUAL_ALIAS "samlsp"

bool sp_saml_logs_in(const struct sp_cfg_saml *config)
{
    return config->propagation != PROPAGATION_REQUIRED;
}

void sp_saml_settings_release(struct sp_saml_settings *settings)
{
    if (!settings || __atomic_sub_fetch(&settings->references, 1, __ATOMIC_ACQ_REL))
        return;
    sp_saml_trust_free(settings->trust);
    EVP_PKEY_free(settings->key);
    X509_free(settings->certificate);
    sp_arena_finish(&settings->arena);
    free(settings);
}

static enum sp_status no_memory(struct sp_error *err)
{
    return sp_error_set(err, SP_ENOMEM, NULL, "no memory for authentication");
}

/* ---------------------------------------------------------------- rules */

static bool copy_list(struct sp_saml_settings *settings, const struct sp_str_list *from,
                      struct sp_str_list *ret_list)
{
    struct sp_str *items = sp_arena_calloc(&settings->arena, from->count + 1, sizeof *items);
    for (size_t i = 0; items && i < from->count; i++) {
        items[i] = sp_arena_str(&settings->arena, from->items[i]);
        if (!items[i].ptr)
            return false;
    }
    *ret_list = (struct sp_str_list){items, from->count};
    return items != NULL;
}

static bool copy_text(struct sp_saml_settings *settings, struct sp_str from, struct sp_str *ret_text)
{
    *ret_text = sp_arena_str(&settings->arena, from);
    return ret_text->ptr != NULL;
}

static bool names_any(const struct sp_str_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        if (sp_str_is(sp_str_trim(list->items[i]), "ANY"))
            return true;
    return !list->count;
}

static enum sp_status copy_rules(struct sp_saml_settings *settings, const struct sp_cfg_saml *config,
                                 struct sp_error *err)
{
    struct sp_saml_rules *rules = &settings->rules;
    bool by_name_id = sp_str_is(config->user_identifier, "NameID");
    rules->clock_skew_us = config->clock_skew_us;
    settings->audience_is_self = names_any(&config->audiences);
    settings->wants_assertion_signed = config->want_assertions_signed;
    settings->policy = sp_saml_signature_policy_of(config->signature_method);
    bool whole =
        copy_list(settings, &config->pkix.trusted_issuers, &rules->trusted_issuers) &&
        copy_list(settings, &config->audiences, &rules->audiences) &&
        copy_text(settings, by_name_id ? SP_STR("") : config->user_identifier, &rules->user_identifier) &&
        copy_text(settings, config->group_identifier, &rules->group_identifier) &&
        copy_text(settings, config->unique_user_identifier, &rules->unique_user_identifier) &&
        copy_text(settings, config->realm_identifier, &rules->realm_identifier) &&
        copy_text(settings, config->realm_name, &rules->realm_name);
    return whole ? SP_OK : no_memory(err);
}

/* ---------------------------------------------------------------- keys */

static enum sp_status find_entry(const struct sp_key_store *store, struct sp_str alias,
                                 const struct sp_key_entry **ret_entry, struct sp_error *err)
{
    struct sp_error ignored = SP_ERROR_INIT;
    if (!alias.len && sp_key_store_entry(store, SP_STR(USUAL_ALIAS), ret_entry, &ignored) == SP_OK)
        return SP_OK;
    return sp_key_store_entry(store, alias, ret_entry, err);
}

static enum sp_status read_key(struct sp_saml_settings *settings, const struct sp_cfg_key_store *from,
                               struct sp_str alias, struct sp_error *err)
{
    struct sp_key_store *store;
    const struct sp_key_entry *entry;
    enum sp_status status = sp_key_source_open(from, &store, err);
    if (status != SP_OK)
        return status;
    status = find_entry(store, alias, &entry, err);
    if (status == SP_OK && EVP_PKEY_up_ref(entry->key))
        settings->key = entry->key;
    if (status == SP_OK && X509_up_ref(entry->certificate))
        settings->certificate = entry->certificate;
    sp_key_store_free(store);
    return status;
}

/* ---------------------------------------------------------------- the provider of a login in a browser */

/* Without trustedIssuers it is the provider of idpMetadata, and nobody else. */
static enum sp_status trust_provider(struct sp_saml_settings *settings, const struct sp_cfg_saml *config,
                                     const struct sp_cfg_ssl *default_ssl, struct sp_error *err)
{
    const struct sp_saml_idp *idp = &settings->idp;
    if (idp->entity_id.len && !settings->rules.trusted_issuers.count)
        settings->rules.trusted_issuers = (struct sp_str_list){&idp->entity_id, 1};
    return config->pkix.given
               ? sp_saml_trust_new(config, default_ssl, &settings->trust, err)
               : sp_saml_trust_of(idp->certificates, idp->certificate_count, &settings->trust, err);
}

static enum sp_status read_login(struct sp_saml_settings *settings, const struct sp_cfg_saml *config,
                                 const struct sp_cfg_ssl *default_ssl, struct sp_error *err)
{
    const struct sp_cfg_saml_login *login = &config->login;
    bool is_needed = !login->login_page_url.len || !config->pkix.given;
    enum sp_status status = sp_saml_idp_load(login->idp_metadata, &settings->arena, &settings->idp, err);
    if (status == SP_ENOTFOUND && !is_needed) {
        *err = (struct sp_error)SP_ERROR_INIT;
        status = SP_OK;
    }
    if (status == SP_OK && !login->login_page_url.len && !settings->idp.login.url.len)
        status =
            sp_error_set(err, SP_EINVAL, NULL,
                         "idpMetadata %.*s: the provider has no SingleSignOnService for HTTP-Redirect or "
                         "HTTP-POST; requests are sent no other way (loginPageURL needs none)",
                         SP_STR_ARG(login->idp_metadata));
    return status == SP_OK ? trust_provider(settings, config, default_ssl, err) : status;
}

static enum sp_status fill(struct sp_saml_settings *settings, const struct sp_cfg_saml *config,
                           const struct sp_cfg_ssl *default_ssl, struct sp_error *err)
{
    bool logs_in = sp_saml_logs_in(config);
    const struct sp_cfg_key_store *keys = config->key_store;
    if (!keys && logs_in && default_ssl)
        keys = default_ssl->key_store;
    enum sp_status status = copy_rules(settings, config, err);
    if (status == SP_OK && logs_in)
        status = read_login(settings, config, default_ssl, err);
    else if (status == SP_OK && config->want_assertions_signed)
        status = sp_saml_trust_new(config, default_ssl, &settings->trust, err);
    /* A store that the server makes at its first start has nothing yet that could be wrong. */
    if (status == SP_OK && keys && !sp_config_key_store_to_make(keys))
        status = read_key(settings, keys, config->key_alias, err);
    /* Providers do not agree on the form of an ECDSA signature in a URL; inside of a document they do. */
    if (status == SP_OK && settings->key && EVP_PKEY_get_base_id(settings->key) == EVP_PKEY_EC)
        sp_saml_idp_prefer_post(&settings->idp);
    if (status == SP_OK && !keys && logs_in && config->login.requests_signed)
        status =
            sp_error_set(err, SP_EINVAL, NULL,
                         "requests cannot be signed: write keyStoreRef, or authnRequestsSigned=\"false\"");
    if (status == SP_OK && logs_in && sp_str_caseless_eq(config->login.name_id_format, SP_STR("encrypted")) &&
        !(settings->key && EVP_PKEY_get_base_id(settings->key) == EVP_PKEY_RSA))
        status = sp_error_set(err, SP_EINVAL, NULL,
                              "nameIDFormat=\"encrypted\" needs an RSA key to decrypt names with: set "
                              "keyStoreRef and keyAlias");
    return status;
}

enum sp_status sp_saml_settings_new(const struct sp_cfg_saml *config, const struct sp_cfg_ssl *default_ssl,
                                    struct sp_saml_settings **ret_settings, struct sp_error *err)
{
    struct sp_saml_settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return no_memory(err);
    settings->references = 1;
    sp_arena_init(&settings->arena, SETTINGS_MEMORY_MAX);
    enum sp_status status = fill(settings, config, default_ssl, err);
    if (status != SP_OK) {
        sp_saml_settings_release(settings);
        return status;
    }
    *ret_settings = settings;
    return SP_OK;
}
