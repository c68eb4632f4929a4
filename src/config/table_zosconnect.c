/* SPDX-License-Identifier: Apache-2.0
 * The zosconnect_ elements: manager, APIs, services, API requesters, interceptors, policies.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define INTERCEPTORS                                                   \
    "zosconnect_authorizationInterceptor zosconnect_auditInterceptor " \
    "zosconnect_fileSystemLoggerInterceptor sallyport_pluginInterceptor"
#define LISTS "zosconnect_zosConnectInterceptors"

#define O struct sp_cfg_manager

static const struct sp_cfg_attribute manager_attributes[] = {
    A("requireAuth", BOOLEAN, ACTED | SECURITY,
      "Whether a caller must be authenticated and hold the role zosConnectAccess.", INTO(O, require_auth),
      DEFAULT("true")),
    A("requireSecure", BOOLEAN, ACTED | SECURITY, "Whether requests must come over HTTPS.",
      INTO(O, require_secure), DEFAULT("true")),
    A("globalInterceptorsRef", REF, ACTED | SECURITY,
      "Interceptors that run for everything that does not switch them off.", INTO(O, global_interceptors),
      TARGET(LISTS)),
    A("globalAdminGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may do everything.",
      INTO(O, groups.admin)),
    A("globalOperationsGroup", STRING, ACTED | SECURITY | LATE_LIST,
      "Groups that may start, stop and ask for the state.", INTO(O, groups.operations)),
    A("globalInvokeGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may call.",
      INTO(O, groups.invoke)),
    A("globalReaderGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may list and read.",
      INTO(O, groups.reader)),
    A("sallyport_adminInvokes", BOOLEAN, ACTED | SECURITY, "Whether level admin may invoke too.",
      INTO(O, admin_invokes), DEFAULT("false")),
    A("sallyport_groupOverride", ENUM, ACTED | SECURITY,
      "Whether groups of an item stand instead of all global ones that could do the same, or only of those "
      "of "
      "their own level.",
      INTO(O, group_override), ONE_OF("FUNCTION", "LEVEL"), DEFAULT("FUNCTION")),
    A("sallyport_filterLists", ENUM, ACTED | SECURITY,
      "Which lists show an item with groups and an authorization interceptor of its own to its groups only; "
      "ALL: nobody else whom the interface answers learns that it is there.",
      INTO(O, filter_lists), ONE_OF("SERVICES", "ALL"), DEFAULT("SERVICES")),
    A("sallyport_claimedNames", BOOLEAN, ACTED | SECURITY,
      "Whether names of users and groups that only a token or an assertion gives count as those of the "
      "registry, "
      "in the role and the levels. Without a registry they always count.",
      INTO(O, claimed_names), DEFAULT("false")),
    A("setUTF8ResponseEncoding", BOOLEAN, ACTED | UNCONFIRMED,
      "Whether Content-Type of a response names charset=UTF-8.", INTO(O, set_utf8_response_encoding),
      DEFAULT("false")),
    A("preserveJsonPayloadCharFormat", BOOLEAN, UNCONFIRMED,
      "Whether characters stay escaped or not as they came.", INTO(O, preserve_json_payload_char_format),
      DEFAULT("false")),
    A("useJsonErrorResponses", BOOLEAN, ACTED | UNCONFIRMED, "Whether every error is answered as JSON.",
      INTO(O, use_json_error_responses), DEFAULT("true")),
    A("asyncRequestTimeout", DURATION, ACTED | UNCONFIRMED, "Longest time a request may take in all.",
      INTO(O, async_request_timeout_us), DEFAULT("30s")),
    A("globalDataXformRef", REF, UNCONFIRMED, "Data transformer of services that name none.",
      TARGET("zosconnect_zosConnectDataXform")),
};

const struct sp_cfg_element sp_cfg_manager_element = {
    "zosconnect_zosConnectManager",
    SP_CFG_SINGLETON,
    ACTED | SECURITY,
    ROWS(manager_attributes),
    STRUCT(O),
    PLACE(struct sp_config, manager),
    .meaning = "What holds for all APIs, services and API requesters."};

#undef O
#define O struct sp_cfg_item

/* The same names in all three; an API requester's are not acted on until there are API requesters. */
#define ITEM_ROWS(acted)                                                                                     \
    ID_INTO(O), A("name", STRING, (acted) | SECURITY | REQUIRED, "Name as in the archive.", INTO(O, name)),  \
        A("requireAuth", BOOLEAN, (acted) | SECURITY, "As of the manager, for this one; not set: as there.", \
          INTO(O, require_auth)),                                                                            \
        A("requireSecure", BOOLEAN, (acted) | SECURITY,                                                      \
          "As of the manager, for this one; not set: as there.", INTO(O, require_secure)),                   \
        A("interceptorsRef", REF, (acted) | SECURITY, "Interceptors that run for this one besides.",         \
          INTO(O, interceptors), TARGET(LISTS)),                                                             \
        A("runGlobalInterceptors", BOOLEAN, (acted) | SECURITY,                                              \
          "Whether the manager's interceptors run too.", INTO(O, run_global_interceptors), DEFAULT("true")), \
        A("runGlobalInterceptorsRef", BOOLEAN, (acted) | SECURITY,                                           \
          "Another spelling of runGlobalInterceptors.", INTO(O, run_global_interceptors),                    \
          .instead = "runGlobalInterceptors"),                                                               \
        A("adminGroup", STRING, (acted) | SECURITY | LATE_LIST,                                              \
          "Groups that may do everything with this one, instead of the global ones.",                        \
          INTO(O, groups.admin)),                                                                            \
        A("operationsGroup", STRING, (acted) | SECURITY | LATE_LIST,                                         \
          "Groups that may start and stop this one, instead of the global ones.",                            \
          INTO(O, groups.operations)),                                                                       \
        A("invokeGroup", STRING, (acted) | SECURITY | LATE_LIST,                                             \
          "Groups that may call this one, instead of the global ones.", INTO(O, groups.invoke)),             \
        A("readerGroup", STRING, (acted) | SECURITY | LATE_LIST,                                             \
          "Groups that may read about this one, instead of the global ones.", INTO(O, groups.reader))

