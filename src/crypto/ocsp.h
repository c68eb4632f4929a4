/* SPDX-License-Identifier: Apache-2.0
 * ocsp.h: asking whether a certificate was taken back (RFC 6960): the question and the answer, without a
 * wire.
 *
 * Certificates are DER. Questions have no nonce, so that responders may answer from what they have signed
 * before; an answer is bounded by its own times.
 */
#ifndef SP_CRYPTO_OCSP_H
#define SP_CRYPTO_OCSP_H

#include "base/buf.h"

#define SP_OCSP_RESPONSE_MAX 65536u

enum sp_ocsp_verdict {
    SP_OCSP_GOOD,
    SP_OCSP_REVOKED,
    SP_OCSP_UNKNOWN /* the responder does not know the certificate */
};

struct sp_ocsp_answer {
    enum sp_ocsp_verdict verdict;
    int64_t until_us;   /* realtime: when the responder will know more */
    const char *reason; /* of SP_OCSP_REVOKED, such as "keyCompromise"; NULL: not told */
};

/* Append the URL of the responder that the certificate names (authorityInfoAccess). SP_ENOTFOUND: it names
 * none; SP_ESYNTAX: it is no certificate. */
enum sp_status sp_ocsp_responder(struct sp_str certificate, struct sp_buf *buf) SP_MUST_CHECK;
/* Append the question (application/ocsp-request). SP_ESYNTAX, SP_ENOMEM. */
enum sp_status sp_ocsp_ask(struct sp_str certificate, struct sp_str issuer, struct sp_buf *buf,
                           struct sp_error *err) SP_MUST_CHECK;
/* Read an answer (application/ocsp-response). It counts only when it is about this certificate, in force at
 * `now_us` (realtime), and signed by the issuer or by somebody whom the issuer gave a certificate for that
 * purpose. SP_ESYNTAX, SP_EDENIED (signature, signer), SP_EUNAVAIL (the responder has no answer; or the
 * answer is too old, or from the future). */
enum sp_status sp_ocsp_read(struct sp_str response, struct sp_str certificate, struct sp_str issuer,
                            int64_t now_us, struct sp_ocsp_answer *ret_answer,
                            struct sp_error *err) SP_MUST_CHECK;

#endif
