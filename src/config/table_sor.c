/* SPDX-License-Identifier: Apache-2.0
 * Connections to systems of record: CICS, IMS, MQ, Db2 and other REST services.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define AUTH_DATA "zosconnect_authData authData zosconnect_credential"

#define O struct sp_cfg_auth_data

#define AUTH_DATA_ROWS(acted)                                                       \
    ID_INTO(O), A("user", STRING, (acted) | SECURITY, "User name.", INTO(O, user)), \
        A("password", PASSWORD, (acted) | SECURITY, "Password.", INTO(O, password))

static const struct sp_cfg_attribute auth_data_attributes[] = {AUTH_DATA_ROWS(ACTED)};

const struct sp_cfg_element sp_cfg_auth_data_element = {
    "zosconnect_authData",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(auth_data_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, auth_data, auth_data_count),
    KIND(O, kind, SP_CFG_AUTH_DATA),
    .meaning = "A user name and password for a system of record or an HTTP server."};

const struct sp_cfg_element sp_cfg_credential_element = {"zosconnect_credential",
                                                         SP_CFG_FACTORY,
                                                         SECURITY,
                                                         ROWS(auth_data_attributes),
                                                         STRUCT(O),
                                                         ARRAY(struct sp_config, auth_data, auth_data_count),
                                                         KIND(O, kind, SP_CFG_AUTH_DATA),
                                                         .since = "3.0 (OpenAPI 3)",
                                                         .meaning = "A user name and password."};

static const struct sp_cfg_attribute liberty_auth_data_attributes[] = {
    AUTH_DATA_ROWS(0),
    A("krb5Principal", STRING, SECURITY, "Kerberos name."),
    A("krb5TicketCache", FILE, SECURITY, "Kerberos tickets."),
};

const struct sp_cfg_element sp_cfg_liberty_auth_data_element = {
    "authData",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(liberty_auth_data_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, auth_data, auth_data_count),
    KIND(O, kind, SP_CFG_AUTH_DATA),
    .meaning = "A user name and password for a connection factory."};

#undef O

/* CICS */

#define O struct sp_cfg_cics_connection

