/* SPDX-License-Identifier: Apache-2.0
 * config_connect.h: the structures of APIs, services, interceptors, systems of record and API requesters.
 * Part of config/config.h.
 */
#ifndef SP_CONFIG_CONFIG_CONNECT_H
#define SP_CONFIG_CONFIG_CONNECT_H

#include "config/config_security.h"
#include "config/rule_set.h"

/* Levels of authority: groups by level. An empty list: the level is not set here. */
struct sp_cfg_groups {
    struct sp_str_list admin, operations, invoke, reader;
};

enum sp_cfg_interceptor_kind { SP_CFG_AUTHORIZATION, SP_CFG_AUDIT, SP_CFG_FILE_LOGGER, SP_CFG_PLUGIN };

struct sp_cfg_interceptor {
    unsigned kind; /* enum sp_cfg_interceptor_kind */
    struct sp_str id;
    int64_t sequence;
    bool has_sequence;
    unsigned provider_smf_version;  /* audit: apiProviderSmfVersion */
    unsigned requester_smf_version; /* audit: apiRequesterSmfVersion */
    /* audit, file logger: names of header fields that are recorded */
    struct sp_str_list provider_request_headers, provider_response_headers;
    struct sp_str_list requester_request_headers, requester_response_headers;
    int64_t provider_max_delay_us, requester_max_delay_us; /* audit; -1: not set */
    bool provider_early_failure, requester_early_failure;  /* audit */
    struct sp_str_list claims;                             /* audit: that events have */
    int64_t saf_cache_timeout;                             /* authorization: seconds, -1: not set */
    bool request_url;                                      /* file logger */
    struct sp_str log_name, log_path, encoding;            /* file logger; ptr NULL: not set */
    bool buffered_logging;
    int64_t max_payload_size;         /* bytes, -1: no limit */
    unsigned log_json;                /* as JSON, otherwise as text */
    int64_t max_file_size;            /* bytes, 0: no limit */
    int64_t rotate_interval_us;       /* 0: for ever */
    int64_t max_file_count;           /* of files that are full, 0: all */
    struct sp_str library, directory; /* plug-in */
    int64_t timeout_us, hang_timeout_us;
    const struct sp_cfg_property *properties;
    size_t property_count;
};

struct sp_cfg_interceptor_list {
    struct sp_str id;
    const struct sp_cfg_interceptor *const *items; /* as written */
    size_t count;
};

enum sp_cfg_smf_fsync { SP_CFG_FSYNC_EACH, SP_CFG_FSYNC_BATCH, SP_CFG_FSYNC_INTERVAL };
enum sp_cfg_smf_when_full { SP_CFG_WHEN_FULL_COUNT, SP_CFG_WHEN_FULL_BLOCK, SP_CFG_WHEN_FULL_REFUSE };

struct sp_cfg_smf { /* sallyport_smf */
    struct sp_str file;
    struct sp_str sid, system; /* ptr NULL: from the host's name */
    struct sp_str sysplex;
    int64_t ccsid;
    int64_t write_delay_us;
    bool block_descriptors;
    unsigned fsync; /* enum sp_cfg_smf_fsync */
    int64_t fsync_interval_us;
    int64_t max_file_size; /* MB; 0: no limit */
    int64_t max_files;     /* 0: all */
    int64_t rotate_interval_us;
    unsigned when_full; /* enum sp_cfg_smf_when_full */
    int64_t buffer_records;
    bool security_events;
    struct sp_str security_file; /* ptr NULL: none */
    struct sp_str event_socket;  /* ptr NULL: none */
    struct sp_str event_users;   /* ptr NULL: none */
};

enum sp_cfg_audit_sink_kind { SP_CFG_SINK_SYSLOG, SP_CFG_SINK_KAFKA, SP_CFG_SINK_OTLP };

struct sp_cfg_audit_sink { /* sallyport_auditSink */
    struct sp_str id;
    unsigned kind; /* enum sp_cfg_audit_sink_kind */
    struct sp_str endpoint, topic;
    struct sp_str ca_file, certificate_file, key_file; /* ptr NULL: none */
    struct sp_str user, password;                      /* ptr NULL: none. A secret */
    unsigned events;                                   /* 0: all, 1: failures of security only */
    bool tls;
    int64_t timeout_us;
};

struct sp_cfg_policy {
    struct sp_str id, location;     /* directory of the rule sets */
    struct sp_str_list rule_sets;   /* file names, in this order */
    const struct sp_rule_set *sets; /* what they hold: see config/rule_set.h */
    size_t set_count;
    unsigned update_trigger;
    int64_t polling_rate_us;
};

/* How groups of an item stand to the global ones, and which lists leave out what is not the caller's. The
 * order is that of the options in server.xml. */
enum sp_cfg_group_override { SP_CFG_OVERRIDE_FUNCTION, SP_CFG_OVERRIDE_LEVEL };
enum sp_cfg_filter_lists { SP_CFG_FILTER_SERVICES, SP_CFG_FILTER_ALL };

