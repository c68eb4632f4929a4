/* SPDX-License-Identifier: Apache-2.0
 * config_security.h: the structures of TLS, registries, authentication and roles. Part of config/config.h.
 */
#ifndef SP_CONFIG_CONFIG_SECURITY_H
#define SP_CONFIG_CONFIG_SECURITY_H

#include "config/config_base.h"

struct sp_cfg_key_entry {
    struct sp_str name;
    struct sp_str password; /* ptr NULL: that of the store. A secret */
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
    const struct sp_cfg_key_entry *key_entries;
    size_t key_entry_count;
    const struct sp_cfg_saf_database *rings; /* where the ring of a safkeyring URL is; NULL for files */
};

struct sp_cfg_outbound { /* ssl > outboundConnection */
    struct sp_str host;
    int64_t port; /* -1: any */
    struct sp_str client_certificate;
};

/* The order is that of the options in server.xml. */
enum sp_cfg_ocsp { SP_CFG_OCSP_OFF, SP_CFG_OCSP_REQUIRED, SP_CFG_OCSP_SOFT };

struct sp_cfg_ssl {
    struct sp_str id;
    const struct sp_cfg_key_store *key_store;   /* never NULL in a configuration that loads */
    const struct sp_cfg_key_store *trust_store; /* the key store when none was named */
    bool client_authentication;
    bool client_authentication_supported;
    struct sp_str crl;            /* file; ptr NULL: none */
    unsigned ocsp;                /* enum sp_cfg_ocsp */
    bool ocsp_chain;              /* its authorities are asked about, too */
    struct sp_str ocsp_responder; /* ptr NULL: the one that a certificate names */
    int64_t ocsp_timeout_us, ocsp_cache_us;
    bool ocsp_stapling;           /* of the server's own certificate */
    struct sp_str_list protocols; /* TLSv1.2, TLSv1.3; empty: the product's default, both */
    struct sp_str security_level;
    struct sp_str_list enabled_ciphers; /* as written: IANA, Java or IBM names; config/cipher.h translates */
    bool enforce_cipher_order;
    struct sp_str server_key_alias, client_key_alias;
    bool verify_hostname;
    struct sp_str_list skip_verification_hosts;
    bool trust_default_certs;
    const struct sp_cfg_outbound *outbound;
    size_t outbound_count;
};

struct sp_cfg_ssl_default {            /* sslDefault */
    const struct sp_cfg_ssl *ssl;      /* NULL: there is none */
    const struct sp_cfg_ssl *outbound; /* the same as `ssl` when none was named */
};

struct sp_cfg_ssl_options {
    struct sp_str id;
    const struct sp_cfg_ssl *ssl;
    int64_t ssl_session_timeout_us;
    int64_t session_timeout_us;
    int64_t ssl_session_cache_size;
    bool suppress_handshake_errors;
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
    struct sp_str certificate_map_mode; /* PRINCIPAL_CN, CUSTOM, NOT_SUPPORTED */
    const struct sp_cfg_user *users;
    size_t user_count;
    const struct sp_cfg_group *groups;
    size_t group_count;
};

struct sp_cfg_quick_start {      /* quickStartSecurity */
    struct sp_str user_name;     /* ptr NULL: not written */
    struct sp_str user_password; /* clear text or {hash}. A secret */
};

struct sp_cfg_ldap_filters { /* customFilters and its like */
    struct sp_str id;
    struct sp_str user_filter, group_filter, user_id_map, group_id_map, group_member_id_map;
};

struct sp_cfg_ldap_server {
    struct sp_str host;
    int64_t port;
};

struct sp_cfg_ldap_failover {
    struct sp_str name;
    const struct sp_cfg_ldap_server *servers;
    size_t server_count;
};

struct sp_cfg_ldap_entity { /* ldapEntityType */
    struct sp_str name;     /* PersonAccount, Group, OrgContainer */
    struct sp_str_list object_classes, search_bases;
    struct sp_str search_filter;
};

struct sp_cfg_ldap_member { /* memberAttribute, membershipAttribute */
    struct sp_str name, object_class, scope, dummy;
};

struct sp_cfg_ldap_cache {
    bool enabled;
    int64_t size, size_limit;
    int64_t timeout_us;
};

