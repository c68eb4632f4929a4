/* SPDX-License-Identifier: Apache-2.0
 * table_area.h: the elements that the areas of the table define. For table.c and table_<area>.c only.
 */
#ifndef SP_CONFIG_TABLE_AREA_H
#define SP_CONFIG_TABLE_AREA_H

#include "config/table.h"

/* table_server.c */
extern const struct sp_cfg_element sp_cfg_feature_manager, sp_cfg_include, sp_cfg_variable,
    sp_cfg_update_element, sp_cfg_logging_element, sp_cfg_sallyport_element,
    sp_cfg_application_monitor_element, sp_cfg_application_manager_element, sp_cfg_web_application_element,
    sp_cfg_remote_file_access_element, sp_cfg_monitor_element, sp_cfg_zos_logging_element, sp_cfg_smf_element,
    sp_cfg_audit_sink_element;
/* table_http.c */
extern const struct sp_cfg_element sp_cfg_http_options_element, sp_cfg_tcp_options_element,
    sp_cfg_access_logging_element, sp_cfg_headers_element, sp_cfg_remote_ip_element,
    sp_cfg_compression_element, sp_cfg_samesite_element, sp_cfg_http_endpoint_element, sp_cfg_cors_element,
    sp_cfg_requests_element, sp_cfg_monitoring_listener_element, sp_cfg_dispatcher_element;
/* table_tls.c */
extern const struct sp_cfg_element sp_cfg_key_store_element, sp_cfg_ssl_element, sp_cfg_ssl_default_element,
    sp_cfg_ssl_options_element;
/* table_registry.c */
extern const struct sp_cfg_element sp_cfg_basic_registry_element, sp_cfg_quick_start_element,
    sp_cfg_custom_filters, sp_cfg_actived_filters, sp_cfg_ids_filters, sp_cfg_domino_filters,
    sp_cfg_edirectory_filters, sp_cfg_iplanet_filters, sp_cfg_netscape_filters, sp_cfg_secureway_filters,
    sp_cfg_ldap_registry_element, sp_cfg_federated_element, sp_cfg_saf_registry_element,
    sp_cfg_saf_authorization_element, sp_cfg_saf_credentials_element, sp_cfg_saf_role_mapper_element,
    sp_cfg_saf_database_element, sp_cfg_authorization_roles_element, sp_cfg_administrator_element,
    sp_cfg_reader_element;
/* table_authn.c */
extern const struct sp_cfg_element sp_cfg_web_app_security_element, sp_cfg_auth_cache_element,
    sp_cfg_login_element, sp_cfg_authentication_element, sp_cfg_ltpa_element, sp_cfg_auth_filter_element,
    sp_cfg_oidc_element, sp_cfg_saml_element, sp_cfg_jwt_builder_element, sp_cfg_jwt_consumer_element,
    sp_cfg_mp_jwt_element, sp_cfg_trust_association_element;
/* table_zosconnect.c */
extern const struct sp_cfg_element sp_cfg_manager_element, sp_cfg_apis_element, sp_cfg_services_element,
    sp_cfg_requesters_element, sp_cfg_interceptor_list_element, sp_cfg_authorization_element,
    sp_cfg_audit_element, sp_cfg_file_logger_element, sp_cfg_file_logger_misprint, sp_cfg_plugin_element,
    sp_cfg_monitoring_element, sp_cfg_policy_element, sp_cfg_old_service_element, sp_cfg_xform_element,
    sp_cfg_local_adapter_element, sp_cfg_local_adapters_element;
/* table_sor.c */
extern const struct sp_cfg_element sp_cfg_auth_data_element, sp_cfg_credential_element,
    sp_cfg_liberty_auth_data_element, sp_cfg_cics_element, sp_cfg_cics_group_element,
    sp_cfg_connection_manager_element, sp_cfg_connection_factory_element, sp_cfg_ims_connection_element,
    sp_cfg_ims_connection_3_element, sp_cfg_ims_interaction_element, sp_cfg_jms_factory_element,
    sp_cfg_jms_queue_element, sp_cfg_mq_service_element, sp_cfg_mq_service_old_element,
    sp_cfg_mq_service_misprint, sp_cfg_wmq_client_element, sp_cfg_rest_basic_auth_element,
    sp_cfg_rest_connection_element, sp_cfg_db2_element, sp_cfg_old_rest_client_element;
/* table_requester.c */
extern const struct sp_cfg_element sp_cfg_authorization_server_element, sp_cfg_oauth_element,
    sp_cfg_oauth_token_element, sp_cfg_auth_token_element, sp_cfg_auth_token_local_element,
    sp_cfg_proxy_element, sp_cfg_endpoint_element;

#endif
