/* SPDX-License-Identifier: Apache-2.0
 * The HTTP side: listeners and their options, cross-origin rules.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define O struct sp_cfg_http_options

static const struct sp_cfg_attribute http_options_attributes[] = {
    ID_INTO(O),
    A("keepAliveEnabled", BOOLEAN, ACTED,
      "Whether a connection serves more than one request; false answers with Connection: close.",
      INTO(O, keep_alive_enabled), DEFAULT("true")),
    A("maxKeepAliveRequests", INT, ACTED, "Requests after which a connection is closed; -1 sets no limit.",
      INTO(O, max_keep_alive_requests), DEFAULT("-1"), RANGE(-1, INT32_MAX)),
    A("persistTimeout", SECONDS, ACTED, "Time that a connection may idle between requests.",
      INTO(O, persist_timeout_us), DEFAULT("30s")),
    A("readTimeout", SECONDS, ACTED, "Longest wait between two reads inside a request.",
      INTO(O, read_timeout_us), DEFAULT("60s")),
    A("writeTimeout", SECONDS, ACTED, "Longest wait for the caller to take a portion of the response.",
      INTO(O, write_timeout_us), DEFAULT("60s")),
    A("limitNumHeaders", INT, ACTED, "Most header fields in a request.", INTO(O, limit_num_headers),
      DEFAULT("500"), RANGE(50, 500)),
    A("limitFieldSize", INT, ACTED, "Most bytes of the URL, of a header's name and of a header's value.",
      INTO(O, limit_field_size), DEFAULT("32768"), RANGE(50, INT32_MAX)),
    A("MessageSizeLimit", INT, ACTED, "Most bytes of a request; -1 leaves the product's own ceiling.",
      INTO(O, message_size_limit), DEFAULT("-1"), RANGE(-1, INT64_MAX)),
    A("removeServerHeader", BOOLEAN, ACTED, "Whether responses go without a Server header.",
      INTO(O, remove_server_header), DEFAULT("false")),
    A("NoCacheCookiesControl", BOOLEAN, 0, "Whether a response that sets a cookie also forbids caching.",
      DEFAULT("true")),
    A("AutoDecompression", BOOLEAN, 0, "Whether compressed request bodies are decompressed.",
      INTO(O, auto_decompression), DEFAULT("true")),
    A("DoNotAllowDuplicateSetCookies", STRING, 0, "Whether a cookie of one name is set once only.",
      DEFAULT("false"), PROVIDED("false")),
    A("incomingBodyBufferSize", INT, 0, "Bytes of a request body that are buffered at a time.",
      DEFAULT("32768"), RANGE(1024, 1048576)),
    A("ThrowIOEForInboundConnections", BOOLEAN, 0, "How a servlet learns that a connection broke.",
      PROVIDED("true false")),
    A("decompressionRatioLimit", INT, 0, "Greatest ratio of a decompressed body to its compressed form.",
      INTO(O, decompression_ratio_limit), DEFAULT("200")),
    A("decompressionTolerance", INT, 0, "How often the ratio may be exceeded before the request is refused.",
      INTO(O, decompression_tolerance), DEFAULT("3")),
    A("http2ConnectionIdleTimeout", SECONDS, 0,
      "Time after which an idle HTTP/2 connection is closed; 0 for never.", INTO(O, http2_idle_timeout_us),
      DEFAULT("0")),
    A("maxConcurrentStreams", INT, 0, "Most requests at one time on an HTTP/2 connection.",
      INTO(O, max_concurrent_streams), DEFAULT("100"), RANGE(1, INT32_MAX)),
    A("maxFrameSize", INT, 0, "Largest HTTP/2 frame in bytes.", INTO(O, max_frame_size), DEFAULT("57344"),
      RANGE(16384, 16777215)),
    A("settingsInitialWindowSize", INT, 0, "HTTP/2 flow-control window of a stream in bytes.",
      DEFAULT("65535"), SINCE("2023"), RANGE(1, INT32_MAX)),
    A("connectionWindowSize", INT, 0, "HTTP/2 flow-control window of a connection in bytes.",
      DEFAULT("65535"), SINCE("2023"), RANGE(65535, INT32_MAX)),
    A("limitWindowUpdateFrames", BOOLEAN, 0,
      "Whether HTTP/2 window updates are sent only at half of the window.", DEFAULT("false"), SINCE("2023")),
    A("maxHeaderBlockSize", INT, 0, "Most bytes of an HTTP/2 header block.", DEFAULT("512000"),
      SINCE("2024")),
    A("maxResetFrames", INT, 0, "HTTP/2 resets in a window after which the connection is closed.",
      DEFAULT("100"), SINCE("2023")),
    A("resetFramesWindow", DURATION, 0, "The window of maxResetFrames.", DEFAULT("30s"), SINCE("2023")),
    A("maxStreamsRefused", INT, 0, "Refused HTTP/2 streams after which the connection is closed.",
      DEFAULT("100"), SINCE("2023")),
    A("ignoreWriteAfterCommit", BOOLEAN, 0, "Whether changes to headers that are sent already are ignored.",
      DEFAULT("false"), SINCE("2024"), PROVIDED("true false")),
};

const struct sp_cfg_element sp_cfg_http_options_element = {
    "httpOptions",
    SP_CFG_FACTORY,
    ACTED | LISTENER,
    .default_id = "defaultHttpOptions",
    ROWS(http_options_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, http_options, http_options_count),
    .meaning = "Limits and times of HTTP connections."};

#undef O
#define O struct sp_cfg_tcp_options

static const struct sp_cfg_attribute tcp_options_attributes[] = {
    ID_INTO(O),
    A("inactivityTimeout", DURATION, 0, "Time after which a connection without traffic is closed.",
      INTO(O, inactivity_timeout_us), DEFAULT("60s")),
    A("soReuseAddr", BOOLEAN, 0, "Whether a port in TIME_WAIT may be opened again.", INTO(O, so_reuse_addr),
      DEFAULT("true"), PROVIDED("true")),
    A("maxOpenConnections", INT, 0, "Most connections at one time.", INTO(O, max_open_connections),
      DEFAULT("128000"), RANGE(1, 1280000)),
    A("addressIncludeList", STRING, SECURITY | LIST, "Addresses that may connect; * for a part.",
      INTO(O, address_include)),
    A("addressExcludeList", STRING, SECURITY | LIST, "Addresses that may not connect.",
      INTO(O, address_exclude)),
    A("hostNameIncludeList", STRING, SECURITY | LIST, "Host names that may connect.", INTO(O, host_include)),
    A("hostNameExcludeList", STRING, SECURITY | LIST, "Host names that may not connect.",
      INTO(O, host_exclude)),
    A("portOpenRetries", INT, 0, "How often opening a port is tried again.", DEFAULT("0"), RANGE(0, 100000)),
    A("acceptThread", BOOLEAN, 0, "A matter of the original's threads.", DEFAULT("false"),
      PROVIDED("true false")),
    A("waitToAccept", BOOLEAN, 0, "Whether connections wait until the server is ready.", DEFAULT("false"),
      PROVIDED("false")),
};

const struct sp_cfg_element sp_cfg_tcp_options_element = {
    "tcpOptions",
    SP_CFG_FACTORY,
    ACTED | LISTENER,
    .default_id = "defaultTCPOptions",
    ROWS(tcp_options_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, tcp_options, tcp_options_count),
    .meaning = "Who may connect, and how many."};

#undef O
#define O struct sp_cfg_access_logging

static const struct sp_cfg_attribute access_logging_attributes[] = {
    ID_INTO(O),
    A("enabled", BOOLEAN, 0, "Whether requests are logged.", INTO(O, enabled), DEFAULT("true")),
    A("filePath", FILE, 0, "The log file.", INTO(O, file_path),
      DEFAULT("${server.output.dir}/logs/http_access.log")),
    A("logFormat", STRING, 0, "What a line holds.", INTO(O, log_format), DEFAULT("%h %u %{t}W \"%r\" %s %b")),
    A("maxFileSize", INT, 0, "Size in MB after which a new file is begun; 0 for no limit.",
      INTO(O, max_file_size), DEFAULT("20"), RANGE(0, INT32_MAX)),
    A("maxFiles", INT, 0, "How many files are kept; 0 for all.", INTO(O, max_files), DEFAULT("2"),
      RANGE(0, INT32_MAX)),
    A("rolloverStartTime", STRING, 0, "Time of day at which files are changed.", SINCE("2022")),
    A("rolloverInterval", MINUTES, 0, "How often files are changed; negative for never.", DEFAULT("-1"),
      SINCE("2022")),
};

const struct sp_cfg_element sp_cfg_access_logging_element = {
    "httpAccessLogging",
    SP_CFG_FACTORY,
    LISTENER,
    ROWS(access_logging_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, access_loggings, access_logging_count),
    .meaning = "A log line for each request."};

#undef O

static const struct sp_cfg_attribute headers_attributes[] = {
    ID,
    A("add", STRING, SECURITY | LIST, "Header fields added to every response, name:value."),
    A("set", STRING, SECURITY | LIST, "Header fields that replace those of a response."),
    A("setIfMissing", STRING, SECURITY | LIST, "Header fields for responses that lack them."),
    A("remove", STRING, SECURITY | LIST, "Header fields taken from every response."),
};

const struct sp_cfg_element sp_cfg_headers_element = {"headers",
                                                      SP_CFG_FACTORY,
                                                      SECURITY,
                                                      ROWS(headers_attributes),
                                                      .default_id = "defaultHeaders",
                                                      .since = "2022",
                                                      .meaning = "Header fields of responses."};

#define O struct sp_cfg_remote_ip

/* Liberty's own default: loopback, link-local and private addresses. */
#define PRIVATE_ADDRESSES                                                                         \
    "10\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|192\\.168\\.\\d{1,3}\\.\\d{1,3}|169\\.254\\.\\d{1,3}\\." \
    "\\d{1,3}|127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|172\\.1[6-9]{1}\\.\\d{1,3}\\.\\d{1,3}|172\\.2" \
    "[0-9]{1}\\.\\d{1,3}\\.\\d{1,3}|172\\.3[0-1]{1}\\.\\d{1,3}\\.\\d{1,3}|0:0:0:0:0:0:0:1|::1"

