/* SPDX-License-Identifier: Apache-2.0
 * Who exists and who holds which role: registries, SAF, roles.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

/* Basic registry */

static const struct sp_cfg_attribute user_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "The user's name.", INTO(struct sp_cfg_user, name)),
    A("password", PASSWORD_HASH, ACTED | SECURITY, "The user's password; {hash} is the safe form.",
      INTO(struct sp_cfg_user, password)),
};

static const struct sp_cfg_element user_element = {"user",
                                                   SP_CFG_NESTED,
                                                   ACTED | SECURITY,
                                                   .key = "name",
                                                   ROWS(user_attributes),
                                                   STRUCT(struct sp_cfg_user),
                                                   ARRAY(struct sp_cfg_basic_registry, users, user_count),
                                                   .meaning = "A user of the registry."};

static const struct sp_cfg_attribute member_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name of a user."),
};

static const struct sp_cfg_element member_element = {"member",
                                                     SP_CFG_NESTED,
                                                     ACTED | SECURITY,
                                                     .key = "name",
                                                     ROWS(member_attributes),
                                                     FLATTENED(struct sp_cfg_group, members),
                                                     .meaning = "A member of the group."};

static const struct sp_cfg_attribute group_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "The group's name.", INTO(struct sp_cfg_group, name)),
};

static const struct sp_cfg_element group_element = {"group",
                                                    SP_CFG_NESTED,
                                                    ACTED | SECURITY,
                                                    .key = "name",
                                                    ROWS(group_attributes),
                                                    CHILDREN(&member_element),
                                                    STRUCT(struct sp_cfg_group),
                                                    ARRAY(struct sp_cfg_basic_registry, groups, group_count),
                                                    .meaning = "A group of the registry."};

#define O struct sp_cfg_basic_registry

static const struct sp_cfg_attribute basic_registry_attributes[] = {
    ID_INTO(O),
    A("realm", STRING, ACTED | SECURITY, "Name of the registry's realm.", INTO(O, realm),
      DEFAULT("BasicRegistry")),
    A("ignoreCaseForAuthentication", BOOLEAN, ACTED | SECURITY,
      "Whether user names are compared without regard to case.", INTO(O, ignore_case), DEFAULT("false")),
    A("certificateMapMode", ENUM, ACTED | SECURITY,
      "How a client certificate names a user: by the CN of its subject. CUSTOM and NOT_SUPPORTED take none.",
      INTO(O, certificate_map_mode), ONE_OF("PRINCIPAL_CN", "CUSTOM", "NOT_SUPPORTED"),
      DEFAULT("PRINCIPAL_CN")),
    A("certificateMapperId", STRING, SECURITY, "A mapper in Java, which this product does not run."),
};

const struct sp_cfg_element sp_cfg_basic_registry_element = {
    "basicRegistry",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(basic_registry_attributes),
    CHILDREN(&user_element, &group_element),
    STRUCT(O),
    ARRAY(struct sp_config, basic_registries, basic_registry_count),
    .meaning = "Users and groups that stand in server.xml."};

#undef O
#define O struct sp_cfg_quick_start

static const struct sp_cfg_attribute quick_start_attributes[] = {
    A("userName", STRING, SECURITY, "Name of the administrator.", INTO(O, user_name)),
    A("userPassword", PASSWORD_HASH, SECURITY, "The administrator's password.", INTO(O, user_password)),
};

const struct sp_cfg_element sp_cfg_quick_start_element = {"quickStartSecurity",
                                                          SP_CFG_SINGLETON,
                                                          SECURITY,
                                                          ROWS(quick_start_attributes),
                                                          STRUCT(O),
                                                          PLACE(struct sp_config, quick_start),
                                                          .meaning = "A registry of one administrator."};

#undef O

/* LDAP */

#define O struct sp_cfg_ldap_filters

static const struct sp_cfg_attribute ldap_filter_attributes[] = {
    ID_INTO(O),
    A("userFilter", STRING, ACTED | SECURITY, "Finds a user; %v stands for the name.", INTO(O, user_filter)),
    A("groupFilter", STRING, ACTED | SECURITY, "Finds a group.", INTO(O, group_filter)),
    A("userIdMap", STRING, ACTED | SECURITY, "objectclass:attribute with the name of a user.",
      INTO(O, user_id_map)),
    A("groupIdMap", STRING, ACTED | SECURITY, "objectclass:attribute with the name of a group.",
      INTO(O, group_id_map), DEFAULT("*:cn")),
    A("groupMemberIdMap", STRING, ACTED | SECURITY, "objectclass:attribute with the members of a group.",
      INTO(O, group_member_id_map)),
};

