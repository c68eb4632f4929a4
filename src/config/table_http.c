/* SPDX-License-Identifier: Apache-2.0
 * The HTTP side: listeners, their options, what the server loads.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

static const struct sp_cfg_attribute feature_manager_attributes[] = {
    {"feature", SP_CFG_STRING, FLAGS(ACTED | LIST), INTO(struct sp_config, features),
     .meaning = "Names of what the server shall provide, such as zosconnect:zosConnect-2.0."},
    {"onError", SP_CFG_ENUM, FLAGS(0), ONE_OF("WARN", "FAIL", "IGNORE"), .fallback = "WARN",
     .provided = "WARN", .meaning = "What happens when a feature is unknown."},
};

const struct sp_cfg_element sp_cfg_feature_manager = {"featureManager", SP_CFG_SINGLETON, FLAGS(ACTED),
                                                      ROWS(feature_manager_attributes),
                                                      .meaning = "The features that are switched on."};

static const struct sp_cfg_attribute include_attributes[] = {
    {"location", SP_CFG_STRING, FLAGS(ACTED | REQUIRED),
     .meaning = "File to read at this place; relative to the directory of the file that includes it."},
    {"optional", SP_CFG_BOOLEAN, FLAGS(ACTED), .fallback = "false",
     .meaning = "Whether the file may be missing without a message."},
    {"onConflict", SP_CFG_ENUM, FLAGS(ACTED), ONE_OF("MERGE", "REPLACE", "IGNORE"),
     .meaning =
         "What happens to an element that stands in the including files too: both are merged, the "
         "included attributes replace, or the included element is dropped. Inherited from the enclosing "
         "include, MERGE in server.xml."},
};

const struct sp_cfg_element sp_cfg_include = {"include", SP_CFG_FACTORY, FLAGS(ACTED | SP_CFG_ROOT_ONLY),
                                              ROWS(include_attributes),
                                              .meaning = "Reads the elements of another file at this place."};

static const struct sp_cfg_attribute variable_attributes[] = {
    {"name", SP_CFG_STRING, FLAGS(ACTED | REQUIRED | SP_CFG_LITERAL),
     .meaning = "Name, used as ${name} in values."},
    {"value", SP_CFG_STRING, FLAGS(ACTED),
     .meaning = "Value; wins over bootstrap.properties and the environment, and loses to the command line."},
    {"defaultValue", SP_CFG_STRING, FLAGS(ACTED),
     .meaning = "Value when the variable is defined nowhere else."},
};

const struct sp_cfg_element sp_cfg_variable = {
    "variable", SP_CFG_FACTORY, FLAGS(ACTED | SP_CFG_ROOT_ONLY), ROWS(variable_attributes),
    .meaning = "Defines a variable for all files, whatever the order."};

#define O struct sp_cfg_http_options

static const struct sp_cfg_attribute http_options_attributes[] = {
    ID_INTO(O),
    {"keepAliveEnabled", SP_CFG_BOOLEAN, FLAGS(ACTED), INTO(O, keep_alive_enabled), .fallback = "true",
     .meaning = "Whether a connection serves more than one request; false answers with Connection: close."},
    {"maxKeepAliveRequests", SP_CFG_INT, FLAGS(ACTED), INTO(O, max_keep_alive_requests), .fallback = "-1",
     RANGE(-1, INT32_MAX), .meaning = "Requests after which a connection is closed; -1 sets no limit."},
    {"persistTimeout", SP_CFG_SECONDS, FLAGS(ACTED), INTO(O, persist_timeout_us), .fallback = "30s",
     .meaning = "Time that a connection may idle between requests."},
    {"readTimeout", SP_CFG_SECONDS, FLAGS(ACTED), INTO(O, read_timeout_us), .fallback = "60s",
     .meaning = "Longest wait between two reads inside a request."},
    {"writeTimeout", SP_CFG_SECONDS, FLAGS(ACTED), INTO(O, write_timeout_us), .fallback = "60s",
     .meaning = "Longest wait for the caller to take a portion of the response."},
    {"limitNumHeaders", SP_CFG_INT, FLAGS(ACTED), INTO(O, limit_num_headers), .fallback = "500",
     RANGE(50, 500), .meaning = "Most header fields in a request."},
    {"limitFieldSize", SP_CFG_INT, FLAGS(ACTED), INTO(O, limit_field_size), .fallback = "32768",
     RANGE(50, INT32_MAX), .meaning = "Most bytes of the URL, of a header's name and of a header's value."},
    {"MessageSizeLimit", SP_CFG_INT, FLAGS(ACTED), INTO(O, message_size_limit), .fallback = "-1",
     RANGE(-1, INT64_MAX), .meaning = "Most bytes of a request; -1 leaves the product's own ceiling."},
    {"removeServerHeader", SP_CFG_BOOLEAN, FLAGS(ACTED), INTO(O, remove_server_header), .fallback = "false",
     .meaning = "Whether responses go without a Server header."},
};

const struct sp_cfg_element sp_cfg_http_options_element = {
    "httpOptions",
    SP_CFG_FACTORY,
    FLAGS(ACTED),
    .default_id = "defaultHttpOptions",
    ROWS(http_options_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, http_options, http_options_count),
    .meaning = "Limits and times of HTTP connections."};

#undef O
#define O struct sp_cfg_http_endpoint

static const struct sp_cfg_attribute http_endpoint_attributes[] = {
    ID_INTO(O),
    {"enabled", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, enabled), .fallback = "true",
     .meaning = "Whether the endpoint listens at all."},
    {"host", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, host), .fallback = "localhost",
     .meaning = "Address or name to listen on; * means every address of the machine."},
    {"httpPort", SP_CFG_INT, FLAGS(ACTED | SECURITY), INTO(O, http_port), .fallback = "-1", RANGE(-1, 65535),
     .meaning = "Port without TLS; -1 closes it. defaultHttpEndpoint has 9080 unless it is set."},
    {"httpsPort", SP_CFG_INT, FLAGS(ACTED | SECURITY), INTO(O, https_port), .fallback = "-1",
     RANGE(-1, 65535),
     .meaning = "Port with TLS; -1 closes it. defaultHttpEndpoint has 9443 unless it is set."},
    {"httpOptionsRef", SP_CFG_REF, FLAGS(ACTED), INTO(O, http_options), .fallback = "defaultHttpOptions",
     .target = "httpOptions", .meaning = "Limits and times of its connections."},
    {"sslOptionsRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, ssl_options),
     .fallback = "defaultSSLOptions", .target = "sslOptions", .meaning = "TLS of httpsPort."},
};

const struct sp_cfg_element sp_cfg_http_endpoint_element = {
    "httpEndpoint",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(http_endpoint_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, endpoints, endpoint_count),
    .meaning = "Where the server listens. defaultHttpEndpoint exists even when it is not written."};

#undef O
