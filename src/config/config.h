/* SPDX-License-Identifier: Apache-2.0
 * config.h: what server.xml says, typed and immutable.
 *
 * sp_config_load reads server.xml with its includes and drop-ins, merges and resolves it by the rules of
 * Liberty, types every value by the table of config/table.h, and gives one struct sp_config. Nothing in it
 * changes afterwards; it lives until sp_config_free. Strings are views of NUL-terminated memory of the
 * configuration; one that was not given and has no default has ptr NULL. Lists are arrays with a count.
 * Durations are microseconds.
 */
#ifndef SP_CONFIG_CONFIG_H
#define SP_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/buf.h"
#include "config/problem.h"

struct sp_str_list {
    const struct sp_str *items;
    size_t count;
};

/* When files are looked at again. The order is that of the options in server.xml. */
enum sp_cfg_update_trigger { SP_CFG_POLLED, SP_CFG_MBEAN, SP_CFG_DISABLED };

/* A boolean that may be left to a more general element. */
enum sp_tristate { SP_UNSET = 0, SP_FALSE, SP_TRUE };

struct sp_cfg_http_options {
    struct sp_str id;
    bool keep_alive_enabled;         /* keepAliveEnabled */
    int64_t max_keep_alive_requests; /* -1: no limit */
    int64_t persist_timeout_us;
    int64_t read_timeout_us;
    int64_t write_timeout_us;
    int64_t limit_num_headers;
    int64_t limit_field_size;   /* bytes */
    int64_t message_size_limit; /* bytes of a body; -1: the product's own ceiling */
    bool remove_server_header;
};

struct sp_cfg_key_store {
    struct sp_str id;
    struct sp_str location; /* resolved path, or safkeyring URL */
    struct sp_str type;     /* PKCS12, PEM, JKS, ... upper case */
    struct sp_str password; /* decoded; ptr NULL: none. A secret */
    bool file_based;
    bool read_only;
    int64_t polling_rate_us;
    unsigned update_trigger; /* enum sp_cfg_update_trigger */
};

struct sp_cfg_ssl {
    struct sp_str id;
    const struct sp_cfg_key_store *key_store;   /* never NULL in a configuration that loads */
    const struct sp_cfg_key_store *trust_store; /* the key store when none was named */
    bool client_authentication;
    bool client_authentication_supported;
    struct sp_str_list protocols; /* TLSv1.2, TLSv1.3; empty: the product's default, both */
    struct sp_str security_level;
    struct sp_str_list enabled_ciphers; /* IANA or Java names as written */
    bool enforce_cipher_order;
    struct sp_str server_key_alias, client_key_alias;
    bool verify_hostname;
};

struct sp_cfg_ssl_default {            /* sslDefault */
    const struct sp_cfg_ssl *ssl;      /* NULL: there is none */
    const struct sp_cfg_ssl *outbound; /* the same as `ssl` when none was named */
};

struct sp_cfg_ssl_options {
    struct sp_str id;
    const struct sp_cfg_ssl *ssl;
    int64_t ssl_session_timeout_us;
};

struct sp_cfg_http_endpoint {
    struct sp_str id;
    bool enabled;
    struct sp_str host;                             /* "*": every address */
    int64_t http_port;                              /* -1: none */
    int64_t https_port;                             /* -1: none */
    const struct sp_cfg_http_options *http_options; /* never NULL */
    const struct sp_cfg_ssl_options *ssl_options;   /* never NULL when https_port is not -1 */
};

struct sp_cfg_user {
    struct sp_str name;
    struct sp_str password; /* clear text or {hash}...; ptr NULL: none. A secret */
};

struct sp_cfg_group {
    struct sp_str name;
    struct sp_str_list members;
};

struct sp_cfg_basic_registry {
    struct sp_str id;
    struct sp_str realm;
    bool ignore_case;
    const struct sp_cfg_user *users;
    size_t user_count;
    const struct sp_cfg_group *groups;
    size_t group_count;
};

struct sp_cfg_security_role {
    struct sp_str name;
    struct sp_str_list users, groups;    /* names */
    struct sp_str_list special_subjects; /* as written */
    bool everyone, all_authenticated;    /* special-subject */
};

struct sp_cfg_authorization_roles {
    struct sp_str id; /* resource name: zos.connect.access.roles */
    const struct sp_cfg_security_role *roles;
    size_t role_count;
};

struct sp_cfg_web_app_security {
    bool allow_fail_over_to_basic_auth;
    bool display_authentication_realm;
    struct sp_str
        basic_authentication_realm; /* basicAuthenticationMechanismRealmName; ptr NULL: "defaultRealm" */
};

/* Levels of authority: groups by level. An empty list: the level is not set here. */
struct sp_cfg_groups {
    struct sp_str_list admin, operations, invoke, reader;
};

enum sp_cfg_interceptor_kind { SP_CFG_AUTHORIZATION, SP_CFG_AUDIT };

struct sp_cfg_interceptor {
    unsigned kind; /* enum sp_cfg_interceptor_kind */
    struct sp_str id;
    int64_t sequence;
    bool has_sequence;
    unsigned provider_smf_version; /* audit: apiProviderSmfVersion */
};