#define LDAP_FILTERS(variable, element_name, server)                                                   \
    const struct sp_cfg_element variable = {element_name,                                              \
                                            SP_CFG_FACTORY,                                            \
                                            ACTED | SECURITY,                                          \
                                            ROWS(ldap_filter_attributes),                              \
                                            STRUCT(O),                                                 \
                                            ARRAY(struct sp_config, ldap_filters, ldap_filters_count), \
                                            .meaning = "Searches in " server "."}

LDAP_FILTERS(sp_cfg_custom_filters, "customFilters", "a directory of any make");
LDAP_FILTERS(sp_cfg_actived_filters, "activedFilters", "Active Directory");
LDAP_FILTERS(sp_cfg_ids_filters, "idsFilters", "IBM Tivoli Directory Server");
LDAP_FILTERS(sp_cfg_domino_filters, "domino50Filters", "IBM Lotus Domino");
LDAP_FILTERS(sp_cfg_edirectory_filters, "edirectoryFilters", "Novell eDirectory");
LDAP_FILTERS(sp_cfg_iplanet_filters, "iplanetFilters", "Sun Java System Directory Server");
LDAP_FILTERS(sp_cfg_netscape_filters, "netscapeFilters", "Netscape Directory Server");
LDAP_FILTERS(sp_cfg_secureway_filters, "securewayFilters", "IBM SecureWay Directory Server");

#undef O
#define O struct sp_cfg_ldap_server

static const struct sp_cfg_attribute ldap_server_attributes[] = {
    A("host", STRING, ACTED | SECURITY | REQUIRED, "Host of the server.", INTO(O, host)),
    A("port", INT, ACTED | SECURITY | REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
};

static const struct sp_cfg_element ldap_server_element = {
    "server",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    ROWS(ldap_server_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_ldap_failover, servers, server_count),
    .meaning = "A server that answers as well."};

#undef O
#define O struct sp_cfg_ldap_failover

static const struct sp_cfg_attribute ldap_failover_attributes[] = {
    ID,
    A("name", STRING, 0, "A name for people.", INTO(O, name)),
};

static const struct sp_cfg_element ldap_failover_element = {
    "failoverServers",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    ROWS(ldap_failover_attributes),
    CHILDREN(&ldap_server_element),
    STRUCT(O),
    ARRAY(struct sp_cfg_ldap_registry, failover, failover_count),
    .meaning = "Servers that are asked when the first does not answer."};

#undef O
#define O struct sp_cfg_ldap_registry

static const struct sp_cfg_attribute ldap_login_attributes[] = {
    A("name", STRING, ACTED | SECURITY, "Attribute of the directory."),
};

static const struct sp_cfg_element ldap_login_element = {"loginProperty",
                                                         SP_CFG_NESTED,
                                                         ACTED | SECURITY,
                                                         ROWS(ldap_login_attributes),
                                                         FLATTENED(O, login_properties),
                                                         .meaning =
                                                             "Another property by which users are found."};

static const struct sp_cfg_attribute ldap_pool_attributes[] = {
    A("enabled", BOOLEAN, ACTED, "Whether connections are kept.", INTO(O, pool.enabled), DEFAULT("true")),
    A("initialSize", INT, ACTED, "Connections that a worker opens when it starts.",
      INTO(O, pool.initial_size), DEFAULT("1"), RANGE(1, 50)),
    A("preferredSize", INT, ACTED, "Connections that are kept.", INTO(O, pool.preferred_size), DEFAULT("3"),
      RANGE(0, 100)),
    A("maxSize", INT, ACTED, "Most connections; 0 for no limit.", INTO(O, pool.max_size), DEFAULT("0"),
      RANGE(0, 100)),
    A("timeout", DURATION, ACTED, "Time after which an idle connection is closed; 0 for never.",
      INTO(O, pool.timeout_us), DEFAULT("0s")),
    A("waitTime", DURATION, ACTED, "Longest wait for a connection.", INTO(O, pool.wait_time_us),
      DEFAULT("3s")),
};

static const struct sp_cfg_element ldap_pool_element = {
    "contextPool", SP_CFG_NESTED_ONE,
    ACTED,         ROWS(ldap_pool_attributes),
    INLINED,       .meaning = "Connections to the directory."};

#define LDAP_CACHE(member, limit)                                                                       \
    A("enabled", BOOLEAN, ACTED, "Whether answers are remembered.", INTO(O, cache.member.enabled),      \
      DEFAULT("true")),                                                                                 \
        A("size", INT, ACTED, "How many.", INTO(O, cache.member.size), DEFAULT("2000"),                 \
          RANGE(0, INT32_MAX)),                                                                         \
        A("timeout", DURATION, ACTED, "How long.", INTO(O, cache.member.timeout_us), DEFAULT("1200s")), \
        A(limit, INT, ACTED, "Largest answer that is remembered.", INTO(O, cache.member.size_limit),    \
          DEFAULT("2000"), RANGE(0, INT32_MAX))

static const struct sp_cfg_attribute ldap_attributes_cache_attributes[] = {
    LDAP_CACHE(attributes, "sizeLimit"),
    A("serverTTLAttribute", STRING, 0, "Attribute that says how long an entry may be remembered."),
};

static const struct sp_cfg_element ldap_attributes_cache_element = {"attributesCache",
                                                                    SP_CFG_NESTED_ONE,
                                                                    ACTED,
                                                                    ROWS(ldap_attributes_cache_attributes),
                                                                    INLINED,
                                                                    .meaning = "Attributes of entries."};

static const struct sp_cfg_attribute ldap_search_cache_attributes[] = {
    LDAP_CACHE(searches, "resultsSizeLimit"),
};

static const struct sp_cfg_element ldap_search_cache_element = {"searchResultsCache",
                                                                SP_CFG_NESTED_ONE,
                                                                ACTED,
                                                                ROWS(ldap_search_cache_attributes),
                                                                INLINED,
                                                                .meaning = "Results of searches."};

static const struct sp_cfg_element ldap_cache_element = {
    "ldapCache", SP_CFG_NESTED_ONE,
    ACTED,       CHILDREN(&ldap_attributes_cache_element, &ldap_search_cache_element),
    INLINED,     .meaning = "What is remembered of the directory."};

static const struct sp_cfg_attribute ldap_entity_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "PersonAccount, Group or OrgContainer.",
      INTO(struct sp_cfg_ldap_entity, name)),
    A("objectClass", STRING, ACTED | SECURITY | LIST, "Object classes of such entries.",
      INTO(struct sp_cfg_ldap_entity, object_classes)),
    A("searchBase", STRING, ACTED | SECURITY | LIST, "Where they are searched.",
      INTO(struct sp_cfg_ldap_entity, search_bases)),
    A("searchFilter", STRING, ACTED | SECURITY, "The search.",
      INTO(struct sp_cfg_ldap_entity, search_filter)),
};