static const struct sp_cfg_attribute api_attributes[] = {
    ITEM_ROWS(ACTED),
    A("policyRef", REF, ACTED | SECURITY, "Policy of this API, instead of that of all.", INTO(O, policy),
      TARGET("zosconnect_policy")),
    A("sallyport_requiredScopes", STRING, ACTED | SECURITY | BLANK_LIST,
      "Scopes of OAuth that a caller's token must have, all of them, for any operation of this API.",
      INTO(O, required_scopes)),
};

static const struct sp_cfg_element api_element = {
    "zosConnectAPI",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    .key = "name",
    ROWS(api_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_directory, items, item_count),
    .meaning = "What holds for one API; those not named are deployed all the same."};

static const struct sp_cfg_element api_misprint = {
    "zConnectAPI", SP_CFG_NESTED, 0, .instead = "zosConnectAPI", .meaning = "A misprint of zosConnectAPI."};

static const struct sp_cfg_attribute property_attributes[] = {
    A("name", STRING, ACTED | REQUIRED, "Name of a property of the archive.",
      INTO(struct sp_cfg_property, name)),
    A("value", STRING, ACTED, "Its value here.", INTO(struct sp_cfg_property, value)),
};

static const struct sp_cfg_element property_element = {"property",
                                                       SP_CFG_NESTED,
                                                       ACTED,
                                                       .key = "name",
                                                       ROWS(property_attributes),
                                                       STRUCT(struct sp_cfg_property),
                                                       ARRAY(O, properties, property_count),
                                                       .meaning =
                                                           "Overrides a property of the service's archive."};

static const struct sp_cfg_attribute service_attributes[] = {
    ITEM_ROWS(ACTED),
};

static const struct sp_cfg_element service_element = {
    "service",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    .key = "name",
    ROWS(service_attributes),
    CHILDREN(&property_element),
    STRUCT(O),
    ARRAY(struct sp_cfg_directory, items, item_count),
    .meaning = "What holds for one service; security only when it is called directly."};

