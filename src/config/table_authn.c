/* SPDX-License-Identifier: Apache-2.0
 * How a request is authenticated: schemes, filters, tokens.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define O struct sp_cfg_web_app_security

static const struct sp_cfg_attribute web_app_security_attributes[] = {
    A("allowFailOverToBasicAuth", BOOLEAN, ACTED | SECURITY,
      "Whether user name and password are accepted when no client certificate authenticated.",
      INTO(O, allow_fail_over_to_basic_auth), DEFAULT("false")),
    A("allowAuthenticationFailOverToAuthMethod", ENUM, SECURITY,
      "Scheme that is tried when no client certificate authenticated.", INTO(O, fail_over_method),
      ONE_OF("BASIC", "FORM", "APP_DEFINED"), PROVIDED("BASIC")),
    A("overrideHttpAuthMethod", ENUM, SECURITY, "Scheme that replaces the application's, CLIENT_CERT.",
      INTO(O, override_method), ONE_OF("BASIC", "FORM", "CLIENT_CERT"), PROVIDED("BASIC CLIENT_CERT")),
    A("singleSignonEnabled", BOOLEAN, ACTED | SECURITY, "Whether LTPA cookies are issued and accepted.",
      INTO(O, single_signon_enabled), DEFAULT("true")),
    A("ssoCookieName", STRING, ACTED | SECURITY, "Name of that cookie.", INTO(O, sso_cookie_name),
      DEFAULT("LtpaToken2")),
    A("useOnlyCustomCookieName", BOOLEAN, ACTED | SECURITY, "Whether LtpaToken2 is not accepted beside it.",
      INTO(O, use_only_custom_cookie_name), DEFAULT("false")),
    A("ssoDomainNames", STRING, ACTED | SECURITY, "Domains of the cookie, with | between.",
      INTO(O, sso_domain_names)),
    A("ssoUseDomainFromURL", BOOLEAN, ACTED | SECURITY, "Whether the cookie's domain is that of the request.",
      INTO(O, sso_use_domain_from_url), DEFAULT("false")),
    A("ssoRequiresSSL", BOOLEAN, ACTED | SECURITY, "Whether the cookie is sent over HTTPS only.",
      INTO(O, sso_requires_ssl), DEFAULT("false")),
    A("httpOnlyCookies", BOOLEAN, ACTED | SECURITY, "Whether scripts in a page cannot read the cookie.",
      INTO(O, http_only_cookies), DEFAULT("true")),
    A("sameSiteCookie", ENUM, ACTED | SECURITY, "SameSite of the cookie.", INTO(O, same_site_cookie),
      ONE_OF("Disabled", "Lax", "None", "Strict"), DEFAULT("Disabled")),
    A("displayAuthenticationRealm", BOOLEAN, ACTED, "Whether a challenge names the registry's realm.",
      INTO(O, display_authentication_realm), DEFAULT("false")),
    A("basicAuthenticationMechanismRealmName", STRING, ACTED,
      "Realm that a challenge names, defaultRealm when it is not set.", INTO(O, basic_authentication_realm)),
    A("useAuthenticationDataForUnprotectedResource", BOOLEAN, SECURITY,
      "Whether credentials count where none are needed.", DEFAULT("true"), PROVIDED("true")),
    A("trackLoggedOutSSOCookies", BOOLEAN, SECURITY, "Whether a cookie is refused after logging out.",
      DEFAULT("false"), PROVIDED("false")),
    A("logoutOnHttpSessionExpire", BOOLEAN, SECURITY, "Whether the end of a session logs out.",
      DEFAULT("false"), PROVIDED("false")),
    A("webAlwaysLogin", BOOLEAN, SECURITY, "Whether a login in the application always authenticates anew.",
      DEFAULT("false"), PROVIDED("false")),
    A("includePathInWASReqURL", BOOLEAN, 0, "Form login: the path of a cookie.", DEFAULT("false"),
      PROVIDED("true false")),
    A("preserveFullyQualifiedReferrerUrl", BOOLEAN, SECURITY,
      "Form login: whether a referrer keeps its host.", DEFAULT("false"), PROVIDED("false")),
    A("useContextRootForSSOCookiePath", BOOLEAN, SECURITY, "Whether the cookie is bound to the path.",
      DEFAULT("false"), PROVIDED("false")),
    A("allowLogoutPageRedirectToAnyHost", BOOLEAN, SECURITY, "Form login: where logging out may lead.",
      DEFAULT("false"), PROVIDED("true false")),
    A("useLtpaSSOForJaspic", BOOLEAN, SECURITY, "A matter of Java authentication modules.", DEFAULT("false"),
      PROVIDED("true false")),
    A("postParamSaveMethod", ENUM, 0, "Form login: where a request waits.",
      ONE_OF("Cookie", "Session", "None"), DEFAULT("Cookie"), PROVIDED("Cookie Session None")),
    A("postParamCookieSize", INT, 0, "Form login: largest cookie.", DEFAULT("16384")),
    A("postParamMaxRequestBodySize", INT, 0, "Form login: largest request.", DEFAULT("134217728")),
    A("loginFormURL", STRING, SECURITY, "Form login: the form."),
    A("loginErrorURL", STRING, SECURITY, "Form login: the page after a failure."),
    A("contextRootForFormAuthenticationMechanism", STRING, SECURITY, "Form login: its path."),
    A("wasReqURLRedirectDomainNames", STRING, SECURITY, "Form login: domains it may lead to."),
    A("logoutPageRedirectDomainNames", STRING, SECURITY, "Form login: domains logging out may lead to."),
};

const struct sp_cfg_element sp_cfg_web_app_security_element = {"webAppSecurity",
                                                               SP_CFG_SINGLETON,
                                                               ACTED | SECURITY,
                                                               ROWS(web_app_security_attributes),
                                                               STRUCT(O),
                                                               PLACE(struct sp_config, web_app_security),
                                                               .meaning = "How requests are authenticated."};

#undef O
#define C struct sp_config

static const struct sp_cfg_attribute auth_cache_attributes[] = {
    A("initialSize", INT, ACTED, "Entries there is room for at the start, where all memory is taken.",
      INTO(C, auth_cache.initial_size), DEFAULT("50"), RANGE(1, INT32_MAX)),
    A("maxSize", INT, ACTED, "Most entries, up to 1048576.", INTO(C, auth_cache.max_size), DEFAULT("25000"),
      RANGE(1, INT32_MAX)),
    A("timeout", DURATION, ACTED, "Time after which an authentication is done anew.",
      INTO(C, auth_cache.timeout_us), DEFAULT("600s")),
    A("allowBasicAuthLookup", BOOLEAN, ACTED, "Whether user name and password are remembered.",
      INTO(C, auth_cache.allow_basic_auth_lookup), DEFAULT("true")),
    A("cacheRef", STRING, 0, "A shared cache."),
};

const struct sp_cfg_element sp_cfg_auth_cache_element = {"authCache", SP_CFG_SINGLETON, ACTED,
                                                         ROWS(auth_cache_attributes),
                                                         .meaning = "Authentications that are remembered."};

static const struct sp_cfg_attribute authentication_attributes[] = {
    A("cacheEnabled", BOOLEAN, ACTED, "Whether authentications are remembered.", INTO(C, auth_cache.enabled),
      DEFAULT("true")),
    A("allowHashtableLoginWithIdOnly", BOOLEAN, SECURITY,
      "Whether a program may log a user in without a password.", DEFAULT("false"), PROVIDED("false")),
};

const struct sp_cfg_element sp_cfg_authentication_element = {"authentication", SP_CFG_SINGLETON, ACTED,
                                                             ROWS(authentication_attributes),
                                                             .meaning = "Authentication as a whole."};

#undef C
#define O struct sp_cfg_authentication

static const struct sp_cfg_attribute login_attributes[] = {
    A("maxLoginFailures", INT, ACTED | SECURITY,
      "Failed logins of one user from one address after which both must wait; 0 for no limit.",
      INTO(O, max_failures), DEFAULT("5"), RANGE(0, 1000000)),
    A("loginFailureWindow", DURATION, ACTED | SECURITY, "Time within which they count.",
      INTO(O, failure_window_us), DEFAULT("60s"), RANGE(1000000, 86400000000)),
    A("loginLockTime", DURATION, ACTED | SECURITY, "How long they must wait.", INTO(O, lock_time_us),
      DEFAULT("30s"), RANGE(1000000, 86400000000)),
    A("maxLoginsWaiting", INT, ACTED,
      "Passwords that each worker verifies at one time; further requests are told to come again.",
      INTO(O, max_logins_waiting), DEFAULT("128"), RANGE(1, 100000)),
    A("unmappedIdentity", ENUM, ACTED | SECURITY,
      "What becomes of an identity that mapDistributedIdentities finds no user id for: it goes on without "
      "one, is refused, or goes on as unauthenticatedUser.",
      INTO(O, unmapped_identity), ONE_OF("distributed", "refuse", "unauthenticatedUser"),
      DEFAULT("distributed")),
};

const struct sp_cfg_element sp_cfg_login_element = {"sallyport_authentication",
                                                    SP_CFG_SINGLETON,
                                                    ACTED | SECURITY,
                                                    ROWS(login_attributes),
                                                    STRUCT(O),
                                                    PLACE(struct sp_config, authentication),
                                                    .meaning = "Limits of logging in."};

#undef O
#define C struct sp_config

#define K struct sp_cfg_ltpa_keys

static const struct sp_cfg_attribute validation_keys_attributes[] = {
    A("fileName", STRING, ACTED | SECURITY | REQUIRED,
      "The file; without a directory it is where keysFileName is.", INTO(K, file_name)),
    A("password", PASSWORD, ACTED | SECURITY | REQUIRED, "Its password.", INTO(K, password)),
    A("validUntilDate", STRING, ACTED | SECURITY, "When it ends: a date, time and offset of ISO 8601.",
      INTO(K, valid_until)),
    A("notUseAfterDate", STRING, SECURITY, "When it ends.", INTO(K, valid_until),
      .instead = "validUntilDate"),
};

static const struct sp_cfg_element validation_keys_element = {
    "validationKeys", SP_CFG_NESTED,
    ACTED | SECURITY, ROWS(validation_keys_attributes),
    STRUCT(K),        ARRAY(struct sp_config, ltpa.validation_keys, ltpa.validation_key_count),
    .since = "2023",  .meaning = "Keys that are accepted, but not used for new cookies."};

static const struct sp_cfg_attribute ltpa_attributes[] = {
    A("keysFileName", FILE, ACTED | SECURITY, "The keys.", INTO(C, ltpa.keys_file_name),
      DEFAULT("${server.output.dir}/resources/security/ltpa.keys")),
    A("keysPassword", PASSWORD, ACTED | SECURITY, "Opens them.", INTO(C, ltpa.keys_password),
      DEFAULT("{xor}CDo9Hgw=")),
    A("expiration", MINUTES, ACTED | SECURITY, "How long a cookie holds.", INTO(C, ltpa.expiration_us),
      DEFAULT("120m")),
    A("monitorInterval", DURATION, ACTED, "How often the keys are looked at; 0 for never.",
      INTO(C, ltpa.monitor_interval_us), DEFAULT("0ms")),
    A("authFilterRef", REF, ACTED | SECURITY | LIST,
      "Requests whose cookies count: those that one of the filters accepts; all when none is named.",
      INTO(C, ltpa.auth_filters.items), COUNT(C, ltpa.auth_filters.count), TARGET("authFilter")),
    A("updateTrigger", ENUM, ACTED,
      "polled: keys that have changed are read again as monitorInterval says. Otherwise only by a reload.",
      INTO(C, ltpa.update_trigger), UPDATE_TRIGGERS, DEFAULT("polled"), SINCE("2023")),
    A("monitorValidationKeysDir", BOOLEAN, ACTED | SECURITY,
      "Whether the other files *.keys in the directory of keysFileName are validationKeys, with its "
      "password.",
      INTO(C, ltpa.monitor_validation_keys_dir), DEFAULT("false"), SINCE("2023")),
    A("expirationDifferenceAllowed", DURATION, ACTED | SECURITY | INTERNAL,
      "Difference that is allowed between the two expirations of a token.",
      INTO(C, ltpa.expiration_difference_us), DEFAULT("3000ms")),
};

const struct sp_cfg_element sp_cfg_ltpa_element = {"ltpa",
                                                   SP_CFG_SINGLETON,
                                                   ACTED | SECURITY,
                                                   ROWS(ltpa_attributes),
                                                   CHILDREN(&validation_keys_element),
                                                   ELEMENT_GIVEN(C, ltpa.given),
                                                   .meaning =
                                                       "Cookies by which a caller stays authenticated."};

#undef K
#undef C
#define O struct sp_cfg_condition
#define F struct sp_cfg_auth_filter

/* The order of the options is that of enum sp_cfg_match. */
#define MATCH                                                                                                \
    A("matchType", ENUM, ACTED | SECURITY, "How the two are compared.", INTO(O, match), DEFAULT("contains"), \
      ONE_OF("equals", "contains", "notContain"))

