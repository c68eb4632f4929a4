/* SPDX-License-Identifier: Apache-2.0
 * saml_check.h: whether an assertion is to be believed, wherever it came from (a header, a form of a
 * browser): all that a samlWebSso20 element needs for that, and the work, which is done in a thread.
 */
#ifndef SP_AUTHN_SAML_CHECK_H
#define SP_AUTHN_SAML_CHECK_H

#include "authn/saml_assertion.h"
#include "authn/saml_idp.h"
#include "authn/saml_signature.h"
#include "config/config.h"

struct evp_pkey_st;
struct x509_st;

/* Of one element; held by threads too, never changed. */
struct sp_saml_settings {
    unsigned references; /* atomic */
    struct sp_saml_rules rules;
    bool audience_is_self;       /* audiences names none: a browser's assertion must be for our entity id */
    struct sp_saml_trust *trust; /* NULL: assertions need no signature */
    struct sp_saml_signature_policy policy;
    bool wants_assertion_signed;
    struct evp_pkey_st *key; /* of keyStoreRef; NULL: none */
    struct x509_st *certificate;
    struct sp_saml_idp idp; /* of idpMetadata; empty when there is none */
    struct sp_arena arena;
};

/* Whether the element is for logins in a browser (inboundPropagation="none"). */
bool sp_saml_logs_in(const struct sp_cfg_saml *config);

/* Reads files. SP_EINVAL when the element cannot be used as it is written, and what reading says. */
enum sp_status sp_saml_settings_new(const struct sp_cfg_saml *config, const struct sp_cfg_ssl *default_ssl,
                                    struct sp_saml_settings **ret_settings,
                                    struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_saml_settings_release(struct sp_saml_settings *settings);

/* What is to be checked. */
struct sp_saml_question {
    struct sp_str token;              /* as it travelled */
    bool is_response;                 /* a Response out of a form; otherwise an assertion out of a header */
    struct sp_str client_certificate; /* DER; empty: none */
    /* Of a response: our address, our name, the request that it answers (empty: none). */
    struct sp_str destination, entity_id, in_response_to;
    int64_t now_us; /* realtime */
};

/* In a fiber, or (tests) outside of one. The facts are in the arena. SP_EDENIED whatever is wrong with the
 * assertion; SP_EUNAVAIL when too many wait; SP_ENOMEM, SP_ECANCELED, SP_ETIMEDOUT. */
enum sp_status io_saml_check(struct sp_saml_settings *settings, const struct sp_saml_question *question,
                             struct sp_arena *arena, struct sp_saml_facts *ret_facts,
                             struct sp_error *err) SP_MUST_CHECK;

#endif