struct sp_cfg_ldap_attribute { /* attributeConfiguration > attribute */
    struct sp_str name, property, entity_type;
};

struct sp_cfg_ldap_registry {
    struct sp_str id, realm, host;
    int64_t port;
    struct sp_str base_dn, ldap_type;
    struct sp_str bind_dn, bind_password; /* ptr NULL: anonymous. A secret */
    struct sp_str bind_mechanism;
    struct sp_str krb5_principal, krb5_ticket_cache; /* ptr NULL: those of the system */
    bool ssl_enabled, start_tls;
    const struct sp_cfg_ssl *ssl; /* NULL: the outbound default */
    bool ignore_case, recursive_search, reuse_connection;
    int64_t search_timeout_us, connect_timeout_us, read_timeout_us;
    struct sp_str referral, deref_aliases;
    bool return_to_primary;
    int64_t primary_query_interval_us;
    const struct sp_cfg_ldap_failover *failover;
    size_t failover_count;
    struct sp_str certificate_map_mode, certificate_filter;
    struct sp_str_list login_properties;
    const struct sp_cfg_ldap_attribute *attributes; /* attributeConfiguration */
    size_t attribute_count;
    const struct sp_cfg_ldap_filters *filters; /* NULL: those of the type */
    const struct sp_cfg_ldap_entity *entities;
    size_t entity_count;
    const struct sp_cfg_ldap_member *members, *memberships; /* groupProperties */
    size_t member_count, membership_count;
    struct {
        bool enabled;
        int64_t initial_size, preferred_size, max_size;
        int64_t timeout_us, wait_time_us;
    } pool;
    struct {
        struct sp_cfg_ldap_cache attributes, searches;
    } cache;
};

struct sp_cfg_saf_database { /* sallyport_saf */
    struct sp_str database;
    struct sp_str key_file;    /* ptr NULL: beside the database */
    struct sp_str server_user; /* who reads key rings; ptr NULL: the user of the started task */
    struct sp_str server_name;
};

struct sp_cfg_saf_registry {
    struct sp_str id, realm; /* realm ptr NULL: not set */
};

struct sp_cfg_saf_authorization {
    struct sp_str id;
    struct sp_str rac_route_log; /* ASIS, NOFAIL, NONE, NOSTAT */
    bool enable_delegation, report_details;
    struct sp_str role_mapper;
};

struct sp_cfg_saf_credentials {
    struct sp_str profile_prefix, unauthenticated_user;
    bool map_distributed_identities, suppress_auth_failure_messages;
};

struct sp_cfg_saf_role_mapper {
    struct sp_str profile_pattern;
    bool to_upper_case;
};

struct sp_cfg_role_member {
    struct sp_str name;
    struct sp_str access_id; /* "user:<realm>/<id>", "group:<realm>/<id>"; stands instead of the name */
};

struct sp_cfg_security_role {
    struct sp_str name;
    const struct sp_cfg_role_member *users;
    size_t user_count;
    const struct sp_cfg_role_member *groups;
    size_t group_count;
    struct sp_str_list special_subjects; /* as written */
    bool everyone, all_authenticated;    /* special-subject */
};

struct sp_cfg_authorization_roles {
    struct sp_str id; /* resource name: zos.connect.access.roles */
    const struct sp_cfg_security_role *roles;
    size_t role_count;
};

struct sp_cfg_admin_role { /* administrator-role, reader-role */
    struct sp_str_list users, groups, user_access_ids, group_access_ids;
};

struct sp_cfg_web_app_security {
    bool allow_fail_over_to_basic_auth;
    struct sp_str fail_over_method; /* allowAuthenticationFailOverToAuthMethod; ptr NULL: not set */
    struct sp_str override_method;  /* overrideHttpAuthMethod: BASIC, FORM, CLIENT_CERT; ptr NULL: not set */
    bool display_authentication_realm;
    struct sp_str
        basic_authentication_realm; /* basicAuthenticationMechanismRealmName; ptr NULL: defaultRealm */
    bool single_signon_enabled;
    struct sp_str sso_cookie_name;
    bool use_only_custom_cookie_name, sso_requires_ssl, http_only_cookies, sso_use_domain_from_url;
    struct sp_str sso_domain_names, same_site_cookie;
};