static const struct sp_cfg_attribute requester_attributes[] = {
    ITEM_ROWS(0),
    A("idAssertion", ENUM, SECURITY, "As of zosconnect_apiRequesters, for this one.", INTO(O, id_assertion),
      GIVEN(O, has_id_assertion), ONE_OF("OFF", "ASSERT_SURROGATE", "ASSERT_ONLY")),
};

static const struct sp_cfg_element requester_element = {"apiRequester",
                                                        SP_CFG_NESTED,
                                                        SECURITY,
                                                        .key = "name",
                                                        ROWS(requester_attributes),
                                                        STRUCT(O),
                                                        ARRAY(struct sp_cfg_directory, items, item_count),
                                                        .meaning = "What holds for one API requester."};

#undef O
#define O struct sp_cfg_directory

#define DIRECTORY_ROWS(path, acted)                                                                        \
    A("location", DIRECTORY, (acted), "Directory of the archives; an empty value means the default.",      \
      INTO(O, location), DEFAULT(path)),                                                                   \
        A("updateTrigger", ENUM, (acted), "When the directory is looked at again: by itself, by command.", \
          INTO(O, update_trigger), UPDATE_TRIGGERS, DEFAULT("disabled"), PROVIDED("disabled")),            \
        A("pollingRate", DURATION, (acted), "How often it is looked at when updateTrigger is polled.",     \
          INTO(O, polling_rate_us), DEFAULT("5s"), PROVIDED("*"))

static const struct sp_cfg_attribute apis_attributes[] = {
    DIRECTORY_ROWS("${server.config.dir}/resources/zosconnect/apis", ACTED),
    A("policyRef", REF, ACTED | SECURITY, "Policy of all APIs that have none of their own.", INTO(O, policy),
      TARGET("zosconnect_policy")),
};

const struct sp_cfg_element sp_cfg_apis_element = {"zosconnect_zosConnectAPIs",
                                                   SP_CFG_SINGLETON,
                                                   ACTED | SECURITY,
                                                   ROWS(apis_attributes),
                                                   CHILDREN(&api_element, &api_misprint),
                                                   STRUCT(O),
                                                   PLACE(struct sp_config, apis),
                                                   .meaning = "The APIs, archives of type .aar."};

static const struct sp_cfg_attribute services_attributes[] = {
    DIRECTORY_ROWS("${server.config.dir}/resources/zosconnect/services", ACTED),
};

const struct sp_cfg_element sp_cfg_services_element = {"zosconnect_services",
                                                       SP_CFG_SINGLETON,
                                                       ACTED | SECURITY,
                                                       ROWS(services_attributes),
                                                       CHILDREN(&service_element),
                                                       STRUCT(O),
                                                       PLACE(struct sp_config, services),
                                                       .meaning = "The services, archives of type .sar."};

static const struct sp_cfg_attribute requesters_attributes[] = {
    DIRECTORY_ROWS("${server.config.dir}/resources/zosconnect/apiRequesters", ACTED),
    A("requireAuth", BOOLEAN, SECURITY, "As of the manager, for all API requesters.", INTO(O, require_auth)),
    A("idAssertion", ENUM, SECURITY,
      "Whether a program may act as the user its context names: not at all, as a surrogate, or always.",
      INTO(O, id_assertion), ONE_OF("OFF", "ASSERT_SURROGATE", "ASSERT_ONLY"), DEFAULT("OFF")),
};

const struct sp_cfg_element sp_cfg_requesters_element = {"zosconnect_apiRequesters",
                                                         SP_CFG_SINGLETON,
                                                         ACTED | SECURITY,
                                                         ROWS(requesters_attributes),
                                                         CHILDREN(&requester_element),
                                                         STRUCT(O),
                                                         PLACE(struct sp_config, api_requesters),
                                                         .meaning =
                                                             "The API requesters, archives of type .ara."};

#undef O
#define O struct sp_cfg_interceptor_list

