/* SPDX-License-Identifier: Apache-2.0
 * table_area.h: the elements that the areas of the table define. For table.c and table_<area>.c only.
 */
#ifndef SP_CONFIG_TABLE_AREA_H
#define SP_CONFIG_TABLE_AREA_H

#include "config/table.h"

/* table_http.c */
extern const struct sp_cfg_element sp_cfg_feature_manager, sp_cfg_include, sp_cfg_variable,
    sp_cfg_http_options_element, sp_cfg_http_endpoint_element;
/* table_tls.c */
extern const struct sp_cfg_element sp_cfg_key_store_element, sp_cfg_ssl_element, sp_cfg_ssl_default_element,
    sp_cfg_ssl_options_element;
/* table_security.c */
extern const struct sp_cfg_element sp_cfg_basic_registry_element, sp_cfg_authorization_roles_element,
    sp_cfg_web_app_security_element;
/* table_zosconnect.c */
extern const struct sp_cfg_element sp_cfg_manager_element, sp_cfg_apis_element, sp_cfg_services_element,
    sp_cfg_interceptor_list_element, sp_cfg_authorization_element, sp_cfg_audit_element;
/* table_sor.c */
extern const struct sp_cfg_element sp_cfg_auth_data_element, sp_cfg_cics_element;

#endif