struct sp_cfg_interceptor_list {
    struct sp_str id;
    const struct sp_cfg_interceptor *const *items; /* as written */
    size_t count;
};

struct sp_cfg_manager { /* zosconnect_zosConnectManager */
    bool require_auth, require_secure;
    const struct sp_cfg_interceptor_list *global_interceptors; /* NULL: none */
    struct sp_cfg_groups groups;
    bool set_utf8_response_encoding;
    bool use_json_error_responses;
    int64_t async_request_timeout_us;
};

struct sp_cfg_property {
    struct sp_str name, value;
};

/* zosConnectAPI and service alike: what one item says of its own. */
struct sp_cfg_item {
    struct sp_str id;
    struct sp_str name;
    unsigned require_auth, require_secure; /* enum sp_tristate */
    const struct sp_cfg_interceptor_list *interceptors;
    bool run_global_interceptors;
    struct sp_cfg_groups groups;
    const struct sp_cfg_property *properties; /* service only */
    size_t property_count;
};

struct sp_cfg_directory {    /* zosconnect_zosConnectAPIs, zosconnect_services */
    struct sp_str location;  /* resolved */
    unsigned update_trigger; /* enum sp_cfg_update_trigger */
    int64_t polling_rate_us;
    const struct sp_cfg_item *items;
    size_t item_count;
};

struct sp_cfg_auth_data { /* zosconnect_authData */
    struct sp_str id;
    struct sp_str user, password; /* ptr NULL: none. A secret */
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
};

struct sp_cfg_tree;

struct sp_config {
    struct sp_str server_name; /* last part of the directory */
    struct sp_str config_dir;  /* server.config.dir, with a trailing '/' */
    struct sp_str output_dir;  /* server.output.dir, with a trailing '/' */
    struct sp_str_list features;
    const struct sp_cfg_http_endpoint *endpoints;
    size_t endpoint_count;
    const struct sp_cfg_http_options *http_options;
    size_t http_options_count;
    const struct sp_cfg_key_store *key_stores;
    size_t key_store_count;
    const struct sp_cfg_ssl *ssl;
    size_t ssl_count;
    const struct sp_cfg_ssl_options *ssl_options;
    size_t ssl_options_count;
    struct sp_cfg_ssl_default ssl_default;
    const struct sp_cfg_ssl *default_ssl; /* of sslDefault, else defaultSSLConfig; NULL when there is none */
    const struct sp_cfg_basic_registry *basic_registries;
    size_t basic_registry_count;
    const struct sp_cfg_basic_registry *basic_registry; /* the one there is, or NULL */
    const struct sp_cfg_authorization_roles *authorization_roles;
    size_t authorization_roles_count;
    const struct sp_cfg_authorization_roles *roles; /* zos.connect.access.roles, or NULL */
    struct sp_cfg_web_app_security web_app_security;
    struct sp_cfg_manager manager;
    struct sp_cfg_directory apis, services;
    const struct sp_cfg_interceptor *interceptors;
    size_t interceptor_count;
    const struct sp_cfg_interceptor_list *interceptor_lists;
    size_t interceptor_list_count;
    const struct sp_cfg_auth_data *auth_data;
    size_t auth_data_count;
    const struct sp_cfg_cics_connection *cics_connections;
    size_t cics_connection_count;

    struct sp_cfg_tree *tree; /* the merged elements and their origins: see config/tree.h */
    struct sp_arena arena;    /* owns everything above */
};

/* Where files come from; a test or fuzzer gives its own. Paths are absolute and normalised. */
struct sp_config_files {
    void *arg;
    /* The contents, appended to `buf`. SP_ENOTFOUND when there is no such file, SP_EIO with errno's text. */
    enum sp_status (*read)(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err);
    /* Names in a directory, unsorted, each with a NUL behind it, appended to `buf`; directories among them
     * end in '/'. SP_ENOTFOUND when it is not a directory. */
    enum sp_status (*list)(void *arg, struct sp_str path, struct sp_buf *buf, struct sp_error *err);
};

struct sp_config_options {
    const char *config_dir;                  /* the server's directory, with server.xml in it */
    const char *output_dir;                  /* NULL: the same */
    const struct sp_cfg_property *variables; /* --name=value of the command line */
    size_t variable_count;
    const struct sp_config_files *files; /* NULL: the file system */
    const char *const *environment;      /* "NAME=value", ends with NULL; NULL: that of the process */
};

/* Read the configuration of a server. All that is wrong or worth a word goes to `problems`; SP_OK when the
 * server may run with the result, otherwise the first fatal problem is also in `err`. */
enum sp_status sp_config_load(const struct sp_config_options *options, struct sp_problems *problems,
                              struct sp_config **ret_config, struct sp_error *err) SP_MUST_CHECK;
/* Wipes the secrets. Accepts NULL. */
void sp_config_free(struct sp_config *config);

/* The item's own element, or NULL. */
const struct sp_cfg_item *sp_config_item(const struct sp_cfg_directory *directory, struct sp_str name);

#endif