struct sp_cfg_manager { /* zosconnect_zosConnectManager */
    bool require_auth, require_secure;
    const struct sp_cfg_interceptor_list *global_interceptors; /* NULL: none */
    struct sp_cfg_groups groups;
    bool admin_invokes, claimed_names;
    unsigned group_override; /* enum sp_cfg_group_override */
    unsigned filter_lists;   /* enum sp_cfg_filter_lists */
    bool set_utf8_response_encoding;
    bool preserve_json_payload_char_format;
    bool use_json_error_responses;
    int64_t async_request_timeout_us;
};

/* The identity of the COBOL program's user in an API requester call. */
enum sp_cfg_id_assertion { SP_CFG_ASSERT_OFF, SP_CFG_ASSERT_SURROGATE, SP_CFG_ASSERT_ONLY };

#define SP_CFG_INVOKE_URIS_MAX 1024u /* of all services */
#define SP_CFG_INVOKE_URI_MAX 1024u  /* bytes */

/* zosConnectAPI, service and apiRequester alike: what one item says of its own. */
struct sp_cfg_item {
    struct sp_str id;
    struct sp_str name;
    unsigned require_auth, require_secure; /* enum sp_tristate */
    const struct sp_cfg_interceptor_list *interceptors;
    bool run_global_interceptors;
    struct sp_cfg_groups groups;
    const struct sp_cfg_policy *policy;       /* API only; NULL: that of all */
    struct sp_str_list required_scopes;       /* API only */
    const struct sp_cfg_property *properties; /* service only */
    size_t property_count;
    unsigned id_assertion; /* apiRequester only; enum sp_cfg_id_assertion */
    bool has_id_assertion;
    /* What only zosconnect_zosConnectService can say of a service. */
    struct sp_str provided_by;        /* serviceRef: id or name of a service */
    struct sp_str description;        /* empty: that of the archive */
    struct sp_str_list invoke_uris;   /* "/a/b" or, for all that begins with it, "/a/b*" */
    int64_t async_request_timeout_us; /* 0: the manager's */
};

struct sp_cfg_directory {    /* zosconnect_zosConnectAPIs, zosconnect_services, zosconnect_apiRequesters */
    struct sp_str location;  /* resolved */
    unsigned update_trigger; /* enum sp_cfg_update_trigger */
    int64_t polling_rate_us;
    const struct sp_cfg_policy *policy; /* APIs only; NULL: none */
    unsigned require_auth;              /* API requesters only; enum sp_tristate */
    unsigned id_assertion;              /* API requesters only; enum sp_cfg_id_assertion */
    const struct sp_cfg_item *items;
    size_t item_count;
};

/* How an endpoint wants to know us. What `kind` says stands at the beginning of each structure. */
enum sp_cfg_auth_kind {
    SP_CFG_AUTH_DATA,        /* struct sp_cfg_auth_data */
    SP_CFG_AUTH_OAUTH,       /* struct sp_cfg_oauth */
    SP_CFG_AUTH_OAUTH_JWT,   /* struct sp_cfg_oauth */
    SP_CFG_AUTH_TOKEN,       /* struct sp_cfg_auth_token */
    SP_CFG_AUTH_TOKEN_LOCAL, /* struct sp_cfg_auth_token */
};

struct sp_cfg_auth {
    unsigned kind; /* enum sp_cfg_auth_kind */
    struct sp_str id;
};

struct sp_cfg_auth_data { /* zosconnect_authData, authData, zosconnect_credential */
    unsigned kind;
    struct sp_str id;
    struct sp_str user, password; /* ptr NULL: none. A secret */
};

struct sp_cfg_authorization_server {
    struct sp_str id, token_endpoint;
    const struct sp_cfg_auth_data *basic_auth; /* NULL: the program supplies client id and secret */
    const struct sp_cfg_ssl *ssl;              /* NULL: the default */
};

struct sp_cfg_oauth { /* zosconnect_oAuthConfig, zosconnect_oAuthTokenConfig */
    unsigned kind;
    struct sp_str id;
    struct sp_str grant_type; /* client_credentials, password */
    const struct sp_cfg_authorization_server *server;
    const struct sp_cfg_jwt_builder *jwt_builder; /* zosconnect_oAuthTokenConfig; NULL */
    struct sp_str client_id;
};

struct sp_cfg_auth_token { /* zosconnect_authToken, zosconnect_authTokenLocal */
    unsigned kind;
    struct sp_str id;
    const struct sp_cfg_authorization_server *server;
    struct sp_str header; /* sent to the endpoint */
    bool use_bearer_scheme;
    struct {
        struct sp_str method, credential_location, header, body;
    } request;
    struct {
        struct sp_str token_location, format, token_path, header;
    } response;
    const struct sp_cfg_jwt_builder *jwt_builder; /* zosconnect_authTokenLocal */
};

