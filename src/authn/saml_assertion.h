/* SPDX-License-Identifier: Apache-2.0
 * saml_assertion.h: what a SAML 2.0 assertion says, and whether it says it to us, now (SAML core 2.3,
 * profiles 3 and 4.1). No I/O, no cryptography: give it the bytes that were verified and nothing else.
 */
#ifndef SP_AUTHN_SAML_ASSERTION_H
#define SP_AUTHN_SAML_ASSERTION_H

#include "base/arena.h"
#include "config/config_base.h"
#include "text/xml.h"

#define SP_SAML_NAMESPACE "urn:oasis:names:tc:SAML:2.0:assertion"
#define SP_SAML_GROUPS_MAX 2000u

struct sp_saml_rules {
    struct sp_str_list trusted_issuers; /* empty, or ALL_ISSUERS among them: every issuer */
    struct sp_str_list audiences;       /* empty, or ANY among them: every audience */
    int64_t clock_skew_us;
    /* Names of attributes; empty: NameID, no groups, the user identifier, the issuer. */
    struct sp_str user_identifier, group_identifier, unique_user_identifier, realm_identifier;
    struct sp_str realm_name;         /* empty: none */
    struct sp_str client_certificate; /* DER, of the caller's TLS connection; empty: none */
    struct sp_str recipient;          /* empty: not looked at */
    struct sp_str in_response_to;     /* empty: not looked at */
    bool is_unsolicited;              /* it must not be the answer to anything */
};

struct sp_saml_facts {
    struct sp_str id, issuer;
    struct sp_str user, unique_id, realm;
    struct sp_str_list groups;
    int64_t expires_us; /* realtime; from when on it is not to be used any more, skew included */
    /* Of the browser's session; texts empty, times 0 when the assertion does not say it. */
    struct sp_str name_id, name_id_format, session_index;
    int64_t session_until_us;    /* SessionNotOnOrAfter */
    int64_t conditions_until_us; /* NotOnOrAfter of the conditions, without skew */
    bool is_bound;               /* holder of key, and the caller holds it */
    bool one_time;               /* its issuer wants it to be used once */
};

extern const struct sp_xml_limits sp_saml_xml_limits;

/* Whether a document says that it is UTF-8, or nothing of it: readers could differ about all others. */
bool sp_saml_is_utf8(struct sp_str document);

/* A text that can be a name: 1 to 1024 bytes, no control characters. */
bool sp_saml_name_ok(struct sp_str name);

/* Everything in the arena. SP_ESYNTAX: it is no assertion that can be used; SP_EDENIED: it is not for us, not
 * now, or not by somebody we trust; SP_ELIMIT, SP_ENOMEM. `now_us`: realtime. */
enum sp_status sp_saml_assertion_read(struct sp_str bytes, const struct sp_saml_rules *rules, int64_t now_us,
                                      struct sp_arena *arena, struct sp_saml_facts *ret_facts,
                                      struct sp_error *err) SP_MUST_CHECK;

/* "2026-01-31T23:59:59.5Z", or with an offset; microseconds since 1970. SP_ESYNTAX. */
enum sp_status sp_saml_time_read(struct sp_str text, int64_t *ret_us) SP_MUST_CHECK;

#endif
