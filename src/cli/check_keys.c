/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_keys.h"

#include "authn/ltpa_keys.h"
#include "authn/message.h"
#include "crypto/pkcs11_place.h"
#include "engine/message.h"
#include "registry/key_source.h"

static void tell(struct sp_problems *problems, enum sp_problem_severity severity, const char *id,
                 const char *what, struct sp_str name, const struct sp_error *err)
{
    sp_problem_add(problems, severity, id, sp_str_of(err->file), err->line, 0, "%s%.*s%s%s", what,
                   SP_STR_ARG(name), what[0] ? "]: " : "", err->text);
}

/* ---- tokens ---- */

static bool is_token(const struct sp_cfg_key_store *store)
{
    return sp_pkcs11_is_uri(store->location) || sp_str_is(store->type, "PKCS11");
}

static bool check_alias(const struct sp_key_store *opened, struct sp_str alias, struct sp_str id,
                        struct sp_problems *problems)
{
    const struct sp_key_entry *entry;
    struct sp_error err = SP_ERROR_INIT;
    if (!alias.len || sp_key_store_entry(opened, alias, &entry, &err) == SP_OK)
        return true;
    tell(problems, SP_PROBLEM_ERROR, SP_MSG_KEY_STORE, "ssl[", id, &err);
    return false;
}

static bool check_token(const struct sp_config *config, const struct sp_cfg_key_store *store,
                        struct sp_problems *problems)
{
    struct sp_key_store *opened;
    struct sp_error err = SP_ERROR_INIT;
    bool good = true;
    if (sp_key_source_open(store, &opened, &err) != SP_OK) {
        tell(problems, SP_PROBLEM_ERROR, SP_MSG_KEY_STORE, "keyStore[", store->id, &err);
        return false;
    }
    for (size_t i = 0; i < config->ssl_count; i++) {
        const struct sp_cfg_ssl *ssl = &config->ssl[i];
        if (ssl->key_store != store)
            continue;
        good = check_alias(opened, ssl->server_key_alias, ssl->id, problems) && good;
        good = check_alias(opened, ssl->client_key_alias, ssl->id, problems) && good;
    }
    sp_key_store_free(opened);
    return good;
}

/* ---- LTPA ---- */

static bool check_ltpa(const struct sp_config *config, struct sp_problems *problems)
{
    struct sp_ltpa_sources *sources = NULL;
    struct sp_ltpa_key_set *set = NULL;
    struct sp_error problem = SP_ERROR_INIT, err = SP_ERROR_INIT;
    enum sp_status status = sp_ltpa_sources_new(&config->ltpa, &sources, &err);
    if (status == SP_OK)
        status = sp_ltpa_key_set_read(sources, &set, &problem, &err);
    if (status != SP_OK)
        tell(problems, SP_PROBLEM_ERROR, SP_MSG_LTPA_KEYS, "", SP_STR(""), &err);
    else if (problem.status != SP_OK)
        tell(problems, SP_PROBLEM_WARNING, SP_MSG_LTPA_KEYS, "", SP_STR(""), &problem);
    sp_ltpa_key_set_free(set);
    sp_ltpa_sources_release(sources);
    return status == SP_OK;
}

bool sp_check_keys(const struct sp_config *config, struct sp_problems *problems)
{
    bool good = true;
    for (size_t i = 0; i < config->key_store_count; i++)
        if (is_token(&config->key_stores[i]))
            good = check_token(config, &config->key_stores[i], problems) && good;
    if (config->ltpa.given && config->web_app_security.single_signon_enabled)
        good = check_ltpa(config, problems) && good;
    return good;
}