struct sp_cfg_proxy {
    struct sp_str id, host;
    unsigned port;
    const struct sp_cfg_auth_data *auth_data;
};

struct sp_cfg_endpoint_connection {
    struct sp_str id, host;
    unsigned port;
    const struct sp_cfg_auth *const *auth;
    size_t auth_count;
    int64_t connection_timeout_us, receive_timeout_us;
    const struct sp_cfg_ssl *ssl; /* NULL: the outbound default */
    struct sp_str domain_base_path;
    const struct sp_cfg_proxy *proxy;
    bool allow_chunking;
};

struct sp_cfg_cics_connection {
    struct sp_str id;
    struct sp_str host;
    unsigned port;
    unsigned send_sessions;
    struct sp_str cics_applid, cics_networkid, zos_connect_applid, zos_connect_networkid;
    struct sp_str transid;
    bool transid_is_mirror;                   /* transidUsage EIB_AND_MIRROR */
    const struct sp_cfg_auth_data *auth_data; /* NULL: none */
    struct sp_str user, password;             /* of auth_data; ptr NULL: none. A secret */
    const struct sp_cfg_ssl *ssl;             /* NULL: no TLS */
    int64_t connection_timeout_us;
    int64_t heartbeat_interval_us; /* 0: none */
    int64_t connection_retry_interval_us;
    struct sp_str preferred_specific_host;
    bool shared_port;
};

struct sp_cfg_cics_member {
    const struct sp_cfg_cics_connection *connection;
    int64_t weight;
};

struct sp_cfg_cics_group { /* zosconnect_cicsConnectionGroup */
    struct sp_str id;
    const struct sp_cfg_cics_connection *const *connections; /* connectionRef */
    size_t connection_count;
    const struct sp_cfg_cics_member *members; /* with weights */
    size_t member_count;
};

struct sp_cfg_connection_manager {
    struct sp_str id;
    int64_t max_pool_size; /* 0: no limit */
    int64_t min_pool_size;
    int64_t connection_timeout_us, max_idle_time_us, reap_time_us, aged_timeout_us; /* negative: none */
    struct sp_str purge_policy;
};

struct sp_cfg_gmoa { /* connectionFactory > properties.gmoa: IMS Connect */
    bool given;
    struct sp_str host;
    unsigned port;
    struct sp_str application_name; /* APPL of PassTickets; ptr NULL: none */
    struct sp_str user, password;   /* a secret */
    bool ssl_enabled;
    const struct sp_cfg_ssl *ssl;
};

struct sp_cfg_connection_factory {
    struct sp_str id, jndi_name;
    const struct sp_cfg_auth_data *auth_data;
    const struct sp_cfg_connection_manager *manager;
    struct sp_cfg_gmoa gmoa;
};

struct sp_cfg_ims_connection { /* imsmobile_imsConnection, zosconnect_imsConnection */
    struct sp_str id, comment;
    const struct sp_cfg_connection_factory *factory; /* NULL: none */
    struct sp_str datastore;
    int64_t interaction_timeout_ms, connect_timeout_ms;
    unsigned commit_mode, sync_level;
    struct sp_str codepage;
};

struct sp_cfg_ims_interaction { /* imsmobile_interaction */
    struct sp_str id, comment;
    unsigned commit_mode, sync_level;
    struct sp_str datastore, lterm, codepage;
    int64_t interaction_timeout_ms; /* -1: no limit; 0: that of IMS Connect */
};

struct sp_cfg_wmq { /* properties.wmqJms of a connection factory */
    bool given;
    struct sp_str transport_type, queue_manager, channel, host;
    int64_t port;
    struct sp_str cipher_suite, user, password; /* a secret */
};

struct sp_cfg_jms_connection_factory {
    struct sp_str id, jndi_name;
    const struct sp_cfg_connection_manager *manager;
    const struct sp_cfg_auth_data *auth_data;
    struct sp_cfg_wmq wmq;
};

struct sp_cfg_jms_queue {
    struct sp_str id, jndi_name;
    struct sp_str base_queue_name, target_client;
    int64_t ccsid;
};

struct sp_cfg_mq_service { /* zosconnect_mqService */
    struct sp_str id;
    struct sp_str connection_factory, destination, reply_destination; /* JNDI names */
    int64_t expiry, wait_interval_ms;
    struct sp_str mqmd_format, selector, reply_selector;
    bool persistence, use_caller_principal;
    struct sp_str user, password; /* a secret */
};

struct sp_cfg_rest_basic_auth {
    struct sp_str id, user, password; /* a secret */
    struct sp_str appl_name;          /* PassTicket instead of a password */
};

struct sp_cfg_rest_connection { /* zosconnect_zosConnectServiceRestClientConnection */
    struct sp_str id, host;
    unsigned port;
    const struct sp_cfg_rest_basic_auth *basic_auth;
    const struct sp_cfg_ssl *ssl; /* NULL: no TLS */
    int64_t connection_timeout_us, receive_timeout_us;
};

#endif
