/* SPDX-License-Identifier: Apache-2.0 */
#include "config/table.h"

#include <stdio.h>

#include "config/table_area.h"

#define NEAREST_LIMIT 4
#define PREFIX_LIMIT 4

static const struct sp_cfg_element *const table[] = {
    &sp_cfg_feature_manager,
    &sp_cfg_include,
    &sp_cfg_variable,
    &sp_cfg_update_element,
    &sp_cfg_logging_element,
    &sp_cfg_sallyport_element,
    &sp_cfg_smf_element,
    &sp_cfg_audit_sink_element,
    &sp_cfg_requests_element,
    &sp_cfg_monitoring_listener_element,
    &sp_cfg_application_monitor_element,
    &sp_cfg_application_manager_element,
    &sp_cfg_web_application_element,
    &sp_cfg_remote_file_access_element,
    &sp_cfg_monitor_element,
    &sp_cfg_zos_logging_element,
    &sp_cfg_http_options_element,
    &sp_cfg_tcp_options_element,
    &sp_cfg_access_logging_element,
    &sp_cfg_headers_element,
    &sp_cfg_remote_ip_element,
    &sp_cfg_dispatcher_element,
    &sp_cfg_compression_element,
    &sp_cfg_samesite_element,
    &sp_cfg_http_endpoint_element,
    &sp_cfg_cors_element,
    &sp_cfg_key_store_element,
    &sp_cfg_ssl_element,
    &sp_cfg_ssl_default_element,
    &sp_cfg_ssl_options_element,
    &sp_cfg_basic_registry_element,
    &sp_cfg_quick_start_element,
    &sp_cfg_custom_filters,
    &sp_cfg_actived_filters,
    &sp_cfg_ids_filters,
    &sp_cfg_domino_filters,
    &sp_cfg_edirectory_filters,
    &sp_cfg_iplanet_filters,
    &sp_cfg_netscape_filters,
    &sp_cfg_secureway_filters,
    &sp_cfg_ldap_registry_element,
    &sp_cfg_federated_element,
    &sp_cfg_saf_registry_element,
    &sp_cfg_saf_authorization_element,
    &sp_cfg_saf_credentials_element,
    &sp_cfg_saf_role_mapper_element,
    &sp_cfg_saf_database_element,
    &sp_cfg_authorization_roles_element,
    &sp_cfg_administrator_element,
    &sp_cfg_reader_element,
    &sp_cfg_web_app_security_element,
    &sp_cfg_auth_cache_element,
    &sp_cfg_login_element,
    &sp_cfg_authentication_element,
    &sp_cfg_ltpa_element,
    &sp_cfg_auth_filter_element,
    &sp_cfg_oidc_element,
    &sp_cfg_saml_element,
    &sp_cfg_jwt_builder_element,
    &sp_cfg_jwt_consumer_element,
    &sp_cfg_mp_jwt_element,
    &sp_cfg_trust_association_element,
    &sp_cfg_manager_element,
    &sp_cfg_apis_element,
    &sp_cfg_services_element,
    &sp_cfg_requesters_element,
    &sp_cfg_interceptor_list_element,
    &sp_cfg_authorization_element,
    &sp_cfg_audit_element,
    &sp_cfg_file_logger_element,
    &sp_cfg_plugin_element,
    &sp_cfg_file_logger_misprint,
    &sp_cfg_monitoring_element,
    &sp_cfg_policy_element,
    &sp_cfg_old_service_element,
    &sp_cfg_xform_element,
    &sp_cfg_local_adapter_element,
    &sp_cfg_local_adapters_element,
    &sp_cfg_auth_data_element,
    &sp_cfg_credential_element,
    &sp_cfg_liberty_auth_data_element,
    &sp_cfg_cics_element,
    &sp_cfg_cics_group_element,
    &sp_cfg_connection_manager_element,
    &sp_cfg_connection_factory_element,
    &sp_cfg_ims_connection_element,
    &sp_cfg_ims_connection_3_element,
    &sp_cfg_ims_interaction_element,
    &sp_cfg_jms_factory_element,
    &sp_cfg_jms_queue_element,
    &sp_cfg_mq_service_element,
    &sp_cfg_mq_service_old_element,
    &sp_cfg_mq_service_misprint,
    &sp_cfg_wmq_client_element,
    &sp_cfg_rest_basic_auth_element,
    &sp_cfg_rest_connection_element,
    &sp_cfg_db2_element,
    &sp_cfg_old_rest_client_element,
    &sp_cfg_authorization_server_element,
    &sp_cfg_oauth_element,
    &sp_cfg_oauth_token_element,
    &sp_cfg_auth_token_element,
    &sp_cfg_auth_token_local_element,
    &sp_cfg_proxy_element,
    &sp_cfg_endpoint_element,
    NULL,
};

const struct sp_cfg_element *const *sp_cfg_table(void)
{
    return table;
}

/* A misprint has a row of its own, without attributes, that names the right one. */
static bool is_misprint(const struct sp_cfg_element *row)
{
    return row->instead && row->attribute_count == 0;
}

static const struct sp_cfg_element *find_exact(struct sp_str name)
{
    for (size_t i = 0; table[i]; i++) {
        if (sp_str_is(name, table[i]->name))
            return is_misprint(table[i]) ? find_exact(sp_str_of(table[i]->instead)) : table[i];
    }
    return NULL;
}