static const struct sp_cfg_attribute remote_ip_attributes[] = {
    ID_INTO(O),
    A("proxies", STRING, ACTED | SECURITY,
      "Regular expression of the proxies that are believed. The whole address must match it, as it is "
      "usually written or with all eight parts of IPv6.",
      INTO(O, proxies), DEFAULT(PRIVATE_ADDRESSES)),
    A("sallyport_header", ENUM, ACTED | SECURITY,
      "Which headers the proxies write: Forwarded, X-Forwarded-For (with X-Forwarded-Proto, -Host, -Port), "
      "or "
      "any, which takes either and refuses a request that has both.",
      INTO(O, header), ONE_OF("any", "Forwarded", "X-Forwarded-For"), DEFAULT("any")),
    A("useRemoteIpInAccessLog", BOOLEAN, 0, "Whether the access log shows the forwarded address.",
      DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_remote_ip_element = {
    "remoteIp",
    SP_CFG_FACTORY,
    ACTED | SECURITY | LISTENER,
    .default_id = "defaultRemoteIp",
    ROWS(remote_ip_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, remote_ips, remote_ip_count),
    .meaning = "Which proxies may say who the caller is. Nobody may on an endpoint without one."};

#undef O
#define C struct sp_config

static const struct sp_cfg_attribute dispatcher_attributes[] = {
    A("trustedHeaderOrigin", STRING, ACTED | SECURITY | LIST,
      "Addresses whose $WSIS, $WSSC, $WSSN and $WSSP headers are believed; * for all, none for none. Not * "
      "as "
      "in the original when it is not set, but none.",
      INTO(C, dispatcher.origins)),
    A("trustedSensitiveHeaderOrigin", STRING, ACTED | SECURITY | LIST,
      "Addresses whose $WSRA and $WSCC headers (address and certificate of the client) are believed.",
      INTO(C, dispatcher.sensitive_origins)),
    A("enableWelcomePage", BOOLEAN, 0, "Whether the root of the server shows a page.", DEFAULT("true"),
      PROVIDED("true false")),
    A("appOrContextRootMissingMessage", STRING, 0, "What a caller reads at an address that is not served."),
};

const struct sp_cfg_element sp_cfg_dispatcher_element = {
    "httpDispatcher", SP_CFG_SINGLETON, ACTED | SECURITY | LISTENER, ROWS(dispatcher_attributes),
    .meaning = "From whom the private headers of the web server plug-in are taken."};

#undef C

static const struct sp_cfg_attribute compression_attributes[] = {
    ID,
    A("types", STRING, LIST, "Content types that are compressed, with + and - to change the default list."),
    A("serverPreferredAlgorithm", ENUM, 0, "Algorithm when the caller accepts several.", DEFAULT("none"),
      ONE_OF("none", "gzip", "x-gzip", "deflate", "zlib", "identity")),
};

const struct sp_cfg_element sp_cfg_compression_element = {"compression",
                                                          SP_CFG_FACTORY,
                                                          0,
                                                          ROWS(compression_attributes),
                                                          .default_id = "defaultCompression",
                                                          .meaning = "Compression of responses."};

static const struct sp_cfg_attribute samesite_attributes[] = {
    ID,
    A("lax", STRING, SECURITY | LIST, "Cookies that get SameSite=Lax."),
    A("none", STRING, SECURITY | LIST, "Cookies that get SameSite=None."),
    A("strict", STRING, SECURITY | LIST, "Cookies that get SameSite=Strict."),
};

const struct sp_cfg_element sp_cfg_samesite_element = {"samesite",
                                                       SP_CFG_FACTORY,
                                                       SECURITY,
                                                       ROWS(samesite_attributes),
                                                       .default_id = "defaultSameSite",
                                                       .meaning = "The SameSite attribute of cookies."};

#define O struct sp_cfg_http_endpoint

static const struct sp_cfg_attribute http_endpoint_attributes[] = {
    ID_INTO(O),
    A("enabled", BOOLEAN, ACTED | SECURITY, "Whether the endpoint listens at all.", INTO(O, enabled),
      DEFAULT("true")),
    A("host", STRING, ACTED | SECURITY, "Address or name to listen on; * means every address of the machine.",
      INTO(O, host), DEFAULT("localhost")),
    A("sallyport_hostNames", STRING, ACTED | SECURITY | LATE_LIST,
      "Names by which clients address it, without ports. Where they are given, redirects and addresses in "
      "documents name no other host, whatever the Host header says.",
      INTO(O, host_names)),
    A("httpPort", INT, ACTED | SECURITY,
      "Port without TLS; -1 closes it. defaultHttpEndpoint has 9080 unless it is set.", INTO(O, http_port),
      DEFAULT("-1"), RANGE(-1, 65535)),
    A("httpsPort", INT, ACTED | SECURITY,
      "Port with TLS; -1 closes it. defaultHttpEndpoint has 9443 unless it is set.", INTO(O, https_port),
      DEFAULT("-1"), RANGE(-1, 65535)),
    A("protocolVersion", STRING, 0, "http/1.1 or http/2; both when it is not set.",
      INTO(O, protocol_version)),
    A("onError", ENUM, 0, "What happens when a port cannot be opened.", ONE_OF("WARN", "FAIL", "IGNORE"),
      DEFAULT("WARN"), PROVIDED("FAIL")),
    A("httpOptionsRef", REF, ACTED, "Limits and times of its connections.", INTO(O, http_options),
      DEFAULT("defaultHttpOptions"), TARGET("httpOptions")),
    A("sslOptionsRef", REF, ACTED | SECURITY, "TLS of httpsPort.", INTO(O, ssl_options),
      DEFAULT("defaultSSLOptions"), TARGET("sslOptions")),
    A("tcpOptionsRef", REF, 0, "Who may connect.", INTO(O, tcp_options), DEFAULT("defaultTCPOptions"),
      TARGET("tcpOptions")),
    A("accessLoggingRef", REF, 0, "The access log.", INTO(O, access_logging), TARGET("httpAccessLogging")),
    A("remoteIpRef", REF, ACTED | SECURITY, "Which proxies are believed; none without it.",
      INTO(O, remote_ip), TARGET("remoteIp")),
    A("sallyport_proxyProtocol", BOOLEAN, ACTED | SECURITY,
      "Whether every connection begins with the PROXY protocol, version 1 or 2. It is taken from the proxies "
      "of "
      "remoteIp only; other connections are closed.",
      INTO(O, proxy_protocol), DEFAULT("false")),
    A("compressionRef", REF, 0, "Compression of responses.", TARGET("compression")),
    A("samesiteRef", REF, SECURITY, "The SameSite attribute of cookies.", TARGET("samesite")),
    A("headersRef", REF, SECURITY, "Header fields of responses.", TARGET("headers"), SINCE("2022")),
};

const struct sp_cfg_element sp_cfg_http_endpoint_element = {
    "httpEndpoint",
    SP_CFG_FACTORY,
    ACTED | SECURITY | LISTENER,
    ROWS(http_endpoint_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, endpoints, endpoint_count),
    .meaning = "Where the server listens. defaultHttpEndpoint exists even when it is not written."};

#undef O
#define O struct sp_cfg_cors

static const struct sp_cfg_attribute cors_attributes[] = {
    ID_INTO(O),
    A("domain", STRING, ACTED | SECURITY | REQUIRED, "Beginning of the paths the rules hold for.",
      INTO(O, domain)),
    A("allowedOrigins", STRING, ACTED | SECURITY | LATE_LIST,
      "Origins whose pages may call; * for all, nothing for none.", INTO(O, allowed_origins)),
    A("allowedMethods", STRING, ACTED | SECURITY | LATE_LIST, "Methods they may use.",
      INTO(O, allowed_methods)),
    A("allowedHeaders", STRING, ACTED | SECURITY | LATE_LIST, "Header fields they may send.",
      INTO(O, allowed_headers)),
    A("exposeHeaders", STRING, ACTED | SECURITY | LATE_LIST, "Header fields of responses they may read.",
      INTO(O, expose_headers)),
    A("allowCredentials", BOOLEAN, ACTED | SECURITY,
      "Whether cookies and client certificates may come along; never for allowedOrigins=\"*\".",
      INTO(O, allow_credentials)),
    A("maxAge", INT, ACTED, "Seconds for which a browser may remember the answer.", INTO(O, max_age),
      DEFAULT("-1"), RANGE(-1, INT32_MAX)),
};

const struct sp_cfg_element sp_cfg_cors_element = {"cors",
                                                   SP_CFG_FACTORY,
                                                   ACTED,
                                                   ROWS(cors_attributes),
                                                   STRUCT(O),
                                                   ARRAY(struct sp_config, cors, cors_count),
                                                   .meaning = "Which web pages of other origins may call."};

#undef O
#define C struct sp_config

static const struct sp_cfg_attribute requests_attributes[] = {
    A("mediaTypes", ENUM, ACTED,
      "Which bodies are taken: json, or any, whatever Content-Type says (they are read as JSON all the "
      "same).",
      INTO(C, requests.media_types), ONE_OF("json", "any"), DEFAULT("json")),
    A("unknownQueryParameters", ENUM, ACTED,
      "What happens to query parameters that the operation does not have: ignore or refuse (400).",
      INTO(C, requests.unknown_query_parameters), ONE_OF("ignore", "refuse"), DEFAULT("ignore")),
    A("clientBodies", INT, ACTED | LISTENER,
      "Most bytes of request bodies that one client address may have in each worker at one time; more: 429.",
      INTO(C, requests.client_bodies), DEFAULT("134217728"), RANGE(1048576, INT64_C(1) << 40)),
};

const struct sp_cfg_element sp_cfg_requests_element = {
    "sallyport_requests", SP_CFG_SINGLETON, ACTED, ROWS(requests_attributes),
    .meaning = "What requests may look like, where the original's behaviour is not known."};

static const struct sp_cfg_attribute monitoring_attributes[] = {
    A("host", STRING, ACTED | LISTENER, "Address or name to listen on.", INTO(C, monitoring.host),
      DEFAULT("localhost")),
    A("port", INT, ACTED | LISTENER, "Port of health and metrics, over plain HTTP; -1 for none.",
      INTO(C, monitoring.port), DEFAULT("-1"), RANGE(-1, 65535)),
};

const struct sp_cfg_element sp_cfg_monitoring_listener_element = {
    "sallyport_monitoring", SP_CFG_SINGLETON, ACTED, ROWS(monitoring_attributes),
    .meaning = "A listener of its own for health and metrics."};

#undef C
