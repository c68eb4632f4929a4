/* SPDX-License-Identifier: Apache-2.0
 * certificate_status.h: whether the certificate that a request comes with was taken back meanwhile: the
 * responder of its issuer is asked (OCSP, RFC 6960), where ssl, sallyport_ocsp says so; and with
 * sallyport_ocspChain those of the intermediate certificates, up to the one that is trusted.
 *
 * Answers are remembered by the worker as long as they hold, at most for sallyport_ocspCache; that there was
 * no answer, for a few seconds.
 */
#ifndef SP_AUTHN_CERTIFICATE_STATUS_H
#define SP_AUTHN_CERTIFICATE_STATUS_H

#include "authn/kind.h"

struct sp_certificate_status;

/* NULL when no endpoint wants it, or there is no loop. SP_EINVAL for a responder that is no http URL. */
enum sp_status sp_certificate_status_new(struct sp_loop *loop, const struct sp_config *config,
                                         struct sp_certificate_status **ret_status,
                                         struct sp_error *err) SP_MUST_CHECK;
/* Whether it could be made with that element. SP_EINVAL, for server check. */
enum sp_status sp_certificate_status_check(const struct sp_cfg_ssl *ssl, struct sp_error *err) SP_MUST_CHECK;
/* Accepts NULL. */
void sp_certificate_status_free(struct sp_certificate_status *status);

/* In a fiber. SP_OK: the request goes on. SP_EDENIED: the certificate was taken back, or its responder does
 * not know it. SP_EUNAVAIL: nobody could say, and sallyport_ocsp="required". SP_ECANCELED. */
enum sp_status io_certificate_status(struct sp_certificate_status *status, struct sp_authn_attempt *attempt,
                                     struct sp_error *err) SP_MUST_CHECK;

#endif