static const struct sp_cfg_attribute interceptor_list_attributes[] = {
    ID_INTO(O),
    A("interceptorRef", REF, ACTED | SECURITY | LIST, "The interceptors; their sequence tells the order.",
      INTO(O, items), COUNT(O, count), TARGET(INTERCEPTORS)),
};

const struct sp_cfg_element sp_cfg_interceptor_list_element = {
    "zosconnect_zosConnectInterceptors",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(interceptor_list_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, interceptor_lists, interceptor_list_count),
    .meaning = "A list of interceptors."};

#undef O
#define O struct sp_cfg_interceptor

#define SEQUENCE(acted)                                                                                      \
    A("sequence", INT, (acted) | SECURITY, "Place in the order of execution, ascending.", INTO(O, sequence), \
      GIVEN(O, has_sequence), DEFAULT("0"), RANGE(0, INT32_MAX))

static const struct sp_cfg_attribute authorization_attributes[] = {
    ID_INTO(O),
    SEQUENCE(ACTED),
    A("safCacheTimeout", INT, ACTED | SECURITY | UNCONFIRMED,
      "Greatest age in seconds of groups of the security database; -1: as old as authentication remembers "
      "them.",
      INTO(O, saf_cache_timeout), DEFAULT("-1"), RANGE(-1, INT32_MAX)),
};

const struct sp_cfg_element sp_cfg_authorization_element = {
    "zosconnect_authorizationInterceptor",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(authorization_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, interceptors, interceptor_count),
    KIND(O, kind, SP_CFG_AUTHORIZATION),
    .meaning = "Checks that a caller's groups permit what is asked."};

static const struct sp_cfg_attribute audit_attributes[] = {
    ID_INTO(O),
    SEQUENCE(ACTED),
    A("apiProviderSmfVersion", INT, ACTED, "Version of the SMF 123 subtype 1 records.",
      INTO(O, provider_smf_version), DEFAULT("1"), RANGE(1, 2)),
    A("apiRequesterSmfVersion", INT, 0, "Version of the records about API requesters.",
      INTO(O, requester_smf_version), DEFAULT("1"), RANGE(1, 2)),
    A("apiProviderRequestHeaders", STRING, ACTED | LATE_LIST,
      "Up to four header fields of requests that are recorded.", INTO(O, provider_request_headers)),
    A("apiProviderResponseHeaders", STRING, ACTED | LATE_LIST,
      "Up to four header fields of responses that are recorded.", INTO(O, provider_response_headers)),
    A("apiRequesterRequestHeaders", STRING, LATE_LIST, "The same of requests by API requesters.",
      INTO(O, requester_request_headers)),
    A("apiRequesterResponseHeaders", STRING, LATE_LIST, "The same of their responses.",
      INTO(O, requester_response_headers)),
    A("apiProviderMaxDelay", DURATION, ACTED | UNCONFIRMED,
      "Longest wait of a request for more to be recorded with it; one second when it is not set.",
      INTO(O, provider_max_delay_us), DEFAULT("-1")),
    A("apiRequesterMaxDelay", DURATION, UNCONFIRMED, "The same of records about API requesters.",
      INTO(O, requester_max_delay_us), DEFAULT("-1")),
    A("apiProviderEarlyFailure", BOOLEAN, ACTED | UNCONFIRMED,
      "Whether requests that end before the interceptors are recorded.", INTO(O, provider_early_failure),
      DEFAULT("false")),
    A("apiRequesterEarlyFailure", BOOLEAN, 0, "The same of requests by API requesters.",
      INTO(O, requester_early_failure), DEFAULT("false"), SINCE("3.0.58")),
    A("sallyport_claims", STRING, ACTED | LIST,
      "Claims of the caller's token that the events for sinks have; SMF records have no place for them.",
      INTO(O, claims)),
};

