/* SPDX-License-Identifier: Apache-2.0
 * TLS: key stores and what a connection may use.
 */
#include "config/table_area.h"
#include "config/table_rows.h"

#define O struct sp_cfg_key_entry

static const struct sp_cfg_attribute key_entry_attributes[] = {
    A("name", STRING, SECURITY | REQUIRED, "Name of the entry.", INTO(O, name)),
    A("keyPassword", PASSWORD, SECURITY | REQUIRED, "Opens its private key.", INTO(O, password)),
};

static const struct sp_cfg_element key_entry_element = {
    "keyEntry",
    SP_CFG_NESTED,
    SECURITY,
    .key = "name",
    ROWS(key_entry_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_key_store, key_entries, key_entry_count),
    .meaning = "A private key with a password of its own."};

#undef O
#define O struct sp_cfg_key_store

static const struct sp_cfg_attribute key_store_attributes[] = {
    ID_INTO(O),
    A("location", STRING, ACTED | SECURITY,
      "The file. A relative name is looked for below resources/security of the output directory, then of the "
      "configuration directory. safkeyring://OWNER/RING names a key ring of the security database, a pkcs11: "
      "URI (RFC 7512) a token, as does with type PKCS11 a file that describes one.",
      INTO(O, location), DEFAULT("${server.output.dir}/resources/security/key.p12")),
    A("password", PASSWORD, ACTED | SECURITY, "Opens the file; the PIN of a token; not used for key rings.",
      INTO(O, password)),
    A("type", STRING, ACTED | SECURITY,
      "PKCS12, or PEM for a file with a certificate chain and a private key; JCERACFKS and its like for key "
      "rings; PKCS11 for a token whose keys stay in it.",
      INTO(O, type), DEFAULT("PKCS12")),
    A("fileBased", BOOLEAN, ACTED, "Whether the location is a file; false for key rings and tokens.",
      INTO(O, file_based), DEFAULT("true")),
    A("readOnly", BOOLEAN, 0, "Whether the server must not write to it. This server never does.",
      INTO(O, read_only), DEFAULT("false"), PROVIDED("true false")),
    A("pollingRate", DURATION, ACTED, "How often the file is looked at when updateTrigger is polled.",
      INTO(O, polling_rate_us), DEFAULT("500ms")),
    A("updateTrigger", ENUM, ACTED,
      "When a changed file is read again: by itself, by 'sallyport server refresh', or only by a reload.",
      INTO(O, update_trigger), UPDATE_TRIGGERS, DEFAULT("mbean")),
};

const struct sp_cfg_element sp_cfg_key_store_element = {
    "keyStore",
    SP_CFG_FACTORY,
    ACTED | SECURITY | LISTENER,
    .default_id = "defaultKeyStore",
    ROWS(key_store_attributes),
    CHILDREN(&key_entry_element),
    STRUCT(O),
    ARRAY(struct sp_config, key_stores, key_store_count),
    .meaning = "Keys and certificates: the server's own, or those it trusts."};

#undef O
#define O struct sp_cfg_outbound

static const struct sp_cfg_attribute outbound_attributes[] = {
    A("host", STRING, SECURITY | REQUIRED, "Host that is called; * in front for a domain.", INTO(O, host)),
    A("port", INT, SECURITY, "Its port; any when it is not set.", INTO(O, port), DEFAULT("-1"),
      RANGE(-1, 65535)),
    A("clientCertificate", STRING, SECURITY, "Entry of the key store that is shown.",
      INTO(O, client_certificate)),
};

static const struct sp_cfg_element outbound_element = {
    "outboundConnection",
    SP_CFG_NESTED,
    SECURITY,
    ROWS(outbound_attributes),
    STRUCT(O),
    ARRAY(struct sp_cfg_ssl, outbound, outbound_count),
    .meaning = "Connections that use this TLS although they name none."};

#undef O
#define O struct sp_cfg_ssl

