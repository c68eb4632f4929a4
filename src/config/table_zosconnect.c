/* SPDX-License-Identifier: Apache-2.0
 * The zosconnect_ elements: manager, APIs, services, interceptors.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define INTERCEPTORS "zosconnect_authorizationInterceptor zosconnect_auditInterceptor"

#define O struct sp_cfg_manager

static const struct sp_cfg_attribute manager_attributes[] = {
    {"requireAuth", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, require_auth), .fallback = "true",
     .meaning = "Whether a caller must be authenticated and hold the role zosConnectAccess."},
    {"requireSecure", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, require_secure), .fallback = "true",
     .meaning = "Whether requests must come over HTTPS."},
    {"globalInterceptorsRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, global_interceptors),
     .target = "zosconnect_zosConnectInterceptors",
     .meaning = "Interceptors that run for everything that does not switch them off."},
    {"globalAdminGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.admin),
     .meaning = "Groups that may do everything."},
    {"globalOperationsGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.operations),
     .meaning = "Groups that may start, stop and ask for the state."},
    {"globalInvokeGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.invoke),
     .meaning = "Groups that may call."},
    {"globalReaderGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.reader),
     .meaning = "Groups that may list and read."},
    {"setUTF8ResponseEncoding", SP_CFG_BOOLEAN, FLAGS(ACTED | UNCONFIRMED),
     INTO(O, set_utf8_response_encoding), .fallback = "false",
     .meaning = "Whether Content-Type of a response names charset=UTF-8."},
    {"useJsonErrorResponses", SP_CFG_BOOLEAN, FLAGS(ACTED | UNCONFIRMED), INTO(O, use_json_error_responses),
     .fallback = "false", .meaning = "Whether every error is answered as JSON."},
    {"asyncRequestTimeout", SP_CFG_DURATION, FLAGS(ACTED | UNCONFIRMED), INTO(O, async_request_timeout_us),
     .fallback = "30s", .meaning = "Longest time a request may take in all."},
};

const struct sp_cfg_element sp_cfg_manager_element = {
    "zosconnect_zosConnectManager",
    SP_CFG_SINGLETON,
    FLAGS(ACTED | SECURITY),
    ROWS(manager_attributes),
    STRUCT(O),
    PLACE(struct sp_config, manager),
    .meaning = "What holds for all APIs, services and API requesters."};

#undef O
#define O struct sp_cfg_item

static const struct sp_cfg_attribute item_attributes[] = {
    ID_INTO(O),
    {"name", SP_CFG_STRING, FLAGS(ACTED | SECURITY | REQUIRED), INTO(O, name),
     .meaning = "Name as in the archive."},
    {"requireAuth", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, require_auth),
     .meaning = "As of the manager, for this one; not set: as there."},
    {"requireSecure", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, require_secure),
     .meaning = "As of the manager, for this one; not set: as there."},
    {"interceptorsRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, interceptors),
     .target = "zosconnect_zosConnectInterceptors", .meaning = "Interceptors that run for this one besides."},
    {"runGlobalInterceptors", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, run_global_interceptors),
     .fallback = "true", .meaning = "Whether the manager's interceptors run too."},
    {"runGlobalInterceptorsRef", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, run_global_interceptors),
     .instead = "runGlobalInterceptors", .meaning = "Another spelling of runGlobalInterceptors."},
    {"adminGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.admin),
     .meaning = "Groups that may do everything with this one, instead of the global ones."},
    {"operationsGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.operations),
     .meaning = "Groups that may start and stop this one, instead of the global ones."},
    {"invokeGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.invoke),
     .meaning = "Groups that may call this one, instead of the global ones."},
    {"readerGroup", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LATE_LIST), INTO(O, groups.reader),
     .meaning = "Groups that may read about this one, instead of the global ones."},
};

static const struct sp_cfg_attribute property_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | REQUIRED), INTO(struct sp_cfg_property, name),
     .meaning = "Name of a property of the archive."},
    {"value", SP_CFG_STRING, FLAGS(ACTED), INTO(struct sp_cfg_property, value), .meaning = "Its value here."},
};

static const struct sp_cfg_element property_element = {"property",
                                                       SP_CFG_NESTED,
                                                       FLAGS(ACTED),
                                                       .key = "name",
                                                       ROWS(property_attributes),
                                                       STRUCT(struct sp_cfg_property),
                                                       ARRAY(O, properties, property_count),
                                                       .meaning =
                                                           "Overrides a property of the service's archive."};

static const struct sp_cfg_element api_element = {
    "zosConnectAPI",
    SP_CFG_NESTED,
    FLAGS(ACTED | SECURITY),
    .key = "name",
    ROWS(item_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_directory, items, item_count),
    .meaning = "What holds for one API; those not named are deployed all the same."};

static const struct sp_cfg_element service_element = {
    "service",
    SP_CFG_NESTED,
    FLAGS(ACTED | SECURITY),
    .key = "name",
    ROWS(item_attributes),
    CHILDREN(&property_element),
    STRUCT(O),
    ARRAY(struct sp_cfg_directory, items, item_count),
    .meaning = "What holds for one service; security only when it is called directly."};

#undef O
#define O struct sp_cfg_directory

#define DIRECTORY_ROWS(path)                                                                         \
    {"location",         SP_CFG_DIRECTORY,                                                           \
     FLAGS(ACTED),       INTO(O, location),                                                          \
     .fallback = (path), .meaning = "Directory of the archives; an empty value means the default."}, \
        {"updateTrigger",                                                                            \
         SP_CFG_ENUM,                                                                                \
         FLAGS(ACTED),                                                                               \
         INTO(O, update_trigger),                                                                    \
         UPDATE_TRIGGERS,                                                                            \
         .fallback = "disabled",                                                                     \
         .meaning = "When the directory is looked at again."},                                       \
    {                                                                                                \
        "pollingRate", SP_CFG_DURATION, FLAGS(ACTED), INTO(O, polling_rate_us),                      \
            .fallback = "5s",                                                                        \
            .meaning = "How often the directory is looked at when updateTrigger is polled."          \
    }

static const struct sp_cfg_attribute apis_attributes[] = {
    DIRECTORY_ROWS("${server.config.dir}/resources/zosconnect/apis"),
};

const struct sp_cfg_element sp_cfg_apis_element = {
    "zosconnect_zosConnectAPIs",   SP_CFG_SINGLETON,
    FLAGS(ACTED | SECURITY),       ROWS(apis_attributes),
    CHILDREN(&api_element),        STRUCT(O),
    PLACE(struct sp_config, apis), .meaning = "The APIs, archives of type .aar."};

static const struct sp_cfg_attribute services_attributes[] = {
    DIRECTORY_ROWS("${server.config.dir}/resources/zosconnect/services"),
};

const struct sp_cfg_element sp_cfg_services_element = {"zosconnect_services",
                                                       SP_CFG_SINGLETON,
                                                       FLAGS(ACTED | SECURITY),
                                                       ROWS(services_attributes),
                                                       CHILDREN(&service_element),
                                                       STRUCT(O),
                                                       PLACE(struct sp_config, services),
                                                       .meaning = "The services, archives of type .sar."};

#undef O
#define O struct sp_cfg_interceptor_list

static const struct sp_cfg_attribute interceptor_list_attributes[] = {
    ID_INTO(O),
    {"interceptorRef", SP_CFG_REF, FLAGS(ACTED | SECURITY | LIST), INTO(O, items), COUNT(O, count),
     .target = INTERCEPTORS, .meaning = "The interceptors; their sequence tells the order."},
};

const struct sp_cfg_element sp_cfg_interceptor_list_element = {
    "zosconnect_zosConnectInterceptors",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(interceptor_list_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, interceptor_lists, interceptor_list_count),
    .meaning = "A list of interceptors."};

#undef O
#define O struct sp_cfg_interceptor

#define SEQUENCE_ROW                                                                                       \
    {                                                                                                      \
        "sequence", SP_CFG_INT, FLAGS(ACTED | SECURITY), INTO(O, sequence), GIVEN(O, has_sequence),        \
            .fallback = "0", RANGE(0, INT32_MAX), .meaning = "Place in the order of execution, ascending." \
    }

static const struct sp_cfg_attribute authorization_attributes[] = {
    ID_INTO(O),
    SEQUENCE_ROW,
};

const struct sp_cfg_element sp_cfg_authorization_element = {
    "zosconnect_authorizationInterceptor",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(authorization_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, interceptors, interceptor_count),
    KIND(O, kind, SP_CFG_AUTHORIZATION),
    .meaning = "Checks that a caller's groups permit what is asked."};

static const struct sp_cfg_attribute audit_attributes[] = {
    ID_INTO(O),
    SEQUENCE_ROW,
    {"apiProviderSmfVersion", SP_CFG_INT, FLAGS(ACTED), INTO(O, provider_smf_version), .fallback = "1",
     RANGE(1, 2), .meaning = "Version of the SMF 123 subtype 1 records."},
};

const struct sp_cfg_element sp_cfg_audit_element = {"zosconnect_auditInterceptor",
                                                    SP_CFG_FACTORY,
                                                    FLAGS(ACTED | SECURITY),
                                                    ROWS(audit_attributes),
                                                    STRUCT(O),
                                                    ARRAY(struct sp_config, interceptors, interceptor_count),
                                                    KIND(O, kind, SP_CFG_AUDIT),
                                                    .meaning = "Writes SMF 123 records."};

#undef O