const struct sp_cfg_element sp_cfg_audit_element = {"zosconnect_auditInterceptor",
                                                    SP_CFG_FACTORY,
                                                    ACTED | SECURITY,
                                                    ROWS(audit_attributes),
                                                    STRUCT(O),
                                                    ARRAY(struct sp_config, interceptors, interceptor_count),
                                                    KIND(O, kind, SP_CFG_AUDIT),
                                                    .meaning = "Writes SMF 123 records."};

static const struct sp_cfg_attribute file_logger_attributes[] = {
    ID_INTO(O),
    SEQUENCE(ACTED),
    A("apiProviderRequestHeaders", STRING, ACTED | LATE_LIST, "Header fields of requests that are logged.",
      INTO(O, provider_request_headers), SINCE("3.0.74")),
    A("apiProviderResponseHeaders", STRING, ACTED | LATE_LIST, "Header fields of responses that are logged.",
      INTO(O, provider_response_headers), SINCE("3.0.74")),
    A("requestUrl", BOOLEAN, ACTED, "Whether the URL is logged.", INTO(O, request_url), DEFAULT("false"),
      SINCE("3.0.74")),
    A("logName", STRING, ACTED | UNCONFIRMED,
      "Name of the file without its suffix; %SERVERNAME% stands for the server's. zosconnect-<id> when it is "
      "not set.",
      INTO(O, log_name)),
    A("logPath", DIRECTORY, ACTED | UNCONFIRMED, "Its directory.", INTO(O, log_path),
      DEFAULT("${server.output.dir}/logs")),
    A("bufferedLogging", BOOLEAN, ACTED | UNCONFIRMED, "Whether entries may gather for a second.",
      INTO(O, buffered_logging), DEFAULT("false")),
    A("maxPayloadSize", INT, ACTED | UNCONFIRMED, "Most bytes of a message that are logged; -1 for all.",
      INTO(O, max_payload_size), DEFAULT("-1"), RANGE(-1, INT64_MAX)),
    A("encoding", STRING, UNCONFIRMED, "Character set of the file.", INTO(O, encoding), DEFAULT("UTF-8"),
      PROVIDED("UTF-8")),
    A("sallyport_format", ENUM, ACTED, "Two entries of text for each request, or one JSON object.",
      INTO(O, log_json), ONE_OF("TEXT", "JSON"), DEFAULT("TEXT")),
    A("sallyport_maxFileSize", INT, ACTED, "Bytes after which another file is begun; 0 for no limit.",
      INTO(O, max_file_size), DEFAULT("10485760"), RANGE(0, INT64_MAX)),
    A("sallyport_rotateInterval", DURATION, ACTED,
      "How long a file is written to before another is begun, counted from its first entry; 0 for ever.",
      INTO(O, rotate_interval_us), DEFAULT("0"), RANGE(0, 31622400000000)),
    A("sallyport_maxFileCount", INT, ACTED, "How many files that are full are kept; 0 for all.",
      INTO(O, max_file_count), DEFAULT("0"), RANGE(0, INT32_MAX)),
};

const struct sp_cfg_element sp_cfg_file_logger_element = {
    "zosconnect_fileSystemLoggerInterceptor",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(file_logger_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, interceptors, interceptor_count),
    KIND(O, kind, SP_CFG_FILE_LOGGER),
    .meaning = "Writes requests and responses to a file."};

static const struct sp_cfg_attribute plugin_attributes[] = {
    ID_INTO(O),
    SEQUENCE(ACTED),
    A("library", STRING, ACTED | SECURITY | REQUIRED, "File of the shared library, in the directory.",
      INTO(O, library)),
    A("directory", DIRECTORY, ACTED | SECURITY, "Directory of plug-ins, which only root may write.",
      INTO(O, directory), DEFAULT("/usr/local/lib/sallyport/interceptors")),
    A("timeout", DURATION, ACTED | SECURITY, "Longest time that a method may take, its waits included.",
      INTO(O, timeout_us), DEFAULT("5s")),
    A("hangTimeout", DURATION, ACTED,
      "Longest time that a method may run without waiting; then its worker ends. 0 for no limit.",
      INTO(O, hang_timeout_us), DEFAULT("30s")),
};