static const struct sp_cfg_attribute cics_attributes[] = {
    ID_INTO(O),
    A("host", STRING, ACTED | REQUIRED, "Address or name of the region.", INTO(O, host)),
    A("port", INT, ACTED | REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("sendSessions", INT, ACTED | UNCONFIRMED, "Most requests at one time.", INTO(O, send_sessions),
      DEFAULT("100"), RANGE(1, 999)),
    A("cicsApplid", STRING, ACTED, "APPLID that the region must have.", INTO(O, cics_applid)),
    A("cicsNetworkid", STRING, ACTED, "Network id that the region must have.", INTO(O, cics_networkid)),
    A("zosConnectApplid", STRING, ACTED, "APPLID by which the region knows this server.",
      INTO(O, zos_connect_applid)),
    A("zosConnectNetworkid", STRING, ACTED, "Network id by which the region knows this server.",
      INTO(O, zos_connect_networkid)),
    A("transid", STRING, ACTED, "Transaction under which programs run.", INTO(O, transid)),
    A("transidUsage", ENUM, ACTED | UNCONFIRMED,
      "Whether programs only see the transaction in EIBTRNID, or run under it.", INTO(O, transid_is_mirror),
      ONE_OF("EIB_ONLY", "EIB_AND_MIRROR"), DEFAULT("EIB_ONLY")),
    A("authDataRef", REF, ACTED | SECURITY, "Credentials when the request brings no identity.",
      INTO(O, auth_data), TARGET(AUTH_DATA)),
    A("sslCertsRef", REF, ACTED | SECURITY, "TLS of the connection; without it there is none.", INTO(O, ssl),
      TARGET("ssl")),
    A("connectionTimeout", DURATION, ACTED | UNCONFIRMED, "Longest time to establish the connection.",
      INTO(O, connection_timeout_us), DEFAULT("30s")),
    A("heartbeatInterval", DURATION, UNCONFIRMED, "How often an idle connection is tested; 0 for never.",
      INTO(O, heartbeat_interval_us), DEFAULT("30s")),
    A("connectionRetryInterval", DURATION, UNCONFIRMED,
      "How often a lost connection of a group is tried again.", INTO(O, connection_retry_interval_us),
      DEFAULT("30s")),
    A("preferredSpecificHost", STRING, UNCONFIRMED, "Which region of several is connected to.",
      INTO(O, preferred_specific_host)),
    A("sharedPort", BOOLEAN, UNCONFIRMED, "Whether several regions share the port.", INTO(O, shared_port),
      DEFAULT("false"), PROVIDED("false")),
};

const struct sp_cfg_element sp_cfg_cics_element = {
    "zosconnect_cicsIpicConnection",
    SP_CFG_FACTORY,
    ACTED,
    ROWS(cics_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, cics_connections, cics_connection_count),
    .meaning = "A connection to a CICS region: here to sallyport-region, by this product's own protocol."};

#undef O
#define O struct sp_cfg_cics_member

static const struct sp_cfg_attribute cics_member_attributes[] = {
    A("connectionRef", REF, UNCONFIRMED | REQUIRED, "The connection.", INTO(O, connection),
      TARGET("zosconnect_cicsIpicConnection")),
    A("weight", INT, UNCONFIRMED, "Its share.", INTO(O, weight), DEFAULT("1"), RANGE(1, 255)),
};

static const struct sp_cfg_element cics_member_element = {
    "member",
    SP_CFG_NESTED,
    UNCONFIRMED,
    ROWS(cics_member_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_cics_group, members, member_count),
    .meaning = "A connection of the group with its weight."};

#undef O
#define O struct sp_cfg_cics_group

static const struct sp_cfg_attribute cics_group_attributes[] = {
    ID_INTO(O),
    A("connectionRef", REF, LIST | UNCONFIRMED, "The connections, used in turn.", INTO(O, connections),
      COUNT(O, connection_count), TARGET("zosconnect_cicsIpicConnection")),
};

const struct sp_cfg_element sp_cfg_cics_group_element = {
    "zosconnect_cicsConnectionGroup",
    SP_CFG_FACTORY,
    0,
    ROWS(cics_group_attributes),
    CHILDREN(&cics_member_element),
    STRUCT(O),
    ARRAY(struct sp_config, cics_groups, cics_group_count),
    .since = "3.0.59",
    .meaning = "Several connections under one name."};

#undef O

/* Connection factories */

#define O struct sp_cfg_connection_manager

static const struct sp_cfg_attribute connection_manager_attributes[] = {
    ID_INTO(O),
    A("maxPoolSize", INT, 0, "Most connections; 0 for no limit.", INTO(O, max_pool_size), DEFAULT("50"),
      RANGE(0, INT32_MAX)),
    A("minPoolSize", INT, 0, "Connections that are kept.", INTO(O, min_pool_size), DEFAULT("0"),
      RANGE(0, INT32_MAX)),
    A("connectionTimeout", SECONDS, 0, "Longest wait for a connection; negative for any, 0 for none.",
      INTO(O, connection_timeout_us), DEFAULT("30s")),
    A("maxIdleTime", SECONDS, 0, "Time after which an idle connection is closed; negative for never.",
      INTO(O, max_idle_time_us), DEFAULT("30m")),
    A("reapTime", SECONDS, 0, "How often idle connections are looked for.", INTO(O, reap_time_us),
      DEFAULT("3m")),
    A("agedTimeout", SECONDS, 0, "Age at which a connection is closed; negative for never.",
      INTO(O, aged_timeout_us), DEFAULT("-1")),
    A("purgePolicy", ENUM, 0, "Which connections are closed when one fails.", INTO(O, purge_policy),
      ONE_OF("EntirePool", "FailingConnectionOnly", "ValidateAllConnections"), DEFAULT("EntirePool")),
    A("maxConnectionsPerThread", INT, 0, "A matter of the original's threads."),
    A("numConnectionsPerThreadLocal", INT, 0, "A matter of the original's threads."),
    A("enableSharingForDirectLookups", BOOLEAN, 0, "A matter of Java transactions.", DEFAULT("true"),
      PROVIDED("true false")),
    A("autoCloseConnections", BOOLEAN, 0, "A matter of Java transactions.", DEFAULT("true"), SINCE("2023"),
      PROVIDED("true false")),
};

const struct sp_cfg_element sp_cfg_connection_manager_element = {
    "connectionManager",
    SP_CFG_FACTORY,
    0,
    ROWS(connection_manager_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, connection_managers, connection_manager_count),
    .meaning = "A pool of connections."};

#undef O
#define O struct sp_cfg_gmoa

static const struct sp_cfg_attribute gmoa_attributes[] = {
    A("hostName", STRING, REQUIRED, "Host of IMS Connect.", INTO(O, host)),
    A("portNumber", INT, REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("applicationName", STRING, SECURITY, "APPL for which PassTickets are made.", INTO(O, application_name)),
    A("userName", STRING, SECURITY | UNCONFIRMED, "User name.", INTO(O, user)),
    A("password", PASSWORD, SECURITY | UNCONFIRMED, "Password.", INTO(O, password)),
    A("sslEnabled", BOOLEAN, SECURITY | UNCONFIRMED, "Whether the connection uses TLS.", INTO(O, ssl_enabled),
      DEFAULT("false")),
    A("sslCertsRef", REF, SECURITY | UNCONFIRMED, "TLS of the connection.", INTO(O, ssl), TARGET("ssl")),
};

static const struct sp_cfg_element gmoa_element = {"properties.gmoa",
                                                   SP_CFG_NESTED_ONE,
                                                   0,
                                                   ROWS(gmoa_attributes),
                                                   STRUCT(O),
                                                   PLACE(struct sp_cfg_connection_factory, gmoa),
                                                   ELEMENT_GIVEN(O, given),
                                                   .meaning = "IMS Connect."};

#undef O

static const struct sp_cfg_attribute ola_attributes[] = {
    A("RegisterName", STRING, 0, "Name by which the address space registered."),
    A("Username", STRING, SECURITY, "User name."),
    A("Password", PASSWORD, SECURITY, "Password."),
    A("LinkTaskTranID", STRING, 0, "Transaction of the link task."),
    A("UseCICSContainer", BOOLEAN, 0, "Whether data goes in a container."),
};

static const struct sp_cfg_element ola_element = {"properties.ola", SP_CFG_NESTED_ONE, 0,
                                                  ROWS(ola_attributes),
                                                  .meaning = "Optimized local adapters of z/OS."};

static const struct sp_cfg_attribute imsudb_attributes[] = {
    A("databaseName", STRING, 0, "Program specification block."),
    A("datastoreName", STRING, 0, "IMS subsystem."),
    A("datastoreServer", STRING, 0, "Host."),
    A("driverType", INT, 0, "Kind of driver."),
    A("portNumber", INT, 0, "Port.", RANGE(1, 65535)),
    A("user", STRING, SECURITY, "User name."),
    A("password", PASSWORD, SECURITY, "Password."),
    A("flattenTables", BOOLEAN, 0, "Whether repeated fields become columns."),
    A("applicationName", STRING, SECURITY, "APPL for which PassTickets are made."),
    A("sslConnection", BOOLEAN, SECURITY, "Whether the connection uses TLS."),
};

static const struct sp_cfg_element imsudb_element = {
    "properties.imsudbJLocal", SP_CFG_NESTED_ONE, 0, ROWS(imsudb_attributes),
    .meaning = "IMS databases by the universal driver; not provided here."};

#define O struct sp_cfg_connection_factory

#define FACTORY_ROWS                                                                                   \
    ID_INTO(O), A("jndiName", STRING, 0, "Name by which programs find it.", INTO(O, jndi_name)),       \
        A("connectionManagerRef", REF, 0, "Its pool.", INTO(O, manager), TARGET("connectionManager")), \
        A("containerAuthDataRef", REF, SECURITY, "Credentials when the request brings none.",          \
          INTO(O, auth_data), TARGET(AUTH_DATA)),                                                      \
        A("recoveryAuthDataRef", REF, SECURITY, "Credentials for recovery.", TARGET(AUTH_DATA)),       \
        A("jaasLoginContextEntryRef", STRING, SECURITY, "Login by a Java module.")

static const struct sp_cfg_attribute connection_factory_attributes[] = {FACTORY_ROWS};

const struct sp_cfg_element sp_cfg_connection_factory_element = {
    "connectionFactory",
    SP_CFG_FACTORY,
    0,
    ROWS(connection_factory_attributes),
    CHILDREN(&gmoa_element, &ola_element, &imsudb_element),
    STRUCT(O),
    ARRAY(struct sp_config, connection_factories, connection_factory_count),
    .meaning = "Connections to IMS or to an address space of z/OS."};

#undef O

/* IMS */

#define O struct sp_cfg_ims_connection

#define IMS_CONNECTION_ROWS                                                                              \
    ID_INTO(O),                                                                                          \
        A("connectionFactoryRef", REF, SECURITY, "Its connection factory.", INTO(O, factory),            \
          TARGET("connectionFactory")),                                                                  \
        A("comment", STRING, 0, "A text for people.", INTO(O, comment), PROVIDED("*")),                  \
        A("imsDatastoreName", STRING, 0, "IMS subsystem.", INTO(O, datastore)),                          \
        A("interactionTimeout", INT, UNCONFIRMED, "Longest wait for an answer in ms; -1 for any.",       \
          INTO(O, interaction_timeout_ms), DEFAULT("-1"), RANGE(-1, INT32_MAX)),                         \
        A("imsConnectTimeout", INT, UNCONFIRMED, "Longest time to connect in ms.",                       \
          INTO(O, connect_timeout_ms), DEFAULT("30000"), RANGE(0, INT32_MAX)),                           \
        A("commitMode", INT, UNCONFIRMED, "0 or 1.", INTO(O, commit_mode), DEFAULT("1"), RANGE(0, 1)),   \
        A("syncLevel", INT, UNCONFIRMED, "0 or 1.", INTO(O, sync_level), DEFAULT("0"), RANGE(0, 1)),     \
        A("imsConnectCodepage", STRING, UNCONFIRMED, "Character set of IMS Connect.", INTO(O, codepage), \
          DEFAULT("Cp1047"))

static const struct sp_cfg_attribute ims_connection_attributes[] = {IMS_CONNECTION_ROWS};

const struct sp_cfg_element sp_cfg_ims_connection_element = {
    "imsmobile_imsConnection",
    SP_CFG_FACTORY,
    0,
    ROWS(ims_connection_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ims_connections, ims_connection_count),
    .meaning = "A connection to IMS transactions."};

const struct sp_cfg_element sp_cfg_ims_connection_3_element = {
    "zosconnect_imsConnection",
    SP_CFG_FACTORY,
    0,
    ROWS(ims_connection_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ims_connections, ims_connection_count),
    .since = "3.0 (OpenAPI 3)",
    .meaning = "A connection to IMS transactions."};

#undef O
#define O struct sp_cfg_ims_interaction

static const struct sp_cfg_attribute ims_interaction_attributes[] = {
    ID_INTO(O),
    A("comment", STRING, 0, "A text for people.", INTO(O, comment), PROVIDED("*")),
    A("commitMode", INT, UNCONFIRMED, "0 or 1.", INTO(O, commit_mode), DEFAULT("1"), RANGE(0, 1)),
    A("syncLevel", INT, UNCONFIRMED, "0 or 1.", INTO(O, sync_level), DEFAULT("0"), RANGE(0, 1)),
    A("imsDatastoreName", STRING, UNCONFIRMED, "IMS subsystem.", INTO(O, datastore)),
    A("ltermOverrideName", STRING, 0, "Logical terminal that the program sees.", INTO(O, lterm)),
    A("imsConnectCodepage", STRING, UNCONFIRMED, "Character set of IMS Connect.", INTO(O, codepage),
      DEFAULT("Cp1047")),
    A("interactionTimeout", INT, 0, "Longest wait for an answer in ms; 0 as IMS Connect says, -1 for any.",
      INTO(O, interaction_timeout_ms), DEFAULT("0"), RANGE(-1, INT32_MAX)),
};

const struct sp_cfg_element sp_cfg_ims_interaction_element = {
    "imsmobile_interaction",
    SP_CFG_FACTORY,
    0,
    ROWS(ims_interaction_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ims_interactions, ims_interaction_count),
    .meaning = "How an IMS transaction is run."};

#undef O

/* MQ */

#define O struct sp_cfg_wmq

static const struct sp_cfg_attribute wmq_factory_attributes[] = {
    A("transportType", ENUM, 0, "BINDINGS on the same machine, CLIENT over the network.",
      INTO(O, transport_type), ONE_OF("BINDINGS", "CLIENT"), DEFAULT("CLIENT")),
    A("queueManager", STRING, 0, "The queue manager.", INTO(O, queue_manager)),
    A("channel", STRING, 0, "The channel.", INTO(O, channel), DEFAULT("SYSTEM.DEF.SVRCONN")),
    A("hostName", STRING, 0, "Its host.", INTO(O, host), DEFAULT("localhost")),
    A("port", INT, 0, "Its port.", INTO(O, port), DEFAULT("1414"), RANGE(1, 65535)),
    A("sslCipherSuite", STRING, SECURITY, "Cipher of the channel.", INTO(O, cipher_suite)),
    A("userName", STRING, SECURITY, "User name.", INTO(O, user)),
    A("password", PASSWORD, SECURITY, "Password.", INTO(O, password)),
};

static const struct sp_cfg_element wmq_factory_element = {
    "properties.wmqJms",          SP_CFG_NESTED_ONE,   0,
    ROWS(wmq_factory_attributes), STRUCT(O),           PLACE(struct sp_cfg_jms_connection_factory, wmq),
    ELEMENT_GIVEN(O, given),      .meaning = "IBM MQ."};

#undef O
#define O struct sp_cfg_jms_connection_factory

static const struct sp_cfg_attribute jms_factory_attributes[] = {FACTORY_ROWS};

const struct sp_cfg_element sp_cfg_jms_factory_element = {
    "jmsConnectionFactory",
    SP_CFG_FACTORY,
    0,
    ROWS(jms_factory_attributes),
    CHILDREN(&wmq_factory_element),
    STRUCT(O),
    ARRAY(struct sp_config, jms_connection_factories, jms_connection_factory_count),
    .meaning = "Connections to a queue manager."};

#undef O
#define O struct sp_cfg_jms_queue

static const struct sp_cfg_attribute wmq_queue_attributes[] = {
    A("baseQueueName", STRING, 0, "Name of the queue.", INTO(O, base_queue_name)),
    A("baseQueueManagerName", STRING, 0, "Queue manager it belongs to."),
    A("CCSID", INT, 0, "Character set of messages.", INTO(O, ccsid), DEFAULT("1208"), RANGE(1, 65535)),
    A("targetClient", ENUM, 0, "Whether messages carry JMS headers.", INTO(O, target_client),
      ONE_OF("JMS", "MQ"), DEFAULT("JMS")),
};

static const struct sp_cfg_element wmq_queue_element = {
    "properties.wmqJms", SP_CFG_NESTED_ONE, 0, ROWS(wmq_queue_attributes), INLINED, .meaning = "IBM MQ."};

static const struct sp_cfg_attribute jms_queue_attributes[] = {
    ID_INTO(O),
    A("jndiName", STRING, 0, "Name by which programs find it.", INTO(O, jndi_name)),
};

const struct sp_cfg_element sp_cfg_jms_queue_element = {"jmsQueue",
                                                        SP_CFG_FACTORY,
                                                        0,
                                                        ROWS(jms_queue_attributes),
                                                        CHILDREN(&wmq_queue_element),
                                                        STRUCT(O),
                                                        ARRAY(struct sp_config, jms_queues, jms_queue_count),
                                                        .meaning = "A queue."};

#undef O
#define O struct sp_cfg_mq_service

static const struct sp_cfg_attribute mq_service_attributes[] = {
    ID_INTO(O),
    A("connectionFactory", STRING, UNCONFIRMED, "JNDI name of the connection factory.",
      INTO(O, connection_factory)),
    A("destination", STRING, UNCONFIRMED, "JNDI name of the queue.", INTO(O, destination)),
    A("replyDestination", STRING, UNCONFIRMED, "JNDI name of the queue with answers.",
      INTO(O, reply_destination)),
    A("expiry", INT, UNCONFIRMED, "How long a message lives, in tenths of a second; -1 for ever.",
      INTO(O, expiry), DEFAULT("-1"), RANGE(-1, INT32_MAX)),
    A("waitInterval", INT, UNCONFIRMED, "Longest wait for a message in ms; -1 for any.",
      INTO(O, wait_interval_ms), DEFAULT("0"), RANGE(-1, INT32_MAX)),
    A("mqmdFormat", STRING, UNCONFIRMED, "Format that messages bear.", INTO(O, mqmd_format)),
    A("selector", STRING, UNCONFIRMED, "Which messages are read.", INTO(O, selector)),
    A("replySelector", STRING, UNCONFIRMED, "Which answers are read.", INTO(O, reply_selector)),
    A("persistence", BOOLEAN, UNCONFIRMED, "Whether messages survive a restart.", INTO(O, persistence),
      DEFAULT("false")),
    A("useCallerPrincipal", BOOLEAN, SECURITY | UNCONFIRMED, "Whether the caller's user id goes along.",
      INTO(O, use_caller_principal), DEFAULT("false")),
    A("userName", STRING, SECURITY | UNCONFIRMED, "User name.", INTO(O, user)),
    A("password", PASSWORD, SECURITY | UNCONFIRMED, "Password.", INTO(O, password)),
};

const struct sp_cfg_element sp_cfg_mq_service_element = {
    "zosconnect_mqService",           SP_CFG_FACTORY, UNCONFIRMED,
    ROWS(mq_service_attributes),      STRUCT(O),      ARRAY(struct sp_config, mq_services, mq_service_count),
    .meaning = "A service on queues."};

const struct sp_cfg_element sp_cfg_mq_service_old_element = {
    "mqzosconnect_mqzOSConnectService",
    SP_CFG_FACTORY,
    UNCONFIRMED,
    ROWS(mq_service_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, mq_services, mq_service_count),
    .meaning = "A service on queues; the older name."};

const struct sp_cfg_element sp_cfg_mq_service_misprint = {
    "mqzOSConnectService", SP_CFG_FACTORY, 0, .instead = "mqzosconnect_mqzOSConnectService",
    .meaning = "mqzosconnect_mqzOSConnectService without its prefix."};

#undef O

static const struct sp_cfg_attribute wmq_client_attributes[] = {
    A("nativeLibraryPath", DIRECTORY, 0, "Libraries for transport BINDINGS.", PROVIDED("*")),
    A("startupRetryCount", INT, 0, "How often starting is tried again."),
    A("startupRetryInterval", DURATION, 0, "How long between."),
    A("reconnectionRetryCount", INT, 0, "How often reconnecting is tried."),
    A("reconnectionRetryInterval", DURATION, 0, "How long between."),
};

const struct sp_cfg_element sp_cfg_wmq_client_element = {
    "wmqJmsClient", SP_CFG_SINGLETON, 0, ROWS(wmq_client_attributes),
    .meaning = "The original's MQ client; this product has its own."};

/* REST services, Db2 among them */

#define O struct sp_cfg_rest_basic_auth

static const struct sp_cfg_attribute rest_basic_auth_attributes[] = {
    ID_INTO(O),
    A("userName", STRING, SECURITY, "User name.", INTO(O, user)),
    A("password", PASSWORD, SECURITY, "Password.", INTO(O, password)),
    A("applName", STRING, SECURITY, "APPL for which a PassTicket of the caller is made instead.",
      INTO(O, appl_name), SINCE("3.0.15")),
};

const struct sp_cfg_element sp_cfg_rest_basic_auth_element = {
    "zosconnect_zosConnectServiceRestClientBasicAuth",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(rest_basic_auth_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, rest_basic_auths, rest_basic_auth_count),
    .meaning = "Credentials for a REST service."};

#undef O
#define O struct sp_cfg_rest_connection

static const struct sp_cfg_attribute rest_connection_attributes[] = {
    ID_INTO(O),
    A("host", STRING, REQUIRED, "Host of the service.", INTO(O, host)),
    A("port", INT, REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("basicAuthRef", REF, SECURITY, "Credentials.", INTO(O, basic_auth),
      TARGET("zosconnect_zosConnectServiceRestClientBasicAuth")),
    A("sslCertsRef", REF, SECURITY, "TLS of the connection; without it there is none.", INTO(O, ssl),
      TARGET("ssl")),
    A("connectionTimeout", DURATION, UNCONFIRMED, "Longest time to connect.", INTO(O, connection_timeout_us),
      DEFAULT("30s")),
    A("receiveTimeout", DURATION, UNCONFIRMED, "Longest wait for an answer.", INTO(O, receive_timeout_us),
      DEFAULT("60s")),
};

const struct sp_cfg_element sp_cfg_rest_connection_element = {
    "zosconnect_zosConnectServiceRestClientConnection",
    SP_CFG_FACTORY,
    0,
    ROWS(rest_connection_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, rest_connections, rest_connection_count),
    .meaning = "A REST service, Db2 for one."};

#undef O

static const struct sp_cfg_attribute db2_attributes[] = {
    ID,
    A("host", STRING, REQUIRED, "Host of Db2."),
    A("port", INT, REQUIRED, "Its port.", RANGE(1, 65535)),
    A("credentialRef", REF, SECURITY, "Credentials.", TARGET(AUTH_DATA)),
    A("sslRef", REF, SECURITY | UNCONFIRMED, "TLS of the connection.", TARGET("ssl")),
};

const struct sp_cfg_element sp_cfg_db2_element = {"zosconnect_db2Connection",
                                                  SP_CFG_FACTORY,
                                                  0,
                                                  ROWS(db2_attributes),
                                                  .since = "3.0 (OpenAPI 3)",
                                                  .meaning = "Db2 REST services of OpenAPI 3 servers."};

static const struct sp_cfg_attribute cics_3_attributes[] = {
    ID,
    A("host", STRING, REQUIRED, "Address or name of the region."),
    A("port", INT, REQUIRED, "Its port.", RANGE(1, 65535)),
    A("credentialRef", REF, SECURITY, "Credentials.", TARGET(AUTH_DATA)),
};

const struct sp_cfg_element sp_cfg_old_rest_client_element = {
    "zosConnectServiceRestClient", SP_CFG_FACTORY, UNCONFIRMED, ROWS(cics_3_attributes),
    .meaning = "A REST service of the first release."};
