/* SPDX-License-Identifier: Apache-2.0
 * TLS: key stores and what a connection may use.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define O struct sp_cfg_key_store

static const struct sp_cfg_attribute key_store_attributes[] = {
    ID_INTO(O),
    {"location", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, location),
     .fallback = "${server.output.dir}/resources/security/key.p12",
     .meaning =
         "The file. A relative name is looked for below resources/security of the output directory, then "
         "of the configuration directory. safkeyring://OWNER/RING names a key ring of the security "
         "database."},
    {"password", SP_CFG_PASSWORD, FLAGS(ACTED | SECURITY), INTO(O, password),
     .meaning = "Opens the file; not used for key rings."},
    {"type", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, type), .fallback = "PKCS12",
     .meaning = "PKCS12, or PEM for a file with a certificate chain and a private key; JKS is read."},
    {"fileBased", SP_CFG_BOOLEAN, FLAGS(ACTED), INTO(O, file_based), .fallback = "true",
     .meaning = "Whether the location is a file; false for key rings."},
    {"readOnly", SP_CFG_BOOLEAN, FLAGS(ACTED), INTO(O, read_only), .fallback = "false",
     .meaning = "Whether the server must not write to it. This server never does."},
    {"pollingRate", SP_CFG_DURATION, FLAGS(0), INTO(O, polling_rate_us), .fallback = "500ms",
     .meaning = "How often the file is looked at when updateTrigger is polled."},
    {"updateTrigger", SP_CFG_ENUM, FLAGS(0), INTO(O, update_trigger), UPDATE_TRIGGERS, .fallback = "mbean",
     .meaning = "When a changed file is read again."},
};

const struct sp_cfg_element sp_cfg_key_store_element = {
    "keyStore",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    .default_id = "defaultKeyStore",
    ROWS(key_store_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, key_stores, key_store_count),
    .meaning = "Keys and certificates: the server's own, or those it trusts."};

#undef O
#define O struct sp_cfg_ssl

static const struct sp_cfg_attribute ssl_attributes[] = {
    ID_INTO(O),
    {"keyStoreRef", SP_CFG_REF, FLAGS(ACTED | SECURITY | REQUIRED), INTO(O, key_store), .target = "keyStore",
     .meaning = "The server's key and certificate."},
    {"trustStoreRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, trust_store), .target = "keyStore",
     .meaning = "Certificates that are trusted; the key store when none is named."},
    {"clientAuthentication", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, client_authentication),
     .fallback = "false", .meaning = "Whether a caller must show a certificate."},
    {"clientAuthenticationSupported", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY),
     INTO(O, client_authentication_supported), .fallback = "false",
     .meaning = "Whether a caller is asked for a certificate but may come without one."},
    {"sslProtocol", SP_CFG_STRING, FLAGS(ACTED | SECURITY | LIST), INTO(O, protocols),
     .meaning = "TLSv1.2, TLSv1.3 or both; TLS, SSL_TLSv2 and nothing mean both."},
    {"securityLevel", SP_CFG_ENUM, FLAGS(ACTED | SECURITY), INTO(O, security_level),
     ONE_OF("HIGH", "MEDIUM", "LOW", "CUSTOM"), .fallback = "HIGH",
     .meaning = "Group of ciphers when enabledCiphers is not given."},
    {"enabledCiphers", SP_CFG_STRING, FLAGS(ACTED | SECURITY | BLANK_LIST), INTO(O, enabled_ciphers),
     .meaning = "Ciphers with blanks between, by their IANA, Java or IBM names."},
    {"enforceCipherOrder", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, enforce_cipher_order),
     .fallback = "false", .meaning = "Whether the server's order of ciphers decides."},
    {"serverKeyAlias", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, server_key_alias),
     .meaning = "Entry of the key store that the server shows, when there are several."},
    {"clientKeyAlias", SP_CFG_STRING, FLAGS(ACTED | SECURITY), INTO(O, client_key_alias),
     .meaning = "Entry of the key store that is shown to servers we call."},
    {"verifyHostname", SP_CFG_BOOLEAN, FLAGS(ACTED | SECURITY), INTO(O, verify_hostname), .fallback = "true",
     .meaning = "Whether the certificate of a server we call must bear its name."},
    {"outboundSSLRef", SP_CFG_STRING, FLAGS(SECURITY), .instead = "sslDefault@outboundSSLRef",
     .meaning = "Misplaced: it belongs to sslDefault, and is taken as if it stood there."},
};

const struct sp_cfg_element sp_cfg_ssl_element = {
    "ssl",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    ROWS(ssl_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ssl, ssl_count),
    .meaning = "What a TLS connection uses. defaultSSLConfig exists when a defaultKeyStore does."};

#undef O
#define O struct sp_cfg_ssl_default

static const struct sp_cfg_attribute ssl_default_attributes[] = {
    {"sslRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, ssl), .target = "ssl",
     .fallback = "defaultSSLConfig", .meaning = "TLS of listeners that name none."},
    {"outboundSSLRef", SP_CFG_REF, FLAGS(SECURITY), INTO(O, outbound), .target = "ssl",
     .meaning = "TLS of outbound connections that name none; sslRef when it is not set."},
};

const struct sp_cfg_element sp_cfg_ssl_default_element = {"sslDefault",
                                                          SP_CFG_SINGLETON,
                                                          FLAGS(ACTED | SECURITY),
                                                          ROWS(ssl_default_attributes),
                                                          STRUCT(O),
                                                          PLACE(struct sp_config, ssl_default),
                                                          .meaning = "TLS of everything that names none."};

#undef O
#define O struct sp_cfg_ssl_options

static const struct sp_cfg_attribute ssl_options_attributes[] = {
    ID_INTO(O),
    {"sslRef", SP_CFG_REF, FLAGS(ACTED | SECURITY), INTO(O, ssl), .target = "ssl",
     .meaning = "TLS of the listener; that of sslDefault when none is named."},
    {"sslSessionTimeout", SP_CFG_DURATION, FLAGS(ACTED), INTO(O, ssl_session_timeout_us),
     .fallback = "86400s", .meaning = "How long a TLS session may be resumed."},
};

const struct sp_cfg_element sp_cfg_ssl_options_element = {
    "sslOptions",
    SP_CFG_FACTORY,
    FLAGS(ACTED | SECURITY),
    .default_id = "defaultSSLOptions",
    ROWS(ssl_options_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ssl_options, ssl_options_count),
    .meaning = "TLS of a listener."};

#undef O