static const struct sp_cfg_element plugin_property_element = {"property",
                                                              SP_CFG_NESTED,
                                                              ACTED,
                                                              .key = "name",
                                                              ROWS(property_attributes),
                                                              STRUCT(struct sp_cfg_property),
                                                              ARRAY(O, properties, property_count),
                                                              .meaning = "What the plug-in is told."};

const struct sp_cfg_element sp_cfg_plugin_element = {"sallyport_pluginInterceptor",
                                                     SP_CFG_FACTORY,
                                                     ACTED | SECURITY,
                                                     ROWS(plugin_attributes),
                                                     CHILDREN(&plugin_property_element),
                                                     STRUCT(O),
                                                     ARRAY(struct sp_config, interceptors, interceptor_count),
                                                     KIND(O, kind, SP_CFG_PLUGIN),
                                                     .meaning =
                                                         "An interceptor of one's own, in a shared library."};

const struct sp_cfg_element sp_cfg_file_logger_misprint = {
    "zosconnect_fileSystemloggerInterceptor", SP_CFG_FACTORY, 0,
    .instead = "zosconnect_fileSystemLoggerInterceptor",
    .meaning = "An older spelling of zosconnect_fileSystemLoggerInterceptor."};

#undef O

static const struct sp_cfg_attribute monitoring_attributes[] = {
    A("apiProviderInterceptorsRef", REF, SECURITY, "Interceptors of APIs.", TARGET(LISTS)),
    A("apiRequesterInterceptorsRef", REF, SECURITY, "Interceptors of API requesters.", TARGET(LISTS)),
};

const struct sp_cfg_element sp_cfg_monitoring_element = {
    "zosconnect_monitoring",     SP_CFG_SINGLETON,           SECURITY,
    ROWS(monitoring_attributes), .since = "3.0 (OpenAPI 3)", .meaning = "Interceptors of OpenAPI 3 servers."};

#define O struct sp_cfg_policy

static const struct sp_cfg_attribute rule_set_attributes[] = {
    A("file", STRING, ACTED | SECURITY | REQUIRED, "Name of the file in the policy's directory."),
};

static const struct sp_cfg_element rule_set_element = {
    "ruleset",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    ROWS(rule_set_attributes),
    FLATTENED(O, rule_sets),
    .meaning = "A file of rules; the order counts where rules contradict each other."};

static const struct sp_cfg_attribute policy_attributes[] = {
    ID_INTO(O),
    A("location", DIRECTORY, ACTED | SECURITY | UNCONFIRMED, "Directory of the rule sets.", INTO(O, location),
      DEFAULT("${server.config.dir}/resources/zosconnect/rules")),
    A("updateTrigger", ENUM, ACTED,
      "When changed files are read again: by themselves, by 'sallyport server refresh', or only by a reload.",
      INTO(O, update_trigger), UPDATE_TRIGGERS, DEFAULT("disabled")),
    A("pollingRate", DURATION, ACTED, "How often they are looked at when updateTrigger is polled.",
      INTO(O, polling_rate_us), DEFAULT("1m")),
};

const struct sp_cfg_element sp_cfg_policy_element = {
    "zosconnect_policy",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(policy_attributes),
    CHILDREN(&rule_set_element),
    STRUCT(O),
    ARRAY(struct sp_config, policies, policy_count),
    .meaning = "Rules by which header fields of a request choose connection and transaction."};

#undef O

/* Services of the older style */

#define O struct sp_cfg_item