#define CONDITION(variable, element_name, member, value_name, description, ...)           \
    static const struct sp_cfg_attribute variable##_attributes[] = {                      \
        ID,                                                                               \
        A(value_name, STRING, ACTED | SECURITY | REQUIRED,                                \
          "What the request is compared with; | separates alternatives.", INTO(O, what)), \
        __VA_ARGS__};                                                                     \
    static const struct sp_cfg_element variable = {element_name,                          \
                                                   SP_CFG_NESTED,                         \
                                                   ACTED | SECURITY,                      \
                                                   ROWS(variable##_attributes),           \
                                                   STRUCT(O),                             \
                                                   ARRAY(F, member.items, member.count),  \
                                                   .meaning = description}

CONDITION(web_app_condition, "webApp", web_app, "name", "Compares the name of the application.", MATCH);
CONDITION(host_condition, "host", host, "name", "Compares the Host header field.", MATCH);
CONDITION(user_agent_condition, "userAgent", user_agent, "agent", "Compares the User-Agent header field.",
          MATCH);
CONDITION(cookie_condition, "cookie", cookie, "name", "Compares the names of cookies.", MATCH);
CONDITION(request_url_condition, "requestUrl", request_url, "urlPattern", "Compares the URL of the request.",
          MATCH, A("name", STRING, 0, "Not compared with anything.", PROVIDED("*")));
CONDITION(remote_address_condition, "remoteAddress", remote_address, "ip", "Compares the caller's address.",
          A("matchType", ENUM, ACTED | SECURITY, "How the two are compared.", INTO(O, match),
            DEFAULT("contains"), ONE_OF("equals", "contains", "notContain", "lessThan", "greaterThan")));
CONDITION(request_header_condition, "requestHeader", request_header, "name", "Compares a header field.",
          MATCH,
          A("value", STRING, ACTED | SECURITY, "Its value; only its presence counts when it is not set.",
            INTO(O, value)));

#undef O

static const struct sp_cfg_attribute auth_filter_attributes[] = {
    ID_INTO(F),
};

const struct sp_cfg_element sp_cfg_auth_filter_element = {
    "authFilter",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(auth_filter_attributes),
    CHILDREN(&web_app_condition, &request_url_condition, &remote_address_condition, &host_condition,
             &user_agent_condition, &cookie_condition, &request_header_condition),
    STRUCT(F),
    ARRAY(struct sp_config, auth_filters, auth_filter_count),
    .meaning = "Requests a scheme is for: those that meet all conditions."};

#undef F
#define O struct sp_cfg_oidc

#define P struct sp_cfg_oidc_parameter

static const struct sp_cfg_attribute oidc_parameter_attributes[] = {
    ID,
    A("name", STRING, ACTED | REQUIRED, "Name of the parameter.", INTO(P, name)),
    A("value", STRING, ACTED, "Its value.", INTO(P, value)),
};

static const struct sp_cfg_element authz_parameter_element = {
    "authzParameter",
    SP_CFG_NESTED,
    ACTED,
    ROWS(oidc_parameter_attributes),
    STRUCT(P),
    ARRAY(O, login.authz_parameters, login.authz_parameter_count),
    .meaning = "Login in a browser: sent to the authorization endpoint."};

static const struct sp_cfg_element token_parameter_element = {
    "tokenParameter",
    SP_CFG_NESTED,
    ACTED,
    ROWS(oidc_parameter_attributes),
    STRUCT(P),
    ARRAY(O, login.token_parameters, login.token_parameter_count),
    .meaning = "Login in a browser: sent to the token endpoint."};

#undef P

static const struct sp_cfg_attribute oidc_attributes[] = {
    ID_INTO(O),
    A("authFilterRef", REF, ACTED | SECURITY | LIST,
      "Requests it is for: those that one of the filters accepts; all when none is named.",
      INTO(O, auth_filters.items), COUNT(O, auth_filters.count), TARGET("authFilter")),
    A("inboundPropagation", ENUM, ACTED | SECURITY, "Whether a token in the request is accepted or needed.",
      INTO(O, propagation), ONE_OF("supported", "required", "none"), DEFAULT("none")),
    A("headerName", STRING, ACTED | SECURITY,
      "Header field with the token; Authorization when it is not set.", INTO(O, header_name)),
    A("validationMethod", ENUM, ACTED | SECURITY, "How a token that is no JWT is checked.",
      INTO(O, validation_method), ONE_OF("introspect", "userinfo"), DEFAULT("introspect")),
    A("validationEndpointUrl", STRING, ACTED | SECURITY, "Where.", INTO(O, validation_url)),
    A("jwtAccessTokenRemoteValidation", ENUM, ACTED | SECURITY,
      "Whether JWTs are checked there: allow, when they are not good here; require, instead of here.",
      INTO(O, remote_validation), ONE_OF("none", "allow", "require"), DEFAULT("none"), SINCE("2022")),
    A("requireExpClaimForIntrospection", BOOLEAN, ACTED | SECURITY | INTERNAL,
      "Whether an answer must say when it ends.", INTO(O, require_exp), DEFAULT("true")),
    A("requireIatClaimForIntrospection", BOOLEAN, ACTED | SECURITY | INTERNAL,
      "Whether an answer must say when it began.", INTO(O, require_iat), DEFAULT("true")),
    A("issuerIdentifier", STRING, ACTED | SECURITY | BLANK_LIST, "Issuers that are accepted.",
      INTO(O, issuers)),
    A("audiences", STRING, ACTED | SECURITY | LIST, "Audiences that are accepted; ALL_AUDIENCES for any.",
      INTO(O, audiences)),
    A("disableIssChecking", BOOLEAN, ACTED | SECURITY, "Whether tokens must have no issuer.",
      INTO(O, disable_iss_checking), DEFAULT("false")),
    A("signatureAlgorithm", ENUM, ACTED | SECURITY, "Algorithm that a token must be signed with.",
      INTO(O, signature_algorithm), DEFAULT("HS256"),
      ONE_OF("none", "RS256", "RS384", "RS512", "HS256", "HS384", "HS512", "ES256", "ES384", "ES512", "PS256",
             "PS384", "PS512")),
    A("sharedKey", PASSWORD, ACTED | SECURITY | INTERNAL,
      "Key of HS algorithms; the client secret when it is not set.", INTO(O, shared_key)),
    A("clientSecret", PASSWORD, ACTED | SECURITY, "Secret of the client.", INTO(O, client_secret)),
    A("clientId", STRING, ACTED | SECURITY, "Name of the client.", INTO(O, client_id)),
    A("trustStoreRef", REF, ACTED | SECURITY, "Key store with the issuer's certificate.",
      INTO(O, trust_store), TARGET("keyStore")),
    A("trustAliasName", STRING, ACTED | SECURITY, "Its entry.", INTO(O, trust_alias)),
    A("jwkEndpointUrl", STRING, ACTED | SECURITY, "Where the issuer's keys are fetched.", INTO(O, jwk_url)),
    A("jwkClientId", STRING, ACTED | SECURITY, "User name for that.", INTO(O, jwk_client_id)),
    A("jwkClientSecret", PASSWORD, ACTED | SECURITY, "Password for that.", INTO(O, jwk_client_secret)),
    A("jsonWebKey", STRING, ACTED | SECURITY | INTERNAL, "The issuer's key itself, a JWK or a set of them.",
      INTO(O, json_web_key)),
    A("sallyport_jwkRefetchInterval", DURATION, ACTED,
      "Least time between fetches of keys that tokens with an unknown key cause.", INTO(O, jwk_refetch_us),
      DEFAULT("60s"), RANGE(1000000, 3600000000)),
    A("sallyport_jwkMaxStale", DURATION, ACTED | SECURITY,
      "How long keys count after they were last fetched, when they cannot be fetched again.",
      INTO(O, jwk_max_stale_us), DEFAULT("24h")),
    A("sallyport_weakRsaKeys", BOOLEAN, ACTED | SECURITY, "Whether RSA keys of less than 2048 bits count.",
      INTO(O, weak_rsa_keys), DEFAULT("false")),
    A("sallyport_dpop", ENUM, ACTED | SECURITY,
      "Proof of possession (RFC 9449): accepted, or required of every token.", INTO(O, dpop),
      ONE_OF("accepted", "required"), DEFAULT("accepted")),
    A("clockSkew", DURATION, ACTED | SECURITY, "Difference of the clocks that is allowed.",
      INTO(O, clock_skew_us), DEFAULT("300s")),
    A("tokenReuse", BOOLEAN, ACTED | SECURITY, "Whether a token with an id may be used more than once.",
      INTO(O, token_reuse), DEFAULT("false")),
    A("userIdentifier", STRING, ACTED | SECURITY,
      "Claim with the user's name; wins over userIdentityToCreateSubject.", INTO(O, user_identifier)),
    A("userIdentityToCreateSubject", STRING, ACTED | SECURITY, "Claim with the user's name.",
      INTO(O, user_identity), DEFAULT("sub")),
    A("groupIdentifier", STRING, ACTED | SECURITY, "Claim with the groups.", INTO(O, group_identifier),
      DEFAULT("groupIds")),
    A("realmIdentifier", STRING, ACTED | SECURITY, "Claim with the realm.", INTO(O, realm_identifier),
      DEFAULT("realmName")),
    A("realmName", STRING, ACTED | SECURITY, "The realm; wins over the claim.", INTO(O, realm_name)),
    A("uniqueUserIdentifier", STRING, ACTED | SECURITY, "Claim with the user's unique id.",
      INTO(O, unique_user_identifier), DEFAULT("uniqueSecurityName")),
    A("mapIdentityToRegistryUser", BOOLEAN, ACTED | SECURITY, "Whether the user must be in the registry.",
      INTO(O, map_identity_to_registry_user), DEFAULT("false")),
    A("authnSessionDisabled", BOOLEAN, ACTED | SECURITY,
      "Whether a token gives no LTPA cookie. With false it gives one where the registry knows the user.",
      INTO(O, authn_session_disabled), DEFAULT("true")),
    A("disableLtpaCookie", BOOLEAN, ACTED | SECURITY, "Whether a cookie of its own is used.",
      INTO(O, disable_ltpa_cookie), DEFAULT("false")),
    A("accessTokenInLtpaCookie", BOOLEAN, SECURITY, "Whether the cookie carries the token.", DEFAULT("false"),
      PROVIDED("false")),
    A("accessTokenCacheEnabled", BOOLEAN, ACTED, "Whether answers about tokens are remembered.",
      INTO(O, access_token_cache_enabled), DEFAULT("true"), SINCE("2022")),
    A("accessTokenCacheTimeout", DURATION, ACTED | SECURITY, "How long.",
      INTO(O, access_token_cache_timeout_us), DEFAULT("5m"), SINCE("2022")),
    A("allowCustomCacheKey", BOOLEAN, 0, "A matter of the original's cache.", DEFAULT("true"),
      PROVIDED("true false")),
    A("includeIdTokenInSubject", BOOLEAN, 0, "Whether a program can see the token.", DEFAULT("true"),
      PROVIDED("true false")),
    A("scope", TOKEN, ACTED, "Login in a browser: what is asked for.", INTO(O, login.scope),
      DEFAULT("openid profile")),
    A("grantType", ENUM, ACTED, "Login in a browser: its kind; implicit is refused.",
      INTO(O, login.grant_type), ONE_OF("authorization_code", "implicit"), DEFAULT("authorization_code")),
    A("responseType", ENUM, ACTED, "Login in a browser: the answer; only code is accepted.",
      INTO(O, login.response_type), ONE_OF("code", "id_token", "id_token token", "token")),
    A("authorizationEndpointUrl", STRING, ACTED, "Login in a browser: where.",
      INTO(O, login.authorization_url)),
    A("tokenEndpointUrl", STRING, ACTED | SECURITY,
      "Where tokens are got; without its last part it is the issuer when issuerIdentifier is not set.",
      INTO(O, token_endpoint_url)),
    A("userInfoEndpointUrl", STRING, ACTED, "Login in a browser: where more is known of the user.",
      INTO(O, login.user_info_url)),
    A("userInfoEndpointEnabled", BOOLEAN, ACTED, "Whether that is asked.", INTO(O, login.user_info),
      DEFAULT("false")),
    A("discoveryEndpointUrl", STRING, ACTED | SECURITY, "Where the issuer describes itself.",
      INTO(O, discovery_url)),
    A("discoveryPollingRate", DURATION, ACTED, "How often that is asked.", INTO(O, discovery_polling_us),
      DEFAULT("300s")),
    A("tokenEndpointAuthMethod", ENUM, ACTED | SECURITY,
      "How we prove ourselves, when a token is checked too.", INTO(O, token_endpoint_auth_method),
      ONE_OF("basic", "post", "private_key_jwt", "tls_client_auth"), DEFAULT("post")),
    A("tokenEndpointAuthSigningAlgorithm", STRING, ACTED | SECURITY, "Algorithm of private_key_jwt.",
      INTO(O, auth_signing_algorithm), DEFAULT("RS256"), SINCE("2023")),
    A("keyAliasName", STRING, ACTED | SECURITY, "Key of private_key_jwt.", INTO(O, key_alias), SINCE("2023")),
    A("tokenOrderToFetchCallerClaims", STRING, ACTED | SECURITY,
      "Login in a browser: in which of AccessToken, IDToken, Userinfo name, groups and realm are looked for.",
      INTO(O, login.claims_order), DEFAULT("IDToken"), SINCE("2023")),
    A("tokenRequestOriginHeader", STRING, ACTED, "Login in a browser: Origin of the request for tokens.",
      INTO(O, login.request_origin), SINCE("2023")),
    A("pkceCodeChallengeMethod", ENUM, ACTED | SECURITY,
      "Login in a browser: proof of the code. Liberty has disabled as its default.",
      INTO(O, login.code_challenge_method), ONE_OF("disabled", "plain", "S256"), DEFAULT("S256"),
      SINCE("2023")),
    A("httpsRequired", BOOLEAN, ACTED | SECURITY, "Whether the URLs above must be https.",
      INTO(O, https_required), DEFAULT("true")),
    A("hostNameVerificationEnabled", BOOLEAN, ACTED | SECURITY,
      "Whether their certificates must bear their names.", INTO(O, verify_hostname), DEFAULT("true")),
    A("sslRef", REF, ACTED | SECURITY, "TLS to them; the outbound default when none is named.", INTO(O, ssl),
      TARGET("ssl")),
    A("nonceEnabled", BOOLEAN, 0, "Login in a browser: a nonce. It is always sent and checked.",
      DEFAULT("false"), PROVIDED("true false")),
    A("initialStateCacheCapacity", INT, 0,
      "Login in a browser: how many at one time. Browsers keep them, there is no limit.", DEFAULT("3000")),
    A("authenticationTimeLimit", DURATION, ACTED, "Login in a browser: how long.",
      INTO(O, login.time_limit_us), DEFAULT("420s")),
    A("createSession", BOOLEAN, 0, "Login in a browser: whether a session is made.", DEFAULT("true")),
    A("isClientSideRedirectSupported", BOOLEAN, 0, "Login in a browser: redirection by script.",
      DEFAULT("true")),
    A("redirectToRPHostAndPort", STRING, ACTED,
      "Login in a browser: where it leads back to, https://host:port.", INTO(O, login.redirect_host_port)),
    A("redirectJunctionPath", STRING, ACTED,
      "Login in a browser: path of a proxy, that stands between host and path where it leads back to.",
      INTO(O, login.junction_path)),
    A("reAuthnOnAccessTokenExpire", BOOLEAN, ACTED | SECURITY,
      "Login in a browser: again when the token ends.", INTO(O, login.again_when_token_ends),
      DEFAULT("true")),
    A("reAuthnCushion", DURATION, ACTED | SECURITY, "Login in a browser: how long before.",
      INTO(O, login.again_cushion_us), DEFAULT("0s")),
    A("forwardLoginParameter", STRING, ACTED | LIST, "Login in a browser: parameters that are passed on.",
      INTO(O, login.forwarded)),
    A("resource", STRING, ACTED, "Login in a browser: the resource parameter.", INTO(O, login.resource)),
    A("useSystemPropertiesForHttpClientConnections", BOOLEAN, 0, "A matter of Java.", DEFAULT("false"),
      PROVIDED("true false")),
    A("keyManagementKeyAlias", STRING, ACTED | SECURITY,
      "Entry of the key store of the ssl element whose key tokens are encrypted to (JWE).",
      INTO(O, decryption_alias)),
    A("oidcclientRequestParameterSupported", BOOLEAN, SECURITY | INTERNAL,
      "Whether a request may say which of these elements it is for.", DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_oidc_element = {
    "openidConnectClient",
    SP_CFG_FACTORY,
    ACTED | SECURITY,
    ROWS(oidc_attributes),
    CHILDREN(&authz_parameter_element, &token_parameter_element),
    STRUCT(O),
    ARRAY(struct sp_config, oidc_clients, oidc_client_count),
    .meaning = "Tokens of an OpenID Connect or OAuth server."};

#undef O
#define O struct sp_cfg_saml

static const struct sp_cfg_attribute saml_path_attributes[] = {
    A("path", FILE, ACTED | SECURITY | REQUIRED, "The file."),
    ID,
};

static const struct sp_cfg_element saml_certificate_element = {"x509Certificate",
                                                               SP_CFG_NESTED,
                                                               ACTED | SECURITY,
                                                               ROWS(saml_path_attributes),
                                                               FLATTENED(O, pkix.certificates),
                                                               .meaning = "A certificate in a file."};

static const struct sp_cfg_element saml_crl_element = {"crl",
                                                       SP_CFG_NESTED,
                                                       ACTED | SECURITY,
                                                       ROWS(saml_path_attributes),
                                                       FLATTENED(O, pkix.crls),
                                                       .meaning =
                                                           "A list of revoked certificates in a file."};

static const struct sp_cfg_attribute saml_pkix_attributes[] = {
    A("trustAnchorRef", REF, ACTED | SECURITY, "Key store with trusted certificates.",
      INTO(O, pkix.trust_anchor), TARGET("keyStore")),
    A("trustAnchor", REF, ACTED | SECURITY, "Another spelling of trustAnchorRef.", INTO(O, pkix.trust_anchor),
      TARGET("keyStore"), .instead = "trustAnchorRef"),
    A("trustedIssuers", STRING, ACTED | SECURITY | LIST,
      "Issuers that are accepted; all when none are named.", INTO(O, pkix.trusted_issuers)),
};

static const struct sp_cfg_element saml_pkix_element = {
    "pkixTrustEngine",
    SP_CFG_NESTED_ONE,
    ACTED | SECURITY,
    ROWS(saml_pkix_attributes),
    CHILDREN(&saml_certificate_element, &saml_crl_element),
    INLINED,
    ELEMENT_GIVEN(O, pkix.given),
    .meaning = "Which signatures are trusted."};

static const struct sp_cfg_attribute saml_attributes[] = {
    ID_INTO(O),
    A("enabled", BOOLEAN, ACTED | SECURITY, "Whether it is used.", INTO(O, enabled), DEFAULT("true")),
    A("inboundPropagation", ENUM, ACTED | SECURITY, "Whether an assertion in the request is needed.",
      INTO(O, propagation), ONE_OF("required", "none"), DEFAULT("none")),
    A("headerName", STRING, ACTED | SECURITY | LIST, "Header fields with the assertion.",
      INTO(O, header_names), DEFAULT("Saml,saml,SAML")),
    A("audiences", STRING, ACTED | SECURITY | LIST, "Audiences that are accepted; ANY for all.",
      INTO(O, audiences), DEFAULT("ANY")),
    A("wantAssertionsSigned", BOOLEAN, ACTED | SECURITY, "Whether assertions must be signed.",
      INTO(O, want_assertions_signed), DEFAULT("true")),
    A("signatureMethodAlgorithm", ENUM, ACTED | SECURITY,
      "Algorithm they must be signed with, at least, and requests are.", INTO(O, signature_method),
      ONE_OF("SHA256", "SHA384", "SHA512", "SHA128", "SHA1", "ECDSAwithSHA256", "ECDSAwithSHA384",
             "ECDSAwithSHA512"),
      DEFAULT("SHA256")),
    A("clockSkew", DURATION, ACTED | SECURITY, "Difference of the clocks that is allowed.",
      INTO(O, clock_skew_us), DEFAULT("5m")),
    A("userIdentifier", STRING, ACTED | SECURITY, "Attribute with the user's name.", INTO(O, user_identifier),
      DEFAULT("NameID")),
    A("groupIdentifier", STRING, ACTED | SECURITY, "Attribute with the groups.", INTO(O, group_identifier)),
    A("userUniqueIdentifier", STRING, ACTED | SECURITY,
      "Attribute with the unique id; as userIdentifier when it is not set.", INTO(O, unique_user_identifier)),
    A("realmIdentifier", STRING, ACTED | SECURITY,
      "Attribute with the realm, without realmName; else the issuer.", INTO(O, realm_identifier)),
    A("realmName", STRING, ACTED | SECURITY, "The realm.", INTO(O, realm_name)),
    A("mapToUserRegistry", ENUM, ACTED | SECURITY, "Whether user or groups must be in the registry.",
      INTO(O, map_to_user_registry), ONE_OF("No", "User", "Group"), DEFAULT("No")),
    A("includeTokenInSubject", BOOLEAN, 0, "Whether a program can see the assertion.", DEFAULT("true"),
      PROVIDED("true false")),
    A("keyStoreRef", REF, ACTED | SECURITY,
      "Key store with the key that decrypts assertions and signs messages; that of the default ssl element "
      "for a login in a browser.",
      INTO(O, key_store), TARGET("keyStore")),
    A("keyAlias", STRING, ACTED | SECURITY, "Its entry; samlsp, or else the first one, when it is not set.",
      INTO(O, key_alias)),
    A("keyPassword", PASSWORD, SECURITY,
      "Opens the entry. Not provided: the password of the key store opens its keys."),
    A("authFilterRef", REF, ACTED | SECURITY | LIST,
      "Requests it is for: those that one of the filters accepts; all when none is named.",
      INTO(O, auth_filters.items), COUNT(O, auth_filters.count), TARGET("authFilter")),
    A("disableLtpaCookie", BOOLEAN, ACTED | SECURITY,
      "Whether an assertion gives no LTPA cookie. An LTPA cookie is for users of the registry "
      "(mapToUserRegistry=\"User\").",
      INTO(O, disable_ltpa_cookie), DEFAULT("true")),
    A("allowCustomCacheKey", BOOLEAN, 0, "A matter of the original's cache.", DEFAULT("true"),
      PROVIDED("true false")),
    A("idpMetadata", FILE, ACTED | SECURITY, "Login in a browser: description of the identity provider.",
      INTO(O, login.idp_metadata), DEFAULT("${server.config.dir}/resources/security/idpMetadata.xml")),
    A("authnRequestsSigned", BOOLEAN, ACTED | SECURITY, "Login in a browser: whether requests are signed.",
      INTO(O, login.requests_signed), DEFAULT("true")),
    A("forceAuthn", BOOLEAN, ACTED | SECURITY, "Login in a browser: whether the user must log in anew.",
      INTO(O, login.force_authn), DEFAULT("false")),
    A("isPassive", BOOLEAN, ACTED, "Login in a browser: without asking the user.", INTO(O, login.is_passive),
      DEFAULT("false")),
    A("allowCreate", BOOLEAN, ACTED, "Login in a browser: whether a new user may be made.",
      INTO(O, login.allow_create), GIVEN(O, login.allow_create_given)),
    A("authnContextClassRef", STRING, ACTED | SECURITY | LIST,
      "Login in a browser: how the user must have logged in.", INTO(O, login.context_classes)),
    A("authnContextComparisonType", ENUM, ACTED | SECURITY, "Login in a browser: how exactly.",
      INTO(O, login.context_comparison), ONE_OF("exact", "minimum", "maximum", "better"), DEFAULT("exact")),
    A("nameIDFormat", ENUM, ACTED, "Login in a browser: form of the name.", INTO(O, login.name_id_format),
      ONE_OF("unspecified", "email", "x509SubjectName", "windowsDomainQualifiedName", "kerberos", "entity",
             "persistent", "transient", "encrypted", "customize"),
      DEFAULT("email")),
    A("customizeNameIDFormat", STRING, ACTED,
      "Login in a browser: form of the name with nameIDFormat=\"customize\".",
      INTO(O, login.custom_name_id_format)),
    A("includeX509InSPMetadata", BOOLEAN, ACTED,
      "Login in a browser: whether our description has the certificate.", INTO(O, login.includes_certificate),
      DEFAULT("true")),
    A("loginPageURL", STRING, ACTED,
      "Login in a browser: page of the provider where it begins, instead of a request.",
      INTO(O, login.login_page_url)),
    A("errorPageURL", STRING, ACTED, "Login in a browser: where it ends when it fails.",
      INTO(O, login.error_page_url)),
    A("tokenReplayTimeout", DURATION, ACTED | SECURITY,
      "How long an assertion that may be used once is remembered, and until it ends in any case.",
      INTO(O, replay_us), DEFAULT("30m")),
    A("sallyport_assertionReuse", BOOLEAN, ACTED | SECURITY,
      "In a header: whether an assertion may come more than once; one that says that it is for one use may "
      "not.",
      INTO(O, assertion_reuse), DEFAULT("true")),
    A("sessionNotOnOrAfter", DURATION, ACTED | SECURITY,
      "Login in a browser: how long a session holds when the assertion does not say it.",
      INTO(O, login.session_us), DEFAULT("120m")),
    A("authnRequestTime", DURATION, ACTED | SECURITY, "Login in a browser: how long it may take.",
      INTO(O, login.request_time_us), DEFAULT("10m")),
    A("createSession", BOOLEAN, 0, "A matter of Java: an HttpSession beside the login.", DEFAULT("true"),
      PROVIDED("true false")),
    A("httpsRequired", BOOLEAN, ACTED | SECURITY, "Login in a browser: whether HTTPS is needed.",
      INTO(O, login.https_required), DEFAULT("true")),
    A("spHostAndPort", STRING, ACTED | SECURITY,
      "Login in a browser: our address, https://host:port; needed unless audiences names some.",
      INTO(O, login.host_and_port)),
    A("targetPageUrl", STRING, ACTED,
      "Login in a browser: where it leads when the provider began it and says nothing else.",
      INTO(O, login.target_page_url)),
    A("useRelayStateForTarget", BOOLEAN, ACTED,
      "Login in a browser: whether the relay state says where, when the provider began it.",
      INTO(O, login.relay_state_is_target), DEFAULT("true")),
    A("reAuthnOnAssertionExpire", BOOLEAN, ACTED | SECURITY,
      "Login in a browser: again when the assertion's conditions end.",
      INTO(O, login.again_when_assertion_ends), DEFAULT("false")),
    A("reAuthnCushion", DURATION, ACTED | SECURITY, "Login in a browser: how long before.",
      INTO(O, login.again_cushion_us), DEFAULT("0m")),
    A("postLogoutRedirectUrl", STRING, ACTED, "Login in a browser: where logging out leads.",
      INTO(O, login.post_logout_url)),
    A("spLogout", BOOLEAN, ACTED | SECURITY, "Login in a browser: whether logging out tells the provider.",
      INTO(O, login.tells_provider), DEFAULT("false")),
    A("spCookieName", STRING, ACTED, "Login in a browser: name of the cookie; SallyportSaml_ and the id.",
      INTO(O, login.cookie_name)),
    A("disableInitialRequestCookie", BOOLEAN, ACTED,
      "Login in a browser: whether the page that was asked for is not kept.", INTO(O, login.forgets_target),
      DEFAULT("false"), SINCE("2022")),
    A("sallyport_unsolicitedResponses", BOOLEAN, ACTED | SECURITY,
      "Login in a browser: whether the provider may begin it.", INTO(O, login.takes_unsolicited),
      DEFAULT("true")),
};

const struct sp_cfg_element sp_cfg_saml_element = {"samlWebSso20",
                                                   SP_CFG_FACTORY,
                                                   ACTED | SECURITY,
                                                   .default_id = "defaultSP",
                                                   ROWS(saml_attributes),
                                                   CHILDREN(&saml_pkix_element),
                                                   STRUCT(O),
                                                   ARRAY(struct sp_config, saml, saml_count),
                                                   .meaning = "SAML 2.0 assertions."};

#undef O
#define O struct sp_cfg_jwt_builder

static const struct sp_cfg_attribute jwt_builder_attributes[] = {
    ID_INTO(O),
    A("issuer", STRING, SECURITY, "Who issues; https://host:port/jwt/id when it is not set.",
      INTO(O, issuer)),
    A("expiry", HOURS, SECURITY, "How long a token holds.", INTO(O, expiry_us), DEFAULT("2h")),
    A("expiresInSeconds", INT, SECURITY, "The same in seconds; wins when it is not -1.",
      INTO(O, expires_in_seconds), DEFAULT("-1"), RANGE(-1, INT32_MAX)),
    A("nbfOffset", INT, SECURITY, "Seconds after which a token begins to hold; -1 for at once.",
      INTO(O, nbf_offset), DEFAULT("-1"), RANGE(-1, INT32_MAX)),
    A("signatureAlgorithm", ENUM, SECURITY, "Algorithm a token is signed with.", INTO(O, signature_algorithm),
      DEFAULT("RS256"),
      ONE_OF("RS256", "RS384", "RS512", "HS256", "HS384", "HS512", "ES256", "ES384", "ES512")),
    A("jti", BOOLEAN, SECURITY, "Whether a token has an id.", INTO(O, jti), DEFAULT("false")),
    A("jwkEnabled", BOOLEAN, SECURITY, "Whether keys are made by the server.", INTO(O, jwk_enabled),
      DEFAULT("false")),
    A("jwkRotationTime", MINUTES, SECURITY, "How often they are made anew.", DEFAULT("720m")),
    A("jwkSigningKeySize", INT, SECURITY, "Their size in bits.", DEFAULT("2048")),
    A("keyStoreRef", REF, SECURITY, "Key store with the key.", INTO(O, key_store), TARGET("keyStore")),
    A("keyAlias", STRING, SECURITY, "Its entry.", INTO(O, key_alias)),
    A("sharedKey", PASSWORD, SECURITY, "Key of HS algorithms.", INTO(O, shared_key)),
    A("trustStoreRef", REF, SECURITY, "Key store for encryption.", TARGET("keyStore")),
    A("trustedAlias", STRING, SECURITY, "Its entry."),
    A("keyManagementKeyAlgorithm", STRING, SECURITY, "How the key of an encrypted token is wrapped."),
    A("keyManagementKeyAlias", STRING, SECURITY, "The key that wraps it."),
    A("contentEncryptionAlgorithm", STRING, SECURITY, "How a token is encrypted.", DEFAULT("A256GCM")),
    A("claims", STRING, SECURITY | LIST, "Attributes of the user that a token carries.", INTO(O, claims)),
    A("audiences", STRING, SECURITY | LIST, "Who a token is for.", INTO(O, audiences)),
    A("scope", STRING, SECURITY, "Its scope.", INTO(O, scope)),
    A("amrValues", STRING, SECURITY | LIST, "How the user was authenticated."),
    A("elapsedNbf", SECONDS, SECURITY, "Age that a token begins with."),
};

const struct sp_cfg_element sp_cfg_jwt_builder_element = {
    "jwtBuilder",
    SP_CFG_FACTORY,
    SECURITY,
    .default_id = "defaultJWT",
    ROWS(jwt_builder_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, jwt_builders, jwt_builder_count),
    .meaning = "Tokens that this server issues."};

#undef O

#define SIGNATURES ONE_OF("RS256", "RS384", "RS512", "HS256", "HS384", "HS512", "ES256", "ES384", "ES512")

static const struct sp_cfg_attribute jwt_consumer_attributes[] = {
    ID,
    A("issuer", STRING, SECURITY | BLANK_LIST, "Issuers that are accepted."),
    A("audiences", STRING, SECURITY | LIST, "Audiences that are accepted."),
    A("sharedKey", PASSWORD, SECURITY, "Key of HS algorithms."),
    A("signatureAlgorithm", ENUM, SECURITY, "Algorithm that a token must be signed with.", SIGNATURES),
    A("trustStoreRef", REF, SECURITY, "Key store with the issuer's certificate.", TARGET("keyStore")),
    A("trustedAlias", STRING, SECURITY, "Its entry."),
    A("jwkEnabled", BOOLEAN, SECURITY, "Whether keys are fetched.", DEFAULT("false")),
    A("jwkEndpointUrl", STRING, SECURITY, "Where."),
    A("sslRef", REF, SECURITY, "TLS for that.", TARGET("ssl")),
    A("clockSkew", DURATION, SECURITY, "Difference of the clocks that is allowed.", DEFAULT("5m")),
    A("validationRequired", BOOLEAN, SECURITY, "Whether a token is checked at all.", DEFAULT("true")),
    A("hostNameVerificationEnabled", BOOLEAN, ACTED | SECURITY,
      "Whether certificates must bear the host's name.", DEFAULT("true")),
    A("useSystemPropertiesForHttpClientConnections", BOOLEAN, 0, "A matter of Java.", DEFAULT("false"),
      PROVIDED("true false")),
    A("amrValues", STRING, SECURITY | LIST, "How the user must have been authenticated."),
    A("tokenAge", DURATION, SECURITY, "Greatest age of a token.", DEFAULT("0s")),
    A("keyManagementKeyAlias", STRING, SECURITY, "Key of encrypted tokens."),
};

const struct sp_cfg_element sp_cfg_jwt_consumer_element = {
    "jwtConsumer",
    SP_CFG_FACTORY,
    SECURITY,
    .default_id = "defaultJwtConsumer",
    ROWS(jwt_consumer_attributes),
    .meaning = "Tokens that a Java program checks; this product runs none."};

static const struct sp_cfg_attribute mp_jwt_attributes[] = {
    ID,
    A("issuer", STRING, SECURITY | BLANK_LIST, "Issuers that are accepted."),
    A("audiences", STRING, SECURITY | LIST, "Audiences that are accepted."),
    A("jwksUri", STRING, SECURITY, "Where keys are fetched."),
    A("keyName", STRING, SECURITY, "Entry of the trust store."),
    A("sharedKey", PASSWORD, SECURITY, "Key of HS algorithms."),
    A("signatureAlgorithm", ENUM, SECURITY, "Algorithm that a token must be signed with.", SIGNATURES,
      DEFAULT("RS256")),
    A("userNameAttribute", STRING, SECURITY, "Claim with the user's name.", DEFAULT("upn")),
    A("groupNameAttribute", STRING, SECURITY, "Claim with the groups.", DEFAULT("groups")),
    A("mapToUserRegistry", BOOLEAN, SECURITY, "Whether the user must be in the registry.", DEFAULT("false")),
    A("authFilterRef", REF, SECURITY, "Requests it is for.", TARGET("authFilter")),
    A("sslRef", REF, SECURITY, "TLS for fetching keys.", TARGET("ssl")),
    A("clockSkew", DURATION, SECURITY, "Difference of the clocks that is allowed.", DEFAULT("5m")),
    A("tokenReuse", BOOLEAN, SECURITY, "Whether a token with an id may be used more than once.",
      DEFAULT("true")),
    A("tokenHeader", ENUM, SECURITY, "Where the token is.", ONE_OF("Authorization", "Cookie"),
      DEFAULT("Authorization")),
    A("cookieName", STRING, SECURITY, "Name of the cookie.", DEFAULT("Bearer")),
    A("authorizationHeaderScheme", STRING, SECURITY, "What stands before the token.", DEFAULT("Bearer ")),
    A("ignoreApplicationAuthMethod", BOOLEAN, SECURITY,
      "Whether it counts whatever the application asks for.", DEFAULT("true")),
    A("hostNameVerificationEnabled", BOOLEAN, ACTED | SECURITY,
      "Whether certificates must bear the host's name.", DEFAULT("true")),
    A("useSystemPropertiesForHttpClientConnections", BOOLEAN, 0, "A matter of Java.", DEFAULT("false"),
      PROVIDED("true false")),
};

const struct sp_cfg_element sp_cfg_mp_jwt_element = {"mpJwt",
                                                     SP_CFG_FACTORY,
                                                     SECURITY,
                                                     .default_id = "defaultMpJwt",
                                                     ROWS(mp_jwt_attributes),
                                                     .meaning = "MicroProfile tokens."};

static const struct sp_cfg_attribute tai_property_attributes[] = {
    ID,
    A("*", STRING, SECURITY, "A property of the interceptor."),
};

static const struct sp_cfg_element tai_properties_element = {"properties", SP_CFG_NESTED, SECURITY,
                                                             ROWS(tai_property_attributes),
                                                             .meaning = "Properties of the interceptor."};

static const struct sp_cfg_attribute tai_interceptor_attributes[] = {
    ID,
    A("className", STRING, SECURITY, "Its class."),
    A("enabled", BOOLEAN, SECURITY, "Whether it is used.", DEFAULT("true")),
    A("invokeBeforeSSO", BOOLEAN, SECURITY, "Whether it comes before cookies.", DEFAULT("true")),
    A("invokeAfterSSO", BOOLEAN, SECURITY, "Whether it comes after cookies.", DEFAULT("false")),
    A("disableLtpaCookie", BOOLEAN, SECURITY, "Whether it gives no cookie.", DEFAULT("false")),
    A("libraryRef", STRING, SECURITY, "Its library."),
};

static const struct sp_cfg_element tai_interceptors_element = {"interceptors",
                                                               SP_CFG_NESTED,
                                                               SECURITY,
                                                               ROWS(tai_interceptor_attributes),
                                                               CHILDREN(&tai_properties_element),
                                                               .meaning = "One interceptor."};

static const struct sp_cfg_attribute trust_association_attributes[] = {
    A("invokeForUnprotectedURI", BOOLEAN, SECURITY, "Whether it is asked where no authentication is needed.",
      DEFAULT("false")),
    A("failOverToAppAuthType", BOOLEAN, SECURITY, "Whether other schemes are tried after it.",
      DEFAULT("true")),
    A("initializeAtFirstRequest", BOOLEAN, 0, "When it is started.", DEFAULT("true")),
    A("disableLtpaCookie", BOOLEAN, SECURITY, "Whether it gives no cookie.", DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_trust_association_element = {
    "trustAssociation",
    SP_CFG_SINGLETON,
    SECURITY,
    ROWS(trust_association_attributes),
    CHILDREN(&tai_interceptors_element),
    .meaning = "Authentication by Java classes; this product runs none."};
