/* SPDX-License-Identifier: Apache-2.0
 * saml_subject.h: from what an assertion says to what it asserts here: used once where it must be, and its
 * user or groups looked up where mapToUserRegistry wants that.
 */
#ifndef SP_AUTHN_SAML_SUBJECT_H
#define SP_AUTHN_SAML_SUBJECT_H

#include "authn/kind.h"
#include "authn/saml_assertion.h"

enum sp_saml_mapping { SP_SAML_MAP_NONE, SP_SAML_MAP_USER, SP_SAML_MAP_GROUPS };
enum sp_saml_mapping sp_saml_mapping_of(const struct sp_cfg_saml *config);

/* Mark it as used: it is remembered for tokenReplayTimeout, and until it ends in any case. SP_EDENIED when it
 * was used before; SP_EUNAVAIL when that cannot be told. */
enum sp_status sp_saml_use_once(const struct sp_cfg_saml *config, const struct sp_authn_attempt *attempt,
                                const struct sp_saml_facts *facts, struct sp_error *err) SP_MUST_CHECK;

/* The same of the request that a response answers: a request has one answer, even where the browser keeps the
 * cookie of its login. `until_us`: from when on that is refused anyway. */
enum sp_status sp_saml_answer_once(const struct sp_cfg_saml *config, const struct sp_authn_attempt *attempt,
                                   struct sp_str request_id, int64_t until_us,
                                   struct sp_error *err) SP_MUST_CHECK;

/* May ask the registry. With User the assertion is one to look up. SP_EUNAVAIL, SP_ENOMEM, SP_ECANCELED. */
enum sp_status io_saml_subject(const struct sp_cfg_saml *config, struct sp_authn_attempt *attempt,
                               const struct sp_saml_facts *facts, struct sp_assertion *ret_assertion,
                               struct sp_error *err) SP_MUST_CHECK;

#endif
