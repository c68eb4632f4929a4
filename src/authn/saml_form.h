/* SPDX-License-Identifier: Apache-2.0
 * saml_form.h: the form with which a browser brings a message of the provider (SAML bindings 3.5.4).
 */
#ifndef SP_AUTHN_SAML_FORM_H
#define SP_AUTHN_SAML_FORM_H

#include "base/arena.h"
#include "io/port.h"

#define SP_SAML_RELAY_STATE_MAX 2048u

struct sp_saml_form {
    struct sp_str message;     /* base64, line ends removed */
    bool is_request;           /* the message is a SAMLRequest; otherwise a SAMLResponse */
    struct sp_str relay_state; /* empty when there is none */
};

/* Of a request with a body of application/x-www-form-urlencoded; each field at most once, other fields are
 * passed over; one message, a response, or (`takes_request`) either. In the arena. SP_ESYNTAX, SP_ELIMIT,
 * SP_ENOMEM. */
enum sp_status sp_saml_form_read(const struct sp_http_request *request, bool takes_request,
                                 struct sp_arena *arena, struct sp_saml_form *ret_form,
                                 struct sp_error *err) SP_MUST_CHECK;

#endif