struct sp_cfg_auth_cache {
    bool enabled; /* authentication@cacheEnabled */
    bool allow_basic_auth_lookup;
    int64_t initial_size, max_size;
    int64_t timeout_us;
};

enum sp_cfg_unmapped { SP_CFG_UNMAPPED_DISTRIBUTED, SP_CFG_UNMAPPED_REFUSE, SP_CFG_UNMAPPED_GUEST };

struct sp_cfg_authentication { /* sallyport_authentication */
    int64_t max_failures;      /* 0: no brake */
    int64_t failure_window_us, lock_time_us;
    int64_t max_logins_waiting; /* in each worker */
    unsigned unmapped_identity; /* enum sp_cfg_unmapped */
};

/* authFilter and its conditions. */
enum sp_cfg_match {
    SP_CFG_EQUALS,
    SP_CFG_CONTAINS,
    SP_CFG_NOT_CONTAIN,
    SP_CFG_LESS_THAN,
    SP_CFG_GREATER_THAN
};

struct sp_cfg_condition {
    struct sp_str what;  /* value that is compared: name, urlPattern, ip, agent; of requestHeader its name */
    struct sp_str value; /* requestHeader: ptr NULL when only its presence counts */
    unsigned match;      /* enum sp_cfg_match */
};

struct sp_cfg_conditions {
    const struct sp_cfg_condition *items;
    size_t count;
};

struct sp_cfg_auth_filter {
    struct sp_str id;
    struct sp_cfg_conditions web_app, request_url, remote_address, host, user_agent, cookie, request_header;
};

/* Those of a provider: a request is for it that one of them accepts; every request when there is none. */
struct sp_cfg_auth_filters {
    const struct sp_cfg_auth_filter *const *items;
    size_t count;
};

struct sp_cfg_ltpa_keys { /* validationKeys */
    struct sp_str file_name;
    struct sp_str password;    /* a secret */
    struct sp_str valid_until; /* empty: no end */
};

struct sp_cfg_ltpa {
    bool given; /* the element is there */
    struct sp_str keys_file_name;
    struct sp_str keys_password; /* a secret */
    int64_t expiration_us;
    int64_t monitor_interval_us; /* 0: not polled */
    struct sp_cfg_auth_filters auth_filters;
    unsigned update_trigger;
    bool monitor_validation_keys_dir; /* *.keys beside keys_file_name are validation keys */
    int64_t expiration_difference_us; /* below 0: any */
    const struct sp_cfg_ltpa_keys *validation_keys;
    size_t validation_key_count;
};

enum sp_cfg_propagation {
    SP_CFG_PROPAGATION_SUPPORTED,
    SP_CFG_PROPAGATION_REQUIRED,
    SP_CFG_PROPAGATION_NONE
};

struct sp_cfg_oidc_parameter { /* authzParameter, tokenParameter */
    struct sp_str name, value;
};

struct sp_cfg_oidc_login { /* openidConnectClient: login in a browser */
    struct sp_str scope, response_type;
    struct sp_str grant_type;
    struct sp_str authorization_url, user_info_url; /* ptr NULL: by discovery */
    int64_t time_limit_us;
    bool again_when_token_ends;
    int64_t again_cushion_us; /* so long before it does */
    bool user_info;           /* is asked */
    struct sp_str claims_order;
    struct sp_str request_origin;     /* ptr NULL: no such header */
    struct sp_str junction_path;      /* ptr NULL: none */
    struct sp_str redirect_host_port; /* "https://host:port"; ptr NULL: as the browser addressed us */
    struct sp_str code_challenge_method;
    struct sp_str_list forwarded; /* parameters of the request that are passed on */
    struct sp_str resource;
    const struct sp_cfg_oidc_parameter *authz_parameters, *token_parameters;
    size_t authz_parameter_count, token_parameter_count;
};