static const struct sp_cfg_attribute ssl_attributes[] = {
    ID_INTO(O),
    A("keyStoreRef", REF, ACTED | SECURITY | REQUIRED, "The server's key and certificate.",
      INTO(O, key_store), TARGET("keyStore")),
    A("trustStoreRef", REF, ACTED | SECURITY,
      "Certificates that are trusted; the key store when none is named.", INTO(O, trust_store),
      TARGET("keyStore")),
    A("clientAuthentication", BOOLEAN, ACTED | SECURITY, "Whether a caller must show a certificate.",
      INTO(O, client_authentication), DEFAULT("false")),
    A("clientAuthenticationSupported", BOOLEAN, ACTED | SECURITY,
      "Whether a caller is asked for a certificate but may come without one.",
      INTO(O, client_authentication_supported), DEFAULT("false")),
    A("sallyport_crl", FILE, ACTED | SECURITY | LISTENER,
      "File (PEM) with the revocation lists of all authorities of client certificates. With it a certificate "
      "without a list that is in force is refused.",
      INTO(O, crl)),
    A("sallyport_ocsp", ENUM, ACTED | SECURITY | LISTENER,
      "Whether the responders of authorities are asked if client certificates were taken back (OCSP): off; "
      "required, which refuses a certificate while nobody can say; soft, which takes it then, with a "
      "warning.",
      INTO(O, ocsp), ONE_OF("off", "required", "soft"), DEFAULT("off")),
    A("sallyport_ocspChain", BOOLEAN, ACTED | SECURITY,
      "Whether they are also asked about the intermediate certificates, up to the one that is trusted.",
      INTO(O, ocsp_chain), DEFAULT("false")),
    A("sallyport_ocspResponder", STRING, ACTED | SECURITY,
      "URL (http) of the responder that is asked; the one that each certificate names when it is not set.",
      INTO(O, ocsp_responder)),
    A("sallyport_ocspTimeout", DURATION, ACTED, "Longest wait for a responder.", INTO(O, ocsp_timeout_us),
      DEFAULT("3s")),
    A("sallyport_ocspCache", DURATION, ACTED,
      "How long a responder's answer counts, if it does not end before.", INTO(O, ocsp_cache_us),
      DEFAULT("10m")),
    A("sallyport_ocspStapling", BOOLEAN, ACTED | LISTENER,
      "Whether the responder's answer about the server's own certificate is sent to callers.",
      INTO(O, ocsp_stapling), DEFAULT("false")),
    A("clientAuthenticationSupport", BOOLEAN, SECURITY, "A misprint of clientAuthenticationSupported.",
      INTO(O, client_authentication_supported), .instead = "clientAuthenticationSupported"),
    A("sslProtocol", STRING, ACTED | SECURITY | LIST,
      "TLSv1.2, TLSv1.3 or both; TLS, SSL_TLSv2 and nothing mean both.", INTO(O, protocols)),
    A("securityLevel", ENUM, ACTED | SECURITY, "Group of ciphers when enabledCiphers is not given.",
      INTO(O, security_level), ONE_OF("HIGH", "MEDIUM", "LOW", "CUSTOM"), DEFAULT("HIGH")),
    A("enabledCiphers", STRING, ACTED | SECURITY | BLANK_LIST,
      "Ciphers with blanks between, by their IANA, Java or IBM names.", INTO(O, enabled_ciphers)),
    A("enforceCipherOrder", BOOLEAN, ACTED | SECURITY, "Whether the server's order of ciphers decides.",
      INTO(O, enforce_cipher_order), DEFAULT("false")),
    A("serverKeyAlias", STRING, ACTED | SECURITY, "Entry of the key store that the server shows.",
      INTO(O, server_key_alias)),
    A("clientKeyAlias", STRING, ACTED | SECURITY, "Entry of the key store that is shown to servers we call.",
      INTO(O, client_key_alias)),
    A("verifyHostname", BOOLEAN, ACTED | SECURITY,
      "Whether the certificate of a server we call must bear its name.", INTO(O, verify_hostname),
      DEFAULT("true")),
    A("skipHostnameVerificationForHosts", STRING, ACTED | SECURITY | LIST,
      "Hosts for which that is not checked.", INTO(O, skip_verification_hosts), SINCE("2023")),
    A("trustDefaultCerts", BOOLEAN, SECURITY, "Whether the system's certificate authorities are trusted too.",
      INTO(O, trust_default_certs), DEFAULT("false"), PROVIDED("false")),
    A("outboundSSLRef", REF, SECURITY,
      "Misplaced: it belongs to sslDefault, and is taken as if it stood there.", TARGET("ssl"),
      .instead = "sslDefault@outboundSSLRef"),
};

const struct sp_cfg_element sp_cfg_ssl_element = {
    "ssl",
    SP_CFG_FACTORY,
    ACTED | SECURITY | LISTENER,
    ROWS(ssl_attributes),
    CHILDREN(&outbound_element),
    STRUCT(O),
    ARRAY(struct sp_config, ssl, ssl_count),
    .meaning = "What a TLS connection uses. defaultSSLConfig exists when a defaultKeyStore does."};

#undef O
#define O struct sp_cfg_ssl_default

static const struct sp_cfg_attribute ssl_default_attributes[] = {
    A("sslRef", REF, ACTED | SECURITY, "TLS of listeners that name none.", INTO(O, ssl), TARGET("ssl"),
      DEFAULT("defaultSSLConfig")),
    A("outboundSSLRef", REF, ACTED | SECURITY,
      "TLS of outbound connections that name none; sslRef when it is not set.", INTO(O, outbound),
      TARGET("ssl")),
    A("httpHostNameVerification", BOOLEAN, SECURITY,
      "Whether callers' host names are compared with their certificates.", DEFAULT("false"),
      PROVIDED("false")),
};

const struct sp_cfg_element sp_cfg_ssl_default_element = {"sslDefault",
                                                          SP_CFG_SINGLETON,
                                                          ACTED | SECURITY | LISTENER,
                                                          ROWS(ssl_default_attributes),
                                                          STRUCT(O),
                                                          PLACE(struct sp_config, ssl_default),
                                                          .meaning = "TLS of everything that names none."};

#undef O
#define O struct sp_cfg_ssl_options

static const struct sp_cfg_attribute ssl_options_attributes[] = {
    ID_INTO(O),
    A("sslRef", REF, ACTED | SECURITY, "TLS of the listener; that of sslDefault when none is named.",
      INTO(O, ssl), TARGET("ssl")),
    A("sessionTimeout", SECONDS, 0, "Time after which an idle TLS connection is closed.",
      INTO(O, session_timeout_us), DEFAULT("1d")),
    A("sslSessionTimeout", DURATION, ACTED, "How long a TLS session may be resumed.",
      INTO(O, ssl_session_timeout_us), DEFAULT("86400s")),
    A("sslSessionCacheSize", INT, 0, "How many TLS sessions are kept.", INTO(O, ssl_session_cache_size),
      DEFAULT("100"), RANGE(0, INT32_MAX)),
    A("suppressHandshakeErrors", BOOLEAN, 0, "Whether failed handshakes are not logged.",
      INTO(O, suppress_handshake_errors), DEFAULT("false")),
};

const struct sp_cfg_element sp_cfg_ssl_options_element = {
    "sslOptions",
    SP_CFG_FACTORY,
    ACTED | SECURITY | LISTENER,
    .default_id = "defaultSSLOptions",
    ROWS(ssl_options_attributes),
    STRUCT(O),
    ARRAY(struct sp_config, ssl_options, ssl_options_count),
    .meaning = "TLS of a listener."};

#undef O
