/* SPDX-License-Identifier: Apache-2.0
 * API requesters: the endpoints that programs call, and how they are told who calls.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define SERVERS "zosconnect_authorizationServer"
#define AUTH_DATA "zosconnect_authData authData zosconnect_credential"
#define AUTHENTICATIONS                                                                            \
    "zosconnect_authData zosconnect_oAuthConfig zosconnect_oAuthTokenConfig zosconnect_authToken " \
    "zosconnect_authTokenLocal authData"

#define O struct sp_cfg_authorization_server

static const struct sp_cfg_attribute authorization_server_attributes[] = {
    ID_INTO(O),
    A("tokenEndpoint", STRING, SECURITY | REQUIRED, "URL where tokens are got.", INTO(O, token_endpoint)),
    A("basicAuthRef", REF, SECURITY, "Client id and secret; the program may supply them instead.",
      INTO(O, basic_auth), TARGET(AUTH_DATA)),
    A("sslCertsRef", REF, SECURITY, "TLS to it; the default when none is named.", INTO(O, ssl),
      TARGET("ssl")),
};

const struct sp_cfg_element sp_cfg_authorization_server_element = {
    "zosconnect_authorizationServer",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(authorization_server_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, authorization_servers, authorization_server_count),
    .meaning = "A server that gives tokens."};

#undef O
#define O struct sp_cfg_oauth

static const struct sp_cfg_attribute oauth_attributes[] = {
    ID_INTO(O),
    A("grantType", ENUM, SECURITY, "How a token is asked for.", INTO(O, grant_type),
      ONE_OF("client_credentials", "password")),
    A("authServerRef", REF, SECURITY | REQUIRED, "Where.", INTO(O, server), TARGET(SERVERS)),
    A("scope", STRING, SECURITY | UNCONFIRMED, "Scope that is asked for."),
};

const struct sp_cfg_element sp_cfg_oauth_element = {"zosconnect_oAuthConfig",
                                                    SP_CFG_FACTORY,
                                                    SECURITY,
                                                    ROWS(oauth_attributes),
                                                    STRUCT(O),
                                                    ARRAY(struct sp_config, oauth, oauth_count),
                                                    KIND(O, kind, SP_CFG_AUTH_OAUTH),
                                                    .meaning = "OAuth 2.0 access tokens."};

static const struct sp_cfg_attribute oauth_token_attributes[] = {
    ID_INTO(O),
    A("grantType", ENUM, SECURITY | UNCONFIRMED, "How a token is asked for.", INTO(O, grant_type),
      ONE_OF("client_credentials", "password")),
    A("authServerRef", REF, SECURITY | REQUIRED | UNCONFIRMED, "Where.", INTO(O, server), TARGET(SERVERS)),
    A("jwtBuilderRef", REF, SECURITY | UNCONFIRMED, "The JWT that proves who asks.", INTO(O, jwt_builder),
      TARGET("jwtBuilder")),
    A("clientId", STRING, SECURITY | UNCONFIRMED, "Its subject.", INTO(O, client_id)),
};

const struct sp_cfg_element sp_cfg_oauth_token_element = {
    "zosconnect_oAuthTokenConfig",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(oauth_token_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, oauth, oauth_count),
    KIND(O, kind, SP_CFG_AUTH_OAUTH_JWT),
    .meaning = "OAuth 2.0 access tokens, asked for with a JWT."};

#undef O
#define O struct sp_cfg_auth_token

static const struct sp_cfg_attribute token_request_attributes[] = {
    A("credentialLocation", ENUM, SECURITY, "Where the credentials go.", INTO(O, request.credential_location),
      ONE_OF("header", "body")),
    A("header", STRING, SECURITY, "Header field for them.", INTO(O, request.header)),
    A("requestBody", STRING, SECURITY, "The body, with places for them.", INTO(O, request.body)),
    A("requestMethod", ENUM, SECURITY | UNCONFIRMED, "Method of the request.", INTO(O, request.method),
      ONE_OF("GET", "PUT", "POST")),
};

static const struct sp_cfg_element token_request_element = {
    "tokenRequest", SP_CFG_NESTED_ONE,
    SECURITY,       ROWS(token_request_attributes),
    INLINED,        .meaning = "How the token is asked for."};

static const struct sp_cfg_attribute token_response_attributes[] = {
    A("tokenLocation", ENUM, SECURITY, "Where the token is.", INTO(O, response.token_location),
      ONE_OF("header", "body")),
    A("responseFormat", ENUM, SECURITY, "Form of the body.", INTO(O, response.format),
      ONE_OF("Text", "JSON")),
    A("tokenPath", STRING, SECURITY, "Where in the JSON.", INTO(O, response.token_path)),
    A("header", STRING, SECURITY, "Header field with it.", INTO(O, response.header)),
};

static const struct sp_cfg_element token_response_element = {
    "tokenResponse", SP_CFG_NESTED_ONE,
    SECURITY,        ROWS(token_response_attributes),
    INLINED,         .meaning = "Where the token is in the answer."};

static const struct sp_cfg_attribute auth_token_attributes[] = {
    ID_INTO(O),
    A("authServerRef", REF, SECURITY | UNCONFIRMED, "The server that gives it.", INTO(O, server),
      TARGET(SERVERS)),
    A("requestMethod", ENUM, SECURITY | UNCONFIRMED, "Method of the request.", INTO(O, request.method),
      ONE_OF("GET", "PUT", "POST")),
    A("header", STRING, SECURITY, "Header field in which it goes to the endpoint.", INTO(O, header),
      DEFAULT("Authorization")),
    A("useBearerScheme", BOOLEAN, SECURITY, "Whether \"Bearer \" stands before it.",
      INTO(O, use_bearer_scheme), DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_auth_token_element = {
    "zosconnect_authToken",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(auth_token_attributes),
    CHILDREN(&token_request_element, &token_response_element),
    STRUCT(O),
    ARRAY(struct sp_config, auth_tokens, auth_token_count),
    KIND(O, kind, SP_CFG_AUTH_TOKEN),
    .meaning = "A token of a server that speaks no OAuth."};

static const struct sp_cfg_attribute auth_token_local_attributes[] = {
    ID_INTO(O),
    A("jwtBuilderRef", REF, SECURITY | UNCONFIRMED, "How the token is built.", INTO(O, jwt_builder),
      TARGET("jwtBuilder")),
    A("tokenGeneratorRef", REF, SECURITY | UNCONFIRMED, "Another name of jwtBuilderRef.",
      INTO(O, jwt_builder), TARGET("jwtBuilder"), .instead = "jwtBuilderRef"),
    A("header", STRING, SECURITY | UNCONFIRMED, "Header field in which it goes to the endpoint.",
      INTO(O, header), DEFAULT("Authorization")),
    A("useBearerScheme", BOOLEAN, SECURITY | UNCONFIRMED, "Whether \"Bearer \" stands before it.",
      INTO(O, use_bearer_scheme), DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_auth_token_local_element = {
    "zosconnect_authTokenLocal",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(auth_token_local_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, auth_tokens, auth_token_count),
    KIND(O, kind, SP_CFG_AUTH_TOKEN_LOCAL),
    .meaning = "A JWT that this server issues for the program's user."};

#undef O
#define O struct sp_cfg_proxy

static const struct sp_cfg_attribute proxy_attributes[] = {
    ID_INTO(O),
    A("host", STRING, UNCONFIRMED | REQUIRED, "Host of the proxy.", INTO(O, host)),
    A("port", INT, UNCONFIRMED | REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("type", ENUM, UNCONFIRMED, "Its protocol.", ONE_OF("HTTP"), DEFAULT("HTTP"), PROVIDED("HTTP")),
    A("proxyAuthConfigRef", REF, SECURITY | UNCONFIRMED, "Credentials for it.", INTO(O, auth_data),
      TARGET(AUTH_DATA)),
};

const struct sp_cfg_element sp_cfg_proxy_element = {"zosconnect_proxyConfig",
                                                    SP_CFG_FACTORY,
                                                    UNCONFIRMED,
                                                    ROWS(proxy_attributes),
                                                    STRUCT(O),
                                                    ARRAY(struct sp_config, proxies, proxy_count),
                                                    .meaning = "An HTTP proxy on the way to endpoints."};

#undef O
#define O struct sp_cfg_endpoint_connection

static const struct sp_cfg_attribute endpoint_attributes[] = {
    ID_INTO(O),
    A("host", STRING, SECURITY | REQUIRED, "Scheme and host, https://api.example.com.", INTO(O, host)),
    A("port", INT, SECURITY | REQUIRED, "Its port.", INTO(O, port), RANGE(1, 65535)),
    A("authenticationConfigRef", REF, SECURITY | LIST, "How the endpoint is told who calls.", INTO(O, auth),
      COUNT(O, auth_count), TARGET(AUTHENTICATIONS)),
    A("basicAuthRef", REF, SECURITY | LIST, "An older name of authenticationConfigRef.", INTO(O, auth),
      COUNT(O, auth_count), TARGET(AUTHENTICATIONS), .instead = "authenticationConfigRef"),
    A("connectionTimeout", DURATION, UNCONFIRMED, "Longest time to connect.", INTO(O, connection_timeout_us),
      DEFAULT("30s")),
    A("receiveTimeout", DURATION, UNCONFIRMED, "Longest wait for an answer.", INTO(O, receive_timeout_us),
      DEFAULT("60s")),
    A("sslCertsRef", REF, SECURITY | UNCONFIRMED, "TLS to it; the outbound default when none is named.",
      INTO(O, ssl), TARGET("ssl")),
    A("domainBasePath", STRING, UNCONFIRMED, "Put before the paths.", INTO(O, domain_base_path)),
    A("proxyConfigRef", REF, UNCONFIRMED, "Proxy on the way.", INTO(O, proxy),
      TARGET("zosconnect_proxyConfig")),
    A("allowChunking", BOOLEAN, UNCONFIRMED, "Whether requests may be sent in chunks.",
      INTO(O, allow_chunking), DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_endpoint_element = {
    "zosconnect_endpointConnection",
    SP_CFG_FACTORY,
    SECURITY,
    ROWS(endpoint_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, endpoint_connections, endpoint_connection_count),
    .meaning = "An API that programs call."};

#undef O