static const struct sp_cfg_element ldap_entity_element = {"ldapEntityType",
                                                          SP_CFG_NESTED,
                                                          ACTED | SECURITY,
                                                          ROWS(ldap_entity_attributes),
                                                          STRUCT(struct sp_cfg_ldap_entity),
                                                          ARRAY(O, entities, entity_count),
                                                          .meaning = "What an entry is."};

static const struct sp_cfg_attribute ldap_member_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name of the attribute.",
      INTO(struct sp_cfg_ldap_member, name)),
    A("objectClass", STRING, ACTED | SECURITY, "Object class of the group.",
      INTO(struct sp_cfg_ldap_member, object_class)),
    A("scope", ENUM, ACTED | SECURITY, "Whether members of members count.",
      INTO(struct sp_cfg_ldap_member, scope), ONE_OF("direct", "nested", "all"), DEFAULT("direct")),
    A("dummyMember", STRING, ACTED | SECURITY, "A member that stands for none.",
      INTO(struct sp_cfg_ldap_member, dummy)),
};

static const struct sp_cfg_element ldap_member_element = {"memberAttribute",
                                                          SP_CFG_NESTED,
                                                          ACTED | SECURITY,
                                                          ROWS(ldap_member_attributes),
                                                          STRUCT(struct sp_cfg_ldap_member),
                                                          ARRAY(O, members, member_count),
                                                          .meaning =
                                                              "Attribute of a group with its members."};

static const struct sp_cfg_attribute ldap_membership_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name of the attribute.",
      INTO(struct sp_cfg_ldap_member, name)),
    A("scope", ENUM, ACTED | SECURITY, "Whether groups of groups count.",
      INTO(struct sp_cfg_ldap_member, scope), ONE_OF("direct", "nested", "all"), DEFAULT("direct")),
};

