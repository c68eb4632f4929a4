/* SPDX-License-Identifier: Apache-2.0
 * saml_result.h: what an assertion said, as it is remembered after it was verified.
 */
#ifndef SP_AUTHN_SAML_RESULT_H
#define SP_AUTHN_SAML_RESULT_H

#include "authn/saml_assertion.h"
#include "base/buf.h"

/* Append. Fails as sp_buf_append does. */
enum sp_status sp_saml_result_write(const struct sp_saml_facts *facts, struct sp_buf *buf);
/* Texts are views of `bytes`, the list is in the arena. SP_ESYNTAX, SP_ENOMEM. */
enum sp_status sp_saml_result_read(struct sp_str bytes, struct sp_arena *arena,
                                   struct sp_saml_facts *ret_facts) SP_MUST_CHECK;

#endif
