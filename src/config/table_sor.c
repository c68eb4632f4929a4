/* SPDX-License-Identifier: Apache-2.0
 * Connections to systems of record and the credentials for them.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define O struct sp_cfg_auth_data

static const struct sp_cfg_attribute auth_data_attributes[] = {
    ID_INTO(O),
    {"user", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, user), .meaning = "User name."},
    {"password", SP_CFG_PASSWORD, FLAGS(ACTED | SECURITY), INTO(O, password), .meaning = "Password."},
};

const struct sp_cfg_element sp_cfg_auth_data_element = {
    "zosconnect_authData",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(auth_data_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, auth_data, auth_data_count),
    .meaning = "A user name and password for a system of record or an HTTP server."};

#undef O
#define O struct sp_cfg_cics_connection

static const struct sp_cfg_attribute cics_attributes[] = {
    ID_INTO(O),
    {"host", SP_CFG_STRING, FLAGS(ACTED | REQUIRED), INTO(O, host),
     .meaning = "Address or name of the region."},
    {"port", SP_CFG_INT, FLAGS(ACTED | REQUIRED), INTO(O, port), RANGE(1, 65535), .meaning = "Its port."},
    {"sendSessions", SP_CFG_INT, FLAGS(ACTED | UNCONFIRMED), INTO(O, send_sessions), .fallback = "100",
     RANGE(1, 999), .meaning = "Most requests at one time."},
    {"cicsApplid", SP_CFG_STRING, FLAGS(ACTED), INTO(O, cics_applid),
     .meaning = "APPLID that the region must have."},
    {"cicsNetworkid", SP_CFG_STRING, FLAGS(ACTED), INTO(O, cics_networkid),
     .meaning = "Network id that the region must have."},
    {"zosConnectApplid", SP_CFG_STRING, FLAGS(ACTED), INTO(O, zos_connect_applid),
     .meaning = "APPLID by which the region knows this server."},
    {"zosConnectNetworkid", SP_CFG_STRING, FLAGS(ACTED), INTO(O, zos_connect_networkid),
     .meaning = "Network id by which the region knows this server."},
    {"transid", SP_CFG_STRING, FLAGS(ACTED), INTO(O, transid),
     .meaning = "Transaction under which programs run."},
    {"transidUsage", SP_CFG_ENUM, FLAGS(ACTED | UNCONFIRMED), INTO(O, transid_is_mirror),
     ONE_OF("EIB_ONLY", "EIB_AND_MIRROR"), .fallback = "EIB_ONLY",
     .meaning = "Whether programs only see the transaction in EIBTRNID, or run under it."},
    {"authDataRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, auth_data), .target = "zosconnect_authData",
     .meaning = "Credentials when the request brings no identity."},
    {"sslCertsRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, ssl), .target = "ssl",
     .meaning = "TLS of the connection; without it there is none."},
    {"connectionTimeout", SP_CFG_DURATION, FLAGS(ACTED | UNCONFIRMED), INTO(O, connection_timeout_us),
     .fallback = "30s", .meaning = "Longest time to establish the connection."},
};

const struct sp_cfg_element sp_cfg_cics_element = {
    "zosconnect_cicsIpicConnection",
    SP_CFG_FACTORY,
    FLAGS(ACTED),
    ROWS(cics_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, cics_connections, cics_connection_count),
    .meaning = "A connection to a CICS region: here to sallyport-region, by this product's own protocol."};

#undef O
