/* SPDX-License-Identifier: Apache-2.0
 * Whether the registries can be used as they are written, told before a worker finds out.
 */
#include "registry/kind.h"
#include "registry/ldap_settings.h"

struct check {
    const struct sp_config *config;
    struct sp_problems *problems;
    struct sp_error *err;
    enum sp_status first;
};

static void tell(struct check *check, const void *element, const struct sp_error *why)
{
    sp_config_problem(check->config, element, SP_MSG_REGISTRY_UNUSABLE, check->problems, "%s%s%s%s",
                      why->text, why->file[0] ? " (" : "", why->file, why->file[0] ? ")" : "");
    if (check->first == SP_OK)
        check->first = sp_error_set(check->err, SP_EINVAL, SP_MSG_REGISTRY_UNUSABLE, "%s", why->text);
}

static void check_ldap(struct check *check, const struct sp_cfg_ldap_registry *ldap)
{
    struct sp_ldap_settings settings;
    struct sp_error why = SP_ERROR_INIT;
    if (sp_ldap_settings_init(&settings, ldap, check->config->ssl_default.outbound, &why) == SP_OK)
        sp_ldap_settings_finish(&settings);
    else
        tell(check, ldap, &why);
}

static void check_basic(struct check *check, const struct sp_cfg_basic_registry *basic)
{
    struct sp_registry *registry = NULL;
    struct sp_error why = SP_ERROR_INIT;
    if (sp_registry_basic_new(basic, &registry, &why) == SP_OK)
        sp_registry_free(registry);
    else
        tell(check, basic, &why);
}

static void warn_unasked(struct check *check, const void *element, const char *name, struct sp_str id)
{
    sp_config_problem(check->config, element, SP_MSG_REGISTRY_UNASKED, check->problems,
                      "%s[%.*s] is never asked: with a safRegistry the security database alone is", name,
                      SP_STR_ARG(id));
}

enum sp_status sp_registry_check(const struct sp_config *config, struct sp_problems *problems,
                                 struct sp_error *err)
{
    struct check check = {.config = config, .problems = problems, .err = err, .first = SP_OK};
    struct sp_error why = SP_ERROR_INIT;
    bool only_saf = config->saf_registry_count > 0;
    if (only_saf && sp_registry_saf_check(config, &why) != SP_OK)
        tell(&check, &config->saf_registries[0], &why);
    for (size_t i = 0; i < config->ldap_registry_count; i++) {
        check_ldap(&check, &config->ldap_registries[i]);
        if (only_saf)
            warn_unasked(&check, &config->ldap_registries[i], "ldapRegistry", config->ldap_registries[i].id);
    }
    if (config->basic_registry) {
        check_basic(&check, config->basic_registry);
        if (only_saf)
            warn_unasked(&check, config->basic_registry, "basicRegistry", config->basic_registry->id);
    }
    if (config->ldap_registry_count >= SP_FEDERATION_MAX) {
        sp_error_set(&why, SP_ELIMIT, NULL, "there are more than %u registries", SP_FEDERATION_MAX);
        tell(&check, &config->ldap_registries[SP_FEDERATION_MAX - 1], &why);
    }
    return check.first;
}