struct sp_cfg_oidc { /* openidConnectClient */
    struct sp_str id;
    struct sp_cfg_auth_filters auth_filters;
    unsigned propagation;      /* enum sp_cfg_propagation */
    struct sp_str header_name; /* ptr NULL: Authorization */
    struct sp_str validation_method, validation_url;
    struct sp_str_list issuers, audiences;
    bool disable_iss_checking;
    struct sp_str signature_algorithm;
    struct sp_str client_id, client_secret, shared_key; /* secrets */
    const struct sp_cfg_key_store *trust_store;         /* NULL */
    struct sp_str trust_alias;
    struct sp_str jwk_url, jwk_client_id, jwk_client_secret; /* a secret */
    int64_t clock_skew_us;
    bool token_reuse;
    struct sp_str user_identifier, user_identity, group_identifier, realm_identifier, realm_name,
        unique_user_identifier;
    bool map_identity_to_registry_user;
    bool authn_session_disabled, disable_ltpa_cookie;
    bool access_token_cache_enabled;
    int64_t access_token_cache_timeout_us;
    struct sp_str token_endpoint_url, token_endpoint_auth_method;
    struct sp_str auth_signing_algorithm, key_alias; /* of private_key_jwt */
    struct sp_str discovery_url;                     /* ptr NULL: nothing is discovered */
    int64_t discovery_polling_us;
    struct sp_str json_web_key;      /* ptr NULL; keys themselves */
    struct sp_str remote_validation; /* of JWTs: none, allow, require */
    bool require_exp, require_iat;   /* in answers of introspection */
    struct sp_str dpop;              /* accepted, required */
    struct sp_str decryption_alias;  /* keyManagementKeyAlias; ptr NULL: no token is decrypted */
    bool weak_rsa_keys;              /* RSA keys of 1024 bits count */
    int64_t jwk_refetch_us;          /* least time between fetches that tokens cause */
    int64_t jwk_max_stale_us;        /* keys count so long after the last successful fetch */
    bool https_required, verify_hostname;
    const struct sp_cfg_ssl *ssl; /* NULL: the outbound default */
    struct sp_cfg_oidc_login login;
};

struct sp_cfg_saml_login {      /* samlWebSso20: login in a browser */
    struct sp_str idp_metadata; /* path */
    bool requests_signed, force_authn, is_passive;
    bool allow_create, allow_create_given;
    struct sp_str_list context_classes;
    struct sp_str context_comparison;
    struct sp_str name_id_format, custom_name_id_format;
    bool includes_certificate; /* in our metadata */
    struct sp_str login_page_url, error_page_url;
    int64_t session_us;      /* when the assertion does not say how long */
    int64_t request_time_us; /* for a login to come back */
    bool https_required;
    struct sp_str host_and_port;   /* "https://host:port" or "host:port"; ptr NULL */
    struct sp_str target_page_url; /* ptr NULL */
    bool relay_state_is_target;
    bool again_when_assertion_ends;
    int64_t again_cushion_us;
    struct sp_str post_logout_url; /* ptr NULL */
    bool tells_provider;           /* of a logout */
    struct sp_str cookie_name;     /* ptr NULL: by the id */
    bool forgets_target;
    bool takes_unsolicited;
};

struct sp_cfg_saml { /* samlWebSso20 */
    struct sp_str id;
    bool enabled;
    unsigned propagation; /* 0 required, 1 none */
    struct sp_str_list header_names, audiences;
    bool want_assertions_signed;
    struct sp_str signature_method;
    int64_t clock_skew_us;
    struct sp_str user_identifier, group_identifier, unique_user_identifier, realm_identifier, realm_name;
    struct sp_str map_to_user_registry;
    const struct sp_cfg_key_store *key_store;
    struct sp_str key_alias;
    struct sp_cfg_auth_filters auth_filters;
    bool disable_ltpa_cookie;
    bool assertion_reuse; /* in a header: one may come more than once */
    int64_t replay_us;    /* how long an assertion that was used is remembered at least */
    struct sp_cfg_saml_login login;
    struct {
        bool given;
        const struct sp_cfg_key_store *trust_anchor; /* NULL */
        struct sp_str_list trusted_issuers, certificates, crls;
    } pkix;
};

struct sp_cfg_jwt_builder {
    struct sp_str id, issuer; /* issuer ptr NULL: made from host, port and id */
    int64_t expiry_us;
    int64_t expires_in_seconds; /* -1: expiry counts */
    int64_t nbf_offset;         /* seconds; -1: no nbf */
    struct sp_str signature_algorithm;
    bool jti, jwk_enabled;
    const struct sp_cfg_key_store *key_store;
    struct sp_str key_alias;
    struct sp_str shared_key; /* a secret */
    struct sp_str_list claims, audiences;
    struct sp_str scope;
};

#endif