static const struct sp_cfg_element ldap_membership_element = {"membershipAttribute",
                                                              SP_CFG_NESTED,
                                                              ACTED | SECURITY,
                                                              ROWS(ldap_membership_attributes),
                                                              STRUCT(struct sp_cfg_ldap_member),
                                                              ARRAY(O, memberships, membership_count),
                                                              .meaning =
                                                                  "Attribute of a user with the groups."};

static const struct sp_cfg_element ldap_groups_element = {
    "groupProperties", SP_CFG_NESTED_ONE,
    ACTED | SECURITY,  CHILDREN(&ldap_member_element, &ldap_membership_element),
    INLINED,           .meaning = "How groups are found."};

static const struct sp_cfg_attribute ldap_attribute_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name in the directory.",
      INTO(struct sp_cfg_ldap_attribute, name)),
    A("propertyName", STRING, ACTED | SECURITY, "Name in the registry, as loginProperty has it.",
      INTO(struct sp_cfg_ldap_attribute, property)),
    A("syntax", STRING, 0, "Its syntax."),
    A("entityType", STRING, ACTED | SECURITY, "Entries it belongs to; those of PersonAccount count.",
      INTO(struct sp_cfg_ldap_attribute, entity_type)),
};

static const struct sp_cfg_element ldap_attribute_element = {"attribute",
                                                             SP_CFG_NESTED,
                                                             ACTED | SECURITY,
                                                             ROWS(ldap_attribute_attributes),
                                                             STRUCT(struct sp_cfg_ldap_attribute),
                                                             ARRAY(O, attributes, attribute_count),
                                                             .meaning = "One attribute."};

static const struct sp_cfg_element ldap_attributes_element = {
    "attributeConfiguration",
    SP_CFG_NESTED_ONE,
    ACTED | SECURITY,
    CHILDREN(&ldap_attribute_element),
    INLINED,
    .meaning = "Names of attributes in the directory and in the registry."};

#define FILTERS_REF(ref, element_name)                                                            \
    A(ref, REF, ACTED | SECURITY, "Searches; those of the directory's type when none are named.", \
      INTO(O, filters), TARGET(element_name))

