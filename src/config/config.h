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
#include "config/config_connect.h"
#include "config/config_http.h"
#include "config/config_security.h"
#include "config/problem.h"

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
    const struct sp_cfg_tcp_options *tcp_options;
    size_t tcp_options_count;
    const struct sp_cfg_access_logging *access_loggings;
    size_t access_logging_count;
    const struct sp_cfg_remote_ip *remote_ips;
    size_t remote_ip_count;
    struct sp_cfg_dispatcher dispatcher;
    const struct sp_cfg_cors *cors;
    size_t cors_count;
    struct sp_cfg_requests requests;
    struct sp_cfg_monitoring monitoring;
    struct sp_cfg_logging logging;
    struct sp_cfg_update update; /* <config> */

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
    struct sp_cfg_quick_start quick_start;
    const struct sp_cfg_ldap_registry *ldap_registries;
    size_t ldap_registry_count;
    const struct sp_cfg_ldap_filters *ldap_filters;
    size_t ldap_filters_count;
    struct sp_str primary_realm; /* federatedRepository > primaryRealm; ptr NULL: none */
    bool allow_op_if_repo_down;
    const struct sp_cfg_saf_registry *saf_registries;
    size_t saf_registry_count;
    const struct sp_cfg_saf_authorization *saf_authorizations;
    size_t saf_authorization_count;
    struct sp_cfg_saf_credentials saf_credentials;
    struct sp_cfg_saf_role_mapper saf_role_mapper;
    struct sp_cfg_saf_database saf_database;
    const struct sp_cfg_authorization_roles *authorization_roles;
    size_t authorization_roles_count;
    const struct sp_cfg_authorization_roles *roles; /* zos.connect.access.roles, or NULL */
    struct sp_cfg_admin_role administrators, readers;
    struct sp_cfg_web_app_security web_app_security;
    struct sp_cfg_smf smf;
    const struct sp_cfg_audit_sink *audit_sinks;
    size_t audit_sink_count;
    struct sp_cfg_auth_cache auth_cache;
    struct sp_cfg_authentication authentication;
    struct sp_cfg_ltpa ltpa;
    const struct sp_cfg_auth_filter *auth_filters;
    size_t auth_filter_count;
    const struct sp_cfg_oidc *oidc_clients;
    size_t oidc_client_count;
    const struct sp_cfg_saml *saml;
    size_t saml_count;
    const struct sp_cfg_jwt_builder *jwt_builders;
    size_t jwt_builder_count;

    struct sp_cfg_manager manager;
    struct sp_cfg_directory apis, services, api_requesters;
    const struct sp_cfg_item *service_elements; /* as they stand; merged into the items of `services` */
    size_t service_element_count;
    const struct sp_cfg_interceptor *interceptors;
    size_t interceptor_count;
    const struct sp_cfg_interceptor_list *interceptor_lists;
    size_t interceptor_list_count;
    const struct sp_cfg_policy *policies;
    size_t policy_count;

    const struct sp_cfg_auth_data *auth_data;
    size_t auth_data_count;
    const struct sp_cfg_cics_connection *cics_connections;
    size_t cics_connection_count;
    const struct sp_cfg_cics_group *cics_groups;
    size_t cics_group_count;
    const struct sp_cfg_connection_manager *connection_managers;
    size_t connection_manager_count;
    const struct sp_cfg_connection_factory *connection_factories;
    size_t connection_factory_count;
    const struct sp_cfg_ims_connection *ims_connections;
    size_t ims_connection_count;
    const struct sp_cfg_ims_interaction *ims_interactions;
    size_t ims_interaction_count;
    const struct sp_cfg_jms_connection_factory *jms_connection_factories;
    size_t jms_connection_factory_count;
    const struct sp_cfg_jms_queue *jms_queues;
    size_t jms_queue_count;
    const struct sp_cfg_mq_service *mq_services;
    size_t mq_service_count;
    const struct sp_cfg_rest_connection *rest_connections;
    size_t rest_connection_count;
    const struct sp_cfg_rest_basic_auth *rest_basic_auths;
    size_t rest_basic_auth_count;
    const struct sp_cfg_endpoint_connection *endpoint_connections;
    size_t endpoint_connection_count;
    const struct sp_cfg_authorization_server *authorization_servers;
    size_t authorization_server_count;
    const struct sp_cfg_oauth *oauth;
    size_t oauth_count;
    const struct sp_cfg_auth_token *auth_tokens;
    size_t auth_token_count;
    const struct sp_cfg_proxy *proxies;
    size_t proxy_count;

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
    /* A file with an updateTrigger of its own (enum sp_cfg_update_trigger): a rule set, which is read next,
     * or a key store, which others read. NULL: nobody wants to know. */
    void (*note)(void *arg, struct sp_str path, unsigned trigger, bool is_key_store);
    bool on_disk; /* the paths are of files on disk: key stores, which are not read here, are looked for */
};

/* The file system. */
extern const struct sp_config_files sp_config_file_system;

struct sp_config_options {
    const char *config_dir;                  /* the server's directory, with server.xml in it */
    const char *output_dir;                  /* NULL: the same */
    const struct sp_cfg_property *variables; /* --name=value of the command line */
    size_t variable_count;
    const struct sp_config_files *files; /* NULL: the file system */
    const char *const *environment;      /* "NAME=value", ends with NULL; NULL: that of the process */
    bool keep_broken; /* give the configuration although it has errors, to be looked at only */
};

/* Read the configuration of a server. All that is wrong or worth a word goes to `problems`; SP_OK when the
 * server may run with the result, otherwise the first fatal problem is also in `err` (and *ret_config is set
 * only with keep_broken, when there was memory for it). */
enum sp_status sp_config_load(const struct sp_config_options *options, struct sp_problems *problems,
                              struct sp_config **ret_config, struct sp_error *err) SP_MUST_CHECK;
/* Wipes the secrets. Accepts NULL. */
void sp_config_free(struct sp_config *config);

/* Add a problem with the place of the top element whose structure `memory` is (of the configuration, as
 * `&config->ldap_registries[0]`); without a place when nobody wrote it. Its severity follows from the last
 * letter of the id. */
void sp_config_problem(const struct sp_config *config, const void *memory, const char *id,
                       struct sp_problems *problems, const char *fmt, ...) SP_PRINTF(5, 6);

/* Whether a key store's file is missing and made when the server starts: defaultKeyStore, of type PKCS12 and
 * with a password. */
bool sp_config_key_store_to_make(const struct sp_cfg_key_store *store);

/* The item's own element, or NULL. */
const struct sp_cfg_item *sp_config_item(const struct sp_cfg_directory *directory, struct sp_str name);

#endif
