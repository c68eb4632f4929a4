/* SPDX-License-Identifier: Apache-2.0
 * certificate_package.h: the forms in which certificates travel: DER, PEM, PKCS#7, PKCS#12. Private to the
 * room.
 */
#ifndef SP_SAF_CERTIFICATE_PACKAGE_H
#define SP_SAF_CERTIFICATE_PACKAGE_H

#include "base/buf.h"
#include "saf/certificate.h"

enum { SP_PACKAGE_CERTIFICATES_MAX = 64 };
#define SP_PACKAGE_BYTES_MAX (1u << 20)

struct sp_certificate_package {
    struct sp_str certificates[SP_PACKAGE_CERTIFICATES_MAX]; /* DER; the one meant first, then its issuers,
                                                                then others */
    size_t count;
    struct sp_str key; /* PKCS#8 of the first; a secret. Empty: none */
};

/* Recognise and read. Text may be in EBCDIC. `password` ptr NULL: none. SP_ESYNTAX, SP_ELIMIT, SP_EDENIED
 * (the password is missing or wrong), SP_EUNSUPPORTED. Everything in the arena. */
enum sp_status sp_certificate_package_read(struct sp_str bytes, struct sp_str password,
                                           struct sp_arena *arena, struct sp_certificate_package *ret_package,
                                           struct sp_error *err) SP_MUST_CHECK;
/* A request, as DER or PEM, to DER. SP_ESYNTAX. */
enum sp_status sp_request_read(struct sp_str bytes, struct sp_arena *arena, struct sp_str *ret_der,
                               struct sp_error *err) SP_MUST_CHECK;

enum sp_package_format {
    SP_CERTDER,
    SP_CERTB64,
    SP_PKCS7DER,
    SP_PKCS7B64,
    SP_PKCS12DER,
    SP_PKCS12B64,
};

/* Append a package in a form. PKCS#12 wants key and password; `label` becomes its friendly name. */
enum sp_status sp_certificate_package_write(const struct sp_certificate_package *package,
                                            enum sp_package_format format, struct sp_str password,
                                            struct sp_str label, struct sp_buf *buf,
                                            struct sp_error *err) SP_MUST_CHECK;
/* Append as PEM. */
enum sp_status sp_pem_write(const char *what, struct sp_str der, struct sp_buf *buf) SP_MUST_CHECK;

#endif