static const struct sp_cfg_attribute ldap_registry_attributes[] = {
    ID_INTO(O),
    A("realm", STRING, ACTED | SECURITY, "Name of the registry's realm.", INTO(O, realm),
      DEFAULT("LdapRegistry")),
    A("host", STRING, ACTED | SECURITY | REQUIRED, "Host of the directory.", INTO(O, host)),
    A("port", INT, ACTED | SECURITY | REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("baseDN", STRING, ACTED | SECURITY | REQUIRED, "Where searches begin.", INTO(O, base_dn)),
    A("ldapType", ENUM, ACTED | SECURITY | REQUIRED, "Make of the directory, which tells the searches.",
      INTO(O, ldap_type),
      ONE_OF("Microsoft Active Directory", "Custom", "IBM Lotus Domino", "Novell eDirectory",
             "IBM Tivoli Directory Server", "Sun Java System Directory Server", "Netscape Directory Server",
             "IBM SecureWay Directory Server")),
    A("bindDN", STRING, ACTED | SECURITY, "Who searches; nobody in particular when it is not set.",
      INTO(O, bind_dn)),
    A("bindPassword", PASSWORD, ACTED | SECURITY, "The password of bindDN.", INTO(O, bind_password)),
    A("bindAuthMechanism", ENUM, ACTED | SECURITY, "How bindDN is proved.", INTO(O, bind_mechanism),
      ONE_OF("none", "simple", "GSSAPI"), DEFAULT("simple"), SINCE("2022")),
    A("krb5Principal", STRING, ACTED | SECURITY,
      "Kerberos name for GSSAPI; that of the ticket cache when none is written.", INTO(O, krb5_principal),
      SINCE("2022")),
    A("krb5TicketCache", FILE, ACTED | SECURITY,
      "File of Kerberos tickets for GSSAPI; that of the system when none is written.",
      INTO(O, krb5_ticket_cache), SINCE("2022")),
    A("sslEnabled", BOOLEAN, ACTED | SECURITY, "Whether the directory is asked over TLS.",
      INTO(O, ssl_enabled), DEFAULT("false")),
    A("sallyport_startTls", BOOLEAN, ACTED | SECURITY,
      "Whether TLS begins on the connection by StartTLS; excludes sslEnabled.", INTO(O, start_tls),
      DEFAULT("false")),
    A("sslRef", REF, ACTED | SECURITY, "TLS to the directory; the outbound default when none is named.",
      INTO(O, ssl), TARGET("ssl")),
    A("ignoreCase", BOOLEAN, ACTED | SECURITY, "Whether names are compared without regard to case.",
      INTO(O, ignore_case), DEFAULT("true")),
    A("recursiveSearch", BOOLEAN, ACTED | SECURITY, "Whether groups of groups count.",
      INTO(O, recursive_search), DEFAULT("false")),
    A("reuseConnection", BOOLEAN, ACTED, "Whether connections are kept.", INTO(O, reuse_connection),
      DEFAULT("true")),
    A("searchTimeout", DURATION, ACTED, "Longest search.", INTO(O, search_timeout_us), DEFAULT("1m")),
    A("connectTimeout", DURATION, ACTED, "Longest time to connect.", INTO(O, connect_timeout_us),
      DEFAULT("1m")),
    A("readTimeout", DURATION, ACTED, "Longest wait for an answer.", INTO(O, read_timeout_us), DEFAULT("1m")),
    A("referral", ENUM, ACTED | SECURITY, "Whether the directory may send us to another.", INTO(O, referral),
      ONE_OF("ignore", "follow"), DEFAULT("ignore")),
    A("referal", ENUM, ACTED | SECURITY, "A misspelling of referral.", INTO(O, referral),
      ONE_OF("ignore", "follow"), .instead = "referral"),
    A("derefAliases", ENUM, ACTED | SECURITY, "Whether aliases are followed.", INTO(O, deref_aliases),
      ONE_OF("always", "never"), DEFAULT("always")),
    A("returnToPrimaryServer", BOOLEAN, ACTED, "Whether the first server is preferred when it answers again.",
      INTO(O, return_to_primary), DEFAULT("true")),
    A("primaryServerQueryTimeInterval", MINUTES, ACTED, "How often it is tried.",
      INTO(O, primary_query_interval_us), DEFAULT("15")),
    A("certificateMapMode", ENUM, ACTED | SECURITY, "How a client certificate names a user.",
      INTO(O, certificate_map_mode), ONE_OF("EXACT_DN", "CERTIFICATE_FILTER", "CUSTOM", "NOT_SUPPORTED"),
      DEFAULT("EXACT_DN")),
    A("certificateFilter", STRING, ACTED | SECURITY | SP_CFG_LITERAL,
      "The search for a certificate's user, such as uid=${SubjectCN}.", INTO(O, certificate_filter)),
    A("certificateMapperId", STRING, SECURITY, "A mapper in Java, which this product does not run."),
    FILTERS_REF("customFiltersRef", "customFilters"),
    FILTERS_REF("activedFiltersRef", "activedFilters"),
    FILTERS_REF("idsFiltersRef", "idsFilters"),
    FILTERS_REF("domino50FiltersRef", "domino50Filters"),
    FILTERS_REF("edirectoryFiltersRef", "edirectoryFilters"),
    FILTERS_REF("iplanetFiltersRef", "iplanetFilters"),
    FILTERS_REF("netscapeFiltersRef", "netscapeFilters"),
    FILTERS_REF("securewayFiltersRef", "securewayFilters"),
    A("allowWriteToSecondaryServers", BOOLEAN, 0, "A matter of writing, which this product never does.",
      DEFAULT("false"), PROVIDED("true false")),
    A("timestampFormat", STRING, 0, "Form of times in the directory."),
};

const struct sp_cfg_element sp_cfg_ldap_registry_element = {
    "ldapRegistry",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(ldap_registry_attributes),
    CHILDREN(&ldap_failover_element, &ldap_login_element, &ldap_pool_element, &ldap_cache_element,
             &ldap_entity_element, &ldap_groups_element, &ldap_attributes_element),
    STRUCT(O),
    ARRAY(struct sp_config, ldap_registries, ldap_registry_count),
    .meaning = "Users and groups of an LDAP directory."};

#undef O

/* Federated repositories */

static const struct sp_cfg_attribute base_entry_attributes[] = {
    A("name", STRING, SECURITY, "Name of the entry."),
};

static const struct sp_cfg_element base_entry_element = {"participatingBaseEntry", SP_CFG_NESTED, SECURITY,
                                                         ROWS(base_entry_attributes),
                                                         .meaning = "A part of the realm."};

static const struct sp_cfg_attribute mapping_attributes[] = {
    A("inputProperty", STRING, SECURITY, "Property that is searched by."),
    A("outputProperty", STRING, SECURITY, "Property that is the result."),
};

#define MAPPING(variable, element_name, what)                                                 \
    static const struct sp_cfg_element variable = {element_name, SP_CFG_NESTED_ONE, SECURITY, \
                                                   ROWS(mapping_attributes),                  \
                                                   .meaning = "Which property is " what}

MAPPING(unique_user_id_mapping, "uniqueUserIdMapping", "a user's unique id.");
MAPPING(user_security_name_mapping, "userSecurityNameMapping", "a user's name.");
MAPPING(user_display_name_mapping, "userDisplayNameMapping", "a user's name for people.");
MAPPING(unique_group_id_mapping, "uniqueGroupIdMapping", "a group's unique id.");
MAPPING(group_security_name_mapping, "groupSecurityNameMapping", "a group's name.");
MAPPING(group_display_name_mapping, "groupDisplayNameMapping", "a group's name for people.");

static const struct sp_cfg_attribute primary_realm_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name of the realm.",
      INTO(struct sp_config, primary_realm)),
    A("delimiter", STRING, SECURITY, "Between realm and user name.", DEFAULT("/")),
    A("allowOpIfRepoDown", BOOLEAN, ACTED | SECURITY,
      "Whether the others are asked when one does not answer.", INTO(struct sp_config, allow_op_if_repo_down),
      DEFAULT("false")),
};