/* "zosconnect_" and the name behind a prefix that is meant to be this one, or that is missing. */
static const struct sp_cfg_element *find_prefixed(struct sp_str name)
{
    static const struct sp_str prefix = SP_STR_INIT("zosconnect");
    char spelt[128];
    size_t mark = sp_str_find(name, '_');
    struct sp_str rest = mark < name.len ? sp_str_slice(name, mark + 1, name.len) : name;
    if (mark < name.len && sp_str_distance(sp_str_slice(name, 0, mark), prefix, PREFIX_LIMIT) >= PREFIX_LIMIT)
        return NULL;
    int len = snprintf(spelt, sizeof spelt, "zosconnect_%.*s", SP_STR_ARG(rest));
    return len > 0 && (size_t)len < sizeof spelt ? find_exact(sp_str_from(spelt, (size_t)len)) : NULL;
}

const struct sp_cfg_element *sp_cfg_element_find(struct sp_str name)
{
    const struct sp_cfg_element *row = find_exact(name);
    return row ? row : find_prefixed(name);
}

const struct sp_cfg_element *sp_cfg_child_find(const struct sp_cfg_element *parent, struct sp_str name)
{
    for (size_t i = 0; parent->children && parent->children[i]; i++) {
        const struct sp_cfg_element *row = parent->children[i];
        if (sp_str_caseless_eq(name, sp_str_of(row->name)))
            return is_misprint(row) ? sp_cfg_child_find(parent, sp_str_of(row->instead)) : row;
    }
    return NULL;
}

const struct sp_cfg_attribute *sp_cfg_attribute_find(const struct sp_cfg_element *element, struct sp_str name)
{
    const struct sp_cfg_attribute *any = NULL;
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (sp_str_caseless_eq(name, sp_str_of(element->attributes[i].name)))
            return &element->attributes[i];
        if (strcmp(element->attributes[i].name, "*") == 0)
            any = &element->attributes[i];
    }
    return any;
}

static struct sp_str without_ref(const char *name)
{
    struct sp_str s = sp_str_of(name);
    return sp_str_ends(s, SP_STR("Ref")) ? sp_str_slice(s, 0, s.len - 3) : s;
}

const struct sp_cfg_attribute *sp_cfg_reference_find(const struct sp_cfg_element *element, struct sp_str name)
{
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        if (a->type == SP_CFG_REF && sp_str_caseless_eq(name, without_ref(a->name)))
            return a;
    }
    for (size_t i = 0; i < element->attribute_count; i++) {
        const struct sp_cfg_attribute *a = &element->attributes[i];
        if (a->type == SP_CFG_REF && sp_cfg_named_in(a->target, name))
            return a;
    }
    return NULL;
}

bool sp_cfg_named_in(const char *names, struct sp_str name)
{
    struct sp_str rest = sp_str_of(names), one;
    while (names && sp_str_split(&rest, ' ', &one)) {
        if (sp_str_caseless_eq(one, name))
            return true;
    }
    return false;
}

/* Names that are shorter than the number of changes are near to everything. */
static void consider(struct sp_str name, const char *candidate, unsigned *best, const char **ret_nearest)
{
    unsigned limit = name.len < 6 ? 2 : NEAREST_LIMIT;
    unsigned distance = sp_str_distance(name, sp_str_of(candidate), limit);
    if (distance < limit && distance < *best) {
        *best = distance;
        *ret_nearest = candidate;
    }
}

const char *sp_cfg_nearest_element(const struct sp_cfg_element *parent, struct sp_str name)
{
    const struct sp_cfg_element *const *rows = parent ? parent->children : table;
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; rows && rows[i]; i++) {
        if (!rows[i]->instead)
            consider(name, rows[i]->name, &best, &nearest);
    }
    return nearest;
}

const char *sp_cfg_nearest_attribute(const struct sp_cfg_element *element, struct sp_str name)
{
    const char *nearest = NULL;
    unsigned best = NEAREST_LIMIT;
    for (size_t i = 0; i < element->attribute_count; i++) {
        if (!element->attributes[i].instead)
            consider(name, element->attributes[i].name, &best, &nearest);
    }
    return nearest;
}

const char *sp_cfg_type_name(const struct sp_cfg_attribute *attribute)
{
    static const char *const names[] = {
        [SP_CFG_STRING] = "string",
        [SP_CFG_TOKEN] = "token",
        [SP_CFG_BOOLEAN] = "boolean",
        [SP_CFG_INT] = "int",
        [SP_CFG_ENUM] = "choice",
        [SP_CFG_DURATION] = "duration (ms)",
        [SP_CFG_SECONDS] = "duration (s)",
        [SP_CFG_MINUTES] = "duration (m)",
        [SP_CFG_HOURS] = "duration (h)",
        [SP_CFG_PASSWORD] = "password",
        [SP_CFG_PASSWORD_HASH] = "password or hash",
        [SP_CFG_FILE] = "file",
        [SP_CFG_DIRECTORY] = "directory",
        [SP_CFG_REF] = "reference",
    };
    return names[attribute->type];
}
