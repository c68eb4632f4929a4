/* SPDX-License-Identifier: Apache-2.0
 * saml_logout_check.h: whether a request to log out is the provider's; the work is done in a thread.
 */
#ifndef SP_AUTHN_SAML_LOGOUT_CHECK_H
#define SP_AUTHN_SAML_LOGOUT_CHECK_H

#include "authn/saml_check.h"
#include "authn/saml_logout_read.h"

struct sp_saml_logout_question {
    struct sp_str message; /* the query; of HTTP-POST the field SAMLRequest */
    bool is_post;
    struct sp_str destination; /* our address */
    int64_t now_us;            /* realtime */
};

/* In a fiber, or (tests) outside of one. What was asked is in the arena; of HTTP-POST without relay state. As
 * sp_saml_logout_read; SP_EUNAVAIL when too many wait, SP_ECANCELED, SP_ETIMEDOUT. */
enum sp_status io_saml_logout_check(struct sp_saml_settings *settings,
                                    const struct sp_saml_logout_question *question, struct sp_arena *arena,
                                    struct sp_saml_logout_asked *ret_asked,
                                    struct sp_error *err) SP_MUST_CHECK;

#endif