static const struct sp_cfg_element primary_realm_element = {
    "primaryRealm",
    SP_CFG_NESTED_ONE,
    ACTED | SECURITY,
    ROWS(primary_realm_attributes),
    CHILDREN(&base_entry_element, &unique_user_id_mapping, &user_security_name_mapping,
             &user_display_name_mapping, &unique_group_id_mapping, &group_security_name_mapping,
             &group_display_name_mapping),
    INLINED,
    .meaning = "The realm of all registries together."};

static const struct sp_cfg_attribute federated_attributes[] = {
    A("maxSearchResults", INT, 0, "Most results of a search.", DEFAULT("4500")),
    A("searchTimeout", DURATION, 0, "Longest search.", DEFAULT("10m")),
    A("pageCacheSize", INT, 0, "Results that are remembered.", DEFAULT("1000")),
    A("pageCacheTimeout", DURATION, 0, "How long.", DEFAULT("30s")),
    A("failedLoginDelayMax", DURATION, SECURITY, "Longest delay after a failed login.", DEFAULT("5s"),
      SINCE("2024")),
    A("failedLoginDelayMin", DURATION, SECURITY, "Shortest delay after a failed login.", DEFAULT("0s"),
      SINCE("2024")),
};

const struct sp_cfg_element sp_cfg_federated_element = {"federatedRepository",
                                                        SP_CFG_SINGLETON,
                                                        ACTED | SECURITY,
                                                        ROWS(federated_attributes),
                                                        CHILDREN(&primary_realm_element),
                                                        .meaning = "Several registries as one."};

/* SAF */

#define O struct sp_cfg_saf_registry