static const struct sp_cfg_attribute old_service_attributes[] = {
    ID_INTO(O),
    A("serviceName", STRING, ACTED | SECURITY | REQUIRED, "Name of the service, as in its archive.",
      INTO(O, name)),
    A("serviceRef", STRING, ACTED | SECURITY | REQUIRED,
      "What provides it: the name of the service's archive, or the id of its <service>.",
      INTO(O, provided_by)),
    A("serviceDescription", STRING, ACTED, "A text for people, instead of that of the archive.",
      INTO(O, description)),
    A("serviceGroupingName", STRING, 0, "A group for statistics."),
    A("runGlobalInterceptors", BOOLEAN, ACTED | SECURITY, "Whether the manager's interceptors run too.",
      INTO(O, run_global_interceptors), DEFAULT("true")),
    A("interceptorsRef", REF, ACTED | SECURITY, "Interceptors that run besides.", INTO(O, interceptors),
      TARGET(LISTS)),
    A("invokeURI", STRING, ACTED | SECURITY | LATE_LIST,
      "Paths by which it is called; * at the end for any rest.", INTO(O, invoke_uris)),
    A("adminGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may do everything.",
      INTO(O, groups.admin)),
    A("operationsGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may start and stop.",
      INTO(O, groups.operations)),
    A("invokeGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may call.", INTO(O, groups.invoke)),
    A("readerGroup", STRING, ACTED | SECURITY | LATE_LIST, "Groups that may read.", INTO(O, groups.reader)),
    A("dataXformRef", REF, 0, "Its data transformer.", TARGET("zosconnect_zosConnectDataXform")),
    A("requireAuth", BOOLEAN, ACTED | SECURITY, "As of the manager.", INTO(O, require_auth)),
    A("requireSecure", BOOLEAN, ACTED | SECURITY, "As of the manager.", INTO(O, require_secure)),
    A("serviceAsyncRequestTimeout", DURATION, ACTED, "Longest time a request may take in all.",
      INTO(O, async_request_timeout_us)),
};

const struct sp_cfg_element sp_cfg_old_service_element = {
    "zosconnect_zosConnectService",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(old_service_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, service_elements, service_element_count),
    .meaning =
        "A service with paths of its own. Here an archive provides it: what this element says counts as "
        "if its <service> said it."};

#undef O

static const struct sp_cfg_attribute xform_attributes[] = {
    ID,
    A("bindFileLoc", DIRECTORY, REQUIRED, "Directory of the bind files."),
    A("bindFileSuffix", STRING, 0, "End of their names."),
    A("requestSchemaLoc", DIRECTORY, 0, "Directory of the request schemas."),
    A("requestSchemaSuffix", STRING, 0, "End of their names."),
    A("responseSchemaLoc", DIRECTORY, 0, "Directory of the response schemas."),
    A("responseSchemaSuffix", STRING, 0, "End of their names."),
    A("pollingRate", DURATION, 0, "How often they are looked at.", DEFAULT("2s")),
    A("updateTrigger", ENUM, 0, "When they are looked at again.", UPDATE_TRIGGERS, DEFAULT("polled")),
};

const struct sp_cfg_element sp_cfg_xform_element = {"zosconnect_zosConnectDataXform", SP_CFG_FACTORY, 0,
                                                    ROWS(xform_attributes),
                                                    .meaning = "JSON to records by bind files."};

static const struct sp_cfg_attribute local_adapter_attributes[] = {
    ID,
    A("serviceName", STRING, 0, "Name of the program."),
    A("registerName", STRING, 0, "Name by which the address space registered."),
    A("connectionFactoryRef", REF, 0, "Its connection factory.", TARGET("connectionFactory")),
    A("connectionWaitTimeout", SECONDS, UNCONFIRMED, "Longest wait for a connection."),
};

const struct sp_cfg_element sp_cfg_local_adapter_element = {
    "zosconnect_localAdaptersConnectService", SP_CFG_FACTORY, 0, ROWS(local_adapter_attributes),
    .meaning = "A program reached by optimized local adapters of z/OS."};

static const struct sp_cfg_attribute local_adapters_attributes[] = {
    A("wolaGroup", STRING, 0, "First part of the group's name."),
    A("wolaName2", STRING, 0, "Second part."),
    A("wolaName3", STRING, 0, "Third part."),
    A("useCicsTaskUserId", BOOLEAN, SECURITY, "Whether the user of the CICS task is taken.",
      DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_local_adapters_element = {
    "zosLocalAdapters", SP_CFG_SINGLETON, 0, ROWS(local_adapters_attributes),
    .meaning = "Optimized local adapters of z/OS; there are none here."};