static const struct sp_cfg_attribute saf_registry_attributes[] = {
    ID_INTO(O),
    A("realm", STRING, ACTED | SECURITY,
      "Name of the realm; sysplexName of sallyport_smf when it is not set.", INTO(O, realm)),
    A("enableFailover", BOOLEAN, SECURITY | UNCONFIRMED,
      "Whether unauthorized services are used when the authorized "
      "ones are not to be had.",
      DEFAULT("true")),
    A("reportPasswordExpired", BOOLEAN, SECURITY | UNCONFIRMED,
      "Whether a caller learns that the password expired.", DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_saf_registry_element = {
    "safRegistry",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(saf_registry_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, saf_registries, saf_registry_count),
    .meaning = "Users and groups of the security database."};

#undef O
#define O struct sp_cfg_saf_authorization

static const struct sp_cfg_attribute saf_authorization_attributes[] = {
    ID_INTO(O),
    A("racRouteLog", ENUM, ACTED | SECURITY,
      "Which refusals are told in the log, as ICH408I: ASIS all of them, NOSTAT likewise, NOFAIL and NONE "
      "none.",
      INTO(O, rac_route_log), ONE_OF("ASIS", "NOFAIL", "NONE", "NOSTAT"), DEFAULT("NONE")),
    A("enableDelegation", BOOLEAN, SECURITY, "Whether a program may act as another user.",
      INTO(O, enable_delegation), DEFAULT("false")),
    A("reportAuthorizationCheckDetails", BOOLEAN, 0, "Whether a refusal says why.", INTO(O, report_details),
      DEFAULT("false")),
    A("roleMapper", STRING, SECURITY, "Class that builds the names of profiles.", INTO(O, role_mapper),
      DEFAULT("com.ibm.ws.security.authorization.saf.internal.SAFRoleMapperImpl"),
      PROVIDED("com.ibm.ws.security.authorization.saf.internal.SAFRoleMapperImpl")),
};

const struct sp_cfg_element sp_cfg_saf_authorization_element = {
    "safAuthorization",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(saf_authorization_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, saf_authorizations, saf_authorization_count),
    .meaning = "Roles are EJBROLE profiles of the security database instead of authorization-roles."};

#undef O
#define O struct sp_cfg_saf_credentials

static const struct sp_cfg_attribute saf_credentials_attributes[] = {
    A("profilePrefix", STRING, ACTED | SECURITY,
      "First qualifier of EJBROLE profiles, and the APPL that callers need.", INTO(O, profile_prefix),
      DEFAULT("BBGZDFLT")),
    A("unauthenticatedUser", STRING, ACTED | SECURITY, "User id of callers who are not authenticated.",
      INTO(O, unauthenticated_user), DEFAULT("WSGUEST")),
    A("mapDistributedIdentities", BOOLEAN, ACTED | SECURITY | UNCONFIRMED,
      "Whether names of other registries become user ids by RACMAP filters.",
      INTO(O, map_distributed_identities), DEFAULT("false")),
    A("suppressAuthFailureMessages", BOOLEAN, UNCONFIRMED, "Whether failed logins are not logged one by one.",
      INTO(O, suppress_auth_failure_messages), DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_saf_credentials_element = {
    "safCredentials",
    SP_CFG_SINGLETON,
    ACTED | SECURITY,
    ROWS(saf_credentials_attributes),
    STRUCT(O),
    PLACE(struct sp_config, saf_credentials),
    .meaning = "How callers become users of the security database."};

#undef O
#define O struct sp_cfg_saf_role_mapper

static const struct sp_cfg_attribute saf_role_mapper_attributes[] = {
    A("profilePattern", STRING, SECURITY, "How the name of an EJBROLE profile is built.",
      INTO(O, profile_pattern), DEFAULT("%profilePrefix%.%resource%.%role%")),
    A("toUpperCase", BOOLEAN, SECURITY | UNCONFIRMED, "Whether it is folded to upper case.",
      INTO(O, to_upper_case), DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_saf_role_mapper_element = {"safRoleMapper",
                                                              SP_CFG_SINGLETON,
                                                              SECURITY,
                                                              ROWS(saf_role_mapper_attributes),
                                                              STRUCT(O),
                                                              PLACE(struct sp_config, saf_role_mapper),
                                                              .meaning = "Names of EJBROLE profiles."};

#undef O
#define O struct sp_cfg_saf_database

static const struct sp_cfg_attribute saf_database_attributes[] = {
    A("database", FILE, ACTED | SECURITY, "File of the security database.", INTO(O, database),
      DEFAULT("${server.output.dir}/resources/security/saf.db")),
    A("keyFile", FILE, ACTED | SECURITY,
      "File of the key under which its secrets are; the database's name with .key when it is not set.",
      INTO(O, key_file)),
    A("serverUser", STRING, ACTED | SECURITY,
      "User id as which the server reads key rings; that of profile BAQSTRT.SERVER in class STARTED, SERVER "
      "being the server's name, when it is not set.",
      INTO(O, server_user)),
};

const struct sp_cfg_element sp_cfg_saf_database_element = {
    "sallyport_saf",
    SP_CFG_SINGLETON,
    ACTED | SECURITY,
    ROWS(saf_database_attributes),
    STRUCT(O),
    PLACE(struct sp_config, saf_database),
    .meaning =
        "Where the security database is, for safRegistry, safAuthorization, safCredentials and key rings."};

#undef O

/* Roles */

static const struct sp_cfg_attribute role_name_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "Name in the registry.",
      INTO(struct sp_cfg_role_member, name)),
    A("access-id", STRING, ACTED | SECURITY,
      "user:realm/id or group:realm/id, which counts instead of the name.",
      INTO(struct sp_cfg_role_member, access_id)),
};

static const struct sp_cfg_element role_user_element = {"user",
                                                        SP_CFG_NESTED,
                                                        ACTED | SECURITY,
                                                        .key = "name",
                                                        ROWS(role_name_attributes),
                                                        STRUCT(struct sp_cfg_role_member),
                                                        ARRAY(struct sp_cfg_security_role, users, user_count),
                                                        .meaning = "A user who holds the role."};

static const struct sp_cfg_element role_group_element = {
    "group",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    .key = "name",
    ROWS(role_name_attributes),
    STRUCT(struct sp_cfg_role_member),
    ARRAY(struct sp_cfg_security_role, groups, group_count),
    .meaning = "A group whose members hold the role."};

static const struct sp_cfg_attribute special_subject_attributes[] = {
    A("type", ENUM, ACTED | SECURITY | REQUIRED, "Everybody, or everybody who is authenticated.",
      ONE_OF("EVERYONE", "ALL_AUTHENTICATED_USERS")),
};

static const struct sp_cfg_element special_subject_element = {
    "special-subject",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    .key = "type",
    ROWS(special_subject_attributes),
    FLATTENED(struct sp_cfg_security_role, special_subjects),
    .meaning = "A set of callers that needs no names."};

static const struct sp_cfg_attribute run_as_attributes[] = {
    A("userid", STRING, SECURITY, "The user."),
    A("password", PASSWORD, SECURITY, "The user's password."),
};

static const struct sp_cfg_element run_as_element = {
    "run-as", SP_CFG_NESTED, SECURITY, ROWS(run_as_attributes), .meaning = "Acts as another user."};

static const struct sp_cfg_attribute security_role_attributes[] = {
    A("name", STRING, ACTED | SECURITY | REQUIRED, "The role, zosConnectAccess.",
      INTO(struct sp_cfg_security_role, name)),
};

static const struct sp_cfg_element security_role_element = {
    "security-role",
    SP_CFG_NESTED,
    ACTED | SECURITY,
    .key = "name",
    ROWS(security_role_attributes),
    CHILDREN(&role_user_element, &role_group_element, &special_subject_element, &run_as_element),
    STRUCT(struct sp_cfg_security_role),
    ARRAY(struct sp_cfg_authorization_roles, roles, role_count),
    .meaning = "Who holds a role."};

static const struct sp_cfg_attribute authorization_roles_attributes[] = {
    A("id", STRING, ACTED | SECURITY | SP_CFG_LITERAL, "The resource: zos.connect.access.roles.",
      INTO(struct sp_cfg_authorization_roles, id)),
};

const struct sp_cfg_element sp_cfg_authorization_roles_element = {
    "authorization-roles",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(authorization_roles_attributes),
    CHILDREN(&security_role_element),
    STRUCT(struct sp_cfg_authorization_roles),
    ARRAY(struct sp_config, authorization_roles, authorization_roles_count),
    .meaning = "Who holds the roles of a resource; not asked when safAuthorization is there."};

#define ADMIN_ROLE(member)                                                                                \
    A("user", STRING, SECURITY | LIST, "Users who hold the role.", INTO(struct sp_config, member.users)), \
        A("group", STRING, SECURITY | LIST, "Groups whose members hold it.",                              \
          INTO(struct sp_config, member.groups)),                                                         \
        A("user-access-id", STRING, SECURITY | LIST, "Users as user:realm/id.",                           \
          INTO(struct sp_config, member.user_access_ids)),                                                \
        A("group-access-id", STRING, SECURITY | LIST, "Groups as group:realm/id.",                        \
          INTO(struct sp_config, member.group_access_ids))

static const struct sp_cfg_attribute administrator_attributes[] = {ADMIN_ROLE(administrators)};

const struct sp_cfg_element sp_cfg_administrator_element = {
    "administrator-role", SP_CFG_SINGLETON, SECURITY, ROWS(administrator_attributes),
    .meaning = "Who may administer the server over REST."};

static const struct sp_cfg_attribute reader_attributes[] = {ADMIN_ROLE(readers)};

const struct sp_cfg_element sp_cfg_reader_element = {"reader-role", SP_CFG_SINGLETON, SECURITY,
                                                     ROWS(reader_attributes),
                                                     .meaning = "Who may look at the server over REST."};
